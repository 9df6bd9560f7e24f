"""Works of the plan: what was planned, done and verified, and what fires took."""

import pandas as pd

from .coverage import four_side_area
from .units import mu

PROJECT_TYPES = (
    "afforestation", "mine_restoration", "shelterbelt", "four_side", "quality_improvement",
    "corridor", "greening", "grain_for_green", "reserve_forest",
)  # fmt: skip
PLAN_ITEMS = ("forest_quantity", "quality_improvement")
EVENT_TYPES = ("fire", "harvest", "pest")


def four_side_projects(records: pd.DataFrame) -> pd.DataFrame:
    """
    Turn records of four-side planting into project rows.

    Parameters
    ----------
    records : DataFrame
        With ``record_id``, ``planted_year``, ``tree_count``, and where known
        ``survival_pct`` (%), ``done_ha`` (ha), ``project_id`` and ``town_code``.

    Returns
    -------
    projects : DataFrame
        One row per record, of type ``four_side`` and plan item ``forest_quantity``.
        ``done_ha`` is taken from the record, or the living trees over 1650 per hectare; it is
        missing where neither the area nor the survival is known.

    Examples
    --------
    >>> records = pd.DataFrame({"record_id": ["a"], "planted_year": [2022.0],
    ...                         "tree_count": [3300.0], "survival_pct": [90.0]})
    >>> four_side_projects(records)["done_ha"].tolist()
    [1.8]
    """
    survival = records.get("survival_pct", pd.Series(float("nan"), index=records.index))
    area = four_side_area(records["tree_count"] * survival / 100.0)
    if "done_ha" in records:
        area = records["done_ha"].fillna(area)
    return pd.DataFrame(
        {
            "project_id": records["record_id"],
            "project_type": "four_side",
            "plan_item": "forest_quantity",
            "town_code": records.get("town_code"),
            "start_year": records["planted_year"],
            "done_ha": area,
        }
    )


def plan_quantities(
    projects: pd.DataFrame, report_year: int, base_year: int | None = None
) -> pd.DataFrame:
    """
    Sum what the projects brought to each task of the plan, up to the report year.

    Parameters
    ----------
    projects : DataFrame
        With ``project_type``, ``start_year``, ``done_ha`` (ha) and where known
        ``plan_item``, ``planned_ha`` and ``verified_ha`` (ha).
    report_year : int
        Later works do not count.
    base_year : int, optional
        Base year of the plan; works of that year and before belong to no task of it.

    Returns
    -------
    quantities : DataFrame
        One row per plan item and project type: ``projects``, ``planned_ha``, ``done_ha``,
        ``verified_ha``, ``done_mu``. Works outside the plan have an empty plan item. A
        quantity that no project of the row states is missing, not zero.

    Examples
    --------
    >>> works = pd.DataFrame({"project_type": ["shelterbelt"], "plan_item": ["forest_quantity"],
    ...                       "start_year": [2023], "done_ha": [2.0]})
    >>> plan_quantities(works, 2025)[["plan_item", "done_ha", "done_mu"]].values.tolist()
    [['forest_quantity', 2.0, 30.0]]
    """
    due = projects[projects["start_year"] <= report_year]
    due = due.reindex(
        columns=["plan_item", "project_type", "start_year", "planned_ha", "done_ha", "verified_ha"]
    )
    item = due["plan_item"].fillna("")
    if base_year is not None:
        item = item.mask(due["start_year"] <= base_year, "")
    due = due.assign(plan_item=item)
    groups = due.groupby(["plan_item", "project_type"], sort=True)
    sums = groups[["planned_ha", "done_ha", "verified_ha"]].sum(min_count=1)
    sums.insert(0, "projects", groups.size())
    return sums.assign(done_mu=mu(sums["done_ha"])).reset_index()


def plan_item_done(quantities: pd.DataFrame, plan_item: str) -> float:
    """Area done (ha) for one task of the plan, over all kinds of project."""
    return float(quantities.loc[quantities["plan_item"] == plan_item, "done_ha"].sum())


def fire_damage_permille(events: pd.DataFrame, forest_area_ha: float, year: int) -> float:
    """
    Forest burned in a year over the forest area, per mille.

    Parameters
    ----------
    events : DataFrame
        With ``event_type``, ``year`` and ``area_ha`` (ha of forest affected).
    forest_area_ha : float
        Forest area of the year, hectares.
    year : int
        Year of the fires.

    Returns
    -------
    rate_permille : float
        0 when the records hold no fire of that year.

    Examples
    --------
    >>> fires = pd.DataFrame({"event_type": ["fire"], "year": [2025], "area_ha": [8.0]})
    >>> fire_damage_permille(fires, 40_000.0, 2025)
    0.2
    """
    burned = events.loc[events["event_type"].eq("fire") & events["year"].eq(year), "area_ha"]
    return float(burned.sum() / forest_area_ha * 1000.0)
