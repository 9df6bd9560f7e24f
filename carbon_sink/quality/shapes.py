"""Are the polygons of a layer fit to be measured; repairs are told in hectares."""

from dataclasses import replace

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from ..errors import Problem, TableError, first_rows
from ..geometry import ellipsoidal_area_ha

# repairs that move more than this share of the area are refused
REPAIR_LIMIT = 0.001
POLYGON, MULTIPOLYGON = 3, 6


def check_polygons(
    layer: gpd.GeoDataFrame, *, file: str, name: str = ""
) -> tuple[gpd.GeoDataFrame, list[Problem]]:
    """
    Refuse missing and non-polygon geometry, and repair rings that cross themselves.

    Parameters
    ----------
    layer : GeoDataFrame
        Polygons.
    file, name : str
        File and layer for the message.

    Returns
    -------
    layer : GeoDataFrame
        With valid geometry.
    notes : list of Problem
        What was repaired, with the hectares it changed.

    Raises
    ------
    TableError
        If geometry is missing, empty or not a polygon, or repairs would move more than
        0.1 % of the area.
    """
    layer, notes, changed_ha = mend_polygons(layer, file=file, name=name)
    if notes:
        check_repairs(notes, changed_ha, ellipsoidal_area_ha(layer.geometry).sum())
    return layer, notes


def mend_polygons(
    layer: gpd.GeoDataFrame, *, file: str, name: str = ""
) -> tuple[gpd.GeoDataFrame, list[Problem], float]:
    """
    Repair part of a layer; ``check_repairs`` then judges the repairs of all parts.

    Parameters
    ----------
    layer, file, name
        As for ``check_polygons``.

    Returns
    -------
    layer : GeoDataFrame
        With valid geometry.
    notes : list of Problem
        What was repaired, with the hectares it changed.
    changed_ha : float
        The same hectares.

    Raises
    ------
    TableError
        If geometry is missing, empty or not a polygon.
    """
    place = {"file": file, "layer": name}
    shapes = layer.geometry
    empty = shapes.isna() | shapes.is_empty
    kind = shapely.get_type_id(shapes.array)
    problems = []
    endless = ~np.isfinite(shapely.bounds(shapes.array)).all(axis=1)
    for code, bad in (
        ("geometry_missing", empty.to_numpy()),
        ("geometry_not_polygon", ~empty.to_numpy() & ~np.isin(kind, (POLYGON, MULTIPOLYGON))),
        ("coordinates_infinite", ~empty.to_numpy() & endless),
    ):  # fmt: skip
        if bad.any():
            problems.append(
                Problem(code, rows=first_rows(layer.index[bad]), count=int(bad.sum()), **place)
            )
    if problems:
        raise TableError(problems)
    invalid = ~shapes.is_valid
    if not invalid.any():
        return layer, [], 0.0
    return _repaired(layer, invalid, place)


def check_repairs(notes: list[Problem], changed_ha: float, area_ha: float) -> None:
    """
    Refuse repairs that moved more than 0.1 % of the area of a layer.

    Parameters
    ----------
    notes : list of Problem
        What was repaired.
    changed_ha, area_ha : float
        Hectares that changed, and those of the whole layer.

    Raises
    ------
    TableError
        With the same rows and hectares.
    """
    if changed_ha > REPAIR_LIMIT * area_ha:
        repaired = [note for note in notes if note.code == "geometry_repaired"]
        raise TableError([replace(note, code="geometry_beyond_repair") for note in repaired])


def _repaired(
    layer: gpd.GeoDataFrame, invalid: pd.Series, place: dict
) -> tuple[gpd.GeoDataFrame, list[Problem], float]:
    """Repair the invalid polygons, and tell the hectares that changed."""
    before = layer.geometry[invalid]
    fixed = before.make_valid(method="structure", keep_collapsed=False)
    outline = gpd.GeoSeries(shapely.boundary(before.array), index=before.index, crs=layer.crs)
    # ground enclosed by the ring as drawn, however it crosses itself
    enclosed = gpd.GeoSeries(
        [shapely.unary_union(shapely.get_parts(shapely.polygonize([shapely.unary_union(line)])))
         for line in outline], index=before.index, crs=layer.crs,
    )  # fmt: skip
    changed = (ellipsoidal_area_ha(enclosed) - ellipsoidal_area_ha(fixed)).abs().sum()
    note = Problem("geometry_repaired", rows=first_rows(before.index), count=len(before),
                   value=f"{changed:.4f}", **place)  # fmt: skip
    shapes = layer.geometry.where(~invalid, fixed)
    return layer.set_geometry(shapes), [note], float(changed)
