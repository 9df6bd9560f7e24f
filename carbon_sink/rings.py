"""Polygons unpacked into rings of points in the cells of a grid, ready for the kernel."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from types import ModuleType

import geopandas as gpd
import numpy as np
import pyproj
import shapely

from .errors import CRSError, Problem
from .geometry import transformer
from .grids import Grid

# edges brought to another projection are followed in steps that keep the area of a polygon to
# this share; a straight edge bows there by less than a parallel does at 62 degrees
AREA_SHARE, BEND_PER_M = 5e-7, 3e-7
# no step is shorter than this (m), however thin a polygon is; degrees of latitude in metres
SHORTEST_STEP_M, DEGREE_M = 1.0, 111_320.0
POLYGON = 3
# points of polygons that are unpacked at a time
BATCH_POINTS = 2_000_000


@cache
def _kernel() -> ModuleType:
    """Compile the kernel on first use; importing numba costs more than most commands."""
    from . import ring_kernel  # noqa: PLC0415

    return ring_kernel


@dataclass(frozen=True)
class Rings:
    """
    Rings of polygons in cell coordinates.

    Ring r owns ``points[ring_first[r]:ring_first[r + 1]]``, polygon p the rings
    ``polygon_first[p]`` to ``polygon_first[p + 1]``. ``boxes`` are the rows and columns a
    polygon may touch: top, bottom, left, right.
    """

    points: np.ndarray
    ring_first: np.ndarray
    signs: np.ndarray
    polygon_first: np.ndarray
    boxes: np.ndarray


def ring_batches(polygons: gpd.GeoSeries, grid: Grid) -> Iterator[tuple[np.ndarray, Rings]]:
    """
    Unpack polygons in batches that follow the rows of a raster.

    Parameters
    ----------
    polygons : GeoSeries
        Polygons and multipolygons in any coordinate reference system.
    grid : Grid
        Grid of the raster; polygons are brought to its system along their edges.

    Yields
    ------
    members : int array
        Positions of the polygons of the batch.
    rings : Rings

    Raises
    ------
    CRSError
        If the polygons have no coordinate reference system.
    """
    if polygons.crs is None:
        raise CRSError(Problem("crs_unset"))
    to_grid = None
    if polygons.crs != grid.crs:
        to_grid = transformer(polygons.crs, grid.crs)
        if to_grid.definition.startswith("proj=noop"):  # CGCS2000 and WGS 84, for example
            to_grid = None
    units = None
    if polygons.crs.is_projected:
        units = False, polygons.crs.axis_info[0].unit_conversion_factor
    elif not grid.crs.is_geographic:
        units = True, DEGREE_M
    shapes = polygons.array
    ends = np.cumsum(shapely.get_num_coordinates(shapes))
    order = np.arange(len(shapes))
    if len(ends) and ends[-1] > BATCH_POINTS:
        box = shapely.bounds(shapes)
        centres = np.column_stack([box[:, ::2].mean(axis=1), box[:, 1::2].mean(axis=1)])
        if to_grid is not None:
            centres = np.column_stack(to_grid.transform(*centres.T))
        order = np.argsort(grid.to_cells(centres)[:, 1], kind="stable")
        ends = np.cumsum(shapely.get_num_coordinates(shapes[order]))
    cuts = (
        np.searchsorted(ends, np.arange(BATCH_POINTS, ends[-1], BATCH_POINTS)) if len(ends) else []
    )
    reach = None if to_grid is None else _reach(grid, to_grid)
    for members in np.split(order, cuts):
        yield members, rings_of(_within(shapes[members], reach), grid, to_grid, units)


def _reach(grid: Grid, to_grid: pyproj.Transformer) -> np.ndarray | None:
    """
    Box around a grid in the system of the polygons, twice its size; None where there is none.

    Points far outside a projection have no place on its map. What lies beyond the box cannot
    touch the raster, so polygons are cut to it.
    """
    west, south, east, north = grid.bounds()
    box = np.array(to_grid.transform_bounds(west, south, east, north, 21, direction="INVERSE"))
    if not np.isfinite(box).all() or box[2] <= box[0]:
        return None
    margin = 0.5 * np.array([box[2] - box[0], box[3] - box[1]])
    return np.concatenate([box[:2] - margin, box[2:] + margin])


def _within(shapes: np.ndarray, reach: np.ndarray | None) -> np.ndarray:
    """Cut the polygons that stretch beyond the reach of a raster to it; leave the others."""
    if reach is None:
        return shapes
    box = shapely.bounds(shapes)
    outside = (box[:, :2] < reach[:2]).any(axis=1) | (box[:, 2:] > reach[2:]).any(axis=1)
    near = (box[:, :2] <= reach[2:]).all(axis=1) & (box[:, 2:] >= reach[:2]).all(axis=1)
    if not (outside & near).any():
        return shapes
    cut = shapely.intersection(np.asarray(shapes)[outside & near], shapely.box(*reach))
    parts, owner = shapely.get_parts(cut, return_index=True)
    solid = shapely.get_type_id(parts) == POLYGON
    shapes = np.array(shapes, dtype=object)
    # a polygon that only touches the box leaves nothing
    empty = np.full((outside & near).sum(), shapely.MultiPolygon(), dtype=object)
    shapes[outside & near] = shapely.multipolygons(parts[solid], indices=owner[solid], out=empty)
    return shapes


def rings_of(
    shapes: np.ndarray,
    grid: Grid,
    to_grid: pyproj.Transformer | None = None,
    units: tuple[bool, float] | None = None,
) -> Rings:
    """
    Unpack polygons into arrays of points in cell coordinates of a grid.

    Parameters
    ----------
    shapes : array of Polygon or MultiPolygon
        In the system of the grid, unless ``to_grid`` is given.
    grid : Grid
    to_grid : Transformer, optional
        Brings points to the system of the grid.
    units : tuple, optional
        Whether the shapes are in degrees, and metres in their unit; None where straight edges
        stay straight on the grid.

    Returns
    -------
    rings : Rings
    """
    points, ring_first, is_shell, polygon_first = _unpacked(np.asarray(shapes))
    if to_grid is not None:
        if units is not None:
            steps = _kernel().edge_steps(points, ring_first, is_shell, *units,
                                         BEND_PER_M, AREA_SHARE, SHORTEST_STEP_M)  # fmt: skip
            points, ring_first = _followed(points, ring_first, steps)
        points = np.column_stack(to_grid.transform(points[:, 0], points[:, 1]))
    _kernel().to_cells(points, grid.west, grid.top, grid.width, grid.height)
    signs = _kernel().ring_signs(points, ring_first, is_shell)
    boxes = _kernel().cell_boxes(points, ring_first, polygon_first, grid.rows, grid.columns)
    return Rings(points, ring_first, signs, polygon_first, boxes)


def _unpacked(shapes: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """
    Points of all rings, where each ring begins, which are shells, and each shape's first ring.

    Rings are found by their closing points, without a Python object for each. Where that does
    not give the rings a shape must have, they are taken out one by one.
    """
    points = shapely.get_coordinates(shapes)
    first = _starts(shapely.get_num_coordinates(shapes))
    ring_first, owner, area, closed = _kernel().find_rings(points, first)
    found = np.bincount(owner, minlength=len(shapes))
    single = shapely.get_type_id(shapes) == POLYGON
    expected = np.where(
        single, shapely.get_num_interior_rings(shapes) + 1, shapely.get_num_geometries(shapes)
    )
    expected[np.diff(first) == 0] = 0
    polygon_first = _starts(found)
    if closed and (found == expected).all():
        whole = np.bincount(owner, area, minlength=len(shapes))[~single]
        if np.allclose(whole, shapely.area(shapes[~single]), rtol=1e-9):  # many parts, no hole
            is_shell = ~single[owner]
            is_shell[polygon_first[:-1][found > 0]] = True
            return points, ring_first, is_shell, polygon_first
    parts, shape_of_part = shapely.get_parts(shapes, return_index=True)
    rings, part = shapely.get_rings(parts, return_index=True)
    polygon_first = _starts(np.bincount(shape_of_part[part], minlength=len(shapes)))
    is_shell = np.append(True, part[1:] != part[:-1])[: len(part)]
    ring_first = _starts(shapely.get_num_coordinates(rings))
    return shapely.get_coordinates(rings), ring_first, is_shell, polygon_first


def _starts(counts: np.ndarray) -> np.ndarray:
    """Where each group begins when groups of these sizes follow each other, and the end."""
    return np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)


def _followed(
    points: np.ndarray, ring_first: np.ndarray, steps: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Add points along the edges of rings so that no two are further apart than a ring's step."""
    if not len(points):
        return points, ring_first
    along = np.diff(points, axis=0, append=points[-1:])
    along[ring_first[1:] - 1] = 0.0  # the last point of a ring leads nowhere
    step = np.repeat(steps, np.diff(ring_first))
    pieces = np.maximum(np.ceil(np.hypot(*along.T) / step), 1).astype(np.int64)
    first = _starts(pieces)
    source = np.repeat(np.arange(len(points)), pieces)
    share = (np.arange(first[-1]) - first[source]) / pieces[source]
    return points[source] + share[:, None] * along[source], first[ring_first]
