"""Do coordinates agree with the system a layer names, and do the layers of a run fit together."""

import json
from dataclasses import replace
from functools import cache
from importlib import resources

import geopandas as gpd
import numpy as np
import pyproj
import shapely

from ..errors import Problem
from ..geometry import STORE_CRS, transformer
from ..language import Words, translated
from ..shift import Shift, gcj02_shift
from ..systems import (
    Bounds,
    accuracy_m,
    area_of_use,
    candidates_text,
    datum_of,
    datums,
    extent_in_degrees,
    extent_of_text,
    extent_text,
    likely_systems,
    missing_system,
    system_name,
)

# a layer drawn in one zone may reach beyond it, and foreign systems have areas of their own
AREA_MARGIN_DEG = 3.0
WIDEST_DEG = 180.0
FARTHEST_DEG = (360.0, 90.0)
# extents that share so much of what they cover together show the same place
SAME_PLACE = 0.8


def check_system(
    crs: object, bounds: Bounds, *, place: dict, reference: gpd.GeoDataFrame | None = None
) -> list[Problem]:
    """
    Hold the system that a layer names against its coordinates.

    Parameters
    ----------
    crs : CRS or None
        System of the layer; None when it names none.
    bounds : tuple of float
        West, south, east and north of the layer in its own units.
    place : dict
        ``file`` and ``layer`` for messages.
    reference : GeoDataFrame, optional
        Boundary or towns of the place the layer should lie on.

    Returns
    -------
    problems : list of Problem
        Refused: no system, coordinates that contradict it, swapped axes, a layer around the
        whole earth, another place. Warned of: datums older than satellites, and unknown ones.

    Examples
    --------
    Eastings with the number of their zone do not go with a system that has none:

    >>> bounds = (35_540_000.0, 3_240_000.0, 35_580_000.0, 3_280_000.0)
    >>> found = check_system("EPSG:4544", bounds, place={"file": "a.shp"})
    >>> found[0].code, found[0].rule.split(";")[0]
    ('crs_contradicted', 'EPSG:4523 (CGCS2000 / 3-degree Gauss-Kruger zone 35)')
    """
    if not np.isfinite(bounds).all():
        return []  # rows with such coordinates are told by the check of shapes
    ground = _ground_deg(reference) if reference is not None and len(reference) else None
    if crs is None:
        return [missing_system(bounds, place_deg=ground, **place)]
    crs = pyproj.CRS(crs)
    try:
        wrong = _contradiction(crs, bounds, ground)
    except pyproj.exceptions.ProjError:  # a system of another planet has no way to the earth
        wrong = Problem("crs_not_on_earth", value=f"{crs.name} ({crs.ellipsoid})")
    if wrong is not None:
        return [replace(wrong, **place)]
    seen = extent_in_degrees(crs, bounds)
    found = _datum_problems(crs, seen, place)
    if ground is not None and are_apart(seen, ground):
        found = [elsewhere(seen, ground, crs, **place), *found]
    return found


def _contradiction(crs: pyproj.CRS, bounds: Bounds, ground: Bounds | None) -> Problem | None:
    """Find out whether coordinates cannot be meant in a system, and why."""
    if not (crs.is_geographic or crs.is_projected):
        return Problem("crs_not_on_earth", value=f"{crs.name} ({crs.type_name})")
    value = f"{system_name(crs)}: {extent_text(bounds)}"
    west, south, east, north = bounds
    if not _fits(crs, bounds):
        if _fits(crs, (south, west, north, east)):
            return Problem("axes_swapped", value=value)
        return Problem("crs_contradicted", value=value, rule=candidates_text(bounds, ground))
    if crs.is_geographic and east - west > WIDEST_DEG:
        return Problem("extent_around_earth", value=extent_text(bounds))
    return None


def placed(problems: list[Problem], reference: gpd.GeoDataFrame) -> list[Problem]:
    """
    Name, for layers without a system, those that bring them to a known place.

    Parameters
    ----------
    problems : list of Problem
        As a reader raised them.
    reference : GeoDataFrame
        Boundary or towns.

    Returns
    -------
    problems : list of Problem
        The same, with the candidates of ``crs_missing`` ranked by how they cover the place.
    """
    ground = _ground_deg(reference)
    return [
        replace(one, rule=candidates_text(extent_of_text(one.value), ground))
        if one.code == "crs_missing" else one
        for one in problems
    ]  # fmt: skip


def _ground_deg(reference: gpd.GeoDataFrame) -> Bounds:
    """Return the extent of a boundary in degrees."""
    return tuple(float(edge) for edge in reference.to_crs(STORE_CRS).total_bounds)


def _fits(crs: pyproj.CRS, bounds: Bounds) -> bool:
    """Tell whether coordinates can be meant in a system."""
    farthest = np.abs(np.reshape(bounds, (2, 2))).max(axis=0)
    if crs.is_geographic and (farthest > FARTHEST_DEG).any():
        return False
    # degrees of China in a system of metres would lie within 200 m of its origin
    if crs.is_projected and set(likely_systems(bounds).rows["kind"]) == {"geographic"}:
        return False
    seen, area = extent_in_degrees(crs, bounds), area_of_use(crs)
    if seen is None or area is None:
        return seen is not None
    west, south, east, north = area
    if west > east:  # across the date line
        areas = [(west, south, WIDEST_DEG, north), (-WIDEST_DEG, south, east, north)]
    else:
        areas = [area]
    return not all(are_apart(seen, one, AREA_MARGIN_DEG) for one in areas)


def off_system(crs: object, boxes: np.ndarray) -> np.ndarray:
    """
    Tell shapes that lie far from where a system is meant for.

    Parameters
    ----------
    crs : CRS
        System of the layer.
    boxes : ndarray, shape (n, 4)
        West, south, east and north of each shape in the units of the layer.

    Returns
    -------
    off : ndarray of bool, shape (n,)
        True where the middle of a shape has no place on earth, or one more than 3 degrees from
        the area of use; False where there is no shape.

    Examples
    --------
    >>> off_system("EPSG:4490", np.array([[105.0, 29.0, 106.0, 30.0], [10.0, 50.0, 11.0, 51.0]]))
    array([False,  True])
    """
    crs = pyproj.CRS(crs)
    area = area_of_use(crs)
    x, y = (boxes[:, 0] + boxes[:, 2]) / 2.0, (boxes[:, 1] + boxes[:, 3]) / 2.0
    there = np.isfinite(x) & np.isfinite(y)
    if area is None or not (crs.is_geographic or crs.is_projected):
        return np.zeros(len(boxes), dtype=bool)
    try:
        lon, lat = transformer(crs, STORE_CRS).transform(x, y)
    except pyproj.exceptions.ProjError:
        return np.zeros(len(boxes), dtype=bool)  # another planet; told of the whole layer
    west, south, east, north = area
    if west > east:  # across the date line
        lon, east = np.where(lon < west - AREA_MARGIN_DEG, lon + 360.0, lon), east + 360.0
    inside = (lon >= west - AREA_MARGIN_DEG) & (lon <= east + AREA_MARGIN_DEG)
    inside &= (lat >= south - AREA_MARGIN_DEG) & (lat <= north + AREA_MARGIN_DEG)
    return there & ~inside


def are_apart(one: Bounds, other: Bounds, margin: float = 0.0) -> bool:
    """Tell whether two extents do not touch, with a margin around the second."""
    return (one[2] < other[0] - margin or one[0] > other[2] + margin
            or one[3] < other[1] - margin or one[1] > other[3] + margin)  # fmt: skip


def _datum_problems(crs: pyproj.CRS, seen: Bounds, place: dict) -> list[Problem]:
    """Warn of datums that do not lie on CGCS2000, and of systems that do not tell theirs."""
    datum, named = datum_of(crs)
    name = _datum_name(datum)
    if not named:
        return [Problem("datum_unknown", value=system_name(crs), rule=name, **place)]
    if not _is_old(datum):
        return []
    accuracy = accuracy_m(crs, seen)
    rule = "accuracy.unknown" if accuracy is None else f"{accuracy:g} m"
    return [Problem("datum_old", value=name, rule=rule, **place)]


def _is_old(datum: str) -> bool:
    """Tell whether a Chinese datum was made without satellites."""
    return datum in datums().index and not datums().loc[datum, "is_satellite_age"]


def _datum_name(datum: str) -> str:
    """Name a datum in both languages."""
    if not datum:
        return "datum.none"
    if datum not in datums().index:
        return datum
    return Words(datums().loc[datum, "name_zh"], datums().loc[datum, "name_en"])


def elsewhere(
    seen: Bounds, ground: Bounds, crs: object = None, *, file: str, layer: str = ""
) -> Problem:
    """
    Tell that a layer lies in another place, and in which system it would not.

    Parameters
    ----------
    seen, ground : tuple of float
        Extent of the layer and of the place, degrees.
    crs : CRS, optional
        System that the layer names.
    file, layer : str
        For the message.

    Returns
    -------
    problem : Problem
        ``no_overlap``, or ``no_overlap_system`` when another system brings the layer there.
    """
    distance_km = _distance_km(seen, ground)
    value = f"{extent_text(tuple(np.round(seen, 3)))} ({distance_km:.0f} km)"
    place = {"file": file, "layer": layer, "value": value}
    if crs is not None:
        bounds = pyproj.Transformer.from_crs(STORE_CRS, crs, always_xy=True).transform_bounds(*seen)
        other = likely_systems(bounds, ground)
        if len(other.rows):
            return Problem("no_overlap_system", rule=other.text(), **place)
    return Problem("no_overlap", rule=extent_text(tuple(np.round(ground, 3))), **place)


def _distance_km(one: Bounds, other: Bounds) -> float:
    """Return how far the middles of two extents lie apart."""
    (lon, lat), (to_lon, to_lat) = (
        ((box[0] + box[2]) / 2.0, (box[1] + box[3]) / 2.0) for box in (one, other)
    )
    return pyproj.CRS(STORE_CRS).get_geod().inv(lon, lat, to_lon, to_lat)[2] / 1000.0


def check_systems(layers: dict[str, object], place_deg: Bounds | None = None) -> list[Problem]:
    """
    Hold the systems of all layers of a run against each other.

    Parameters
    ----------
    layers : dict
        File to its system.
    place_deg : tuple of float, optional
        Extent of the place, degrees: the way between two datums depends on it.

    Returns
    -------
    problems : list of Problem
        Refused: layers on Beijing 1954 or Xian 1980 beside layers on another datum. Warned of,
        once: what is brought to one system, and how exactly.

    Notes
    -----
    CGCS2000 and WGS 84 go together: they differ by less than a metre.
    """
    systems = {file: pyproj.CRS(crs) for file, crs in layers.items() if crs is not None}
    found = {file: datum_of(crs)[0] for file, crs in systems.items()}
    groups = {"satellite" if not _is_old(datum) else datum for datum in found.values()}
    problems = []
    if len(groups) > 1:
        names = {file: _datum_name(datum) for file, datum in found.items()}
        told = Words.made(lambda lang: "; ".join(
            f"{file}: {translated(name, lang)}" for file, name in names.items()
        ))  # fmt: skip
        problems += [
            Problem("datums_mixed", file=file, value=names[file], rule=told)
            for file, datum in found.items() if _is_old(datum)
        ]  # fmt: skip
    moved = {file: crs for file, crs in systems.items() if not _is_stored(crs)}
    if moved and len({crs.to_wkt() for crs in systems.values()}) > 1:
        told = "; ".join(
            f"{file}: {system_name(crs)}, {_exactness(accuracy_m(crs, place_deg))}"
            for file, crs in moved.items()
        )
        problems.append(Problem("systems_joined", value=told, rule=STORE_CRS))
    return problems


def _is_stored(crs: pyproj.CRS) -> bool:
    """Tell whether a system is that of storage, or the same degrees under another name."""
    return crs.is_geographic and datums()["is_satellite_age"].get(datum_of(crs)[0], default=False)


def _exactness(accuracy: float | None) -> str:
    """Write an accuracy so that it reads in every language."""
    return "± ?" if accuracy is None else f"± {accuracy:g} m"


def check_shift(
    layer: gpd.GeoDataFrame,
    *,
    file: str,
    name: str = "",
    reference: gpd.GeoDataFrame | None = None,
    reference_file: str = "",
) -> list[Problem]:
    """
    Find outlines that lie off by the offset of Chinese web maps (GCJ-02).

    Parameters
    ----------
    layer : GeoDataFrame
        Polygons that cover a place: a boundary, towns, an inventory.
    file, name : str
        File and layer for the message.
    reference : GeoDataFrame, optional
        Another outline of the same place. Without one the boundary of Rongchang that comes
        with the program is taken.
    reference_file : str
        Its file for the message.

    Returns
    -------
    problems : list of Problem
        One when the layer lies off the reference, or the reference off the layer, as web maps
        do. None when the two do not show the same place.
    """
    known = _rongchang() if reference is None else reference
    sides = [_ground_deg(layer), _ground_deg(known)]
    if not np.isfinite(sides).all() or _shared_of(*sides) < SAME_PLACE:
        return []
    shift = gcj02_shift(layer, known)
    if shift is not None:
        rule = reference_file or "boundary.built_in"
        return [Problem("gcj02_suspected", file=file, layer=name, rule=rule,
                        value=_shift_text(shift))]  # fmt: skip
    back = gcj02_shift(known, layer) if reference is not None else None
    if back is None:
        return []
    return [Problem("gcj02_suspected", file=reference_file, rule=file, value=_shift_text(back))]


def _shift_text(shift: Shift) -> str:
    """Write down a shift."""
    return f"{shift.distance_m:.0f} m (E {shift.east_m:+.0f} m, N {shift.north_m:+.0f} m)"


def _shared_of(one: Bounds, other: Bounds) -> float:
    """Return the shared over the joint area of two extents."""
    boxes = shapely.box(*np.transpose([one, other]))
    return float(shapely.intersection(*boxes).area / shapely.union(*boxes).area)


@cache
def _rongchang() -> gpd.GeoDataFrame:
    """Return the boundary that comes with the program."""
    text = (resources.files("carbon_sink") / "data" / "rongchang_boundary.geojson").read_text(
        encoding="utf-8"
    )
    return gpd.GeoDataFrame.from_features(json.loads(text)["features"], crs=STORE_CRS)
