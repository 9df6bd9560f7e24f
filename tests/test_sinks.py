"""Sinks of the works of a run: every kind of work in one place, counted once."""

import geopandas as gpd
import pandas as pd
import pytest
from places import computed
from works_place import TREES, write_works


@pytest.fixture(scope="module")
def results(all_works):
    return all_works.tables["project_results"].set_index("project_id")


def ledger_of(run, project_id):
    ledger = run.tables["project_ledger"]
    return ledger[ledger["project_id"].eq(project_id)].set_index("year")


def test_every_work_done_by_the_report_year_has_a_row_and_planned_ones_have_none(results):
    assert set(results.index) == {"A1", "C1", "Q1", "Q2", "M1", "S1", "G1", "H1", "SP1", "FS-2022"}


def test_ground_of_two_works_is_credited_to_the_one_that_owns_it(all_works, results):
    # the corridor lies with half of its ground on the afforestation
    assert results.loc["A1", "taken_off_ha"] == 0.0
    assert results.loc["C1", "credited_ha"] == pytest.approx(results.loc["C1", "done_ha"] / 2, 1e-3)
    taken = all_works.tables["project_deductions"].set_index("project_id")
    assert taken.loc["C1", ["reason", "other_id"]].tolist() == ["project", "A1"]
    # half of the corridor brings what the other half would have brought
    lost, kept = taken.loc["C1", "removal_co2e_t"], results.loc["C1", "to_horizon_co2e_t"]
    assert lost == pytest.approx(kept, 1e-3)


def test_a_record_that_bears_the_number_of_a_project_is_taken_off(all_works, results):
    taken = all_works.tables["project_deductions"].set_index("project_id")
    assert taken.loc["F3", ["reason", "other_id"]].tolist() == ["four_side_repeated", "A1"]
    # F1 and F2 with 80 % of 1650 trees each; the repeated record has no part in it
    assert results.loc["SP1", "credited_ha"] == pytest.approx(1.6)


def test_what_a_repeated_record_would_have_brought_is_told(all_works):
    taken = all_works.tables["project_deductions"].set_index("project_id")
    # 1320 living camphor that nobody measured bring less than as many of 10 cm and what they grow
    assert taken.loc["F3", "removal_co2e_t"] > 0.0


def test_removals_over_the_period_are_the_difference_of_the_stock(all_works):
    ledger = all_works.tables["project_ledger"]
    for project_id in ("A1", "C1", "G1", "M1", "Q1", "S1", "SP1"):
        mine = ledger[ledger["project_id"].eq(project_id)]
        last = mine.iloc[-1]
        stock = (last["above_t"] + last["below_t"]) * 44.0 / 12.0
        assert mine["tree_co2_t"].sum() == pytest.approx(stock, 1e-9), project_id


def test_every_term_of_the_ledger_stands_beside_its_sum(all_works):
    mine = ledger_of(all_works, "M1")
    # 3 t of emissions in the first year, and 25 % of 55 t/ha that come back in 20 years
    assert mine.loc[2022, "removal_co2e_t"] == pytest.approx(-3.0)
    yearly = 0.25 * 55.0 / 20.0 * 44.0 / 12.0 * mine["credited_ha"].iloc[0]
    assert mine.loc[2025, "soil_co2_t"] == pytest.approx(yearly)
    terms = ["tree_co2_t", "baseline_co2_t", "soil_co2_t", "emission_co2e_t", "leakage_co2e_t"]
    assert mine[terms].sum(axis=1).tolist() == pytest.approx(mine["removal_co2e_t"].tolist())
    held = -0.1 * mine["removal_co2e_t"].clip(lower=0.0)
    assert mine["non_permanence_co2e_t"].tolist() == pytest.approx(held.tolist())


def test_improvement_brings_an_increment_and_none_where_no_gain_is_stated(all_works, results):
    assert 0.0 < results.loc["Q1", "to_date_co2e_t"] < 54.6  # what the whole stand gained
    assert pd.isna(results.loc["Q2", "to_date_co2e_t"])
    codes = all_works.tables["notes"]["what"].str.cat()
    assert "没有增产率" in codes


def test_a_term_that_no_record_states_is_told_once_for_all_works(all_works):
    told = all_works.tables["notes"]["what"]
    unsaid = told[told.str.contains("没有给出")]
    assert len(unsaid) == 3  # baseline, emissions, leakage
    # of the nine works M1 alone states its emissions
    assert unsaid[unsaid.str.contains("项目排放")].item().startswith("有 7 个")


def test_unknown_species_and_bamboo_by_the_tree_have_no_sink_instead_of_zero(results):
    assert results.loc[["H1", "FS-2022"], "to_date_co2e_t"].isna().all()
    assert results.loc["FS-2022", "living_trees"] == 330.0


def test_what_surveys_measured_stands_apart_from_the_ledger(all_works):
    measured = all_works.tables["project_monitoring"].set_index("project_id")
    assert measured.loc["A1", "in_inventory"] == "yes"
    assert measured.loc["A1", "stock_after_m3"] == pytest.approx(580.75)
    assert measured.loc["Q1", "is_attributable"] == False  # noqa: E712 - a numpy bool
    # 1320 camphor of 10 cm and 7 m
    assert measured.loc["SP1", "stock_after_m3"] == pytest.approx(38.112, abs=1e-3)


def test_works_are_verified_by_the_maps_and_the_inventory(all_works):
    verdicts = all_works.tables["project_results"].set_index("project_id")["verdict"]
    assert verdicts[["A1", "M1", "C1", "S1"]].tolist() == [
        "verified", "verified", "too_young", "cannot_judge",
    ]  # fmt: skip
    assert all_works.layers["project_visits"].empty


def test_towns_and_types_add_up_to_all_works(all_works):
    totals = all_works.tables["project_ledger_totals"]
    now = totals[totals["year"].eq(2025)].set_index("project_type")["removal_co2e_t"]
    assert now.drop("all").sum() == pytest.approx(now["all"])


def test_a_place_without_works_says_so(small_place):
    content = small_place.read_text(encoding="utf-8")
    for part in ("projects.gpkg", "four_side.csv"):
        content = content.replace(f'[[projects]]\npath = "{part}"\n', "")
    small_place.write_text(content, encoding="utf-8")
    run = computed(small_place)
    absent = run.tables["absent"].set_index("item")["reason"]
    assert absent["sinks"] == "没有工程项目记录"
    assert run.content["sinks"] == {}


def test_the_order_of_works_and_records_changes_nothing(all_works, tmp_path):
    path = write_works(tmp_path / "place")
    works = gpd.read_file(path.parent / "works.gpkg")
    works.iloc[::-1].to_file(path.parent / "works.gpkg")
    head, *rows = TREES.strip().splitlines()
    (path.parent / "trees.csv").write_text("\n".join([head, *rows[::-1]]), encoding="utf-8-sig")
    again = computed(path)
    for name in ("project_results", "project_ledger_totals", "project_effects"):
        pd.testing.assert_frame_equal(again.tables[name], all_works.tables[name], rtol=1e-9)


def test_works_that_are_wholly_taken_off_tell_what_they_would_have_brought(tmp_path):
    path = write_works(tmp_path / "place")
    works = gpd.read_file(path.parent / "works.gpkg")
    whole = works["project_id"].eq("C1")
    works.loc[whole, "geometry"] = works.loc[works["project_id"].eq("A1"), "geometry"].item()
    works.to_file(path.parent / "works.gpkg")
    tables = computed(path).tables
    result = tables["project_results"].set_index("project_id").loc["C1"]
    assert (result["credited_ha"], result["to_horizon_co2e_t"]) == (0.0, 0.0)
    taken = tables["project_deductions"].set_index("project_id").loc["C1"]
    # twice the half of which the other test tells 187.95 t
    assert taken["removal_co2e_t"] == pytest.approx(2.0 * 187.954, 1e-3)


def test_improvement_without_any_inventory_has_no_ledger_and_no_crash(tmp_path):
    path = write_works(tmp_path / "place")
    works = gpd.read_file(path.parent / "works.gpkg")
    works[works["project_type"].eq("quality_improvement")].to_file(path.parent / "works.gpkg")
    said = path.read_text(encoding="utf-8").replace('[[projects]]\npath = "trees.csv"\n', "")
    for year in (2020, 2025):
        said = said.replace(
            f'[[inventory]]\nyear = {year}\npath = "{year}.gpkg"\n'
            'landclass_scheme = "ly1955_4digit"\nspecies_scheme = "nfci_3digit"\n', "",
        )  # fmt: skip
    path.write_text(said, encoding="utf-8")
    results = computed(path).tables["project_results"]
    assert results["to_date_co2e_t"].isna().all()


def test_a_ledger_of_trees_alone_is_counted_without_any_project(tmp_path, all_works):
    path = write_works(tmp_path / "place")
    said = path.read_text(encoding="utf-8")
    lines = '[[projects]]\npath = "works.gpkg"\nspecies_scheme = "nfci_3digit"\n'
    path.write_text(said.replace(lines, ""), encoding="utf-8")
    run = computed(path)
    # without the project A1 its record F3 repeats nothing, but lies in a project of its own name
    assert set(run.tables["project_results"]["project_id"]) == {"A1", "SP1", "FS-2022"}
    trees, whole = (
        one.tables["project_sinks"].set_index(["project_type", "basis", "until_year"])
        for one in (run, all_works)
    )
    key = ("four_side", "ex_post", 2025)
    assert trees.loc[key, "removal_co2e_t"] == pytest.approx(whole.loc[key, "removal_co2e_t"])
