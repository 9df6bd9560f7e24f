"""From regions on a grid to parcels with smooth shared borders that fill the real boundary."""

import numpy as np
import pandas as pd
import shapely
from numba import njit

from .grid import Grid

PASSES = 5
TOLERANCE_CELLS = 0.16
# coordinates are kept to 1e-8 degree, about a millimetre
PRECISION_DEG = 1e-8
# pieces under about 1 mu (667 m2) at the district border join their neighbor
LEAST_DEG2 = 667.0 / (110_850.0 * 96_950.0)
EAST, SOUTH, WEST, NORTH = 0, 1, 2, 3


@njit(cache=True)
def _edge_bits(label: np.ndarray) -> np.ndarray:
    """For each corner of the grid, which of its four edges part two labels (bits E, S, W, N)."""
    rows, columns = label.shape
    bits = np.zeros((rows + 1, columns + 1), np.uint8)
    for row in range(rows):
        for column in range(columns):
            if column > 0 and label[row, column] != label[row, column - 1]:
                bits[row, column] |= 1 << SOUTH
                bits[row + 1, column] |= 1 << NORTH
            if row > 0 and label[row, column] != label[row - 1, column]:
                bits[row, column] |= 1 << EAST
                bits[row, column + 1] |= 1 << WEST
    return bits


@njit(cache=True)
def _degree(bits: int) -> int:
    """Count the edges at a corner."""
    return (bits & 1) + (bits >> 1 & 1) + (bits >> 2 & 1) + (bits >> 3 & 1)


@njit(cache=True)
def _walk(left: np.ndarray, node: np.ndarray, start: int, points: np.ndarray, size: int) -> int:
    """Follow one arc from a corner to the next node, taking its edges; returns the new size."""
    width = left.shape[1]
    row, column = start // width, start % width
    points[size] = start
    size += 1
    while True:
        turn = 0
        while not left[row, column] >> turn & 1:
            turn += 1
        left[row, column] &= ~(np.uint8(1) << np.uint8(turn))
        row += (turn == SOUTH) - (turn == NORTH)
        column += (turn == EAST) - (turn == WEST)
        back = (turn + 2) % 4
        left[row, column] &= ~(np.uint8(1) << np.uint8(back))
        points[size] = row * width + column
        size += 1
        if node[row, column] or row * width + column == start or left[row, column] == 0:
            return size


@njit(cache=True)
def trace(label: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """
    Trace the borders between labels as arcs from node to node; rings where there is no node.

    Returns
    -------
    corner : array of int32
        Corners of the grid along the arcs, flat index on (rows + 1, columns + 1).
    start : array of int32
        Place of the first corner of each arc, and the total at the end.
    """
    left = _edge_bits(label)
    height, width = left.shape
    node = np.zeros((height, width), np.bool_)
    edges = 0
    for row in range(height):
        for column in range(width):
            degree = _degree(left[row, column])
            edges += degree
            node[row, column] = degree > 2  # noqa: PLR2004 two edges only pass through
    points = np.empty(edges + 16, np.int32)
    starts = np.empty(edges + 16, np.int32)
    size = count = 0
    for only_nodes in (True, False):
        for corner in range(height * width):
            row, column = corner // width, corner % width
            if only_nodes and not node[row, column]:
                continue
            while left[row, column] != 0:
                starts[count] = size
                count += 1
                size = _walk(left, node, corner, points, size)
    starts[count] = size
    return points[:size].copy(), starts[: count + 1].copy()


@njit(cache=True)
def smooth(x: np.ndarray, y: np.ndarray, start: np.ndarray, passes: int) -> None:
    """Round the arcs by repeated means of neighbors; ends of open arcs stay where they are."""
    for arc in range(start.size - 1):
        low, high = start[arc], start[arc + 1] - 1
        closed = x[low] == x[high] and y[low] == y[high] and high - low > 3  # noqa: PLR2004
        for _ in range(passes):
            first_x, first_y = x[low], y[low]
            before_x, before_y = first_x, first_y
            for place in range(low + 1, high):
                here_x, here_y = x[place], y[place]
                x[place] = 0.25 * before_x + 0.5 * here_x + 0.25 * x[place + 1]
                y[place] = 0.25 * before_y + 0.5 * here_y + 0.25 * y[place + 1]
                before_x, before_y = here_x, here_y
            if closed:
                x[low] = 0.25 * before_x + 0.5 * first_x + 0.25 * x[low + 1]
                y[low] = 0.25 * before_y + 0.5 * first_y + 0.25 * y[low + 1]
                x[high], y[high] = x[low], y[low]


def _arcs(grid: Grid, label: np.ndarray) -> np.ndarray:
    """Smooth arcs between the labels as lines in degrees."""
    corner, start = trace(label)
    row, column = np.divmod(corner, label.shape[1] + 1)
    x, y = column.astype("float64"), row.astype("float64")
    smooth(x, y, start, PASSES)
    arc = np.repeat(np.arange(len(start) - 1), np.diff(start))
    lines = shapely.simplify(
        shapely.linestrings(x, y, indices=arc), TOLERANCE_CELLS, preserve_topology=True
    )
    points, arc = shapely.get_coordinates(lines, return_index=True)
    lon = grid.west + points[:, 0] * grid.step_lon
    lat = grid.north - points[:, 1] * grid.step_lat
    return shapely.linestrings(lon, lat, indices=arc)


def _join_fragments(faces: np.ndarray, label: np.ndarray) -> np.ndarray:
    """Give tiny faces, and those cut off from the main face of their label, to a neighbor."""
    area = shapely.area(faces)
    order = np.lexsort((-area, label))
    is_main = np.zeros(len(faces), dtype=bool)
    is_main[order] = np.append(True, np.diff(label[order]) != 0)
    is_main &= (label > 0) & (area > LEAST_DEG2)
    label = np.where(is_main, label, 0)
    tree = shapely.STRtree(faces)
    for _ in range(6):
        loose = np.flatnonzero(label == 0)
        if not len(loose):
            break
        one, two = tree.query(faces[loose], predicate="intersects")
        one, two = one[label[two] > 0], two[label[two] > 0]
        shared = shapely.length(shapely.intersection(faces[loose[one]], faces[two]))
        touch = pd.DataFrame({"face": loose[one], "label": label[two], "length": shared})
        touch = touch.groupby(["face", "label"], as_index=False)["length"].sum()
        touch = touch[touch["length"] > 0].sort_values(["face", "length", "label"])
        best = touch.drop_duplicates("face", keep="last")
        label[best["face"]] = best["label"]
    return label


def outline(grid: Grid, label: np.ndarray, boundary: shapely.Polygon) -> pd.Series:
    """
    Outline the regions of a grid so that together they are exactly the boundary.

    Parameters
    ----------
    grid : Grid
        Where.
    label : array of int32
        Regions from 1; they must reach beyond the boundary.
    boundary : Polygon
        The district, degrees.

    Returns
    -------
    polygons : Series of Polygon
        Indexed by label; regions wholly outside the boundary are absent. Neighbors share
        every vertex of their border.
    """
    lines = _arcs(grid, label)
    near = shapely.prepare(boundary) or shapely.intersects(boundary, lines)
    ring = shapely.get_exterior_ring(boundary)
    network = shapely.union_all(np.append(lines[near], ring), grid_size=PRECISION_DEG)
    faces = shapely.get_parts(shapely.polygonize([network]))
    inner = shapely.point_on_surface(faces)
    faces = faces[shapely.contains(boundary, inner)]
    points = shapely.get_coordinates(shapely.point_on_surface(faces))
    found = _join_fragments(faces, label[grid.cell_of(points[:, 0], points[:, 1])].astype("int64"))
    return dissolve(faces, found)


def dissolve(faces: np.ndarray, group: np.ndarray) -> pd.Series:
    """Join faces of a coverage by group (from 1); faces of group 0 are left out."""
    order = np.argsort(group, kind="stable")
    order = order[group[order] > 0]
    names, start, counts = np.unique(group[order], return_index=True, return_counts=True)
    joined = faces[order[start]]
    for place in np.flatnonzero(counts > 1):
        members = order[start[place] : start[place] + counts[place]]
        joined[place] = shapely.coverage_union_all(faces[members])
    kind = shapely.get_type_id(joined)
    single = kind == shapely.GeometryType.MULTIPOLYGON.value
    single &= shapely.get_num_geometries(joined) == 1
    joined[single] = shapely.get_geometry(joined[single], 0)
    return pd.Series(joined, index=pd.Index(names, name="label"), name="geometry")


def whole_groups(polygons: pd.Series, group: pd.Series) -> pd.Series:
    """
    Move parcels of detached parts of a group to the group they touch most.

    Parameters
    ----------
    polygons : Series of Polygon
        A coverage.
    group : Series of int
        Group of each polygon, from 1.

    Returns
    -------
    group : Series of int
        Every group is in one piece.
    """
    group = group.copy()
    faces = polygons.to_numpy()
    tree = shapely.STRtree(faces)
    joined = dissolve(faces, group.to_numpy())
    for name, shape in joined.items():
        parts = shapely.get_parts(shape)
        for part in parts[np.argsort(-shapely.area(parts))][1:]:
            inner = tree.query(part, predicate="contains_properly")
            rim = tree.query(part, predicate="covers")
            members = np.union1d(inner, rim)
            near = np.setdiff1d(tree.query(part, predicate="intersects"), members)
            near = near[group.iloc[near].to_numpy() != name]
            shared = shapely.length(shapely.intersection(faces[near], part))
            if len(near) and shared.max() > 0:
                group.iloc[members] = group.iloc[near[shared.argmax()]]
    return group


def whole_parents(polygons: pd.Series, parent: pd.Series) -> pd.Series:
    """Make pieces that do not touch the rest of their parcel parcels of their own."""
    parent = parent.astype("int64")
    joined = dissolve(polygons.to_numpy(), parent.to_numpy())
    broken = joined.index[shapely.get_num_geometries(joined.to_numpy()) > 1]
    alone = parent.isin(broken)
    return parent.mask(alone, parent.index.to_series())
