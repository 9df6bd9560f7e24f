"""
The tables of land use of the common reporting format (CRT) of the UNFCCC, for one district.

Figures are yearly means between two inventories. Areas are those of the later one. Carbon is a
change of stock, positive for a gain; CO2 and other gases are emissions, so that a **removal is
negative**. Land is told apart by what it was and is at the two dates: what was converted before
the first of them counts as land that remained, and not for the twenty years of the default.
"""

from itertools import product
from typing import NamedTuple

import pandas as pd

from .flows import CATEGORIES, NO_GROUND, OPEN, check_period, land_category
from .ghg import GASES, conversion_fates, gwp
from .lucf import NONFOREST, Cell, Period, periods, total_cell
from .stand_changes import of_rows, share
from .summary import WHOLE_PLACE
from .units import carbon_to_co2

SUMMARY, BURNING, TRANSITION = "4", "4(V)", "4.1"
# letters of the tables of land, and what is carried over from outside
LETTERS = dict(zip(CATEGORIES, "ABCDEF", strict=True))
WOOD_PRODUCTS = "4.G"
# land without a parcel at one of the dates has no place in the form
ONE_DATE = "one_date"
STOCKS = ("gains", "losses", "net", "dead_organic", "mineral_soil")
# what is summed over the land of a table
SUMMED = ("area", *STOCKS)
UNITS = {
    "area": "kha", **dict.fromkeys(STOCKS, "kt C/yr"), "co2": "kt CO2/yr", "ch4": "kt CH4/yr",
    "n2o": "kt N2O/yr", "ghg": "kt CO2e/yr",
}  # fmt: skip
POOLS = ("dead_organic", "mineral_soil")
THOUSAND = 1000.0
TOTAL = "total"
PAIR = ["category_before", "category_after"]


class Line(NamedTuple):
    """A row of a table: its number, the land it is about, and its cells."""

    table: str
    row: str
    before: str
    after: str
    cells: dict[str, Cell]


def land_transition(flows: pd.DataFrame) -> pd.DataFrame:
    """
    Measure what the land of each category became between two dates.

    Parameters
    ----------
    flows : DataFrame
        As ``flows.carbon_flows`` returns them, one pair of dates, one place.

    Returns
    -------
    matrix : DataFrame
        kha, a row for each earlier category and a column for each later one. ``none`` is
        there where only one date has a parcel.

    Notes
    -----
    Ground counts with the area of the later parcel, and with that of the earlier one where
    there is no later one. So columns add up to the later inventory; rows differ from the
    earlier one by what the registered areas of unchanged parcels differ.

    Examples
    --------
    >>> flows = pd.DataFrame({
    ...     "category_before": ["forest", "forest"], "category_after": ["forest", "settlements"],
    ...     "area_before_ha": [900.0, 100.0], "area_after_ha": [900.0, 100.0]})
    >>> land_transition(flows).loc["forest", ["forest", "settlements"]].tolist()
    [0.9, 0.1]
    """
    order = [*CATEGORIES, NO_GROUND]
    gone = flows["category_after"].eq(NO_GROUND)
    area = flows["area_after_ha"].mask(gone, flows["area_before_ha"])
    matrix = flows.assign(area_kha=area / THOUSAND).pivot_table(
        index="category_before", columns="category_after", values="area_kha", aggfunc="sum"
    )
    matrix = matrix.reindex(index=order, columns=order).fillna(0.0)
    if not matrix[NO_GROUND].any():
        matrix = matrix.drop(columns=NO_GROUND)
    if not matrix.loc[NO_GROUND].any():
        matrix = matrix.drop(index=NO_GROUND)
    return matrix


def dead_organic_change(
    rows: pd.DataFrame, before: pd.DataFrame, after: pd.DataFrame, years: tuple[int, int]
) -> pd.DataFrame:
    """
    Sum the change of dead wood and litter by what the land was and became.

    Parameters
    ----------
    rows : DataFrame
        As ``stand_changes.stand_changes`` returns them for these two inventories.
    before, after : DataFrame
        Stands with ``forest_type`` and, where they are chosen, ``dead_wood_t`` and
        ``litter_t`` (t C) as ``pools.dead_organic`` returns them.
    years : (int, int)
        Years of the two inventories.

    Returns
    -------
    change : DataFrame
        ``category_before``, ``category_after``, ``change_t_yr`` (t C per year, positive for a
        gain), ``is_partial`` where some ground is left out because a pool is not known at
        both dates, and the years.
    """
    pools = [name for name in ("dead_wood_t", "litter_t") if name in before and name in after]
    land = {
        f"category_{date}": of_rows(rows[date], land_category(stands["forest_type"]))
        for date, stands in (("before", before), ("after", after))
    }
    parts = [share(rows, after[one], "after") - share(rows, before[one], "before")
             for one in pools]  # fmt: skip
    change = sum(parts) / check_period(*years) if parts else float("nan")
    table = pd.DataFrame({**land, "change_t_yr": change})
    table[PAIR] = table[PAIR].fillna(NO_GROUND)
    table["is_partial"] = table["change_t_yr"].isna()
    groups = table.groupby(PAIR)
    sums = groups[["change_t_yr"]].sum(min_count=1).assign(is_partial=groups["is_partial"].any())
    sums = sums.reset_index()
    return sums.assign(year_before=years[0], year_after=years[1])


def crt_tables(
    flows: pd.DataFrame,
    losses: pd.DataFrame | None = None,
    gwp_set: str = "ar5",
    *,
    burning: tuple[float, float] | None = None,
    dead_organic: pd.DataFrame | None = None,
    mineral_soil: pd.DataFrame | None = None,
    wood_products_t_yr: float | None = None,
) -> pd.DataFrame:
    """
    Lay out tables 4, 4.A to 4.F, 4(V) and 4.1 for each period.

    Parameters
    ----------
    flows, losses, gwp_set, burning
        As for ``lucf.ghg_inventory``.
    dead_organic, mineral_soil : DataFrame, optional
        Change of these pools by pair of categories and period, as ``dead_organic_change`` and
        ``pools.soil_change`` return it. Without it a pool is ``NE``.
    wood_products_t_yr : float, optional
        Change of the carbon in harvested wood products, t C per year.

    Returns
    -------
    table : DataFrame
        Columns of ``crt_tables`` in ``data/columns.csv``, one row for each cell.

    Raises
    ------
    ParameterError
        As ``lucf.ghg_inventory`` does.

    Notes
    -----
    Gains and losses of land that remained are ``IE`` in the net change, but for forest with
    events of harvest. Converted land loses what stood on it and gains what stands there now.

    References
    ----------
    [ipcc_2006_v4]_ equations 2.5 and 2.16; layout as in the common reporting tables.

    Examples
    --------
    >>> flows = pd.DataFrame({
    ...     "town_code": [""], "year_before": 2020, "year_after": 2025, "part": "arbor",
    ...     "category_before": "forest", "category_after": "forest", "area_before_ha": 500.0,
    ...     "area_after_ha": 500.0, "carbon_before_t": 1000.0, "carbon_after_t": 2500.0,
    ...     "carbon_change_t": 1500.0})
    >>> table = crt_tables(flows).set_index(["table", "row", "item"])["value"]
    >>> float(table["4.A", "4.A.1", "net"]), float(table["4", "4.A", "co2"])
    (0.3, -1.1)
    """
    potentials = gwp(gwp_set)
    found = []
    for period in periods(flows, losses):
        matrix = land_transition(period.flows)
        pools = {"dead_organic": dead_organic, "mineral_soil": mineral_soil}
        changes = {pool: _of_period(table, period) for pool, table in pools.items()}
        pairs = _pairs(period, matrix, changes)
        lines = [line for after in CATEGORIES for line in _land(after, pairs)]
        gases = _burning(period, burning)
        no_place = [cells["co2"] for pair, cells in pairs.items() if NO_GROUND in pair]
        outside = {WOOD_PRODUCTS: _products(wood_products_t_yr), ONE_DATE: total_cell(no_place)}
        summary = _summary(lines, gases, outside, potentials)
        table = _laid_out([*summary, *lines, *gases, *_transition(matrix)])
        found.append(table.assign(year_before=period.first, year_after=period.last))
    order = ["year_before", "year_after", "table", "row", "category_before", "category_after",
             "item", "value", "unit", "notation", "gwp_set"]  # fmt: skip
    return pd.concat(found, ignore_index=True).assign(gwp_set=gwp_set)[order]


def _kt_co2(carbon_t: float) -> float:
    """Return the emission of CO2, kt, that goes with a change of the carbon stock, t."""
    return -carbon_to_co2(carbon_t) / THOUSAND + 0.0


def _products(change_t_yr: float | None) -> Cell:
    """Return the emission of harvested wood products, kt of CO2."""
    return Cell(notation="NE") if change_t_yr is None else Cell(_kt_co2(change_t_yr))


def _pairs(
    period: Period, matrix: pd.DataFrame, changes: dict[str, pd.DataFrame | None]
) -> dict[tuple[str, str], dict[str, Cell]]:
    """Fill the cells of each pair of categories: area, change of each pool, and CO2."""
    present = set(period.flows[PAIR].itertuples(index=False, name=None))
    trees = period.flows[period.flows["part"].ne(OPEN)]
    trees = dict(list(trees.groupby(PAIR)))
    harvest = period.harvest()
    found = {}
    for pair in product((*CATEGORIES, NO_GROUND), repeat=2):
        if pair not in present:
            found[pair] = dict.fromkeys((*SUMMED, "co2"), Cell(notation="NO"))
            continue
        cells = _biomass(pair, trees.get(pair), period.years, harvest)
        cells |= {pool: _other(table, pool, pair) for pool, table in changes.items()}
        area = Cell(float(matrix.loc[pair]))
        found[pair] = {"area": area, **cells, "co2": _co2(cells)}
    return found


def _biomass(
    pair: tuple[str, str], trees: pd.DataFrame | None, years: int, harvest: Cell
) -> dict[str, Cell]:
    """Return gains, losses and net change of living biomass, kt C per year; losses negative."""
    before, after = pair
    if trees is None and "forest" in pair:  # forest land that carries no trees yet
        old, new, lacking = 0.0, 0.0, ""
    elif trees is None or trees["carbon_change_t"].isna().all():
        return dict.fromkeys(("gains", "losses", "net"), Cell(notation="NE"))
    else:
        per_year = trees[["carbon_before_t", "carbon_after_t"]].sum() / years / THOUSAND
        old, new = per_year.tolist()
        lacking = "NE" if trees["carbon_change_t"].isna().any() else ""
    net = Cell(new - old, lacking)
    if before != after:
        return {"gains": Cell(new, lacking), "losses": Cell(-old + 0.0, lacking), "net": net}
    if before != "forest" or not harvest.known:
        within = Cell(notation="IE")
        return {"gains": within, "losses": within, "net": net}
    cut = harvest.value / THOUSAND
    return {
        "gains": Cell(net.value + cut, lacking or harvest.notation),
        "losses": Cell(-cut + 0.0, harvest.notation),
        "net": net,
    }


def _of_period(table: pd.DataFrame | None, period: Period) -> pd.DataFrame | None:
    """Return the rows of the whole place in a period, by pair of categories."""
    if table is None:
        return None
    mine = table["year_before"].eq(period.first) & table["year_after"].eq(period.last)
    if "town_code" in table:
        mine &= table["town_code"].eq(WHOLE_PLACE)
    return table[mine].set_index(PAIR)


def _other(table: pd.DataFrame | None, pool: str, pair: tuple[str, str]) -> Cell:
    """Return the change of another pool on the land of a pair, kt C per year."""
    if table is not None and pair in table.index:
        row = table.loc[pair]
        lacking = bool(row.get("is_partial", default=False))
        if pd.notna(row["change_t_yr"]):
            return Cell(float(row["change_t_yr"]) / THOUSAND, "NE" if lacking else "")
    elif table is not None and pool == "mineral_soil" and pair == ("forest", "forest"):
        return Cell(0.0)  # tier 1: the soil of forest that remains does not change
    return Cell(notation="NE")


def _co2(cells: dict[str, Cell]) -> Cell:
    """Return the net emission of CO2, kt per year; pools that nobody estimated are left out."""
    change = total_cell(cells[pool] for pool in ("net", *POOLS))
    return Cell(_kt_co2(change.value * THOUSAND), change.notation)


def _land(after: str, pairs: dict[tuple[str, str], dict[str, Cell]]) -> list[Line]:
    """Lay out the table of one kind of land: all of it, what remained, and what was converted."""
    table = f"4.{LETTERS[after]}"
    sources = [one for one in CATEGORIES if one != after]
    converted = [
        Line(table, f"{table}.2.{number}", before, after, pairs[before, after])
        for number, before in enumerate(sources, start=1)
    ]
    remained = pairs[after, after]
    joined = _sum([line.cells for line in converted])
    return [
        Line(table, table, "", after, _sum([remained, joined])),
        Line(table, f"{table}.1", after, after, remained),
        Line(table, f"{table}.2", "", after, joined),
        *converted,
    ]


def _sum(cells: list[dict[str, Cell]]) -> dict[str, Cell]:
    """Sum the cells of several rows; gains and losses only where every row tells them."""
    found = {item: total_cell(one[item] for one in cells) for item in (*SUMMED, "co2")}
    for item in ("gains", "losses"):
        if any(one[item].notation == "IE" for one in cells):
            found[item] = Cell(notation="IE")
    return found


def _burning(period: Period, burning: tuple[float, float] | None) -> list[Line]:
    """Lay out the burning of biomass: fires of forest, and fires that clear it."""
    area = period.burnt_ha()
    fires = {
        "area": _kilo(area),
        "co2": Cell(notation="IE" if area.known else area.notation),
        **{gas: _kilo(cell) for gas, cell in period.fires().items()},
    }
    lines = [Line(BURNING, f"{BURNING}.A.1", "forest", "forest", fires)]
    converted = period.converted()
    for after in NONFOREST:
        land = converted[converted["category_after"].eq(after)]
        cells = _cleared(-land["carbon_change_t"].sum() / period.years, burning)
        if land.empty:
            cells = dict.fromkeys(cells, Cell(notation="NO"))
        row = f"{BURNING}.{LETTERS[after]}.2"
        lines.append(Line(BURNING, row, "forest", after, cells))
    return lines


def _cleared(lost_t: float, burning: tuple[float, float] | None) -> dict[str, Cell]:
    """Return the gases of fires that clear forest; the area of such fires is not known."""
    cells = {"area": Cell(notation="NE"), "co2": Cell(notation="IE")}
    if burning is None:
        return cells | dict.fromkeys(GASES, Cell(notation="NE"))
    fates = conversion_fates(max(lost_t, 0.0), *burning)
    return cells | {gas: _kilo(Cell(fates[gas])) for gas in GASES}


def _kilo(cell: Cell) -> Cell:
    """Turn t into kt, or ha into kha."""
    return Cell(cell.value / THOUSAND, cell.notation)


def _summary(
    lines: list[Line], gases: list[Line], outside: dict[str, Cell], potentials: dict[str, float]
) -> list[Line]:
    """Lay out table 4: the emissions of each kind of land, and of all."""
    whole = {line.row: line.cells["co2"] for line in lines}
    rows = []
    for category, letter in LETTERS.items():
        cells = {"co2": whole[f"4.{letter}"]}
        for gas in GASES:
            cells[gas] = total_cell(one.cells[gas] for one in gases if one.after == category)
        rows.append(Line(SUMMARY, f"4.{letter}", "", category, cells))
    silent = dict.fromkeys(GASES, Cell(notation="NA"))
    for row, co2 in outside.items():
        if row == WOOD_PRODUCTS or co2.notation != "NO":
            after = NO_GROUND if row == ONE_DATE else ""
            rows.append(Line(SUMMARY, row, "", after, {"co2": co2, **silent}))
    items = ("co2", *GASES)
    total = {item: total_cell(row.cells[item] for row in rows) for item in items}
    rows = [Line(SUMMARY, SUMMARY, "", "", total), *rows]
    return [row._replace(cells={**row.cells, "ghg": _ghg(row.cells, potentials)}) for row in rows]


def _ghg(cells: dict[str, Cell], potentials: dict[str, float]) -> Cell:
    """Sum the gases of a row as CO2, kt per year."""
    others = [Cell(cells[gas].value * potentials[gas], cells[gas].notation) for gas in GASES]
    return total_cell([cells["co2"], *others])


def _transition(matrix: pd.DataFrame) -> list[Line]:
    """Lay out table 4.1: the matrix with its totals."""
    whole = matrix.assign(**{TOTAL: matrix.sum(axis=1)})
    whole.loc[TOTAL] = whole.sum()
    return [
        Line(TRANSITION, before, before, str(after), {"area": Cell(float(value))})
        for before, row in whole.iterrows()
        for after, value in row.items()
    ]


def _laid_out(lines: list[Line]) -> pd.DataFrame:
    """Write the lines as a long table."""
    rows = [
        (line.table, line.row, line.before, line.after, item, *cell, UNITS[item])
        for line in lines
        for item, cell in line.cells.items()
    ]
    names = ["table", "row", "category_before", "category_after", "item", "value", "notation",
             "unit"]  # fmt: skip
    return pd.DataFrame(rows, columns=names)
