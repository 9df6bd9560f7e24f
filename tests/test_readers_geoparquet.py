"""GeoParquet: damaged pages are found, and shapes are read in every encoding."""

import json

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import shapely

from carbon_sink.errors import FileError
from carbon_sink.readers import examine, parts, parts_of, read_layer, read_parts
from carbon_sink.readers.layers import fields_of

ROWS = 50


def squares():
    shapes = [shapely.box(n, 0, n + 1, 1) for n in range(ROWS)]
    return gpd.GeoDataFrame({"n": range(ROWS), "t": "马尾松"}, geometry=shapes, crs="EPSG:4490")


@pytest.fixture
def path(tmp_path):
    squares().to_parquet(tmp_path / "a.parquet")
    return tmp_path / "a.parquet"


def codes(read, path):
    with pytest.raises(FileError) as caught:
        read(path)
    return [problem.code for problem in caught.value.problems]


def in_parts(path):
    return pd.concat(read_parts(parts_of(path)))


def test_a_page_that_rotted_is_found_by_its_checksum(path):
    pq.write_table(pq.read_table(path), path, write_page_checksum=True, use_dictionary=False,
                   compression="none")  # fmt: skip
    content = bytearray(path.read_bytes())
    place = content.index(np.arange(30, 34, dtype="i8").tobytes())
    content[place] ^= 1
    path.write_bytes(content)
    # without checksums the wrong number is read without a word
    assert pq.read_table(path, columns=["n"])["n"].to_pylist() != list(range(ROWS))
    for read in (read_layer, in_parts):
        assert codes(read, path) == ["file_unreadable"]


@pytest.mark.parametrize("kept", [0.3, 0.6, 0.99])
def test_a_file_that_was_cut_is_refused_at_first_sight(path, kept):
    content = path.read_bytes()
    path.write_bytes(content[: int(kept * len(content))])
    assert codes(examine, path) == ["format_disguised"]
    path.write_bytes(content[: int(kept * len(content)) - 4] + b"PAR1")
    assert codes(read_layer, path) == ["file_unreadable"]


def test_names_that_come_twice_are_refused(path):
    table = pq.read_table(path)
    renamed = table.rename_columns(["n", "n", "geometry"])
    pq.write_table(renamed.replace_schema_metadata(table.schema.metadata), path)
    with pytest.raises(FileError) as caught:
        examine(path)
    (problem,) = caught.value.problems
    assert (problem.code, problem.value) == ("field_twice", "n")


def test_a_file_without_the_metadata_of_geoparquet_is_refused(path):
    pq.write_table(pq.read_table(path).replace_schema_metadata({}), path)
    assert codes(examine, path) == ["geo_metadata_missing"]


@pytest.mark.parametrize("multi", [False, True])
def test_coordinates_that_lie_open_are_read_like_others(tmp_path, monkeypatch, multi):
    monkeypatch.setattr(parts, "PART_ROWS", 7)
    layer = squares()
    if multi:
        layer = layer.set_geometry(layer.geometry.map(lambda one: shapely.MultiPolygon([one])))
    layer.loc[3, "geometry"] = None
    layer.to_parquet(tmp_path / "b.parquet", geometry_encoding="geoarrow", schema_version="1.1.0")
    for rows in (read_layer(tmp_path / "b.parquet"), in_parts(tmp_path / "b.parquet")):
        assert rows.geometry.isna().tolist() == [n == 3 for n in range(ROWS)]
        assert rows.geometry.geom_equals(layer.geometry.set_axis(rows.index)).sum() == ROWS - 1
    assert fields_of(tmp_path / "b.parquet") == ["n", "t"]


def test_an_encoding_that_the_column_does_not_have_is_refused(path):
    table = pq.read_table(path)
    about = json.loads(table.schema.metadata[b"geo"])
    for encoding in ("multipolygon", "point", None):
        about["columns"]["geometry"]["encoding"] = encoding
        pq.write_table(table.replace_schema_metadata({"geo": json.dumps(about)}), path)
        assert codes(examine, path) == ["file_unreadable"]


def test_bytes_that_are_no_shape_are_told_with_their_rows(path):
    table = pq.read_table(path)
    shapes = table["geometry"].to_pylist()
    shapes[4], shapes[7] = shapes[4][:30], None
    table = table.set_column(2, "geometry", pa.array(shapes, pa.binary()))
    pq.write_table(table, path)
    with pytest.raises(FileError) as caught:
        read_layer(path)
    (problem,) = caught.value.problems
    assert (problem.code, problem.rows) == ("geometry_unreadable", (5,))
    (rows,) = read_parts(parts_of(path))
    assert rows.geometry.isna().sum() == 2
    assert [note.rows for note in rows.attrs["notes"]] == [(5,)]


def test_heights_are_left_away_and_told_with_the_rows_of_each_part(path, monkeypatch):
    monkeypatch.setattr(parts, "PART_ROWS", 20)
    layer = squares()
    layer.loc[[5, 45], "geometry"] = shapely.force_3d(layer.geometry[[5, 45]].array, 300.0)
    layer.to_parquet(path)
    notes = [note for rows in read_parts(parts_of(path)) for note in rows.attrs["notes"]]
    assert [(note.code, note.rows) for note in notes] == [
        ("heights_ignored", (6,)), ("heights_ignored", (46,)),
    ]  # fmt: skip


@pytest.mark.realdata
@pytest.mark.parametrize("case", ["pq_arrow-gh-41317", "pq_arrow-gh-47662", "pq_crc_dict", "pq_not_geo",
                                  "pq_arrow-rs-gh-6229-dictheader", "pq_arrow-rs-gh-6229-levels"])  # fmt: skip
def test_real_damaged_files_are_refused(real_data, case):
    (path,) = (real_data / "bad_inputs" / case).glob("*.parquet")
    assert set(codes(in_parts, path)) <= {"geo_metadata_missing", "file_unreadable"}
