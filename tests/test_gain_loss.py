"""Gain and loss beside the stock difference: where they agree, and what is left when not."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from carbon_sink.errors import ParameterError, TableError
from carbon_sink.gain_loss import (
    ITEMS,
    PROCESSES,
    balance_notes,
    carbon_balance,
    stand_growth,
    staying_share,
)
from carbon_sink.language import text
from carbon_sink.parameters import load_parameters
from carbon_sink.tables import columns

PARAMETERS = load_parameters("ar_cm_001")
YEARS = (2020, 2025)
# tonnes of carbon in a cubic metre: D * BEF * (1 + R) * CF
PINE = 0.380 * 1.472 * 1.187 * 0.460
OAK = 0.676 * 1.355 * 1.292 * 0.500


def piece(flow="remaining", before=0.0, after=0.0, **fields):
    """A piece of pine on 10 ha; the carbon is that of its stock."""
    return {
        "stand_id_before": "s1", "part": "arbor", "flow": flow, "species_before": "masson_pine",
        "species_after": "masson_pine", "area_before_ha": 10.0, "area_after_ha": 10.0,
        "volume_before_m3": before, "volume_after_m3": after, "carbon_before_t": before * PINE,
        "carbon_after_t": after * PINE, **fields,
    }  # fmt: skip


def growth_of(**stands):
    rows = [
        {"stand_id": one, "species_group": "masson_pine", "growth_m3": m3}
        for one, m3 in stands.items()
    ]
    return pd.DataFrame(rows, columns=["stand_id", "species_group", "growth_m3"])


def lost(kind, volume, stand="s1", year=2023):
    return {"stand_id": stand, "event_type": kind, "part": "arbor", "species_group": "masson_pine",
            "year": year, "volume_m3": volume, "carbon_t": volume * PINE}  # fmt: skip


def balance(pieces, growth=None, losses=(), **more):
    growth = growth_of() if growth is None else growth
    events = pd.DataFrame(list(losses), columns=list(lost("fire", 0.0)))
    return carbon_balance(growth, events, pd.DataFrame(pieces), PARAMETERS, YEARS, **more)


def items(table, group="", figure="volume_m3"):
    return table[table["species_group"].eq(group)].set_index("item")[figure]


def test_a_stand_that_grew_and_was_thinned_burned_and_attacked_is_balanced():
    # 1000 + 200 - 50 - 20 - 10 = 1120 m3 stand there in the end: nothing is left unexplained
    found = balance(
        [piece(before=1000.0, after=1120.0)],
        growth_of(s1=200.0),
        [lost("harvest", 50.0), lost("fire", 20.0), lost("pest", 10.0)],
    )
    volume, carbon = items(found), items(found, figure="carbon_t")
    for table in (volume, carbon / PINE):
        assert table[["growth", "harvest", "fire", "pest"]].tolist() == pytest.approx(
            [200, -50, -20, -10]
        )
        assert table[["total", "stock_difference"]].tolist() == pytest.approx([120.0, 120.0])
        assert table["residual"] == pytest.approx(0.0, abs=1e-9)
    removal = items(found, figure="removal_co2_t_yr")["total"]
    assert removal == pytest.approx(120.0 * PINE / 5 * 44 / 12)
    assert items(found, "masson_pine").equals(volume)


def test_what_the_methods_disagree_about_is_left_and_shown():
    found = items(balance([piece(before=1000.0, after=1120.0)], growth_of(s1=200.0)))
    assert found["residual"] == pytest.approx(-80.0)


def test_mortality_is_a_share_of_the_mean_stock_of_each_year():
    # 1 % of 1050 m3 in each of five years
    pieces = [piece(before=1000.0, after=1100.0)]
    found = balance(pieces, growth_of(s1=152.5), mortality_pct={"masson_pine": 1.0})
    volume = items(found)
    assert volume["mortality"] == items(found, "masson_pine")["mortality"] == pytest.approx(-52.5)
    assert volume["residual"] == pytest.approx(0.0, abs=1e-9)
    assert balance_notes(found, []) == []


def test_gross_growth_without_mortality_is_told_and_calibrated_growth_is_not():
    found = balance([piece(before=1000.0, after=1100.0)], growth_of(s1=100.0))
    assert np.isnan(items(found)["mortality"])
    assert items(found)["total"] == pytest.approx(100.0)
    (note,) = balance_notes(found, ["oak"])
    assert (note.code, note.severity) == ("mortality_missing", "warn")
    assert (note.value, note.rule) == ("masson_pine", "100")
    assert balance_notes(found, ["masson_pine"]) == []


def test_mortality_of_one_group_is_not_that_of_another_and_none_is_none():
    oak = {"species_before": "oak", "species_after": "oak", "stand_id_before": "s2"}
    pieces = [piece(before=1000.0, after=1100.0), piece(before=100.0, after=110.0, **oak)]
    found = balance(pieces, growth_of(s1=100.0), mortality_pct={"masson_pine": 0.0})
    assert items(found)["mortality"] == items(found, "masson_pine")["mortality"] == 0.0
    assert np.isnan(items(found, "oak")["mortality"])


def test_growth_and_losses_count_for_what_stayed_and_the_rest_is_conversion():
    # a quarter of the stand becomes a road: its 250 m3 are converted; of 200 m3 that the whole
    # would have grown 150 count, and of 40 m3 that were cut 30
    pieces = [
        piece(before=750.0, after=870.0, area_before_ha=7.5),
        piece("lost", 250.0, 0.0, area_before_ha=2.5, area_after_ha=0.0, species_after=None),
    ]
    found = items(balance(pieces, growth_of(s1=200.0), [lost("harvest", 40.0)]))
    assert found[["growth", "harvest", "conversion"]].tolist() == pytest.approx(
        [150.0, -30.0, -250.0]
    )
    assert found["residual"] == pytest.approx(0.0, abs=1e-9)


def test_land_that_was_cut_over_is_harvest_and_no_conversion():
    pieces = [piece("unstocked", 400.0, 0.0, area_after_ha=0.0, species_after=None)]
    found = items(balance(pieces, losses=[lost("harvest", 400.0)]))
    assert found[["harvest", "conversion", "residual"]].tolist() == pytest.approx(
        [-400.0, 0.0, 0.0]
    )


UNSTOCKED = piece("unstocked", 400.0, 0.0, area_after_ha=0.0, species_after=None)


def test_a_stand_that_was_cut_grew_until_its_harvest_only():
    # 100 m3 in five years; 60 of them by 2023, when 400 + 60 m3 stood there and 450 were cut
    found = balance([UNSTOCKED], growth_of(s1=100.0), [lost("harvest", 450.0)])
    volume, carbon = items(found), items(found, figure="carbon_t") / PINE
    for table in (volume, carbon):
        assert table[["growth", "harvest", "unrecorded", "residual"]].tolist() == pytest.approx(
            [60.0, -450.0, -10.0, 0.0]
        )
    # it is the last of two events that the stand ended with
    events = [lost("pest", 20.0, year=2021), lost("harvest", 400.0, year=2022)]
    found = items(balance([UNSTOCKED], growth_of(s1=100.0), events))
    assert found[["growth", "unrecorded"]].tolist() == pytest.approx([40.0, -20.0])


def test_forest_that_went_without_a_record_is_told_and_grew_nothing():
    for events in ([], [lost("harvest", 300.0, "s9")]):
        found = balance([UNSTOCKED], growth_of(s1=100.0), events)
        volume = items(found, "masson_pine")
        assert volume[["growth", "unrecorded", "residual"]].tolist() == pytest.approx(
            [0.0, -400.0, 0.0]
        )
    without = carbon_balance(growth_of(s1=9.0), None, pd.DataFrame([UNSTOCKED]), PARAMETERS, YEARS)
    assert items(without)["unrecorded"] == -400.0


def test_a_record_above_what_stood_there_stays_in_the_residual():
    found = items(balance([UNSTOCKED], losses=[lost("harvest", 430.0)]))
    assert found[["harvest", "unrecorded", "residual"]].tolist() == [-430.0, 0.0, 30.0]


def test_the_part_of_a_stand_that_remains_grows_on():
    # half the stand was cut in 2023: 200 m3 and 30 of 50 m3 of growth; the other half grows by 50
    half = {"area_before_ha": 5.0}
    pieces = [piece(before=200.0, after=250.0, **half), UNSTOCKED | half | {
        "volume_before_m3": 200.0, "carbon_before_t": 200.0 * PINE}]  # fmt: skip
    found = items(balance(pieces, growth_of(s1=100.0), [lost("harvest", 230.0)]))
    assert found[["growth", "harvest", "unrecorded", "residual"]].tolist() == pytest.approx(
        [80.0, -230.0, 0.0, 0.0]
    )


def test_forest_that_closes_on_forest_land_is_ingrowth():
    pieces = [piece("stocked", 0.0, 60.0, area_before_ha=0.0, species_before=None)]
    found = items(balance(pieces))
    assert found[["ingrowth", "conversion", "residual"]].tolist() == [60.0, 0.0, 0.0]


def test_a_change_of_species_is_a_conversion_between_species():
    # 100 m3 of pine are written as oak: no stock came or went, but carbon by the table did
    pieces = [
        piece("species_changed", 100.0, 100.0, species_after="oak", carbon_after_t=100.0 * OAK)
    ]
    found = balance(pieces)
    assert items(found)["conversion"] == 0.0
    assert items(found, figure="carbon_t")["conversion"] == pytest.approx(100.0 * (OAK - PINE))
    assert items(found, "masson_pine")["conversion"] == -100.0
    assert items(found, "oak")["conversion"] == 100.0


def test_bamboo_changes_by_its_area_only():
    bamboo = {"part": "bamboo", "species_before": None, "species_after": None}
    pieces = [
        piece("unstocked", carbon_before_t=342.4, **bamboo),
        piece(carbon_before_t=68.5, carbon_after_t=68.5, **bamboo),
    ]
    found = items(balance(pieces), "bamboo", "carbon_t")
    assert found[["conversion", "stock_difference", "residual"]].tolist() == pytest.approx(
        [-342.4, -342.4, 0.0]
    )


def test_losses_of_sparse_woodland_and_unknown_losses_are_not_losses_of_forest():
    losses = [lost("fire", 5.0) | {"part": "sparse"}, lost("fire", np.nan), lost("pest", 3.0, None)]
    found = items(balance([piece(before=10.0, after=7.0)], losses=losses))
    assert found[["fire", "pest"]].tolist() == [0.0, -3.0]  # of a species without a place


def test_growth_of_stands_is_what_the_model_added_to_arbor_forest():
    before = pd.DataFrame({
        "stand_id": ["1", "2"], "species_group": ["oak", None], "carbon_part": ["arbor", "bamboo"],
        "forest_volume_m3": [100.0, 0.0],
    })  # fmt: skip
    grown = before.assign(forest_volume_m3=[110.0, 5.0])
    assert stand_growth(before, grown).to_dict("records") == [
        {"stand_id": "1", "species_group": "oak", "growth_m3": 10.0}
    ]


volumes = st.floats(0.0, 1e5)
flows = st.sampled_from(["remaining", "species_changed", "lost", "gained", "stocked", "unstocked",
                         "new_ground", "lost_ground", "kind_changed"])  # fmt: skip
made = st.lists(
    st.tuples(flows, volumes, volumes, st.sampled_from(["masson_pine", "oak"])),
    min_size=1,
    max_size=8,
)


@given(made, st.floats(0.0, 1e4), st.floats(0.0, 1e4), st.floats(0.0, 100.0))
@settings(max_examples=40, deadline=None)
def test_items_add_up_and_species_add_up_to_all_forest(made_, grown, cut, mortality):
    pieces = [
        piece(flow, before, after, species_after=species) for flow, before, after, species in made_
    ]
    rates = dict.fromkeys(("masson_pine", "oak"), mortality)
    found = balance(pieces, growth_of(s1=grown), [lost("harvest", cut)], mortality_pct=rates)
    known = found.fillna({"carbon_t": 0.0})  # what no record tells is in no sum
    table = known.pivot_table(index="item", columns="species_group", values="carbon_t")
    scale = table.abs().max().max() + 1.0
    parts = table.loc[list(PROCESSES)].sum()
    assert table.loc["total"].to_numpy() == pytest.approx(parts.to_numpy(), abs=1e-9 * scale)
    both = table.loc["total"] + table.loc["residual"]
    assert both.to_numpy() == pytest.approx(
        table.loc["stock_difference"].to_numpy(), abs=1e-9 * scale
    )
    species = table.drop(columns="").sum(axis=1)
    assert species.to_numpy() == pytest.approx(table[""].to_numpy(), abs=1e-9 * scale)
    change = sum(one["carbon_after_t"] - one["carbon_before_t"] for one in pieces)
    assert table.loc["stock_difference", ""] == pytest.approx(change, abs=1e-9 * scale)
    share = staying_share(pd.DataFrame(pieces))
    assert share.between(0.0, 1.0).all()


def test_a_kind_of_event_without_a_known_loss_is_missing_and_not_nothing():
    cut = lost("harvest", 2.0)
    for losses, known in (((), []), ([cut], ["harvest"]), ([{**cut, "carbon_t": None}], [])):
        found = balance([piece(before=10.0, after=12.0)], losses=losses)
        whole = found[found["species_group"].eq("")].set_index("item")["carbon_t"]
        told = whole[["harvest", "fire", "pest"]].dropna()
        assert told.index.tolist() == known
        assert whole.notna()[["total", "residual"]].all()


def test_the_table_follows_its_contract():
    found = balance([piece(before=10.0, after=12.0)])
    assert list(found.columns) == list(columns("carbon_balance").index)
    assert found["item"].tolist() == list(ITEMS) * 2
    assert found["species_group"].tolist() == [""] * len(ITEMS) + ["masson_pine"] * len(ITEMS)


def test_every_item_has_a_name_in_both_languages():
    for item in (*ITEMS, "consumption", "harvest_correction"):
        assert text(f"balance.{item}", "zh") != text(f"balance.{item}", "en")


def test_negative_growth_is_refused_with_all_its_stands():
    with pytest.raises(TableError) as error:
        balance([piece(before=10.0, after=12.0)], growth_of(a7=-3.0, a8=2.0, a9=-0.5))
    (problem,) = error.value.problems
    assert (problem.code, problem.rows, problem.count) == ("growth_negative", ("a7", "a9"), 2)


@pytest.mark.parametrize("mortality", [-1.0, 100.5, float("nan")])
def test_impossible_mortality_is_refused(mortality):
    with pytest.raises(ParameterError) as error:
        balance([piece(before=10.0, after=12.0)], mortality_pct={"masson_pine": mortality})
    assert error.value.problems[0].field == "mortality_pct"


def test_a_missing_second_date_is_refused():
    with pytest.raises(ParameterError) as error:
        carbon_balance(growth_of(), None, pd.DataFrame([piece()]), PARAMETERS, (2025, 2025))
    assert error.value.problems[0].code == "period_empty"
