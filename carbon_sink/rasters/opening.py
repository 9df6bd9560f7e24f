"""Rasters opened with their grid, after everything that is wrong with them was looked for."""

import warnings
from decimal import Decimal, InvalidOperation
from pathlib import Path

import numpy as np
import rasterio
import rioxarray  # noqa: F401 - gives arrays their conventions
import xarray as xr
from rasterio.enums import MaskFlags
from rasterio.errors import NotGeoreferencedWarning, RasterioError
from xarray.core import indexing

from ..errors import CRSError, FileError, Problem
from ..grids import Window, windows
from ..landcover import classes
from ..language import LANGUAGES, Words
from .cells import NO_CODE, Cells, open_source
from .place import place_notes, place_problems
from .tiff import (
    JPEG,
    Layout,
    block_size_problems,
    check_storage,
    read_layout,
    size_problems,
)

# codes so near to each other are counted by their place in a table
CODE_RANGE = 2**16
# tags that would change the meaning of cells, were they taken for attributes
RESERVED = {"_FillValue", "missing_value", "scale_factor", "add_offset", "scheme", "notes"}
# classes of legends that stand for no class, so that their code may be nodata
NOTHING = {"Filled value", "No data / sea"}


def open_landcover(path: str | Path, *, scheme: str = "worldcover") -> xr.DataArray:
    """
    Open a land-cover raster; its cells are read when they are needed.

    Parameters
    ----------
    path : str or Path
        A GeoTIFF of one band of whole numbers, in rows and columns along the axes of a
        geographic or projected coordinate reference system.
    scheme : str
        Product whose classes the raster holds, one of ``landcover.schemes()``.

    Returns
    -------
    raster : DataArray
        Two dimensions, in the conventions of rioxarray, with ``attrs["scheme"]``.
        ``attrs["_FillValue"]`` is the code of cells without a class, where there is one;
        ``attrs["notes"]`` lists what did not keep the file from being used.

    Raises
    ------
    FileError
        With all problems of the file: it is missing, no GeoTIFF, cut short or unfinished, too
        large for its bytes; it has several bands, a picture, numbers that are not whole or
        are scaled, or a nodata code that is a class; its cells have no place on the earth.
    CRSError
        If its coordinate reference system is all that is wrong.

    Notes
    -----
    The header tells all of this, so a file of any size opens at once. Three things need the
    cells. Whether a raster of float type holds only whole numbers is looked up at once, in
    windows; it is then given as whole numbers, and NaN as nodata. Classes the product does not
    have, and blocks that cannot be decoded, are found when the cells are read.

    Cells under a mask inside the file are cells without a class.

    Examples
    --------
    >>> raster = open_landcover("landcover_2025.tif", scheme="worldcover")  # doctest: +SKIP
    """
    path, layout = header_of(path)
    problems = size_problems(layout)
    with opened(path, problems) as source:
        found, notes = look_at(source, layout)
        problems += found + class_problems(source, layout, scheme)
        _refuse(problems)
        is_float = source.dtypes[0].startswith("float")
        if is_float:
            _refuse(_fractions(_array(source, Cells(path, source, "values"))))
        kind = "codes" if is_float or has_mask(source) else "plain"
        raster = _array(source, Cells(path, source, kind))
        nodata = NO_CODE if kind == "codes" else nodata_code(source)
    raster.attrs |= {"scheme": scheme, "notes": notes}
    if nodata is not None:
        raster.attrs["_FillValue"] = raster.dtype.type(nodata)
    return raster


def open_values(path: str | Path) -> xr.DataArray:
    """
    Open a raster of values, such as biomass per hectare; cells are read when they are needed.

    Parameters
    ----------
    path : str or Path
        A GeoTIFF of one band of numbers, placed as ``open_landcover`` asks.

    Returns
    -------
    raster : DataArray
        Two dimensions, float, in the conventions of rioxarray. Scale and offset of the file
        are applied. Cells without a value, by nodata or by a mask in the file, are NaN.
        ``attrs["notes"]`` lists what did not keep the file from being used.

    Raises
    ------
    FileError, CRSError
        As ``open_landcover`` does; any real numbers are values.

    Examples
    --------
    >>> raster = open_values("biomass.tif")  # doctest: +SKIP
    """
    path, layout = header_of(path)
    problems = size_problems(layout)
    with opened(path, problems) as source:
        found, notes = look_at(source, layout)
        _refuse(problems + found)
        raster = _array(source, Cells(path, source, "values"))
    raster.attrs |= {"_FillValue": np.nan, "notes": notes}
    return raster


def holds_whole_numbers(path: str | Path) -> bool:
    """
    Tell whether the cells of a GeoTIFF are whole numbers, as classes are, and not scaled.

    Raises
    ------
    FileError
        If the file is missing, no GeoTIFF, or cannot be opened.
    """
    path, layout = header_of(path)
    with opened(path, size_problems(layout)) as source:
        is_scaled = (source.scales[0], source.offsets[0]) != (1.0, 0.0)
        return source.dtypes[0].startswith(("int", "uint")) and not is_scaled


def codes_of(raster: xr.DataArray) -> dict[int, int]:
    """
    Count the cells of the classes that occur in a raster, its nodata code aside.

    Parameters
    ----------
    raster : DataArray
        As ``open_landcover`` gives it; read window by window.

    Returns
    -------
    cells : dict of int to int
        Number of cells by class code, in the order of the codes.
    """
    found: dict[int, int] = {}
    for window in windows(raster):
        for code, count in zip(*counted(_cut(raster, window)), strict=True):
            found[code] = found.get(code, 0) + count
    found.pop(raster.attrs.get("_FillValue"), None)
    return dict(sorted(found.items()))


def counted(codes: np.ndarray) -> tuple[list[int], list[int]]:
    """List the codes of a window and how often each occurs; small codes without sorting."""
    lowest = int(codes.min())
    if int(codes.max()) - lowest >= CODE_RANGE:
        found, counts = np.unique(codes, return_counts=True)
        return found.tolist(), counts.tolist()
    counts = np.bincount(codes.ravel().astype(np.int64) - lowest)
    found = np.flatnonzero(counts)
    return (found + lowest).tolist(), counts[found].tolist()


def _cut(raster: xr.DataArray, window: Window) -> np.ndarray:
    """Read the cells of a window."""
    return raster[window.top : window.bottom, window.left : window.right].to_numpy()


def header_of(path: str | Path) -> tuple[Path, Layout]:
    """Read the header of a file that is there."""
    path = Path(path)
    if not path.is_file():
        raise FileError(Problem("file_missing", file=path.name, value=str(path)))
    return path, read_layout(path)


def _refuse(problems: list[Problem]) -> None:
    """Raise what was found, if anything was."""
    problems = list(dict.fromkeys(problems))  # that a raster has no place shows in two ways
    if problems:
        is_crs = all(problem.code.startswith("crs_") for problem in problems)
        raise CRSError(problems) if is_crs else FileError(problems)


def opened(path: Path, problems: list[Problem]) -> rasterio.DatasetReader:
    """Open a file whose size is no danger; add that it has no place, which only opening tells."""
    _refuse(problems)
    try:
        with warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always", NotGeoreferencedWarning)
            source = open_source(path)
    except RasterioError as error:
        problem = Problem("file_unreadable", file=path.name, value=str(error))
        raise FileError(problem) from None
    except UnicodeDecodeError:
        # rasterio reads names in UTF-8 only; some software writes GBK
        raise CRSError(Problem("crs_name_unreadable", file=path.name)) from None
    if any(one.category is NotGeoreferencedWarning for one in told):
        problems.append(Problem("raster_no_place", file=path.name))
    return source


def look_at(source: rasterio.DatasetReader, layout: Layout) -> tuple[list[Problem], list[Problem]]:
    """Find what keeps cells from being read, placed or understood, and what does not."""
    name, kind = layout.path.name, source.dtypes[0]
    rows, columns = source.block_shapes[0]
    samples = layout.bands if layout.is_interleaved else 1
    problems = block_size_problems(name, rows * columns * samples * np.dtype(kind).itemsize)
    found, notes = check_storage(layout, has_nodata=source.nodata is not None)
    problems += found
    if layout.is_picture:
        problems.append(Problem("raster_picture", file=name))
    elif source.count != 1:
        problems.append(Problem("raster_bands", file=name, value=str(source.count)))
    if source.subdatasets:
        pages = str(len(source.subdatasets))
        problems.append(Problem("raster_pages", file=name, value=pages))
    if kind.startswith("complex"):
        problems.append(Problem("raster_complex", file=name, value=kind))
    masks = layout.path.parent.glob("*.[mM][sS][kK]")
    beside = [mask.name for mask in masks if mask.name.lower() == f"{name}.msk".lower()]
    if beside:
        problems.append(Problem("raster_mask_beside", file=name, value=beside[0]))
    notes += _nodata_notes(layout, kind) + place_notes(source, name)
    return problems + place_problems(source, name), notes


def _nodata_notes(layout: Layout, kind: str) -> list[Problem]:
    """Find a nodata code that no cell can hold exactly; programs differ in what it matches."""
    if not layout.nodata or _can_hold(np.dtype(kind), layout.nodata):
        return []
    return [Problem("raster_nodata_odd", file=layout.path.name, value=layout.nodata, rule=kind)]


def _can_hold(kind: np.dtype, number: str) -> bool:
    """Tell whether a written number is one of a type; infinity is taken for none."""
    try:
        value = Decimal(number)
    except InvalidOperation:
        return False
    if kind.kind in "iu":
        bounds = np.iinfo(kind)
        return value.is_finite() and value == int(value) and bounds.min <= value <= bounds.max
    with np.errstate(over="ignore"):
        stored = float(np.array(float(value)).astype(kind).real)
    return value.is_nan() or (value.is_finite() and stored == float(value))


def class_problems(source: rasterio.DatasetReader, layout: Layout, scheme: str) -> list[Problem]:
    """Find what keeps numbers from being the classes of a product."""
    name, problems = layout.path.name, []
    scale = (source.scales[0], source.offsets[0])
    if scale != (1.0, 0.0):
        value = "× {:g} + {:g}".format(*scale)
        problems.append(Problem("raster_scaled", file=name, value=value))
    if layout.compression in JPEG and not layout.is_picture:
        problems.append(Problem("raster_lossy", file=name, value="JPEG"))
    nodata, legend = nodata_code(source), classes(scheme)
    if nodata in legend.index and legend.loc[nodata, "name_en"] not in NOTHING:
        value = Words(*(f"{nodata} {legend.loc[nodata, f'name_{lang}']}" for lang in LANGUAGES))
        problems.append(Problem("raster_nodata_is_class", file=name, value=value, rule=scheme))
    return problems


def nodata_code(source: rasterio.DatasetReader) -> int | None:
    """Return the nodata code, where a cell can hold it."""
    value = source.nodata
    return int(value) if value is not None and float(value).is_integer() else None


def has_mask(source: rasterio.DatasetReader) -> bool:
    """Tell whether the file itself says which cells are valid, other than by nodata."""
    return MaskFlags.per_dataset in source.mask_flag_enums[0]


def _fractions(values: xr.DataArray) -> list[Problem]:
    """Look for numbers that are not whole, up to the first window that has some."""
    for window in windows(values):
        cells = _cut(values, window)
        odd = cells[~np.isnan(cells) & (cells != np.floor(cells))]
        if len(odd):
            rows, file = f"{window.top + 1}-{window.bottom}", values.encoding["source"]
            value = f"{odd[0]:g}"
            return [
                Problem("raster_not_classes", file=file, count=len(odd), value=value, rule=rows)
            ]
    return []


def _array(source: rasterio.DatasetReader, cells: Cells) -> xr.DataArray:
    """Give cells the coordinates and the conventions of rioxarray."""
    grid, bare = source.transform, lazy(source, cells)
    raster = bare.assign_coords(
        y=grid.f + grid.e * (np.arange(source.height) + 0.5),
        x=grid.c + grid.a * (np.arange(source.width) + 0.5),
    )
    raster.attrs = {key: value for key, value in source.tags().items() if key not in RESERVED}
    raster.rio.write_crs(source.crs, inplace=True).rio.write_transform(grid, inplace=True)
    raster.encoding = bare.encoding
    return raster


def lazy(source: rasterio.DatasetReader, cells: Cells) -> xr.DataArray:
    """Give cells the look of an array that knows its blocks, and has no coordinates."""
    raster = xr.DataArray(indexing.LazilyIndexedArray(cells), dims=("y", "x"))
    blocks = dict(zip(("y", "x"), source.block_shapes[0], strict=True))
    raster.encoding = {"source": cells.path.name, "preferred_chunks": blocks}
    return raster
