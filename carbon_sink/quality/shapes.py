"""Are the polygons of a layer fit to be measured; repairs are told with their hectares."""

from dataclasses import replace

import geopandas as gpd
import numpy as np
import pandas as pd
import pyproj
import shapely

from ..errors import Problem, TableError
from ..geometry import FLATTENING, SEMI_MAJOR_M, ellipsoidal_area_ha
from ..tables import faulty, joined
from ..topology import polygonal
from ..units import M2_PER_HA

# repairs that move more than this share of the area are refused
REPAIR_LIMIT = 0.001
# a row whose area a repair changes by less than this is the same for every use
SAME_HA = 1.0 / M2_PER_HA
POLYGON, MULTIPOLYGON, COLLECTION = 3, 6, 7
# no coordinate of a projection of the earth is larger, zone numbers before eastings included
FARTHEST_M = 1e8
NO_NUMBER = 1e16
HALF_TURN_DEG, POLE_DEG, ROUNDING_DEG = 180.0, 90.0, 1e-6
REPAIRS = ("geometry_repaired", "geometry_redrawn")


def check_polygons(
    layer: gpd.GeoDataFrame, *, file: str, name: str = ""
) -> tuple[gpd.GeoDataFrame, list[Problem]]:
    """
    Refuse shapes that cannot be measured, and repair those that can be repaired.

    Parameters
    ----------
    layer : GeoDataFrame
        Polygons.
    file, name : str
        File and layer for the message.

    Returns
    -------
    layer : GeoDataFrame
        With valid geometry.
    notes : list of Problem
        What was repaired, with the hectares before and after.

    Raises
    ------
    TableError
        As ``mend_polygons`` and ``judge_repairs`` find.
    """
    mended, found, changed_ha = mend_polygons(layer, file=file, name=name)
    if found:
        area_ha = ellipsoidal_area_ha(mended.geometry).sum()
        found = judge_repairs(found, changed_ha, area_ha)
    grave = [problem for problem in found if problem.severity == "refuse"]
    if grave:
        raise TableError(grave)
    return mended, found


def mend_polygons(
    layer: gpd.GeoDataFrame, *, file: str, name: str = ""
) -> tuple[gpd.GeoDataFrame, list[Problem], float]:
    """
    Repair part of a layer; ``judge_repairs`` then judges the repairs of all parts.

    Parameters
    ----------
    layer, file, name
        As for ``check_polygons``.

    Returns
    -------
    layer : GeoDataFrame
        The rows that can be measured, with valid geometry; the same object when nothing had
        to be done.
    problems : list of Problem
        Rows that are left out (severity "refuse") and rows that were repaired, each with what
        was found.
    changed_ha : float
        Hectares that a repair may have taken or given: those which the rings enclose by the
        even-odd rule and not after the repair, or the other way round.

    Notes
    -----
    Rings are repaired by the structure method of GEOS: all ground enclosed by a ring that
    crosses itself is kept, both halves of a bow tie too. The area before the repair is the one
    that any GIS computes from the rings as they are, in which these halves cancel.
    """
    place = {"file": file, "layer": name, "field": layer.geometry.name}
    shapes, problems = _without_lines(layer.geometry, place)
    fit = np.ones(len(layer), dtype=bool)
    for code, bad, values in _unfit(shapes):
        problems += faulty(code, pd.Series(bad, layer.index), values, **place)
        fit &= ~bad
    shapes, found = _without_repeats(shapes[fit], place)
    problems += found
    invalid = ~shapes.is_valid.to_numpy()
    changed_ha = 0.0
    if invalid.any():
        shapes, found, changed_ha = _repaired(shapes, invalid, place)
        problems += found
        fit[fit] = ~shapes.is_empty.to_numpy()
        shapes = shapes[~shapes.is_empty.to_numpy()]
    if not problems:
        return layer, [], 0.0
    return layer[fit].set_geometry(shapes), problems, changed_ha


def find_unfit(layer: gpd.GeoDataFrame, *, file: str, name: str = "") -> list[Problem]:
    """
    Find rows without a polygon, in whatever system the layer may be.

    Parameters
    ----------
    layer, file, name
        As for ``mend_polygons``; the system is not looked at.

    Returns
    -------
    problems : list of Problem
        Rows that could not be measured in any system.
    """
    place = {"file": file, "layer": name, "field": layer.geometry.name}
    shapes = gpd.GeoSeries(np.asarray(layer.geometry.array), index=layer.index)
    return [
        problem
        for code, bad, values in _unfit(shapes)
        for problem in faulty(code, pd.Series(bad, layer.index), values, **place)
    ]


def judge_repairs(problems: list[Problem], changed_ha: float, area_ha: float) -> list[Problem]:
    """
    Join what was found in the parts of a layer, and refuse repairs that moved too much.

    Parameters
    ----------
    problems : list of Problem
        From ``mend_polygons``, of all parts.
    changed_ha, area_ha : float
        Hectares that changed, and those of the whole layer.

    Returns
    -------
    problems : list of Problem
        Repairs are refused, with the same rows, when they moved more than 0.1 % of the area.
    """
    told = joined(problems)
    if changed_ha <= REPAIR_LIMIT * area_ha:
        return told
    value = f"{changed_ha:.4f}"
    return joined(
        replace(one, code="geometry_beyond_repair", value=value) if one.code in REPAIRS else one
        for one in told
    )


def check_repairs(problems: list[Problem], changed_ha: float, area_ha: float) -> list[Problem]:
    """
    Raise what ``judge_repairs`` refuses, and return the rest.

    Raises
    ------
    TableError
        With every problem that keeps the layer from being measured.
    """
    told = judge_repairs(problems, changed_ha, area_ha)
    grave = [problem for problem in told if problem.severity == "refuse"]
    if grave:
        raise TableError(grave)
    return told


def _unfit(shapes: gpd.GeoSeries) -> list[tuple[str, np.ndarray, pd.Series]]:
    """Tell the rows that cannot be measured: code, which rows, what stands in them."""
    given = np.asarray(shapes.array)
    nothing = shapely.is_missing(given) | shapely.is_empty(given)
    wrong = ~nothing & ~np.isin(shapely.get_type_id(given), (POLYGON, MULTIPOLYGON))
    found = [
        ("geometry_missing", nothing, lambda row: shapely.to_wkt(given[row]) or "NULL"),
        ("geometry_not_polygon", wrong, lambda row: _kinds(given[row])),
        *_astray(given, shapes.crs),
        *([] if shapes.crs is None else _across_antimeridian(given, shapes.crs)),
    ]
    told = []
    for code, bad, value in found:
        values = pd.Series("", index=shapes.index, dtype=object)
        values[bad] = [value(row) for row in np.flatnonzero(bad)]
        told.append((code, bad, values))
    return told


def _kinds(shape: shapely.Geometry) -> str:
    """Name the kind of a shape, and of what a collection holds."""
    if shape.geom_type != "GeometryCollection":
        return shape.geom_type
    return f"GeometryCollection ({', '.join(part.geom_type for part in shape.geoms)})"


def _astray(given: np.ndarray, crs: pyproj.CRS | None) -> list[tuple]:
    """Tell rows with coordinates that are no numbers, and with those that are nowhere on earth."""
    points, row = shapely.get_coordinates(given, return_index=True)
    limit = np.array([HALF_TURN_DEG, POLE_DEG]) + ROUNDING_DEG
    if crs is None:
        limit = np.array([np.inf, np.inf])
    elif crs.is_projected:
        limit = np.array([FARTHEST_M, FARTHEST_M]) / crs.axis_info[0].unit_conversion_factor
    # numbers that stand for nothing, such as -1.797e308, are in no system
    endless = ~(np.abs(points) < NO_NUMBER).all(axis=1)
    off_earth = ~endless & (np.abs(points) > limit).any(axis=1)
    found = []
    for code, bad in (("coordinates_infinite", endless), ("coordinates_off_earth", off_earth)):
        rows, first = np.unique(row[bad], return_index=True)
        shown = dict(zip(rows.tolist(), points[bad][first].tolist(), strict=True))
        found.append((code, *_marked(len(given), shown)))
    return found


def _across_antimeridian(given: np.ndarray, crs: pyproj.CRS) -> list[tuple]:
    """Tell rows with an edge that goes around the earth, which no survey draws."""
    shown = {}
    bounds = shapely.bounds(given)
    wide = np.zeros(len(given), dtype=bool)
    if not crs.is_projected:
        with np.errstate(invalid="ignore", over="ignore"):
            wide = bounds[:, 2] - bounds[:, 0] > HALF_TURN_DEG
    for row in np.flatnonzero(wide).tolist():
        for ring in shapely.get_rings(shapely.get_parts(given[row])):
            x = shapely.get_coordinates(ring)[:, 0]
            step = np.abs(np.diff(x))
            # an edge along a whole parallel, from end to end, is the frame of the world
            around = (step > HALF_TURN_DEG) & (step < 2.0 * HALF_TURN_DEG - ROUNDING_DEG)
            if around.any():
                shown[row] = x[around.argmax() :][:2].tolist()
    return [("geometry_crosses_antimeridian", *_marked(len(given), shown))]


def _marked(count: int, shown: dict[int, list[float]]) -> tuple:
    """Mark rows among all, and return what writes the two numbers shown for a row."""
    marks = np.zeros(count, dtype=bool)
    marks[list(shown)] = True
    return marks, lambda row: "{:.12g} {:.12g}".format(*shown[row])


def _without_lines(shapes: gpd.GeoSeries, place: dict) -> tuple[gpd.GeoSeries, list[Problem]]:
    """Keep the polygons of collections, and tell the lines and points that are lost."""
    given = np.asarray(shapes.array)
    mixed = (shapely.get_type_id(given) == COLLECTION) & ~shapely.is_empty(given)
    kept, lost = {}, {}
    for row in np.flatnonzero(mixed):
        parts = shapely.get_parts(given[row])
        kinds = shapely.get_type_id(parts)
        whole = np.isin(kinds, (POLYGON, MULTIPOLYGON)) & ~shapely.is_empty(parts)
        if whole.any() and not (kinds == COLLECTION).any():
            kept[row] = shapely.multipolygons(shapely.get_parts(parts[whole]))
            lost[row] = _lost(parts[~whole], shapes.crs)
    if not kept:
        return shapes, []
    given = given.copy()
    given[list(kept)] = list(kept.values())
    bad = pd.Series(np.isin(np.arange(len(given)), list(kept)), index=shapes.index)
    values = pd.Series("", index=shapes.index, dtype=object)
    values[bad] = list(lost.values())
    return (
        gpd.GeoSeries(given, index=shapes.index, crs=shapes.crs),
        faulty("geometry_collection", bad, values, **place),
    )


def _lost(parts: np.ndarray, crs: pyproj.CRS) -> str:
    """Tell how much of lines and points is left out of a collection."""
    lines = shapely.geometrycollections(parts[shapely.get_dimensions(parts) == 1])
    points = shapely.get_coordinates(parts[shapely.get_dimensions(parts) == 0])
    ground = gpd.GeoSeries([lines], crs=crs).to_crs("EPSG:4490").iloc[0]
    length = pyproj.Geod(a=SEMI_MAJOR_M, f=FLATTENING).geometry_length(ground)
    return f"LineString {length:.2f} m, Point {len(points)}"


def _without_repeats(shapes: gpd.GeoSeries, place: dict) -> tuple[gpd.GeoSeries, list[Problem]]:
    """Drop vertices that stand on the one before; the ground is the same."""
    given = np.asarray(shapes.array)
    points, row = shapely.get_coordinates(given, return_index=True)
    same = (points[1:] == points[:-1]).all(axis=1) & (row[1:] == row[:-1])
    # a ring may start where the one before it ends, which is no repeat
    suspects = np.unique(row[1:][same])
    suspects = suspects[shapely.is_valid(given[suspects])]
    if not len(suspects):
        return shapes, []
    once = given.copy()
    once[suspects] = shapely.remove_repeated_points(given[suspects])
    fewer = shapely.get_num_coordinates(given) - shapely.get_num_coordinates(once)
    number = pd.Series(fewer, index=shapes.index)
    return (
        gpd.GeoSeries(once, index=shapes.index, crs=shapes.crs),
        faulty("vertices_repeated", number > 0, number.astype(str), **place),
    )


def _repaired(
    shapes: gpd.GeoSeries, invalid: np.ndarray, place: dict
) -> tuple[gpd.GeoSeries, list[Problem], float]:
    """Repair the invalid polygons; those that enclose nothing become empty."""
    drawn = shapes[invalid]
    fixed = drawn.make_valid(method="structure", keep_collapsed=False)
    # GEOS may leave polygons that share an edge, which the same method then joins
    again = ~fixed.is_valid
    fixed[again] = fixed[again].make_valid(method="structure", keep_collapsed=False)
    written_ha, after_ha = ellipsoidal_area_ha(drawn), ellipsoidal_area_ha(fixed)
    nothing = ~after_ha.gt(0.0)
    moved = ~nothing & (written_ha - after_ha).abs().gt(
        np.maximum(SAME_HA, REPAIR_LIMIT * after_ha)
    )
    reason = pd.Series(shapely.is_valid_reason(np.asarray(drawn.array)), index=drawn.index)
    told = reason + written_ha.map(": {:.4f} → ".format) + after_ha.map("{:.4f} ha".format)
    problems = [
        *faulty("geometry_without_area", nothing, reason, **place),
        *faulty("geometry_redrawn", moved, told, **place),
        *faulty("geometry_repaired", ~moved & ~nothing, told, **place),
    ]
    changed_ha = (_even_odd_ha(drawn) - after_ha)[~nothing].abs().sum()
    mended = np.asarray(shapes.array).copy()
    mended[invalid] = np.where(nothing, shapely.Polygon(), np.asarray(fixed.array))
    return (
        gpd.GeoSeries(mended, index=shapes.index, crs=shapes.crs), problems, float(changed_ha)
    )  # fmt: skip


def _even_odd_ha(drawn: gpd.GeoSeries) -> pd.Series:
    """Hectares enclosed by the rings by the even-odd rule, however they cross."""
    enclosed = polygonal(shapely.make_valid(np.asarray(drawn.array), method="linework"))
    return ellipsoidal_area_ha(gpd.GeoSeries(enclosed, index=drawn.index, crs=drawn.crs))
