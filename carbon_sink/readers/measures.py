"""In which units the fields of an inventory are: found from what they hold, never guessed."""

from typing import NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd

from ..errors import Problem
from ..language import Words
from ..tables import columns, faulty
from ..units import field_units, pretty

AREA, CLOSURE = "registered_area_ha", "canopy_closure"
# units of areas, and how many of them make a hectare
PER_HA = {"ha": 1.0, "亩": 15.0, "m2": 10_000.0, "km2": 0.01}
# the middle of the ratios of a unit lies within this factor of it, one row within the other;
# beyond the third, registered areas fit the polygons in no unit
CLEAR, CLOSE, FAR = 1.25, 1.1, 2.0
# rows in a second unit: fewer are mistakes of single rows, which are told as such
SECOND_SHARE, SECOND_LEAST, TOGETHER = 0.005, 2, 0.5
# of a large file fewer are no mistakes either, where few rows are nearly in that unit
SECOND_MANY, ALONE, NEARLY = 20, 4.0, CLOSE**3


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
        return Finding(said, [Problem("unit_contradicts", value=named_unit(likely),
                                      rule=named_unit(said), **place)],
                       is_sure=False)  # fmt: skip
    if likely and likely != "ha" and not said:
        return Finding(likely, [to_confirm(AREA, likely, f"× {shown}", place)])
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


def _second(rows: pd.Series) -> float:
    """Return how many rows are a second unit; a few are mistakes of single rows."""
    return max(SECOND_LEAST, SECOND_SHARE * float(rows.sum()))


def _is_second(ratio: pd.Series, near: pd.Series, per_ha: float) -> bool:
    """Tell whether the rows near a unit are in it, and not near it by mistake."""
    count = near.sum()
    beside = (ratio.gt(per_ha / NEARLY) & ratio.lt(per_ha * NEARLY)).sum() - count
    is_peak = count >= SECOND_MANY and count > ALONE * beside
    return bool(is_peak or count >= _second(ratio.gt(0)))


def _in_second_unit(ratio: pd.Series, place: dict) -> list[Problem]:
    """Tell the rows that are in another unit than most."""
    near = {
        unit: ratio.gt(per_ha / CLOSE) & ratio.lt(per_ha * CLOSE) for unit, per_ha in PER_HA.items()
    }
    counts = {unit: int(rows.sum()) for unit, rows in near.items()}
    others = sorted(counts, key=lambda unit: -counts[unit])[1:]
    if sum(counts.values()) < TOGETHER * len(ratio):
        return []
    return [
        problem
        for unit in others
        if _is_second(ratio, near[unit], PER_HA[unit])
        for problem in faulty(
            "unit_mixed", near[unit], ratio.round(4), rule=named_unit(unit), **place
        )
    ]


class AreaUnits:
    """
    Looks for a second unit of registered areas in all rows of a file, part by part.

    ``area_unit`` sees some parts of a large file only. This keeps one number for each row.

    Parameters
    ----------
    unit : str
        Unit of the field, from which areas were converted to hectares.

    Examples
    --------
    >>> units = AreaUnits("亩")
    >>> registered_ha = pd.Series([1.0, 2.0, 3.0, 1 / 15, 2 / 15], index=range(1, 6))
    >>> units.add(registered_ha, pd.Series([1.0, 2.0, 3.0, 1.0, 2.0], index=range(1, 6)))
    >>> [(one.code, one.rows, one.rule) for one in units.finish()]
    [('unit_mixed', (4, 5), 'ha')]
    """

    def __init__(self, unit: str = "ha") -> None:
        self._per_ha = PER_HA[unit]
        self._ratios: list[pd.Series] = []

    def add(self, registered_ha: pd.Series, measured_ha: pd.Series) -> None:
        """Take in registered and measured areas (ha) of a part, by row."""
        areas = pd.DataFrame({"registered": registered_ha, "measured": measured_ha})
        self._ratios.append((_ratios(areas) * self._per_ha).astype("float32"))

    def finish(self, field: str = AREA, **place: str) -> list[Problem]:
        """Tell the rows in a second unit, as the refusal ``unit_mixed``."""
        if not sum(map(len, self._ratios)):
            return []
        return _in_second_unit(pd.concat(self._ratios).astype(float), {**place, "field": field})


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
    >>> closure_unit(pd.Series([0.7, 0.5, 9.5])).unit  # one mistake of typing
    '1'
    """
    place["field"] = field
    said = declared or named
    shares, others = values.gt(0) & values.lt(1), values.gt(1)
    # few are mistakes of typing, which are told as too large
    if not others.any() or (others.sum() < shares.sum() and others.sum() < _second(values.gt(0))):
        if said not in ("", "1") and shares.any():
            return Finding(said, [Problem("unit_contradicts", value="1", rule=named_unit(said),
                                          **place)],
                           is_sure=False)  # fmt: skip
        return Finding(said or "1", [])
    likely = "%" if values[others].max() > 10.0 else "成"  # noqa: PLR2004, tenths end at ten
    if shares.any():
        few = others if others.sum() <= shares.sum() else shares
        unit, other = ("1", likely) if few is others else (likely, "0–1")
        mixed = faulty("unit_mixed", few, values, rule=named_unit(other), **place)
        return Finding(said or unit, mixed, is_sure=False)
    if said == "1" or (said == "成" and likely == "%"):
        return Finding(said, [Problem("unit_contradicts", value=named_unit(likely),
                                      rule=named_unit(said), **place)],
                       is_sure=False)  # fmt: skip
    if said:
        return Finding(said, [])
    shown = f"{values[others].min():g}–{values[others].max():g}"
    return Finding(likely, [to_confirm(CLOSURE, likely, shown, place)])


def named_unit(unit: str) -> Words:
    """
    Return a unit of a field in both languages, for messages.

    Examples
    --------
    >>> named_unit("亩").en, named_unit("成").en, named_unit("m3/亩").en
    ('mu', 'tenths', 'm³/mu')
    """
    return Words(unit, pretty(unit, "en").replace("成", "tenths"))


def to_confirm(column: str, unit: str, shown: str, where: dict) -> Problem:
    """
    Ask for a unit to be confirmed, in the words of the settings.

    Examples
    --------
    >>> to_confirm("registered_area_ha", "亩", "× 15", {}).rule
    'registered_area_ha = "亩"'
    """
    behind = f" ({shown})" if shown else ""
    value = Words(unit + behind, named_unit(unit).en + behind)
    return Problem("unit_to_confirm", value=value, rule=f'{column} = "{unit}"', **where)


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
