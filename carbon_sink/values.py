"""What the cells of a column say: numbers, codes, texts and dates, however they were typed."""

import re
from datetime import date
from typing import NamedTuple

import numpy as np
import pandas as pd

# typed where nothing is known; an error of a spreadsheet such as #N/A is none of them
EMPTY_WORDS = frozenset(
    ("空", "无", "—", "——", "–", "-", "--", "/", "、", "NULL", "Null", "null", "None", "none", "NA",
     "N/A")
)  # fmt: skip
# signs that stand for others on a Chinese keyboard or in typeset text. Not NFKC, which reads
# 10² as 102
_HALF_WIDTH = {
    **{code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)},
    0x3000: " ", 0x00A0: " ", 0x2009: " ", 0x202F: " ", 0x2212: "-", 0xFE63: "-",
}  # fmt: skip
_WIDE = f"[{''.join(map(chr, _HALF_WIDTH))}]"
_NUMBER = r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?"
# groups of three are beyond doubt when there are two of them, or decimals
_GROUPED = re.compile(
    r"[+-]?[1-9][0-9]{0,2}(?:([, ])[0-9]{3}(?:\1[0-9]{3})+(?:\.[0-9]+)?|[, ][0-9]{3}\.[0-9]+)"
)
_ONE_COMMA = re.compile(r"([+-]?[0-9]*),([0-9]+)")
_ENDLESS = re.compile(r"[+-]?(?:inf|infinity|nan|[0-9.]+#(?:inf|ind|q?nan)\w*)", re.IGNORECASE)
_ERROR = re.compile(r"#(?:N/A|NA|REF!|DIV/0!|VALUE!|NAME\?|NUM!|NULL!|SPILL!|CALC!)")
_UNITS = (
    "亩|公亩|市亩|公顷|平方千米|平方公里|平方米|立方米|千米|公里|毫米|厘米|米|吨|公斤|千克|株|棵|根|"
    "年|岁|度|元|级|个|m³|m3|m²|m2|㎡|hm²|hm2|ha|km²|km2|mm|cm|km|m|mu|kg|tC|t|a|%|‰|°|℃"
)
_WITH_UNIT = re.compile(rf"[+-]?[0-9][0-9,. ]*(?:[十百千万亿]+|[十百千万亿]*(?:{_UNITS})(?:/\w+)?)")
_DATE = re.compile(
    r"([12][0-9]{3})(?:([-/.])([0-9]{1,2})\2([0-9]{1,2})|年([0-9]{1,2})月([0-9]{1,2})日"
    r"|([0-9]{2})([0-9]{2}))(?:[ T]+([0-9]{1,2}:[0-9]{2}(?::[0-9]{2})?))?"
)
# as spreadsheets show numbers that are too long for a cell
_SHORTENED = r"[0-9](?:\.[0-9]+)?[eE]\+[0-9]{2,3}"


class Numbers(NamedTuple):
    """
    A column read as numbers.

    Parameters
    ----------
    numbers : Series of float
        NaN where the cell is empty or unreadable.
    unreadable : Series of bool
        True where a cell holds something that is not a finite number.
    mended : Series of bool
        True where the number, or the word for an empty cell, was typed in an unusual way.
    """

    numbers: pd.Series
    unreadable: pd.Series
    mended: pd.Series


class Texts(NamedTuple):
    """
    A column read as codes or texts.

    Parameters
    ----------
    texts : Series of str
        Missing where the cell is empty.
    unreadable : Series of bool
        True where a spreadsheet left an error, or took the last digits off a long code.
    mended : Series of bool
        True where full-width letters, or a word for an empty cell, were replaced.
    """

    texts: pd.Series
    unreadable: pd.Series
    mended: pd.Series


def half_width(text: str) -> str:
    """
    Return a text with full-width signs as the usual ones, without blanks around it.

    Examples
    --------
    >>> half_width("－１２．５　")
    '-12.5'
    """
    return text.translate(_HALF_WIDTH).strip()


def numbers_of(column: pd.Series, unit: str = "") -> Numbers:
    """
    Read a column as numbers.

    Full-width digits and signs, blanks, thousands separators that leave no doubt, and words
    for an empty cell are understood. Everything else is unreadable rather than guessed.

    Parameters
    ----------
    column : Series
        Numbers, or texts that should be numbers. Empty cells are missing, not zero.
    unit : str
        Unit of the column; a cell may repeat it.

    Returns
    -------
    read : Numbers

    Examples
    --------
    >>> read = numbers_of(pd.Series(["1.5", "１，２３４．５", "无", "68,500", "12亩"]))
    >>> read.numbers.tolist()
    [1.5, 1234.5, nan, nan, nan]
    >>> read.unreadable.tolist(), read.mended.tolist()
    ([False, False, False, True, True], [False, True, True, False, False])
    >>> numbers_of(pd.Series(["85%"]), unit="%").numbers.tolist()
    [85.0]
    """
    none = pd.Series(data=False, index=column.index)
    if pd.api.types.is_bool_dtype(column):
        return Numbers(pd.Series(np.nan, column.index), column.notna(), none)
    if pd.api.types.is_numeric_dtype(column):
        numbers = pd.to_numeric(column, errors="coerce").astype(float)
        endless = pd.Series(np.isinf(numbers), index=column.index)
        return Numbers(numbers.mask(endless), endless | (column.notna() & numbers.isna()), none)
    text = _stripped(column)
    plain = text.str.fullmatch(_NUMBER).fillna(value=False).astype(bool)
    numbers = pd.Series(np.nan, column.index)
    numbers[plain] = text[plain].astype(float)
    odd = text[~plain & text.notna()]
    read = {one: _unusual(one, unit) for one in odd.unique()}
    understood = odd.map(lambda one: read[one] is not None).astype(bool)
    numbers[odd.index[understood]] = odd[understood].map(read).astype(float)
    endless = np.isinf(numbers)
    unreadable, mended = none.copy(), none.copy()
    unreadable[odd.index[~understood]] = True
    mended[odd.index[understood]] = True
    return Numbers(numbers.mask(endless), unreadable | endless, mended & ~endless)


def _stripped(column: pd.Series) -> pd.Series:
    """Return a column as texts without blanks around them; empty ones are missing."""
    text = column.astype("str").str.strip()
    return text.mask(text.eq(""))


def _unusual(text: str, unit: str) -> float | None:
    """Read a number typed in an unusual way; NaN for an empty cell, None when it is none."""
    text = half_width(text)
    if text in EMPTY_WORDS:
        return np.nan
    if unit not in ("", "1"):
        text = text.removesuffix(unit).rstrip()
    if _GROUPED.fullmatch(text):
        text = re.sub("[, ]", "", text)
    return float(text) if re.fullmatch(_NUMBER, text) else None


def number_fault(text: str) -> str:
    """
    Return the message that says why a text is no number.

    Parameters
    ----------
    text : str
        A cell that ``numbers_of`` cannot read.

    Returns
    -------
    code : str
        ``number_not_finite``, ``cell_error``, ``number_comma``, ``number_with_unit``, or
        ``not_a_number`` for everything else.

    Examples
    --------
    >>> [number_fault(text) for text in ("NaN", "1e999", "#N/A", "3,14")]
    ['number_not_finite', 'number_not_finite', 'cell_error', 'number_comma']
    >>> number_fault("12亩"), number_fault("many")
    ('number_with_unit', 'not_a_number')
    """
    text = half_width(text)
    for code, pattern in (
        ("number_not_finite", _ENDLESS),
        ("cell_error", _ERROR),
        ("number_comma", _ONE_COMMA),
        ("number_with_unit", _WITH_UNIT),
        ("number_not_finite", re.compile(_NUMBER)),
    ):
        if pattern.fullmatch(text):
            return code
    return "not_a_number"


def comma_readings(text: str) -> str:
    """
    Return what a number with one comma may mean.

    Parameters
    ----------
    text : str
        A cell whose ``number_fault`` is ``number_comma``.

    Examples
    --------
    >>> comma_readings("68,500"), comma_readings("3,14")
    ('68,500 = 68500 / 68.500', '3,14 = 3.14')
    """
    whole, part = _ONE_COMMA.fullmatch(half_width(text)).groups()
    grouped = re.fullmatch("[+-]?[1-9][0-9]{0,2}", whole) and len(part) == len("000")
    readings = [whole + part] * bool(grouped) + [f"{whole}.{part}"]
    return f"{text} = {' / '.join(readings)}"


def texts_of(column: pd.Series) -> Texts:
    """
    Read a column as codes or texts.

    Parameters
    ----------
    column : Series
        Texts, or numbers that are codes. Whole numbers have no decimal point.

    Returns
    -------
    read : Texts

    Examples
    --------
    >>> read = texts_of(pd.Series(["0111", "０１１３ ", "无", "甲镇（东）", "5.00153E+11"]))
    >>> read.texts.tolist()
    ['0111', '0113', nan, '甲镇（东）', '5.00153E+11']
    >>> read.unreadable.tolist(), read.mended.tolist()
    ([False, False, False, False, True], [False, True, True, False, False])
    """
    # lists cannot be told apart as they are, but as texts
    plain = column if pd.api.types.is_numeric_dtype(column) else column.astype("str")
    place, cells = pd.factorize(plain)
    typed = _stripped(pd.Series(cells)).str.replace(r"^([0-9]+)\.0+$", r"\1", regex=True)
    wide = typed[typed.str.contains(_WIDE).eq(other=True)].map(half_width)
    # names keep their own brackets and commas
    wide = wide[wide.map(str.isascii).astype(bool) | wide.isin(EMPTY_WORDS)]
    text = typed.copy()
    text[wide.index] = wide
    text = text.mask(text.isin(EMPTY_WORDS)).astype("str")
    wrong = text.str.fullmatch(f"{_SHORTENED}|{_ERROR.pattern}").eq(other=True)
    mended = typed.notna() & text.ne(typed)

    def rows(known: pd.Series) -> pd.Series:
        # the place of a missing cell is -1
        return pd.Series(np.append(known.to_numpy(bool), False)[place], column.index)

    texts = pd.Series(text.array.take(place, allow_fill=True), column.index, name=column.name)
    return Texts(texts, rows(wrong), rows(mended))


def dates_of(column: pd.Series) -> pd.Series:
    """
    Write dates of several forms in one form.

    Parameters
    ----------
    column : Series of str
        Such as ``2023-05-01``, ``2023/5/1``, ``2023年5月1日`` or ``20230501``, with the time
        of the day or without.

    Returns
    -------
    dates : Series of str
        ``2023-05-01`` or ``2023-05-01 13:00:00``; missing where a text is no date that is
        beyond doubt: day, month and year in another order, a year of two digits, a day that
        does not exist.

    Examples
    --------
    >>> dates_of(pd.Series(["2023/5/1", "2023年5月1日 9:30", "5/1/2023", "00000000"])).tolist()
    ['2023-05-01', '2023-05-01 09:30:00', nan, nan]
    """
    return column.map(_date, na_action="ignore").astype("str")


def _date(text: str) -> str | float:
    """Write a date in the standard form; NaN for what is none."""
    found = _DATE.fullmatch(half_width(str(text)))
    if not found:
        return np.nan
    year, _, *parts, time = found.groups()
    month, day = (int(part) for part in parts if part)
    try:
        written = date(int(year), month, day).isoformat()
    except ValueError:
        return np.nan
    if time is None:
        return written
    hour, minute, second = (*time.split(":"), "00")[:3]
    return f"{written} {int(hour):02d}:{minute}:{second}"
