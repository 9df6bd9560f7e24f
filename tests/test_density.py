"""Carbon density of land cover: the table, areas and cells times densities, rasters of both."""

import numpy as np
import pandas as pd
import pytest
import rasterio
from conftest import write_landcover
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from rasterio.transform import from_origin

from carbon_sink.density import (
    carbon_by_zone,
    carbon_totals,
    check_covered,
    check_same_grid,
    check_table,
    lookup,
)
from carbon_sink.errors import CRSError, ParameterError, TableError
from carbon_sink.landcover import area_by_zone
from carbon_sink.rasters import open_landcover, write_density
from carbon_sink.units import M2_PER_HA

TAGS = {"DESCRIPTION": "示例数据（合成）"}
PROJECTED = {"crs": "EPSG:4544", "transform": from_origin(550_000.0, 3_260_000.0, 10.0, 10.0)}


def rows(**more):
    """Trees 100 t/ha, cropland 30, water 0, in two pools; values chosen for round sums."""
    return pd.DataFrame(
        {
            "lucode": [10, 40, 80],
            "c_above": [60.0, 5.0, 0.0],
            "c_soil": [40.0, 25.0, 0.0],
            "source": ["plots", "plots", "water holds none"],
        }
        | more
    )


def write(folder, name, codes, **profile):
    path = write_landcover(folder / name, np.array(codes, dtype="uint8"), **profile)
    return open_landcover(path, scheme="worldcover")


def read(path):
    with rasterio.open(path) as raster:
        return raster.read(1)


def faults(error):
    return {(problem.code, problem.field) for problem in error.value.problems}


# --------------------------------------------------------------------------------- the table


def test_pools_are_added_and_invest_tables_are_read_as_they_are():
    table = check_table(rows().rename(columns=str.upper).assign(LULC_Name="x"), "c.csv")
    # 60 + 40, 5 + 25
    assert table["density_t_ha"].to_dict() == {10: 100.0, 40: 30.0, 80: 0.0}
    assert table.attrs["file"] == "c.csv"


def test_a_pool_that_is_absent_does_not_count():
    assert check_table(rows().drop(columns="c_soil"))["density_t_ha"].tolist() == [60.0, 5.0, 0.0]


def test_numbers_may_come_as_text():
    table = check_table(rows().astype(str))
    assert table.index.tolist() == [10, 40, 80]
    assert table.loc[40, "density_t_ha"] == 30.0


def test_every_fault_of_a_table_is_told_at_once():
    bad = rows(lucode=[10.5, 40, 40], c_above=[-1.0, np.nan, 2.0], c_soil=["much", "1", "1"],
               c_abov=[1, 2, 3], source=["plots", "", "plots"])  # fmt: skip
    with pytest.raises(TableError) as caught:
        check_table(bad, "c.csv")
    assert faults(caught) == {
        ("carbon_class_not_whole", "class_code"), ("number_twice", "class_code"),
        ("too_small", "c_above"), ("carbon_pool_gap", "c_above"), ("not_a_number", "c_soil"),
        ("carbon_pool_unknown", "c_abov"), ("value_missing", "source"),
    }  # fmt: skip
    gap = next(one for one in caught.value.problems if one.code == "carbon_pool_gap")
    assert gap.rows == (1,)


def test_a_dash_in_a_pool_is_a_gap_and_no_zero():
    with pytest.raises(TableError) as caught:
        check_table(rows(c_soil=["60", "－", "1"]))
    assert faults(caught) == {("carbon_pool_gap", "c_soil")}


def test_a_table_without_pools_classes_and_sources_is_refused():
    with pytest.raises(TableError) as caught:
        check_table(pd.DataFrame({"name": ["trees"]}))
    assert faults(caught) == {
        ("carbon_pools_missing", ""), ("field_missing", "class_code"), ("field_missing", "source"),
    }  # fmt: skip


def test_classes_without_a_value_are_refused_for_all_rasters_together():
    with pytest.raises(ParameterError, match="60, 90") as caught:
        check_covered({"a.tif": [10, 90, 60], "b.tif": [40], "c.tif": {50: 3}}, check_table(rows()))
    assert [problem.rule for problem in caught.value.problems] == ["a.tif", "c.tif"]


def test_the_table_of_the_user_is_not_changed():
    given_rows = rows()
    check_table(given_rows)
    pd.testing.assert_frame_equal(given_rows, rows())


def test_cells_find_their_class_and_gaps_between_classes_are_unknown():
    found = lookup(check_table(rows()))
    assert found.lowest == 10
    assert found.position[[0, 30, 70]].tolist() == [0, 1, 2]
    assert (np.delete(found.position, [0, 30, 70]) == found.unknown).all()
    assert np.isnan(found.density[[found.no_data, found.unknown]]).all()


# -------------------------------------------------------------------------------- by zone


def test_carbon_of_a_zone_is_area_times_density_and_changes_from_date_to_date():
    areas = pd.DataFrame(
        [(2020, "", 10, 2.0), (2020, "", 40, 1.0), (2025, "", 10, 1.0), (2025, "", 40, 2.0)],
        columns=["year", "zone", "class_code", "area_ha"],
    ).assign(zone_name="place")
    carbon = carbon_by_zone(areas, check_table(rows())).set_index("year")
    # 2 x 100 + 1 x 30 = 230; 1 x 100 + 2 x 30 = 160
    assert carbon["carbon_t"].to_dict() == {2020: 230.0, 2025: 160.0}
    assert carbon.loc[2020, "carbon_t_ha"] == pytest.approx(230.0 / 3.0)
    assert carbon.loc[2020, "co2_t"] == pytest.approx(230.0 * 44.0 / 12.0)
    assert carbon.loc[2025, "carbon_change_t"] == -70.0
    assert np.isnan(carbon.loc[2020, "carbon_change_t"])


# -------------------------------------------------------------------------------- rasters


def test_three_by_three_cells_by_hand(tmp_path):
    before = write(tmp_path, "a.tif", [[10, 10, 40], [40, 80, 0], [10, 0, 80]], **PROJECTED)
    after = write(tmp_path, "b.tif", [[10, 40, 10], [40, 80, 10], [0, 0, 40]], **PROJECTED)
    table = check_table(rows())
    maps = write_density({2020: before, 2025: after}, table, tmp_path)
    names = ["carbon_density_2020", "carbon_density_2025", "carbon_density_change_2020_2025"]
    assert [path.stem for path in maps.files] == names
    first, second, change = map(read, maps.files)
    nan = np.nan
    np.testing.assert_array_equal(first, [[100, 100, 30], [30, 0, nan], [100, nan, 0]])
    np.testing.assert_array_equal(second, [[100, 30, 100], [30, 0, 100], [nan, nan, 30]])
    np.testing.assert_array_equal(change, [[0, -70, 70], [0, 0, nan], [nan, nan, 30]])
    totals = carbon_totals(maps.pairs[2020, 2025], table)
    assert totals["sum_t_ha"].to_dict() == {"before": 360.0, "after": 390.0, "change": 30.0}
    assert totals["cells"].to_dict() == {"before": 7, "after": 7, "change": 6}


def test_a_loss_of_exactly_one_tonne_is_a_loss(tmp_path):
    """InVEST Carbon 3.20.2 takes -1 for cells without data and reports no change here."""
    table = check_table(rows(c_above=[20.0, 19.0, 0.0], c_soil=[0.0, 0.0, 0.0]))
    grids = [write(tmp_path, f"{code}.tif", np.full((5, 10), code), **PROJECTED)
             for code in (10, 40)]  # fmt: skip
    maps = write_density(dict(zip((2020, 2025), grids, strict=True)), table, tmp_path)
    assert (read(maps.files[2]) == -1.0).all()
    with rasterio.open(maps.files[2]) as raster:
        assert raster.read(1, masked=True).count() == 50
    assert carbon_totals(maps.pairs[2020, 2025], table).loc["change", "sum_t_ha"] == -50.0


def test_a_difference_is_rounded_once(tmp_path):
    # in float32 88.3 - 87.3 is 1.0000076
    table = check_table(rows(c_above=[87.3, 88.3, 0.0], c_soil=[0.0, 0.0, 0.0]))
    grids = [write(tmp_path, f"{code}.tif", np.full((2, 2), code)) for code in (10, 40)]
    maps = write_density(dict(zip((2020, 2025), grids, strict=True)), table, tmp_path)
    assert (read(maps.files[2]) == np.float32(88.3 - 87.3)).all()


codes = arrays("uint8", (7, 9), elements=st.sampled_from([0, 10, 40, 80]))


@settings(max_examples=15, deadline=None)
@given(before=codes, after=codes, projected=st.booleans())
def test_cells_times_density_are_areas_times_density(
    tmp_path_factory, before, after, projected
):  # fmt: skip
    folder, profile = tmp_path_factory.mktemp("pair"), PROJECTED if projected else {}
    grids = {2020: write(folder, "a.tif", before, **profile),
             2025: write(folder, "b.tif", after, **profile)}  # fmt: skip
    table = check_table(rows())
    maps = write_density(grids, table, folder)
    first, second, change = (read(path).astype(float) for path in maps.files)
    np.testing.assert_array_equal(change, second - first)
    totals = carbon_totals(maps.pairs[2020, 2025], table)
    from carbon_sink.grids import Window, grid_of

    cell_ha = grid_of(grids[2020]).cell_area.of(Window(0, 7, 0, 9)) / M2_PER_HA
    for name, values in (("before", first), ("after", second), ("change", change)):
        expected = np.nansum(values * cell_ha)
        assert totals.loc[name, "carbon_t"] == pytest.approx(expected, rel=1e-9, abs=1e-9)
        assert totals.loc[name, "sum_t_ha"] == np.nansum(values)


def test_the_raster_and_the_areas_of_its_classes_hold_the_same_carbon(tmp_path):
    import geopandas as gpd
    import shapely

    raster = write(tmp_path, "a.tif", np.random.default_rng(3).choice([10, 40, 80], (600, 700)))
    later = write(tmp_path, "b.tif", np.full((600, 700), 40))
    table = check_table(rows())
    maps = write_density({2020: raster, 2025: later}, table, tmp_path)
    box = shapely.box(105.0, 29.52 - 0.6, 105.7, 29.52)
    zone = gpd.GeoDataFrame({"zone": [""], "zone_name": ["x"]}, geometry=[box], crs="EPSG:4326")
    areas = area_by_zone(zone, raster, "worldcover").assign(year=2020)
    expected = carbon_by_zone(areas, table)["carbon_t"].item()
    totals = carbon_totals(maps.pairs[2020, 2025], table)
    assert totals.loc["before", "carbon_t"] == pytest.approx(expected, rel=1e-9)


def test_the_same_map_twice_changes_nothing_and_one_date_has_no_change(tmp_path):
    raster = write(tmp_path, "a.tif", [[10, 40], [80, 10]])
    table = check_table(rows())
    maps = write_density({2020: raster, 2025: raster}, table, tmp_path)
    assert (read(maps.files[2]) == 0.0).all()
    alone = write_density({2020: raster}, table, tmp_path)
    assert [path.name for path in alone.files] == ["carbon_density_2020.tif"]
    assert alone.pairs == {}


def test_codes_of_sixteen_bits_and_odd_nodata_are_read(tmp_path):
    table = check_table(rows(lucode=[1001, 40, 80]))
    path = write_landcover(tmp_path / "a.tif", np.array([[1001, -9999, 40]], "int16"), nodata=-9999)
    maps = write_density({2020: open_landcover(path)}, table, tmp_path)
    np.testing.assert_array_equal(read(maps.files[0]), [[100.0, np.nan, 30.0]])


def test_classes_without_a_value_leave_no_file_behind(tmp_path):
    before = write(tmp_path, "a.tif", [[10, 90], [60, 0]])
    after = write(tmp_path, "b.tif", [[10, 50], [40, 0]])
    out = tmp_path / "out"
    out.mkdir()
    with pytest.raises(ParameterError, match="60, 90") as caught:
        write_density({2020: before, 2025: after}, check_table(rows()), out)
    assert [one.value for one in caught.value.problems] == ["60, 90", "50"]
    assert list(out.iterdir()) == []


@pytest.mark.parametrize(
    ("profile", "code", "value"),
    [
        ({"transform": from_origin(105.002, 29.5195, 0.001, 0.001)}, "grids_shifted", "2, 0.5"),
        ({"transform": from_origin(105.0, 29.52, 0.002, 0.002)}, "grids_unlike", "0.002 × 0.002"),
        ({"crs": "EPSG:4490"}, "grids_unlike", "EPSG:4490"),
    ],
)
def test_grids_that_differ_are_refused_with_their_distance(tmp_path, profile, code, value):
    before = write(tmp_path, "a.tif", np.full((4, 4), 10))
    after = write(tmp_path, "b.tif", np.full((4, 4), 10), **profile)
    with pytest.raises(CRSError) as caught:
        write_density({2020: before, 2025: after}, check_table(rows()), tmp_path)
    (problem,) = caught.value.problems
    assert problem.code == code
    assert value in problem.value
    assert (problem.file, problem.rule) == ("b.tif", "a.tif")


def test_maps_of_other_sizes_are_refused(tmp_path):
    before = write(tmp_path, "a.tif", np.full((4, 4), 10))
    with pytest.raises(CRSError, match="4 × 4 / 3 × 4"):
        check_same_grid(before, write(tmp_path, "b.tif", np.full((3, 4), 10)))


# ------------------------------------------------------------------------ the files themselves


@pytest.fixture(scope="module")
def large(tmp_path_factory):
    """Two maps of 1100 by 1300 cells with a hole without data, and what was written of them."""
    folder = tmp_path_factory.mktemp("large")
    random = np.random.default_rng(1)
    both = [random.choice([10, 40, 80], (1100, 1300)).astype("uint8") for _ in range(2)]
    both[1][100:300, 500:801] = 0
    grids = {year: write(folder, f"{year}.tif", codes, **PROJECTED)
             for year, codes in zip((2020, 2025), both, strict=True)}  # fmt: skip
    return both, write_density(grids, check_table(rows()), folder, tags=TAGS)


def test_files_say_what_they_hold(large):
    for path in large[1].files:
        with rasterio.open(path) as raster:
            assert raster.crs.to_epsg() == 4544
            assert raster.transform == PROJECTED["transform"]
            assert (raster.dtypes, raster.units) == (("float32",), ("t C/ha",))
            assert np.isnan(raster.nodata)
            tags = raster.tags()
            assert tags["DESCRIPTION"] == "示例数据（合成）"
            assert tags["SOURCE"] == "plots; water holds none"
    assert tags["DATE"] == "2020-2025"


def test_every_cell_of_several_tiles_is_right(large):
    both, maps = large
    densities = np.full(256, np.nan)
    densities[[10, 40, 80]] = [100.0, 30.0, 0.0]
    np.testing.assert_array_equal(read(maps.files[0]), densities[both[0]])
    np.testing.assert_array_equal(read(maps.files[2]), densities[both[1]] - densities[both[0]])


def test_windows_change_no_number_and_the_same_maps_give_the_same_bytes(
    large, monkeypatch, tmp_path
):
    both, maps = large
    grids = {year: write(tmp_path, f"{year}.tif", codes, **PROJECTED)
             for year, codes in zip((2020, 2025), both, strict=True)}  # fmt: skip
    again = write_density(grids, check_table(rows()), tmp_path, tags=TAGS)
    for one, other in zip(maps.files, again.files, strict=True):
        assert one.read_bytes() == other.read_bytes()
    from carbon_sink.rasters import density

    monkeypatch.setattr(density, "WINDOW_TILES", 1)
    narrow = write_density(grids, check_table(rows()), tmp_path, tags=TAGS)
    for one, other in zip(maps.files, narrow.files, strict=True):
        for level in ({}, {"overview_level": 0}, {"overview_level": 1}):
            with rasterio.open(one, **level) as first, rasterio.open(other, **level) as second:
                np.testing.assert_array_equal(first.read(1), second.read(1))
    pd.testing.assert_frame_equal(maps.pairs[2020, 2025], narrow.pairs[2020, 2025])


def test_overviews_are_means_of_the_cells_with_data(large):
    maps = large[1]
    values = read(maps.files[1]).astype(float)
    with rasterio.open(maps.files[1]) as raster:
        assert raster.overviews(1) == [2, 4]
    with rasterio.open(maps.files[1], overview_level=0) as raster:
        halved = raster.read(1)
    blocks = values.reshape(550, 2, 650, 2)
    with np.errstate(invalid="ignore"):
        means = np.nansum(blocks, axis=(1, 3)) / np.isfinite(blocks).sum(axis=(1, 3))
    np.testing.assert_allclose(halved, means, rtol=1e-6)


def test_an_odd_rim_is_the_mean_of_what_is_there(tmp_path):
    raster = write(tmp_path, "a.tif", np.full((3, 1027), 10))
    maps = write_density({2020: raster}, check_table(rows()), tmp_path)
    for level, shape in ((0, (2, 514)), (1, (1, 257))):
        with rasterio.open(maps.files[0], overview_level=level) as small:
            assert small.shape == shape
            assert (small.read(1) == 100.0).all()


@pytest.mark.parametrize("largest", [4_000_000_000, 1])
def test_the_layout_is_cloud_optimised_also_beyond_four_gigabytes(tmp_path, monkeypatch, largest):
    from carbon_sink.rasters import cloud

    monkeypatch.setattr(cloud, "LARGEST_CLASSIC", largest)
    codes = np.random.default_rng(1).choice([10, 40, 80], (600, 1100))
    maps = write_density({2020: write(tmp_path, "a.tif", codes)}, check_table(rows()), tmp_path)
    assert maps.files[0].read_bytes()[:4] == (b"II*\0" if largest > 1 else b"II+\0")
    with rasterio.open(maps.files[0]) as raster:
        assert raster.tags(ns="IMAGE_STRUCTURE")["LAYOUT"] == "COG"  # as GDAL sees it
        assert raster.block_shapes == [(512, 512)]

        def place(name, level):
            more = {} if level is None else {"ovr": level}
            return int(raster.get_tag_item(name, "TIFF", bidx=1, **more))

        levels = (None, 0, 1)
        directories = [place("IFD_OFFSET", level) for level in levels]
        tiles = [place("BLOCK_OFFSET_0_0", level) for level in levels]
    # directories from large to small, then tiles from small to large
    assert directories == sorted(directories)
    assert max(directories) < min(tiles)
    assert tiles == sorted(tiles, reverse=True)
    np.testing.assert_array_equal(read(maps.files[0]) == 100.0, codes == 10)


def test_a_full_disk_leaves_no_file_behind(tmp_path, monkeypatch):
    from carbon_sink.rasters import cloud

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(cloud, "copyfileobj", full)
    raster = write(tmp_path, "a.tif", [[10]])
    out = tmp_path / "out"
    out.mkdir()
    with pytest.raises(OSError, match="No space"):
        write_density({2020: raster}, check_table(rows()), out)
    assert list(out.iterdir()) == []


# --------------------------------------------------------------------------- the compression

bits = st.sampled_from([0, 1, 0x42C80000, 0x41F00000, 0x7FC00000, 0xFFFFFFFF])
