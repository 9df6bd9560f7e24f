"""What a hectare of plantings holds by age: by hand, from the models, invariants and gaps."""

import numpy as np
import pandas as pd
import pytest

from carbon_sink.curve_calibration import COLUMNS, calibrate_curves
from carbon_sink.growth import level, stock_since_entry, volume_growth_rate
from carbon_sink.growth_models import group_models
from carbon_sink.parameters import load_parameters
from carbon_sink.planting_curves import (
    level_factors,
    planting_curves,
    rate_starts,
    uncalibrated,
    why_missing,
)
from carbon_sink.tables import check, columns

MODELS, SET = group_models(), load_parameters("ar_cm_001")
PLAIN = pd.DataFrame(columns=COLUMNS)


def curves(groups, levels=PLAIN, years=40, starts=None, models=MODELS):
    return planting_curves(groups, models, levels, SET, years, starts)


def firs(count=40, age=15.0, m3_ha=25.0, **more):
    """Chinese fir stands of two hectares in an inventory."""
    rows = {"carbon_part": "arbor", "forest_type": "arbor", "species_group": "chinese_fir",
            "forest_volume_m3": 2.0 * m3_ha, "area_ha": 2.0, "stand_age_yr": [age] * count,
            "dbh_cm": 10.0, "basal_area_m2_ha": 8.0} | more  # fmt: skip
    return pd.DataFrame(rows)


def level_rows(*rows):
    names = ["species_group", "curve", "basis", "observed_m3", "modelled_m3", "factor"]
    return pd.DataFrame(rows, columns=names).reindex(columns=COLUMNS)


def test_trees_with_a_curve_hold_what_they_gained_since_its_least_age():
    found = curves(["masson_pine"])
    stock = found.stock_m3_ha[0]
    assert not stock[:6].any()
    # vector GROWTH_1: 80.578 m3/ha at 20 years and 22.443 at 5
    assert stock[20] == pytest.approx(80.578 - 22.443, abs=0.002)
    # 0.380 t/m3 x 1.472 x 0.460 above ground, and 0.187 of it below
    assert found.above_t_ha[0, 20] == pytest.approx(stock[20] * 0.2573056)
    assert found.below_t_ha[0, 20] == pytest.approx(stock[20] * 0.2573056 * 0.187)


def test_curves_are_multiplied_by_the_level_of_the_district():
    levels = level_rows(("masson_pine", "GM-mas-V", "own", 30.0, 60.0, 0.5))
    half, whole = (curves(["masson_pine"], one).stock_m3_ha for one in (levels, PLAIN))
    assert half[0, 6:] == pytest.approx(0.5 * whole[0, 6:])


def test_groups_that_the_inventory_lacks_take_the_level_of_all_that_share_their_curve():
    own = level_rows(("masson_pine", "GM-mas-V", "own", 30.0, 60.0, 0.5),
                     ("cypress", "GM-mas-V", "own", 10.0, 40.0, 0.25))  # fmt: skip
    # (30 + 10) / (60 + 40)
    assert level_factors(["slash_pine", "cypress", "oak"], MODELS, own) == {
        "slash_pine": 0.4, "cypress": 0.25, "oak": 1.0,
    }  # fmt: skip
    shared = level_rows(("masson_pine", "GM-mas-V", "own", 30.0, 60.0, 0.5),
                        ("cypress", "GM-mas-V", "curve", 40.0, 100.0, 0.4))  # fmt: skip
    assert level_factors(["slash_pine"], MODELS, shared) == {"slash_pine": 0.4}


def test_that_shared_level_is_what_the_calibration_gives_a_group_with_one_stand():
    rows = pd.DataFrame({"carbon_part": "arbor", "area_ha": 1.0, "stand_age_yr": 20.0,
                         "species_group": ["masson_pine"] * 40 + ["cypress"] * 30,
                         "forest_stock_m3": [30.0] * 40 + [12.0] * 30})  # fmt: skip
    one = rows.iloc[:1].assign(species_group="slash_pine", forest_stock_m3=0.0)
    table = calibrate_curves(rows, MODELS, 50.0)
    known = calibrate_curves(pd.concat([rows, one]), MODELS, 50.0).set_index("species_group")
    assert known.loc["slash_pine", "basis"] == "curve"
    factor = level_factors(["slash_pine"], MODELS, table)["slash_pine"]
    assert factor == pytest.approx(known.loc["slash_pine", "factor"])


def test_curves_that_nothing_calibrates_are_named():
    levels = level_rows(("oak", "GM-bro-V", "own", 1.0, 2.0, 0.5),
                        ("eucalyptus", "GM-euc-V", "none", 1.0, 2.0, 1.0))  # fmt: skip
    planted = ["oak", "camphor", "eucalyptus", "cypress", "bamboo_moso", "chinese_fir"]
    assert uncalibrated(planted, MODELS, levels) == ["eucalyptus", "cypress"]


def test_forest_by_area_comes_linearly_until_its_canopy_closes():
    found = curves(["bamboo_moso", "economic_citrus", "shrub"], years=10)
    whole = found.above_t_ha + found.below_t_ha
    # 68.48 t/ha x 0.5; a fifth of it each year for five years
    assert whole[0, :7] == pytest.approx(34.24 * np.array([0.0, 0.2, 0.4, 0.6, 0.8, 1.0, 1.0]))
    assert whole[1, -1] == pytest.approx(35.21 * 0.5)
    # 12.51 of 12.51 + 6.72 is above ground
    assert found.above_t_ha[2, -1] == pytest.approx(17.99 * 0.5 * 12.51 / 19.23)
    assert not found.stock_m3_ha[:3].any()


def test_species_without_a_curve_start_from_the_mean_young_stand():
    # older stands hold more than the rates give: the rates are not raised
    start = rate_starts(pd.concat([firs(), firs(40, 30.0, 900.0)]), MODELS)
    assert start["growth_factor"].tolist() == [1.0]
    stock = curves(["chinese_fir"], years=20, starts=start).stock_m3_ha[0]
    # nothing at 5 years, 25 m3/ha at 15, a tenth of it each year between
    assert not stock[:6].any()
    assert stock[6:16] == pytest.approx(2.5 * np.arange(1.0, 11.0))
    # then by the rate of the mean stand
    pct = volume_growth_rate("GR16", 15.0, 10.0, 8.0)
    assert stock[16] == pytest.approx(25.0 * (1.0 + pct / 100.0))
    half = curves(["chinese_fir"], years=20, starts=start.assign(growth_factor=0.5))
    assert half.stock_m3_ha[0, 16] == pytest.approx(25.0 * (1.0 + pct / 200.0))
    assert np.isnan(curves(["chinese_fir"]).stock_m3_ha).all()


def test_rates_are_brought_to_what_older_stands_hold():
    start = rate_starts(pd.concat([firs(), firs(40, 30.0, 60.0)]), MODELS)
    assert 0.0 < start["growth_factor"].item() < 1.0
    stock = curves(["chinese_fir"], starts=start).stock_m3_ha[0]
    # all older stands are 30 years old and hold 60 m3/ha
    assert stock[30] == pytest.approx(60.0)
    # older stands that hold less than the young ones: no growth from the start on
    poor = rate_starts(pd.concat([firs(), firs(40, 30.0, 20.0)]), MODELS)
    assert poor["growth_factor"].item() == pytest.approx(0.0, abs=1e-9)
    assert curves(["chinese_fir"], starts=poor).stock_m3_ha[0, 15:] == pytest.approx(25.0)


def test_a_start_is_the_mean_by_area_of_the_youngest_class_with_enough_stands():
    rows = pd.concat([
        firs(29, 12.0), firs(20, 22.0, 60.0), firs(20, 26.0, 30.0, area_ha=6.0), firs(40, 35.0),
        firs(40, 45.0), firs(9, 24.0, forest_volume_m3=0.0), firs(9, 24.0, dbh_cm=None),
        firs(9, 24.0, species_group="cypress"), firs(9, 24.0, carbon_part=None),
    ], ignore_index=True)  # fmt: skip
    before = rows.copy()
    table = rate_starts(rows, MODELS)
    pd.testing.assert_frame_equal(rows, before)
    assert list(table) == list(columns("planting_starts").index)
    check(table, "planting_starts")
    assert table["species_group"].tolist() == ["chinese_fir"]
    # 20 x 2 ha of 22 years and 20 x 6 ha of 26; stock 20 x 120 and 20 x 60 m3 on 160 ha
    names = ["stands", "older_stands", "area_ha", "age_yr", "volume_m3_ha"]
    assert table.loc[0, names].tolist() == pytest.approx([40, 40, 160.0, 25.0, 22.5])


def test_too_few_young_or_older_stands_give_no_start():
    assert rate_starts(pd.concat([firs(29), firs(60, 41.0), firs(60, 9.0)]), MODELS).empty
    assert rate_starts(pd.concat([firs(40), firs(29, 25.0)]), MODELS).empty
    assert rate_starts(firs(0), MODELS).empty


def test_a_model_with_a_curve_takes_the_place_of_rates():
    own = group_models("gx_north", {"chinese_fir": "pine_conifer"})
    assert rate_starts(pd.concat([firs(), firs(40, 30.0)]), own).empty
    stock = curves(["chinese_fir"], models=own).stock_m3_ha[0]
    assert stock == pytest.approx(stock_since_entry("GM-mas-V", np.arange(40)))


def test_nothing_falls_with_age_and_no_stock_passes_its_curve():
    groups = [one for one in MODELS.index if MODELS["curve_volume"][one]]
    found = curves([*groups, "shrub", "economic_other"], years=100)
    for values in (found.stock_m3_ha, found.above_t_ha, found.below_t_ha):
        assert not (np.diff(values, axis=1) < 0.0).any()
    for group, row in zip(found.groups, found.stock_m3_ha, strict=False):
        if group in groups:
            assert row[-1] < level(MODELS["curve_volume"][group], 99.0)


def test_unknown_species_are_missing_in_every_age():
    found = curves(["oak", None, "", np.nan])
    assert found.groups == ["oak"]
    place = found.rows(pd.Series(["oak", None, "yew"]))
    assert place.tolist() == [0, -1, -1]
    assert np.isnan(found.stock_m3_ha[-1]).all()


def test_every_gap_has_its_reason():
    planted = pd.Series(["oak", "herb", "chinese_fir", "", "bamboo_other", "mangrove"])
    reasons = ["", "no_parameters", "no_curve", "no_species", "", "no_curve"]
    assert why_missing(planted, MODELS, SET).tolist() == reasons
    started = why_missing(planted, MODELS, SET, pd.DataFrame({"species_group": ["chinese_fir"]}))
    assert started.tolist()[2] == ""
