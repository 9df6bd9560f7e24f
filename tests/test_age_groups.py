"""Age groups by species, purpose and origin."""

import re
import sqlite3

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from carbon_sink.age_groups import BOUNDS, expected, possible
from carbon_sink.codes import species_groups
from carbon_sink.tables import read_data

TABLE = read_data("age_groups.csv")
GROUPS = sorted({group for groups in TABLE["species_groups"] for group in groups.split()})


def stand(age_yr, species_group, forest_category=None, origin=None, **more):
    ages = np.atleast_1d(age_yr)
    return pd.DataFrame(
        {"stand_age_yr": ages.astype(float), "species_group": species_group,
         "forest_category": forest_category, "origin": origin} | more
    )  # fmt: skip


def test_every_row_has_rising_bounds_and_species_that_exist():
    bounds = TABLE[list(BOUNDS)].astype(float)
    assert (bounds.diff(axis=1).iloc[:, 1:] > 0).all(axis=None)
    known = set(species_groups("nfci_3digit")) | set(species_groups("gx_3digit"))
    assert set(GROUPS) <= known
    assert len(TABLE) == 51


BY_CODE = list(TABLE[TABLE["species_codes"] != ""].itertuples())


@pytest.mark.parametrize("row", BY_CODE, ids=lambda row: str(row.Index))
def test_the_codes_of_a_row_are_those_that_its_rule_selects(row):
    # the rule is SQL in the source; it is run over the list of species of that source
    rule = row.locator.split(": ", 1)[1].replace("int(sp)", "cast(sp as integer)")
    assert re.fullmatch(r"[\w\s()<>=%']+", rule)
    groups = species_groups("gx_3digit")
    with sqlite3.connect(":memory:") as file:
        file.execute("CREATE TABLE species (sp TEXT)")
        file.executemany("INSERT INTO species VALUES (?)", [(code,) for code in groups.index])
        selected = [code for (code,) in file.execute(f"SELECT sp FROM species WHERE {rule}")]
    assert sorted(selected) == row.species_codes.split()
    assert set(row.species_groups.split()) == set(groups[selected])


@pytest.mark.parametrize(
    ("case", "last_years"),
    [
        # the examples that the collection of sources gives for timber and protection forest
        (("masson_pine", "233", "21"), (10, 20, 30, 50)),
        (("chinese_fir", "233", "21"), (10, 20, 25, 35)),
        (("masson_pine", "112", "11"), (20, 40, 50, 70)),
        (("masson_pine", "112", "21"), (20, 40, 50, 70)),
    ],
)
def test_the_last_year_of_a_group_is_in_it_and_the_next_is_not(case, last_years):
    ages = [year + more for year in last_years for more in (0, 1)]
    assert expected(stand(ages, *case)).tolist() == [1, 2, 2, 3, 3, 4, 4, 5]


def test_codes_of_the_source_are_exact_where_a_group_is_in_doubt():
    # fast eucalypt (290) of short rotation is mature at 4 to 5; other eucalypt (281) young to 4
    table = stand([4, 4], "eucalyptus", "231", "21", dominant_species=["290", "281"])
    assert expected(table, "gx_3digit").tolist() == [4, 1]
    assert possible(table).to_numpy().tolist() == [[1, 4], [1, 4]]
    assert expected(table).isna().all()


def test_planted_forest_that_sprouted_is_planted():
    ages = stand([15, 15], "chinese_fir", "233", ["21", "31"])
    assert expected(ages).tolist() == [2, 2]


def test_nothing_is_said_where_no_row_applies():
    nothing = [
        stand(30, "conifer_mix", "233", "21"),  # no row for the species
        stand(30, "chinese_fir", "233", "11"),  # timber forest of fir is planted
        stand(30, None, "233", "21"),
        stand(np.nan, "masson_pine", "233", "21"),
        stand(0, "masson_pine", "233", "21"),
    ]
    assert possible(pd.concat(nothing)).isna().all(axis=None)


def test_without_purpose_and_origin_every_row_of_the_species_is_possible():
    # planted or natural, from industrial timber (26 and more) to protection forest (21 to 40)
    assert possible(stand(30, "masson_pine")).to_numpy().tolist() == [[2, 5]]


@settings(max_examples=40)
@given(
    st.sampled_from(GROUPS), st.sampled_from(["112", "231", "232", "233", "240", None]),
    st.sampled_from(["11", "21", "34", None]), st.lists(st.integers(1, 300), min_size=2, max_size=9),
)  # fmt: skip
def test_a_stand_never_grows_younger(species, purpose, origin, ages):
    groups = possible(stand(sorted(ages), species, purpose, origin))
    assert (groups["lowest"] <= groups["highest"]).all() or groups.isna().all(axis=None)
    assert (groups.diff().dropna() >= 0).all(axis=None)


def test_the_rows_keep_their_labels_and_the_stands_their_values():
    table = stand([15, 15, 60], "masson_pine", "233", "21").set_axis([7, 9, 8])
    before = table.copy()
    assert expected(table).to_dict() == {7: 2.0, 9: 2.0, 8: 5.0}
    pd.testing.assert_frame_equal(table, before)
