"""The command line as a user meets it: words, exit codes, no tracebacks."""

import json
import re
import subprocess
import sys

import pandas as pd
import pytest
from conftest import small_inventory

from carbon_sink.cli import main
from carbon_sink.cli.commands import _progress_line


def test_help_is_chinese_by_default_and_english_on_request(capsys):
    for arguments, words in ((["--help"], "用法"), (["--lang", "en", "--help"], "usage")):
        with pytest.raises(SystemExit) as left:
            main(arguments)
        assert left.value.code == 0
        assert words in capsys.readouterr().out
    with pytest.raises(SystemExit):
        main(["--lang", "en", "run", "--help"])
    assert not re.search(r"[一-鿿]", capsys.readouterr().out)


def test_wrong_usage_leaves_with_two(capsys):
    wrong = {("run",): "缺少参数：settings", ("rum",): "不认识的取值 rum", ("run", "a", "b"): "b",
             ("demo", "--polygons", "x"): "“x”不是整数", ("demo", "--seed"): "缺少取值",
             ("run", "a", "--workers", "0"): "“0”不是正整数",
             ("zonal", "a", "b", "--workers", "-2"): "“-2”不是正整数",
             ("zonal", "a", "b", "--values", "--scheme", "clcd"): "只能给一个"}  # fmt: skip
    for arguments, words in wrong.items():
        with pytest.raises(SystemExit) as left:
            main(list(arguments))
        assert left.value.code == 2
        message = capsys.readouterr().err
        assert "命令用法有误" in message
        assert words in message


def test_a_run_prints_headlines_and_says_where_the_map_is(small_place, tmp_path, capsys):
    assert main(["run", str(small_place), "--out", str(tmp_path / "out")]) == 0
    out = capsys.readouterr().out
    assert "森林蓄积量：0.94 万m³（目标：达到 1 万m³）未达标，已完成增量的 70.0%" in out
    assert "建成区绿化覆盖率：43.1 %（目标：保持不低于 42 %）已达标" in out
    assert "index.html" in out


def test_check_reads_everything_and_writes_the_findings_and_no_result(
    small_place, tmp_path, capsys, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    assert main(["--lang", "en", "check", str(small_place)]) == 0
    out = capsys.readouterr().out
    assert "Inventory 2025: 8 stands" in out
    written = {path.name for path in (tmp_path / "maps" / "small" / "check_2025").iterdir()}
    assert {"findings_小地方_2025.xlsx", "findings_小地方_2025.csv"} <= written
    assert not (tmp_path / "maps" / "small" / "2025").exists()


def test_check_finds_what_a_run_would_refuse_for_want_of_parameters(
    small_place, tmp_path, capsys, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    path = small_place.parent / "inventory_2025.gpkg"
    small_inventory(2025).assign(YOU_SHI_SZ="110").to_file(path, layer="xiaoban")
    assert main(["check", str(small_place)]) == 1
    assert "other_conifer" in capsys.readouterr().out


def test_check_tells_the_problems_of_all_files_and_not_of_the_first_alone(
    small_place, tmp_path, capsys, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    folder = small_place.parent
    small_inventory(2025).assign(DI_LEI="0777").to_file(
        folder / "inventory_2025.gpkg", layer="xiaoban"
    )
    (folder / "projects.gpkg").write_text("<html></html>", encoding="utf-8")
    assert main(["check", str(small_place)]) == 1
    out = capsys.readouterr().out
    assert "0777" in out
    assert "projects.gpkg" in out


def test_inspect_says_whether_a_file_is_fit_for_use(small_place, tmp_path, capsys):
    path = small_place.parent / "inventory_2025.gpkg"
    assert main(["inspect", str(path)]) == 0
    assert "森林资源小班图层" in capsys.readouterr().out
    small_inventory(2025).assign(DI_LEI="0777").to_file(path, layer="xiaoban")
    assert main(["inspect", str(path), "--json", "--out", str(tmp_path / "found")]) == 1
    report = json.loads(capsys.readouterr().out)
    assert report["outcome"] == "refuse"
    assert len(list((tmp_path / "found").iterdir())) == 3


def test_inspect_never_shows_a_traceback(tmp_path, capsys):
    path = tmp_path / "a.shp"
    path.write_bytes(b"no shapefile")
    for name in (path, tmp_path / "none.gpkg", "/vsicurl/http://example.org/a.gpkg", tmp_path):
        assert main(["inspect", str(name)]) == 1
        assert "处理：" in capsys.readouterr().out


def broken(place, change):
    """Break one input of the small place and return what the message must name."""
    folder = place.parent
    layer = small_inventory(2025)
    target = folder / "inventory_2025.gpkg"
    if change == "missing file":
        target.unlink()
        return ("inventory_2025.gpkg", "找不到文件")
    if change == "missing field":
        layer.drop(columns="DI_LEI").to_file(target, layer="xiaoban")
        return ("inventory_2025.gpkg", "地类", "fields")
    if change == "unknown code":
        layer.loc[[1, 4], "DI_LEI"] = "0777"
        layer.to_file(target, layer="xiaoban")
        return ("inventory_2025.gpkg", "DI_LEI", "0777", "2、5", "landclass_codes")
    if change == "no CRS":
        import geopandas as gpd

        bare = gpd.GeoDataFrame(layer.drop(columns="geometry"), geometry=layer.geometry.to_numpy())
        with pytest.warns(UserWarning, match="crs"):
            bare.to_file(target, layer="xiaoban")
        return ("inventory_2025.gpkg", "坐标参照系", "EPSG:4490")
    if change == "no overlap":
        layer["geometry"] = layer.geometry.translate(yoff=5.0)
        layer.to_file(target, layer="xiaoban")
        return ("inventory_2025.gpkg", "不相交", "坐标系")
    text = place.read_text(encoding="utf-8")
    place.write_text(text.replace("report_year = 2025", "report_year = 2024"), encoding="utf-8")
    return ("settings.toml", "2024", "2020, 2025")


@pytest.mark.parametrize(
    "change",
    [
        "missing file",
        "missing field",
        "unknown code",
        "no CRS",
        "no overlap",
        "year without inventory",
    ],
)
def test_bad_input_gives_one_message_exit_one_and_leaves_earlier_results(
    small_place, tmp_path, capsys, change
):
    out = tmp_path / "out"
    assert main(["run", str(small_place), "--out", str(out)]) == 0
    before = {path: path.read_bytes() for path in out.rglob("*") if path.is_file()}
    words = broken(small_place, change)
    capsys.readouterr()
    assert main(["run", str(small_place), "--out", str(out)]) == 1
    captured = capsys.readouterr()
    for word in words:
        assert word in captured.err, word
    assert "Traceback" not in captured.err
    assert captured.out == ""
    assert {path: path.read_bytes() for path in out.rglob("*") if path.is_file()} == before
    # and the same message in English
    assert main(["--lang", "en", "run", str(small_place), "--out", str(out)]) == 1
    assert "to do:" in capsys.readouterr().err


def test_zonal_prints_totals_and_writes_what_every_polygon_holds(small_place, tmp_path, capsys):
    folder, out = small_place.parent, tmp_path / "areas.csv"
    files = [str(folder / "inventory_2025.gpkg"), str(folder / "landcover_2020.tif")]
    assert (
        main(["zonal", *files, "--scheme", "worldcover", "--out", str(out), "--workers", "2"]) == 0
    )
    printed = capsys.readouterr().out
    assert "8 个图斑" in printed
    assert "10 树木覆盖" in printed
    assert out.read_text(encoding="utf-8-sig").startswith("row,DI_LEI,")
    assert main(["zonal", *files, "--lang", "en", "--coverage", "center"]) == 0
    assert "8 polygons" in capsys.readouterr().out
    assert main(["zonal", *files, "--values"]) == 0
    assert "面积加权平均 25.0000" in capsys.readouterr().out  # half is 10 and half 40
    assert main(["zonal", files[0], "none.tif", "--out", str(tmp_path / "none" / "a.csv")]) == 1
    assert "文件夹不存在" in capsys.readouterr().err
    assert main(["zonal", files[1], files[1]]) == 1
    assert "Traceback" not in capsys.readouterr().err


def test_workers_and_a_cluster_on_this_machine_give_the_same_results(small_place, tmp_path):
    outs = [tmp_path / name for name in ("alone", "threads", "cluster")]
    extra = [[], ["--workers", "2"], ["--workers", "1", "--scheduler", "local"]]
    for out, options in zip(outs, extra, strict=True):
        assert main(["run", str(small_place), "--out", str(out), *options]) == 0
    first = (outs[0] / "indicators.json").read_bytes()
    assert all((out / "indicators.json").read_bytes() == first for out in outs[1:])
    areas = [(out / "tables" / "landcover_area.csv").read_bytes() for out in outs]
    assert areas[0] == areas[1] == areas[2]


def test_a_demonstration_that_cannot_be_made_is_told_without_a_traceback(tmp_path, capsys):
    assert main(["demo", str(tmp_path / "few"), "--polygons", "50"]) == 1
    assert "至少 200" in capsys.readouterr().err
    (tmp_path / "file").write_text("x")
    assert main(["--lang", "en", "demo", str(tmp_path / "file" / "demo"), "--polygons", "200"]) == 1
    assert "cannot be written" in capsys.readouterr().err


@pytest.mark.parametrize("scale", ["district", "city"])
def test_files_of_the_user_s_own_are_not_overwritten_by_the_demonstration(tmp_path, capsys, scale):
    for name in ("settings.toml", "towns.gpkg"):
        (tmp_path / name).write_text("mine")
    assert main(["demo", str(tmp_path), "--scale", scale]) == 1
    message = capsys.readouterr().err
    assert "不是示例生成的" in message
    for name in ("settings.toml", "towns.gpkg"):
        assert name in message
        assert (tmp_path / name).read_text() == "mine"
    assert len(list(tmp_path.iterdir())) == 2


def test_results_are_not_written_over_the_data(small_place, capsys):
    before = sorted(small_place.parent.iterdir())
    assert main(["run", str(small_place), "--out", str(small_place.parent)]) == 1
    assert "输入数据" in capsys.readouterr().err
    assert sorted(small_place.parent.iterdir()) == before


def test_the_module_is_the_command_line_and_starts_without_heavy_packages():
    code = ("import sys, carbon_sink.cli; "
            "print([n for n in ('geopandas', 'pandas', 'numpy', 'folium', 'rasterio', 'pydantic') "
            "if n in sys.modules])")  # fmt: skip
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert loaded.stdout.strip() == "[]"
    version = subprocess.run(
        [sys.executable, "-m", "carbon_sink", "--version"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert re.fullmatch(r"\d+\.\d+\.\d+\s*", version.stdout)


def test_a_run_that_is_ended_leaves_nothing_behind(demo_place, tmp_path):
    import signal
    import time

    out = tmp_path / "out"
    running = subprocess.Popen(
        [sys.executable, "-m", "carbon_sink", "run", str(demo_place), "--out", str(out)],
        stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    deadline = time.monotonic() + 60
    while not any(tmp_path.iterdir()) and time.monotonic() < deadline:
        time.sleep(0.05)
    running.send_signal(signal.SIGTERM)
    message = running.communicate(timeout=60)[1]
    assert running.returncode == 130
    assert "已中断" in message
    assert list(tmp_path.iterdir()) == []


def test_a_console_in_gbk_shows_the_messages(small_place, tmp_path):
    import os

    done = subprocess.run(
        [sys.executable, "-m", "carbon_sink", "run", str(small_place), "--out", str(tmp_path / "o")],
        capture_output=True, check=False, env={**os.environ, "PYTHONIOENCODING": "gbk"},
    )  # fmt: skip
    assert done.returncode == 0
    assert "森林蓄积量" in done.stdout.decode("gbk")


def test_a_modelled_value_is_not_told_as_met():
    row = pd.Series({"name": "森林蓄积量", "unit": "万m3", "value": 92.5, "kind": "reach",
                     "target_value": 90.0, "done_pct": 141.4, "met": None,
                     "reason": "推算值，不作达标判定"})  # fmt: skip
    said = _progress_line(row, "zh")
    assert "92.5 万m³（目标：达到 90 万m³）推算值，不作达标判定" in said
    assert "已达标" not in said
