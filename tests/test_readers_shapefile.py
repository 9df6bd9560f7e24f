"""Shapefiles: every part is looked at before a row is read, and every cell as it is written."""

import struct

import geopandas as gpd
import numpy as np
import pytest
import shapely
from conftest import small_inventory
from hypothesis import given, settings
from hypothesis import strategies as st

from carbon_sink.errors import FileError
from carbon_sink.readers import examine, read_inventory, read_layer
from carbon_sink.readers.cells import _are_numbers, read_dbf
from carbon_sink.readers.layers import fields_of
from carbon_sink.readers.source import raw_problems

POINT, LINE, MULTIPATCH = 1, 3, 31


@pytest.fixture
def shapefile(tmp_path):
    """Eight parcels as a Shapefile in GBK."""
    path = tmp_path / "小班.shp"
    small_inventory(2020).assign(备注="马尾松林地").to_file(path, encoding="gbk")
    return path


def table(path, fields, rows, *, driver=0, head=b""):
    """Write a DBF file byte by byte: fields as (name, kind, width), rows as bytes."""
    width = 1 + sum(one[2] for one in fields)
    start = struct.pack("<4BIHH17xBxx", 3, 125, 1, 1, len(rows), 33 + 32 * len(fields) + len(head),
                        width, driver)  # fmt: skip
    described = b"".join(
        struct.pack("<11s1s4xBB14x", name, kind, size, 0) for name, kind, size in fields
    )
    path.write_bytes(start + described + b"\r" + head + b"".join(rows) + b"\x1a")
    return path


def refused(path, **options):
    """The problems for which a file is refused before it is read."""
    with pytest.raises(FileError) as caught:
        examine(path, **options)
    return caught.value.problems


def codes_of(problems):
    return [one.code for one in problems]


def change(path, place, content):
    """Write over bytes of a file."""
    whole = bytearray(path.read_bytes())
    whole[place : place + len(content)] = content
    path.write_bytes(whole)


# ------------------------------------------------------------------------------ whole or not


def test_all_parts_that_are_missing_are_named_at_once(shapefile):
    for suffix in (".shx", ".dbf", ".prj"):
        shapefile.with_suffix(suffix).unlink()
    (problem,) = refused(shapefile)
    assert (problem.code, problem.value) == ("shp_missing", "小班.shx, 小班.dbf, 小班.prj")


def test_a_missing_prj_alone_is_left_to_the_check_of_the_system(shapefile):
    shapefile.with_suffix(".prj").unlink()
    assert examine(shapefile).kind == "shp"


def test_ends_of_names_may_be_in_capitals(shapefile):
    for suffix in (".shp", ".shx", ".dbf", ".prj", ".cpg"):
        part = shapefile.with_suffix(suffix)
        part.rename(part.with_suffix(suffix.upper()))
    assert len(read_layer(shapefile.with_suffix(".SHP"))) == 8


def test_a_part_cut_anywhere_is_refused(shapefile):
    for suffix in (".shp", ".shx", ".dbf"):
        part = shapefile.with_suffix(suffix)
        whole = part.read_bytes()
        content = whole[:-1] if suffix == ".dbf" else whole  # the last byte is a mark of the end
        for length in np.linspace(0, len(content) - 1, 40).astype(int):
            part.write_bytes(whole[:length])
            problems = refused(shapefile)
            assert problems[0].severity == "refuse", (suffix, length)
        part.write_bytes(whole)
    assert len(read_layer(shapefile)) == 8


def test_a_part_that_is_longer_than_it_says_is_refused(shapefile):
    for suffix, more in ((".shp", b"\0" * 8), (".shx", b"\0" * 8), (".dbf", b" " * 5000)):
        part = shapefile.with_suffix(suffix)
        whole = part.read_bytes()
        end = whole[:-1] if suffix == ".dbf" else whole
        part.write_bytes(end + more)
        assert refused(shapefile)[0].code == ("dbf_size" if suffix == ".dbf" else "shp_size")
        part.write_bytes(whole)


def test_parts_of_two_exports_are_refused_by_their_counts(shapefile, tmp_path):
    other = tmp_path / "other.shp"
    small_inventory(2020).head(7).to_file(other)
    shapefile.with_suffix(".dbf").write_bytes(other.with_suffix(".dbf").read_bytes())
    (problem,) = refused(shapefile)
    assert (problem.code, problem.value) == ("shp_count", "8 / 7")


@pytest.mark.parametrize(("place", "content", "rule"), [
    (100 + 8 + 36, struct.pack("<i", 9), "shape.counts"),
    (100 + 8 + 40, struct.pack("<i", 4), "shape.counts"),
    (100 + 8 + 44, struct.pack("<i", 3), "shape.parts"),
    (100 + 8, struct.pack("<i", LINE), "shape.type"),
    (100 + 4, struct.pack(">i", 60), "shape.header"),
    (100, struct.pack(">i", 7), "shape.header"),
])  # fmt: skip
def test_a_damaged_record_is_named_by_its_row(shapefile, place, content, rule):
    record = 8 + 44 + 4 + 5 * 16  # every parcel is one ring of five points
    change(shapefile, place + 2 * record, content)
    (problem,) = refused(shapefile)
    assert (problem.code, problem.rule, problem.rows) == ("shp_record", rule, (3,))
    assert problem.value == problem.cells[3] != ""
    assert "行 3" in problem.text()


def test_an_index_that_points_out_of_the_file_or_at_another_record_is_refused(shapefile):
    index = shapefile.with_suffix(".shx")
    whole = index.read_bytes()
    change(index, 100 + 8 * 4, struct.pack(">i", 999_999))
    assert [(one.rule, one.rows) for one in refused(shapefile)] == [("shape.outside", (5,))]
    index.write_bytes(whole)
    first, second = whole[100:108], whole[108:116]
    change(index, 100, second + first)  # two parcels would get each other's shape
    assert [(one.rule, one.rows) for one in refused(shapefile)] == [("shape.header", (1, 2))]


def test_damaged_records_are_counted_as_rows_are_that_were_not_deleted(shapefile):
    part = shapefile.with_suffix(".dbf")
    head, width = struct.unpack("<HH", part.read_bytes()[8:12])
    change(part, head, b"*")
    change(shapefile, 100 + 8 + 36 + 2 * 136, struct.pack("<i", 9))
    assert refused(shapefile)[0].rows == (2,)
    assert width > 0


def test_rings_of_many_parts_and_with_heights_are_fine_and_multipatches_are_not(tmp_path):
    ring = shapely.box(0, 0, 9, 9).exterior
    holes = [shapely.box(n, n, n + 0.5, n + 0.5).exterior for n in range(1, 8)]
    shapes = [shapely.Polygon(ring, holes), shapely.MultiPolygon([shapely.box(n, 20, n + 0.5, 21)
                                                                  for n in range(50)])]  # fmt: skip
    layer = gpd.GeoDataFrame({"n": [1, 2]}, geometry=shapes, crs=4490)
    for name, shape in (("a", layer), ("z", layer.set_geometry(shapely.force_3d(shapes)))):
        shape.to_file(tmp_path / f"{name}.shp")
        assert len(read_layer(tmp_path / f"{name}.shp")) == 2
    for suffix in (".shp", ".shx"):
        change(tmp_path / f"a{suffix}", 32, struct.pack("<i", MULTIPATCH))
    (problem,) = refused(tmp_path / "a.shp")
    assert (problem.code, problem.value) == ("shp_type", "MultiPatch")


@pytest.mark.parametrize("shape", [shapely.Point(1, 2), shapely.LineString([(0, 0), (1, 1)]),
                                   shapely.MultiPoint([(0, 0), (1, 1)]), None])  # fmt: skip
def test_whole_files_of_other_shapes_are_whole(tmp_path, shape):
    # whether they can be used is the business of those who know what they are for
    shapes = [shape, shape] if shape is not None else [shapely.box(0, 0, 1, 1), None]
    gpd.GeoDataFrame({"n": [1, 2]}, geometry=shapes, crs=4490).to_file(tmp_path / "a.shp")
    assert examine(tmp_path / "a.shp").kind == "shp"
    change(tmp_path / "a.shp", 100, struct.pack(">i", 5))
    if shape is not None:
        assert codes_of(refused(tmp_path / "a.shp")) == ["shp_record"]


def test_a_prj_that_is_a_page_of_the_web_is_refused_and_a_mark_before_it_is_fine(shapefile):
    system = shapefile.with_suffix(".prj")
    text = system.read_bytes()
    system.write_bytes(b"\xef\xbb\xbf" + text)
    assert read_layer(shapefile).crs == "EPSG:4490"
    system.write_bytes(b"<!DOCTYPE html><html>404</html>")
    (problem,) = refused(shapefile)
    assert problem.code == "prj_not_wkt"
    assert "DOCTYPE" in problem.value
    # GDAL and pyogrio read names in UTF-8 only
    system.write_bytes(text.replace(b"China", "中国".encode("gbk")))
    assert codes_of(refused(shapefile)) == ["crs_name_unreadable"]


def test_a_layer_of_another_name_is_not_there(shapefile):
    assert codes_of(refused(shapefile, layer="other")) == ["layer_missing"]
    assert examine(shapefile, layer="小班").layer == "小班"


# -------------------------------------------------------------------------------- encodings


def test_texts_and_names_of_fields_survive_every_way_to_write_them(tmp_path):
    layer = small_inventory(2020).assign(小班蓄积量=1.5, 备注="马尾松林地")
    for codec in ("gbk", "utf-8"):
        path = tmp_path / f"{codec}.shp"
        layer.to_file(path, encoding=codec)
        for has_page in (True, False):
            if not has_page:
                path.with_suffix(".cpg").unlink()
            source = examine(path)
            # ten bytes hold five characters of GBK, and three of UTF-8
            name = "小班蓄积量" if codec == "gbk" else "小班蓄"
            assert {name, "备注"} <= set(fields_of(source))
            rows = read_layer(source, fields=["备注", name])
            assert rows["备注"].tolist() == ["马尾松林地"] * 8
            assert rows[name].tolist() == [1.5] * 8
            told = ["encoding_found"] if codec == "gbk" and not has_page else []
            assert codes_of(source.notes) == told


def test_the_user_may_name_the_encoding(shapefile):
    shapefile.with_suffix(".cpg").unlink()
    assert examine(shapefile, encoding="gbk").notes == ()
    assert codes_of(refused(shapefile, encoding="utf-8")) == ["encoding_wrong"]
    assert codes_of(refused(shapefile, encoding="klingon")) == ["encoding_name"]


def test_a_cpg_that_is_unknown_is_refused_and_a_wrong_one_is_told(shapefile):
    page = shapefile.with_suffix(".cpg")
    page.write_text("<html><body>404</body></html>")
    (problem,) = refused(shapefile)
    assert problem.code == "cpg_unknown"
    assert "<html>" in problem.value
    page.write_text("UTF-8")
    source = examine(shapefile)
    assert codes_of(source.notes) == ["encoding_contradicted"]
    assert read_layer(source)["备注"].tolist() == ["马尾松林地"] * 8
    page.write_text("system")
    assert codes_of(examine(shapefile).notes) == ["encoding_found"]


def test_the_language_driver_says_the_encoding_where_no_page_does(shapefile):
    shapefile.with_suffix(".cpg").unlink()
    change(shapefile.with_suffix(".dbf"), 29, b"\x4d")
    source = examine(shapefile)
    assert (source.encoding, source.notes) == ("GB18030", ())


# ------------------------------------------------------------------------------------ cells


def found_in(path, encoding=""):
    """Findings in a table as code -> (field, rows, value)."""
    _, problems = read_dbf(path, encoding)
    return {one.code: (one.field, one.rows, one.value) for one in problems}


@pytest.mark.parametrize(("cell", "code"), [
    (b"   68.50", None), (b"-1.5E+10", None), (b"       ", None), (b"+.5     ", None),
    (b"12\0\0\0\0\0\0", None), (b"   68,50", "number_unreadable"), (b"nan     ", "number_unreadable"),
    (b"     inf", "number_unreadable"), (b"   1O.5 ", "number_unreadable"),
    (b"1 2     ", "number_unreadable"), (b"1.2.3   ", "number_unreadable"),
    (b"-       ", "number_unreadable"), (b"1-2     ", "number_unreadable"),
    (b"********", None), (b"\0\0\0\0\0\0\0\0", None),  # empty: 1.0 leaves five places free
    (b"1_000   ", "number_unreadable"), (b"0x1F    ", "number_unreadable"),
])  # fmt: skip
def test_what_is_no_number_is_told_with_its_row_and_content(tmp_path, cell, code):
    cell = cell.ljust(8)
    path = table(tmp_path / "a.dbf", [(b"SLXJ", b"N", 8)], [b" " + b"1.0".ljust(8), b" " + cell])
    found = found_in(path)
    assert list(found) == ([code] if code else [])
    if code:
        assert found[code][:2] == ("SLXJ", (2,))
        assert found[code][2] == cell.decode().strip("\0 ")


def test_asterisks_are_told_once_for_all_fields_whose_numbers_fill_their_width(tmp_path):
    # A and B have three and two places to spare, C has four: 999 999 would be a number of C
    fields = [(b"A", b"N", 6), (b"B", b"N", 5), (b"C", b"N", 6), (b"D", b"N", 6)]
    rows = [b"    312  312    99******", b" " + b"*" * 23, b"      7 ****     7******"]
    _, problems = read_dbf(table(tmp_path / "a.dbf", fields, rows))
    (problem,) = problems
    assert (problem.code, problem.field, problem.count) == ("number_lost", "A, B", 2)
    assert problem.value == "A (1), B (2)"
    assert problem.cells.to_dict() == {2: "A, B", 3: "B"}


def test_empty_numbers_as_gdal_writes_them_are_no_news(tmp_path):
    data = small_inventory(2020)
    data["SLXJ"], data["ZXJ"] = data["SLXJ"].where(data["SLXJ"] > 100.0), np.nan
    data.to_file(tmp_path / "a.shp", encoding="utf-8")
    source = examine(tmp_path / "a.shp")
    assert b"*" * 20 in (tmp_path / "a.dbf").read_bytes()
    assert raw_problems(source) == []


@given(
    st.lists(st.floats(-1e9, 1e9).map(lambda value: f"{value:.3f}".encode().rjust(20)), min_size=1)
)
@settings(max_examples=50)
def test_no_number_that_a_program_writes_is_refused(cells):
    assert _are_numbers(np.frombuffer(b"".join(cells), np.uint8).reshape(-1, 20)).all()


@given(st.lists(st.text("0123456789.-+eE ,n", min_size=6, max_size=6), min_size=1))
def test_numbers_are_what_python_takes_for_numbers(texts):
    cells = np.frombuffer("".join(texts).encode(), np.uint8).reshape(-1, 6)
    for text, is_number in zip(texts, _are_numbers(cells), strict=True):
        try:
            float(text or "0")
            expected = True
        except ValueError:
            expected = not text.strip()
        assert is_number == expected, text


def test_days_are_read_in_known_forms_and_impossible_ones_are_refused(tmp_path):
    days = [b"20250228", b"2025/02/28", b"02/28/2025", b"2025-2-3", b"", b"00000000", b"\0" * 10,
            b"20250229", b"20251301", b"31/12/2025", b"1e10", b"20240229"]  # fmt: skip
    rows = [b" " + day.ljust(10, b"\0" if day[:1] == b"\0" else b" ") for day in days]
    path = table(tmp_path / "a.dbf", [(b"RIQI", b"D", 10)], rows)
    data, problems = read_dbf(path)
    assert {one.code: tuple(one.cells.index) for one in problems} == {
        "date_form": (2, 3, 4), "date_empty": (6, 7), "date_impossible": (8, 9, 10, 11),
    }  # fmt: skip
    read = data["RIQI"].tolist()
    assert read[:4] == ["2025-02-28"] * 3 + ["2025-02-03"]
    assert data["RIQI"].isna()[5:7].all()
    assert read[11] == "2024-02-29"


def test_texts_that_fill_their_field_are_cut_in_a_character_or_damaged_are_told(tmp_path):
    full = "马".encode("gbk") * 127
    rows = [b" " + full + b"abc",
            b" " + full[:-1] + b" " + b"\xc2\xed\xce",
            b" " + b"\xff\xff\xff".ljust(254) + b"abc"]  # fmt: skip
    rows += [b" " + f"马尾松{number}".encode("gbk").ljust(254) + b"abc" for number in range(300)]
    path = table(tmp_path / "a.dbf", [(b"BZ", b"C", 254), (b"SZ", b"C", 3)], rows, driver=0x4D)
    _, problems = read_dbf(path)
    assert [(one.code, one.field, tuple(one.cells.index)) for one in problems] == [
        ("text_cut", "BZ", (1,)), ("text_damaged", "BZ", (2, 3)), ("text_cut", "SZ", (2,)),
    ]  # fmt: skip


def test_deleted_rows_are_counted_and_later_rows_keep_their_labels(tmp_path):
    rows = [b" 1", b"*2", b" 3", b" x"]
    path = table(tmp_path / "a.dbf", [(b"N", b"N", 1)], rows)
    data, problems = read_dbf(path)
    assert data["N"].to_dict() == {1: "1", 2: "3", 3: "x"}
    assert {one.code: one.rows for one in problems} == {
        "number_unreadable": (3,), "rows_deleted": (),
    }  # fmt: skip
    assert "1" in problems[-1].text()


def test_fields_whose_content_stands_elsewhere_are_told(tmp_path):
    path = table(tmp_path / "a.dbf", [(b"MEMO", b"M", 10), (b"N", b"N", 1)], [b" " + b"1" * 11])
    data, problems = read_dbf(path)
    assert [(one.code, one.field) for one in problems] == [("field_unread", "MEMO")]
    assert data["MEMO"].isna().all()


def test_rows_that_are_not_aligned_are_refused(tmp_path):
    path = table(tmp_path / "a.dbf", [(b"N", b"N", 1)], [b" 1", b"12", b" 3"])
    assert found_in(path)["dbf_rows"][1] == (2,)


@pytest.mark.parametrize(("fields", "code"), [
    ([(b"A", b"N", 1), (b"A", b"N", 1)], "field_twice"),
    ([(b"A", b"N", 1), (b"", b"N", 1)], "dbf_head"),
    ([], "dbf_head"),
])  # fmt: skip
def test_heads_that_cannot_be_are_refused(tmp_path, fields, code):
    path = table(tmp_path / "a.dbf", fields, [b" 11"[: 1 + len(fields)]])
    with pytest.raises(FileError) as caught:
        read_dbf(path)
    assert codes_of(caught.value.problems) == [code]


def test_bytes_behind_the_fields_and_fields_without_width_are_fine(tmp_path):
    fields = [(b"A", b"N", 1), (b"B", b"C", 0)]
    path = table(tmp_path / "a.dbf", fields, [b" 1"], head=b"\0" * 32)
    data, problems = read_dbf(path)
    assert (data["A"].tolist(), problems) == (["1"], [])


def test_numbers_with_a_comma_in_a_shapefile_are_refused_where_the_field_is_read(shapefile):
    part = shapefile.with_suffix(".dbf")
    content = part.read_bytes()
    assert content.count(b"3000.0") > 0
    part.write_bytes(content.replace(b"3000.0", b"3000,0"))
    with pytest.raises(FileError) as caught:
        read_inventory(shapefile)
    (problem,) = caught.value.problems
    assert (problem.code, problem.field, problem.rows) == ("number_unreadable", "SLXJ", (2,))
    assert problem.value.startswith("3000,0")
    assert raw_problems(examine(shapefile), ["DI_LEI"]) == []
    assert len(read_layer(shapefile, fields=["DI_LEI"])) == 8


# --------------------------------------------------------------------------------- real files

REAL = {
    "dbf_altdate/water_main_dist": ["date_form"], "dbf_comma_decimal/comma_separated": ["number_unreadable"],
    "dbf_date_empty/date_empty_string": ["date_empty"], "dbf_gb2312_nocpg/gb2312": ["encoding_found"],
    "dbf_gdal_chinese/chinese": [], "dbf_latin1_nocpg/latin1": ["encoding_doubtful"],
    "dbf_nan/nan": ["number_unreadable"], "dbf_no_memo/no_memofile": ["field_unread", "rows_deleted"],
    "dbf_padding/padding_after_field_defns": [], "dbf_sjis_nocpg/shiftjis": ["encoding_doubtful"],
}  # fmt: skip
REAL_TEXTS = {
    "shp_cpg_big5/big5": "國語", "shp_gt_chinese_poly/chinese_poly": "黑龙江省",
    "shp_gt_rus/rus-windows-1251": "Кириллица", "shp_ldid_chinese/chinese": "简体",
    "dbf_gdal_chinese/chinese": "中国", "dbf_gb2312_nocpg/gb2312": "简体国语",
}  # fmt: skip


@pytest.mark.realdata
@pytest.mark.parametrize("name", REAL)
def test_real_tables_end_as_they_must(real_data, name):
    _, problems = read_dbf(real_data / "bad_inputs" / f"{name}.dbf")
    assert codes_of(problems) == REAL[name]


@pytest.mark.realdata
@pytest.mark.parametrize("name", REAL_TEXTS)
def test_real_texts_are_read_exactly(real_data, name):
    data, _ = read_dbf(real_data / "bad_inputs" / f"{name}.dbf")
    texts = data.iloc[0].dropna().tolist()
    assert REAL_TEXTS[name] in texts


@pytest.mark.realdata
@pytest.mark.parametrize(("name", "codes"), [
    ("shp_buggymultipoly/buggymultipoly", ["shp_missing", "shp_record"]),
    ("shp_buggymultipoly2/buggymultipoly2", ["shp_missing", "shp_record"]),
    ("shp_gt_extra_at_end/extraAtEnd", ["shp_missing"]), ("shp_multipatch/multipatch", ["shp_type"]),
    ("shp_gt_missing_dbf/aaa2", ["shp_missing"]), ("shp_gt_dupcol/dup_column", ["field_twice"]),
    ("shp_htmlprj/htmlprj", ["shp_missing", "prj_not_wkt"]),
])  # fmt: skip
def test_real_shapefiles_are_refused_for_what_is_wrong(real_data, name, codes):
    assert codes_of(refused(real_data / "bad_inputs" / f"{name}.shp")) == codes


@pytest.mark.realdata
@pytest.mark.parametrize("name", ["shp_gt_sparse/sparse", "shp_gt_polym/polygonm",
                                  "shp_gt_polyz/polygonz", "shp_gt_hole_touch/holeTouchEdge"])  # fmt: skip
def test_real_shapefiles_that_are_whole_are_found_whole(real_data, name):
    assert examine(real_data / "bad_inputs" / f"{name}.shp").notes == ()
