"""Parcels that overlap, come twice or leave gaps: found, measured, refused or repaired."""

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import Phase, example, given, settings
from hypothesis import strategies as st

from carbon_sink.errors import TableError
from carbon_sink.geometry import ellipsoidal_area_ha
from carbon_sink.quality import (
    Shelf,
    check_topology,
    judge_topology,
    mend_borders,
    mend_polygons,
    shelf,
    survey,
)

# the corner of a place on the central meridian of a Gauss-Kruger zone, where a metre is a metre
X, Y = 35_500_000.0, 3_250_000.0


def place(*boxes):
    """Parcels given in metres from the corner: west, south, east, north, or a polygon."""
    shapes = [box if hasattr(box, "geom_type") else shapely.box(*box) for box in boxes]
    moved = shapely.transform(shapes, lambda points: points + np.array([X, Y]))
    return gpd.GeoDataFrame(geometry=moved, crs="EPSG:4523", index=range(1, len(boxes) + 1))


def mosaic(columns, rows, side=100.0):
    """Squares that fit."""
    return [(x * side, y * side, (x + 1) * side, (y + 1) * side)
            for y in range(rows) for x in range(columns)]  # fmt: skip


def found_in(*layers):
    with Shelf() as aside:
        for layer in layers:
            aside.add(layer.geometry)
        return survey(aside)


def judged(layer):
    return {problem.code: problem for problem in judge_topology(found_in(layer), file="f")}


def test_parcels_that_fit_are_left_alone():
    layer = place(*mosaic(4, 3))
    checked, notes = check_topology(layer, file="f")
    assert checked is layer
    assert notes == []


def test_parcels_that_could_be_counted_twice_are_refused_pair_by_pair_with_hectares():
    # 3 moved 20 m west over 2: 20 m x 100 m = 0.2 ha
    layer = place((0, 0, 100, 100), (100, 0, 200, 100), (180, 0, 280, 100))
    with pytest.raises(TableError) as caught:
        check_topology(layer, file="f", name="n")
    (problem,) = caught.value.problems
    assert (problem.code, problem.rows, problem.count) == ("overlap_large", (2, 3), 1)
    assert float(problem.value) == pytest.approx(0.2, abs=1e-4)
    assert problem.cells.to_dict() == {2: f"3: {problem.value} ha", 3: f"2: {problem.value} ha"}
    assert (problem.file, problem.layer, problem.field) == ("f", "n", "geometry")
    for part in (problem.value, "0.0667 ha", "5 m", "0.1%"):
        assert part in problem.text("zh")
        assert part in problem.text("en")


def test_a_parcel_with_two_neighbours_over_it_names_both():
    layer = place((0, 0, 100, 100), (80, 0, 200, 100), (0, 80, 80, 200))
    cells = judged(layer)["overlap_large"].cells
    # 20 x 100 m and 80 x 20 m
    assert cells[1].startswith("2: 0.2000 ha; 3: 0.1600 ha")


def test_borders_drawn_twice_are_repaired_and_the_smaller_parcel_keeps_its_ground():
    # a strip of 0.2 m x 100 m = 20 m2 between 1 ha and 2 ha, in a place of 103 ha
    layer = place((0, 0, 100.2, 100), (100, 0, 300, 100), (0, 200, 1000, 1200))
    checked, notes = check_topology(layer, file="f")
    assert [(note.code, note.severity, note.value) for note in notes] == [
        ("overlap_small", "repair", "0.0020")
    ]
    area = checked.geometry.area
    assert area.loc[1] == pytest.approx(10_020.0)
    assert area.loc[2] == pytest.approx(20_000.0 - 20.0)
    assert len(found_in(checked).overlaps) == 0


def test_slight_overlaps_are_refused_when_together_they_exceed_a_thousandth():
    # the same strip is 0.07 % of 3 ha; one of 0.4 m is 0.13 %
    assert "overlap_small" in judged(place((0, 0, 100.2, 100), (100, 0, 300, 100)))
    assert "overlap_large" in judged(place((0, 0, 100.4, 100), (100, 0, 300, 100)))


def test_shapes_that_come_twice_are_named_however_their_rings_are_written():
    ring = [(0, 0), (100, 0), (100, 100), (0, 100)]
    layer = place(
        shapely.Polygon(ring), (100, 0, 200, 100),
        shapely.Polygon(ring[2:] + ring[:2]), shapely.Polygon(ring[::-1]),
    )  # fmt: skip
    found = judged(layer)
    assert set(found) == {"shape_twice"}
    assert found["shape_twice"].cells.to_dict() == {
        1: "3: 1.0000 ha; 4: 1.0000 ha", 3: "1: 1.0000 ha", 4: "1: 1.0000 ha"
    }  # fmt: skip
    assert found["shape_twice"].severity == "refuse"


def test_gaps_between_neighbours_are_told_and_what_was_left_out_is_not():
    # beside each other in a frame of four parcels: 20 m x 20 m = 0.04 ha is a gap,
    # 100 m x 100 m is a village, and a hole within one parcel was drawn
    small = place((0, 0, 120, 100), (0, 120, 120, 220), (0, 100, 100, 120), (120, 0, 220, 220))
    found = judged(small)
    assert set(found) == {"gap_small"}
    assert (found["gap_small"].severity, found["gap_small"].value) == ("warn", "0.0400")
    assert found["gap_small"].cells.to_dict() == {
        1: "2, 3, 4: 0.0400 ha", 2: "1, 3, 4: 0.0400 ha", 3: "1, 2, 4: 0.0400 ha",
        4: "1, 2, 3: 0.0400 ha",
    }  # fmt: skip
    village = place(*[box for number, box in enumerate(mosaic(3, 3)) if number != 4])
    assert judged(village) == {}
    yard = shapely.Polygon(shapely.box(0, 0, 100, 100).exterior,
                           [shapely.box(40, 40, 50, 50).exterior])  # fmt: skip
    assert judged(place(yard, (100, 0, 200, 100))) == {}


def test_long_gaps_are_told_when_they_are_narrow_and_closed_when_nobody_drew_them():
    def with_gap(width):
        return place((0, 0, 1000, 100), (0, 100 + width, 1000, 200), (-50, 0, 0, 200),
                     (1000, 0, 1050, 200))  # fmt: skip

    # 1000 m long: 2 m wide is 0.2 ha, more than a mu; 10 m wide is a road
    assert judged(with_gap(2.0))["gap_small"].value == "0.2000"
    assert judged(with_gap(10.0)) == {}
    checked, notes = check_topology(with_gap(0.05), file="f")
    assert [(note.code, note.severity, note.value) for note in notes] == [
        ("gap_closed", "repair", "0.0050")
    ]
    # the largest neighbour is the first
    assert checked.geometry.area.loc[1] == pytest.approx(100_050.0, abs=0.1)
    assert len(found_in(checked).gaps) == 0


def test_a_border_moved_by_the_last_digits_is_not_worth_a_word():
    layer = place((0, 0, 100.0000001, 100), (100, 0, 200, 100))
    assert judged(layer) == {}


def test_a_shelf_gives_back_what_was_put_aside():
    layer = place(*mosaic(3, 2))
    with Shelf() as aside:
        aside.add(layer.geometry.iloc[:4])
        aside.add(layer.geometry.iloc[4:])
        assert len(aside) == 6
        back = aside.shapes(np.array([5, 0]))
        assert [shape.wkb for shape in back] == [layer.geometry.loc[row].wkb for row in (6, 1)]
        assert aside.labels.tolist() == [1, 2, 3, 4, 5, 6]
        assert aside.area_ha == pytest.approx(ellipsoidal_area_ha(layer.geometry).sum())


def test_tiles_share_no_ground_and_hold_all_that_reaches_into_them(monkeypatch):
    monkeypatch.setattr(shelf, "TILE_SHAPES", 5)
    layer = place(*mosaic(8, 5), (0, 0, 800, 500))
    with Shelf() as aside:
        aside.add(layer.geometry)
        tiles = list(aside.tiles())
        frame = shapely.box(*aside.frame)
    boxes = np.array([shapely.box(*tile.box) for tile in tiles])
    assert len(tiles) >= 8
    assert shapely.area(boxes).sum() == pytest.approx(frame.area)
    assert shapely.union_all(boxes).area == pytest.approx(frame.area)
    for tile, box in zip(tiles, boxes, strict=True):
        assert tile.positions.tolist() == np.flatnonzero(layer.intersects(box)).tolist()


def test_polygons_in_one_place_do_not_cut_tiles_for_ever(monkeypatch):
    monkeypatch.setattr(shelf, "TILE_SHAPES", 2)
    rings = [shapely.box(-n, -n, n, n) for n in range(1, 7)]
    assert len(found_in(place(*rings)).overlaps) == 15


def rough_place(seed, count=120):
    """A place with parcels moved, left out and shrunk."""
    random = np.random.default_rng(seed)
    boxes = np.array(mosaic(12, 10))
    boxes[:, :2] += random.choice(
        [0.0, 0.3, -0.4, 15.0], p=[0.85, 0.05, 0.05, 0.05], size=(count, 2)
    )
    return place(*boxes[random.random(count) > 0.03])


@settings(max_examples=8, deadline=None, phases=[Phase.explicit, Phase.generate])
@example(114, 13, 18)
@given(st.integers(0, 10_000), st.integers(6, 40), st.integers(10, 50))
def test_tiles_parts_and_the_order_of_rows_change_nothing(seed, tile, part):
    layer = rough_place(seed)
    whole = found_in(layer)
    mixed = layer.sample(frac=1.0, random_state=seed)
    usual = shelf.TILE_SHAPES
    try:
        shelf.TILE_SHAPES = tile
        cut = found_in(*(mixed.iloc[n : n + part] for n in range(0, len(mixed), part)))
    finally:
        shelf.TILE_SHAPES = usual
    for name in ("overlaps", "gaps"):
        one, other = getattr(whole, name), getattr(cut, name)
        assert one["rows"].tolist() == other["rows"].tolist()
        # each tile leaves noise of 1 cm2 (1e-8 ha) along its own cuts
        assert one["area_ha"].tolist() == pytest.approx(other["area_ha"].tolist(), abs=1e-6)
    shapes = np.asarray(layer.geometry.array)
    shared = shapely.area(shapely.intersection(shapes[:, None], shapes[None, :]))
    assert len(whole.overlaps) == (np.triu(shared, 1) > 1e-3).sum()


@settings(max_examples=8, deadline=None, phases=[Phase.explicit, Phase.generate])
@given(st.integers(0, 10_000))
def test_after_a_repair_no_ground_counts_twice_and_none_is_lost(seed):
    layer = rough_place(seed)
    mended = mend_borders(layer, found_in(layer)).geometry
    assert mended.is_valid.all()
    assert mended.area.sum() == pytest.approx(mended.union_all().area, rel=1e-9)
    assert mended.union_all().area == pytest.approx(layer.union_all().area, rel=1e-5)
    turned = layer.iloc[::-1]
    assert mend_borders(turned, found_in(turned)).geometry.geom_equals(mended, align=True).all()


@pytest.mark.parametrize(
    ("name", "code", "severity", "pairs"),
    [
        ("gpkg_3overlap", "overlap_large", "refuse", 3),
        ("gpkg_4overlap", "overlap_large", "refuse", 6),
        ("gj_ms_precincts_ia", "gap_closed", "repair", 3),
    ],
)
def test_real_layers_that_overlap_or_gape_end_as_they_must(real_data, name, code, severity, pairs):
    (path,) = (real_data / "bad_inputs" / name).iterdir()
    layer, _, _ = mend_polygons(gpd.read_file(path), file=path.name)
    (problem,) = judge_topology(found_in(layer), file=path.name)
    assert (problem.code, problem.severity, problem.count) == (code, severity, pairs)
    assert float(problem.value) > 0.0
    assert set(problem.cells.index) == set(layer.index)


def test_real_stands_are_not_refused(real_data):
    path = real_data / "stands_finland" / "smk_demo_stands.gpkg"
    layer = gpd.read_file(path)
    checked, notes = check_topology(mend_polygons(layer, file=path.name)[0], file=path.name)
    assert len(checked) == len(layer)
    assert {note.severity for note in notes} <= {"repair", "warn"}
