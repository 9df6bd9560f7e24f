"""
The table of land-use change and forestry, laid out as the provincial greenhouse-gas inventory.

The twelve rows share out what the stock difference gives, and add up to it exactly: growth of
arbor forest is its change of stock with what was cut and converted put back, and both are told
in rows of their own. A figure that another row holds is ``IE``, one that nobody estimated
``NE``, one that does not occur ``NO``, and a gas that a row does not give off ``NA``.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd

from .errors import ParameterError, Problem
from .flows import CATEGORIES, TREE_PARTS, check_period
from .ghg import GASES, conversion_fates, fire_gases, gwp
from .summary import WHOLE_PLACE
from .units import carbon_to_co2

# rows of growth and the parts of the flows they hold
GROWTH = {
    "arbor": ("arbor",),
    "economic": ("economic",),
    "bamboo": ("bamboo",),
    "shrub": ("shrub",),
    "trees": ("sparse", *TREE_PARTS),
}
# rows that are sums, and what they sum
SUMS = {
    "biomass": (*GROWTH, "harvest", "mortality"),
    "conversion": ("burning", "decay"),
    "total": ("biomass", "conversion"),
}
ROWS = ("biomass", *SUMS["biomass"], "conversion", *SUMS["conversion"], "total")
UNITS = {
    "carbon": "万t C/yr",
    "co2": "万t CO2/yr",
    "ch4": "t CH4/yr",
    "n2o": "t N2O/yr",
    "ghg": "万t CO2e/yr",
    "uncertainty": "%",
}
T_PER_WAN_T = 10_000.0
PERCENT = 100.0
# a change below this share of the stocks is what sums of many figures lose
SUM_NOISE = 1e-13
# the gravest first: what a sum without any figure is
NOTATION = ("NE", "IE", "NO", "NA")
NONFOREST = tuple(one for one in CATEGORIES if one != "forest")


class Cell(NamedTuple):
    """A figure or what stands in its place; a sum may be a figure that lacks parts, ``NE``."""

    value: float = float("nan")
    notation: str = ""

    @property
    def known(self) -> bool:
        """Tell whether there is a figure."""
        return not pd.isna(self.value)


def total_cell(cells: Iterable[Cell]) -> Cell:
    """
    Sum cells: figures add up, and a part that nobody estimated is told beside the sum.

    Examples
    --------
    >>> total_cell([Cell(1.0), Cell(2.0), Cell(notation="IE")])
    Cell(value=3.0, notation='')
    >>> total_cell([Cell(1.0), Cell(notation="NE")])
    Cell(value=1.0, notation='NE')
    """
    cells = list(cells)
    found = [one for one in NOTATION if one in {cell.notation for cell in cells}]
    values = [cell.value for cell in cells if cell.known]
    if not values:
        return Cell(notation=found[0] if found else "NO")
    return Cell(float(sum(values)) + 0.0, "NE" if "NE" in found else "")


@dataclass(frozen=True)
class Period:
    """The years between two inventories: flows of the whole place, and the events, if known."""

    first: int
    last: int
    flows: pd.DataFrame
    losses: pd.DataFrame | None

    @property
    def years(self) -> int:
        """Return the number of years."""
        return self.last - self.first

    def change(self) -> pd.Series:
        """Return the change of carbon of each part, t C per year, positive for a gain."""
        return self._by_part(self.flows)

    def converted(self) -> pd.DataFrame:
        """Return the flows of forest that became other land."""
        away = self.flows["category_after"].isin(NONFOREST)
        return self.flows[self.flows["category_before"].eq("forest") & away]

    def lost(self) -> pd.Series:
        """Return what each part lost by conversion of forest, t C per year."""
        return -self._by_part(self.converted())

    def _by_part(self, flows: pd.DataFrame) -> pd.Series:
        return flows.groupby("part")["carbon_change_t"].sum(min_count=1) / self.years

    def harvest(self) -> Cell:
        """
        Return what was cut in forest that stayed forest, t C per year.

        What was cut on forest that became other land counts with the conversion and is left
        out; harvest whose place is not known counts here. Without events of harvest it is part
        of the change of stock; where the carbon of some is not known, ``NE`` stands beside.
        """
        if self.losses is None:
            return Cell(notation="IE")
        cut = self.losses[self.losses["event_type"].eq("harvest")]
        remaining_t = cut["carbon_t"] - cut["converted_carbon_t"].fillna(0.0)
        if remaining_t.isna().all():
            return Cell(notation="IE")
        return Cell(remaining_t.sum() / self.years, _lacking(remaining_t))

    def burnt_ha(self) -> Cell:
        """Return the forest area that burnt, ha per year; no record proves that none did."""
        if self.losses is None:
            return Cell(notation="NE")
        burnt = self.losses.loc[self.losses["event_type"].eq("fire"), "area_ha"]
        if burnt.isna().all():
            return Cell(notation="NE")
        return Cell(burnt.sum() / self.years, _lacking(burnt))

    def fires(self) -> dict[str, Cell]:
        """Return the gases of forest fires, t per year."""
        area = self.burnt_ha()
        if not area.known:
            return dict.fromkeys(GASES, area)
        return {gas: Cell(mass, area.notation) for gas, mass in fire_gases(area.value).items()}


def _lacking(values: pd.Series) -> str:
    """Return the key that stands beside a sum of values."""
    return "NE" if values.isna().any() else ""


def periods(flows: pd.DataFrame, losses: pd.DataFrame | None = None) -> Iterator[Period]:
    """
    Part the flows of a run into its periods, with the events of each.

    Parameters
    ----------
    flows : DataFrame
        As ``flows.carbon_flows`` returns them, all pairs of dates one below the other.
    losses : DataFrame, optional
        As ``event_losses.event_losses`` returns them; none where no events are known.

    Yields
    ------
    period : Period
        Events count from the year after the earlier inventory to the year of the later one.

    Raises
    ------
    ParameterError
        If there are no two dates.
    """
    whole = flows[flows["town_code"].eq(WHOLE_PLACE)]
    if whole.empty:
        raise ParameterError(Problem("second_date_missing"))
    for (first, last), rows in whole.groupby(["year_before", "year_after"]):
        check_period(first, last)
        events = None
        if losses is not None:
            events = losses[losses["year"].gt(first) & losses["year"].le(last)]
        yield Period(int(first), int(last), rows, events)


def change_half_widths(
    before: Mapping[str, np.ndarray], after: Mapping[str, np.ndarray], years: int
) -> dict[str, float]:
    """
    Sum up draws of the carbon of parts at two dates as half-widths of their change.

    Parameters
    ----------
    before, after : mapping
        Part of the flows to its draws, t C. Both dates have the same draws of what they share,
        so that errors of parameters cancel in the change as far as they do.
    years : int
        Years between the dates.

    Returns
    -------
    half_widths : dict
        Half of the 95 % interval of the change, t C per year, by row of growth, and of all
        parts together as ``biomass`` and ``total``.

    Examples
    --------
    >>> draws = np.linspace(0.0, 100.0, 101)
    >>> change_half_widths({"arbor": 0.0 * draws}, {"arbor": draws}, 5)["total"]
    9.5
    """
    known = {row: [one for one in parts if one in before and one in after]
             for row, parts in GROWTH.items()}  # fmt: skip
    changes = {row: sum(after[one] - before[one] for one in parts)
               for row, parts in known.items() if parts}  # fmt: skip
    changes["biomass"] = changes["total"] = sum(changes.values())
    low_high = {row: np.quantile(change, [0.025, 0.975]) for row, change in changes.items()}
    return {row: float(high - low) / 2.0 / years for row, (low, high) in low_high.items()}


def ghg_inventory(
    flows: pd.DataFrame,
    losses: pd.DataFrame | None = None,
    gwp_set: str = "ar5",
    burning: tuple[float, float] | None = None,
    half_widths: Mapping[tuple[int, int], Mapping[str, float]] | None = None,
) -> pd.DataFrame:
    """
    Lay out the twelve rows of the inventory as yearly means between two dates.

    Parameters
    ----------
    flows, losses : DataFrame
        As for ``periods``.
    gwp_set : str
        A set of ``data/gwp.csv``.
    burning : (float, float), optional
        Shares of the biomass carbon of converted forest that are burnt on site and elsewhere.
        Without them its carbon is lost in one row and its other gases are ``NE``.
    half_widths : mapping, optional
        Earlier and later year to the half-widths of the 95 % intervals of that period, t C per
        year by row, as ``change_half_widths`` returns them.

    Returns
    -------
    table : DataFrame
        Columns of ``ghg_inventory`` in ``data/columns.csv``: twelve rows of six items for each
        period. **Carbon is a change of stock, positive for a gain; CO2 and greenhouse gases are
        emissions, negative for a removal.**

    Raises
    ------
    ParameterError
        If there are no two dates, a share is impossible, or the set of potentials is unknown.

    Notes
    -----
    Methane and nitrous oxide of forest fires stand with mortality, as fires are among its
    causes; their carbon is within the change of stock. Sparse, scattered and four-side trees
    are left out of the sum where their carbon is not known.

    Uncertainty is that of the change of stock, over the row. Harvest that is put back into growth
    is taken off again in the sums, so its error cancels there; in the row of arbor forest it does
    not, and has no interval, so that this row is ``NE``. Conversion counts as exact. A sum
    whose half-width is not given is combined from growth as if its rows erred independently.

    References
    ----------
    [provincial_guideline_2011]_ the summary table of land-use change and forestry.
    [ipcc_2006_v4]_ equation 2.5; [ipcc_2006_v1]_ equation 3.2.

    Examples
    --------
    100 000 t of carbon become 118 081 t in five years, a removal of 13 259.4 t of CO2 a year:

    >>> flows = pd.DataFrame({
    ...     "town_code": [""], "year_before": 2020, "year_after": 2025, "part": "arbor",
    ...     "category_before": "forest", "category_after": "forest",
    ...     "carbon_before_t": 100000.0, "carbon_after_t": 118081.0,
    ...     "carbon_change_t": 18081.0})
    >>> table = ghg_inventory(flows).set_index(["row", "item"])["value"]
    >>> round(float(table["total", "co2"]), 5)
    -1.32594
    """
    potentials = gwp(gwp_set)
    found = [
        _laid_out(
            _cells(period, burning),
            potentials,
            (half_widths or {}).get((period.first, period.last), {}),
        ).assign(year_before=period.first, year_after=period.last, gwp_set=gwp_set)
        for period in periods(flows, losses)
    ]
    table = pd.concat(found, ignore_index=True)
    order = ["year_before", "year_after", "row", "item", "value", "unit", "notation", "gwp_set"]
    return table[order]


def _cells(period: Period, burning: tuple[float, float] | None) -> dict[str, dict[str, Cell]]:
    """Fill the rows: carbon gained and gases given off, t per year."""
    none = dict.fromkeys(GASES, Cell(notation="NA"))
    harvest, lost = period.harvest(), period.lost()
    growth = _growth(period, lost)
    rows = {row: {"carbon": cell, **none} for row, cell in growth.items()}
    if harvest.known:
        grown = total_cell([rows["arbor"]["carbon"], harvest])
        rows["arbor"]["carbon"] = grown
        harvest = Cell(-harvest.value + 0.0, harvest.notation)
    rows["harvest"] = {"carbon": harvest, **none}
    rows["mortality"] = {"carbon": Cell(notation="IE"), **period.fires()}
    rows |= _conversion(period, float(lost.sum()), burning)
    # harvest that is not known is in none of growth and harvest, and lacks in no sum of both
    rows["biomass"] = {"carbon": total_cell([*growth.values(), rows["mortality"]["carbon"]])}
    for row, parts in SUMS.items():
        summed = {item: total_cell(rows[part][item] for part in parts)
                  for item in ("carbon", *GASES)}  # fmt: skip
        rows[row] = summed | rows.get(row, {})
    return rows


def _growth(period: Period, lost: pd.Series) -> dict[str, Cell]:
    """Return the growth of each kind of forest: its change of stock and what was converted."""
    change = period.change()
    grown = change.add(lost, fill_value=0.0)
    stock_t = period.flows.groupby("part")[["carbon_before_t", "carbon_after_t"]].sum().sum(axis=1)
    grown = grown.mask(grown.abs() <= stock_t * SUM_NOISE, 0.0)
    found = {}
    for row, parts in GROWTH.items():
        cells = [
            Cell(grown[part], "NE" if pd.isna(change[part]) else "")
            for part in parts if part in change.index
        ]  # fmt: skip
        found[row] = total_cell(cells)
    return found


def _conversion(
    period: Period, lost_t: float, burning: tuple[float, float] | None
) -> dict[str, dict[str, Cell]]:
    """Return what converted forest gave off, by burning and by decay; or as one where unknown."""
    if period.converted().empty:
        none = dict.fromkeys(("carbon", *GASES), Cell(notation="NO"))
        return {"burning": none, "decay": none}
    within, silent = Cell(notation="IE"), dict.fromkeys(GASES, Cell(notation="NA"))
    if burning is None:
        open_ = dict.fromkeys(GASES, Cell(notation="NE"))
        return {
            "conversion": {"carbon": Cell(-lost_t + 0.0), **open_},
            "burning": {"carbon": within, **open_},
            "decay": {"carbon": within, **silent},
        }
    fates = conversion_fates(max(lost_t, 0.0), *burning)  # a gain has nothing to burn
    gases = {gas: Cell(fates[gas]) for gas in GASES}
    burnt_t = fates["burnt_t"]
    return {
        "burning": {"carbon": Cell(-burnt_t + 0.0), **gases},
        "decay": {"carbon": Cell(burnt_t - lost_t), **silent},
    }


def _laid_out(
    rows: dict[str, dict[str, Cell]], potentials: dict[str, float], given: Mapping[str, float]
) -> pd.DataFrame:
    """Write the rows as a long table, in the units of the form."""
    spread = _uncertainty({row: cells["carbon"] for row, cells in rows.items()}, given)
    lines = []
    for row in ROWS:
        cells = rows[row]
        carbon = _scaled(cells["carbon"], 1.0 / T_PER_WAN_T)
        co2 = _scaled(carbon, -carbon_to_co2(1.0))
        other = [_scaled(cells[gas], potentials[gas] / T_PER_WAN_T) for gas in GASES]
        found = {"carbon": carbon, "co2": co2, **{gas: cells[gas] for gas in GASES},
                 "ghg": total_cell([co2, *other]), "uncertainty": spread[row]}  # fmt: skip
        lines += [(row, item, *cell, UNITS[item]) for item, cell in found.items()]
    return pd.DataFrame(lines, columns=["row", "item", "value", "notation", "unit"])


def _scaled(cell: Cell, factor: float) -> Cell:
    """Multiply a figure; what stands in the place of one stays."""
    return Cell(cell.value * factor + 0.0, cell.notation)


def _uncertainty(carbon: dict[str, Cell], given: Mapping[str, float]) -> dict[str, Cell]:
    """Return the uncertainty of each row in percent: as given, or combined for a sum."""
    grown = [row for row in GROWTH if carbon[row].known]
    drawn = all(row in given for row in grown)
    put_back = carbon["harvest"].value < 0.0
    found = {}
    for row, cell in carbon.items():
        half_t = None if row == "arbor" and put_back else given.get(row)
        if row in ("biomass", "total"):  # an interval that leaves some trees out is none of all
            combined = float(np.hypot.reduce([given[one] for one in grown])) if drawn else None
            half_t = half_t if drawn and half_t is not None else combined
        if not cell.known or half_t is None or cell.value == 0.0:
            found[row] = Cell(notation="NE" if cell.known else cell.notation)
        else:
            found[row] = Cell(half_t / abs(cell.value) * PERCENT)
    return found
