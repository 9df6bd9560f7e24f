"""Draws of parameters, of the errors of parcels, and of the bias they share."""

import numpy as np
import pytest
from surveys import PARAMETERS

from carbon_sink.errors import ParameterError
from carbon_sink.simulation import (
    area_factors,
    bias_factors,
    correlated,
    fraction,
    lognormal,
    parcel_errors,
    stream,
    tree_factors,
)
from carbon_sink.spreads import Errors, default_spread, sd_of

DRAWS = 20_000
DATES = (2020, 2025)


def errors_of(bias=(0.1, 0.1), **ties):
    return Errors(default_spread(), PARAMETERS, DATES, np.array(bias), **ties)


def test_a_stream_belongs_to_its_name_and_seed_and_to_nothing_else():
    first = stream(7, "bef/oak").standard_normal(5)
    stream(7, "bef/masson_pine").standard_normal(1000)
    assert np.array_equal(stream(7, "bef/oak").standard_normal(5), first)
    assert not np.array_equal(stream(8, "bef/oak").standard_normal(5), first)
    assert not np.array_equal(stream(7, "bef/cypress").standard_normal(5), first)


def test_lognormal_factors_have_mean_one_the_given_spread_and_are_positive():
    factor = lognormal(stream(1, "x").standard_normal(200_000), 60.0)
    assert factor.min() > 0
    assert factor.mean() == pytest.approx(1.0, abs=0.003)
    assert factor.std() == pytest.approx(sd_of(60.0), rel=0.01)


def test_fractions_stay_between_zero_and_one_with_the_given_mean_and_spread():
    drawn = 0.5 * fraction(stream(1, "x"), 0.5, 40.0, 100_000)
    assert 0.0 < drawn.min() < drawn.max() < 1.0
    assert drawn.mean() == pytest.approx(0.5, abs=0.002)
    assert drawn.std() == pytest.approx(0.5 * sd_of(40.0), rel=0.02)
    assert fraction(stream(1, "x"), 0.5, 0.0, 3).tolist() == [1.0, 1.0, 1.0]


def test_a_fraction_that_cannot_be_so_uncertain_is_refused():
    with pytest.raises(ParameterError, match="含碳率"):
        fraction(stream(1, "x"), 0.5, 300.0, 10)


def test_correlated_numbers_have_the_wanted_covariance_even_a_singular_one():
    wanted = np.array([[4.0, 1.0, 4.0], [1.0, 9.0, 1.0], [4.0, 1.0, 4.0]])
    normal = [stream(1, f"{i}").standard_normal(DRAWS) for i in range(3)]
    found = correlated(wanted, normal)
    assert np.cov(found) == pytest.approx(wanted, abs=0.25)
    assert np.array_equal(found[0], found[2])
    assert not correlated(np.zeros((3, 3)), normal).any()


def test_one_number_for_all_parcels_is_what_drawing_every_parcel_gives():
    # 300 parcels, each with an error of its stock per hectare and one of its area
    draw = np.random.default_rng(3)
    area = draw.uniform(1.0, 20.0, 300)
    volume = area * draw.uniform(10.0, 150.0, 300)
    errors = errors_of()
    stock_sd, area_sd = errors.stock_sd("arbor"), sd_of(5.0)
    drawn_area = area_sd * draw.standard_normal((DRAWS, 300))
    each = 1.0 + stock_sd * draw.standard_normal((DRAWS, 300)) + drawn_area
    brute_volume, brute_area = (each * volume).sum(axis=1), ((1.0 + drawn_area) * area).sum(axis=1)
    squares = tuple(np.diag([one, 0.0]) for one in (volume @ volume, area @ area, volume @ area))
    found = parcel_errors(("t", "arbor", "oak"), squares, errors, DRAWS, 1)
    ours_volume, ours_area = found[0][0] + volume.sum(), found[1][0] + area.sum()
    assert ours_volume.std() == pytest.approx(brute_volume.std(), rel=0.02)
    assert ours_area.std() == pytest.approx(brute_area.std(), rel=0.02)
    together = np.corrcoef(brute_volume, brute_area)[0, 1]
    assert np.corrcoef(ours_volume, ours_area)[0, 1] == pytest.approx(together, abs=0.02)
    levels = [0.005, 0.025, 0.25, 0.5, 0.75, 0.975, 0.995]
    difference = np.quantile(ours_volume, levels) - np.quantile(brute_volume, levels)
    assert np.abs(difference).max() < 0.1 * brute_volume.std()
    assert each.min() > 0.4  # no parcel comes near a stock below zero


@pytest.mark.parametrize("alike", [-1.0, 0.0, 0.6, 1.0])
def test_errors_of_a_parcel_at_two_dates_are_as_alike_as_wanted(alike):
    squares = (np.full((2, 2), 100.0), np.zeros((2, 2)), np.zeros((2, 2)))
    errors = errors_of(dates_correlation=alike)
    volume, area = parcel_errors(("t", "arbor", "oak"), squares, errors, DRAWS, 1)
    assert np.corrcoef(volume)[0, 1] == pytest.approx(alike, abs=0.02)
    assert not area.any()
    if abs(alike) == 1.0:
        assert volume[1] == pytest.approx(alike * volume[0])


def test_the_bias_of_two_dates_is_shared_as_the_spread_says():
    bias = bias_factors(errors_of(bias=(0.05, 0.1)), DRAWS, 1)
    assert bias.std(axis=1) == pytest.approx([0.05, 0.1], rel=0.02)
    assert np.corrcoef(bias)[0, 1] == pytest.approx(0.9, abs=0.01)


@pytest.mark.parametrize(("tied", "wider"), [(-1.0, False), (1.0, True)])
def test_a_factor_and_a_ratio_that_are_tied_widen_or_narrow_the_carbon(tied, wider):
    free = tree_factors("oak", errors_of(), DRAWS, 1)
    bound = tree_factors("oak", errors_of(bef_root_correlation=tied), DRAWS, 1)
    assert (bound.std() > free.std()) == wider
    assert np.isfinite(bound).all()
    assert bound.min() > 0


def test_carbon_per_cubic_meter_has_its_value_as_mean_and_errors_that_multiply():
    # variances of independent factors: prod(1 + cv^2) - 1; oak has a root ratio of 0.292
    factor = tree_factors("oak", errors_of(), 200_000, 1)
    roots = sd_of(20.0) * 0.292 / 1.292
    squares = [sd_of(30.0), sd_of(30.0), roots, sd_of(5.0)]
    assert factor.mean() == pytest.approx(1.0, abs=0.003)
    assert factor.std() == pytest.approx(np.sqrt(np.prod(1 + np.square(squares)) - 1), rel=0.01)
    by_area = area_factors("bamboo", errors_of(), 200_000, 1)
    assert by_area.std() == pytest.approx(sd_of(50.25), rel=0.01)
