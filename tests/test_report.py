"""The workbook, the CSV tables and the JSON of a run."""

import dataclasses
import json
import zipfile
from datetime import UTC, datetime

import numpy as np
import openpyxl
import pandas as pd
import pytest
from conftest import FACTS

from carbon_sink.language import text
from carbon_sink.report import write_indicators, write_tables, write_workbook
from carbon_sink.report.layout import table_sheet
from carbon_sink.report.sheets import _met_in_words, sheets_of
from carbon_sink.report.workbook import _width
from carbon_sink.tables import columns

FORMULA = '=HYPERLINK("http://example.org","x")'
FACTS = dataclasses.replace(FACTS, four_side_rule="crown_cover", unverified=2)


def summary_rows():
    """Two towns and the whole place, two years; round numbers with long tails."""
    rows = []
    for year, extra in ((2020, 0.0), (2025, 10.0)):
        for code, name, stock in (
            ("050015301", "甲镇", 1000.126),
            ("050015302", FORMULA, 2000.5),
            ("", "示例区", 3000.626),
        ):
            rows.append(
                {
                    "year": year,
                    "town_code": code,
                    "town_name": name,
                    "land_area_ha": 500.0,
                    "forest_area_ha": 123.456,
                    "forest_coverage_pct": 24.6912,
                    "forest_stock_m3": stock + extra,
                    "removal_co2_t_yr": np.nan,
                }
            )
    return pd.DataFrame(rows).reindex(columns=list(columns("town_summary").index))


def indicator_rows():
    rows = [
        {
            "indicator": "forest_stock_m3", "name": "森林蓄积量", "unit": "万m3", "value": 84.5,
            "base_year": 2020, "base_value": 84.08, "target_year": 2025, "target_value": 90.0,
            "kind": "reach", "met": False, "done_pct": 7.0945, "gap": 5.5, "source": "-规划",
        },
        {
            "indicator": "carbon_t", "name": "森林碳储量（碳）", "unit": "t", "value": 312345.678,
            "met": None,
        },
        {
            "indicator": "urban_green_coverage_pct", "name": "绿化", "unit": "%", "value": np.nan,
            "reason": "没有公布值",
        },
    ]  # fmt: skip
    return pd.DataFrame(rows).reindex(columns=list(columns("indicators").index))


@pytest.fixture
def tables():
    parts = [("arbor", 100.0, 20.0), ("bamboo", 23.456, 4.6912), ("total", 123.456, 24.6912)]
    return {
        "town_summary": summary_rows(),
        "indicators": indicator_rows(),
        "coverage_parts": pd.DataFrame(
            [(2025, "forestry", *part) for part in parts],
            columns=["year", "rule", "part", "area_ha", "share_pct"],
        ),
        "plan_quantities": pd.DataFrame(
            [("forest_quantity", "afforestation", 3, 10.0, 9.0, np.nan, 135.0, 150.0, np.nan, 90.0),
             (None, "greening", 1, 5.0, 1.0, 1.0, 15.0, 75.0, 15.0, np.nan)],
            columns=list(columns("plan_quantities").index),
        ),
        "absent": pd.DataFrame({"item": ["sinks"], "reason": ["@需要生长模型"]}),
        "notes": pd.DataFrame(columns=list(columns("notes").index)),
    }  # fmt: skip


@pytest.fixture
def parameters():
    return pd.DataFrame(
        {
            "set": ["ar_cm_001"],
            "species_group": ["masson_pine"],
            "name_zh": ["马尾松"],
            "parameter": ["bef"],
            "value": [1.472],
            "unit": ["1"],
            "source": ["ar_cm_001_v01"],
            "locator": ["+table 3"],
            "confidence": ["well_known"],
            "note": [""],
        }
    )


@pytest.fixture
def book(tables, parameters, tmp_path):
    write_workbook(tmp_path / "a.xlsx", tables, FACTS, parameters)
    return openpyxl.load_workbook(tmp_path / "a.xlsx")


def below_head(sheet):
    """Return the rows of a sheet below its heading lines, as dicts by heading."""
    rows = list(sheet.iter_rows(values_only=True))
    first = sheet.print_title_rows.split(":")[0].strip("$")
    headings = rows[int(first) - 1]
    return [dict(zip(headings, row, strict=True)) for row in rows[int(first) :]]


# ------------------------------------------------------------------------------- workbook


def test_a_sheet_for_every_table_that_is_there_and_none_for_others(book):
    assert book.sheetnames == [
        "指标", "乡镇", "乡镇变化", "乡镇（往年）", "覆盖率组成", "规划任务", "未计算项", "参数", "说明",
    ]  # fmt: skip


def test_no_cell_is_a_formula_or_a_link(book, tmp_path):
    for sheet in book:
        for row in sheet.iter_rows():
            assert {cell.data_type for cell in row} <= {"s", "n"}
            assert not any(cell.hyperlink for cell in row)
    with zipfile.ZipFile(tmp_path / "a.xlsx") as file:
        for name in file.namelist():
            assert b"<f>" not in file.read(name)
    assert below_head(book["乡镇"])[1]["乡镇名称"] == FORMULA


def test_cells_hold_the_full_numbers_and_formats_follow_the_unit(book):
    rows = below_head(book["乡镇"])
    assert [row["森林蓄积量（m3）"] for row in rows] == [1010.126, 2010.5, 3010.626]
    assert rows[0]["森林覆盖率（%）"] == 24.6912
    formats = {cell.value: cell.number_format for cell in book["乡镇"][5]}
    assert formats[1010.126] == "#,##0"
    assert formats[24.6912] == "#,##0.00"


def test_the_total_is_the_row_of_the_table_and_stands_out(book):
    sheet = book["乡镇"]
    last = sheet.max_row
    assert sheet.cell(last, 2).value == "示例区"
    assert sheet.cell(last, 8).value is None or sheet.cell(last, 1).font.bold
    assert below_head(sheet)[-1]["森林蓄积量（m3）"] == 3010.626


def test_codes_keep_their_leading_zeros(book):
    assert below_head(book["乡镇"])[0]["乡镇代码"] == "050015301"


def test_earlier_years_have_their_own_sheet(book):
    assert {row["年度"] for row in below_head(book["乡镇（往年）"])} == {2020}


def test_changes_since_the_base_year_are_laid_out_by_town(book):
    first, _, whole = below_head(book["乡镇变化"])
    assert first["森林蓄积量（m3） 2020 年"] == 1000.126
    assert first["森林蓄积量（m3） 2025 年"] == 1010.126
    assert first["森林蓄积量（m3） 变化"] == pytest.approx(10.0)
    assert whole["乡镇名称"] == "示例区"
    assert "森林碳储量（t） 变化" not in first


def test_what_was_not_computed_is_named(book):
    (row,) = below_head(book["未计算项"])
    assert row == {"项目": "各类工程的碳汇", "原因": "@需要生长模型"}


def test_indicators_are_met_in_words_and_in_their_own_units(book):
    stock, carbon, green = below_head(book["指标"])
    assert (stock["指标"], stock["单位"], stock["现状值"]) == ("森林蓄积量", "万m3", 84.5)
    assert stock["是否达标"] == "✗ 未达标"
    assert not carbon["是否达标"], "nothing to meet without a target"
    assert (stock["目标类型"], stock["增量完成比例（%）"]) == ("达到", 7.0945)
    assert (green["现状值"], green["说明"]) == (None, "没有公布值")
    formats = {cell.value: cell.number_format for row in book["指标"].iter_rows() for cell in row}
    assert formats[84.5] == "#,##0.00"
    assert formats[312345.678] == "#,##0"


def test_a_target_without_a_value_cannot_be_judged():
    assert _met_in_words(None, "zh") == "— 无法判定"
    assert _met_in_words(float("nan"), "en") == text("report.met.unknown", "en")


def test_the_first_sheet_states_rule_denominator_and_confidence(book):
    lines = [book["指标"].cell(row, 1).value for row in range(1, 8)]
    assert lines[0] == FACTS.title
    assert any("示例数据（合成）" in line for line in lines)
    assert any("林业口径" in line and "行政界线的椭球面积" in line for line in lines)
    assert any("2 项未经核实" in line for line in lines)


def test_every_sheet_says_that_the_data_are_generated(book):
    for sheet in book:
        first = [sheet.cell(row, 1).value for row in range(1, 4)]
        assert any("示例数据（合成）" in str(line) for line in first)
        assert "示例数据（合成）" in sheet.oddFooter.left.text


def test_real_data_carry_no_notice_and_english_is_english(tables, parameters, tmp_path):
    facts = dataclasses.replace(FACTS, synthetic=False, unverified=0, language="en")
    write_workbook(tmp_path / "a.xlsx", tables, facts, parameters)
    book = openpyxl.load_workbook(tmp_path / "a.xlsx")
    assert book.sheetnames[:2] == ["Indicators", "Towns"]
    texts = [str(cell.value) for row in book["Indicators"].iter_rows() for cell in row]
    assert not any("SYNTHETIC" in one or "not verified" in one for one in texts)
    assert "Target" in texts


def test_parameters_show_source_and_confidence_in_words(book):
    (row,) = below_head(book["参数"])
    assert (row["对象"], row["数值"], row["可信度"]) == ("马尾松", 1.472, "通行值（未核实）")
    assert row["出处"] == "+table 3"


def test_parameters_keep_the_code_that_joins_them_to_the_stands_and_the_formula(tables, parameters):
    (sheet,) = [one for one in sheets_of(tables, FACTS, parameters) if one.key == "parameters"]
    codes = [row[sheet.headings.index("代码 species_group")] for row in sheet.rows]
    assert codes == parameters["species_group"].tolist()
    assert "C = V × D × BEF × (1 + R) × CF" in sheet.about


def test_a_unit_fits_its_column_unbroken_and_scenarios_are_headed_so():
    # a wide glyph takes two places: ( 万 t space CO2 / y r ) are 2 + 2 + 9 + 2 and two to spare
    assert _width("碳（万t CO2/yr）", [], "") >= 15
    table = pd.DataFrame({"scenario": ["a"], "scenario_zh": ["甲"], "scenario_en": ["A"]})
    sheet = table_sheet("outlook", "outlook", table, "en")
    assert (sheet.headings, sheet.rows) == (["Scenario"], [["A"]])


def test_codes_of_tables_are_shown_by_their_names(book):
    assert [row["规划任务"] for row in below_head(book["规划任务"])] == [
        "新增森林面积", "不计入规划任务",
    ]  # fmt: skip
    assert [row["项目类型"] for row in below_head(book["规划任务"])] == ["造林", "城乡绿化"]
    assert below_head(book["覆盖率组成"])[-1]["组成"] == "合计"


def test_pages_print_on_a4_or_wide_ones_on_a3_across_with_headings_and_numbers(book):
    for sheet in book:
        assert sheet.page_setup.orientation == "landscape"
        # neighbors of one width are one entry; the file adds 5 pixels of 7 to each column
        width = sum((c.width - 5 / 7) * (c.max - c.min + 1)
                    for c in sheet.column_dimensions.values())  # fmt: skip
        assert sheet.page_setup.paperSize == (8 if width > 175.5 else 9), (sheet.title, width)
        assert sheet.page_setup.fitToHeight == 0
        assert sheet.print_title_rows is not None
        assert sheet.freeze_panes is not None
        assert sheet.oddFooter.right.text == "第 &P 页　共 &N 页"


def test_the_same_tables_give_the_same_workbook(tables, parameters, tmp_path):
    for name in "ab":
        write_workbook(tmp_path / f"{name}.xlsx", tables, FACTS, parameters)
    assert (tmp_path / "a.xlsx").read_bytes() == (tmp_path / "b.xlsx").read_bytes()


def test_a_run_without_results_still_gives_a_workbook(parameters, tmp_path):
    write_workbook(tmp_path / "a.xlsx", {}, FACTS, parameters.head(0))
    assert openpyxl.load_workbook(tmp_path / "a.xlsx").sheetnames == ["说明"]


# ------------------------------------------------------------------------------- CSV


def test_a_table_read_again_equals_what_was_written(tables, tmp_path):
    write_tables(tmp_path, tables)
    before = tables["coverage_parts"]
    pd.testing.assert_frame_equal(pd.read_csv(tmp_path / "coverage_parts.csv"), before)
    again = pd.read_csv(tmp_path / "town_summary.csv", dtype={"town_code": str})
    numbers = ["forest_stock_m3", "forest_coverage_pct", "removal_co2_t_yr"]
    pd.testing.assert_frame_equal(again[numbers], tables["town_summary"][numbers])
    assert again["town_code"].iloc[0] == "050015301"


def test_csv_files_open_in_office_programs(tables, tmp_path):
    write_tables(tmp_path, tables)
    written = (tmp_path / "indicators.csv").read_bytes()
    assert written.startswith(b"\xef\xbb\xbf")
    assert written.count(b"\n") == written.count(b"\r\n") == 4
    assert b",2020,84.08,2025,90.0," in written


@pytest.mark.parametrize("kind", ["str", "string", "object", "category"])
def test_only_texts_that_look_like_formulas_get_an_apostrophe(tmp_path, kind):
    table = pd.DataFrame(
        {
            "text": pd.Series(["=1+1", "+x", "-x", "@x", "\tx", "甲镇", "a=b", None], dtype=kind),
            "number": [-1.5, 2.0, -3.0, 4.0, 5.0, np.nan, 7.0, 8.0],
        }
    )
    write_tables(tmp_path, {"own": table})
    again = pd.read_csv(tmp_path / "own.csv")
    assert again["text"].tolist()[:7] == ["'=1+1", "'+x", "'-x", "'@x", "'\tx", "甲镇", "a=b"]
    assert pd.isna(again["text"].iloc[7])
    assert again["number"].iloc[0] == -1.5
    assert np.isnan(again["number"].iloc[5])


def test_the_dictionary_lists_every_field_of_every_table(tables, tmp_path):
    write_tables(tmp_path, tables)
    fields = pd.read_csv(tmp_path / "字段说明.csv", keep_default_na=False)
    assert list(fields.columns) == ["表", "字段", "中文名", "英文名", "单位", "说明"]
    for name, table in tables.items():
        assert fields.loc[fields["表"] == name, "字段"].tolist() == list(table.columns)
    (stock,) = fields[fields["字段"] == "forest_stock_m3"].to_dict("records")
    assert (stock["中文名"], stock["单位"]) == ("森林蓄积量", "m3")


def test_the_tables_stay_as_they_were(tables, parameters, tmp_path):
    before = {name: table.copy() for name, table in tables.items()}
    write_tables(tmp_path, tables)
    write_workbook(tmp_path / "a.xlsx", tables, FACTS, parameters)
    for name, table in tables.items():
        pd.testing.assert_frame_equal(before[name], table)


# ------------------------------------------------------------------------------- JSON


def test_missing_numbers_are_null_and_keys_keep_their_order(tmp_path):
    content = {
        "place": "示例区",
        "value": np.float64(1.5),
        "missing": float("nan"),
        "none": pd.NA,
        "count": np.int64(3),
        "met": np.bool_(True),
        "list": [np.nan, {"years": np.array([2020, 2025])}],
        "at": datetime(2025, 1, 1, tzinfo=UTC),
    }
    write_indicators(tmp_path / "a.json", content)
    written = (tmp_path / "a.json").read_text(encoding="utf-8")
    again = json.loads(written)
    assert list(again) == list(content)
    assert (again["value"], again["missing"], again["none"]) == (1.5, None, None)
    assert (again["count"], again["met"]) == (3, True)
    assert again["list"] == [None, {"years": [2020, 2025]}]
    assert again["at"] == "2025-01-01T00:00:00+00:00"
    assert '"place": "示例区"' in written
    assert "NaN" not in written
