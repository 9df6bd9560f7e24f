"""Large layers read in parts: runs of rows that fit in memory, by one process or by many."""

from itertools import accumulate
from pathlib import Path
from typing import NamedTuple

import geopandas as gpd
import pandas as pd
import pyogrio

from ..errors import CRSError, FileError, Problem
from .geoparquet import open_geoparquet
from .layers import checked_layer, refusals

# rows of a part; row groups of a GeoParquet file are kept whole
PART_ROWS = 20_000


class Part(NamedTuple):
    """Rows ``first`` to ``last`` (not included, from 0) of a layer."""

    path: Path
    layer: str
    first: int
    last: int


def parts_of(path: str | Path, layer: str = "") -> list[Part]:
    """
    Cut a layer into parts that can be read one by one.

    Parameters
    ----------
    path : str or Path
        GeoPackage, Shapefile, FileGDB, GeoJSON or GeoParquet.
    layer : str
        Layer to read; may be left out when the file holds one.

    Returns
    -------
    parts : list of Part
        In the order of the rows.

    Raises
    ------
    FileError
        If the file is missing, of another format, unreadable, empty, or holds several layers
        of which none is named.
    """
    path, layer = checked_layer(path, layer)
    with refusals(path, layer):
        if path.suffix.lower() == ".parquet":
            sizes = _group_sizes(path)
        else:
            count = pyogrio.read_info(path, layer=layer, force_feature_count=True)["features"]
            sizes = [PART_ROWS] * (count // PART_ROWS) + [count % PART_ROWS]
    ends = list(accumulate(sizes))
    if not ends or not ends[-1]:
        raise FileError(Problem("layer_empty", file=path.name, layer=layer))
    starts = [0, *ends[:-1]]
    return [
        Part(path, layer, *pair) for pair in zip(starts, ends, strict=True) if pair[1] > pair[0]
    ]


def read_part(part: Part, *, fields: bool = True, geometry: bool = True) -> pd.DataFrame:
    """
    Read one part of a layer.

    Parameters
    ----------
    part : Part
        From ``parts_of``.
    fields, geometry : bool
        Whether to read the attributes, and the polygons.

    Returns
    -------
    rows : GeoDataFrame, or DataFrame without geometry
        Rows are labelled from 1 through the whole layer, as a user counts them. Attributes
        are held as Arrow holds them.

    Raises
    ------
    FileError
        If the file cannot be read.
    CRSError
        If the layer has no coordinate reference system.
    """
    with refusals(part.path, part.layer):
        if part.path.suffix.lower() == ".parquet":
            rows = _read_groups(part, fields=fields, geometry=geometry)
        else:
            rows = pyogrio.read_dataframe(
                part.path, layer=part.layer, use_arrow=True, read_geometry=geometry,
                skip_features=part.first, max_features=part.last - part.first,
                columns=None if fields else [],
                arrow_to_pandas_kwargs={"types_mapper": pd.ArrowDtype},
            )  # fmt: skip
    place = {"file": part.path.name, "layer": part.layer}
    if geometry and not isinstance(rows, gpd.GeoDataFrame):
        raise FileError(Problem("no_geometry", **place))
    if geometry and rows.crs is None:
        raise CRSError(Problem("crs_missing", **place))
    return rows.set_axis(pd.RangeIndex(part.first + 1, part.last + 1, name="row"))


def _group_sizes(path: Path) -> list[int]:
    """Rows of the parts of a GeoParquet file: small row groups are read together."""
    sizes = [0]
    for rows in open_geoparquet(path).group_sizes():
        if sizes[-1] and sizes[-1] + rows > PART_ROWS:
            sizes.append(0)
        sizes[-1] += rows
    return sizes


def _read_groups(part: Part, *, fields: bool, geometry: bool) -> pd.DataFrame:
    """Read the row groups of one part of a GeoParquet file."""
    source = open_geoparquet(part.path)
    ends = accumulate(source.group_sizes())
    groups = [group for group, end in enumerate(ends) if part.first < end <= part.last]
    attributes = source.read_attributes(groups, source.fields() if fields else [])
    rows = attributes.to_pandas(types_mapper=pd.ArrowDtype)
    return gpd.GeoDataFrame(rows, geometry=source.read_shapes(groups)) if geometry else rows
