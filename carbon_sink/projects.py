"""Works of the plan: what was planned, done and verified, and what fires took."""

import numpy as np
import pandas as pd

from .coverage import four_side_area as trees_to_ha
from .coverage import shelterbelt_area
from .tables import columns
from .units import M2_PER_HA, mu

PROJECT_TYPES = (
    "afforestation", "mine_restoration", "shelterbelt", "four_side", "quality_improvement",
    "corridor", "greening", "grain_for_green", "reserve_forest",
)  # fmt: skip
PLAN_ITEMS = ("forest_quantity", "quality_improvement")
EVENT_TYPES = ("fire", "harvest", "pest")
# sides of houses, villages, roads and waters, where four-side trees stand
SIDES = ("宅", "村", "路", "水")
EVERY_SIDE = "all"
AREAS = ("planned_ha", "done_ha", "verified_ha")


def survival_share(works: pd.DataFrame) -> pd.Series:
    """
    Share of the planted trees that live: after three years where it is known, else after one.

    Parameters
    ----------
    works : DataFrame
        Projects or records, with ``survival_3yr_pct`` and ``survival_pct`` (%) where known.

    Returns
    -------
    share : Series
        0 to 1 on the index of the works; missing where neither is known.

    Examples
    --------
    >>> works = pd.DataFrame({"survival_pct": [90.0, 85.0], "survival_3yr_pct": [80.0, None]})
    >>> survival_share(works).tolist()
    [0.8, 0.85]
    """
    return (numbers_in(works, "survival_3yr_pct").fillna(numbers_in(works, "survival_pct"))) / 100.0


def numbers_in(works: pd.DataFrame, name: str) -> pd.Series:
    """
    Return a column of numbers, or missing values where there is no such column.

    Examples
    --------
    >>> numbers_in(pd.DataFrame({"done_ha": [2]}), "planned_ha").tolist()
    [nan]
    """
    return works.get(name, pd.Series(np.nan, index=works.index)).astype(float)


def belt_ha(projects: pd.DataFrame) -> pd.Series:
    """
    Area of shelterbelts: length times width, or the area done where these are not known.

    Parameters
    ----------
    projects : DataFrame
        Shelterbelts with ``done_ha`` (ha) and, where known, ``belt_length_m``,
        ``belt_width_m``, ``belt_row_spacing_m`` (m) and ``belt_rows``.

    Returns
    -------
    area_ha : Series
        Hectares; 0 where the belt is too narrow or too small to be forest, as
        ``coverage.shelterbelt_area`` says.

    Examples
    --------
    >>> belts = pd.DataFrame({"done_ha": [0.5, 0.5, 0.5], "belt_length_m": [500.0, 500.0, None],
    ...                       "belt_width_m": [12.0, 8.0, 12.0]})
    >>> belt_ha(belts).tolist()
    [0.6, 0.0, 0.5]
    """
    size = [numbers_in(projects, f"belt_{name}") for name in ("length_m", "width_m")]
    rows = [numbers_in(projects, f"belt_{name}") for name in ("rows", "row_spacing_m")]
    is_told = size[0].notna() & size[1].notna()
    return shelterbelt_area(*size, *rows).where(is_told, projects["done_ha"].astype(float))


def four_side_projects(records: pd.DataFrame) -> pd.DataFrame:
    """
    Turn records of four-side planting into project rows.

    Parameters
    ----------
    records : DataFrame
        With ``record_id``, ``planted_year``, ``tree_count``, and where known
        ``survival_3yr_pct`` and ``survival_pct`` (%), ``done_ha`` (ha), ``project_id`` and
        ``town_code``.

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
    survival = survival_share(records)
    area = trees_to_ha(records["tree_count"] * survival)
    return pd.DataFrame(
        {
            "project_id": records["record_id"],
            "project_type": "four_side",
            "plan_item": "forest_quantity",
            "town_code": records.get("town_code"),
            "start_year": records["planted_year"],
            "done_ha": numbers_in(records, "done_ha").fillna(area),
            "survival_pct": survival * 100.0,
        }
    )


def four_side_area(records: pd.DataFrame) -> pd.DataFrame:
    """
    Area of four-side trees by both rules: their number, and the ground under their crowns.

    Parameters
    ----------
    records : DataFrame
        With ``tree_count`` and, where known, ``side``, ``survival_3yr_pct`` and
        ``survival_pct`` (%) and ``crown_diameter_m`` (m).

    Returns
    -------
    areas : DataFrame
        Table ``four_side_area``: one row for each side, house, village, road and water first,
        and one for all. Records of unknown survival have no living trees, and those without a
        crown diameter no area by crowns; where no record of a side tells it, it is missing.

    Notes
    -----
    Crowns are taken for circles that do not overlap: pi / 4 times the square of the diameter
    for each living tree.

    References
    ----------
    [nfci_rules]_ four-side trees to area.

    Examples
    --------
    >>> records = pd.DataFrame({"side": ["路"], "tree_count": [1650.0], "survival_pct": [100.0],
    ...                         "crown_diameter_m": [2.0]})
    >>> four_side_area(records)[["side", "area_by_trees_ha", "area_by_crown_ha"]].values.tolist()
    [['路', 1.0, 0.5183...], ['all', 1.0, 0.5183...]]
    """
    living = records["tree_count"] * survival_share(records)
    crown_m2 = np.pi / 4.0 * numbers_in(records, "crown_diameter_m") ** 2
    side = records.get("side", pd.Series(index=records.index, dtype=object)).fillna("")
    each = pd.DataFrame(
        {
            "side": side, "records": 1, "tree_count": records["tree_count"],
            "living_trees": living, "area_by_trees_ha": trees_to_ha(living),
            "crown_records": (living * crown_m2).notna().astype(int),
            "area_by_crown_ha": living * crown_m2 / M2_PER_HA,
        }
    )  # fmt: skip
    both = pd.concat([each, each.assign(side=EVERY_SIDE)])
    areas = both.groupby("side").sum(min_count=1)
    order = [*SIDES, *sorted(set(side) - {*SIDES}), EVERY_SIDE]
    areas = areas.reindex([name for name in order if name in areas.index]).rename_axis("side")
    for rule in ("trees", "crown"):
        areas[f"area_by_{rule}_mu"] = mu(areas[f"area_by_{rule}_ha"])
    return areas.reset_index()[list(columns("four_side_area").index)]


def plan_quantities(
    projects: pd.DataFrame, report_year: int, base_year: int | None = None
) -> pd.DataFrame:
    """
    Sum what the projects brought to each task of the plan, up to the report year.

    Parameters
    ----------
    projects : DataFrame
        With ``project_type``, ``start_year``, ``done_ha`` (ha) and where known
        ``plan_item``, ``planned_ha`` and ``verified_ha`` (ha), and ``survival_pct`` (%).
    report_year : int
        Later works do not count.
    base_year : int, optional
        Base year of the plan; works of that year and before belong to no task of it.

    Returns
    -------
    quantities : DataFrame
        One row per plan item and project type: ``projects``, ``planned_ha``, ``done_ha``,
        ``verified_ha``, the same in mu, and ``survival_pct``, weighted by the area done of
        the works that tell it. Works outside the plan have an empty plan item. A quantity
        that no project of the row states is missing, not zero.

    Examples
    --------
    >>> works = pd.DataFrame({"project_type": ["shelterbelt"], "plan_item": ["forest_quantity"],
    ...                       "start_year": [2023], "done_ha": [2.0]})
    >>> plan_quantities(works, 2025)[["plan_item", "done_ha", "done_mu"]].values.tolist()
    [['forest_quantity', 2.0, 30.0]]
    """
    due = projects[projects["start_year"] <= report_year]
    due = due.reindex(columns=["plan_item", "project_type", "start_year", *AREAS, "survival_pct"])
    item = due["plan_item"].astype(object).fillna("")
    if base_year is not None:
        item = item.mask(due["start_year"] <= base_year, "")
    weight = due["done_ha"].where(due["survival_pct"].notna())
    due = due.assign(plan_item=item, weight=weight, living=weight * due["survival_pct"])
    groups = due.groupby(["plan_item", "project_type"], sort=True)
    sums = groups[list(AREAS)].sum(min_count=1)
    sums.insert(0, "projects", groups.size())
    in_mu = {name.replace("_ha", "_mu"): mu(sums[name]) for name in AREAS}
    alive = groups[["living", "weight"]].sum(min_count=1)
    share = alive["living"] / alive["weight"].where(alive["weight"].gt(0.0))
    table = sums.assign(**in_mu, survival_pct=share).reset_index()
    return table[list(columns("plan_quantities").index)]


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
