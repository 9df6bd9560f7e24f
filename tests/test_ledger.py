"""The record of a run, and results that are put in place as a whole."""

import hashlib
import json
import os

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from carbon_sink.errors import FileError
from carbon_sink.ledger import (
    check_folder,
    completed,
    earlier_results,
    fingerprints,
    results_folder,
    run_record,
    sha256,
    versions,
)
from carbon_sink.recalculation import compare

PLACE = {"code": "500153", "name": "荣昌区"}


def test_what_places_a_raster_is_fingerprinted_with_it(tmp_path):
    for name in ("a.tif", "a.tif.aux.xml", "a.tfw", "b.tif", "a.txt"):
        (tmp_path / name).write_text(name)
    found = fingerprints([tmp_path / "a.tif"], tmp_path)
    assert list(found) == ["a.tfw", "a.tif", "a.tif.aux.xml"]


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
                        parameters=pd.DataFrame({"value": [1.0]}), seed=7, started="s")  # fmt: skip
    record = completed(record, ["b"], "e")
    assert (record["seed"], record["started"], record["ended"]) == (7, "s", "e")
    assert record["inputs_sha256"] == {"a": "b"}
    assert record["outputs"] == ["b", "run.json"]
    assert record["parameters"] == [{"value": 1.0}]
    assert {"geopandas", "rasterio", "python"} <= set(versions())


def finish(final, name, **more):
    """Put a finished run of one file in place."""
    with results_folder(final) as folder:
        (folder / name).write_text(name)
        record = {"program": {"name": "carbon_sink"}, "outputs": [name, "run.json"], **more}
        (folder / "run.json").write_text(json.dumps(record))
        assert folder != final


def test_new_results_replace_the_old_ones_together(tmp_path):
    final = tmp_path / "maps" / "2025"
    finish(final, "old.txt")
    finish(final, "new.txt")
    assert sorted(path.name for path in final.iterdir()) == ["new.txt", "run.json"]
    assert [path.name for path in final.parent.iterdir()] == ["2025"]


def test_what_a_user_lays_beside_the_results_is_kept(tmp_path):
    final = tmp_path / "2025"
    finish(final, "old.txt")
    (final / "mine").mkdir()
    (final / "mine" / "project.qgz").write_text("work of a day")
    finish(final, "new.txt")
    assert (final / "mine" / "project.qgz").read_text() == "work of a day"
    assert not (final / "old.txt").exists()


def test_a_run_that_fails_leaves_the_old_results_and_no_litter(tmp_path):
    final = tmp_path / "2025"
    finish(final, "old.txt")

    def fail():
        with results_folder(final) as folder:
            (folder / "half.txt").write_text("half")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["2025", "old.txt", "run.json"]


def test_a_folder_with_foreign_files_an_input_or_a_file_is_never_replaced(tmp_path):
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "work.doc").write_text("x")
    with pytest.raises(FileError, match="未写入"):
        check_folder(tmp_path / "own", [])
    finish(tmp_path / "place" / "2025", "a.txt")
    inside = tmp_path / "place" / "2025" / "inventory.gpkg"
    inside.write_text("data")
    with (
        pytest.raises(FileError, match=r"inventory\.gpkg"),
        results_folder(inside.parent, [inside]),
    ):
        pass
    with pytest.raises(FileError, match="却是一个文件"):
        check_folder(inside, [])
    check_folder(tmp_path / "new", [inside])
    assert inside.read_text() == "data"


def test_a_place_that_cannot_be_written_is_told(tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(FileError, match="无法写入"), results_folder(tmp_path / "file" / "2025"):
        pass


def results(folder, year, place=PLACE, carbon_t=1.0):
    """Lay out the results of an earlier run."""
    folder.mkdir(parents=True)
    record = {"program": {"name": "carbon_sink", "version": "1"}, "inputs_sha256": {"a": "b"},
              "settings": {"report_year": year, "place": place, "land_area_ha": None,
                           "inventory": [{"year": year, "path": "a"}]},
              "parameters": [{"species_group": "bamboo", "parameter": "bef", "value": 1.0}]}  # fmt: skip
    (folder / "run.json").write_text(json.dumps(record), encoding="utf-8")
    figures = {"history": [{"year": year, "carbon_t": carbon_t}]}
    (folder / "indicators.json").write_text(json.dumps(figures), encoding="utf-8")


def test_the_results_that_are_about_to_be_replaced_are_read(tmp_path):
    results(tmp_path / "2025", 2025, carbon_t=7.0)
    results(tmp_path / "2020", 2020)
    found, problems = earlier_results(tmp_path / "2025", PLACE, 2025)
    assert problems == []
    assert found["history"] == [{"year": 2025, "carbon_t": 7.0}]
    assert compare(found, found).empty


def test_a_new_report_year_is_compared_with_the_latest_earlier_one_of_the_place(tmp_path):
    for year in (2015, 2020, 2030):
        results(tmp_path / str(year), year)
    results(tmp_path / "2024", 2024, {"code": "500101", "name": "万州区"})
    results(tmp_path / ".2024-x", 2024)
    found, problems = earlier_results(tmp_path / "2025", PLACE, 2025)
    assert (found["settings"]["report_year"], problems) == (2020, [])
    assert earlier_results(tmp_path / "2010", PLACE, 2010) == (None, [])
    assert earlier_results(tmp_path / "no" / "2025", PLACE, 2025) == (None, [])


def test_a_place_is_known_by_its_code_or_by_its_name_where_a_code_is_lacking(tmp_path):
    results(tmp_path / "2025", 2025, {"code": "500153", "name": "Rongchang"})
    assert earlier_results(tmp_path / "2025", PLACE, 2025)[0]
    found, (problem,) = earlier_results(tmp_path / "2025", {"code": "", "name": "荣昌区"}, 2025)
    assert (found, problem.code, problem.value) == (None, "earlier_of_other_place", "Rongchang")
    assert problem.severity == "warn"


def test_broken_results_are_told_and_those_before_them_are_compared(tmp_path):
    results(tmp_path / "2020", 2020)
    results(tmp_path / "2022", 2022)
    (tmp_path / "2022" / "indicators.json").write_text('{"history": [')
    found, (problem,) = earlier_results(tmp_path / "2025", PLACE, 2025)
    assert found["settings"]["report_year"] == 2020
    assert (problem.code, problem.value) == ("earlier_unreadable", "2022")
    found, (problem,) = earlier_results(tmp_path / "2022", PLACE, 2022)
    assert (found, problem.code) == (None, "earlier_unreadable")


def test_tables_of_past_years_are_read_as_texts(tmp_path):
    results(tmp_path / "2025", 2025)
    assert earlier_results(tmp_path / "2025", PLACE, 2025)[0]["tables"] == {}, "an earlier program"
    (tmp_path / "2025" / "tables").mkdir()
    path = tmp_path / "2025" / "tables" / "ghg_inventory.csv"
    path.write_text("row,notation,value\ntotal,,1.5\n", encoding="utf-8-sig")
    found, _ = earlier_results(tmp_path / "2025", PLACE, 2025)
    assert found["tables"]["ghg_inventory"].to_dict("records") == [
        {"row": "total", "notation": "", "value": "1.5"}]  # fmt: skip
    path.write_bytes(b"\xff\xfe\x00")
    found, (problem,) = earlier_results(tmp_path / "2025", PLACE, 2025)
    assert (found, problem.code) == (None, "earlier_unreadable")


@given(st.sampled_from(["year_before", "year_after", "table", "row", "item", "value", "unit"]),
       st.text(max_size=4))  # fmt: skip
def test_whatever_an_earlier_table_holds_is_compared_or_left_out(column, anything):
    row = {"year_before": "2020", "year_after": "2025", "table": "4", "row": "4.A",
           "item": "co2", "value": "1.5", "unit": "kt"}  # fmt: skip
    old, new = ({"history": [], "tables": {"crt_tables": pd.DataFrame([one])}}
                for one in (row | {column: anything}, row))  # fmt: skip
    assert len(compare(old, new)) <= 1
    assert len(compare(new, old)) <= 1


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(
        st.sampled_from(["year", "path", "value", "name", "x"]), inner, max_size=3),
    max_leaves=6,
)  # fmt: skip


@given(st.sampled_from(["program", "inputs_sha256", "settings", "parameters", "history", "place",
                        "report_year", "inventory", "value", "carbon_t"]), ANYTHING)  # fmt: skip
def test_whatever_earlier_files_hold_is_compared_or_told(tmp_path_factory, part, anything):
    folder = tmp_path_factory.mktemp("earlier") / "2025"
    results(folder, 2025)
    record = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    figures = json.loads((folder / "indicators.json").read_text(encoding="utf-8"))
    whole = {**record, "history": figures["history"]}
    for holder in (record, record["settings"], record["parameters"][0], figures,
                   figures["history"][0]):  # fmt: skip
        if part in holder:
            holder[part] = anything
    (folder / "run.json").write_text(json.dumps(record), encoding="utf-8")
    (folder / "indicators.json").write_text(json.dumps(figures), encoding="utf-8")
    found, problems = earlier_results(folder, PLACE, 2025)
    assert (found is None) == bool(problems)
    if found:
        compare(found, whole)
        compare(whole, found)
