"""The sheets of greenhouse gases say signs, units, keys and what they rest on."""

import dataclasses

import openpyxl
import pandas as pd
import pytest
from conftest import FACTS
from test_lucf import events, flow, place

from carbon_sink.crt import crt_tables
from carbon_sink.lucf import ghg_inventory
from carbon_sink.parameters import load_parameters
from carbon_sink.report import write_workbook
from carbon_sink.report.ghg_sheets import ghg_sheets
from carbon_sink.units import CO2_PER_C


@pytest.fixture
def tables():
    return {
        "ghg_inventory": ghg_inventory(place(), events(), "sar"),
        "crt_tables": crt_tables(place(), events(), "sar"),
    }


def sheets(tables, lang="zh"):
    facts = dataclasses.replace(FACTS, language=lang)
    return {one.key: one for one in ghg_sheets(tables, facts, load_parameters("ar_cm_001"))}


def test_the_form_shows_figures_and_keys_in_the_rows_of_the_province(tables):
    sheet = sheets(tables)["ghg_inventory"]
    rows = {row[0].strip("　"): row[1:] for row in sheet.rows}
    assert next(iter(rows)) == "森林和其他木质生物质碳储量变化"
    assert rows["采伐消耗"][0] == pytest.approx(-0.04)  # 2 000 t / 5 yr in 万t C
    assert rows["枯损消耗"][0] == "IE"
    assert rows["森林转化碳排放"][2] == "NE"
    assert sheet.bold == [row[0] in ("森林和其他木质生物质碳储量变化", "森林转化碳排放", "总计")
                          for row in sheet.rows]  # fmt: skip


def test_headings_name_sign_and_unit(tables):
    headings = sheets(tables, "en")["ghg_inventory"].headings
    assert headings[1] == "Change of carbon, gain positive (10⁴ t C/yr)"
    assert headings[2] == "CO₂, emission positive, removal negative (10⁴ t CO₂/yr)"
    assert headings[3] == "Methane emitted (t CH₄/yr)"


def test_every_sheet_says_on_what_it_rests(tables):
    for sheet in sheets(tables).values():
        for words in (
            "2020、2025",
            "林业",
            "活生物量",
            "ar_cm_001",
            "SAR",
            "21",
            "310",
            "IE",
            "NE",
        ):
            assert words in sheet.about, (sheet.key, words)


def test_the_form_tells_what_it_holds_beside_the_removal_of_the_forest(tables):
    # forest: (18 081 - 1 000) t C / 5 yr x 44/12 = 12 526.1; four-side trees gain 100 t on cropland
    # and lose the 150 t on land that is forest later: (100 - 150) / 5 x 44/12 = -36.7
    flows = pd.concat([place(), pd.DataFrame([
        flow("four_side", 150.0, 0.0, ("cropland", "forest"))])])  # fmt: skip
    flows = flows.assign(removal_co2_t_yr=flows["carbon_change_t"] / 5 * CO2_PER_C)
    tables = {"ghg_inventory": ghg_inventory(flows), "carbon_flows": flows}
    about = sheets(tables, "en")["ghg_inventory"].about
    assert "forest) 12,526 + sparse woodland, scattered and four-side trees -37" in about
    assert "total of this table 12,489" in about
    assert "held 150 t C" in about
    about = sheets(tables)["ghg_inventory"].about
    assert "12,526 ＋ 疏林、散生木、四旁树 -37 ＝ 本表总计 12,489" in about
    assert "共 150 t C" in about
    plain = tables | {"carbon_flows": flows.iloc[:-1]}
    assert "归类变化" not in sheets(plain)["ghg_inventory"].about


def test_the_common_tables_are_laid_out_one_below_the_other(tables):
    found = sheets(tables, "en")
    summary = found["crt_summary"]
    assert [row[0] for row in summary.rows] == ["4", *(f"4.{one}" for one in "ABCDEFG")]
    assert [block.about.split(" (")[0] for block in summary.below] == [
        "Table 4.1 land transition matrix", "Table 4(V) biomass burning"]  # fmt: skip
    land = [found["crt_land"], *found["crt_land"].below]
    assert [row[1] for row in land[0].rows][:4] == [
        "Forest land", "Forest land remaining Forest land", "Land converted to Forest land",
        "Cropland converted to Forest land"]  # fmt: skip
    assert len(land) == 6


def test_without_two_dates_there_is_no_sheet():
    assert sheets({}) == {}


def test_figures_are_numbers_in_the_workbook_and_keys_are_text(tables, tmp_path):
    path = tmp_path / "a.xlsx"
    write_workbook(path, tables, FACTS, load_parameters("ar_cm_001"))
    page = openpyxl.load_workbook(path)["温室气体清单"]
    rows = {str(row[0].value).strip("　"): row for row in page.iter_rows()}
    assert isinstance(rows["总计"][1].value, float)
    assert rows["枯损消耗"][1].value == "IE"
