"""Reads GeoParquet some rows at a time, so that few polygons are held as bytes and as shapes."""

import json
from bisect import bisect
from collections.abc import Iterable, Iterator
from itertools import accumulate
from pathlib import Path
from typing import NamedTuple

import geopandas as gpd
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pyproj
import shapely

from ..errors import FileError, Problem

# GeoParquet without a stated system is in longitude and latitude on WGS 84
GEOPARQUET_CRS = "OGC:CRS84"
# rows that are decoded together
BATCH_ROWS = 20_000
# bytes of a column that are read together: a row group may be large
READ_BYTES = 1 << 20


class GeoParquet(NamedTuple):
    """An open file, its columns of geometry, the one that counts, and the system of that."""

    file: pq.ParquetFile
    geometries: tuple[str, ...]
    place: str
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

    def read_shapes(self) -> gpd.GeoSeries:
        """Return the geometry of all rows."""
        batches = self.file.iter_batches(BATCH_ROWS, columns=[self.place])
        return self.shapes(batch.column(self.place) for batch in batches)

    def shapes(self, encoded: Iterable[pa.Array | pa.ChunkedArray]) -> gpd.GeoSeries:
        """Decode runs of geometry one after the other."""
        shapes = [np.empty(0, dtype=object)]
        shapes += [shapely.from_wkb(one.to_numpy(zero_copy_only=False)) for one in encoded]
        return gpd.GeoSeries(np.concatenate(shapes), crs=self.crs)

    def tables(self, first: int, sizes: Iterable[int], columns: list[str]) -> Iterator[pa.Table]:
        """Yield runs of so many rows, from row ``first`` on, while the file is read once."""
        ends = list(accumulate(self.group_sizes()))
        group = bisect(ends, first)
        skip = first - (ends[group - 1] if group else 0)
        batches = self.file.iter_batches(
            BATCH_ROWS, row_groups=range(group, len(ends)), columns=columns
        )
        rows = next(batches)
        while rows.num_rows <= skip:
            skip -= rows.num_rows
            rows = next(batches)
        held = pa.Table.from_batches([rows.slice(skip)])
        for size in sizes:
            while held.num_rows < size:
                held = pa.concat_tables([held, pa.Table.from_batches([next(batches)])])
            yield held.slice(0, size)
            held = held.slice(size)


def open_geoparquet(path: Path) -> GeoParquet:
    """
    Open a GeoParquet file.

    Raises
    ------
    FileError
        If the file does not say which column is its geometry, or says it in another way than
        the format demands.
    """
    file = pq.ParquetFile(path, buffer_size=READ_BYTES, pre_buffer=False)
    about = (file.metadata.metadata or {}).get(b"geo")
    if about is None:
        raise FileError(Problem("no_geometry", file=path.name))
    try:
        about = json.loads(about)
        columns, place = about["columns"], about["primary_column"]
        encoding = columns[place]["encoding"]
        crs = columns[place].get("crs", GEOPARQUET_CRS)
        crs = crs and _registered(crs)
    except (ValueError, KeyError, TypeError, AttributeError, pyproj.exceptions.CRSError) as error:
        what = f"GeoParquet metadata: {type(error).__name__} {error}"
        raise FileError(Problem("file_unreadable", file=path.name, value=what)) from None
    if encoding != "WKB" or place not in file.schema_arrow.names:
        what = f"GeoParquet column {place}, encoding {encoding}; only WKB is read"
        raise FileError(Problem("file_unreadable", file=path.name, value=what))
    return GeoParquet(file, tuple(columns), place, crs)


def _registered(crs: dict | str) -> pyproj.CRS:
    """Return the system of a register that a description spells out, where it is the same."""
    system = pyproj.CRS(crs)
    code = system.to_epsg()
    known = pyproj.CRS(code) if code else system
    return known if known == system else system
