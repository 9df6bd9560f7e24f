"""Are parcels smaller or narrower than any land that is mapped."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pyproj
import shapely

from ..errors import Problem
from ..geometry import SEMI_MAJOR_M
from ..parameters import constant
from ..tables import faulty
from ..units import M2_PER_HA


def find_slivers(
    layer: gpd.GeoDataFrame, area_ha: pd.Series, *, file: str, name: str = ""
) -> list[Problem]:
    """
    Tell parcels that are smaller or narrower than any parcel that is mapped.

    Parameters
    ----------
    layer : GeoDataFrame
        Polygons of an inventory, or part of them.
    area_ha : Series
        Their areas, ha.
    file, name : str
        File and layer for the message.

    Returns
    -------
    problems : list of Problem
        Parcels under ``parcel_area_min_ha``, with their hectares, and those of at least this
        area that are narrower than ``parcel_width_min_m`` on average, with their widths in
        metres. Both are rows of ``data/constants.csv``.
    """
    place = {"file": file, "layer": name, "field": layer.geometry.name}
    least_ha, least_m = constant("parcel_area_min_ha"), constant("parcel_width_min_m")
    small = area_ha.lt(least_ha)
    width_m = mean_width_m(layer.geometry, area_ha)
    thin = width_m.lt(least_m) & ~small
    return [
        *faulty("parcel_small", small, area_ha.map("{:.4f} ha".format),
                rule=f"{least_ha:.4f}", **place),
        *faulty("parcel_thin", thin, width_m.map("{:.2f} m".format),
                rule=f"{least_m:g}", **place),
    ]  # fmt: skip


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
