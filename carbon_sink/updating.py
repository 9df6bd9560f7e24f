"""Stands brought from the year of their inventory to a later one, year by year."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from .errors import Problem, TableError
from .growth import growth_rate, level_growth
from .growth_models import RATES, growth_models
from .inventory import FOREST_STOCK, add_forest_volume
from .tables import faulty

# volume counts from this mean diameter on
DBH_COUNTED_CM = 5.0
MEASURES = ("height_m", "dbh_cm", "basal_area_m2_ha", "volume_m3")
STATE = ("age_yr", *MEASURES)
MODEL_OF = dict(zip(MEASURES, ("height", "dbh", "basal_area", "volume"), strict=True))
NO_MODEL, NO_AGE, NO_MEASURES, NO_STOCK = "no_model", "no_age", "no_measures", "no_stock"


def states(stands: pd.DataFrame, models: pd.DataFrame) -> pd.DataFrame:
    """
    What growth models need to know of each stand, and which models it grows by.

    Parameters
    ----------
    stands : DataFrame
        With ``forest_type``, ``species_group`` and ``forest_volume_m3`` (m3); ``stand_age_yr``,
        ``dbh_cm``, ``height_m``, ``basal_area_m2_ha`` and ``trees_per_ha`` where the inventory
        has them.
    models : DataFrame
        As ``growth_models.group_models`` returns them.

    Returns
    -------
    states : DataFrame
        On the index of the stands: ``species_group``; ``age_yr``, ``height_m``, ``dbh_cm``,
        ``basal_area_m2_ha`` (m2/ha), ``volume_m3``; the ids ``model_height``, ``model_dbh``,
        ``model_basal_area`` and ``model_volume``, empty for none; ``reason`` why there is no
        model of volume (``no_model``, ``no_age``, ``no_measures``, ``no_stock``), else empty;
        and ``limited``, False.

    Raises
    ------
    TableError
        If an age, a measure or a stock is negative or infinite; all rows in one message.

    Notes
    -----
    A stand grows by the rate models of its species group when age, diameter and basal area
    are known, else by the level curves when the age is known, else not at all. Where basal
    area is lacking it is that of the trees per hectare at the mean diameter. Stock on land
    that is neither forest nor sparse woodland is not grown: it counts as scattered trees.

    Examples
    --------
    >>> from carbon_sink.growth_models import group_models
    >>> stands = pd.DataFrame({"forest_type": "arbor", "species_group": "masson_pine",
    ...     "forest_volume_m3": 100.0, "stand_age_yr": [20.0, 20.0, None], "dbh_cm": [14.0, None, 14.0],
    ...     "basal_area_m2_ha": 15.0})
    >>> states(stands, group_models())[["model_volume", "reason"]].to_numpy().tolist()
    [['GR08', ''], ['GM-mas-V', ''], ['', 'no_age']]
    """
    state = pd.DataFrame(index=stands.index)
    state["species_group"] = stands.get("species_group")
    for name, column in (("age_yr", "stand_age_yr"), *((one, one) for one in MEASURES[:3])):
        state[name] = pd.to_numeric(stands.get(column, pd.Series(np.nan, index=stands.index)))
    if "trees_per_ha" in stands:
        area_m2 = np.pi / 4.0 * (state["dbh_cm"] / 100.0) ** 2
        state["basal_area_m2_ha"] = state["basal_area_m2_ha"].fillna(
            stands["trees_per_ha"] * area_m2
        )
    counted = stands["forest_type"].isin((*FOREST_STOCK, "sparse"))
    state["volume_m3"] = stands["forest_volume_m3"].where(counted, 0.0).fillna(0.0)
    _check(state)
    measured = state[["age_yr", "dbh_cm", "basal_area_m2_ha"]].notna().all(axis=1)
    of_group = models.reindex(state["species_group"]).set_axis(state.index).fillna("")
    rated = of_group["rate_volume"].ne("") & measured
    aged = state["age_yr"].notna()
    for name in MODEL_OF.values():
        curve = of_group.get(f"curve_{name}", pd.Series("", index=state.index))
        state[f"model_{name}"] = of_group[f"rate_{name}"].where(rated, curve.where(aged, ""))
    known = of_group[["rate_volume", "curve_volume"]].ne("").any(axis=1)
    state["reason"] = ""
    none = state["model_volume"].eq("")
    state.loc[none, "reason"] = np.select(
        [~known[none], ~aged[none]], [NO_MODEL, NO_AGE], NO_MEASURES
    )
    state.loc[state["volume_m3"].eq(0.0), "reason"] = NO_STOCK
    return state.assign(limited=False)


def _check(state: pd.DataFrame) -> None:
    """Refuse stands whose age, measures or stock are impossible, all in one message."""
    problems = []
    for name in STATE:
        bad = state[name].lt(0.0) | np.isinf(state[name])
        problems += faulty("growth_input_impossible", bad, state[name], field=name, rule="≥ 0")
    if problems:
        raise TableError(problems)


def grow_year(states: pd.DataFrame, factor: float | pd.Series = 1.0) -> pd.DataFrame:
    """
    Let stands grow for one year.

    Parameters
    ----------
    states : DataFrame
        As ``states`` or this function returns them.
    factor : float or Series
        Multiplies the growth of the volume; a Series on the index of the states.

    Returns
    -------
    states : DataFrame
        One year on. ``limited`` tells stands whose age or diameter lay outside the fit range
        of their model of volume at the start of the year.

    Notes
    -----
    Growth follows from the state at the start of the year; nothing falls. Volume counts only
    where the new mean diameter is 5 cm or more. Basal area without a model of its own follows
    the square of the diameter, as if no tree died. Every stand with an age becomes a year
    older.

    References
    ----------
    [forestmanager]_ stored procedure NAUPDATE and GXYSSZXJ.cs.

    Examples
    --------
    >>> from carbon_sink.growth_models import group_models
    >>> pine = pd.DataFrame({"forest_type": ["arbor"], "species_group": "masson_pine",
    ...     "forest_volume_m3": 100.0, "stand_age_yr": 20.0, "dbh_cm": 14.0,
    ...     "basal_area_m2_ha": 15.0})
    >>> grow_year(states(pine, group_models()))[["age_yr", "volume_m3"]].round(4).values.tolist()
    [[21.0, 105.6916]]
    """
    grown = states.copy()
    limited = np.zeros(len(states), dtype=bool)
    for measure, name in MODEL_OF.items():
        growth, outside = _growth_pct(states, states[f"model_{name}"])
        if measure == "volume_m3":
            growth = growth * np.asarray(factor)
            counted = grown["dbh_cm"].isna() | grown["dbh_cm"].ge(DBH_COUNTED_CM)
            growth = np.where(counted, growth, 0.0)
            limited = outside & states["volume_m3"].gt(0.0).to_numpy()
        grown[measure] = states[measure] * (1.0 + growth / 100.0)
    follows = states["model_basal_area"].eq("") & states["model_dbh"].ne("")
    thicker = (grown["dbh_cm"] / states["dbh_cm"].where(states["dbh_cm"].gt(0.0))) ** 2
    grown.loc[follows, "basal_area_m2_ha"] *= thicker[follows].fillna(1.0)
    return grown.assign(age_yr=states["age_yr"] + 1.0, limited=limited)


def _growth_pct(states: pd.DataFrame, ids: pd.Series) -> tuple[np.ndarray, np.ndarray]:
    """Return growth in percent by the models named, and where inputs left their fit range."""
    growth, outside = np.zeros(len(states)), np.zeros(len(states), dtype=bool)
    age, dbh, basal = (states[one].to_numpy() for one in ("age_yr", "dbh_cm", "basal_area_m2_ha"))
    codes, different = pd.factorize(ids)
    for number, key in enumerate(different):
        if not key:
            continue
        rows, one = codes == number, growth_models()[key]
        outside[rows] = (age[rows] < one.age_min_yr) | (age[rows] >= one.age_max_yr)
        if one.form in RATES:
            growth[rows] = growth_rate(key, age[rows], dbh[rows], basal[rows])
            outside[rows] |= (dbh[rows] < one.dbh_min_cm) | (dbh[rows] > one.dbh_max_cm)
        else:
            growth[rows] = level_growth(key, age[rows])
    return growth, outside
