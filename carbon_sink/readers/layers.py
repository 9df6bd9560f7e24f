"""Reads one layer of a file as it is, and gives its columns our names."""

import re
import warnings
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
from ..systems import missing_system
from ..tables import columns
from . import geopackage
from .geoparquet import open_geoparquet
from .shapes import ARC_STEP_DEG, quiet, spoken, with_plain_shapes
from .source import Source, examine, raw_problems

FIELDS_SHOWN = 40
# how GDAL calls the systems 0 and -1 of a GeoPackage
UNDEFINED = ("Undefined geographic SRS", "Undefined Cartesian SRS")


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
        options = geopackage.reading_options(source) if source.kind == "gpkg" else {}
        options.pop("where", None)
        with quiet():
            found = pyogrio.read_info(source.opened, **source.asked, **options)
        return found["fields"].tolist()


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
        Rows are labelled from 1, as a user counts them. ``attrs["notes"]`` lists everything
        that was found in the file, its cells and its shapes and keeps nobody from using them.

    Raises
    ------
    FileError
        If the file is missing, of another format, unreadable, empty, or holds several layers
        of which none is named; if shapes cannot be made, with their rows.
    CRSError
        If the layer has no coordinate reference system.
    """
    source = as_source(path, layer)
    place = source.place
    with refusals(source.path, source.layer):
        if source.kind == "parquet":
            data = _read_geoparquet(source, fields)
        else:
            data = read_rows(source, fields)
        check_texts(data)
    if not isinstance(data, gpd.GeoDataFrame):
        raise FileError(Problem("no_geometry", **place))
    if data.empty:
        raise FileError(Problem("layer_empty", **place))
    if data.crs is None:
        raise CRSError(missing_system(data.total_bounds, **place))
    if source.kind == "gpkg" and len(data) != (count := geopackage.count_rows(source)):
        raise FileError(Problem("rows_differ", value=str(len(data)), rule=str(count), **place))
    found = [*source.notes, *raw_problems(source, fields), *data.attrs["notes"]]
    if grave := [note for note in found if note.severity == "refuse"]:
        raise FileError(grave)
    data.attrs["notes"] = found
    return data


def _read_geoparquet(source: Source, fields: list[str] | None) -> gpd.GeoDataFrame:
    """Read a GeoParquet file."""
    opened = open_geoparquet(source.path)
    wanted = opened.fields() if fields is None else fields
    rows = opened.read_attributes(wanted).to_pandas(ignore_metadata=True)
    shapes, lost = opened.read_shapes()
    index = pd.RangeIndex(1, len(shapes) + 1, name="row")
    shaped = gpd.GeoDataFrame(rows.set_axis(index), geometry=shapes, crs=opened.crs)
    return with_plain_shapes(shaped, lost, **source.place)


def read_rows(
    source: Source, fields: list[str] | None, *, first: int = 1, **options: Any
) -> gpd.GeoDataFrame | pd.DataFrame:
    """
    Read rows of a layer by GDAL.

    Parameters
    ----------
    source : Source
        The layer.
    fields : list of str, optional
        Attributes to read; all when none are named.
    first : int
        Label of the first row.
    **options
        Of ``pyogrio.read_dataframe``: which rows, and how attributes are held.

    Returns
    -------
    rows : GeoDataFrame, or DataFrame without geometry
        Shapes are plain; those that cannot be made are none. ``attrs["notes"]`` lists the
        problems of reading: unreadable shapes (refuse), heights left away and arcs made
        straight (repair), and what GDAL says (warn). Nothing is printed.
    """
    place = source.asked
    if source.kind == "gpkg":
        options = geopackage.reading_options(source) | options
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        try:
            rows = pyogrio.read_dataframe(
                source.opened,
                columns=fields,
                use_arrow=True,
                on_invalid="ignore",
                **place,
                **options,
            )
            has_arcs = False
        except NotImplementedError:
            rows = _with_chords(source, fields, place, options)
            has_arcs = True
        rows = rows.set_axis(pd.RangeIndex(first, first + len(rows), name="row"))
        rows.attrs["notes"] = spoken((str(one.message) for one in said), **source.place)
        if isinstance(rows, gpd.GeoDataFrame):
            encoded = []
            if has_arcs or rows.geometry.isna().any():
                encoded = _encoded(source, options)
            rows = with_plain_shapes(_without_unknown_system(rows), encoded, **source.place)
    return rows


def _with_chords(
    source: Source, fields: list[str] | None, place: dict, options: dict
) -> gpd.GeoDataFrame:
    """Read rows with arcs, which GDAL makes straight only where Arrow is not asked."""
    plain = {name: one for name, one in options.items() if name != "arrow_to_pandas_kwargs"}
    pyogrio.set_gdal_config_options({"OGR_ARC_STEPSIZE": ARC_STEP_DEG})
    shapes = pyogrio.read_dataframe(
        source.opened, columns=[], on_invalid="ignore", **place, **plain
    )
    if fields == []:
        return shapes
    attributes = pyogrio.read_dataframe(
        source.opened,
        columns=fields,
        use_arrow=True,
        **place,
        **{**options, "read_geometry": False},
    )
    return gpd.GeoDataFrame(attributes, geometry=shapes.geometry)


def _encoded(source: Source, options: dict) -> list[bytes | None]:
    """Return the geometry of rows as GDAL gives it, before it is made a shape."""
    plain = {name: one for name, one in options.items() if name != "arrow_to_pandas_kwargs"}
    about, table = pyogrio.raw.read_arrow(source.opened, columns=[], **source.asked, **plain)
    return table.column(about["geometry_name"] or "wkb_geometry").to_pylist()


def _without_unknown_system(rows: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Take a system for none that says of itself that it is undefined."""
    if rows.crs is not None and rows.crs.name.startswith(UNDEFINED):
        return rows.set_crs(None, allow_override=True)
    return rows


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


def check_texts(rows: pd.DataFrame) -> None:
    """Let Arrow refuse texts that are not in UTF-8; what writes them would not."""
    for name, kind in rows.dtypes.items():
        is_text = isinstance(kind, pd.ArrowDtype) and kind.type is str
        if is_text or isinstance(kind, pd.StringDtype):
            pa.array(rows[name].array).validate(full=True)


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
