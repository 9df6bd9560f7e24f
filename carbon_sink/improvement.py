"""Sinks of works in standing forest: what treated stands gain over the same stands untreated."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from .carbon import tree_carbon
from .errors import Problem, first_rows
from .growth_update import CODES
from .language import Words, text
from .parameters import AREA_GROUPS, constant, group_values
from .project_ground import IMPROVEMENT, checked_years, has_trees
from .project_ledger import UNSAID, LedgerTerms, with_removals
from .tables import columns, faulty, named
from .trajectories import STAND, Course, course
from .units import carbon_to_co2
from .updating import states

# columns that works may lack
OPTIONAL = ("growth_gain_pct", "gain_source", "gain_years", *UNSAID)


def gain_years(works: pd.DataFrame) -> pd.Series:
    """
    Return for how many years the gain of growth lasts; where nobody says, the constant.

    Examples
    --------
    >>> gain_years(pd.DataFrame({"gain_years": [5.0, None]})).tolist()
    [5.0, 10.0]
    """
    return works["gain_years"].astype(float).fillna(constant("improvement_gain_years"))


def base_years(start_year: pd.Series, years: list[int]) -> pd.Series:
    """
    Return the inventory from which each work starts.

    Parameters
    ----------
    start_year : Series of int
        Year of the treatment.
    years : list of int
        Years of the inventories.

    Returns
    -------
    base_year : Series of int
        The one that tells the ground at the start; the first for works that are older still.

    Examples
    --------
    >>> base_years(pd.Series([2018, 2020, 2025, 2026]), [2020, 2025]).tolist()
    [2020, 2020, 2020, 2025]
    """
    return checked_years(start_year, years).fillna(min(years)).astype(int)


def increments(
    works: pd.DataFrame,
    pieces: Mapping[int, pd.DataFrame],
    stands: Mapping[int, pd.DataFrame],
    models: pd.DataFrame,
    factors: Mapping[str, float],
    parameters: pd.DataFrame,
    period_yr: int,
) -> pd.DataFrame:
    r"""
    Let treated stands grow beside the same stands untreated, and take the difference.

    .. math:: \Delta V_t = s\left[V_0 \prod_{k \le t} (1 + f g_k (1 + q_k))
              - V_0 \prod_{k \le t} (1 + f g_k)\right]

    Parameters
    ----------
    works : DataFrame
        Works in standing forest: ``start_year`` (int), ``credited_ha`` (ha),
        ``growth_gain_pct`` (%) and ``gain_years`` (yr), missing where they are not known.
    pieces : mapping of int to DataFrame
        Year of an inventory to the ground that works and stands share, as
        ``project_ground.ground_of`` returns it: ``project`` and ``stand`` (labels of both) and
        ``ground_ha`` (ha).
    stands : mapping of int to DataFrame
        Year to stands with stock and carbon, as for ``trajectories.course``, each with its own
        label.
    models : DataFrame
        As ``growth_models.group_models`` returns them.
    factors : mapping
        Species group to what its growth is multiplied by; 1 where there is none.
    parameters : DataFrame
        Cited rows.
    period_yr : int
        Years of the ledger, the year of the treatment among them.

    Returns
    -------
    rows : DataFrame
        One row for each work and year in the order of the works: ``work`` (its label),
        ``year``, ``age_yr`` (since the treatment), and what the treatment **added** by the end
        of that year: ``stock_m3`` (m3), ``above_t`` and ``below_t`` (t C). They are missing
        where no gain is stated, and where no ground of the work holds trees with stock.

    Notes
    -----
    The stands are those of the inventory before the treatment. Untreated they grow by the rate
    models with the calibrated factor *f*; treated the growth *g* is raised by the gain *q*
    from the year after the treatment on, for as many years as the gain lasts. What was added
    grows on with the stand. The share *s* of a stand is the ground it shares with the work,
    times the credited part of the ground of the work that has trees. Nothing is cut in either
    case. Works
    that are older than every inventory gain from the first inventory on only.

    Added stock has the carbon of the species that stands there. Bamboo, economic and shrub
    forest and stands without stock or growth model add nothing; ``improvement_notes`` tells
    their hectares.

    References
    ----------
    [ar_cm_001_v01]_ carbon of trees from stand volume; [project]_ the increment as the sink.

    Examples
    --------
    One hectare of pine of 19 years with 100 m3 grows to 102.24 m3, a quarter faster to 102.80:

    >>> from carbon_sink.growth_models import group_models
    >>> from carbon_sink.parameters import load_parameters
    >>> pine = pd.DataFrame({"forest_type": ["arbor"], "carbon_part": "arbor", "area_ha": 1.0,
    ...     "species_group": "masson_pine", "stand_age_yr": 19.0, "forest_volume_m3": 100.0,
    ...     "forest_stock_m3": 100.0})
    >>> works = pd.DataFrame({"start_year": [2020], "credited_ha": 1.0, "growth_gain_pct": 25.0,
    ...     "gain_years": None})
    >>> pieces = pd.DataFrame({"project": [0], "stand": [0], "ground_ha": [1.0]})
    >>> rows = increments(works, {2020: pieces}, {2020: pine}, group_models(), {},
    ...                   load_parameters("ar_cm_001"), 2)
    >>> rows[["year", "stock_m3"]].round(3).to_numpy().tolist()
    [[2020.0, 0.0], [2021.0, 0.561]]
    """
    base = base_years(works["start_year"], sorted(stands))
    found = [
        _from_inventory(one, pieces[year], stands[year], year, models, factors, parameters,
                        period_yr)
        for year, one in works.groupby(base)
    ]  # fmt: skip
    names = ["work", "year", "age_yr", "stock_m3", "above_t", "below_t"]
    rows = pd.concat(found) if found else pd.DataFrame(columns=names)
    order = pd.Series(np.arange(len(works)), index=works.index)
    rows = rows.assign(order=rows["work"].map(order)).sort_values(["order", "year"])
    return rows.drop(columns="order").reset_index(drop=True)


def _from_inventory(
    works: pd.DataFrame,
    pieces: pd.DataFrame,
    stands: pd.DataFrame,
    base: int,
    models: pd.DataFrame,
    factors: Mapping[str, float],
    parameters: pd.DataFrame,
    period_yr: int,
) -> pd.DataFrame:
    """Return the rows of works that start from one inventory."""
    shares = _shares(works, pieces, stands)
    used = np.unique(shares["stand"].to_numpy(int))
    used = used[stands["carbon_part"].iloc[used].eq("arbor").to_numpy()]
    shares = shares[shares["stand"].isin(used)]
    years = works["start_year"].to_numpy(int)[:, None] + np.arange(period_yr)
    grown = course(stands.iloc[used], models, max(int(years.max()) - base, 0))
    row = np.searchsorted(used, shares["stand"].to_numpy(int))
    work = works.index.get_indexer(shares["project"])
    # stands without stock enter by level curves, which no treatment hastens
    grows = ((grown.kind == STAND) & (grown.volume_m3 > 0.0))[row]
    ground = shares["ground_ha"].to_numpy(float)
    rate = grown.growth * np.array([factors.get(one, 1.0) for one in grown.group])
    added = _added(works, rate, row, work, base)
    is_known = np.bincount(work, grows & (ground > 0.0), len(works)) > 0
    is_known &= works["growth_gain_pct"].notna().to_numpy()
    step = np.maximum(years - base, 0)
    rows = pd.DataFrame({
        "work": works.index.repeat(period_yr), "year": years.ravel(),
        "age_yr": np.tile(np.arange(period_yr), len(works)),
    })  # fmt: skip
    for name, per_ha in _per_ha(grown, parameters).items():
        weight = np.where(grows, per_ha[row] * ground, 0.0)
        total = np.array([np.bincount(work, weight * one, len(works)) for one in added])
        found = total[step, np.arange(len(works))[:, None]]
        rows[name] = np.where(is_known[:, None], found, np.nan).ravel()
    return rows


def _per_ha(grown: Course, parameters: pd.DataFrame) -> dict[str, np.ndarray]:
    """Return the first stock of stands, and its carbon above and below ground, per hectare."""
    species = pd.Series(grown.group, dtype=object)
    stock = grown.volume_m3 / np.where(grown.area_ha > 0.0, grown.area_ha, np.nan)
    carbon = stock * tree_carbon(pd.Series(1.0, index=species.index), species, parameters)
    above = carbon / (1.0 + group_values(parameters, species, "root_shoot_ratio"))
    return {"stock_m3": stock, "above_t": above.to_numpy(), "below_t": (carbon - above).to_numpy()}


def _shares(works: pd.DataFrame, pieces: pd.DataFrame, stands: pd.DataFrame) -> pd.DataFrame:
    """Return the ground with trees of these works, the credited part of it; stands by position."""
    mine = pieces[pieces["project"].isin(works.index)]
    mine = mine.assign(stand=stands.index.get_indexer(mine["stand"]))
    mine = mine[has_trees(stands["forest_type"].iloc[mine["stand"]]).to_numpy(bool)]
    whole = mine.groupby("project")["ground_ha"].sum()
    part = (works["credited_ha"].reindex(whole.index) / whole).clip(upper=1.0)
    return mine.assign(ground_ha=mine["ground_ha"] * mine["project"].map(part).astype(float))


def _added(
    works: pd.DataFrame, rate: np.ndarray, row: np.ndarray, work: np.ndarray, base: int
) -> np.ndarray:
    """Return what every piece gained over itself untreated, as a share of its first stock."""
    gain = works["growth_gain_pct"].astype(float).fillna(0.0).to_numpy()[work] / 100.0
    start = works["start_year"].to_numpy(int)[work]
    end = start + gain_years(works).to_numpy()[work]
    treated, plain = np.ones(len(row)), np.ones(len(row))
    added = np.zeros((len(rate), len(row)))
    for step in range(len(rate) - 1):
        year, growth = base + step + 1, rate[step][row]
        treated = treated * (1.0 + growth * (1.0 + gain * ((start < year) & (year <= end))))
        plain = plain * (1.0 + growth)
        added[step + 1] = treated - plain
    return added


def improvement_ledger(
    works: pd.DataFrame,
    pieces: Mapping[int, pd.DataFrame],
    stands: Mapping[int, pd.DataFrame],
    models: pd.DataFrame,
    factors: Mapping[str, float],
    parameters: pd.DataFrame,
    terms: LedgerTerms,
) -> pd.DataFrame:
    """
    Lay out the sink of every work in standing forest, year by year, as it is expected.

    Parameters
    ----------
    works : DataFrame
        Rows whose ``method`` is ``improvement`` are taken: as for ``increments``, with
        ``project_id``, ``project_type``, ``baseline_t_ha`` (t C/ha), ``emission_co2e_t`` (t)
        and ``leakage_co2e_t_yr`` (t/yr).
    pieces, stands, models, factors, parameters
        As for ``increments``.
    terms : LedgerTerms
        Period and deductions.

    Returns
    -------
    ledger : DataFrame
        Columns of ``project_ledger`` in ``data/columns.csv``, one row for each work and year,
        sorted by project and year. Stock and carbon are what was **added** to the stands;
        living trees and soil are missing.

    Notes
    -----
    Trees that conversion takes are the baseline: their carbon is lost in the year of the works,
    on the credited ground. Soil of standing forest is taken as it is. The deductions are those
    of plantings.

    Examples
    --------
    >>> columns("project_ledger").index[6:9].tolist()
    ['stock_m3', 'above_t', 'below_t']
    """
    chosen = improved(works)
    period = terms.crediting_period_yr
    rows = increments(chosen, pieces, stands, models, factors, parameters, period)
    carbon = (rows["above_t"] + rows["below_t"]).to_numpy(float).reshape(-1, period)
    work = chosen.index.get_indexer(rows["work"])
    said = chosen.reindex(columns=list(UNSAID)).astype(float).fillna(0.0).iloc[work]
    first = rows["age_yr"].eq(0).to_numpy(float)
    area = chosen["credited_ha"].to_numpy(float)[work]
    ledger = rows.assign(
        project_id=chosen["project_id"].to_numpy(object)[work],
        project_type=chosen["project_type"].to_numpy(object)[work],
        credited_ha=area,
        living_trees=np.nan,
        tree_co2_t=carbon_to_co2(np.diff(carbon, axis=1, prepend=0.0)).ravel(),
        baseline_co2_t=0.0 - carbon_to_co2(said["baseline_t_ha"].to_numpy() * area) * first,
        soil_co2_t=np.nan,
        emission_co2e_t=0.0 - said["emission_co2e_t"].to_numpy() * first,
    )
    ledger = with_removals(ledger, said["leakage_co2e_t_yr"].to_numpy(), terms)
    return ledger[list(columns("project_ledger").index)]


def improved(works: pd.DataFrame) -> pd.DataFrame:
    """Return the works in standing forest by project, with every column that they may lack."""
    chosen = works[works["method"].eq(IMPROVEMENT)].rename_axis(index=None)
    chosen = chosen.sort_values("project_id", kind="stable")
    lacking = [name for name in OPTIONAL if name not in chosen]
    return chosen.assign(**dict.fromkeys(lacking, np.nan))


def improvement_notes(
    works: pd.DataFrame,
    pieces: Mapping[int, pd.DataFrame],
    stands: Mapping[int, pd.DataFrame],
    models: pd.DataFrame,
    terms: LedgerTerms,
    file: str = "",
) -> list[Problem]:
    """
    Ask for what the increment of works in standing forest lacks, each once for all works.

    Parameters
    ----------
    works, pieces, stands, models, terms
        As for ``improvement_ledger``; works with ``gain_source`` where it is known.
    file : str
        File of the works, for the messages.

    Returns
    -------
    notes : list of Problem
        Works without a gain of growth, without its source or its duration, without ground in an
        inventory, or older than every inventory; terms that count as 0; and ground that gains
        nothing, in hectares by reason.
    """
    chosen = improved(works)
    named_works = chosen.set_index("project_id")
    gain = named_works["growth_gain_pct"].astype(float)
    unsourced = named_works["gain_source"].astype(object).fillna("").eq("") & gain.gt(0.0)
    base = base_years(chosen["start_year"], sorted(stands))
    ground = {year: _shares(one, pieces[year], stands[year])
              for year, one in chosen.groupby(base)}  # fmt: skip
    there = {one for shares in ground.values() for one in shares["project"]}
    nowhere = pd.Series(~chosen.index.isin(there), index=gain.index)
    early = named_works["start_year"].lt(min(stands))
    area = f"{named_works.loc[gain.isna(), 'credited_ha'].sum():,.2f} ha"
    found = [
        *faulty("improvement_gain_missing", gain.isna(), file=file, field="growth_gain_pct",
                value=area),
        *faulty("improvement_gain_unsourced", unsourced, gain, file=file, field="gain_source"),
        *faulty("improvement_years_missing", named_works["gain_years"].isna() & gain.gt(0.0),
                file=file, field="gain_years", value=f"{constant('improvement_gain_years'):g}"),
        *faulty("improvement_without_ground", nowhere, file=file),
        *faulty("improvement_before_inventory", early, named_works["start_year"], file=file,
                field="start_year", rule=str(min(stands))),
    ]  # fmt: skip
    for column, shown in UNSAID.items():
        if column != "leakage_co2e_t_yr" or terms.leakage_pct is None:
            found += faulty("project_term_missing", named_works[column].isna(), file=file,
                            value=named("project_ledger", shown))  # fmt: skip
    return found + _idle_notes(ground, stands, models, chosen["project_id"], file)


def _idle_notes(
    ground: Mapping[int, pd.DataFrame],
    stands: Mapping[int, pd.DataFrame],
    models: pd.DataFrame,
    project_id: pd.Series,
    file: str,
) -> list[Problem]:
    """Tell the treated ground that gains nothing, in hectares by reason."""
    idle = []
    for year, shares in ground.items():
        held = stands[year].iloc[shares["stand"].to_numpy()]
        part = held["carbon_part"].fillna(held["forest_type"])
        reason = states(held, models)["reason"].where(part.eq("arbor"), part)
        idle.append(shares.assign(reason=reason.to_numpy()))
    found = pd.concat(idle) if idle else pd.DataFrame(columns=["reason", "ground_ha", "project"])
    found = found[found["reason"].ne("") & found["ground_ha"].gt(0.0)]
    if found.empty:
        return []
    area = found.groupby("reason")["ground_ha"].sum()
    shown = Words.made(lambda lang: ("；" if lang == "zh" else "; ").join(
        f"{_reason(one, lang)} {ha:,.2f} ha" for one, ha in area.items()))  # fmt: skip
    projects = project_id[project_id.index.isin(found["project"])]
    return [Problem("improvement_ground_idle", file=file, value=shown,
                    rows=first_rows(projects), count=len(projects))]  # fmt: skip


def _reason(code: str, lang: str) -> str:
    """Name why ground gains nothing."""
    if code in CODES:
        return text(f"growth.{code}", lang)
    return text(f"part.{code}" if code in AREA_GROUPS else f"layer.type.{code}", lang)
