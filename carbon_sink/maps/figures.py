"""What the panels say: key figures, targets, the parts of the forest, and the facts of the run."""

import math

import pandas as pd

from ..language import read_rows, text
from ..legend import code_colors, code_name, decimals, number_text, percent_text
from ..summary import RunFacts
from ..tables import columns
from ..targets import whole_place
from ..units import mu, pretty

KEY_FIGURES = (
    "forest_coverage_pct", "forest_area_ha", "forest_stock_m3", "stock_m3_ha", "carbon_t",
    "removal_co2_t_yr",
)  # fmt: skip
# rows of a town's window; indented ones are parts of the row above
TOWN_ROWS = (
    ("land_area_ha", False), ("forest_coverage_pct", False), ("forest_area_ha", False),
    ("arbor_ha", True), ("bamboo_ha", True), ("special_shrub_ha", True),
    ("shelterbelt_ha", True), ("four_side_ha", True), ("forest_stock_m3", False),
    ("living_stock_m3", False), ("stock_m3_ha", False), ("carbon_t", False),
    ("carbon_t_ha", False), ("removal_co2_t_yr", False),
)  # fmt: skip
# figures whose interval holds the errors of parcel areas only, not those of land classes
BY_AREA_ONLY = ("forest_coverage_pct", "forest_coverage_sandiao_pct", "forest_area_ha")
UNCHANGING = ("land_area_ha", "removal_co2_t_yr")  # fixed, or a change by itself
STATES = ("met", "not_met", "modelled", "unknown")
MISSING = "—"
TEN_THOUSAND = 10_000.0


def words(lang: str) -> dict[str, str]:
    """Return the texts of the page's own script."""
    prefix = "map.ui."
    found = (row["key"] for row in read_rows("text.csv"))
    return {key.removeprefix(prefix): text(key, lang) for key in found if key.startswith(prefix)}


def column_name(column: str, lang: str) -> str:
    """Return the name of a column of the town table, for a panel."""
    return pretty(columns("town_summary").loc[column, f"name_{lang}"], lang)


def column_unit(column: str) -> str:
    """Return the unit of a column of the town table."""
    return columns("town_summary").loc[column, "unit"]


def shown(value: float, unit: str) -> str:
    """
    Write a value with the decimals of its unit, or a dash when it is missing.

    Examples
    --------
    >>> shown(1234.5, "m3"), shown(float("nan"), "%")
    ('1,234', '—')
    """
    return MISSING if pd.isna(value) else number_text(float(value), decimals(unit))


def shown_change(value: float, unit: str, lang: str) -> str:
    """
    Write a change with its sign; a change of a percentage is in points.

    Examples
    --------
    >>> shown_change(1.5, "%", "en"), shown_change(-2.0, "m3", "en")
    ('+1.50 pts', '−2')
    """
    if pd.isna(value):
        return ""
    written = shown(value, unit)
    if value > 0 and any(digit in written for digit in "123456789"):
        written = f"+{written}"
    return f"{written} {text('map.points', lang)}" if unit == "%" else written


def key_figures(tables: dict[str, pd.DataFrame], facts: RunFacts) -> list[dict]:
    """
    Return the figures of the whole place, with their change since the base year.

    Returns
    -------
    figures : list of dict
        ``name``, ``value``, ``unit``, ``change``, ``large`` (the value in 万, Chinese only) and
        ``interval`` (95 %, empty when it is not known).
        A figure that could not be computed is left out.
    """
    lang = facts.language
    now, base = whole_place(tables, facts.year), whole_place(tables, facts.base_year)
    found = []
    for column in KEY_FIGURES if now is not None else ():
        if pd.isna(now[column]):
            continue
        unit, value = column_unit(column), float(now[column])
        found.append(
            {
                "name": column_name(column, lang),
                "value": shown(value, unit),
                "unit": pretty(unit, lang),
                "large": _large(value, unit) if lang == "zh" else "",
                "change": _since(column, now, base, facts),
                "interval": _figure_interval(column, tables, facts),
            }
        )
    return found


def _figure_interval(column: str, tables: dict[str, pd.DataFrame], facts: RunFacts) -> str:
    """Write the 95 % interval of a figure of the whole place, in 万 where that is shorter."""
    table, lang = tables.get("uncertainty"), facts.language
    if table is None or column in BY_AREA_ONLY:
        return ""
    mine = table["year"].eq(facts.year) & table["town_code"].eq("") & table["indicator"].eq(column)
    if not mine.any():
        return ""
    row, unit = table[mine].iloc[0], column_unit(column)
    factor, more, places = 1.0, "", decimals(unit)
    if lang == "zh" and row["high"] >= TEN_THOUSAND:
        factor, more, places = TEN_THOUSAND, " 万", 2
    low, high = (number_text(row[one] / factor, places) for one in ("low", "high"))
    return text("map.interval_short", lang, low=low, high=f"{high}{more}")


def _large(value: float, unit: str) -> str:
    """
    Write a large figure in the units leaders speak in: 万亩 for area, 万 of the unit else.

    Examples
    --------
    >>> _large(840_800.0, "m3"), _large(20_000.0, "ha"), _large(44.0, "%")
    ('84.08 万m³', '30.00 万亩', '')
    """
    if abs(value) < TEN_THOUSAND:
        return ""
    if unit == "ha":
        return f"{number_text(mu(value) / TEN_THOUSAND, 2)} 万亩"
    return f"{number_text(value / TEN_THOUSAND, 2)} 万{pretty(unit, 'zh')}"


def _since(column: str, now: pd.Series, base: pd.Series | None, facts: RunFacts) -> str:
    """Say how a figure changed since the base year."""
    lang = facts.language
    if column in UNCHANGING:
        return text("map.positive_removal", lang)
    if base is None or pd.isna(base[column]):
        return ""
    change = shown_change(now[column] - base[column], column_unit(column), lang)
    return text("map.since", lang, year=facts.base_year, change=change)


def town_rows(now: pd.Series, base: pd.Series | None, known: list[str], lang: str) -> list[dict]:
    """
    Return the rows of a town's window.

    Parameters
    ----------
    now, base : Series
        Row of the town in the report year, and in the base year where there is one.
    known : list of str
        Columns that could be computed for this run.
    lang : {"zh", "en"}

    Returns
    -------
    rows : list of dict
        ``name``, ``value`` with unit, ``change`` and ``part`` (whether indented).
    """
    rows = []
    for column, is_part in TOWN_ROWS:
        if column not in known:
            continue
        unit = column_unit(column)
        change = ""
        if base is not None and column not in UNCHANGING:
            change = shown_change(now[column] - base[column], unit, lang)
        value = shown(now[column], unit)
        if value != MISSING:
            value = f"{value} {pretty(unit, lang)}"
        name = column_name(column, lang)
        rows.append({"name": name, "value": value, "change": change, "part": is_part})
    return rows


def targets(tables: dict[str, pd.DataFrame], lang: str) -> list[dict]:
    """Return every indicator that has a target, as a card: all values as texts."""
    table = tables.get("indicators")
    if table is None or "target_value" not in table:
        return []
    rows = table[table["target_value"].notna()]
    return [_target(row, lang) for row in rows.to_dict("records")]


def _target(row: dict, lang: str) -> dict:
    """Lay out one target."""
    places = decimals(row["unit"])
    unit = pretty(row["unit"], lang)
    kind = row.get("kind") or "reach"
    state = "unknown"
    if _known(row.get("met")) and _known(row.get("value")):
        state = "met" if bool(row["met"]) else "not_met"
    elif _known(row.get("value")):
        state = "modelled"
    card = {
        "name": pretty(row["name"], lang),
        "unit": unit,
        "value": _number(row.get("value"), places),
        "state": state,
        "target": text(
            f"map.target_{kind if kind in ('hold', 'ceiling') else 'reach'}",
            lang,
            year=_year(row.get("target_year")),
            value=f"{_number(row['target_value'], places)} {unit}",
        ),
        "base": "",
        "done": None,
        "percent": "",
        "gap": _gap(row, kind, places, lang),
        "details": _details(row, places, lang),
        "reason": _about(row, state),
        "source": _text(row.get("source")),
    }
    if _known(row.get("base_value")):
        value = f"{_number(row['base_value'], places)} {unit}"
        card["base"] = text("map.base", lang, year=_year(row.get("base_year")), value=value)
    if kind == "reach" and _known(row.get("done_pct")):
        card["done"] = round(min(max(float(row["done_pct"]), 0.0), 100.0), 2)
        card["percent"] = text("map.done", lang, percent=number_text(float(row["done_pct"]), 1))
    return card


def _about(row: dict, state: str) -> str:
    """Say why a value is absent, or from what it was modelled and why it is not judged."""
    said = {"unknown": ("reason",), "modelled": ("value_source", "reason")}.get(state, ())
    return " · ".join(filter(None, (_text(row.get(name)) for name in said)))


def _gap(row: dict, kind: str, places: int, lang: str) -> str:
    """Say what is missing to the target, or by how much it is passed."""
    if not _known(row.get("gap")):
        return ""
    gap = float(row["gap"])
    passed = "excess" if kind == "ceiling" else "gap"
    key = passed if gap > 0 else ("reserve" if kind == "ceiling" else "surplus")
    unit = text("map.points", lang) if row["unit"] == "%" else pretty(row["unit"], lang)
    return text(f"map.{key}", lang, value=f"{number_text(abs(gap), places)} {unit}")


def _details(row: dict, places: int, lang: str) -> list[str]:
    """Say what is needed each year, and how sure the value is."""
    unit = pretty(row["unit"], lang)
    found = []
    if _known(row.get("required_per_year")) and float(row["required_per_year"]):
        change = float(row["required_per_year"])
        needed = number_text(abs(change), max(places, 2))
        key = "map.per_year" if change > 0 else "map.per_year_less"
        found.append(text(key, lang, value=f"{needed} {unit}"))
    if _known(row.get("low")) and _known(row.get("high")):
        low, high = number_text(row["low"], places), number_text(row["high"], places)
        key = "map.interval_area" if row["indicator"] in BY_AREA_ONLY else "map.interval"
        found.append(text(key, lang, low=low, high=high))
    if _known(row.get("probability")):
        found.append(text("map.probability", lang, percent=percent_text(float(row["probability"]))))
    return found


def tally(cards: list[dict], lang: str) -> str:
    """
    Count the targets that are met, not met, modelled only and without a value.

    Examples
    --------
    >>> tally([{"state": "met"}, {"state": "not_met"}, {"state": "met"}], "en")
    '2 met · 1 not met'
    """
    states = [card["state"] for card in cards]
    counts = {state: states.count(state) for state in STATES}
    return " · ".join(
        text(f"map.tally_{state}", lang, count=count) for state, count in counts.items() if count
    )


def _known(value: object) -> bool:
    """Tell whether a cell of the indicators holds a value."""
    return not (value is None or value == "" or pd.isna(value))


def _number(value: object, places: int) -> str:
    """Write a number, or a dash."""
    return number_text(float(value), places) if _known(value) else MISSING


def _text(value: object) -> str:
    """Return a text cell, empty when missing."""
    return str(value) if _known(value) else ""


def _year(value: object) -> str:
    """Return a year without decimals."""
    return str(int(value)) if _known(value) and math.isfinite(float(value)) else MISSING


def coverage_parts(tables: dict[str, pd.DataFrame], facts: RunFacts) -> list[dict]:
    """Return the parts of the forest of the report year by the chosen rule."""
    table = tables.get("coverage_parts")
    if table is None:
        return []
    lang, colors = facts.language, code_colors("part")
    mine = table["year"].eq(facts.year) & table["rule"].eq(facts.coverage_rule)
    rows = table[mine & table["part"].ne("total") & table["area_ha"].gt(0)]
    total = rows["area_ha"].sum()
    return [
        {
            "name": code_name("part", row["part"], lang),
            "color": colors.get(row["part"], "#8b938e"),
            "area": f"{shown(row['area_ha'], 'ha')} ha",
            "share": f"{shown(row['share_pct'], '%')} %",
            "width": round(100.0 * row["area_ha"] / total, 2),
        }
        for row in rows.to_dict("records")
    ]


def fact_lines(tables: dict[str, pd.DataFrame], facts: RunFacts) -> list[list[str]]:
    """Return what stands behind the figures, as pairs of label and text."""
    lang = facts.language
    source = facts.land_area_source
    now = whole_place(tables, facts.year)
    if now is not None and not pd.isna(now["land_area_ha"]):
        source = f"{shown(now['land_area_ha'], 'ha')} ha · {source}"
    four_side = code_name("report.four_side", facts.four_side_rule, lang)
    lines = [
        ("rule", code_name("rule", facts.coverage_rule, lang)),
        ("four_side", four_side.removeprefix("report.four_side.")),
        ("land_area", source),
        ("parameters", facts.parameter_set),
        ("units", text("map.units", lang)),
        ("shapes", text("map.shapes_text", lang)),
        ("approval", facts.approval_number or text("map.no_approval", lang)),
        ("version", f"carbon_sink {facts.version}"),
    ]
    return [[text(f"map.fact_{key}", lang), line] for key, line in lines]
