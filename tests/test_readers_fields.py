"""Which field of a file is which column: by every name a field may have."""

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from carbon_sink.readers.fields import WAYS, match_fields
from carbon_sink.tables import columns, read_data

NATIONAL = {row.field: row.column for row in read_data("fields.csv").itertuples() if row.field}


def found(*present, **said):
    names = match_fields(["DI_LEI", *present], **said)
    return {match.field: match.column for match in names.matches.values()}


def codes(*present, **said):
    return [one.code for one in match_fields(["DI_LEI", *present], **said).problems]


def test_every_field_of_the_national_schema_is_known():
    table = read_data("fields.csv")
    assert set(table["last"]) == {"yes", "no"}
    for row in table[table["field"].ne("")].itertuples():
        names = match_fields([row.field])
        assert row.column in names.matches, row.field
        assert names.matches[row.column].way == ("survey" if row.last == "yes" else "name")


def test_no_name_stands_for_two_columns():
    table = read_data("fields.csv")
    table = table[table["last"] == "no"]
    names = [(name, row.column) for row in table.itertuples()
             for name in (row.field, *row.aliases.split("|")) if name]  # fmt: skip
    names += list(zip(columns("stands")["name_zh"], columns("stands").index, strict=True))
    meanings = pd.DataFrame(names).drop_duplicates().groupby(0)[1].nunique()
    assert meanings[meanings > 1].empty


@pytest.mark.parametrize(
    ("field", "column", "way"),
    [
        ("MIAN_JI", "registered_area_ha", "name"),
        ("mian_ji", "registered_area_ha", "spelling"),
        (" Mian_Ji ", "registered_area_ha", "spelling"),
        ("ＭＩＡＮ＿ＪＩ", "registered_area_ha", "spelling"),
        ("\ufeffYU_BI_DU", "canopy_closure", "spelling"),
        ("优势\n树种", "dominant_species", "spelling"),
        ("XBMJ", "registered_area_ha", "alias"),
        ("小班面积", "registered_area_ha", "chinese"),
        ("优势树种（组）", "dominant_species", "spelling"),
        ("郁闭度", "canopy_closure", "chinese"),
        ("每公顷蓄积", "volume_m3_ha", "chinese"),
        ("canopy_closure", "canopy_closure", "ours"),
        ("TBMJ", "registered_area_ha", "survey"),
        # ten bytes: ten letters, five characters in GBK, three in UTF-8; and GDAL's numbers
        ("canopy_clo", "canopy_closure", "cut"),
        ("林带宽", "belt_width_m", "cut"),
        ("每公顷活立", "living_volume_m3_ha", "cut"),
        ("小班蓄积_1", "forest_volume_m3", "cut"),
        ("YU_BI_DU_1", "canopy_closure", "cut"),
    ],
)
def test_a_field_is_found_by_name_spelling_alias_chinese_name_and_what_was_cut(field, column, way):
    match = match_fields(["DI_LEI", field]).matches[column]
    assert (match.field, match.way) == (field, way)


@pytest.mark.parametrize(
    ("field", "column", "unit"),
    [
        ("面积（亩）", "registered_area_ha", "亩"),
        ("小班面积_公顷", "registered_area_ha", "ha"),
        ("MIAN_JI(hm²)", "registered_area_ha", "ha"),
        ("面积㎡", "registered_area_ha", "m2"),
        ("郁闭度(%)", "canopy_closure", "%"),
        ("总蓄积（万立方米）", "total_volume_m3", "万m3"),
        ("每公顷活立木蓄积（m³/hm²）", "living_volume_m3_ha", "m3/ha"),
        ("平均树高/分米", "height_m", "dm"),
        ("平均年龄(年)", "stand_age_yr", "yr"),
        ("TBMJ", "registered_area_ha", "m2"),
    ],
)
def test_a_unit_in_the_name_of_a_field_is_read(field, column, unit):
    match = match_fields([field]).matches[column]
    assert (match.field, match.unit) == (field, unit)


def test_a_unit_that_the_column_cannot_be_in_makes_it_another_field():
    assert found("郁闭度(m)", "小班号(亩)", "年龄(公顷)") == {"DI_LEI": "land_class"}


def test_what_the_settings_name_comes_first_and_is_not_used_twice():
    said = {"fields": {"volume_m3_ha": "SLXJ", "registered_area_ha": "亩数"}}
    assert found("SLXJ", "MIAN_JI", "亩数", **said) == {
        "DI_LEI": "land_class", "SLXJ": "volume_m3_ha", "亩数": "registered_area_ha",
    }  # fmt: skip
    assert codes("SLXJ", "MIAN_JI", "亩数", **said) == []


def test_a_column_named_with_an_empty_text_is_left_out():
    assert found("XIANG", fields={"town_code": ""}) == {"DI_LEI": "land_class"}
    assert codes("XIANG", fields={"town_code": ""}) == []


def test_a_fixed_value_needs_no_field():
    names = match_fields(["DI_LEI", "LIN_ZHONG"], fixed={"forest_category": "233"})
    assert names.matches["forest_category"].way == "fixed"


def test_fields_of_the_land_survey_stand_back_behind_those_of_the_inventory():
    assert found("TBMJ", "MIAN_JI", "TBBH", "XIAO_BAN") == {
        "DI_LEI": "land_class", "MIAN_JI": "registered_area_ha", "XIAO_BAN": "subcompartment",
    }  # fmt: skip
    assert match_fields(["TBMJ", "MIAN_JI"]).rivals == []
    survey = match_fields(["DLBM", "TBMJ", "TBBH", "ZLDWDM"]).matches
    assert {name: match.field for name, match in survey.items()} == {
        "town_code": "ZLDWDM", "village_code": "ZLDWDM", "subcompartment": "TBBH",
        "registered_area_ha": "TBMJ", "land_class": "DLBM",
    }  # fmt: skip


def test_two_fields_of_one_meaning_are_rivals_and_the_surer_name_is_chosen():
    names = match_fields(["小班面积", "XBMJ", "MIAN_JI", "DI_LEI"])
    assert names.matches["registered_area_ha"].field == "MIAN_JI"
    assert [rival.field for rival in names.rivals] == ["XBMJ", "小班面积"]


def test_a_cut_name_that_could_be_two_columns_is_asked_for():
    # 每公顷 begins 每公顷株数, 每公顷断面积 and the stocks per hectare
    (problem,) = match_fields(["DI_LEI", "每公顷"]).problems
    assert (problem.code, problem.value) == ("field_ambiguous", "每公顷")
    assert "trees_per_ha" in problem.rule
    assert "living_volume_m3_ha" in problem.rule
    assert codes("每公顷", fields={"trees_per_ha": "每公顷"}) == []
    # and so is a column that two cut names could be
    assert codes("小班面积_1", "小班面积_2") == ["field_ambiguous", "field_ambiguous"]


def test_a_numbered_copy_of_a_field_that_is_there_is_another_date():
    assert found("DI_LEI_1", "SLXJ", "SLXJ_1") == {
        "DI_LEI": "land_class", "SLXJ": "forest_volume_m3",
    }  # fmt: skip


def test_names_that_are_not_sure_are_told():
    assert codes("小班蓄积") == ["field_uncertain"]
    assert codes("小班蓄积", fields={"forest_volume_m3": "小班蓄积"}) == []
    assert codes("林带宽") == ["field_cut"]
    assert codes("郁闭度", "mian_ji", "XBH") == []


@pytest.mark.parametrize("name", ["调查年份", "调查年度", "调查年"])
def test_a_survey_year_is_only_found_by_a_name_that_is_sure(name):
    # the year in which a record was brought up to date is not that of the inventory
    assert codes(name) == ["field_uncertain"]
    assert "survey_year" not in found(name)
    assert codes(name, fields={"survey_year": name}) == []
    assert match_fields([name], {"survey_year": name}).matches["survey_year"].field == name
    # one whose name is sure comes first, and the other is no rival of it
    names = match_fields([name, "survey_year", "DI_LEI"])
    assert (names.matches["survey_year"].field, names.rivals) == ("survey_year", [])


def test_a_missing_land_class_is_told_with_near_names_and_the_fields_there_are():
    (problem,) = match_fields(["DILEI", "SLXJ"]).problems
    assert (problem.code, problem.value, problem.rule) == ("field_near", "DILEI", "DILEI, SLXJ")
    (problem,) = match_fields(["SLXJ"]).problems
    assert (problem.code, problem.value, problem.rule) == ("field_missing", "地类", "SLXJ")


def test_a_field_the_settings_misspell_is_told_with_the_nearest():
    (problem,) = match_fields(["DI_LEI", "SLXJ"], {"forest_volume_m3": "SLXI"}).problems
    assert (problem.code, problem.field, problem.value) == ("field_near", "SLXI", "SLXJ")


@given(st.permutations([*NATIONAL, "面积（亩）", "林班号", "小班蓄积_1", "郁闭度", "备注"]))
def test_the_order_of_the_fields_changes_nothing(present):
    ordered, shuffled = match_fields(sorted(present)), match_fields(present)
    assert ordered.matches == shuffled.matches
    assert list(ordered.matches) == list(shuffled.matches)
    assert set(ordered.rivals) == set(shuffled.rivals)


@given(st.lists(st.text(max_size=12), max_size=8, unique=True))
def test_no_name_of_a_field_is_too_strange(present):
    names = match_fields(present)
    assert {match.way for match in names.matches.values()} <= set(WAYS)
    assert {match.field for match in names.matches.values()} <= set(present)


def test_cut_names_that_can_be_one_column_go_before_those_that_can_be_several():
    # what GDAL leaves of 散生四旁类型, 树种, 株数, 平均胸径, 平均高 and 蓄积 in GBK
    cut = ["散生四旁类", "散生四旁树", "散生四旁株", "散生四旁平", "散生四旁_1", "散生四旁蓄"]
    assert set(codes(*cut)) == {"field_cut"}
    assert found(*cut) == {
        "DI_LEI": "land_class",
        "散生四旁类": "scattered_type", "散生四旁树": "scattered_species",
        "散生四旁株": "scattered_trees", "散生四旁蓄": "scattered_volume_m3",
    }  # fmt: skip
    # without the one that says so, the other may be it
    assert "field_ambiguous" in codes(*cut[1:])
