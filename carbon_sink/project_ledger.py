"""The sink of plantings year by year: trees, baseline, soil, emissions, leakage, deductions."""

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from .codes import named_groups
from .errors import Problem
from .growth_models import curve_groups
from .language import Words
from .parameters import constant
from .planting_curves import (
    NO_CURVE,
    NO_PARAMETERS,
    NO_SPECIES,
    PlantingCurves,
    planting_curves,
    uncalibrated,
    why_missing,
)
from .project_soil import soil_gain
from .tables import columns, faulty, named
from .units import carbon_to_co2

PLANTING = "planting"
# what counts as nothing when a project does not say it, and the column where it would show
UNSAID = {
    "baseline_t_ha": "baseline_co2_t",
    "emission_co2e_t": "emission_co2e_t",
    "leakage_co2e_t_yr": "leakage_co2e_t",
}


@dataclass(frozen=True)
class LedgerTerms:
    """
    How long sinks are counted, and what is taken off them.

    Parameters
    ----------
    crediting_period_yr : int
        Years from the start of a project on, the first of them included.
    non_permanence_pct : float
        Share of every yearly removal that is held back, percent.
    leakage_pct : float, optional
        Share of what trees and soil take up that is lost elsewhere, percent; none by default.
    """

    crediting_period_yr: int
    non_permanence_pct: float = field(default_factory=lambda: constant("non_permanence_pct"))
    leakage_pct: float | None = None


def plantings_ledger(
    works: pd.DataFrame,
    models: pd.DataFrame,
    levels: pd.DataFrame,
    parameters: pd.DataFrame,
    terms: LedgerTerms,
    *,
    starts: pd.DataFrame | None = None,
    soil: pd.DataFrame | None = None,
) -> pd.DataFrame:
    r"""
    Lay out the sink of every planted area, year by year, as it is expected.

    .. math:: C_t = A \, s \, f \, c(t), \quad
              R_t = \Delta C_t \tfrac{44}{12} - B_t + S_t - E_t - L_t

    Parameters
    ----------
    works : DataFrame
        Rows whose ``method`` is ``planting`` are taken: ``project_id``, ``project_type``,
        ``species_group``, ``start_year``, ``credited_ha`` (ha), ``survival`` (share),
        ``site_factor``, ``baseline_t_ha`` (t C/ha), ``emission_co2e_t`` (t) and
        ``leakage_co2e_t_yr`` (t/yr).
    models, levels, parameters, starts
        As for ``planting_curves.planting_curves``.
    terms : LedgerTerms
        Period and deductions.
    soil : DataFrame, optional
        As ``project_soil.mine_soil`` returns it, on the index of the works.

    Returns
    -------
    ledger : DataFrame
        Columns of ``project_ledger`` in ``data/columns.csv``, one row per project and year,
        sorted by project and year. Removals are positive. ``living_trees`` is missing, because
        these projects are counted by area.

    Notes
    -----
    The carbon of a hectare :math:`c(t)` grows with the age of the trees, which is 0 at the end
    of the year of planting; it is multiplied by the area, the share of trees that live and the
    site factor. The last year of the period has the age of the period less one. Where survival
    or site factor are missing they are 1, and a baseline, emissions or leakage that nobody
    states are 0; ``ledger_notes`` tells of which projects.

    The living biomass on the ground before is lost in the year of the start, and emissions of
    the works count there. The leakage in percent is of what trees and soil gain in a year, if
    they gain. Soil is missing where it is not counted, and adds nothing to the removal; trees
    that are not known leave the removal missing too.

    The deduction for non-permanence is taken of every year with a removal; a year with a loss
    has none, and gives none back.

    References
    ----------
    [ccer_14_001_v01]_ the terms of the removal; [ar_cm_001_v01]_ carbon of trees from stock.

    Examples
    --------
    >>> from carbon_sink.growth_models import group_models
    >>> from carbon_sink.parameters import load_parameters
    >>> from carbon_sink.curve_calibration import COLUMNS
    >>> works = pd.DataFrame({"project_id": ["a"], "project_type": "corridor",
    ...     "method": "planting", "species_group": "masson_pine", "start_year": 2024,
    ...     "credited_ha": 10.0, "survival": 0.9, "site_factor": 1.0, "baseline_t_ha": 0.0,
    ...     "emission_co2e_t": 0.0, "leakage_co2e_t_yr": 0.0})
    >>> ledger = plantings_ledger(works, group_models(), pd.DataFrame(columns=COLUMNS),
    ...                           load_parameters("ar_cm_001"), LedgerTerms(20))
    >>> ledger.iloc[6][["stock_m3", "creditable_co2e_t"]].astype(float).round(2).tolist()
    [66.35, 66.88]
    """
    rows = works[works["method"].eq(PLANTING)].sort_values("project_id", kind="stable")
    years = np.arange(terms.crediting_period_yr)
    curves = planting_curves(rows["species_group"], models, levels, parameters, len(years), starts)
    area = rows["credited_ha"].to_numpy(float)[:, None]
    trees = _trees(rows, curves)
    carbon = trees["above_t"] + trees["below_t"]
    rate = np.full(len(rows), np.nan)
    if soil is not None:
        rate = soil["rate_t_ha_yr"].reindex(rows.index).to_numpy(float)
    said = rows.reindex(columns=list(UNSAID)).astype(float).fillna(0.0)
    cleared, emitted = (said[[name]].to_numpy() for name in ("baseline_t_ha", "emission_co2e_t"))
    first = years == 0
    parts = {
        "year": rows["start_year"].to_numpy(int)[:, None] + years,
        "age_yr": np.broadcast_to(years, (len(rows), len(years))),
        "credited_ha": np.broadcast_to(area, (len(rows), len(years))),
        **trees,
        "tree_co2_t": carbon_to_co2(np.diff(carbon, axis=1, prepend=0.0)),
        "baseline_co2_t": np.where(first, 0.0 - carbon_to_co2(cleared * area), 0.0),
        "soil_co2_t": carbon_to_co2(soil_gain(rate, years) * area),
        "emission_co2e_t": np.where(first, 0.0 - emitted, 0.0),
    }
    ledger = pd.DataFrame({name: values.ravel() for name, values in parts.items()})
    for name in ("project_id", "project_type"):
        ledger[name] = np.repeat(rows[name].to_numpy(object), len(years))
    ledger["living_trees"] = np.nan
    leakage = np.repeat(said["leakage_co2e_t_yr"].to_numpy(), len(years))
    ledger = with_removals(ledger, leakage, terms)
    return ledger[list(columns("project_ledger").index)]


def _trees(rows: pd.DataFrame, curves: PlantingCurves) -> dict[str, np.ndarray]:
    """Return stock and carbon of the trees, shape (projects, years)."""
    alive = rows[["survival", "site_factor"]].astype(float).fillna(1.0).prod(axis=1)
    scale = (rows["credited_ha"] * alive).to_numpy(float)[:, None]
    place = curves.rows(rows["species_group"])
    return {
        "stock_m3": scale * curves.stock_m3_ha[place],
        "above_t": scale * curves.above_t_ha[place],
        "below_t": scale * curves.below_t_ha[place],
    }


def with_removals(
    ledger: pd.DataFrame, leakage_co2e_t_yr: np.ndarray | float, terms: LedgerTerms
) -> pd.DataFrame:
    """
    Add leakage, the removal, the deduction and what is creditable to the terms of a ledger.

    Parameters
    ----------
    ledger : DataFrame
        With ``tree_co2_t``, ``baseline_co2_t``, ``soil_co2_t`` and ``emission_co2e_t`` (t), each
        with its sign.
    leakage_co2e_t_yr : array or float
        Leakage stated for each row, t a year, positive.
    terms : LedgerTerms
        Deductions.

    Returns
    -------
    ledger : DataFrame
        A copy with ``leakage_co2e_t``, ``removal_co2e_t``, ``non_permanence_co2e_t`` and
        ``creditable_co2e_t`` (t).

    Examples
    --------
    >>> ledger = pd.DataFrame({"tree_co2_t": [100.0], "baseline_co2_t": [-10.0],
    ...                        "soil_co2_t": [float("nan")], "emission_co2e_t": [-5.0]})
    >>> found = with_removals(ledger, 1.0, LedgerTerms(20, 10.0, 2.0)).iloc[0]
    >>> found[["leakage_co2e_t", "removal_co2e_t", "creditable_co2e_t"]].tolist()
    [-3.0, 82.0, 73.8]
    """
    gained = ledger["tree_co2_t"] + ledger["soil_co2_t"].fillna(0.0)
    leakage = pd.Series(0.0 - leakage_co2e_t_yr, index=ledger.index)
    if terms.leakage_pct:
        leakage = leakage - terms.leakage_pct / 100.0 * gained.clip(lower=0.0)
    removal = gained + ledger["baseline_co2_t"] + ledger["emission_co2e_t"] + leakage
    held = 0.0 - terms.non_permanence_pct / 100.0 * removal.clip(lower=0.0)
    return ledger.assign(leakage_co2e_t=leakage, removal_co2e_t=removal,
                         non_permanence_co2e_t=held, creditable_co2e_t=removal + held)  # fmt: skip


def ledger_notes(
    works: pd.DataFrame,
    models: pd.DataFrame,
    levels: pd.DataFrame,
    parameters: pd.DataFrame,
    terms: LedgerTerms,
    *,
    starts: pd.DataFrame | None = None,
    file: str = "",
) -> list[Problem]:
    """
    Tell what of the plantings is missing, taken as nothing, or rests on little.

    Parameters
    ----------
    works, models, levels, parameters, terms, starts
        As for ``plantings_ledger``.
    file : str
        File of the projects, for the messages.

    Returns
    -------
    notes : list of Problem
        ``project_species_missing``, ``project_species_without_curve`` and
        ``project_species_without_parameters`` with the projects whose trees are missing;
        ``project_survival_missing`` and ``project_term_missing`` with those whose survival is
        taken as whole or whose term as 0; ``project_grows_by_rates`` and
        ``project_curve_uncalibrated`` with the species; ``project_period_unusual``.
    """
    rows = works[works["method"].eq(PLANTING)].sort_values("project_id", kind="stable")
    rows = rows.set_index("project_id")
    found = _tree_notes(rows, models, levels, parameters, starts, file)
    unknown = rows["survival"].isna()
    area = f"{rows.loc[unknown, 'credited_ha'].sum():,.1f}"
    found += faulty("project_survival_missing", unknown, file=file, value=area)
    for column, shown in UNSAID.items():
        if column == "leakage_co2e_t_yr" and terms.leakage_pct is not None:
            continue
        unsaid = rows.reindex(columns=[column])[column].isna()
        name = named("project_ledger", shown)
        found += faulty("project_term_missing", unsaid, file=file, value=name)
    low, high = (int(constant(f"crediting_period_{end}_yr")) for end in ("min", "max"))
    if not low <= (years := terms.crediting_period_yr) <= high:
        place = {"field": "sinks.crediting_period_yr", "value": str(years)}
        found.append(Problem("project_period_unusual", rule=f"{low}–{high}", **place))
    return found


def _tree_notes(
    rows: pd.DataFrame,
    models: pd.DataFrame,
    levels: pd.DataFrame,
    parameters: pd.DataFrame,
    starts: pd.DataFrame | None,
    file: str,
) -> list[Problem]:
    """Tell whose trees are not known and why, and which rest on rates or on a plain curve."""
    group = rows["species_group"]
    reason = why_missing(group, models, parameters, starts)
    started = set() if starts is None else set(starts["species_group"])
    curve = group.map(models["curve_volume"]).fillna("")
    plain = uncalibrated(group.dropna().unique(), models, levels)
    cases = {
        "project_species_missing": reason.eq(NO_SPECIES),
        "project_species_without_curve": reason.eq(NO_CURVE),
        "project_species_without_parameters": reason.eq(NO_PARAMETERS),
        "project_grows_by_rates": reason.eq("") & curve.eq("") & group.isin(started),
        "project_curve_uncalibrated": reason.eq("") & group.isin(plain),
    }
    rule = ", ".join(curve_groups())
    return [
        note
        for code, bad in cases.items()
        for note in faulty(code, bad, file=file, value=_hectares(rows[bad]), rule=rule)
    ]


def _hectares(rows: pd.DataFrame) -> Words:
    """List species groups with the hectares planted with them."""
    area = rows.groupby(rows["species_group"].astype(object).fillna(""))["credited_ha"].sum()
    said = [(named_groups([group]), f"{ha:,.1f} ha") for group, ha in area.items()]
    return Words("；".join(f"{name} {ha}".strip() for name, ha in said),
                 "; ".join(f"{name.en} {ha}".strip() for name, ha in said))  # fmt: skip
