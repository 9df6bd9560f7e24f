"""Faults in records of works."""

import geopandas as gpd
import pandas as pd
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from carbon_sink.geometry import ellipsoidal_area_ha
from carbon_sink.project_checks import (
    Asked,
    check_four_side,
    check_ground,
    check_projects,
    check_trees_inside,
)
from carbon_sink.readers.works import LISTED

WORK = {
    "project_id": "A", "project_type": "afforestation", "start_year": 2022.0, "planned_ha": 3.0,
    "done_ha": 2.0, "verified_ha": 1.5, "density_trees_ha": 1650.0, "survival_pct": 90.0,
    "survival_3yr_pct": 85.0, "status": "done",
}  # fmt: skip
RECORD = {
    "record_id": "F", "planted_year": 2021.0, "tree_count": 120.0, "survival_pct": 90.0,
    "dbh_cm": 6.0, "measured_year": 2024.0,
}  # fmt: skip
PLACE = gpd.GeoDataFrame(geometry=[shapely.box(105.0, 29.0, 105.1, 29.1)], crs="EPSG:4490")
ASKED = Asked({"file": "works.csv", "layer": ""}, {}, report_year=2025)


def works(**changes):
    return pd.DataFrame([{**WORK, **changes}], index=[7])


def records(**changes):
    return pd.DataFrame([{**RECORD, **changes}], index=[7])


def told(problems):
    return {one.code: one.value for one in problems}


def test_good_works_and_records_are_told_nothing():
    assert check_projects(works(), ASKED) == []
    assert check_four_side(records(), ASKED) == []
    assert check_projects(pd.DataFrame({"project_id": ["A"]}), ASKED) == []


@pytest.mark.parametrize(
    ("changes", "code", "value"),
    [
        ({"start_year": 2026.0}, "works_after_data", "2026 / 2 / 1.5 / done"),
        ({"start_year": 2022.5}, "year_not_whole", "2022.5"),
        ({"survival_pct": 0.9, "survival_3yr_pct": None}, "survival_is_share", "0.9"),
        ({"survival_pct": None, "survival_3yr_pct": 0.8}, "survival_is_share", "0.8"),
        ({"survival_pct": 70.0}, "survival_rises", "85 / 70"),
        ({"density_trees_ha": 0.0}, "density_zero", "0"),
        ({"verified_ha": 2.1}, "verified_exceeds", "2.1 / 2"),
    ],
)
def test_each_fault_of_a_project_is_told_with_its_row_and_values(changes, code, value):
    (problem,) = check_projects(works(**changes), ASKED)
    assert (problem.code, problem.value, problem.rows) == (code, value, (7,))
    for lang in ("zh", "en"):
        assert "works.csv" in problem.text(lang)
        assert "7" in problem.where(lang)


@pytest.mark.parametrize(
    ("changes", "code", "value"),
    [
        ({"planted_year": 2026.0, "measured_year": None}, "planted_after_data", "2026"),
        ({"tree_count": 0.0}, "trees_none", "0"),
        ({"tree_count": 12.5}, "trees_none", "12.5"),
        ({"survival_pct": None}, "survival_missing", "—"),
        ({"measured_year": 2026.0}, "measured_after_data", "2026"),
        ({"measured_year": 2020.0}, "measured_before_planting", "2020 / 2021"),
        ({"measured_year": None}, "measured_year_assumed", "—"),
    ],
)
def test_each_fault_of_a_four_side_record_is_told_with_its_row_and_values(changes, code, value):
    found = check_four_side(records(**changes), ASKED)
    assert {one.code for one in found} - {"measured_year_assumed"} <= {code}
    assert told(found)[code] == value


def test_a_later_work_that_is_only_planned_is_kept_and_told():
    plan = works(start_year=2027.0, done_ha=0.0, verified_ha=None, status="planned")
    assert told(check_projects(plan, ASKED)) == {"works_later": "2027"}


def test_a_report_on_an_earlier_year_keeps_works_that_the_data_know_of():
    earlier = Asked(ASKED.place, {}, report_year=2020, last_year=2025)
    assert told(check_projects(works(), earlier)) == {"works_later": "2022"}
    assert told(check_four_side(records(), earlier)) == {"works_later": "2021"}
    assert "works_after_data" in told(check_projects(works(start_year=2026.0), earlier))


def test_without_a_report_year_years_are_held_against_nothing():
    assert check_projects(works(start_year=2090.0), Asked({})) == []


def test_survival_of_one_percent_is_believed_when_the_user_says_percent():
    low = works(survival_pct=0.9, survival_3yr_pct=None)
    sure = Asked(ASKED.place, {}, report_year=2025, declared={"survival_pct"})
    assert check_projects(low, sure) == []


@pytest.mark.parametrize("other", [60.0, 1.5])
def test_shares_among_percents_are_asked_for_row_by_row(other):
    both = pd.concat([works(survival_pct=0.9), works(survival_pct=other)], ignore_index=True)
    (found,) = [one for one in check_projects(both, ASKED) if one.code == "survival_is_share"]
    assert found.count == len(both) // 2


def test_tending_plants_no_trees_and_planting_does():
    tending = {"project_type": "quality_improvement", "density_trees_ha": 0.0}
    assert check_projects(works(**tending), ASKED) == []
    planting = works(**tending, work_kind="planting")
    assert "density_zero" in told(check_projects(planting, ASKED))
    assert check_projects(works(density_trees_ha=0.0, work_kind="tending"), ASKED) == []


@pytest.mark.parametrize(
    ("length", "width", "rows", "spacing", "is_forest"),
    [(500.0, 12.0, None, None, True), (500.0, 8.0, None, None, False),
     (500.0, 8.0, 3.0, 4.0, True), (500.0, 8.0, 1.0, 4.0, False),
     (500.0, 8.0, 2.0, 5.0, False), (50.0, 12.0, None, None, False)],
)  # fmt: skip
def test_belts_under_the_thresholds_are_told_to_be_no_forest(
    length, width, rows, spacing, is_forest
):
    belt = works(project_type="shelterbelt", belt_length_m=length, belt_width_m=width,
                 belt_rows=rows, belt_row_spacing_m=spacing, done_ha=length * width / 10_000.0,
                 verified_ha=None)  # fmt: skip
    assert ("belt_no_forest" not in told(check_projects(belt, ASKED))) == is_forest


def test_a_belt_whose_size_contradicts_its_area_is_told_with_both():
    # 500 m x 12 m are 0.6 ha
    belt = works(belt_length_m=500.0, belt_width_m=12.0, done_ha=9.0)
    assert told(check_projects(belt, ASKED))["belt_area_differs"] == "9 / 0.6"
    near = works(belt_length_m=500.0, belt_width_m=12.0, done_ha=0.62, verified_ha=0.6)
    assert check_projects(near, ASKED) == []


def drawn(*shapes, **columns):
    number = [f"P{one}" for one in range(1, len(shapes) + 1)]
    index = range(1, len(shapes) + 1)
    table = {"project_id": number, "done_ha": 1.0, **columns}
    return gpd.GeoDataFrame(table, geometry=list(shapes), crs="EPSG:4490", index=index)


def ground(layer, place=PLACE):
    return check_ground(layer, place, ellipsoidal_area_ha, ASKED)


def test_works_are_held_against_the_boundary_with_the_hectares_outside():
    inside = shapely.box(105.01, 29.01, 105.02, 29.02)
    half = shapely.box(105.09, 29.01, 105.11, 29.02)
    away = shapely.box(106.0, 29.01, 106.01, 29.02)
    found = {one.code: one for one in ground(drawn(inside, half, away))}
    assert set(found) == {"works_partly_outside", "works_outside"}
    number, outside, whole = found["works_partly_outside"].value.split(" / ")
    assert (number, found["works_partly_outside"].rows) == ("P2", (2,))
    assert float(outside) == pytest.approx(float(whole) / 2.0, rel=1e-4)
    assert (found["works_outside"].value, found["works_outside"].severity) == ("P3", "refuse")
    assert found["works_partly_outside"].severity == "warn"


def test_the_last_digits_of_a_border_are_no_ground_outside():
    along = shapely.box(105.09, 29.01, 105.1 + 1e-9, 29.02)
    assert ground(drawn(along)) == []
    assert ground(drawn(along), None) == []


def test_more_area_done_than_the_polygon_holds_is_told():
    # 0.001 degrees each way at 29 N are 0.0973 km x 0.1108 km = 1.08 ha
    small = shapely.box(105.01, 29.01, 105.011, 29.011)
    (problem,) = ground(drawn(small, done_ha=15.0))
    assert (problem.code, problem.severity) == ("done_exceeds_ground", "warn")
    assert problem.value.startswith("15 / 1.0")
    assert ground(drawn(small, done_ha=1.1)) == []


def test_works_without_a_polygon_are_told_and_kept():
    line = shapely.LineString([(105.01, 29.01), (105.02, 29.01)])
    (problem,) = ground(drawn(shapely.Point(105.01, 29.01), line, None))
    assert (problem.code, problem.severity, problem.count) == ("works_without_polygon", "warn", 3)


def test_trees_outside_the_place_are_told():
    trees = pd.DataFrame({"record_id": ["a", "b", "c"], "lon_deg": [105.05, 29.05, None],
                          "lat_deg": [29.05, 105.05, None]})  # fmt: skip
    (problem,) = check_trees_inside(trees, PLACE, ASKED)
    assert (problem.code, problem.value) == ("trees_outside", "b / 29.05 / 105.05")
    assert check_trees_inside(trees, None, ASKED) == []
    assert check_trees_inside(trees.drop(columns="lon_deg"), PLACE, ASKED) == []


@given(st.lists(st.floats(0.0, 200.0), min_size=1, max_size=6), st.randoms())
def test_what_is_found_does_not_depend_on_the_order_of_the_rows(areas, random):
    table = pd.concat([works(done_ha=one) for one in areas], ignore_index=True)
    mixed = table.sample(frac=1.0, random_state=random.randint(0, 99))
    for one, other in zip(check_projects(table, ASKED), check_projects(mixed, ASKED), strict=True):
        assert one.code == other.code
        assert set(one.cells.index) == set(other.cells.index)


def test_words_of_records_are_columns_of_their_tables():
    from carbon_sink.codes import attribute_codes
    from carbon_sink.tables import columns

    for table, names in LISTED.items():
        assert set(names) <= set(columns(table).index)
        assert all(len(attribute_codes(name)) for name in names)
