"""Four-side trees: how many live, what they hold, and what they remove from year to year."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from .errors import Problem
from .four_side_records import (
    NO_VOLUME,
    living_trees,
    names_of,
    prepared,
    stock_m3,
    told,
    ways,
)
from .tables import columns
from .tree_sizes import is_counted, stem_volume
from .units import carbon_to_co2

PROJECT_TYPE = "four_side"
# what the growth of trees rests on
MEASURED, SIZE = "measured", "size"
# records that are grown at a time
CHUNK = 16_384
FIGURES = ["stock_before_m3", "stock_after_m3", "carbon_before_t", "carbon_after_t"]
TERMS = ["baseline_co2_t", "soil_co2_t", "emission_co2e_t", "leakage_co2e_t"]


@dataclass(frozen=True)
class FourSide:
    """
    What records of four-side trees come to.

    Parameters
    ----------
    works : DataFrame
        One row per project: ``project_id``, ``project_type``, ``start_year``, ``town_code``
        where all its records have one, ``credited_ha`` (ha) and ``trees`` planted.
    ledger : DataFrame
        Columns of ``project_ledger`` in ``data/columns.csv``, one row per project and year.
    growth : DataFrame
        ``project_type``, ``species_group``, ``kind`` (``measured`` or by curves of ``size``),
        ``year`` and ``co2_t`` (t CO2): the same growth by species, for the errors of its sum.
    monitoring : DataFrame
        What was measured, in the form of ``project_monitoring``; never summed with the ledger.
    trees : DataFrame
        Columns of ``four_side_trees``: trees, stock and carbon in the report year.
    notes : list of Problem
    """

    works: pd.DataFrame
    ledger: pd.DataFrame
    growth: pd.DataFrame
    monitoring: pd.DataFrame
    trees: pd.DataFrame
    notes: list[Problem]


@dataclass(frozen=True)
class _Ground:
    """The rows of the ledger: every project has one for each year of its crediting period."""

    starts: pd.Series
    period_yr: int

    @property
    def size(self) -> int:
        return len(self.starts) * self.period_yr

    @property
    def years(self) -> np.ndarray:
        return (self.starts.to_numpy()[:, None] + np.arange(self.period_yr)).ravel()

    def rows_of(self, records: pd.DataFrame) -> np.ndarray:
        """Return the row in which each record was planted."""
        place = self.starts.index.get_indexer(records["project_id"])
        late = records["planted_year"] - records["project_id"].map(self.starts)
        return place * self.period_yr + late.to_numpy(int)

    def summed(self, rows: np.ndarray, figures: np.ndarray) -> np.ndarray:
        """Sum figures by record and years since planting to the rows of the ledger."""
        since = np.arange(figures.shape[1])
        within = rows[:, None] % self.period_yr + since < self.period_yr
        return np.bincount((rows[:, None] + since)[within], figures[within], self.size)


def count_four_side(
    records: pd.DataFrame,
    parameters: pd.DataFrame,
    models: pd.DataFrame,
    report_year: int,
    crediting_period_yr: int = 40,
    non_permanence_pct: float = 0.0,
) -> FourSide:
    r"""
    Count four-side trees, their stock and carbon, and their sink by year.

    .. math:: C_t = N_0 S_t \cdot V(D_t, H_t) \cdot D \cdot BEF \cdot (1 + R) \cdot CF

    Parameters
    ----------
    records : DataFrame
        Columns of the table ``four_side`` with ``species_group`` decoded; ``record_id``,
        ``planted_year`` and ``tree_count`` are needed. Records marked in ``is_repeated``
        count nothing.
    parameters : DataFrame
        Cited rows as ``parameters.load_parameters`` returns them.
    models : DataFrame
        As ``growth_models.group_models`` returns them.
    report_year : int
        Year of diameters and heights that do not say when they were measured.
    crediting_period_yr : int
        Years of the ledger, from the first planting of a project on.
    non_permanence_pct : float
        Share of the removals that is kept back, percent.

    Returns
    -------
    found : FourSide

    Notes
    -----
    Records with one ``project_id`` make one project; those without are joined by town and year
    of planting. All planted trees live at planting; see ``tree_sizes.living_share`` for the
    years after. Where no survival is recorded, it is that of the trees for which ``done_ha``
    stands at 1650 per hectare. Sizes follow ``tree_sizes.way``. Trees thinner than 5 cm are
    counted and have neither stock nor carbon.

    No tree dies or is felled after the last year that survival is known of, and single trees
    follow curves of stands: over decades the ledger is rather too high, and a note says how
    dense the trees would stand at its end.

    What trees hold in the year of planting was grown elsewhere and is no removal. Stock and
    carbon of species without an equation, parameters or curve are not known: a project has
    those of its other species, and none where it has no others.

    References
    ----------
    [forestmanager]_ curves of size, and the least diameter; [ar_cm_001_v01]_ carbon.

    Examples
    --------
    1000 cypress planted in 2010: 90 % live, and are 14.8 cm thick after 15 years by the
    curve of their group.

    >>> from carbon_sink.growth_models import group_models
    >>> from carbon_sink.parameters import load_parameters
    >>> record = pd.DataFrame({"record_id": ["a"], "planted_year": [2010.0], "survival_pct": 90.0,
    ...                        "tree_count": 1000.0, "species_group": "cypress"})
    >>> found = count_four_side(record, load_parameters("ar_cm_001"), group_models(), 2025)
    >>> found.trees[["living_trees", "stock_m3", "carbon_t"]].round(2).values.tolist()
    [[900.0, 71.43, 36.79]]
    """
    rows, notes = prepared(records, parameters, models, report_year)
    starts = rows.groupby("project_id")["planted_year"].min()
    ground = _Ground(starts, crediting_period_yr)
    late = rows["planted_year"] - rows["project_id"].map(starts) >= crediting_period_yr
    notes += told("four_side_after_period", rows[late])
    ledger, growth = _ledger(rows[~late], ground, non_permanence_pct / 100.0)
    return FourSide(
        works=_works(rows),
        ledger=ledger,
        growth=growth,
        monitoring=_monitoring(rows),
        trees=_trees(rows, report_year),
        notes=notes + _at_the_end(rows[~late], ledger, crediting_period_yr),
    )


def _at_the_end(rows: pd.DataFrame, ledger: pd.DataFrame, period_yr: int) -> list[Problem]:
    """Tell how dense trees get on the area they stand for, since none is lost after three years."""
    area = rows.loc[rows["lacks"].eq(""), "credited_ha"].sum()
    stock = ledger.loc[ledger["age_yr"].eq(period_yr - 1), "stock_m3"].sum()
    if not (area > 0.0 and stock > 0.0):
        return []
    return [Problem("four_side_nothing_lost", value=f"{stock / area:,.0f}", rule=str(period_yr))]


def _chunks(rows: pd.DataFrame) -> Iterator[pd.DataFrame]:
    return (rows.iloc[at : at + CHUNK] for at in range(0, len(rows), CHUNK))


def _ledger(
    rows: pd.DataFrame, ground: _Ground, kept_back: float
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the ledger of all projects, and the growth of each species by year."""
    since = np.arange(ground.period_yr)
    sums = {name: np.zeros(ground.size) for name in
            ("living_trees", "stock_m3", "above_t", "below_t", "tree_co2_t")}  # fmt: skip
    for part in _chunks(rows):
        sums["living_trees"] += ground.summed(ground.rows_of(part), living_trees(part, since))
    known, growth = rows[rows["lacks"].eq("")], []
    for species, mine in known.groupby("species_group"):
        per_m3, above = mine[["carbon_t_m3", "above_share"]].iloc[0]
        stock, grown = _grown(mine, ground)
        sums["stock_m3"] += stock
        sums["above_t"] += stock * per_m3 * above
        sums["below_t"] += stock * per_m3 * (1.0 - above)
        for kind, one in grown.items():
            removed = carbon_to_co2(one * per_m3)
            sums["tree_co2_t"] += removed
            growth.append(_by_year(species, kind, removed, ground))
    unknown = ~np.isin(ground.starts.index, known["project_id"].unique())
    unknown = np.repeat(unknown, ground.period_yr)
    for name in set(sums) - {"living_trees"}:
        sums[name] = np.where(unknown, np.nan, sums[name])
    removal = pd.Series(sums["tree_co2_t"])
    ledger = pd.DataFrame({
        "project_id": np.repeat(ground.starts.index.to_numpy(), ground.period_yr),
        "project_type": PROJECT_TYPE,
        "year": ground.years,
        "age_yr": np.tile(since, len(ground.starts)),
        "credited_ha": _credited(rows, ground),
        **sums,
        **dict.fromkeys(TERMS, 0.0),
        "removal_co2e_t": removal,
        "non_permanence_co2e_t": 0.0 - kept_back * removal.clip(lower=0.0),
        "creditable_co2e_t": removal - kept_back * removal.clip(lower=0.0),
    })  # fmt: skip
    empty = pd.DataFrame(
        {"project_type": [], "species_group": [], "kind": [], "year": [], "co2_t": []}
    )
    return ledger, pd.concat(growth, ignore_index=True) if growth else empty


def _grown(rows: pd.DataFrame, ground: _Ground) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Return stock and yearly growth (m3) of one species by row of the ledger."""
    since = np.arange(ground.period_yr)
    total, grown = np.zeros(ground.size), {name: np.zeros(ground.size) for name in
                                           (MEASURED, SIZE)}  # fmt: skip
    for part in _chunks(rows):
        at, stock = ground.rows_of(part), stock_m3(part, since)
        total += ground.summed(at, stock)
        # what trees hold when they are planted was grown elsewhere
        gained = np.diff(stock, axis=1, prepend=stock[:, :1])
        until = part["measured_yr"].where(part["dbh_cm"].gt(0.0), -1.0).to_numpy()
        is_measured = since <= until[:, None]
        grown[MEASURED] += ground.summed(at, np.where(is_measured, gained, 0.0))
        grown[SIZE] += ground.summed(at, np.where(is_measured, 0.0, gained))
    return total, grown


def _by_year(species: str, kind: str, removed: np.ndarray, ground: _Ground) -> pd.DataFrame:
    """Sum the removals (t CO2) of one species by year."""
    sums = pd.Series(removed).groupby(ground.years).sum()
    return pd.DataFrame({"project_type": PROJECT_TYPE, "species_group": species, "kind": kind,
                         "year": sums.index, "co2_t": sums.to_numpy()})  # fmt: skip


def _credited(rows: pd.DataFrame, ground: _Ground) -> np.ndarray:
    """Return the area (ha) that the trees planted so far stand for, by row of the ledger."""
    planted = np.bincount(ground.rows_of(rows), rows["credited_ha"], ground.size)
    return planted.reshape(-1, ground.period_yr).cumsum(axis=1).ravel()


def _works(rows: pd.DataFrame) -> pd.DataFrame:
    """Return one row per project."""
    by_project = rows.groupby("project_id")
    towns = by_project["town_code"].agg(["first", "nunique"])
    return pd.DataFrame({
        "project_type": PROJECT_TYPE,
        "start_year": by_project["planted_year"].min(),
        "town_code": towns["first"].where(towns["nunique"].eq(1) & towns["first"].ne("")),
        "credited_ha": by_project["credited_ha"].sum(),
        "trees": by_project["tree_count"].sum(),
    }).reset_index()  # fmt: skip


def _monitoring(rows: pd.DataFrame) -> pd.DataFrame:
    """Sum what was measured, by project and year of the measurement."""
    measured = rows[rows["dbh_cm"].gt(0.0) & rows["lacks"].ne(NO_VOLUME)]
    parts = [_as_measured(mine) for _, mine in measured.groupby("species_group")]
    found = pd.concat(parts) if parts else _as_measured(measured)
    by_date = found.groupby(["project_id", "year_after"])
    sums = by_date[FIGURES].sum(min_count=1)
    sums.insert(0, "project_type", PROJECT_TYPE)
    sums.insert(1, "year_before", by_date["year_before"].min())
    removed = carbon_to_co2(sums["carbon_after_t"] - sums["carbon_before_t"])
    # trees on forest of the inventory are marked as repeated and do not come here
    return sums.assign(removal_co2_t=removed, in_inventory="no",
                       is_attributable=True).reset_index()  # fmt: skip


def _as_measured(rows: pd.DataFrame) -> pd.DataFrame:
    """Return stock and carbon of each record of one species in the year it was measured."""
    until, height = rows["measured_yr"].to_numpy(), rows["height_m"].to_numpy()
    species = "".join(rows["species_group"].iloc[:1])
    if species and rows["lacks"].iloc[0] == "":
        height = ways(rows)[1].size(until[:, None])[:, 0]
    trees, stock = living_trees(rows, until[:, None])[:, 0], np.full(len(rows), np.nan)
    known = height > 0.0
    if known.any():
        stem = stem_volume(species, rows["dbh_cm"].to_numpy()[known], height[known])
        stock[known] = trees[known] * stem
    # trees that are measured when they are planted were grown elsewhere
    before, per_m3 = np.where(until > 0.0, 0.0, stock), rows["carbon_t_m3"]
    return pd.DataFrame({
        "project_id": rows["project_id"], "year_before": rows["planted_year"],
        "year_after": rows["planted_year"] + until.astype(int),
        "stock_before_m3": before, "stock_after_m3": stock,
        "carbon_before_t": before * per_m3, "carbon_after_t": stock * per_m3,
    })  # fmt: skip


def _trees(rows: pd.DataFrame, report_year: int) -> pd.DataFrame:
    """Sum trees, stock and carbon of the report year by side and species."""
    due = rows[rows["planted_year"] <= report_year]
    since = (report_year - due["planted_year"]).to_numpy(float)[:, None]
    living = living_trees(due, since)[:, 0]
    due = due.assign(records=1, trees=due["tree_count"], living_trees=living,
                     counted_trees=np.nan, stock_m3=np.nan, carbon_t=np.nan)  # fmt: skip
    for _, mine in due[due["lacks"].eq("")].groupby("species_group"):
        since = (report_year - mine["planted_year"]).to_numpy(float)[:, None]
        counted = is_counted(ways(mine)[0].size(since)[:, 0])
        stock = stock_m3(mine, since)[:, 0]
        due.loc[mine.index, "counted_trees"] = mine["living_trees"] * counted
        due.loc[mine.index, "stock_m3"] = stock
        due.loc[mine.index, "carbon_t"] = stock * mine["carbon_t_m3"]
    wanted = columns("four_side_trees").index
    keys = ["side", "species_group"]
    figures = [name for name in wanted if name not in (*keys, "name_zh")]
    sums = due.groupby(keys)[figures].sum(min_count=1).reset_index()
    return sums.assign(name_zh=names_of(sums["species_group"]))[list(wanted)]
