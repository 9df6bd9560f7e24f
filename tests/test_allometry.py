"""Biomass of trees and stands: by hand, from the sources, invariants, refusals."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from carbon_sink.allometry import (
    ORGANS,
    aboveground_biomass_zeng,
    stand_biomass,
    tree_biomass,
    within_fit,
)
from carbon_sink.errors import ParameterError
from carbon_sink.parameters import by_species, load_parameters
from carbon_sink.tables import read_data

EQUATIONS = read_data("tree_biomass_equations.csv").set_index("equation")
# kg of a tree of 20 cm and 15 m as the compilation of the equations prints it
PRINTED = {
    "D-masson_pine": 212.0, "D-oak": 241.18, "D-chinese_fir": 121.47, "D-cypress": 169.44,
    "D-eucalyptus": 205.54, "D-hard_broadleaf": 187.1, "D-soft_broadleaf": 147.09,
    "D-poplar": 141.14, "D-camphor": 153.15, "D-schima": 171.82, "D-liquidambar": 161.28,
    "D-metasequoia": 127.42, "D-cyclobalanopsis": 245.94, "D-cryptomeria": 128.7,
    "D-conifer_mix": 150.43, "D-broadleaf_mix": 164.21, "D-conif_broad_mix": 162.31,
    "D2H-masson_pine": 217.02, "D2H-chinese_fir": 150.86, "D2H-oak": 217.36,
    "D2H-cyclobalanopsis": 218.68, "D2H-conifer_mix": 296.83, "D2H-broadleaf_mix": 171.72,
    "D2H-conif_broad_mix": 159.9, "D2H-cypress": 141.68,
}  # fmt: skip
# volume of that tree by the table of its species, and allometry over V x SVD x BEF x (1 + R)
RATIOS = [
    ("D-masson_pine", 0.248141, 1.287), ("D2H-masson_pine", 0.248141, 1.317),
    ("D-chinese_fir", 0.24352, 0.798), ("D2H-chinese_fir", 0.24352, 0.991),
    ("D-cypress", 0.197133, 0.851), ("D2H-cypress", 0.197133, 0.712),
    ("D-oak", 0.19271, 1.058), ("D2H-oak", 0.19271, 0.953),
    ("D-soft_broadleaf", 0.227342, 0.714), ("D-hard_broadleaf", 0.227342, 0.652),
    ("D-camphor", 0.227342, 0.813), ("D-cryptomeria", 0.232957, 0.572),
    ("D-eucalyptus", 0.206033, 1.119),
]  # fmt: skip


def test_a_stem_of_two_centimetres_by_hand(monkeypatch):
    # a D^b with a = 0.5 and b = 2: 0.5 x 4 = 2 kg in every organ, 8 kg in all
    row = {f"{organ}_{name}": text for organ in ORGANS for name, text in (("a", "0.5"), ("b", "2"))}
    table = pd.DataFrame([{"form": "d", "dbh_min_cm": "1", "dbh_max_cm": ""} | row], index=["x"])
    monkeypatch.setattr("carbon_sink.allometry._tree_equations", lambda: table)
    assert tree_biomass("x", 2.0).iloc[0].tolist() == [2.0, 2.0, 2.0, 2.0, 8.0]


@pytest.mark.parametrize("equation", EQUATIONS.index)
def test_a_tree_of_20_cm_and_15_m_weighs_what_the_source_prints(equation):
    assert tree_biomass(equation, 20.0, 15.0)["total_kg"][0] == pytest.approx(
        PRINTED[equation], abs=0.006
    )


@pytest.mark.parametrize(("equation", "volume_m3", "ratio"), RATIOS)
def test_allometry_over_stock_and_expansion_factor_for_one_tree(equation, volume_m3, ratio):
    # the plausibility table of the science reference: the ratio that two methods differ by
    group = pd.Series([equation.split("-")[1]])
    rows = load_parameters("ar_cm_001")
    density, bef, root = (
        by_species(rows, group, name)[0]
        for name in ("wood_density_t_m3", "bef", "root_shoot_ratio")
    )
    ours_kg = volume_m3 * density * bef * (1 + root) * 1000
    weight_kg = tree_biomass(equation, 20.0, 15.0)["total_kg"][0]
    assert weight_kg / ours_kg == pytest.approx(ratio, abs=0.002)


def test_zeng_s_formula_by_hand():
    # D = 8: 8^(7/3) = 2^7 = 128; 0.3 x 0.5 x 128 = 19.2 kg
    assert aboveground_biomass_zeng(0.5, 8.0) == pytest.approx(19.2)
    assert aboveground_biomass_zeng(np.array([0.5, 1.0]), 8.0) == pytest.approx([19.2, 38.4])


def test_a_regression_is_a_line_on_the_stock():
    # Masson pine: 0.5034 x 100 + 20.547 = 70.887 t/ha; without stock the intercept is left
    assert stand_biomass("fang_zj", "masson_pine", 100.0) == pytest.approx(70.887)
    assert stand_biomass(
        "fang_zj", "masson_pine", pd.Series([0.0, 60.0])
    ).tolist() == pytest.approx([20.547, 50.751])


def test_in_thin_stands_the_intercept_outweighs_the_wood():
    # 31.118 t/ha on 21 m3/ha are 1.48 t per m3 where wood, branches and roots give 0.66
    per_m3 = stand_biomass("fang_zj", "masson_pine", 21.0) / 21.0
    assert per_m3 / (0.38 * 1.472 * 1.187) > 2.0


@given(
    st.sampled_from(sorted(EQUATIONS.index)),
    st.floats(5, 38),
    st.floats(1.001, 1.2),
    st.floats(3, 30),
)
def test_organs_add_up_and_thicker_trees_weigh_more(equation, dbh_cm, wider, height_m):
    thin, thick = tree_biomass(equation, [dbh_cm, dbh_cm * wider], height_m).to_numpy()
    assert (thick > thin).all()
    assert thin[:4].sum() == pytest.approx(thin[4], rel=1e-12)


@given(st.floats(3, 30), st.floats(1.001, 1.2))
def test_taller_trees_weigh_more_where_height_counts(height_m, taller):
    low, high = tree_biomass("D2H-oak", [20.0, 20.0], [height_m, height_m * taller])["total_kg"]
    assert high > low


def test_trees_keep_their_labels_and_the_input_stays_as_it_was():
    dbh = pd.Series([10.0, 20.0], index=["a", "b"])
    assert tree_biomass("D-oak", dbh).index.tolist() == ["a", "b"]
    assert dbh.tolist() == [10.0, 20.0]


def test_trees_outside_the_fit_are_refused_with_their_rows_and_never_extrapolated():
    dbh = pd.Series([20.0, 4.9, np.nan, 60.0], index=["a", "b", "c", "d"])
    with pytest.raises(ParameterError) as caught:
        tree_biomass("D2H-masson_pine", dbh, 10.0)
    (problem,) = caught.value.problems
    assert (problem.code, problem.rows, problem.rule) == ("dbh_outside_fit", ("c", "d"), "1-50.4")
    assert within_fit("D2H-masson_pine", dbh, 10.0).tolist() == [True, True, False, False]
    assert within_fit("D-masson_pine", [4.999, 5.0, np.inf]).tolist() == [False, True, False]


@pytest.mark.parametrize(
    ("equation", "dbh_cm", "told"), [("D-oak", 4.0, "≥ 5"), ("D2H-cypress", 0.0, "> 0")]
)
def test_a_range_that_the_source_leaves_open_is_told_so(equation, dbh_cm, told):
    with pytest.raises(ParameterError) as caught:
        tree_biomass(equation, dbh_cm, 10.0)
    assert caught.value.problems[0].rule == told


def test_a_missing_height_and_a_wrong_diameter_come_in_one_message():
    with pytest.raises(ParameterError) as caught:
        tree_biomass("D2H-oak", [20.0, 1.0])
    assert [(one.code, one.count) for one in caught.value.problems] == [
        ("dbh_outside_fit", 1), ("height_needed", 2),
    ]  # fmt: skip
    assert not within_fit("D2H-oak", 20.0).any()


def test_an_equation_that_does_not_exist_is_refused_with_those_that_do():
    for call in (lambda: tree_biomass("D-spruce", 20.0), lambda: within_fit("D-spruce", 20.0)):
        with pytest.raises(ParameterError, match="D-masson_pine"):
            call()
    with pytest.raises(ParameterError, match="fang_zj/cypress"):
        stand_biomass("fang_zj", "spruce", 100.0)


def test_every_equation_a_species_group_is_led_to_exists():
    groups = read_data("biomass_equation_groups.csv")
    assert not groups.duplicated(["species_group", "method"]).any()
    assert set(groups["species_group"]) <= set(load_parameters("ar_cm_001")["species_group"])
    for row in groups.itertuples():
        if row.method == "regression":
            assert stand_biomass(*row.equation.split("/"), 100.0) > 0
        else:
            assert EQUATIONS.loc[row.equation, "form"] == row.method.removeprefix("tree_")
            assert row.equation != "D2H-conifer_mix", "its stem is denser than wood"
