"""What every work and every type of work brought and will bring, from ledgers to a page."""

from collections.abc import Iterable, Sequence

import pandas as pd

from .summary import WHOLE_PLACE
from .tables import columns

ALL_TYPES = "all"
EX_ANTE, EX_POST = "ex_ante", "ex_post"
REMOVAL = "removal_co2e_t"


def removed_until(ledger: pd.DataFrame, years: Iterable[int]) -> pd.DataFrame:
    """
    Sum the removals of each work from its start to each of some years.

    Parameters
    ----------
    ledger : DataFrame
        ``project_id``, ``year`` and ``removal_co2e_t`` (t CO2e).
    years : iterable of int

    Returns
    -------
    removed : DataFrame
        Tonnes of CO2e, a row for each work of the ledger and a column for each year: 0 before
        the start, missing where the removals of the work are not known.

    Examples
    --------
    >>> ledger = pd.DataFrame({"project_id": ["a", "a"], "year": [2024, 2025],
    ...                        "removal_co2e_t": [1.0, 2.0]})
    >>> removed_until(ledger, [2024, 2060]).loc["a"].tolist()
    [1.0, 3.0]
    """
    works = pd.Index(ledger["project_id"].unique(), name="project_id")
    found = {}
    for year in years:
        due = ledger[ledger["year"].le(year)].groupby("project_id")[REMOVAL].sum(min_count=1)
        found[year] = due.reindex(works, fill_value=0.0)
    return pd.DataFrame(found)


def removed_in(ledger: pd.DataFrame, year: int) -> pd.Series:
    """Sum the removals (t CO2e) of each work in one year; works without a row are left out."""
    return ledger[ledger["year"].eq(year)].groupby("project_id")[REMOVAL].sum(min_count=1)


def project_results(
    works: pd.DataFrame,
    ledger: pd.DataFrame,
    report_year: int,
    horizon: int,
    beside: Sequence[pd.DataFrame] = (),
) -> pd.DataFrame:
    """
    Lay out one row for each work: its record, its ground and its sink.

    Parameters
    ----------
    works : DataFrame
        ``project_id``, ``project_type`` and what its record tells; ``credited_ha`` and
        ``taken_off_ha`` (ha).
    ledger : DataFrame
        As ``project_ledger`` in ``data/columns.csv``.
    report_year : int
    horizon : int
        Last year to which sinks are summed.
    beside : sequence of DataFrame
        Further tables by ``project_id``, of which the columns are taken that
        ``project_results`` has.

    Returns
    -------
    results : DataFrame
        Columns of ``project_results`` in ``data/columns.csv``, in the order of types and
        numbers. Removals of a work that are not known are missing, not zero.

    Examples
    --------
    >>> works = pd.DataFrame({"project_id": ["a"], "project_type": ["corridor"],
    ...                       "start_year": [2024], "credited_ha": [2.0]})
    >>> ledger = pd.DataFrame({"project_id": "a", "year": [2024, 2025, 2026],
    ...                        "removal_co2e_t": [1.0, 2.0, 4.0]})
    >>> shown = ["to_date_co2e_t", "yearly_co2e_t_yr", "to_horizon_co2e_t"]
    >>> project_results(works, ledger, 2025, 2060)[shown].values.tolist()
    [[3.0, 2.0, 7.0]]
    """
    removed = removed_until(ledger, (report_year, horizon))
    works = works.set_index("project_id", drop=False).rename_axis(None)
    found = works.assign(
        to_date_co2e_t=removed[report_year],
        yearly_co2e_t_yr=removed_in(ledger, report_year).reindex(removed.index, fill_value=0.0),
        to_horizon_co2e_t=removed[horizon],
        horizon_year=horizon,
    )
    wanted = columns("project_results").index
    for table in beside:
        own = table.set_index("project_id")
        found = found.join(own[[name for name in own if name in wanted and name not in found]])
    found = found.sort_values(["project_type", "project_id"], kind="stable")
    return found[[name for name in wanted if name in found]].reset_index(drop=True)


def ledger_totals(ledger: pd.DataFrame) -> pd.DataFrame:
    """
    Sum the ledger over the works of each type and over all, year by year.

    Parameters
    ----------
    ledger : DataFrame
        As ``project_ledger`` in ``data/columns.csv``.

    Returns
    -------
    totals : DataFrame
        Columns of ``project_ledger_totals``; a term that no work of a type has is missing.

    Examples
    --------
    >>> ledger = pd.DataFrame({"project_id": ["a", "b"], "project_type": ["corridor"] * 2,
    ...                        "year": 2025, "tree_co2_t": [1.0, 2.0]})
    >>> ledger_totals(ledger)[["project_type", "projects", "tree_co2_t"]].values.tolist()
    [['corridor', 2, 3.0], ['all', 2, 3.0]]
    """
    wanted = columns("project_ledger_totals").index
    terms = [name for name in wanted if name in ledger and name not in ("project_type", "year")]
    whole = pd.concat([ledger, ledger.assign(project_type=ALL_TYPES)])
    groups = whole.groupby(["project_type", "year"])
    sums = groups[terms].sum(min_count=1)
    sums.insert(0, "projects", groups["project_id"].nunique())
    sums = sums.reset_index()
    last = sums["project_type"].eq(ALL_TYPES)
    sums = pd.concat([sums[~last], sums[last]], ignore_index=True)
    return sums[[name for name in wanted if name in sums]]


def town_totals(results: pd.DataFrame, towns: pd.DataFrame, place: str) -> pd.DataFrame:
    """
    Sum the works of each town and of the whole place, type by type.

    Parameters
    ----------
    results : DataFrame
        As ``project_results`` returns them.
    towns : DataFrame
        With ``town_code`` and ``town_name``.
    place : str
        Name of the whole place.

    Returns
    -------
    totals : DataFrame
        Columns of ``project_towns`` in ``data/columns.csv``; works without a town count in the
        whole place only.

    Examples
    --------
    >>> results = pd.DataFrame({"project_id": ["a"], "project_type": ["corridor"],
    ...     "town_code": ["1"], "credited_ha": [2.0], "to_date_co2e_t": [3.0]})
    >>> towns = pd.DataFrame({"town_code": ["1"], "town_name": ["A"]})
    >>> town_totals(results, towns, "P")[["town_name", "to_date_co2e_t"]].values.tolist()
    [['A', 3.0], ['P', 3.0]]
    """
    wanted = columns("project_towns").index
    figures = [name for name in results if name in wanted and name not in
               ("town_code", "project_type")]  # fmt: skip
    whole = pd.concat([results[results["town_code"].notna()],
                       results.assign(town_code=WHOLE_PLACE)])  # fmt: skip
    groups = whole.groupby(["town_code", "project_type"])
    sums = groups[figures].sum(min_count=1)
    sums.insert(0, "projects", groups["project_id"].nunique())
    sums = sums.reset_index()
    names = {**dict(zip(towns["town_code"], towns["town_name"], strict=True)), WHOLE_PLACE: place}
    sums["town_name"] = sums["town_code"].map(names)
    last = sums["town_code"].eq(WHOLE_PLACE)
    sums = pd.concat([sums[~last], sums[last]], ignore_index=True)
    return sums[[name for name in wanted if name in sums]]
