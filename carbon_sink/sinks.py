"""Sinks of the works of a run: ledgers, what surveys measured, what is seen, and intervals."""

from dataclasses import dataclass, field

import geopandas as gpd
import pandas as pd

from .accounting import Accounts, Case
from .credits import ccer_labels, credit_summary, plot_share
from .curve_calibration import COLUMNS as CALIBRATED
from .curve_calibration import calibrate_curves
from .errors import Problem
from .four_side import FourSide, count_four_side
from .growth_errors import growth_spread_pct
from .improvement import improvement_ledger, improvement_notes
from .improvement_evidence import treated_against_untreated, treated_share
from .language import text
from .parameters import constant
from .planting_curves import rate_starts
from .pools import PoolChoice
from .project_ledger import LedgerTerms, ledger_notes, plantings_ledger
from .project_monitoring import project_monitoring
from .project_soil import mine_soil, soil_notes
from .project_summary import (
    ledger_totals,
    project_results,
    removed_until,
    town_totals,
)
from .projects import four_side_area, four_side_projects
from .tables import columns, joined
from .verification import project_visits, verify_projects
from .works import FOUR_SIDE, IMPROVEMENT, PLANTING, Works, lay_out
from .zonal import Measure

REPEATED = "four_side_repeated"


@dataclass
class Sinks:
    """
    What the works of a run come to.

    ``works`` lie on the ground, ``four_side`` are the trees counted one by one; ``ledger`` has
    every term by work and year. ``levels`` calibrate the growth of plantings. ``layers`` have
    a geometry.
    """

    works: Works
    four_side: FourSide | None
    ledger: pd.DataFrame
    levels: pd.DataFrame
    layers: dict[str, gpd.GeoDataFrame] = field(default_factory=dict)

    @property
    def rows(self) -> pd.DataFrame:
        """Return all works as one table, projects and groups of four-side trees."""
        parts = [self.works.rows]
        if self.four_side is not None:
            own = self.four_side.works
            parts.append(own.assign(method="trees", done_ha=own["credited_ha"], taken_off_ha=0.0))
        names = dict.fromkeys(name for one in parts for name in one)
        rows = pd.concat([one for one in parts if len(one)], ignore_index=True)
        return rows.reindex(columns=list(names))


def count_sinks(found: Accounts, case: Case, measure: Measure) -> Sinks | None:
    """
    Count the sinks of the works of a run.

    Parameters
    ----------
    found : Accounts
        Gets the tables of works: ``project_ledger``, ``project_ledger_totals``,
        ``project_results``, ``project_towns``, ``project_deductions``, ``project_monitoring``,
        ``project_verification``, ``project_visits``, ``four_side_area``, ``four_side_trees``,
        ``improvement_evidence``, ``ccer_labels`` and ``credit_summary``; its notes and reasons.
    case : Case
        What is accounted for, with the works that were read.
    measure : callable
        What measures rasters.

    Returns
    -------
    sinks : Sinks or None
        None without works.

    Raises
    ------
    ParameterError
        If the choice of soil is incomplete.
    """
    works = lay_out(case, measure)
    if works is None:
        found.reasons["sinks"] = text("absent.no_projects", case.facts.language)
        return None
    case = case.surveyed()
    sinks = _ledgers(found, case, works)
    found.tables["project_ledger"] = sinks.ledger
    found.tables["project_ledger_totals"] = ledger_totals(sinks.ledger)
    _look(found, case, sinks)
    _label(found, case, sinks)
    _lay_out_results(found, case, sinks)
    return sinks


def terms_of(case: Case) -> LedgerTerms:
    """Return how long sinks are counted and what is taken off, by the settings."""
    said = case.settings.sinks
    given = {} if said.non_permanence_pct is None else {
        "non_permanence_pct": said.non_permanence_pct
    }  # fmt: skip
    return LedgerTerms(said.crediting_period_yr, leakage_pct=said.leakage_pct, **given)


def _ledgers(found: Accounts, case: Case, works: Works) -> Sinks:
    """Count plantings, works in standing forest and four-side trees, each in its own way."""
    terms, models, rows = terms_of(case), case.growing.models, works.rows
    file = ", ".join(source.path for source in case.settings.projects)
    if case.stands:
        latest = case.stands[max(case.stands)]
        if "growth_level_calibration" not in found.tables:
            levels = calibrate_curves(latest, models, growth_spread_pct())
            found.tables["growth_level_calibration"] = levels
        found.tables["planting_starts"] = rate_starts(latest, models)
    levels = found.tables.get("growth_level_calibration", no_levels())
    ledgers = [_plantings(found, case, rows, levels)]
    starts = found.tables.get("planting_starts")
    found.notes += ledger_notes(rows, models, levels, case.parameters, terms, starts=starts,
                                file=file)  # fmt: skip
    found.notes += soil_notes(rows, mine_soil(rows, _pools(case)), file)
    if rows["method"].eq(IMPROVEMENT).any() and case.stands:
        ground = (works.pieces, case.stands, models)
        ledgers.append(improvement_ledger(rows, *ground, case.growing.factors, case.parameters,
                                          terms))  # fmt: skip
        found.notes += improvement_notes(rows, *ground, terms, file)
        found.notes = _terms_once(found.notes)
    trees = None
    if len(works.records):
        trees = _four_side(case, works.records)
        ledgers.append(trees.ledger)
        found.notes += trees.notes
        found.tables["four_side_trees"] = trees.trees
        counted = works.records[~works.records["is_repeated"]]
        found.tables["four_side_area"] = four_side_area(counted)
    known = [one for one in ledgers if len(one)]
    ledger = pd.concat(known or ledgers[:1], ignore_index=True)
    return Sinks(works, trees, ledger, levels)


def _terms_once(notes: list[Problem]) -> list[Problem]:
    """Tell each term that records do not state once for all kinds of works."""
    unsaid: dict[str, list[Problem]] = {}
    for one in notes:
        if one.code == "project_term_missing":
            unsaid.setdefault(one.value, []).append(one)
    once = {same[0]: joined(same)[0] for same in unsaid.values()}
    later = {one for same in unsaid.values() for one in same[1:]}
    return [once.get(one, one) for one in notes if one not in later]


def _plantings(
    found: Accounts, case: Case, rows: pd.DataFrame, levels: pd.DataFrame
) -> pd.DataFrame:
    """Lay out the ledger of plantings."""
    return plantings_ledger(
        rows, case.growing.models, levels, case.parameters, terms_of(case),
        starts=found.tables.get("planting_starts"), soil=mine_soil(rows, _pools(case)),
    )  # fmt: skip


def _four_side(case: Case, records: pd.DataFrame) -> FourSide:
    """Count four-side trees one by one."""
    terms = terms_of(case)
    return count_four_side(records, case.parameters, case.growing.models,
                           case.settings.report_year, terms.crediting_period_yr,
                           terms.non_permanence_pct)  # fmt: skip


def _pools(case: Case) -> PoolChoice:
    return PoolChoice(**case.settings.pools.model_dump())


def no_levels() -> pd.DataFrame:
    """Return an empty table of calibrated level curves."""
    return pd.DataFrame(columns=list(CALIBRATED))


def _look(found: Accounts, case: Case, sinks: Sinks) -> None:
    """Hold the works against the inventories and land cover: what is there, and where to go."""
    works, rows = sinks.works, sinks.works.rows
    if len(rows):
        monitored, notes = project_monitoring(rows, works.pieces, case.stands)
        found.notes += notes
        seen, notes = verify_projects(rows, works.cover, monitored, case.settings.report_year)
        found.notes += notes
        found.tables["project_verification"] = seen
        visits = project_visits(seen, works.ground, case.inputs.towns)
        sinks.layers["project_visits"] = visits
        found.tables["project_visits"] = pd.DataFrame(visits.drop(columns="geometry"))
        if sinks.four_side is not None:
            monitored = pd.concat([monitored, sinks.four_side.monitoring], ignore_index=True)
    else:
        monitored = sinks.four_side.monitoring
    names = list(columns("project_monitoring").index)
    found.tables["project_monitoring"] = monitored.reindex(columns=names)
    _compare_treated(found, case, works)


def _compare_treated(found: Accounts, case: Case, works: Works) -> None:
    """Compare stands that were treated between the last two inventories with others."""
    if not case.rows:
        return
    pair = max(case.rows)
    rows = works.rows
    between = rows["start_year"].gt(pair[0]) & rows["start_year"].le(pair[1])
    treated = rows.index[rows["method"].eq(IMPROVEMENT) & between]
    pieces = works.pieces[pair[0]]
    mine = pieces[pieces["project"].isin(treated)]
    if mine.empty:
        return
    before, after = (case.stands[year] for year in pair)
    losses = case.growing.losses.get(pair)
    hit = () if losses is None else losses["stand"].dropna()
    table, notes = treated_against_untreated(
        case.rows[pair], before, after, pair, treated_share(mine, before), hit
    )
    if len(table):
        found.tables["improvement_evidence"] = table
        found.notes += notes


def _label(found: Accounts, case: Case, sinks: Sinks) -> None:
    """Tell which works could bring credits, apart from all sums of the inventory."""
    ground = sinks.works.ground
    plots = plot_share(ground, ground["start_year"])
    labels, notes = ccer_labels(sinks.rows, sinks.ledger, plots, case.facts.language)
    found.notes += notes
    found.tables["ccer_labels"] = labels
    found.tables["credit_summary"] = credit_summary(
        labels, sinks.ledger, case.facts.year, case.settings.sinks.vcs_buffer_pct
    )


def _lay_out_results(found: Accounts, case: Case, sinks: Sinks) -> None:
    """Bring every work to one row, and towns and what was taken off beside it."""
    said, facts = case.settings.sinks, case.facts
    horizon = max([*said.years, facts.year])
    rows = sinks.rows
    tables = ("project_verification", "project_monitoring", "ccer_labels")
    beside = [found.tables[name] for name in tables if name in found.tables]
    beside = [one.drop_duplicates("project_id", keep="last") for one in beside]
    towns = case.inputs.towns
    named = rows.assign(town_name=rows["town_code"].map(
        dict(zip(towns["town_code"], towns["town_name"], strict=True))))  # fmt: skip
    alive = sinks.ledger[sinks.ledger["year"].eq(facts.year)].set_index("project_id")
    named["living_trees"] = named["project_id"].map(alive["living_trees"])
    results = project_results(named, sinks.ledger, facts.year, horizon, beside)
    found.tables["project_results"] = results
    found.tables["project_towns"] = town_totals(results, towns, facts.place)
    taken = pd.concat([sinks.works.credited.deductions, _repeated(sinks.works)],
                      ignore_index=True)  # fmt: skip
    found.tables["project_deductions"] = taken.assign(
        removal_co2e_t=_brought(found, case, sinks, taken, horizon)
    )


def _brought(
    found: Accounts, case: Case, sinks: Sinks, taken: pd.DataFrame, horizon: int
) -> pd.Series:
    """Tell what everything that was taken off would have brought until a year, t CO2e."""
    rows = sinks.works.rows
    planted = rows[rows["method"].eq(PLANTING)]
    one_ha = planted.assign(credited_ha=1.0, emission_co2e_t=0.0, leakage_co2e_t_yr=0.0)
    per_ha = [removed_until(_plantings(found, case, one_ha, sinks.levels), [horizon])[horizon]]
    known = rows[rows["method"].eq(IMPROVEMENT)
                 & rows["credited_ha"].gt(constant("topology_noise_ha"))]  # fmt: skip
    trees = sinks.ledger[sinks.ledger["project_id"].isin(known["project_id"])]
    improved = removed_until(trees.assign(removal_co2e_t=trees["tree_co2_t"]), [horizon])[horizon]
    per_ha.append(improved / known.set_index("project_id")["credited_ha"])
    found_t = taken["area_ha"] * taken["project_id"].map(pd.concat(per_ha))
    records = sinks.works.records
    if len(records) and records["is_repeated"].any():
        some = records[records["is_repeated"]]
        alone = some.assign(project_id=some["record_id"], is_repeated=False)
        lost = removed_until(_four_side(case, alone).ledger, [horizon])[horizon]
        is_record = taken["reason"].eq(REPEATED)
        found_t = found_t.mask(is_record, taken["project_id"].map(lost))
    return found_t


def _repeated(works: Works) -> pd.DataFrame:
    """List records of four-side trees that repeat ground which is counted elsewhere."""
    records = works.records
    if "is_repeated" not in records or not records["is_repeated"].any():
        return pd.DataFrame(columns=["project_id"])
    some = records[records["is_repeated"]]
    return pd.DataFrame({
        "project_id": some["record_id"], "project_type": FOUR_SIDE,
        "reason": REPEATED, "other_id": some["other_id"],
        "area_ha": four_side_projects(some)["done_ha"], "is_taken_off": True,
    })  # fmt: skip
