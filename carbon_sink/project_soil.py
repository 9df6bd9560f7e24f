"""Soil carbon of mine land that is restored: what mining left of it, and how it comes back."""

import numpy as np
import pandas as pd

from .errors import ParameterError, Problem
from .parameters import constant
from .pools import PoolChoice, choice_problems
from .tables import faulty, read_data

MINE = "mine_restoration"


def mine_soil(works: pd.DataFrame, choice: PoolChoice) -> pd.DataFrame:
    r"""
    Tell how much soil carbon restored mine land gains in a year.

    .. math:: g = \min\left(\frac{\max(S_{ref} - S_0, 0)}{20}, 0.8\right), \quad
              S_0 = S_{ref} (1 - l) + s

    Parameters
    ----------
    works : DataFrame
        With ``project_type`` and, where they are known, ``soil_start_t_ha`` (measured),
        ``soil_reference_t_ha``, ``imported_topsoil_t_ha`` (t C/ha) and ``soil_loss_pct`` (%).
    choice : PoolChoice
        Edition, climate and type of soil give the reference of projects that state none;
        ``mine_soil_loss_pct`` the loss of those that state no loss.

    Returns
    -------
    soil : DataFrame
        A row for each mine restoration, on the index of the works: ``soil_start_t_ha``,
        ``soil_reference_t_ha`` (t C/ha), ``rate_t_ha_yr`` (t C/ha a year, for the 20 years after
        the start; missing where start or reference are not known) and ``is_capped``.

    Raises
    ------
    ParameterError
        If the choice is incomplete; everything that lacks is named at once.

    Notes
    -----
    The start is the measured level, else what the loss left of the reference. Imported topsoil
    is added to either, because carbon that was carried in is no removal: a level measured after
    the topsoil was spread has it already, and the project then gives no imported topsoil. All
    levels are for the depth of the reference, 0-30 cm. Soil that starts above its reference
    neither gains nor loses. Where the rate is capped, the soil stays below its reference after
    20 years, and what would come later is not counted.

    References
    ----------
    [ar_tool16]_ the greatest gain; [ipcc_2006_v4]_ and [ipcc_2019_v4]_ table 2.3 and the 20 years.

    Examples
    --------
    A loss of 25 % of 55 t/ha comes back by 55 x 0.25 / 20 t/ha a year:

    >>> works = pd.DataFrame({"project_type": ["mine_restoration"], "soil_loss_pct": [25.0],
    ...                       "soil_reference_t_ha": [55.0]})
    >>> mine_soil(works, PoolChoice()).round(4).to_numpy().tolist()
    [[41.25, 55.0, 0.6875, False]]
    """
    if problems := choice_problems(choice):
        raise ParameterError(problems)
    mines = works[works["project_type"].eq(MINE)]
    names = ("soil_start_t_ha", "soil_reference_t_ha", "soil_loss_pct", "imported_topsoil_t_ha")
    said = mines.reindex(columns=names).astype(float)
    reference = said["soil_reference_t_ha"].fillna(_reference(choice))
    loss = said["soil_loss_pct"]
    if choice.mine_soil_loss_pct is not None:
        loss = loss.fillna(choice.mine_soil_loss_pct)
    start = said["soil_start_t_ha"].fillna((1.0 - loss / 100.0) * reference)
    start = start + said["imported_topsoil_t_ha"].fillna(0.0)
    rate = (reference - start).clip(lower=0.0) / constant("soil_transition_yr")
    most = constant("mine_soil_gain_max_t_ha_yr")
    return pd.DataFrame({
        "soil_start_t_ha": start, "soil_reference_t_ha": reference,
        "rate_t_ha_yr": rate.clip(upper=most), "is_capped": rate.gt(most),
    })  # fmt: skip


def _reference(choice: PoolChoice) -> float:
    """Return the reference stock of the chosen soil, t C/ha; missing where none is chosen."""
    rows = read_data("soil_carbon.csv").set_index(["edition", "climate", "quantity", "kind"])
    key = (choice.soil, choice.climate, "soc_ref", choice.soil_type)
    return float(rows.loc[key, "value"]) if key in rows.index else float("nan")


def soil_gain(rate_t_ha_yr: np.ndarray, age_yr: np.ndarray) -> np.ndarray:
    """
    Lay out the yearly gain of soil carbon over the years of projects.

    Parameters
    ----------
    rate_t_ha_yr : array, shape (projects,)
        As ``mine_soil`` returns it.
    age_yr : array, shape (years,)
        Whole years since the start; 0 at the end of the year of the works.

    Returns
    -------
    gain_t_ha : array, shape (projects, years)
        Gain in each year, t C/ha: the rate from age 1 to age 20, else 0.

    Examples
    --------
    >>> soil_gain(np.array([0.5]), np.array([0, 1, 20, 21])).tolist()
    [[0.0, 0.5, 0.5, 0.0]]
    """
    gains = (age_yr >= 1) & (age_yr <= constant("soil_transition_yr"))
    return np.multiply.outer(rate_t_ha_yr, gains.astype(float))


def soil_notes(works: pd.DataFrame, soil: pd.DataFrame, file: str = "") -> list[Problem]:
    """
    Tell of which mine land the soil is not counted, capped, or already at its reference.

    Parameters
    ----------
    works : DataFrame
        As for ``mine_soil``, with ``project_id`` and ``credited_ha`` (ha).
    soil : DataFrame
        As ``mine_soil`` returns it.
    file : str
        File of the projects, for the messages.

    Returns
    -------
    notes : list of Problem
        ``project_soil_missing``, ``project_soil_capped`` and ``project_soil_full``, each with
        the projects and their hectares.
    """
    mines = works.loc[soil.index]
    full = soil["soil_start_t_ha"].ge(soil["soil_reference_t_ha"])
    cases = {
        "project_soil_missing": soil["rate_t_ha_yr"].isna(),
        "project_soil_capped": soil["is_capped"],
        "project_soil_full": full,
    }
    rule = f"{constant('mine_soil_gain_max_t_ha_yr'):g}"
    found = []
    for code, rows in cases.items():
        area = f"{mines.loc[rows, 'credited_ha'].sum():,.1f}"
        found += faulty(code, rows.set_axis(mines["project_id"]), file=file, value=area, rule=rule)
    return found
