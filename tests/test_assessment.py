"""Land cover corrected by a reference sample, class by class and for tree cover."""

import numpy as np
import pandas as pd
import pytest

from carbon_sink.assessment import accuracy_tables, assess
from carbon_sink.errors import TableError

MAPPED = pd.Series({10: 100.0, 40: 300.0})


def points(*rows, **attrs):
    """Sample units from rows of map class, reference class and their number."""
    units = [pair for *pair, number in rows for _ in range(number)]
    samples = pd.DataFrame(units, columns=["map_class", "reference_class"])
    samples.attrs.update(file="samples.csv", strata_ha={}, **attrs)
    return samples


def areas(mapped=MAPPED, year=2020):
    """Mapped areas of the whole place and of a town that holds half of it."""
    names = {10: ("树木覆盖", "Tree cover"), 40: ("耕地", "Cropland"), 95: ("红树林", "Mangroves")}
    rows = [
        (year, zone, name, code, *names[code], area * share)
        for zone, name, share in (("", "全区", 1.0), ("1", "甲镇", 0.5))
        for code, area in mapped.items()
    ]
    columns = ["year", "zone", "zone_name", "class_code", "name_zh", "name_en", "area_ha"]
    return pd.DataFrame(rows, columns=columns)


SAMPLE = points((10, 10, 8), (10, 40, 2), (40, 10, 1), (40, 40, 9))


def test_mapped_and_corrected_areas_stand_side_by_side():
    tables = accuracy_tables(areas(), {2020: SAMPLE}, {2020: "worldcover"}, "en")
    row = tables["landcover_accuracy"].set_index("class_code").loc[10]
    # 100 × 8/10 + 300 × 1/10 = 110 ha; standard error 32.83 ha, times 1.96 = 64.34
    assert row[["mapped_area_ha", "area_ha"]].tolist() == pytest.approx([100.0, 110.0])
    assert row[["low_ha", "high_ha"]].tolist() == pytest.approx([45.656, 174.344], abs=1e-3)
    assert row["users_accuracy_pct"] == pytest.approx(80.0)
    assert row["name_en"] == "Tree cover"
    land = tables["landcover_area"].set_index(["zone", "class_code"])
    assert land.loc[("", 10), ["area_ha", "adjusted_ha"]].tolist() == pytest.approx([100, 110])
    assert np.isnan(land.loc[("1", 10), "adjusted_ha"])
    trees = tables["satellite_tree_cover"].loc[0]
    # 110 of 400 ha
    assert trees["mapped_pct"] == 25.0
    assert trees["area_pct"] == pytest.approx(27.5)
    assert trees["high_pct"] == pytest.approx(174.344 / 4, abs=1e-3)
    assert trees["overall_accuracy_pct"] == pytest.approx(87.5)
    assert trees["samples"] == 20
    assert "20 reference sample units" in trees["status"]


def test_without_a_sample_the_map_screens_only_and_says_so():
    for lang, words in (("zh", "仅供筛查"), ("en", "maps screen only")):
        tables = accuracy_tables(areas(), {}, {2020: "worldcover"}, lang)
        assert set(tables) == {"satellite_tree_cover"}
        row = tables["satellite_tree_cover"].loc[0]
        assert words in row["status"]
        assert row["mapped_pct"] == 25.0
        assert np.isnan(row["area_ha"])


def test_each_year_stands_for_itself():
    both = pd.concat([areas(), areas(year=2025)], ignore_index=True)
    tables = accuracy_tables(both, {2025: SAMPLE}, {2020: "worldcover", 2025: "worldcover"}, "zh")
    cover = tables["satellite_tree_cover"].set_index("year")
    assert np.isnan(cover.loc[2020, "area_ha"])
    assert cover.loc[2025, "area_ha"] == pytest.approx(110.0)
    assert tables["landcover_accuracy"]["year"].unique().tolist() == [2025]
    assert len(tables["landcover_area"]) == len(both)


def test_classes_with_trees_are_corrected_together():
    # two kinds of trees taken for each other are no error of the tree cover
    mapped = pd.Series({10: 100.0, 40: 300.0, 95: 50.0})
    sample = points((10, 10, 5), (10, 95, 5), (95, 95, 5), (95, 10, 5), (40, 40, 10))
    tables = accuracy_tables(areas(mapped), {2020: sample}, {2020: "worldcover"}, "zh")
    row = tables["satellite_tree_cover"].loc[0]
    assert row[["mapped_ha", "area_ha", "se_ha"]].tolist() == pytest.approx([150.0, 150.0, 0.0])
    assert row["overall_accuracy_pct"] == pytest.approx(100 * 375 / 450)


def test_a_class_that_only_the_sample_found_has_no_mapped_area():
    sample = points((10, 10, 9), (10, 50, 1), (40, 40, 10))
    tables = accuracy_tables(areas(), {2020: sample}, {2020: "worldcover"}, "zh")
    land = tables["landcover_area"].set_index(["zone", "class_code"])
    assert land.loc[("", 50), ["area_ha", "adjusted_ha"]].tolist() == pytest.approx([0.0, 10.0])
    assert land.loc[("", 50), "name_zh"] == "建成区"
    # 10 ± 19.6 ha cannot begin below zero
    assert land.loc[("", 50), "adjusted_low_ha"] == 0.0


def test_a_place_without_trees_has_none_with_certainty_of_the_sample():
    mapped = pd.Series({40: 300.0})
    tables = accuracy_tables(
        areas(mapped), {2020: points((40, 40, 10))}, {2020: "worldcover"}, "zh"
    )
    assert tables["satellite_tree_cover"].loc[0, ["mapped_ha", "area_ha"]].tolist() == [0.0, 0.0]


def test_strata_of_their_own_bring_their_areas():
    sample = SAMPLE.assign(stratum=["a"] * 5 + ["b"] * 15)
    sample.attrs["strata_ha"] = {"a": 50.0, "b": 350.0}
    found = assess(sample, MAPPED)
    # a: 5 of 5 trees; b: 3 of 10 mapped and 1 of 5 others, 4 of 15: 50 + 350 × 4/15
    assert found.classes.loc[10, "area_ha"] == pytest.approx(50.0 + 350.0 * 4 / 15)
    sample.attrs["strata_ha"] = {"a": 50.0, "b": 300.0}
    with pytest.raises(TableError, match=r"350\.0.*400\.0"):
        assess(sample, MAPPED)


def test_a_sample_that_misses_a_class_of_the_map_is_refused_with_its_file():
    with pytest.raises(TableError, match=r"(?s)50 \(0\).*samples\.csv"):
        assess(SAMPLE, pd.Series({10: 100.0, 40: 300.0, 50: 1.0}))
    with pytest.raises(TableError, match=r"40 \(10\)"):
        assess(SAMPLE, pd.Series({10: 100.0}))
