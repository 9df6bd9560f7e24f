"""
Which project owns each piece of ground, so that no square metre is credited twice.

Polygons of projects may overlap: a corridor runs through forest that is tended. Ground that
several projects hold goes to one of them by a stated order, and what the others lose is listed.
"""

from collections.abc import Sequence
from typing import NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from .geometry import STORE_CRS, ellipsoidal_area_ha, on_ellipsoid
from .parameters import constant
from .topology import differences, intersections, overlaps

POLYGONS = (shapely.GeometryType.POLYGON, shapely.GeometryType.MULTIPOLYGON)


class Owned(NamedTuple):
    """
    Ground of each project, and what projects lost to others.

    ``ground`` stands on the index of the projects: ``project_id``, ``has_polygon``,
    ``project_area_ha`` (the whole polygon), ``outside_ha`` (beyond the place), ``owned_ha``
    and the polygon that is left, in EPSG:4490. ``losses`` has ``project_id``, ``other_id``
    (the owner) and ``area_ha``. The polygon is what is owned, outside and lost together.
    """

    ground: gpd.GeoDataFrame
    losses: pd.DataFrame


def own_ground(
    projects: pd.DataFrame, priority: Sequence[str], place: gpd.GeoDataFrame | None = None
) -> Owned:
    """
    Give every project its own ground.

    Parameters
    ----------
    projects : DataFrame or GeoDataFrame
        With ``project_id``, ``project_type``, ``start_year`` and, where known, valid polygons.
    priority : sequence of str
        Project types, the first owner first; types that are not named come after them.
    place : GeoDataFrame, optional
        Polygons of the place; ground outside is nobody's.

    Returns
    -------
    owned : Owned
        The same whatever the order of the rows. Projects without a polygon have
        ``has_polygon`` False, no geometry and missing areas.

    Notes
    -----
    Shared ground goes to the project whose type comes first in ``priority``, then to the one
    that began earlier, then to the lower ``project_id``. Where three projects overlap, both
    others lose to the first. Pieces up to ``topology_noise_ha`` (1 cm2) are left as they are:
    two drawings of one border always differ by so much.

    Examples
    --------
    A corridor and a planting share half their ground; plantings come first:

    >>> shapes = [shapely.box(west, 29.5, west + 0.02, 29.51) for west in (105.5, 105.51)]
    >>> projects = gpd.GeoDataFrame(
    ...     {"project_id": ["C1", "A1"], "project_type": ["corridor", "afforestation"],
    ...      "start_year": [2021, 2023]}, geometry=shapes, crs="EPSG:4490")
    >>> owned = own_ground(projects, ["afforestation", "corridor"])
    >>> owned.ground[["project_area_ha", "owned_ha"]].round(2).values.tolist()
    [[214.95, 107.48], [214.95, 214.95]]
    >>> owned.losses.round(2).values.tolist()
    [['C1', 'A1', 107.48]]
    """
    shapes = _polygons(projects)
    order = owner_order(projects, priority)
    order = order[[shapes[row] is not None for row in order]]
    whole = _area_ha(shapes[order])
    within = shapes[order] if place is None else _within(shapes[order], place)
    inside = _area_ha(within)
    left, loser, owner, lost = _cut(within)
    area = {"project_area_ha": whole, "outside_ha": whole - inside, "owned_ha": _area_ha(left)}
    ground = pd.DataFrame(np.nan, index=projects.index, columns=list(area))
    for name, values in area.items():
        ground.iloc[order, ground.columns.get_loc(name)] = values
    shapes[order] = left
    ground.insert(0, "project_id", projects["project_id"])
    ground.insert(1, "has_polygon", np.isin(np.arange(len(projects)), order))
    ids = projects["project_id"].to_numpy()[order]
    losses = pd.DataFrame({"project_id": ids[loser], "other_id": ids[owner], "area_ha": lost})
    losses = losses.sort_values(["project_id", "other_id"], ignore_index=True)
    return Owned(gpd.GeoDataFrame(ground, geometry=shapes, crs=STORE_CRS), losses)


def owner_order(projects: pd.DataFrame, priority: Sequence[str]) -> np.ndarray:
    """
    Return the positions of the projects, owners of shared ground first.

    Examples
    --------
    >>> projects = pd.DataFrame({"project_id": ["b", "a", "c"], "start_year": [2021, 2021, 2020],
    ...                          "project_type": ["corridor", "corridor", "greening"]})
    >>> owner_order(projects, ["corridor", "greening"]).tolist()
    [1, 0, 2]
    """
    rank = {name: place for place, name in reversed(list(enumerate(priority)))}
    keys = pd.DataFrame({
        "rank": projects["project_type"].map(rank).fillna(len(rank)).to_numpy(dtype=float),
        "year": projects["start_year"].to_numpy(dtype=float, na_value=np.inf),
        "id": projects["project_id"].astype(str).to_numpy(),
    })  # fmt: skip
    return keys.sort_values(["rank", "year", "id"], kind="stable").index.to_numpy()


def _polygons(projects: pd.DataFrame) -> np.ndarray:
    """Return the polygons of projects in degrees; None where there is no polygon."""
    if "geometry" not in projects:
        return np.full(len(projects), None, dtype=object)
    shapes = gpd.GeoSeries(projects["geometry"])
    shapes = shapes.set_crs(STORE_CRS) if shapes.crs is None else shapes.to_crs(STORE_CRS)
    shapes = np.array(shapes.array, dtype=object)
    shapes[~np.isin(shapely.get_type_id(shapes), POLYGONS) | shapely.is_empty(shapes)] = None
    return shapes


def _within(shapes: np.ndarray, place: gpd.GeoDataFrame) -> np.ndarray:
    """Cut shapes to the place; those that lie in it, or beyond it by noise, stay as they are."""
    land = shapely.union_all(on_ellipsoid(place.geometry).array)
    shapely.prepare(land)
    crossing = np.flatnonzero(~shapely.covers(land, shapes))
    cut = intersections(shapes[crossing], np.full(len(crossing), land))
    real = _area_ha(shapes[crossing]) - _area_ha(cut) > constant("topology_noise_ha")
    within = shapes.copy()
    within[crossing[real]] = cut[real]
    return within


def _cut(shapes: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """
    Take from each shape what shapes before it hold.

    Returns
    -------
    left : array of Polygon or MultiPolygon
    loser, owner : array of int
        Positions of the shapes that lost ground and of those that hold it.
    lost_ha : array
        Hectares of each pair.
    """
    noise_ha = constant("topology_noise_ha")
    owner, loser, pieces = overlaps(shapes)
    real = _area_ha(pieces) > noise_ha
    owner, loser = owner[real], loser[real]
    in_turn = np.lexsort([owner, loser])
    owner, loser = owner[in_turn], loser[in_turn]
    # ground goes to the first of its owners: each loser is cut by one owner after the other
    turn = pd.Series(loser).groupby(loser).cumcount().to_numpy()
    left, lost_ha = shapes.copy(), np.zeros(len(loser))
    for pair in (np.flatnonzero(turn == number) for number in range(turn.max(initial=-1) + 1)):
        mine, theirs = left[loser[pair]], shapes[owner[pair]]
        area = _area_ha(intersections(mine, theirs))
        taken = area > noise_ha
        left[loser[pair][taken]] = differences(mine[taken], theirs[taken])
        lost_ha[pair] = np.where(taken, area, 0.0)
    kept = lost_ha > 0.0
    return left, loser[kept], owner[kept], lost_ha[kept]


def _area_ha(shapes: np.ndarray) -> np.ndarray:
    """Measure shapes in degrees on the ellipsoid."""
    return ellipsoidal_area_ha(gpd.GeoSeries(shapes, crs=STORE_CRS)).to_numpy()
