"""Tables without geometry: what is seen is read, and what leaves a doubt is refused by its place."""

import zipfile
from datetime import date, datetime, timedelta

import openpyxl
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl.utils.datetime import CALENDAR_MAC_1904
from openpyxl.worksheet.formula import ArrayFormula

from carbon_sink.errors import FileError, TableError
from carbon_sink.inspection.result import worst
from carbon_sink.landcover import classes
from carbon_sink.projects import four_side_projects
from carbon_sink.readers import (
    Said,
    read_events,
    read_projects,
    read_reference_samples,
    read_table,
    record_table,
    table_problems,
)
from carbon_sink.readers.record_columns import our_columns


@pytest.fixture
def csv(tmp_path):
    """Write a CSV from text or bytes."""

    def write(content, name="a.csv"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


@pytest.fixture
def xlsx(tmp_path):
    """Write a workbook: sheet name to rows; what else is wanted is done by a function."""

    def write(rows, change=lambda _: None, name="a.xlsx"):
        book = openpyxl.Workbook()
        book.remove(book.active)
        for title, lines in (rows if isinstance(rows, dict) else {"表": rows}).items():
            sheet = book.create_sheet(title)
            for line in lines:
                sheet.append(line)
        change(book)
        book.save(tmp_path / name)
        return tmp_path / name

    return write


def refusal(path, *words):
    """The problems a file is refused with, by their codes."""
    with pytest.raises(FileError) as caught:
        read_table(path, *words)
    return {problem.code: problem for problem in caught.value.problems}


def notes(table):
    return {note.code: note for note in table.attrs["notes"]}


# --- CSV -----------------------------------------------------------------------------------


def test_cells_of_a_csv_stay_texts_and_rows_are_numbered_as_in_a_spreadsheet(csv):
    table = read_table(csv('\ufeffcode,名称\n0012,"甲,镇"\n,\n12.50,\n'))
    assert table.index.tolist() == [2, 4]
    assert table["code"].tolist() == ["0012", "12.50"]
    assert table["名称"].tolist() == ["甲,镇", ""]
    assert table.attrs["notes"] == []


@pytest.mark.parametrize(
    ("codec", "code"),
    [("utf-8", None), ("utf-8-sig", None), ("gb18030", "encoding_found"),
     ("utf-16", "encoding_found")],
)  # fmt: skip
def test_the_encoding_of_a_csv_is_found_and_told(csv, codec, code):
    text = "乡镇,树种\n荣隆镇,马尾松\n昌元街道,香樟\n"
    table = read_table(csv(text.encode(codec)))
    assert table["乡镇"].tolist() == ["荣隆镇", "昌元街道"]
    assert set(notes(table)) == ({code} if code else set())


@pytest.mark.parametrize(("sign", "word"), [(";", "分号"), ("\t", "制表符")])
def test_another_delimiter_is_found_and_told(csv, sign, word):
    table = read_table(csv(f"a{sign}b\n1{sign}3,14\n"))
    assert table.loc[2].tolist() == ["1", "3,14"]
    assert word in notes(table)["delimiter_found"].text()


def test_a_line_break_in_a_quoted_cell_starts_no_row_and_one_in_a_heading_is_tidied(csv):
    table = read_table(csv('"项目\n编号", b \n"x\ny",1\nz,2\n'))
    assert table.columns.tolist() == ["项目编号", "b"]
    assert table.index.tolist() == [2, 3]
    assert notes(table)["heading_tidied"].value == "项目编号, b"


def test_rows_longer_than_the_heading_are_refused_and_shorter_ones_told(csv):
    found = refusal(csv("a,b\n1,2\n荣隆,甲,3\n4,5,\n"))
    assert set(found) == {"row_too_long"}
    assert found["row_too_long"].cells.to_dict() == {3: "荣隆,甲,3"}
    table = read_table(csv("a,b\n1,2\n3\n"))
    assert table.loc[3].tolist() == ["3", ""]
    assert notes(table)["row_too_short"].rows == (3,)


def test_a_quote_that_never_ends_swallows_no_rows(csv):
    assert refusal(csv('a,b\n1,"2\n3,4\n5,6\n'))["quotes_unpaired"].rows == (2,)
    assert refusal(csv('a,b\n1,2\n3,"4"x\n'))["quotes_unpaired"].rows == (3,)


def test_bytes_that_are_no_text_are_refused_with_their_row(csv):
    long = "a,b\n" + "".join(f"荣隆镇{number},马尾松\n" for number in range(2000))
    assert refusal(csv(long.encode() + b"x,\xff\xfe\n"))["bytes_no_text"].rows == (2002,)
    assert refusal(csv(long + "x,\0\n"))["text_with_nul"].rows == (2002,)
    assert set(refusal(csv("a,b\n1,2\n"), "", "klingon")) == {"encoding_name"}


@pytest.mark.parametrize("content", ["a,b\n", "a,b\n,\n \n", "\n\n"])
def test_a_table_without_rows_is_refused(csv, content):
    assert set(refusal(csv(content))) == {"layer_empty"}


def test_columns_without_a_name_or_with_the_same_one_are_refused_unless_empty(csv):
    found = refusal(csv("a,,a,b\n1,2,3,4\n"))
    assert found["column_unnamed"].value == "B"
    assert found["column_twice"].value == "a"
    assert read_table(csv("a,b,,\n1,2,,\n")).columns.tolist() == ["a", "b"]


def test_a_first_row_of_data_is_doubted(csv):
    assert "heading_is_data" in notes(read_table(csv("2023-05-01,12\n2023-05-02,13\n")))


def test_a_table_too_large_for_the_memory_is_refused(csv, monkeypatch):
    monkeypatch.setattr("carbon_sink.readers.spreadsheets.MOST_CELLS", 5)
    assert refusal(csv("a,b\n" + "1,2\n" * 4))["table_too_large"].value == "3"


@settings(max_examples=30)
@given(st.lists(st.lists(st.text(alphabet=st.characters(exclude_categories=["C"], codec="utf-8"),
                                 max_size=5), min_size=2, max_size=2), min_size=1, max_size=5))  # fmt: skip
def test_every_text_that_was_written_is_read_again(tmp_path_factory, rows):
    path = tmp_path_factory.mktemp("csv") / "a.csv"
    rows = [[f"x{first}", f"y{second}"] for first, second in rows]
    pd.DataFrame(rows, columns=["甲地类", "乙树种"]).to_csv(
        path, index=False, encoding="utf-8-sig", quoting=1
    )
    assert read_table(path).to_numpy().tolist() == rows


# --- workbooks -----------------------------------------------------------------------------


def test_cells_of_a_workbook_are_read_as_they_are_seen(xlsx):
    row = ["0012", 111, 0.1, 1e-7, 3.0, True, date(2023, 5, 1), datetime(2023, 5, 1, 9, 30),  # noqa: DTZ001 cells have no zone
           timedelta(hours=30), None, 12]  # fmt: skip

    def formats(book):
        book["表"]["K3"].number_format = "0000"

    table = read_table(xlsx([list("abcdefghijk"), row, row], formats))
    assert table.loc[2].tolist() == [
        "0012", "111", "0.1", "1e-07", "3", "TRUE", "2023-05-01", "2023-05-01 09:30:00", "30:00:00",
        "", "12",
    ]  # fmt: skip
    # zeros that the format adds are part of the code that people see
    assert table.loc[3, "k"] == "0012"
    assert table.attrs == {"notes": [], "layer": "表"}


@pytest.mark.parametrize(
    ("value", "form", "seen"),
    [(0.85, "0%", "85%"), (0.857, "0.0%", "85.7%"), (12.5, '0.0"亩"', "12.5亩"),
     (1234.5, "#,##0.00", "1234.5"), (1234.5, '"¥"#,##0.00_ ', "1234.5"), (7, 'General"株"', "7株")],
)  # fmt: skip
def test_a_percent_sign_or_unit_of_the_format_belongs_to_the_value(xlsx, value, form, seen):
    def formatted(book):
        book["表"]["A2"].number_format = form

    assert read_table(xlsx([["a"], [value]], formatted)).loc[2, "a"] == seen


def test_rows_beyond_the_size_that_a_workbook_states_are_read(xlsx, tmp_path):
    path, cut = xlsx([["a"], *[[number] for number in range(9)]]), tmp_path / "b.xlsx"
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(cut, "w") as new:
        for name in old.namelist():
            new.writestr(name, old.read(name).replace(b'ref="A1:A10"', b'ref="A1"'))
    assert len(read_table(cut)) == 9


def test_of_several_sheets_one_must_be_named_and_empty_ones_do_not_count(xlsx):
    rows = [["a"], [1]]
    two = xlsx({"甲": rows, "空": [], "乙": [*rows, [2]]})
    assert refusal(two)["layer_not_named"].rule == "甲 (2), 乙 (3)"
    assert read_table(two, "乙")["a"].tolist() == ["1", "2"]
    assert refusal(two, "丙")["layer_missing"].rule == "甲, 空, 乙"
    one = xlsx({"空": [], "乙": rows}, name="b.xlsx")
    assert read_table(one).attrs["layer"] == "乙"
    assert set(refusal(xlsx({"空": []}, name="c.xlsx"))) == {"layer_empty"}


def test_hidden_rows_and_columns_are_read_and_hidden_sheets_are_not(xlsx):
    def hide(book):
        book["甲"].row_dimensions[3].hidden = True
        book["甲"].column_dimensions["B"].hidden = True
        book["乙"].sheet_state = "hidden"

    rows = [["a", "b"], [1, 2], [3, 4]]
    table = read_table(xlsx({"甲": rows, "乙": rows}, hide))
    assert table.loc[3].tolist() == ["3", "4"]
    assert {code: note.value for code, note in notes(table).items()} == {
        "rows_hidden": "3", "columns_hidden": "B", "sheets_hidden": "乙",
    }  # fmt: skip


def test_merged_cells_with_a_value_are_refused_by_their_address(xlsx):
    def merge(book):
        book["表"].merge_cells("A1:B1")
        book["表"].merge_cells("A5:B6")

    path = xlsx([["四旁植树", None, "c"], [1, 2, 3], [4, 5, 6]], merge)
    assert refusal(path)["cells_merged"].value == "A1:B1"


def test_a_title_above_the_names_of_columns_is_refused_once_with_its_row(xlsx, csv):
    def merge(book):
        book["表"].merge_cells("A1:C1")

    rows = [["四旁植树台账"], ["单位：株"], ["编号", "年度", "株数"], ["F1", 2022, 330]]
    found = refusal(xlsx(rows, merge))
    assert set(found) == {"title_rows"}
    assert (found["title_rows"].rows, found["title_rows"].rule) == ((1, 2), "1, 2")
    assert "删去标题行（第 1, 2 行）使列名在第 1 行" in found["title_rows"].text()
    assert "工作表 表" in found["title_rows"].text()
    for title in ("四旁植树台账", "四旁植树台账,,"):
        assert set(refusal(csv(f"{title}\n编号,年度,株数\nF1,2022,330\n"))) == {"title_rows"}
    # merged cells below the title are told as well, and values are no names of columns
    assert set(refusal(xlsx(rows, lambda book: (merge(book), book["表"].merge_cells("A4:A5"))))) == {
        "title_rows", "cells_merged",
    }  # fmt: skip
    assert set(refusal(xlsx([["编号"], ["F1", 2022, 330]]))) == {"column_unnamed"}


def test_errors_and_formulas_without_a_value_are_refused_by_their_address(xlsx):
    path = xlsx([["面积", "株数", "村"], [1, "#N/A", "x"], ["=A2*2", "#REF!", "y"],
                 [3, 4, ArrayFormula("C4", "=A2:A3")]])  # fmt: skip
    found = refusal(path)
    assert found["cell_error"].value == "B2 #N/A, B3 #REF!"
    assert (found["cell_error"].field, found["cell_error"].rows) == ("株数", (2, 3))
    with pytest.raises(FileError) as caught:
        read_table(path)
    formulas = [one for one in caught.value.problems if one.code == "formula_without_value"]
    assert {one.field: one.rows for one in formulas} == {"面积": (3,), "村": (4,)}


def test_the_value_that_a_formula_had_when_it_was_saved_is_read(tmp_path):
    import xlsxwriter

    with xlsxwriter.Workbook(tmp_path / "a.xlsx") as book:
        sheet = book.add_worksheet("表")
        sheet.write_row(0, 0, ["a", "b", "c"])
        sheet.write_formula("A2", "=1+1", None, 2)
        sheet.write_formula("B2", '=""', None, "")
        sheet.write_formula("C2", '="0012"', None, "0012")
    with (
        zipfile.ZipFile(tmp_path / "a.xlsx") as old,
        zipfile.ZipFile(tmp_path / "b.xlsx", "w") as new,
    ):
        for name in old.namelist():
            # as Excel writes a formula that gives an empty text
            content = old.read(name).replace(b'<c r="B2">', b'<c r="B2" t="str">')
            new.writestr(name, content)
    assert read_table(tmp_path / "b.xlsx").loc[2].tolist() == ["2", "", "0012"]


def test_dates_are_counted_from_the_epoch_of_the_workbook(xlsx):
    def mac(book):
        book.epoch = CALENDAR_MAC_1904

    table = read_table(xlsx([["d", "h"], [date(2021, 1, 1), timedelta(hours=1)]], mac))
    assert table.loc[2, "d"] == "2021-01-01"
    assert notes(table)["dates_1904"].value == "1"


def test_dates_typed_as_text_in_a_column_of_dates_are_written_alike_and_told(xlsx):
    rows = [["d", "t"], [date(2023, 5, 1), "2023/5/1"], ["2023/5/2", "x"], ["5/3/23", "y"]]
    table = read_table(xlsx(rows))
    assert table["d"].tolist() == ["2023-05-01", "2023-05-02", "5/3/23"]
    # a column of texts stays as it is
    assert table["t"].tolist() == ["2023/5/1", "x", "y"]
    assert notes(table)["dates_as_text"].cells.to_dict() == {3: "2023/5/2"}


def test_words_that_a_date_format_adds_are_told_unless_they_belong_to_dates(xlsx):
    def formats(book):
        book["表"]["A2"].number_format = 'yyyy"年"m"月"d"日"'
        book["表"]["B2"].number_format = r"yyyy\-mm\-dd\ hh:mm\ \U\T\C"

    table = read_table(xlsx([["a", "b"], [date(2023, 5, 1), date(2023, 5, 1)]], formats))
    assert notes(table)["date_words"].value == "B2 2023-05-01 UTC"
    assert notes(table)["date_words"].field == "b"


def test_a_heading_may_stand_below_empty_rows(xlsx):
    table = read_table(xlsx([[], [None, "a"], [None, 1]]))
    assert (table.columns.tolist(), table.index.tolist()) == (["a"], [3])


def test_workbooks_that_are_broken_old_or_too_large_are_refused(xlsx, csv, tmp_path, monkeypatch):
    whole = xlsx([["a"], [1]]).read_bytes()
    for share in (0.3, 0.6, 0.9):
        assert refusal(csv(whole[: int(len(whole) * share)], "cut.xlsx"))
    with (
        zipfile.ZipFile(tmp_path / "a.xlsx") as old,
        zipfile.ZipFile(tmp_path / "b.xlsx", "w") as new,
    ):
        for name in old.namelist():
            content = old.read(name)
            new.writestr(name, content[:200] if "sheet1" in name else content)
    assert set(refusal(tmp_path / "b.xlsx")) == {"file_unreadable"}
    old_book = csv(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "old.xls")
    assert set(refusal(old_book)) == {"workbook_old"}
    assert set(refusal(csv(whole, "a.csv"))) == {"format_disguised"}
    with zipfile.ZipFile(tmp_path / "bomb.xlsx", "w", zipfile.ZIP_DEFLATED) as bomb:
        bomb.writestr("xl/worksheets/sheet1.xml", bytes(20_000_000))
        bomb.writestr("xl/workbook.xml", b"")
    assert set(refusal(tmp_path / "bomb.xlsx")) == {"zip_too_large"}
    monkeypatch.setattr("carbon_sink.readers.workbooks.MOST_CELLS", 1)
    assert set(refusal(tmp_path / "a.xlsx")) == {"table_too_large"}
    monkeypatch.setattr("carbon_sink.readers.spreadsheets.MOST_CELLS", 3)
    (tmp_path / "a.csv").write_text("a,b\n1,2\n", encoding="utf-8")
    assert set(refusal(tmp_path / "a.csv")) == {"table_too_large"}


# --- records -------------------------------------------------------------------------------


def test_columns_are_found_by_key_or_by_name_with_or_without_unit():
    names = ["项目 编号", "Project type", "实施年度", "完成面积（ha）", "备注"]
    found, problems = our_columns(names, "projects")
    assert found == {"project_id": "项目 编号", "project_type": "Project type",
                     "start_year": "实施年度", "done_ha": "完成面积（ha）"}  # fmt: skip
    assert problems == []
    # a heading in another unit is taken where there is none in ours
    assert our_columns(["完成面积（亩）", "完成面积"], "projects")[0] == {"done_ha": "完成面积"}
    names = [
        "完成面积（亩）",
        "完成面积（公顷）",
        "计划面积_亩",
        "核实面积（cm）",
        "受害面积（亩）",
    ]
    found, problems = our_columns(names, "projects")
    assert found == {"planned_ha": "计划面积_亩", "done_ha": "完成面积（公顷）"}
    assert problems == []
    _, problems = our_columns(["完成面积（亩）", "完成面积（平方米）"], "projects")
    assert [one.code for one in problems] == ["column_twice"]


def test_two_headings_for_one_column_are_refused(csv):
    path = csv("event_id,event_type,year,area_ha,受害面积\nE1,fire,2025,1,2\n")
    with pytest.raises(TableError) as caught:
        read_events(path)
    assert [(one.code, one.value) for one in caught.value.problems] == [
        ("column_twice", "area_ha, 受害面积")
    ]


def test_four_side_records_may_come_as_a_workbook_with_chinese_headings(xlsx):
    rows = [["记录编号", "栽植年度", "株数", "成活率"], ["F1", 2022, "3，300．0", 0.5]]

    def percent(book):
        book["表"]["D2"].number_format = "0%"

    projects = read_projects(xlsx(rows, percent))
    assert four_side_projects(projects)["done_ha"].tolist() == [1.0]
    told = {note.field: note.cells.to_dict() for note in projects.attrs["notes"]}
    assert told == {"株数": {2: "3，300．0"}, "成活率": {2: "50%"}, "species_code": {2: ""}}


def test_a_column_that_is_missing_is_named_in_both_ways_beside_those_that_are_there(csv):
    with pytest.raises(TableError) as caught:
        read_events(csv("event_id,year,area_ha,原因\nE1,2025,1亩,x\n"))
    found = {one.code: one for one in caught.value.problems}
    assert (found["field_missing"].field, found["field_missing"].value) == (
        "event_type",
        "事件类型",
    )
    assert found["field_missing"].rule == "event_id, year, area_ha, 原因"
    assert (found["number_with_unit"].rows, found["number_with_unit"].rule) == ((2,), "ha")


WORKS = "项目编号,项目类型,规划任务,实施年度,完成面积（亩）,面积\n"


def test_areas_in_mu_are_converted_by_the_exact_factor_and_told(csv):
    # 391.8 mu / 15 = 26.12 ha; a cell that states the unit of the column is mended
    rows = "P1,造林,森林质量提升,2023,391.8,1\nP2,Corridor,forest_quantity,2023,15亩,2\n"
    works = read_projects(csv(WORKS + rows))
    assert works["done_ha"].tolist() == [26.12, 1.0]
    assert works["project_type"].tolist() == ["afforestation", "corridor"]
    assert works["plan_item"].tolist() == ["quality_improvement", "forest_quantity"]
    told = {note.code: note for note in works.attrs["notes"]}
    assert set(told) == {"unit_converted", "numbers_mended", "works_species_missing"}
    assert (told["unit_converted"].value, told["unit_converted"].rule) == ("亩", "ha")
    assert told["numbers_mended"].cells.to_dict() == {3: "15亩"}
    # the user's word on field and unit comes first: 1 m2 is 0.0001 ha
    said = Said({"done_ha": "面积"}, units={"done_ha": "平方米"})
    assert read_projects(csv(WORKS + rows), said=said)["done_ha"].tolist() == [1e-4, 2e-4]


def test_what_is_wrong_in_other_units_is_told_as_it_is_written(csv):
    rows = "P1,造林,,2023,-15,1\nP2,植树,,2023,3公顷,2\nP3,造林,,2023,x,2\n"
    with pytest.raises(TableError) as caught:
        read_projects(csv(WORKS + rows))
    found = {one.code: one.cells.to_dict() for one in caught.value.problems if one.count}
    assert found["too_small"] == {2: "-15"}
    assert found["word_unknown"] == {3: "植树"}
    assert found["not_a_number"] == {4: "x"}
    told = next(one for one in caught.value.problems if one.code == "word_unknown")
    assert "造林 afforestation" in told.text()
    assert "Afforestation afforestation" in told.text("en")


def test_fields_and_fixed_values_of_records_are_taken_as_the_settings_say(csv):
    path = csv("no,when,area_mu,n\nF1,2022,30,x\n", "e.csv")
    said = Said({"event_id": "no", "year": "when", "area_ha": "area_mu"}, {"event_type": "火灾"})
    fires = read_events(path, said=said)
    assert fires[["event_type", "area_ha"]].iloc[0].tolist() == ["fire", 2.0]
    four = csv("编号,年,棵,成活率\nF1,2022,3300,50\n", "f.csv")
    said = Said({"record_id": "编号", "planted_year": "年", "tree_count": "棵"})
    assert four_side_projects(read_projects(four, said=said))["done_ha"].tolist() == [1.0]


def test_what_settings_say_of_records_must_be_borne_out_by_the_file(csv):
    path = csv("event_id,event_type,year,area_ha\nF1,fire,2022,30\n")
    said = Said({"area_ha": "面积", "town_code": "乡", "wood": "area_ha", "year": ""},
                units={"area_ha": "斤"})  # fmt: skip
    with pytest.raises(TableError) as caught:
        read_events(path, said=said)
    assert {(one.code, one.field) for one in caught.value.problems} == {
        ("field_missing", "面积"), ("field_missing", "乡"), ("column_unknown", "wood"),
        ("field_missing", "year"), ("unit_unknown", "area_ha"),
    }  # fmt: skip


def test_reference_samples_may_come_as_a_workbook(xlsx):
    trees = classes("worldcover").loc[10, "name_zh"]
    rows = [["样本编号", "制图类别", "参考类别"], [1, 10, trees], [2, "１０", 10], [3, 40, 40],
            [4, 40, 40]]  # fmt: skip
    samples = read_reference_samples(xlsx(rows), "worldcover")
    assert samples["map_class"].tolist() == [10, 10, 40, 40]
    assert samples["reference_class"].tolist() == [10, 10, 40, 40]
    assert [note.code for note in samples.attrs["notes"]] == ["texts_mended"]


# --- tables of unknown meaning -------------------------------------------------------------


def test_a_table_tells_which_of_our_tables_it_is():
    assert record_table(["event_id", "event_type", "year", "受害面积"]) == "events"
    assert record_table(["lucode", "c_above", "source"]) == "carbon_density_classes"
    assert record_table(["year", "area"]) == ""


def test_infinity_is_refused_and_odd_cells_among_numbers_are_told(csv):
    rows = "\n".join(f"{number},{number},n{number}" for number in range(20))
    table = read_table(csv(f"v,w,name\ninf,1,x\nNaN,12亩,y\n{rows}\n"))
    found = {one.code: one for one in table_problems(table, "a.csv")}
    assert found["number_not_finite"].cells.to_dict() == {2: "inf", 3: "NaN"}
    assert (found["column_mixed"].field, found["column_mixed"].cells.to_dict()) == (
        "w",
        {3: "12亩"},
    )
    assert set(found) == {"number_not_finite", "column_mixed"}


def test_codes_names_and_remarks_are_no_columns_of_numbers(csv):
    table = read_table(csv("no,name,remark\n1,Nan,3\n2A,Inf,约5\n3B,x,6亩\n"))
    assert table_problems(table) == []


def test_a_table_of_ours_is_held_against_its_contract(csv):
    table = read_table(csv("event_id,event_type,year,area_ha,x\nE1,fire,1890,68,500\n"))
    found = {(one.code, one.field) for one in table_problems(table)}
    assert found == {("too_small", "year")}


@pytest.mark.realdata
def test_real_tables_end_as_they_should(real_data):
    """
    Every table of the corpus ends in its class.

    ``texty_dates`` holds no date as text: its dates have a format that adds a time zone.
    """
    manifest = pd.read_csv(real_data / "bad_inputs" / "manifest.csv")
    rows = manifest[manifest["id"].str.startswith("tab_")]
    assert len(rows) >= 10
    for row in rows.itertuples():
        try:
            table = read_table(real_data / "bad_inputs" / row.main_file)
            problems = table_problems(table)
        except FileError as error:
            problems = error.problems
        assert worst(problems).upper() == row.expected, (row.id, problems)
