"""The compiled kernel of ``rings``: where rings begin, which way they turn, what they touch."""

import math

import numpy as np
from numba import njit

# of a cell: noise of coordinates in metres or degrees, divided by the size of the cell
LINE_NOISE = 1e-8


@njit(cache=True, nogil=True, error_model="numpy")
def find_rings(points, shape_first):
    """
    Find where rings begin: a ring ends when it is back at its first point.

    Returns the begin of each ring and the end of the last, the shape each belongs to, its area,
    and whether every ring was closed; where one was not, points come twice and confuse the
    search.
    """
    # a ring has four points at least; where more are found, the search went wrong
    room = points.shape[0] // 4 + 1
    begins = np.empty(room + 1, dtype=np.int64)
    owners = np.empty(room, dtype=np.int64)
    areas = np.empty(room)
    rings = 0
    closed = True
    for shape in range(shape_first.shape[0] - 1):
        begin, end = shape_first[shape], shape_first[shape + 1]
        while begin < end and rings < room:
            x, y = points[begin, 0], points[begin, 1]
            k = begin + 1
            turned = 0.0
            while k < end and points[k, 0] == x and points[k, 1] == y:
                k += 1
            while k < end and (points[k, 0] != x or points[k, 1] != y):
                turned += (points[k - 1, 0] - x) * (points[k, 1] - y)
                turned -= (points[k, 0] - x) * (points[k - 1, 1] - y)
                k += 1
            closed = closed and k < end
            begins[rings], owners[rings], areas[rings] = begin, shape, 0.5 * abs(turned)
            rings += 1
            begin = k + 1
        closed = closed and begin >= end
    begins[rings] = points.shape[0]
    return begins[: rings + 1], owners[:rings], areas[:rings], closed


@njit(cache=True, nogil=True, error_model="numpy")
def edge_steps(points, ring_first, is_shell, in_degrees, unit_m, bend, share, shortest_m):
    """
    Longest step along the edges of each ring that keeps the area of its polygon to a share.

    A straight edge of length L, brought to another projection, bows by ``bend`` (1/m) and
    moves ``bend L**3 / 12`` of area; the edges of a perimeter P move ``bend P L**2 / 12``.
    Steps are in the units of the points, and not under ``shortest_m``.
    """
    rings = is_shell.shape[0]
    steps = np.empty(rings)
    first = 0
    while first < rings:
        last, area, perimeter = first, 0.0, 0.0
        while last == first or (last < rings and not is_shell[last]):
            begin = ring_first[last]
            narrow = unit_m * math.cos(math.radians(points[begin, 1])) if in_degrees else unit_m
            turned = 0.0
            for k in range(begin, ring_first[last + 1] - 1):
                x0 = (points[k, 0] - points[begin, 0]) * narrow
                x1 = (points[k + 1, 0] - points[begin, 0]) * narrow
                y0 = (points[k, 1] - points[begin, 1]) * unit_m
                y1 = (points[k + 1, 1] - points[begin, 1]) * unit_m
                turned += 0.5 * (x0 * y1 - x1 * y0)
                perimeter += math.hypot(x1 - x0, y1 - y0)
            area += abs(turned) if last == first else -abs(turned)
            last += 1
        longest = 0.0
        if perimeter > 0.0 and area > 0.0:
            longest = math.sqrt(12.0 * share * area / (bend * perimeter))
        steps[first:last] = max(longest, shortest_m) / unit_m
        first = last
    return steps


@njit(cache=True, nogil=True, error_model="numpy")
def to_cells(points, west, top, width, height):
    """
    Turn map coordinates into columns and rows of a grid, in place.

    A point that lies on a line between cells but for the noise of its numbers is put on it, so
    that an edge along the line leaves no sliver in the cells beyond.
    """
    for k in range(points.shape[0]):
        x, y = (points[k, 0] - west) / width, (points[k, 1] - top) / height
        points[k, 0] = np.rint(x) if abs(x - np.rint(x)) < LINE_NOISE else x
        points[k, 1] = np.rint(y) if abs(y - np.rint(y)) < LINE_NOISE else y


@njit(cache=True, nogil=True, error_model="numpy")
def ring_signs(points, ring_first, is_shell):
    """Give each ring the sign that makes shells count as area and holes as none."""
    signs = np.zeros(ring_first.shape[0] - 1)
    for ring in range(signs.shape[0]):
        begin, end = ring_first[ring], ring_first[ring + 1]
        turned = 0.0
        for k in range(begin, end - 1):
            # about the first point, which keeps digits
            x0, y0 = points[k, 0] - points[begin, 0], points[k, 1] - points[begin, 1]
            x1, y1 = points[k + 1, 0] - points[begin, 0], points[k + 1, 1] - points[begin, 1]
            turned += x0 * y1 - x1 * y0
        signs[ring] = 1.0 if (turned < 0.0) == is_shell[ring] else -1.0
    return signs


@njit(cache=True, nogil=True, error_model="numpy")
def cell_boxes(points, ring_first, polygon_first, rows, columns):
    """Rows and columns of the grid each polygon may touch: top, bottom, left, right."""
    boxes = np.zeros((polygon_first.shape[0] - 1, 4), dtype=np.int64)
    for polygon in range(boxes.shape[0]):
        x_low, x_high, y_low, y_high = np.inf, -np.inf, np.inf, -np.inf
        for k in range(ring_first[polygon_first[polygon]], ring_first[polygon_first[polygon + 1]]):
            x_low, x_high = min(x_low, points[k, 0]), max(x_high, points[k, 0])
            y_low, y_high = min(y_low, points[k, 1]), max(y_high, points[k, 1])
        # a point beyond the reach of the projection is infinite, and the polygon far outside
        if math.isfinite(x_low + x_high + y_low + y_high):
            boxes[polygon, 0] = math.floor(min(max(y_low, 0.0), rows))
            boxes[polygon, 1] = math.ceil(min(max(y_high, 0.0), rows))
            boxes[polygon, 2] = math.floor(min(max(x_low, 0.0), columns))
            boxes[polygon, 3] = math.ceil(min(max(x_high, 0.0), columns))
    return boxes
