"""What is missing to the targets, handed out to towns by stated weights."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from .candidate_land import TOTAL
from .errors import ParameterError, Problem
from .inventory import TIMBER
from .language import listed
from .parameters import constant
from .summary import WHOLE_PLACE, largest_remainder
from .tables import columns
from .units import mu

# what a town is weighed by
PARTS = {"stock": "forest_stock_m3", "low_quality": "low_quality_ha", "room": "room_ha"}
AREA_DECIMALS, STOCK_DECIMALS = 2, 0


def low_quality_area(stands: pd.DataFrame) -> pd.Series | None:
    """
    Area of each stand that is forest of low quality.

    Parameters
    ----------
    stands : DataFrame
        With ``forest_type``, ``species_group``, ``age_group``, ``area_ha`` (ha) and
        ``forest_stock_m3`` (m3).

    Returns
    -------
    area_ha : Series or None
        Hectares on the index of the stands, 0 where a stand is not of low quality or cannot be
        judged; None where the inventory lacks one of these columns.

    Notes
    -----
    An arbor stand is of low quality when its stock per hectare is at least
    ``low_quality_shortfall_min`` below the mean of all stands of its species group and age
    group. The standard names growth or biomass against the mean of like sites; inventories
    carry no site index, so that a stand on poor ground is taken for a poor stand. This is the
    choice of this project to weigh towns against each other, and no list of stands to convert.

    References
    ----------
    [lyt_1690_2007]_ general criteria.

    Examples
    --------
    The mean of three stands of one hectare is 60 m3/ha, and 42 m3/ha is 30 % below:

    >>> stands = pd.DataFrame({"forest_type": "arbor", "species_group": "oak", "age_group": "2",
    ...                        "area_ha": 1.0, "forest_stock_m3": [90.0, 48.0, 42.0]})
    >>> low_quality_area(stands).tolist()
    [0.0, 0.0, 1.0]
    """
    keys = ["species_group", "age_group"]
    if not {*keys, "forest_type", "area_ha", "forest_stock_m3"} <= set(stands):
        return None
    judged = stands[stands["forest_type"].isin(TIMBER) & stands["area_ha"].gt(0)].dropna(
        subset=[*keys, "forest_stock_m3"]
    )
    sums = judged.groupby(keys)[["forest_stock_m3", "area_ha"]].transform("sum")
    mean = sums["forest_stock_m3"] / sums["area_ha"]
    least = mean * (1.0 - constant("low_quality_shortfall_min"))
    # a stand just at the limit stays there whatever the arithmetic does to the last digit
    is_low = judged["forest_stock_m3"] <= least * judged["area_ha"] * (1.0 + 1e-12)
    is_low &= mean > 0
    return judged["area_ha"].where(is_low).reindex(stands.index).fillna(0.0)


def town_shares(
    towns: pd.DataFrame, stands: pd.DataFrame | None, land: pd.DataFrame | None
) -> pd.DataFrame:
    """
    Lay out what towns are weighed by.

    Parameters
    ----------
    towns : DataFrame
        With ``town_code`` and ``town_name``.
    stands : DataFrame or None
        Stands of the latest inventory, as for ``low_quality_area``, with ``town_code``.
    land : DataFrame or None
        As ``candidate_land.candidate_land`` returns it.

    Returns
    -------
    shares : DataFrame
        ``town_code``, ``town_name``, ``forest_stock_m3`` (m3), ``low_quality_ha`` and
        ``room_ha`` (ha), one row per town; a figure that nothing tells is missing.
    """
    found = towns[["town_code", "town_name"]].reset_index(drop=True)
    known: dict[str, pd.Series] = {}
    if stands is not None:
        low = low_quality_area(stands)
        if "forest_stock_m3" in stands:
            known["forest_stock_m3"] = stands["forest_stock_m3"].groupby(stands["town_code"]).sum()
        if low is not None:
            known["low_quality_ha"] = low.groupby(stands["town_code"]).sum()
    if land is not None:
        total = land[land["kind"].eq(TOTAL)]
        known["room_ha"] = total.set_index("town_code")["room_ha"]
    for name in PARTS.values():
        here = found["town_code"].map(known[name]).fillna(0.0) if name in known else np.nan
        found[name] = here
    return found.astype(dict.fromkeys(PARTS.values(), float))


def gap_totals(gap: pd.DataFrame) -> tuple[float, float]:
    """
    Return what is to be handed out: the missing forest (ha) and the missing stock (m3).

    Parameters
    ----------
    gap : DataFrame
        As ``project_effects.target_gap`` returns it; the largest gap of each indicator counts.

    Returns
    -------
    missing_ha, missing_m3 : float
        0 where a target is met, or there is none.

    Examples
    --------
    >>> gap_totals(pd.DataFrame({"missing_ha": [1453.95, None], "missing_m3": [None, 0.0]}))
    (1453.95, 0.0)
    """
    largest = gap[["missing_ha", "missing_m3"]].max().fillna(0.0)
    return float(largest["missing_ha"]), float(largest["missing_m3"])


def allocate(
    missing_ha: float,
    missing_m3: float,
    shares: pd.DataFrame,
    weights: Mapping[str, float],
    place: str,
) -> pd.DataFrame:
    r"""
    Hand out missing forest and missing stock to towns, so that they add up exactly.

    .. math:: w_i = \frac{\alpha s_i + \beta q_i + \gamma r_i}{\alpha + \beta + \gamma}

    Parameters
    ----------
    missing_ha, missing_m3 : float
        What is missing, ha and m3.
    shares : DataFrame
        As ``town_shares`` returns it.
    weights : mapping
        :math:`\alpha`, :math:`\beta`, :math:`\gamma` as ``stock``, ``low_quality`` and
        ``room``; only their proportion counts.
    place : str
        Name of the whole place.

    Returns
    -------
    allocation : DataFrame
        Columns of ``town_allocation`` in ``data/columns.csv``: towns in their order, then the
        whole place. Areas are handed out to 0.01 ha and stock to 1 m3.

    Raises
    ------
    ValueError
        If a weight, a figure of a town or what is missing is negative, or if no town has any
        of what is weighed.
    ParameterError
        If all weights are 0.

    Notes
    -----
    :math:`s_i`, :math:`q_i` and :math:`r_i` are the shares of a town in stock, low-quality
    forest and room. A part that is known of no town, or is 0 everywhere, is left out and the
    other weights keep their proportion; ``allocation_notes`` tells of it. Equal remainders go
    to the lower town code, whatever the order of the rows. More may be handed out to a town
    than it has room: ``room_left_ha`` is negative then.

    References
    ----------
    Hamilton's method (``summary.largest_remainder``).

    Examples
    --------
    >>> shares = pd.DataFrame({"town_code": ["1", "2"], "town_name": ["甲镇", "乙镇"],
    ...     "forest_stock_m3": [300.0, 100.0], "low_quality_ha": [10.0, 10.0],
    ...     "room_ha": [50.0, 150.0]})
    >>> even = {"stock": 1.0, "low_quality": 1.0, "room": 1.0}
    >>> found = allocate(30.0, 5.0, shares, even, "全区")
    >>> found[["weight_pct", "allocated_ha", "allocated_mu", "allocated_m3"]].values.tolist()
    [[50.0, 15.0, 225.0, 3.0], [50.0, 15.0, 225.0, 2.0], [100.0, 30.0, 450.0, 5.0]]
    """
    figures = shares[list(PARTS.values())]
    if min(missing_ha, missing_m3, *weights.values()) < 0 or figures.lt(0.0).any(axis=None):
        msg = "weights, figures of towns and what is missing must not be negative"
        raise ValueError(msg)
    if not any(weights.values()):
        raise ParameterError(Problem("weights_empty", field="sinks.weights", value="0"))
    used = {name: weight for name, weight in weights.items() if name not in unknown_parts(shares)}
    if not any(used.values()):
        msg = "no town has any of what is weighed; see hand_out"
        raise ValueError(msg)
    # in the order of the codes, so that remainders do not depend on the order of the rows
    rows = shares.sort_values("town_code")
    weight = sum(
        used[name] / sum(used.values()) * rows[PARTS[name]].fillna(0.0) / rows[PARTS[name]].sum()
        for name in used
    )
    # equal remainders stay equal, whatever the arithmetic does to the last digit
    even = weight.round(12)
    rows = rows.assign(
        **{f"{name}_share_pct": _share_pct(rows[column]) for name, column in PARTS.items()},
        weight_pct=weight * 100.0,
        allocated_ha=largest_remainder(missing_ha, even, AREA_DECIMALS),
        allocated_m3=largest_remainder(missing_m3, even, STOCK_DECIMALS),
    ).loc[shares.index]
    whole = rows.drop(columns=["town_code", "town_name"]).sum(min_count=1).to_frame().T
    table = pd.concat([rows, whole.assign(town_code=WHOLE_PLACE, town_name=place)])
    table = table.assign(
        allocated_mu=mu(table["allocated_ha"]),
        room_left_ha=table["room_ha"] - table["allocated_ha"],
    )
    return table[list(columns("town_allocation").index)].reset_index(drop=True)


def _share_pct(figures: pd.Series) -> pd.Series:
    """Share of each town in the sum of all, percent; missing where there is no sum."""
    total = figures.sum()
    return figures / (total if total > 0 else np.nan) * 100.0


def unknown_parts(shares: pd.DataFrame) -> list[str]:
    """Return the parts that are known of no town, or are 0 everywhere."""
    return [name for name, column in PARTS.items() if not shares[column].sum() > 0]


def allocation_notes(shares: pd.DataFrame, weights: Mapping[str, float]) -> list[Problem]:
    """Tell which weighted parts had no part in the allocation, because nothing is known of them."""
    lost = [name for name in unknown_parts(shares) if weights.get(name, 0.0) > 0]
    if not lost:
        return []
    return [Problem("allocation_part_unknown", value=listed(lost, "allocation"), count=len(lost))]


def hand_out(
    gap: pd.DataFrame, shares: pd.DataFrame, weights: Mapping[str, float], place: str
) -> tuple[pd.DataFrame | None, str]:
    """
    Hand out the gaps of the targets to towns, or say why there is nothing to hand out.

    Parameters
    ----------
    gap : DataFrame
        As ``project_effects.target_gap`` returns it.
    shares, weights, place
        As for ``allocate``.

    Returns
    -------
    allocation : DataFrame or None
        As ``allocate`` returns it.
    reason : str
        Key of the text that tells why there is none; empty where there is one.

    Examples
    --------
    >>> met = pd.DataFrame({"missing_ha": [0.0], "missing_m3": [0.0]})
    >>> hand_out(met, pd.DataFrame({"town_code": ["1"]}), {"stock": 1.0}, "全区")
    (None, 'absent.gap_closed')
    """
    if gap.empty:
        return None, "absent.no_gap_targets"
    missing = gap_totals(gap)
    if not any(missing):
        return None, "absent.gap_closed"
    if shares.empty:
        return None, "absent.no_towns"
    unknown = unknown_parts(shares)
    if any(weights.values()) and not any(w for name, w in weights.items() if name not in unknown):
        return None, "absent.no_town_shares"
    return allocate(*missing, shares, weights, place), ""
