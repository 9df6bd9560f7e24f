"""Code lists and what codes stand for."""

import pandas as pd
import pytest

from carbon_sink.codes import (
    HEADINGS,
    attribute_codes,
    attribute_names,
    decode,
    forest_type,
    land_class_groups,
    landclass_schemes,
    species_groups,
    species_schemes,
)
from carbon_sink.errors import TableError


def test_all_schemes_are_there():
    assert landclass_schemes() == ["ly1955_4digit", "gx_4digit", "old_3digit",
                                   "post_sandiao_6digit", "gbt_21010", "names"]  # fmt: skip
    assert species_schemes() == ["nfci_3digit", "nfci_6digit", "gx_3digit", "names"]


@pytest.mark.parametrize(
    ("scheme", "arbor", "bamboo"),
    [("ly1955_4digit", "0111", "0113"), ("gx_4digit", "1111", "1130"), ("old_3digit", "111", "130"),
     ("post_sandiao_6digit", "030100", "030200"), ("gbt_21010", "0301", "0302")],
)  # fmt: skip
def test_arbor_and_bamboo_forest_are_known_in_every_scheme(scheme, arbor, bamboo):
    groups = land_class_groups(scheme)
    assert (groups[arbor], groups[bamboo]) == ("arbor", "bamboo")


def test_the_species_schemes_collide_and_are_kept_apart():
    national, regional = species_groups("nfci_3digit"), species_groups("gx_3digit")
    assert (national["220"], regional["220"]) == ("masson_pine", "oak")
    shared = national.index.intersection(regional.index)
    assert (national[shared] != regional[shared]).sum() > 20


def test_an_unknown_code_is_refused_with_its_rows():
    with pytest.raises(TableError, match="9999") as caught:
        decode(pd.Series(["0111", "9999", None], index=[5, 6, 7]),
               land_class_groups("ly1955_4digit"), "land_class_unknown", file="f", rule="s")  # fmt: skip
    assert caught.value.problems[0].rows == (6,)


def test_the_working_codes_of_the_third_survey_belong_to_the_class_of_their_base():
    groups = land_class_groups("gbt_21010")
    assert [groups[code] for code in ("0201K", "0301K", "0302K", "1104A", "05H1", "203")] == [
        groups[code] for code in ("0201", "0301", "0302", "1104", "0501", "0701")
    ]


@pytest.mark.parametrize(
    "column",
    ["forest_category", "origin", "age_group", "scattered_type", "change_cause", "project_type",
     "work_kind", "status", "site_preparation", "tenure", "is_wetland", "side"],
)  # fmt: skip
def test_names_of_attributes_stand_for_one_code_each(column):
    names = attribute_names(column)
    assert set(names.values()) <= set(attribute_codes(column).index)
    assert all(names[name] == code for code, name in attribute_codes(column).items())


def test_headings_of_the_list_do_not_say_which_forest_a_parcel_carries():
    groups = land_class_groups("ly1955_4digit")
    assert groups["0110"] in HEADINGS
    assert groups["0130"] in HEADINGS


def test_economic_forest_is_told_apart_by_forest_category():
    groups = pd.Series(["arbor", "arbor", "shrub_special", "bamboo", "arbor"])
    category = pd.Series(["111", "250", "255", "250", None])
    kinds = ["arbor", "economic_arbor", "economic_shrub", "bamboo", "arbor"]
    assert forest_type(groups, category).tolist() == kinds
    assert forest_type(groups, None).tolist() == groups.tolist()
