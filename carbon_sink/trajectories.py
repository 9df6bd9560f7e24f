"""Stock of stands and of new plantings, year by year, under one scenario."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from .age_groups import possible
from .growth import stock_since_entry
from .growth_models import growth_models
from .scenarios import Scenario
from .updating import grow_year, states

# age groups that are cut first: mature and overmature
MATURE = 4
AGE_SOUGHT_MAX_YR = 200
FLOWS = (
    "growth_m3", "improvement_m3", "ingrowth_m3", "planting_m3", "regrowth_m3", "mortality_m3",
    "disturbance_m3", "harvest_m3",
)  # fmt: skip
STAND, YOUNG, PLANTED, REGROWN = 0, 1, 2, 3


@dataclass(frozen=True)
class Course:
    """
    What becomes of every row of forest before anything is taken, ``steps`` years ahead.

    Parameters
    ----------
    group : array of object, shape (rows,)
        Species group.
    kind : array of int, shape (rows,)
        ``STAND`` grows by its rates, ``YOUNG`` enters by a level curve, ``PLANTED`` is new,
        ``REGROWN`` follows harvest; the last of these stand at the end, year by year, with the
        same species groups in the same order in every year.
    area_ha, volume_m3 : array, shape (rows,)
        Area, and stock at the start; both 0 for ``REGROWN``, whose area the harvest gives.
    growth : array, shape (steps + 1, rows)
        Growth of stands in the coming year as a share of their stock.
    increment_m3 : array, shape (steps + 1, rows)
        Growth of the others in the coming year by their level curve; of ``REGROWN`` per hectare.
    mature, outside : array of bool, shape (steps + 1, rows)
        Whether a row is cut first, and whether its growth model is outside its fit range.
    """

    group: np.ndarray
    kind: np.ndarray
    area_ha: np.ndarray
    volume_m3: np.ndarray
    growth: np.ndarray
    increment_m3: np.ndarray
    mature: np.ndarray
    outside: np.ndarray

    def keys(self) -> list[tuple[str, bool]]:
        """Return species group and whether a level curve rules, each once, in order."""
        return sorted(set(zip(self.group.tolist(), (self.kind > STAND).tolist(), strict=True)))

    def heirs(self) -> np.ndarray:
        """Return which of the regrown species groups follows every row, -1 for none."""
        new = self.group[self.kind == REGROWN]
        place = {key: number for number, key in enumerate(dict.fromkeys(new.tolist()))}
        return np.array([place.get(key, -1) for key in self.group.tolist()], dtype=np.int64)

    def codes(self) -> np.ndarray:
        """Return the position in ``keys`` of every row."""
        place = {key: number for number, key in enumerate(self.keys())}
        pairs = zip(self.group.tolist(), (self.kind > STAND).tolist(), strict=True)
        return np.array([place[pair] for pair in pairs], dtype=np.int64)


@dataclass(frozen=True)
class Trajectory:
    """
    The stock under one scenario.

    ``stock_m3`` has the shape (steps + 1, keys); ``flows_m3`` (steps, len(FLOWS)); ``outside``
    is the share of the stock outside the fit range in every year; ``short_m3`` the harvest of
    each year that the forest could not give.
    """

    stock_m3: np.ndarray
    flows_m3: np.ndarray
    outside: np.ndarray
    short_m3: np.ndarray


def curve_of(species_group: str, models: pd.DataFrame) -> str:
    """Return the id of the level curve of volume of a species group, empty for none."""
    return str(models["curve_volume"].get(species_group, ""))


def course(stands: pd.DataFrame, models: pd.DataFrame, steps: int) -> Course:
    """
    Let the arbor stands of an inventory grow untouched.

    Parameters
    ----------
    stands : DataFrame
        Stands with ``carbon_part``, ``forest_stock_m3`` (m3), ``area_ha`` (ha) and what
        ``updating.states`` needs; arbor forest only is taken.
    models : DataFrame
        As ``growth_models.group_models`` returns them.
    steps : int
        Years ahead.

    Returns
    -------
    course : Course

    Notes
    -----
    Growth of a stand follows from its age, diameter and basal area as if nothing were taken:
    what is cut or dies thins no stand in the eyes of the model, so fewer trees do not make the
    others grow faster. A stand without stock enters by the level curve of its species when it
    reaches the least age of the curve, if it is younger than that now; else it stays without.
    """
    arbor = stands[stands["carbon_part"].eq("arbor")]
    state = states(arbor, models)
    volume = arbor["forest_stock_m3"].fillna(0.0).to_numpy(float)
    state["volume_m3"] = (volume > 0.0).astype(float)
    area, age = arbor["area_ha"].to_numpy(float), state["age_yr"].to_numpy(float)
    group = arbor["species_group"].fillna("").astype(str).to_numpy(object)
    growth, outside = np.zeros((steps + 1, len(arbor))), np.zeros((steps + 1, len(arbor)), bool)
    for step in range(steps + 1):
        after = grow_year(state)
        before = np.where(volume > 0.0, state["volume_m3"], 1.0)
        growth[step] = np.where(volume > 0.0, after["volume_m3"] / before - 1.0, 0.0)
        outside[step] = after["limited"]
        state = after
    increment = np.zeros_like(growth)
    young = np.flatnonzero(enters(arbor, models))
    for one in young:
        curve = curve_of(group[one], models)
        increment[:, one] = area[one] * increments(curve, age[one], steps)
    kind = np.full(len(arbor), STAND)
    kind[young] = YOUNG
    return Course(group, kind, area, volume, growth, increment,
                  mature_years(arbor, age, steps), outside)  # fmt: skip


def enters(stands: pd.DataFrame, models: pd.DataFrame) -> np.ndarray:
    """
    Tell which stands have no stock and will get one by the level curve of their species.

    Parameters
    ----------
    stands : DataFrame
        Arbor stands with ``species_group``, ``forest_stock_m3`` (m3) and, where known,
        ``stand_age_yr``.
    models : DataFrame
        As ``growth_models.group_models`` returns them.

    Returns
    -------
    enters : array of bool
    """
    least = {
        one: growth_models()[curve_of(one, models)].age_min_yr
        for one in stands["species_group"].dropna().unique()
        if curve_of(one, models)
    }
    age = pd.to_numeric(stands.get("stand_age_yr", pd.Series(np.nan, index=stands.index)))
    below = age < stands["species_group"].map(least).astype(float)
    return (below & ~stands["forest_stock_m3"].gt(0.0)).to_numpy(bool)


def increments(curve: str, age_yr: float, steps: int) -> np.ndarray:
    """
    Return growth per hectare in each coming year by a level curve, never below 0.

    Parameters
    ----------
    curve : str
        Id of a level curve of volume.
    age_yr : float
        Age at the start; negative for trees that are still to come.
    steps : int
        Years ahead.

    Returns
    -------
    increments : array, shape (steps + 1,)
        Cubic metres per hectare.

    Examples
    --------
    >>> increments("GM-mas-V", 3.0, 2).round(3).tolist()
    [0.0, 0.0, 7.373]
    """
    ages = age_yr + np.arange(steps + 2)
    return np.maximum(np.diff(stock_since_entry(curve, ages)), 0.0)


def mature_years(stands: pd.DataFrame, age_yr: np.ndarray, steps: int) -> np.ndarray:
    """
    Tell in which years stands are mature: by their own age group, or by every threshold.

    Parameters
    ----------
    stands : DataFrame
        With ``age_group``, ``species_group``, ``forest_category`` and ``origin`` where known.
    age_yr : array, shape (rows,)
        Age at the start.
    steps : int
        Years ahead.

    Returns
    -------
    mature : array of bool, shape (steps + 1, rows)
    """
    now = pd.to_numeric(stands.get("age_group", pd.Series(np.nan, index=stands.index)),
                        errors="coerce").ge(MATURE).to_numpy(bool)  # fmt: skip
    names = ["species_group", "forest_category", "origin"]
    kinds = pd.DataFrame({name: stands.get(name) for name in names}, index=stands.index)
    codes = kinds.groupby(names, dropna=False, sort=False).ngroup().to_numpy()
    first = kinds.drop_duplicates()
    from_age = np.full(len(first), np.inf)
    ages = np.arange(1.0, AGE_SOUGHT_MAX_YR + 1.0)
    asked = first.loc[first.index.repeat(len(ages))].assign(stand_age_yr=np.tile(ages, len(first)))
    lowest = possible(asked.reset_index(drop=True))["lowest"].to_numpy(float)
    is_mature = lowest.reshape(len(first), len(ages)) >= MATURE
    found = is_mature.any(axis=1)
    from_age[found] = ages[is_mature.argmax(axis=1)[found]]
    reached = age_yr + np.arange(steps + 1)[:, None] >= from_age[codes]
    return now | reached


def follow(
    forest: Course,
    scenario: Scenario,
    year: int,
    factors: Mapping[tuple[str, bool], float],
    bias: float = 1.0,
) -> Trajectory:
    r"""
    Follow the stock of the forest under a scenario.

    .. math:: V_{t+1} = V_t (1 - m)(1 - d_t) + V_t f g_t (1 + p_t q) + i_t - h_t

    Parameters
    ----------
    forest : Course
        With all new forest of the scenario.
    scenario : Scenario
    year : int
        Year of the inventory.
    factors : mapping
        Key of ``Course.keys`` to what its growth is multiplied by; 1 where there is none.
    bias : float
        Multiplies the stock at the start.

    Returns
    -------
    trajectory : Trajectory

    Notes
    -----
    Mortality *m* is a share of the stock at the start of the year, and the disturbance *d* of
    what it leaves; *d* is the area hit over the area with stock, times the share lost there.
    Growth *g* is raised by the gain *q* on the share *p* of the stands that were treated up to
    the year; the gain lasts. Trees by level curves grow by *i* on the area whose trees are
    left. The harvest *h* is taken last: from mature and overmature stands in proportion to
    their stock, and only when these have none left from the others in proportion to theirs.

    The share of a stand's stock that is cut is the share of its area that is cut. At the end of
    that year the area starts again at age 0 on the level curve of its species, without any
    delay or gain by tending; it is mature by no threshold, and where ``forest`` has no regrown
    rows of its species it stays bare. Mortality, fires and pests take stock within stands: no
    area is freed, and nothing grows back there. More harvest may therefore leave more stock in
    the end where stands stocked less, or grew less, than their curve.
    """
    keys, codes, heirs = forest.keys(), forest.codes(), forest.heirs()
    factor = np.array([factors.get(key, 1.0) for key in keys])[codes]
    by_rate = forest.kind == STAND
    new = [forest.kind == one for one in (YOUNG, PLANTED, REGROWN)]
    treatable_ha = float(forest.area_ha[by_rate & (forest.volume_m3 > 0.0)].sum())
    steps = len(forest.growth) - 1
    stock, flows = np.zeros((steps + 1, len(keys))), np.zeros((steps, len(FLOWS)))
    outside, short = np.zeros(steps + 1), np.zeros(steps)
    volume, left = forest.volume_m3 * np.where(by_rate, bias, 1.0), np.ones(len(codes))
    ground, died = forest.area_ha.copy(), scenario.mortality_pct_yr / 100.0
    left[new[-1]] = 0.0
    for step in range(steps + 1):
        stock[step] = np.bincount(codes, weights=volume, minlength=len(keys))
        total = stock[step].sum()
        outside[step] = volume[forest.outside[step]].sum() / total if total > 0.0 else 0.0
        if step == steps:
            break
        gain = _gain(scenario, year + step + 1, treatable_ha)
        hit = _hit(scenario, year + step + 1, float(ground[volume > 0.0].sum()))
        grown = volume * factor * forest.growth[step]
        entered = forest.increment_m3[step] * factor * left
        standing = volume * ((1.0 - died) * (1.0 - hit)) + grown * (1.0 + gain) + entered
        share = _cut_share(standing, forest.mature[step], scenario.harvest_m3_yr)
        cut = standing * share
        flows[step] = [grown.sum(), gain * grown.sum(), *(entered[one].sum() for one in new),
                       died * total, hit * (1.0 - died) * total, cut.sum()]  # fmt: skip
        short[step] = scenario.harvest_m3_yr - flows[step, -1]
        left *= np.where(volume > 0.0, (1.0 - died) * (1.0 - hit), 1.0) * (1.0 - share)
        freed, volume = ground * share, standing - cut
        ground = ground - freed
        rows, areas = _regrown(forest, heirs, step, freed)
        ground[rows] = left[rows] = areas
    return Trajectory(stock, flows, outside, short)


def _regrown(
    forest: Course, heirs: np.ndarray, step: int, freed_ha: np.ndarray
) -> tuple[slice, np.ndarray]:
    """Return which rows start on the area that harvest freed in a year, and that area (ha)."""
    groups = int(heirs.max(initial=-1)) + 1
    rows = len(heirs) - groups * (len(forest.growth) - 1 - step)
    some = heirs >= 0
    area = np.bincount(heirs[some], weights=freed_ha[some], minlength=groups)
    return slice(rows, rows + groups), area


def _hit(scenario: Scenario, year: int, stocked_ha: float) -> float:
    """Return the share of all stock that fires or pests take in a year."""
    return scenario.disturbance.loss_share(year, stocked_ha) if scenario.disturbance else 0.0


def _gain(scenario: Scenario, year: int, treatable_ha: float) -> float:
    """Return the gain of growth by treatment over all stands, as a share."""
    if scenario.improvement is None or treatable_ha <= 0.0:
        return 0.0
    treated = min(scenario.improvement.treated_ha(year) / treatable_ha, 1.0)
    return treated * scenario.improvement.growth_gain_pct / 100.0


def _cut_share(standing: np.ndarray, mature: np.ndarray, harvest_m3: float) -> np.ndarray:
    """Return which share of every row is cut: of mature ones first, then of the others."""
    share = np.zeros(len(standing))
    for rows in (mature & (standing > 0.0), ~mature & (standing > 0.0)):
        there = float(standing[rows].sum())
        if there > 0.0 and harvest_m3 > 0.0:
            share[rows] = min(harvest_m3 / there, 1.0)
            harvest_m3 -= min(harvest_m3, there)
    return share
