"""Rasters measured in the polygons of a file, part by part."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import rasterio
import shapely
from conftest import small_inventory, write_landcover

from carbon_sink import readers
from carbon_sink.composition import compose, total_lines
from carbon_sink.errors import CarbonSinkError, CRSError, FileError, SettingsError, TableError
from carbon_sink.geometry import ellipsoidal_area_ha
from carbon_sink.readers import parts


@pytest.fixture
def place(tmp_path):
    """Eight parcels, trees in the west and cropland in the east; paths of both files."""
    stands = small_inventory(2025)
    stands.to_file(tmp_path / "stands.gpkg", layer="xiaoban")
    return tmp_path / "stands.gpkg", write_landcover(tmp_path / "cover.tif")


def test_every_polygon_has_the_hectares_of_each_class(place):
    found = compose(*place, scheme="worldcover")
    area = ellipsoidal_area_ha(gpd.read_file(place[0]).geometry).to_numpy()
    # columns 0 and 1 of the parcels are trees, 2 and 3 cropland
    trees = np.tile([True, True, False, False], 2)
    assert found.table["class_10_ha"].to_numpy() == pytest.approx(
        np.where(trees, area, 0.0), abs=1e-9
    )
    assert found.table["class_40_ha"].to_numpy() == pytest.approx(
        np.where(trees, 0.0, area), abs=1e-9
    )
    assert (found.table["no_data_ha"] == 0).all()
    assert found.class_ha.to_dict() == pytest.approx(
        {10: area[trees].sum(), 40: area[~trees].sum()}
    )
    assert found.method == "coverage=exact, ellipsoidal area"
    assert found.notes == []


def test_a_raster_of_values_gives_statistics(place, tmp_path):
    density = np.where(np.arange(40)[None, :] < 20, 80.5, 3.5).repeat(20, axis=0)
    raster = write_landcover(tmp_path / "density.tif", density.astype("float32"), nodata=-1.0)
    found = compose(place[0], raster)
    row = found.table.iloc[0]
    assert (row["mean"], row["min"], row["max"]) == (80.5, 80.5, 80.5)
    assert row["sum"] == pytest.approx(80.5 * row["area_ha"])
    assert any("42.0" in line for line in total_lines(found, lang="en"))


@pytest.mark.parametrize("suffix", [".gpkg", ".shp", ".parquet"])
def test_parts_give_what_the_whole_gives(place, tmp_path, monkeypatch, suffix):
    stands = gpd.read_file(place[0])
    file = tmp_path / f"cut{suffix}"
    if suffix == ".parquet":
        stands.to_parquet(file, row_group_size=3, write_covering_bbox=True)
    else:
        stands.to_file(file)
    whole = compose(file, place[1])
    monkeypatch.setattr(parts, "PART_ROWS", 3)
    seen = []
    cut = compose(file, place[1], on_part=lambda done, total: seen.append((done, total)))
    assert [(part.first, part.last) for part in cut.parts] == [(0, 3), (3, 6), (6, 8)]
    assert seen == [(1, 3), (2, 3), (3, 3)]
    pd.testing.assert_frame_equal(cut.table, whole.table, check_exact=True)


def test_classes_the_product_does_not_have_are_refused(place, tmp_path):
    raster = write_landcover(tmp_path / "odd.tif", np.full((20, 40), 77, "uint8"))
    assert 77 in compose(place[0], raster).class_ha.index
    with pytest.raises(TableError, match="77"):
        compose(place[0], raster, scheme="worldcover")


def test_polygons_without_data_are_refused_and_those_with_some_are_told(place, tmp_path):
    moved = gpd.read_file(place[0])
    moved.geometry = moved.translate(xoff=0.025)  # the third column ends 0.005 degrees beyond
    moved.to_file(tmp_path / "moved.gpkg")
    notes = compose(tmp_path / "moved.gpkg", place[1]).notes
    # rows 2 to 4 and 6 to 8: the second column lies half outside, the others wholly
    assert [(note.code, note.count, note.value) for note in notes] == [
        ("raster_partial", 6, "37.5"), ("raster_misses", 4, "")
    ]  # fmt: skip
    assert notes[1].rows == (3, 4, 7, 8)
    moved.geometry = moved.translate(xoff=5.0)
    moved.to_file(tmp_path / "far.gpkg")
    with pytest.raises(CRSError, match="没有数据"):
        compose(tmp_path / "far.gpkg", place[1])


def test_one_small_polygon_without_data_is_told_although_nearly_all_have_some(place, tmp_path):
    layer = gpd.read_file(place[0])
    layer.loc[4, "geometry"] = shapely.box(106.0, 29.5, 106.0001, 29.5001)
    layer.to_file(tmp_path / "one.gpkg")
    (note,) = compose(tmp_path / "one.gpkg", place[1]).notes
    assert (note.code, note.count, note.rows) == ("raster_misses", 1, (5,))


def test_whole_numbers_are_values_where_that_is_said_or_they_are_scaled(place, tmp_path):
    heights = np.arange(800, dtype="int16").reshape(20, 40)
    raster = write_landcover(tmp_path / "dem.tif", heights, nodata=-1)
    with pytest.raises(TableError, match="--values"):
        compose(place[0], raster)  # 800 different heights are no classes
    assert compose(place[0], raster, values=True).table["max"].max() == 799.0
    with rasterio.open(raster, "r+") as file:
        file.scales = (0.5,)
    assert compose(place[0], raster).table["max"].max() == 399.5


def test_without_a_worker_nothing_is_measured(place):
    for scheduler in ("", "local"):
        with pytest.raises(SettingsError, match="至少应为 1"):
            compose(*place, workers=0, scheduler=scheduler)


def test_problems_of_all_parts_are_told_together(place, tmp_path, monkeypatch):
    monkeypatch.setattr(parts, "PART_ROWS", 3)
    broken = gpd.read_file(place[0])
    broken.loc[[0, 5, 7], "geometry"] = None
    broken.to_file(tmp_path / "broken.gpkg")
    with pytest.raises(CarbonSinkError) as refusal:
        compose(tmp_path / "broken.gpkg", place[1])
    (problem,) = refusal.value.problems
    assert (problem.code, problem.count, problem.rows) == ("geometry_missing", 3, (1, 6, 8))


def test_repairs_of_all_parts_are_told_once_with_their_hectares(place, tmp_path, monkeypatch):
    monkeypatch.setattr(parts, "PART_ROWS", 3)
    spiked = gpd.read_file(place[0])
    for row in (1, 6):
        west, south, east, north = spiked.geometry[row].bounds
        spiked.loc[row, "geometry"] = shapely.Polygon(
            [
                (west, south),
                (east, south),
                (east, north),
                (east, south),
                (east, north),
                (west, north),
            ]
        )
    spiked.to_file(tmp_path / "spiked.gpkg")
    notes = compose(tmp_path / "spiked.gpkg", place[1]).notes
    assert [(note.code, note.count, note.rows) for note in notes] == [
        ("geometry_repaired", 2, (2, 7))
    ]


def test_repairs_are_judged_by_the_area_of_the_whole_layer(place, tmp_path, monkeypatch):
    layer = gpd.read_file(place[0])
    west, south, east, north = layer.geometry[7].bounds
    # a hole that reaches beyond its polygon by 0.2 % of it: 0.025 % of all eight
    hole = shapely.box(east - 0.0004, south + 0.002, east + 0.0002, south + 0.003)
    box = shapely.box(west, south, east, north)
    layer.loc[7, "geometry"] = shapely.Polygon(box.exterior, [hole.exterior])
    layer.to_file(tmp_path / "hole.gpkg")
    assert [note.code for note in compose(tmp_path / "hole.gpkg", place[1]).notes] == [
        "geometry_redrawn"
    ]
    monkeypatch.setattr(parts, "PART_ROWS", 3)
    assert [note.code for note in compose(tmp_path / "hole.gpkg", place[1]).notes] == [
        "geometry_redrawn"
    ]
    layer.tail(1).to_file(tmp_path / "alone.gpkg")
    with pytest.raises(TableError, match=r"0\.1%"):
        compose(tmp_path / "alone.gpkg", place[1])


def test_a_geoparquet_file_without_geometry_is_refused(place, tmp_path):
    pd.DataFrame({"a": [1]}).to_parquet(tmp_path / "plain.parquet")
    with pytest.raises(FileError):
        compose(tmp_path / "plain.parquet", place[1])
    with pytest.raises(FileError, match="找不到"):
        readers.parts_of(tmp_path / "none.gpkg")
