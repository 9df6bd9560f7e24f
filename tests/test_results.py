"""What results are laid out as: the layers carry the figures of the tables, row by row."""

import geopandas as gpd
import pandas as pd
import shapely

from carbon_sink.results import gis_layers

SHAPES = [shapely.box(105.0 + n, 29.0, 105.5 + n, 29.5) for n in range(2)]


def test_parcels_of_one_key_keep_their_own_figures_in_the_layer():
    stands = gpd.GeoDataFrame({"stand_id": ["a", "a"]}, geometry=SHAPES, crs=4490, index=[1, 2])
    seen = pd.DataFrame({
        "inventory_year": 2020, "landcover_year": 2021, "stand_id": "a", "main_class": 10,
        "tree_cover_ha": [1.0, 2.0], "shrub_cover_ha": 0.0, "other_ha": 0.0, "unclear_ha": 0.0,
        "no_data_ha": 0.0, "agreement_pct": 100.0,
    })  # fmt: skip
    found = gis_layers({"stands_2020": stands}, {"landcover_of_stands": seen}, 2025)
    assert found["stands_2020"]["tree_cover_ha"].tolist() == [1.0, 2.0]
    assert "tree_cover_ha" not in stands


def test_towns_carry_the_figures_of_the_report_year():
    towns = gpd.GeoDataFrame({"town_code": ["1", "2"], "town_name": ["甲", "乙"]},
                             geometry=SHAPES, crs=4490)  # fmt: skip
    summary = pd.DataFrame({"year": [2020, 2025, 2025], "town_code": ["1", "1", ""],
                            "town_name": ["甲", "甲", "全区"],
                            "carbon_t": [1.0, 3.0, 9.0]})  # fmt: skip
    found = gis_layers({"towns": towns}, {"town_summary": summary}, 2025)["towns"]
    assert found["town_name"].tolist() == ["甲", "乙"]
    assert found["carbon_t"].fillna(-1.0).tolist() == [3.0, -1.0]
