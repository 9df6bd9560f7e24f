"""Reading what a bureau brings."""

import json
import math
import struct

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pyogrio
import pytest
import shapely
from conftest import small_inventory
from geopandas.testing import assert_geodataframe_equal

from carbon_sink.errors import CRSError, FileError, TableError
from carbon_sink.projects import four_side_projects
from carbon_sink.readers import (
    geoparquet,
    parts,
    parts_of,
    read_events,
    read_inventory,
    read_layer,
    read_part,
    read_parts,
    read_projects,
    read_reference_samples,
    read_towns,
)
from carbon_sink.readers.layers import as_text


@pytest.fixture
def write(tmp_path):
    def to_file(data, name="a.gpkg", **options):
        data.to_file(tmp_path / name, **options)
        return tmp_path / name

    return to_file


def test_the_national_schema_is_understood_without_a_field_map(write):
    stands = read_inventory(write(small_inventory(2020)), species_scheme="nfci_3digit")
    assert stands["stand_id"][1] == "500153001001-0001-001"
    assert stands["class_group"][[1, 4, 5, 6, 7]].tolist() == [
        "arbor", "bamboo", "shrub_special", "sparse", "cropland",
    ]  # fmt: skip
    assert stands["species_group"][1] == "masson_pine"
    assert stands["forest_volume_m3"].sum() == 8200.0
    assert stands.index.tolist() == list(range(1, 9))
    assert stands.attrs["file"] == "a.gpkg"


def test_rows_and_order_of_the_file_are_kept_and_no_value_is_filled_in(write):
    layer = small_inventory(2020)
    stands = read_inventory(write(layer))
    assert stands["canopy_closure"].isna().tolist() == layer["YU_BI_DU"].isna().tolist()
    assert stands["species_group"].isna().tolist() == layer["YOU_SHI_SZ"].isna().tolist()


def test_other_field_names_come_from_a_map_and_fixed_values_fill_a_missing_field(write):
    layer = small_inventory(2020).rename(columns={"DI_LEI": "地类", "SLXJ": "蓄积"})
    layer = layer.drop(columns="LIN_ZHONG")
    stands = read_inventory(
        write(layer), fields={"land_class": "地类", "forest_volume_m3": "蓄积"},
        fixed={"forest_category": "233"},
    )  # fmt: skip
    assert stands["forest_volume_m3"].sum() == 8200.0
    assert set(stands["forest_category"]) == {"233"}


def test_a_field_the_map_names_must_be_there(write):
    path = write(small_inventory(2020))
    with pytest.raises(TableError) as caught:
        read_inventory(path, fields={"forest_volume_m3": "XUJI", "wood": "SLXJ"})
    assert {problem.code for problem in caught.value.problems} == {
        "field_missing",
        "column_unknown",
    }
    assert "XUJI" in str(caught.value)


def test_a_missing_land_class_field_is_told_by_its_chinese_name(write):
    with pytest.raises(TableError, match="缺少字段“地类”"):
        read_inventory(write(small_inventory(2020).drop(columns="DI_LEI")))


def test_unknown_and_too_coarse_codes_are_refused_with_file_field_and_rows(write):
    layer = small_inventory(2020)
    layer.loc[[2, 4], "DI_LEI"] = ["0110", "0999"]
    with pytest.raises(TableError) as caught:
        read_inventory(write(layer))
    problem = caught.value.problems[0]
    assert (problem.code, problem.field, problem.rows) == ("land_class_unknown", "DI_LEI", (3, 5))
    assert problem.value == "0110, 0999"


def test_unknown_species_are_refused_and_missing_species_are_not(write):
    layer = small_inventory(2020)
    with pytest.raises(TableError, match="999"):
        read_inventory(write(layer.assign(YOU_SHI_SZ="999")), species_scheme="nfci_3digit")


def test_codes_stored_as_numbers_are_read_as_codes(write):
    layer = small_inventory(2020).assign(DI_LEI=[111, 111, 112, 130, 301, 200, 302, 401])
    stands = read_inventory(write(layer), landclass_scheme="old_3digit")
    assert stands["class_group"].tolist()[:4] == ["arbor", "arbor", "arbor", "bamboo"]
    stands = read_inventory(write(layer.assign(DI_LEI=layer["DI_LEI"].astype(float))),
                            landclass_scheme="old_3digit")  # fmt: skip
    assert stands["land_class"][1] == "111"


def test_own_codes_stand_for_groups_of_ours(write):
    layer = small_inventory(2020).assign(DI_LEI="F", YOU_SHI_SZ="P")
    stands = read_inventory(
        write(layer), landclass_codes={"F": "arbor"}, species_codes={"P": "masson_pine"}
    )
    assert set(stands["class_group"]) == {"arbor"}
    assert set(stands["species_group"]) == {"masson_pine"}


def test_numbers_that_are_none_and_those_out_of_range_are_refused_together(write):
    layer = small_inventory(2020).assign(PINGJUN_SG=700, PINGJUN_NL="old")
    with pytest.raises(TableError) as caught:
        read_inventory(write(layer))
    assert {problem.code for problem in caught.value.problems} == {"too_large", "not_a_number"}


def test_a_layer_without_reference_system_is_refused(write):
    layer = gpd.GeoDataFrame(small_inventory(2020).drop(columns="geometry"),
                             geometry=small_inventory(2020).geometry.to_numpy(), crs=None)  # fmt: skip
    with pytest.warns(UserWarning, match="crs"):
        path = write(layer)
    with pytest.raises(CRSError, match="没有坐标参照系"):
        read_layer(path)


def test_several_layers_need_one_named(write):
    path = write(small_inventory(2020), layer="one")
    small_inventory(2025).to_file(path, layer="two")
    with pytest.raises(FileError, match=r"one \(8\), two \(8\)"):
        read_layer(path)
    assert len(read_layer(path, "two")) == 8
    with pytest.raises(FileError, match="没有图层"):
        read_layer(path, "three")


def test_files_that_are_missing_foreign_empty_or_broken_are_refused(write, tmp_path):
    with pytest.raises(FileError, match="找不到文件"):
        read_layer(tmp_path / "none.gpkg")
    (tmp_path / "a.dwg").write_bytes(b"x")
    with pytest.raises(FileError, match="不支持"):
        read_layer(tmp_path / "a.dwg")
    (tmp_path / "b.gpkg").write_bytes(b"not a database")
    with pytest.raises(FileError, match="内容却是纯文本"):
        read_layer(tmp_path / "b.gpkg")
    with pytest.raises(FileError, match="没有记录"):
        read_layer(write(small_inventory(2020).head(0), "empty.gpkg"))


@pytest.mark.parametrize("name", ["a.shp", "a.geojson", "a.parquet"])
def test_other_formats_give_the_same_stock(tmp_path, name):
    layer = small_inventory(2020)
    path = tmp_path / name
    layer.to_parquet(path) if name.endswith("parquet") else layer.to_file(path)
    assert read_inventory(path)["forest_volume_m3"].sum() == 8200.0


def test_a_geoparquet_file_in_many_row_groups_reads_as_one(tmp_path):
    layer = small_inventory(2020).assign(SSZZS=[1, None, 3, None, 5, 6, 7, 8])
    layer.to_parquet(tmp_path / "a.parquet", row_group_size=3, write_covering_bbox=True)
    read = read_layer(tmp_path / "a.parquet")
    assert read.index.tolist() == list(range(1, 9))
    whole = gpd.read_parquet(tmp_path / "a.parquet")
    assert_geodataframe_equal(read.reset_index(drop=True), whole)
    # spelled out in the file; known again, nothing has to be projected anew
    assert read.crs.is_exact_same(layer.crs)


@pytest.mark.parametrize("name", ["a.gpkg", "a.parquet"])
def test_only_the_fields_that_are_named_are_read(tmp_path, name):
    layer, path = small_inventory(2020), tmp_path / name
    layer.to_parquet(path) if name.endswith("parquet") else layer.to_file(path)
    assert set(read_layer(path, fields=["SLXJ", "DI_LEI", "SLXJ"]).columns) == {
        "SLXJ", "DI_LEI", "geometry",
    }  # fmt: skip
    assert len(read_layer(path, fields=[])) == 8


def test_a_file_without_a_geometry_or_a_reference_system_is_refused_in_geoparquet_too(tmp_path):
    layer = small_inventory(2020)
    pd.DataFrame(layer.drop(columns="geometry")).to_parquet(tmp_path / "a.parquet")
    with pytest.raises(FileError, match="没有 GeoParquet 的元数据"):
        read_inventory(tmp_path / "a.parquet")
    layer.set_crs(None, allow_override=True).to_parquet(tmp_path / "b.parquet")
    with pytest.raises(CRSError, match="没有坐标参照系"):
        read_inventory(tmp_path / "b.parquet")


def test_codes_of_every_kind_become_texts_and_empty_cells_stay_empty():
    written = pd.Series(["0111", " 12 ", 111, 112.0, "", " ", None, 1.5], dtype=object)
    texts = as_text(written)
    assert texts.dropna().tolist() == ["0111", "12", "111", "112", "1.5"]
    assert texts.isna().tolist() == [False] * 4 + [True] * 3 + [False]
    for column in (pd.Series([111.0, None]), pd.Series([111, None], dtype="Int64"),
                   pd.Series(["111", None], dtype="category")):  # fmt: skip
        pd.testing.assert_series_equal(as_text(column), pd.Series(["111", None], dtype="str"))


def test_towns_have_unique_codes(write):
    towns = gpd.GeoDataFrame({"code": ["1", "1"], "name": ["a", "b"]},
                             geometry=[shapely.box(0, 0, 1, 1)] * 2, crs=4490)  # fmt: skip
    with pytest.raises(TableError, match="重复"):
        read_towns(write(towns))
    assert read_towns(write(towns.head(1), "b.gpkg"))["town_name"].tolist() == ["a"]
    with pytest.raises(TableError, match="缺少字段"):
        read_towns(write(towns.head(1), "c.gpkg"), name_field="mingcheng")


def with_a_deleted_row(path):
    """Mark the last row of a Shapefile in GBK as deleted, and take away what says GBK."""
    table = path.with_suffix(".dbf")
    raw = bytearray(table.read_bytes())
    rows, head, width = struct.unpack_from("<IHH", raw, 4)
    raw[head + width * (rows - 1)] = ord("*")
    raw[29] = 0
    table.write_bytes(raw)
    path.with_suffix(".cpg").unlink()
    return path


def test_what_is_found_in_towns_and_projects_is_handed_on_once(write):
    high = shapely.force_3d(shapely.box(0, 0, 1, 1), 300.0)
    columns = {
        "code": ["1", "2", "3"], "name": ["荣隆镇", "昌元街道", "马尾松"],
        "项目编号": ["1", "2", "3"], "项目类型": "corridor", "实施年度": 2022, "完成面积": 3.0,
    }  # fmt: skip
    layer = gpd.GeoDataFrame(columns, geometry=[high] * 3, crs=4490)
    path = with_a_deleted_row(write(layer, "a.shp", encoding="gbk"))
    for read in (read_layer, read_towns, read_projects):
        codes = [note.code for note in read(path).attrs["notes"]]
        more = ["works_species_missing"] if read is read_projects else []
        assert codes == ["encoding_found", "rows_deleted", "heights_ignored", *more]


def test_what_is_found_in_an_inventory_is_handed_on(write):
    path = with_a_deleted_row(
        write(small_inventory(2020).assign(备注="马尾松林"), "a.shp", encoding="gbk")
    )
    stands = read_inventory(path, species_scheme="nfci_3digit")
    assert stands.attrs["file"] == "a.shp"
    codes = [note.code for note in stands.attrs["notes"]]
    assert codes[:2] == ["encoding_found", "rows_deleted"]


def test_projects_come_as_polygons_or_as_four_side_records(write, tmp_path):
    works = gpd.GeoDataFrame(
        {"project_id": ["1"], "project_type": ["corridor"], "start_year": [2022], "done_ha": [3.0]},
        geometry=[shapely.box(0, 0, 1, 1)], crs=4490,
    )  # fmt: skip
    assert read_projects(write(works))["done_ha"].tolist() == [3.0]
    with pytest.raises(TableError, match="garden"):
        read_projects(write(works.assign(project_type="garden"), "b.gpkg"))
    csv = tmp_path / "four.csv"
    header = "record_id,planted_year,tree_count,side,survival_pct\n"
    csv.write_text(header + "x,2023,3300,宅,50\n", encoding="utf-8-sig")
    assert four_side_projects(read_projects(csv))["done_ha"].tolist() == [1.0]
    csv.write_text(header + "x,2023,3300,宅,50\ny,2023,3300,村,\n", encoding="utf-8-sig")
    with pytest.raises(TableError, match="成活率") as caught:
        read_projects(csv)
    assert caught.value.problems[0].rows == (3,)
    csv.write_text("record_id,planted_year,tree_count\nx,2023,many\n", encoding="utf-8")
    with pytest.raises(TableError) as caught:
        read_projects(csv)
    # the header is line 1, so the record is on line 2
    assert caught.value.problems[0].rows == (2,)


def test_events_are_fires_harvests_or_pests(write):
    events = gpd.GeoDataFrame(
        {"event_id": ["1"], "event_type": ["flood"], "year": [2022], "area_ha": [3.0]},
        geometry=[shapely.box(0, 0, 1, 1)], crs=4490,
    )  # fmt: skip
    with pytest.raises(TableError, match="火灾 fire, 采伐 harvest, 病虫害 pest"):
        read_events(write(events))
    assert len(read_events(write(events.assign(event_type="fire"), "b.gpkg"))) == 1


def test_a_csv_that_is_missing_is_refused_and_one_in_gbk_is_read_and_told(tmp_path):
    with pytest.raises(FileError, match="找不到文件"):
        read_projects(tmp_path / "none.csv")
    path = tmp_path / "gbk.csv"
    path.write_bytes("record_id,栽植年度,株数,村,成活率\n宅,2023,3300,荣隆,50\n".encode("gbk"))
    projects = read_projects(path)
    assert four_side_projects(projects)["done_ha"].tolist() == [1.0]
    told = [note.code for note in projects.attrs["notes"]]
    assert told == ["encoding_found", "works_species_missing"]


def test_a_gbk_shapefile_is_read_with_and_without_a_cpg(tmp_path):
    layer = small_inventory(2020).assign(备注="马尾松林地")
    path = tmp_path / "a.shp"
    layer.to_file(path, encoding="gbk")
    for _ in range(2):
        assert read_inventory(path)["forest_volume_m3"].sum() == 8200.0
        assert read_layer(path)["备注"].tolist() == ["马尾松林地"] * 8
        path.with_suffix(".cpg").unlink(missing_ok=True)


def test_fields_with_chinese_names_are_known(write):
    layer = small_inventory(2020).rename(columns={"DI_LEI": "地类", "SLXJ": "森林蓄积"})
    assert read_inventory(write(layer))["forest_volume_m3"].sum() == 8200.0


def test_a_missing_field_is_told_with_the_fields_there_are(write):
    layer = small_inventory(2020).rename(columns={"DI_LEI": "LAND"})
    with pytest.raises(TableError, match="LAND, LIN_ZHONG"):
        read_inventory(write(layer))


def test_scattered_types_as_numbers_or_texts_mean_the_same_and_others_are_refused(write):
    for number, kind in enumerate(("2", "2.0", " 2 ", 2, 2.0, "四旁树")):
        layer = small_inventory(2020).assign(SSLX=kind)
        stands = read_inventory(write(layer, f"{number}.gpkg"))
        assert set(stands["scattered_type"]) == {"2"}, kind
    for column, value in (("SSLX", "路旁树"), ("SSLX", "02"), ("LIN_ZHONG", "果树")):
        with pytest.raises(TableError) as caught:
            read_inventory(write(small_inventory(2020).assign(**{column: value}), f"{value}.gpkg"))
        problem = caught.value.problems[0]
        assert (problem.code, problem.field) == ("attribute_unknown", column)


def test_parts_of_a_sub_compartment_have_keys_of_their_own(write):
    layer = small_inventory(2020).assign(XIAO_BAN="001", XI_BAN=[*"1234567", None])
    stands = read_inventory(write(layer))
    assert stands["stand_id"].is_unique
    assert stands["stand_id"][1].endswith("-001-1")


def test_unknown_and_computed_columns_cannot_be_mapped_or_fixed(write):
    path = write(small_inventory(2020))
    for options in ({"fixed": {"town_cod": "1"}}, {"fixed": {"geometry": "x"}},
                    {"fields": {"carbon_t": "SLXJ"}}):  # fmt: skip
        with pytest.raises(TableError) as caught:
            read_inventory(path, **options)
        assert caught.value.problems[0].code == "column_unknown"


def test_own_codes_are_added_to_a_scheme(write):
    layer = small_inventory(2020)
    layer.loc[0, "DI_LEI"] = "0199"
    stands = read_inventory(
        write(layer), landclass_scheme="ly1955_4digit", landclass_codes={"0199": "bamboo"}
    )
    assert stands["class_group"].tolist()[:2] == ["bamboo", "arbor"]


def test_codes_with_fractions_are_kept_as_they_are(write):
    layer = small_inventory(2020).assign(XIAO_BAN=1.5)
    assert read_inventory(write(layer))["subcompartment"][1] == "1.5"


def test_all_faults_of_a_file_come_at_once(write):
    layer = small_inventory(2020).assign(SLXJ="一百", YOU_SHI_SZ="999")
    layer.loc[3, "DI_LEI"] = "9999"
    with pytest.raises(TableError) as caught:
        read_inventory(write(layer), species_scheme="nfci_3digit")
    codes = [problem.code for problem in caught.value.problems]
    assert codes == ["not_a_number", "land_class_unknown", "species_unknown"]


def test_a_leading_zero_that_a_spreadsheet_took_off_is_told(write):
    layer = small_inventory(2020).assign(DI_LEI=[111, 111, 111, 113, 131, 120, 210, 141])
    with pytest.raises(TableError, match="丢了开头的 0"):
        read_inventory(write(layer))


@pytest.mark.realdata
def test_the_finnish_stands_have_their_area_and_stock(real_data):
    stands = read_inventory(
        real_data / "stands_finland" / "smk_demo_stands.gpkg",
        fields={"land_class": "main_group", "registered_area_ha": "area_ha",
                "volume_m3_ha": "t2_Volume"}, landclass_codes={"1": "arbor"},
    )  # fmt: skip
    assert len(stands) == 60
    assert stands["registered_area_ha"].sum() == pytest.approx(105.0, abs=1e-9)
    volume = stands["registered_area_ha"] * stands["volume_m3_ha"]
    assert volume.sum() == pytest.approx(16_562.112, abs=1e-3)
    assert isinstance(stands, pd.DataFrame)


# ---------------------------------------------------------------------- reference samples


def sample_points(**columns):
    table = {"sample_id": ["a", "b", "c", "d"], "map_class": ["10", "树木覆盖", "40", "耕地"],
             "reference_class": ["树木覆盖", "40", "Cropland", "40"]} | columns  # fmt: skip
    places = gpd.points_from_xy([105.0] * 4, [29.5] * 4)
    return gpd.GeoDataFrame(table, geometry=places, crs="EPSG:4490")


def test_classes_of_a_reference_sample_are_named_by_code_or_name(write):
    samples = read_reference_samples(write(sample_points()), "worldcover")
    assert samples["map_class"].tolist() == [10, 10, 40, 40]
    assert samples["reference_class"].tolist() == [10, 40, 40, 40]
    assert samples.attrs == {"file": "a.gpkg", "strata_ha": {}}


def test_fields_of_a_reference_sample_may_have_other_names(write):
    points = sample_points().rename(columns={"map_class": "制图", "reference_class": "解译"})
    samples = read_reference_samples(
        write(points), "worldcover", map_field="制图", reference_field="解译"
    )
    assert samples["reference_class"].tolist() == [10, 40, 40, 40]
    with pytest.raises(TableError, match="map_class"):
        read_reference_samples(write(points), "worldcover", reference_field="解译")


def test_empty_rows_at_the_end_of_a_sheet_are_no_sample_units(tmp_path):
    rows = ["sample_id,reference_class,map_class", "1,10,10", "2,10,10", ",,", " ,,"]
    (tmp_path / "sheet.csv").write_text("\n".join(rows), encoding="utf-8-sig")
    samples = read_reference_samples(tmp_path / "sheet.csv", "worldcover")
    assert samples["sample_id"].tolist() == ["1", "2"]
    (tmp_path / "sheet.csv").write_text("\n".join([*rows, "3,,10"]), encoding="utf-8-sig")
    with pytest.raises(TableError, match="行 6"):  # rows are counted as a spreadsheet does
        read_reference_samples(tmp_path / "sheet.csv", "worldcover")


def test_strata_of_a_reference_sample_need_their_areas_and_two_units_each(write):
    points = write(sample_points(stratum=["x", "x", "y", "z"]))
    with pytest.raises(TableError) as refused:
        read_reference_samples(points, "worldcover", strata_ha={"x": 10.0, "w": 5.0})
    problems = {problem.code: problem.value for problem in refused.value.problems}
    assert problems == {
        "strata_without_area": "y, z", "accuracy_too_few": "w (0), y (1), z (1)",
    }  # fmt: skip
    with pytest.raises(TableError, match="stratum"):
        read_reference_samples(write(sample_points()), "worldcover", strata_ha={"x": 1.0})
    halves = write(sample_points(stratum=["x", "x", "y", "y"]))
    samples = read_reference_samples(halves, "worldcover", strata_ha={"x": 1.0, "y": 2.0})
    assert samples.attrs["strata_ha"] == {"x": 1.0, "y": 2.0}


def numbered(tmp_path, name, rows=10, **options):
    """Squares numbered from 1, written as a file."""
    layer = gpd.GeoDataFrame({"n": range(1, rows + 1), "text": "昌元街道"},
                             geometry=[shapely.box(n, 0, n + 1, 1) for n in range(rows)],
                             crs="EPSG:4490")  # fmt: skip
    path = tmp_path / name
    write = layer.to_parquet if name.endswith("parquet") else layer.to_file
    write(path, **options)
    return path


@pytest.mark.parametrize("group", [4, 10])
def test_parts_hold_few_rows_whatever_the_row_groups_are(tmp_path, monkeypatch, group):
    monkeypatch.setattr(parts, "PART_ROWS", 3)
    monkeypatch.setattr(geoparquet, "BATCH_ROWS", 2)
    cut = parts_of(numbered(tmp_path, "a.parquet", row_group_size=group))
    assert [(part.first, part.last) for part in cut] == [(0, 3), (3, 6), (6, 9), (9, 10)]
    for rows in (pd.concat(map(read_part, cut)), pd.concat(read_parts(cut))):
        assert rows["n"].tolist() == rows.index.tolist() == list(range(1, 11))
        assert rows.geometry.bounds["minx"].tolist() == list(range(10))


def test_deleted_rows_of_a_shapefile_are_not_counted_and_later_parts_stay_right(
    tmp_path, monkeypatch
):
    table = numbered(tmp_path, "a.shp").with_suffix(".dbf")
    content = bytearray(table.read_bytes())
    head, length = struct.unpack("<HH", content[8:12])
    content[head + 3 * length] = ord("*")  # the fourth row is deleted
    table.write_bytes(content)
    monkeypatch.setattr(parts, "PART_ROWS", 4)
    cut = parts_of(table.with_suffix(".shp"))
    rows = pd.concat(read_part(part) for part in cut)
    assert rows["n"].tolist() == [1, 2, 3, 5, 6, 7, 8, 9, 10]
    assert rows.index.tolist() == list(range(1, 10))


def test_arcs_are_read_as_fine_polygons(tmp_path):
    points = [(0, 0), (1, 1), (2, 0), (1, -1), (0, 0)]  # a circle: two arcs of radius 1
    arcs = struct.pack("<BII", 1, 8, 5) + b"".join(struct.pack("<dd", *one) for one in points)
    circle = struct.pack("<BII", 1, 10, 1) + arcs
    path = tmp_path / "a.gpkg"
    pyogrio.raw.write(path, np.array([circle], dtype=object), [np.array([7])], ["n"],
                      geometry_type="Unknown", crs="EPSG:4490", driver="GPKG")  # fmt: skip
    for rows in (read_layer(path), read_part(parts_of(path)[0])):
        assert rows["n"].tolist() == [7]
        assert shapely.area(rows.geometry.array).tolist() == pytest.approx([math.pi], rel=1e-5)


def test_texts_of_a_part_are_read_in_the_encoding_that_was_found(tmp_path):
    path = numbered(tmp_path, "a.shp", encoding="gbk")
    for _ in range(2):
        assert read_part(parts_of(path)[0])["text"].tolist() == ["昌元街道"] * 10
        path.with_suffix(".cpg").unlink(missing_ok=True)


@pytest.mark.parametrize("wrong", [
    lambda about: about.pop("primary_column"),
    lambda about: about.update(columns={}),
    lambda about: about.update(columns=[]),
    lambda about: about.update(primary_column="n"),
    lambda about: about["columns"]["geometry"].update(crs="nonsense"),
    lambda about: about["columns"]["geometry"].update(encoding="polygon"),
])  # fmt: skip
def test_geoparquet_that_describes_itself_wrongly_is_refused(tmp_path, wrong):
    path = numbered(tmp_path, "a.parquet")
    table = pq.read_table(path)
    about = json.loads(table.schema.metadata[b"geo"])
    wrong(about)
    pq.write_table(table.replace_schema_metadata({"geo": json.dumps(about)}), path)
    for read in (read_layer, parts_of):
        with pytest.raises(FileError, match="GeoParquet"):
            read(path)
