"""Draws of what is uncertain: parameters of species, errors of parcels, and the bias they share."""

from dataclasses import dataclass

import numpy as np

from .contributions import KINDS
from .errors import ParameterError, Problem
from .parameters import AREA_GROUPS
from .parcel_sums import BESIDE, FOREST_TREES, TREES, ParcelSums
from .spreads import Errors, sd_of
from .units import carbon_to_co2

PARTS = ("arbor", *AREA_GROUPS)


def stream(seed: int, key: str) -> np.random.Generator:
    """
    Return the random numbers of one source of error.

    Parameters
    ----------
    seed : int
        Seed of the whole simulation.
    key : str
        What the numbers stand for. The same seed and key give the same numbers, whatever else
        is drawn before or elsewhere.

    Examples
    --------
    >>> bool(stream(1, "bef/oak").random() == stream(1, "bef/oak").random())
    True
    """
    return np.random.default_rng(
        np.random.SeedSequence([seed, int.from_bytes(key.encode("utf-8"), "big")])
    )


def lognormal(z: np.ndarray, half_width_pct: float) -> np.ndarray:
    """
    Turn standard normal numbers into lognormal factors whose mean is exactly 1.

    Parameters
    ----------
    z : array
        Standard normal numbers.
    half_width_pct : float
        The relative standard deviation is this over 1.96 and 100.

    Returns
    -------
    factor : array
        Positive factors.

    Examples
    --------
    >>> lognormal(np.zeros(2), 0.0).tolist()
    [1.0, 1.0]
    """
    variance = np.log1p(sd_of(half_width_pct) ** 2)
    return np.exp(np.sqrt(variance) * z - variance / 2.0)


def fraction(random: np.random.Generator, mean: float, half_width_pct: float, draws: int):  # noqa: ANN201
    """
    Draw a fraction from the Beta distribution with a given mean, over that mean.

    Parameters
    ----------
    random : Generator
    mean : float
        Between 0 and 1.
    half_width_pct : float
        The standard deviation is the mean times this over 1.96 and 100.
    draws : int

    Returns
    -------
    factor : array
        Draws over their mean.

    Raises
    ------
    ParameterError
        If no distribution between 0 and 1 is so wide.
    """
    if half_width_pct == 0:
        return np.ones(draws)
    size = (1.0 - mean) / (mean * sd_of(half_width_pct) ** 2) - 1.0
    if not (0.0 < mean < 1.0 and size > 0.0):
        raise ParameterError(
            Problem("uncertainty_fraction", field="carbon_fraction",
                    value=f"{mean:g} ± {half_width_pct:g} %")
        )  # fmt: skip
    return random.beta(mean * size, (1.0 - mean) * size, draws) / mean


def tree_factors(group: str, errors: Errors, draws: int, seed: int) -> np.ndarray:
    """
    Draw carbon per cubic metre of one species group, over its value without error.

    Parameters
    ----------
    group : str
        Species group.
    errors : Errors
    draws, seed : int

    Returns
    -------
    factor : array
        One number per draw, the same for all parcels and dates of the group. The expansion
        factor and the root ratio are tied by a Gaussian copula.
    """
    spread, tied = errors.spread, errors.bef_root_correlation
    density, stem, roots = (
        stream(seed, f"{name}/{group}").standard_normal(draws)
        for name in ("wood_density", "bef", "root_ratio")
    )
    roots = tied * stem + np.sqrt(1.0 - tied**2) * roots
    ratio = errors.root_ratio[group]
    whole = (1.0 + ratio * lognormal(roots, spread.root_ratio_pct)) / (1.0 + ratio)
    density = lognormal(density, spread.wood_density_pct)
    carbon = _carbon_fraction(group, errors, draws, seed)
    return density * lognormal(stem, spread.bef_pct) * whole * carbon


def area_factors(group: str, errors: Errors, draws: int, seed: int) -> np.ndarray:
    """Draw carbon per hectare of bamboo, economic or shrub forest, over its value."""
    biomass = stream(seed, f"area_biomass/{group}").standard_normal(draws)
    carbon = _carbon_fraction(group, errors, draws, seed)
    return lognormal(biomass, errors.spread.area_biomass_pct) * carbon


def _carbon_fraction(group: str, errors: Errors, draws: int, seed: int) -> np.ndarray:
    """Draw the carbon fraction of a group over its value."""
    mean = errors.carbon_fraction[group]
    half_width = errors.spread.carbon_fraction_pct
    return fraction(stream(seed, f"carbon_fraction/{group}"), mean, half_width, draws)


def bias_factors(errors: Errors, draws: int, seed: int) -> np.ndarray:
    """
    Draw the error of stock that all parcels of a date share.

    Parameters
    ----------
    errors : Errors
    draws, seed : int

    Returns
    -------
    factor : array of shape (dates, draws)
        1 plus the error.
    """
    normal = [stream(seed, f"stock_bias/{year}").standard_normal(draws) for year in errors.years]
    alike = errors.alike(errors.spread.bias_dates_correlation)
    return 1.0 + correlated(np.outer(errors.bias_sd, errors.bias_sd) * alike, normal)


def parcel_errors(
    key: tuple[str, str, str],
    squares: tuple[np.ndarray, np.ndarray, np.ndarray],
    errors: Errors,
    draws: int,
    seed: int,
) -> tuple[np.ndarray, np.ndarray]:
    """
    Draw the summed error of many parcels at once.

    Parameters
    ----------
    key : tuple of str
        Town, kind and species group: one row of ``ParcelSums``.
    squares : tuple of arrays of shape (dates, dates)
        Sums over the parcels of volume times volume, area times area, and volume times area.
    errors : Errors
    draws, seed : int

    Returns
    -------
    volume_m3, area_ha : array of shape (dates, draws)
        Errors of the sums.

    Notes
    -----
    The stock of a parcel errs by its stock per hectare and by its area, independently and
    normally. A sum of normal errors is exactly normal, its variance the sum of the variances,
    so one number per draw stands for all parcels. An error large enough to make stock negative
    is eight standard deviations away or more, and is not cut off.
    """
    volumes, areas, products = squares
    stock, area = errors.stock_sd(key[1]) ** 2, sd_of(errors.spread.parcel_area_pct) ** 2
    alike, dates = errors.alike(errors.dates_correlation), len(errors.years)
    covariance = np.block([
        [volumes * alike * (stock + area), products * alike * area],
        [products.T * alike * area, areas * alike * area],
    ])  # fmt: skip
    name = "/".join(key)
    names = [f"{what}/{year}/{name}" for what in ("parcel_stock", "parcel_area")
             for year in errors.years]  # fmt: skip
    normal = [
        stream(seed, one).standard_normal(draws) if variance else np.zeros(draws)
        for one, variance in zip(names, np.diagonal(covariance), strict=True)
    ]
    found = correlated(covariance, normal)
    return found[:dates], found[dates:]


def correlated(covariance: np.ndarray, normal: list[np.ndarray]) -> np.ndarray:
    """
    Turn independent standard normal numbers into numbers with a given covariance.

    Parameters
    ----------
    covariance : array of shape (k, k)
        May be singular: what has no variance of its own follows the others.
    normal : list of k arrays

    Returns
    -------
    numbers : array of shape (k, draws)

    Examples
    --------
    >>> correlated(np.array([[4.0, 4.0], [4.0, 4.0]]), [np.ones(1), np.zeros(1)]).tolist()
    [[2.0], [2.0]]
    """
    size = len(covariance)
    root = np.zeros((size, size))
    found = np.zeros((size, len(normal[0])))
    for j in range(size):
        left = covariance[j, j] - (root[j, :j] ** 2).sum()
        if left > 1e-12 * covariance[j, j]:
            root[j, j] = np.sqrt(left)
            below = covariance[j + 1 :, j] - root[j + 1 :, :j] @ root[j, :j]
            root[j + 1 :, j] = below / root[j, j]
    for j in range(size):
        for i in range(j + 1):
            if root[j, i]:
                found[j] += root[j, i] * normal[i]
    return found


@dataclass(frozen=True, eq=False)
class World:
    """
    What all towns share: sums of parcels, drawn parameters and bias, land areas.

    ``factors`` are draws of carbon per unit by group, ``bias`` has a row per date, ``land_ha``
    an array of dates per town; ``draws`` and ``seed`` rule all random numbers.
    """

    sums: ParcelSums
    errors: Errors
    factors: dict[str, np.ndarray]
    bias: np.ndarray
    land_ha: dict[str, np.ndarray]
    draws: int
    seed: int

    def figures(self, town: str) -> dict[str, np.ndarray]:
        """Draw the figures of a town."""
        return self.derived(self.parts(town), town)

    def parts(self, town: str) -> dict[str, np.ndarray]:
        """Draw what adds up over towns, each an array of dates and draws."""
        sums = self.sums.of_town(town)
        shape = (len(self.errors.years), self.draws)
        found = {name: np.zeros(shape) for name in [*self.names(), "timber_m3", "stocked_ha"]}
        for i, key in enumerate(sums.keys):
            squares = (sums.volume_squares[i], sums.area_squares[i], sums.products[i])
            volume, area = parcel_errors(key, squares, self.errors, self.draws, self.seed)
            volume += sums.volume_m3[i][:, None]
            area += sums.area_ha[i][:, None]
            self._add(found, key, (volume * self.bias, area), sums.carbon_t[i][:, None],
                      (sums.volume_m3[i][:, None], sums.area_ha[i][:, None]))  # fmt: skip
        return found

    def names(self) -> list[str]:
        """Return the indicators that add up over towns and can be computed."""
        lacking = set()
        if not self.sums.volume_m3.any():
            lacking |= {name for name in KINDS if name.endswith("_m3")}
        if not self.sums.carbon_t.any():
            lacking |= {name for name in KINDS if name.endswith("carbon_t")}
        return [name for name in KINDS if name not in lacking and name != "carbon_t"]

    def _add(self, found: dict, key: tuple, drawn: tuple, carbon_t: np.ndarray, known: tuple):  # noqa: ANN202
        """Add the draws of one row of the sums to the figures it counts towards."""
        (volume, area), (volume_m3, area_ha) = drawn, known
        _, kind, group = key
        if kind in TREES and "living_stock_m3" in found:
            found["living_stock_m3"] += volume
            if kind in FOREST_TREES:
                found["forest_stock_m3"] += volume
        if kind == "arbor":
            found["timber_m3"] += volume
            found["stocked_ha"] += area
        for name in ("forest_area_ha", "forest_area_sandiao_ha"):
            if kind in KINDS[name]:
                found[name] += area
        if carbon_t.any():
            amount, size = (volume, volume_m3) if kind in TREES else (area, area_ha)
            per_unit = np.divide(carbon_t, size, out=np.zeros_like(carbon_t), where=size > 0)
            found[f"{kind}_carbon_t"] += per_unit * amount * self.factors[group]

    def derived(self, parts: dict[str, np.ndarray], town: str) -> dict[str, np.ndarray]:
        """Compute every figure of a town or of the whole place from what adds up."""
        found = dict(parts)
        timber, stocked = found.pop("timber_m3"), found.pop("stocked_ha")
        if "forest_stock_m3" in found and stocked.all():
            found["stock_m3_ha"] = timber / stocked
        land = self.land_ha[town][:, None]
        for name in ("forest_area_ha", "forest_area_sandiao_ha"):
            # no land has less forest than none, or more than itself
            found[name] = np.clip(found[name], 0.0, np.where(np.isnan(land), np.inf, land))
        found["forest_coverage_pct"] = found["forest_area_ha"] / land * 100.0
        found["forest_coverage_sandiao_pct"] = found.pop("forest_area_sandiao_ha") / land * 100.0
        if "arbor_carbon_t" in found:
            found["carbon_t"] = sum(found[f"{part}_carbon_t"] for part in PARTS)
            change = np.full_like(found["carbon_t"], np.nan)
            change[1:] = carbon_to_co2(np.diff(found["carbon_t"], axis=0))
            span = np.diff(self.errors.years, prepend=np.nan)[:, None]
            found |= {"removal_co2_t": change, "removal_co2_t_yr": change / span}
            sums = self.sums.of_town(town) if town else self.sums  # none is the whole place
            for kind in BESIDE:
                found[f"{kind}_carbon_t"][sums.of_kind(kind).without_carbon()] = np.nan
        return found
