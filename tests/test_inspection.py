"""What an inspection says of a file, and what is written for those who mend it."""

import json

import geopandas as gpd
import numpy as np
import openpyxl
import pandas as pd
import pyogrio
import pytest
import shapely
from conftest import small_inventory

from carbon_sink import quality, readers
from carbon_sink.errors import Problem, worst
from carbon_sink.inspection import (
    Ground,
    check_lines,
    faulty_features,
    inspect_file,
    problem_lines,
    survey_layer,
    write_check,
)
from carbon_sink.readers import parts


@pytest.fixture
def inventory(tmp_path):
    """A small inventory with the areas of its shapes, as a GeoPackage."""
    data = small_inventory(2025)
    data["MIAN_JI"] = 107.5
    path = tmp_path / "小班.gpkg"
    data.to_file(path, layer="xiaoban")
    return path


def spoiled(path, column, value, rows=(1,)):
    """Write a value into a few rows of the file."""
    data = pyogrio.read_dataframe(path)
    data[column] = data[column].astype(object)
    data.loc[list(rows), column] = value
    data.to_file(path, layer="xiaoban")
    return path


def test_the_outcome_is_the_gravest_of_the_problems():
    warn, repair, refuse = map(Problem, ("canopy_open", "geometry_repaired", "crs_missing"))
    assert worst([]) == "ok"
    assert worst([warn]) == "warn"
    assert worst([warn, repair]) == "repair"
    assert worst([warn, refuse, repair]) == "refuse"


def test_the_gravest_problem_is_shown_first_and_the_outcome_last():
    lines = problem_lines([Problem("canopy_open"), Problem("crs_missing")])
    assert [line[:4] for line in lines] == ["[拒绝]", "[提醒]", "不能使用"]


def test_an_inventory_is_known_by_its_fields_and_its_facts_are_told(inventory):
    found = inspect_file(inventory)
    assert found.kind == "inventory"
    assert found.facts["rows"] == "8"
    assert found.facts["landclass_scheme"] == "ly1955_4digit"
    assert "DI_LEI = 地类" in "\n".join(found.lines())
    assert "DI_LEI = Land class" in "\n".join(found.lines("en"))


def test_the_machine_readable_report_has_every_part_of_a_problem(inventory):
    found = inspect_file(spoiled(inventory, "DI_LEI", "0777")).as_dict("en")
    assert json.loads(json.dumps(found, allow_nan=False)) == found
    assert found["outcome"] == "refuse"
    (problem,) = [one for one in found["problems"] if one["code"] == "land_class_unknown"]
    assert problem["file"] == "小班.gpkg"
    assert (problem["layer"], problem["row"], problem["field"]) == ("xiaoban", [2], "DI_LEI")
    assert problem["value"] == "0777"
    assert problem["rule"]
    assert problem["fix"]


def test_a_layer_without_the_fields_of_an_inventory_is_polygons(tmp_path):
    path = tmp_path / "towns.gpkg"
    small_inventory(2025)[["XIANG", "geometry"]].to_file(path)
    found = inspect_file(path)
    assert (found.kind, found.outcome) == ("polygons", "ok")


def test_an_inventory_without_its_land_class_is_refused_and_not_taken_for_polygons(inventory):
    data = pyogrio.read_dataframe(inventory).drop(columns="DI_LEI")
    data.to_file(inventory, layer="xiaoban")
    found = inspect_file(inventory)
    assert (found.kind, found.outcome) == ("inventory", "refuse")
    assert "field_missing" in {one.code for one in found.problems}


def test_a_file_that_cannot_be_opened_is_refused_without_a_traceback(tmp_path):
    path = tmp_path / "page.gpkg"
    path.write_text("<!DOCTYPE html><html></html>", encoding="utf-8")
    found = inspect_file(path)
    assert (found.kind, found.outcome) == ("unknown", "refuse")
    assert inspect_file(tmp_path / "none.gpkg").outcome == "refuse"


@pytest.mark.parametrize("size", [1, 3, 8])
def test_parts_of_any_size_tell_the_same(inventory, size, monkeypatch):
    spoiled(inventory, "SLXJ", -5.0, rows=(0, 7))
    spoiled(inventory, "geometry", None, rows=(3,))
    whole = inspect_file(inventory).as_dict()
    monkeypatch.setattr(parts, "PART_ROWS", size)
    assert inspect_file(inventory).as_dict() == whole


def test_rows_that_cannot_be_read_are_not_blamed_twice(inventory):
    found = inspect_file(spoiled(inventory, "SLXJ", "很多"))
    assert [one.code for one in found.problems if one.severity == "refuse"] == ["not_a_number"]


def test_without_a_system_other_problems_are_told_too(inventory):
    data = pyogrio.read_dataframe(inventory)
    data.loc[2, "geometry"] = shapely.Point(105.0, 29.5)
    data.set_crs(None, allow_override=True).to_file(inventory, layer="xiaoban")
    codes = {one.code for one in inspect_file(inventory).problems}
    assert {"crs_missing", "geometry_not_polygon"} <= codes


def test_good_rows_are_handed_on_with_area_and_town(inventory):
    spoiled(inventory, "geometry", None, rows=(3,))
    source = readers.as_source(inventory)
    towns = gpd.GeoDataFrame(
        {"town_code": ["500153001", "500153002"]},
        geometry=[shapely.box(105, 29.5, 105.04, 29.51), shapely.box(105, 29.51, 105.04, 29.52)],
        crs="EPSG:4490",
    )
    kept = []
    survey = survey_layer(source, readers.understand(source), Ground(towns=towns), kept.append)
    stands = pd.concat(kept)
    assert stands.index.tolist() == [1, 2, 3, 5, 6, 7, 8]
    assert survey.rows == 8
    assert survey.area_ha == pytest.approx(stands["area_ha"].sum())
    assert stands["town_code"].notna().all()


def test_faulty_features_are_drawn_with_what_is_wrong(inventory):
    found = inspect_file(spoiled(inventory, "SLXJ", -5.0, rows=(0, 7)))
    features = faulty_features(found.survey)
    assert features.crs == "EPSG:4490"
    assert features["row"].tolist() == [1, 8]
    assert features["severity"].tolist() == ["refuse", "refuse"]
    assert features["stand_id"].str.len().gt(0).all()
    assert features["what"].str.len().gt(0).all()
    given = pyogrio.read_dataframe(inventory).geometry.iloc[[0, 7]]
    assert shapely.equals(features.geometry.to_numpy(), given.to_numpy()).all()


def test_findings_are_written_as_workbook_table_and_layer(inventory, tmp_path):
    found = inspect_file(spoiled(inventory, "SLXJ", -5.0, rows=(0, 7)))
    paths = write_check(tmp_path / "out", "小班", found.problems, [found.survey])
    book, sheet, layer = paths
    names = openpyxl.load_workbook(book).sheetnames
    assert names[0] == "检查汇总"
    assert {"拒绝（须处理）", "字段对应"} <= set(names)
    table = pd.read_csv(sheet, dtype=str)
    assert table.loc[table["code"] == "too_small", "row"].tolist() == ["1", "8"]
    assert pyogrio.list_layers(layer)[:, 0].tolist()[0] == "faulty_features"


def test_values_never_become_formulas(inventory, tmp_path):
    found = inspect_file(spoiled(inventory, "DI_LEI", "=1+1"))
    book = write_check(tmp_path, "小班", found.problems, [found.survey])[0]
    cells = [cell for page in openpyxl.load_workbook(book) for row in page for cell in row]
    assert "=1+1" in {cell.value for cell in cells}
    assert "f" not in {cell.data_type for cell in cells}


def test_a_layer_of_earlier_faults_does_not_stay_behind(inventory, tmp_path):
    faulty = inspect_file(spoiled(inventory, "SLXJ", -5.0))
    map_ = write_check(tmp_path, "小班", faulty.problems, [faulty.survey])[2]
    spoiled(inventory, "SLXJ", 100.0)
    good = inspect_file(inventory)
    assert len(write_check(tmp_path, "小班", [], [])) == 2
    assert not map_.exists()
    assert good.outcome != "refuse"


def test_the_lines_of_a_check_count_by_severity():
    lines = check_lines([Problem("crs_missing"), Problem("canopy_open")])
    assert "拒绝 1 类，已修复 0 类，提醒 1 类" in lines[1]


def test_a_boundary_off_as_web_maps_are_is_told(tmp_path):
    known = quality.systems._rongchang()
    path = tmp_path / "boundary.gpkg"
    moved = known.to_crs("EPSG:4490").translate(0.0035, -0.0028)
    gpd.GeoDataFrame(geometry=moved).to_file(path)
    assert [one.code for one in inspect_file(path).problems] == ["gcj02_suspected"]
    known.to_crs("EPSG:4490").to_file(path)
    assert inspect_file(path).outcome == "ok"


def test_memory_that_is_given_back_is_no_concern_of_the_caller():
    from carbon_sink.inspection.memory import give_back

    kept = np.ones(1000)
    give_back()
    assert kept.sum() == 1000.0


def test_rows_far_from_where_their_system_is_meant_for_are_named(inventory, monkeypatch):
    data = pyogrio.read_dataframe(inventory)
    data.loc[6, "geometry"] = shapely.box(10.0, 50.0, 10.01, 50.01)
    data.to_file(inventory, layer="xiaoban")
    for size in (20_000, 2):
        monkeypatch.setattr(parts, "PART_ROWS", size)
        found = [one for one in inspect_file(inventory).problems if one.code == "shape_astray"]
        assert [(one.rows, one.value) for one in found] == [((7,), "10 50")]


def test_a_layer_without_a_place_is_written_without_a_map(inventory, tmp_path):
    data = pyogrio.read_dataframe(inventory)
    data.set_crs(None, allow_override=True).to_file(inventory, layer="xiaoban")
    found = inspect_file(inventory)
    assert len(write_check(tmp_path / "out", "小班", found.problems, [found.survey])) == 2


def test_rows_without_a_shape_are_listed_and_not_drawn(inventory, tmp_path):
    found = inspect_file(spoiled(inventory, "geometry", None, rows=(0,)))
    _, sheet = write_check(tmp_path / "out", "小班", found.problems, [found.survey])
    assert pd.read_csv(sheet, dtype=str)["row"].tolist() == ["1"]


def test_a_drawing_without_a_place_on_earth_is_refused(inventory):
    data = pyogrio.read_dataframe(inventory)
    local = 'LOCAL_CS["CAD",UNIT["metre",1]]'
    data.set_crs(local, allow_override=True).to_file(inventory, layer="xiaoban")
    assert "crs_not_on_earth" in {one.code for one in inspect_file(inventory).problems}
