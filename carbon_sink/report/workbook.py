"""The workbook of a run: one sheet per table, ready to print, text never a formula."""

import math
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd

from ..language import text
from ..legend import decimals
from ..summary import RunFacts
from ..tables import heading
from .sheets import Sheet, header_lines, sheets_of

CREATED = datetime(2000, 1, 1, tzinfo=UTC).replace(tzinfo=None)  # same inputs, same bytes
WIDEST, NARROWEST = 30, 8  # columns of a sheet; three times as wide where there are few
FEW_COLUMNS, WIDE_GLYPHS = 2, 0x2E80
A4, A3 = 9, 8  # paper, as Excel numbers it
LINE_POINTS = 14
WIDEST_ON_A4 = 175  # sheets with wider columns are printed on A3


def write_workbook(
    path: str | Path, tables: dict[str, pd.DataFrame], facts: RunFacts, parameters: pd.DataFrame
) -> None:
    """
    Write the tables of a run as a workbook to print and to pass on.

    Parameters
    ----------
    path : str or Path
        File to write, ``.xlsx``.
    tables : dict
        Result tables by name, columns as in ``data/columns.csv``. A table that is absent has
        no sheet.
    facts : RunFacts
        Title, place, year and rules; every sheet states them.
    parameters : DataFrame
        Parameter rows that the figures depend on.

    Notes
    -----
    Text stays text, whatever it begins with: no cell is a formula or a link.
    """
    import xlsxwriter  # noqa: PLC0415 - only where a workbook is written

    options = {
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
        "default_date_format": "yyyy-mm-dd",
    }
    with xlsxwriter.Workbook(str(path), options) as book:
        book.set_properties({"title": facts.title, "created": CREATED})
        formats = _Formats(book)
        for sheet in sheets_of(tables, facts, parameters):
            _write_sheet(book, formats, sheet, facts)


class _Formats:
    """Cell formats of one workbook, made when first needed."""

    def __init__(self, book) -> None:  # noqa: ANN001
        self.book = book
        self.made = {}

    def __call__(self, **properties):  # noqa: ANN003, ANN204
        """Return the format with these properties."""
        key = tuple(sorted(properties.items()))
        if key not in self.made:
            base = {"font_size": 10, "valign": "vcenter"}
            self.made[key] = self.book.add_format(base | properties)
        return self.made[key]


def _write_sheet(book, formats: _Formats, sheet: Sheet, facts: RunFacts) -> None:  # noqa: ANN001
    """Write one sheet: who and when, headings, rows; ready to print on A4."""
    name = text(f"report.sheet.{sheet.key}", facts.language)
    page = book.add_worksheet(name)
    first = _write_head(page, formats, sheet, facts, name)
    cells = [[_cell(value) for value in row] for row in sheet.rows]
    row_unit = sheet.headings.index(heading("indicators", "unit", facts.language)) if (
        "row" in sheet.units) else None  # fmt: skip
    style = {"bold": True, "bg_color": "#1F5D3A", "font_color": "#FFFFFF", "border": 1,
             "border_color": "#9DB8A6", "text_wrap": True, "align": "center"}  # fmt: skip
    page.set_row(first, 32)
    widths: list[float] = []
    for column, title in enumerate(sheet.headings):
        page.write_string(first, column, title, formats(**style))
        texts = [c for c in (row[column] for row in cells) if isinstance(c, str)]
        width = _width(title, texts, sheet.units[column], cells, column)
        page.set_column(column, column, width)
        widths.append(width)
    for number, row in enumerate(cells):
        line = {"border": 1, "border_color": "#C9D3CC"}
        if sheet.bold[number]:
            line |= {"bold": True, "bg_color": "#E7F1EA"}
        page.set_row(first + 1 + number, _height(row, widths))
        for column, value in enumerate(row):
            unit = sheet.units[column]
            unit = row[row_unit] if unit == "row" else unit
            _write_cell(page, formats, (first + 1 + number, column), value, unit, line)
    page.freeze_panes(first + 1, 2 if sheet.key in ("towns", "towns_change") else 1)
    if cells:
        page.autofilter(first, 0, first + len(cells), len(sheet.headings) - 1)
    _set_print(page, first, facts, A4 if sum(widths) <= WIDEST_ON_A4 else A3)


def _write_head(page, formats: _Formats, sheet: Sheet, facts: RunFacts, name: str) -> int:  # noqa: ANN001
    """Write the lines above the table; return the row of the headings."""
    styles = {
        "title": {"bold": True, "font_size": 15, "font_color": "#12402A"},
        "plain": {"font_color": "#33423A"},
        "notice": {"bold": True, "font_color": "#B3261E"},
    }
    lines = header_lines(facts)
    if sheet.key != "indicators":
        notices = [line for line in lines[2:] if line[1] == "notice"][: int(facts.synthetic)]
        about = [(line, "plain") for line in sheet.about.splitlines()]
        lines = [(f"{name}　{facts.title}", "title"), lines[1], *notices, *about]
    for row, (line, style) in enumerate(lines):
        page.write_string(row, 0, line, formats(**styles[style]))
        page.set_row(row, 24 if style == "title" else 16)
    return len(lines)


def _set_print(page, first: int, facts: RunFacts, paper: int) -> None:  # noqa: ANN001
    """Make the sheet print across, headings on every page, pages numbered."""
    page.set_landscape()
    page.set_paper(paper)
    page.fit_to_pages(1, 0)
    page.repeat_rows(first)
    page.set_margins(left=0.5, right=0.5, top=0.6, bottom=0.7)
    notice = f" {text('map.synthetic_short', facts.language)}" if facts.synthetic else ""
    footer = facts.place.replace("&", "&&") + f" {facts.year}{notice}"
    page.set_footer(f"&L{footer}&R{text('report.page', facts.language)}")


def _cell(value: object) -> str | float | None:
    """Turn a value into what a cell holds: text, a finite number, or nothing."""
    if value is None or (not isinstance(value, str) and pd.isna(value)):
        return None
    if isinstance(value, bool | np.bool_):
        return str(bool(value))
    if isinstance(value, int | float | np.number):
        return float(value) if math.isfinite(value) else None
    return str(value)


def _write_cell(page, formats: _Formats, place: tuple, value, unit: str, line: dict) -> None:  # noqa: ANN001
    """Write one cell; the number format follows the unit."""
    if value is None:
        page.write_blank(*place, None, formats(**line))
    elif isinstance(value, str):
        page.write_string(*place, value, formats(text_wrap=True, indent=1, **line))
    else:
        page.write_number(*place, value, formats(num_format=_number_format(unit), **line))


def _number_format(unit: str) -> str:
    """Return the Excel number format of a unit."""
    if unit in ("year", "general"):
        return "0" if unit == "year" else "General"
    places = decimals(unit)
    return "#,##0" + ("." + "0" * places if places else "")


def _width(title: str, texts: list[str], unit: str, cells: list, column: int) -> float:
    """Return a column width that fits Chinese text; headings may take two lines."""
    longest = max((_display_width(one) for one in texts), default=0)
    for row in cells:
        if isinstance(row[column], float):
            longest = max(longest, len(f"{row[column]:,.{decimals(unit)}f}"))
    wanted = max(longest, math.ceil(_display_width(title) / 2) + 1) + 2
    few = len(cells) > 0 and len(cells[0]) <= FEW_COLUMNS
    return float(min(max(wanted, NARROWEST), WIDEST * 3 if few else WIDEST))


def _height(row: list, widths: list[float]) -> float:
    """Return the height of a row in points, for texts that wrap."""
    lines = [
        math.ceil((_display_width(value) + 2) / width)
        for value, width in zip(row, widths, strict=True)
        if isinstance(value, str)
    ]
    return LINE_POINTS * max(lines, default=1) + 2


def _display_width(value: str) -> int:
    """Count the columns a text takes, two for each wide glyph."""
    return sum(2 if ord(glyph) >= WIDE_GLYPHS else 1 for glyph in value)
