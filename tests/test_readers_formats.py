"""What a file is, by its first bytes, and whether its name agrees."""

import struct
import zipfile

import pyogrio
import pytest
from conftest import small_inventory

from carbon_sink.errors import FileError
from carbon_sink.readers import examine
from carbon_sink.readers.formats import KINDS, content_of, kind_of, located

OGR_VRT = b"<OGRVRTDataSource><OGRVRTLayer name='a'><SrcDataSource>other.csv"
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
DBF = struct.pack("<B3BIHH20x", 3, 126, 1, 1, 0, 65, 11) + b"NAME".ljust(32, b"\x00") + b"\r"


def refusal(path):
    with pytest.raises(FileError) as caught:
        examine(path)
    (problem,) = caught.value.problems
    return problem


@pytest.mark.parametrize("name", ["a.gpkg", "a.tif", "a.shp", "a.geojson", "a.parquet", "a.zip"])
@pytest.mark.parametrize(("content", "told"), [
    (OGR_VRT, "VRT"), (b"<VRTDataset rasterXSize='1'>", "VRT"),
    (b"\xef\xbb\xbf \n<!DOCTYPE html><p>404", "HTML"), (b"<HTML><body>", "HTML"),
    (b"<?xml version='1.0'?><kml>", "XML"), (b"", "0"), (b"%PDF-1.7", "PDF"),
    (b"version https://git-lfs.github.com/spec/v1", "Git LFS"), (DBF, "dBASE"),
])  # fmt: skip
def test_a_file_that_is_not_what_its_name_says_is_refused_with_what_it_is(
    tmp_path, name, content, told
):
    (tmp_path / name).write_bytes(content)
    problem = refusal(tmp_path / name)
    assert problem.code == "format_disguised"
    assert told in problem.what("zh")
    assert told in problem.what("en")


def test_a_renamed_vrt_reads_no_other_file(tmp_path):
    (tmp_path / "secret.csv").write_text("a\nsecret\n", encoding="utf-8")
    vrt = '<OGRVRTDataSource><OGRVRTLayer name="secret"><SrcDataSource relativeToVRT="1">secret.csv</SrcDataSource></OGRVRTLayer></OGRVRTDataSource>'
    (tmp_path / "xb.gpkg").write_text(vrt, encoding="utf-8")
    # GDAL itself would follow it
    assert len(pyogrio.read_dataframe(tmp_path / "xb.gpkg")) == 1
    assert refusal(tmp_path / "xb.gpkg").rule == "content.vrt"
    (tmp_path / "xb.gpkg").rename(tmp_path / "xb.vrt")
    assert refusal(tmp_path / "xb.vrt").code == "format_unknown"


def test_names_of_one_format_with_the_content_of_another_are_refused(tmp_path):
    layer = small_inventory(2020)
    layer.to_file(tmp_path / "a.gpkg")
    layer.to_file(tmp_path / "a.geojson")
    layer.to_parquet(tmp_path / "a.parquet")
    for name, other, told in (("a.gpkg", "b.shp", "content.gpkg"), ("a.geojson", "b.gpkg", "content.json"),
                              ("a.parquet", "b.geojson", "content.parquet")):  # fmt: skip
        (tmp_path / name).rename(tmp_path / other)
        assert refusal(tmp_path / other).rule == told


def test_bytes_nobody_knows_are_shown(tmp_path):
    (tmp_path / "a.gpkg").write_bytes(b"\x01\x02\x03abc")
    problem = refusal(tmp_path / "a.gpkg")
    assert problem.code == "content_unknown"
    assert r"\x01\x02\x03abc" in problem.text()


def test_parquet_and_filegdb_are_known_by_both_ends_and_by_the_system_table(tmp_path):
    (tmp_path / "a.parquet").write_bytes(b"PAR1" + bytes(100) + b"PAR1")
    assert content_of(tmp_path / "a.parquet") == "parquet"
    (tmp_path / "a.parquet").write_bytes(b"PAR1" + bytes(100))
    assert refusal(tmp_path / "a.parquet").rule == "content.parquet_cut"
    folder = tmp_path / "a.gdb"
    folder.mkdir()
    assert refusal(folder).rule == "content.folder"
    (folder / "A00000001.GDBTABLE").write_bytes(b"")
    assert kind_of(folder) == "gdb"


def test_workbooks_with_a_password_or_of_old_excel_are_told_apart(tmp_path):
    directory = "Root Entry".encode("utf-16-le").ljust(128, b"\x00")
    head = bytearray(OLE.ljust(512, b"\x00"))
    struct.pack_into("<H", head, 30, 9)  # sectors of 512 bytes
    struct.pack_into("<I", head, 48, 20)  # the directory is the sector 20, beyond the first bytes
    content = bytes(head) + bytes(20 * 512) + directory
    (tmp_path / "a.xlsx").write_bytes(content)
    assert refusal(tmp_path / "a.xlsx").code == "workbook_old"
    (tmp_path / "a.xlsx").write_bytes(content + "EncryptedPackage".encode("utf-16-le"))
    assert refusal(tmp_path / "a.xlsx").code == "workbook_encrypted"
    (tmp_path / "a.shp").write_bytes(content)
    assert refusal(tmp_path / "a.shp").rule == "content.xls"


def test_archives_and_workbooks_are_told_apart_by_what_they_hold(tmp_path):
    for name, member in (("a.zip", "a.shp"), ("a.xlsx", "xl/workbook.xml")):
        with zipfile.ZipFile(tmp_path / name, "w") as archive:
            archive.writestr(member, "x")
        assert content_of(tmp_path / name) == kind_of(tmp_path / name) == name[2:]
    (tmp_path / "a.zip").rename(tmp_path / "b.xlsx")
    with pytest.raises(FileError, match="ZIP"):
        kind_of(tmp_path / "b.xlsx")


@pytest.mark.parametrize("content", [
    b"a,b\n1,2\n", "小班号,地类\n1,2\n".encode("gbk"), "小班号,地类\n".encode("utf-8-sig"),
    "小班号,地类\n".encode("utf-16"), "[编号],x\n1,2".encode(), b"0,1\n", b"C,D\n1,2\n\x1a",
])  # fmt: skip
def test_tables_in_every_encoding_are_texts(tmp_path, content):
    (tmp_path / "a.csv").write_bytes(content)
    assert kind_of(tmp_path / "a.csv") == "csv"


def test_geojson_may_be_called_json_and_begin_with_a_mark(tmp_path):
    (tmp_path / "a.json").write_bytes(b'\xef\xbb\xbf\n{"type": "FeatureCollection"')
    assert kind_of(tmp_path / "a.json") == "geojson"
    assert content_of(tmp_path / "a.json") == "json"


def test_addresses_and_virtual_paths_are_refused_by_name():
    for path in ("/vsicurl/https://example.org/a.gpkg", "/vsizip/a.zip/a.shp",
                 "https://example.org/a.geojson", "s3://bucket/a.parquet", "/VSIMEM/a.gpkg"):  # fmt: skip
        with pytest.raises(FileError) as caught:
            located(path)
        assert caught.value.problems[0].code == "path_remote"
    with pytest.raises(FileError, match="找不到文件"):
        located("C:/none.gpkg")


def test_links_are_followed_unless_the_end_of_the_name_gets_lost(tmp_path):
    small_inventory(2020).to_file(tmp_path / "a.gpkg")
    (tmp_path / "b.gpkg").symlink_to(tmp_path / "a.gpkg")
    assert located(tmp_path / "b.gpkg") == tmp_path / "a.gpkg"
    (tmp_path / "a.gpkg").rename(tmp_path / "0a1b2c")
    (tmp_path / "b.gpkg").unlink()
    (tmp_path / "b.gpkg").symlink_to(tmp_path / "0a1b2c")
    assert located(tmp_path / "b.gpkg") == tmp_path / "b.gpkg"
    assert kind_of(tmp_path / "b.gpkg") == "gpkg"


@pytest.mark.realdata
def test_good_files_are_what_their_names_say(real_data):
    good = [path for path in real_data.rglob("*") if "bad_inputs" not in path.parts
            and path.suffix.lower() in KINDS]  # fmt: skip
    assert len(good) > 3
    assert all(kind_of(path) == KINDS[path.suffix.lower()] for path in good)
