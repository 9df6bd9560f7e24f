"""Forest coverage: which land counts as forest, by the rule that is chosen and stated."""

import numpy as np
import pandas as pd

from .errors import ParameterError, Problem
from .inventory import FOUR_SIDE
from .parameters import constant
from .tables import read_data
from .units import M2_PER_HA

PARTS = ("arbor", "bamboo", "special_shrub", "shelterbelt", "four_side")
RULES = ("forestry", "sandiao")
FOUR_SIDE_RULES = ("trees_per_ha", "crown_cover")


def counted_parts(rule: str) -> pd.Series:
    """
    Return the part of the forest area that each kind of land counts towards.

    Examples
    --------
    >>> counted_parts("forestry")["economic_arbor"]
    'arbor'
    >>> "economic_arbor" in counted_parts("sandiao")
    False
    """
    rows = read_data("coverage_rules.csv")
    return rows[rows["rule"] == rule].set_index("counts")["part"]


def shelterbelt_area(
    length_m: pd.Series,
    width_m: pd.Series,
    rows: pd.Series | None = None,
    row_spacing_m: pd.Series | None = None,
) -> pd.Series:
    """
    Area of farmland shelterbelts by length times width.

    Parameters
    ----------
    length_m, width_m : Series
        Length and width of the belt, metres; missing where there is none.
    rows, row_spacing_m : Series, optional
        Rows of trees and the distance between them, metres, where they are known: two rows at
        most 4 m apart make a belt of any width.

    Returns
    -------
    area_ha : Series
        Hectares; 0 for belts smaller than 1 mu and for those that are narrower than 10 m and
        not known to have such rows.

    References
    ----------
    [gbt_26424_2010]_ farmland shelterbelt.

    Examples
    --------
    >>> shelterbelt_area(pd.Series([500.0, 500.0]), pd.Series([12.0, 8.0])).tolist()
    [0.6, 0.0]
    >>> narrow = pd.Series([500.0]), pd.Series([8.0])
    >>> shelterbelt_area(*narrow, pd.Series([3.0]), pd.Series([4.0])).tolist()
    [0.4]
    """
    area = length_m * width_m / M2_PER_HA
    is_belt = width_m >= constant("belt_width_min_m")
    if rows is not None and row_spacing_m is not None:
        is_belt |= (rows >= constant("belt_rows_min")) & (
            row_spacing_m <= constant("belt_row_spacing_max_m")
        )
    return area.where(is_belt & (area >= constant("belt_area_min_ha")), 0.0)


def four_side_area(trees: pd.Series) -> pd.Series:
    """
    Area that four-side trees stand for, at 1650 trees per hectare.

    Parameters
    ----------
    trees : Series
        Number of living trees.

    Returns
    -------
    area_ha : Series
        Hectares.

    References
    ----------
    [nfci_rules]_ four-side trees to area.

    Examples
    --------
    >>> four_side_area(pd.Series([1650])).tolist()
    [1.0]
    """
    return trees / constant("four_side_trees_per_ha")


def coverage_parts(
    stands: pd.DataFrame, rule: str = "forestry", four_side_rule: str = "trees_per_ha"
) -> pd.DataFrame:
    """
    Area of each stand that counts as forest, by part.

    Parameters
    ----------
    stands : DataFrame
        With ``forest_type`` and ``area_ha`` (ha), and where the inventory has them
        ``canopy_closure`` (1), ``belt_length_m``, ``belt_width_m`` (m), ``scattered_type``,
        ``scattered_trees`` and ``crown_area_ha`` (ha).
    rule : {"forestry", "sandiao"}
        Coverage rule of ``data/coverage_rules.csv``.
    four_side_rule : {"trees_per_ha", "crown_cover"}
        Whether four-side trees count by number or by the ground under their crowns.

    Returns
    -------
    parts : DataFrame
        Columns ``arbor``, ``bamboo``, ``special_shrub``, ``shelterbelt``, ``four_side``,
        hectares, on the index of the stands.

    Raises
    ------
    ParameterError
        If crown cover is wanted and the inventory does not have it; it is not guessed.

    Notes
    -----
    No hectare counts twice: belts and four-side trees count only on parcels that are not
    forest themselves, and together no more than the parcel's area. Arbor forest whose canopy
    closure is known to be under 0.2 does not count; where the closure is missing the land
    class is taken at its word.

    References
    ----------
    [forest_law_regulation]_ article 24.

    Examples
    --------
    >>> stands = pd.DataFrame({
    ...     "forest_type": ["arbor", "arbor", "bamboo", "cropland"],
    ...     "area_ha": [10.0, 5.0, 3.0, 20.0],
    ...     "canopy_closure": [0.6, 0.15, None, None],
    ...     "belt_length_m": [None, None, None, 500.0],
    ...     "belt_width_m": [None, None, None, 12.0],
    ... })
    >>> coverage_parts(stands).sum().to_dict()
    {'arbor': 10.0, 'bamboo': 3.0, 'special_shrub': 0.0, 'shelterbelt': 0.6, 'four_side': 0.0}
    """
    part_of = counted_parts(rule)
    kind = stands["forest_type"]
    if rule == "sandiao" and "is_land_survey" in stands:
        # a parcel coded by the land survey is forest land by its class, whatever its category
        kind = kind.mask(stands["is_land_survey"], stands.get("class_group", kind))
    part = kind.map(part_of)
    if "canopy_closure" in stands:
        open_canopy = stands["canopy_closure"] < constant("canopy_forest_min")
        part = part.mask(part.eq("arbor") & open_canopy)
    parts = pd.DataFrame(
        {name: stands["area_ha"].where(part.eq(name), 0.0) for name in PARTS}, index=stands.index
    )
    elsewhere = part.isna()
    if "shelterbelt" in part_of and {"belt_length_m", "belt_width_m"} <= set(stands):
        belt = shelterbelt_area(stands["belt_length_m"], stands["belt_width_m"])
        belt = belt.where(elsewhere, 0.0).fillna(0.0)
        parts["shelterbelt"] = np.minimum(belt, stands["area_ha"])
    if "four_side" in part_of and "scattered_type" in stands:
        counts = elsewhere & stands["scattered_type"].eq(FOUR_SIDE)
        trees = _four_side(stands, four_side_rule).where(counts, 0.0).fillna(0.0)
        parts["four_side"] = np.minimum(trees, stands["area_ha"] - parts["shelterbelt"])
    return parts


def _four_side(stands: pd.DataFrame, rule: str) -> pd.Series:
    """Area of the four-side trees of each stand by the chosen rule."""
    needed = "crown_area_ha" if rule == "crown_cover" else "scattered_trees"
    if needed not in stands:
        raise ParameterError(Problem("four_side_needs", field=needed, value=rule))
    return stands[needed] if rule == "crown_cover" else four_side_area(stands[needed])


def coverage_pct(forest_area_ha: float, land_area_ha: float) -> float:
    """
    Forest coverage: forest area over land area.

    Examples
    --------
    Adding 1620 ha to 36.65 % of 107 700 ha gives 38.15 %:

    >>> round(coverage_pct(0.3665 * 107_700 + 1620, 107_700), 2)
    38.15
    """
    return forest_area_ha / land_area_ha * 100.0
