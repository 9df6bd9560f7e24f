"""Shapes for the screen: simplified together, in longitude and latitude, never measured."""

import geopandas as gpd
import numpy as np
import shapely

MAP_CRS = "EPSG:4326"
DETAIL = 1 / 4000  # of the longer side of what is shown; about a tenth of a pixel
PLACES = 5  # decimal places of a degree, about a meter


def display_shapes(layer: gpd.GeoDataFrame) -> np.ndarray:
    """
    Return the shapes of a layer as they are drawn.

    Parameters
    ----------
    layer : GeoDataFrame
        Any coordinate system.

    Returns
    -------
    shapes : array of shapely geometries
        Longitude and latitude on WGS 84, one per row; None where a row has none.

    Notes
    -----
    Neighbors keep their common border. A shape too small to survive is drawn as it is. These
    shapes are for the eye; no figure comes from them.
    """
    shapes = layer.geometry.to_crs(MAP_CRS).to_numpy()
    drawn = np.array([shape is not None and not shape.is_empty for shape in shapes], dtype=bool)
    result = np.full(len(shapes), None, dtype=object)
    if not drawn.any():
        return result
    given = shapes[drawn]
    west, south, east, north = shapely.total_bounds(given)
    tolerance = max(east - west, north - south) * DETAIL
    areal = np.isin(shapely.get_type_id(given), (3, 6)).all()
    if areal and shapely.coverage_is_valid(given):
        simple = shapely.coverage_simplify(given, tolerance)
    else:
        simple = shapely.simplify(given, tolerance, preserve_topology=True)
    simple = np.where(shapely.is_empty(simple), given, simple)
    result[drawn] = shapely.transform(simple, lambda points: np.round(points, PLACES))
    return result


def as_geojson(shape: shapely.Geometry) -> dict:
    """
    Return a shape as a GeoJSON geometry.

    Examples
    --------
    >>> as_geojson(shapely.Point(105.5, 29.4))
    {'type': 'Point', 'coordinates': [105.5, 29.4]}
    """
    return _lists(shapely.geometry.mapping(shape))


def _lists(value: object) -> object:
    """Turn the tuples of shapely into the lists of JSON."""
    if isinstance(value, dict):
        return {key: _lists(one) for key, one in value.items()}
    return [_lists(one) for one in value] if isinstance(value, tuple | list) else value


def label_point(shape: shapely.Geometry) -> list[float]:
    """
    Return latitude and longitude of the place for a name: deep inside the largest part.

    Examples
    --------
    >>> label_point(shapely.box(105.0, 29.0, 105.2, 29.2))
    [29.1, 105.1]
    """
    part = max(shapely.get_parts(shape), key=lambda one: one.area)
    if part.geom_type == "Polygon" and part.area > 0:
        part = shapely.get_point(shapely.maximum_inscribed_circle(part), 0)
    else:
        part = shapely.point_on_surface(part)
    return [round(part.y, PLACES), round(part.x, PLACES)]


def bounds_of(*groups: np.ndarray) -> list[list[float]] | None:
    """
    Return south-west and north-east corner, latitude first; None when there is no shape.

    Examples
    --------
    >>> bounds_of(np.array([shapely.box(105.0, 29.0, 105.2, 29.2)]))
    [[29.0, 105.0], [29.2, 105.2]]
    """
    shapes = [shape for group in groups for shape in group if shape is not None]
    if not shapes:
        return None
    west, south, east, north = (float(side) for side in shapely.total_bounds(shapes))
    return [[south, west], [north, east]]
