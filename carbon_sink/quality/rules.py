"""Rules that the figures of a stand have to keep; their texts are in ``data/quality_rules.csv``."""

from collections.abc import Callable
from functools import cache

import geopandas as gpd
import numpy as np
import pandas as pd

from .. import age_groups
from ..coverage import four_side_area, shelterbelt_area
from ..errors import Problem
from ..geometry import STORE_CRS
from ..inventory import (
    FOREST_STOCK,
    FOUR_SIDE,
    STOCK_FIELDS,
    TIMBER,
    add_forest_type,
    add_forest_volume,
)
from ..parameters import constant
from ..tables import columns, faulty, read_data

# kinds of land whose trees may be counted by volume, though not as forest stock
OTHER_TREES = (
    "bamboo", "bamboo_on_farmland", "economic_on_farmland", "shrub_special", "shrub_other",
    "economic_shrub", "young", "young_planted", "young_enclosed", "nursery", "wetland",
)  # fmt: skip
# the field of a file that a derived column comes from
FIELD_OF = {
    "species_group": "dominant_species", "class_group": "land_class",
    "belts_and_trees_ha": "belt_length_m",
}  # fmt: skip
# columns of which the field of the file says more than the group
SHOWN_AS = {"species_group": "dominant_species", "class_group": "land_class"}
# constants that the text of a rule names
LIMITS = {"stock_dense": "stock_dense_m3_ha", "change_year_outside": "change_years_back_max"}

Rule = Callable[[pd.DataFrame], pd.Series]
RULES: dict[str, Rule] = {}


def _rule(function: Rule) -> Rule:
    """Register a rule under its name, which is its code in the table."""
    RULES[function.__name__] = function
    return function


@cache
def rule_columns(code: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """
    Return the columns a rule needs, and those whose values it shows.

    Examples
    --------
    >>> rule_columns("stock_zero")
    (('forest_volume_m3',), ('forest_volume_m3', 'age_group', 'stand_age_yr'))
    """
    fields = read_data("quality_rules.csv").set_index("code").loc[code, "fields"].split()
    needed = tuple(name for name in fields if not name.endswith("?"))
    return needed, tuple(name.removesuffix("?") for name in fields)


def check_rules(
    stands: gpd.GeoDataFrame,
    *,
    place: dict[str, str],
    year: int | None = None,
    fields: dict[str, str] | None = None,
) -> list[Problem]:
    """
    Find the stands that break a rule; rules of the whole file are in ``WholeFile``.

    Parameters
    ----------
    stands : GeoDataFrame
        Stands under our names, all or part of a file, with ``class_group`` and ``area_ha``
        (ha). Rules about columns that are not there are left out.
    place : dict
        File and layer, for the messages.
    year : int, optional
        Year of the inventory.
    fields : dict, optional
        Our column name to the field of the file, for the messages.

    Returns
    -------
    problems : list of Problem
        One for each rule that is broken, with every row and its values.
    """
    known = prepared(stands, year)
    return [
        problem
        for code, function in RULES.items()
        if set(rule_columns(code)[0]) <= set(known)
        for problem in found_in(code, known, function(known), fields or {}, place)
    ]


def prepared(stands: pd.DataFrame, year: int | None = None) -> pd.DataFrame:
    """
    Add what the rules ask of stands: kind of forest, stock, belts, year of the inventory.

    Examples
    --------
    >>> stands = pd.DataFrame({"class_group": ["arbor"], "area_ha": 1.0, "volume_m3_ha": 50.0,
    ...                        "registered_area_ha": 2.0})
    >>> float(prepared(stands)["forest_volume_m3"].iloc[0])
    100.0
    """
    known = add_forest_volume(add_forest_type(stands))
    if year is not None:
        known = known.assign(inventory_year=year)
    return known.assign(belts_and_trees_ha=_belts_and_trees_ha(known))


def found_in(
    code: str, known: pd.DataFrame, broken: pd.Series, fields: dict, place: dict, rule: str = ""
) -> list[Problem]:
    """Tell the rows that break a rule, with their values of all columns that it is about."""
    if not broken.any():
        return []
    needed, shown = rule_columns(code)
    limit = LIMITS.get(code)
    rule = rule or (f"{constant(limit):g}" if limit else "")
    return faulty(
        code, broken, values_shown(known[broken], shown).reindex(broken.index),
        field=field_shown((*needed, *shown)[0], fields), rule=rule, **place,
    )  # fmt: skip


def field_shown(name: str, fields: dict[str, str]) -> str:
    """
    Return the field of the file that a column comes from; its own name where there is none.

    Examples
    --------
    >>> field_shown("forest_volume_m3", {"volume_m3_ha": "GQXJ"})
    'GQXJ'
    """
    name = FIELD_OF.get(name, name)
    if name not in fields and name == "forest_volume_m3":
        name = next((other for other in STOCK_FIELDS if other in fields), name)
    return fields.get(name, name)


def values_shown(known: pd.DataFrame, names: tuple[str, ...]) -> pd.Series:
    """
    Write the values of several columns side by side, a dash where there is none.

    Examples
    --------
    >>> stands = pd.DataFrame({"forest_volume_m3": [12.5], "class_group": ["cropland"]})
    >>> values_shown(stands, ("forest_volume_m3", "class_group")).tolist()
    ['12.5 / cropland']
    """
    texts = [
        pd.Series(
            ["—" if pd.isna(one) else f"{one:.10g}" if isinstance(one, float) else str(one)
             for one in known[name].tolist()],
            index=known.index, dtype=object,
        )
        for name in (_shown_column(known, name) for name in names)
        if name in known
    ]  # fmt: skip
    if not texts:
        return pd.Series("—", index=known.index, dtype=object)
    return texts[0].str.cat(texts[1:], sep=" / ") if len(texts) > 1 else texts[0]


def _shown_column(known: pd.DataFrame, name: str) -> str:
    return SHOWN_AS[name] if SHOWN_AS.get(name) in known else name


def _timber(stands: pd.DataFrame) -> pd.Series:
    return stands["forest_type"].isin(TIMBER)


def _of(stands: pd.DataFrame, name: str) -> pd.Series:
    """Return a column of numbers, or missing values where there is none."""
    if name not in stands:
        return pd.Series(np.nan, index=stands.index)
    return pd.to_numeric(stands[name], errors="coerce").astype(float)


def _belts_and_trees_ha(stands: pd.DataFrame) -> pd.Series:
    """Sum the shelterbelt and four-side area recorded on each parcel."""
    belt = shelterbelt_area(
        _of(stands, "belt_length_m").fillna(0.0), _of(stands, "belt_width_m").fillna(0.0)
    )
    kind = stands.get("scattered_type", pd.Series(index=stands.index, dtype=object))
    trees = _of(stands, "scattered_trees").where(kind.eq(FOUR_SIDE), 0.0).fillna(0.0)
    return belt + four_side_area(trees)


# ---------------------------------------------------------------------------------------- stock


@_rule
def species_missing(stands: pd.DataFrame) -> pd.Series:
    """Arbor forest with stock has no species; a code that is in no list is told as that."""
    name = "dominant_species" if "dominant_species" in stands else "species_group"
    return _timber(stands) & stands["forest_volume_m3"].gt(0) & stands[name].isna()


@_rule
def stock_negative(stands: pd.DataFrame) -> pd.Series:
    """Stock is below zero."""
    return stands["forest_volume_m3"].lt(0)


@_rule
def stock_impossible(stands: pd.DataFrame) -> pd.Series:
    """Stock per hectare is beyond any forest."""
    densest = columns("stands").loc["volume_m3_ha", "max"]
    return stands["forest_volume_m3"] > densest * stands["area_ha"]


@_rule
def stock_dense(stands: pd.DataFrame) -> pd.Series:
    """Stock per hectare is very rare, though not impossible."""
    rare = stands["forest_volume_m3"] > constant("stock_dense_m3_ha") * stands["area_ha"]
    return rare & ~stock_impossible(stands)


@_rule
def stock_off_timber(stands: pd.DataFrame) -> pd.Series:
    """Bamboo, shrub, economic or young forest has a stock of timber."""
    kinds = (*OTHER_TREES, *(set(FOREST_STOCK) - set(TIMBER)))
    return stands["forest_type"].isin(kinds) & stands["forest_volume_m3"].gt(0)


@_rule
def stock_zero(stands: pd.DataFrame) -> pd.Series:
    """Arbor forest beyond its youth has no stock."""
    bare = _timber(stands) & stands["forest_volume_m3"].eq(0)
    group = _of(stands, "age_group")[bare]
    if "stand_age_yr" in stands and "species_group" in stands:
        group = group.fillna(age_groups.possible(stands[bare])["lowest"])
    return bare & group.gt(age_groups.YOUNG).reindex(stands.index, fill_value=False)


@_rule
def stock_sum_differs(stands: pd.DataFrame) -> pd.Series:
    """Forest stock is that of the dominant and the companion species."""
    total = stands["dominant_volume_m3"] + stands["companion_volume_m3"]
    return (stands["forest_volume_m3"] - total).abs() > constant("stock_rounding_m3")


@_rule
def total_stock_differs(stands: pd.DataFrame) -> pd.Series:
    """Total stock is forest stock and scattered stock."""
    total = stands["forest_volume_m3"] + _of(stands, "scattered_volume_m3").fillna(0.0)
    return (stands["total_volume_m3"] - total).abs() > constant("stock_rounding_m3")


@_rule
def stock_per_ha_differs(stands: pd.DataFrame) -> pd.Series:
    """Living stock per hectare is total stock over registered area."""
    return _quotient_differs(stands, "living_volume_m3_ha", "total_volume_m3")


@_rule
def forest_stock_per_ha_differs(stands: pd.DataFrame) -> pd.Series:
    """Forest stock per hectare is forest stock over registered area."""
    return _quotient_differs(stands, "volume_m3_ha", "forest_volume_m3")


def _quotient_differs(stands: pd.DataFrame, per_ha: str, stock: str) -> pd.Series:
    """Tell where stock over area is not stock per hectare, beyond the rounding of all three."""
    area = stands["registered_area_ha"].where(stands["registered_area_ha"].gt(0))
    rounding_m3 = constant("stock_rounding_m3") / 3.0  # of one figure
    allowed = (
        constant("stock_per_ha_rounding_m3_ha")
        + (rounding_m3 + stands[per_ha] * constant("area_rounding_ha")) / area
    )
    return (stands[per_ha] - stands[stock] / area).abs() > allowed


# --------------------------------------------------------------------------------------- canopy


@_rule
def canopy_missing(stands: pd.DataFrame) -> pd.Series:
    """Arbor forest has no canopy closure."""
    return _timber(stands) & _of(stands, "canopy_closure").isna()


@_rule
def canopy_open(stands: pd.DataFrame) -> pd.Series:
    """Arbor forest is too open to be forest."""
    return _timber(stands) & stands["canopy_closure"].lt(constant("canopy_forest_min"))


@_rule
def sparse_closed(stands: pd.DataFrame) -> pd.Series:
    """Sparse woodland is as closed as forest."""
    closed = stands["canopy_closure"].ge(constant("canopy_forest_min"))
    return stands["class_group"].eq("sparse") & closed


# ---------------------------------------------------------------------------------- age and size


@_rule
def age_missing(stands: pd.DataFrame) -> pd.Series:
    """Arbor forest with stock has no age."""
    without = ~stands["stand_age_yr"].gt(0)
    return _timber(stands) & stands["forest_volume_m3"].gt(0) & without


@_rule
def age_group_differs(stands: pd.DataFrame) -> pd.Series:
    """No threshold that is known for the species gives this age group at this age."""
    group = _of(stands, "age_group")
    possible = age_groups.possible(stands.drop(columns="forest_category", errors="ignore"))
    return (group < possible["lowest"]) | (group > possible["highest"])


@_rule
def size_impossible(stands: pd.DataFrame) -> pd.Series:
    """Height, diameter and age cannot all be true."""
    height_m, dbh_cm = (_of(stands, name) for name in ("height_m", "dbh_cm"))
    age_yr = _of(stands, "stand_age_yr").where(lambda age: age.gt(0))
    slenderness = height_m / (dbh_cm.where(dbh_cm.gt(0)) / 100.0)
    impossible = (
        height_m.gt(constant("stand_height_max_m"))
        | dbh_cm.gt(constant("stand_dbh_max_cm"))
        | (height_m.gt(0) & slenderness.lt(constant("slenderness_min")))
        | slenderness.gt(constant("slenderness_max"))
        | (height_m / age_yr).gt(constant("stand_growth_max_m_yr"))
        | (dbh_cm / age_yr).gt(constant("stand_growth_max_cm_yr"))
    )
    return _timber(stands) & impossible


# ------------------------------------------------------------------------------- kinds and years


@_rule
def species_other_kind(stands: pd.DataFrame) -> pd.Series:
    """Bamboo stands where trees should, or trees where bamboo should."""
    species = stands["species_group"].astype("str")
    bamboo = species.str.startswith("bamboo", na=False).astype(bool)
    low = species.isin(["shrub", "herb"])
    on_bamboo = stands["class_group"].isin(["bamboo", "bamboo_on_farmland"])
    return (_timber(stands) & (bamboo | low)) | (on_bamboo & species.notna() & ~bamboo)


@_rule
def special_shrub_doubtful(stands: pd.DataFrame) -> pd.Series:
    """Shrub is called special where rain is ample and trees grow everywhere, and is no crop."""
    doubtful = stands["forest_type"].eq("shrub_special")
    if not doubtful.any() or not isinstance(stands, gpd.GeoDataFrame) or stands.crs is None:
        return doubtful & False
    # each parcel by its own place: the extent of a file or of a part of it says less
    box = stands.geometry[doubtful].bounds
    middle = gpd.points_from_xy(
        (box["minx"] + box["maxx"]) / 2.0, (box["miny"] + box["maxy"]) / 2.0, crs=stands.crs
    )
    place = gpd.GeoSeries(middle, index=box.index).to_crs(STORE_CRS)
    inside = place.x.between(
        constant("chongqing_west_deg"), constant("chongqing_east_deg")
    ) & place.y.between(constant("chongqing_south_deg"), constant("chongqing_north_deg"))
    return doubtful & inside.reindex(stands.index, fill_value=False)


@_rule
def belts_exceed(stands: pd.DataFrame) -> pd.Series:
    """Belts and four-side trees are larger than the parcel they stand on."""
    return stands["belts_and_trees_ha"].gt(stands["area_ha"])


@_rule
def scattered_untyped(stands: pd.DataFrame) -> pd.Series:
    """Trees outside the stand do not say of which kind they are."""
    trees = _of(stands, "scattered_trees").gt(0) | _of(stands, "scattered_volume_m3").gt(0)
    if "scattered_type" not in stands:
        return trees
    return trees & stands["scattered_type"].isna()


@_rule
def change_year_outside(stands: pd.DataFrame) -> pd.Series:
    """Change is dated after the inventory, or long before it."""
    changed = stands["change_year"].where(stands["change_year"].gt(0))
    back = stands["inventory_year"] - changed
    return back.lt(0) | back.gt(constant("change_years_back_max"))
