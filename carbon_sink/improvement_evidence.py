"""What two inventories show of treated stands against untreated ones of the same kind."""

from collections.abc import Collection

import pandas as pd

from .calibration import SAME_SHAPE
from .errors import Problem
from .growth import compound_pct
from .parameters import constant

KIND = ["species_group", "age_group"]
COLUMNS = [
    "species_group", "treated_stands", "untreated_stands", "treated_ha", "untreated_ha",
    "treated_growth_pct_yr", "untreated_growth_pct_yr", "growth_difference_pct_yr",
    "observed_gain_pct",
]  # fmt: skip


def treated_share(pieces: pd.DataFrame, stands: pd.DataFrame) -> pd.Series:
    """
    Return which share of every stand lies in works.

    Parameters
    ----------
    pieces : DataFrame
        Ground that works and stands share: ``stand`` (label) and ``ground_ha`` (ha).
    stands : DataFrame
        With ``area_ha`` (ha).

    Returns
    -------
    share : Series
        0 to 1, in the order of the stands.

    Examples
    --------
    >>> pieces = pd.DataFrame({"stand": [0, 0], "ground_ha": [1.0, 2.0]})
    >>> treated_share(pieces, pd.DataFrame({"area_ha": [4.0, 1.0]})).tolist()
    [0.75, 0.0]
    """
    treated = pieces.groupby("stand")["ground_ha"].sum().reindex(stands.index, fill_value=0.0)
    area = stands["area_ha"].where(stands["area_ha"].gt(0.0))
    return (treated / area).fillna(0.0).clip(upper=1.0)


def treated_against_untreated(
    rows: pd.DataFrame,
    before: pd.DataFrame,
    after: pd.DataFrame,
    years: tuple[int, int],
    treated: pd.Series,
    disturbed: Collection = (),
) -> tuple[pd.DataFrame, list[Problem]]:
    r"""
    Compare the growth of treated stands with that of untreated stands of their kind.

    Parameters
    ----------
    rows : DataFrame
        As ``stand_changes.stand_changes`` returns them for these two inventories.
    before, after : DataFrame
        Stands with ``carbon_part``, ``species_group``, ``age_group`` and ``forest_stock_m3``
        (m3).
    years : (int, int)
        The two years.
    treated : Series
        Share of every earlier stand that was treated between the dates, as ``treated_share``
        gives it.
    disturbed : collection
        Labels of earlier stands that were harvested, burned or hit by pests.

    Returns
    -------
    table : DataFrame
        Columns of ``improvement_evidence`` in ``data/columns.csv``: for each species group with
        treated stands their number and hectares and those of the stands they are compared with,
        the growth of the stock of both in percent a year, the difference, and
        ``observed_gain_pct``, by how many percent the treated ones grew faster, to be held
        against the assumed gain.
    notes : list of Problem
        That this is a comparison and no proof, where there is one.

    Notes
    -----
    Only arbor stands that kept their shape and species and have stock at both dates are used.
    A stand is treated from ``whole_share_min`` of its ground on, untreated below
    ``part_share_min``; those between are left out. Growth is that of the whole stock of the
    stands of a kind: :math:`(\sum V_2 / \sum V_1)^{1/n} - 1`. The kinds are the age groups of
    the species; treated and untreated growth are both weighted by the **treated** hectares of
    the kinds that have both, so that a difference of ages makes no difference of growth.

    Treated stands are chosen and not drawn: foresters treat dense, poor or accessible stands,
    and thinning itself takes stock. The difference is therefore evidence beside the assumed
    gain, and no proof of it.

    Examples
    --------
    Treated pine grows from 100 to 110 m3 in a year, untreated to 105 m3:

    >>> before = pd.DataFrame({"carbon_part": "arbor", "species_group": "masson_pine",
    ...     "age_group": "2", "forest_stock_m3": [100.0, 100.0]})
    >>> after = before.assign(forest_stock_m3=[110.0, 105.0])
    >>> rows = pd.DataFrame({"before": [0, 1], "after": [0, 1], "ground_ha": 1.0,
    ...     "change_class": "unchanged"})
    >>> table, _ = treated_against_untreated(rows, before, after, (2024, 2025),
    ...                                      pd.Series([1.0, 0.0]))
    >>> table[["growth_difference_pct_yr", "observed_gain_pct"]].round(6).to_numpy().tolist()
    [[5.0, 100.0]]
    """
    pairs = _pairs(rows, before, after, treated, disturbed)
    sums = pairs.groupby([*KIND, "is_treated"])[["ground_ha", "before_m3", "after_m3"]].sum()
    sums["stands"] = pairs.groupby([*KIND, "is_treated"]).size()
    sums["growth"] = compound_pct(sums["before_m3"], sums["after_m3"], years[1] - years[0])
    sums = sums.reset_index("is_treated")
    is_treated = sums.pop("is_treated")
    kinds = sums[is_treated].merge(
        sums[~is_treated], on=KIND, suffixes=("_treated", "_untreated"), how="inner"
    )
    weight = kinds["ground_ha_treated"]
    table = pd.DataFrame({
        "treated_stands": kinds["stands_treated"], "untreated_stands": kinds["stands_untreated"],
        "treated_ha": weight, "untreated_ha": kinds["ground_ha_untreated"],
        "treated_growth_pct_yr": kinds["growth_treated"] * weight,
        "untreated_growth_pct_yr": kinds["growth_untreated"] * weight,
    }).groupby("species_group").sum()  # fmt: skip
    means = ["treated_growth_pct_yr", "untreated_growth_pct_yr"]
    table[means] = table[means].div(table["treated_ha"], axis=0)
    treated_growth, untreated_growth = (table[one] for one in means)
    table["growth_difference_pct_yr"] = treated_growth - untreated_growth
    # a gain is a share of growth, so there is none where untreated stands did not grow
    growing = untreated_growth.where(untreated_growth.gt(0.0))
    table["observed_gain_pct"] = 100.0 * (treated_growth / growing - 1.0)
    table = table.reset_index()[COLUMNS]
    return table, _notes(table, years, before.attrs.get("file", ""))


def _pairs(
    rows: pd.DataFrame,
    before: pd.DataFrame,
    after: pd.DataFrame,
    treated: pd.Series,
    disturbed: Collection,
) -> pd.DataFrame:
    """Return undisturbed arbor stands of one shape and species, treated or untreated."""
    same = rows[rows["change_class"].isin(SAME_SHAPE)]
    same = same[~same["before"].duplicated(keep=False) & ~same["after"].duplicated(keep=False)]
    first, last = before.iloc[same["before"].to_numpy()], after.iloc[same["after"].to_numpy()]
    share = treated.to_numpy()[same["before"].to_numpy()]
    is_treated = share >= constant("whole_share_min")
    usable = is_treated | (share < constant("part_share_min"))
    for name in ("species_group", "carbon_part"):
        usable &= first[name].to_numpy() == last[name].to_numpy()
    usable &= first["carbon_part"].eq("arbor").to_numpy()
    stocks = [one["forest_stock_m3"].to_numpy(float) for one in (first, last)]
    usable &= (stocks[0] > 0.0) & (stocks[1] > 0.0)
    usable &= ~first.index.isin(list(disturbed))
    pairs = first.reindex(columns=KIND).assign(
        ground_ha=same["ground_ha"].to_numpy(), before_m3=stocks[0], after_m3=stocks[1],
        is_treated=is_treated,
    )  # fmt: skip
    return pairs[usable]


def _notes(table: pd.DataFrame, years: tuple[int, int], file: str) -> list[Problem]:
    """Tell that a comparison of chosen stands is no proof."""
    if table.empty:
        return []
    area = table["treated_ha"]
    gain = float((table["growth_difference_pct_yr"] * area).sum() / area.sum())
    return [Problem("improvement_evidence_only", file=file, value=f"{gain:+.2f}",
                    rule=f"{years[0]} → {years[1]}")]  # fmt: skip
