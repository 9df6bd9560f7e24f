"""Young plantations, planting and regrowth by level curves."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from test_trajectories import (
    MODELS,
    NOTHING,
    built,
    courses,
    few,
    forest,
    forests,
    stand,
    totals,
)

from carbon_sink.growth import stock_since_entry
from carbon_sink.new_forest import land_notes, with_regrowth, with_young
from carbon_sink.scenarios import Disturbance, Planting
from carbon_sink.trajectories import FLOWS, REGROWN, course, follow

REGROWTH = FLOWS.index("regrowth_m3")


def young(age, species="masson_pine", area_ha=2.0):
    return stand().assign(forest_type="young_planted", carbon_part=None, forest_volume_m3=0.0,
                          forest_stock_m3=0.0, stand_age_yr=age, species_group=species,
                          area_ha=area_ha)  # fmt: skip


def entered(rows, steps=8):
    trees, closed = with_young(course(rows, MODELS, steps), rows, MODELS)
    return follow(trees, NOTHING, 2025, {}).stock_m3.sum(axis=1), closed


def test_young_plantations_have_stock_from_the_least_age_of_their_curve():
    stock, closed = entered(young(3.0))
    assert stock[:4] == pytest.approx(
        [0.0, 0.0, *(2.0 * stock_since_entry("GM-mas-V", [5.0, 6.0]))]
    )
    # five years old in 2027
    assert closed[:4].tolist() == [0.0, 0.0, 2.0, 2.0]


def test_a_plantation_behind_its_curve_closes_in_the_year_after_the_survey():
    stock, closed = entered(young(8.0))
    assert stock[:3] == pytest.approx([0.0, *(2.0 * stock_since_entry("GM-mas-V", [5.0, 6.0]))])
    assert closed[:2].tolist() == [0.0, 2.0]


def test_a_curve_that_began_before_the_survey_gains_from_the_survey_on():
    stock, _ = entered(young(2.0, "eucalyptus"))
    # the survey found no stock at two years
    two, three, four = stock_since_entry("GM-euc-V", [2.0, 3.0, 4.0])
    assert stock[:3] == pytest.approx([0.0, 2.0 * (three - two), 2.0 * (four - two)])


def test_other_land_stays_bare():
    rows = pd.concat([young(3.0, "chinese_fir"), young(np.nan), young(3.0, None),
                      young(3.0).assign(forest_type="cutover"),
                      young(3.0).assign(forest_type="cropland")], ignore_index=True)  # fmt: skip
    stock, closed = entered(rows)
    assert not stock.any()
    assert not closed.any()
    assert land_notes(rows, MODELS)[0].count == 4
    assert land_notes(rows.iloc[4:], MODELS) == []


def regrown(trees):
    return with_regrowth(trees, MODELS)


def test_the_cut_share_of_a_stand_grows_again_from_age_zero_by_hand():
    # 100 m3 on 10 ha that do not grow; 20 m3 are cut in the first year, 2 ha with them
    once = replace(NOTHING, harvest_m3_yr=20.0)
    found = follow(regrown(forest([100.0], [0.0], steps=1)), once, 2025, {})
    assert found.stock_m3[1].sum() == 80.0
    seven = follow(regrown(forest([100.0], [0.0], steps=7)), once, 2025, {("oak", True): 0.5})
    # the first five years take all stock: 2 ha each year; ages 5 and 6 in 2031 and 2032
    first = 0.5 * 2.0 * stock_since_entry("GM-bro-V", 5.0)
    assert seven.flows_m3[:5, REGROWTH].tolist() == [0.0] * 5
    assert seven.flows_m3[5, REGROWTH] == pytest.approx(first)


def test_fires_mortality_and_species_without_curve_leave_nothing_to_grow_back():
    burned = replace(NOTHING, mortality_pct_yr=5.0,
                     disturbance=Disturbance("fire", 5.0, 100.0, 2026, 2030))  # fmt: skip
    trees = regrown(forest([100.0], [0.0], steps=12))
    assert not follow(trees, burned, 2025, {}).flows_m3[:, REGROWTH].any()
    bare = replace(forest([100.0], [0.0], steps=12), group=np.array(["chinese_fir"], object))
    cut = replace(NOTHING, harvest_m3_yr=10.0)
    assert not follow(regrown(bare), cut, 2025, {}).flows_m3[:, REGROWTH].any()
    assert not (regrown(bare).kind == REGROWN).any()


def test_sparse_old_stands_hold_more_after_a_cut_and_dense_ones_less():
    cut = replace(NOTHING, harvest_m3_yr=1.0)
    for volume, more in ((20.0, True), (5000.0, False)):
        trees = regrown(forest([volume], [0.0], steps=35))
        difference = totals(trees, cut)[-1] - totals(trees, NOTHING)[-1]
        assert (difference > 0.0) == more


def test_planted_trees_are_cut_and_follow_each_other():
    plan = replace(NOTHING, harvest_m3_yr=10.0,
                   planting=(Planting("masson_pine", 2.0, 2026, 2026),))  # fmt: skip
    trees = regrown(built([(1e4, 0.0, False)], plan, 14))
    found = follow(trees, plan, 2025, {})
    pine = found.stock_m3[:, trees.keys().index(("masson_pine", True))]
    alone = built([(1e4, 0.0, False)], plan, 14)
    bare = follow(alone, plan, 2025, {}).stock_m3[:, alone.keys().index(("masson_pine", True))]
    # cut from 2031 on, five years old again from 2036 on
    assert pine[:11] == pytest.approx(bare[:11])
    assert pine[-1] > bare[-1]


@few
@given(forests, courses)
def test_stock_is_what_came_less_what_went_and_grew_back(rows, scenario):
    found = follow(regrown(built(rows, scenario, 14)), scenario, 2025, {})
    stock, flows = found.stock_m3.sum(axis=1), found.flows_m3
    change = flows[:, :5].sum(axis=1) - flows[:, 5:].sum(axis=1)
    assert np.allclose(stock[:-1] + change, stock[1:], rtol=1e-9, atol=1e-9)
    assert (flows >= 0.0).all()
    assert (found.stock_m3 >= 0.0).all()


@few
@given(forests, courses)
def test_more_harvest_never_leaves_more_stock_before_anything_can_grow_back(rows, scenario):
    # oak has stock from its fifth year on
    oak = tuple(replace(one, species_group="oak") for one in scenario.planting)
    scenario = replace(scenario, planting=oak)
    heavier = replace(scenario, harvest_m3_yr=scenario.harvest_m3_yr * 1.5 + 100.0)
    trees = regrown(built(rows, scenario, 5))
    assert (totals(trees, heavier) <= totals(trees, scenario) + 1e-6).all()


@few
@given(forests, courses)
def test_regrowth_is_at_most_what_the_curve_gives_on_all_ground(rows, scenario):
    trees = regrown(built(rows, scenario, 20))
    plain = built(rows, scenario, 20)
    ground = plain.area_ha.sum()
    most = {one: stock_since_entry(curve, np.arange(21.0)) for one, curve in
            MODELS["curve_volume"].items() if curve}  # fmt: skip
    steepest = max(np.diff(most[one]).max() for one in set(plain.group.tolist()))
    flows = follow(trees, scenario, 2025, {}).flows_m3[:, REGROWTH]
    assert (flows <= ground * steepest + 1e-6).all()
    assert follow(plain, scenario, 2025, {}).flows_m3[:, REGROWTH].sum() == pytest.approx(0.0)
