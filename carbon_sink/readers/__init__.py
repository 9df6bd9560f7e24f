"""Reads what a bureau brings and gives it our names: inventories, towns, works and events."""

from .layers import read_layer
from .parts import Part, parts_of, read_part, read_parts
from .polygons import read_inventory, read_towns
from .records import read_events, read_projects, read_reference_samples

__all__ = [
    "Part",
    "parts_of",
    "read_events",
    "read_inventory",
    "read_layer",
    "read_part",
    "read_parts",
    "read_projects",
    "read_reference_samples",
    "read_towns",
]
