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
    to the stock at which the district's own stands start, and grow on by their rate models.

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
    known = levels[levels["basis"].ne(NONE)]
    curves = models["curve_volume"]
    return [one for one in species_groups if curves.get(one, "")
            and one not in set(known["species_group"])
            and curves[one] not in set(known["curve"])]  # fmt: skip


def rate_starts(
    stands: pd.DataFrame, models: pd.DataFrame, factors: Mapping[str, float] | None = None
) -> pd.DataFrame:
    """
    Find where plantings of species without a level curve start to grow by their rate models.

    Parameters
    ----------
    stands : DataFrame
        Latest inventory, as ``updating.states`` needs it, with ``carbon_part`` and ``area_ha``.
    models : DataFrame
        As ``growth_models.group_models`` returns them.
    factors : mapping, optional
        Species group to the calibrated multiplier of its volume growth; 1 where there is none.

    Returns
    -------
    starts : DataFrame
        Columns of ``planting_starts`` in ``data/columns.csv``: the mean stand, by area, of the
        youngest ten-year class with ``calibration_stands_min`` stands that have stock, age,
        diameter and basal area. Species without such a class have no row.

    Notes
    -----
    A rate model tells how a stand grows, not how it begins. What the district's own stands hold
    at that age is what its plantings come to, so it takes the place of the level factor. Only
    ages between the least age of the rate model and ``calibration_age_max_yr`` are used.

    Examples
    --------
    >>> from carbon_sink.growth_models import group_models
    >>> fir = pd.DataFrame({"carbon_part": "arbor", "forest_type": "arbor",
    ...     "species_group": "chinese_fir", "forest_volume_m3": 50.0, "area_ha": 2.0,
    ...     "stand_age_yr": [14.0, 16.0] * 20, "dbh_cm": 10.0, "basal_area_m2_ha": 8.0})
    >>> rate_starts(fir, group_models())[["species_group", "age_yr", "volume_m3_ha"]].to_numpy()
    array([['chinese_fir', 15.0, 25.0]], dtype=object)
    """
    rated = models[models["rate_volume"].ne("") & models["curve_volume"].eq("")]["rate_volume"]
    mine = stands[stands["carbon_part"].eq("arbor") & stands["area_ha"].gt(0.0)
                  & stands["species_group"].isin(rated.index)]  # fmt: skip
    state = states(mine, models).assign(area_ha=mine["area_ha"])
    least = (
        state["species_group"]
        .map(rated)
        .map({key: one.age_min_yr for key, one in growth_models().items()})
    )
    most = constant("calibration_age_max_yr")
    state = state[state["reason"].eq("") & state["age_yr"].between(least.astype(float), most)]
    enough, rows = constant("calibration_stands_min"), []
    for (group, _), one in state.groupby(["species_group", state["age_yr"] // AGE_CLASS_YR]):
        if len(one) < enough or any(row["species_group"] == group for row in rows):
            continue
        area = one["area_ha"]
        means = {name: float(np.average(one[name], weights=area)) for name in MEANS}
        rows.append({"species_group": group, "stands": len(one), "area_ha": float(area.sum()),
                     **means, "volume_m3_ha": float(one["volume_m3"].sum() / area.sum()),
                     "growth_factor": float((factors or {}).get(group, 1.0))})  # fmt: skip
    return pd.DataFrame(rows, columns=list(columns("planting_starts").index))


def _by_rates(
    starts: pd.DataFrame | None, models: pd.DataFrame, ages: np.ndarray
) -> dict[str, np.ndarray]:
    """Return the stock by age of species that grow by rates from a start, m3/ha."""
    if starts is None or starts.empty:
        return {}
    starts = starts.reset_index(drop=True)
    names = {"age_yr": "stand_age_yr", "volume_m3_ha": "forest_volume_m3"}
    state = states(starts.rename(columns=names).assign(forest_type="arbor"), models)
    volumes = [state["volume_m3"].to_numpy(float)]
    for _ in ages:
        state = grow_year(state, starts["growth_factor"])
        volumes.append(state["volume_m3"].to_numpy(float))
    closure, found = constant("canopy_closure_yr"), {}
    for row, start in enumerate(starts.itertuples()):
        known = [closure, *(start.age_yr + np.arange(len(volumes)))]
        stock = [0.0, *(one[row] for one in volumes)]
        found[start.species_group] = np.interp(ages, known, stock)
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
