"""Works of the plan."""

import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from carbon_sink.projects import (
    fire_damage_permille,
    four_side_projects,
    plan_item_done,
    plan_quantities,
)


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
