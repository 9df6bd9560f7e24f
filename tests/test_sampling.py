"""A stratified random sample: designed, drawn from a class raster, interpreted and used."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import pytest
import shapely
from conftest import write_landcover

import carbon_sink
from carbon_sink.accuracy import allocation
from carbon_sink.cli import main
from carbon_sink.errors import FileError, TableError
from carbon_sink.language import read_rows
from carbon_sink.layers import write_sample
from carbon_sink.rasters import cells_inside, open_landcover, sample_points
from carbon_sink.readers import read_reference_samples
from carbon_sink.sampling import plan_sample, sample_path


@pytest.fixture
def raster(tmp_path):
    """Trees west of 105.02, cropland east; 20 rows and 40 columns of 0.001 degrees."""
    return open_landcover(write_landcover(tmp_path / "a.tif"), scheme="worldcover")


def box(west, east):
    return gpd.GeoDataFrame(geometry=[shapely.box(west, 29.5, east, 29.52)], crs="EPSG:4490")


def test_every_class_gets_its_number_of_points_on_its_own_cells(raster):
    points = sample_points(raster, {10: 30, 40: 50}, seed=1)
    assert points["map_class"].value_counts().to_dict() == {40: 50, 10: 30}
    assert (points["map_class"].eq(10) == (points.geometry.x < 105.02)).all()
    # centers of cells, none drawn twice
    places = np.column_stack([points.geometry.x - 105.0, points.geometry.y - 29.5]) / 0.001
    assert np.allclose(places % 1.0, 0.5, atol=1e-6)
    assert len(np.unique(places.round(1), axis=0)) == 80
    assert points["sample_id"].is_unique
    assert points.crs == "EPSG:4490"


def test_all_cells_of_a_class_can_be_drawn_and_no_more(raster):
    assert len(sample_points(raster, {10: 400}, seed=1)) == 400
    with pytest.raises(TableError, match=r"10 \(400 < 401\), 50 \(0 < 2\)"):
        sample_points(raster, {10: 401, 50: 2}, seed=1)


def test_the_same_seed_draws_the_same_cells_whatever_the_windows(raster, monkeypatch):
    first = sample_points(raster, {10: 20, 40: 20}, seed=7)
    monkeypatch.setattr("carbon_sink.grids.WINDOW_CELLS", 50)
    raster.encoding["preferred_chunks"] = {"y": 3, "x": 7}
    again = sample_points(raster, {10: 20, 40: 20}, seed=7)
    assert first.equals(again)
    assert not first.geometry.equals(sample_points(raster, {10: 20, 40: 20}, seed=8).geometry)


def test_only_cells_with_their_center_in_the_place_are_drawn(raster):
    # 10 columns of trees and 5 of cropland
    points = sample_points(raster, {10: 200, 40: 100}, seed=1, place=box(105.01, 105.025))
    assert points.geometry.x.between(105.01, 105.025).all()
    with pytest.raises(TableError, match=r"40 \(100 < 101\)"):
        sample_points(raster, {40: 101}, seed=1, place=box(105.01, 105.025))
    with pytest.raises(TableError, match=r"10 \(0 < 1\)"):
        sample_points(raster, {10: 1}, seed=1, place=box(106.0, 106.1))


def test_over_many_draws_every_part_of_a_class_has_its_chance(raster):
    draws = [sample_points(raster, {10: 20}, seed=seed).geometry for seed in range(100)]
    x, y = (np.concatenate([getattr(one, axis) for one in draws]) for axis in "xy")
    # 2000 points fall in either half with a standard deviation of 22
    assert abs((x < 105.01).sum() - 1000) < 110
    assert abs((y < 29.51).sum() - 1000) < 110


def test_larger_cells_are_drawn_more_often(tmp_path):
    codes = np.full((60, 4), 10, dtype="uint8")
    from rasterio.transform import from_origin

    path = write_landcover(tmp_path / "tall.tif", codes, transform=from_origin(0, 60, 1, 1))
    tall = open_landcover(path, scheme="worldcover")
    south = sum(
        (sample_points(tall, {10: 6}, seed=seed).geometry.y < 30).sum() for seed in range(200)
    )
    # the zone to 30 degrees has sin 30 / sin 60 = 0.577 of the area to 60: 693 of 1200 points
    assert abs(south - 0.577 * 1200) < 5 * np.sqrt(1200 * 0.577 * 0.423)


def test_cells_that_can_be_drawn_are_counted_by_their_centers(raster):
    # 10 columns of trees and 5 of cropland, 20 rows each
    counted = cells_inside(raster, box(105.01, 105.025))
    assert counted.to_dict() == {10: 200, 40: 100}
    assert cells_inside(raster, box(106.0, 106.1)).empty


def test_classes_of_one_stratum_are_drawn_together(raster):
    strata = pd.Series({10: 40, 40: 40})
    points = sample_points(raster, {40: 800}, seed=1, strata=strata)
    assert points["map_class"].value_counts().to_dict() == {10: 400, 40: 400}
    assert points["stratum"].eq("40").all()
    # one class for each stratum is the sample by class
    alone = sample_points(raster, {10: 9, 40: 9}, seed=1, strata=pd.Series({10: 10, 40: 40}))
    assert alone["stratum"].eq(alone["map_class"].astype(str)).all()
    assert alone.drop(columns="stratum").equals(sample_points(raster, {10: 9, 40: 9}, seed=1))


def test_the_sheet_is_filled_in_and_read_back_and_the_layer_shows_no_class(raster, tmp_path):
    counts = allocation(40, {10: 300.0, 40: 100.0}, minimum=5)
    points = sample_points(raster, counts, seed=3)
    write_sample(tmp_path / "points.gpkg", points)
    layer = gpd.read_file(tmp_path / "points.gpkg", layer="sample_points")
    assert layer.columns.tolist() == ["sample_id", "geometry"]
    assert layer.geometry.geom_equals_exact(points.geometry, 1e-9).all()
    assert "layer_styles" in pyogrio.list_layers(tmp_path / "points.gpkg")[:, 0]
    with pytest.raises(TableError, match="reference_class"):
        read_reference_samples(tmp_path / "points.csv", "worldcover")
    write_sample(tmp_path / "filled.gpkg", points.assign(reference_class=points["map_class"]))
    samples = read_reference_samples(tmp_path / "filled.csv", "worldcover")
    assert samples["map_class"].tolist() == points["map_class"].tolist()
    header = (tmp_path / "points.csv").read_text(encoding="utf-8-sig").splitlines()[0]
    assert header == "sample_id,lon_deg,lat_deg,reference_class,map_class"
    with pytest.raises(FileError, match="无法写入"):
        write_sample(tmp_path / "nowhere" / "points.gpkg", points)


def command(place, *more):
    """Arguments that sample the land cover of the small place."""
    folder = place.parent
    return ["sample", str(folder / "landcover_2020.tif"), "--scheme", "worldcover",
            "--place", str(folder / "boundary.geojson"), *map(str, more)]  # fmt: skip


def use_sample(place, printed, sheet, found):
    """Fill in the sheet, paste the printed lines into the settings and run."""
    table = pd.read_csv(sheet, dtype=str, encoding="utf-8-sig")
    assert table["reference_class"].isna().all()
    table["reference_class"] = found(table)
    table.to_csv(sheet, index=False, encoding="utf-8-sig")
    lines = printed[printed.index("[[reference_samples]]") :]
    assert "year = ????" in lines  # no year that could be pasted unread
    with place.open("a", encoding="utf-8") as file:
        file.write("\n" + lines.replace("????", "2020"))
    return carbon_sink.run(place, place.parent.parent / "out")


def test_a_sample_goes_from_its_design_to_corrected_areas(small_place, capsys):
    sheet = small_place.parent / "sample.csv"
    assert main(command(small_place, "--total", 100, "--out", sheet)) == 0
    printed = capsys.readouterr().out
    for words in ("10 树木覆盖", "50.00", "怎样判读", "约 104 米见方", "40 耕地、50 建成区"):
        assert words in printed, words

    def found(table):
        wrong = table.index[table["map_class"].eq("40")][:5]
        return table["map_class"].where(~table.index.isin(wrong), "10")

    done = use_sample(small_place, printed, sheet, found)
    row = done.tables["satellite_tree_cover"].iloc[0]
    # half the place is trees, and 5 of 50 points in the other half: 50 + 50 × 0.1
    assert row["mapped_pct"] == pytest.approx(50.0, abs=1e-6)
    assert row["area_pct"] == pytest.approx(55.0, abs=1e-6)
    # ± 1.96 × 0.5 × sqrt(0.1 × 0.9 / 49)
    assert row["high_pct"] - row["area_pct"] == pytest.approx(4.2, abs=0.001)


def test_a_rare_class_is_sampled_with_the_largest_and_the_run_accepts_it(small_place, capsys):
    codes = np.where(np.arange(40)[None, :] < 18, 10, 40).repeat(20, axis=0).astype("uint8")
    codes[5, 30:33] = 80
    write_landcover(small_place.parent / "landcover_2020.tif", codes)
    sheet = small_place.parent / "sample.csv"
    assert main(command(small_place, "--total", 120, "--out", sheet)) == 0
    printed = capsys.readouterr().out
    assert "80 永久水体 → 40 耕地" in printed
    assert "strata_ha = {" in printed
    done = use_sample(small_place, printed, sheet, lambda table: table["map_class"])
    row = done.tables["satellite_tree_cover"].iloc[0]
    assert row["area_pct"] == pytest.approx(row["mapped_pct"], abs=1e-4)
    assert row["samples"] == 120


def test_the_same_command_draws_the_same_points(small_place, tmp_path, capsys):
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        assert main(command(small_place, "--total", 100, "--seed", seed, "--out",
                            tmp_path / f"{name}.gpkg")) == 0  # fmt: skip
    for kind in ("csv", "gpkg"):
        first, again, other = ((tmp_path / f"{name}.{kind}").read_bytes() for name in "abc")
        assert first == again
        assert first != other
    assert not [word for word in ("Traceback", "None", "nan") if word in capsys.readouterr().out]


def test_without_a_total_the_design_says_by_what_rule_and_from_which_source(small_place, capsys):
    before = sorted(small_place.parent.iterdir())
    assert main(["--lang", "en", *command(small_place)]) == 0
    out = capsys.readouterr().out
    for words in ("equation 13", "1,275", "Olofsson P.", "Anderson J. R.", "not verified", "--out"):
        assert words in out, words
    # two halves, 637.5 points each
    assert out.count("638") == 1
    assert sorted(small_place.parent.iterdir()) == before
    assert main(["--lang", "en", *command(small_place, "--standard-error", "0.02")]) == 0
    out = capsys.readouterr().out
    # 0.1275 / 0.02² = 318.75
    assert "319" in out
    assert "default: standard error" not in out


def test_help_names_the_defaults_of_the_constants(capsys):
    with pytest.raises(SystemExit):
        main(["sample", "--help"])
    shown = capsys.readouterr().out
    for row in read_rows("constants.csv"):
        if row["key"].startswith("sample_"):
            assert f"（默认 {row['value']}）" in shown, row["key"]


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (("--total", 99), "99 少于各层最少样本数之和 100"),
        (("--total", 99, "--minimum", 1), "不少于 2"),
        (("--standard-error", 2), "0 与 1 之间，现为：2。"),
        (("--users-accuracy", 85), "0 与 1 之间，现为：85。"),
        (("--total", 2000, "--out", "x.gpkg"), "400 < 1000"),
        (("--seed", -1, "--total", 100, "--out", "x.gpkg"), "不能是负数"),
        (("--out", "x.shp"), "不支持的文件格式"),
        (("--layer", "nothing"), "没有图层"),
        (("--place", "missing.gpkg"), "找不到文件"),
        (("--place", "east.gpkg"), "都没有数据"),
        (("--place", "points.gpkg"), "不是面"),
    ],
)
def test_a_sample_that_cannot_be_drawn_is_refused_and_nothing_is_written(
    small_place, tmp_path, monkeypatch, capsys, more, words
):
    monkeypatch.chdir(tmp_path)
    box(110.0, 110.1).to_file("east.gpkg")
    gpd.GeoDataFrame(geometry=[shapely.Point(105.0, 29.5)], crs="EPSG:4490").to_file("points.gpkg")
    before = sorted(tmp_path.iterdir())
    assert main(command(small_place, *more)) == 1
    captured = capsys.readouterr()
    assert words in captured.err
    assert "Traceback" not in captured.err
    assert sorted(tmp_path.iterdir()) == before


def test_wrong_numbers_and_two_sizes_are_wrong_usage(small_place, capsys):
    for more, words in ((("--standard-error", "x"), "“x”不是数字"),
                        (("--standard-error", 0.1, "--total", 9), "只能给一个")):  # fmt: skip
        with pytest.raises(SystemExit) as left:
            main(command(small_place, *more))
        assert left.value.code == 2
        assert words in capsys.readouterr().err


def test_interpretations_and_inputs_are_never_written_over(tmp_path):
    sheet = tmp_path / "sample.csv"
    assert sample_path(tmp_path / "sample.gpkg", []) == sheet
    sheet.write_text("filled in")
    for name in ("sample.gpkg", "sample.csv"):
        with pytest.raises(FileError, match="不予覆盖"):
            sample_path(tmp_path / name, [])
    with pytest.raises(FileError, match="输入文件"):
        sample_path(tmp_path / "place.gpkg", [tmp_path / "place.gpkg"])
    assert sheet.read_text() == "filled in"


def test_a_map_that_leaves_out_part_of_the_place_is_told(small_place):
    folder = small_place.parent
    box(105.02, 105.06).to_file(folder / "half.gpkg")
    plan = plan_sample(folder / "landcover_2020.tif", "worldcover", place=folder / "half.gpkg",
                       total=100)  # fmt: skip
    assert [(note.code, note.value) for note in plan.notes] == [("landcover_partial", "50.0")]


def test_classes_that_the_product_does_not_have_are_refused(tmp_path):
    path = write_landcover(tmp_path / "odd.tif", np.full((20, 40), 99, "uint8"))
    with pytest.raises(TableError, match="99"):
        plan_sample(path, "worldcover")


def test_polygons_that_overlap_count_once(small_place):
    folder = small_place.parent
    twice = pd.concat([box(105.0, 105.03), box(105.01, 105.04)], ignore_index=True)
    twice.to_file(folder / "twice.gpkg")
    raster = folder / "landcover_2020.tif"
    designs = [plan_sample(raster, "worldcover", place=place, total=100).design
               for place in (folder / "twice.gpkg", folder / "boundary.geojson", None)]  # fmt: skip
    for design in designs:
        assert design.classes["mapped_ha"].tolist() == pytest.approx(
            designs[0].classes["mapped_ha"].tolist(), rel=1e-9
        )
