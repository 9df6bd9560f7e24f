"""An interpreted sheet held against what was drawn: gaps, places, classes, independence."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from conftest import write_landcover

import carbon_sink
from carbon_sink.cli import main
from carbon_sink.errors import TableError
from carbon_sink.interpretation import check_interpretation
from carbon_sink.pipeline import check
from carbon_sink.rasters import open_landcover, values_at
from carbon_sink.settings import load_settings


def units(count=100, **columns):
    """Half the units are trees, the others cropland; one of each was found to be the other."""
    table = pd.DataFrame({"sample_id": [str(number) for number in range(1, count + 1)]})
    table["map_class"] = np.where(np.arange(count) < count / 2, 10, 40)
    table["reference_class"] = table["map_class"]
    table.loc[[0, count - 1], "reference_class"] = [40, 10]
    table.attrs["file"] = "sheet.csv"
    return table.assign(**columns)


def codes(notes):
    return {note.code: note.count for note in notes}


def test_a_sheet_as_it_was_drawn_and_interpreted_has_no_note():
    samples = units()
    assert check_interpretation(samples, samples["map_class"].astype("Int64")) == []


def test_a_copy_of_the_map_is_no_sample():
    copied = units().assign(reference_class=units()["map_class"])
    assert codes(check_interpretation(copied)) == {"sample_equals_map": 100}
    # with one class there is nothing to copy, but nothing is known of its errors either
    (note,) = check_interpretation(copied[copied["map_class"].eq(10)])
    assert (note.code, note.value) == ("sample_without_error", "10 (50)")


def test_a_class_without_errors_is_named():
    samples = units()
    samples.loc[0, "reference_class"] = 10
    (note,) = check_interpretation(samples)
    assert (note.code, note.value) == ("sample_without_error", "10 (50)")


def test_rows_that_were_deleted_are_counted():
    (note,) = check_interpretation(units().drop(index=range(10, 20)))
    assert (note.code, note.count, note.value) == (
        "sample_rows_missing",
        10,
        "11, 12, 13, 14, 15 …",
    )
    # numbers of the user's own are no count of rows
    own = units(sample_id=[str(500_000 + number) for number in range(100)])
    assert check_interpretation(own) == []
    assert check_interpretation(units(sample_id=[f"P{n}" for n in range(100)])) == []


def test_units_outside_the_place_are_told_with_their_rows():
    lon = np.where(np.arange(100) == 7, 106.0, 105.01)
    place = gpd.GeoDataFrame(geometry=[shapely.box(105.0, 29.5, 105.04, 29.52)], crs="EPSG:4490")
    (note,) = check_interpretation(units(lon_deg=lon, lat_deg=29.51), place=place)
    assert (note.code, note.rows, note.count) == ("sample_outside_place", (7,), 1)


def test_few_units_that_differ_from_the_map_are_told_and_many_refused():
    samples = units()
    seen = samples["map_class"].astype("Int64")
    seen[[3, 4]] = [40, pd.NA]  # 2 of 100
    (note,) = check_interpretation(samples, seen)
    assert (note.code, note.rows, note.value) == ("sample_map_differs", (3, 4), "10 / 40, 10 / -")
    seen[5] = 40
    with pytest.raises(TableError, match=r"sheet\.csv"):
        check_interpretation(samples, seen)


def test_the_class_at_a_point_is_that_of_its_cell(tmp_path):
    grid = np.where(np.arange(40)[None, :] < 20, 10, 40).repeat(20, axis=0).astype("uint8")
    grid[0, 0] = 0
    raster = open_landcover(write_landcover(tmp_path / "a.tif", grid), scheme="worldcover")
    raster.encoding["preferred_chunks"] = {"y": 7, "x": 3}
    # the corner without data, trees, cropland, and a place the raster does not reach
    points = gpd.GeoSeries.from_xy([105.0005, 105.0199, 105.0201, 104.9], [29.5195, 29.51, 29.5001, 29.51],
                                   index=[5, 6, 7, 8], crs="EPSG:4490")  # fmt: skip
    found = values_at(raster, points)
    assert found.index.tolist() == [5, 6, 7, 8]
    assert found.fillna(-1).tolist() == [-1, 10, 40, -1]
    assert values_at(raster, points[:0]).empty


def test_a_run_and_a_check_tell_what_became_of_the_sheet(small_place, capsys):
    folder = small_place.parent
    sheet = folder / "sample.csv"
    words = ["sample", str(folder / "landcover_2020.tif"), "--scheme", "worldcover", "--total",
             "100", "--place", str(folder / "boundary.geojson"), "--out", str(sheet)]  # fmt: skip
    assert main(words) == 0
    table = pd.read_csv(sheet, encoding="utf-8-sig")
    table["reference_class"] = table["map_class"]
    with small_place.open("a", encoding="utf-8") as file:
        file.write('\n[[reference_samples]]\nyear = 2020\npath = "sample.csv"\n')

    table.drop(index=range(30)).to_csv(sheet, index=False, encoding="utf-8-sig")
    told = {"sample_rows_missing", "sample_equals_map"}
    assert told <= {note.code for note in check(load_settings(small_place)).notes}
    done = carbon_sink.run(small_place, folder.parent / "out")
    assert told <= set(done.tables["notes"]["code"])

    table.assign(map_class=50 - table["map_class"]).to_csv(sheet, index=False)
    capsys.readouterr()
    assert main(["check", str(small_place)]) == 1
    assert "10 / 40" in capsys.readouterr().out
