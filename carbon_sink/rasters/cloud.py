"""
Float rasters written window by window as cloud-optimised GeoTIFFs.

GDAL's own driver for them needs a finished raster and compresses it once more. Here each tile
is compressed once and goes, level by level, into a file of its own; at the end the directories
are written and the levels copied behind them, the smallest overview first.
"""

import struct
import tempfile
from collections import deque
from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from functools import cache
from pathlib import Path
from shutil import copyfileobj
from types import TracebackType
from typing import NamedTuple, Self

import numpy as np
from isal import isal_zlib
from rasterio.io import MemoryFile
from rasterio.transform import Affine

from ..grids import Grid

TILE = 512
# tiles that may wait for their compression, 1 MB each
WAITING = 24
COPY_BYTES = 1 << 22
# of compression: the least, and as small as zlib makes such maps, in a seventh of its time
LEVEL = 1
# above so many bytes without compression the file is a BigTIFF, whose places have 64 bits
LARGEST_CLASSIC = 4_000_000_000
SUBFILE, WIDTH, HEIGHT, TILE_OFFSETS, TILE_BYTES = 254, 256, 257, 324, 325
# fields that only the full resolution has: where it lies, and its texts
ONCE = {33550, 33922, 34264, 34735, 34736, 34737, 42112}
LONG, LONG8 = 4, 16
# bytes of one number of each type of field
NUMBER_BYTES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8,
                13: 4, 16: 8, 17: 8, 18: 8}  # fmt: skip
# tells GDAL that it can read a remote file with few requests: each tile follows its size and
# is followed by its last four bytes
STRUCTURE = b"""LAYOUT=IFDS_BEFORE_DATA
BLOCK_ORDER=ROW_MAJOR
BLOCK_LEADER=SIZE_AS_UINT4
BLOCK_TRAILER=LAST_4_BYTES_REPEATED
KNOWN_INCOMPATIBLE_EDITION=NO
 """


class _Words(NamedTuple):
    """How a TIFF lays its numbers out: header, and the parts of a directory."""

    header: bytes
    count: str
    entry: str
    place: str
    kind: int
    dtype: str


CLASSIC = _Words(b"II*\0", "<H", "<HHI4s", "<I", LONG, "<u4")
BIG = _Words(b"II+\0\x08\0\0\0", "<Q", "<HHQ8s", "<Q", LONG8, "<u8")


class _Field(NamedTuple):
    """A field of a directory: type, and its numbers as they stand in the file."""

    kind: int
    content: bytes


def _numbers(values: np.ndarray | list[int], words: _Words = CLASSIC) -> _Field:
    """Make a field of whole numbers."""
    return _Field(words.kind, np.asarray(values, dtype=words.dtype).tobytes())


@cache
def _halve() -> Callable:
    """Compile the kernel on first use; importing numba costs more than most commands."""
    from .overview_kernel import halve  # noqa: PLC0415

    return halve


def _compress(tile: np.ndarray) -> tuple[bytes, np.ndarray]:
    """Compress a tile, framed as ``STRUCTURE`` says; return it with its means two by two."""
    means = np.empty((TILE // 2, TILE // 2), dtype="float32")
    _halve()(tile, means)
    content = isal_zlib.compress(tile, LEVEL)
    return struct.pack("<I", len(content)) + content + content[-4:], means


class _Level:
    """One level of a raster while it is written: its size, and its tiles so far."""

    def __init__(self, rows: int, columns: int, folder: Path) -> None:
        self.rows, self.columns = rows, columns
        self.tiles = -(-rows // TILE), -(-columns // TILE)
        self.sizes: list[int] = []
        self.file = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115 - closed with the raster
        # tiles that wait for some of the four tiles they are the means of, and for how many
        self.begun: dict[tuple[int, int], np.ndarray] = {}
        self.missing: dict[tuple[int, int], int] = {}


class CloudRaster:
    """
    A float32 raster being written; a context that ends with the file whole or not there.

    Overviews are means of the cells with data, down to the size of one tile. Cells without
    data are NaN, also as the declared nodata value: any finite number could be a value.

    Parameters
    ----------
    path : Path
        File to write.
    grid : Grid
        Where the cells lie.
    unit : str
        Unit of the values.
    tags : mapping of str to str
        Texts kept in the file.
    executor : Executor
        Threads that compress tiles.

    Examples
    --------
    See ``write_density``.
    """

    def __init__(
        self, path: Path, grid: Grid, *, unit: str, tags: Mapping[str, str], executor: Executor
    ) -> None:
        self.path, self._executor = path, executor
        big = grid.rows * grid.columns * 4 * 4 / 3 > LARGEST_CLASSIC
        self._words = BIG if big else CLASSIC
        self._fields = _directory(_empty(grid, unit, tags, big=big), self._words)
        shapes = [(grid.rows, grid.columns)]
        while max(shapes[-1]) > TILE:
            shapes.append((-(-shapes[-1][0] // 2), -(-shapes[-1][1] // 2)))
        self._levels = [_Level(*shape, path.parent) for shape in shapes]
        self._waiting: deque = deque()

    def write(self, values: np.ndarray, top: int, left: int) -> None:
        """
        Write a window; windows come row by row, from the left to the right.

        Parameters
        ----------
        values : array of float32, shape (rows, columns)
            Values; rows are ``TILE`` and columns a multiple of it but at the rim of the grid.
        top, left : int
            Row and column of the first cell, multiples of ``TILE``.
        """
        for start in range(0, values.shape[1], TILE):
            part = values[:, start : start + TILE]
            tile = np.full((TILE, TILE), np.nan, dtype="float32")
            tile[: part.shape[0], : part.shape[1]] = part
            self._add(0, (top // TILE, (left + start) // TILE), tile)
        self._take(WAITING)

    def _add(self, level: int, place: tuple[int, int], tile: np.ndarray) -> None:
        """Have a tile compressed."""
        self._waiting.append((level, place, self._executor.submit(_compress, tile)))

    def _take(self, waiting: int) -> None:
        """Store tiles in the order they came, until only so many wait."""
        while len(self._waiting) > waiting:
            number, (row, column), job = self._waiting.popleft()
            content, means = job.result()
            level = self._levels[number]
            level.sizes.append(len(content))
            level.file.write(content)
            if number + 1 < len(self._levels):
                self._pass_on(number + 1, row, column, means)

    def _pass_on(self, number: int, row: int, column: int, means: np.ndarray) -> None:
        """Put the means of a tile into their tile of the next level; add it when it is whole."""
        level, (rows, columns) = self._levels[number], self._levels[number - 1].tiles
        place = row // 2, column // 2
        if place not in level.begun:
            level.begun[place] = np.full((TILE, TILE), np.nan, dtype="float32")
            level.missing[place] = min(2, rows - 2 * place[0]) * min(2, columns - 2 * place[1])
        half = TILE // 2
        y, x = row % 2 * half, column % 2 * half
        level.begun[place][y : y + half, x : x + half] = means
        level.missing[place] -= 1
        if not level.missing[place]:
            self._add(number, place, level.begun.pop(place))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            if kind is None:
                self._take(0)
                self._finish()
        finally:
            for _, _, job in self._waiting:
                job.cancel()
            for level in self._levels:
                level.file.close()

    def _finish(self) -> None:
        """Write the directories and copy the levels behind them."""
        whole = self.path.with_name(f".{self.path.name}.part")
        try:
            with whole.open("wb") as out:
                out.write(_head(self._fields, self._levels, self._words))
                for level in reversed(self._levels):
                    level.file.seek(0)
                    copyfileobj(level.file, out, COPY_BYTES)
            whole.replace(self.path)
        finally:
            whole.unlink(missing_ok=True)


def _empty(grid: Grid, unit: str, tags: Mapping[str, str], *, big: bool) -> bytes:
    """Let GDAL write the raster without a tile, for the fields of its directory."""
    profile = {
        "driver": "GTiff", "dtype": "float32", "count": 1, "height": grid.rows,
        "width": grid.columns, "crs": grid.crs, "nodata": np.nan, "tiled": True,
        "transform": Affine(grid.width, 0.0, grid.west, 0.0, grid.height, grid.top),
        "blockxsize": TILE, "blockysize": TILE, "compress": "deflate", "sparse_ok": True,
        "bigtiff": "YES" if big else "NO",
    }  # fmt: skip
    with MemoryFile() as memory:
        with memory.open(**profile) as raster:
            raster.units = (unit,)
            raster.update_tags(**tags)
        return bytes(memory.getbuffer())


def _directory(content: bytes, words: _Words) -> dict[int, _Field]:
    """Read the first directory of a file that GDAL just wrote."""
    (start,) = struct.unpack_from(words.place, content, len(words.header))
    (count,) = struct.unpack_from(words.count, content, start)
    fields = {}
    for number in range(count):
        at = start + struct.calcsize(words.count) + number * struct.calcsize(words.entry)
        tag, kind, numbers, inline = struct.unpack_from(words.entry, content, at)
        size = numbers * NUMBER_BYTES[kind]
        if size > len(inline):
            (at,) = struct.unpack(words.place, inline)
            inline = content[at : at + size]
        fields[tag] = _Field(kind, inline[:size])
    return fields


def _head(fields: dict[int, _Field], levels: list[_Level], words: _Words) -> bytes:
    """Lay out all that stands before the tiles: header, structure, a directory for each level."""
    size = b"GDAL_STRUCTURAL_METADATA_SIZE=%06d bytes\n" % len(STRUCTURE)
    start = len(words.header) + struct.calcsize(words.place) + len(size) + len(STRUCTURE)
    start += start % 2
    directories = []
    for number, level in enumerate(levels):
        own = {tag: field for tag, field in fields.items() if not number or tag not in ONCE}
        if number:
            own |= {SUBFILE: _numbers([1]), WIDTH: _numbers([level.columns]),
                    HEIGHT: _numbers([level.rows])}  # fmt: skip
        own[TILE_BYTES] = _numbers(np.array(level.sizes) - 8)  # without the frame
        directories.append(own)
    place = 0
    for _ in range(2):  # the size of the directories does not depend on what they say
        for own, level in zip(reversed(directories), reversed(levels), strict=True):
            first = place + np.cumsum([0, *level.sizes])
            own[TILE_OFFSETS] = _numbers(first[:-1] + 4, words)
            place = int(first[-1])
        at, laid = start, []
        for number, own in enumerate(directories, start=1):
            laid.append(_laid(own, at, words, is_last=number == len(directories)))
            at += len(laid[-1])
        place = at
    head = words.header + struct.pack(words.place, start) + size + STRUCTURE
    return head.ljust(start, b"\0") + b"".join(laid)


def _laid(fields: dict[int, _Field], start: int, words: _Words, *, is_last: bool) -> bytes:
    """Lay out a directory that begins at a place, and after it the fields that are too long."""
    room = struct.calcsize(words.place)
    table = struct.calcsize(words.count) + len(fields) * struct.calcsize(words.entry) + room
    entries, contents, outside = [], [], start + table
    for tag, (kind, content) in sorted(fields.items()):
        inline = content
        if len(content) > room:
            inline = struct.pack(words.place, outside)
            contents.append(content.ljust(len(content) + len(content) % 2, b"\0"))
            outside += len(contents[-1])
        entries.append(
            struct.pack(words.entry, tag, kind, len(content) // NUMBER_BYTES[kind], inline)
        )
    following = struct.pack(words.place, 0 if is_last else outside)
    count = struct.pack(words.count, len(fields))
    return b"".join([count, *entries, following, *contents])
