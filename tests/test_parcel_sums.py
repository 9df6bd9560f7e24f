"""Sums over parcels that their errors need."""

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st
from surveys import date_of, survey, with_trees

from carbon_sink.parcel_sums import parcel_sums

ARRAYS = ("volume_m3", "area_ha", "carbon_t", "volume_squares", "area_squares", "products")


def at(sums, kind, group="", town="t"):
    return sums.keys.index((town, kind, group))


def test_sums_and_squares_of_two_parcels_at_two_dates():
    # 30 and 40 m3 on 1 and 2 ha, then 60 and 40 m3
    oak = ["oak", "oak"]
    before = date_of([30.0, 40.0], [1.0, 2.0], oak, "t")
    after = date_of([60.0, 40.0], [1.0, 2.0], oak, "t")
    sums = parcel_sums({2025: after, 2020: before})
    row = at(sums, "arbor", "oak")
    assert sums.years == (2020, 2025)
    assert sums.volume_m3[row].tolist() == [70.0, 100.0]
    # 30*30 + 40*40, 30*60 + 40*40, 60*60 + 40*40
    assert sums.volume_squares[row].tolist() == [[2500.0, 3400.0], [3400.0, 5200.0]]
    # volume of a date times area of a date: 30*1 + 40*2, 60*1 + 40*2
    assert sums.products[row].tolist() == [[110.0, 110.0], [140.0, 140.0]]
    assert sums.area_squares[row].tolist() == [[5.0, 5.0], [5.0, 5.0]]
    assert sums.area_ha[at(sums, "forest")].tolist() == [3.0, 3.0]


def test_two_polygons_of_one_parcel_err_together():
    stands = date_of([30.0, 40.0], [1.0, 2.0], ["oak", "oak"], "t").assign(stand_id="one")
    sums = parcel_sums({2020: stands})
    assert sums.volume_squares[at(sums, "arbor", "oak")].item() == 4900.0  # (30 + 40)^2


def test_a_parcel_of_another_species_at_the_second_date_shares_no_error():
    before = date_of([30.0], [1.0], ["oak"], "t")
    after = date_of([60.0], [1.0], ["masson_pine"], "t")
    sums = parcel_sums({2020: before, 2025: after})
    assert sums.volume_squares[at(sums, "arbor", "oak")].tolist() == [[900.0, 0.0], [0.0, 0.0]]
    assert sums.carbon_t[at(sums, "arbor", "oak")][1] == 0.0


@settings(max_examples=20, deadline=None)
@given(st.randoms(use_true_random=False))
def test_no_bit_depends_on_the_order_of_the_rows(random):
    stands = survey()
    mixed = {}
    for year, one in stands.items():
        order = list(range(len(one)))
        random.shuffle(order)
        mixed[year] = one.iloc[order]
    one, other = parcel_sums(stands), parcel_sums(mixed)
    assert one.keys == other.keys
    assert all(np.array_equal(getattr(one, name), getattr(other, name)) for name in ARRAYS)


def test_stands_without_town_species_or_carbon_are_kept():
    stands = date_of([30.0, 40.0], [1.0, 2.0], ["oak", None], ["t", None])
    sums = parcel_sums({2020: stands})
    assert sums.volume_m3[at(sums, "arbor", "", "")].item() == 40.0
    assert sums.carbon_t[at(sums, "arbor", "", "")].item() == 0.0


def test_an_inventory_without_stock_gives_land_only():
    stands = date_of([30.0], [1.0], ["oak"], "t").drop(columns="living_stock_m3")
    assert {kind for _, kind, _ in parcel_sums({2020: stands}).keys} == {"forest", "land_survey"}


def test_towns_add_up_to_the_place_and_nothing_is_lost():
    stands = survey()
    sums = parcel_sums(stands)
    place = sums.over_towns()
    volume = [one["forest_stock_m3"].sum() for one in stands.values()]
    assert np.allclose(place.of_kind("arbor").volume_m3.sum(axis=0), volume)
    parts = [sums.of_town(town).volume_squares.sum() for town in ("t1", "t2")]
    assert np.isclose(sum(parts), place.volume_squares.sum())
    assert not sums.of_kind("sparse").keys
    assert pd.Series(place.keys).is_unique


def test_trees_beside_the_forest_have_the_carbon_of_their_own_species():
    # scattered: 6 m3 of the stand's oak, 9 m3 of pine recorded beside it; 3 m3 of pine four-side
    land = date_of([0.0] * 3, [1.0] * 3, ["oak"] * 3, "t")
    sums = parcel_sums({2020: with_trees(land, "masson_pine")})
    found = {key[1:]: (sums.volume_m3[i].item(), sums.carbon_t[i].item())
             for i, key in enumerate(sums.keys) if key[1] in ("scattered", "four_side")}  # fmt: skip
    assert found == {
        ("scattered", "oak"): (6.0, 6 * 0.591737), ("scattered", "masson_pine"): (9.0, 9 * 0.305422),
        ("four_side", "masson_pine"): (3.0, 3 * 0.305422),
    }  # fmt: skip


def test_scattered_trees_of_two_species_in_one_parcel_share_its_carbon_by_stock():
    one = date_of([0.0], [1.0], ["oak"], "t").assign(
        scattered_species_group="cypress", scattered_volume_m3=1.0, scattered_stock_m3=4.0,
        scattered_carbon_t=2.0,
    )  # fmt: skip
    sums = parcel_sums({2020: one})
    assert sums.carbon_t[at(sums, "scattered", "oak")].item() == 1.5
    assert sums.carbon_t[at(sums, "scattered", "cypress")].item() == 0.5


def test_stock_of_unknown_species_has_no_carbon_and_says_so():
    land = date_of([0.0] * 3, [1.0] * 3, ["oak"] * 3, "t")
    dates = {2020: with_trees(land), 2025: with_trees(land, "oak")}
    sums = parcel_sums(dates)
    assert sums.of_kind("four_side").without_carbon().tolist() == [True, False]
    assert sums.of_kind("sparse").without_carbon().tolist() == [False, False]  # there is none
