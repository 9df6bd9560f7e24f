"""Areas from a map and a reference sample: corrected for the map's errors, with their intervals."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
import pandas as pd

from .errors import Problem, TableError, first_rows
from .summary import largest_remainder

# a variance within a stratum needs two sample units
FEWEST = 2

Areas = pd.Series | Mapping | Sequence[float] | np.ndarray


@dataclass(frozen=True)
class AccuracyAssessment:
    """
    What a reference sample says of a map: areas corrected for its errors, and its accuracy.

    Parameters
    ----------
    classes : DataFrame
        Indexed by class: ``mapped_area_ha`` (area on the map; missing where a stratum holds
        several map classes), ``area_ha`` (estimated from the sample), ``se_ha`` (its standard
        error) and ``ci_ha`` (half the width of its interval); ``users_accuracy`` and
        ``producers_accuracy`` (0 to 1), each with ``_se`` and ``_ci``. The accuracy of a class
        that the map or the reference never has is missing.
    overall_accuracy, overall_accuracy_se, overall_accuracy_ci : float
        Share of the area that the map has right (0 to 1), its standard error, and half the
        width of its interval.
    shares : DataFrame
        The error matrix as shares of the total area: rows map classes, columns reference.
    samples : int
        Number of sample units.
    confidence : float
        Confidence of every interval; by the normal distribution, 1.96 standard errors for 0.95.
    """

    classes: pd.DataFrame
    overall_accuracy: float
    overall_accuracy_se: float
    overall_accuracy_ci: float
    shares: pd.DataFrame
    samples: int
    confidence: float


def error_matrix(samples: pd.DataFrame) -> pd.DataFrame:
    """
    Count the sample units by what the map and what the reference says.

    Parameters
    ----------
    samples : DataFrame
        One row per sample unit with ``map_class`` and ``reference_class``, and ``stratum``
        where the sample was drawn by other strata than the map classes.

    Returns
    -------
    counts : DataFrame
        Rows map classes, or pairs of stratum and map class; columns reference classes.

    Raises
    ------
    TableError
        If a class or a stratum is missing.

    Examples
    --------
    >>> points = pd.DataFrame({"map_class": ["tree", "tree", "other"],
    ...                        "reference_class": ["tree", "other", "other"]})
    >>> error_matrix(points).loc["tree"].to_dict()
    {'other': 1, 'tree': 1}
    """
    keys = [name for name in ("stratum", "map_class") if name in samples]
    missing = samples[[*keys, "reference_class"]].isna()
    problems = [
        Problem("value_missing", field=name, count=int(empty.sum()),
                rows=first_rows(samples.index[empty]))
        for name, empty in missing.items()
        if empty.any()
    ]  # fmt: skip
    if problems:
        raise TableError(problems)
    return pd.crosstab([samples[name] for name in keys], samples["reference_class"])


def adjusted_area(
    error_matrix: pd.DataFrame | Sequence | np.ndarray,
    mapped_area_ha: Areas,
    confidence: float = 0.95,
) -> AccuracyAssessment:
    """
    Estimate the area of every class from a stratified random reference sample.

    Parameters
    ----------
    error_matrix : DataFrame or array, shape (strata, reference classes)
        Counts of sample units; rows are the strata of the map, columns what the reference
        says. A DataFrame is read by its labels: a stratum is the map class of the same name,
        and a map class that is no column is never right. Where strata are not map classes, as
        a buffer around change, rows are labelled by pairs (stratum, map class). Without labels
        the matrix is square, and columns follow the order of the rows.
    mapped_area_ha : Series, dict or sequence
        Area of each stratum on the map, ha; by label, or in the order of the strata.
    confidence : float
        Confidence of the intervals.

    Returns
    -------
    assessment : AccuracyAssessment

    Raises
    ------
    TableError
        If counts are not whole numbers or negative, sizes or labels do not match, the total
        area is zero, a stratum has area and fewer than two sample units, or sample units and
        no area. Every stratum concerned is named.
    ValueError
        If the confidence is not between 0 and 1.

    Notes
    -----
    With strata that are the map classes these are equations 4 to 11 of Olofsson et al. (2014);
    in general they are the ratio estimators of Stehman (2014) without the finite-population
    correction, which is negligible for maps. Areas are summed as they come, never rescaled.
    A class that no reference unit has is estimated at zero with a standard error of zero:
    the sample is then too small to tell.

    References
    ----------
    [olofsson_2013]_, [olofsson_2014]_, [stehman_2014]_.

    Examples
    --------
    >>> counts = [[66, 0, 5, 4], [0, 55, 8, 12], [1, 0, 153, 11], [2, 1, 9, 313]]
    >>> found = adjusted_area(counts, [18_000, 13_500, 288_000, 580_500])
    >>> found.classes.loc[0, ["area_ha", "ci_ha"]].round().tolist()
    [21158.0, 6158.0]
    >>> round(found.overall_accuracy, 4)
    0.9465
    """
    if not 0.0 < confidence < 1.0:
        msg = f"confidence is {confidence}, it must lie between 0 and 1"
        raise ValueError(msg)
    counts, sizes = _labelled(error_matrix, mapped_area_ha)
    sizes, cells, names = _cells(counts, sizes)
    areas = sizes.to_numpy()
    units = cells.sum(axis=(1, 2))
    shares = cells / units[:, None, None]
    agreed = np.einsum("hkk->hk", shares)
    on_map, in_reference = shares.sum(axis=2), shares.sum(axis=1)
    area, area_se = _total(areas, units, in_reference)
    right, right_se = _total(areas, units, agreed.sum(axis=1, keepdims=True))
    users, users_se = _ratio(areas, units, agreed, on_map)
    producers, producers_se = _ratio(areas, units, agreed, in_reference)
    z = NormalDist().inv_cdf(0.5 + confidence / 2.0)
    total = areas.sum()
    index = pd.Index(names, name="class")
    table = {
        "mapped_area_ha": _mapped(counts.index, sizes, names),
        "area_ha": area, "se_ha": area_se, "ci_ha": z * area_se,
        "users_accuracy": users, "users_accuracy_se": users_se,
        "users_accuracy_ci": z * users_se,
        "producers_accuracy": producers, "producers_accuracy_se": producers_se,
        "producers_accuracy_ci": z * producers_se,
    }  # fmt: skip
    return AccuracyAssessment(
        classes=pd.DataFrame(table, index=index),
        overall_accuracy=float(right[0] / total),
        overall_accuracy_se=float(right_se[0] / total),
        overall_accuracy_ci=float(z * right_se[0] / total),
        shares=pd.DataFrame(np.tensordot(areas, shares, 1) / total, index, names),
        samples=int(units.sum()),
        confidence=confidence,
    )


def sample_size(mapped_area_ha: Areas, users_accuracy: Areas, standard_error: float) -> int:
    """
    Tell how many sample units give the overall accuracy a wanted standard error.

    Parameters
    ----------
    mapped_area_ha : Series, dict or sequence
        Area of each stratum, ha; shares of the area do as well.
    users_accuracy : Series, dict or sequence
        Users' accuracy expected of each stratum (0 to 1), by label or in the same order.
    standard_error : float
        Standard error wanted of the overall accuracy (0 to 1).

    Returns
    -------
    units : int
        Sample units of all strata together, rounded up.

    Raises
    ------
    TableError
        If an area is negative or all are zero, an accuracy or the standard error is not
        between 0 and 1, or strata do not match.

    References
    ----------
    [olofsson_2014]_ equation 13, with the number of pixels taken for infinite.

    Examples
    --------
    >>> sample_size([0.02, 0.015, 0.32, 0.645], [0.7, 0.6, 0.9, 0.95], 0.01)
    641
    """
    areas, expected = _series(mapped_area_ha), _series(users_accuracy)
    problems = _area_problems(areas)
    if set(areas.index) != set(expected.index):
        problems.append(Problem("accuracy_sizes", value=str(len(expected)), rule=str(len(areas))))
    wrong = [one for one in expected.unique() if not 0.0 <= one <= 1.0]
    wrong += [standard_error] if not 0.0 < standard_error < 1.0 else []
    if wrong:
        value = ", ".join(f"{one:g}" for one in wrong)
        problems.append(Problem("accuracy_expected", value=value))
    if problems:
        raise TableError(problems)
    spread = np.sqrt(expected * (1.0 - expected)).reindex(areas.index)
    units = ((areas / areas.sum() * spread).sum() / standard_error) ** 2
    return math.ceil(round(units, 9))


def allocation(total: int, mapped_area_ha: Areas, minimum: int = FEWEST) -> pd.Series:
    """
    Share the units of a sample among strata: by area, and no stratum under a minimum.

    Parameters
    ----------
    total : int
        Sample units in all.
    mapped_area_ha : Series, dict or sequence
        Area of each stratum, ha; shares of the area do as well. One without area gets none.
    minimum : int
        Sample units a stratum gets at least. Strata that are too rare to reach it by area get
        just this number, and the others share the rest by area. Olofsson et al. advise 50 to
        100 where rare classes, such as change, matter. With ``total // strata`` all strata get
        the same.

    Returns
    -------
    units : Series of int
        Sample units by stratum; they add up to the total.

    Raises
    ------
    TableError
        If an area is negative or all are zero, or the total is less than the minimum of all.

    References
    ----------
    [olofsson_2014]_ section 5.1.2; shares are made whole by the largest remainder.

    Examples
    --------
    >>> allocation(640, [0.02, 0.015, 0.32, 0.645], minimum=75).tolist()
    [75, 75, 162, 328]
    """
    areas = _series(mapped_area_ha)
    problems = _area_problems(areas)
    mapped = areas[areas.gt(0.0)]
    least = minimum * len(mapped)
    if total < least:
        problems.append(Problem("allocation_too_small", value=str(total), rule=str(least)))
    if problems:
        raise TableError(problems)
    free, rest = mapped, total
    while True:
        common = free / free.sum() * rest >= minimum - 1e-9
        if common.all():
            break
        free, rest = free[common], rest - minimum * int((~common).sum())
    units = pd.Series(minimum, mapped.index)
    units[free.index] = largest_remainder(rest, free).astype(int)
    return units.reindex(areas.index, fill_value=0).rename("samples")


def _series(values: Areas) -> pd.Series:
    """Return numbers as a Series; those without labels are counted from 0."""
    return pd.Series(values, dtype=float)


def _area_problems(areas: pd.Series) -> list[Problem]:
    """Areas that cannot be weights: negative, missing or infinite ones, or none at all."""
    wrong = areas[~(np.isfinite(areas) & areas.ge(0.0))]
    if len(wrong):
        listed = ", ".join(f"{name} ({area:g})" for name, area in wrong.items())
        return [Problem("accuracy_area", value=listed)]
    if not areas.sum() > 0.0:
        return [Problem("accuracy_area", value="0")]
    return []


def _labelled(matrix: object, mapped: Areas) -> tuple[pd.DataFrame, pd.Series]:
    """Give the matrix pairs (stratum, map class) for rows, and the areas their strata."""
    areas = _series(mapped)
    if not isinstance(matrix, pd.DataFrame):
        try:
            values = np.asarray(matrix, dtype=float)
        except ValueError:
            raise TableError(Problem("accuracy_counts", value=str(matrix))) from None
        if values.shape != (len(areas), len(areas)):
            shape = " × ".join(map(str, values.shape))
            raise TableError(Problem("accuracy_sizes", value=shape, rule=str(len(areas))))
        matrix = pd.DataFrame(values, areas.index, areas.index)
    if matrix.index.nlevels == 1:
        matrix = matrix.set_axis(pd.MultiIndex.from_arrays([matrix.index, matrix.index]))
    strata = matrix.index.get_level_values(0).unique()
    if not isinstance(mapped, pd.Series | Mapping):
        if len(areas) != len(strata):
            shape = f"{len(strata)} × {matrix.shape[1]}"
            raise TableError(Problem("accuracy_sizes", value=shape, rule=str(len(areas))))
        areas = areas.set_axis(strata)
    twice = [
        str(name)
        for labels in (matrix.index, matrix.columns, areas.index)
        for name in labels[labels.duplicated()]
    ]
    if twice:
        raise TableError(Problem("number_twice", value=", ".join(twice)))
    return matrix, areas


def _cells(counts: pd.DataFrame, areas: pd.Series) -> tuple[pd.Series, np.ndarray, list]:
    """
    Lay the counts out by stratum, map class and reference class, or refuse them.

    Returns the areas of the strata that have one (ha), the counts, shape (strata, classes,
    classes), and the names of the classes.
    """
    numbers = counts.apply(pd.to_numeric, errors="coerce").astype(float)
    problems = _area_problems(areas)
    wrong = ~(numbers.ge(0.0) & (numbers % 1.0).eq(0.0)).all(axis=1)
    if wrong.any():
        listed = ", ".join(str(name) for name in wrong.index.get_level_values(0)[wrong].unique())
        problems.append(Problem("accuracy_counts", value=listed))
    units = numbers.sum(axis=1).groupby(level=0, sort=False).sum()
    every = units.index.union(areas.index, sort=False)
    units, areas = units.reindex(every, fill_value=0.0), areas.reindex(every, fill_value=0.0)
    for code, faulty in (
        ("accuracy_too_few", areas.gt(0.0) & units.lt(FEWEST)),
        ("accuracy_no_area", areas.eq(0.0) & units.gt(0.0)),
    ):
        if faulty.any():
            listed = ", ".join(f"{name} ({n:g})" for name, n in units[faulty].items())
            problems.append(Problem(code, value=listed))
    if problems:
        raise TableError(problems)
    strata = areas.index[areas.gt(0.0)]
    on_map = counts.index.get_level_values(1).unique()
    names = [*counts.columns, *(name for name in on_map if name not in counts.columns)]
    place = pd.Index(names)
    cells = np.zeros((len(strata), len(names), len(names)))
    used = numbers[numbers.index.get_level_values(0).isin(strata)]
    rows = strata.get_indexer(used.index.get_level_values(0))
    maps = place.get_indexer(used.index.get_level_values(1))
    cells[rows, maps, : counts.shape[1]] = used.to_numpy()
    return areas[strata], cells, names


def _total(areas: np.ndarray, units: np.ndarray, shares: np.ndarray) -> tuple:
    """Sum stratum shares (strata, items) to areas (ha), with their standard errors."""
    variance = shares * (1.0 - shares) / (units - 1.0)[:, None]
    return areas @ shares, np.sqrt(areas**2 @ variance)


def _ratio(areas: np.ndarray, units: np.ndarray, part: np.ndarray, whole: np.ndarray) -> tuple:
    """
    Divide a part of the area by the whole it lies in, with its standard error.

    ``part`` and ``whole`` are shares of each stratum, shape (strata, classes), of sample units
    with an attribute; those of the part are among those of the whole, which gives their
    covariance. A ratio to nothing is missing.
    """
    size = areas @ whole
    size[size == 0.0] = np.nan
    ratio = areas @ part / size
    spread = part * (1.0 - part) + ratio**2 * whole * (1.0 - whole)
    variance = (spread - 2.0 * ratio * part * (1.0 - whole)) / (units - 1.0)[:, None]
    return ratio, np.sqrt((areas**2 @ variance).clip(min=0.0)) / size


def _mapped(pairs: pd.MultiIndex, areas: pd.Series, names: list) -> np.ndarray:
    """Area of every class on the map, where each stratum lies within one map class."""
    strata, maps = pairs.get_level_values(0), pairs.get_level_values(1)
    if strata.duplicated().any():
        return np.full(len(names), np.nan)
    sizes = areas.reindex(strata, fill_value=0.0).to_numpy()
    return (
        pd.Series(sizes).groupby(np.asarray(maps)).sum().reindex(names, fill_value=0.0).to_numpy()
    )
