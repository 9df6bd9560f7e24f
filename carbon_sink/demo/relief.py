"""Hills, ridges and streams: parallel folds of the Sichuan basin with incised valleys."""

from dataclasses import dataclass

import numpy as np
from numba import njit

from .grid import Grid
from .heap import pop, push, room
from .noise import noise_field

# the Laixi river from the north-east border past Wanling and the district seat to the south
LAIXI = (
    (105.612, 29.556), (105.618, 29.528), (105.600, 29.502), (105.622, 29.484), (105.640, 29.462),
    (105.618, 29.441), (105.596, 29.424), (105.583, 29.402), (105.571, 29.378), (105.549, 29.362),
    (105.541, 29.336), (105.521, 29.318), (105.508, 29.291), (105.502, 29.262), (105.495, 29.235),
)  # fmt: skip
# crest lines of the folds: offset across the strike (km, south-east positive), height (m), width
FOLDS = ((-13.5, 170.0, 1.5), (-4.5, 60.0, 1.2), (5.5, 75.0, 1.1), (13.0, 315.0, 1.8))
STRIKE_DEG = 38.0
CENTER = (105.50, 29.46)
LOWEST_M, HIGHEST_M = 252.0, 705.0
RIVER_FALL = 0.0008
UNSEEN = -2
SMOOTH_M = 450.0
RIVER_REACH_M = 3000.0


@dataclass(frozen=True)
class Relief:
    """
    The shape of the land, one array per quantity.

    ``elevation`` (m), ``slope`` (1, rise over run), ``position`` (m above the land around),
    ``upstream`` and ``downridge`` (cells that drain through a cell, and through it when the
    land is turned upside down), ``receiver`` (flat index of the next cell downstream, -1 at
    the edge) and ``river_m`` (distance to the Laixi river, m).
    """

    elevation: np.ndarray
    slope: np.ndarray
    position: np.ndarray
    upstream: np.ndarray
    downridge: np.ndarray
    receiver: np.ndarray
    river_m: np.ndarray


@njit(cache=True)
def drainage(elevation: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """
    Search flow paths from the edge inwards, lowest cell first.

    Paths leave pits by their lowest saddle, and no land is flat. Returns the flat index of the
    cell downstream of each (-1 at the edge), and the number of cells that drain through each,
    itself included.
    """
    rows, columns = elevation.shape
    count = rows * columns
    level = elevation.ravel()
    receiver = np.full(count, UNSEEN, np.int32)
    order = np.empty(count, np.int32)
    keys, items = np.empty(65536, np.float32), np.empty(65536, np.int32)
    size = 0
    for cell in range(count):
        row, column = cell // columns, cell % columns
        if row == 0 or column == 0 or row == rows - 1 or column == columns - 1:
            keys, items = room(keys, items, size)
            receiver[cell] = -1
            size = push(keys, items, size, level[cell], cell)
    done = 0
    while size > 0:
        cell = items[0]
        size = pop(keys, items, size)
        order[done] = cell
        done += 1
        keys, items = room(keys, items, size + 4)
        row, column = cell // columns, cell % columns
        for near_row in range(max(row - 1, 0), min(row + 2, rows)):
            for near_column in range(max(column - 1, 0), min(column + 2, columns)):
                near = near_row * columns + near_column
                if receiver[near] == UNSEEN:
                    receiver[near] = cell
                    size = push(keys, items, size, level[near], near)
    through = np.ones(count, np.int32)
    for place in range(count - 1, -1, -1):
        cell = order[place]
        if receiver[cell] >= 0:
            through[receiver[cell]] += through[cell]
    return receiver, through


@njit(cache=True)
def _line_distance(
    distance: np.ndarray, along: np.ndarray, x: np.ndarray, y: np.ndarray, reach: int
) -> None:
    """
    Distance (cells) to a polyline given in cells, and the way along it to the nearest point.

    Cells farther than ``reach`` keep what ``distance`` held before.
    """
    rows, columns = distance.shape
    start = 0.0
    for leg in range(x.size - 1):
        dx, dy = x[leg + 1] - x[leg], y[leg + 1] - y[leg]
        length = np.sqrt(dx * dx + dy * dy)
        top, bottom = int(min(y[leg], y[leg + 1])) - reach, int(max(y[leg], y[leg + 1])) + reach
        left, right = int(min(x[leg], x[leg + 1])) - reach, int(max(x[leg], x[leg + 1])) + reach
        for row in range(max(top, 0), min(bottom, rows)):
            for column in range(max(left, 0), min(right, columns)):
                share = ((column - x[leg]) * dx + (row - y[leg]) * dy) / (length * length)
                share = min(max(share, 0.0), 1.0)
                gap_x, gap_y = x[leg] + share * dx - column, y[leg] + share * dy - row
                gap = np.sqrt(gap_x * gap_x + gap_y * gap_y)
                if gap < distance[row, column]:
                    distance[row, column], along[row, column] = gap, start + share * length
        start += length


def _meandering(grid: Grid, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Course of the river in cells, with bends between the points that are known."""
    x, y = grid.metres(*np.array(LAIXI).T)
    way = np.append(0.0, np.cumsum(np.hypot(np.diff(x), np.diff(y))))
    steps = np.arange(0.0, way[-1], 220.0)
    x, y = np.interp(steps, way, x), np.interp(steps, way, y)
    for _ in range(12):
        x[1:-1] = (x[:-2] + 2 * x[1:-1] + x[2:]) / 4
        y[1:-1] = (y[:-2] + 2 * y[1:-1] + y[2:]) / 4
    draw = np.random.default_rng(seed)
    phase, wave = draw.uniform(0, 2 * np.pi, 2), draw.uniform(1500.0, 2300.0, 2)
    swing = 210.0 * np.sin(2 * np.pi * steps / wave[0] + phase[0])
    swing += 130.0 * np.sin(2 * np.pi * steps / (0.43 * wave[1]) + phase[1])
    angle = np.arctan2(np.gradient(y), np.gradient(x))
    x, y = x - swing * np.sin(angle), y + swing * np.cos(angle)
    return x / grid.cell_m, y / grid.cell_m


def _folds(grid: Grid, seed: int) -> np.ndarray:
    """Height (m) of the parallel ridges, each broken by saddles."""
    center_x, center_y = grid.metres(*CENTER)
    x = (np.arange(grid.shape[1], dtype="float32") * grid.cell_m - center_x)[None, :] / 1000.0
    y = (np.arange(grid.shape[0], dtype="float32") * grid.cell_m - center_y)[:, None] / 1000.0
    angle = np.radians(STRIKE_DEG)
    across = (x * np.cos(angle) + y * np.sin(angle)).astype("float32")
    across += 1.7 * noise_field(grid, 8000.0, 4, seed)
    saddles = 0.7 + 0.8 * noise_field(grid, 5200.0, 5, seed + 1)
    height = np.zeros(grid.shape, dtype="float32")
    for offset, top, width in FOLDS:
        height += np.float32(top) * np.exp(-(((across - offset) / width) ** 2))
    return height * np.clip(saddles, 0.15, 1.3)


def _hills(grid: Grid, seed: int) -> np.ndarray:
    """Height (m) of the low round hills between the ridges, with sharp little valleys."""
    broad = noise_field(grid, 5200.0, 3, seed + 2)
    knobs = np.abs(noise_field(grid, 1500.0, 5, seed + 3))
    fine = np.abs(noise_field(grid, 480.0, 4, seed + 4))
    return 34.0 * broad + 85.0 * np.sqrt(knobs) * (0.7 + 0.5 * broad) + 22.0 * np.sqrt(fine)


def box_mean(field: np.ndarray, radius: int) -> np.ndarray:
    """Mean over a square window around each cell, cut off at the edges of the field."""
    total = field
    for axis in (0, 1):
        length = total.shape[axis]
        sums = np.cumsum(total, axis=axis, dtype="float64")
        sums = np.concatenate([np.zeros_like(sums.take([0], axis)), sums], axis=axis)
        low = np.maximum(np.arange(length) - radius, 0)
        high = np.minimum(np.arange(length) + radius + 1, length)
        shape = (-1, 1) if axis == 0 else (1, -1)
        total = (sums.take(high, axis) - sums.take(low, axis)) / (high - low).reshape(shape)
        total = total.astype("float32")
    return total


def make_relief(grid: Grid, seed: int) -> Relief:
    """
    Make the relief of the district.

    Parameters
    ----------
    grid : Grid
        Where.
    seed : int
        Repeats the relief.

    Returns
    -------
    relief : Relief
        Elevation between 252 and 705 m, and what follows from it.
    """
    x, y = _meandering(grid, seed)
    reach = int(RIVER_REACH_M / grid.cell_m)
    river, along = np.full(grid.shape, reach, "float32"), np.zeros(grid.shape, "float32")
    _line_distance(river, along, x, y, reach)
    river *= grid.cell_m
    bed = 318.0 - RIVER_FALL * along * grid.cell_m
    elevation = 312.0 + _folds(grid, seed) + _hills(grid, seed)
    valley = np.exp(-((river / 1100.0) ** 2))
    elevation = elevation * (1.0 - valley) + (bed + 6.0 + 0.02 * river) * valley
    elevation = np.where(river < max(30.0, grid.cell_m), bed - 12.0, elevation)
    elevation = np.clip(elevation, LOWEST_M, HIGHEST_M).astype("float32")
    receiver, upstream = drainage(elevation)
    _, downridge = drainage(-elevation)
    # brooks cut into the hills
    elevation -= (1.5 * np.log(upstream.reshape(grid.shape))).astype("float32")
    rise_y, rise_x = np.gradient(elevation, grid.cell_m)
    return Relief(
        elevation,
        np.hypot(rise_x, rise_y),
        elevation - box_mean(elevation, int(SMOOTH_M / grid.cell_m)),
        upstream.reshape(grid.shape),
        downridge.reshape(grid.shape),
        receiver,
        river,
    )
