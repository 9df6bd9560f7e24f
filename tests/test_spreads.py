"""How far every source of error reaches."""

import numpy as np
import pandas as pd
import pytest
from surveys import PARAMETERS

from carbon_sink.parameters import CONFIDENCE, references
from carbon_sink.spreads import Errors, Spread, bias_sd, default_spread, sd_of
from carbon_sink.tables import read_data


def test_the_standard_tolerates_15_20_and_25_percent_of_stock_by_grade():
    # GB/T 26424-2010, tolerance of the stock per hectare of a parcel
    assert [default_spread(grade).parcel_stock_pct for grade in "ABC"] == [15.0, 20.0, 25.0]


def test_every_spread_has_a_source_and_says_how_sure_it_is():
    rows = read_data("uncertainty.csv")
    assert rows["confidence"].isin(CONFIDENCE).all()
    assert rows["source"].isin(references().index).all()
    assert rows[["locator", "unit"]].ne("").all().all()
    # a choice of this project is never called sure
    assert rows.loc[rows["source"].eq("project"), "confidence"].eq("uncertain").all()


def test_a_half_width_is_1_96_standard_deviations():
    assert sd_of(19.59963984540054) == pytest.approx(0.1)


def test_the_bias_of_the_stock_is_weighted_by_the_stock_of_each_category():
    # 3000 m3 of timber forest (10 %) and 1000 m3 of protection forest (15 %): 11.25 %
    stands = pd.DataFrame({"forest_category": ["233", "112"], "forest_stock_m3": [3000.0, 1000.0]})
    assert bias_sd({2020: stands}, default_spread()) == pytest.approx([sd_of(11.25)])
    reserve = stands.assign(forest_category="127")
    assert bias_sd({2020: reserve}, default_spread()) == pytest.approx([sd_of(20.0)])


def test_forest_without_category_and_a_date_without_stock_count_as_public_welfare():
    unknown = pd.DataFrame({"forest_category": [None], "forest_stock_m3": [10.0]})
    empty = pd.DataFrame({"forest_stock_m3": [0.0]})
    found = bias_sd({2020: unknown, 2025: empty}, default_spread())
    assert found == pytest.approx([sd_of(15.0)] * 2)


def test_check_plots_of_the_user_take_the_place_of_the_standard():
    stands = pd.DataFrame({"forest_category": ["233", "127"], "forest_stock_m3": [3000.0, 1000.0]})
    assert bias_sd({2020: stands}, default_spread(stock_bias_pct=6.0)) == pytest.approx([sd_of(6)])
    assert default_spread(bias_dates_correlation=0.0).bias_dates_correlation == 0.0
    assert default_spread().bias_dates_correlation == 0.9


def test_dates_are_alike_as_much_as_they_are_said_to_be():
    errors = Errors(default_spread(), PARAMETERS, (2020, 2023, 2025), np.zeros(3))
    assert errors.alike(0.5).tolist() == [[1.0, 0.5, 0.5], [0.5, 1.0, 0.5], [0.5, 0.5, 1.0]]


def test_scattered_trees_err_by_a_spread_of_their_own():
    errors = Errors(default_spread("A"), PARAMETERS, (2020,), np.zeros(1))
    assert isinstance(errors.spread, Spread)
    assert errors.stock_sd("four_side") == sd_of(25.0)
    assert errors.stock_sd("arbor") == sd_of(15.0)
