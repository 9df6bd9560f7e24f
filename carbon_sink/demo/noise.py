"""Smooth random fields: the irregularity of land, repeatable from a seed."""

import numpy as np
from numba import njit

from .grid import Grid

# odd multipliers and shifts of a common integer hash
PRIME_X, PRIME_Y, PRIME_SEED = 374761393, 668265263, 2246822519
MIX_1, MIX_2 = 2654435769, 3266489917
# sixteen directions
TURNS = 2.0 * np.pi * np.arange(16) / 16.0
COSINES, SINES = np.cos(TURNS), np.sin(TURNS)
# brings gradient noise to about -1 to 1
GAIN = 1.5


@njit(cache=True, inline="always")
def hashed(column: int, row: int, seed: int) -> int:
    """Return 32 random bits that belong to a lattice point."""
    bits = np.uint32(column * PRIME_X + row * PRIME_Y + seed * PRIME_SEED)
    bits = np.uint32((bits ^ (bits >> np.uint32(15))) * np.uint32(MIX_1))
    bits = np.uint32((bits ^ (bits >> np.uint32(13))) * np.uint32(MIX_2))
    return np.uint32(bits ^ (bits >> np.uint32(16)))


@njit(cache=True, inline="always")
def _slope(column: int, row: int, seed: int, dx: float, dy: float) -> float:
    """Height that the gradient of one lattice point gives at an offset from it."""
    turn = hashed(column, row, seed) & np.uint32(15)
    return COSINES[turn] * dx + SINES[turn] * dy


@njit(cache=True)
def gradient_noise(x: float, y: float, seed: int) -> float:
    """Gradient noise of unit wavelength at a point, about -1 to 1."""
    left, top = int(np.floor(x)), int(np.floor(y))
    dx, dy = x - left, y - top
    u = dx * dx * dx * (dx * (dx * 6.0 - 15.0) + 10.0)
    v = dy * dy * dy * (dy * (dy * 6.0 - 15.0) + 10.0)
    upper = (1.0 - u) * _slope(left, top, seed, dx, dy) + u * _slope(
        left + 1, top, seed, dx - 1.0, dy
    )
    lower = (1.0 - u) * _slope(left, top + 1, seed, dx, dy - 1.0) + u * _slope(
        left + 1, top + 1, seed, dx - 1.0, dy - 1.0
    )
    return GAIN * ((1.0 - v) * upper + v * lower)


@njit(cache=True)
def fractal(x: float, y: float, octaves: int, seed: int) -> float:
    """Sum of octaves of gradient noise, each half as high and half as wide; about -1 to 1."""
    total, height, scale = 0.0, 0.5, 1.0
    for octave in range(octaves):
        total += height * gradient_noise(x * scale, y * scale, seed + 101 * octave)
        height *= 0.5
        scale *= 2.03
    return total


@njit(cache=True)
def _fill(field: np.ndarray, cell: float, octaves: int, seed: int) -> None:
    """Fill a field with fractal noise; ``cell`` is the cell size in wavelengths."""
    for row in range(field.shape[0]):
        for column in range(field.shape[1]):
            field[row, column] = fractal(column * cell, row * cell, octaves, seed)


def noise_field(grid: Grid, wavelength_m: float, octaves: int, seed: int) -> np.ndarray:
    """
    Fractal noise on a grid; the same place has the same noise at any cell size.

    Parameters
    ----------
    grid : Grid
        Where.
    wavelength_m : float
        Distance between the widest hills of the field, metres.
    octaves : int
        Number of ever finer layers.
    seed : int
        Repeats the field.

    Returns
    -------
    field : array of float32
        Dimensionless, about -1 to 1, mean about 0.
    """
    field = np.empty(grid.shape, dtype="float32")
    _fill(field, grid.cell_m / wavelength_m, octaves, seed)
    return field


@njit(cache=True)
def noise_at(x: np.ndarray, y: np.ndarray, octaves: int, seed: int) -> np.ndarray:
    """Fractal noise at points given in wavelengths; about -1 to 1."""
    field = np.empty(x.size)
    for place in range(x.size):
        field[place] = fractal(x[place], y[place], octaves, seed)
    return field
