"""
The gain-loss method: growth less harvest, mortality, fire and pest, beside the stock difference.

Both methods tell of the same years. What they disagree about is a row of its own. Growth that is
calibrated on the two inventories that also give the stock difference makes them agree in part: the
balance tells where carbon came from and went, and is no independent check.
"""

from collections.abc import Collection, Mapping

import pandas as pd

from .biomass_equations import check_share, wood_removal_carbon
from .carbon import CARBON_PARTS
from .errors import Problem, TableError
from .flows import check_period
from .parameters import AREA_GROUPS, TREE_PARAMETERS, by_species
from .tables import columns, faulty
from .units import carbon_to_co2

ALL_SPECIES = ""
EVENTS = ("harvest", "fire", "pest")
LOSSES = ("harvest", "mortality", "fire", "pest")
UNRECORDED = "unrecorded"
PROCESSES = ("growth", "ingrowth", *LOSSES, UNRECORDED, "conversion")
ITEMS = (*PROCESSES, "total", "stock_difference", "residual")
# arbor forest that stays what it was, and forest land that lost its stand
REMAINING, UNSTOCKED = STAYING = ("remaining", "unstocked")
FIGURES = ["volume_m3", "carbon_t"]


def stand_growth(before: pd.DataFrame, grown: pd.DataFrame) -> pd.DataFrame:
    """
    Return how much each stand of arbor forest grew by its model.

    Parameters
    ----------
    before : DataFrame
        Stands with ``stand_id``, ``species_group``, ``carbon_part`` and ``forest_volume_m3``.
    grown : DataFrame
        The same stands, brought to the later year without any losses.

    Returns
    -------
    growth : DataFrame
        ``stand_id``, ``species_group`` and ``growth_m3`` (m3) over all the years.

    Examples
    --------
    >>> before = pd.DataFrame({"stand_id": ["1"], "species_group": ["oak"],
    ...                        "carbon_part": ["arbor"], "forest_volume_m3": [100.0]})
    >>> stand_growth(before, before.assign(forest_volume_m3=112.0))["growth_m3"].tolist()
    [12.0]
    """
    trees = before["carbon_part"].eq("arbor")
    growth = (grown["forest_volume_m3"] - before["forest_volume_m3"])[trees]
    return before.loc[trees, ["stand_id", "species_group"]].assign(growth_m3=growth)


def carbon_balance(
    growth: pd.DataFrame,
    losses: pd.DataFrame | None,
    pieces: pd.DataFrame,
    parameters: pd.DataFrame,
    years: tuple[int, int],
    mortality_pct: Mapping[str, float] | None = None,
) -> pd.DataFrame:
    """
    Balance gains and losses of forest carbon, and hold them against the stock difference.

    Parameters
    ----------
    growth : DataFrame
        As ``stand_growth`` returns it; only what stayed the same forest counts.
    losses : DataFrame or None
        As ``event_losses.event_losses`` returns them; None where no events are known.
    pieces : DataFrame
        As ``flows.carbon_pieces`` returns them.
    parameters : DataFrame
        Cited rows as ``parameters.load_parameters`` returns them.
    years : tuple of int
        Years of the two inventories.
    mortality_pct : mapping, optional
        Species group to the stock that dies without a record, percent per year. It is for
        groups whose growth is gross: the growth of calibrated groups is net of what died, and
        their row of mortality is missing.

    Returns
    -------
    balance : DataFrame
        Columns of ``carbon_balance`` in ``data/columns.csv``: a row for each of ``ITEMS``, first
        of all forest, then by species group, gains positive and losses negative.
        ``residual`` is the stock difference less the total of gain and loss: negative where
        the balance holds more growth, or fewer losses, than the inventories.

    Raises
    ------
    TableError
        If growth is negative: all stands in one message.
    ParameterError
        If a species has no parameters, a share is impossible or the years are not two dates.

    Notes
    -----
    Growth and losses count for arbor forest that stayed the same kind and species. All else is
    ``conversion``: what stood there left one species, and what stands there came to another.
    ``ingrowth`` is arbor forest on forest land that had no stand. Bamboo, economic and shrub
    forest change by their area only. Losses whose carbon is not known are not in it;
    ``event_losses.event_notes`` tells them. A kind of event of which no loss is known is missing
    and not 0: nothing says that none happened.

    Forest land that lost its stand grew until the last event on it, by the share of the years
    gone by then, and not at all where no event tells when it went. What stood there and is in no
    record is ``unrecorded``, and so no part of the residual; a record above what stood there is.
    A stand that was thinned and remains is credited with its growth in full.

    References
    ----------
    [ipcc_2006_v4]_ equations 2.7, 2.9 to 2.12, 2.15 and 2.16.
    """
    count = check_period(*years)
    if problems := faulty("growth_negative", growth.set_index("stand_id")["growth_m3"].lt(0.0)):
        raise TableError(problems)
    mortality = pd.Series(dict(mortality_pct or {}), dtype=float)
    check_share(mortality.to_numpy(), "mortality_pct", 100.0)
    forest = pieces[pieces["part"].isin(CARBON_PARTS)]
    taken = _lost(losses, forest)
    grew = growth.assign(**_grown(growth, forest, losses, years))
    rows = [
        _growth(grew, parameters),
        *_changes(forest),
        taken,
        _unrecorded(grew, taken, forest, parameters),
        _mortality(forest, parameters, mortality, count),
    ]
    rows = pd.concat([one for one in rows if len(one)] or rows[:1], ignore_index=True)
    table = _laid_out(rows, mortality.index)
    table.loc[table["item"].isin(_unknown(losses)), FIGURES] = float("nan")
    return table.assign(
        year_before=years[0],
        year_after=years[1],
        removal_co2_t_yr=carbon_to_co2(table["carbon_t"]) / count,
    )[list(columns("carbon_balance").index)]


def staying_share(forest: pd.DataFrame) -> pd.Series:
    """
    Return how much of each earlier stand of arbor forest stayed the same forest, 0 to 1.

    Examples
    --------
    >>> pieces = pd.DataFrame({"stand_id_before": ["1", "1"], "part": "arbor",
    ...                        "flow": ["remaining", "lost"], "area_before_ha": [3.0, 1.0]})
    >>> staying_share(pieces).to_dict()
    {'1': 0.75}
    """
    return _shares(forest).sum(axis=1)


def _shares(forest: pd.DataFrame) -> pd.DataFrame:
    """Return how much of each earlier stand of arbor forest remained, and lost its stand."""
    arbor = forest[forest["part"].eq("arbor") & forest["area_before_ha"].gt(0.0)]
    stand = arbor["stand_id_before"]
    whole = arbor["area_before_ha"].groupby(stand).sum()
    areas = {
        flow: arbor["area_before_ha"].where(arbor["flow"].eq(flow), 0.0).groupby(stand).sum()
        for flow in STAYING
    }
    return pd.DataFrame({flow: area / whole for flow, area in areas.items()})


def _carbon(volume_m3: pd.Series, species_group: pd.Series, parameters: pd.DataFrame) -> pd.Series:
    """Return the carbon of whole trees by their species."""
    density, bef, root_shoot, fraction = (
        by_species(parameters, species_group, name) for name in TREE_PARAMETERS
    )
    return wood_removal_carbon(volume_m3, density * bef, root_shoot, fraction)


def _grown(
    growth: pd.DataFrame, forest: pd.DataFrame, losses: pd.DataFrame | None, years: tuple[int, int]
) -> pd.DataFrame:
    """Return the growth of the remaining part of each stand, and of the other until its event."""
    shares = _shares(forest).reindex(growth["stand_id"]).fillna(0.0).set_axis(growth.index)
    shares[UNSTOCKED] *= 0.0 if losses is None else (
        growth["stand_id"].map(losses.groupby("stand_id")["year"].max()).astype(float)
        .sub(years[0]).div(years[1] - years[0]).fillna(0.0)
    )  # fmt: skip
    return shares.mul(growth["growth_m3"], axis=0)


def _growth(grew: pd.DataFrame, parameters: pd.DataFrame) -> pd.DataFrame:
    """Return the growth of forest that stayed what it was."""
    volume = grew[list(STAYING)].sum(axis=1)
    rows = grew[["species_group"]].assign(item="growth", volume_m3=volume)[volume.gt(0.0)]
    return rows.assign(carbon_t=_carbon(rows["volume_m3"], rows["species_group"], parameters))


def _unrecorded(
    grew: pd.DataFrame, taken: pd.DataFrame, forest: pd.DataFrame, parameters: pd.DataFrame
) -> pd.DataFrame:
    """Return what stood on forest land that lost its stand and is in no record of an event."""
    gone = forest[forest["part"].eq("arbor") & forest["flow"].eq(UNSTOCKED)]
    stands = gone.groupby("stand_id_before").agg(
        species_group=("species_before", "first"), before=("volume_before_m3", "sum"),
        after=("volume_after_m3", "sum"),
    )  # fmt: skip
    if stands.empty:
        return stands
    grown, recorded = (
        rows.groupby("stand_id")[name].sum().reindex(stands.index, fill_value=0.0)
        for rows, name in ((grew, UNSTOCKED), (taken, "volume_m3"))
    )  # what events took is negative
    left = (stands["before"] - stands["after"] + grown + recorded).rename("volume_m3")
    rows = stands[["species_group"]].join(left)[left.gt(0.0)]
    carbon = _carbon(rows["volume_m3"], rows["species_group"], parameters)
    return rows.assign(item=UNRECORDED, volume_m3=-rows["volume_m3"], carbon_t=-carbon)


def _lost(losses: pd.DataFrame | None, forest: pd.DataFrame) -> pd.DataFrame:
    """Return what events took of forest that stayed what it was."""
    if losses is None:
        return pd.DataFrame(columns=["stand_id", "species_group", "item", *FIGURES])
    mine = losses[losses["carbon_t"].gt(0.0) & losses["part"].ne("sparse")]
    share = mine["stand_id"].map(staying_share(forest)).astype(float).fillna(0.0)
    share = share.mask(mine["stand_id"].isna(), 1.0)  # an event without a place counts in full
    return mine[["stand_id", "species_group"]].assign(
        item=mine["event_type"],
        volume_m3=-mine["volume_m3"] * share,
        carbon_t=-mine["carbon_t"] * share,
    )


def _unknown(losses: pd.DataFrame | None) -> list[str]:
    """Name the kinds of events of which no loss is known."""
    known = set() if losses is None else set(losses.loc[losses["carbon_t"].gt(0.0), "event_type"])
    return [kind for kind in EVENTS if kind not in known]


def _changes(forest: pd.DataFrame) -> list[pd.DataFrame]:
    """Return the stock difference, and what of it came and went with kind and species."""
    found = []
    by_area = forest["part"].isin(AREA_GROUPS)
    for date, sign in (("before", -1.0), ("after", 1.0)):
        group = forest[f"species_{date}"].mask(by_area, forest["part"])
        rows = pd.DataFrame({
            "species_group": group,
            "item": "stock_difference",
            "volume_m3": sign * forest[f"volume_{date}_m3"].mask(by_area, 0.0),
            "carbon_t": sign * forest[f"carbon_{date}_t"],
        })  # fmt: skip
        rows = rows[rows["carbon_t"].ne(0.0) | rows["volume_m3"].ne(0.0)]
        flow = forest["flow"].reindex(rows.index)
        moved = by_area[rows.index] | ~flow.isin([*STAYING, "stocked"])
        item = pd.Series("conversion", index=rows.index).where(moved, "ingrowth")
        found += [rows, rows.assign(item=item)[moved | flow.eq("stocked")]]
    return found


def _mortality(
    forest: pd.DataFrame, parameters: pd.DataFrame, mortality_pct: pd.Series, years: int
) -> pd.DataFrame:
    """Return what died without a record: a share of the mean stock of both dates."""
    arbor = forest[forest["part"].eq("arbor")]
    dates = [arbor.groupby(f"species_{date}")[f"volume_{date}_m3"].sum()
             for date in ("before", "after")]  # fmt: skip
    mean = dates[0].add(dates[1], fill_value=0.0) / 2.0
    volume = (mean * mortality_pct / 100.0 * years).dropna()
    died = volume[volume.gt(0.0)].rename("volume_m3").rename_axis("species_group").reset_index()
    carbon = _carbon(died["volume_m3"], died["species_group"], parameters)
    return died.assign(item="mortality", volume_m3=-died["volume_m3"], carbon_t=-carbon)


def _laid_out(rows: pd.DataFrame, mortality_of: Collection[str]) -> pd.DataFrame:
    """Sum the rows by species and item, with totals and residuals, all forest first."""
    both = pd.concat([rows.assign(species_group=ALL_SPECIES), rows])
    sums = both.groupby(["item", "species_group"])[FIGURES].sum()
    groups = [ALL_SPECIES, *sorted(rows["species_group"].dropna().unique())]
    of_item = {
        item: sums.reindex([(item, group) for group in groups], fill_value=0.0)
        .set_axis(groups) for item in (*PROCESSES, "stock_difference")
    }  # fmt: skip
    of_item["total"] = sum(of_item[item] for item in PROCESSES)
    of_item["residual"] = of_item["stock_difference"] - of_item["total"]
    known = [group in mortality_of or (not group and len(mortality_of) > 0) for group in groups]
    of_item["mortality"] = of_item["mortality"].where(pd.Series(known, index=groups))
    table = pd.concat(of_item, names=["item", "species_group"])
    order = pd.MultiIndex.from_product([groups, ITEMS], names=["species_group", "item"])
    return table.swaplevel().reindex(order).reset_index()


def balance_notes(balance: pd.DataFrame, calibrated: Collection[str]) -> list[Problem]:
    """
    Tell of species groups whose growth is gross while nobody said how much of it died.

    Parameters
    ----------
    balance : DataFrame
        As ``carbon_balance`` returns it.
    calibrated : collection of str
        Species groups whose growth is calibrated, and so net of what died.

    Returns
    -------
    notes : list of Problem
        ``mortality_missing``, with the groups and their growth in m3; or none.

    Examples
    --------
    >>> rows = pd.DataFrame({"species_group": "oak", "item": ["mortality", "growth"],
    ...                      "volume_m3": [float("nan"), 5.0]})
    >>> [(one.value, one.rule) for one in balance_notes(rows, [])], balance_notes(rows, ["oak"])
    ([('oak', '5')], [])
    """
    table = balance.pivot_table(
        index="species_group", columns="item", values="volume_m3", dropna=False
    )
    gross = table["mortality"].isna() & table["growth"].gt(0.0)
    gross = gross & ~table.index.isin([ALL_SPECIES, *calibrated])
    groups = table.index[gross]
    if groups.empty:
        return []
    grown = f"{table.loc[groups, 'growth'].sum():,.0f}"
    return [Problem("mortality_missing", value=", ".join(groups), rule=grown)]
