"""To which town does a parcel belong, and does it keep within its town and the district."""

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from ..errors import Problem
from ..geometry import STORE_CRS, ellipsoidal_area_ha
from ..shift import gcj02_offset_m, metres_per_degree
from ..tables import faulty

# outlines are drawn at other scales than parcels: this much beyond one is no finding
MARGIN_DEG = 1e-4  # about 10 m
BEYOND_LEAST = 0.05  # share of a parcel
# nor is a parcel of which this much lies inside a stray
OUTSIDE_LEAST = 0.5
# so many parcels outside, and so few with the offset of web maps undone, are no chance
STRAYS_LEAST, STRAYS_LEFT = 20, 0.1


def assign_towns(
    stands: gpd.GeoDataFrame, towns: gpd.GeoDataFrame, *, file: str, layer: str = "",
    field: str = "town_code",
) -> tuple[gpd.GeoDataFrame, list[Problem]]:  # fmt: skip
    """
    Make sure every stand has the code of one of the towns.

    Parameters
    ----------
    stands : GeoDataFrame
        With ``town_code`` when the inventory gives it.
    towns : GeoDataFrame
        With ``town_code`` and geometry.
    file, layer, field : str
        File, layer and field of the code, for the messages.

    Returns
    -------
    stands : GeoDataFrame
        With ``town_code``. Where the inventory gives none, the town that holds a point inside
        the stand; missing where there is no such town.
    problems : list of Problem
        Codes that are of no town, stands that belong to no town, that lie outside the town of
        their code, and that reach across its border.
    """
    place = {"file": file, "layer": layer, "field": field}
    given = stands.get("town_code", pd.Series(None, index=stands.index, dtype=object))
    given, named = _named(given, towns)
    unknown = given.notna() & ~given.isin(towns["town_code"])
    points = stands.geometry.representative_point().to_crs(towns.crs)
    # towns are prepared when they ask for points, and not when points ask for towns
    town, point = points.sindex.query(towns.geometry, predicate="intersects")
    found = pd.Series(towns["town_code"].to_numpy()[town], index=points.index[point])
    found = found[~found.index.duplicated()].reindex(stands.index)
    elsewhere = given.notna() & ~unknown & given.ne(found)
    code = given.fillna(found)
    shown = ", ".join(towns["town_code"].head(8)) + (" …" if len(towns) > 8 else "")  # noqa: PLR2004
    across = _beyond(stands.geometry, code.mask(elsewhere), towns)
    problems = [
        *faulty("town_by_name", named.notna(), named, **place),
        *faulty("town_unknown", unknown, given, rule=shown, **place),
        *faulty("town_elsewhere", elsewhere, given, **place),
        *faulty("stand_without_town", code.isna(), **place),
        *faulty("town_across", across.ge(BEYOND_LEAST), _percent(across), **place),
    ]
    return stands.assign(town_code=code), problems


def _named(given: pd.Series, towns: gpd.GeoDataFrame) -> tuple[pd.Series, pd.Series]:
    """Put the codes of towns in the place of their names; tell where, and which."""
    named = pd.Series(None, index=given.index, dtype=object)
    if "town_name" not in towns:
        return given, named
    once = towns.drop_duplicates("town_name", keep=False)
    codes = given.map(dict(zip(once["town_name"], once["town_code"], strict=True)))
    hit = codes.notna() & ~given.isin(towns["town_code"])
    named[hit] = given[hit].astype(str) + " = " + codes[hit].astype(str)
    return given.astype(object).where(~hit, codes), named


def outside(
    stands: gpd.GeoDataFrame, boundary: gpd.GeoDataFrame, *, file: str, layer: str = ""
) -> tuple[list[Problem], float]:
    """
    Find stands that lie outside the boundary of the place.

    Parameters
    ----------
    stands : GeoDataFrame
        With ``area_ha``.
    boundary : GeoDataFrame
        One row.
    file, layer : str
        For the messages.

    Returns
    -------
    problems : list of Problem
        Stands of which more than half lies outside.
    outside_ha : float
        Hectares of all stands that lie outside, beyond what is due to the scale of outlines.
    """
    inside = pd.Series("", index=stands.index)
    share = _beyond(stands.geometry, inside, boundary.assign(town_code=""))
    far = share.ge(OUTSIDE_LEAST)
    told = _percent(share) + " (" + stands["area_ha"].map("{:.4f}".format) + " ha)"
    found = faulty("stand_outside", far, told, file=file, layer=layer, field="geometry")
    return found, float((share * stands["area_ha"]).sum())


def strays(stands: gpd.GeoDataFrame, boundary: gpd.GeoDataFrame) -> np.ndarray:
    """
    Count stands outside the boundary, as they lie and with the offset of web maps undone.

    Parameters
    ----------
    stands, boundary : GeoDataFrame
        Part of an inventory, and the boundary of its place.

    Returns
    -------
    counts : ndarray of int, shape (2,)
        Outside as they lie; outside when moved back by the offset of GCJ-02 at the place.
    """
    outline = boundary.geometry.to_crs(STORE_CRS).union_all()
    west, south, east, north = outline.bounds
    shift_m = gcj02_offset_m((west + east) / 2.0, (south + north) / 2.0)
    shift_deg = np.array(shift_m) / metres_per_degree((south + north) / 2.0)
    box = stands.geometry.to_crs(STORE_CRS).bounds.to_numpy()
    middle = (box[:, :2] + box[:, 2:]) / 2.0
    shapely.prepare(outline)
    return np.array(
        [np.count_nonzero(~shapely.contains_xy(outline, *points.T))
         for points in (middle, middle - shift_deg)]
    )  # fmt: skip


def judge_strays(
    counts: np.ndarray, boundary: gpd.GeoDataFrame, *, file: str, layer: str = ""
) -> list[Problem]:
    """
    Tell an inventory that lies off its boundary by the offset of web maps.

    Parameters
    ----------
    counts : ndarray of int, shape (2,)
        From ``strays``, summed over all parts.
    boundary : GeoDataFrame
        Boundary of the place.
    file, layer : str
        For the message.

    Returns
    -------
    problems : list of Problem
        One when many stands lie outside and nearly all come home with the offset undone.
    """
    before, after = counts
    if before < STRAYS_LEAST or after > STRAYS_LEFT * before:
        return []
    west, south, east, north = boundary.geometry.to_crs(STORE_CRS).total_bounds
    shift = np.array(gcj02_offset_m((west + east) / 2.0, (south + north) / 2.0))
    value = f"{np.hypot(*shift):.0f} m (E {shift[0]:+.0f} m, N {shift[1]:+.0f} m)"
    return [Problem("gcj02_suspected", file=file, layer=layer, value=value, count=int(before),
                    rule="boundary.of_place")]  # fmt: skip


def _percent(share: pd.Series) -> pd.Series:
    """Write shares as people read them."""
    return (share * 100.0).round(1).astype(str) + " %"


def _beyond(shapes: gpd.GeoSeries, code: pd.Series, towns: gpd.GeoDataFrame) -> pd.Series:
    """
    Return the share of each parcel that lies beyond the town of its code.

    Nearly all parcels keep within the margin around their town, which is quick to see; only the
    others are cut.
    """
    share = pd.Series(0.0, index=shapes.index)
    outlines = towns.geometry.to_crs(STORE_CRS)
    stored = np.asarray(shapes.to_crs(STORE_CRS).array)
    margins = shapely.buffer(np.asarray(outlines.array), MARGIN_DEG, quad_segs=2)
    shapely.prepare(margins)
    for number, town in enumerate(towns["town_code"]):
        mine = np.flatnonzero(code.eq(town).to_numpy())
        across = mine[~shapely.covers(margins[number], stored[mine])]
        if len(across):
            rest = shapely.difference(stored[across], margins[number])
            labels = shapes.index[across]
            whole = ellipsoidal_area_ha(gpd.GeoSeries(stored[across], labels, crs=STORE_CRS))
            beyond = ellipsoidal_area_ha(gpd.GeoSeries(rest, labels, crs=STORE_CRS))
            share[labels] = (beyond / whole).to_numpy()
    return share
