"""
What the inventories measured on the ground of works: ex-post, and never added to the ledger.

The ledger tells what is expected of the trees of a work. Two inventories tell what stands on its
ground, whoever made it grow, and once they do the district's stock has it already.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from .coverage import PARTS
from .errors import Problem, first_rows
from .growth_update import YOUNG
from .parameters import constant
from .project_ground import IMPROVEMENT, checked_years
from .tables import columns
from .units import carbon_to_co2

# figures of a project, and the column of the stands each is shared out from
FIGURES = {"stock": ("forest_stock_m3", "m3"), "carbon": ("carbon_t", "t")}
IN_INVENTORY = ("yes", "partly", "no")
YES, PARTLY, NO = IN_INVENTORY


def on_ground(pieces: pd.DataFrame, stands: pd.DataFrame, works: pd.Index) -> pd.DataFrame:
    """
    Sum what an inventory holds on the ground of each work.

    Parameters
    ----------
    pieces : DataFrame
        Ground that works and stands share, as ``project_ground.ground_of`` returns it.
    stands : DataFrame
        With ``forest_type``, ``area_ha`` (ha), the parts of the forest area (``arbor_ha`` …)
        and, where known, ``forest_stock_m3`` (m3) and ``carbon_t`` (t C).
    works : Index
        Labels of the works.

    Returns
    -------
    held : DataFrame
        On the labels of the works: ``ground_ha`` (in parcels), ``forest_ha``, ``young_ha``
        (plantations that are not forest yet), ``stock_m3`` and ``carbon_t`` of the forest;
        figures the inventory does not have are missing.

    Notes
    -----
    A figure of a stand is shared out by the part of its area that lies in the work, as if it
    were spread evenly over the stand. Scattered and four-side trees are left out, because they
    stand on part of a parcel that nobody drew.

    Examples
    --------
    >>> stands = pd.DataFrame({"forest_type": ["arbor"], "area_ha": 10.0, "arbor_ha": 10.0,
    ...     "bamboo_ha": 0.0, "special_shrub_ha": 0.0, "shelterbelt_ha": 0.0, "four_side_ha": 0.0,
    ...     "forest_stock_m3": 500.0, "carbon_t": 150.0})
    >>> pieces = pd.DataFrame({"project": ["a"], "stand": [0], "ground_ha": [2.0]})
    >>> on_ground(pieces, stands, pd.Index(["a"])).to_numpy().tolist()
    [[2.0, 2.0, 0.0, 100.0, 30.0]]
    """
    mine = pieces[pieces["project"].isin(works)]
    held = stands.loc[mine["stand"]]
    area = held["area_ha"].to_numpy(float)
    ground = mine["ground_ha"].to_numpy(float)
    share = np.minimum(ground / np.where(area > 0.0, area, np.inf), 1.0)
    forest = held[[f"{part}_ha" for part in PARTS]].sum(axis=1).to_numpy(float)
    figures = {
        "ground_ha": ground,
        "forest_ha": forest * share,
        "young_ha": np.where(held["forest_type"].isin(YOUNG), ground, 0.0),
    }
    for name, (column, unit) in FIGURES.items():
        figures[f"{name}_{unit}"] = share * _numbers(held, column)
    row = works.get_indexer(mine["project"])
    return pd.DataFrame(
        {name: np.bincount(row, values, len(works)) for name, values in figures.items()},
        index=works,
    )


def _numbers(held: pd.DataFrame, column: str) -> np.ndarray:
    """Return a figure of stands; missing where the inventory does not have it."""
    return held.get(column, pd.Series(np.nan, index=held.index)).to_numpy(float)


def project_monitoring(
    works: pd.DataFrame, pieces: Mapping[int, pd.DataFrame], stands: Mapping[int, pd.DataFrame]
) -> tuple[pd.DataFrame, list[Problem]]:
    """
    Compare what the inventory before each work and the latest one hold on its ground.

    Parameters
    ----------
    works : DataFrame
        ``project_id``, ``project_type``, ``method``, ``start_year`` (int) and ``credited_ha``
        (ha).
    pieces : mapping of int to DataFrame
        Year of an inventory to the ground that works and stands share, as
        ``project_ground.ground_of`` returns it.
    stands : mapping of int to DataFrame
        Year to the stands of the inventories, as for ``on_ground``; no stands of a report year
        that were only brought to it by models.

    Returns
    -------
    table : DataFrame
        Columns of ``project_monitoring`` in ``data/columns.csv``: a row for each work with
        ground in the latest inventory that began before it, sorted by project. Where no
        inventory tells the ground at the start, what was there before is missing. Removals are
        positive; they are of the whole ground of the work, its other vegetation included.
    notes : list of Problem
        ``project_in_inventory``: the carbon of new forest that the district's stock has
        already; ``project_not_attributable``: that the stands of improved forest are no gain of
        the works; ``project_on_forest``: plantings on ground that was forest.

    Notes
    -----
    A work is in the inventory when forest that was not there before makes up
    ``whole_share_min`` of its credited ground, partly from ``part_share_min`` on. Standing
    forest that is improved was in the inventory before, so for it all forest is asked; the
    removal on its ground is that of whole stands, which is not the work's, and
    ``is_attributable`` is False. So it is where more than ``part_share_min`` of the ground of a
    planting was forest at the start: what was cleared there is in the difference.

    Examples
    --------
    See ``tests/test_project_monitoring.py``: a plantation that became forest.
    """
    if not stands:
        return pd.DataFrame(columns=list(columns("project_monitoring").index)), []
    last = max(stands)
    rows = works[works["start_year"].lt(last)].rename_axis(index=None)
    rows = rows[rows.index.isin(pieces[last]["project"])]
    rows = rows.sort_values("project_id", kind="stable")
    first = checked_years(rows["start_year"], list(stands))
    after = on_ground(pieces[last], stands[last], rows.index)
    before = after[[]].reindex(columns=after.columns)
    for year, some in rows.groupby(first):
        before.loc[some.index] = on_ground(pieces[year], stands[year], some.index)
    held = {"forest": "ha", "stock": "m3", "carbon": "t"}
    found = rows[["project_id", "project_type"]].assign(
        year_before=first.astype(float if first.isna().any() else int), year_after=last,
        ground_ha=np.fmax(before["ground_ha"], after["ground_ha"]),
        young_after_ha=after["young_ha"],
        **{f"{name}_{when}_{unit}": date[f"{name}_{unit}"]
           for name, unit in held.items() for when, date in (("before", before), ("after", after))},
        removal_co2_t=carbon_to_co2(after["carbon_t"] - before["carbon_t"]),
        in_inventory=_in_inventory(rows, before, after),
        is_attributable=_own_change(rows, before),
    )  # fmt: skip
    table = found[list(columns("project_monitoring").index)].reset_index(drop=True)
    return table, _notes(table, rows["method"].eq(IMPROVEMENT).to_numpy())


def _in_inventory(rows: pd.DataFrame, before: pd.DataFrame, after: pd.DataFrame) -> np.ndarray:
    """Tell whether the credited ground of works is forest in the latest inventory."""
    # forest that was there before is credited to no planting
    had = before["forest_ha"].where(rows["method"].ne(IMPROVEMENT), 0.0).fillna(0.0)
    credited = rows["credited_ha"].where(rows["credited_ha"].gt(0.0))
    share = ((after["forest_ha"] - had) / credited).fillna(0.0)
    whole, part = (constant(f"{name}_share_min") for name in ("whole", "part"))
    return np.select([share >= whole, share >= part], [YES, PARTLY], NO)


def _own_change(rows: pd.DataFrame, before: pd.DataFrame) -> pd.Series:
    """Tell whether the change on the ground of works is theirs: of plantings without forest."""
    had = before["forest_ha"].fillna(0.0) > constant("part_share_min") * before["ground_ha"]
    return rows["method"].ne(IMPROVEMENT) & ~had


def _notes(table: pd.DataFrame, improves: np.ndarray) -> list[Problem]:
    """Tell what is in the district's stock already, and what is no gain of the works."""
    there = table["in_inventory"].ne(NO)
    cases = {
        "project_in_inventory": there & ~improves,
        "project_not_attributable": improves,
        "project_on_forest": ~improves & ~table["is_attributable"].astype(bool),
    }
    notes = []
    for code, is_case in cases.items():
        some = table[is_case]
        if len(some):
            notes.append(Problem(
                code, rows=first_rows(some["project_id"]), count=len(some),
                value=f"{some['forest_after_ha'].sum():,.1f} ha, "
                      f"{some['carbon_after_t'].sum():,.1f} t C",
                rule=str(some["year_after"].iloc[0]),
            ))  # fmt: skip
    return notes
