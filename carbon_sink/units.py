"""Units of forestry plans and their exact factors to the units of the tables."""

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
    name = name.replace("m3", "m³").replace("CO2", "CO₂")
    if lang == "zh":
        return name.replace("/yr", "/年")
    return name.replace("万", "10⁴ ").replace("亩", "mu")
