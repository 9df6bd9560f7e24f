"""Looks at a file before its rows are read: what it is, whether it is whole, how it is written."""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import pyogrio

from ..errors import FileError, Problem

FORMATS = (".gpkg", ".shp", ".gdb", ".geojson", ".json", ".parquet")


@dataclass(frozen=True)
class Source:
    """
    A layer of a file that was looked at and is whole.

    Parameters
    ----------
    path : Path
        The file, in full: workers of a cluster have folders of their own.
    layer : str
        Layer in it; empty where the format has none.
    kind : str
        Format: ``gpkg``, ``shp``, ``gdb``, ``geojson`` or ``parquet``.
    opened : str
        What GDAL opens: the path, or the place in an archive.
    encoding : str
        Encoding of the texts where the format does not fix it; empty where it does.
    notes : tuple of Problem
        What a reader should know and what keeps nobody from reading.
    """

    path: Path
    layer: str
    kind: str
    opened: str
    encoding: str = ""
    notes: tuple[Problem, ...] = ()

    @property
    def place(self) -> dict[str, str]:
        """Return file and layer for messages."""
        return {"file": self.path.name, "layer": self.layer}


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
    path = Path(path)
    if not path.exists():
        raise FileError(Problem("file_missing", file=path.name, layer=layer, value=str(path)))
    path = path.resolve()
    state = path.stat()
    return _examined(path, layer, encoding, (state.st_mtime_ns, state.st_size))


@lru_cache(maxsize=64)
def _examined(path: Path, layer: str, encoding: str, state: tuple[int, int]) -> Source:  # noqa: ARG001
    """Look at a file once, until it changes."""
    kind = path.suffix.lower()
    if kind not in FORMATS:
        known = " ".join(FORMATS)
        raise FileError(
            Problem("format_unknown", file=path.name, layer=layer, value=kind, rule=known)
        )
    kind = kind.removeprefix(".").replace("json", "geojson").replace("geogeo", "geo")
    if kind != "parquet":
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
