"""Intervals of the sinks of works."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from surveys import PARAMETERS

from carbon_sink.growth_errors import GrowthError, growth_draws, growth_spread_pct
from carbon_sink.simulation import area_factors, tree_factors
from carbon_sink.sink_draws import draw_sinks, flows_until, ledger_flows, soil_spread_pct
from carbon_sink.spreads import Errors, Spread, default_spread
from carbon_sink.tables import columns

SEED = 7
NOTHING = dict.fromkeys(["wood_density_pct", "bef_pct", "root_ratio_pct", "carbon_fraction_pct",
                         "area_biomass_pct", "parcel_stock_pct", "parcel_scattered_pct",
                         "parcel_area_pct"], 0.0)  # fmt: skip
SURE = Spread(**NOTHING, stock_bias_pct={}, bias_dates_correlation=0.9)


def errors_of(spread=None):
    return Errors(spread or default_spread(), PARAMETERS, (2020, 2025), np.array([0.05, 0.05]))


def row(co2_t=1000.0, kind="curve", species="oak", of="afforestation", until=2035, yearly=None):
    return {"project_type": of, "species_group": species, "kind": kind, "until_year": until,
            "co2_t": co2_t, "co2_t_yr": co2_t / 10.0 if yearly is None else yearly}  # fmt: skip


def found(*rows, spread=None, rates=None, levels=None, draws=10_000, seed=SEED):
    table = draw_sinks(pd.DataFrame(rows), errors_of(spread), rates or {}, levels or {}, draws,
                       seed)  # fmt: skip
    return table.set_index(["project_type", "until_year"])


def width(table, of="afforestation", until=2035):
    return table.loc[(of, until), "high_co2e_t"] - table.loc[(of, until), "low_co2e_t"]


def test_one_species_in_one_work_has_the_quantiles_of_its_lognormal_factor():
    # only growth errs, by 50 %: sd 0.5 / 1.96 = 0.2551, s^2 = ln(1 + 0.2551^2) = 0.06305;
    # bounds exp(-s^2/2 -+ 1.96 s) = 0.5923 and 1.5849
    one = found(row(), spread=SURE, draws=200_000).loc[("afforestation", 2035)]
    variance = np.log1p((0.5 / 1.959964) ** 2)
    low, high = np.exp(-variance / 2.0 + np.array([-1.959964, 1.959964]) * np.sqrt(variance))
    assert (low, high) == pytest.approx((0.5923, 1.5850), abs=1e-3)
    assert one[["low_co2e_t", "high_co2e_t"]].tolist() == pytest.approx(
        [1000.0 * low, 1000.0 * high], rel=0.01
    )
    assert one["removal_co2e_t"] == 1000.0
    assert one["yearly_low_co2e_t_yr"] == pytest.approx(one["low_co2e_t"] / 10.0)


def test_calibrated_growth_has_its_own_error():
    narrow = found(row(), spread=SURE, levels={"oak": GrowthError(0.4, 20.0)})
    wide = found(row(), spread=SURE)
    assert width(narrow) / width(wide) == pytest.approx(0.4, rel=0.05)
    # single trees follow curves of size, which the stock of stands does not calibrate
    size = found(row(kind="size"), spread=SURE, levels={"oak": GrowthError(0.4, 20.0)})
    assert width(size) == pytest.approx(width(wide))


def test_growth_by_rates_has_the_error_that_all_calibrated_growth_shares():
    rates = {"oak": GrowthError(0.8, 20.0, 40.0)}
    table = found(row(kind="rate"), spread=SURE, rates=rates)
    factor = growth_draws("oak", "rate", rates["oak"], errors_of(SURE), 10_000, SEED)
    bounds = 1000.0 * np.percentile(factor, [2.5, 97.5])
    assert table.loc[("afforestation", 2035), ["low_co2e_t", "high_co2e_t"]].tolist() == (
        pytest.approx(bounds.tolist())
    )


@pytest.mark.parametrize(
    ("kind", "species", "factor"),
    [
        ("measured", "oak", lambda errors: tree_factors("oak", errors, 10_000, SEED)),
        ("area", "bamboo_moso", lambda errors: area_factors("bamboo", errors, 10_000, SEED)),
        ("curve", "", lambda errors: tree_factors("mixed_wood", errors, 10_000, SEED)
            * growth_draws("mixed_wood", "curve", GrowthError(1.0, growth_spread_pct()), errors,
                           10_000, SEED)),
    ],
)  # fmt: skip
def test_each_kind_has_the_draws_of_its_own_errors(kind, species, factor):
    table = found(row(kind=kind, species=species))
    bounds = 1000.0 * np.percentile(factor(errors_of()), [2.5, 97.5])
    assert table.loc[("all", 2035), ["low_co2e_t", "high_co2e_t"]].tolist() == pytest.approx(
        bounds.tolist()
    )


def test_soil_errs_as_the_reference_stocks_of_the_guidelines():
    assert soil_spread_pct() == 90.0
    one = found(row(kind="soil"), spread=SURE, draws=100_000).loc[("all", 2035)]
    variance = np.log1p((0.9 / 1.959964) ** 2)
    expected = np.exp(-variance / 2.0 + np.array([-1.959964, 1.959964]) * np.sqrt(variance))
    assert one[["low_co2e_t", "high_co2e_t"]].tolist() == pytest.approx(
        (1000.0 * expected).tolist(), rel=0.02
    )


def test_works_of_one_species_err_together_and_widths_add_up():
    table = found(row(), row(of="corridor"))
    assert width(table, "all") == pytest.approx(2.0 * width(table))


def test_works_of_two_species_err_apart_and_widths_add_less():
    table = found(row(), row(of="corridor", species="cypress"))
    parts = width(table), width(table, "corridor")
    assert width(table, "all") < 0.85 * sum(parts)
    assert width(table, "all") == pytest.approx(np.hypot(*parts), rel=0.1)


def test_a_certain_loss_moves_the_interval_and_does_not_widen_it():
    plain, less = found(row()), found(row(), row(-200.0, "other", ""))
    assert width(less) == pytest.approx(width(plain))
    shift = plain - less
    assert shift["low_co2e_t"].tolist() == pytest.approx([200.0, 200.0])


def test_no_removal_has_no_width():
    table = found(row(0.0), row(np.nan, species="unheard_of"))
    assert table.eq(0.0).all(axis=None)


def test_years_have_rows_of_their_own_and_types_come_before_the_whole():
    table = found(row(), row(until=2060, co2_t=3000.0), row(of="corridor", until=2060))
    assert table.index.tolist() == [("afforestation", 2035), ("afforestation", 2060),
                                    ("corridor", 2060), ("all", 2035), ("all", 2060)]  # fmt: skip
    assert table.loc[("all", 2060), "removal_co2e_t"] == 4000.0
    # one draw serves all years
    assert width(table, until=2060) == pytest.approx(3.0 * width(table))
    assert set(table.reset_index()) <= set(columns("project_sinks").index)


def test_no_works_give_no_rows():
    assert draw_sinks(pd.DataFrame([row()]).iloc[:0], errors_of(), {}, {}, 100, 1).empty


ROWS = st.lists(
    st.builds(row, st.floats(-1e5, 1e6), st.sampled_from(["curve", "rate", "measured", "other"]),
              st.sampled_from(["oak", "cypress", ""]), st.sampled_from(["corridor", "greening"]),
              st.sampled_from([2035, 2060])),
    min_size=1, max_size=8,
)  # fmt: skip


@hypothesis_settings(max_examples=15, deadline=None)
@given(ROWS, st.randoms(use_true_random=False))
def test_the_order_of_rows_changes_nothing_and_the_whole_is_the_sum(rows, random):
    table = found(*rows, draws=200)
    other = found(*random.sample(rows, len(rows)), draws=200)
    pd.testing.assert_frame_equal(table, other, rtol=1e-9, atol=1e-6)
    types = table.drop(index="all", level="project_type")["removal_co2e_t"]
    assert types.groupby(level="until_year").sum().tolist() == pytest.approx(
        table.loc["all", "removal_co2e_t"].tolist(), abs=1e-6
    )


LEDGER = pd.DataFrame({
    "project_id": ["a", "a", "b"], "project_type": ["corridor", "corridor", "greening"],
    "year": [2024, 2025, 2025], "tree_co2_t": [1.0, 2.0, 4.0], "soil_co2_t": [0.5, 0.5, np.nan],
    "baseline_co2_t": [-3.0, 0.0, 0.0], "emission_co2e_t": [-1.0, 0.0, -1.0],
    "leakage_co2e_t": [0.0, -0.1, 0.0], "removal_co2e_t": [-2.5, 2.4, 3.0],
})  # fmt: skip
WORKS = pd.DataFrame({"project_id": ["a", "b"], "species_group": ["oak", None],
                      "kind": ["curve", "rate"]})  # fmt: skip


def test_flows_of_a_ledger_sum_to_its_removals():
    flows = ledger_flows(LEDGER, WORKS)
    assert flows["co2_t"].sum() == pytest.approx(LEDGER["removal_co2e_t"].sum())
    trees = flows[flows["kind"].isin(["curve", "rate"])]
    assert trees[["species_group", "kind", "co2_t"]].to_numpy().tolist() == [
        ["oak", "curve", 1.0], ["oak", "curve", 2.0], ["", "rate", 4.0],
    ]  # fmt: skip


def test_trees_of_works_that_are_not_listed_come_from_elsewhere():
    flows = ledger_flows(LEDGER, WORKS.iloc[:1])
    assert flows[flows["kind"].eq("rate")].empty
    assert flows["co2_t"].sum() == pytest.approx(LEDGER["removal_co2e_t"].sum() - 4.0)


def test_flows_are_summed_until_a_year_and_told_of_it():
    rows = flows_until(ledger_flows(LEDGER, WORKS), [2024, 2025, 2060])
    rows = rows[rows["kind"].eq("curve")].set_index("until_year")
    assert rows["co2_t"].to_dict() == {2024: 1.0, 2025: 3.0, 2060: 3.0}
    assert rows["co2_t_yr"].to_dict() == {2024: 1.0, 2025: 2.0, 2060: 0.0}
