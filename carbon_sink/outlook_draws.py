"""Draws of stock and carbon under one scenario, and what all scenarios share."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from .carbon import stand_carbon
from .coverage import PARTS
from .growth_errors import GrowthError, growth_draws, growth_spread_pct
from .new_forest import with_planting, with_regrowth, with_young
from .parameters import AREA_GROUPS, TREE_PARAMETERS, by_species, constant
from .scenarios import Scenario
from .simulation import area_factors, bias_factors, lognormal, tree_factors
from .spreads import Errors
from .trajectories import Course, Trajectory, course, follow

# growth factors and biases at which trajectories are computed: Chebyshev's points of -1 to 1
FACTOR_NODES = np.cos(np.pi * (np.arange(5) + 0.5) / 5.0)
BIAS_NODES = np.array([-1.0, 0.0, 1.0])
# standard deviations that the nodes reach to; draws beyond count as at the edge
REACH = 3.5


@dataclass(frozen=True)
class Forest:
    """What all scenarios share: the stands, their carbon and the draws of all errors."""

    year: int
    last: int
    stands: Course
    trees: Course
    models: pd.DataFrame
    parameters: pd.DataFrame
    errors: Errors
    rates: Mapping[str, GrowthError]
    levels: Mapping[str, GrowthError]
    young_closed_ha: np.ndarray
    other_stock_m3: float
    area_carbon_t: dict[str, float]
    forest_ha: float
    draws: int
    seed: int

    def growth_of(self, key: tuple[str, bool]) -> GrowthError:
        """Return the factor of growth of a key of ``Course.keys``, and how sure it is."""
        group, by_curve = key
        unknown = GrowthError(1.0, growth_spread_pct())
        return (self.levels if by_curve else self.rates).get(group, unknown)

    def node(self, key: tuple[str, bool], at: np.ndarray) -> np.ndarray:
        """Return the factors that points from -1 to 1 stand for."""
        one = self.growth_of(key)
        low, high = lognormal(np.array([-REACH, REACH]), one.half_width_pct)
        return one.factor * (low + (high - low) * (np.asarray(at) + 1.0) / 2.0)

    def drawn(self, key: tuple[str, bool]) -> np.ndarray:
        """Draw growth of one key over its factor without error."""
        by = "curve" if key[1] else "rate"
        return growth_draws(key[0], by, self.growth_of(key), self.errors, self.draws, self.seed)

    def point(self, key: tuple[str, bool]) -> np.ndarray:
        """Draw growth of one key, as points from -1 to 1."""
        half_width = self.growth_of(key).half_width_pct
        low, high = lognormal(np.array([-REACH, REACH]), half_width)
        if high <= low:
            return np.zeros(self.draws)
        return np.clip(2.0 * (self.drawn(key) - low) / (high - low) - 1.0, -1.0, 1.0)

    def bias(self) -> np.ndarray:
        """Draw the bias of the stock at the start."""
        return bias_factors(self.errors, self.draws, self.seed)[-1] - 1.0

    def bias_points(self) -> np.ndarray:
        """Draw the bias of the stock at the start, as points from -1 to 1."""
        reach = REACH * self.errors.bias_sd[-1]
        return np.clip(self.bias() / reach, -1.0, 1.0) if reach > 0.0 else np.zeros(self.draws)

    def carbon_of(self, group: str) -> float:
        """Return the carbon (t) in one cubic metre of a species group."""
        one = pd.Series([group])
        return float(stand_carbon(1.0, *(by_species(self.parameters, one, name)[0]
                                         for name in TREE_PARAMETERS)))  # fmt: skip

    def carbon_per_ha(self, group: str) -> float:
        """Return the carbon (t) on a hectare of forest that is counted by area."""
        one = pd.Series([group])
        return float(by_species(self.parameters, one, "biomass_whole_t_ha")[0]
                     * by_species(self.parameters, one, "carbon_fraction")[0])  # fmt: skip


@dataclass(frozen=True)
class Outcome:
    """One scenario: its central course and its draws of stock and carbon, by year."""

    scenario: Scenario
    central: Trajectory
    stock_m3: np.ndarray
    carbon_t: np.ndarray
    forest_ha: np.ndarray
    stock_draws: np.ndarray
    carbon_draws: np.ndarray


def shared(
    stands: pd.DataFrame, year: int, last: int, models: pd.DataFrame, parameters: pd.DataFrame,
    errors: Errors, rates: Mapping, levels: Mapping, draws: int, seed: int,
) -> Forest:  # fmt: skip
    """Collect what all scenarios share."""
    trees = course(stands, models, last - year)
    everything, closed_ha = with_young(trees, stands, models)
    arbor = stands["carbon_part"].eq("arbor")
    parts = [f"{part}_ha" for part in PARTS if f"{part}_ha" in stands]
    return Forest(
        year=year,
        last=last,
        stands=trees,
        trees=everything,
        models=models,
        parameters=parameters,
        errors=errors,
        rates=rates,
        levels=levels,
        young_closed_ha=closed_ha,
        other_stock_m3=float(stands.loc[~arbor, "forest_stock_m3"].sum()),
        area_carbon_t={
            group: float(stands.loc[stands["carbon_part"].eq(group), "carbon_t"].sum())
            for group in AREA_GROUPS
        },
        forest_ha=float(stands[parts].sum().sum()),
        draws=draws,
        seed=seed,
    )


def rows_of(forest: Forest, scenario: Scenario) -> Course:
    """Return all trees of a scenario: those there, those planted, and those that grow back."""
    planted = with_planting(forest.trees, scenario, forest.year, forest.models)
    return with_regrowth(planted, forest.models)


def central_course(forest: Forest, rows: Course, scenario: Scenario) -> Trajectory:
    """Follow the scenario without errors."""
    factors = {key: forest.growth_of(key).factor for key in rows.keys()}  # noqa: SIM118 - a method
    return follow(rows, scenario, forest.year, factors)


def outcome(forest: Forest, rows: Course, scenario: Scenario, central: Trajectory) -> Outcome:
    """Draw stock and carbon of one scenario."""
    keys = rows.keys()
    drawn = _drawn_stock(forest, rows, scenario)
    by_area = _carbon_by_area(forest, scenario)
    stock = np.full((len(central.stock_m3), forest.draws), forest.other_stock_m3)
    carbon, carbon_draws = np.zeros(len(stock)), np.zeros(stock.shape)
    for number, (group, _) in enumerate(keys):
        if not central.stock_m3[:, number].any():
            continue
        one, factor = drawn[number], forest.carbon_of(group)
        stock += one
        carbon += factor * central.stock_m3[:, number]
        carbon_draws += one * (factor * tree_factors(group, forest.errors, forest.draws,
                                                     forest.seed))  # fmt: skip
    for group, course_t in by_area.items():
        if course_t.any():
            carbon += course_t
            carbon_draws += np.outer(course_t, area_factors(group, forest.errors, forest.draws,
                                                            forest.seed))  # fmt: skip
    return Outcome(
        scenario=scenario,
        central=central,
        stock_m3=central.stock_m3.sum(axis=1) + forest.other_stock_m3,
        carbon_t=carbon,
        forest_ha=sum(closed_ha(forest, scenario).values(),
                      forest.forest_ha + forest.young_closed_ha),
        stock_draws=stock,
        carbon_draws=carbon_draws,
    )  # fmt: skip


def _drawn_stock(forest: Forest, rows: Course, scenario: Scenario) -> list[np.ndarray]:
    """Return the draws of the stock of each key, shape (years, draws)."""
    keys = rows.keys()
    reach = REACH * float(forest.errors.bias_sd[-1])
    nodes = [
        follow(rows, scenario, forest.year,
               {key: float(forest.node(key, at)) for key in keys}, 1.0 + reach * bias).stock_m3
        for at in FACTOR_NODES for bias in BIAS_NODES
    ]  # fmt: skip
    computed = np.stack(nodes)
    bias = _weights(BIAS_NODES, forest.bias_points())
    found = []
    for number, key in enumerate(keys):
        growth = _weights(FACTOR_NODES, forest.point(key))
        weights = (growth[:, None, :] * bias[None, :, :]).reshape(len(nodes), -1)
        found.append(np.maximum(computed[:, :, number].T @ weights, 0.0))
    return found


def _weights(nodes: np.ndarray, at: np.ndarray) -> np.ndarray:
    """Return Lagrange's weights of the nodes at points, shape (nodes, points)."""
    weights = np.ones((len(nodes), len(at)))
    for one, here in enumerate(nodes):
        for other, there in enumerate(nodes):
            if one != other:
                weights[one] *= (at - there) / (here - there)
    return weights


def closed_ha(forest: Forest, scenario: Scenario) -> dict[str, np.ndarray]:
    """Return the planted area whose canopy has closed, by species group and year."""
    wait = int(constant("canopy_closure_yr"))
    every = range(forest.year, forest.last + 1)
    found: dict[str, np.ndarray] = {}
    for row in scenario.planting:
        closed = [sum(row.area_ha(planted) for planted in range(forest.year + 1, one - wait + 1))
                  for one in every]  # fmt: skip
        found[row.species_group] = found.get(row.species_group, 0.0) + np.array(closed)
    return found


def _carbon_by_area(forest: Forest, scenario: Scenario) -> dict[str, np.ndarray]:
    """Return the carbon (t) of forest that is counted by area, by kind and year."""
    planted = closed_ha(forest, scenario)
    flat = np.ones(forest.last - forest.year + 1)
    return {
        group: forest.area_carbon_t[group] * flat
        + (planted[group] * forest.carbon_per_ha(group) if group in planted else 0.0)
        for group in AREA_GROUPS
    }
