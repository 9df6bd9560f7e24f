"""What lay under projects at the start, what is credited to them and what is taken off."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from carbon_sink.codes import class_groups
from carbon_sink.geometry import STORE_CRS, ellipsoidal_area_ha
from carbon_sink.legend import code_name
from carbon_sink.project_ground import (
    checked_years,
    credited_ground,
    four_side_repeats,
    ground_of,
    has_trees,
    is_forest,
)
from carbon_sink.project_owners import own_ground
from carbon_sink.tables import columns

ORDER = ("afforestation", "corridor", "quality_improvement")
METHODS = {
    "afforestation": "planting",
    "corridor": "planting",
    "quality_improvement": "improvement",
}
CELL = 0.01  # degrees; about 970 by 1110 m, 107.5 ha at 29.5 N


def box(west, south, east, north):
    """A box given in cells, at 105 E, 29.5 N."""
    return shapely.box(
        105 + west * CELL, 29.5 + south * CELL, 105 + east * CELL, 29.5 + north * CELL
    )


def area_ha(*shapes):
    """Area of the union of shapes."""
    whole = gpd.GeoSeries([shapely.union_all(shapes)], crs=STORE_CRS)
    return float(ellipsoidal_area_ha(whole).iloc[0])


CELL_HA = area_ha(box(0, 0, 1, 1))


def works(*rows):
    """Projects of (type, shape, more), numbered P0, P1 ...; all of the polygon was done in 2022."""
    table = pd.DataFrame([
        {"project_id": f"P{number}", "project_type": kind, "method": METHODS[kind],
         "start_year": 2022, "done_ha": area_ha(shape) if shape else np.nan, **more}
        for number, (kind, shape, more) in enumerate(rows)
    ])  # fmt: skip
    return gpd.GeoDataFrame(table, geometry=[row[1] for row in rows], crs=STORE_CRS)


def inventory(*rows):
    """Parcels of (kind, shape, t C on a hectare)."""
    kinds, shapes, carbon = zip(*rows, strict=True)
    layer = gpd.GeoDataFrame({"forest_type": kinds}, geometry=list(shapes), crs=STORE_CRS)
    area = ellipsoidal_area_ha(layer.geometry)
    sparse = layer["forest_type"].eq("sparse")
    total = area * np.array(carbon, dtype=float)
    layer.index = [f"s{number}" for number in range(len(rows))]
    return layer.assign(
        area_ha=area.to_numpy(),
        carbon_t=total.mask(sparse, 0.0).to_numpy(),
        sparse_carbon_t=total.where(sparse, 0.0).to_numpy(),
    )


def credit(projects, stands=None, place=None, **more):
    stands = {} if stands is None else stands
    owned = own_ground(projects, ORDER, place)
    pieces = {year: ground_of(owned.ground, layer) for year, layer in stands.items()}
    return credited_ground(projects, owned, pieces, stands, **more)


def taken(found):
    """Hectares that are taken off, by project and reason."""
    rows = found.deductions[found.deductions["is_taken_off"]]
    return rows.set_index(["project_id", "reason"])["area_ha"].to_dict()


def test_ground_is_measured_parcel_by_parcel():
    # two cells of ground, moved by a quarter of a cell over a row of four parcels
    stands = inventory(*(("arbor", box(x, 0, x + 1, 1), 0.0) for x in range(4)))
    projects = works(("corridor", box(0.25, 0, 2.25, 1), {}), ("corridor", None, {"done_ha": 1.0}))
    pieces = ground_of(own_ground(projects, ORDER).ground, stands)
    assert pieces["project"].tolist() == [0, 0, 0]
    found = pieces.set_index("stand")["ground_ha"].to_dict()
    assert found == {"s0": pytest.approx(0.75 * CELL_HA), "s1": pytest.approx(CELL_HA),
                     "s2": pytest.approx(0.25 * CELL_HA)}  # fmt: skip


def test_ground_in_other_systems_is_the_same_and_neighbours_share_none():
    projects = works(("corridor", box(0, 0, 1, 1), {}))
    stands = inventory(("arbor", box(0, 0, 1, 1), 0.0), ("arbor", box(1, 0, 2, 1), 0.0))
    pieces = ground_of(own_ground(projects, ORDER).ground, stands)
    assert pieces["stand"].tolist() == ["s0"]
    other = ground_of(own_ground(projects.to_crs(4523), ORDER).ground, stands.to_crs(4523))
    assert other["ground_ha"].iloc[0] == pytest.approx(CELL_HA, rel=1e-9)
    assert ground_of(own_ground(projects, ORDER).ground.iloc[:0], stands).empty
    assert ground_of(own_ground(projects, ORDER).ground, stands.iloc[:0]).empty


def test_a_planting_is_credited_where_there_was_no_forest():
    # four cells: bamboo, cutover, young plantation, cropland; 3 of 4 were no forest
    kinds = ("bamboo", "cutover", "young_planted", "cropland")
    stands = inventory(*((kind, box(x, 0, x + 1, 1), 0.0) for x, kind in enumerate(kinds)))
    found = credit(works(("afforestation", box(0, 0, 4, 1), {})), {2020: stands})
    row = found.ground.iloc[0]
    assert row["checked_year"] == 2020
    assert row["forest_before_ha"] == pytest.approx(CELL_HA)
    assert row["inventory_ha"] == pytest.approx(4 * CELL_HA)
    assert row["creditable_share"] == pytest.approx(0.75)
    assert row["credited_ha"] == pytest.approx(3 * CELL_HA)
    assert taken(found) == {("P0", "inventory_forest"): pytest.approx(CELL_HA)}


def test_an_improvement_is_credited_where_trees_grew():
    # arbor, sparse woodland, cutover, ground without a parcel: 2 of 4 had trees
    kinds = ("arbor", "sparse", "cutover")
    stands = inventory(*((kind, box(x, 0, x + 1, 1), 0.0) for x, kind in enumerate(kinds)))
    found = credit(works(("quality_improvement", box(0, 0, 4, 1), {})), {2020: stands})
    assert found.ground["not_forest_before_ha"].tolist() == pytest.approx([2 * CELL_HA])
    assert found.ground["credited_ha"].tolist() == pytest.approx([2 * CELL_HA])
    assert taken(found) == {("P0", "not_forest"): pytest.approx(2 * CELL_HA)}


def test_economic_and_special_shrub_forest_is_forest_and_other_shrub_may_be_planted():
    kinds = pd.Series(
        ["arbor", "economic_arbor", "shrub_special", "shrub_other", "sparse", "orchard"]
    )
    assert is_forest(kinds).tolist() == [True, True, True, False, False, False]
    assert has_trees(kinds).tolist() == [True, True, True, True, True, False]


def test_every_forest_can_be_improved_and_every_kind_of_land_is_judged():
    kinds = pd.Series(class_groups())
    assert (has_trees(kinds) | ~is_forest(kinds)).all()
    assert 0 < is_forest(kinds).sum() < has_trees(kinds).sum() < len(kinds)


def test_only_an_inventory_before_the_start_tells_what_was_there():
    years = checked_years(pd.Series([2019, 2020, 2021, 2025, 2026, np.nan]), [2025, 2020])
    assert years.isna().tolist() == [True, False, False, False, False, True]
    assert years.dropna().tolist() == [2020, 2020, 2020, 2025]
    # cropland in 2020 and, because of the planting, arbor forest in 2025
    stands = {2020: inventory(("cropland", box(0, 0, 1, 1), 0.0)),
              2025: inventory(("arbor", box(0, 0, 1, 1), 50.0))}  # fmt: skip
    projects = works(*(("afforestation", box(0, 0, 1, 1), {"start_year": year})
                       for year in (2019, 2022, 2026)))  # fmt: skip
    each = [credit(projects.iloc[[row]], stands).ground.iloc[0] for row in range(3)]
    assert [one["credited_ha"] for one in each] == pytest.approx([CELL_HA, CELL_HA, 0.0])
    assert [one["forest_before_ha"] for one in each] == pytest.approx(
        [np.nan, 0.0, CELL_HA], nan_ok=True
    )


def test_tree_cover_is_taken_off_where_no_inventory_tells_the_start_and_told_elsewhere():
    # 30 ha of trees in the map; 2019 is before the inventory, which tells a quarter cell of bamboo
    stands = {2020: inventory(("bamboo", box(0, 0, 0.25, 1), 0.0),
                              ("cropland", box(0.25, 0, 1, 1), 0.0))}  # fmt: skip
    rows = (("afforestation", 2019), ("afforestation", 2022), ("quality_improvement", 2019))
    projects = works(*((kind, box(0, 0, 1, 1), {"start_year": year}) for kind, year in rows))
    one = credit(projects.iloc[[0]], stands, tree_cover_ha=pd.Series({0: 30.0}))
    assert one.ground["credited_ha"].tolist() == pytest.approx([CELL_HA - 30.0])
    assert taken(one) == {("P0", "land_cover_trees"): 30.0}
    two = credit(projects.iloc[[1]], stands, tree_cover_ha=pd.Series({1: 30.0}))
    told = two.deductions.set_index("reason")["area_ha"]
    assert two.ground["credited_ha"].tolist() == pytest.approx([0.75 * CELL_HA])
    assert told["land_cover_trees"] == pytest.approx(30.0 - 0.25 * CELL_HA)
    assert list(taken(two)) == [("P1", "inventory_forest")]
    improved = credit(projects.iloc[[2]], stands, tree_cover_ha=pd.Series({2: 30.0}))
    assert improved.deductions.empty


def test_tree_cover_is_never_more_than_the_ground_and_may_be_unknown():
    projects = works(("afforestation", box(0, 0, 1, 1), {}), ("afforestation", box(2, 0, 3, 1), {}))
    found = credit(projects, tree_cover_ha=pd.Series({0: 999.0, 1: np.nan}))
    assert found.ground["credited_ha"].tolist() == pytest.approx([0.0, CELL_HA])


def test_the_area_that_was_done_is_credited_by_the_share_of_the_polygon_that_counts():
    # half the polygon was done, one half of the polygon was bamboo; then more done than drawn
    stands = {2020: inventory(("bamboo", box(0, 0, 1, 1), 0.0), ("cropland", box(1, 0, 2, 1), 0.0))}
    for done, counted in ((CELL_HA, CELL_HA), (5 * CELL_HA, 2 * CELL_HA), (0.0, 0.0)):
        found = credit(works(("afforestation", box(0, 0, 2, 1), {"done_ha": done})), stands)
        assert found.ground["credited_ha"].tolist() == pytest.approx([counted / 2])
        assert sum(taken(found).values()) == pytest.approx(counted / 2)


def test_what_belongs_to_others_or_lies_outside_is_taken_off_with_its_owner():
    # cells of the corridor: 0 planting, 1 free, 2 bamboo, 3 outside the place
    projects = works(("corridor", box(0, 0, 4, 1), {}), ("afforestation", box(0, 0, 1, 1), {}))
    stands = {2020: inventory(("bamboo", box(2, 0, 4, 1), 0.0), ("cropland", box(0, 0, 2, 1), 0.0))}
    place = gpd.GeoDataFrame(geometry=[box(-1, -1, 3, 2)], crs=STORE_CRS)
    found = credit(projects, stands, place)
    assert found.ground["credited_ha"].tolist() == pytest.approx([CELL_HA, CELL_HA])
    rows = found.deductions
    assert rows["reason"].tolist() == ["inventory_forest", "outside_place", "project"]
    assert rows["other_id"].tolist() == ["", "", "P1"]
    assert rows["project_type"].tolist() == ["corridor"] * 3
    assert rows["area_ha"].tolist() == pytest.approx([CELL_HA] * 3)


def test_what_is_taken_off_has_the_columns_of_its_table_and_every_reason_has_a_name():
    projects = works(("corridor", box(0, 0, 2, 1), {}), ("afforestation", box(0, 0, 1, 1), {}),
                     ("quality_improvement", box(5, 0, 6, 1), {"start_year": 2019}))  # fmt: skip
    found = credit(projects, {2020: inventory(("bamboo", box(0, 0, 2, 1), 0.0))})
    table = columns("project_deductions")
    assert list(found.deductions) == [one for one in table.index if one != "removal_co2e_t"]
    told = table.loc["reason", "description"].replace(" or ", "; ").split("; ")
    assert set(found.deductions["reason"]) < set(told)
    for lang in ("zh", "en"):
        assert all(code_name("deduction", reason, lang) != reason for reason in told)


def test_a_project_without_a_polygon_is_credited_with_all_that_was_done():
    projects = works(("afforestation", None, {"done_ha": 12.5}))
    found = credit(projects, {2020: inventory(("bamboo", box(0, 0, 1, 1), 0.0))},
                   tree_cover_ha=pd.Series({0: 5.0}))  # fmt: skip
    assert found.ground[["creditable_share", "credited_ha"]].iloc[0].tolist() == [1.0, 12.5]
    assert found.ground["checked_year"].isna().all()
    assert found.deductions.empty


def test_a_project_that_is_all_covered_is_credited_with_nothing_and_has_no_vegetation():
    projects = works(("corridor", box(0, 0, 1, 1), {}), ("afforestation", box(0, 0, 1, 1), {}))
    found = credit(projects, {2020: inventory(("cropland", box(0, 0, 1, 1), 0.0))}).ground
    assert found["credited_ha"].tolist() == pytest.approx([0.0, CELL_HA])
    assert found["carbon_before_t_ha"].tolist() == pytest.approx([np.nan, 0.0], nan_ok=True)


def test_carbon_before_is_that_of_the_credited_ground_alone():
    # a planting on sparse woodland of 8, other shrub of 12 and arbor of 60 t/ha: (8 + 12) / 2
    kinds = (("sparse", 8.0), ("shrub_other", 12.0), ("arbor", 60.0), ("cropland", 0.0))
    stands = {2020: inventory(*((kind, box(x, 0, x + 1, 1), carbon)
                                for x, (kind, carbon) in enumerate(kinds)))}  # fmt: skip
    projects = works(("afforestation", box(0, 0, 3, 1), {}))
    assert credit(projects, stands).ground["carbon_before_t_ha"].tolist() == pytest.approx([10.0])
    # an improvement of the same ground and of cropland: all three have trees, 80 / 3
    projects = works(("quality_improvement", box(0, 0, 4, 1), {}))
    assert credit(projects, stands).ground["carbon_before_t_ha"].tolist() == pytest.approx([80 / 3])


def test_carbon_that_is_not_known_is_not_taken_for_none():
    stands = inventory(("sparse", box(0, 0, 1, 1), 5.0), ("cropland", box(1, 0, 2, 1), 0.0))
    projects = works(("afforestation", box(0, 0, 1, 1), {}), ("afforestation", box(1, 0, 2, 1), {}))
    unknown = stands.assign(sparse_carbon_t=[np.nan, 0.0])
    found = credit(projects, {2020: unknown}).ground["carbon_before_t_ha"]
    assert found.tolist() == pytest.approx([np.nan, 0.0], nan_ok=True)
    without = credit(projects, {2020: stands.drop(columns=["carbon_t", "sparse_carbon_t"])}).ground
    assert without["carbon_before_t_ha"].isna().all()
    assert without["credited_ha"].tolist() == pytest.approx([CELL_HA, CELL_HA])


SHAPES = st.tuples(st.integers(0, 5), st.integers(0, 3), st.integers(1, 4), st.integers(1, 3)).map(
    lambda at: box(at[0], at[1], at[0] + at[2], at[1] + at[3])
)
WORKS = st.lists(
    st.tuples(st.sampled_from(ORDER), SHAPES, st.fixed_dictionaries(
        {"start_year": st.integers(2018, 2023), "done_ha": st.floats(0.0, 1500.0)}
    )), min_size=1, max_size=6,
)  # fmt: skip
KINDS = st.lists(st.sampled_from(["arbor", "bamboo", "cropland", "sparse", "cutover"]),
                 min_size=24, max_size=24)  # fmt: skip


def mosaic(kinds):
    """Parcels of 2 by 1.5 cells, which no project follows, and none in the last columns."""
    return inventory(*((kind, box(2 * (n % 4), 1.5 * (n // 4), 2 * (n % 4) + 2, 1.5 * (n // 4) + 1.5), 10.0)
                       for n, kind in enumerate(kinds)))  # fmt: skip


@settings(max_examples=40, deadline=None)
@given(WORKS, KINDS, st.randoms(use_true_random=False))
def test_credited_and_taken_off_make_up_what_was_done_in_any_order(rows, kinds, random):
    projects, stands = works(*rows), {2020: mosaic(kinds)}
    cover = pd.Series([random.uniform(0, 200) for _ in rows], index=projects.index)
    place = gpd.GeoDataFrame(geometry=[box(-1, -1, 7, 5)], crs=STORE_CRS)
    found = credit(projects, stands, place, tree_cover_ha=cover)
    ground = found.ground
    off = found.deductions[found.deductions["is_taken_off"]].groupby("project_id")["area_ha"].sum()
    whole = np.minimum(projects["done_ha"], ground["project_area_ha"])
    sums = ground["credited_ha"] + projects["project_id"].map(off).fillna(0.0)
    assert sums.tolist() == pytest.approx(whole.tolist(), rel=1e-9, abs=1e-9)
    assert ground["credited_ha"].ge(0).all()
    union = area_ha(*[row[1] for row in rows])
    assert ground["credited_ha"].sum() <= union * (1 + 1e-9)
    order = random.sample(range(len(rows)), len(rows))
    again = credit(projects.iloc[order], stands, place, tree_cover_ha=cover)
    pd.testing.assert_frame_equal(again.deductions, found.deductions)
    assert again.ground["credited_ha"].sort_index().tolist() == pytest.approx(
        ground["credited_ha"].tolist(), rel=1e-9, abs=1e-9
    )


@settings(max_examples=30, deadline=None)
@given(WORKS.filter(lambda rows: len(rows) > 1), KINDS, st.integers(1, 9))
def test_a_project_split_in_two_is_credited_the_same(rows, kinds, tenth):
    projects, stands = works(*rows), {2020: mosaic(kinds)}
    first = projects.geometry.iloc[0]
    west, south, east, north = first.bounds
    knife = west + (east - west) * tenth / 10
    halves = [first.intersection(shapely.box(west, south, knife, north)),
              first.intersection(shapely.box(knife, south, east, north))]  # fmt: skip
    parts = projects.iloc[[0, 0]].assign(
        geometry=halves, project_id=["P0", "P00"],
        done_ha=projects["done_ha"].iloc[0] * np.array([area_ha(one) for one in halves]) / area_ha(first),
    )  # fmt: skip
    split = pd.concat([parts, projects.iloc[1:]], ignore_index=True)
    once, twice = credit(projects, stands).ground, credit(split, stands).ground
    assert twice["credited_ha"].iloc[:2].sum() == pytest.approx(
        once["credited_ha"].iloc[0], rel=1e-9, abs=1e-7
    )
    assert twice["credited_ha"].sum() == pytest.approx(
        once["credited_ha"].sum(), rel=1e-9, abs=1e-7
    )


FIELD = works(("afforestation", box(0, 0, 2, 1), {}), ("corridor", box(1, 0, 3, 1), {}),
              ("corridor", None, {"done_ha": 1.0}))  # fmt: skip
PARCELS = inventory(("bamboo", box(0, 2, 1, 3), 0.0), ("cropland", box(1, 2, 2, 3), 0.0))


def records(*rows):
    """Records of (project, column, row), the place in cells."""
    table = pd.DataFrame(rows, columns=["project_id", "x", "y"])
    lon, lat = 105 + table.pop("x") * CELL, 29.5 + table.pop("y") * CELL
    return table.assign(lon_deg=lon, lat_deg=lat)


def test_records_that_repeat_ground_of_projects_or_forest_are_told():
    written = records(
        ("P0", None, None),  # bears the number of a polygon
        (None, 1.5, 0.5),  # in both, the planting owns the ground
        ("P9", 2.5, 0.5),  # a number without a polygon, in the corridor's own ground
        (None, 0.5, 2.5),  # in bamboo
        (None, 1.5, 2.5),  # on cropland
        ("P2", None, None),  # the project has no polygon
        (None, None, None),
    )
    ground = own_ground(FIELD, ORDER).ground
    found = four_side_repeats(written, ground, PARCELS)
    assert found["reason"].tolist() == ["project"] * 3 + ["inventory_forest"] + [""] * 3
    assert found["other_id"].tolist() == ["P0", "P0", "P1", "", "", "", ""]
    assert found["is_repeated"].tolist() == [True] * 4 + [False] * 3
    points = gpd.points_from_xy(written["lon_deg"], written["lat_deg"], crs=STORE_CRS).to_crs(4523)
    placed = gpd.GeoDataFrame(written[["project_id"]], geometry=points)
    pd.testing.assert_frame_equal(four_side_repeats(placed, ground, PARCELS), found)


def test_a_record_on_the_border_of_two_projects_belongs_to_the_lower_number():
    ground = own_ground(FIELD, ORDER).ground
    for rows in (ground, ground.iloc[::-1]):
        assert four_side_repeats(records((None, 2.0, 0.5)), rows)["other_id"].tolist() == ["P0"]


def test_records_without_any_place_or_number_are_believed():
    ground = own_ground(FIELD, ORDER).ground
    bare = pd.DataFrame({"record_id": ["a", "b"]}, index=[5, 2])
    found = four_side_repeats(bare, ground, PARCELS)
    assert found.index.tolist() == [5, 2]
    assert not found["is_repeated"].any()
    assert four_side_repeats(bare.iloc[:0], ground, PARCELS).empty
