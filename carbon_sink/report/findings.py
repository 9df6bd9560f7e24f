"""The workbook of what is wrong with data: a summary, and a sheet for each severity."""

from pathlib import Path

import pandas as pd

from ..errors import SEVERITIES, FileError, Problem
from ..language import text
from .layout import Sheet, table_sheet
from .workbook import write_pages

# lines of a sheet; the file of all lines beside it has the rest
LINES_MOST = 50_000


def write_findings(
    path: str | Path,
    findings: pd.DataFrame,
    summary: pd.DataFrame,
    fields: pd.DataFrame,
    *,
    title: str,
    lines: list[tuple[str, str]],
    lang: str = "zh",
) -> None:
    """
    Write findings as a workbook, for the people who mend the data.

    Parameters
    ----------
    path : str or Path
        File to write, ``.xlsx``; an earlier one is replaced when all is written.
    findings, summary : DataFrame
        From ``findings.findings_table`` and ``findings.findings_summary``.
    fields : DataFrame
        Columns of the table ``inventory_fields``: how the inventories were understood.
    title : str
        Title of the document.
    lines : list of (text, style)
        What stands above the summary, as ``report.header_lines`` gives it.
    lang : {"zh", "en"}
        Language.

    Raises
    ------
    FileError
        If the file cannot be written.

    Notes
    -----
    A sheet shows the first 50,000 lines of its severity and says when there are more.
    """
    path = Path(path)
    half = path.with_name(f".part-{path.name}")
    name = text("report.sheet.findings_summary", lang)
    pages = [
        (table_sheet("findings_summary", "findings_summary", summary, lang),
         [(f"{name}　{title}", "title"), *lines])
    ]  # fmt: skip
    notices = [line for line in lines if line[1] == "notice"]
    for severity in SEVERITIES:
        mine = findings[findings["severity"].eq(severity)]
        if len(mine):
            pages.append(_page(severity, mine, title, notices, lang))
    if len(fields):
        name = text("report.sheet.inventory_fields", lang)
        sheet = table_sheet("inventory_fields", "inventory_fields", fields, lang)
        pages.append((sheet, [(f"{name}　{title}", "title"), *notices]))
    try:
        write_pages(half, pages, title, title, lang)
        half.replace(path)
    except OSError as error:
        raise FileError(Problem("output_not_writable", file=path.name, value=str(error))) from None
    finally:
        half.unlink(missing_ok=True)


def _page(
    severity: str, findings: pd.DataFrame, title: str, notices: list, lang: str
) -> tuple[Sheet, list[tuple[str, str]]]:
    """Lay out the sheet of one severity."""
    key = f"findings_{severity}"
    lines = [(f"{text(f'report.sheet.{key}', lang)}　{title}", "title"), *notices]
    if len(findings) > LINES_MOST:
        shown, total = f"{LINES_MOST:,}", f"{len(findings):,}"
        lines.append((text("findings.more", lang, shown=shown, total=total), "notice"))
    shown = findings.head(LINES_MOST).drop(columns="severity")
    return table_sheet(key, "findings", shown, lang), lines
