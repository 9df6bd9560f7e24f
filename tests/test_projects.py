"""Works of the plan."""

import math

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from carbon_sink.projects import (
    belt_ha,
    fire_damage_permille,
    four_side_area,
    four_side_projects,
    plan_item_done,
    plan_quantities,
    survival_share,
)
from carbon_sink.tables import columns


def works():
    return pd.DataFrame(
        {
            "project_type": ["shelterbelt", "mine_restoration", "quality_improvement", "corridor"],
            "plan_item": ["forest_quantity", "forest_quantity", "quality_improvement", None],
            "start_year": [2022, 2026, 2023, 2023],
            "done_ha": [10.0, 5.0, 100.0, 7.0],
            "planned_ha": [12.0, 5.0, None, 7.0],
        }
    )


def test_works_after_the_report_year_and_outside_the_plan_do_not_count_for_it():
    quantities = plan_quantities(works(), 2025)
    assert plan_item_done(quantities, "forest_quantity") == 10.0
    assert plan_item_done(quantities, "quality_improvement") == 100.0
    assert quantities.set_index("project_type").loc["shelterbelt", "done_mu"] == 150.0
    assert quantities.set_index("project_type").loc["corridor", "plan_item"] == ""


def test_what_no_project_states_is_missing_and_not_zero():
    quantities = plan_quantities(works(), 2025).set_index("project_type")
    assert quantities["verified_ha"].isna().all()
    assert pd.isna(quantities.loc["quality_improvement", "planned_ha"])


def test_four_side_trees_count_when_alive_at_1650_to_the_hectare():
    records = pd.DataFrame({"record_id": ["a", "b"], "planted_year": [2022, 2023],
                            "tree_count": [3300, 1650], "survival_pct": [50.0, 100.0],
                            "done_ha": [None, 0.8]})  # fmt: skip
    assert four_side_projects(records)["done_ha"].tolist() == [1.0, 0.8]
    assert set(four_side_projects(records)["plan_item"]) == {"forest_quantity"}


def test_dead_trees_bring_no_area():
    records = pd.DataFrame({"record_id": ["a"], "planted_year": [2022], "tree_count": [3300],
                            "survival_pct": [0.0]})  # fmt: skip
    assert four_side_projects(records)["done_ha"].tolist() == [0.0]


def test_survival_after_three_years_comes_before_that_of_the_first():
    records = pd.DataFrame({"record_id": ["a"], "planted_year": [2020], "tree_count": [1650],
                            "survival_pct": [90.0], "survival_3yr_pct": [80.0]})  # fmt: skip
    assert survival_share(records).tolist() == [0.8]
    assert four_side_projects(records)["done_ha"].tolist() == [0.8]
    assert survival_share(records[["record_id"]]).isna().all()


def test_plan_quantities_in_mu_and_survival_weighted_by_the_area_that_tells_it():
    table = works().assign(survival_pct=[90.0, 80.0, 50.0, None], verified_ha=[8.0, None, 90.0, 7])
    more = pd.concat([table, table.iloc[:1].assign(done_ha=30.0, survival_pct=82.0),
                      table.iloc[:1].assign(done_ha=5.0, survival_pct=None)])  # fmt: skip
    found = plan_quantities(more, 2025).set_index("project_type")
    # (10 x 90 + 30 x 82) / 40 = 84; the 5 ha of unknown survival do not count for it
    assert found.loc["shelterbelt", "survival_pct"] == pytest.approx(84.0)
    assert found.loc["shelterbelt", ["planned_mu", "verified_mu"]].tolist() == [540.0, 360.0]
    assert math.isnan(found.loc["corridor", "survival_pct"])
    assert list(plan_quantities(more, 2025)) == list(columns("plan_quantities").index)


def four_side_records():
    return pd.DataFrame({
        "side": ["路", "宅", "路", None], "tree_count": [3300.0, 1650.0, 1650.0, 100.0],
        "survival_pct": [50.0, 100.0, None, 100.0], "crown_diameter_m": [2.0, None, 2.0, None],
    })  # fmt: skip


def test_four_side_trees_have_an_area_by_number_and_one_by_crowns():
    found = four_side_area(four_side_records()).set_index("side")
    assert list(found.index) == ["宅", "路", "", "all"]
    assert list(found.reset_index()) == list(columns("four_side_area").index)
    # 3300 x 0.5 = 1650 trees live and are 1 ha; those of unknown survival have none
    assert found.loc["路", ["records", "tree_count", "living_trees"]].tolist() == [2, 4950, 1650]
    assert found.loc["路", "area_by_trees_ha"] == 1.0
    # pi / 4 x 2 m squared = 3.1416 m2 each; x 1650 / 10 000 = 0.518363 ha = 7.775442 mu
    assert found.loc["路", "area_by_crown_ha"] == pytest.approx(0.518363, abs=1e-6)
    assert found.loc["路", "area_by_crown_mu"] == pytest.approx(7.775442, abs=1e-6)
    assert found.loc["路", "crown_records"] == 1
    assert math.isnan(found.loc["宅", "area_by_crown_ha"])
    assert found.loc["all", "living_trees"] == 1650 + 1650 + 100
    assert found.loc["all", "area_by_trees_mu"] == pytest.approx(3400 / 1650 * 15)


def test_records_without_sides_are_one_side_that_is_not_told():
    found = four_side_area(four_side_records().drop(columns="side"))
    assert found["side"].tolist() == ["", "all"]
    assert found["living_trees"].tolist() == [3400.0, 3400.0]


def test_a_belt_counts_by_its_size_and_by_the_area_done_where_that_is_not_told():
    belts = pd.DataFrame({"done_ha": [9.0, 9.0, 9.0, 9.0], "belt_length_m": [500, 500, 500, None],
                          "belt_width_m": [12, 8, 8, 12], "belt_rows": [None, 3, None, 3],
                          "belt_row_spacing_m": [None, 4, None, 3]})  # fmt: skip
    assert belt_ha(belts).tolist() == [0.6, 0.4, 0.0, 9.0]
    assert belt_ha(belts[["done_ha"]]).tolist() == [9.0] * 4


@given(st.integers(1, 100_000), st.floats(0.0, 100.0), st.floats(0.1, 20.0))
def test_a_record_split_in_two_has_the_same_area_by_both_rules(trees, survival, crown_m):
    whole = pd.DataFrame({"side": ["宅"], "tree_count": [2.0 * trees], "survival_pct": [survival],
                          "crown_diameter_m": [crown_m]})  # fmt: skip
    halves = pd.concat([whole.assign(tree_count=float(trees))] * 2, ignore_index=True)
    one, two = four_side_area(whole), four_side_area(halves)
    for name in ("living_trees", "area_by_trees_ha", "area_by_crown_ha"):
        assert two[name].tolist() == pytest.approx(one[name].tolist())


def test_the_fire_rate_is_burned_forest_over_forest_per_mille():
    events = pd.DataFrame({"event_type": ["fire", "fire", "harvest"], "year": [2025, 2024, 2025],
                           "area_ha": [11.84, 50.0, 100.0]})  # fmt: skip
    # 11.84 ha of 39 472 ha are the ceiling of 0.3 per mille
    assert round(fire_damage_permille(events, 39_472.0, 2025), 3) == 0.3
    assert fire_damage_permille(events, 39_472.0, 2023) == 0.0


@given(st.lists(st.floats(0, 1e4), min_size=1, max_size=20), st.randoms())
def test_the_order_of_the_projects_does_not_matter(areas, random):
    table = pd.DataFrame({"project_type": "corridor", "plan_item": "", "start_year": 2022,
                          "done_ha": areas})  # fmt: skip
    shuffled = table.sample(frac=1.0, random_state=random.randint(0, 100))
    first, second = plan_quantities(table, 2025), plan_quantities(shuffled, 2025)
    assert abs(first["done_ha"].sum() - second["done_ha"].sum()) < 1e-6
