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
from .layout import Sheet
from .sheets import header_lines, sheets_of

CREATED = datetime(2000, 1, 1, tzinfo=UTC).replace(tzinfo=None)  # same inputs, same bytes
WIDEST, NARROWEST = 40, 8  # columns of a sheet; three times as wide where there are few
FEW_COLUMNS, WIDE_GLYPHS = 2, 0x2E80
LETTER = 0.75  # width of a letter beside that of a digit, on average
INDENT = 2  # columns that the indent and the end of a line take from a text
A4, A3 = 9, 8  # paper, as Excel numbers it
LINE_POINTS = 14
LEAST_ACROSS = 100  # lines above a narrow table run past it up to here
NAMED_FORMATS = {"year": "0", "general": "General", "ratio": "0.000"}
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
    pages = [(sheet, _head(sheet, facts)) for sheet in sheets_of(tables, facts, parameters)]
    notice = f" {text('map.synthetic_short', facts.language)}" if facts.synthetic else ""
    write_pages(path, pages, facts.title, f"{facts.place} {facts.year}{notice}", facts.language)


def write_pages(
    path: str | Path, pages: list[tuple[Sheet, list]], title: str, footer: str, lang: str
) -> None:
    """
    Write sheets as a workbook, ready to print.

    Parameters
    ----------
    path : str or Path
        File to write, ``.xlsx``.
    pages : list of (Sheet, lines)
        Each sheet with the lines above its table, a list of (text, style).
    title, footer : str
        Title of the document, and what stands at the foot of every printed page.
    lang : {"zh", "en"}
        Language of the names of the sheets.
    """
    import xlsxwriter  # noqa: PLC0415 - only where a workbook is written

    options = {
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
        "default_date_format": "yyyy-mm-dd",
    }
    with xlsxwriter.Workbook(str(path), options) as book:
        book.set_properties({"title": title, "created": CREATED})
        formats = _Formats(book)
        for sheet, lines in pages:
            _write_sheet(book, formats, sheet, lines, footer, lang)


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


def _write_sheet(
    book,  # noqa: ANN001
    formats: _Formats,
    sheet: Sheet,
    lines: list,
    footer: str,
    lang: str,
) -> None:
    """Write one sheet: who and when, its tables one below the other; ready to print."""
    page = book.add_worksheet(text(f"report.sheet.{sheet.key}", lang))
    widths = _widths([sheet, *sheet.below])
    for column, width in enumerate(widths):
        page.set_column(column, column, width)
    first = _write_lines(page, formats, lines, 0, widths)
    end = _write_table(page, formats, sheet, first, widths, lang)
    for block in sheet.below:
        line = _write_lines(page, formats, [("", "plain"), (block.about, "plain")], end, widths)
        end = _write_table(page, formats, block, line, widths, lang)
    if not sheet.below:
        page.freeze_panes(first + 1, 2 if sheet.key in ("towns", "towns_change") else 1)
        page.repeat_rows(first)
        if sheet.rows:
            page.autofilter(first, 0, end - 1, len(sheet.headings) - 1)
    _set_print(page, footer, lang, A4 if sum(widths) <= WIDEST_ON_A4 else A3)


def _write_table(
    page,  # noqa: ANN001
    formats: _Formats,
    sheet: Sheet,
    first: int,
    widths: list[float],
    lang: str,
) -> int:
    """Write headings and rows of one table; return the row after it."""
    style = {"bold": True, "bg_color": "#1F5D3A", "font_color": "#FFFFFF", "border": 1,
             "border_color": "#9DB8A6", "text_wrap": True, "align": "center"}  # fmt: skip
    page.set_row(first, 32)
    for column, title in enumerate(sheet.headings):
        page.write_string(first, column, title, formats(**style))
    row_unit = sheet.headings.index(heading("indicators", "unit", lang)) if (
        "row" in sheet.units) else None  # fmt: skip
    for number, values in enumerate(sheet.rows):
        row = [_cell(value) for value in values]
        line = {"border": 1, "border_color": "#C9D3CC"}
        if sheet.bold[number]:
            line |= {"bold": True, "bg_color": "#E7F1EA"}
        page.set_row(first + 1 + number, _height(row, widths))
        for column, value in enumerate(row):
            unit = sheet.units[column]
            unit = row[row_unit] if unit == "row" else unit
            _write_cell(page, formats, (first + 1 + number, column), value, unit, line)
    return first + 1 + len(sheet.rows)


def _head(sheet: Sheet, facts: RunFacts) -> list[tuple[str, str]]:
    """Return the lines above the table of a sheet."""
    lines = header_lines(facts)
    if sheet.key == "indicators":
        return lines
    notices = [line for line in lines[2:] if line[1] == "notice"][: int(facts.synthetic)]
    about = [(line, "plain") for line in sheet.about.splitlines()]
    name = text(f"report.sheet.{sheet.key}", facts.language)
    return [(f"{name}　{facts.title}", "title"), lines[1], *notices, *about]


def _write_lines(page, formats: _Formats, lines: list, first: int, widths: list[float]) -> int:  # noqa: ANN001
    """Write lines from a row on, long ones wrapped over the table; return the row after them."""
    styles = {
        "title": {"bold": True, "font_size": 15, "font_color": "#12402A"},
        "plain": {"font_color": "#33423A"},
        "notice": {"bold": True, "font_color": "#B3261E"},
    }
    across = max(sum(widths), LEAST_ACROSS)
    for row, (line, style) in enumerate(lines, first):
        page.write_string(row, 0, line, formats(**styles[style]))
        page.set_row(row, 24 if style == "title" else 16)
        if style == "plain" and _display_width(line) > across and len(widths) > 1:
            wrapped = formats(text_wrap=True, **styles[style])
            page.merge_range(row, 0, row, len(widths) - 1, line, wrapped)
            page.set_row(row, _height([line], [sum(widths)]))
    return first + len(lines)


def _set_print(page, footer: str, lang: str, paper: int) -> None:  # noqa: ANN001
    """Make the sheet print across, pages numbered."""
    page.set_landscape()
    page.set_paper(paper)
    page.fit_to_pages(1, 0)
    page.set_margins(left=0.5, right=0.5, top=0.6, bottom=0.7)
    page.set_footer(f"&L{footer.replace('&', '&&')}&R{text('report.page', lang)}")


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
    if unit in NAMED_FORMATS:
        return NAMED_FORMATS[unit]
    places = decimals(unit)
    return "#,##0" + ("." + "0" * places if places else "")


def _widths(blocks: list[Sheet]) -> list[float]:
    """Return the column widths that fit every table of a sheet."""
    found = [0.0] * max(len(block.headings) for block in blocks)
    for block in blocks:
        most = WIDEST * 3 if len(block.headings) <= FEW_COLUMNS else WIDEST
        for column, (title, unit) in enumerate(zip(block.headings, block.units, strict=True)):
            cells = [_cell(row[column]) for row in block.rows]
            wanted = min(max(_width(title, cells, unit), NARROWEST), most)
            found[column] = max(found[column], float(wanted))
    return found


def _width(title: str, cells: list, unit: str) -> float:
    """Return the width that fits Chinese text; headings may take two lines, their units one."""
    unit_alone = title[max(title.rfind("（"), title.rfind(" (")) :] if title[-1:] in "）)" else ""
    longest = max(math.ceil(_display_width(title) / 2) + 1, _display_width(unit_alone))
    for cell in cells:
        if isinstance(cell, float):
            longest = max(longest, len(f"{cell:,.{decimals(unit)}f}"))
        elif cell is not None:
            longest = max(longest, _display_width(cell))
    return longest + 2


def _height(row: list, widths: list[float]) -> float:
    """Return the height of a row in points, for texts that wrap."""
    lines = [
        math.ceil((_display_width(value, LETTER) + INDENT) / width)
        for value, width in zip(row, widths, strict=False)
        if isinstance(value, str)
    ]
    return LINE_POINTS * max(lines, default=1) + 2


def _display_width(value: str, letter: float = 1.0) -> int:
    """Count the columns a text takes: two for a wide glyph, one for a digit."""
    return math.ceil(sum(
        2.0 if ord(glyph) >= WIDE_GLYPHS else 1.0 if glyph.isdigit() else letter for glyph in value
    ))  # fmt: skip
