"""Class rasters: opened with their grid, made from polygons, written with their colors."""

from pathlib import Path

import numpy as np
import pyproj
import rasterio
import rasterio.features
import rioxarray
import shapely
import xarray as xr
from rasterio.enums import Resampling
from rasterio.transform import Affine

from .errors import CRSError, FileError, Problem

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


def polygonize(labels: np.ndarray, transform: Affine) -> tuple[np.ndarray, np.ndarray]:
    """
    Outline every connected patch of equal label; patches touch along edges, not corners.

    Parameters
    ----------
    labels : array of int, shape (rows, columns)
        Labels; 0 is background and gives no polygon.
    transform : Affine
        From column and row to coordinates.

    Returns
    -------
    geometries : array of Polygon
        One per patch, along the pixel edges.
    values : array of int32
        Label of each patch.
    """
    labels = np.ascontiguousarray(labels, dtype="int32")
    found = list(
        rasterio.features.shapes(labels, mask=labels != 0, connectivity=4, transform=transform)
    )
    values = np.array([value for _, value in found], dtype="int32")
    rings = [ring for shape, _ in found for ring in shape["coordinates"]]
    owner = np.repeat(np.arange(len(found)), [len(shape["coordinates"]) for shape, _ in found])
    lengths = [len(ring) for ring in rings]
    points = np.array([point for ring in rings for point in ring]).reshape(-1, 2)
    linear = shapely.linearrings(points, indices=np.repeat(np.arange(len(rings)), lengths))
    return shapely.polygons(linear, indices=owner), values


def burn(
    geometries: np.ndarray,
    values: np.ndarray,
    shape: tuple[int, int],
    transform: Affine,
    dtype: str,
    all_touched: bool = False,
) -> np.ndarray:
    """
    Draw polygons or lines on a grid; pixels that no shape covers are 0.

    Parameters
    ----------
    geometries : array of geometry
        Shapes in the coordinates of the grid.
    values : array
        Value of each shape; later shapes cover earlier ones.
    shape : tuple of int
        Rows and columns.
    transform : Affine
        From column and row to coordinates.
    dtype : str
        Type of the grid.
    all_touched : bool
        Whether a pixel counts when it is touched, or when its center is covered.

    Returns
    -------
    grid : array of shape (rows, columns)
        The values.
    """
    pairs = zip(geometries, np.asarray(values).tolist(), strict=True)
    return rasterio.features.rasterize(
        pairs, out_shape=shape, transform=transform, fill=0, dtype=dtype, all_touched=all_touched
    )


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
    for start in range(0, raster.shape[0], TILE):
        found |= set(np.unique(raster[start : start + TILE].to_numpy()).tolist())
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
