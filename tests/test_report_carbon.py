"""The sheets of carbon accounting: only what there is, the whole place, words and no codes."""

import dataclasses
import re

import pytest
from conftest import FACTS

from carbon_sink.report.carbon_sheets import SHEETS, carbon_sheets

# sheets whose cells name equations by their numbers
WITH_NUMBERS = {"carbon_crosschecks": re.compile(r"(D|D2H|fang\w+)[-/]\w+")}


def sheets(tables, lang="zh"):
    facts = dataclasses.replace(FACTS, language=lang)
    return {sheet.key: sheet for sheet in carbon_sheets(tables, facts)}


@pytest.fixture(scope="module")
def tables(all_accounts, brought_forward):
    return all_accounts.tables | {"growth_update": brought_forward.tables["growth_update"]}


def test_a_sheet_is_shown_only_where_there_are_rows(tables):
    assert sheets({}) == {}
    assert set(sheets({"outlook": tables["outlook"].head(0), "growth_update": tables["growth_update"]})
               ) == {"growth_update"}  # fmt: skip
    shown = list(sheets(tables))
    assert shown == [name for name in SHEETS if name not in ("outlook_difference", "cbm_comparison",
                                                             "recalculation")]  # fmt: skip
    assert all(sheet.rows for sheet in sheets(tables).values())


def test_towns_and_single_species_are_left_to_the_csv_files(tables):
    flows = tables["carbon_flows"]
    of_place = flows[flows["town_code"].eq("")]
    assert len(of_place) < len(flows), "towns are in the table"
    alone = sheets(tables | {"carbon_flows": of_place})["carbon_flows"]
    # as texts, since cells without a figure do not equal themselves
    assert str(sheets(tables)["carbon_flows"].rows) == str(alone.rows)
    balance = tables["carbon_balance"]
    shown = sheets(tables)["carbon_balance"]
    assert len(shown.rows) == balance["species_group"].eq("").sum() < len(balance)


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_no_sheet_shows_a_code_or_a_key(tables, lang):
    for key, sheet in sheets(tables, lang).items():
        texts = [cell for row in [sheet.headings, *sheet.rows] for cell in row
                 if isinstance(cell, str)]  # fmt: skip
        raw = [one for one in texts if re.search(r"[a-z]_[a-z]|^report\.|^part\.", one)]
        assert [one for one in raw if not WITH_NUMBERS.get(key, re.compile("(?!)")).fullmatch(one)
                ] == [], key  # fmt: skip
        assert sheet.about
        assert "report.about" not in sheet.about


def test_every_column_has_one_cell_per_row_and_one_unit(tables):
    for key, sheet in sheets(tables).items():
        assert {len(row) for row in sheet.rows} == {len(sheet.headings)} == {len(sheet.units)}, key
