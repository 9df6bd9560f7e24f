"""Intervals of the headline figures."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from surveys import PARAMETERS, date_of, summary_of, survey, with_trees

from carbon_sink.errors import ParameterError
from carbon_sink.parcel_sums import ParcelSums
from carbon_sink.report.sheets import sheets_of
from carbon_sink.simulation import World, bias_factors, tree_factors
from carbon_sink.spreads import Errors, default_spread, sd_of
from carbon_sink.tables import columns
from carbon_sink.uncertainty import combine_add, combine_multiply, simulate

SPREADS = ("wood_density_pct", "bef_pct", "root_ratio_pct", "carbon_fraction_pct",
           "area_biomass_pct", "parcel_stock_pct", "parcel_scattered_pct", "parcel_area_pct")  # fmt: skip
GROUPS = ("masson_pine", "oak")


def scaled(by, **further):
    """All spreads of the defaults times a number."""
    spread = default_spread()
    widths = {name: by * getattr(spread, name) for name in SPREADS}
    bias = {name: by * one for name, one in spread.stock_bias_pct.items()}
    return replace(spread, **widths, stock_bias_pct=bias, **further)


def run(stands, spread=None, **options):
    return simulate(stands, PARAMETERS, spread or default_spread(), summary_of(stands), **options)


@pytest.fixture(scope="module")
def stands():
    return survey()


@pytest.fixture(scope="module")
def done(stands):
    return run(stands)


def of_place(done, year=2025):
    table = done.table
    return table[table["town_code"].eq("") & table["year"].eq(year)].set_index("indicator")


def test_factors_combine_by_equation_3_1():
    # UNC_MULT: 0.369324
    assert combine_multiply([0.08, 0.3, 0.2]) == pytest.approx(0.369324, abs=1e-6)


def test_amounts_combine_by_equation_3_2():
    # UNC_ADD: 0.137437
    assert combine_add([100, 200], [0.1, 0.2]) == pytest.approx(0.137437, abs=1e-6)


def test_a_difference_is_divided_by_the_sum_and_not_by_the_sizes():
    # UNC_ADD_SIGN: |300 - 100| = 200 gives 0.180278; 300 + 100 would give 0.090139
    assert combine_add([300, -100], [0.1, 0.2]) == pytest.approx(0.180278, abs=1e-6)
    assert combine_add([1, -1], [0.1, 0.1]) == float("inf")


def test_the_values_are_those_of_the_tables(done, stands):
    summary = summary_of(stands)
    place = summary[summary["town_code"].eq("") & summary["year"].eq(2025)].iloc[0]
    table = of_place(done)
    for name in ("forest_stock_m3", "carbon_t", "removal_co2_t_yr", "forest_coverage_pct"):
        assert table.loc[name, "value"] == place[name]
    parts = table.loc[["arbor_carbon_t", "bamboo_carbon_t"], "value"].sum()
    assert parts == pytest.approx(place["carbon_t"])
    assert table.loc["removal_co2_t", "value"] == pytest.approx(5 * place["removal_co2_t_yr"])


def test_intervals_lie_around_the_values_and_towns_have_their_own(done):
    table = done.table[done.table["value"].gt(0)]
    assert table["low"].lt(table["value"]).all()
    assert table["high"].gt(table["value"]).all()
    assert (table["mean"] / table["value"]).sub(1).abs().lt(0.05).all()
    assert set(table["town_code"]) == {"", "t1", "t2"}
    assert set(of_place(done, 2020).index).isdisjoint({"removal_co2_t", "removal_co2_t_yr"})
    assert list(table.columns) == list(columns("uncertainty").index)


def test_draws_of_the_towns_add_up_to_those_of_the_place(done):
    for name in ("forest_stock_m3", "carbon_t", "removal_co2_t_yr", "forest_area_ha"):
        towns = done.draws(name, 2025, "t1") + done.draws(name, 2025, "t2")
        assert done.draws(name, 2025) == pytest.approx(towns)
    one = done.interval("carbon_t", 2025)
    assert one == done.intervals(2025)["carbon_t"]
    assert (one.low, one.high) == tuple(of_place(done).loc["carbon_t", ["low", "high"]])


def test_same_seed_same_bits_whatever_the_order_of_the_parcels(done, stands):
    mixed = {year: one.sample(frac=1, random_state=9) for year, one in reversed(stands.items())}
    again = simulate(mixed, PARAMETERS, default_spread(), summary_of(stands))
    pd.testing.assert_frame_equal(again.table, done.table, check_exact=True)
    pd.testing.assert_frame_equal(again.sources, done.sources, check_exact=True)
    other = run(stands, seed=2).draws("carbon_t", 2025)
    assert not np.array_equal(other, done.draws("carbon_t", 2025))


def test_parts_of_an_inventory_in_another_order_give_the_same_bits(done, stands):
    parts = {year: pd.concat([one.iloc[40:], one.iloc[:40]]) for year, one in stands.items()}
    assert np.array_equal(run(parts).draws("carbon_t", 2025), done.draws("carbon_t", 2025))


def test_a_further_town_leaves_the_draws_of_the_others_as_they_were(done, stands):
    fewer = {year: one[one["town_code"].eq("t1")] for year, one in stands.items()}
    assert np.array_equal(
        run(fewer).draws("arbor_carbon_t", 2025, "t1"), done.draws("arbor_carbon_t", 2025, "t1")
    )


def test_without_errors_every_interval_has_width_zero(stands):
    table = run(stands, scaled(0.0)).table
    for name in ("low", "high", "mean", "approach1_low", "approach1_high"):
        assert table[name].to_numpy() == pytest.approx(table["value"].to_numpy(), rel=1e-9)
    assert run(stands, scaled(0.0)).sources.empty


def test_for_small_errors_both_approaches_agree(stands):
    table = of_place(run(stands, scaled(0.1), draws=40_000))
    table = table[table["value"].gt(0)]  # there is no economic forest here
    wide = table["half_width_pct"] / table["approach1_half_width_pct"]
    assert wide.to_numpy() == pytest.approx(1.0, abs=0.02)


def test_shares_of_the_sources_add_up_and_make_the_interval_of_approach_one(done):
    for (indicator, year), rows in done.sources.groupby(["indicator", "year"]):
        assert rows["share_pct"].sum() == pytest.approx(100.0)
        assert rows["share_pct"].is_monotonic_decreasing
        value = of_place(done, year).loc[indicator]
        both = value["approach1_high"] - value["approach1_low"]
        assert combine_multiply(rows["half_width"]) == pytest.approx(both / 2)


@pytest.mark.parametrize("source", ["wood_density", "bef", "root_ratio", "area_biomass"])
def test_the_share_of_a_source_is_the_variance_with_all_others_at_their_means(stands, source):
    only = replace(scaled(0.0), **{f"{source}_pct": 20.0})
    alone = run(stands, only, draws=40_000)
    rows = alone.sources[alone.sources["indicator"].eq("carbon_t") & alone.sources["year"].eq(2025)]
    assert set(rows["error_source"]) == {source}
    expected = combine_multiply(rows["half_width"]) / 1.959964
    assert alone.interval("carbon_t", 2025).sd == pytest.approx(expected, rel=0.02)


def test_a_change_is_surer_than_the_stock_it_changes_because_both_dates_share_parameters(stands):
    # removal per year over 5 years as carbon of the whole change
    spread = default_spread(bias_dates_correlation=1.0)
    done = run(stands, spread)
    stock = done.interval("carbon_t", 2025).sd
    change = (done.draws("carbon_t", 2025) - done.draws("carbon_t", 2020)).std()
    apart = run({2025: stands[2025]}, spread, seed=2).draws("carbon_t", 2025)
    independent = (apart - done.draws("carbon_t", 2020)).std()
    assert change < stock
    assert change < 0.2 * independent
    assert independent > 1.2 * stock


def test_the_whole_change_and_the_change_per_year_are_one_figure(done):
    assert done.draws("removal_co2_t", 2025) == pytest.approx(
        5 * done.draws("removal_co2_t_yr", 2025)
    )
    carbon = done.draws("carbon_t", 2025) - done.draws("carbon_t", 2020)
    assert done.draws("removal_co2_t", 2025) == pytest.approx(carbon * 44 / 12)


@pytest.mark.parametrize("tied", [-1.0, 1.0])
def test_correlations_of_one_are_limits_and_no_faults(stands, tied):
    done = run(stands, bef_root_correlation=tied, dates_correlation=tied)
    assert np.isfinite(of_place(done)[["low", "high"]].to_numpy()).all()
    # both dates have the same bias and, with +1, the same parcels: only growth errs
    spread = default_spread(bias_dates_correlation=tied)
    change = of_place(run(stands, spread, dates_correlation=tied))
    wide = change.loc["removal_co2_t", "half_width_pct"]
    assert (wide < 40) == (tied == 1.0)


def test_coverage_cannot_pass_the_land_nor_fall_below_nothing():
    full = {2025: date_of([90.0] * 3, [10.0] * 3, ["oak"] * 3, "t1")}
    table = simulate(full, PARAMETERS, default_spread(), summary_of(full, 60.0)).table
    rows = table[table["indicator"].eq("forest_coverage_pct") & table["town_code"].eq("t1")]
    assert rows["value"].tolist() == [100.0]  # 30 ha of forest on the 30 ha of the town
    assert rows["high"].tolist() == [100.0]


def test_without_carbon_stock_is_told_and_without_stock_area(stands):
    plain = {year: one.drop(columns=["carbon_t", "carbon_part"]) for year, one in stands.items()}
    assert set(of_place(run(plain)).index) >= {"forest_stock_m3", "stock_m3_ha"}
    assert not of_place(run(plain)).index.str.contains("carbon").any()
    bare = {year: one.drop(columns=["living_stock_m3", "forest_stock_m3"])
            for year, one in plain.items()}  # fmt: skip
    assert set(of_place(run(bare)).index) == {
        "forest_area_ha", "forest_coverage_pct", "forest_coverage_sandiao_pct"
    }  # fmt: skip


def test_land_without_any_forest_has_intervals_of_nothing():
    bare = {2025: date_of([0.0], [0.0], ["oak"], "t1")}
    done = run(bare)
    assert of_place(done).loc["forest_area_ha", ["value", "low", "high"]].tolist() == [0.0] * 3
    assert done.sources.empty


def test_trees_beside_the_forest_are_drawn_with_the_factors_of_the_forest_of_their_species(stands):
    pines = {
        year: with_trees(one, "masson_pine") for year, one in survey(groups=["masson_pine"]).items()
    }
    only = replace(scaled(0.0), wood_density_pct=30.0)
    found = run(pines, only)
    forest, trees = (found.draws(f"{part}_carbon_t", 2025) for part in ("arbor", "four_side"))
    assert of_place(found).loc["four_side_carbon_t", "value"] == pytest.approx(60 * 0.305422)
    oaks = run({year: with_trees(one, "oak") for year, one in stands.items()}, only)
    # one species: carbon per cubic metre is off by the same factor everywhere
    assert trees / trees.mean() == pytest.approx(forest / forest.mean())
    assert np.corrcoef(oaks.draws("four_side_carbon_t", 2025), trees)[0, 1] < 0.1


def test_trees_beside_the_forest_do_not_move_a_bit_of_the_forest(done, stands):
    more = run({year: with_trees(one, "oak") for year, one in stands.items()})
    for name in ("carbon_t", "forest_stock_m3", "removal_co2_t_yr"):
        assert np.array_equal(more.draws(name, 2025), done.draws(name, 2025))
    pd.testing.assert_frame_equal(more.sources, done.sources, check_exact=True)


def test_both_approaches_agree_on_trees_beside_the_forest(stands):
    trees = {year: with_trees(one, "masson_pine") for year, one in stands.items()}
    table = of_place(run(trees, scaled(0.1), draws=40_000))
    for name in ("scattered_carbon_t", "four_side_carbon_t", "living_stock_m3"):
        wide = table.loc[name, "half_width_pct"] / table.loc[name, "approach1_half_width_pct"]
        assert wide == pytest.approx(1.0, abs=0.02)


def test_trees_of_unknown_species_have_no_interval_of_carbon(stands):
    trees = {2020: with_trees(stands[2020]), 2025: with_trees(stands[2025], "oak")}
    found = run(trees)
    assert "four_side_carbon_t" not in of_place(found, 2020).index
    assert "four_side_carbon_t" in of_place(found, 2025).index


def test_out_of_range_is_refused_all_at_once(stands):
    spread = replace(default_spread(), bias_dates_correlation=1.5, bef_pct=-1.0)
    with pytest.raises(ParameterError) as caught:
        run(stands, spread, draws=999, dates_correlation=-2.0)
    found = {(one.code, one.field) for one in caught.value.problems}
    assert found == {
        ("uncertainty_draws", "draws"),
        ("uncertainty_correlation", "dates_correlation"),
        ("uncertainty_correlation", "bias_dates_correlation"),
        ("uncertainty_spread", "bef_pct"),
    }


def survey_of(truth, species, errors, draw, number):
    """Look at the truth with the stated errors: sums of what the surveyors would write down."""
    alike = np.linalg.cholesky(errors.alike(errors.spread.bias_dates_correlation))
    bias = 1.0 + errors.bias_sd * (alike @ draw.standard_normal(2))
    parcel_sd = np.hypot(errors.stock_sd("arbor"), sd_of(errors.spread.parcel_area_pct))
    seen = truth / (bias * (1.0 + parcel_sd * draw.standard_normal(truth.shape)))
    groups = [species == k for k in range(2)]
    volume = np.array([seen[one].sum(axis=0) for one in groups])
    squares = np.array([seen[one].T @ seen[one] for one in groups])
    # the values of the species table are off too: true carbon is one tonne per cubic metre
    wrong = np.array([tree_factors(group, errors, 1, 10_000 + number) for group in GROUPS])
    nothing = np.zeros_like(squares)
    keys = tuple(("t", "arbor", group) for group in GROUPS)
    return ParcelSums(keys, errors.years, volume, np.zeros((2, 2)), volume / wrong,
                      squares, nothing, nothing)  # fmt: skip


def test_of_a_hundred_intervals_95_hold_the_truth():
    # one truth, 1500 surveys of it with the stated errors: 93 to 97 % must hold it
    draw, surveys, draws = np.random.default_rng(11), 1500, 1000
    species = np.resize([0, 1], 40)
    truth = draw.uniform(100.0, 600.0, 40)[:, None] * [1.0, 1.1]
    errors = Errors(default_spread(), PARAMETERS, (2020, 2025), np.full(2, sd_of(15.0)))
    known = {"forest_stock_m3": truth[:, 1].sum(), "carbon_t": truth[:, 1].sum(),
             "removal_co2_t": np.diff(truth.sum(axis=0)).item() * 44 / 12}  # fmt: skip
    held = dict.fromkeys(known, 0)
    for number in range(surveys):
        sums = survey_of(truth, species, errors, draw, number)
        factors = {group: tree_factors(group, errors, draws, number) for group in GROUPS}
        bias = bias_factors(errors, draws, number)
        land = {"t": np.full(2, np.nan)}
        found = World(sums, errors, factors, bias, land, draws, number).figures("t")
        for name, value in known.items():
            low, high = np.quantile(found[name][1], [0.025, 0.975])
            held[name] += bool(low <= value <= high)
    assert all(0.93 <= count / surveys <= 0.97 for count in held.values()), held


def test_sheets_show_the_latest_year_of_the_place_first(done):
    from conftest import FACTS

    tables = {"uncertainty": done.table, "uncertainty_sources": done.sources}
    sheets = {one.key: one for one in sheets_of(tables, FACTS, pd.DataFrame())}
    first = dict(zip(sheets["uncertainty"].headings, sheets["uncertainty"].rows[0], strict=True))
    assert (first["年度"], first["指标"]) == (2025, "森林蓄积量")
    assert sheets["uncertainty"].units[sheets["uncertainty"].headings.index("值")] == "row"
    assert "木材密度" in {row[3] for row in sheets["uncertainty_sources"].rows}
