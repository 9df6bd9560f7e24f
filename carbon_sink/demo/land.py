"""What covers the ground before it is parceled: woods, fields, settlements, mines and water."""

# ruff: noqa: PLR2004 the chances and bounds of a made-up district stand where they act

from dataclasses import dataclass

import numpy as np
from numba import njit

from .grid import Grid
from .grow import components, grow
from .noise import noise_field
from .relief import Relief

WOOD, FIELD, BUILT, WATER, MINE = 1, 2, 3, 4, 5
# share of the district that is forest land, stocked or not
WOOD_SHARE = 0.336
RIVER_HALF_WIDTH_M = 34.0
SEAT = (105.588, 29.404)
SEAT_RADIUS_M, TOWN_RADIUS_M = 3500.0, 660.0
MINES, RESERVOIRS = 44, 70
# borders of towns keep to streams and crests more strictly than those of parcels
TOWN_POWER = 1.7


@dataclass(frozen=True)
class Land:
    """
    Ground cover on the grid, before parcels are drawn.

    ``inside`` (cells of the district and a rim around it), ``town`` (number of the town, from
    1, 0 outside), ``kind`` (WOOD, FIELD, BUILT, WATER, MINE; 0 outside).
    """

    inside: np.ndarray
    town: np.ndarray
    kind: np.ndarray


def slowness(grid: Grid, relief: Relief, seed: int) -> np.ndarray:
    """Time to cross a cell: streams, crests and steep slopes hold a region back."""
    scale = (20.0 / grid.cell_m) ** 2
    stream = np.log10(np.maximum(relief.upstream / (40.0 * scale), 1.0))
    crest = np.log10(np.maximum(relief.downridge / (40.0 * scale), 1.0))
    rough = np.exp(1.1 * noise_field(grid, 260.0, 3, seed))
    return (rough * (1.0 + 14.0 * stream + 9.0 * crest + 3.0 * relief.slope)).astype("float32")


def draw_towns(
    grid: Grid, inside: np.ndarray, slow: np.ndarray, lon: np.ndarray, lat: np.ndarray
) -> np.ndarray:
    """Grow the towns from their seats; returns the number of the town of each cell, from 1."""
    row, column = grid.cell_of(lon, lat)
    count = len(row)
    return grow(
        slow, inside.astype("int32"), np.ones(grid.shape, "uint8"),
        (row * grid.shape[1] + column).astype("int32"), np.arange(1, count + 1, dtype="int32"),
        np.ones(count, "uint8"), np.ones(count, "float32"), 1.0,
    )  # fmt: skip


@njit(cache=True)
def _fill_basin(
    wet: np.ndarray, elevation: np.ndarray, receiver: np.ndarray, outlet: int, depth: float,
    limit: int,
) -> None:  # fmt: skip
    """Flood the land upstream of a dam up to its crest, over at most ``limit`` cells."""
    rows, columns = elevation.shape
    crest = elevation[outlet // columns, outlet % columns] + depth
    queue = np.empty(limit + 9, np.int32)
    queue[0], size, head = outlet, 1, 0
    while head < size < limit:
        cell = queue[head]
        head += 1
        row, column = cell // columns, cell % columns
        wet[row, column] = True
        for r in range(max(row - 1, 0), min(row + 2, rows)):
            for c in range(max(column - 1, 0), min(column + 2, columns)):
                near = r * columns + c
                drains = receiver[near] == cell or not wet[r, c]
                if drains and not wet[r, c] and elevation[r, c] < crest:
                    wet[r, c] = True
                    queue[size] = near
                    size += 1


def _water(grid: Grid, relief: Relief, inside: np.ndarray, draw: np.random.Generator) -> np.ndarray:
    """Cells of the river and of reservoirs dammed in the brooks."""
    wet = relief.river_m < RIVER_HALF_WIDTH_M
    scale = (20.0 / grid.cell_m) ** 2
    through = relief.upstream / scale
    sites = inside & (through > 700.0) & (through < 9000.0) & (relief.river_m > 900.0)
    cells = np.flatnonzero(sites)
    for outlet in draw.choice(cells, min(RESERVOIRS, len(cells)), replace=False):
        size = int(draw.lognormal(4.2, 0.8) * scale)
        depth = draw.uniform(5.0, 14.0)
        _fill_basin(wet, relief.elevation, relief.receiver, outlet, depth, min(size, 4000))
    return wet


def _settled(grid: Grid, relief: Relief, lon: np.ndarray, lat: np.ndarray, seed: int) -> np.ndarray:
    """Cells of the district seat and of the small towns: lumpy, on gentle ground."""
    x = (np.arange(grid.shape[1], dtype="float32") + 0.5) * grid.cell_m
    y = ((np.arange(grid.shape[0], dtype="float32") + 0.5) * grid.cell_m)[:, None]
    lumps = noise_field(grid, 1900.0, 4, seed)
    built = np.zeros(grid.shape, dtype=bool)
    draw = np.random.default_rng(seed)
    east, south = grid.metres(np.append(lon, SEAT[0]), np.append(lat, SEAT[1]))
    radius = np.append(TOWN_RADIUS_M * draw.uniform(0.6, 1.35, len(lon)), SEAT_RADIUS_M)
    for place_x, place_y, reach in zip(east, south, radius, strict=True):
        bend = draw.uniform(0.75, 1.3)
        near = np.hypot((x - place_x) * bend, (y - place_y) / bend) / reach
        built |= near + 1.1 * lumps + 2.5 * np.maximum(relief.slope - 0.12, 0.0) < 0.85
    return built


def _mines(grid: Grid, relief: Relief, inside: np.ndarray, draw: np.random.Generator) -> np.ndarray:
    """Cells of open pits and tips at the foot of the ridges."""
    score = relief.slope + 0.004 * (relief.elevation - 330.0)
    likely = inside & (score > np.quantile(score[inside], 0.82)) & (relief.river_m > 500.0)
    centers = draw.choice(np.flatnonzero(likely), MINES, replace=False)
    ragged = noise_field(grid, 210.0, 3, int(draw.integers(1 << 30)))
    mined = np.zeros(grid.shape, dtype=bool)
    for center in centers:
        row, column = divmod(int(center), grid.shape[1])
        reach = draw.uniform(110.0, 300.0) / grid.cell_m
        wide = int(2 * reach) + 2
        box = (slice(max(row - wide, 0), row + wide), slice(max(column - wide, 0), column + wide))
        y, x = np.mgrid[box]
        mined[box] |= np.hypot(y - row, x - column) / reach + 0.9 * ragged[box] < 1.0
    return mined


def _suits_wood(grid: Grid, relief: Relief, patch_m: float, seed: int) -> np.ndarray:
    """How well ground suits wood: ridges, hilltops and steeps do, the river flats do not."""
    high = np.clip((relief.elevation - 345.0) / 90.0, -0.4, 1.6)
    top = np.clip(relief.position / 22.0, -1.0, 1.2)
    steep = np.clip(relief.slope / 0.30, 0.0, 1.3)
    score = 0.62 * high + 0.50 * top + 0.55 * steep
    score += 1.15 * noise_field(grid, 2.0 * patch_m, 3, seed)
    score += 0.85 * noise_field(grid, 11.0 * patch_m, 3, seed + 1)
    return score - 0.8 * np.exp(-((relief.river_m / 900.0) ** 2))


def _wooded(score: np.ndarray, inside: np.ndarray, free: np.ndarray, least: int) -> np.ndarray:
    """Kind of ground where the best of the free ground is wood, without small patches."""
    wanted = WOOD_SHARE * inside.sum()
    asked = wanted
    ranked = np.sort(score[free])[::-1]
    for _ in range(3):
        kind = np.where(inside, FIELD, 0).astype("uint8")
        bound = ranked[min(int(asked), len(ranked) - 1)]
        kind[free & (score > bound)] = WOOD
        kind = drop_small(drop_small(kind, (), least), (WOOD,), 2 * least)
        kept = max((free & (kind == WOOD)).sum(), 1)
        asked *= wanted / kept
    return kind


def drop_small(kind: np.ndarray, protected: tuple[int, ...], least: int) -> np.ndarray:
    """Turn patches under ``least`` cells to field, or to wood where they are field."""
    patch = components(kind)
    size = np.bincount(patch.ravel())
    small = (size[patch] < least) & (kind > 0) & ~np.isin(kind, protected)
    kind = kind.copy()
    kind[small] = np.where(kind[small] == FIELD, WOOD, FIELD)
    return kind


def make_land(
    grid: Grid,
    relief: Relief,
    inside: np.ndarray,
    lon: np.ndarray,
    lat: np.ndarray,
    patch_m: float,
    seed: int,
) -> Land:
    """
    Lay out the ground cover of the district.

    Parameters
    ----------
    grid : Grid
        Where.
    relief : Relief
        The shape of the land.
    inside : array of bool
        Cells of the district and of a rim around it.
    lon, lat : array
        Seats of the towns, degrees.
    patch_m : float
        Typical width of a patch of wood, metres.
    seed : int
        Repeats the layout.

    Returns
    -------
    land : Land
    """
    draw = np.random.default_rng(seed)
    rough = slowness(grid, relief, seed) ** np.float32(TOWN_POWER)
    town = draw_towns(grid, inside, rough, lon, lat)
    mines = _mines(grid, relief, inside, draw)
    water = _water(grid, relief, inside, draw)
    built = _settled(grid, relief, lon, lat, seed + 10)
    free = inside & ~mines & ~water & ~built
    least = int(0.12 * (patch_m / grid.cell_m) ** 2)
    kind = _wooded(_suits_wood(grid, relief, patch_m, seed + 20), inside, free, least)
    for cells, code in ((built, BUILT), (mines, MINE), (water, WATER)):
        kind[cells & inside] = code
    tiny = max(int(8000.0 / grid.cell_m**2), 3)
    return Land(inside, town, drop_small(kind, (WATER,), tiny))
