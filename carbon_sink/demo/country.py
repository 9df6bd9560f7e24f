"""What grows where in the made-up city: fields of noise that give each place its land cover."""

# ruff: noqa: PLR2004 the chances and bounds of a made-up city stand where they act

import numpy as np
from numba import njit

from .noise import fractal, gradient_noise, hashed

TREES, SHRUBS, GRASSES, FIELDS, HOUSES, ROCKS, WATERS = range(1, 8)
# class of a pixel by the kind of its parcel, where the texture is high, middling and low
CLASSES = np.array([[0, 0, 0], [10, 20, 30], [10, 20, 30], [20, 30, 60], [10, 40, 30],
                    [10, 50, 30], [30, 60, 30], [80, 80, 80]], "uint8")  # fmt: skip
BOUNDS = np.array([[0.0, 0.0], [-0.28, -0.38], [0.28, -0.36], [0.36, -0.45], [0.36, -0.45],
                   [0.42, -0.42], [0.35, -0.55], [0.0, 0.0]])  # fmt: skip
RIVER_HALF_M, RIVER_WIDEST = 350.0, 0.02
# noise is drawn on every fourth pixel and interpolated between
STEP, PIXEL_M = 4, 10.0
WIDE_M, FINE_M, BEND_M, BEND_PIXELS = 230.0, 95.0, 140.0, 2.2
HAMLET_PIXELS, HAMLET_CHANCE = 26, 0.6
RESURVEY = 0.03


@njit(cache=True)
def _river(x: float, y: float, radius_m: float, seed: int) -> float:
    """Field whose zero is the middle of the rivers, about -1 to 1."""
    scale = 0.8 * radius_m
    return fractal(x / scale, y / scale, 4, seed + 11)


@njit(cache=True)
def _bank(radius_m: float) -> float:
    """Value of the river field where the water ends; rivers of a small place are brooks."""
    return min(2.5 * RIVER_HALF_M / (0.8 * radius_m), RIVER_WIDEST)


@njit(cache=True)
def _town(x: float, y: float, seats: np.ndarray) -> float:
    """Nearness of town centers: 1 in the middle, 0 at the edge, less beyond."""
    best = -9.0
    for seat in range(seats.shape[0]):
        away = np.sqrt((x - seats[seat, 0]) ** 2 + (y - seats[seat, 1]) ** 2)
        best = max(best, 1.0 - away / seats[seat, 2])
    return best


@njit(cache=True)
def cover_kinds(
    x: float, y: float, seats: np.ndarray, radius_m: float, seed: int
) -> tuple[int, int]:
    """
    Kinds of ground in 2020 and 2025 at a point.

    Parameters
    ----------
    x, y : float
        Metres east and south.
    seats : array of shape (towns, 3)
        Center of each town (m) and how far it reaches (m).
    radius_m : float
        Size of the place: mountains and rivers of a small place are small.
    seed : int
        Of the land.

    Returns
    -------
    before, after : int
        ``TREES`` to ``WATERS``.
    """
    relief = fractal(x / (0.5 * radius_m), y / (0.5 * radius_m), 3, seed + 21)
    wood = 0.06 + 1.4 * relief + 0.9 * fractal(x / 2400.0, y / 2400.0, 3, seed + 31)
    wood += 0.35 * gradient_noise(x / 520.0, y / 520.0, seed + 32)
    rough = fractal(x / 1500.0, y / 1500.0, 3, seed + 41)
    pond = gradient_noise(x / 1700.0, y / 1700.0, seed + 51)
    if abs(_river(x, y, radius_m, seed)) < 0.85 * _bank(radius_m) or pond > 0.93:
        return WATERS, WATERS
    sprawl = 0.05 * radius_m
    town = _town(x, y, seats) + 1.1 * fractal(x / sprawl, y / sprawl, 4, seed + 61)
    if town > 0.20 or (rough > 0.50 and wood < 0.2):
        return HOUSES, HOUSES
    if wood > 0.0:
        before = TREES
        if rough < -0.30:
            before = GRASSES if wood > 0.45 else SHRUBS
        elif rough > 0.44:
            before = ROCKS if relief > 0.15 else SHRUBS
    else:
        before = GRASSES if rough < -0.36 else FIELDS
    return before, _later(before, town, fractal(x / 1900.0, y / 1900.0, 2, seed + 71))


@njit(cache=True)
def _later(before: int, town: float, change: float) -> int:
    """Kind of ground five years on: towns grow, fields are planted, woods are felled."""
    if town > 0.13:
        return HOUSES
    if change > 0.30 and before in (FIELDS, GRASSES, SHRUBS):
        return TREES
    if change < -0.36 and before == TREES:
        return SHRUBS if change > -0.44 else GRASSES
    return before


@njit(cache=True)
def _drawn(row: int, column: int, shape: tuple[int, int], radius_m: float, seed: int) -> np.ndarray:
    """Fields of noise on every fourth pixel: wide, fine, two bends and the river."""
    fields = np.empty((5, *shape), np.float32)
    for i in range(shape[0]):
        y = (row + STEP * i) * PIXEL_M
        for j in range(shape[1]):
            x = (column + STEP * j) * PIXEL_M
            fields[0, i, j] = fractal(x / WIDE_M, y / WIDE_M, 2, seed + 1)
            fields[1, i, j] = 0.5 * gradient_noise(x / FINE_M, y / FINE_M, seed + 2)
            fields[2, i, j] = gradient_noise(x / BEND_M, y / BEND_M, seed + 3)
            fields[3, i, j] = gradient_noise(x / BEND_M, y / BEND_M, seed + 4)
            fields[4, i, j] = _river(x, y, radius_m, seed)
    return fields


@njit(cache=True, inline="always")
def _interpolate(fields: np.ndarray, row: int, column: int, value: np.ndarray) -> None:
    """Give each field its value at a pixel."""
    i, down = row // STEP, (row % STEP) / STEP
    j, right = column // STEP, (column % STEP) / STEP
    for n in range(value.size):
        upper = fields[n, i, j] + right * (fields[n, i, j + 1] - fields[n, i, j])
        lower = fields[n, i + 1, j] + right * (fields[n, i + 1, j + 1] - fields[n, i + 1, j])
        value[n] = upper + down * (lower - upper)


@njit(cache=True, inline="always")
def _is_hamlet(row: int, column: int, seed: int) -> bool:
    """Whether a pixel lies in one of the farmsteads scattered over the fields."""
    bits = hashed(column // HAMLET_PIXELS, row // HAMLET_PIXELS, seed + 5)
    if (bits & 255) > HAMLET_CHANCE * 255.0:
        return False
    reach = 1.0 + ((bits >> 8) & 255) / 110.0
    span = HAMLET_PIXELS - 8
    right = column % HAMLET_PIXELS - 4.0 - ((bits >> 16) & 255) / 255.0 * span
    down = row % HAMLET_PIXELS - 4.0 - ((bits >> 24) & 255) / 255.0 * span
    return right * right + 1.4 * down * down < reach * reach


@njit(cache=True, nogil=True)
def cover_pixels(
    label: np.ndarray,
    rim: int,
    corner: tuple[int, int],
    kinds: np.ndarray,
    radius_m: float,
    seed: int,
) -> tuple[np.ndarray, np.ndarray]:
    """
    Land cover of both years over a block of pixels.

    Parameters
    ----------
    label : array of int32
        Number of the parcel under each pixel, from 1; ``rim`` pixels wider on every side.
    rim : int
        At least as wide as borders of the map stray from those of the parcels.
    corner : tuple of int
        Row and column of the first pixel of the block, multiples of four.
    kinds : array of uint8, shape (2, parcels + 1)
        Kind of ground of each parcel in both years.
    radius_m, seed : float, int
        As for :func:`cover_kinds`.

    Returns
    -------
    before, after : array of uint8
        WorldCover classes; 0 outside the parcels.
    """
    rows, columns = label.shape[0] - 2 * rim, label.shape[1] - 2 * rim
    before = np.zeros((rows, columns), np.uint8)
    after = np.zeros((rows, columns), np.uint8)
    shape = ((rows + STEP - 1) // STEP + 1, (columns + STEP - 1) // STEP + 1)
    fields = _drawn(corner[0], corner[1], shape, radius_m, seed)
    bank = _bank(radius_m)
    value = np.empty(5)
    for row in range(rows):
        for column in range(columns):
            own = label[row + rim, column + rim]
            if own == 0:
                continue
            _interpolate(fields, row, column, value)
            texture = value[0] + value[1]
            r = row + rim + int(np.floor(BEND_PIXELS * value[2] + 0.5))
            c = column + rim + int(np.floor(BEND_PIXELS * value[3] + 0.5))
            here = label[r, c] if label[r, c] > 0 else own
            is_hamlet = _is_hamlet(corner[0] + row, corner[1] + column, seed)
            for year in range(2):
                kind = kinds[year, here]
                high = texture + (RESURVEY * value[3] if year == 1 else 0.0)
                place = (high <= BOUNDS[kind, 0]) + (high <= BOUNDS[kind, 1])
                code = CLASSES[kind, place]
                if abs(value[4]) < bank:
                    code = 80
                elif is_hamlet and kind == FIELDS:
                    code = 50
                if year == 0:
                    before[row, column] = code
                else:
                    after[row, column] = code
    return before, after
