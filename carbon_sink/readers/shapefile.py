"""Looks at all parts of a Shapefile before GDAL reads it and takes a cut file for empty shapes."""

import re
import struct
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import BinaryIO, NamedTuple

import numpy as np
import pandas as pd

from ..errors import FileError, Problem
from ..tables import faulty, joined
from .dbf import (
    Piece,
    Table,
    encoding_of_table,
    live_rows,
    on_disk,
    table_of,
)
from .encoding import Encoding
from .formats import Source

PARTS = (".shp", ".shx", ".dbf", ".prj", ".cpg")
NEEDED = (".shp", ".shx", ".dbf")
MAGIC, HEAD_BYTES, INDEX_BYTES, RECORD_BYTES, INTEGER_BYTES = 9994, 100, 8, 8, 4
WORD = 2
# bytes of the file that are held at once
WINDOW_BYTES = 1 << 24
NULL, MULTIPATCH = 0, 31
# Z and M of a type are 10 and 20 more
POINT, LINE, POLYGON, MULTIPOINT = 1, 3, 5, 8
TYPES = {
    NULL: "Null", MULTIPATCH: "MultiPatch",
    **{kind + more: f"{name}{suffix}"
       for kind, name in ((POINT, "Point"), (LINE, "PolyLine"), (POLYGON, "Polygon"),
                          (MULTIPOINT, "MultiPoint"))
       for more, suffix in ((0, ""), (10, "Z"), (20, "M"))},
}  # fmt: skip
POINT_BYTES = {0: (20,), 10: (28, 36), 20: (28, 20)}
# bytes before the parts of a line or polygon, and before the points of a multipoint
FIXED_BYTES = {LINE: 44, POLYGON: 44, MULTIPOINT: 40}
WKT = re.compile(
    r"(BASE|BOUND|COMPOUND|DERIVED|ENG|ENGINEERING|GEOC|GEOD|GEODETIC|GEOG|GEOGRAPHIC|PROJ|"
    r"PROJECTED|COMPD_|LOCAL_|FITTED_|VERT|VERT_)(CS|CRS)\s*[\[(]|PROJECTION\s+\w",
    re.IGNORECASE,
)
PRJ_BYTES, SHOWN = 1 << 16, 40


class Shapes(NamedTuple):
    """What head and index of a Shapefile say: type, and place and length of every record."""

    kind: int
    size: int
    starts: np.ndarray
    lengths: np.ndarray


def pieces_on_disk(path: Path) -> dict[str, Piece]:
    """
    Return the files of a Shapefile on the disk, by the ends of their names.

    Parameters
    ----------
    path : Path
        The ``.shp`` file. Like GDAL, this knows ends in small or in capital letters.
    """
    found = {}
    for suffix in PARTS:
        names = (path.with_suffix(suffix), path.with_suffix(suffix.upper()))
        part = next((name for name in names if name.is_file()), None)
        if part is not None:
            found[suffix] = on_disk(part)
    return found


def look(path: Path, layer: str = "", encoding: str = "") -> Source:
    """
    Look at a Shapefile on the disk.

    Parameters
    ----------
    path : Path
        The ``.shp`` file.
    layer : str
        May be left out; a Shapefile holds one layer of its own name.
    encoding : str
        Encoding of the texts; found out when it is not given.

    Returns
    -------
    source : Source

    Raises
    ------
    FileError
        As ``examined`` does.
    """
    place = {"file": path.name, "layer": path.stem}
    if layer not in ("", path.stem):
        problem = Problem("layer_missing", file=path.name, value=layer, rule=path.stem)
        raise FileError(problem)
    texts, notes = examined(pieces_on_disk(path), path.stem, encoding, place)
    return Source(path, path.stem, "shp", str(path), texts.codec, tuple(notes))


def examined(
    pieces: Mapping[str, Piece], stem: str, encoding: str, place: dict[str, str]
) -> tuple[Encoding, list[Problem]]:
    """
    Look at all parts of a Shapefile: are they whole, and do they belong together.

    Parameters
    ----------
    pieces : mapping
        Parts of the file by the ends of their names.
    stem : str
        Name of the file without its end, to name parts that are missing.
    encoding : str
        Encoding the user named; found out when empty.
    place : dict
        File and layer, for messages.

    Returns
    -------
    encoding : Encoding
        How texts and names of fields are written.
    notes : list of Problem
        What a reader should know.

    Raises
    ------
    FileError
        With everything that is wrong: parts that are missing, cut, or not of one export,
        records whose numbers of rings and points do not fit, an encoding that cannot be.
    """
    problems = _missing(pieces, stem, place)
    table, found = None, Encoding("UTF-8", "ascii")
    if ".dbf" in pieces:
        table, more = table_of(pieces[".dbf"], place)
        problems += more
    shapes, more = shapes_of(pieces, place)
    problems += more
    if table and shapes and len(shapes.starts) != table.rows:
        counts = f"{len(shapes.starts):,} / {table.rows:,}"
        problems.append(Problem("shp_count", value=counts, **place))
    is_whole = not problems
    if ".shp" in pieces and shapes and shapes.kind != MULTIPATCH:
        labels = _labels(pieces, table if is_whole else None, len(shapes.starts))
        problems += record_problems(pieces[".shp"], shapes, labels, place)
    if ".prj" in pieces:
        problems += _system_problems(pieces[".prj"], place)
    if table and is_whole:
        found, more = encoding_of_table(pieces[".dbf"], table, pieces.get(".cpg"), encoding, place)
        problems += more
    if any(problem.severity == "refuse" for problem in problems):
        raise FileError(problems)
    return found, problems


def _missing(pieces: Mapping[str, Piece], stem: str, place: dict[str, str]) -> list[Problem]:
    """List the parts that are missing; without a .prj only the system is unknown."""
    missing = [stem + suffix for suffix in NEEDED if suffix not in pieces]
    if not missing:
        return []
    missing += [] if ".prj" in pieces else [f"{stem}.prj"]
    return [Problem("shp_missing", value=", ".join(missing), **place)]


def _head(piece: Piece, place: dict[str, str]) -> tuple[int | None, list[Problem]]:
    """Read the head of a .shp or .shx file: the type, and whether the length is as it says."""
    with piece.open() as file:
        head = file.read(HEAD_BYTES)
    magic = struct.unpack(">i", head[:4])[0] if len(head) == HEAD_BYTES else 0
    if magic != MAGIC:
        return None, [Problem("shp_head", value=piece.name, **place)]
    said = struct.unpack(">I", head[24:28])[0] * WORD
    kind = struct.unpack("<i", head[32:36])[0]
    if said == piece.size:
        return kind, []
    size = {"value": f"{piece.name} {piece.size:,}", "rule": f"{said:,}"}
    return kind, [Problem("shp_size", **size, **place)]


def shapes_of(
    pieces: Mapping[str, Piece], place: dict[str, str]
) -> tuple[Shapes | None, list[Problem]]:
    """
    Read heads and index of a Shapefile.

    Parameters
    ----------
    pieces : mapping
        Parts of the file by the ends of their names.
    place : dict
        File and layer, for messages.

    Returns
    -------
    shapes : Shapes or None
        None where there is no index, or none that can be used.
    problems : list of Problem
        ``shp_head``, ``shp_size``, ``shp_type``.
    """
    kinds, problems = [], []
    for suffix in (".shp", ".shx"):
        if suffix in pieces:
            kind, found = _head(pieces[suffix], place)
            kinds += [] if kind is None else [kind]
            problems += found
    for kind in dict.fromkeys(kinds):
        if kind == MULTIPATCH:
            problems.append(Problem("shp_type", value=TYPES[kind], **place))
        elif kind not in TYPES or kind != kinds[0]:
            problems.append(Problem("shp_head", value=f"{kinds}", **place))
    if ".shx" not in pieces or not kinds or any(one.code == "shp_head" for one in problems):
        return None, problems
    with pieces[".shx"].open() as file:
        file.seek(HEAD_BYTES)
        index = file.read()
    index = index[: len(index) // INDEX_BYTES * INDEX_BYTES]
    numbers = np.frombuffer(index, ">u4").reshape(-1, 2).astype(np.int64) * WORD
    size = pieces[".shp"].size if ".shp" in pieces else 0
    return Shapes(kinds[0], size, numbers[:, 0], numbers[:, 1]), problems


def _labels(pieces: Mapping[str, Piece], table: Table | None, records: int) -> pd.Index:
    """Label records as users count rows; the label of a deleted row is missing."""
    if table is None:
        return pd.RangeIndex(1, records + 1, name="row")
    live = live_rows(pieces[".dbf"], table)
    return pd.Index(np.where(live, np.cumsum(live), 0), name="row")


def record_problems(
    piece: Piece, shapes: Shapes, labels: pd.Index, place: dict[str, str]
) -> list[Problem]:
    """
    Look at the numbers of every record of shapes, without its coordinates.

    Parameters
    ----------
    piece : Piece
        The ``.shp`` file.
    shapes : Shapes
    labels : Index
        Label of every record; 0 for records of rows that were deleted.
    place : dict
        File and layer, for messages.

    Returns
    -------
    problems : list of Problem
        ``shp_record`` for records outside the file, with another number or length than the
        index says, of another type than the file, with numbers of rings and points that do
        not fill the record, and with rings that do not begin one behind the other.
    """
    ends = shapes.starts + RECORD_BYTES + shapes.lengths
    outside = (shapes.starts < HEAD_BYTES) | (ends > shapes.size) | (shapes.lengths < INTEGER_BYTES)
    found = _told(outside, labels, ends, "shape.outside", place)
    inside = np.flatnonzero(~outside)
    inside = inside[np.argsort(shapes.starts[inside], kind="stable")]
    with piece.open() as file:
        for rows, window in _windows(file, shapes, inside):
            numbers, lengths = window.integers(0, ">"), window.integers(4, ">") * WORD
            # most programs count from 1, and some from 0
            steps, times = np.unique(numbers - rows, return_counts=True)
            moved = (numbers - rows != steps[times.argmax()]) | (lengths != shapes.lengths[rows])
            found += _told(moved, labels[rows], numbers, "shape.header", place)
            good = ~moved
            found += _content_problems(window.only(good), shapes, rows[good], labels, place)
    return joined(found)


def _told(
    bad: np.ndarray, labels: pd.Index, values: np.ndarray, rule: str, place: dict[str, str]
) -> list[Problem]:
    """Tell records that are damaged, but those of deleted rows."""
    kept = bad & (labels.to_numpy() > 0)
    if not kept.any():
        return []
    flags, found = (pd.Series(one, labels).sort_index() for one in (kept, values))
    return faulty("shp_record", flags, found, field="geometry", rule=rule, **place)


class _Window(NamedTuple):
    """Bytes of a run of records, and where each begins in them."""

    content: np.ndarray
    starts: np.ndarray

    def integers(self, place: int, order: str = "<") -> np.ndarray:
        """Read a whole number of four bytes from every record, so many bytes behind its begin."""
        return self.at(self.starts + place, order)

    def at(self, places: np.ndarray, order: str = "<") -> np.ndarray:
        """Read whole numbers of four bytes at places of the window."""
        numbers = self.content[places[:, None] + np.arange(INTEGER_BYTES)]
        return numbers.view(f"{order}i4").ravel().astype(np.int64)

    def only(self, rows: np.ndarray) -> "_Window":
        """Keep some of the records."""
        return _Window(self.content, self.starts[rows])


def _windows(
    file: BinaryIO, shapes: Shapes, order: np.ndarray
) -> Iterator[tuple[np.ndarray, _Window]]:
    """Read records as they follow each other in the file, so many that they fit in memory."""
    starts = shapes.starts[order]
    ends = starts + RECORD_BYTES + shapes.lengths[order]
    first = 0
    while first < len(order):
        last = max(int(np.searchsorted(ends, starts[first] + WINDOW_BYTES, "right")), first + 1)
        begin, end = int(starts[first]), int(ends[first:last].max())
        file.seek(begin)
        content = np.frombuffer(file.read(end - begin), np.uint8)
        yield order[first:last], _Window(content, starts[first:last] - begin)
        first = last


def _content_problems(
    window: _Window, shapes: Shapes, rows: np.ndarray, labels: pd.Index, place: dict[str, str]
) -> list[Problem]:
    """Hold type, numbers of rings and points and begins of rings against the length."""
    kinds = window.integers(RECORD_BYTES)
    found = _told(~np.isin(kinds, (NULL, shapes.kind)), labels[rows], kinds, "shape.type", place)
    drawn = (kinds == shapes.kind) & (kinds != NULL)
    if not drawn.any():
        return found
    window, rows = window.only(drawn), rows[drawn]
    lengths = shapes.lengths[rows]
    long = lengths >= FIXED_BYTES.get(shapes.kind % 10, 0)
    rings, points = (np.zeros(len(rows), np.int64) for _ in range(2))
    rings[long], points[long] = _counts(window.only(long), shapes.kind)
    fits = long & _fit(shapes.kind, lengths, rings, points)
    found += _told(~fits, labels[rows], points, "shape.counts", place)
    ringed = fits & (rings > 0)
    window, rows, rings, points = (
        window.only(ringed), rows[ringed], rings[ringed], points[ringed]
    )  # fmt: skip
    if not len(rows):
        return found
    broken = ~_rings_follow(window, rings, points)
    return found + _told(broken, labels[rows], rings, "shape.parts", place)


def _counts(window: _Window, kind: int) -> tuple[np.ndarray, np.ndarray]:
    """Read the numbers of rings and of points of records."""
    if kind % 10 in (LINE, POLYGON):
        return window.integers(RECORD_BYTES + 36), window.integers(RECORD_BYTES + 40)
    none = np.zeros(len(window.starts), np.int64)
    if kind % 10 == MULTIPOINT:
        return none, window.integers(RECORD_BYTES + 36)
    return none, none


def _fit(kind: int, lengths: np.ndarray, rings: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Tell which lengths are those of records with so many rings and points."""
    shape, more = kind % 10, kind // 10 * 10
    if shape == POINT:
        return np.isin(lengths, POINT_BYTES[more])
    measures = 16 + 8 * points
    allowed = {0: (0,), 10: (measures, 2 * measures), 20: (0, measures)}[more]
    needed = FIXED_BYTES[shape] + 4 * rings + 16 * points
    fits = np.logical_or.reduce([needed + extra == lengths for extra in allowed])
    if shape != MULTIPOINT:
        fits &= (rings > 0) == (points > 0)
    return fits & (rings >= 0) & (points >= rings)


def _rings_follow(window: _Window, rings: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Tell in which records the first ring begins at 0 and every other behind the one before."""
    firsts = np.cumsum(rings) - rings
    within = np.arange(rings.sum()) - np.repeat(firsts, rings)
    begins = window.at(np.repeat(window.starts, rings) + RECORD_BYTES + 44 + INTEGER_BYTES * within)
    ends = np.append(begins[1:], 0)
    ends[firsts + rings - 1] = points
    good = ends > begins
    good[firsts] &= begins[firsts] == 0
    return np.logical_and.reduceat(good, firsts)


def _system_problems(piece: Piece, place: dict[str, str]) -> list[Problem]:
    """Refuse a .prj that holds something else than a reference system; an empty one is none."""
    with piece.open() as file:
        raw = file.read(PRJ_BYTES)
    text = raw.decode("utf-8-sig", "replace").strip(" \0\r\n\t")
    if text and not WKT.match(text):
        return [Problem("prj_not_wkt", value=" ".join(text[:SHOWN].split()), **place)]
    try:
        raw.decode()
    except UnicodeDecodeError:
        return [Problem("crs_name_unreadable", **place)]
    return []
