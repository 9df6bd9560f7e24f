"""Looks into a GeoJSON file feature by feature: is it whole, and is every shape well formed."""

import json
import math
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyogrio
import pyproj

from ..errors import FileError, Problem, first_rows
from ..tables import faulty
from .formats import Source
from .json_text import JsonText
from .shapes import quiet

# a file is parsed twice, by this module and by GDAL; larger ones take too long
LARGEST_BYTES = 500_000_000
SHOWN_CHARACTERS = 60
# lists around the positions of each type
DEPTHS = {"Point": 0, "MultiPoint": 1, "LineString": 1, "MultiLineString": 2, "Polygon": 2,
          "MultiPolygon": 3}  # fmt: skip
COLLECTION = "GeometryCollection"
# numbers of a position: with height and measure
FEWEST, MOST = 2, 4
# positions of a ring; the last is the first again
RING_POSITIONS, RING_CORNERS = 4, 3
JSON_TYPES = {bool: "boolean", int: "number", float: "number", str: "string", dict: "object",
              list: "array"}  # fmt: skip


def look(path: Path, layer: str = "") -> Source:
    """
    Look at a GeoJSON file, to the last position of every feature.

    Parameters
    ----------
    path : Path
        The file.
    layer : str
        Its layer; may be left out.

    Returns
    -------
    source : Source
        Its notes tell of fields whose values are of several types, or lists and objects.

    Raises
    ------
    FileError
        If the text is no JSON in UTF-8, with line and column; if it is no feature collection,
        feature or geometry; if names occur twice in a feature, or a shape is not well formed,
        with every row; or if the reference system is not understood, which GDAL takes for
        longitude and latitude on WGS 84 without a word.

    References
    ----------
    RFC 7946, The GeoJSON Format, sections 2 and 3. Reference systems: The GeoJSON Format
    Specification (2008), section 3.
    """
    size = path.stat().st_size
    if size > LARGEST_BYTES:
        sizes = {"value": f"{size / 1e6:.0f} MB", "rule": f"{LARGEST_BYTES / 1e6:.0f} MB"}
        raise FileError(Problem("json_too_large", file=path.name, **sizes))
    check = _Check(path)
    about = check.read()
    problems = check.problems(about)
    if grave := [problem for problem in problems if problem.severity == "refuse"]:
        raise FileError(grave)
    with quiet():
        found = pyogrio.read_info(path, force_feature_count=True)
    name = found["layer_name"]
    if layer not in ("", name):
        raise FileError(Problem("layer_missing", file=path.name, value=layer, rule=name))
    if found["features"] != check.rows:
        rows = {"value": str(found["features"]), "rule": str(check.rows)}
        raise FileError(Problem("rows_differ", file=path.name, **rows))
    _refuse_unknown_system(path, about, found["crs"])
    return Source(path, name, "geojson", str(path), notes=tuple(problems), rows=check.rows)


class _Check:
    """What is wrong with the features of a file, row by row."""

    def __init__(self, path: Path) -> None:
        self.path, self.rows = path, 0
        self.wrong: dict[str, dict[int, str]] = defaultdict(dict)
        self.twice: dict[str, list[int]] = defaultdict(list)
        self.kinds: dict[str, dict[str, list[int]]] = defaultdict(lambda: defaultdict(list))

    def read(self) -> dict[str, Any]:
        """Check every feature, and return what stands beside them."""
        with self.path.open(encoding="utf-8-sig", newline="") as file:
            text = JsonText(file)
            try:
                about = text.members("features", lambda one: self._feature(one, text.twice))
            except json.JSONDecodeError as error:
                place = "{}:{}".format(*text.place(error.pos))
                problem = Problem("json_wrong", file=self.path.name, value=place, rule=error.msg)
            except UnicodeDecodeError as error:
                shown = repr(error.object[error.start : error.start + 4])
                problem = Problem("json_not_utf8", file=self.path.name, value=shown)
            except (ValueError, RecursionError) as error:
                problem = Problem("file_unreadable", file=self.path.name, value=str(error))
            else:
                for name in text.twice:
                    self.twice[name] = []
                return about
        raise FileError(problem)

    def _feature(self, feature: Any, twice: list[str]) -> None:
        """Check one feature."""
        self.rows += 1
        for name in twice:
            self.twice[name].append(self.rows)
        if not isinstance(feature, dict) or feature.get("type") != "Feature":
            self.wrong["feature_wrong"][self.rows] = _shown(feature)
            return
        if "geometry" not in feature:
            self.wrong["feature_wrong"][self.rows] = "geometry"
        elif fault := shape_fault(feature["geometry"]):
            code, where = fault
            self.wrong[code][self.rows] = where
        fields = feature.get("properties")
        if not isinstance(fields, dict | None):
            self.wrong["feature_wrong"][self.rows] = f"properties: {_shown(fields)}"
            return
        for name, value in (fields or {}).items():
            if value is not None:
                self.kinds[name][JSON_TYPES[type(value)]].append(self.rows)

    def problems(self, about: dict[str, Any]) -> list[Problem]:
        """List what is wrong with a file, given what stands beside its features."""
        kind, file = about.get("type"), {"file": self.path.name}
        found = []
        for name, rows in self.twice.items():
            found += faulty(
                "json_name_twice", pd.Series(data=True, index=rows), field=name, value=name, **file
            ) or [Problem("json_name_twice", field=name, value=name, **file)]
        if kind in (*DEPTHS, COLLECTION) and not self.rows:
            self._feature({"type": "Feature", "geometry": about}, [])
        elif kind == "Feature" and not self.rows:
            self._feature(about, [])
        elif kind != "FeatureCollection" or not isinstance(about.get("features"), int):
            found.append(Problem("json_no_features", value=_shown(kind), **file))
        for code, wrong in self.wrong.items():
            cells = pd.Series(wrong, dtype=object)
            found += faulty(code, cells.notna(), cells, field="geometry", **file)
        for name, kinds in self.kinds.items():
            found += _odd_values(name, kinds, file)
        return found


def _odd_values(name: str, kinds: dict[str, list[int]], file: dict[str, str]) -> list[Problem]:
    """Tell of a field whose values are of several types, or no single values."""
    nested = [kind for kind in ("array", "object") if kind in kinds]
    if len(kinds) == 1 and not nested:
        return []
    code = "field_nested" if nested else "field_types_mixed"
    rarest = kinds[nested[0]] if nested else min(kinds.values(), key=len)
    shown = ", ".join(f"{kind} ({len(rows)})" for kind, rows in kinds.items())
    return [Problem(code, field=name, value=shown, rows=first_rows(rarest), count=len(rarest),
                    **file)]  # fmt: skip


def _refuse_unknown_system(path: Path, about: dict[str, Any], used: str | None) -> None:
    """Refuse a file whose member ``crs`` GDAL did not follow."""
    if "crs" not in about:
        return
    told = about["crs"]
    try:
        name = told["properties"]["code" if told["type"] == "EPSG" else "name"]
        is_followed = pyproj.CRS(name).equals(pyproj.CRS(used), ignore_axis_order=True)
    except (KeyError, TypeError, pyproj.exceptions.CRSError):
        is_followed = False
    if not is_followed:
        raise FileError(Problem("json_system_unknown", file=path.name, value=_shown(told)))


def shape_fault(geometry: Any) -> tuple[str, str] | None:
    """
    Tell what is wrong with the form of a geometry.

    Parameters
    ----------
    geometry : object
        As JSON has it; none is a feature without a place.

    Returns
    -------
    fault : tuple of str, or None
        Message code, and where or what: part and ring, counted from 1.

    Examples
    --------
    >>> shape_fault({"type": "Polygon", "coordinates": [[[0, 0], [1, 0], [1, 1], [0, 1]]]})
    ('ring_open', '1.1')
    >>> shape_fault({"type": "Point", "coordinates": [105, 29]})
    """
    if geometry is None:
        return None
    kind = geometry.get("type") if isinstance(geometry, dict) else None
    inner = geometry.get("geometries") if kind == COLLECTION else None
    if isinstance(inner, list):
        return next((fault for one in inner if (fault := shape_fault(one))), None)
    if kind not in DEPTHS:
        return "feature_wrong", f"geometry: {_shown(geometry)}"
    coordinates = geometry.get("coordinates")
    if not isinstance(coordinates, list):
        return "coordinates_wrong", _shown(coordinates)
    lines = _lines(coordinates if DEPTHS[kind] else [coordinates], max(DEPTHS[kind], 1), ())
    faults = (_line_fault(line, at, "Polygon" in kind) for at, line in lines)
    return next((fault for fault in faults if fault), None)


def _lines(value: Any, depth: int, at: tuple) -> Iterator[tuple[tuple, Any]]:
    """Yield the lists of positions, with their place in the lists around them."""
    if depth == 1 or not isinstance(value, list):
        yield at, value
        return
    for number, one in enumerate(value, start=1):
        yield from _lines(one, depth - 1, (*at, number))


def _line_fault(line: Any, at: tuple, is_ring: bool) -> tuple[str, str] | None:
    """Tell what is wrong with a list of positions."""
    where = ".".join(map(str, (1, *at)[-2:]))
    if not isinstance(line, list):
        return "coordinates_wrong", f"{where}: {_shown(line)}"
    try:
        positions = np.asarray(line)
    except (ValueError, OverflowError):
        positions = np.empty(0, dtype=object)
    is_plain = positions.ndim == FEWEST and positions.dtype.kind in "if"
    if not (is_plain and FEWEST <= positions.shape[1] <= MOST and np.isfinite(positions).all()):
        wrong = [one for one in line if not _is_position(one)]
        if wrong:
            return "coordinates_wrong", f"{where}: {_shown(wrong[0])}"
    if not is_ring:
        return None
    if len(line) < RING_POSITIONS or not _has_corners(line):
        return "ring_short", where
    return None if line[0][:FEWEST] == line[-1][:FEWEST] else ("ring_open", where)


def _is_position(one: Any) -> bool:
    """Tell whether a value is two to four finite numbers."""
    return (
        isinstance(one, list)
        and FEWEST <= len(one) <= MOST
        and all(type(number) in (int, float) and math.isfinite(number) for number in one)
    )


def _has_corners(line: list[list[float]]) -> bool:
    """Tell whether three positions differ; the first three of nearly every ring do."""
    first = {tuple(one[:FEWEST]) for one in line[:RING_CORNERS]}
    if len(first) == RING_CORNERS:
        return True
    return len({tuple(one[:FEWEST]) for one in line}) >= RING_CORNERS


def _shown(value: Any) -> str:
    """Return the beginning of a value as JSON."""
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= SHOWN_CHARACTERS else text[:SHOWN_CHARACTERS] + " …"
