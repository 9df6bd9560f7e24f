"""Stands and growth models turned into the cohorts and curves that libcbm grows."""

import numpy as np
import pandas as pd

from ..errors import Problem
from ..growth import level
from ..tables import read_data

# ages of the curves (yr); levels stay the same above the range of their model
AGES = np.arange(121)


def usable(stands: pd.DataFrame, models: pd.DataFrame) -> pd.Series:
    """
    Return which stands libcbm can grow.

    Parameters
    ----------
    stands : DataFrame
        ``carbon_part``, ``species_group``, ``stand_age_yr`` (yr), ``area_ha`` (ha) and
        ``forest_stock_m3`` (m3).
    models : DataFrame
        As ``growth_models.group_models`` returns them.

    Returns
    -------
    can_grow : Series of bool
        Arbor forest with stock and age whose species group has a level curve of stock and a
        Canadian counterpart; our pools must be summed over the same stands.
    """
    age = stands["stand_age_yr"] if "stand_age_yr" in stands else pd.Series(index=stands.index)
    return (
        stands["carbon_part"].eq("arbor")
        & stands["forest_stock_m3"].gt(0)
        & age.gt(0)
        & stands["species_group"].isin(groups_of(models))
    )


def groups_of(models: pd.DataFrame) -> set[str]:
    """Return the species groups that have a level curve of stock and a Canadian counterpart."""
    curves = models.index[models["curve_volume"].ne("")]
    return set(read_data("cbm_species.csv")["species_group"]) & set(curves)


def cohorts_of(stands: pd.DataFrame) -> pd.DataFrame:
    """
    Return usable stands as cohorts of ``simulate``.

    Examples
    --------
    >>> stands = pd.DataFrame({"species_group": ["oak"], "stand_age_yr": [30.0],
    ...                        "area_ha": [2.0], "forest_stock_m3": [120.0]})
    >>> cohorts_of(stands).to_dict("list")
    {'species_group': ['oak'], 'age_yr': [30.0], 'area_ha': [2.0], 'volume_m3': [120.0]}
    """
    names = {"species_group": "species_group", "stand_age_yr": "age_yr", "area_ha": "area_ha",
             "forest_stock_m3": "volume_m3"}  # fmt: skip
    return stands[list(names)].rename(columns=names)


def curves_of(models: pd.DataFrame) -> pd.DataFrame:
    """
    Return the level curves of stock of all species groups that have one.

    Examples
    --------
    >>> from carbon_sink.growth_models import group_models
    >>> curves = curves_of(group_models()).set_index(["species_group", "age_yr"])
    >>> round(float(curves.loc[("masson_pine", 20), "volume_m3_ha"]), 3)
    80.578
    """
    return pd.concat(
        [pd.DataFrame({"species_group": group, "age_yr": AGES, "volume_m3_ha": level(name, AGES)})
         for group, name in models["curve_volume"].items() if name],
        ignore_index=True,
    )  # fmt: skip


def left_out(stands: pd.DataFrame, can_grow: pd.Series) -> list[Problem]:
    """Return the line that tells how much arbor forest the comparison leaves out."""
    mine = stands[stands["carbon_part"].eq("arbor") & stands["forest_stock_m3"].gt(0) & ~can_grow]
    if mine.empty:
        return []
    groups = ", ".join(sorted(mine["species_group"].dropna().unique()))
    area = f"{mine['area_ha'].sum():.1f}"
    return [Problem("cbm_left_out", count=len(mine), value=area, rule=groups)]
