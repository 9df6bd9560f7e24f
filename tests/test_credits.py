"""Labels by the methodology, rule by rule; potential credits; a value only at a user's price."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from carbon_sink.credits import ccer_labels, credit_summary, ecosystem_value, plot_share
from carbon_sink.project_ledger import LedgerTerms, with_removals
from carbon_sink.tables import columns, read_data

RULES = ["scope", "species", "nonforest_years", "plot_area", "tenure", "wetland", "vegetation",
         "soil"]  # fmt: skip
# metres on the ellipsoid to degrees at 29.5 N: 1 degree of latitude is about 110.86 km
SIDE_20_M = (20.0 / 96_970.0, 20.0 / 110_860.0)


def works(count=1, **cells):
    usual = {"project_type": "afforestation", "method": "planting", "start_year": 2023,
             "credited_ha": 4.0, "species_group": "oak", "nonforest_years": 10.0,
             "checked_year": 2020, "tenure": "clear", "is_wetland": "no", "baseline_t_ha": 0.0,
             "site_preparation": "hole"}  # fmt: skip
    names = [f"a{number}" for number in range(count)]
    return pd.DataFrame({"project_id": names, **usual, **cells}, index=pd.RangeIndex(count))


def ledger(works, years=3, tree=10.0, first=2023):
    rows = pd.DataFrame({
        "project_id": works["project_id"].repeat(years).to_numpy(),
        "year": np.tile(np.arange(first, first + years), len(works)),
        "tree_co2_t": tree, "baseline_co2_t": 0.0, "soil_co2_t": np.nan, "emission_co2e_t": 0.0,
    })  # fmt: skip
    return with_removals(rows, 1.0, LedgerTerms(20, 10.0))


def label_of(row, plots=1.0, lang="en"):
    plots = pd.Series(plots, index=row["project_id"])
    labels, notes = ccer_labels(row, ledger(row), plots, lang)
    return labels.iloc[0], notes


def test_a_work_that_meets_all_rules_is_eligible_with_what_its_ledger_credits():
    # three years of 10 t less 1 t leakage, less 10 %: 3 x 8.1
    label, notes = label_of(works())
    assert (label["label"], label["rules"], label["reasons"]) == ("eligible", "", "")
    assert label["eligible_ha"] == 4.0
    assert label["potential_co2e_t"] == pytest.approx(24.3)
    assert (label["period_first_year"], label["period_last_year"]) == (2023, 2025)
    assert notes == []


@pytest.mark.parametrize(
    ("rule", "cells", "words"),
    [
        ("scope", {"project_type": "corridor"}, "greening of corridors"),
        ("scope", {"project_type": "greening"}, "greening of towns"),
        ("scope", {"project_type": "four_side", "method": "trees"}, "four-side"),
        ("scope", {"project_type": "quality_improvement", "method": "improvement"}, "tending"),
        ("scope", {"project_type": "reserve_forest", "method": "improvement"}, "tending"),
        ("species", {"species_group": "economic_citrus"}, "economic forest"),
        ("nonforest_years", {"nonforest_years": 2.0}, "less than 3 years"),
        ("tenure", {"tenure": "unclear"}, "not clear"),
        ("wetland", {"is_wetland": "yes"}, "wetland"),
    ],
)
def test_a_broken_rule_makes_a_work_not_eligible_and_says_why(rule, cells, words):
    label, notes = label_of(works(**cells))
    assert (label["label"], label["rules"]) == ("not_eligible", rule)
    assert words in label["reasons"]
    assert label[["eligible_ha", "potential_co2e_t"]].tolist() == [0.0, 0.0]
    assert notes == []


def test_small_plots_are_not_eligible():
    label, _ = label_of(works(), plots=0.0)
    assert (label["label"], label["rules"]) == ("not_eligible", "plot_area")
    assert "400 m²; 667 m² where started by 2019" in label["reasons"]
    part, _ = label_of(works(), plots=0.25)
    assert (part["label"], part["eligible_ha"]) == ("eligible", 1.0)
    assert part["potential_co2e_t"] == pytest.approx(24.3 / 4.0)


@pytest.mark.parametrize(
    ("rule", "cells", "words"),
    [
        ("species", {"species_group": None}, "species is not known"),
        ("nonforest_years", {"nonforest_years": np.nan, "checked_year": 2021}, "3 at least"),
        ("nonforest_years", {"nonforest_years": np.nan, "checked_year": None}, "3 at least"),
        ("tenure", {"tenure": None}, "tenure"),
        ("wetland", {"is_wetland": None}, "wetland"),
        ("vegetation", {"baseline_t_ha": 0.5}, "20 %"),
        ("vegetation", {"baseline_t_ha": np.nan}, "20 %"),
        ("soil", {"site_preparation": "full"}, "no other disturbance"),
        ("soil", {"site_preparation": None}, "no other disturbance"),
    ],
)
def test_a_missing_answer_leaves_a_work_undetermined_and_is_asked_for(rule, cells, words):
    label, (note,) = label_of(works(**cells))
    assert (label["label"], label["rules"]) == ("undetermined", rule)
    assert words in label["reasons"]
    assert label["potential_co2e_t"] == pytest.approx(24.3)
    assert (note.code, note.rows) == ("ccer_facts_missing", ("a0",))


def test_a_work_without_a_polygon_is_undetermined():
    label, (note,) = label_of(works(), plots=np.nan)
    assert (label["label"], label["rules"], label["eligible_ha"]) == (
        "undetermined",
        "plot_area",
        4.0,
    )
    assert "polygons" in note.fix("en")


def test_an_inventory_of_three_years_before_answers_for_the_ground():
    label, _ = label_of(works(nonforest_years=np.nan, checked_year=2020))
    assert label["label"] == "eligible"
    never = pd.Series([pd.NA], dtype="Int64")
    label, _ = label_of(works(nonforest_years=np.nan, checked_year=never))
    assert label["rules"] == "nonforest_years"
    # what the record says goes before what the inventory shows
    label, _ = label_of(works(nonforest_years=1.0, checked_year=2020))
    assert label["label"] == "not_eligible"


def test_a_planted_reserve_forest_is_afforestation():
    label, _ = label_of(works(project_type="reserve_forest"))
    assert label["label"] == "eligible"


def test_broken_rules_are_named_and_nothing_is_asked_beside_them():
    label, notes = label_of(works(tenure="unclear", is_wetland="yes", site_preparation=None))
    assert label["rules"] == "tenure; wetland"
    assert notes == []


def test_records_that_say_nothing_are_asked_for_everything_in_both_languages():
    bare = works()[["project_id", "project_type", "method", "start_year", "credited_ha"]]
    label, (note,) = label_of(bare, np.nan, "zh")
    assert label["label"] == "undetermined"
    assert label["rules"].split("; ") == RULES[1:]
    assert "请说明土地权属是否清晰" in label["reasons"]
    for field in ("tenure", "is_wetland", "nonforest_years", "site_preparation"):
        assert field in note.fix("en")
        assert field in note.fix()


def test_every_rule_has_its_place_in_the_methodology():
    assert set(RULES) <= set(read_data("ccer_rules.csv")["key"])


def boxes(*sides):
    """Squares of so many metres, apart from each other."""
    parts = []
    for number, side in enumerate(sides):
        west, (east, north) = 105.5 + 0.01 * number, [one * side / 20.0 for one in SIDE_20_M]
        parts.append(shapely.box(west, 29.5, west + east, 29.5 + north))
    return shapely.MultiPolygon(parts)


def test_plots_need_400_square_metres_or_667_before_2020():
    # 25 m x 25 m are 625 m2, 19 m x 19 m are 361 m2, 30 m x 30 m are 900 m2
    ground = gpd.GeoDataFrame({"project_id": list("abcde")}, crs=4490, index=[7, 8, 9, 10, 11],
                              geometry=[boxes(25), boxes(25), boxes(19), boxes(30, 19), None])  # fmt: skip
    start = pd.Series([2024, 2019, 2024, 2024, 2024], index=ground.index)
    share = plot_share(ground, start)
    assert share.index.tolist() == list("abcde")
    assert share.iloc[:3].tolist() == [1.0, 0.0, 0.0]
    assert share["d"] == pytest.approx(900.0 / 1261.0, rel=1e-3)
    assert np.isnan(share["e"])


def test_a_ledger_that_is_missing_leaves_the_credits_missing():
    row = works()
    labels, _ = ccer_labels(row, ledger(row, tree=np.nan), pd.Series({"a0": 1.0}), "en")
    assert labels["potential_co2e_t"].isna().all()
    none, _ = ccer_labels(row, ledger(row).iloc[:0], pd.Series({"a0": 1.0}), "en")
    assert none[["potential_co2e_t", "period_first_year"]].isna().all(axis=None)


def summed(rows, plots=1.0, report_year=2024, **more):
    records = ledger(rows)
    labels, _ = ccer_labels(rows, records, pd.Series(plots, index=rows["project_id"]), "en")
    return credit_summary(labels, records, report_year, **more), records


def test_the_summary_keeps_eligible_and_undetermined_works_apart():
    rows = works(3, tenure=["clear", None, "unclear"])
    summary, _ = summed(rows, [0.5, 1.0, 1.0])
    assert summary["project_type"].tolist() == ["afforestation", "all"]
    for _, row in summary.iterrows():
        assert row[["projects", "eligible_projects", "undetermined_projects"]].tolist() == [3, 1, 1]
        # half of the eligible work lies on small plots, the last work is not eligible at all
        assert row[["eligible_ha", "undetermined_ha", "not_eligible_ha"]].tolist() == [2, 4, 6]
        assert row["eligible_period_co2e_t"] == pytest.approx(24.3 / 2.0)
        assert row["eligible_to_date_co2e_t"] == pytest.approx(16.2 / 2.0)
        assert row["undetermined_period_co2e_t"] == pytest.approx(24.3)
        assert row["undetermined_non_permanence_co2e_t"] == pytest.approx(-2.7)
    assert not [name for name in summary if name.startswith("vcs")]


def test_types_without_eligible_works_have_no_credits_and_the_whole_comes_last():
    rows = works(2, project_type=["shelterbelt", "corridor"])
    summary, _ = summed(rows)
    assert summary["project_type"].tolist() == ["corridor", "shelterbelt", "all"]
    assert summary.set_index("project_type").loc["corridor", "eligible_period_co2e_t"] == 0.0


def test_works_that_start_later_have_nothing_to_date():
    summary, _ = summed(works(), report_year=2022)
    assert summary["eligible_to_date_co2e_t"].tolist() == [0.0, 0.0]


def test_lines_in_the_manner_of_the_vcs_by_hand():
    # three years of 10 t, 1 t leakage, buffer of 20 % of 9 t
    summary, _ = summed(works(), vcs_buffer_pct=20.0)
    lines = summary.filter(like="vcs").iloc[0]
    assert lines.to_numpy().tolist() == pytest.approx([30.0, -3.0, -5.4, 21.6])
    assert list(summary) == list(columns("credit_summary").index)


@hypothesis_settings(max_examples=15, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(["clear", "unclear", None]), st.floats(0.0, 1.0),
                          st.floats(0.1, 50.0)), min_size=1, max_size=5))  # fmt: skip
def test_labels_share_out_all_credited_ground_and_no_credit_is_made(cells):
    tenure, plots, area = (list(one) for one in zip(*cells, strict=True))
    rows = works(len(cells), tenure=tenure, credited_ha=area)
    summary, records = summed(rows, plots, report_year=2030, vcs_buffer_pct=0.0)
    whole = summary.set_index("project_type").loc["all"]
    shared = whole[["eligible_ha", "undetermined_ha", "not_eligible_ha"]].sum()
    assert shared == pytest.approx(sum(area))
    credits_of = whole["eligible_period_co2e_t"] + whole["undetermined_period_co2e_t"]
    assert credits_of <= records["creditable_co2e_t"].sum() + 1e-9
    assert whole["eligible_to_date_co2e_t"] == pytest.approx(whole["eligible_period_co2e_t"])
    assert whole["vcs_net_co2e_t"] == pytest.approx(records["removal_co2e_t"].sum())
    back, _ = summed(rows.iloc[::-1], plots[::-1], report_year=2030, vcs_buffer_pct=0.0)
    pd.testing.assert_frame_equal(summary, back)


def test_a_value_is_the_removal_times_the_price_of_the_user():
    sinks = pd.DataFrame({"project_type": ["all", "corridor"], "basis": "ex_ante", "until_year": 2025,
                          "removal_co2e_t": [100.0, -2.0], "yearly_co2e_t_yr": [10.0, 1.0]})  # fmt: skip
    value = ecosystem_value(sinks, 80.0, "a market")
    assert list(value) == list(columns("ecosystem_value").index)
    assert value["value_cny"].tolist() == [8000.0, -160.0]
    assert value["yearly_value_cny_yr"].tolist() == [800.0, 80.0]
    assert set(value["price_source"]) == {"a market"}


def test_the_input_is_not_changed():
    rows = works(2, tenure=["clear", None])
    records, kept = ledger(rows), rows.copy()
    ccer_labels(rows, records, pd.Series(1.0, index=rows["project_id"]), "en")
    pd.testing.assert_frame_equal(rows, kept)
