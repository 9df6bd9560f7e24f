"""Points of a stratified random sample, drawn from a class raster."""

import geopandas as gpd
import numpy as np
import pytest
import shapely
from conftest import write_landcover

from carbon_sink.accuracy import allocation
from carbon_sink.errors import TableError
from carbon_sink.layers import write_sample
from carbon_sink.rasters import open_landcover, sample_points
from carbon_sink.readers import read_reference_samples


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


def test_points_are_written_to_be_filled_in_and_read_back(raster, tmp_path):
    counts = allocation(40, {10: 300.0, 40: 100.0}, minimum=5)
    points = sample_points(raster, counts, seed=3)
    write_sample(tmp_path / "points.gpkg", points)
    write_sample(tmp_path / "filled.gpkg", points.assign(reference_class=points["map_class"]))
    with pytest.raises(TableError, match="reference_class"):
        read_reference_samples(tmp_path / "points.csv", "worldcover")
    for name in ("filled.csv", "filled.gpkg"):
        samples = read_reference_samples(tmp_path / name, "worldcover")
        assert samples["map_class"].tolist() == points["map_class"].tolist()
