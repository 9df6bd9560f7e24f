"""Areas on the ellipsoid, for polygons and for the pixels of a grid, and widths of shapes."""

from collections.abc import Callable
from functools import lru_cache

import geopandas as gpd
import numpy as np
import pandas as pd
import pyproj
import shapely

from .errors import CRSError, Problem
from .units import M2_PER_HA

STORE_CRS = "EPSG:4490"
# CGCS2000: GB 22021-2008; the WGS 84 ellipsoid differs by 1.6e-11 of any area
SEMI_MAJOR_M = 6_378_137.0
FLATTENING = 1.0 / 298.257222101
ECCENTRICITY = np.sqrt(FLATTENING * (2.0 - FLATTENING))
SEMI_MINOR_M = SEMI_MAJOR_M * (1.0 - FLATTENING)
LONGEST_EDGE_M = 100.0
# polygons measured at a time: their vertices stay in the cache of the processor
PART_SHAPES = 2_000
WEB_MERCATOR = 3857
# half the length over which the scale of a projection is measured
SCALE_STEP_M = 50.0
# nodes and weights of the 3-point Gauss-Legendre rule on [0, 1]
GAUSS_NODES = 0.5 + np.array([-0.5, 0.0, 0.5]) * np.sqrt(0.6)
GAUSS_WEIGHTS = np.array([5.0, 8.0, 5.0]) / 18.0


def zone_area_m2(latitude_deg: np.ndarray) -> np.ndarray:
    r"""
    Area between the equator and a parallel, for one radian of longitude.

    .. math:: S(B) = \frac{b^2}{2} \left( \frac{\sin B}{1 - e^2 \sin^2 B}
              + \frac{\operatorname{artanh}(e \sin B)}{e} \right)

    Parameters
    ----------
    latitude_deg : float or array
        Geodetic latitude on CGCS2000, degrees, south negative.

    Returns
    -------
    area_m2 : float or array
        Square metres per radian of longitude, south negative.

    References
    ----------
    [snyder_1987]_ eq. 3-12 times the square of the semi-minor axis.

    Examples
    --------
    The whole ellipsoid is 510 065 621.7 km2:

    >>> float(round(4 * np.pi * zone_area_m2(90.0) / 1e6, 1))
    510065621.7
    """
    sine = np.sin(np.radians(latitude_deg))
    e = ECCENTRICITY
    return 0.5 * SEMI_MINOR_M**2 * (sine / (1.0 - (e * sine) ** 2) + np.arctanh(e * sine) / e)


def _ring_area_m2(lon_deg: np.ndarray, lat_deg: np.ndarray, ring: np.ndarray) -> np.ndarray:
    """Unsigned area of each ring; edges are straight in longitude and latitude."""
    same = ring[1:] == ring[:-1]
    step = np.radians(np.diff(lon_deg))[same]
    lat0, lat1 = lat_deg[:-1][same], lat_deg[1:][same]
    # areas are taken relative to the first latitude of each ring, which keeps digits
    first = np.searchsorted(ring, np.arange(ring[-1] + 1))
    origin = zone_area_m2(lat_deg[first])[ring[:-1][same]]
    height = sum(
        weight * (zone_area_m2(lat0 + node * (lat1 - lat0)) - origin)
        for node, weight in zip(GAUSS_NODES, GAUSS_WEIGHTS, strict=True)
    )
    return np.abs(np.bincount(ring[:-1][same], step * height, minlength=ring[-1] + 1))


def ellipsoidal_area_ha(geoseries: gpd.GeoSeries) -> pd.Series:
    """
    Area of polygons on the CGCS2000 ellipsoid.

    The official area of Chinese land surveys: it does not depend on the projection of the
    file. Edges are straight in longitude and latitude, as in the survey rules; edges of
    projected layers are followed in steps of 100 m.

    Parameters
    ----------
    geoseries : GeoSeries
        Polygons and multipolygons with a coordinate reference system.

    Returns
    -------
    area_ha : Series
        Hectares, on the index of the input; NaN where the geometry is missing.

    Raises
    ------
    CRSError
        If the layer has no coordinate reference system.

    Notes
    -----
    Rings must not cross themselves: the two halves of a bow-tie would cancel.

    References
    ----------
    [tdt_1055_2019]_ ellipsoidal area of polygons.

    Examples
    --------
    A cell of 0.1 by 0.1 degree at 29.4 degrees north:

    >>> cell = gpd.GeoSeries([shapely.box(105.5, 29.4, 105.6, 29.5)], crs="EPSG:4490")
    >>> float(ellipsoidal_area_ha(cell).round(4).iloc[0])
    10753.3301
    """
    return _area_ha(geoseries, lambda part: _polygon_area_m2(on_ellipsoid(part).array))


def _area_ha(geoseries: gpd.GeoSeries, area_m2: Callable[[gpd.GeoSeries], np.ndarray]) -> pd.Series:
    """Measure polygons some at a time; NaN where the geometry is missing."""
    parts = [
        area_m2(geoseries.iloc[first : first + PART_SHAPES])
        for first in range(0, max(len(geoseries), 1), PART_SHAPES)
    ]
    area = pd.Series(np.concatenate(parts) / M2_PER_HA, index=geoseries.index, name="area_ha")
    return area.mask(geoseries.isna().to_numpy())


def _polygon_area_m2(shapes: np.ndarray) -> np.ndarray:
    """Area of each polygon in longitude and latitude, holes taken off."""
    parts, owner = shapely.get_parts(shapes, return_index=True)
    rings, part = shapely.get_rings(parts, return_index=True)
    if not len(rings):
        return np.zeros(len(shapes))
    points, ring = shapely.get_coordinates(rings, return_index=True)
    ring_area = _ring_area_m2(points[:, 0], points[:, 1], ring)
    is_shell = np.append(True, part[1:] != part[:-1])
    signed = np.where(is_shell, ring_area, -ring_area)
    return np.bincount(owner[part], signed, minlength=len(shapes))


def area_crs(crs: str) -> pyproj.CRS:
    """
    Return the projected system that a user wants areas in.

    Raises
    ------
    CRSError
        If there is no such system, it is in degrees, or it is Web Mercator.

    Examples
    --------
    >>> area_crs("EPSG:4523").is_projected
    True
    """
    try:
        system = pyproj.CRS(crs)
    except pyproj.exceptions.CRSError:
        raise CRSError(Problem("crs_not_for_area", field="area_crs", value=crs)) from None
    if not system.is_projected or system.to_epsg() == WEB_MERCATOR:
        raise CRSError(Problem("crs_not_for_area", field="area_crs", value=crs))
    return system


def planar_area_ha(geoseries: gpd.GeoSeries, crs: str) -> pd.Series:
    """
    Area of polygons on a map projection, only where a user asks for it.

    Parameters
    ----------
    geoseries : GeoSeries
        Polygons with a coordinate reference system.
    crs : str
        A projected system, for example ``"EPSG:4523"``.

    Returns
    -------
    area_ha : Series
        Hectares on the map; in EPSG:4523 up to 0.06 % more than on the ellipsoid.

    Raises
    ------
    CRSError
        If the layer has no system, or the wanted one is in degrees or is Web Mercator, whose
        areas are a third too large at this latitude.
    """
    if geoseries.crs is None:
        raise CRSError(Problem("crs_unset"))
    system = area_crs(crs)
    unit = system.axis_info[0].unit_conversion_factor
    return _area_ha(geoseries, lambda part: part.to_crs(system).area.to_numpy() * unit**2)


def on_ellipsoid(geoseries: gpd.GeoSeries) -> gpd.GeoSeries:
    """
    Bring a layer to longitude and latitude on CGCS2000, following its edges.

    Raises
    ------
    CRSError
        If the layer has no coordinate reference system, or one that is not of the earth.
    """
    crs = geoseries.crs
    if crs is None:
        raise CRSError(Problem("crs_unset"))
    if crs.is_projected:
        unit = crs.axis_info[0].unit_conversion_factor
        geoseries = geoseries.segmentize(LONGEST_EDGE_M / unit)
    try:
        return geoseries.to_crs(STORE_CRS)
    except pyproj.exceptions.ProjError:  # a drawing without a place, another planet
        raise CRSError(Problem("crs_not_on_earth", value=f"{crs.name} ({crs.type_name})")) from None


def row_area_m2(top_deg: float, step_deg: float, rows: int, width_deg: float) -> np.ndarray:
    """
    Area of one pixel in each row of a geographic grid.

    Parameters
    ----------
    top_deg : float
        Latitude of the first row's outer edge, degrees.
    step_deg : float
        Height of a row, degrees; negative when rows run south.
    rows : int
        Number of rows.
    width_deg : float
        Width of a pixel, degrees.

    Returns
    -------
    area_m2 : array of shape (rows,)
        Square metres on the CGCS2000 ellipsoid.

    Examples
    --------
    >>> float(row_area_m2(29.5, -0.1, 1, 0.1)[0].round(3))
    107533301.149
    """
    edges = top_deg + step_deg * np.arange(rows + 1)
    return np.abs(np.diff(zone_area_m2(edges)) * np.radians(width_deg))


@lru_cache(maxsize=64)
def transformer(source: pyproj.CRS, target: pyproj.CRS | str) -> pyproj.Transformer:
    """
    Return what brings points, x before y, from one system to another.

    Finding the way between two systems takes longer than many points do, so it is kept.
    """
    return pyproj.Transformer.from_crs(source, target, always_xy=True)


def areal_scale(crs: pyproj.CRS, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """
    Area on the map over area on the ellipsoid, at points of a projected system.

    Parameters
    ----------
    crs : CRS
        A projected coordinate reference system.
    x, y : array
        Points in the units of the system.

    Returns
    -------
    scale : array
        Dimensionless; 1 where the projection is true to area.

    Notes
    -----
    Measured by differences on CGCS2000 and not taken from the projection, whose own sphere or
    ellipsoid may be another: Web Mercator is drawn on a sphere.

    Examples
    --------
    Half a degree off the central meridian, EPSG:4523 overstates areas by 0.006 %:

    >>> scale = areal_scale(pyproj.CRS(4523), np.array([35_548_500.0]), np.array([3_259_273.0]))
    >>> float(scale.round(6)[0])
    1.000058
    """
    to_degrees = transformer(crs, STORE_CRS)
    unit = crs.axis_info[0].unit_conversion_factor
    step = SCALE_STEP_M / unit
    east, west, north, south = (
        np.asarray(to_degrees.transform(x + dx, y + dy))
        for dx, dy in ((step, 0.0), (-step, 0.0), (0.0, step), (0.0, -step))
    )
    along_x, along_y = east - west, north - south
    for along in (along_x, along_y):  # across the date line longitudes jump by a whole turn
        along[0] = (along[0] + 180.0) % 360.0 - 180.0
    along_x, along_y = np.radians(along_x), np.radians(along_y)
    turned = np.abs(along_x[0] * along_y[1] - along_x[1] * along_y[0])
    latitude = np.radians(np.asarray(to_degrees.transform(x, y))[1])
    # metres of meridian and of parallel for a radian of latitude and of longitude
    root = np.sqrt(1.0 - (ECCENTRICITY * np.sin(latitude)) ** 2)
    meridian = SEMI_MAJOR_M * (1.0 - ECCENTRICITY**2) / root**3
    parallel = SEMI_MAJOR_M * np.cos(latitude) / root
    return (2.0 * SCALE_STEP_M) ** 2 / (turned * meridian * parallel)


def mean_width_m(shapes: gpd.GeoSeries, area_ha: pd.Series) -> pd.Series:
    """
    Tell how wide long shapes are on average: twice the area over the perimeter.

    Parameters
    ----------
    shapes : GeoSeries
        Polygons with a coordinate reference system.
    area_ha : Series
        Their areas, ha.

    Returns
    -------
    width_m : Series
        Metres; half the side of a square, and nearly the width of a strip.

    Notes
    -----
    Lengths are measured with one scale for a shape, that of its middle latitude: a width only
    tells slivers from parcels.

    Examples
    --------
    A strip of 0.1 degree by 0.00001 degree at the equator, 1.2309 ha, is 1.1 m wide:

    >>> strip = gpd.GeoSeries([shapely.box(105, 0, 105.1, 0.00001)], crs="EPSG:4490")
    >>> float(mean_width_m(strip, pd.Series([1.2309])).round(2).iloc[0])
    1.11
    """
    given = np.array(shapes.array)
    points, row = shapely.get_coordinates(given, return_index=True)
    east, north = meters_per_unit(shapes.crs, shapely.bounds(given))
    flat = shapely.set_coordinates(given, points * np.column_stack([east, north])[row])
    return 2.0 * area_ha * M2_PER_HA / shapely.length(flat)


def meters_per_unit(crs: pyproj.CRS, bounds: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """
    Tell how long a unit of a system is, east and north, in the middle of extents.

    Parameters
    ----------
    crs : CRS
        A system in degrees, or a projected one.
    bounds : array of shape (n, 4)
        West, south, east and north of each extent.

    Returns
    -------
    east, north : array of shape (n,)
        Metres.

    Examples
    --------
    >>> east, north = meters_per_unit(pyproj.CRS(4490), np.array([[105.0, 59.0, 106.0, 61.0]]))
    >>> float(round(east[0] / north[0], 2))
    0.5
    """
    if crs.is_projected:
        unit = np.full(len(bounds), crs.axis_info[0].unit_conversion_factor)
        return unit, unit
    degree = np.radians(SEMI_MAJOR_M)
    latitude = np.radians((bounds[:, 1] + bounds[:, 3]) / 2.0)
    return degree * np.cos(latitude), np.full(len(bounds), degree)
