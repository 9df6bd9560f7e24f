"""The compiled kernel of ``overlay``: takes classes of one grid at the cell centers of another."""

import numpy as np
from numba import njit


@njit(cache=True, nogil=True)
def add_at_centers(pairs, columns, rows, steps, start, cells, left, top, noise):
    """
    Add the class found at the center of every cell.

    Parameters
    ----------
    pairs : int array of shape (rows, columns) of a window
        Added to in place.
    columns, rows : float array of shape (lattice rows, lattice columns)
        Column and row of the other grid at the centers of some cells, from before the first
        cell of the window to beyond the last; between them they are interpolated.
    steps : tuple of int
        Rows and columns of cells between the points of the lattice.
    start : tuple of int
        Rows and columns of cells from the first point of the lattice to the window.
    cells : int array
        Classes of a part of the other grid.
    left, top : int
        First column and row of that part; cells outside it have no class.
    noise : float
        A center so close before an edge belongs to the cell after it.
    """
    height, width = pairs.shape
    points = columns.shape[1]
    # whole columns and rows are compared, so that rounding is the same for any part
    right, bottom = left + cells.shape[1], top + cells.shape[0]
    across, down = np.empty(points), np.empty(points)
    for i in range(height):
        k, share = (start[0] + i) // steps[0], ((start[0] + i) % steps[0]) / steps[0]
        for point in range(points):
            across[point] = columns[k, point] * (1.0 - share) + columns[k + 1, point] * share
            down[point] = rows[k, point] * (1.0 - share) + rows[k + 1, point] * share
        for j in range(width):
            point, part = (start[1] + j) // steps[1], ((start[1] + j) % steps[1]) / steps[1]
            column = across[point] + (across[point + 1] - across[point]) * part + noise
            row = down[point] + (down[point + 1] - down[point]) * part + noise
            # a point without a place is NaN, which is in no cell
            if left <= column < right and top <= row < bottom:
                pairs[i, j] += cells[int(row) - top, int(column) - left]
