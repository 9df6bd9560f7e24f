"""
The gain-loss method: growth less harvest, mortality, fire and pest, beside the stock difference.

Both methods tell of the same years. What they disagree about is a row of its own.
"""

import numpy as np
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
PROCESSES = ("growth", "ingrowth", *LOSSES, "conversion")
ITEMS = (*PROCESSES, "total", "stock_difference", "residual")
# arbor forest that stays what it was; what was cut is in the records of harvest and fire
STAYING = ("remaining", "unstocked")
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
    mortality_pct: float | None = None,
) -> pd.DataFrame:
    """
    Balance gains and losses of forest carbon, and hold them against the stock difference.

    Parameters
    ----------
    growth : DataFrame
        ``species_group`` and ``growth_m3`` (m3) over all the years, and ``stand_id`` where it
        is by stand: then only what stayed the same forest counts.
    losses : DataFrame or None
        As ``event_losses.event_losses`` returns them; None where no events are known.
    pieces : DataFrame
        As ``flows.carbon_pieces`` returns them.
    parameters : DataFrame
        Cited rows as ``parameters.load_parameters`` returns them.
    years : tuple of int
        Years of the two inventories.
    mortality_pct : float, optional
        Stock that dies without a record, percent per year. It is needed where growth is gross;
        without it the row is missing and growth counts as net.

    Returns
    -------
    balance : DataFrame
        Columns of ``carbon_balance`` in ``data/columns.csv``: a row for each of ``ITEMS``, first
        of all forest, then by species group, gains positive and losses negative.
        ``residual`` is the stock difference less the total of gain and loss.

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
    ``event_losses.event_notes`` tells them.

    References
    ----------
    [ipcc_2006_v4]_ equations 2.7, 2.9 to 2.12, 2.15 and 2.16.
    """
    count = check_period(*years)
    label = "stand_id" if "stand_id" in growth else "species_group"
    if problems := faulty("growth_negative", growth.set_index(label)["growth_m3"].lt(0.0)):
        raise TableError(problems)
    check_share(0.0 if mortality_pct is None else mortality_pct, "mortality_pct", 100.0)
    forest = pieces[pieces["part"].isin(CARBON_PARTS)]
    rows = [
        _growth(growth, forest, parameters),
        *_changes(forest),
        _lost(losses, forest),
        _mortality(forest, parameters, mortality_pct, count),
    ]
    rows = pd.concat([one for one in rows if len(one)] or rows[:1], ignore_index=True)
    table = _laid_out(rows, mortality_pct is not None)
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
    arbor = forest[forest["part"].eq("arbor") & forest["area_before_ha"].gt(0.0)]
    area = arbor["area_before_ha"]
    staying = area.where(arbor["flow"].isin(STAYING), 0.0)
    stand = arbor["stand_id_before"]
    return staying.groupby(stand).sum() / area.groupby(stand).sum()


def _carbon(volume_m3: pd.Series, species_group: pd.Series, parameters: pd.DataFrame) -> pd.Series:
    """Return the carbon of whole trees by their species."""
    density, bef, root_shoot, fraction = (
        by_species(parameters, species_group, name) for name in TREE_PARAMETERS
    )
    return wood_removal_carbon(volume_m3, density * bef, root_shoot, fraction)


def _growth(growth: pd.DataFrame, forest: pd.DataFrame, parameters: pd.DataFrame) -> pd.DataFrame:
    """Return the growth of forest that stayed what it was."""
    volume = growth["growth_m3"]
    if "stand_id" in growth:
        volume = volume * growth["stand_id"].map(staying_share(forest)).astype(float).fillna(0.0)
    rows = growth[["species_group"]].assign(item="growth", volume_m3=volume)
    rows = rows[volume.gt(0.0)]
    return rows.assign(carbon_t=_carbon(rows["volume_m3"], rows["species_group"], parameters))


def _lost(losses: pd.DataFrame | None, forest: pd.DataFrame) -> pd.DataFrame:
    """Return what events took of forest that stayed what it was."""
    if losses is None:
        return forest.head(0)
    mine = losses[losses["carbon_t"].gt(0.0) & losses["part"].ne("sparse")]
    share = mine["stand_id"].map(staying_share(forest)).astype(float).fillna(0.0)
    share = share.mask(mine["stand_id"].isna(), 1.0)  # an event without a place counts in full
    return mine[["species_group"]].assign(
        item=mine["event_type"],
        volume_m3=-mine["volume_m3"] * share,
        carbon_t=-mine["carbon_t"] * share,
    )


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
    forest: pd.DataFrame, parameters: pd.DataFrame, mortality_pct: float | None, years: int
) -> pd.DataFrame:
    """Return what died without a record: a share of the mean stock of both dates."""
    arbor = forest[forest["part"].eq("arbor")]
    if not mortality_pct:
        return arbor.head(0)
    dates = [arbor.groupby(f"species_{date}")[f"volume_{date}_m3"].sum()
             for date in ("before", "after")]  # fmt: skip
    mean = dates[0].add(dates[1], fill_value=0.0) / 2.0
    mean = mean[mean.gt(0.0)].rename("volume_m3").rename_axis("species_group").reset_index()
    volume = mean["volume_m3"] * (mortality_pct / 100.0 * years)
    carbon = _carbon(volume, mean["species_group"], parameters)
    return mean.assign(item="mortality", volume_m3=-volume, carbon_t=-carbon)


def _laid_out(rows: pd.DataFrame, mortality_known: bool) -> pd.DataFrame:
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
    if not mortality_known:
        of_item["mortality"] = of_item["mortality"] * np.nan
    table = pd.concat(of_item, names=["item", "species_group"])
    order = pd.MultiIndex.from_product([groups, ITEMS], names=["species_group", "item"])
    return table.swaplevel().reindex(order).reset_index()


def balance_notes(balance: pd.DataFrame) -> list[Problem]:
    """
    Tell of a balance without mortality, in which growth counts as net.

    Parameters
    ----------
    balance : DataFrame
        As ``carbon_balance`` returns it.

    Returns
    -------
    notes : list of Problem
        ``mortality_missing``, with the residual of all forest, t C; or none.

    Examples
    --------
    >>> rows = pd.DataFrame({"species_group": "", "item": ["mortality", "residual"],
    ...                      "carbon_t": [float("nan"), 5.0]})
    >>> [one.value for one in balance_notes(rows)]
    ['5']
    """
    whole = balance[balance["species_group"].eq(ALL_SPECIES)].set_index("item")["carbon_t"]
    if not np.isnan(whole["mortality"]):
        return []
    return [Problem("mortality_missing", value=f"{round(whole['residual']):,}")]
