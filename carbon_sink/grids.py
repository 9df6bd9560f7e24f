"""Where the cells of a raster lie, how large they are, and the windows it is read in."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
import pyproj
import xarray as xr

from .errors import CRSError, FileError, Problem
from .geometry import areal_scale, row_area_m2

# cells of a raster in one window, and the tile that windows are made of where a file has none
WINDOW_CELLS = 4_000_000
TILE = 512
# distance of the points where the scale of a projection is measured; between them it is
# interpolated, with an error of 1e-8 in a transverse Mercator zone
LATTICE_M = 2_000.0
# points of that lattice along one side at most; a continent then has an error below 4e-7
LATTICE_POINTS = 1_000
# numbers in the geotransform of GDAL and of rioxarray have this relative precision
CELL_NOISE = 1e-6
# skew of a cell that is rounding and not rotation
NO_SKEW = 1e-9


class Window(NamedTuple):
    """A block of cells: first row, row after the last, first column, column after the last."""

    top: int
    bottom: int
    left: int
    right: int


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
        cells = points - [self.west, self.top]
        cells /= [self.width, self.height]
        return cells

    def bounds(self) -> tuple[float, float, float, float]:
        """Return (west, south, east, north) in the units of the system."""
        east = self.west + self.width * self.columns
        bottom = self.top + self.height * self.rows
        return self.west, min(self.top, bottom), east, max(self.top, bottom)

    def offset_cells(self, other: "Grid") -> tuple[float, float] | None:
        """
        Tell how far the other grid lies from this one.

        Returns
        -------
        offset : tuple of float or None
            Columns and rows from this grid's corner to the other's, whole numbers but for
            noise below ``CELL_NOISE`` of a cell; None where system or cell size differ, or
            the far corner is off by more than the near one.
        """
        if self.crs != other.crs:
            return None
        far = (other.west + other.width * other.columns, other.top + other.height * other.rows)
        near, end = self.to_cells(np.array([(other.west, other.top), far]))
        if np.abs(end - near - (other.columns, other.rows)).max() > CELL_NOISE:
            return None
        return float(near[0]), float(near[1])

    @cached_property
    def cell_area(self) -> "CellArea":
        """Area of the cells, measured when it is first asked for."""
        return _cell_area(self)


@dataclass(frozen=True)
class CellArea:
    """
    Ellipsoidal area of the cells of a grid.

    Parameters
    ----------
    row_m2 : array of shape (rows,)
        Area of a cell in each row, m2; for projected grids the planar area.
    ratio : array of shape (lattice rows, lattice columns)
        Ellipsoidal over planar area at a lattice of cell corners; 1 for geographic grids.
        The area of a cell is the row's area times the ratio between these points.
    step : int
        Cells between the points of the lattice.
    columns : int
        Cells in a row.
    """

    row_m2: np.ndarray
    ratio: np.ndarray
    step: int
    columns: int

    def of(self, window: Window) -> np.ndarray:
        """
        Area of the cells of a window, m2.

        Returns
        -------
        area_m2 : array of shape (rows, columns), or (rows, 1) where a row has one area
        """
        rows = np.arange(window.top, window.bottom)
        if self.ratio.shape == (1, 1):
            return self.row_m2[rows, None] * self.ratio[0, 0]
        v, i = np.modf((rows + 0.5) / self.step)
        u, j = np.modf((np.arange(window.left, window.right) + 0.5) / self.step)
        i, j = i.astype(int), j.astype(int)
        along = self.ratio[i] * (1.0 - v)[:, None] + self.ratio[i + 1] * v[:, None]
        return self.row_m2[rows, None] * (along[:, j] * (1.0 - u) + along[:, j + 1] * u)

    @property
    def quanta_per_m2(self) -> float:
        """
        Quanta of area in a square metre, a power of two.

        Areas are added as whole quanta, which gives the same sum in any order. The whole
        grid fits an integer of 62 bits, so no sum can overflow.
        """
        whole_m2 = self.row_m2.sum() * self.ratio.max() * self.columns
        return 2.0 ** (61 - int(np.ceil(np.log2(whole_m2))))


def _cell_area(grid: Grid) -> CellArea:
    """Measure the cells: by the row on geographic grids, by the local scale on projected ones."""
    if grid.crs.is_geographic:
        rows = row_area_m2(grid.top, grid.height, grid.rows, grid.width)
        return CellArea(rows, np.ones((1, 1)), 1, grid.columns)
    unit = grid.crs.axis_info[0].unit_conversion_factor
    planar = np.full(grid.rows, abs(grid.width * grid.height) * unit**2)
    cells = LATTICE_M / (max(abs(grid.width), abs(grid.height)) * unit)
    step = max(1, int(cells), -(-max(grid.rows, grid.columns) // LATTICE_POINTS))
    columns = np.arange(0, grid.columns + step, step)
    rows = np.arange(0, grid.rows + step, step)
    x, y = np.meshgrid(grid.west + columns * grid.width, grid.top + rows * grid.height)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = 1.0 / areal_scale(grid.crs, x, y)
    # a corner of the map that is no place on the earth has no area
    return CellArea(planar, np.where(np.isfinite(ratio), ratio, 0.0), step, grid.columns)


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
        raise CRSError(Problem("crs_unset", file=str(name)))
    west, width, skew_x, top, skew_y, height = map(float, reference["GeoTransform"].split())
    if max(abs(skew_x), abs(skew_y)) > NO_SKEW * min(abs(width), abs(height)):
        raise FileError(Problem("raster_rotated", file=str(name)))
    rows, columns = raster.shape
    return Grid(west, top, width, height, rows, columns, pyproj.CRS(reference["crs_wkt"]))


def nodata_of(raster: xr.DataArray) -> float | None:
    """Return the value of cells without data, None where the raster names none."""
    return raster.attrs.get("_FillValue", raster.encoding.get("_FillValue"))


def windows(raster: xr.DataArray, within: Window | None = None) -> Iterator[Window]:
    """
    Cut a raster into windows along its blocks, so that each block is decoded once.

    Parameters
    ----------
    raster : DataArray
        As ``grid_of`` takes it; ``encoding["preferred_chunks"]`` tells its blocks.
    within : Window, optional
        Cells that matter; windows are cut to it.

    Yields
    ------
    window : Window
        About ``WINDOW_CELLS`` cells, row by row from the top left.
    """
    rows, columns = raster.shape
    chunks = raster.encoding.get("preferred_chunks", {})
    high, wide = (min(max(chunks.get(axis, TILE), 1), size) for axis, size in
                  (("y", rows), ("x", columns)))  # fmt: skip
    area = within or Window(0, rows, 0, columns)
    top, left = area.top // high * high, area.left // wide * wide
    # as wide as the area allows, then as high as the budget allows
    width = min(max(WINDOW_CELLS // high // wide, 1) * wide, -(-(area.right - left) // wide) * wide)
    height = max(WINDOW_CELLS // width // high, 1) * high
    for row in range(top, area.bottom, height):
        for column in range(left, area.right, width):
            yield Window(
                max(row, area.top), min(row + height, area.bottom),
                max(column, area.left), min(column + width, area.right),
            )  # fmt: skip
