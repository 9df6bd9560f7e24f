"""Class rasters written with their colors, whole or piece by piece."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pyproj
import rasterio
from rasterio.enums import Resampling
from rasterio.transform import Affine
from rasterio.windows import Window

TILE = 512
OVERVIEWS = (2, 4, 8, 16)
SMALL, FAST = 6, 1
CACHE_BYTES = 64 * 1024**2


def write_class_raster(
    path: str | Path,
    codes: np.ndarray,
    transform: Affine,
    crs: str | pyproj.CRS,
    *,
    nodata: int,
    colors: dict[int, tuple[int, int, int]],
    tags: dict[str, str] | None = None,
) -> Path:
    """
    Write class codes as a tiled GeoTIFF with a color table and overviews.

    Parameters
    ----------
    path : str or Path
        File to write.
    codes : array of uint8, shape (rows, columns)
        Class codes, 0 to 255.
    transform : Affine
        From column and row to coordinates.
    crs : str or CRS
        Coordinate reference system.
    nodata : int
        Code of pixels without a class.
    colors : dict
        Class code to red, green, blue (0 to 255).
    tags : dict, optional
        Texts kept in the file.

    Returns
    -------
    path : Path
        The file.
    """
    path = Path(path)
    place = {"transform": transform, "crs": crs, "nodata": nodata, "zlevel": SMALL}
    with _opened(path, codes.shape, place, colors, tags) as raster:
        raster.write(codes, 1)
        raster.build_overviews([step for step in OVERVIEWS if step < min(codes.shape) // TILE],
                               Resampling.nearest)  # fmt: skip
    return path


@contextmanager
def class_raster(
    path: str | Path,
    shape: tuple[int, int],
    transform: Affine,
    crs: str | pyproj.CRS,
    *,
    nodata: int,
    colors: dict[int, tuple[int, int, int]],
    tags: dict[str, str] | None = None,
) -> Iterator[Callable[[np.ndarray, int, int], None]]:
    """
    Open a tiled GeoTIFF with a color table, too large to be held whole.

    Parameters
    ----------
    path : str or Path
        File to write.
    shape : tuple of int
        Rows and columns.
    transform, crs, nodata, colors, tags
        As for :func:`write_class_raster`.

    Yields
    ------
    write : callable
        Takes a block of codes (uint8), and the row and column of its first cell, multiples
        of 512.
    """
    place = {"transform": transform, "crs": crs, "nodata": nodata, "zlevel": FAST}
    # GDAL would keep blocks that wait to be written in a twentieth of the memory
    with (
        rasterio.Env(GDAL_CACHEMAX=CACHE_BYTES),
        _opened(Path(path), shape, place, colors, tags) as raster,
    ):

        def write(codes: np.ndarray, row: int, column: int) -> None:
            window = Window(column, row, codes.shape[1], codes.shape[0])
            raster.write(codes, 1, window=window)

        yield write


@contextmanager
def _opened(
    path: Path,
    shape: tuple[int, int],
    place: dict,
    colors: dict[int, tuple[int, int, int]],
    tags: dict[str, str] | None,
) -> Iterator[rasterio.io.DatasetWriter]:
    """Open a file for class codes and say what they mean."""
    profile = {
        "driver": "GTiff", "dtype": "uint8", "count": 1, "height": shape[0], "width": shape[1],
        "tiled": True, "blockxsize": TILE, "blockysize": TILE, "compress": "deflate",
        "bigtiff": "if_safer",
    }  # fmt: skip
    with rasterio.open(path, "w", **profile, **place) as raster:
        raster.write_colormap(1, {code: (*color, 255) for code, color in colors.items()})
        raster.update_tags(**(tags or {}))
        yield raster
