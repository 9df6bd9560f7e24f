"""Grids: where cells lie, how large they are, and the windows they are read in."""

import numpy as np
import pyproj
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_zonal import make_raster

from carbon_sink import grids
from carbon_sink.errors import CRSError, FileError
from carbon_sink.grids import Grid, Window, grid_of, windows

DEGREES = pyproj.CRS("EPSG:4490")


def test_a_raster_without_reference_system_is_refused():
    raster = make_raster(np.ones((2, 2), "uint8"), (0, 1, 0, 2, 0, -1), None)
    with pytest.raises(CRSError, match="坐标"):
        grid_of(raster)


def test_a_rotated_raster_is_refused():
    raster = make_raster(np.ones((2, 2), "uint8"), (0, 1, 0.2, 2, 0.2, -1), "EPSG:4326")
    with pytest.raises(FileError, match="旋转"):
        grid_of(raster)


def test_the_cells_of_a_degree_grid_add_up_to_the_ellipsoid():
    grid = Grid(-180.0, 90.0, 1.0, -1.0, 180, 360, DEGREES)
    assert grid.cell_area.row_m2.sum() * 360 == pytest.approx(510_065_621.7e6, rel=1e-9)


def test_a_sum_over_the_whole_grid_fits_its_quanta():
    for grid in (Grid(-180.0, 90.0, 1.0, -1.0, 180, 360, DEGREES),
                 Grid(35_490_000.0, 3.3e6, 10.0, -10.0, 900, 700, pyproj.CRS("EPSG:4523"))):  # fmt: skip
        area = grid.cell_area
        whole = area.row_m2.sum() * area.ratio.max() * grid.columns * area.quanta_per_m2
        assert 2**60 < whole <= 2**61


def test_a_country_has_a_coarser_lattice_and_cells_right_to_a_millionth():
    from carbon_sink.geometry import areal_scale

    albers = pyproj.CRS("+proj=aea +lat_1=25 +lat_2=47 +lat_0=0 +lon_0=105 +ellps=GRS80")
    conic = pyproj.CRS("+proj=lcc +lat_1=25 +lat_2=47 +lat_0=36 +lon_0=105 +ellps=GRS80")
    for crs in (albers, conic):
        north = 4_000_000.0 if crs == albers else 1_000_000.0
        grid = Grid(-2_500_000.0, north, 30.0, -30.0, 100_000, 160_000, crs)
        area = grid.cell_area
        assert max(area.ratio.shape) <= grids.LATTICE_POINTS + 2
        # in the middle between points of the lattice, where the interpolation is worst
        row, column = 300.5 * area.step, 400.5 * area.step
        x, y = grid.west + column * grid.width, grid.top + row * grid.height
        middle = area.ratio[300:302, 400:402].mean()
        scale = areal_scale(crs, np.array([x]), np.array([y]))[0]
        assert middle == pytest.approx(1.0 / scale, rel=1e-6)


def test_the_cells_of_a_window_have_the_areas_of_their_outlines():
    import geopandas as gpd
    import shapely

    from carbon_sink.geometry import ellipsoidal_area_ha

    for grid in (Grid(105.0, 30.0, 0.01, -0.01, 60, 80, DEGREES),
                 Grid(35_490_000.0, 3.3e6, 500.0, -500.0, 60, 80, pyproj.CRS("EPSG:4523"))):  # fmt: skip
        window = Window(7, 9, 50, 53)
        cells = [shapely.box(*sorted_box(grid, row, column))
                 for row in range(7, 9) for column in range(50, 53)]  # fmt: skip
        outlines = ellipsoidal_area_ha(gpd.GeoSeries(cells, crs=grid.crs)).to_numpy() * 1e4
        area = np.broadcast_to(grid.cell_area.of(window), (2, 3)).ravel()
        assert area == pytest.approx(outlines, rel=1e-7)


def sorted_box(grid, row, column):
    west, top = grid.west + column * grid.width, grid.top + row * grid.height
    return west, top + grid.height, west + grid.width, top


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 90), st.integers(1, 90), st.integers(1, 40), st.integers(1, 40),
       st.integers(1, 900), st.data())  # fmt: skip
def test_windows_cover_every_cell_once_along_the_blocks(rows, columns, high, wide, budget, data):
    raster = make_raster(np.zeros((rows, columns), "uint8"), (0, 1, 0, 0, 0, -1), "EPSG:4326")
    raster.encoding["preferred_chunks"] = {"y": high, "x": wide}
    top, left = data.draw(st.integers(0, rows - 1)), data.draw(st.integers(0, columns - 1))
    area = Window(top, data.draw(st.integers(top + 1, rows)),
                  left, data.draw(st.integers(left + 1, columns)))  # fmt: skip
    seen = np.zeros((rows, columns), dtype=int)
    before, grids.WINDOW_CELLS = grids.WINDOW_CELLS, budget
    try:
        for window in windows(raster, area):
            seen[window.top : window.bottom, window.left : window.right] += 1
            size = (window.bottom - window.top) * (window.right - window.left)
            assert size <= max(budget, min(high, rows) * min(wide, columns))
            assert window.top == area.top or window.top % min(high, rows) == 0
            assert window.left == area.left or window.left % min(wide, columns) == 0
    finally:
        grids.WINDOW_CELLS = before
    assert (seen[area.top : area.bottom, area.left : area.right] == 1).all()
    assert seen.sum() == (area.bottom - area.top) * (area.right - area.left)


def test_grids_of_the_same_cells_are_told_from_shifted_ones():
    first = Grid(105.0, 30.0, 0.01, -0.01, 60, 80, DEGREES)
    noisy = Grid(105.0 + 1e-12, 30.0, 0.01, -0.01, 60, 80, DEGREES)
    half = Grid(105.005, 30.0, 0.01, -0.01, 60, 80, DEGREES)
    coarse = Grid(105.0, 30.0, 0.02, -0.02, 30, 40, DEGREES)
    other = Grid(105.0, 30.0, 0.01, -0.01, 60, 80, pyproj.CRS("EPSG:4326"))
    assert first.offset_cells(noisy) == pytest.approx((0, 0), abs=1e-9)
    assert first.offset_cells(half) == pytest.approx((0.5, 0), abs=1e-9)
    assert first.offset_cells(coarse) is None
    assert first.offset_cells(other) is None
