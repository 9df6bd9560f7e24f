"""Forest coverage by rule, worked by hand."""

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from carbon_sink.coverage import coverage_parts, coverage_pct, four_side_area, shelterbelt_area
from carbon_sink.errors import ParameterError


def stands(**columns):
    return pd.DataFrame({"area_ha": 10.0, **columns})


def test_the_plan_s_new_forest_would_lift_coverage_to_38_15():
    # 2.43 万亩 = 1620 ha on 107 700 ha are 1.504 points: 36.65 -> 38.154 (SCIENCE, COVERAGE_1)
    added = coverage_pct(1620.0, 107_700.0)
    assert round(added, 6) == 1.504178
    assert round(36.65 + added, 6) == 38.154178


def test_arbor_bamboo_and_special_shrub_count_and_other_land_does_not():
    kinds = ["arbor", "economic_arbor", "bamboo", "shrub_special", "economic_shrub",
             "shrub_other", "sparse", "young_planted", "cropland", "cutover"]  # fmt: skip
    parts = coverage_parts(stands(forest_type=kinds)).sum()
    assert parts.to_dict() == {
        "arbor": 20.0, "bamboo": 10.0, "special_shrub": 20.0, "shelterbelt": 0.0, "four_side": 0.0,
    }  # fmt: skip


def test_the_land_survey_rule_leaves_out_orchards_belts_and_four_side_trees():
    table = stands(
        forest_type=["arbor", "economic_arbor", "economic_shrub", "cropland"],
        belt_length_m=[None, None, None, 1000.0], belt_width_m=[None, None, None, 20.0],
        scattered_type=[None, None, None, "2"], scattered_trees=[None, None, None, 1650.0],
    )  # fmt: skip
    assert coverage_parts(table, "forestry").to_numpy().sum() == 30.0 + 2.0 + 1.0
    assert coverage_parts(table, "sandiao").to_numpy().sum() == 10.0


def test_a_parcel_coded_by_the_land_survey_is_forest_land_by_its_class_alone():
    table = stands(forest_type=["economic_arbor"] * 2, class_group=["arbor"] * 2,
                   is_land_survey=[True, False])  # fmt: skip
    assert coverage_parts(table, "sandiao")["arbor"].tolist() == [10.0, 0.0]
    assert coverage_parts(table, "forestry")["arbor"].tolist() == [10.0, 10.0]


def test_arbor_forest_under_a_closure_of_one_fifth_does_not_count_and_at_it_does():
    table = stands(forest_type=["arbor"] * 3, canopy_closure=[0.19, 0.20, None])
    assert coverage_parts(table)["arbor"].tolist() == [0.0, 10.0, 10.0]


def test_belts_and_four_side_trees_inside_a_forest_do_not_count_again():
    table = stands(
        forest_type=["bamboo", "cropland"], belt_length_m=[1000.0] * 2, belt_width_m=[20.0] * 2,
        scattered_type=["2", "2"], scattered_trees=[1650.0] * 2,
    )  # fmt: skip
    parts = coverage_parts(table)
    assert parts.loc[0].sum() == 10.0
    assert parts.loc[1].to_dict()["shelterbelt"] == 2.0
    assert parts.loc[1].to_dict()["four_side"] == 1.0


def test_belts_and_trees_count_no_more_than_the_area_of_their_parcel():
    table = stands(
        forest_type=["cropland", "cropland"], belt_length_m=[5e5, 3000.0], belt_width_m=[40.0, 20.0],
        scattered_type=["2", "2"], scattered_trees=[1650.0, 16_500.0],
    )  # fmt: skip
    parts = coverage_parts(table)
    assert parts["shelterbelt"].tolist() == [10.0, 6.0]
    assert parts["four_side"].tolist() == [0.0, 4.0]


def test_a_belt_counts_from_ten_metres_width_and_one_mu():
    length = pd.Series([500.0, 500.0, 60.0, 70.0])
    width = pd.Series([10.0, 9.9, 10.0, 10.0])
    assert shelterbelt_area(length, width).tolist() == [0.5, 0.0, 0.0, 0.07]


def test_sixteen_hundred_and_fifty_trees_are_one_hectare_or_fifteen_mu():
    assert four_side_area(pd.Series([1650.0, 110.0])).tolist() == [1.0, 110.0 / 1650.0]


def test_crown_cover_is_used_when_asked_for_and_asked_for_when_missing():
    table = stands(forest_type=["cropland"], scattered_type=["2"], scattered_trees=[1650.0])
    with pytest.raises(ParameterError, match="crown_area_ha"):
        coverage_parts(table, four_side_rule="crown_cover")
    table["crown_area_ha"] = 0.4
    assert coverage_parts(table, four_side_rule="crown_cover")["four_side"].tolist() == [0.4]


@given(
    st.lists(st.sampled_from(["arbor", "bamboo", "cropland", "sparse"]), min_size=1, max_size=30)
)
def test_the_survey_rule_never_counts_more_than_the_forestry_rule(kinds):
    table = stands(forest_type=kinds)
    before = table.copy()
    forestry = coverage_parts(table, "forestry").to_numpy().sum()
    assert coverage_parts(table, "sandiao").to_numpy().sum() <= forestry <= table["area_ha"].sum()
    pd.testing.assert_frame_equal(table, before)
