"""Level curves of stock by age held against the district's own young and middle-aged stands."""

import numpy as np
import pandas as pd

from .growth import stock_since_entry
from .growth_models import growth_models
from .parameters import constant
from .spreads import WITHIN_95

# what a factor rests on: stands of the group, those of all groups of the curve, nothing
OWN, OF_CURVE, NONE = "own", "curve", "none"
AGE_CLASS_YR = 10.0
COLUMNS = [
    "species_group", "curve", "basis", "stands", "area_ha", "observed_m3", "modelled_m3", "factor",
    "standard_error", "age_class_sd", "half_width_pct",
]  # fmt: skip


def calibrate_curves(stands: pd.DataFrame, models: pd.DataFrame, spread_pct: float) -> pd.DataFrame:
    r"""
    Find, by species group, what the level curve of stock has to be multiplied by.

    .. math:: k = \frac{\sum_i V_i}{\sum_i f(a_i) A_i}

    Parameters
    ----------
    stands : DataFrame
        Latest inventory with ``carbon_part``, ``species_group``, ``forest_stock_m3`` (m3) and
        ``area_ha`` (ha); ``stand_age_yr`` where it is known.
    models : DataFrame
        As ``growth_models.group_models`` returns them.
    spread_pct : float
        Half-width of the 95 % interval of a curve that no stand calibrates, percent.

    Returns
    -------
    table : DataFrame
        Columns of ``growth_level_calibration`` in ``data/columns.csv``, a row for each species
        group that has a curve and trees, with stock or not. ``half_width_pct`` is that of the
        95 % interval of the factor, percent of it.

    Notes
    -----
    Only arbor stands with stock are used whose age lies between the least age of the curve and
    ``calibration_age_max_yr``: new forest gets no older in an outlook, and older stands would
    hide how low the young ones lie. A group with fewer than ``calibration_stands_min`` of them
    takes the factor of all groups that share its curve; without enough of those the curve stays
    as it is, with the wide error.

    The error is the square root of two squares: the jackknife standard error over stands, and
    the standard deviation of the ratio between age classes of ten years and species groups,
    weighted by modelled stock, because one factor does not mend the shape of a curve.

    Examples
    --------
    >>> from carbon_sink.growth_models import group_models
    >>> pine = pd.DataFrame({"carbon_part": "arbor", "species_group": "masson_pine",
    ...     "forest_stock_m3": 29.067, "area_ha": 1.0, "stand_age_yr": [20.0] * 40})
    >>> table = calibrate_curves(pine, group_models(), 50.0)
    >>> table[["species_group", "basis", "factor"]].round(3).to_numpy().tolist()
    [['masson_pine', 'own', 0.5]]
    """
    used = _usable(stands, models)
    there = sorted(stands["species_group"].dropna().unique())
    rows = []
    for species in there:
        curve = str(models["curve_volume"].get(species, ""))
        if not curve:
            continue
        of_curve = used[used["curve"].eq(curve)]
        rows.append({"species_group": species, "curve": curve,
                     **_of_group(species, of_curve, spread_pct)})  # fmt: skip
    return pd.DataFrame(rows, columns=COLUMNS)


def _usable(stands: pd.DataFrame, models: pd.DataFrame) -> pd.DataFrame:
    """Return stands that can be held against their curve, with its stock."""
    age = pd.to_numeric(stands.get("stand_age_yr", pd.Series(np.nan, index=stands.index)))
    used = pd.DataFrame({
        "species_group": stands["species_group"],
        "curve": stands["species_group"].map(models["curve_volume"]).fillna(""),
        "age_yr": age, "area_ha": stands["area_ha"], "observed_m3": stands["forest_stock_m3"],
    })  # fmt: skip
    limits = {key: one.age_min_yr for key, one in growth_models().items()}
    most = constant("calibration_age_max_yr")
    used = used[
        stands["carbon_part"].eq("arbor") & used["curve"].ne("") & used["observed_m3"].gt(0.0)
        & used["area_ha"].gt(0.0) & age.between(used["curve"].map(limits).astype(float), most)
    ].copy()  # fmt: skip
    used["modelled_m3"] = 0.0
    for curve, group in used.groupby("curve"):
        gained = stock_since_entry(curve, group["age_yr"])
        used.loc[group.index, "modelled_m3"] = gained * group["area_ha"]
    return used[used["modelled_m3"].gt(0.0)]


def _of_group(species: str, of_curve: pd.DataFrame, spread_pct: float) -> dict:
    """Calibrate the curve for one species group on its own stands, or those of all its groups."""
    own = of_curve[of_curve["species_group"].eq(species)]
    least = int(constant("calibration_stands_min"))
    basis, rows = (OWN, own) if len(own) >= least else (OF_CURVE, of_curve)
    if len(rows) < least:
        return {"basis": NONE, **_sums(own), "factor": 1.0, "half_width_pct": spread_pct}
    observed, modelled = rows["observed_m3"].to_numpy(), rows["modelled_m3"].to_numpy()
    factor, count = observed.sum() / modelled.sum(), len(rows)
    without = (observed.sum() - observed) / (modelled.sum() - modelled)
    error = np.sqrt((count - 1) / count * ((without - without.mean()) ** 2).sum())
    between = _between(rows, factor)
    return {
        "basis": basis, **_sums(rows), "factor": factor, "standard_error": error,
        "age_class_sd": between,
        "half_width_pct": 100.0 * WITHIN_95 * np.hypot(error, between) / factor,
    }  # fmt: skip


def _sums(rows: pd.DataFrame) -> dict:
    """Sum what a factor rests on."""
    sums = rows[["area_ha", "observed_m3", "modelled_m3"]].sum().to_dict()
    return {"stands": len(rows), **sums}


def _between(rows: pd.DataFrame, factor: float) -> float:
    """Return the deviation of the ratio between age classes and groups, by modelled stock."""
    classes = rows.groupby(["species_group", rows["age_yr"] // AGE_CLASS_YR])
    sums = classes[["observed_m3", "modelled_m3"]].sum()
    ratio, weight = sums["observed_m3"] / sums["modelled_m3"], sums["modelled_m3"]
    return float(np.sqrt(((ratio - factor) ** 2 * weight).sum() / weight.sum()))
