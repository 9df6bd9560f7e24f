"""The settings of a run: one TOML file, checked whole before any data is opened."""

from .load import load_settings, unused_problems
from .model import ELLIPSOID, Inventory, LandCover, Settings, Source

__all__ = [
    "ELLIPSOID", "Inventory", "LandCover", "Settings", "Source", "load_settings",
    "unused_problems",
]  # fmt: skip
