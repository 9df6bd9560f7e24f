"""Parcels of two dates matched by ground: which hang together, and what became of them."""

import geopandas as gpd
import numpy as np
import pytest
import shapely

from carbon_sink.geometry import ellipsoidal_area_ha
from carbon_sink.matching import class_of_links, find_links, units_of

# degrees; about 970 by 1110 m, 107.7 ha
CELL = 0.01


def stands(*shapes, crs=4490):
    """Stands of some shapes, given in cells."""
    scaled = [shapely.affinity.scale(one, CELL, CELL, origin=(0, 0)) for one in shapes]
    places = [shapely.affinity.translate(one, 105.0, 29.0) for one in scaled]
    layer = gpd.GeoDataFrame(geometry=places, crs=4490).to_crs(crs)
    return layer.assign(area_ha=ellipsoidal_area_ha(layer.geometry))


def box(west, south, east, north):
    return shapely.box(west, south, east, north)


def classes(before, after):
    """Pairs that are linked, with their class."""
    links = find_links(before, after)
    found = class_of_links(links, units_of(links), before["area_ha"], after["area_ha"])
    return {pair: one for *pair, one in zip(links.before, links.after, found, strict=True)
            for pair in [tuple(map(int, pair))]}  # fmt: skip


WHOLE, LEFT, RIGHT = box(0, 0, 2, 1), box(0, 0, 1, 1), box(1, 0, 2, 1)


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ([LEFT, RIGHT], [RIGHT, LEFT], {(0, 1): "unchanged", (1, 0): "unchanged"}),
        ([WHOLE], [LEFT, RIGHT], {(0, 0): "split", (0, 1): "split"}),
        ([LEFT, RIGHT], [WHOLE], {(0, 0): "merge", (1, 0): "merge"}),
        # a border is moved by a third of a parcel
        ([LEFT, RIGHT], [box(0, 0, 1.3, 1), box(1.3, 0, 2, 1)],
         {(0, 0): "redrawn", (1, 0): "redrawn", (1, 1): "redrawn"}),
        # by 4 % of the parcels: less than links ask for, more than one shape allows
        ([LEFT, RIGHT], [box(0, 0, 1.04, 1), box(1.04, 0, 2, 1)],
         {(0, 0): "redrawn", (1, 1): "redrawn"}),
        # by 1 %: still the same shape
        ([LEFT, RIGHT], [box(0, 0, 1.01, 1), box(1.01, 0, 2, 1)],
         {(0, 0): "unchanged", (1, 1): "unchanged"}),
        # half of it is gone
        ([WHOLE], [LEFT], {(0, 0): "redrawn"}),
        ([LEFT], [box(5, 5, 6, 6)], {}),
        ([LEFT], [RIGHT], {}),  # they touch and share no ground
    ],
)  # fmt: skip
def test_parcels_are_told_apart_by_the_ground_they_share(before, after, expected):
    assert classes(stands(*before), stands(*after)) == expected


def test_parcels_in_other_systems_and_other_vertices_are_the_same():
    dense = stands(shapely.segmentize(LEFT, 0.01), RIGHT, crs=4523)
    assert classes(stands(LEFT, RIGHT), dense) == {(0, 0): "unchanged", (1, 1): "unchanged"}


def test_ground_that_nobody_holds_at_the_other_date_is_measured():
    links = find_links(stands(WHOLE), stands(LEFT, box(8, 8, 9, 9)))
    assert links.rest_before_ha == pytest.approx([links.shared_ha[0]], rel=1e-3)
    assert links.rest_after_ha == pytest.approx([0.0, 107.0], abs=1.0)
    # a strip of 1.9 % is the noise of borders
    links = find_links(stands(WHOLE), stands(box(0, 0, 1.962, 1)))
    assert links.rest_before_ha.tolist() == [0.0]


def test_a_parcel_shared_by_many_large_ones_is_linked_to_the_largest_piece():
    # 25 neighbours hold 4 % each of the one: no piece is large enough to link by itself
    strips = [box(number / 25, -30, (number + 1) / 25, 31) for number in range(25)]
    strips[7] = box(7 / 25, -30, 8.2 / 25, 31)
    strips[8] = box(8.2 / 25, -30, 9 / 25, 31)
    links = find_links(stands(box(0, 0, 1, 1)), stands(*strips))
    assert links.after.tolist() == [7]


def test_parcels_hang_together_through_each_other():
    before = stands(box(0, 0, 2, 1), box(2, 0, 4, 1), box(4, 0, 6, 1), box(8, 0, 9, 1))
    after = stands(
        box(0, 0, 1, 1), box(1, 0, 3, 1), box(3, 0, 5, 1), box(5, 0, 6, 1), box(8, 0, 9, 1)
    )
    unit = units_of(find_links(before, after))
    # a chain of three and four, and one that stayed
    assert unit.tolist() == [0, 0, 0, 3, 0, 0, 0, 0, 3]


def test_a_layer_that_holds_ground_twice_is_matched_too():
    before, after = stands(LEFT, LEFT, RIGHT), stands(LEFT, RIGHT)
    assert classes(before, after) == {(0, 0): "merge", (1, 0): "merge", (2, 1): "unchanged"}


def test_empty_inventories_have_no_links():
    empty = stands(LEFT).iloc[:0]
    for one, other in ((empty, stands(LEFT)), (stands(LEFT), empty), (empty, empty)):
        links = find_links(one, other)
        assert len(links.before) == 0
        assert len(links.rest_before_ha) == len(one)
        assert np.allclose(links.rest_after_ha, other["area_ha"])


def test_shapes_that_no_overlay_likes_do_not_stop_it():
    spike = shapely.Polygon([(0, 0), (2, 0), (2, 1), (1, 1e-13), (0, 1)])
    assert classes(stands(spike), stands(spike, LEFT)) != {}
