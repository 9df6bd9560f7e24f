"""Growing stock, each kind of tree where it belongs."""

import numpy as np
import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from carbon_sink.inventory import add_forest_type, add_forest_volume, stock_parts


def test_sparse_scattered_and_four_side_trees_are_living_stock_but_not_forest_stock():
    table = pd.DataFrame(
        {
            "forest_type": ["arbor", "economic_arbor", "sparse", "cropland", "bamboo", "arbor"],
            "forest_volume_m3": [100.0, 5.0, 20.0, 3.0, 2.0, None],
            "scattered_type": [None, None, None, "2", "1", "1"],
            "scattered_volume_m3": [None, None, None, 50.0, 7.0, 1.0],
        }
    )
    parts = stock_parts(table).sum()
    # forest: 100 + 5; sparse: 20; four-side: 50; scattered: 3 + 2 + 7 + 1
    assert parts.to_dict() == {
        "forest": 105.0,
        "sparse": 20.0,
        "scattered": 13.0,
        "four_side": 50.0,
    }


def test_stock_per_hectare_becomes_stock_with_the_registered_area():
    table = pd.DataFrame({"volume_m3_ha": [100.0], "registered_area_ha": [2.0], "area_ha": [2.5]})
    assert add_forest_volume(table)["forest_volume_m3"].tolist() == [200.0]


def test_living_stock_per_hectare_is_not_taken_for_forest_stock():
    table = pd.DataFrame({"living_volume_m3_ha": [60.0], "registered_area_ha": [2.0],
                          "scattered_volume_m3": [20.0]})  # fmt: skip
    assert add_forest_volume(table)["forest_volume_m3"].tolist() == [100.0]
    without = table.drop(columns="scattered_volume_m3")
    assert "forest_volume_m3" not in add_forest_volume(without)


def test_forest_stock_that_is_given_is_not_recomputed():
    table = pd.DataFrame({"forest_volume_m3": [7.0], "volume_m3_ha": [100.0],
                          "registered_area_ha": [2.0]})  # fmt: skip
    assert add_forest_volume(table)["forest_volume_m3"].tolist() == [7.0]
    assert "forest_volume_m3" not in add_forest_volume(pd.DataFrame({"area_ha": [1.0]}))


def test_without_a_forest_category_the_class_group_stands():
    table = pd.DataFrame({"class_group": ["arbor", "bamboo"]})
    assert add_forest_type(table)["forest_type"].tolist() == ["arbor", "bamboo"]


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["arbor", "sparse", "cropland", "bamboo", "mangrove"]),
            st.floats(0, 1e5), st.sampled_from([None, "1", "2"]), st.floats(0, 1e4),
        ), min_size=1, max_size=20,
    )
)  # fmt: skip
def test_no_cubic_metre_is_lost_and_none_counts_twice(rows):
    names = ["forest_type", "forest_volume_m3", "scattered_type", "scattered_volume_m3"]
    table = pd.DataFrame(rows, columns=names)
    parts = stock_parts(table)
    total = table["forest_volume_m3"].sum() + table["scattered_volume_m3"].sum()
    assert np.isclose(parts.to_numpy().sum(), total)
    assert (parts >= 0).all(axis=None)
