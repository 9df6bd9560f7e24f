"""What results are laid out as: the layers carry the figures of the tables, row by row."""

import geopandas as gpd
import pandas as pd
import pytest
import shapely

from carbon_sink.results import gis_layers, sinks_of

SHAPES = [shapely.box(105.0 + n, 29.0, 105.5 + n, 29.5) for n in range(2)]


def test_parcels_of_one_key_keep_their_own_figures_in_the_layer():
    stands = gpd.GeoDataFrame({"stand_id": ["a", "a"]}, geometry=SHAPES, crs=4490, index=[1, 2])
    seen = pd.DataFrame({
        "inventory_year": 2020, "landcover_year": 2021, "stand_id": "a", "main_class": 10,
        "tree_cover_ha": [1.0, 2.0], "shrub_cover_ha": 0.0, "other_ha": 0.0, "unclear_ha": 0.0,
        "no_data_ha": 0.0, "agreement_pct": 100.0,
    })  # fmt: skip
    found = gis_layers({"stands_2020": stands}, {"landcover_of_stands": seen}, 2025)
    assert found["stands_2020"]["tree_cover_ha"].tolist() == [1.0, 2.0]
    assert "tree_cover_ha" not in stands


def test_towns_carry_the_figures_of_the_report_year():
    towns = gpd.GeoDataFrame({"town_code": ["1", "2"], "town_name": ["甲", "乙"]},
                             geometry=SHAPES, crs=4490)  # fmt: skip
    summary = pd.DataFrame({"year": [2020, 2025, 2025], "town_code": ["1", "1", ""],
                            "town_name": ["甲", "甲", "全区"],
                            "carbon_t": [1.0, 3.0, 9.0]})  # fmt: skip
    found = gis_layers({"towns": towns}, {"town_summary": summary}, 2025)["towns"]
    assert found["town_name"].tolist() == ["甲", "乙"]
    assert found["carbon_t"].fillna(-1.0).tolist() == [3.0, -1.0]


def test_the_machine_readable_truth_holds_the_accounts_of_the_report_year(all_accounts):
    content, tables = all_accounts.content, all_accounts.tables
    pools = {row["pool"]: row["carbon_t"] for row in content["carbon_pools"]}
    mine = tables["carbon_pools"].query("year == 2025").set_index("pool")["carbon_t"]
    assert pools.keys() == set(mine.index)
    assert {row["year"] for row in content["carbon_pools"]} == {2025}
    assert pools["dead_wood"] == mine["dead_wood"]
    assert len(content["ghg_inventory"]) == len(tables["ghg_inventory"])
    assert [row["scenario"] for row in content["outlook"]] == ["bau"]
    assert sum(content["stocks"].values()) == pytest.approx(
        pools["aboveground"] + pools["belowground"]
    )


def test_what_a_run_does_not_have_is_an_empty_list_with_its_reason(brought_forward):
    content = brought_forward.content
    assert content["outlook"] == []
    absent = {row["item"]: row["reason"] for row in content["absent"]}
    assert absent["outlook"]
    assert absent["provincial_balance"]


def test_the_history_holds_the_year_that_was_brought_forward(brought_forward):
    history = brought_forward.content["history"]
    assert [row["year"] for row in history] == [2020, 2025, 2027]
    carbon = brought_forward.layers["stands_2027"]["carbon_t"].sum()
    assert history[-1]["carbon_t"] == pytest.approx(carbon)


def sinks(rows):
    names = ["project_type", "basis", "until_year", "projects", "credited_ha", "removal_co2e_t",
             "low_co2e_t", "high_co2e_t", "yearly_co2e_t_yr", "yearly_low_co2e_t_yr",
             "yearly_high_co2e_t_yr"]  # fmt: skip
    return pd.DataFrame(rows, columns=names)


def test_sinks_are_told_by_type_to_date_per_year_and_ahead_with_intervals():
    found = sinks_of(sinks([
        ["corridor", "ex_ante", 2025, 3, 9.0, 10.0, 8.0, 12.0, 2.0, 1.0, 3.0],
        ["corridor", "ex_ante", 2060, 3, 9.0, 90.0, 70.0, 99.0, 4.0, 2.0, 6.0],
        ["corridor", "ex_post", 2025, 2, 6.0, 7.0, None, None, None, None, None],
    ]), 2025)["corridor"]  # fmt: skip
    assert found["to_date_co2e_t"] == {"value": 10.0, "low": 8.0, "high": 12.0}
    assert found["yearly_co2e_t_yr"] == {"value": 2.0, "low": 1.0, "high": 3.0}
    assert found["until_co2e_t"] == {"2060": {"value": 90.0, "low": 70.0, "high": 99.0}}
    assert found["measured_co2e_t"] == 7.0
    assert found["projects"] == 3


def test_without_works_there_are_no_sinks_and_without_a_survey_nothing_is_measured():
    assert sinks_of(None, 2025) == {}
    row = ["mine_restoration", "ex_ante", 2025, 1, 1.0, -2.0, None, None, -2.0, None, None]
    found = sinks_of(sinks([row]), 2025)["mine_restoration"]
    assert found["measured_co2e_t"] is None
    assert found["to_date_co2e_t"] == {"value": -2.0, "low": None, "high": None}


def test_works_carry_the_figures_of_their_table():
    works = gpd.GeoDataFrame({"project_id": ["p", "q"], "done_ha": [1.0, 2.0]}, geometry=SHAPES,
                             crs=4490)  # fmt: skip
    table = pd.DataFrame({"project_id": ["q", "p"], "done_ha": [9.0, 9.0],
                          "verdict": ["not_seen", "verified"]})  # fmt: skip
    found = gis_layers({"projects": works}, {"project_results": table}, 2025)["projects"]
    assert found["verdict"].tolist() == ["verified", "not_seen"]
    assert found["done_ha"].tolist() == [1.0, 2.0]
