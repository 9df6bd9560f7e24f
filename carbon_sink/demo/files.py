"""How the files of both demonstration data sets are written: layers, and colors of classes."""

from pathlib import Path

import geopandas as gpd
import pyogrio
import shapely

from ..errors import Problem, SettingsError
from ..tables import read_data
from .schema import NOTICE

# GeoPackages carry the time of writing; a fixed one keeps files equal
FIXED_TIME = "2025-12-31T00:00:00.000Z"
SCHEME = "worldcover"


def check_wanted(parcels: int, least: int, seed: int) -> None:
    """
    Refuse a number of parcels or a seed that cannot be drawn.

    Raises
    ------
    SettingsError
        If fewer parcels than the least are wanted, or the seed is negative.
    """
    if parcels < least:
        raise SettingsError(Problem("too_few_parcels", value=str(parcels), rule=str(least)))
    if seed < 0:
        raise SettingsError(Problem("seed_negative", value=str(seed)))


def write_layer(data: gpd.GeoDataFrame, path: Path, layer: str, geometry_type: str) -> None:
    """Write one layer of a GeoPackage, the same bytes for the same data."""
    path.unlink(missing_ok=True)
    if geometry_type == "MultiPolygon":
        shapes = data.geometry.to_numpy()
        whole = [shapely.multipolygons(shapely.get_parts(shape)) for shape in shapes]
        data = data.set_geometry(gpd.GeoSeries(whole, index=data.index, crs=data.crs))
    pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": FIXED_TIME})
    try:
        pyogrio.write_dataframe(
            data, path, layer=layer, driver="GPKG", geometry_type=geometry_type,
            layer_options={"DESCRIPTION": f"{NOTICE} / synthetic"},
            dataset_options={"VERSION": "1.2"},
        )  # fmt: skip
    finally:
        pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": None})


def cover_colors() -> dict[int, tuple[int, int, int]]:
    """Return red, green and blue (0 to 255) of the classes of land cover, by code."""
    rows = read_data("landcover_classes.csv")
    rows = rows[rows["scheme"] == SCHEME]
    return {
        int(code): tuple(bytes.fromhex(color.removeprefix("#")))
        for code, color in zip(rows["class_code"], rows["color"], strict=True)
    }


def cover_tags(year: int) -> dict[str, str]:
    """Return what a land-cover raster says about itself."""
    return {"DESCRIPTION": f"{NOTICE} / synthetic", "YEAR": str(year), "SCHEME": SCHEME}
