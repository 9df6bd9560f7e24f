"""Stock year by year: by hand, and what must hold whatever happens."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from carbon_sink.growth import stock_since_entry
from carbon_sink.growth_models import group_models
from carbon_sink.new_forest import with_planting
from carbon_sink.scenarios import Disturbance, Improvement, Planting, Scenario
from carbon_sink.trajectories import FLOWS, STAND, Course, course, follow

MODELS = group_models()
NOTHING = Scenario("none", "无", "", 0.0, 0.0)


def forest(volume_m3, growth, mature=None, steps=3, area_ha=10.0):
    """Stands that grow by constant rates."""
    rows, volume = len(volume_m3), np.array(volume_m3, float)
    return Course(
        group=np.array(["oak"] * rows, object), kind=np.full(rows, STAND),
        area_ha=np.full(rows, area_ha), volume_m3=volume,
        growth=np.tile(np.array(growth, float), (steps + 1, 1)),
        increment_m3=np.zeros((steps + 1, rows)),
        mature=np.tile(np.array(mature or [False] * rows, bool), (steps + 1, 1)),
        outside=np.zeros((steps + 1, rows), bool),
    )  # fmt: skip


def totals(forest, scenario, **more):
    return follow(forest, scenario, 2025, {}, **more).stock_m3.sum(axis=1)


def test_one_stand_in_one_year_by_hand():
    scenario = replace(NOTHING, harvest_m3_yr=2.0, mortality_pct_yr=1.0)
    # 100 + 5 grown - 1 died - 2 cut
    assert totals(forest([100.0], [0.05], steps=1), scenario).tolist() == pytest.approx(
        [100.0, 102.0]
    )


def test_improvement_is_the_gain_on_the_treated_share_and_shown_apart():
    better = replace(NOTHING, improvement=Improvement(5.0, 2026, 2026, 20.0, "plots"))
    found = follow(forest([100.0], [0.05], steps=1), better, 2025, {})
    # half of the area grows a fifth faster: 5 x 0.5 x 0.2
    assert dict(zip(FLOWS, found.flows_m3[0], strict=True))["improvement_m3"] == pytest.approx(0.5)
    assert found.stock_m3[1, 0] == pytest.approx(105.5)


def test_a_disturbance_takes_its_share_of_what_is_left():
    fire = replace(
        NOTHING, mortality_pct_yr=10.0, disturbance=Disturbance("fire", 5.0, 20.0, 2026, 2026)
    )
    found = follow(forest([100.0], [0.0], steps=2), fire, 2025, {})
    # 10 die; half of the area loses a fifth of 90; then 10 % of 81
    assert found.stock_m3[:, 0].tolist() == pytest.approx([100.0, 81.0, 72.9])


def test_mature_stands_are_cut_first_and_in_proportion():
    stands = replace(forest([60.0, 40.0, 100.0], [0.0] * 3, [True, True, False], steps=1),
                     group=np.array(["a", "b", "c"], object))  # fmt: skip
    some = follow(stands, replace(NOTHING, harvest_m3_yr=50.0), 2025, {})
    assert some.stock_m3[1].tolist() == pytest.approx([30.0, 20.0, 100.0])
    more = follow(stands, replace(NOTHING, harvest_m3_yr=150.0), 2025, {})
    assert more.stock_m3[1].tolist() == pytest.approx([0.0, 0.0, 50.0])
    assert more.short_m3.tolist() == [0.0]


def test_harvest_that_is_not_there_is_missed():
    found = follow(forest([100.0], [0.0]), replace(NOTHING, harvest_m3_yr=40.0), 2025, {})
    assert found.short_m3.tolist() == pytest.approx([0.0, 0.0, 20.0])
    assert found.stock_m3[-1, 0] == 0.0


def test_new_forest_follows_the_level_curve_of_its_species():
    empty = forest([], [], steps=20)
    plan = replace(NOTHING, planting=(Planting("masson_pine", 2.0, 2026, 2027),))
    grown = totals(with_planting(empty, plan, 2025, MODELS), plan)
    # planted in 2026 and 2027: 19 and 18 years old in 2045
    expected = 2.0 * (stock_since_entry("GM-mas-V", 19.0) + stock_since_entry("GM-mas-V", 18.0))
    assert grown[20] == pytest.approx(expected)
    assert grown[5] == 0.0  # 4 years old: below the curve


def test_losses_take_trees_whose_later_growth_is_lost_too():
    plan = replace(
        NOTHING, mortality_pct_yr=1.0, planting=(Planting("masson_pine", 2.0, 2026, 2026),)
    )
    grown = totals(with_planting(forest([], [], steps=8), plan, 2025, MODELS), plan)
    six, seven = stock_since_entry("GM-mas-V", [6.0, 7.0])
    assert grown[6] == 0.0
    assert grown[7] == pytest.approx(2.0 * six)
    assert grown[8] == pytest.approx(2.0 * (six * 0.99 + (seven - six)))


def stand(**more):
    return pd.DataFrame({
        "carbon_part": ["arbor"], "forest_type": "arbor", "species_group": "masson_pine",
        "forest_volume_m3": 100.0, "forest_stock_m3": 100.0, "area_ha": 2.0, "stand_age_yr": 20.0,
        "dbh_cm": 14.0, "height_m": 12.0, "basal_area_m2_ha": 15.0, **more,
    })  # fmt: skip


def test_stands_grow_by_their_models_and_calibrated_factor():
    grown = course(stand(), MODELS, 1)
    # GR08 at 20 years, 14 cm and 15 m2/ha: 5.6916 % per year
    assert follow(grown, NOTHING, 2025, {}).stock_m3[1, 0] == pytest.approx(105.6916)
    half = follow(grown, NOTHING, 2025, {("masson_pine", False): 0.5})
    assert half.stock_m3[1, 0] == pytest.approx(100.0 + 5.6916 / 2.0)


def test_growth_stops_at_the_end_of_the_fit_range_and_the_share_is_told():
    old = follow(course(stand(stand_age_yr=68.0), MODELS, 5), NOTHING, 2025, {})
    stock = old.stock_m3[:, 0]
    assert stock[1] < stock[2] == stock[3] == stock[5]
    assert old.outside.tolist() == [0.0, 0.0, 1.0, 1.0, 1.0, 1.0]


def test_young_forest_without_stock_enters_by_its_curve_and_other_stays_empty():
    empty = {"forest_volume_m3": 0.0, "forest_stock_m3": 0.0}
    young = pd.concat(
        [stand(stand_age_yr=3.0, **empty), stand(stand_age_yr=12.0, **empty),
         stand(stand_age_yr=3.0, species_group="chinese_fir", **empty),
         stand(stand_age_yr=None, **empty)], ignore_index=True
    )  # fmt: skip
    found = follow(course(young, MODELS, 4), NOTHING, 2025, {})
    # 5 years old after two years
    assert found.stock_m3.sum(axis=1).tolist() == pytest.approx(
        [0.0, 0.0, *(2.0 * stock_since_entry("GM-mas-V", [5.0, 6.0, 7.0]))]
    )
    assert found.flows_m3[1, FLOWS.index("ingrowth_m3")] == pytest.approx(
        2.0 * stock_since_entry("GM-mas-V", 5.0)
    )


def test_stands_become_mature_by_age_or_are_so_by_their_own_group():
    # 10, 20, 30 and 50 years bound the age groups of Masson pine for timber that was planted
    pine = stand(forest_category="233", origin="21", stand_age_yr=29.0)
    assert course(pine, MODELS, 3).mature[:, 0].tolist() == [False, False, True, True]
    assert course(pine.assign(age_group="4"), MODELS, 3).mature.all()


forests = st.lists(
    st.tuples(st.just(0.0) | st.floats(1e-3, 1e4), st.floats(0.0, 0.2), st.booleans()),
    min_size=1,
    max_size=6,
)
courses = st.builds(
    Scenario, st.just("x"), st.just("x"), st.just(""), st.floats(0.0, 5e3), st.floats(0.0, 100.0),
    st.lists(st.builds(Planting, st.sampled_from(["oak", "eucalyptus"]), st.floats(0.0, 50.0),
                       st.integers(2026, 2028), st.integers(2028, 2030)), max_size=2).map(tuple),
    st.none() | st.builds(Improvement, st.floats(0.0, 10.0), st.just(2026), st.just(2028),
                          st.floats(0.0, 100.0), st.just("x")),
    st.none() | st.builds(Disturbance, st.just("pest"), st.floats(0.0, 50.0), st.floats(0.0, 100.0),
                          st.just(2026), st.just(2030)),
)  # fmt: skip
few = hypothesis_settings(max_examples=30, deadline=None)


def built(rows, scenario, steps=10):
    stands = forest(*([one[place] for one in rows] for place in range(3)), steps=steps)
    return with_planting(stands, scenario, 2025, MODELS)


@few
@given(forests, courses)
def test_stock_is_what_came_less_what_went(rows, scenario):
    found = follow(built(rows, scenario), scenario, 2025, {})
    stock, flows = found.stock_m3.sum(axis=1), found.flows_m3
    change = flows[:, :5].sum(axis=1) - flows[:, 5:].sum(axis=1)
    assert np.allclose(stock[:-1] + change, stock[1:], rtol=1e-9, atol=1e-9)
    assert (found.stock_m3 >= 0.0).all()
    assert (flows >= 0.0).all()
    assert np.allclose(flows[:, -1] + found.short_m3, scenario.harvest_m3_yr)


@few
@given(forests, courses, st.floats(0.0, 1e3))
def test_more_harvest_never_leaves_more_stock(rows, scenario, more):
    heavier = replace(scenario, harvest_m3_yr=scenario.harvest_m3_yr + more)
    stands = built(rows, scenario)
    assert (totals(stands, heavier) <= totals(stands, scenario) + 1e-6).all()


@few
@given(st.lists(st.floats(0.0, 1e4), min_size=1, max_size=6))
def test_without_growth_and_losses_nothing_changes(volumes):
    stock = totals(forest(volumes, [0.0] * len(volumes)), NOTHING)
    assert (stock == stock[0]).all()


@few
@given(forests, courses)
def test_the_order_of_stands_does_not_matter(rows, scenario):
    straight, turned = (totals(built(one, scenario), scenario) for one in (rows, rows[::-1]))
    assert np.allclose(straight, turned, rtol=1e-9, atol=1e-6)


@few
@given(forests, courses, st.floats(0.1, 0.9))
def test_a_stand_that_is_split_has_the_same_total(rows, scenario, share):
    (volume, growth, mature), *rest = rows
    whole = built(rows, scenario)
    parts = [(volume * share, growth, mature), (volume * (1.0 - share), growth, mature), *rest]
    split = built(parts, scenario)
    area = np.concatenate([[10.0 * share, 10.0 * (1.0 - share)], whole.area_ha[1:]])
    assert np.allclose(totals(whole, scenario), totals(replace(split, area_ha=area), scenario),
                       rtol=1e-9, atol=1e-6)  # fmt: skip
