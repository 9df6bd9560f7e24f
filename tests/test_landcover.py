"""Land-cover classes and their areas."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from conftest import write_landcover
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from test_zonal import make_raster

from carbon_sink.errors import CRSError, TableError
from carbon_sink.geometry import ellipsoidal_area_ha
from carbon_sink.grids import grid_of
from carbon_sink.landcover import (
    CATEGORIES,
    area_by_zone,
    check_classes,
    classes,
    product,
    schemes,
    transition_matrix,
    version_of,
)
from carbon_sink.parameters import references
from carbon_sink.rasters import codes_of, open_landcover
from carbon_sink.tables import read_data
from carbon_sink.units import M2_PER_HA


def zones():
    west, east = shapely.box(105.0, 29.5, 105.02, 29.52), shapely.box(105.015, 29.5, 105.04, 29.52)
    return gpd.GeoDataFrame(
        {"zone": ["w", "e"], "zone_name": ["西", "东"]}, geometry=[west, east], crs="EPSG:4490"
    )


def test_every_product_knows_its_classes():
    assert set(schemes()) == {
        "worldcover", "worldcover_v100", "worldcover_v200", "clcd", "globeland30", "esri_2020",
        "esri_annual", "dynamic_world", "glc_fcs30d", "mcd12q1_igbp", "nlcd", "corine", "cnlucc",
        "sandiao",
    }  # fmt: skip
    assert classes("worldcover")["name_zh"].to_dict()[40] == "耕地"
    assert (classes("worldcover")["tree_cover"] == "1").sum() == 2
    # every legend belongs to a product
    assert set(read_data("landcover_classes.csv")["scheme"]) == set(
        read_data("landcover_schemes.csv")["legend"]
    )


@pytest.mark.parametrize("scheme", schemes())
def test_every_product_is_whole(scheme):
    known = classes(scheme)
    assert known.index.is_unique
    assert len(known) >= 9
    assert known["color"].str.fullmatch("#[0-9A-F]{6}").all()
    for name in ("name_zh", "name_en"):
        assert known[name].str.strip().ne("").all()
    assert known["name_zh"].str.contains("[一-鿿]").all()
    assert not known["name_en"].str.contains("[一-鿿]").any()
    assert set(known["ipcc_category"]) <= set(CATEGORIES)
    for cover in ("tree_cover", "shrub_cover"):
        assert known[cover].str.fullmatch(r"0|1|partly(\(.*\))?").all()
    assert set(known["source"]) | {product(scheme)["source"]} <= set(references().index)
    assert product(scheme)["name_zh"]
    assert product(scheme)["name_en"]


@pytest.mark.parametrize("scheme", schemes())
def test_categories_follow_from_what_a_class_says(scheme):
    known = classes(scheme)
    # trees are forest land; shrub is not decided, for it depends on the country's word
    assert set(known.loc[known["tree_cover"] == "1", "ipcc_category"]) == {"forest_land"}
    assert set(known.loc[known["shrub_cover"] == "1", "ipcc_category"]) <= {"conditional"}
    forest = known[known["ipcc_category"] == "forest_land"]
    assert (forest["tree_cover"] == "1").all()


def test_codes_of_the_land_survey_are_whole_numbers_without_the_leading_zero():
    known = classes("sandiao")
    assert known.loc[301, "name_zh"] == "乔木林地"
    assert known.loc[[301, 302, 305, 201, 602, 1101], "ipcc_category"].tolist() == [
        "forest_land", "forest_land", "conditional", "cropland", "settlements", "wetlands"]  # fmt: skip
    assert "城市" in known.loc[201, "note"]


def test_versions_of_one_product_share_their_legend():
    assert classes("worldcover_v100").equals(classes("worldcover_v200"))
    assert classes("no such product").empty


@pytest.mark.parametrize(
    ("tag", "scheme", "file", "version"),
    [
        ("V1.0.0", "worldcover_v200", "a_v200.tif", "v100"),  # the file's own word comes first
        ("", "worldcover_v200", "a_v100.tif", "v200"),
        ("", "worldcover", "ESA_WorldCover_10m_2020_v100_N00E006_Map.tif", "v100"),
        ("", "worldcover", "landcover_rev2000.tif", ""),
        ("", "", "landcover_2020.tif", ""),
    ],
)
def test_the_version_is_told_by_tags_then_scheme_then_file_name(tag, scheme, file, version):
    raster = make_raster([[1]], (0, 1, 0, 0, 0, -1), "EPSG:4326")
    if tag:
        raster.attrs["product_version"] = tag
    raster.encoding["source"] = file
    assert version_of(raster, scheme) == version


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


def test_a_sliver_of_a_class_is_neither_refused_nor_told(tmp_path):
    raster = open_landcover(write_landcover(tmp_path / "a.tif"), scheme="worldcover")
    wide = pd.DataFrame({10: [5.0, 5.0], 40: [5.0, 1e-9], 77: [1e-9, 1e-8]})
    table = area_by_zone(zones(), raster, "worldcover", lambda *_: wide)
    assert table.set_index("zone")["class_code"].loc["e"] == 10
    assert len(table) == 3
    with pytest.raises(TableError, match=r"77 \(0\.01 ha\)"):
        area_by_zone(zones(), raster, "worldcover", lambda *_: wide + 0.01)


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


# 4 x 4 cells of a thousandth of a degree at the equator
BEFORE = np.array([[1, 1, 2, 2], [1, 1, 2, 2], [1, 1, 2, 2], [3, 3, 3, 0]], "uint8")
AFTER = np.array([[1, 1, 2, 2], [1, 2, 2, 2], [1, 2, 2, 1], [3, 0, 4, 4]], "uint8")
CELL_HA = 1.2309073  # 110.574276 m along the meridian, 111.319491 m along the equator


def equator(codes, west=0.0, size=1e-3, nodata=0):
    """A raster at the equator, whose cells all have one area to seven digits."""
    top = size * len(codes) / 2
    return make_raster(codes, (west, size, 0.0, top, 0.0, -size), "EPSG:4326", nodata)


def test_transitions_are_areas_of_cells_with_data_at_both_dates():
    matrix = transition_matrix(equator(BEFORE), equator(AFTER))
    # 1: four stay, two become 2; 2: five stay, one becomes 1; 3: one stays, one becomes 4,
    # one has no data later; the last cell has data only later
    cells = [[4, 2, 0, 0], [1, 5, 0, 0], [0, 0, 1, 1]]
    assert matrix.index.tolist() == [1, 2, 3]
    assert matrix.columns.tolist() == [1, 2, 3, 4]
    assert (matrix.index.name, matrix.columns.name) == ("before", "after")
    assert np.allclose(matrix.to_numpy(), np.array(cells) * CELL_HA, rtol=1e-7)
    assert matrix.attrs["only_before_ha"] == pytest.approx(CELL_HA, rel=1e-7)
    assert matrix.attrs["only_after_ha"] == pytest.approx(CELL_HA, rel=1e-7)
    assert matrix.attrs["rule"] == "same_grid"


def test_transitions_by_zone_take_exact_shares_of_cells():
    # from the middle of the second column to the east edge, the upper half
    zone = gpd.GeoDataFrame({"name": ["east"]}, geometry=[shapely.box(1.5e-3, 0, 4e-3, 2e-3)],
                            crs="EPSG:4326").set_index("name")  # fmt: skip
    matrix = transition_matrix(equator(BEFORE), equator(AFTER), zone)
    # half of two cells of class 1, of which one becomes 2, and four cells of class 2
    assert np.allclose(matrix.loc["east"].loc[1, [1, 2]], 0.5 * CELL_HA, rtol=1e-7)
    assert matrix.loc[("east", 2), 2] == pytest.approx(4 * CELL_HA, rel=1e-7)
    assert matrix.index.names == ["zone", "before"]
    assert matrix.attrs["only_before_ha"] == {"east": 0.0}


def test_polygons_of_one_name_are_one_zone():
    left, right = shapely.box(0, -2e-3, 2e-3, 2e-3), shapely.box(2e-3, -2e-3, 4e-3, 2e-3)
    zones = gpd.GeoSeries([left, right], index=["a", "a"], crs="EPSG:4326")
    matrix = transition_matrix(equator(BEFORE), equator(AFTER), zones)
    whole = transition_matrix(equator(BEFORE), equator(AFTER))
    assert np.allclose(matrix.loc["a"], whole, rtol=1e-12)


def test_a_coarser_date_gives_its_class_at_the_centers_of_the_finer_cells():
    # two by two cells of class 7 west and 8 east lie over the four by four
    coarse = equator(np.array([[7, 8], [7, 8]], "uint8"), size=2e-3)
    matrix = transition_matrix(equator(BEFORE), coarse)
    # west: six cells of 1, two of 3; east: six of 2, one of 3, one without data before
    assert np.allclose(matrix.loc[1], [6 * CELL_HA, 0])
    assert np.allclose(matrix.loc[2], [0, 6 * CELL_HA])
    assert np.allclose(matrix.loc[3], [2 * CELL_HA, CELL_HA])
    assert matrix.attrs["only_after_ha"] == pytest.approx(CELL_HA)
    assert (matrix.attrs["rule"], matrix.attrs["kept"]) == ("cell_center", "before")
    # the other way round the finer cells are still those that are kept
    back = transition_matrix(coarse, equator(BEFORE))
    assert np.allclose(back.T, matrix)
    assert back.attrs["kept"] == "after"


def test_half_a_cell_is_another_grid_and_the_shift_is_told():
    matrix = transition_matrix(equator(BEFORE), equator(AFTER, west=0.5e-3))
    assert matrix.attrs["rule"] == "cell_center"
    assert matrix.attrs["shift_cells"] == pytest.approx((0.5, 0.0), abs=1e-9)


def test_rasters_without_common_land_are_refused():
    with pytest.raises(CRSError, match="没有同时有数据"):
        transition_matrix(equator(BEFORE), equator(AFTER, west=1.0))
    far = gpd.GeoSeries([shapely.box(5, 5, 6, 6)], crs="EPSG:4326")
    with pytest.raises(CRSError, match="没有同时有数据"):
        transition_matrix(equator(BEFORE), equator(AFTER), far)


maps = arrays("uint8", (7, 6), elements=st.sampled_from([0, 1, 2, 3]))
strips = gpd.GeoSeries(
    [shapely.box(0, -1, 2.3e-3, 1), shapely.box(2.3e-3, -1, 4e-3, 1), shapely.box(4e-3, -1, 1, 1)],
    crs="EPSG:4326",
)


@settings(max_examples=30, deadline=None)
@given(maps, maps)
def test_rows_and_columns_add_up_zones_add_to_the_whole_and_time_turns_back(first, second):
    first[0, 0] = second[0, 0] = 1
    before, after = equator(first), equator(second)
    matrix = transition_matrix(before, after)
    row_ha = grid_of(before).cell_area.row_m2[:, None] / M2_PER_HA
    for code in (1, 2, 3):
        was = (row_ha * ((first == code) & (second > 0))).sum()
        became = (row_ha * ((second == code) & (first > 0))).sum()
        assert matrix.sum(axis=1).get(code, 0.0) == pytest.approx(was, rel=1e-9)
        assert matrix.sum(axis=0).get(code, 0.0) == pytest.approx(became, rel=1e-9)
    alone = (row_ha * ((first > 0) & (second == 0))).sum()
    assert matrix.attrs["only_before_ha"] == pytest.approx(alone, rel=1e-9)
    zones = transition_matrix(before, after, strips)
    assert np.allclose(zones.groupby(level="before").sum(), matrix, rtol=1e-9)
    back = transition_matrix(after, before)
    assert np.allclose(back.T, matrix, rtol=1e-12)
    assert back.attrs["only_after_ha"] == matrix.attrs["only_before_ha"]


@pytest.mark.realdata
@pytest.mark.parametrize("island", ["saotome", "principe"])
def test_transitions_of_the_islands_agree_with_pixels_and_areas(real_data, island):
    import json

    folder = real_data / "worldcover_saotome"
    expected = json.loads((folder / "computed_areas_ha.json").read_text())
    before, after = (
        open_landcover(folder / f"{island}_island_{name}_clip.tif", scheme="worldcover")
        for name in ("2020_v100", "2021_v200")
    )
    matrix = transition_matrix(before, after)
    for year, area in ((2020, matrix.sum(axis=1)), (2021, matrix.sum(axis=0))):
        for code, value in expected[f"{island}_island_{year}"].items():
            assert area[int(code)] == pytest.approx(value, rel=1e-4, abs=6e-4)
    # cells of an island differ in area by less than 0.01 %
    cell_ha = grid_of(before).cell_area.row_m2.mean() / M2_PER_HA
    pixels = expected[f"{island}_island_pixel_transitions_2020_to_2021"]
    found = {f"{a}->{b}" for a, row in matrix.iterrows() for b, area in row.items() if area > 0}
    assert found == set(pixels)
    for pair, count in pixels.items():
        first, second = map(int, pair.split("->"))
        assert matrix.loc[first, second] == pytest.approx(count * cell_ha, rel=1e-4)


@pytest.mark.realdata
def test_transitions_of_plum_island_agree_with_counted_pixels(real_data):
    folder = real_data / "landuse_pie"
    before, after = (open_landcover(folder / f"pie_lu_pie_{year}.tif", scheme="")
                     for year in (1985, 1999))  # fmt: skip
    matrix = transition_matrix(before, after)
    pixels = [[44107, 4250, 656], [11, 36957, 154], [1259, 2248, 23921]]
    cell_ha = 99.9213 * 99.9549 / 1e4  # planar; the projection stretches by less than 0.01 %
    assert np.allclose(matrix, np.array(pixels) * cell_ha, rtol=1e-4)
