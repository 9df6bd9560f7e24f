"""Land cover corrected by a reference sample, class by class and for tree cover."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from carbon_sink.assessment import accuracy_tables, assess, design_sample, tree_cover_lines
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
    assert row["samples"] == 10
    errors = tables["landcover_error_matrix"]
    assert errors.to_numpy().tolist() == [
        [2020, 10, 10, 8], [2020, 10, 40, 2], [2020, 40, 10, 1], [2020, 40, 40, 9],
    ]  # fmt: skip
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


def test_a_sliver_of_a_class_needs_no_samples_and_no_stratum():
    sliver = pd.concat([MAPPED, pd.Series({50: 1e-9})])
    assert assess(SAMPLE, sliver).classes.loc[10, "area_ha"] == pytest.approx(110.0)
    mapped = areas()
    mapped = pd.concat([mapped, mapped.iloc[:1].assign(class_code=50, area_ha=1e-9)])
    tables = accuracy_tables(mapped, {2020: SAMPLE}, {2020: "worldcover"}, "zh")
    assert tables["landcover_accuracy"]["class_code"].tolist() == [10, 40]
    design = design_sample(sliver, pd.Series({10: 10**4, 40: 10**5}), 100)
    assert design.strata.index.tolist() == [10, 40]
    assert not design.is_merged


MANY = pd.Series({10: 10**6, 40: 10**6, 50: 10**6})


def test_a_sample_is_sized_by_equation_13_and_rare_strata_are_raised():
    mapped = pd.Series({10: 300.0, 40: 690.0, 50: 10.0})
    design = design_sample(mapped, MANY)
    # 0.85 × 0.15 / 0.01² = 1275; by area 382.5, 879.75 and 12.75, the last raised to 50
    assert design.needed == 1275
    assert design.strata["samples"].to_dict() == {10: 383, 40: 880, 50: 50}
    # sqrt(0.1275 × (0.3² / 382 + 0.69² / 879 + 0.01² / 49))
    assert design.standard_error == pytest.approx(0.0099679, abs=1e-7)
    assert not design.is_merged


def test_a_given_total_is_allocated_and_told_what_it_is_worth():
    design = design_sample(pd.Series({10: 300.0, 40: 700.0}), MANY, 101, users_accuracy=0.5)
    assert design.needed is None
    assert design.strata["samples"].to_dict() == {10: 50, 40: 51}
    # 0.5 × sqrt(0.3² / 49 + 0.7² / 50)
    assert design.standard_error == pytest.approx(0.053937, abs=1e-6)


def test_classes_of_too_few_cells_share_the_stratum_of_the_largest_class():
    mapped = pd.Series({10: 300.0, 40: 690.0, 80: 0.3, 95: 0.1})
    design = design_sample(mapped, pd.Series({10: 3000, 40: 6900, 80: 19}), 100, minimum=20)
    assert design.classes["stratum"].to_dict() == {10: 10, 40: 40, 80: 40, 95: 40}
    assert design.strata["area_ha"].to_dict() == pytest.approx({10: 300.0, 40: 690.4})
    assert design.is_merged
    enough = design_sample(mapped, pd.Series({10: 3000, 40: 6900, 80: 20}), 100, minimum=20)
    assert enough.strata.index.tolist() == [10, 40, 80]


@given(
    st.lists(st.floats(0.001, 1e6), min_size=1, max_size=9),
    st.floats(0.005, 0.1), st.floats(0.3, 0.99), st.integers(20, 100),
)  # fmt: skip
def test_a_sample_gives_the_wanted_standard_error_and_every_stratum_its_minimum(
    mapped, wanted, users, minimum
):
    mapped = pd.Series(mapped)
    design = design_sample(mapped, pd.Series(10**9, mapped.index), minimum=minimum,
                           standard_error=wanted, users_accuracy=users)  # fmt: skip
    assert design.strata["samples"].min() >= minimum
    assert design.strata["samples"].sum() >= design.needed
    # n - 1 in the variance and whole numbers cost at most two units of the smallest stratum
    assert design.standard_error <= wanted * (minimum / (minimum - 2)) ** 0.5 + 1e-12
    assert design.strata["area_ha"].sum() == pytest.approx(mapped.sum())


def test_a_sample_too_small_for_its_strata_is_refused():
    mapped = pd.Series({10: 300.0, 40: 700.0})
    with pytest.raises(TableError, match=r"99.*100"):
        design_sample(mapped, MANY, 99)
    with pytest.raises(TableError, match=r"不少于 2，现为 1"):
        design_sample(mapped, MANY, 99, minimum=1)
    with pytest.raises(TableError, match=r"1\.5"):
        design_sample(mapped, MANY, users_accuracy=1.5)


def test_a_line_tells_the_mapped_share_the_corrected_one_and_what_they_are_not():
    both = pd.concat([areas(), areas(year=2025)], ignore_index=True)
    tables = accuracy_tables(both, {2025: SAMPLE}, {2020: "worldcover", 2025: "worldcover"}, "en")
    first, second = tree_cover_lines(tables["satellite_tree_cover"], "en")
    # 110 of 400 ha ± 64.34 ha
    assert "27.50 % ± 16.09 %" in second
    assert "mapped 25.00 %" in second
    assert "20 reference sample units" in second
    assert "mapped 25.00 %" in first
    assert "screens only" in first
    assert "±" not in first
    assert all("not forest coverage" in line for line in (first, second))
    for line in tree_cover_lines(tables["satellite_tree_cover"], "zh"):
        assert "不是森林覆盖率" in line
