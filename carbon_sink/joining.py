"""What was measured in polygons, beside their own fields, in files that can hold both."""

from collections.abc import Iterator
from itertools import chain, count
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pyarrow as pa

from . import layers, readers, report
from .composition import Composition

LAYER_FORMATS = (".gpkg",)
# columns of a layer that no field can have: its geometry, and the number of each row
LAYER_NAMES = ("geom", "fid")


def write_composition(path: str | Path, found: Composition) -> None:
    """
    Write the polygons' attributes with what was measured in them.

    Parameters
    ----------
    path : str or Path
        ``.csv``, ``.parquet``, ``.xlsx``, or ``.gpkg`` with the polygons themselves.
    found : Composition

    Raises
    ------
    FileError
        If the format is another or the file cannot be written.
    """
    path = Path(path)
    if path.suffix.lower() in LAYER_FORMATS:
        layers.write_parts(path, _joined_rows(found, geometry=True), "zonal")
        return
    table = pd.concat(_joined_rows(found, geometry=False))
    report.write_table(path, table.reset_index(names="row"), "")


def check_result(
    path: str | Path, polygons: str | Path, raster: str | Path, layer: str = ""
) -> None:
    """
    Refuse a result that could not be written, before anything is measured.

    Parameters
    ----------
    path : str or Path
        File to write.
    polygons, raster, layer
        As for ``compose``.

    Raises
    ------
    FileError
        If the format is unknown, the file is an input or cannot be written, a sheet has too
        few rows for the polygons, or the texts of a Shapefile are in an unknown encoding.
    """
    formats = (*report.TABLE_FORMATS, *LAYER_FORMATS)
    path = report.check_table_path(path, [polygons, raster], formats=formats)
    parts = readers.parts_of(polygons, layer)
    report.check_rows(path, parts[-1].last)
    if parts[0].source.kind == "shp":
        for _ in readers.read_parts(parts, geometry=False):
            pass


def _joined_rows(found: Composition, *, geometry: bool) -> Iterator[pd.DataFrame]:
    """Read the parts again, with their attributes, and add what was measured."""
    ours = [*found.table.columns, "method", "row", *(LAYER_NAMES if geometry else ())]
    for rows in readers.read_parts(found.parts, geometry=geometry):
        fields = rows.columns.drop(rows.geometry.name) if geometry else rows.columns
        named = rows.rename(columns=_free_names(list(fields), ours))
        named = _storable(named.rename_geometry(LAYER_NAMES[0])) if geometry else named
        yield named.join(found.table.loc[rows.index].assign(method=found.method))


def _free_names(theirs: list[str], ours: list[str]) -> dict[str, str]:
    """
    Find other names for fields whose name is taken; capitals make no difference to a layer.

    Examples
    --------
    >>> _free_names(["AREA_HA", "name", "area_ha_original"], ["area_ha"])
    {'AREA_HA': 'AREA_HA_original_2'}
    """
    used = {name.lower() for name in ours}
    taken = []
    for name in theirs:
        if name.lower() in used:
            taken.append(name)
        used.add(name.lower())
    free = {}
    for name in taken:
        tries = (f"{name}_original{n}" for n in chain([""], (f"_{n}" for n in count(2))))
        free[name] = next(one for one in tries if one.lower() not in used)
        used.add(free[name].lower())
    return free


def _storable(rows: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Turn into text what a layer has no type for: columns without any value, and durations."""
    kinds = {name: kind.pyarrow_dtype for name, kind in rows.dtypes.items()
             if isinstance(kind, pd.ArrowDtype)}  # fmt: skip
    foreign = [name for name, kind in kinds.items()
               if pa.types.is_null(kind) or pa.types.is_duration(kind)]  # fmt: skip
    return rows.astype(dict.fromkeys(foreign, "str"))
