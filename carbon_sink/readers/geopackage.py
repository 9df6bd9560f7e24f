"""Looks into a GeoPackage before it is read: is it whole, at rest, and which layer is meant."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from ..errors import FileError, Problem
from ..tables import faulty
from .formats import Source, chosen

# of files that are larger, pages are not checked one by one: that would take longer than reading
CHECKED_BYTES = 1 << 30
# places in the header of a SQLite file; 2 stands for a log that is written ahead
LOG_AT, WRITTEN_AHEAD = 18, 2
# types of columns, and the types of cells that GDAL turns into other numbers
WHOLE = ("BOOLEAN", "TINYINT", "SMALLINT", "MEDIUMINT", "INT", "INTEGER")
ODD_CELLS = (
    ("number_unreadable", "'text', 'blob'", (*WHOLE, "FLOAT", "DOUBLE", "REAL")),
    ("fraction_cut", "'real'", WHOLE),
)


def look(path: Path, layer: str = "") -> Source:
    """
    Look at a GeoPackage and find the layer that is meant.

    Parameters
    ----------
    path : Path
        A file that begins as a GeoPackage does. It is opened for reading only; no byte of it
        is changed and no file is left beside it.
    layer : str
        Layer to read; may be left out when the file holds one layer of features.

    Returns
    -------
    source : Source
        Its notes tell of a count of rows in the metadata that is not the count of rows, of a
        layer without a primary key, and of a file whose log is not there.

    Raises
    ------
    FileError
        If another program has the file open, its pages are damaged, it holds no layer of
        features, or several of which none is named.

    References
    ----------
    OGC 12-128r19 GeoPackage Encoding Standard 1.4: application id (requirement 2), contents
    (requirement 13), geometry columns (requirement 21), primary key (requirement 29).
    SQLite, Database File Format, sections 1.3 and 4: https://sqlite.org/fileformat2.html
    """
    _refuse_open(path)
    with _opened(path) as database:
        notes = _check_pages(path, database)
        tables = {one.lower() for one in _named(database, "SELECT name FROM sqlite_master")}
        if "gpkg_contents" not in tables:
            raise FileError(
                Problem("format_disguised", file=path.name, value=".gpkg", rule="content.sqlite")
            )
        layers = _layers(path, database, tables)
        source = Source(path, chosen(path, layers, layer), "gpkg", str(path))
        notes += _metadata_notes(database, tables, source, layers[source.layer])
    return replace(source, notes=tuple(notes))


def row_ids(source: Source) -> np.ndarray | None:
    """
    Return the number SQLite has for each row of a layer, in the order in which they are read.

    Parameters
    ----------
    source : Source
        From ``look``.

    Returns
    -------
    ids : ndarray of int, or None
        Nothing for a view, whose rows have no numbers.

    Raises
    ------
    FileError
        If the layer cannot be read to its end.
    """
    with _opened(source.path) as database:
        if _is_view(database, source.layer):
            return None
        query = f"SELECT rowid FROM {quoted(source.layer)} ORDER BY rowid"
        return np.fromiter((row[0] for row in database.execute(query)), dtype=np.int64)


def reading_options(source: Source) -> dict[str, str]:
    """
    Return what GDAL has to know to read every row and to change nothing.

    Parameters
    ----------
    source : Source
        From ``look``.

    Returns
    -------
    options : dict
        ``IMMUTABLE`` keeps SQLite from writing a log beside the file. The condition keeps GDAL
        from believing a count of rows that is not right.

    Notes
    -----
    With a stale count GDAL 3.12 drops rows, or makes up empty ones when the count is what the
    numbers of the rows would allow; a condition makes it look at every row.
    """
    stale = any(note.code == "row_count_stale" for note in source.notes)
    return {"IMMUTABLE": "YES"} | ({"where": "1 = 1"} if stale else {})


def count_rows(source: Source) -> int:
    """Return how many rows a layer has, whatever its metadata say."""
    with _opened(source.path) as database:
        return _count(database, source.layer)


def cell_problems(source: Source, fields: list[str] | None = None) -> list[Problem]:
    """
    Find texts in fields of numbers and fractions in fields of whole numbers.

    Parameters
    ----------
    source : Source
        From ``look``.
    fields : list of str, optional
        Fields to look at; all when none are named.

    Returns
    -------
    problems : list of Problem
        With every row. SQLite keeps any value in any column, and GDAL reads the text ``many`` as
        0 and the fraction 1.5 as 1.

    References
    ----------
    SQLite, Datatypes, section 3: https://sqlite.org/datatype3.html
    """
    found = []
    with _opened(source.path) as database:
        declared = database.execute(
            "SELECT name, upper(type) FROM pragma_table_info(?)", (source.layer,)
        ).fetchall()
        looks = [
            (name, code, f"typeof({quoted(name)}) IN ({types})")
            for name, kind in declared
            if fields is None or name in fields
            for code, types, kinds in ODD_CELLS
            if kind in kinds
        ]
        if not looks:
            return []
        sums = ", ".join(f"SUM({odd})" for _, _, odd in looks)
        counts = database.execute(f"SELECT {sums} FROM {quoted(source.layer)}").fetchone()
        for (name, code, odd), count in zip(looks, counts, strict=True):
            if count:
                cells = _cells(database, source, name, odd)
                found += faulty(code, cells.notna(), cells, field=name, **source.place)
    return found


def _cells(database: sqlite3.Connection, source: Source, name: str, odd: str) -> pd.Series:
    """Return the odd values of a column with the rows users count."""
    order = "" if _is_view(database, source.layer) else "ORDER BY rowid"
    rows = f"SELECT ROW_NUMBER() OVER ({order}) AS row_, * FROM {quoted(source.layer)}"
    query = f"SELECT row_, CAST({quoted(name)} AS TEXT) FROM ({rows}) WHERE {odd}"
    return pd.Series(dict(database.execute(query).fetchall()), dtype=object)


def quoted(name: str) -> str:
    """
    Return a name of a table as SQL writes it, whatever characters it has.

    Examples
    --------
    >>> quoted('a"b; DROP TABLE c')
    '"a""b; DROP TABLE c"'
    """
    return '"' + name.replace('"', '""') + '"'


@contextmanager
def _opened(path: Path) -> Iterator[sqlite3.Connection]:
    """Open a file for reading only; what SQLite says of a damaged one becomes a message."""
    address = f"{path.as_uri()}?mode=ro&immutable=1"
    try:
        with closing(sqlite3.connect(address, uri=True)) as database:
            database.execute("PRAGMA trusted_schema = OFF")
            yield database
    except (sqlite3.Error, UnicodeDecodeError) as error:
        problem = Problem("database_damaged", file=path.name, value=str(error))
        raise FileError(problem) from None


def _refuse_open(path: Path) -> None:
    """Refuse a file whose last edits lie in another file beside it."""
    for end in ("-wal", "-journal"):
        beside = path.with_name(path.name + end)
        if beside.is_file():
            with beside.open("rb") as file:
                # a journal that is kept has zeros at its start when all is written
                if any(file.read(28)):
                    raise FileError(Problem("database_open", file=path.name, value=beside.name))


def _check_pages(path: Path, database: sqlite3.Connection) -> list[Problem]:
    """Refuse a file with damaged pages; tell when its log is away or it was not checked."""
    with path.open("rb") as file:
        file.seek(LOG_AT)
        ahead = file.read(1)[0] == WRITTEN_AHEAD
    notes = [Problem("database_log_away", file=path.name, value="-wal")] if ahead else []
    size = path.stat().st_size
    if size > CHECKED_BYTES:
        shown = f"{size / 1e9:.1f} GB"
        return [*notes, Problem("database_not_checked", file=path.name, value=shown)]
    (state,) = database.execute("PRAGMA quick_check(1)").fetchone()
    if state != "ok":
        raise FileError(Problem("database_damaged", file=path.name, value=state))
    return notes


def _named(database: sqlite3.Connection, query: str, *values: str) -> list[str]:
    """Return the first column of a query."""
    return [row[0] for row in database.execute(query, values)]


def _layers(path: Path, database: sqlite3.Connection, tables: set[str]) -> dict[str, int]:
    """Return the rows of each layer of features that has a geometry column and a table."""
    registered = database.execute("SELECT table_name, data_type FROM gpkg_contents").fetchall()
    names = []
    if "gpkg_geometry_columns" in tables:
        names = _named(database, "SELECT c.table_name FROM gpkg_contents c"
                       " JOIN gpkg_geometry_columns g ON lower(g.table_name) = lower(c.table_name)"
                       " WHERE lower(c.data_type) = 'features' ORDER BY c.rowid")  # fmt: skip
    usable = [name for name in names if "\x00" not in name and name.lower() in tables]
    if not usable:
        shown = ", ".join(f"{name} ({kind})" for name, kind in registered)
        raise FileError(Problem("no_feature_layer", file=path.name, value=shown))
    return {name: _count(database, name) for name in usable}


def _metadata_notes(
    database: sqlite3.Connection, tables: set[str], source: Source, rows: int
) -> list[Problem]:
    """Tell where metadata and rows part."""
    place, notes = source.place, []
    if "gpkg_ogr_contents" in tables:
        told = _named(database, "SELECT feature_count FROM gpkg_ogr_contents"
                      " WHERE lower(table_name) = lower(?) AND feature_count IS NOT NULL",
                      source.layer)  # fmt: skip
        if told and told[0] != rows:
            notes.append(Problem("row_count_stale", value=str(told[0]), rule=str(rows),
                                 **place))  # fmt: skip
    keys = _named(database, "SELECT name FROM pragma_table_info(?) WHERE pk > 0", source.layer)
    return notes if keys else [*notes, Problem("layer_without_key", **place)]


def _is_view(database: sqlite3.Connection, name: str) -> bool:
    """Tell whether a layer is a query on other tables."""
    kinds = _named(database, "SELECT type FROM sqlite_master WHERE lower(name) = lower(?)", name)
    return kinds[:1] != ["table"]


def _count(database: sqlite3.Connection, name: str) -> int:
    """Count the rows of a table."""
    return database.execute(f"SELECT COUNT(*) FROM {quoted(name)}").fetchone()[0]
