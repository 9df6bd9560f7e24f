"""The compiled kernel of ``zonal``: walks polygon edges over a grid and sweeps its rows."""

import math

import numpy as np
from numba import njit

TINY_SHARE = 1e-12


@njit(cache=True)
def _add_edge_row(line, x_left, x_right, share):
    """
    Add one edge, within one row of cells, to the row's line of differences.

    After summing the line from left to right, each cell holds the share of it that lies to
    the right of the edge. ``share`` is the signed height of the edge in the row.
    """
    last = line.shape[0] - 1
    # parts left of the line count from its first cell, parts right of it do not count
    if x_right <= 0.0:
        line[0] += share
        return
    if x_left >= last:
        return
    if x_left < 0.0 or x_right > last:
        span = x_right - x_left
        if x_left < 0.0:
            line[0] += share * (-x_left / span)
        inner_left, inner_right = max(x_left, 0.0), min(x_right, float(last))
        share = share * ((inner_right - inner_left) / span)
        x_left, x_right = inner_left, inner_right
    first = min(int(x_left), last - 1)
    end = max(math.ceil(x_right), first + 1)
    if end == first + 1:
        middle = 0.5 * (x_left + x_right) - first
        line[first] += share * (1.0 - middle)
        line[end] += share * middle
        return
    slope = 1.0 / (x_right - x_left)
    before = 0.0
    previous = 0.0
    for cell in range(first, end):
        # area right of the edge inside this cell, for an edge of height one
        lo = max(x_left, float(cell))
        hi = min(x_right, cell + 1.0)
        reached = (hi - x_left) * slope
        covered = before + (hi - lo) * slope * (cell + 1.0 - 0.5 * (lo + hi))
        line[cell] += share * (covered - previous)
        previous = covered
        before = reached
    line[end] += share * (1.0 - previous)


@njit(cache=True)
def _add_edge(lines, x0, y0, x1, y1, left, top, sign):
    """Add one edge to the lines of the rows it crosses; exact share of every cell."""
    if y0 == y1:
        return
    if y0 > y1:
        x0, y0, x1, y1, sign = x1, y1, x0, y0, -sign
    slope = (x1 - x0) / (y1 - y0)
    low, high = min(x0, x1), max(x0, x1)
    for row in range(max(math.floor(y0), top), min(math.ceil(y1), top + lines.shape[0])):
        upper, lower = max(y0, float(row)), min(y1, row + 1.0)
        x_upper = x0 if upper == y0 else min(max(x0 + (upper - y0) * slope, low), high)
        x_lower = x1 if lower == y1 else min(max(x0 + (lower - y0) * slope, low), high)
        a, b = min(x_upper, x_lower) - left, max(x_upper, x_lower) - left
        _add_edge_row(lines[row - top], a, b, sign * (lower - upper))


@njit(cache=True)
def _add_center_edge(lines, x0, y0, x1, y1, left, top, sign):
    """Add one edge to the lines of the rows whose centre it crosses; whole cells."""
    if y0 > y1:
        x0, y0, x1, y1, sign = x1, y1, x0, y0, -sign
    for row in range(max(math.ceil(y0 - 0.5), top),
                     min(math.ceil(y1 - 0.5), top + lines.shape[0])):  # fmt: skip
        x = x0 + (row + 0.5 - y0) * (x1 - x0) / (y1 - y0) - left
        column = max(math.ceil(x - 0.5), 0)
        if column < lines.shape[1]:
            lines[row - top, column] += sign


@njit(cache=True)
def _scale_at(scale, step, row, column):
    """Scale of the projection at the centre of a cell, between the points of the lattice."""
    if scale.shape[0] == 1:
        return scale[0, 0]
    y, x = (row + 0.5) / step, (column + 0.5) / step
    i, j = int(y), int(x)
    v, u = y - i, x - j
    return (scale[i, j] * (1 - u) + scale[i, j + 1] * u) * (1 - v) + (
        scale[i + 1, j] * (1 - u) + scale[i + 1, j + 1] * u
    ) * v


@njit(cache=True)
def _extent(points, columns, start, rows):
    """First and last row and column a polygon touches, inside the strip."""
    x_low, x_high, y_low, y_high = np.inf, -np.inf, np.inf, -np.inf
    for k in range(points.shape[0]):
        x_low, x_high = min(x_low, points[k, 0]), max(x_high, points[k, 0])
        y_low, y_high = min(y_low, points[k, 1]), max(y_high, points[k, 1])
    left = min(max(math.floor(x_low), 0), columns)
    right = max(min(math.ceil(x_high), columns), left)
    top = max(math.floor(y_low), start)
    bottom = max(min(math.ceil(y_high), start + rows), top)
    return left, right, top, bottom


@njit(cache=True)
def add_strip(
    points, is_edge, first, inside, classes, start, area, scale, step, exact, sign, sums,
):  # fmt: skip
    """
    Add the class areas of polygons inside one strip of rows to ``sums``.

    Parameters
    ----------
    points : float array of shape (n, 2)
        Column and row of every point of every ring.
    is_edge : bool array of shape (n,)
        Whether a point is joined to the next one.
    first : int array of shape (polygons + 1,)
        Where each polygon's points begin.
    inside : int array
        Polygons that reach into the strip.
    classes : int array of shape (rows of the strip, columns)
        Position of each cell's class in the columns of ``sums``.
    start : int
        Row of the grid at which the strip begins.
    area : float array of shape (rows of the grid,)
        Area of a cell in each row, in quanta.
    scale, step : float array, int
        Scale of the projection on a lattice of cells, and the cells between its points.
    exact : bool
        Exact shares of cells, or cells whose centre lies inside.
    sign : float
        Turns the orientation of the rings into positive areas.
    sums : int array of shape (len(inside), classes)
        Whole quanta of area; added to in place.
    """
    rows, columns = classes.shape
    for position in range(inside.shape[0]):
        begin, end = first[inside[position]], first[inside[position] + 1]
        left, right, top, bottom = _extent(points[begin:end], columns, start, rows)
        if right == left or bottom == top:
            continue
        lines = np.zeros((bottom - top, right - left + 1))
        for k in range(begin, end):
            if is_edge[k]:
                x0, y0 = points[k, 0], points[k, 1]
                x1, y1 = points[k + 1, 0], points[k + 1, 1]
                if exact:
                    _add_edge(lines, x0, y0, x1, y1, left, top, sign)
                else:
                    _add_center_edge(lines, x0, y0, x1, y1, left, top, sign)
        for i in range(bottom - top):
            row = top + i
            share = 0.0
            for j in range(right - left):
                share += lines[i, j]
                if share > TINY_SHARE:
                    cell = area[row] / _scale_at(scale, step, row, left + j)
                    quanta = round(min(share, 1.0) * cell)
                    sums[position, classes[row - start, left + j]] += quanta
