"""Dead organic matter and soil by libcbm, beside our simple pools."""

import importlib.util
import sqlite3
import sys
import types
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from conftest import FACTS
from hypothesis import given
from hypothesis import strategies as st

from carbon_sink import cbm
from carbon_sink.cbm import (
    Course,
    Plot,
    cohorts_of,
    compare,
    curves_of,
    events_of,
    left_out,
    notes,
    plan,
    simulate,
    usable,
)
from carbon_sink.cbm.engine import POOLS
from carbon_sink.cbm.schedule import COLUMNS, EVENTS
from carbon_sink.errors import FileError, ParameterError
from carbon_sink.growth_models import group_models
from carbon_sink.report.carbon_sheets import carbon_sheets
from carbon_sink.scenarios import Disturbance, Planting, Scenario
from carbon_sink.tables import columns, read_data

needs_libcbm = pytest.mark.skipif(
    importlib.util.find_spec("libcbm") is None,
    reason='LIBCBM IS NOT INSTALLED, the comparison is not tested: pip install "carbon_sink[cbm]"',
)
AGES = np.arange(0, 101, 10)
CURVES = pd.concat(
    [pd.DataFrame({"species_group": group, "age_yr": AGES,
                   "volume_m3_ha": top * (1 - np.exp(-0.05 * AGES)) ** 2})
     for group, top in (("masson_pine", 200.0), ("oak", 150.0))]
)  # fmt: skip
COHORTS = pd.DataFrame({"species_group": ["masson_pine", "masson_pine", "oak"],
                        "age_yr": [10.0, 40.0, 30.0], "area_ha": [100.0, 50.0, 80.0]})  # fmt: skip


def events(*rows):
    return pd.DataFrame(rows, columns=COLUMNS)


def wide(course):
    return course.pools.pivot_table(index="year", columns="pool", values="carbon_t")


@pytest.fixture(scope="module")
def calm():
    return simulate(COHORTS, CURVES, 2025, 2030)


@pytest.fixture(scope="module")
def cut():
    # 50 ha of pine of 41 years are all that is cut, 20 ha of oak are planted
    return simulate(COHORTS, CURVES, 2025, 2030, events(
        (2026, "harvest", "", 50.0, np.nan), (2028, "planting", "oak", 20.0, np.nan)))  # fmt: skip


# what befalls which forest


def test_the_oldest_stands_are_cut_first_and_cut_in_part():
    # 60 ha: all 50 ha of pine of 40 years, then 10 of the 80 ha of oak of 30 years
    plots, unmet = plan(COHORTS, lambda *_: 1.0, events((2026, "fire", "", 60.0, np.nan)), 2025)
    hit = {(one.species_group, one.age_yr): one.area_ha for one in plots if one.events}
    assert hit == {("masson_pine", 40): 50.0, ("oak", 30): 10.0}
    assert unmet.empty


def test_harvest_in_volume_takes_the_area_that_holds_it():
    # 150 m3/ha × 50 ha = 7500 m3; 750 m3 more at 75 m3/ha are 10 ha
    stock = {"masson_pine": 150.0, "oak": 75.0}
    plots, unmet = plan(COHORTS, lambda group, age: stock[group] if age > 10 else 0.0,
                        events((2026, "harvest", "", np.nan, 8250.0)), 2025)  # fmt: skip
    assert sorted(one.area_ha for one in plots if one.events) == pytest.approx([10.0, 50.0])
    assert unmet.empty


def test_what_is_cut_grows_again_from_the_next_year_and_can_burn_later():
    cohorts = COHORTS.head(1)
    asked = events((2026, "harvest", "", 100.0, np.nan), (2026, "fire", "", 5.0, np.nan),
                   (2030, "fire", "", 30.0, np.nan))  # fmt: skip
    plots, unmet = plan(cohorts, lambda *_: 1.0, asked, 2025)
    assert sorted((one.area_ha, one.events) for one in plots) == [
        (30.0, {2026: "harvest", 2030: "fire"}), (70.0, {2026: "harvest"})]  # fmt: skip
    assert unmet[["year", "kind", "area_ha"]].to_numpy().tolist() == [[2026, "fire", 5.0]]
    assert [plots[0].age(year, 2025) for year in (2025, 2026, 2029)] == [10, 1, 4]


def test_what_found_no_forest_is_told():
    plots, unmet = plan(COHORTS, lambda *_: 0.0, events((2026, "harvest", "", np.nan, 9.0)), 2025)
    assert not any(one.events for one in plots)
    (problem,) = notes("bau", Course(pd.DataFrame(), 0.0, unmet))
    assert (problem.code, problem.value, problem.count) == ("cbm_events_unmet", "2026", 1)
    assert problem.severity == "warn"
    assert notes("bau", Course(pd.DataFrame(), 0.0, unmet.head(0))) == []


@given(st.lists(st.tuples(st.integers(2026, 2040), st.sampled_from(["harvest", "fire", "planting"]),
                          st.just("oak"), st.floats(0.1, 150.0), st.just(np.nan)), max_size=8))  # fmt: skip
def test_no_ground_is_lost_or_made_but_by_planting(rows):
    plots, unmet = plan(COHORTS, lambda *_: 1.0, events(*rows), 2025)
    planted = sum(row[3] for row in rows if row[1] == "planting")
    assert sum(one.area_ha for one in plots) == pytest.approx(230.0 + planted)
    for kind in ("harvest", "fire"):
        for year in range(2026, 2041):
            asked = sum(row[3] for row in rows if row[:2] == (year, kind))
            hit = sum(one.area_ha for one in plots if one.events.get(year) == kind)
            left = unmet[unmet["year"].eq(year) & unmet["kind"].eq(kind)]["area_ha"].sum()
            assert hit + left == pytest.approx(asked, abs=1e-5)


def test_scenarios_become_events_of_their_years():
    scenario = Scenario("a", "甲", "A", 500.0, 1.0, (Planting("oak", 10.0, 2027, 2027),), None,
                        Disturbance("pest", 20.0, 30.0, 2026, 2026))  # fmt: skip
    found = events_of(scenario, 2025, 2027)
    # 20 ha of which 30 % of the stock is lost are laid on 6 ha
    assert found.fillna(-1).to_numpy().tolist() == [
        [2026, "harvest", "", -1, 500.0], [2026, "pest", "", 6.0, -1],
        [2027, "harvest", "", -1, 500.0], [2027, "planting", "oak", 10.0, -1]]  # fmt: skip
    assert events_of(Scenario("b", "乙", "B", 0.0, 0.0), 2025, 2030).empty
    assert set(found["kind"]) <= set(EVENTS)


def test_a_plot_that_is_planted_later_has_no_age_before():
    plot = Plot("oak", 0, 1.0, {2028: "planting"}, 2028)
    assert [plot.age(year, 2025) for year in (2025, 2027, 2028, 2029)] == [0, 0, 1, 2]


# stands and growth models


def test_stands_without_age_stock_or_curve_are_left_out_and_told():
    stands = pd.DataFrame({
        "carbon_part": ["arbor", "arbor", "arbor", "arbor", "bamboo"],
        "species_group": ["oak", "oak", "chinese_fir", "oak", "bamboo"],
        "stand_age_yr": [30.0, np.nan, 20.0, 25.0, 5.0], "area_ha": [1.0, 2.0, 4.0, 8.0, 16.0],
        "forest_stock_m3": [50.0, 60.0, 70.0, 0.0, 0.0]})  # fmt: skip
    can_grow = usable(stands, group_models())
    assert can_grow.tolist() == [True, False, False, False, False]
    assert not usable(stands.drop(columns="stand_age_yr"), group_models()).any()
    (problem,) = left_out(stands, can_grow)
    # the stand without stock counts nowhere: 2 + 4 ha
    assert (problem.code, problem.count, problem.value) == ("cbm_left_out", 2, "6.0")
    assert problem.rule == "chinese_fir, oak"
    assert left_out(stands.head(1), can_grow.head(1)) == []


def test_curves_rise_from_nothing_and_belong_to_groups_that_have_one():
    curves = curves_of(group_models())
    assert "chinese_fir" not in set(curves["species_group"])
    by_age = curves.pivot_table(index="age_yr", columns="species_group", values="volume_m3_ha")
    assert by_age.loc[0].eq(0).all()
    assert (by_age.diff().dropna() >= 0).all().all()
    assert set(by_age.columns) <= set(read_data("cbm_species.csv")["species_group"]) | {
        "other_conifer"
    }


@needs_libcbm
def test_stands_are_grown_by_the_curves_of_their_groups():
    stands = pd.DataFrame({"species_group": ["oak", "cypress"], "stand_age_yr": [30.0, 20.0],
                           "area_ha": [10.0, 5.0], "forest_stock_m3": [600.0, 200.0]})  # fmt: skip
    course = simulate(cohorts_of(stands), curves_of(group_models()), 2025, 2035)
    living = wide(course)["aboveground"]
    assert living.is_monotonic_increasing
    assert course.imbalance < 1e-6


# refusals


def test_without_libcbm_the_pip_line_is_told(monkeypatch):
    for name in ("libcbm", "libcbm.model.cbm.stand_cbm_factory"):
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(FileError, match=r"pip install") as caught:
        simulate(COHORTS, CURVES, 2025, 2026)
    assert "carbon_sink[cbm]" in caught.value.text("en")


def test_a_missing_libcbm_is_told_without_loading_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "libcbm", None)  # what cannot be imported
    with pytest.raises(FileError, match=r"pip install"):
        cbm.check_installed()


@needs_libcbm
def test_libcbm_that_is_installed_is_found():
    cbm.check_installed()


def test_a_machine_that_libcbm_does_not_run_on_is_told(monkeypatch):
    class StandCBMFactory:
        def __init__(self, *_):
            raise OSError("GLIBC_2.35 not found")

    for name in (
        "libcbm",
        "libcbm.model",
        "libcbm.model.cbm",
        "libcbm.model.cbm.stand_cbm_factory",
    ):
        monkeypatch.setitem(sys.modules, name, types.ModuleType(name))
    sys.modules["libcbm.model.cbm.stand_cbm_factory"].StandCBMFactory = StandCBMFactory
    with pytest.raises(FileError, match=r"GLIBC_2\.35"):
        simulate(COHORTS, CURVES, 2025, 2026)


def test_groups_without_a_curve_or_a_counterpart_are_refused_together():
    cohorts = pd.concat([COHORTS, COHORTS.head(2).assign(species_group=["bamboo", "cypress"])])
    with pytest.raises(ParameterError) as caught:
        simulate(cohorts, CURVES, 2025, 2026, events((2026, "planting", "nanmu", 1.0, np.nan)))
    found = {one.code: one.value for one in caught.value.problems}
    assert found == {"cbm_curve_missing": "bamboo, cypress, nanmu", "cbm_species_missing": "bamboo"}


def test_every_species_group_of_trees_has_a_canadian_counterpart():
    rows = read_data("biomass_parameters.csv")
    trees = set(rows.loc[rows["parameter"] == "bef", "species_group"])
    mapped = read_data("cbm_species.csv")
    assert set(mapped["species_group"]) == trees
    assert set(mapped["confidence"]) == {"uncertain"}


# the comparison


def test_pools_are_laid_side_by_side_and_what_ours_lack_stays_empty():
    pools = pd.DataFrame({"year": 2030, "pool": ["soil", "litter", "dead_wood"],
                          "carbon_t": [50.0, 30.0, 8.0]})  # fmt: skip
    ours = pd.DataFrame({"year": 2030, "pool": ["litter", "dead_wood"], "carbon_t": [20.0, 0.0]})
    table = compare("bau", Course(pools, 0.0, pools.head(0)), ours)
    assert list(table.columns) == list(columns("cbm_comparison").index)
    assert table["pool"].tolist() == ["dead_wood", "litter", "soil"]
    assert table["ratio"].fillna(-1).tolist() == [-1, 1.5, -1]
    assert table["cbm_carbon_t"].sum() == 88.0


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_readers_are_told_that_the_defaults_are_canadian_and_nothing_is_reported(lang):
    pools = pd.DataFrame({"year": [2030], "pool": ["soil"], "carbon_t": [50.0]})
    table = compare("bau", Course(pools, 0.0, pools.head(0)), pools.head(0))
    names = pd.DataFrame(
        {"scenario": ["bau"], "scenario_zh": ["现状"], "scenario_en": ["As usual"]}
    )
    tables = {"cbm_comparison": table, "outlook": names}
    sheet = next(one for one in carbon_sheets(tables, replace(FACTS, language=lang))
                 if one.key == "cbm_comparison")  # fmt: skip
    assert sheet.rows[0][0] == {"zh": "现状", "en": "As usual"}[lang]
    for word in {
        "zh": ("仅供对照", "加拿大", "17.8", "1.5—1.9 倍", "AR-TOOL12"),
        "en": ("comparison", "Canadian", "17.8", "1.5-1.9 times", "AR-TOOL12"),
    }[lang]:
        assert word in sheet.about


def test_nothing_to_compare_gives_nothing_without_libcbm():
    assert simulate(COHORTS.head(0), CURVES, 2025, 2026).pools.empty


# libcbm itself


@needs_libcbm
def test_stock_change_is_growth_less_losses_in_every_plot_and_year(calm, cut):
    assert calm.imbalance < 1e-6
    assert cut.imbalance < 1e-5  # what disturbances do adds up to single precision


@needs_libcbm
def test_roots_follow_the_equations_of_li_2003():
    # softwood: root = 0.222 × aboveground; hardwood: 1.576 × aboveground^0.615, both t/ha of
    # biomass, half of which is carbon (Li et al. 2003, Can. J. For. Res. 33:126-136)
    both = {}
    for group in ("masson_pine", "oak"):
        one = pd.DataFrame({"species_group": [group], "age_yr": [40], "area_ha": [1.0]})
        both[group] = wide(simulate(one, CURVES, 2025, 2025)).loc[2025]
    pine, oak = both["masson_pine"], both["oak"]
    assert pine["belowground"] == pytest.approx(0.222 * pine["aboveground"], rel=1e-5)
    assert oak["belowground"] == pytest.approx(
        1.576 * (2 * oak["aboveground"]) ** 0.615 / 2, rel=1e-5
    )


@needs_libcbm
def test_pools_are_grouped_as_the_tables_of_cbm_group_them():
    from libcbm import resources

    query = ("select i.name, p.code from pool_indicator_tr i join pool_indicator_value v on "
             "v.pool_indicator_id = i.pool_indicator_id join pool p on p.id = v.pool_id "
             "where i.locale_id = 1")  # fmt: skip
    with sqlite3.connect(resources.get_cbm_defaults_path()) as database:
        rows = pd.DataFrame(database.execute(query).fetchall(), columns=["name", "pool"])
    theirs = rows.groupby("name")["pool"].agg(set)
    names = {"aboveground": "Aboveground Biomass", "belowground": "Belowground Biomass",
             "dead_wood": "Deadwood", "litter": "Litter", "soil": "Soil C"}  # fmt: skip
    assert {pool: set(codes) for pool, codes in POOLS.items()} == {
        pool: theirs[name] for pool, name in names.items()
    }
    assert {code for codes in POOLS.values() for code in codes} == theirs["Total Ecosystem"]


@needs_libcbm
def test_cutting_lowers_living_carbon_and_leaves_slash(calm, cut):
    quiet, felled = wide(calm), wide(cut)
    assert felled.loc[2025].tolist() == pytest.approx(quiet.loc[2025].tolist())
    assert felled.loc[2026, "aboveground"] < quiet.loc[2026, "aboveground"]
    assert felled.loc[2026, "litter"] > quiet.loc[2026, "litter"], "slash falls to the ground"


@needs_libcbm
def test_the_soil_of_planted_land_is_no_gain_of_the_forest(cut):
    bare = simulate(COHORTS, CURVES, 2025, 2030,
                    events((2026, "harvest", "", 50.0, np.nan)))  # fmt: skip
    more = wide(cut) - wide(bare)
    assert more.loc[:2027].abs().to_numpy().max() == 0.0
    # 20 ha came with some 80 t/ha in their soil; what they gain or lose in three years is less
    # than 5 t/ha, and nothing jumps in the year of planting
    assert more.loc[2028:, "soil"].abs().max() < 20 * 5
    assert more.loc[2028:, "litter"].abs().max() < 20 * 5
    assert more.loc[2030, "aboveground"] > more.loc[2028, "aboveground"] >= 0


@needs_libcbm
def test_double_the_area_is_double_the_carbon(calm):
    double = simulate(COHORTS.assign(area_ha=COHORTS["area_ha"] * 2), CURVES, 2025, 2030)
    assert double.pools["carbon_t"].tolist() == pytest.approx(
        (calm.pools["carbon_t"] * 2).tolist(), rel=1e-5
    )


@needs_libcbm
def test_warmth_speeds_decay(calm):
    cold = simulate(COHORTS, CURVES, 2025, 2030, temperature_c=5.0)
    for pool in ("dead_wood", "litter"):
        assert (wide(cold)[pool] > wide(calm)[pool]).all()
    assert wide(cold)["aboveground"].tolist() == pytest.approx(wide(calm)["aboveground"].tolist())


@needs_libcbm
def test_curves_are_fitted_to_the_stock_of_the_cohorts(calm):
    on_curve = np.interp(40, AGES, 200.0 * (1 - np.exp(-0.05 * AGES)) ** 2) * 50
    young = np.interp(10, AGES, 200.0 * (1 - np.exp(-0.05 * AGES)) ** 2) * 100
    pines = COHORTS.head(2)
    same = simulate(pines.assign(volume_m3=[young, on_curve]), CURVES, 2025, 2025)
    half = simulate(pines.assign(volume_m3=[young / 2, on_curve / 2]), CURVES, 2025, 2025)
    plain = simulate(pines, CURVES, 2025, 2025)
    assert same.pools["carbon_t"].tolist() == pytest.approx(plain.pools["carbon_t"].tolist())
    assert wide(half)["aboveground"].item() < wide(plain)["aboveground"].item()


@needs_libcbm
def test_the_version_is_known():
    assert int(cbm.version().split(".")[0]) >= 2
