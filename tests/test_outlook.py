"""Outlook: tables, intervals and refusals."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from carbon_sink.carbon import add_carbon
from carbon_sink.errors import ParameterError
from carbon_sink.growth import stock_since_entry
from carbon_sink.growth_models import group_models
from carbon_sink.outlook import project
from carbon_sink.parameters import load_parameters
from carbon_sink.scenarios import Disturbance, Improvement, Planting, Scenario
from carbon_sink.spreads import default_spread
from carbon_sink.tables import columns

PARAMETERS, MODELS = load_parameters("ar_cm_001"), group_models()
BAU = Scenario("bau", "现状", "As usual", 20.0, 1.0)
PLAN = replace(BAU, key="plan", name_en="", planting=(Planting("cypress", 5.0, 2026, 2030),
                                                       Planting("bamboo", 2.0, 2026, 2026)))  # fmt: skip
YEARS = [2030, 2035]
GAINS = ["growth_m3", "improvement_m3", "ingrowth_m3", "planting_m3", "regrowth_m3"]
LOSSES = ["mortality_m3", "disturbance_m3", "harvest_m3"]


def stands(**more):
    rows = pd.DataFrame({
        "stand_id": list("abcd"), "forest_type": ["arbor", "arbor", "bamboo", "economic_arbor"],
        "species_group": ["masson_pine", "oak", "bamboo_other", "economic_other"],
        "forest_volume_m3": [2000.0, 1000.0, 0.0, 50.0], "area_ha": [30.0, 20.0, 10.0, 5.0],
        "arbor_ha": [30.0, 20.0, 0.0, 5.0], "bamboo_ha": [0.0, 0.0, 10.0, 0.0],
        "stand_age_yr": [20.0, 30.0, None, None], "dbh_cm": [14.0, 12.0, None, None],
        "height_m": [12.0, 10.0, None, None], "basal_area_m2_ha": [10.0, 8.0, None, None], **more,
    })  # fmt: skip
    rows["forest_stock_m3"] = rows["forest_volume_m3"]
    return add_carbon(rows, PARAMETERS)


def look(scenarios=(BAU,), years=YEARS, rows=None, factors=None, se=None, spread=None, **more):
    return project(stands() if rows is None else rows, 2025, PARAMETERS, scenarios, years, MODELS,
                   factors or {}, se or {}, spread or default_spread(), **{"draws": 1000, **more})  # fmt: skip


def figures(table, name, scenario="bau"):
    return table[table["scenario"].eq(scenario)].set_index("year")[name]


def exact():
    """No error at all but that of growth."""
    none = {name: 0.0 for name, one in vars(default_spread()).items() if name.endswith("_pct")}
    bias = dict.fromkeys(("commercial", "public_welfare", "reserve"), 0.0)
    return replace(default_spread(), **{**none, "stock_bias_pct": bias})


def test_the_outlook_starts_where_the_inventory_ends():
    tables, _ = look()
    first = figures(tables["outlook_series"], ["forest_stock_m3", "carbon_t"]).loc[2025]
    assert first.tolist() == pytest.approx([3050.0, stands()["carbon_t"].sum()])


def test_carbon_follows_stock_by_species_and_stays_where_forest_is_counted_by_area():
    tables, _ = look([replace(BAU, harvest_m3_yr=0.0, mortality_pct_yr=0.0)], [2026],
                     rows=stands(stand_age_yr=[20.0, None, None, None]))  # fmt: skip
    table = tables["outlook"].iloc[0]
    gained = table["forest_stock_m3"] - 3050.0
    # only the pine grows; 0.380 x 1.472 x 1.187 x 0.46 tC/m3
    removal = gained * 0.380 * 1.472 * 1.187 * 0.460 * 44.0 / 12.0
    assert table["removal_co2_t_yr"] == pytest.approx(removal)
    assert gained > 0


def test_removals_are_the_mean_since_the_year_listed_before():
    tables, _ = look()
    carbon = figures(tables["outlook_series"], "carbon_t")
    found = figures(tables["outlook"], "removal_co2_t_yr")
    assert found[2035] == pytest.approx((carbon[2035] - carbon[2030]) / 5.0 * 44.0 / 12.0)
    assert found[2030] == pytest.approx((carbon[2030] - carbon[2025]) / 5.0 * 44.0 / 12.0)


def test_the_balance_of_every_year_closes():
    full = replace(PLAN, improvement=Improvement(2.0, 2026, 2030, 10.0, "plots"),
                   disturbance=Disturbance("pest", 3.0, 30.0, 2027, 2028))  # fmt: skip
    balance = look([BAU, full], [2060])[0]["outlook_balance"]
    gained, lost = balance[GAINS].sum(axis=1), balance[LOSSES].sum(axis=1)
    assert np.allclose(balance["start_m3"] + gained - lost, balance["end_m3"], rtol=1e-12)
    assert len(balance) == 2 * 35


def test_new_forest_counts_when_its_canopy_has_closed():
    area = figures(look([PLAN])[0]["outlook_series"], "carbon_t", "plan")
    bau = figures(
        look([replace(PLAN, planting=PLAN.planting[:1])])[0]["outlook_series"], "carbon_t", "plan"
    )
    bamboo_t = 2.0 * 68.48 * 0.5
    # bamboo of 2026 closes in 2031
    assert (area - bau)[[2030, 2031, 2035]].tolist() == pytest.approx([0.0, bamboo_t, bamboo_t])
    forest = figures(look([PLAN])[0]["outlook"], "forest_area_ha", "plan")
    # all 25 ha of cypress by 2035
    assert forest.tolist() == [65.0, 65.0 + 2.0 + 25.0]


def test_intervals_hold_the_figures_and_widen():
    table = look([BAU], [2030, 2045, 2060])[0]["outlook"]
    for name in ("forest_stock_m3", "carbon_t"):
        low, high = (f"{name[:-3]}_low_m3", f"{name[:-3]}_high_m3") if "m3" in name else (
            "carbon_low_t", "carbon_high_t")  # fmt: skip
        assert table[low].lt(table[name]).all()
        assert table[high].gt(table[name]).all()
    width = (table["forest_stock_high_m3"] - table["forest_stock_low_m3"]) / table[
        "forest_stock_m3"
    ]
    assert width.is_monotonic_increasing


def test_calibrated_growth_is_surer():
    widths = []
    for factors, se in (
        ({}, {}),
        ({"masson_pine": 1.0, "oak": 1.0}, {"masson_pine": 0.02, "oak": 0.02}),
    ):
        table = look(factors=factors, se=se, spread=exact())[0]["outlook"]
        widths.append((table["forest_stock_high_m3"] - table["forest_stock_low_m3"]).iloc[-1])
    assert widths[1] < widths[0] / 5.0


def test_without_errors_there_is_no_interval():
    sure = {"masson_pine": 0.8, "oak": 1.1}
    curves = pd.DataFrame({"species_group": ["masson_pine", "oak"], "factor": 0.5,
                           "half_width_pct": 0.0, "basis": "own"})  # fmt: skip
    table = look(factors=sure, spread=exact(), levels=curves)[0]["outlook"]
    assert table["forest_stock_low_m3"].tolist() == pytest.approx(table["forest_stock_m3"].tolist())
    assert table["carbon_high_t"].tolist() == pytest.approx(table["carbon_t"].tolist())


def test_the_same_seed_gives_the_same_bits_and_another_one_does_not():
    one, two, other = (look([BAU, PLAN], seed=seed)[0] for seed in (1, 1, 2))
    for name, table in one.items():
        pd.testing.assert_frame_equal(table, two[name], check_exact=True)
    assert not one["outlook"]["carbon_low_t"].equals(other["outlook"]["carbon_low_t"])


def test_differences_of_scenarios_are_sharper_than_their_intervals():
    tables, _ = look([BAU, PLAN], [2060])
    gap = tables["outlook_difference"].iloc[0]
    stock = figures(tables["outlook"], ["forest_stock_low_m3", "forest_stock_high_m3"])
    assert gap["difference_m3"] > 0
    assert gap["difference_high_m3"] - gap["difference_low_m3"] < np.diff(stock.iloc[0])[0] / 2.0
    assert gap["compared_with"] == "bau"


def test_one_scenario_has_nothing_to_differ_from():
    assert "outlook_difference" not in look()[0]


def test_tables_have_the_columns_of_the_dictionary():
    tables, _ = look([BAU, PLAN])
    assert set(tables) == {"outlook", "outlook_series", "outlook_balance", "outlook_difference"}
    for name, table in tables.items():
        assert table.columns.tolist() == columns(name).index.tolist()
        assert table["scenario_en"].unique().tolist() in (["As usual", "现状"], ["现状"])


def test_stands_that_do_not_grow_and_far_years_are_told():
    rows = stands(stand_age_yr=[20.0, None, None, None])
    notes = look(rows=rows, years=[2030, 2060])[1]
    assert [one.code for one in notes] == ["outlook_not_growing"]
    assert (notes[0].rows, notes[0].value) == (("b",), "1000 m3")
    uncut = replace(BAU, harvest_m3_yr=0.0)  # nothing new grows
    aged = stands(stand_age_yr=[60.0, 60.0, None, None])
    old = look([uncut], rows=aged, years=[2030, 2060])[1]
    assert [(one.code, one.value) for one in old] == [
        ("outlook_outside_fit", "2030: 0 %, 2060: 100 %")
    ]


def test_arbor_forest_that_stays_without_stock_is_told():
    rows = stands(forest_volume_m3=[2000.0, 0.0, 0.0, 50.0])
    assert [(one.code, one.value, one.rows) for one in look(rows=rows)[1]] == [
        ("outlook_without_stock", "20.0 ha", ("b",))
    ]


def test_years_of_the_past_are_refused():
    with pytest.raises(ParameterError, match="2025"):
        look(years=[2025, 2030])
    with pytest.raises(ParameterError):
        look(years=[])


def test_a_forest_that_runs_out_is_refused_with_the_year_for_all_scenarios():
    greedy = replace(BAU, harvest_m3_yr=1000.0)
    with pytest.raises(ParameterError) as refused:
        look([BAU, replace(greedy, key="a"), replace(greedy, key="b")])
    found = refused.value.problems
    assert [one.field.split(".")[2] for one in found] == ["a", "b"]
    assert {one.rule for one in found} == {"2029"}


def plantations(**more):
    """Stands with a young plantation of pine beside them, which is no forest yet."""
    young = stands().iloc[:1].assign(stand_id="y", forest_type="young_planted", carbon_part=None,
                                     stand_age_yr=2.0, area_ha=100.0, arbor_ha=0.0,
                                     forest_volume_m3=0.0, forest_stock_m3=0.0, carbon_t=0.0,
                                     **more)  # fmt: skip
    return pd.concat([stands(), young], ignore_index=True)


def test_young_plantations_enter_stock_and_area_in_every_scenario():
    alone, beside = (look([BAU, PLAN], rows=rows)[0] for rows in (stands(), plantations()))
    for scenario in ("bau", "plan"):
        ingrowth = figures(beside["outlook_balance"], "ingrowth_m3", scenario)
        # 2 years old in 2025: 5 years, the least age of the curve, in 2028
        assert ingrowth[[2026, 2027]].tolist() == [0.0, 0.0]
        assert ingrowth[2028] == pytest.approx(100.0 * stock_since_entry("GM-mas-V", 5.0))
        area = [figures(one["outlook"], "forest_area_ha", scenario) for one in (alone, beside)]
        assert (area[1] - area[0]).tolist() == [100.0, 100.0]


def test_land_that_stays_without_stock_is_told_in_hectares_by_reason():
    bare = pd.concat([
        plantations(), plantations(species_group="chinese_fir").iloc[-1:],
        plantations(species_group=None).iloc[-1:].assign(area_ha=7.0),
        plantations().iloc[-1:].assign(stand_age_yr=None, area_ha=3.0),
        plantations().iloc[-1:].assign(forest_type="cutover", area_ha=5.0),
    ], ignore_index=True)  # fmt: skip
    note = next(one for one in look(rows=bare)[1] if one.code == "outlook_land_left_out")
    assert note.count == 4
    assert note.value.en == (
        "Cut-over site 5.0 ha; young plantations without age 3.0 ha; "
        "young plantations without a curve 100.0 ha; young plantations without species 7.0 ha"
    )


def test_what_is_cut_grows_back_and_species_without_curve_are_told():
    tables, notes = look([BAU], [2045])
    regrowth = figures(tables["outlook_balance"], "regrowth_m3")
    # cut in 2026, past five years in 2032
    assert (regrowth.loc[:2031] == 0.0).all()
    assert (regrowth.loc[2032:] > 0.0).all()
    assert not any(one.code == "outlook_no_regrowth" for one in notes)
    fir = stands(species_group=["chinese_fir", "oak", "bamboo_other", "economic_other"])
    note = next(one for one in look(rows=fir)[1] if one.code == "outlook_no_regrowth")
    assert note.value.en == "chinese_fir"


def test_calibrated_levels_rule_what_is_planted_and_few_stands_are_told():
    half = pd.DataFrame({"species_group": ["cypress"], "factor": 0.5, "half_width_pct": 10.0,
                         "basis": "own"})  # fmt: skip
    uncut = replace(PLAN, harvest_m3_yr=0.0)
    planted = [figures(look([uncut], levels=one)[0]["outlook_balance"], "planting_m3", "plan")
               for one in (None, half)]  # fmt: skip
    assert planted[1].loc[2031] == pytest.approx(planted[0].loc[2031] / 2.0)
    notes = look(levels=half.assign(basis="none"))[1]
    assert [one.value.en for one in notes if one.code == "outlook_curve_uncalibrated"] == [
        "cypress"
    ]


def test_a_bias_that_two_surveys_do_not_share_makes_the_sink_to_come_unsure():
    table = pd.DataFrame({"species_group": ["masson_pine", "oak"], "year_before": 2020,
                          "year_after": 2025, "volume_before_m3": 1000.0, "observed_m3": 1100.0,
                          "modelled_m3": 1200.0})  # fmt: skip
    sure = {"factors": {"masson_pine": 0.5, "oak": 0.5}, "se": {"masson_pine": 0.01, "oak": 0.01}}
    widths = []
    for more, correlation in (({}, 0.9), ({"calibration": table}, 1.0),
                              ({"calibration": table}, 0.9), ({"calibration": table}, 0.6)):  # fmt: skip
        spread = default_spread(bias_dates_correlation=correlation)
        found = look(years=[2030], spread=spread, **sure, **more)[0]["outlook"].iloc[0]
        widths.append(found["removal_high_co2_t_yr"] - found["removal_low_co2_t_yr"])
    # the biases are drawn anew, so the bounds of 1000 draws move a little
    assert widths[0] == pytest.approx(widths[1], rel=0.1)
    assert widths[2] > 1.2 * widths[1]
    # twice the deviation of the difference
    assert widths[3] > 1.4 * widths[2]
