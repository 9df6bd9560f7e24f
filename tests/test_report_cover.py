"""The sheets of land cover: matrices, figures by year, parcels to visit."""

import numpy as np
import openpyxl
import pandas as pd
from conftest import FACTS

from carbon_sink.report import write_workbook
from carbon_sink.report.cover import cover_sheets


def transitions():
    """Two dates of a place of two classes, and its only town."""
    names = {10: ("树木覆盖", "Tree cover"), 40: ("耕地", "Cropland")}
    table = pd.DataFrame(
        [(2020, 2025, zone, before, *names[before], after, *names[after], area)
         for zone in ("", "1")
         for before, after, area in ((10, 10, 6.0), (10, 40, 3.0), (40, 40, 1.0))],
        columns=["from_year", "to_year", "zone", "from_code", "from_name_zh", "from_name_en",
                 "to_code", "to_name_zh", "to_name_en", "area_ha"],
    )  # fmt: skip
    table.attrs["rules"] = ["2020–2025 same grid"]
    return table


def test_transitions_are_a_matrix_of_the_whole_place_with_totals():
    (sheet,) = cover_sheets({"landcover_transition": transitions()}, "en")
    assert sheet.headings == ["2020↓ 2025→", "Tree cover 10", "Cropland 40", "Total"]
    trees, crops, total = sheet.rows
    assert trees == ["Tree cover 10", 6.0, 3.0, 9.0]
    assert (crops[0], crops[2:]) == ("Cropland 40", [1.0, 1.0])
    assert np.isnan(crops[1]), "a transition that does not occur stays empty"
    assert total == ["Total", 6.0, 4.0, 10.0]
    mapped, rule, towns = sheet.about.splitlines()
    assert "not error-adjusted; for screening only" in mapped
    assert rule == "2020–2025 same grid"
    assert "tables/landcover_transition.csv" in towns


def test_three_dates_have_two_matrices_on_one_sheet(tmp_path):
    later = transitions().assign(from_year=2025, to_year=2030)
    tables = {"landcover_transition": pd.concat([transitions(), later])}
    (sheet,) = cover_sheets(tables, "zh")
    assert [one.headings[0] for one in (sheet, *sheet.below)] == ["2020↓　2025→", "2025↓　2030→"]
    write_workbook(tmp_path / "a.xlsx", tables, FACTS, pd.DataFrame())
    page = openpyxl.load_workbook(tmp_path / "a.xlsx")["土地覆盖转移"]
    cells = [cell.value for row in page.iter_rows() for cell in row]
    assert cells.count("合计") == 4


def parcels(count):
    return pd.DataFrame({
        "rank": range(1, count + 1), "category": "young_looks_closed", "stand_id": "a",
        "forest_type": "shrub_other", "disagreeing_ha": 1.0,
    })  # fmt: skip


def test_the_sheet_of_parcels_says_how_many_there_are_and_what_disagrees():
    (few,) = cover_sheets({"parcels_to_visit": parcels(3)}, "zh")
    assert few.about.startswith("共 3 个小班，按不一致面积排列。")
    assert "不一致面积：" in few.about
    assert few.rows[0][:4] == [1, "灌木林地、未成林地上疑有乔木", "a", "其他灌木林"]
    assert few.headings[3] == "类型"
    (many,) = cover_sheets({"parcels_to_visit": parcels(201)}, "zh")
    assert "共 201 个小班" in many.about
    assert "前 200 个" in many.about
    assert len(many.rows) == 200


def test_tree_cover_has_a_column_for_each_year_and_no_empty_figures():
    table = pd.DataFrame(
        [(2020, "screens only", 50.0, np.nan)], columns=["year", "status", "mapped_pct", "area_pct"]
    )
    (sheet,) = cover_sheets({"satellite_tree_cover": table}, "en")
    assert sheet.headings == ["Item", "Unit", "2020"]
    assert sheet.rows == [
        ["Status", "", "screens only"], ["Share as mapped (not forest coverage)", "%", 50.0],
    ]  # fmt: skip
