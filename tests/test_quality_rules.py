"""Every rule for the figures of stands: it finds what it is for, and nothing else."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from carbon_sink.inventory import STOCK_FIELDS
from carbon_sink.quality import WholeFile, check_rules
from carbon_sink.quality.numbers import NUMBER_RULES
from carbon_sink.quality.rules import RULES, rule_columns
from carbon_sink.quality.whole import WHOLE_RULES
from carbon_sink.tables import columns, joined, read_data

ROWS = range(1, 6)


def stands(**more):
    """Three arbor stands, a bamboo stand and a field, 100 ha each, in which all figures agree."""
    table = {
        "stand_id": list("abcde"),
        "land_class": ["0111", "0111", "0111", "0113", "0210"],
        "class_group": ["arbor", "arbor", "arbor", "bamboo", "cropland"],
        "forest_category": ["112", "233", "233", "112", None],
        "origin": ["21", "21", "11", "11", None],
        "dominant_species": ["220", "310", "350", "680", None],
        "species_group": ["masson_pine", "chinese_fir", "cypress", "bamboo_sympodial", None],
        "age_group": ["2", "2", "1", None, None],
        "stand_age_yr": [22.0, 18.0, 30.0, np.nan, np.nan],
        "height_m": [12.0, 11.0, 9.0, 10.0, np.nan],
        "dbh_cm": [14.0, 13.0, 11.0, 5.0, np.nan],
        "canopy_closure": [0.5, 0.6, 0.7, 0.8, np.nan],
        "area_ha": 100.0,
        "registered_area_ha": 100.0,
        "forest_volume_m3": [5000.0, 4000.0, 3000.0, 0.0, 0.0],
        "dominant_volume_m3": [4500.0, 4000.0, 2800.0, 0.0, 0.0],
        "companion_volume_m3": [500.0, 0.0, 200.0, 0.0, 0.0],
        "scattered_type": [None, None, None, None, "2"],
        "scattered_trees": [np.nan, np.nan, np.nan, np.nan, 1000.0],
        "scattered_volume_m3": [np.nan, np.nan, np.nan, np.nan, 50.0],
        "total_volume_m3": [5000.0, 4000.0, 3000.0, 0.0, 50.0],
        "living_volume_m3_ha": [50.0, 40.0, 30.0, 0.0, 0.5],
        "volume_m3_ha": [50.0, 40.0, 30.0, 0.0, 0.0],
        "belt_length_m": [np.nan, np.nan, np.nan, np.nan, 1000.0],
        "belt_width_m": [np.nan, np.nan, np.nan, np.nan, 12.0],
        "change_year": [2023.0, 0.0, np.nan, np.nan, np.nan],
        "survey_year": 2025.0,
    } | more  # fmt: skip
    shapes = [shapely.box(105.5 + n / 10, 29, 105.6 + n / 10, 29.1) for n in range(5)]
    return gpd.GeoDataFrame(table, geometry=shapes, crs="EPSG:4490", index=list(ROWS))


def changed(row, **values):
    """The clean stands with other values in one row."""
    table = stands()
    for name, value in values.items():
        table[name] = table[name].astype(object)
        table.loc[row, name] = value
    kinds = columns("stands")["kind"]
    return table.assign(
        **{name: pd.to_numeric(table[name]) for name in values if kinds.get(name) == "number"}
    )


def without(*names, **more):
    return stands(**more).drop(columns=list(names))


def findings(table, year=2025, fields=None):
    """All problems of the rules of rows and of the whole file."""
    timber = table["class_group"].eq("arbor")
    empty = [
        name for name in STOCK_FIELDS if name in table and table.loc[timber, name].isna().all()
    ]
    table = table.drop(columns=empty)  # as they come from the reader
    whole = WholeFile({"file": "f"}, fields or {}, year, empty)
    whole.add(table)
    return check_rules(table, place={"file": "f"}, year=year, fields=fields) + whole.finish()


def found(table, **more):
    return {problem.code: problem.rows for problem in findings(table, **more)}


def as_parts(table):
    """One stand drawn in two rows, as a multi-part polygon that was taken apart."""
    half = table.loc[[1]].set_axis([6]).set_geometry([shapely.box(107, 29, 107.1, 29.1)])
    return pd.concat([table, half])


def halved(table):
    names = ["forest_volume_m3", "dominant_volume_m3", "companion_volume_m3", "total_volume_m3",
             "area_ha", "registered_area_ha"]  # fmt: skip
    both = as_parts(table)
    both.loc[1, names] = both.loc[1, names].to_numpy(dtype=float) * 0.4
    both.loc[6, names] = both.loc[6, names].to_numpy(dtype=float) * 0.6
    return both


STOCK = ["forest_volume_m3", "dominant_volume_m3", "companion_volume_m3", "total_volume_m3",
         "living_volume_m3_ha", "volume_m3_ha"]  # fmt: skip
# code: a table in which the rule must fire, and the rows it must name
CASES = {
    "species_missing": (changed(2, species_group=None, dominant_species=None), (2,)),
    "stock_negative": (changed(3, forest_volume_m3=-1.0), (3,)),
    # 300 001 m3 on 100 ha are 3000.01 m3/ha
    "stock_impossible": (changed(1, forest_volume_m3=300_001.0), (1,)),
    "stock_dense": (changed(1, forest_volume_m3=150_001.0), (1,)),
    "canopy_missing": (changed(2, canopy_closure=None), (2,)),
    "canopy_open": (changed(3, canopy_closure=0.19), (3,)),
    "sparse_closed": (changed(2, class_group="sparse"), (2,)),
    "belts_exceed": (changed(5, belt_length_m=5e5), (5,)),
    "stock_sum_differs": (changed(1, dominant_volume_m3=4400.0), (1,)),
    "total_stock_differs": (changed(5, total_volume_m3=0.0), (5,)),
    "stock_per_ha_differs": (changed(2, living_volume_m3_ha=44.0), (2,)),
    "forest_stock_per_ha_differs": (changed(2, volume_m3_ha=44.0), (2,)),
    "stock_off_timber": (changed(4, forest_volume_m3=30.0), (4,)),
    "stock_zero": (changed(2, forest_volume_m3=0.0), (2,)),
    "age_missing": (changed(3, stand_age_yr=0.0), (3,)),
    # Chinese fir is overmature at 60 in every table
    "age_group_differs": (changed(2, stand_age_yr=60.0), (2,)),
    "special_shrub_doubtful": (changed(4, class_group="shrub_special", species_group=None), (4,)),
    "scattered_untyped": (changed(5, scattered_type=None), (5,)),
    "size_impossible": (changed(1, height_m=61.0), (1,)),
    "species_other_kind": (changed(3, species_group="bamboo_moso"), (3,)),
    "change_year_outside": (changed(1, change_year=2026.0), (1,)),
    "volume_missing": (changed(2, forest_volume_m3=None), (2,)),
    "volume_unknown": (stands(**dict.fromkeys(STOCK)), (1, 2, 3)),
    "area_differs": (without("volume_m3_ha", registered_area_ha=1500.0), (1, 2, 3, 4, 5)),
    "area_moves_stock": (
        without("forest_volume_m3", "total_volume_m3", registered_area_ha=1500.0),
        (1, 2, 3, 4, 5),
    ),
    # 106 against 100 ha, and 0.06 of 5 in all is less than 5 %
    "area_row_differs": (changed(4, registered_area_ha=106.0), (4,)),
    # 120 of 12 120 m3 are 0.99 %, 122 of 12 122 are 1.006 %
    "stock_off_forest_little": (changed(5, forest_volume_m3=120.0), (5,)),
    "stock_off_forest": (changed(5, forest_volume_m3=122.0), (5,)),
    "stand_twice": (pd.concat([stands(), stands().loc[[2]].set_axis([6])]), (2, 6)),
    "key_twice": (changed(2, stand_id="a"), (1, 2)),
    "parts_repeat_stock": (as_parts(stands()), (1, 6)),
    "stand_in_parts": (halved(stands()), (1, 6)),
    "years_mixed": (changed(3, survey_year=2019.0), (3,)),
    "survey_year_differs": (stands(survey_year=2019.0), (1, 2, 3, 4, 5)),
}


def test_the_table_and_the_functions_are_the_same_rules():
    assert set(read_data("quality_rules.csv")["code"]) == {*RULES, *WHOLE_RULES, *NUMBER_RULES}
    assert set(CASES) == {*RULES, *WHOLE_RULES, *NUMBER_RULES}


def test_every_rule_is_about_columns_that_exist():
    known = {*columns("stands").index, "inventory_year", "belts_and_trees_ha"}
    for code in read_data("quality_rules.csv")["code"]:
        assert set(rule_columns(code)[1]) <= known, code


def test_stands_whose_figures_agree_break_no_rule():
    assert findings(stands()) == []


@pytest.mark.parametrize("code", CASES)
def test_a_rule_finds_its_case_with_every_row_and_a_value(code):
    table, rows = CASES[code]
    (problem,) = [one for one in findings(table) if one.code == code]
    assert problem.rows == rows[:5]
    assert tuple(problem.cells.index) == rows
    assert problem.cells.ne("").all()
    assert problem.value
    assert problem.field
    for lang in ("zh", "en"):
        assert "{" not in problem.text(lang)
    severity = read_data("quality_rules.csv").set_index("code").loc[code, "severity"]
    assert problem.severity == severity


def test_rules_about_columns_that_are_not_there_say_nothing():
    bare = stands()[["stand_id", "class_group", "area_ha", "geometry"]]
    # only that arbor forest has no closure is told
    assert found(bare) == {"canopy_missing": (1, 2, 3)}


def test_the_field_of_the_file_and_the_values_are_shown():
    fields = {"forest_volume_m3": "SLXJ", "land_class": "DI_LEI", "dominant_species": "YOU_SHI_SZ"}
    for code, shown in (("stock_off_forest", ("SLXJ", "122 / 0210")),
                        ("species_missing", ("YOU_SHI_SZ", "— / 4000"))):  # fmt: skip
        told = {one.code: one for one in findings(CASES[code][0], fields=fields)}
        assert (told[code].field, told[code].value) == shown


def test_a_species_that_is_in_no_list_is_not_called_missing():
    assert "species_missing" not in found(changed(2, species_group=None))
    without_codes = changed(2, species_group=None).drop(columns="dominant_species")
    assert found(without_codes)["species_missing"] == (2,)


def test_a_derived_stock_is_told_with_the_field_it_comes_from():
    table = changed(3, total_volume_m3=-5.0).drop(columns=["forest_volume_m3", "volume_m3_ha"])
    (problem,) = [
        one for one in findings(table, fields={"total_volume_m3": "ZXJ"})
        if one.code == "stock_negative"
    ]  # fmt: skip
    assert problem.field == "ZXJ"


# ----------------------------------------------------------------------------------- one by one


@pytest.mark.parametrize(
    ("values", "fires"),
    [
        ({"living_volume_m3_ha": 40.004}, False),  # two decimals
        ({"total_volume_m3": 4000.4, "forest_volume_m3": 4000.4}, False),  # one decimal, and sums
        ({"registered_area_ha": 100.04}, False),  # area to 0.1 ha
        ({"living_volume_m3_ha": 40.1}, True),
    ],
)
def test_stock_per_hectare_may_differ_by_rounding_only(values, fires):
    assert ("stock_per_ha_differs" in found(changed(2, **values))) == fires


def test_a_small_parcel_may_differ_by_the_rounding_of_its_area():
    small = changed(4, area_ha=0.12, registered_area_ha=0.16)
    assert "area_row_differs" not in found(small)
    assert "area_row_differs" in found(changed(4, area_ha=0.12, registered_area_ha=0.18))


def test_a_stock_field_that_is_empty_as_a_whole_is_named():
    table = without(*STOCK)
    whole = WholeFile({}, {"total_volume_m3": "ZXJ"}, empty=["SLXJ"])
    for rows in ([1, 2], [3, 4, 5]):
        whole.add(table.loc[rows])
    (problem,) = whole.finish()
    assert (problem.code, problem.field, problem.rows) == ("volume_unknown", "SLXJ", (1, 2, 3))
    assert found(table) == {}  # a file that has no field of stock at all is left in peace


def test_a_part_without_stock_does_not_make_the_field_an_empty_one():
    table = changed(2, forest_volume_m3=None)
    whole = WholeFile({})
    for rows in ([1, 3], [2, 4, 5]):
        whole.add(table.loc[rows])
    assert {one.code: one.rows for one in whole.finish()} == {"volume_missing": (2,)}


def test_parts_of_a_file_say_together_what_the_whole_says():
    table = pd.concat([case for case, _ in CASES.values()], ignore_index=True)
    table.index = range(1, len(table) + 1)
    whole, apart = WholeFile({}), WholeFile({})
    whole.add(table)
    rows = check_rules(table, place={})
    pieces = [table.iloc[first : first + 47] for first in range(0, len(table), 47)]
    for piece in pieces:
        apart.add(piece)

    def said(problems):
        return {one.code: tuple(sorted(one.cells.index)) for one in problems}

    assert said(apart.finish()) == said(whole.finish())
    assert said(joined(one for piece in pieces for one in check_rules(piece, place={}))) == said(
        rows
    )


def test_a_wrong_sum_of_areas_is_told_once_and_not_parcel_by_parcel():
    codes = found(stands(registered_area_ha=1500.0))
    assert "area_differs" in codes
    assert "area_row_differs" not in codes
    (problem,) = [one for one in findings(CASES["area_moves_stock"][0]) if one.code[:4] == "area"]
    assert "+1400.0%" in problem.text()
    assert problem.severity == "refuse"


@pytest.mark.parametrize(
    ("size", "fires"),
    [
        ({"height_m": 8.0, "dbh_cm": 1.0}, True),  # 8 m on 1 cm: 800
        ({"height_m": 2.0, "dbh_cm": 30.0}, True),  # 2 m on 30 cm: 6.7
        ({"height_m": 20.0, "stand_age_yr": 2.0}, True),  # 10 m a year
        ({"height_m": 18.0, "dbh_cm": 16.0, "stand_age_yr": 4.0}, False),  # a good eucalypt
        ({"height_m": None, "dbh_cm": None}, False),
    ],
)
def test_height_diameter_and_age_must_be_possible_together(size, fires):
    assert ("size_impossible" in found(changed(1, **size))) == fires


def test_economic_shrub_is_special_shrub_and_shrub_elsewhere_is_not_judged():
    doubtful = CASES["special_shrub_doubtful"][0]
    economic = doubtful.assign(forest_category="255")
    assert "special_shrub_doubtful" not in found(economic)
    desert = doubtful.set_geometry(doubtful.translate(xoff=-10.0, yoff=8.0))
    assert "special_shrub_doubtful" not in found(desert)
    assert "special_shrub_doubtful" in found(doubtful.to_crs("EPSG:4523"))


def test_special_shrub_is_judged_by_its_own_place_wherever_its_neighbors_lie():
    table = stands(class_group="shrub_special", species_group=None)
    # rows 1 to 3 stay at Chongqing, the others go to the desert
    table.loc[[4, 5], "geometry"] = table.geometry.loc[[4, 5]].translate(xoff=-10.0, yoff=8.0)
    assert found(table)["special_shrub_doubtful"] == (1, 2, 3)
    rows = [found(table.loc[[row]]) for row in ROWS]
    assert ["special_shrub_doubtful" in one for one in rows] == [True] * 3 + [False] * 2


def test_an_age_group_is_doubted_only_where_no_table_gives_it():
    # planted Masson pine at 22: middle in protection forest, near-mature in timber forest
    for group, fires in (("2", False), ("3", False), ("1", True), ("5", True)):
        assert ("age_group_differs" in found(changed(1, age_group=group))) == fires


# ------------------------------------------------------------------------------------- numbers


def numbered(**more):
    """Stands with the number of the national schema."""
    return stands(village_code="500153001001", compartment="0001",
                  subcompartment=["001", "002", "003", "004", "005"], **more)  # fmt: skip


def test_the_number_of_a_stand_is_made_of_all_its_parts():
    same = numbered().assign(subcompartment="001", stand_id="x")
    assert found(same)["key_twice"] == (1, 2, 3, 4, 5)
    apart = same.assign(subcompartment_part=list("12345"))
    assert "key_twice" not in found(apart)
    other = same.assign(village_code=[f"50015300100{n}" for n in ROWS])
    assert "key_twice" not in found(other)


@pytest.mark.parametrize("lacking", ["village_code", "compartment"])
def test_a_number_that_lacks_a_part_is_no_number(lacking):
    same = numbered().assign(subcompartment="001", stand_id="x")
    assert found(same.drop(columns=lacking)) == {}
    assert found(same.assign(**{lacking: None})) == {}


def test_land_that_is_numbered_zero_is_no_stand():
    assert found(numbered().assign(subcompartment="000")) == {}


def test_a_copy_is_found_whatever_its_number_lacks():
    twin = numbered().drop(columns="village_code")
    twin = pd.concat([twin, twin.loc[[3]].set_axis([6])])
    assert found(twin) == {"stand_twice": (3, 6)}


def test_a_copy_in_another_part_of_the_file_is_found():
    whole = WholeFile({})
    for part in (stands(), stands().loc[[2]].set_axis([20_001])):
        whole.add(part)
    (problem,) = whole.finish()
    assert (problem.code, problem.rows, problem.value) == ("stand_twice", (2, 20_001), "b")


def test_polygons_of_one_stand_are_compared_by_the_same_columns_in_every_part():
    table = as_parts(stands())
    table.loc[[1, 6], "living_volume_m3_ha"] = np.nan  # so the last part has none at all
    whole = WholeFile({})
    for rows in (table.iloc[:5], table.iloc[5:]):
        whole.add(rows)
    assert {one.code: one.rows for one in whole.finish()} == {"parts_repeat_stock": (1, 6)}
