"""What stands on each sheet of the workbook: headings, rows, units; nothing is written here."""

import pandas as pd

from ..language import text
from ..legend import code_name, percent_text
from ..parameters import references
from ..summary import RunFacts
from ..tables import columns, heading
from .carbon_sheets import carbon_sheets
from .cover import cover_sheets
from .ghg_sheets import ghg_sheets
from .layout import CODES, Sheet, code_in_words, filled, table_sheet, unit_of
from .project_sheets import project_sheets

# sheets that show a table as it is, before those of carbon, of works and of land cover; the texts
# name them
FOREST_SHEETS = ("coverage_parts", "stock_parts", "carbon_parts", "species_summary")
PLAN_SHEETS = ("plan_quantities",)
RECORD_SHEETS = ("inventory_summary", "absent", "notes")
# figures whose change since the base year is laid out by town
CHANGES = ("forest_coverage_pct", "forest_area_ha", "forest_stock_m3", "stock_m3_ha", "carbon_t")
METHOD = ("coverage", "area", "stock", "carbon", "tree_cover", "rounding", "trace")


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
            found.append(table_sheet("towns", "town_summary", now.drop(columns="year"), lang))
        base = towns[towns["year"].eq(facts.base_year)]
        if len(now) and len(base) and facts.base_year != facts.year:
            found.append(_change_sheet(base, now, facts))
        if len(earlier):
            found.append(table_sheet("towns_earlier", "town_summary", earlier, lang))
    found += _plain_sheets(FOREST_SHEETS, tables, lang)
    if len(tables.get("inventory_change", ())):
        about = text("report.about.inventory_change", lang)
        name = "inventory_change"
        found.append(table_sheet(name, name, tables[name], lang, about))
    found += carbon_sheets(tables, facts)
    found += ghg_sheets(tables, facts, parameters)
    found += _plain_sheets(PLAN_SHEETS, tables, lang)
    found += project_sheets(tables, facts)
    found += cover_sheets(tables, lang)
    found += _plain_sheets(RECORD_SHEETS, tables, lang)
    if len(parameters):
        found.append(_parameter_sheet(parameters, lang))
    found.append(_method_sheet(facts))
    return found


def _plain_sheets(
    names: tuple[str, ...], tables: dict[str, pd.DataFrame], lang: str
) -> list[Sheet]:
    """Lay out the tables that have rows as they are."""
    return [table_sheet(name, name, tables[name], lang) for name in names
            if len(tables.get(name, ()))]  # fmt: skip


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
        shown["kind"] = [code_name("kind", kind, lang) if filled(kind) else "" for kind in
                         table["kind"]]  # fmt: skip
    if "probability" in shown:
        shown["probability"] = [f"{percent_text(share)} %" if filled(share) else "" for share in
                                table["probability"]]  # fmt: skip
    headings = [heading("indicators", name, lang) for name in keep]
    units = ["row" if name in ("value", "low", "high", "base_value", "target_value", "gap",
             "required_per_year") else unit_of("indicators", name) for name in keep]  # fmt: skip
    rows = shown.to_numpy().tolist()
    return Sheet("indicators", headings, rows, units, [False] * len(rows))


def _met_in_words(met: object, lang: str) -> str:
    """Say whether a target is met, in a word and a sign."""
    if not filled(met):
        return text("report.met.unknown", lang)
    return text("report.met.yes" if bool(met) else "report.met.no", lang)


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
        units += [unit_of("town_summary", column)] * 3
    rows = [list(row) for row in zip(*cells.values(), strict=True)]
    return Sheet("towns_change", list(cells), rows, units, (now.index == "").tolist())


def _parameter_sheet(parameters: pd.DataFrame, lang: str) -> Sheet:
    """Lay out the parameter rows with source, place in the source and confidence."""
    titles = references()["title"]
    of = [_what_of(*pair, lang) for pair in zip(parameters["species_group"], parameters["name_zh"],
                                                strict=True)]  # fmt: skip
    land = parameters["parameter"].eq("land_category")
    cells = {
        "set": [code_name("evidence", name, lang) for name in parameters["set"]],
        "of": of,
        "code": parameters["species_group"].tolist(),
        "parameter": [code_name("parameter", name, lang) for name in parameters["parameter"]],
        "value": [
            code_name("crt.land" if is_land else "evidence.of", value, lang)
            if isinstance(value, str) else value
            for value, is_land in zip(parameters["value"], land, strict=True)
        ],
        "unit": parameters["unit"].tolist(),
        "source": [titles.get(source, source) for source in parameters["source"]],
        "locator": parameters["locator"].tolist(),
        "confidence": [code_in_words(CODES["confidence"], c, lang) for c in
                       parameters["confidence"]],
        "note": parameters["note"].tolist(),
    }  # fmt: skip
    headings = [code_name("report.parameter", name, lang) for name in cells]
    units = ["general" if name == "value" else "" for name in cells]
    rows = [list(row) for row in zip(*cells.values(), strict=True)]
    about = text("report.about.parameters", lang)
    return Sheet("parameters", headings, rows, units, [False] * len(rows), about)


def _what_of(code: str, name_zh: str, lang: str) -> str:
    """Name what a parameter is of: a species, a gas, a kind of land, a model."""
    if lang == "zh":
        return name_zh
    for kind in ("evidence.of", "layer.type"):
        if (named := code_name(kind, code, lang)) != code:
            return named
    is_number = not {"/", "-"}.isdisjoint(code)  # of an equation
    return code if is_number else code_in_words(CODES["species_group"], code, lang)


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
