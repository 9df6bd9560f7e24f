"""Biomass of single trees from diameter and height, and of stands from stock per hectare."""

from functools import cache

import numpy as np
import pandas as pd

from .errors import ParameterError, Problem, first_rows
from .parameters import constant
from .tables import read_data

ORGANS = ("stem", "branch", "leaf", "root")


def tree_biomass(equation_id, dbh_cm, height_m=None):  # noqa: ANN001, ANN201
    r"""
    Dry mass of single trees by organ.

    .. math:: W_{organ} = a \cdot D^b \quad or \quad W_{organ} = a \cdot (D^2 H)^b

    Parameters
    ----------
    equation_id : str
        Row of ``data/tree_biomass_equations.csv``.
    dbh_cm : float, array or Series
        Diameters at breast height, centimetres.
    height_m : float, array or Series, optional
        Heights, metres; only equations of the form ``d2h`` need them.

    Returns
    -------
    biomass : DataFrame
        One row per tree, on the index of the diameters when they have one; columns
        ``stem_kg``, ``branch_kg``, ``leaf_kg``, ``root_kg`` and ``total_kg``, their sum.

    Raises
    ------
    ParameterError
        If the equation does not exist, if a diameter lies outside the range the equation was
        fitted on, or if a height is missing. Nothing is extrapolated; ``within_fit`` tells
        beforehand which trees are inside.

    Notes
    -----
    Some sources give no upper limit, and the Gansu equation of cypress gives no range at all;
    the note of the row says so.

    References
    ----------
    [chinaxiv_201605_00424]_ table 1, [chinaxiv_201605_00435]_ and [unrecorded_public_code]_.

    Examples
    --------
    >>> tree_biomass("D-masson_pine", 20.0).round(2).iloc[0].tolist()
    [140.42, 39.08, 10.38, 22.12, 212.0]
    >>> float(tree_biomass("D2H-chinese_fir", 20.0, 15.0)["total_kg"].round(2)[0])
    150.86
    """
    equation = _tree_equation(equation_id)
    dbh, height = _trees(dbh_cm, height_m)
    outside = ~_in_range(equation, dbh)
    without_height = ~height.gt(0) & (equation["form"] == "d2h")
    problems = []
    if outside.any():
        problems.append(
            Problem("dbh_outside_fit", field="dbh_cm", value=equation_id,
                    rule=_fitted_range(equation),
                    rows=first_rows(dbh.index[outside]), count=int(outside.sum()))
        )  # fmt: skip
    if without_height.any():
        problems.append(
            Problem("height_needed", field="height_m", value=equation_id,
                    rows=first_rows(dbh.index[without_height]), count=int(without_height.sum()))
        )  # fmt: skip
    if problems:
        raise ParameterError(problems)
    size = dbh**2 * height if equation["form"] == "d2h" else dbh
    organs = {
        f"{organ}_kg": float(equation[f"{organ}_a"]) * size ** float(equation[f"{organ}_b"])
        for organ in ORGANS
    }
    biomass = pd.DataFrame(organs, index=dbh.index)
    return biomass.assign(total_kg=biomass.sum(axis=1))


def within_fit(equation_id, dbh_cm, height_m=None):  # noqa: ANN001, ANN201
    """
    Tell for which trees an equation may be used.

    Parameters
    ----------
    equation_id : str
        Row of ``data/tree_biomass_equations.csv``.
    dbh_cm : float, array or Series
        Diameters at breast height, centimetres.
    height_m : float, array or Series, optional
        Heights, metres.

    Returns
    -------
    usable : Series of bool
        True where the diameter lies in the fitted range, and the height is known when the
        equation needs it.

    Raises
    ------
    ParameterError
        If the equation does not exist.

    Examples
    --------
    >>> within_fit("D-masson_pine", [4.9, 5.0, 30.0]).tolist()
    [False, True, True]
    """
    equation = _tree_equation(equation_id)
    dbh, height = _trees(dbh_cm, height_m)
    return _in_range(equation, dbh) & (height.gt(0) | (equation["form"] == "d"))


def aboveground_biomass_zeng(wood_density_t_m3, dbh_cm):  # noqa: ANN001, ANN201
    r"""
    Aboveground dry mass of a tree of any species of China.

    .. math:: AGB = 0.3 \cdot \rho \cdot D^{7/3}

    Parameters
    ----------
    wood_density_t_m3 : float or array
        Basic wood density, tonnes of dry mass per cubic metre.
    dbh_cm : float or array
        Diameter at breast height, centimetres.

    Returns
    -------
    biomass_kg : float or array
        Kilograms of dry mass, roots not counted.

    References
    ----------
    [zeng_2018]_ mean error of the one formula for all species below 10 %.

    Examples
    --------
    >>> round(aboveground_biomass_zeng(0.38, 20.0), 3)
    123.777
    """
    return (
        constant("zeng_2018_factor") * wood_density_t_m3 * dbh_cm ** constant("zeng_2018_exponent")
    )


def stand_biomass(regression_set, species_group, volume_m3_ha):  # noqa: ANN001, ANN201
    r"""
    Dry mass of a stand per hectare by a regression on its stock.

    .. math:: B = a V + b

    Parameters
    ----------
    regression_set : str
        ``set`` of ``data/biomass_regressions.csv``.
    species_group : str
        ``group`` of the same table.
    volume_m3_ha : float or array
        Growing stock, cubic metres per hectare.

    Returns
    -------
    biomass_t_ha : float or array
        Tonnes of dry mass per hectare, whole trees.

    Raises
    ------
    ParameterError
        If the set has no such group.

    Notes
    -----
    The intercept comes from well-stocked stands. In thin ones it outweighs the trees: at
    21 m3/ha Masson pine comes to 1.48 t per m3, more than twice what its wood can weigh. A
    change between two dates follows the slope alone, so stock and change disagree. The
    regressions are therefore no more than a check of dense stands.

    References
    ----------
    [chinaxiv_201605_00429]_, [chinaxiv_201803_01069]_ and [fang_2001]_.

    Examples
    --------
    >>> round(float(stand_biomass("fang_zj", "masson_pine", 100.0)), 3)
    70.887
    >>> round(float(stand_biomass("fang_zj", "masson_pine", 21.0)) / 21.0, 4)
    1.4818
    """
    table = _regressions()
    if (regression_set, species_group) not in table.index:
        known = ", ".join("/".join(key) for key in table.index)
        wanted = f"{regression_set}/{species_group}"
        raise ParameterError(Problem("biomass_equation_unknown", value=wanted, rule=known))
    row = table.loc[(regression_set, species_group)]
    return row["a_t_m3"] * volume_m3_ha + row["b_t_ha"]


@cache
def _tree_equations() -> pd.DataFrame:
    return read_data("tree_biomass_equations.csv").set_index("equation")


@cache
def _regressions() -> pd.DataFrame:
    rows = read_data("biomass_regressions.csv").set_index(["set", "group"]).sort_index()
    return rows[["a_t_m3", "b_t_ha"]].astype(float)


def _tree_equation(equation_id: str) -> pd.Series:
    """Return the row of an equation, or refuse its name."""
    table = _tree_equations()
    if equation_id not in table.index:
        known = ", ".join(table.index)
        raise ParameterError(Problem("biomass_equation_unknown", value=equation_id, rule=known))
    return table.loc[equation_id]


def _trees(dbh_cm, height_m) -> tuple[pd.Series, pd.Series]:  # noqa: ANN001
    """Return diameters and heights as columns of one index; heights may be missing."""
    dbh = dbh_cm if isinstance(dbh_cm, pd.Series) else pd.Series(np.atleast_1d(dbh_cm))
    if height_m is None:
        return dbh.astype(float), pd.Series(np.nan, index=dbh.index)
    height = np.broadcast_to(np.asarray(height_m, dtype=float), dbh.shape)
    return dbh.astype(float), pd.Series(height, index=dbh.index)


def _fitted_range(equation: pd.Series) -> str:
    """Return the fitted range of diameters in words, as far as the source gives it."""
    low, high = equation["dbh_min_cm"], equation["dbh_max_cm"]
    if high:
        return f"{low}-{high}"
    return f"≥ {low}" if low else "> 0"


def _in_range(equation: pd.Series, dbh: pd.Series) -> pd.Series:
    """Tell which diameters lie in the fitted range; a limit that the source lacks is none."""
    low = float(equation["dbh_min_cm"] or 0.0)
    high = float(equation["dbh_max_cm"] or np.inf)
    return dbh.gt(0) & dbh.lt(np.inf) & dbh.between(low, high)
