"""Is the data fit for use."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from carbon_sink.errors import CRSError, TableError
from carbon_sink.inventory import add_forest_volume
from carbon_sink.quality import (
    check_extent,
    check_place,
    check_polygons,
    check_stands,
    check_unique,
    extent_deg,
)

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
    west, south, east, north = extent_deg(layer(SQUARE).to_crs("EPSG:4523").total_bounds, "EPSG:4523")
    assert (west, south, east, north) == pytest.approx((105.0, 29.0, 105.1, 29.1), abs=2e-3)


def stands(**more):
    """Four stands of 100 ha: three of arbor forest and a field."""
    table = {
        "stand_id": ["a", "b", "c", "d"], "class_group": ["arbor", "arbor", "arbor", "cropland"],
        "area_ha": 100.0, "registered_area_ha": 100.0, "canopy_closure": [0.5, 0.6, 0.7, None],
        "forest_volume_m3": [5000.0, 4000.0, 0.0, 0.0],
        "species_group": ["oak", "oak", None, None],
    } | more  # fmt: skip
    shapes = [shapely.box(105 + n, 29, 106 + n, 30) for n in range(4)]
    return gpd.GeoDataFrame(table, geometry=shapes, crs="EPSG:4490", index=[1, 2, 3, 4])


def refused(**more):
    with pytest.raises(TableError) as caught:
        check_stands(stands(**more), file="f")
    return {problem.code: problem.rows for problem in caught.value.problems}


def test_good_stands_pass_without_a_note():
    checked, notes = check_stands(stands(), file="f")
    assert notes == []
    assert checked["forest_volume_m3"].sum() == 9000.0


def test_an_empty_stock_of_arbor_forest_is_not_taken_for_zero():
    assert refused(forest_volume_m3=[5000.0, None, 0.0, None]) == {"volume_missing": (2,)}


def test_a_stock_field_without_any_value_is_unknown():
    checked, notes = check_stands(stands(forest_volume_m3=None), file="f")
    assert "forest_volume_m3" not in checked
    assert [note.code for note in notes] == ["volume_unknown"]


def test_an_empty_stock_field_beside_a_filled_one_does_not_hide_it():
    table = stands(forest_volume_m3=None, total_volume_m3=[5100.0, 4000.0, 0.0, 50.0],
                   scattered_volume_m3=[100.0, None, None, 50.0])  # fmt: skip
    checked, notes = check_stands(table, file="f")
    assert notes == []
    assert add_forest_volume(checked)["forest_volume_m3"].tolist() == [5000.0, 4000.0, 0.0, 0.0]


def test_stock_without_species_and_impossible_stock_are_refused_together():
    found = refused(
        species_group=["oak", None, None, None], forest_volume_m3=[5e6, 4000.0, 0.0, 0.0]
    )
    assert found == {"species_missing": (2,), "stock_impossible": (1,)}


def test_a_stand_that_comes_twice_is_refused_and_a_second_part_of_one_is_not():
    twin = stands()
    twin.loc[2, ["stand_id", "geometry"]] = twin.loc[1, ["stand_id", "geometry"]]
    with pytest.raises(TableError, match="重复") as caught:
        check_stands(twin, file="f")
    assert caught.value.problems[0].rows == (2,)
    assert check_stands(stands(stand_id=["a", "a", "c", "d"]), file="f")[1] == []


def test_closures_that_are_missing_or_too_small_for_arbor_forest_are_told():
    _, notes = check_stands(stands(canopy_closure=[0.1, None, 0.7, None]), file="f")
    assert {note.code: note.rows for note in notes} == {"canopy_missing": (2,), "canopy_open": (1,)}


def test_registered_areas_in_mu_are_told_and_refused_where_stock_depends_on_them():
    _, notes = check_stands(stands(registered_area_ha=1500.0), file="f")
    assert [(note.code, note.value) for note in notes] == [("area_differs", "+1400.0")]
    table = stands(registered_area_ha=1500.0, volume_m3_ha=50.0).drop(columns="forest_volume_m3")
    with pytest.raises(TableError, match="亩"):
        check_stands(table, file="f")


def test_negative_stock_and_belts_larger_than_their_parcel_are_found():
    assert refused(forest_volume_m3=[5000.0, -1.0, 0.0, 0.0])["stock_negative"] == (2,)
    _, notes = check_stands(stands(belt_length_m=[0, 0, 0, 5e5], belt_width_m=10.0), file="f")
    assert [(note.code, note.rows) for note in notes] == [("belts_exceed", (4,))]


def test_a_number_that_comes_twice_is_refused_also_across_files():
    one, two = pd.DataFrame({"n": ["1", "2"]}), pd.DataFrame({"n": ["3", "2"]}, index=[7, 8])
    check_unique([one], "n", ["a"])
    with pytest.raises(TableError) as caught:
        check_unique([one, two], "n", ["a", "b"])
    assert (caught.value.problems[0].file, caught.value.problems[0].rows) == ("b", (8,))


def test_an_inventory_that_leaves_land_out_is_told_and_one_that_exceeds_it_refused():
    assert check_extent(400.0, 400.0, file="f") == []
    (partial,) = check_extent(400.0, 1000.0, file="f")
    assert (partial.code, partial.value) == ("inventory_partial", "40.0")
    (exceeds,) = check_extent(400.0, 300.0, file="f")
    assert (exceeds.severity, exceeds.value) == ("refuse", "133.3")
