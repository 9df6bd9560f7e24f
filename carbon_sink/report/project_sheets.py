"""The sheets of works: sinks, ledger, ground counted once, what is seen, targets, credits."""

from collections.abc import Callable

import pandas as pd

from ..credits import LABELS
from ..language import text
from ..legend import number_text
from ..project_summary import ALL_TYPES, EX_ANTE, EX_POST
from ..summary import WHOLE_PLACE, RunFacts
from ..tables import columns, heading
from .layout import CODES, Sheet, code_in_words, joined, table_sheet, unit_of

Tables = dict[str, pd.DataFrame]
# ground taken off that is smaller stands in the CSV file only
LEAST_TAKEN_HA = 0.005
# a gap parted by what it is of: now, and by each year ahead
GAP_AHEAD = ("until_year", "works_bring_ha", "works_bring_m3", "left_ha", "left_mu", "left_m3",
             "needed_ha_yr", "needed_m3_yr", "plant_by_year")  # fmt: skip
CAUSE_UNITS = ("change", "value_before", "earlier_change")


def project_sheets(tables: Tables, facts: RunFacts) -> list[Sheet]:
    """
    Lay out every sheet of works that has something to show.

    Parameters
    ----------
    tables : dict
        Result tables by name.
    facts : RunFacts
        Language and report year.

    Returns
    -------
    sheets : list of Sheet
        In the order of the workbook. Works by year, rows of towns and ground under
        ``LEAST_TAKEN_HA`` are left to the CSV files.
    """
    found = []
    for key, make in MAKERS.items():
        blocks = make(tables, facts)
        if blocks:
            about = text(f"report.about.{key}", facts.language, **_values(tables))
            found.append(joined([block._replace(key=key) for block in blocks], [about]))
    return found


def _values(tables: Tables) -> dict[str, str]:
    """Return the figures that captions name."""
    results = tables.get("project_results", pd.DataFrame())
    last = results["horizon_year"].max() if "horizon_year" in results else float("nan")
    return {"horizon": "" if pd.isna(last) else f"{last:g}", "least": f"{LEAST_TAKEN_HA:g}"}


def _rows(tables: Tables, name: str, leave: tuple[str, ...] = ()) -> pd.DataFrame:
    """Return a table without some of its columns; empty where there is none."""
    return tables.get(name, pd.DataFrame()).drop(columns=list(leave), errors="ignore")


def _block(name: str, table: pd.DataFrame, facts: RunFacts, title: str = "",
           row_units: tuple[str, ...] = (), **values: object) -> list[Sheet]:  # fmt: skip
    """Lay out a table under a title, without the columns that no row fills; none without rows."""
    if not len(table):
        return []
    lang = facts.language
    about = text(f"report.block.{title}", lang, **values) if title else ""
    shown = table.loc[:, (table.notna() & table.ne("")).any()]
    return [table_sheet(name, name, shown, lang, about, row_units)]


def _plain(name: str, leave: tuple[str, ...] = ()) -> Callable[[Tables, RunFacts], list[Sheet]]:
    """Return what lays out one table as it is, but for columns that tell nobody anything."""
    return lambda tables, facts: _block(name, _rows(tables, name, leave), facts)


def _tally(name: str, sums: pd.DataFrame, facts: RunFacts, title: str = "") -> list[Sheet]:
    """Lay out sums of a table: what they are of, the number of projects, the figures."""
    lang, rules = facts.language, columns(name)
    about = text(f"report.block.{title}", lang) if title else ""
    sheet = table_sheet(name, name, sums, lang, about)
    figures = [rules.loc[one, "kind"] == "number" for one in rules.index if one in sums]

    def arranged(cells: list, count: object) -> list:
        parted = list(zip(cells, figures, strict=True))
        return [*(cell for cell, figure in parted if not figure), count,
                *(cell for cell, figure in parted if figure)]  # fmt: skip

    return [sheet._replace(
        headings=arranged(sheet.headings, heading("project_sinks", "projects", lang)),
        rows=[arranged(*row) for row in zip(sheet.rows, sums["projects"].tolist(), strict=True)],
        units=arranged(sheet.units, unit_of("project_sinks", "projects")),
    )]  # fmt: skip


def _sinks(tables: Tables, facts: RunFacts) -> list[Sheet]:
    """Lay out sinks by type: one table for each year of the forecast, one for what was measured."""
    return _by_basis("project_sinks", tables, facts)


def _by_basis(name: str, tables: Tables, facts: RunFacts) -> list[Sheet]:
    """Lay out forecasts and measurements apart, year by year."""
    table = _rows(tables, name)
    found = []
    for basis in (EX_ANTE, EX_POST) if len(table) else ():
        mine = table[table["basis"].eq(basis)]
        for year, rows in mine.groupby("until_year"):
            shown = rows.drop(columns=["basis", "until_year"])
            found += _block(name, shown, facts, basis, year=f"{year:g}")
    return found


def _ledger(tables: Tables, facts: RunFacts) -> list[Sheet]:
    """Lay out the ledger, all types together first."""
    table = _rows(tables, "project_ledger_totals")
    if len(table):
        whole = table["project_type"].eq(ALL_TYPES)
        table = pd.concat([table[whole], table[~whole]])
    return _block("project_ledger_totals", table, facts)


def _deductions(tables: Tables, facts: RunFacts) -> list[Sheet]:
    """Sum what was taken off by reason, slivers aside; what is only told comes last."""
    name = "project_deductions"
    table = _rows(tables, name)
    if table.empty:
        return []
    groups = table.groupby(["reason", "is_taken_off"], sort=False)
    figures = [one for one in ("area_ha", "removal_co2e_t") if one in table]
    sums = groups[figures].sum(min_count=1).assign(projects=groups["project_id"].nunique())
    sums = sums[sums["area_ha"].ge(LEAST_TAKEN_HA)].reset_index()
    sums = sums.sort_values("is_taken_off", ascending=False, kind="stable")
    return _tally(name, sums, facts) if len(sums) else []


def _pieces(tables: Tables, facts: RunFacts) -> list[Sheet]:
    """Lay out what was taken off piece by piece, the largest first."""
    name = "project_deductions"
    table = _rows(tables, name)
    if table.empty:
        return []
    table = table[table["area_ha"].ge(LEAST_TAKEN_HA)]
    order = ["is_taken_off", "area_ha"]
    return _block(name, table.sort_values(order, ascending=False, kind="stable"), facts)


def _verification(tables: Tables, facts: RunFacts) -> list[Sheet]:
    """Lay out how many works are seen, which are in the inventory, and where to go."""
    name = "project_verification"
    table, measured = _rows(tables, name), _rows(tables, "project_monitoring")
    found = []
    if len(table):
        found.append(_verdicts(table, facts.language))
    if len(measured):
        groups = measured.groupby(["project_type", "in_inventory", "is_attributable"])
        figures = ["ground_ha", "forest_before_ha", "forest_after_ha", "young_after_ha",
                   "removal_co2_t"]  # fmt: skip
        sums = groups[[one for one in figures if one in measured]].sum(min_count=1)
        sums = sums.assign(projects=groups["project_id"].nunique()).reset_index()
        found += _tally("project_monitoring", sums, facts, "by_inventory")
    visits = _rows(tables, "project_visits", ("town_code",))
    return found + _block("project_visits", visits, facts, "visits")


def _verdicts(table: pd.DataFrame, lang: str) -> Sheet:
    """Count the works of each type by their verdict."""
    order = ("verified", "partly", "not_seen", "too_young", "cannot_judge")
    counts = pd.crosstab(table["project_type"], table["verdict"])
    counts = counts[[one for one in order if one in counts]]
    counts.loc[ALL_TYPES] = counts.sum()
    headings = [
        heading("project_verification", "project_type", lang),
        *(code_in_words(CODES["verdict"], verdict, lang) for verdict in counts),
        heading("project_sinks", "projects", lang),
    ]
    rows = [
        [code_in_words(CODES["project_type"], kind, lang), *cells.tolist(), cells.sum()]
        for kind, cells in counts.iterrows()
    ]
    units = ["", *["1"] * (len(headings) - 1)]
    bold = [kind == ALL_TYPES for kind in counts.index]
    about = text("report.block.by_verdict", lang)
    return Sheet("project_verification", headings, rows, units, bold, about)


def _four_side(tables: Tables, facts: RunFacts) -> list[Sheet]:
    """Lay out four-side trees: their area by both rules, and what they hold."""
    area = _rows(tables, "four_side_area")
    if len(area) and not area["crown_records"].any():
        area = area.drop(columns="crown_records")
    trees = _rows(tables, "four_side_trees")
    return [
        *_block("four_side_area", area, facts, "four_side_area"),
        *_block("four_side_trees", trees, facts, "four_side_trees"),
    ]


def _targets(tables: Tables, facts: RunFacts) -> list[Sheet]:
    """Lay out what is missing to the targets, what works bring by when, and what each type does."""
    gap = _rows(tables, "target_gap", ("indicator",))
    effects, found = _rows(tables, "project_effects"), []
    if len(gap):
        now = gap.drop(columns=list(GAP_AHEAD)).drop_duplicates("name")
        ahead = gap[["name", *GAP_AHEAD]]
        found += _block("target_gap", now, facts, "gap_now", ("target_value", "value", "missing"))
        found += _block("target_gap", ahead, facts, "gap_ahead")
    if len(effects):
        named = {facts.year, effects["year"].max()}
        for table in (gap, _rows(tables, "project_sinks")):
            named |= set(table["until_year"]) if len(table) else set()
        effects = effects[effects["year"].isin(named)].sort_values("year", kind="stable")
        found += _block("project_effects", effects, facts, "effects")
    return found


def _room(tables: Tables, facts: RunFacts) -> list[Sheet]:
    """Lay out where forest could grow, and what each town is handed."""
    land, handed = _rows(tables, "candidate_land"), _rows(tables, "town_allocation")
    found = _block("town_allocation", handed, facts, "allocation")
    if len(land):
        whole = land["town_code"].eq(WHOLE_PLACE)
        kinds = land[whole].drop(columns=["town_code", "town_name", "rank", "basis"])
        towns = land[land["kind"].eq("total") & ~whole].drop(columns=["kind", "basis"])
        rests_on = [code_in_words("room", one, facts.language) for one in land["basis"].unique()]
        mark = "、" if facts.language == "zh" else ", "
        found += _block("candidate_land", kinds, facts, "room_kinds", basis=mark.join(rests_on))
        found += _block("candidate_land", towns, facts, "room_towns")
    return found


def _causes(tables: Tables, facts: RunFacts) -> list[Sheet]:
    """Lay out the causes of change of the whole place, the latest period first."""
    table = _rows(tables, "change_causes")
    if table.empty:
        return []
    table = table[table["town_code"].eq(WHOLE_PLACE)].drop(columns=["town_code", "town_name"])
    table = table.sort_values("year_after", ascending=False, kind="stable")
    return _block("change_causes", table, facts, row_units=CAUSE_UNITS)


def _credits(tables: Tables, facts: RunFacts) -> list[Sheet]:
    """Lay out potential credits by type: works and area, credits, the manner of the VCS."""
    name = "credit_summary"
    table = _rows(tables, name)
    if table.empty:
        return []
    is_credit = table.columns.str.endswith("_co2e_t")
    is_vcs = table.columns.str.startswith("vcs_")
    parts = {"area": ~is_credit, "credits": is_credit & ~is_vcs, "vcs": is_vcs}
    found = []
    for part, mine in parts.items():
        figures = table.columns[mine].drop("project_type", errors="ignore")
        if len(figures):
            found += _block(name, table[["project_type", *figures]], facts, f"credit_{part}")
    return found


def _labels(tables: Tables, facts: RunFacts) -> list[Sheet]:
    """Lay out the label of each work with its reasons, those that could be eligible first."""
    name = "ccer_labels"
    table = _rows(tables, name, ("rules",))
    if len(table):
        order = {one: place for place, one in enumerate(LABELS)}
        table = table.sort_values("label", key=lambda label: label.map(order), kind="stable")
    return _block(name, table, facts)


def _value(tables: Tables, facts: RunFacts) -> list[Sheet]:
    """Lay out what sinks are worth at the price of the user, without its source in every row."""
    name = "ecosystem_value"
    table = _rows(tables, name)
    if table.empty:
        return []
    first = table.iloc[0]
    price = {
        "price": number_text(first["price_cny_per_t_co2e"], 2),
        "source": first["price_source"],
    }
    lang = facts.language
    shown = table.drop(columns=["price_cny_per_t_co2e", "price_source"])
    blocks = _by_basis(name, {name: shown}, facts)
    line = text("report.block.price", lang, **price)
    return [blocks[0]._replace(about=f"{line}\n{blocks[0].about}"), *blocks[1:]]


# sheets in the order of the workbook; the texts name them and say what they are
MAKERS: dict[str, Callable[[Tables, RunFacts], list[Sheet]]] = {
    "project_sinks": _sinks,
    "project_results": _plain("project_results", ("horizon_year", "town_code", "living_trees")),
    "project_towns": _plain("project_towns"),
    "project_ledger_totals": _ledger,
    "project_deductions": _deductions,
    "project_pieces": _pieces,
    "project_verification": _verification,
    "project_verdicts": _plain("project_verification", ("town_code",)),
    "project_monitoring": _plain("project_monitoring"),
    "four_side_area": _four_side,
    "improvement_evidence": _plain("improvement_evidence"),
    "target_gap": _targets,
    "candidate_land": _room,
    "change_causes": _causes,
    "credit_summary": _credits,
    "ccer_labels": _labels,
    "ecosystem_value": _value,
}
