"""GeoPackages: whole, at rest, and read to the last row without a byte being changed."""

import hashlib
import sqlite3
import struct
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from carbon_sink.errors import CRSError, FileError
from carbon_sink.readers import examine, geopackage, parts, parts_of, read_layer, read_parts

ROWS = 100


def squares(count=ROWS):
    """Squares numbered from 0."""
    return gpd.GeoDataFrame({"n": range(count)}, crs="EPSG:4490",
                            geometry=[shapely.box(n, 0, n + 1, 1) for n in range(count)])  # fmt: skip


@pytest.fixture
def package(tmp_path):
    """A GeoPackage that was changed by SQL as a program would that keeps no metadata."""

    def make(*commands, data=None, name="a.gpkg", **options):
        path = tmp_path / name
        (squares() if data is None else data).to_file(path, layer="a", **options)
        with sqlite3.connect(path) as database:
            triggers = database.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")
            for (trigger,) in triggers.fetchall():
                database.execute(f'DROP TRIGGER "{trigger}"')
            for command in commands:
                database.execute(command)
        database.close()
        return path

    return make


def stale(count):
    return f"UPDATE gpkg_ogr_contents SET feature_count = {count}"


def refusal(path, layer=""):
    with pytest.raises(FileError) as caught:
        examine(path, layer)
    (problem,) = caught.value.problems
    return problem


def in_parts(path):
    return pd.concat(read_parts(parts_of(path)))


@pytest.mark.parametrize("commands", [
    (stale(50),), (stale(0),), (stale(200),),
    ("DELETE FROM a WHERE fid % 3 = 0", stale(67)),
    # GDAL 3.12 gives 100 rows here, 33 of them empty
    ("DELETE FROM a WHERE fid % 3 = 0",),
    ("UPDATE a SET fid = fid + 1000000 WHERE fid > 50",),
    ("UPDATE a SET fid = -fid",),
])  # fmt: skip
def test_every_row_is_read_once_whatever_the_metadata_say(package, monkeypatch, commands):
    path = package(*commands)
    with sqlite3.connect(path) as database:
        expected = [row[0] for row in database.execute("SELECT n FROM a ORDER BY fid")]
    database.close()
    assert read_layer(path)["n"].tolist() == expected
    monkeypatch.setattr(parts, "PART_ROWS", 7)
    rows = in_parts(path)
    assert rows["n"].tolist() == expected
    assert rows.geometry.bounds["minx"].tolist() == expected
    assert rows.index.tolist() == list(range(1, len(expected) + 1))


@settings(
    max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    gone=st.sets(st.integers(1, 30), max_size=29), told=st.integers(0, 60), part=st.integers(1, 40)
)
def test_parts_are_the_layer_for_any_holes_and_any_count_told(
    package, monkeypatch, gone, told, part
):
    listed = ", ".join(map(str, gone)) or "-1"
    path = package(f"DELETE FROM a WHERE fid IN ({listed})", stale(told), data=squares(30),
                   name=f"{len(gone)}_{told}_{part}_{hash(frozenset(gone))}.gpkg")  # fmt: skip
    monkeypatch.setattr(parts, "PART_ROWS", part)
    expected = [n - 1 for n in range(1, 31) if n not in gone]
    assert in_parts(path)["n"].tolist() == read_layer(path)["n"].tolist() == expected


def test_a_stale_count_is_told_as_a_repair_and_a_right_one_is_not(package):
    (note,) = examine(package(stale(50))).notes
    assert (note.code, note.severity, note.value, note.rule) == (
        "row_count_stale", "repair", "50", "100",
    )  # fmt: skip
    assert examine(package(name="b.gpkg")).notes == ()
    assert (
        examine(package("UPDATE gpkg_ogr_contents SET feature_count = NULL", name="c.gpkg")).notes
        == ()
    )


@pytest.mark.parametrize("mode", ["DELETE", "WAL"])
def test_reading_changes_no_byte_and_leaves_no_file_beside(package, mode):
    path = package()
    with sqlite3.connect(path) as database:
        database.execute(f"PRAGMA journal_mode = {mode}")
    database.close()
    before, names = hashlib.sha256(path.read_bytes()).digest(), {path.name}
    assert {one.name for one in path.parent.iterdir()} == names
    notes = examine(path).notes
    assert [note.code for note in notes] == ["database_log_away"] * (mode == "WAL")
    assert len(read_layer(path)) == len(in_parts(path)) == ROWS
    assert hashlib.sha256(path.read_bytes()).digest() == before
    assert {one.name for one in path.parent.iterdir()} == names


def test_a_file_that_another_program_writes_is_refused_until_it_is_closed(package):
    path = package()
    database = sqlite3.connect(path)
    database.execute("PRAGMA journal_mode = WAL")
    database.execute("UPDATE a SET n = 7")
    database.commit()
    problem = refusal(path)
    assert (problem.code, problem.value) == ("database_open", "a.gpkg-wal")
    database.close()
    assert read_layer(path)["n"].tolist() == [7] * ROWS
    journal = path.with_name("a.gpkg-journal")
    journal.write_bytes(bytes.fromhex("d9d505f920a163d7") + bytes(20))
    assert refusal(path).code == "database_open"
    # a journal that is kept has zeros when all is written
    journal.write_bytes(bytes(512))
    assert len(read_layer(path)) == ROWS


def test_damaged_and_truncated_files_are_refused(package):
    path = package()
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    assert refusal(path).code == "database_damaged"
    page = struct.unpack(">H", content[16:18])[0]
    hurt = bytearray(content)
    hurt[-page : -page + 8] = b"\xff" * 8
    path.write_bytes(hurt)
    assert refusal(path).code == "database_damaged"
    path.write_bytes(content[:100])
    assert refusal(path).code == "database_damaged"


def test_files_too_large_to_check_every_page_say_so(package, monkeypatch):
    monkeypatch.setattr(geopackage, "CHECKED_BYTES", 1000)
    assert [note.code for note in examine(package()).notes] == ["database_not_checked"]


def test_layers_are_listed_with_their_rows_and_tables_without_geometry_are_none(package):
    path = package()
    pyogrio.write_dataframe(pd.DataFrame({"x": [1]}), path, layer="plain", append=True)
    assert examine(path).layer == "a"  # the table is no second layer
    squares(3).to_file(path, layer="b")
    assert refusal(path).rule == "a (100), b (3)"
    assert refusal(path, "plain").code == "layer_missing"
    assert refusal(path, "b\x00").code == "layer_missing"
    assert len(read_layer(path, "b")) == 3


def test_files_without_a_layer_of_features_say_what_they_hold(package, tmp_path):
    path = package("DELETE FROM gpkg_geometry_columns")
    assert refusal(path).code == "no_feature_layer"
    assert "a (features)" in refusal(path).value
    path = package("UPDATE gpkg_contents SET data_type = 'tiles'", name="b.gpkg")
    assert "a (tiles)" in refusal(path).text("en")
    path = package("ALTER TABLE a RENAME TO c", name="c.gpkg")
    assert refusal(path).code == "no_feature_layer"
    with sqlite3.connect(tmp_path / "d.gpkg") as database:
        database.execute("CREATE TABLE t (x)")
    database.close()
    assert refusal(tmp_path / "d.gpkg").rule == "content.sqlite"


@pytest.mark.parametrize("name", ['小 "班" 1', "a; DROP TABLE b", "it's", "SELECT", "100%_乡"])
def test_names_of_layers_and_columns_may_be_anything(tmp_path, name):
    path = tmp_path / "a.gpkg"
    squares(5).rename(columns={"n": name + "列"}).to_file(path, layer=name)
    for rows in (read_layer(path), read_layer(path, name, fields=[name + "列"]), in_parts(path)):
        assert rows[name + "列"].tolist() == list(range(5))


def test_a_layer_without_a_primary_key_and_a_view_are_read_and_told(package):
    path = package("CREATE TABLE b AS SELECT * FROM a", "DROP TABLE a",
                   "ALTER TABLE b RENAME TO a", "DELETE FROM a WHERE n < 10")  # fmt: skip
    assert "layer_without_key" in [note.code for note in examine(path).notes]
    assert in_parts(path)["n"].tolist() == read_layer(path)["n"].tolist() == list(range(10, ROWS))
    view = package("CREATE TABLE b AS SELECT * FROM a", "DROP TABLE a",
                   "CREATE VIEW a AS SELECT n AS fid, n, geom FROM b WHERE n > 94", stale(100),
                   name="b.gpkg")  # fmt: skip
    assert in_parts(view)["n"].tolist() == read_layer(view)["n"].tolist() == list(range(95, ROWS))


@pytest.mark.parametrize("number", [0, -1, 99999])
def test_systems_that_are_undefined_are_none(package, number):
    path = package(f"UPDATE gpkg_contents SET srs_id = {number}",
                   f"UPDATE gpkg_geometry_columns SET srs_id = {number}")  # fmt: skip
    for read in (read_layer, in_parts):
        with pytest.raises(CRSError) as caught:
            read(path)
        assert caught.value.problems[0].code == "crs_missing"


def test_texts_in_fields_of_numbers_and_fractions_in_whole_ones_are_refused(package):
    path = package("UPDATE a SET n = 'many' WHERE n IN (3, 5)", "UPDATE a SET n = 2.5 WHERE n = 2",
                   "UPDATE a SET n = NULL WHERE n = 1")  # fmt: skip
    with sqlite3.connect(path) as database:
        database.execute("DELETE FROM a WHERE fid = 1")  # rows are counted as users do
    database.close()
    with pytest.raises(FileError) as caught:
        read_layer(path)
    text, fraction = caught.value.problems
    assert (text.code, text.field, text.cells.to_dict()) == (
        "number_unreadable", "n", {3: "many", 5: "many"},
    )  # fmt: skip
    assert (fraction.code, fraction.cells.to_dict()) == ("fraction_cut", {2: "2.5"})
    assert len(read_layer(path, fields=[])) == ROWS - 1  # the field is not used
    # GDAL reads these as 0 and 2
    assert pyogrio.read_dataframe(path)["n"].tolist()[1:5] == [2, 0, 4, 0]


def test_texts_that_are_not_in_utf8_are_refused(package):
    path = package(
        "UPDATE a SET t = CAST(x'c2c6cfe7' AS TEXT) WHERE n = 2", data=squares().assign(t="x")
    )
    for read in (read_layer, in_parts):
        with pytest.raises(FileError, match="UTF-8"):
            read(path)


# --------------------------------------------------------------------- shapes as they are read


def written(path, shapes):
    """Write shapes of well-known binary as they are, numbered from 0."""
    squares(len(shapes)).to_file(path)
    heads = [b"GP\x00\x01" + struct.pack("<i", 4490) + shape if shape else None for shape in shapes]
    with sqlite3.connect(path) as database:
        for (trigger,) in database.execute(
            "SELECT name FROM sqlite_master WHERE type = 'trigger'"
        ).fetchall():
            database.execute(f'DROP TRIGGER "{trigger}"')
        database.executemany(
            "UPDATE a SET geom = ? WHERE n = ?", zip(heads, range(len(shapes)), strict=True)
        )
    database.close()
    return path


def ring(points):
    return struct.pack("<BIII", 1, 3, 1, len(points)) + b"".join(
        struct.pack("<dd", *one) for one in points
    )


BOX = shapely.to_wkb(shapely.box(0, 0, 1, 1))
OPEN_RING = ring([(0, 0), (1, 0), (1, 1), (0, 1)])


def test_shapes_that_cannot_be_made_are_refused_with_their_rows_and_hide_no_other(tmp_path):
    path = written(tmp_path / "a.gpkg", [BOX, OPEN_RING, None, BOX, OPEN_RING[:25]])
    with pytest.raises(FileError) as caught:
        read_layer(path)
    (problem,) = caught.value.problems
    assert (problem.code, problem.rows) == ("geometry_unreadable", (2, 5))
    assert "closed" in problem.cells[2]
    (rows,) = read_parts(parts_of(path))
    assert rows["n"].tolist() == list(range(5))
    assert rows.geometry.isna().tolist() == [False, True, True, False, True]
    assert [note.rows for note in rows.attrs["notes"]] == [(2, 5)]


def test_heights_and_measures_are_left_away_and_told(tmp_path, recwarn):
    high = shapely.to_wkb(shapely.force_3d(shapely.box(0, 0, 1, 1), 5.0), output_dimension=3)
    measured = shapely.to_wkb(
        shapely.from_wkt("POLYGON M ((0 0 1, 1 0 1, 1 1 1, 0 0 1))"), flavor="iso"
    )
    path = written(tmp_path / "a.gpkg", [BOX, high, measured])
    for rows in (read_layer(path), in_parts(path)):
        assert not shapely.has_z(rows.geometry.array).any()
        assert not shapely.has_m(rows.geometry.array).any()
        (note,) = rows.attrs["notes"]
        assert (note.code, note.severity, note.rows) == ("heights_ignored", "repair", (2, 3))
    assert not recwarn.list


def test_arcs_become_chords_and_their_rows_are_told(tmp_path):
    points = [(0, 0), (1, 1), (2, 0), (1, -1), (0, 0)]  # a circle: two arcs of radius 1
    arcs = struct.pack("<BII", 1, 8, 5) + b"".join(struct.pack("<dd", *one) for one in points)
    circle = struct.pack("<BII", 1, 10, 1) + arcs
    path = written(tmp_path / "a.gpkg", [BOX, circle, None, OPEN_RING])
    (rows,) = read_parts(parts_of(path))
    assert rows["n"].tolist() == [0, 1, 2, 3]
    # pi less 3e-6 of it
    assert shapely.area(rows.geometry[2]) == pytest.approx(np.pi, rel=1e-5)
    notes = {note.code: note for note in rows.attrs["notes"]}
    assert notes["arcs_straightened"].cells.to_dict() == {2: "CurvePolygon"}
    assert (notes["arcs_straightened"].severity, notes["arcs_straightened"].rule) == (
        "repair",
        "0.25",
    )
    assert notes["geometry_unreadable"].rows == (4,)


# --------------------------------------------------------------------- real files

REAL = {
    "gpkg_3overlap": [], "gpkg_curvepolygon": [], "gpkg_multisurface": [],
    "gpkg_giantpoly": "no_feature_layer", "gpkg_incomplete_tx": "layer_not_named",
    "gpkg_missing_crs": "layer_not_named", "gpkg_mixed_crs": "layer_not_named",
    "gpkg_pdok_columnname": [], "gpkg_pdok_featureid": ["layer_without_key"],
    "gpkg_pdok_gdal_error": "layer_not_named", "gpkg_pdok_geometry_null": [],
    "gpkg_pdok_geometry_spatialite": [], "gpkg_pdok_rtree_valid": [],
    "gpkg_twolayers": "layer_not_named",
}  # fmt: skip


@pytest.mark.realdata
@pytest.mark.parametrize("case", REAL)
def test_real_files_end_as_they_must(real_data, case):
    (path,) = (real_data / "bad_inputs" / case).glob("*.gpkg")
    if isinstance(REAL[case], str):
        assert refusal(path).code == REAL[case]
        return
    assert [note.code for note in examine(path).notes] == REAL[case]
    rows = in_parts(path)
    direct = pyogrio.read_dataframe(path)
    assert len(rows) == len(direct)
    if not any(note.code == "arcs_straightened" for note in rows.attrs["notes"]):
        assert shapely.equals_exact(rows.geometry.array, direct.geometry.array).tolist() == (
            direct.geometry.notna().tolist()
        )


@pytest.mark.realdata
def test_the_real_file_in_wal_mode_is_read_with_a_warning(real_data):
    (path,) = (real_data / "bad_inputs" / "gpkg_incomplete_tx").glob("*.gpkg")
    before = hashlib.sha256(path.read_bytes()).digest()
    assert [note.code for note in examine(path, "cities").notes] == ["database_log_away"]
    assert len(read_layer(path, "cities")) == 3
    assert hashlib.sha256(path.read_bytes()).digest() == before
    assert {one.name for one in Path(path).parent.iterdir()} == {path.name}
