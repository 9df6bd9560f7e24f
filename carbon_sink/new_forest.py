"""Forest that follows level curves: young plantations, what is planted, what grows back."""

from dataclasses import replace

import numpy as np
import pandas as pd

from .errors import Problem
from .growth_models import growth_models
from .language import Words, text
from .parameters import AREA_GROUPS, constant
from .scenarios import Scenario
from .trajectories import (
    PLANTED,
    REGROWN,
    YOUNG,
    Course,
    curve_of,
    increments,
    mature_years,
)

YOUNG_PLANTED = "young_planted"
# forest land without trees that nobody planted yet
BARE = ("cutover", "burned", "young_enclosed")
NO_SPECIES, NO_AGE, NO_CURVE = "no_species", "no_age", "no_curve"


def with_young(
    trees: Course, stands: pd.DataFrame, models: pd.DataFrame
) -> tuple[Course, np.ndarray]:
    """
    Add the young plantations of an inventory, which count neither as forest nor as stock.

    Parameters
    ----------
    trees : Course
        Stands of arbor forest.
    stands : DataFrame
        The inventory with ``forest_type``, ``species_group``, ``area_ha`` (ha) and
        ``stand_age_yr``.
    models : DataFrame
        As ``growth_models.group_models`` returns them.

    Returns
    -------
    course : Course
    closed_ha : array, shape (steps + 1,)
        Area of them whose canopy has closed, by year.

    Notes
    -----
    A plantation gains stock as its level curve does from the least age of the curve on, and
    counts as forest from ``canopy_closure_yr`` on. The survey found no stock, so none is there
    at the start. One that is older and that the survey still does
    not call forest is behind its curve: it is taken to close in the year after the survey.
    """
    steps = len(trees.growth) - 1
    closure = constant("canopy_closure_yr")
    rows = stands[_reasons(stands, models).eq("")]
    age = np.minimum(rows["stand_age_yr"].to_numpy(float), closure - 1.0)
    area, group = rows["area_ha"].to_numpy(float), rows["species_group"].to_numpy(object)
    closed_ha = (age + np.arange(steps + 1)[:, None] >= closure) @ area
    if rows.empty:
        return trees, closed_ha
    joined = _joined(trees, models, YOUNG, group.tolist(), age.tolist(), area)
    mature = np.hstack([trees.mature, mature_years(rows, age, steps)])
    return replace(joined, mature=mature), closed_ha


def with_planting(trees: Course, scenario: Scenario, year: int, models: pd.DataFrame) -> Course:
    """
    Add the new forest of a scenario that has stock: one row for each planting and year.

    Parameters
    ----------
    trees : Course
        Trees that stand.
    scenario : Scenario
    year : int
        Year of the inventory.
    models : DataFrame
        As ``growth_models.group_models`` returns them.

    Returns
    -------
    course : Course
        Trees planted in a year have the age 0 at its end. They are mature by no threshold.
    """
    steps = len(trees.growth) - 1
    groups, areas, ages = [], [], []
    for row in scenario.planting:
        if row.species_group in AREA_GROUPS:
            continue
        for planted in range(row.from_year, min(row.to_year, year + steps) + 1):
            groups.append(row.species_group)
            areas.append(row.area_ha_yr)
            ages.append(float(year - planted))
    return _joined(trees, models, PLANTED, groups, ages, areas)


def with_regrowth(trees: Course, models: pd.DataFrame) -> Course:
    """
    Add a row for every species group and year in which trees may be cut and grow back.

    Parameters
    ----------
    trees : Course
        With all young and planted forest.
    models : DataFrame
        As ``growth_models.group_models`` returns them.

    Returns
    -------
    course : Course
        ``increment_m3`` of the new rows is per hectare; trees are cut in a year and the next
        ones have the age 0 at its end. Species without a level curve have no such rows.
    """
    steps = len(trees.growth) - 1
    groups = [one for one in sorted(set(trees.group.tolist())) if curve_of(one, models)]
    ages = [-1.0 - cut for cut in range(steps) for _ in groups]
    return _joined(trees, models, REGROWN, groups * steps, ages, np.zeros(len(ages)))


def _joined(
    trees: Course,
    models: pd.DataFrame,
    kind: int,
    groups: list[str],
    age_yr: list[float],
    area_ha: list[float] | np.ndarray,
) -> Course:
    """Put rows that follow level curves behind those that are there."""
    if not groups:
        return trees
    steps = len(trees.growth) - 1
    curves, areas = [curve_of(one, models) for one in groups], np.array(area_ha, dtype=float)
    per_ha = np.column_stack([increments(curve, age, steps)
                              for curve, age in zip(curves, age_yr, strict=True)])  # fmt: skip
    top = np.array([growth_models()[curve].age_max_yr for curve in curves])
    ages = np.array(age_yr) + np.arange(steps + 1)[:, None]
    none = np.zeros_like(per_ha)
    return Course(
        group=np.concatenate([trees.group, np.array(groups, dtype=object)]),
        kind=np.concatenate([trees.kind, np.full(len(groups), kind)]),
        area_ha=np.concatenate([trees.area_ha, areas]),
        volume_m3=np.concatenate([trees.volume_m3, none[0]]),
        growth=np.hstack([trees.growth, none]),
        increment_m3=np.hstack([trees.increment_m3, per_ha * (1.0 if kind == REGROWN else areas)]),
        mature=np.hstack([trees.mature, none.astype(bool)]),
        outside=np.hstack([trees.outside, ages >= top]),
    )


def land_notes(stands: pd.DataFrame, models: pd.DataFrame) -> list[Problem]:
    """
    Tell, in hectares by reason, which forest land without stock stays out of the outlook.

    Parameters
    ----------
    stands, models : DataFrame
        As for ``with_young``.

    Returns
    -------
    notes : list of Problem
    """
    reason = _reasons(stands, models)
    area = stands["area_ha"].groupby(reason).sum()
    area = area[area.gt(0.0) & (area.index != "")]
    if area.empty:
        return []
    said = [Words.made(lambda lang, one=one: _named(one, lang)) for one in area.index]
    shown = Words.made(lambda lang: ("；" if lang == "zh" else "; ").join(
        f"{one if lang == 'zh' else one.en} {ha:.1f} ha"
        for one, ha in zip(said, area, strict=True)))  # fmt: skip
    return [Problem("outlook_land_left_out", file=stands.attrs.get("file", ""), value=shown,
                    count=int(reason.isin(area.index).sum()))]  # fmt: skip


def _named(reason: str, lang: str) -> str:
    """Name a reason or a kind of land."""
    if reason in BARE:
        return text(f"layer.type.{reason}", lang)
    return text(f"outlook.land.{reason}", lang)


def _reasons(stands: pd.DataFrame, models: pd.DataFrame) -> pd.Series:
    """Tell why land stays without stock: empty for plantations that enter, NaN for other land."""
    kind = stands.get("forest_type", pd.Series("", index=stands.index))
    species = stands["species_group"]
    age = stands.get("stand_age_yr", pd.Series(np.nan, index=stands.index))
    with_curve = models.index[models["curve_volume"].ne("")]
    reason = kind.where(kind.isin(BARE))
    planted = kind.eq(YOUNG_PLANTED) & ~stands["carbon_part"].eq("arbor")
    reason[planted] = ""
    reason[planted & ~species.isin(with_curve)] = NO_CURVE
    reason[planted & age.isna()] = NO_AGE
    reason[planted & (species.isna() | species.eq(""))] = NO_SPECIES
    return reason
