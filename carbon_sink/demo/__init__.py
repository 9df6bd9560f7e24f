"""Demonstration data: a district whose boundary is real, and a city that is all made up."""

from .city import write_city
from .write import write_demo

__all__ = ["write_city", "write_demo"]
