"""Rasters: opened with their grid and checked, made from polygons, written with their colors."""

from rasterio.transform import Affine

from .density import DensityMaps, write_density
from .examining import CLASSES_MOST, Examined, Tally, examine_raster
from .opening import codes_of, holds_whole_numbers, open_landcover, open_values
from .sampling import cells_inside, sample_points, values_at
from .shapes import burn, polygonize
from .writing import class_raster, write_class_raster

__all__ = [
    "CLASSES_MOST",
    "Affine",
    "DensityMaps",
    "Examined",
    "Tally",
    "burn",
    "cells_inside",
    "class_raster",
    "codes_of",
    "examine_raster",
    "holds_whole_numbers",
    "open_landcover",
    "open_values",
    "polygonize",
    "sample_points",
    "values_at",
    "write_class_raster",
    "write_density",
]
