"""Cohorts and events turned into plots of one age, each with what befalls it and when."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd

from ..scenarios import Scenario

# what befalls forest, and the name of that disturbance in CBM-CFS3
EVENTS = {
    "harvest": "Clearcut harvesting with salvage",
    "fire": "Wildfire",
    "pest": "Insect disturbance",
    "planting": "Afforestation",
}
# areas (ha) and volumes (m3) below this are rounding
LEAST = 1e-6
COLUMNS = ("year", "kind", "species_group", "area_ha", "volume_m3")


@dataclass(frozen=True)
class Plot:
    """
    Forest of one species group and age with one fate.

    ``age_yr`` is the age in the first year. ``events`` gives the kind of event by year, each of
    which begins a new stand. ``planted`` is the year in which land without forest is planted.
    """

    species_group: str
    age_yr: int
    area_ha: float
    events: dict[int, str] = field(default_factory=dict)
    planted: int | None = None

    def age(self, year: int, first_year: int) -> int:
        """
        Return the age (yr) at the end of a year.

        Examples
        --------
        >>> plot = Plot("oak", 30, 1.0, {2027: "harvest"})
        >>> [plot.age(year, 2025) for year in (2025, 2026, 2027, 2028)]
        [30, 31, 1, 2]
        """
        begun = max((one for one in self.events if one <= year), default=None)
        if begun is None:
            return 0 if self.planted else self.age_yr + year - first_year
        return year - begun + 1


def events_of(scenario: Scenario, first_year: int, last_year: int) -> pd.DataFrame:
    """
    List what a scenario does to the forest, year by year.

    Parameters
    ----------
    scenario : Scenario
        Of ``scenarios.read_scenarios``.
    first_year, last_year : int
        Year of the inventory, after which events begin, and the last year.

    Returns
    -------
    events : DataFrame
        ``year``, ``kind`` (harvest, fire, pest or planting), ``species_group`` (of plantings),
        ``area_ha`` (ha) or, for harvest, ``volume_m3`` (m3).

    Notes
    -----
    CBM-CFS3 replaces stands, so a fire or pest that takes a share of the stock is laid on that
    share of its area. Mortality is part of the turnover of CBM-CFS3, and improvement, which
    has no counterpart there, is left out.
    """
    rows = []
    for year in range(first_year + 1, last_year + 1):
        rows.append((year, "harvest", "", np.nan, scenario.harvest_m3_yr))
        loss = scenario.disturbance
        if loss and loss.from_year <= year <= loss.to_year:
            area_ha = loss.area_ha_yr * loss.stock_loss_pct / 100
            rows.append((year, loss.kind, "", area_ha, np.nan))
        rows += [(year, "planting", one.species_group, one.area_ha(year), np.nan)
                 for one in scenario.planting]  # fmt: skip
    events = pd.DataFrame(rows, columns=COLUMNS)
    return events[events[["area_ha", "volume_m3"]].sum(axis=1) > 0].reset_index(drop=True)


def plan(
    cohorts: pd.DataFrame,
    volume: Callable[[str, float], float],
    events: pd.DataFrame,
    first_year: int,
) -> tuple[list[Plot], pd.DataFrame]:
    """
    Lay events on cohorts, the oldest first, and split cohorts that they hit in part.

    Parameters
    ----------
    cohorts : DataFrame
        ``species_group``, ``age_yr`` (yr) in the first year and ``area_ha`` (ha).
    volume : callable
        Stock (m3/ha) of a species group at an age.
    events : DataFrame
        As ``events_of`` returns them.
    first_year : int
        Year of the cohorts.

    Returns
    -------
    plots : list of Plot
        Their areas add up to those of the cohorts and of what is planted.
    unmet : DataFrame
        Events with what of their area or volume found no forest to befall.

    Examples
    --------
    >>> cohorts = pd.DataFrame({"species_group": ["oak"], "age_yr": [30], "area_ha": [10.0]})
    >>> events = pd.DataFrame({"year": [2026], "kind": "harvest", "species_group": "",
    ...                        "area_ha": [float("nan")], "volume_m3": [400.0]})
    >>> plots, unmet = plan(cohorts, lambda group, age: 100.0, events, 2025)
    >>> [(plot.area_ha, plot.events) for plot in plots], len(unmet)
    ([(4.0, {2026: 'harvest'}), (6.0, {})], 0)
    """
    ages = cohorts["age_yr"].round().astype(int)
    summed = cohorts.groupby(["species_group", ages])["area_ha"].sum()
    plots = [Plot(group, age, area_ha) for (group, age), area_ha in summed.items() if area_ha > 0]
    unmet = []
    for event in events.sort_values("year", kind="stable").itertuples(index=False):
        year = int(event.year)
        if event.kind == "planting":
            planted = {year: "planting"}
            plots.append(Plot(event.species_group, 0, float(event.area_ha), planted, year))
            continue
        left = event.area_ha if np.isnan(event.volume_m3) else event.volume_m3
        standing = [(one, one.age(year - 1, first_year)) for one in plots]
        plots = []
        for plot, age in sorted(standing, key=lambda one: -one[1]):
            per_ha = 1.0 if np.isnan(event.volume_m3) else volume(plot.species_group, age)
            can_fall = age > 0 and per_ha > 0 and year not in plot.events
            area_ha = min(plot.area_ha, left / per_ha) if can_fall else 0.0
            left -= area_ha * per_ha
            plots += _parts(plot, area_ha, {year: event.kind})
        if left > LEAST:
            name = "area_ha" if np.isnan(event.volume_m3) else "volume_m3"
            unmet.append({**event._asdict(), name: left})
    return plots, pd.DataFrame(unmet, columns=COLUMNS)


def _parts(plot: Plot, area_ha: float, event: dict[int, str]) -> list[Plot]:
    """Part a plot in what an event hits and what it spares."""
    hit = replace(plot, area_ha=area_ha, events=plot.events | event)
    spared = replace(plot, area_ha=plot.area_ha - area_ha)
    return [one for one in (hit, spared) if one.area_ha > 0]
