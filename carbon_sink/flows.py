"""
Where the carbon of living trees went between two inventories: the stock difference by ground.

Parcels are matched by the ground they hold and never by their numbers. Each piece of ground has
its carbon at both dates, and the difference is counted once, for what became of the ground.
"""

from collections.abc import Mapping

import geopandas as gpd
import numpy as np
import pandas as pd

from .carbon import CARBON_PARTS
from .errors import ParameterError, Problem
from .stand_changes import NONE, of_rows, share
from .summary import WHOLE_PLACE
from .tables import columns, faulty, read_data
from .units import carbon_to_co2

# parts that hold ground: forest by kind, sparse woodland and land without either
OPEN = "open"
GROUND_PARTS = (*CARBON_PARTS, "sparse", OPEN)
# trees that stand on the ground of another part
TREE_PARTS = ("scattered", "four_side")
PARTS = (*GROUND_PARTS, *TREE_PARTS)
CATEGORIES = ("forest", "cropland", "grassland", "wetlands", "settlements", "other")
NO_GROUND = "none"
FLOWS = (
    "remaining", "species_changed", "kind_changed", "stocked", "unstocked", "gained", "lost",
    "nonforest", "new_ground", "lost_ground",
)  # fmt: skip
DATES = ("before", "after")
# figures of a piece, and those whose difference is counted
FIGURES = ("area", "volume", "carbon")
UNITS = {"area": "ha", "volume": "m3", "carbon": "t"}
SUMS = tuple(f"{figure}_{date}_{UNITS[figure]}" for figure in FIGURES for date in DATES)
CHANGES = {"volume_change_m3": "volume", "carbon_change_t": "carbon"}


def land_category(forest_type: pd.Series) -> pd.Series:
    """
    Return the land-use category of the IPCC for each kind of land.

    Parameters
    ----------
    forest_type : Series
        As ``inventory.add_forest_type`` adds it.

    Returns
    -------
    category : Series
        One of ``CATEGORIES``, by ``data/land_categories.csv``.

    Raises
    ------
    ParameterError
        If a kind of land has no category; it names the rows.

    References
    ----------
    [ipcc_2006_v4]_ chapter 3. Forest that is without trees for a time stays forest land.

    Examples
    --------
    >>> land_category(pd.Series(["arbor", "cutover", "orchard", "built"])).tolist()
    ['forest', 'forest', 'cropland', 'settlements']
    """
    known = read_data("land_categories.csv").set_index("forest_type")["category"]
    found = forest_type.map(known)
    if problems := faulty("land_category_missing", found.isna(), forest_type):
        raise ParameterError(problems)
    return found.rename("category")


def carbon_pieces(
    rows: pd.DataFrame, before: gpd.GeoDataFrame, after: gpd.GeoDataFrame
) -> pd.DataFrame:
    """
    Lay out the carbon of each piece of ground at both dates, part by part.

    Parameters
    ----------
    rows : DataFrame
        As ``stand_changes.stand_changes`` returns them for these two inventories.
    before, after : DataFrame
        Stands with ``forest_type``, ``species_group``, ``area_ha`` (ha), the stock parts (m3),
        ``carbon_part`` and ``carbon_t`` (t C), and, where known at both dates,
        ``sparse_carbon_t``, ``scattered_carbon_t`` and ``four_side_carbon_t`` (t C).

    Returns
    -------
    pieces : DataFrame
        Columns of ``carbon_pieces`` in ``data/columns.csv``, years and town names aside. One row
        for each piece and part: ground that turned from arbor forest to bamboo has two rows.
        Hectares, cubic metres and tonnes of the rows add up to those of both inventories.

    Raises
    ------
    ParameterError
        If a kind of land has no land-use category.

    Notes
    -----
    Where the carbon of trees is not known at both dates, their change is missing: the carbon of
    one date is no change. ``flow`` tells what became of the ground:
    ``gained`` and ``lost`` are conversions to and from forest land, ``stocked`` and
    ``unstocked`` are forest land that got or lost its stand, ``species_changed`` and
    ``kind_changed`` are forest that is written of differently, whether it changed or not;
    ``new_ground`` and ``lost_ground`` are in no parcel of the other date.

    Examples
    --------
    Masson pine grows from 100 to 120 t of carbon:

    >>> stand = pd.DataFrame({
    ...     "stand_id": ["1"], "town_code": ["t"], "forest_type": ["arbor"], "area_ha": [2.0],
    ...     "species_group": ["masson_pine"], "forest_stock_m3": [327.0],
    ...     "carbon_part": ["arbor"], "carbon_t": [100.0]})
    >>> rows = pd.DataFrame({
    ...     "before": [0], "after": [0], "ground_ha": [2.0], "unit": [1], "town_code": ["t"],
    ...     "change_class": ["unchanged"], "stand_id_before": ["1"], "stand_id_after": ["1"]})
    >>> pieces = carbon_pieces(rows, stand, stand.assign(carbon_t=120.0))
    >>> pieces[["part", "flow", "carbon_before_t", "carbon_after_t"]].values.tolist()
    [['arbor', 'remaining', 100.0, 120.0]]
    """
    inventories = dict(zip(DATES, (before, after), strict=True))
    ground = {date: _ground(rows[date], stands) for date, stands in inventories.items()}
    told = _told(rows, ground, after)
    known = {name for name in after if name in before}
    found = []
    for part in PARTS:
        figures = pd.DataFrame(index=rows.index)
        held = pd.Series(data=False, index=rows.index)
        for date, stands in inventories.items():
            if part in GROUND_PARTS:
                here = ground[date]["part"].eq(part)
                held |= here
            else:
                here = rows[date].ne(NONE)
            for figure, column in _columns(part).items():
                name = f"{figure}_{date}_{UNITS[figure]}"
                figures[name] = _figure(rows, stands, date, column, column in known).where(
                    here, 0.0
                )
        held |= figures.filter(like="volume_").gt(0.0).any(axis=1)
        piece = told.assign(part=part, **figures)
        species = "trees" if part in TREE_PARTS else "species"
        piece = piece.assign(**{f"species_{date}": ground[date][species] for date in DATES})
        found.append(piece[held])
    pieces = pd.concat([one for one in found if len(one)] or found[:1])
    pieces = pieces.sort_index(kind="stable").reset_index(drop=True)
    return with_change(pieces)


def _columns(part: str) -> dict[str, str]:
    """Name the columns of the stands that hold the figures of a part; empty for 0."""
    if part in TREE_PARTS:
        return {"area": "", "volume": f"{part}_stock_m3", "carbon": f"{part}_carbon_t"}
    if part == "sparse":
        return {"area": "area_ha", "volume": "sparse_stock_m3", "carbon": "sparse_carbon_t"}
    if part == OPEN:
        return {"area": "area_ha", "volume": "", "carbon": ""}
    return {"area": "area_ha", "volume": "forest_stock_m3", "carbon": "carbon_t"}


def _figure(
    rows: pd.DataFrame, stands: pd.DataFrame, date: str, column: str, known: bool
) -> pd.Series:
    """Share one column of the parcels out; missing where it is not known at both dates."""
    if not column:
        return pd.Series(0.0, index=rows.index)
    if not known:
        return pd.Series(np.nan, index=rows.index)
    return share(rows, stands[column], date)


def _ground(positions: pd.Series, stands: pd.DataFrame) -> pd.DataFrame:
    """Tell of each row what ground it is at one date: part, category, species and other trees."""
    sparse = stands["forest_type"].eq("sparse")
    part = stands["carbon_part"].fillna(sparse.map({True: "sparse", False: OPEN}))
    category = of_rows(positions, land_category(stands["forest_type"])).fillna(NO_GROUND)
    species = of_rows(positions, stands["species_group"].astype(object))
    trees = None
    if "scattered_species_group" in stands:
        trees = of_rows(positions, stands["scattered_species_group"].astype(object))
    return pd.DataFrame(
        {"part": of_rows(positions, part), "category": category, "species": species, "trees": trees}
    )


def _told(
    rows: pd.DataFrame, ground: Mapping[str, pd.DataFrame], after: pd.DataFrame
) -> pd.DataFrame:
    """Return what is said of each row, figures aside."""
    told = rows[["unit", "change_class", "town_code", "stand_id_before", "stand_id_after"]]
    told = told.assign(flow=_flow(rows, ground["before"], ground["after"]))
    for date, one in ground.items():
        told[f"category_{date}"] = one["category"]
    if "change_cause" in after:
        told = told.assign(change_cause=of_rows(rows["after"], after["change_cause"]))
    return told


def _flow(rows: pd.DataFrame, before: pd.DataFrame, after: pd.DataFrame) -> np.ndarray:
    """Tell what became of the ground of each row."""
    forest_before, forest_after = (one["category"].eq("forest") for one in (before, after))
    open_before, open_after = (one["part"].eq(OPEN) for one in (before, after))
    species = [one["species"].fillna("") for one in (before, after)]
    cases = {
        "new_ground": rows["before"].eq(NONE),
        "lost_ground": rows["after"].eq(NONE),
        "gained": ~forest_before & forest_after,
        "lost": forest_before & ~forest_after,
        "nonforest": ~forest_before,
        "stocked": open_before & ~open_after,
        "unstocked": ~open_before & open_after,
        "kind_changed": before["part"].ne(after["part"]),
        "species_changed": ~open_before & species[0].ne(species[1]),
    }
    return np.select(list(cases.values()), list(cases), "remaining")


def with_change(table: pd.DataFrame) -> pd.DataFrame:
    """
    Add what was gained between the dates: ``volume_change_m3`` and ``carbon_change_t``.

    Examples
    --------
    >>> table = pd.DataFrame({"volume_before_m3": [1.0], "volume_after_m3": [3.0],
    ...                       "carbon_before_t": [2.0], "carbon_after_t": [1.5]})
    >>> with_change(table)[["volume_change_m3", "carbon_change_t"]].values.tolist()
    [[2.0, -0.5]]
    """
    return table.assign(**{
        name: table[f"{figure}_after_{UNITS[figure]}"] - table[f"{figure}_before_{UNITS[figure]}"]
        for name, figure in CHANGES.items()
    })  # fmt: skip


def check_period(year_before: int, year_after: int) -> int:
    """
    Return the years between two dates, or refuse dates that are not two.

    Raises
    ------
    ParameterError
        If the later year is not after the earlier one.

    Examples
    --------
    >>> check_period(2020, 2025)
    5
    """
    if year_after <= year_before:
        raise ParameterError(Problem("period_empty", value=f"{year_before} → {year_after}"))
    return year_after - year_before


def carbon_flows(pieces: pd.DataFrame, year_before: int, year_after: int) -> pd.DataFrame:
    """
    Sum the pieces by what became of the ground, for the whole place and by town.

    Parameters
    ----------
    pieces : DataFrame
        As ``carbon_pieces`` returns them.
    year_before, year_after : int
        Years of the two inventories.

    Returns
    -------
    flows : DataFrame
        Columns of ``carbon_flows`` in ``data/columns.csv``, town names aside; the whole place
        has an empty town code. Removals from the air are positive. The change is that of the
        pieces whose carbon both dates know.

    Raises
    ------
    ParameterError
        If the years are not two dates.

    References
    ----------
    [ipcc_2006_v4]_ equation 2.5, stock-difference method, with our sign.

    Examples
    --------
    100 000 t of carbon become 118 081 t in five years:

    >>> piece = pd.DataFrame({
    ...     "town_code": ["t"], "category_before": "forest", "category_after": "forest",
    ...     "part": "arbor", "flow": "remaining", "area_before_ha": 1.0, "area_after_ha": 1.0,
    ...     "volume_before_m3": 0.0, "volume_after_m3": 0.0,
    ...     "carbon_before_t": 100000.0, "carbon_after_t": 118081.0})
    >>> carbon_flows(with_change(piece), 2020, 2025)["removal_co2_t_yr"].round(1).tolist()
    [13259.4, 13259.4]
    """
    years = check_period(year_before, year_after)
    keys = ["town_code", "category_before", "category_after", "part", "flow"]
    found = []
    for one in (pieces.assign(town_code=WHOLE_PLACE), pieces.dropna(subset="town_code")):
        ordered = one.assign(
            part=pd.Categorical(one["part"], PARTS), flow=pd.Categorical(one["flow"], FLOWS)
        )
        found.append(ordered.groupby(keys, observed=True)[[*SUMS, *CHANGES]].sum(min_count=1))
    flows = pd.concat(found).reset_index()
    return flows.assign(
        part=flows["part"].astype("str"),
        flow=flows["flow"].astype("str"),
        removal_co2_t_yr=carbon_to_co2(flows["carbon_change_t"]) / years,
        year_before=year_before,
        year_after=year_after,
    )


def flows_between(
    stands: dict[int, gpd.GeoDataFrame],
    rows: dict[tuple[int, int], pd.DataFrame],
    towns: pd.DataFrame,
    place: str,
) -> dict[str, pd.DataFrame]:
    """
    Build the tables of each pair of inventories, one below the other.

    Parameters
    ----------
    stands : dict
        Year to its stands, as for ``carbon_pieces``.
    rows : dict
        Earlier and later year to the rows of ``stand_changes.stand_changes``.
    towns : DataFrame
        With ``town_code`` and ``town_name``; may be empty.
    place : str
        Name of the whole place.

    Returns
    -------
    tables : dict
        ``carbon_pieces`` and ``carbon_flows``; nothing where no two inventories have carbon.
    """
    names = {WHOLE_PLACE: place, **dict(zip(towns["town_code"], towns["town_name"], strict=True))}
    found: dict[str, list[pd.DataFrame]] = {}
    for (first, last), changes in rows.items():
        if not all("carbon_t" in stands[year] for year in (first, last)):
            continue
        pieces = carbon_pieces(changes, stands[first], stands[last])
        flows = carbon_flows(pieces, first, last)
        pieces = pieces.assign(year_before=first, year_after=last)
        for name, table in (("carbon_pieces", pieces), ("carbon_flows", flows)):
            found.setdefault(name, []).append(table.assign(town_name=table["town_code"].map(names)))
    tables = {name: pd.concat(parts, ignore_index=True) for name, parts in found.items()}
    return {
        name: table[[column for column in columns(name).index if column in table]]
        for name, table in tables.items()
    }
