"""
What moved the figures of a place between two inventories, cause by cause, with nothing left over.

Every piece of ground gives its change to causes; the causes of a place add up to the difference
of its published figures.
"""

from collections.abc import Mapping, Sequence

import geopandas as gpd
import pandas as pd

from .errors import Problem
from .flows import DATES, check_period
from .gain_loss import EVENTS
from .ground_causes import (
    CAUSES,
    EARLIER,
    FIGURES,
    GROWTH,
    PLANTING,
    RECORDED,
    REST,
    WORKS,
    Pair,
    explained,
    ground_between,
)
from .stand_changes import NONE
from .summary import WHOLE_PLACE
from .tables import columns, read_data

TOTAL = "total"
COVERAGE = "forest_coverage_pct"
DUST_PLACES = 10
UNITS = {"forest_area_ha": "ha", "forest_stock_m3": "m3", "living_stock_m3": "m3", "carbon_t": "t",
         COVERAGE: "%"}  # fmt: skip


def change_causes(
    rows: pd.DataFrame,
    before: gpd.GeoDataFrame,
    after: gpd.GeoDataFrame,
    years: tuple[int, int],
    losses: pd.DataFrame | None = None,
    works: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """
    Take the change between two inventories apart into causes that add up to it.

    Parameters
    ----------
    rows : DataFrame
        As ``stand_changes.stand_changes`` returns them for these two inventories.
    before, after : DataFrame
        Stands with ``town_code``, ``forest_type``, ``species_group`` and the columns of
        ``FIGURES``; a figure that lacks a column at one date is left out.
    years : tuple of int
        Years of the two inventories.
    losses : DataFrame, optional
        As ``event_losses.event_losses`` returns them for these years.
    works : DataFrame, optional
        As ``project_share`` returns them.

    Returns
    -------
    table : DataFrame
        Columns of ``change_causes`` in ``data/columns.csv``, town names aside, gains positive:
        for the whole place (empty town code) and each town, a row for each of ``CAUSES`` and
        the total, which is the difference of the figures in ``town_summary``.

    Raises
    ------
    ParameterError
        If a kind of land has no land-use category, or the years are not two dates.

    Notes
    -----
    The change of each piece of ground is given away in this order:

    1. Four-side trees, their area and their stock, are ``four_side`` whatever lies under them.
    2. Recorded losses are negative ``harvest``, ``fire`` and ``pest``. They go first to ground
       of the parcel that lost its trees, up to what stood there, then to all of it.
    3. On ground where the figure was 0 the share of works of these years is ``planting`` or
       ``restoration``. New belts are ``planting`` where a planting lies in their parcel.
    4. What is left follows the ground. Trees at both dates: ``growth``, net of what died or
       was cut without a record; sparse woodland that closes and forest that thins out to it are
       the same trees. Forest land that has a stand again: ``growth``, or ``planting`` where it
       was a young plantation at the first date (``earlier_change`` tells how much). Forest land
       that lost its trees: what its class says (cutover and young plantation: ``harvest``,
       burned: ``fire``), unless only other events are recorded in the parcel and the largest of
       them would cover half of this ground; where the class says nothing, the largest event; a
       gain on such ground is what grew until then. All else is ``reclassification``: other land
       that became forest or the reverse without works, other kinds of forest, ground that only
       one date has, belts without works, and in carbon what an arbor stand gained or lost by
       another species name.

    No record gives an area: forest area that was lost while the land stayed forest land is that
    of an event in its parcel, by the same order. Scattered trees follow their ground. A recorded
    loss that has no place, or is larger than the change it explains, makes ``growth`` larger by
    the same amount: it must have grown to be taken. Ground that came to another town is
    ``reclassification`` in both towns and no change of the place.

    Every cause but the last rests on a record or on what the survey says of the ground. Growth
    and reclassification are what is left of their ground, and hold all errors of the surveys.

    Examples
    --------
    A stand of 100 m3 grew, and 30 m3 were cut:

    >>> stand = pd.DataFrame({"town_code": ["t"], "forest_type": "arbor",
    ...                       "species_group": "oak", "forest_stock_m3": 100.0})
    >>> rows = pd.DataFrame({"before": [0], "after": [0], "ground_ha": [2.0]})
    >>> losses = pd.DataFrame({"stand": [0], "town_code": "t", "part": "arbor", "area_ha": 1.0,
    ...                        "event_type": "harvest", "volume_m3": 30.0, "carbon_t": 10.0})
    >>> later = stand.assign(forest_stock_m3=120.0)
    >>> table = change_causes(rows, stand, later, (2020, 2025), losses)
    >>> whole = table[table["town_code"].eq("") & table["change"].ne(0.0)]
    >>> whole[["cause", "change", "change_pct"]].values.tolist()
    [['growth', 50.0, 50.0], ['harvest', -30.0, -30.0], ['total', 20.0, 20.0]]
    """
    check_period(*years)
    if works is None:
        works = pd.DataFrame(0.0, index=rows.index, columns=list(WORKS))
    stands = dict(zip(DATES, (before, after), strict=True))
    pair = Pair(rows, stands, ground_between(rows, stands, losses), losses, works)
    found = []
    for indicator, parts in FIGURES.items():
        needed = {column for part in parts.values() for column in part}
        if all(needed <= set(one) for one in stands.values()):
            found.append(_laid_out(_amounts(pair, indicator), pair, indicator))
    table = pd.concat(found, ignore_index=True).assign(year_before=years[0], year_after=years[1])
    return table[[name for name in columns("change_causes").index if name in table]]


def _amounts(pair: Pair, indicator: str) -> pd.DataFrame:
    """Return what each cause did in the whole place and in each town."""
    rows, ground = pair.rows, pair.ground
    amounts = pd.DataFrame(0.0, index=rows.index, columns=[*CAUSES, EARLIER])
    stood = pd.Series(0.0, index=rows.index)
    for part, names in FIGURES[indicator].items():
        figure = pair.figure(names)
        stood += figure["before"]
        amounts += explained(pair, indicator, part, figure)
    town = ground["town_after"].where(rows["after"].ne(NONE), ground["town_before"])
    beside = _without_place(pair.losses, indicator)
    whole = amounts.sum() + beside[[*amounts]].sum()
    # ground that came to another town leaves one and comes to the other with all that stood there
    moved = rows["before"].ne(NONE) & ground["town_before"].fillna("").ne(town.fillna(""))
    left = {"town_code": ground["town_before"], REST: -stood}
    came = {"town_code": town, REST: stood}
    rest = [pd.DataFrame(one)[moved] for one in (left, came)]
    by_town = pd.concat([amounts.assign(town_code=town), beside, *rest])
    sums = by_town.groupby("town_code")[[*amounts]].sum()
    return pd.concat([whole.to_frame(WHOLE_PLACE).T, sums])


def _without_place(losses: pd.DataFrame | None, indicator: str) -> pd.DataFrame:
    """Return what events without a place took, and the growth that this takes for granted."""
    found = pd.DataFrame(0.0, index=[], columns=[*CAUSES, EARLIER, "town_code"])
    if losses is None or indicator not in RECORDED:
        return found
    name, _ = RECORDED[indicator]
    mine = losses[losses["stand"].isna() & losses[name].gt(0.0)]
    found = found.reindex(mine.index, fill_value=0.0).assign(town_code=mine["town_code"])
    for event in EVENTS:
        found[event] = -mine[name].where(mine["event_type"].eq(event), 0.0)
    return found.assign(**{GROWTH: mine[name]})


def _laid_out(amounts: pd.DataFrame, pair: Pair, indicator: str) -> pd.DataFrame:
    """Lay the causes of one figure out below each other, each place with its total."""
    names = [name for part in FIGURES[indicator].values() for name in part]
    sums = {}
    for date, one in pair.stands.items():
        held = one[names].sum(axis=1)
        by_town = held.groupby(one["town_code"]).sum()
        sums[date] = pd.concat([pd.Series({WHOLE_PLACE: held.sum()}), by_town])
    sums = pd.DataFrame(sums).reindex(amounts.index).fillna(0.0)
    # differences of shares of one figure are not quite 0
    amounts = amounts.round(DUST_PLACES) + 0.0
    wide = amounts[list(CAUSES)].assign(**{TOTAL: sums["after"] - sums["before"]})
    table = wide.rename_axis("town_code").reset_index()
    table = table.melt("town_code", var_name="cause", value_name="change", ignore_index=False)
    table = table.sort_index(kind="stable", ignore_index=True)
    before = table["town_code"].map(sums["before"])
    earlier = table["town_code"].map(amounts[EARLIER]).where(table["cause"].eq(PLANTING))
    return table.assign(
        indicator=indicator,
        unit=UNITS[indicator],
        value_before=before,
        change_pct=_pct(table["change"], before),
        earlier_change=earlier,
    )


def with_coverage(table: pd.DataFrame, land_area_ha: Mapping[str, float]) -> pd.DataFrame:
    """
    Add the coverage: the rows of the forest area in percentage points of the land.

    Parameters
    ----------
    table : DataFrame
        As ``change_causes`` returns it.
    land_area_ha : mapping
        Land area by town code, ha; the whole place has an empty code. Places without one get
        no rows.

    Returns
    -------
    table : DataFrame
        With rows of ``forest_coverage_pct`` at the end; their parts add up as hectares do.

    Examples
    --------
    >>> area = pd.DataFrame({"town_code": "", "indicator": "forest_area_ha", "cause": ["planting"],
    ...                      "change": 1620.0, "unit": "ha", "value_before": 39_472.05,
    ...                      "earlier_change": 0.0})
    >>> rows = with_coverage(area, {"": 107_700.0})
    >>> rows.loc[1, ["change", "value_before"]].astype(float).round(2).tolist()
    [1.5, 36.65]
    """
    area = table[table["indicator"].eq("forest_area_ha")]
    land = area["town_code"].map(dict(land_area_ha)).astype(float)
    area, land = area[land.gt(0.0)], land[land.gt(0.0)]
    figures = ["change", "value_before", EARLIER]
    pct = area[figures].mul(100.0).div(land, axis=0)
    added = area.assign(indicator=COVERAGE, unit=UNITS[COVERAGE], **pct)
    return pd.concat([table, added], ignore_index=True)


def over_all_years(tables: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """
    Add the causes of several pairs of inventories up, from the first inventory to the last.

    Parameters
    ----------
    tables : sequence of DataFrame
        As ``change_causes`` returns them, each pair beginning where the one before it ends.

    Returns
    -------
    table : DataFrame
        The same columns and rows; ``value_before`` is that of the first inventory.

    Examples
    --------
    >>> one = pd.DataFrame({"year_before": [2015], "year_after": 2020, "town_code": "",
    ...                     "indicator": "carbon_t", "cause": "growth", "change": 5.0, "unit": "t",
    ...                     "value_before": 50.0, "change_pct": 10.0, "earlier_change": 0.0})
    >>> two = one.assign(year_before=2020, year_after=2025, value_before=55.0, change_pct=9.1)
    >>> over_all_years([one, two])[["year_before", "change", "change_pct"]].values.tolist()
    [[2015.0, 10.0, 20.0]]
    """
    rows = pd.concat(tables, ignore_index=True)
    keys = ["indicator", "town_code", "cause"]
    groups = rows.groupby(keys, sort=False)
    found = groups[["change", EARLIER]].sum(min_count=1).join(groups["unit"].first())
    first = rows[rows["year_before"].eq(rows["year_before"].min())].set_index(keys)
    found["value_before"] = first["value_before"].reindex(found.index).fillna(0.0)
    found["change_pct"] = _pct(found["change"], found["value_before"])
    years = {"year_before": rows["year_before"].min(), "year_after": rows["year_after"].max()}
    return found.reset_index().assign(**years)[list(rows)]


def _pct(change: pd.Series, before: pd.Series) -> pd.Series:
    return change / before.where(before.gt(0.0)) * 100.0


def causes_table(
    tables: Mapping[tuple[int, int], pd.DataFrame],
    towns: pd.DataFrame,
    place: str,
    land_area_ha: float | None,
) -> pd.DataFrame:
    """
    Lay out the causes of all pairs of inventories, and of all the years together.

    Parameters
    ----------
    tables : mapping
        Earlier and later year to the table of ``change_causes``.
    towns : DataFrame
        ``town_code``, ``town_name`` and ``land_area_ha`` (ha); may be empty.
    place : str
        Name of the whole place.
    land_area_ha : float or None
        Land area of the whole place, ha.

    Returns
    -------
    table : DataFrame
        Columns of ``change_causes`` in ``data/columns.csv``: each pair, then, where there are
        several, the first inventory to the last; with the coverage where the land is known.
    """
    pairs = [tables[pair] for pair in sorted(tables)]
    if len(pairs) > 1:
        pairs.append(over_all_years(pairs))
    land = {WHOLE_PLACE: land_area_ha, **towns.set_index("town_code")["land_area_ha"]}
    table = with_coverage(pd.concat(pairs, ignore_index=True), land)
    names = {WHOLE_PLACE: place, **towns.set_index("town_code")["town_name"]}
    said = read_data("indicators.csv").set_index("indicator")
    return table.assign(
        town_name=table["town_code"].map(names),
        **{name: table["indicator"].map(said[name]) for name in ("name_zh", "name_en")},
    )[list(columns("change_causes").index)]


def cause_notes(losses: pd.DataFrame | None, works: pd.DataFrame | None) -> list[Problem]:
    """
    Tell what the causes do not know: a place without records of losses, or without works.

    Parameters
    ----------
    losses, works : DataFrame or None
        As for ``change_causes``.

    Returns
    -------
    notes : list of Problem
        ``causes_without_events`` and ``causes_without_works``, where they apply.

    Examples
    --------
    >>> [note.code for note in cause_notes(None, None)]
    ['causes_without_events', 'causes_without_works']
    """
    notes = []
    if losses is None or losses.empty:
        notes.append(Problem("causes_without_events"))
    if works is None or not works.gt(0.0).any(axis=None):
        notes.append(Problem("causes_without_works"))
    return notes
