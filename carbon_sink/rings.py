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

# longest step along an edge that is brought to another projection: its area is then right to
# 1e-6, because the bow between two points grows with the square of their distance
LONGEST_EDGE_M, LONGEST_EDGE_DEG = 50.0, 0.0005
POLYGON = 3
# points of polygons that are unpacked at a time
BATCH_POINTS = 4_000_000


@cache
def kernel() -> ModuleType:
    """Compile the kernel on first use; importing numba costs more than most commands."""
    from . import coverage_kernel  # noqa: PLC0415

    return coverage_kernel


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
        raise CRSError(Problem("crs_missing"))
    to_grid = None
    if polygons.crs != grid.crs:
        to_grid = transformer(polygons.crs, grid.crs)
        if to_grid.definition.startswith("proj=noop"):  # CGCS2000 and WGS 84, for example
            to_grid = None
    step = np.inf
    if polygons.crs.is_projected:
        step = LONGEST_EDGE_M / polygons.crs.axis_info[0].unit_conversion_factor
    elif not grid.crs.is_geographic:
        step = LONGEST_EDGE_DEG
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
    for members in np.split(order, cuts):
        yield members, rings_of(shapes[members], grid, to_grid, step)


def rings_of(
    shapes: np.ndarray,
    grid: Grid,
    to_grid: pyproj.Transformer | None = None,
    step: float = np.inf,
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
    step : float
        Longest edge that is brought there as a straight line, in the units of the shapes.

    Returns
    -------
    rings : Rings
    """
    parts, part_first = _parts(np.asarray(shapes))
    points, ring_first, part_of_ring = _unpacked(parts)
    if to_grid is not None:
        points, ring_first = _followed(points, ring_first, step)
        points = np.column_stack(to_grid.transform(points[:, 0], points[:, 1]))
    kernel().to_cells(points, grid.west, grid.top, grid.width, grid.height)
    is_shell = np.append(True, part_of_ring[1:] != part_of_ring[:-1])[: len(part_of_ring)]
    polygon_first = np.searchsorted(part_of_ring, part_first)
    signs = kernel().ring_signs(points, ring_first, is_shell)
    boxes = kernel().cell_boxes(points, ring_first, polygon_first, grid.rows, grid.columns)
    return Rings(points, ring_first, signs, polygon_first, boxes)


def _parts(shapes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Lay out the parts of all shapes, and where the parts of each begin; copy no single one."""
    part_first = _starts(shapely.get_num_geometries(shapes))
    if len(shapes) == part_first[-1] and (shapely.get_type_id(shapes) == POLYGON).all():
        return shapes, part_first
    parts = np.empty(part_first[-1], dtype=object)
    single = shapely.get_type_id(shapes) == POLYGON
    parts[part_first[:-1][single]] = shapes[single]
    is_of_many = np.repeat(~single, np.diff(part_first))
    parts[is_of_many] = shapely.get_parts(shapes[~single])
    return parts, part_first


def _unpacked(parts: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Points of single polygons, where each ring begins, and the part each ring belongs to."""
    points = shapely.get_coordinates(parts)
    first = _starts(shapely.get_num_coordinates(parts))
    ring_first, part_of_ring, closed = kernel().find_rings(points, first)
    rings = (shapely.get_num_interior_rings(parts) + 1)[np.diff(first) > 0].sum()
    if not closed or len(part_of_ring) != rings:  # the last point of a ring came twice
        shapes, part_of_ring = shapely.get_rings(parts, return_index=True)
        ring_first = _starts(shapely.get_num_coordinates(shapes))
    return points, ring_first, part_of_ring


def _starts(counts: np.ndarray) -> np.ndarray:
    """Where each group begins when groups of these sizes follow each other, and the end."""
    return np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)


def _followed(
    points: np.ndarray, ring_first: np.ndarray, step: float
) -> tuple[np.ndarray, np.ndarray]:
    """Add points along the edges of rings so that no two are further apart than a step."""
    if np.isinf(step) or not len(points):
        return points, ring_first
    along = np.diff(points, axis=0, append=points[-1:])
    along[ring_first[1:] - 1] = 0.0  # the last point of a ring leads nowhere
    pieces = np.maximum(np.ceil(np.hypot(*along.T) / step), 1).astype(np.int64)
    first = _starts(pieces)
    source = np.repeat(np.arange(len(points)), pieces)
    share = (np.arange(first[-1]) - first[source]) / pieces[source]
    return points[source] + share[:, None] * along[source], first[ring_first]
