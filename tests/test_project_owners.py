"""Who owns ground that several projects hold, and what the others lose."""

from itertools import combinations

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from carbon_sink.geometry import STORE_CRS, ellipsoidal_area_ha
from carbon_sink.project_owners import own_ground

TYPES = ("mine_restoration", "afforestation", "corridor")
# degrees; a cell is about 97 by 111 m, 1.07 ha
CELL = 0.001
BOXES = st.tuples(st.integers(0, 8), st.integers(0, 8), st.integers(1, 6), st.integers(1, 6)).map(
    lambda box: shapely.box(box[0], box[1], box[0] + box[2], box[1] + box[3])
)
RINGS = st.tuples(st.integers(0, 6), st.integers(0, 6), st.integers(3, 6)).map(
    lambda ring: shapely.box(ring[0], ring[1], ring[0] + ring[2], ring[1] + ring[2]).difference(
        shapely.box(ring[0] + 1, ring[1] + 1, ring[0] + 2, ring[1] + 2)
    )
)
WORKS = st.lists(
    st.tuples(st.one_of(BOXES, RINGS), st.sampled_from(TYPES), st.integers(2020, 2022)),
    min_size=1, max_size=7,
)  # fmt: skip


def on_earth(shape):
    """A shape given in cells, at 105 E, 29.5 N."""
    return shapely.transform(shape, lambda at: at * CELL + [105.0, 29.5])


def works(*rows):
    """Projects of (shape in cells, type, year), numbered P0, P1 ... in this order."""
    shapes, types, years = zip(*rows, strict=True)
    return gpd.GeoDataFrame(
        {"project_id": [f"P{number}" for number in range(len(rows))], "project_type": types,
         "start_year": years}, geometry=[shape and on_earth(shape) for shape in shapes],
        crs=STORE_CRS,
    )  # fmt: skip


def box(west, south, east, north):
    return shapely.box(west, south, east, north)


def area_ha(*shapes):
    """Area of the union of shapes given in cells."""
    united = on_earth(shapely.union_all(shapes))
    return float(ellipsoidal_area_ha(gpd.GeoSeries([united], crs=STORE_CRS)).iloc[0])


def lost(owned):
    return {(one, other): area for one, other, area in owned.losses.itertuples(index=False)}


def test_shared_ground_goes_to_the_type_that_comes_first():
    # the corridor began earlier, but plantings come before corridors: 1 of its 3 cells is theirs
    projects = works((box(0, 0, 3, 1), "corridor", 2020), (box(2, 0, 5, 1), "afforestation", 2022))
    owned = own_ground(projects, TYPES)
    assert lost(owned) == {("P0", "P1"): pytest.approx(area_ha(box(2, 0, 3, 1)))}
    assert owned.ground["project_area_ha"].tolist() == pytest.approx([area_ha(box(0, 0, 3, 1))] * 2)
    assert owned.ground["owned_ha"].tolist() == pytest.approx(
        [area_ha(box(0, 0, 2, 1)), area_ha(box(0, 0, 3, 1))]
    )
    assert owned.ground.geometry.iloc[0].equals(on_earth(box(0, 0, 2, 1)))
    turned = own_ground(projects, TYPES[::-1])
    assert list(lost(turned)) == [("P1", "P0")]


def test_of_one_type_the_earlier_project_owns_and_of_one_year_the_lower_number():
    early = works((box(0, 0, 2, 1), "corridor", 2022), (box(1, 0, 3, 1), "corridor", 2021))
    assert list(lost(own_ground(early, TYPES))) == [("P0", "P1")]
    twins = works((box(0, 0, 2, 1), "corridor", 2021), (box(0, 0, 2, 1), "corridor", 2021))
    owned = own_ground(twins, TYPES)
    assert list(lost(owned)) == [("P1", "P0")]
    assert owned.ground["owned_ha"].iloc[1] == 0.0
    assert owned.ground.geometry.iloc[1].is_empty


def test_a_type_that_is_not_in_the_order_and_a_year_that_is_missing_come_last():
    projects = works(
        (box(0, 0, 2, 1), "greening", 2001), (box(0, 0, 2, 1), "corridor", np.nan),
        (box(0, 0, 2, 1), "corridor", 2022),
    )  # fmt: skip
    owned = own_ground(projects, ["corridor"])
    assert owned.ground["owned_ha"].gt(0).tolist() == [False, False, True]
    assert list(lost(owned)) == [("P0", "P2"), ("P1", "P2")]


def test_where_three_overlap_each_piece_is_lost_once_to_the_first_of_them():
    # of the corridor's cells 0-6: the mine holds 0-2, the planting 1-4, of which 2-4 are its own
    projects = works(
        (box(0, 0, 6, 1), "corridor", 2020), (box(1, 0, 4, 1), "afforestation", 2020),
        (box(0, 0, 2, 1), "mine_restoration", 2020),
    )  # fmt: skip
    assert lost(own_ground(projects, TYPES)) == {
        ("P0", "P1"): pytest.approx(area_ha(box(2, 0, 4, 1))),
        ("P0", "P2"): pytest.approx(area_ha(box(0, 0, 2, 1))),
        ("P1", "P2"): pytest.approx(area_ha(box(1, 0, 2, 1))),
    }


def test_a_project_under_others_that_fill_it_keeps_nothing_and_tells_both():
    projects = works(
        (box(0, 0, 2, 1), "corridor", 2020), (box(0, 0, 1, 1), "afforestation", 2020),
        (box(1, 0, 2, 1), "afforestation", 2020),
    )  # fmt: skip
    owned = own_ground(projects, TYPES)
    assert owned.ground["owned_ha"].iloc[0] == 0.0
    assert sum(lost(owned).values()) == pytest.approx(owned.ground["project_area_ha"].iloc[0])


def test_a_project_of_several_parts_is_cut_in_each_of_them():
    islands = shapely.MultiPolygon([box(0, 0, 2, 2), box(5, 0, 7, 2)])
    projects = works((islands, "corridor", 2020), (box(1, 0, 6, 2), "afforestation", 2020))
    owned = own_ground(projects, TYPES)
    assert lost(owned)["P0", "P1"] == pytest.approx(area_ha(box(1, 0, 2, 2), box(5, 0, 6, 2)))
    left = shapely.MultiPolygon([box(0, 0, 1, 2), box(6, 0, 7, 2)])
    assert owned.ground["owned_ha"].iloc[0] == pytest.approx(area_ha(left))


def test_ground_beyond_the_place_is_nobodys():
    # the place ends at column 3: the corridor has 2 of 4 cells outside, the planting all but 1
    projects = works((box(1, 0, 5, 1), "corridor", 2020), (box(2, 0, 5, 1), "afforestation", 2020),
                     (box(0, 5, 1, 6), "corridor", 2020))  # fmt: skip
    place = gpd.GeoDataFrame(geometry=[on_earth(box(-9, -9, 3, 9))], crs=STORE_CRS).to_crs(4523)
    ground = own_ground(projects, TYPES, place).ground
    outside = [area_ha(box(3, 0, 5, 1))] * 2 + [0.0]
    # the border has been to a projection and back, and its long edge is no line there
    assert ground["outside_ha"].tolist() == pytest.approx(outside, abs=1e-4)
    assert ground["owned_ha"].tolist() == pytest.approx(
        [area_ha(box(1, 0, 2, 1)), area_ha(box(2, 0, 3, 1)), area_ha(box(0, 5, 1, 6))], abs=1e-4
    )


def test_projects_that_share_a_border_or_a_sliver_keep_all_their_ground():
    sliver = box(1 - 0.5e-8, 0, 2, 1)  # 0.5 um of 111 m is 0.5 cm2
    projects = works((box(0, 0, 1, 1), "corridor", 2020), (box(0, 1, 1, 2), "corridor", 2020),
                     (sliver, "corridor", 2020))  # fmt: skip
    owned = own_ground(projects, TYPES)
    assert owned.losses.empty
    assert owned.ground["owned_ha"].tolist() == owned.ground["project_area_ha"].tolist()


def test_projects_without_a_polygon_are_left_alone_and_told():
    projects = works((box(0, 0, 2, 1), "corridor", 2020), (None, "corridor", 2020),
                     (shapely.Point(0.5, 0.5), "corridor", 2020), (shapely.Polygon(), "corridor", 2020))  # fmt: skip
    owned = own_ground(projects, TYPES)
    assert owned.ground["has_polygon"].tolist() == [True, False, False, False]
    assert owned.ground.loc[1:, ["project_area_ha", "owned_ha", "geometry"]].isna().all(axis=None)
    table = own_ground(pd.DataFrame(projects.drop(columns="geometry")), TYPES)
    assert not table.ground["has_polygon"].any()
    assert table.losses.empty
    assert own_ground(projects.iloc[:0], TYPES).ground.empty


def test_the_input_stays_as_it_is_and_its_labels_are_kept():
    projects = works((box(0, 0, 2, 1), "corridor", 2020), (box(1, 0, 3, 1), "afforestation", 2020))
    projects.index = [7, 3]
    before = projects.copy()
    assert own_ground(projects, TYPES).ground.index.tolist() == [7, 3]
    pd.testing.assert_frame_equal(projects, before)
    assert projects.geometry.geom_equals_exact(before.geometry, 0).all()


@settings(max_examples=40, deadline=None)
@given(WORKS, st.randoms(use_true_random=False))
def test_owners_share_no_ground_and_lose_none_between_them(rows, random):
    projects = works(*rows)
    owned = own_ground(projects, TYPES)
    ground, area = owned.ground, owned.ground["project_area_ha"]
    losses = owned.losses.groupby("project_id")["area_ha"].sum()
    sums = ground["owned_ha"] + ground["project_id"].map(losses).fillna(0.0)
    assert sums.tolist() == pytest.approx(area.tolist(), rel=1e-9)
    assert ground["owned_ha"].sum() == pytest.approx(area_ha(*[row[0] for row in rows]), rel=1e-9)
    pairs = combinations(ground.geometry, 2)
    shared = [one.intersection(other).area for one, other in pairs]
    assert sum(shared) < 1e-12 * CELL**2
    order = random.sample(range(len(rows)), len(rows))
    again = own_ground(projects.iloc[order], TYPES)
    pd.testing.assert_frame_equal(again.losses, owned.losses)
    pd.testing.assert_series_equal(again.ground["owned_ha"].sort_index(), ground["owned_ha"])
