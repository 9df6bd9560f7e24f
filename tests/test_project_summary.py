"""What every work and every type of work brought and will bring."""

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from carbon_sink.project_summary import (
    ALL_TYPES,
    ledger_totals,
    project_results,
    removed_in,
    removed_until,
    town_totals,
)
from carbon_sink.summary import WHOLE_PLACE


def ledger():
    """Two corridors and a mine; the mine starts a year later and loses carbon at first."""
    return pd.DataFrame(
        {
            "project_id": ["a", "a", "b", "b", "m"],
            "project_type": ["corridor"] * 4 + ["mine_restoration"],
            "year": [2024, 2025, 2024, 2025, 2025],
            "tree_co2_t": [1.0, 3.0, 2.0, 4.0, 0.5],
            "soil_co2_t": [None, None, None, None, 0.25],
            "baseline_co2_t": [0.0, 0.0, 0.0, 0.0, -1.0],
            "removal_co2e_t": [1.0, 3.0, 2.0, 4.0, -0.25],
        }
    )


def works():
    return pd.DataFrame(
        {
            "project_id": ["m", "b", "a", "late"],
            "project_type": ["mine_restoration", "corridor", "corridor", "corridor"],
            "town_code": ["1", "1", None, "2"],
            "start_year": [2025, 2024, 2024, 2024],
            "credited_ha": [1.0, 2.0, 3.0, 4.0],
            "done_ha": [1.0, 2.5, 3.0, 4.0],
        }
    )


def test_removals_are_summed_from_the_start_to_each_year():
    removed = removed_until(ledger(), [2023, 2024, 2060])
    assert removed.loc["a"].tolist() == [0.0, 1.0, 4.0]
    assert removed.loc["m"].tolist() == [0.0, 0.0, -0.25]


def test_a_year_holds_the_removals_of_that_year_alone():
    assert removed_in(ledger(), 2025).to_dict() == {"a": 3.0, "b": 4.0, "m": -0.25}
    assert removed_in(ledger(), 2050).empty


def test_each_work_has_one_row_and_one_without_a_ledger_has_no_removal():
    found = project_results(works(), ledger(), 2025, 2060).set_index("project_id")
    assert found.index.tolist() == ["a", "b", "late", "m"]
    assert found.loc["a", "to_date_co2e_t"] == 4.0
    assert found.loc["b", "yearly_co2e_t_yr"] == 4.0
    assert pd.isna(found.loc["late", "to_date_co2e_t"])
    assert found["horizon_year"].eq(2060).all()


def test_a_work_whose_trees_are_not_known_has_no_removal_but_has_none_before_it_began():
    unknown = ledger()[ledger()["project_id"].eq("a")].assign(removal_co2e_t=None)
    unknown = unknown.astype({"removal_co2e_t": float})
    removed = removed_until(unknown, [2023, 2025])
    assert removed.loc["a", 2023] == 0.0
    assert pd.isna(removed.loc["a", 2025])
    found = project_results(works(), unknown, 2025, 2060).set_index("project_id")
    assert found.loc["a", ["to_date_co2e_t", "yearly_co2e_t_yr"]].isna().all()


def test_a_work_past_its_crediting_period_removes_nothing_more():
    found = project_results(works(), ledger(), 2030, 2060).set_index("project_id")
    assert found.loc["a", "yearly_co2e_t_yr"] == 0.0
    assert found.loc["a", "to_date_co2e_t"] == 4.0


def test_columns_of_other_tables_are_taken_by_project_where_they_belong_to_the_page():
    seen = pd.DataFrame({"project_id": ["m"], "verdict": ["too_young"], "noise": [1.0]})
    found = project_results(works(), ledger(), 2025, 2060, [seen]).set_index("project_id")
    assert found.loc["m", "verdict"] == "too_young"
    assert pd.isna(found.loc["a", "verdict"])
    assert "noise" not in found


def test_the_whole_is_the_sum_of_the_types_and_comes_last():
    totals = ledger_totals(ledger())
    assert totals["project_type"].tolist()[-2:] == [ALL_TYPES, ALL_TYPES]
    now = totals[totals["year"].eq(2025)].set_index("project_type")
    # 3 + 4 of the corridors and -0.25 of the mine
    assert now.loc[ALL_TYPES, "removal_co2e_t"] == 6.75
    assert now.loc["corridor", "projects"] == 2
    assert pd.isna(now.loc["corridor", "soil_co2_t"])
    assert now.loc[ALL_TYPES, "soil_co2_t"] == 0.25


def test_towns_add_up_and_works_without_a_town_count_in_the_whole():
    results = project_results(works(), ledger(), 2025, 2060)
    towns = pd.DataFrame({"town_code": ["1", "2"], "town_name": ["甲", "乙"]})
    totals = town_totals(results, towns, "区").set_index(["town_code", "project_type"])
    assert totals.loc[("1", "corridor"), "to_date_co2e_t"] == 6.0
    assert totals.loc[(WHOLE_PLACE, "corridor"), "to_date_co2e_t"] == 10.0
    assert totals.loc[(WHOLE_PLACE, "corridor"), "projects"] == 3
    assert totals.loc[(WHOLE_PLACE, "mine_restoration"), "town_name"] == "区"


@given(st.permutations(range(5)))
def test_the_order_of_rows_changes_nothing(order):
    shuffled = ledger().iloc[list(order)]
    pd.testing.assert_frame_equal(
        project_results(works(), shuffled, 2025, 2060),
        project_results(works(), ledger(), 2025, 2060),
    )
    totals = ledger_totals(shuffled)["removal_co2e_t"]
    assert totals.tolist() == pytest.approx(ledger_totals(ledger())["removal_co2e_t"].tolist())
