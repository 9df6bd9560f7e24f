"""A small place with round numbers: two towns, eight parcels, two dates, written as real files."""

import os
import shutil
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from carbon_sink.summary import RunFacts

FACTS = RunFacts(
    title="示例区森林资源与碳汇",
    place="示例区",
    year=2025,
    base_year=2020,
    language="zh",
    coverage_rule="forestry",
    four_side_rule="trees_per_ha",
    land_area_source="行政界线的椭球面积",
    parameter_set="ar_cm_001",
    synthetic=True,
    unverified=3,
    version="0.1.0",
)
CELL = 0.01  # degrees; a parcel is one cell


def parcel(column, row):
    """One square parcel of the small place, at 105 E, 29.5 N."""
    west, south = 105.0 + column * CELL, 29.5 + row * CELL
    return shapely.box(west, south, west + CELL, south + CELL)


def small_inventory(year):
    """Eight parcels in the national schema; the pine grows and a plantation closes."""
    later = year > 2020
    rows = [
        # DI_LEI, LIN_ZHONG, YOU_SHI_SZ, YU_BI_DU, SLXJ, SSLX, SSZZS, SSXJ, LD_KD, LD_CD
        ("0111", "233", "220", 0.7, 5000.0 + 1000.0 * later, None, None, None, None, None),
        ("0111", "233", "350", 0.4, 3000.0, None, None, None, None, None),
        ("0111", "251", "701", 0.5, 0.0, None, None, None, None, None),
        ("0113", "111", "680", None, 0.0, None, None, None, None, None),
        ("0131", "251", "751", None, 0.0, None, None, None, None, None),
        ("0120", "111", "220", 0.15, 200.0, "1", 100, 10.0, None, None),
        ("0210", None, None, None, 0.0, "2", 16500, 150.0, 12.0, 5000.0),
        ("0111" if later else "0141", "233", "310", 0.3, 400.0 * later, None, None, None, None, None),
    ]  # fmt: skip
    names = ["DI_LEI", "LIN_ZHONG", "YOU_SHI_SZ", "YU_BI_DU", "SLXJ", "SSLX", "SSZZS", "SSXJ",
             "LD_KD", "LD_CD"]  # fmt: skip
    table = pd.DataFrame(rows, columns=names)
    table["XIANG"] = ["500153001"] * 4 + ["500153002"] * 4
    table["CUN"] = table["XIANG"] + "001"
    table["LIN_BAN"], table["XIAO_BAN"] = "0001", [f"{n:03d}" for n in range(1, 9)]
    table["MIAN_JI"] = 107.7
    shapes = [parcel(n % 4, n // 4) for n in range(8)]
    return gpd.GeoDataFrame(table, geometry=shapes, crs="EPSG:4490")


SETTINGS = """
title = "小地方"
language = "zh"
report_year = 2025
[place]
code = "500153"
name = "小地方"
name_en = "Small Place"
[boundary]
path = "boundary.geojson"
[towns]
path = "towns.gpkg"
[[inventory]]
year = 2020
path = "inventory_2020.gpkg"
landclass_scheme = "ly1955_4digit"
species_scheme = "nfci_3digit"
[[inventory]]
year = 2025
path = "inventory_2025.gpkg"
landclass_scheme = "ly1955_4digit"
species_scheme = "nfci_3digit"
[[landcover]]
year = 2020
path = "landcover_2020.tif"
scheme = "worldcover"
[[projects]]
path = "projects.gpkg"
[[projects]]
path = "four_side.csv"
[[events]]
path = "events.gpkg"
[[statistics]]
indicator = "urban_green_coverage_pct"
year = 2025
value = 43.1
unit = "%"
source = "年报"
[[targets]]
indicator = "forest_stock_m3"
unit = "万m3"
base_year = 2020
base_value = 0.8
target_year = 2030
target_value = 1.0
kind = "reach"
source = "规划"
[[targets]]
indicator = "urban_green_coverage_pct"
unit = "%"
base_year = 2020
base_value = 44.4
target_year = 2025
target_value = 42.0
kind = "hold"
source = "规划"
[[targets]]
indicator = "fire_damage_permille"
unit = "‰"
base_year = 2020
base_value = 0.3
target_year = 2025
target_value = 0.3
kind = "ceiling"
source = "规划"
[[targets]]
indicator = "forest_quantity_ha"
unit = "亩"
base_year = 2020
base_value = 0
target_year = 2025
target_value = 100
kind = "reach"
source = "规划"
"""


@pytest.fixture(scope="session")
def small_folder(tmp_path_factory):
    """Write the small place once; tests that change it work on copies."""
    folder = tmp_path_factory.mktemp("written") / "small"
    folder.mkdir()
    for year in (2020, 2025):
        small_inventory(year).to_file(folder / f"inventory_{year}.gpkg", layer="xiaoban")
    whole = shapely.box(105.0, 29.5, 105.04, 29.52)
    gpd.GeoDataFrame({"name": ["小地方"]}, geometry=[whole], crs="EPSG:4326").to_file(
        folder / "boundary.geojson"
    )
    gpd.GeoDataFrame(
        {"code": ["500153001", "500153002"], "name": ["甲镇", "乙镇"]},
        geometry=[shapely.box(105.0, 29.5, 105.04, 29.51), shapely.box(105.0, 29.51, 105.04, 29.52)],
        crs="EPSG:4490",
    ).to_file(folder / "towns.gpkg")  # fmt: skip
    gpd.GeoDataFrame(
        {
            "project_id": ["M1", "Q1"], "project_type": ["mine_restoration", "quality_improvement"],
            "plan_item": ["forest_quantity", "quality_improvement"],
            "start_year": [2023, 2022], "done_ha": [2.0, 50.0], "planned_ha": [3.0, 50.0],
        },
        geometry=[parcel(3, 1).buffer(-0.004), parcel(0, 0)], crs="EPSG:4490",
    ).to_file(folder / "projects.gpkg")  # fmt: skip
    (folder / "four_side.csv").write_text(
        "record_id,planted_year,tree_count,survival_pct\nF1,2022,3300,50\n", encoding="utf-8-sig"
    )
    gpd.GeoDataFrame(
        {"event_id": ["E1"], "event_type": ["fire"], "year": [2025], "area_ha": [0.1]},
        geometry=[parcel(1, 0)], crs="EPSG:4490",
    ).to_file(folder / "events.gpkg")  # fmt: skip
    write_landcover(folder / "landcover_2020.tif")
    (folder / "settings.toml").write_text(SETTINGS, encoding="utf-8")
    return folder


@pytest.fixture
def small_place(small_folder, tmp_path):
    """Copy the small place and return the path of its settings."""
    return shutil.copytree(small_folder, tmp_path / "small") / "settings.toml"


def write_landcover(path, codes=None, crs="EPSG:4326", **profile):
    """Write a small class raster over the small place: trees west, cropland east."""
    import rasterio
    from rasterio.transform import from_origin

    if codes is None:
        codes = np.where(np.arange(40)[None, :] < 20, 10, 40).repeat(20, axis=0).astype("uint8")
    codes = np.atleast_3d(codes.T).T
    bands, rows, columns = codes.shape
    options = {
        "driver": "GTiff", "dtype": codes.dtype, "count": bands, "height": rows, "width": columns,
        "crs": crs, "transform": from_origin(105.0, 29.52, 0.001, 0.001), "nodata": 0,
    } | profile  # fmt: skip
    with rasterio.open(path, "w", **options) as raster:
        raster.write(codes)
    return path


@pytest.fixture
def change_settings(small_place):
    """Rewrite the settings of the small place: old text, new text."""

    def change(*pairs):
        content = small_place.read_text(encoding="utf-8")
        for old, new in pairs:
            assert old in content, f"{old!r} is not in the settings"
            content = content.replace(old, new, 1)
        small_place.write_text(content, encoding="utf-8")
        return small_place

    return change


@pytest.fixture(scope="session")
def real_data():
    """The folder of real data, or a loud skip."""
    folder = os.environ.get("CARBON_SINK_REAL_DATA", "")
    if not folder or not Path(folder).is_dir():
        pytest.skip("CARBON_SINK_REAL_DATA names no folder: tests on real data did NOT run")
    return Path(folder).resolve()


@pytest.fixture(scope="session")
def demo_place(tmp_path_factory):
    """The demonstration data at its default size, written once; the path of its settings."""
    from carbon_sink.demo import write_demo

    return write_demo(tmp_path_factory.mktemp("demo") / "rongchang")


@pytest.fixture(scope="session")
def all_accounts(tmp_path_factory):
    """The place of pine stands with every part of carbon accounting switched on, computed."""
    from places import ALL_ACCOUNTS, computed, write_place

    folder = tmp_path_factory.mktemp("accounts") / "place"
    return computed(write_place(folder, ALL_ACCOUNTS, province=True))


@pytest.fixture(scope="session")
def brought_forward(tmp_path_factory):
    """The place of pine stands brought from 2025 to the report year 2027, computed."""
    from places import computed, write_place

    folder = tmp_path_factory.mktemp("forward") / "place"
    return computed(write_place(folder, "[growth]\nupdate = true\n", report_year=2027))


@pytest.fixture(scope="session")
def all_works(tmp_path_factory):
    """The place of pine stands with works of every kind, computed."""
    from works_place import works_run

    return works_run(tmp_path_factory.mktemp("works") / "place")


@pytest.fixture(scope="session")
def works_case(tmp_path_factory):
    """What is accounted for in the place with works of every kind, and what measures it."""
    from works_place import case_of, write_works

    from carbon_sink.zonal import class_area

    return case_of(write_works(tmp_path_factory.mktemp("works_case") / "place")), class_area
