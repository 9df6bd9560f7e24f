"""The district map: one page that shows where the forest is and how far the targets are."""

from .district import overview, save

__all__ = ["overview", "save"]
