"""Reads GeoParquet row group by row group, so that no polygon is held as bytes and as shape."""

import json
from collections.abc import Iterable
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


class GeoParquet(NamedTuple):
    """An open file, and what it says about its geometry."""

    path: Path
    file: pq.ParquetFile
    about: dict

    def group_sizes(self) -> list[int]:
        """Return the number of rows of each row group."""
        metadata = self.file.metadata
        return [metadata.row_group(group).num_rows for group in range(metadata.num_row_groups)]

    def fields(self) -> list[str]:
        """Return the names of the attributes; geometry and the box of each row are none."""
        schema = self.file.schema_arrow
        return [
            name for name in schema.names
            if name not in self.about["columns"] and not pa.types.is_struct(schema.field(name).type)
        ]  # fmt: skip

    def read_attributes(self, groups: Iterable[int], fields: Iterable[str]) -> pa.Table:
        """Return some attributes of some row groups."""
        return self.file.read_row_groups(list(groups), columns=list(dict.fromkeys(fields)))

    def read_shapes(self, groups: Iterable[int]) -> gpd.GeoSeries:
        """Return the geometry of some row groups, one group being decoded at a time."""
        place = self.about["primary_column"]
        column = self.about["columns"][place]
        if column["encoding"] != "WKB":
            problem = Problem("file_unreadable", file=self.path.name, value=column["encoding"])
            raise FileError(problem)
        shapes = [np.empty(0, dtype=object)]
        for group in groups:
            encoded = self.file.read_row_group(group, columns=[place]).column(place)
            shapes.append(shapely.from_wkb(encoded.to_numpy(zero_copy_only=False)))
        crs = column.get("crs", GEOPARQUET_CRS)
        return gpd.GeoSeries(np.concatenate(shapes), crs=crs and _registered(crs))


def open_geoparquet(path: Path) -> GeoParquet:
    """
    Open a GeoParquet file.

    Raises
    ------
    FileError
        If the file does not say which column is its geometry.
    """
    file = pq.ParquetFile(path)
    about = (file.metadata.metadata or {}).get(b"geo")
    if about is None:
        raise FileError(Problem("no_geometry", file=path.name))
    return GeoParquet(path, file, json.loads(about))


def _registered(crs: dict | str) -> pyproj.CRS:
    """Return the system of a register that a description spells out, where it is the same."""
    system = pyproj.CRS(crs)
    code = system.to_epsg()
    known = pyproj.CRS(code) if code else system
    return known if known == system else system
