"""Texts of the interface."""

import copy
import csv
import re
import string
from importlib import resources

import pytest

from carbon_sink.language import LANGUAGES, Words, read_rows, text, translated

ROWS = read_rows("text.csv")


def test_every_text_is_there_in_both_languages_with_the_same_placeholders():
    assert len({row["key"] for row in ROWS}) == len(ROWS)
    for row in ROWS:
        fields = [
            {field for _, field, _, _ in string.Formatter().parse(row[lang]) if field}
            for lang in LANGUAGES
        ]
        assert row["zh"], row["key"]
        assert row["en"], row["key"]
        assert fields[0] == fields[1], row["key"]
        assert not re.search(r"[一-鿿]", row["en"]), row["key"]


def test_values_fill_the_placeholders():
    assert "2025" in text("absent.no_inventory", "zh", year=2025)
    assert text("part.bamboo", "en") == "Bamboo forest"


def test_a_text_that_does_not_exist_is_a_fault_of_the_program():
    with pytest.raises(KeyError):
        text("no.such.text")


def test_every_row_of_every_table_is_as_wide_as_its_heading():
    tables = [one for one in resources.files("carbon_sink").joinpath("data").iterdir()
              if one.name.endswith(".csv")]  # fmt: skip
    assert len(tables) > 20
    for table in tables:
        with table.open(encoding="utf-8", newline="") as file:
            heading, *rows = csv.reader(file)
        odd = [row for row in rows if len(row) != len(heading)]
        assert odd == [], table.name


def test_words_are_told_in_the_language_of_the_message_and_survive_being_copied():
    words = Words("地类", "land class")
    for one in (words, copy.deepcopy(words), copy.copy(words)):
        assert (translated(one, "zh"), translated(one, "en")) == ("地类", "land class")
    assert words == "地类"
