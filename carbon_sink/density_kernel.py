"""The compiled kernels of carbon density rasters: cells to densities, and their change."""

import numpy as np
from numba import njit


@njit(cache=True, nogil=True, error_model="numpy")
def look_up(codes, nodata, has_nodata, lowest, position, density, places, values):
    """
    Give each cell its place in the carbon table and its density.

    Parameters
    ----------
    codes : int array of shape (rows, columns)
        Classes.
    nodata : int
        Code of cells without data, where ``has_nodata``.
    has_nodata : bool
        Whether there is such a code.
    lowest : int
        Class of the first element of ``position``.
    position : uint16 array
        Place of each class from ``lowest`` up.
    density : float array
        Density of each place; the last two are cells without data and unknown classes.
    places : uint16 array of the shape of ``codes``
        Written: place of each cell.
    values : float32 array of the shape of ``codes``
        Written: density of each cell.

    Returns
    -------
    unknown : int
        Cells whose class has no value.
    """
    no_data, unknown = density.shape[0] - 2, density.shape[0] - 1
    count = 0
    for i in range(codes.shape[0]):
        for j in range(codes.shape[1]):
            code = np.int64(codes[i, j])
            place = unknown
            if has_nodata and code == nodata:
                place = no_data
            elif 0 <= code - lowest < position.shape[0]:
                place = np.int64(position[code - lowest])
            if place == unknown:
                count += 1
            places[i, j] = place
            values[i, j] = density[place]
    return count


@njit(cache=True, nogil=True, error_model="numpy")
def compare(before, after, density, row_area, ratio, step, top, left, change, cells, quanta):
    """
    Take the difference of two dates, and count what became of the cells.

    Parameters
    ----------
    before, after : uint16 array of shape (rows, columns)
        Places of the cells in the carbon table, from ``look_up``.
    density : float array
        Density of each place.
    row_area : float array of shape (rows of the grid,)
        Area of a cell in each row, in quanta.
    ratio, step : float array, int
        Ellipsoidal over planar area at a lattice of cell corners, and the cells between its
        points; a single 1 where the rows tell all.
    top, left : int
        Where the window begins in the grid.
    change : float32 array of shape (rows, columns)
        Written: density after less density before, taken in double precision.
    cells, quanta : int array of shape (places, places)
        Number of cells, and quanta of area, by place before and after; added to in place.
    """
    even = ratio.shape[0] == 1
    for i in range(before.shape[0]):
        area = row_area[top + i]
        y = 0.0 if even else (top + i + 0.5) / step
        row, known = int(y), -1
        start, slope = ratio[row, 0], 0.0
        for j in range(before.shape[1]):
            x = (left + j + 0.5) / step
            if not even and int(x) != known:
                known, v = int(x), y - row
                start = ratio[row, known] * (1.0 - v) + ratio[row + 1, known] * v
                end = ratio[row, known + 1] * (1.0 - v) + ratio[row + 1, known + 1] * v
                slope = end - start
            first, second = before[i, j], after[i, j]
            change[i, j] = density[second] - density[first]
            cells[first, second] += 1
            quanta[first, second] += np.int64(area * (start + slope * (x - known)) + 0.5)
