"""Do parcels overlap or leave gaps: pairs, hectares, what is refused and what is repaired."""

from dataclasses import dataclass
from typing import NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from ..errors import Problem, TableError, first_rows
from ..geometry import ellipsoidal_area_ha, mean_width_m, meters_per_unit
from ..parameters import constant
from ..topology import differences, free_ground, overlaps
from .shelf import TILE_SHAPES, Shelf, Tile

# what lies this near to a gap borders on it
BESIDE_M = 0.01
# grid on which the pieces of a gap in several tiles are joined
JOIN_M = 1e-7
# a piece reaches the side of its tile when it ends this share of the coordinates from it
ROUNDING = 1e-13


class Topology(NamedTuple):
    """
    How the polygons of a layer lie to each other.

    Parameters
    ----------
    copies : DataFrame
        ``rows`` (labels of a polygon and of an equal one after it) and ``area_ha``.
    overlaps : DataFrame
        ``rows`` (labels of two polygons), ``area_ha``, ``width_m``; copies left out.
    gaps : GeoDataFrame
        ``rows`` (labels of all around it), ``area_ha``, ``width_m`` and geometry.
    area_ha : float
        Sum of the areas of all polygons.
    """

    copies: pd.DataFrame
    overlaps: pd.DataFrame
    gaps: gpd.GeoDataFrame
    area_ha: float


@dataclass(frozen=True)
class _Limits:
    """What overlaps and gaps are held against, from ``data/constants.csv``."""

    parcel_ha: float
    width_m: float
    share: float
    gap_ha: float
    closed_m: float
    noise_ha: float


def _limits() -> _Limits:
    names = ("parcel_area_min_ha", "overlap_width_max_m", "overlap_share_max",
             "gap_area_max_ha",
             "gap_closed_width_m", "topology_noise_ha")  # fmt: skip
    return _Limits(*map(constant, names))


def check_topology(
    layer: gpd.GeoDataFrame, *, file: str, name: str = ""
) -> tuple[gpd.GeoDataFrame, list[Problem]]:
    """
    Refuse polygons that overlap or come twice, and repair borders that are drawn twice.

    Parameters
    ----------
    layer : GeoDataFrame
        Valid polygons, with a label of its own for each row.
    file, name : str
        File and layer for the message.

    Returns
    -------
    layer : GeoDataFrame
        Without the slight overlaps and the narrowest gaps; the same object when there are none.
    notes : list of Problem
        What was repaired, and what should be looked at.

    Raises
    ------
    TableError
        As ``judge_topology`` refuses.
    """
    with Shelf() as shelf:
        shelf.add(layer.geometry)
        found = survey(shelf)
    problems = judge_topology(found, file=file, name=name)
    grave = [problem for problem in problems if problem.severity == "refuse"]
    if grave:
        raise TableError(grave)
    return mend_borders(layer, found), problems


def survey(shelf: Shelf) -> Topology:
    """
    Measure how the polygons of a layer lie to each other, tile by tile.

    Parameters
    ----------
    shelf : Shelf
        Valid polygons of the layer.

    Returns
    -------
    topology : Topology
        The same whatever the order of the rows and the parts they came in.

    Notes
    -----
    A gap is ground without a polygon that several polygons enclose and that is smaller than
    the least parcel (``parcel_area_min_ha``), or under ``gap_area_max_ha`` and narrower than
    two drawings of one border may lie apart (``overlap_width_max_m``). Larger ground was left
    out on purpose or is missing as a whole; a hole within one polygon was drawn. Overlaps and
    gaps under ``topology_noise_ha`` are rounding.
    """
    limits = _limits()
    copies = shelf.copies()
    pairs, gaps, cut, sides = [], [], [], []
    for tile in shelf.tiles(copies):
        shapes = shelf.shapes(tile.positions)
        first, second, pieces = overlaps(shapes)
        pairs.append(_overlaps_of(shelf, tile, (first, second, pieces), limits))
        crossed = np.union1d(first, second)
        free = gpd.GeoSeries(free_ground(shapes, crossed, tile.box), crs=shelf.crs)
        at_side = _reaches(free, tile.box)
        gaps.append(_gaps(free[~at_side], shapes, shelf.labels[tile.positions], limits))
        within = free[at_side & ~_reaches(free, shelf.frame)]
        small = within[ellipsoidal_area_ha(within).lt(limits.gap_ha)]
        wide = free[at_side].drop(small.index).boundary
        cut.append(small)
        sides.append(wide.intersection(shapely.box(*tile.box).exterior))
    free = _joined(cut, sides, shelf)
    around = _positions_around(free, shelf, copies)
    gaps.append(_gaps(free, shelf.shapes(around), shelf.labels[around], limits))
    return Topology(
        _copied(shelf, copies), _sorted(pairs), _sorted(gaps), shelf.area_ha
    )  # fmt: skip


def judge_topology(topology: Topology, *, file: str, name: str = "") -> list[Problem]:
    """
    Judge overlaps, copies and gaps.

    Parameters
    ----------
    topology : Topology
        From ``survey``.
    file, name : str
        File and layer for the message.

    Returns
    -------
    problems : list of Problem
        Copies and large overlaps (refused), slight overlaps and narrow gaps (repaired), other
        gaps (told). ``cells`` hold, for each row concerned, the rows it meets and the hectares:
        ``"17: 0.1234 ha; 21: 0.0100 ha"``. ``count`` is that of pairs or gaps, ``value`` the
        hectares of all.

    Notes
    -----
    An overlap is large when it could be a parcel: of the area of the least parcel at least,
    and wider than two drawings of one border lie apart. All overlaps are large when together
    they exceed ``overlap_share_max`` of the area of the layer.
    """
    limits = _limits()
    pairs, gaps = topology.overlaps, topology.gaps
    large = pairs["area_ha"].ge(limits.parcel_ha) & pairs["width_m"].gt(limits.width_m)
    large |= pairs["area_ha"].sum() > limits.share * topology.area_ha
    closed = gaps["width_m"].lt(limits.closed_m)
    rule = f"{limits.parcel_ha:.4f} ha, {limits.width_m:g} m, {limits.share:.1%}"
    return [
        Problem(
            code, file=file, layer=name, field="geometry", rows=first_rows(cells.index),
            count=len(found), value=_shown(found["area_ha"].sum()), rule=told, cells=cells,
        )
        for code, found, told in (
            ("shape_twice", topology.copies, ""),
            ("overlap_large", pairs[large], rule),
            ("overlap_small", pairs[~large], ""),
            ("gap_closed", gaps[closed], ""),
            ("gap_small", gaps[~closed], ""),
        )
        if len(found)
        for cells in [_cells(found)]
    ]  # fmt: skip


def mend_borders(layer: gpd.GeoDataFrame, topology: Topology) -> gpd.GeoDataFrame:
    """
    Cut overlaps off, and close the narrowest gaps.

    Parameters
    ----------
    layer : GeoDataFrame
        Valid polygons, with a label of its own for each row.
    topology : Topology
        From ``survey`` of the same layer.

    Returns
    -------
    layer : GeoDataFrame
        In which the smaller of two polygons keeps what both hold, because it would change
        more, and the largest neighbour gets a gap narrower than ``gap_closed_width_m``, because
        it changes least. The same object when there is nothing to mend.
    """
    closed = topology.gaps[topology.gaps["width_m"].lt(_limits().closed_m)]
    if topology.overlaps.empty and closed.empty:
        return layer
    drawn = layer.geometry
    ranks = _ranked(drawn, [*topology.overlaps["rows"], *closed["rows"]])
    taken: dict = {}
    for rows in topology.overlaps["rows"]:
        smaller, larger = sorted(rows, key=ranks.get)
        taken.setdefault(larger, []).append(drawn.loc[smaller])
    mended = drawn.copy()
    for row, others in taken.items():
        mended.loc[row] = differences([drawn.loc[row]], [shapely.union_all(others)])[0]
    for rows, gap in zip(closed["rows"], closed.geometry, strict=True):
        largest = max(rows, key=ranks.get)
        mended.loc[largest] = shapely.union(mended.loc[largest], gap)
    return layer.set_geometry(mended)


def _ranked(drawn: gpd.GeoSeries, groups: list[tuple]) -> dict:
    """Order polygons by area; by their vertices where areas are equal, and not by their rows."""
    rows = sorted({row for rows in groups for row in rows})
    shapes = np.asarray(drawn.loc[rows].array)
    vertices = shapely.to_wkb(shapely.normalize(shapes))
    order = sorted(zip(shapely.area(shapes).tolist(), vertices, rows, strict=True))
    return {row: rank for rank, (_, _, row) in enumerate(order)}


def _overlaps_of(
    shelf: Shelf, tile: Tile, found: tuple[np.ndarray, ...], limits: _Limits
) -> gpd.GeoDataFrame:
    """Measure the overlaps of a tile: those whose extents begin to overlap within it."""
    first, second, pieces = found
    bounds = shelf.bounds[tile.positions]
    corner = np.maximum(bounds[first, :2], bounds[second, :2])
    own = ((corner >= tile.box[:2]) & (corner < tile.box[2:])).all(axis=1)
    labels = shelf.labels[tile.positions]
    rows = [
        tuple(sorted(pair)) for pair in zip(labels[first[own]], labels[second[own]], strict=True)
    ]
    return _measured(gpd.GeoSeries(pieces[own], crs=shelf.crs), rows, limits)


def _measured(pieces: gpd.GeoSeries, rows: list[tuple], limits: _Limits) -> gpd.GeoDataFrame:
    """Give pieces of ground their hectares and widths; leave out what is rounding."""
    area_ha = ellipsoidal_area_ha(pieces)
    table = gpd.GeoDataFrame(
        {"rows": pd.Series(rows, index=pieces.index, dtype=object), "area_ha": area_ha,
         "width_m": mean_width_m(pieces, area_ha)}, geometry=pieces,
    )  # fmt: skip
    return table[area_ha.ge(limits.noise_ha)]


def _narrow(free: gpd.GeoSeries, limits: _Limits) -> gpd.GeoSeries:
    """Leave out ground that is too large or too wide for a gap."""
    area_ha = ellipsoidal_area_ha(free)
    thin = area_ha.lt(limits.gap_ha) & mean_width_m(free, area_ha).lt(limits.width_m)
    return free[area_ha.lt(limits.parcel_ha) | thin]


def _gaps(
    free: gpd.GeoSeries, shapes: np.ndarray, labels: np.ndarray, limits: _Limits
) -> gpd.GeoDataFrame:
    """Tell the gaps among free ground, with the polygons around them."""
    free = _narrow(free, limits).reset_index(drop=True)
    gap, near = shapely.STRtree(shapes).query(
        np.asarray(free.array), predicate="dwithin", distance=_beside(free)[1]
    )
    around = pd.Series(labels[near]).groupby(gap).agg(lambda rows: tuple(sorted(rows)))
    between = around[around.map(len) > 1]
    return _measured(free.iloc[between.index], between.tolist(), limits)


def _beside(free: gpd.GeoSeries) -> tuple[np.ndarray, np.ndarray]:
    """Tell how far, east and north, what borders on free ground may lie from it."""
    east, north = meters_per_unit(free.crs, shapely.bounds(np.asarray(free.array)).reshape(-1, 4))
    return BESIDE_M / east, BESIDE_M / north


def _reaches(free: gpd.GeoSeries, box: tuple) -> np.ndarray:
    """Tell the pieces that reach a side of a rectangle: they may go on beyond it."""
    bounds = shapely.bounds(np.asarray(free.array)).reshape(-1, 4)
    return (np.abs(bounds - box) <= ROUNDING * np.abs(box).max()).any(axis=1)


def _joined(cut: list[gpd.GeoSeries], sides: list[gpd.GeoSeries], shelf: Shelf) -> gpd.GeoSeries:
    """Join the pieces of several tiles; leave out those with an open side to more free ground."""
    noise = JOIN_M / meters_per_unit(shelf.crs, shelf.bounds[:1])[1][0]
    pieces = np.concatenate([np.asarray(part.array) for part in cut])
    free = shapely.get_parts(shapely.union_all(pieces, grid_size=noise))
    tree = shapely.STRtree(np.concatenate([np.asarray(part.array) for part in sides]))
    is_open, _ = tree.query(free, predicate="dwithin", distance=2.0 * noise)
    return gpd.GeoSeries(np.delete(free, is_open), crs=shelf.crs)


def _positions_around(free: gpd.GeoSeries, shelf: Shelf, copies: dict) -> np.ndarray:
    """Find the polygons whose extents meet those of free ground."""
    bounds = shelf.bounds
    near = np.zeros(len(bounds), dtype=bool)
    wider = shapely.bounds(np.asarray(free.array)).reshape(-1, 4)
    beside = np.stack(_beside(free)).T
    for west, south, east, north in np.hstack([wider[:, :2] - beside, wider[:, 2:] + beside]):
        near |= (
            (bounds[:, 0] <= east) & (bounds[:, 2] >= west)
            & (bounds[:, 1] <= north) & (bounds[:, 3] >= south)
        )  # fmt: skip
    near[list(copies)] = False
    return np.flatnonzero(near)


def _copied(shelf: Shelf, copies: dict[int, int]) -> pd.DataFrame:
    """Tell the labels and the hectares of equal polygons."""
    labels, again = shelf.labels, np.array(list(copies), dtype=np.int64)
    parts = [
        ellipsoidal_area_ha(gpd.GeoSeries(shelf.shapes(again[start : start + TILE_SHAPES]),
                                          crs=shelf.crs))
        for start in range(0, len(again), TILE_SHAPES)
    ]  # fmt: skip
    rows = [(labels[like], labels[row]) for row, like in copies.items()]
    return pd.DataFrame(
        {"rows": pd.Series(rows, dtype=object), "area_ha": np.concatenate([np.empty(0), *parts])}
    )


def _sorted(parts: list[gpd.GeoDataFrame]) -> gpd.GeoDataFrame:
    """Join what was found in tiles, in the order of the rows."""
    empty = pd.DataFrame({"rows": [], "area_ha": [], "width_m": []}).astype({"rows": object})
    table = pd.concat(parts) if parts else empty
    return table.sort_values(["rows", "area_ha"], ignore_index=True)


def _cells(found: pd.DataFrame) -> pd.Series:
    """Tell for each row the rows it meets and the hectares."""
    whole = found.groupby("rows", sort=False)["area_ha"].sum().reset_index()
    each = whole.explode("rows")
    groups = whole["rows"].loc[each.index]
    told = [
        f"{', '.join(str(one) for one in group if one != row)}: {_shown(area)} ha"
        for group, row, area in zip(groups, each["rows"], each["area_ha"], strict=True)
    ]
    cells = pd.Series(told, index=pd.Index(each["rows"]), dtype=object)
    return cells.groupby(level=0).agg("; ".join)


def _shown(area_ha: float) -> str:
    """Write hectares with four decimals, and small ones with two digits that count."""
    if round(area_ha, 4) > 0.0:
        return f"{area_ha:.4f}"
    return np.format_float_positional(area_ha, precision=2, fractional=False, trim="-")
