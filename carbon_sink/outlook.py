"""Outlook: forest stock, carbon and yearly removals under scenarios, with intervals."""

from collections.abc import Iterable, Mapping

import numpy as np
import pandas as pd

from .codes import named_groups
from .curve_calibration import NONE
from .errors import ParameterError, Problem, first_rows
from .growth_errors import level_errors, rate_errors
from .new_forest import land_notes
from .outlook_draws import Forest, Outcome, central_course, outcome, rows_of, shared
from .scenarios import Scenario
from .spreads import Errors, Spread, bias_sd
from .trajectories import FLOWS, STAND, curve_of
from .units import carbon_to_co2

BOUNDS = (0.025, 0.975)


def project(
    stands: pd.DataFrame,
    year: int,
    parameters: pd.DataFrame,
    scenarios: Iterable[Scenario],
    years: Iterable[int],
    models: pd.DataFrame,
    factors: Mapping[str, float],
    factor_se: Mapping[str, float],
    spread: Spread,
    *,
    calibration: pd.DataFrame | None = None,
    levels: pd.DataFrame | None = None,
    draws: int = 10_000,
    seed: int = 1,
    bef_root_correlation: float = 0.0,
) -> tuple[dict[str, pd.DataFrame], list[Problem]]:
    """
    Look ahead from the latest inventory under every scenario.

    Parameters
    ----------
    stands : DataFrame
        Latest inventory with coverage, stock and carbon.
    year : int
        Its year.
    parameters : DataFrame
        Cited rows as ``parameters.load_parameters`` returns them.
    scenarios : iterable of Scenario
        As ``scenarios.read_scenarios`` returns them; others are compared with the first.
    years : iterable of int
        Years wanted, after that of the inventory.
    models : DataFrame
        As ``growth_models.group_models`` returns them.
    factors, factor_se : mapping
        Species group to its calibrated factor of volume growth and the standard error of it.
    spread : Spread
        As ``spreads.default_spread`` returns it.
    calibration : DataFrame, optional
        The table behind the factors, as ``calibration.calibrate`` returns it: what a bias of
        its two inventories does to them.
    levels : DataFrame, optional
        As ``curve_calibration.calibrate_curves`` returns it; without it level curves stay as
        they are.
    draws, seed : int
        Draws of all errors and their seed. All scenarios share the draws.
    bef_root_correlation : float
        Of the expansion factor and the root ratio of a species.

    Returns
    -------
    tables : dict of DataFrame
        ``outlook`` for the years wanted, ``outlook_series`` and ``outlook_balance`` for every
        year, and ``outlook_difference``, with columns as in ``data/columns.csv``. Removals are
        positive.
    notes : list of Problem
        Stands that do not grow or stay without stock, and growth outside the fit range.

    Raises
    ------
    ParameterError
        If years lie before the inventory, or the forest cannot give the harvest of a scenario.

    Notes
    -----
    Arbor forest follows ``trajectories.follow``. Bamboo, economic and shrub forest stay as they
    are but for planting, which adds their carbon. Planted forest and young plantations count
    as forest area when they close their canopy; harvest takes no forest area away, as what is
    cut grows back. Dead wood, litter and soil are not counted.

    Regrowth is a cautious choice: it starts at age 0 on the calibrated level curve, on no more
    ground than was cut, not at all where there is no curve, and not after fires and pests.

    Draws multiply growth once for each species group and all years, the stock at the start by
    one bias, and carbon per species group. What the bias of two inventories does to calibrated
    growth is drawn once for all groups, by the same biases as the removal between them. Growth
    that was not calibrated has the wide error of ``data/uncertainty.csv``. Trajectories are
    computed at few values of growth and bias and interpolated by polynomials between them;
    against trajectories of their own, bounds of 35 years ahead moved by about 1 %. That the
    models may be wrong altogether, or the scenario, is not in the intervals.

    Calibrated growth is net: trees that died between two inventories are in it. Mortality that
    is stated beside it should be what goes beyond that, or it counts twice.

    References
    ----------
    [ipcc_2006_v1]_ chapter 3, approach 2.
    """
    years = sorted(set(years))
    if not years or years[0] <= year:
        raise ParameterError(Problem("outlook_years_past", field="outlook.years",
                                     value=", ".join(map(str, years)), rule=str(year)))  # fmt: skip
    bias, tied = bias_sd({year: stands}, spread)[0], spread.bias_dates_correlation
    calibrated = calibration is not None and len(calibration)
    before = int(calibration["year_before"].min()) if calibrated else year - 1
    errors = Errors(spread, parameters, (before, year), np.array([bias, bias]),
                    bef_root_correlation)  # fmt: skip
    forest = shared(stands, year, max(years), models, parameters, errors,
                    rate_errors(factors, factor_se, calibration, bias, tied),
                    level_errors(levels), draws, seed)  # fmt: skip
    outcomes, short = [], []
    for scenario in scenarios:
        rows = rows_of(forest, scenario)
        central = central_course(forest, rows, scenario)
        missed = np.flatnonzero(central.short_m3 > 1e-9 * scenario.harvest_m3_yr)
        if len(missed):
            short.append(Problem("outlook_harvest_short",
                                 field=f"outlook.scenarios.{scenario.key}.harvest_m3_yr",
                                 value=f"{scenario.harvest_m3_yr:g} m3",
                                 rule=str(year + 1 + missed[0])))  # fmt: skip
        elif not short:
            outcomes.append(outcome(forest, rows, scenario, central))
    if short:
        raise ParameterError(short)
    tables = {
        "outlook": pd.concat([_wanted(forest, one, years) for one in outcomes]),
        "outlook_series": pd.concat([_series(forest, one) for one in outcomes]),
        "outlook_balance": pd.concat([_balance(forest, one) for one in outcomes]),
    }
    if len(outcomes) > 1:
        tables["outlook_difference"] = pd.concat(
            [_difference(forest, one, outcomes[0], years) for one in outcomes[1:]]
        )
    notes = [*_left_out(stands, forest), *land_notes(stands, models),
             *_without_curve(forest, levels, outcomes),
             *_outside(forest, outcomes[0], years)]  # fmt: skip
    return {name: one.reset_index(drop=True) for name, one in tables.items()}, notes


def _limits(draws: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the bounds of 95 % of the draws, by year."""
    low, high = np.quantile(draws, BOUNDS, axis=-1)
    return low, high


def _figures(one: Outcome, steps: np.ndarray) -> dict[str, np.ndarray]:
    """Lay out stock and carbon of some years with their bounds."""
    stock_low, stock_high = _limits(one.stock_draws[steps])
    carbon_low, carbon_high = _limits(one.carbon_draws[steps])
    return {
        "forest_stock_m3": one.stock_m3[steps],
        "forest_stock_low_m3": stock_low,
        "forest_stock_high_m3": stock_high,
        "carbon_t": one.carbon_t[steps],
        "carbon_low_t": carbon_low,
        "carbon_high_t": carbon_high,
    }


def _named(one: Outcome) -> dict[str, str]:
    """Name the scenario of a row."""
    return {"scenario": one.scenario.key, "scenario_zh": one.scenario.named(),
            "scenario_en": one.scenario.named("en")}  # fmt: skip


def _removals(one: Outcome, steps: np.ndarray) -> dict[str, np.ndarray]:
    """Return mean yearly removals since the year listed before, with bounds."""
    since = np.diff(steps)
    central = carbon_to_co2(np.diff(one.carbon_t[steps]) / since)
    low, high = _limits(carbon_to_co2(np.diff(one.carbon_draws[steps], axis=0) / since[:, None]))
    return {"removal_co2_t_yr": central, "removal_low_co2_t_yr": low,
            "removal_high_co2_t_yr": high}  # fmt: skip


def _wanted(forest: Forest, one: Outcome, years: list[int]) -> pd.DataFrame:
    """Lay out the years wanted."""
    steps = np.array([0, *(year - forest.year for year in years)])
    later = steps[1:]
    return pd.DataFrame(
        {
            **_named(one),
            "year": years,
            **_figures(one, later),
            **_removals(one, steps),
            "forest_area_ha": one.forest_ha[later],
            "outside_fit_pct": 100.0 * one.central.outside[later],
        }
    )


def _series(forest: Forest, one: Outcome) -> pd.DataFrame:
    """Lay out every year from the inventory on."""
    steps = np.arange(len(one.stock_m3))
    return pd.DataFrame(
        {
            **_named(one),
            "year": forest.year + steps,
            **_figures(one, steps),
            "outside_fit_pct": 100.0 * one.central.outside,
        }
    )


def _balance(forest: Forest, one: Outcome) -> pd.DataFrame:
    """Lay out what the stock of every year came from."""
    flows = pd.DataFrame(one.central.flows_m3, columns=list(FLOWS))
    rows = {**_named(one), "year": forest.year + 1 + np.arange(len(flows))}
    return pd.DataFrame(
        {**rows, "start_m3": one.stock_m3[:-1], **flows, "end_m3": one.stock_m3[1:]}
    )


def _difference(forest: Forest, one: Outcome, first: Outcome, years: list[int]) -> pd.DataFrame:
    """Lay out how far a scenario lies from the first one, draw by draw."""
    steps = np.array([year - forest.year for year in years])
    stock_low, stock_high = _limits(one.stock_draws[steps] - first.stock_draws[steps])
    carbon_low, carbon_high = _limits(one.carbon_draws[steps] - first.carbon_draws[steps])
    return pd.DataFrame(
        {
            **_named(one),
            "compared_with": first.scenario.key,
            "year": years,
            "difference_m3": (one.stock_m3 - first.stock_m3)[steps],
            "difference_low_m3": stock_low,
            "difference_high_m3": stock_high,
            "difference_t": (one.carbon_t - first.carbon_t)[steps],
            "difference_low_t": carbon_low,
            "difference_high_t": carbon_high,
        }
    )


def _left_out(stands: pd.DataFrame, forest: Forest) -> list[Problem]:
    """Tell which forest does not grow in the outlook, and which stays without stock."""
    file = stands.attrs.get("file", "")
    arbor = stands[stands["carbon_part"].eq("arbor")]
    labels = arbor["stand_id"] if "stand_id" in arbor else pd.Series(arbor.index)
    ours = forest.stands
    still = (ours.volume_m3 > 0.0) & ~ours.growth.any(axis=0)
    empty = (ours.volume_m3 == 0.0) & (ours.kind == STAND)
    notes = []
    if still.any():
        shown = f"{ours.volume_m3[still].sum():.0f} m3"
        notes.append(Problem("outlook_not_growing", file=file, value=shown,
                             rows=first_rows(labels[still]), count=int(still.sum())))  # fmt: skip
    if empty.any():
        shown = f"{ours.area_ha[empty].sum():.1f} ha"
        notes.append(Problem("outlook_without_stock", file=file, value=shown,
                             rows=first_rows(labels[empty]), count=int(empty.sum())))  # fmt: skip
    return notes


def _outside(forest: Forest, one: Outcome, years: list[int]) -> list[Problem]:
    """Tell how much of the stock grows by models outside their fit range."""
    shares = [100.0 * float(one.central.outside[year - forest.year]) for year in years]
    if not any(shares):
        return []
    shown = ", ".join(f"{year}: {pct:.0f} %" for year, pct in zip(years, shares, strict=True))
    return [Problem("outlook_outside_fit", value=shown)]


def _without_curve(
    forest: Forest, levels: pd.DataFrame | None, outcomes: list[Outcome]
) -> list[Problem]:
    """Tell which species do not grow back after harvest, and whose curves nobody calibrated."""
    stocked = forest.stands.volume_m3 > 0.0
    cut = any(one.scenario.harvest_m3_yr > 0.0 for one in outcomes)
    bare = sorted({one for one in forest.stands.group[stocked & cut].tolist()
                   if not curve_of(one, forest.models)})  # fmt: skip
    notes = []
    if bare:
        notes.append(Problem("outlook_no_regrowth", value=named_groups(bare)))
    if levels is not None and levels["basis"].eq(NONE).any():
        wild = levels.loc[levels["basis"].eq(NONE), "species_group"]
        notes.append(Problem("outlook_curve_uncalibrated", value=named_groups(wild)))
    return notes
