"""Areas on the ellipsoid."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pyproj
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from carbon_sink import geometry
from carbon_sink.errors import CRSError
from carbon_sink.geometry import (
    areal_scale,
    ellipsoidal_area_ha,
    planar_area_ha,
    row_area_m2,
    zone_area_m2,
)


def geod_area_ha(polygon):
    geod = pyproj.Geod(a=6378137.0, rf=298.257222101)
    return abs(geod.geometry_area_perimeter(polygon.segmentize(0.0002))[0]) / 1e4


def test_a_cell_of_a_tenth_of_a_degree_has_the_published_area():
    cell = gpd.GeoSeries([shapely.box(105.5, 29.4, 105.6, 29.5)], crs="EPSG:4490")
    # 107 533 301.149 m2 by the survey formula of TD/T 1055 and by densified geodesics
    assert np.isclose(ellipsoidal_area_ha(cell)[0], 10753.3301149, rtol=1e-11)


def test_the_whole_ellipsoid_has_its_known_area():
    assert np.isclose(4 * np.pi * zone_area_m2(90.0), 510_065_621_718_491.4, rtol=1e-13)


@settings(max_examples=60, deadline=None)
@given(st.floats(75, 130), st.floats(4, 52), st.floats(0.01, 0.3))
def test_areas_agree_with_geodesics_anywhere_in_china(lon, lat, radius):
    shape = shapely.Point(lon, lat).buffer(radius) - shapely.Point(lon, lat).buffer(radius / 3)
    area = ellipsoidal_area_ha(gpd.GeoSeries([shape], crs="EPSG:4490"))[0]
    assert np.isclose(area, geod_area_ha(shape), rtol=1e-7)


def test_the_area_does_not_depend_on_the_projection_of_the_file():
    shape = gpd.GeoSeries([shapely.Point(105.55, 29.45).buffer(0.02)], crs="EPSG:4490")
    area = ellipsoidal_area_ha(shape)[0]
    for crs in ("EPSG:4523", "EPSG:4544", "EPSG:32648", "EPSG:3857"):
        assert np.isclose(ellipsoidal_area_ha(shape.to_crs(crs))[0], area, rtol=1e-8)


def test_long_straight_edges_of_a_projected_layer_are_followed():
    square = shapely.box(35_540_000, 3_250_000, 35_560_000, 3_270_000)
    area = ellipsoidal_area_ha(gpd.GeoSeries([square], crs="EPSG:4523"))[0]
    scale = pyproj.Proj(4523).get_factors(105.515, 29.46).areal_scale
    assert np.isclose(area, 40_000 / scale, rtol=1e-5)


def test_holes_and_parts_count_and_missing_geometry_has_no_area():
    ring = shapely.box(105, 29, 105.1, 29.1) - shapely.box(105.02, 29.02, 105.04, 29.04)
    two = shapely.MultiPolygon([ring, shapely.box(105.2, 29, 105.3, 29.1)])
    layer = gpd.GeoSeries([ring, two, None, shapely.Polygon()], crs="EPSG:4490", index=list("abcd"))
    area = ellipsoidal_area_ha(layer)
    assert np.isclose(area["a"], geod_area_ha(ring), rtol=1e-9)
    assert np.isclose(area["b"], area["a"] + geod_area_ha(shapely.box(105.2, 29, 105.3, 29.1)))
    assert np.isnan(area["c"])
    assert area["d"] == 0.0


@pytest.mark.parametrize("crs", ["EPSG:4490", "EPSG:4523"])
def test_areas_are_the_same_to_the_last_bit_however_many_are_measured_at_a_time(monkeypatch, crs):
    round_ones = shapely.buffer(shapely.points(np.linspace(105.4, 105.6, 7), 29.45), 0.003)
    ring = shapely.box(105.5, 29.4, 105.6, 29.5) - shapely.box(105.52, 29.42, 105.54, 29.44)
    layer = gpd.GeoSeries([*round_ones, None, ring, shapely.Polygon()], crs="EPSG:4490").to_crs(crs)
    together = [ellipsoidal_area_ha(layer), planar_area_ha(layer, "EPSG:4523")]
    monkeypatch.setattr(geometry, "PART_SHAPES", 2)
    apart = [ellipsoidal_area_ha(layer), planar_area_ha(layer, "EPSG:4523")]
    for one, other in zip(apart, together, strict=True):
        pd.testing.assert_series_equal(one, other, check_exact=True)
    assert ellipsoidal_area_ha(layer.head(0)).empty


def test_rows_of_a_grid_add_up_to_the_zone_between_their_edges():
    rows = row_area_m2(30.0, -0.001, 1000, 0.001)
    assert np.isclose(rows.sum(), (zone_area_m2(30) - zone_area_m2(29)) * np.radians(0.001))


@pytest.mark.parametrize(
    "crs", ["EPSG:3857", "ESRI:54009", "EPSG:4523", "EPSG:32648", "EPSG:6933",
            "+proj=sinu +R=6371007.181 +units=m"],
)  # fmt: skip
def test_the_scale_of_a_projection_is_measured_on_our_ellipsoid(crs):
    # a small square on the map over its area on the ellipsoid, also where the map is of a sphere
    system = pyproj.CRS(crs)
    x, y = pyproj.Transformer.from_crs("EPSG:4490", system, always_xy=True).transform(105.55, 29.45)
    square = gpd.GeoSeries([shapely.box(x - 500, y - 500, x + 500, y + 500)], crs=system)
    expected = 100.0 / ellipsoidal_area_ha(square)[0]
    assert areal_scale(system, np.array([x]), np.array([y]))[0] == pytest.approx(expected, rel=1e-6)


def test_a_layer_without_reference_system_has_no_area():
    with pytest.raises(CRSError, match="没有坐标参照系"):
        ellipsoidal_area_ha(gpd.GeoSeries([shapely.box(0, 0, 1, 1)]))


def test_planar_area_is_given_only_in_systems_that_keep_it():
    shape = gpd.GeoSeries([shapely.Point(105.55, 29.45).buffer(0.02)], crs="EPSG:4490")
    planar = planar_area_ha(shape, "EPSG:4523")[0]
    # 53 km off the central meridian the map is 0.007 % too large
    assert np.isclose(planar / ellipsoidal_area_ha(shape)[0], 1.00007, atol=2e-5)
    for crs in ("EPSG:3857", "EPSG:4490"):
        with pytest.raises(CRSError, match="不能用来量算面积"):
            planar_area_ha(shape, crs)
