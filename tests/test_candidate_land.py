"""Where forest could grow: land by town and kind, less what has trees already."""

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from carbon_sink.candidate_land import (
    candidate_cover,
    candidate_land,
    candidate_notes,
    land_kind,
)
from carbon_sink.codes import class_groups, land_class_groups, landclass_schemes
from carbon_sink.landcover import CATEGORIES, classes
from carbon_sink.language import text
from carbon_sink.tables import columns, read_data

TOWNS = pd.DataFrame({"town_code": ["1", "2", "3"], "town_name": ["甲镇", "乙镇", "丙镇"]})


def stands(*rows):
    """Stands: town, kind of land, hectares."""
    return pd.DataFrame(rows, columns=["town_code", "forest_type", "area_ha"]).assign(
        land_class="0000"
    )


def rooms(land):
    """Hectares of room by town and kind."""
    return land.set_index(["town_code", "kind"])["room_ha"]


# --------------------------------------------------------------------------------- by hand


def test_bare_forest_land_counts_and_forest_and_farmland_do_not():
    land = candidate_land(
        stands(("1", "cutover", 2.0), ("1", "cutover", 3.0), ("1", "cropland", 40.0),
               ("1", "arbor", 70.0), ("1", "suitable_hill", 4.0), ("1", "suitable", 1.0),
               ("1", "young_planted", 9.0), ("1", "built", 5.0)), TOWNS, "全区",
    )  # fmt: skip
    assert rooms(land).loc["1"].to_dict() == {"cutover": 5.0, "suitable": 5.0, "total": 10.0}
    assert set(land["basis"]) == {"inventory"}
    assert land["tree_cover_ha"].isna().all()


def test_towns_are_ranked_by_their_room_and_the_whole_place_comes_last():
    land = candidate_land(
        stands(("1", "cutover", 2.0), ("2", "burned", 3.0), ("2", "sparse", 4.0),
               ("1", "unused", 1.0), (None, "cutover", 10.0)), TOWNS, "全区",
    )  # fmt: skip
    total = land[land["kind"].eq("total")]
    assert total["town_name"].tolist() == ["乙镇", "甲镇", "丙镇", "全区"]
    assert total["rank"].tolist()[:3] == [1.0, 2.0, 3.0]
    assert pd.isna(total["rank"].iloc[-1])
    # a stand without a town counts in the whole place; a town without room has none
    assert total["room_ha"].tolist() == [7.0, 3.0, 0.0, 20.0]
    assert total["room_mu"].tolist() == [105.0, 45.0, 0.0, 300.0]
    assert land["kind"].tolist() == ["burned", "sparse", "total", "cutover", "unused", "total",
                                     "total", "cutover", "burned", "sparse", "unused",
                                     "total"]  # fmt: skip


def test_where_the_map_shows_trees_there_is_no_room():
    # 2 of 4 ha have trees by a map that measures 5 ha there: 40 % of the 4 ha
    seen = pd.DataFrame({"area_ha": [5.0, 3.0, 2.0], "tree_cover_ha": [2.0, 0.0, 2.0]}, [7, 8, 9])
    land = candidate_land(
        stands(("1", "cutover", 4.0), ("1", "cropland", 3.0), ("1", "sparse", 2.0)),
        TOWNS, "全区", seen,
    )  # fmt: skip
    row = land.set_index(["town_code", "kind"]).loc["1"]
    assert row.loc["cutover", ["area_ha", "tree_cover_ha", "room_ha"]].tolist() == [4.0, 1.6, 2.4]
    assert row.loc["sparse", "room_ha"] == 0.0
    assert row.loc["total", "room_ha"] == 2.4
    assert set(land["basis"]) == {"inventory_and_landcover"}


def test_mines_are_told_from_other_land_in_use_by_their_class():
    kinds = pd.DataFrame({"forest_type": ["built", "built", "built", "unused", "unused"],
                          "land_class": ["0602", "采矿用地", "0701", "0602", "1206"]})  # fmt: skip
    assert land_kind(kinds).fillna("").tolist() == ["mining", "mining", "", "unused", "unused"]
    assert land_kind(kinds.drop(columns="land_class")).fillna("").tolist()[:3] == ["", "", ""]


def test_without_an_inventory_bare_land_grass_and_shrub_of_a_map_screen():
    areas = pd.DataFrame({
        "zone": ["1"] * 5 + ["2", "", "", "", "9"],
        "class_code": [10, 20, 30, 40, 60, 30, 20, 30, 60, 30],
        "area_ha": [50.0, 3.0, 4.0, 60.0, 1.0, 9.0, 3.0, 13.0, 1.0, 8.0],
    })  # fmt: skip
    land = candidate_cover(areas, "worldcover", TOWNS, "全区")
    assert rooms(land).loc["1"].to_dict() == {"grass": 4.0, "bare": 1.0, "shrub": 3.0, "total": 8.0}
    total = land[land["kind"].eq("total")]
    assert total["town_name"].tolist() == ["乙镇", "甲镇", "丙镇", "全区"]
    assert total["room_ha"].tolist() == [9.0, 8.0, 0.0, 17.0]
    assert set(land["basis"]) == {"landcover"}
    (note,) = candidate_notes(land)
    assert (note.code, note.value) == ("candidate_land_screened", "17 ha")
    assert "地类" in note.text("zh")


def test_an_inventory_does_not_only_screen():
    assert candidate_notes(candidate_land(stands(("1", "cutover", 4.0)), TOWNS, "全区")) == []


def test_a_place_without_towns_or_candidates_has_one_row():
    for rows in (stands(("1", "arbor", 4.0)), stands()):
        land = candidate_land(rows, TOWNS.head(0), "全区")
        assert land[["town_name", "kind", "room_ha"]].values.tolist() == [["全区", "total", 0.0]]  # noqa: PD011


# ------------------------------------------------------------------------ published source


def test_every_kind_of_land_is_judged_once_and_named():
    rules = read_data("candidate_land.csv")
    assert not rules.duplicated(["basis", "code", "land_class"]).any()
    surveyed = rules[rules["basis"].eq("inventory")]
    assert set(surveyed.loc[surveyed["land_class"].eq(""), "code"]) == set(class_groups())
    mapped = rules[rules["basis"].eq("landcover")]
    assert set(mapped["code"]) <= {*CATEGORIES, "shrub"}
    assert set(rules["counts"]) == {"yes", "no"}
    assert rules["kind"].ne("").equals(rules["counts"].eq("yes"))
    for kind in {*rules["kind"], "total", "inventory", "inventory_and_landcover", "landcover"}:
        if kind:
            assert text(f"room.{kind}", "zh") != text(f"room.{kind}", "en")


def test_classes_that_go_before_their_group_mean_one_thing_in_all_code_lists():
    rules = read_data("candidate_land.csv")
    for row in rules[rules["land_class"].ne("")].itertuples():
        groups = {str(land_class_groups(scheme)[row.land_class]) for scheme in landclass_schemes()
                  if row.land_class in land_class_groups(scheme)}  # fmt: skip
        assert row.code in groups
        names = read_data("land_classes.csv")
        names = names[names["land_class"].eq(row.land_class) & names["class_group"].eq(row.code)]
        assert names["name_zh"].str.contains("矿").all()


def test_no_class_with_trees_farmland_or_houses_counts_as_room():
    for scheme in ("worldcover", "esri_2020", "clcd", "globeland30", "sandiao", "glc_fcs30d"):
        known = classes(scheme)
        areas = pd.DataFrame({"zone": "", "class_code": known.index, "area_ha": 1.0})
        land = candidate_cover(areas, scheme, TOWNS.head(0), "全区")
        open_land = known["ipcc_category"].isin(["grassland", "other_land"])
        open_land |= known["shrub_cover"].eq("1") & known["tree_cover"].eq("0")
        assert land["room_ha"].iloc[-1] == open_land.sum(), scheme


# ------------------------------------------------------------------------------ invariants

ROWS = st.lists(
    st.tuples(st.sampled_from(["1", "2", "3", None]),
              st.sampled_from(["cutover", "suitable", "arbor", "cropland", "sparse", "unused"]),
              st.integers(0, 400).map(lambda n: n / 4), st.integers(0, 4).map(lambda n: n / 4)),
    min_size=1, max_size=8,
)  # fmt: skip


@settings(max_examples=25, deadline=None)
@given(ROWS, st.randoms())
def test_kinds_add_up_to_towns_towns_to_the_place_and_order_does_not_matter(rows, random):
    table = stands(*(row[:3] for row in rows))
    seen = pd.DataFrame({"area_ha": table["area_ha"],
                         "tree_cover_ha": table["area_ha"] * [row[3] for row in rows]})  # fmt: skip
    land = candidate_land(table, TOWNS, "全区", seen)
    assert land.columns.tolist() == columns("candidate_land").index.tolist()
    total = land[land["kind"].eq("total")].set_index("town_code")["room_ha"]
    kinds = land[land["kind"].ne("total")].groupby("town_code")["room_ha"].sum()
    pd.testing.assert_series_equal(kinds.reindex(total.index).fillna(0.0), total)
    homeless = [row[2] * (1 - row[3]) for row in rows
                if row[0] is None and row[1] not in ("arbor", "cropland")]  # fmt: skip
    assert total[""] == pytest.approx(total.drop("").sum() + sum(homeless))
    assert total.drop("").is_monotonic_decreasing
    order = list(table.index)
    random.shuffle(order)
    again = candidate_land(table.loc[order], TOWNS.iloc[::-1], "全区", seen.loc[order])
    pd.testing.assert_frame_equal(land, again)


def test_the_inputs_stay_as_they_were():
    table, seen = stands(("1", "cutover", 4.0)), pd.DataFrame({"area_ha": [4.0],
                                                               "tree_cover_ha": [1.0]})  # fmt: skip
    before = table.copy(), seen.copy(), TOWNS.copy()
    candidate_land(table, TOWNS, "全区", seen)
    for one, other in zip(before, (table, seen, TOWNS), strict=True):
        pd.testing.assert_frame_equal(one, other)


# -------------------------------------------------------------------------------- refusals


def test_land_cover_of_other_stands_is_not_taken():
    with pytest.raises(ValueError, match="1 rows of land cover for 2 stands"):
        candidate_land(stands(("1", "cutover", 4.0), ("1", "cutover", 4.0)), TOWNS, "全区",
                       pd.DataFrame({"area_ha": [4.0], "tree_cover_ha": [1.0]}))  # fmt: skip
