"""The sheets of greenhouse gases: the twelve rows of the province, and the tables of the CRT."""

import pandas as pd

from .. import crt
from ..carbon import CARBON_PARTS
from ..ghg import GASES, factors, gwp
from ..language import text
from ..legend import code_name
from ..lucf import ROWS, SUMS, UNITS
from ..parameters import CONFIDENCE
from ..summary import WHOLE_PLACE, RunFacts
from ..units import pretty
from .layout import CODES, Sheet, code_in_words, joined

INVENTORY, LANDS, FLOWS = "ghg_inventory", "crt_tables", "carbon_flows"
SUMMARY_SHEET, LAND_SHEET = "crt_summary", "crt_land"
# digits after which a figure is the noise of a sum
NOISE_DIGITS = 9
SUMMARY_ITEMS = ("co2", "ch4", "n2o", "ghg")
BURNING_ITEMS = ("area", "co2", "ch4", "n2o")
LAND_ITEMS = (*crt.SUMMED, "co2")


def ghg_sheets(
    tables: dict[str, pd.DataFrame], facts: RunFacts, parameters: pd.DataFrame
) -> list[Sheet]:
    """
    Lay out the greenhouse-gas tables as their forms are.

    Parameters
    ----------
    tables : dict
        Result tables by name, with ``ghg_inventory``, ``crt_tables`` and ``carbon_flows``.
    facts : RunFacts
        Language, rule of coverage and parameter set; every sheet states them.
    parameters : DataFrame
        Parameter rows used, which are counted by confidence.

    Returns
    -------
    sheets : list of Sheet
        None where there are no two dates.
    """
    lang = facts.language
    found = []
    if len(tables.get(INVENTORY, ())):
        about = _about(tables, facts, parameters, "inventory")
        found.append(joined([_inventory(*part, lang) for part in _periods(tables[INVENTORY])],
                             about))  # fmt: skip
    if len(tables.get(LANDS, ())):
        about = _about(tables, facts, parameters, "crt")
        parts = list(_periods(tables[LANDS]))
        summary = [sheet for part in parts for sheet in _summary(*part, lang)]
        lands = [sheet for part in parts for sheet in _lands(*part, lang)]
        found += [joined(summary, about), joined(lands, about)]
    return found


def _periods(table: pd.DataFrame) -> list[tuple[tuple[int, int], pd.DataFrame]]:
    """Part a table by its pairs of dates, the latest first."""
    return sorted(table.groupby(["year_before", "year_after"]), key=lambda part: part[0])[::-1]


def _about(
    tables: dict[str, pd.DataFrame], facts: RunFacts, parameters: pd.DataFrame, form: str
) -> list[str]:
    """Say on what the figures rest, what the signs and keys mean, and how rows were made."""
    lang = facts.language
    lines = [_basis(tables, facts, parameters), text("ghg.about.keys", lang)]
    lines.append(text(f"ghg.about.{form}", lang))
    if form == "inventory":
        known = factors()
        emitted = {gas: f"{known['emission_factor', gas]:g}" for gas in GASES}
        fuel = f"{known['fuel_burnt', '']:g}"
        values = text("ghg.about.fire_factors", lang, fuel=fuel, **emitted)
        lines.append(text("ghg.about.fires", lang, factors=values))
        spread = tables[INVENTORY].query("item == 'uncertainty'")["value"]
        lines += [text("ghg.about.combined", lang)] if spread.notna().any() else []
        lines += _reconciled(tables, lang)
    return lines


def _reconciled(tables: dict[str, pd.DataFrame], lang: str) -> list[str]:
    """Tell, for each period, what the total holds beside the removal of the forest."""
    if not len(tables.get(FLOWS, ())):
        return []
    flows = tables[FLOWS]
    found = []
    for years, rows in _periods(flows[flows["town_code"].eq(WHOLE_PLACE)]):
        forest = rows["part"].isin(CARBON_PARTS)
        turned = ~forest & rows["category_before"].ne("forest")
        turned &= rows["category_after"].eq("forest")
        removal = rows["removal_co2_t_yr"].astype(float)
        figures = {
            "forest": removal[forest].sum(), "trees": removal[~forest].sum(),
            "total": removal.sum(), "carbon": rows.loc[turned, "carbon_before_t"].sum(),
        }  # fmt: skip
        shown = {name: f"{value + 0.0:,.0f}" for name, value in figures.items()}
        found.append(text("ghg.about.reconciled", lang, period=_period(years, lang), **shown))
        if figures["carbon"] > 0.0:
            found.append(text("ghg.about.turned", lang, **shown))
    return found


def _basis(tables: dict[str, pd.DataFrame], facts: RunFacts, parameters: pd.DataFrame) -> str:
    """Name dates, rule, pools, parameters with their confidence, and warming potentials."""
    lang = facts.language
    mark = "、" if lang == "zh" else ", "
    table = next(tables[name] for name in (INVENTORY, LANDS) if len(tables.get(name, ())))
    years = sorted({*table["year_before"], *table["year_after"]})
    pools = ["living"]
    if len(tables.get(LANDS, ())):
        items = tables[LANDS].dropna(subset="value")["item"]
        pools += [pool for pool in crt.POOLS if items.eq(pool).any()]
    counts = parameters["confidence"].value_counts()
    name = table["gwp_set"].iloc[0]
    return text(
        "ghg.about.basis",
        lang,
        years=mark.join(f"{year:g}" for year in years),
        rule=code_name("rule", facts.coverage_rule, lang),
        pools=mark.join(text(f"ghg.pool.{pool}", lang) for pool in pools),
        set=facts.parameter_set,
        confidence=mark.join(
            text("ghg.confidence", lang, count=counts[key],
                 name=code_in_words(CODES["confidence"], key, lang))
            for key in CONFIDENCE if key in counts
        ),
        gwp=name.upper(),
        **{gas: f"{value:g}" for gas, value in gwp(name).items()},
    )  # fmt: skip


def _period(years: tuple[int, int], lang: str) -> str:
    """Say that figures are means of the years between two dates."""
    return text("ghg.period", lang, before=f"{years[0]:g}", after=f"{years[1]:g}")


def _heading(item: str, unit: str, lang: str) -> str:
    """Name an item with its sign and unit."""
    return text("ghg.heading", lang, name=text(f"ghg.item.{item}", lang), unit=pretty(unit, lang))


def _cell(value: float, notation: str) -> object:
    """Return the figure of a cell, or the key that stands in its place."""
    return notation if pd.isna(value) else round(float(value), NOISE_DIGITS) + 0.0


def _cells(table: pd.DataFrame, items: tuple[str, ...]) -> list[list]:
    """Lay out the rows of a form, each with its items, in the order they have."""
    found = []
    for _, row in table.groupby(["table", "row"] if "table" in table else "row", sort=False):
        line = row.set_index("item")
        found.append([_cell(line.loc[item, "value"], line.loc[item, "notation"])
                      for item in items])  # fmt: skip
    return found


def _inventory(years: tuple[int, int], table: pd.DataFrame, lang: str) -> Sheet:
    """Lay out the twelve rows of one period."""
    names = [text(f"ghg.row.{row}", lang) for row in ROWS]
    names = [name if row in SUMS else f"　{name}" for row, name in zip(ROWS, names, strict=True)]
    headings = [_period(years, lang), *(_heading(item, unit, lang) for item, unit in UNITS.items())]
    rows = [[name, *line] for name, line in zip(names, _cells(table, tuple(UNITS)), strict=True)]
    return Sheet(INVENTORY, headings, rows, ["", *UNITS.values()], [row in SUMS for row in ROWS])


def _block(key: str, table: pd.DataFrame, items: tuple[str, ...], lang: str, title: str) -> Sheet:
    """Lay out one table of the CRT: number, land and items of each row."""
    lines = table.drop_duplicates("row")
    names = [_row_name(line, lang) for line in lines.itertuples()]
    units = [crt.UNITS[item] for item in items]
    headings = [text("crt.number", lang), text("crt.category", lang)]
    headings += [_heading(item, unit, lang) for item, unit in zip(items, units, strict=True)]
    rows = [
        ["" if row == crt.ONE_DATE else row, name, *cells]
        for row, name, cells in zip(lines["row"], names, _cells(table, items), strict=True)
    ]
    bold = lines["row"].eq(lines["table"]).tolist()
    return Sheet(key, headings, rows, ["", "", *units], bold, title)


def _row_name(line: tuple, lang: str) -> str:
    """Name the land of a row."""
    before, after = (
        text(f"crt.land.{one}", lang) if one else ""
        for one in (line.category_before, line.category_after)
    )
    if line.table == crt.SUMMARY:
        special = {crt.SUMMARY: "crt.row.all", crt.WOOD_PRODUCTS: "crt.row.products"}
        return text(special[line.row], lang) if line.row in special else after
    if line.table == crt.BURNING:
        same = line.category_before == line.category_after
        return text("crt.row.fire" if same else "crt.row.cleared", lang, before=before, after=after)
    if line.row == line.table:
        return after
    if before == after:
        return text("crt.row.remaining", lang, after=after)
    return text("crt.row.pair" if before else "crt.row.converted", lang, before=before, after=after)


def _summary(years: tuple[int, int], table: pd.DataFrame, lang: str) -> list[Sheet]:
    """Lay out tables 4, 4(V) and 4.1 of one period."""
    period = _period(years, lang)
    of = dict(list(table.groupby("table")))
    titles = {name: text(f"crt.title.{name}", lang, period=period)
              for name in ("summary", "burning")}  # fmt: skip
    between = text("crt.title.transition", lang, before=f"{years[0]:g}", after=f"{years[1]:g}")
    return [
        _block(SUMMARY_SHEET, of[crt.SUMMARY], SUMMARY_ITEMS, lang, titles["summary"]),
        _matrix(of[crt.TRANSITION], lang, between),
        _block(SUMMARY_SHEET, of[crt.BURNING], BURNING_ITEMS, lang, titles["burning"]),
    ]


def _matrix(table: pd.DataFrame, lang: str, title: str) -> Sheet:
    """Lay out the transitions of land."""
    order = table["category_after"].unique().tolist()
    names = [text(f"crt.land.{one}", lang) for one in order]
    rows, bold = [], []
    for before, line in table.groupby("category_before", sort=False):
        cells = line.set_index("category_after")["value"]
        rows.append([text(f"crt.land.{before}", lang), *(_cell(cells[one], "") for one in order)])
        bold.append(before == crt.TOTAL)
    units = ["", *[crt.UNITS["area"]] * len(names)]
    return Sheet(SUMMARY_SHEET, [text("crt.category", lang), *names], rows, units, bold, title)


def _lands(years: tuple[int, int], table: pd.DataFrame, lang: str) -> list[Sheet]:
    """Lay out tables 4.A to 4.F of one period."""
    found = []
    for category, letter in crt.LETTERS.items():
        name = f"{crt.SUMMARY}.{letter}"
        title = text("crt.title.land", lang, table=name, period=_period(years, lang),
                     land=text(f"crt.land.{category}", lang))  # fmt: skip
        found.append(_block(LAND_SHEET, table[table["table"].eq(name)], LAND_ITEMS, lang, title))
    return found
