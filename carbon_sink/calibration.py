"""Growth of the models held against two dates of the district's own stands."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
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
# whose factor a species group grows by
OWN, MODEL, NOT = "own", "model", "no"
USED = (OWN, MODEL)


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
        that grows by a model. ``used`` is ``own`` where the factor is that of the group,
        ``model`` where it is that of all stands of its models, and ``no`` where there is
        neither. ``low`` and ``high`` bound the 95 % interval.
    notes : list of Problem
        Stands whose observed growth is negative.

    Notes
    -----
    Only parcels that match one to one with their shape and species kept, were not disturbed by
    any record and have stock at both dates are used. Stands whose stock fell are among them:
    errors of survey make some stands fall as they make others rise, and without those the
    factor would be too high. The factor is of **net** growth: trees that died between the dates
    are in it, and harvest that nobody recorded.

    A group with too few stands, with less stock at the later date, or with growth out of all
    proportion has no factor of its own. It grows by the factor of all usable stands of its
    models, of whatever group; where these have none either, by the model as it is.

    The standard error is a jackknife over the parcels, each left out in turn; the factor
    without it is found by one step of Newton's method. That of a factor of a model also holds
    how far the factors of its groups lie apart, where two groups or more have one.

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
    [['masson_pine', 40, 'own']]
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
    grown_by = _models_of_groups([before, after], models)
    fits = {species: _fit(pairs[pairs["species_group"].eq(species)], lang) for species in grown_by}
    found = [_row(species, fits, grown_by, pairs, lang) for species in sorted(grown_by)]
    table = pd.DataFrame(found, columns=COLUMNS)
    return table.assign(year_before=years[0], year_after=years[1]), notes


COLUMNS = [
    "year_before", "year_after", "species_group", "model", "stands", "fallen_stands",
    "volume_before_m3", "observed_m3", "modelled_m3", "factor", "standard_error", "low", "high",
    "used", "reason",
]  # fmt: skip


def factors(table: pd.DataFrame, used: Sequence[str] = USED) -> dict[str, float]:
    """
    Return the factors that may be used, by species group.

    Parameters
    ----------
    table : DataFrame
        As ``calibrate`` returns it.
    used : sequence of {"own", "model"}
        Whether factors of the group itself are wanted, those of its model, or both.

    Examples
    --------
    >>> table = pd.DataFrame({"species_group": ["oak", "elm", "fig"],
    ...                       "factor": [0.8, 0.7, None], "used": ["own", "model", "no"]})
    >>> factors(table), factors(table, ["model"])
    ({'oak': 0.8, 'elm': 0.7}, {'elm': 0.7})
    """
    rows = table[table["used"].isin(used)]
    return dict(zip(rows["species_group"], rows["factor"].astype(float), strict=True))


def _models_of_groups(inventories: list[pd.DataFrame], models: pd.DataFrame) -> dict[str, set]:
    """Return the models of volume by which the stands of each species group grow."""
    state = pd.concat([states(one, models) for one in inventories])
    state = state[state["reason"].eq("")]
    return state.groupby("species_group")["model_volume"].agg(set).to_dict()


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


@dataclass(frozen=True)
class _Fit:
    """A factor and its standard error, or why there is none."""

    factor: float = np.nan
    error: float = np.nan
    reason: str = ""


def _fit(pairs: pd.DataFrame, lang: str) -> _Fit:
    """Find the factor of some stands, or say why there is none."""
    volume, observed = (pairs[one].to_numpy() for one in ("volume_m3", "observed_m3"))
    growth = _growth(pairs)
    least = int(constant("calibration_stands_min"))
    if len(pairs) < least:
        return _Fit(reason=text("calibration.too_few", lang, least=least))
    if observed.sum() <= volume.sum():
        return _Fit(reason=text("calibration.fallen", lang))
    if _modelled(volume, growth, FACTOR_MAX).sum() < observed.sum():
        return _Fit(reason=text("calibration.out_of_reach", lang, most=FACTOR_MAX))
    factor = _solve(volume, growth, observed.sum())
    return _Fit(factor, _jackknife(volume, growth, observed, factor))


def _row(
    species: str,
    fits: dict[str, _Fit],
    grown_by: dict[str, set],
    pairs: pd.DataFrame,
    lang: str,
) -> dict:
    """Lay out one species group: its own factor, that of its model, or why there is neither."""
    mine, mark = pairs[pairs["species_group"].eq(species)], "、" if lang == "zh" else ", "
    names = mark.join(sorted(grown_by[species]))
    row = {
        "species_group": species, "model": names, "stands": len(mine),
        "fallen_stands": int((mine["observed_m3"] < mine["volume_m3"]).sum()),
        "volume_before_m3": mine["volume_m3"].sum(), "observed_m3": mine["observed_m3"].sum(),
        "modelled_m3": _modelled(mine["volume_m3"].to_numpy(), _growth(mine), 1.0).sum(),
    }  # fmt: skip
    fit, used, reason = fits[species], OWN, ""
    if fit.reason:
        pool = pairs[pairs["model_volume"].isin(grown_by[species])]
        alike = [one.factor for group, one in fits.items() if grown_by[group] & grown_by[species]]
        why, fit, used = fit.reason, _pooled(pool, alike, lang), MODEL
        reason = text("calibration.by_model", lang, why=why, models=names, count=len(pool))
    if fit.reason:
        return row | {"used": NOT, "reason": text("calibration.as_is", lang, why=why)}
    half = NormalDist().inv_cdf(0.5 + CONFIDENCE / 2.0) * fit.error
    return row | {"factor": fit.factor, "standard_error": fit.error, "low": fit.factor - half,
                  "high": fit.factor + half, "used": used, "reason": reason}  # fmt: skip


def _pooled(pool: pd.DataFrame, alike: list[float], lang: str) -> _Fit:
    """Find the factor of all stands of a model, as uncertain as groups of the model differ."""
    fit, known = _fit(pool, lang), [one for one in alike if not np.isnan(one)]
    between = float(np.std(known, ddof=1)) if len(known) > 1 else 0.0
    return replace(fit, error=float(np.hypot(fit.error, between)))


def _growth(pairs: pd.DataFrame) -> np.ndarray:
    """Return the modelled growth of each stand in each year, as a share of its stock."""
    return pairs.filter(like="growth_").to_numpy() / 100.0


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
