"""Messages say what, where and what to do, in both languages."""

import csv
import re
import string
from importlib import resources
from pathlib import Path

import pandas as pd
import pytest

import carbon_sink
from carbon_sink import errors
from carbon_sink.errors import CarbonSinkError, Problem, TableError, first_rows
from carbon_sink.readers.fields import named_columns
from carbon_sink.readers.measures import to_confirm
from carbon_sink.tables import faulty

PACKAGE = Path(carbon_sink.__file__).parent
MESSAGES = [
    row
    for name in ("messages.csv", "quality_rules.csv")
    for row in csv.DictReader((PACKAGE / "data" / name).open(encoding="utf-8", newline=""))
]


def test_a_message_tells_what_where_and_what_to_do():
    problem = Problem("land_class_unknown", file="a.gpkg", layer="xiaoban", field="DI_LEI",
                      rows=(3, 8), count=2, value="0999", rule="ly1955_4digit")  # fmt: skip
    for lang, words in (("zh", ("位置", "处理")), ("en", ("where", "to do"))):
        message = problem.text(lang)
        for part in ("a.gpkg", "xiaoban", "DI_LEI", "3", "8", "0999", "ly1955_4digit", *words):
            assert part in message


def test_layers_of_workbooks_are_called_sheets():
    assert Problem("layer_empty", file="a.XLSX", layer="乙").where() == "a.XLSX ｜ 工作表 乙"
    assert Problem("layer_empty", file="a.xls", layer="b").where("en") == "a.xls | sheet b"
    assert Problem("layer_empty", file="a.gpkg", layer="b").where() == "a.gpkg ｜ 图层 b"


def test_more_rows_than_are_shown_are_counted():
    problem = Problem("value_missing", rows=first_rows(range(1, 100)), count=99)
    assert "（共 99 处）" in problem.text()
    assert "(99 in all)" in problem.text("en")


def test_all_problems_of_a_file_come_in_one_numbered_message():
    error = TableError([Problem("crs_missing", file="a"), Problem("layer_empty", file="a")])
    assert str(error).startswith("1. ")
    assert "\n2. " in str(error)
    assert isinstance(error, CarbonSinkError)
    assert isinstance(error, ValueError)


def test_every_message_is_there_in_both_languages_with_the_same_placeholders():
    codes = [row["code"] for row in MESSAGES]
    assert len(set(codes)) == len(codes)
    allowed = {"file", "layer", "field", "value", "rule", "count"}
    for row in MESSAGES:
        assert all(row[name] for name in ("zh", "en", "fix_zh", "fix_en")), row["code"]
        for name in ("zh", "en", "fix_zh", "fix_en"):
            assert {
                field for _, field, _, _ in string.Formatter().parse(row[name]) if field
            } <= allowed
        assert not re.search(r"[一-鿿]", row["en"] + row["fix_en"]), row["code"]


def test_every_code_that_is_raised_has_a_message_and_every_message_is_raised():
    source = "\n".join(path.read_text(encoding="utf-8") for path in PACKAGE.rglob("*.py"))
    quoted = set(re.findall(r'"([a-z0-9_]+)"', source))
    raised = set(re.findall(r'Problem\(\s*"([a-z0-9_]+)"', source))
    codes = {row["code"] for row in MESSAGES}
    assert raised <= codes
    rules = set(re.findall(r"@_rule\s+def (\w+)\(", source))
    assert codes <= quoted | rules


def test_a_problem_is_a_row_of_the_machine_readable_report():
    row = Problem("layer_empty", file="a.shp", rows=(1,), count=1).as_dict("en")
    assert row["code"] == "layer_empty"
    assert {"code", "file", "layer", "row", "field", "value", "rule", "fix"} <= set(row)
    assert row["severity"] == "refuse"


def test_the_machine_readable_report_lists_a_thousand_rows_and_counts_all():
    (problem,) = faulty("value_missing", pd.Series(data=True, index=range(1, 1501)), value="NULL")
    row = problem.as_dict()
    assert (row["row"], row["count"]) == (list(range(1, 1001)), 1500)
    assert len(problem.rows) == errors.ROWS_SHOWN


def test_a_message_says_names_in_its_own_language():
    problem = Problem("fields_rival", value="a, b", rule=named_columns(["land_class"]))
    assert "can both be Land class land_class and" in problem.what("en")
    assert "地类 land_class" in problem.what("zh")
    unit = to_confirm("registered_area_ha", "亩", "× 15", {})
    assert (unit.as_dict("en")["value"], unit.as_dict()["value"]) == ("mu (× 15)", "亩 (× 15)")


def test_the_catalogue_ships_with_the_package():
    assert resources.files("carbon_sink").joinpath("data", "messages.csv").is_file()
    with pytest.raises(KeyError):
        Problem("no_such_code").text()
    assert errors.ROWS_SHOWN == 5


def test_what_is_raised_keeps_data_from_being_used():
    source = "\n".join(path.read_text(encoding="utf-8") for path in PACKAGE.rglob("*.py"))
    raised = re.findall(r'raise \w+Error\(\s*\[?\s*Problem\(\s*"(\w+)"', source)
    assert len(raised) > 50
    assert {code for code in raised if Problem(code).severity != "refuse"} == set()
