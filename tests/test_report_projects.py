"""The sheets of works: forecasts and measurements apart, words and no codes, nothing hidden."""

import dataclasses
import re

import numpy as np
import openpyxl
import pandas as pd
import pytest
from conftest import FACTS

from carbon_sink.language import text
from carbon_sink.report import write_workbook
from carbon_sink.report.project_sheets import LEAST_TAKEN_HA, MAKERS, project_sheets
from carbon_sink.tables import columns

KEY = re.compile(r"[a-z]_[a-z]|^(report|project|verdict|room|gap|side)\.")


def rows(name, /, *lines, **shared):
    """Lay out lines of a table with the columns of its contract that they name."""
    table = pd.DataFrame([shared | line for line in lines])
    return table[[one for one in columns(name).index if one in table]]


def sinks():
    """Two types, two years ahead; the forecast brings 10 and 30 t, the surveys found 7 t."""
    shared = {"projects": 1, "credited_ha": 2.0, "yearly_co2e_t_yr": 1234.0}
    ahead = [
        {"project_type": kind, "basis": "ex_ante", "until_year": year, "removal_co2e_t": tonnes,
         "low_co2e_t": tonnes - 1.0, "high_co2e_t": tonnes + 1.0}
        for year in (2025, 2060)
        for kind, tonnes in (("afforestation", 10.0), ("mine_restoration", 30.0), ("all", 40.0))
    ]  # fmt: skip
    measured = {"project_type": "mine_restoration", "basis": "ex_post", "until_year": 2025,
                "removal_co2e_t": 7.0, "yearly_co2e_t_yr": np.nan}  # fmt: skip
    return rows("project_sinks", *ahead, measured, measured | {"project_type": "all"}, **shared)


def verification():
    shared = {"project_type": "afforestation", "town_code": "", "start_year": 2022,
              "credited_ha": 3.0, "seen_pct": 95.0, "evidence": "both"}  # fmt: skip
    return rows(
        "project_verification",
        {"project_id": "A", "verdict": "verified", "reason": "trees_seen"},
        {"project_id": "B", "verdict": "not_seen", "reason": "trees_missing"},
        {"project_id": "C", "verdict": "verified", "reason": "trees_seen"},
        **shared,
    )


def monitoring():
    shared = {"project_type": "afforestation", "year_before": 2020, "year_after": 2025,
              "forest_before_ha": 0.0, "forest_after_ha": 1.0, "is_attributable": True}  # fmt: skip
    return rows(
        "project_monitoring",
        {"project_id": "A", "ground_ha": 1.0, "removal_co2_t": 4.0, "in_inventory": "yes"},
        {"project_id": "B", "ground_ha": 2.0, "removal_co2_t": 5.0, "in_inventory": "yes"},
        {"project_id": "C", "ground_ha": 4.0, "removal_co2_t": 0.0, "in_inventory": "no"},
        **shared,
    )


def deductions():
    shared = {"project_type": "afforestation", "other_id": "", "is_taken_off": True}
    return rows(
        "project_deductions",
        {"project_id": "A", "reason": "project", "other_id": "Z", "area_ha": 2.0,
         "removal_co2e_t": 100.0},
        {"project_id": "B", "reason": "project", "other_id": "Z", "area_ha": 3.0,
         "removal_co2e_t": 50.0},
        {"project_id": "B", "reason": "outside_place", "area_ha": LEAST_TAKEN_HA / 2.0,
         "removal_co2e_t": 0.1},
        {"project_id": "C", "reason": "land_cover_trees", "area_ha": 9.0, "removal_co2e_t": 7.0,
         "is_taken_off": False},
        **shared,
    )  # fmt: skip


def gap():
    shared = {"indicator": "forest_stock_m3", "name": "森林蓄积量", "unit": "万m3",
              "target_year": 2027, "target_value": 90.0, "year": 2025, "value": 84.0,
              "value_source": "", "missing": 6.0, "missing_m3": 60_000.0,
              "verdict": "works_fall_short", "needed_m3_yr": 1.0}  # fmt: skip
    return rows(
        "target_gap",
        {"until_year": 2035, "works_bring_m3": 5.0, "left_m3": 59_995.0},
        {"until_year": 2060, "works_bring_m3": 9.0, "left_m3": 59_991.0},
        **shared,
    ).reindex(columns=columns("target_gap").index)


def candidate_land():
    return rows(
        "candidate_land",
        *({"town_code": town, "town_name": town or "示例区", "kind": kind, "area_ha": area,
           "rank": 1.0 if town else np.nan, "room_ha": area, "room_mu": 15.0 * area}
          for town in ("050015301", "")
          for kind, area in (("suitable", 2.0), ("unused", 1.0), ("total", 3.0))),
        basis="inventory",
    )  # fmt: skip


@pytest.fixture
def tables():
    types = ("afforestation", "mine_restoration")
    ledger = rows(
        "project_ledger_totals",
        *({"project_type": kind, "year": year, "removal_co2e_t": 1.0, "tree_co2_t": 1.0}
          for kind in (*types, "all") for year in (2024, 2025)),
        projects=1, credited_ha=2.0,
    )  # fmt: skip
    results = rows(
        "project_results",
        {"project_id": "A", "project_type": "afforestation", "label": "eligible"},
        {"project_id": "B", "project_type": "four_side", "living_trees": 12.0, "label": None},
        plan_item="forest_quantity", town_code="050015301", town_name="甲镇", start_year=2022,
        status="done", species_group="cypress", credited_ha=2.5, to_date_co2e_t=-3.0,
        yearly_co2e_t_yr=1.0, to_horizon_co2e_t=9.0, horizon_year=2060, in_inventory="partly",
        verdict="too_young", seen_pct=50.0,
    )  # fmt: skip
    effects = rows(
        "project_effects",
        *({"project_type": kind, "year": year, "closed_ha": 1.0}
          for year in range(2024, 2071) for kind in (*types, "all")),
        stock_unknown_ha=0.0, in_inventory_ha=0.0, still_to_come_ha=1.0,
    )  # fmt: skip
    causes = rows(
        "change_causes",
        *({"town_code": town, "town_name": town, "indicator": name, "name_zh": zh, "name_en": en,
           "unit": unit, "cause": cause, "change": 1.25}
          for town in ("", "050015301")
          for name, zh, en, unit in (("forest_area_ha", "森林面积", "Forest area", "ha"),
                                     ("carbon_t", "碳储量", "Carbon", "t"))
          for cause in ("growth", "pest", "total")),
        year_before=2020, year_after=2025, value_before=8.0, change_pct=1.0,
    )  # fmt: skip
    labels = rows(
        "ccer_labels",
        *({"project_id": f"{label[0]}{k}", "label": label} for k in (1, 2)
          for label in ("not_eligible", "eligible", "undetermined")),
        project_type="afforestation", rules="plot_area", reasons="理由 reason", credited_ha=1.0,
        eligible_ha=1.0, potential_co2e_t=5.0,
    )  # fmt: skip
    summary = rows(
        "credit_summary",
        *({"project_type": kind} for kind in ("afforestation", "all")),
        projects=2, eligible_projects=1, eligible_ha=3.0, eligible_to_date_co2e_t=4.0,
        vcs_net_co2e_t=5.0,
    )  # fmt: skip
    visits = rows(
        "project_visits",
        {"rank": 1, "project_id": "B", "project_name": "乙", "project_type": "afforestation",
         "town_code": "1", "town_name": "甲镇", "start_year": 2022, "verdict": "not_seen",
         "reason": "trees_missing", "unseen_ha": 3.0, "lon_deg": 105.5, "lat_deg": 29.5},
    )  # fmt: skip
    four_side = rows(
        "four_side_area",
        *({"side": side, "records": 1} for side in ("宅", "水", "all")),
        tree_count=10.0, living_trees=9.0, area_by_trees_ha=0.01, area_by_trees_mu=0.15,
        crown_records=0,
    )  # fmt: skip
    values = sinks().drop(columns=["projects", "credited_ha", "low_co2e_t", "high_co2e_t"])
    values = values.assign(price_cny_per_t_co2e=80.0, value_cny=1.0, price_source="某文件")
    return {
        "project_sinks": sinks(), "project_results": results, "project_ledger_totals": ledger,
        "project_towns": rows("project_towns",
                              {"town_code": "", "town_name": "示例区", "projects": 2,
                               "project_type": "afforestation", "done_ha": 1.0}),
        "project_deductions": deductions(), "project_verification": verification(),
        "project_visits": visits, "project_monitoring": monitoring(),
        "four_side_area": four_side,
        "four_side_trees": rows("four_side_trees",
                                {"side": "宅", "species_group": "cypress", "name_zh": "柏木",
                                 "records": 1, "trees": 10.0, "living_trees": 9.0}),
        "improvement_evidence": rows("improvement_evidence",
                                     {"species_group": "cypress", "treated_stands": 4}),
        "target_gap": gap(), "project_effects": effects, "candidate_land": candidate_land(),
        "town_allocation": rows("town_allocation",
                                {"town_code": "", "town_name": "示例区", "allocated_ha": 3.0}),
        "change_causes": causes, "credit_summary": summary, "ccer_labels": labels,
        "ecosystem_value": values,
    }  # fmt: skip


def sheets(tables, lang="zh"):
    facts = dataclasses.replace(FACTS, language=lang)
    return {sheet.key: sheet for sheet in project_sheets(tables, facts)}


def blocks(sheet):
    return [sheet, *sheet.below]


def cells(sheet, heading):
    """Return the column whose heading begins so."""
    place = next(k for k, one in enumerate(sheet.headings) if one.startswith(heading))
    return [row[place] for row in sheet.rows]


def test_every_table_of_works_has_its_sheet_and_none_appears_without_rows(tables):
    assert list(sheets(tables)) == list(MAKERS)
    assert sheets({}) == {}
    assert sheets({name: table.head(0) for name, table in tables.items()}) == {}


@pytest.mark.parametrize("missing", ["target_gap", "project_effects", "candidate_land",
                                     "town_allocation", "project_monitoring", "project_visits",
                                     "credit_summary", "project_sinks"])  # fmt: skip
def test_a_sheet_stands_without_the_tables_that_a_run_could_not_make(tables, missing):
    found = sheets({name: table for name, table in tables.items() if name != missing})
    lost = {"credit_summary", "project_sinks", "project_monitoring"} & {missing}
    assert list(found) == [key for key in MAKERS if key not in lost]


def test_forecast_and_measurement_stand_in_tables_of_their_own_and_are_never_summed(tables):
    parts = blocks(sheets(tables)["project_sinks"])
    assert [len(part.rows) for part in parts] == [3, 3, 2]
    assert [re.findall(r"事前估算|事后监测", part.about.splitlines()[-1])[0] for part in parts] == [
        "事前估算", "事前估算", "事后监测",
    ]  # fmt: skip
    shown = [cells(part, "自实施起累计净碳汇") for part in parts]
    assert shown == [[10.0, 30.0, 40.0], [10.0, 30.0, 40.0], [7.0, 7.0]]
    # 40 t of the forecast and 7 t that were measured are 47 t nowhere
    assert 47.0 not in [cell for part in parts for row in part.rows for cell in row]
    assert "不能相加" in parts[0].about


def test_the_sum_over_all_types_is_named_so_and_stands_out(tables):
    first = sheets(tables)["project_sinks"]
    assert cells(first, "项目类型") == ["造林", "矿山废弃地修复", "合计"]
    assert first.bold == [False, False, True]
    assert sheets(tables)["change_causes"].bold == [False, False, True] * 2
    assert sheets(tables)["four_side_area"].bold == [False, False, True]


def test_the_ledger_begins_with_all_types_together(tables):
    shown = sheets(tables)["project_ledger_totals"]
    assert cells(shown, "项目类型") == ["合计"] * 2 + ["造林"] * 2 + ["矿山废弃地修复"] * 2


def test_ground_taken_off_is_summed_by_reason_and_slivers_are_left_to_the_csv_file(tables):
    shown = sheets(tables)["project_deductions"]
    # 2 ha of A and 3 ha of B belong to another work; the sliver outside is no row
    assert cells(shown, "扣除原因") == ["属于另一工程", "实施前已有树木覆盖（土地覆盖）"]
    assert cells(shown, "是否扣除") == ["是", "否"]
    assert cells(shown, "项目数") == [2, 1]
    assert cells(shown, "面积") == [5.0, 9.0]
    assert cells(shown, "扣除的净碳汇") == [150.0, 7.0]
    # what is taken off comes before what is only told, the largest first
    assert cells(sheets(tables)["project_pieces"], "面积") == [3.0, 2.0, 9.0]


def test_works_are_counted_by_verdict_and_by_whether_the_inventory_holds_them(tables):
    verdicts, held, visits = blocks(sheets(tables)["project_verification"])
    assert verdicts.headings == ["项目类型", "已核实", "未见", "项目数"]
    assert verdicts.rows == [["造林", 2, 1, 3], ["合计", 2, 1, 3]]
    assert verdicts.bold == [False, True]
    assert cells(held, "是否已计入资源清查") == ["否", "是"]
    assert cells(held, "项目数") == [1, 2]
    assert cells(held, "两期间吸收量") == [0.0, 9.0]  # 4 + 5 t
    assert cells(visits, "待核实面积") == [3.0]


def test_a_work_without_a_town_is_no_total(tables):
    assert sheets(tables)["project_verdicts"].bold == [False] * 3


def test_targets_show_what_is_missing_once_and_works_of_named_years_only(tables):
    now, ahead, effects = blocks(sheets(tables)["target_gap"])
    assert cells(now, "尚缺") == [6.0]
    assert cells(now, "结论") == ["已登记项目不足以补足"]
    assert cells(ahead, "至年度") == [2035.0, 2060.0]
    # the report year, the years of the gap, and the last year of the table
    assert sorted(set(cells(effects, "年度"))) == [2025, 2035, 2060, 2070]
    units = dict(zip(now.headings, now.units, strict=True))
    assert units["目标值"] == units["现状值"] == units["尚缺"] == "row"


def test_room_is_shown_by_kind_for_the_place_and_in_sum_for_towns(tables):
    _, kinds, towns = blocks(sheets(tables)["candidate_land"])
    assert cells(kinds, "土地种类") == ["宜林地", "未利用地", "合计"]
    assert kinds.about.endswith("资源清查")
    assert cells(towns, "可造林潜力面积") == [3.0]


def test_causes_are_those_of_the_whole_place_each_in_its_unit(tables):
    shown = sheets(tables)["change_causes"]
    assert len(shown.rows) == 6 < len(tables["change_causes"])
    assert cells(shown, "单位") == ["ha"] * 3 + ["t"] * 3
    assert dict(zip(shown.headings, shown.units, strict=True))["变化（增加为正）"] == "row"


def test_labels_come_in_the_order_of_what_can_be_done_and_without_keys(tables):
    shown = sheets(tables)["ccer_labels"]
    assert cells(shown, "CCER 适用性") == [
        text(f"ccer_label.{one}", "zh")
        for one in ("eligible", "undetermined", "not_eligible") for _ in (1, 2)
    ]  # fmt: skip
    parts = blocks(sheets(tables)["credit_summary"])
    assert [len(part.headings) for part in parts] == [4, 2, 2]  # area, credits, VCS
    assert "不是全区清单的一部分" in parts[0].about


def test_the_price_and_its_source_stand_above_the_values(tables):
    about = sheets(tables)["ecosystem_value"].about
    assert "80.00 元" in about
    assert "某文件" in about


def test_columns_that_no_row_fills_are_left_out(tables):
    shown = sheets(tables)
    assert not any("下限" in one for one in shown["project_sinks"].below[-1].headings)
    assert not any("冠幅" in one for one in shown["four_side_area"].headings)


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_no_sheet_of_works_shows_a_code_or_a_key(tables, lang):
    for key, sheet in sheets(tables, lang).items():
        assert "report." not in sheet.about
        for part in blocks(sheet):
            shown = [cell for row in [part.headings, *part.rows] for cell in row
                     if isinstance(cell, str)]  # fmt: skip
            assert [one for one in shown if KEY.search(one)] == [], key
            assert {len(row) for row in part.rows} == {len(part.headings)} == {len(part.units)}, key
    results = sheets(tables, lang)["project_results"]
    states = {"zh": ("完成", "部分", "年限未到"), "en": ("Done", "In part", "Too young")}[lang]
    assert set(states) <= set(results.rows[0])


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_names_of_sheets_fit_a_workbook_and_are_unlike_each_other(lang):
    prefix = "report.sheet."
    names = [text(f"{prefix}{key}", lang) for key in MAKERS]
    assert len(set(names)) == len(names)
    assert all(len(name) <= 31 for name in names)


def test_a_long_list_can_be_filtered_and_a_yearly_figure_is_no_year(tables, tmp_path):
    write_workbook(tmp_path / "a.xlsx", tables, FACTS, pd.DataFrame())
    book = openpyxl.load_workbook(tmp_path / "a.xlsx")
    for name in ("工程一览", "扣除明细", "核实明细", "工程地块监测", "CCER明细"):
        assert book[name].auto_filter.ref
        assert book[name].freeze_panes
    formats = {cell.value: cell.number_format for row in book["工程碳汇汇总"] for cell in row}
    assert formats[1234] == "#,##0"  # t CO2e a year


def test_the_tables_stay_as_they_were(tables):
    before = {name: table.copy() for name, table in tables.items()}
    sheets(tables)
    for name, table in tables.items():
        pd.testing.assert_frame_equal(before[name], table)
