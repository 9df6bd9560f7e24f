"""How the polygons of one layer lie to each other: ground that two of them hold, and none."""

import numpy as np
import shapely

# pairs whose intersection is computed at a time: pieces of these stay small
PART_PAIRS = 20_000
# steps, as shares of the coordinates, on which an overlay is done when it fails without
GRID_STEPS = (1e-15, 1e-13, 1e-11, 1e-9)
INTERIORS_MEET = "T********"
# sums of areas agree within this share
ROUNDING = 1e-12


def polygonal(shapes: np.ndarray) -> np.ndarray:
    """
    Keep the polygons of shapes; lines and points have no area.

    Parameters
    ----------
    shapes : array of Geometry
        Any shapes, such as results of an overlay.

    Returns
    -------
    polygons : array of Geometry
        Polygons and multipolygons; an empty polygon where nothing is left.

    Examples
    --------
    >>> mixed = shapely.from_wkt("GEOMETRYCOLLECTION (POINT (5 5), POLYGON ((0 0, 1 0, 1 1, 0 0)))")
    >>> polygonal([mixed])[0].wkt
    'MULTIPOLYGON (((0 0, 1 0, 1 1, 0 0)))'
    """
    shapes = np.array(shapes, dtype=object)
    flat = shapely.get_dimensions(shapes) < 2  # noqa: PLR2004 - lines, points and nothing
    shapes[flat] = shapely.Polygon()
    for row in np.flatnonzero(
        shapely.get_type_id(shapes) == shapely.GeometryType.GEOMETRYCOLLECTION
    ):
        parts = shapely.get_parts(shapely.get_parts(shapes[row]))
        shapes[row] = shapely.multipolygons(parts[shapely.get_dimensions(parts) == 2])  # noqa: PLR2004
    return shapes


def intersections(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """
    Return the ground that two polygons share, pair by pair; never fails.

    Parameters
    ----------
    first, second : array of Polygon or MultiPolygon
        As many of each.

    Returns
    -------
    shared : array of Polygon or MultiPolygon
        Empty where they share no ground.

    Examples
    --------
    >>> shared = intersections([shapely.box(0, 0, 2, 2)], [shapely.box(1, 1, 3, 3)])
    >>> float(shared[0].area)
    1.0
    """
    return _overlaid(shapely.intersection, first, second)


def differences(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """
    Return the ground of one polygon that another does not hold, pair by pair; never fails.

    Parameters
    ----------
    first, second : array of Polygon or MultiPolygon
        As many of each.

    Returns
    -------
    rest : array of Polygon or MultiPolygon
        Empty where the second covers the first.

    Examples
    --------
    >>> rest = differences([shapely.box(0, 0, 2, 2)], [shapely.box(1, 1, 3, 3)])
    >>> float(rest[0].area)
    3.0
    """
    return _overlaid(shapely.difference, first, second)


def _overlaid(overlay, first: np.ndarray, second: np.ndarray) -> np.ndarray:  # noqa: ANN001
    """Overlay all pairs at once, and one by one where that fails."""
    first, second = np.asarray(first, dtype=object), np.asarray(second, dtype=object)
    try:
        return polygonal(overlay(first, second))
    except shapely.GEOSException:
        pairs = zip(first, second, strict=True)
        return polygonal([_overlaid_on_grid(overlay, *pair) for pair in pairs])


def _overlaid_on_grid(overlay, one, other) -> shapely.Geometry:  # noqa: ANN001
    """Overlay two shapes; made valid first, and on ever coarser grids, when that fails."""
    size = max(map(abs, (*shapely.bounds(one), *shapely.bounds(other))))
    for step in (None, *(share * size for share in GRID_STEPS)):
        try:
            return overlay(one, other, grid_size=step)
        except shapely.GEOSException as error:
            failed = error
            one, other = shapely.make_valid([one, other], method="structure", keep_collapsed=False)
    raise failed


def overlaps(shapes: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """
    Find the pairs of polygons that share ground.

    Parameters
    ----------
    shapes : array of Polygon or MultiPolygon
        Valid polygons. They may be prepared for questions, and stay as they are otherwise.

    Returns
    -------
    first, second : array of int
        Positions, the first one smaller, in rising order.
    pieces : array of Polygon or MultiPolygon
        The ground that they share.

    Notes
    -----
    Parcels that fit are joined along their edges: the whole has the sum of their areas, and no
    pair shares ground. Otherwise every pair whose extents meet is asked whether the interiors
    do. ``coverage_invalid_edges`` would not find all: where one mosaic lies on another it
    marks the outermost parcels only.

    Examples
    --------
    >>> shapes = np.array([shapely.box(0, 0, 2, 2), shapely.box(1, 1, 3, 3)])
    >>> first, second, pieces = overlaps(shapes)
    >>> first.tolist(), second.tolist(), shapely.area(pieces).tolist()
    ([0], [1], [1.0])
    """
    kept, pieces = [np.empty((0, 2), dtype=np.int64)], [np.array([], dtype=object)]
    pairs = kept[0] if _joined_along_edges(shapes) else _neighbors(shapes)
    for start in range(0, len(pairs), PART_PAIRS):
        part = pairs[start : start + PART_PAIRS]
        first, second = shapes[part.T]
        part = part[shapely.relate_pattern(first, second, INTERIORS_MEET)]
        shared = intersections(*shapes[part.T])
        real = ~shapely.is_empty(shared)
        kept.append(part[real])
        pieces.append(shared[real])
    first, second = np.concatenate(kept).T
    return first, second, np.concatenate(pieces)


def _neighbors(shapes: np.ndarray) -> np.ndarray:
    """Return the pairs of polygons whose extents meet, in rising order."""
    shapely.prepare(shapes)
    first, second = shapely.STRtree(shapes).query(shapes)
    pairs = np.column_stack([first, second])[first < second]
    return pairs[np.lexsort(pairs.T[::-1])]


def free_ground(shapes: np.ndarray, crossed: np.ndarray, box: tuple) -> np.ndarray:
    """
    Find the ground of a rectangle that no polygon holds.

    Parameters
    ----------
    shapes : array of Polygon or MultiPolygon
        Valid polygons: all that reach into the rectangle.
    crossed : array of int
        Positions of those that share ground with others.
    box : tuple of float
        The rectangle: west, south, east, north.

    Returns
    -------
    pieces : array of Polygon
        One for each connected piece.

    Examples
    --------
    >>> shapes = np.array([shapely.box(0, 0, 2, 4), shapely.box(3, 0, 4, 4)])
    >>> [piece.bounds for piece in free_ground(shapes, np.array([], dtype=int), (0, 0, 4, 4))]
    [(2.0, 0.0, 3.0, 4.0)]
    """
    marks = np.zeros(len(shapes), dtype=bool)
    marks[crossed] = True
    # those that fit are joined along equal edges, which is quick; only the others are overlaid
    joined = _joined_along_edges(shapes[~marks])
    if joined is None:
        marks |= ~shapely.is_empty(shapely.coverage_invalid_edges(shapes))
        joined = _joined_along_edges(shapes[~marks])
    if joined is None:
        marks[:], joined = True, shapely.Polygon()
    held = _united(np.append(shapes[marks], joined))
    pieces = shapely.get_parts(differences([shapely.box(*box)], [held]))
    return pieces[~shapely.is_empty(pieces)]


def _joined_along_edges(shapes: np.ndarray) -> shapely.Geometry | None:
    """Join polygons by leaving out the edges that they share; None where this loses ground."""
    try:
        joined = shapely.coverage_union_all(shapes)
    except shapely.GEOSException:
        return None
    whole = shapely.area(shapes).sum()
    fits = joined.is_valid and abs(joined.area - whole) <= ROUNDING * whole
    return joined if fits else None


def _united(shapes: np.ndarray) -> shapely.Geometry:
    """Unite polygons, on ever coarser grids where that fails."""
    size = np.abs(shapely.total_bounds(shapes)).max()
    for step in (None, *(share * size for share in GRID_STEPS)):
        try:
            return shapely.union_all(shapes, grid_size=step)
        except shapely.GEOSException as error:
            failed = error
    raise failed
