"""How any table becomes a sheet: which columns, their headings, codes in words, totals in bold."""

from typing import NamedTuple

import pandas as pd

from ..carbon import LIVING_TOTAL
from ..codes import group_names
from ..language import text
from ..legend import code_name
from ..parameters import references
from ..tables import columns, heading, read_data

# years aside, the numbers that are names
PLAIN_NUMBERS = ("class_code", "from_code", "to_code", "main_class")
CODES = {
    "rule": "rule",
    "part": "part",
    "kind": "kind",
    "project_type": "project",
    "plan_item": "report.plan_item",
    "confidence": "report.confidence",
    "forest_type": "layer.type",
    "expected": "expected",
    "category": "visit",
    "change_class": "change",
    "severity": "severity",
    "error_source": "error",
    "pool": "pool",
    "method": "pool_method",
    "edition": "pool_method",
    "climate": "climate",
    "soil_type": "evidence.of",
    "flow": "flow",
    "cause": "cause",
    "category_before": "crt.land",
    "category_after": "crt.land",
    "species_group": "species",
    "verdict": "verdict",
    "status": "status",
    "side": "side",
    "in_inventory": "in_inventory",
    "label": "ccer_label",
}
# columns whose codes mean something else in one table
OWN_CODES = {
    ("growth_level_calibration", "basis"): "calibration.level",
    ("carbon_parts", "part"): "carbon",
    ("carbon_balance", "item"): "balance",
    ("provincial_balance", "item"): "balance",
    ("growth_calibration", "used"): "calibration.used",
    ("project_verification", "evidence"): "evidence_of",
    ("project_verification", "reason"): "verdict_reason",
    ("project_visits", "reason"): "verdict_reason",
    ("project_deductions", "reason"): "deduction",
    ("target_gap", "verdict"): "gap",
    ("candidate_land", "kind"): "room",
    ("candidate_land", "basis"): "room",
}
# codes of rows that are the sum of others
TOTALS = {
    "part": ("total", LIVING_TOTAL),
    "expected": ("total",),
    "project_type": ("all",),
    "side": ("all",),
    "cause": ("total",),
    "kind": ("total",),
}
# numbers without a unit that are no counts
RATIOS = ("ratio", "factor", "standard_error", "low", "high", "factor_before", "factor_after",
          "age_class_sd")  # fmt: skip
# codes that stand beside their names, which are shown in their place
NAMED = {
    "indicator": ("name_zh", "name_en"),
    "species_group": ("group_name_zh", "group_name_en"),
    "method": ("method_name",),
    "scenario": ("scenario_zh", "scenario_en"),
}


class Sheet(NamedTuple):
    """
    A table laid out for people: headings, rows of cells, and the unit of each column.

    ``about`` says above the table, line by line, what a reader must know before using it;
    ``below`` are tables that follow on the same sheet. Cells of a column whose unit is ``row``
    have the unit that stands in their row.
    """

    key: str
    headings: list[str]
    rows: list[list]
    units: list[str]
    bold: list[bool]
    about: str = ""
    below: tuple["Sheet", ...] = ()


def joined(blocks: list[Sheet], about: list[str]) -> Sheet:
    """Put tables on one sheet, under what must be known of all of them."""
    first = blocks[0]
    lines = [line for line in (*about, first.about) if line]
    return first._replace(about="\n".join(lines), below=tuple(blocks[1:]))


def filled(value: object) -> bool:
    """Tell whether a cell holds anything."""
    return not pd.isna(value) and value != ""


def table_sheet(
    key: str, name: str, table: pd.DataFrame, lang: str, about: str = "",
    row_units: tuple[str, ...] = (),
) -> Sheet:  # fmt: skip
    """Lay out a table as it is, codes by their names; some columns in the unit of their row."""
    rules = columns(name)
    other = "zh" if lang == "en" else "en"
    keep = [
        c for c in rules.index
        if c in table and not set(NAMED.get(c, [c])) & set(table) - {c}
        and (not c.endswith(f"_{other}") or c[: -len(other)] + lang not in table)
    ]  # fmt: skip
    if {"species_group", "name_zh"} <= set(keep):  # the key says it in English
        keep.remove("species_group" if lang == "zh" else "name_zh")
    shown = table[keep].astype(object)
    for column in keep:
        shown[column] = _in_words(name, column, rules.loc[column, "kind"], table[column], lang)
    if name == "absent":
        shown["item"] = [_item_name(item, lang) for item in table["item"]]
    rows = shown.to_numpy().tolist()
    total = pd.Series(data=False, index=table.index)
    for column, codes in TOTALS.items():
        if column in table:
            total |= table[column].isin(codes)
    for zone in ("town_code", "zone"):
        if zone in table:
            total |= table[zone].eq("")
    units = ["row" if one in row_units else unit_of(name, one) for one in keep]
    headings = [heading(name, "scenario" if c == f"scenario_{lang}" else c, lang) for c in keep]
    return Sheet(key, headings, rows, units, total.tolist(), about)


def _in_words(name: str, column: str, kind: str, cells: pd.Series, lang: str) -> list:
    """Write the codes, flags and sources of a column in words; other cells as they are."""
    code = OWN_CODES.get((name, column), CODES.get(column))
    if code is not None:
        return [code_in_words(code, cell, lang) for cell in cells]
    if kind == "flag":
        return [flag_in_words(flag, lang) for flag in cells]
    return [_titles(keys) for keys in cells] if column == "source" else cells.tolist()


def _item_name(item: str, lang: str) -> str:
    """Return the name of something that could not be computed."""
    names = read_data("indicators.csv").set_index("indicator")[f"name_{lang}"]
    return names.get(item, code_name("report.item", item, lang))


def code_in_words(kind: str, code: object, lang: str) -> str:
    """Return the name of a code of a result table."""
    if not filled(code):
        return text("report.plan_item.none", lang) if kind == CODES["plan_item"] else ""
    if kind == CODES["species_group"]:
        return group_names().get(code, code) if lang == "zh" else code.replace("_", " ")
    return code_name(kind, code, lang)


def flag_in_words(flag: object, lang: str) -> str:
    """Say yes or no; nothing where it is not known."""
    return text("report.yes" if bool(flag) else "report.no", lang) if filled(flag) else ""


def _titles(keys: object) -> str:
    """Return the titles of sources that are named by their keys; other texts as they are."""
    titles = references()["title"]
    return "；".join(titles.get(key, key) for key in str(keys).split(", ")) if filled(keys) else ""


def unit_of(table: str, column: str) -> str:
    """Return the unit that rules the number format of a column; ``year`` for names."""
    if column in RATIOS and columns(table).loc[column, "unit"] in ("", "1"):
        return "ratio"
    if column.endswith("year") or column.startswith("year_") or column in PLAIN_NUMBERS:
        return "year"
    return columns(table).loc[column, "unit"]
