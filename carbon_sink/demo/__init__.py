"""Demonstration data of Rongchang District: the boundary is real, all else is generated."""
