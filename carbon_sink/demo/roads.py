"""Roads between the towns and from the villages to them, on the easiest ground."""

from itertools import pairwise

import numpy as np
import shapely
from numba import njit

from .grid import Grid
from .heap import pop, push, room
from .relief import Relief

CELL_M = 90.0
NEIGHBORS = 3
LANES = 170
# the expressway crosses the district from the Sichuan border past the seat to Yongchuan
EXPRESSWAY = ((105.425, 29.325), (105.560, 29.385), (105.640, 29.415), (105.735, 29.430))


@njit(cache=True)
def _ways(effort: np.ndarray, sources: np.ndarray) -> np.ndarray:
    """Next cell on the easiest way to the nearest source; flat index, -1 at a source."""
    rows, columns = effort.shape
    total = np.full(rows * columns, 1e30, np.float32)
    onward = np.full(rows * columns, -1, np.int32)
    keys, items = np.empty(4096, np.float32), np.empty(4096, np.int32)
    size = 0
    for source in sources:
        keys, items = room(keys, items, size)
        total[source] = 0.0
        size = push(keys, items, size, np.float32(0.0), source)
    while size > 0:
        cost, cell = keys[0], items[0]
        size = pop(keys, items, size)
        if cost > total[cell]:
            continue
        keys, items = room(keys, items, size + 4)
        row, column = cell // columns, cell % columns
        for r in range(max(row - 1, 0), min(row + 2, rows)):
            for c in range(max(column - 1, 0), min(column + 2, columns)):
                far = np.sqrt(float((r - row) ** 2 + (c - column) ** 2))
                when = np.float32(cost + far * 0.5 * (effort[r, c] + effort[row, column]))
                if far > 0 and when < total[r * columns + c]:
                    total[r * columns + c] = when
                    onward[r * columns + c] = cell
                    size = push(keys, items, size, when, r * columns + c)
    return onward


def _follow(onward: np.ndarray, start: int) -> np.ndarray:
    """List the cells on the way from a cell to its source."""
    cells = [start]
    while onward[cells[-1]] >= 0:
        cells.append(onward[cells[-1]])
    return np.array(cells)


def _rounded(cells: np.ndarray, columns: int) -> np.ndarray:
    """Way through the middles of cells, with the corners cut; row and column as floats."""
    way = np.stack(np.divmod(cells, columns), axis=1).astype("float64") + 0.5
    for _ in range(3):
        way[1:-1] = (way[:-2] + 2.0 * way[1:-1] + way[2:]) / 4.0
    return way


def draw_roads(
    grid: Grid, relief: Relief, inside: np.ndarray, lon: np.ndarray, lat: np.ndarray, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """
    Draw the roads of the district.

    Parameters
    ----------
    grid : Grid
        Where.
    relief : Relief
        Roads avoid steep ground and cross the river seldom.
    inside : array of bool
        Cells of the district.
    lon, lat : array
        Seats of the towns, degrees.
    seed : int
        Repeats the lanes.

    Returns
    -------
    lines : array of LineString
        In degrees.
    width_m : array
        Width of each, metres.
    """
    step = max(round(CELL_M / grid.cell_m), 1)
    wet = relief.river_m[::step, ::step] < 1.5 * CELL_M
    effort = 1.0 + 30.0 * relief.slope[::step, ::step] ** 1.3 + 12.0 * wet
    effort = np.where(inside[::step, ::step], effort, 40.0).astype("float32")
    columns = effort.shape[1]

    def cell_of(lon: np.ndarray, lat: np.ndarray) -> np.ndarray:
        row, column = grid.cell_of(lon, lat)
        return (row // step * columns + column // step).astype("int32")

    towns = cell_of(lon, lat)
    ways, widths = [], []
    for place, town in enumerate(towns):
        onward = _ways(effort, np.array([town], "int32"))
        gap = np.hypot((lon - lon[place]) * 0.87, lat - lat[place])
        for other in np.argsort(gap, kind="stable")[1 : NEIGHBORS + 1]:
            ways.append(_follow(onward, int(towns[other])))
            widths.append(12.0)
    stops = cell_of(*np.array(EXPRESSWAY).T)
    for start, stop in pairwise(stops):
        ways.append(_follow(_ways(effort**0.5, np.array([stop], "int32")), int(start)))
        widths.append(30.0)
    network = np.unique(np.concatenate(ways)).astype("int32")
    draw = np.random.default_rng(seed)
    villages = draw.choice(np.flatnonzero(inside[::step, ::step]), LANES, replace=False)
    onward = _ways(effort, network)
    lanes = [_follow(onward, int(village)) for village in villages]
    ways += [lane for lane in lanes if len(lane) > 1]
    widths += [8.0 for lane in lanes if len(lane) > 1]
    lines = []
    for way in ways:
        row, column = (_rounded(way, columns) * step).T
        lines.append(shapely.linestrings(
            grid.west + column * grid.step_lon, grid.north - row * grid.step_lat
        ))  # fmt: skip
    return np.array(lines), np.array(widths)
