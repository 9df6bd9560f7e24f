"""Rings: polygons unpacked into cells, their edges followed to another projection."""

from itertools import pairwise

import geopandas as gpd
import numpy as np
import pyproj
import pytest
import shapely

from carbon_sink import rings
from carbon_sink.errors import CRSError
from carbon_sink.grids import Grid
from carbon_sink.rings import ring_batches, rings_of

PLAIN = Grid(0.0, 10.0, 1.0, -1.0, 10, 10, pyproj.CRS("EPSG:4523"))


def test_shells_count_as_area_and_holes_as_none_whichever_way_they_turn():
    shell, hole = shapely.box(1, 1, 9, 9), shapely.box(3, 3, 5, 5)
    for outer in (shell.exterior, shell.exterior.reverse()):
        for inner in (hole.exterior, hole.exterior.reverse()):
            polygon = shapely.Polygon(outer, [inner])
            laid = rings_of(np.array([polygon]), PLAIN)
            turned = [1 if ring.is_ccw else -1 for ring in (outer, inner)]
            # signs times the turn of the ring: the same for both shells, the opposite for holes
            assert laid.signs[0] * turned[0] == -laid.signs[1] * turned[1]


def test_boxes_are_the_cells_a_polygon_may_touch_inside_the_raster():
    shapes = np.array([shapely.box(0.5, 0.5, 1.5, 2.5), shapely.box(-5, -5, 50, 50),
                       shapely.box(20, 20, 30, 30)])  # fmt: skip
    # rows run south from 10, so y from 0.5 to 2.5 lies in rows 7 (7.5 down) to 10
    assert rings_of(shapes, PLAIN).boxes.tolist() == [[7, 10, 0, 2], [0, 10, 0, 10], [0, 0, 10, 10]]


@pytest.mark.parametrize("turn", [1, -1])
def test_a_first_or_last_point_that_comes_twice_does_not_split_the_ring(turn):
    square = [(1, 1), (1, 1), (3, 1), (3, 3), (1, 3), (1, 1)][::turn]
    doubled = shapely.Polygon(square, [[(2, 2), (2, 2), (2.5, 2), (2.5, 2.5), (2, 2)][::turn]])
    laid = rings_of(np.array([doubled, shapely.box(4, 4, 5, 5)]), PLAIN)
    assert laid.ring_first.tolist() == [0, 6, 11, 16]
    assert laid.polygon_first.tolist() == [0, 2, 3]


def test_parts_of_a_multipolygon_keep_their_own_holes():
    near = shapely.box(0, 0, 4, 4) - shapely.box(1, 1, 2, 2)
    far = shapely.box(6, 6, 9, 9) - shapely.box(7, 7, 8, 8)
    shapes = np.array([shapely.box(0, 8, 1, 9), shapely.MultiPolygon([near, far]), near])
    laid = rings_of(shapes, PLAIN)
    assert laid.polygon_first.tolist() == [0, 1, 5, 7]
    found = [shapely.LinearRing(laid.points[a:b]) for a, b in pairwise(laid.ring_first)]
    areas = np.array([shapely.Polygon(ring).area for ring in found])
    turned = [1 if ring.is_ccw else -1 for ring in found]
    signed = -areas * laid.signs * turned  # rows run south, which turns rings round
    assert [signed[a:b].sum() for a, b in ((0, 1), (1, 5), (5, 7))] == [1.0, 15 + 8, 15]


def test_missing_and_empty_polygons_touch_nothing():
    laid = rings_of(np.array([None, shapely.Polygon(), shapely.box(1, 1, 2, 2)]), PLAIN)
    assert laid.polygon_first.tolist() == [0, 0, 0, 1]
    assert laid.boxes[:2].sum() == 0


def test_long_edges_are_followed_in_steps_and_short_ones_stay():
    line = np.array([[0.0, 0.0], [3.0, 0.0], [3.0, 0.5], [0.0, 0.0], [7.0, 7.0], [7.5, 7.0]])
    points, first = rings._followed(line, np.array([0, 4, 6]), np.array([1.0, 1.0]))
    assert points[:4].tolist() == [[0, 0], [1, 0], [2, 0], [3, 0]]
    assert points[first[1]].tolist() == [7.0, 7.0]
    assert np.hypot(*np.diff(points[: first[1]], axis=0).T).max() <= 1.0


def test_batches_hold_every_polygon_once_and_follow_the_rows(monkeypatch):
    rng = np.random.default_rng(4)
    polygons = gpd.GeoSeries(shapely.buffer(shapely.points(rng.uniform(0, 10, (50, 2))), 0.1),
                             crs="EPSG:4523")  # fmt: skip
    monkeypatch.setattr(rings, "BATCH_POINTS", 300)
    found = list(ring_batches(polygons, PLAIN))
    assert len(found) > 3
    assert sorted(np.concatenate([members for members, _ in found])) == list(range(50))
    tops = [laid.boxes[:, 0].mean() for _, laid in found]
    assert tops == sorted(tops)


def test_polygons_beyond_the_reach_of_a_projection_touch_nothing():
    polar = gpd.GeoSeries([shapely.box(0, -90, 10, -89)], crs="EPSG:4326")
    ((_, laid),) = ring_batches(polar, Grid(0.0, 1e6, 1e3, -1e3, 9, 9, pyproj.CRS("EPSG:3857")))
    assert laid.boxes[0, 1] == laid.boxes[0, 0]


def test_polygons_without_reference_system_are_refused():
    with pytest.raises(CRSError):
        list(ring_batches(gpd.GeoSeries([shapely.box(0, 0, 1, 1)]), PLAIN))
