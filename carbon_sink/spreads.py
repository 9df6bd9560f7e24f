"""How far every source of error reaches, and how errors of two dates hang together."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from .parameters import values
from .tables import read_data

# a normal distribution has 95 % of its mass within so many standard deviations
WITHIN_95 = 1.959963984540054
RESERVE = "127"
COMMERCIAL = ("23", "24", "25")
# kinds of forest whose total stock is known to a precision of its own
# trees that are counted tree by tree
OWN_SPREAD = ("scattered", "four_side")
CATEGORIES = ("commercial", "public_welfare", "reserve")


@dataclass(frozen=True)
class Spread:
    """
    How far each source of error reaches: half-widths of its 95 % interval, percent.

    ``stock_bias_pct`` is an error of the total stock that all parcels share, by category of
    forest; ``bias_dates_correlation`` is how much of it two dates have in common, from -1 to 1.
    """

    wood_density_pct: float
    bef_pct: float
    root_ratio_pct: float
    carbon_fraction_pct: float
    area_biomass_pct: float
    parcel_stock_pct: float
    parcel_scattered_pct: float
    parcel_area_pct: float
    stock_bias_pct: dict[str, float]
    bias_dates_correlation: float


def default_spread(
    survey_grade: str = "B",
    stock_bias_pct: float | None = None,
    bias_dates_correlation: float | None = None,
) -> Spread:
    """
    Return the spreads of ``data/uncertainty.csv``.

    Parameters
    ----------
    survey_grade : {"A", "B", "C"}
        Grade of the survey, which rules the tolerance of the stock of a parcel.
    stock_bias_pct : float, optional
        Half-width of the 95 % interval of the total stock as check plots found it, percent;
        without it the precision that the standard demands is taken.
    bias_dates_correlation : float, optional
        Correlation of that bias between two dates.

    Returns
    -------
    spread : Spread

    References
    ----------
    [gbt_26424_2010]_ tolerances of parcels and precision of the total stock.

    Examples
    --------
    >>> default_spread("A").parcel_stock_pct, default_spread().stock_bias_pct["commercial"]
    (15.0, 10.0)
    >>> default_spread(stock_bias_pct=6).stock_bias_pct["reserve"]
    6.0
    """
    rows = read_data("uncertainty.csv").set_index(["key", "applies_to"])["value"].astype(float)
    own = None if stock_bias_pct is None else float(stock_bias_pct)
    correlation = bias_dates_correlation
    if correlation is None:
        correlation = float(rows["stock_bias_dates_correlation", ""])
    single = ("wood_density", "bef", "root_ratio", "carbon_fraction", "area_biomass",
              "parcel_scattered", "parcel_area")  # fmt: skip
    return Spread(
        **{f"{key}_pct": float(rows[key, ""]) for key in single},
        parcel_stock_pct=float(rows["parcel_stock", survey_grade]),
        stock_bias_pct={
            one: float(rows["stock_bias", one]) if own is None else own for one in CATEGORIES
        },
        bias_dates_correlation=correlation,
    )


@dataclass(frozen=True)
class Errors:
    """
    Everything that rules the errors of one simulation.

    Parameters
    ----------
    spread : Spread
        How far each source of error reaches.
    parameters : DataFrame
        Cited rows as ``parameters.load_parameters`` returns them: the means.
    years : tuple of int
        Dates of the inventories, ascending.
    bias_sd : array of shape (dates,)
        As ``bias_sd`` returns it.
    bef_root_correlation : float
        Of the logarithms of the expansion factor and the root ratio of a species.
    dates_correlation : float
        Of the errors of one parcel at two dates.
    """

    spread: Spread
    parameters: pd.DataFrame
    years: tuple[int, ...]
    bias_sd: np.ndarray
    bef_root_correlation: float = 0.0
    dates_correlation: float = 0.0

    @cached_property
    def root_ratio(self) -> dict[str, float]:
        """Return the mean root ratio of every species group."""
        return values(self.parameters, "root_shoot_ratio").to_dict()

    @cached_property
    def carbon_fraction(self) -> dict[str, float]:
        """Return the mean carbon fraction of every group."""
        return values(self.parameters, "carbon_fraction").to_dict()

    def alike(self, correlation: float) -> np.ndarray:
        """Return the matrix of correlation of the dates."""
        dates = len(self.years)
        return np.full((dates, dates), correlation) + (1.0 - correlation) * np.eye(dates)

    def stock_sd(self, kind: str) -> float:
        """Return the relative standard deviation of the stock per hectare of a parcel."""
        pct = self.spread.parcel_stock_pct
        return sd_of(self.spread.parcel_scattered_pct if kind in OWN_SPREAD else pct)


def sd_of(half_width_pct: float) -> float:
    """
    Return the relative standard deviation that a half-width in percent stands for.

    Examples
    --------
    >>> round(sd_of(19.6), 4)
    0.1
    """
    return half_width_pct / 100.0 / WITHIN_95


def bias_sd(stands: dict[int, pd.DataFrame], spread: Spread) -> np.ndarray:
    """
    Return the relative standard deviation of the bias of stock at each date.

    Parameters
    ----------
    stands : dict
        Year to stands; ``forest_category`` tells commercial forest, forest of public welfare
        and reserves apart. Forest without a category counts as of public welfare.
    spread : Spread

    Returns
    -------
    sd : array of shape (dates,)
        The bias of each category weighted by its stock.
    """
    found = []
    for _, one in sorted(stands.items()):
        stock = one.get("forest_stock_m3", pd.Series(0.0, index=one.index))
        total, bias = float(stock.sum()), spread.stock_bias_pct
        code = one.get("forest_category", pd.Series("", index=one.index)).fillna("").astype(str)
        kinds = {"commercial": code.str[:2].isin(COMMERCIAL), "reserve": code.eq(RESERVE)}
        half = bias["public_welfare"]
        for kind, rows in kinds.items() if total > 0 else ():
            share = float(np.sort(stock[rows].to_numpy()).sum()) / total
            half += share * (bias[kind] - bias["public_welfare"])
        found.append(sd_of(half))
    return np.array(found)
