"""What a transition matrix says: gains and losses, land-use conversion, and what limits it."""

import numpy as np
import pandas as pd
import xarray as xr

from .errors import Problem
from .grids import grid_of
from .landcover import (
    CATEGORIES,
    NOISE_HA,
    check_classes,
    classes,
    found_versions,
    product,
    version_of,
)
from .language import LANGUAGES, text
from .overlay import SAME_GRID

NOTABLE_HA = 0.005  # areas below are shown as 0.00


def gains_and_losses(matrix: pd.DataFrame) -> pd.DataFrame:
    """
    Tell what each class gained, lost and kept.

    Parameters
    ----------
    matrix : DataFrame
        From ``transition_matrix`` or ``conversion_matrix`` (ha); both dates in one legend.

    Returns
    -------
    change : DataFrame
        One row for each class (with zones: zone and class), hectares: ``before_ha``,
        ``after_ha``, ``gain_ha``, ``loss_ha``, ``net_ha`` (gain less loss), ``persistence_ha``
        (the same class at both dates) and ``swap_ha`` (loss in one place made up by gain in
        another, twice the smaller of the two).

    References
    ----------
    [pontius_2004]_ gross gains and losses, net change and swap.

    Examples
    --------
    >>> matrix = pd.DataFrame([[6.0, 3.0], [1.0, 2.0]], index=[10, 40], columns=[10, 40])
    >>> gains_and_losses(matrix).loc[10, ["gain_ha", "loss_ha", "net_ha", "swap_ha"]].tolist()
    [1.0, 3.0, -2.0, 2.0]
    """
    codes = matrix.index.unique(level=-1).union(matrix.columns, sort=False)
    if pd.api.types.is_numeric_dtype(codes):
        codes = codes.sort_values()
    names = [*matrix.index.names[:-1], "class"]
    rows = pd.Index(codes, name="class")
    if matrix.index.nlevels > 1:
        rows = pd.MultiIndex.from_product([matrix.index.unique(level=0), codes], names=names)
    squares = matrix.reindex(index=rows, columns=codes, fill_value=0.0).to_numpy()
    squares = squares.reshape(-1, len(codes), len(codes))
    before, after = squares.sum(axis=2).ravel(), squares.sum(axis=1).ravel()
    persistence = squares.diagonal(axis1=1, axis2=2).ravel()
    gain, loss = after - persistence, before - persistence
    return pd.DataFrame(
        {
            "before_ha": before, "after_ha": after, "gain_ha": gain, "loss_ha": loss,
            "net_ha": gain - loss, "persistence_ha": persistence,
            "swap_ha": 2.0 * np.minimum(gain, loss),
        }, index=rows,
    )  # fmt: skip


def conversion_matrix(matrix: pd.DataFrame, scheme_before: str, scheme_after: str) -> pd.DataFrame:
    """
    Land-use conversion matrix in the categories of IPCC.

    Parameters
    ----------
    matrix : DataFrame
        From ``transition_matrix`` (ha).
    scheme_before, scheme_after : str
        Products of the two dates; they may have different legends.

    Returns
    -------
    area_ha : DataFrame
        Hectares, categories before by categories after, all of ``CATEGORIES`` (with zones:
        zone and category). ``conditional`` is land that its class does not decide.

    Raises
    ------
    TableError
        If a class with more than ``NOISE_HA`` is not in its legend.

    References
    ----------
    [ipcc_2006_v4]_ chapter 3, annual land-use conversion matrix.

    Examples
    --------
    >>> matrix = pd.DataFrame([[6.0, 3.0]], index=[10], columns=[10, 50])
    >>> found = conversion_matrix(matrix, "worldcover", "worldcover")
    >>> float(found.loc["forest_land", "settlements"])
    3.0
    """
    found = matrix.copy(deep=False)
    first, some = found.index.get_level_values(-1), found > NOISE_HA
    check_classes(first[some.any(axis=1)].unique(), scheme_before, "")
    check_classes(found.columns[some.any(axis=0)], scheme_after, "")
    found.columns = classes(scheme_after)["ipcc_category"].reindex(found.columns)
    found = found.T.groupby(level=0).sum().T
    levels = [found.index.get_level_values(level) for level in range(found.index.nlevels - 1)]
    names = classes(scheme_before)["ipcc_category"].reindex(first).rename("before")
    found = found.groupby([*levels, pd.Index(names)], sort=False, dropna=False).sum()
    rows = pd.Index(CATEGORIES, name="before")
    if levels:
        rows = pd.MultiIndex.from_product([found.index.unique(level=0), CATEGORIES],
                                          names=["zone", "before"])  # fmt: skip
    columns = pd.Index(CATEGORIES, name="after")
    return found.reindex(index=rows, columns=columns, fill_value=0.0)


def transition_table(
    matrix: pd.DataFrame, scheme_before: str = "", scheme_after: str = ""
) -> pd.DataFrame:
    """
    Lay out a transition matrix with a row for each transition that occurs.

    Parameters
    ----------
    matrix : DataFrame
        From ``transition_matrix`` (ha).
    scheme_before, scheme_after : str
        Products that name the classes; codes stay without names where these are not known.

    Returns
    -------
    transitions : DataFrame
        ``from_code``, ``to_code``, their names in Chinese and English, and ``area_ha`` (ha);
        ``zone`` before them when the matrix has zones.
    """
    long = _long(matrix, ["from_code", "to_code"])
    for side, scheme in (("from", scheme_before), ("to", scheme_after)):
        names = classes(scheme).reindex(long[f"{side}_code"])
        for lang in LANGUAGES:
            long[f"{side}_name_{lang}"] = names[f"name_{lang}"].to_numpy()
    order = ["zone", *(f"{side}_{what}" for side in ("from", "to")
                       for what in ("code", "name_zh", "name_en")), "area_ha"]  # fmt: skip
    return long[[name for name in order if name in long]]


def change_table(matrix: pd.DataFrame, scheme: str = "") -> pd.DataFrame:
    """
    Lay out the gains and losses of each class, with its names.

    Parameters
    ----------
    matrix : DataFrame
        From ``transition_matrix`` (ha), both dates in one legend.
    scheme : str
        Product that names the classes, where it is known.

    Returns
    -------
    change : DataFrame
        ``class_code``, ``name_zh``, ``name_en`` and the columns of ``gains_and_losses``;
        ``zone`` before them when the matrix has zones. Classes without area are left out.
    """
    change = gains_and_losses(matrix)
    change = change[change[["before_ha", "after_ha"]].max(axis=1) > NOISE_HA]
    change = change.rename_axis(index={"class": "class_code"}).reset_index()
    names = classes(scheme).reindex(change["class_code"])
    place = change.columns.get_loc("class_code") + 1
    for lang in reversed(LANGUAGES):
        change.insert(place, f"name_{lang}", names[f"name_{lang}"].to_numpy())
    return change


def conversion_table(conversion: pd.DataFrame) -> pd.DataFrame:
    """
    Lay out a land-use conversion matrix with a row for each conversion that occurs.

    Parameters
    ----------
    conversion : DataFrame
        From ``conversion_matrix`` (ha).

    Returns
    -------
    conversions : DataFrame
        ``from_category``, ``to_category``, their names in Chinese and English, and
        ``area_ha`` (ha); ``zone`` before them when the matrix has zones.
    """
    long = _long(conversion, ["from_category", "to_category"])
    for side in ("to", "from"):
        place = long.columns.get_loc(f"{side}_category") + 1
        for lang in reversed(LANGUAGES):
            names = [text(f"ipcc.{category}", lang) for category in long[f"{side}_category"]]
            long.insert(place, f"{side}_name_{lang}", names)
    return long


def _long(matrix: pd.DataFrame, sides: list[str]) -> pd.DataFrame:
    """Turn a matrix into rows, zone by zone, those without area or with noise left out."""
    columns = pd.Index(matrix.columns, name=sides[1])
    long = matrix.set_axis(columns, axis=1).rename_axis(index={"before": sides[0]}).reset_index()
    keys = [name for name in ("zone", sides[0]) if name in long]
    rows = long.melt(keys, value_name="area_ha", ignore_index=False)
    rows = rows.sort_index(kind="stable")  # back to the order of the matrix
    return rows[rows["area_ha"] > NOISE_HA].reset_index(drop=True)


def comparison_notes(
    before: xr.DataArray,
    after: xr.DataArray,
    matrix: pd.DataFrame,
    scheme_before: str = "",
    scheme_after: str = "",
) -> list[Problem]:
    """
    List what a reader must know before differences are taken for changes of the land.

    Parameters
    ----------
    before, after : DataArray
        Rasters of the two dates.
    matrix : DataFrame
        Their transition matrix without zones, or with zones of which the first holds all.
    scheme_before, scheme_after : str
        Products, where they are known.

    Returns
    -------
    notes : list of Problem
        Different products or versions of one (their algorithms differ), a version in the tags
        or the name of a file that is not the one of the scheme, grids that differ and how they
        were met, land with data at one date only.
    """
    rasters, schemes = (before, after), (scheme_before, scheme_after)
    files = [str(raster.encoding.get("source", "")) for raster in rasters]
    both = ", ".join(filter(None, files))
    notes = []
    for raster, scheme, file in zip(rasters, schemes, files, strict=True):
        stated = product(scheme)["version"] if scheme else ""
        tagged, named = found_versions(raster)
        found = tagged or named
        if stated and found and found != stated:
            notes.append(Problem("landcover_version", file=file, value=found, rule=scheme))
    made = [_algorithm(raster, scheme) for raster, scheme in zip(rasters, schemes, strict=True)]
    if made[0] != made[1]:
        value = " → ".join(" ".join(filter(None, one)) or "?" for one in made)
        notes.append(Problem("landcover_algorithm", file=both, value=value))
    if matrix.attrs["rule"] != SAME_GRID:
        notes.append(_grid_note(before, after, matrix, both))
    alone = [matrix.attrs["only_before_ha"], matrix.attrs["only_after_ha"]]
    alone = [next(iter(area.values())) if isinstance(area, dict) else area for area in alone]
    if max(alone) >= NOTABLE_HA:
        value = " + ".join(f"{area:,.2f}" for area in alone)
        notes.append(Problem("landcover_one_date", file=both, value=value))
    return notes


def _algorithm(raster: xr.DataArray, scheme: str) -> tuple[str, str]:
    """Name what made a raster: its legend and version."""
    return (product(scheme)["legend"] if scheme else "", version_of(raster, scheme))


def _grid_note(
    before: xr.DataArray, after: xr.DataArray, matrix: pd.DataFrame, file: str
) -> Problem:
    """Tell how two grids differ and whose cells are kept."""
    kept = f"kept.{matrix.attrs['kept']}"
    shift = matrix.attrs["shift_cells"]
    if shift is not None:
        value = ", ".join(f"{part + 0.0:.3f}" for part in shift)
        return Problem("landcover_grid_shifted", file=file, value=value, rule=kept)
    cells = [
        f"{grid.crs.to_string() if grid.crs.to_epsg() else grid.crs.name} "
        f"{abs(grid.width):.6g} × {abs(grid.height):.6g}"
        for grid in (grid_of(before), grid_of(after))
    ]
    return Problem("landcover_grid_differs", file=file, value=" → ".join(cells), rule=kept)
