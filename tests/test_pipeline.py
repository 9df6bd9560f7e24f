"""The whole run: a small place worked by hand, real data with parts missing, and refusals."""

import json
import math
import subprocess
import sys
from pathlib import Path

import geopandas as gpd
import numpy as np
import openpyxl
import pandas as pd
import pytest
import shapely
from conftest import small_inventory

import carbon_sink
from carbon_sink.errors import CarbonSinkError
from carbon_sink.geometry import ellipsoidal_area_ha
from carbon_sink.intake import read_inputs
from carbon_sink.pipeline import compute
from carbon_sink.settings import load_settings


@pytest.fixture(scope="module")
def done(small_folder, tmp_path_factory):
    """A run of the small place, which no test changes."""
    return carbon_sink.run(small_folder / "settings.toml", tmp_path_factory.mktemp("run") / "out")


@pytest.fixture(scope="module")
def content(done):
    return json.loads((done.folder / "indicators.json").read_text(encoding="utf-8"))


def whole(done, year=2025):
    table = done.tables["town_summary"]
    return table[table["year"].eq(year) & table["town_code"].eq("")].iloc[0]


def test_the_small_place_has_the_stock_worked_by_hand(done):
    stock = done.tables["stock_parts"].set_index(["year", "part"])["volume_m3"]
    # 2020: pine 5000 + cypress 3000; sparse 200; scattered 10; four-side 150
    assert stock[2020].to_dict() == {
        "forest": 8000.0, "sparse": 200.0, "scattered": 10.0, "four_side": 150.0, "total": 8360.0,
    }  # fmt: skip
    # 2025: pine +1000, closed plantation 400
    assert stock[2025, "forest"] == 9400.0


def test_the_small_place_has_the_coverage_worked_by_hand(done):
    area = ellipsoidal_area_ha(small_inventory(2020).geometry)
    parts = done.tables["coverage_parts"].set_index(["year", "rule", "part"])["area_ha"]
    # parcels 1-3 arbor (with the orchard), 4 bamboo, 5 special shrub; parcel 7 carries a belt of
    # 5000 m x 12 m = 6 ha and 16 500 trees = 10 ha; parcel 8 is forest from 2025
    assert parts[2020, "forestry", "arbor"] == pytest.approx(area[[0, 1, 2]].sum())
    assert parts[2020, "forestry", "bamboo"] == pytest.approx(area[3])
    assert parts[2020, "forestry", "special_shrub"] == pytest.approx(area[4])
    assert parts[2020, "forestry", "shelterbelt"] == pytest.approx(6.0)
    assert parts[2020, "forestry", "four_side"] == pytest.approx(10.0)
    assert parts[2020, "sandiao", "total"] == pytest.approx(area[[0, 1, 3]].sum())
    assert parts[2025, "forestry", "arbor"] == pytest.approx(area[[0, 1, 2, 7]].sum())
    share = (area[[0, 1, 2, 3, 4, 7]].sum() + 16.0) / area.sum() * 100
    assert whole(done)["forest_coverage_pct"] == pytest.approx(share)


def test_carbon_and_removal_follow_from_stock_and_area(done):
    area = ellipsoidal_area_ha(small_inventory(2020).geometry)
    carbon = done.tables["carbon_parts"].set_index(["year", "part"])["carbon_t"]
    pine, cypress, fir = (
        0.38 * 1.472 * 1.187 * 0.46,
        0.478 * 1.732 * 1.22 * 0.51,
        0.307 * 1.634 * 1.246 * 0.52,
    )
    assert carbon[2020, "arbor"] == pytest.approx(5000 * pine + 3000 * cypress)
    assert carbon[2025, "arbor"] == pytest.approx(6000 * pine + 3000 * cypress + 400 * fir)
    assert carbon[2020, "bamboo"] == pytest.approx(area[3] * 68.48 * 0.5)
    # orchard and oil-tea shrub are economic forest
    assert carbon[2020, "economic"] == pytest.approx(area[[2, 4]].sum() * 35.21 * 0.5)
    removal = (1000 * pine + 400 * fir) / 5 * 44 / 12
    assert whole(done)["removal_co2_t_yr"] == pytest.approx(removal)
    assert math.isnan(whole(done, 2020)["removal_co2_t_yr"])


def test_stock_per_hectare_and_carbon_density_are_over_the_forest_they_belong_to(done):
    area = ellipsoidal_area_ha(small_inventory(2025).geometry)
    row = whole(done)
    # parcels 1, 2 and 8 are timber forest; the orchard is not
    assert row["stock_m3_ha"] == pytest.approx(9400.0 / area[[0, 1, 7]].sum())
    assert row["carbon_t_ha"] == pytest.approx(row["carbon_t"] / area[[0, 1, 2, 3, 4, 7]].sum())


def test_stock_on_an_orchard_does_not_raise_the_stock_per_hectare_of_timber(small_place, tmp_path):
    layer = small_inventory(2025)
    layer.loc[2, "SLXJ"] = 700.0
    layer.to_file(small_place.parent / "inventory_2025.gpkg", layer="xiaoban")
    row = whole(carbon_sink.run(small_place, tmp_path / "out"))
    area = ellipsoidal_area_ha(layer.geometry)
    assert row["forest_stock_m3"] == 10_100.0
    assert row["stock_m3_ha"] == pytest.approx(9400.0 / area[[0, 1, 7]].sum())


def test_a_report_on_the_base_year_shows_that_year_and_compares_with_none(
    change_settings, tmp_path
):
    path = change_settings(("report_year = 2025", "report_year = 2020"))
    done = carbon_sink.run(path, tmp_path / "out")
    assert done.facts.base_year is None
    parts = done.content["coverage_parts"]
    table = done.tables["coverage_parts"].set_index(["year", "rule", "part"])["area_ha"]
    assert parts == table[2020, "forestry"].to_dict()
    assert done.content["stocks"]["arbor"] == pytest.approx(
        5000 * 0.30542 + 3000 * 0.51512, rel=1e-4
    )
    rows = done.tables["indicators"].set_index("indicator")
    assert rows.loc["forest_stock_m3", "value"] == 0.8


def test_the_run_counts_the_parameters_that_are_not_verified(done):
    assert done.facts.base_year == 2020
    rows = done.parameters
    biomass = rows[rows["set"].eq("ar_cm_001")]
    # four for each of three tree species, and for bamboo and for economic forest
    assert biomass["confidence"].ne("verified").sum() == 3 * 4 + 2 * 4
    assert done.facts.unverified == rows["confidence"].ne("verified").sum() > len(biomass)


def test_a_raster_cut_short_is_told_without_a_traceback(small_place, tmp_path):
    path = small_place.parent / "landcover_2020.tif"
    path.write_bytes(path.read_bytes()[:-300])
    with pytest.raises(CarbonSinkError, match=r"landcover_2020\.tif"):
        carbon_sink.run(small_place, tmp_path / "out")


def test_towns_add_up_to_the_place_in_every_year(done):
    table = done.tables["town_summary"]
    sums = ["forest_area_ha", "forest_stock_m3", "living_stock_m3", "carbon_t", "land_area_ha"]
    for year in (2020, 2025):
        rows = table[table["year"] == year]
        towns = rows[rows["town_code"] != ""][sums].sum()
        assert towns.to_dict() == pytest.approx(
            rows[rows["town_code"] == ""][sums].iloc[0].to_dict()
        )


def test_every_target_has_its_progress(done):
    rows = done.tables["indicators"].set_index("indicator")
    stock = rows.loc["forest_stock_m3"]
    assert (stock["value"], stock["unit"], stock["met"]) == (0.94, "万m3", False)
    assert stock["done_pct"] == pytest.approx(70.0)
    assert stock["required_per_year"] == pytest.approx(0.06 / 5)
    green = rows.loc["urban_green_coverage_pct"]
    assert (green["kind"], green["value"], green["met"]) == ("hold", 43.1, True)
    forest = whole(done)["forest_area_ha"]
    assert rows.loc["fire_damage_permille", "value"] == pytest.approx(0.1 / forest * 1000)
    # the mine's 2 ha and 3300 trees x 50 % / 1650 = 1 ha are 3 ha or 45 mu of 100
    assert rows.loc["forest_quantity_ha", "value"] == pytest.approx(45.0)
    assert rows.loc["forest_quantity_ha", "done_pct"] == pytest.approx(45.0)


def test_all_outputs_are_there_and_none_is_left_aside(done):
    names = {
        str(path.relative_to(done.folder)) for path in done.folder.rglob("*") if path.is_file()
    }
    assert {"indicators.json", "run.json", "index.html", "layers/小地方_2025.gpkg",
            "report/小地方_2025.xlsx", "tables/town_summary.csv", "tables/indicators.csv"} <= names  # fmt: skip
    assert [path.name for path in done.folder.parent.iterdir() if path.name.startswith(".")] == []


def test_json_csv_workbook_layer_and_map_show_the_same_numbers(done, content):
    row = whole(done)
    stock, coverage = row["forest_stock_m3"], row["forest_coverage_pct"]
    found = {item["indicator"]: item for item in content["indicators"]}
    assert found["forest_stock_m3"]["value"] * 10_000 == pytest.approx(stock)
    assert found["forest_coverage_pct"]["value"] == pytest.approx(coverage)
    csv = pd.read_csv(done.folder / "tables" / "town_summary.csv", dtype={"town_code": str},
                      encoding="utf-8-sig", keep_default_na=False)  # fmt: skip
    line = csv[csv["year"].astype(int).eq(2025) & csv["town_code"].eq("")].iloc[0]
    assert float(line["forest_stock_m3"]) == stock
    book = openpyxl.load_workbook(done.folder / "report" / "小地方_2025.xlsx")
    cells = [cell.value for sheet in book for line in sheet.iter_rows() for cell in line]
    assert any(isinstance(cell, int | float) and cell == pytest.approx(stock) for cell in cells)
    assert any(isinstance(cell, int | float) and cell == pytest.approx(coverage) for cell in cells)
    towns = gpd.read_file(done.folder / "layers" / "小地方_2025.gpkg", layer="towns")
    assert towns["forest_stock_m3"].sum() == pytest.approx(stock)


def test_the_machine_readable_truth_has_its_contract(content):
    assert {"place", "year", "indicators", "sinks", "stocks", "coverage_parts"} <= set(content)
    keys = {"indicator", "unit", "value", "low", "high", "base_value", "target_value", "met",
            "done_pct", "gap", "required_per_year", "probability"}  # fmt: skip
    assert all(keys <= set(item) for item in content["indicators"])
    assert set(content["stocks"]) == {"arbor", "bamboo", "economic", "shrub"}
    assert set(content["coverage_parts"]) == {
        "arbor", "bamboo", "special_shrub", "shelterbelt", "four_side", "total",
    }  # fmt: skip
    assert [item["year"] for item in content["history"]] == [2020, 2025]


def test_the_record_names_inputs_versions_and_parameter_rows(done):
    record = json.loads((done.folder / "run.json").read_text(encoding="utf-8"))
    assert set(record["inputs_sha256"]) == {
        "boundary.geojson", "towns.gpkg", "inventory_2020.gpkg", "inventory_2025.gpkg",
        "landcover_2020.tif", "projects.gpkg", "four_side.csv", "events.gpkg",
    }  # fmt: skip
    assert all(len(value) == 64 for value in record["inputs_sha256"].values())
    rows = record["parameters"]
    species = {row["species_group"] for row in rows if row["set"] == "ar_cm_001"}
    assert species == {"masson_pine", "cypress", "chinese_fir", "bamboo", "economic"}
    assert {row["set"] for row in rows} > {"uncertainty", "growth", "land", "gwp"}
    assert all(row["source"] and row["confidence"] for row in record["parameters"])


def test_the_same_inputs_give_the_same_bytes(small_place, tmp_path):
    first = carbon_sink.run(small_place, tmp_path / "a").folder
    second = carbon_sink.run(small_place, tmp_path / "b").folder
    for path in sorted(path for path in first.rglob("*") if path.is_file()):
        name = path.relative_to(first)
        if name.name != "run.json":
            assert path.read_bytes() == (second / name).read_bytes(), name


def test_a_refused_run_leaves_the_previous_results_untouched(done, small_place):
    before = {path: path.read_bytes() for path in done.folder.rglob("*") if path.is_file()}
    bad = small_inventory(2025).assign(DI_LEI="9999")
    bad.to_file(small_place.parent / "inventory_2025.gpkg", layer="xiaoban")
    with pytest.raises(CarbonSinkError, match="9999"):
        carbon_sink.run(small_place, done.folder)
    assert {path: path.read_bytes() for path in done.folder.rglob("*") if path.is_file()} == before


OWN_BEF = """species_group,parameter,value,unit,source,confidence
masson_pine,bef,1.6,1,自测,verified
"""


def test_a_changed_parameter_recomputes_all_years_and_lists_old_new_and_cause(
    small_place, tmp_path
):
    out = tmp_path / "out"
    first = carbon_sink.run(small_place, out)
    assert "recalculation" not in first.tables
    assert "recalculation" not in carbon_sink.run(small_place, out).tables, "nothing changed"
    (small_place.parent / "own.csv").write_text(OWN_BEF, encoding="utf-8-sig")
    text = small_place.read_text(encoding="utf-8")
    small_place.write_text(f'parameters_file = "own.csv"\n{text}', encoding="utf-8")
    again = carbon_sink.run(small_place, out)
    moved = again.tables["recalculation"].set_index(["year", "indicator"])
    assert set(moved.index.get_level_values("year")) == {2020, 2025}
    assert not {"forest_stock_m3", "forest_coverage_pct"} & set(moved.index.get_level_values(1))
    # 5000 m3 of Masson pine, of which the expansion alone changed
    row = moved.loc[(2020, "carbon_t")]
    assert row["difference"] == pytest.approx(5000 * 0.38 * (1.6 - 1.472) * 1.187 * 0.46)
    assert row["parameter_difference"] == pytest.approx(row["difference"])
    assert "马尾松 bef: 1.472 → 1.6" in row["causes"]
    assert "figures_recalculated" in set(again.tables["notes"]["code"])


def test_without_towns_projects_events_and_targets_the_rest_is_computed(small_place, tmp_path):
    content = small_place.read_text(encoding="utf-8")
    kept = content.split("[[projects]]", maxsplit=1)[0].replace(
        '[towns]\npath = "towns.gpkg"\n', ""
    )
    small_place.write_text(kept, encoding="utf-8")
    done = carbon_sink.run(small_place, tmp_path / "out")
    assert whole(done)["forest_stock_m3"] == 9400.0
    reasons = done.tables["absent"].set_index("item")["reason"]
    assert reasons["forest_quantity_ha"] == "没有工程项目记录"
    assert "plan_quantities" not in done.tables
    assert "surveyed" not in done.layers, "the boundary says what the place is"


def test_sums_do_not_depend_on_the_order_of_the_rows(small_place, tmp_path):
    first = carbon_sink.run(small_place, tmp_path / "a")
    for year in (2020, 2025):
        shuffled = small_inventory(year).sample(frac=1.0, random_state=3)
        shuffled.to_file(small_place.parent / f"inventory_{year}.gpkg", layer="xiaoban")
    second = carbon_sink.run(small_place, tmp_path / "b")
    pd.testing.assert_frame_equal(first.tables["town_summary"], second.tables["town_summary"])


def test_the_english_run_says_english_words(change_settings, tmp_path):
    done = carbon_sink.run(
        change_settings(('language = "zh"', 'language = "en"')), tmp_path / "out"
    )
    assert done.facts.place == "Small Place"
    assert done.tables["indicators"]["name"][0] == "Forest stock"


FINLAND = """
title = "Finnish stands"
language = "en"
report_year = 2022
[place]
name = "Suomi"
[[inventory]]
year = 2022
path = "{path}"
landclass_codes = {{ "1" = "arbor" }}
[inventory.fields]
land_class = "main_group"
registered_area_ha = "area_ha"
volume_m3_ha = "t2_Volume"
"""


@pytest.mark.realdata
def test_only_an_inventory_gives_stock_and_tells_what_is_absent(real_data, tmp_path):
    path = tmp_path / "settings.toml"
    stands = real_data / "stands_finland" / "smk_demo_stands.gpkg"
    path.write_text(FINLAND.format(path=stands), encoding="utf-8")
    done = carbon_sink.run(path, tmp_path / "out")
    assert done.tables["inventory_summary"]["registered_area_ha"][0] == pytest.approx(105.0)
    assert whole(done, 2022)["forest_stock_m3"] == pytest.approx(16_562.112, abs=1e-3)
    absent = set(done.tables["absent"]["item"])
    assert {"forest_coverage_pct", "carbon_t", "removal_co2_t_yr"} <= absent
    assert whole(done, 2022).isna()["carbon_t"]
    assert (done.folder / "index.html").is_file()
    surveyed = done.layers["surveyed"].geometry
    assert ellipsoidal_area_ha(surveyed).sum() == pytest.approx(105.03, abs=0.01)


LANDCOVER = """
title = "São Tomé"
report_year = 2021
[place]
name = "São Tomé"
[[landcover]]
year = 2020
path = "{folder}/saotome_island_2020_v100_clip.tif"
scheme = "worldcover"
[[landcover]]
year = 2021
path = "{folder}/saotome_island_2021_v200_clip.tif"
scheme = "worldcover"
"""


@pytest.mark.realdata
def test_only_land_cover_gives_class_areas_of_both_dates(real_data, tmp_path):
    folder = real_data / "worldcover_saotome"
    path = tmp_path / "settings.toml"
    path.write_text(LANDCOVER.format(folder=folder), encoding="utf-8")
    done = carbon_sink.run(path, tmp_path / "out")
    expected = json.loads((folder / "computed_areas_ha.json").read_text())
    table = done.tables["landcover_area"].set_index(["year", "class_code"])["area_ha"]
    for year in (2020, 2021):
        for code, value in expected[f"saotome_island_{year}"].items():
            assert table[year, int(code)] == pytest.approx(value, rel=1e-4, abs=6e-4)
    assert "town_summary" not in done.tables
    assert (done.folder / "report" / "São Tomé_2021.xlsx").is_file()


def test_nothing_is_written_by_reading_and_computing(small_place):
    before = sorted(small_place.parent.iterdir())
    settings = load_settings(small_place)
    compute(settings, read_inputs(settings))
    assert sorted(small_place.parent.iterdir()) == before


MANY = """
title = "Many"
report_year = 2025
[place]
name = "Many"
[boundary]
path = "boundary.gpkg"
[[inventory]]
year = 2025
path = "stands.parquet"
landclass_scheme = "ly1955_4digit"
species_scheme = "nfci_3digit"
"""
RUN_AND_TELL = """
import sys
from dataclasses import replace
from pathlib import Path
import carbon_sink
carbon_sink.run(sys.argv[1], sys.argv[2])
status = Path("/proc/self/status").read_text().splitlines()
print(next(line.split()[1] for line in status if line.startswith("VmHWM")))
"""


def peak_kb(folder, count):
    """Most memory of a run over so many stands of 28 vertices, measured in a fresh process."""
    folder.mkdir()
    number, side = np.arange(count), int(np.ceil(count**0.5))
    west, south = 105 + number % side * 0.002, 29 + number // side * 0.002
    squares = shapely.segmentize(shapely.box(west, south, west + 0.002, south + 0.002), 0.0003)
    stands = small_inventory(2025).iloc[number % 8].assign(XIAO_BAN=number.astype(str))
    stands = stands.set_geometry(squares, crs="EPSG:4490").reset_index(drop=True)
    stands["MIAN_JI"] = ellipsoidal_area_ha(stands.geometry)
    stands.to_parquet(folder / "stands.parquet")
    whole = shapely.box(west.min(), south.min(), west.max() + 0.002, south.max() + 0.002)
    gpd.GeoDataFrame(geometry=[whole], crs="EPSG:4490").to_file(folder / "boundary.gpkg")
    (folder / "settings.toml").write_text(MANY, encoding="utf-8")
    command = [sys.executable, "-c", RUN_AND_TELL, folder / "settings.toml", folder / "out"]
    return int(subprocess.run(command, check=True, capture_output=True).stdout)


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="only Linux tells the peak")
def test_a_run_takes_at_most_three_kilobytes_of_memory_for_each_more_stand(tmp_path):
    # a stand of 28 vertices takes 1 kB as a shape and 0.7 kB in the columns of the results
    more_kb = peak_kb(tmp_path / "fifty", 50_000) - peak_kb(tmp_path / "twenty", 20_000)
    assert more_kb < 3.0 * 30_000
