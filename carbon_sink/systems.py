"""Coordinate systems in use in China: which may a layer be in, and which datum does one have."""

import re
import warnings
from functools import cache
from typing import NamedTuple

import numpy as np
import pandas as pd
import pyproj
from pyproj.transformer import TransformerGroup

from .errors import Problem
from .geometry import STORE_CRS, transformer
from .parameters import constant
from .tables import read_data

Bounds = tuple[float, float, float, float]

# points along each side of an extent that is brought to another system
SIDE_POINTS = 9
# a layer drawn in one zone may reach over the border of the zone, degrees
ZONE_MARGIN_DEG = 1.0
# coordinates count as the easting of a zone within this distance of its central meridian
ZONE_REACH_M = 500_000.0
# candidates that a message names
SHOWN = 8
# systems of one kind that only differ in their meridian are told together from this number on
MANY = 4
EARTH = (-180.0, -90.0, 180.0, 90.0)
NUMBERS = ("central_meridian_deg", "false_easting_m", "scale", "west_deg", "south_deg",
           "east_deg", "north_deg")  # fmt: skip


class Candidates(NamedTuple):
    """
    Systems that a layer may be in, the likeliest first.

    ``rows`` are rows of ``data/systems.csv``; ``swapped`` tells that they fit only when the
    two coordinates change places.
    """

    rows: pd.DataFrame
    swapped: bool

    def text(self) -> str:
        """
        Name the candidates in one line, those that differ in their meridian only together.

        Examples
        --------
        >>> likely_systems((35_540_000, 3_240_000, 35_580_000, 3_280_000)).text().split(";")[0]
        'EPSG:4523 (CGCS2000 / 3-degree Gauss-Kruger zone 35)'
        """
        numbers = self.rows["epsg"].astype(int)
        alike = numbers.diff().ne(1) | self.rows["kind"].ne(self.rows["kind"].shift())
        found = []
        for _, rows in self.rows.groupby(alike.cumsum(), sort=False):
            first, last = rows.iloc[0], rows.iloc[-1]
            if len(rows) >= MANY and first["kind"] != "geographic":
                end = last["name"].rsplit(" ", 1)[1]
                found.append(f"EPSG:{first['epsg']}–{last['epsg']} ({first['name']} … {end})")
            else:
                found += [f"EPSG:{row.epsg} ({row.name})" for row in rows.itertuples(index=False)]
        order = " (x ↔ y)" if self.swapped else ""
        more = "; …" if len(found) > SHOWN else ""
        return "; ".join(found[:SHOWN]) + more + order


@cache
def _systems() -> pd.DataFrame:
    table = read_data("systems.csv")
    return table.assign(**{name: pd.to_numeric(table[name]) for name in NUMBERS})


@cache
def datums() -> pd.DataFrame:
    """Return the datums of Chinese maps, indexed by our word for each."""
    table = read_data("datums.csv").set_index("datum")
    return table.assign(is_satellite_age=table["is_satellite_age"].eq("yes"))


def likely_systems(bounds: Bounds, place_deg: Bounds | None = None) -> Candidates:
    """
    Find the systems in which coordinates of this size lie in China, or on a known place.

    Parameters
    ----------
    bounds : tuple of float
        West, south, east and north of a layer, in its own unknown units.
    place_deg : tuple of float, optional
        Extent of the place the layer should lie on, degrees. Only systems that bring the layer
        there are named then, the one that covers the place best first.

    Returns
    -------
    candidates : Candidates
        Without rows when nothing fits.

    Notes
    -----
    The size of coordinates tells the kind of system, its zone and its unit. It never tells the
    datum: CGCS2000, Xian 1980 and Beijing 1954 lie about 100 m apart.

    Examples
    --------
    >>> likely_systems((105.3, 29.2, 105.7, 29.6)).rows["epsg"].tolist()
    ['4490', '4326', '4610', '4214']
    >>> likely_systems((29.2, 105.3, 29.6, 105.7)).swapped
    True
    """
    west, south, east, north = bounds
    for swapped, box in ((False, bounds), (True, (south, west, north, east))):
        rows = _fitting(box, place_deg)
        if len(rows):
            return Candidates(rows, swapped)
    return Candidates(rows, swapped=False)


def _fitting(bounds: Bounds, place_deg: Bounds | None) -> pd.DataFrame:
    """Return the systems in which an extent fits as it stands."""
    systems = _systems()
    extents = _extents_deg(systems, bounds)
    if place_deg is not None:
        share = _shared(extents, np.array(place_deg))
        order = np.argsort(-share.round(2), kind="stable")
        return systems.iloc[order[share[order] > 0.0]]
    lon, lat = (extents[:, 0] + extents[:, 2]) / 2.0, (extents[:, 1] + extents[:, 3]) / 2.0
    margin = np.where(systems["kind"].eq("geographic"), 0.0, ZONE_MARGIN_DEG)
    inside = (lon >= systems["west_deg"] - margin) & (lon <= systems["east_deg"] + margin)
    inside &= (lat >= systems["south_deg"]) & (lat <= systems["north_deg"])
    return systems[inside]


def _extents_deg(systems: pd.DataFrame, bounds: Bounds) -> np.ndarray:
    """Return the extent in degrees that coordinates have in each system; NaN where in none."""
    x, y = _around(bounds)
    kind = systems["kind"].to_numpy()
    found = np.full((len(systems), 4), np.nan)
    west, south, east, north = bounds
    if max(abs(west), abs(east)) <= EARTH[2] and max(abs(south), abs(north)) <= EARTH[3]:
        found[kind == "geographic"] = bounds
    found[kind == "mercator"] = _box(*transformer(pyproj.CRS(3857), STORE_CRS).transform(x, y))
    start = systems["false_easting_m"].to_numpy()
    zoned = np.abs(west / 2.0 + east / 2.0 - start) <= ZONE_REACH_M
    scales = systems["scale"].to_numpy()
    # datums differ by 100 m at most, too little to tell one extent from another
    for at, scale in {(start[row], scales[row]) for row in np.flatnonzero(zoned)}:
        rows = (start == at) & (scales == scale)
        plane = _meridian_strip(float(scale))
        offset = _box(*plane.transform(x - at, y))
        middle = systems.loc[rows, "central_meridian_deg"].to_numpy()
        found[rows] = offset + np.outer(middle, [1.0, 0.0, 1.0, 0.0])
    return found


@cache
def _meridian_strip(scale: float) -> pyproj.Transformer:
    """Return what brings metres around a central meridian to degrees from it."""
    plane = f"+proj=tmerc +lat_0=0 +lon_0=0 +k={scale} +x_0=0 +y_0=0 +ellps=GRS80 +units=m"
    return pyproj.Transformer.from_crs(plane, "+proj=longlat +ellps=GRS80", always_xy=True)


def _shared(extents: np.ndarray, place: np.ndarray) -> np.ndarray:
    """Return the shared over the joint area of each extent and the place; 0 where they miss."""
    low, high = np.fmax(extents[:, :2], place[:2]), np.fmin(extents[:, 2:], place[2:])
    shared = np.prod(np.clip(high - low, 0.0, None), axis=1)
    joint = np.prod(extents[:, 2:] - extents[:, :2], axis=1) + np.prod(place[2:] - place[:2])
    with np.errstate(invalid="ignore"):
        return np.nan_to_num(shared / (joint - shared))


def _around(bounds: Bounds) -> tuple[np.ndarray, np.ndarray]:
    """Return points around an extent: its sides become curves in another system."""
    west, south, east, north = bounds
    x, y = np.linspace(west, east, SIDE_POINTS), np.linspace(south, north, SIDE_POINTS)
    still = np.ones(SIDE_POINTS)
    return (
        np.concatenate([x, x, west * still, east * still]),
        np.concatenate([south * still, north * still, y, y]),
    )


def _box(lon: np.ndarray, lat: np.ndarray) -> np.ndarray:
    """Return the extent of points; NaN when one of them has no place on the earth."""
    if not (np.isfinite(lon).all() and np.isfinite(lat).all()):
        return np.full(4, np.nan)
    return np.array([lon.min(), lat.min(), lon.max(), lat.max()])


def extent_in_degrees(crs: pyproj.CRS, bounds: Bounds) -> Bounds | None:
    """
    Bring an extent to longitude and latitude on CGCS2000.

    Parameters
    ----------
    crs : CRS
        System of the extent.
    bounds : tuple of float
        West, south, east and north in that system.

    Returns
    -------
    bounds_deg : tuple of float or None
        None when the coordinates have no place on the earth.

    Examples
    --------
    >>> extent_in_degrees(pyproj.CRS(4544), (35_500_000, 3_250_000, 35_510_000, 3_260_000)) is None
    True
    """
    found = _box(*transformer(crs, STORE_CRS).transform(*_around(bounds)))
    beyond = np.abs(found[[1, 3]]).max() > EARTH[3] or np.abs(found[[0, 2]]).max() > 2 * EARTH[2]
    if np.isnan(found).any() or beyond:
        return None
    return tuple(float(edge) for edge in found)


def area_of_use(crs: pyproj.CRS) -> Bounds | None:
    """
    Return where a system is meant to be used, in degrees.

    A system that is spelled out in a file names no area: that of the register is taken when
    the system is in it, otherwise three degrees to both sides of a central meridian.

    Examples
    --------
    >>> area_of_use(pyproj.CRS(4544))
    (103.5, 22.5, 106.51, 42.21)
    >>> area_of_use(pyproj.CRS("+proj=tmerc +lon_0=106.5 +x_0=500000 +ellps=GRS80"))
    (103.5, -80.0, 109.5, 84.0)
    """
    code = crs.to_epsg() if crs.area_of_use is None else None
    known = pyproj.CRS(code) if code else crs
    if known.area_of_use is not None:
        return tuple(known.area_of_use.bounds)
    operation = crs.coordinate_operation
    if operation is None or operation.method_name != "Transverse Mercator":
        return None
    middle = next(
        one.value for one in operation.params if one.name == "Longitude of natural origin"
    )
    return middle - 3.0, -80.0, middle + 3.0, 84.0


def datum_of(crs: pyproj.CRS) -> tuple[str, bool]:
    """
    Find the datum of a system by its name, or by its ellipsoid when it has no name.

    Returns
    -------
    datum : str
        Index of ``datums()``; the name of another datum; empty when nothing tells it.
    named : bool
        Whether the system names it; otherwise the ellipsoid lets one suppose it.

    Examples
    --------
    >>> datum_of(pyproj.CRS(2359)), datum_of(pyproj.CRS(28992))
    (('xian80', True), ('Amersfoort', True))
    >>> datum_of(pyproj.CRS("+proj=longlat +ellps=krass"))
    ('beijing54', False)
    """
    geodetic = crs.geodetic_crs
    name = geodetic.datum.name if geodetic is not None and geodetic.datum is not None else ""
    plain = re.sub(r"[^a-z0-9]", "", name.lower())
    for datum, row in datums().iterrows():
        if any(plain.startswith(one) for one in row["found_as"].split(";")):
            return datum, True
    if plain and not plain.startswith(("unknown", "unnamed", "notspecified", "undefined")):
        return name, True
    size, form = crs.ellipsoid.semi_major_metre, crs.ellipsoid.inverse_flattening
    for datum, row in datums().iterrows():
        if (size, form) == (float(row["semi_major_m"]), float(row["inverse_flattening"])):
            return datum, False
    return "", False


def accuracy_m(crs: pyproj.CRS, place_deg: Bounds | None = None) -> float | None:
    """
    Return how far a layer may lie off after it was brought to CGCS2000.

    Parameters
    ----------
    crs : CRS
        System of the layer.
    place_deg : tuple of float, optional
        Where the layer lies, degrees: a way between two datums holds for a region.

    Returns
    -------
    accuracy_m : float or None
        Metres, as PROJ knows them; None when it has no parameters for this place, as for
        Xian 1980 and Beijing 1954 in most of China.

    Examples
    --------
    >>> accuracy_m(pyproj.CRS(4523)), accuracy_m(pyproj.CRS(28992))
    (0.0, 1.0)
    >>> accuracy_m(pyproj.CRS(2359), (105.3, 29.2, 105.7, 29.6)) is None
    True
    """
    datum, _ = datum_of(crs)
    if datum == "cgcs2000":
        return 0.0
    if datum == "wgs84":
        return constant("wgs84_cgcs2000_m")
    region = pyproj.aoi.AreaOfInterest(*place_deg) if place_deg else None
    with warnings.catch_warnings():  # what cannot be used is told by its accuracy
        warnings.simplefilter("ignore")
        ways = TransformerGroup(crs, "EPSG:4326", always_xy=True, area_of_interest=region)
    known = [way.accuracy for way in ways.transformers if way.accuracy >= 0]
    return float(min(known)) if known else None


def system_name(crs: pyproj.CRS) -> str:
    """
    Name a system as users look it up.

    Examples
    --------
    >>> system_name(pyproj.CRS(4544))
    'EPSG:4544 (CGCS2000 / 3-degree Gauss-Kruger CM 105E)'
    """
    code = crs.to_epsg()
    return f"EPSG:{code} ({crs.name})" if code else crs.name


def missing_system(
    bounds: Bounds, *, file: str = "", layer: str = "", place_deg: Bounds | None = None
) -> Problem:
    """
    Tell in which systems a layer without one may be.

    Parameters
    ----------
    bounds : tuple of float
        West, south, east and north in the units of the layer.
    file, layer : str
        For the message.
    place_deg : tuple of float, optional
        Extent of the place in degrees; the systems that bring the layer there are named then.

    Returns
    -------
    problem : Problem
        ``crs_missing``, with the extent and the systems; ``crs_unset`` where there is no extent.

    Examples
    --------
    >>> missing_system((18_540_000.0, 3_240_000.0, 18_580_000.0, 3_280_000.0)).rule.split(";")[0]
    'EPSG:4496 (CGCS2000 / Gauss-Kruger zone 18)'
    """
    if not np.isfinite(bounds).all():
        return Problem("crs_unset", file=file, layer=layer)
    rule = candidates_text(bounds, place_deg)
    return Problem("crs_missing", file=file, layer=layer, value=extent_text(bounds), rule=rule)


def candidates_text(bounds: Bounds, place_deg: Bounds | None = None) -> str:
    """Name the systems that bring a layer to its place, or to China; a text key if none does."""
    if place_deg is not None and len((found := likely_systems(bounds, place_deg)).rows):
        return found.text()
    west, south, east, north = bounds
    is_degrees = max(-west, east) <= EARTH[2] and max(-south, north) <= EARTH[3]
    return likely_systems(bounds).text() or ("systems.abroad" if is_degrees else "systems.none")


def extent_text(bounds: Bounds) -> str:
    """
    Write down an extent in its own units.

    Examples
    --------
    >>> extent_text((35_540_000.0, 3_240_000.0, 35_580_000.0, 3_280_000.5))
    'x 35540000–35580000, y 3240000–3280000.5'
    """
    west, south, east, north = (f"{edge:.10g}" for edge in bounds)
    return f"x {west}–{east}, y {south}–{north}"


def extent_of_text(text: str) -> Bounds:
    """
    Read an extent as ``extent_text`` writes it.

    Examples
    --------
    >>> extent_of_text("x -1.5–2, y 3e-05–4")
    (-1.5, 3e-05, 2.0, 4.0)
    """
    along = [part.split(" ")[1].split("–") for part in text.split(", ")]
    (west, east), (south, north) = (map(float, ends) for ends in along)
    return west, south, east, north
