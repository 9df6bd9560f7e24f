"""Totals by town and for the whole place, and the few facts every output states about a run."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from .carbon import carbon_parts, living_parts
from .codes import group_names
from .coverage import PARTS, RULES, coverage_parts, coverage_pct
from .inventory import STOCK_PARTS
from .tables import columns
from .units import carbon_to_co2

WHOLE_PLACE = ""
# what is summed over stands; stocked_ha is the arbor forest that stock is measured on and
# timber_stock_m3 its stock, without the trees of orchards;
# carbon_area_ha the forest that carbon was computed for
SUMS = (
    *(f"{part}_ha" for part in PARTS),
    "sandiao_ha",
    "stocked_ha",
    "timber_stock_m3",
    "forest_stock_m3",
    "living_stock_m3",
    "carbon_t",
    "carbon_area_ha",
)


@dataclass(frozen=True)
class RunFacts:
    """
    What every map, table and report says about the run it comes from.

    Parameters
    ----------
    title, place : str
        Title of the work and name of the place, in the language of the run.
    year : int
        Report year.
    base_year : int or None
        Year of the earliest inventory, when there are several.
    language : {"zh", "en"}
        Language of the outputs.
    coverage_rule : {"forestry", "sandiao"}
        Rule behind the forest coverage.
    four_side_rule : str
        How four-side trees become area.
    land_area_source : str
        Where the denominator of the coverage comes from.
    parameter_set : str
        Parameter set of the carbon figures.
    synthetic : bool
        Whether the data are generated; then every output says so.
    unverified : int
        Number of parameter rows used whose confidence is not ``verified``.
    version : str
        Version of the program.
    approval_number : str
        Map approval number (审图号), empty when there is none.
    area_method : str
        How areas were measured, in the language of the run.
    """

    title: str
    place: str
    year: int
    base_year: int | None
    language: str
    coverage_rule: str
    four_side_rule: str
    land_area_source: str
    parameter_set: str
    synthetic: bool
    unverified: int
    version: str
    approval_number: str = ""
    area_method: str = ""


def largest_remainder(total: float, weights: np.ndarray, decimals: int = 0) -> np.ndarray:
    """
    Share a total by weights so that the rounded shares still add up to it.

    Parameters
    ----------
    total : float
        What is shared, in any unit.
    weights : array
        Non-negative weights, not all zero.
    decimals : int
        Decimal places of the shares.

    Returns
    -------
    shares : array
        One share per weight; their sum is the total rounded to ``decimals``. Equal
        remainders go to the earlier weight.

    References
    ----------
    Hamilton's method.

    Examples
    --------
    >>> largest_remainder(10, [3.3, 3.3, 3.4]).tolist()
    [3.0, 3.0, 4.0]
    """
    weights = np.asarray(weights, dtype=float)
    units = round(total * 10**decimals)
    exact = units * weights / weights.sum()
    shares = np.floor(exact)
    short = int(units - shares.sum())
    order = np.argsort(-(exact - shares), kind="stable")
    shares[order[:short]] += 1
    return shares / 10**decimals


def town_summary(
    stands: pd.DataFrame, towns: pd.DataFrame, place_name: str, land_area_ha: float | None
) -> pd.DataFrame:
    """
    Sum the stands of one year by town and for the whole place.

    Parameters
    ----------
    stands : DataFrame
        With ``town_code`` and the columns of ``SUMS``; a column that could not be computed
        is left out.
    towns : DataFrame
        With ``town_code``, ``town_name`` and ``land_area_ha`` (ha); may be empty.
    place_name : str
        Name for the row of the whole place, whose ``town_code`` is empty.
    land_area_ha : float or None
        Land area of the whole place, ha; the denominator of its coverage.

    Returns
    -------
    summary : DataFrame
        One row per town in the order of ``towns``, then the whole place, with the columns of
        ``town_summary`` in ``data/columns.csv``, year and removal aside. The row of the whole
        place is summed over all stands, so a stand without a town still counts there.
    """
    sums = stands.reindex(columns=list(SUMS))
    computed = [name for name in SUMS if name in stands]
    by_town = sums.groupby(stands["town_code"]).sum(min_count=1).reindex(towns["town_code"])
    by_town[computed] = by_town[computed].fillna(0.0)
    rows = towns.set_index("town_code")[["town_name", "land_area_ha"]].join(by_town)
    total = sums.sum(min_count=1).to_frame().T
    total = total.assign(town_code=WHOLE_PLACE, town_name=place_name, land_area_ha=land_area_ha)
    rows = pd.concat([rows.rename_axis("town_code").reset_index(), total], ignore_index=True)
    figures = rows.columns.difference(["town_code", "town_name"])
    rows = rows.astype(dict.fromkeys(figures, float))
    rows["forest_area_ha"] = rows[[f"{part}_ha" for part in PARTS]].sum(axis=1, min_count=1)
    rows["forest_coverage_pct"] = coverage_pct(rows["forest_area_ha"], rows["land_area_ha"])
    rows["forest_coverage_sandiao_pct"] = coverage_pct(rows["sandiao_ha"], rows["land_area_ha"])
    rows["stock_m3_ha"] = rows["timber_stock_m3"] / rows["stocked_ha"].where(rows["stocked_ha"] > 0)
    area = rows["carbon_area_ha"]
    return rows.assign(carbon_t_ha=rows["carbon_t"] / area.where(area > 0))


def add_removal(summary: pd.DataFrame) -> pd.DataFrame:
    """
    Add ``removal_co2_t_yr``: CO2 taken out of the air since the previous inventory.

    Parameters
    ----------
    summary : DataFrame
        Town summaries of several years, with ``year``, ``town_code`` and ``carbon_t`` (t).

    Returns
    -------
    summary : DataFrame
        Sorted by year, towns in their order; tonnes of CO2 per year, positive when carbon was
        taken up, missing in the first year.

    References
    ----------
    [ipcc_2006_v4]_ equation 2.5, stock-difference method, with our sign.

    Examples
    --------
    >>> years = pd.DataFrame({"year": [2020, 2025], "town_code": ["", ""],
    ...                       "carbon_t": [100.0, 160.0]})
    >>> add_removal(years)["removal_co2_t_yr"].tolist()
    [nan, 44.0]
    """
    summary = summary.sort_values("year", kind="stable")
    towns = summary.groupby("town_code")
    change = towns["carbon_t"].diff() / towns["year"].diff()
    return summary.assign(removal_co2_t_yr=carbon_to_co2(change))


def species_summary(stands: pd.DataFrame) -> pd.DataFrame:
    """
    Sum area, stock and carbon of arbor forest by species group.

    Parameters
    ----------
    stands : DataFrame
        With ``species_group``, ``stocked_ha`` (ha), ``forest_stock_m3`` (m3) and
        ``carbon_t`` (t).

    Returns
    -------
    summary : DataFrame
        ``species_group``, ``name_zh``, ``area_ha``, ``volume_m3``, ``carbon_t``, the largest
        stock first.
    """
    timber = stands[stands["stocked_ha"] > 0]
    sums = timber.groupby("species_group")[["stocked_ha", "forest_stock_m3", "carbon_t"]].sum()
    sums.columns = ["area_ha", "volume_m3", "carbon_t"]
    sums = sums.sort_values("volume_m3", ascending=False, kind="stable").reset_index()
    sums.insert(1, "name_zh", sums["species_group"].map(group_names()).fillna(""))
    return sums


def coverage_table(parts: pd.DataFrame, rule: str, land_area_ha: float | None) -> pd.DataFrame:
    """
    Sum the parts of the forest by one rule, with their total and their share of the land.

    Parameters
    ----------
    parts : DataFrame
        Area of each stand by part, ha, as ``coverage.coverage_parts`` returns it.
    rule : str
        The rule behind the parts.
    land_area_ha : float or None
        Denominator; without it the shares are missing.

    Returns
    -------
    table : DataFrame
        ``rule``, ``part``, ``area_ha``, ``share_pct``; the last row is the total.
    """
    table = _with_total(parts.sum().to_frame("area_ha"))
    share = coverage_pct(table["area_ha"], land_area_ha or float("nan"))
    return table.assign(rule=rule, share_pct=share)


def _with_total(parts: pd.DataFrame) -> pd.DataFrame:
    """Add a row ``total`` with the sums of all columns; the index becomes ``part``."""
    parts.loc["total"] = parts.sum()
    return parts.rename_axis("part").reset_index()


def inventory_tables(
    stands: dict[int, pd.DataFrame],
    towns: pd.DataFrame,
    facts: RunFacts,
    land_area_ha: float | None,
) -> dict[str, pd.DataFrame]:
    """
    Build every table that comes from the inventories, all years one below the other.

    Parameters
    ----------
    stands : dict
        Inventory year to stands with coverage, and stock and carbon where known.
    towns : DataFrame
        ``town_code``, ``town_name``, ``land_area_ha``; may be empty.
    facts : RunFacts
        Place and coverage rule.
    land_area_ha : float or None
        Denominator of the coverage.

    Returns
    -------
    tables : dict
        ``town_summary``, ``inventory_summary``, ``coverage_parts``, and where known
        ``stock_parts``, ``carbon_parts`` and ``species_summary``.
    """
    found: dict[str, list[pd.DataFrame]] = {}
    for year, one in stands.items():
        rows = {"town_summary": town_summary(one, towns, facts.place, land_area_ha)}
        rows["inventory_summary"] = _inventory_row(one)
        rows["coverage_parts"] = pd.concat(
            coverage_table(coverage_parts(one, rule, facts.four_side_rule), rule, land_area_ha)
            for rule in _rules(facts.coverage_rule)
        )
        if "living_stock_m3" in one:
            stock = one[[f"{part}_stock_m3" for part in STOCK_PARTS]].sum()
            stock = stock.set_axis(list(STOCK_PARTS)).to_frame("volume_m3")
            rows["stock_parts"] = _with_total(stock)
        if "carbon_t" in one:
            forest, living = _with_total(carbon_parts(one)), living_parts(one).reset_index()
            rows["carbon_parts"] = pd.concat([forest, living], ignore_index=True)
            rows["species_summary"] = species_summary(one)
        for name, table in rows.items():
            found.setdefault(name, []).append(table.assign(year=year))
    tables = {name: pd.concat(parts, ignore_index=True) for name, parts in found.items()}
    if tables:
        tables["town_summary"] = add_removal(tables["town_summary"])
    return {
        name: table.reindex(columns=list(columns(name).index)).reset_index(drop=True)
        for name, table in tables.items()
    }


def _rules(chosen: str) -> list[str]:
    """Return the chosen rule first, then the others for comparison."""
    return [chosen, *(rule for rule in RULES if rule != chosen)]


def _inventory_row(stands: pd.DataFrame) -> pd.DataFrame:
    """Compare the measured with the registered area of the stands."""
    area = stands["area_ha"].sum()
    registered = float("nan")
    if "registered_area_ha" in stands:
        registered = stands["registered_area_ha"].sum(min_count=1)
    return pd.DataFrame(
        {
            "file": [stands.attrs.get("file", "")],
            "stands": [len(stands)],
            "area_ha": [area],
            "registered_area_ha": [registered],
            "difference_pct": [(registered / area - 1.0) * 100.0],
        }
    )
