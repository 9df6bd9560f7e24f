"""What was measured, written beside the fields of the polygons."""

import geopandas as gpd
import pandas as pd
import pyogrio
import pytest
import shapely
from conftest import small_inventory, write_landcover

from carbon_sink.composition import compose
from carbon_sink.errors import FileError
from carbon_sink.joining import check_result, write_composition
from carbon_sink.readers import parts
from carbon_sink.report import files


@pytest.fixture
def place(tmp_path):
    """Eight parcels, trees in the west and cropland in the east; paths of both files."""
    stands = small_inventory(2025)
    stands.to_file(tmp_path / "stands.gpkg", layer="xiaoban")
    return tmp_path / "stands.gpkg", write_landcover(tmp_path / "cover.tif")


@pytest.mark.parametrize("suffix", [".csv", ".parquet", ".xlsx", ".gpkg"])
def test_results_keep_the_fields_of_the_polygons(place, tmp_path, monkeypatch, suffix):
    monkeypatch.setattr(parts, "PART_ROWS", 3)
    out = tmp_path / f"result{suffix}"
    found = compose(*place)
    write_composition(out, found)
    read = {".csv": lambda: pd.read_csv(out, dtype={"XIAO_BAN": str}),
            ".parquet": lambda: pd.read_parquet(out),
            ".xlsx": lambda: pd.read_excel(out, dtype={"XIAO_BAN": str}),
            ".gpkg": lambda: gpd.read_file(out)}[suffix]()  # fmt: skip
    assert read["row"].tolist() == list(range(1, 9))
    assert read["XIAO_BAN"].tolist() == [f"{n:03d}" for n in range(1, 9)]
    assert read["class_10_ha"].to_numpy() == pytest.approx(found.table["class_10_ha"].to_numpy())
    assert set(read["method"]) == {"coverage=exact, ellipsoidal area"}
    if suffix == ".gpkg":
        assert shapely.equals(read.geometry.array, gpd.read_file(place[0]).geometry.array).all()


def test_a_field_of_the_same_name_keeps_its_values_under_another(place, tmp_path):
    gpd.read_file(place[0]).assign(area_ha=1.25).to_file(tmp_path / "own.gpkg")
    found = compose(tmp_path / "own.gpkg", place[1])
    write_composition(tmp_path / "out.csv", found)
    assert (pd.read_csv(tmp_path / "out.csv")["area_ha_original"] == 1.25).all()


def test_a_result_that_could_not_be_written_is_refused_before_anything_is_measured(
    place, tmp_path, monkeypatch
):
    for name, words in (("areas.txt", r"\.txt"), (place[0], "输入文件"), ("none/areas.csv", "不存在"),
                        ("stands.gpkg/areas.csv", "不存在"), ("folder.csv", "无法写入")):  # fmt: skip
        (tmp_path / "folder.csv").mkdir(exist_ok=True)
        with pytest.raises(FileError, match=words):
            check_result(tmp_path / name, *place)
    monkeypatch.setattr(files, "SHEET_ROWS", 8)  # seven and the heading
    check_result(tmp_path / "areas.csv", *place)
    with pytest.raises(FileError, match="最多 7 行"):
        check_result(tmp_path / "areas.xlsx", *place)
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "cover.tif", "folder.csv", "stands.gpkg"
    ]  # fmt: skip


def test_texts_that_cannot_be_decoded_are_refused_before_anything_is_measured(place, tmp_path):
    gpd.read_file(place[0]).assign(name="昌元街道").to_file(tmp_path / "a.shp", encoding="gbk")
    check_result(tmp_path / "areas.csv", tmp_path / "a.shp", place[1])
    (tmp_path / "a.cpg").unlink()  # the words tell that it is GBK
    check_result(tmp_path / "areas.csv", tmp_path / "a.shp", place[1])
    (tmp_path / "a.cpg").write_text("no code page", encoding="ascii")
    with pytest.raises(FileError, match="no code page"):
        check_result(tmp_path / "areas.csv", tmp_path / "a.shp", place[1])


@pytest.mark.parametrize("suffix", [".csv", ".parquet", ".xlsx", ".gpkg"])
def test_fields_that_a_format_cannot_hold_as_they_are_get_other_names_or_are_texts(
    place, tmp_path, suffix
):
    odd = gpd.read_file(place[0])[["geometry"]].assign(
        fid=1, geom="x", ROW=2, AREA_HA=3.5, area_ha_original=4.5, nothing=None,
        span=pd.Timedelta("1D"), seen=pd.Timestamp("2025-01-01", tz="Asia/Shanghai"),
    )  # fmt: skip
    odd.to_parquet(tmp_path / "odd.parquet")
    out = tmp_path / f"result{suffix}"
    write_composition(out, compose(tmp_path / "odd.parquet", place[1]))
    read = {".csv": pd.read_csv, ".parquet": pd.read_parquet, ".xlsx": pd.read_excel,
            ".gpkg": gpd.read_file}[suffix](out)  # fmt: skip
    assert {"ROW_original", "AREA_HA_original_2", "area_ha_original", "nothing"} <= set(read)
    assert {"span", "seen"} <= set(read)
    assert read["AREA_HA_original_2"].tolist() == [3.5] * 8
    assert ("fid_original" in read) == ("geom_original" in read) == (suffix == ".gpkg")


def test_a_result_is_measured_again_and_keeps_the_earlier_figures(place, tmp_path):
    source = place[0]
    for name in ("one.gpkg", "two.gpkg", "three.gpkg"):
        write_composition(tmp_path / name, compose(source, place[1]))
        source = tmp_path / name
    names = {"area_ha", "area_ha_original", "area_ha_original_2", "row", "row_original"}
    assert names <= set(gpd.read_file(source).columns)


def test_what_a_library_cannot_write_is_a_message(place, tmp_path, monkeypatch):
    def refuse(*_args, **_options):
        raise pyogrio.errors.FieldError("no such type")

    found = compose(*place)
    monkeypatch.setattr(pyogrio, "write_arrow", refuse)
    with pytest.raises(FileError, match="no such type"):
        write_composition(tmp_path / "out.gpkg", found)
