"""Models of growth and volume as evidence: forms, coefficients, fit ranges and species."""

from collections.abc import Mapping
from functools import cache
from typing import NamedTuple

import numpy as np
import pandas as pd

from .codes import named_groups
from .errors import ParameterError, Problem
from .tables import read_data

REGIONS = ("gx_north", "gx_south")
EVERYWHERE = "all"
YEARLY = "yearly_factor"
# groups of plants without a stock that could grow
BY_AREA = ("bamboo", "economic", "shrub", "herb")
VARIABLES = ("height", "dbh", "basal_area", "volume")

# yearly rates, percent: coefficients, age (yr), diameter (cm), basal area (m2/ha)
RATES = {
    "exp_linear": lambda p, a, d, g: np.exp(p[0] + p[1] * a + p[2] * d + p[3] * g),
    "exp_product": lambda p, a, d, _: p[0] + p[1] * np.exp(p[2] * d + p[3] * a),
    "exp_sum": lambda p, a, d, _: p[0] + p[1] * np.exp(p[2] * d) + p[3] * np.exp(p[4] * a),
    "power_product": lambda p, a, d, _: p[0] + p[1] * d ** p[2] * a ** p[3],
}
# levels by age (yr)
CURVES = {
    "richards": lambda p, t: p[0] * (1.0 - np.exp(-p[1] * t)) ** p[2],
    "schumacher": lambda p, t: p[0] * np.exp(-p[1] / t),
    "quadratic": lambda p, t: p[0] + p[1] * t + p[2] * t**2,
}
TREES = {
    "power": lambda p, d, h: p[0] * d ** p[1] * h ** p[2],
    "varexp": lambda p, d, h: p[0] * d ** (p[1] + p[3] * (d + h)) * h ** (p[2] + p[4] * (d + h)),
}
STANDS = {
    "form_height": lambda p, h, g, _: (p[0] + p[1] / (h + p[2])) * h * g,
    "form_power": lambda p, h, g, d: p[0] * d ** p[1] * h ** p[2] * h * g,
    "height_plus": lambda p, h, g, _: p[0] * (h + p[1]) * g,
}


class Model(NamedTuple):
    """One growth model of ``data/growth_models.csv``: its form, coefficients and fit range."""

    model_group: str
    region: str
    variable: str
    form: str
    coefficients: tuple[float, ...]
    age_min_yr: float
    age_max_yr: float
    dbh_min_cm: float
    dbh_max_cm: float


def _numbers(row: NamedTuple) -> tuple[float, ...]:
    cells = (row.p1, row.p2, row.p3, row.p4, row.p5)
    return tuple(float(cell) for cell in cells if cell)


@cache
def growth_models() -> dict[str, Model]:
    """
    Return every growth model by its id.

    Examples
    --------
    >>> growth_models()["GR08"].variable, growth_models()["GR08"].age_max_yr
    ('volume', 70.0)
    """
    limits = {"age_min_yr": 0.0, "age_max_yr": np.inf, "dbh_min_cm": 0.0, "dbh_max_cm": np.inf}
    return {
        row.model_id: Model(
            row.model_group, row.region, row.variable, row.form, _numbers(row),
            *(float(getattr(row, name) or bound) for name, bound in limits.items()),
        )
        for row in read_data("growth_models.csv").itertuples()
    }  # fmt: skip


@cache
def volume_equations(measures: str) -> dict[str, tuple[str, tuple[float, ...]]]:
    """
    Return form and coefficients of the equations of single trees or of stands.

    Examples
    --------
    >>> volume_equations("stand")["SV6"]
    ('height_plus', (0.386, 3.0))
    """
    rows = read_data("volume_equations.csv")
    rows = rows[rows["measures"] == measures]
    return {row.equation_id: (row.form, _numbers(row)) for row in rows.itertuples()}


def known_id(key: str, known: Mapping) -> str:
    """
    Return the id that a name begins with.

    Raises
    ------
    ParameterError
        If there is none; the message lists those that there are.

    Examples
    --------
    >>> known_id("GR08 pine north", growth_models())
    'GR08'
    """
    words = str(key).split()
    if not words or words[0] not in known:
        raise ParameterError(Problem("growth_model_unknown", value=str(key), rule=", ".join(known)))
    return words[0]


@cache
def _groups() -> pd.DataFrame:
    return read_data("growth_groups.csv").set_index("species_group")


def group_models(region: str = "gx_north", own: Mapping[str, str] | None = None) -> pd.DataFrame:
    """
    Return the growth models of every species group.

    Parameters
    ----------
    region : {"gx_north", "gx_south"}
        Region of the rate models.
    own : mapping, optional
        Species group to a group of models, or to one model whose group is meant, in place of
        ``data/growth_groups.csv``.

    Returns
    -------
    models : DataFrame
        Index ``species_group``; ids ``rate_height``, ``rate_dbh``, ``rate_basal_area``,
        ``rate_volume``, ``curve_height``, ``curve_dbh`` and ``curve_volume``, empty for none,
        and ``confidence``, how sure it is that the models suit the species.

    Raises
    ------
    ParameterError
        If a region, a species group or a model of the user's is unknown, or a species group is
        counted by area and has no stock that a model could let grow; it names all.

    Examples
    --------
    >>> group_models().loc["cypress", ["rate_volume", "curve_volume", "confidence"]].tolist()
    ['GR08', 'GM-mas-V', 'uncertain']
    """
    groups, own = _groups(), own or {}
    _check_own(region, own)
    rows = {}
    for species, row in groups.iterrows():
        rates, curve, there = row["rates"], row["curve"], region
        if species in own:
            rates, curve, there = _own_groups(own[species], region)
        rows[species] = _ids("rate", rates, there) | _ids("curve", curve, "gx")
        rows[species]["confidence"] = "uncertain" if species in own else row["confidence"]
    return pd.DataFrame.from_dict(rows, orient="index").fillna("").rename_axis("species_group")


def _ids(kind: str, model_group: str, region: str) -> dict[str, str]:
    """Return the ids of the models of a group by what they tell."""
    found = {f"{kind}_{name}": "" for name in VARIABLES if (kind, name) != ("curve", "basal_area")}
    for key, one in growth_models().items():
        if one.model_group == model_group and one.region in (region, EVERYWHERE):
            found[f"{kind}_{one.variable}"] = key
    return found


def _stand_groups() -> list[str]:
    """Return the groups of models that stands grow by."""
    models = growth_models().values()
    return list(dict.fromkeys(one.model_group for one in models if one.variable in VARIABLES))


def curve_groups() -> list[str]:
    """
    Return the groups of models with a curve of stock by age, as a user may name them.

    Examples
    --------
    >>> curve_groups()
    ['broadleaf', 'pine_conifer', 'eucalyptus_curve', 'masson_pine_curve', 'broadleaf_curve']
    """
    curves = {name: _own_groups(name, REGIONS[0])[1] for name in _stand_groups()}
    return [name for name, curve in curves.items() if _ids("curve", curve, "gx")["curve_volume"]]


def _own_groups(name: str, region: str) -> tuple[str, str, str]:
    """Return rates, curve and region of what the user names."""
    if name in growth_models():
        one = growth_models()[name]
        name, region = one.model_group, one.region if one.form in RATES else region
        region = REGIONS[0] if region == EVERYWHERE else region
    of_rates = _groups()[_groups()["rates"] == name]
    if of_rates.empty:
        return "", name, region
    return name, of_rates["curve"].max(), region


def _check_own(region: str, own: Mapping[str, str]) -> None:
    """Refuse a region, species or models that there are not, all in one message."""
    groups = _stand_groups()
    models = [key for key, one in growth_models().items() if one.variable in VARIABLES]
    problems = [
        Problem("growth_model_unknown", field=f"growth.models.{species}", value=name,
                rule=", ".join(groups))
        for species, name in own.items() if name not in (*groups, *models)
    ]  # fmt: skip
    problems += [
        Problem("growth_species_unknown", field="growth.models", value=species,
                rule=named_groups(one for one in _groups().index if not _is_by_area(one)))
        for species in own if species not in _groups().index
    ]  # fmt: skip
    problems += [
        Problem("growth_species_by_area", field=f"growth.models.{species}",
                value=named_groups([species]))
        for species in own if species in _groups().index and _is_by_area(species)
    ]  # fmt: skip
    if region not in REGIONS:
        rule = ", ".join(REGIONS)
        problems.append(
            Problem("growth_model_unknown", field="growth.region", value=region, rule=rule)
        )
    if problems:
        raise ParameterError(problems)


def _is_by_area(species_group: str) -> bool:
    """Tell whether a species group is counted by area and has no stock that grows."""
    return species_group.split("_", maxsplit=1)[0] in BY_AREA


def scattered_models(stands: pd.DataFrame) -> pd.Series:
    """
    Return the id of the model of the scattered and four-side trees of each parcel.

    Notes
    -----
    Trees whose species group is not known grow like those that the source gives no rule of
    their own.

    Examples
    --------
    >>> trees = pd.DataFrame({"scattered_species_group": ["eucalyptus", "camphor", None]})
    >>> scattered_models(trees).tolist()
    ['GM-ss-euc', 'GM-ss-other', 'GM-ss-other']
    """
    groups = {
        one.model_group.removeprefix("scattered_"): key
        for key, one in growth_models().items()
        if one.form == YEARLY
    }
    unknown = pd.Series(None, index=stands.index, dtype=object)
    species = stands.get("scattered_species_group", unknown).astype(object)
    return species.map(groups).fillna(groups["other"])


def scattered_factor(stands: pd.DataFrame) -> pd.Series:
    """
    Return the factor by which scattered and four-side stock grows in a year.

    References
    ----------
    [forestmanager]_ growth models of Shangsi county.

    Examples
    --------
    >>> scattered_factor(pd.DataFrame({"scattered_species_group": ["eucalyptus", "oak"]})).tolist()
    [1.1, 1.04]
    """
    return scattered_models(stands).map(lambda key: growth_models()[key].coefficients[0])
