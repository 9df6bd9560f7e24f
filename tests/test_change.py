"""Two land-cover files compared on the command line: printed, written, refused."""

from pathlib import Path

import geopandas as gpd
import numpy as np
import openpyxl
import pandas as pd
import pytest
import shapely
from conftest import write_landcover

from carbon_sink.change import compare_files
from carbon_sink.change_output import change_lines
from carbon_sink.cli import main
from carbon_sink.geometry import ellipsoidal_area_ha


@pytest.fixture
def dates(tmp_path):
    """Trees west and cropland east; later four columns of cropland are built up."""
    later = np.where(np.arange(40) < 20, 10, 40).astype("uint8")
    later[30:34] = 50
    before = write_landcover(tmp_path / "before.tif")
    after = write_landcover(tmp_path / "after.tif", later[None, :].repeat(20, axis=0))
    return str(before), str(after)


@pytest.fixture
def zones(tmp_path):
    """The west and the east half of the rasters."""
    shapes = [shapely.box(105.0, 29.5, 105.02, 29.52), shapely.box(105.02, 29.5, 105.04, 29.52)]
    layer = gpd.GeoDataFrame({"name": ["西片", "=1+1"]}, geometry=shapes, crs="EPSG:4490")
    layer.to_file(tmp_path / "zones.gpkg", layer="one")
    layer.to_file(tmp_path / "zones.gpkg", layer="two")
    return str(tmp_path / "zones.gpkg")


def test_the_matrix_and_the_gains_are_printed_with_names_and_rule(dates, capsys):
    assert main(["change", *dates, "--scheme", "worldcover"]) == 0
    out = capsys.readouterr().out
    built = ellipsoidal_area_ha(
        gpd.GeoSeries([shapely.box(105.03, 29.5, 105.034, 29.52)], crs="EPSG:4326")
    ).item()
    lines = out.splitlines()
    assert lines[0].startswith("土地覆盖变化：before.tif → after.tif")
    assert "逐像元比较" in lines[1]
    cropland = next(line for line in lines if line.startswith("40 耕地"))
    assert f"{built:,.2f}" in cropland
    assert "各类增减" in out
    gain = [line for line in lines if line.startswith("50 建成区")][-1].split()
    assert gain[2:] == ["-", f"{built:,.2f}", f"{built:,.2f}", "-", f"{built:,.2f}", "-", "-"]
    assert "待定：" in out
    # columns stand under each other on a console, where a wide glyph takes two places
    matrix = lines[lines.index(next(one for one in lines if "转移矩阵" in one)) + 1 :][:4]
    places = {sum(2 if ord(glyph) > 0x2E80 else 1 for glyph in line) for line in matrix}
    assert len(places) == 1


def test_without_a_scheme_codes_have_no_names_and_nothing_is_guessed(dates, capsys):
    assert main(["--lang", "en", "change", *dates]) == 0
    out = capsys.readouterr().out
    assert "Cropland" not in out
    assert "IPCC" not in out
    assert "\n40 " in out
    assert "Note:" not in out


def test_each_zone_has_its_tables(dates, zones, capsys):
    assert main(["change", *dates, "--zones", zones, "--layer", "one", "--zone-field", "name"]) == 0
    out = capsys.readouterr().out
    assert "【西片】" in out
    west = out[out.index("【西片】") : out.index("【=1+1】")]
    assert "\n10 " in west
    assert "\n40 " not in west


@pytest.mark.parametrize("kind", ["csv", "parquet", "xlsx"])
def test_transitions_are_written_as_the_name_of_the_file_says(dates, zones, tmp_path, kind):
    out = tmp_path / f"out.{kind}"
    words = ["--zones", zones, "--layer", "two", "--zone-field", "name", "--scheme", "worldcover"]
    assert main(["change", *dates, *words, "--out", str(out)]) == 0
    if kind == "csv":
        table = pd.read_csv(out, encoding="utf-8-sig")
    elif kind == "parquet":
        table = pd.read_parquet(out)
    else:
        rows = list(openpyxl.load_workbook(out).active.values)
        assert rows[0][-1] == "面积（ha）"
        table = pd.DataFrame(rows[1:], columns=["zone", "from_code", "from_name_zh", "from_name_en",
                                                "to_code", "to_name_zh", "to_name_en", "area_ha"])  # fmt: skip
    whole = ellipsoidal_area_ha(
        gpd.GeoSeries([shapely.box(105, 29.5, 105.04, 29.52)], crs="EPSG:4326")
    )
    assert table["area_ha"].sum() == pytest.approx(whole.item(), rel=1e-8)
    assert table["to_name_zh"].tolist() == ["树木覆盖", "耕地", "建成区"]
    # a name that a spreadsheet would take for a formula is a text
    assert table["zone"].iloc[-1] == ("=1+1" if kind == "parquet" else "'=1+1")
    assert not list(tmp_path.glob(".part*"))


def test_the_same_file_twice_is_told(dates, tmp_path, capsys):
    assert main(["change", dates[0], dates[0]]) == 0
    assert "是不是同一个文件" in capsys.readouterr().out
    assert compare_files(*dates).notes == []


def test_two_legends_give_no_gains_by_class_but_a_conversion(dates):
    later = write_landcover(dates[1], np.full((20, 40), 2, "uint8"))
    done = compare_files(dates[0], later, schemes=("worldcover", "clcd"))
    assert not done.is_one_legend
    out = "\n".join(change_lines(done, "en"))
    assert "Gains" not in out
    assert "Forest land" in out
    assert [note.code for note in done.notes] == ["landcover_algorithm"]


def test_what_limits_a_comparison_is_printed(dates, capsys):
    from rasterio.transform import from_origin

    moved = from_origin(105.0005, 29.52, 0.001, 0.001)
    write_landcover(dates[1], np.full((10, 20), 10, "uint8"), transform=moved)
    assert main(["change", *dates, "--scheme-before", "worldcover_v100",
                 "--scheme-after", "worldcover_v200"]) == 0  # fmt: skip
    out = capsys.readouterr().out
    assert "规则：两期网格不同；以前期的像元为准" in out
    assert "错开（列、行：0.500, 0.000 个像元）" in out
    assert "worldcover v100 → worldcover v200" in out
    assert "只在一期有数据" in out


def test_an_empty_end_of_a_sparse_file_is_told(dates, zones, capsys):
    codes = np.full((20, 40), 10, "uint8")
    codes[16:] = 0
    write_landcover(dates[1], codes, tiled=True, blockxsize=16, blockysize=16, SPARSE_OK=True)
    for words in ([], ["--zones", zones, "--layer", "one"]):
        assert main(["change", *dates, *words]) == 0
        out = capsys.readouterr().out
        assert "从第 17-20 行起的 3 个存储块" in out
        assert "只在一期有数据" in out


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--scheme", "clcd"], ("before.tif", "clcd", "10", "ha")),
        (["--zones", "none.gpkg"], ("none.gpkg", "找不到文件")),
        (["--zones", "zones.gpkg"], ("one (2), two (2)", "--layer")),
        (["--zones", "zones.gpkg", "--layer", "one", "--zone-field", "xiang"], ("xiang", "name")),
        (["--out", "table.txt"], (".txt", ".xlsx")),
        (["--out", "after.parquet"], ("after.parquet", "输入文件")),
        (["--out", "nowhere/out.csv"], ("不存在", "out.csv")),
    ],
)
def test_refusals_are_one_message_without_a_traceback(
    dates, zones, tmp_path, monkeypatch, capsys, words, message
):
    monkeypatch.chdir(tmp_path)
    if "after.parquet" in words:
        gpd.read_file(zones, layer="one").to_parquet("after.parquet")
        words = [*words, "--zones", "after.parquet"]
    assert main(["change", *dates, *words]) == 1
    error = capsys.readouterr().err
    assert "Traceback" not in error
    for word in message:
        assert word in error


def test_rasters_of_two_places_and_files_cut_short_are_refused(dates, tmp_path, capsys):
    from rasterio.transform import from_origin

    far = write_landcover(tmp_path / "far.tif", transform=from_origin(110.0, 29.52, 0.001, 0.001))
    assert main(["change", dates[0], str(far)]) == 1
    assert "before.tif, far.tif" in capsys.readouterr().err
    content = Path(dates[1]).read_bytes()
    (tmp_path / "short.tif").write_bytes(content[: len(content) * 2 // 3])
    assert main(["change", dates[0], str(tmp_path / "short.tif")]) == 1
    assert "short.tif" in capsys.readouterr().err


@pytest.fixture
def carbon_table(tmp_path):
    path = tmp_path / "carbon.csv"
    path.write_text("lucode,c_above,source\n10,100,plots\n40,30,plots\n50,0,paved\n", "utf-8")
    return path


def test_with_a_carbon_table_densities_are_written_and_their_sums_printed(
    dates, carbon_table, tmp_path, capsys
):
    import rasterio

    out = tmp_path / "out"
    out.mkdir()
    words = ["change", *dates, "--carbon-table", str(carbon_table), "--out", str(out / "t.csv")]
    assert main(words) == 0
    printed = capsys.readouterr().out
    with rasterio.open(out / "carbon_density_change_before_after.tif") as raster:
        # four of forty columns of cropland (30 t/ha) became built-up land
        assert np.unique(raster.read(1)).tolist() == [-30.0, 0.0]
    place = gpd.GeoSeries([shapely.box(105.03, 29.5, 105.034, 29.52)], crs="EPSG:4490")
    lost = -30.0 * ellipsoidal_area_ha(place).item()
    assert f"碳储量变化：{lost:,.2f} 吨碳" in printed
    assert "仅供筛查" in printed


def test_a_carbon_table_that_is_missing_or_incomplete_is_refused(dates, carbon_table, capsys):
    assert main(["change", *dates, "--carbon-table", "none.csv"]) == 1
    assert "找不到文件：none.csv" in capsys.readouterr().err
    carbon_table.write_text("lucode,c_above,source\n10,100,plots\n", "utf-8")
    assert main(["change", *dates, "--carbon-table", str(carbon_table)]) == 1
    message = capsys.readouterr().err
    assert "before.tif 中的类别 40" in message
    assert "after.tif 中的类别 40, 50" in message


def test_densities_are_of_the_classes_of_the_scheme_that_was_named(dates, tmp_path):
    # 10 is no class of CLCD, so it may be the nodata code; in WorldCover it is tree cover
    for path in dates:
        write_landcover(path, np.full((20, 40), 2, "uint8"), nodata=10)
    table, out = tmp_path / "table.csv", tmp_path / "out"
    table.write_text("lucode,c_above,source\n2,100,plots\n", "utf-8")
    out.mkdir()
    words = ["change", *dates, "--carbon-table", str(table), "--out", str(out / "t.csv")]
    assert main([*words, "--scheme", "clcd"]) == 0
    assert main([*words, "--scheme", "worldcover"]) == 1
