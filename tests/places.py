"""A place of 40 pine stands with age and size, written as real files, for the wiring of a run."""

import geopandas as gpd
import pandas as pd
import shapely

from carbon_sink.intake import read_inputs
from carbon_sink.pipeline import compute
from carbon_sink.settings import load_settings

SIDE = 0.002  # degrees; a parcel is about 4.3 ha
SETTINGS = """
title = "松林"
report_year = 2025
[place]
code = "500153"
name = "松林"
[[inventory]]
year = 2020
path = "2020.gpkg"
landclass_scheme = "ly1955_4digit"
species_scheme = "nfci_3digit"
[[inventory]]
year = 2025
path = "2025.gpkg"
landclass_scheme = "ly1955_4digit"
species_scheme = "nfci_3digit"
[[events]]
path = "events.gpkg"
[uncertainty]
draws = 1000
"""
ALL_ACCOUNTS = """
[pools]
dead_wood = "ar_tool12"
litter = "ipcc_2006"
soil = "ipcc_2019"
soil_type = "low_activity_clay"
cropland_use = "paddy_rice"
[ghg]
gwp = "sar"
burnt_on_site_pct = 30
burnt_off_site_pct = 20
[outlook]
years = [2030]
[[outlook.scenarios]]
key = "bau"
name = "现状延续"
name_en = "Business as usual"
harvest_m3_yr = 100
mortality_pct_yr = 0.1
planting = [{ species_group = "cypress", area_ha_yr = 2, from_year = 2026, to_year = 2027 }]
"""
OF_THE_PROVINCE = """species_group,parameter,value,unit,source,confidence
province,stock_growth_rate_pct,6,%/yr,a table of the province,uncertain
province,stock_consumption_rate_pct,2,%/yr,a table of the province,uncertain
province,wood_density_t_m3,0.45,t/m3,a table of the province,uncertain
province,bef_whole,1.8,1,a table of the province,uncertain
"""


def square(number):
    """One square parcel of the place, ten to a row."""
    west, south = 105.0 + number % 10 * SIDE, 29.5 + number // 10 * SIDE
    return shapely.box(west, south, west + SIDE, south + SIDE)


def _inventory(year):
    """40 stands that grow by 15 % in five years; one turns to houses, and a field to pine."""
    later = year > 2020
    table = pd.DataFrame({
        "DI_LEI": "0111", "LIN_ZHONG": "233", "YOU_SHI_SZ": "220", "YU_BI_DU": 0.6,
        "PINGJUN_NL": [15.0 + number % 20 + 5.0 * later for number in range(42)],
        "PINGJUN_XJ": 12.0 + 1.5 * later, "PINGJUN_SG": 9.0 + 1.0 * later,
        "PINGJUN_DM": 14.0 + 2.0 * later,
        "SLXJ": [(300.0 + 5.0 * number) * (1.15 if later else 1.0) for number in range(42)],
    })  # fmt: skip
    measures = ["YOU_SHI_SZ", "YU_BI_DU", "PINGJUN_NL", "PINGJUN_XJ", "PINGJUN_SG", "PINGJUN_DM"]
    bare = 40 if later else 41
    table.loc[bare, ["DI_LEI", "SLXJ"]] = ["0250" if later else "0210", 0.0]
    table.loc[bare, ["LIN_ZHONG", *measures]] = None
    table["XIANG"], table["CUN"], table["LIN_BAN"] = "500153001", "500153001001", "0001"
    table["XIAO_BAN"] = [f"{number:03d}" for number in range(1, 43)]
    shapes = [square(number) for number in range(42)]
    return gpd.GeoDataFrame(table, geometry=shapes, crs="EPSG:4490")


def write_place(folder, more="", *, report_year=2025, province=False):
    """Write the place, with more settings at the end; return the path of its settings."""
    folder.mkdir(parents=True)
    for year in (2020, 2025):
        _inventory(year).to_file(folder / f"{year}.gpkg", layer="xiaoban")
    gpd.GeoDataFrame(
        {"event_id": ["F", "H"], "event_type": ["fire", "harvest"], "year": [2023, 2026],
         "area_ha": [4.0, 4.0], "volume_loss_m3": [50.0, 80.0]},
        geometry=[square(0), square(1)], crs="EPSG:4490",
    ).to_file(folder / "events.gpkg")  # fmt: skip
    said = SETTINGS.replace("report_year = 2025", f"report_year = {report_year}")
    if province:
        (folder / "own.csv").write_text(OF_THE_PROVINCE, encoding="utf-8")
        said = f'parameters_file = "own.csv"\n{said}'
    path = folder / "settings.toml"
    path.write_text(said + more, encoding="utf-8")
    return path


def computed(path):
    """Read a place and compute what a run does, without writing it."""
    settings = load_settings(path)
    return compute(settings, read_inputs(settings))
