"""Treated stands against untreated ones of their kind: a comparison, and no proof."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from carbon_sink.improvement_evidence import COLUMNS, treated_against_untreated, treated_share
from carbon_sink.tables import columns

YEARS = (2020, 2025)


def stands(stock, **cells):
    usual = {"carbon_part": "arbor", "species_group": "oak", "age_group": "2"}
    return pd.DataFrame({"forest_stock_m3": np.array(stock, float), **usual, **cells})


def rows_of(count, area_ha=1.0, change="unchanged"):
    place = np.arange(count)
    return pd.DataFrame({"before": place, "after": place, "ground_ha": area_ha,
                         "change_class": change})  # fmt: skip


def compare(before, after, treated, rows=None, years=YEARS, disturbed=()):
    rows = rows_of(len(before)) if rows is None else rows
    treated = pd.Series(treated, dtype=float)
    return treated_against_untreated(rows, before, after, years, treated, disturbed)[0]


def test_growth_of_both_by_hand():
    # treated: 200 -> 200 x 1.04^5; untreated: 300 -> 300 x 1.03^5
    before = stands([100.0, 100.0, 150.0, 150.0])
    after = stands([200.0 * 1.04**5 - 100.0, 100.0, 150.0, 300.0 * 1.03**5 - 150.0])
    row = compare(before, after, [1.0, 0.9, 0.0, 0.09]).iloc[0]
    assert row[["treated_stands", "untreated_stands", "treated_ha"]].tolist() == [2, 2, 2.0]
    assert row["treated_growth_pct_yr"] == pytest.approx(4.0)
    assert row["untreated_growth_pct_yr"] == pytest.approx(3.0)
    assert row["growth_difference_pct_yr"] == pytest.approx(1.0)
    # growth of 4 % is a third faster than of 3 %
    assert row["observed_gain_pct"] == pytest.approx(100.0 / 3.0)


def test_a_difference_of_ages_is_no_difference_of_growth():
    # young stands grow by 6 %, old ones by 2 %; the treated ones are mostly young
    age = ["1", "1", "1", "2", "1", "2", "2", "2"]
    before = stands([100.0] * 8, age_group=age)
    after = stands([106.0 if one == "1" else 102.0 for one in age], age_group=age)
    row = compare(before, after, [1, 1, 1, 1, 0, 0, 0, 0], years=(2024, 2025)).iloc[0]
    assert row["treated_growth_pct_yr"] == pytest.approx(5.0)
    assert row["growth_difference_pct_yr"] == pytest.approx(0.0)


def test_only_stands_of_one_shape_and_kind_that_nothing_hit_are_compared():
    before = stands([100.0] * 8)
    after = stands([110.0, 105.0, 999.0, 999.0, 999.0, 999.0, 0.0, 999.0],
                   species_group=["oak"] * 3 + ["elm"] + ["oak"] * 4,
                   carbon_part=["arbor"] * 4 + ["bamboo"] + ["arbor"] * 3)  # fmt: skip
    rows = rows_of(8, change=["unchanged", "attribute", "split", *["unchanged"] * 5])
    table = compare(before, after, [1, 0, 0, 0, 0, 0.5, 0, 0], rows, (2024, 2025), disturbed=[7])
    row = table.iloc[0]
    assert row[["treated_stands", "untreated_stands"]].tolist() == [1, 1]
    assert row["growth_difference_pct_yr"] == pytest.approx(5.0)


def test_kinds_without_an_untreated_stand_are_left_out():
    before = stands([100.0, 100.0, 100.0], age_group=["1", "2", "2"])
    after = stands([150.0, 110.0, 105.0], age_group=["1", "2", "2"])
    row = compare(before, after, [1, 1, 0], years=(2024, 2025)).iloc[0]
    assert (row["treated_ha"], row["treated_growth_pct_yr"]) == (1.0, pytest.approx(10.0))
    only = compare(before.iloc[:1], after.iloc[:1], [1])
    assert only.empty
    assert list(only) == COLUMNS == list(columns("improvement_evidence").index)


def test_there_is_no_gain_over_stands_that_did_not_grow():
    row = compare(stands([100.0, 100.0]), stands([110.0, 90.0]), [1, 0]).iloc[0]
    assert np.isnan(row["observed_gain_pct"])
    assert row["growth_difference_pct_yr"] > 0.0


def test_the_note_says_that_this_is_no_proof():
    before, after = stands([100.0, 100.0]), stands([110.0, 105.0])
    _, (note,) = treated_against_untreated(
        rows_of(2), before, after, (2024, 2025), pd.Series([1.0, 0.0])
    )
    assert "+5.00" in note.what("en")
    assert "no proof" in note.what("en")
    assert "不能证明" in note.what()
    nothing = treated_against_untreated(rows_of(2), before, after, YEARS, pd.Series([0.0, 0.0]))
    assert nothing[1] == []


def test_the_treated_share_is_that_of_the_stand():
    pieces = pd.DataFrame({"stand": ["c", "c", "a"], "ground_ha": [1.0, 0.5, 9.0]})
    share = treated_share(pieces, pd.DataFrame({"area_ha": [8.0, 1.0, 3.0]}, index=list("abc")))
    assert share.tolist() == [1.0, 0.0, 0.5]


@hypothesis_settings(max_examples=10, deadline=None)
@given(st.lists(st.tuples(st.floats(10.0, 1e3), st.floats(10.0, 1e3), st.booleans()),
                min_size=2, max_size=8))  # fmt: skip
def test_the_order_of_stands_does_not_matter_and_equal_growth_is_no_difference(cells):
    before, after = stands([one[0] for one in cells]), stands([one[1] for one in cells])
    treated = [float(one[2]) for one in cells]
    there = compare(before, after, treated)
    back = compare(before[::-1], after[::-1], treated[::-1])
    pd.testing.assert_frame_equal(there, back)
    same = compare(before, before.assign(
        forest_stock_m3=before["forest_stock_m3"] * 1.2), treated)  # fmt: skip
    np.testing.assert_allclose(same["growth_difference_pct_yr"], 0.0, atol=1e-9)
