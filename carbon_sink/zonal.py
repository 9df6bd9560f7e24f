"""Exact areas of raster classes inside polygons, by the fraction of every cell that is covered."""

from dataclasses import dataclass
from functools import cache

import geopandas as gpd
import numpy as np
import pandas as pd
import pyproj
import shapely
import xarray as xr

from .errors import CRSError, FileError, Problem
from .geometry import LONGEST_EDGE_M, areal_scale, row_area_m2
from .units import M2_PER_HA

# cells of raster held in memory at a time
STRIP_CELLS = 8_000_000
# degrees of longitude or latitude between points of an edge that is brought to a projection
LONGEST_EDGE_DEG = 0.001
# distance of the points where the scale of a projection is computed; between them it is
# interpolated, with an error of 1e-8 in a transverse Mercator zone
LATTICE_M = 2_000.0


@dataclass(frozen=True)
class Grid:
    """
    Where the cells of a raster lie: its affine transform, shape and reference system.

    ``x = west + column * width`` and ``y = top + row * height``; height is negative where
    rows run south. All in the units of the system.
    """

    west: float
    top: float
    width: float
    height: float
    rows: int
    columns: int
    crs: pyproj.CRS

    def to_cells(self, points: np.ndarray) -> np.ndarray:
        """Turn map coordinates, shape (n, 2), into (column, row) cell coordinates."""
        return (points - [self.west, self.top]) / [self.width, self.height]

    def bounds(self) -> tuple[float, float, float, float]:
        """Return (west, south, east, north) in the units of the system."""
        east = self.west + self.width * self.columns
        bottom = self.top + self.height * self.rows
        return self.west, min(self.top, bottom), east, max(self.top, bottom)


def grid_of(raster: xr.DataArray) -> Grid:
    """
    Read the grid of a raster that follows the conventions of rioxarray.

    Parameters
    ----------
    raster : DataArray
        Two dimensions, rows first, with a ``spatial_ref`` coordinate.

    Returns
    -------
    grid : Grid

    Raises
    ------
    CRSError
        If the raster has no coordinate reference system.
    FileError
        If the raster is rotated.
    """
    reference = raster.coords["spatial_ref"].attrs if "spatial_ref" in raster.coords else {}
    name = raster.encoding.get("source", raster.name or "")
    if "crs_wkt" not in reference:
        raise CRSError(Problem("crs_missing", file=str(name)))
    west, width, skew_x, top, skew_y, height = map(float, reference["GeoTransform"].split())
    if skew_x or skew_y:
        raise FileError(Problem("raster_rotated", file=str(name)))
    rows, columns = raster.shape
    return Grid(west, top, width, height, rows, columns, pyproj.CRS(reference["crs_wkt"]))


def cell_area_m2(grid: Grid) -> tuple[np.ndarray, np.ndarray, int]:
    """
    Ellipsoidal area of the cells of a grid.

    Parameters
    ----------
    grid : Grid

    Returns
    -------
    row_area_m2 : array of shape (rows,)
        Area of a cell in each row; for projected grids the planar area.
    scale : array of shape (lattice rows, lattice columns)
        Planar over ellipsoidal area at a lattice of cell corners; 1 for geographic grids.
        The area of a cell is the row's area over the scale between these points.
    step : int
        Cells between the points of the lattice.
    """
    if grid.crs.is_geographic:
        areas = row_area_m2(grid.top, grid.height, grid.rows, grid.width)
        return areas, np.ones((1, 1)), 1
    unit = grid.crs.axis_info[0].unit_conversion_factor
    planar = np.full(grid.rows, abs(grid.width * grid.height) * unit**2)
    step = max(1, int(LATTICE_M / (max(abs(grid.width), abs(grid.height)) * unit)))
    columns = np.arange(0, grid.columns + step, step)
    rows = np.arange(0, grid.rows + step, step)
    x, y = np.meshgrid(grid.west + columns * grid.width, grid.top + rows * grid.height)
    return planar, areal_scale(grid.crs, x, y), step


def to_grid_crs(polygons: gpd.GeoSeries, grid: Grid) -> gpd.GeoSeries:
    """
    Bring polygons to the system of a grid; the raster itself is never resampled.

    Edges are followed in small steps, because a straight edge is not straight in another
    projection.

    Raises
    ------
    CRSError
        If the polygons have no coordinate reference system.
    """
    if polygons.crs is None:
        raise CRSError(Problem("crs_missing"))
    if polygons.crs == grid.crs or (polygons.crs.is_geographic and grid.crs.is_geographic):
        return polygons.to_crs(grid.crs)
    step = LONGEST_EDGE_DEG
    if polygons.crs.is_projected:
        step = LONGEST_EDGE_M / polygons.crs.axis_info[0].unit_conversion_factor
    return polygons.segmentize(step).to_crs(grid.crs)


@dataclass(frozen=True)
class _Rings:
    """Rings of all polygons in cell coordinates; polygon p owns points[first[p]:first[p + 1]]."""

    points: np.ndarray
    is_edge: np.ndarray
    first: np.ndarray
    top_row: np.ndarray
    bottom_row: np.ndarray


def _rings(polygons: gpd.GeoSeries, grid: Grid) -> _Rings:
    """Unpack polygons into one array of points, shells and holes turning opposite ways."""
    shapes = shapely.orient_polygons(polygons.array)
    rings, owner = shapely.get_rings(shapes, return_index=True)
    points, ring = shapely.get_coordinates(rings, return_index=True)
    cells = grid.to_cells(points)
    is_edge = np.append(ring[1:] == ring[:-1], False) if len(ring) else np.zeros(0, bool)
    owner = owner[ring] if len(ring) else np.zeros(0, int)
    first = np.searchsorted(owner, np.arange(len(shapes) + 1))
    top = np.full(len(shapes), np.inf)
    bottom = np.full(len(shapes), -np.inf)
    np.minimum.at(top, owner, cells[:, 1])
    np.maximum.at(bottom, owner, cells[:, 1])
    return _Rings(np.ascontiguousarray(cells), is_edge, first, top, bottom)


@cache
def _kernel():  # noqa: ANN202
    """Compile the kernel on first use; importing numba costs more than most commands."""
    from .coverage_kernel import add_strip  # noqa: PLC0415

    return add_strip


def class_area(
    polygons: gpd.GeoSeries | gpd.GeoDataFrame,
    raster: xr.DataArray,
    *,
    coverage: str = "exact",
) -> pd.DataFrame:
    """
    Area of each raster class in each polygon.

    Parameters
    ----------
    polygons : GeoSeries or GeoDataFrame
        Valid polygons and multipolygons in any coordinate reference system. They may
        overlap, reach beyond the raster, or be smaller than a cell.
    raster : DataArray
        Integer classes, two dimensions, in the conventions of rioxarray. Cells equal to
        ``raster.rio.nodata`` belong to no class.
    coverage : {"exact", "center"}
        Share of a cell that counts: the fraction the polygon covers, or all of it when its
        centre lies inside (for comparison with other tools).

    Returns
    -------
    area_ha : DataFrame
        Hectares on the ellipsoid; index of the polygons, one column per class code found.
        ``attrs["method"]`` tells the coverage method.

    Raises
    ------
    CRSError
        If either side has no coordinate reference system.
    FileError
        If the raster is rotated.

    Notes
    -----
    Areas are added as whole numbers of a fine quantum, so that the result does not depend on
    the order of addition: any strip height gives the same result to the last bit.

    Examples
    --------
    See ``tests/test_zonal.py``: a square over the corner of four cells takes a quarter each.
    """
    polygons = polygons.geometry
    grid = grid_of(raster)
    rings = _rings(to_grid_crs(polygons, grid), grid)
    area, scale, step = cell_area_m2(grid)
    # largest power of two whose sum over the whole grid still fits an integer of 62 bits
    quantum = 2.0 ** (62 - np.ceil(np.log2(area.sum() * grid.columns * 1.01)))
    nodata = raster.attrs.get("_FillValue", raster.encoding.get("_FillValue"))
    totals: dict[int, np.ndarray] = {}
    height = max(1, STRIP_CELLS // grid.columns)
    for start in range(0, grid.rows, height):
        stop = min(start + height, grid.rows)
        inside = np.flatnonzero((rings.bottom_row > start) & (rings.top_row < stop))
        if not len(inside):
            continue
        codes, index = np.unique(raster[start:stop].to_numpy(), return_inverse=True)
        sums = np.zeros((len(inside), len(codes)), dtype=np.int64)
        _kernel()(
            rings.points, rings.is_edge, rings.first, inside,
            index.reshape(stop - start, grid.columns).astype(np.int32), start,
            area * quantum, scale, step, coverage == "exact",
            1.0 if grid.height < 0 else -1.0, sums,
        )  # fmt: skip
        for code, column in zip(codes.tolist(), sums.T, strict=True):
            if code != nodata:
                total = totals.setdefault(code, np.zeros(len(polygons), dtype=np.int64))
                total[inside] += column
    result = pd.DataFrame(
        {code: totals[code] / quantum / M2_PER_HA for code in sorted(totals)},
        index=polygons.index,
    ).rename_axis(columns="class_code")
    result.attrs["method"] = f"coverage={coverage}, ellipsoidal area"
    return result
