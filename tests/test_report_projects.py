"""Sheets of works: every answer has its place, codes are words, and nothing is added twice."""

import dataclasses

import pytest
from conftest import FACTS

from carbon_sink.report.project_sheets import project_sheets
from carbon_sink.report.sheets import sheets_of


@pytest.fixture(scope="module")
def sheets(all_works):
    return {one.key: one for one in project_sheets(all_works.tables, all_works.facts)}


def blocks(sheet):
    return [sheet, *sheet.below]


def words(sheet):
    return [cell for one in blocks(sheet) for row in one.rows for cell in row
            if isinstance(cell, str)]  # fmt: skip


def test_every_table_of_works_has_a_sheet(sheets):
    assert {
        "project_sinks", "project_results", "project_towns", "project_ledger_totals",
        "project_deductions", "project_verification", "project_monitoring", "four_side_area",
        "target_gap", "change_causes", "ccer_labels", "credit_summary", "ecosystem_value",
    } <= {name for one in sheets.values() for name in (one.key, *_tables(one))}  # fmt: skip


def _tables(sheet):
    return [one.key for one in sheet.below]


def test_what_is_expected_and_what_was_measured_stand_in_tables_of_their_own(sheets, all_works):
    titles = [one.about for one in blocks(sheets["project_sinks"])]
    assert sum("事前估算" in one for one in titles) >= 3
    assert sum("事后监测" in one for one in titles[1:]) == 1
    assert "不与事前估算相加" in titles[-1]


def test_codes_are_words_in_both_languages(all_works):
    for lang, kind, verdict in (
        ("zh", "河流廊道", "年限未到"),
        ("en", "River corridor", "Too young"),
    ):
        facts = dataclasses.replace(all_works.facts, language=lang)
        shown = [cell for one in project_sheets(all_works.tables, facts) for cell in words(one)]
        assert kind in shown
        assert verdict in shown
        codes = {"corridor", "too_young", "ex_ante", "ex_post", "not_eligible",
                 "inventory_forest", "four_side_repeated", "reclassification"}  # fmt: skip
        assert codes & set(shown) == set()


def test_what_is_unknown_is_an_empty_cell_and_no_zero(sheets):
    first = blocks(sheets["project_sinks"])[0]
    place = next(n for n, name in enumerate(first.headings) if "累计" in name)
    row = next(row for row in first.rows if row[0] == "城乡绿化")
    assert row[place] is None or row[place] != row[place]


def test_a_run_without_works_has_none_of_these_sheets():
    assert project_sheets({}, FACTS) == []


def test_the_workbook_holds_them_between_the_plan_and_land_cover(all_works):
    keys = [one.key for one in sheets_of(all_works.tables, all_works.facts, all_works.parameters)]
    assert keys.index("project_sinks") < keys.index("landcover_area")
    assert len(keys) == len(set(keys))
