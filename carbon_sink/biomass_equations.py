"""Gains and losses of biomass by the equations of the IPCC, one function each."""

import numpy as np

from .errors import ParameterError, Problem


def biomass_increment(volume_increment_m3_ha_yr, bcef_t_m3, root_shoot_ratio):  # noqa: ANN001, ANN201
    r"""
    Yearly growth of biomass, above and below ground.

    .. math:: G_{TOTAL} = I_V \cdot BCEF_I \cdot (1 + R)

    Parameters
    ----------
    volume_increment_m3_ha_yr : float or array
        Net annual increment of the stock, cubic metres per hectare and year.
    bcef_t_m3 : float or array
        Aboveground biomass per volume, tonnes per cubic metre: wood density times BEF.
    root_shoot_ratio : float or array
        Belowground over aboveground biomass.

    Returns
    -------
    increment_t_ha_yr : float or array
        Tonnes of dry mass per hectare and year.

    References
    ----------
    [ipcc_2006_v4]_ equation 2.10, tiers 2 and 3.

    Examples
    --------
    >>> round(biomass_increment(5.0, 0.6, 0.25), 6)
    3.75
    """
    return volume_increment_m3_ha_yr * bcef_t_m3 * (1.0 + root_shoot_ratio)


def wood_removal_carbon(volume_m3, bcef_t_m3, root_shoot_ratio, carbon_fraction):  # noqa: ANN001, ANN201
    r"""
    Carbon of the trees whose wood was taken out.

    .. math:: L_{wood} = H \cdot BCEF_R \cdot (1 + R) \cdot CF

    Parameters
    ----------
    volume_m3 : float or array
        Growing stock that was cut, cubic metres.
    bcef_t_m3 : float or array
        Aboveground biomass per volume that was cut, tonnes per cubic metre.
    root_shoot_ratio : float or array
        Belowground over aboveground biomass; 0 where roots are not counted as lost.
    carbon_fraction : float or array
        Tonnes of carbon per tonne of dry mass.

    Returns
    -------
    carbon_t : float or array
        Tonnes of carbon.

    References
    ----------
    [ipcc_2006_v4]_ equation 2.12.

    Examples
    --------
    >>> round(wood_removal_carbon(100.0, 0.6, 0.25, 0.5), 6)
    37.5
    """
    return biomass_increment(volume_m3, bcef_t_m3, root_shoot_ratio) * carbon_fraction


def fuelwood_carbon(  # noqa: ANN201
    trees_m3,  # noqa: ANN001
    parts_m3,  # noqa: ANN001
    bcef_t_m3,  # noqa: ANN001
    root_shoot_ratio,  # noqa: ANN001
    wood_density_t_m3,  # noqa: ANN001
    carbon_fraction,  # noqa: ANN001
):
    r"""
    Carbon of fuelwood, from whole trees and from parts of living trees.

    .. math:: L_{fuel} = (FG_{trees} \cdot BCEF_R \cdot (1 + R) + FG_{part} \cdot D) \cdot CF

    Parameters
    ----------
    trees_m3, parts_m3 : float or array
        Fuelwood of whole trees and of branches and the like, cubic metres.
    bcef_t_m3, root_shoot_ratio, carbon_fraction : float or array
        As for ``wood_removal_carbon``.
    wood_density_t_m3 : float or array
        Basic wood density, tonnes per cubic metre.

    Returns
    -------
    carbon_t : float or array
        Tonnes of carbon.

    References
    ----------
    [ipcc_2006_v4]_ equation 2.13.

    Examples
    --------
    >>> round(fuelwood_carbon(100.0, 20.0, 0.6, 0.25, 0.5, 0.5), 6)
    42.5
    """
    trees = wood_removal_carbon(trees_m3, bcef_t_m3, root_shoot_ratio, carbon_fraction)
    return trees + parts_m3 * wood_density_t_m3 * carbon_fraction


def disturbance_carbon(area_ha, biomass_t_ha, root_shoot_ratio, carbon_fraction, lost_fraction):  # noqa: ANN001, ANN201
    r"""
    Carbon of living biomass that a disturbance took.

    .. math:: L_{disturbance} = A \cdot B_W \cdot (1 + R) \cdot CF \cdot fd

    Parameters
    ----------
    area_ha : float or array
        Area that was disturbed, hectares.
    biomass_t_ha : float or array
        Aboveground biomass of that land, tonnes per hectare.
    root_shoot_ratio, carbon_fraction : float or array
        As for ``wood_removal_carbon``.
    lost_fraction : float or array
        Share of the biomass that was lost, 0 to 1.

    Returns
    -------
    carbon_t : float or array
        Tonnes of carbon.

    Raises
    ------
    ParameterError
        If the share is less than 0 or more than 1.

    References
    ----------
    [ipcc_2006_v4]_ equation 2.14.

    Examples
    --------
    >>> round(disturbance_carbon(10.0, 40.0, 0.25, 0.5, 0.3), 6)
    75.0
    """
    check_share(lost_fraction, "lost_fraction", 1.0)
    return area_ha * biomass_t_ha * (1.0 + root_shoot_ratio) * carbon_fraction * lost_fraction


def check_share(share, name: str, whole: float) -> None:  # noqa: ANN001
    """
    Refuse shares that are less than nothing or more than the whole.

    Raises
    ------
    ParameterError
        Naming the share and its value.

    Examples
    --------
    >>> check_share(0.3, "lost_fraction", 1.0)
    """
    shares = np.atleast_1d(share)
    bad = ~((shares >= 0.0) & (shares <= whole))
    if bad.any():
        value = ", ".join(f"{one:g}" for one in shares[bad][:5])
        raise ParameterError(
            Problem("share_impossible", field=name, value=value, rule=f"0–{whole:g}")
        )
