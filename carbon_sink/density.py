"""Carbon density of land cover: one value per class from a table, over areas and over cells."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

import numpy as np
import pandas as pd
import xarray as xr

from .errors import CRSError, ParameterError, Problem, TableError, first_rows
from .grids import grid_of
from .tables import as_numbers, check
from .units import M2_PER_HA, carbon_to_co2

POOLS = ("c_above", "c_below", "c_soil", "c_dead")
# the word of InVEST's tables, and ours
NAMES = {"lucode": "class_code"}
TABLE = "carbon_density_classes"
# grids this close are one grid; programs that export rasters round the corner
SHIFT_CELLS = 1e-3


def check_table(rows: pd.DataFrame, file: str = "") -> pd.DataFrame:
    """
    Check a table of carbon per land-cover class, and add up its pools.

    Tables of InVEST's carbon model are read as they are, once each row says its source. A pool
    counts when the table has its column; a column with gaps is refused, because a gap is not
    zero.

    Parameters
    ----------
    rows : DataFrame
        ``class_code`` or ``lucode``, some of ``c_above``, ``c_below``, ``c_soil`` and
        ``c_dead`` (t C/ha), and ``source``; capital letters do not matter. Other columns are
        left aside.
    file : str
        Name of the table for the message.

    Returns
    -------
    table : DataFrame
        Index ``class_code``; the pools that are there, ``density_t_ha`` (their sum, t C/ha) and
        ``source``. ``attrs["file"]`` keeps the name.

    Raises
    ------
    TableError
        With every missing column, gap, negative or unreadable value, class that is no whole
        number or comes twice, and word that looks like a pool and is none.

    References
    ----------
    [invest_carbon]_ the table of carbon pools.

    Examples
    --------
    >>> rows = pd.DataFrame({"lucode": [10], "c_above": [40.0], "c_soil": [60.0], "source": "x"})
    >>> float(check_table(rows).loc[10, "density_t_ha"])
    100.0
    """
    rows = rows.rename(columns=lambda name: str(name).strip().lower()).rename(columns=NAMES)
    pools = [pool for pool in POOLS if pool in rows]
    problems = _name_problems(rows, pools, file) + _pool_gaps(rows, pools, file)
    if "class_code" in rows:
        problems += _class_problems(as_numbers(rows["class_code"])[0].dropna(), file)
    try:
        rows = check(rows, TABLE, file=file)
    except TableError as error:
        problems += error.problems
    if problems:
        raise TableError(problems)
    table = rows.assign(class_code=rows["class_code"].astype("int64")).set_index("class_code")
    table = table.assign(density_t_ha=table[pools].sum(axis=1))[[*pools, "density_t_ha", "source"]]
    table = table.sort_index()
    table.attrs["file"] = file
    return table


def _name_problems(rows: pd.DataFrame, pools: list[str], file: str) -> list[Problem]:
    """List a table without pools, and words that look like one."""
    known = ", ".join(POOLS)
    problems = [
        Problem("carbon_pool_unknown", file=file, field=name, rule=known)
        for name in rows.columns
        if name.startswith("c_") and name not in POOLS
    ]
    if not pools:
        problems.append(Problem("carbon_pools_missing", file=file, rule=known))
    return problems


def _pool_gaps(rows: pd.DataFrame, pools: list[str], file: str) -> list[Problem]:
    """List pools with empty cells."""
    return [
        Problem("carbon_pool_gap", file=file, field=pool, count=int(gaps.sum()),
                rows=first_rows(rows.index[gaps]))
        for pool in pools
        if (gaps := _is_empty(rows[pool])).any()
    ]  # fmt: skip


def _is_empty(column: pd.Series) -> pd.Series:
    """Tell which cells hold no number and nothing that should be one, such as a dash."""
    numbers, unreadable = as_numbers(column)
    return numbers.isna() & ~unreadable


def _class_problems(codes: pd.Series, file: str) -> list[Problem]:
    """List classes that are no whole numbers, and classes that come twice."""
    problems = []
    for code, bad in (
        ("carbon_class_not_whole", codes % 1 != 0),
        ("number_twice", codes.duplicated()),
    ):
        if bad.any():
            value = ", ".join(f"{one:g}" for one in codes[bad].unique())
            problems.append(Problem(code, file=file, field="class_code", count=int(bad.sum()),
                                    rows=first_rows(codes.index[bad]), value=value))  # fmt: skip
    return problems


def check_covered(found: Mapping[str, Iterable[int]], table: pd.DataFrame) -> None:
    """
    Refuse classes that have no value; none is put in its place.

    Parameters
    ----------
    found : mapping of str to iterable of int
        Name of a raster to the classes that occur in it.
    table : DataFrame
        As ``check_table`` returns it.

    Raises
    ------
    ParameterError
        Naming the classes of every raster.
    """
    problems = []
    for raster, codes in found.items():
        missing = sorted(set(codes) - set(table.index))
        if missing:
            value = ", ".join(map(str, missing))
            file = table.attrs.get("file", "")
            problems.append(Problem("carbon_class_missing", file=file, value=value, rule=raster))
    if problems:
        raise ParameterError(problems)


def check_same_grid(before: xr.DataArray, after: xr.DataArray) -> None:
    """
    Refuse two rasters whose cells do not lie on each other.

    Raises
    ------
    CRSError
        Naming how far the second lies from the first, in cells.
    """
    first, second = grid_of(before), grid_of(after)
    offset = first.offset_cells(second)
    names = [str(one.encoding.get("source", one.name or "")) for one in (before, after)]
    if offset is None:
        code, value = "grids_unlike", " / ".join(
            f"{one.crs.to_string()} {abs(one.width):.9g} × {abs(one.height):.9g}"
            for one in (first, second)
        )  # fmt: skip
    elif np.abs(offset).max() > SHIFT_CELLS:
        code, value = "grids_shifted", f"{offset[0]:g}, {offset[1]:g}"
    elif before.shape != after.shape:
        code, value = "grids_sizes", " / ".join(
            f"{rows} × {columns}" for rows, columns in (before.shape, after.shape)
        )  # fmt: skip
    else:
        return
    raise CRSError(Problem(code, file=names[1], value=value, rule=names[0]))


def carbon_by_zone(areas: pd.DataFrame, table: pd.DataFrame) -> pd.DataFrame:
    """
    Carbon of every zone and year: areas of its classes times their densities.

    Parameters
    ----------
    areas : DataFrame
        ``year``, ``zone``, ``zone_name``, ``class_code`` and ``area_ha``, one row per class.
    table : DataFrame
        As ``check_table`` returns it, with a value for every class.

    Returns
    -------
    carbon : DataFrame
        One row per year and zone: ``area_ha`` (ha), ``carbon_t`` (t C), ``carbon_t_ha`` (mean
        density, t C/ha), ``co2_t`` (t), and ``carbon_change_t``, the change since the year
        before in the table (t C), missing in its first year.

    Examples
    --------
    >>> areas = pd.DataFrame({"year": [2020, 2025], "zone": "", "zone_name": "place",
    ...                       "class_code": [10, 40], "area_ha": 2.0})
    >>> table = pd.DataFrame({"density_t_ha": [100.0, 30.0]}, index=[10, 40])
    >>> carbon_by_zone(areas, table)["carbon_change_t"].tolist()
    [nan, -140.0]
    """
    density = areas["class_code"].map(table["density_t_ha"])
    sums = areas.assign(carbon_t=areas["area_ha"] * density)
    sums = sums.groupby(["year", "zone", "zone_name"], sort=False, as_index=False)[
        ["area_ha", "carbon_t"]
    ].sum()
    return sums.assign(
        carbon_t_ha=sums["carbon_t"] / sums["area_ha"],
        co2_t=carbon_to_co2(sums["carbon_t"]),
        carbon_change_t=sums.groupby("zone")["carbon_t"].diff(),
    )


class Lookup(NamedTuple):
    """
    A carbon table laid out for the cells of a raster.

    The density of class ``lowest + k`` is ``density[position[k]]`` (t C/ha); classes without a
    value have position ``unknown``. The last two densities, for cells without data and for
    unknown classes, are NaN.
    """

    lowest: int
    position: np.ndarray
    density: np.ndarray

    @property
    def no_data(self) -> int:
        """Position of cells without data."""
        return len(self.density) - 2

    @property
    def unknown(self) -> int:
        """Position of classes without a value."""
        return len(self.density) - 1


def lookup(table: pd.DataFrame) -> Lookup:
    """
    Lay a carbon table out for the cells of a raster.

    Parameters
    ----------
    table : DataFrame
        As ``check_table`` returns it.

    Returns
    -------
    lookup : Lookup

    Examples
    --------
    >>> found = lookup(pd.DataFrame({"density_t_ha": [100.0, 30.0]}, index=[10, 12]))
    >>> found.position.tolist(), found.density.tolist()
    ([0, 3, 1], [100.0, 30.0, nan, nan])
    """
    codes = table.index.to_numpy()
    density = np.append(table["density_t_ha"].to_numpy(), [np.nan, np.nan])
    position = np.full(codes.max() - codes.min() + 1, len(codes) + 1, dtype="uint16")
    position[codes - codes.min()] = np.arange(len(codes))
    return Lookup(int(codes.min()), position, density)


def pair_table(cells: np.ndarray, area_m2: np.ndarray, table: pd.DataFrame) -> pd.DataFrame:
    """
    Lay out what became of the cells between two dates.

    Parameters
    ----------
    cells, area_m2 : array of shape (classes + 1, classes + 1)
        Number and area (m2) of the cells by class before and class after, in the order of the
        table; last are cells without data.
    table : DataFrame
        As ``check_table`` returns it.

    Returns
    -------
    pairs : DataFrame
        One row per pair that occurs: ``class_before``, ``class_after`` (missing without data),
        ``cells``, ``area_ha`` (ha).
    """
    codes = pd.array([*table.index, None], dtype="Int64")
    before, after = np.nonzero(cells)
    return pd.DataFrame(
        {
            "class_before": codes[before],
            "class_after": codes[after],
            "cells": cells[before, after],
            "area_ha": area_m2[before, after] / M2_PER_HA,
        }
    )


def carbon_totals(pairs: pd.DataFrame, table: pd.DataFrame) -> pd.DataFrame:
    """
    Carbon of two dates and its change, over all cells of a grid.

    Parameters
    ----------
    pairs : DataFrame
        As ``pair_table`` lays it out.
    table : DataFrame
        As ``check_table`` returns it.

    Returns
    -------
    totals : DataFrame
        Rows ``before``, ``after`` and ``change`` (cells with data at both dates): ``cells``,
        ``area_ha`` (ha), ``carbon_t`` (t C, density times area of the cells on the ellipsoid)
        and ``sum_t_ha``, the sum of the densities of the cells (t C/ha), which times the planar
        area of a cell is what other tools give.

    Examples
    --------
    >>> pairs = pd.DataFrame({"class_before": [10, 10], "class_after": [10, 40],
    ...                       "cells": [3, 1], "area_ha": [6.0, 2.0]})
    >>> table = pd.DataFrame({"density_t_ha": [100.0, 30.0]}, index=[10, 40])
    >>> carbon_totals(pairs, table)["carbon_t"].tolist()
    [800.0, 660.0, -140.0]
    """
    density = table["density_t_ha"].astype(float)
    before, after = (
        pairs[name].map(density).astype(float) for name in ("class_before", "class_after")
    )
    rows = {}
    for name, one in (("before", before), ("after", after), ("change", after - before)):
        valid = one.notna()
        rows[name] = {
            "cells": int(pairs["cells"][valid].sum()),
            "area_ha": pairs["area_ha"][valid].sum(),
            "carbon_t": (one * pairs["area_ha"]).sum(),
            "sum_t_ha": (one * pairs["cells"]).sum(),
        }
    return pd.DataFrame.from_dict(rows, orient="index")
