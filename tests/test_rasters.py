"""Opening rasters, and refusing what is none, with every reason at once."""

import csv
import json
import os
import pickle
import struct
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import rasterio
from conftest import write_landcover
from rasterio.control import GroundControlPoint
from rasterio.transform import Affine, from_origin

from carbon_sink.errors import CarbonSinkError, CRSError, FileError
from carbon_sink.grids import grid_of
from carbon_sink.landcover import classes
from carbon_sink.rasters import codes_of, open_landcover, open_values

TREES = np.full((20, 40), 10, dtype="uint8")
LOCAL = 'LOCAL_CS["mine",UNIT["metre",1]]'
GRADS = ('GEOGCS["NTF",DATUM["NTF",SPHEROID["Clarke",6378249.2,293.466]],'
         'PRIMEM["Greenwich",0],UNIT["grad",0.01570796326794897]]')  # fmt: skip


def reasons(path, open_raster=open_landcover, **options):
    """The codes of all problems for which a raster is refused."""
    with pytest.raises(CarbonSinkError) as caught:
        open_raster(path, **options)
    for lang in ("zh", "en"):
        assert path.name in caught.value.text(lang)
    return [problem.code for problem in caught.value.problems]


def rewritten(path, tag, kind=None, value=None, items=None):
    """Change a field of the directory of a little-endian TIFF: its value, or numbers of its list."""
    content = bytearray(path.read_bytes())
    (start,) = struct.unpack_from("<I", content, 4)
    (count,) = struct.unpack_from("<H", content, start)
    for at in range(start + 2, start + 2 + 12 * count, 12):
        found, stored, number, place = struct.unpack_from("<HHII", content, at)
        if found == tag and items is None:
            struct.pack_into("<HII", content, at + 2, kind or stored, 1, value)
        elif found == tag:
            size, letter = {3: (2, "H"), 4: (4, "I")}[stored]
            base = at + 8 if number * size <= 4 else place
            for item in items:
                struct.pack_into("<" + letter, content, base + item * size, value)
    path.write_bytes(content)
    return path


def huge(path, rows, columns, tile, **options):
    """Write the header of a large raster of which no cell is stored."""
    profile = {
        "driver": "GTiff", "dtype": "uint8", "count": 1, "height": rows, "width": columns,
        "crs": "EPSG:4326", "transform": from_origin(100.0, 30.0, 1e-5, 1e-5), "nodata": 0,
        "tiled": True, "blockxsize": tile, "blockysize": tile, "SPARSE_OK": True,
    } | options  # fmt: skip
    with rasterio.open(path, "w", **profile) as raster:
        one = np.full((min(tile, rows, 512), min(tile, columns, 512)), 10, dtype="uint8")
        if tile <= 1024:
            raster.write(one, 1, window=((tile, tile + one.shape[0]), (0, one.shape[1])))
    return path


# what is opened


def test_a_raster_opens_with_its_grid_classes_and_scheme(tmp_path):
    raster = open_landcover(write_landcover(tmp_path / "a.tif"), scheme="worldcover")
    assert raster.dims == ("y", "x")
    assert raster.shape == (20, 40)
    assert raster.attrs["scheme"] == "worldcover"
    grid = grid_of(raster)
    assert (grid.west, grid.top, grid.height) == (105.0, 29.52, -0.001)
    assert np.unique(raster.to_numpy()).tolist() == [10, 40]
    assert raster.rio.crs.to_epsg() == 4326
    assert raster.rio.nodata == 0
    assert float(raster.y[0]) == pytest.approx(29.5195)


def test_any_piece_of_a_raster_is_the_piece_of_its_cells(tmp_path):
    codes = np.random.default_rng(1).integers(1, 200, (20, 40)).astype("uint8")
    raster = open_landcover(write_landcover(tmp_path / "a.tif", codes))
    for piece in (np.s_[3:7, 5:30], np.s_[2, :], np.s_[:, -1], np.s_[4:18:3, ::7], np.s_[0:0, :],
                  np.s_[::-1, 3:5], np.s_[[1, 5, 2], :]):  # fmt: skip
        np.testing.assert_array_equal(raster[piece].to_numpy(), codes[piece])


def test_threads_and_other_processes_read_the_same_cells(tmp_path):
    raster = open_landcover(write_landcover(tmp_path / "a.tif"))
    expected = raster.to_numpy()
    with ThreadPoolExecutor(4) as pool:
        strips = list(pool.map(lambda row: raster[row : row + 5].to_numpy(), range(0, 20, 5)))
    np.testing.assert_array_equal(np.concatenate(strips), expected)
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(raster)).to_numpy(), expected)  # noqa: S301


@pytest.mark.parametrize(
    "kind", ["uint8", "int8", "int16", "uint16", "int32", "uint32", "int64", "uint64"]
)
def test_whole_numbers_of_any_type_are_classes(tmp_path, kind):
    raster = open_landcover(write_landcover(tmp_path / "a.tif", TREES.astype(kind)))
    assert codes_of(raster) == {10: 800}


def test_a_south_up_raster_is_opened_as_it_is(tmp_path):
    up = Affine(0.001, 0, 105.0, 0, 0.001, 29.5)
    raster = open_landcover(write_landcover(tmp_path / "a.tif", transform=up))
    assert grid_of(raster).height == 0.001


def test_a_skew_that_is_only_rounding_is_no_rotation(tmp_path):
    almost = Affine(0.001, 1e-18, 105.0, -1e-18, -0.001, 29.52)
    raster = open_landcover(write_landcover(tmp_path / "a.tif", transform=almost))
    assert grid_of(raster).west == 105.0
    turned = Affine(0.001, 1e-10, 105.0, 0.0, -0.001, 29.52)
    assert reasons(write_landcover(tmp_path / "b.tif", transform=turned)) == ["raster_rotated"]


def test_floats_that_are_all_whole_are_classes_and_nan_is_none(tmp_path):
    codes = TREES.astype("float32")
    codes[0, :3] = np.nan
    codes[1, :5] = -9999.0
    raster = open_landcover(write_landcover(tmp_path / "a.tif", codes, nodata=-9999.0))
    assert raster.dtype.kind == "i"
    assert codes_of(raster) == {10: 800 - 3 - 5}


def test_floats_beyond_every_legend_stay_unknown_classes(tmp_path):
    codes = TREES.astype("float64")
    codes[0, 0], codes[0, 1] = np.inf, -1e12
    raster = open_landcover(write_landcover(tmp_path / "a.tif", codes))
    unknown = set(codes_of(raster)) - set(classes("worldcover").index)
    assert len(unknown) == 2


@pytest.mark.parametrize("kind", ["float32", "uint16", "uint32"])
def test_classes_of_more_than_15_bits_stay_apart_under_a_mask_and_as_floats(tmp_path, kind):
    codes = np.full((20, 40), 40_000, kind)
    codes[:5], codes[5], codes[6:8] = 50_000, 1_000_001 if kind != "uint16" else 2, 7
    valid = np.full((20, 40), 255, dtype="uint8")
    valid[6:8] = 0
    with rasterio.Env(GDAL_TIFF_INTERNAL_MASK=True):
        path = write_landcover(tmp_path / "a.tif", codes, nodata=None)
        with rasterio.open(path, "r+") as raster:
            raster.write_mask(valid)
    assert set(codes_of(open_landcover(path)).values()) == {40, 200, 480}


def test_what_stands_for_no_class_is_no_class_of_a_file(tmp_path):
    codes = np.full((20, 40), 10, "float32")
    codes[0, :3], codes[1] = [-32_768, -32_769, -32_770], np.nan
    found = codes_of(open_landcover(write_landcover(tmp_path / "a.tif", codes)))
    assert len(found) == 4
    assert sum(found.values()) == 800 - 40


def test_cells_under_a_mask_in_the_file_have_no_class_and_no_value(tmp_path):
    valid = np.full((20, 40), 255, dtype="uint8")
    valid[:2] = 0
    with rasterio.Env(GDAL_TIFF_INTERNAL_MASK=True):
        path = write_landcover(tmp_path / "a.tif", TREES, nodata=None)
        with rasterio.open(path, "r+") as raster:
            raster.write_mask(valid)
    assert codes_of(open_landcover(path)) == {10: 800 - 80}
    assert int(np.isnan(open_values(path)).sum()) == 80


def test_values_are_scaled_and_missing_values_are_nan(tmp_path):
    heights = np.full((20, 40), 123, dtype="int16")
    heights[0, :4] = -1
    path = write_landcover(tmp_path / "a.tif", heights, nodata=-1)
    with rasterio.open(path, "r+") as raster:
        raster.scales, raster.offsets = (0.1,), (2.0,)
    values = open_values(path).to_numpy()
    # 123 × 0.1 + 2 = 14.3
    assert values[5, 5] == pytest.approx(14.3)
    assert np.isnan(values[0]).sum() == 4
    assert reasons(path) == ["raster_scaled"]


def test_values_may_be_fractions(tmp_path):
    path = write_landcover(tmp_path / "a.tif", np.full((20, 40), 0.25, dtype="float32"))
    assert float(open_values(path).mean()) == 0.25


def test_nodata_that_no_cell_can_hold_is_no_nodata(tmp_path):
    path = write_landcover(tmp_path / "a.tif", nodata=7)
    content = path.read_bytes()
    at = content.index(struct.pack("<HHI", 42113, 2, 2))
    path.write_bytes(content[: at + 4] + struct.pack("<I4s", 4, b"-99\0") + content[at + 12 :])
    raster = open_landcover(path)
    assert "_FillValue" not in raster.attrs
    assert codes_of(raster) == {10: 400, 40: 400}


def test_tags_tell_about_a_product_but_never_which_cells_count(tmp_path):
    path = write_landcover(tmp_path / "a.tif", nodata=None)
    with rasterio.open(path, "r+") as raster:
        raster.update_tags(_FillValue="10", scheme="clcd", product_version="V2.0.0")
    raster = open_landcover(path)
    assert raster.attrs["product_version"] == "V2.0.0"
    assert raster.attrs["scheme"] == "worldcover"
    assert codes_of(raster) == {10: 400, 40: 400}


def test_a_sparse_raster_of_a_country_opens_at_once(tmp_path):
    path = huge(tmp_path / "a.tif", 36_000, 36_000, 1024)
    started = time.monotonic()
    raster = open_landcover(path)
    assert time.monotonic() - started < 1.0
    assert codes_of(raster[:2048, :1024]) == {10: 512 * 512}


def test_what_lies_beside_a_raster_does_not_replace_its_cells(tmp_path):
    path = write_landcover(tmp_path / "a.tif", TREES)
    write_landcover(tmp_path / "other.tif", np.full((10, 20), 50, dtype="uint8"))
    (tmp_path / "a.tif.ovr").write_bytes((tmp_path / "other.tif").read_bytes())
    (tmp_path / "a.tif.aux.xml").write_text(
        '<PAMDataset><Metadata domain="OVERVIEWS"><MDI key="OVERVIEW_FILE">other.tif</MDI>'
        "</Metadata></PAMDataset>"
    )
    assert codes_of(open_landcover(path)) == {10: 800}


@pytest.mark.parametrize(("scheme", "code"), [("glc_fcs30d", 0), ("globeland30", 255)])
def test_a_class_that_means_no_data_may_be_the_nodata_code(tmp_path, scheme, code):
    assert code in classes(scheme).index
    raster = open_landcover(write_landcover(tmp_path / "a.tif", TREES, nodata=code), scheme=scheme)
    assert codes_of(raster) == {10: 800}


# what is refused


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(FileError, match="找不到文件"):
        open_landcover(tmp_path / "none.tif")


@pytest.mark.parametrize(
    ("content", "named"),
    [(b"\x89PNG\r\n\x1a\n", "PNG"), (b"\x89HDF\r\n", "HDF5"), (b"  <VRTDataset>", "VRT"),
     (b"<!DOCTYPE html>", "HTML"), (b"version https://git-lfs.github.com", "Git LFS"),
     (b"", "0 B"), (b"hello \xff", "hello"), (b"II*", "II")],
)  # fmt: skip
def test_a_file_of_another_kind_is_refused_by_what_it_is(tmp_path, content, named):
    path = tmp_path / "a.tif"
    path.write_bytes(content)
    with pytest.raises(FileError, match=named) as caught:
        open_landcover(path)
    assert [problem.code for problem in caught.value.problems] == ["raster_not_geotiff"]


def test_a_text_that_calls_itself_tif_opens_no_other_file(tmp_path):
    good = write_landcover(tmp_path / "good.tif")
    fake = tmp_path / "fake.tif"
    fake.write_text(
        '<VRTDataset rasterXSize="40" rasterYSize="20"><VRTRasterBand dataType="Byte" band="1">'
        f"<SimpleSource><SourceFilename>{good}</SourceFilename></SimpleSource>"
        "</VRTRasterBand></VRTDataset>"
    )
    assert reasons(fake) == ["raster_not_geotiff"]


def test_all_problems_of_a_raster_come_together(tmp_path):
    path = tmp_path / "a.tif"
    codes = np.ones((2, 20, 40), dtype="uint8")
    turned = Affine(0.001, 0.0001, 105.0, 0.0001, -0.001, 29.5)
    write_landcover(path, codes, crs=None, transform=turned, nodata=10)
    with rasterio.open(path, "r+") as raster:
        raster.scales = (0.5, 0.5)
    found = {
        "raster_bands",
        "raster_rotated",
        "crs_missing",
        "raster_scaled",
        "raster_nodata_is_class",
    }
    assert set(reasons(path)) == found


@pytest.mark.filterwarnings("ignore::rasterio.errors.NotGeoreferencedWarning")
@pytest.mark.parametrize(
    ("codes", "options", "expected"),
    [
        (np.ones((2, 20, 40), "uint8"), {}, ["raster_bands"]),
        (np.ones((3, 20, 40), "uint8"), {"photometric": "RGB"}, ["raster_picture"]),
        (np.ones((4, 20, 40), "uint8"), {"photometric": "RGB"}, ["raster_picture"]),
        (np.ones((2, 20, 40), "uint8"), {"ALPHA": "YES"}, ["raster_bands"]),
        (TREES, {"nodata": 10}, ["raster_nodata_is_class"]),
        (TREES.astype("float32"), {"nodata": 10}, ["raster_nodata_is_class"]),
        (TREES, {"compress": "JPEG"}, ["raster_lossy"]),
        (TREES + 0.5, {}, ["raster_not_classes"]),
        (TREES.astype("complex64"), {}, ["raster_complex"]),
        (TREES, {"crs": None}, ["crs_missing"]),
        (TREES, {"crs": LOCAL}, ["crs_not_on_earth"]),
        (TREES, {"crs": "EPSG:4978"}, ["crs_not_on_earth"]),
        (TREES, {"crs": GRADS}, ["crs_not_degrees"]),
        (TREES, {"transform": Affine.identity()}, ["raster_no_place"]),
        (TREES, {"transform": Affine(0.001, 0, 105, 0.0001, -0.001, 30)}, ["raster_rotated"]),
        (TREES, {"transform": Affine(-0.001, 0, 105, 0, -0.001, 30)}, ["raster_rotated"]),
        (TREES, {"transform": from_origin(35_500_000, 3_250_000, 30, 30)}, ["raster_outside_earth"]),
        (TREES, {"transform": from_origin(500, 30, 0.1, 0.1)}, ["raster_outside_earth"]),
        (TREES, {"transform": from_origin(105, 92, 0.1, 0.1)}, ["raster_outside_earth"]),
    ],
)  # fmt: skip
def test_a_raster_that_is_no_land_cover_is_refused_with_the_reason(
    tmp_path, codes, options, expected
):
    path = tmp_path / "a.tif"
    write_landcover(path, codes, **options)
    assert reasons(path) == expected


def test_a_globe_may_reach_half_a_cell_beyond_the_poles(tmp_path):
    globe = from_origin(-180.5, 90.5, 9.025, 9.05)
    assert open_landcover(write_landcover(tmp_path / "a.tif", TREES, transform=globe)).shape == (
        20,
        40,
    )


def test_numbers_that_are_not_whole_are_counted_with_an_example(tmp_path):
    codes = TREES.astype("float32")
    codes[3, :7] = 12.5
    path = write_landcover(tmp_path / "a.tif", codes)
    with pytest.raises(FileError, match=r"7 个像元的值不是整数（例如 12\.5）"):
        open_landcover(path)


def test_a_cell_size_without_a_corner_is_no_place(tmp_path):
    # GDAL puts such a raster at 0, 0; the field of tie points is given an unknown number
    path = rewritten(write_landcover(tmp_path / "a.tif"), 33922, kind=2, value=0)
    assert "raster_no_place" in reasons(path)


def test_control_points_are_no_grid(tmp_path):
    path = tmp_path / "a.tif"
    points = [GroundControlPoint(row, column, 105 + column / 1000, 30 - row / 1000)
              for row, column in ((0, 0), (0, 40), (20, 0), (20, 40))]  # fmt: skip
    with rasterio.open(path, "w", driver="GTiff", dtype="uint8", count=1, width=40, height=20,
                       gcps=points, crs="EPSG:4326") as raster:  # fmt: skip
        raster.write(TREES, 1)
    assert reasons(path) == ["raster_control_points"]


def test_a_system_named_in_another_encoding_is_refused_by_that(tmp_path):
    named = (
        GRADS.replace("NTF", "AAAABBBB")
        .replace("grad", "degree")
        .replace("0.01570796326794897", "0.0174532925199433")
    )
    path = write_landcover(tmp_path / "a.tif", crs=named)
    path.write_bytes(path.read_bytes().replace(b"AAAABBBB", "国家坐标".encode("gbk")))
    assert reasons(path) == ["crs_name_unreadable"]


def test_only_the_reference_system_missing_is_an_error_of_the_system(tmp_path):
    path = write_landcover(tmp_path / "a.tif", crs=None)
    with pytest.raises(CRSError, match="坐标"):
        open_landcover(path)


def test_a_mask_beside_the_raster_is_neither_read_nor_ignored(tmp_path):
    path = write_landcover(tmp_path / "a.tif")
    (tmp_path / "a.tif.msk").write_text("<VRTDataset/>")
    assert reasons(path) == ["raster_mask_beside"]
    assert reasons(path, open_values) == ["raster_mask_beside"]


def test_several_images_in_one_file_are_not_chosen_from(tmp_path):
    path = write_landcover(tmp_path / "a.tif")
    with rasterio.open(path, "r", driver="GTiff") as first:
        profile = first.profile
    with rasterio.open(path, "w", **profile | {"APPEND_SUBDATASET": "YES"}) as second:
        second.write(TREES, 1)
    assert reasons(path) == ["raster_pages"]


def test_a_header_cut_off_is_refused(tmp_path):
    path = write_landcover(tmp_path / "a.tif")
    path.write_bytes(path.read_bytes()[:100])
    assert reasons(path) == ["raster_header_broken"]


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"compress": "deflate"},
        {"compress": "lzw", "tiled": True, "blockxsize": 16, "blockysize": 16},
    ],
)
def test_a_file_cut_short_is_refused_at_any_length(tmp_path, options):
    codes = np.random.default_rng(2).choice([10, 20, 30], (64, 64)).astype("uint8")
    whole = write_landcover(tmp_path / "whole.tif", codes, **options).read_bytes()
    open_landcover(tmp_path / "whole.tif")
    cut = tmp_path / "cut.tif"
    for length in np.linspace(0, len(whole) - 1, 40).astype(int):
        cut.write_bytes(whole[:length])
        expected = {"raster_not_geotiff", "raster_header_broken", "raster_truncated"}
        assert expected & set(reasons(cut)), length


def test_a_damaged_header_is_refused_or_read_and_nothing_else_happens(tmp_path):
    codes = np.random.default_rng(4).choice([10, 20, 30], (64, 64)).astype("uint8")
    path, chance = tmp_path / "damaged.tif", np.random.default_rng(5)
    for number, options in enumerate(
        [{"compress": "deflate"}, {"BIGTIFF": "YES"}, {"ENDIANNESS": "BIG"}]
    ):
        whole = write_landcover(tmp_path / f"{number}.tif", codes, **options).read_bytes()
        refused = 0
        for _ in range(100):
            content = bytearray(whole)
            at, length = chance.integers(4, 400), chance.choice([1, 4, 8])
            content[at : at + length] = bytes(chance.choice([0, 1, 127, 255], length).tolist())
            path.write_bytes(content)
            try:
                codes_of(open_landcover(path))
            except CarbonSinkError:
                refused += 1
        assert 0 < refused < 100


def test_a_block_that_cannot_be_decoded_ends_the_reading_with_its_rows(tmp_path):
    codes = np.random.default_rng(3).choice([10, 20, 30], (64, 64)).astype("uint8")
    path = write_landcover(tmp_path / "a.tif", codes, compress="deflate", blockysize=16)
    with rasterio.open(path) as raster:
        at = int(raster.get_tag_item("BLOCK_OFFSET_0_2", "TIFF", bidx=1))
    content = bytearray(path.read_bytes())
    content[at : at + 40] = bytes(40)
    path.write_bytes(content)
    raster = open_landcover(path)
    np.testing.assert_array_equal(raster[:32].to_numpy(), codes[:32])
    with pytest.raises(FileError, match="33-48") as caught:
        raster[32:48].to_numpy()
    assert caught.value.problems[0].code == "raster_block_unreadable"


def test_a_killed_writer_leaves_no_land_cover(tmp_path):
    path = tmp_path / "a.tif"
    code = (
        "import os, sys, numpy, rasterio\n"
        "from rasterio.transform import from_origin\n"
        "raster = rasterio.open(sys.argv[1], 'w', driver='GTiff', dtype='uint8', count=1, nodata=0,"
        " width=512, height=512, crs='EPSG:4326', transform=from_origin(105, 30, .001, .001),"
        " tiled=True, blockxsize=128, blockysize=128, compress='deflate')\n"
        "raster.write(numpy.full((256, 512), 10, 'uint8'), 1, window=((0, 256), (0, 512)))\n"
        "os._exit(9)"
    )
    subprocess.run([sys.executable, "-c", code, path], check=False)
    assert set(reasons(path)) & {"raster_unfinished", "raster_not_geotiff"}


@pytest.mark.parametrize("last", [1, 4, 15, 16])
def test_blocks_missing_at_the_end_are_no_data_where_nodata_is_named(tmp_path, last):
    options = {"tiled": True, "blockxsize": 16, "blockysize": 16, "compress": "deflate"}
    codes = np.full((64, 64), 10, dtype="uint8")  # 4 × 4 blocks

    def without_end(name, **more):
        path = write_landcover(tmp_path / name, codes, **options, **more)
        for tag in (324, 325):
            rewritten(path, tag, value=0, items=range(16 - last, 16))
        return path

    assert reasons(without_end("a.tif", nodata=None)) == ["raster_unfinished"]
    path = without_end("b.tif")
    if last == 16:  # what a killed writer leaves
        assert reasons(path) == reasons(path, open_values) == ["raster_unfinished"]
        return
    raster = open_landcover(path)
    assert [(note.code, note.count) for note in raster.attrs["notes"]] == [
        ("raster_end_empty", last)
    ]
    assert open_values(path).attrs["notes"] == raster.attrs["notes"]
    assert codes_of(raster) == {10: (16 - last) * 16 * 16}


def test_blocks_missing_inside_are_empty(tmp_path):
    options = {"tiled": True, "blockxsize": 16, "blockysize": 16, "compress": "deflate"}
    path = write_landcover(tmp_path / "a.tif", np.full((64, 64), 10, "uint8"), **options)
    for tag in (324, 325):
        rewritten(path, tag, value=0, items=[5, 6])
    raster = open_landcover(path)
    assert raster.attrs["notes"] == []
    assert codes_of(raster) == {10: 64 * 64 - 2 * 16 * 16}


def test_bytes_that_cannot_become_so_many_cells_are_refused(tmp_path):
    path = write_landcover(tmp_path / "a.tif", np.zeros((4096, 4096), "uint8"), compress="deflate",
                           tiled=True, blockxsize=4096, blockysize=4096)  # fmt: skip
    assert open_landcover(path).shape == (4096, 4096)
    # 16 MB need at least 16,258 bytes of deflate
    rewritten(path, 325, kind=4, value=1000)
    assert reasons(path) == ["raster_truncated"]


@pytest.mark.parametrize(
    ("rows", "columns", "tile", "expected"),
    [(32_768, 32_768, 32_768, "raster_block_too_large"), (1_000_000, 1_000_000, 8192, "raster_too_large")],
)  # fmt: skip
def test_a_bomb_is_refused_from_its_header(tmp_path, rows, columns, tile, expected):
    path = huge(tmp_path / "a.tif", rows, columns, tile, BIGTIFF="YES")
    started = time.monotonic()
    assert reasons(path) == [expected]
    assert time.monotonic() - started < 1.0


def test_a_width_that_no_reader_can_count_is_refused_before_it_is_opened(tmp_path):
    path = rewritten(write_landcover(tmp_path / "a.tif"), 256, kind=4, value=2**32 - 1)
    assert reasons(path) == ["raster_too_large"]


# real files

CHILD = """
import json, resource, sys, time
from pathlib import Path
resource.setrlimit(resource.RLIMIT_AS, (4 << 30, 4 << 30))
from carbon_sink.errors import CarbonSinkError
from carbon_sink.rasters import codes_of, open_landcover, open_values
peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
for line in sys.stdin:
    found = {"id": line.split(" ", 1)[0]}
    path = Path(line.split(" ", 1)[1].strip())
    before, started = peak(), time.monotonic()
    for name, look in (("codes", lambda: codes_of(open_landcover(path))),
                       ("values", lambda: float(open_values(path).mean()))):
        try:
            look()
            found[name] = []
        except CarbonSinkError as error:
            found[name] = [problem.code for problem in error.problems]
    found |= {"seconds": time.monotonic() - started, "mb": peak() - before}
    print(json.dumps(found), flush=True)
"""
# expected by the manifest, and not so here
OTHERWISE = {
    # 20 cells without any coordinates: good codes, but of no place
    "tif_test_average_palette": "raster_no_place",
    "tif_test_with_mask_1bit": "raster_no_place",
    # float, but all whole: codes are looked up in the legend instead
    "tif_nan32_nodata": None,
}


@pytest.mark.realdata
def test_real_bad_rasters_are_refused_and_none_harms(real_data):
    folder = real_data / "bad_inputs"
    with (folder / "manifest.csv").open(encoding="utf-8", newline="") as file:
        cases = {row["id"]: row for row in csv.DictReader(file)
                 if row["category"].startswith("TIF") or row["id"] == "vrt_invalid"}  # fmt: skip
    lines = "".join(f"{name} {folder / row['main_file']}\n" for name, row in cases.items())
    done = subprocess.run([sys.executable, "-c", CHILD], input=lines, capture_output=True,
                          text=True, check=False, timeout=120, env=dict(os.environ))  # fmt: skip
    found = {one["id"]: one for one in map(json.loads, done.stdout.splitlines())}
    assert done.returncode == 0, done.stderr[-2000:]
    assert found.keys() == cases.keys()
    assert len(cases) > 60
    for name, one in found.items():
        assert one["seconds"] < 10, name
        assert one["mb"] < 200, name
        if name in OTHERWISE:
            assert (OTHERWISE[name] in one["codes"]) if OTHERWISE[name] else not one["codes"], name
        elif cases[name]["expected"] == "REFUSE":
            assert one["codes"], name
        elif cases[name]["expected"] == "OK":
            assert not one["codes"], name
