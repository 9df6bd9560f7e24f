"""
What moved each piece of ground between two inventories, cause by cause, with nothing left over.

The change of a piece is given to causes in a fixed order: four-side trees, recorded losses, works,
then what the ground itself tells. What nothing explains stays in a cause too.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from .carbon import carbon_part
from .flows import land_category
from .gain_loss import EVENTS
from .stand_changes import NONE, of_rows, share

GROWTH, PLANTING, RESTORATION, FOUR_SIDE = "growth", "planting", "restoration", "four_side"
REST = "reclassification"
WORKS = (PLANTING, RESTORATION)
CAUSES = (GROWTH, *WORKS, FOUR_SIDE, *EVENTS, REST)
# of planting, the ground that was a young plantation at the first date
EARLIER = "earlier_change"
GROUND, LOOSE, BELT = "ground", "loose", "belt"
# columns of the stands that make up each figure, by what they stand on
FIGURES = {
    "forest_area_ha": {
        GROUND: ("arbor_ha", "bamboo_ha", "special_shrub_ha"),
        BELT: ("shelterbelt_ha",),
        FOUR_SIDE: ("four_side_ha",),
    },
    "forest_stock_m3": {GROUND: ("forest_stock_m3",)},
    "living_stock_m3": {
        GROUND: ("forest_stock_m3", "sparse_stock_m3"),
        LOOSE: ("scattered_stock_m3",),
        FOUR_SIDE: ("four_side_stock_m3",),
    },
    "carbon_t": {GROUND: ("carbon_t",)},
}
# what records of events take off each figure, and of which part of the forest
RECORDED = {
    "forest_stock_m3": ("volume_m3", ("arbor",)),
    "living_stock_m3": ("volume_m3", ("arbor", "sparse")),
    "carbon_t": ("carbon_t", ("arbor",)),
}
YOUNG = ("young", "young_planted")
# land whose class says what became of the trees on it
TOLD = {"cutover": "harvest", "young_planted": "harvest", "burned": "fire"}
# what became of the ground, and the cause of a gain and of a loss that no record explains
CASES = {
    "one_date": (REST, REST),
    "stayed": (GROWTH, GROWTH),
    "renamed": (REST, REST),
    "cleared": (GROWTH, None),
    "converted": (GROWTH, REST),
    "closed": (PLANTING, PLANTING),
    "regrown": (GROWTH, GROWTH),
    "gained": (REST, REST),
    "open": (GROWTH, GROWTH),
}


def project_share(
    rows: pd.DataFrame,
    pieces: pd.DataFrame,
    projects: pd.DataFrame,
    after: pd.DataFrame,
    years: tuple[int, int],
) -> pd.DataFrame:
    """
    Return which share of the ground of each row is ground of works that make new forest.

    Parameters
    ----------
    rows : DataFrame
        As ``stand_changes.stand_changes`` returns them.
    pieces : DataFrame
        Ground of projects on the later stands, as ``project_ground.ground_of`` returns it:
        ``project`` and ``stand`` (labels) and ``ground_ha`` (ha).
    projects : DataFrame
        With ``project_type``, ``method`` (``planting`` for works that make new forest) and
        ``start_year``, on the labels that ``pieces`` names.
    after : DataFrame
        The later stands, with ``area_ha`` (ha).
    years : tuple of int
        Years of both inventories; works of the first year and before, or after the second, do
        not count.

    Returns
    -------
    works : DataFrame
        ``planting`` and ``restoration`` (of mines), shares from 0 to 1 that are no more than 1
        together, on the index of the rows; 0 where ground has no later stand.

    Notes
    -----
    The share is that of the later stand, the same for all of its rows: works usually have a
    stand of their own once they are surveyed. Where a project holds part of a stand that was
    put together of several, the share of a single row is approximate.

    Examples
    --------
    >>> rows = pd.DataFrame({"after": [0, 1, -1]})
    >>> pieces = pd.DataFrame({"project": ["p"], "stand": [7], "ground_ha": [3.0]})
    >>> projects = pd.DataFrame({"project_type": ["corridor"], "method": ["planting"],
    ...                          "start_year": [2022]}, index=["p"])
    >>> after = pd.DataFrame({"area_ha": [4.0, 5.0]}, index=[7, 8])
    >>> project_share(rows, pieces, projects, after, (2020, 2025))["planting"].tolist()
    [0.75, 0.0, 0.0]
    """
    due = projects["start_year"].gt(years[0]) & projects["start_year"].le(years[1])
    due &= projects["method"].eq("planting")
    restores = projects["project_type"].eq("mine_restoration")
    kind = restores.map({True: RESTORATION, False: PLANTING})[due]
    found = {}
    for name in WORKS:
        mine = pieces[pieces["project"].isin(kind.index[kind.eq(name)])]
        ground = mine.groupby("stand")["ground_ha"].sum().reindex(after.index, fill_value=0.0)
        found[name] = of_rows(rows["after"], (ground / after["area_ha"]).clip(upper=1.0))
    shares = pd.DataFrame(found).fillna(0.0)
    return shares.div(shares.sum(axis=1).clip(lower=1.0), axis=0)


class Pair(NamedTuple):
    """
    Two inventories and what is known of their ground.

    ``rows`` are those of ``stand_changes.stand_changes``, ``stands`` the inventories by date,
    ``ground`` comes from ``ground_between``, ``losses`` from ``event_losses.event_losses`` and
    ``works`` from ``project_share``; they are indexed like the rows.
    """

    rows: pd.DataFrame
    stands: dict[str, pd.DataFrame]
    ground: pd.DataFrame
    losses: pd.DataFrame | None
    works: pd.DataFrame

    def figure(self, names: Sequence[str]) -> pd.DataFrame:
        """Share the sum of some columns of the stands out over the rows, at both dates."""
        return pd.DataFrame({date: share(self.rows, one[list(names)].sum(axis=1), date)
                             for date, one in self.stands.items()})  # fmt: skip


def ground_between(
    rows: pd.DataFrame, stands: Mapping[str, pd.DataFrame], losses: pd.DataFrame | None
) -> pd.DataFrame:
    """
    Tell what became of the ground of each row, whose it is, and what explains its change.

    Parameters
    ----------
    rows : DataFrame
        As ``stand_changes.stand_changes`` returns them.
    stands : mapping
        ``before`` and ``after``: stands with ``forest_type`` and ``town_code``.
    losses : DataFrame or None
        As ``event_losses.event_losses`` returns them.

    Returns
    -------
    ground : DataFrame
        On the index of the rows: ``case`` (a key of ``CASES``), ``part`` (kind of forest at the
        first date), the cause of a ``gain``, of a ``loss`` and of an ``area_loss`` that works
        and recorded amounts do not explain, ``town_before`` and ``town_after``.

    Raises
    ------
    ParameterError
        If a kind of land has no land-use category.

    Examples
    --------
    >>> kinds = pd.DataFrame({"forest_type": ["arbor", "young_planted"], "town_code": "t"})
    >>> rows = pd.DataFrame({"before": [0, 1], "after": [0, 1], "ground_ha": 1.0})
    >>> later = kinds.assign(forest_type=["cutover", "arbor"])
    >>> ground = ground_between(rows, {"before": kinds, "after": later}, None)
    >>> ground[["case", "gain", "loss"]].values.tolist()
    [['cleared', 'growth', 'harvest'], ['closed', 'planting', 'planting']]
    """
    of_date = {}
    for date, one in stands.items():
        kind = of_rows(rows[date], one["forest_type"])
        # trees of sparse woodland and of arbor forest are the same trees
        part = of_rows(rows[date], carbon_part(one["forest_type"])).mask(kind.eq("sparse"), "arbor")
        forest = of_rows(rows[date], land_category(one["forest_type"])).eq("forest")
        of_date[date] = pd.DataFrame({"kind": kind, "part": part, "forest": forest})
    first, last = of_date.values()
    trees = [one["part"].notna() for one in (first, last)]
    cases = {
        "one_date": rows["before"].eq(NONE) | rows["after"].eq(NONE),
        "stayed": trees[0] & trees[1] & first["part"].eq(last["part"]),
        "renamed": trees[0] & trees[1],
        "cleared": trees[0] & last["forest"],
        "converted": trees[0],
        "closed": trees[1] & first["kind"].isin(YOUNG),
        "regrown": trees[1] & first["forest"],
        "gained": trees[1] | first["forest"].ne(last["forest"]),
    }
    case = pd.Series(np.select(list(cases.values()), list(cases), "open"), index=rows.index)
    event = _event(rows, stands["before"], losses, seen := last["kind"].map(TOLD))
    told = event.fillna(seen).fillna(REST)
    gain, loss = (case.map({name: one[sign] for name, one in CASES.items()}) for sign in (0, 1))
    loss = loss.mask(case.eq("cleared"), told)
    return pd.DataFrame({
        "case": case, "part": first["part"], "gain": gain, "loss": loss,
        # a stand may also fall below what counts as forest area
        "area_loss": loss.mask(case.eq("stayed") & event.notna(), event),
        **{f"town_{date}": of_rows(rows[date], one["town_code"].astype(object))
           for date, one in stands.items()},
    })  # fmt: skip


def _event(
    rows: pd.DataFrame, before: pd.DataFrame, losses: pd.DataFrame | None, seen: pd.Series
) -> pd.Series:
    """Return the event of each row: the recorded one that its class shows, else the largest."""
    if losses is None:
        return pd.Series(None, index=rows.index, dtype=object)
    area = losses.pivot_table(index="stand", columns="event_type", values="area_ha", aggfunc="sum")
    area = area.reindex(index=before.index, columns=list(EVENTS)).fillna(0.0)
    largest = area.idxmax(axis=1).astype(object).where(area.gt(0.0).any(axis=1))
    event = of_rows(rows["before"], largest)
    # a small fire in a stand does not explain why all of it was cut
    covered = of_rows(rows["before"], area.max(axis=1)) >= rows["ground_ha"] / 2.0
    event = event.where(covered | seen.isna())
    for name in EVENTS:
        recorded = of_rows(rows["before"], area[name]).gt(0.0)
        event = event.mask(seen.eq(name) & recorded, name)
    return event


def explained(pair: Pair, indicator: str, part: str, figure: pd.DataFrame) -> pd.DataFrame:
    """
    Give the change of one part of a figure to its causes, row by row.

    Parameters
    ----------
    pair : Pair
    indicator, part : str
        Keys of ``FIGURES``.
    figure : DataFrame
        ``before`` and ``after``, the figure of the part on each row, in the unit of the
        indicator; ``Pair.figure`` gives it.

    Returns
    -------
    amounts : DataFrame
        ``CAUSES``, which add up to the change of each row, and ``EARLIER``, the part of
        planting on what was a young plantation.
    """
    change = figure["after"] - figure["before"]
    found = pd.DataFrame(0.0, index=change.index, columns=[*CAUSES, EARLIER])
    if part == GROUND:
        taken = _taken(pair, indicator, figure["before"])
        change += taken.sum(axis=1)
        made = pair.works.mul(change.where(figure["before"].eq(0.0), 0.0), axis=0)
        found[list(EVENTS)] -= taken
        found[list(WORKS)] += made
        change -= made.sum(axis=1)
        if indicator == "carbon_t":
            found[REST] += (renamed := _renamed(pair))
            change -= renamed
        found[EARLIER] += change.where(pair.ground["case"].eq("closed"), 0.0)
    main = _main_cause(pair, indicator, part, change)
    for cause in CAUSES:
        found[cause] += change.where(main.eq(cause), 0.0)
    return found


def _main_cause(pair: Pair, indicator: str, part: str, change: pd.Series) -> pd.Series:
    """Return the cause of what neither a record nor the share of works explains."""
    ground = pair.ground
    if part == FOUR_SIDE:
        return ground["gain"].where(ground["case"].eq("one_date"), FOUR_SIDE)
    if part == BELT:
        planted = pair.works[PLANTING].gt(0.0) & change.gt(0.0)
        return planted.map({True: PLANTING, False: REST})
    loss = ground["area_loss" if indicator == "forest_area_ha" else "loss"]
    return ground["gain"].where(change.gt(0.0), loss)


def _taken(pair: Pair, indicator: str, stood: pd.Series) -> pd.DataFrame:
    """Place what events took on the rows: where the trees are gone first, then on all ground."""
    taken = pd.DataFrame(0.0, index=stood.index, columns=list(EVENTS))
    if pair.losses is None or indicator not in RECORDED:
        return taken
    name, parts = RECORDED[indicator]
    mine = pair.losses[pair.losses["part"].isin(parts) & pair.losses[name].gt(0.0)]
    count = len(pair.stands["before"])
    parcel = pair.stands["before"].index.get_indexer(mine["stand"])
    recorded = np.zeros((count, len(EVENTS)))
    np.add.at(recorded, (parcel, pd.Index(EVENTS).get_indexer(mine["event_type"])), mine[name])
    whole = recorded.sum(axis=1)
    left, placed = whole.copy(), np.zeros(len(stood))
    of_row = pair.rows["before"].clip(lower=0).to_numpy()
    for case in ("cleared", "converted"):
        held = stood.where(pair.ground["case"].eq(case), 0.0).to_numpy()
        there = np.bincount(of_row, held, minlength=count)
        part = np.divide(np.minimum(left, there), there, out=np.zeros(count), where=there > 0.0)
        placed += held * part[of_row]
        left -= there * part
    placed += share(pair.rows, pd.Series(left), "before").to_numpy()
    of_type = recorded / np.where(whole > 0.0, whole, 1.0)[:, None]
    return taken + placed[:, None] * of_type[of_row]


def _renamed(pair: Pair) -> pd.Series:
    """Return the carbon that arbor stands gained by another species name and not by growth."""
    stock, carbon = pair.figure(["forest_stock_m3"]), pair.figure(["carbon_t"])
    species = [of_rows(pair.rows[date], one["species_group"].astype(object)).fillna("")
               for date, one in pair.stands.items()]  # fmt: skip
    other = pair.ground["case"].eq("stayed") & pair.ground["part"].eq("arbor")
    other &= species[0].ne(species[1]) & stock.gt(0.0).all(axis=1)
    per_m3 = carbon[other] / stock[other]
    found = stock.loc[other, "before"] * (per_m3["after"] - per_m3["before"])
    return found.reindex(pair.rows.index, fill_value=0.0)
