"""Stands brought to a later year."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from carbon_sink.errors import TableError
from carbon_sink.growth_models import group_models
from carbon_sink.updating import grow_year, states, update_stands

MODELS = group_models()
SPECIES = ["masson_pine", "cypress", "chinese_fir", "oak", "camphor", "eucalyptus"]


def stands(count=1, **cells):
    """Pine of 20 years with round numbers, or what is said instead."""
    usual = {
        "forest_type": "arbor", "species_group": "masson_pine", "area_ha": 10.0,
        "stand_age_yr": 20.0, "dbh_cm": 14.0, "height_m": 12.0, "basal_area_m2_ha": 15.0,
        "forest_volume_m3": 1000.0,
    }  # fmt: skip
    return pd.DataFrame(usual | cells, index=pd.RangeIndex(1, count + 1))


def grown(table, years=1, factor=1.0):
    state = states(table, MODELS)
    for _ in range(years):
        state = grow_year(state, factor)
    return state


one_stand = st.fixed_dictionaries(
    {"species_group": st.sampled_from(SPECIES), "stand_age_yr": st.integers(1, 120).map(float),
     "dbh_cm": st.floats(1.0, 60.0), "height_m": st.floats(1.5, 30.0),
     "basal_area_m2_ha": st.floats(0.1, 60.0), "forest_volume_m3": st.floats(0.0, 5000.0)}
)  # fmt: skip


def test_one_year_by_the_rate_models():
    # RATE_1 of the sources: 5.6916 %; GR07 of 20 years and 14 cm:
    # 0.445 + 46.427 * exp(-0.170 * 14 - 0.046 * 20) = 0.445 + 46.427 * 0.036883 = 2.15737 %
    state = grown(stands())
    assert state["volume_m3"].item() == pytest.approx(1056.916, abs=1e-3)
    assert state["dbh_cm"].item() == pytest.approx(14.0 * 1.0215737, abs=1e-4)
    assert state["age_yr"].item() == 21.0


def test_the_second_year_grows_from_the_first():
    first, second = grown(stands()), grown(stands(), 2)
    again = states(
        stands(stand_age_yr=21.0, forest_volume_m3=first["volume_m3"].item(),
               dbh_cm=first["dbh_cm"].item(), basal_area_m2_ha=first["basal_area_m2_ha"].item()),
        MODELS,
    )  # fmt: skip
    assert grow_year(again)["volume_m3"].item() == pytest.approx(second["volume_m3"].item())
    # slower than the same rate for two years: rates fall with age
    assert second["volume_m3"].item() < 1000.0 * 1.056916**2


def test_update_1():
    state = grown(stands(stand_age_yr=19.0, dbh_cm=np.nan))
    assert state["volume_m3"].item() == pytest.approx(1022.424, abs=1e-3)
    assert state["model_volume"].item() == "GM-mas-V"


def test_volume_counts_from_five_centimeters_on():
    thin = grown(stands(2, stand_age_yr=6.0, dbh_cm=[2.0, 4.9]))
    # 2 cm stays below 5 cm, 4.9 cm passes it
    assert thin["dbh_cm"].lt(5.0).tolist() == [True, False]
    assert thin["volume_m3"].gt(1000.0).tolist() == [False, True]


def test_the_factor_multiplies_the_growth_of_volume_only():
    half, full = grown(stands(), factor=0.5), grown(stands())
    assert half["volume_m3"].item() == pytest.approx(1000.0 + 56.916 / 2.0, abs=1e-3)
    assert half["dbh_cm"].item() == full["dbh_cm"].item()


def test_models_are_chosen_in_the_stated_order():
    table = stands(
        6, species_group=["oak", "oak", "oak", "chinese_fir", "bamboo_moso", "eucalyptus"],
        dbh_cm=[14.0, np.nan, 14.0, np.nan, 14.0, np.nan],
        stand_age_yr=[20.0, 20.0, np.nan, 20.0, 20.0, 5.0],
    )  # fmt: skip
    state = states(table, MODELS)
    assert state["model_volume"].tolist() == ["GR04", "GM-bro-V", "", "", "", "GM-euc-V"]
    assert state["reason"].tolist() == ["", "", "no_age", "no_measures", "no_model", ""]


def test_basal_area_is_that_of_the_trees_where_it_is_lacking():
    # 1000 trees of 20 cm: 1000 * pi / 4 * 0.04 = 31.416 m2/ha
    table = stands(2, basal_area_m2_ha=[np.nan, 15.0], trees_per_ha=1000.0, dbh_cm=20.0)
    assert states(table, MODELS)["basal_area_m2_ha"].tolist() == pytest.approx(
        [31.416, 15.0], abs=1e-3
    )


def test_basal_area_by_a_curve_follows_the_square_of_the_diameter():
    before = states(stands(species_group="eucalyptus", stand_age_yr=3.0), MODELS)
    after = grow_year(before)
    thicker = after["dbh_cm"].item() / 14.0
    assert after["basal_area_m2_ha"].item() == pytest.approx(15.0 * thicker**2)
    assert thicker > 1.1


def test_stands_outside_the_fit_range_are_marked():
    table = stands(
        5, stand_age_yr=[3.0, 20.0, 70.0, 20.0, 20.0], dbh_cm=[9.0, 14.0, 14.0, 4.0, 50.0]
    )
    assert grown(table)["limited"].tolist() == [True, False, True, True, True]
    assert grown(table)["volume_m3"].iloc[2] == 1000.0


@settings(max_examples=20, deadline=None)
@given(st.lists(one_stand, min_size=1, max_size=8), st.integers(1, 4))
def test_nothing_falls_and_years_add_up(rows, years):
    table = stands(len(rows)).assign(**pd.DataFrame(rows, index=range(1, len(rows) + 1)))
    whole, _ = update_stands(table, (2020, 2020 + years), MODELS)
    steps = table
    for year in range(years):
        steps, _ = update_stands(steps, (2020 + year, 2021 + year), MODELS)
    for name in ("forest_volume_m3", "dbh_cm", "height_m", "basal_area_m2_ha"):
        assert (whole[name] >= table[name]).all(), name
        assert whole[name].tolist() == steps[name].tolist(), name


@settings(max_examples=20, deadline=None)
@given(st.lists(one_stand, min_size=1, max_size=8))
def test_without_growth_the_stock_stays(rows):
    table = stands(len(rows)).assign(**pd.DataFrame(rows, index=range(1, len(rows) + 1)))
    later, _ = update_stands(table, (2020, 2025), MODELS, dict.fromkeys(SPECIES, 0.0))
    assert later["forest_volume_m3"].tolist() == table["forest_volume_m3"].tolist()
    assert (later["stand_age_yr"] == table["stand_age_yr"] + 5).all()


def test_the_columns_of_stock_go_on_agreeing():
    # pine grows 5.6916 %; four-side trees 4 %: 1000 -> 1056.916 and 50 -> 52
    table = stands(
        dominant_volume_m3=800.0, companion_volume_m3=200.0, volume_m3_ha=100.0,
        scattered_volume_m3=50.0, total_volume_m3=1050.0, living_volume_m3_ha=105.0,
    )  # fmt: skip
    later = update_stands(table, (2024, 2025), MODELS)[0].iloc[0]
    assert later["forest_volume_m3"] == pytest.approx(1056.916, abs=1e-3)
    assert later["dominant_volume_m3"] + later["companion_volume_m3"] == pytest.approx(
        later["forest_volume_m3"]
    )
    assert later["volume_m3_ha"] == pytest.approx(105.6916, abs=1e-4)
    assert later["scattered_volume_m3"] == pytest.approx(52.0)
    assert later["total_volume_m3"] == pytest.approx(1108.916, abs=1e-3)
    assert later["living_volume_m3_ha"] == pytest.approx(110.8916, abs=1e-4)


def test_stock_that_is_given_per_hectare_only_is_brought_on_too():
    table = stands(volume_m3_ha=100.0, registered_area_ha=10.0).drop(columns="forest_volume_m3")
    later = update_stands(table, (2024, 2025), MODELS)[0].iloc[0]
    assert later["forest_volume_m3"] == pytest.approx(1056.916, abs=1e-3)


def test_four_side_trees_grow_without_a_stand():
    field = stands(forest_type="cropland", species_group=None, forest_volume_m3=np.nan,
                   scattered_volume_m3=100.0, scattered_species_group="eucalyptus")  # fmt: skip
    later, notes = update_stands(field, (2020, 2022), MODELS)
    assert later["scattered_volume_m3"].item() == pytest.approx(121.0)
    assert later["forest_volume_m3"].isna().all()
    assert notes == []


def test_losses_come_after_the_growth_of_their_year():
    # 2024: 1000 * 1.056916 - 100 = 956.916; basal area and trees are cut in proportion
    losses = pd.DataFrame(
        {
            "event_id": ["E1", "E2", "E3"],
            "stand": [1, 1, 1],
            "year": [2024, 2024, 2030],
            "volume_m3": [60.0, 40.0, 9.0],
        }
    )
    later = update_stands(stands(trees_per_ha=900.0), (2023, 2024), MODELS, losses=losses)[0].iloc[
        0
    ]
    assert later["forest_volume_m3"] == pytest.approx(956.916, abs=1e-3)
    assert later["growth_loss_m3"] == 100.0
    assert later["trees_per_ha"] == pytest.approx(900.0 * 956.916 / 1056.916, abs=1e-3)
    uncut = grown(stands())["basal_area_m2_ha"].item()
    assert later["basal_area_m2_ha"] == pytest.approx(uncut * 956.916 / 1056.916, abs=1e-5)


def somewhere(volume, species="masson_pine", town=None, event="E1"):
    """What an event without a place took, as ``event_losses`` tells it."""
    return {"event_id": event, "stand": None, "year": 2024, "species_group": species,
            "town_code": town, "volume_m3": volume}  # fmt: skip


FOREST = {"species_group": ["masson_pine", "masson_pine", "oak", "masson_pine"],
          "forest_type": ["arbor", "arbor", "arbor", "sparse"], "town_code": ["t1", "t2", "t1", "t1"],
          "forest_volume_m3": [1000.0, 3000.0, 500.0, 800.0]}  # fmt: skip


def lost_of(*events):
    table = stands(4, **FOREST)
    later, notes = update_stands(table, (2023, 2024), MODELS, losses=pd.DataFrame(list(events)))
    alone = update_stands(table, (2023, 2024), MODELS)[0]
    lost = alone["forest_volume_m3"] - later["forest_volume_m3"]
    assert lost.tolist() == pytest.approx(later["growth_loss_m3"].tolist())
    return lost.tolist(), [(one.code, one.rows, one.value) for one in notes if "loss" in one.code]


def test_harvest_without_a_place_is_taken_off_the_forest_of_its_species():
    # stock of 1 : 3, of the same growth in percent; oak and sparse woodland are not touched
    assert lost_of(somewhere(400.0)) == (pytest.approx([100.0, 300.0, 0.0, 0.0]), [])
    # of its town where it names one
    assert lost_of(somewhere(400.0, town="t1")) == (pytest.approx([400.0, 0.0, 0.0, 0.0]), [])
    # of what other events of the year left: all of the first stand went
    placed = somewhere(1056.916) | {"event_id": "E2", "stand": 1}
    lost, notes = lost_of(somewhere(400.0), placed)
    assert lost == pytest.approx([1056.916, 400.0, 0.0, 0.0], abs=0.01)
    assert notes == []


def test_harvest_of_a_species_that_stands_nowhere_is_told_with_its_events():
    lost, notes = lost_of(
        somewhere(30.0, "cypress"), somewhere(40.0, "oak", "t2", "E2"), somewhere(5.0, "oak"),
        somewhere(0.0, None),
    )  # fmt: skip
    assert lost == pytest.approx([0.0, 0.0, 5.0, 0.0])
    assert notes == [("growth_loss_nowhere", ("E1", "E2"), "30.0, 40.0")]


@given(st.floats(0.0, 6000.0), st.sampled_from([None, "t1", "t2"]), st.floats(0.0, 1000.0))
@settings(max_examples=30, deadline=None)
def test_what_events_took_is_all_taken_off_or_told(volume, town, placed):
    events = [somewhere(volume, town=town), somewhere(placed, event="E2") | {"stand": 2}]
    lost, notes = lost_of(*events)
    assert sum(lost) == pytest.approx(volume + placed) or notes[0][0] == "growth_loss_above_stock"


def test_more_than_there_is_cannot_be_lost_and_losses_without_volume_are_told():
    losses = pd.DataFrame(
        {"event_id": "E1", "stand": [1, 2], "year": 2024, "volume_m3": [5000.0, np.nan]}
    )
    later, notes = update_stands(stands(2), (2023, 2025), MODELS, losses=losses)
    assert later["forest_volume_m3"].iloc[0] == 0.0
    found = {one.code: one.rows for one in notes}
    assert found == {"growth_loss_unknown": (2,), "growth_loss_above_stock": (1,)}


def test_age_groups_move_when_the_age_passes_a_threshold():
    # planted Masson pine for timber (233) is young to 10 and middle-aged to 20; 18 + 5 = 23
    table = stands(
        3, stand_age_yr=[18.0, 12.0, 18.0], age_group=["2", "2", "2"], origin="21",
        forest_category="233", species_group=["masson_pine", "masson_pine", "conifer_mix"],
    )  # fmt: skip
    later, notes = update_stands(table, (2020, 2025), MODELS)
    assert later["age_group"].tolist() == ["3", "2", "2"]
    assert [one.rows for one in notes if one.code == "growth_age_group_left"] == [(3,)]


def test_the_model_is_written_on_every_stand():
    table = stands(4, species_group=["masson_pine", "oak", "bamboo_moso", "oak"],
                   forest_volume_m3=[10.0, 10.0, 10.0, 0.0])  # fmt: skip
    later, notes = update_stands(table, (2020, 2021), MODELS, {"masson_pine": 0.83, "oak": 0.43},
                                 pooled=["oak"], lang="en")  # fmt: skip
    assert later["growth_model"].tolist() == [
        "GR08 × 0.830 (calibrated on its species group)",
        "GR04 × 0.430 (calibrated on all stands of the model)", "", "",
    ]  # fmt: skip
    assert later["growth_note"].tolist() == [
        "",
        "",
        "no growth model; stock left as it is",
        "no stock; stays at 0",
    ]
    assert {one.code: (one.rows, one.rule) for one in notes} == {
        "growth_without_model": ((3,), "10.00 ha"), "growth_without_stock": ((4,), "10.00 ha")
    }  # fmt: skip
    assert {one.severity for one in notes} == {"warn"}


def test_the_given_stands_are_not_changed_and_rows_keep_their_labels():
    table = stands(2, age_group="2")
    before = table.copy()
    later, _ = update_stands(table, (2020, 2025), MODELS)
    pd.testing.assert_frame_equal(table, before)
    assert later.index.tolist() == [1, 2]


def test_impossible_stands_are_refused_in_one_message():
    table = stands(
        3,
        stand_age_yr=[20.0, -5.0, 20.0],
        dbh_cm=[np.inf, 14.0, 14.0],
        forest_volume_m3=[1.0, 1.0, -3.0],
    )
    with pytest.raises(TableError) as caught:
        update_stands(table, (2020, 2025), MODELS)
    found = {one.field: one.rows for one in caught.value.problems}
    assert found == {"age_yr": (2,), "dbh_cm": (1,), "volume_m3": (3,)}


def test_stands_without_any_stock_are_refused():
    with pytest.raises(TableError, match="蓄积"):
        update_stands(stands().drop(columns="forest_volume_m3"), (2020, 2025), MODELS)
