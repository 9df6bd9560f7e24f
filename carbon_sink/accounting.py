"""Carbon accounting of a run: how sure its figures are, where carbon went, and what that emits."""

from dataclasses import dataclass, field
from typing import NamedTuple

import geopandas as gpd
import pandas as pd

from .carbon import carbon_notes, used_rows
from .crosschecks import carbon_crosschecks
from .crt import crt_tables, dead_organic_change
from .errors import ParameterError, Problem
from .flows import PARTS, flows_between
from .gain_loss import balance_notes, carbon_balance, stand_growth
from .growing import Growing
from .intake import Inputs
from .language import text
from .lucf import change_half_widths, ghg_inventory
from .pools import PoolChoice, carbon_pools, dead_organic, pool_notes, soil_change, soil_sensitivity
from .provincial import converted_aboveground, harvested_aboveground, provincial_balance
from .settings import Settings
from .spreads import Spread, default_spread
from .summary import WHOLE_PLACE, RunFacts
from .uncertainty import Interval, Simulation, simulate
from .updating import update_stands

Pair = tuple[int, int]


class Case(NamedTuple):
    """
    What is accounted for.

    ``stands`` are those of a run, by year; ``rows`` the rows of ``stand_changes.matched``
    between them; ``summary`` the table ``town_summary``.
    """

    settings: Settings
    inputs: Inputs
    stands: dict[int, gpd.GeoDataFrame]
    rows: dict[Pair, pd.DataFrame]
    parameters: pd.DataFrame
    facts: RunFacts
    growing: Growing
    summary: pd.DataFrame | None

    def surveyed(self) -> "Case":
        """Return the case without years that were not surveyed or whose carbon is not known."""
        known = {year: one for year, one in self.stands.items()
                 if year in self.inputs.stands and "carbon_t" in one}  # fmt: skip
        rows = {pair: one for pair, one in self.rows.items() if set(pair) <= set(known)}
        return self._replace(stands=known, rows=rows)


@dataclass
class Accounts:
    """
    What carbon accounting adds to a run.

    ``tables`` are named as in ``data/columns.csv``; ``notes`` are what a reader must know;
    ``reasons`` say why a table is absent; ``simulation`` holds the draws behind intervals.
    """

    tables: dict[str, pd.DataFrame] = field(default_factory=dict)
    notes: list[Problem] = field(default_factory=list)
    reasons: dict[str, str] = field(default_factory=dict)
    simulation: Simulation | None = None

    def intervals(self, year: int) -> dict[str, Interval]:
        """Return the intervals of the figures of a year; none of a year that was not surveyed."""
        drawn = self.simulation is not None and year in set(self.simulation.table["year"])
        return self.simulation.intervals(year) if drawn else {}


def account(case: Case) -> Accounts:
    """
    Do the carbon accounting of a run.

    Parameters
    ----------
    case : Case
        What is accounted for.

    Returns
    -------
    accounts : Accounts
        Tables of uncertainty, cross-checks, pools, flows, balances and greenhouse gases.

    Raises
    ------
    ParameterError
        If a pool that is chosen, a correlation or a spread has no evidence behind it.
    """
    found, case = Accounts(), case.surveyed()
    if not case.stands:
        return found
    _simulate(found, case)
    table, notes = carbon_crosschecks(case.stands, case.parameters, case.facts.language)
    found.tables["carbon_crosschecks"] = table
    found.notes += notes
    for one in case.stands.values():
        found.notes += carbon_notes(one, one.attrs.get("file", ""))
    if case.rows:
        flows = flows_between(case.stands, case.rows, case.inputs.towns, case.facts.place)
        found.tables |= flows
    _count_pools(found, case)
    if not case.rows:
        reason = text("absent.one_inventory", case.facts.language)
        found.reasons |= dict.fromkeys(("carbon_flows", "carbon_balance", "ghg_inventory"), reason)
        return found
    _balance(found, case)
    _report_gases(found, case)
    return found


def _simulate(found: Accounts, case: Case) -> None:
    """Draw the errors of the inventories, and lay out what they do to the figures."""
    said = case.settings.uncertainty
    found.simulation = simulate(
        case.stands, case.parameters, spread_of(case.settings),
        case.summary[case.summary["year"].isin(list(case.stands))],
        draws=said.draws, seed=said.seed, bef_root_correlation=said.bef_root_correlation,
        dates_correlation=said.dates_correlation,
    )  # fmt: skip
    found.tables["uncertainty"] = found.simulation.table
    found.tables["uncertainty_sources"] = found.simulation.sources


def spread_of(settings: Settings) -> Spread:
    """Return how far each source of error reaches, by the settings."""
    said = settings.uncertainty
    return default_spread(said.survey_grade, said.stock_bias_pct, said.bias_dates_correlation)


def _choice(case: Case) -> PoolChoice:
    return PoolChoice(**case.settings.pools.model_dump())


def _count_pools(found: Accounts, case: Case) -> None:
    """Count living biomass, and the pools that are switched on."""
    choice = _choice(case)
    soil = None
    if choice.soil and "carbon_flows" in found.tables:
        flows = found.tables["carbon_flows"]
        whole = flows[flows["town_code"].eq(WHOLE_PLACE)].drop(columns="town_code")
        soil = soil_change(whole, choice)
        found.tables["soil_change"] = soil
        found.tables["soil_sensitivity"] = soil_sensitivity(whole, choice)
    elif choice.soil:
        found.reasons["soil_change"] = text("absent.one_inventory", case.facts.language)
    used = pd.concat([used_rows(one, case.parameters) for one in case.stands.values()])
    found.tables["carbon_pools"] = carbon_pools(case.stands, soil, used, choice)
    last = case.stands[max(case.stands)]
    found.notes += pool_notes(last, soil, choice, last.attrs.get("file", ""))


def _balance(found: Accounts, case: Case) -> None:
    """Hold gains and losses, and the provincial form, against the stock difference."""
    balances, provincial = [], []
    pieces = found.tables["carbon_pieces"]
    for pair in case.rows:
        first, last = (case.stands[year] for year in pair)
        mine = pieces[pieces["year_before"].eq(pair[0]) & pieces["year_after"].eq(pair[1])]
        grown, _ = update_stands(first, pair, case.growing.models, case.growing.factors)
        losses = case.growing.losses.get(pair)
        growth = stand_growth(first, grown)
        gross = set(growth["species_group"].dropna()) - set(case.growing.factors)
        died = case.settings.growth.mortality_pct_yr
        mortality = {} if died is None else dict.fromkeys(sorted(gross), died)
        balances.append(carbon_balance(growth, losses, mine, case.parameters, pair, mortality))
        found.notes += balance_notes(balances[-1], case.growing.factors)
        try:
            cut = None if losses is None else harvested_aboveground(losses, case.parameters)
            converted = converted_aboveground(mine, case.parameters)
            provincial.append(
                provincial_balance(first, last, case.parameters, pair, converted, cut)
            )
        except ParameterError as error:
            if {one.code for one in error.problems} != {"provincial_values_missing"}:
                raise
            lacking = " ".join(one.what(case.facts.language) for one in error.problems)
            found.reasons["provincial_balance"] = lacking
    found.tables["carbon_balance"] = pd.concat(balances, ignore_index=True)
    if provincial:
        found.tables["provincial_balance"] = pd.concat(provincial, ignore_index=True)


def _report_gases(found: Accounts, case: Case) -> None:
    """Lay out the tables of greenhouse gases, with the intervals of the stock difference."""
    flows, gwp = found.tables["carbon_flows"], case.settings.ghg.gwp
    choice = _choice(case)
    losses = None
    if case.growing.losses:
        losses = pd.concat([case.growing.losses[pair] for pair in case.rows
                            if pair in case.growing.losses], ignore_index=True)  # fmt: skip
    widths = {pair: _half_widths(found.simulation, pair) for pair in case.rows}
    dead = None
    if choice.dead_wood or choice.litter:
        with_dead = {
            year: one.assign(**dead_organic(one, choice)) for year, one in case.stands.items()
        }
        dead = pd.concat([
            dead_organic_change(rows, with_dead[pair[0]], with_dead[pair[1]], pair)
            for pair, rows in case.rows.items()
        ])  # fmt: skip
    said = case.settings.ghg
    burnt = (said.burnt_on_site_pct, said.burnt_off_site_pct)
    burning = None if None in burnt else (burnt[0] / 100.0, burnt[1] / 100.0)
    found.tables["ghg_inventory"] = ghg_inventory(flows, losses, gwp, burning, widths)
    found.tables["crt_tables"] = crt_tables(
        flows, losses, gwp, burning=burning, dead_organic=dead,
        mineral_soil=found.tables.get("soil_change"), wood_products_t_yr=said.wood_products_t_yr,
    )  # fmt: skip


def _half_widths(simulation: Simulation, pair: Pair) -> dict[str, float]:
    """Return the half-widths of the change of every part whose carbon both years know."""
    whole = simulation.table[simulation.table["town_code"].eq(WHOLE_PLACE)]
    known = [set(whole.loc[whole["year"].eq(year), "indicator"]) for year in pair]
    parts = [part for part in PARTS if f"{part}_carbon_t" in known[0] & known[1]]
    before, after = (
        {part: simulation.draws(f"{part}_carbon_t", year) for part in parts} for year in pair
    )
    return change_half_widths(before, after, pair[1] - pair[0])
