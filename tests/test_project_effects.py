"""What works bring to the targets, and what is still missing."""

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_vectors import VECTORS

from carbon_sink.parameters import constant
from carbon_sink.project_effects import closed_area, project_effects, target_gap
from carbon_sink.projects import PROJECT_TYPES
from carbon_sink.tables import columns
from carbon_sink.targets import Target, indicator_table

LAND_HA = 107_700.0
COVERAGE = Target("forest_coverage_pct", "%", 2020, 36.65, 2025, 38.0)
STOCK = Target("forest_stock_m3", "万m3", 2020, 84.08, 2025, 90.0)


def works(*rows):
    """Works: number, type, method, first year, hectares, and what else is known."""
    names = ("project_id", "project_type", "method", "start_year", "credited_ha")
    return pd.DataFrame([{**dict(zip(names, row[:5], strict=True)), **dict(*row[5:])}
                         for row in rows], columns=None if rows else list(names))  # fmt: skip


def ledger(*rows):
    """Ledger: number, type, first year, stock of each year, and living trees where there are."""
    parts = [
        pd.DataFrame({"project_id": one, "project_type": kind,
                      "year": range(start, start + len(stock)), "stock_m3": stock,
                      "living_trees": trees[0] if trees else np.nan})
        for one, kind, start, stock, *trees in rows
    ]  # fmt: skip
    names = ["project_id", "project_type", "year", "stock_m3", "living_trees"]
    return pd.concat([pd.DataFrame(columns=names), *parts]).astype({"year": int, "stock_m3": float})


def effects(projects, grown, years, surveyed=None):
    """Effects by type and year."""
    found = project_effects(projects, grown, LAND_HA, years, surveyed)
    return found.set_index(["project_type", "year"])


def gap_of(targets, values, year, coming_ha=(), coming_m3=(), years=()):
    """The gap of targets with what works bring in each year from the report year on."""
    ahead = range(year, year + max(len(coming_ha), len(coming_m3), 1))
    whole = pd.DataFrame({"project_type": "all", "year": ahead}).assign(
        still_to_come_ha=[*coming_ha] or 0.0, still_to_come_m3=[*coming_m3] or 0.0
    )
    table = indicator_table(values, {}, targets, year)
    return target_gap(table, whole, LAND_HA, year, years)


# --------------------------------------------------------------------------------- by hand


def test_a_planting_counts_from_the_year_of_its_closure_on():
    # 1620 ha (24 300 mu) of 107 700 ha are 1.504 percentage points; planted in 2022, closed in 2027
    found = effects(works(("a", "mine_restoration", "planting", 2022, 1620.0)),
                    ledger(("a", "mine_restoration", 2022, [0, 0, 0, 0, 0, 800, 950])),
                    range(2021, 2030))  # fmt: skip
    area = found.loc["mine_restoration", "closed_ha"]
    assert area.tolist() == [0.0] * 6 + [1620.0] * 3
    assert found.loc["mine_restoration", "coverage_pp"][2027] == pytest.approx(1.504178, abs=1e-6)
    # the ledger ends in 2028; its last stock stands
    assert found.loc["mine_restoration", "stock_m3"].tolist() == [0.0] * 6 + [800.0, 950.0, 950.0]
    assert found.loc["all"].equals(found.loc["mine_restoration"])


def test_stock_of_a_planting_that_is_not_closed_is_no_forest_stock():
    found = effects(works(("a", "afforestation", "planting", 2022, 10.0)),
                    ledger(("a", "afforestation", 2022, [0, 0, 5, 9, 20, 40])),
                    [2026, 2027])  # fmt: skip
    assert found.loc["afforestation", ["stock_m3", "trees_beside_m3"]].to_numpy().tolist() == [
        [0.0, 20.0],
        [40.0, 0.0],
    ]


def test_improvement_brings_stock_at_once_and_no_area():
    found = effects(works(("q", "quality_improvement", "improvement", 2022, 500.0)),
                    ledger(("q", "quality_improvement", 2022, [0, 30, 60, 90])),
                    [2022, 2024, 2030], 2024)  # fmt: skip
    rows = found.loc["quality_improvement"]
    assert rows["closed_ha"].tolist() == [0.0, 0.0, 0.0]
    assert rows["stock_m3"].tolist() == [0.0, 60.0, 90.0]
    # the survey of 2024 measured the 60 m3 already
    assert rows["in_inventory_m3"].tolist() == [0.0, 60.0, 60.0]
    assert rows["still_to_come_m3"].tolist() == [0.0, 0.0, 30.0]


def test_four_side_trees_bring_area_by_number_when_they_have_a_volume_and_no_forest_stock():
    # 3300 living trees are 2 ha; they reach 5 cm, and so a volume, in 2024
    found = effects(works(), ledger(("F", "four_side", 2022, [0, 0, 12, 20], 3300.0)),
                    [2023, 2024, 2025])  # fmt: skip
    rows = found.loc["four_side"]
    assert rows["closed_ha"].tolist() == [0.0, 2.0, 2.0]
    assert rows["stock_m3"].tolist() == [0.0, 0.0, 0.0]
    assert rows["trees_beside_m3"].tolist() == [0.0, 12.0, 20.0]


def test_a_belt_counts_with_its_own_area_and_its_trees_are_no_forest_stock():
    # two belts of 3 ha; one is under the thresholds
    found = effects(works(("a", "shelterbelt", "planting", 2015, 3.0, {"counts_ha": 3.0}),
                          ("b", "shelterbelt", "planting", 2015, 3.0, {"counts_ha": 0.0})),
                    ledger(("a", "shelterbelt", 2015, [0, 7]), ("b", "shelterbelt", 2015, [0, 5])),
                    [2025])  # fmt: skip
    row = found.loc[("shelterbelt", 2025)]
    assert row[["closed_ha", "stock_m3", "trees_beside_m3"]].tolist() == [3.0, 0.0, 12.0]


def test_what_the_inventory_calls_forest_goes_before_the_years_of_closure():
    # the survey of 2025 calls 4 of 10 ha forest, planted in 2023; the rest closes in 2028
    found = closed_area(
        works(("a", "afforestation", "planting", 2023, 10.0, {"in_inventory_ha": 4.0}),
              ("b", "afforestation", "planting", 2016, 6.0, {"in_inventory_ha": 0.0}),
              ("c", "afforestation", "planting", 2016, 6.0, {"in_inventory_ha": 6.0}),
              ("d", "afforestation", "planting", 2016, 6.0, {"in_inventory_ha": 9.0})),
        [2020, 2021, 2024, 2025, 2026, 2028], 2025,
    )  # fmt: skip
    assert found.to_numpy().tolist() == [
        [0.0, 0.0, 0.0, 4.0, 4.0, 10.0],
        # should have closed in 2021 and the survey saw no forest: in the year after the survey
        [0.0, 0.0, 0.0, 0.0, 6.0, 6.0],
        [0.0, 6.0, 6.0, 6.0, 6.0, 6.0],
        # ground that others planted is not this work's
        [0.0, 6.0, 6.0, 6.0, 6.0, 6.0],
    ]


def test_belts_and_four_side_trees_are_in_the_survey_once_they_are_planted():
    # belts are recorded by length and width for whole parcels, so the ground of a belt does not
    # show them; that of 2026 is planted after the survey of 2025
    projects = works(
        ("a", "shelterbelt", "planting", 2024, 5.0),
        ("b", "shelterbelt", "planting", 2026, 3.0),
        ("c", "shelterbelt", "planting", 2021, 2.0, {"in_inventory_ha": 0.0}),
    )
    # 1650 trees of 2024 live and reach 5 cm in 2027; as many are planted in 2026
    grown = ledger(("F", "four_side", 2024, [0, 0, 0, 9, 9], [1650.0] * 2 + [3300.0] * 3))
    found = effects(projects, grown, [2024, 2025, 2026, 2031], 2025)  # fmt: skip
    belts, trees = found.loc["shelterbelt"], found.loc["four_side"]
    assert belts["closed_ha"].tolist() == [0.0, 7.0, 7.0, 10.0]
    assert belts["in_inventory_ha"].tolist() == [0.0, 7.0, 7.0, 7.0]
    assert belts["still_to_come_ha"].tolist() == [0.0, 0.0, 0.0, 3.0]
    assert trees["closed_ha"].tolist() == [0.0, 0.0, 0.0, 2.0]
    assert trees["in_inventory_ha"].tolist() == [0.0, 0.0, 0.0, 1.0]
    assert trees["still_to_come_ha"].tolist() == [0.0, 0.0, 0.0, 1.0]


def test_what_is_in_the_inventory_is_not_still_to_come():
    projects = works(("a", "afforestation", "planting", 2018, 10.0),
                     ("b", "afforestation", "planting", 2024, 4.0))  # fmt: skip
    grown = ledger(("a", "afforestation", 2018, [10.0 * n for n in range(20)]),
                   ("b", "afforestation", 2024, [5.0 * n for n in range(20)]))  # fmt: skip
    rows = effects(projects, grown, [2025, 2030], 2025).loc["afforestation"]
    # a closed in 2023 and has 70 m3 in 2025, 120 in 2030; b closes in 2029 and has 30 m3 in 2030
    assert rows["in_inventory_ha"].tolist() == [10.0, 10.0]
    assert rows["still_to_come_ha"].tolist() == [0.0, 4.0]
    assert rows["in_inventory_m3"].tolist() == [70.0, 70.0]
    assert rows["still_to_come_m3"].tolist() == [0.0, 50.0 + 30.0]


def test_forest_whose_stock_no_ledger_knows_is_told_and_not_taken_for_bare():
    found = effects(works(("a", "corridor", "planting", 2015, 3.0),
                          ("b", "corridor", "planting", 2015, 2.0),
                          ("q", "quality_improvement", "improvement", 2022, 9.0)),
                    ledger(("a", "corridor", 2015, [0, 7]), ("b", "corridor", 2015, [np.nan] * 2)),
                    [2021, 2025])  # fmt: skip
    row = found.loc[("corridor", 2025)]
    assert row[["closed_ha", "stock_m3", "stock_unknown_ha"]].tolist() == [5.0, 7.0, 2.0]
    assert found.loc["quality_improvement", "stock_unknown_ha"].tolist() == [0.0, 9.0]
    assert found.loc["quality_improvement", "closed_ha"].tolist() == [0.0, 0.0]
    # a type of which nothing is known brings no 0 m3; the whole is that of the others
    assert found.loc["quality_improvement", ["stock_m3", "still_to_come_m3"]].isna().all(axis=None)
    assert found.loc[("all", 2025), "stock_m3"] == 7.0


def test_without_a_land_area_there_are_no_points_of_coverage():
    found = project_effects(works(("a", "corridor", "planting", 2015, 3.0)), ledger(), None, [2025])
    assert found["coverage_pp"].isna().all()
    assert found["closed_ha"].tolist() == [3.0, 3.0]
    assert found["stock_m3"].isna().all()


def test_without_works_there_is_only_the_whole_and_it_is_nothing():
    found = project_effects(works(), ledger(), LAND_HA, [2025, 2030], 2025)
    assert found["project_type"].tolist() == ["all", "all"]
    assert found.drop(columns=["project_type", "year"]).eq(0.0).all(axis=None)


def test_a_gap_of_coverage_is_told_in_hectares_and_mu_and_by_when_works_close_it():
    # 0.65 points of 107 700 ha are 700.05 ha, or 10 500.75 mu
    coming = [0.0, 100.0, 650.0, 700.05, 900.0, 900.0]
    gap = gap_of([COVERAGE], {"forest_coverage_pct": 37.35}, 2023, coming, years=[2028])
    assert gap["until_year"].tolist() == [2023, 2025, 2028]
    assert gap["missing"].round(9).tolist() == [0.65] * 3
    assert gap["missing_ha"].round(6).tolist() == [700.05] * 3
    assert gap["missing_mu"].round(6).tolist() == [10_500.75] * 3
    assert gap["works_bring_ha"].tolist() == [0.0, 650.0, 900.0]
    assert gap["left_ha"].round(6).tolist() == [700.05, 50.05, 0.0]
    assert gap["left_mu"].round(6).tolist() == [10_500.75, 750.75, 0.0]
    assert gap["needed_ha_yr"].round(6).tolist()[1:] == [350.025, 140.01]
    assert gap["plant_by_year"].tolist() == [2018, 2020, 2023]
    assert set(gap["verdict"]) == {"works_close_it"}
    assert set(gap["closing_year"]) == {2026.0}
    assert gap[["missing_m3", "left_m3", "needed_m3_yr"]].isna().all(axis=None)


def test_a_gap_of_stock_is_told_in_cubic_metres_and_growth_per_year():
    # 2.96 万m3 are missing in 2023: 14 800 m3 a year until 2025; works bring 5000 m3 until then
    gap = gap_of([STOCK], {"forest_stock_m3": 870_400.0}, 2023, coming_m3=[0.0, 2000.0, 5000.0])
    assert gap["unit"].tolist() == ["万m3"] * 2
    assert gap["missing"].round(9).tolist() == [2.96] * 2
    assert gap["missing_m3"].round(6).tolist() == [29_600.0] * 2
    assert gap["left_m3"].round(6).tolist() == [29_600.0, 24_600.0]
    assert gap["needed_m3_yr"].round(6).tolist()[1:] == [14_800.0]
    assert set(gap["verdict"]) == {"works_fall_short"}
    assert gap["closing_year"].isna().all()
    assert gap[["missing_ha", "missing_mu", "plant_by_year"]].isna().all(axis=None)


def test_a_target_that_is_met_has_no_gap_and_says_so():
    gap = gap_of([COVERAGE, STOCK], {"forest_coverage_pct": 38.2, "forest_stock_m3": 9e5}, 2025)
    assert gap["missing"].tolist() == [0.0, 0.0]
    assert gap["missing_ha"].tolist()[0] == 0.0
    assert gap["missing_m3"].tolist()[1] == 0.0
    assert gap["verdict"].tolist() == ["met", "met"]
    assert gap[["closing_year", "plant_by_year"]].isna().all(axis=None)


def test_where_no_stock_of_works_is_known_nobody_says_that_they_fall_short():
    gap = gap_of([STOCK], {"forest_stock_m3": 870_400.0}, 2023, coming_m3=[np.nan] * 3)
    assert set(gap["verdict"]) == {"not_known"}
    assert gap[["works_bring_m3", "left_m3"]].isna().all(axis=None)


def test_targets_without_a_value_or_of_another_kind_have_no_gap():
    ceiling = Target("forest_coverage_pct", "%", 2020, 60.0, 2025, 50.0, kind="ceiling")
    fire = Target("fire_damage_permille", "‰", 2020, 0.3, 2025, 0.3, kind="ceiling")
    values = {"forest_coverage_pct": 55.0, "fire_damage_permille": 0.9, "forest_stock_m3": None}
    gap = gap_of([ceiling, fire, STOCK], values, 2023)
    assert gap.empty
    assert gap.columns.tolist() == columns("target_gap").index.tolist()


def test_a_value_that_was_modelled_has_a_gap_and_says_where_it_comes_from():
    table = indicator_table({"forest_coverage_pct": 37.0}, {}, [COVERAGE], 2023, since=2020)
    whole = pd.DataFrame({"project_type": ["all"], "year": 2023, "still_to_come_ha": 0.0,
                          "still_to_come_m3": 0.0})  # fmt: skip
    gap = target_gap(table, whole, LAND_HA, 2023, [])
    assert gap["missing"].round(9).tolist() == [1.0]
    assert "2020" in gap["value_source"][0]


# ------------------------------------------------------------------------ published source


def test_the_plan_s_own_works_would_reach_its_coverage():
    # vector COVERAGE_1: 1453.95 of the 1620 ha, 89.75 %, must count as forest
    (row,) = (one for one in VECTORS if one["id"] == "COVERAGE_1")
    expected = json.loads(row["expected"])
    found = effects(works(("a", "afforestation", "planting", 2020, 24_300 / 15)), ledger(),
                    range(2020, 2027))  # fmt: skip
    whole = found.loc["all"].reset_index().assign(project_type="all")
    table = indicator_table({"forest_coverage_pct": 36.65}, {}, [COVERAGE], 2020)
    gap = target_gap(table, whole, LAND_HA, 2020, [2026]).set_index("until_year")
    assert gap.loc[2020, "missing_ha"] == pytest.approx(expected["needed_ha"])
    assert gap.loc[2020, "missing_mu"] / 10_000 == pytest.approx(2.181, abs=5e-4)
    assert found.loc[("all", 2025), "coverage_pp"] == pytest.approx(expected["added_points"], 1e-6)
    share = gap.loc[2020, "missing_ha"] / gap.loc[2025, "works_bring_ha"]
    assert share == pytest.approx(expected["needed_share"])
    assert gap["closing_year"].tolist() == [2025.0] * 3


# ------------------------------------------------------------------------------ invariants

WORK = st.tuples(
    st.sampled_from(["afforestation", "mine_restoration", "shelterbelt", "quality_improvement"]),
    st.integers(2010, 2030), st.integers(0, 500), st.one_of(st.none(), st.integers(0, 600)),
    st.lists(st.integers(0, 50), min_size=1, max_size=12), st.booleans(),
)  # fmt: skip
YEARS = range(2008, 2045)


def drawn(rows):
    """Works and their ledgers, of which the stock never falls."""
    projects = works(*(
        (str(n), kind, "improvement" if kind == "quality_improvement" else "planting", start, area,
         {"in_inventory_ha": held, "counts_ha": area if counts else 0.0})
        for n, (kind, start, area, held, _, counts) in enumerate(rows)
    ))  # fmt: skip
    grown = ledger(*((str(n), kind, start, np.cumsum(steps))
                     for n, (kind, start, _, _, steps, _) in enumerate(rows)))  # fmt: skip
    return projects.astype({"in_inventory_ha": float}), grown


@settings(max_examples=20, deadline=None)
@given(st.lists(WORK, min_size=1, max_size=6), st.one_of(st.none(), st.integers(2015, 2030)))
def test_parts_add_up_to_wholes(rows, surveyed):
    projects, grown = drawn(rows)
    found = effects(projects, grown, YEARS, surveyed)
    parts = found[found.index.get_level_values(0) != "all"].groupby(level="year").sum()
    pd.testing.assert_frame_equal(parts, found.loc["all"], check_index_type=False)
    assert found["still_to_come_ha"].ge(-1e-9).all()
    for unit, whole in (("ha", "closed_ha"), ("m3", "stock_m3")):
        both = found[f"in_inventory_{unit}"] + found[f"still_to_come_{unit}"]
        np.testing.assert_allclose(both, found[whole], atol=1e-9)
        if surveyed is None:
            assert found[f"in_inventory_{unit}"].eq(0.0).all()
    # forest stock and other stock are the stock of the ledger
    total = (found["stock_m3"] + found["trees_beside_m3"]).loc["all"]
    np.testing.assert_allclose(total[2044], sum(sum(row[4]) for row in rows), atol=1e-6)


@settings(max_examples=20, deadline=None)
@given(st.lists(WORK, min_size=1, max_size=5), st.randoms(), st.floats(0.1, 0.9))
def test_neither_the_order_of_works_nor_a_work_split_in_two_moves_a_figure(rows, random, share):
    projects, grown = drawn(rows)
    found = effects(projects, grown, YEARS, 2025)
    shuffled = projects.sample(frac=1.0, random_state=random.randint(0, 99))
    again = effects(shuffled, grown.sample(frac=1.0, random_state=random.randint(0, 99)),
                    YEARS, 2025)  # fmt: skip
    pd.testing.assert_frame_equal(found, again)
    areas = ["credited_ha", "counts_ha", "in_inventory_ha"]
    halves = [(projects, grown, share, ""), (projects, grown, 1.0 - share, "-2")]
    split = [pd.concat(parts) for parts in zip(*(
        (one.assign(project_id=one["project_id"] + end, **{a: one[a] * part for a in areas}),
         tree.assign(project_id=tree["project_id"] + end, stock_m3=tree["stock_m3"] * part))
        for one, tree, part, end in halves), strict=True)]  # fmt: skip
    pd.testing.assert_frame_equal(found, effects(*split, YEARS, 2025), rtol=1e-9, atol=1e-9)


@settings(max_examples=20, deadline=None)
@given(st.lists(WORK, min_size=1, max_size=5))
def test_area_never_shrinks_and_never_exceeds_what_is_credited(rows):
    projects, grown = drawn(rows)
    area = effects(projects, grown, YEARS, 2025).loc["all", "closed_ha"]
    assert area.diff().dropna().ge(-1e-9).all()
    counted = projects.loc[projects["method"].eq("planting"), ["credited_ha", "counts_ha"]]
    assert area.max() <= counted.min(axis=1).sum() + 1e-6


def test_the_inputs_stay_as_they_were_and_types_keep_their_order():
    projects = works(("b", "corridor", "planting", 2015, 3.0),
                     ("a", "afforestation", "planting", 2015, 2.0))  # fmt: skip
    grown = ledger(("b", "corridor", 2015, [0, 7]), ("a", "afforestation", 2015, [0, 7]))
    before = projects.copy(), grown.copy()
    found = project_effects(projects, grown, LAND_HA, [2030, 2025, 2025], 2025)
    for one, other in zip(before, (projects, grown), strict=True):
        pd.testing.assert_frame_equal(one, other)
    assert found["project_type"].drop_duplicates().tolist() == ["afforestation", "corridor", "all"]
    assert set(found["project_type"]) - {"all"} <= set(PROJECT_TYPES)
    assert found["year"].tolist() == [2025, 2030] * 3
    assert found.columns.tolist() == columns("project_effects").index.tolist()


def test_a_planting_closes_after_the_years_that_the_outlook_takes():
    closing = 2020 + int(constant("canopy_closure_yr"))
    found = closed_area(works(("a", "corridor", "planting", 2020, 1.0)), [closing - 1, closing])
    assert found.to_numpy().tolist() == [[0.0, 1.0]]
