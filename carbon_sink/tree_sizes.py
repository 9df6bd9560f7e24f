"""Planted trees by years since planting: how many live, how thick and high they are, their stem."""

from functools import cache
from typing import NamedTuple

import numpy as np
import pandas as pd

from .growth import level, tree_volume
from .growth_models import growth_models
from .parameters import constant
from .tables import read_data

# curves without a top age have reached their limit by then
LATEST_YR = 100.0
# a diameter that is measured as the least one counts whatever its last digit becomes
ROUNDING_CM = 1e-9
HALVINGS = 60


class Way(NamedTuple):
    """
    How trees go along a curve of size by age.

    Parameters
    ----------
    curve_id : str
        A level curve of diameter or height.
    measured_yr : array
        Years from planting to the measurement; 0 for trees that were not measured.
    age_yr : array
        Age at which the curve has the measured size; 0 for trees that were not measured.
    before, after : array
        What the curve is multiplied by until the measurement and from then on.
    """

    curve_id: str
    measured_yr: np.ndarray
    age_yr: np.ndarray
    before: np.ndarray
    after: np.ndarray

    def size(self, since_yr: np.ndarray) -> np.ndarray:
        """
        Return the size of each tree so many years after planting.

        Parameters
        ----------
        since_yr : array, shape (trees, years) or (years,)
            Whole or broken years after planting, not negative.

        Returns
        -------
        size : array, shape (trees, years)
            Centimetres or metres.
        """
        until, reached, before, after = (one[:, None] for one in self[1:])
        since = np.asarray(since_yr, dtype=float)
        is_early = since < until
        ages = np.where(is_early, since, reached + since - until)
        return size_at(self.curve_id, ages) * np.where(is_early, before, after)


@cache
def tree_equations() -> pd.Series:
    """
    Return the equation of stem volume of every species group that has one.

    References
    ----------
    ``data/tree_volume_groups.csv``; stand-ins of related species are uncertain.

    Examples
    --------
    >>> tree_equations()["cypress"], "bamboo_other" in tree_equations()
    ('VOL04', False)
    """
    return read_data("tree_volume_groups.csv").set_index("species_group")["equation_id"]


def size_at(curve_id, age_yr):  # noqa: ANN001, ANN201
    """
    Diameter (cm) or height (m) at an age, by a level curve that is drawn on to the seedling.

    Parameters
    ----------
    curve_id : str
        A level curve of diameter or height, such as ``"GM-bro-D"``.
    age_yr : float or array
        Years, not negative.

    Returns
    -------
    size : float or array

    Raises
    ------
    ParameterError, TableError
        As for ``growth.level``.

    Notes
    -----
    Below its least age a curve says nothing. There the size grows evenly from 0 to what the
    curve has at that age: a choice of this project. From the top age on nothing grows.

    Examples
    --------
    >>> size_at("GM-mas-D", [0.0, 2.5, 5.0, 10.0]).round(3).tolist()
    [0.0, 2.261, 4.523, 10.338]
    """
    ages = np.asarray(age_yr, dtype=float)
    least = growth_models()[curve_id].age_min_yr
    return level(curve_id, np.maximum(ages, least)) * np.minimum(ages / least, 1.0)


def age_of(curve_id, size):  # noqa: ANN001, ANN201
    """
    Age (yr) at which the curve of ``size_at`` has a size.

    Parameters
    ----------
    curve_id : str
        A level curve of diameter or height.
    size : array
        Centimetres or metres.

    Returns
    -------
    age_yr : array
        The top age for sizes that the curve does not reach.

    Examples
    --------
    >>> age_of("GM-mas-D", np.array([0.0, 2.2613, 10.338, 40.0])).round(2).tolist()
    [0.0, 2.5, 10.0, 70.0]
    """
    wanted, place = np.unique(np.asarray(size, dtype=float), return_inverse=True)
    top = min(growth_models()[curve_id].age_max_yr, LATEST_YR)
    low, high = np.zeros(len(wanted)), np.full(len(wanted), top)
    for _ in range(HALVINGS):
        middle = (low + high) / 2.0
        small = size_at(curve_id, middle) < wanted
        low, high = np.where(small, middle, low), np.where(small, high, middle)
    return high[place]


def way(curve_id: str, measured: np.ndarray, measured_yr: np.ndarray) -> Way:
    """
    Lead trees along a curve through what was measured of them.

    Parameters
    ----------
    curve_id : str
        A level curve of diameter or height.
    measured : array
        Size, cm or m; missing or 0 where it was not measured.
    measured_yr : array
        Years from planting to the measurement.

    Returns
    -------
    way : Way

    Notes
    -----
    A tree that was not measured has the size of the curve at its years since planting. One
    that was measured goes on from the age at which the curve has its size; until then it grew
    in proportion to the curve. Trees larger than the curve ever gets keep their size from the
    measurement on. All this is a choice of this project.

    Examples
    --------
    Masson pine of 10.338 cm after five years is as thick as the curve at 10 years:

    >>> pine = way("GM-mas-D", np.array([10.338]), np.array([5.0]))
    >>> pine.size([0.0, 2.5, 5.0, 15.0]).round(3).tolist()
    [[0.0, 5.169, 10.338, 17.931]]
    """
    known = np.asarray(measured, dtype=float) > 0.0
    wanted, until = np.where(known, measured, 1.0), np.where(known, measured_yr, 0.0)
    age = np.where(known, age_of(curve_id, wanted), 0.0)
    then, there = (size_at(curve_id, np.where(one > 0.0, one, 1.0)) for one in (until, age))
    return Way(curve_id, until, age, wanted / then, np.where(known, wanted / there, 1.0))


def stem_volume(species_group: str, dbh_cm: np.ndarray, height_m: np.ndarray) -> np.ndarray:
    """
    Stem volume (m3) of trees of a species group that has an equation; 0 below the least diameter.

    Parameters
    ----------
    species_group : str
        In the index of ``tree_equations``.
    dbh_cm, height_m : array
        Diameter at breast height, cm, and height, m.

    References
    ----------
    [forestmanager]_ counts volume from a diameter of 5 cm on (``tree_dbh_min_cm``).

    Examples
    --------
    >>> stem_volume("masson_pine", np.array([4.9, 20.0]), np.array([4.0, 15.0])).round(6).tolist()
    [0.0, 0.248141]
    """
    volume = tree_volume(tree_equations()[species_group], dbh_cm, height_m)
    return np.where(is_counted(dbh_cm), volume, 0.0)


def is_counted(dbh_cm: np.ndarray) -> np.ndarray:
    """Tell which trees are thick enough to have a volume that counts."""
    return np.asarray(dbh_cm) >= constant("tree_dbh_min_cm") - ROUNDING_CM


def living_share(
    since_yr: np.ndarray, survival: np.ndarray, survival_3yr: np.ndarray
) -> np.ndarray:
    """
    Share of planted trees that live, by years since planting.

    Parameters
    ----------
    since_yr : array, shape (years,) or (trees, years)
        Years after planting.
    survival : array, shape (trees,)
        Share that lives after one year, 0 to 1; missing where it is not known.
    survival_3yr : array, shape (trees,)
        Share that lives after three years; missing where it is not known.

    Returns
    -------
    share : array, shape (trees, years)
        All live at planting; between the points that are known the share changes evenly, and
        after the last of them it stays. Missing where neither is known.

    Examples
    --------
    >>> living_share(np.arange(5), np.array([0.9]), np.array([0.8])).round(2).tolist()
    [[1.0, 0.9, 0.85, 0.8, 0.8]]
    >>> living_share(np.arange(5), np.array([0.9]), np.array([np.nan])).round(2).tolist()
    [[1.0, 0.9, 0.9, 0.9, 0.9]]
    """
    third = np.where(np.isnan(survival_3yr), survival, survival_3yr)[:, None]
    first = np.where(np.isnan(survival), 1.0 + (survival_3yr - 1.0) / 3.0, survival)[:, None]
    since = np.asarray(since_yr, dtype=float)
    early = 1.0 + (first - 1.0) * np.minimum(since, 1.0)
    return early + (third - first) * np.clip((since - 1.0) / 2.0, 0.0, 1.0)
