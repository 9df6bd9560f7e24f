"""
The compiled kernel of ``zonal``: walks polygon edges over a grid and sweeps its rows.

Every edge adds its signed share to the cells it crosses; summing a row from left to right
then gives the covered share of every cell. Shares are whole multiples of a small number and areas
whole quanta, which makes sums the same for any order of windows, polygons and workers.
"""

import math

import numpy as np
from numba import njit

# shares of cells are multiples of 2**-40: this number, added and taken off, rounds to them. Sums
# of such numbers are exact as long as an edge does not wind 4000 times through one cell.
ROUND = 1.5 * 2.0**12
# values beyond stand for cells without data that nobody declared; limbs have room for these
LARGEST = 1e30
# columns to the next point of a lattice that has one column
NO_STEP = 1 << 62
# exact sums of floating-point numbers: limbs of 32 bits, the lowest bit worth 2**LOWEST_BIT
LIMBS, LIMB_BITS, LOWEST_BIT = 12, 32, -160


@njit(cache=True, nogil=True, error_model="numpy")
def _reached(height, x_left, x_right, per_width, cell):
    """
    Share of a cell, and of those before it, that lies right of an edge of this height.

    The part of the edge before the cell counts whole, the part inside by its distance to the
    end of the cell.
    """
    lo, hi = max(x_left, float(cell)), min(x_right, cell + 1.0)
    inner = cell + 1.0 - 0.5 * (lo + hi)
    return (height * (((lo - x_left) + (hi - lo) * inner) * per_width) + ROUND) - ROUND


@njit(cache=True, nogil=True, error_model="numpy")
def _add_edge_row(lines, row, left, right, x_left, x_right, height):
    """
    Add one edge, within one row of cells, to the row's line of differences.

    After summing the line from left to right, each cell holds the share of it that lies to
    the right of the edge. ``height`` is the signed height of the edge in the row. What a
    cell gets depends on the edge and the cell alone, not on the column ``left`` at which the
    line begins, so that windows cannot change a result.
    """
    if x_right <= left:
        lines[row, 0] += height
        return
    if x_left >= right:
        return
    begin, end = math.floor(x_left), math.ceil(x_right)
    first = np.uint64(begin - left)
    if end <= begin + 1:  # the edge stays in one cell
        reached = (height * (begin + 1.0 - 0.5 * (x_left + x_right)) + ROUND) - ROUND
        lines[row, first] += reached
        lines[row, first + np.uint64(1)] += height - reached
        return
    per_width = 1.0 / (x_right - x_left)
    if end == begin + 2 and begin >= left and end <= right:  # most others touch two
        near = _reached(height, x_left, x_right, per_width, begin)
        both = _reached(height, x_left, x_right, per_width, begin + 1)
        lines[row, first] += near
        lines[row, first + np.uint64(1)] += both - near
        lines[row, first + np.uint64(2)] += height - both
        return
    previous = 0.0
    end = min(end, right)
    for cell in range(max(begin, left), end):
        reached = _reached(height, x_left, x_right, per_width, cell)
        lines[row, np.uint64(cell - left)] += reached - previous
        previous = reached
    lines[row, np.uint64(end - left)] += height - previous


@njit(cache=True, nogil=True, error_model="numpy")
def _add_edge(lines, x0, y0, x1, y1, left, top, sign):
    """Add one edge to the lines of the rows it crosses; exact share of every cell."""
    if y0 > y1:
        x0, y0, x1, y1, sign = x1, y1, x0, y0, -sign
    first, last = math.floor(y0), math.ceil(y1)
    begin, stop = max(first, top), min(last, top + lines.shape[0])
    if begin >= stop:
        return
    right = left + lines.shape[1] - 1
    slope = (x1 - x0) / (y1 - y0) if last > first + 1 else 0.0
    low, high = min(x0, x1), max(x0, x1)
    # heights of the edges of a ring cancel to the last bit, because each end is rounded alone
    x, above = x0, ((y0 - first) + ROUND) - ROUND
    if begin != first:
        x, above = min(max(x0 + (begin - y0) * slope, low), high), 0.0
    for row in range(begin, stop):
        x_next, below = x1, 1.0
        if row + 1 == last:
            below = ((y1 - row) + ROUND) - ROUND
        else:
            x_next = min(max(x0 + (row + 1.0 - y0) * slope, low), high)
        height = sign * (below - above)
        a, b = min(x, x_next), max(x, x_next)
        _add_edge_row(lines, np.uint64(row - top), left, right, a, b, height)
        x, above = x_next, 0.0


@njit(cache=True, nogil=True, error_model="numpy")
def _add_center_edge(lines, x0, y0, x1, y1, left, top, sign):
    """Add one edge to the lines of the rows whose centre it crosses; whole cells."""
    if y0 > y1:
        x0, y0, x1, y1, sign = x1, y1, x0, y0, -sign
    for row in range(max(math.ceil(y0 - 0.5), top),
                     min(math.ceil(y1 - 0.5), top + lines.shape[0])):  # fmt: skip
        x = x0 + (row + 0.5 - y0) * (x1 - x0) / (y1 - y0)
        column = max(math.ceil(x - 0.5) - left, 0)
        if column < lines.shape[1]:
            lines[row - top, column] += sign


@njit(cache=True, nogil=True, error_model="numpy")
def _areas_along(window, row_area, ratio, step):
    """
    Area of a cell at the lattice columns of every row of a window, in quanta.

    A grid of cells that are alike along a row has one such column, repeated.
    """
    even = ratio.shape[0] == 1
    areas = np.empty((window[1] - window[0], max(ratio.shape[1], 2)))
    for row in range(window[0], window[1]):
        i = 0 if even else row // step
        v = 0.0 if even else (row + 0.5) / step - i
        for j in range(areas.shape[1]):
            k = 0 if even else j
            below = ratio[0 if even else i + 1, k]
            areas[row - window[0], j] = row_area[row] * (ratio[i, k] * (1.0 - v) + below * v)
    return areas


@njit(cache=True, nogil=True, error_model="numpy")
def _add_polygon(lines, points, ring_first, signs, rings, left, top, exact):
    """Add all edges of the rings ``rings[0]`` to ``rings[1]`` of one polygon to its lines."""
    for ring in range(rings[0], rings[1]):
        sign, begin = signs[ring], ring_first[ring]
        x0, y0 = points[begin, 0], points[begin, 1]
        for k in range(begin + 1, ring_first[ring + 1]):
            x1, y1 = points[np.uint64(k), 0], points[np.uint64(k), 1]
            if exact:
                _add_edge(lines, x0, y0, x1, y1, left, top, sign)
            else:
                _add_center_edge(lines, x0, y0, x1, y1, left, top, sign)
            x0, y0 = x1, y1


@njit(cache=True, nogil=True, error_model="numpy")
def _part_in_window(box, window):
    """Cells of a polygon's box (top, bottom, left, right) that lie in the window."""
    top, bottom = max(box[0], window[0]), min(box[1], window[1])
    left, right = max(box[2], window[2]), min(box[3], window[3])
    return top, bottom, left, right


@njit(cache=True, nogil=True, error_model="numpy")
def add_class_quanta(
    points, ring_first, signs, polygon_first, boxes, inside,
    cells, window, positions, lowest, row_area, ratio, step, exact, sums,
):  # fmt: skip
    """
    Add the class areas of polygons inside one window to ``sums``.

    Parameters
    ----------
    points : float array of shape (n, 2)
        Column and row of every point of every ring.
    ring_first : int array of shape (rings + 1,)
        Where the points of each ring begin.
    signs : float array of shape (rings,)
        From ``ring_signs``.
    polygon_first : int array of shape (polygons + 1,)
        Where the rings of each polygon begin.
    boxes : int array of shape (polygons, 4)
        Rows and columns each polygon may touch: top, bottom, left, right.
    inside : int array
        Polygons that reach into the window.
    cells : int array of shape (rows, columns) of the window
        Class of each cell.
    window : tuple of int
        Where the window lies in the grid: top, bottom, left, right.
    positions : int array
        Column of ``sums`` for each class from ``lowest`` up.
    lowest : int
        Class of the first element of ``positions``.
    row_area : float array of shape (rows of the grid,)
        Planar area of a cell in each row, in quanta; for geographic grids the true area.
    ratio, step : float array, int
        Ellipsoidal over planar area on a lattice of cells, and the cells between its points.
    exact : bool
        Exact shares of cells, or cells whose centre lies inside.
    sums : int array of shape (len(inside), classes)
        Whole quanta of area; added to in place.
    """
    areas = _areas_along(window, row_area, ratio, step)
    step = NO_STEP if ratio.shape[0] == 1 else step
    for position in range(inside.shape[0]):
        polygon = inside[position]
        top, bottom, left, right = _part_in_window(boxes[polygon], window)
        if right <= left or bottom <= top:
            continue
        lines = np.zeros((bottom - top, right - left + 1))
        rings = (polygon_first[polygon], polygon_first[polygon + 1])
        _add_polygon(lines, points, ring_first, signs, rings, left, top, exact)
        # unsigned numbers spare the check for an index from the end
        target, west = np.uint64(position), np.uint64(left - window[2])
        for i in range(np.uint64(bottom - top)):
            north = np.uint64(top + i - window[0])
            share, column = 0.0, left
            while column < right:
                mark = column // step
                whole, end = areas[north, mark], (mark + 1) * step
                slope, middle = (areas[north, mark + 1] - whole) / step, left + 0.5 - mark * step
                for j in range(np.uint64(column - left), np.uint64(min(end, right) - left)):
                    share += lines[i, j]
                    # cells without a share add nothing; that is faster than to ask
                    covered = min(max(share, 0.0), 1.0) * (whole + slope * (middle + j))
                    code = positions[np.uint64(int(cells[north, west + j]) - lowest)]
                    sums[target, np.uint64(code)] += int(covered + 0.5)
                column = end


@njit(cache=True, nogil=True, error_model="numpy")
def _add_exactly(limbs, value):
    """Add a number to an exact sum; the order of such additions does not matter."""
    mantissa, exponent = math.frexp(value)
    digits = int(abs(mantissa) * 9007199254740992.0)  # 2**53
    sign = 1 if mantissa > 0.0 else -1
    shift = exponent - 53 - LOWEST_BIT
    if shift < 0:
        digits, shift = digits >> min(-shift, 63), 0
    limb, shift = shift // LIMB_BITS, shift % LIMB_BITS
    low = (digits & 0xFFFFFFFF) << shift
    high = (digits >> LIMB_BITS) << shift
    limbs[limb] += sign * (low & 0xFFFFFFFF)
    limbs[limb + 1] += sign * ((low >> LIMB_BITS) & 0xFFFFFFFF) + sign * (high & 0xFFFFFFFF)
    limbs[limb + 2] += sign * (high >> LIMB_BITS)


@njit(cache=True, nogil=True, error_model="numpy")
def add_values(
    points, ring_first, signs, polygon_first, boxes, inside,
    cells, window, nodata, row_area, ratio, step, exact, per_m2, quanta, limbs, extremes,
):  # fmt: skip
    """
    Add the values of polygons inside one window: area, value times area, lowest and highest.

    Parameters are those of ``add_class_quanta``; here ``cells`` holds values, ``per_m2`` is
    the number of quanta in a square metre, and the sums of each polygon in ``inside`` are
    ``quanta`` (area), ``limbs`` (exact sum of value times m2) and ``extremes`` (lowest and
    highest value). NaN and ``nodata`` are cells without data. A highest value of infinity
    tells that a value beyond ``LARGEST`` was met.
    """
    areas = _areas_along(window, row_area, ratio, step)
    step = NO_STEP if ratio.shape[0] == 1 else step
    for position in range(inside.shape[0]):
        polygon = inside[position]
        top, bottom, left, right = _part_in_window(boxes[polygon], window)
        if right <= left or bottom <= top:
            continue
        lines = np.zeros((bottom - top, right - left + 1))
        rings = (polygon_first[polygon], polygon_first[polygon + 1])
        _add_polygon(lines, points, ring_first, signs, rings, left, top, exact)
        for i in range(bottom - top):
            north = top + i - window[0]
            share, column = 0.0, left
            while column < right:
                mark = column // step
                whole, end = areas[north, mark], (mark + 1) * step
                slope, middle = (areas[north, mark + 1] - whole) / step, left + 0.5 - mark * step
                for j in range(column - left, min(end, right) - left):
                    share += lines[i, j]
                    value = float(cells[north, left + j - window[2]])
                    if share <= 0.0 or value == nodata or math.isnan(value):
                        continue
                    if not abs(value) <= LARGEST:  # infinite, or no value of anything
                        extremes[position, 1] = np.inf
                        continue
                    covered = int(min(share, 1.0) * (whole + slope * (middle + j)) + 0.5)
                    quanta[position] += covered
                    extremes[position, 0] = min(extremes[position, 0], value)
                    extremes[position, 1] = max(extremes[position, 1], value)
                    if value != 0.0:
                        _add_exactly(limbs[position], value * (covered / per_m2))
                column = end


@njit(cache=True, nogil=True, error_model="numpy")
def mark_classes(cells, lowest, seen):
    """Mark in ``seen`` which classes, counted from ``lowest``, occur in a window."""
    for i in range(cells.shape[0]):
        for j in range(cells.shape[1]):
            seen[int(cells[i, j]) - lowest] = True
