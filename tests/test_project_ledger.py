"""The ledger of plantings: one project of each type by hand, invariants, and what is told."""

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from carbon_sink.curve_calibration import COLUMNS
from carbon_sink.growth_models import group_models
from carbon_sink.parameters import constant, load_parameters
from carbon_sink.planting_curves import rate_starts
from carbon_sink.pools import PoolChoice
from carbon_sink.project_ledger import LedgerTerms, ledger_notes, plantings_ledger, with_removals
from carbon_sink.project_soil import mine_soil
from carbon_sink.tables import check, columns

MODELS, SET = group_models(), load_parameters("ar_cm_001")
LEVELS = pd.DataFrame([("cypress", "GM-mas-V", "own", 20.0, 100.0, 0.2),
                       ("oak", "GM-bro-V", "own", 50.0, 100.0, 0.5),
                       ("eucalyptus", "GM-euc-V", "own", 25.0, 100.0, 0.25)],
                      columns=["species_group", "curve", "basis", "observed_m3", "modelled_m3",
                               "factor"]).reindex(columns=COLUMNS)  # fmt: skip
TERMS = LedgerTerms(40, 10.0)
SUMS = ["stock_m3", "above_t", "below_t", "tree_co2_t", "baseline_co2_t", "soil_co2_t",
        "emission_co2e_t", "leakage_co2e_t", "removal_co2e_t", "non_permanence_co2e_t",
        "creditable_co2e_t"]  # fmt: skip
CO2 = 44.0 / 12.0


def work(project_type="afforestation", **said):
    row = {"project_id": "A", "project_type": project_type, "method": "planting",
           "species_group": "cypress", "start_year": 2023, "credited_ha": 10.0, "survival": 1.0,
           "site_factor": 1.0, "baseline_t_ha": 0.0, "emission_co2e_t": 0.0,
           "leakage_co2e_t_yr": 0.0}  # fmt: skip
    return pd.DataFrame([row | said])


def laid_out(works, terms=TERMS, **more):
    return plantings_ledger(works, MODELS, LEVELS, SET, terms, **more)


def of_year(ledger, year, *names):
    row = ledger[ledger["year"].eq(year)].iloc[0]
    return [float(row[name]) for name in names or SUMS]


def pine_m3_ha(age):
    """Stock by the curve of Masson pine since its fifth year, as the source prints it."""
    return 123.38506 * (math.exp(-8.52159 / age) - math.exp(-8.52159 / 5.0))


def broadleaf_m3_ha(age):
    return 3.05656 * (age - 5.0) - 0.02154 * (age**2 - 25.0)


def eucalypt_m3_ha(age):
    return 194.86753 * (
        (1 - math.exp(-0.2926 * age)) ** 2.01492 - (1 - math.exp(-0.2926)) ** 2.01492
    )


def test_an_afforestation_with_every_term():
    works = work(survival=0.85, site_factor=1.2, baseline_t_ha=2.0, emission_co2e_t=12.0,
                 leakage_co2e_t_yr=0.5)  # fmt: skip
    ledger = laid_out(works, LedgerTerms(40, 10.0, 2.0))
    assert ledger["year"].tolist() == list(range(2023, 2063))
    assert ledger["age_yr"].tolist() == list(range(40))
    # the first year: no trees; 10 ha x 2 t/ha are cleared; 12 t of emissions; 0.5 t of leakage;
    # a loss has no deduction
    first = -20.0 * CO2 - 12.0 - 0.5
    assert of_year(ledger, 2023) == pytest.approx(
        [0.0, 0.0, 0.0, 0.0, -20.0 * CO2, np.nan, -12.0, -0.5, first, 0.0, first], nan_ok=True
    )
    # age 7: 10 ha x 0.85 x 1.2 x level 0.2 x curve; 0.478 x 1.732 x 0.51 t above ground
    six, seven = (10.0 * 0.85 * 1.2 * 0.2 * pine_m3_ha(age) for age in (6, 7))
    above = seven * 0.42222696
    tree = (seven - six) * 0.42222696 * 1.22 * CO2
    leakage = -0.5 - 0.02 * tree
    assert of_year(ledger, 2030) == pytest.approx(
        [seven, above, 0.22 * above, tree, 0.0, np.nan, 0.0, leakage, tree + leakage,
         -0.1 * (tree + leakage), 0.9 * (tree + leakage)], nan_ok=True,
    )  # fmt: skip
    # 13.68 m3 more on 10 ha, 1.8888 t of CO2 each
    assert tree == pytest.approx(25.842, abs=0.001)


def test_a_mine_restoration_with_its_soil():
    works = work("mine_restoration", species_group="oak", credited_ha=4.0, survival=0.9,
                 soil_loss_pct=20.0, soil_reference_t_ha=55.0)  # fmt: skip
    ledger = laid_out(works, soil=mine_soil(works, PoolChoice()))
    # 55 t/ha x 0.2 / 20 on 4 ha: 2.2 t a year from 2024 to 2043
    soil = 2.2 * CO2
    assert of_year(ledger, 2023, "soil_co2_t", "removal_co2e_t") == [0.0, 0.0]
    assert of_year(ledger, 2024, "soil_co2_t", "removal_co2e_t", "creditable_co2e_t") == (
        pytest.approx([soil, soil, 0.9 * soil])
    )
    assert of_year(ledger, 2043, "soil_co2_t") == pytest.approx([soil])
    assert of_year(ledger, 2044, "soil_co2_t") == [0.0]
    assert ledger["soil_co2_t"].sum() == pytest.approx(20.0 * soil)
    # age 6: 4 ha x 0.9 x level 0.5 x 2.81962 m3/ha; 0.676 x 1.355 x 0.5 x 1.292 t/m3
    stock = 1.8 * 2.81962
    tree = stock * 0.59172308 * CO2
    assert of_year(ledger, 2029, "stock_m3", "tree_co2_t", "removal_co2e_t") == pytest.approx(
        [stock, tree, tree + soil], abs=1e-4
    )


def test_a_shelterbelt_counts_its_length_times_its_width():
    # 1000 m x 12 m
    works = work("shelterbelt", species_group="camphor", credited_ha=1000.0 * 12.0 / 1e4,
                 survival=0.95)  # fmt: skip
    ledger = laid_out(works)
    # age 10; camphor has no stands of its own and takes the level 0.5 of the broadleaf curve
    stock = 1.2 * 0.95 * 0.5 * broadleaf_m3_ha(10)
    assert stock == pytest.approx(1.2 * 0.95 * 0.5 * 13.6673)
    above = stock * 0.460 * 1.412 * 0.492
    grown = 1.2 * 0.95 * 0.5 * (broadleaf_m3_ha(10) - broadleaf_m3_ha(9))
    tree = grown * 0.460 * 1.412 * 0.492 * 1.275 * CO2
    assert of_year(ledger, 2033) == pytest.approx(
        [stock, above, 0.275 * above, tree, 0.0, np.nan, 0.0, 0.0, tree, -0.1 * tree, 0.9 * tree],
        nan_ok=True,
    )


def test_a_corridor_of_eucalypts_has_stock_from_its_second_year():
    ledger = laid_out(work("corridor", species_group="eucalyptus", credited_ha=2.0, survival=0.8))
    assert of_year(ledger, 2024, "stock_m3", "removal_co2e_t") == [0.0, 0.0]
    # 2 ha x 0.8 x level 0.25; 0.578 x 1.263 x 0.525 x 1.221 t/m3
    stock = 0.4 * eucalypt_m3_ha(2)
    tree = stock * 0.578 * 1.263 * 0.525 * 1.221 * CO2
    assert of_year(ledger, 2025, "stock_m3", "tree_co2_t", "creditable_co2e_t") == pytest.approx(
        [stock, tree, 0.9 * tree]
    )


def test_a_greening_on_poor_ground_whose_survival_nobody_states():
    works = work("greening", species_group="nanmu", survival=np.nan, site_factor=0.5,
                 emission_co2e_t=30.0, leakage_co2e_t_yr=np.nan)  # fmt: skip
    ledger = laid_out(works)
    # age 39: 10 ha x 0.5 x level 0.5; the sum over 40 years is the carbon that stands at the end
    stock = 2.5 * broadleaf_m3_ha(39)
    tree = stock * 0.477 * 1.639 * 0.503 * 1.264 * CO2
    assert of_year(ledger, 2062, "stock_m3")[0] == pytest.approx(stock)
    assert ledger["tree_co2_t"].sum() == pytest.approx(tree)
    assert ledger["removal_co2e_t"].sum() == pytest.approx(tree - 30.0)
    # no deduction in the year of the emissions
    assert ledger["creditable_co2e_t"].sum() == pytest.approx(0.9 * tree - 30.0)


@pytest.mark.parametrize(
    ("species", "whole", "above", "below"),
    [("economic_citrus", 35.21, 29.35, 7.55), ("bamboo_sympodial", 68.48, 45.29, 24.64)],
)
def test_farmland_returned_to_forest_by_area(species, whole, above, below):
    works = work("grain_for_green", species_group=species, credited_ha=3.0, survival=0.9,
                 baseline_t_ha=1.0)  # fmt: skip
    ledger = laid_out(works)
    # 3 ha x 0.9 x biomass x 0.5, a fifth each year for five years
    carbon = 2.7 * whole * 0.5
    tree = carbon / 5.0 * CO2
    assert of_year(ledger, 2023, "tree_co2_t", "baseline_co2_t") == pytest.approx([0.0, -3 * CO2])
    share = above / (above + below)
    assert of_year(ledger, 2025) == pytest.approx(
        [0.0, 0.4 * carbon * share, 0.4 * carbon * (1.0 - share), tree, 0.0, np.nan, 0.0, 0.0,
         tree, -0.1 * tree, 0.9 * tree], nan_ok=True,
    )  # fmt: skip
    assert ledger["tree_co2_t"].gt(0.0).sum() == 5
    assert ledger["tree_co2_t"].sum() == pytest.approx(carbon * CO2)


def test_the_ledger_keeps_its_contract_and_leaves_other_works_and_the_input_alone():
    works = pd.concat([
        work(project_id="B", emission_co2e_t=3.0), work(project_id="A"),
        work("reserve_forest", project_id="C", method="improvement"),
    ], ignore_index=True)  # fmt: skip
    before = works.copy()
    ledger = laid_out(works, LedgerTerms(20))
    pd.testing.assert_frame_equal(works, before)
    assert list(ledger) == list(columns("project_ledger").index)
    check(ledger, "project_ledger")
    assert ledger["project_id"].unique().tolist() == ["A", "B"]
    assert len(ledger) == 40
    # nothing is written as minus zero
    figures = ledger[["baseline_co2_t", "emission_co2e_t", "leakage_co2e_t"]].to_numpy()
    assert np.signbit(figures).sum() == 1


def test_trees_that_are_not_known_leave_the_removal_missing():
    works = pd.concat([work(project_id="A", species_group=None),
                       work(project_id="B", species_group="chinese_fir"),
                       work(project_id="C", species_group="other_conifer")])  # fmt: skip
    ledger = laid_out(works.reset_index(drop=True), LedgerTerms(20, 10.0, 5.0))
    assert (
        ledger[["above_t", "tree_co2_t", "removal_co2e_t", "creditable_co2e_t"]]
        .isna()
        .all(axis=None)
    )
    # the curve of the conifer is known, its carbon is not
    assert ledger.groupby("project_id")["stock_m3"].count().tolist() == [0, 0, 20]
    assert ledger["emission_co2e_t"].eq(0.0).all()


def test_species_that_grow_by_rates_have_a_removal_where_the_district_has_young_stands():
    stands = pd.DataFrame({
        "carbon_part": "arbor", "forest_type": "arbor", "species_group": "chinese_fir",
        "forest_volume_m3": 50.0, "area_ha": 2.0, "stand_age_yr": [14.0, 16.0, 30.0] * 40,
        "dbh_cm": 10.0, "basal_area_m2_ha": 8.0})  # fmt: skip
    starts = rate_starts(stands, MODELS)
    ledger = laid_out(work(species_group="chinese_fir"), starts=starts)
    # 25 m3/ha at 15 years; 0.307 x 1.634 x 0.520 x 1.246 t/m3
    assert of_year(ledger, 2038, "stock_m3") == pytest.approx([250.0])
    sums = ledger.set_index("year")["tree_co2_t"].cumsum()
    assert sums[2038] == pytest.approx(250.0 * 0.307 * 1.634 * 0.520 * 1.246 * CO2)


def test_a_removal_less_what_a_year_loses_is_never_deducted_twice():
    years = pd.DataFrame({"tree_co2_t": [0.0, 10.0, 20.0], "baseline_co2_t": [-5.0, 0.0, 0.0],
                          "soil_co2_t": [np.nan, 1.0, -3.0], "emission_co2e_t": 0.0})  # fmt: skip
    found = with_removals(years, np.array([0.0, 2.0, 0.0]), LedgerTerms(3, 20.0, 10.0))
    # leakage: 2 + 0.1 x 11, and 0.1 x 17
    assert found["leakage_co2e_t"].tolist() == pytest.approx([0.0, -3.1, -1.7])
    assert found["removal_co2e_t"].tolist() == pytest.approx([-5.0, 7.9, 15.3])
    assert found["non_permanence_co2e_t"].tolist() == pytest.approx([0.0, -1.58, -3.06])
    assert found["creditable_co2e_t"].tolist() == pytest.approx([-5.0, 6.32, 12.24])


def noted(works, terms=TERMS, levels=LEVELS, **more):
    return ledger_notes(works, MODELS, levels, SET, terms, file="a.gpkg", **more)


def test_what_is_missing_is_told_with_its_projects():
    works = pd.concat([
        work(project_id="P1", species_group=None), work(project_id="P2", species_group="chinese_fir"),
        work(project_id="P3", species_group="other_conifer"), work(project_id="P4", survival=np.nan),
        work(project_id="P5", baseline_t_ha=np.nan), work(project_id="P6", emission_co2e_t=np.nan),
        work(project_id="P7", leakage_co2e_t_yr=np.nan), work(project_id="P8", species_group="masson_pine"),
        work("reserve_forest", project_id="P9", method="improvement", species_group=None),
    ], ignore_index=True)  # fmt: skip
    found = {(one.code, one.rows): one for one in noted(works)}
    assert set(found) == {
        ("project_species_missing", ("P1",)), ("project_species_without_curve", ("P2",)),
        ("project_species_without_parameters", ("P3",)), ("project_survival_missing", ("P4",)),
        ("project_term_missing", ("P5",)), ("project_term_missing", ("P6",)),
        ("project_term_missing", ("P7",)),
    }  # fmt: skip
    curve = found["project_species_without_curve", ("P2",)]
    assert curve.value == "chinese_fir 杉木 10.0 ha"
    assert "masson_pine_curve" in curve.fix("en")
    assert "[growth] models" in curve.fix("zh")
    assert "10.0 ha" in found["project_species_missing", ("P1",)].what("en")
    assert "清除原有植被" in found["project_term_missing", ("P5",)].text()
    assert {one.severity for one in found.values()} == {"warn"}


def test_growth_that_rests_on_little_is_told():
    starts = pd.DataFrame({"species_group": ["chinese_fir"]})
    (rates,) = noted(work(species_group="chinese_fir"), starts=starts)
    assert (rates.code, rates.value.en) == ("project_grows_by_rates", "chinese_fir 10.0 ha")
    (plain,) = noted(work(), levels=pd.DataFrame(columns=COLUMNS))
    assert (plain.code, plain.rows) == ("project_curve_uncalibrated", ("A",))
    (period,) = noted(work(), LedgerTerms(60))
    assert (period.code, period.value, period.rule) == ("project_period_unusual", "60", "20–40")


def test_leakage_stated_in_percent_is_stated_for_all():
    works = work(leakage_co2e_t_yr=np.nan)
    assert noted(works, LedgerTerms(40, 10.0, 0.0)) == []
    assert [one.code for one in noted(works)] == ["project_term_missing"]


def test_the_deduction_is_a_tenth_until_somebody_says_otherwise():
    assert LedgerTerms(40).non_permanence_pct == constant("non_permanence_pct") == 10.0


SPECIES = ["cypress", "oak", "camphor", "eucalyptus", "bamboo_moso", "economic_other", "shrub"]
ROWS = st.fixed_dictionaries({
    "species_group": st.sampled_from(SPECIES),
    "project_type": st.sampled_from(["afforestation", "mine_restoration", "greening"]),
    "start_year": st.integers(2015, 2030), "credited_ha": st.floats(0.01, 500.0),
    "survival": st.floats(0.0, 1.0), "site_factor": st.floats(0.1, 5.0),
    "baseline_t_ha": st.floats(0.0, 30.0), "emission_co2e_t": st.floats(0.0, 500.0),
    "leakage_co2e_t_yr": st.floats(0.0, 50.0), "soil_start_t_ha": st.floats(0.0, 80.0),
})  # fmt: skip
WORKS = st.lists(ROWS, min_size=1, max_size=6)
few = settings(max_examples=20, deadline=None)


def many(rows):
    table = pd.concat([work(**row) for row in rows], ignore_index=True)
    return table.assign(project_id=[f"P{number}" for number in range(len(rows))],
                        soil_reference_t_ha=55.0)  # fmt: skip


def with_soil(works, terms=TERMS):
    return laid_out(works, terms, soil=mine_soil(works, PoolChoice()))


@few
@given(WORKS, st.integers(1, 60))
def test_what_trees_remove_over_the_period_is_what_stands_at_its_end(rows, years):
    ledger = with_soil(many(rows), LedgerTerms(years, 10.0))
    ends = ledger.groupby("project_id")[["tree_co2_t", "above_t", "below_t"]].agg(
        {"tree_co2_t": "sum", "above_t": "last", "below_t": "last"}
    )
    assert np.allclose(ends["tree_co2_t"], (ends["above_t"] + ends["below_t"]) * CO2, rtol=1e-9)
    assert (ledger["tree_co2_t"] >= 0.0).all()
    terms = ledger[["tree_co2_t", "baseline_co2_t", "soil_co2_t", "emission_co2e_t",
                    "leakage_co2e_t"]].sum(axis=1)  # fmt: skip
    assert np.allclose(ledger["removal_co2e_t"], terms, rtol=1e-9, atol=1e-9)


@few
@given(WORKS, st.floats(0.1, 0.9))
def test_a_project_split_in_two_gives_the_same_sums(rows, share):
    whole = many(rows)
    linear = ["credited_ha", "emission_co2e_t", "leakage_co2e_t_yr"]
    parts = pd.concat([
        whole.assign(project_id=whole["project_id"] + end, **whole[linear] * part)
        for end, part in (("a", share), ("b", 1.0 - share))
    ], ignore_index=True)  # fmt: skip
    one, two = (with_soil(works).groupby("year")[SUMS].sum() for works in (whole, parts))
    assert np.allclose(one, two, rtol=1e-9, atol=1e-6)


@few
@given(WORKS, st.randoms())
def test_the_ledger_does_not_depend_on_the_order_of_the_projects(rows, random):
    works = many(rows)
    order = list(works.index)
    random.shuffle(order)
    pd.testing.assert_frame_equal(with_soil(works), with_soil(works.loc[order]))
    fresh = works.loc[order].reset_index(drop=True)
    pd.testing.assert_frame_equal(with_soil(works), with_soil(fresh))


@few
@given(WORKS)
def test_without_living_trees_there_is_no_growth(rows):
    ledger = with_soil(many(rows).assign(survival=0.0))
    assert not ledger[["stock_m3", "above_t", "below_t", "tree_co2_t"]].to_numpy().any()


@few
@given(WORKS)
def test_soil_never_gains_more_than_the_cap(rows):
    ledger = with_soil(many(rows))
    most = 0.8 * CO2 * ledger["credited_ha"]
    assert (ledger["soil_co2_t"].fillna(0.0) <= most * (1.0 + 1e-12)).all()
    held = ledger["non_permanence_co2e_t"]
    assert np.allclose(held, -0.1 * ledger["removal_co2e_t"].clip(lower=0.0))


def test_works_without_any_species_or_any_planting_are_laid_out_all_the_same():
    unknown = work().assign(species_group=np.nan)
    assert laid_out(unknown)["removal_co2e_t"].isna().all()
    assert [one.code for one in noted(unknown)] == ["project_species_missing"]
    none = work(method="improvement")
    assert list(laid_out(none)) == list(columns("project_ledger").index)
    assert laid_out(none).empty
    assert noted(none) == []
