"""Carbon in living forest biomass, from growing stock and from area."""

import pandas as pd

from .errors import ParameterError, Problem
from .inventory import FOREST_STOCK, stock_parts
from .language import Words, text
from .parameters import (
    AREA_GROUPS,
    AREA_PARAMETERS,
    TREE_PARAMETERS,
    by_species,
    group_values,
    lacking,
)
from .tables import faulty
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
# living trees beside the forest, and the column that tells their species
TREES_BESIDE = {
    "sparse": "species_group",
    "scattered": "scattered_species_group",
    "four_side": "scattered_species_group",
}
LIVING_TOTAL = "living_total"


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
    Add the carbon of every stand: that of its forest, and that of the trees beside it.

    Parameters
    ----------
    stands : DataFrame
        With ``forest_type``, ``area_ha`` (ha), ``forest_volume_m3`` (m3) and
        ``species_group``; where the inventory has them, ``scattered_type``,
        ``scattered_volume_m3`` (m3) and ``scattered_species_group``.
    parameters : DataFrame
        Cited rows as ``parameters.load_parameters`` returns them.

    Returns
    -------
    stands : DataFrame
        A copy with ``carbon_part``, and in tonnes of carbon: ``carbon_t`` of the forest, which
        is 0 on land without forest, its parts ``aboveground_t`` and ``belowground_t``, and
        ``sparse_carbon_t``, ``scattered_carbon_t`` and ``four_side_carbon_t`` of whole trees
        beside the forest, missing where a species is unknown or has no parameters.

    Raises
    ------
    ParameterError
        If species of the forest have no parameters; it names all of them, what each lacks, and
        the rows.

    Notes
    -----
    Arbor forest is counted by its stock, so young arbor forest without stock has no carbon
    here. Economic forest is counted by area even when stock is given, so that no tree counts
    twice; for the same reason stock of the own trees of bamboo and shrub forest has no carbon
    of scattered trees.

    The carbon of trees is divided into above and below ground by the root ratio. The figures
    per area of the provincial guideline for the parts above and below ground do not add up to
    its figure for the whole plant, because the three are means of different samples. The
    carbon is that of the whole plant, and the two others only share it in their proportion.

    References
    ----------
    [ar_cm_001_v01]_ trees; [provincial_guideline_2011]_ biomass per area.

    Examples
    --------
    >>> from carbon_sink.parameters import load_parameters
    >>> stands = pd.DataFrame({"forest_type": ["arbor"], "area_ha": [1.0],
    ...                        "forest_volume_m3": [100.0], "species_group": ["cypress"]})
    >>> found = add_carbon(stands, load_parameters("ar_cm_001")).iloc[0]
    >>> found[["carbon_t", "aboveground_t", "belowground_t"]].astype(float).round(2).tolist()
    [51.51, 42.22, 9.29]
    """
    part = carbon_part(stands["forest_type"])
    stock = stock_parts(stands)
    trees = part.eq("arbor") & stock["forest"].gt(0)
    by_area = part.isin(AREA_GROUPS)
    problems = lacking(parameters, stands.loc[trees, "species_group"], TREE_PARAMETERS)
    problems += lacking(parameters, part[by_area], AREA_PARAMETERS)
    if problems:
        raise ParameterError(problems)
    carbon = pd.Series(0.0, index=stands.index)
    share = pd.Series(1.0, index=stands.index)
    group = stands.loc[trees, "species_group"]
    carbon[trees] = tree_carbon(stands.loc[trees, "forest_volume_m3"], group, parameters)
    share[trees] = 1.0 / (1.0 + by_species(parameters, group, "root_shoot_ratio"))
    whole, above, below, fraction = (
        by_species(parameters, part[by_area], name) for name in AREA_PARAMETERS
    )
    carbon[by_area] = area_carbon(stands.loc[by_area, "area_ha"], whole, fraction)
    share[by_area] = above / (above + below)
    aboveground = carbon * share
    return stands.assign(
        carbon_part=part,
        carbon_t=carbon,
        aboveground_t=aboveground,
        belowground_t=carbon - aboveground,
        **_carbon_beside(stands, stock, part, parameters).add_suffix("_carbon_t"),
    )


def tree_carbon(
    volume_m3: pd.Series, species_group: pd.Series, parameters: pd.DataFrame
) -> pd.Series:
    """
    Carbon of whole trees by their species.

    Parameters
    ----------
    volume_m3 : Series
        Growing stock, cubic metres.
    species_group : Series
        On the same index.
    parameters : DataFrame
        Cited rows.

    Returns
    -------
    carbon_t : Series
        Tonnes of carbon; 0 without stock, missing where the species is unknown or lacks a
        parameter.

    Examples
    --------
    >>> from carbon_sink.parameters import load_parameters
    >>> volume, group = pd.Series([100.0, 5.0, 0.0]), pd.Series(["oak", None, None])
    >>> tree_carbon(volume, group, load_parameters("ar_cm_001")).round(2).tolist()
    [59.17, nan, 0.0]
    """
    stocked = volume_m3.ne(0)
    factors = [group_values(parameters, species_group[stocked], name) for name in TREE_PARAMETERS]
    carbon = pd.Series(0.0, index=volume_m3.index)
    carbon[stocked] = stand_carbon(volume_m3[stocked], *factors)
    return carbon


def _carbon_beside(
    stands: pd.DataFrame, stock: pd.DataFrame, part: pd.Series, parameters: pd.DataFrame
) -> pd.DataFrame:
    """Return the carbon of trees beside the forest, t, missing where their species is."""
    own = _own_scattered(stands).mask(part.isin(AREA_GROUPS), 0.0)
    recorded = stands.get("scattered_volume_m3", pd.Series(0.0, index=stands.index)).fillna(0.0)
    group = _scattered_group(stands)
    return pd.DataFrame(
        {
            "sparse": tree_carbon(stock["sparse"], stands["species_group"], parameters),
            "scattered": tree_carbon(own, stands["species_group"], parameters)
            + tree_carbon(recorded - stock["four_side"], group, parameters),
            "four_side": tree_carbon(stock["four_side"], group, parameters),
        }
    )


def _own_scattered(stands: pd.DataFrame) -> pd.Series:
    """Return the stock of a stand's own trees that counts as scattered, m3."""
    return stock_parts(stands.drop(columns="scattered_volume_m3", errors="ignore"))["scattered"]


def _scattered_group(stands: pd.DataFrame) -> pd.Series:
    """Return the species group of scattered and four-side trees, missing where unknown."""
    unknown = pd.Series(None, index=stands.index, dtype=object)
    return stands.get("scattered_species_group", unknown)


def carbon_notes(stands: pd.DataFrame, file: str = "") -> list[Problem]:
    """
    Tell of which trees beside the forest the carbon is missing, and why.

    Parameters
    ----------
    stands : DataFrame
        As ``add_carbon`` returns them.
    file : str
        File of the inventory, for the messages.

    Returns
    -------
    notes : list of Problem
        For sparse woodland, scattered and four-side trees: ``tree_species_unknown`` and
        ``tree_parameters_missing``, with the rows and the cubic metres concerned.
    """
    notes: list[Problem] = []
    stock = stock_parts(stands)
    own = _own_scattered(stands).gt(0)
    for kind, column in TREES_BESIDE.items():
        missing = stands[f"{kind}_carbon_t"].isna()
        group = stands["species_group"]
        if column != "species_group":
            group = _scattered_group(stands).where(~own | (kind == "four_side"), group)
        for code, rows in (
            ("tree_species_unknown", missing & group.isna()),
            ("tree_parameters_missing", missing & group.notna()),
        ):
            name = _kind_in_words(kind, sorted(group[rows].dropna().unique()))
            volume = f"{stock.loc[rows, kind].sum():,.1f}"
            notes += faulty(code, rows, file=file, value=volume, rule=name)
    return notes


def _kind_in_words(kind: str, groups: list[str]) -> Words:
    """Return the name of a kind of trees with their species groups, in both languages."""
    zh, en = (text(f"part.{kind}", lang) for lang in ("zh", "en"))
    listed = ", ".join(groups)
    return Words(f"{zh}（{listed}）", f"{en} ({listed})") if groups else Words(zh, en)


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
        ``volume_m3`` (m3; missing where forest is counted by area), ``carbon_t`` (t),
        ``aboveground_t`` and ``belowground_t`` (t), ``co2_t`` (t) and ``without_carbon_m3``
        (m3), which is 0, because forest without parameters is refused.
    """
    volume = stock_parts(stands)["forest"].where(stands["carbon_part"].eq("arbor"), 0.0)
    sums = (
        stands.assign(volume_m3=volume)
        .groupby("carbon_part")[
            ["area_ha", "volume_m3", "carbon_t", "aboveground_t", "belowground_t"]
        ]
        .sum()
        .reindex(list(CARBON_PARTS), fill_value=0.0)
        .rename_axis("part")
    )
    sums.loc[list(AREA_GROUPS), "volume_m3"] = float("nan")
    return sums.assign(co2_t=carbon_to_co2(sums["carbon_t"]), without_carbon_m3=0.0)


def living_parts(stands: pd.DataFrame) -> pd.DataFrame:
    """
    Sum stock and carbon of the trees beside the forest, and of all living trees.

    Parameters
    ----------
    stands : DataFrame
        As ``add_carbon`` returns them.

    Returns
    -------
    parts : DataFrame
        Rows ``sparse``, ``scattered``, ``four_side`` and ``living_total``, which is their sum
        with the forest; columns ``volume_m3`` (m3), ``carbon_t`` (t), ``co2_t`` (t) and
        ``without_carbon_m3`` (m3): stock whose carbon is missing, so that the row is partial.
        Carbon is missing where it is missing of all trees of a kind.
    """
    stock = stock_parts(stands)
    rows = {}
    for kind in TREES_BESIDE:
        carbon = stands[f"{kind}_carbon_t"]
        rows[kind] = {
            "volume_m3": stock[kind].sum(),
            "carbon_t": carbon.where(stock[kind].gt(0)).sum(min_count=int(stock[kind].any())),
            "without_carbon_m3": stock.loc[carbon.isna(), kind].sum(),
        }
    parts = pd.DataFrame(rows).T
    forest = carbon_parts(stands)[list(parts)]
    parts.loc[LIVING_TOTAL] = parts.sum() + forest.sum()
    return parts.assign(co2_t=carbon_to_co2(parts["carbon_t"])).rename_axis("part")


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
    trees |= stands["sparse_carbon_t"].gt(0) | stands["scattered_carbon_t"].gt(0)
    beside = stands["scattered_carbon_t"].gt(0) | stands["four_side_carbon_t"].gt(0)
    species = {*stands.loc[trees, "species_group"], *_scattered_group(stands)[beside]}
    kinds = stands["carbon_part"].dropna().unique()
    by_volume = parameters["species_group"].isin(species) & parameters["parameter"].isin(
        TREE_PARAMETERS
    )
    per_area = parameters["species_group"].isin([k for k in kinds if k in AREA_GROUPS])
    per_area &= parameters["parameter"].isin(AREA_PARAMETERS)
    return parameters[by_volume | per_area].reset_index(drop=True)
