"""Whether stock is of the stand or per hectare, and in which unit: found from what it holds."""

import numpy as np
import pandas as pd

from ..errors import Problem
from ..tables import columns
from ..units import MU_PER_HA, field_units
from .measures import CLOSE, SECOND_LEAST, TOGETHER, to_confirm

# columns of stock: of the stand or per hectare, with scattered trees or without
OF_STAND = ("forest_volume_m3", "total_volume_m3")
PER_HECTARE = ("volume_m3_ha", "living_volume_m3_ha")
WITH_SCATTERED = ("total_volume_m3", "living_volume_m3_ha")
# the logarithm of the stock of a stand grows with that of its area by 1, stock per hectare by 0
SLOPE_APART, STANDARD_ERRORS, FEWEST = 0.35, 4.0, 30
# half of all stocked stands hold less than this, m3/ha: no forest does
SPARSE_M3_HA = 0.05
# where half of them hold less than the first or more than the second, the unit is asked for
LEAST_M3_HA, MOST_M3_HA = 10.0, 1_000.0


def stock_problems(
    numbers: pd.DataFrame, area_ha: pd.Series, *, sure: set[str], fields: dict[str, str],
    is_arbor: pd.Series | None = None, units: dict[str, str] | None = None, **place: str,
) -> list[Problem]:  # fmt: skip
    """
    Tell stock that is per hectare where it should be of the stand, the reverse, or in 万m3.

    Parameters
    ----------
    numbers : DataFrame
        Columns of stock, by row.
    area_ha : Series
        Registered area (ha) on the same index.
    sure : set of str
        Columns whose unit the settings confirm or the name of the field states.
    fields : dict
        Our column name to the field of the file.
    is_arbor : Series of bool, optional
        Rows of arbor forest; without it, columns that count scattered trees are not tested
        by themselves.
    units : dict, optional
        Columns that are in another unit than the table, and which.
    **place : str
        File and layer.

    Returns
    -------
    problems : list of Problem

    Notes
    -----
    Where a file has several, stock per hectare times area must be the stock of the stand, and
    the total without scattered trees that of the stand's own. Only stock per hectare vouches
    for stock of the stand and the reverse: two columns of one kind agree in any unit. A column
    that nothing vouches for is tested by itself. The stock of stands grows with their area and
    stock per hectare does not: the slope of its logarithm on that of the area tells them apart,
    by four standard errors. Half of all stands must hold what forests hold.
    """
    own = _own_stock(numbers, area_ha)
    tested = [name for name in own if is_arbor is not None or name not in WITH_SCATTERED]
    problems = []
    for column in [name for name in own if name not in sure]:
        where = {**place, "field": fields.get(column, column)}
        others = [name for name in own if name != column]
        vouching = [
            name for name in others if name in sure or (name in OF_STAND) != (column in OF_STAND)
        ]
        is_vouched = any(_mostly(_ratio(own, column, name), 1.0) for name in vouching)
        found = [] if is_vouched else [
            problem
            for name in others
            for problem in _beside(
                _ratio(own, column, name), area_ha, (column, fields.get(name, name)), where
            )
        ]  # fmt: skip
        if not found and column in tested:
            # large parcels of farmland with few trees would look like stock per hectare
            rows = slice(None) if is_arbor is None else is_arbor
            stock, area = own[column][rows], area_ha[rows]
            found = _single_problems(stock, area, where, is_vouched=is_vouched)
        problems += found[:1]
    return problems + _scattered_problems(numbers, problems, sure, units or {}, fields, place)


def _scattered_problems(
    numbers: pd.DataFrame, problems: list[Problem], sure: set[str], units: dict[str, str],
    fields: dict[str, str], place: dict,
) -> list[Problem]:  # fmt: skip
    """Ask for the unit of the stock of scattered trees where other stock is in 万m3."""
    column = "scattered_volume_m3"
    asked = any(one.code == "unit_to_confirm" and one.value == "万m3" for one in problems)
    said = any(units.get(name) == "万m3" for name in OF_STAND)
    if column not in numbers or column in sure or not (asked or said) or not numbers[column].any():
        return []
    return [to_confirm(column, "万m3", "", {**place, "field": fields.get(column, column)})]


def _own_stock(numbers: pd.DataFrame, area_ha: pd.Series) -> dict[str, pd.Series]:
    """Return the stock of the stand's own trees (m3) as each column of stock gives it."""
    scattered = numbers.get("scattered_volume_m3", pd.Series(0.0, numbers.index)).fillna(0.0)
    own = {}
    for name in [name for name in (*OF_STAND, *PER_HECTARE) if name in numbers]:
        stock = numbers[name] * area_ha if name in PER_HECTARE else numbers[name]
        own[name] = (stock - scattered if name in WITH_SCATTERED else stock).rename(name)
    return own


def _ratio(own: dict[str, pd.Series], column: str, other: str) -> pd.Series:
    """Divide the stock that one column gives by that of another, where both give some."""
    both = own[column].gt(0) & own[other].gt(0)
    return own[column][both] / own[other][both]


def _mostly(values: pd.Series, wanted: float) -> bool:
    """Tell whether most values are near the wanted one."""
    near = values.gt(wanted / CLOSE) & values.lt(wanted * CLOSE)
    return bool(len(near) >= SECOND_LEAST and near.mean() >= TOGETHER)


def _beside(
    ratio: pd.Series, area_ha: pd.Series, pair: tuple[str, str], where: dict
) -> list[Problem]:
    """Tell a column that only fits another one in another unit."""
    column, other = pair
    if column in OF_STAND and _mostly(ratio * area_ha.reindex(ratio.index), 1.0):
        return [Problem("stock_contradicts", value=where["field"], rule=other, **where)]
    unit, factor = ("万m3", 1e-4) if column in OF_STAND else ("m3/亩", 1.0 / MU_PER_HA)
    return [to_confirm(column, unit, "", where)] if _mostly(ratio, factor) else []


def _single_problems(
    stock: pd.Series, area_ha: pd.Series, where: dict, *, is_vouched: bool
) -> list[Problem]:
    """Tell whether stock (m3 of the stand) grows with area, and is what forests hold."""
    given = stock.gt(0) & area_ha.gt(0)
    if given.sum() < FEWEST:
        return []
    volume, area = stock[given], area_ha[given]
    is_per_ha = stock.name in PER_HECTARE
    if not is_vouched:
        figure = volume / area if is_per_ha else volume
        slope, error = _slope(np.log(area.to_numpy()), np.log(figure.to_numpy()))
        doubt = STANDARD_ERRORS * error
        if is_per_ha and slope - doubt > 1.0 - SLOPE_APART:
            return [Problem("stock_of_stand", value=f"{slope:.2f}", rule=stock.name, **where)]
        if not is_per_ha and slope + doubt < SLOPE_APART:
            return [Problem("stock_per_ha", value=f"{slope:.2f}", rule=stock.name, **where)]
    middle = float((volume / area).median())
    if not is_per_ha and middle < SPARSE_M3_HA:
        return [to_confirm(stock.name, "万m3", "", where)]
    if (SPARSE_M3_HA if is_vouched else LEAST_M3_HA) <= middle <= MOST_M3_HA:
        return []
    possible = field_units(columns("stands").loc[stock.name, "unit"])
    rule = " / ".join(f'{stock.name} = "{unit}"' for unit in possible)
    return [Problem("stock_unlikely", value=f"{middle:.3g}", rule=rule, **where)]


def _slope(x: np.ndarray, y: np.ndarray) -> tuple[float, float]:
    """Slope of a straight line through points, and its standard error; endless where x is one."""
    apart = x - x.mean()
    spread = float(apart @ apart)
    if spread <= 1e-9 * len(x):
        return 0.0, np.inf
    slope = float(apart @ y) / spread
    left = y - y.mean() - slope * apart
    return slope, float(np.sqrt(left @ left / (len(x) - 2) / spread))
