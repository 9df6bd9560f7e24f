"""Reads one layer of a file as it is, and gives its columns our names."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import pyarrow as pa
import pyogrio
import pyproj

from ..errors import CarbonSinkError, CRSError, FileError, Problem
from ..tables import columns
from .geoparquet import open_geoparquet
from .source import Source, examine

FIELDS_SHOWN = 40
# chords of arcs; a circle loses 3e-6 of its area, with GDAL's own 4 degrees 8e-4
ARC_STEP_DEG = "0.25"


def as_source(path: str | Path | Source, layer: str = "", encoding: str = "") -> Source:
    """Look at a file, unless that was done before."""
    if isinstance(path, Source):
        return path
    with refusals(Path(path), layer):
        return examine(path, layer, encoding)


def fields_of(path: str | Path | Source, layer: str = "") -> list[str]:
    """
    Return the names of the attributes of a layer.

    Raises
    ------
    FileError
        As ``read_layer`` does.
    """
    source = as_source(path, layer)
    with refusals(source.path, source.layer):
        if source.kind == "parquet":
            return open_geoparquet(source.path).fields()
        return pyogrio.read_info(source.opened, layer=source.layer)["fields"].tolist()


def read_layer(
    path: str | Path | Source, layer: str = "", fields: list[str] | None = None
) -> gpd.GeoDataFrame:
    """
    Read one layer of polygons, as it is.

    Parameters
    ----------
    path : str, Path or Source
        GeoPackage, Shapefile, FileGDB, GeoJSON or GeoParquet, or one that was looked at.
    layer : str
        Layer to read; may be left out when the file holds one.
    fields : list of str, optional
        Attributes to read; all when none are named.

    Returns
    -------
    layer : GeoDataFrame
        Rows are labelled from 1, as a user counts them.

    Raises
    ------
    FileError
        If the file is missing, of another format, unreadable, empty, or holds several layers
        of which none is named.
    CRSError
        If the layer has no coordinate reference system.
    """
    source = as_source(path, layer)
    place = source.place
    with refusals(source.path, source.layer):
        if source.kind == "parquet":
            data = _read_geoparquet(source.path, fields)
        else:
            data = read_rows(source, fields)
    if not isinstance(data, gpd.GeoDataFrame):
        raise FileError(Problem("no_geometry", **place))
    if data.empty:
        raise FileError(Problem("layer_empty", **place))
    if data.crs is None:
        raise CRSError(Problem("crs_missing", **place))
    return data.set_axis(pd.RangeIndex(1, len(data) + 1, name="row"))


def _read_geoparquet(path: Path, fields: list[str] | None) -> gpd.GeoDataFrame:
    """Read a GeoParquet file."""
    source = open_geoparquet(path)
    wanted = source.fields() if fields is None else fields
    attributes = source.read_attributes(wanted).to_pandas(ignore_metadata=True)
    return gpd.GeoDataFrame(attributes, geometry=source.read_shapes())


def read_rows(
    source: Source, fields: list[str] | None, **options: Any
) -> gpd.GeoDataFrame | pd.DataFrame:
    """Read rows of a layer by GDAL; arcs come as fine polygons, which Arrow cannot tell it."""
    place = {"layer": source.layer, "encoding": source.encoding or None}
    try:
        return pyogrio.read_dataframe(
            source.opened, columns=fields, use_arrow=True, **place, **options
        )
    except NotImplementedError:
        plain = {name: one for name, one in options.items() if name != "arrow_to_pandas_kwargs"}
        pyogrio.set_gdal_config_options({"OGR_ARC_STEPSIZE": ARC_STEP_DEG})
        shapes = pyogrio.read_dataframe(source.opened, columns=[], **place, **plain)
        if fields == []:
            return shapes
        attributes = read_rows(source, fields, **{**options, "read_geometry": False})
        return gpd.GeoDataFrame(attributes, geometry=shapes.geometry)


@contextmanager
def refusals(path: Path, layer: str) -> Iterator[None]:
    """Turn what the libraries say of a bad file into a message."""
    try:
        yield
    except (pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError, pa.ArrowException,
            pyproj.exceptions.CRSError, NotImplementedError, OSError,
            ValueError) as error:  # fmt: skip
        if isinstance(error, CarbonSinkError):
            raise
        is_text = re.search("UTF-?8", str(error))
        code = "encoding_unknown" if is_text else "file_unreadable"
        problem = Problem(code, file=path.name, layer=layer, value=str(error))
        raise FileError(problem) from None


def as_text(column: pd.Series) -> pd.Series:
    """Codes as text: whole numbers without a decimal point, empty cells as missing."""
    text = column.astype("str").str.strip().str.replace(r"^(\d+)\.0+$", r"\1", regex=True)
    return text.mask(text.eq(""))


def with_our_names(
    data: gpd.GeoDataFrame, table: str, found: dict[str, str], fixed: dict[str, str], place: dict
) -> gpd.GeoDataFrame:
    """Keep the columns of the contract, under our names, codes and texts as text."""
    named = gpd.GeoDataFrame(
        {ours: data[theirs] for ours, theirs in found.items()}, geometry=data.geometry, crs=data.crs
    )
    named = named.assign(**fixed)
    kinds = columns(table)["kind"]
    texts = [name for name in named.columns if kinds.get(name) in ("text", "code")]
    try:
        return named.assign(**{name: as_text(named[name]) for name in texts})
    except (UnicodeDecodeError, pa.ArrowInvalid) as error:
        raise FileError(Problem("encoding_unknown", value=str(error), **place)) from None


def with_fields_present(problems: list[Problem], fields: list[str]) -> list[Problem]:
    """Add the fields of the file to messages about a field that is missing."""
    present = ", ".join(fields[:FIELDS_SHOWN])
    return [
        replace(problem, rule=present) if problem.code == "field_missing" else problem
        for problem in problems
    ]
