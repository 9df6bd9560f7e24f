"""Works laid on the ground of a run."""

import pandas as pd
import pytest
from works_place import WORKS

from carbon_sink.settings import Settings
from carbon_sink.works import Works, lay_out, priority_of


def settings(**sinks):
    return Settings.model_validate({
        "folder": ".", "title": "t", "place": {"name": "p"}, "report_year": 2025, "sinks": sinks,
    })  # fmt: skip


def test_owners_of_shared_ground_have_a_usual_order_that_settings_may_change():
    usual = priority_of(settings())
    assert usual[0] == "mine_restoration"
    assert usual[-1] == "quality_improvement"
    own = priority_of(settings(priority=["corridor"]))
    assert own[0] == "corridor"
    assert sorted(own) == sorted(usual)


@pytest.fixture(scope="module")
def laid(works_case):
    return lay_out(*works_case)


def test_works_of_later_years_are_left_out(laid):
    assert isinstance(laid, Works)
    assert set(laid.rows["project_id"]) == set(WORKS) - {"P1"}


def test_planting_and_improvement_are_told_apart_by_the_type(laid):
    method = laid.rows.set_index("project_id")["method"]
    assert method[["A1", "M1", "C1", "S1"]].eq("planting").all()
    assert method[["Q1", "Q2"]].eq("improvement").all()


def test_works_in_forest_may_say_that_they_were_plantings_but_not_the_reverse(works_case):
    case, measure = works_case
    works = case.inputs.projects[0]
    said = works.assign(work_kind=works["project_id"].map({"Q1": "planting", "A1": "tending"}))
    inputs = vars(case.inputs) | {"projects": [said]}
    method = lay_out(case._replace(inputs=type(case.inputs)(**inputs)), measure).rows
    method = method.set_index("project_id")["method"]
    assert method["Q1"] == "planting"
    assert method["A1"] == "planting"


def test_survival_after_three_years_goes_before_that_of_the_first(works_case):
    case, measure = works_case
    works = case.inputs.projects[0].assign(survival_3yr_pct=60.0)
    inputs = vars(case.inputs) | {"projects": [works]}
    rows = lay_out(case._replace(inputs=type(case.inputs)(**inputs)), measure).rows
    assert rows["survival"].eq(0.6).all()


def test_the_ground_before_is_the_baseline_unless_the_record_says_another(laid):
    baseline = laid.rows.set_index("project_id")["baseline_t_ha"]
    # a field without trees holds nothing; of ground without a parcel nothing is known
    assert baseline["A1"] == 0.0


def test_records_of_trees_are_marked_that_repeat_ground(laid):
    marked = laid.records.set_index("record_id")
    assert marked.index[marked["is_repeated"]].tolist() == ["F3"]
    assert marked.loc["F3", ["repeat_reason", "other_id"]].tolist() == ["project", "A1"]


def test_a_run_without_works_lays_out_nothing(works_case):
    case, measure = works_case
    inputs = vars(case.inputs) | {"projects": [], "four_side": []}
    assert lay_out(case._replace(inputs=type(case.inputs)(**inputs)), measure) is None


def test_a_project_whose_trees_are_listed_is_counted_by_its_list(works_case):
    case, measure = works_case
    plan = pd.DataFrame({"project_id": ["SP1", "T1"], "project_type": "four_side",
                         "start_year": 2022, "done_ha": 5.0})  # fmt: skip
    inputs = vars(case.inputs) | {"projects": [*case.inputs.projects, plan]}
    laid = lay_out(case._replace(inputs=type(case.inputs)(**inputs)), measure)
    assert "SP1" not in set(laid.rows["project_id"])
    assert laid.rows.set_index("project_id").loc["T1", "credited_ha"] == 5.0
