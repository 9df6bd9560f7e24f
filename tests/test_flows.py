"""Carbon between two dates: every tonne counts once, for what became of its ground."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from carbon_sink.codes import ECONOMIC, class_groups
from carbon_sink.errors import ParameterError
from carbon_sink.flows import (
    CATEGORIES,
    FLOWS,
    PARTS,
    carbon_flows,
    carbon_pieces,
    check_period,
    flows_between,
    land_category,
    with_change,
)
from carbon_sink.geometry import ellipsoidal_area_ha
from carbon_sink.language import text
from carbon_sink.stand_changes import stand_changes
from carbon_sink.tables import columns, read_data

CELL = 0.01
SIDE = 4
TREES = ("sparse", "scattered", "four_side")
KINDS = {
    "arbor": "arbor", "bamboo": "bamboo", "economic_arbor": "economic", "shrub_other": "shrub",
    "sparse": None, "cutover": None, "cropland": None, "built": None,
}  # fmt: skip


def cells(*places):
    """Union of cells of the ground, each given by its number."""
    boxes = [shapely.box(*(CELL * np.array([p % SIDE, p // SIDE, p % SIDE + 1, p // SIDE + 1])
                           + [105, 29, 105, 29])) for p in places]  # fmt: skip
    return shapely.union_all(boxes)


def stands(shapes, kinds, carbon=100.0, species="masson_pine", **fields):
    """Stands with round figures; carbon and stock go where the kind of land keeps them."""
    layer = gpd.GeoDataFrame(geometry=list(shapes), crs=4490)
    kinds = pd.Series([kinds] * len(layer) if isinstance(kinds, str) else list(kinds), dtype=object)
    part = kinds.map(KINDS)
    forest, sparse = part.notna(), kinds.eq("sparse")
    layer = layer.assign(
        stand_id=[f"s{number}" for number in range(len(layer))],
        town_code="t1",
        area_ha=ellipsoidal_area_ha(layer.geometry),
        forest_type=kinds,
        species_group=species,
        carbon_part=part,
        carbon_t=carbon,
        sparse_carbon_t=carbon,
        scattered_carbon_t=0.0,
        four_side_carbon_t=0.0,
    )
    layer["carbon_t"] = layer["carbon_t"].where(forest, 0.0)
    layer["sparse_carbon_t"] = layer["sparse_carbon_t"].where(sparse, 0.0)
    for name, held in (
        ("forest", forest),
        ("sparse", sparse),
        ("scattered", False),
        ("four_side", False),
    ):
        layer[f"{name}_stock_m3"] = np.where(held, 300.0, 0.0)
    return layer.assign(**fields)


def pieces_of(before, after):
    return carbon_pieces(stand_changes(before, after), before, after)


labels = st.lists(st.integers(0, 5), min_size=SIDE**2, max_size=SIDE**2)
figures = st.lists(st.floats(0.0, 1e6, allow_subnormal=False), min_size=5, max_size=5)
kinds = st.lists(st.sampled_from(list(KINDS)), min_size=5, max_size=5)
extra = st.lists(st.floats(0.0, 1e3, allow_subnormal=False), min_size=5, max_size=5)


@st.composite
def inventories(draw):
    """Stands on a ground of 16 cells; cells of one label are one stand, 0 is no stand."""
    label = np.array(draw(labels))
    present = np.unique(label[label > 0])
    take = present - 1
    kind, carbon, trees = (np.array(draw(one))[take] for one in (kinds, figures, extra))
    return stands(
        [cells(*np.flatnonzero(label == one)) for one in present], kind, carbon,
        species=draw(st.sampled_from(["masson_pine", "cypress"])),
        four_side_carbon_t=trees, four_side_stock_m3=2.0 * trees,
    )  # fmt: skip


examples = settings(max_examples=10, deadline=None)


def total(layer, columns_):
    return sum(layer[name].sum() for name in columns_)


@given(inventories(), inventories())
@examples
def test_every_tonne_cubic_metre_and_hectare_of_both_dates_is_counted_once(before, after):
    pieces = pieces_of(before, after)
    flows = carbon_flows(pieces, 2020, 2025)
    carbon = ["carbon_t", *(f"{one}_carbon_t" for one in TREES)]
    stock = [f"{one}_stock_m3" for one in ("forest", *TREES)]
    for table in (pieces, flows.query("town_code == ''"), flows.query("town_code == 't1'")):
        for date, layer in (("before", before), ("after", after)):
            for name, held in ((f"area_{date}_ha", ["area_ha"]), (f"volume_{date}_m3", stock),
                               (f"carbon_{date}_t", carbon)):  # fmt: skip
                assert table[name].sum() == pytest.approx(total(layer, held), rel=1e-9, abs=1e-9)
        change = total(after, carbon) - total(before, carbon)
        size = max(total(after, carbon), total(before, carbon))
        assert table["carbon_change_t"].sum() == pytest.approx(change, rel=1e-9, abs=1e-9 * size)


TURNED = {
    "gained": "lost", "lost": "gained", "stocked": "unstocked", "unstocked": "stocked",
    "new_ground": "lost_ground", "lost_ground": "new_ground",
}  # fmt: skip


def turned(table):
    """Rows as they would be with the dates in the other order."""
    swap = {name: name.replace("before", "~").replace("after", "before").replace("~", "after")
            for name in table}  # fmt: skip
    return table.rename(columns=swap).replace({"flow": TURNED})


@given(inventories(), inventories())
@examples
def test_the_sink_of_the_dates_in_the_other_order_is_the_same_with_the_other_sign(before, after):
    forth, back = pieces_of(before, after), turned(pieces_of(after, before))
    keys = [
        "part",
        "flow",
        "category_before",
        "category_after",
        "stand_id_before",
        "stand_id_after",
    ]
    carbon = ["carbon_change_t", "carbon_before_t", "carbon_after_t"]
    one, other = (
        table.groupby(keys, dropna=False)[carbon].sum().sort_index() for table in (forth, back)
    )
    assert one.index.equals(other.index)
    scale = one["carbon_before_t"].sum() + one["carbon_after_t"].sum()
    assert ((one["carbon_change_t"] + other["carbon_change_t"]).abs() <= 1e-12 * scale).all()


@given(inventories(), inventories())
@examples
def test_the_same_pieces_with_the_dates_swapped_have_exactly_the_other_sign(before, after):
    pieces = pieces_of(before, after)
    keys = ["part", "flow", "category_before", "category_after"]
    forth = carbon_flows(pieces, 2020, 2025).query("town_code == ''").set_index(keys)
    swapped = with_change(turned(pieces))
    back = turned(carbon_flows(swapped, 2020, 2025).query("town_code == ''"))
    back = back.set_index(keys).reindex(forth.index)
    for name in ("carbon_change_t", "removal_co2_t_yr", "volume_change_m3"):
        assert (forth[name] == -back[name]).all()


@given(inventories())
@examples
def test_an_inventory_against_itself_has_no_flow(layer):
    pieces = pieces_of(layer, layer)
    assert pieces["carbon_change_t"].eq(0.0).all()
    assert set(pieces["flow"]) <= {"remaining", "nonforest"}


def flow(kind_before, kind_after, **after_fields):
    """The flows of one parcel that changes its kind."""
    shape = [cells(0)]
    before, after = stands(shape, kind_before), stands(shape, kind_after, 160.0, **after_fields)
    table = pieces_of(before, after)
    return {
        row.part: (row.flow, row.carbon_before_t, row.carbon_after_t) for row in table.itertuples()
    }


@pytest.mark.parametrize(
    ("kinds_", "more", "expected"),
    [
        (("arbor", "arbor"), {}, {"arbor": ("remaining", 100.0, 160.0)}),
        (("arbor", "arbor"), {"species": "cypress"}, {"arbor": ("species_changed", 100.0, 160.0)}),
        (("arbor", "bamboo"), {}, {"arbor": ("kind_changed", 100.0, 0.0),
                                   "bamboo": ("kind_changed", 0.0, 160.0)}),
        (("arbor", "cutover"), {}, {"arbor": ("unstocked", 100.0, 0.0), "open": ("unstocked", 0.0, 0.0)}),
        (("cutover", "arbor"), {}, {"arbor": ("stocked", 0.0, 160.0), "open": ("stocked", 0.0, 0.0)}),
        (("cropland", "arbor"), {}, {"arbor": ("gained", 0.0, 160.0), "open": ("gained", 0.0, 0.0)}),
        (("sparse", "built"), {}, {"sparse": ("lost", 100.0, 0.0), "open": ("lost", 0.0, 0.0)}),
        (("cropland", "built"), {}, {"open": ("nonforest", 0.0, 0.0)}),
    ],
)  # fmt: skip
def test_what_became_of_a_parcel_is_named(kinds_, more, expected):
    assert flow(*kinds_, **more) == expected


def test_a_change_of_the_species_code_alone_is_seen_for_what_it_is():
    # the parcel stands as it stood; written as oak, the same stock holds more carbon
    shape = [cells(0)]
    pine, oak = stands(shape, "arbor", 91.6), stands(shape, "arbor", 177.5, species="oak")
    (row,) = pieces_of(pine, oak).itertuples()
    assert (row.flow, row.species_before, row.species_after) == (
        "species_changed",
        "masson_pine",
        "oak",
    )
    assert (row.volume_change_m3, row.carbon_change_t) == (0.0, pytest.approx(85.9))


def test_ground_that_one_date_does_not_have_is_told_apart():
    before, after = stands([cells(0), cells(1)], "arbor"), stands([cells(1), cells(2)], "arbor")
    flows = carbon_flows(pieces_of(before, after), 2020, 2025).query("town_code == ''")
    found = {row.flow: (row.category_before, row.category_after, row.carbon_change_t)
             for row in flows.itertuples()}  # fmt: skip
    assert found["lost_ground"] == ("forest", "none", -100.0)
    assert found["new_ground"] == ("none", "forest", 100.0)
    assert found["remaining"] == ("forest", "forest", 0.0)


def test_a_parcel_that_is_cut_in_two_is_shared_out_by_its_ground():
    # 120 t on three cells of nearly one size: a third becomes a road, which takes 40 t
    before = stands([cells(0, 1, 2)], "arbor", 120.0)
    after = stands([cells(0, 1), cells(2)], ["arbor", "built"], 90.0)
    flows = carbon_flows(pieces_of(before, after), 2020, 2025).query("town_code == ''")
    change = flows.set_index(["part", "flow"])["carbon_change_t"]
    assert change["arbor", "remaining"] == pytest.approx(90.0 - 80.0, rel=1e-3)
    assert change["arbor", "lost"] == pytest.approx(-40.0, rel=1e-3)
    assert change.sum() == pytest.approx(90.0 - 120.0, rel=1e-12)


def test_trees_on_farmland_keep_their_carbon_on_farmland():
    shape = [cells(0)]
    trees = {"four_side_stock_m3": 50.0, "four_side_carbon_t": 20.0}
    more = {"four_side_stock_m3": 60.0, "four_side_carbon_t": 24.0}
    flows = carbon_flows(
        pieces_of(stands(shape, "cropland", **trees), stands(shape, "cropland", **more)), 2020, 2024
    ).query("town_code == '' and part == 'four_side'")
    (row,) = flows.itertuples()
    assert (row.category_before, row.category_after, row.area_before_ha) == (
        "cropland",
        "cropland",
        0.0,
    )
    assert (row.carbon_change_t, row.volume_change_m3) == (4.0, 10.0)
    assert row.removal_co2_t_yr == pytest.approx(44.0 / 12.0)  # 4 t C in 4 years


def test_carbon_that_only_one_date_knows_makes_no_change():
    shape = [cells(0)]
    trees = {"four_side_stock_m3": 50.0, "four_side_carbon_t": 20.0}
    before = stands(shape, "cropland", **trees).drop(columns="four_side_carbon_t")
    pieces = pieces_of(before, stands(shape, "cropland", **trees)).set_index("part")
    assert np.isnan(pieces.loc["four_side", "carbon_change_t"])
    assert pieces.loc["four_side", "volume_change_m3"] == 0.0
    flows = carbon_flows(pieces.reset_index(), 2020, 2025).set_index(["town_code", "part"])
    assert np.isnan(flows.loc[("", "four_side"), "carbon_change_t"])
    assert flows.loc[("", "open"), "carbon_change_t"] == 0.0


def test_a_parcel_whose_trees_one_date_does_not_know_is_left_out_of_the_change_only():
    # 20 t become 24 t on one parcel; of the other the earlier species is unknown
    shapes = [cells(0), cells(1)]
    stock = {"four_side_stock_m3": [50.0, 50.0]}
    before = stands(shapes, "cropland", four_side_carbon_t=[20.0, np.nan], **stock)
    after = stands(shapes, "cropland", four_side_carbon_t=[24.0, 30.0], **stock)
    flows = carbon_flows(pieces_of(before, after), 2020, 2025)
    (row,) = flows.query("town_code == '' and part == 'four_side'").itertuples()
    assert (row.carbon_before_t, row.carbon_after_t, row.carbon_change_t) == (20.0, 54.0, 4.0)


def test_trees_beside_the_forest_have_their_own_species():
    trees = {
        "four_side_stock_m3": 50.0,
        "four_side_carbon_t": 20.0,
        "scattered_species_group": "camphor",
    }
    layer = stands([cells(0)], "arbor", **trees)
    species = pieces_of(layer, layer).set_index("part")["species_after"]
    assert species.to_dict() == {"arbor": "masson_pine", "four_side": "camphor"}


def test_the_growth_of_the_plan_lies_between_the_sinks_of_pine_and_oak():
    # SCALE_CHECK: 59 200 m3 with the carbon of Masson pine and of oak in a cubic metre
    shape = [cells(0)]
    removals = []
    for carbon_t_m3 in (0.30542, 0.59172):
        before = stands(shape, "arbor", 840_800 * carbon_t_m3)
        after = stands(shape, "arbor", 900_000 * carbon_t_m3)
        flows = carbon_flows(pieces_of(before, after), 2020, 2025)
        removals.append(5 * flows.query("town_code == ''")["removal_co2_t_yr"].sum())
    assert removals == pytest.approx([66297, 128443], abs=5)


def test_stock_difference_is_per_year():
    # STOCK_DIFF: 18 081 t C in 5 years are 3616.2 t C and 13 259.4 t CO2 a year
    shape = [cells(0)]
    pieces = pieces_of(stands(shape, "arbor", 100_000.0), stands(shape, "arbor", 118_081.0))
    flows = carbon_flows(pieces, 2020, 2025).query("town_code == ''")
    assert flows["carbon_change_t"].sum() / 5 == pytest.approx(3616.2)
    assert flows["removal_co2_t_yr"].sum() == pytest.approx(13259.4)


def test_tables_follow_their_contract_and_three_dates_make_two_pairs():
    layers = {
        year: stands([cells(0), cells(1)], ["arbor", "cropland"], 10.0 * year)
        for year in (2015, 2020, 2025)
    }
    rows = {
        pair: stand_changes(layers[pair[0]], layers[pair[1]])
        for pair in ((2015, 2020), (2020, 2025))
    }
    towns = pd.DataFrame({"town_code": ["t1"], "town_name": ["Town"]})
    tables = flows_between(layers, rows, towns, "Place")
    for name, table in tables.items():
        contract = columns(name)
        assert set(contract.index[contract["required"]]) <= set(table.columns)
        assert list(table.columns) == [one for one in contract.index if one in table]
        assert table[["part", "flow"]].isin([*PARTS, *FLOWS]).all(axis=None)
        assert set(zip(table["year_before"], table["year_after"], strict=True)) == set(rows)
    assert set(tables["carbon_flows"]["town_name"]) == {"Place", "Town"}


def test_inventories_without_carbon_have_no_flows():
    layer = stands([cells(0)], "arbor")
    towns = pd.DataFrame({"town_code": [], "town_name": []})
    rows = {(2020, 2025): stand_changes(layer, layer)}
    bare = {2020: layer.drop(columns="carbon_t"), 2025: layer}
    assert flows_between(bare, rows, towns, "Place") == {}
    assert flows_between({2025: layer}, {}, towns, "Place") == {}


@pytest.mark.parametrize("years", [(2025, 2025), (2025, 2020)])
def test_a_missing_second_date_is_refused(years):
    with pytest.raises(ParameterError) as error:
        check_period(*years)
    assert f"{years[0]} → {years[1]}" in error.value.problems[0].what("en")
    with pytest.raises(ParameterError):
        carbon_flows(pieces_of(stands([cells(0)], "arbor"), stands([cells(0)], "arbor")), *years)


def test_every_flow_and_part_has_a_name_in_both_languages():
    for key in (*(f"flow.{one}" for one in FLOWS), *(f"part.{one}" for one in PARTS)):
        assert text(key, "zh") != text(key, "en")


def test_every_kind_of_land_has_one_category():
    table = read_data("land_categories.csv")
    assert not table["forest_type"].duplicated().any()
    assert set(table["forest_type"]) == {*class_groups(), *ECONOMIC.values()}
    assert set(table["category"]) <= set(CATEGORIES)
    # forest without trees for a time is forest land still
    assert land_category(pd.Series(["cutover", "burned", "young"])).eq("forest").all()


def test_land_of_an_unknown_kind_is_refused_by_its_rows():
    with pytest.raises(ParameterError) as error:
        land_category(pd.Series(["arbor", "glacier", None], index=[7, 8, 9]))
    (problem,) = error.value.problems
    assert (problem.rows, problem.count) == ((8, 9), 2)
    assert "glacier" in problem.text("zh")
