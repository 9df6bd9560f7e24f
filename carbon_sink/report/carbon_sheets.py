"""The sheets of carbon accounting: pools, uncertainty, balances, growth, outlook, recalculation."""

import pandas as pd

from ..crt import TOTAL
from ..flows import OPEN
from ..language import text
from ..parameters import constant
from ..summary import WHOLE_PLACE, RunFacts
from .layout import Sheet, table_sheet

# tables in the order of the workbook; the texts say what they are
SHEETS = (
    "uncertainty",
    "uncertainty_sources",
    "carbon_pools",
    "soil_change",
    "soil_sensitivity",
    "carbon_flows",
    "carbon_balance",
    "provincial_balance",
    "carbon_crosschecks",
    "growth_calibration",
    "growth_level_calibration",
    "growth_update",
    "outlook",
    "outlook_difference",
    "outlook_balance",
    "cbm_comparison",
    "recalculation",
)
# columns in the unit that stands in their row
ROW_UNITS = {
    "uncertainty": ("value", "low", "high", "mean", "sd", "approach1_low", "approach1_high"),
    "uncertainty_sources": ("half_width",),
    "recalculation": ("old_value", "new_value", "difference", "parameter_difference"),
}
# sources of error with less of the variance stand in the CSV file only
LEAST_SHARE_PCT = 0.5


def carbon_sheets(tables: dict[str, pd.DataFrame], facts: RunFacts) -> list[Sheet]:
    """
    Lay out every sheet of carbon accounting that has something to show.

    Parameters
    ----------
    tables : dict
        Result tables by name.
    facts : RunFacts
        Language.

    Returns
    -------
    sheets : list of Sheet
        In the order of the workbook, the latest year first. Towns, single species of the
        balance and small sources of error are left to the CSV files.
    """
    lang = facts.language
    return [
        table_sheet(name, name, _shown(name, tables, lang), lang,
                    _about(name, lang), ROW_UNITS.get(name, ()))
        for name in SHEETS if len(tables.get(name, ()))
    ]  # fmt: skip


def _about(name: str, lang: str) -> str:
    """Say what a sheet is good for."""
    warmth = f"{constant('mean_annual_temperature_c'):g}"
    return text(f"report.about.{name}", lang, temperature=warmth,
                age=f"{constant('calibration_age_max_yr'):g}")  # fmt: skip


def _shown(name: str, tables: dict[str, pd.DataFrame], lang: str) -> pd.DataFrame:
    """Choose the rows that a sheet shows."""
    table = tables[name]
    if "town_code" in table:
        table = table[table["town_code"].eq(WHOLE_PLACE)]
        table = table.drop(columns=["town_code", "town_name"], errors="ignore")
    if name == "carbon_flows":
        return _with_totals(table[table["part"].ne(OPEN)])
    if name == "carbon_balance":
        table = table[table["species_group"].eq("")].drop(columns="species_group")
    if name == "uncertainty_sources":
        table = table[table["share_pct"].ge(LEAST_SHARE_PCT)]
    if name in ("outlook_difference", "cbm_comparison"):
        known = tables["outlook"].drop_duplicates("scenario").set_index("scenario")
        column = "compared_with" if "compared_with" in table else "scenario"
        table = table.assign(**{column: table[column].map(known[f"scenario_{lang}"])})
    if name.startswith("uncertainty"):
        table = table.sort_values("year", ascending=False, kind="stable")
    return table


def _with_totals(flows: pd.DataFrame) -> pd.DataFrame:
    """Add the sum of each pair of years; its area is left out, as trees stand on other ground."""
    sums = flows.columns[flows.columns.str.endswith(("_m3", "_t", "_t_yr"))]
    years = ["year_before", "year_after"]
    totals = flows.groupby(years, as_index=False)[list(sums)].sum(min_count=1)
    both = pd.concat([flows, totals.assign(part=TOTAL)])
    return both.sort_values(years, kind="stable", ignore_index=True)
