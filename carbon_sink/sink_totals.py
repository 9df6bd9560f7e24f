"""What the works of a run remove by type: to date, a year and ahead, with intervals and value."""

import numpy as np
import pandas as pd

from .accounting import Accounts, Case, spread_of
from .credits import ecosystem_value
from .growth_errors import level_errors, rate_errors
from .language import text
from .planting_curves import area_group
from .project_summary import ALL_TYPES, EX_ANTE, EX_POST
from .projects import PROJECT_TYPES
from .sink_draws import AREA, CURVE, NAMES, RATE, draw_sinks, flows_until, ledger_flows
from .sinks import Sinks
from .spreads import Errors, bias_sd
from .tables import columns
from .works import PLANTING


def total_sinks(found: Accounts, case: Case, sinks: Sinks) -> None:
    """
    Sum the sinks of works by type, as expected and as measured, and value them.

    Parameters
    ----------
    found : Accounts
        Gets ``project_sinks`` and, where the settings give a price, ``ecosystem_value``.
    case : Case
        What is accounted for.
    sinks : Sinks
        Ledgers of the works.
    """
    case = case.surveyed()
    said, year = case.settings.sinks, case.facts.year
    years = [year, *(one for one in sorted(said.years) if one > year)]
    expected = _expected(case, sinks, found.tables, years)
    measured = _measured(found.tables.get("project_monitoring"))
    table = pd.concat([expected, measured] if len(measured) else [expected], ignore_index=True)
    found.tables["project_sinks"] = table[list(columns("project_sinks").index)]
    if said.price is None:
        found.reasons["ecosystem_value"] = text("absent.no_price", case.facts.language)
    else:
        found.tables["ecosystem_value"] = ecosystem_value(
            expected, said.price.cny_per_t_co2e, said.price.source
        )


def _expected(
    case: Case, sinks: Sinks, tables: dict[str, pd.DataFrame], years: list[int]
) -> pd.DataFrame:
    """Sum the ledgers by type up to some years, with 95 % intervals."""
    known = sinks.ledger[sinks.ledger["removal_co2e_t"].notna()]
    flows = [ledger_flows(known, _growth_of(case, sinks))]
    if sinks.four_side is not None:
        flows.append(sinks.four_side.growth)
    rows = flows_until(pd.concat(flows, ignore_index=True), years)
    growing, said = case.growing, case.settings.uncertainty
    errors = errors_of(case)
    rates = rate_errors(
        growing.factors, growing.standard_errors, growing.tables.get("growth_calibration"),
        float(errors.bias_sd[-1]), errors.spread.bias_dates_correlation,
    )  # fmt: skip
    drawn = draw_sinks(rows, errors, rates, level_errors(sinks.levels), said.draws, said.seed)
    counts = _counted(tables["project_results"])
    types = [one for one in (*PROJECT_TYPES, ALL_TYPES) if one in counts.index]
    every = pd.MultiIndex.from_product([types, years], names=["project_type", "until_year"])
    drawn = drawn.set_index(list(every.names)).reindex(every).reset_index()
    drawn = drawn.assign(basis=EX_ANTE).join(counts, on="project_type")
    figures = [one for pair in NAMES for one in pair]
    # a type of which no work is known removes an unknown amount, not nothing
    drawn[figures] = drawn[figures].where(drawn.pop("known").gt(0), np.nan)
    return drawn


def errors_of(case: Case) -> Errors:
    """Return what rules the errors of sinks: those of the outlook, drawn with the same seed."""
    said, spread = case.settings.uncertainty, spread_of(case.settings)
    if not case.stands:
        return Errors(spread, case.parameters, (case.facts.year,), np.zeros(1),
                      said.bef_root_correlation)  # fmt: skip
    last = max(case.stands)
    before = min(case.stands) if len(case.stands) > 1 else last - 1
    bias = bias_sd({last: case.stands[last]}, spread)[0]
    return Errors(spread, case.parameters, (before, last), np.array([bias, bias]),
                  said.bef_root_correlation)  # fmt: skip


def _growth_of(case: Case, sinks: Sinks) -> pd.DataFrame:
    """Tell what the trees of each project grow by; improved stands are of many species."""
    rows = sinks.works.rows
    group = rows["species_group"].fillna("").astype(str)
    curves = case.growing.models["curve_volume"]
    by_curve = group.map(curves).fillna("").ne("")
    planted = rows["method"].eq(PLANTING)
    kind = pd.Series(np.where(by_curve, CURVE, RATE), index=rows.index)
    kind = kind.mask(group.map(area_group).ne(""), AREA).where(planted, RATE)
    return pd.DataFrame({
        "project_id": rows["project_id"],
        "species_group": group.where(planted, ""),
        "kind": kind,
    })  # fmt: skip


def _counted(results: pd.DataFrame) -> pd.DataFrame:
    """Count works, hectares and works whose sink is known, by type and over all."""
    both = pd.concat([results, results.assign(project_type=ALL_TYPES)])
    groups = both.groupby("project_type")
    return pd.DataFrame({"projects": groups.size(), "credited_ha": groups["credited_ha"].sum(),
                         "known": groups["to_horizon_co2e_t"].count()})  # fmt: skip


def _measured(monitored: pd.DataFrame | None) -> pd.DataFrame:
    """Sum what surveys measured on the ground of works, where it is their own."""
    if monitored is None or monitored.empty:
        return pd.DataFrame()
    own = monitored[monitored["is_attributable"].eq(other=True)]
    own = own[own["removal_co2_t"].notna()]
    if own.empty:
        return pd.DataFrame()
    both = pd.concat([own, own.assign(project_type=ALL_TYPES)])
    groups = both.groupby("project_type", sort=False)
    return pd.DataFrame({
        "basis": EX_POST,
        "until_year": groups["year_after"].max().astype(int),
        "projects": groups["project_id"].nunique(),
        "credited_ha": groups["ground_ha"].sum(min_count=1),
        "removal_co2e_t": groups["removal_co2_t"].sum(),
        **dict.fromkeys(("low_co2e_t", "high_co2e_t", "yearly_co2e_t_yr",
                         "yearly_low_co2e_t_yr", "yearly_high_co2e_t_yr"), np.nan),
    }).reset_index()  # fmt: skip
