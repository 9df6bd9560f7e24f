"""Carbon in living forest biomass, from growing stock and from area."""

import pandas as pd

from .inventory import FOREST_STOCK, stock_parts
from .parameters import AREA_GROUPS, TREE_PARAMETERS, by_species
from .units import carbon_to_co2

# kinds of forest that are counted by area, and the group of their parameters
BY_AREA = {
    "bamboo": "bamboo",
    "bamboo_on_farmland": "bamboo",
    "economic_arbor": "economic",
    "economic_shrub": "economic",
    "economic_on_farmland": "economic",
    "shrub_special": "shrub",
    "shrub_other": "shrub",
}
CARBON_PARTS = ("arbor", *AREA_GROUPS)


def stand_carbon(volume_m3, wood_density_t_m3, bef, root_shoot_ratio, carbon_fraction):  # noqa: ANN001, ANN201
    r"""
    Carbon in the living trees of a stand, above and below ground.

    .. math:: C = V \cdot D \cdot BEF \cdot (1 + R) \cdot CF

    Parameters
    ----------
    volume_m3 : float or array
        Growing stock, cubic metres.
    wood_density_t_m3 : float or array
        Basic wood density, tonnes of dry mass per cubic metre.
    bef : float or array
        Biomass expansion factor: **aboveground** biomass over stem biomass.
    root_shoot_ratio : float or array
        Belowground over aboveground biomass.
    carbon_fraction : float or array
        Tonnes of carbon per tonne of dry mass.

    Returns
    -------
    carbon_t : float or array
        Tonnes of carbon.

    Notes
    -----
    A factor for the whole tree must not be used here: roots would count twice.

    References
    ----------
    [ar_cm_001_v01]_ carbon of trees from stand volume.

    Examples
    --------
    100 m3 of cypress:

    >>> round(stand_carbon(100.0, 0.478, 1.732, 0.22, 0.51), 4)
    51.5117
    """
    return volume_m3 * wood_density_t_m3 * bef * (1.0 + root_shoot_ratio) * carbon_fraction


def area_carbon(area_ha, biomass_t_ha, carbon_fraction):  # noqa: ANN001, ANN201
    """
    Carbon of forest whose biomass is known per area: bamboo, economic and shrub forest.

    Parameters
    ----------
    area_ha : float or array
        Area, hectares.
    biomass_t_ha : float or array
        Biomass of the whole plants, tonnes of dry mass per hectare.
    carbon_fraction : float or array
        Tonnes of carbon per tonne of dry mass.

    Returns
    -------
    carbon_t : float or array
        Tonnes of carbon.

    References
    ----------
    [provincial_guideline_2011]_ chapter 4.

    Examples
    --------
    >>> area_carbon(10.0, 68.48, 0.5)
    342.4
    """
    return area_ha * biomass_t_ha * carbon_fraction


def carbon_part(forest_type: pd.Series) -> pd.Series:
    """
    Return which carbon calculation each stand falls under; missing where there is none.

    Examples
    --------
    >>> carbon_part(pd.Series(["arbor", "bamboo", "cropland"])).tolist()
    ['arbor', 'bamboo', nan]
    """
    stocked = [kind for kind in FOREST_STOCK if kind not in BY_AREA]
    return forest_type.map({**dict.fromkeys(stocked, "arbor"), **BY_AREA})


def add_carbon(stands: pd.DataFrame, parameters: pd.DataFrame) -> pd.DataFrame:
    """
    Add ``carbon_part`` and ``carbon_t`` (t) to the stands.

    Parameters
    ----------
    stands : DataFrame
        With ``forest_type``, ``area_ha`` (ha), ``forest_volume_m3`` (m3) and
        ``species_group``.
    parameters : DataFrame
        Cited rows as ``parameters.load_parameters`` returns them.

    Returns
    -------
    stands : DataFrame
        A copy; ``carbon_t`` is 0 on land without forest.

    Raises
    ------
    ParameterError
        If a species with stock has no parameters; it names the species and the rows.

    Notes
    -----
    Arbor forest is counted by its stock, so young arbor forest without stock has no carbon
    here. Economic forest is counted by area even when stock is given, so that no tree counts
    twice.
    """
    part = carbon_part(stands["forest_type"])
    carbon = pd.Series(0.0, index=stands.index)
    trees = part.eq("arbor") & stock_parts(stands)["forest"].gt(0)
    factors = [
        by_species(parameters, stands.loc[trees, "species_group"], name) for name in TREE_PARAMETERS
    ]
    carbon[trees] = stand_carbon(stands.loc[trees, "forest_volume_m3"], *factors)
    for group in AREA_GROUPS:
        rows = part.eq(group)
        if rows.any():
            kind = pd.Series(group, index=stands.index[rows])
            biomass = by_species(parameters, kind, "biomass_whole_t_ha")
            fraction = by_species(parameters, kind, "carbon_fraction")
            carbon[rows] = area_carbon(stands.loc[rows, "area_ha"], biomass, fraction)
    return stands.assign(carbon_part=part, carbon_t=carbon)


def carbon_parts(stands: pd.DataFrame) -> pd.DataFrame:
    """
    Sum area, stock and carbon of the kinds of forest.

    Parameters
    ----------
    stands : DataFrame
        As ``add_carbon`` returns them.

    Returns
    -------
    parts : DataFrame
        Rows ``arbor``, ``bamboo``, ``economic``, ``shrub``; columns ``area_ha`` (ha),
        ``volume_m3`` (m3; missing where forest is counted by area), ``carbon_t`` (t) and
        ``co2_t`` (t).
    """
    volume = stock_parts(stands)["forest"].where(stands["carbon_part"].eq("arbor"), 0.0)
    sums = (
        stands.assign(volume_m3=volume)
        .groupby("carbon_part")[["area_ha", "volume_m3", "carbon_t"]]
        .sum()
        .reindex(list(CARBON_PARTS), fill_value=0.0)
        .rename_axis("part")
    )
    sums.loc[list(AREA_GROUPS), "volume_m3"] = float("nan")
    return sums.assign(co2_t=carbon_to_co2(sums["carbon_t"]))


def used_rows(stands: pd.DataFrame, parameters: pd.DataFrame) -> pd.DataFrame:
    """
    Return the parameter rows that the carbon of these stands depends on.

    Parameters
    ----------
    stands : DataFrame
        As ``add_carbon`` returns them.
    parameters : DataFrame
        Rows of the set.

    Returns
    -------
    rows : DataFrame
        Those rows of the set whose species group and parameter were used.
    """
    trees = stands["carbon_part"].eq("arbor") & stands["carbon_t"].gt(0)
    species = stands.loc[trees, "species_group"].unique()
    kinds = stands["carbon_part"].dropna().unique()
    by_volume = parameters["species_group"].isin(species) & parameters["parameter"].isin(
        TREE_PARAMETERS
    )
    per_area = parameters["species_group"].isin([k for k in kinds if k in AREA_GROUPS])
    per_area &= parameters["parameter"].isin(["biomass_whole_t_ha", "carbon_fraction"])
    return parameters[by_volume | per_area].reset_index(drop=True)
