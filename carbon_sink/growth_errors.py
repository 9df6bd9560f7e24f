"""How sure factors of growth are: on their own, and by the bias that two inventories share."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from .simulation import bias_factors, lognormal, stream
from .spreads import WITHIN_95, Errors, sd_of
from .tables import read_data


@dataclass(frozen=True)
class GrowthError:
    """
    A factor of growth and its errors, as half-widths of 95 % intervals in percent of it.

    ``own_pct`` is drawn for each species group, ``common_pct`` once for all.
    """

    factor: float
    own_pct: float
    common_pct: float = 0.0

    @property
    def half_width_pct(self) -> float:
        """
        Return the half-width of both errors together: that of a product of lognormal factors.

        Examples
        --------
        >>> round(GrowthError(0.5, 30.0, 40.0).half_width_pct, 1)
        50.4
        """
        squares = (1.0 + sd_of(self.own_pct) ** 2) * (1.0 + sd_of(self.common_pct) ** 2)
        return 100.0 * WITHIN_95 * float(np.sqrt(squares - 1.0))


def growth_spread_pct() -> float:
    """Return the half-width of growth that nobody calibrated, percent."""
    rows = read_data("uncertainty.csv").set_index("key")
    return float(rows.loc["growth", "value"])


def rate_errors(
    factors: Mapping[str, float],
    factor_se: Mapping[str, float],
    calibration: pd.DataFrame | None,
    bias_sd: float,
    correlation: float,
) -> dict[str, GrowthError]:
    r"""
    Say how sure calibrated factors of growth rates are.

    .. math:: s_m = \frac{V_2\, s \sqrt{2 (1 - \rho)}}{dV / dm}

    Parameters
    ----------
    factors, factor_se : mapping
        Species group to its calibrated factor *m* and the standard error of it over stands.
    calibration : DataFrame, optional
        As ``calibration.calibrate`` returns it.
    bias_sd : float
        Relative standard deviation *s* of the bias that all stock of a date shares.
    correlation : float
        Of that bias between the two dates.

    Returns
    -------
    errors : dict
        Species group to its ``GrowthError``.

    Notes
    -----
    Both inventories may be biased, and what the biases do not share looks like growth of every
    stand of every group: it does not average out over stands, so no jackknife sees it. The
    slope of the modelled stock at the factor is not in the table; it is taken as if all stands
    of a group grew at the one yearly rate that leads from ``volume_before_m3`` to
    ``modelled_m3``. Growth by level curves has no such term: levels come from one date.

    Examples
    --------
    >>> table = pd.DataFrame({"species_group": ["oak"], "year_before": 2020, "year_after": 2025,
    ...     "volume_before_m3": 1000.0, "observed_m3": 1100.0, "modelled_m3": 1000.0 * 1.04**5})
    >>> round(rate_errors({"oak": 0.5}, {"oak": 0.01}, table, 0.05, 0.9)["oak"].common_pct, 1)
    44.5
    """
    common = {} if calibration is None else _sensitivity(calibration, factors)
    apart = 100.0 * WITHIN_95 * bias_sd * np.sqrt(2.0 * (1.0 - correlation))
    return {
        group: GrowthError(factor, 100.0 * WITHIN_95 * factor_se.get(group, 0.0) / factor,
                           float(apart * common.get(group, 0.0)))
        for group, factor in factors.items() if factor > 0.0
    }  # fmt: skip


def _sensitivity(calibration: pd.DataFrame, factors: Mapping[str, float]) -> dict[str, float]:
    """Return how much of itself a factor moves by when the later stock moves by its whole."""
    rows = calibration.set_index("species_group")
    rows = rows[rows.index.isin(list(factors)) & rows["modelled_m3"].gt(rows["volume_before_m3"])]
    before, factor = rows["volume_before_m3"].astype(float), rows.index.map(factors).astype(float)
    span = (rows["year_after"] - rows["year_before"]).astype(float)
    rate = (rows["modelled_m3"].astype(float) / before) ** (1.0 / span) - 1.0
    slope = before * span * rate * (1.0 + factor * rate) ** (span - 1.0)
    return (rows["observed_m3"].astype(float) / slope / factor).to_dict()


def level_errors(levels: pd.DataFrame | None) -> dict[str, GrowthError]:
    """Read the factors of level curves from the table of ``curve_calibration``."""
    if levels is None:
        return {}
    return {
        row.species_group: GrowthError(float(row.factor), float(row.half_width_pct))
        for row in levels.itertuples()
    }


def common_draws(errors: Errors, draws: int, seed: int) -> np.ndarray:
    """
    Draw what the bias of two inventories does to all calibrated growth: one z for all.

    Parameters
    ----------
    errors : Errors
    draws, seed : int

    Returns
    -------
    z : array, shape (draws,)
        Standard normal numbers; 0 where both inventories are biased alike.
    """
    biases = bias_factors(errors, draws, seed)
    sd = errors.bias_sd[-1] * np.sqrt(2.0 * (1.0 - errors.spread.bias_dates_correlation))
    return (biases[-1] - biases[0]) / sd if sd > 0.0 else np.zeros(draws)


def growth_draws(
    group: str, by: str, one: GrowthError, errors: Errors, draws: int, seed: int
) -> np.ndarray:
    """
    Draw the growth of a species group over its value without error.

    Parameters
    ----------
    group : str
        Species group.
    by : {"curve", "rate"}
        What it grows by.
    one : GrowthError
        How sure that is.
    errors : Errors
    draws, seed : int

    Returns
    -------
    factor : array, shape (draws,)
        The same numbers for everything that grows so, whatever else is drawn.
    """
    own = stream(seed, f"growth/{group}/{by}").standard_normal(draws)
    return lognormal(own, one.own_pct) * lognormal(common_draws(errors, draws, seed),
                                                   one.common_pct)  # fmt: skip
