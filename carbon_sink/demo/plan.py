"""The plan of the made-up city: its outline, districts, parcels and what covers them."""

# ruff: noqa: PLR2004 the chances and bounds of a made-up city stand where they act

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numba import njit

from .country import cover_kinds
from .mesh import (
    CELL_HA,
    CELLS_PER_PARCEL,
    HEIGHT_M,
    WIDTH_M,
    beside,
    center,
    join_cells,
    side_points,
)
from .noise import fractal

# the outline reaches at most this many radii from the middle
REACH, RIM_CELLS = 1.8, 24
DISTRICTS, DISTRICTS_LEAST = 40, 2
VILLAGE_M, COMPARTMENT_M = 3_200.0, 1_600.0


@dataclass(frozen=True)
class Plan:
    """
    What the city is before it is drawn.

    ``parcel`` and ``district`` (rows, columns) give each cell of the mesh its number from 1,
    0 outside; ``sites`` has one row per parcel: ``cell`` (flat), ``east_m`` and ``south_m`` of
    a point in it, ``district``, ``village``, ``compartment``, ``number`` and the kinds of
    ground ``before`` and ``after``; ``seats`` are the town centers (metres, reach).
    """

    mesh_seed: int
    land_seed: int
    radius_m: float
    parcel: np.ndarray
    district: np.ndarray
    sites: pd.DataFrame
    seats: np.ndarray


@njit(cache=True)
def _distances(rows: int, columns: int, radius_m: float, seed: int) -> np.ndarray:
    """How far out each cell lies, as a share of the way to a wavy outline around the middle."""
    far = np.empty((rows, columns), np.float32)
    for row in range(rows):
        for column in range(columns):
            x = ((column + 0.5 * (row & 1)) - columns / 2) * WIDTH_M / radius_m
            y = (row - rows / 2) * HEIGHT_M / radius_m
            away = np.sqrt(x * x + y * y) + 1e-9
            u, v = x / away + 7.0, y / away + 7.0
            far[row, column] = away / (1.0 + 0.8 * fractal(0.9 * u, 0.9 * v, 6, seed))
    return far


@njit(cache=True)
def _nearest(
    cells: np.ndarray, columns: int, seats: np.ndarray, spacing_m: float, seeds: tuple[int, int]
) -> np.ndarray:
    """Town center nearest to each cell, from 1, over ground that bends the borders."""
    found = np.empty(cells.size, np.uint8)
    for n in range(cells.size):
        x, y = center(cells[n] // columns, cells[n] % columns, seeds[0])
        u, v = 1.5 * x / spacing_m, 1.5 * y / spacing_m
        x += 0.28 * spacing_m * fractal(u, v, 5, seeds[1] + 1)
        y += 0.28 * spacing_m * fractal(u, v, 5, seeds[1] + 2)
        best = np.inf
        for seat in range(seats.shape[0]):
            away = np.sqrt((x - seats[seat, 0]) ** 2 + (y - seats[seat, 1]) ** 2)
            if away < best:
                best = away
                found[n] = seat + 1
    return found


@njit(cache=True)
def _grounds(
    cells: np.ndarray, columns: int, seats: np.ndarray, radius_m: float, seeds: tuple[int, int]
) -> np.ndarray:
    """East and south (m) of the cells, and kind of ground in both years."""
    found = np.empty((cells.size, 4))
    for n in range(cells.size):
        x, y = center(cells[n] // columns, cells[n] % columns, seeds[0])
        before, after = cover_kinds(x, y, seats, radius_m, seeds[1])
        found[n, 0], found[n, 1], found[n, 2], found[n, 3] = x, y, before, after
    return found


def _seats(
    cells: np.ndarray, columns: int, count: int, radius_m: float, draw: np.random.Generator
) -> np.ndarray:
    """Spread town centers over the place, each with its reach (m); the first is the largest."""
    sample = draw.choice(cells, min(len(cells), 20_000), replace=False)
    row, column = np.divmod(sample, columns)
    points = np.column_stack([column * WIDTH_M, row * HEIGHT_M])
    seats = points[draw.choice(len(points), count, replace=False)]
    for _ in range(3):
        nearest = ((points[:, None] - seats) ** 2).sum(axis=2).argmin(axis=1)
        seats = np.array([points[nearest == seat].mean(axis=0) for seat in range(count)])
    middle = np.argsort(((seats - points.mean(axis=0)) ** 2).sum(axis=1), kind="stable")
    reach = radius_m * draw.uniform(0.025, 0.06, count)
    reach[0] = 0.11 * radius_m
    return np.column_stack([seats[middle], reach])


def plan_city(parcels: int, seed: int) -> Plan:
    """
    Plan a city of exactly so many parcels, 8.24 ha each on average.

    Parameters
    ----------
    parcels : int
        Number of parcels.
    seed : int
        Repeats the plan.

    Returns
    -------
    plan : Plan
    """
    seeds = [int(one) for one in np.random.SeedSequence(seed).generate_state(6) % (1 << 30)]
    draw = np.random.default_rng(seeds[0])
    wanted = round(parcels * CELLS_PER_PARCEL)
    radius_m = float(np.sqrt(wanted * CELL_HA * 10_000.0 / np.pi))
    rows = 2 * int(np.ceil(REACH * radius_m / HEIGHT_M)) + 2 * RIM_CELLS
    columns = 2 * int(np.ceil(REACH * radius_m / WIDTH_M)) + 2 * RIM_CELLS
    far = _distances(rows, columns, radius_m, seeds[1])
    cells = np.sort(np.argsort(far, axis=None, kind="stable")[:wanted])
    count = max(DISTRICTS_LEAST, round(DISTRICTS * min(1.0, np.sqrt(parcels / 1e6))))
    seats = _seats(cells, columns, count, radius_m, draw)
    district = np.zeros(rows * columns, np.uint8)
    spacing_m = radius_m * np.sqrt(np.pi / count)
    district[cells] = _nearest(cells, columns, seats, spacing_m, (seeds[2], seeds[3]))
    ground = _grounds(cells, columns, seats, radius_m, (seeds[2], seeds[4]))
    group = np.zeros(rows * columns, np.int32)
    group[cells] = 8 * district[cells] + ground[:, 2].astype("int32")
    order = draw.permutation(cells)
    head = join_cells(group.reshape(rows, columns), order, parcels, seeds[5])
    heads, number = np.unique(head[cells], return_inverse=True)
    parcel = np.zeros(rows * columns, np.int32)
    parcel[cells] = number + 1
    sites = pd.DataFrame(
        ground[np.searchsorted(cells, heads)], columns=["east_m", "south_m", "before", "after"]
    ).astype({"before": "uint8", "after": "uint8"})
    sites = _numbered(sites.assign(cell=heads, district=district[heads]))
    shape = (rows, columns)
    return Plan(seeds[2], seeds[4], radius_m, parcel.reshape(shape), district.reshape(shape),
                sites, seats)  # fmt: skip


def _numbered(sites: pd.DataFrame) -> pd.DataFrame:
    """Give numbers to villages, to compartments in villages, and to parcels in compartments."""
    tile = [np.floor(sites[name] / VILLAGE_M).astype(int) for name in ("south_m", "east_m")]
    quarter = [
        np.floor(sites[name] / COMPARTMENT_M).astype(int) % 2 for name in ("south_m", "east_m")
    ]
    whole = sites.assign(tile=tile[0] * 10_000 + tile[1], compartment=2 * quarter[0] + quarter[1])
    village = whole.groupby(["district", "tile"]).ngroup()
    whole["village"] = village - village.groupby(whole["district"]).transform("min") + 1
    number = whole.groupby(["district", "tile", "compartment"]).cumcount() + 1
    return whole.assign(number=number, compartment=whole["compartment"] + 1).drop(columns="tile")


@njit(cache=True)
def border_sides(
    district: np.ndarray, cells: np.ndarray, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """
    Sides of cells between districts, and between a district and the outside.

    Parameters
    ----------
    district : array of uint8, shape (rows, columns)
        District of each cell, 0 outside; the rim is outside.
    cells : array of int64
        Cells to look at (flat).
    seed : int
        Of the mesh.

    Returns
    -------
    points : array of shape (sides * 4, 2)
        Four points of each side, metres east and south.
    inner : array of int64
        For each side the cell on one side of it that is inside.
    """
    columns = district.shape[1]
    sides = np.empty(0, np.int64)
    for is_counted in (False, True):
        size = 0
        for cell in cells:
            row, column = cell // columns, cell % columns
            for side in range(6):
                r, c = beside(row, column, side)
                # a side between two districts is looked at from the west
                if district[r, c] != district[row, column] and (side < 3 or district[r, c] == 0):
                    if is_counted:
                        sides[size] = 6 * cell + side
                    size += 1
        if not is_counted:
            sides = np.empty(size, np.int64)
    points = np.empty((sides.size, 4, 2))
    for place in range(sides.size):
        cell, side = sides[place] // 6, sides[place] % 6
        row, column = cell // columns, cell % columns
        if side > 2:
            row, column = beside(row, column, side)
        side_points(row, column, side % 3, seed, points[place])
    return points.reshape(-1, 2), sides // 6
