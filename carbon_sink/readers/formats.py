"""Tells what a file is by its first bytes, and holds its name against them."""

import re
import struct
from dataclasses import dataclass
from pathlib import Path

from ..errors import FileError, Problem

# the kinds of files that are read, by the ends of their names
KINDS = {
    ".gpkg": "gpkg", ".shp": "shp", ".gdb": "gdb", ".geojson": "geojson", ".json": "geojson",
    ".parquet": "parquet", ".geoparquet": "parquet", ".zip": "zip", ".csv": "csv",
    ".xlsx": "xlsx", ".xls": "xlsx", ".dbf": "dbf", ".tif": "tif", ".tiff": "tif",
}  # fmt: skip
# what a kind may hold at first sight; its own reader looks closer
CONTENTS = {
    "gpkg": {"gpkg", "sqlite"}, "geojson": {"json", "text"}, "zip": {"zip", "xlsx"},
    "csv": {"text"},
}  # fmt: skip
SYSTEM_TABLE = "a00000001.gdbtable"
# bytes that are looked at, from both ends
HEAD_BYTES, TAIL_BYTES = 4096, 1 << 16
SHOWN_BYTES = 16
# the application id of a SQLite file, and where it stands
ID_AT, GEOPACKAGE_IDS = 68, {b"GPKG", b"GP10", b"GP11"}
# files with an encrypted footer end otherwise
PARQUET_ENDS = (b"PAR1", b"PARE")
# the name of the stream that holds a workbook with a password
ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
OLE_HEAD_BYTES = 512
BEGINNINGS = {
    b"SQLite format 3\x00": "sqlite", b"PAR1": "parquet", b"\x00\x00\x27\x0a": "shp",
    b"II*\x00": "tif", b"MM\x00*": "tif", b"II+\x00": "tif", b"MM\x00+": "tif",
    b"PK\x03\x04": "zip", b"PK\x05\x06": "zip", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1": "xls",
    b"\x89PNG": "PNG", b"\xff\xd8\xff": "JPEG", b"GIF8": "GIF", b"\x89HDF": "HDF5",
    b"CDF": "NetCDF", b"\x1f\x8b": "GZIP", b"Rar!": "RAR", b"7z\xbc\xaf": "7-Zip",
    b"%PDF": "PDF", b"version https://git-lfs": "Git LFS", b"AC10": "DWG", b"fgb\x03": "FlatGeobuf",
}  # fmt: skip
# markup, without case, behind white space
MARKUP = {
    rb"<!doctype html|<html|<head|<body": "html", rb"<(ogr)?vrtdata": "vrt",
    rb"<(\?xml|[a-z!])": "xml", rb"\{\s*[\"}]|\[\s*\{": "json",
}  # fmt: skip
MARKS = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")
DBF_VERSIONS = b"\x02\x03\x30\x31\x32\x43\x63\x83\x8b\x8c\xcb\xf5\xfb"
DBF_SHORTEST = 33
REMOTE = re.compile(r"/vsi|[a-z][a-z0-9+.-]+:/", re.IGNORECASE)


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
    rows : int, optional
        How many rows there are, where they had to be counted.
    label : str
        Name of the file in messages; the name of the file itself when it is empty.
    """

    path: Path
    layer: str
    kind: str
    opened: str
    encoding: str = ""
    notes: tuple[Problem, ...] = ()
    rows: int | None = None
    label: str = ""

    @property
    def place(self) -> dict[str, str]:
        """Return file and layer for messages."""
        return {"file": self.label or self.path.name, "layer": self.layer}

    @property
    def asked(self) -> dict[str, str | int | None]:
        """
        Return layer and encoding as GDAL is asked for them.

        A Shapefile is its first layer; in archives GDAL may read its name in other letters.
        Under its second name UTF-8 is decoded too, so that half a character at the end of a
        name is left out.
        """
        layer = 0 if self.kind == "shp" else self.layer
        return {"layer": layer, "encoding": self.encoding.replace("UTF-8", "UTF8") or None}


def located(path: str | Path) -> Path:
    """
    Return the full path of a file or folder that is there, on this computer.

    Parameters
    ----------
    path : str or Path
        As the user wrote it. Links are followed, unless that loses the end of the name.

    Returns
    -------
    path : Path

    Raises
    ------
    FileError
        If nothing is there, or the path is an address or a virtual file of GDAL.

    Examples
    --------
    >>> located("/vsicurl/http://example.org/a.gpkg")
    Traceback (most recent call last):
    ...
    carbon_sink.errors.FileError: ...
    """
    path = Path(path)
    if REMOTE.match(path.as_posix()):
        raise FileError(Problem("path_remote", file=path.name, value=str(path)))
    if not (path.is_file() or path.is_dir()):
        raise FileError(Problem("file_missing", file=path.name, value=str(path)))
    target = path.resolve()
    return target if target.suffix.lower() == path.suffix.lower() else path.absolute()


def chosen(path: Path, layers: dict[str, int], layer: str) -> str:
    """
    Return the layer that is meant; of several, one must be named.

    Parameters
    ----------
    path : Path
        The file.
    layers : dict
        Rows of each layer of features; one at least.
    layer : str
        The one that is named, if any.

    Returns
    -------
    layer : str

    Raises
    ------
    FileError
        If none of several is named, or one that is not there. The layers are listed with
        their rows.

    Examples
    --------
    >>> chosen(Path("a.gpkg"), {"xiaoban": 8}, "")
    'xiaoban'
    """
    listed = ", ".join(f"{name} ({rows})" for name, rows in layers.items())
    if not layer and len(layers) > 1:
        raise FileError(Problem("layer_not_named", file=path.name, rule=listed))
    if layer and layer not in layers:
        raise FileError(Problem("layer_missing", file=path.name, value=layer, rule=listed))
    return layer or next(iter(layers))


def kind_of(path: Path) -> str:
    """
    Return the kind of a file, on which its name and its first bytes agree.

    Parameters
    ----------
    path : Path
        A file, or the folder of a FileGDB.

    Returns
    -------
    kind : str
        One of the values of ``KINDS``: ``gpkg``, ``shp``, ``gdb``, ``geojson``, ``parquet``,
        ``zip``, ``csv``, ``xlsx``, ``dbf`` or ``tif``.

    Raises
    ------
    FileError
        If the end of the name is unknown, or the content is something else; the message says
        what the file really is. A VRT, which makes GDAL read other files, is never taken.

    Notes
    -----
    GDAL chooses its drivers by content, so that a renamed VRT would read any file of the
    computer. Nothing is handed to GDAL before this check.

    References
    ----------
    GDAL documentation, Security considerations: https://gdal.org/en/stable/user/security.html
    """
    suffix = path.suffix.lower()
    if suffix not in KINDS:
        known = " ".join(KINDS)
        raise FileError(Problem("format_unknown", file=path.name, value=suffix, rule=known))
    kind = KINDS[suffix]
    content = content_of(path)
    if content in ("xls", "encrypted") and kind == "xlsx":
        code = "workbook_encrypted" if content == "encrypted" else "workbook_old"
        raise FileError(Problem(code, file=path.name, value=suffix))
    if content not in CONTENTS.get(kind, {kind}):
        key = f"content.{content}"
        rule = key if content.islower() else content
        value = _shown(path) if content == "unknown" else suffix
        code = "content_unknown" if content == "unknown" else "format_disguised"
        raise FileError(Problem(code, file=path.name, value=value, rule=rule))
    return kind


def content_of(path: Path) -> str:
    """
    Return what the bytes of a file say it is.

    Parameters
    ----------
    path : Path
        A file or folder.

    Returns
    -------
    content : str
        A kind of ``KINDS``, or ``sqlite``, ``json``, ``text``, ``html``, ``vrt``, ``xml``,
        ``xls``, ``encrypted`` (a workbook with a password), ``parquet_cut``, ``folder``,
        ``empty``, ``unknown``, or the name of a foreign format such as ``PNG``.

    Examples
    --------
    >>> from tempfile import NamedTemporaryFile
    >>> with NamedTemporaryFile() as file:
    ...     _ = file.write(b"<!DOCTYPE html><html>404</html>"), file.flush()
    ...     content_of(Path(file.name))
    'html'
    """
    if path.is_dir():
        names = {one.name.lower() for one in path.iterdir()}
        return "gdb" if SYSTEM_TABLE in names else "folder"
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
        size = file.seek(0, 2)
        file.seek(max(0, size - TAIL_BYTES))
        tail = file.read()
    start = next((start for start in BEGINNINGS if head.startswith(start)), b"")
    found = BEGINNINGS.get(start, "")
    if found == "sqlite":
        found = "gpkg" if head[ID_AT : ID_AT + 4] in GEOPACKAGE_IDS else "sqlite"
    elif found == "parquet":
        found = "parquet" if tail.endswith(PARQUET_ENDS) else "parquet_cut"
    elif found == "zip":
        found = "xlsx" if b"xl/workbook.xml" in tail else "zip"
    elif found == "xls":
        found = "encrypted" if ENCRYPTED in _ole_directory(path, head) else "xls"
    elif not head:
        found = "empty"
    return found or _content_of_text(head) or ("dbf" if _is_dbf(head) else "unknown")


def _ole_directory(path: Path, head: bytes) -> bytes:
    """Return the first sector of the directory of an old Office file."""
    if len(head) < OLE_HEAD_BYTES:
        return b""
    power, first = struct.unpack_from("<H", head, 30)[0], struct.unpack_from("<I", head, 48)[0]
    with path.open("rb") as file:
        file.seek((first + 1) << (power & 0xF))
        return file.read(HEAD_BYTES)


def _content_of_text(head: bytes) -> str:
    """Return the kind of a text, or nothing where there are bytes that no text has."""
    mark = next((mark for mark in MARKS if head.startswith(mark)), b"")
    if len(mark) == len(b"\xff\xfe"):
        head, mark = head.decode("utf-16", errors="ignore").encode(errors="ignore"), b""
    words = head.removeprefix(mark).lstrip()
    if re.search(rb"[\x00-\x08\x0e-\x19\x1c-\x1f]", words):
        return ""
    found = (what for start, what in MARKUP.items() if re.match(start, words, re.IGNORECASE))
    return next(found, "text")


def _is_dbf(head: bytes) -> bool:
    """Tell whether a head is one of a dBASE table: version, length of header and of rows."""
    if len(head) < DBF_SHORTEST - 1 or head[0] not in DBF_VERSIONS:
        return False
    header, row = struct.unpack("<HH", head[8:12])
    return header >= DBF_SHORTEST and row > 0


def _shown(path: Path) -> str:
    """Return the first bytes of a file for a message."""
    with path.open("rb") as file:
        return repr(file.read(SHOWN_BYTES))
