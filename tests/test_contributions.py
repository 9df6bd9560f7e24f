"""Which source of error makes how much of an uncertainty."""

from dataclasses import replace

import numpy as np
import pytest
from surveys import PARAMETERS, date_of, survey

from carbon_sink.contributions import as_sum, contributions, stock_per_ha_variance, variance
from carbon_sink.parcel_sums import parcel_sums
from carbon_sink.simulation import tree_factors
from carbon_sink.spreads import Errors, default_spread, sd_of

DATES = (2020, 2025)
SECOND, CHANGE = np.array([0.0, 1.0]), np.array([-1.0, 1.0])


def errors_of(spread=None, **ties):
    return Errors(spread or default_spread(), PARAMETERS, DATES, np.full(2, sd_of(10.0)), **ties)


def found(sums, indicator, weights, errors):
    rows = contributions(sums, indicator, weights, errors)
    return rows.set_index(["error_source", "species_group"])["variance"]


def two_oaks(growth=1.0):
    """Parcels of 30 and 40 m3 of oak."""
    volume = np.array([30.0, 40.0])
    oak = ["oak", "oak"]
    return {
        2020: date_of(volume, [1.0, 2.0], oak, "t1"),
        2025: date_of(volume * growth, [1.0, 2.0], oak, "t1"),
    }


def test_the_stock_of_two_parcels_by_hand():
    # parcels: (30^2 + 40^2) (0.20/1.96)^2 and (0.05/1.96)^2; bias: 70^2 (0.10/1.96)^2
    rows = found(parcel_sums(two_oaks()), "forest_stock_m3", SECOND, errors_of())
    assert rows["parcel_stock", "oak"] == pytest.approx(2500 * sd_of(20.0) ** 2)
    assert rows["parcel_area", "oak"] == pytest.approx(2500 * sd_of(5.0) ** 2)
    assert rows["stock_bias", ""] == pytest.approx(4900 * sd_of(10.0) ** 2)
    assert len(rows) == 3


def test_the_carbon_of_one_species_by_hand():
    # C = 70 m3 x 0.676 x 1.355 x 1.292 x 0.5 of oak; roots act by 0.292/1.292 of the ratio
    carbon = 70 * 0.676 * 1.355 * 1.292 * 0.5
    rows = found(parcel_sums(two_oaks()), "carbon_t", SECOND, errors_of())
    assert rows["wood_density", "oak"] == pytest.approx((carbon * sd_of(30.0)) ** 2)
    assert rows["root_ratio", "oak"] == pytest.approx((carbon * sd_of(20.0) * 0.292 / 1.292) ** 2)
    assert rows["carbon_fraction", "oak"] == pytest.approx((carbon * sd_of(5.0)) ** 2)
    assert rows["parcel_stock", "oak"] == pytest.approx((carbon / 70 * sd_of(20.0)) ** 2 * 2500)


def test_a_forest_that_stayed_the_same_owes_nothing_to_its_parameters():
    rows = found(parcel_sums(two_oaks()), "carbon_t", CHANGE, errors_of())
    assert not set(rows.index.get_level_values(0)) & {"wood_density", "bef", "root_ratio"}
    # what is left: both dates' parcels, and the tenth of the bias that they do not share
    carbon = 70 * 0.676 * 1.355 * 1.292 * 0.5
    assert rows["parcel_stock", "oak"] == pytest.approx(2 * (carbon / 70 * sd_of(20.0)) ** 2 * 2500)
    assert rows["stock_bias", ""] == pytest.approx(2 * (1 - 0.9) * (carbon * sd_of(10.0)) ** 2)


def test_parcels_measured_with_the_same_error_twice_cancel_too():
    rows = found(parcel_sums(two_oaks()), "carbon_t", CHANGE, errors_of(dates_correlation=1.0))
    assert rows["parcel_stock", "oak"] == pytest.approx(0.0, abs=1e-12)


def test_towns_together_have_the_sources_of_the_place():
    sums = parcel_sums(survey())
    whole = found(sums, "carbon_t", SECOND, errors_of())
    again = found(sums.over_towns(), "carbon_t", SECOND, errors_of())
    assert whole.index.equals(again.index)
    assert whole.to_numpy() == pytest.approx(again.to_numpy())


@pytest.mark.parametrize("tied", [-0.8, 0.8])
def test_a_tie_of_factor_and_ratio_is_a_source_of_its_own(tied):
    sums = parcel_sums(two_oaks())
    errors = errors_of(bef_root_correlation=tied)
    rows = found(sums, "carbon_t", SECOND, errors)
    carbon = sums.of_kind("arbor").carbon_t[0, 1]
    drawn = (tree_factors("oak", errors, 200_000, 1) * carbon).var()
    of_factor = rows[["wood_density", "bef", "root_ratio", "carbon_fraction",
                      "bef_root_correlation"]].sum()  # fmt: skip
    assert np.sign(rows["bef_root_correlation", "oak"]) == np.sign(tied)
    assert of_factor == pytest.approx(drawn, rel=0.05)


def test_change_per_year_and_coverage_are_sums_with_weights():
    base, weights = as_sum("removal_co2_t", 1, DATES)
    assert (base, weights.tolist()) == ("carbon_t", pytest.approx([-44 / 12, 44 / 12]))
    assert as_sum("forest_coverage_sandiao_pct", 0, DATES)[0] == "forest_area_sandiao_ha"
    sums, land = parcel_sums(survey()), np.array([2000.0, 2000.0])
    area = variance(sums, "forest_area_ha", 1, errors_of(), land)
    coverage = variance(sums, "forest_coverage_pct", 1, errors_of(), land)
    assert coverage == pytest.approx(area * (100 / 2000) ** 2)


def test_stock_per_hectare_does_not_err_by_the_area_of_a_single_parcel():
    # stock and hectares of one parcel err by its area alike: only its stock per hectare is left
    one = {2020: date_of([30.0], [1.0], ["oak"], "t1")}
    errors = replace(errors_of(), years=(2020,), bias_sd=np.zeros(1))
    assert stock_per_ha_variance(parcel_sums(one), 0, errors) == pytest.approx(sd_of(20.0) ** 2)
