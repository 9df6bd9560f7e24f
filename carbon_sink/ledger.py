"""The record of a run: what went in, with which versions and parameters, and the safe way out."""

import contextlib
import hashlib
import importlib.metadata
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import pandas as pd

from .errors import FileError, Problem
from .past_figures import TABLES

PACKAGES = ("geopandas", "numpy", "pandas", "shapely", "pyproj", "pyogrio", "rasterio",
            "rioxarray", "numba", "folium", "xlsxwriter")  # fmt: skip
BLOCK_BYTES = 1 << 20
YEARS_END = 10_000
PLACES_OF_RASTERS = (".tfw", ".tifw", ".wld", ".aux.xml")
PROGRAM, RECORD, FIGURES = "carbon_sink", "run.json", "indicators.json"


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(BLOCK_BYTES):
            digest.update(block)
    return digest.hexdigest()


def fingerprints(paths: list[Path], folder: Path) -> dict[str, str]:
    """
    Return the SHA-256 of every input, with all that belongs to it.

    These are the parts of Shapefiles and FileGDBs, and what lies beside a GeoTIFF and may
    say where on the earth it is.

    Parameters
    ----------
    paths : list of Path
        Inputs of the run.
    folder : Path
        Folder of the settings; names are relative to it where they lie inside.

    Returns
    -------
    fingerprints : dict
        Name of the file to SHA-256, sorted by name.
    """
    files: set[Path] = set()
    for path in paths:
        if path.is_dir():
            files |= {part for part in path.rglob("*") if part.is_file()}
        elif path.suffix.lower() == ".shp":
            files |= set(path.parent.glob(path.stem + ".*"))
        else:
            files.add(path)
        if path.suffix.lower() in (".tif", ".tiff"):
            beside = [path.with_name(f"{path.name}.aux.xml"),
                      *map(path.with_suffix, PLACES_OF_RASTERS)]  # fmt: skip
            files |= {part for part in beside if part.is_file()}
    named = {
        (file.relative_to(folder) if file.is_relative_to(folder) else file).as_posix(): file
        for file in files
    }
    return {name: sha256(named[name]) for name in sorted(named)}


def versions() -> dict[str, str]:
    """Return the versions of this program and of the packages the numbers depend on."""
    found = {name: importlib.metadata.version(name) for name in PACKAGES}
    return {"python": sys.version.split()[0], **found}


def run_record(
    *,
    version: str,
    settings: dict,
    inputs: dict[str, str],
    parameters: pd.DataFrame,
    seed: int,
    started: str,
) -> dict:
    """
    Lay out ``run.json``: everything needed to trace or repeat a run, its end aside.

    Parameters
    ----------
    version : str
        Version of this program.
    settings : dict
        The settings as they were read.
    inputs : dict
        Input file to SHA-256.
    parameters : DataFrame
        Parameter rows the run used.
    seed : int
        Seed of every draw.
    started : str
        Time, ISO 8601.
    """
    return {
        "program": {"name": PROGRAM, "version": version},
        "versions": versions(),
        "started": started,
        "seed": seed,
        "settings": settings,
        "inputs_sha256": inputs,
        "parameters": parameters.to_dict("records"),
    }


def completed(record: dict, outputs: list[str], ended: str) -> dict:
    """Return the record of a run with the files it wrote, itself among them, and its end."""
    return {**record, "ended": ended, "outputs": sorted([*outputs, RECORD])}


def check_folder(final: Path, inputs: list[Path]) -> None:
    """
    Refuse a folder for results that would cost the user anything.

    Parameters
    ----------
    final : Path
        Where the results belong.
    inputs : list of Path
        Files and folders that must not lie inside it.

    Raises
    ------
    FileError
        If it is a file, holds an input, or holds files and no results of an earlier run.
    """
    final = final.resolve()
    if not final.exists():
        return
    if not final.is_dir():
        raise FileError(Problem("output_is_file", file=str(final)))
    inside = [path for path in inputs if path.resolve().is_relative_to(final)]
    if inside:
        raise FileError(Problem("output_holds_input", file=str(final), value=str(inside[0])))
    if any(final.iterdir()) and _earlier_outputs(final) is None:
        raise FileError(Problem("output_foreign", file=str(final)))


def _earlier_outputs(folder: Path) -> set[str] | None:
    """Return the names of the files an earlier run wrote; None when there was no run."""
    try:
        record = json.loads((folder / RECORD).read_text(encoding="utf-8"))
        return set(record["outputs"]) if record["program"]["name"] == PROGRAM else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def earlier_results(
    final: Path, place: Mapping[str, str], year: int
) -> tuple[dict | None, list[Problem]]:
    """
    Read what an earlier run left, to compare a new one with.

    Parameters
    ----------
    final : Path
        Where the results of the new run belong. Where it holds none, the folders beside it are
        looked through for the latest earlier report year of the same place.
    place : mapping
        ``code`` and ``name`` of the place.
    year : int
        Report year of the new run.

    Returns
    -------
    results : dict or None
        The record of that run, with the ``history`` of its figures, its ``tables`` of past
        years and its ``folder``; None where there is none that can be compared.
    problems : list of Problem
        Results that cannot be read, or are of another place.
    """
    final = final.resolve()
    if (final / RECORD).is_file():
        results = _results(final)
        if results is None:
            return None, [Problem("earlier_unreadable", file=str(final), value=final.name)]
        if not _is_same(results["settings"]["place"], place):
            other = results["settings"]["place"]["name"]
            return None, [Problem("earlier_of_other_place", file=str(final), value=other)]
        return results, []
    problems, found = [], []
    for record in sorted(final.parent.glob(f"*/{RECORD}")):
        folder = record.parent
        if folder.name.startswith("."):  # what a run that was broken off left
            continue
        results = _results(folder)
        if results is None and folder.name.isdigit() and int(folder.name) < year:
            problems.append(Problem("earlier_unreadable", file=str(folder), value=folder.name))
        elif results and _is_same(results["settings"]["place"], place):
            found.append(results)
    earlier = [one for one in found if one["settings"]["report_year"] < year]
    return max(earlier, key=lambda one: one["settings"]["report_year"], default=None), problems


def _is_same(place: Mapping, other: Mapping) -> bool:
    """Return whether two records of a place are of one: by code where both have it."""
    key = "code" if place.get("code") and other.get("code") else "name"
    return place.get(key) == other.get(key)


def _results(folder: Path) -> dict | None:
    """Return the record and the figures of an earlier run; None where they are not whole."""
    try:
        record = json.loads((folder / RECORD).read_text(encoding="utf-8"))
        history = json.loads((folder / FIGURES).read_text(encoding="utf-8"))["history"]
        results = {**record, "history": history, "tables": _tables(folder), "folder": str(folder)}
        return results if _is_whole(results) else None
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None


def _tables(folder: Path) -> dict[str, pd.DataFrame]:
    """Read the tables of past years that a run wrote, as texts."""
    paths = {name: folder / "tables" / f"{name}.csv" for name in TABLES}
    return {name: pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8-sig")
            for name, path in paths.items() if path.is_file()}  # fmt: skip


def _is_whole(results: dict) -> bool:
    """Return whether a record has the parts that are compared, in the shape a run writes."""
    settings = results["settings"]
    sections = [part for value in settings.values()
                for part in (value if isinstance(value, list) else [value])
                if isinstance(part, dict)]  # fmt: skip
    texts = [
        *(section.get(name) or "" for section in sections for name in ("path", "table")),
        *(row[name] for row in results["parameters"] for name in ("species_group", "parameter")),
        *results["inputs_sha256"].values(), settings["place"]["name"],
        results["program"]["version"],
    ]  # fmt: skip
    years = [*(record["year"] for record in results["history"]), settings["report_year"],
             *(section["year"] for section in sections if "year" in section)]  # fmt: skip
    return (
        results["program"]["name"] == PROGRAM
        and all(isinstance(one, str) for one in texts)
        and all(type(one) is int and 0 < one < YEARS_END for one in years)
        and all("value" in row for row in results["parameters"])
        and all(isinstance(record, dict) for record in results["history"])
    )


@contextlib.contextmanager
def results_folder(final: Path, inputs: list[Path] | None = None) -> Iterator[Path]:
    """
    Give a folder to write results into, and put it in place when all are written.

    Parameters
    ----------
    final : Path
        Where the results belong. The results of an earlier run there are replaced together,
        and only when the block ends without an error; other files there are kept.
    inputs : list of Path, optional
        Files and folders that must not lie inside it.

    Yields
    ------
    folder : Path
        An empty folder beside the final one.

    Raises
    ------
    FileError
        If the place cannot be written to, or holds anything but earlier results.
    """
    final = final.resolve()
    check_folder(final, inputs or [])
    try:
        final.parent.mkdir(parents=True, exist_ok=True)
        staging = Path(tempfile.mkdtemp(prefix=f".{final.name}-", dir=final.parent))
    except OSError as error:
        raise FileError(Problem("output_not_writable", file=str(final), value=str(error))) from None
    try:
        yield staging
        staging.chmod(0o755)
        _keep_foreign_files(final, staging)
        _replace(final, staging)
    except OSError as error:
        if isinstance(error, FileError):
            raise
        raise FileError(Problem("output_not_writable", file=str(final), value=str(error))) from None
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def _keep_foreign_files(final: Path, staging: Path) -> None:
    """Copy what a user laid beside earlier results, a QGIS project for example."""
    ours = _earlier_outputs(final) or set()
    for path in sorted(final.rglob("*")) if final.exists() else []:
        name = path.relative_to(final)
        if path.is_file() and name.as_posix() not in ours and not (staging / name).exists():
            (staging / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(path, staging / name)


def _replace(final: Path, staging: Path) -> None:
    """Put the new folder in the place of the old one; the old one is back if that fails."""
    if not final.exists():
        os.replace(staging, final)  # noqa: PTH105
        return
    old = Path(tempfile.mkdtemp(prefix=f".{final.name}-old-", dir=final.parent))
    os.replace(final, old / final.name)  # noqa: PTH105
    try:
        os.replace(staging, final)  # noqa: PTH105
    except OSError:
        os.replace(old / final.name, final)  # noqa: PTH105
        old.rmdir()
        raise
    shutil.rmtree(old, ignore_errors=True)
