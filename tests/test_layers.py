"""Layers for GIS staff."""

import dataclasses
import sqlite3
from contextlib import closing
from xml.etree import ElementTree as ET

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import pytest
import shapely
from conftest import FACTS

import carbon_sink.layers.write
from carbon_sink.layers import write_layers


def boxes(count):
    return [shapely.box(105 + k * 0.01, 29.5, 105.01 + k * 0.01, 29.51) for k in range(count)]


@pytest.fixture
def layers():
    towns = gpd.GeoDataFrame(
        {
            "town_code": ["050015301", "050015302", "050015303"],
            "town_name": ["甲镇", "乙镇", '<b>"丙"镇</b>'],
            "forest_coverage_pct": [31.25, 44.5, np.nan],
            "forest_stock_m3": [1000.0, 2500.5, 0.0],
        },
        geometry=boxes(3),
        crs="EPSG:4490",
    )
    stands = gpd.GeoDataFrame(
        {
            "stand_id": ["0001-001", "0001-002", "0001-003", "0001-004"],
            "land_class": ["0111", "0113", "0210", "0111"],
            "forest_type": ["arbor", "bamboo", "cropland", "of_my_own"],
            "area_ha": [1.5, 2.25, 3.0, 0.1],
            "change_year": [0, 2021, 0, 2022],
        },
        geometry=[*boxes(3), shapely.MultiPolygon(boxes(2)[1:])],
        crs="EPSG:4490",
    )
    projects = gpd.GeoDataFrame(
        {
            "project_id": ["P1", "P2"],
            "project_type": ["mine_restoration", "four_side"],
            "start_year": [2021, 2022],
            "done_ha": [3.5, 1.0],
        },
        geometry=[boxes(1)[0], shapely.Point(105.02, 29.505)],
        crs="EPSG:4490",
    )
    boundary = gpd.GeoDataFrame(geometry=[shapely.box(105, 29.5, 105.03, 29.51)], crs="EPSG:4490")
    return {"towns": towns, "stands_2025": stands, "projects": projects, "boundary": boundary}


@pytest.fixture
def package(layers, tmp_path):
    path = tmp_path / "图层.gpkg"
    write_layers(path, layers, FACTS)
    return path


def rows(path, query):
    with closing(sqlite3.connect(path)) as file:
        return file.execute(query).fetchall()


def test_every_layer_is_there_and_projects_are_split_by_geometry(package):
    names = {name for name, _ in pyogrio.list_layers(package)}
    assert names >= {"towns", "stands_2025", "projects", "projects_points", "boundary"}


@pytest.mark.parametrize("name", ["towns", "stands_2025"])
def test_a_layer_read_again_equals_what_was_written(package, layers, name):
    again = gpd.read_file(package, layer=name)
    before = layers[name]
    assert again.crs.to_epsg() == 4490
    assert set(again.geom_type) == {"MultiPolygon"}
    assert shapely.equals(again.geometry.values, before.geometry.values).all()
    pd.testing.assert_frame_equal(
        pd.DataFrame(again.drop(columns="geometry")),
        pd.DataFrame(before.drop(columns="geometry")),
        check_dtype=False,
    )


def test_codes_keep_their_leading_zeros(package):
    again = gpd.read_file(package, layer="stands_2025")
    assert again["land_class"].tolist() == ["0111", "0113", "0210", "0111"]
    assert rows(package, "SELECT DISTINCT typeof(land_class) FROM stands_2025") == [("text",)]


def test_codes_given_as_numbers_are_written_as_text(layers, tmp_path):
    towns = layers["towns"].assign(town_code=[500153001, 500153002, 500153003])
    write_layers(tmp_path / "a.gpkg", {"towns": towns}, FACTS)
    assert rows(tmp_path / "a.gpkg", "SELECT DISTINCT typeof(town_code) FROM towns") == [("text",)]


def test_every_layer_has_a_default_style_that_is_well_formed(package):
    styles = dict(rows(package, "SELECT f_table_name, styleQML FROM layer_styles"))
    assert set(styles) == {"towns", "stands_2025", "projects", "projects_points", "boundary"}
    for qml in styles.values():
        assert ET.fromstring(qml.split("\n", 1)[1]).tag == "qgis"  # noqa: S314 - our own text


def test_towns_are_graduated_by_coverage_and_labeled(package):
    (qml,) = rows(package, "SELECT styleQML FROM layer_styles WHERE f_table_name = 'towns'")[0]
    root = ET.fromstring(qml.split("\n", 1)[1])  # noqa: S314 - our own text
    renderer = root.find("renderer-v2")
    assert renderer.get("type") == "graduatedSymbol"
    assert renderer.get("attr") == "forest_coverage_pct"
    ranges = renderer.findall("ranges/range")
    assert float(ranges[0].get("lower")) <= 31.25
    assert float(ranges[-1].get("upper")) >= 44.5
    assert len(renderer.findall("symbols/symbol")) == len(ranges)
    assert root.find("labeling/settings/text-style").get("fieldName") == "town_name"


def test_stands_are_categorized_with_chinese_labels(package):
    (qml,) = rows(package, "SELECT styleQML FROM layer_styles WHERE f_table_name = 'stands_2025'")[
        0
    ]
    root = ET.fromstring(qml.split("\n", 1)[1])  # noqa: S314 - our own text
    labels = {c.get("value"): c.get("label") for c in root.iter("category")}
    assert labels["arbor"] == "乔木林"
    assert labels["bamboo"] == "竹林"
    assert labels["of_my_own"] == "of_my_own"


def test_works_have_a_second_style_by_verdict_beside_the_one_they_open_with(layers, tmp_path):
    works = layers["projects"].assign(verdict=["verified", "not_seen"], credited_ha=[3.0, 1.0])
    visits = works[["project_id", "project_type", "verdict", "geometry"]].assign(unseen_ha=1.0)
    path = tmp_path / "a.gpkg"
    write_layers(path, {"projects": works.iloc[:1], "project_visits": visits.iloc[:1]}, FACTS)
    columns = "f_table_name, styleName, useAsDefault, styleQML"
    styles = rows(path, f"SELECT {columns} FROM layer_styles")
    assert [one[:3] for one in styles] == [
        ("projects", "projects", 1),
        ("projects", "projects 核实结论", 0),
        ("project_visits", "project_visits", 1),
    ]
    colored = [
        ET.fromstring(qml.split("\n", 1)[1]).find("renderer-v2").get("attr")  # noqa: S314 - our own text
        for *_, qml in styles
    ]
    assert colored == ["project_type", "verdict", "verdict"]
    assert 'label="已核实"' in styles[1][3]
    named = rows(path, "SELECT title FROM gpkg_data_columns WHERE column_name = 'credited_ha'")
    assert named == [("计入面积（ha）",)]
    again = pyogrio.read_dataframe(path, layer="project_visits")
    assert again[["project_id", "verdict", "unseen_ha"]].to_numpy().tolist() == [
        ["P1", "verified", 1.0]
    ]


def test_fields_have_chinese_names_in_the_style_and_in_the_file(package):
    (qml,) = rows(package, "SELECT styleQML FROM layer_styles WHERE f_table_name = 'towns'")[0]
    assert 'name="森林覆盖率（%）"' in qml
    named = dict(
        rows(package, "SELECT column_name, title FROM gpkg_data_columns WHERE table_name='towns'")
    )
    assert named["forest_stock_m3"] == "森林蓄积量（m3）"


def test_every_layer_says_that_its_data_are_generated(package):
    contents = rows(package, "SELECT description FROM gpkg_contents WHERE data_type='features'")
    assert len(contents) == 5
    assert all("示例数据（合成）" in description for (description,) in contents)


def test_real_data_carry_no_such_notice(layers, tmp_path):
    facts = dataclasses.replace(FACTS, synthetic=False, language="en", place="Place")
    write_layers(tmp_path / "a.gpkg", layers, facts)
    found = rows(tmp_path / "a.gpkg", "SELECT description FROM gpkg_contents")
    assert not any("SYNTHETIC" in (description or "") for (description,) in found)
    (qml,) = rows(
        tmp_path / "a.gpkg", "SELECT styleQML FROM layer_styles WHERE f_table_name = 'stands_2025'"
    )[0]
    assert "Arbor forest" in qml
    assert "乔木林" not in qml


def test_the_same_layers_give_the_same_bytes(layers, tmp_path):
    for name in ("a", "b"):
        write_layers(tmp_path / f"{name}.gpkg", layers, FACTS)
    assert (tmp_path / "a.gpkg").read_bytes() == (tmp_path / "b.gpkg").read_bytes()


def test_a_file_has_the_same_content_however_many_rows_are_written_at_a_time(
    layers, tmp_path, monkeypatch
):
    write_layers(tmp_path / "a.gpkg", layers, FACTS)
    monkeypatch.setattr(carbon_sink.layers.write, "ROWS_AT_A_TIME", 1)
    write_layers(tmp_path / "b.gpkg", layers, FACTS)
    with (
        closing(sqlite3.connect(tmp_path / "a.gpkg")) as whole,
        closing(sqlite3.connect(tmp_path / "b.gpkg")) as parts,
    ):
        assert list(parts.iterdump()) == list(whole.iterdump())


def test_missing_cells_and_missing_shapes_stay_missing(layers, tmp_path, monkeypatch):
    monkeypatch.setattr(carbon_sink.layers.write, "ROWS_AT_A_TIME", 2)
    stands = layers["stands_2025"].assign(
        forest_type=[None, None, "arbor", np.nan],
        class_group=pd.Series([None, None, None, "arbor"], dtype=object),
        change_year=pd.array([2021, None, None, 2022], dtype="Int64"),
        is_land_survey=[True, False, False, True],
        remark=pd.Series([1, 2.5, None, "x"], dtype=object),
    )
    stands.loc[2, "geometry"] = None
    write_layers(tmp_path / "a.gpkg", {"stands": stands}, FACTS)
    fields = "forest_type, class_group, change_year, is_land_survey, remark, geom IS NULL"
    assert rows(tmp_path / "a.gpkg", f"SELECT {fields} FROM stands") == [
        (None, None, 2021, 1, "1", 0), (None, None, None, 0, "2.5", 0),
        ("arbor", None, None, 0, None, 1), (None, "arbor", 2022, 1, "x", 0),
    ]  # fmt: skip


def test_an_older_file_is_replaced_and_inputs_stay_as_they_were(layers, tmp_path):
    before = layers["towns"].copy()
    path = tmp_path / "a.gpkg"
    write_layers(path, layers, FACTS)
    write_layers(path, {"towns": layers["towns"]}, FACTS)
    assert {name for name, _ in pyogrio.list_layers(path)} == {"towns", "layer_styles"}
    pd.testing.assert_frame_equal(before, layers["towns"])


def test_another_coordinate_system_comes_out_as_cgcs2000(layers, tmp_path):
    towns = layers["towns"].to_crs("EPSG:4544")
    write_layers(tmp_path / "a.gpkg", {"towns": towns}, FACTS)
    again = gpd.read_file(tmp_path / "a.gpkg", layer="towns")
    assert again.crs.to_epsg() == 4490
    assert np.allclose(again.total_bounds, layers["towns"].total_bounds, atol=1e-9)
