"""Our biomass against other ways to it: by hand, invariants, what is left out, Finnish stands."""

import geopandas as gpd
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from carbon_sink.carbon import add_carbon, stand_carbon
from carbon_sink.crosschecks import METHODS, carbon_crosschecks
from carbon_sink.parameters import load_parameters, values
from carbon_sink.tables import columns

PARAMETERS = load_parameters("ar_cm_001")
# t of dry mass per m3 of Masson pine: 0.38 x 1.472 x 1.187
PINE_T_M3 = 0.66396


def stands(**more):
    """A dense and a thin stand of pine and one of cypress, ten hectares each."""
    table = pd.DataFrame(
        {
            "forest_type": "arbor",
            "area_ha": 10.0,
            "forest_volume_m3": [1000.0, 210.0, 700.0],
            "species_group": ["masson_pine", "masson_pine", "cypress"],
            "dbh_cm": [20.0, 4.0, 20.0],
            "height_m": [15.0, 3.0, None],
            "trees_per_ha": [400.0, 900.0, 300.0],
        }
    )
    return add_carbon(table.assign(**more), PARAMETERS)


def checked(table, lang="zh"):
    rows, _ = carbon_crosschecks({2025: table}, PARAMETERS, lang)
    return rows.set_index(["species_group", "method"])


def test_the_regression_is_used_on_dense_stands_only_and_the_table_says_so():
    row = checked(stands()).loc[("masson_pine", "regression")]
    # 100 m3/ha: (0.5034 x 100 + 20.547) x 10 ha = 708.87 t; ours 1000 m3 x 0.66396
    assert row["other_t"] == pytest.approx(708.87)
    assert row["ours_t"] == pytest.approx(1000 * PINE_T_M3, abs=0.01)
    assert (row["stands"], row["area_ha"], row["volume_m3"]) == (1, 10.0, 1000.0)
    assert (row["stands_left_out"], row["area_left_out_ha"]) == (1, 10.0)
    assert row["reason"] == "1 个小班每公顷蓄积不足 60 m³，不用回归"


def test_trees_are_weighed_by_the_mean_tree_and_their_number():
    rows = checked(stands())
    # 211.998 kg x 400 trees/ha x 10 ha = 847.99 t; the tree of 4 cm is below the fit
    row = rows.loc[("masson_pine", "tree_d")]
    assert row["other_t"] == pytest.approx(847.99, abs=0.01)
    assert (row["stands"], row["stands_left_out"], row["equation"]) == (1, 1, "D-masson_pine")
    assert "建模范围" in row["reason"]
    # ten hectares of 300 cypresses of 141.68 kg would be 425 t, but no height is known
    assert rows.loc[("cypress", "tree_d2h"), "stands"] == 0
    assert pd.isna(rows.loc[("cypress", "tree_d2h"), "other_t"])


def test_zeng_s_formula_is_held_against_the_aboveground_part():
    row = checked(stands()).loc[("masson_pine", "zeng_2018")]
    # 123.777 kg x 400 x 10 and 0.3 x 0.38 x 4^(7/3) = 2.8954 kg x 900 x 10; ours 1210 x 0.55936
    assert row["other_t"] == pytest.approx(495.11 + 26.06, abs=0.01)
    assert row["ours_t"] == pytest.approx(1210 * 0.38 * 1.472, abs=0.01)


def test_the_mean_of_china_is_held_against_all_our_carbon():
    table = stands()
    row = checked(table).loc[("", "fra_2020")]
    assert row["other_t"] == pytest.approx(1910 * 0.455)
    assert row["ours_t"] == pytest.approx(table["carbon_t"].sum())


def test_a_ratio_beyond_thirty_percent_is_flagged_and_one_within_is_not():
    rows = checked(stands())
    assert rows.loc[("masson_pine", "regression"), ["ratio", "beyond_band"]].tolist() == [
        pytest.approx(1.0676, abs=1e-4), False,
    ]  # fmt: skip
    # 169.44 kg x 300 x 10 = 508 t against 700 x 1.01003 = 707 t: 0.72 is usual
    assert not rows.loc[("cypress", "tree_d"), "beyond_band"]
    # half as many trees: 0.36
    fewer = checked(stands(trees_per_ha=[400.0, 900.0, 150.0]))
    assert fewer.loc[("cypress", "tree_d"), "beyond_band"]
    assert rows.loc[("cypress", "tree_d2h"), "beyond_band"] is None


def test_species_far_off_are_named_in_one_warning_for_the_last_year():
    few = stands(trees_per_ha=[100.0, 900.0, 150.0])
    rows, notes = carbon_crosschecks({2020: few, 2025: few}, PARAMETERS)
    (note,) = notes
    assert note.severity == "warn"
    assert note.count == 5
    assert "柏木 单株方程（胸径） 0.36" in note.text()
    assert "cypress Tree equation (diameter) 0.36" in note.text("en")
    assert set(rows["year"]) == {2020, 2025}
    assert carbon_crosschecks({2025: stands()}, PARAMETERS)[1] == []


def test_more_than_six_far_off_are_counted():
    groups = ["masson_pine", "cypress", "oak", "chinese_fir"]
    table = pd.DataFrame({"forest_type": "arbor", "area_ha": 1.0, "forest_volume_m3": 100.0,
                          "species_group": groups, "dbh_cm": 20.0, "height_m": 15.0,
                          "trees_per_ha": 10.0})  # fmt: skip
    (note,) = carbon_crosschecks({2025: add_carbon(table, PARAMETERS)}, PARAMETERS)[1]
    assert note.count == 12
    assert note.what().count("单株方程（胸径） ") == 2
    assert note.what().endswith("；… (12)。")


def test_a_group_without_an_equation_has_a_reason_instead_of_a_figure():
    larch = stands(species_group=["larch", "larch", "larch"])
    row = checked(larch, "en").loc[("larch", "regression")]
    assert (row["stands"], row["stands_left_out"]) == (0, 3)
    assert row["reason"] == "No equation for this species group (3 stands)"
    assert pd.isna(row["ratio"])


def test_without_diameters_only_stock_is_compared():
    rows = checked(stands().drop(columns=["dbh_cm", "height_m", "trees_per_ha"]))
    assert rows.loc[("masson_pine", "regression"), "stands"] == 1
    for method in ("tree_d", "tree_d2h", "zeng_2018"):
        assert rows.loc[("", method), "stands"] == 0
        assert "没有平均胸径" in rows.loc[("masson_pine", method), "reason"]


def test_figures_per_hectare_belong_to_the_registered_area():
    twice = checked(stands(registered_area_ha=[20.0, None, 10.0]))
    once = checked(stands())
    one, two = (rows.loc[("masson_pine", "tree_d"), "other_t"] for rows in (once, twice))
    assert two == pytest.approx(2 * one)
    # 1000 m3 on 20 ha are 50 m3/ha, too thin for the regression
    assert twice.loc[("masson_pine", "regression"), "stands"] == 0


def test_forest_counted_by_area_is_left_alone_and_no_stands_give_no_rows():
    bamboo = add_carbon(pd.DataFrame({"forest_type": ["bamboo"], "area_ha": [1.0],
                                      "forest_volume_m3": [0.0], "species_group": ["bamboo_moso"]}),
                        PARAMETERS)  # fmt: skip
    rows = checked(pd.concat([stands(), bamboo], ignore_index=True))
    assert rows.loc[("", "fra_2020"), "stands"] == 3
    empty, notes = carbon_crosschecks({2025: pd.DataFrame({"stand_id": ["a"]})}, PARAMETERS)
    assert (len(empty), notes) == (0, [])
    assert list(empty) == list(columns("carbon_crosschecks").index)


@settings(max_examples=20, deadline=None)
@given(st.lists(st.floats(1.0, 3000.0), min_size=3, max_size=3))
def test_rows_of_all_species_are_sums_and_every_stand_is_used_or_left_out(volumes_m3):
    rows = checked(stands(forest_volume_m3=volumes_m3))
    for method in METHODS:
        whole = rows.loc[("", method)]
        parts = rows.xs(method, level="method").drop(index="")
        assert whole["stands"] + whole["stands_left_out"] == 3
        assert whole["area_ha"] + whole["area_left_out_ha"] == pytest.approx(30.0)
        if whole["stands"]:
            assert whole["other_t"] == pytest.approx(parts["other_t"].sum())
            assert whole["ratio"] == pytest.approx(whole["other_t"] / whole["ours_t"])
            assert whole["other_t_m3"] == pytest.approx(whole["other_t"] / whole["volume_m3"])


def test_the_stands_are_not_changed():
    table = stands()
    before = table.copy()
    carbon_crosschecks({2025: table}, PARAMETERS)
    pd.testing.assert_frame_equal(table, before)


# ------------------------------------------------------- stands with biomass of their own

# Finnish species code, our group that stands in for it, and the ratios measured on the strata
# of 2022 (ours over the source's, area-weighted): whole tree, aboveground part, stem
FINNISH = [
    ("pine", [1], "other_pine", 1.326, 1.358, 1.103),
    ("spruce", [2], "conifer_mix", 1.119, 1.147, 1.098),
    ("birch", [3, 4], "birch", 1.233, 1.289, 1.116),
    ("aspen", [5], "poplar", 0.870, 0.874, 0.752),
    ("alder", [6], "soft_broadleaf", 1.117, 1.091, 0.889),
]
COMPONENTS = ["LeafBiomass", "BranchBiomass", "StemBiomass", "StumpBiomass"]


def finnish_strata(real_data):
    """Strata of 2022 with stock and biomass, per stand: t and m3 instead of figures per ha."""
    folder = real_data / "stands_finland"
    area_ha = gpd.read_file(folder / "smk_demo_stands.gpkg").set_index("stand_id")["area_ha"]
    strata = pd.read_csv(folder / "smk_demo_strata.csv", dtype={"stand_id": str})
    strata = strata[strata["type"].eq(2) & strata["Volume"].gt(0) & strata["StemBiomass"].gt(0)]
    amounts = strata[["Volume", *COMPONENTS]].mul(strata["stand_id"].map(area_ha), axis=0)
    return amounts.assign(species=strata["TreeSpecies"])


@pytest.mark.realdata
@pytest.mark.parametrize(("name", "codes", "group", "whole", "above", "stem"), FINNISH)
def test_finnish_stands_weigh_about_what_their_source_says(
    real_data, name, codes, group, whole, above, stem
):
    """
    Our factors on stands whose biomass is given by component (StumpBiomass holds the roots).

    | species | stands in | m3 | whole tree | aboveground | stem |
    |---|---|---|---|---|---|
    | pine | other_pine | 1,641 | 1.326 | 1.358 | 1.103 |
    | spruce | conifer_mix | 7,770 | 1.119 | 1.147 | 1.098 |
    | birch | birch | 338 | 1.233 | 1.289 | 1.116 |
    | aspen | poplar | 109 | 0.870 | 0.874 | 0.752 |
    | alder | soft_broadleaf | 119 | 1.117 | 1.091 | 0.889 |

    Foreign species under Chinese factors: a band of 0.7 to 1.4, not equality. Stems of pine,
    spruce and birch are nearer than whole trees: our expansion factors are greater than the
    source's (pine 1.631 against 1.325).
    """
    rows = finnish_strata(real_data)
    rows = rows[rows["species"].isin(codes)].sum()
    density, bef, root = (
        values(PARAMETERS, key)[group] for key in ("wood_density_t_m3", "bef", "root_shoot_ratio")
    )
    ours_t = stand_carbon(rows["Volume"], density, bef, root, 1.0)
    ratio = ours_t / rows[COMPONENTS].sum()
    assert 0.7 < ratio < 1.4, name
    assert ratio == pytest.approx(whole, abs=0.001)
    above_t = rows[COMPONENTS[:3]].sum()
    assert rows["Volume"] * density * bef / above_t == pytest.approx(above, abs=0.001)
    assert rows["Volume"] * density / rows["StemBiomass"] == pytest.approx(stem, abs=0.001)


@pytest.mark.realdata
def test_all_finnish_stands_together_are_within_thirty_percent(real_data):
    strata = finnish_strata(real_data)
    group = strata["species"].map({code: row[2] for row in FINNISH for code in row[1]})
    factor = values(PARAMETERS, "wood_density_t_m3") * values(PARAMETERS, "bef")
    factor *= 1.0 + values(PARAMETERS, "root_shoot_ratio")
    known = group.notna()
    ours_t = (strata.loc[known, "Volume"] * group[known].map(factor)).sum()
    assert ours_t / strata.loc[known, COMPONENTS].to_numpy().sum() == pytest.approx(1.151, abs=0.01)
