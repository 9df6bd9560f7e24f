"""Reads tables without geometry, and says what is wrong with one whose meaning is not known."""

import csv
import io
import re
from collections.abc import Iterable
from pathlib import Path

import pandas as pd
from openpyxl.utils import get_column_letter

from ..errors import FileError, Problem, first_rows
from ..tables import faulty
from ..values import dates_of, number_fault, numbers_of
from .cells import read_dbf
from .encoding import encoding_of_file
from .formats import content_of, kind_of, located
from .record_columns import hold_in_units, our_columns, record_table
from .workbooks import read_sheet, title_rows

SUFFIXES = (".csv", ".xlsx", ".xls", ".dbf")
DELIMITERS = {",": "delimiter.comma", ";": "delimiter.semicolon", "\t": "delimiter.tab"}
# cells of a CSV: 200 000 records of 40 columns; a workbook takes more memory for each
MOST_CELLS = 8_000_000
# of the filled cells, so many numbers make the others suspicious
NUMERIC_SHARE = 0.9


def read_table(path: str | Path, layer: str = "", encoding: str = "") -> pd.DataFrame:
    """
    Read a table of a CSV file, a workbook or a DBF file, every cell as the text that is seen.

    Parameters
    ----------
    path : str or Path
        A CSV (comma, semicolon or tab), an Excel workbook (.xlsx) or a table of dBASE (.dbf).
    layer : str
        Sheet to read; may be left out when only one holds values.
    encoding : str
        Encoding of a CSV or DBF file; found out when it is not given.

    Returns
    -------
    table : DataFrame
        Empty cells are empty texts. Rows are labelled as a spreadsheet numbers them, the
        heading being row 1, and those of a DBF file from 1; empty rows are left out.
        ``attrs["notes"]`` lists what a reader should know, ``attrs["layer"]`` names the sheet.

    Raises
    ------
    FileError
        With everything that keeps the cells from being a table: merged cells, errors,
        formulas without a value, headings that are missing or come twice, rows longer than
        the heading, several sheets of which none is named.
    """
    path = located(path)
    if path.suffix.lower() == ".xls" and content_of(path) in ("xls", "encrypted"):
        raise FileError(Problem("workbook_old", file=path.name, layer=layer))
    kind = kind_of(path)
    if kind == "dbf":
        table, problems = read_dbf(path, encoding)
    elif kind == "xlsx":
        layer, rows, problems = read_sheet(path, layer)
        table, problems = _table(rows, problems, {"file": path.name, "layer": layer})
    else:
        table, problems = _table(*_read_csv(path, encoding), {"file": path.name})
    if table.empty:
        problems = [*problems, Problem("layer_empty", file=path.name, layer=layer)]
    if grave := [one for one in problems if one.severity == "refuse"]:
        raise FileError(grave)
    table = table.fillna("").astype("str")
    table.attrs.update(notes=problems, layer=layer)
    return table


def _table(
    rows: dict[int, list[str]], problems: list[Problem], place: dict
) -> tuple[pd.DataFrame, list[Problem]]:
    """Make a table of cells by row number, the first row being the heading."""
    if not rows:
        return pd.DataFrame(), problems
    titles, found = title_rows(rows), []
    if titles:
        value = "; ".join("".join(rows[row]).strip() for row in titles)
        found = [Problem("title_rows", value=value, rule=", ".join(map(str, titles)),
                         rows=first_rows(titles), count=len(titles), **place)]  # fmt: skip
        rows = {row: texts for row, texts in rows.items() if row not in titles}
    names, more = _headings(rows, place)
    found += more
    body = list(rows)[1:]
    columns = [[rows[row][at] if at < len(rows[row]) else "" for row in body] for at in names]
    table = pd.DataFrame(dict(enumerate(columns)), index=pd.Index(body, name="row"), dtype="str")
    return table.set_axis(list(names.values()), axis=1), [*problems, *found]


def _read_csv(path: Path, encoding: str) -> tuple[dict[int, list[str]], list[Problem]]:
    """Read the cells of a CSV by row number; rows without a value are left out."""
    place = {"file": path.name}
    found, problems = encoding_of_file(path, encoding)
    if any(one.severity == "refuse" for one in problems):
        raise FileError(problems)
    text = _decoded(path, found.codec, place)
    delimiter = _delimiter(text)
    if delimiter != ",":
        problems.append(Problem("delimiter_found", rule=DELIMITERS[delimiter], **place))
    rows: dict[int, list[str]] = {}
    count = number = 0
    try:
        for number, cells in enumerate(_records(text, delimiter), start=1):
            if any(cell.strip() for cell in cells):
                rows[number] = cells
                count += len(cells)
            if count > MOST_CELLS:
                rule = f"{MOST_CELLS:,}"
                raise FileError(Problem("table_too_large", value=str(number), rule=rule, **place))
    except csv.Error as error:
        row = number + 1
        raise FileError(
            Problem("quotes_unpaired", rows=(row,), count=1, value=str(error), **place)
        ) from None
    if title_rows(rows):  # the width of a title is not that of the table
        return rows, problems
    problems += _ragged(rows, place)
    width = len(next(iter(rows.values()), []))
    return {row: cells[:width] for row, cells in rows.items()}, problems


def _decoded(path: Path, codec: str, place: dict) -> str:
    """Decode a file strictly, and refuse bytes that are no text."""
    content = path.read_bytes()
    try:
        text = content.decode(codec)
    except UnicodeDecodeError as error:
        row = content.count(b"\n", 0, error.start) + 1
        value = f"{codec}: {content[error.start : error.start + 8]!r}"
        raise FileError(
            Problem("bytes_no_text", rows=(row,), count=1, value=value, **place)
        ) from None
    if "\0" in text:
        row = text.count("\n", 0, text.index("\0")) + 1
        raise FileError(Problem("text_with_nul", rows=(row,), count=text.count("\0"), **place))
    return text


def _records(text: str, delimiter: str) -> Iterable[list[str]]:
    """Cut a text into records; quotes that do not pair are an error."""
    return csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)


def _delimiter(text: str) -> str:
    """Return what parts the cells: the sign that makes most headings; a comma when in doubt."""
    widths = {}
    for delimiter in DELIMITERS:
        try:
            first = next((cells for cells in _records(text, delimiter) if any(cells)), [])
        except csv.Error:
            first = []
        widths[delimiter] = len(first)
    return max(widths, key=widths.get)


def _ragged(rows: dict[int, list[str]], place: dict) -> list[Problem]:
    """Tell of rows with more cells than the heading, and of rows with fewer."""
    width = len(next(iter(rows.values()), []))
    odd = {row: cells for row, cells in rows.items() if len(cells) != width}
    text = pd.Series({row: ",".join(cells) for row, cells in odd.items()}, dtype="str")
    longer = pd.Series({row: any(one.strip() for one in cells[width:])
                        for row, cells in odd.items()}, dtype=bool)  # fmt: skip
    short = pd.Series({row: len(cells) < width for row, cells in odd.items()}, dtype=bool)
    rule = str(width)
    return [
        *faulty("row_too_long", longer, text, rule=rule, **place),
        *faulty("row_too_short", short, text, rule=rule, **place),
    ]


def _headings(rows: dict[int, list[str]], place: dict) -> tuple[dict[int, str], list[Problem]]:
    """Return the name of each column by its place; columns without any value are left out."""
    head, *body = rows
    width = max(map(len, rows.values()))
    written = rows[head] + [""] * (width - len(rows[head]))
    names = [_tidy(name) for name in written]
    used = [any(at < len(rows[row]) and rows[row][at].strip() for row in body)
            for at in range(width)]  # fmt: skip
    unnamed = [get_column_letter(at + 1) for at in range(width) if used[at] and not names[at]]
    named = {at: name for at, name in enumerate(names) if name}
    twice = [name for name in dict.fromkeys(named.values()) if names.count(name) > 1]
    changed = [name for at, name in named.items() if name != written[at]]
    row = {"rows": (head,), "count": 1}
    problems = []
    if unnamed:
        letters = ", ".join(unnamed)
        problems.append(Problem("column_unnamed", field=letters, value=letters, **row, **place))
    if twice:
        same = ", ".join(twice)
        problems.append(Problem("column_twice", field=same, value=same, **row, **place))
    if changed:
        problems.append(Problem("heading_tidied", value=", ".join(changed), **row, **place))
    texts = pd.Series(list(named.values()), dtype="str")
    if len(texts) and (numbers_of(texts).numbers.notna() | dates_of(texts).notna()).all():
        problems.append(Problem("heading_is_data", value=", ".join(texts), **row, **place))
    return named, problems


def _tidy(name: str) -> str:
    """Write a heading in one line; between Chinese characters no blank is left."""
    name = re.sub(r"\s+", " ", name).strip()
    return re.sub(r"(?<=[⺀-鿿（）]) (?=[⺀-鿿（）])", "", name)


def table_problems(data: pd.DataFrame, file: str = "", layer: str = "") -> list[Problem]:
    """
    Tell what is wrong with a table whose meaning is not known, or is that of our records.

    Parameters
    ----------
    data : DataFrame
        From ``read_table``, or attributes of a layer.
    file, layer : str
        Where, for messages.

    Returns
    -------
    problems : list of Problem
        What ``read_table`` had to tell; every fault of a table of ours; in other columns of
        numbers infinity and NaN (refused), and cells that are no numbers (warned of).

    Examples
    --------
    >>> [one.code for one in table_problems(pd.DataFrame({"v": ["10", "inf"]}))]
    ['number_not_finite']
    """
    place = {"file": file, "layer": layer}
    problems = list(data.attrs.get("notes", []))
    if data.empty:
        return [*problems, Problem("layer_empty", **place)]
    table, found = record_table(data.columns), {}
    if table:
        found, twice = our_columns(data.columns, table, **place)
        ours = data[list(found.values())].set_axis(list(found), axis=1)
        problems += [*twice, *hold_in_units(ours, table, found, {}, **place)[1]]
    for name in data.columns.difference(list(found.values()), sort=False):
        problems += _mixed(data[name], {"field": str(name), **place})
    return problems


def _mixed(column: pd.Series, place: dict) -> list[Problem]:
    """Tell which cells of a column of numbers are none."""
    numbers, unreadable, mended = numbers_of(column)
    if not unreadable.any():
        return []
    odd = column[unreadable].astype("str")
    endless = odd.map(number_fault).eq("number_not_finite")
    filled = int((numbers.notna() | unreadable).sum())
    rest = filled - int(endless.sum())
    known = int((numbers.notna() & ~mended).sum())
    if not known or known < NUMERIC_SHARE * rest:
        return []
    return [
        *faulty("number_not_finite", endless, odd, **place),
        *faulty("column_mixed", ~endless, odd, rule=f"{known / filled:.0%}", **place),
    ]
