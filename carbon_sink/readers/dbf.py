"""Reads the table of a Shapefile byte by byte: what GDAL mends or hides without a word is told."""

import struct
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple

import numpy as np
import pandas as pd

from ..errors import Problem
from .encoding import (
    Encoding,
    codec_of,
    codec_of_driver,
    decoded_text,
    find_encoding,
)

HEAD_BYTES, FIELD_BYTES, NAME_BYTES = 32, 32, 11
END_OF_FIELDS, BLANK, DELETED = 0x0D, 0x20, 0x2A
ROW_FLAGS = (BLANK, DELETED, 0)
# bytes from here on are no ASCII
FIRST_HIGH = 0x80
BATCH_ROWS = 20_000
# what a .cpg file says that means nothing
SAYS_NOTHING = ("", "system")
CPG_SHOWN = 40


class Piece(NamedTuple):
    """A file that belongs to a layer, on the disk or in an archive."""

    name: str
    size: int
    open: Callable[[], BinaryIO]


class Field(NamedTuple):
    """A field: its name as written, the letter of its kind, its place in a row, its decimals."""

    name: bytes
    kind: str
    start: int
    width: int
    decimals: int


class Table(NamedTuple):
    """What the head of a DBF file says: rows, bytes of head and row, language driver, fields."""

    rows: int
    head: int
    width: int
    driver: int
    fields: tuple[Field, ...]


class Batch(NamedTuple):
    """Rows that are not deleted: their labels as users count them, and their bytes."""

    labels: pd.Index
    rows: np.ndarray


def on_disk(path: Path) -> Piece:
    """Return a file of the disk as a piece."""
    return Piece(path.name, path.stat().st_size, lambda: path.open("rb"))


def table_of(piece: Piece, place: dict[str, str]) -> tuple[Table | None, list[Problem]]:
    """
    Read the head of a DBF file and hold it against the size of the file.

    Parameters
    ----------
    piece : Piece
    place : dict
        File and layer, for messages.

    Returns
    -------
    table : Table or None
        None where the head makes no sense.
    problems : list of Problem
        ``dbf_head``, ``dbf_size`` and ``field_twice``, all of which refuse the file.
    """
    with piece.open() as file:
        start = file.read(HEAD_BYTES)
        if len(start) < HEAD_BYTES:
            return None, [Problem("dbf_head", value=piece.name, **place)]
        rows, head, width = struct.unpack("<IHH", start[4:12])
        fields = _fields(file.read(max(head - HEAD_BYTES, 0)), width)
        if not fields:
            return None, [Problem("dbf_head", value=piece.name, **place)]
        needed = head + rows * width
        file.seek(min(needed, piece.size))
        behind = file.read(1)
    problems = []
    # rows behind the end that the head does not count
    more = piece.size >= needed + width and behind in (b" ", b"*")
    if piece.size < needed or more:
        size = {"value": f"{piece.name} {piece.size:,}", "rule": f"{needed:,}"}
        problems.append(Problem("dbf_size", **size, **place))
    names = [field.name for field in fields]
    twice = [name for name in dict.fromkeys(names) if names.count(name) > 1]
    if twice:
        shown = ", ".join(name.decode("gb18030", "replace") for name in twice)
        problems.append(Problem("field_twice", field=shown, value=shown, **place))
    return Table(rows, head, width, start[29], tuple(fields)), problems


def _fields(head: bytes, width: int) -> list[Field]:
    """Read the descriptors of fields; none where they do not fill the row."""
    found: list[tuple[bytes, str, int, int]] = []
    for place in range(0, len(head) - FIELD_BYTES + 1, FIELD_BYTES):
        if head[place] == END_OF_FIELDS:
            break
        one = head[place : place + FIELD_BYTES]
        name, kind = one[:NAME_BYTES].split(b"\0")[0], chr(one[NAME_BYTES])
        found.append((name, kind, one[16], one[17]))
    # some programs write the length of long texts into two bytes
    long = [size + 256 * more if kind == "C" else size for _, kind, size, more in found]
    short = [size for *_, size, _ in found]
    sizes = next((sizes for sizes in (short, long) if 1 + sum(sizes) == width), None)
    if sizes is None or not all(name for name, *_ in found):
        return []
    starts = np.cumsum([1, *sizes]).tolist()
    return [
        Field(name, kind, start, size, decimals)
        for (name, kind, _, decimals), start, size in zip(found, starts, sizes, strict=False)
    ]


def batches_of(piece: Piece, table: Table) -> Iterator[Batch]:
    """
    Read the rows of a table, a batch at a time, without those that were deleted.

    Parameters
    ----------
    piece : Piece
    table : Table

    Yields
    ------
    batch : Batch
        Rows are labelled from 1 through the whole table.
    """
    counted = 0
    for block in _blocks(piece, table):
        rows = block[block[:, 0] != DELETED]
        labels = pd.RangeIndex(counted + 1, counted + 1 + len(rows), name="row")
        counted += len(rows)
        yield Batch(labels, rows)


def live_rows(piece: Piece, table: Table) -> np.ndarray:
    """
    Tell for every record of a table whether it is a row, and not deleted.

    Parameters
    ----------
    piece : Piece
    table : Table

    Returns
    -------
    live : array of bool
    """
    # copies, so that the blocks need not be kept
    flags = [block[:, 0].copy() for block in _blocks(piece, table)]
    return np.concatenate([np.zeros(0, np.uint8), *flags]) != DELETED


def _blocks(piece: Piece, table: Table) -> Iterator[np.ndarray]:
    """Read the records of a table, so many at a time."""
    with piece.open() as file:
        file.seek(table.head)
        for first in range(0, table.rows, BATCH_ROWS):
            count = min(BATCH_ROWS, table.rows - first)
            block = np.frombuffer(file.read(count * table.width), np.uint8)
            yield block.reshape(-1, table.width)


def cells_of(rows: np.ndarray, field: Field) -> np.ndarray:
    """Return the bytes of one field, a row each."""
    return rows[:, field.start : field.start + field.width]


def lines_of(cells: np.ndarray) -> list[bytes]:
    """Return cells as bytes of their full width, padded with blanks only."""
    if not cells.size:
        return []
    padded = np.where(cells == 0, np.uint8(BLANK), cells)
    return padded.view(f"S{cells.shape[1]}").ravel().tolist()


def _texts(piece: Piece, table: Table) -> Iterator[list[bytes]]:
    """Return the names of the fields, and all texts that are not ASCII, batch by batch."""
    yield [field.name for field in table.fields]
    for _, rows in batches_of(piece, table):
        batch = []
        for field in table.fields:
            cells = cells_of(rows, field)
            if field.kind == "C":
                told = (cells >= FIRST_HIGH).any(axis=1)
                told[1:] &= (cells[1:] != cells[:-1]).any(axis=1)  # once for runs of the same
                batch += lines_of(cells[told])
        yield batch


def encoding_of_table(
    piece: Piece, table: Table, page: Piece | None, given: str, place: dict[str, str]
) -> tuple[Encoding, list[Problem]]:
    """
    Find out how the texts of a table are encoded.

    Parameters
    ----------
    piece : Piece
        The DBF file.
    table : Table
    page : Piece or None
        The ``.cpg`` file beside it.
    given : str
        Encoding the user named; empty when none.
    place : dict
        File and layer, for messages.

    Returns
    -------
    encoding : Encoding
    problems : list of Problem
        As ``find_encoding`` gives them, and ``cpg_unknown`` (refuse).
    """
    declared, problems = codec_of_driver(table.driver), []
    if page is not None and not given:
        with page.open() as file:
            said = file.read(1 << 16).decode("utf-8-sig", "replace").strip(" \0\r\n\t")
        if said.lower() not in SAYS_NOTHING:
            declared = codec_of(said)
            if not declared:
                shown = " ".join(said[:CPG_SHOWN].split())
                problems = [Problem("cpg_unknown", value=f"{page.name}: {shown}", **place)]
    encoding, found = find_encoding(
        _texts(piece, table), given=given, declared=declared, padded=True, **place
    )
    return encoding, problems or found


def names_of(table: Table, codec: str) -> list[str]:
    """
    Return the names of the fields; a character that was cut at the tenth byte is left out.

    Parameters
    ----------
    table : Table
    codec : str
        Encoding of the names.

    Returns
    -------
    names : list of str
    """
    return [
        decoded_text(field.name, codec, padded=True) or field.name.decode("latin-1")
        for field in table.fields
    ]
