"""The contract of the tables."""

import numpy as np
import pandas as pd
import pytest

from carbon_sink.errors import Problem, TableError
from carbon_sink.tables import (
    as_numbers,
    check,
    columns,
    faulty,
    heading,
    hold,
    joined,
    read_data,
    unreadable_numbers,
)


def stands(**more):
    return pd.DataFrame({"stand_id": ["a", "b"], "land_class": ["0111", "0113"], **more})


def test_every_row_of_the_dictionary_is_whole():
    table = read_data("columns.csv")
    assert not table.duplicated(["table", "column"]).any()
    assert set(table["kind"]) <= {"text", "code", "number", "flag"}
    assert set(table["required"]) <= {"yes", "no"}
    for name in ("column", "name_zh", "name_en", "description"):
        assert table[name].str.strip().ne("").all(), name
    low, high = (pd.to_numeric(table[name], errors="coerce") for name in ("min", "max"))
    assert (low.isna() | high.isna() | (low < high)).all()


def test_columns_that_carry_a_unit_in_their_name_say_the_same_unit():
    ends = {"_ha": "ha", "_m3": "m3", "_t": "t", "_pct": "%", "_cm": "cm", "_m": "m", "_mu": "亩"}
    table = read_data("columns.csv")
    for row in table[table["kind"] == "number"].itertuples():
        for end, unit in ends.items():
            if row.column.endswith(end) and row.column not in (
                "stock_m3_ha",
                "carbon_t_ha",
                "density_t_ha",
                "soc_ref_t_ha",
                "baseline_carbon_t_ha",
                "soil_carbon_start_t_ha",
                "soil_carbon_reference_t_ha",
                "imported_topsoil_t_ha",
                "ours_t_m3",
                "other_t_m3",
            ):
                if row.column in ("volume_m3_ha", "living_volume_m3_ha", "basal_area_m2_ha",
                                  "trees_per_ha", "density_trees_ha"):  # fmt: skip
                    continue
                assert row.unit == unit, row


def test_one_name_has_one_unit_in_all_tables():
    table = read_data("columns.csv")
    units = table[table["kind"] == "number"].groupby("column")["unit"].nunique()
    assert units[units > 1].empty


def test_all_problems_of_a_table_come_in_one_message():
    bad = pd.DataFrame({"stand_id": ["a", "b"], "canopy_closure": [70, 0.5],
                        "stand_age_yr": ["ten", "12"], "dbh_cm": [-1.0, 3.0]},
                       index=[1, 2])  # fmt: skip
    with pytest.raises(TableError) as caught:
        check(bad, "stands", file="x.gpkg", fields={"canopy_closure": "YU_BI_DU"})
    codes = {(problem.code, problem.field) for problem in caught.value.problems}
    assert codes == {("field_missing", "land_class"), ("too_large", "YU_BI_DU"),
                     ("not_a_number", "stand_age_yr"), ("too_small", "dbh_cm")}  # fmt: skip
    assert caught.value.problems[1].rows == (1,)


def test_missing_values_stay_missing_and_required_ones_are_refused():
    checked = check(stands(stand_age_yr=["", None]), "stands")
    assert checked["stand_age_yr"].isna().all()
    with pytest.raises(TableError, match="空值"):
        check(stands().assign(land_class=["0111", " "]), "stands")


def test_numbers_written_as_text_are_read_and_infinity_is_not_a_number():
    numbers, unreadable = as_numbers(pd.Series([" 1.5", "1e3", "inf", "x", None]))
    assert numbers[:2].tolist() == [1.5, 1000.0]
    assert unreadable.tolist() == [False, False, True, True, False]
    assert as_numbers(pd.Series([np.inf, 1.0]))[1].tolist() == [True, False]


def test_what_was_mended_is_told_and_keeps_nobody_from_reading():
    typed = stands(forest_volume_m3=["１２０", "1,234.5"]).assign(land_class=["０１１１", "0113"])
    held, problems = hold(typed, "stands", fields={"land_class": "DI_LEI"})
    assert held["forest_volume_m3"].tolist() == [120.0, 1234.5]
    assert held["land_class"].tolist() == ["0111", "0113"]
    found = {problem.code: problem for problem in problems}
    assert {problem.severity for problem in problems} == {"repair"}
    assert found["numbers_mended"].cells.to_dict() == {0: "１２０", 1: "1,234.5"}
    assert (found["texts_mended"].field, found["texts_mended"].value) == ("DI_LEI", "０１１１")
    assert check(typed, "stands").attrs["notes"] == hold(typed, "stands")[1]
    assert "notes" not in check(stands(), "stands").attrs


def test_a_refusal_names_the_reason_and_leaves_repairs_out():
    typed = stands(forest_volume_m3=["68,500", "12亩"], dbh_cm=["１２", "NaN"])
    with pytest.raises(TableError) as caught:
        check(typed, "stands")
    found = {(one.field, one.code): one for one in caught.value.problems}
    assert set(found) == {("forest_volume_m3", "number_comma"), ("dbh_cm", "number_not_finite"),
                          ("forest_volume_m3", "number_with_unit")}  # fmt: skip
    assert found["forest_volume_m3", "number_comma"].value == "68,500 = 68500 / 68.500"
    assert found["forest_volume_m3", "number_comma"].cells.to_dict() == {0: "68,500"}
    assert "m3" in found["forest_volume_m3", "number_with_unit"].text()


def test_a_word_for_nothing_in_a_required_field_is_a_gap():
    with pytest.raises(TableError) as caught:
        check(stands().assign(land_class=["0111", "无"]), "stands")
    (gap,) = caught.value.problems
    assert (gap.code, gap.rows, gap.value) == ("value_missing", (1,), "无")


def test_codes_that_a_spreadsheet_shortened_are_refused():
    (found,) = hold(stands().assign(stand_id=["5.00153E+17", "b"]), "stands")[1]
    assert (found.code, found.cells.to_dict()) == ("code_shortened", {0: "5.00153E+17"})


def test_the_input_is_not_changed():
    table = stands(stand_age_yr=["1", "2"])
    before = table.copy()
    check(table, "stands")
    pd.testing.assert_frame_equal(table, before)


def test_headings_name_the_unit():
    assert heading("stands", "canopy_closure") == "郁闭度"
    assert (
        heading("town_summary", "stock_m3_ha", "en") == "Stock per hectare of arbor forest (m3/ha)"
    )
    assert columns("towns").index.tolist() == ["town_code", "town_name"]


def test_a_finding_keeps_every_row_and_shows_a_few_values():
    values = pd.Series([f"v{number}" for number in range(10)], index=range(1, 11))
    (found,) = faulty("too_small", values.ne("v3"), values, field="YU_BI_DU")
    assert found.count == 9
    assert found.rows == (1, 2, 3, 5, 6)
    assert found.value == "v0, v1, v2, v4, v5 …"
    assert found.cells.to_dict() == {row: f"v{row - 1}" for row in range(1, 11) if row != 4}


def test_no_row_is_no_finding():
    assert faulty("too_small", pd.Series([False])) == []


def test_findings_of_parts_are_told_once():
    parts = [pd.Series({1: True, 2: False}), pd.Series({3: True, 4: True})]
    values = [pd.Series({1: "a", 2: "b"}), pd.Series({3: "c", 4: "a"})]
    found = [
        problem
        for bad, value in zip(parts, values, strict=True)
        for problem in faulty("too_small", bad, value, field="f")
    ]
    (whole,) = joined(found)
    assert (whole.rows, whole.count, whole.value) == ((1, 3, 4), 3, "a, c")


def test_what_the_parts_say_of_their_cells_is_kept_when_they_are_joined():
    cells = pd.Series([f"{n},500" for n in (6, 7, 6, 8, 9, 10, 11)], index=range(1, 8))
    place = {"field": "f", "rule": "ha"}
    (whole,) = unreadable_numbers(cells, cells.notna(), **place)
    assert whole.value.startswith("6,500 = 6500 / 6.500, 7,500 = 7500 / 7.500, 8,500 = ")
    for size in (1, 2, 6):
        parts = [cells[first : first + size] for first in range(0, 7, size)]
        (found,) = joined(
            one for part in parts for one in unreadable_numbers(part, part.notna(), **place)
        )
        assert found == whole


def test_findings_without_rows_stay_apart():
    two = [Problem("crs_missing", file="a"), Problem("crs_missing", file="a")]
    assert joined(two) == two


def test_dates_where_years_belong_are_told_in_one_message():
    years = ["2025-03-12", "20240101", "2023年5月1日", "2022", "x"]
    events = pd.DataFrame({"event_id": list("abcde"), "event_type": "fire", "year": years,
                           "area_ha": 1.0}, index=range(2, 7))  # fmt: skip
    _, problems = hold(events, "events")
    found = {one.code: one.rows for one in problems}
    assert found == {"year_is_date": (2, 3, 4), "not_a_number": (6,)}
    assert "只填年份" in next(one for one in problems if one.code == "year_is_date").text()
    # 20240101 trees are a number of trees
    _, problems = hold(pd.DataFrame({"record_id": ["a"], "planted_year": ["2022"],
                                     "tree_count": ["20240101"]}), "four_side")  # fmt: skip
    assert problems == []
