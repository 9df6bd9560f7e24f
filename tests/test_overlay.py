"""Two class rasters laid over each other: the same grid, shifted, coarser, in other systems."""

from functools import cache

import geopandas as gpd
import numpy as np
import pandas as pd
import pyproj
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from test_zonal import make_raster

from carbon_sink import grids
from carbon_sink.errors import FileError
from carbon_sink.overlay import CELL_CENTER, SAME_GRID, lay_over
from carbon_sink.zonal import class_quanta

UTM = "EPSG:32648"
CODES = np.array([[10, 10, 40, 40], [10, 10, 40, 40], [50, 50, 80, 80], [50, 50, 80, 0]], "uint8")


def on_grid(codes, west=500_000.0, top=3_260_000.0, size=10.0, crs=UTM, nodata=0):
    """A raster with its corner and cell size."""
    return make_raster(codes, (west, size, 0.0, top, 0.0, -size), crs, nodata)


def classes(overlay, window=(slice(None), slice(None))):
    """The classes of both dates in each cell; -1 without data."""
    before, after = overlay.positions(overlay.pairs[window].to_numpy())
    # position -1 is the last of these
    return (
        np.append(overlay.before_codes, -1)[before],
        np.append(overlay.after_codes, -1)[after],
    )


def test_cells_of_one_grid_meet_exactly_and_nodata_is_no_class():
    later = CODES.T.copy()
    later[0, 0] = 0
    overlay = lay_over(on_grid(CODES), on_grid(later))
    before, after = classes(overlay)
    assert np.array_equal(before, np.where(CODES == 0, -1, CODES.astype(int)))
    assert np.array_equal(after, np.where(later == 0, -1, later.astype(int)))
    assert (overlay.rule, overlay.kept, overlay.shift_cells) == (SAME_GRID, "before", (0, 0))
    assert overlay.pairs.dtype == "uint16"
    # no data at either date is the nodata of the pairs
    assert overlay.pairs.attrs["_FillValue"] == 0
    assert overlay.pairs.to_numpy()[3, 3] == 0


def test_float_noise_in_the_corner_is_the_same_grid_and_half_a_cell_is_not():
    noise = lay_over(on_grid(CODES), on_grid(CODES, west=500_000.0 + 5e-6))
    assert noise.rule == SAME_GRID
    half = lay_over(on_grid(CODES), on_grid(CODES, west=500_005.0, top=3_260_000.0 + 2.5))
    assert half.rule == CELL_CENTER
    assert half.shift_cells == pytest.approx((0.5, -0.25), abs=1e-9)


def test_whole_cells_between_the_corners_are_the_same_grid():
    # the later raster starts a column further east and a row further north
    overlay = lay_over(on_grid(CODES), on_grid(CODES, west=500_010.0, top=3_260_010.0))
    _, after = classes(overlay)
    assert overlay.rule == SAME_GRID
    expected = np.full((4, 4), -1)
    expected[:3, 1:] = CODES[1:, :3]
    assert np.array_equal(after, expected)


def test_the_coarser_raster_gives_its_class_at_the_centers_of_the_finer_cells():
    # cells of 20 m hold 2 x 2 cells of 10 m: class 1 is the left, 2 the right half
    coarse = on_grid(np.array([[1, 2], [1, 2]], "uint8"), size=20.0)
    for overlay, kept in ((lay_over(on_grid(CODES), coarse), "before"),
                          (lay_over(coarse, on_grid(CODES)), "after")):  # fmt: skip
        both = classes(overlay)
        at_centers = both[1 if kept == "before" else 0]
        assert overlay.kept == kept
        assert overlay.rule == CELL_CENTER
        assert overlay.shift_cells is None
        assert at_centers.tolist() == [[1, 1, 2, 2]] * 4


def test_rasters_of_one_cell_size_keep_the_earlier_cells_whatever_their_extent():
    # cells of a degree grid are smaller in the north, but that is not a finer grid
    south = on_grid(np.ones((40, 4), "uint8"), 105.0, 29.5, 1e-3, "EPSG:4326")
    north = on_grid(np.ones((4, 4), "uint8"), 105.0005, 29.5, 1e-3, "EPSG:4326")
    assert lay_over(south, north).kept == lay_over(north, south).kept == "before"


def test_a_center_on_an_edge_belongs_to_the_cell_after_it():
    # shifted by half a cell, every center lies on an edge: column c meets the later column c
    # whose western edge it is; the row above the later raster has no class
    later = on_grid(CODES, west=500_005.0, top=3_260_000.0 - 5.0)
    _, after = classes(lay_over(on_grid(CODES), later))
    assert np.array_equal(after, np.where(CODES == 0, -1, CODES.astype(int)))


def test_another_projection_is_met_at_the_centers_of_the_cells():
    rng = np.random.default_rng(3)
    later_codes = rng.integers(1, 9, (150, 150)).astype("uint8")
    later = on_grid(later_codes, west=105.0, top=29.5, size=2e-4, crs="EPSG:4490")
    x, y = pyproj.Transformer.from_crs("EPSG:4490", UTM, always_xy=True).transform(105.001, 29.499)
    earlier = on_grid(np.ones((260, 240), "uint8"), west=x, top=y, size=10.0)
    overlay = lay_over(earlier, later)
    _, after = classes(overlay)
    # each center on its own, without interpolation
    column, row = np.meshgrid(np.arange(240) + 0.5, np.arange(260) + 0.5)
    lon, lat = pyproj.Transformer.from_crs(UTM, "EPSG:4490", always_xy=True).transform(
        x + column * 10.0, y - row * 10.0
    )
    expected = later_codes[
        np.floor((29.5 - lat) / 2e-4).astype(int), np.floor((lon - 105.0) / 2e-4).astype(int)
    ]
    # an interpolated center is off by 0.1 m at most: a cell of 20 m changes in 1 of 100 cases
    assert overlay.kept == "before"
    assert (after == expected).mean() > 0.99


@pytest.mark.parametrize("kind", ["uint8", "int8", "int16", "uint16", "int32"])
def test_any_whole_numbers_are_classes(kind):
    # codes of the land survey as whole numbers need more than a byte
    codes = np.array(
        [[10, 101], [120, 10]] if kind.endswith("t8") else [[301, 1206], [5, 301]], kind
    )
    before, after = classes(
        lay_over(on_grid(codes, nodata=None), on_grid(codes[::-1], nodata=None))
    )
    assert np.array_equal(before, codes)
    assert np.array_equal(after, codes[::-1])


def test_nodata_outside_the_classes_and_rasters_without_any_class_are_read():
    codes = np.array([[-9999, 3], [4, -9999]], "int16")
    empty = np.full((2, 2), -9999, "int32")
    before, after = classes(lay_over(on_grid(codes, nodata=-9999), on_grid(empty, nodata=-9999)))
    assert before.tolist() == [[-1, 3], [4, -1]]
    assert (after == -1).all()


def test_numbers_that_are_not_whole_are_refused():
    with pytest.raises(FileError, match="float64"):
        lay_over(on_grid(CODES), on_grid(CODES * 0.5))


@st.composite
def steps(draw, size):
    """Some rows or columns, in either direction."""
    first, last = sorted(draw(st.tuples(st.integers(0, size - 1), st.integers(0, size - 1))))
    stride = draw(st.integers(1, 3))
    backward = slice(last, first - 1 if first else None, -stride)
    return draw(st.sampled_from([slice(first, last + 1, stride), backward]))


@cache
def overlay_of(kind):
    """Random classes laid over others in one of four ways, and all pairs read at once."""
    codes = np.random.default_rng(7).integers(0, 5, (9, 7)).astype("uint8")
    later = {
        "same": lambda: on_grid(codes[::-1]),
        "moved": lambda: on_grid(codes, west=500_020.0, top=3_259_964.0),
        "coarse": lambda: on_grid(codes, west=499_990.0, size=15.0),
        "degrees": lambda: on_grid(codes[::-1], 105.0, 29.4695, 1e-4, "EPSG:4326"),
    }[kind]()
    pairs = lay_over(on_grid(codes), later).pairs
    return pairs, pairs.to_numpy()


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(["same", "moved", "coarse", "degrees"]), steps(9), steps(7))
def test_any_part_that_is_read_has_the_pairs_of_the_whole(kind, rows, columns):
    pairs, whole = overlay_of(kind)
    assert len(np.unique(whole)) > 5
    assert np.array_equal(pairs[rows, columns].to_numpy(), whole[rows, columns])
    assert int(pairs[3, columns.start]) == whole[3, columns.start]


def oblique(size=(700, 640)):
    """Two rasters in two systems, several steps of the lattice wide, and their pairs."""
    rng = np.random.default_rng(3)
    to_degrees = pyproj.Transformer.from_crs(UTM, "EPSG:4490", always_xy=True)
    west, north = to_degrees.transform(499_000.0, 3_261_000.0)
    before = on_grid(rng.integers(1, 5, size).astype("uint8"))
    after = on_grid(
        rng.integers(1, 5, (600, 600)).astype("uint8"), west, north, 2.7e-4, "EPSG:4490"
    )
    return before, after


def test_windows_do_not_move_the_cells_of_another_system():
    pairs = lay_over(*oblique()).pairs
    whole = pairs.to_numpy()
    for high, wide in ((97, 101), (1, 640), (700, 1), (201, 199)):
        parts = [
            np.hstack([pairs[top : top + high, left : left + wide].to_numpy()
                       for left in range(0, 640, wide)])
            for top in range(0, 700, high)
        ]  # fmt: skip
        assert np.array_equal(np.vstack(parts), whole), (high, wide)


def test_areas_of_pairs_are_the_same_for_any_window_strip_order_and_worker(monkeypatch):
    pairs = lay_over(*oblique()).pairs
    zones = gpd.GeoSeries(
        [shapely.box(499_000, 3_252_000, 507_000, 3_261_000), shapely.Point(503_000, 3_256_000).buffer(2_100)],
        crs=UTM,
    )  # fmt: skip
    whole = class_quanta(zones, pairs)
    assert whole.shape[1] == 16
    for cells in (5_000, 70_000):
        monkeypatch.setattr(grids, "WINDOW_CELLS", cells)
        pd.testing.assert_frame_equal(class_quanta(zones, pairs, workers=2), whole)
    strips = class_quanta(zones, pairs, rows=(0, 333)).add(
        class_quanta(zones[::-1], pairs, rows=(333, 700)), fill_value=0
    )
    pd.testing.assert_frame_equal(strips.loc[whole.index].astype("int64"), whole)
