"""Is the data fit for use: polygons, figures, places and records."""

from .place import check_extent, check_place, extent_deg
from .records import check_unique
from .rules import check_rules
from .shapes import check_polygons, check_repairs, find_unfit, judge_repairs, mend_polygons
from .shelf import Shelf
from .slivers import find_slivers
from .systems import check_shift, check_system, check_systems, off_system, placed
from .topology import Topology, check_topology, judge_topology, mend_borders, survey
from .towns import assign_towns, judge_strays, outside, strays
from .whole import WholeFile

__all__ = [
    "Shelf",
    "Topology",
    "WholeFile",
    "assign_towns",
    "check_extent",
    "check_place",
    "check_polygons",
    "check_repairs",
    "check_rules",
    "check_shift",
    "check_system",
    "check_systems",
    "check_topology",
    "check_unique",
    "extent_deg",
    "find_slivers",
    "find_unfit",
    "judge_repairs",
    "judge_strays",
    "judge_topology",
    "mend_borders",
    "mend_polygons",
    "off_system",
    "outside",
    "placed",
    "strays",
    "survey",
]
