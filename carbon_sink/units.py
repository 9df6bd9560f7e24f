"""Units of forestry plans and of inventories, and their exact factors to those of the tables."""

import unicodedata
from fractions import Fraction

M2_PER_HA = 10_000.0
MU_PER_HA = 15.0
CO2_PER_C = 44.0 / 12.0

# unit written in a plan -> (unit of our tables, factor to it)
_UNITS = {
    "m3": ("m3", 1.0),
    "万m3": ("m3", 10_000.0),
    "ha": ("ha", 1.0),
    "万ha": ("ha", 10_000.0),
    "亩": ("ha", 1.0 / MU_PER_HA),
    "万亩": ("ha", 10_000.0 / MU_PER_HA),
    "km2": ("ha", 100.0),
    "%": ("%", 1.0),
    "‰": ("‰", 1.0),
    "t": ("t", 1.0),
    "万t": ("t", 10_000.0),
}
SPELLINGS = {
    "m³": "m3",
    "立方米": "m3",
    "万m³": "万m3",
    "万立方米": "万m3",
    "公顷": "ha",
    "万公顷": "万ha",
}
# unit of our columns -> units that a field of an inventory may be in, and their exact factors
_FIELD_UNITS = {
    "ha": {"ha": Fraction(1), "亩": Fraction(1, 15), "m2": Fraction(1, 10_000),
           "km2": Fraction(100)},
    "1": {"1": Fraction(1), "%": Fraction(1, 100), "成": Fraction(1, 10)},
    "%": {"%": Fraction(1), "1": Fraction(100), "成": Fraction(10)},
    "m3": {"m3": Fraction(1), "万m3": Fraction(10_000)},
    "m3/ha": {"m3/ha": Fraction(1), "m3/亩": Fraction(15)},
    "m2/ha": {"m2/ha": Fraction(1), "m2/亩": Fraction(15)},
    "1/ha": {"1/ha": Fraction(1), "1/亩": Fraction(15)},
    "cm": {"cm": Fraction(1), "mm": Fraction(1, 10), "m": Fraction(100)},
    "m": {"m": Fraction(1), "dm": Fraction(1, 10), "cm": Fraction(1, 100), "km": Fraction(1000)},
    "yr": {"yr": Fraction(1)},
}  # fmt: skip
# other spellings, after full-width signs and raised digits have become plain
_FIELD_SPELLINGS = {
    "公顷": "ha", "hm2": "ha", "mu": "亩", "市亩": "亩", "平方米": "m2", "平方公里": "km2",
    "百分比": "%", "百分数": "%", "小数": "1", "成数": "成", "立方米": "m3", "万立方米": "万m3",
    "立方米/公顷": "m3/ha", "m3/hm2": "m3/ha", "立方米/亩": "m3/亩", "平方米/公顷": "m2/ha",
    "m2/hm2": "m2/ha", "株/公顷": "1/ha", "株/hm2": "1/ha", "株/ha": "1/ha", "株/亩": "1/亩",
    "厘米": "cm", "毫米": "mm", "米": "m", "分米": "dm", "公里": "km", "年": "yr",
}  # fmt: skip


def base_unit(unit: str) -> tuple[str, float]:
    """
    Return the table unit of a plan's unit, and the factor to it.

    Parameters
    ----------
    unit : str
        A unit as plans write it: ``"万m3"``, ``"万亩"``, ``"%"`` …

    Returns
    -------
    unit, factor : str, float
        A value in the plan's unit times the factor is in the table unit.

    Raises
    ------
    KeyError
        If the unit is not known; ``known_units`` lists those that are.

    Examples
    --------
    >>> base_unit("万m3")
    ('m3', 10000.0)
    >>> round(2.43 * base_unit("万亩")[1], 6)
    1620.0
    """
    return _UNITS[SPELLINGS.get(unit, unit)]


def known_units() -> list[str]:
    """Return the units a target or a statistic may be written in."""
    return [*_UNITS, *SPELLINGS]


def field_units(unit: str) -> dict[str, Fraction]:
    """
    Return the units a field may be in whose column is in ``unit``, with their exact factors.

    Examples
    --------
    >>> field_units("ha")["亩"]
    Fraction(1, 15)
    >>> field_units("t")
    {}
    """
    return _FIELD_UNITS.get(unit, {})


def field_unit(word: str, unit: str) -> str:
    """
    Return the unit that a word means in a field whose column is in ``unit``; empty if none.

    Examples
    --------
    >>> field_unit("公顷", "ha"), field_unit("ｍ²", "ha"), field_unit("％", "m3")
    ('ha', 'm2', '')
    """
    word = unicodedata.normalize("NFKC", word).strip().lower()
    word = _FIELD_SPELLINGS.get(word, word)
    return word if word in field_units(unit) else ""


def field_unit_words() -> list[str]:
    """Return every word for a unit of a field, the longest first."""
    words = {name for units in _FIELD_UNITS.values() for name in units} | set(_FIELD_SPELLINGS)
    return sorted(words, key=lambda word: (-len(word), word))


def mu(area_ha: float) -> float:
    """
    Area in mu (亩): 1 ha is exactly 15 mu.

    Examples
    --------
    >>> mu(1620.0)
    24300.0
    """
    return area_ha * MU_PER_HA


def carbon_to_co2(carbon_t: float) -> float:
    """
    Mass of CO2 (t) that holds a mass of carbon (t), by molar mass 44/12.

    Examples
    --------
    >>> carbon_to_co2(12.0)
    44.0
    """
    return carbon_t * CO2_PER_C


def pretty(name: str, lang: str) -> str:
    """
    Write units and formulas the way people do.

    Examples
    --------
    >>> pretty("m3/ha", "zh"), pretty("t/yr", "zh"), pretty("万亩", "en"), pretty("CO2", "en")
    ('m³/ha', 't/年', '10⁴ mu', 'CO₂')
    """
    for plain, raised in (("m3", "m³"), ("CO2", "CO₂"), ("CH4", "CH₄"), ("N2O", "N₂O")):
        name = name.replace(plain, raised)
    if lang == "zh":
        return name.replace("/yr", "/年")
    return name.replace("万", "10⁴ ").replace("亩", "mu")
