"""Made-up ground for the benchmarks: parcels that tile it, and rasters over it; all seeded."""

from pathlib import Path

import geopandas as gpd
import numpy as np
import rasterio
import shapely
from rasterio.transform import Affine

# true to area, and true to shape at 30 degrees: areas in cells are areas on the ellipsoid
CRS = "EPSG:6933"
WEST_M, NORTH_M = 10_130_000.0, 3_640_000.0
CELL_M = 10.0
CODES = np.array([10, 20, 30, 40, 50, 60, 80, 90], dtype=np.uint8)
PATTERN = 2048
TILE = 512
EDGE_POINTS = 9
# wavelength and height of the bends of borders, in parcels; the sum of height times wave number
# stays below one, which keeps the borders from crossing
BENDS = ((4.0, 0.15), (1.5, 0.06), (0.6, 0.04))
EVERY_ISLET = 25


def _bend(points: np.ndarray, draw: np.random.Generator) -> np.ndarray:
    """Bend the plane smoothly, so that straight borders become wiggly ones."""
    bent = points.copy()
    for length, height in BENDS:
        for axis in (0, 1):
            turn, phase = draw.uniform(0.0, 2.0 * np.pi, 2)
            along = points @ np.array([np.cos(turn), np.sin(turn)])
            bent[..., axis] += height * np.sin(2.0 * np.pi / length * along + phase)
    return bent


def _lines(parcels: int, draw: np.random.Generator) -> np.ndarray:
    """Places of the points along one side of the ground, in parcels; widths differ."""
    width = draw.uniform(0.6, 1.4, parcels)
    corners = np.concatenate([[0.0], np.cumsum(width)]) / width.sum() * parcels
    fine = np.arange(parcels * EDGE_POINTS + 1) / EDGE_POINTS
    return np.interp(fine, np.arange(parcels + 1), corners)


def draw_parcels(count: int, cells: int, seed: int) -> gpd.GeoSeries:
    """
    Draw parcels that tile a square ground: 37 points each, some with a hole or two parts.

    The islet that is cut out of one parcel in 25 is a second part of its neighbor.

    Parameters
    ----------
    count : int
        Parcels wanted; a square number is met.
    cells : int
        Side of the ground in raster cells.
    seed : int
        The same seed gives the same parcels.
    """
    draw = np.random.default_rng(seed)
    side = round(np.sqrt(count))
    x, y = _lines(side, draw), _lines(side, draw)
    step = np.arange(EDGE_POINTS)
    last = np.full(EDGE_POINTS, EDGE_POINTS)
    across = np.concatenate([step, last, last - step, last * 0, [0]])
    down = np.concatenate([step * 0, step, last, last - step, [0]])
    row, column = np.divmod(np.arange(side**2), side)
    shells = np.stack(
        [x[column[:, None] * EDGE_POINTS + across], y[row[:, None] * EDGE_POINTS + down]], axis=-1
    )
    owner = np.arange(0, side**2 - 1, EVERY_ISLET)
    angle = np.linspace(0.0, 2.0 * np.pi, 13)
    circle = 0.15 * np.stack([np.cos(angle), np.sin(angle)], axis=-1)
    middle = shells[owner, :-1].mean(axis=1)
    both = _bend(
        np.concatenate([shells.reshape(-1, 2), (middle[:, None] + circle).reshape(-1, 2)]), draw
    )
    # a margin keeps the bent outer border inside the raster
    metres = (both + 0.5) * (cells * CELL_M / (side + 1)) * [1.0, -1.0] + [WEST_M, NORTH_M]
    shells, islets = np.split(metres, [shells.shape[0] * shells.shape[1]])
    shells, islets = shells.reshape(side**2, -1, 2), islets.reshape(len(owner), -1, 2)
    shapes = shapely.polygons(shells)
    shapes[owner] = shapely.polygons(
        shapely.linearrings(shells[owner]), holes=shapely.linearrings(islets)[:, None]
    )
    parts = np.column_stack([shapes[owner + 1], shapely.polygons(islets)])
    shapes[owner + 1] = shapely.multipolygons(parts)
    return gpd.GeoSeries(shapes, crs=CRS)


def write_parcels(path: Path, count: int, cells: int, seed: int) -> Path:
    """Draw parcels and write them as GeoParquet."""
    gpd.GeoDataFrame(geometry=draw_parcels(count, cells, seed)).to_parquet(
        path, row_group_size=20_000
    )
    return path


def _rough(seed: int) -> np.ndarray:
    """A periodic field of smooth noise with mean 0 and deviation 1."""
    noise = np.random.default_rng(seed).standard_normal((PATTERN, PATTERN))
    wave = np.hypot(np.fft.fftfreq(PATTERN)[:, None], np.fft.rfftfreq(PATTERN)[None, :])
    wave[0, 0] = np.inf
    field = np.fft.irfft2(np.fft.rfft2(noise) / wave**1.5, s=noise.shape)
    return (field - field.mean()) / field.std()


def class_pattern(seed: int) -> np.ndarray:
    """Patches of land cover with some speckle, in a square that repeats without a seam."""
    field = _rough(seed)
    codes = CODES[np.digitize(field, np.quantile(field, np.linspace(0, 1, len(CODES) + 1)[1:-1]))]
    draw = np.random.default_rng(seed + 1)
    speckle = draw.random(codes.shape) < 0.01
    codes[speckle] = draw.choice(CODES, speckle.sum())
    return codes


def changed(pattern: np.ndarray, seed: int) -> np.ndarray:
    """The same land cover later: a tenth of it, in patches, has another class."""
    field = _rough(seed)
    return np.where(field > np.quantile(field, 0.9), class_pattern(seed + 2), pattern)


def float_pattern(seed: int) -> np.ndarray:
    """A measured quantity, to two decimals."""
    return (20.0 + 5.0 * _rough(seed)).round(2).astype(np.float32)


def write_raster(path: Path, pattern: np.ndarray, cells: int) -> Path:
    """Repeat a pattern over a square raster of some cells a side, tiled and deflated."""
    profile = {
        "driver": "GTiff", "dtype": pattern.dtype, "count": 1, "height": cells, "width": cells,
        "crs": CRS, "transform": Affine(CELL_M, 0, WEST_M, 0, -CELL_M, NORTH_M),
        "nodata": 0 if pattern.dtype == np.uint8 else -9999.0, "compress": "deflate",
        "tiled": True, "blockxsize": TILE, "blockysize": TILE,
    }  # fmt: skip
    columns = np.arange(cells) % PATTERN
    with rasterio.open(path, "w", **profile) as raster:
        for top in range(0, cells, TILE):
            rows = np.arange(top, min(top + TILE, cells)) % PATTERN
            window = rasterio.windows.Window(0, top, cells, len(rows))
            raster.write(pattern[np.ix_(rows, columns)], 1, window=window)
    return path


def decode(path: Path) -> int:
    """Read and unpack a raster in rows of tiles, and do nothing with it."""
    cells = 0
    with rasterio.open(path) as raster:
        for top in range(0, raster.height, TILE):
            window = rasterio.windows.Window(0, top, raster.width, min(TILE, raster.height - top))
            cells += raster.read(1, window=window).size
    return cells
