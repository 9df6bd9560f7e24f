"""How far one outline lies off another, and whether that is the offset of Chinese web maps."""

from functools import cache
from typing import NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from .geometry import ECCENTRICITY, SEMI_MAJOR_M, on_ellipsoid
from .parameters import constant
from .tables import read_data

# where the offset of web maps is defined as for Rongchang: its formula counts from here, degrees
ORIGIN_DEG = (105.0, 35.0)
CHINA_DEG = (72.004, 0.8293, 137.8347, 55.8271)
# points of an outline that are compared, and steps until they lie still
POINTS, STEPS, STILL_M = 1_000, 30, 0.1


class Shift(NamedTuple):
    """
    Where one outline lies against another.

    ``east_m`` and ``north_m`` lead from the reference to the layer; ``before_m`` and
    ``after_m`` are the median distance of the outlines as they are and with the shift undone.
    """

    east_m: float
    north_m: float
    before_m: float
    after_m: float

    @property
    def distance_m(self) -> float:
        """Return the length of the shift."""
        return float(np.hypot(self.east_m, self.north_m))


@cache
def _terms() -> pd.DataFrame:
    table = read_data("gcj02.csv")
    numbers = ["coefficient_m", "x_power", "y_power", "period_deg"]
    return table.assign(**{name: pd.to_numeric(table[name]) for name in numbers})


def gcj02_offset_m(lon_deg: float, lat_deg: float) -> tuple[float, float]:
    """
    Return the offset that web maps of China (GCJ-02) add at a place.

    Parameters
    ----------
    lon_deg, lat_deg : float
        True longitude and latitude, degrees.

    Returns
    -------
    east_m, north_m : float
        Metres; 0 outside China.

    References
    ----------
    [eviltransform]_ as it is publicly known; the offset itself is not published.

    Examples
    --------
    >>> east, north = gcj02_offset_m(105.5, 29.4)
    >>> round(east), round(north)
    (339, -310)
    """
    west, south, end, top = CHINA_DEG
    if not (west <= lon_deg <= end and south <= lat_deg <= top):
        return 0.0, 0.0
    x, y = lon_deg - ORIGIN_DEG[0], lat_deg - ORIGIN_DEG[1]
    terms = _terms()
    along = np.where(terms["of"].eq("x"), x, y)
    value = np.select(
        [terms["kind"].eq("power"), terms["kind"].eq("root")],
        [x ** terms["x_power"].fillna(0.0) * y ** terms["y_power"].fillna(0.0),
         np.sqrt(np.abs(along))],
        np.sin(2.0 * np.pi * along / terms["period_deg"].fillna(1.0)),
    )  # fmt: skip
    sums = (terms["coefficient_m"] * value).groupby(terms["direction"]).sum()
    return float(sums["east"]), float(sums["north"])


def measured_shift(layer: gpd.GeoDataFrame, reference: gpd.GeoDataFrame) -> Shift:
    """
    Measure how one outline must be moved to lie on another.

    Parameters
    ----------
    layer, reference : GeoDataFrame
        Polygons of the same place, in any systems, with different vertices if need be.

    Returns
    -------
    shift : Shift

    Notes
    -----
    Points of the outline are moved together until the lines next to them pull in no direction
    any more; near lines count for more, so that a border that was drawn anew counts for little.

    Examples
    --------
    >>> square = gpd.GeoDataFrame(geometry=[shapely.box(105.0, 29.0, 105.4, 29.4)], crs=4490)
    >>> moved = square.set_geometry(square.translate(0.001))
    >>> round(measured_shift(moved, square).east_m), measured_shift(moved, square).north_m
    (97, 0.0)
    """
    layer, reference = _outline(layer), _outline(reference)
    west, south, east, north = shapely.bounds(reference)
    middle = np.array([(west + east) / 2.0, (south + north) / 2.0])
    scale = metres_per_degree(middle[1])
    layer, reference = (
        shapely.transform(one, lambda at: (at - middle) * scale) for one in (layer, reference)
    )
    points = _points_along(layer)
    before = shapely.distance(shapely.points(points), reference)
    moved = np.zeros(2)
    for _ in range(STEPS):
        step = _pull(points + moved, reference)
        moved += step
        if np.hypot(*step) < STILL_M:
            break
    after = shapely.distance(shapely.points(points + moved), reference)
    # what moves the layer back is the opposite of how it lies; no shift is no negative zero
    east_m, north_m = (0.0 - moved).round(6) + 0.0
    return Shift(float(east_m), float(north_m), float(np.median(before)), float(np.median(after)))


def gcj02_shift(layer: gpd.GeoDataFrame, reference: gpd.GeoDataFrame) -> Shift | None:
    """
    Measure the shift of a layer if it is the one that web maps of China add.

    Parameters
    ----------
    layer, reference : GeoDataFrame
        Outlines of the same place; the reference is true.

    Returns
    -------
    shift : Shift or None
        None when the layer does not lie off, lies off in another way, or lies outside China.
    """
    west, south, east, north = on_ellipsoid(reference.geometry).total_bounds
    expected = gcj02_offset_m((west + east) / 2.0, (south + north) / 2.0)
    if not any(expected):
        return None
    shift = measured_shift(layer, reference)
    error_m = np.hypot(shift.east_m - expected[0], shift.north_m - expected[1])
    alike = error_m <= constant("gcj02_error_share_max") * np.hypot(*expected)
    better = shift.after_m <= constant("gcj02_residual_share_max") * shift.before_m
    return shift if alike and better else None


def _outline(layer: gpd.GeoDataFrame) -> shapely.Geometry:
    """Return the outer lines of a layer in degrees; holes and inner borders are left out."""
    shapes = on_ellipsoid(layer.geometry).dropna()
    shapes = shapes.where(shapes.is_valid, shapes.make_valid(method="structure"))
    whole = shapely.union_all(shapes.array)
    parts = shapely.get_parts(whole)
    return shapely.multilinestrings(shapely.get_exterior_ring(parts[shapely.area(parts) > 0.0]))


def metres_per_degree(latitude_deg: float) -> np.ndarray:
    """Return the length of a degree of longitude and of latitude at a latitude."""
    latitude = np.radians(latitude_deg)
    root = np.sqrt(1.0 - (ECCENTRICITY * np.sin(latitude)) ** 2)
    parallel = SEMI_MAJOR_M * np.cos(latitude) / root
    meridian = SEMI_MAJOR_M * (1.0 - ECCENTRICITY**2) / root**3
    return np.radians([parallel, meridian])


def _points_along(outline: shapely.Geometry) -> np.ndarray:
    """Return points at equal steps along all lines of an outline."""
    lines = shapely.get_parts(outline)
    ends = np.cumsum(shapely.length(lines))
    along = (np.arange(POINTS) + 0.5) * ends[-1] / POINTS
    line = np.searchsorted(ends, along)
    start = np.concatenate([[0.0], ends[:-1]])
    return shapely.get_coordinates(shapely.line_interpolate_point(lines[line], along - start[line]))


def _pull(points: np.ndarray, reference: shapely.Geometry) -> np.ndarray:
    """Return the step that brings points nearest to the lines beside them, near lines first."""
    lines = shapely.shortest_line(shapely.points(points), reference)
    away = shapely.get_coordinates(shapely.get_point(lines, 1)) - points
    distance = np.hypot(*away.T)
    across = away / np.fmax(distance, 1e-9)[:, None]
    weight = 1.0 / (distance + np.median(distance) / 2.0 + STILL_M)
    pulls = across * weight[:, None]
    # a line that runs one way only says nothing of the other: the least step is taken
    return np.linalg.lstsq(pulls.T @ across, pulls.T @ distance, rcond=1e-6)[0]
