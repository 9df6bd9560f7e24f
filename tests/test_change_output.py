"""A comparison as it is printed and written: nothing lost in files, no flood on the console."""

import geopandas as gpd
import numpy as np
import openpyxl
import pandas as pd
import pytest
import shapely
from conftest import write_landcover

from carbon_sink.change_output import TABLES
from carbon_sink.cli import main
from carbon_sink.geometry import ellipsoidal_area_ha
from carbon_sink.language import text


@pytest.fixture
def dates(tmp_path):
    """Trees west and cropland east; later the two columns west of the middle are cropland."""
    later = np.where(np.arange(40) < 18, 10, 40).astype("uint8")[None, :].repeat(20, axis=0)
    paths = write_landcover(tmp_path / "before.tif"), write_landcover(tmp_path / "after.tif", later)
    return [*map(str, paths), "--scheme", "worldcover"]


def strips(tmp_path, count):
    """The rasters cut into so many strips from west to east, of 0.04 degrees in all."""
    edges = np.linspace(105.0, 105.04, count + 1)
    shapes = [shapely.box(*edges[[n]], 29.5, *edges[[n + 1]], 29.52) for n in range(count)]
    layer = gpd.GeoDataFrame({"name": [f"{n}片" for n in range(count)]}, geometry=shapes,
                             crs="EPSG:4490")  # fmt: skip
    layer.to_file(tmp_path / "zones.gpkg")
    return ["--zones", str(tmp_path / "zones.gpkg"), "--zone-field", "name"]


def test_a_workbook_holds_every_table_of_a_comparison(dates, tmp_path, capsys):
    out = tmp_path / "out.xlsx"
    assert main(["change", *dates, *strips(tmp_path, 2), "--out", str(out)]) == 0
    assert str(out) in capsys.readouterr().out
    book = openpyxl.load_workbook(out)
    assert book.sheetnames == [text(f"report.sheet.{name}") for name in TABLES]
    for sheet in book.worksheets[:3]:
        assert sheet["A1"].value == "分区"
    notes = [row[3].value for row in book.worksheets[3].rows]
    assert "before.tif → after.tif" in notes[1]
    assert "逐像元比较" in notes[2]
    assert "未经误差校正" in notes[3]


def test_beside_a_csv_lie_the_other_tables(dates, tmp_path, capsys):
    assert main(["--lang", "en", "change", *dates, "--out", str(tmp_path / "out.csv")]) == 0
    printed = capsys.readouterr().out
    tables = {}
    for name in ("out", "out_change", "out_conversion", "out_notes"):
        assert f"{name}.csv" in printed
        tables[name] = pd.read_csv(tmp_path / f"{name}.csv", encoding="utf-8-sig")
    change = tables["out_change"].set_index("class_code")
    # two columns of 0.001 degrees, 20 rows
    lost = gpd.GeoSeries([shapely.box(105.018, 29.5, 105.02, 29.52)], crs="EPSG:4490")
    assert change.loc[10, "loss_ha"] == pytest.approx(ellipsoidal_area_ha(lost).item(), rel=1e-8)
    assert tables["out_conversion"]["area_ha"].sum() == pytest.approx(
        tables["out"]["area_ha"].sum()
    )
    assert "not error-adjusted" in tables["out_notes"]["what"].iloc[2]


def test_no_input_is_written_over_by_a_table_beside_the_file(dates, tmp_path, capsys):
    table = tmp_path / "out_notes.csv"
    table.write_text("lucode,c_above,source\n10,100,plots\n40,30,plots\n", "utf-8")
    words = ["--carbon-table", str(table), "--out", str(tmp_path / "out.csv")]
    assert main(["change", *dates, *words]) == 1
    assert "输入文件" in capsys.readouterr().err
    assert table.read_text("utf-8").startswith("lucode")


def test_few_zones_are_shown_in_full_after_their_sum(dates, tmp_path, capsys):
    assert main(["change", *dates, *strips(tmp_path, 2)]) == 0
    out = capsys.readouterr().out
    assert out.index("全部 2 个分区合计") < out.index("【0片】") < out.index("【1片】")
    assert out.count("转移矩阵") == 3
    assert "未经误差校正" in out.splitlines()[2]


def test_many_zones_have_a_line_each(dates, tmp_path, capsys):
    assert main(["--lang", "en", "change", *dates, *strips(tmp_path, 4)]) == 0
    out = capsys.readouterr().out
    assert out.count("Transitions") == 1
    lines = {line.split()[0]: line.split()[1:] for line in out.splitlines() if "片" in line}
    # ten columns each; the two that changed, a fifth, lie in the second strip
    area, changed, share, trees = lines["1片"]
    assert float(area) == pytest.approx(5 * float(changed), abs=0.05)
    assert (share, trees) == ("20.00", f"−{changed}")
    assert lines["3片"][1:] == ["-", "0.00", "-"]


def test_the_lines_of_very_many_zones_are_cut_and_counted(dates, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("carbon_sink.change_output.ZONES_LISTED", 5)
    assert main(["change", *dates[:2], *strips(tmp_path, 8)]) == 0
    out = capsys.readouterr().out
    assert "4片" in out
    assert "5片" not in out
    assert "其余 3 个分区" in out
