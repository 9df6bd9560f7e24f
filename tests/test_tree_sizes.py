"""Sizes of planted trees by years since planting, and how many of them live."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from test_vectors import VECTORS

from carbon_sink.errors import ParameterError
from carbon_sink.growth import level
from carbon_sink.growth_models import growth_models, volume_equations
from carbon_sink.tables import read_data
from carbon_sink.tree_sizes import (
    age_of,
    is_counted,
    living_share,
    size_at,
    stem_volume,
    tree_equations,
    way,
)

CURVES = [f"GM-{group}-{what}" for group in ("mas", "bro", "euc") for what in "DH"]


@pytest.mark.parametrize("curve", CURVES)
def test_below_its_least_age_the_curve_is_drawn_to_the_seedling(curve):
    least = growth_models()[curve].age_min_yr
    there = level(curve, least)
    assert size_at(curve, [0.0, least / 4.0, least]).tolist() == pytest.approx(
        [0.0, there / 4.0, there]
    )
    assert size_at(curve, least + 3.0) == level(curve, least + 3.0)


def test_the_published_diameters_of_masson_pine_are_met():
    row = next(one for one in VECTORS if one["id"] == "GROWTH_2")
    ages, sizes = json.loads(row["inputs"])["age_yr"], json.loads(row["expected"])["value"]
    assert size_at("GM-mas-D", ages).tolist() == pytest.approx(sizes, abs=1e-3)


@hypothesis_settings(max_examples=40, deadline=None)
@given(st.sampled_from(CURVES), st.floats(0.1, 30.0))
def test_the_age_of_the_size_at_an_age_is_that_age(curve, age):
    # eucalypts stand still within a rounding error after some thirty years
    found = age_of(curve, np.array([size_at(curve, age)]))
    assert size_at(curve, found)[0] == pytest.approx(size_at(curve, age), abs=1e-9)


def test_trees_that_were_not_measured_follow_the_curve():
    tree = way("GM-bro-D", np.array([np.nan, 0.0]), np.array([3.0, 3.0]))
    ages = np.array([0.0, 5.0, 20.0])
    assert tree.size(ages) == pytest.approx(np.tile(size_at("GM-bro-D", ages), (2, 1)))


def test_trees_that_were_measured_go_through_the_measure_and_on_by_the_curve():
    # as thick as the curve at 10 years when it is five years old: until then in proportion to
    # the curve, afterwards the curve from 10 years on
    dbh = size_at("GM-mas-D", 10.0)
    tree = way("GM-mas-D", np.array([dbh]), np.array([5.0]))
    expected = [0.0, dbh / 2.0, dbh, *size_at("GM-mas-D", [11.0, 20.0])]
    assert tree.size([0.0, 2.5, 5.0, 6.0, 15.0])[0] == pytest.approx(expected)


def test_trees_measured_at_planting_begin_with_their_size():
    dbh = size_at("GM-mas-D", 8.0)
    tree = way("GM-mas-D", np.array([dbh]), np.array([0.0]))
    assert tree.size([0.0, 1.0])[0] == pytest.approx(size_at("GM-mas-D", [8.0, 9.0]))


def test_trees_beyond_the_curve_keep_their_size_and_do_not_jump_to_it():
    tree = way("GM-euc-D", np.array([30.0]), np.array([10.0]))
    sizes = tree.size(np.arange(0.0, 21.0, 0.5))[0]
    assert sizes[20:] == pytest.approx(30.0)
    assert np.diff(sizes).min() >= -1e-9
    # one year old they had the share of it that the curve has after one and ten years
    assert sizes[2] == pytest.approx(30.0 * level("GM-euc-D", 1.0) / level("GM-euc-D", 10.0))


@hypothesis_settings(max_examples=40, deadline=None)
@given(st.sampled_from(CURVES), st.floats(0.1, 60.0), st.integers(0, 30))
def test_a_tree_never_shrinks_and_has_its_measured_size_when_it_was_measured(curve, size, until):
    sizes = way(curve, np.array([size]), np.array([float(until)])).size(np.arange(60.0))[0]
    assert sizes[until] == pytest.approx(size, rel=1e-9)
    assert np.diff(sizes).min() >= -1e-9 * size


def test_the_published_stems_of_20_cm_and_15_m_are_met():
    # of the test vectors: VOL01, VOL03, VOL04 and VOL08
    for group, volume in {"masson_pine": 0.248141, "chinese_fir": 0.24352, "cypress": 0.197133,
                          "oak": 0.19271}.items():  # fmt: skip
        found = stem_volume(group, np.array([20.0]), np.array([15.0]))
        assert found == pytest.approx([volume], abs=1e-6), group


def test_stems_count_from_5_cm_on():
    assert is_counted([4.99, 5.0 - 1e-12, 5.0]).tolist() == [False, True, True]
    thin, thick = stem_volume("oak", np.array([4.99, 5.0]), np.array([4.0, 4.0]))
    # VOL08 at 5 cm and 4 m: 5.9599785e-5 x 5^1.8564005 x 4^0.93056206
    assert (thin, thick) == (0.0, pytest.approx(5.9599785e-5 * 5**1.8564005 * 4**0.93056206))


def test_every_species_group_has_an_equation_of_trees_or_none_and_none_twice():
    rows = read_data("tree_volume_groups.csv")
    assert rows["species_group"].is_unique
    assert set(rows["equation_id"]) <= set(volume_equations("tree"))
    growing = read_data("growth_groups.csv")
    growing = growing[growing[["rates", "curve"]].ne("").any(axis=1)]
    assert set(rows["species_group"]) == set(growing["species_group"])
    # an equation that is named after another species is a choice and not sure
    names = read_data("volume_equations.csv").set_index("equation_id")["species_group"]
    own = rows["equation_id"].map(names).eq(rows["species_group"])
    assert (own | rows["confidence"].eq("uncertain") | rows["equation_id"].eq("VOL09")).all()
    assert not set(tree_equations().index) & {"bamboo_other", "economic_citrus", "shrub"}


def test_an_unknown_curve_is_refused():
    with pytest.raises(KeyError):
        size_at("GM-none-D", 5.0)
    with pytest.raises(ParameterError):
        size_at("GR01", 5.0)


def test_survival_runs_evenly_between_the_years_that_are_known():
    # 88 % after one year, 82 % after three: 85 % after two
    share = living_share(np.array([0.0, 0.5, 1.0, 2.0, 3.0, 9.0]), np.array([0.88]),
                         np.array([0.82]))  # fmt: skip
    assert share[0] == pytest.approx([1.0, 0.94, 0.88, 0.85, 0.82, 0.82])


def test_survival_after_three_years_alone_is_reached_evenly():
    share = living_share(np.arange(5.0), np.array([np.nan]), np.array([0.7]))
    assert share[0] == pytest.approx([1.0, 0.9, 0.8, 0.7, 0.7])


def test_without_any_survival_there_is_none():
    assert np.isnan(living_share(np.arange(1, 5), np.array([np.nan]), np.array([np.nan]))).all()
