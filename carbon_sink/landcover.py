"""Land cover: the classes of each product and their areas in towns."""

from collections.abc import Iterable

import geopandas as gpd
import pandas as pd
import xarray as xr

from .errors import Problem, TableError
from .tables import read_data
from .zonal import class_area


def schemes() -> list[str]:
    """Return the land-cover products whose classes are known."""
    return sorted(read_data("landcover_classes.csv")["scheme"].unique())


def classes(scheme: str) -> pd.DataFrame:
    """
    Return the classes of a product, indexed by class code.

    Parameters
    ----------
    scheme : str
        One of ``schemes()``.

    Returns
    -------
    classes : DataFrame
        Columns ``name_zh``, ``name_en``, ``color``, ``tree_cover``, ``shrub_cover``,
        ``ipcc_category`` and the source of the row.

    Examples
    --------
    >>> classes("worldcover").loc[10, "name_zh"]
    '树木覆盖'
    """
    rows = read_data("landcover_classes.csv")
    rows = rows[rows["scheme"] == scheme]
    return rows.assign(class_code=rows["class_code"].astype(int)).set_index("class_code")


def check_classes(
    codes: Iterable[int], scheme: str, file: str, area_ha: pd.Series | None = None
) -> None:
    """
    Refuse classes that a product does not have.

    Parameters
    ----------
    codes : iterable of int
        Classes that occur.
    scheme : str
        Product.
    file : str
        Name of the raster for the message.
    area_ha : Series, optional
        Area of each class, hectares, for the message.

    Raises
    ------
    TableError
        Naming the classes, with their areas where these are known.
    """
    unknown = [code for code in codes if code not in classes(scheme).index]
    if unknown:
        sizes = ["" if area_ha is None else f" ({area_ha[code]:.2f} ha)" for code in unknown]
        found = ", ".join(f"{code}{size}" for code, size in zip(unknown, sizes, strict=True))
        raise TableError(Problem("landcover_class_unknown", file=file, value=found, rule=scheme))


def area_by_zone(zones: gpd.GeoDataFrame, raster: xr.DataArray, scheme: str) -> pd.DataFrame:
    """
    Area of every land-cover class in every zone.

    Parameters
    ----------
    zones : GeoDataFrame
        With ``zone`` and ``zone_name``; polygons in any coordinate reference system.
    raster : DataArray
        Classes, in the conventions of rioxarray.
    scheme : str
        Product whose classes the raster holds.

    Returns
    -------
    areas : DataFrame
        One row per zone and class with an area: ``zone``, ``zone_name``, ``class_code``,
        ``name_zh``, ``name_en``, ``area_ha`` (ha, ellipsoidal, exact cell shares).

    Raises
    ------
    TableError
        If a zone holds a class the product does not have.
    """
    wide = class_area(zones, raster)
    known = classes(scheme)
    # zones may lie inside each other, so the largest area of a class is told, not the sum
    occurring = wide.max()[wide.max() > 0]
    check_classes(occurring.index, scheme, str(raster.encoding.get("source", "")), occurring)
    wide = wide.assign(zone=zones["zone"], zone_name=zones["zone_name"])
    long = wide.melt(["zone", "zone_name"], var_name="class_code", value_name="area_ha")
    long = long[long["area_ha"] > 0].sort_values(["zone", "class_code"], ignore_index=True)
    return long.join(known[["name_zh", "name_en"]], on="class_code")[
        ["zone", "zone_name", "class_code", "name_zh", "name_en", "area_ha"]
    ]
