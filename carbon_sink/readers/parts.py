"""Large layers read in parts: runs of rows that fit in memory, by one process or by many."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import geopandas as gpd
import pandas as pd
import pyogrio

from ..errors import CRSError, FileError, Problem
from ..systems import missing_system
from ..tables import faulty
from . import geopackage
from .geoparquet import open_geoparquet
from .layers import as_source, check_texts, read_rows, refusals
from .shapes import quiet, with_plain_shapes
from .source import Source

# rows of a part
PART_ROWS = 20_000


class Part(NamedTuple):
    """
    Rows ``first`` to ``last`` (not included, from 0) of a layer.

    A Shapefile may hold rows that were deleted and not yet packed away: ``skip`` counts them
    too, up to the first row of the part. Rows of a GeoPackage have numbers: those of the part
    lie from ``lowest`` to ``highest``.
    """

    source: Source
    first: int
    last: int
    skip: int = 0
    lowest: int | None = None
    highest: int | None = None


def parts_of(path: str | Path | Source, layer: str = "") -> list[Part]:
    """
    Cut a layer into parts that can be read one by one.

    Parameters
    ----------
    path : str, Path or Source
        GeoPackage, Shapefile, FileGDB, GeoJSON or GeoParquet, or one that was looked at.
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
    source = as_source(path, layer)
    with refusals(source.path, source.layer):
        numbers = geopackage.row_ids(source) if source.kind == "gpkg" else None
        positions = _positions(source) if numbers is None else numbers
    if not len(positions):
        raise FileError(Problem("layer_empty", **source.place))
    runs = [(first, min(first + PART_ROWS, len(positions)))
            for first in range(0, len(positions), PART_ROWS)]  # fmt: skip
    if numbers is None:
        return [Part(source, first, last, int(positions[first])) for first, last in runs]
    return [
        Part(source, first, last, 0, int(numbers[first]), int(numbers[last - 1]))
        for first, last in runs
    ]


def read_part(
    part: Part, *, fields: bool | list[str] = True, geometry: bool = True
) -> pd.DataFrame:
    """
    Read one part of a layer.

    Parameters
    ----------
    part : Part
        From ``parts_of``.
    fields : bool or list of str
        Whether to read the attributes, or which.
    geometry : bool
        Whether to read the polygons.

    Returns
    -------
    rows : GeoDataFrame, or DataFrame without geometry
        Rows are labelled from 1 through the whole layer, as a user counts them. Attributes
        are held as Arrow holds them. ``attrs["notes"]`` lists what was found while they were
        read, of any severity: shapes that cannot be made are none there (refuse).

    Raises
    ------
    FileError
        If the file cannot be read, or its texts are in an unknown encoding.
    CRSError
        If the layer has no coordinate reference system.
    """
    return next(read_parts([part], fields=fields, geometry=geometry))


def read_parts(
    parts: list[Part], *, fields: bool | list[str] = True, geometry: bool = True,
    placeless: bool = False,
) -> Iterator[pd.DataFrame]:  # fmt: skip
    """
    Read parts that follow each other; a large row group of GeoParquet is decoded only once.

    Parameters
    ----------
    parts : list of Part
        From ``parts_of``, or a run of them.
    fields, geometry
        As for ``read_part``.
    placeless : bool
        Whether rows are wanted although the layer names no coordinate reference system.

    Yields
    ------
    rows : GeoDataFrame or DataFrame
        As ``read_part`` gives them.

    Raises
    ------
    FileError, CRSError
        As ``read_part`` does.
    """
    source = parts[0].source
    of_parts = _of_geoparquet if source.kind == "parquet" else _of_gdal
    tables = of_parts(parts, fields=fields, geometry=geometry)
    told: set[Problem] = set()
    for part in parts:
        with refusals(source.path, source.layer):
            rows = next(tables)
            _check_count(rows, part)
            check_texts(rows)
        if geometry and not isinstance(rows, gpd.GeoDataFrame):
            raise FileError(Problem("no_geometry", **source.place))
        if geometry and rows.crs is None and not placeless:
            raise CRSError(missing_system(rows.total_bounds, **source.place))
        rows.attrs["notes"] = [note for note in rows.attrs["notes"] if note not in told]
        told |= {note for note in rows.attrs["notes"] if not note.count}
        yield rows


def _positions(source: Source) -> Sequence[int]:
    """Return where each row of a layer stands in the file, by reading it to its end."""
    if source.rows is not None:
        return range(source.rows)
    if source.kind == "parquet":
        return range(sum(open_geoparquet(source.path).group_sizes()))
    if source.kind == "gpkg":
        return range(geopackage.count_rows(source))
    with quiet():
        about, rows = pyogrio.raw.read_arrow(
            source.opened, columns=[], read_geometry=False, return_fids=True, **source.asked
        )
    if source.kind == "shp":
        return rows.column(about["fid_column"]).to_numpy()
    return range(rows.num_rows)


def _check_count(rows: pd.DataFrame, part: Part) -> None:
    """Refuse a part that came with fewer or more rows than it has."""
    if len(rows) != part.last - part.first:
        count = {"value": str(len(rows)), "rule": str(part.last - part.first)}
        raise FileError(Problem("rows_differ", **count, **part.source.place))


def _of_gdal(
    parts: list[Part], *, fields: bool | list[str], geometry: bool
) -> Iterator[pd.DataFrame]:
    """Read parts of what GDAL reads."""
    wanted = fields if isinstance(fields, list) else None if fields else []
    options = {
        "read_geometry": geometry,
        "arrow_to_pandas_kwargs": {"types_mapper": pd.ArrowDtype},
    }
    source = parts[0].source
    if source.kind == "geojson":
        # GDAL parses the whole file whatever rows are asked for
        rows = read_rows(source, wanted, **options)
        yield from (_slice(rows, part) for part in parts)
        return
    for part in parts:
        if part.lowest is None:
            which = {"skip_features": part.skip, "max_features": part.last - part.first}
        else:
            which = {"where": f"rowid BETWEEN {part.lowest} AND {part.highest}"}
        yield read_rows(source, wanted, first=part.first + 1, **options, **which)


def _slice(rows: pd.DataFrame, part: Part) -> pd.DataFrame:
    """Cut the rows of a part out of a layer, with their notes."""
    cut = rows.iloc[part.first : part.last].copy()
    notes = [note for note in rows.attrs["notes"] if note.cells is None]
    for note in rows.attrs["notes"]:
        if note.cells is not None:
            cells = note.cells[note.cells.index.isin(cut.index)]
            place = {"file": note.file, "layer": note.layer, "field": note.field}
            place["rule"] = note.rule
            notes += faulty(note.code, cells.notna(), cells, **place)
    cut.attrs["notes"] = notes
    return cut


def _of_geoparquet(
    parts: list[Part], *, fields: bool | list[str], geometry: bool
) -> Iterator[pd.DataFrame]:
    """Read parts of a GeoParquet file."""
    source = open_geoparquet(parts[0].source.path)
    names = fields if isinstance(fields, list) else source.fields() if fields else []
    sizes = [part.last - part.first for part in parts]
    # without a column, rows could not be counted
    wanted = [*names, source.place] if geometry or not names else names
    tables = source.tables(parts[0].first, sizes, wanted)
    for part, table in zip(parts, tables, strict=True):
        index = pd.RangeIndex(part.first + 1, part.first + 1 + table.num_rows, name="row")
        rows = table.select(names).to_pandas(types_mapper=pd.ArrowDtype, ignore_metadata=True)
        rows = rows.set_axis(index)
        if geometry:
            shapes, lost = source.shapes([table.column(source.place)])
            shaped = gpd.GeoDataFrame(rows, geometry=shapes, crs=source.crs)
            rows = with_plain_shapes(shaped, lost, **part.source.place)
        rows.attrs.setdefault("notes", [])
        yield rows
