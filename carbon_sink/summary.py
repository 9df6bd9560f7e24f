"""Totals by town and for the whole place, and the few facts every output states about a run."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class RunFacts:
    """
    What every map, table and report says about the run it comes from.

    Parameters
    ----------
    title, place : str
        Title of the work and name of the place, in the language of the run.
    year : int
        Report year.
    base_year : int or None
        Year of the earliest inventory, when there are several.
    language : {"zh", "en"}
        Language of the outputs.
    coverage_rule : {"forestry", "sandiao"}
        Rule behind the forest coverage.
    four_side_rule : str
        How four-side trees become area.
    land_area_source : str
        Where the denominator of the coverage comes from.
    parameter_set : str
        Parameter set of the carbon figures.
    synthetic : bool
        Whether the data are generated; then every output says so.
    unverified : int
        Number of parameter rows used whose confidence is not ``verified``.
    version : str
        Version of the program.
    approval_number : str
        Map approval number (审图号), empty when there is none.
    """

    title: str
    place: str
    year: int
    base_year: int | None
    language: str
    coverage_rule: str
    four_side_rule: str
    land_area_source: str
    parameter_set: str
    synthetic: bool
    unverified: int
    version: str
    approval_number: str = ""


def largest_remainder(total: float, weights: np.ndarray, decimals: int = 0) -> np.ndarray:
    """
    Share a total by weights so that the rounded shares still add up to it.

    Parameters
    ----------
    total : float
        What is shared, in any unit.
    weights : array
        Non-negative weights, not all zero.
    decimals : int
        Decimal places of the shares.

    Returns
    -------
    shares : array
        One share per weight; their sum is the total rounded to ``decimals``. Equal
        remainders go to the earlier weight.

    References
    ----------
    Hamilton's method.

    Examples
    --------
    >>> largest_remainder(10, [3.3, 3.3, 3.4]).tolist()
    [3.0, 3.0, 4.0]
    """
    weights = np.asarray(weights, dtype=float)
    units = round(total * 10**decimals)
    exact = units * weights / weights.sum()
    shares = np.floor(exact)
    short = int(units - shares.sum())
    order = np.argsort(-(exact - shares), kind="stable")
    shares[order[:short]] += 1
    return shares / 10**decimals
