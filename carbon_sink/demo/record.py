"""Keeps the demonstration from writing over files that are not its own."""

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ..errors import FileError, Problem

RECORD = ".demo.json"


@contextmanager
def own_files(folder: str | Path, names: tuple[str, ...]) -> Iterator[Path]:
    """
    Hold a folder while the files of a demonstration are written to it.

    Parameters
    ----------
    folder : str or Path
        Folder to write to; made when missing.
    names : tuple of str
        Files that will be written, all directly in the folder.

    Yields
    ------
    folder : Path

    Raises
    ------
    FileError
        Naming each of these files that is there already and is not as a demonstration left
        it: it may hold days of work.

    Notes
    -----
    ``.demo.json`` in the folder holds the SHA-256 of every file that was written, also when
    the writing was interrupted.
    """
    folder = Path(folder)
    known = _read(folder / RECORD)
    there = [folder / name for name in names if (folder / name).exists()]
    foreign = [path for path in there if known.get(path.name) != _digest(path)]
    if foreign:
        raise FileError([Problem("demo_file_of_your_own", file=str(path)) for path in foreign])
    folder.mkdir(parents=True, exist_ok=True)
    try:
        yield folder
    finally:
        known |= {name: _digest(folder / name) for name in names if (folder / name).is_file()}
        content = json.dumps(known, ensure_ascii=False, indent=1, sort_keys=True)
        (folder / RECORD).write_bytes(content.encode() + b"\n")


def _read(path: Path) -> dict[str, str]:
    """Return names and digests of a record; none where it is missing or no record."""
    try:
        found = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _digest(path: Path) -> str:
    """SHA-256 of a file; empty for what is no file."""
    if not path.is_file():
        return ""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
