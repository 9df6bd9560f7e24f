"""
Which works could bring credits under the methodology of afforestation, and how many.

These are potential credits: nothing here is registered or verified by anybody. They stand beside
the inventory of the district and never in its sums.
"""

from functools import cache

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from .errors import Problem, first_rows
from .geometry import ellipsoidal_area_ha
from .language import Words, text
from .project_ground import IMPROVEMENT
from .project_ledger import PLANTING
from .project_summary import ALL_TYPES
from .tables import columns, heading, read_data
from .units import M2_PER_HA

ELIGIBLE, UNDETERMINED, NOT_ELIGIBLE = LABELS = ("eligible", "undetermined", "not_eligible")
# what a rule says of a work
MET, ASKED, BROKEN = 0, 1, 2
IN_SCOPE, STANDING_FOREST = "in_scope", "excluded_improvement"
# species groups of plants that are no trees, bamboo or shrubs of the methodology
EXCLUDED_GROUPS = ("economic", "herb")
# columns of the works that answer the rules of the methodology
ANSWERS = {
    "species": "species_group", "nonforest_years": "nonforest_years", "tenure": "tenure",
    "wetland": "is_wetland", "vegetation": "baseline_carbon_t_ha", "soil": "site_preparation",
}  # fmt: skip
FACTS = ("species_group", "nonforest_years", "checked_year", "tenure", "is_wetland",
         "baseline_t_ha", "site_preparation")  # fmt: skip


@cache
def _rule(key: str) -> float:
    """Return the number of a rule."""
    return float(read_data("ccer_rules.csv").set_index("key").loc[key, "value"])


def plot_share(ground: gpd.GeoDataFrame, start_year: pd.Series) -> pd.Series:
    """
    Return which share of the ground of each work lies in plots that are large enough.

    Parameters
    ----------
    ground : GeoDataFrame
        Polygons of the works with ``project_id``; rows may have none.
    start_year : Series of int
        On the index of the ground.

    Returns
    -------
    share : Series
        0 to 1, by ``project_id``; missing for works without a polygon.

    Notes
    -----
    A plot is one polygon of a work: ground that hangs together. It needs ``plot_area``, or
    ``plot_area_early`` where the work started by ``plot_early_until``, of
    ``data/ccer_rules.csv``.

    References
    ----------
    [ccer_14_001_v01]_ applicability.

    Examples
    --------
    >>> import shapely
    >>> square = shapely.box(105.5, 29.5, 105.5002, 29.5002)
    >>> ground = gpd.GeoDataFrame({"project_id": ["a"]}, geometry=[square], crs="EPSG:4490")
    >>> [plot_share(ground, pd.Series([year])).item() for year in (2018, 2024)]
    [0.0, 1.0]
    """
    plots = ground.geometry.explode()
    plots = plots[~(shapely.is_missing(plots.array) | shapely.is_empty(plots.array))]
    area = pd.Series(ellipsoidal_area_ha(plots).to_numpy() * M2_PER_HA, index=plots.index)
    early = start_year.le(_rule("plot_early_until"))
    least = early.map({True: _rule("plot_area_early"), False: _rule("plot_area")})
    large = area.where(area >= least.reindex(area.index), 0.0)
    share = large.groupby(level=0).sum() / area.groupby(level=0).sum()
    return share.reindex(ground.index).set_axis(ground["project_id"])


def ccer_labels(
    works: pd.DataFrame, ledger: pd.DataFrame, plots: pd.Series, lang: str = "zh"
) -> tuple[pd.DataFrame, list[Problem]]:
    """
    Tell of each work whether it could be a project of the methodology, or why not.

    Parameters
    ----------
    works : DataFrame
        ``project_id``, ``project_type``, ``method``, ``start_year``, ``credited_ha`` (ha), and
        where known ``species_group``, ``nonforest_years`` (yr), ``checked_year`` (the inventory
        that showed no forest on the credited ground), ``tenure`` (clear or unclear),
        ``is_wetland`` (yes or no), ``baseline_t_ha`` (t C/ha of vegetation removed) and
        ``site_preparation``.
    ledger : DataFrame
        As ``project_ledger`` in ``data/columns.csv``.
    plots : Series
        As ``plot_share`` returns it.
    lang : {"zh", "en"}
        Language of the reasons.

    Returns
    -------
    labels : DataFrame
        Columns of ``ccer_labels`` in ``data/columns.csv``, a row for each work, sorted by
        project. ``potential_co2e_t`` is what the ledger credits over its period, on the plots
        that are large enough; 0 for works that are not eligible.
    notes : list of Problem
        ``ccer_facts_missing``: what is to be filled in, of how many works in the scope.

    Notes
    -----
    A work that breaks one rule is not eligible, and the rules it breaks are the reasons. One
    that breaks none is undetermined while an answer is missing, and eligible when all rules are
    met. Where nobody says how long the ground was without forest, an inventory of at least that
    many years before the start answers, because its forest is taken off the credited ground.
    Vegetation that was removed, and soil prepared all over, leave a work undetermined: the
    records do not tell shrubs from trees, nor what share of the ground was cleared.

    References
    ----------
    [ccer_14_001_v01]_ scope and applicability, by a public reprint of an excerpt.

    Examples
    --------
    >>> work = pd.DataFrame({"project_id": ["a"], "project_type": ["quality_improvement"],
    ...     "method": "improvement", "start_year": 2023, "credited_ha": 5.0})
    >>> ledger = pd.DataFrame({"project_id": ["a"], "year": [2023], "creditable_co2e_t": [9.0]})
    >>> labels, _ = ccer_labels(work, ledger, pd.Series({"a": 1.0}), "en")
    >>> labels[["label", "rules", "potential_co2e_t"]].values.tolist()
    [['not_eligible', 'scope', 0.0]]
    """
    rows = works.sort_values("project_id", kind="stable").reset_index(drop=True)
    rows = rows.assign(**{name: None for name in FACTS if name not in rows})
    share = rows["project_id"].map(plots).astype(float)
    scope = _scope(rows)
    told = pd.DataFrame(_told(rows, share, scope), index=rows.index)
    worst = told.max(axis=1)
    label = worst.map({MET: ELIGIBLE, ASKED: UNDETERMINED, BROKEN: NOT_ELIGIBLE})
    known = rows["credited_ha"].astype(float) * share.fillna(1.0)
    area = known.where(label.ne(NOT_ELIGIBLE), 0.0)
    of_work = ledger.groupby("project_id")
    credit = rows["project_id"].map(of_work["creditable_co2e_t"].sum(min_count=1))
    concerned = told.eq(worst, axis=0) & worst.gt(MET).to_numpy()[:, None]
    table = rows[["project_id", "project_type"]].assign(
        label=label,
        rules=["; ".join(told.columns[one]) for one in concerned.to_numpy()],
        reasons=_reasons(concerned, worst, scope, lang),
        credited_ha=rows["credited_ha"].astype(float), eligible_ha=area,
        potential_co2e_t=(credit * share.fillna(1.0)).where(label.ne(NOT_ELIGIBLE), 0.0),
        period_first_year=rows["project_id"].map(of_work["year"].min()),
        period_last_year=rows["project_id"].map(of_work["year"].max()),
    )  # fmt: skip
    return table[list(columns("ccer_labels").index)], _notes(table, told)


def _scope(rows: pd.DataFrame) -> pd.Series:
    """Return the code of the scope of each work: in it, or why not."""
    scope = rows["project_type"].map(
        read_data("project_types.csv").set_index("project_type")["ccer_scope"]
    )
    # planting is afforestation, and works in standing forest are none, whatever their type
    scope = scope.mask(rows["method"].eq(PLANTING) & scope.eq(STANDING_FOREST), IN_SCOPE)
    return scope.mask(rows["method"].eq(IMPROVEMENT), STANDING_FOREST)


def _told(rows: pd.DataFrame, plots: pd.Series, scope: pd.Series) -> dict[str, np.ndarray]:
    """Tell what each rule says of each work, in the order of the rules."""
    group = rows["species_group"].astype(object).fillna("")
    years = pd.to_numeric(rows["nonforest_years"])
    # an inventory showed the credited ground without forest that many years before the start
    checked = rows["start_year"].astype(float) - rows["checked_year"].astype(float)
    long_ago = years.isna() & checked.ge(_rule("nonforest_years"))
    removed = pd.to_numeric(rows["baseline_t_ha"])
    prepared = rows["site_preparation"].isin(["hole", "strip", "none"])
    no = pd.Series(data=False, index=rows.index)
    return {
        "scope": _answer(scope.eq(IN_SCOPE), scope.ne(IN_SCOPE)),
        "species": _answer(group.ne(""), group.str.startswith(EXCLUDED_GROUPS)),
        "nonforest_years": _answer(long_ago | years.notna(), years.lt(_rule("nonforest_years"))),
        "plot_area": _answer(plots.notna(), plots.eq(0.0)),
        "tenure": _answer(rows["tenure"].eq("clear"), rows["tenure"].eq("unclear")),
        "wetland": _answer(rows["is_wetland"].eq("no"), rows["is_wetland"].eq("yes")),
        "vegetation": _answer(removed.eq(0.0), no),
        "soil": _answer(prepared, no),
    }


def _answer(met: pd.Series, broken: pd.Series) -> np.ndarray:
    """Return what a rule says: broken before met, asked where it is neither."""
    return np.select([broken, met], [BROKEN, MET], ASKED)


def _reasons(concerned: pd.DataFrame, worst: pd.Series, scope: pd.Series, lang: str) -> list[str]:
    """Say in words which rules a work breaks, or what is to be answered."""
    kinds = {ASKED: "asked", BROKEN: "broken"}
    numbers = ("nonforest_years", "plot_area", "plot_area_early", "plot_early_until")
    values = {key: f"{_rule(key):g}" for key in numbers}
    values["vegetation"] = f"{_rule('vegetation') * 100.0:g}"
    said, found = {}, []
    for one, kind, code in zip(concerned.to_numpy(), worst, scope, strict=True):
        key = (tuple(one), kind, code)
        if key not in said:
            rules = [code if rule == "scope" else f"{kinds[kind]}.{rule}"
                     for rule in concerned.columns[one]]  # fmt: skip
            texts = [text(f"ccer.{rule}", lang, **values) for rule in rules]
            said[key] = ("；" if lang == "zh" else "; ").join(texts)
        found.append(said[key])
    return found


def _notes(table: pd.DataFrame, told: pd.DataFrame) -> list[Problem]:
    """Tell which columns would settle the works that are undetermined."""
    open_works = table["label"].eq(UNDETERMINED)
    if not open_works.any():
        return []
    asked = told.columns[told[open_works].eq(ASKED).any()]
    shown = Words.made(lambda lang: ", ".join(_fact(key, lang) for key in asked))
    projects = table.loc[open_works, "project_id"]
    return [Problem("ccer_facts_missing", rows=first_rows(projects), count=len(projects),
                    value=shown)]  # fmt: skip


def _fact(rule: str, lang: str) -> str:
    """Name what would answer a rule."""
    if rule not in ANSWERS:
        return text("ccer.polygons", lang)
    return f"{heading('projects', ANSWERS[rule], lang)} {ANSWERS[rule]}"


def credit_summary(
    labels: pd.DataFrame,
    ledger: pd.DataFrame,
    report_year: int,
    vcs_buffer_pct: float | None = None,
) -> pd.DataFrame:
    """
    Sum the potential credits by type of work, and over all.

    Parameters
    ----------
    labels : DataFrame
        As ``ccer_labels`` returns them.
    ledger : DataFrame
        As ``project_ledger`` in ``data/columns.csv``.
    report_year : int
        Last year of the sums to date.
    vcs_buffer_pct : float, optional
        Share of every yearly removal that goes to the buffer of the VCS, percent; without it
        there are no lines of the VCS.

    Returns
    -------
    summary : DataFrame
        Columns of ``credit_summary`` in ``data/columns.csv``. Credits of eligible works and of
        those that are undetermined stand apart; deductions are negative, and sums are missing
        where the ledger of every work is.

    Notes
    -----
    The lines in the manner of the VCS are of all works of a type, because its rules of
    eligibility are others and are not tested: gross removal, less leakage, less the buffer.

    Examples
    --------
    >>> labels = pd.DataFrame({"project_id": ["a"], "project_type": ["afforestation"],
    ...     "label": ["eligible"], "credited_ha": [4.0], "eligible_ha": [3.0]})
    >>> ledger = pd.DataFrame({"project_id": "a", "year": [2025, 2026], "leakage_co2e_t": 0.0,
    ...     "removal_co2e_t": 10.0, "non_permanence_co2e_t": -1.0, "creditable_co2e_t": 9.0})
    >>> summary = credit_summary(labels, ledger, 2025)
    >>> summary[["eligible_to_date_co2e_t", "eligible_period_co2e_t"]].iloc[0].to_numpy().tolist()
    [6.75, 13.5]
    """
    own = labels.set_index("project_id")
    own["share"] = (own["eligible_ha"] / own["credited_ha"]).fillna(0.0)
    rows = own[["project_type", "label", "share"]].reindex(ledger["project_id"])
    rows = rows.set_axis(ledger.index)
    to_date = ledger["year"].le(report_year)
    for label in (ELIGIBLE, UNDETERMINED):
        mine = rows["label"].eq(label)
        credit = ledger["creditable_co2e_t"] * rows["share"]
        held = ledger["non_permanence_co2e_t"] * rows["share"]
        rows[f"{label}_to_date_co2e_t"] = credit.where(to_date, 0.0).where(mine)
        rows[f"{label}_period_co2e_t"] = credit.where(mine)
        rows[f"{label}_non_permanence_co2e_t"] = held.where(mine)
    if vcs_buffer_pct is not None:
        rows = rows.assign(**_vcs(ledger, vcs_buffer_pct))
    wanted = columns("credit_summary").index
    of_type = [name for name in wanted if name in rows and name != "project_type"]
    sums = rows.groupby("project_type")[of_type].sum(min_count=1)
    sums.loc[ALL_TYPES] = sums.sum(min_count=1)
    found = _areas(labels).join(sums)
    for label in (ELIGIBLE, UNDETERMINED):
        none = [name for name in found if name.startswith(label) and name.endswith("co2e_t")]
        found.loc[found[f"{label}_projects"].eq(0), none] = 0.0
    found = found.reset_index()
    return found[[name for name in wanted if name in found]]


def _vcs(ledger: pd.DataFrame, buffer_pct: float) -> dict[str, pd.Series]:
    """Return the lines in the manner of the VCS for every row of the ledger."""
    net = ledger["removal_co2e_t"]
    buffer = 0.0 - buffer_pct / 100.0 * net.clip(lower=0.0)
    return {
        "vcs_gross_co2e_t": net - ledger["leakage_co2e_t"],
        "vcs_leakage_co2e_t": ledger["leakage_co2e_t"],
        "vcs_buffer_co2e_t": buffer,
        "vcs_net_co2e_t": net + buffer,
    }


def _areas(labels: pd.DataFrame) -> pd.DataFrame:
    """Count works and hectares of each label by type; ground of small plots is not eligible."""
    rows = labels[["project_type"]].assign(projects=1)
    for label in LABELS:
        mine = labels["label"].eq(label)
        rows[f"{label}_projects"] = mine.astype(int)
        rows[f"{label}_ha"] = labels["eligible_ha"].where(mine, 0.0)
    rows[f"{NOT_ELIGIBLE}_ha"] = labels["credited_ha"] - labels["eligible_ha"]
    sums = rows.groupby("project_type").sum()
    sums.loc[ALL_TYPES] = sums.sum()
    return sums.astype({name: int for name in sums if name.endswith("projects")})


def ecosystem_value(
    sinks: pd.DataFrame, price_cny_per_t_co2e: float, price_source: str
) -> pd.DataFrame:
    """
    Value the sinks of works at a price that the user gives.

    Parameters
    ----------
    sinks : DataFrame
        As ``project_sinks`` in ``data/columns.csv``.
    price_cny_per_t_co2e : float
        Yuan per tonne of CO2e.
    price_source : str
        Who says so.

    Returns
    -------
    value : DataFrame
        Columns of ``ecosystem_value`` in ``data/columns.csv``, a row for each of ``sinks``.

    Notes
    -----
    This is the removal times a price, no offer of anybody to pay it. A removal that is negative
    has a negative value.

    Examples
    --------
    >>> sinks = pd.DataFrame({"project_type": ["all"], "basis": "ex_ante", "until_year": 2025,
    ...                       "removal_co2e_t": 10.0, "yearly_co2e_t_yr": 2.0})
    >>> ecosystem_value(sinks, 80.0, "a")[["value_cny", "yearly_value_cny_yr"]].values.tolist()
    [[800.0, 160.0]]
    """
    value = sinks.assign(
        price_cny_per_t_co2e=price_cny_per_t_co2e,
        value_cny=sinks["removal_co2e_t"] * price_cny_per_t_co2e,
        yearly_value_cny_yr=sinks["yearly_co2e_t_yr"] * price_cny_per_t_co2e,
        price_source=price_source,
    )
    return value[list(columns("ecosystem_value").index)]
