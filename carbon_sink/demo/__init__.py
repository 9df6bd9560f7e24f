"""Demonstration data of Rongchang District: the boundary is real, all else is generated."""

from .write import is_own_settings, write_demo

__all__ = ["is_own_settings", "write_demo"]
