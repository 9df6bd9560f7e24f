"""Dead wood, litter and soil: by hand, from the guidelines, invariants and refusals."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from carbon_sink.carbon import add_carbon
from carbon_sink.codes import group_names
from carbon_sink.errors import ParameterError
from carbon_sink.parameters import AREA_GROUPS, load_parameters
from carbon_sink.pools import (
    PoolChoice,
    carbon_pools,
    choice_problems,
    dead_organic,
    pool_notes,
    soil_change,
    soil_sensitivity,
)
from carbon_sink.tables import columns, read_data

SET = load_parameters("ar_cm_001")
LAC = PoolChoice(soil="ipcc_2019", soil_type="low_activity_clay", cropland_use="paddy_rice")


def stands(volume_m3=100.0):
    table = pd.DataFrame(
        {
            "forest_type": ["arbor", "arbor", "arbor", "bamboo", "cropland"],
            "area_ha": [2.0, 3.0, 4.0, 5.0, 6.0],
            "forest_volume_m3": [volume_m3, volume_m3, volume_m3, 0.0, 0.0],
            "species_group": ["cypress", "oak", "conif_broad_mix", "bamboo_sympodial", None],
        }
    )  # fmt: skip
    return add_carbon(table, SET)


def flows(*rows):
    names = ["category_before", "category_after", "area_after_ha"]
    return pd.DataFrame(rows, columns=names).assign(year_before=2020, year_after=2025)


def test_dead_wood_and_litter_are_a_hundredth_of_the_trees_above_ground_each():
    found = dead_organic(stands(), PoolChoice(dead_wood="ar_tool12", litter="ar_tool12"))
    # 100 m3 of cypress: 51.5117 t / 1.22 above ground, of which 1 %
    assert found.loc[0].tolist() == pytest.approx([0.422227, 0.422227], abs=1e-6)
    assert found.loc[[3, 4]].eq(0.0).all(axis=None)


def test_litter_of_table_2_2_goes_by_area_and_leaf_and_knows_no_mixed_forest():
    found = dead_organic(stands(), PoolChoice(litter="ipcc_2006"))
    # 2 ha of conifers x 22, 3 ha of broadleaved trees x 13
    assert found["litter_t"].tolist()[:2] == [44.0, 39.0]
    assert found["litter_t"].isna().tolist() == [False, False, True, False, False]
    assert list(found) == ["litter_t"]
    note, far = pool_notes(stands(), None, PoolChoice(litter="ipcc_2006"), "a.gpkg")
    # 83 t on the 5 ha that are known, where 0.63 to 3.67 t/ha were measured
    assert (far.code, far.value, far.rule) == ("litter_far", "16.60", "0.63–3.67")
    assert (note.code, note.severity, note.rows, note.value) == (
        "litter_missing",
        "warn",
        (2,),
        "4.0",
    )


def test_litter_within_what_was_measured_is_not_told():
    rich = stands(1200.0)
    assert pool_notes(rich, None, PoolChoice(litter="ar_tool12")) == []
    poor = stands(50.0)
    assert [one.code for one in pool_notes(poor, None, PoolChoice(litter="ar_tool12"))] == [
        "litter_far"
    ]


def test_nothing_is_counted_that_is_not_chosen():
    assert dead_organic(stands(), PoolChoice()).empty
    table = carbon_pools({2020: stands()}, None, SET, PoolChoice())
    assert table["pool"].tolist() == ["aboveground", "belowground"]
    assert pool_notes(stands(), None, PoolChoice()) == []


def test_rice_fields_that_become_forest_lose_soil_carbon_and_it_is_told():
    # vector SOC_2: 55 x (1 - 1.35) / 20 = -0.9625 t C per hectare and year
    found = soil_change(flows(("cropland", "forest", 1.0)), LAC)
    assert found["change_t_yr"].item() == pytest.approx(-0.9625)
    note = pool_notes(stands(), found, LAC)[0]
    assert (note.code, note.severity) == ("soil_loss_afforestation", "warn")
    assert "cropland → forest" in note.what("en")


@pytest.mark.parametrize(
    ("edition", "climate", "use", "expected"),
    # reference stock x (1 - factor) / 20, tables 2.3 and 5.5 of each edition
    [("ipcc_2019", "warm_temperate_moist", "long_term_cultivated", 55 * 0.31 / 20),
     ("ipcc_2019", "tropical_moist", "long_term_cultivated", 38 * 0.17 / 20),
     ("ipcc_2006", "warm_temperate_moist", "long_term_cultivated", 63 * 0.31 / 20),
     ("ipcc_2006", "tropical_moist", "long_term_cultivated", 47 * 0.52 / 20),
     ("ipcc_2006", "warm_temperate_moist", "paddy_rice", -63 * 0.10 / 20)],
)  # fmt: skip
def test_all_values_of_a_row_are_of_one_edition_and_climate(edition, climate, use, expected):
    choice = replace(LAC, soil=edition, climate=climate, cropland_use=use)
    found = soil_change(flows(("cropland", "forest", 1.0)), choice).iloc[0]
    assert found["change_t_yr"] == pytest.approx(expected)
    assert (found["edition"], found["climate"], found["depth_cm"]) == (edition, climate, 30.0)
    assert found["source"] == f"{edition}_v4"


def test_only_land_whose_use_changed_has_a_change_of_soil():
    table = flows(("forest", "forest", 500.0), ("none", "forest", 3.0), ("forest", "none", 2.0),
                  ("forest", "cropland", 0.0), ("cropland", "forest", 4.0), ("cropland", "forest", 6.0))  # fmt: skip
    found = soil_change(table, LAC)
    assert found[["category_before", "category_after", "area_ha"]].to_numpy().tolist() == [
        ["cropland", "forest", 10.0]
    ]


def test_mine_land_starts_from_what_mining_left_and_gains_no_more_than_the_cap():
    table = flows(("settlements", "forest", 10.0), ("other", "forest", 1.0))
    # 55 x 0.2 / 20 = 0.55 t C per hectare and year; a loss of 60 % would be 1.65, cut to 0.8
    small = soil_change(table, replace(LAC, mine_soil_loss_pct=20.0))
    assert small["change_t_yr"].tolist() == pytest.approx([0.55, 5.5])
    large = soil_change(table, replace(LAC, mine_soil_loss_pct=60.0))
    assert large["change_t_yr"].tolist() == pytest.approx([0.8, 8.0])
    assert large["is_capped"].all()
    assert [one.code for one in pool_notes(stands(), large, LAC)] == ["soil_gain_capped"]


def test_what_cannot_be_computed_is_missing_and_told_with_its_hectares():
    table = flows(("settlements", "forest", 10.0), ("forest", "settlements", 7.0),
                  ("forest", "wetlands", 2.0), ("grassland", "forest", 5.0))  # fmt: skip
    found = soil_change(table, LAC)
    known = found.dropna(subset="change_t_yr")
    assert known[["category_before", "change_t_yr"]].to_numpy().tolist() == [["grassland", 0.0]]
    notes = {one.code: one for one in pool_notes(stands(), found, LAC)}
    assert notes["mine_soil_loss_missing"].value == "10.0"
    assert notes["soil_factor_missing"].value == "9.0"
    assert notes["soil_factor_missing"].rule == "forest → settlements; forest → wetlands"


def test_towns_and_periods_stay_apart():
    table = pd.concat([flows(("cropland", "forest", 1.0)).assign(town_code=code) for code in "ab"])
    assert soil_change(table, LAC)["town_code"].tolist() == ["a", "b"]


def test_the_climate_is_tried_both_ways_with_the_edition_kept():
    # the same rice fields: 55 and 38 t C per hectare times 0.35 over 20 years
    found = soil_sensitivity(flows(("cropland", "forest", 1.0)), LAC)
    assert found.set_index("climate")["change_t_yr"].to_dict() == pytest.approx(
        {"warm_temperate_moist": -0.9625, "tropical_moist": -0.665}
    )
    assert set(found["edition"]) == {"ipcc_2019"}


def test_pools_of_two_years_add_up_to_stocks_and_yearly_changes():
    choice = replace(LAC, dead_wood="ar_tool12", litter="ipcc_2006")
    years = {2020: stands(100.0), 2025: stands(150.0)}
    soil = soil_change(flows(("cropland", "forest", 10.0), ("other", "forest", 3.0)), choice)
    table = carbon_pools(years, soil, SET, choice).set_index(["year", "pool"])
    assert list(table.reset_index()) == list(columns("carbon_pools").index)
    living = table.loc[2025, "carbon_t"][["aboveground", "belowground"]].sum()
    assert living == pytest.approx(years[2025]["carbon_t"].sum())
    grown = years[2025]["carbon_t"].sum() - years[2020]["carbon_t"].sum()
    changes = table.loc[2025, "change_t_yr"]
    assert changes[["aboveground", "belowground"]].sum() == pytest.approx(grown / 5)
    assert table.loc[2020, "change_t_yr"].isna().all()
    # soil: the change of the rice fields; 3 ha of mine land are not known
    assert changes["soil"] == pytest.approx(-9.625)
    assert table.loc[(2025, "soil"), "missing_ha"] == 3.0
    assert np.isnan(table.loc[(2025, "soil"), "carbon_t"])
    assert table.loc[(2025, "soil"), ["edition", "depth_cm"]].tolist() == ["ipcc_2019", 30.0]
    assert table.loc[(2025, "litter"), "missing_ha"] == 4.0
    assert table.loc[(2025, "soil"), "removal_co2_t_yr"] == pytest.approx(-9.625 * 44 / 12)
    assert table["source"].str.split(", ").map(set).map(
        lambda keys: keys <= set(read_data("references.csv")["source"])
    ).all()  # fmt: skip


def test_all_that_is_wrong_with_a_choice_is_told_at_once():
    wrong = PoolChoice(dead_wood="guess", litter="ipcc_2006", climate="alpine", soil="ipcc_2019",
                       mine_soil_loss_pct=120.0)  # fmt: skip
    with pytest.raises(ParameterError) as caught:
        soil_change(flows(), wrong)
    told = {(one.field, one.value) for one in caught.value.problems}
    assert told == {
        ("pools.dead_wood", "guess"), ("pools.climate", "alpine"), ("pools.soil_type", ""),
        ("pools.cropland_use", ""), ("pools.mine_soil_loss_pct", "120"),
    }  # fmt: skip
    with pytest.raises(ParameterError, match="alpine"):
        dead_organic(stands(), wrong)


def test_words_for_soil_that_are_missing_are_listed_with_their_meaning():
    missing = choice_problems(PoolChoice(soil="ipcc_2019"))
    assert [one.code for one in missing] == ["pool_option_missing"] * 2
    soil, use = (one.text() for one in missing)
    assert "high_activity_clay 高活性黏土" in soil
    assert "paddy_rice 水稻田" in use
    assert "—" not in soil + use
    assert "paddy_rice paddy rice" in missing[1].text("en")


@pytest.mark.parametrize("soil_type", ["wetland", "spodic"])
def test_a_soil_that_an_edition_does_not_know_is_refused_with_those_it_knows(soil_type):
    (problem,) = choice_problems(replace(LAC, soil="ipcc_2006", soil_type=soil_type))
    assert problem.field == "pools.soil_type"
    assert "volcanic" in problem.rule


def test_every_species_of_the_set_has_leaves_and_every_edition_all_its_factors():
    leaves = read_data("leaf_kinds.csv")
    assert set(group_names().index) - set(AREA_GROUPS) <= set(leaves["species_group"])
    assert not leaves["species_group"].duplicated().any()
    rows = read_data("soil_carbon.csv")
    assert not rows.duplicated(["edition", "climate", "quantity", "kind"]).any()
    factors = rows[rows["quantity"].ne("soc_ref")]
    kinds = factors.groupby(["edition", "climate"])["kind"].agg(frozenset)
    assert len(kinds) == 4
    assert len(set(kinds)) == 1
    assert rows["edition"].add("_v4").eq(rows["source"]).all()


areas = st.lists(
    st.tuples(st.sampled_from(["forest", "cropland", "grassland"]),
              st.sampled_from(["forest", "cropland", "grassland"]), st.floats(0, 1e4)),
    min_size=1, max_size=6,
)  # fmt: skip


@settings(deadline=None, max_examples=25)
@given(areas, st.floats(0.1, 10.0))
def test_a_change_of_use_undone_undoes_the_change_of_soil_and_area_scales_it(rows, factor):
    table = flows(*rows)
    back = table.rename(columns={"category_before": "category_after", "category_after": "category_before"})  # fmt: skip
    there = soil_change(table, LAC)["change_t_yr"].sum()
    assert soil_change(back, LAC)["change_t_yr"].sum() == pytest.approx(-there, abs=1e-9)
    more = table.assign(area_after_ha=table["area_after_ha"] * factor)
    assert soil_change(more, LAC)["change_t_yr"].sum() == pytest.approx(there * factor, abs=1e-6)


@settings(deadline=None, max_examples=25)
@given(st.floats(0, 1e5), st.floats(0.01, 0.99))
def test_dead_pools_are_additive_over_splitting_a_stand_and_none_without_trees(volume, share):
    choice = PoolChoice(dead_wood="ar_tool12", litter="ar_tool12")
    whole = dead_organic(stands(volume), choice)
    parts = sum(dead_organic(stands(volume * part), choice) for part in (share, 1 - share))
    assert np.allclose(whole, parts, rtol=1e-9)
    assert dead_organic(stands(0.0), choice).eq(0.0).all(axis=None)
