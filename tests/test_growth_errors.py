"""How sure factors of growth are, on their own and by what two surveys do not share."""

import numpy as np
import pandas as pd
import pytest
from surveys import PARAMETERS

from carbon_sink.growth_errors import (
    GrowthError,
    common_draws,
    growth_draws,
    growth_spread_pct,
    level_errors,
    rate_errors,
)
from carbon_sink.spreads import Errors, default_spread

TABLE = pd.DataFrame({"species_group": ["oak"], "year_before": 2020, "year_after": 2025,
                      "volume_before_m3": 1000.0, "observed_m3": 1100.0,
                      "modelled_m3": 1000.0 * 1.04**5})  # fmt: skip


def common(table=TABLE, sd=0.05, correlation=0.9, factor=0.5):
    return rate_errors({"oak": factor}, {"oak": 0.01}, table, sd, correlation)["oak"].common_pct


def test_the_common_error_by_hand():
    # slope 1000 x 5 x 0.04 x 1.02^4 = 216.49; 1100 x 0.05 x sqrt(0.2) / 216.49 = 0.1136 of 0.5
    assert common() == pytest.approx(100 * 1.959964 * 0.113617 / 0.5, rel=1e-4)
    # and the one of the group itself: 1.96 x 0.01 / 0.5
    own = rate_errors({"oak": 0.5}, {"oak": 0.01}, TABLE, 0.05, 0.9)["oak"].own_pct
    assert own == pytest.approx(3.92, abs=0.001)


def test_surveys_that_err_alike_tell_growth_well():
    assert common(correlation=1.0) == 0.0
    assert common(sd=0.0) == 0.0
    assert common(correlation=0.6) == pytest.approx(2.0 * common(correlation=0.9))


def test_it_is_what_a_bias_of_the_later_stock_does_to_the_factor():
    # the factor that makes (1 + 0.04 m)^5 reach 1.1, and 1.1 times 1 + 0.001
    solved = [(stock ** (1 / 5) - 1.0) / 0.04 for stock in (1.1, 1.1 * 1.001)]
    per_bias = (solved[1] - solved[0]) / 0.001
    found = common(factor=solved[0]) / 100 / 1.959964 / 0.05 / np.sqrt(0.2) * solved[0]
    assert found == pytest.approx(per_bias, rel=1e-3)


def test_without_a_table_or_slope_there_is_no_common_error():
    assert common(table=None) == 0.0
    assert common(table=TABLE.assign(modelled_m3=1000.0)) == 0.0
    assert common(table=TABLE.assign(species_group="elm")) == 0.0


def test_levels_come_with_their_own_error_only():
    table = pd.DataFrame({"species_group": ["oak"], "factor": [0.4], "half_width_pct": [60.0]})
    assert level_errors(table) == {"oak": GrowthError(0.4, 60.0)}
    assert level_errors(None) == {}
    assert growth_spread_pct() == 50.0


def test_growth_is_drawn_by_its_own_error_and_the_one_that_all_share():
    spread = default_spread()
    errors = Errors(spread, PARAMETERS, (2020, 2025), np.array([0.05, 0.05]))
    one = GrowthError(0.5, 20.0, 30.0)
    oak, fir = (growth_draws(group, "rate", one, errors, 20_000, 1) for group in ("oak", "fir"))
    # lognormal factors of mean 1: (1 + s^2)(1 + c^2) - 1 is the variance of the product
    assert oak.mean() == pytest.approx(1.0, abs=0.005)
    assert oak.std() == pytest.approx(one.half_width_pct / 195.9964, rel=0.03)
    # what they share is c^2 of the variance
    shared = (30.0 / 195.9964) ** 2 / oak.var()
    assert np.corrcoef(oak, fir)[0, 1] == pytest.approx(shared, abs=0.03)


def test_inventories_that_err_alike_move_no_growth():
    spread = default_spread(bias_dates_correlation=1.0)
    errors = Errors(spread, PARAMETERS, (2020, 2025), np.array([0.05, 0.05]))
    assert common_draws(errors, 5, 1).tolist() == [0.0] * 5
