"""What a TIFF declares about itself, read from its header before any library opens it."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from os import SEEK_END
from pathlib import Path
from typing import BinaryIO

import numpy as np

from ..errors import FileError, Problem

# a block is decoded as a whole, so this bounds the memory of a reader; blocks of real products
# are below 64 MB
LARGEST_BLOCK_BYTES = 2**28
# above so many cells, a file must not be tinier than an empty raster with tiles of 1024 cells
CELLS_FREE, CELLS_PER_BYTE = 10**10, 10**5
# GDAL counts columns, rows and blocks with 31 bits
MOST = 2**31 - 1
# blocks whose places in the file are looked at together
BLOCKS_AT_A_TIME = 2**20
# bytes that one byte of a block can become: deflate codes at most 258 in two bits, PackBits at
# most 128 in two bytes
GROWTH = {1: 1, 8: 1032, 32946: 1032, 32773: 64}
UNCOMPRESSED, JPEG, SEPARATE_PLANES = 1, (6, 7), 2
# bytes of an unknown file that are shown
SHOWN_BYTES = 16
# whole numbers by the type of a field; signed ones stand where they should not, and are read
WHOLE = {1: "u1", 3: "u2", 4: "u4", 6: "i1", 8: "i2", 9: "i4", 13: "u4", 16: "u8", 17: "i8",
         18: "u8"}  # fmt: skip
(WIDTH, HEIGHT, BITS, COMPRESSION, COLORS, STRIP_OFFSETS, BANDS, STRIP_ROWS, STRIP_BYTES, PLANES,
 TILE_WIDTH, TILE_HEIGHT, TILE_OFFSETS, TILE_BYTES) = (
    256, 257, 258, 259, 262, 273, 277, 278, 279, 284, 322, 323, 324, 325
)  # fmt: skip
# the nodata code is the one text among the fields; longer ones are no numbers
NODATA, NODATA_LONGEST = 42113, 64
DEFAULTS = {BITS: 1, COMPRESSION: UNCOMPRESSED, BANDS: 1, PLANES: 1, COLORS: 1}
# the red, green and blue, ink, video and Lab colors of pictures
PICTURES = {2, 5, 6, 8, 9, 10}
BEGINNINGS = {
    b"\x89PNG": "PNG", b"\xff\xd8\xff": "JPEG", b"\x89HDF": "HDF5", b"CDF": "NetCDF",
    b"GRIB": "GRIB", b"PK\x03\x04": "ZIP", b"\x1f\x8b": "GZIP", b"Rar!": "RAR", b"7z\xbc": "7-Zip",
    b"%PDF": "PDF", b"EHFA_HEADER": "ERDAS IMAGINE", b"SQLite format": "SQLite", b"GIF8": "GIF",
    b"BM": "BMP", b"\x00\x00\x00\x0cjP": "JPEG 2000", b"version https://git-lfs": "Git LFS",
    b"<VRT": "VRT", b"<OGRVRT": "VRT", b"<?xml": "XML", b"<": "HTML/XML",
}  # fmt: skip


@dataclass(frozen=True)
class Entry:
    """A field of the directory: its numbers lie at ``offset`` in the file."""

    kind: str
    count: int
    offset: int

    def listed(self, file_bytes: int) -> int:
        """Count the numbers that lie inside the file."""
        room = max(file_bytes - self.offset, 0) // np.dtype(self.kind).itemsize
        return min(self.count, room)


@dataclass(frozen=True)
class Layout:
    """
    Size and storage of the first image of a TIFF, as its header declares them.

    A block is a tile or a strip; ``block_rows`` and ``block_columns`` are its cells,
    ``offsets`` and ``sizes`` the places of the fields that say where blocks lie; ``nodata`` is
    the nodata code as it is written, empty where there is none.
    """

    path: Path
    file_bytes: int
    rows: int
    columns: int
    bands: int
    bits: int
    compression: int
    is_picture: bool
    is_tiled: bool
    is_interleaved: bool
    block_rows: int
    block_columns: int
    offsets: Entry
    sizes: Entry | None
    nodata: str

    @property
    def across(self) -> int:
        """Blocks side by side."""
        return -(-self.columns // self.block_columns)

    @property
    def blocks(self) -> int:
        """Blocks of the file."""
        planes = 1 if self.is_interleaved else self.bands
        return self.across * -(-self.rows // self.block_rows) * planes

    def bytes_of(self, rows: np.ndarray | int) -> np.ndarray | int:
        """Bytes of blocks of so many rows, once decoded."""
        samples = self.block_columns * (self.bands if self.is_interleaved else 1)
        return rows * ((samples * self.bits + 7) // 8)

    def rows_of(self, block: np.ndarray) -> np.ndarray:
        """Rows of cells that blocks hold; the last strip may be lower, a tile never is."""
        if self.is_tiled:
            return np.full(len(block), self.block_rows)
        down = -(-self.rows // self.block_rows)
        return np.minimum(self.block_rows, self.rows - block % down * self.block_rows)

    def row_text(self, block: int) -> str:
        """Name the rows of cells a block lies in, counted from one."""
        down = block // self.across % -(-self.rows // self.block_rows)
        last = min((down + 1) * self.block_rows, self.rows)
        return f"{down * self.block_rows + 1}-{last}"


def read_layout(path: Path) -> Layout:
    """
    Read the header and first directory of a TIFF or BigTIFF; no cell is read.

    Parameters
    ----------
    path : Path
        An existing file.

    Returns
    -------
    layout : Layout

    Raises
    ------
    FileError
        If the file is no TIFF, or its directory is cut off or makes no sense.
    """
    with path.open("rb") as file:
        start = file.read(64)
        if start[:4] not in {b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"}:
            raise FileError(Problem("raster_not_geotiff", file=path.name, value=_beginning(start)))
        try:
            return _layout(path, file)
        except (struct.error, ValueError, KeyError, IndexError) as error:
            problem = Problem("raster_header_broken", file=path.name, value=str(error))
            raise FileError(problem) from None


def _beginning(start: bytes) -> str:
    """Say what kind of file begins like this."""
    if not start:
        return "0 B"
    trimmed = start.removeprefix(b"\xef\xbb\xbf").lstrip()
    kinds = (name for sign, name in BEGINNINGS.items() if trimmed.startswith(sign))
    return next(kinds, start[:SHOWN_BYTES].decode("ascii", "backslashreplace"))


def _directory(file: BinaryIO, file_bytes: int) -> dict[int, Entry]:
    """Read the first directory: where the numbers of each field lie."""
    file.seek(0)
    head = file.read(16)
    order, is_big = "<" if head[:1] == b"I" else ">", head[2:3] == b"+" or head[3:4] == b"+"
    word, entry_bytes, inline = ("Q", 20, 8) if is_big else ("I", 12, 4)
    (place,) = struct.unpack_from(order + word, head, 8 if is_big else 4)
    file.seek(min(place, file_bytes))
    count_bytes = 8 if is_big else 2
    (count,) = struct.unpack(order + ("Q" if is_big else "H"), file.read(count_bytes))
    if place + count_bytes + count * entry_bytes > file_bytes:
        msg = f"directory at byte {place}, file of {file_bytes}"
        raise ValueError(msg)
    table = file.read(count * entry_bytes)
    entries = {}
    for at in range(0, len(table), entry_bytes):
        tag, kind, number = struct.unpack_from(order + "HH" + word, table, at)
        if kind not in WHOLE and tag != NODATA:
            continue
        lies = place + count_bytes + at + entry_bytes - inline
        dtype = order + WHOLE.get(kind, "u1")
        if number * np.dtype(dtype).itemsize > inline:
            (lies,) = struct.unpack_from(order + word, table, at + entry_bytes - inline)
        entries[tag] = Entry(dtype, number, lies)
    return entries


def _numbers(file: BinaryIO, entry: Entry, first: int, count: int) -> np.ndarray:
    """Read some numbers of a field, fewer where the file ends."""
    dtype = np.dtype(entry.kind)
    end = file.seek(0, SEEK_END)
    file.seek(min(entry.offset + first * dtype.itemsize, end))
    content = file.read(count * dtype.itemsize)
    return np.frombuffer(content, dtype, len(content) // dtype.itemsize)


def _layout(path: Path, file: BinaryIO) -> Layout:
    """Read the fields that say how large the image is and how it is stored."""
    file_bytes = path.stat().st_size
    entries = _directory(file, file_bytes)

    def one(tag: int) -> int:
        if tag not in entries and tag in DEFAULTS:
            return DEFAULTS[tag]
        if tag not in entries:
            msg = f"field {tag} is missing"
            raise ValueError(msg)
        return int(_numbers(file, entries[tag], 0, 1).sum())

    rows, columns, is_tiled = one(HEIGHT), one(WIDTH), TILE_OFFSETS in entries
    block_rows, block_columns = rows, columns
    if is_tiled:
        block_rows, block_columns = one(TILE_HEIGHT), one(TILE_WIDTH)
    elif STRIP_ROWS in entries:
        block_rows = min(one(STRIP_ROWS), rows)
    places = TILE_OFFSETS if is_tiled else STRIP_OFFSETS
    one(places)
    nodata = b""
    if NODATA in entries:
        length = min(entries[NODATA].count, NODATA_LONGEST)
        nodata = _numbers(file, entries[NODATA], 0, length).astype("u1").tobytes()
    if min(rows, columns, one(BANDS), one(BITS), block_rows, block_columns) < 1:
        msg = f"{rows} x {columns} cells in blocks of {block_rows} x {block_columns}"
        raise ValueError(msg)
    return Layout(
        path, file_bytes, rows, columns, one(BANDS), one(BITS), one(COMPRESSION),
        one(COLORS) in PICTURES, is_tiled, one(PLANES) != SEPARATE_PLANES,
        block_rows, block_columns, entries[places],
        entries.get(TILE_BYTES if is_tiled else STRIP_BYTES),
        nodata.split(b"\0")[0].decode("ascii", "replace").strip(),
    )  # fmt: skip


def size_problems(layout: Layout) -> list[Problem]:
    """Find sizes that no reader should try: too many cells, blocks of too many bytes."""
    name, cells = layout.path.name, layout.rows * layout.columns
    budget = max(CELLS_FREE, layout.file_bytes * CELLS_PER_BYTE)
    if max(layout.rows, layout.columns, layout.blocks) > MOST or cells > budget:
        size = f"{layout.rows} × {layout.columns}"
        return [Problem("raster_too_large", file=name, value=size, count=layout.file_bytes)]
    # strips are read row by row where they are high
    block_bytes = layout.bytes_of(layout.block_rows if layout.is_tiled else 1)
    return block_size_problems(name, int(block_bytes))


def block_size_problems(file: str, block_bytes: int) -> list[Problem]:
    """Find blocks that need too much memory to be decoded."""
    if block_bytes <= LARGEST_BLOCK_BYTES:
        return []
    return [Problem("raster_block_too_large", file=file, value=f"{block_bytes / 2**20:,.0f} MB")]


def check_storage(layout: Layout, *, has_nodata: bool) -> tuple[list[Problem], list[Problem]]:
    """
    Find blocks that were never written, or that the file is too short to hold.

    Blocks inside that were never written are how sparse files leave out empty areas; they
    are cells without data. Where all blocks from one on to the end are missing, the program
    that wrote the file may have been ended before it was done: that is refused where no block
    was written, or the file names no nodata that such cells could have.

    Returns
    -------
    problems, notes : list of Problem
        What keeps the cells from being read, and what a reader should know of them.
    """
    name = layout.path.name
    if layout.sizes is None:  # old files, whose blocks are as long as they turn out to be
        return [], []
    listed = min(entry.listed(layout.file_bytes) for entry in (layout.offsets, layout.sizes))
    if listed < layout.blocks:
        value = f"{listed} / {layout.blocks}"
        return [Problem("raster_header_broken", file=name, value=value)], []
    cut, missing, last_written, outside = 0, 0, -1, []
    for first, offsets, sizes in _places(layout):
        block = first + np.arange(len(offsets))
        written = (offsets > 0) & (sizes > 0)
        whole = layout.bytes_of(layout.rows_of(block))
        needed = sizes
        if layout.compression == UNCOMPRESSED and not layout.is_tiled:
            needed = np.minimum(sizes, whole)  # the last strip may be said to be as high as others
        bad = written & (offsets + needed > layout.file_bytes)
        bad |= written & (sizes * GROWTH.get(layout.compression, 1e9) < whole)
        cut += int(bad.sum())
        outside = outside or block[bad][:1].tolist()
        missing += int((~written).sum())
        last_written = max(last_written, int(block[written].max(initial=-1)))
    problems, notes = [], []
    if cut:
        problems.append(Problem("raster_truncated", file=name, count=cut, rule=str(layout.blocks),
                                value=layout.row_text(outside[0])))  # fmt: skip
    if missing and missing == layout.blocks - 1 - last_written:
        found = {"file": name, "count": missing, "rule": str(layout.blocks),
                 "value": layout.row_text(last_written + 1)}  # fmt: skip
        if has_nodata and missing < layout.blocks:
            notes.append(Problem("raster_end_empty", **found))
        else:
            problems.append(Problem("raster_unfinished", **found))
    return problems, notes


def _places(layout: Layout) -> Iterator[tuple[int, np.ndarray, np.ndarray]]:
    """Read where blocks lie and how long they are, many at a time: first block, bytes, bytes."""
    with layout.path.open("rb") as file:
        for first in range(0, layout.blocks, BLOCKS_AT_A_TIME):
            count = min(BLOCKS_AT_A_TIME, layout.blocks - first)
            offsets = _numbers(file, layout.offsets, first, count)
            sizes = _numbers(file, layout.sizes, first, count)
            yield first, offsets.astype(float), sizes.astype(float)
