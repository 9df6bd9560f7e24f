"""Inventory against land cover: agreement of stands, towns, and the parcels to visit."""

import geopandas as gpd
import numpy as np
import openpyxl
import pandas as pd
import pyogrio
import pytest
import shapely
from conftest import write_landcover
from hypothesis import given, settings
from hypothesis import strategies as st

import carbon_sink
from carbon_sink.agreement import (
    COVERS,
    EXPECTED,
    VERDICTS,
    VISITS,
    agreement_by_zone,
    compare_stands,
    expected_cover,
    near_year,
    parcels_to_visit,
)
from carbon_sink.codes import class_groups
from carbon_sink.errors import TableError
from carbon_sink.intake import read_inputs
from carbon_sink.parameters import constant
from carbon_sink.pipeline import compute
from carbon_sink.report.cover import VISITS_SHOWN
from carbon_sink.report.sheets import sheets_of
from carbon_sink.settings import load_settings
from carbon_sink.tables import columns, read_data

TOWNS = pd.DataFrame({"town_code": ["1", "2", "3"], "town_name": ["甲镇", "乙镇", "丙镇"]})
COUNTED = {"arbor": "arbor_ha", "bamboo": "bamboo_ha", "economic_arbor": "arbor_ha",
           "economic_shrub": "special_shrub_ha", "shrub_special": "special_shrub_ha"}  # fmt: skip


def stand(kind, area, cover, **more):
    """One stand: kind of land, hectares, hectares of each class, and what else is known."""
    counted = {COUNTED[kind]: area} if kind in COUNTED and not more.pop("uncounted", False) else {}
    return {"forest_type": kind, "area": area, "cover": cover, **counted, **more}


def table_of(*rows):
    """Stands, hectares of each class in them, and their areas."""
    stands = gpd.GeoDataFrame(
        {"stand_id": [f"s{n:03d}" for n in range(len(rows))], "town_code": "1",
         "land_class": "0111", "forest_volume_m3": 10.0, "arbor_ha": 0.0, "bamboo_ha": 0.0,
         "special_shrub_ha": 0.0, "shelterbelt_ha": 0.0, "four_side_ha": 0.0},
        geometry=[shapely.box(105 + n / 100, 29, 105.005 + n / 100, 29.005)
                  for n in range(len(rows))],
        crs="EPSG:4490", index=range(1, len(rows) + 1),
    )  # fmt: skip
    for number, row in zip(stands.index, rows, strict=True):
        for name, value in row.items():
            if name not in ("area", "cover"):
                stands.loc[number, name] = value
    classes = pd.DataFrame([row["cover"] for row in rows], index=stands.index, dtype=float)
    classes = classes.reindex(columns=sorted(classes.columns)).fillna(0.0)
    return stands, classes, pd.Series([row["area"] for row in rows], stands.index, dtype=float)


def compared(*rows, scheme="worldcover"):
    stands, classes, area = table_of(*rows)
    return compare_stands(stands, classes, scheme, area)


def verdict(*args, scheme="worldcover", **more):
    """Hectares that agree, disagree and are undecided on one stand."""
    return compared(stand(*args, **more), scheme=scheme)[list(VERDICTS)].iloc[0].tolist()


# --------------------------------------------------------------------------------- by hand


def test_forest_agrees_where_the_map_has_trees():
    # 10 ha of arbor forest: 6 ha of trees, 3 ha of cropland, 1 ha without data
    found = compared(stand("arbor", 10.0, {10: 6.0, 20: 1.0, 40: 2.0})).iloc[0]
    assert found[["tree_cover_ha", "shrub_cover_ha", "other_ha", "no_data_ha"]].tolist() == [
        6,
        1,
        2,
        1,
    ]
    assert found[list(VERDICTS)].tolist() == [6.0, 3.0, 0.0]
    assert found["tree_cover_pct"] == pytest.approx(6 / 9 * 100)
    assert found["agreement_pct"] == pytest.approx(6 / 9 * 100)
    assert found["main_class"] == 10
    assert (found["class_10_ha"], found["class_40_ha"]) == (6.0, 2.0)


def test_economic_and_shrub_forest_agrees_where_the_map_has_trees_or_shrubs():
    for kind in ("economic_arbor", "economic_shrub", "shrub_special"):
        assert verdict(kind, 10.0, {10: 3.0, 20: 5.0, 40: 2.0}) == [8.0, 2.0, 0.0]
    # bamboo is mapped as trees and not as shrubs
    assert verdict("bamboo", 10.0, {10: 3.0, 20: 5.0, 40: 2.0}) == [3.0, 7.0, 0.0]


def test_trees_of_recorded_belts_and_four_sides_do_not_disagree():
    # 4 ha of trees on a field with a belt of 1 ha and four-side trees for 0.5 ha: 2.5 ha too many
    more = {"shelterbelt_ha": 1.0, "four_side_ha": 0.5}
    assert verdict("cropland", 20.0, {10: 4.0, 40: 16.0}, **more) == [17.5, 2.5, 0.0]
    # rows of trees are narrower than cells: fewer than recorded agree
    assert verdict("cropland", 20.0, {10: 1.0, 40: 19.0}, **more) == [20.0, 0.0, 0.0]


def test_land_without_closed_forest_is_held_against_the_map_in_one_direction():
    for kind in ("young_planted", "cutover", "suitable_hill", "shrub_other"):
        assert verdict(kind, 5.0, {30: 3.0, 20: 2.0}) == [5.0, 0.0, 0.0]
        assert verdict(kind, 5.0, {10: 4.0, 20: 1.0}) == [1.0, 4.0, 0.0]


def test_land_that_may_be_mapped_either_way_is_not_judged():
    for kind, more in (("sparse", {}), ("orchard", {}), ("nursery", {}),
                       ("arbor", {"uncounted": True})):  # fmt: skip
        found = compared(stand(kind, 5.0, {10: 2.0, 40: 3.0}, **more)).iloc[0]
        assert found[list(VERDICTS)].tolist() == [0.0, 0.0, 5.0]
        assert np.isnan(found["agreement_pct"])


def test_mixtures_decide_nothing_where_they_may_hold_the_cover():
    # CNLUCC 23 is open forest; Esri 11 is rangeland, partly shrub, and has no trees
    assert verdict("arbor", 5.0, {21: 2.0, 23: 3.0}, scheme="cnlucc") == [2.0, 0.0, 3.0]
    assert verdict("cropland", 5.0, {11: 2.0, 23: 3.0}, scheme="cnlucc") == [2.0, 0.0, 3.0]
    assert verdict("arbor", 5.0, {11: 5.0}, scheme="esri_annual") == [0.0, 5.0, 0.0]
    assert verdict("economic_shrub", 5.0, {11: 5.0}, scheme="esri_annual") == [0.0, 0.0, 5.0]


def test_clouds_are_not_land_without_trees():
    assert verdict("arbor", 5.0, {2: 1.0, 10: 4.0}, scheme="esri_2020") == [1.0, 0.0, 4.0]


def test_a_stand_outside_the_map_has_no_class_and_no_agreement():
    found = compared(stand("arbor", 5.0, {10: 5.0}), stand("arbor", 7.0, {})).iloc[1]
    assert found["no_data_ha"] == 7.0
    assert found[["main_class", "agreement_pct", "tree_cover_pct"]].isna().all()


def test_towns_and_the_place_sum_up_to_a_table_of_two_maps():
    rows = [stand("arbor", 10.0, {10: 8.0, 40: 2.0}), stand("cropland", 20.0, {10: 4.0, 40: 16.0}),
            stand("arbor", 6.0, {10: 6.0}, town_code="2"),
            stand("cropland", 4.0, {40: 4.0}, town_code=None)]  # fmt: skip
    table = agreement_by_zone(compared(*rows), TOWNS, "全区")
    assert table["zone_name"].drop_duplicates().tolist() == ["甲镇", "乙镇", "全区"]
    found = table.set_index(["zone", "expected"])
    # town 1: 8 of 10 ha of forest and 16 of 20 ha of other land agree
    assert found.loc[("1", "total"), "agreement_pct"] == pytest.approx(80.0)
    assert found.loc[("", "trees"), ["tree_cover_ha", "other_ha"]].tolist() == [14.0, 2.0]
    # the parcel without a town counts for the whole place: 14 + 20 of 40 ha
    assert found.loc[("", "total"), "area_ha"] == 40.0
    assert found.loc[("", "total"), "agreement_pct"] == pytest.approx(85.0)


def listed(*rows, scheme="worldcover"):
    stands, classes, area = table_of(*rows)
    found = compare_stands(stands, classes, scheme, area)
    return parcels_to_visit(stands, found, TOWNS, scheme)


def test_parcels_are_listed_from_the_largest_disagreement_down():
    found = listed(
        stand("cropland", 20.0, {10: 5.0, 40: 15.0}),
        stand("arbor", 4.0, {40: 4.0}),
        stand("young_planted", 9.0, {10: 8.0, 30: 1.0}),
        stand("arbor", 4.0, {40: 4.0}),
        stand("sparse", 90.0, {10: 90.0}),
    )
    assert found["stand_id"].tolist() == ["s002", "s000", "s001", "s003"]
    assert found["rank"].tolist() == [1, 2, 3, 4]
    assert found["category"].tolist() == [
        "young_looks_closed", "trees_outside_forest", *["forest_without_trees"] * 2,
    ]  # fmt: skip
    assert found["disagreeing_pct"].tolist() == pytest.approx([8 / 9 * 100, 25.0, 100.0, 100.0])
    assert found["main_name_en"].tolist() == ["Tree cover", "Cropland", "Cropland", "Cropland"]
    # stock is at stake where a forest lacks its trees
    assert found["forest_volume_m3"].fillna(-1).tolist() == [-1.0, -1.0, 10.0, 10.0]
    points = shapely.points(found["lon_deg"], found["lat_deg"])
    assert shapely.contains(found.geometry.to_numpy(), points).all()


def test_small_areas_and_small_shares_are_not_worth_the_way():
    mu, half, fifth = (
        constant(name) for name in ("visit_area_min_ha", "visit_share_min", "visit_open_share_min")
    )
    rows = [
        stand("arbor", mu, {40: mu}), stand("arbor", 0.99 * mu, {40: 0.99 * mu}),
        stand("arbor", 8.0, {40: 8.0 * half, 10: 8.0 - 8.0 * half}),
        stand("arbor", 8.0, {40: 7.9 * half, 10: 8.0 - 7.9 * half}),
        stand("built", 8.0, {10: 8.0 * fifth, 50: 8.0 - 8.0 * fifth}),
        stand("built", 8.0, {10: 7.9 * fifth, 50: 8.0 - 7.9 * fifth}),
    ]  # fmt: skip
    assert sorted(listed(*rows)["stand_id"]) == ["s000", "s002", "s004"]


def test_where_nothing_disagrees_the_list_is_empty_and_has_its_columns():
    found = listed(stand("arbor", 4.0, {10: 4.0}))
    assert len(found) == 0
    assert set(found.columns) >= set(columns("parcels_to_visit").index) - {
        "inventory_year", "landcover_year",
    }  # fmt: skip


def test_the_nearest_year_counts_within_the_stated_distance():
    assert near_year(2020, [2020, 2021]) == 2020
    assert near_year(2020, [2018, 2023]) == 2018
    assert near_year(2020, [2018, 2022]) == 2022  # the later of two
    assert near_year(2020, [2017, 2023]) is None
    assert near_year(2020, []) is None


def test_every_kind_of_land_has_an_expected_cover():
    table = read_data("expected_cover.csv").set_index("forest_type")
    assert set(class_groups()) == set(table.index)
    assert set(table["counted"]) | set(table["not_counted"]) == set(EXPECTED)
    assert set(VISITS) == set(EXPECTED) - {"either"}


# ------------------------------------------------------------------------------ invariants

CODES = [10, 20, 30, 40, 50]
PIECES = st.lists(st.integers(0, 40).map(lambda n: n / 4), min_size=5, max_size=5)
STANDS = st.lists(
    st.tuples(st.sampled_from([*COUNTED, "cropland", "built", "young", "sparse"]), PIECES,
              st.integers(0, 8), st.integers(0, 8), st.sampled_from(["1", "2", None])),
    min_size=1, max_size=8,
)  # fmt: skip


def drawn(rows):
    """Stands of drawn kinds: hectares of classes, without data, recorded trees, town."""
    return [
        stand(kind, sum(pieces) + bare, dict(zip(CODES, pieces, strict=True)), town_code=town,
              **({"four_side_ha": float(trees)} if kind not in COUNTED else {}))
        for kind, pieces, bare, trees, town in rows
    ]  # fmt: skip


@settings(max_examples=25, deadline=None)
@given(STANDS)
def test_covers_and_verdicts_add_up_to_the_area_of_each_stand(rows):
    found = compared(*drawn(rows))
    assert np.allclose(found[list(COVERS)].sum(axis=1), found["area_ha"])
    assert np.allclose(found[[*VERDICTS, "no_data_ha"]].sum(axis=1), found["area_ha"])
    assert (found[[*COVERS, *VERDICTS]] >= 0).all(axis=None)
    classes = found.filter(regex="^class_")
    assert np.allclose(classes.sum(axis=1) + found["no_data_ha"], found["area_ha"])
    for name in ("tree_cover_pct", "agreement_pct"):
        assert found[name].dropna().between(0, 100 + 1e-9).all()


@settings(max_examples=25, deadline=None)
@given(STANDS)
def test_the_table_of_two_maps_holds_every_hectare_once(rows):
    found = compared(*drawn(rows))
    table = agreement_by_zone(found, TOWNS, "全区").set_index(["zone", "expected"])
    figures = ["area_ha", *COVERS, *VERDICTS]
    whole = table.loc[""]
    assert np.allclose(whole.loc["total", figures].astype(float), found[figures].sum())
    assert np.allclose(whole.drop("total")[figures].sum(), found[figures].sum())
    towns = found[found["town_code"].notna()]
    in_towns = table.drop("", level=0).xs("total", level=1) if len(towns) else table.iloc[:0]
    assert np.allclose(in_towns[figures].sum(), towns[figures].sum())


@settings(max_examples=25, deadline=None)
@given(STANDS, st.randoms())
def test_the_ranking_does_not_depend_on_the_order_of_the_stands(rows, random):
    stands, classes, area = table_of(*drawn(rows))
    order = list(stands.index)
    random.shuffle(order)
    lists = []
    for index in (list(stands.index), order):
        found = compare_stands(stands.loc[index], classes.loc[index], "worldcover", area[index])
        lists.append(parcels_to_visit(stands.loc[index], found, TOWNS, "worldcover"))
    first, second = lists
    assert first["stand_id"].tolist() == second["stand_id"].tolist()
    assert first["disagreeing_ha"].is_monotonic_decreasing
    assert first["rank"].tolist() == list(range(1, len(first) + 1))


def test_the_inputs_stay_as_they_are():
    stands, classes, area = table_of(stand("arbor", 4.0, {10: 1.0, 40: 3.0}))
    before = stands.copy(), classes.copy(), area.copy()
    found = compare_stands(stands, classes, "worldcover", area)
    parcels_to_visit(stands, found, TOWNS, "worldcover")
    expected_cover(stands)
    for one, other in zip((stands, classes, area), before, strict=True):
        assert one.equals(other)


# ------------------------------------------------------------------------------- in a run


def computed(path):
    found = load_settings(path)
    return compute(found, read_inputs(found))


@pytest.fixture
def reversed_place(small_place):
    """The small place with trees in the east, where the fields are, and fields in the west."""
    codes = np.where(np.arange(40)[None, :] < 20, 40, 10).repeat(20, axis=0).astype("uint8")
    write_landcover(small_place.parent / "landcover_2020.tif", codes)
    return small_place


def test_each_stand_of_the_small_place_is_judged_by_what_grows_there(small_place):
    table = computed(small_place).tables["landcover_of_stands"]
    assert set(table["inventory_year"]) == {2020}
    # trees in the west: pine and pine, orchard, bamboo / tea, sparse, field, plantation
    assert table["expected"].tolist() == [
        "trees", "trees", "woody", "trees", "woody", "either", "open", "not_closed",
    ]  # fmt: skip
    assert table["agreement_pct"].round(6).fillna(-1).tolist() == [
        100,
        100,
        0,
        0,
        100,
        -1,
        100,
        100,
    ]
    assert table["class_10_ha"].gt(1).tolist() == [True, True, False, False] * 2


def test_parcels_of_the_small_place_to_visit(reversed_place, tmp_path):
    done = carbon_sink.run(reversed_place, tmp_path / "out")
    table = done.tables["parcels_to_visit"]
    kinds = table.groupby("category")["forest_type"].apply(sorted).to_dict()
    assert kinds == {
        "forest_without_trees": ["arbor", "arbor", "economic_shrub"],
        "trees_outside_forest": ["cropland"],
        "young_looks_closed": ["young_planted"],
    }
    # the field has a belt of 6 ha and 16,500 four-side trees that stand for 10 ha
    field = table[table["forest_type"].eq("cropland")].iloc[0]
    assert field["disagreeing_ha"] == pytest.approx(field["area_ha"] - 16.0, rel=1e-6)
    assert table["rank"].tolist() == [1, 2, 3, 4, 5]
    assert field["rank"] == 5
    assert set(table["town_name"]) == {"甲镇", "乙镇"}
    path = next((tmp_path / "out" / "layers").glob("*.gpkg"))
    layer = gpd.read_file(path, layer="parcels_to_visit")
    assert layer["stand_id"].tolist() == table["stand_id"].tolist()
    stands = pyogrio.read_dataframe(path, layer="stands_2020")
    assert stands["tree_cover_ha"].gt(1).tolist() == [False, False, True, True] * 2
    assert "tree_cover_ha" not in pyogrio.read_dataframe(path, layer="stands_2025")
    book = openpyxl.load_workbook(next((tmp_path / "out" / "report").glob("*.xlsx")))
    cells = [cell.value for row in book["待核查小班"].iter_rows() for cell in row]
    assert "非林地上有树木" in cells
    assert any("共 5 个小班" in str(value) and "仅供筛查" in str(value) for value in cells)
    heads = [cell.value for row in book["调查与卫星对照"].iter_rows() for cell in row]
    assert any("不是精度评价" in str(value) for value in heads)


def test_every_column_of_the_tables_has_its_name_in_the_dictionary(reversed_place, tmp_path):
    carbon_sink.run(reversed_place, tmp_path / "out")
    rows = pd.read_csv(tmp_path / "out" / "tables" / "字段说明.csv", dtype=str)
    assert rows.notna()[rows.columns[:4]].all(axis=None)
    mine = rows[rows[rows.columns[0]].eq("landcover_of_stands")]
    assert {"class_10_ha", "class_40_ha"} <= set(mine[rows.columns[1]])


def test_nothing_of_the_comparison_changes_stock_or_coverage(small_place):
    before = computed(small_place)
    codes = np.full((20, 40), 40, "uint8")
    write_landcover(small_place.parent / "landcover_2020.tif", codes)
    after = computed(small_place)
    assert len(after.tables["parcels_to_visit"]) > len(before.tables["parcels_to_visit"])
    for name in ("indicators", "town_summary", "coverage_parts", "stock_parts"):
        pd.testing.assert_frame_equal(before.tables[name], after.tables[name])


def test_the_sheet_shows_the_first_parcels_and_says_how_many_there_are(small_place):
    done = computed(small_place)
    one = done.tables["parcels_to_visit"].head(1)
    many = pd.concat([one] * (VISITS_SHOWN + 50), ignore_index=True)
    (sheet,) = (sheet for sheet in sheets_of({"parcels_to_visit": many}, done.facts, done.parameters)
                if sheet.key == "parcels_to_visit")  # fmt: skip
    assert len(sheet.rows) == VISITS_SHOWN
    assert str(VISITS_SHOWN + 50) in sheet.about


# ------------------------------------------------------------------------- notes, refusals


def test_an_inventory_without_land_cover_of_its_time_is_told(small_place):
    notes = computed(small_place).tables["notes"].set_index("code")
    assert "2025" in notes.loc["inventory_without_landcover", "what"]


def test_land_cover_of_another_year_is_used_and_told(change_settings, small_place):
    path = change_settings(("[[landcover]]\nyear = 2020", "[[landcover]]\nyear = 2021"))
    done = computed(path)
    years = done.tables["landcover_of_stands"][["inventory_year", "landcover_year"]]
    assert years.drop_duplicates().to_numpy().tolist() == [[2020, 2021]]
    assert "2021" in done.tables["notes"].set_index("code").loc["landcover_of_other_year", "what"]


def test_without_a_near_year_nothing_is_compared(change_settings, small_place):
    path = change_settings(("[[landcover]]\nyear = 2020", "[[landcover]]\nyear = 2015"))
    done = computed(path)
    assert not {"landcover_of_stands", "landcover_agreement", "parcels_to_visit"} & set(done.tables)
    assert done.tables["notes"]["code"].eq("inventory_without_landcover").sum() == 2


def test_a_class_the_product_does_not_have_is_refused_in_stands_too(change_settings, small_place):
    codes = np.full((20, 40), 40, "uint8")
    codes[19, 39] = 77  # in the corner that the boundary leaves out
    write_landcover(small_place.parent / "landcover_2020.tif", codes)
    corner = shapely.box(105.0389, 29.5, 105.04, 29.5011)
    whole = shapely.box(105.0, 29.5, 105.04, 29.52).difference(corner)
    gpd.GeoDataFrame(geometry=[whole], crs="EPSG:4326").to_file(
        small_place.parent / "boundary.geojson"
    )
    path = change_settings(('[towns]\npath = "towns.gpkg"\n', ""))
    with pytest.raises(TableError, match="77"):
        computed(path)
