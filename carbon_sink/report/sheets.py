"""What stands on each sheet of the workbook: headings, rows, units; nothing is written here."""

from typing import NamedTuple

import pandas as pd

from ..assessment import tree_cover_lines
from ..language import text
from ..legend import code_name
from ..parameters import references
from ..summary import RunFacts
from ..tables import columns, heading, read_data

# years aside, the numbers that are names
PLAIN_NUMBERS = ("class_code", "from_code", "to_code", "main_class")
# sheets that show a table as it is, in the order of the workbook; the texts name them
PLAIN_SHEETS = (
    "coverage_parts",
    "stock_parts",
    "carbon_parts",
    "species_summary",
    "landcover_change",
    "landcover_transition",
    "landcover_conversion",
    "satellite_tree_cover",
    "landcover_accuracy",
    "landcover_agreement",
    "carbon_density",
    "plan_quantities",
    "inventory_summary",
    "absent",
    "notes",
)
EXPLAINED = ("landcover_agreement", "landcover_accuracy")  # those with a line of explanation above
VISITS_SHOWN = 200  # parcels to visit on their sheet; the table has all
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
}
# figures whose change since the base year is laid out by town
CHANGES = ("forest_coverage_pct", "forest_area_ha", "forest_stock_m3", "stock_m3_ha", "carbon_t")
METHOD = ("coverage", "area", "stock", "carbon", "tree_cover", "rounding", "trace")


class Sheet(NamedTuple):
    """
    A table laid out for people: headings, rows of cells, and the unit of each column.

    ``about`` says above the table, line by line, what a reader must know before using it.
    """

    key: str
    headings: list[str]
    rows: list[list]
    units: list[str]
    bold: list[bool]
    about: str = ""


def header_lines(facts: RunFacts) -> list[tuple[str, str]]:
    """
    Return the lines every reader must see first, each with its style.

    Parameters
    ----------
    facts : RunFacts

    Returns
    -------
    lines : list of (text, style)
        Style is ``title``, ``plain`` or ``notice``. The notice on generated data cannot be
        switched off.
    """
    lang = facts.language
    place = text("report.place_year", lang, place=facts.place, year=facts.year)
    if facts.base_year is not None:
        place += text("report.base_year", lang, year=facts.base_year)
    rule = text(
        "report.rule",
        lang,
        rule=code_name("rule", facts.coverage_rule, lang),
        four_side=code_name("report.four_side", facts.four_side_rule, lang),
        source=facts.land_area_source,
    )
    lines = [(facts.title, "title"), (place, "plain")]
    if facts.synthetic:
        lines.append((text("notice.synthetic", lang), "notice"))
    lines.append((rule, "plain"))
    lines.append((text("report.parameter_set", lang, name=facts.parameter_set), "plain"))
    if facts.unverified:
        lines.append((text("notice.confidence", lang, count=facts.unverified), "notice"))
    lines.append((text("report.version", lang, version=facts.version), "plain"))
    return lines


def sheets_of(
    tables: dict[str, pd.DataFrame], facts: RunFacts, parameters: pd.DataFrame
) -> list[Sheet]:
    """
    Lay out every sheet that has something to show.

    Parameters
    ----------
    tables : dict
        Result tables by name.
    facts : RunFacts
        Year and language.
    parameters : DataFrame
        Parameter rows used.

    Returns
    -------
    sheets : list of Sheet
        In the order of the workbook.
    """
    lang = facts.language
    found = []
    if "indicators" in tables:
        found.append(_indicator_sheet(tables["indicators"], lang))
    if "town_summary" in tables:
        towns = tables["town_summary"]
        now, earlier = towns[towns["year"].eq(facts.year)], towns[towns["year"].lt(facts.year)]
        if len(now):
            found.append(_table_sheet("towns", "town_summary", now.drop(columns="year"), lang))
        base = towns[towns["year"].eq(facts.base_year)]
        if len(now) and len(base) and facts.base_year != facts.year:
            found.append(_change_sheet(base, now, facts))
        if len(earlier):
            found.append(_table_sheet("towns_earlier", "town_summary", earlier, lang))
    if len(tables.get("landcover_area", ())):
        found.append(_landcover_sheet(tables["landcover_area"], lang))
    found += [
        _table_sheet(name, name, tables[name], lang)
        for name in PLAIN_SHEETS
        if name in tables and len(tables[name])
    ]
    if len(tables.get("parcels_to_visit", ())):
        found.append(_visit_sheet(tables["parcels_to_visit"], lang))
    if len(parameters):
        found.append(_parameter_sheet(parameters, lang))
    found.append(_method_sheet(facts))
    return found


def _indicator_sheet(table: pd.DataFrame, lang: str) -> Sheet:
    """Lay out the indicators: each row in its own unit, whether met in words."""
    optional = ("low", "high", "probability")
    keep = [
        name
        for name in columns("indicators").index
        if name in table and (name not in optional or table[name].notna().any())
    ]
    keep.remove("indicator")
    shown = table[keep].astype(object)
    if "met" in shown:
        due = table["target_value"].notna()
        shown["met"] = [_met_in_words(met, lang) if planned else "" for met, planned in
                        zip(table["met"], due, strict=True)]  # fmt: skip
    if "kind" in shown:
        shown["kind"] = [code_name("kind", kind, lang) if _filled(kind) else "" for kind in
                         table["kind"]]  # fmt: skip
    headings = [heading("indicators", name, lang) for name in keep]
    units = ["row" if name in ("value", "low", "high", "base_value", "target_value", "gap",
             "required_per_year") else _unit("indicators", name) for name in keep]  # fmt: skip
    rows = shown.to_numpy().tolist()
    return Sheet("indicators", headings, rows, units, [False] * len(rows))


def _met_in_words(met: object, lang: str) -> str:
    """Say whether a target is met, in a word and a sign."""
    if not _filled(met):
        return text("report.met.unknown", lang)
    return text("report.met.yes" if bool(met) else "report.met.no", lang)


def _filled(value: object) -> bool:
    """Tell whether a cell holds anything."""
    return not pd.isna(value) and value != ""


def _table_sheet(key: str, name: str, table: pd.DataFrame, lang: str) -> Sheet:
    """Lay out a table as it is, codes by their names."""
    rules = columns(name)
    other = "zh" if lang == "en" else "en"
    keep = [
        c for c in rules.index
        if c in table and (not c.endswith(f"name_{other}") or c[: -len(other)] + lang not in table)
    ]  # fmt: skip
    if name == "landcover_conversion":  # categories have names
        keep = [c for c in keep if not c.endswith("_category")]
    if name == "species_summary":  # the key says it in English, the name in Chinese
        keep.remove("species_group" if lang == "zh" else "name_zh")
    shown = table[keep].astype(object)
    for column in shown.columns.intersection(list(CODES)):
        kind = "carbon" if (name, column) == ("carbon_parts", "part") else CODES[column]
        shown[column] = [_code_in_words(kind, code, lang) for code in table[column]]
    if name == "absent":
        shown["item"] = [_item_name(item, lang) for item in table["item"]]
    rows = shown.to_numpy().tolist()
    total = pd.Series(data=False, index=table.index)
    if "part" in table:
        total |= table["part"].eq("total")
    for zone in ("town_code", "zone"):
        if zone in table:
            total |= table[zone].eq("")
    units = [_unit(name, column) for column in keep]
    about = text(f"report.about.{name}", lang) if name in EXPLAINED else ""
    if name == "satellite_tree_cover":
        about = "\n".join(tree_cover_lines(table, lang))
    return Sheet(key, [heading(name, c, lang) for c in keep], rows, units, total.tolist(), about)


def _visit_sheet(table: pd.DataFrame, lang: str) -> Sheet:
    """Lay out the first parcels to visit, and how many there are in all."""
    sheet = _table_sheet("parcels_to_visit", "parcels_to_visit", table.head(VISITS_SHOWN), lang)
    count, shown = f"{len(table):,}", len(sheet.rows)
    return sheet._replace(
        about=text("report.about.parcels_to_visit", lang, count=count, shown=shown)
    )


def _change_sheet(base: pd.DataFrame, now: pd.DataFrame, facts: RunFacts) -> Sheet:
    """Lay out base year, report year and change of the main figures, town by town."""
    lang = facts.language
    base = base.set_index("town_code").reindex(now["town_code"])
    now = now.set_index("town_code")
    cells = {heading("town_summary", "town_code", lang): now.index.to_list()}
    cells[heading("town_summary", "town_name", lang)] = now["town_name"].to_list()
    units = ["", ""]
    for column in CHANGES:
        if column not in now or not (now[column].notna() & base[column].notna()).any():
            continue
        name = heading("town_summary", column, lang)
        cells[text("report.in_year", lang, name=name, year=facts.base_year)] = base[column].tolist()
        cells[text("report.in_year", lang, name=name, year=facts.year)] = now[column].tolist()
        change = now[column].astype(float) - base[column].astype(float)
        cells[text("report.change", lang, name=name)] = change.tolist()
        units += [_unit("town_summary", column)] * 3
    rows = [list(row) for row in zip(*cells.values(), strict=True)]
    return Sheet("towns_change", list(cells), rows, units, (now.index == "").tolist())


def _landcover_sheet(table: pd.DataFrame, lang: str) -> Sheet:
    """Lay out land cover with a row for each zone and year, and a column for each class."""
    names = table.drop_duplicates("class_code").set_index("class_code")[f"name_{lang}"].sort_index()
    wide = table.pivot_table(
        index=["year", "zone", "zone_name"], columns="class_code", values="area_ha", sort=False
    )
    wide = wide[names.index].fillna(0.0)
    wide["total"] = wide.sum(axis=1)
    wide = wide.reset_index()
    adjusted = _adjusted_rows(table, lang)
    years = adjusted[0]["year"].tolist() if adjusted else []
    for row in wide.index[wide["zone"].eq("")]:
        key = "mapped_row" if wide.loc[row, "year"] in years else "screen_row"
        name = wide.loc[row, "zone_name"]
        wide.loc[row, "zone_name"] = text(f"landcover.{key}", lang, name=name)
    wide = pd.concat([wide, *adjusted], ignore_index=True)
    # each year's towns, then the whole place, as on the other sheets
    wide = wide.sort_values(["year", "zone"], key=lambda c: c.replace("", "~"), kind="stable")
    headings = [heading("landcover_area", name, lang) for name in ("year", "zone", "zone_name")]
    headings += [f"{name} {code}" for code, name in names.items()]
    headings.append(text("part.total", lang))
    units = ["year", "", "", *["ha"] * (len(names) + 1)]
    return Sheet(
        "landcover_area", headings, wide.to_numpy().tolist(), units, wide["zone"].eq("").tolist(),
        text("report.about.landcover_area", lang),
    )  # fmt: skip


def _adjusted_rows(table: pd.DataFrame, lang: str) -> list[pd.DataFrame]:
    """Lay out the error-adjusted areas of the whole place, with their interval."""
    if "adjusted_ha" not in table:
        return []
    found = table[table["adjusted_ha"].notna()]
    rows = []
    for column, key in (("adjusted_ha", "adjusted_row"), ("adjusted_low_ha", "low_row"),
                        ("adjusted_high_ha", "high_row")):  # fmt: skip
        row = found.pivot_table(
            index=["year", "zone", "zone_name"], columns="class_code", values=column
        )
        if column == "adjusted_ha":
            row["total"] = row.sum(axis=1)
        row = row.reset_index()
        row["zone_name"] = [text(f"landcover.{key}", lang, name=name) for name in row["zone_name"]]
        rows.append(row)
    return rows


def _item_name(item: str, lang: str) -> str:
    """Return the name of something that could not be computed."""
    names = read_data("indicators.csv").set_index("indicator")[f"name_{lang}"]
    return names.get(item, code_name("report.item", item, lang))


def _code_in_words(kind: str, code: object, lang: str) -> str:
    """Return the name of a code of a result table."""
    if not _filled(code):
        return text("report.plan_item.none", lang) if kind == CODES["plan_item"] else ""
    return code_name(kind, code, lang)


def _unit(table: str, column: str) -> str:
    """Return the unit that rules the number format of a column; ``year`` for names."""
    if column.endswith("year") or column in PLAIN_NUMBERS:
        return "year"
    return columns(table).loc[column, "unit"]


def _parameter_sheet(parameters: pd.DataFrame, lang: str) -> Sheet:
    """Lay out the parameter rows with source, place in the source and confidence."""
    shown = parameters.astype(object)
    if "parameter" in shown:
        shown["parameter"] = [code_name("parameter", name, lang) for name in shown["parameter"]]
    if "source" in shown:
        titles = references()["title"]
        shown["source"] = [titles.get(source, source) for source in shown["source"]]
    if "confidence" in shown:
        shown["confidence"] = [
            _code_in_words(CODES["confidence"], c, lang) for c in shown["confidence"]
        ]
    headings = [code_name("report.parameter", name, lang) for name in shown.columns]
    units = ["general" if name == "value" else "" for name in shown.columns]
    rows = shown.to_numpy().tolist()
    return Sheet("parameters", headings, rows, units, [False] * len(rows))


def _method_sheet(facts: RunFacts) -> Sheet:
    """Lay out what the figures mean and where they can be traced."""
    lang = facts.language
    area = facts.area_method or text("area.ellipsoid", lang)
    headings = [text("report.method.topic", lang), text("report.method.text", lang)]
    rows = [
        [text(f"report.method.{key}", lang), text(f"report.method.{key}_text", lang, area=area)]
        for key in METHOD
    ]
    return Sheet("method", headings, rows, ["", ""], [False] * len(rows))
