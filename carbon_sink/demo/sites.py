"""What is known of a parcel before its stand: area, relief, place, and the luck of its draw."""

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from ..geometry import STORE_CRS, ellipsoidal_area_ha
from .grid import Grid
from .noise import noise_at
from .relief import Relief

VILLAGE_HA = 750.0
COMPARTMENT_HA = 260.0


def parcel_sites(
    grid: Grid, relief: Relief, number: np.ndarray, polygons: pd.Series, seed: int
) -> gpd.GeoDataFrame:
    """
    Describe the site of each parcel.

    Parameters
    ----------
    grid : Grid
        Where.
    relief : Relief
        The shape of the land.
    number : array of int, shape of the grid
        Parcel of each cell.
    polygons : Series of Polygon
        Outline of each parcel in degrees, indexed by its number.
    seed : int
        Repeats the random fields.

    Returns
    -------
    sites : GeoDataFrame
        On the index of the polygons: ``area_ha`` (ha, ellipsoidal), ``perimeter_m``,
        ``elevation_m``, ``position_m``, ``slope``, ``river_m``, ``lon``, ``lat`` (degrees) and
        smooth random fields ``luck_1`` to ``luck_6`` (mean about 0, spread about 1).
    """
    cells = number.ravel()
    size = np.maximum(np.bincount(cells, minlength=int(polygons.index.max()) + 1), 1)
    sites = gpd.GeoDataFrame(geometry=gpd.GeoSeries(polygons, crs=STORE_CRS))
    sites["area_ha"] = ellipsoidal_area_ha(sites.geometry)
    for name, field in (
        ("elevation_m", relief.elevation), ("position_m", relief.position),
        ("slope", relief.slope), ("river_m", relief.river_m),
    ):  # fmt: skip
        mean = np.bincount(cells, field.ravel(), minlength=len(size)) / size
        sites[name] = mean[sites.index]
    points = shapely.get_coordinates(shapely.point_on_surface(sites.geometry.array))
    sites["lon"], sites["lat"] = points.T
    east, south = grid.metres(sites["lon"], sites["lat"])
    rings = shapely.get_exterior_ring(sites.geometry.array)
    stretch = [1.0 / grid.step_lon, 1.0 / grid.step_lat]
    rings = shapely.transform(rings, lambda xy: xy * stretch * grid.cell_m)
    sites["perimeter_m"] = shapely.length(rings)
    for count, wavelength in enumerate((2600.0, 4200.0, 3400.0, 6000.0, 2200.0, 5000.0), start=1):
        field = noise_at(
            np.asarray(east) / wavelength, np.asarray(south) / wavelength, 3, seed + 17 * count
        )
        sites[f"luck_{count}"] = field / 0.3
    return sites


def nearest_seed(
    sites: pd.DataFrame, group: pd.Series, each_ha: float, draw: np.random.Generator
) -> pd.Series:
    """
    Cluster the parcels of each group around some of them; returns the cluster's number, from 1.

    Parameters
    ----------
    sites : DataFrame
        With ``lon``, ``lat`` (degrees) and ``area_ha`` (ha).
    group : Series
        Clusters do not cross groups.
    each_ha : float
        Area of a cluster, hectares.
    draw : Generator
        Chooses the centers.
    """
    cluster = pd.Series(0, index=sites.index)
    for _, members in sites.groupby(group, sort=True):
        count = int(np.clip(round(members["area_ha"].sum() / each_ha), 1, len(members)))
        chosen = np.sort(draw.choice(len(members), count, replace=False))
        # centers are numbered from the north-west, as in the field
        where = members.iloc[chosen]
        where = where.iloc[np.argsort((where["lon"] - where["lat"]).to_numpy(), kind="stable")]
        gap = (members["lon"].to_numpy()[:, None] - where["lon"].to_numpy()) ** 2
        gap += (members["lat"].to_numpy()[:, None] - where["lat"].to_numpy()) ** 2
        cluster[members.index] = gap.argmin(axis=1) + 1
    return cluster


def number_parcels(
    sites: pd.DataFrame, town_code: pd.Series, draw: np.random.Generator
) -> pd.DataFrame:
    """
    Give every parcel its village, compartment and number, as the survey numbers them.

    Returns
    -------
    keys : DataFrame
        ``town_code``, ``village_code`` (12 digits), ``compartment`` (4 digits, running through
        the town) and ``subcompartment`` (running through the compartment from the north-west).
    """
    village = nearest_seed(sites, town_code, VILLAGE_HA, draw)
    village_code = town_code + village.map("{:03d}".format)
    within = nearest_seed(sites, village_code, COMPARTMENT_HA, draw)
    keys = pd.DataFrame({"town_code": town_code, "village_code": village_code, "within": within})
    pairs = keys[["town_code", "village_code", "within"]].drop_duplicates()
    pairs = pairs.sort_values(["village_code", "within"])
    pairs["compartment"] = pairs.groupby("town_code").cumcount() + 1
    numbers = pairs.set_index(["village_code", "within"])["compartment"]
    place = pd.MultiIndex.from_frame(keys[["village_code", "within"]])
    keys["compartment"] = [f"{number:04d}" for number in numbers.reindex(place)]
    order = (sites["lon"] - sites["lat"]).sort_values(kind="stable").index
    place = keys.loc[order].groupby(["village_code", "compartment"], sort=False).cumcount() + 1
    keys["subcompartment"] = place.reindex(keys.index).astype(str)
    return keys.drop(columns="within")
