"""Land cover: the classes of each product, their areas, and how they change between two dates."""

import re
from collections.abc import Iterable

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
import xarray as xr

from .errors import CRSError, Problem, TableError
from .grids import grid_of, nodata_of
from .overlay import lay_over
from .tables import read_data
from .zonal import Measure, class_area

# the land-use categories of IPCC in their order; what a class does not decide stands apart
CATEGORIES = (
    "forest_land", "cropland", "grassland", "wetlands", "settlements", "other_land", "conditional",
)  # fmt: skip
# a zone along the edges of cells takes shares of this size from the cells beside them, 0.01 m2;
# a class with less is not there
NOISE_HA = 1e-6


def schemes() -> list[str]:
    """Return the land-cover products whose classes are known."""
    return sorted(read_data("landcover_schemes.csv")["scheme"])


def product(scheme: str) -> pd.Series:
    """
    Return what is known of a land-cover product.

    Parameters
    ----------
    scheme : str
        One of ``schemes()``.

    Returns
    -------
    product : Series
        ``legend`` (its rows in ``data/landcover_classes.csv``), ``name_zh``, ``name_en``,
        ``version`` (empty where a product has one algorithm, or the scheme does not say
        which), ``years``, ``resolution_m`` and the source of the row.

    Examples
    --------
    >>> product("worldcover_v200")["legend"], product("worldcover_v200")["version"]
    ('worldcover', 'v200')
    """
    return read_data("landcover_schemes.csv").set_index("scheme").loc[scheme]


def classes(scheme: str) -> pd.DataFrame:
    """
    Return the classes of a product, indexed by class code.

    Parameters
    ----------
    scheme : str
        One of ``schemes()``; an unknown one has no classes.

    Returns
    -------
    classes : DataFrame
        ``name_zh``, ``name_en``, ``color``; ``tree_cover`` and ``shrub_cover`` (``1``, ``0``
        or ``partly``); ``ipcc_category``, one of ``CATEGORIES``; and the source of the row.

    Notes
    -----
    The category is this project's choice, by the definitions of [ipcc_2006_v4]_ chapter 3. It
    is ``conditional`` where the class alone does not decide: shrub is forest land only where
    the country says so, open woodland only above its threshold, mixtures hold several
    categories, and clouds, filled cells and the sea are no land at all. Such land stays
    undecided in every table; it is not shared out.

    Examples
    --------
    >>> classes("worldcover").loc[10, "name_zh"]
    '树木覆盖'
    >>> classes("sandiao").loc[301, "ipcc_category"]
    'forest_land'
    """
    legends = read_data("landcover_schemes.csv").set_index("scheme")["legend"]
    rows = read_data("landcover_classes.csv")
    rows = rows[rows["scheme"] == legends.get(scheme)]
    return rows.assign(class_code=rows["class_code"].astype(int)).set_index("class_code")


def cover_shown(scheme: str, codes: Iterable[int]) -> tuple[np.ndarray, np.ndarray]:
    """
    Tell whether classes show trees, and whether they show trees or shrubs.

    Parameters
    ----------
    scheme : str
        Product of the classes.
    codes : iterable of int
        Class codes.

    Returns
    -------
    trees, woody : array of str
        ``yes``, ``no`` or ``unclear`` for each code. Mixtures are unclear where they may hold
        the cover; clouds, filled cells and mixtures of no stated cover say nothing and are
        unclear in both.

    Examples
    --------
    >>> trees, woody = cover_shown("worldcover", [10, 20, 40])
    >>> trees.tolist(), woody.tolist()
    (['yes', 'no', 'no'], ['yes', 'yes', 'no'])
    """
    known = classes(scheme).reindex(list(codes))
    trees, shrubs = known["tree_cover"].to_numpy(str), known["shrub_cover"].to_numpy(str)
    bare = (trees == "0") & (shrubs == "0")
    # clouds, filled cells and mixtures of no stated cover say nothing about trees
    silent = bare & known["ipcc_category"].eq("conditional").to_numpy()
    shown = np.where(trees == "1", "yes", np.where((trees == "0") & ~silent, "no", "unclear"))
    woody = np.where(bare & ~silent, "no", "unclear")
    return shown, np.where((trees == "1") | (shrubs == "1"), "yes", woody)


def version_of(raster: xr.DataArray, scheme: str = "") -> str:
    """
    Return the version of the product a raster is from, as far as anything tells it.

    Parameters
    ----------
    raster : DataArray
        Its tag ``product_version`` is looked at first, then the scheme, then the name of its
        file in ``encoding["source"]``.
    scheme : str
        Product, one of ``schemes()``; empty where it is not known.

    Returns
    -------
    version : str
        Such as ``v100``; empty where nothing tells.

    Examples
    --------
    >>> raster = xr.DataArray(0, attrs={"product_version": "V1.0.0"})
    >>> version_of(raster, "worldcover")
    'v100'
    """
    stated = product(scheme)["version"] if scheme else ""
    tagged, named = found_versions(raster)
    return tagged or stated or named


def found_versions(raster: xr.DataArray) -> tuple[str, str]:
    """
    Return the versions of a product that the tags and the name of a file tell.

    Parameters
    ----------
    raster : DataArray
        As for ``version_of``.

    Returns
    -------
    tagged, named : str
        Such as ``v100``; empty where it is not told.

    Examples
    --------
    >>> raster = xr.DataArray(0, attrs={"product_version": "V1.0.0"})
    >>> raster.encoding["source"] = "ESA_v200_2021.tif"
    >>> found_versions(raster)
    ('v100', 'v200')
    """
    tag = re.sub(r"\D", "", str(raster.attrs.get("product_version", "")))
    named = re.search(r"(?<![A-Za-z0-9])v\d{3}(?![0-9])", str(raster.encoding.get("source", "")))
    return f"v{tag}" if tag else "", named.group() if named else ""


def check_classes(
    codes: Iterable[int],
    scheme: str,
    file: str,
    area_ha: pd.Series | None = None,
    *,
    has_nodata: bool = True,
) -> None:
    """
    Refuse classes that a product does not have.

    Parameters
    ----------
    codes : iterable of int
        Classes that occur; a dict tells their numbers of cells.
    scheme : str
        Product.
    file : str
        Name of the raster for the message.
    area_ha : Series, optional
        Area of each class, hectares, for the message; classes of at most ``NOISE_HA`` are
        not there.
    has_nodata : bool
        Whether the raster sets a nodata code. Where it sets none, the unknown codes may be
        the cells without data, and the message says so.

    Raises
    ------
    TableError
        Naming the classes, with their areas or numbers of cells where these are known.
    """
    known = classes(scheme).index
    unknown = [code for code in codes if code not in known]
    if area_ha is not None:
        unknown = [code for code in unknown if area_ha[code] > NOISE_HA]
    if unknown:
        sizes = [""] * len(unknown)
        if area_ha is not None:
            sizes = [f" ({area_ha[code]:.2f} ha)" for code in unknown]
        elif isinstance(codes, dict):
            sizes = [f" ({codes[code]} px)" for code in unknown]
        found = ", ".join(f"{code}{size}" for code, size in zip(unknown, sizes, strict=True))
        problems = [Problem("landcover_class_unknown", file=file, value=found, rule=scheme)]
        if not has_nodata:
            problems.append(Problem("landcover_nodata_unset", file=file, value=found))
        raise TableError(problems)


def area_by_zone(
    zones: gpd.GeoDataFrame, raster: xr.DataArray, scheme: str, measure: Measure = class_area
) -> pd.DataFrame:
    """
    Area of every land-cover class in every zone.

    Parameters
    ----------
    zones : GeoDataFrame
        With ``zone`` and ``zone_name``; polygons in any coordinate reference system.
    raster : DataArray
        Classes, in the conventions of rioxarray.
    scheme : str
        Product whose classes the raster holds.
    measure : callable
        What measures areas: ``zonal.class_area``, or the same with workers.

    Returns
    -------
    areas : DataFrame
        One row per zone and class with more than ``NOISE_HA``: ``zone``, ``zone_name``,
        ``class_code``, ``name_zh``, ``name_en``, ``area_ha`` (ha, ellipsoidal, exact cell
        shares).

    Raises
    ------
    TableError
        If a zone holds a class the product does not have.
    """
    wide = measure(zones, raster)
    known = classes(scheme)
    # zones may lie inside each other, so the largest area of a class is told, not the sum
    occurring = wide.max()
    file, has_nodata = str(raster.encoding.get("source", "")), nodata_of(raster) is not None
    check_classes(occurring.index, scheme, file, occurring, has_nodata=has_nodata)
    wide = wide.assign(zone=zones["zone"], zone_name=zones["zone_name"])
    long = wide.melt(["zone", "zone_name"], var_name="class_code", value_name="area_ha")
    long = long[long["area_ha"] > NOISE_HA].sort_values(["zone", "class_code"], ignore_index=True)
    return long.join(known[["name_zh", "name_en"]], on="class_code")[
        ["zone", "zone_name", "class_code", "name_zh", "name_en", "area_ha"]
    ]


def transition_matrix(
    before: xr.DataArray,
    after: xr.DataArray,
    zones: gpd.GeoSeries | gpd.GeoDataFrame | None = None,
    *,
    measure: Measure = class_area,
) -> pd.DataFrame:
    """
    Area of each class before that became each class after.

    Parameters
    ----------
    before, after : DataArray
        Classes of two dates, whole numbers in the conventions of rioxarray; read window by
        window when they are not loaded.
    zones : GeoSeries or GeoDataFrame, optional
        Polygons in any coordinate reference system, measured by exact shares of cells; rows
        of one label are one zone. Without zones all cells count.
    measure : callable
        What measures areas: ``zonal.class_area``, or the same with workers.

    Returns
    -------
    area_ha : DataFrame
        Hectares on the ellipsoid. Rows are the classes before (``before``; with zones
        ``zone`` and ``before``), columns the classes after (``after``).

        Only cells with data at both dates count; ``attrs["only_before_ha"]`` and
        ``attrs["only_after_ha"]`` tell the area with data at one date alone (ha; with zones a
        dict by zone). ``attrs["rule"]`` tells how the cells of the rasters meet, ``same_grid``
        or ``cell_center``; ``attrs["kept"]`` whose cells are kept, and ``attrs["shift_cells"]``
        by how many columns and rows two grids of one cell size lie apart.

    Raises
    ------
    CRSError
        If no cell has data at both dates, or something has no coordinate reference system.
    FileError
        If a raster is rotated or does not hold whole numbers.

    Notes
    -----
    Rasters on one grid are compared cell by cell. Otherwise the finer raster keeps its cells
    and each takes the class of the other at its center, see ``overlay.lay_over``.

    Examples
    --------
    See ``tests/test_landcover.py``: of 16 cells five change.
    """
    overlay = lay_over(before, after)
    whole = zones is None
    if whole:
        grid = grid_of(overlay.pairs)
        zones = gpd.GeoSeries([shapely.box(*grid.bounds())], crs=grid.crs)
    wide = measure(zones.geometry, overlay.pairs)
    wide = wide.groupby(level=0, sort=False, dropna=False).sum()
    first, second = overlay.positions(wide.columns.to_numpy())
    both = (first >= 0) & (second >= 0)
    if not both.any():
        files = [str(raster.encoding.get("source", "")) for raster in (before, after)]
        raise CRSError(Problem("landcover_no_overlap", file=", ".join(filter(None, files))))
    rows, row = np.unique(overlay.before_codes[first[both]], return_inverse=True)
    columns, column = np.unique(overlay.after_codes[second[both]], return_inverse=True)
    cube = np.zeros((len(wide), len(rows), len(columns)))
    cube[:, row, column] = wide.to_numpy()[:, both]
    index = pd.MultiIndex.from_product([wide.index, rows], names=["zone", "before"])
    matrix = pd.DataFrame(
        cube.reshape(-1, len(columns)), index=index, columns=pd.Index(columns, name="after")
    )
    alone = {
        "only_before_ha": wide.loc[:, second < 0].sum(axis=1),
        "only_after_ha": wide.loc[:, first < 0].sum(axis=1),
    }
    if whole:
        matrix = matrix.droplevel("zone")
    matrix.attrs = {
        **{name: float(area.iloc[0]) if whole else area.to_dict() for name, area in alone.items()},
        "rule": overlay.rule,
        "kept": overlay.kept,
        "shift_cells": overlay.shift_cells,
    }
    return matrix
