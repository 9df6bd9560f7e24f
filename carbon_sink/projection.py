"""The outlook of a run: scenarios from the last inventory on, and what libcbm says beside it."""

from dataclasses import replace

import geopandas as gpd
import pandas as pd

from . import cbm
from .accounting import Accounts, Case, spread_of
from .curve_calibration import calibrate_curves
from .errors import Problem
from .growth_errors import growth_spread_pct
from .language import text
from .outlook import project
from .pools import PoolChoice, dead_organic
from .scenarios import Scenario, read_scenarios
from .settings import Settings

LIVING = ("aboveground", "belowground")
# dead wood and litter by the factors of AR-TOOL12, also where accounts leave these pools out
COMPARED = PoolChoice(dead_wood="ar_tool12", litter="ar_tool12")


def look_ahead(found: Accounts, case: Case) -> None:
    """
    Add the outlook to the accounts of a run.

    Parameters
    ----------
    found : Accounts
        Gets the tables ``growth_level_calibration``, ``outlook``, ``outlook_series``,
        ``outlook_balance``, ``outlook_difference`` and, with the engine ``cbm``,
        ``cbm_comparison``.
    case : Case
        What is accounted for.

    Raises
    ------
    CarbonSinkError
        If the scenarios are faulty, or libcbm is asked for and not installed.
    """
    case = case.surveyed()
    said = case.settings.outlook
    if not said.scenarios or not case.stands:
        reason = "absent.no_scenarios" if case.stands else "absent.no_species"
        found.reasons["outlook"] = text(reason, case.facts.language)
        return
    year = max(case.stands)
    latest = case.stands[year]
    scenarios = scenarios_of(case.settings, latest, year, case.growing.models, case.parameters)
    levels = calibrate_curves(latest, case.growing.models, growth_spread_pct())
    found.tables["growth_level_calibration"] = levels
    tables, notes = _project(case, latest, scenarios, levels)
    found.tables |= tables
    found.notes += notes
    if said.engine == "cbm":
        _compare(found, case, scenarios, levels)


def check_engine(settings: Settings) -> None:
    """
    Refuse an engine of the outlook that is not there, before data are read.

    Parameters
    ----------
    settings : Settings

    Raises
    ------
    FileError
        If scenarios are to be compared with libcbm and it is not installed.
    """
    if settings.outlook.scenarios and settings.outlook.engine == "cbm":
        cbm.check_installed()


def scenarios_of(
    settings: Settings,
    stands: pd.DataFrame,
    year: int,
    models: pd.DataFrame,
    parameters: pd.DataFrame,
) -> list[Scenario]:
    """
    Read the scenarios of the settings.

    Parameters
    ----------
    settings : Settings
    stands : DataFrame
        Last inventory: ``carbon_part``, ``area_ha`` (ha) and ``forest_stock_m3`` (m3).
    year : int
        Its year.
    models : DataFrame
        As ``growth_models.group_models`` returns them.
    parameters : DataFrame
        Cited rows of the run.

    Returns
    -------
    scenarios : list of Scenario

    Raises
    ------
    ParameterError
        With everything that is wrong with any of them.
    """
    rows = [one.model_dump() for one in settings.outlook.scenarios]
    curves = models.index[models["curve_volume"].ne("")]
    groups = parameters["species_group"].unique()
    return read_scenarios(rows, stands, year, groups, curves, settings.file_name)


def _project(
    case: Case, stands: gpd.GeoDataFrame, scenarios: list[Scenario], levels: pd.DataFrame
) -> tuple[dict[str, pd.DataFrame], list]:
    """Look ahead with the stands, or with some of them."""
    said, growing = case.settings.uncertainty, case.growing
    return project(
        stands, max(case.stands), case.parameters, scenarios, case.settings.outlook.years,
        growing.models, growing.factors, growing.standard_errors,
        spread_of(case.settings), calibration=growing.tables.get("growth_calibration"),
        levels=levels, draws=said.draws, seed=said.seed,
        bef_root_correlation=said.bef_root_correlation,
    )  # fmt: skip


def _compare(found: Accounts, case: Case, scenarios: list[Scenario], levels: pd.DataFrame) -> None:
    """Lay the pools of libcbm beside ours, over the stands that libcbm can grow."""
    year, last = max(case.stands), max(case.settings.outlook.years)
    stands, models = case.stands[year], case.growing.models
    can_grow = cbm.usable(stands, models)
    found.notes += cbm.left_out(stands, can_grow)
    mine = stands[can_grow]
    cohorts, curves = cbm.cohorts_of(mine), cbm.curves_of(models)
    scenarios, without = _plantable(scenarios, cbm.groups_of(models))
    found.notes += without
    ahead, _ = _project(case, mine, scenarios, levels)
    rows = []
    for one in scenarios:
        course = cbm.simulate(cohorts, curves, year, last, cbm.events_of(one, year, last))
        ours = ahead["outlook"][ahead["outlook"]["scenario"].eq(one.key)]
        rows.append(cbm.compare(one.key, course, _our_pools(case, mine, ours)))
        found.notes += cbm.notes(one.key, course)
    table = pd.concat(rows, ignore_index=True)
    wanted = [year, *case.settings.outlook.years]
    found.tables["cbm_comparison"] = table[table["year"].isin(wanted)].reset_index(drop=True)


def _plantable(scenarios: list[Scenario], groups: set[str]) -> tuple[list[Scenario], list[Problem]]:
    """Leave plantings out that libcbm has no trees for, and tell them."""
    kept = [replace(one, planting=tuple(row for row in one.planting
                                        if row.species_group in groups))
            for one in scenarios]  # fmt: skip
    without = sorted({row.species_group for one in scenarios for row in one.planting} - groups)
    return kept, [Problem("cbm_planting_left_out", value=", ".join(without))] if without else []


def _our_pools(case: Case, stands: gpd.GeoDataFrame, ahead: pd.DataFrame) -> pd.DataFrame:
    """Share our carbon of later years out over the pools as it is today."""
    carbon = pd.Series(
        [stands["carbon_t"].sum(), *ahead["carbon_t"]], index=[max(case.stands), *ahead["year"]]
    )
    today = stands[[f"{pool}_t" for pool in LIVING]].join(dead_organic(stands, COMPARED)).sum()
    shares = today / stands["carbon_t"].sum()
    return pd.DataFrame(
        [(year, name.removesuffix("_t"), total * share)
         for year, total in carbon.items() for name, share in shares.items()],
        columns=["year", "pool", "carbon_t"],
    )  # fmt: skip
