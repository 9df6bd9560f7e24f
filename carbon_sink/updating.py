"""Stands brought from the year of their inventory to a later one, year by year."""

from collections.abc import Collection, Mapping

import numpy as np
import pandas as pd

from .age_groups import expected
from .errors import Problem, TableError
from .growth import growth_rate, level_growth
from .growth_models import RATES, growth_models, scattered_factor
from .growth_update import (
    NO_AGE,
    NO_MEASURES,
    NO_MODEL,
    NO_STOCK,
    SPARSE,
    left_out,
    model_names,
    reasons,
)
from .inventory import FOREST_STOCK, TIMBER, add_forest_type, add_forest_volume
from .tables import faulty, joined

# volume counts from this mean diameter on
DBH_COUNTED_CM = 5.0
MEASURES = ("height_m", "dbh_cm", "basal_area_m2_ha", "volume_m3")
STATE = ("age_yr", *MEASURES)
MODEL_OF = dict(zip(MEASURES, ("height", "dbh", "basal_area", "volume"), strict=True))
OVERMATURE = 5
ROUNDING = 1e-9
# parts of the stock that belong to the stand's own trees
PARTS_OF_STOCK = ("dominant_volume_m3", "companion_volume_m3")


def states(stands: pd.DataFrame, models: pd.DataFrame) -> pd.DataFrame:
    """
    Collect what growth models need to know of each stand, and which models it grows by.

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
    ...     "forest_volume_m3": 100.0, "stand_age_yr": [20.0, 20.0, None],
    ...     "dbh_cm": [14.0, None, 14.0], "basal_area_m2_ha": 15.0})
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
    counted = stands["forest_type"].isin((*FOREST_STOCK, SPARSE))
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


def update_stands(
    stands: pd.DataFrame,
    years: tuple[int, int],
    models: pd.DataFrame,
    factors: Mapping[str, float] | None = None,
    losses: pd.DataFrame | None = None,
    *,
    pooled: Collection[str] = (),
    species_scheme: str = "",
    lang: str = "zh",
) -> tuple[pd.DataFrame, list[Problem]]:
    """
    Bring stands from the year of their inventory to a later year.

    Parameters
    ----------
    stands : DataFrame
        As for ``states``, with ``area_ha`` (ha); stock as ``inventory.add_forest_volume``
        knows it.
    years : (int, int)
        Year of the inventory, and the year wanted.
    models : DataFrame
        As ``growth_models.group_models`` returns them.
    factors : mapping, optional
        Species group to the calibrated multiplier of its volume growth; 1 where there is none.
    losses : DataFrame, optional
        What harvest, fire and pests took: ``event_id``, ``stand`` (a label of the index, or
        missing), ``year`` and ``volume_m3`` (m3), and where a stand is missing
        ``species_group`` and ``town_code``. Losses of other years are left aside.
    pooled : collection of str
        Species groups whose factor is that of all stands of their model; ``growth_model`` says so.
    species_scheme : str
        Scheme of ``dominant_species``, for the age groups.
    lang : {"zh", "en"}
        Language of the notes in the cells.

    Returns
    -------
    stands : DataFrame
        A copy with age, age group, height, diameter, basal area, trees per hectare and every
        column of stock of the year wanted, where the inventory has them, and with
        ``growth_model``, ``growth_note``, ``growth_limited_yr`` (years in which the fit range
        was left) and ``growth_loss_m3``. What was computed from the stands before has to be
        computed again.
    notes : list of Problem
        What was not updated and why, each with its rows.

    Raises
    ------
    TableError
        If there is no stock, or ages, measures or stocks are impossible.

    Notes
    -----
    In each year stands grow first; then what the events of the year took is taken off, and
    basal area and trees per hectare with it, in proportion. Nothing falls below 0. What an
    event took of a species, nobody knows where, is taken off all forest of that species, and of
    its town where the event names one, in proportion to the stock that other events left.

    Examples
    --------
    >>> from carbon_sink.growth_models import group_models
    >>> pine = pd.DataFrame({"forest_type": ["arbor"], "species_group": "masson_pine",
    ...     "forest_volume_m3": 100.0, "stand_age_yr": 19.0, "area_ha": 2.0})
    >>> later, notes = update_stands(pine, (2024, 2025), group_models(), lang="en")
    >>> later[["stand_age_yr", "forest_volume_m3", "growth_model"]].to_numpy().tolist()
    [[20.0, 102.242..., 'GM-mas-V']]
    """
    stands = add_forest_volume(stands)
    place = {"file": stands.attrs.get("file", "")}
    if "forest_volume_m3" not in stands:
        raise TableError(Problem("growth_stock_missing", **place))
    if "forest_type" not in stands:
        stands = add_forest_type(stands)
    first, notes = states(stands, models), []
    factor = first["species_group"].map(dict(factors or {})).astype(float).fillna(1.0)
    state = first.assign(limited_yr=0, loss_m3=0.0, kept=1.0)
    ground = stands.reindex(columns=["forest_type", "town_code"])
    for year in range(years[0] + 1, years[1] + 1):
        state = grow_year(state, factor)
        state["limited_yr"] += state["limited"]
        state, found = _after_losses(state, losses, year, ground, place)
        notes += found
    updated = _stocks(_measures(stands, state), stands, state, years)
    updated, of_age = _age_groups(updated, stands, species_scheme)
    updated = updated.assign(
        growth_model=model_names(state, factor, pooled, lang),
        growth_note=reasons(stands, state, lang),
        growth_limited_yr=state["limited_yr"],
        growth_loss_m3=state["loss_m3"],
    )
    left = left_out(stands, state, place)
    return updated, [*left, *joined(notes), *faulty("growth_age_group_left", of_age, **place)]


def _after_losses(
    state: pd.DataFrame, losses: pd.DataFrame | None, year: int, ground: pd.DataFrame, place: dict
) -> tuple[pd.DataFrame, list[Problem]]:
    """Take off what the events of one year took, and tell what could not be."""
    if losses is None or not losses["year"].eq(year).any():
        return state, []
    of_year = losses[losses["year"].eq(year)]
    of_year = of_year.set_index(of_year["stand"].astype(object).fillna(of_year["event_id"]))
    volume = of_year["volume_m3"]
    unknown = volume.isna() | volume.lt(0.0)
    somewhere = of_year["stand"].isna() & ~volume.eq(0.0)
    placed = volume[~unknown & ~somewhere].groupby(level=0).sum()
    placed = placed.reindex(state.index, fill_value=0.0)
    left = (state["volume_m3"] - placed).clip(lower=0.0)
    spread, nowhere = _spread(of_year[~unknown & somewhere], state, left, ground)
    lost = placed + spread
    # sums of shares hit the stock but for their last digits
    above = lost > state["volume_m3"] * (1.0 + ROUNDING)
    notes = [
        *faulty("growth_loss_unknown", unknown, **place),
        *faulty("growth_loss_nowhere", nowhere.notna(), nowhere, **place),
        *faulty("growth_loss_above_stock", above, lost.round(1), **place),
    ]
    lost = lost.clip(upper=state["volume_m3"])
    kept = 1.0 - (lost / state["volume_m3"].where(state["volume_m3"].gt(0.0))).fillna(0.0)
    state = state.assign(
        volume_m3=state["volume_m3"] - lost,
        basal_area_m2_ha=state["basal_area_m2_ha"] * kept,
        loss_m3=state["loss_m3"] + lost,
        kept=state["kept"] * kept,
    )
    return state, notes


def _spread(
    taken: pd.DataFrame, state: pd.DataFrame, left_m3: pd.Series, ground: pd.DataFrame
) -> tuple[pd.Series, pd.Series]:
    """Share what was taken somewhere over the forest of its species; tell what has none."""
    forest = left_m3.where(ground["forest_type"].isin(FOREST_STOCK), 0.0)
    lost, nowhere = pd.Series(0.0, index=state.index), []
    if taken.empty:
        return lost, pd.Series(dtype=float)
    for (species, town), events in taken.groupby(["species_group", "town_code"], dropna=False):
        mine = state["species_group"].eq(species)
        if pd.notna(town):
            mine &= ground["town_code"].eq(town)
        stock = forest.where(mine, 0.0)
        if stock.sum() > 0.0:
            lost += stock * (events["volume_m3"].sum() / stock.sum())
        else:
            nowhere.append(events["volume_m3"])
    return lost, pd.concat(nowhere) if nowhere else pd.Series(dtype=float)


def _measures(stands: pd.DataFrame, state: pd.DataFrame) -> pd.DataFrame:
    """Write age and measures where the inventory has them."""
    columns = {"stand_age_yr": "age_yr"} | {name: name for name in MEASURES[:3]}
    found = {
        column: state[name].where(stands[column].notna())
        for column, name in columns.items()
        if column in stands
    }
    if "trees_per_ha" in stands:
        found["trees_per_ha"] = stands["trees_per_ha"] * state["kept"]
    return stands.assign(**found)


def _stocks(
    updated: pd.DataFrame, stands: pd.DataFrame, state: pd.DataFrame, years: tuple[int, int]
) -> pd.DataFrame:
    """Write every column of stock so that they agree with each other as before."""
    own = stands["forest_volume_m3"]
    later = state["volume_m3"].where(stands["forest_type"].isin((*FOREST_STOCK, SPARSE)), own)
    later = later.where(own.notna())
    nothing = pd.Series(0.0, index=stands.index)
    trees = stands.get("scattered_volume_m3", nothing)
    trees_later = trees * scattered_factor(stands) ** (years[1] - years[0])
    found = {"forest_volume_m3": later}
    if "scattered_volume_m3" in stands:
        found["scattered_volume_m3"] = trees_later
    gained = (later - own).fillna(0.0) + (trees_later - trees).fillna(0.0)
    if "total_volume_m3" in stands:
        found["total_volume_m3"] = stands["total_volume_m3"] + gained
    ratio = (later / own.where(own.gt(0.0))).fillna(1.0)
    living = own.fillna(0.0) + trees.fillna(0.0)
    living_ratio = 1.0 + (gained / living.where(living.gt(0.0))).fillna(0.0)
    ratios = dict.fromkeys((*PARTS_OF_STOCK, "volume_m3_ha"), ratio)
    for column, by in (ratios | {"living_volume_m3_ha": living_ratio}).items():
        if column in stands:
            found[column] = stands[column] * by
    return updated.assign(**found)


def _age_groups(
    updated: pd.DataFrame, stands: pd.DataFrame, scheme: str
) -> tuple[pd.DataFrame, pd.Series]:
    """Move age groups on by the thresholds that the age passed; tell which were left."""
    nowhere = pd.Series(data=False, index=stands.index)
    if not {"age_group", "stand_age_yr", "species_group"} <= set(stands):
        return updated, nowhere
    group = pd.to_numeric(stands["age_group"], errors="coerce")
    passed = expected(updated, scheme) - expected(stands, scheme)
    later = (group + passed).clip(upper=OVERMATURE).where(passed.gt(0.0))
    moved = later.dropna().astype(int).astype(str)
    column = stands["age_group"].astype(object)
    column[moved.index] = moved
    timber = stands["forest_type"].isin(TIMBER)
    return updated.assign(age_group=column), group.notna() & passed.isna() & timber
