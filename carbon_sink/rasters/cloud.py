"""
Float rasters written window by window as cloud-optimised GeoTIFFs.

GDAL's own driver for them copies a finished raster and compresses it a second time. Here each
level of overviews is compressed once, into a file of its own, and the tiles are then copied
into the order of such a file: directories first, then the smallest overview, the full
resolution last.
"""

import shutil
import struct
import tempfile
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, NamedTuple, Self

import numpy as np
import rasterio
from rasterio.transform import Affine
from rasterio.windows import Window

from ..errors import FileError, Problem
from ..grids import Grid

TILE = 512
COMPRESSORS = 2
# above so many bytes without compression the file is a BigTIFF, whose places have 64 bits
LARGEST_CLASSIC = 4_000_000_000
SUBFILE, TILE_OFFSETS, TILE_BYTES = 254, 324, 325
PLACE = {33550, 33922, 34264, 34735, 34736, 34737}
LONG, LONG8 = 4, 16
# bytes of one number of each type of field
NUMBER_BYTES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8,
                13: 4, 16: 8, 17: 8, 18: 8}  # fmt: skip
WHOLE = {3: "<u2", 4: "<u4", 16: "<u8"}
# what GDAL needs to be told to read a remote file with few requests; each tile follows its size
# and is followed by its last four bytes
STRUCTURE = b"""LAYOUT=IFDS_BEFORE_DATA
BLOCK_ORDER=ROW_MAJOR
BLOCK_LEADER=SIZE_AS_UINT4
BLOCK_TRAILER=LAST_4_BYTES_REPEATED
KNOWN_INCOMPATIBLE_EDITION=NO
 """


class _Words(NamedTuple):
    """How the numbers of a TIFF are laid out: header, and of a directory its parts."""

    header: bytes
    count: str
    entry: str
    place: str
    kind: int

    def directory_bytes(self, fields: "dict[int, _Field]") -> int:
        """Bytes of a directory with the fields that do not fit into it."""
        outside = (len(one.content) for one in fields.values())
        room = struct.calcsize(self.place)
        size = struct.calcsize(self.count) + len(fields) * struct.calcsize(self.entry) + room
        return size + sum(_even(size) for size in outside if size > room)


class _Field(NamedTuple):
    """A field of a directory: type, and its numbers as they stand in the file."""

    kind: int
    content: bytes

    @property
    def count(self) -> int:
        """How many numbers it holds."""
        return len(self.content) // NUMBER_BYTES[self.kind]


CLASSIC = _Words(b"II*\0", "<H", "<HHI4s", "<I", LONG)
BIG = _Words(b"II+\0\x08\0\0\0", "<Q", "<HHQ8s", "<Q", LONG8)


def _even(size: int) -> int:
    """Round up to an even number; places in a TIFF are even."""
    return size + size % 2


@cache
def _halve():  # noqa: ANN202
    """Compile the kernel on first use; importing numba costs more than most commands."""
    from ..density_kernel import halve  # noqa: PLC0415

    return halve


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

    Examples
    --------
    See ``write_density``.
    """

    def __init__(self, path: Path, grid: Grid, *, unit: str, tags: Mapping[str, str]) -> None:
        self.path = path
        self._folder = Path(tempfile.mkdtemp(prefix=f".{path.name}-", dir=path.parent))
        big = grid.rows * grid.columns * 4 * 4 / 3 > LARGEST_CLASSIC
        self._words = BIG if big else CLASSIC
        shapes = [(grid.rows, grid.columns)]
        while max(shapes[-1]) > TILE:
            shapes.append((-(-shapes[-1][0] // 2), -(-shapes[-1][1] // 2)))
        options = {
            "driver": "GTiff", "dtype": "float32", "count": 1, "nodata": np.nan, "tiled": True,
            "blockxsize": TILE, "blockysize": TILE, "compress": "deflate", "zlevel": 1,
            "num_threads": COMPRESSORS, "bigtiff": "YES" if big else "NO",
        }  # fmt: skip
        place = Affine(grid.width, 0.0, grid.west, 0.0, grid.height, grid.top)
        options |= {"crs": grid.crs, "transform": place}
        self._levels = [
            rasterio.open(self._folder / f"{level}.tif", "w", height=rows, width=columns, **options)
            for level, (rows, columns) in enumerate(shapes)
        ]
        self._levels[0].units = (unit,)
        self._levels[0].update_tags(**tags)

    def write(self, values: np.ndarray, top: int, left: int) -> None:
        """
        Write a window of values to all levels.

        Parameters
        ----------
        values : array of float32, shape (rows, columns)
            Values; rows and columns are multiples of ``TILE`` but at the rim of the grid.
        top, left : int
            Row and column of the first cell; multiples of ``TILE``.
        """
        for level, raster in enumerate(self._levels):
            if level:
                rows, columns = values.shape
                means = np.empty((-(-rows // 2), -(-columns // 2)), dtype="float32")
                _halve()(values, means)
                values = means
            rows, columns = values.shape
            raster.write(values, 1, window=Window(left >> level, top >> level, columns, rows))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            for raster in self._levels:
                raster.close()
            if kind is None:
                whole = self._folder / "whole.tif"
                _join([Path(raster.name) for raster in self._levels], whole, self._words)
                whole.replace(self.path)
        finally:
            shutil.rmtree(self._folder)


def _join(levels: list[Path], path: Path, words: _Words) -> None:
    """Join the levels of a raster, full resolution first, to one cloud-optimised file."""
    files = [level.open("rb") for level in levels]
    try:
        with path.open("wb") as out:
            _copy(files, out, words)
    finally:
        for file in files:
            file.close()


def _copy(files: list[BinaryIO], out: BinaryIO, words: _Words) -> None:
    """Write the directories, then the tiles of the smallest level to those of the largest."""
    directories = [_directory(file, words) for file in files]
    for fields in directories[1:]:
        fields[SUBFILE] = _Field(LONG, struct.pack("<I", 1))
        for tag in PLACE & fields.keys():  # overviews lie where the full resolution lies
            del fields[tag]
    size = b"GDAL_STRUCTURAL_METADATA_SIZE=%06d bytes\n" % len(STRUCTURE)
    head = len(words.header) + struct.calcsize(words.place)
    start = _even(head + len(size) + len(STRUCTURE))
    sources = []
    for fields in directories:
        places, sizes = (_numbers(fields[tag]) for tag in (TILE_OFFSETS, TILE_BYTES))
        sources.append((places, sizes))
        # of the type and number they will have, so that the directories have their final size
        fields[TILE_OFFSETS] = _Field(words.kind, bytes(NUMBER_BYTES[words.kind] * len(places)))
        fields[TILE_BYTES] = _Field(LONG, sizes.astype("<u4").tobytes())
    place = start + sum(words.directory_bytes(fields) for fields in directories)
    for fields, (_, sizes) in zip(reversed(directories), reversed(sources), strict=True):
        # a tile lies between its size and its last bytes, four bytes each
        ends = place + np.cumsum(sizes.astype("int64") + 8)
        targets = ends - sizes.astype("int64") - 4
        fields[TILE_OFFSETS] = _Field(words.kind, targets.astype(WHOLE[words.kind]).tobytes())
        place = int(ends[-1])
    out.write(words.header + struct.pack(words.place, start) + size + STRUCTURE)
    out.write(bytes(start - out.tell()))
    for number, fields in enumerate(directories):
        _write_directory(out, fields, words, is_last=number == len(directories) - 1)
    for file, (places, sizes) in zip(reversed(files), reversed(sources), strict=True):
        for first, count in zip(places.tolist(), sizes.tolist(), strict=True):
            file.seek(first)
            tile = file.read(count)
            if not count or len(tile) < count:  # what GDAL could not write it does not always tell
                problem = Problem("output_not_writable", file=file.name, value=out.name)
                raise FileError(problem)
            out.write(struct.pack("<I", count) + tile + tile[-4:])


def _numbers(field: _Field) -> np.ndarray:
    """Read the whole numbers of a field."""
    return np.frombuffer(field.content, WHOLE[field.kind])


def _directory(file: BinaryIO, words: _Words) -> dict[int, _Field]:
    """Read the first directory of a file that GDAL just wrote."""
    room = struct.calcsize(words.place)

    def read(layout: str, at: int | None = None) -> tuple:
        if at is not None:
            file.seek(at)
        return struct.unpack(layout, file.read(struct.calcsize(layout)))

    (start,) = read(words.place, len(words.header))
    (count,) = read(words.count, start)
    entries = [read(words.entry) for _ in range(count)]
    fields = {}
    for tag, kind, number, inline in entries:
        size = number * NUMBER_BYTES[kind]
        content = inline[:size]
        if size > room:
            file.seek(struct.unpack(words.place, inline)[0])
            content = file.read(size)
        fields[tag] = _Field(kind, content)
    return fields


def _write_directory(
    out: BinaryIO, fields: dict[int, _Field], words: _Words, *, is_last: bool
) -> None:
    """Write a directory, and after it the fields that do not fit into it."""
    start, room = out.tell(), struct.calcsize(words.place)
    table = len(fields) * struct.calcsize(words.entry)
    outside = start + struct.calcsize(words.count) + table + room
    entries, contents = [], []
    for tag, field in sorted(fields.items()):
        inline = field.content
        if len(inline) > room:
            inline = struct.pack(words.place, outside)
            contents.append(field.content.ljust(_even(len(field.content)), b"\0"))
            outside += len(contents[-1])
        entries.append(struct.pack(words.entry, tag, field.kind, field.count, inline))
    out.write(struct.pack(words.count, len(fields)) + b"".join(entries))
    out.write(struct.pack(words.place, 0 if is_last else outside) + b"".join(contents))
