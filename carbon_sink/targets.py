"""Progress of an indicator towards the value a plan sets."""

import math
from dataclasses import asdict, dataclass

import pandas as pd

from .language import text
from .projects import PLAN_ITEMS, fire_damage_permille, plan_item_done
from .tables import columns, read_data
from .uncertainty import Interval
from .units import base_unit

KINDS = ("reach", "hold", "ceiling")
# indicators of the row of the whole place, and why one would be missing there
FROM_SUMMARY = {
    "forest_stock_m3": "absent.no_volume",
    "living_stock_m3": "absent.no_volume",
    "forest_area_ha": "absent.no_inventory",
    "forest_coverage_pct": "absent.no_land_area",
    "forest_coverage_sandiao_pct": "absent.no_land_area",
    "stock_m3_ha": "absent.no_volume",
    "carbon_t": "absent.no_species",
    "removal_co2_t_yr": "absent.one_inventory",
}
# what a modelled value does not tell
NOT_JUDGED = {"met": None, "required_per_year": None, "probability": None}
TARGET_COLUMNS = ("base_year", "base_value", "target_year", "target_value", "kind", "source")


@dataclass(frozen=True)
class Target:
    """
    A planned value of one indicator, with the document that sets it.

    Parameters
    ----------
    indicator : str
        Key of ``data/indicators.csv``.
    unit : str
        Unit of the values, as the plan writes it.
    base_year : int
        Year of the base value.
    base_value : float
        Where the plan starts.
    target_year : int
        Year in which the target is due.
    target_value : float
        What is to be reached, held or not exceeded.
    kind : {"reach", "hold", "ceiling"}
        Climb to at least the value; stay at or above it; stay at or below it.
    source : str
        Document that sets the target.
    """

    indicator: str
    unit: str
    base_year: int
    base_value: float
    target_year: int
    target_value: float
    kind: str = "reach"
    source: str = ""


@dataclass(frozen=True)
class Progress:
    """
    Where an indicator stands against its target; all values in the unit of the target.

    ``done_pct`` is the share of the way from base to target and exists only for targets to
    be reached. ``gap`` is what is missing, and negative when the target is exceeded.
    ``required_per_year`` is the change needed each year until the target year, 0 when the
    target is met, and missing when the target year is over. ``probability`` needs a standard
    deviation of the value.
    """

    met: bool
    done_pct: float | None
    gap: float
    required_per_year: float | None
    probability: float | None


def progress(target: Target, year: int, value: float, sd: float | None = None) -> Progress:
    """
    Compare a value with a target.

    Parameters
    ----------
    target : Target
    year : int
        Year of the value.
    value : float
        Value of the indicator, in the unit of the target.
    sd : float, optional
        Standard deviation of the value, same unit; gives the probability, by the normal
        distribution, that the true value meets the target.

    Returns
    -------
    progress : Progress

    Raises
    ------
    ValueError
        If the kind of the target is not known.

    Examples
    --------
    >>> coverage = Target("forest_coverage_pct", "%", 2020, 36.7, 2025, 38.0)
    >>> step = progress(coverage, 2023, 37.35)
    >>> step.met, step.done_pct, step.gap, step.required_per_year
    (False, 50.0, 0.65, 0.325)
    """
    if target.kind not in KINDS:
        msg = f"kind of target is {target.kind!r}, known are {', '.join(KINDS)}"
        raise ValueError(msg)
    missing = target.target_value - value
    gap = -missing if target.kind == "ceiling" else missing
    met = gap <= 0
    way = target.target_value - target.base_value
    done = (value - target.base_value) / way * 100.0 if target.kind == "reach" and way else None
    years_left = target.target_year - year
    per_year = missing / years_left if years_left > 0 else None
    probability = None
    if sd is not None and sd > 0:
        probability = 0.5 * math.erfc(gap / (sd * math.sqrt(2.0)))
    return Progress(
        met=met,
        done_pct=None if done is None else round(done, 10),
        gap=round(gap, 10),
        required_per_year=0.0 if met else per_year,
        probability=probability,
    )


def path(target: Target, year: int) -> float:
    """
    Value on the straight line from base to target in a year.

    Examples
    --------
    >>> stock = Target("forest_stock_m3", "万m3", 2020, 84.08, 2025, 90.0)
    >>> round(path(stock, 2023), 3)
    87.632
    """
    share = (year - target.base_year) / (target.target_year - target.base_year)
    return target.base_value + share * (target.target_value - target.base_value)


def indicator_table(
    values: dict[str, float | None],
    reasons: dict[str, str],
    targets: list[Target],
    year: int,
    lang: str = "zh",
    sources: dict[str, str] | None = None,
    intervals: dict[str, Interval] | None = None,
    since: int | None = None,
) -> pd.DataFrame:
    """
    Lay out every indicator with its value, its target and its progress.

    Parameters
    ----------
    values : dict
        Indicator key to value in the unit of ``data/indicators.csv``; None when absent.
    reasons : dict
        Indicator key to the reason why its value is absent.
    targets : list of Target
        Targets of the plan, in their own units.
    year : int
        Year of the values.
    lang : {"zh", "en"}
        Language of the names.
    sources : dict, optional
        Indicator key to the document of a published value.
    intervals : dict, optional
        Indicator key to the interval of a computed value, in the unit of
        ``data/indicators.csv``. A published value gets none.
    since : int, optional
        Year of the survey from which the stands of this year were modelled. Figures of stands
        say so then, and are not judged: whether a target is met a survey tells.

    Returns
    -------
    table : DataFrame
        Columns of ``indicators`` in ``data/columns.csv``. Rows with a target come first and
        bear the unit of the plan, so that a reader sees the figures of the plan.

    Examples
    --------
    >>> stock = Target("forest_stock_m3", "万m3", 2020, 84.08, 2025, 90.0)
    >>> table = indicator_table({"forest_stock_m3": 870_400.0}, {}, [stock], 2023)
    >>> table.loc[0, ["value", "done_pct", "gap", "required_per_year"]].tolist()
    [87.04, 50.0, 2.96, 1.48]
    """
    names = read_data("indicators.csv").set_index("indicator")
    planned = {target.indicator for target in targets}
    due: list[tuple[str, Target | None]] = [(target.indicator, target) for target in targets]
    due += [(key, None) for key in names.index if key in values and key not in planned]
    rows = []
    for key, target in due:
        unit = target.unit if target else names.loc[key, "unit"]
        factor = base_unit(unit)[1] if target else 1.0
        value = values.get(key)
        row = {"indicator": key, "name": names.loc[key, f"name_{lang}"], "unit": unit}
        row["value"] = None if value is None else round(value / factor, 10)
        row["value_source"] = (sources or {}).get(key, "")
        modelled = since is not None and key in FROM_SUMMARY and not row["value_source"]
        if modelled and value is not None:
            row["value_source"] = text("target.modelled", lang, year=since)
        if target is not None:
            row |= {name: getattr(target, name) for name in TARGET_COLUMNS}
        if target is not None and value is not None:
            row |= asdict(progress(target, year, row["value"]))
            row |= NOT_JUDGED if modelled else {}
        known = None if row["value_source"] or value is None else (intervals or {}).get(key)
        if known is not None:
            row |= {"low": round(known.low / factor, 10), "high": round(known.high / factor, 10)}
            if target is not None:
                row["probability"] = _probability(target, known, factor)
        row["reason"] = reasons.get(key, "") if value is None else ""
        if modelled and target is not None and value is not None:
            row["reason"] = text("target.not_judged", lang)
        rows.append(row)
    table = pd.DataFrame(rows, columns=list(columns("indicators").index))
    numbers = columns("indicators").query("kind == 'number'").index
    judged = table["met"].astype(object).where(table["met"].notna(), None)
    return table.astype(dict.fromkeys(numbers, float)).assign(met=judged)


def _probability(target: Target, known: Interval, factor: float) -> float | None:
    """Return the share of the draws that meet a target; without draws, by mean and deviation."""
    if known.draws is None:
        return progress(target, 0, known.mean / factor, known.sd / factor).probability
    drawn = known.draws / factor
    met = drawn <= target.target_value if target.kind == "ceiling" else drawn >= target.target_value
    return float(met.mean())


def indicator_values(
    tables: dict[str, pd.DataFrame],
    events: pd.DataFrame | None,
    statistics: list[dict],
    year: int,
    lang: str = "zh",
) -> tuple[dict[str, float | None], dict[str, str], dict[str, str]]:
    """
    Take the value of every indicator from the result tables.

    Parameters
    ----------
    tables : dict
        ``town_summary`` and ``plan_quantities``, where they could be computed.
    events : DataFrame or None
        Records of fires, harvests and pests; None when there are none to read.
    statistics : list of dict
        Published values: ``indicator``, ``year``, ``value``, ``unit``, ``source``.
    year : int
        Report year; a published value of another year is not taken for it.
    lang : {"zh", "en"}
        Language of the reasons.

    Returns
    -------
    values : dict
        Indicator to value in the unit of ``data/indicators.csv``; None when absent.
    reasons : dict
        Indicator to the reason why it is absent.
    sources : dict
        Indicator to the document of a published value that was taken.
    """
    values: dict[str, float | None] = {}
    reasons: dict[str, str] = {}
    whole = whole_place(tables, year)
    for key, reason in FROM_SUMMARY.items():
        values[key] = None if whole is None else _number(whole[key])
        reasons[key] = "absent.no_inventory" if whole is None else reason
    quantities = tables.get("plan_quantities")
    known = quantities is not None and quantities["plan_item"].ne("").any()
    for item in PLAN_ITEMS:
        values[f"{item}_ha"] = plan_item_done(quantities, item) if known else None
        reasons[f"{item}_ha"] = (
            "absent.no_projects" if quantities is None else "absent.no_plan_item"
        )
    forest_ha = values["forest_area_ha"]
    # a year before the first or after the last record is unknown, not free of fires
    recorded = events is not None and events["year"].min() <= year <= events["year"].max()
    known = recorded and bool(forest_ha)
    values["fire_damage_permille"] = (
        fire_damage_permille(events, forest_ha, year) if known else None
    )
    reasons["fire_damage_permille"] = "absent.no_events"
    values["urban_green_coverage_pct"] = None
    reasons["urban_green_coverage_pct"] = "absent.no_statistic"
    sources = {}
    for row in statistics:
        if row["year"] == year and values.get(row["indicator"]) is None:
            values[row["indicator"]] = row["value"] * base_unit(row["unit"])[1]
            sources[row["indicator"]] = row["source"]
    absent = {key: reason for key, reason in reasons.items() if values[key] is None}
    return values, {key: text(why, lang, year=year) for key, why in absent.items()}, sources


def whole_place(tables: dict[str, pd.DataFrame], year: int | None) -> pd.Series | None:
    """Return the row of the whole place in the town summary of a year, or None."""
    if "town_summary" not in tables or year is None:
        return None
    rows = tables["town_summary"]
    rows = rows[rows["year"].eq(year) & rows["town_code"].eq("")]
    return rows.iloc[0] if len(rows) else None


def _number(value: float) -> float | None:
    """Return a number, or None when it is missing."""
    return None if pd.isna(value) else float(value)
