"""Is the data fit for use."""

import geopandas as gpd
import pandas as pd
import pytest
import shapely

from carbon_sink.errors import CRSError, TableError
from carbon_sink.quality import (
    check_extent,
    check_place,
    check_unique,
    extent_deg,
)

SQUARE = shapely.box(105.0, 29.0, 105.1, 29.1)


def layer(*shapes):
    return gpd.GeoDataFrame(geometry=list(shapes), crs="EPSG:4490", index=range(1, len(shapes) + 1))


def test_layers_that_lie_elsewhere_are_all_named():
    here = (105.0, 29.0, 105.5, 29.5)
    check_place({"boundary": here, "inventory": (105.4, 29.4, 106.0, 30.0)}, "boundary")
    with pytest.raises(CRSError) as caught:
        check_place(
            {"boundary": here, "a": (0, 0, 1, 1), "b": here, "c": (105, 40, 106, 41)}, "boundary"
        )
    assert [problem.file for problem in caught.value.problems] == ["a", "c"]


def test_the_extent_of_a_projected_layer_is_told_in_degrees():
    west, south, east, north = extent_deg(
        layer(SQUARE).to_crs("EPSG:4523").total_bounds, "EPSG:4523"
    )
    assert (west, south, east, north) == pytest.approx((105.0, 29.0, 105.1, 29.1), abs=2e-3)


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
