"""Works held against land cover at two dates and the inventory: verdicts and visits."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from test_zonal import make_raster

from carbon_sink.errors import CRSError
from carbon_sink.language import read_rows
from carbon_sink.legend import code_name
from carbon_sink.parameters import constant
from carbon_sink.tables import columns
from carbon_sink.verification import (
    COVER,
    FACTS,
    TO_VISIT,
    VERDICTS,
    cover_gains,
    judging_dates,
    project_cover,
    project_visits,
    verify_projects,
)

CELL = 1e-3  # degrees, at the equator
CELL_HA = 1.2309073  # 110.574276 m along the meridian, 111.319491 m along the equator
TREES, SHRUBS, GRASS, CROPS = 10, 20, 30, 40
TOWNS = pd.DataFrame({"town_code": ["1"], "town_name": ["甲镇"]})


def world(codes, size=CELL, scheme="worldcover", west=0.0):
    """A map at the equator, north row first; 0 is no data."""
    codes = np.asarray(codes, dtype="uint8")
    raster = make_raster(codes, (west, size, 0.0, size * len(codes) / 2, 0.0, -size), "EPSG:4326",
                         nodata=0)  # fmt: skip
    raster.attrs["scheme"] = scheme
    return raster


def ground_of(**boxes):
    """Ground of projects that began in 2021, as west, south, east and north in cells."""
    shapes = [shapely.box(*(CELL * side for side in box)) for box in boxes.values()]
    return gpd.GeoDataFrame(
        {"project_id": list(boxes), "start_year": 2021}, geometry=shapes, crs="EPSG:4490"
    )


def work(project_id="A1", kind="afforestation", year=2018, area=10.0, **more):
    method = "improvement" if kind in ("quality_improvement", "reserve_forest") else "planting"
    return {"project_id": project_id, "project_type": kind, "method": method, "town_code": "1",
            "start_year": year, "credited_ha": area, "owned_ha": area, **more}  # fmt: skip


def seen(gain=0.0, shrub=0.0, before=0.0, loss=0.0, covered=10.0, width=16.0, years=(2018, 2025)):
    """Cover of one project of 10 ha."""
    return dict(zip((*COVER, "before_year", "after_year", "width_cells"),
                    (before, before + gain - loss, gain, shrub, loss, covered, *years, width),
                    strict=True))  # fmt: skip


def surveyed(forest=(0.0, 0.0), young=0.0, stock=(0.0, 0.0), years=(2018, 2025)):
    """Inventory of one project of 10 ha: before and after."""
    return dict(zip(FACTS, (*years, *forest, young, *stock), strict=True))


def verified(*rows, report_year=2025):
    """Works, each with what land cover and inventory show of it (None for nothing)."""
    works = pd.DataFrame([one for one, _, _ in rows])
    cover = pd.DataFrame({one["project_id"]: shown for one, shown, _ in rows if shown}).T
    facts = pd.DataFrame([{"project_id": one["project_id"], **told} for one, _, told in rows if told],
                         columns=["project_id", *FACTS])  # fmt: skip
    return verify_projects(works, cover, facts, report_year)


def verdict_of(one, shown=None, told=None, report_year=2025):
    """Verdict, reason and evidence of one work."""
    table, _ = verified((one, shown, told), report_year=report_year)
    return tuple(table.loc[0, ["verdict", "reason", "evidence"]])


# ---------------------------------------------------------------------------- land cover


def test_gains_are_told_from_what_stood_and_from_what_changed_into_shrub():
    before = [[TREES, TREES, CROPS, CROPS], [SHRUBS, CROPS, SHRUBS, GRASS]]
    after = [[TREES, CROPS, TREES, SHRUBS], [TREES, SHRUBS, SHRUBS, GRASS]]
    cover = project_cover(ground_of(A1=(0, -1, 4, 1)), {2020: world(before), 2025: world(after)})
    # under trees before: 2; after: 3; gained from crops and from shrub: 2; shrub on crops: 2;
    # one cell of trees became crops
    assert np.allclose(cover.loc["A1", list(COVER)].to_numpy(float) / CELL_HA, [2, 3, 2, 2, 1, 8])
    assert cover.loc["A1", ["before_year", "after_year"]].tolist() == [2020, 2025]


def test_half_a_cell_inside_a_project_counts_half():
    maps = {2020: world([[CROPS] * 4] * 2), 2025: world([[TREES, CROPS, CROPS, CROPS]] * 2)}
    cover = project_cover(ground_of(A1=(0.5, 0, 2, 1)), maps)
    assert cover.loc["A1", "tree_gain_ha"] == pytest.approx(0.5 * CELL_HA, rel=1e-7)
    assert cover.loc["A1", "covered_ha"] == pytest.approx(1.5 * CELL_HA, rel=1e-7)


def test_two_products_of_two_dates_speak_of_trees_in_their_own_codes():
    # esri_2020: 2 trees, 5 crops, 6 shrub; worldcover has trees as 10
    before = world([[2, 5, 5, 6]] * 2, scheme="esri_2020")
    after = world([[TREES, TREES, SHRUBS, TREES]] * 2)
    cover = project_cover(ground_of(A1=(0, 0, 4, 1)), {2020: before, 2025: after})
    assert np.allclose(cover.loc["A1", list(COVER)].to_numpy(float) / CELL_HA, [1, 3, 2, 1, 0, 4])


def test_mixtures_are_no_gain_and_clouds_cover_nothing():
    # mcd12q1: 12 crops, 8 woody savanna (partly trees), 5 mixed forest; esri_2020: 10 clouds
    rows = pd.MultiIndex.from_tuples([("a", 12), ("a", 8)], names=["zone", "before"])
    matrix = pd.DataFrame([[1.0, 2.0, 4.0], [8.0, 16.0, 32.0]], rows, columns=[5, 8, 12])
    found = cover_gains(matrix, "mcd12q1_igbp", "mcd12q1_igbp").loc["a"]
    # crops to forest is a gain; savanna to forest may have been trees before
    assert found.tolist() == [0.0, 9.0, 1.0, 0.0, 0.0, 1.0 + 4.0]
    crops = pd.MultiIndex.from_tuples([("a", 5)], names=["zone", "before"])
    clouded = pd.DataFrame([[1.0, 2.0]], crops, columns=[2, 10])
    assert cover_gains(clouded, "esri_2020", "esri_2020").loc["a", "covered_ha"] == 1.0


def test_ground_is_told_its_width_in_cells_of_the_coarser_map():
    fine, coarse = world([[CROPS] * 8] * 8, size=CELL / 2), world([[CROPS] * 4] * 4)
    ground = ground_of(square=(0, -2, 4, 2), strip=(0, 0, 4, 0.5))
    width = project_cover(ground, {2020: fine, 2025: coarse})["width_cells"]
    # twice the area over the perimeter: 2 x 16 / 16 and 2 x 2 / 9 cells
    assert width.tolist() == pytest.approx([2.0, 4 / 9], rel=0.01)


def test_each_project_is_measured_between_the_dates_around_its_start():
    crops, trees = world([[CROPS] * 4] * 2), world([[TREES] * 4] * 2)
    ground = ground_of(early=(0, 0, 1, 1), late=(1, 0, 2, 1), new=(2, 0, 3, 1))
    ground["start_year"] = [2017, 2021, 2025]
    cover = project_cover(ground, {2016: crops, 2020: trees, 2025: trees})
    assert cover["before_year"].tolist() == [2016, 2020, 2025]
    # trees came after 2016 and were there in 2020; in 2025 it is too early to look
    assert (cover["tree_gain_ha"] / CELL_HA).round(6).fillna(-1).tolist() == [1.0, 0.0, -1.0]


def test_projects_without_ground_on_the_maps_or_without_polygon_have_no_cover():
    maps = {2020: world([[CROPS] * 4] * 2), 2025: world([[TREES] * 4] * 2)}
    ground = ground_of(far=(900, 900, 901, 901), none=(0, 0, 1, 1))
    ground.loc[1, "geometry"] = None
    cover = project_cover(ground, maps)
    assert cover.index.tolist() == ["far"]
    assert cover[list(COVER)].isna().all(axis=None)
    assert project_cover(ground, {}).loc["far", "before_year"] is not None
    assert project_cover(ground.iloc[:0], maps).empty


def test_a_map_without_a_system_is_refused():
    maps = {2020: world([[CROPS] * 4] * 2), 2025: world([[TREES] * 4] * 2)}
    del maps[2025].coords["spatial_ref"].attrs["crs_wkt"]
    with pytest.raises(CRSError):
        project_cover(ground_of(A1=(0, 0, 4, 1)), maps)


def test_a_date_in_the_year_of_the_work_is_before_it():
    dates = judging_dates(pd.Series([2020, 2019, 2025]), [2020, 2025])
    assert dates.fillna(0).to_numpy().tolist() == [[2020, 2025], [0, 2025], [2025, 0]]
    assert judging_dates(pd.Series([2020]), []).isna().all(axis=None)


# ------------------------------------------------------------------------------ verdicts


def test_cover_gained_on_enough_ground_verifies_a_planting():
    # 5 ha of trees and 2 of shrub on 10
    assert verdict_of(work(), seen(5.0, 2.0)) == ("verified", "trees_seen", "land_cover")
    assert verdict_of(work(), seen(5.0, 1.9))[0] == "partly"


def test_the_thresholds_divide_verified_partly_and_not_seen():
    enough, least = constant("verified_share_min"), constant("partly_share_min")
    gains = (enough, enough - 0.01, least, least - 0.01, 0.0)
    found = [verdict_of(work(), seen(10.0 * share))[0] for share in gains]
    assert found == ["verified", "partly", "partly", "not_seen", "not_seen"]


def test_young_plantations_and_new_forest_of_the_inventory_verify_a_planting():
    told = surveyed(forest=(2.0, 5.0), young=4.0)
    table, _ = verified((work(), None, told))
    # 3 ha of forest where none was and 4 ha of young plantation; 2 ha were forest before
    assert table.loc[0, "forest_in_inventory_ha"] == 7.0
    assert table.loc[0, "seen_pct"] == 70.0
    assert tuple(table.loc[0, ["verdict", "evidence"]]) == ("verified", "inventory")


def test_forest_that_stood_before_is_no_planting():
    assert verdict_of(work(), None, surveyed(forest=(10.0, 10.0))) == (
        "not_seen", "trees_missing", "inventory",
    )  # fmt: skip


def test_the_better_of_two_witnesses_counts_for_new_forest():
    table, _ = verified((work(), seen(1.0), surveyed(young=8.0)))
    assert table.loc[0, "seen_pct"] == 80.0
    assert tuple(table.loc[0, ["verdict", "evidence"]]) == ("verified", "both")


def test_a_work_is_too_young_until_its_canopy_may_have_closed():
    closure = int(constant("canopy_closure_yr"))
    for year, verdict in ((2025 - closure + 1, "too_young"), (2025 - closure, "not_seen")):
        shown = seen(years=(2018, 2025))
        assert verdict_of(work(year=year), shown)[0] == verdict
    # what is seen is seen at any age
    assert verdict_of(work(year=2024), seen(8.0))[0] == "verified"


def test_the_age_at_the_last_look_counts_and_not_that_of_the_report():
    assert verdict_of(work(year=2018), seen(years=(2018, 2020)), report_year=2030) == (
        "too_young", "canopy_open", "land_cover",
    )  # fmt: skip


def test_a_work_in_the_year_of_the_last_survey_is_too_young_to_be_judged_by_it():
    told = surveyed(years=(2020, 2025), young=9.0)
    table, _ = verified((work(year=2025), None, told))
    assert table.loc[0, "verdict"] == "too_young"
    assert np.isnan(table.loc[0, "seen_pct"])


def test_ground_under_trees_before_is_told_at_any_age():
    for year in (2018, 2024):
        shown = seen(before=8.0, gain=1.0)
        assert verdict_of(work(year=year), shown)[:2] == ("not_seen", "trees_before")
    # the inventory may still know that the old trees were cut and new ones planted
    assert verdict_of(work(), seen(before=9.0), surveyed(forest=(9.0, 0.0), young=9.0))[0] == (
        "verified"
    )


def test_strips_narrower_than_the_cells_can_be_confirmed_but_not_denied():
    strip = seen(width=1.9)
    assert verdict_of(work(kind="shelterbelt"), strip) == ("cannot_judge", "too_narrow", "none")
    assert verdict_of(work(kind="shelterbelt"), seen(8.0, width=1.9))[0] == "verified"
    assert verdict_of(work(kind="shelterbelt"), seen(width=2.0))[0] == "not_seen"


def test_belts_are_not_missed_in_an_inventory_of_parcels():
    told = surveyed()
    assert verdict_of(work(kind="shelterbelt"), None, told)[:2] == ("cannot_judge", "no_evidence")
    assert verdict_of(work(kind="afforestation"), None, told)[0] == "not_seen"
    assert verdict_of(work(kind="corridor"), None, surveyed(forest=(0.0, 9.0)))[0] == "verified"


def test_a_map_that_covers_too_little_says_nothing_against_a_work():
    assert verdict_of(work(), seen(covered=6.9))[:2] == ("cannot_judge", "no_evidence")
    assert verdict_of(work(), seen(covered=7.0))[0] == "not_seen"


def test_works_without_polygon_without_area_or_without_dates_cannot_be_judged():
    trees = work(kind="four_side", owned_ha=np.nan) | {"method": "trees"}
    assert verdict_of(trees, None)[:2] == ("cannot_judge", "no_polygon")
    assert verdict_of(work(credited_ha=0.0), seen(9.0))[:2] == ("cannot_judge", "nothing_credited")
    assert verdict_of(work(year=2010)) == ("cannot_judge", "no_evidence", "none")


def test_work_in_standing_forest_is_verified_where_forest_and_stock_are_still_there():
    tended = work(kind="quality_improvement")
    kept = surveyed(forest=(10.0, 9.0), stock=(500.0, 520.0))
    assert verdict_of(tended, None, kept) == ("verified", "forest_kept", "inventory")
    assert verdict_of(tended, seen(before=9.0, loss=1.0))[:2] == ("verified", "forest_kept")
    fallen = surveyed(forest=(10.0, 10.0), stock=(500.0, 480.0))
    assert verdict_of(tended, None, fallen)[:2] == ("partly", "stock_fell")


def test_lost_forest_is_told_by_any_witness():
    tended = work(kind="quality_improvement")
    lost = surveyed(forest=(10.0, 1.0), stock=(500.0, 20.0))
    assert verdict_of(tended, None, lost)[:2] == ("not_seen", "forest_lost")
    kept = surveyed(forest=(10.0, 10.0), stock=(500.0, 520.0))
    # half of 9 ha of tree cover gone although the inventory has it all
    assert verdict_of(tended, seen(before=9.0, loss=4.5), kept) == ("partly", "forest_lost", "both")


def test_treated_ground_that_was_no_forest_is_verified_once_it_is_and_never_missed():
    reserve = work(kind="reserve_forest")
    for after, verdict in ((10.0, "verified"), (3.0, "cannot_judge")):
        told = surveyed(forest=(0.0, after), stock=(0.0, 500.0))
        assert verdict_of(reserve, seen(8.0, before=1.0), told)[0] == verdict


def test_notes_count_what_was_not_seen_and_what_nothing_can_judge():
    table, notes = verified(
        (work("a"), seen(9.0), None), (work("b"), seen(3.0), None), (work("c"), seen(0.0), None),
        (work("d", owned_ha=np.nan), None, None),
    )  # fmt: skip
    assert table["verdict"].tolist() == ["verified", "partly", "not_seen", "cannot_judge"]
    assert [(one.code, one.count, one.value) for one in notes] == [
        ("works_not_seen", 2, "20.0"), ("works_not_judged", 1, "10.0"),
    ]  # fmt: skip
    assert verified((work(), seen(9.0), None))[1] == []


def test_codes_of_the_verdict_have_names_and_every_name_is_a_code():
    named = {row["key"].split(".")[1] for row in read_rows("text.csv")
             if row["key"].startswith("verdict.")}  # fmt: skip
    assert named == set(VERDICTS)
    assert code_name("verdict_reason", "trees_before", "en") != "trees_before"


# -------------------------------------------------------------------------------- visits


def listed(*rows):
    table, _ = verified(*rows)
    ids = [one["project_id"] for one, _, _ in rows]
    shapes = [shapely.box(105 + n, 29, 105.01 + n, 29.01) for n in range(len(ids))]
    ground = gpd.GeoDataFrame({"project_id": ids, "project_name": [f"项目{one}" for one in ids]},
                              geometry=shapes, crs="EPSG:4490")  # fmt: skip
    return project_visits(table, ground, TOWNS)


def test_works_are_visited_from_the_largest_unseen_area_down():
    found = listed(
        (work("a"), seen(4.0), None), (work("b"), seen(1.0), None), (work("c"), seen(9.0), None),
        (work("d"), seen(4.0), None), (work("e", year=2024), seen(), None),
    )  # fmt: skip
    # 9, 6 and 6 ha unseen; one is verified, one too young
    assert found["project_id"].tolist() == ["b", "a", "d"]
    assert found["unseen_ha"].tolist() == pytest.approx([9.0, 6.0, 6.0])
    assert found["rank"].tolist() == [1, 2, 3]
    assert set(found["town_name"]) == {"甲镇"}
    assert found["project_name"].tolist() == ["项目b", "项目a", "项目d"]
    points = shapely.points(found["lon_deg"], found["lat_deg"])
    assert shapely.contains(found.geometry.to_numpy(), points).all()
    assert [*columns("project_visits").index, "geometry"] == found.columns.tolist()


def test_less_than_a_mu_is_not_worth_the_way_and_fallen_stock_is_visited_whole():
    mu = constant("visit_area_min_ha")
    fallen = surveyed(forest=(10.0, 10.0), stock=(500.0, 480.0))
    small = {"credited_ha": 0.9 * mu, "owned_ha": 0.9 * mu}
    found = listed((work("a", **small), seen(covered=mu), None),
                   (work("b", kind="quality_improvement"), None, fallen))  # fmt: skip
    assert found[["project_id", "unseen_ha"]].to_numpy().tolist() == [["b", 10.0]]
    assert len(listed((work("a"), seen(9.0), None))) == 0


# ---------------------------------------------------------------------------- invariants

PARTS = st.tuples(*[st.integers(0, 40).map(lambda n: n / 4)] * 3)
WORKS = st.lists(
    st.tuples(
        st.sampled_from(["afforestation", "shelterbelt", "quality_improvement", "four_side"]),
        st.integers(2015, 2026), st.sampled_from([0.0, 0.1, 10.0]), PARTS, PARTS, st.booleans(),
    ),
    min_size=1, max_size=8,
)  # fmt: skip


def drawn(rows):
    """Works with drawn years, areas and evidence; covers add up to 10 ha at most."""
    made = []
    for n, (kind, year, area, (before, gain, shrub), (forest, young, loss), mapped) in enumerate(
        rows
    ):
        whole = max(before + gain + shrub, 10.0) / 10.0
        shown = seen(gain / whole, shrub / whole, before / whole, min(loss, before) / whole,
                     years=(min(year, 2018), 2025 if year < 2025 else np.nan))  # fmt: skip
        told = surveyed(forest=(before, forest), young=young, stock=(before, forest))
        one = work(f"p{n}", kind, year, area)
        made.append((one, shown if mapped else None, None if mapped and n % 2 else told))
    return made


@settings(max_examples=40, deadline=None)
@given(WORKS)
def test_every_work_has_one_verdict_and_a_share_between_nothing_and_all(rows):
    table, notes = verified(*drawn(rows))
    assert len(table) == len(rows)
    assert set(table["verdict"]) <= set(VERDICTS)
    assert table["seen_pct"].dropna().between(0.0, 100.0).all()
    known = table["seen_pct"].notna()
    assert (known == table["evidence"].ne("none")).all()
    assert known[table["verdict"].isin(["verified", *TO_VISIT])].all()
    assert (
        sum(one.count for one in notes) == table["verdict"].isin([*TO_VISIT, "cannot_judge"]).sum()
    )
    for reason in table["reason"]:
        assert code_name("verdict_reason", reason, "zh") != reason


@settings(max_examples=20, deadline=None)
@given(WORKS, st.randoms())
def test_a_verdict_does_not_depend_on_the_other_works_or_their_order(rows, random):
    made = drawn(rows)
    first, _ = verified(*made)
    mixed = random.sample(made, len(made))
    second, _ = verified(*mixed)
    by_id = [one.set_index("project_id").sort_index() for one in (first, second)]
    pd.testing.assert_frame_equal(*by_id)
    alone = pd.concat([verified(one)[0] for one in made], ignore_index=True)
    pd.testing.assert_frame_equal(first, alone, check_dtype=False)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.sampled_from([0, 10, 20, 30, 40, 95]), min_size=16, max_size=16),
       st.lists(st.sampled_from([0, 10, 20, 30, 40, 95]), min_size=16, max_size=16))  # fmt: skip
def test_cover_gained_lost_and_kept_make_up_the_ground_that_both_maps_cover(first, second):
    first[0] = second[0] = CROPS
    maps = [world(np.reshape(codes, (4, 4))) for codes in (first, second)]
    halves = project_cover(ground_of(w=(0, -2, 1.3, 2), e=(1.3, -2, 4, 2)),
                           dict(zip((2020, 2025), maps, strict=True)))  # fmt: skip
    whole = project_cover(ground_of(a=(0, -2, 4, 2)), dict(zip((2020, 2025), maps, strict=True)))
    assert np.allclose(halves[list(COVER)].fillna(0.0).sum(), whole.loc["a", list(COVER)].tolist())
    row = whole.loc["a"]
    assert row["tree_before_ha"] - row["tree_loss_ha"] == pytest.approx(
        row["tree_after_ha"] - row["tree_gain_ha"], abs=1e-9
    )
    assert row["tree_after_ha"] + row["shrub_gain_ha"] <= row["covered_ha"] + 1e-9


def test_the_inputs_stay_as_they_are():
    works = pd.DataFrame([work("a"), work("b")])
    cover = pd.DataFrame({"a": seen(3.0)}).T
    facts = pd.DataFrame([{"project_id": "b", **surveyed(young=3.0)}])
    ground = ground_of(a=(0, 0, 1, 1), b=(1, 0, 2, 1))
    before = [one.copy() for one in (works, cover, facts, ground)]
    table, _ = verify_projects(works, cover, facts, 2025)
    project_visits(table, ground, TOWNS)
    project_cover(ground, {2020: world([[CROPS] * 4] * 2), 2025: world([[TREES] * 4] * 2)})
    for one, other in zip((works, cover, facts, ground), before, strict=True):
        assert one.equals(other)
