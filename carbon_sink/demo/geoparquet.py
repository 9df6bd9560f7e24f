"""Polygons written to GeoParquet group by group, so that a million of them need little memory."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

COMPRESSION = "zstd"
CORNERS = ("xmin", "ymin", "xmax", "ymax")
BOXES = pa.struct([(name, pa.float64()) for name in CORNERS])


def _column_type(values: pd.Series) -> pa.DataType:
    """Type of a column in the file: texts, whole numbers or other numbers."""
    if not pd.api.types.is_numeric_dtype(values.dtype):
        return pa.string()
    return pa.int32() if pd.api.types.is_integer_dtype(values.dtype) else pa.float64()


def _schema(table: gpd.GeoDataFrame, bounds: tuple[float, ...]) -> pa.Schema:
    """Columns of the file, and what GeoParquet 1.1 says about its geometry."""
    names = table.columns.drop(table.geometry.name)
    fields = [(name, _column_type(table[name])) for name in names]
    covering = {name: ["bbox", name] for name in CORNERS}
    about = {
        "version": "1.1.0",
        "primary_column": "geometry",
        "columns": {
            "geometry": {
                "encoding": "WKB",
                "geometry_types": ["Polygon"],
                "crs": table.crs.to_json_dict(),
                "bbox": list(bounds),
                "covering": {"bbox": covering},
            }
        },
    }
    schema = pa.schema([*fields, ("geometry", pa.binary()), ("bbox", BOXES)])
    return schema.with_metadata({"geo": json.dumps(about)})


@contextmanager
def polygon_file(
    path: Path, bounds: tuple[float, ...]
) -> Iterator[Callable[[gpd.GeoDataFrame], None]]:
    """
    Open a GeoParquet file of polygons with a column of their boxes.

    Parameters
    ----------
    path : Path
        File to write.
    bounds : tuple of float
        West, south, east and north of all polygons.

    Yields
    ------
    write : callable
        Takes a table and writes it as one group of rows. All tables have the columns and
        types of the first one, and at least one is written.
    """
    writers: list[pq.ParquetWriter] = []

    def write(table: gpd.GeoDataFrame) -> None:
        if not writers:
            writers.append(pq.ParquetWriter(path, _schema(table, bounds), compression=COMPRESSION))
        schema = writers[0].schema
        columns = [
            pa.array(table[name], type=schema.field(name).type, from_pandas=True)
            for name in table.columns.drop(table.geometry.name)
        ]
        boxes = table.bounds.to_numpy().T
        corners = [pa.array(corner) for corner in boxes]
        columns += [pa.array(table.geometry.to_wkb()), pa.StructArray.from_arrays(
            corners, fields=list(BOXES))]  # fmt: skip
        rows = pa.Table.from_arrays(columns, schema=schema)
        writers[0].write_table(rows, row_group_size=len(table))

    try:
        yield write
    finally:
        for writer in writers:
            writer.close()
