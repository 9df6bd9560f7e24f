"""In which units the fields of an inventory are: found from what they hold, never guessed."""

from typing import NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd

from ..errors import Problem
from ..tables import columns, faulty
from ..units import MU_PER_HA, field_units

AREA, CLOSURE = "registered_area_ha", "canopy_closure"
# units of areas, and how many of them make a hectare
PER_HA = {"ha": 1.0, "亩": 15.0, "m2": 10_000.0, "km2": 0.01}
# the middle of the ratios of a unit lies within this factor of it, one row within the other;
# beyond the third, registered areas fit the polygons in no unit
CLEAR, CLOSE, FAR = 1.25, 1.1, 2.0
# rows in a second unit: fewer are mistakes of single rows, which are told as such
SECOND_SHARE, SECOND_LEAST, TOGETHER = 0.005, 2, 0.5
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


class Finding(NamedTuple):
    """
    The unit of a field, and what should be known of it.

    ``is_sure`` is false where the data leave the unit open, so that nothing can be said of the
    size of single values.
    """

    unit: str
    problems: list[Problem]
    is_sure: bool = True


def area_unit(
    areas: pd.DataFrame, *, declared: str = "", named: str = "", field: str = AREA, **place: str
) -> Finding:
    """
    Find the unit of registered areas by the area of the polygons.

    Parameters
    ----------
    areas : DataFrame
        Columns ``registered`` (in the unit that is wanted) and ``measured`` (ha), by row.
    declared, named : str
        Unit that the settings confirm, and that the name of the field states.
    field, **place : str
        Field, file and layer for messages.

    Returns
    -------
    finding : Finding
        Refusals where the unit is not hectares and nobody said so, where it is not the one
        that was said, where rows are in two units, and where no unit fits.

    Examples
    --------
    >>> areas = pd.DataFrame({"registered": [15.1, 29.9, 45.0], "measured": [1.0, 2.0, 3.0]})
    >>> found = area_unit(areas)
    >>> found.unit, [(one.code, one.value) for one in found.problems]
    ('亩', [('unit_to_confirm', '亩 (× 15)')])
    >>> area_unit(areas, declared="亩").problems
    []
    """
    place["field"] = field
    said = declared or named
    ratio = _ratios(areas)
    if ratio.empty:
        return Finding(said or "ha", [])
    middle = float(ratio.quantile(0.5, interpolation="lower"))
    likely = _nearest(middle)
    mixed = _in_second_unit(ratio, place)
    if mixed:
        return Finding(said or likely or "ha", mixed, is_sure=False)
    shown = f"{middle:.3g}"
    if likely and said and likely != said:
        return Finding(said, [Problem("unit_contradicts", value=likely, rule=said, **place)],
                       is_sure=False)  # fmt: skip
    if likely and likely != "ha" and not said:
        return Finding(likely, [_to_confirm(AREA, likely, f"× {shown}", place)])
    if not likely and not declared and not 1.0 / FAR < middle / PER_HA[named or "ha"] < FAR:
        return Finding(said or "ha", [Problem("unit_unclear", value=shown, **place)],
                       is_sure=False)  # fmt: skip
    return Finding(said or "ha", [])


def _ratios(areas: pd.DataFrame) -> pd.Series:
    """Divide registered by measured area, where there are both."""
    both = areas["registered"].gt(0) & areas["measured"].gt(0) & np.isfinite(areas["measured"])
    return areas.loc[both, "registered"] / areas.loc[both, "measured"]


def _nearest(ratio: float) -> str:
    """Return the unit that a ratio is clearly near; empty if none."""
    for unit, per_ha in PER_HA.items():
        if 1.0 / CLEAR < ratio / per_ha < CLEAR:
            return unit
    return ""


def _in_second_unit(ratio: pd.Series, place: dict) -> list[Problem]:
    """Tell the rows that are in another unit than most."""
    near = {
        unit: ratio.gt(per_ha / CLOSE) & ratio.lt(per_ha * CLOSE) for unit, per_ha in PER_HA.items()
    }
    counts = {unit: int(rows.sum()) for unit, rows in near.items()}
    others = sorted(counts, key=lambda unit: -counts[unit])[1:]
    if sum(counts.values()) < TOGETHER * len(ratio):
        return []
    least = max(SECOND_LEAST, SECOND_SHARE * len(ratio))
    return [
        problem
        for unit in others
        if counts[unit] >= least
        for problem in faulty("unit_mixed", near[unit], ratio.round(4), rule=unit, **place)
    ]


def closure_unit(
    values: pd.Series, *, declared: str = "", named: str = "", field: str = CLOSURE, **place: str
) -> Finding:
    """
    Find whether canopy closures are shares, per cent or tenths (成).

    Parameters
    ----------
    values : Series
        All closures of the layer, by row.
    declared, named, field, **place
        As for ``area_unit``.

    Returns
    -------
    finding : Finding
        Refusals where closures are in two scales, or in another one than was said, or are no
        shares and nobody said so.

    Examples
    --------
    >>> found = closure_unit(pd.Series([70.0, 0.0, 45.0]))
    >>> found.unit, [(one.code, one.value, one.rule) for one in found.problems]
    ('%', [('unit_to_confirm', '% (45–70)', 'canopy_closure = "%"')])
    >>> closure_unit(pd.Series([0.7, 45.0, 30.0])).problems[0].code
    'unit_mixed'
    """
    place["field"] = field
    said = declared or named
    shares, others = values.gt(0) & values.lt(1), values.gt(1)
    if not others.any():
        if said not in ("", "1") and shares.any():
            return Finding(said, [Problem("unit_contradicts", value="1", rule=said, **place)],
                           is_sure=False)  # fmt: skip
        return Finding(said or "1", [])
    likely = "%" if values[others].max() > 10.0 else "成"  # noqa: PLR2004, tenths end at ten
    if shares.any():
        few = others if others.sum() <= shares.sum() else shares
        unit, other = ("1", likely) if few is others else (likely, "0–1")
        mixed = faulty("unit_mixed", few, values, rule=other, **place)
        return Finding(said or unit, mixed, is_sure=False)
    if said == "1" or (said == "成" and likely == "%"):
        return Finding(said, [Problem("unit_contradicts", value=likely, rule=said, **place)],
                       is_sure=False)  # fmt: skip
    if said:
        return Finding(said, [])
    shown = f"{values[others].min():g}–{values[others].max():g}"
    return Finding(likely, [_to_confirm(CLOSURE, likely, shown, place)])


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
    return [_to_confirm(column, "万m3", "", {**place, "field": fields.get(column, column)})]


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
    return [_to_confirm(column, unit, "", where)] if _mostly(ratio, factor) else []


def _to_confirm(column: str, unit: str, shown: str, where: dict) -> Problem:
    """Ask for a unit to be confirmed, in the words of the settings."""
    value = f"{unit} ({shown})" if shown else unit
    return Problem("unit_to_confirm", value=value, rule=f'{column} = "{unit}"', **where)


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
        return [_to_confirm(stock.name, "万m3", "", where)]
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


def in_our_units(
    stands: gpd.GeoDataFrame, units: dict[str, str], fields: dict[str, str], **place: str
) -> tuple[gpd.GeoDataFrame, list[Problem]]:
    """
    Bring columns to the units of the table, and hold them against its ranges.

    Parameters
    ----------
    stands : DataFrame
        Under our names, with numbers in the units of the file.
    units : dict
        Our column name to the unit of the field, for those in other units.
    fields : dict
        Our column name to the field of the file, for messages.
    **place : str
        File and layer.

    Returns
    -------
    stands : DataFrame
    problems : list of Problem
        Values outside the range of the table, as the file has them.

    Examples
    --------
    >>> stands = pd.DataFrame({"registered_area_ha": [4.5]})
    >>> in_our_units(stands, {"registered_area_ha": "亩"}, {})[0]["registered_area_ha"].tolist()
    [0.3]
    """
    rules = columns("stands")
    problems, converted = [], {}
    for name in [name for name in units if name in stands]:
        factor = field_units(rules.loc[name, "unit"])[units[name]]
        values = stands[name] * factor.numerator / factor.denominator
        where = {**place, "field": fields.get(name, name)}
        low, high = rules.loc[name, "min"], rules.loc[name, "max"]
        problems += faulty("too_small", values < low, stands[name], rule=f"≥ {low:g}", **where)
        problems += faulty("too_large", values > high, stands[name], rule=f"≤ {high:g}", **where)
        converted[name] = values
    return stands.assign(**converted), problems
