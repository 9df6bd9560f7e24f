"""Level curves held against the district's own stands."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from carbon_sink.curve_calibration import calibrate_curves
from carbon_sink.growth import stock_since_entry
from carbon_sink.growth_models import group_models
from carbon_sink.tables import columns

MODELS = group_models()


def stands(species, ratios, ages=20.0, area_ha=1.0):
    """Stands whose stock is so many times that of their curve."""
    rows = pd.DataFrame({"carbon_part": "arbor", "species_group": species,
                         "stand_age_yr": ages, "area_ha": area_ha, "ratio": ratios})  # fmt: skip
    curve = MODELS["curve_volume"][species]
    stock = (
        rows["ratio"]
        * stock_since_entry(curve, rows["stand_age_yr"].to_numpy(float))
        * rows["area_ha"]
    )
    return rows.assign(forest_stock_m3=stock)


def found(*parts):
    return calibrate_curves(pd.concat(parts, ignore_index=True), MODELS, 50.0).set_index(
        "species_group"
    )


def test_the_factor_is_observed_over_modelled_stock_by_hand():
    # 40 stands of one hectare and one age: the factor is the mean of the ratios, 0.3
    row = found(stands("masson_pine", [0.2, 0.4] * 20)).loc["masson_pine"]
    assert (row["basis"], row["stands"], row["area_ha"]) == ("own", 40, 40.0)
    assert row["factor"] == pytest.approx(0.3)
    # the jackknife of a mean of equal weights is s / sqrt(n): 0.1 x sqrt(40 / 39) / sqrt(40)
    assert row["standard_error"] == pytest.approx(0.1 / np.sqrt(39.0))
    # one age class only: nothing between classes
    assert row["age_class_sd"] == pytest.approx(0.0)
    assert row["half_width_pct"] == pytest.approx(100 * 1.959963984540054 / np.sqrt(39.0) / 3.0)


def test_a_shape_that_does_not_fit_widens_the_error():
    row = found(stands("masson_pine", [0.1] * 20 + [0.5] * 20, [12.0] * 20 + [35.0] * 20)).loc[
        "masson_pine"
    ]
    young, old = stock_since_entry("GM-mas-V", [12.0, 35.0])
    factor = (0.1 * young + 0.5 * old) / (young + old)
    spread = np.sqrt((young * (0.1 - factor) ** 2 + old * (0.5 - factor) ** 2) / (young + old))
    assert row["factor"] == pytest.approx(factor)
    assert row["age_class_sd"] == pytest.approx(spread)
    assert row["age_class_sd"] > 3.0 * row["standard_error"]


def test_few_stands_take_the_factor_of_all_groups_of_the_curve_and_none_the_curve_itself():
    table = found(stands("masson_pine", [0.4] * 25), stands("cypress", [0.1] * 10),
                  stands("oak", [0.5] * 29))  # fmt: skip
    # (25 x 0.4 + 10 x 0.1) / 35
    assert table.loc["masson_pine", ["basis", "stands"]].tolist() == ["curve", 35]
    assert table.loc[["masson_pine", "cypress"], "factor"].tolist() == pytest.approx(
        [11.0 / 35.0] * 2
    )
    # that groups differ is in the error
    assert (
        table.loc["cypress", "half_width_pct"] > 100.0 * table.loc["cypress", "standard_error"] * 2
    )
    assert table.loc["oak", ["basis", "factor", "half_width_pct"]].tolist() == ["none", 1.0, 50.0]


def test_old_stands_land_without_stock_and_species_without_curve_are_not_used():
    kept = stands("oak", [0.5] * 30)
    left = [stands("oak", [3.0] * 9, 60.0), stands("oak", [3.0] * 9).assign(forest_stock_m3=0.0),
            stands("oak", [3.0] * 9).assign(carbon_part=None),
            stands("oak", [3.0] * 9).assign(stand_age_yr=np.nan),
            stands("oak", [3.0] * 9).assign(species_group="chinese_fir")]  # fmt: skip
    table = found(kept, *left)
    assert table.index.tolist() == ["oak"]
    assert table.loc["oak", ["stands", "factor"]].tolist() == pytest.approx([30, 0.5])


def test_groups_that_only_have_young_stands_get_a_row():
    young = stands("eucalyptus", [0.0], 2.0).assign(carbon_part=None)
    assert found(stands("oak", [0.5] * 30), young).loc["eucalyptus", "basis"] == "none"


def test_the_table_has_the_columns_of_the_dictionary():
    table = calibrate_curves(stands("oak", [0.5] * 30), MODELS, 50.0)
    assert table.columns.tolist() == columns("growth_level_calibration").index.tolist()


@hypothesis_settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(st.floats(0.05, 3.0), st.floats(6.0, 40.0), st.floats(0.1, 50.0)),
                min_size=30, max_size=40), st.floats(0.1, 5.0))  # fmt: skip
def test_twice_the_stock_has_twice_the_factor_and_the_same_relative_error(rows, times):
    ratios, ages, areas = (list(one) for one in zip(*rows, strict=True))
    one = stands("oak", ratios, ages, areas)
    first, second = (
        calibrate_curves(which, MODELS, 50.0).iloc[0]
        for which in (one, one.assign(forest_stock_m3=one["forest_stock_m3"] * times))
    )
    assert second["factor"] == pytest.approx(first["factor"] * times)
    assert second["half_width_pct"] == pytest.approx(first["half_width_pct"], abs=1e-6)
    assert min(ratios) - 1e-9 <= first["factor"] <= max(ratios) + 1e-9
