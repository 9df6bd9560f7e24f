"""Layers for GIS staff: one GeoPackage that opens with its colors and its Chinese field names."""

from .looks import graduated
from .write import write_faulty, write_layers, write_parts, write_sample

__all__ = ["graduated", "write_faulty", "write_layers", "write_parts", "write_sample"]
