"""Brings geometry as it was read to plain polygons in two dimensions, and tells what was lost."""

import struct
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import shapely

from ..errors import Problem
from ..tables import faulty

# arcs become chords of so many degrees: a circle loses 3e-6 of its area, with GDAL's 4° 8e-4
ARC_STEP_DEG = "0.25"
# codes of well-known binary for what may have arcs
ARCS = {8: "CircularString", 9: "CompoundCurve", 10: "CurvePolygon", 11: "MultiCurve",
        12: "MultiSurface"}  # fmt: skip
COLLECTION = 7
# lists within lists of coordinates that lie open
KINDS_BY_DEPTH = {2: shapely.GeometryType.POLYGON, 3: shapely.GeometryType.MULTIPOLYGON}


def decoded(runs: Iterable[pa.Array | pa.ChunkedArray]) -> tuple[np.ndarray, np.ndarray]:
    """
    Turn well-known binary into shapes; what cannot be a shape becomes none.

    Parameters
    ----------
    runs : iterable of Arrow arrays of bytes
        Geometry of rows that follow each other; only one run is held as bytes.

    Returns
    -------
    shapes : ndarray of Geometry or None
    lost : ndarray of bytes or None
        The bytes that are no shape, in their rows.

    Raises
    ------
    NotImplementedError
        If there are arcs among them.

    Examples
    --------
    >>> shapes, lost = decoded([pa.array([shapely.to_wkb(shapely.Point(1, 2)), b"?", None])])
    >>> shapes.tolist(), lost.tolist()
    ([<POINT (1 2)>, None, None], [None, b'?', None])
    """
    shapes, lost = [np.empty(0, dtype=object)], [np.empty(0, dtype=object)]
    for run in runs:
        encoded = run.to_numpy(zero_copy_only=False)
        shapes.append(shapely.from_wkb(encoded, on_invalid="ignore"))
        lost.append(np.where(pd.isna(shapes[-1]), encoded, None))
    return np.concatenate(shapes), np.concatenate(lost)


def unravelled(runs: Iterable[pa.Array | pa.ChunkedArray]) -> tuple[np.ndarray, np.ndarray]:
    """
    Turn polygons whose coordinates lie open in lists of lists into shapes.

    Parameters
    ----------
    runs : iterable of Arrow arrays
        Polygons (rings of points) or multi-polygons (polygons of rings of points).

    Returns
    -------
    shapes : ndarray of Geometry or None
    lost : ndarray
        Nothing is lost.

    References
    ----------
    GeoArrow 0.2, memory layout: https://geoarrow.org/format.html

    Examples
    --------
    >>> ring = [{"x": 0.0, "y": 0.0}, {"x": 1.0, "y": 0.0}, {"x": 0.0, "y": 1.0}, {"x": 0.0, "y": 0.0}]
    >>> unravelled([pa.array([[ring], None])])[0].tolist()
    [<POLYGON ((0 0, 1 0, 0 1, 0 0))>, None]
    """  # noqa: E501
    shapes = [np.empty(0, dtype=object)]
    for run in runs:
        for chunk in run.chunks if isinstance(run, pa.ChunkedArray) else [run]:
            made, offsets, level = np.empty(len(chunk), dtype=object), [], chunk.drop_null()
            while not pa.types.is_struct(level.type):
                starts = level.offsets.to_numpy()
                offsets.append(starts - starts[0])
                level = level.flatten()
            points = [level.field(name) for name in ("x", "y", "z")
                      if level.type.get_field_index(name) >= 0]  # fmt: skip
            kind = KINDS_BY_DEPTH[len(offsets)]
            made[chunk.is_valid().to_numpy(zero_copy_only=False)] = shapely.from_ragged_array(
                kind, np.column_stack(points), tuple(reversed(offsets))
            )
            shapes.append(made)
    found = np.concatenate(shapes)
    return found, np.full(len(found), None)


def kind_code(encoded: bytes | None) -> int:
    """
    Return the code of a geometry type without its dimensions; of a collection, that of its first.

    Parameters
    ----------
    encoded : bytes or None
        Well-known binary, of ISO or of PostGIS.

    Returns
    -------
    code : int
        3 for a polygon, 6 for several, 10 for one with arcs; 0 where there is none.

    Examples
    --------
    >>> kind_code(shapely.to_wkb(shapely.Polygon([(0, 0, 1), (1, 0, 1), (0, 1, 1)])))
    3
    """
    code, at = COLLECTION, 0
    while code == COLLECTION and encoded is not None and len(encoded) >= at + 5:
        order = "<I" if encoded[at] else ">I"
        code = (struct.unpack_from(order, encoded, at + 1)[0] & 0xFFFF) % 1000
        at += 9  # order, type and number of members
    return 0 if at == 0 else code


def with_plain_shapes(
    rows: gpd.GeoDataFrame, encoded: Iterable[bytes | None], **place: str
) -> gpd.GeoDataFrame:
    """
    Leave heights and measures away, and tell which rows lost something.

    Parameters
    ----------
    rows : GeoDataFrame
        As they were read, labelled as users count them; shapes that could not be made are none.
    encoded : iterable of bytes or None
        The shapes that are missing or had arcs as they lie in the file, in their rows; may
        be left empty where there are none.
    **place : str
        File and layer.

    Returns
    -------
    plain : GeoDataFrame
        Shapes in two dimensions. ``attrs["notes"]`` tells of ``geometry_unreadable`` (refuse),
        ``heights_ignored`` and ``arcs_straightened`` (repair), with all their rows.
    """
    shapes, notes = rows.geometry.to_numpy(), []
    place["field"] = rows.geometry.name
    encoded = pd.Series(list(encoded) or None, index=rows.index, dtype=object)
    if encoded.notna().any():
        lost = encoded.notna() & pd.isna(shapes)
        reasons = encoded.where(lost).map(_reason, na_action="ignore")
        notes += faulty("geometry_unreadable", lost, reasons, **place)
        kinds = encoded.map(lambda one: ARCS.get(kind_code(one), ""))
        notes += faulty("arcs_straightened", kinds.ne("") & ~lost, kinds, rule=ARC_STEP_DEG,
                        **place)  # fmt: skip
    has_z, has_m = (pd.Series(has(shapes), rows.index) for has in (shapely.has_z, shapely.has_m))
    high = has_z | has_m
    if high.any():
        given = has_z.map({True: "Z", False: ""}) + has_m.map({True: "M", False: ""})
        notes += faulty("heights_ignored", high, given, **place)
        rows = rows.set_geometry(shapely.force_2d(shapes), crs=rows.crs)
    rows.attrs["notes"] = [*rows.attrs.get("notes", []), *notes]
    return rows


def _reason(encoded: bytes) -> str:
    """Return why bytes are no shape."""
    try:
        shapely.from_wkb(encoded)
    except (shapely.GEOSException, NotImplementedError) as error:
        return str(error)
    return ""


def spoken(messages: Iterable[str], **place: str) -> list[Problem]:
    """
    Turn what a library says while it reads into notes.

    Parameters
    ----------
    messages : iterable of str
        Texts of its warnings.
    **place : str
        File and layer.

    Returns
    -------
    notes : list of Problem
        Each text once, without those that ``with_plain_shapes`` tells row by row and those
        of other layers.

    Examples
    --------
    >>> [note.value for note in spoken(["odd ring", "odd ring"])]
    ['odd ring']
    """
    told = ("Measured (M)", "OGRGeoJSONReadRawPoint(): too many", "Table/view ")
    fresh = [one for one in dict.fromkeys(messages) if not one.startswith(told)]
    return [Problem("reader_warns", value=one, **place) for one in fresh]


@contextmanager
def quiet() -> Iterator[None]:
    """Keep warnings of GDAL off the console where rows are only counted or fields named."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
