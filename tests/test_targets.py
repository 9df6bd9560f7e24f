"""Progress towards targets."""

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from carbon_sink.tables import columns
from carbon_sink.targets import Target, indicator_table, indicator_values, path, progress
from carbon_sink.uncertainty import Interval

STOCK = Target("forest_stock_m3", "万m3", 2020, 84.08, 2025, 90.0, "reach", "plan")


def test_the_plan_s_stock_needs_1_184_a_year_from_2020():
    # (90 - 84.08) / 5 (COMPOUND_TARGET, linear)
    step = progress(STOCK, 2020, 84.08)
    assert step.required_per_year == pytest.approx(1.184)
    assert (step.met, step.done_pct, step.gap) == (False, 0.0, 5.92)


def test_half_the_way_is_fifty_percent_and_above_the_target_nothing_is_required():
    assert progress(STOCK, 2023, 87.04).done_pct == 50.0
    step = progress(STOCK, 2025, 90.5)
    assert (step.met, step.required_per_year, step.gap) == (True, 0.0, -0.5)


def test_after_the_target_year_no_yearly_rate_can_be_required():
    assert progress(STOCK, 2025, 89.0).required_per_year is None


def test_a_value_to_hold_is_met_above_it_and_a_ceiling_below_it():
    hold = Target("urban_green_coverage_pct", "%", 2020, 44.4, 2025, 42.0, "hold")
    assert progress(hold, 2024, 43.1).met
    assert not progress(hold, 2024, 41.0).met
    assert progress(hold, 2024, 43.1).done_pct is None
    ceiling = Target("fire_damage_permille", "‰", 2020, 0.3, 2025, 0.3, "ceiling")
    assert progress(ceiling, 2024, 0.2).met
    above = progress(ceiling, 2024, 0.5)
    assert (above.met, above.gap, above.required_per_year) == (False, 0.2, pytest.approx(-0.2))


def test_the_probability_is_that_of_the_normal_distribution():
    # mean 91, sd 2, target 90: 0.691462 (PROB_1)
    assert progress(STOCK, 2024, 91.0, sd=2.0).probability == pytest.approx(0.691462, abs=1e-6)
    ceiling = Target("fire_damage_permille", "‰", 2020, 0.3, 2025, 0.3, "ceiling")
    assert progress(ceiling, 2024, 0.3, sd=0.1).probability == 0.5
    assert progress(STOCK, 2024, 91.0).probability is None


def test_the_straight_path_has_the_plan_s_milestones():
    # 84.08, 85.264, 86.448, 87.632, 88.816, 90 (MILESTONES)
    milestones = [round(path(STOCK, year), 3) for year in range(2020, 2026)]
    assert milestones == [84.08, 85.264, 86.448, 87.632, 88.816, 90.0]


def test_a_kind_that_is_not_known_is_refused():
    with pytest.raises(ValueError, match="reach"):
        progress(Target("x", "%", 2020, 1.0, 2025, 2.0, "stretch"), 2023, 1.5)


@given(st.floats(0, 200), st.integers(2020, 2024))
def test_gap_done_and_met_tell_the_same_story(value, year):
    step = progress(STOCK, year, value)
    assert step.met == (value >= 90.0)
    assert step.gap == pytest.approx(90.0 - value, abs=1e-9)
    assert step.done_pct == pytest.approx((value - 84.08) / 5.92 * 100, abs=1e-6)
    assert step.met or value + step.required_per_year * (2025 - year) == pytest.approx(90.0)


def test_the_table_shows_the_plan_s_unit_and_reasons_for_what_is_absent():
    table = indicator_table(
        {"forest_stock_m3": 894_000.0, "carbon_t": None},
        {"carbon_t": "no species"},
        [STOCK],
        2025,
        "en",
    )
    stock, carbon = table.iloc[0], table.iloc[1]
    assert (stock["value"], stock["unit"], stock["base_value"]) == (89.4, "万m3", 84.08)
    assert math.isnan(carbon["value"])
    assert carbon["reason"] == "no species"
    assert table["name"].tolist() == ["Forest stock", "Forest carbon stock (C)"]


def spread_out(low, high, count=1001):
    """An interval whose draws lie evenly from low to high."""
    draws = np.linspace(low, high, count)
    bounds = np.quantile(draws, [0.025, 0.975]).tolist()
    return Interval(float(draws.mean()), float(draws.std()), *bounds, draws)


def test_an_interval_is_shown_in_the_unit_of_the_plan_and_the_probability_is_a_share_of_draws():
    # even from 80 to 100 万m3: 95 % of it is 80.5 to 99.5, and half of it is 90 or more
    values = {"forest_stock_m3": 894_000.0, "carbon_t": 10.0}
    known = {"forest_stock_m3": spread_out(800_000, 1_000_000), "carbon_t": spread_out(8, 12)}
    table = indicator_table(values, {}, [STOCK], 2025, intervals=known).set_index("indicator")
    stock = table.loc["forest_stock_m3"]
    assert (stock["low"], stock["high"]) == (80.5, 99.5)
    assert stock["probability"] == pytest.approx(501 / 1001)  # 90 itself meets the target
    assert stock["value"] == 89.4
    assert table.loc["carbon_t", "low"] == pytest.approx(8.1)
    assert math.isnan(table.loc["carbon_t", "probability"])  # nothing is planned for it


def test_a_ceiling_is_met_by_the_draws_below_it():
    ceiling = Target("fire_damage_permille", "‰", 2020, 0.3, 2025, 0.3, "ceiling")
    known = {"fire_damage_permille": spread_out(0.0, 0.5, 5)}
    table = indicator_table({"fire_damage_permille": 0.2}, {}, [ceiling], 2025, intervals=known)
    assert table.loc[0, "probability"] == 0.6  # 0, 0.125 and 0.25 of five


def test_an_interval_without_draws_gives_the_probability_of_the_normal_distribution():
    # mean 91, sd 2, target 90: 0.691462 (PROB_1)
    known = {"forest_stock_m3": Interval(910_000.0, 20_000.0, 870_800.0, 949_200.0)}
    table = indicator_table({"forest_stock_m3": 910_000.0}, {}, [STOCK], 2025, intervals=known)
    assert table.loc[0, "probability"] == pytest.approx(0.691462, abs=1e-6)


def test_a_published_value_and_one_without_interval_have_neither_bounds_nor_probability():
    known = {"forest_stock_m3": spread_out(8e5, 1e6)}
    published = indicator_table(
        {"forest_stock_m3": 894_000.0}, {}, [STOCK], 2025,
        sources={"forest_stock_m3": "yearbook"}, intervals=known,
    )  # fmt: skip
    absent = indicator_table({"forest_stock_m3": None}, {}, [STOCK], 2025, intervals=known)
    alone = indicator_table({"forest_stock_m3": 894_000.0}, {}, [STOCK], 2025)
    for table in (published, absent, alone):
        assert table.loc[0, ["low", "high", "probability"]].isna().all()


def test_a_published_value_of_another_year_is_not_taken_for_this_year():
    row = {"indicator": "urban_green_coverage_pct", "year": 2020, "value": 44.4, "unit": "%",
           "source": "yearbook"}  # fmt: skip
    values, reasons, _ = indicator_values({}, None, [row], 2025)
    assert values["urban_green_coverage_pct"] is None
    assert "2025" in reasons["urban_green_coverage_pct"]
    values, _, sources = indicator_values({}, None, [{**row, "year": 2025}], 2025)
    assert values["urban_green_coverage_pct"] == 44.4
    table = indicator_table(values, {}, [], 2025, sources=sources).set_index("indicator")
    assert table.loc["urban_green_coverage_pct", "value_source"] == "yearbook"


def test_a_published_value_is_taken_in_its_own_unit():
    row = {
        "indicator": "forest_stock_m3",
        "year": 2025,
        "value": 89.4,
        "unit": "万m3",
        "source": "s",
    }
    assert indicator_values({}, None, [row], 2025)[0]["forest_stock_m3"] == pytest.approx(894_000)


def test_two_targets_of_one_indicator_are_both_reported():
    later = Target("forest_stock_m3", "万m3", 2020, 84.08, 2030, 97.0)
    table = indicator_table({"forest_stock_m3": 894_000.0}, {}, [STOCK, later], 2025)
    assert table["target_year"].tolist() == [2025, 2030]
    assert table["gap"].tolist() == [0.6, 7.6]


def test_without_tables_every_indicator_is_absent_with_a_reason():
    values, reasons, _ = indicator_values({}, None, [], 2025, "en")
    assert set(values) == set(reasons)
    assert all(value is None for value in values.values())


def test_fires_without_forest_area_give_no_rate():
    fires = pd.DataFrame({"event_type": ["fire"], "year": [2025], "area_ha": [1.0]})
    assert indicator_values({}, fires, [], 2025)[0]["fire_damage_permille"] is None


def test_a_year_outside_the_records_of_fires_is_unknown_and_not_free_of_fires():
    fires = pd.DataFrame({"event_type": ["fire"] * 2, "year": [2021, 2025], "area_ha": [1.0, 2.0]})
    row = {"town_code": "", "forest_area_ha": 4000.0}
    summary = pd.DataFrame([{**row, "year": year} for year in (2020, 2023, 2025)])
    summary = summary.reindex(columns=columns("town_summary").index)
    rates = {
        year: indicator_values({"town_summary": summary}, fires, [], year)[0][
            "fire_damage_permille"
        ]
        for year in (2020, 2023, 2025)
    }
    assert rates == {2020: None, 2023: 0.0, 2025: 0.5}


def test_a_modelled_figure_of_stands_is_not_judged_and_others_are():
    fire = Target("fire_damage_permille", "‰", 2020, 0.3, 2025, 0.3, "ceiling")
    values = {"forest_stock_m3": 910_000.0, "fire_damage_permille": 0.2, "carbon_t": 5.0}
    table = indicator_table(values, {}, [STOCK, fire], 2027, "en", since=2025)
    stock, fires, carbon = (row for _, row in table.iterrows())
    assert stock["value_source"] == carbon["value_source"] == "modelled from the 2025 survey"
    assert (stock["met"], stock["reason"]) == (None, "modelled; not judged against the target")
    assert stock["gap"] == pytest.approx(-1.0)
    assert stock[["required_per_year", "probability"]].isna().all()
    assert (fires["met"], fires["value_source"], carbon["reason"]) == (True, "", "")
    published = indicator_table(
        values, {}, [STOCK], 2027, sources={"forest_stock_m3": "yearbook"}, since=2025
    )
    assert published.loc[0, ["value_source", "met"]].tolist() == ["yearbook", True]
