"""Land-cover classes and their areas."""

import geopandas as gpd
import numpy as np
import pytest
import shapely
from conftest import write_landcover

from carbon_sink.errors import TableError
from carbon_sink.geometry import ellipsoidal_area_ha
from carbon_sink.landcover import area_by_zone, check_classes, classes, schemes
from carbon_sink.rasters import codes_of, open_landcover


def zones():
    west, east = shapely.box(105.0, 29.5, 105.02, 29.52), shapely.box(105.015, 29.5, 105.04, 29.52)
    return gpd.GeoDataFrame(
        {"zone": ["w", "e"], "zone_name": ["西", "东"]}, geometry=[west, east], crs="EPSG:4490"
    )


def test_every_product_knows_its_classes():
    assert {"worldcover", "clcd", "globeland30", "esri_2020", "dynamic_world"} <= set(schemes())
    assert classes("worldcover")["name_zh"].to_dict()[40] == "耕地"
    assert (classes("worldcover")["tree_cover"] == "1").sum() == 2


def test_areas_come_by_zone_and_class_with_names(tmp_path):
    raster = open_landcover(write_landcover(tmp_path / "a.tif"), scheme="worldcover")
    table = area_by_zone(zones(), raster, "worldcover")
    area = table.set_index(["zone", "class_code"])["area_ha"]
    whole = ellipsoidal_area_ha(zones().geometry)
    # trees reach to 105.02: the west zone is all trees, the east zone has a fifth
    assert np.isclose(area["w", 10], whole[0], rtol=1e-8)
    assert ("w", 40) not in area.index
    assert np.isclose(area["e", 10], whole[1] / 5, rtol=1e-8)
    assert np.isclose(area["e"].sum(), whole[1], rtol=1e-8)
    assert set(table["name_zh"]) == {"树木覆盖", "耕地"}


def test_classes_that_the_product_does_not_have_are_refused_with_their_area(tmp_path):
    codes = np.full((20, 40), 10, dtype="uint8")
    codes[0, 0] = 77
    raster = open_landcover(write_landcover(tmp_path / "a.tif", codes), scheme="worldcover")
    assert codes_of(raster) == {10: 799, 77: 1}
    with pytest.raises(TableError, match=r"77 \(1\.\d+ ha\)"):
        area_by_zone(zones(), raster, "worldcover")
    with pytest.raises(TableError, match=r"77 \(1 px\)"):
        check_classes(codes_of(raster), "worldcover", "a.tif")


def test_a_code_outside_the_legend_may_be_nodata_that_was_not_set(tmp_path):
    codes = np.full((20, 40), 10, dtype="uint8")
    codes[0, :5] = 0
    raster = open_landcover(write_landcover(tmp_path / "a.tif", codes, nodata=None))
    with pytest.raises(TableError, match=r"没有设置有效的 nodata；图例以外的代码（0 \("):
        area_by_zone(zones(), raster, "worldcover")
    with pytest.raises(TableError, match=r"0 \(5 px\)") as caught:
        check_classes(codes_of(raster), "worldcover", "a.tif", has_nodata=False)
    found = [problem.code for problem in caught.value.problems]
    assert found == ["landcover_class_unknown", "landcover_nodata_unset"]


@pytest.mark.realdata
@pytest.mark.parametrize("island", ["saotome", "principe"])
@pytest.mark.parametrize(("year", "version"), [(2020, "v100"), (2021, "v200")])
def test_the_islands_of_sao_tome_have_their_areas_within_a_hundredth_of_a_percent(
    real_data, island, year, version
):
    import json

    folder = real_data / "worldcover_saotome"
    expected = json.loads((folder / "computed_areas_ha.json").read_text())[
        f"{island}_island_{year}"
    ]
    raster = open_landcover(
        folder / f"{island}_island_{year}_{version}_clip.tif", scheme="worldcover"
    )
    from carbon_sink.grids import grid_of

    box = shapely.box(*grid_of(raster).bounds())
    place = gpd.GeoDataFrame({"zone": [""], "zone_name": [island]}, geometry=[box], crs="EPSG:4326")
    area = area_by_zone(place, raster, "worldcover").set_index("class_code")["area_ha"]
    assert set(area.index) == {int(code) for code in expected}
    for code, value in expected.items():
        # the source is rounded to 0.001 ha, which is all of the difference for small classes
        assert area[int(code)] == pytest.approx(value, rel=1e-4, abs=6e-4)
