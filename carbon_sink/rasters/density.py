"""Carbon density rasters of land cover and their change, written window by window."""

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from functools import cache
from itertools import pairwise
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

import numpy as np
import pandas as pd
import xarray as xr

from ..density import Lookup, check_covered, check_same_grid, lookup, pair_table
from ..grids import Grid, Window, grid_of, nodata_of
from .cloud import TILE, CloudRaster
from .opening import codes_of

UNIT = "t C/ha"
# tiles side by side in one window; a window of two dates then takes some 60 MB
WINDOW_TILES = 10
COMPRESSORS = 2
# a year, or a word such as "before"
Date = int | str


class DensityMaps(NamedTuple):
    """
    Carbon density rasters that were written.

    ``files`` are their paths; ``pairs`` tells, for each date and the next, what became of the
    cells, for ``density.carbon_totals``.
    """

    files: list[Path]
    pairs: dict[tuple[Date, Date], pd.DataFrame]


def write_density(
    rasters: Mapping[Date, xr.DataArray],
    table: pd.DataFrame,
    folder: str | Path,
    *,
    tags: Mapping[str, str] | None = None,
) -> DensityMaps:
    """
    Write the carbon density of land cover, and its change from each date to the next.

    Parameters
    ----------
    rasters : mapping of int or str to DataArray
        Year, or another name of the date, to classes, as ``open_landcover`` gives them; in the
        order of time, all on one grid.
    table : DataFrame
        Carbon per class, as ``density.check_table`` returns it.
    folder : str or Path
        Existing folder for ``carbon_density_<date>.tif`` and
        ``carbon_density_change_<date>_<next>.tif``: cloud-optimised GeoTIFFs of float32 in
        t C/ha, NaN without data. A change is the later density less the earlier.
    tags : mapping, optional
        Further texts kept in the files.

    Returns
    -------
    maps : DensityMaps

    Raises
    ------
    CRSError
        If the rasters do not lie on one grid.
    ParameterError
        If a class that occurs has no value; names the classes of all rasters.

    Examples
    --------
    >>> rasters = {2020: open_landcover("a.tif"), 2025: open_landcover("b.tif")}  # doctest: +SKIP
    >>> maps = write_density(rasters, check_table(rows), "out")  # doctest: +SKIP
    >>> carbon_totals(maps.pairs[2020, 2025], table)  # doctest: +SKIP
    """
    for before, after in pairwise(rasters.values()):
        check_same_grid(before, after)
    grid, folder, pairs = grid_of(next(iter(rasters.values()))), Path(folder), pairwise(rasters)
    texts = {"SOURCE": "; ".join(dict.fromkeys(table["source"])), **(tags or {})}
    with ThreadPoolExecutor(COMPRESSORS) as executor, ExitStack() as stack:
        maps = {
            dates: stack.enter_context(
                CloudRaster(folder / _name(dates), grid, unit=UNIT, executor=executor,
                            tags={**texts, "DATE": "-".join(map(str, dates))})
            )
            for dates in [*((date,) for date in rasters), *pairs]
        }  # fmt: skip
        sums = {dates: _Sums(grid, lookup(table)) for dates in maps if len(dates) > 1}
        for window in _windows(grid):
            places = {}
            for date, (places[date], values) in _looked_up(rasters, window, table):
                maps[date,].write(values, window.top, window.left)
            for (before, after), one in sums.items():
                change = one.compare(places[before], places[after], window)
                maps[before, after].write(change, window.top, window.left)
    files = [one.path for one in maps.values()]
    return DensityMaps(files, {dates: one.table(table) for dates, one in sums.items()})


def _name(dates: tuple[Date, ...]) -> str:
    """Name the file of the density of a date, or of its change between two."""
    kind = "carbon_density" if len(dates) == 1 else "carbon_density_change"
    return "_".join([kind, *map(str, dates)]) + ".tif"


def _windows(grid: Grid) -> Iterator[Window]:
    """Cut a grid into rows of tiles, and wide rows into several windows."""
    width = WINDOW_TILES * TILE
    for top in range(0, grid.rows, TILE):
        for left in range(0, grid.columns, width):
            bottom, right = min(top + TILE, grid.rows), min(left + width, grid.columns)
            yield Window(top, bottom, left, right)


@cache
def _kernels() -> ModuleType:
    """Compile the kernels on first use; importing numba costs more than most commands."""
    from .. import density_kernel  # noqa: PLC0415

    return density_kernel


def _looked_up(
    rasters: Mapping[Date, xr.DataArray], window: Window, table: pd.DataFrame
) -> Iterator[tuple[Date, tuple[np.ndarray, np.ndarray]]]:
    """Read one window of every date: each cell's place in the table, and its density."""
    found = lookup(table)
    top, bottom, left, right = window
    for date, raster in rasters.items():
        codes = raster[top:bottom, left:right].to_numpy()
        nodata = nodata_of(raster)
        has_nodata = nodata is not None and float(nodata).is_integer()
        places = np.empty(codes.shape, dtype="uint16")
        values = np.empty(codes.shape, dtype="float32")
        unknown = _kernels().look_up(
            codes, int(nodata) if has_nodata else 0, has_nodata,
            found.lowest, found.position, found.density, places, values,
        )  # fmt: skip
        if unknown:
            check_covered({str(one.encoding.get("source", name)): codes_of(one)
                           for name, one in rasters.items()}, table)  # fmt: skip
        yield date, (places, values)


class _Sums:
    """Number and area of the cells by place before and place after, added up by windows."""

    def __init__(self, grid: Grid, places: Lookup) -> None:
        self._area, self._density = grid.cell_area, places.density
        self._row_quanta = self._area.row_m2 * self._area.quanta_per_m2
        # unknown classes have been refused, so the last place is that of cells without data
        size = len(places.density) - 1
        self._cells = np.zeros((size, size), dtype="int64")
        self._quanta = np.zeros((size, size), dtype="int64")

    def compare(self, before: np.ndarray, after: np.ndarray, window: Window) -> np.ndarray:
        """Add the cells of a window; return the change of their density (t C/ha)."""
        change = np.empty(before.shape, dtype="float32")
        _kernels().compare(
            before, after, self._density, self._row_quanta, self._area.ratio, self._area.step,
            window.top, window.left, change, self._cells, self._quanta,
        )  # fmt: skip
        return change

    def table(self, table: pd.DataFrame) -> pd.DataFrame:
        """Lay the sums out as a table."""
        return pair_table(self._cells, self._quanta / self._area.quanta_per_m2, table)
