"""
Are the works there: tree cover gained between two dates, and forest in the inventory.

Tree cover seen by satellites is not forest land. It may be an orchard, a garden or a tall crop,
and a plantation is forest land years before a map shows its trees. So land cover and inventory
are asked side by side, and a verdict is a reason to go and look; it changes no figure.
"""

from collections.abc import Iterable, Mapping

import geopandas as gpd
import numpy as np
import pandas as pd
import xarray as xr

from .errors import CRSError, Problem, first_rows
from .geometry import STORE_CRS, ellipsoidal_area_ha, mean_width_m
from .grids import grid_of
from .landcover import cover_shown, transition_matrix
from .parameters import constant
from .tables import columns
from .zonal import Measure, class_area

COVER = ("tree_before_ha", "tree_after_ha", "tree_gain_ha", "shrub_gain_ha", "tree_loss_ha",
         "covered_ha")  # fmt: skip
FACTS = ("year_before", "year_after", "forest_before_ha", "forest_after_ha", "young_after_ha",
         "stock_before_m3", "stock_after_m3")  # fmt: skip
VERDICTS = ("verified", "partly", "not_seen", "too_young", "cannot_judge")
TO_VISIT = ("partly", "not_seen")
# works whose trees stay part of a parcel of other land: no forest parcel is no evidence there
BESIDE_PARCELS = ("shelterbelt", "corridor", "greening", "four_side")
IMPROVEMENT = "improvement"


def judging_dates(start_year: pd.Series, years: Iterable[int]) -> pd.DataFrame:
    """
    Choose the two dates of land cover between which each project began.

    Parameters
    ----------
    start_year : Series
        Year of each project's work.
    years : iterable of int
        Years of the land cover.

    Returns
    -------
    dates : DataFrame
        ``before_year``, the last year that is not after the start, and ``after_year``, the last
        year of all when it is after the start; missing where there is none. Index of the
        projects.

    Examples
    --------
    >>> judging_dates(pd.Series([2021, 2025, 2016]), [2018, 2020, 2025]).values.tolist()
    [[2020.0, 2025.0], [2025.0, nan], [nan, 2025.0]]
    """
    known = np.array(sorted(years), dtype=float)
    start = start_year.to_numpy(float, na_value=np.nan)
    place = np.searchsorted(known, start, side="right") - 1
    if not len(known):
        before = after = np.full(len(start), np.nan)
    else:
        before = np.where(place >= 0, known[place], np.nan)
        after = np.where(known[-1] > start, known[-1], np.nan)
    return pd.DataFrame({"before_year": before, "after_year": after}, start_year.index)


def cover_gains(matrix: pd.DataFrame, scheme_before: str, scheme_after: str) -> pd.DataFrame:
    """
    Tell what tree and shrub cover each project gained and lost between two dates.

    Parameters
    ----------
    matrix : DataFrame
        From ``landcover.transition_matrix`` with the ground of the projects as zones (ha).
    scheme_before, scheme_after : str
        Products of the two dates; they may have different legends.

    Returns
    -------
    gains : DataFrame
        Columns ``COVER`` (ha), a row for each zone: tree cover before and after; tree cover
        where none was before; shrub cover where neither trees nor shrubs were before; tree
        cover that was lost; ground that both maps cover.

    Notes
    -----
    A class that may hold trees, or none, as mixtures do, is neither gain nor loss. Clouds and
    filled cells cover nothing. A change of product shows changes that no tree made:
    ``transitions.comparison_notes`` tells it.

    Examples
    --------
    >>> rows = pd.MultiIndex.from_tuples([("A1", 10), ("A1", 40)], names=["zone", "before"])
    >>> matrix = pd.DataFrame([[3.0, 0.0, 1.0], [4.0, 2.0, 5.0]], rows, columns=[10, 20, 40])
    >>> cover_gains(matrix, "worldcover", "worldcover").loc["A1"].tolist()
    [4.0, 7.0, 4.0, 2.0, 1.0, 15.0]
    """
    trees, woody = cover_shown(scheme_before, matrix.index.get_level_values(-1))
    trees_after, woody_after = cover_shown(scheme_after, matrix.columns)
    had, had_not, bare = ((one[:, None]) for one in (trees == "yes", trees == "no", woody == "no"))
    has, has_not = (trees_after == "yes")[None, :], (trees_after == "no")[None, :]
    speaks = ((trees != "unclear") | (woody != "unclear"))[:, None]
    speaks_after = ((trees_after != "unclear") | (woody_after != "unclear"))[None, :]
    shrubs = (woody_after == "yes")[None, :] & ~has
    chosen = (had, has, had_not & has, bare & shrubs, had & has_not, speaks & speaks_after)
    hectares = matrix.to_numpy(float)
    parts = {
        name: np.where(cells, hectares, 0.0).sum(axis=1)
        for name, cells in zip(COVER, chosen, strict=True)
    }
    return pd.DataFrame(parts, matrix.index).groupby(level=0, sort=False).sum()


def project_cover(
    ground: gpd.GeoDataFrame, landcover: Mapping[int, xr.DataArray], measure: Measure = class_area
) -> pd.DataFrame:
    """
    Measure the cover that each project gained and lost on its own ground.

    Parameters
    ----------
    ground : GeoDataFrame
        ``project_id``, ``start_year`` and the polygons that each project owns, in EPSG:4490;
        rows without a polygon are left out.
    landcover : mapping of int to DataArray
        Classes of each year, with their product as ``attrs["scheme"]``.
    measure : callable
        What measures areas: ``zonal.class_area``, or the same with workers.

    Returns
    -------
    cover : DataFrame
        By ``project_id``: columns ``COVER`` (ha), ``before_year``, ``after_year`` as
        ``judging_dates`` gives them, and ``width_cells``, the mean width of the ground in cells
        of the coarser map. Projects without both dates have no cover.

    Raises
    ------
    CRSError
        If something has no coordinate reference system.
    FileError
        If a raster is rotated or does not hold whole numbers.
    """
    drawn = ground[~(ground.geometry.isna() | ground.geometry.is_empty)]
    drawn = drawn.set_index(drawn["project_id"].rename("project_id"))
    dates = judging_dates(drawn["start_year"], landcover)
    parts = [pd.DataFrame(columns=[*COVER, "width_cells"], dtype=float)]
    for (first, last), some in dates.dropna().groupby(["before_year", "after_year"]):
        before, after = landcover[int(first)], landcover[int(last)]
        shapes = drawn.geometry.loc[some.index]
        try:
            matrix = transition_matrix(before, after, shapes, measure=measure)
        except CRSError as error:  # this ground lies beside the maps
            if {one.code for one in error.problems} != {"landcover_no_overlap"}:
                raise
            continue
        cell_m = np.sqrt([grid_of(one).cell_area.row_m2.mean() for one in (before, after)]).max()
        width = mean_width_m(shapes, ellipsoidal_area_ha(shapes)) / cell_m
        gains = cover_gains(matrix, before.attrs["scheme"], after.attrs["scheme"])
        parts.append(gains.assign(width_cells=width))
    return dates.join(pd.concat([one for one in parts if len(one)] or parts))


def verify_projects(
    works: pd.DataFrame, cover: pd.DataFrame, inventory: pd.DataFrame, report_year: int
) -> tuple[pd.DataFrame, list[Problem]]:
    """
    Give each project a verdict by what land cover and inventory show on its ground.

    Parameters
    ----------
    works : DataFrame
        ``project_id``, ``project_type``, ``method``, ``town_code``, ``start_year``,
        ``credited_ha`` (ha) and ``owned_ha`` (ha of its own ground; missing without a polygon).
    cover : DataFrame
        From ``project_cover``; may be empty.
    inventory : DataFrame
        ``project_id`` and ``FACTS``: years of the inventories at the start and now, forest at
        both and young plantations now (ha), forest stock at both (m3); may be empty.
    report_year : int
        Year in which works without any evidence are as old as they are.

    Returns
    -------
    table : DataFrame
        Columns of ``project_verification`` in ``data/columns.csv``, in the order of the works.
        ``seen_pct`` is missing where neither source says anything.
    notes : list of Problem
        How many works were not wholly seen, and how many nothing can judge.

    Notes
    -----
    New forest is seen where tree or shrub cover was gained, or where the inventory has young
    plantations, or forest where none was before. Each source alone is evidence, so the larger
    counts. From ``verified_share_min`` of the credited area on it is verified: two maps of
    0.85 accuracy show 0.72 of a plantation that stands. Below ``partly_share_min`` it is not
    seen. Ground of which more than the rest was under trees on the earlier map could never be
    seen and has its own reason. Works younger than ``canopy_closure_yr`` when they were last
    looked at are too young to be missed.

    Work in standing forest gains no cover. It is verified where forest and its stock are still
    there, and where young or sparse ground became forest. That tells that the forest stands, not
    that it was tended.

    Land cover says nothing against ground narrower than ``cover_width_cells_min`` cells, or
    where it covers less than ``verified_share_min``. The inventory says nothing against belts
    and rows, whose trees stay part of other parcels. The values stand in
    ``data/constants.csv`` and are choices of this project.

    Examples
    --------
    >>> works = pd.DataFrame({"project_id": ["A1"], "project_type": ["afforestation"],
    ...     "method": ["planting"], "town_code": [""], "start_year": [2018],
    ...     "credited_ha": [10.0], "owned_ha": [10.0]})
    >>> cover = pd.DataFrame({"before_year": [2018.0], "after_year": [2025.0],
    ...     "tree_before_ha": [0.0], "tree_after_ha": [4.0], "tree_gain_ha": [4.0],
    ...     "shrub_gain_ha": [1.0], "tree_loss_ha": [0.0], "covered_ha": [10.0],
    ...     "width_cells": [16.0]}, index=["A1"])
    >>> table, _ = verify_projects(works, cover, pd.DataFrame({"project_id": []}), 2025)
    >>> table[["seen_pct", "evidence", "verdict", "reason"]].values.tolist()
    [[50.0, 'land_cover', 'partly', 'trees_missing']]
    """
    rows = works.reset_index(drop=True)
    ids = rows["project_id"]
    names = [*COVER, "before_year", "after_year", "width_cells"]
    seen = cover.reindex(columns=names).astype(float)
    facts = inventory.set_index("project_id").reindex(columns=FACTS).astype(float)
    rows = rows.join(pd.concat([
        seen.reindex(ids).set_axis(rows.index), facts.reindex(ids).set_axis(rows.index)
    ], axis=1))  # fmt: skip
    improves = rows["method"].eq(IMPROVEMENT)
    by_cover, by_inventory = _cover_shares(rows, improves), _inventory_shares(rows, improves)
    shares = pd.concat([by_cover["share"], by_inventory["share"]], axis=1)
    # new forest needs one witness; standing forest must be missed by none
    share = shares.max(axis=1).where(~improves, shares.min(axis=1))
    share = share.where(rows["credited_ha"].gt(0.0) & rows["owned_ha"].gt(0.0))
    judged = rows.assign(
        share=share, improves=improves, judges=by_cover["judges"] | by_inventory["judges"],
        maps=by_cover["judges"], fell=rows["stock_after_m3"].lt(rows["stock_before_m3"])
        & by_inventory["judges"],
    )  # fmt: skip
    told = _evidence(shares.notna() & share.notna().to_numpy()[:, None])
    verdict, reason = _verdicts(judged, report_year)
    found = rows.assign(
        forest_in_inventory_ha=_recorded_ha(rows, improves), seen_pct=share * 100.0,
        evidence=told, verdict=verdict, reason=reason,
    )  # fmt: skip
    table = found[list(columns("project_verification").index)]
    return table, _notes(table)


def _cover_shares(rows: pd.DataFrame, improves: pd.Series) -> pd.DataFrame:
    """Share of each project that land cover shows, and whether it could show its absence."""
    enough, owned = constant("verified_share_min"), rows["owned_ha"]
    covered = rows["covered_ha"].ge(enough * owned)
    wide = rows["width_cells"].ge(constant("cover_width_cells_min"))
    wooded = rows["tree_before_ha"].ge(enough * owned)
    judges = covered & wide & (~improves | wooded)
    gained = (rows["tree_gain_ha"] + rows["shrub_gain_ha"]) / rows["credited_ha"]
    kept = 1.0 - rows["tree_loss_ha"] / rows["tree_before_ha"]
    share = gained.where(~improves, kept.where(judges)).clip(0.0, 1.0)
    return pd.DataFrame({"share": share.where(judges | share.gt(0.0)), "judges": judges})


def _inventory_shares(rows: pd.DataFrame, improves: pd.Series) -> pd.DataFrame:
    """Share of each project that the inventory shows, and whether it could show its absence."""
    dated = rows["year_after"].gt(rows["start_year"])
    had = rows["forest_before_ha"].where(rows["year_before"].le(rows["start_year"]))
    forest, credited = rows["forest_after_ha"], rows["credited_ha"]
    # young and sparse ground that is treated becomes forest sooner or later: that it has is told
    closed = had.eq(0.0) & forest.ge(constant("verified_share_min") * credited)
    judges = dated & forest.notna() & ~rows["project_type"].isin(BESIDE_PARCELS)
    judges &= ~improves | had.gt(0.0) | closed
    planted = _recorded_ha(rows, improves).where(dated) / credited
    kept = (forest / had.mask(closed, credited)).where(judges)
    share = planted.where(~improves, kept).clip(0.0, 1.0)
    return pd.DataFrame({"share": share.where(judges | share.gt(0.0)), "judges": judges})


def _recorded_ha(rows: pd.DataFrame, improves: pd.Series) -> pd.Series:
    """Forest and young plantations that the inventory has and that the project may have made."""
    had = rows["forest_before_ha"].where(rows["year_before"].le(rows["start_year"]), 0.0)
    new = (rows["forest_after_ha"] - had.fillna(0.0)).clip(lower=0.0)
    planted = new.add(rows["young_after_ha"], fill_value=0.0)
    return planted.where(~improves, rows["forest_after_ha"])


def _evidence(speaks: pd.DataFrame) -> np.ndarray:
    """Name what had something to say of each project."""
    cover, inventory = speaks.to_numpy().T
    cases = [cover & inventory, cover, inventory]
    return np.select(cases, ["both", "land_cover", "inventory"], "none")


def _verdicts(rows: pd.DataFrame, report_year: int) -> tuple[np.ndarray, np.ndarray]:
    """Give each project its verdict and the reason for it; the first case that fits counts."""
    enough, least = constant("verified_share_min"), constant("partly_share_min")
    share, improves, judges = rows["share"], rows["improves"], rows["judges"]
    start = rows["start_year"]
    looks = rows[["after_year", "year_after"]]
    looked = looks.where(looks.gt(start, axis=0)).max(axis=1).fillna(report_year)
    young = (looked - start).lt(constant("canopy_closure_yr")) & ~improves
    seen = share.ge(enough)
    wooded = rows["maps"] & rows["tree_before_ha"].gt((1.0 - enough) * rows["owned_ha"])
    below = np.where(share.ge(least), "partly", "not_seen")
    narrow = rows["width_cells"].lt(constant("cover_width_cells_min"))
    cases = [
        (rows["owned_ha"].isna(), "cannot_judge", "no_polygon"),
        (~(rows["credited_ha"].gt(0.0) & rows["owned_ha"].gt(0.0)), "cannot_judge",
         "nothing_credited"),
        (improves & seen & rows["fell"], "partly", "stock_fell"),
        (improves & seen, "verified", "forest_kept"),
        (seen, "verified", "trees_seen"),
        (improves & judges, below, "forest_lost"),
        (improves, "cannot_judge", "no_evidence"),
        (wooded, below, "trees_before"),
        (young, "too_young", "canopy_open"),
        (judges, below, "trees_missing"),
        (narrow, "cannot_judge", "too_narrow"),
    ]  # fmt: skip
    where = [case.to_numpy(bool) for case, _, _ in cases]
    verdict = np.select(where, [name for _, name, _ in cases], "cannot_judge")
    return verdict, np.select(where, [reason for _, _, reason in cases], "no_evidence")


def _notes(table: pd.DataFrame) -> list[Problem]:
    """Tell how many works were not wholly seen, and how many nothing can judge."""
    notes = []
    for code, verdicts in (("works_not_seen", TO_VISIT), ("works_not_judged", ("cannot_judge",))):
        some = table[table["verdict"].isin(verdicts)]
        if len(some):
            hectares = f"{some['credited_ha'].sum():,.1f}"
            notes.append(
                Problem(code, rows=first_rows(some["project_id"]), count=len(some), value=hectares)
            )
    return notes


def project_visits(
    table: pd.DataFrame, ground: gpd.GeoDataFrame, towns: pd.DataFrame
) -> gpd.GeoDataFrame:
    """
    List the works to visit: those of which land cover and inventory show only part or nothing.

    Parameters
    ----------
    table : DataFrame
        From ``verify_projects``.
    ground : GeoDataFrame
        ``project_id``, the polygons that the projects own, and ``project_name`` where known.
    towns : DataFrame
        With ``town_code`` and ``town_name``.

    Returns
    -------
    visits : GeoDataFrame
        Columns of ``project_visits`` in ``data/columns.csv`` with the polygons in EPSG:4490;
        largest ``unseen_ha`` first, ties by ``project_id``.

    Notes
    -----
    Works are listed from ``visit_area_min_ha`` unseen hectares on, as parcels are. ``unseen_ha``
    is the credited area less the share of it that was seen.
    """
    some = table[table["verdict"].isin(TO_VISIT)]
    unseen = some["credited_ha"] * (1.0 - some["seen_pct"] / 100.0)
    found = some.assign(
        unseen_ha=unseen.where(some["reason"].ne("stock_fell"), some["credited_ha"])
    )
    found = found[found["unseen_ha"].ge(constant("visit_area_min_ha"))]
    found = found.sort_values(["unseen_ha", "project_id"], ascending=[False, True])
    drawn = ground.set_index("project_id")
    polygons = drawn.geometry.reindex(found["project_id"]).to_crs(STORE_CRS)
    inside = polygons.representative_point()
    names = drawn["project_name"] if "project_name" in drawn else pd.Series(dtype=object)
    found = found.assign(
        rank=np.arange(1, len(found) + 1),
        project_name=found["project_id"].map(names),
        town_name=found["town_code"].map(towns.set_index("town_code")["town_name"]),
        lon_deg=inside.x.to_numpy(),
        lat_deg=inside.y.to_numpy(),
    )
    order = list(columns("project_visits").index)
    return gpd.GeoDataFrame(found[order], geometry=polygons.to_numpy(), crs=STORE_CRS)
