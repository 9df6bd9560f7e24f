"""Reads one sheet of a workbook as it is seen: every cell as text, under its own row number."""

import re
import warnings
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple
from xml.parsers import expat

import openpyxl
import pandas as pd
from openpyxl.utils import get_column_letter, range_boundaries
from openpyxl.utils.datetime import MAC_EPOCH
from openpyxl.utils.exceptions import InvalidFileException

from ..errors import CarbonSinkError, FileError, Problem
from ..tables import faulty
from ..values import dates_of
from .archive import members_of

# tables of records are far smaller; memory is kept for those that are not
MOST_CELLS = 2_000_000
ADDRESSES_SHOWN = 8
LONGEST_WHOLE = 1e15
# below a title, so many texts are names of columns; a row of fewer may hold values
NAMES_LEAST = 3
_NUMERIC = re.compile(r"[-+.,/:%\d]+")
# what formats add to a number: texts in quotes and letters behind a backslash
_WORDS = re.compile(r'"([^"]*)"|\\(.)')
_DATE_WORDS = re.compile(r"[年月日时分秒周星期上下午TZ\s\W\d]*")
_BROKEN = (
    zipfile.BadZipFile, InvalidFileException, LookupError, ValueError, TypeError, AttributeError,
    SyntaxError, zlib.error, EOFError, OSError, RuntimeError, OverflowError,
    expat.ExpatError,
)  # fmt: skip


class Sheet(NamedTuple):
    """
    Cells of a sheet as texts.

    Parameters
    ----------
    name : str
        Name of the sheet.
    rows : dict
        Row number to the texts of its cells, from column A; rows without a value are left out.
    problems : list of Problem
        What is wrong with the sheet, and what a reader should know.
    """

    name: str
    rows: dict[int, list[str]]
    problems: list[Problem]


def read_sheet(path: Path, layer: str = "") -> Sheet:
    """
    Read one sheet of an Excel workbook.

    Parameters
    ----------
    path : Path
        A workbook of Excel 2007 or later.
    layer : str
        Sheet to read; may be left out when only one holds values.

    Returns
    -------
    sheet : Sheet
        Numbers are written as short as they can be; where a format adds zeros, a percent sign
        or a unit, the text has them too. Dates are written as 2023-05-01.

    Raises
    ------
    FileError
        If the file is no whole workbook, or several sheets hold values and none is named.
    """
    place = {"file": path.name, "layer": layer}
    members_of(path, place)
    with _refusals(path, layer), _opened(path) as book:
        sheets, problems = _wanted(book, layer, place)
        if len(sheets) == 1:
            return _read(path, sheets[0], problems)
        read = [_read(path, sheet, []) for sheet in sheets]
    listed = ", ".join(f"{sheet.name} ({len(sheet.rows)})" for sheet in read)
    merged = [one for sheet in read for one in sheet.problems if one.code == "cells_merged"]
    raise FileError([Problem("layer_not_named", rule=listed, **place), *merged])


def title_rows(rows: dict[int, list[str]]) -> list[int]:
    """
    Return the rows above the names of the columns that hold a title in one cell.

    There are none where the first row that is wider does not look like names of columns.

    Examples
    --------
    >>> title_rows({1: ["2025", ""], 2: ["year", "town", "trees"], 3: ["2025", "a", "9"]})
    [1]
    """
    titles = []
    for number, texts in rows.items():
        filled = [one.strip() for one in texts if one.strip()]
        if len(filled) > 1:
            names = [one for one in set(filled) if not _NUMERIC.fullmatch(one)]
            return titles if len(names) == len(filled) >= NAMES_LEAST else []
        titles.append(number)
    return []


@contextmanager
def _refusals(path: Path, layer: str) -> Iterator[None]:
    """Turn what the libraries say of a broken workbook into a message."""
    try:
        yield
    except _BROKEN as error:
        if isinstance(error, CarbonSinkError):
            raise
        value = f"{type(error).__name__} {error}"
        problem = Problem("file_unreadable", file=path.name, layer=layer, value=value)
        raise FileError(problem) from None


@contextmanager
def _opened(path: Path) -> Iterator[openpyxl.Workbook]:
    """Open a workbook for reading values; the library warns of parts that it does not know."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        book = openpyxl.load_workbook(path, read_only=True, data_only=True, keep_links=False)
        try:
            yield book
        finally:
            book.close()


def _wanted(book: openpyxl.Workbook, layer: str, place: dict) -> tuple[list, list[Problem]]:
    """Return the sheet that is named, or those that are shown and hold values."""
    sheets = {sheet.title: sheet for sheet in book.worksheets}
    for sheet in sheets.values():
        # a size that the file states and that is too small would cut rows off
        sheet.reset_dimensions()
    if layer and layer not in sheets:
        raise FileError(Problem("layer_missing", value=layer, rule=", ".join(sheets), **place))
    if layer:
        return [sheets[layer]], []
    filled = [sheet for sheet in sheets.values() if _has_values(sheet)]
    shown = [sheet for sheet in filled if sheet.sheet_state == "visible"]
    if not filled:
        raise FileError(Problem("layer_empty", **place))
    hidden = ", ".join(sheet.title for sheet in filled if sheet not in shown)
    if shown and hidden:
        return shown, [Problem("sheets_hidden", value=hidden, **place)]
    return shown or filled, []


def _has_values(sheet: Any) -> bool:
    """Tell whether any cell of a sheet holds something."""
    return any(value not in (None, "") for row in sheet.iter_rows(values_only=True)
               for value in row)  # fmt: skip


@dataclass
class _Cells:
    """The cells of a sheet while they are read; addresses are (row, column from 0)."""

    rows: dict[int, list[str]] = field(default_factory=dict)
    errors: dict[tuple[int, int], str] = field(default_factory=dict)
    dates: dict[int, list[int]] = field(default_factory=dict)
    words: dict[tuple[int, int], str] = field(default_factory=dict)
    count: int = 0

    def add(self, row: int, cells: tuple) -> None:
        """Write the cells of a row as texts."""
        texts = [_text(cell) for cell in cells]
        while texts and not texts[-1].strip():
            texts.pop()
        if not texts:
            return
        self.rows[row] = texts
        self.count += len(texts)
        for column, cell in enumerate(cells[: len(texts)]):
            if cell.data_type == "e":
                self.errors[row, column] = texts[column]
            elif isinstance(cell.value, date):
                self.dates.setdefault(column, []).append(row)
                if words := _date_words(cell.number_format):
                    self.words[row, column] = f"{texts[column]} {words}"


def _text(cell: Any) -> str:
    """Write the value of a cell as it is seen."""
    value = cell.value
    if value is None or isinstance(value, str):
        return value or ""
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, int | float):
        return _number_text(value, cell.number_format or "")
    if isinstance(value, timedelta):
        seconds = round(value.total_seconds())
        return f"{seconds // 3600}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"
    if isinstance(value, datetime):
        return value.isoformat(" ", "seconds").removesuffix(" 00:00:00")
    return value.isoformat()


def _number_text(value: float, form: str) -> str:
    """Write a number with all its digits, and with what its format adds to them."""
    first = form.split(";", maxsplit=1)[0]
    unquoted = _WORDS.sub("", first)
    if "%" in unquoted:
        value, first = round(value * 100, 10), first + '"%"'
    if value == int(value) and abs(value) < LONGEST_WHOLE:
        value = int(value)
    text = str(value)
    if isinstance(value, int) and re.fullmatch("0{2,}", unquoted.strip()):
        text = text.zfill(len(unquoted.strip()))
    behind = re.split("[0#?]|General", first)[-1]
    return text + "".join(quoted for quoted, _ in _WORDS.findall(behind)).strip()


def _date_words(form: str) -> str:
    """Return the words that the format of a date adds to it, such as a time zone."""
    added = "".join(quoted + letter for quoted, letter in _WORDS.findall(form or ""))
    return "" if _DATE_WORDS.fullmatch(added) else re.sub(r"[^\w ]", "", added).strip()


def _read(path: Path, sheet: Any, problems: list[Problem]) -> Sheet:
    """Read the cells of a sheet, and find out what keeps them from being a table."""
    place = {"file": path.name, "layer": sheet.title}
    cells = _Cells()
    for number, row in enumerate(sheet.iter_rows(), start=1):
        cells.add(number, row)
        if cells.count > MOST_CELLS:
            rule = f"{MOST_CELLS:,}"
            raise FileError(Problem("table_too_large", value=str(number), rule=rule, **place))
    layout = _layout_of(path, sheet)
    found = [
        *_merged(cells, layout, place),
        *_listed("cell_error", cells.errors, cells, place),
        *_listed("formula_without_value", layout.formulas, cells, place),
        *_hidden(cells, layout, place),
        *_mended_dates(cells, place),
        *_listed("date_words", cells.words, cells, place),
    ]
    if sheet.parent.epoch == MAC_EPOCH and cells.dates:
        count = sum(map(len, cells.dates.values()))
        found.append(Problem("dates_1904", value=str(count), **place))
    return Sheet(sheet.title, cells.rows, [*problems, *found])


def _field(cells: _Cells, column: int) -> str:
    """Return the heading of a column, or its letter where it has none."""
    head = next(iter(cells.rows.values()), [])
    name = head[column].strip() if column < len(head) else ""
    return name or get_column_letter(column + 1)


def _listed(code: str, found: dict, cells: _Cells, place: dict) -> list[Problem]:
    """Tell of single cells, column by column, with their addresses."""
    problems = []
    for column in sorted({column for _, column in found}):
        here = {row: text for (row, one), text in found.items() if one == column}
        texts = pd.Series(here, dtype="str")
        letter = get_column_letter(column + 1)
        shown = [f"{letter}{row} {text}".strip() for row, text in here.items()]
        value = _few(shown)
        problems += faulty(code, texts.notna(), texts, field=_field(cells, column), value=value,
                           **place)  # fmt: skip
    return problems


def _few(addresses: list[str]) -> str:
    """Join the first few addresses."""
    more = " …" if len(addresses) > ADDRESSES_SHOWN else ""
    return ", ".join(addresses[:ADDRESSES_SHOWN]) + more


def _merged(cells: _Cells, layout: "_Layout", place: dict) -> list[Problem]:
    """Tell of merged cells; where they are empty they do not matter."""
    found, titles = {}, title_rows(cells.rows)
    for address in layout.merged:
        column, row, _, _ = range_boundaries(address)
        texts = cells.rows.get(row, [])
        if row not in titles and column <= len(texts) and texts[column - 1].strip():
            found[address] = row
    if not found:
        return []
    rows = tuple(sorted(set(found.values())))
    columns = sorted({range_boundaries(address)[0] for address in found})
    letters = _few(list(map(get_column_letter, columns)))
    return [Problem("cells_merged", value=_few(list(found)), rows=rows[:5], count=len(rows),
                    field=letters, **place)]  # fmt: skip


def _hidden(cells: _Cells, layout: "_Layout", place: dict) -> list[Problem]:
    """Tell of rows and columns that are hidden and have been read."""
    rows = [row for row in layout.hidden_rows if row in cells.rows]
    width = max(map(len, cells.rows.values()), default=0)
    columns = [
        get_column_letter(column)
        for first, last in layout.hidden_columns
        for column in range(first, min(last, width) + 1)
    ]
    problems = []
    if rows:
        text = pd.Series([" ".join(cells.rows[row]) for row in rows], rows, dtype="str")
        value = _few(list(map(str, rows)))
        problems += faulty("rows_hidden", text.notna(), text, value=value, **place)
    if columns:
        problems.append(Problem("columns_hidden", value=_few(columns), **place))
    return problems


def _mended_dates(cells: _Cells, place: dict) -> list[Problem]:
    """Write dates that were typed as text like the other dates of their column."""
    head = next(iter(cells.rows), 0)
    found = {}
    for column, known in cells.dates.items():
        others = {row: texts[column] for row, texts in cells.rows.items()
                  if row not in known and row != head and column < len(texts)}  # fmt: skip
        typed = pd.Series(others, dtype="str")
        for row, written in dates_of(typed).dropna().items():
            found[row, column] = typed[row]
            cells.rows[row][column] = written
    return _listed("dates_as_text", found, cells, place)


@dataclass
class _Layout:
    """What the cells do not tell of a sheet, found in one pass over its XML."""

    merged: list[str] = field(default_factory=list)
    hidden_rows: list[int] = field(default_factory=list)
    hidden_columns: list[tuple[int, int]] = field(default_factory=list)
    formulas: dict[tuple[int, int], str] = field(default_factory=dict)
    row: int = 0
    column: int = 0
    kind: str = ""
    tag: str = ""
    formula: str | None = None
    has_value: bool = False

    def start(self, name: str, known: dict[str, str]) -> None:
        """Note what an element says."""
        self.tag = name.rpartition(" ")[2]
        hidden = known.get("hidden") in ("1", "true")
        if self.tag == "row":
            self.row, self.column = int(known.get("r", self.row + 1)), 0
            if hidden:
                self.hidden_rows.append(self.row)
        elif self.tag == "col" and hidden:
            self.hidden_columns.append((int(known["min"]), int(known["max"])))
        elif self.tag == "mergeCell":
            self.merged.append(known["ref"])
        elif self.tag == "c":
            address = known.get("r")
            self.column = range_boundaries(address)[0] if address else self.column + 1
            self.kind, self.formula, self.has_value = known.get("t", "n"), None, False
        elif self.tag == "f":
            self.formula = "="

    def text(self, text: str) -> None:
        """Note formulas, and that a cell has a value."""
        if self.tag == "f":
            self.formula += text
        elif self.tag == "v" and text:
            self.has_value = True

    def end(self, name: str) -> None:
        """Note a formula that has no value when its cell is over; a text may be empty."""
        if name.rpartition(" ")[2] == "c" and self.formula and not self.has_value:
            if self.kind != "str":
                self.formulas[self.row, self.column - 1] = self.formula
            self.formula = None
        self.tag = ""


def _layout_of(path: Path, sheet: Any) -> _Layout:
    """Read what the library leaves out when it reads values only."""
    layout = _Layout()
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.buffer_text = True
    parser.StartElementHandler, parser.EndElementHandler = layout.start, layout.end
    parser.CharacterDataHandler = layout.text
    inside = sheet._worksheet_path  # noqa: SLF001 its place in the archive is told nowhere else
    with zipfile.ZipFile(path) as archive, archive.open(inside) as part:
        parser.ParseFile(part)
    return layout
