"""Looks at the cells of a DBF table as they are written: numbers, days and texts."""

import re
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pandas as pd

from ..errors import FileError, Problem
from ..tables import faulty, joined
from .dbf import (
    BLANK,
    FIRST_HIGH,
    ROW_FLAGS,
    Field,
    Piece,
    Table,
    batches_of,
    cells_of,
    encoding_of_table,
    lines_of,
    names_of,
    on_disk,
    table_of,
)
from .encoding import decoded_text

# letters of the kinds of fields that are read
KINDS = "CNFDL"
LONGEST_TEXT_BYTES = 254
NUMBER = re.compile(rb"[ \0]*[+-]?(\d+\.?\d*|\.\d+)([eEdD][+-]?\d+)?[ \0]*")
# year, month and day, and month, day and year as American programs write it (GDAL issue 2746)
DATES = (re.compile(r"(?P<year>\d{4})[/.-](?P<month>\d{1,2})[/.-](?P<day>\d{1,2})"),
         re.compile(r"(?P<month>\d{1,2})/(?P<day>\d{1,2})/(?P<year>\d{4})"))  # fmt: skip
DATE_BYTES = 8
# width and decimals that GDAL gives its own fields; it cuts what does not fit, and writes
# asterisks for empty cells only
GDAL_NUMBER = (24, 15)
# bytes that no number of a field uses; one that needs them is ten thousand times the largest
FREE_PLACES = 4
MONTH_DAYS, FEBRUARY = (0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31), 2


def cell_problems(
    piece: Piece,
    table: Table,
    codec: str,
    place: dict[str, str],
    fields: Iterable[str] | None = None,
) -> list[Problem]:
    """
    Look at every cell as it is written.

    Parameters
    ----------
    piece : Piece
    table : Table
    codec : str
        Encoding of the texts.
    place : dict
        File and layer, for messages.
    fields : iterable of str, optional
        Fields to look at; all when none are named.

    Returns
    -------
    problems : list of Problem
        Refused: ``number_unreadable``, ``date_impossible``, ``dbf_rows``. Mended: ``date_form``.
        Told: ``number_lost``, ``date_empty``, ``text_cut``, ``text_damaged``, ``field_unread``,
        ``rows_deleted``.
    """
    names = names_of(table, codec)
    wanted = set(names if fields is None else fields)
    looked_at = [(name, one) for name, one in zip(names, table.fields, strict=True)
                 if name in wanted]  # fmt: skip
    found = [
        Problem("field_unread", field=name, value=field.kind, **place)
        for name, field in looked_at
        if field.kind not in KINDS
    ]
    live, lost = 0, _Lost()
    for labels, rows in batches_of(piece, table):
        live += len(rows)
        flags = pd.Series(rows[:, 0], labels)
        found += faulty("dbf_rows", ~flags.isin(ROW_FLAGS), flags, **place)
        for name, field in looked_at:
            cells = cells_of(rows, field)
            if field.kind in "NF" and (field.width, field.decimals) != GDAL_NUMBER:
                lost.add(name, cells, labels)
            for code, bad, rule in _cell_faults(cells, field, codec):
                if not bad.any():
                    continue
                texts = _shown(cells, bad, codec, labels)
                about = {"field": name, "rule": rule, **place}
                found += faulty(code, pd.Series(bad, labels), texts, **about)
    if live < table.rows:
        found.append(Problem("rows_deleted", count=table.rows - live, value=str(table.rows - live),
                             **place))  # fmt: skip
    return joined([*found, *lost.problems(place)])


def _is_lost(cells: np.ndarray) -> np.ndarray:
    """Tell which cells of numbers hold asterisks or null bytes only."""
    stars = cells == ord("*")
    return (stars | (cells == BLANK)).all(axis=1) & stars.any(axis=1) | (cells == 0).all(axis=1)


class _Lost:
    """
    Gathers the cells of numbers that hold asterisks.

    Programs write asterisks for a number that does not fit, and GDAL for an empty cell too. They
    are empty cells where every number of the field would fit were it ten thousand times as
    large, as hectares written in square metres are; of other fields the reader is told.
    """

    def __init__(self) -> None:
        self.rows: dict[str, list[pd.Index]] = {}
        self.used: dict[str, np.ndarray] = {}

    def add(self, name: str, cells: np.ndarray, labels: pd.Index) -> None:
        """Take in the cells of a field: rows that are lost, bytes that some number uses."""
        bad = _is_lost(cells)
        used = ((cells != BLANK) & (cells != 0))[~bad].any(axis=0)
        self.used[name] = used | self.used.get(name, False)
        if bad.any():
            self.rows.setdefault(name, []).append(labels[bad])

    def problems(self, place: dict[str, str]) -> list[Problem]:
        """Tell of all fields in one problem, with the names of the fields in every row."""
        tight = {name: rows[0].append(rows[1:]) for name, rows in self.rows.items()
                 if (~self.used[name]).sum() < FREE_PLACES}  # fmt: skip
        if not tight:
            return []
        cells = pd.concat([pd.Series(name, rows, dtype=object) for name, rows in tight.items()])
        cells = cells.groupby(level=0).agg(", ".join)
        counts = ", ".join(f"{name} ({len(rows):,})" for name, rows in tight.items())
        return faulty("number_lost", cells.notna(), cells, field=", ".join(tight), value=counts,
                      **place)  # fmt: skip


def _shown(cells: np.ndarray, bad: np.ndarray, codec: str, labels: pd.Index) -> pd.Series:
    """Return the cells of a finding as texts; the others are not decoded."""
    texts = pd.Series("", labels, dtype=object)
    texts[bad] = [line.decode(codec, "replace").strip() for line in lines_of(cells[bad])]
    return texts


def _cell_faults(cells: np.ndarray, field: Field, codec: str) -> list[tuple[str, np.ndarray, str]]:
    """Return what can be wrong with the cells of a field: code, rows, rule."""
    if not cells.size:
        return []
    if field.kind in "NF":
        return [("number_unreadable", ~_is_lost(cells) & ~_are_numbers(cells), "")]
    if field.kind == "D":
        blank = (cells == BLANK).all(axis=1)
        empty = np.isin(cells, (0, BLANK, ord("0"))).all(axis=1) & ~blank
        good, other = _dates(cells)
        impossible = ~(blank | empty | good | other)
        return [("date_empty", empty, ""), ("date_form", other, ""),
                ("date_impossible", impossible, "")]  # fmt: skip
    if field.kind == "C":
        cut, damaged = _cut_or_damaged(cells, codec)
        return [("text_cut", cut, str(field.width)), ("text_damaged", damaged, codec)]
    return []


def _are_numbers(cells: np.ndarray) -> np.ndarray:
    """Tell which cells are numbers or blank; a comma or a letter makes GDAL stop reading."""
    blank = (cells == BLANK) | (cells == 0)
    digit = (cells >= ord("0")) & (cells <= ord("9"))
    dot, sign = cells == ord("."), (cells == ord("+")) | (cells == ord("-"))
    first = ~blank
    first[:, 1:] &= blank[:, :-1]
    good = (
        (blank | digit | dot | sign).all(axis=1)
        & (first.sum(axis=1) <= 1)
        & (dot.sum(axis=1) <= 1)
        & ~(sign & ~first).any(axis=1)
        & (digit.any(axis=1) | blank.all(axis=1))
    )
    for row in np.flatnonzero(~good):
        good[row] = NUMBER.fullmatch(cells[row].tobytes()) is not None
    return good


def _dates(cells: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Tell which cells are days written YYYYMMDD, and which are days with signs between."""
    other = np.zeros(len(cells), bool)
    if cells.shape[1] < DATE_BYTES:
        return other, other
    digits = cells[:, :DATE_BYTES].astype(int) - ord("0")
    good = np.isin(digits, range(10)).all(axis=1)
    good &= np.isin(cells[:, DATE_BYTES:], (0, BLANK)).all(axis=1)
    good &= _are_days(*(digits @ np.array(places) for places in (
        [1000, 100, 10, 1, 0, 0, 0, 0], [0, 0, 0, 0, 10, 1, 0, 0], [0, 0, 0, 0, 0, 0, 10, 1])
    ))  # fmt: skip
    for row in np.flatnonzero(~good):
        other[row] = bool(_iso_day(cells[row].tobytes().decode("latin-1")))
    return good, other


def _iso_day(text: str) -> str:
    """Return a day that is written with signs between as YYYY-MM-DD; empty where it is none."""
    text = text.strip(" \0")
    match = next(filter(None, (form.fullmatch(text) for form in DATES)), None)
    if match is None:
        return ""
    year, month, day = (int(match[part]) for part in ("year", "month", "day"))
    is_day = _are_days(*(np.array([part]) for part in (year, month, day)))[0]
    return f"{year:04}-{month:02}-{day:02}" if is_day else ""


def _are_days(year: np.ndarray, month: np.ndarray, day: np.ndarray) -> np.ndarray:
    """Tell which numbers are days of the calendar."""
    leap = (year % 4 == 0) & ((year % 100 != 0) | (year % 400 == 0))
    last = np.array(MONTH_DAYS)
    in_year = (year > 0) & (month >= 1) & (month < len(last))
    month = np.where(in_year, month, 0)
    return in_year & (day >= 1) & (day <= last[month] + (leap & (month == FEBRUARY)))


def _cut_or_damaged(cells: np.ndarray, codec: str) -> tuple[np.ndarray, np.ndarray]:
    """Tell which texts fill a field to the last byte and are cut, and which make no text."""
    full = cells[:, -1] > BLANK
    cut = full & (cells.shape[1] >= LONGEST_TEXT_BYTES)
    damaged = np.zeros(len(cells), bool)
    high = np.flatnonzero((cells >= FIRST_HIGH).any(axis=1))
    try:
        # a column of blanks keeps half a character from being made whole by the next cell
        np.pad(cells[high], ((0, 0), (0, 1)), constant_values=BLANK).tobytes().decode(codec)
    except UnicodeDecodeError:
        for row, line in zip(high, lines_of(cells[high]), strict=True):
            if decoded_text(line, codec, padded=False) is None:
                damaged[row] = decoded_text(line, codec, padded=True) is None
                cut[row] = not damaged[row]
    return cut, damaged


def read_dbf(path: str | Path, encoding: str = "") -> tuple[pd.DataFrame, list[Problem]]:
    """
    Read a DBF file that stands alone, every cell as text.

    Parameters
    ----------
    path : str or Path
    encoding : str
        Encoding the user named; found out when empty.

    Returns
    -------
    table : DataFrame
        Texts without blanks around them; empty cells are missing, days are written YYYY-MM-DD.
        Rows are labelled from 1, without those that were deleted.
    problems : list of Problem
        All that ``cell_problems`` and ``encoding_of_table`` find, of any severity.

    Raises
    ------
    FileError
        If the file is not whole.
    """
    path = Path(path)
    place, piece = {"file": path.name, "layer": ""}, on_disk(path)
    table, problems = table_of(piece, place)
    if problems or table is None:
        raise FileError(problems)
    page = next((one for one in map(path.with_suffix, (".cpg", ".CPG")) if one.exists()), None)
    found, problems = encoding_of_table(piece, table, page and on_disk(page), encoding, place)
    problems += cell_problems(piece, table, found.codec, place)
    names = names_of(table, found.codec)
    parts = [
        pd.DataFrame({name: _as_texts(cells_of(rows, field), field, found.codec)
                      for name, field in zip(names, table.fields, strict=True)}, labels)
        for labels, rows in batches_of(piece, table)
    ]  # fmt: skip
    data = pd.concat(parts) if parts else pd.DataFrame(columns=names)
    return data.set_axis(pd.RangeIndex(1, len(data) + 1, name="row")), problems


def _as_texts(cells: np.ndarray, field: Field, codec: str) -> list[str | None]:
    """Return cells as texts; what is empty, lost or of an unread kind is missing."""
    if field.kind not in KINDS or not field.width:
        return [None] * len(cells)
    texts = [line.decode(codec, "replace").strip() for line in lines_of(cells)]
    if field.kind == "D":
        good, other = _dates(cells)
        for row in np.flatnonzero(good):
            texts[row] = f"{texts[row][:4]}-{texts[row][4:6]}-{texts[row][6:]}"
        for row in np.flatnonzero(other):
            texts[row] = _iso_day(texts[row])
        texts = [text if text.strip("0") else "" for text in texts]
    elif field.kind in "NF":
        texts = [text.strip("*") for text in texts]
    return [text or None for text in texts]
