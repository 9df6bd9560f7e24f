"""
Parcels of two dates matched by the ground they hold, and never by their numbers.

Numbers are given anew at every survey. Ground that two parcels share links them, and parcels
that hang together by links are one unit of change.
"""

from typing import NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from .geometry import STORE_CRS, ellipsoidal_area_ha
from .parameters import constant
from .topology import intersections
from .units import M2_PER_HA

# shapes that agree in so many decimals of a degree (0.1 mm) are the same
DECIMALS = 9


class Links(NamedTuple):
    """
    Ground that parcels of two dates share.

    ``before`` and ``after`` are positions of parcels, ``shared_ha`` the ground of each pair;
    ``rest_before_ha`` and ``rest_after_ha`` the ground of each parcel that no parcel of the
    other date holds, 0 where it is no more than the noise of borders.
    """

    before: np.ndarray
    after: np.ndarray
    shared_ha: np.ndarray
    rest_before_ha: np.ndarray
    rest_after_ha: np.ndarray


def find_links(before: gpd.GeoDataFrame, after: gpd.GeoDataFrame) -> Links:
    """
    Find the parcels of two dates that share ground.

    Parameters
    ----------
    before, after : GeoDataFrame
        With ``area_ha`` (ha) and valid polygons in any systems.

    Returns
    -------
    links : Links
        Pairs that share more than noise: a piece of a least size, which is also a least share
        of the smaller of the two. A parcel that is mostly covered and has no such piece is
        linked to those that hold the largest one.
    """
    shapes = [one.geometry.to_crs(STORE_CRS).array for one in (before, after)]
    first, second = _equal_pairs(*shapes)
    shared = np.full(len(first), np.inf)  # all the ground of both
    rest = [np.setdiff1d(np.arange(len(one)), same)
            for one, same in zip(shapes, (first, second), strict=True)]  # fmt: skip
    areas = [one["area_ha"].to_numpy(dtype=float) for one in (before, after)]
    least_ha = constant("match_piece_min_m2") / M2_PER_HA
    open_shapes = [np.asarray(one)[rows] for one, rows in zip(shapes, rest, strict=True)]
    open_areas = [one[rows] for one, rows in zip(areas, rest, strict=True)]
    more = _overlaid(*open_shapes, open_areas, least_ha)
    first, second = np.append(first, rest[0][more[0]]), np.append(second, rest[1][more[1]])
    smaller = np.minimum(areas[0][first], areas[1][second])
    shared = np.minimum(np.append(shared, more[2]), smaller)
    linked = (shared > constant("match_piece_share_min") * smaller) & (shared > least_ha)
    loose = []
    for row, area in ((first, areas[0]), (second, areas[1])):
        covered = np.bincount(row, shared, minlength=len(area))
        linked |= _largest_of_unlinked(row, shared, linked, covered > area / 2.0)
        bare = area - covered
        noise = np.maximum((1.0 - constant("match_same_share_min")) * area, least_ha)
        loose.append(np.where(bare > noise, bare, 0.0))
    return Links(first[linked], second[linked], shared[linked], *loose)


def _equal_pairs(before: np.ndarray, after: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Find the parcels that both dates draw alike; of what comes twice nothing is said."""
    keys = []
    for shapes in (before, after):
        rounded = shapely.transform(np.asarray(shapes), lambda at: np.round(at, DECIMALS))
        hashed = pd.util.hash_array(shapely.to_wkb(shapely.normalize(rounded)), categorize=False)
        key = pd.Series(np.arange(len(hashed)), index=hashed)
        keys.append(key[~key.index.duplicated(keep=False)])
    both = keys[0].index.intersection(keys[1].index, sort=False)
    return keys[0][both].to_numpy(dtype=int), keys[1][both].to_numpy(dtype=int)


def _overlaid(
    before: np.ndarray, after: np.ndarray, areas: list[np.ndarray], least_ha: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Find the pairs of parcels that share ground, and how much (ha)."""
    first, second = shapely.STRtree(after).query(before, predicate="intersects")
    shared = np.full(len(first), np.nan)
    # parcels that fill each other leave nothing that could count to their neighbours
    alike = _boxes_alike(shapely.bounds(before)[first], shapely.bounds(after)[second])
    shared[alike] = _shared_ha(before[first[alike]], after[second[alike]])
    settled = [np.zeros(len(area), dtype=bool) for area in areas]
    filled = shared >= np.maximum(areas[0][first], areas[1][second]) - least_ha
    for one, row in zip(settled, (first, second), strict=True):
        one[row[filled]] = True
    open_ = np.isnan(shared) & ~settled[0][first] & ~settled[1][second]
    shared[open_] = _shared_ha(before[first[open_]], after[second[open_]])
    held = shared > 0.0
    return first[held], second[held], shared[held]


def _shared_ha(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Measure the ground that two parcels share, pair by pair."""
    pieces = gpd.GeoSeries(intersections(first, second), crs=STORE_CRS)
    return ellipsoidal_area_ha(pieces).to_numpy()


def _boxes_alike(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Tell the pairs whose extents share nearly all they cover."""
    low, high = np.maximum(first[:, :2], second[:, :2]), np.minimum(first[:, 2:], second[:, 2:])
    sizes = [np.prod(one[:, 2:] - one[:, :2], axis=1) for one in (first, second)]
    shared = np.prod(np.clip(high - low, 0.0, None), axis=1)
    return shared >= constant("match_same_share_min") * np.maximum(*sizes)


def _largest_of_unlinked(
    row: np.ndarray, shared: np.ndarray, linked: np.ndarray, covered: np.ndarray
) -> np.ndarray:
    """Tell the largest pieces of parcels that are covered and have no link yet."""
    largest = np.zeros(len(covered))
    np.maximum.at(largest, row, shared)
    open_ = covered & (np.bincount(row, linked, minlength=len(covered)) == 0)
    return open_[row] & (shared == largest[row])


def units_of(links: Links) -> np.ndarray:
    """
    Give parcels that hang together by links one number.

    Parameters
    ----------
    links : Links
        From ``find_links``.

    Returns
    -------
    unit : array of int
        The number of the unit of each earlier parcel, then of each later one.

    Examples
    --------
    Parcel 0 was split in two, and parcel 1 is gone:

    >>> none = np.zeros(2)
    >>> units_of(Links(np.array([0, 0]), np.array([0, 1]), none, none, none)).tolist()
    [0, 1, 0, 0]
    """
    count_before = len(links.rest_before_ha)
    unit = np.arange(count_before + len(links.rest_after_ha))
    one, other = links.before, links.after + count_before
    while True:
        least = np.minimum(unit[one], unit[other])
        grown = unit.copy()
        np.minimum.at(grown, unit[one], least)
        np.minimum.at(grown, unit[other], least)
        grown = grown[grown]
        if (grown == unit).all():
            return unit
        unit = grown


def class_of_links(
    links: Links, unit: np.ndarray, area_before: pd.Series, area_after: pd.Series
) -> np.ndarray:
    """
    Return what became of the parcels of each link, by the shapes of its unit.

    Parameters
    ----------
    links : Links
        From ``find_links``.
    unit : array of int
        From ``units_of``.
    area_before, area_after : Series
        Area of all parcels, hectares.

    Returns
    -------
    change_class : array of str
        ``unchanged`` for one parcel and one of its shape, ``split`` for one and several that
        fill it, ``merge`` for several and the one they fill, and ``redrawn``.
    """
    least = constant("match_same_share_min")
    count_before = len(area_before)
    filled = True
    for row, area, start in (
        (links.before, area_before.to_numpy(dtype=float), 0),
        (links.after, area_after.to_numpy(dtype=float), count_before),
    ):
        shared = np.bincount(row, links.shared_ha, minlength=len(area))
        full = np.ones(len(unit), dtype=bool)
        np.logical_and.at(full, unit[start : start + len(area)], shared >= least * area)
        filled &= full[unit[links.before]]
    of_unit = [np.bincount(part, minlength=len(unit))[unit[links.before]]
               for part in (unit[:count_before], unit[count_before:])]  # fmt: skip
    one_before, one_after = of_unit[0] == 1, of_unit[1] == 1
    return np.select(
        [filled & one_before & one_after, filled & one_before, filled & one_after],
        ["unchanged", "split", "merge"],
        "redrawn",
    )
