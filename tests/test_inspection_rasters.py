"""What an inspection says of a raster, good or bad."""

import struct

import numpy as np
import pytest
import rasterio
from conftest import write_landcover
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rasterio.control import GroundControlPoint
from rasterio.transform import Affine, from_origin

from carbon_sink.inspection.rasters import inspect_raster
from carbon_sink.rasters import examine_raster, examining

TREES = np.full((20, 40), 10, dtype="uint8")
CROPS = np.where(np.arange(40)[None, :] < 10, 10, 40).repeat(20, axis=0).astype("uint8")
MERCATOR = (
    'PROJCS["{name}",GEOGCS["WGS 84",DATUM["WGS_1984",SPHEROID["WGS 84",6378137,298.257223563]],'
    'PRIMEM["Greenwich",0],UNIT["degree",0.0174532925199433]],PROJECTION["Mercator_1SP"],'
    'PARAMETER["central_meridian",105.3],PARAMETER["scale_factor",1],PARAMETER["false_easting",7],'
    'PARAMETER["false_northing",0],UNIT[{unit}]]'
)
METRES = from_origin(10_000.0, 3_000_000.0, 30.0, 30.0)


def codes(found):
    """The codes of all problems, in order."""
    return [problem.code for problem in found.problems]


def with_nodata_text(path, written):
    """Give a raster written with the nodata code 7 another text in its place, up to 3 letters."""
    content = path.read_bytes()
    at = content.index(struct.pack("<HHI", 42113, 2, 2))
    field = struct.pack("<I4s", len(written) + 1, written.encode() + b"\0")
    path.write_bytes(content[: at + 4] + field + content[at + 12 :])
    return path


# what is told of good rasters


def test_a_good_raster_is_described_and_its_product_found(tmp_path):
    found = inspect_raster(write_landcover(tmp_path / "a.tif", CROPS))
    assert (found.outcome, found.kind, found.problems) == ("ok", "raster", [])
    assert found.facts["size"] == "20 × 40"
    assert found.facts["cell"] == "0.001 × 0.001 degree"
    # 40 columns and 20 rows of 0.001 degrees from 105, 29.52
    assert found.facts["extent"] == "x 105–105.04, y 29.5–29.52"
    assert found.facts["crs"] == "EPSG:4326 (WGS 84)"
    assert found.facts["nodata"] == "0"
    # 10 of 40 columns are trees: 10 × 20 and 30 × 20 cells
    assert found.facts["classes"] == "10 (200), 40 (600)"
    assert "worldcover" in found.facts["scheme"].split(", ")
    assert "clcd" not in found.facts["scheme"].split(", ")


def test_the_report_is_readable_in_both_languages(tmp_path):
    found = inspect_raster(write_landcover(tmp_path / "a.tif", CROPS.astype("float32")))
    assert found.outcome == "warn"
    for lang in ("zh", "en"):
        assert any("10 (200), 40 (600)" in line for line in found.lines(lang))


def test_values_that_are_no_classes_are_a_range(tmp_path):
    biomass = np.linspace(0.5, 200.25, 800, dtype="float32").reshape(20, 40)
    biomass[0, :5] = np.nan
    found = inspect_raster(write_landcover(tmp_path / "a.tif", biomass, nodata=np.nan))
    assert found.outcome == "ok"
    assert found.facts["values"] == "1.75 … 200.25"
    assert "classes" not in found.facts


def test_so_many_whole_numbers_are_values(tmp_path):
    heights = np.arange(800, dtype="int16").reshape(20, 40)
    path = write_landcover(tmp_path / "a.tif", heights, nodata=-1)
    found = inspect_raster(path)
    assert found.outcome == "ok"
    assert (found.facts["values"], "classes" in found.facts) == ("0 … 799", False)
    assert codes(inspect_raster(path, "worldcover")) == ["classes_too_many"]


def test_scaled_whole_numbers_are_values_in_their_unit(tmp_path):
    path = write_landcover(tmp_path / "a.tif", CROPS.astype("int16"), nodata=-1)
    with rasterio.open(path, "r+") as raster:
        raster.scales, raster.offsets = (0.5,), (1.25,)
    found = inspect_raster(path)
    # 10 × 0.5 + 1.25 and 40 × 0.5 + 1.25
    assert (found.outcome, found.facts["values"]) == ("ok", "6.25 … 21.25")
    assert "raster_scaled" in codes(inspect_raster(path, "worldcover"))


def test_cells_under_a_mask_and_nodata_are_not_counted(tmp_path):
    valid = np.full((20, 40), 255, dtype="uint8")
    valid[:2] = 0
    with rasterio.Env(GDAL_TIFF_INTERNAL_MASK=True):
        path = write_landcover(tmp_path / "a.tif", TREES, nodata=None)
        with rasterio.open(path, "r+") as raster:
            raster.write_mask(valid)
    assert inspect_raster(path).facts["classes"] == "10 (720)"
    half = np.where(np.arange(20)[:, None] < 5, 0, TREES).astype("uint8")
    assert inspect_raster(write_landcover(tmp_path / "b.tif", half)).facts["classes"] == "10 (600)"


@pytest.mark.parametrize("name", ["CGCS2000", "unnamed"])
def test_a_south_up_raster_is_good(tmp_path, name):
    up = Affine(0.001, 0, 105.0, 0, 0.001, 29.5)
    found = inspect_raster(write_landcover(tmp_path / f"{name}.tif", transform=up))
    assert (found.outcome, found.facts["extent"]) == ("ok", "x 105–105.04, y 29.5–29.52")


@settings(
    deadline=None, max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(seed=st.integers(0, 2**32 - 1), most=st.integers(1, 255), tile=st.sampled_from([0, 16, 32]),
       kind=st.sampled_from(["uint8", "int16", "uint32", "float32", "float64"]))  # fmt: skip
def test_every_cell_is_counted_once_however_the_file_is_cut(tmp_path, seed, most, tile, kind):
    cells = np.random.default_rng(seed).integers(0, most + 1, (50, 70)).astype(kind)
    tiles = {"tiled": True, "blockxsize": tile, "blockysize": tile} if tile else {"blockysize": 7}
    path = write_landcover(tmp_path / "a.tif", cells, nodata=None, compress="LZW", **tiles)
    numbers, counts = np.unique(cells, return_counts=True)
    tally = examine_raster(path).tally
    assert tally.codes == dict(zip(numbers.tolist(), counts.tolist(), strict=True))
    assert (tally.lowest, tally.highest) == (cells.min(), cells.max())


def test_high_blocks_are_read_in_pieces(tmp_path, monkeypatch):
    monkeypatch.setattr(examining, "WINDOW_CELLS", 64)
    path = write_landcover(tmp_path / "a.tif", CROPS, blockysize=20)
    assert examine_raster(path).tally.codes == {10: 200, 40: 600}


# what is told as a warning


def test_whole_numbers_of_float_type_are_told_as_classes_or_values(tmp_path):
    cells = CROPS.astype("float32")
    cells[0, :3] = np.nan
    path = write_landcover(tmp_path / "a.tif", cells, nodata=np.nan)
    found = inspect_raster(path)
    assert (found.outcome, codes(found)) == ("warn", ["raster_float_whole"])
    assert found.problems[0].value == "10, 40"
    assert found.facts["classes"] == "10 (197), 40 (600)"
    # the scheme says what they are
    assert inspect_raster(path, "worldcover").outcome == "ok"


@pytest.mark.parametrize(
    ("written", "kind"), [("-99", "uint8"), ("300", "uint8"), ("inf", "float32"), ("nan", "int16"),
                          ("0.5", "uint8"), ("0.1", "float32"), ("x", "uint8"), ("-1", "uint32")],
)  # fmt: skip
def test_a_nodata_code_that_no_cell_can_hold_is_told(tmp_path, written, kind):
    values = (CROPS + 0.5 * (np.dtype(kind).kind == "f")).astype(kind)
    path = with_nodata_text(write_landcover(tmp_path / "a.tif", values, nodata=7), written)
    found = inspect_raster(path)
    assert (found.outcome, codes(found)) == ("warn", ["raster_nodata_odd"])
    assert (found.problems[0].value, found.problems[0].rule) == (written, kind)


@pytest.mark.parametrize(
    ("nodata", "kind"),
    [(255, "uint8"), (-9999, "float32"), (np.nan, "float64"), (-(2**15), "int16"), (2**32 - 1, "uint32"),
     (float(np.finfo("float32").min), "float32"), (0.25, "float32")],
)  # fmt: skip
def test_an_ordinary_nodata_code_is_nothing_to_tell(tmp_path, nodata, kind):
    values = (CROPS + 0.5 * (np.dtype(kind).kind == "f")).astype(kind)
    assert (
        inspect_raster(write_landcover(tmp_path / "a.tif", values, nodata=nodata)).outcome == "ok"
    )


def test_a_raster_without_any_data_is_told(tmp_path):
    found = inspect_raster(write_landcover(tmp_path / "a.tif", TREES * 0))
    assert (found.outcome, codes(found)) == ("warn", ["raster_all_nodata"])


@pytest.mark.parametrize(
    ("name", "unit", "expected"),
    [("mine", '"US survey foot",0.304800609601219', "crs_not_metres"),
     ("unnamed", '"metre",1', "crs_unnamed")],
)  # fmt: skip
def test_a_system_that_cannot_be_checked_is_told(tmp_path, name, unit, expected):
    crs = MERCATOR.format(name=name, unit=unit)
    found = inspect_raster(write_landcover(tmp_path / "a.tif", crs=crs, transform=METRES))
    assert (found.outcome, codes(found)) == ("warn", [expected])


def test_a_system_without_a_unit_is_told(tmp_path):
    crs = MERCATOR.format(name="mine", unit='"metre",1')
    path = write_landcover(tmp_path / "a.tif", crs=crs, transform=METRES)
    # the key of the unit says that the file defines it, and the file does not
    named, own = (struct.pack("<HHHH", 3076, 0, 1, unit) for unit in (9001, 32767))
    content = path.read_bytes()
    assert content.count(named) == 1
    path.write_bytes(content.replace(named, own))
    assert codes(inspect_raster(path)) == ["crs_unit_unknown"]


@pytest.mark.parametrize(
    "crs", ["EPSG:4523", "EPSG:4490", MERCATOR.format(name="local", unit='"metre",1')]
)
def test_a_system_with_a_name_is_nothing_to_tell(tmp_path, crs):
    place = {} if crs == "EPSG:4490" else {"transform": METRES}
    assert inspect_raster(write_landcover(tmp_path / "a.tif", crs=crs, **place)).outcome == "ok"


def test_a_raster_too_large_to_be_looked_at_whole_is_told(tmp_path, monkeypatch):
    monkeypatch.setattr(examining, "WINDOW_CELLS", 200)
    monkeypatch.setattr(examining, "CELLS_MOST", 300)
    found = inspect_raster(write_landcover(tmp_path / "a.tif"))
    assert (found.outcome, codes(found)) == ("warn", ["raster_read_in_part"])
    # 5 rows of 40 cells a piece; the third begins behind 400 cells
    assert (found.problems[0].value, found.problems[0].rule) == ("10", "800")


# what is refused


def test_all_problems_come_together(tmp_path):
    path = write_landcover(tmp_path / "a.tif", CROPS, crs=None, nodata=7, compress="JPEG",
                           transform=Affine(0.001, 0.0001, 105.0, 0.0001, -0.001, 29.5))  # fmt: skip
    found = inspect_raster(with_nodata_text(path, "-99"))
    assert found.outcome == "refuse"
    assert set(codes(found)) == {
        "raster_lossy",
        "raster_rotated",
        "crs_missing",
        "raster_nodata_odd",
    }
    assert found.facts["size"] == "20 × 40"


@pytest.mark.filterwarnings("ignore::rasterio.errors.NotGeoreferencedWarning")
@pytest.mark.parametrize(
    ("cells", "options", "expected"),
    [
        (np.ones((2, 20, 40), "uint8"), {}, "raster_bands"),
        (np.ones((3, 20, 40), "uint8"), {"photometric": "RGB"}, "raster_picture"),
        (TREES.astype("complex64"), {"nodata": None}, "raster_complex"),
        (TREES, {"compress": "JPEG"}, "raster_lossy"),
        (TREES, {"crs": None}, "crs_missing"),
        (TREES, {"crs": 'LOCAL_CS["mine",UNIT["metre",1]]'}, "crs_not_on_earth"),
        (TREES, {"crs": "EPSG:4978"}, "crs_not_on_earth"),
        (TREES, {"transform": Affine.identity()}, "raster_no_place"),
        (TREES, {"transform": Affine(0.001, 0, 105, 0.0001, -0.001, 30)}, "raster_rotated"),
        (TREES, {"transform": from_origin(35_500_000, 3_250_000, 30, 30)}, "raster_outside_earth"),
        (np.where(CROPS == 10, np.inf, 0.5).astype("float32"), {}, "raster_values_absurd"),
        (np.where(CROPS == 10, -3e38, 0.5).astype("float32"), {}, "raster_values_absurd"),
    ],
)  # fmt: skip
def test_what_cannot_be_used_is_refused_with_the_reason(tmp_path, cells, options, expected):
    found = inspect_raster(write_landcover(tmp_path / "a.tif", cells, **options))
    assert (found.outcome, codes(found)) == ("refuse", [expected])
    problem = found.problems[0]
    assert problem.file == "a.tif"
    assert problem.fix("zh")


def test_control_points_are_no_grid(tmp_path):
    path = tmp_path / "a.tif"
    points = [GroundControlPoint(row, column, 105 + column / 1000, 29 - row / 1000)
              for row, column in ((0, 0), (0, 40), (20, 0), (20, 40))]  # fmt: skip
    with rasterio.open(path, "w", driver="GTiff", dtype="uint8", count=1, height=20, width=40,
                       gcps=points, crs="EPSG:4326") as raster:  # fmt: skip
        raster.write(TREES[None])
    assert codes(inspect_raster(path)) == ["raster_control_points"]


def test_fractions_are_no_classes_of_a_product(tmp_path):
    cells = CROPS.astype("float32")
    cells[3, :7] = 12.5
    path = write_landcover(tmp_path / "a.tif", cells)
    assert inspect_raster(path).outcome == "ok"
    found = inspect_raster(path, "worldcover")
    assert (found.outcome, codes(found)) == ("refuse", ["raster_not_classes"])
    assert (found.problems[0].count, found.problems[0].value) == (7, "12.5")


def test_codes_that_a_product_does_not_have_are_named_with_their_cells(tmp_path):
    cells = CROPS.copy()
    cells[0, :3] = 77
    path = write_landcover(tmp_path / "a.tif", cells)
    assert "scheme" not in inspect_raster(path).facts
    found = inspect_raster(path, "worldcover")
    assert (found.outcome, codes(found)) == ("refuse", ["landcover_class_unknown"])
    assert found.problems[0].value == "77 (3 px)"
    assert found.facts["scheme"] == "worldcover"


def test_damage_that_shows_in_decoding_is_found_and_named(tmp_path):
    noise = np.random.default_rng(1).integers(1, 250, (256, 256)).astype("uint8")
    path = write_landcover(tmp_path / "a.tif", noise, compress="DEFLATE", nodata=None,
                           tiled=True, blockxsize=64, blockysize=64)  # fmt: skip
    content = bytearray(path.read_bytes())
    content[-2000:-1990] = b"\xff" * 10
    path.write_bytes(content)
    found = inspect_raster(path)
    assert (found.outcome, codes(found)) == ("refuse", ["raster_block_unreadable"])
    # the bytes near the end are those of the last of 4 × 4 tiles, or of the one before
    assert found.problems[0].value == "193-256"
    assert "classes" not in found.facts


@pytest.mark.parametrize("content", [b"", b"II*\0", b"<VRTDataset>", b"hello", b"PK\x03\x04"])
def test_what_is_no_raster_is_refused_without_a_crash(tmp_path, content):
    path = tmp_path / "a.tif"
    path.write_bytes(content)
    found = inspect_raster(path)
    assert (found.outcome, found.kind, found.facts) == ("refuse", "unknown", {})


@pytest.mark.parametrize(
    "options",
    [{"tiled": True, "blockxsize": 16, "blockysize": 16}, {"blockysize": 3},
     {"compress": "DEFLATE", "blockysize": 8},
     {"compress": "LZW", "tiled": True, "blockxsize": 32, "blockysize": 32}],
    ids=["tiled", "striped", "deflate", "lzw"],
)  # fmt: skip
def test_a_file_cut_short_is_refused_or_reads_as_the_whole(tmp_path, options):
    noise = np.random.default_rng(2).integers(1, 90, (60, 70)).astype("uint8")
    path = write_landcover(tmp_path / "a.tif", noise, **options)
    content, whole = path.read_bytes(), inspect_raster(path)
    assert whole.outcome == "ok"
    refused = 0
    for end in np.linspace(0, len(content) - 1, 40).astype(int):
        path.write_bytes(content[:end])
        found = inspect_raster(path)
        refused += found.outcome == "refuse"
        assert found.outcome == "refuse" or found.facts == whole.facts, end
    assert refused >= 39
