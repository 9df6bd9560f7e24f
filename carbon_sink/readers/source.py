"""Looks at a file before its rows are read: what it is, whether it is whole, how it is written."""

from functools import lru_cache
from pathlib import Path

import pyogrio

from ..errors import FileError, Problem
from . import geopackage, geoparquet
from .formats import Source, kind_of, located

# kinds of files that hold layers
LAYERED = ("gpkg", "shp", "gdb", "geojson", "parquet")


def examine(path: str | Path, layer: str = "", encoding: str = "") -> Source:
    """
    Look at a file: is it there, of a known format, whole, and which layer is meant.

    Parameters
    ----------
    path : str or Path
        GeoPackage, Shapefile, FileGDB, GeoJSON or GeoParquet.
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
    if kind == "gpkg":
        return geopackage.look(path, layer)
    if kind == "parquet":
        return geoparquet.look(path)
    layer = layer_of(path, layer)
    return Source(path, layer, kind, str(path), encoding)


def layer_of(path: Path, layer: str) -> str:
    """Return the layer to read; a file with several layers needs one named."""
    names = pyogrio.list_layers(path)[:, 0].tolist()
    problem = {"file": path.name, "value": layer, "rule": ", ".join(names)}
    if not layer and len(names) > 1:
        raise FileError(Problem("layer_not_named", **problem))
    if layer and layer not in names:
        raise FileError(Problem("layer_missing", **problem))
    return layer or names[0]
