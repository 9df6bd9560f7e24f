"""Two class rasters laid over each other: one code for each pair of classes, cell by cell."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np
import pyproj
import xarray as xr
from xarray.backends import BackendArray
from xarray.core import indexing

from .errors import FileError, Problem
from .geometry import transformer
from .grids import CELL_NOISE, LATTICE_M, Grid, Window, grid_of, nodata_of, windows

SAME_GRID, CELL_CENTER = "same_grid", "cell_center"
SMALL_BYTES = 2  # numbers whose classes are looked up in a table


@dataclass(frozen=True)
class Overlay:
    """
    Two class rasters read as one.

    Parameters
    ----------
    pairs : DataArray
        A code for the pair of classes in each cell, computed window by window when it is
        read; 0, its nodata, where neither raster has data.
    before_codes, after_codes : array of int
        Classes of the two rasters, in the order of their positions in a pair.
    rule : {"same_grid", "cell_center"}
        How the cells of the rasters meet.
    kept : {"before", "after"}
        Raster whose cells are kept; the other gives its class at their centers.
    shift_cells : tuple of float or None
        Columns and rows, half a cell at most, by which two grids of one system and cell size
        lie apart; None where they differ in more than that.
    """

    pairs: xr.DataArray
    before_codes: np.ndarray
    after_codes: np.ndarray
    rule: str
    kept: str
    shift_cells: tuple[float, float] | None

    def positions(self, pair: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """
        Return the positions of the two classes of each pair.

        Returns
        -------
        before, after : array of int
            Position in ``before_codes`` and ``after_codes``; -1 where there is no data.
        """
        before, after = np.divmod(np.asarray(pair, dtype=np.int64), len(self.after_codes) + 1)
        return before - 1, after - 1


def lay_over(before: xr.DataArray, after: xr.DataArray) -> Overlay:
    """
    Lay two class rasters over each other.

    Parameters
    ----------
    before, after : DataArray
        Classes as whole numbers, two dimensions, in the conventions of rioxarray.

    Returns
    -------
    overlay : Overlay

    Raises
    ------
    CRSError
        If one has no coordinate reference system.
    FileError
        If one is rotated or does not hold whole numbers.

    Notes
    -----
    Cells of one grid meet exactly; a grid is the same when system, cell size and corner agree
    within a millionth of a cell, whole cells between the corners aside. Otherwise the finer
    raster (the earlier one when they are alike) keeps its cells, and each takes the class of
    the other that lies at its center; classes are never mixed. A center on an edge belongs to
    the column or row after it.

    Examples
    --------
    See ``tests/test_overlay.py``: cells of 30 m are laid over cells of 10 m.
    """
    rasters, grids = (before, after), (grid_of(before), grid_of(after))
    codes = [_codes(raster) for raster in rasters]
    kept = 1 if _is_finer(grids[1], grids[0]) else 0
    other = 1 - kept
    offset = grids[kept].offset_cells(grids[other])
    shift = None if offset is None else tuple(map(_part_of_cell, offset))
    exact = shift is not None and max(map(abs, shift)) <= CELL_NOISE
    last = (len(codes[0]) + 1) * (len(codes[1]) + 1) - 1
    kind = np.min_scalar_type(last)
    steps = (len(codes[1]) + 1, 1)
    read = [
        _reader(raster, known, step, kind)
        for raster, known, step in zip(rasters, codes, steps, strict=True)
    ]
    if exact:
        add = _added_cells(read[other], grids[other], tuple(map(round, offset)))
    else:
        add = _added_at_centers(read[other], grids[kept], grids[other])
    return Overlay(
        _lazy(rasters[kept], kind, read[kept], add), *codes,
        SAME_GRID if exact else CELL_CENTER, ("before", "after")[kept], shift,
    )  # fmt: skip


def _part_of_cell(offset: float) -> float:
    """Take whole cells off an offset, which leaves half a cell at most; half is positive."""
    return offset - float(np.ceil(offset - 0.5 - CELL_NOISE))


def _is_finer(grid: Grid, other: Grid) -> bool:
    """Tell whether the cells of a grid are smaller than those of another."""
    sizes = [
        abs(one.width * one.height) if grid.crs == other.crs else _cell_m2(one)
        for one in (grid, other)
    ]
    return sizes[0] < sizes[1] * (1.0 - CELL_NOISE)


def _cell_m2(grid: Grid) -> float:
    """Return the mean area of the cells of a grid, m2."""
    return float(grid.cell_area.row_m2.mean() * grid.cell_area.ratio.mean())


def _codes(raster: xr.DataArray) -> np.ndarray:
    """
    Return the classes that can occur in a raster, its nodata aside.

    All values of a byte are possible; wider numbers are read once to see which occur.
    """
    kind = raster.dtype
    if kind.kind not in "iu":
        file = str(raster.encoding.get("source", raster.name or ""))
        raise FileError(Problem("raster_not_classes", file=file, value=str(kind)))
    if kind.itemsize == 1:
        codes = np.arange(np.iinfo(kind).min, np.iinfo(kind).max + 1)
    else:
        seen: set[int] = set()
        for top, bottom, left, right in windows(raster):
            seen.update(np.unique(raster[top:bottom, left:right].to_numpy()).tolist())
        codes = np.array(sorted(seen), dtype=np.int64)
    nodata = nodata_of(raster)
    return codes if nodata is None else codes[codes != nodata]


def _reader(
    raster: xr.DataArray, codes: np.ndarray, step: int, kind: np.dtype
) -> Callable[[Window], np.ndarray]:
    """Return what reads a window as positions of classes, from 1, times a step; 0 for no data."""
    places = (np.arange(len(codes) + 1) * step).astype(kind)
    if raster.dtype.itemsize > SMALL_BYTES:

        def coded(cells: np.ndarray) -> np.ndarray:
            nearest = np.searchsorted(codes, cells).clip(max=max(len(codes) - 1, 0))
            found = codes[nearest] == cells if len(codes) else np.zeros(cells.shape, dtype=bool)
            return np.where(found, places[1:][nearest], 0) if found.any() else found.astype(kind)

    else:
        unsigned = np.dtype(f"u{raster.dtype.itemsize}")
        table = np.zeros(np.iinfo(unsigned).max + 1, dtype=kind)
        table[codes.astype(raster.dtype).view(unsigned)] = places[1:]

        def coded(cells: np.ndarray) -> np.ndarray:
            return table[cells.view(unsigned)]

    def read(window: Window) -> np.ndarray:
        return coded(raster[window.top : window.bottom, window.left : window.right].to_numpy())

    return read


def _added_cells(
    read: Callable[[Window], np.ndarray], grid: Grid, offset: tuple[int, int]
) -> Callable[[np.ndarray, Window], None]:
    """Return what adds the cells of a raster on the same grid, whole cells away."""
    right, down = offset

    def add(pairs: np.ndarray, window: Window) -> None:
        top, bottom = max(window.top - down, 0), min(window.bottom - down, grid.rows)
        west, east = max(window.left - right, 0), min(window.right - right, grid.columns)
        if top < bottom and west < east:
            rows = slice(top + down - window.top, bottom + down - window.top)
            columns = slice(west + right - window.left, east + right - window.left)
            pairs[rows, columns] += read(Window(top, bottom, west, east))

    return add


def _added_at_centers(
    read: Callable[[Window], np.ndarray], grid: Grid, other: Grid
) -> Callable[[np.ndarray, Window], None]:
    """Return what adds the classes of another grid at the centers of this grid's cells."""
    to_other = None
    if grid.crs != other.crs:
        to_other = transformer(grid.crs, other.crs)

    steps = _steps(grid, to_other)

    def add(pairs: np.ndarray, window: Window) -> None:
        columns, rows, start = _centers(grid, other, to_other, steps, window)
        left, right = _reach(columns, start, pairs.shape, steps, other.columns)
        top, bottom = _reach(rows, start, pairs.shape, steps, other.rows)
        if left < right and top < bottom:
            cells = read(Window(top, bottom, left, right))
            _kernel()(pairs, columns, rows, steps, start, cells, left, top, CELL_NOISE)

    return add


@cache
def _kernel():  # noqa: ANN202
    """Compile the kernel on first use; importing numba costs more than most commands."""
    from .overlay_kernel import add_at_centers  # noqa: PLC0415

    return add_at_centers


def _steps(grid: Grid, to_other: pyproj.Transformer | None) -> tuple[int, int]:
    """
    Return the rows and columns of cells between the centers that are found in another grid.

    Between these cells places are interpolated: exactly in one projection, where the corners
    are enough, and with an error below 0.1 m from points 2 km apart in another one (outside
    the polar regions).
    """
    if to_other is None:
        return grid.rows, grid.columns
    step = max(1, int(LATTICE_M / np.sqrt(_cell_m2(grid))))
    return step, step


def _centers(
    grid: Grid,
    other: Grid,
    to_other: pyproj.Transformer | None,
    steps: tuple[int, int],
    window: Window,
) -> tuple[np.ndarray, np.ndarray, tuple[int, int]]:
    """
    Find columns and rows of another grid at the centers of cells in and around a window.

    These cells are counted from the corner of the grid, so that a center lies in the same
    place whatever the window.

    Returns
    -------
    columns, rows : array of shape (lattice rows, lattice columns)
        NaN where the other system has no such place.
    start : tuple of int
        Rows and columns from the first of these cells to the first cell of the window.
    """
    row, column = (
        np.arange(first // step, (end - 1) // step + 2) * step + 0.5
        for first, end, step in zip(window[::2], window[1::2], steps, strict=True)
    )
    x, y = np.meshgrid(grid.west + column * grid.width, grid.top + row * grid.height)
    if to_other is not None:
        x, y = to_other.transform(x, y)
    found = other.to_cells(np.stack([x, y], axis=-1))
    found[~np.isfinite(found)] = np.nan
    return found[..., 0], found[..., 1], (window.top % steps[0], window.left % steps[1])


def _reach(
    places: np.ndarray,
    start: tuple[int, int],
    shape: tuple[int, int],
    steps: tuple[int, int],
    size: int,
) -> tuple[int, int]:
    """
    Return the first column or row that the cells of a window reach, and the one after the last.

    The lattice of places is cut to the window, beyond which it may reach far.
    """
    for axis, (first, count, step) in enumerate(zip(start, shape, steps, strict=True)):
        last = first + count - 1
        cells = np.array([first, *range((first // step + 1) * step, last, step), last])
        share = np.expand_dims(cells % step / step, 1 - axis)
        near, far = (places.take(cells // step + k, axis) for k in (0, 1))
        # what has no place next to a point must not take the point
        places = np.where(share == 0.0, near, near * (1.0 - share) + far * share)
    known = places[np.isfinite(places)]
    if not len(known):
        return 0, 0
    # centers are moved by the noise; as much again is more than rounding takes
    ends = np.floor([known.min(), known.max() + 2.0 * CELL_NOISE]).clip(-1, size)
    return max(int(ends[0]), 0), min(int(ends[1]) + 1, size)


def _lazy(
    frame: xr.DataArray,
    kind: np.dtype,
    read: Callable[[Window], np.ndarray],
    add: Callable[[np.ndarray, Window], None],
) -> xr.DataArray:
    """Return the pairs on the cells of a raster, computed when they are read."""
    pairs = _Pairs(frame.shape, kind, read, add)
    raster = xr.DataArray(
        xr.Variable(frame.dims, indexing.LazilyIndexedArray(pairs)), frame.coords,
        attrs={"_FillValue": 0},
    )  # fmt: skip
    raster.encoding = {
        key: value for key, value in frame.encoding.items() if key in ("preferred_chunks", "source")
    }
    return raster


class _Pairs(BackendArray):
    """The array behind ``Overlay.pairs``, as xarray wants it."""

    def __init__(
        self,
        shape: tuple[int, int],
        kind: np.dtype,
        read: Callable[[Window], np.ndarray],
        add: Callable[[np.ndarray, Window], None],
    ) -> None:
        self.shape, self.dtype, self.read, self.add = shape, kind, read, add

    def __getitem__(self, key: indexing.ExplicitIndexer) -> np.ndarray:
        """Read the cells that xarray asks for."""
        basic = indexing.IndexingSupport.BASIC
        return indexing.explicit_indexing_adapter(key, self.shape, basic, self._cells)

    def _cells(self, key: tuple) -> np.ndarray:
        """Read the window around the wanted rows and columns, and take these out of it."""
        wanted = [
            range(size)[part] if isinstance(part, slice) else range(part, part + 1)
            for part, size in zip(key, self.shape, strict=True)
        ]
        if not all(wanted):
            return np.zeros([len(axis) for axis in wanted], self.dtype)
        ends = [(axis[0], axis[-1] + 1) for axis in wanted]
        window = Window(*ends[0], *ends[1])
        pairs = self.read(window)
        self.add(pairs, window)
        steps = (slice(None, None, part.step) if isinstance(part, slice) else 0 for part in key)
        return pairs[tuple(steps)]
