"""Inventory against land cover: where the two agree, and which parcels to look at in the field."""

from collections.abc import Iterable

import geopandas as gpd
import numpy as np
import pandas as pd

from .geometry import STORE_CRS
from .landcover import classes, cover_shown
from .parameters import constant
from .summary import WHOLE_PLACE
from .tables import columns, read_data

# what a map should show on a parcel, see ``data/expected_cover.csv``
EXPECTED = ("trees", "woody", "not_closed", "open", "either")
FOREST = ("trees", "woody")
# why a parcel is to be visited, by what was expected there
VISITS = {
    "trees": "forest_without_trees",
    "woody": "forest_without_trees",
    "open": "trees_outside_forest",
    "not_closed": "young_looks_closed",
}
COUNTED = ("arbor_ha", "bamboo_ha", "special_shrub_ha")
RECORDED = ("shelterbelt_ha", "four_side_ha")
COVERS = ("tree_cover_ha", "shrub_cover_ha", "other_ha", "unclear_ha", "no_data_ha")
VERDICTS = ("agreeing_ha", "disagreeing_ha", "undecided_ha")
# share of a parcel below which an area is dust of the arithmetic, not land
DUST = 1e-6


def near_year(year: int, years: Iterable[int]) -> int | None:
    """
    Return the year of the land cover that an inventory is compared with.

    Parameters
    ----------
    year : int
        Year of the inventory.
    years : iterable of int
        Years of the land cover.

    Returns
    -------
    near : int or None
        The nearest year, the later of two equally near; none where the nearest is further
        than ``landcover_years_apart_max`` of ``data/constants.csv``.

    Examples
    --------
    >>> near_year(2020, [2018, 2021]), near_year(2020, [2019, 2021]), near_year(2025, [2020])
    (2021, 2021, None)
    """
    near = min(years, key=lambda one: (abs(one - year), -one), default=None)
    if near is None or abs(near - year) > constant("landcover_years_apart_max"):
        return None
    return near


def expected_cover(stands: pd.DataFrame) -> pd.Series:
    """
    Tell what a map should show on each stand.

    Parameters
    ----------
    stands : DataFrame
        With ``forest_type`` and the area counted by the coverage rule as ``arbor_ha``,
        ``bamboo_ha`` and ``special_shrub_ha`` (ha).

    Returns
    -------
    expected : Series
        Categories of ``EXPECTED``, on the index of the stands: ``trees``; ``woody`` (trees or
        shrubs); ``not_closed`` (forest land without closed trees); ``open``; ``either`` where
        a map of tree cover neither confirms nor contradicts the inventory.

    Notes
    -----
    ``data/expected_cover.csv`` gives the reason for each kind of land. Tree cover is not
    forest land: orchards and nurseries have trees and are no forest, sparse woodland and
    arbor forest with an open canopy may be mapped either way, a cut-over site is forest land
    and has no trees. Such stands are not held against the map, or only in one direction.

    Examples
    --------
    >>> stands = pd.DataFrame({"forest_type": ["arbor", "arbor", "cropland"],
    ...                        "arbor_ha": [2.0, 0.0, 0.0], "bamboo_ha": 0.0,
    ...                        "special_shrub_ha": 0.0})
    >>> expected_cover(stands).tolist()
    ['trees', 'either', 'open']
    """
    rules = read_data("expected_cover.csv").set_index("forest_type")
    counted = stands[list(COUNTED)].sum(axis=1) > 0
    kind = stands["forest_type"].astype("category")
    forest, other = (
        np.array([EXPECTED.index(rules.loc[one, name]) for one in kind.cat.categories], dtype=int)
        for name in ("counted", "not_counted")
    )
    codes = np.where(counted, forest[kind.cat.codes], other[kind.cat.codes])
    return pd.Series(pd.Categorical.from_codes(codes, EXPECTED), stands.index, name="expected")


def compare_stands(
    stands: pd.DataFrame, class_ha: pd.DataFrame, scheme: str, area_ha: pd.Series
) -> pd.DataFrame:
    """
    Compare each stand with the land cover in it.

    Parameters
    ----------
    stands : DataFrame
        With ``stand_id``, ``town_code``, ``forest_type`` and the areas counted by the
        coverage rule: ``COUNTED`` and ``RECORDED`` (ha).
    class_ha : DataFrame
        Hectares of each class in each stand, from ``zonal.class_area``; index of the stands.
    scheme : str
        Product of the classes.
    area_ha : Series
        Area of the stands measured as the classes are, on the ellipsoid (ha).

    Returns
    -------
    compared : DataFrame
        Columns of ``landcover_of_stands`` in ``data/columns.csv``, years aside, then
        ``class_<code>_ha`` for each class; index of the stands. The covers add up to
        ``area_ha``, and so do ``agreeing_ha``, ``disagreeing_ha``, ``undecided_ha`` and
        ``no_data_ha``.

    Notes
    -----
    The agreement is counted in hectares, by what is expected:

    - ``trees``: tree cover agrees, other classes disagree.
    - ``woody``: tree and shrub cover agree. Fruit trees and tall shrubs are mapped as one or
      the other, and a shrub stand that grew into trees is no loss of forest.
    - ``open`` and ``not_closed``: tree cover beyond the recorded shelterbelts and four-side
      trees disagrees, the rest agrees. Fewer trees than recorded do not disagree: rows of
      trees are narrower than the cells of a map.
    - ``either``: nothing is decided.

    Classes that are mixtures decide nothing where the mixture may hold the cover in question.
    Cells without data are counted apart and neither agree nor disagree. Stock and coverage
    never depend on this comparison.

    Examples
    --------
    >>> stands = pd.DataFrame({"stand_id": ["a"], "town_code": ["1"], "forest_type": ["arbor"],
    ...     "arbor_ha": [4.0], "bamboo_ha": 0.0, "special_shrub_ha": 0.0,
    ...     "shelterbelt_ha": 0.0, "four_side_ha": 0.0})
    >>> found = compare_stands(stands, pd.DataFrame({10: [2.0], 40: [1.0]}), "worldcover",
    ...                        pd.Series([4.0]))
    >>> found[["agreeing_ha", "disagreeing_ha", "no_data_ha"]].to_numpy().tolist()
    [[2.0, 1.0, 1.0]]
    """
    area, hectares = area_ha.to_numpy(float), class_ha.to_numpy(float)
    trees, woody = cover_shown(scheme, class_ha.columns)
    parts = {
        name: hectares[:, trees == what].sum(axis=1)
        for name, what in (("tree_cover_ha", "yes"), ("unclear_ha", "unclear"))
    }
    shrubs = (trees == "no") & (woody == "yes")
    parts["shrub_cover_ha"] = hectares[:, shrubs].sum(axis=1)
    with_data = hectares.sum(axis=1)
    parts["other_ha"] = hectares[:, (trees == "no") & ~shrubs].sum(axis=1)
    missing = area - with_data
    parts["no_data_ha"] = np.where(missing > DUST * area, missing, 0.0)
    expected = expected_cover(stands)
    measures = pd.DataFrame(
        {
            "area_ha": area, **parts,
            "tree_cover_pct": _pct(parts["tree_cover_ha"], with_data),
            "main_class": _largest(class_ha),
            **_verdicts(expected, stands, hectares, trees, woody),
        }, index=stands.index,
    )  # fmt: skip
    measures["agreement_pct"] = _agreement(measures)
    named = stands[["stand_id", "town_code", "forest_type"]].assign(expected=expected)
    found = pd.concat([named, measures], axis=1)
    order = [name for name in columns("landcover_of_stands").index if name in found]
    return pd.concat([found[order], class_ha.add_prefix("class_").add_suffix("_ha")], axis=1)


def _verdicts(
    expected: pd.Series,
    stands: pd.DataFrame,
    hectares: np.ndarray,
    trees: np.ndarray,
    woody: np.ndarray,
) -> dict[str, np.ndarray]:
    """Hectares of each stand that agree, disagree, and are not decided."""
    kind = expected.cat.codes.to_numpy()
    agreeing, disagreeing = np.zeros(len(kind)), np.zeros(len(kind))
    for name, shown in (("trees", trees), ("woody", woody)):
        mine = kind == EXPECTED.index(name)
        agreeing[mine] = hectares[mine][:, shown == "yes"].sum(axis=1)
        disagreeing[mine] = hectares[mine][:, shown == "no"].sum(axis=1)
    treeless = np.isin(kind, [EXPECTED.index("open"), EXPECTED.index("not_closed")])
    covered = hectares[treeless][:, trees == "yes"].sum(axis=1)
    recorded = stands.loc[treeless, list(RECORDED)].sum(axis=1).to_numpy()
    allowed = np.minimum(covered, recorded)
    disagreeing[treeless] = covered - allowed
    agreeing[treeless] = hectares[treeless][:, trees == "no"].sum(axis=1) + allowed
    undecided = hectares.sum(axis=1) - agreeing - disagreeing
    undecided = np.where(undecided > DUST * hectares.sum(axis=1), undecided, 0.0)
    return dict(zip(VERDICTS, (agreeing, disagreeing, undecided), strict=True))


def _largest(class_ha: pd.DataFrame) -> pd.arrays.IntegerArray:
    """Code of the class with the largest area in each stand; missing where there is no data."""
    if class_ha.empty:
        return pd.array([pd.NA] * len(class_ha), dtype="Int64")
    hectares = class_ha.to_numpy(float)
    first = hectares.argmax(axis=1)
    codes = class_ha.columns.to_numpy(dtype=np.int64)[first]
    return pd.arrays.IntegerArray(codes, hectares.max(axis=1) == 0)


def _pct(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    """Share in percent, missing where there is nothing to share."""
    return np.divide(part, whole, out=np.full(len(whole), np.nan), where=whole > 0) * 100.0


def _agreement(table: pd.DataFrame) -> np.ndarray:
    """Agreeing over decided area, percent."""
    agreeing = table["agreeing_ha"].to_numpy()
    return _pct(agreeing, agreeing + table["disagreeing_ha"].to_numpy())


def agreement_by_zone(compared: pd.DataFrame, towns: pd.DataFrame, place_name: str) -> pd.DataFrame:
    """
    Sum the comparison by town and for the whole place: expected cover by mapped cover.

    Parameters
    ----------
    compared : DataFrame
        From ``compare_stands``.
    towns : DataFrame
        With ``town_code`` and ``town_name``; may be empty.
    place_name : str
        Name of the whole place.

    Returns
    -------
    table : DataFrame
        Columns of ``landcover_agreement`` in ``data/columns.csv``, years aside: a row for each
        expected cover that occurs and one ``total``; towns in their order, then the whole
        place (empty ``zone``), which also holds stands without a town.

    Notes
    -----
    Two maps are compared, each with its errors. The table is not an assessment of the
    accuracy of either; that takes a reference sample, see ``accuracy``.
    """
    figures = ["area_ha", *COVERS, *VERDICTS]
    sums = compared.groupby(["town_code", "expected"], observed=True)[figures].sum()
    whole = compared.groupby("expected", observed=True)[figures].sum()
    parts = [(WHOLE_PLACE, place_name, whole)]
    present = sums.index.get_level_values(0)
    known = towns[towns["town_code"].isin(present)]
    parts[:0] = [
        (code, name, sums.loc[code])
        for code, name in zip(known["town_code"], known["town_name"], strict=True)
    ]
    rows = [
        pd.concat([part, part.sum().to_frame("total").T])
        .rename_axis("expected")
        .reset_index()
        .assign(zone=code, zone_name=name)
        for code, name, part in parts
    ]
    table = pd.concat(rows, ignore_index=True)
    table["agreement_pct"] = _agreement(table)
    return table[[name for name in columns("landcover_agreement").index if name in table]]


def parcels_to_visit(
    stands: gpd.GeoDataFrame, compared: pd.DataFrame, towns: pd.DataFrame, scheme: str
) -> gpd.GeoDataFrame:
    """
    List the parcels where inventory and land cover disagree most, for a visit in the field.

    Parameters
    ----------
    stands : GeoDataFrame
        Stands with ``land_class`` and, where known, ``forest_volume_m3`` (m3).
    compared : DataFrame
        From ``compare_stands`` on the same index.
    towns : DataFrame
        With ``town_code`` and ``town_name``.
    scheme : str
        Product of the land cover.

    Returns
    -------
    parcels : GeoDataFrame
        Columns of ``parcels_to_visit`` in ``data/columns.csv``, years aside, with the
        polygons; largest ``disagreeing_ha`` first, ties by ``stand_id``.

    Notes
    -----
    A parcel is listed when at least ``visit_area_min_ha`` disagree, and they are at least
    ``visit_share_min`` of its area with data; outside forest ``visit_open_share_min``, because
    a small wood in a large field is worth a look. The values stand in ``data/constants.csv``
    and are choices of this project.
    """
    with_data = (compared["area_ha"] - compared["no_data_ha"]).to_numpy()
    share = _pct(compared["disagreeing_ha"].to_numpy(), with_data)
    least = np.where(
        compared["expected"].eq("open"),
        constant("visit_open_share_min"),
        constant("visit_share_min"),
    )
    listed = share >= least * 100.0
    listed &= compared["disagreeing_ha"].ge(constant("visit_area_min_ha")).to_numpy()
    found = compared[listed].assign(disagreeing_pct=share[listed])
    found = found.sort_values(["disagreeing_ha", "stand_id"], ascending=[False, True])
    polygons = stands.loc[found.index].geometry.to_crs(STORE_CRS)
    inside = polygons.representative_point()
    names = classes(scheme).reindex(found["main_class"])
    found = found.assign(
        rank=np.arange(1, len(found) + 1),
        category=found["expected"].astype(object).map(VISITS),
        town_name=found["town_code"].map(towns.set_index("town_code")["town_name"]),
        land_class=stands["land_class"].reindex(found.index),
        main_name_zh=names["name_zh"].to_numpy(),
        main_name_en=names["name_en"].to_numpy(),
        lon_deg=inside.x,
        lat_deg=inside.y,
    )
    if "forest_volume_m3" in stands:
        volume = stands["forest_volume_m3"].reindex(found.index)
        found["forest_volume_m3"] = volume.where(found["expected"].isin(FOREST))
    order = [name for name in columns("parcels_to_visit").index if name in found]
    return gpd.GeoDataFrame(found[order], geometry=polygons)
