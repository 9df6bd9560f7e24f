"""
What lay under projects at the start: ground that counts elsewhere is not credited to them.

A planting is credited on ground that was no forest, the improvement of a forest on ground that
had trees. The inventory before the project tells which; what is taken off is listed.
"""

from collections.abc import Mapping
from typing import NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from .coverage import counted_parts
from .flows import land_category
from .geometry import STORE_CRS, ellipsoidal_area_ha
from .parameters import constant
from .project_owners import Owned
from .topology import intersections

IMPROVEMENT = "improvement"
# forest land on which no trees grow; works there are plantings
TREELESS = ("unstocked", "cutover", "burned", "unstocked_other", "nursery", "auxiliary")
DEDUCTIONS = ["project_id", "project_type", "reason", "other_id", "area_ha", "is_taken_off"]
# carbon that stands on the ground of a parcel; scattered and four-side trees may be kept
STANDING = ["carbon_t", "sparse_carbon_t"]


class Credited(NamedTuple):
    """
    Ground that is credited to projects, and what is taken off.

    ``ground`` stands on the index of the projects, see ``credited_ground``; ``deductions`` has
    the columns of ``project_deductions`` in ``data/columns.csv``, the sink aside.
    """

    ground: pd.DataFrame
    deductions: pd.DataFrame


def ground_of(ground: gpd.GeoDataFrame, stands: gpd.GeoDataFrame) -> pd.DataFrame:
    """
    Lay the ground of projects over the parcels of an inventory.

    Parameters
    ----------
    ground : GeoDataFrame
        Polygons of projects; rows may have none.
    stands : GeoDataFrame
        Valid polygons of parcels.

    Returns
    -------
    pieces : DataFrame
        ``project`` and ``stand`` (labels of both) and ``ground_ha``, hectares on the ellipsoid.
        Pieces up to ``topology_noise_ha`` are left out.

    Examples
    --------
    >>> cells = [shapely.box(west, 29.5, west + 0.01, 29.51) for west in (105.5, 105.51)]
    >>> stands = gpd.GeoDataFrame(geometry=cells, index=["s1", "s2"], crs="EPSG:4490")
    >>> works = gpd.GeoDataFrame(geometry=[shapely.box(105.505, 29.5, 105.52, 29.51)],
    ...                          index=["p"], crs="EPSG:4490")
    >>> ground_of(works, stands).round(2).values.tolist()
    [['p', 's1', 53.74], ['p', 's2', 107.48]]
    """
    own = np.asarray(ground.geometry.to_crs(STORE_CRS).array)
    parcels = np.asarray(stands.geometry.to_crs(STORE_CRS).array)
    project, stand = shapely.STRtree(parcels).query(own, predicate="intersects")
    pieces = gpd.GeoSeries(intersections(own[project], parcels[stand]), crs=STORE_CRS)
    area = ellipsoidal_area_ha(pieces).to_numpy()
    real = area > constant("topology_noise_ha")
    return pd.DataFrame({
        "project": ground.index[project[real]],
        "stand": stands.index[stand[real]],
        "ground_ha": area[real],
    })  # fmt: skip


def is_forest(forest_type: pd.Series) -> pd.Series:
    """
    Tell which parcels are forest already, so that a planting on them is none.

    Notes
    -----
    These are the kinds that count as forest by the forestry rule of ``data/coverage_rules.csv``:
    arbor, bamboo, economic and special shrub forest, whatever rule the report follows, because
    the inventory counts their carbon. Sparse woodland, other shrub, young plantations, cutover
    and burned land are not forest here: they may be planted, and what stood on them is
    vegetation of the baseline.

    Examples
    --------
    >>> is_forest(pd.Series(["arbor", "bamboo", "young_planted", "cutover"])).tolist()
    [True, True, False, False]
    """
    return forest_type.isin(counted_parts("forestry").index)


def has_trees(forest_type: pd.Series) -> pd.Series:
    """
    Tell which parcels have trees or shrub that works can improve.

    Notes
    -----
    Forest land by ``flows.land_category`` without that on which nothing grows: young
    plantations and sparse woodland are tended and restored too.

    Raises
    ------
    ParameterError
        If a kind of land has no category.

    Examples
    --------
    >>> has_trees(pd.Series(["arbor", "young_planted", "sparse", "cutover", "cropland"])).tolist()
    [True, True, True, False, False]
    """
    return land_category(forest_type).eq("forest") & ~forest_type.isin(TREELESS)


def checked_years(start_year: pd.Series, years: list[int]) -> pd.Series:
    """
    Return the inventory that tells what lay under each project at the start.

    Parameters
    ----------
    start_year : Series
        Years in which the projects began.
    years : list of int
        Years of the inventories.

    Returns
    -------
    checked_year : Series of Int64
        The latest year before the project, else the year of its start; missing where every
        inventory is later.

    Examples
    --------
    >>> checked_years(pd.Series([2019, 2020, 2025, 2030]), [2020, 2025]).tolist()
    [<NA>, 2020, 2020, 2025]
    """
    found = pd.Series(pd.NA, index=start_year.index, dtype="Int64")
    for year in sorted(years):
        found = found.mask(start_year.gt(year) | (found.isna() & start_year.eq(year)), year)
    return found


def credited_ground(
    projects: pd.DataFrame,
    owned: Owned,
    pieces: Mapping[int, pd.DataFrame],
    stands: Mapping[int, pd.DataFrame],
    tree_cover_ha: pd.Series | None = None,
) -> Credited:
    """
    Find the hectares of each project that count nowhere else.

    Parameters
    ----------
    projects : DataFrame
        With ``project_id``, ``project_type``, ``method``, ``start_year`` and ``done_ha`` (ha).
    owned : Owned
        As ``project_owners.own_ground`` returns it for these projects.
    pieces : mapping of int to DataFrame
        As ``ground_of`` returns them for ``owned.ground``, by the year of the inventory.
    stands : mapping of int to DataFrame
        The inventories, with ``forest_type``, ``area_ha`` (ha) and, where carbon is known,
        ``carbon_t`` and ``sparse_carbon_t`` (t C).
    tree_cover_ha : Series, optional
        Tree cover at the start inside the owned ground, by land cover, on the index of the
        projects; missing where no map is of the start.

    Returns
    -------
    credited : Credited
        ``ground`` has the columns of ``owned.ground`` but its polygons, and ``checked_year``
        (the inventory that tells the ground at the start, missing where none does),
        ``inventory_ha`` (owned ground that its parcels cover), ``forest_before_ha``,
        ``not_forest_before_ha``, ``creditable_share`` (1), ``credited_ha`` and
        ``carbon_before_t_ha`` (t C on a hectare of credited ground; missing where not known).

    Notes
    -----
    Of the polygon the ground counts that the project owns inside the place, and that was the
    right one at the start: not forest (``is_forest``) for plantings, ground with trees
    (``has_trees``) for improvements. The share that counts is applied to ``done_ha``, at most
    the area of the polygon; so are the deductions, and what is credited and what is taken off
    add up. Projects without a polygon are credited with all of ``done_ha``.

    An inventory after the start shows the planting itself, so projects older than all
    inventories are not held against any: tree cover at the start is taken off instead. Where
    an inventory tells the ground, tree cover beyond its forest is told and not taken off.
    Ground without a parcel is no forest.

    Examples
    --------
    See ``tests/test_project_ground.py``: a planting that half lies on bamboo.
    """
    ground = pd.DataFrame(owned.ground.drop(columns="geometry"))
    placed, owned_ha = ground["has_polygon"], ground["owned_ha"]
    start_year = projects["start_year"].astype(float).where(placed)
    ground["checked_year"] = checked_years(start_year, list(stands))
    improves = projects["method"].eq(IMPROVEMENT)
    under = _under(ground["checked_year"], pieces, stands)
    ground["inventory_ha"] = under["inventory_ha"]
    ground["forest_before_ha"] = np.minimum(under["forest_ha"], owned_ha)
    bare = owned_ha - under["trees_ha"]
    ground["not_forest_before_ha"] = bare.mask(bare <= constant("topology_noise_ha"), 0.0)
    wrong = ground["not_forest_before_ha"].where(improves, ground["forest_before_ha"])
    cover = _tree_cover(ground, tree_cover_ha).where(~improves, 0.0)
    right = (owned_ha - wrong.fillna(cover)).clip(lower=0.0)
    right = right.mask(right <= constant("topology_noise_ha"), 0.0)
    standing = under["trees_t"].where(improves, under["open_t"])
    counted = projects["done_ha"].clip(upper=ground["project_area_ha"].fillna(np.inf))
    share = (right / ground["project_area_ha"]).where(placed, 1.0)
    ground = ground.assign(
        creditable_share=share,
        credited_ha=counted * share,
        carbon_before_t_ha=(standing / right).where(right > 0.0),
    )
    taken = {
        "outside_place": ground["outside_ha"],
        "inventory_forest": wrong.mask(improves),
        "not_forest": wrong.where(improves),
        "land_cover_trees": cover,
    }
    return Credited(ground, _deductions(projects, ground, taken, counted, owned.losses))


def _under(
    checked_year: pd.Series, pieces: Mapping[int, pd.DataFrame], stands: Mapping[int, pd.DataFrame]
) -> pd.DataFrame:
    """
    Sum what the checked inventory says of each project; missing where none is.

    Returns
    -------
    under : DataFrame
        ``inventory_ha``, ``forest_ha`` and ``trees_ha`` (ground under parcels, under forest and
        under what can be improved), and the carbon that stands on ground of trees and on ground
        without forest, ``trees_t`` and ``open_t``.
    """
    names = ["inventory_ha", "forest_ha", "trees_ha", "trees_t", "open_t"]
    under = pd.DataFrame(0.0, index=checked_year.index, columns=names)
    under = under.mask(checked_year.isna())
    for year, layer in stands.items():
        mine = checked_year.index[checked_year.eq(year).fillna(value=False)]
        rows = pieces[year]
        rows = rows[rows["project"].isin(mine)]
        found = layer.reindex(columns=["forest_type", "area_ha", *STANDING]).loc[rows["stand"]]
        area = rows["ground_ha"].to_numpy()
        carbon = (found[STANDING].sum(axis=1, skipna=False) / found["area_ha"]).to_numpy() * area
        forest = is_forest(found["forest_type"]).to_numpy()
        trees = has_trees(found["forest_type"]).to_numpy()
        sums = (area, np.where(forest, area, 0.0), np.where(trees, area, 0.0),
                np.where(trees, carbon, 0.0), np.where(forest, 0.0, carbon))  # fmt: skip
        row = under.index.get_indexer(rows["project"])
        for name, values in zip(names, sums, strict=True):  # unknown carbon stays unknown
            under[name] += np.bincount(row, values, minlength=len(under))
    return under


def _tree_cover(ground: pd.DataFrame, tree_cover_ha: pd.Series | None) -> pd.Series:
    """Return tree cover at the start that no inventory told as forest."""
    if tree_cover_ha is None:
        return pd.Series(0.0, index=ground.index)
    cover = np.minimum(tree_cover_ha.reindex(ground.index), ground["owned_ha"])
    return (cover - ground["forest_before_ha"].fillna(0.0)).clip(lower=0.0).fillna(0.0)


def _deductions(
    projects: pd.DataFrame,
    ground: pd.DataFrame,
    taken: Mapping[str, pd.Series],
    counted_ha: pd.Series,
    losses: pd.DataFrame,
) -> pd.DataFrame:
    """List what is taken off, scaled as the area that counts is to that of the polygon."""
    rows = [losses.assign(reason="project")]
    for reason, area in taken.items():
        rows.append(pd.DataFrame({"project_id": ground["project_id"], "other_id": "",
                                  "area_ha": area, "reason": reason}))  # fmt: skip
    rows = pd.concat(rows, ignore_index=True)
    by_id = pd.DataFrame({
        "project_type": projects["project_type"],
        "scale": counted_ha / ground["project_area_ha"],
        "unchecked": ground["checked_year"].isna(),
    }).set_axis(ground["project_id"])  # fmt: skip
    mine = by_id.loc[rows["project_id"]].set_axis(rows.index)
    rows["area_ha"] *= mine["scale"]
    rows["is_taken_off"] = rows["reason"].ne("land_cover_trees") | mine["unchecked"]
    rows["project_type"] = mine["project_type"]
    rows = rows.loc[rows["area_ha"] > 0.0, DEDUCTIONS]
    return rows.sort_values(["project_id", "reason", "other_id"], ignore_index=True)


def four_side_repeats(
    records: pd.DataFrame, ground: gpd.GeoDataFrame, stands: gpd.GeoDataFrame | None = None
) -> pd.DataFrame:
    """
    Tell which records of four-side planting repeat ground that is counted elsewhere.

    Parameters
    ----------
    records : DataFrame or GeoDataFrame
        Where known ``project_id``, and points or ``lon_deg`` and ``lat_deg`` (degrees).
    ground : GeoDataFrame
        Own ground of the projects, as ``own_ground`` returns it.
    stands : GeoDataFrame, optional
        An inventory with ``forest_type``.

    Returns
    -------
    repeats : DataFrame
        On the index of the records: ``is_repeated``, ``reason`` (``project`` for a record that
        bears the number of a project with a polygon or lies in the own ground of one,
        ``inventory_forest`` for one in a parcel of forest) and ``other_id``, the project. Texts
        are empty where nothing is repeated. Records without a place are believed.

    Examples
    --------
    >>> field = gpd.GeoDataFrame({"project_id": ["A1"], "has_polygon": True},
    ...                          geometry=[shapely.box(105.5, 29.5, 105.6, 29.6)], crs="EPSG:4490")
    >>> records = pd.DataFrame({"project_id": ["A1", None, None, None],
    ...                         "lon_deg": [None, 105.55, 105.7, None],
    ...                         "lat_deg": [None, 29.55, 29.55, None]})
    >>> four_side_repeats(records, field)["is_repeated"].tolist()
    [True, True, False, False]
    """
    points = _points(records)
    named = records.get("project_id", pd.Series(index=records.index, dtype=object))
    ground = ground[ground["has_polygon"]].sort_values("project_id")
    ids = ground["project_id"].to_numpy(dtype=object)
    within = _first_around(points, ground)
    other = named.where(named.isin(ids)).astype(object)
    other = other.fillna(pd.Series(np.append(ids, "")[within], index=records.index)).fillna("")
    reason = pd.Series(np.where(other.ne(""), "project", ""), index=records.index)
    if stands is not None:
        forest = _first_around(points, stands[is_forest(stands["forest_type"])]) >= 0
        reason = reason.mask(reason.eq("") & forest, "inventory_forest")
    return pd.DataFrame({"is_repeated": reason.ne(""), "reason": reason, "other_id": other})


def _points(records: pd.DataFrame) -> np.ndarray:
    """Return the points of records in degrees; None where there is no place."""
    points = np.full(len(records), None, dtype=object)
    if "geometry" in records:
        given = gpd.GeoSeries(records["geometry"])
        given = given.set_crs(STORE_CRS) if given.crs is None else given.to_crs(STORE_CRS)
        points = np.array(given.array, dtype=object)
    if {"lon_deg", "lat_deg"} <= set(records):
        at = records[["lon_deg", "lat_deg"]].to_numpy(dtype=float)
        said = shapely.is_missing(points) & np.isfinite(at).all(axis=1)
        points[said] = shapely.points(at[said])
    return points


def _first_around(points: np.ndarray, layer: gpd.GeoDataFrame) -> np.ndarray:
    """Return the first polygon that holds each point, its border included; -1 for none."""
    shapes = np.asarray(layer.geometry.to_crs(STORE_CRS).array)
    point, holder = shapely.STRtree(shapes).query(points, predicate="intersects")
    found = np.full(len(points), len(shapes))
    np.minimum.at(found, point, holder)
    return np.where(found < len(shapes), found, -1)
