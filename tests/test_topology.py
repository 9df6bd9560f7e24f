"""Overlays that never fail, pairs that overlap and ground that nobody holds."""

import re
from xml.etree import ElementTree as ET

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from carbon_sink.topology import (
    differences,
    free_ground,
    intersections,
    overlaps,
    polygonal,
)

CORNERS = st.integers(0, 6)
BOXES = st.tuples(CORNERS, CORNERS, st.integers(1, 4), st.integers(1, 4)).map(
    lambda box: shapely.box(box[0], box[1], box[0] + box[2], box[1] + box[3])
)
POINTS = st.tuples(st.integers(0, 40), st.integers(0, 40)).map(
    lambda point: (point[0] / 7, point[1] / 7)
)
TRIANGLES = (
    st.lists(POINTS, min_size=3, max_size=3, unique=True)
    .map(shapely.Polygon)
    .filter(lambda shape: shape.is_valid and shape.area > 0.01)
)  # fmt: skip


def pairs_of(shapes):
    first, second, pieces = overlaps(shapes)
    return {
        (one, other): area
        for one, other, area in zip(first.tolist(), second.tolist(), shapely.area(pieces), strict=True)
        if area > 1e-9
    }  # fmt: skip


def crossed(shapes):
    return np.union1d(*overlaps(shapes)[:2])


def test_parcels_that_fit_share_no_ground_and_leave_none():
    shapes = np.array([shapely.box(x, y, x + 1, y + 1) for x in range(3) for y in range(3)])
    assert pairs_of(shapes) == {}
    assert len(free_ground(shapes, crossed(shapes), (0, 0, 3, 3))) == 0


def test_a_parcel_inside_another_one_overlaps_with_its_whole_area():
    # 4 x 4 around 1 x 2
    shapes = np.array([shapely.box(0, 0, 4, 4), shapely.box(1, 1, 2, 3)])
    assert pairs_of(shapes) == {(0, 1): 2.0}


def test_two_mosaics_of_one_place_overlap_pair_by_pair():
    # halves by columns under halves by rows of a square of 2 x 2: four quarters of 1 x 1
    shapes = np.array([shapely.box(0, 0, 1, 2), shapely.box(1, 0, 2, 2),
                       shapely.box(0, 0, 2, 1), shapely.box(0, 1, 2, 2)])  # fmt: skip
    assert pairs_of(shapes) == {(0, 2): 1.0, (0, 3): 1.0, (1, 2): 1.0, (1, 3): 1.0}


def test_a_mosaic_on_another_one_is_found_far_from_its_border_too():
    # 12 x 12 squares on as many moved by half a side: each lies on four, less at the border
    squares = [shapely.box(x, y, x + 1, y + 1) for x in range(12) for y in range(12)]
    moved = shapely.transform(squares, lambda points: points + 0.5)
    shapes = np.array([*squares, *moved])
    pairs = pairs_of(shapes)
    # along one side a square meets two, the last one meets one: 23 of 24, on both sides
    assert len(pairs) == 23**2
    assert set(pairs.values()) == {0.25}
    free = free_ground(shapes, crossed(shapes), (0, 0, 12.5, 12.5))
    # two steps of 12 x 0.5 in the corners, less the corner of 0.5 x 0.5 that belongs to nobody twice
    assert shapely.area(free).sum() == pytest.approx(12.5**2 - (2 * 144 - 11.5**2))


def test_ground_that_nobody_holds_comes_piece_by_piece():
    # a ring of 3 x 3 around a hole of 1 x 1, in a frame of 5 x 5: 16 outside and 1 inside
    ring = shapely.Polygon(shapely.box(1, 1, 4, 4).exterior, [shapely.box(2, 2, 3, 3).exterior])
    pieces = free_ground(np.array([ring]), np.array([], dtype=int), (0, 0, 5, 5))
    assert sorted(shapely.area(pieces).tolist()) == [1.0, 16.0]


@settings(max_examples=150, deadline=None)
@given(st.lists(st.one_of(BOXES, TRIANGLES), min_size=1, max_size=9))
def test_the_pairs_found_are_those_that_every_pair_compared_gives(shapes):
    shapes = np.array(shapes)
    brute = {
        (one, other): shapely.intersection(shapes[one], shapes[other]).area
        for one in range(len(shapes))
        for other in range(one + 1, len(shapes))
        if shapely.intersection(shapes[one], shapes[other]).area > 1e-9
    }
    assert pairs_of(shapes) == pytest.approx(brute)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.one_of(BOXES, TRIANGLES), min_size=1, max_size=9))
def test_ground_is_held_by_somebody_or_free(shapes):
    shapes = np.array(shapes)
    free = free_ground(shapes, crossed(shapes), (-1, -1, 12, 12))
    assert shapely.area(free).sum() + shapely.union_all(shapes).area == pytest.approx(169.0)


@settings(max_examples=60, deadline=None)
@given(TRIANGLES, st.integers(-30, 30), st.integers(5, 30))
def test_a_parcel_cut_in_two_has_parts_that_fit_and_make_it_up(shape, slope, height):
    knife = shapely.Polygon(
        [(-50, height / 7 - slope), (50, height / 7 + slope), (50, 99), (-50, 99)]
    )
    parts = [intersections([shape], [knife])[0], differences([shape], [knife])[0]]
    assert sum(part.area for part in parts) == pytest.approx(shape.area, rel=1e-9)
    parts = np.array([part for part in parts if part.area > 1e-6])
    assert pairs_of(parts) == {}
    assert shapely.union_all(parts).area == pytest.approx(shape.area, rel=1e-5)


def test_only_polygons_are_kept_of_what_an_overlay_gives():
    mixed = shapely.from_wkt(
        ["POINT (1 1)", "LINESTRING (0 0, 1 1)", "POLYGON EMPTY", "POLYGON ((0 0, 1 0, 1 1, 0 0))",
         "GEOMETRYCOLLECTION (LINESTRING (0 0, 1 1), MULTIPOLYGON (((0 0, 2 0, 2 2, 0 0))))"]
    )  # fmt: skip
    assert shapely.area(polygonal(mixed)).tolist() == [0.0, 0.0, 0.0, 0.5, 2.0]
    assert set(shapely.get_dimensions(polygonal(mixed))) == {2}


def test_polygons_that_no_overlay_takes_are_overlaid_after_a_repair():
    bow_tie = shapely.Polygon([(0, 0), (2, 2), (2, 0), (0, 2)])
    nested = shapely.MultiPolygon([shapely.box(0, 0, 3, 3), shapely.box(1, 1, 2, 2)])
    with pytest.raises(shapely.GEOSException):
        shapely.intersection(bow_tie, nested)
    # the bow tie: two triangles of 2 x 1 / 2, wholly inside the square
    assert intersections([bow_tie], [nested])[0].area == pytest.approx(2.0)


def cases_of(path):
    """The cases of a test file of JTS or GEOS: name, the two shapes, its operations."""
    for case in ET.parse(path).getroot().iter("case"):  # noqa: S314 - a file of the corpus
        yield (
            re.sub(r"\s+", " ", case.findtext("desc") or "").strip(),
            [shape_of(case.findtext(name)) for name in ("a", "b")],
            [(op.get("name"), (op.text or "").strip()) for op in case.iter("op")],
        )


def shape_of(written):
    """Read a shape that is written as WKT or as WKB in hexadecimal digits."""
    if written is None or not written.strip():
        return None
    if re.fullmatch(r"[0-9A-Fa-f\s]+", written):
        return shapely.from_wkb(re.sub(r"\s+", "", written))
    with np.errstate(invalid="ignore"):  # some cases hold NaN
        return shapely.from_wkt(re.sub(r"\s+", " ", written).strip())


@pytest.mark.parametrize("name", ["xml_jts_invalidA/TestInvalidA", "xml_jts_valid/TestValid"])
def test_what_jts_calls_invalid_is_invalid_and_is_repaired_the_same_in_every_run(real_data, name):
    cases = list(cases_of(real_data / "bad_inputs" / f"{name}.xml"))
    assert len(cases) > 70
    for told, (shape, _), operations in cases:
        for operation, expected in operations:
            assert operation == "isValid"
            assert shape.is_valid == (expected == "true"), told
        if "olygon" not in shape.geom_type:
            continue
        fixed = [shapely.make_valid(shape, method="structure", keep_collapsed=False)
                 for _ in range(3)]  # fmt: skip
        assert shapely.is_valid(fixed).all(), told
        assert len(set(shapely.to_wkb(fixed))) == 1, told
        if shape.is_valid:
            assert fixed[0].area == pytest.approx(shape.area), told


@pytest.mark.parametrize(
    "name",
    ["xml_geos_heisenbugs/heisenbugs", "xml_geos_pglist/TestOverlay-pg-list",
     "xml_geos_qgis29400/TestOverlay-qgis-29400",
     "xml_geos_robust_stmlf/stmlf-20061020-invalid-output"],
)  # fmt: skip
def test_overlays_that_broke_geos_never_fail_and_lose_no_ground(real_data, name):
    cases = list(cases_of(real_data / "bad_inputs" / f"{name}.xml"))
    assert cases
    for told, shapes, operations in cases:
        if any(shape is None or shapely.get_dimensions(shape) < 2 for shape in shapes):
            shapely.union_all([shape for shape in shapes if shape is not None])
            continue
        one, other = shapely.make_valid(shapes, method="structure", keep_collapsed=False)
        shared = intersections([one], [other])[0]
        rest = differences([one], [other])[0]
        back = differences([other], [one])[0]
        assert shapely.is_valid([shared, rest, back]).all(), told
        assert shared.area + rest.area == pytest.approx(one.area, rel=1e-6), told
        assert shared.area + back.area == pytest.approx(other.area, rel=1e-6), told
        assert intersections([one], [other])[0].equals_exact(shared), told
        for operation, expected in operations:
            if operation == "intersection":
                assert shared.area == pytest.approx(shape_of(expected).area, abs=0.01), told
