"""Where a raster lies on the earth, and what keeps that from being known."""

from functools import lru_cache
from math import isfinite, pi

import pyproj
import rasterio

from ..errors import Problem
from ..grids import NO_SKEW
from ..systems import missing_system, system_name

# degrees in radians, and how far a stored unit may be off
DEGREE, UNIT_NOISE = pi / 180.0, 1e-6
# a globe may be counted from -180 or from 0 degrees
FARTHEST_LON, FARTHEST_LAT = 360.0, 90.0
# what GDAL and PROJ write where a name is missing
NAMELESS = {"", "unknown", "unnamed"}


def place_problems(source: rasterio.DatasetReader, file: str) -> list[Problem]:
    """
    Find what keeps the cells of a raster from having a place and an area on the earth.

    Parameters
    ----------
    source : rasterio.DatasetReader
        The raster.
    file : str
        Its name for the messages.

    Returns
    -------
    problems : list of Problem
        Of the grid, then of the coordinate reference system, then of both together.
    """
    grid = _grid_problems(source, file)
    try:
        crs = pyproj.CRS.from_wkt(source.crs.to_wkt()) if source.crs else None
    except (rasterio.errors.RasterioError, pyproj.exceptions.CRSError) as error:
        return [*grid, Problem("crs_invalid", file=file, value=str(error))]
    # control points have a system of their own
    if crs is None and source.gcps[0]:
        return grid
    if crs is None and source.transform.is_identity:  # numbers of cells are no coordinates
        return [*grid, Problem("crs_unset", file=file)]
    if crs is None:
        west, bottom, east, top = source.bounds
        extent = west, min(bottom, top), east, max(bottom, top)
        return [*grid, missing_system(extent, file=file)]
    system = _crs_problems(crs, file)
    if grid or system or not crs.is_geographic:
        return grid + system
    return _extent_problems(source, file)


def place_notes(source: rasterio.DatasetReader, file: str) -> list[Problem]:
    """
    Find what a reader should know of the system of a raster that has a place.

    Parameters
    ----------
    source : rasterio.DatasetReader
        The raster.
    file : str
        Its name for the messages.

    Returns
    -------
    notes : list of Problem
        A unit of length that is not named or is not the metre; a system without a name that
        is none of the registered ones.
    """
    crs, name = known_crs(source)
    if crs is None or not crs.is_projected:
        return []
    axis = crs.axis_info[0]
    if axis.unit_name in NAMELESS:
        value = f"{axis.unit_conversion_factor:g} m"
        return [Problem("crs_unit_unknown", file=file, value=value)]
    if abs(axis.unit_conversion_factor - 1.0) > UNIT_NOISE:
        factor = axis.unit_conversion_factor**-2
        return [Problem("crs_not_metres", file=file, value=axis.unit_name, rule=f"{factor:.2f}")]
    if name.lower() in NAMELESS:
        method = crs.coordinate_operation.method_name
        return [Problem("crs_unnamed", file=file, value=method)]
    return []


def known_crs(source: rasterio.DatasetReader) -> tuple[pyproj.CRS | None, str]:
    """Return the system of a raster and its name, where there is one and it makes sense."""
    try:
        return _named(source.crs.to_wkt()) if source.crs else (None, "")
    except (rasterio.errors.RasterioError, pyproj.exceptions.CRSError):
        return None, ""


@lru_cache(maxsize=64)
def _named(wkt: str) -> tuple[pyproj.CRS, str]:
    """Name a system, or the one behind a shift to another; to find its code takes 0.1 s."""
    crs = pyproj.CRS.from_wkt(wkt)
    return crs, system_name(crs.source_crs if crs.is_bound else crs)


def _grid_problems(source: rasterio.DatasetReader, file: str) -> list[Problem]:
    """Find what keeps rows and columns from following the axes of the map."""
    grid = source.transform
    if grid.is_identity:
        has_points = source.gcps[0] or source.rpcs
        return [Problem("raster_control_points" if has_points else "raster_no_place", file=file)]
    if not all(map(isfinite, grid[:6])) or not (grid.a or grid.b) or not (grid.d or grid.e):
        return [Problem("raster_no_cell", file=file, value=f"{grid.a:g} × {grid.e:g}")]
    # the kernel counts columns eastward; rows may run either way
    skew = max(abs(grid.b), abs(grid.d))
    if skew > NO_SKEW * min(abs(grid.a), abs(grid.e)) or grid.a < 0:
        return [Problem("raster_rotated", file=file)]
    return []


def _crs_problems(crs: pyproj.CRS, file: str) -> list[Problem]:
    """Find systems in which cells have no area on the ellipsoid."""
    if not (crs.is_geographic or crs.is_projected):
        return [Problem("crs_not_on_earth", file=file, value=f"{crs.name} ({crs.type_name})")]
    unit = crs.axis_info[0].unit_conversion_factor
    if crs.is_geographic and abs(unit / DEGREE - 1.0) > UNIT_NOISE:
        return [Problem("crs_not_degrees", file=file, value=crs.axis_info[0].unit_name)]
    if not (isfinite(unit) and unit > 0):
        return [Problem("crs_invalid", file=file, value=f"{crs.axis_info[0].unit_name} = {unit:g}")]
    return []


def _extent_problems(source: rasterio.DatasetReader, file: str) -> list[Problem]:
    """Find coordinates that are no longitudes and latitudes; half a cell beyond a pole is usual."""
    grid = source.transform
    west, top = grid.c, grid.f
    east, bottom = west + grid.a * source.width, top + grid.e * source.height
    lon = max(abs(west), abs(east)) - abs(grid.a)
    lat = max(abs(top), abs(bottom)) - abs(grid.e)
    if lon <= FARTHEST_LON and lat <= FARTHEST_LAT:
        return []
    extent = f"{west:g}, {min(top, bottom):g}, {east:g}, {max(top, bottom):g}"
    return [Problem("raster_outside_earth", file=file, value=extent)]
