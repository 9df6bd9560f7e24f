"""Is the data fit for use: geometry, place and towns; repairs are told in hectares."""

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from .errors import CRSError, Problem, TableError, first_rows
from .geometry import STORE_CRS, ellipsoidal_area_ha

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
        If geometry is missing, empty or not a polygon, or a repair would move more than
        0.1 % of the area.
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
        return layer, []
    return _repaired(layer, invalid, place)


def _repaired(
    layer: gpd.GeoDataFrame, invalid: pd.Series, place: dict
) -> tuple[gpd.GeoDataFrame, list[Problem]]:
    """Repair the invalid polygons, or refuse when that would change the area."""
    before = layer.geometry[invalid]
    fixed = before.make_valid(method="structure", keep_collapsed=False)
    total = ellipsoidal_area_ha(layer.geometry[~invalid]).sum() + ellipsoidal_area_ha(fixed).sum()
    outline = gpd.GeoSeries(shapely.boundary(before.array), index=before.index, crs=layer.crs)
    # ground enclosed by the ring as drawn, however it crosses itself
    enclosed = gpd.GeoSeries(
        [shapely.unary_union(shapely.get_parts(shapely.polygonize([shapely.unary_union(line)])))
         for line in outline], index=before.index, crs=layer.crs,
    )  # fmt: skip
    changed = (ellipsoidal_area_ha(enclosed) - ellipsoidal_area_ha(fixed)).abs().sum()
    message = {
        "rows": first_rows(before.index),
        "count": len(before),
        "value": f"{changed:.4f}",
        **place,
    }
    if changed > REPAIR_LIMIT * total:
        raise TableError(Problem("geometry_beyond_repair", **message))
    shapes = layer.geometry.where(~invalid, fixed)
    return layer.set_geometry(shapes), [Problem("geometry_repaired", **message)]


def check_place(layers: dict[str, tuple[float, float, float, float]], reference: str) -> None:
    """
    Refuse layers that do not touch the extent of the reference layer.

    Parameters
    ----------
    layers : dict
        File name to extent (west, south, east, north) in degrees.
    reference : str
        The file whose extent is the place.

    Raises
    ------
    CRSError
        Naming every layer that lies elsewhere, with both extents.
    """
    west, south, east, north = layers[reference]
    problems = []
    for file, (left, bottom, right, top) in layers.items():
        if right < west or left > east or top < south or bottom > north:
            problems.append(
                Problem(
                    "no_overlap",
                    file=file,
                    value=f"{left:.3f}–{right:.3f}, {bottom:.3f}–{top:.3f}",
                    rule=f"{reference}: {west:.3f}–{east:.3f}, {south:.3f}–{north:.3f}",
                )
            )
    if problems:
        raise CRSError(problems)


def extent_deg(layer: gpd.GeoDataFrame) -> tuple[float, float, float, float]:
    """Return the extent of a layer (west, south, east, north) in degrees."""
    box = gpd.GeoSeries([shapely.box(*layer.total_bounds)], crs=layer.crs)
    if layer.crs.is_projected:
        box = box.segmentize((layer.total_bounds[2] - layer.total_bounds[0] + 1.0) / 16.0)
    return tuple(box.to_crs(STORE_CRS).total_bounds)


def assign_towns(
    stands: gpd.GeoDataFrame, towns: gpd.GeoDataFrame, *, file: str
) -> tuple[gpd.GeoDataFrame, list[Problem]]:
    """
    Make sure every stand has the code of one of the towns.

    Parameters
    ----------
    stands : GeoDataFrame
        With ``town_code`` when the inventory gives it.
    towns : GeoDataFrame
        With ``town_code`` and geometry.
    file : str
        Name of the inventory file for the message.

    Returns
    -------
    stands : GeoDataFrame
        With ``town_code``. Where the inventory gives none, the town that holds a point inside
        the stand; missing where there is no such town.
    notes : list of Problem
        Stands that belong to no town.

    Raises
    ------
    TableError
        If a town code is not one of the towns.
    """
    given = stands.get("town_code", pd.Series(None, index=stands.index, dtype=object))
    unknown = given.notna() & ~given.isin(towns["town_code"])
    if unknown.any():
        raise TableError(
            Problem("town_unknown", file=file, field="town_code", count=int(unknown.sum()),
                    rows=first_rows(stands.index[unknown]),
                    value=", ".join(sorted(given[unknown].unique())[:5]))
        )  # fmt: skip
    lacking = given.isna()
    if lacking.any():
        points = stands.geometry[lacking].representative_point().to_crs(towns.crs)
        point, town = towns.sindex.query(points, predicate="intersects")
        found = pd.Series(towns["town_code"].to_numpy()[town], index=points.index[point])
        given = given.fillna(found[~found.index.duplicated()])
    homeless = given.isna()
    notes = []
    if homeless.any():
        notes.append(
            Problem("stand_without_town", file=file, rows=first_rows(stands.index[homeless]),
                    count=int(homeless.sum()))
        )  # fmt: skip
    return stands.assign(town_code=given), notes
