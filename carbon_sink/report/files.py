"""Plain files of a run for other programs: CSV tables with their dictionary, and JSON."""

import csv
import json
import math
import re
from collections.abc import Iterable
from datetime import date, datetime
from pathlib import Path

import numpy as np
import pandas as pd

from ..errors import FileError, Problem
from ..language import text
from ..tables import columns, heading

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
TABLE_FORMATS = (".csv", ".parquet", ".xlsx")
# rows of a sheet, its heading among them
SHEET_ROWS = 1_048_576
DICTIONARY_FILE = "字段说明.csv"
DICTIONARY_COLUMNS = ("table", "column", "name_zh", "name_en", "unit", "description")


def write_table(path: str | Path, table: pd.DataFrame, name: str, lang: str = "zh") -> None:
    """
    Write one table to a file of its own; an earlier one is replaced when all is written.

    Parameters
    ----------
    path : str or Path
        ``.csv``, ``.parquet`` or ``.xlsx``.
    table : DataFrame
        Columns as in ``data/columns.csv``.
    name : str
        Name of the table there; columns it does not know keep their names.
    lang : {"zh", "en"}
        Language of the headings of a workbook; the others keep the names of the columns.

    Raises
    ------
    FileError
        If the format is another, the file cannot be written, or a sheet has too few rows.
    """
    path = check_table_path(path)
    check_rows(path, len(table))
    kind = path.suffix.lower()
    half = path.with_name(f".part-{path.name}")
    try:
        if kind == ".parquet":
            table.to_parquet(half, index=False)
        else:
            shown = table.apply(lambda column: csv_column(column, column.name))
            if kind == ".csv":
                _write_csv(half, shown)
            else:
                known = columns(name).index if name else []
                shown.columns = [
                    heading(name, column, lang) if column in known else column
                    for column in shown.columns
                ]
                zoned = [name for name in shown if _has_zone(shown[name])]
                shown = shown.astype(dict.fromkeys(zoned, "str"))
                shown.to_excel(half, index=False, engine="xlsxwriter")
        half.replace(path)
    except OSError as error:
        raise FileError(Problem("output_not_writable", file=path.name, value=str(error))) from None
    finally:
        half.unlink(missing_ok=True)


def check_table_path(
    path: str | Path,
    inputs: Iterable[str | Path] = (),
    formats: tuple[str, ...] = TABLE_FORMATS,
) -> Path:
    """
    Refuse a name for ``write_table`` that cannot be used, before anything is computed.

    Parameters
    ----------
    path : str or Path
        File to write.
    inputs : iterable of str or Path
        Files that must stay as they are.
    formats : tuple of str
        Endings that are known.

    Returns
    -------
    path : Path

    Raises
    ------
    FileError
        If the format is unknown, the file is an input, or it cannot be written where it is.
    """
    path = Path(path)
    if path.suffix.lower() not in formats:
        rule = " ".join(formats)
        raise FileError(Problem("format_unknown", file=path.name, value=path.suffix, rule=rule))
    if path.resolve() in [Path(one).resolve() for one in inputs]:
        raise FileError(Problem("output_is_input", file=str(path)))
    if not path.parent.is_dir():
        raise FileError(Problem("output_no_folder", file=path.name, value=str(path.parent)))
    trial = path.with_name(f".part-{path.name}")
    try:
        trial.touch()
        trial.unlink()
        if path.is_dir():
            raise IsADirectoryError(str(path))
    except OSError as error:
        raise FileError(Problem("output_not_writable", file=path.name, value=str(error))) from None
    return path


def check_rows(path: Path, rows: int) -> None:
    """
    Refuse more rows than a sheet holds.

    Parameters
    ----------
    path : Path
        File to write.
    rows : int
        Rows without the heading.

    Raises
    ------
    FileError
        If the file is ``.xlsx`` and the rows are too many.
    """
    if path.suffix.lower() == ".xlsx" and rows >= SHEET_ROWS:
        problem = Problem("sheet_too_short", file=path.name, value=f"{rows:,}",
                          rule=f"{SHEET_ROWS - 1:,}")  # fmt: skip
        raise FileError(problem)


def write_tables(folder: str | Path, tables: dict[str, pd.DataFrame]) -> None:
    """
    Write every table as CSV, and the dictionary of their fields.

    Parameters
    ----------
    folder : str or Path
        Existing folder.
    tables : dict
        Tables by name; the name becomes the name of the file.

    Notes
    -----
    UTF-8 with byte-order mark and Windows line ends, so that office programs open the files
    by a double click. Numbers are written in full. A text that a spreadsheet would take for a
    formula gets an apostrophe in front.
    """
    folder = Path(folder)
    for name, table in tables.items():
        shown = table.copy(deep=False)
        for column in shown.columns:
            shown[column] = csv_column(shown[column], column)
        shown.columns = [_harmless(str(column)) for column in shown.columns]
        _write_csv(folder / f"{name}.csv", shown)
    _write_csv(folder / DICTIONARY_FILE, _dictionary(tables))


def _write_csv(path: Path, table: pd.DataFrame) -> None:
    """Write one CSV file the way office programs read it."""
    table.to_csv(
        path, index=False, encoding="utf-8-sig", lineterminator="\r\n", quoting=csv.QUOTE_MINIMAL
    )


def csv_column(column: pd.Series, name: str) -> pd.Series:
    """
    Keep numbers as they are, whole years whole, and make texts harmless.

    Parameters
    ----------
    column : Series
        A column of a table that is to be written.
    name : str
        Its name; columns of years end in ``year``.

    Returns
    -------
    column : Series
        Without a text that a spreadsheet would take for a formula.
    """
    if pd.api.types.is_bool_dtype(column):
        return column
    if pd.api.types.is_numeric_dtype(column):
        whole = name.endswith("year") and (column.dropna() % 1 == 0).all()
        return column.astype("Int64") if whole else column
    if isinstance(column.dtype, pd.StringDtype):
        return column.mask(column.str.startswith(FORMULA_STARTS).fillna(value=False), "'" + column)
    return column.map(lambda value: _harmless(value) if isinstance(value, str) else value)


def _has_zone(column: pd.Series) -> bool:
    """Tell times with a zone, which a workbook does not know."""
    kind = getattr(column.dtype, "pyarrow_dtype", column.dtype)
    return getattr(kind, "tz", None) is not None


def _harmless(value: str) -> str:
    """
    Return a text that no spreadsheet takes for a formula.

    Examples
    --------
    >>> _harmless("=1+1"), _harmless("昌元街道")
    ("'=1+1", '昌元街道')
    """
    return f"'{value}" if value.startswith(FORMULA_STARTS) else value


def _dictionary(tables: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """List the fields of the tables with their names, units and meaning."""
    parts = [
        columns(name)
        .reindex([re.sub(r"^class_\d+_ha$", "class_*_ha", name) for name in table.columns])
        .set_axis(table.columns)
        .rename_axis("column")
        .reset_index()
        .assign(table=name)
        .reindex(columns=list(DICTIONARY_COLUMNS))
        for name, table in tables.items()
    ]
    empty = pd.DataFrame(columns=list(DICTIONARY_COLUMNS))
    listed = pd.concat(parts, ignore_index=True) if parts else empty
    listed.columns = [text(f"report.dictionary.{name}", "zh") for name in DICTIONARY_COLUMNS]
    return listed


def write_indicators(path: str | Path, content: dict) -> None:
    """
    Write a record of a run as JSON: UTF-8, missing numbers as null, keys in their order.

    Parameters
    ----------
    path : str or Path
        File to write.
    content : dict
        Texts, numbers, lists and dicts; numpy and pandas values are turned into plain ones.
    """
    written = json.dumps(_plain(content), ensure_ascii=False, indent=2, allow_nan=False)
    Path(path).write_bytes((written + "\n").encode("utf-8"))


def _plain(value: object) -> object:  # noqa: PLR0911
    """
    Turn a value into what JSON knows.

    Examples
    --------
    >>> _plain({"value": np.float64("nan"), "years": np.array([2020, 2025])})
    {'value': None, 'years': [2020, 2025]}
    """
    if isinstance(value, dict):
        return {str(key): _plain(one) for key, one in value.items()}
    if isinstance(value, np.ndarray | pd.Series | pd.Index):
        return _plain(value.tolist())
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(one) for one in (sorted(value) if isinstance(value, set) else value)]
    if isinstance(value, np.generic):
        return _plain(value.item())
    if value is None or value is pd.NA or value is pd.NaT:
        return None
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, str | int):
        return value
    return value.isoformat() if isinstance(value, datetime | date) else str(value)
