"""Zipped Shapefiles are read where they are, and archives that harm are refused."""

import contextlib
import shutil
import stat
import zipfile

import pytest
from conftest import small_inventory

from carbon_sink.errors import FileError
from carbon_sink.readers import archive, examine, parts_of, read_inventory, read_layer, read_part
from carbon_sink.readers.source import raw_problems

SUFFIXES = (".shp", ".shx", ".dbf", ".prj", ".cpg")


class ChineseName(zipfile.ZipInfo):
    """A name in GBK with nothing to say so, as programs of Chinese Windows write it."""

    def _encodeFilenameFlags(self):  # noqa: N802
        return self.filename.encode("cp437"), 0


@pytest.fixture
def parts(tmp_path):
    """The parts of a Shapefile in GBK, by the ends of their names."""
    folder = tmp_path / "parts"
    folder.mkdir()
    small_inventory(2020).assign(备注="马尾松林地").to_file(folder / "a.shp", encoding="gbk")
    return {suffix: (folder / f"a{suffix}").read_bytes() for suffix in SUFFIXES}


@pytest.fixture
def packed(tmp_path, parts):
    """Write an archive of Shapefiles of the names wanted, and of other files."""

    def write(*stems, without=(), chinese=False, **others):
        path = tmp_path / "林地.zip"
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
            for stem in stems:
                for suffix, content in parts.items():
                    if suffix not in without:
                        name = stem + suffix
                        if chinese:
                            name = ChineseName(name.encode("gbk").decode("cp437"))
                        file.writestr(name, content)
            for name, content in others.items():
                file.writestr(name, content)
        return path

    return write


def codes_of(path, **options):
    with pytest.raises(FileError) as caught:
        examine(path, **options)
    return [one.code for one in caught.value.problems]


def changed(path, change):
    """Change the bytes of an archive."""
    content = bytearray(path.read_bytes())
    change(content)
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("chinese", [False, True])
def test_a_zipped_shapefile_is_read_where_it_is(packed, tmp_path, chinese):
    path = packed("荣昌/小班", chinese=chinese)
    before = {one.name for one in tmp_path.iterdir()}
    source = examine(path)
    assert (source.kind, source.layer, source.encoding) == ("shp", "小班", "GB18030")
    assert read_inventory(path)["forest_volume_m3"].sum() == 8200.0
    rows = read_part(parts_of(path)[0])
    assert rows["备注"].tolist() == ["马尾松林地"] * 8
    assert len(rows.geometry.dropna()) == 8
    assert {one.name for one in tmp_path.iterdir()} == before


def test_texts_in_an_archive_are_found_to_be_gbk_where_nothing_says_so(packed):
    path = packed("a", without=(".cpg",))
    assert [note.code for note in examine(path).notes] == ["encoding_found"]
    assert read_layer(path)["备注"].tolist() == ["马尾松林地"] * 8
    assert examine(path, encoding="GBK").notes == ()


def test_parts_in_an_archive_are_checked_as_on_the_disk(packed, parts):
    with pytest.raises(FileError) as caught:
        examine(packed("荣昌/小班", without=(".dbf", ".shx", ".prj")))
    (problem,) = caught.value.problems
    assert (problem.code, problem.value) == ("shp_missing", "小班.shx, 小班.dbf, 小班.prj")
    whole = parts[".shp"]
    parts[".shp"] = whole[:-20]
    assert codes_of(packed("a"))[0] == "shp_size"
    parts[".shp"] = whole
    parts[".dbf"] = parts[".dbf"].replace(b"3000.0", b"3000,0")
    path = packed("a")
    found = {one.code: (one.field, one.rows) for one in raw_problems(examine(path), ["SLXJ"])}
    assert found == {"number_unreadable": ("SLXJ", (2,))}
    with pytest.raises(FileError, match="3000,0"):
        read_layer(path)


def test_an_archive_with_several_layers_needs_one_named(packed):
    path = packed("小班", "乡镇/界线")
    with pytest.raises(FileError, match="小班, 界线"):
        examine(path)
    assert examine(path, "界线").layer == "界线"
    assert len(read_layer(path, "小班")) == 8
    assert codes_of(path, layer="村") == ["layer_missing"]
    path = packed("2020/a", "2025/a")
    assert examine(path, "2025/a").layer == "2025/a"
    assert codes_of(path, layer="a") == ["layer_missing"]


def test_what_macos_adds_is_no_layer(packed):
    assert examine(packed("a", **{"__MACOSX/._a.shp": b"x", "._a.shp": b"x"})).layer == "a"


@pytest.mark.parametrize("name", ["../a.txt", "a/../../b.txt", "/etc/passwd", "C:/a.txt",
                                  "..\\a.txt"])  # fmt: skip
def test_names_that_lead_out_of_an_archive_are_refused(packed, name):
    path = packed("a", **{name: b"x"})
    assert codes_of(path) == ["zip_unsafe"]


def test_links_and_names_that_come_twice_are_refused(packed):
    path = packed("a")
    link = zipfile.ZipInfo("b.shp")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(path, "a") as file:
        file.writestr(link, "/etc/passwd")
    assert codes_of(path) == ["zip_unsafe"]
    path = packed("a")
    with zipfile.ZipFile(path, "a") as file, pytest.warns(UserWarning, match="Duplicate"):
        file.writestr("a.shp", b"x")
    assert codes_of(path) == ["zip_unsafe"]


def test_bombs_are_refused_by_what_they_say(packed, monkeypatch):
    assert codes_of(packed("a", **{"b.txt": b"\0" * 20_000_000})) == ["zip_too_large"]
    path = packed("a")
    monkeypatch.setattr(archive, "LARGEST_BYTES", 1000)
    assert codes_of(path) == ["zip_too_large"]


def test_encrypted_archives_are_refused(packed):
    path = packed("a")

    def lock(content):
        at = 0
        while (at := content.find(b"PK\x01\x02", at)) >= 0:  # every entry of the directory
            content[at + 8] |= 1
            at += 4

    assert codes_of(changed(path, lock)) == ["zip_encrypted"]


def test_damaged_archives_are_refused(packed):
    path = packed("a")
    whole = path.read_bytes()
    path.write_bytes(whole[:-30])
    assert codes_of(path) == ["zip_broken"]
    with zipfile.ZipFile(packed("a")) as file:
        start = file.getinfo("a.shp").header_offset

    def damage(content):
        content[start + 60] ^= 0xFF

    # one byte of the packed shapes, which the checksum finds
    assert codes_of(changed(path, damage)) == ["zip_broken"]


def test_an_archive_with_any_byte_changed_is_read_rightly_or_refused(packed):
    path = packed("a")
    whole = path.read_bytes()
    directory = whole.index(b"PK\x01\x02")
    for place in range(directory, len(whole), 3):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 4]) + whole[place + 1 :])
        with contextlib.suppress(FileError):
            assert examine(path).kind == "shp"


def test_archives_without_a_layer_say_what_they_hold(packed):
    path = packed(**{"b.zip": b"PK", "读我.txt": b"x"})
    with pytest.raises(FileError, match=r"b\.zip, 读我\.txt"):
        examine(path)
    assert codes_of(packed()) == ["zip_no_layer"]


def test_a_zipped_geodatabase_is_read_where_it_is(tmp_path):
    folder = tmp_path / "a.gdb"
    small_inventory(2020).to_file(folder, driver="OpenFileGDB", layer="小班")
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as file:
        for one in sorted(folder.iterdir()):
            file.write(one, f"data/a.gdb/{one.name}")
    shutil.rmtree(folder)
    source = examine(path)
    assert (source.kind, source.layer) == ("gdb", "小班")
    assert len(read_layer(path, "小班")) == 8
    assert codes_of(path, layer="村") == ["layer_missing"]


@pytest.mark.realdata
def test_real_archives_end_as_they_must(real_data):
    folder = real_data / "bad_inputs"
    with pytest.raises(FileError) as caught:
        examine(folder / "zip_pyshp_multi" / "blockgroups_multishapefile.zip")
    assert caught.value.problems[0].code == "layer_not_named"
    with pytest.raises(FileError):
        examine(folder / "zip_js_bad" / "badzip.zip")
