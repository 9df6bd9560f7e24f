"""Totals by town and for the whole place."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from carbon_sink.summary import (
    add_removal,
    coverage_table,
    largest_remainder,
    species_summary,
    town_summary,
)

TOWNS = pd.DataFrame({"town_code": ["1", "2", "3"], "town_name": ["甲", "乙", "丙"],
                      "land_area_ha": [100.0, 50.0, 10.0]})  # fmt: skip


def stands():
    return pd.DataFrame(
        {
            "town_code": ["1", "1", "2", None],
            "arbor_ha": [10.0, 20.0, 5.0, 1.0], "bamboo_ha": 0.0, "special_shrub_ha": 0.0,
            "shelterbelt_ha": 0.0, "four_side_ha": [0.0, 0.0, 2.0, 0.0], "sandiao_ha": 1.0,
            "stocked_ha": [10.0, 0.0, 5.0, 1.0], "forest_stock_m3": [400.0, 0.0, 100.0, 10.0],
            "timber_stock_m3": [400.0, 0.0, 100.0, 10.0],
            "living_stock_m3": [410.0, 0.0, 100.0, 10.0], "carbon_t": [4.0, 0.0, 1.0, 0.1],
            "carbon_area_ha": [10.0, 20.0, 5.0, 1.0],
        }
    )  # fmt: skip


def test_towns_are_summed_and_the_whole_place_counts_every_stand():
    table = town_summary(stands(), TOWNS, "全区", 200.0).set_index("town_code")
    assert table.loc["1", "forest_area_ha"] == 30.0
    assert table.loc["1", "forest_coverage_pct"] == 30.0
    assert table.loc["2", "forest_coverage_pct"] == pytest.approx(14.0)
    assert table.loc["1", "stock_m3_ha"] == 40.0
    # the stand without a town is in the whole place only
    assert table.loc["", "forest_area_ha"] == 38.0
    assert table.loc["", "forest_coverage_pct"] == 19.0
    assert table.loc["", "town_name"] == "全区"


def test_a_town_without_stands_has_no_forest_but_one_without_data_is_unknown():
    table = town_summary(stands(), TOWNS, "全区", 200.0).set_index("town_code")
    assert table.loc["3", "forest_area_ha"] == 0.0
    assert np.isnan(table.loc["3", "stock_m3_ha"])
    without = town_summary(stands().drop(columns="carbon_t"), TOWNS, "全区", 200.0)
    assert without["carbon_t"].isna().all()


def test_without_a_land_area_there_is_no_coverage():
    table = town_summary(stands(), TOWNS.head(0), "全区", None)
    assert table["town_code"].tolist() == [""]
    assert table["forest_coverage_pct"].isna().all()
    assert table["forest_area_ha"].tolist() == [38.0]


def test_a_sink_seen_backwards_is_a_source():
    years = pd.DataFrame({"year": [2020, 2025], "town_code": ["", ""], "carbon_t": [100.0, 160.0]})
    # 60 tC in 5 years = 12 tC/yr = 44 tCO2/yr
    assert add_removal(years)["removal_co2_t_yr"].iloc[1] == pytest.approx(44.0)
    back = years.assign(carbon_t=[160.0, 100.0])
    assert add_removal(back)["removal_co2_t_yr"].iloc[1] == pytest.approx(-44.0)


def test_removals_of_the_towns_follow_their_own_years_in_any_order():
    table = pd.DataFrame({"year": [2025, 2020, 2025, 2020], "town_code": ["a", "b", "b", "a"],
                          "carbon_t": [15.0, 7.0, 1.0, 0.0]})  # fmt: skip
    result = add_removal(table).query("year == 2025").set_index("town_code")["removal_co2_t_yr"]
    assert result["a"] == pytest.approx(11.0)
    assert result["b"] == pytest.approx(-4.4)


def test_parts_of_the_coverage_add_up_to_their_total():
    table = coverage_table(
        pd.DataFrame({"arbor": [30.0, 6.0], "bamboo": [4.0, 0.0]}), "forestry", 100.0
    )
    assert table.set_index("part")["area_ha"].to_dict() == {
        "arbor": 36.0,
        "bamboo": 4.0,
        "total": 40.0,
    }
    assert table.set_index("part")["share_pct"]["total"] == 40.0


def test_species_are_sorted_by_stock_and_named():
    table = pd.DataFrame({"species_group": ["oak", "cypress", "oak", "bamboo_moso"],
                          "stocked_ha": [1.0, 9.0, 1.0, 0.0], "forest_stock_m3": [10.0, 90.0, 5.0, 0.0],
                          "carbon_t": [5.0, 40.0, 2.0, 9.0]})  # fmt: skip
    result = species_summary(table)
    assert result["species_group"].tolist() == ["cypress", "oak"]
    assert result["name_zh"].tolist() == ["柏木", "栎类"]
    assert result["volume_m3"].tolist() == [90.0, 15.0]


def test_ten_shared_by_thirds_is_three_three_and_four():
    # ALLOC_1
    assert largest_remainder(10, [3.3, 3.3, 3.4]).tolist() == [3, 3, 4]
    assert largest_remainder(1.0, [1, 1, 1], decimals=2).tolist() == [0.34, 0.33, 0.33]


@given(st.integers(0, 10_000), st.lists(st.floats(0.01, 1e3), min_size=1, max_size=40))
def test_shares_keep_their_total_and_are_off_by_less_than_one(total, weights):
    shares = largest_remainder(total, weights)
    assert shares.sum() == total
    exact = total * np.array(weights) / np.sum(weights)
    assert (np.abs(shares - exact) < 1 + 1e-9).all()


def test_the_stands_are_not_changed():
    table = gpd.GeoDataFrame(stands())
    before = table.copy()
    town_summary(table, TOWNS, "全区", 200.0)
    pd.testing.assert_frame_equal(pd.DataFrame(table), pd.DataFrame(before))
