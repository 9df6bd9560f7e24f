"""A mesh of hexagons bent out of shape, whose cells join to parcels that share every vertex."""

# ruff: noqa: PLR2004 a cell has six sides, and three of them are its own

import numpy as np
from numba import njit

from .noise import fractal, hashed

# circumradius of a cell that, joined 1.9 to a parcel, gives parcels of 8.24 ha
CELL_HA, CELLS_PER_PARCEL = 8.24 / 1.9, 1.9
RADIUS_M = np.sqrt(CELL_HA * 10_000.0 / (1.5 * np.sqrt(3.0)))
WIDTH_M, HEIGHT_M = np.sqrt(3.0) * RADIUS_M, 1.5 * RADIUS_M
JITTER = 0.24 * RADIUS_M
# hills and valleys of the bending: how far it moves a corner, and over what length it turns
BEND_M, BEND_LENGTH_M = 1_100.0, 7_000.0
FARTHEST_M = 0.8 * BEND_M + 2.0 * RADIUS_M
# points of a side leave its chord by less than 22 degrees, so that sides never cross
SLOPE = 0.4
MOST_CELLS = 4
NORTHEAST, EAST, SOUTHEAST, SOUTHWEST, WEST, NORTHWEST = range(6)
# points of a cell: top, bottom, and two on each of its own sides (northeast, east, southeast)
POINTS = 8


@njit(cache=True, inline="always")
def beside(row: int, column: int, side: int) -> tuple[int, int]:
    """Row and column of the cell across a side; odd rows lie half a cell to the east."""
    if side == EAST:
        return row, column + 1
    if side == WEST:
        return row, column - 1
    east = (row & 1) - (1 if side in (SOUTHWEST, NORTHWEST) else 0)
    return row + (1 if side in (SOUTHEAST, SOUTHWEST) else -1), column + east


@njit(cache=True)
def bent(x: float, y: float, seed: int) -> tuple[float, float]:
    """Where the bending takes a point (m); near points stay on the same sides of each other."""
    u, v = x / BEND_LENGTH_M, y / BEND_LENGTH_M
    return x + BEND_M * fractal(u, v, 2, seed), y + BEND_M * fractal(u, v, 2, seed + 1)


@njit(cache=True, inline="always")
def _chance(column: int, row: int, seed: int) -> float:
    """Random number from -1 to 1 that belongs to a lattice point."""
    return hashed(column, row, seed) / 2147483647.5 - 1.0


@njit(cache=True)
def center(row: int, column: int, seed: int) -> tuple[float, float]:
    """Middle of a cell, metres east and south."""
    return bent((column + 0.5 * (row & 1)) * WIDTH_M, row * HEIGHT_M, seed)


@njit(cache=True)
def _tip(row: int, column: int, end: int, seed: int) -> tuple[float, float]:
    """Top (0) or bottom (1) corner of a cell, metres east and south."""
    x = (column + 0.5 * (row & 1)) * WIDTH_M + JITTER * _chance(2 * column + end, row, seed + 2)
    y = row * HEIGHT_M + (2 * end - 1) * RADIUS_M
    return bent(x, y + JITTER * _chance(2 * column + end, row, seed + 3), seed)


@njit(cache=True)
def side_points(row: int, column: int, side: int, seed: int, points: np.ndarray) -> None:
    """Write the four points of one of a cell's own sides (0 to 2), metres, clockwise."""
    near, far = beside(row, column, NORTHEAST), beside(row, column, SOUTHEAST)
    if side == NORTHEAST:
        first, last = _tip(row, column, 0, seed), _tip(near[0], near[1], 1, seed)
    elif side == EAST:
        first, last = _tip(near[0], near[1], 1, seed), _tip(far[0], far[1], 0, seed)
    else:
        first, last = _tip(far[0], far[1], 0, seed), _tip(row, column, 1, seed)
    east, south = last[0] - first[0], last[1] - first[1]
    for place in range(4):
        share = place / 3.0
        off = 0.0
        if 0 < place < 3:
            off = SLOPE / 3.0 * _chance(8 * column + 2 * side + place, row, seed + 4)
        points[place, 0] = first[0] + share * east - off * south
        points[place, 1] = first[1] + share * south + off * east


@njit(cache=True)
def block_points(row: int, column: int, shape: tuple[int, int], seed: int) -> np.ndarray:
    """
    Corners and side points of a block of cells.

    Parameters
    ----------
    row, column : int
        First cell of the block; the row is even.
    shape : tuple of int
        Rows and columns of the block.
    seed : int
        Of the mesh.

    Returns
    -------
    points : array of shape (cells * 8, 2)
        Metres east and south. A cell's points are the same in every block.
    """
    points = np.empty((shape[0] * shape[1] * POINTS, 2))
    side = np.empty((4, 2))
    for cell in range(shape[0] * shape[1]):
        r, c = row + cell // shape[1], column + cell % shape[1]
        for own in range(3):
            side_points(r, c, own, seed, side)
            if own == NORTHEAST:
                points[cell * POINTS] = side[0]
            points[cell * POINTS + 2 + 2 * own : cell * POINTS + 4 + 2 * own] = side[1:3]
        points[cell * POINTS + 1] = side[3]
    return points


@njit(cache=True, inline="always")
def _start(row: int, column: int, side: int, columns: int) -> int:
    """Place of the point where a side begins, going around clockwise."""
    if side in (NORTHEAST, SOUTHWEST):
        return (row * columns + column) * POINTS + (side == SOUTHWEST)
    r, c = beside(row, column, side - 1 if side in (EAST, WEST) else side)
    return (r * columns + c) * POINTS + (side in (EAST, NORTHWEST))


@njit(cache=True)
def rings(parcel: np.ndarray, heads: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """
    Walk around parcels of a block.

    Parameters
    ----------
    parcel : array of int32, shape (rows, columns)
        Number of the parcel of each cell; the first row is even.
    heads : array of int
        A cell of each parcel (flat), at least five cells from the rim of the block.

    Returns
    -------
    point : array of int32
        Places in :func:`block_points`, ring after ring, not closed.
    start : array of int32
        Place of the first point of each ring, and the total at the end.
    """
    columns = parcel.shape[1]
    point = np.empty(heads.size * 3 * (4 * MOST_CELLS + 2), np.int32)
    start = np.empty(heads.size + 1, np.int32)
    size = 0
    for ring in range(heads.size):
        start[ring] = size
        row, column = heads[ring] // columns, heads[ring] % columns
        mine = parcel[row, column]
        side = 0
        r, c = beside(row, column, side)
        while parcel[r, c] == mine:  # of six neighbors at most three are of the same parcel
            side += 1
            r, c = beside(row, column, side)
        first_row, first_column, first_side = row, column, side
        while True:
            point[size] = _start(row, column, side, columns)
            cell = (row * columns + column if side < 3 else r * columns + c) * POINTS
            point[size + 1] = cell + 2 + 2 * (side % 3) + (side >= 3)
            point[size + 2] = cell + 2 + 2 * (side % 3) + (side < 3)
            size += 3
            side = (side + 1) % 6
            r, c = beside(row, column, side)
            while parcel[r, c] == mine:
                row, column, side = r, c, (side + 4) % 6
                r, c = beside(row, column, side)
            if row == first_row and column == first_column and side == first_side:
                break
    start[heads.size] = size
    return point[:size].copy(), start


@njit(cache=True)
def label_pixels(
    x: np.ndarray, y: np.ndarray, start: np.ndarray, number: np.ndarray, shape: tuple[int, int]
) -> np.ndarray:
    """
    Find the number of the parcel that holds the middle of each pixel.

    Every border adds the number of the parcel it opens and takes off that of the parcel it
    closes, where it crosses the middle of a row; sums along the row are the numbers.

    Parameters
    ----------
    x, y : array
        Corners of the rings, in pixels from the top left, clockwise.
    start : array of int
        First corner of each ring, and the total.
    number : array of int32
        Number of each ring.
    shape : tuple of int
        Rows and columns.

    Returns
    -------
    label : array of int32
        0 where there is no parcel.
    """
    rows, columns = shape
    label = np.zeros((rows, columns), np.int32)
    for ring in range(number.size):
        for place in range(start[ring], start[ring + 1]):
            after = place + 1 if place + 1 < start[ring + 1] else start[ring]
            # both neighbors take a border from its upper end, and so cross the row alike
            is_down = y[after] > y[place]
            top, end = (place, after) if is_down else (after, place)
            first = max(int(np.ceil(y[top] - 0.5)), 0)
            past = min(int(np.ceil(y[end] - 0.5)), rows)
            for row in range(first, past):
                share = (row + 0.5 - y[top]) / (y[end] - y[top])
                column = max(int(np.ceil(x[top] + share * (x[end] - x[top]) - 0.5)), 0)
                if column < columns:
                    label[row, column] += -number[ring] if is_down else number[ring]
    for row in range(rows):
        for column in range(1, columns):
            label[row, column] += label[row, column - 1]
    return label


@njit(cache=True)
def join_cells(group: np.ndarray, order: np.ndarray, wanted: int, seed: int) -> np.ndarray:
    """
    Join cells of the same group to parcels of at most four cells, until so many are left.

    Parameters
    ----------
    group : array of int32, shape (rows, columns)
        Cells of different groups stay apart; 0 is outside.
    order : array of int64
        All cells (flat) that are inside, in the order in which they look for company.
    wanted : int
        Number of parcels.
    seed : int
        Where a cell looks first.

    Returns
    -------
    parcel : array of int32
        Flat place of the first cell of each cell's parcel; -1 outside. There are more parcels
        than wanted only if the groups are too scattered.
    """
    columns = group.shape[1]
    parcel = np.full(group.size, -1, np.int32)
    cells = np.zeros(group.size, np.uint8)
    for cell in order:
        parcel[cell] = cell
        cells[cell] = 1
    left = order.size
    for cell in order:
        if left <= wanted:
            break
        if cells[cell] != 1 or parcel[cell] != cell:
            continue
        row, column = cell // columns, cell % columns
        turn = hashed(column, row, seed) % 6
        for step in range(6):
            r, c = beside(row, column, (turn + step) % 6)
            other = parcel[r * columns + c]
            if group[r, c] == group[row, column] and cells[other] < MOST_CELLS:
                parcel[cell] = other
                cells[other] += 1
                cells[cell] = 0
                left -= 1
                break
    return parcel
