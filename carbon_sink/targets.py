"""Progress of an indicator towards the value a plan sets."""

import math
from dataclasses import dataclass

KINDS = ("reach", "hold", "ceiling")


@dataclass(frozen=True)
class Target:
    """
    A planned value of one indicator, with the document that sets it.

    Parameters
    ----------
    indicator : str
        Key of ``data/indicators.csv``.
    unit : str
        Unit of the values, as the plan writes it.
    base_year : int
        Year of the base value.
    base_value : float
        Where the plan starts.
    target_year : int
        Year in which the target is due.
    target_value : float
        What is to be reached, held or not exceeded.
    kind : {"reach", "hold", "ceiling"}
        Climb to at least the value; stay at or above it; stay at or below it.
    source : str
        Document that sets the target.
    """

    indicator: str
    unit: str
    base_year: int
    base_value: float
    target_year: int
    target_value: float
    kind: str = "reach"
    source: str = ""


@dataclass(frozen=True)
class Progress:
    """
    Where an indicator stands against its target; all values in the unit of the target.

    ``done_pct`` is the share of the way from base to target and exists only for targets to
    be reached. ``gap`` is what is missing, and negative when the target is exceeded.
    ``required_per_year`` is the change needed each year until the target year, 0 when the
    target is met, and missing when the target year is over. ``probability`` needs a standard
    deviation of the value.
    """

    met: bool
    done_pct: float | None
    gap: float
    required_per_year: float | None
    probability: float | None


def progress(target: Target, year: int, value: float, sd: float | None = None) -> Progress:
    """
    Compare a value with a target.

    Parameters
    ----------
    target : Target
    year : int
        Year of the value.
    value : float
        Value of the indicator, in the unit of the target.
    sd : float, optional
        Standard deviation of the value, same unit; gives the probability, by the normal
        distribution, that the true value meets the target.

    Returns
    -------
    progress : Progress

    Raises
    ------
    ValueError
        If the kind of the target is not known.

    Examples
    --------
    >>> coverage = Target("forest_coverage_pct", "%", 2020, 36.7, 2025, 38.0)
    >>> step = progress(coverage, 2023, 37.35)
    >>> step.met, step.done_pct, step.gap, step.required_per_year
    (False, 50.0, 0.65, 0.325)
    """
    if target.kind not in KINDS:
        msg = f"kind of target is {target.kind!r}, known are {', '.join(KINDS)}"
        raise ValueError(msg)
    missing = target.target_value - value
    gap = -missing if target.kind == "ceiling" else missing
    met = gap <= 0
    way = target.target_value - target.base_value
    done = (value - target.base_value) / way * 100.0 if target.kind == "reach" and way else None
    years_left = target.target_year - year
    per_year = missing / years_left if years_left > 0 else None
    probability = None
    if sd is not None and sd > 0:
        probability = 0.5 * math.erfc(gap / (sd * math.sqrt(2.0)))
    return Progress(
        met=met,
        done_pct=None if done is None else round(done, 10),
        gap=round(gap, 10),
        required_per_year=0.0 if met else per_year,
        probability=probability,
    )


def path(target: Target, year: int) -> float:
    """
    Value on the straight line from base to target in a year.

    Examples
    --------
    >>> stock = Target("forest_stock_m3", "万m3", 2020, 84.08, 2025, 90.0)
    >>> round(path(stock, 2023), 3)
    87.632
    """
    share = (year - target.base_year) / (target.target_year - target.base_year)
    return target.base_value + share * (target.target_value - target.base_value)
