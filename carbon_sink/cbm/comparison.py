"""Pools of libcbm beside our simple ones."""

import pandas as pd

from ..errors import Problem
from ..tables import columns
from .engine import POOLS, Course


def compare(scenario: str, course: Course, ours: pd.DataFrame) -> pd.DataFrame:
    """
    Lay the pools of libcbm beside ours.

    Parameters
    ----------
    scenario : str
        Key of the scenario.
    course : Course
        As ``simulate`` returns it.
    ours : DataFrame
        Our pools of the same forest: ``year``, ``pool`` (aboveground, belowground, dead_wood,
        litter, soil) and ``carbon_t`` (t C). Pools and years that are lacking stay empty.

    Returns
    -------
    table : DataFrame
        Columns of the table ``cbm_comparison``, in the order of years and pools; ``ratio`` is
        libcbm over ours, empty where ours is lacking or 0.

    Examples
    --------
    >>> pools = pd.DataFrame({"year": [2030], "pool": ["litter"], "carbon_t": [30.0]})
    >>> course = Course(pools, 0.0, pools.head(0))
    >>> table = compare("bau", course, pools.assign(carbon_t=20.0))
    >>> table[["cbm_carbon_t", "carbon_t", "ratio"]].values.tolist()
    [[30.0, 20.0, 1.5]]
    """
    table = course.pools.rename(columns={"carbon_t": "cbm_carbon_t"}).merge(
        ours[["year", "pool", "carbon_t"]], on=["year", "pool"], how="left", validate="1:1"
    )
    known = table["carbon_t"].where(table["carbon_t"] > 0)
    table = table.assign(scenario=scenario, ratio=table["cbm_carbon_t"] / known)
    order = table["pool"].map({pool: rank for rank, pool in enumerate(POOLS)})
    table = table.assign(order=order).sort_values(["year", "order"], ignore_index=True)
    return table[columns("cbm_comparison").index]


def notes(scenario: str, course: Course) -> list[Problem]:
    """Return what readers of the comparison should know: events that found no forest."""
    if course.unmet.empty:
        return []
    years = ", ".join(map(str, sorted(set(course.unmet["year"]))))
    return [Problem("cbm_events_unmet", field=scenario, count=len(course.unmet), value=years)]
