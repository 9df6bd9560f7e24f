"""Every row that the sinks of works used is listed, and none that they did not."""

import pandas as pd

from carbon_sink.parameters import COLUMNS, references
from carbon_sink.work_evidence import used_by_works


def listed(run):
    return run.parameters.set_index(["species_group", "parameter"])["value"]


def test_a_species_that_was_only_planted_brings_its_parameters(all_works):
    rows = listed(all_works)
    # the inventory holds pine alone; camphor and cypress were planted, and bamboo by area
    for group in ("masson_pine", "camphor", "cypress"):
        assert (group, "wood_density_t_m3") in rows
    assert ("bamboo", "biomass_whole_t_ha") in rows
    assert ("oak", "wood_density_t_m3") not in rows


def test_trees_by_the_piece_bring_their_equations_and_curves(all_works):
    rows = listed(all_works)
    equation = rows["camphor", "equation_tree_volume"]
    assert rows[equation, "tree_volume"].startswith(f"{equation}: ")
    assert rows["GM-bro-D", "growth_dbh"].startswith("GM-bro-D: richards(")


def test_choices_of_the_project_are_listed_with_their_confidence(all_works):
    rows = all_works.parameters.set_index(["species_group", "parameter"])
    assert rows.loc[("", "non_permanence_pct"), "confidence"] == "uncertain"
    assert rows.loc[("corridor", "owner_priority"), "value"] == 5.0
    assert ("reserve_forest", "owner_priority") not in rows.index
    assert rows.loc[("", "mine_soil_gain_max_t_ha_yr"), "value"] == 0.8


def test_no_row_is_listed_twice_and_each_has_a_source(all_works):
    rows = all_works.parameters
    assert tuple(rows.columns) == COLUMNS
    assert not rows.duplicated(["species_group", "parameter"]).any()
    assert set(rows["source"]) <= set(references().index)
    assert rows["value"].ne("").all()


def test_a_run_without_works_used_nothing(works_case):
    case, _ = works_case
    assert used_by_works(case, {}).empty
    assert isinstance(used_by_works(case, {}), pd.DataFrame)
