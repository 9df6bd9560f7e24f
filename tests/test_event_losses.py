"""Events take the stock their record says, of the species that stood there."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from carbon_sink.errors import ParameterError
from carbon_sink.event_losses import event_losses, event_notes
from carbon_sink.geometry import ellipsoidal_area_ha
from carbon_sink.parameters import load_parameters
from carbon_sink.tables import columns

PARAMETERS = load_parameters("ar_cm_001")
YEARS = (2020, 2025)
# tonnes of biomass and of carbon in a cubic metre: D * BEF * (1 + R), and times CF
PINE_T = 0.380 * 1.472 * 1.187
PINE_C = PINE_T * 0.460
OAK_C = 0.676 * 1.355 * 1.292 * 0.500


def box(west, east, south=0.0, north=0.01):
    return shapely.box(105.0 + west, 29.0 + south, 105.0 + east, 29.0 + north)


def stands(**fields):
    """Three parcels from west to east: pine with 300 m3, oak with 100 m3, bamboo."""
    shapes = gpd.GeoSeries([box(0.00, 0.01), box(0.01, 0.02), box(0.02, 0.03)], crs=4490)
    return gpd.GeoDataFrame(
        {
            "stand_id": ["p", "o", "b"], "town_code": "t1", "area_ha": ellipsoidal_area_ha(shapes),
            "forest_type": ["arbor", "arbor", "bamboo"],
            "carbon_part": ["arbor", "arbor", "bamboo"],
            "species_group": ["masson_pine", "oak", None],
            "forest_stock_m3": [300.0, 100.0, 0.0], "sparse_stock_m3": 0.0, **fields,
        },
        geometry=shapes,
    )  # fmt: skip


def event(shape=None, **fields):
    record = {"event_id": "E1", "event_type": "harvest", "year": 2022, "area_ha": 12.0,
              "volume_loss_m3": 40.0, **fields}  # fmt: skip
    return gpd.GeoDataFrame([record], geometry=[shape], crs=4490)


def losses_of(events, layer=None):
    return event_losses(events, stands() if layer is None else layer, PARAMETERS, YEARS)


def test_volume_goes_by_stock_and_area_by_ground():
    # half of each parcel of pine and oak: 150 and 50 m3 stood there, so 40 m3 are 30 and 10
    found = losses_of(event(box(0.005, 0.015))).set_index("stand_id")
    assert found["stock_m3"].to_dict() == pytest.approx({"p": 150.0, "o": 50.0}, rel=1e-6)
    assert found["volume_m3"].to_dict() == pytest.approx({"p": 30.0, "o": 10.0}, rel=1e-6)
    assert found["area_ha"].to_dict() == pytest.approx({"p": 6.0, "o": 6.0}, rel=1e-6)
    assert found["biomass_t"]["p"] == pytest.approx(30.0 * PINE_T, rel=1e-6)
    carbon = {"p": 30.0 * PINE_C, "o": 10.0 * OAK_C}
    assert found["carbon_t"].to_dict() == pytest.approx(carbon, rel=1e-6)
    assert set(found["basis"]) == {"overlay"}


def test_bamboo_under_an_event_takes_its_share_of_the_ground_and_no_stock():
    found = losses_of(event(box(0.01, 0.03))).set_index("stand_id")
    assert found["volume_m3"].to_dict() == pytest.approx({"o": 40.0, "b": 0.0})
    assert found["area_ha"].to_dict() == pytest.approx({"o": 6.0, "b": 6.0}, rel=1e-6)
    assert found.loc["b", ["part", "carbon_t"]].tolist() == ["bamboo", 0.0]


def test_what_was_cut_on_ground_that_is_no_forest_later_is_told():
    # the event lies on half of each parcel; the west of it, the pine of 30 m3, was built on, and
    # a half of what is left, 5 m3 of oak
    after = gpd.GeoDataFrame(
        {"forest_type": ["arbor", "built", "arbor", "arbor"]},
        geometry=[box(0.0, 0.005), box(0.005, 0.0125), box(0.0125, 0.02), box(0.02, 0.03)],
        crs=4490,
    )
    found = event_losses(event(box(0.005, 0.015)), stands(), PARAMETERS, YEARS, after)
    converted = found.set_index("stand_id")["converted_carbon_t"].to_dict()
    assert converted == pytest.approx({"p": 30.0 * PINE_C, "o": 5.0 * OAK_C}, rel=1e-5)
    elsewhere = event_losses(event(box(0.013, 0.015)), stands(), PARAMETERS, YEARS, after)
    assert elsewhere["converted_carbon_t"].tolist() == [0.0]
    nowhere = event(None, species_group="oak")
    unknown = event_losses(nowhere, stands(), PARAMETERS, YEARS, after)
    assert unknown["converted_carbon_t"].isna().all()


def test_sparse_woodland_can_be_lost_too():
    layer = stands(forest_type=["sparse", "arbor", "bamboo"], carbon_part=[None, "arbor", "bamboo"],
                   forest_stock_m3=[0.0, 100.0, 0.0], sparse_stock_m3=[50.0, 0.0, 0.0])  # fmt: skip
    (row,) = losses_of(event(box(0.002, 0.008)), layer).itertuples()
    assert (row.part, row.volume_m3) == ("sparse", 40.0)
    assert row.carbon_t == pytest.approx(40.0 * PINE_C)


def test_stock_of_orchards_is_not_timber():
    layer = stands(forest_type=["economic_arbor", "arbor", "bamboo"],
                   carbon_part=["economic", "arbor", "bamboo"])  # fmt: skip
    found = losses_of(event(box(0.005, 0.015)), layer).set_index("stand_id")
    assert found["volume_m3"].to_dict() == pytest.approx({"p": 0.0, "o": 40.0})


def codes(events, layer=None):
    return [note.code for note in event_notes(events, losses_of(events, layer))]


@pytest.mark.parametrize("kind", ["fire", "pest", "harvest"])
def test_a_loss_that_is_not_recorded_is_unknown_and_never_all_that_stood_there(kind):
    events = event(box(0.0, 0.01), event_type=kind, volume_loss_m3=np.nan)
    (row,) = losses_of(events).itertuples()
    assert (row.basis, row.stock_m3, row.area_ha) == ("volume_missing", pytest.approx(300.0), 12.0)
    assert np.isnan([row.volume_m3, row.biomass_t, row.carbon_t]).all()
    assert codes(events) == ["event_volume_missing"]
    assert codes(events.drop(columns="volume_loss_m3")) == ["event_volume_missing"]


def test_an_event_without_a_place_needs_its_species():
    lost = event(None)
    (row,) = losses_of(lost).itertuples()
    assert row.basis == "no_place"
    assert np.isnan([row.volume_m3, row.carbon_t]).all()
    assert codes(lost) == ["event_no_place"]
    for named in (lost.assign(species_group="oak"),
                  pd.DataFrame(lost.drop(columns="geometry")).assign(species_group="oak")):  # fmt: skip
        (row,) = losses_of(named).itertuples()
        assert (row.basis, row.volume_m3) == ("species", 40.0)
        assert row.carbon_t == pytest.approx(40.0 * OAK_C)
        assert codes(named) == []


def test_an_event_outside_any_stock_is_told():
    bamboo, nowhere = event(box(0.021, 0.025)), event(box(0.5, 0.6))
    for events in (bamboo, nowhere):
        found = losses_of(events)
        assert found["carbon_t"].isna().all()
        assert found["area_ha"].sum() == 12.0
        assert codes(events) == ["event_no_stock"]
    (row,) = losses_of(bamboo.assign(species_group="oak")).itertuples()
    assert (row.basis, row.carbon_t) == ("species", pytest.approx(40.0 * OAK_C))


def test_an_event_that_took_no_stock_lost_none():
    events = event(box(0.021, 0.025), volume_loss_m3=0.0)
    assert losses_of(events)["carbon_t"].tolist() == [0.0]
    assert codes(events) == []


def test_an_event_that_took_more_than_stood_there_is_told_and_counted_as_recorded():
    events = event(box(0.0, 0.01), volume_loss_m3=500.0)
    assert losses_of(events)["volume_m3"].tolist() == [500.0]
    assert codes(events) == ["event_above_stock"]
    assert codes(event(box(0.0, 0.01), volume_loss_m3=300.4)) == []  # records are rounded


def test_notes_name_events_and_their_rows():
    events = pd.concat([event(None, event_id="E7"), event(None, event_id="E9")])
    events.index = [4, 5]
    (note,) = event_notes(events, losses_of(events), ["events.gpkg"])
    assert (note.file, note.rows, note.count, note.value) == ("events.gpkg", (4, 5), 2, "E7, E9")
    assert "species_group" in note.text("en")


@pytest.mark.parametrize(
    ("year", "counted"), [(2020, False), (2021, True), (2025, True), (2026, False)]
)
def test_only_events_between_the_dates_count(year, counted):
    found = losses_of(event(box(0.0, 0.01), year=year))
    assert len(found) == counted
    assert list(found.columns) == [*columns("event_losses").index, "stand"]


def test_events_in_another_system_lie_where_they_lie():
    there = event(box(0.005, 0.015))
    one, other = losses_of(there), losses_of(there.to_crs(4544))
    pd.testing.assert_frame_equal(one, other, rtol=1e-6)


def test_dates_that_are_not_two_and_species_without_parameters_are_refused():
    with pytest.raises(ParameterError):
        event_losses(event(box(0.0, 0.01)), stands(), PARAMETERS, (2025, 2025))
    with pytest.raises(ParameterError) as error:
        losses_of(event(None, species_group="ginkgo_x"))
    assert "ginkgo_x" in str(error.value)


edge = st.floats(0.0, 0.03)


@given(
    st.lists(
        st.tuples(edge, edge, st.floats(1.0, 1e4), st.floats(0.1, 100.0)), min_size=1, max_size=6
    )
)
@settings(max_examples=20, deadline=None)
def test_what_is_shared_out_adds_up_to_the_record_of_each_event(records):
    events = pd.concat([
        event(box(*sorted((a, b))), event_id=f"E{number}", volume_loss_m3=volume, area_ha=area)
        for number, (a, b, volume, area) in enumerate(records)
    ])  # fmt: skip
    found = losses_of(events)
    sums = found.groupby("event_id")[["area_ha", "volume_m3"]].sum()
    events = events.set_index("event_id")
    assert sums["area_ha"].to_numpy() == pytest.approx(events["area_ha"][sums.index], rel=1e-9)
    known = found.drop_duplicates("event_id").set_index("event_id")["basis"].eq("overlay")
    taken = events.loc[known.index[known], "volume_loss_m3"]
    assert sums.loc[taken.index, "volume_m3"].to_numpy() == pytest.approx(taken, rel=1e-9)
    assert len(sums) == len(events)
