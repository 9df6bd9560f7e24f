"""Class rasters written with their colors."""

from pathlib import Path

import numpy as np
import pyproj
import rasterio
from rasterio.enums import Resampling
from rasterio.transform import Affine

TILE = 512
OVERVIEWS = (2, 4, 8, 16)


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
    rows, columns = codes.shape
    profile = {
        "driver": "GTiff", "dtype": "uint8", "count": 1, "height": rows, "width": columns,
        "transform": transform, "crs": crs, "nodata": nodata, "tiled": True,
        "blockxsize": TILE, "blockysize": TILE, "compress": "deflate", "zlevel": 6,
    }  # fmt: skip
    with rasterio.open(path, "w", **profile) as raster:
        raster.write_colormap(1, {code: (*color, 255) for code, color in colors.items()})
        raster.update_tags(**(tags or {}))
        raster.write(codes, 1)
        raster.build_overviews([step for step in OVERVIEWS if step < min(rows, columns) // TILE],
                               Resampling.nearest)  # fmt: skip
    return path
