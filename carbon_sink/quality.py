"""Is the data fit for use: geometry, place and towns; repairs are told in hectares."""

from dataclasses import replace

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from .coverage import four_side_area, shelterbelt_area
from .errors import CRSError, Problem, TableError, first_rows
from .geometry import STORE_CRS, ellipsoidal_area_ha
from .inventory import FOUR_SIDE, TIMBER, add_forest_type, add_forest_volume
from .parameters import constant
from .tables import columns

# repairs that move more than this share of the area are refused
REPAIR_LIMIT = 0.001
POLYGON, MULTIPOLYGON = 3, 6
# fields that give the stock of a stand, in one way or another
STOCK_FIELDS = ("forest_volume_m3", "total_volume_m3", "volume_m3_ha", "living_volume_m3_ha")
# registered and measured area may differ by this share: GB/T 26424-2010, tolerance of area
AREA_TOLERANCE = 0.05
# an inventory covers its place when its area lies between these shares of the land area
COVERS, EXCEEDS = 0.98, 1.01


def check_polygons(
    layer: gpd.GeoDataFrame, *, file: str, name: str = ""
) -> tuple[gpd.GeoDataFrame, list[Problem]]:
    """
    Refuse missing and non-polygon geometry, and repair rings that cross themselves.

    Parameters
    ----------
    layer : GeoDataFrame
        Polygons.
    file, name : str
        File and layer for the message.

    Returns
    -------
    layer : GeoDataFrame
        With valid geometry.
    notes : list of Problem
        What was repaired, with the hectares it changed.

    Raises
    ------
    TableError
        If geometry is missing, empty or not a polygon, or repairs would move more than
        0.1 % of the area.
    """
    layer, notes, changed_ha = mend_polygons(layer, file=file, name=name)
    if notes:
        check_repairs(notes, changed_ha, ellipsoidal_area_ha(layer.geometry).sum())
    return layer, notes


def mend_polygons(
    layer: gpd.GeoDataFrame, *, file: str, name: str = ""
) -> tuple[gpd.GeoDataFrame, list[Problem], float]:
    """
    Repair part of a layer; ``check_repairs`` then judges the repairs of all parts.

    Parameters
    ----------
    layer, file, name
        As for ``check_polygons``.

    Returns
    -------
    layer : GeoDataFrame
        With valid geometry.
    notes : list of Problem
        What was repaired, with the hectares it changed.
    changed_ha : float
        The same hectares.

    Raises
    ------
    TableError
        If geometry is missing, empty or not a polygon.
    """
    place = {"file": file, "layer": name}
    shapes = layer.geometry
    empty = shapes.isna() | shapes.is_empty
    kind = shapely.get_type_id(shapes.array)
    problems = []
    endless = ~np.isfinite(shapely.bounds(shapes.array)).all(axis=1)
    for code, bad in (
        ("geometry_missing", empty.to_numpy()),
        ("geometry_not_polygon", ~empty.to_numpy() & ~np.isin(kind, (POLYGON, MULTIPOLYGON))),
        ("coordinates_infinite", ~empty.to_numpy() & endless),
    ):  # fmt: skip
        if bad.any():
            problems.append(
                Problem(code, rows=first_rows(layer.index[bad]), count=int(bad.sum()), **place)
            )
    if problems:
        raise TableError(problems)
    invalid = ~shapes.is_valid
    if not invalid.any():
        return layer, [], 0.0
    return _repaired(layer, invalid, place)


def check_repairs(notes: list[Problem], changed_ha: float, area_ha: float) -> None:
    """
    Refuse repairs that moved more than 0.1 % of the area of a layer.

    Parameters
    ----------
    notes : list of Problem
        What was repaired.
    changed_ha, area_ha : float
        Hectares that changed, and those of the whole layer.

    Raises
    ------
    TableError
        With the same rows and hectares.
    """
    if changed_ha > REPAIR_LIMIT * area_ha:
        repaired = [note for note in notes if note.code == "geometry_repaired"]
        raise TableError([replace(note, code="geometry_beyond_repair") for note in repaired])


def _repaired(
    layer: gpd.GeoDataFrame, invalid: pd.Series, place: dict
) -> tuple[gpd.GeoDataFrame, list[Problem], float]:
    """Repair the invalid polygons, and tell the hectares that changed."""
    before = layer.geometry[invalid]
    fixed = before.make_valid(method="structure", keep_collapsed=False)
    outline = gpd.GeoSeries(shapely.boundary(before.array), index=before.index, crs=layer.crs)
    # ground enclosed by the ring as drawn, however it crosses itself
    enclosed = gpd.GeoSeries(
        [shapely.unary_union(shapely.get_parts(shapely.polygonize([shapely.unary_union(line)])))
         for line in outline], index=before.index, crs=layer.crs,
    )  # fmt: skip
    changed = (ellipsoidal_area_ha(enclosed) - ellipsoidal_area_ha(fixed)).abs().sum()
    note = Problem("geometry_repaired", rows=first_rows(before.index), count=len(before),
                   value=f"{changed:.4f}", **place)  # fmt: skip
    shapes = layer.geometry.where(~invalid, fixed)
    return layer.set_geometry(shapes), [note], float(changed)


def check_stands(
    stands: gpd.GeoDataFrame, *, file: str, name: str = ""
) -> tuple[gpd.GeoDataFrame, list[Problem]]:
    """
    Refuse stands whose figures would be wrong, and tell what a reader should know.

    Parameters
    ----------
    stands : GeoDataFrame
        With ``class_group`` and ``area_ha`` (ha); other columns as the inventory has them.
    file, name : str
        File and layer for the message.

    Returns
    -------
    stands : GeoDataFrame
        Without the stock fields that are empty for all arbor forest: they hold nothing.
    notes : list of Problem
        Closures that are missing or under 0.2, registered areas that differ.

    Raises
    ------
    TableError
        If a stand comes twice, arbor forest has no stock or no species, a stock per hectare is
        impossible, or stock would be computed from registered areas that are wrong.
    """
    place = {"file": file, "layer": name}
    timber = add_forest_type(stands)["forest_type"].isin(TIMBER)
    empty = [name for name in STOCK_FIELDS if name in stands and timber.any()
             and stands.loc[timber, name].isna().all()]  # fmt: skip
    stands = stands.drop(columns=empty)
    known = add_forest_volume(stands)
    faults = {"stand_twice": _twice(known)}
    remarks = {}
    if "forest_volume_m3" in known:
        volume = known["forest_volume_m3"]
        densest = columns("stands").loc["volume_m3_ha", "max"]
        faults["volume_missing"] = timber & volume.isna()
        if "species_group" in known:
            faults["species_missing"] = timber & volume.gt(0) & known["species_group"].isna()
        faults["stock_negative"] = volume.lt(0)
        faults["stock_impossible"] = volume > densest * known["area_ha"]
    elif empty:
        remarks["volume_unknown"] = timber
    closure = known.get("canopy_closure", pd.Series(np.nan, index=known.index))
    remarks["canopy_missing"] = timber & closure.isna()
    remarks["canopy_open"] = timber & closure.lt(constant("canopy_forest_min"))
    remarks["belts_exceed"] = _belts_and_trees_ha(known).gt(known["area_ha"])
    difference = _registered_difference(known)
    if abs(difference) > AREA_TOLERANCE:
        derived = "forest_volume_m3" in known and "forest_volume_m3" not in stands
        everywhere = pd.Series(data=True, index=known.index)
        (faults if derived else remarks)["area_differs"] = everywhere
    value = {"area_differs": f"{difference * 100.0:+.1f}"}
    problems = _rows_of(faults, value, place)
    if problems:
        raise TableError(problems)
    return stands, _rows_of(remarks, value, place)


def _belts_and_trees_ha(stands: pd.DataFrame) -> pd.Series:
    """Sum the shelterbelt and four-side area recorded on each parcel."""
    nothing = pd.Series(0.0, index=stands.index)
    belt = shelterbelt_area(
        stands.get("belt_length_m", nothing), stands.get("belt_width_m", nothing)
    )
    trees = stands.get("scattered_trees", nothing).where(
        stands.get("scattered_type", nothing).eq(FOUR_SIDE), 0.0
    )
    return belt.fillna(0.0) + four_side_area(trees.fillna(0.0))


def _twice(stands: gpd.GeoDataFrame) -> pd.Series:
    """Tell the stands whose key and shape came before."""
    same_key = stands["stand_id"].duplicated(keep=False)
    shapes = stands.geometry[same_key].to_wkb()
    return stands.assign(shape=shapes).duplicated(["stand_id", "shape"]) & same_key


def _registered_difference(stands: pd.DataFrame) -> float:
    """Compare registered with measured area: their ratio minus one, 0 where there is none."""
    if "registered_area_ha" not in stands or not stands["registered_area_ha"].notna().any():
        return 0.0
    given = stands["registered_area_ha"].notna()
    return stands["registered_area_ha"].sum() / stands.loc[given, "area_ha"].sum() - 1.0


def _rows_of(found: dict[str, pd.Series], value: dict[str, str], place: dict) -> list[Problem]:
    """Turn the rows of each finding into a problem, where there are any."""
    return [
        Problem(code, rows=first_rows(rows.index[rows]), count=int(rows.sum()),
                value=value.get(code, ""), **place)
        for code, rows in found.items()
        if rows.any()
    ]  # fmt: skip


def check_extent(stands: pd.DataFrame, land_area_ha: float | None, *, file: str) -> list[Problem]:
    """
    Compare the area of an inventory with the land area of its place.

    Parameters
    ----------
    stands : DataFrame
        With ``area_ha`` (ha).
    land_area_ha : float or None
        Land area of the place; without it there is nothing to compare.
    file : str
        Name of the inventory for the message.

    Returns
    -------
    notes : list of Problem
        Where the inventory covers less than 98 % of the land: the rest counts as no forest.

    Raises
    ------
    TableError
        If the stands add up to more than 101 % of the land: some overlap or lie outside.
    """
    if not land_area_ha:
        return []
    share = stands["area_ha"].sum() / land_area_ha
    found = {"file": file, "value": f"{share * 100.0:.1f}"}
    if share > EXCEEDS:
        raise TableError(Problem("inventory_exceeds", **found))
    return [Problem("inventory_partial", **found)] if share < COVERS else []


def check_place(layers: dict[str, tuple[float, float, float, float]], reference: str) -> None:
    """
    Refuse layers that do not touch the extent of the reference layer.

    Parameters
    ----------
    layers : dict
        File name to extent (west, south, east, north) in degrees.
    reference : str
        The file whose extent is the place.

    Raises
    ------
    CRSError
        Naming every layer that lies elsewhere, with both extents.
    """
    west, south, east, north = layers[reference]
    problems = []
    for file, (left, bottom, right, top) in layers.items():
        if right < west or left > east or top < south or bottom > north:
            problems.append(
                Problem(
                    "no_overlap",
                    file=file,
                    value=f"{left:.3f}–{right:.3f}, {bottom:.3f}–{top:.3f}",
                    rule=f"{reference}: {west:.3f}–{east:.3f}, {south:.3f}–{north:.3f}",
                )
            )
    if problems:
        raise CRSError(problems)


def extent_deg(layer: gpd.GeoDataFrame) -> tuple[float, float, float, float]:
    """Return the extent of a layer (west, south, east, north) in degrees."""
    box = gpd.GeoSeries([shapely.box(*layer.total_bounds)], crs=layer.crs)
    if layer.crs.is_projected:
        box = box.segmentize((layer.total_bounds[2] - layer.total_bounds[0] + 1.0) / 16.0)
    return tuple(box.to_crs(STORE_CRS).total_bounds)


def assign_towns(
    stands: gpd.GeoDataFrame, towns: gpd.GeoDataFrame, *, file: str
) -> tuple[gpd.GeoDataFrame, list[Problem]]:
    """
    Make sure every stand has the code of one of the towns.

    Parameters
    ----------
    stands : GeoDataFrame
        With ``town_code`` when the inventory gives it.
    towns : GeoDataFrame
        With ``town_code`` and geometry.
    file : str
        Name of the inventory file for the message.

    Returns
    -------
    stands : GeoDataFrame
        With ``town_code``. Where the inventory gives none, the town that holds a point inside
        the stand; missing where there is no such town.
    notes : list of Problem
        Stands that belong to no town, and stands that lie outside the town of their code.

    Raises
    ------
    TableError
        If a town code is not one of the towns.
    """
    given = stands.get("town_code", pd.Series(None, index=stands.index, dtype=object))
    unknown = given.notna() & ~given.isin(towns["town_code"])
    if unknown.any():
        raise TableError(
            Problem("town_unknown", file=file, field="town_code", count=int(unknown.sum()),
                    rows=first_rows(stands.index[unknown]),
                    value=", ".join(sorted(given[unknown].unique())[:5]))
        )  # fmt: skip
    points = stands.geometry.representative_point().to_crs(towns.crs)
    # towns are prepared when they ask for points, and not when points ask for towns
    town, point = points.sindex.query(towns.geometry, predicate="intersects")
    found = pd.Series(towns["town_code"].to_numpy()[town], index=points.index[point])
    found = found[~found.index.duplicated()].reindex(stands.index)
    elsewhere = given.notna() & given.ne(found)
    given = given.fillna(found)
    homeless = given.isna()
    notes = []
    if elsewhere.any():
        notes.append(
            Problem("town_elsewhere", file=file, rows=first_rows(stands.index[elsewhere]),
                    count=int(elsewhere.sum()))
        )  # fmt: skip
    if homeless.any():
        notes.append(
            Problem("stand_without_town", file=file, rows=first_rows(stands.index[homeless]),
                    count=int(homeless.sum()))
        )  # fmt: skip
    return stands.assign(town_code=given), notes


def check_unique(tables: list[pd.DataFrame], column: str, files: list[str]) -> None:
    """
    Refuse a record whose number came before, in the same file or in another one.

    Raises
    ------
    TableError
        Naming the file and the numbers.
    """
    seen: set[str] = set()
    problems = []
    for table, file in zip(tables, files, strict=True):
        again = table[column].duplicated() | table[column].isin(seen)
        if again.any():
            value = ", ".join(table.loc[again, column].astype(str).head(3))
            problems.append(
                Problem("number_twice", file=file, field=column, value=value,
                        rows=first_rows(table.index[again]), count=int(again.sum()))
            )  # fmt: skip
        seen |= set(table[column])
    if problems:
        raise TableError(problems)
