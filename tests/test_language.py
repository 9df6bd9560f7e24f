"""Texts of the interface."""

import re
import string

import pytest

from carbon_sink.language import LANGUAGES, read_rows, text

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
