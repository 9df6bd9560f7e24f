"""Do layers lie where they should: on the place, in their towns, and not beside them."""

import geopandas as gpd
import shapely

from ..errors import CRSError, Problem
from ..geometry import STORE_CRS
from .systems import are_apart, elsewhere

# an inventory covers its place when its area lies between these shares of the land area
COVERS, EXCEEDS = 0.995, 1.01


def check_extent(
    area_ha: float, land_area_ha: float, *, file: str, layer: str = ""
) -> list[Problem]:
    """
    Compare the area of an inventory with the land area of its place.

    Parameters
    ----------
    area_ha, land_area_ha : float
        Area of all stands and land area of the place, hectares.
    file, layer : str
        For the message.

    Returns
    -------
    problems : list of Problem
        Where the stands add up to more than 101 % of the land, because some overlap or lie
        outside, or cover less than 99.5 % of it, because the rest then counts as no forest.
    """
    share = area_ha / land_area_ha
    found = {"file": file, "layer": layer, "value": f"{share * 100.0:.1f}"}
    if share > EXCEEDS:
        return [Problem("inventory_exceeds", **found)]
    return [Problem("inventory_partial", **found)] if share < COVERS else []


def check_place(
    layers: dict[str, tuple[float, float, float, float]],
    reference: str,
    systems: dict[str, object] | None = None,
) -> None:
    """
    Refuse layers that do not touch the extent of the reference layer.

    Parameters
    ----------
    layers : dict
        File name to extent (west, south, east, north) in degrees.
    reference : str
        The file whose extent is the place.
    systems : dict, optional
        File name to the system it names: a wrong one is the likeliest reason.

    Raises
    ------
    CRSError
        Naming every layer that lies elsewhere, how far off, and the system in which it would not.
    """
    ground, systems = layers[reference], systems or {}
    problems = [
        elsewhere(seen, ground, systems.get(file), file=file)
        for file, seen in layers.items()
        if are_apart(seen, ground)
    ]
    if problems:
        raise CRSError(problems)


def extent_deg(
    bounds: tuple[float, float, float, float], crs: object
) -> tuple[float, float, float, float]:
    """
    Return an extent (west, south, east, north) in degrees.

    Examples
    --------
    >>> extent_deg((105.0, 29.0, 106.0, 30.0), "EPSG:4490")
    (105.0, 29.0, 106.0, 30.0)
    """
    box = gpd.GeoSeries([shapely.box(*bounds)], crs=crs)
    if box.crs.is_projected:
        box = box.segmentize((bounds[2] - bounds[0] + 1.0) / 16.0)
    return tuple(map(float, box.to_crs(STORE_CRS).total_bounds))
