"""Do layers lie where they should: on the place, in their towns, and not beside them."""

import geopandas as gpd
import pandas as pd
import shapely

from ..errors import CRSError, Problem, TableError, first_rows
from ..geometry import STORE_CRS

# an inventory covers its place when its area lies between these shares of the land area
COVERS, EXCEEDS = 0.98, 1.01


def check_extent(stands: pd.DataFrame, land_area_ha: float | None, *, file: str) -> list[Problem]:
    """
    Compare the area of an inventory with the land area of its place.

    Parameters
    ----------
    stands : DataFrame
        With ``area_ha`` (ha).
    land_area_ha : float or None
        Land area of the place; without it there is nothing to compare.
    file : str
        Name of the inventory for the message.

    Returns
    -------
    notes : list of Problem
        Where the inventory covers less than 98 % of the land: the rest counts as no forest.

    Raises
    ------
    TableError
        If the stands add up to more than 101 % of the land: some overlap or lie outside.
    """
    if not land_area_ha:
        return []
    share = stands["area_ha"].sum() / land_area_ha
    found = {"file": file, "value": f"{share * 100.0:.1f}"}
    if share > EXCEEDS:
        raise TableError(Problem("inventory_exceeds", **found))
    return [Problem("inventory_partial", **found)] if share < COVERS else []


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
        Stands that belong to no town, and stands that lie outside the town of their code.

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
    points = stands.geometry.representative_point().to_crs(towns.crs)
    # towns are prepared when they ask for points, and not when points ask for towns
    town, point = points.sindex.query(towns.geometry, predicate="intersects")
    found = pd.Series(towns["town_code"].to_numpy()[town], index=points.index[point])
    found = found[~found.index.duplicated()].reindex(stands.index)
    elsewhere = given.notna() & given.ne(found)
    given = given.fillna(found)
    homeless = given.isna()
    notes = []
    if elsewhere.any():
        notes.append(
            Problem("town_elsewhere", file=file, rows=first_rows(stands.index[elsewhere]),
                    count=int(elsewhere.sum()))
        )  # fmt: skip
    if homeless.any():
        notes.append(
            Problem("stand_without_town", file=file, rows=first_rows(stands.index[homeless]),
                    count=int(homeless.sum()))
        )  # fmt: skip
    return stands.assign(town_code=given), notes
