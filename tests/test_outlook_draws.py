"""Draws between a few computed trajectories."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from test_outlook import BAU, MODELS, PARAMETERS, PLAN, stands

from carbon_sink import outlook_draws
from carbon_sink.outlook_draws import BIAS_NODES, FACTOR_NODES, central_course, outcome, shared
from carbon_sink.simulation import bias_factors, lognormal, stream
from carbon_sink.spreads import Errors, bias_sd, default_spread
from carbon_sink.trajectories import follow, with_planting

DRAWS = 1000


def forest(last=2060):
    rows, spread = stands(), default_spread()
    errors = Errors(spread, PARAMETERS, (2025,), bias_sd({2025: rows}, spread))
    return shared(
        rows, 2025, last, MODELS, PARAMETERS, errors, {"oak": 0.8}, {"oak": 0.1}, DRAWS, 1
    )


@hypothesis_settings(max_examples=20, deadline=None)
@given(st.lists(st.floats(-3.0, 3.0), min_size=5, max_size=5), st.floats(-1.0, 1.0))
def test_polynomials_of_the_fourth_degree_are_met_exactly(terms, at):
    weights = outlook_draws._weights(FACTOR_NODES, np.array([at]))
    found = np.polyval(terms, FACTOR_NODES) @ weights
    assert found[0] == pytest.approx(np.polyval(terms, at), abs=1e-9)
    assert outlook_draws._weights(BIAS_NODES, np.array([at])).sum() == pytest.approx(1.0)


def test_draws_between_nodes_are_what_a_trajectory_of_their_own_gives():
    one = forest()
    rows = with_planting(one.stands, PLAN, 2025, MODELS)
    found = outcome(one, rows, PLAN, central_course(one, rows, PLAN))
    bias = bias_factors(one.errors, DRAWS, 1)[0]
    z = {
        key: stream(1, f"growth/{key[0]}/{'curve' if key[1] else 'rate'}").standard_normal(DRAWS)
        for key in rows.keys()  # noqa: SIM118
    }
    for draw in range(0, DRAWS, 100):
        factors = {key: one.center(key) * float(lognormal(z[key][draw], one.half_width_pct(key)))
                   for key in z}  # fmt: skip
        direct = follow(rows, PLAN, 2025, factors, bias[draw]).stock_m3.sum(axis=1)
        between = found.stock_draws[:, draw] - one.other_stock_m3
        # nodes move all species at once, so the harvest is shared a little differently
        assert between == pytest.approx(direct, rel=1e-2)


def test_calibrated_groups_have_their_own_error_and_others_the_wide_one():
    one = forest()
    # 1.96 standard errors of 0.1 over 0.8
    assert one.half_width_pct(("oak", False)) == pytest.approx(24.5, abs=0.01)
    assert one.half_width_pct(("masson_pine", False)) == one.half_width_pct(("oak", True)) == 50.0
    assert (one.center(("oak", False)), one.center(("oak", True))) == (0.8, 1.0)


def test_draws_have_the_central_course_in_their_middle():
    one = forest(2030)
    rows = with_planting(one.stands, BAU, 2025, MODELS)
    found = outcome(one, rows, BAU, central_course(one, rows, BAU))
    assert np.median(found.stock_draws, axis=1) == pytest.approx(found.stock_m3, rel=0.03)
    assert found.carbon_draws.shape == (6, DRAWS)
