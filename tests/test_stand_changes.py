"""What became of the parcels: every hectare and cubic metre is told once."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from carbon_sink.geometry import ellipsoidal_area_ha
from carbon_sink.language import text
from carbon_sink.legend import code_colors
from carbon_sink.stand_changes import (
    CHANGES,
    change_layer,
    change_notes,
    change_tables,
    inventory_change,
    matched,
    stand_changes,
)
from carbon_sink.tables import columns

CELL = 0.01
SIDE = 4  # cells of the ground in each direction


def tables_between(parcels, towns, place):
    """Match the inventories and lay out what became of their parcels."""
    return change_tables(matched(parcels), parcels, towns, place)


def stands(shapes, **fields):
    layer = gpd.GeoDataFrame(geometry=list(shapes), crs=4490)
    names = [f"s{number}" for number in range(len(layer))]
    layer = layer.assign(
        stand_id=names, town_code="t1", area_ha=ellipsoidal_area_ha(layer.geometry)
    )
    layer["forest_stock_m3"] = 100.0 * np.arange(1, len(layer) + 1)
    return layer.assign(**fields)


def cells(*places):
    """Union of cells of the ground, each given by its number."""
    boxes = [shapely.box(*(CELL * np.array([p % SIDE, p // SIDE, p % SIDE + 1, p // SIDE + 1])
                           + [105, 29, 105, 29])) for p in places]  # fmt: skip
    return shapely.union_all(boxes)


def drawn(labels):
    """Stands of a ground whose cells bear the labels of parcels; 0 is no parcel."""
    labels = np.array(labels)
    return stands([cells(*np.flatnonzero(labels == one)) for one in np.unique(labels[labels > 0])])


ground = st.lists(st.integers(0, 5), min_size=SIDE**2, max_size=SIDE**2)
examples = settings(max_examples=12, deadline=None)


@given(ground, ground)
@examples
def test_every_hectare_and_cubic_metre_is_told_once(earlier, later):
    before, after = drawn(earlier), drawn(later)
    changes = stand_changes(before, after)
    for date, layer in (("before", before), ("after", after)):
        assert changes[f"area_{date}_ha"].sum() == pytest.approx(layer["area_ha"].sum(), rel=1e-12)
        stock = changes[f"forest_stock_{date}_m3"].sum()
        assert stock == pytest.approx(layer["forest_stock_m3"].sum(), rel=1e-12)
        # and parcel by parcel
        parts = changes[changes[date] >= 0].groupby(date)[f"area_{date}_ha"].sum()
        assert parts.to_numpy() == pytest.approx(layer["area_ha"].to_numpy(), rel=1e-12)
    whole = inventory_change(changes).query("town_code == ''")
    assert whole["area_before_ha"].sum() == pytest.approx(before["area_ha"].sum(), rel=1e-12)
    assert whole["area_after_ha"].sum() == pytest.approx(after["area_ha"].sum(), rel=1e-12)


@given(ground, ground)
@examples
def test_ground_is_that_of_the_cells(earlier, later):
    changes = stand_changes(drawn(earlier), drawn(later))
    earlier, later = np.array(earlier), np.array(later)
    area = ellipsoidal_area_ha(gpd.GeoSeries([cells(p) for p in range(SIDE**2)], crs=4490))
    of = changes.groupby("change_class")[["area_before_ha", "area_after_ha"]].sum()
    lost, new = (earlier > 0) & (later == 0), (earlier == 0) & (later > 0)
    assert of["area_before_ha"].get("lost", 0.0) == pytest.approx(area[lost].sum(), rel=1e-6)
    assert of["area_after_ha"].get("new", 0.0) == pytest.approx(area[new].sum(), rel=1e-6)


def turned(changes):
    """Rows as they would be with the dates in the other order."""
    other = {"new": "lost", "lost": "new", "split": "merge", "merge": "split"}
    swap = {name: name.replace("before", "~").replace("after", "before").replace("~", "after")
            for name in changes}  # fmt: skip
    return changes.rename(columns=swap).replace({"change_class": other})


def told(changes):
    """Rows in an order of their own, without what only counts them."""
    keys = ["change_class", "stand_id_before", "stand_id_after"]
    rows = changes.drop(columns=["unit", "before", "after", "town_code"])
    return rows[sorted(rows)].sort_values(keys).reset_index(drop=True)


@given(ground, ground)
@examples
def test_dates_in_the_other_order_swap_new_and_lost_split_and_merge(earlier, later):
    before, after = drawn(earlier), drawn(later)
    forth, back = stand_changes(before, after), stand_changes(after, before)
    pd.testing.assert_frame_equal(told(forth), told(turned(back)), rtol=1e-9)


@given(ground, ground, st.randoms())
@examples
def test_the_order_of_rows_does_not_matter(earlier, later, random):
    before, after = drawn(earlier), drawn(later)
    shuffled = [
        one.iloc[random.sample(range(len(one)), len(one))].reset_index(drop=True)
        for one in (before, after)
    ]
    positions = ["before", "after"]
    one, other = stand_changes(before, after), stand_changes(*shuffled)
    pd.testing.assert_frame_equal(
        one.drop(columns=positions), other.drop(columns=positions), rtol=1e-9
    )


@given(ground)
@examples
def test_an_inventory_against_itself_is_unchanged(labels):
    before = drawn(labels)
    changes = stand_changes(before, before)
    assert set(changes["change_class"]) <= {"unchanged"}
    assert changes["area_before_ha"].equals(changes["area_after_ha"])
    assert len(changes) == len(before)


def test_stock_is_shared_out_by_ground():
    # 300 m3 on two cells of nearly one size, one of which becomes a road
    before = stands([cells(0, 1)], forest_stock_m3=300.0)
    after = stands([cells(0), cells(1)], forest_stock_m3=[200.0, 0.0])
    changes = stand_changes(before, after)
    assert changes["change_class"].tolist() == ["split", "split"]
    assert changes["forest_stock_before_m3"].tolist() == pytest.approx([150.0, 150.0], rel=1e-3)
    assert changes["forest_stock_after_m3"].tolist() == [200.0, 0.0]


def test_changed_fields_are_listed_and_make_it_an_attribute_change():
    before = stands([cells(0), cells(1), cells(2)], land_class=["0111", "0111", None],
                    canopy_closure=[0.5, 0.5, np.nan], forest_volume_m3=[1.0, 2.0, 3.0])  # fmt: skip
    after = before.assign(land_class=["0111", "0120", None], canopy_closure=[0.5, 0.2, np.nan],
                          forest_volume_m3=[1.0, 2.0, 3.5])  # fmt: skip
    changes = stand_changes(before, after).set_index("stand_id_before")
    assert changes["change_class"].to_dict() == {
        "s0": "unchanged",
        "s1": "attribute",
        "s2": "attribute",
    }
    assert changes["changed_fields"].to_dict() == {
        "s0": "", "s1": "land_class; canopy_closure", "s2": "forest_volume_m3",
    }  # fmt: skip
    summary = (
        inventory_change(changes.reset_index()).query("town_code == ''").set_index("change_class")
    )
    assert summary.loc["attribute", "reclassed_ha"] == pytest.approx(before["area_ha"][1])
    assert summary["units"].to_dict() == {"unchanged": 1, "attribute": 2}


def test_totals_of_parcels_that_were_cut_are_not_compared():
    before = stands([cells(0, 1)], forest_volume_m3=10.0)
    after = stands([cells(0), cells(1)], forest_volume_m3=[5.0, 5.0])
    assert stand_changes(before, after)["changed_fields"].tolist() == ["", ""]


def test_two_lists_of_codes_are_compared_by_what_they_mean():
    before = stands(
        [cells(0), cells(1)], land_class=["0111", "0210"], class_group=["arbor", "crop"]
    )
    after = before.assign(land_class=["0301", "0301"], class_group=["arbor", "arbor"])
    assert stand_changes(before, after)["changed_fields"].tolist() == ["", "class_group"]
    # 220 is pine in one list and oak in another
    species = {"dominant_species": ["220", "310"], "species_group": ["pine", "fir"]}
    before = before.assign(**species)
    after = before.assign(species_group=["oak", "fir"])
    assert stand_changes(before, after)["changed_fields"].tolist() == ["", "species_group"]


def test_town_is_that_of_the_later_parcel_or_of_the_one_that_is_gone():
    before = stands([cells(0), cells(1)], town_code=["a", "b"])
    after = stands([cells(0)], town_code=["c"])
    changes = stand_changes(before, after)
    assert dict(zip(changes["change_class"], changes["town_code"], strict=True)) == {
        "unchanged": "c",
        "lost": "b",
    }


def test_inventories_without_stock_or_towns_are_compared_too():
    before = stands([cells(0)], town_code=None).drop(columns="forest_stock_m3")
    changes = stand_changes(before, before)
    assert "forest_stock_before_m3" not in changes
    assert inventory_change(changes)["town_code"].tolist() == [""]


def test_a_run_with_three_dates_compares_each_with_the_one_before():
    parcels = {
        2015: stands([cells(0, 1)]),
        2020: stands([cells(0), cells(1)]),
        2025: stands([cells(0), cells(5)]),
    }
    towns = pd.DataFrame({"town_code": ["t1"], "town_name": ["Town"]})
    tables, layers = tables_between(parcels, towns, "Place")
    found = tables["stand_changes"]
    years = [(row.year_before, row.year_after) for row in found.itertuples()]
    assert years == [(2015, 2020)] * 2 + [(2020, 2025)] * 3
    assert found["change_class"].tolist() == ["split", "split", "unchanged", "new", "lost"]
    assert set(tables["inventory_change"]["town_name"]) == {"Town", "Place"}
    for name, table in tables.items():
        required = columns(name).query("required").index
        assert set(required) <= set(table.columns)
        assert set(table.columns) <= set(columns(name).index)
    layer = layers["stand_changes"]
    assert layer["change_class"].tolist() == ["unchanged", "new", "lost"]
    assert layer.crs == "EPSG:4490"


def test_one_inventory_has_nothing_to_be_compared_with():
    towns = pd.DataFrame({"town_code": [], "town_name": []})
    assert tables_between({2020: stands([cells(0)])}, towns, "Place") == ({}, {})


def test_the_layer_shows_each_later_parcel_once_and_those_that_are_gone():
    before = stands([cells(0), cells(1), cells(2, 3), cells(8)])
    after = stands([cells(0, 1), cells(2), cells(12)])
    layer = change_layer(stand_changes(before, after), before, after)
    assert layer["change_class"].tolist() == ["merge", "redrawn", "new", "lost"]
    assert layer["stand_id_before"].fillna("").tolist() == ["s0; s1", "s2", "", "s3"]
    areas = ellipsoidal_area_ha(layer.geometry)
    assert areas[:3].to_numpy() == pytest.approx(after["area_ha"].to_numpy())
    assert areas[3] == pytest.approx(before["area_ha"][3])


def test_every_class_has_a_name_and_a_color():
    assert set(code_colors("change")) == set(CHANGES)
    assert all(text(f"change.{one}", "zh") and text(f"change.{one}", "en") for one in CHANGES)


def test_ground_that_only_one_date_has_is_told_with_its_hectares():
    whole, part = stands([cells(0), cells(1)]), stands([cells(0)])
    files = {2020: "a.gpkg", 2025: "b.gpkg"}
    no_towns = pd.DataFrame({"town_code": [], "town_name": []})
    for before, after, code in ((whole, part, "ground_lost"), (part, whole, "ground_new")):
        tables, _ = tables_between({2020: before, 2025: after}, no_towns, "地区")
        (note,) = change_notes(tables, files)
        assert (note.code, note.file, note.rule) == (code, "b.gpkg", "2020 → 2025")
        assert note.value == f"{whole['area_ha'].iloc[1]:,.2f}"
    tables, _ = tables_between({2020: whole, 2025: whole}, no_towns, "地区")
    assert change_notes(tables, files) == []
    assert change_notes({}, files) == []
