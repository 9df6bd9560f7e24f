"""Rasters: opened with their grid and checked, made from polygons, written with their colors."""

from rasterio.transform import Affine

from .opening import codes_of, open_landcover, open_values
from .sampling import sample_points
from .shapes import burn, polygonize
from .writing import write_class_raster

__all__ = [
    "Affine",
    "burn",
    "codes_of",
    "open_landcover",
    "open_values",
    "polygonize",
    "sample_points",
    "write_class_raster",
]
