"""Reading and checking everything a run needs."""

import dataclasses
import zipfile

import numpy as np
import pandas as pd
import pytest
import shapely
from conftest import small_inventory, write_landcover

from carbon_sink.errors import CarbonSinkError, CRSError
from carbon_sink.geometry import ellipsoidal_area_ha
from carbon_sink.intake import gather, input_lines, outline, read_inputs
from carbon_sink.settings import load_settings


def test_every_input_is_read_with_its_area_and_town(small_place):
    inputs = read_inputs(load_settings(small_place))
    assert sorted(inputs.stands) == [2020, 2025]
    stands = inputs.stands[2025]
    assert stands["town_code"].tolist() == ["500153001"] * 4 + ["500153002"] * 4
    assert stands["area_ha"].sum() == pytest.approx(
        ellipsoidal_area_ha(inputs.boundary.geometry)[0]
    )
    assert inputs.towns["land_area_ha"].sum() == pytest.approx(stands["area_ha"].sum())
    (works,), (records,) = inputs.projects, inputs.four_side
    assert (works.attrs["table"], works["project_id"].tolist()) == ("projects", ["M1", "Q1"])
    assert (records.attrs["table"], records["tree_count"].tolist()) == ("four_side", [3300.0])
    told = {(note.code, note.file) for note in inputs.notes}
    assert told == {("works_species_missing", "projects.gpkg"),
                    ("works_species_missing", "four_side.csv")}  # fmt: skip


def test_what_was_read_is_told_line_by_line(small_place):
    inputs = read_inputs(load_settings(small_place))
    table = pd.DataFrame(index=[10, 40])
    table.attrs["file"] = "carbon.csv"
    more = {"reference_samples": {2020: pd.DataFrame({"map_class": [10] * 3})},
            "carbon_table": table}  # fmt: skip
    lines = input_lines(dataclasses.replace(inputs, **more), "en")
    assert [line.split(":")[0] for line in lines[:2]] == ["Inventory 2020", "Inventory 2025"]
    assert lines[-2] == "Reference sample 2020: 3 units"
    assert lines[-1] == "Table of carbon densities: carbon.csv (classes 10, 40)"


def test_the_land_area_is_the_official_one_else_the_boundary_s_else_the_towns(change_settings):
    settings = load_settings(change_settings())
    assert read_inputs(settings).land_area_source == "land_area.boundary"
    official = settings.model_copy(update={"land_area_ha": 900.0})
    assert read_inputs(official).land_area_ha == 900.0
    towns = settings.model_copy(update={"boundary": None})
    assert read_inputs(towns).land_area_source == "land_area.towns"
    nothing = towns.model_copy(update={"towns": None})
    assert read_inputs(nothing).land_area_ha is None


def test_planar_area_is_used_only_when_the_settings_ask_for_it(small_place):
    settings = load_settings(small_place)
    planar = read_inputs(settings.model_copy(update={"area_crs": "EPSG:4523"})).land_area_ha
    ellipsoid = read_inputs(settings).land_area_ha
    assert 1.0 < planar / ellipsoid < 1.0001
    with pytest.raises(CRSError):
        read_inputs(settings.model_copy(update={"area_crs": "EPSG:3857"}))


def test_a_layer_that_lies_elsewhere_is_refused_by_name(small_place):
    from conftest import small_inventory

    moved = small_inventory(2025)
    moved["geometry"] = moved.geometry.translate(xoff=3.0)
    moved.to_file(small_place.parent / "inventory_2025.gpkg", layer="xiaoban")
    with pytest.raises(CarbonSinkError, match=r"inventory_2025\.gpkg"):
        read_inputs(load_settings(small_place))


def test_overlapping_features_of_a_boundary_count_once(small_place):
    import geopandas as gpd
    import shapely

    whole = shapely.box(105.0, 29.5, 105.04, 29.52)
    twice = gpd.GeoDataFrame({"n": [1, 2]}, geometry=[whole, whole], crs="EPSG:4326")
    before = read_inputs(load_settings(small_place)).land_area_ha
    twice.to_file(small_place.parent / "boundary.geojson")
    assert read_inputs(load_settings(small_place)).land_area_ha == pytest.approx(before)


def test_works_in_different_systems_come_together_and_none_comes_twice(small_place):
    import geopandas as gpd

    works = gpd.read_file(small_place.parent / "projects.gpkg")
    more = small_place.parent / "more.gpkg"
    works.assign(project_id=["A", "B"]).to_crs("EPSG:4523").to_file(more)
    text = small_place.read_text(encoding="utf-8")
    small_place.write_text(text + '[[projects]]\npath = "more.gpkg"\n', encoding="utf-8")
    inputs = read_inputs(load_settings(small_place))
    assert {layer.crs.to_epsg() for layer in inputs.projects if hasattr(layer, "crs")} == {4490}
    works.to_file(more)
    with pytest.raises(CarbonSinkError, match="编号重复"):
        read_inputs(load_settings(small_place))


def works_in(small_place, change):
    """Change the projects of the small place, and return what reading it finds by code."""
    import geopandas as gpd

    path = small_place.parent / "projects.gpkg"
    works = change(gpd.read_file(path))
    path.unlink()
    works.to_file(path)
    inputs = gather(load_settings(small_place))
    return inputs, {one.code: one for one in inputs.problems}


def test_works_are_held_against_the_boundary_and_their_polygons_all_at_once(small_place):
    def moved(works):
        # the first lies across the eastern boundary, the second wholly beyond it, and both
        # claim far more than they are
        across = shapely.box(105.039, 29.505, 105.041, 29.507)
        return works.assign(geometry=[across, shapely.box(106.0, 29.5, 106.001, 29.501)],
                            done_ha=500.0, start_year=[2022, 2030])  # fmt: skip

    inputs, found = works_in(small_place, moved)
    assert {"works_partly_outside", "works_outside", "done_exceeds_ground",
            "works_after_data"} <= set(found)  # fmt: skip
    number, outside, whole = found["works_partly_outside"].value.split(" / ")
    assert number == "M1"
    assert float(outside) == pytest.approx(float(whole) / 2, rel=1e-3)
    assert (found["works_outside"].file, found["works_outside"].rows) == ("projects.gpkg", (2,))
    (error,) = inputs.errors
    assert {one.code for one in error.problems} == {"works_outside", "works_after_data"}


def test_a_crossed_polygon_of_a_project_is_mended_and_told(small_place):
    bow = shapely.Polygon([(105.03, 29.50), (105.0301, 29.5001), (105.0301, 29.50),
                           (105.03, 29.5001)])  # fmt: skip
    inputs, found = works_in(
        small_place, lambda works: works.assign(geometry=[bow, works.geometry[1]], done_ha=0.01)
    )
    assert "geometry_redrawn" in found
    assert inputs.errors == []
    assert inputs.projects[0].is_valid.all()
    assert inputs.projects[0]["project_id"].tolist() == ["M1", "Q1"]


def test_lines_points_and_works_without_a_shape_are_kept_and_told(small_place):
    line = shapely.LineString([(105.0, 29.5), (105.02, 29.51)])
    inputs, found = works_in(
        small_place, lambda works: works.assign(geometry=[line, works.geometry[1]])
    )
    assert inputs.errors == []
    assert (found["works_without_polygon"].value, found["works_without_polygon"].rows) == (
        "M1", (1,),
    )  # fmt: skip
    assert inputs.projects[0].geom_type.tolist() == ["LineString", "Polygon"]


def test_works_in_a_table_are_told_to_lie_nowhere(small_place):
    content = "project_id,project_type,start_year,done_ha\nT1,造林,2022,3\n"
    (small_place.parent / "four_side.csv").write_text(content, encoding="utf-8")
    found = {(one.code, one.value) for one in gather(load_settings(small_place)).notes}
    assert ("works_without_polygon", "T1") in found


def test_a_record_may_bear_the_number_of_a_project_and_none_may_come_twice(small_place):
    path = small_place.parent / "four_side.csv"
    head = "record_id,project_id,planted_year,tree_count,survival_pct\n"
    path.write_text(head + "M1,M1,2022,3300,50\nF2,M1,2022,10,90\n", encoding="utf-8")
    assert gather(load_settings(small_place)).errors == []
    path.write_text(head + "F1,M1,2022,3300,50\nF1,M1,2022,10,90\n", encoding="utf-8")
    (error,) = gather(load_settings(small_place)).errors
    (problem,) = error.problems
    assert (problem.code, problem.file, problem.field, problem.value, problem.rows) == (
        "number_twice", "four_side.csv", "record_id", "F1", (3,),
    )  # fmt: skip


def test_species_of_works_are_read_in_the_scheme_of_the_inventories(small_place):
    inputs, found = works_in(small_place, lambda works: works.assign(species_code=["220", "310"]))
    assert inputs.projects[0]["species_group"].tolist() == ["masson_pine", "chinese_fir"]
    assert found["works_scheme_of_inventory"].rule == "nfci_3digit"


def test_trees_outside_the_place_are_told_and_count(small_place):
    (small_place.parent / "four_side.csv").write_text(
        "record_id,planted_year,tree_count,survival_pct,lon_deg,lat_deg\n"
        "F1,2022,3300,50,105.02,29.51\nF2,2022,10,90,106.5,29.5\n", encoding="utf-8",
    )  # fmt: skip
    inputs = gather(load_settings(small_place))
    found = {one.code: one for one in inputs.problems}
    assert found["trees_outside"].value == "F2 / 106.5 / 29.5"
    assert inputs.errors == []
    assert inputs.four_side[0]["tree_count"].sum() == 3310.0


def test_the_outline_of_a_raster_is_its_rectangle(small_place):
    raster = read_inputs(load_settings(small_place)).landcover[2020]
    assert tuple(outline(raster).total_bounds.round(6)) == (105.0, 29.5, 105.04, 29.52)


def test_an_empty_end_of_a_land_cover_is_told_and_not_refused(small_place):
    codes = np.full((20, 40), 10, "uint8")
    codes[16:] = 0
    write_landcover(small_place.parent / "landcover_2020.tif", codes,
                    tiled=True, blockxsize=16, blockysize=16, SPARSE_OK=True)  # fmt: skip
    notes = read_inputs(load_settings(small_place)).notes
    assert ("raster_end_empty", "17-20") in [(note.code, note.value) for note in notes]


def inventory_in(small_place, change):
    """Change the inventory of 2025 and write it back."""
    path = small_place.parent / "inventory_2025.gpkg"
    change(small_inventory(2025)).to_file(path, layer="xiaoban")
    return load_settings(small_place)


def test_problems_of_all_inputs_are_told_together(small_place):
    settings = inventory_in(small_place, lambda data: data.assign(DI_LEI="0777"))
    (small_place.parent / "events.gpkg").write_bytes(b"nothing")
    (small_place.parent / "landcover_2020.tif").write_bytes(b"nothing")
    with pytest.raises(CarbonSinkError) as caught:
        read_inputs(settings)
    files = {problem.file for problem in caught.value.problems}
    assert files == {"inventory_2025.gpkg", "events.gpkg", "landcover_2020.tif"}


def test_a_check_keeps_no_rows_and_finds_what_a_run_refuses(small_place):
    settings = inventory_in(small_place, lambda data: data.assign(YU_BI_DU=-1.0))
    inputs = gather(settings)
    assert inputs.stands == {}
    assert {problem.code for error in inputs.errors for problem in error.problems} == {"too_small"}


def test_ground_that_two_parcels_hold_along_a_border_counts_once(small_place):
    def widened(data):
        # the first parcel reaches a metre into the next: 1 m by 1.1 km is 0.11 ha
        west, south, east, north = data.geometry[0].bounds
        data.loc[0, "geometry"] = shapely.box(west, south, east + 1e-5, north)
        return data

    inputs = read_inputs(inventory_in(small_place, widened))
    stands, survey = inputs.stands[2025], inputs.surveys[2025]
    place_ha = ellipsoidal_area_ha(inputs.boundary.geometry)[0]
    assert survey.area_ha == pytest.approx(place_ha + 0.107, abs=0.002)
    assert stands["area_ha"].sum() == pytest.approx(place_ha)
    assert stands["area_ha"].sum() == pytest.approx(ellipsoidal_area_ha(stands.geometry).sum())
    assert "overlap_small" in {note.code for note in inputs.notes}


def test_files_of_one_name_are_told_by_their_folders(small_place):
    folder = small_place.parent
    for year in (2020, 2025):
        (folder / str(year)).mkdir()
        data = small_inventory(year)
        data.loc[3, "SLXJ"] = -float(year)
        data.to_file(folder / str(year) / "xb.gpkg", layer="xiaoban")
    text = small_place.read_text(encoding="utf-8")
    for year in (2020, 2025):
        text = text.replace(f"inventory_{year}.gpkg", f"{year}/xb.gpkg")
    small_place.write_text(text, encoding="utf-8")
    found = gather(load_settings(small_place)).problems
    named = {(one.file, one.value) for one in found if one.code == "too_small"}
    assert named == {("2020/xb.gpkg", "-2020.0"), ("2025/xb.gpkg", "-2025.0")}


@pytest.mark.parametrize(
    "name", ["小班.shp", "小班.gdb", "小班.geojson", "小班.parquet", "小班.zip", "小班.gpkg"]
)
def test_the_same_inventory_in_any_format_is_the_same(small_place, name):
    folder = small_place.parent
    before = read_inputs(load_settings(small_place)).stands[2025]
    data, path = small_inventory(2025), folder / name
    if path.suffix == ".parquet":
        data.to_parquet(path)
    elif path.suffix == ".zip":
        (folder / "内").mkdir()
        data.to_file(folder / "内" / "小班.shp", encoding="gbk")
        (folder / "内" / "小班.cpg").unlink()  # as many come: GBK and nothing that says so
        with zipfile.ZipFile(path, "w") as archive:
            for part in (folder / "内").iterdir():
                archive.write(part, part.name)
    elif path.suffix == ".shp":
        data.to_file(path, encoding="gbk")
    else:
        driver = {".gdb": "OpenFileGDB", ".geojson": "GeoJSON", ".gpkg": "GPKG"}[path.suffix]
        data.to_file(path, driver=driver)
    text = small_place.read_text(encoding="utf-8").replace("inventory_2025.gpkg", name)
    small_place.write_text(text, encoding="utf-8")
    after = read_inputs(load_settings(small_place)).stands[2025]
    assert after["stand_id"].tolist() == before["stand_id"].tolist()
    for column in ("class_group", "species_group", "scattered_type"):
        assert after[column].fillna("").tolist() == before[column].fillna("").tolist()
    for column in ("forest_volume_m3", "scattered_volume_m3", "canopy_closure", "area_ha"):
        assert np.allclose(after[column], before[column], rtol=1e-9, equal_nan=True)
