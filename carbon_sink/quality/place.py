"""Do layers lie where they should: on the place, in their towns, and not beside them."""

import geopandas as gpd
import pandas as pd
import shapely

from ..errors import CRSError, Problem, TableError
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
