"""Is the data fit for use: polygons, figures, places and records."""

from .place import check_extent, check_place, extent_deg
from .records import check_unique
from .shapes import check_polygons, check_repairs, mend_polygons
from .stands import check_stands
from .towns import assign_towns, outside

__all__ = [
    "assign_towns",
    "check_extent",
    "check_place",
    "check_polygons",
    "check_repairs",
    "check_stands",
    "check_unique",
    "extent_deg",
    "mend_polygons",
    "outside",
]
