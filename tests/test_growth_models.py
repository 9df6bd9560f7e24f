"""Models of growth as evidence, and which species they stand for."""

import numpy as np
import pandas as pd
import pytest

from carbon_sink.errors import ParameterError
from carbon_sink.growth_models import (
    CURVES,
    RATES,
    STANDS,
    TREES,
    VARIABLES,
    YEARLY,
    curve_groups,
    group_models,
    growth_models,
    scattered_factor,
    volume_equations,
)
from carbon_sink.tables import read_data


def test_every_species_group_has_a_row_and_every_row_a_species_group():
    species = set(read_data("species.csv")["species_group"])
    groups = read_data("growth_groups.csv")
    assert set(groups["species_group"]) == species
    assert groups["species_group"].is_unique


def test_every_form_is_known_and_has_its_coefficients():
    counts = {"exp_linear": 4, "exp_product": 4, "exp_sum": 5, "power_product": 4, "richards": 3,
              "schumacher": 2, "quadratic": 3, YEARLY: 1, "power": 3, "varexp": 5,
              "form_height": 3, "form_power": 3, "height_plus": 2}  # fmt: skip
    assert set(counts) == {*RATES, *CURVES, YEARLY, *TREES, *STANDS}
    for one in growth_models().values():
        assert len(one.coefficients) == counts[one.form]
    for measures in ("tree", "stand"):
        for form, numbers in volume_equations(measures).values():
            assert len(numbers) == counts[form]


def test_every_range_is_a_range_with_its_source_and_reason():
    rows = read_data("growth_models.csv")
    assert rows["model_id"].is_unique
    assert set(rows["range_source"]) == {"project", "forestmanager"}
    assert rows.loc[rows["range_source"] == "project", "range_confidence"].eq("uncertain").all()
    assert rows["range_note"].str.len().gt(20).all()
    for one in growth_models().values():
        assert one.age_min_yr < one.age_max_yr
        assert one.dbh_min_cm < one.dbh_max_cm


def test_a_parabola_is_not_used_where_it_falls():
    # 3.05656 / (2 * 0.02154) = 70.95 years
    one = growth_models()["GM-bro-V"]
    assert one.age_max_yr <= one.coefficients[1] / (-2.0 * one.coefficients[2])


def test_each_group_has_one_model_of_each_variable():
    for region in ("gx_north", "gx_south"):
        models = group_models(region)
        rated = models[models["rate_volume"] != ""]
        assert set(rated["rate_volume"]) == (
            {"GR04", "GR08", "GR16"} if region == "gx_north" else {"GR04", "GR12", "GR20"}
        )
        assert rated[[f"rate_{name}" for name in VARIABLES]].ne("").all(axis=None)
        for name in VARIABLES:
            used = set(rated[f"rate_{name}"])
            assert {growth_models()[key].variable for key in used} == {name}


def test_a_doubtful_grouping_is_uncertain():
    confidence = group_models()["confidence"]
    assert confidence[["masson_pine", "chinese_fir"]].eq("verified").all()
    assert (
        confidence[["cypress", "camphor", "oak", "nanmu", "soft_broadleaf"]].eq("uncertain").all()
    )


@pytest.mark.parametrize(
    ("name", "ids"),
    [
        ("broadleaf", ("GR04", "GM-bro-V")),
        ("GR12", ("GR12", "GM-mas-V")),
        ("chinese_fir", ("GR16", "")),
        ("eucalyptus_curve", ("", "GM-euc-V")),
        ("GM-bro-V", ("", "GM-bro-V")),
        ("GR04", ("GR04", "GM-bro-V")),
    ],
)
def test_a_user_gives_a_species_group_other_models(name, ids):
    models = group_models(own={"cypress": name})
    assert tuple(models.loc["cypress", ["rate_volume", "curve_volume"]]) == ids
    assert models.loc["cypress", "confidence"] == "uncertain"
    assert models.drop("cypress").equals(group_models().drop("cypress"))


def test_unknown_species_models_and_regions_come_in_one_message():
    with pytest.raises(ParameterError) as caught:
        group_models("gx_west", {"oak": "GR99", "palm": "broadleaf", "elm": "GM-ss-other"})
    assert [(one.code, one.value) for one in caught.value.problems] == [
        ("growth_model_unknown", "GR99"), ("growth_model_unknown", "GM-ss-other"),
        ("growth_species_unknown", "palm"), ("growth_model_unknown", "gx_west"),
    ]  # fmt: skip


def test_plants_counted_by_area_take_no_growth_model():
    with pytest.raises(ParameterError) as caught:
        group_models(own={"bamboo_moso": "broadleaf", "oak": "broadleaf"})
    (problem,) = caught.value.problems
    assert (problem.code, problem.field) == (
        "growth_species_by_area", "growth.models.bamboo_moso",
    )  # fmt: skip


def test_groups_of_models_with_a_curve_let_a_group_without_one_grow_by_age():
    for name in curve_groups():
        assert group_models(own={"chinese_fir": name}).loc["chinese_fir", "curve_volume"]


def test_scattered_trees_grow_by_ten_or_four_percent():
    trees = pd.DataFrame({"scattered_species_group": ["eucalyptus", "acacia", "camphor", None]})
    assert scattered_factor(trees).tolist() == [1.1, 1.1, 1.04, 1.04]
    # that the species is not in the inventory at all is the same
    assert scattered_factor(pd.DataFrame({"area_ha": np.ones(2)})).tolist() == [1.04, 1.04]
