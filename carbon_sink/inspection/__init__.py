"""Is a file fit for use: everything that is known of it, and everything that is wrong with it."""

from .features import faulty_features
from .file import inspect_file
from .layer import Ground, Survey, survey_layer
from .rasters import inspect_raster
from .result import Inspection, problem_lines
from .writing import check_lines, write_check

__all__ = [
    "Ground",
    "Inspection",
    "Survey",
    "check_lines",
    "faulty_features",
    "inspect_file",
    "inspect_raster",
    "problem_lines",
    "survey_layer",
    "write_check",
]
