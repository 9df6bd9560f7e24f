"""What is missing, handed out to towns: shares, weights, and whole sums."""

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from test_vectors import VECTORS

from carbon_sink.candidate_land import candidate_land
from carbon_sink.errors import ParameterError
from carbon_sink.parameters import constant
from carbon_sink.settings.sinks import Weights
from carbon_sink.tables import columns
from carbon_sink.town_allocation import (
    PARTS,
    allocate,
    allocation_notes,
    gap_totals,
    hand_out,
    low_quality_area,
    town_shares,
    unknown_parts,
)

EVEN = {"stock": 1.0, "low_quality": 1.0, "room": 1.0}
NAMES = ["甲镇", "乙镇", "丙镇"]


def shares(stock, low, room):
    """What three towns are weighed by."""
    codes = [str(n + 1) for n in range(len(stock))]
    return pd.DataFrame({"town_code": codes, "town_name": NAMES[: len(stock)],
                         "forest_stock_m3": stock, "low_quality_ha": low,
                         "room_ha": room}).astype(dict.fromkeys(PARTS.values(), float))  # fmt: skip


def arbor(*rows):
    """Arbor stands: town, species, age group, hectares, stock per hectare."""
    table = pd.DataFrame(rows, columns=["town_code", "species_group", "age_group", "area_ha", "v"])
    return table.assign(forest_type="arbor", forest_stock_m3=table["v"] * table["area_ha"])


# --------------------------------------------------------------------------------- by hand


def test_a_town_gets_the_mean_of_its_three_shares():
    # stock 60 20 20 %, low quality 0 50 50 %, room 30 50 20 %: means 30 40 30 %
    found = allocate(
        1453.95, 6317.0, shares([600, 200, 200], [0, 5, 5], [30, 50, 20]), EVEN, "全区"
    )
    assert found["stock_share_pct"].round(9).tolist() == [60.0, 20.0, 20.0, 100.0]
    assert found["low_quality_share_pct"].round(9).tolist() == [0.0, 50.0, 50.0, 100.0]
    assert found["room_share_pct"].round(9).tolist() == [30.0, 50.0, 20.0, 100.0]
    assert found["weight_pct"].round(9).tolist() == [30.0, 40.0, 30.0, 100.0]
    # 436.185 581.58 436.185: the hundredth that is over goes to the lower code
    assert found["allocated_ha"].tolist() == [436.19, 581.58, 436.18, 1453.95]
    # 1895.1 2526.8 1895.1
    assert found["allocated_m3"].tolist() == [1895.0, 2527.0, 1895.0, 6317.0]
    assert found["allocated_mu"].round(9).tolist() == [6542.85, 8723.7, 6542.7, 21809.25]
    assert found["room_left_ha"].round(9).tolist() == [-406.19, -531.58, -416.18, -1353.95]
    assert found["town_name"].tolist() == ["甲镇", "乙镇", "丙镇", "全区"]


def test_weights_count_by_their_proportion_alone():
    towns = shares([600, 200], [0, 5], [50, 50])
    by_room = allocate(100.0, 0.0, towns, {"stock": 0.0, "low_quality": 0.0, "room": 7.0}, "全区")
    assert by_room["allocated_ha"].tolist() == [50.0, 50.0, 100.0]
    # stock 3 parts, room 1 part: (3 x 75 + 50) / 4 = 68.75 %
    mixed = allocate(100.0, 0.0, towns, {"stock": 3.0, "low_quality": 0.0, "room": 1.0}, "全区")
    assert mixed["allocated_ha"].tolist() == [68.75, 31.25, 100.0]


def test_the_weights_of_settings_are_those_that_are_taken():
    assert Weights().model_dump() == EVEN
    assert set(PARTS) == set(EVEN)


def test_a_part_that_nobody_knows_is_left_out_and_told():
    towns = shares([300, 100], [np.nan, np.nan], [50, 150])
    found = allocate(0.0, 100.0, towns, {"stock": 1.0, "low_quality": 5.0, "room": 1.0}, "全区")
    # (75 + 25) / 2 = 50 %
    assert found["allocated_m3"].tolist() == [50.0, 50.0, 100.0]
    assert found["allocated_ha"].tolist() == [0.0, 0.0, 0.0]
    assert found["low_quality_share_pct"].isna().all()
    (note,) = allocation_notes(towns, EVEN)
    assert (note.code, note.count) == ("allocation_part_unknown", 1)
    assert "低效林" in note.text("zh")
    assert "low-quality" in note.text("en")
    assert allocation_notes(towns, {**EVEN, "low_quality": 0.0}) == []


def test_a_stand_is_of_low_quality_when_its_stock_is_far_below_that_of_its_like():
    # oak of age group 2: 100, 100 and 40 m3/ha on 1, 1 and 2 ha have a mean of 70; 49 is the limit
    found = low_quality_area(arbor(("1", "oak", "2", 1.0, 100.0), ("1", "oak", "2", 1.0, 100.0),
                                   ("2", "oak", "2", 2.0, 40.0), ("2", "oak", "1", 3.0, 5.0),
                                   ("2", "cypress", "2", 3.0, 40.0)))  # fmt: skip
    assert found.tolist() == [0.0, 0.0, 2.0, 0.0, 0.0]


def test_bamboo_orchards_and_stands_of_unknown_species_are_not_judged():
    table = arbor(("1", "oak", "2", 1.0, 100.0), ("1", "oak", "2", 1.0, 0.0),
                  ("1", None, "2", 1.0, 0.0), ("1", "oak", None, 1.0, 0.0))  # fmt: skip
    assert low_quality_area(table).tolist() == [0.0, 1.0, 0.0, 0.0]
    table["forest_type"] = ["arbor", "economic_arbor", "arbor", "bamboo"]
    assert low_quality_area(table).tolist() == [0.0, 0.0, 0.0, 0.0]
    # where no stand of a group has stock, none is worse than the others
    assert low_quality_area(arbor(("1", "oak", "1", 1.0, 0.0))).tolist() == [0.0]


def test_an_inventory_without_age_groups_does_not_tell_quality():
    table = arbor(("1", "oak", "2", 1.0, 100.0)).drop(columns="age_group")
    assert low_quality_area(table) is None


def test_towns_are_laid_out_with_stock_poor_stands_and_room():
    towns = pd.DataFrame({"town_code": ["1", "2", "3"], "town_name": NAMES})
    table = arbor(("1", "oak", "2", 1.0, 90.0), ("1", "oak", "2", 1.0, 90.0),
                  ("2", "oak", "2", 1.0, 30.0))  # fmt: skip
    bare = pd.DataFrame({"town_code": ["3"], "forest_type": ["cutover"], "area_ha": [4.0]})
    land = candidate_land(bare, towns, "全区")
    found = town_shares(towns, table, land)
    assert found["forest_stock_m3"].tolist() == [180.0, 30.0, 0.0]
    assert found["low_quality_ha"].tolist() == [0.0, 1.0, 0.0]
    assert found["room_ha"].tolist() == [0.0, 0.0, 4.0]
    nothing = town_shares(towns, None, land)
    assert unknown_parts(nothing) == ["stock", "low_quality"]
    assert nothing["forest_stock_m3"].isna().all()


def test_the_largest_gap_of_each_target_is_handed_out():
    gap = pd.DataFrame({"missing_ha": [10.0, 700.0, np.nan], "missing_m3": [np.nan, np.nan, 0.0]})
    assert gap_totals(gap) == (700.0, 0.0)
    table, reason = hand_out(gap, shares([1], [1], [1]), EVEN, "全区")
    assert reason == ""
    assert table["allocated_ha"].tolist() == [700.0, 700.0]


# ------------------------------------------------------------------------ published source


def test_shares_are_those_of_the_largest_remainder():
    (row,) = (one for one in VECTORS if one["id"] == "ALLOC_1")
    inputs, expected = json.loads(row["inputs"]), json.loads(row["expected"])
    towns = shares(inputs["weights"], [np.nan] * 3, [np.nan] * 3)
    found = allocate(0.0, inputs["total"], towns, EVEN, "全区")
    assert found["allocated_m3"].tolist() == [*expected["shares"], inputs["total"]]


# ------------------------------------------------------------------------------ invariants

FIGURES = st.lists(st.tuples(*[st.integers(0, 10_000)] * 3), min_size=1, max_size=3)
AMOUNT = st.integers(0, 10_000_000).map(lambda n: n / 100)
WEIGHT = st.integers(0, 9)


@settings(max_examples=60, deadline=None)
@given(FIGURES, AMOUNT, AMOUNT, st.tuples(WEIGHT, WEIGHT, WEIGHT), st.randoms())
def test_towns_add_up_to_the_whole_and_their_order_does_not_matter(rows, area, stock, said, random):
    towns = shares(*zip(*rows, strict=True))
    weights = dict(zip(PARTS, said, strict=True))
    assume(any(weights[name] for name in PARTS if name not in unknown_parts(towns)))
    found = allocate(area, stock, towns, weights, "全区")
    assert found.columns.tolist() == columns("town_allocation").index.tolist()
    each, whole = found.iloc[:-1], found.iloc[-1]
    # in whole hundredths of a hectare and whole cubic metres the sums are exact
    assert (each["allocated_ha"] * 100).round().sum() == round(area * 100)
    assert each["allocated_m3"].sum() == round(stock)
    assert whole["allocated_ha"] == pytest.approx(area, abs=1e-6)
    assert whole["allocated_mu"] == pytest.approx(15 * area, abs=1e-5)
    assert each["allocated_ha"].ge(0.0).all()
    assert each["weight_pct"].sum() == pytest.approx(100.0)
    # nobody is further from its weight than one unit
    assert (each["allocated_ha"] - each["weight_pct"] / 100 * area).abs().max() <= 0.01 + 1e-6
    order = list(towns.index)
    random.shuffle(order)
    again = allocate(area, stock, towns.loc[order], weights, "全区").set_index("town_code")
    assert again["town_name"].tolist()[:-1] == towns.loc[order, "town_name"].tolist()
    pd.testing.assert_frame_equal(again.loc[found["town_code"]], found.set_index("town_code"))


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.sampled_from("12"), st.sampled_from(["oak", "cypress"]),
                          st.sampled_from("12"), st.integers(1, 9), st.integers(0, 200)),
                min_size=1, max_size=8), st.integers(1, 9))  # fmt: skip
def test_a_stand_split_in_two_is_as_poor_as_it_was(rows, tenths):
    table = arbor(*rows)
    found = low_quality_area(table)
    parts = [table.assign(area_ha=table["area_ha"] * part,
                          forest_stock_m3=table["forest_stock_m3"] * part)
             for part in (tenths / 10, 1 - tenths / 10)]  # fmt: skip
    split = low_quality_area(pd.concat(parts, ignore_index=True)).to_numpy()
    np.testing.assert_allclose(split[: len(table)] + split[len(table) :], found, atol=1e-9)
    assert found.le(table["area_ha"]).all()


def test_the_inputs_stay_as_they_were():
    towns, table = shares([1, 2], [3, 4], [5, 6]), arbor(("1", "oak", "2", 1.0, 100.0))
    before = towns.copy(), table.copy()
    allocate(10.0, 10.0, towns, EVEN, "全区")
    low_quality_area(table)
    for one, other in zip(before, (towns, table), strict=True):
        pd.testing.assert_frame_equal(one, other)
    assert 0.0 < constant("low_quality_shortfall_min") < 1.0


# -------------------------------------------------------------------------------- refusals


def test_weights_of_nothing_are_refused_with_what_to_do():
    with pytest.raises(ParameterError, match=r"sinks\.weights"):
        allocate(1.0, 1.0, shares([1], [1], [1]), dict.fromkeys(PARTS, 0.0), "全区")


@pytest.mark.parametrize(
    ("missing", "towns", "weights"),
    [
        ((1.0, 1.0), shares([1], [1], [1]), {**EVEN, "room": -1.0}),
        ((-1.0, 1.0), shares([1], [1], [1]), EVEN),
        ((1.0, 1.0), shares([1, 2], [-1, 1], [1, 1]), EVEN),
    ],
)
def test_negative_figures_are_refused(missing, towns, weights):
    with pytest.raises(ValueError, match="must not be negative"):
        allocate(*missing, towns, weights, "全区")


def test_where_nothing_can_be_handed_out_the_reason_is_told():
    gap = pd.DataFrame({"missing_ha": [5.0], "missing_m3": [0.0]})
    towns, unknown = shares([1, 2], [3, 4], [5, 6]), shares([0.0], [np.nan], [0.0])
    for one, known, reason in (
        (gap.head(0), towns, "absent.no_gap_targets"),
        (gap.assign(missing_ha=0.0), towns, "absent.gap_closed"),
        (gap, towns.head(0), "absent.no_towns"),
        (gap, unknown, "absent.no_town_shares"),
    ):
        assert hand_out(one, known, EVEN, "全区") == (None, reason)
    with pytest.raises(ValueError, match="no town has any"):
        allocate(1.0, 1.0, unknown, EVEN, "全区")
    with pytest.raises(ParameterError):
        hand_out(gap, unknown, dict.fromkeys(PARTS, 0.0), "全区")
