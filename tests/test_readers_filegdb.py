"""FileGDBs: whole folders, read to the last row without their indexes."""

import shutil
import struct
import warnings

import geopandas as gpd
import pandas as pd
import pyogrio
import pytest
import shapely

from carbon_sink.errors import FileError
from carbon_sink.readers import examine, parts, parts_of, read_layer, read_parts
from carbon_sink.readers.filegdb import CATALOG
from carbon_sink.readers.layers import fields_of

ROWS = 100


def add(folder, layer, rows=ROWS):
    squares = gpd.GeoDataFrame({"n": range(rows), "树种": "马尾松"}, crs="EPSG:4490",
                               geometry=[shapely.box(n, 0, n + 1, 1) for n in range(rows)])  # fmt: skip
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        squares.astype({"n": "int32"}).to_file(folder, driver="OpenFileGDB", layer=layer)


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    folder = tmp_path_factory.mktemp("gdb") / "a.gdb"
    add(folder, "xiaoban")
    return folder


@pytest.fixture
def folder(written, tmp_path):
    return shutil.copytree(written, tmp_path / "a.gdb")


def table_of(folder, layer):
    """The file of a layer, by its number in the catalog."""
    about, names = pyogrio.raw.read_arrow(folder, CATALOG, columns=["Name"], return_fids=True,
                                          LIST_ALL_TABLES="YES")  # fmt: skip
    numbers = dict(
        zip(
            names.column("Name").to_pylist(),
            names.column(about["fid_column"]).to_pylist(),
            strict=True,
        )
    )
    return folder / f"a{numbers[layer]:08x}.gdbtable"


def refusals(folder, layer=""):
    with pytest.raises(FileError) as caught:
        examine(folder, layer)
    return caught.value.problems


def test_a_whole_folder_is_read_in_parts_and_at_once(folder, monkeypatch):
    monkeypatch.setattr(parts, "PART_ROWS", 7)
    source = examine(folder)
    assert (source.kind, source.layer, source.notes) == ("gdb", "xiaoban", ())
    assert read_layer(folder)["n"].tolist() == list(range(ROWS))
    rows = pd.concat(read_parts(parts_of(folder)))
    assert rows["n"].tolist() == list(range(ROWS))
    assert rows.index.tolist() == list(range(1, ROWS + 1))
    assert fields_of(folder) == ["n", "树种"]


def test_every_table_that_is_cut_short_or_has_no_header_is_named(folder):
    table = table_of(folder, "xiaoban")
    index = table.with_suffix(".gdbtablx")
    content = table.read_bytes()
    table.write_bytes(content[:-100])
    index.write_bytes(index.read_bytes()[:1000])
    problems = refusals(folder)
    assert {(problem.code, problem.value) for problem in problems} == {
        ("gdb_part_damaged", table.name), ("gdb_part_damaged", index.name),
    }  # fmt: skip
    assert f"{len(content) - 100} < {len(content)} bytes" in problems[0].rule
    table.write_bytes(b"\x00" * len(content))
    assert refusals(folder)[0].rule == "header"
    table.write_bytes(content[:20])
    assert refusals(folder)[0].rule == "header"


@pytest.mark.parametrize("end", [".gdbtable", ".gdbtablx"])
def test_a_part_that_is_missing_is_named(folder, end):
    part = table_of(folder, "xiaoban").with_suffix(end)
    part.unlink()
    (problem,) = refusals(folder)
    assert (problem.code, problem.value) == ("gdb_part_missing", part.name)


def test_a_table_that_only_the_catalog_knows_is_missing(folder):
    table = table_of(folder, "xiaoban")
    for part in (table, table.with_suffix(".gdbtablx")):
        part.unlink()
    (problem,) = refusals(folder)
    assert (problem.code, problem.value) == ("gdb_part_missing", f"xiaoban ({table.name})")


def test_a_header_that_counts_other_rows_is_refused(folder):
    table = table_of(folder, "xiaoban")
    content = bytearray(table.read_bytes())
    assert struct.unpack_from("<I", content, 4)[0] == ROWS
    struct.pack_into("<I", content, 4, ROWS - 10)
    table.write_bytes(content)
    (problem,) = refusals(folder)
    assert (problem.code, problem.value, problem.rule) == ("rows_differ", "100", "90")


def test_damaged_indexes_drop_no_row(folder):
    indexes = [part for part in folder.iterdir() if part.suffix in (".spx", ".atx", ".gdbindexes")]
    assert indexes
    for part in indexes:
        part.write_bytes(part.read_bytes()[:10])
    assert len(read_layer(folder)) == len(pd.concat(read_parts(parts_of(folder)))) == ROWS


def test_of_several_layers_one_must_be_named_and_tables_are_none(folder):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        pyogrio.write_dataframe(
            pd.DataFrame({"x": [1]}), folder, layer="plain", driver="OpenFileGDB", append=True
        )
    assert examine(folder).layer == "xiaoban"
    add(folder, "b", 3)
    (problem,) = refusals(folder)
    assert (problem.code, problem.rule) == ("layer_not_named", "xiaoban (100), b (3)")
    assert refusals(folder, "c")[0].code == "layer_missing"
    assert len(read_layer(folder, "b")) == 3


def test_a_folder_that_changed_is_looked_at_again(folder):
    assert examine(folder).layer == "xiaoban"
    table_of(folder, "xiaoban").with_suffix(".gdbtablx").unlink()
    assert refusals(folder)[0].code == "gdb_part_missing"


@pytest.mark.realdata
def test_the_real_folder_with_a_truncated_index_gives_its_rows(real_data):
    (path,) = (real_data / "bad_inputs" / "gdb_idx_truncated").glob("*.gdb")
    source = examine(path)
    assert sum(part.last - part.first for part in parts_of(source)) == 3
