"""Class rasters opened with their grid."""

from pathlib import Path

import numpy as np
import rasterio
import rioxarray
import xarray as xr

from ..errors import CRSError, FileError, Problem

# rows read at a time
ROWS = 512


def open_landcover(path: str | Path, *, scheme: str = "worldcover") -> xr.DataArray:
    """
    Open a land-cover raster; its cells are read when they are needed.

    Parameters
    ----------
    path : str or Path
        A GeoTIFF of one band of whole numbers, north up, with a coordinate reference system.
    scheme : str
        Product whose classes the raster holds, one of ``landcover.schemes()``.

    Returns
    -------
    raster : DataArray
        Two dimensions, in the conventions of rioxarray, with ``attrs["scheme"]``.

    Raises
    ------
    FileError
        If the file is missing, not a GeoTIFF, unreadable, or has several bands, colors in
        place of classes, or numbers that are not whole.
    CRSError
        If it has no coordinate reference system.

    Examples
    --------
    >>> raster = open_landcover("landcover_2025.tif", scheme="worldcover")  # doctest: +SKIP
    """
    path = Path(path)
    if not path.is_file():
        raise FileError(Problem("file_missing", file=path.name, value=str(path)))
    try:
        # only GeoTIFF is opened: a text that calls itself .tif could read any other file
        with rasterio.open(path, driver="GTiff") as source:
            problems = _raster_problems(source, path.name)
        if problems:
            raise FileError(problems)
        raster = rioxarray.open_rasterio(path, driver="GTiff", cache=False)
    except rasterio.errors.RasterioError as error:
        raise FileError(Problem("file_unreadable", file=path.name, value=str(error))) from None
    if raster.rio.crs is None:
        raise CRSError(Problem("crs_missing", file=path.name))
    raster = raster.squeeze("band", drop=True)
    raster.attrs["scheme"] = scheme
    raster.encoding["source"] = path.name
    return raster


def codes_of(raster: xr.DataArray) -> list[int]:
    """
    Return the classes that occur in a raster, its nodata code aside.

    Parameters
    ----------
    raster : DataArray
        As ``open_landcover`` gives it; read in strips of rows.

    Returns
    -------
    codes : list of int
        Sorted.
    """
    found: set[int] = set()
    for start in range(0, raster.shape[0], ROWS):
        found |= set(np.unique(raster[start : start + ROWS].to_numpy()).tolist())
    return sorted(found - {raster.attrs.get("_FillValue")})


def _raster_problems(source: rasterio.DatasetReader, file: str) -> list[Problem]:
    """Everything that keeps a raster from being a map of classes."""
    problems = []
    if source.count != 1:
        problems.append(Problem("raster_bands", file=file, value=str(source.count)))
    kind = source.dtypes[0]
    if not kind.startswith(("int", "uint")):
        problems.append(Problem("raster_not_classes", file=file, value=kind))
    if source.transform.b or source.transform.d:
        problems.append(Problem("raster_rotated", file=file))
    return problems
