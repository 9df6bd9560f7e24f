"""Stock and carbon per hectare of plantings by age, for every species group that is planted."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from .carbon import stand_carbon
from .curve_calibration import AGE_CLASS_YR, NONE, OF_CURVE
from .growth import stock_since_entry
from .growth_models import BY_AREA, growth_models
from .parameters import AREA_PARAMETERS, TREE_PARAMETERS, constant, values
from .tables import columns
from .updating import grow_year, states

# why trees of a planting are not known
NO_SPECIES, NO_CURVE, NO_PARAMETERS = "no_species", "no_curve", "no_parameters"
MEANS = ("age_yr", "dbh_cm", "basal_area_m2_ha")
# halvings of the range of a factor, to far below what it is known to
HALVINGS = 40


@dataclass(frozen=True)
class PlantingCurves:
    """
    What a hectare of each species group holds at every age, all trees alive.

    ``groups`` names the rows. ``stock_m3_ha`` (m3/ha), ``above_t_ha`` and ``below_t_ha`` (t C/ha)
    have the shape (groups + 1, ages); they never fall with age, and are missing where the group
    has no curve or no parameters. The last row is that of unknown species, all missing.
    """

    groups: list[str]
    stock_m3_ha: np.ndarray
    above_t_ha: np.ndarray
    below_t_ha: np.ndarray

    def rows(self, species_group: pd.Series) -> np.ndarray:
        """Return the row of each species group; that of unknown species is -1."""
        return pd.Index(self.groups).get_indexer(species_group)


def area_group(species_group: str) -> str:
    """
    Return the kind of forest whose biomass goes by area, empty for trees with stock.

    Examples
    --------
    >>> area_group("bamboo_moso"), area_group("cypress")
    ('bamboo', '')
    """
    kind = species_group.split("_", maxsplit=1)[0]
    return kind if kind in BY_AREA else ""


def planting_curves(
    species_groups: Iterable[str],
    models: pd.DataFrame,
    levels: pd.DataFrame,
    parameters: pd.DataFrame,
    years: int,
    starts: pd.DataFrame | None = None,
) -> PlantingCurves:
    """
    Lay out what a hectare of plantings holds at the ages 0, 1, 2 ...

    Parameters
    ----------
    species_groups : iterable of str
        Species groups that are planted; missing ones are left out.
    models : DataFrame
        As ``growth_models.group_models`` returns them.
    levels : DataFrame
        As ``curve_calibration.calibrate_curves`` returns it.
    parameters : DataFrame
        Cited rows.
    years : int
        How many ages.
    starts : DataFrame, optional
        As ``rate_starts`` returns it, for species without a level curve.

    Returns
    -------
    curves : PlantingCurves

    Notes
    -----
    Trees with a level curve gain what ``growth.stock_since_entry`` tells times the level factor
    of their group, and hold what they reached where a curve falls. A group that the inventory
    does not have takes the factor of all groups that share its curve, and 1 where none of them
    is calibrated. Groups without a level curve have no stock until canopy closure, come linearly
    to the stock of the district's own young stands, and grow on by their rate models as
    ``rate_starts`` brings these to the older stands.

    Bamboo, economic and shrub forest have no stock here: their biomass per area comes linearly
    between planting and canopy closure and stays. Both ramps are a choice of this project; of
    the sum over a period that ends later they move nothing, only the years within it.
    """
    groups = sorted({str(one) for one in species_groups if pd.notna(one) and one})
    ages = np.arange(float(years))
    stock = np.full((len(groups) + 1, years), np.nan)
    above, below = stock.copy(), stock.copy()
    factors, rated = level_factors(groups, models, levels), _by_rates(starts, models, ages)
    for row, group in enumerate(groups):
        if area_group(group):
            stock[row] = 0.0
            above[row], below[row] = _area_carbon(area_group(group), parameters, ages)
            continue
        curve = str(models["curve_volume"].get(group, ""))
        if curve:
            stock[row] = stock_since_entry(curve, ages) * factors[group]
        elif group in rated:
            stock[row] = rated[group]
        stock[row] = np.maximum.accumulate(stock[row])
        above[row], below[row] = _tree_carbon(group, parameters, stock[row])
    return PlantingCurves(groups, stock, above, below)


def _area_carbon(
    kind: str, parameters: pd.DataFrame, ages: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return carbon above and below ground of forest counted by area, t C/ha."""
    whole, above, below, fraction = (
        values(parameters, name).get(kind, np.nan) for name in AREA_PARAMETERS
    )
    carbon = whole * fraction * np.minimum(ages / constant("canopy_closure_yr"), 1.0)
    return carbon * above / (above + below), carbon * below / (above + below)


def _tree_carbon(
    group: str, parameters: pd.DataFrame, stock: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return carbon above and below ground of trees with stock, t C/ha."""
    density, bef, root, fraction = (
        values(parameters, name).get(group, np.nan) for name in TREE_PARAMETERS
    )
    carbon = stand_carbon(stock, density, bef, root, fraction)
    return carbon / (1.0 + root), carbon * root / (1.0 + root)


def level_factors(
    species_groups: Iterable[str], models: pd.DataFrame, levels: pd.DataFrame
) -> dict[str, float]:
    """
    Return what the level curve of each species group is multiplied by.

    Parameters
    ----------
    species_groups : iterable of str
    models, levels : DataFrame
        As for ``planting_curves``.

    Returns
    -------
    factors : dict
        Every group to its factor: its own row of ``levels``; else that of all stands of the
        groups that share its curve; else 1. Groups that nothing calibrates are those of
        ``uncalibrated``.

    Examples
    --------
    >>> from carbon_sink.growth_models import group_models
    >>> levels = pd.DataFrame({"species_group": ["oak", "camphor"], "curve": "GM-bro-V",
    ...     "basis": "own", "observed_m3": [10.0, 20.0], "modelled_m3": [20.0, 30.0],
    ...     "factor": [0.5, 0.667]})
    >>> level_factors(["oak", "nanmu", "cypress"], group_models(), levels)
    {'oak': 0.5, 'nanmu': 0.6, 'cypress': 1.0}
    """
    own = levels.set_index("species_group")["factor"]
    pooled = {}
    for curve, rows in levels[levels["basis"].ne(NONE)].groupby("curve"):
        shared = rows.loc[rows["basis"].eq(OF_CURVE), "factor"]
        sums = rows[["observed_m3", "modelled_m3"]].sum()
        pooled[curve] = shared.iloc[0] if len(shared) else sums.iloc[0] / sums.iloc[1]
    curves = models["curve_volume"]
    return {one: float(own.get(one, pooled.get(curves.get(one, ""), 1.0)))
            for one in species_groups}  # fmt: skip


def uncalibrated(
    species_groups: Iterable[str], models: pd.DataFrame, levels: pd.DataFrame
) -> list[str]:
    """
    Return the species groups whose level curve no stands of the district calibrate.

    Parameters
    ----------
    species_groups, models, levels
        As for ``level_factors``.
    """
    known = {"", *levels.loc[levels["basis"].ne(NONE), "curve"]}
    curves = models["curve_volume"]
    return [one for one in species_groups if curves.get(one, "") not in known]


def rate_starts(stands: pd.DataFrame, models: pd.DataFrame) -> pd.DataFrame:
    r"""
    Find how plantings of species without a level curve start and grow by their rate models.

    .. math:: \sum_i A_i V_0 \prod_{t=a_0}^{a_i} (1 + m P_t) = \sum_i V_i, \quad m \le 1

    Parameters
    ----------
    stands : DataFrame
        Latest inventory, as ``updating.states`` needs it, with ``carbon_part`` and ``area_ha``.
    models : DataFrame
        As ``growth_models.group_models`` returns them.

    Returns
    -------
    starts : DataFrame
        Columns of ``planting_starts`` in ``data/columns.csv``: the mean stand, by area, of the
        youngest ten-year class that has enough stands, and the factor :math:`m` that brings its
        growth to the stock of the older stands.

    Notes
    -----
    A rate model tells how a stand grows, not how it begins. What the district's own young stands
    hold at their age is what its plantings come to. From there on the rates *P* of the mean
    stand grow much more than the district's older stands hold, because rates are gross of
    mortality and thinning and of what sparse stands lack; so they are bent to these stands, as a
    level factor brings a curve to them. Rates are never raised.

    Only stands with stock, age, diameter and basal area are used, between the least age of the
    rate model and ``calibration_age_max_yr``. A species needs ``calibration_stands_min`` of them
    in one class and as many older ones; otherwise it has no row.

    Examples
    --------
    >>> from carbon_sink.growth_models import group_models
    >>> fir = pd.DataFrame({"carbon_part": "arbor", "forest_type": "arbor",
    ...     "species_group": "chinese_fir", "forest_volume_m3": [50.0, 100.0] * 40,
    ...     "area_ha": 2.0, "stand_age_yr": [15.0, 30.0] * 40, "dbh_cm": 10.0,
    ...     "basal_area_m2_ha": 8.0})
    >>> start = rate_starts(fir, group_models()).iloc[0]
    >>> start[["age_yr", "volume_m3_ha", "growth_factor"]].astype(float).round(2).tolist()
    [15.0, 25.0, 0.4]
    """
    rated = models[models["rate_volume"].ne("") & models["curve_volume"].eq("")]["rate_volume"]
    mine = stands[stands["carbon_part"].eq("arbor") & stands["area_ha"].gt(0.0)
                  & stands["species_group"].isin(rated.index)]  # fmt: skip
    state = states(mine, models).assign(area_ha=mine["area_ha"])
    limits = {key: one.age_min_yr for key, one in growth_models().items()}
    least = state["species_group"].map(rated).map(limits).astype(float)
    most, enough = constant("calibration_age_max_yr"), constant("calibration_stands_min")
    state = state[state["reason"].eq("") & state["age_yr"].between(least, most)]
    rows = []
    for group, one in state.groupby("species_group"):
        age_class = one["age_yr"] // AGE_CLASS_YR
        sizes = age_class.value_counts()
        young = age_class.eq(sizes.index[sizes >= enough].min())
        older = age_class.gt(age_class[young].max())
        if older.sum() >= enough:
            mean = _mean_stand(group, one[young])
            factor = _growth_factor(mean, one[older], models)
            rows.append({**mean, "older_stands": int(older.sum()), "growth_factor": factor})
    return pd.DataFrame(rows, columns=list(columns("planting_starts").index))


def _mean_stand(group: str, young: pd.DataFrame) -> dict:
    """Return the mean of stands by their area."""
    area = young["area_ha"]
    means = {name: float(np.average(young[name], weights=area)) for name in MEANS}
    return {"species_group": group, "stands": len(young), "area_ha": float(area.sum()), **means,
            "volume_m3_ha": float(young["volume_m3"].sum() / area.sum())}  # fmt: skip


def _growth_factor(start: dict, older: pd.DataFrame, models: pd.DataFrame) -> float:
    """Return what the growth from a start is multiplied by to come to older stands."""
    rates = _rates(start, models, int(older["age_yr"].max() - start["age_yr"]) + 2)
    observed = older["volume_m3"].sum()

    def modelled(factor: float) -> float:
        ages, stock = _from_start(start, factor * rates)
        return float((np.interp(older["age_yr"], ages, stock) * older["area_ha"]).sum())

    low, high = 0.0, 1.0
    if modelled(high) <= observed:
        return high
    for _ in range(HALVINGS):
        middle = (low + high) / 2.0
        low, high = (middle, high) if modelled(middle) < observed else (low, middle)
    return (low + high) / 2.0


def _rates(start: Mapping, models: pd.DataFrame, years: int) -> np.ndarray:
    """Return the yearly growth of the stock of a stand by its rate models, as a share."""
    stand = {"forest_type": "arbor", "species_group": start["species_group"],
             "forest_volume_m3": 1.0, "stand_age_yr": start["age_yr"],
             "dbh_cm": start["dbh_cm"], "basal_area_m2_ha": start["basal_area_m2_ha"]}  # fmt: skip
    state, found = states(pd.DataFrame([stand]), models), []
    for _ in range(years):
        later = grow_year(state)
        found.append(later["volume_m3"].item() / state["volume_m3"].item() - 1.0)
        state = later
    return np.array(found)


def _from_start(start: Mapping, growth: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return ages and stock (m3/ha) of a stand from its start on."""
    stock = start["volume_m3_ha"] * np.cumprod(np.concatenate([[1.0], 1.0 + growth]))
    return start["age_yr"] + np.arange(len(stock)), stock


def _by_rates(
    starts: pd.DataFrame | None, models: pd.DataFrame, ages: np.ndarray
) -> dict[str, np.ndarray]:
    """Return the stock by age of species that grow by rates from a start, m3/ha."""
    found = {}
    for start in [] if starts is None else starts.to_dict("records"):
        growth = start["growth_factor"] * _rates(start, models, len(ages))
        known, stock = _from_start(start, growth)
        known, stock = [constant("canopy_closure_yr"), *known], [0.0, *stock]
        found[start["species_group"]] = np.interp(ages, known, stock)
    return found


def why_missing(
    species_group: pd.Series,
    models: pd.DataFrame,
    parameters: pd.DataFrame,
    starts: pd.DataFrame | None = None,
) -> pd.Series:
    """
    Tell why the trees of plantings are not known.

    Parameters
    ----------
    species_group : Series
        Species group of each planting.
    models, parameters, starts
        As for ``planting_curves``.

    Returns
    -------
    reason : Series
        ``no_species``, ``no_curve``, ``no_parameters``, or empty where they are known.

    Examples
    --------
    >>> from carbon_sink.growth_models import group_models
    >>> from carbon_sink.parameters import load_parameters
    >>> planted = pd.Series(["cypress", "chinese_fir", "shrub", None, "other_conifer"])
    >>> why_missing(planted, group_models(), load_parameters("ar_cm_001")).tolist()
    ['', 'no_curve', '', 'no_species', 'no_parameters']
    """
    started = set() if starts is None else set(starts["species_group"])
    known = {name: set(values(parameters, name).index)
             for name in (*TREE_PARAMETERS, *AREA_PARAMETERS)}  # fmt: skip
    reasons = {}
    for group in species_group.dropna().unique():
        kind = area_group(group)
        needed = AREA_PARAMETERS if kind else TREE_PARAMETERS
        has_curve = kind or models["curve_volume"].get(group, "") or group in started
        has_all = all((kind or group) in known[name] for name in needed)
        reasons[group] = NO_CURVE if not has_curve else "" if has_all else NO_PARAMETERS
    empty = species_group.isna() | species_group.eq("")
    return species_group.map(reasons).where(~empty, NO_SPECIES).astype(object)
