"""How trees and stands grow: yearly rates, level curves, and volume from diameter and height."""

from collections.abc import Mapping

import numpy as np

from .errors import Problem, TableError, first_rows
from .growth_models import (
    CURVES,
    RATES,
    STANDS,
    TREES,
    group_models,
    growth_models,
    known_id,
    volume_equations,
)

# trees with a diameter at breast height are higher than that
BREAST_HEIGHT_M = 1.3


def _possible(
    least: Mapping | None = None, positive: tuple[str, ...] = (), **values: object
) -> list[np.ndarray]:
    """Turn inputs into arrays; all impossible ones are refused in one message."""
    arrays, problems = [], []
    for name, value in values.items():
        array = np.asarray(np.nan if value is None else value, dtype=float)
        low = (least or {}).get(name, 0.0)
        bad = ~np.isfinite(array) | (array < low) | ((array == 0.0) & (name in positive))
        bad = np.atleast_1d(bad)
        if bad.any():
            shown = ", ".join(f"{one:g}" for one in np.atleast_1d(array)[bad][:5])
            rule = "> 0" if name in positive else f"≥ {low:g}"
            problems.append(
                Problem("growth_input_impossible", field=name, value=shown, rule=rule,
                        rows=first_rows(np.flatnonzero(bad).tolist()), count=int(bad.sum()))
            )  # fmt: skip
        arrays.append(array)
    if problems:
        raise TableError(problems)
    return arrays


def _plain(result: np.ndarray) -> np.ndarray | float:
    return result if np.ndim(result) else float(result)


def growth_rate(model_id, age_yr, dbh_cm, basal_area_m2_ha):  # noqa: ANN001, ANN201
    r"""
    Yearly growth of height, diameter, basal area or volume by a rate model.

    Parameters
    ----------
    model_id : str
        A rate model of ``data/growth_models.csv``, such as ``"GR07"``; words after the id are
        not read.
    age_yr : float or array
        Mean age of the stand, years.
    dbh_cm : float or array
        Mean diameter at breast height, cm.
    basal_area_m2_ha : float or array
        Basal area, m2/ha.

    Returns
    -------
    rate_pct : float or array
        Percent per year of the value at the start of the year, never below 0.

    Raises
    ------
    ParameterError
        If there is no such rate model.
    TableError
        If an age, a diameter or a basal area is missing, infinite or negative.

    Notes
    -----
    Ages and diameters outside the fit range are taken at its edge; from the top age on
    nothing grows. Rates that a formula puts below 0 are 0, as the source keeps only increases.

    References
    ----------
    [forestmanager]_ stored procedure NAUPDATE.

    Examples
    --------
    >>> round(growth_rate("GR07", 15.0, 12.0, 12.0), 4)
    3.4729
    """
    rates = {key: one for key, one in growth_models().items() if one.form in RATES}
    one = rates[known_id(model_id, rates)]
    age, dbh, basal = _possible(age_yr=age_yr, dbh_cm=dbh_cm, basal_area_m2_ha=basal_area_m2_ha)
    rate = RATES[one.form](
        one.coefficients,
        np.clip(age, one.age_min_yr, one.age_max_yr),
        np.clip(dbh, one.dbh_min_cm, one.dbh_max_cm),
        basal,
    )
    return _plain(np.where(age < one.age_max_yr, np.maximum(rate, 0.0), 0.0))


def volume_growth_rate(model_id, age_yr, dbh_cm, basal_area_m2_ha):  # noqa: ANN001, ANN201
    """
    Yearly growth of the volume of a stand, percent, by a rate model of volume.

    Parameters
    ----------
    model_id, age_yr, dbh_cm, basal_area_m2_ha
        As for ``growth_rate``.

    Returns
    -------
    rate_pct : float or array
        Percent per year. Volume counts from a mean diameter of 5 cm on.

    Raises
    ------
    ParameterError
        If there is no such rate model of volume.
    TableError
        As for ``growth_rate``.

    References
    ----------
    [forestmanager]_ stored procedure NAUPDATE.

    Examples
    --------
    >>> round(volume_growth_rate("GR08", 20.0, 14.0, 15.0), 4)
    5.6916
    """
    volume = [
        key
        for key, one in growth_models().items()
        if one.form in RATES and one.variable == "volume"
    ]
    return growth_rate(known_id(model_id, dict.fromkeys(volume)), age_yr, dbh_cm, basal_area_m2_ha)


def level(model_id, age_yr):  # noqa: ANN001, ANN201
    """
    Height (m), diameter (cm) or volume (m3/ha) of a stand at an age, by a level curve.

    Parameters
    ----------
    model_id : str
        A level curve of ``data/growth_models.csv``, such as ``"GM-mas-V"``.
    age_yr : float or array
        Age, years.

    Returns
    -------
    level : float or array
        0 below the fit range, of which the curve says nothing; above it the level of the top
        age.

    Raises
    ------
    ParameterError
        If there is no such curve.
    TableError
        If an age is missing, infinite or negative.

    References
    ----------
    [forestmanager]_ growth models of Shangsi county.

    Examples
    --------
    >>> level("GM-mas-V", [4, 5, 20]).round(3).tolist()
    [0.0, 22.443, 80.578]
    """
    curves = {key: one for key, one in growth_models().items() if one.form in CURVES}
    one = curves[known_id(model_id, curves)]
    (age,) = _possible(age_yr=age_yr)
    held = CURVES[one.form](one.coefficients, np.clip(age, one.age_min_yr, one.age_max_yr))
    return _plain(np.where(age < one.age_min_yr, 0.0, held))


def stock_since_entry(model_id, age_yr):  # noqa: ANN001, ANN201
    """
    Volume (m3/ha) that a stand gained by a level curve since the least age of its fit range.

    Parameters
    ----------
    model_id : str
        A level curve of volume.
    age_yr : float or array
        Age, years; negative for trees that are still to come.

    Returns
    -------
    volume_m3_ha : float or array
        0 up to the least age. What the curve holds there is not credited: it says nothing of
        how young trees came to it, and surveys find little stock at that age.

    Examples
    --------
    >>> stock_since_entry("GM-mas-V", [-3, 5, 6]).round(3).tolist()
    [0.0, 0.0, 7.373]
    """
    least = growth_models()[model_id].age_min_yr
    ages = np.maximum(np.asarray(age_yr, dtype=float), least)
    return _plain(level(model_id, ages) - level(model_id, least))


def level_growth(model_id, age_yr):  # noqa: ANN001, ANN201
    r"""
    Growth in the coming year by a level curve, as a share of the value at its start.

    .. math:: 2 \frac{f(t) - f(t-1)}{f(t) + f(t-1)}

    Parameters
    ----------
    model_id : str
        A level curve.
    age_yr : float or array
        Age at the start of the year, :math:`t - 1`.

    Returns
    -------
    growth_pct : float or array
        Percent, never below 0. Ages below the fit range are taken at its edge; from the top
        age on nothing grows.

    Raises
    ------
    ParameterError, TableError
        As for ``level``.

    References
    ----------
    [forestmanager]_ GXYSSZXJ.cs.

    Examples
    --------
    >>> round(100.0 * (1.0 + level_growth("GM-mas-V", 19) / 100.0), 4)
    102.2424
    """
    (age,) = _possible(age_yr=age_yr)
    edge = np.maximum(age, growth_models()[known_id(model_id, growth_models())].age_min_yr)
    before, after = np.asarray(level(model_id, edge)), np.asarray(level(model_id, edge + 1.0))
    return _plain(np.maximum(200.0 * (after - before) / (after + before), 0.0))


def tree_volume(equation_id, dbh_cm, height_m):  # noqa: ANN001, ANN201
    r"""
    Stem volume of a tree from its diameter and height.

    .. math:: V = a D^b H^c

    Parameters
    ----------
    equation_id : str
        An equation of single trees in ``data/volume_equations.csv``, such as ``"VOL01"``.
    dbh_cm : float or array
        Diameter at breast height, cm.
    height_m : float or array
        Height, m.

    Returns
    -------
    volume_m3 : float or array
        Cubic metres.

    Raises
    ------
    ParameterError
        If there is no such equation.
    TableError
        If a diameter or a height is missing, infinite or negative.

    Notes
    -----
    Some tables let the exponents change with :math:`D + H`.

    References
    ----------
    [unrecorded_public_code]_ and [forestmanager]_; the column ``standard`` names the standard
    behind each equation.

    Examples
    --------
    >>> round(tree_volume("VOL01", 20.0, 15.0), 6)
    0.248141
    """
    form, numbers = volume_equations("tree")[known_id(equation_id, volume_equations("tree"))]
    dbh, height = _possible(dbh_cm=dbh_cm, height_m=height_m)
    return _plain(TREES[form](numbers, dbh, height))


def stand_volume(equation_id, height_m, basal_area_m2_ha, dbh_cm=None):  # noqa: ANN001, ANN201
    """
    Growing stock per hectare from mean height and basal area, by form height.

    Parameters
    ----------
    equation_id : str
        An equation of stands in ``data/volume_equations.csv``, such as ``"SV1"``.
    height_m : float or array
        Mean height, m; 1.3 at least.
    basal_area_m2_ha : float or array
        Basal area, m2/ha.
    dbh_cm : float or array, optional
        Mean diameter, cm; only SV5 needs it.

    Returns
    -------
    volume_m3_ha : float or array
        Cubic metres per hectare.

    Raises
    ------
    ParameterError
        If there is no such equation.
    TableError
        If a measure is missing or impossible.

    References
    ----------
    [forestmanager]_ ClsCalculateVolAndAge.cs.

    Examples
    --------
    >>> round(stand_volume("SV1", 12.0, 20.0), 4)
    131.0544
    """
    form, numbers = volume_equations("stand")[known_id(equation_id, volume_equations("stand"))]
    measures = {"height_m": height_m, "basal_area_m2_ha": basal_area_m2_ha}
    if form == "form_power":
        measures["dbh_cm"] = dbh_cm
    height, basal, *dbh = _possible({"height_m": BREAST_HEIGHT_M}, **measures)
    return _plain(STANDS[form](numbers, height, basal, *(dbh or [0.0])))


def pressler_pct(v0, v1, years):  # noqa: ANN001, ANN201
    r"""
    Mean yearly growth between two dates by Pressler, percent of the mean stock.

    .. math:: P = \frac{V_1 - V_0}{V_1 + V_0} \cdot \frac{200}{n}

    Examples
    --------
    >>> round(pressler_pct(0.1, 0.15, 5), 4)
    8.0
    """
    first, last, span = _possible(positive=("years",), v0=v0, v1=v1, years=years)
    _possible(positive=("v0_and_v1",), v0_and_v1=first + last)
    return _plain((last - first) / (last + first) * 200.0 / span)


def compound_pct(v0, v1, years):  # noqa: ANN001, ANN201
    """
    Mean yearly growth between two dates as compound interest, percent.

    Examples
    --------
    >>> round(compound_pct(0.1, 0.15, 5), 4)
    8.4472
    """
    first, last, span = _possible(positive=("v0", "years"), v0=v0, v1=v1, years=years)
    return _plain(100.0 * ((last / first) ** (1.0 / span) - 1.0))


def models_for(
    species_group: str, region: str = "gx_north", own: Mapping[str, str] | None = None
) -> dict[str, str]:
    """
    Return the ids of the models of one species group.

    Parameters
    ----------
    species_group : str
        Species group.
    region, own
        As for ``group_models``.

    Returns
    -------
    ids : dict
        What is modelled to the id of the model; empty where the group has none.

    Examples
    --------
    >>> models_for("eucalyptus")["curve_volume"], models_for("bamboo_moso")
    ('GM-euc-V', {})
    """
    models = group_models(region, own).drop(columns="confidence")
    if species_group not in models.index:
        return {}
    return {name: key for name, key in models.loc[species_group].items() if key}
