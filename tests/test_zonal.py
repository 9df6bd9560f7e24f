"""Exact class areas: worked by hand, against exactextract, and invariants."""

import geopandas as gpd
import numpy as np
import pytest
import shapely
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

from carbon_sink import zonal
from carbon_sink.errors import CRSError, FileError
from carbon_sink.geometry import ellipsoidal_area_ha
from carbon_sink.zonal import Grid, class_area, grid_of


def make_raster(codes, transform, crs, nodata=None):
    """A raster in the conventions of rioxarray; transform as GDAL writes it."""
    import pyproj

    attrs = {"_FillValue": nodata} if nodata is not None else {}
    reference = {"GeoTransform": " ".join(map(repr, transform))}
    if crs:
        reference["crs_wkt"] = pyproj.CRS(crs).to_wkt()
    return xr.DataArray(
        np.asarray(codes), dims=("y", "x"), attrs=attrs,
        coords={"spatial_ref": xr.DataArray(0, attrs=reference)},
    )  # fmt: skip


@pytest.fixture
def degree_raster():
    rng = np.random.default_rng(1)
    codes = rng.choice([10, 20, 40, 80], size=(60, 80)).astype("uint8")
    return make_raster(codes, (105.0, 0.01, 0.0, 30.0, 0.0, -0.01), "EPSG:4326")


def test_a_square_over_the_corner_of_four_cells_takes_a_quarter_of_each():
    codes = np.array([[1, 2], [3, 4]], dtype="uint8")
    raster = make_raster(codes, (0.0, 1e-3, 0.0, 1e-3, 0.0, -1e-3), "EPSG:4326")
    # from the middle of the first cell to the middle of the last one, at the equator
    square = gpd.GeoSeries([shapely.box(0.5e-3, -0.5e-3, 1.5e-3, 0.5e-3)], crs="EPSG:4326")
    area = class_area(square, raster)
    cell_ha = 1.2309073  # 110.574276 m along the meridian, 111.319491 m along the equator
    assert area.columns.tolist() == [1, 2, 3, 4]
    assert np.allclose(area.to_numpy(), cell_ha / 4, rtol=1e-7)


def test_areas_of_all_classes_add_up_to_the_area_of_the_polygon(degree_raster):
    shape = shapely.Point(105.4, 29.7).buffer(0.2137)
    hole = shapely.Point(105.45, 29.72).buffer(0.05)
    polygons = gpd.GeoSeries([shape, shape - hole], crs="EPSG:4490")
    total = class_area(polygons, degree_raster).sum(axis=1)
    assert np.allclose(total, ellipsoidal_area_ha(polygons), rtol=1e-8)


def test_a_projected_grid_gives_ellipsoidal_areas():
    codes = np.ones((300, 300), dtype="uint8")
    corner = (35_490_000.0, 100.0, 0.0, 3_270_000.0, 0.0, -100.0)
    raster = make_raster(codes, corner, "EPSG:4523")
    polygons = gpd.GeoSeries([shapely.box(35_495_000, 3_250_000, 35_515_000, 3_262_000)],
                             crs="EPSG:4523")  # fmt: skip
    area = class_area(polygons, raster)[1]
    assert np.allclose(area, ellipsoidal_area_ha(polygons), rtol=1e-7)


@pytest.mark.parametrize("crs", ["EPSG:3857", "EPSG:32648"])
def test_polygons_and_rasters_in_other_systems_keep_the_ellipsoidal_area(crs):
    import pyproj

    to_map = pyproj.Transformer.from_crs("EPSG:4490", crs, always_xy=True)
    west, south = to_map.transform(105.4, 29.4)
    raster = make_raster(np.ones((700, 700), "uint8"),
                         (west, 30.0, 0.0, south + 21_000.0, 0.0, -30.0), crs)  # fmt: skip
    # large straight edges in degrees, which are curves on the map
    polygons = gpd.GeoSeries([shapely.box(105.43, 29.42, 105.56, 29.53)], crs="EPSG:4490")
    area = class_area(polygons, raster)[1]
    assert np.allclose(area, ellipsoidal_area_ha(polygons), rtol=1e-6)


def test_a_south_up_grid_gives_the_same_areas(degree_raster):
    flipped = make_raster(
        degree_raster.to_numpy()[::-1], (105.0, 0.01, 0.0, 29.4, 0.0, 0.01), "EPSG:4326"
    )
    polygons = gpd.GeoSeries([shapely.Point(105.4, 29.7).buffer(0.13)], crs="EPSG:4326")
    assert np.allclose(class_area(polygons, degree_raster), class_area(polygons, flipped))


def test_polygons_outside_the_raster_have_no_area_and_those_across_its_edge_a_part(degree_raster):
    polygons = gpd.GeoSeries(
        [shapely.box(100, 20, 101, 21), shapely.box(104.9, 29.5, 105.1, 29.6)],
        crs="EPSG:4326", index=["far", "edge"],
    )  # fmt: skip
    inside = gpd.GeoSeries([shapely.box(105.0, 29.5, 105.1, 29.6)], crs="EPSG:4326")
    total = class_area(polygons, degree_raster).sum(axis=1)
    assert total["far"] == 0
    assert np.isclose(total["edge"], ellipsoidal_area_ha(inside)[0], rtol=1e-9)


def test_nodata_cells_belong_to_no_class():
    codes = np.array([[0, 10], [10, 10]], dtype="uint8")
    raster = make_raster(codes, (105.0, 0.01, 0.0, 30.0, 0.0, -0.01), "EPSG:4326", nodata=0)
    everything = gpd.GeoSeries([shapely.box(105.0, 29.98, 105.02, 30.0)], crs="EPSG:4326")
    assert class_area(everything, raster).columns.tolist() == [10]


def test_centre_counting_takes_whole_cells():
    codes = np.ones((4, 4), dtype="uint8")
    raster = make_raster(codes, (0.0, 1e-3, 0.0, 2e-3, 0.0, -1e-3), "EPSG:4326")
    # covers 60 % of the cells of the first column, so their centres lie inside
    strip = gpd.GeoSeries([shapely.box(0.0, -2e-3, 0.6e-3, 2e-3)], crs="EPSG:4326")
    exact = class_area(strip, raster)[1][0]
    whole = class_area(strip, raster, coverage="center")[1][0]
    assert np.isclose(whole / exact, 1 / 0.6)


def test_the_height_of_the_strips_changes_nothing(degree_raster, monkeypatch):
    rng = np.random.default_rng(5)
    centres = rng.uniform([104.95, 29.35], [105.85, 30.05], size=(40, 2))
    polygons = gpd.GeoSeries(shapely.buffer(shapely.points(centres), 0.07), crs="EPSG:4326")
    whole = class_area(polygons, degree_raster)
    monkeypatch.setattr(zonal, "STRIP_CELLS", 160)
    assert class_area(polygons, degree_raster).equals(whole)


@st.composite
def star(draw):
    """A simple polygon seen from its centre, in cell units, with slivers and spikes."""
    corners = draw(st.integers(3, 12))
    turn = draw(st.lists(st.floats(0.02, 1.0), min_size=corners, max_size=corners))
    angle = np.cumsum(turn) / np.sum(turn) * 2 * np.pi
    radius = draw(st.lists(st.floats(0.01, 6.0), min_size=corners, max_size=corners))
    centre = draw(st.tuples(st.floats(-2.0, 14.0), st.floats(-2.0, 14.0)))
    points = np.column_stack([np.cos(angle), np.sin(angle)]) * np.array(radius)[:, None]
    return shapely.Polygon(points + centre)


@settings(max_examples=150, deadline=None)
@given(star())
def test_shares_of_cells_equal_the_areas_of_their_intersections(shape):
    if not shape.is_valid or shape.area < 1e-6:
        return
    codes = np.arange(144, dtype="int32").reshape(12, 12)
    grid = Grid(0.0, 12.0, 1.0, -1.0, 12, 12, None)
    rings = zonal._rings(gpd.GeoSeries([shape]), grid)
    sums = np.zeros((1, 144), dtype=np.int64)
    zonal._kernel()(
        rings.points, rings.is_edge, rings.first, np.array([0]), codes, 0,
        np.full(12, 2.0**40), np.ones((1, 1)), 64, True, 1.0, sums,
    )  # fmt: skip
    boxes = [shapely.box(c, 11 - r, c + 1, 12 - r) for r in range(12) for c in range(12)]
    expected = shapely.area(shapely.intersection(shape, boxes))
    assert np.allclose(sums[0] / 2.0**40, expected, atol=1e-9)


@settings(max_examples=30, deadline=None)
@given(star(), st.integers(0, 11))
def test_starting_a_ring_elsewhere_or_reversing_it_changes_nothing(shape, shift):
    if not shape.is_valid or shape.area < 1e-6:
        return
    codes = (np.arange(144).reshape(12, 12) % 7).astype("uint8")
    raster = make_raster(codes, (105.0, 0.01, 0.0, 29.12, 0.0, -0.01), "EPSG:4326")
    ring = np.array(shape.exterior.coords)[:-1] * 0.01 + [105.0, 29.0]
    turned = np.roll(ring, shift % len(ring), axis=0)
    polygons = gpd.GeoSeries(
        [shapely.Polygon(ring), shapely.Polygon(turned), shapely.Polygon(ring[::-1])],
        crs="EPSG:4326",
    )
    area = class_area(polygons, raster).to_numpy()
    assert np.allclose(area[0], area[1], atol=1e-7)
    assert np.allclose(area[0], area[2], atol=1e-7)


def test_shares_agree_with_exactextract():
    exactextract = pytest.importorskip("exactextract")
    from exactextract.raster import NumPyRasterSource

    codes = np.arange(400, dtype="int32").reshape(20, 20)
    rng = np.random.default_rng(11)
    shapes = [
        shapely.concave_hull(shapely.MultiPoint(rng.uniform(0, 20, (12, 2))), 0.4)
        for _ in range(60)
    ]
    polygons = gpd.GeoSeries([s for s in shapes if s.geom_type == "Polygon"], crs="EPSG:4523")
    source = NumPyRasterSource(codes, 0, 0, 20, 20, srs_wkt=polygons.crs.to_wkt())
    theirs = exactextract.exact_extract(
        source, gpd.GeoDataFrame(geometry=polygons), ["unique", "frac", "count"], output="pandas"
    )
    grid = Grid(0.0, 20.0, 1.0, -1.0, 20, 20, None)
    rings = zonal._rings(polygons, grid)
    sums = np.zeros((len(polygons), 400), dtype=np.int64)
    zonal._kernel()(
        rings.points, rings.is_edge, rings.first, np.arange(len(polygons)), codes, 0,
        np.full(20, 2.0**40), np.ones((1, 1)), 64, True, 1.0, sums,
    )  # fmt: skip
    for ours, row in zip(sums / 2.0**40, theirs.itertuples(), strict=True):
        expected = np.zeros(400)
        expected[np.asarray(row.unique, dtype=int)] = np.asarray(row.frac) * row.count
        assert np.abs(ours - expected).max() < 1e-6


def test_a_raster_without_reference_system_is_refused():
    raster = make_raster(np.ones((2, 2), "uint8"), (0, 1, 0, 2, 0, -1), None)
    with pytest.raises(CRSError, match="坐标"):
        grid_of(raster)


def test_a_rotated_raster_is_refused():
    raster = make_raster(np.ones((2, 2), "uint8"), (0, 1, 0.2, 2, 0.2, -1), "EPSG:4326")
    with pytest.raises(FileError, match="旋转"):
        grid_of(raster)


def test_polygons_without_reference_system_are_refused(degree_raster):
    with pytest.raises(CRSError):
        class_area(gpd.GeoSeries([shapely.box(105, 29.9, 105.1, 30)]), degree_raster)
