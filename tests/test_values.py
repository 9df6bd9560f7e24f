"""What cells say, however they were typed."""

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from carbon_sink.values import (
    EMPTY_WORDS,
    comma_readings,
    dates_of,
    half_width,
    number_fault,
    numbers_of,
    texts_of,
)

FINITE = st.floats(allow_nan=False, allow_infinity=False)


def full_width(text):
    return "".join(chr(ord(sign) + 0xFEE0) if "!" <= sign <= "~" else sign for sign in text)


def number(text, unit=""):
    """The number a cell is read as; None when it is refused."""
    read = numbers_of(pd.Series([text]), unit)
    return None if read.unreadable[0] else read.numbers[0]


@given(FINITE)
def test_a_number_that_was_written_is_read_again(value):
    assert number(repr(value)) == value


@given(FINITE)
def test_full_width_digits_say_the_same_number_and_are_told(value):
    read = numbers_of(pd.Series([full_width(repr(value))]))
    assert read.numbers[0] == value
    assert read.mended[0]


@given(st.decimals(min_value=1000, max_value=10**12, places=2, allow_nan=False))
def test_thousands_separators_before_decimals_are_read_and_told(value):
    read = numbers_of(pd.Series([f"{value:,}", f"{-value:,}".replace(",", " ")]))
    assert read.numbers.tolist() == [float(value), -float(value)]
    assert read.mended.all()


@given(st.lists(st.text() | st.none() | FINITE | st.booleans(), max_size=5))
def test_no_cell_stops_the_reading_and_none_is_both_mended_and_unreadable(cells):
    column = pd.Series(cells, dtype=object, index=range(7, 7 + len(cells)))
    for read in (numbers_of(column), numbers_of(column, "ha"), texts_of(column)):
        assert not (read.unreadable & read.mended).any()
        assert all(part.index.equals(column.index) for part in read)
    assert np.isfinite(numbers_of(column).numbers.dropna()).all()


@given(st.text())
def test_an_unreadable_cell_always_has_a_reason(text):
    if number(text) is None:
        assert number_fault(text)
    dates_of(pd.Series([text]))


def test_blanks_around_a_number_and_scientific_notation_are_nothing_unusual():
    read = numbers_of(pd.Series([" 1.5\t", "\u30002", "1e3", "-2E-3", ".5", "7."]))
    assert read.numbers.tolist() == [1.5, 2.0, 1000.0, -0.002, 0.5, 7.0]
    assert not read.mended.any()


@pytest.mark.parametrize("word", [*sorted(EMPTY_WORDS), "－", "／", "ＮＡ"])
def test_words_for_an_empty_cell_are_missing_and_told(word):
    for read in (numbers_of(pd.Series([word])), texts_of(pd.Series([word]))):
        assert read[0].isna().all()
        assert read.mended.all()
        assert not read.unreadable.any()


@pytest.mark.parametrize("empty", ["", "  ", "\u3000", None, np.nan])
def test_empty_cells_are_missing_and_nothing_to_tell(empty):
    read = numbers_of(pd.Series([empty, "1"], dtype=object))
    assert read.numbers.isna().tolist() == [True, False]
    assert not read.mended.any()
    assert not read.unreadable.any()


@pytest.mark.parametrize(
    ("text", "value"),
    [("1,234.5", 1234.5), ("1，234．5", 1234.5), ("1,234,567", 1234567.0), ("1 234 567", 1234567.0),
     ("－５", -5.0), ("−5", -5.0), ("-1,234.5", -1234.5)],
)  # fmt: skip
def test_numbers_that_leave_no_doubt_are_read(text, value):
    assert number(text) == value


@pytest.mark.parametrize(
    ("text", "code"),
    [("68,500", "number_comma"), ("6８，500", "number_comma"), ("3,14", "number_comma"),
     (",5", "number_comma"), ("12亩", "number_with_unit"), ("0.7公顷", "number_with_unit"),
     ("1,234.5 m³", "number_with_unit"), ("3.5万", "number_with_unit"), ("70%", "number_with_unit"),
     ("2.5万立方米", "number_with_unit"), ("35m3/ha", "number_with_unit"),
     ("NaN", "number_not_finite"), ("-inf", "number_not_finite"), ("Infinity", "number_not_finite"),
     ("1.#QNAN", "number_not_finite"), ("1e999", "number_not_finite"), ("#N/A", "cell_error"),
     ("#DIV/0!", "cell_error"), ("many", "not_a_number"), ("1_000", "not_a_number"),
     ("1,23,456", "not_a_number"), ("0x10", "not_a_number"), ("3A", "not_a_number"),
     ("10²", "not_a_number"), ("①", "not_a_number"), ("½", "not_a_number"), ("True", "not_a_number"),
     ("12 34", "not_a_number"), ("1.2.3", "not_a_number"), ("约5", "not_a_number")],
)  # fmt: skip
def test_numbers_in_doubt_are_refused_with_the_reason(text, code):
    assert number(text) is None
    assert number_fault(text) == code


def test_a_comma_in_doubt_is_shown_with_both_readings():
    assert comma_readings("68,500") == "68,500 = 68500 / 68.500"
    # what begins with zero is no group of thousands
    assert comma_readings("0,500") == "0,500 = 0.500"


def test_a_cell_may_repeat_the_unit_of_its_column_but_no_other():
    assert number("85%", "%") == 85.0
    assert number("８５％", "%") == 85.0
    assert number("1.5 ha", "ha") == 1.5
    assert number("1.5亩", "ha") is None
    # a quantity without a unit keeps its digits
    assert number("121", "1") == 121.0


def test_true_and_false_are_no_numbers():
    for column in (pd.Series([True, False]), pd.Series([True, None], dtype="boolean")):
        read = numbers_of(column)
        assert read.numbers.isna().all()
        assert read.unreadable.tolist() == column.notna().tolist()


def test_numbers_of_every_storage_stay_what_they_are_and_infinity_is_refused():
    for kind in ("float64", "Float64", "double[pyarrow]"):
        read = numbers_of(pd.Series([1.5, None, math.inf], dtype=kind))
        assert read.numbers[:2].tolist()[0] == 1.5
        assert read.unreadable.tolist() == [False, False, True]
    assert numbers_of(pd.Series([1, None], dtype="int64[pyarrow]")).numbers[0] == 1.0
    texts = pd.Series(["1.5", "１", None], dtype="string[pyarrow]")
    assert numbers_of(texts).mended.tolist() == [False, True, False]


def test_codes_of_every_kind_become_texts_and_empty_cells_stay_empty():
    written = pd.Series(["0111", " 12 ", 111, 112.0, "", " ", None, 1.5], dtype=object)
    texts = texts_of(written).texts
    assert texts.dropna().tolist() == ["0111", "12", "111", "112", "1.5"]
    assert texts.isna().tolist() == [False] * 4 + [True] * 3 + [False]
    for column in (pd.Series([111.0, None]), pd.Series([111, None], dtype="Int64"),
                   pd.Series(["111", None], dtype="category")):  # fmt: skip
        pd.testing.assert_series_equal(
            texts_of(column).texts, pd.Series(["111", None], dtype="str")
        )
    assert texts_of(pd.Series([None, None], dtype=object)).texts.isna().all()


def test_a_list_in_the_place_of_a_code_is_a_text_like_any_other():
    assert texts_of(pd.Series([["0111"], None])).texts.tolist()[0] == "['0111']"


def test_full_width_codes_are_told_and_names_keep_their_brackets():
    read = texts_of(pd.Series(["０１１１", "甲镇（东）", "Ａ－1", "\n荣隆镇\u3000"]))
    assert read.texts.tolist() == ["0111", "甲镇（东）", "A-1", "荣隆镇"]
    assert read.mended.tolist() == [True, False, True, False]


@given(
    st.from_regex(r"[0-9A-Z]{2,12}", fullmatch=True).filter(lambda text: text not in EMPTY_WORDS)
)
def test_a_full_width_code_is_the_same_code(code):
    assert texts_of(pd.Series([full_width(code)])).texts[0] == code
    assert half_width(full_width(code)) == code


def test_codes_whose_last_digits_a_spreadsheet_took_off_are_unreadable():
    read = texts_of(pd.Series(["5.00153E+17", "5.00153001001e+17", "#REF!", "2E10", "500153"]))
    assert read.unreadable.tolist() == [True, True, True, False, False]


@pytest.mark.parametrize(
    ("text", "written"),
    [("2023-05-01", "2023-05-01"), ("2023/5/1", "2023-05-01"), ("2023.5.1", "2023-05-01"),
     ("20230501", "2023-05-01"), ("2023年5月1日", "2023-05-01"), ("２０２３－５－１", "2023-05-01"),
     ("2023/5/1 9:30", "2023-05-01 09:30:00"), ("2023-05-01T09:30:15", "2023-05-01 09:30:15")],
)  # fmt: skip
def test_dates_of_many_forms_are_written_in_one(text, written):
    assert dates_of(pd.Series([text])).tolist() == [written]


@pytest.mark.parametrize(
    "text", ["5/1/2023", "23/5/1", "00000000", "2023-02-30", "2023-5/1", "2023", "202305", "x"]
)
def test_dates_in_doubt_are_none(text):
    assert dates_of(pd.Series([text])).isna().all()
