"""Growth of trees and stands by cited models."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from carbon_sink.errors import ParameterError, TableError
from carbon_sink.growth import (
    compound_pct,
    growth_rate,
    level,
    level_growth,
    models_for,
    pressler_pct,
    stand_volume,
    tree_volume,
    volume_growth_rate,
)
from carbon_sink.growth_models import RATES, growth_models, volume_equations

# the source's own test values at age 15, diameter 12 cm and basal area 12 m2/ha
RATES_15_12_12 = {
    "GR01": 2.8616, "GR02": 4.1787, "GR03": 2.7724, "GR04": 4.9779, "GR05": 4.1805,
    "GR06": 3.6147, "GR07": 3.4729, "GR08": 8.0446, "GR09": 3.9345, "GR10": 3.4042,
    "GR11": 3.4791, "GR12": 7.0993, "GR13": 4.3392, "GR14": 10.7081, "GR15": 4.1878,
    "GR16": 18.4857, "GR17": 3.0977, "GR18": 8.0125, "GR19": 2.4199, "GR20": 18.4673,
}  # fmt: skip
# volume of a tree of 20 cm and 15 m
TREES_20_15 = {
    "VOL01": 0.248141, "VOL02": 0.230208, "VOL03": 0.24352, "VOL04": 0.197133,
    "VOL05": 0.232957, "VOL06": 0.255889, "VOL07": 0.236665, "VOL08": 0.19271,
    "VOL09": 0.227342, "VOL10": 0.251272, "VOL11": 0.215625, "VOL12": 0.229559,
    "VOL13": 0.234968, "VOL14": 0.206457, "VOL15": 0.232609, "VOL16": 0.227721,
    "VOL17": 0.235496, "VOL18": 0.217475, "VOL19": 0.238549, "VOL20": 0.220341,
    "VOL21": 0.231839, "VOL22": 0.240507, "VOL23": 0.206033,
}  # fmt: skip
# levels of the source at 5, 10 and 20 years
LEVELS_5_10_20 = {
    "GM-euc-H": (16.221, 17.275, 17.295), "GM-euc-D": (12.397, 13.37, 13.407),
    "GM-euc-V": (114.624, 174.39, 193.741), "GM-mas-H": (2.729, 6.994, 12.612),
    "GM-mas-D": (4.523, 10.338, 17.931), "GM-mas-V": (22.443, 52.623, 80.578),
    "GM-bro-H": (5.8, 8.151, 10.96), "GM-bro-D": (5.868, 8.845, 13.312),
    "GM-bro-V": (15.94, 29.607, 53.711),
}  # fmt: skip
VOLUME_RATES = ["GR04", "GR08", "GR12", "GR16", "GR20"]


@pytest.mark.parametrize("key", RATES_15_12_12)
def test_every_rate_model_gives_the_value_of_its_source(key):
    assert growth_rate(key, 15.0, 12.0, 12.0) == pytest.approx(RATES_15_12_12[key], abs=5e-5)


def test_rate_1():
    pct = volume_growth_rate("GR08 pine north", 20.0, 14.0, 15.0)
    assert pct == pytest.approx(5.6916, abs=1e-3)
    # the vector holds one rate for five years: 100 * 1.056916^5
    assert 100.0 * (1.0 + pct / 100.0) ** 5 == pytest.approx(131.8874, abs=1e-3)


@pytest.mark.parametrize("key", LEVELS_5_10_20)
def test_growth_1_and_growth_2_and_every_other_level_curve(key):
    assert level(key, [5, 10, 20]) == pytest.approx(LEVELS_5_10_20[key], abs=1e-3)


def test_growth_1_at_thirty_years():
    assert level("GM-mas-V", 30) == pytest.approx(92.875, abs=1e-3)


def test_update_1():
    grown = 100.0 * (1.0 + level_growth("GM-mas-V", 19) / 100.0)
    assert grown == pytest.approx(102.2424, abs=1e-4)


@pytest.mark.parametrize("key", TREES_20_15)
def test_every_volume_equation_gives_the_value_of_its_source(key):
    assert tree_volume(key, 20.0, 15.0) == pytest.approx(TREES_20_15[key], abs=1e-6)


@pytest.mark.parametrize(
    ("key", "volume"),
    [("SV1", 131.0544), ("SV2", 120.7718), ("SV6", 115.8), ("SV7", 122.5136),
     # SV3: (0.43853 + 1.15672 / 11) * 240 = 130.484...; SV4: (0.3797 + 1.00761 / 12) * 240
     ("SV3", 130.4847), ("SV4", 111.2802)],
)  # fmt: skip
def test_stand_v(key, volume):
    assert stand_volume(key, 12.0, 20.0) == pytest.approx(volume, abs=1e-3)


def test_fast_eucalypt_stands_need_their_diameter_too():
    # 0.97670866 * 10^-0.068428604 * 12^-0.18596012 * 240
    # = 0.97670866 * 0.854223 * 0.629963 * 240
    assert stand_volume("SV5", 12.0, 20.0, 10.0) == pytest.approx(126.1430, abs=1e-3)
    with pytest.raises(TableError, match="dbh_cm"):
        stand_volume("SV5", 12.0, 20.0)


def test_pressler_1():
    # (0.15 - 0.10) / (0.15 + 0.10) * 200 / 5 = 8; 1.5^(1/5) - 1 = 8.4472 %
    assert pressler_pct(0.1, 0.15, 5) == pytest.approx(8.0, abs=1e-3)
    assert compound_pct(0.1, 0.15, 5) == pytest.approx(8.4472, abs=1e-3)


def test_young_firs_grow_like_those_of_ten_years():
    rates = growth_rate("GR16", [3.0, 10.0, 11.0], 8.0, 8.0)
    assert rates[0] == rates[1] > rates[2]
    assert rates[1] < 30.0


def test_above_the_top_age_nothing_grows():
    assert growth_rate("GR08", [69.0, 70.0, 120.0], 25.0, 20.0)[1:].tolist() == [0.0, 0.0]
    assert level_growth("GM-bro-V", [69.0, 70.0, 200.0])[1:].tolist() == [0.0, 0.0]
    assert level("GM-bro-V", 300.0) == level("GM-bro-V", 70.0)


def test_below_its_range_a_curve_has_no_level_but_grows_as_at_its_edge():
    assert level("GM-mas-V", 4.0) == 0.0
    assert level_growth("GM-mas-V", 1.0) == level_growth("GM-mas-V", 5.0)


def test_thick_and_thin_stands_are_taken_at_the_edge():
    for model in VOLUME_RATES:
        low, edge, top, high = growth_rate(model, 20.0, [2.0, 5.0, 40.0, 90.0], 10.0)
        assert (low, high) == (edge, top)


@pytest.mark.parametrize("key", [key for key, one in growth_models().items() if one.form in RATES])
@given(age=st.floats(0.0, 300.0), dbh=st.floats(0.0, 200.0), basal=st.floats(0.0, 150.0))
def test_growth_is_never_negative(key, age, dbh, basal):
    assert 0.0 <= growth_rate(key, age, dbh, basal) < np.inf


@pytest.mark.parametrize("key", LEVELS_5_10_20)
@given(age=st.floats(0.0, 300.0))
def test_levels_never_fall(key, age):
    assert level_growth(key, age) >= 0.0
    assert level(key, age + 1.0) >= level(key, age)


@given(st.floats(1e-3, 1e6), st.floats(1.0, 5.0), st.integers(1, 50))
def test_compound_growth_leads_from_one_stock_to_the_other(first, ratio, years):
    pct = compound_pct(first, first * ratio, years)
    assert first * (1.0 + pct / 100.0) ** years == pytest.approx(first * ratio)


def test_arrays_and_numbers_give_the_same():
    ages = np.array([10.0, 20.0, 30.0])
    one_by_one = [volume_growth_rate("GR04", age, 12.0, 9.0) for age in ages]
    assert volume_growth_rate("GR04", ages, 12.0, 9.0).tolist() == one_by_one
    assert isinstance(one_by_one[0], float)
    assert tree_volume("VOL01", [20.0], [15.0]).shape == (1,)


@pytest.mark.parametrize(
    "ask",
    [
        lambda: growth_rate("GR99", 10, 10, 10),
        lambda: growth_rate("GM-mas-V", 10, 10, 10),
        lambda: volume_growth_rate("GR07", 10, 10, 10),
        lambda: volume_growth_rate("", 10, 10, 10),
        lambda: level("GR08", 10),
        lambda: tree_volume("SV1", 20, 15),
        lambda: stand_volume("VOL01", 20, 15),
    ],
)
def test_a_model_that_does_not_tell_the_quantity_is_refused(ask):
    with pytest.raises(ParameterError) as caught:
        ask()
    (problem,) = caught.value.problems
    assert problem.code == "growth_model_unknown"
    assert problem.rule.count(",") > 3


def test_all_impossible_inputs_come_in_one_message():
    with pytest.raises(TableError) as caught:
        growth_rate("GR08", [10.0, -1.0, np.nan], [np.inf, 5.0, 5.0], 10.0)
    found = {one.field: (one.rows, one.value) for one in caught.value.problems}
    assert found == {"age_yr": ((1, 2), "-1, nan"), "dbh_cm": ((0,), "inf")}


@pytest.mark.parametrize("ask", [lambda: pressler_pct(0, 0, 5), lambda: pressler_pct(1, 2, 0),
                                 lambda: compound_pct(0, 1, 5), lambda: level("GM-mas-V", -1),
                                 lambda: stand_volume("SV3", 1.0, 5.0)])  # fmt: skip
def test_what_cannot_be_divided_is_refused(ask):
    with pytest.raises(TableError):
        ask()


def test_species_groups_have_the_models_of_the_source():
    assert models_for("masson_pine")["rate_volume"] == "GR08"
    assert models_for("masson_pine", "gx_south")["rate_volume"] == "GR12"
    assert models_for("oak", "gx_south")["rate_volume"] == "GR04"
    assert models_for("chinese_fir").keys() == {
        f"rate_{one}" for one in ("height", "dbh", "basal_area", "volume")
    }
    assert models_for("bamboo_sympodial") == models_for("no such species") == {}


def test_every_equation_of_a_table_is_held_against_a_value():
    assert set(volume_equations("tree")) == set(TREES_20_15)
    assert {key for key, one in growth_models().items() if one.form in RATES} == set(RATES_15_12_12)
