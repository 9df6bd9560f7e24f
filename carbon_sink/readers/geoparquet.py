"""Reads GeoParquet some rows at a time, so that few polygons are held as bytes and as shapes."""

import json
from bisect import bisect
from collections.abc import Iterable, Iterator
from itertools import accumulate
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pyproj

from ..errors import FileError, Problem
from .formats import Source
from .shapes import decoded, unravelled

# GeoParquet without a stated system is in longitude and latitude on WGS 84
GEOPARQUET_CRS = "OGC:CRS84"
# rows that are decoded together
BATCH_ROWS = 20_000
# bytes of a column that are read together: a row group may be large
READ_BYTES = 1 << 20
# lists within lists of the encodings whose coordinates lie open
DEPTHS = {"polygon": 2, "multipolygon": 3}


class GeoParquet(NamedTuple):
    """An open file, its columns of geometry, and the one that counts with encoding and system."""

    path: Path
    file: pq.ParquetFile
    geometries: tuple[str, ...]
    place: str
    encoding: str
    crs: pyproj.CRS | None

    def group_sizes(self) -> list[int]:
        """Return the number of rows of each row group."""
        metadata = self.file.metadata
        return [metadata.row_group(group).num_rows for group in range(metadata.num_row_groups)]

    def fields(self) -> list[str]:
        """Return the names of the attributes; geometry and the box of each row are none."""
        schema = self.file.schema_arrow
        return [
            name for name in schema.names
            if name not in self.geometries and not pa.types.is_struct(schema.field(name).type)
        ]  # fmt: skip

    def read_attributes(self, fields: Iterable[str]) -> pa.Table:
        """Return some attributes of all rows."""
        return self.file.read(columns=list(dict.fromkeys(fields)))

    def read_shapes(self) -> tuple[np.ndarray, np.ndarray]:
        """Return the geometry of all rows, and the bytes that are no shape."""
        batches = self.file.iter_batches(BATCH_ROWS, columns=[self.place])
        return self.shapes(batch.column(self.place) for batch in batches)

    def shapes(self, runs: Iterable[pa.Array | pa.ChunkedArray]) -> tuple[np.ndarray, np.ndarray]:
        """Turn runs of the column of geometry into shapes, and the bytes that are none."""
        return decoded(runs) if self.encoding == "WKB" else unravelled(runs)

    def tables(self, first: int, sizes: Iterable[int], columns: list[str]) -> Iterator[pa.Table]:
        """Yield runs of so many rows, from row ``first`` on, while the file is read once."""
        ends = list(accumulate(self.group_sizes()))
        group = bisect(ends, first)
        batches = self.file.iter_batches(
            BATCH_ROWS, row_groups=range(group, len(ends)), columns=columns
        )
        runs = _without(first - (ends[group - 1] if group else 0), batches)
        held = next(runs)
        for size in sizes:
            while held.num_rows < size and (more := next(runs, None)) is not None:
                # an empty slice would keep the whole batch it was cut from
                held = pa.concat_tables([held, more]) if held.num_rows else more
            if held.num_rows < size:
                rows = {"value": str(held.num_rows), "rule": str(size)}
                raise FileError(Problem("rows_differ", file=self.path.name, **rows))
            yield held.slice(0, size)
            held = held.slice(size)


def _without(skip: int, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.Table]:
    """Yield batches as tables, without the first rows."""
    for batch in batches:
        yield pa.Table.from_batches([batch.slice(min(skip, batch.num_rows))])
        skip -= min(skip, batch.num_rows)


def look(path: Path) -> Source:
    """
    Look at a GeoParquet file.

    Parameters
    ----------
    path : Path
        A file that begins and ends as Parquet does.

    Returns
    -------
    source : Source

    Raises
    ------
    FileError
        As ``open_geoparquet`` does.
    """
    open_geoparquet(path)
    return Source(path, "", "parquet", str(path))


def open_geoparquet(path: Path) -> GeoParquet:
    """
    Open a GeoParquet file; damaged pages are found by their checksums as they are read.

    Parameters
    ----------
    path : Path
        The file.

    Returns
    -------
    opened : GeoParquet

    Raises
    ------
    FileError
        If the file does not say which column is its geometry, says it in another way than
        the format demands, or has two columns of one name.

    References
    ----------
    GeoParquet 1.1.0: https://geoparquet.org/releases/v1.1.0/
    """
    file = pq.ParquetFile(
        path, buffer_size=READ_BYTES, pre_buffer=False, page_checksum_verification=True
    )
    about = (file.metadata.metadata or {}).get(b"geo")
    if about is None:
        raise FileError(Problem("geo_metadata_missing", file=path.name))
    names = file.schema_arrow.names
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise FileError(Problem("field_twice", file=path.name, value=", ".join(twice)))
    try:
        about = json.loads(about)
        columns, place = about["columns"], about["primary_column"]
        encoding = columns[place]["encoding"]
        crs = columns[place].get("crs", GEOPARQUET_CRS)
        crs = crs and _registered(crs)
    except (ValueError, KeyError, TypeError, AttributeError, pyproj.exceptions.CRSError) as error:
        what = f"GeoParquet metadata: {type(error).__name__} {error}"
        raise FileError(Problem("file_unreadable", file=path.name, value=what)) from None
    if place not in names or not _fits(file.schema_arrow.field(place).type, encoding):
        what = f"GeoParquet column {place}, encoding {encoding}"
        raise FileError(Problem("file_unreadable", file=path.name, value=what))
    return GeoParquet(path, file, tuple(columns), place, encoding, crs)


def _fits(kind: pa.DataType, encoding: str) -> bool:
    """Tell whether a column can hold geometry in the encoding that is told."""
    if encoding == "WKB":
        kinds = (pa.types.is_binary, pa.types.is_large_binary, pa.types.is_binary_view)
        return any(one(kind) for one in kinds)
    depth = 0
    while pa.types.is_list(kind) or pa.types.is_large_list(kind):
        kind, depth = kind.value_type, depth + 1
    return pa.types.is_struct(kind) and depth == DEPTHS.get(encoding)


def _registered(crs: dict | str) -> pyproj.CRS:
    """Return the system of a register that a description spells out, where it is the same."""
    system = pyproj.CRS(crs)
    code = system.to_epsg()
    known = pyproj.CRS(code) if code else system
    return known if known == system else system
