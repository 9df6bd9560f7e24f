"""Draws the points of a stratified random sample from a class raster, for people to look at."""

from collections.abc import Iterable

import geopandas as gpd
import numpy as np
import pandas as pd
import xarray as xr
from rasterio.transform import Affine

from ..errors import Problem, TableError
from ..geometry import STORE_CRS
from ..grids import TILE, Grid, Window, grid_of, nodata_of, windows
from .shapes import burn

# constants of the generator splitmix64
STEP, MIX_1, MIX_2 = 0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB


def cells_inside(raster: xr.DataArray, place: gpd.GeoDataFrame) -> pd.Series:
    """
    Count the cells of each class that can be drawn in a place.

    Parameters
    ----------
    raster : DataArray
        Classes, as ``open_landcover`` gives them; read window by window.
    place : GeoDataFrame
        Polygons of the place.

    Returns
    -------
    cells : Series of int
        Number of cells with their center inside, by class code; those without data aside.
    """
    grid, found = grid_of(raster), pd.Series(dtype=int)
    shapes = place.geometry.to_crs(grid.crs)
    for window in _windows(raster, grid, shapes):
        codes = _codes(raster, window)[_inside(grid, window, shapes)]
        codes, counts = np.unique(codes, return_counts=True)
        found = found.add(pd.Series(counts, codes), fill_value=0)
    found = found.drop(nodata_of(raster), errors="ignore")
    return found.astype(int).rename_axis("class_code")


def sample_points(
    raster: xr.DataArray,
    counts: pd.Series,
    seed: int,
    place: gpd.GeoDataFrame | None = None,
    strata: pd.Series | None = None,
) -> gpd.GeoDataFrame:
    """
    Draw a stratified random sample of cells, so many of each stratum.

    Parameters
    ----------
    raster : DataArray
        Classes, as ``open_landcover`` gives them; read window by window.
    counts : Series or dict
        Stratum to number of sample units, as ``accuracy.allocation`` gives them. Strata are
        the classes of the map, by their codes, unless ``strata`` says otherwise.
    seed : int
        The same seed draws the same cells, however the file is cut into blocks.
    place : GeoDataFrame, optional
        Polygons of the place; only cells whose center lies inside are drawn. The sample must
        be of the place whose mapped areas it is to correct.
    strata : Series, optional
        Class code to stratum, where several classes share one.

    Returns
    -------
    points : GeoDataFrame
        Centers of the cells in EPSG:4490, in random order, with the columns of
        ``reference_samples``: ``sample_id``, ``map_class``, ``reference_class`` to be filled
        in by an interpreter, who should not be shown the class on the map, and ``stratum``
        where strata are given.

    Raises
    ------
    TableError
        If the place has fewer cells of a stratum than were asked for.

    Notes
    -----
    Within a stratum each cell is drawn with a chance in proportion to its area, without
    replacement: the cells with the smallest ``-log(u) / area`` are taken (Efraimidis and
    Spirakis 2006), ``u`` being a random number that belongs to the cell.

    Examples
    --------
    >>> points = sample_points(raster, {10: 75, 40: 165}, seed=1)  # doctest: +SKIP
    """
    grid = grid_of(raster)
    shapes = None if place is None else place.geometry.to_crs(grid.crs)
    counts = pd.Series(counts, dtype=int)
    members = pd.Series(counts.index, counts.index) if strata is None else strata
    best = {name: (np.empty(0), np.empty((0, 2), dtype=np.int64)) for name in counts.index}
    for window in _windows(raster, grid, shapes):
        codes = _codes(raster, window)
        area = np.broadcast_to(grid.cell_area.of(window), codes.shape)
        rows = np.arange(window.top, window.bottom, dtype=np.int64)[:, None] * grid.columns
        cells = rows + np.arange(window.left, window.right)
        chance, inside = _uniform(cells, seed), _inside(grid, window, shapes)
        for name, number in counts.items():
            # most cells are out by their number alone, without a logarithm
            last = best[name][0][-1] if len(best[name][0]) == number > 0 else np.inf
            mine = np.isin(codes, members.index[members == name])
            found = mine & (chance >= np.exp(-last * area.max())) & inside
            keys = -np.log(chance[found]) / area[found]
            drawn = np.column_stack([cells[found], codes[found]])
            keys, drawn = (np.concatenate(pair) for pair in
                           zip(best[name], (keys, drawn), strict=True))  # fmt: skip
            first = np.argsort(keys, kind="stable")[:number]
            best[name] = keys[first], drawn[first]
    short = [f"{name} ({len(best[name][1])} < {number})" for name, number in counts.items()
             if len(best[name][1]) < number]  # fmt: skip
    if short:
        file = str(raster.encoding.get("source", ""))
        raise TableError(Problem("sample_too_large", file=file, value=", ".join(short)))
    drawn = {name: cells for name, (_, cells) in best.items()}
    points = _points(grid, drawn, seed)
    return points if strata is not None else points.drop(columns="stratum")


def values_at(raster: xr.DataArray, points: gpd.GeoSeries) -> pd.Series:
    """
    Read the class of a raster at points.

    Parameters
    ----------
    raster : DataArray
        Classes, as ``open_landcover`` gives them; only blocks that hold points are read.
    points : GeoSeries of Point
        In any coordinate reference system.

    Returns
    -------
    codes : Series of Int64
        Class of the cell each point lies in, under the index of the points; missing where the
        raster has no data or does not reach.
    """
    grid = grid_of(raster)
    moved = points.to_crs(grid.crs)
    cells = np.floor(grid.to_cells(np.column_stack([moved.x, moved.y])))
    inside = ((cells >= 0) & (cells < [grid.columns, grid.rows])).all(axis=1)
    found = pd.Series(pd.NA, points.index, dtype="Int64")
    column, row = cells[inside].astype(int).T
    chunks = raster.encoding.get("preferred_chunks", {})
    blocks = pd.Series(range(len(row))).groupby(
        [row // chunks.get("y", TILE), column // chunks.get("x", TILE)]
    )
    codes = np.empty(len(row), dtype=np.int64)
    for _, mine in blocks:
        y, x = row[mine], column[mine]
        window = Window(y.min(), y.max() + 1, x.min(), x.max() + 1)
        codes[mine] = _codes(raster, window)[y - window.top, x - window.left]
    found[inside] = codes
    return found.mask(found.eq(nodata_of(raster))) if nodata_of(raster) is not None else found


def _points(grid: Grid, drawn: dict[int, np.ndarray], seed: int) -> gpd.GeoDataFrame:
    """Turn the cells drawn of each stratum, with their classes, into points in random order."""
    cells = np.concatenate([*drawn.values(), np.empty((0, 2), dtype=np.int64)])
    strata = np.repeat(list(drawn), [len(one) for one in drawn.values()])
    order = np.random.default_rng(seed).permutation(len(cells))
    row, column = np.divmod(cells[order, 0], grid.columns)
    x, y = grid.west + (column + 0.5) * grid.width, grid.top + (row + 0.5) * grid.height
    return gpd.GeoDataFrame(
        {
            "sample_id": [str(number) for number in range(1, len(cells) + 1)],
            "stratum": strata[order].astype(str),
            "map_class": cells[order, 1],
            "reference_class": "",
        },
        geometry=gpd.points_from_xy(x, y),
        crs=grid.crs,
    ).to_crs(STORE_CRS)


def _codes(raster: xr.DataArray, window: Window) -> np.ndarray:
    """Read the cells of a window."""
    return raster[window.top : window.bottom, window.left : window.right].to_numpy()


def _windows(raster: xr.DataArray, grid: Grid, shapes: gpd.GeoSeries | None) -> Iterable[Window]:
    """Cut the part of the raster that holds the shapes into windows; all where there are none."""
    if shapes is None:
        return windows(raster)
    west, south, east, north = shapes.total_bounds
    (left, right), (top, bottom) = grid.to_cells(np.array([(west, south), (east, north)])).T
    top, bottom = sorted((top, bottom))
    part = Window(
        int(np.clip(np.floor(top), 0, grid.rows)), int(np.clip(np.ceil(bottom), 0, grid.rows)),
        int(np.clip(np.floor(left), 0, grid.columns)),
        int(np.clip(np.ceil(right), 0, grid.columns)),
    )  # fmt: skip
    has_cells = part.top < part.bottom and part.left < part.right
    return windows(raster, part) if has_cells else ()


def _inside(grid: Grid, window: Window, shapes: gpd.GeoSeries | None) -> np.ndarray | bool:
    """Tell which cells of a window have their center inside the shapes."""
    if shapes is None:
        return True
    corner = grid.west + window.left * grid.width, grid.top + window.top * grid.height
    transform = Affine(grid.width, 0.0, corner[0], 0.0, grid.height, corner[1])
    size = window.bottom - window.top, window.right - window.left
    return burn(shapes.to_numpy(), np.ones(len(shapes)), size, transform, "uint8") == 1


def _uniform(cells: np.ndarray, seed: int) -> np.ndarray:
    """Give each cell its own random number between 0 and 1, whatever the window (splitmix64)."""
    start = int(np.random.default_rng(seed).integers(2**64, dtype=np.uint64))
    mixed = cells.astype(np.uint64) * np.uint64(STEP) + np.uint64(start)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(MIX_1)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(MIX_2)
    return ((mixed ^ (mixed >> np.uint64(31))) >> np.uint64(11)) * 2.0**-53 + 2.0**-54
