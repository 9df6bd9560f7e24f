"""Which source of error makes how much of an uncertainty: what to measure next."""

import numpy as np
import pandas as pd

from .parameters import AREA_GROUPS
from .parcel_sums import BESIDE, FOREST_TREES, TREES, ParcelSums
from .spreads import Errors, sd_of
from .units import carbon_to_co2

# what each indicator sums: the kinds of trees or land
KINDS = {
    "forest_stock_m3": FOREST_TREES,
    "living_stock_m3": TREES,
    "arbor_carbon_t": ("arbor",),
    **{f"{kind}_carbon_t": (kind,) for kind in (*AREA_GROUPS, *BESIDE)},
    "carbon_t": ("arbor", *AREA_GROUPS),
    "forest_area_ha": ("forest",),
    "forest_area_sandiao_ha": ("land_survey",),
}


def contributions(
    sums: ParcelSums, indicator: str, weights: np.ndarray, errors: Errors
) -> pd.DataFrame:
    """
    Return the variance that each source of error alone gives to an indicator.

    Parameters
    ----------
    sums : ParcelSums
        Of one town or of the whole place.
    indicator : str
        A key of ``KINDS``.
    weights : array of shape (dates,)
        How the indicator is made of the dates: (0, 1) is the value at the second, (-1, 1) the
        change, (-0.2, 0.2) the change per year over five years.
    errors : Errors

    Returns
    -------
    rows : DataFrame
        ``error_source``, ``species_group`` (the species group or kind it acts on, empty for
        all of them) and ``variance`` in the square of the indicator's unit.

    Notes
    -----
    The variance with all other sources at their means. Indicators are sums of products of
    independent factors, so it is exact, and their sum is the propagation of errors of the IPCC
    (approach 1); what it lacks to the variance of the draws are interactions. A correlation of
    expansion factor and root ratio has a row of its own, which may be negative.

    References
    ----------
    [ipcc_2006_v1]_ equations 3.1 and 3.2.
    """
    rows = _rows(sums, indicator, weights, errors)
    return pd.DataFrame(rows, columns=["error_source", "species_group", "variance"])


def _rows(
    sums: ParcelSums, indicator: str, weights: np.ndarray, errors: Errors
) -> list[tuple[str, str, float]]:
    """Return source, what it acts on, and variance."""
    picked = sums.of_kind(*KINDS[indicator]).over_towns()
    rows: list[tuple[str, str, float]] = []
    shared = np.zeros(len(errors.years))
    for i, (_, kind, group) in enumerate(picked.keys):
        amount = _amount(picked, i, indicator)
        name = group if kind in ("arbor", *AREA_GROUPS) else kind
        if indicator.endswith("_carbon_t") or indicator == "carbon_t":
            rows += _parameter_rows(group, kind, float(weights @ amount), errors)
        rows += _parcel_rows(picked, i, (name, weights * amount), errors)
        shared += weights * amount * (kind in TREES)
    if shared.any():
        bias = shared * errors.bias_sd
        alike = errors.alike(errors.spread.bias_dates_correlation)
        rows.append(("stock_bias", "", float(bias @ alike @ bias)))
    return rows


def _amount(sums: ParcelSums, row: int, indicator: str) -> np.ndarray:
    """Return what one row of the sums adds to an indicator at each date."""
    if indicator.endswith("_m3"):
        return sums.volume_m3[row]
    return sums.area_ha[row] if indicator.endswith("_ha") else sums.carbon_t[row]


def _parameter_rows(group: str, kind: str, carbon_t: float, errors: Errors) -> list[tuple]:
    """Return the variances that the parameters of one group give."""
    if not carbon_t:
        return []
    spread = errors.spread
    sd = {"carbon_fraction": sd_of(spread.carbon_fraction_pct)}
    if kind in AREA_GROUPS:
        sd["area_biomass"] = sd_of(spread.area_biomass_pct)
        return [(name, group, (carbon_t * one) ** 2) for name, one in sd.items()]
    ratio = errors.root_ratio[group]
    below = ratio / (1.0 + ratio)
    stem, roots = sd_of(spread.bef_pct), sd_of(spread.root_ratio_pct)
    sd |= {"wood_density": sd_of(spread.wood_density_pct), "bef": stem, "root_ratio": roots * below}
    rows = [(name, group, (carbon_t * one) ** 2) for name, one in sd.items()]
    if errors.bef_root_correlation:
        logs = np.sqrt(np.log1p(stem**2) * np.log1p(roots**2))
        tied = float(np.expm1(errors.bef_root_correlation * logs))
        rows.append(("bef_root_correlation", group, 2.0 * carbon_t**2 * below * tied))
    return rows


def _parcel_rows(
    sums: ParcelSums, row: int, share: tuple[str, np.ndarray], errors: Errors
) -> list[tuple]:
    """Return the variances that the errors of the parcels of one row give."""
    name, amount = share
    kind = sums.keys[row][1]
    by_stock = kind in TREES
    size = sums.volume_m3[row] if by_stock else sums.area_ha[row]
    squares = sums.volume_squares[row] if by_stock else sums.area_squares[row]
    per_unit = np.divide(amount, size, out=np.zeros_like(size), where=size > 0)
    unit = float(per_unit @ (squares * errors.alike(errors.dates_correlation)) @ per_unit)
    rows = [("parcel_area", name, unit * sd_of(errors.spread.parcel_area_pct) ** 2)]
    if by_stock:
        rows.insert(0, ("parcel_stock", name, unit * errors.stock_sd(kind) ** 2))
    return rows


def stock_per_ha_variance(sums: ParcelSums, date: int, errors: Errors) -> float:
    """
    Return the relative variance of stock per hectare of arbor forest, to first order.

    Parameters
    ----------
    sums : ParcelSums
        Of one town or of the whole place.
    date : int
        Position of the date.
    errors : Errors

    Returns
    -------
    variance : float
        1; the area of a parcel errs in its stock and in its hectares alike and mostly cancels.
    """
    trees = sums.of_kind("arbor")
    volume, area = trees.volume_m3[:, date].sum(), trees.area_ha[:, date].sum()
    of_volume = trees.volume_squares[:, date, date].sum() / volume**2
    of_area = trees.area_squares[:, date, date].sum() / area**2
    both = trees.products[:, date, date].sum() / (volume * area)
    drawn = sd_of(errors.spread.parcel_area_pct) ** 2 * (of_volume + of_area - 2.0 * both)
    stock = errors.stock_sd("arbor") ** 2 * of_volume
    return float(stock + drawn + errors.bias_sd[date] ** 2)


def variance(
    sums: ParcelSums, indicator: str, date: int, errors: Errors, land_ha: np.ndarray
) -> float:
    """
    Return the variance of one figure by propagation of errors.

    Parameters
    ----------
    sums : ParcelSums
        Of one town or of the whole place.
    indicator : str
        A key of ``KINDS``, or what is derived of them: coverage, removal, stock per hectare.
    date : int
        Position of the date.
    errors : Errors
    land_ha : array of shape (dates,)
        Land area, the denominator of the coverage.

    Returns
    -------
    variance : float
        In the square of the unit of the indicator.
    """
    if indicator == "stock_m3_ha":
        trees = sums.of_kind("arbor")
        value = trees.volume_m3[:, date].sum() / trees.area_ha[:, date].sum()
        return stock_per_ha_variance(sums, date, errors) * float(value) ** 2
    base, weights = as_sum(indicator, date, errors.years)
    if indicator.endswith("_pct"):
        weights = weights * 100.0 / land_ha[date]
    return sum(one for _, _, one in _rows(sums, base, weights, errors))


def as_sum(indicator: str, date: int, years: tuple[int, ...]) -> tuple[str, np.ndarray]:
    """
    Return the sum that a figure is made of, and the weights of its dates.

    Examples
    --------
    >>> base, weights = as_sum("removal_co2_t_yr", 1, (2020, 2025))
    >>> base, weights.round(3).tolist()
    ('carbon_t', [-0.733, 0.733])
    """
    weights = np.zeros(len(years))
    weights[date] = 1.0
    base = indicator.replace("coverage", "area").replace("_pct", "_ha")
    if indicator.startswith("removal_"):
        weights[date - 1] = -1.0
        base, weights = "carbon_t", carbon_to_co2(weights)
        if indicator.endswith("_yr"):
            weights = weights / (years[date] - years[date - 1])
    return base, weights
