"""Carbon of forest biomass: by hand, from the source, and invariants."""

import numpy as np
import pandas as pd
import pytest
from conftest import small_inventory
from hypothesis import given, settings
from hypothesis import strategies as st

from carbon_sink.carbon import (
    add_carbon,
    area_carbon,
    carbon_notes,
    carbon_parts,
    living_parts,
    stand_carbon,
    used_rows,
)
from carbon_sink.errors import ParameterError
from carbon_sink.inventory import stock_parts
from carbon_sink.parameters import AREA_GROUPS, load_parameters
from carbon_sink.readers import read_inventory
from carbon_sink.units import carbon_to_co2


@pytest.fixture(scope="module")
def parameters():
    return load_parameters("ar_cm_001")


def stands():
    return pd.DataFrame(
        {
            "forest_type": ["arbor", "bamboo", "economic_arbor", "shrub_special", "cropland", "sparse"],
            "area_ha": 10.0,
            "forest_volume_m3": [100.0, 0.0, 50.0, 0.0, 0.0, 20.0],
            "species_group": ["cypress", "bamboo_sympodial", "economic_citrus", "shrub", None, "oak"],
        }
    )  # fmt: skip


def tree_stand(volume_m3, group, **more):
    return pd.DataFrame({"forest_type": ["arbor"], "area_ha": 1.0, "forest_volume_m3": volume_m3,
                         "species_group": group, **more})  # fmt: skip


def mixed_stands():
    """Trees of every kind: forest, sparse woodland, scattered on fields, four-side trees."""
    return pd.DataFrame(
        {
            "forest_type": ["arbor", "sparse", "cropland", "built", "bamboo", "cropland"],
            "area_ha": 1.0,
            "forest_volume_m3": [100.0, 20.0, 0.0, 0.0, 0.0, 4.0],
            "species_group": ["cypress", "oak", None, None, "bamboo_sympodial", "oak"],
            "scattered_type": [None, None, "1", "2", "1", None],
            "scattered_volume_m3": [None, None, 10.0, 30.0, 2.0, None],
            "scattered_species_group": [None, None, "masson_pine", "camphor", "cypress", None],
        }
    )  # fmt: skip


def test_factors_of_one_give_the_volume_back():
    assert stand_carbon(123.0, 1.0, 1.0, 0.0, 1.0) == 123.0


# carbon and CO2 of 100 m3: vectors of the project's reference, tests/vectors.csv
VECTORS = {
    "CARBON_masson_pine": ((0.38, 1.472, 0.187, 0.46), 30.5422, 111.988),
    "CARBON_chinese_fir": ((0.307, 1.634, 0.246, 0.52), 32.5021, 119.1745),
    "CARBON_cypress": ((0.478, 1.732, 0.22, 0.51), 51.5117, 188.8762),
    "CARBON_eucalyptus": ((0.578, 1.263, 0.221, 0.525), 46.7957, 171.5843),
    "CARBON_oak": ((0.676, 1.355, 0.292, 0.5), 59.1723, 216.9651),
}


@pytest.mark.parametrize("name", VECTORS)
def test_a_hundred_cubic_metres_hold_what_the_vector_says(name, parameters):
    factors, carbon_t, co2_t = VECTORS[name]
    found = stand_carbon(100.0, *factors)
    assert found == pytest.approx(carbon_t, abs=1e-4)
    assert carbon_to_co2(found) == pytest.approx(co2_t, abs=1e-3)
    one = tree_stand(100.0, name.removeprefix("CARBON_"))
    assert add_carbon(one, parameters)["carbon_t"].item() == pytest.approx(carbon_t, abs=1e-4)


@pytest.mark.parametrize(
    ("group", "per_m3"),
    [("masson_pine", 0.30542), ("cypress", 0.51512), ("chinese_fir", 0.32502),
     ("eucalyptus", 0.46796), ("oak", 0.59172), ("camphor", 0.40744), ("nanmu", 0.49706)],
)  # fmt: skip
def test_carbon_per_cubic_metre_of_the_sichuan_species(parameters, group, per_m3):
    table = pd.DataFrame({"forest_type": ["arbor"], "area_ha": [1.0],
                          "forest_volume_m3": [1.0], "species_group": [group]})  # fmt: skip
    assert np.isclose(add_carbon(table, parameters)["carbon_t"][0], per_m3, atol=5e-6)


def test_bamboo_economic_and_shrub_forest_are_counted_by_area(parameters):
    carbon = add_carbon(stands(), parameters)["carbon_t"]
    # 10 ha x 68.48, 35.21 and 17.99 t/ha of dry mass x 0.5
    assert np.allclose(carbon[[1, 2, 3]], [342.4, 176.05, 89.95])
    assert area_carbon(10.0, 35.21, 0.5) == 176.05


def test_stock_on_an_orchard_is_not_counted_again_and_other_land_has_no_carbon(parameters):
    table = add_carbon(stands(), parameters)
    assert table["carbon_t"][[4, 5]].tolist() == [0.0, 0.0]
    sums = carbon_parts(table)
    assert np.isclose(sums["carbon_t"].sum(), table["carbon_t"].sum())
    assert sums.loc["arbor", "volume_m3"] == 100.0
    assert np.isclose(sums.loc["arbor", "co2_t"], 188.8762, atol=1e-3)


def test_a_species_without_parameters_is_named_with_its_rows_and_never_averaged(parameters):
    table = stands().assign(species_group=["other_conifer", *["bamboo_sympodial"] * 5])
    with pytest.raises(ParameterError, match="other_conifer") as caught:
        add_carbon(table, parameters)
    assert caught.value.problems[0].rows == (0,)


def test_the_rows_that_were_used_are_listed_with_their_sources(parameters):
    rows = used_rows(add_carbon(stands(), parameters), parameters)
    # the sparse woodland is of oak
    assert set(rows["species_group"]) == {"cypress", "oak", "bamboo", "economic", "shrub"}
    assert len(rows) == 2 * 4 + 3 * 4
    assert rows["source"].ne("").all()


@given(st.floats(0, 1e6), st.floats(1.0, 3.0))
def test_carbon_is_proportional_to_stock_and_none_without_it(volume, factor):
    one = stand_carbon(volume, 0.4, 1.5, 0.2, 0.5)
    assert np.isclose(stand_carbon(volume * factor, 0.4, 1.5, 0.2, 0.5), one * factor)
    assert stand_carbon(0.0, 0.4, 1.5, 0.2, 0.5) == 0.0


def test_trees_beside_the_forest_have_the_carbon_of_their_own_species(parameters):
    table = add_carbon(mixed_stands(), parameters)
    per_m3 = {"oak": 0.591723, "masson_pine": 0.305422, "camphor": 0.40744, "cypress": 0.515117}
    # 20 m3 of oak in sparse woodland; 10 m3 of pine, 2 of cypress and 4 of oak scattered
    sparse = [0, 20 * per_m3["oak"], 0, 0, 0, 0]
    scattered = [0, 0, 10 * per_m3["masson_pine"], 0, 2 * per_m3["cypress"], 4 * per_m3["oak"]]
    assert np.allclose(table["sparse_carbon_t"], sparse, atol=1e-3)
    assert np.allclose(table["scattered_carbon_t"], scattered, atol=1e-3)
    assert np.allclose(
        table["four_side_carbon_t"], [0, 0, 0, 30 * per_m3["camphor"], 0, 0], atol=1e-3
    )
    # the forest does not hear of them
    assert np.allclose(table["carbon_t"], [51.5117, 0, 0, 0, 34.24, 0], atol=1e-4)
    assert carbon_notes(table) == []


def test_roots_of_trees_follow_the_root_ratio_and_those_of_bamboo_the_guideline(parameters):
    table = add_carbon(mixed_stands(), parameters)
    # cypress: 51.5117 / 1.22; bamboo: 34.24 x 45.29 / (45.29 + 24.64)
    assert np.allclose(table["aboveground_t"][[0, 4]], [42.2227, 22.1755], atol=1e-4)
    assert np.allclose(table["belowground_t"][[0, 4]], [9.2890, 12.0645], atol=1e-4)


def test_stock_that_stands_in_forest_counted_by_area_is_no_scattered_carbon(parameters):
    bamboo = tree_stand(5.0, "cypress").assign(forest_type="bamboo")
    table = add_carbon(bamboo, parameters)
    assert table[["carbon_t", "scattered_carbon_t"]].iloc[0].tolist() == [34.24, 0.0]


def test_the_carbon_of_scattered_trees_of_unknown_species_is_missing_and_told(parameters):
    unknown = mixed_stands().assign(scattered_species_group=[None, None, None, "herb", None, None])
    table = add_carbon(unknown, parameters)
    assert table["scattered_carbon_t"].isna().tolist() == [False, False, True, False, True, False]
    assert table["four_side_carbon_t"].isna().tolist() == [False] * 3 + [True] + [False] * 2
    notes = {one.code: one for one in carbon_notes(table, "a.gpkg")}
    assert notes["tree_species_unknown"].rows == (2, 4)
    assert notes["tree_species_unknown"].value == "12.0"
    assert notes["tree_parameters_missing"].rows == (3,)
    assert "30.0" in notes["tree_parameters_missing"].what("en")
    assert "herb" in notes["tree_parameters_missing"].what("zh")
    assert {one.severity for one in notes.values()} == {"warn"}


def test_an_inventory_without_species_of_scattered_trees_tells_all_of_them(parameters):
    table = add_carbon(mixed_stands().drop(columns="scattered_species_group"), parameters)
    assert [(one.rows, one.value) for one in carbon_notes(table)] == [
        ((2, 4), "12.0"),
        ((3,), "30.0"),
    ]
    parts = living_parts(table)
    assert parts["without_carbon_m3"].tolist() == [0.0, 12.0, 30.0, 42.0]
    # of the scattered trees 4 m3 of oak are known; of the four-side trees nothing is
    assert parts.loc["scattered", "carbon_t"] == pytest.approx(4 * 0.591723, abs=1e-4)
    assert np.isnan(parts.loc["four_side", "carbon_t"])


def test_the_living_total_is_forest_and_trees_beside_it_and_nothing_twice(parameters):
    table = add_carbon(mixed_stands(), parameters)
    forest, beside = carbon_parts(table), living_parts(table)
    kinds = ["sparse", "scattered", "four_side"]
    total = beside.loc["living_total"]
    assert total["carbon_t"] == pytest.approx(
        table[["carbon_t", *(f"{kind}_carbon_t" for kind in kinds)]].sum().sum()
    )
    assert total["carbon_t"] == pytest.approx(
        forest["carbon_t"].sum() + beside.loc[kinds, "carbon_t"].sum()
    )
    assert total["volume_m3"] == stock_parts(mixed_stands()).sum().sum() == 166.0
    assert beside["volume_m3"].tolist() == [20.0, 16.0, 30.0, 166.0]


def test_all_species_without_parameters_are_named_together_with_what_they_lack(parameters):
    groups = ["other_conifer", "bamboo_sympodial", "economic_citrus", "shrub", None, None]
    more = pd.concat([stands(), tree_stand(5.0, "herb"), tree_stand(5.0, None)], ignore_index=True)
    more.loc[:5, "species_group"] = groups
    incomplete = parameters[parameters["parameter"].ne("biomass_above_t_ha")]
    with pytest.raises(ParameterError) as caught:
        add_carbon(more, incomplete)
    trees, per_area = caught.value.problems
    assert (trees.value, trees.rows) == ("herb, other_conifer, —", (0, 6, 7))
    assert trees.field == "wood_density_t_m3, bef, root_shoot_ratio, carbon_fraction"
    assert (per_area.field, per_area.value) == ("biomass_above_t_ha", "bamboo, economic, shrub")
    assert per_area.count == 3


def test_the_rows_of_four_side_species_are_listed_with_the_others(parameters):
    rows = used_rows(add_carbon(mixed_stands(), parameters), parameters)
    assert set(rows["species_group"]) == {"cypress", "oak", "masson_pine", "camphor", "bamboo"}


kinds = st.sampled_from(["arbor", "bamboo", "economic_arbor", "shrub_special", "sparse", "built"])
lots = st.lists(st.tuples(kinds, st.floats(0, 500), st.floats(0, 1e4), st.floats(0, 1e4),
                          st.sampled_from(["oak", "cypress", "masson_pine"])), min_size=1, max_size=8)  # fmt: skip
SET = load_parameters("ar_cm_001")


def drawn(lot):
    columns = ["forest_type", "area_ha", "forest_volume_m3", "scattered_volume_m3", "species_group"]
    table = pd.DataFrame(lot, columns=columns)
    return table.assign(scattered_species_group=table["species_group"], scattered_type="2")


CARBON = ["carbon_t", "aboveground_t", "belowground_t", "sparse_carbon_t", "scattered_carbon_t",
          "four_side_carbon_t"]  # fmt: skip


@settings(deadline=None, max_examples=25)
@given(lots, st.floats(0.01, 0.99))
def test_a_stand_that_is_split_keeps_its_carbon_and_its_parts_add_up(lot, share):
    whole = drawn(lot)
    halves = [whole.assign(**{name: whole[name] * part for name in
              ("area_ha", "forest_volume_m3", "scattered_volume_m3")}) for part in (share, 1 - share)]  # fmt: skip
    found = add_carbon(whole, SET)
    split = sum(add_carbon(half, SET)[CARBON] for half in halves)
    assert np.allclose(found[CARBON], split, rtol=1e-9, atol=1e-9)
    assert np.allclose(
        found["aboveground_t"] + found["belowground_t"], found["carbon_t"], rtol=1e-12
    )


@settings(deadline=None, max_examples=25)
@given(lots, st.floats(0.5, 4.0))
def test_carbon_of_trees_grows_with_their_stock_and_is_none_without_it(lot, factor):
    table = drawn(lot)
    more = table.assign(forest_volume_m3=table["forest_volume_m3"] * factor,
                        scattered_volume_m3=table["scattered_volume_m3"] * factor)  # fmt: skip
    found, grown = add_carbon(table, SET), add_carbon(more, SET)
    trees = ~found["carbon_part"].isin(AREA_GROUPS)
    assert np.allclose(grown.loc[trees, CARBON], found.loc[trees, CARBON] * factor, rtol=1e-9)
    assert grown.loc[~trees, "carbon_t"].equals(found.loc[~trees, "carbon_t"])
    none = add_carbon(table.assign(forest_volume_m3=0.0, scattered_volume_m3=0.0), SET)
    assert (none.loc[trees, CARBON] == 0.0).all(axis=None)


@pytest.mark.parametrize(
    ("said", "species", "code"),
    [({"species_scheme": "nfci_3digit"}, None, "350"), ({"species_scheme": "names"}, "马尾松", "柏木"),
     ({"species_codes": {"A": "masson_pine", "B": "cypress"}}, "A", "B")],
)  # fmt: skip
def test_the_species_of_scattered_trees_is_understood_as_that_of_stands_is(
    tmp_path, said, species, code
):
    layer = small_inventory(2020)
    if species:
        layer["YOU_SHI_SZ"] = species
    layer["SSZYSZ"] = [code, "zzz", *[None] * 6]
    layer.to_file(tmp_path / "a.gpkg", layer="a")
    table = read_inventory(tmp_path / "a.gpkg", landclass_scheme="ly1955_4digit", **said)
    assert table["scattered_species_group"].iloc[0] == "cypress"
    assert table["scattered_species_group"].iloc[1:].isna().all()
    told = {one.code: one for one in table.attrs["notes"]}["scattered_species_unlisted"]
    assert (told.severity, told.value, told.count) == ("warn", "zzz", 1)
