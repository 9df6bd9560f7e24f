"""Draws between a few computed trajectories."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from test_outlook import BAU, MODELS, PARAMETERS, PLAN, stands

from carbon_sink import outlook_draws
from carbon_sink.growth_errors import GrowthError, common_draws
from carbon_sink.outlook_draws import (
    BIAS_NODES,
    FACTOR_NODES,
    central_course,
    outcome,
    rows_of,
    shared,
)
from carbon_sink.simulation import bias_factors
from carbon_sink.spreads import Errors, bias_sd, default_spread
from carbon_sink.trajectories import follow

DRAWS = 1000


def forest(last=2060):
    rows, spread = stands(), default_spread()
    errors = Errors(spread, PARAMETERS, (2020, 2025), np.repeat(bias_sd({2025: rows}, spread), 2))
    rates = {"oak": GrowthError(0.8, 24.5, 40.0), "masson_pine": GrowthError(0.5, 4.0, 30.0)}
    return shared(rows, 2025, last, MODELS, PARAMETERS, errors, rates,
                  {"masson_pine": GrowthError(0.4, 60.0)}, DRAWS, 1)  # fmt: skip


@hypothesis_settings(max_examples=20, deadline=None)
@given(st.lists(st.floats(-3.0, 3.0), min_size=5, max_size=5), st.floats(-1.0, 1.0))
def test_polynomials_of_the_fourth_degree_are_met_exactly(terms, at):
    weights = outlook_draws._weights(FACTOR_NODES, np.array([at]))
    found = np.polyval(terms, FACTOR_NODES) @ weights
    assert found[0] == pytest.approx(np.polyval(terms, at), abs=1e-9)
    assert outlook_draws._weights(BIAS_NODES, np.array([at])).sum() == pytest.approx(1.0)


def test_draws_between_nodes_are_what_a_trajectory_of_their_own_gives():
    one = forest()
    rows = rows_of(one, PLAN)
    found = outcome(one, rows, PLAN, central_course(one, rows, PLAN))
    bias = one.bias() + 1.0
    for draw in range(0, DRAWS, 100):
        factors = {key: one.growth_of(key).factor * one.drawn(key)[draw]
                   for key in rows.keys()}  # noqa: SIM118 # fmt: skip
        direct = follow(rows, PLAN, 2025, factors, bias[draw]).stock_m3.sum(axis=1)
        between = found.stock_draws[:, draw] - one.other_stock_m3
        # nodes move all species at once, so the harvest is shared a little differently
        assert between == pytest.approx(direct, rel=2e-2)


def test_calibrated_groups_have_their_own_error_and_others_the_wide_one():
    one = forest()
    assert one.growth_of(("oak", False)) == GrowthError(0.8, 24.5, 40.0)
    assert one.growth_of(("masson_pine", True)) == GrowthError(0.4, 60.0)
    assert one.growth_of(("oak", True)) == GrowthError(1.0, 50.0)


def test_one_number_moves_all_calibrated_growth_together_as_the_two_surveys_err():
    one = forest(2030)
    common, bias = common_draws(one.errors, DRAWS, 1), bias_factors(one.errors, DRAWS, 1)
    assert np.std(common) == pytest.approx(1.0, rel=0.1)
    assert np.corrcoef(common, bias[1] - bias[0])[0, 1] == pytest.approx(1.0)
    drawn = [one.drawn((group, False)) for group in ("oak", "masson_pine")]
    # own errors of 24.5 and 4 %, common ones of 40 and 30 %: correlations near what they share
    shared = 40.0 / np.hypot(24.5, 40.0) * 30.0 / np.hypot(4.0, 30.0)
    assert np.corrcoef(*drawn)[0, 1] == pytest.approx(shared, abs=0.08)
    assert np.corrcoef(one.drawn(("masson_pine", True)), common)[0, 1] < 0.1


def test_draws_have_the_central_course_in_their_middle():
    one = forest(2030)
    rows = rows_of(one, BAU)
    found = outcome(one, rows, BAU, central_course(one, rows, BAU))
    assert np.median(found.stock_draws, axis=1) == pytest.approx(found.stock_m3, rel=0.03)
    assert found.carbon_draws.shape == (6, DRAWS)
