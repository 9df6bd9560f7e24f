"""What works bring to the targets of a run, what is missing, and why its figures moved."""

import pytest

from carbon_sink.prospects import look_around


@pytest.fixture(scope="module")
def tables(all_works):
    return all_works.tables


def test_what_is_missing_to_both_targets_is_told_with_what_works_still_bring(all_works, tables):
    gap = tables["target_gap"].set_index(["indicator", "until_year"])
    # 30 000 m3 are planned, 18 865.75 m3 stand
    assert gap.loc[("forest_stock_m3", 2025), "missing_m3"] == pytest.approx(11_134.25)
    land_ha = all_works.content["land_area_ha"]
    value = gap.loc[("forest_coverage_pct", 2025), "value"]
    missing = gap.loc[("forest_coverage_pct", 2025), "missing_ha"]
    assert missing == pytest.approx((90.0 - value) / 100.0 * land_ha)
    assert (gap["verdict"] == "works_fall_short").all()


def test_a_planting_that_the_survey_calls_forest_is_not_to_come_again(tables):
    effects = tables["project_effects"].set_index(["project_type", "year"])
    now = effects.loc[("afforestation", 2025)]
    assert now["closed_ha"] == pytest.approx(4.29888)
    assert now["still_to_come_ha"] == 0.0
    # mine land planted in 2022 closes after five years
    assert effects.loc[("mine_restoration", 2026), "closed_ha"] == 0.0
    assert effects.loc[("mine_restoration", 2027), "still_to_come_ha"] > 4.2


def test_what_is_missing_is_handed_out_to_towns_without_a_remainder(tables):
    handed = tables["town_allocation"].set_index("town_code")
    towns = handed.drop("")
    assert towns["allocated_m3"].sum() == handed.loc["", "allocated_m3"] == 11_134.0
    assert towns["allocated_ha"].sum() == pytest.approx(handed.loc["", "allocated_ha"])


def test_causes_add_up_to_the_change_between_the_surveys(all_works, tables):
    history = {row["year"]: row for row in all_works.content["history"]}
    causes = tables["change_causes"]
    whole = causes[causes["town_code"].eq("")]
    for indicator in ("forest_stock_m3", "forest_area_ha", "carbon_t"):
        change = history[2025][indicator] - history[2020][indicator]
        mine = whole[whole["indicator"].eq(indicator)].set_index("cause")["change"]
        assert mine["total"] == pytest.approx(change)
        assert mine.drop("total").sum() == pytest.approx(change)
    stock = whole[whole["indicator"].eq("forest_stock_m3")].set_index("cause")["change"]
    # the field that A1 planted holds 580.75 m3; the fire took 50 m3
    assert stock[["planting", "fire"]].tolist() == pytest.approx([580.75, -50.0])


def test_without_works_and_inventories_there_are_reasons(works_case):
    case, _ = works_case
    case = case._replace(stands={}, rows={})
    found = look_around(case, None, {})
    assert found.tables == {}
    assert set(found.reasons) == {"candidate_land", "change_causes"}
