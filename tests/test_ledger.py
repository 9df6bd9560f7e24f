"""The record of a run, and results that are put in place as a whole."""

import hashlib
import os

import pandas as pd
import pytest

from carbon_sink.errors import FileError
from carbon_sink.ledger import fingerprints, results_folder, run_record, sha256, versions


def test_the_fingerprint_is_the_sha256_of_the_file(tmp_path):
    path = tmp_path / "a.bin"
    path.write_bytes(b"forest" * 500_000)
    assert sha256(path) == hashlib.sha256(b"forest" * 500_000).hexdigest()


def test_all_parts_of_a_shapefile_and_a_geodatabase_are_recorded(tmp_path):
    for name in ("a.shp", "a.dbf", "a.prj", "b.dbf"):
        (tmp_path / name).write_text(name)
    (tmp_path / "c.gdb").mkdir()
    (tmp_path / "c.gdb" / "t1").write_text("t")
    found = fingerprints([tmp_path / "a.shp", tmp_path / "c.gdb"], tmp_path)
    assert list(found) == ["a.dbf", "a.prj", "a.shp", os.path.join("c.gdb", "t1")]  # noqa: PTH118


def test_the_record_holds_all_that_is_needed_to_repeat_a_run():
    record = run_record(version="1", settings={"title": "x"}, inputs={"a": "b"},
                        parameters=pd.DataFrame({"value": [1.0]}), started="s", ended="e")  # fmt: skip
    assert record["inputs_sha256"] == {"a": "b"}
    assert record["parameters"] == [{"value": 1.0}]
    assert {"geopandas", "rasterio", "python"} <= set(versions())


def test_new_results_replace_the_old_ones_as_a_whole(tmp_path):
    final = tmp_path / "maps" / "2025"
    for text in ("old", "new"):
        with results_folder(final) as folder:
            (folder / f"{text}.txt").write_text(text)
            assert folder != final
    assert [path.name for path in final.iterdir()] == ["new.txt"]
    assert [path.name for path in final.parent.iterdir()] == ["2025"]


def test_a_run_that_fails_leaves_the_old_results_and_no_litter(tmp_path):
    final = tmp_path / "2025"
    with results_folder(final) as folder:
        (folder / "old.txt").write_text("old")

    def fail():
        with results_folder(final) as folder:
            (folder / "half.txt").write_text("half")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert [path.name for path in tmp_path.rglob("*")] == ["2025", "old.txt"]


def test_a_place_that_cannot_be_written_is_told(tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(FileError, match="无法写入"), results_folder(tmp_path / "file" / "2025"):
        pass
