"""Sinks of works by type: to date, in a year and ahead, with intervals, and never added twice."""

import pandas as pd
import pytest

from carbon_sink.project_summary import ALL_TYPES


@pytest.fixture(scope="module")
def sinks(all_works):
    return all_works.tables["project_sinks"].set_index(["project_type", "basis", "until_year"])


def test_figures_are_those_of_the_ledger_in_the_years_that_were_named(all_works, sinks):
    ledger = all_works.tables["project_ledger"]
    for year in (2025, 2035, 2060):
        due = ledger[ledger["year"].le(year)]
        expected = due["removal_co2e_t"].sum()
        row = sinks.loc[(ALL_TYPES, "ex_ante", year)]
        assert row["removal_co2e_t"] == pytest.approx(expected)
        now = due.loc[due["year"].eq(year), "removal_co2e_t"].sum()
        assert row["yearly_co2e_t_yr"] == pytest.approx(now)


def test_intervals_hold_their_figures_and_that_of_all_is_narrower_than_the_sum(sinks):
    ahead = sinks.xs(2060, level="until_year").xs("ex_ante", level="basis").dropna()
    assert ahead["low_co2e_t"].le(ahead["removal_co2e_t"]).all()
    assert ahead["high_co2e_t"].ge(ahead["removal_co2e_t"]).all()
    width = ahead["high_co2e_t"] - ahead["low_co2e_t"]
    assert 0.0 < width[ALL_TYPES] < width.drop(ALL_TYPES).sum()


def test_what_was_measured_stands_on_its_own_line(all_works, sinks):
    measured = sinks.xs("ex_post", level="basis")
    kinds = measured.index.get_level_values("project_type")
    # stands of improved forest are no gain of the works
    assert set(kinds) == {"afforestation", "four_side", ALL_TYPES}
    row = measured.loc[("afforestation", 2025)]
    assert row["removal_co2e_t"] == pytest.approx(650.370159)
    content = all_works.content["sinks"]["afforestation"]
    assert content["measured_co2e_t"] == row["removal_co2e_t"]
    assert content["to_date_co2e_t"]["value"] == 0.0


def test_a_type_of_which_nothing_is_known_removes_an_unknown_amount(all_works, sinks):
    assert pd.isna(sinks.loc[("greening", "ex_ante", 2060), "removal_co2e_t"])
    assert all_works.content["sinks"]["greening"]["to_date_co2e_t"]["value"] is None


def test_works_are_valued_at_the_price_of_the_user(all_works):
    value = all_works.tables["ecosystem_value"].dropna(subset="removal_co2e_t")
    assert value["value_cny"].tolist() == pytest.approx((value["removal_co2e_t"] * 80.0).tolist())
    assert set(value["price_source"]) == {"交易公告"}


def test_the_machine_readable_truth_holds_every_type_with_the_years_ahead(all_works):
    content = all_works.content["sinks"]
    assert list(content)[-1] == ALL_TYPES
    for kind in content.values():
        assert set(kind["until_co2e_t"]) == {"2035", "2060"}
        assert set(kind["to_date_co2e_t"]) == {"value", "low", "high"}
