"""Polygons that cannot be measured are told, and those that can be repaired are, with hectares."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from carbon_sink.errors import TableError
from carbon_sink.geometry import ellipsoidal_area_ha
from carbon_sink.quality import (
    check_polygons,
    check_repairs,
    find_slivers,
    judge_repairs,
    mend_polygons,
)

SQUARE = shapely.box(105.0, 29.0, 105.1, 29.1)
BOW_TIE = shapely.Polygon([(105, 29), (105.1, 29.1), (105.1, 29), (105, 29.1)])
# a parcel of 2 x 2 degrees with a part of 1 x 1 inside it: an island, or a hole read wrongly
NESTED = shapely.MultiPolygon([shapely.box(0, 0, 2, 2), shapely.box(0.5, 0.5, 1.5, 1.5)])


def layer(*shapes, crs="EPSG:4490"):
    return gpd.GeoDataFrame(geometry=list(shapes), crs=crs, index=range(1, len(shapes) + 1))


def cells_of(problems):
    return {problem.code: problem.cells.to_dict() for problem in problems}


def test_good_polygons_pass_unchanged():
    good = layer(SQUARE, shapely.MultiPolygon([SQUARE]))
    checked, notes = check_polygons(good, file="f")
    assert checked is good
    assert notes == []


def test_rows_that_are_no_polygons_are_named_with_what_they_are_and_left_out():
    line = shapely.LineString([(105, 29), (106, 30)])
    nested = shapely.GeometryCollection([shapely.GeometryCollection([SQUARE])])
    bare = shapely.GeometryCollection([shapely.Point(105, 29), line])
    rows = layer(None, shapely.Polygon(), shapely.Point(105, 29), SQUARE, nested, bare)
    kept, problems, changed_ha = mend_polygons(rows, file="f", name="n")
    assert kept.index.tolist() == [4]
    assert changed_ha == 0.0
    assert cells_of(problems) == {
        "geometry_missing": {1: "NULL", 2: "POLYGON EMPTY"},
        "geometry_not_polygon": {
            3: "Point",
            5: "GeometryCollection (GeometryCollection)",
            6: "GeometryCollection (Point, LineString)",
        },
    }
    assert {(one.file, one.layer, one.field, one.severity) for one in problems} == {
        ("f", "n", "geometry", "refuse")
    }
    with pytest.raises(TableError) as caught:
        check_polygons(rows, file="f")
    assert [problem.code for problem in caught.value.problems] == list(cells_of(problems))


def test_a_collection_keeps_its_polygons_and_tells_the_metres_and_points_it_loses():
    # a line along a meridian: 0.01 degree from 29 N is 1108.6 m of CGCS2000
    line = shapely.LineString([(105, 29), (105, 29.01)])
    mixed = shapely.GeometryCollection([SQUARE, line, shapely.Point(1, 1)])
    kept, problems, _ = mend_polygons(layer(SQUARE, mixed), file="f")
    assert kept.geometry.iloc[1].equals(SQUARE)
    (problem,) = problems
    assert (problem.code, problem.severity) == ("geometry_collection", "repair")
    found = problem.cells[2]
    assert float(found.split()[1]) == pytest.approx(1108.6, abs=0.5)
    assert found.endswith("Point 1")


def test_coordinates_that_are_no_numbers_are_told_with_the_first_of_them():
    endless = shapely.Polygon([(105, 29), (np.inf, 29), (105, 30)])
    absent = shapely.Polygon([(105, 29), (-1.797e308, -1.797e308), (105, 30)])
    with np.errstate(invalid="ignore"):
        unknown = shapely.from_wkt("POLYGON ((105 29, NaN 1, 105 30, 105 29))")
    kept, problems, _ = mend_polygons(layer(SQUARE, endless, absent, unknown), file="f")
    assert kept.index.tolist() == [1]
    assert cells_of(problems) == {
        "coordinates_infinite": {2: "inf 29", 3: "-1.797e+308 -1.797e+308", 4: "nan 1"}
    }


def test_places_that_are_not_on_earth_are_told():
    far = shapely.box(105, 89, 105.1, 91)
    _, problems, _ = mend_polygons(layer(SQUARE, far), file="f")
    assert cells_of(problems) == {"coordinates_off_earth": {2: "105.1 91"}}
    east = shapely.box(35_500_000, 3_200_000, 35_500_100, 3_200_100)
    farther = shapely.box(4e8, 0, 4e8 + 100, 100)
    _, problems, _ = mend_polygons(layer(east, farther, crs="EPSG:4523"), file="f")
    assert cells_of(problems) == {"coordinates_off_earth": {2: "400000100 0"}}


def test_an_edge_across_the_antimeridian_is_told_and_the_frame_of_the_world_is_not():
    across = shapely.Polygon(
        [(177.912, -18.288), (-179.794, -18.288), (-179.794, -16.152), (177.912, -16.152)]
    )
    world = shapely.box(-180, -90, 180, 90)
    cut = shapely.MultiPolygon([shapely.box(178, -18, 180, -16), shapely.box(-180, -18, -179, -16)])
    kept, problems, _ = mend_polygons(layer(world, across, cut), file="f")
    assert kept.index.tolist() == [1, 3]
    assert cells_of(problems) == {"geometry_crosses_antimeridian": {2: "177.912 -179.794"}}


def test_a_bow_tie_keeps_both_halves_and_tells_that_a_gis_gives_it_no_area():
    shapes = [SQUARE, BOW_TIE]
    checked, notes = check_polygons(layer(*shapes), file="f")
    assert checked.geometry.is_valid.all()
    # two triangles of 0.1 x 0.05 / 2 square degrees; a fourth less could only come from buffer(0)
    assert shapely.area(checked.geometry.iloc[-1]) == pytest.approx(0.005, rel=1e-6)
    area_ha = ellipsoidal_area_ha(checked.geometry).iloc[-1]
    assert cells_of(notes) == {
        "geometry_redrawn": {2: f"Self-intersection[105.05 29.05]: 0.0000 → {area_ha:.4f} ha"}
    }


def test_a_repair_that_keeps_the_area_says_so():
    spike = shapely.Polygon([(105, 29), (105.1, 29), (105.1, 29.1), (105.1, 29.2), (105.1, 29.1),
                             (105, 29.1)])  # fmt: skip
    checked, notes = check_polygons(layer(spike), file="f")
    assert checked.geometry.iloc[0].equals(SQUARE)
    area_ha = ellipsoidal_area_ha(layer(SQUARE).geometry).iloc[0]
    assert [note.code for note in notes] == ["geometry_repaired"]
    assert notes[0].cells[1].endswith(f": {area_ha:.4f} → {area_ha:.4f} ha")


def test_a_ring_that_encloses_nothing_is_refused():
    flat = shapely.Polygon([(105, 29), (105.1, 29.1), (105, 29)])
    kept, problems, _ = mend_polygons(layer(flat, SQUARE), file="f")
    assert kept.index.tolist() == [2]
    assert [(one.code, one.rows, one.severity) for one in problems] == [
        ("geometry_without_area", (1,), "refuse")
    ]


def test_repairs_of_which_the_ground_is_doubtful_are_refused_beyond_a_thousandth():
    doubtful = layer(NESTED)
    _, problems, changed_ha = mend_polygons(doubtful, file="f")
    # by one reading the inner square belongs to the parcel, and by the other it does not
    inner_ha = ellipsoidal_area_ha(layer(shapely.box(0.5, 0.5, 1.5, 1.5)).geometry).iloc[0]
    assert changed_ha == pytest.approx(inner_ha)
    with pytest.raises(TableError, match=r"0\.1%") as caught:
        check_polygons(doubtful, file="f")
    (problem,) = caught.value.problems
    assert (problem.code, problem.rows) == ("geometry_beyond_repair", (1,))
    assert problem.value == f"{inner_ha:.4f}"
    assert problem.cells.index.tolist() == [1]
    told = check_repairs(problems, changed_ha, inner_ha * 1000.1)
    assert [one.severity for one in told] == ["repair"]


def test_repairs_of_several_parts_are_told_once():
    rows = layer(SQUARE, BOW_TIE, SQUARE, BOW_TIE)
    parts = [mend_polygons(part, file="f") for part in (rows.iloc[:2], rows.iloc[2:])]
    told = judge_repairs([problem for part in parts for problem in part[1]], 0.0, 1.0)
    assert [(one.code, one.rows, one.count) for one in told] == [("geometry_redrawn", (2, 4), 2)]


def test_vertices_that_repeat_are_dropped_and_counted():
    x, y = 105.0, 29.0
    double = shapely.Polygon([(x, y), (x + 1, y), (x + 1, y), (x + 1, y), (x + 1, y + 1), (x, y)])
    kept, problems, changed_ha = mend_polygons(layer(SQUARE, double), file="f")
    assert cells_of(problems) == {"vertices_repeated": {2: "2"}}
    assert problems[0].severity == "repair"
    assert shapely.get_num_coordinates(kept.geometry.iloc[1]) == 4
    assert kept.geometry.iloc[1].area == double.area
    assert changed_ha == 0.0


def test_a_ring_that_begins_where_another_ends_repeats_nothing():
    corner = shapely.Polygon([(0, 0), (4, 0), (4, 4), (0, 4)], [[(0, 0), (1, 2), (2, 1), (0, 0)]])
    assert corner.is_valid
    rows = layer(corner, shapely.MultiPolygon([SQUARE, shapely.box(105.1, 29.1, 105.2, 29.2)]))
    assert mend_polygons(rows, file="f")[0] is rows


def test_parcels_smaller_than_one_mu_and_narrower_than_a_rural_road_are_told():
    # 20 m x 33 m = 660 m2 < 666.7 m2; 0.5 m x 2000 m = 1000 m2; 100 m x 100 m
    x, y = 35_500_000, 3_200_000
    rows = layer(
        shapely.box(x, y, x + 20, y + 33), shapely.box(x, y, x + 2000, y + 0.5),
        shapely.box(x, y, x + 100, y + 100), crs="EPSG:4523",
    )  # fmt: skip
    area_ha = pd.Series([0.066, 0.1, 1.0], index=rows.index)
    found = find_slivers(rows, area_ha, file="f")
    assert cells_of(found) == {"parcel_small": {1: "0.0660 ha"}, "parcel_thin": {2: "0.50 m"}}
    assert {one.severity for one in found} == {"warn"}


COORDINATES = st.integers(0, 12).map(lambda n: n / 7)
RINGS = st.lists(st.tuples(COORDINATES, COORDINATES), min_size=3, max_size=8).filter(
    lambda ring: shapely.convex_hull(shapely.MultiPoint(ring)).area > 0.01
)


@settings(max_examples=80, deadline=None)
@given(RINGS, st.integers(0, 7), st.booleans())
def test_the_ground_of_a_ring_depends_neither_on_its_start_nor_on_its_direction(ring, start, turn):
    turned = [*ring[start % len(ring) :], *ring[: start % len(ring)]]
    rows = layer(shapely.Polygon(ring), shapely.Polygon(turned[::-1] if turn else turned))
    kept, _, changed_ha = mend_polygons(rows, file="f")
    assert kept.geometry.is_valid.all()
    assert changed_ha >= 0.0
    if len(kept) == 2:
        first, second = ellipsoidal_area_ha(kept.geometry)
        assert first == pytest.approx(second, rel=1e-9, abs=1e-3)


@settings(max_examples=40, deadline=None)
@given(st.lists(RINGS, min_size=2, max_size=4), st.randoms())
def test_the_order_of_rows_changes_nothing(rings, random):
    rows = layer(*map(shapely.Polygon, rings))
    order = rows.index.tolist()
    random.shuffle(order)
    (kept, problems, changed_ha), (again, told, also_ha) = (
        mend_polygons(one, file="f") for one in (rows, rows.loc[order])
    )
    assert kept.geometry.geom_equals(again.geometry.reindex(kept.index)).all()
    assert {code: dict(sorted(cells.items())) for code, cells in cells_of(problems).items()} == {
        code: dict(sorted(cells.items())) for code, cells in cells_of(told).items()
    }
    assert changed_ha == pytest.approx(also_ha)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("gj_problematic_self_intersection_small", ("geometry_repaired", "repair")),
        ("gj_problematic_self_intersection_large", ("geometry_redrawn", "repair")),
        ("gj_ms_invalid_rings", ("geometry_redrawn", "repair")),
        ("gj_problematic_duplicate_nodes", ("vertices_repeated", "repair")),
        ("gj_problematic_crosses_antimeridian", ("geometry_crosses_antimeridian", "refuse")),
        ("gj_problematic_nested_geometrycollection", ("geometry_not_polygon", "refuse")),
        ("gj_rio1446", ("geometry_not_polygon", "refuse")),
        ("gj_invalid_less_three_unique_nodes", ("geometry_without_area", "refuse")),
    ],
)
def test_real_broken_shapes_end_as_they_must(real_data, name, expected):
    (path,) = (real_data / "bad_inputs" / name).iterdir()
    rows = gpd.read_file(path)
    rows.index += 1
    kept, problems, changed_ha = mend_polygons(rows, file=path.name)
    told = judge_repairs(problems, changed_ha, ellipsoidal_area_ha(kept.geometry).sum())
    assert [(one.code, one.severity) for one in told] == [expected]
    assert told[0].cells.index[0] == 1
    assert told[0].cells.iloc[0] != ""
