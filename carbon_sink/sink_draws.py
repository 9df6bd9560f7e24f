"""Intervals of the sinks of works: what is uncertain of a species is so in all works at once."""

from collections.abc import Iterable, Mapping

import numpy as np
import pandas as pd

from .growth_errors import GrowthError, growth_draws, growth_spread_pct
from .simulation import area_factors, lognormal, stream, tree_factors
from .spreads import Errors
from .tables import read_data

ALL_TYPES = "all"
CURVE, RATE, SIZE, MEASURED, AREA = "curve", "rate", "size", "measured", "area"
SOIL, OTHER = "soil", "other"
TREES = (CURVE, RATE, SIZE, MEASURED)
# species whose parameters stand in for those of trees of unknown or mixed species
MIXED = "mixed_wood"
# terms of a ledger that nothing tells the error of
CERTAIN = ["baseline_co2_t", "emission_co2e_t", "leakage_co2e_t"]
AMOUNTS = ["co2_t", "co2_t_yr"]
# central figure and bounds of each amount
NAMES = (
    ("removal_co2e_t", "low_co2e_t", "high_co2e_t"),
    ("yearly_co2e_t_yr", "yearly_low_co2e_t_yr", "yearly_high_co2e_t_yr"),
)
QUANTILES = (2.5, 97.5)
CELL = ["project_type", "until_year"]
FLOW = ["project_type", "species_group", "kind", "year", "co2_t"]


def ledger_flows(ledger: pd.DataFrame, works: pd.DataFrame) -> pd.DataFrame:
    """
    Take a ledger apart by what its terms rest on.

    Parameters
    ----------
    ledger : DataFrame
        Columns of ``project_ledger`` in ``data/columns.csv``.
    works : DataFrame
        ``project_id``, ``species_group`` and ``kind`` (``curve``, ``rate`` or ``area``): what
        the trees of a work grow by. Trees of works that are not listed are left out: those of
        four-side works come from ``four_side.FourSide.growth``, which has the form of flows.

    Returns
    -------
    flows : DataFrame
        ``project_type``, ``species_group``, ``kind``, ``year`` and ``co2_t``: sums over the
        works. Soil has the kind ``soil``; baseline, emissions and leakage are ``other``.

    Examples
    --------
    >>> ledger = pd.DataFrame({"project_id": ["a"], "project_type": "corridor", "year": 2025,
    ...     "tree_co2_t": 9.0, "soil_co2_t": None, "baseline_co2_t": -1.0,
    ...     "emission_co2e_t": -1.0, "leakage_co2e_t": 0.0})
    >>> works = pd.DataFrame({"project_id": ["a"], "species_group": "oak", "kind": "curve"})
    >>> ledger_flows(ledger, works)[["species_group", "kind", "co2_t"]].values.tolist()
    [['oak', 'curve', 9.0], ['', 'soil', 0.0], ['', 'other', -2.0]]
    """
    of_trees = works.set_index("project_id")[["species_group", "kind"]]
    trees = ledger[["project_type", "year"]].assign(
        co2_t=ledger["tree_co2_t"],
        species_group=ledger["project_id"].map(of_trees["species_group"]),
        kind=ledger["project_id"].map(of_trees["kind"]),
    )
    certain = ledger[CERTAIN].astype(float).sum(axis=1)
    parts = [trees] + [
        ledger[["project_type", "year"]].assign(co2_t=amount, species_group="", kind=kind)
        for kind, amount in ((SOIL, ledger["soil_co2_t"]), (OTHER, certain))
    ]
    flows = pd.concat([one[FLOW].astype({"co2_t": float}) for one in parts])
    flows["species_group"] = flows["species_group"].fillna("")
    return flows.groupby(FLOW[:-1], sort=False, as_index=False)["co2_t"].sum()


def flows_until(flows: pd.DataFrame, years: Iterable[int]) -> pd.DataFrame:
    """
    Sum flows from the start to each of some years, and tell those of these years alone.

    Parameters
    ----------
    flows : DataFrame
        As ``ledger_flows`` returns them.
    years : iterable of int

    Returns
    -------
    rows : DataFrame
        ``project_type``, ``species_group``, ``kind``, ``until_year``, ``co2_t`` and
        ``co2_t_yr``.

    Examples
    --------
    >>> flows = pd.DataFrame({"project_type": "corridor", "species_group": "oak",
    ...     "kind": "curve", "year": [2024, 2025], "co2_t": [1.0, 2.0]})
    >>> flows_until(flows, [2025])[["until_year", "co2_t", "co2_t_yr"]].values.tolist()
    [[2025.0, 3.0, 2.0]]
    """
    keys = FLOW[:3]
    parts = []
    for year in years:
        till = flows[flows["year"] <= year]
        now = till["co2_t"].where(till["year"].eq(year), 0.0)
        sums = till.assign(co2_t_yr=now).groupby(keys, as_index=False)[AMOUNTS].sum()
        parts.append(sums.assign(until_year=year))
    return pd.concat(parts, ignore_index=True)[[*keys, "until_year", *AMOUNTS]]


def soil_spread_pct() -> float:
    """
    Return the half-width of the 95 % interval of soil carbon of works, percent.

    References
    ----------
    [ipcc_2006_v4]_ table 2.3: the error of reference stocks. The narrower errors of the later
    edition are of stocks of whole regions, and a gain on one site is less sure than those.

    Examples
    --------
    >>> soil_spread_pct()
    90.0
    """
    rows = read_data("soil_carbon.csv")
    rows = rows[rows["edition"].eq("ipcc_2006") & rows["quantity"].eq("soc_ref")]
    return float(rows["uncertainty_pct"].astype(float).max())


def draw_sinks(
    rows: pd.DataFrame,
    errors: Errors,
    rates: Mapping[str, GrowthError],
    levels: Mapping[str, GrowthError],
    draws: int = 10_000,
    seed: int = 1,
) -> pd.DataFrame:
    r"""
    Sum the sinks of works by type and over all, with 95 % intervals.

    .. math:: R = \sum_{k, s} R_{ks} \cdot g_{ks} \cdot c_s

    Parameters
    ----------
    rows : DataFrame
        As ``flows_until`` returns them. ``kind`` is what the figures of a row rest on:
        ``curve`` (stock by a level curve), ``rate`` (stock by rate models), ``size`` (single
        trees by curves of size), ``measured`` (single trees as measured), ``area`` (biomass per
        hectare), ``soil`` or ``other`` (taken as sure).
    errors : Errors
        How far each source of error reaches.
    rates, levels : mapping
        Species group to the error of its calibrated growth, as for the outlook.
    draws, seed : int

    Returns
    -------
    sinks : DataFrame
        ``project_type`` (types, then ``all``), ``until_year``, ``removal_co2e_t``,
        ``low_co2e_t``, ``high_co2e_t`` (t CO2e), ``yearly_co2e_t_yr``,
        ``yearly_low_co2e_t_yr`` and ``yearly_high_co2e_t_yr`` (t CO2e a year).

    Notes
    -----
    The growth *g* and the carbon *c* of a species are drawn once per draw and serve all works,
    years and types, and are the numbers that the outlook draws with the same seed. The row of
    all works is that of summed draws; its bounds are not sums of bounds.

    Growth that nobody calibrated, and all growth of single trees by curves of size, has the
    wide error of ``data/uncertainty.csv``. Trees as measured have that of their carbon alone.
    Soil of all works errs together. Areas, survival, baseline, emissions, leakage and the gain
    that is stated for works in standing forest are taken as they are given, because nothing
    tells their errors: the intervals are no wider than what is known. Trees of unknown or mixed
    species have the errors of mixed wood, which differ little from those of any other.

    References
    ----------
    [ipcc_2006_v4]_ growth and soil; further sources stand in ``data/uncertainty.csv``.

    Examples
    --------
    >>> from carbon_sink.parameters import load_parameters
    >>> from carbon_sink.spreads import default_spread
    >>> errors = Errors(default_spread(), load_parameters("ar_cm_001"), (2025,), np.zeros(1))
    >>> rows = pd.DataFrame({"project_type": ["corridor"], "species_group": "oak",
    ...     "kind": "other", "until_year": 2025, "co2_t": 100.0, "co2_t_yr": 10.0})
    >>> draw_sinks(rows, errors, {}, {}).iloc[0, 2:].tolist()
    [100.0, 100.0, 100.0, 10.0, 10.0, 10.0]
    """
    species = rows["species_group"].fillna("")
    rows = rows.assign(species_group=species.where(rows["kind"].isin([*TREES, AREA]), ""))
    sources = rows.groupby(["kind", "species_group", *CELL])[AMOUNTS].sum()
    cells = pd.MultiIndex.from_frame(rows[CELL].drop_duplicates().sort_values(CELL))
    sums = np.zeros((len(AMOUNTS), len(cells)))
    drawn = np.zeros((len(AMOUNTS), len(cells), draws))
    for (kind, group), mine in sources.groupby(level=["kind", "species_group"]):
        amounts = mine.droplevel(["kind", "species_group"]).reindex(cells).fillna(0.0)
        amounts = amounts.to_numpy().T
        if amounts.any():
            factor = _factor(kind, group, errors, rates, levels, draws, seed)
            sums += amounts
            drawn += amounts[:, :, None] * factor
    return _laid_out(cells, sums, drawn)


def _factor(
    kind: str, group: str, errors: Errors, rates: Mapping, levels: Mapping, draws: int, seed: int
) -> np.ndarray:
    """Draw what figures of a kind and species are, over their value without error."""
    if kind == OTHER:
        return np.ones(draws)
    if kind == SOIL:
        return lognormal(stream(seed, "soil").standard_normal(draws), soil_spread_pct())
    if kind == AREA:
        return area_factors(group.split("_", maxsplit=1)[0], errors, draws, seed)
    known = group if group in errors.root_ratio else MIXED
    carbon = tree_factors(known, errors, draws, seed)
    if kind == MEASURED:
        return carbon
    calibrated = {CURVE: levels, RATE: rates, SIZE: {}}[kind]
    one = calibrated.get(group, GrowthError(1.0, growth_spread_pct()))
    by = RATE if kind == RATE else CURVE
    return carbon * growth_draws(known, by, one, errors, draws, seed)


def _laid_out(cells: pd.MultiIndex, sums: np.ndarray, drawn: np.ndarray) -> pd.DataFrame:
    """Return sums and bounds of every type and year, and those of all types together."""
    types, years = (cells.get_level_values(name).to_numpy() for name in CELL)
    every = np.unique(years)
    is_of = (years == every[:, None]).astype(float)
    table = pd.DataFrame({
        "project_type": [*types, *[ALL_TYPES] * len(every)], "until_year": [*years, *every],
    })  # fmt: skip
    for central, draws, names in zip(sums, drawn, NAMES, strict=True):
        bounds = np.percentile(np.concatenate([draws, is_of @ draws]), QUANTILES, axis=1)
        figures = (np.concatenate([central, is_of @ central]), *bounds)
        table = table.assign(**dict(zip(names, figures, strict=True)))
    return table
