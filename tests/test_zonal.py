"""Exact class areas: worked by hand, against exactextract, and invariants."""

import geopandas as gpd
import numpy as np
import pytest
import shapely
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

from carbon_sink import grids, rings
from carbon_sink.errors import CRSError, FileError
from carbon_sink.geometry import ellipsoidal_area_ha
from carbon_sink.grids import Grid, grid_of
from carbon_sink.rings import rings_of
from carbon_sink.zonal import class_area, class_quanta, kernel, quanta_to_ha, statistics


def make_raster(codes, transform, crs, nodata=None):
    """A raster in the conventions of rioxarray; transform as GDAL writes it."""
    import pyproj

    attrs = {"_FillValue": nodata} if nodata is not None else {}
    reference = {"GeoTransform": " ".join(repr(float(number)) for number in transform)}
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


def test_areas_of_many_polygons_are_within_a_millionth_in_any_pair_of_systems():
    import pyproj

    # from the south of Hainan to the north of Heilongjiang, compact polygons of 1 ha to 100 km2
    rng = np.random.default_rng(2)
    for latitude in (18.5, 29.4, 53.0):
        for polygon_crs, raster_crs in (("EPSG:4490", "EPSG:4523"), ("EPSG:4523", "EPSG:4326"),
                                        ("EPSG:4490", "EPSG:3857")):  # fmt: skip
            radius = 10.0 ** rng.uniform(-3.3, -1.3, 12)
            corners = np.array(
                [shapely.Point(105.0, latitude).buffer(r, quad_segs=1) for r in radius]
            )
            polygons = gpd.GeoSeries(corners, crs="EPSG:4490").to_crs(polygon_crs)
            outline = gpd.GeoSeries(corners, crs="EPSG:4490").segmentize(1e-3).to_crs(raster_crs)
            west, south, east, north = outline.total_bounds
            size = max(east - west, north - south) / 400
            raster = make_raster(np.ones((402, 402), "uint8"),
                                 (west - size, size, 0.0, north + size, 0.0, -size), raster_crs)  # fmt: skip
            area = class_area(polygons, raster)[1]
            fine = polygons.segmentize(10.0 if pyproj.CRS(polygon_crs).is_projected else 1e-4)
            expected = ellipsoidal_area_ha(fine.to_crs("EPSG:4490"))
            assert np.abs(area / expected - 1).max() < 1e-6, (latitude, polygon_crs, raster_crs)


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


def scattered(count=40, seed=5, size=0.07):
    """Round polygons over and beyond the degree raster, some with a hole, some in two parts."""
    rng = np.random.default_rng(seed)
    centres = shapely.points(rng.uniform([104.95, 29.35], [105.85, 30.05], size=(count, 2)))
    shapes = shapely.buffer(centres, rng.uniform(size / 100, size, count))
    shapes[::3] = shapely.difference(shapes[::3], shapely.buffer(centres[::3], size / 120))
    shapes[1::7] = shapely.union(shapes[1::7], shapely.box(105.7, 29.5, 105.71, 29.52))
    return gpd.GeoSeries(shapes, crs="EPSG:4326")


def blocks(raster, high, wide):
    """The same raster as a file of such blocks would give it."""
    raster = raster.copy()
    raster.encoding["preferred_chunks"] = {"y": high, "x": wide}
    return raster


@pytest.mark.parametrize("block", [(1, 80), (7, 5), (16, 16), (60, 1)])
@pytest.mark.parametrize("crs", ["EPSG:4326", "EPSG:4523"])
def test_windows_workers_and_batches_change_no_bit(degree_raster, monkeypatch, block, crs):
    polygons = scattered().to_crs(crs)
    whole = class_area(polygons, degree_raster)
    values = statistics(polygons, degree_raster.astype("float32") / 7)
    monkeypatch.setattr(grids, "WINDOW_CELLS", 100)
    monkeypatch.setattr(rings, "BATCH_POINTS", 200)
    cut = blocks(degree_raster, *block)
    for workers in (1, 2):
        assert class_area(polygons, cut, workers=workers).equals(whole)
        parts = statistics(polygons, blocks(degree_raster.astype("float32") / 7, *block),
                           workers=workers)  # fmt: skip
        assert parts.equals(values)


def test_a_million_cells_cut_into_windows_keep_every_bit(monkeypatch):
    rng = np.random.default_rng(12)
    codes = rng.choice([10, 20, 40], size=(1500, 1500)).astype("uint8")
    corner = (35_490_000.3, 10.0, 0.0, 3_270_000.7, 0.0, -10.0)
    raster = make_raster(codes, corner, "EPSG:4523")
    centres = rng.uniform([35_490_000, 3_255_000], [35_505_000, 3_270_000], size=(300, 2))
    polygons = gpd.GeoSeries(shapely.buffer(shapely.points(centres), rng.uniform(5, 2000, 300)),
                             crs="EPSG:4523")  # fmt: skip
    whole = class_area(polygons, raster)
    assert (whole.sum(axis=1) / 1e-2).sum() > 1e6  # cells of a hundredth of a hectare
    monkeypatch.setattr(grids, "WINDOW_CELLS", 40_000)
    for block in ((1, 1500), (37, 113), (1500, 7)):
        assert class_area(polygons, blocks(raster, *block)).equals(whole)


def test_the_order_of_polygons_changes_no_bit(degree_raster):
    polygons = scattered()
    shuffled = polygons.sample(frac=1.0, random_state=3)
    whole = class_area(polygons, degree_raster)
    assert class_area(shuffled, degree_raster).loc[polygons.index].equals(whole)


def test_upper_and_lower_half_of_a_raster_add_up_to_the_last_bit(degree_raster):
    polygons = scattered()
    whole = class_quanta(polygons, degree_raster)
    halves = [class_quanta(polygons, degree_raster, rows=rows) for rows in ((0, 23), (23, 60))]
    assert halves[0].add(halves[1], fill_value=0).astype("int64").equals(whole)
    area = quanta_to_ha(whole, grid_of(degree_raster))
    assert area.equals(class_area(polygons, degree_raster))
    assert area.attrs["method"] == "coverage=exact, ellipsoidal area"


@pytest.mark.parametrize("dtype", ["int8", "uint16", "int16", "int32", "uint32", "int64"])
def test_classes_of_every_integer_type_are_measured_alike(degree_raster, dtype):
    polygons = scattered()
    expected = class_area(polygons, degree_raster)
    assert class_area(polygons, degree_raster.astype(dtype)).equals(expected)


def test_classes_with_codes_far_apart_are_found(degree_raster):
    polygons = scattered()
    codes = degree_raster.astype("int64")
    far = codes.where(codes != 80, 2_000_000_000)
    expected = class_area(polygons, degree_raster)
    assert class_area(polygons, far.astype("int64")).columns.tolist() == [10, 20, 40, 2_000_000_000]
    assert class_area(polygons, far.astype("int64"))[2_000_000_000].equals(
        expected[80].rename(2_000_000_000)
    )


def test_the_mean_of_four_quarters_is_the_mean_of_their_values():
    values = np.array([[1.0, 2.0], [3.0, 4.0]], dtype="float32")
    raster = make_raster(values, (0.0, 1e-3, 0.0, 1e-3, 0.0, -1e-3), "EPSG:4326")
    square = gpd.GeoSeries([shapely.box(0.5e-3, -0.5e-3, 1.5e-3, 0.5e-3)], crs="EPSG:4326")
    row = statistics(square, raster).iloc[0]
    assert row["mean"] == pytest.approx(2.5, rel=1e-9)
    assert (row["min"], row["max"]) == (1.0, 4.0)
    # a quarter of four cells of 110.574276 m x 111.319491 m
    assert row["area_ha"] == pytest.approx(1.2309073, rel=1e-7)
    assert row["sum"] == pytest.approx(2.5 * 1.2309073, rel=1e-7)


def test_cells_without_data_have_no_part_in_the_mean():
    values = np.array([[1.0, np.nan], [-9999.0, -4.0]])
    raster = make_raster(values, (0.0, 1e-3, 0.0, 1e-3, 0.0, -1e-3), "EPSG:4326", nodata=-9999.0)
    everything = gpd.GeoSeries(
        [shapely.box(0, -1e-3, 2e-3, 1e-3), shapely.box(9, 9, 10, 10)], crs="EPSG:4326"
    )
    rows = statistics(everything, raster)
    assert rows.loc[0, "mean"] == pytest.approx(-1.5, rel=1e-9)
    assert rows.loc[0, ["min", "max"]].tolist() == [-4.0, 1.0]
    assert rows.loc[1, "area_ha"] == 0
    assert rows.loc[1, ["mean", "sum", "min", "max"]].isna().all()


@pytest.mark.parametrize("value", [np.inf, -np.inf, 1e200, -1.797e308, -3.4028235e38])
def test_values_that_must_be_undeclared_nodata_are_refused(value):
    values = np.array([[1.0, value], [2.0, 3.0]])
    raster = make_raster(values, (0.0, 1e-3, 0.0, 1e-3, 0.0, -1e-3), "EPSG:4326")
    everything = gpd.GeoSeries([shapely.box(0, -1e-3, 2e-3, 1e-3)], crs="EPSG:4326")
    with pytest.raises(FileError, match="nodata"):
        statistics(everything, raster)


@pytest.mark.parametrize("coverage", ["Exact", "centre", "", None])
def test_a_coverage_method_that_is_none_is_refused(degree_raster, coverage):
    for measure in (class_area, statistics):
        with pytest.raises(ValueError, match="exact, center"):
            measure(scattered(1), degree_raster, coverage=coverage)


def test_fractions_are_no_classes(degree_raster):
    with pytest.raises(FileError, match="float64"):
        class_area(scattered(1), degree_raster.astype(float))


def test_polygons_along_the_lines_of_cells_leave_no_slivers_beyond():
    step = 1 / 12000
    codes = np.arange(400 * 400).reshape(400, 400).astype("uint16") % 50000
    raster = make_raster(codes, (105.0, step, 0.0, 30.0, 0.0, -step), "EPSG:4326")
    boxes = [shapely.box(105 + 7 * k * step, 30 - (k + 3) * 5 * step,
                         105 + (7 * k + 3) * step, 30 - (k + 1) * 5 * step) for k in range(50)]  # fmt: skip
    area = class_area(gpd.GeoSeries(boxes, crs="EPSG:4326"), raster)
    assert (area > 0).sum(axis=1).tolist() == [3 * 10] * 50


def test_the_whole_world_on_a_mercator_map_does_not_coarsen_a_plot():
    half = 20037508.342789244
    size = 2 * half / 4000
    raster = make_raster(
        np.ones((4000, 4000), "uint8"), (-half, size, 0, half, 0, -size), "EPSG:3857"
    )
    assert raster.shape == (4000, 4000)
    assert grid_of(raster).cell_area.ratio.max() < 1.01
    places = gpd.GeoSeries([shapely.box(west, 29, west + 1, 30) for west in (-179.9, 105, 178.5)],
                           crs="EPSG:4326")  # fmt: skip
    assert class_area(places, raster)[1].tolist() == pytest.approx(
        ellipsoidal_area_ha(places).tolist(), rel=1e-4
    )


def test_a_polygon_that_stretches_beyond_a_projection_keeps_its_part_on_the_raster():
    corner = (300_000.0, 100.0, 0.0, 3_300_000.0, 0.0, -100.0)
    raster = make_raster(np.ones((300, 300), "uint8"), corner, "EPSG:32648")
    whole = gpd.GeoSeries([shapely.box(*grid_of(raster).bounds())], crs="EPSG:32648")
    polygons = gpd.GeoSeries(
        [shapely.box(-180, -90, 180, 90), shapely.box(100, 20, 110, 40), shapely.box(-60, 0, -50, 9),
         shapely.box(95, 25, 103, 33) - shapely.box(90, 20, 103, 40)], crs="EPSG:4326",
    )  # fmt: skip
    area = class_area(polygons, raster).sum(axis=1)
    assert area[0] == pytest.approx(ellipsoidal_area_ha(whole)[0], rel=1e-6)
    assert area[1] == pytest.approx(area[0], rel=1e-9)
    assert area[2:].tolist() == [0, 0]


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.floats(-1e30, 1e30, allow_subnormal=False).filter(lambda x: x == 0 or abs(x) > 1e-20),
        min_size=1, max_size=30,
    )
)  # fmt: skip
def test_exact_sums_equal_those_of_fractions(numbers):
    from fractions import Fraction

    from carbon_sink.zonal import _exact_sums

    limbs = np.zeros((1, kernel().LIMBS), dtype=np.int64)
    for number in numbers:
        if number:
            kernel()._add_exactly(limbs[0], number)
    exact = float(sum(map(Fraction, numbers)))
    assert _exact_sums(limbs)[0] == pytest.approx(exact, rel=1e-15, abs=1e-40)


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


def shares(shapes, grid, codes):
    """Share of every cell that each shape covers, straight from the kernel."""
    laid = rings_of(np.asarray(shapes), grid)
    sums = np.zeros((len(laid.boxes), codes.size), dtype=np.int64)
    kernel().add_class_quanta(
        laid.points, laid.ring_first, laid.signs, laid.polygon_first, laid.boxes,
        np.arange(len(laid.boxes)), codes, (0, grid.rows, 0, grid.columns),
        np.arange(codes.size), 0, np.full(grid.rows, 2.0**40), np.ones((1, 1)), 1, True, sums,
    )  # fmt: skip
    return sums / 2.0**40


@settings(max_examples=150, deadline=None)
@given(star())
def test_shares_of_cells_equal_the_areas_of_their_intersections(shape):
    if not shape.is_valid or shape.area < 1e-6:
        return
    codes = np.arange(144, dtype="int32").reshape(12, 12)
    grid = Grid(0.0, 12.0, 1.0, -1.0, 12, 12, None)
    sums = shares([shape], grid, codes)
    boxes = [shapely.box(c, 11 - r, c + 1, 12 - r) for r in range(12) for c in range(12)]
    expected = shapely.area(shapely.intersection(shape, boxes))
    assert np.allclose(sums[0], expected, atol=1e-9)


@settings(max_examples=60, deadline=None)
@given(
    star(), st.floats(105.0, 105.01), st.floats(29.0, 29.01), st.sampled_from([4326, 4523, 3857])
)
def test_classes_of_any_polygon_add_up_to_its_area_in_any_system(shape, west, south, crs):
    if not shape.is_valid or shape.area < 0.01:
        return
    # cells of 10 m: inside a cell its area counts as evenly spread, which is right to 1e-6 then
    placed = shapely.transform(shape, lambda xy: xy * 0.001 + [west, south])
    polygons = gpd.GeoSeries([placed], crs="EPSG:4490")
    bounds = gpd.GeoSeries([shapely.box(104.99, 28.99, 105.04, 29.04)], crs="EPSG:4490")
    left, low, right, high = bounds.segmentize(0.01).to_crs(crs).total_bounds
    codes = (np.arange(250_000).reshape(500, 500) % 7).astype("uint8")
    steps = ((right - left) / 500, 0.0, 0.0, (low - high) / 500)
    raster = make_raster(codes, (left, steps[0], 0.0, high, 0.0, steps[3]), crs)
    area = class_area(polygons, raster).sum(axis=1)[0]
    assert area == pytest.approx(ellipsoidal_area_ha(polygons)[0], rel=1e-6)


@settings(max_examples=60, deadline=None)
@given(star(), star(), st.tuples(st.integers(-3, 3), st.integers(-3, 3)))
def test_split_parts_add_up_and_whole_cells_of_shift_change_nothing(shape, knife, shift):
    if not (shape.is_valid and knife.is_valid):
        return
    codes = np.arange(144, dtype="int32").reshape(12, 12)
    grid = Grid(0.0, 12.0, 1.0, -1.0, 12, 12, None)
    whole, inside, outside = shares(
        [shape, shapely.intersection(shape, knife), shapely.difference(shape, knife)], grid, codes
    )
    assert np.allclose(inside + outside, whole, atol=1e-9)
    far = Grid(1000.0, 5012.0, 1.0, -1.0, 12, 12, None)
    moved = shares([shapely.transform(shape, lambda xy: np.add(xy, [1000.0, 5000.0]))], far, codes)[
        0
    ]
    assert np.allclose(moved, whole, atol=1e-9)
    across, down = shift
    near = Grid(-across, 12.0 + down, 1.0, -1.0, 12, 12, None)
    slid = shares([shape], near, codes)[0].reshape(12, 12)
    rows, columns = (
        slice(max(down, 0), 12 + min(down, 0)),
        slice(max(across, 0), 12 + min(across, 0)),
    )
    back = slice(max(-down, 0), 12 + min(-down, 0)), slice(max(-across, 0), 12 + min(-across, 0))
    assert np.allclose(slid[rows, columns], whole.reshape(12, 12)[back], atol=1e-9)


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
    ragged = [
        shapely.concave_hull(shapely.MultiPoint(rng.uniform(0, 20, (12, 2))), 0.4)
        for _ in range(60)
    ]
    # slivers a thousandth of a cell wide, specks smaller than a cell, holes, and two parts
    slivers = [shapely.LineString(rng.uniform(0, 20, (2, 2))).buffer(5e-4) for _ in range(30)]
    specks = [shapely.Point(point).buffer(0.01) for point in rng.uniform(0, 20, (30, 2))]
    holed = [shape.difference(shape.centroid.buffer(0.7)) for shape in ragged]
    double = [one.union(shapely.box(0.3, 0.3, 2.6, 1.7)) for one in ragged[:20]]
    shapes = [*ragged, *slivers, *specks, *holed, *double, shapely.box(-5, -5, 25, 25)]
    polygons = gpd.GeoSeries([s for s in shapes if "Polygon" in s.geom_type], crs="EPSG:4523")
    assert len(polygons) > 150
    source = NumPyRasterSource(codes, 0, 0, 20, 20, srs_wkt=polygons.crs.to_wkt())
    theirs = exactextract.exact_extract(
        source, gpd.GeoDataFrame(geometry=polygons), ["unique", "frac", "count"], output="pandas"
    )
    grid = Grid(0.0, 20.0, 1.0, -1.0, 20, 20, None)
    sums = shares(polygons.array, grid, codes)
    for ours, row in zip(sums, theirs.itertuples(), strict=True):
        expected = np.zeros(400)
        expected[np.asarray(row.unique, dtype=int)] = np.asarray(row.frac) * row.count
        assert np.abs(ours - expected).max() < 1e-6


def test_polygons_without_reference_system_are_refused(degree_raster):
    with pytest.raises(CRSError):
        class_area(gpd.GeoSeries([shapely.box(105, 29.9, 105.1, 30)]), degree_raster)
