"""
Dead organic matter and soil of the outlook by CBM-CFS3 (libcbm), beside our simple pools.

It is a comparison and no figure of a report. libcbm brings Canadian parameters only: the ones
of the warmest unit, the Mixedwood Plains of Ontario, stand in for ours, with the nearest Canadian
tree for each species group (``data/cbm_species.csv``) and the mean temperature of the district.
"""

from .comparison import compare, notes
from .engine import Course, check_installed, simulate, version
from .forest import cohorts_of, curves_of, groups_of, left_out, usable
from .schedule import EVENTS, Plot, events_of, plan

__all__ = [
    "EVENTS",
    "Course",
    "Plot",
    "check_installed",
    "cohorts_of",
    "compare",
    "curves_of",
    "events_of",
    "groups_of",
    "left_out",
    "notes",
    "plan",
    "simulate",
    "usable",
    "version",
]
