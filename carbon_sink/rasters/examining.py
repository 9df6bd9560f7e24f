"""Looks at all that a raster file tells, header and cells, and stops at no problem."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from math import inf
from pathlib import Path

import numpy as np
import rasterio
import xarray as xr

from ..coverage_kernel import LARGEST
from ..errors import CarbonSinkError, FileError, Problem
from ..grids import WINDOW_CELLS, Window, windows
from .cells import NO_CODE, Cells
from .opening import (
    class_problems,
    counted,
    has_mask,
    header_of,
    lazy,
    look_at,
    nodata_code,
    opened,
)
from .place import known_crs
from .tiff import JPEG, Layout, size_problems

# whole numbers without a scheme are classes when there are so many at most
CLASSES_MOST = 256
# cells that are looked at, within about five seconds
CELLS_MOST = 2 * 10**9
# whole numbers that a code of 32 bits can be
FARTHEST_CODE = 2.0**31
# what keeps cells from being read, or from being read as what they are
UNREAD = {
    "raster_truncated", "raster_header_broken", "raster_block_too_large", "raster_bands",
    "raster_picture", "raster_pages", "raster_complex",
}  # fmt: skip


@dataclass
class Tally:
    """
    What the cells of a raster are, nodata aside.

    ``codes`` counts cells by whole number, and is None where there are fractions or too many
    numbers; ``fractions`` counts cells that are not whole, ``fraction`` is the first of them,
    ``endless`` counts cells that are infinite or no value of anything; ``rows`` were looked at.
    """

    codes: dict[int, int] | None = field(default_factory=dict)
    lowest: float = inf
    highest: float = -inf
    fraction: float | None = None
    fractions: int = 0
    endless: int = 0
    rows: int = 0

    def add(self, cells: np.ndarray) -> None:
        """Count some cells, all of them valid."""
        if cells.dtype.kind == "f":
            is_value = np.abs(cells) <= LARGEST
            self.endless += int(np.count_nonzero(~is_value))
            cells = cells[is_value]
        if not len(cells):
            return
        self.lowest = min(self.lowest, cells.min().item())
        self.highest = max(self.highest, cells.max().item())
        if cells.dtype.kind == "f":
            odd = cells[cells != np.floor(cells)]
            self.fractions += len(odd)
            if self.fraction is None and len(odd):
                self.fraction = odd[0].item()
        if self.fractions or max(-self.lowest, self.highest) >= FARTHEST_CODE:
            self.codes = None
        if self.codes is not None:
            whole = cells.astype(np.int64) if cells.dtype.kind == "f" else cells
            for code, count in zip(*counted(whole), strict=True):
                self.codes[code] = self.codes.get(code, 0) + count
            self.codes = self.codes if len(self.codes) <= CLASSES_MOST else None


@dataclass(frozen=True)
class Examined:
    """
    What a raster file tells.

    ``layout`` is None where the header cannot be read; ``kind`` is the type of the numbers;
    ``tally`` is None where cells could not be read. ``cell`` (width, height) and ``bounds``
    (west, south, east, north) are in the ``unit`` of the system ``crs``, and None where the
    raster has no place.
    """

    problems: list[Problem]
    layout: Layout | None = None
    kind: str = ""
    nodata: str = ""
    tally: Tally | None = None
    cell: tuple[float, float] | None = None
    bounds: tuple[float, float, float, float] | None = None
    crs: str = ""
    unit: str = ""


def examine_raster(path: str | Path, scheme: str = "") -> Examined:
    """
    Find everything that is wrong with a raster, and what its cells are.

    Parameters
    ----------
    path : str or Path
        A file that calls itself GeoTIFF.
    scheme : str
        Land-cover product whose classes the raster is to hold, one of
        ``landcover.schemes()``; without it whole numbers and values are both good.

    Returns
    -------
    found : Examined
        All problems, those that keep nobody from using the file too. Whether codes are classes
        of the product is left to ``landcover.check_classes``.

    Notes
    -----
    Damage shows when blocks are decoded, so all of them are, up to ``CELLS_MOST`` cells; what
    is held at a time is one block and a few million cells.

    Examples
    --------
    >>> examine_raster("no_such_file.tif").problems[0].code
    'file_missing'
    """
    layout = None
    try:
        path, layout = header_of(path)
        problems = size_problems(layout)
        with opened(path, problems) as source:
            return _examined(source, layout, problems, scheme)
    except CarbonSinkError as error:
        return Examined(error.problems, layout)


def _examined(
    source: rasterio.DatasetReader, layout: Layout, problems: list[Problem], scheme: str
) -> Examined:
    """Look at an open file: its header, then its cells."""
    path, kind = layout.path, source.dtypes[0]
    found, notes = look_at(source, layout)
    if scheme:
        found += class_problems(source, layout, scheme)
    elif layout.compression in JPEG and not layout.is_picture:
        found.append(Problem("raster_lossy", file=path.name, value="JPEG"))
    found = [*problems, *found]
    tally = None
    if not {one.code for one in found} & UNREAD:
        tally, told = _tally(path, source)
        found += told + ([] if tally is None else _cell_problems(tally, path.name, kind, scheme))
    problems = list(dict.fromkeys([*found, *notes]))
    return Examined(problems, layout, kind, layout.nodata, tally, *_place(source))


def _place(source: rasterio.DatasetReader) -> tuple:
    """Return size of a cell, extent, system and unit, as far as they are known."""
    grid, (crs, name) = source.transform, known_crs(source)
    cell = bounds = None
    if not grid.is_identity:
        cell = abs(grid.a), abs(grid.e)
        west, bottom, east, top = source.bounds
        bounds = west, min(bottom, top), east, max(bottom, top)
    axes = [] if crs is None else crs.axis_info
    return cell, bounds, name, axes[0].unit_name if axes else ""


def _tally(path: Path, source: rasterio.DatasetReader) -> tuple[Tally | None, list[Problem]]:
    """Read the cells block by block; none are told where a block cannot be decoded."""
    is_whole = np.dtype(source.dtypes[0]).kind in "iu"
    is_scaled = (source.scales[0], source.offsets[0]) != (1.0, 0.0)
    kind = "values" if is_scaled or not is_whole else "codes" if has_mask(source) else "plain"
    nodata = {"values": None, "codes": NO_CODE, "plain": nodata_code(source)}[kind]
    tally, raster = Tally(), lazy(source, Cells(path, source, kind))
    try:
        for window in _pieces(raster):
            if window.top * source.width > CELLS_MOST:
                part = {"value": f"{window.top:,}", "rule": f"{source.height * source.width:,}"}
                return tally, [Problem("raster_read_in_part", file=path.name, **part)]
            cells = raster[window.top : window.bottom, window.left : window.right].to_numpy()
            cells = cells.ravel()
            if kind == "values":
                cells = cells[~np.isnan(cells)]
            elif nodata is not None:
                cells = cells[cells != nodata]
            tally.add(cells)
            tally.rows = window.bottom
    except FileError as error:
        return None, _damage(raster, window) or error.problems
    return tally, []


def _damage(raster: xr.DataArray, window: Window) -> list[Problem]:
    """Find the first row of blocks of a window that cannot be decoded."""
    high = raster.encoding["preferred_chunks"]["y"]
    for top in range(window.top // high * high, window.bottom, high):
        try:
            raster[top : top + high, window.left : window.right].to_numpy()
        except FileError as error:
            return error.problems
    return []


def _pieces(raster: xr.DataArray) -> Iterator[Window]:
    """Cut windows that high blocks make too large; GDAL keeps the block that was decoded."""
    for window in windows(raster):
        wide = min(window.right - window.left, WINDOW_CELLS)
        high = max(WINDOW_CELLS // wide, 1)
        for top in range(window.top, window.bottom, high):
            bottom = min(top + high, window.bottom)
            for left in range(window.left, window.right, wide):
                yield Window(top, bottom, left, min(left + wide, window.right))


def _cell_problems(tally: Tally, file: str, kind: str, scheme: str) -> list[Problem]:
    """Find what is wrong with the numbers of all cells."""
    problems, is_float = [], kind.startswith("float")
    if tally.endless:
        problems.append(Problem("raster_values_absurd", file=file, value=f"{LARGEST:g}"))
    if tally.lowest > tally.highest and not tally.endless:
        problems.append(Problem("raster_all_nodata", file=file))
    if scheme and tally.fraction is not None:
        problems.append(Problem("raster_not_classes", file=file, count=tally.fractions,
                                value=f"{tally.fraction:g}", rule=f"1-{tally.rows}"))  # fmt: skip
    elif scheme and tally.codes is None:
        problems.append(Problem("classes_too_many", file=file, rule=str(CLASSES_MOST),
                                value=f"> {CLASSES_MOST}"))  # fmt: skip
    elif is_float and tally.codes and not scheme:
        shown = ", ".join(map(str, sorted(tally.codes)[:5]))
        problems.append(Problem("raster_float_whole", file=file, value=shown, rule=kind))
    return problems
