"""Exact areas of raster classes inside polygons, by the fraction of every cell that is covered."""

from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from functools import cache
from types import ModuleType
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import xarray as xr

from .errors import FileError, Problem
from .grids import Grid, Window, grid_of, nodata_of, windows
from .rings import Rings, ring_batches
from .units import M2_PER_HA

COVERAGES = ("exact", "center")
# classes of so many different codes at most are looked up in a table
CODE_RANGE = 1 << 16
# what measures class areas: ``class_area`` here, or the same on a cluster
Measure = Callable[..., pd.DataFrame]


@cache
def kernel() -> ModuleType:
    """Compile the kernel on first use; importing numba costs more than most commands."""
    from . import coverage_kernel  # noqa: PLC0415

    return coverage_kernel


def class_area(
    polygons: gpd.GeoSeries | gpd.GeoDataFrame,
    raster: xr.DataArray,
    *,
    coverage: str = "exact",
    workers: int = 1,
) -> pd.DataFrame:
    """
    Area of each raster class in each polygon.

    Parameters
    ----------
    polygons : GeoSeries or GeoDataFrame
        Valid polygons and multipolygons in any coordinate reference system. They may
        overlap, reach beyond the raster, or be smaller than a cell. Their edges are followed
        to the system of the raster; the raster itself is never resampled.
    raster : DataArray
        Integer classes, two dimensions, in the conventions of rioxarray. Cells equal to
        ``raster.rio.nodata`` belong to no class. Read window by window when it is not loaded.
    coverage : {"exact", "center"}
        Share of a cell that counts: the fraction the polygon covers, or all of it when its
        centre lies inside (for comparison with other tools).
    workers : int
        Threads that measure windows side by side.

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
        If the raster is rotated or does not hold whole numbers.
    ValueError
        If the coverage method is not known.

    Notes
    -----
    Shares and areas are added as whole numbers of a fine quantum, so the result is the same
    to the last bit for any window, order of polygons and number of workers. Inside a cell its
    area counts as evenly spread, which is right to 1e-6 for cells of 10 m and to 1e-5 for cells
    of 200 m.

    Examples
    --------
    See ``tests/test_zonal.py``: a square over the corner of four cells takes a quarter each.
    """
    quanta = class_quanta(polygons, raster, coverage=coverage, workers=workers)
    return quanta_to_ha(quanta, grid_of(raster), coverage)


def class_quanta(
    polygons: gpd.GeoSeries | gpd.GeoDataFrame,
    raster: xr.DataArray,
    *,
    coverage: str = "exact",
    workers: int = 1,
    rows: tuple[int, int] | None = None,
) -> pd.DataFrame:
    """
    Area of each raster class in each polygon, in whole quanta of the raster's grid.

    Parts of a large job are measured apart, by polygons or by rows of the raster, and added
    without any rounding; ``quanta_to_ha`` then gives hectares.

    Parameters
    ----------
    polygons, raster, coverage, workers
        As for ``class_area``.
    rows : tuple of int, optional
        First row of the raster, and row after the last, that count; all by default.

    Returns
    -------
    quanta : DataFrame of int64
        Index of the polygons, one column per class code found.

    Examples
    --------
    See ``tests/test_zonal.py``: upper and lower half add up to the whole to the last bit.
    """
    polygons = polygons.geometry
    grid = _measurable(raster, coverage)
    area = grid.cell_area
    row_area = area.row_m2 * area.quanta_per_m2
    nodata = nodata_of(raster)
    if raster.dtype.kind not in "iu":
        file = str(raster.encoding.get("source", raster.name or ""))
        raise FileError(Problem("raster_not_classes", file=file, value=str(raster.dtype)))
    totals: dict[int, np.ndarray] = {}

    def measure(rings: Rings, inside: np.ndarray, cells: np.ndarray, window: Window) -> tuple:
        codes, cells, lookup, lowest = _coded(cells, nodata)
        sums = np.zeros((len(inside), len(codes) + 1), dtype=np.int64)
        kernel().add_class_quanta(
            rings.points, rings.ring_first, rings.signs, rings.polygon_first, rings.boxes, inside,
            cells, window, lookup, lowest, row_area, area.ratio, area.step,
            coverage == "exact", sums,
        )  # fmt: skip
        return codes, sums[:, :-1]

    for members, (codes, sums) in _measured(polygons, raster, grid, measure, workers, rows):
        for code, column in zip(codes, sums.T, strict=True):
            totals.setdefault(code, np.zeros(len(polygons), dtype=np.int64))[members] += column
    found = {code: totals[code] for code in sorted(totals) if totals[code].any()}
    return pd.DataFrame(found, index=polygons.index).rename_axis(columns="class_code")


def quanta_to_ha(quanta: pd.DataFrame, grid: Grid, coverage: str = "exact") -> pd.DataFrame:
    """
    Turn whole quanta of a grid into hectares.

    Parameters
    ----------
    quanta : DataFrame of int64
        From ``class_quanta``, or sums of such tables.
    grid : Grid
        Grid of the raster that was measured.
    coverage : str
        Coverage method, for the record.

    Returns
    -------
    area_ha : DataFrame
        Hectares; ``attrs["method"]`` tells how they were measured.
    """
    area_ha = quanta / grid.cell_area.quanta_per_m2 / M2_PER_HA
    area_ha.attrs["method"] = f"coverage={coverage}, ellipsoidal area"
    return area_ha


def statistics(
    polygons: gpd.GeoSeries | gpd.GeoDataFrame,
    raster: xr.DataArray,
    *,
    coverage: str = "exact",
    workers: int = 1,
) -> pd.DataFrame:
    """
    Area-weighted mean, sum, lowest and highest value of a raster in each polygon.

    Parameters
    ----------
    polygons, coverage, workers
        As for ``class_area``.
    raster : DataArray
        Finite numbers, two dimensions, in the conventions of rioxarray. NaN and cells equal
        to ``raster.rio.nodata`` are left out.

    Returns
    -------
    statistics : DataFrame
        Index of the polygons; ``area_ha`` with data (ha), ``mean`` weighted by area, ``sum``
        of value times hectares (tonnes for t/ha), ``min`` and ``max`` of the cells touched.
        NaN where a polygon has no data. ``attrs["method"]`` tells the coverage method.

    Raises
    ------
    CRSError, FileError
        As for ``class_area``; also where a value is infinite or beyond 1e30, which is no value
        of anything but of cells without data that the raster does not declare.

    Notes
    -----
    Sums are exact before they are rounded once, so they do not depend on windows, order or
    workers. Products of value and m2 below 2**-160 are left out.

    Examples
    --------
    See ``tests/test_zonal.py``: the mean of four cells of 1, 2, 3 and 4, each a quarter, is 2.5.
    """
    polygons = polygons.geometry
    grid = _measurable(raster, coverage)
    area = grid.cell_area
    per_m2 = area.quanta_per_m2
    row_area = area.row_m2 * per_m2
    nodata = nodata_of(raster)
    nodata = np.nan if nodata is None else float(nodata)
    compiled = kernel()
    quanta = np.zeros(len(polygons), dtype=np.int64)
    limbs = np.zeros((len(polygons), compiled.LIMBS), dtype=np.int64)
    low, high = np.full(len(polygons), np.inf), np.full(len(polygons), -np.inf)

    def measure(rings: Rings, inside: np.ndarray, cells: np.ndarray, window: Window) -> tuple:
        areas = np.zeros(len(inside), dtype=np.int64)
        sums = np.zeros((len(inside), compiled.LIMBS), dtype=np.int64)
        extremes = np.tile([np.inf, -np.inf], (len(inside), 1))
        compiled.add_values(
            rings.points, rings.ring_first, rings.signs, rings.polygon_first, rings.boxes, inside,
            cells, window, nodata, row_area, area.ratio, area.step,
            coverage == "exact", per_m2, areas, sums, extremes,
        )  # fmt: skip
        return areas, sums, extremes

    for members, part in _measured(polygons, raster, grid, measure, workers, None):
        quanta[members] += part[0]
        limbs[members] += part[1]
        low[members] = np.minimum(low[members], part[2][:, 0])
        high[members] = np.maximum(high[members], part[2][:, 1])
    if np.isposinf(high).any():
        file = str(raster.encoding.get("source", raster.name or ""))
        raise FileError(Problem("raster_values_absurd", file=file, value=f"{compiled.LARGEST:g}"))
    area_m2 = np.where(quanta > 0, quanta / per_m2, np.nan)
    total = np.where(quanta > 0, _exact_sums(limbs), np.nan)
    known = np.isfinite(area_m2)
    result = pd.DataFrame(
        {
            "area_ha": quanta / per_m2 / M2_PER_HA, "mean": total / area_m2,
            "sum": total / M2_PER_HA, "min": np.where(known, low, np.nan),
            "max": np.where(known, high, np.nan),
        }, index=polygons.index,
    )  # fmt: skip
    result.attrs["method"] = f"coverage={coverage}, ellipsoidal area"
    return result


def _measurable(raster: xr.DataArray, coverage: str) -> Grid:
    """Return the grid of a raster, once the coverage method is known to be one."""
    if coverage not in COVERAGES:
        msg = f"coverage is {coverage!r}, known are {', '.join(COVERAGES)}"
        raise ValueError(msg)
    return grid_of(raster)


def _exact_sums(limbs: np.ndarray) -> np.ndarray:
    """Turn limbs into numbers, rounded once; limbs are carried until each holds 32 bits."""
    limbs = limbs.copy()
    bits = kernel().LIMB_BITS
    sign = np.ones(len(limbs))
    for _ in range(2):  # a negative sum is carried again after its sign was taken off
        for k in range(limbs.shape[1] - 1):
            carry = limbs[:, k] >> bits
            limbs[:, k] -= carry << bits
            limbs[:, k + 1] += carry
        negative = limbs[:, -1] < 0
        limbs[negative] *= -1
        sign[negative] = -1.0
    total = np.zeros(len(limbs))
    for k in reversed(range(limbs.shape[1])):
        total += np.ldexp(limbs[:, k].astype(float), bits * k + kernel().LOWEST_BIT)
    return sign * total


def _coded(
    cells: np.ndarray, nodata: float | None
) -> tuple[list[int], np.ndarray, np.ndarray, int]:
    """
    Find the classes of a window, and how a cell leads to its class.

    Returns the classes with data, the cells, the position of each class (one past the last for
    cells without data), and the class of the first position.
    """
    lowest, highest = int(cells.min()), int(cells.max())
    if highest - lowest < CODE_RANGE:
        seen = np.zeros(highest - lowest + 1, dtype=np.bool_)
        kernel().mark_classes(cells, lowest, seen)
        places = np.flatnonzero(seen)
        codes, size = places + lowest, len(seen)
    else:
        codes, index = np.unique(cells, return_inverse=True)
        cells, lowest = index.reshape(cells.shape), 0
        places, size = np.arange(len(codes)), len(codes)
    wanted = np.ones(len(codes), dtype=bool) if nodata is None else codes != nodata
    positions = np.full(size, wanted.sum())
    positions[places[wanted]] = np.arange(wanted.sum())
    return codes[wanted].tolist(), cells, positions, lowest


def _measured(
    polygons: gpd.GeoSeries,
    raster: xr.DataArray,
    grid: Grid,
    measure: Callable[[Rings, np.ndarray, np.ndarray, Window], Any],
    workers: int,
    rows: tuple[int, int] | None,
) -> Iterator[tuple[np.ndarray, Any]]:
    """Measure every window that polygons touch; yield the polygons in it and the measures."""

    def work(members: np.ndarray, rings: Rings, inside: np.ndarray, window: Window) -> tuple:
        cells = raster[window.top : window.bottom, window.left : window.right].to_numpy()
        return members[inside], measure(rings, inside, cells, window)

    jobs = _jobs(polygons, raster, grid, rows)
    if workers == 1:
        for job in jobs:
            yield work(*job)
        return
    with ThreadPoolExecutor(workers) as pool:
        waiting: set[Future] = set()
        for job in jobs:
            waiting.add(pool.submit(work, *job))
            if len(waiting) > 2 * workers:  # windows wait in memory, so only a few may
                ready, waiting = wait(waiting, return_when=FIRST_COMPLETED)
                yield from (one.result() for one in ready)
        yield from (one.result() for one in waiting)


def _jobs(
    polygons: gpd.GeoSeries, raster: xr.DataArray, grid: Grid, rows: tuple[int, int] | None
) -> Iterator[tuple[np.ndarray, Rings, np.ndarray, Window]]:
    """Lay out the work: polygons, their rings, those of them in a window, and the window."""
    first, last = rows or (0, grid.rows)
    for members, rings in ring_batches(polygons, grid):
        boxes = rings.boxes
        reached = boxes[(boxes[:, 1] > boxes[:, 0]) & (boxes[:, 3] > boxes[:, 2])]
        if not len(reached):
            continue
        top, left = reached[:, 0].min(), reached[:, 2].min()
        bottom, right = reached[:, 1].max(), reached[:, 3].max()
        area = Window(max(int(top), first), min(int(bottom), last), int(left), int(right))
        for window in windows(raster, area):
            inside = np.flatnonzero(
                (boxes[:, 0] < window.bottom) & (boxes[:, 1] > window.top)
                & (boxes[:, 2] < window.right) & (boxes[:, 3] > window.left)
            )  # fmt: skip
            if len(inside):
                yield members, rings, inside, window
