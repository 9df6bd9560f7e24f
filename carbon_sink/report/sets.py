"""Tables that belong together: sheets of one workbook, or files beside each other."""

from pathlib import Path

import pandas as pd

from ..errors import FileError, Problem
from ..language import text
from ..tables import columns, heading
from .files import check_rows, check_table_path, csv_column, write_table


def set_paths(path: str | Path, names: tuple[str, ...]) -> dict[str, Path]:
    """
    Name the file of each table of a set.

    Parameters
    ----------
    path : str or Path
        File the user named; the first table goes there, and all of them when it is a workbook.
    names : tuple of str
        Tables, as ``data/columns.csv`` names them.

    Returns
    -------
    paths : dict
        Name of the table to its file.

    Examples
    --------
    >>> {name: one.name for name, one in set_paths("a.csv", ("carbon", "notes")).items()}
    {'carbon': 'a.csv', 'notes': 'a_notes.csv'}
    """
    path = Path(path)
    paths = dict.fromkeys(names, path)
    if path.suffix.lower() != ".xlsx":
        for name in names[1:]:
            paths[name] = path.with_stem(f"{path.stem}_{name.removeprefix('landcover_')}")
    return paths


def write_set(
    path: str | Path, tables: dict[str, pd.DataFrame], headings: dict[str, str], lang: str = "zh"
) -> list[Path]:
    """
    Write tables that belong together.

    Parameters
    ----------
    path : str or Path
        ``.csv``, ``.parquet`` or ``.xlsx``.
    tables : dict
        Tables by their names in ``data/columns.csv``.
    headings : dict
        Headings of a workbook for columns that mean something else here.
    lang : {"zh", "en"}
        Language of sheets and headings of a workbook.

    Returns
    -------
    paths : list of Path
        Files that were written.

    Raises
    ------
    FileError
        If the format is another, or a file cannot be written.
    """
    paths = set_paths(path, tuple(tables))
    for name, one in paths.items():
        check_rows(check_table_path(one), len(tables[name]))
    if Path(path).suffix.lower() == ".xlsx":
        _write_sheets(Path(path), tables, headings, lang)
    else:
        for name, one in paths.items():
            write_table(one, tables[name], name, lang)
    return list(dict.fromkeys(paths.values()))


def _write_sheets(
    path: Path, tables: dict[str, pd.DataFrame], headings: dict[str, str], lang: str
) -> None:
    """Write a workbook with a sheet for each table; an earlier one is replaced at the end."""
    half = path.with_name(f".part-{path.name}")
    try:
        with pd.ExcelWriter(half, engine="xlsxwriter") as book:
            for name, table in tables.items():
                shown = table.apply(lambda column: csv_column(column, column.name))
                known = {one: heading(name, one, lang) for one in columns(name).index}
                sheet = text(f"report.sheet.{name}", lang)
                shown.rename(columns=known | headings).to_excel(book, sheet_name=sheet, index=False)
                book.sheets[sheet].freeze_panes(1, 0)
                book.sheets[sheet].autofit()
        half.replace(path)
    except OSError as error:
        raise FileError(Problem("output_not_writable", file=path.name, value=str(error))) from None
    finally:
        half.unlink(missing_ok=True)
