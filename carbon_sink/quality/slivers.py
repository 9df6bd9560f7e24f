"""Are parcels smaller or narrower than any land that is mapped."""

import geopandas as gpd
import pandas as pd

from ..errors import Problem
from ..geometry import mean_width_m
from ..parameters import constant
from ..tables import faulty


def find_slivers(
    layer: gpd.GeoDataFrame, area_ha: pd.Series, *, file: str, name: str = ""
) -> list[Problem]:
    """
    Tell parcels that are smaller or narrower than any parcel that is mapped.

    Parameters
    ----------
    layer : GeoDataFrame
        Polygons of an inventory, or part of them.
    area_ha : Series
        Their areas, ha.
    file, name : str
        File and layer for the message.

    Returns
    -------
    problems : list of Problem
        Parcels under ``parcel_area_min_ha``, with their hectares, and those of at least this
        area that are narrower than ``parcel_width_min_m`` on average, with their widths in
        metres. Both are rows of ``data/constants.csv``.
    """
    place = {"file": file, "layer": name, "field": layer.geometry.name}
    least_ha, least_m = constant("parcel_area_min_ha"), constant("parcel_width_min_m")
    small = area_ha.lt(least_ha)
    width_m = mean_width_m(layer.geometry, area_ha)
    thin = width_m.lt(least_m) & ~small
    return [
        *faulty("parcel_small", small, area_ha.map("{:.4f} ha".format),
                rule=f"{least_ha:.4f}", **place),
        *faulty("parcel_thin", thin, width_m.map("{:.2f} m".format),
                rule=f"{least_m:g}", **place),
    ]  # fmt: skip
