"""Gases from forest land: mineral soils, fires, forest conversion, and their sum as CO2."""

from functools import cache

import pandas as pd

from .errors import ParameterError, Problem
from .tables import read_data
from .units import carbon_to_co2

GASES = ("ch4", "n2o")
CH4_PER_C, N2O_PER_N = 16.0 / 12.0, 44.0 / 28.0
G_PER_KG = 1000.0


def mineral_soil_change(soc_ref_t_ha, factor_before, factor_after, area_ha=1.0, years=20):  # noqa: ANN001, ANN201
    r"""
    Yearly change of the carbon in mineral soil after a change of land use.

    .. math:: \Delta SOC = \frac{SOC_{ref} (F_{after} - F_{before}) A}{D}

    Parameters
    ----------
    soc_ref_t_ha : float or array
        Reference carbon stock of the soil, t C/ha, 0-30 cm.
    factor_before, factor_after : float or array
        Product of the stock change factors of land use, management and input.
    area_ha : float or array
        Area whose use changed, ha.
    years : float
        Years over which the stock moves to its new level; 20 is the default of the IPCC.

    Returns
    -------
    change_t_yr : float or array
        t C per year, **positive for a gain** of the soil. A loss is never clipped to zero.

    References
    ----------
    [ipcc_2006_v4]_ equation 2.25.

    Examples
    --------
    Rice fields that become forest lose soil carbon by these factors:

    >>> round(mineral_soil_change(55.0, 1.35, 1.0), 4)
    -0.9625
    """
    return soc_ref_t_ha * (factor_after - factor_before) * area_ha / years


def fire_emissions(area_ha, fuel_t_ha, combustion_factor, emission_factor_g_kg):  # noqa: ANN001, ANN201
    """
    Mass of a gas that a fire sets free.

    Parameters
    ----------
    area_ha : float or array
        Area burnt, ha.
    fuel_t_ha : float or array
        Dry mass of fuel, t/ha.
    combustion_factor : float or array
        Share of the fuel that burns; 1 where the fuel is what was burnt.
    emission_factor_g_kg : float or array
        Gas per dry mass burnt, g/kg.

    Returns
    -------
    gas_t : float or array
        Tonnes of the gas.

    References
    ----------
    [ipcc_2006_v4]_ equation 2.27.

    Examples
    --------
    10 ha x 19.8 t/ha x 4.7 g/kg:

    >>> round(fire_emissions(10.0, 19.8, 1.0, 4.7), 4)
    0.9306
    """
    return area_ha * fuel_t_ha * combustion_factor * emission_factor_g_kg / G_PER_KG


@cache
def factors() -> pd.Series:
    """
    Return the factors of fires and of forest conversion, indexed by factor and gas.

    Examples
    --------
    >>> float(factors()["emission_factor", "n2o"])
    0.26
    """
    return read_data("fire_factors.csv").set_index(["factor", "gas"])["value"].astype(float)


def fire_gases(area_ha: float, fuel_t_ha: float | None = None) -> dict[str, float]:
    """
    Methane and nitrous oxide from forest fires, by cited defaults.

    Parameters
    ----------
    area_ha : float
        Forest area burnt, ha.
    fuel_t_ha : float, optional
        Dry mass of the fuel that was there, t/ha, of which the default share burns. Without it
        the dry mass burnt is the default of wildfires.

    Returns
    -------
    gases : dict
        Tonnes of ``ch4`` and ``n2o``.

    Raises
    ------
    ParameterError
        If the area or the fuel is negative.

    Notes
    -----
    CO2 of fires is left out: the change of the carbon stock holds it.

    References
    ----------
    [ipcc_2006_v4]_ equation 2.27, tables 2.4, 2.5 and 2.6.

    Examples
    --------
    >>> {gas: round(mass_t, 4) for gas, mass_t in fire_gases(10.0).items()}
    {'ch4': 0.9306, 'n2o': 0.0515}
    """
    amounts = {"area_ha": area_ha, "fuel_t_ha": 0.0 if fuel_t_ha is None else fuel_t_ha}
    _check_range(amounts)
    burns = 1.0 if fuel_t_ha is None else factors()["combustion_factor", ""]
    fuel = factors()["fuel_burnt", ""] if fuel_t_ha is None else fuel_t_ha
    return {
        gas: float(fire_emissions(area_ha, fuel, burns, factors()["emission_factor", gas]))
        for gas in GASES
    }


def conversion_gases(released_t: float) -> dict[str, float]:
    """
    Methane and nitrous oxide where biomass of converted forest is burnt on site.

    Parameters
    ----------
    released_t : float
        Carbon released by burning on site, t.

    Returns
    -------
    gases : dict
        Tonnes of ``ch4`` and ``n2o``.

    References
    ----------
    [provincial_guideline_2011]_ forest conversion.

    Examples
    --------
    >>> {gas: round(mass_t, 4) for gas, mass_t in conversion_gases(100.0).items()}
    {'ch4': 1.6, 'n2o': 0.011}
    """
    nitrogen_t = released_t * factors()["nitrogen_carbon_ratio", ""]
    return {
        "ch4": float(released_t * factors()["conversion_ratio", "ch4"] * CH4_PER_C),
        "n2o": float(nitrogen_t * factors()["conversion_ratio", "n2o"] * N2O_PER_N),
    }


def conversion_fates(lost_t: float, onsite_share: float, offsite_share: float) -> dict[str, float]:
    """
    Tell what became of the biomass carbon of converted forest.

    Parameters
    ----------
    lost_t : float
        Biomass carbon lost, t.
    onsite_share, offsite_share : float
        Shares of it that are burnt on the spot and elsewhere, 0 to 1. No provincial values
        are known: whoever has them gives them.

    Returns
    -------
    fates : dict
        ``burnt_t``, carbon released by burning; ``decayed_t``, all that is left, which is
        taken to decay; both add up to what was lost. ``ch4`` and ``n2o`` are tonnes of gas
        from burning on site.

    Raises
    ------
    ParameterError
        If a share is not between 0 and 1, or both together exceed 1.

    References
    ----------
    [provincial_guideline_2011]_ forest conversion; [ipcc_1996_v3]_ oxidation on burning.

    Examples
    --------
    >>> fates = conversion_fates(100.0, 0.3, 0.2)
    >>> fates["burnt_t"], fates["decayed_t"], round(fates["ch4"], 3)
    (45.0, 55.0, 0.432)
    """
    _check_range(
        {"onsite_share": onsite_share, "offsite_share": offsite_share,
         "onsite_share + offsite_share": onsite_share + offsite_share}, 1.0
    )  # fmt: skip
    oxidised_t = lost_t * factors()["oxidation_factor", ""]
    burnt_t = float(oxidised_t * (onsite_share + offsite_share))
    return {
        "burnt_t": burnt_t,
        "decayed_t": lost_t - burnt_t,
        **conversion_gases(oxidised_t * onsite_share),
    }


def gwp(name: str) -> dict[str, float]:
    """
    Return a set of warming potentials over 100 years: t of CO2 per t of each gas.

    Parameters
    ----------
    name : str
        A set of ``data/gwp.csv``.

    Raises
    ------
    ParameterError
        If the set does not exist; the message lists those that do.

    Examples
    --------
    >>> gwp("ar5")
    {'ch4': 28.0, 'n2o': 265.0}
    """
    table = read_data("gwp.csv")
    rows = table[table["set"].eq(name)]
    if rows.empty:
        known = ", ".join(sorted(table["set"].unique()))
        raise ParameterError(Problem("gwp_set_unknown", field="ghg.gwp", value=name, rule=known))
    return dict(zip(rows["gas"], rows["value"].astype(float), strict=True))


def co2e(carbon_t: float, ch4_t: float, n2o_t: float, potentials: dict[str, float]) -> float:
    """
    Sum a change of carbon and other gases as an emission in tonnes of CO2.

    Parameters
    ----------
    carbon_t : float
        Change of the carbon stock, t C, positive for a gain.
    ch4_t, n2o_t : float
        Emissions, t of gas.
    potentials : dict
        From ``gwp``.

    Returns
    -------
    emission_t : float
        Tonnes of CO2, **negative for a removal**.

    Examples
    --------
    >>> co2e(-12.0, 1.0, 0.0, gwp("ar5"))
    72.0
    """
    return -carbon_to_co2(carbon_t) + ch4_t * potentials["ch4"] + n2o_t * potentials["n2o"]


def _check_range(amounts: dict[str, float], most: float = float("inf")) -> None:
    """Refuse amounts that are below zero or above what is possible, all in one message."""
    expected = "≥ 0" if most == float("inf") else f"0 … {most:g}"
    faulty = [
        Problem("amount_impossible", field=name, value=f"{value:g}", rule=expected)
        for name, value in amounts.items()
        if not 0.0 <= value <= most
    ]
    if faulty:
        raise ParameterError(faulty)
