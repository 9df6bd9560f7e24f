"""Is the data fit for use."""

import geopandas as gpd
import numpy as np
import pytest
import shapely

from carbon_sink.errors import CRSError, TableError
from carbon_sink.quality import assign_towns, check_place, check_polygons, extent_deg

SQUARE = shapely.box(105.0, 29.0, 105.1, 29.1)
BOW_TIE = shapely.Polygon([(105, 29), (105.1, 29.1), (105.1, 29), (105, 29.1)])


def layer(*shapes):
    return gpd.GeoDataFrame(geometry=list(shapes), crs="EPSG:4490", index=range(1, len(shapes) + 1))


def test_good_polygons_pass_unchanged():
    good = layer(SQUARE, shapely.MultiPolygon([SQUARE]))
    checked, notes = check_polygons(good, file="f")
    assert checked is good
    assert notes == []


def test_missing_empty_and_other_shapes_are_refused_together():
    bad = layer(None, shapely.Polygon(), shapely.Point(105, 29), SQUARE)
    with pytest.raises(TableError) as caught:
        check_polygons(bad, file="f")
    found = {problem.code: problem.rows for problem in caught.value.problems}
    assert found == {"geometry_missing": (1, 2), "geometry_not_polygon": (3,)}


def test_coordinates_without_end_are_refused():
    endless = shapely.Polygon([(105, 29), (np.inf, 29), (105, 30)])
    with pytest.raises(TableError, match="有限"):
        check_polygons(layer(SQUARE, endless), file="f")


def test_a_bow_tie_is_repaired_with_its_whole_area_and_told():
    shapes = [SQUARE, *[shapely.box(104, 29 + n, 105, 30 + n) for n in range(3)], BOW_TIE]
    checked, notes = check_polygons(layer(*shapes), file="f")
    assert checked.geometry.is_valid.all()
    assert shapely.area(checked.geometry.iloc[-1]) == pytest.approx(0.005, rel=1e-6)
    assert [(note.code, note.rows, note.value) for note in notes] == [
        ("geometry_repaired", (5,), "0.0000")
    ]


def test_layers_that_lie_elsewhere_are_all_named():
    here = (105.0, 29.0, 105.5, 29.5)
    check_place({"boundary": here, "inventory": (105.4, 29.4, 106.0, 30.0)}, "boundary")
    with pytest.raises(CRSError) as caught:
        check_place(
            {"boundary": here, "a": (0, 0, 1, 1), "b": here, "c": (105, 40, 106, 41)}, "boundary"
        )
    assert [problem.file for problem in caught.value.problems] == ["a", "c"]


def test_the_extent_of_a_projected_layer_is_told_in_degrees():
    west, south, east, north = extent_deg(layer(SQUARE).to_crs("EPSG:4523"))
    assert (west, south, east, north) == pytest.approx((105.0, 29.0, 105.1, 29.1), abs=2e-3)


def towns():
    shapes = [shapely.box(105, 29, 105.5, 30), shapely.box(105.5, 29, 106, 30)]
    return gpd.GeoDataFrame({"town_code": ["1", "2"]}, geometry=shapes, crs="EPSG:4490")


def test_a_stand_without_a_town_code_gets_the_town_it_lies_in_also_across_systems():
    stands = layer(SQUARE, shapely.box(105.6, 29, 105.7, 29.1), shapely.box(107, 29, 108, 30))
    found, notes = assign_towns(stands.to_crs("EPSG:4523"), towns(), file="f")
    assert found["town_code"].tolist()[:2] == ["1", "2"]
    assert found["town_code"].isna().tolist() == [False, False, True]
    assert [(note.code, note.rows) for note in notes] == [("stand_without_town", (3,))]


def test_codes_that_are_given_are_kept_and_unknown_ones_refused():
    stands = layer(SQUARE, SQUARE).assign(town_code=["2", None])
    assert assign_towns(stands, towns(), file="f")[0]["town_code"].tolist() == ["2", "1"]
    with pytest.raises(TableError, match="9"):
        assign_towns(stands.assign(town_code=["9", "1"]), towns(), file="f")
