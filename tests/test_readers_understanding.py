"""The columns of an inventory understood from its file."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from conftest import small_inventory
from hypothesis import given
from hypothesis import strategies as st

from carbon_sink.errors import TableError
from carbon_sink.readers import parts, read_inventory, read_layer, stands_of, understand
from carbon_sink.readers.code_lists import with_whole_codes
from carbon_sink.readers.layers import as_source
from carbon_sink.readers.parts import parts_of, read_parts


@pytest.fixture
def write(tmp_path):
    def to_file(data, name="a.gpkg", **options):
        data.to_file(tmp_path / name, **options)
        return as_source(tmp_path / name)

    return to_file


def refusals(known):
    return {(one.code, one.field) for one in known.problems if one.severity == "refuse"}


def codes(known):
    return {one.code for one in known.problems}


def stands(source, **said):
    known = understand(source, landclass_scheme="ly1955_4digit", **said)
    found, problems = stands_of(read_layer(source), known)
    return found, [one.code for one in problems if one.severity == "refuse"]


def test_the_national_schema_in_its_units_is_understood_without_a_word(write):
    known = understand(write(small_inventory(2020)), landclass_scheme="ly1955_4digit",
                       species_scheme="nfci_3digit")  # fmt: skip
    assert known.problems == []
    assert known.units == {}
    assert known.fields["registered_area_ha"] == "MIAN_JI"


@pytest.mark.parametrize(("unit", "factor"), [("亩", 15.0), ("m2", 10_000.0)])
def test_areas_in_other_units_are_refused_until_they_are_confirmed(write, unit, factor):
    layer = small_inventory(2020)
    source = write(layer.assign(MIAN_JI=layer["MIAN_JI"] * factor))
    assert refusals(understand(source)) >= {("unit_to_confirm", "MIAN_JI")}
    with pytest.raises(TableError, match=f'registered_area_ha = "{unit}"'):
        read_inventory(source.path)
    found, problems = stands(source, units={"registered_area_ha": unit})
    assert found["registered_area_ha"].tolist() == pytest.approx([107.7] * 8, abs=0)
    assert problems == []
    assert "unit_converted" in codes(understand(source, units={"registered_area_ha": unit}))


def test_a_unit_in_the_name_of_the_field_that_the_polygons_bear_out_needs_no_confirmation(write):
    layer = small_inventory(2020)
    layer = layer.assign(MIAN_JI=layer["MIAN_JI"] * 15.0).rename(columns={"MIAN_JI": "面积（亩）"})
    known = understand(write(layer))
    assert known.units == {"registered_area_ha": "亩"}
    assert "unit_to_confirm" not in codes(known)
    assert "unit_converted" in codes(known)


def test_fields_of_the_land_survey_are_read_in_square_metres_and_by_the_code_of_the_place(write):
    layer = small_inventory(2020)
    survey = gpd.GeoDataFrame(
        {"DLBM": "0301", "TBMJ": layer["MIAN_JI"] * 1e4, "TBBH": layer["XIAO_BAN"],
         "ZLDWDM": layer["CUN"] + "0000000"}, geometry=layer.geometry,
    )  # fmt: skip
    known = understand(write(survey), landclass_scheme="gbt_21010")
    assert refusals(known) == set()
    found, problems = stands_of(read_layer(known.source), known)
    assert found["registered_area_ha"].tolist() == pytest.approx([107.7] * 8, abs=0)
    assert found["town_code"].tolist() == layer["XIANG"].tolist()
    assert found["village_code"].tolist() == layer["CUN"].tolist()
    assert found["stand_id"][1] == "500153001001-001"
    assert [one.code for one in problems if one.severity == "refuse"] == []
    broken = survey.assign(ZLDWDM=survey["ZLDWDM"].str[:18])
    _, problems = stands(write(broken, "b.gpkg"))
    assert problems.count("code_width") == 2


def test_closures_in_percent_are_refused_once_and_converted_when_confirmed(write):
    layer = small_inventory(2020)
    source = write(layer.assign(YU_BI_DU=layer["YU_BI_DU"] * 100.0))
    assert refusals(understand(source)) == {("unit_to_confirm", "YU_BI_DU")}
    assert stands(source)[1] == []  # no row is blamed for its unit
    found, problems = stands(source, units={"canopy_closure": "％"})
    expected = layer["YU_BI_DU"].round(4).tolist()
    assert found["canopy_closure"].tolist() == pytest.approx(expected, abs=1e-12, nan_ok=True)
    assert problems == []
    layer["YU_BI_DU"] = [70.0, 0.4, 0.5, None, None, 15.0, None, 0.3]
    mixed = write(layer, "b.gpkg")
    assert refusals(understand(mixed)) == {("unit_mixed", "YU_BI_DU")}
    assert stands(mixed)[1] == []  # the rows are told already
    layer["YU_BI_DU"] = [9.5, 0.4, 0.5, None, None, 0.15, None, 0.3]
    typed = write(layer, "c.gpkg")
    assert refusals(understand(typed)) == set()
    assert stands(typed)[1] == ["too_large"]


def test_values_beyond_the_range_after_conversion_are_told_as_the_file_has_them(write):
    layer = small_inventory(2020).assign(YU_BI_DU=[70.0, 40.0, 50.0, 700.0] * 2)
    known = understand(write(layer), units={"canopy_closure": "%"})
    _, problems = stands_of(read_layer(known.source), known)
    found = [(one.field, one.rows, one.value) for one in problems if one.code == "too_large"]
    assert found == [("YU_BI_DU", (4, 8), "700.0")]


def test_other_units_are_converted_when_the_settings_name_them(write):
    source = write(small_inventory(2020).assign(PINGJUN_XJ=153.0, 树高=95.0))
    known = understand(source, fields={"height_m": "树高"},
                       units={"dbh_cm": "毫米", "height_m": "dm"})  # fmt: skip
    found, _ = stands_of(read_layer(source), known)
    assert set(found["dbh_cm"]) == {15.3}
    assert set(found["height_m"]) == {9.5}


def test_units_that_do_not_exist_are_refused(write):
    known = understand(write(small_inventory(2020)),
                       units={"canopy_closure": "ha", "registered_area_ha": "英亩", "x": "ha"})  # fmt: skip
    assert refusals(known) >= {
        ("unit_unknown", "canopy_closure"), ("unit_unknown", "registered_area_ha"),
        ("unit_unknown", "x"),
    }  # fmt: skip


def test_rival_fields_are_asked_for_only_when_they_differ(write):
    layer = small_inventory(2020)
    same = layer.assign(XBMJ=layer["MIAN_JI"].round(1), XBH=layer["XIAO_BAN"], TBH=None)
    assert "fields_rival" not in codes(understand(write(same)))
    differing = write(layer.assign(XBMJ=[*layer["MIAN_JI"][:7], 1.0], XBH="9"), "b.gpkg")
    known = understand(differing)
    assert refusals(known) == {("fields_rival", "XBMJ"), ("fields_rival", "XBH")}
    message = known.problems[-1].text("zh")
    assert "fields" in message
    said = {"registered_area_ha": "MIAN_JI", "subcompartment": "XIAO_BAN"}
    assert refusals(understand(differing, fields=said)) == set()
    # what the first field lacks and the second has is a choice too
    gaps = write(layer.assign(XIAO_BAN=[None, *layer["XIAO_BAN"][1:]], XBH=layer["XIAO_BAN"]),
                 "c.gpkg")  # fmt: skip
    assert refusals(understand(gaps)) == {("fields_rival", "XBH")}


def test_codes_and_years_that_nearly_agree_are_rivals(write):
    layer = small_inventory(2020)
    # by a tolerance of half a per cent all of these would be the same
    town = layer["XIANG"].map(lambda code: str(int(code) + 1))
    kinds = layer["YOU_SHI_SZ"].map({"220": "221"}).fillna(layer["YOU_SHI_SZ"])
    source = write(layer.assign(XIANG_CODE=town, 优势树种代码=kinds, 调查年份=2025, 调查年度=2020))
    known = understand(source, fields={"survey_year": "调查年份"}, species_scheme="nfci_3digit")
    assert refusals(known) == {("fields_rival", "XIANG_CODE"), ("fields_rival", "优势树种代码")}
    years = write(layer.assign(BHND=2020, 变化年度=2021), "b.gpkg")
    assert refusals(understand(years)) >= {("fields_rival", "变化年度")}
    # one code typed in two ways, and areas that are rounded, are the same
    same = layer.assign(XIANG_CODE=layer["XIANG"].astype(float), XBMJ=layer["MIAN_JI"] * 1.004)
    assert "fields_rival" not in codes(understand(write(same, "c.gpkg")))


def test_codes_that_are_not_as_wide_as_national_ones_are_refused_and_never_padded(write):
    layer = small_inventory(2020)
    source = write(layer.assign(XIANG=layer["XIANG"].str[1:], LIN_BAN=1))
    known = understand(source, landclass_scheme="ly1955_4digit")
    found, problems = stands_of(read_layer(source), known)
    wrong = {one.code: (one.field, one.count, one.rule) for one in problems}
    assert wrong == {
        "code_width": ("XIANG", 8, "9"), "leading_zero_lost": ("LIN_BAN", 8, "compartment"),
    }  # fmt: skip
    assert found["compartment"].tolist() == ["1"] * 8
    # codes of one's own are named in the settings
    assert stands(source, fields={"town_code": "XIANG", "compartment": "LIN_BAN"})[1] == []
    assert stands(source, fields={"town_code": "", "compartment": ""})[1] == []


def test_years_of_a_field_that_may_mean_another_year_are_told_and_not_read(write):
    source = write(small_inventory(2020).assign(调查年份=[2020.0, *[2013.0] * 7]))
    known = understand(source)
    assert "field_uncertain" in codes(known)
    assert "survey_year" not in stands_of(read_layer(source), known)[0]
    sure = understand(source, fields={"survey_year": "调查年份"})
    assert stands_of(read_layer(source), sure)[0]["survey_year"].tolist() == [2020.0] + [2013.0] * 7


def test_towns_and_villages_of_three_digits_are_joined_to_the_county_and_told(write):
    layer = small_inventory(2020)
    short = layer.assign(XIAN="500153", XIANG=layer["XIANG"].str[6:], CUN=layer["CUN"].str[9:])
    source = write(short)
    found, problems = stands_of(read_layer(source), understand(source))
    source = write(layer, "b.gpkg")
    whole, _ = stands_of(read_layer(source), understand(source))
    # 500153 | 001 | 001: nothing is guessed
    for name in ("town_code", "village_code", "stand_id"):
        assert found[name].tolist() == whole[name].tolist()
    told = [(one.code, one.severity, one.field, one.count) for one in problems]
    assert told == [("codes_joined", "repair", "XIANG", 8), ("codes_joined", "repair", "CUN", 8)]
    assert problems[0].cells[1] == "001 → 500153001"
    # the county may be the same for all rows, and digits be typed in full width
    wide = write(short.drop(columns="XIAN").assign(XIANG="００１"), "c.gpkg")
    found, problems = stands_of(read_layer(wide), understand(wide, fixed={"county_code": "500153"}))
    assert set(found["town_code"]) == {"500153001"}
    assert [one.code for one in problems] == ["codes_joined", "codes_joined"]


@pytest.mark.parametrize(
    ("county", "town", "village", "wrong"),
    [(None, "001", "001", {"XIANG", "CUN"}), ("5001", "001", "001", {"XIANG", "CUN"}),
     ("500153", "1", "001", {"XIANG", "CUN"}), ("500153", "001", "1", {"CUN"}),
     ("500153", "500153001", "001001", {"CUN"})],
)  # fmt: skip
def test_short_codes_that_cannot_be_joined_exactly_are_refused(write, county, town, village, wrong):
    source = write(small_inventory(2020).assign(XIAN=county, XIANG=town, CUN=village))
    _, problems = stands_of(read_layer(source), understand(source))
    refused = [one for one in problems if one.code == "code_width"]
    assert {one.field for one in refused} == wrong
    assert "county_code" in refused[0].text("zh") + refused[0].text("en")


def test_short_codes_of_ones_own_stay_as_they_are(write):
    source = write(small_inventory(2020).assign(XIAN="500153", XIANG="001", CUN="001"))
    known = understand(source, fields={"town_code": "XIANG", "village_code": "CUN"})
    found, problems = stands_of(read_layer(source), known)
    assert set(found["town_code"]) == set(found["village_code"]) == {"001"}
    assert problems == []


@given(st.integers(0, 999_999), st.integers(0, 999), st.integers(0, 999))
def test_joined_codes_are_the_digits_of_county_town_and_village(county, town, village):
    table = pd.DataFrame({"county_code": [f"{county:06d}"], "town_code": [f"{town:03d}"],
                          "village_code": [f"{village:03d}"]})  # fmt: skip
    once, told = with_whole_codes(table, set(), {}, {})
    assert once.iloc[0, 2] == f"{county:06d}{town:03d}{village:03d}"
    assert len(told) == 2
    again, told = with_whole_codes(once, set(), {}, {})
    assert (again.equals(once), told) == (True, [])


def test_a_missing_land_class_is_told_once_and_not_for_every_part(write):
    source = write(small_inventory(2020).drop(columns="DI_LEI"))
    known = understand(source)
    assert refusals(known) == {("field_missing", "land_class")}
    _, problems = stands_of(read_layer(source), known)
    assert "field_missing" not in [one.code for one in problems]


def test_a_layer_without_a_system_or_with_shapes_that_lie_nowhere_is_left_to_its_reader(write):
    layer = small_inventory(2020)
    with pytest.warns(UserWarning, match="crs"):
        source = write(layer.set_crs(None, allow_override=True))
    assert "unit_unclear" not in codes(understand(source))
    nowhere = write(layer.set_crs("EPSG:4523", allow_override=True), "b.gpkg")
    understand(nowhere)


def test_stock_per_hectare_in_the_field_of_stock_is_refused(write):
    layer = small_inventory(2020)
    layer = layer.assign(SLXJ=layer["SLXJ"] / 107.7, ZXJ=layer["SLXJ"])
    assert refusals(understand(write(layer))) == {("stock_contradicts", "SLXJ")}


def test_stock_that_is_wrong_in_all_its_fields_is_refused(write):
    layer = forest(120)
    per_ha = layer["SLXJ"] / layer["MIAN_JI"]
    for name, assigned, expected in (
        ("a", {"SLXJ": per_ha, "ZXJ": per_ha}, "stock_per_ha"),
        ("b", {"SLXJ": layer["SLXJ"] / 1e4, "ZXJ": layer["SLXJ"] / 1e4}, "unit_to_confirm"),
        ("c", {"SLXJ": None, "每公顷森林蓄积量": per_ha / 15.0, "HUO_LMGQXJ": per_ha / 15.0},
         "stock_unlikely"),
    ):  # fmt: skip
        known = understand(write(layer.assign(**assigned), f"{name}.gpkg"))
        found = [one.code for one in known.problems if one.severity == "refuse"]
        assert found == [expected] * 2


def forest(rows):
    """A line of square parcels of many sizes with the figures of a forest."""
    rng = np.random.default_rng(5)
    side = rng.uniform(0.001, 0.01, rows)
    west = 105.0 + np.concatenate([[0.0], np.cumsum(side)[:-1]])
    shapes = shapely.box(west, 29.5, west + side, 29.5 + side)
    layer = gpd.GeoDataFrame(geometry=shapes, crs="EPSG:4490")
    area = layer.to_crs("EPSG:4523").area.to_numpy() / 1e4
    density = rng.uniform(30.0, 120.0, rows)
    return layer.assign(DI_LEI="0111", MIAN_JI=area.round(2), YU_BI_DU=rng.uniform(0.2, 1.0, rows),
                        SLXJ=(density * area).round(1))  # fmt: skip


def changed(layer, fault):
    """A layer with one of its figures in another unit."""
    if fault == "area_mixed":
        rows = layer.index % 3 == 0
        return layer.assign(MIAN_JI=layer["MIAN_JI"].where(~rows, layer["MIAN_JI"] * 15.0))
    if fault == "closure":
        return layer.assign(YU_BI_DU=layer["YU_BI_DU"] * 100.0)
    if fault == "stock":
        return layer.assign(SLXJ=layer["SLXJ"] / layer["MIAN_JI"])
    return layer.assign(MIAN_JI=layer["MIAN_JI"] * {"none": 1.0, "mu": 15.0}[fault])


@pytest.mark.parametrize(
    ("fault", "expected"),
    [("none", set()), ("mu", {"unit_to_confirm"}), ("area_mixed", {"unit_mixed"}),
     ("closure", {"unit_to_confirm"}), ("stock", {"stock_per_ha"})],
)  # fmt: skip
def test_the_order_of_the_rows_and_the_size_of_the_parts_change_nothing(
    write, monkeypatch, fault, expected
):
    layer = changed(forest(120), fault)
    seen = []
    for number, part_rows in enumerate((1000, 50, 7)):
        monkeypatch.setattr(parts, "PART_ROWS", part_rows)
        shuffled = layer.sample(frac=1.0, random_state=number, ignore_index=True)
        known = understand(write(shuffled, f"{number}.gpkg"), landclass_scheme="ly1955_4digit")
        assert codes(known) == expected
        seen.append((known.fields, known.units, known.unsure,
                     [(one.code, one.field, one.count, one.rule) for one in known.problems]))  # fmt: skip
    assert seen[0] == seen[1] == seen[2]


def test_mixed_areas_are_listed_row_by_row_through_the_whole_file(write, monkeypatch):
    layer = changed(forest(120), "area_mixed")
    monkeypatch.setattr(parts, "PART_ROWS", 20)
    for name in ("a.gpkg", "a.geojson", "a.shp"):
        problems = understand(write(layer, name)).problems
        (problem,) = [one for one in problems if one.code == "unit_mixed"]
        # every third row, counted from 1
        assert problem.cells.index.tolist() == list(range(1, 121, 3))


def test_parts_of_a_file_become_the_same_stands_as_the_whole(write, monkeypatch):
    layer = changed(forest(50), "mu")
    source = write(layer)
    known = understand(source, units={"registered_area_ha": "亩"})
    whole, _ = stands_of(read_layer(source), known)
    monkeypatch.setattr(parts, "PART_ROWS", 15)
    cut = pd.concat(stands_of(rows, known)[0] for rows in read_parts(parts_of(source)))
    assert cut["registered_area_ha"].tolist() == whole["registered_area_ha"].tolist()
    # 15 mu to the hectare, rounded once
    assert whole["registered_area_ha"].tolist() == (layer["MIAN_JI"] / 15.0).tolist()


@pytest.mark.parametrize("size", [1000, 3])
def test_fields_of_stock_that_are_empty_for_arbor_forest_are_left_out_of_the_whole_file(
    write, monkeypatch, size
):
    monkeypatch.setattr(parts, "PART_ROWS", size)
    layer = small_inventory(2020)  # arbor forest in rows 1, 2 and economic in row 3
    forest_ = layer["DI_LEI"].eq("0111") & layer["LIN_ZHONG"].eq("233")
    assert understand(write(layer)).empty == set()
    filled = layer.assign(ZXJ=layer["SLXJ"])
    bare = filled.assign(SLXJ=filled["SLXJ"].mask(forest_))  # a zero elsewhere is no stock
    known = understand(write(bare, "bare.gpkg"), landclass_scheme="ly1955_4digit")
    assert known.empty == {"forest_volume_m3"}
    found, _ = stands_of(read_layer(known.source), known)
    assert "forest_volume_m3" not in found
    assert found["total_volume_m3"].tolist() == filled["ZXJ"].tolist()
    # what cannot be read is to be told, and not left out
    text = bare["SLXJ"].astype(object).where(bare.index > 0, "很多")
    assert understand(write(bare.assign(SLXJ=text), "text.gpkg")).empty == set()


def test_where_the_settings_give_the_land_class_empty_stock_is_found_too(write):
    layer = small_inventory(2020).drop(columns="DI_LEI").assign(SLXJ=np.nan)
    arbor = {"fixed": {"land_class": "0111"}, "landclass_scheme": "ly1955_4digit"}
    crops = {"fixed": {"land_class": "0210"}, "landclass_scheme": "ly1955_4digit"}
    assert understand(write(layer), **arbor).empty == {"forest_volume_m3"}
    assert understand(write(layer), **crops).empty == set()


def test_what_was_understood_is_told_in_a_table(write):
    layer = small_inventory(2020).rename(columns={"YU_BI_DU": "郁闭度"})
    layer["MIAN_JI"] *= 15.0
    known = understand(write(layer), fixed={"origin": "21"}, units={"registered_area_ha": "亩"})
    facts = known.facts("zh").set_index("column")
    assert facts.loc["registered_area_ha"].tolist() == [
        "a.gpkg", "登记面积", "MIAN_JI", "亩", "国家标准字段名",
    ]  # fmt: skip
    assert facts.loc["canopy_closure", ["field", "way"]].tolist() == ["郁闭度", "中文名"]
    assert facts.loc["origin", ["field", "way"]].tolist() == ["21", "设置中的固定值"]
    assert known.facts("en").columns.tolist() == [
        "file", "column", "name", "field", "unit", "way",
    ]  # fmt: skip


def test_names_cut_by_a_shapefile_come_back(tmp_path):
    layer = small_inventory(2020).rename(
        columns={"DI_LEI": "地类", "YU_BI_DU": "canopy_closure", "SLXJ": "forest_volume_m3",
                 "SSSL": "x"}
    )  # fmt: skip
    with pytest.warns(UserWarning, match="10 characters"):
        layer.to_file(tmp_path / "a.shp", encoding="gbk")
    known = understand(as_source(tmp_path / "a.shp"), landclass_scheme="ly1955_4digit")
    assert known.fields["canopy_closure"] == "canopy_clo"
    assert known.fields["forest_volume_m3"] == "forest_vol"
    assert codes(known) == {"field_cut"}
    assert refusals(known) == set()


@pytest.mark.realdata
def test_the_finnish_stands_are_understood_in_their_units(real_data):
    known = understand(
        as_source(real_data / "stands_finland" / "smk_demo_stands.gpkg"),
        fields={"land_class": "main_group", "registered_area_ha": "area_ha",
                "volume_m3_ha": "t2_Volume"}, landclass_codes={"1": "arbor"},
    )  # fmt: skip
    assert known.problems == []
    assert known.units == {}
