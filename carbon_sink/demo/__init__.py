"""Demonstration data: a district whose boundary is real, and a city that is all made up."""

from .city import write_city
from .write import is_own_settings, write_demo

__all__ = ["is_own_settings", "write_city", "write_demo"]
