"""Growth of the models held against two dates of the district's own stands."""

from collections.abc import Sequence
from statistics import NormalDist

import numpy as np
import pandas as pd

from .errors import Problem, first_rows
from .language import text
from .parameters import constant
from .updating import grow_year, states

# parcels that kept their shape; an attribute may have changed, but not the species
SAME_SHAPE = ("unchanged", "attribute")
# factors that are sought; one beyond says that model and stands do not belong together
FACTOR_MAX = 10.0
TOLERANCE = 1e-10
CONFIDENCE = 0.95
# causes of change by their first digit: planted, harvested, built on, cleared, hit by disaster
DISTURBING = ("1", "2", "4", "5", "7")
# why a group has no factor
TOO_FEW, OUT_OF_REACH = "too_few", "out_of_reach"


def calibrate(
    before: pd.DataFrame,
    after: pd.DataFrame,
    rows: pd.DataFrame,
    years: tuple[int, int],
    models: pd.DataFrame,
    disturbed: Sequence | None = None,
    *,
    lang: str = "zh",
) -> tuple[pd.DataFrame, list[Problem]]:
    r"""
    Find, by species group, what the modelled growth of volume has to be multiplied by.

    The factor :math:`m` makes the sum of the modelled stocks equal to that of the observed:

    .. math:: \sum_i V_{1,i} \prod_t \left(1 + m \frac{P_{i,t}}{100}\right) = \sum_i V_{2,i}

    Parameters
    ----------
    before, after : DataFrame
        Stands of two dates, as for ``updating.states``.
    rows : DataFrame
        As ``stand_changes.stand_changes`` returns them: positions ``before`` and ``after`` and
        ``change_class``.
    years : (int, int)
        The two years.
    models : DataFrame
        As ``growth_models.group_models`` returns them.
    disturbed : sequence, optional
        Labels of stands of the earlier date that were harvested, burned or hit by pests, beside
        those whose ``change_cause`` says so.
    lang : {"zh", "en"}
        Language of the reasons.

    Returns
    -------
    table : DataFrame
        Columns of ``growth_calibration`` in ``data/columns.csv``, a row for each species group
        that has such stands. ``low`` and ``high`` bound the 95 % interval.
    notes : list of Problem
        Stands whose observed growth is negative.

    Notes
    -----
    Only parcels that match one to one with their shape and species kept, were not disturbed
    and have stock at both dates are used. Stands whose stock fell are not used: their fall is
    harvest or error of a survey, not growth. What errors of survey make fall is then missing
    while what they make rise is there, so the factor tends to be too high where surveys err
    much. The factor is of **net** growth: trees that died between the dates are in it.

    The standard error is a jackknife over the parcels, each left out in turn; the factor
    without it is found by one step of Newton's method.

    Examples
    --------
    >>> from carbon_sink.growth_models import group_models
    >>> models = group_models()
    >>> pine = pd.DataFrame({"forest_type": "arbor", "species_group": "masson_pine",
    ...     "forest_volume_m3": 100.0, "stand_age_yr": [10.0, 19.0] * 20})
    >>> grown = pine.assign(forest_volume_m3=[104.0, 101.0] * 20)
    >>> rows = pd.DataFrame({"before": range(40), "after": range(40),
    ...     "change_class": "unchanged"})
    >>> table, notes = calibrate(pine, grown, rows, (2024, 2025), models)
    >>> table[["species_group", "stands", "used"]].to_numpy().tolist()
    [['masson_pine', 40, 'yes']]
    """
    pairs = _pairs(before, after, rows, years, models, disturbed)
    fallen = pairs["observed_m3"] < pairs["volume_m3"]
    notes = [
        Problem("growth_observed_negative", rows=first_rows(pairs.index[fallen]),
                count=int(fallen.sum()), value=f"{years[0]}–{years[1]}",
                rule=", ".join(sorted(pairs.loc[fallen, "species_group"].unique())),
                cells=(pairs["observed_m3"] - pairs["volume_m3"])[fallen].round(1),
                file=before.attrs.get("file", ""))
    ] if fallen.any() else []  # fmt: skip
    found = [
        _of_group(species, group[~fallen[group.index]], int(fallen[group.index].sum()), lang)
        for species, group in pairs.groupby("species_group")
    ]
    table = pd.DataFrame(found, columns=COLUMNS)
    return table.assign(year_before=years[0], year_after=years[1]), notes


COLUMNS = [
    "year_before", "year_after", "species_group", "model", "stands", "fallen_stands",
    "volume_before_m3", "observed_m3", "modelled_m3", "factor", "standard_error", "low", "high",
    "used", "reason",
]  # fmt: skip


def factors(table: pd.DataFrame) -> dict[str, float]:
    """
    Return the factors that may be used, by species group.

    Examples
    --------
    >>> factors(pd.DataFrame({"species_group": ["oak", "elm"], "factor": [0.8, None],
    ...                       "used": ["yes", "no"]}))
    {'oak': 0.8}
    """
    used = table[table["used"].eq("yes")]
    return dict(zip(used["species_group"], used["factor"].astype(float), strict=True))


def _pairs(
    before: pd.DataFrame,
    after: pd.DataFrame,
    rows: pd.DataFrame,
    years: tuple[int, int],
    models: pd.DataFrame,
    disturbed: Sequence | None,
) -> pd.DataFrame:
    """Return undisturbed stands of one shape and species, with their yearly growth in percent."""
    same = rows[rows["change_class"].isin(SAME_SHAPE)]
    same = same[~same["before"].duplicated(keep=False) & ~same["after"].duplicated(keep=False)]
    first = states(before.iloc[same["before"].to_numpy()], models)
    last = after.iloc[same["after"].to_numpy()]
    observed = last["forest_volume_m3"].to_numpy(dtype=float)
    usable = first["reason"].eq("").to_numpy() & (observed > 0.0)
    usable &= first["species_group"].to_numpy() == last["species_group"].to_numpy()
    usable &= (
        before["forest_type"].iloc[same["before"]].to_numpy() == last["forest_type"].to_numpy()
    )
    usable &= ~first.index.isin([] if disturbed is None else list(disturbed))
    usable &= ~_recorded(last, years[0]).to_numpy()
    state = first[usable]
    pairs = state[["species_group", "volume_m3", "model_volume"]].assign(
        observed_m3=observed[usable]
    )
    for year in range(years[0], years[1]):
        later = grow_year(state.assign(volume_m3=1.0))
        pairs[f"growth_{year}_pct"] = 100.0 * (later["volume_m3"] - 1.0)
        state = later
    return pairs


def _recorded(stands: pd.DataFrame, since: int) -> pd.Series:
    """Tell stands whose inventory records a disturbance after a year."""
    if "change_cause" not in stands:
        return pd.Series(data=False, index=stands.index)
    cause = stands["change_cause"].astype("string").str[:1].isin(DISTURBING)
    earlier = stands["change_year"].between(1, since) if "change_year" in stands else False
    return cause & ~earlier


def _of_group(species: str, group: pd.DataFrame, fallen: int, lang: str) -> dict:
    """Calibrate one species group, or say why it cannot be."""
    volume, observed = (group[one].to_numpy() for one in ("volume_m3", "observed_m3"))
    growth = group.filter(like="growth_").to_numpy() / 100.0
    row = {
        "species_group": species, "model": ", ".join(sorted(group["model_volume"].unique())),
        "stands": len(group), "fallen_stands": fallen, "volume_before_m3": volume.sum(),
        "observed_m3": observed.sum(), "modelled_m3": _modelled(volume, growth, 1.0).sum(),
        "used": "no",
    }  # fmt: skip
    least = int(constant("calibration_stands_min"))
    if len(group) < least:
        return row | {"reason": text(f"calibration.{TOO_FEW}", lang, least=least)}
    if _modelled(volume, growth, FACTOR_MAX).sum() < observed.sum():
        return row | {"reason": text(f"calibration.{OUT_OF_REACH}", lang, most=FACTOR_MAX)}
    factor = _solve(volume, growth, observed.sum())
    error = _jackknife(volume, growth, observed, factor)
    half = NormalDist().inv_cdf(0.5 + CONFIDENCE / 2.0) * error
    return row | {"factor": factor, "standard_error": error, "low": factor - half,
                  "high": factor + half, "used": "yes", "reason": ""}  # fmt: skip


def _modelled(volume: np.ndarray, growth: np.ndarray, factor: float) -> np.ndarray:
    """Return the stock of each stand after all years."""
    return volume * np.prod(1.0 + factor * growth, axis=1)


def _solve(volume: np.ndarray, growth: np.ndarray, observed: float) -> float:
    """Halve the range of the factor until the modelled stock meets the observed one."""
    low, high = 0.0, FACTOR_MAX
    while high - low > TOLERANCE:
        middle = (low + high) / 2.0
        if _modelled(volume, growth, middle).sum() < observed:
            low = middle
        else:
            high = middle
    return (low + high) / 2.0


def _jackknife(
    volume: np.ndarray, growth: np.ndarray, observed: np.ndarray, factor: float
) -> float:
    """Return the standard error of the factor over stands left out in turn."""
    modelled = _modelled(volume, growth, factor)
    slope = modelled * (growth / (1.0 + factor * growth)).sum(axis=1)
    # without stand i the modelled stock is too high by o_i - v_i
    without = factor + (modelled - observed) / (slope.sum() - slope)
    count = len(volume)
    return float(np.sqrt((count - 1) / count * ((without - without.mean()) ** 2).sum()))
