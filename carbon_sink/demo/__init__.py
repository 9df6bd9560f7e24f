"""Demonstration data of Rongchang District: the boundary is real, all else is generated."""

from .write import write_demo

__all__ = ["write_demo"]
