"""What moved each piece of ground: records first, then works, then what the ground tells."""

import numpy as np
import pandas as pd
import pytest

from carbon_sink.errors import ParameterError
from carbon_sink.ground_causes import (
    CASES,
    CAUSES,
    FIGURES,
    GROUND,
    TOLD,
    Pair,
    explained,
    ground_between,
    project_share,
)
from carbon_sink.tables import read_data


def kinds(*forest_types):
    return pd.DataFrame({"forest_type": forest_types, "town_code": "t"})


def one_row(ground_ha=1.0):
    return pd.DataFrame({"before": [0], "after": [0], "ground_ha": [ground_ha]})


def event(event_type, area_ha, stand=0):
    return {"stand": stand, "event_type": event_type, "area_ha": area_ha}


def ground(before, after, *events):
    losses = pd.DataFrame(events) if events else None
    stands = {"before": kinds(before), "after": kinds(after)}
    return ground_between(one_row(), stands, losses).iloc[0]


@pytest.mark.parametrize(
    ("before", "after", "case"),
    [
        ("arbor", "arbor", "stayed"),
        ("sparse", "arbor", "stayed"),
        ("arbor", "sparse", "stayed"),
        ("bamboo", "arbor", "renamed"),
        ("arbor", "cutover", "cleared"),
        ("bamboo", "built", "converted"),
        ("young_planted", "arbor", "closed"),
        ("young_planted", "shrub_special", "closed"),
        ("young_enclosed", "arbor", "regrown"),
        ("cutover", "arbor", "regrown"),
        ("suitable", "arbor", "gained"),
        ("cropland", "young_planted", "gained"),
        ("cropland", "built", "open"),
        ("cutover", "young_planted", "open"),
    ],
)
def test_what_became_of_ground_is_told_by_its_kinds_of_land(before, after, case):
    assert ground(before, after)["case"] == case


def test_every_pair_of_kinds_of_land_has_a_case_with_causes():
    every = read_data("land_categories.csv")["forest_type"]
    rows = pd.DataFrame([(i, j) for i in range(-1, len(every)) for j in range(-1, len(every))],
                        columns=["before", "after"]).assign(ground_ha=1.0)  # fmt: skip
    found = ground_between(rows, {"before": kinds(*every), "after": kinds(*every)}, None)
    assert set(found["case"]) == set(CASES)
    for sign in ("gain", "loss", "area_loss"):
        assert found[sign].isin(CAUSES).all()
    assert found["case"].eq("one_date").sum() == 2 * len(every) + 1
    assert set(TOLD) <= set(every)


def test_land_class_tells_what_took_the_trees_unless_a_record_covers_the_ground():
    assert ground("arbor", "cutover")["loss"] == "harvest"
    assert ground("arbor", "burned")["loss"] == "fire"
    assert ground("arbor", "unstocked")["loss"] == "reclassification"
    # a stand that is cut because it is ill: half a hectare of the one that was cut
    assert ground("arbor", "cutover", event("pest", 0.5))["loss"] == "pest"
    # a small fire in a stand does not explain why all of it was cut
    assert ground("arbor", "cutover", event("fire", 0.4))["loss"] == "harvest"
    # of several events the one counts that the land shows
    both = event("pest", 0.9), event("harvest", 0.1)
    assert ground("arbor", "cutover", *both)["loss"] == "harvest"
    # where the land shows nothing the largest event counts
    assert ground("arbor", "unstocked", *both)["loss"] == "pest"
    assert ground("arbor", "unstocked", event("fire", 0.1))["loss"] == "fire"


def test_events_take_area_only_from_forest_that_stays_forest_land():
    pest = event("pest", 1.0)
    # crowns are open after a pest: below the canopy that counts as forest
    assert ground("arbor", "arbor", pest)[["loss", "area_loss"]].tolist() == ["growth", "pest"]
    assert ground("arbor", "built", pest)["area_loss"] == "reclassification"
    assert ground("arbor", "arbor")["area_loss"] == "growth"


def test_a_kind_of_land_without_a_category_is_refused():
    with pytest.raises(ParameterError) as caught:
        ground("arbor", "moor")
    assert {one.code for one in caught.value.problems} == {"land_category_missing"}


PROJECTS = pd.DataFrame({
    "project_type": ["corridor", "mine_restoration", "quality_improvement", "corridor", "corridor"],
    "method": ["planting", "planting", "improvement", "planting", "planting"],
    "start_year": [2021, 2025, 2022, 2020, 2026],
}, index=list("abcde"))  # fmt: skip
LATER = pd.DataFrame({"area_ha": [10.0, 20.0]}, index=[1, 2])


def shares(*pieces, after=(0, 1, -1)):
    laid = pd.DataFrame(pieces, columns=["project", "stand", "ground_ha"])
    rows = pd.DataFrame({"after": after}, index=np.arange(len(after)) + 5)
    return project_share(rows, laid, PROJECTS, LATER, (2020, 2025))


def test_works_share_the_ground_of_the_later_stand():
    found = shares(("a", 1, 4.0), ("b", 1, 1.0), ("b", 2, 20.001))
    # 4 and 1 of 10 ha; borders that were drawn twice give no more than the whole stand
    assert found["planting"].round(12).tolist() == [0.4, 0.0, 0.0]
    assert found["restoration"].round(12).tolist() == [0.1, 1.0, 0.0]
    assert found.index.tolist() == [5, 6, 7]


def test_works_of_other_years_and_works_in_standing_forest_have_no_share():
    assert shares(("c", 1, 9.0), ("d", 1, 9.0), ("e", 1, 9.0)).eq(0.0).all(axis=None)


def test_both_kinds_of_works_together_hold_no_more_than_the_ground():
    found = shares(("a", 1, 10.0), ("b", 1, 10.0))
    assert found.iloc[0].tolist() == [0.5, 0.5]


def pair(before, after, stock, losses=None, works=(0.0, 0.0), carbon=None, species=("oak", "oak")):
    """One stand at both dates, with its stock and carbon."""
    carbon = carbon or [one / 2.0 for one in stock]
    stands = {
        date: kinds(kind).assign(forest_stock_m3=m3, carbon_t=t, species_group=group)
        for date, kind, m3, t, group in zip(
            ("before", "after"), (before, after), stock, carbon, species, strict=True
        )
    }
    works = pd.DataFrame([works], columns=["planting", "restoration"])
    return Pair(one_row(), stands, ground_between(one_row(), stands, losses), losses, works)


def causes(one, indicator="forest_stock_m3"):
    """Causes of the ground of one row, without those that did nothing."""
    figure = one.figure(FIGURES[indicator][GROUND])
    found = explained(one, indicator, GROUND, figure).iloc[0]
    return found[found.ne(0.0)].round(9).to_dict()


def loss(event_type, volume_m3, area_ha=1.0):
    return pd.DataFrame([event(event_type, area_ha)]).assign(
        part="arbor", volume_m3=volume_m3, carbon_t=volume_m3 / 2.0
    )


def test_what_grew_before_it_was_cut_is_growth():
    # 1000 m3 stood, 1100 were cut: 100 grew before
    assert causes(pair("arbor", "cutover", (1000.0, 0.0), loss("harvest", 1100.0))) == {
        "growth": 100.0, "harvest": -1100.0,
    }  # fmt: skip


def test_cut_land_lost_all_that_stood_there_whatever_the_record_holds():
    # 900 m3 are recorded and 100 are told by the land: all of it was harvest
    assert causes(pair("arbor", "cutover", (1000.0, 0.0), loss("harvest", 900.0))) == {
        "harvest": -1000.0
    }


def test_trees_taken_where_houses_were_built_are_harvest_as_far_as_recorded():
    assert causes(pair("arbor", "built", (50.0, 0.0), loss("harvest", 30.0))) == {
        "harvest": -30.0, "reclassification": -20.0,
    }  # fmt: skip


def test_works_take_their_share_of_ground_that_had_nothing():
    assert causes(pair("cropland", "arbor", (0.0, 40.0), works=(0.75, 0.0))) == {
        "planting": 30.0, "reclassification": 10.0,
    }  # fmt: skip
    assert causes(pair("unused", "arbor", (0.0, 40.0), works=(0.0, 1.0))) == {"restoration": 40.0}


def test_works_on_ground_that_had_trees_take_no_credit_for_their_growth():
    assert causes(pair("arbor", "arbor", (100.0, 120.0), works=(1.0, 0.0))) == {"growth": 20.0}


def test_young_plantations_that_closed_are_planting_of_earlier_years():
    # a quarter was planted again by works of these years
    assert causes(pair("young_planted", "arbor", (0.0, 8.0), works=(0.25, 0.0))) == {
        "planting": 8.0, "earlier_change": 6.0,
    }  # fmt: skip


def test_carbon_that_came_by_another_name_of_the_species_is_no_growth():
    # 100 m3 at 0.5 t became 110 m3 at 0.6 t: 100 × 0.1 by the name, 10 × 0.6 by growth
    named = pair("arbor", "arbor", (100.0, 110.0), carbon=(50.0, 66.0), species=("oak", "poplar"))
    assert causes(named, "carbon_t") == {"growth": 6.0, "reclassification": 10.0}
    assert causes(named) == {"growth": 10.0}


def test_forest_counted_by_area_has_no_carbon_by_another_name():
    orchard = pair("economic_arbor", "economic_arbor", (10.0, 20.0), carbon=(17.0, 17.0),
                   species=("a", "b"))  # fmt: skip
    assert causes(orchard, "carbon_t") == {}
