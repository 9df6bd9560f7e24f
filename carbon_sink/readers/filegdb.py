"""Looks into the folder of a FileGDB before it is read: is every table there and whole."""

import struct
from dataclasses import replace
from pathlib import Path

import pyogrio

from ..errors import FileError, Problem
from .formats import Source, chosen
from .shapes import quiet

TABLE, INDEX = ".gdbtable", ".gdbtablx"
# of tables with row numbers of 32 bits, and of 64
VERSIONS = (3, 4)
HEAD_BYTES, INDEX_HEAD_BYTES = 40, 16
# an index lists places of rows in blocks
BLOCK_ROWS = 1024
CATALOG, OF_PROGRAM = "GDB_SystemCatalog", "GDB_"


def look(path: Path, layer: str = "") -> Source:
    """
    Look at a FileGDB and find the layer that is meant.

    Parameters
    ----------
    path : Path
        A folder that holds the system table of a FileGDB.
    layer : str
        Layer to read; may be left out when the folder holds one layer of features.

    Returns
    -------
    source : Source

    Raises
    ------
    FileError
        With every file that is missing, cut short or damaged; if no layer of features is
        there, or several of which none is named; if a layer has other rows than its header
        says.

    Notes
    -----
    Indexes of attributes and places are not used, so that a damaged one drops no rows.

    References
    ----------
    Even Rouault, Reverse-engineered specification of the ESRI File GeoDatabase format:
    https://github.com/rouault/dump_gdbtable/wiki/FGDB-Spec
    """
    problems = _problems_of_parts(path)
    if problems:
        raise FileError(problems)
    with quiet():
        _refuse_missing_tables(path)
        kinds = dict(pyogrio.list_layers(path).tolist())
        layers = {name: _info(path, name) for name, kind in kinds.items() if kind is not None}
        if not layers:
            problem = Problem("no_feature_layer", file=path.name, value=", ".join(kinds))
            raise FileError(problem)
        source = Source(path, chosen(path, layers, layer), "gdb", str(path))
        _, rows = pyogrio.raw.read_arrow(
            path, source.layer, columns=[], read_geometry=False, return_fids=True
        )
    if rows.num_rows != layers[source.layer]:
        count = {"value": str(rows.num_rows), "rule": str(layers[source.layer])}
        raise FileError(Problem("rows_differ", **count, **source.place))
    return replace(source, rows=rows.num_rows)


def _info(path: Path, name: str) -> int:
    """Return how many rows a layer has, as its header says."""
    return pyogrio.read_info(path, name, force_feature_count=True)["features"]


def _problems_of_parts(path: Path) -> list[Problem]:
    """List tables without an index of rows, the other way round, and what is not whole."""
    parts = {one.name.lower(): one for one in path.iterdir() if one.is_file()}
    stems = sorted({name.removesuffix(end) for name in parts for end in (TABLE, INDEX)
                    if name.endswith(end)})  # fmt: skip
    found = []
    for stem in stems:
        for end, wanted_bytes in ((TABLE, _table_bytes), (INDEX, _index_bytes)):
            part = parts.get(stem + end)
            if part is None:
                found.append(Problem("gdb_part_missing", file=path.name, value=stem + end))
                continue
            size, wanted = part.stat().st_size, wanted_bytes(part)
            if wanted is None or size < wanted:
                rule = "header" if wanted is None else f"{size} < {wanted} bytes"
                found.append(
                    Problem("gdb_part_damaged", file=path.name, value=part.name, rule=rule)
                )
    return found


def _table_bytes(part: Path) -> int | None:
    """Return how long a table must be by its header, or nothing when that is none."""
    with part.open("rb") as file:
        head = file.read(HEAD_BYTES)
    if len(head) < HEAD_BYTES or struct.unpack_from("<I", head)[0] not in VERSIONS:
        return None
    return struct.unpack_from("<Q", head, 24)[0]


def _index_bytes(part: Path) -> int | None:
    """Return how long an index of rows must be by its header, or nothing when that is none."""
    with part.open("rb") as file:
        head = file.read(INDEX_HEAD_BYTES)
    if len(head) < INDEX_HEAD_BYTES:
        return None
    version, blocks, _, place_bytes = struct.unpack("<4I", head)
    return INDEX_HEAD_BYTES + blocks * BLOCK_ROWS * place_bytes if version in VERSIONS else None


def _refuse_missing_tables(path: Path) -> None:
    """Refuse a folder without a table that its catalog names."""
    about, catalog = pyogrio.raw.read_arrow(
        path, CATALOG, columns=["Name"], read_geometry=False, return_fids=True,
        LIST_ALL_TABLES="YES",
    )  # fmt: skip
    there = {one.name.lower() for one in path.iterdir()}
    numbers = catalog.column(about["fid_column"]).to_pylist()
    missing = [
        f"{name} (a{number:08x}{TABLE})"
        for number, name in zip(numbers, catalog.column("Name").to_pylist(), strict=True)
        if not name.startswith(OF_PROGRAM) and f"a{number:08x}{TABLE}" not in there
    ]
    if missing:
        raise FileError([Problem("gdb_part_missing", file=path.name, value=one) for one in missing])
