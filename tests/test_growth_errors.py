"""How sure factors of growth are, on their own and by what two surveys do not share."""

import numpy as np
import pandas as pd
import pytest

from carbon_sink.growth_errors import GrowthError, growth_spread_pct, level_errors, rate_errors

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
