"""Looks into a zip archive and finds the layer in it, which is read where it is."""

import stat
import zipfile
import zlib
from functools import partial
from pathlib import Path, PurePosixPath
from typing import BinaryIO, NamedTuple

from ..errors import CarbonSinkError, FileError, Problem
from . import shapefile
from .dbf import Piece
from .formats import SYSTEM_TABLE, Source

GB = 1 << 30
LARGEST_BYTES = 2 * GB
# a table of blanks packs well; small archives harm nobody
LARGEST_RATIO, HARMLESS_BYTES = 100, 10_000_000
BLOCK_BYTES = 1 << 20
UTF8_FLAG, ENCRYPTED_FLAG = 0x800, 0x1
NAMES_SHOWN = 10
BROKEN = (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError, OSError)


class _Layer(NamedTuple):
    """A layer in an archive: its name for people, its kind, and its place as GDAL writes it."""

    name: str
    kind: str
    inner: str


def look(path: Path, layer: str = "", encoding: str = "") -> Source:
    """
    Look into a zip archive and find the layer that is meant.

    Parameters
    ----------
    path : Path
        A file that begins as a zip archive does. Nothing of it is written to the disk.
    layer : str
        Name of a Shapefile in it, without its end; may be left out when there is one. For a
        FileGDB, a layer in that.
    encoding : str
        Encoding of the texts; found out when it is not given.

    Returns
    -------
    source : Source
        For a FileGDB its layer is as it was given.

    Raises
    ------
    FileError
        If the archive is damaged, encrypted or too large, its names lead out of it, it holds
        no layer, or several of which none is named; and with all that is wrong with the parts
        of a Shapefile.

    References
    ----------
    Snyk, Zip Slip (2018): names with ``../`` write outside of the folder of an archive.
    """
    place = {"file": path.name, "layer": layer}
    members = members_of(path, place)
    found = _chosen(_layers(members), members, layer, place)
    opened = f"/vsizip/{{{path}}}/{found.inner}"
    if found.kind == "gdb":
        _check_bytes(path, [one for one in members if one.filename.startswith(found.inner)], place)
        return Source(path, layer, "gdb", opened)
    place["layer"] = found.name
    pieces = _pieces(path, members, found.inner)
    used = {piece.name for piece in pieces.values()}
    _check_bytes(path, [one for one in members if _shown(one) in used], place)
    try:
        texts, notes = shapefile.examined(pieces, found.name, encoding, place)
    except CarbonSinkError:
        raise
    except BROKEN as error:
        raise FileError(Problem("zip_broken", value=str(error), **place)) from None
    return Source(path, found.name, "shp", opened, texts.codec, tuple(notes))


def pieces_of(source: Source) -> dict[str, Piece]:
    """
    Return the parts of a Shapefile, on the disk or in an archive, by the ends of their names.

    Parameters
    ----------
    source : Source
        Of kind ``shp``.
    """
    archive = f"/vsizip/{{{source.path}}}/"
    if not source.opened.startswith(archive):
        return shapefile.pieces_on_disk(source.path)
    with zipfile.ZipFile(source.path) as opened:
        members = opened.infolist()
    return _pieces(source.path, members, source.opened.removeprefix(archive))


def members_of(path: Path, place: dict[str, str]) -> list[zipfile.ZipInfo]:
    """
    Read what a zip archive says it holds, and refuse what nobody should unpack.

    Parameters
    ----------
    path : Path
    place : dict
        File and layer, for messages.

    Returns
    -------
    members : list of ZipInfo
        Without what operating systems leave in archives.

    Raises
    ------
    FileError
        If it is damaged or encrypted, would fill the memory, or its names lead out of it.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
    except BROKEN as error:
        raise FileError(Problem("zip_broken", value=str(error), **place)) from None
    names = [one.filename for one in members]
    unsafe = [_shown(one) for one in members
              if _leads_out(one) or names.count(one.filename) > 1]  # fmt: skip
    locked = [_shown(one) for one in members if one.flag_bits & ENCRYPTED_FLAG]
    size, packed = (sum(getattr(one, name) for one in members)
                    for name in ("file_size", "compress_size"))  # fmt: skip
    problems = []
    if unsafe:
        problems.append(Problem("zip_unsafe", value=_listed(unsafe), **place))
    if locked:
        problems.append(Problem("zip_encrypted", value=_listed(locked), **place))
    ratio = size / max(packed, 1)
    if size > LARGEST_BYTES or (ratio > LARGEST_RATIO and size > HARMLESS_BYTES):
        value, rule = f"{size / GB:.2f} GB, {ratio:,.0f} : 1", "2 GB, 100 : 1"
        problems.append(Problem("zip_too_large", value=value, rule=rule, **place))
    if problems:
        raise FileError(problems)
    return [one for one in members if not _is_litter(one.filename)]


def _is_litter(name: str) -> bool:
    """Tell whether a file is what macOS adds to archives."""
    return name.startswith("__MACOSX/") or PurePosixPath(name).name.startswith("._")


def _leads_out(member: zipfile.ZipInfo) -> bool:
    """Tell whether a name or a link would lead out of the folder an archive is unpacked to."""
    name = member.filename.replace("\\", "/")
    is_link = stat.S_ISLNK(member.external_attr >> 16)
    return is_link or name.startswith("/") or name[1:2] == ":" or ".." in name.split("/")


def _listed(names: list[str]) -> str:
    more = " …" if len(names) > NAMES_SHOWN else ""
    return ", ".join(dict.fromkeys(names[:NAMES_SHOWN])) + more


def _shown(member: zipfile.ZipInfo) -> str:
    """Return a name for people: Chinese programs write GBK, and nothing says so."""
    if member.flag_bits & UTF8_FLAG:
        return member.filename
    raw = member.filename.encode("cp437", "replace")
    for codec in ("utf-8", "gb18030"):
        try:
            return raw.decode(codec)
        except UnicodeDecodeError:
            continue
    return member.filename


def _layers(members: list[zipfile.ZipInfo]) -> list[_Layer]:
    """List the Shapefiles and the FileGDBs of an archive."""
    shapes = [one for one in members if one.filename.lower().endswith(".shp")]
    stems = [PurePosixPath(_shown(one)).stem for one in shapes]
    layers = [
        _Layer(stem if stems.count(stem) == 1 else str(PurePosixPath(_shown(one)).with_suffix("")),
               "shp", one.filename)
        for one, stem in zip(shapes, stems, strict=True)
    ]  # fmt: skip
    folders = [PurePosixPath(one.filename).parent for one in members
               if PurePosixPath(one.filename).name.lower() == SYSTEM_TABLE]  # fmt: skip
    return layers + [
        _Layer(folder.name, "gdb", str(folder))
        for folder in folders
        if folder.suffix.lower() == ".gdb"
    ]


def _chosen(
    layers: list[_Layer], members: list[zipfile.ZipInfo], layer: str, place: dict[str, str]
) -> _Layer:
    """Return the layer that is meant; an archive with several needs one named."""
    if not layers:
        held = _listed([_shown(one) for one in members if not one.is_dir()]) or "—"
        raise FileError(Problem("zip_no_layer", value=held, **place))
    if len(layers) == 1 and (layers[0].kind == "gdb" or layer in ("", layers[0].name)):
        return layers[0]
    known = ", ".join(one.name for one in layers)
    named = [one for one in layers if one.name == layer]
    if not named:
        code = "layer_missing" if layer else "layer_not_named"
        raise FileError(Problem(code, file=place["file"], value=layer, rule=known))
    return named[0]


def _pieces(path: Path, members: list[zipfile.ZipInfo], inner: str) -> dict[str, Piece]:
    """Return the parts of a Shapefile in an archive; ends are in small or in capital letters."""
    stem = inner[: -len(".shp")]
    named = {one.filename: one for one in members}
    found = {}
    for suffix in shapefile.PARTS:
        member = named.get(stem + suffix) or named.get(stem + suffix.upper())
        if member is not None:
            found[suffix] = Piece(
                _shown(member), member.file_size,
                partial(_stream, path, member),
            )  # fmt: skip
    return found


def _stream(path: Path, member: zipfile.ZipInfo) -> BinaryIO:
    """Open a file of an archive; it keeps the archive open as long as it is open itself."""
    with zipfile.ZipFile(path) as archive:
        return archive.open(member)


def _check_bytes(path: Path, members: list[zipfile.ZipInfo], place: dict[str, str]) -> None:
    """Read all bytes once; the archive holds a checksum of them."""
    broken = []
    with zipfile.ZipFile(path) as archive:
        for member in members:
            try:
                with archive.open(member) as file:
                    size = sum(len(block) for block in iter(partial(file.read, BLOCK_BYTES), b""))
            except BROKEN:
                size = -1
            if size != member.file_size:
                broken.append(_shown(member))
    if broken:
        raise FileError(Problem("zip_broken", value=_listed(broken), **place))
