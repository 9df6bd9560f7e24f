"""Looks at a file before its rows are read: what it is, whether it is whole, how it is written."""

from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import pyogrio

from ..errors import FileError, Problem
from . import archive, filegdb, geojson, geopackage, geoparquet, shapefile
from .cells import cell_problems
from .dbf import table_of
from .formats import Source, kind_of, located
from .shapes import quiet

# kinds of files that hold layers
LAYERED = ("gpkg", "shp", "gdb", "geojson", "parquet", "zip")
# how those are looked at whose encoding is fixed
LOOKS = {
    "gpkg": geopackage.look,
    "gdb": filegdb.look,
    "geojson": geojson.look,
    "parquet": lambda path, _: geoparquet.look(path),
}


def examine(path: str | Path, layer: str = "", encoding: str = "") -> Source:
    """
    Look at a file: is it there, of a known format, whole, and which layer is meant.

    Parameters
    ----------
    path : str or Path
        GeoPackage, Shapefile, FileGDB, GeoJSON or GeoParquet, or a zip archive of a Shapefile
        or a FileGDB.
    layer : str
        Layer to read; may be left out when the file holds one.
    encoding : str
        Encoding of the texts of a Shapefile; found out when it is not given.

    Returns
    -------
    source : Source

    Raises
    ------
    FileError
        With everything that is wrong with the file as a file.
    """
    path = located(path)
    return _examined(path, layer, encoding, _state(path))


def _state(path: Path) -> frozenset:
    """Return age and size of all that belongs to a file: its folder, or files of its name."""
    if path.is_dir():
        parts = list(path.iterdir())
    else:
        parts = [one for one in path.parent.iterdir() if one.name.startswith(path.stem)]
    states = ((one.name, one.stat()) for one in parts if one.exists())
    return frozenset((name, state.st_mtime_ns, state.st_size) for name, state in states)


@lru_cache(maxsize=64)
def _examined(path: Path, layer: str, encoding: str, state: frozenset) -> Source:  # noqa: ARG001
    """Look at a file once, until it changes."""
    kind = kind_of(path)
    if kind not in LAYERED:
        known = " ".join(LAYERED)
        raise FileError(Problem("format_unknown", file=path.name, value=path.suffix, rule=known))
    if kind in LOOKS:
        return LOOKS[kind](path, layer)
    if kind == "shp":
        return shapefile.look(path, layer, encoding)
    source = archive.look(path, layer, encoding)
    if source.kind == "shp":
        return source
    return replace(source, layer=layer_of(Path(source.opened), layer))


def layer_of(path: Path, layer: str) -> str:
    """Return the layer to read; a file with several layers needs one named."""
    with quiet():
        names = pyogrio.list_layers(path)[:, 0].tolist()
    problem = {"file": path.name, "value": layer, "rule": ", ".join(names)}
    if not layer and len(names) > 1:
        raise FileError(Problem("layer_not_named", **problem))
    if layer and layer not in names:
        raise FileError(Problem("layer_missing", **problem))
    return layer or names[0]


def raw_problems(source: Source, fields: list[str] | None = None) -> list[Problem]:
    """
    Look at cells as they are written; of a Shapefile GDAL reads 68,500 as 68.

    Parameters
    ----------
    source : Source
        Of any kind; only tables of Shapefiles and GeoPackages hide something.
    fields : list of str, optional
        Fields to look at; all when none are named.

    Returns
    -------
    problems : list of Problem
        As ``cell_problems`` gives them: numbers and days that are none (refuse), days in other
        forms (repair), deleted rows, cut or damaged texts and the like (warn).
    """
    if source.kind == "gpkg":
        return geopackage.cell_problems(source, fields)
    if source.kind != "shp":
        return []
    piece = archive.pieces_of(source)[".dbf"]
    table, problems = table_of(piece, source.place)
    if table is None or problems:
        return problems
    return cell_problems(piece, table, source.encoding, source.place, fields)
