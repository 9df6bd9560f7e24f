"""What works bring to the targets of coverage and stock, by year, and what is still missing."""

from collections.abc import Iterable

import numpy as np
import pandas as pd

from .coverage import coverage_pct, four_side_area
from .parameters import constant
from .project_summary import ALL_TYPES
from .projects import PROJECT_TYPES
from .tables import columns
from .units import base_unit, mu

PLANTING, IMPROVEMENT = "planting", "improvement"
FOUR_SIDE, SHELTERBELT = "four_side", "shelterbelt"
# works whose trees stand on other land: they count as area and never as forest stock
BESIDE = (SHELTERBELT, FOUR_SIDE)
KEYS = ["project_type", "project_id"]
COVERAGE, STOCK = "forest_coverage_pct", "forest_stock_m3"
MET, CLOSING, SHORT, UNKNOWN = "met", "works_close_it", "works_fall_short", "not_known"


def closed_area(
    works: pd.DataFrame, years: Iterable[int], inventory_year: int | None = None
) -> pd.DataFrame:
    """
    Area of plantings that counts as forest in each of some years.

    Parameters
    ----------
    works : DataFrame
        One row per planting with ``start_year`` and ``credited_ha`` (ha), and where known
        ``counts_ha`` (ha that counts for coverage; 0 for a belt under the thresholds of
        ``coverage.shelterbelt_area``) and ``in_inventory_ha`` (ha that the latest inventory
        calls forest).
    years : iterable of int
    inventory_year : int, optional
        Year of the latest inventory.

    Returns
    -------
    closed_ha : DataFrame
        Hectares, a row for each planting and a column for each year.

    Notes
    -----
    A planting counts from ``start_year`` plus ``canopy_closure_yr`` of ``data/constants.csv``
    on. Where it is known what the inventory found, that goes before the rule: what is forest
    there counts from the year of the inventory on at the latest, and what is not yet forest
    there counts in the year after it at the earliest, as it does in the outlook.

    Examples
    --------
    A planting of 2018 closes in 2023; of one of 2023 the survey of 2025 calls 4 ha forest:

    >>> works = pd.DataFrame({"start_year": [2018, 2023], "credited_ha": [3.0, 10.0],
    ...                       "in_inventory_ha": [None, 4.0]})
    >>> closed_area(works, [2022, 2023, 2025, 2028], 2025).to_numpy().tolist()
    [[0.0, 3.0, 3.0, 3.0], [0.0, 0.0, 4.0, 10.0]]
    """
    counts = _counting(works)
    closing = works["start_year"].to_numpy(float) + constant("canopy_closure_yr")
    nothing = pd.Series(np.nan, index=works.index)
    held = works.get("in_inventory_ha", nothing).to_numpy(float)
    known = ~np.isnan(held) & (inventory_year is not None)
    surveyed = float(inventory_year or 0)
    held = np.where(known, np.clip(held, 0.0, counts), counts)
    early = np.where(known, np.minimum(closing, surveyed), closing)
    late = np.where(known, np.maximum(closing, surveyed + 1.0), closing)
    return pd.DataFrame(
        {y: held * (y >= early) + (counts - held) * (y >= late) for y in years}, index=works.index
    )


def project_effects(
    works: pd.DataFrame,
    ledger: pd.DataFrame,
    land_area_ha: float | None,
    years: Iterable[int],
    inventory_year: int | None = None,
) -> pd.DataFrame:
    """
    Lay out what each type of works brings to coverage and to stock, year by year.

    Parameters
    ----------
    works : DataFrame
        One row per work with ``project_id``, ``project_type``, ``method`` (``planting``,
        ``improvement`` …) and what ``closed_area`` takes.
    ledger : DataFrame
        As ``project_ledger`` in ``data/columns.csv``: ``project_id``, ``project_type``,
        ``year``, ``stock_m3`` (m3; of an improvement only what it adds) and, of four-side
        trees, ``living_trees``.
    land_area_ha : float or None
        Land area of the place, the denominator of the coverage, ha.
    years : iterable of int
        Years wanted.
    inventory_year : int, optional
        Year of the inventory that the present coverage and stock come from.

    Returns
    -------
    effects : DataFrame
        Columns of ``project_effects`` in ``data/columns.csv``: a row for each type and year,
        and ``all`` last. ``stock_m3`` and ``trees_beside_m3`` add up to the stock of the
        ledger; what is in the inventory and what is still to come add up to the whole.

    Notes
    -----
    Plantings count when their canopy has closed (``closed_area``), and so does their stock: a
    planting that is not closed is no arbor forest. Improved stands are forest already; they
    bring stock and no area. ``stock_unknown_ha`` is what has closed, or was improved, and whose
    stock no ledger knows; a type of which none is known has a missing stock. Four-side trees
    bring the area of their number (``coverage.four_side_area``) from the year in which their
    project has a volume, which begins at 5 cm. Belts and four-side trees stand on other land,
    where ``inventory.stock_parts`` counts them as living stock and not as forest stock: theirs
    is ``trees_beside_m3``, as is the stock of plantings that do not count as forest.

    What has closed by the year of the inventory is in the inventory and must not be added to
    it again. Inventories record belts by length and width and four-side trees by number,
    whatever their age, for whole parcels: those planted by its year are taken to be in it, and
    such belts count from that year on, whatever ``in_inventory_ha`` says. After the last year
    of a ledger its last stock stands.

    Examples
    --------
    24 300 mu of plantings are 1620 ha, or 1.504 percentage points of 107 700 ha:

    >>> works = pd.DataFrame({"project_id": ["a"], "project_type": ["mine_restoration"],
    ...                       "method": ["planting"], "start_year": [2022],
    ...                       "credited_ha": [1620.0]})
    >>> ledger = pd.DataFrame({"project_id": "a", "project_type": "mine_restoration",
    ...                        "year": [2022, 2027], "stock_m3": [0.0, 900.0],
    ...                        "living_trees": None})
    >>> found = project_effects(works, ledger, 107_700.0, [2025, 2027], 2025)
    >>> found[["year", "closed_ha", "coverage_pp", "stock_m3"]].head(2).round(3).values.tolist()
    [[2025.0, 0.0, 0.0, 0.0], [2027.0, 1620.0, 1.504, 900.0]]
    """
    wanted = sorted(set(years))
    asked = sorted({*wanted, *([] if inventory_year is None else [inventory_year])})
    brought = _brought(works, ledger, asked, inventory_year)
    for name, unit in (("closed_ha", "ha"), ("stock_m3", "m3")):
        whole, recorded = brought[name], brought.pop(f"recorded_{unit}")
        held = whole.clip(upper=recorded, axis=0)
        brought |= {f"in_inventory_{unit}": held, f"still_to_come_{unit}": whole - held}
    known = {one for part in brought.values() for one in part.index.get_level_values(0)}
    types = [one for one in PROJECT_TYPES if one in known]
    found = {}
    for name, one in brought.items():
        # a type of which no ledger knows a stock has none to show; 0 would say that it has nothing
        nothing = np.nan if name.endswith("_m3") else 0.0
        sums = one[wanted].groupby(level=0).sum().reindex(types, fill_value=nothing)
        whole = sums.sum(min_count=min(len(types), 1)).to_frame(ALL_TYPES).T
        found[name] = pd.concat([sums, whole]).to_numpy().ravel()
    rows = pd.MultiIndex.from_product([[*types, ALL_TYPES], wanted], names=["project_type", "year"])
    table = pd.DataFrame(found, index=rows).reset_index()
    land = np.nan if land_area_ha is None else land_area_ha
    table["coverage_pp"] = coverage_pct(table["closed_ha"], land)
    return table[list(columns("project_effects").index)]


def _counting(works: pd.DataFrame) -> np.ndarray:
    """Hectares of each planting that count as forest once they have closed."""
    credited = works["credited_ha"]
    counts = works.get("counts_ha", credited).fillna(credited)
    return np.minimum(counts, credited).to_numpy(float)


def _brought(
    works: pd.DataFrame, ledger: pd.DataFrame, years: list[int], inventory_year: int | None
) -> dict[str, pd.DataFrame | pd.Series]:
    """Area and stock of each work (rows) in each year (columns), and what a survey recorded."""
    works = works.set_index(KEYS)
    is_planted = works["method"].eq(PLANTING) & (works.index.get_level_values(0) != FOUR_SIDE)
    area = closed_area(_with_belts(works[is_planted], inventory_year), years, inventory_year)
    trees, planted = _four_side(ledger, years)
    known = ledger[ledger["stock_m3"].notna()]
    stock = _by_year(known, "stock_m3", years)
    credited = works["credited_ha"].where(works["credited_ha"] > 0.0)
    share = area.div(credited, axis=0).reindex(stock.index).fillna(0.0)
    improved = works[works["method"].eq(IMPROVEMENT)]
    share[share.index.isin(improved.index)] = 1.0
    share[share.index.get_level_values(0).isin(BESIDE)] = 0.0
    forest = stock * share
    starts, hectares = improved["start_year"], improved["credited_ha"]
    treated = pd.DataFrame({y: hectares.where(starts.le(y), 0.0) for y in years}, improved.index)
    of_stock = pd.concat([area[~area.index.get_level_values(0).isin(BESIDE)], treated])
    whole = pd.concat([area, trees])
    none = [pd.Series(0.0, index=one.index) for one in (whole, forest)]
    recorded = none if inventory_year is None else [
        pd.concat([area[inventory_year], planted[inventory_year]]), forest[inventory_year]
    ]  # fmt: skip
    return {
        "closed_ha": whole,
        "stock_m3": forest,
        "stock_unknown_ha": of_stock[~of_stock.index.isin(stock.index)],
        "trees_beside_m3": stock - forest,
        "recorded_ha": recorded[0],
        "recorded_m3": recorded[1],
    }


def _with_belts(works: pd.DataFrame, inventory_year: int | None) -> pd.DataFrame:
    """Take belts that were planted by the year of an inventory to be recorded by it."""
    if inventory_year is None:
        return works
    is_belt = works.index.get_level_values(0) == SHELTERBELT
    there = works["credited_ha"].where(works["start_year"].le(inventory_year), 0.0)
    known = works.get("in_inventory_ha", pd.Series(np.nan, index=works.index)).astype(float)
    return works.assign(in_inventory_ha=known.mask(is_belt, there))


def _four_side(ledger: pd.DataFrame, years: list[int]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Area that four-side trees stand for once they have a volume, and of all that live."""
    rows = ledger[ledger["project_type"].eq(FOUR_SIDE)]
    grown = rows["living_trees"].where(rows["stock_m3"] > 0.0, 0.0)
    counting = _by_year(rows.assign(living_trees=grown), "living_trees", years)
    living = _by_year(rows, "living_trees", years)
    return four_side_area(counting), four_side_area(living)


def _by_year(ledger: pd.DataFrame, column: str, years: list[int]) -> pd.DataFrame:
    """Lay one column of a ledger out by year: 0 before the start, the last value after the end."""
    wide = ledger.pivot_table(index=KEYS, columns="year", values=column, aggfunc="sum")
    first = min([*years, *ledger["year"].unique()])
    last = max([*years, *ledger["year"].unique()])
    return wide.reindex(columns=range(first, last + 1)).ffill(axis=1).fillna(0.0)[years]


def target_gap(
    indicators: pd.DataFrame,
    effects: pd.DataFrame,
    land_area_ha: float | None,
    report_year: int,
    years: Iterable[int],
) -> pd.DataFrame:
    """
    Tell what is missing to the targets of coverage and stock, and what works still bring to it.

    Parameters
    ----------
    indicators : DataFrame
        As ``targets.indicator_table`` returns it.
    effects : DataFrame
        As ``project_effects`` returns it, with every year in which a gap may close.
    land_area_ha : float or None
        Land area of the place, ha.
    report_year : int
        Year of the values.
    years : iterable of int
        Years to look ahead to; those that ``effects`` lacks and those gone by are left out.

    Returns
    -------
    gap : DataFrame
        Columns of ``target_gap`` in ``data/columns.csv``: a row for each target and each year
        looked ahead to, the report year first. Empty without such a target or its value.

    Notes
    -----
    The gap is that of today, from the report year on. Against it stands what recorded works
    still bring: what has not closed or not grown by the inventory. Other forest grows and is
    cut meanwhile; the outlook tells of that, this table of the works alone. New forest that is
    to count in a year must stand ``canopy_closure_yr`` before it: ``plant_by_year``.

    Examples
    --------
    38 % of 107 700 ha are 1453.95 ha, or 21 809.25 mu, more than 36.65 %:

    >>> from carbon_sink.targets import Target, indicator_table
    >>> plan = Target("forest_coverage_pct", "%", 2020, 36.65, 2025, 38.0)
    >>> table = indicator_table({"forest_coverage_pct": 36.65}, {}, [plan], 2020)
    >>> works = pd.DataFrame({"project_type": "all", "year": [2020, 2025],
    ...                       "still_to_come_ha": [0.0, 1620.0], "still_to_come_m3": 0.0})
    >>> gap = target_gap(table, works, 107_700.0, 2020, [2025])
    >>> gap[["missing_ha", "missing_mu", "left_ha"]].round(2).values.tolist()
    [[1453.95, 21809.25, 1453.95], [1453.95, 21809.25, 0.0]]
    >>> gap[["verdict", "closing_year", "plant_by_year"]].values.tolist()[1]
    ['works_close_it', 2025.0, 2020.0]
    """
    whole = effects[effects["project_type"].eq(ALL_TYPES)].set_index("year")
    rows = []
    for row in indicators.to_dict("records"):
        is_area = row["indicator"] == COVERAGE
        if row["indicator"] not in (COVERAGE, STOCK) or pd.isna(row["gap"]):
            continue
        if row["kind"] == "ceiling" or (is_area and land_area_ha is None):
            continue
        short = max(float(row["gap"]) * base_unit(row["unit"])[1], 0.0)
        if is_area:
            short *= land_area_ha / 100.0
        coming = whole["still_to_come_ha" if is_area else "still_to_come_m3"]
        coming = coming[coming.index >= report_year]
        ahead = sorted({*years, int(row["target_year"])} & {*coming.index} - {report_year})
        said = {name: row[name] for name in ("indicator", "name", "unit", "target_year",
                                             "target_value", "value", "value_source")}  # fmt: skip
        said |= {"year": report_year, "missing": max(float(row["gap"]), 0.0)}
        said |= _closing(short, coming)
        for until in (report_year, *ahead):
            left = _left(short, float(coming.get(until, 0.0)), until, report_year, is_area=is_area)
            rows.append({**said, "until_year": until, **left})
    table = pd.DataFrame(rows, columns=list(columns("target_gap").index))
    numbers = columns("target_gap").query("kind == 'number'").index
    return table.astype(dict.fromkeys(numbers, float))


def _closing(short: float, coming: pd.Series) -> dict[str, object]:
    """Tell whether recorded works alone bring what is missing, and the first year they do."""
    if short <= 0.0:
        return {"verdict": MET, "closing_year": np.nan}
    if coming.isna().all():
        return {"verdict": UNKNOWN, "closing_year": np.nan}
    # what just suffices does so whatever the arithmetic does to the last digits
    enough = coming.index[coming.ge(short * (1.0 - 1e-9))]
    if len(enough):
        return {"verdict": CLOSING, "closing_year": enough.min()}
    return {"verdict": SHORT, "closing_year": np.nan}


def _left(
    short: float, brought: float, until: int, year: int, *, is_area: bool
) -> dict[str, float]:
    """Tell what is missing, brought and left by one year, in hectares or in cubic metres."""
    unit = "ha" if is_area else "m3"
    left = float(np.maximum(short - brought, 0.0))
    per_year = short / (until - year) if until > year else np.nan
    found = {f"missing_{unit}": short, f"works_bring_{unit}": brought, f"left_{unit}": left,
             f"needed_{unit}_yr": per_year}  # fmt: skip
    if is_area:
        plant_by = until - constant("canopy_closure_yr") if short > 0.0 else np.nan
        found |= {"missing_mu": mu(short), "left_mu": mu(left), "plant_by_year": plant_by}
    return found
