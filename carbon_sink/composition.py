"""What a raster holds in each polygon of a file, part by part, for files of any size."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import xarray as xr

from . import quality, rasters, readers
from .cluster import check_workers, class_quanta_on, connected, each, joined
from .errors import CRSError, Problem, TableError, first_rows
from .geometry import ellipsoidal_area_ha
from .grids import grid_of, nodata_of
from .landcover import NOISE_HA, check_classes, classes
from .language import text
from .rasters import CLASSES_MOST
from .readers import Part
from .tables import joined as told_once
from .zonal import class_quanta, quanta_to_ha, statistics

# polygons of which less than this share has data are told to the reader
WHOLE_PCT = 99.5


@dataclass(frozen=True)
class Composition:
    """
    What a raster holds in the polygons of a layer.

    Parameters
    ----------
    parts : list of Part
        Where the polygons came from.
    table : DataFrame
        One row per polygon: ``area_ha`` on the ellipsoid, then ``class_<code>_ha`` for each
        class and ``no_data_ha``, or for values ``data_ha``, ``mean``, ``sum``, ``min``, ``max``.
    method : str
        How it was measured.
    notes : list of Problem
        What a reader should know.
    """

    parts: list[Part]
    table: pd.DataFrame
    method: str
    notes: list[Problem]

    @property
    def class_ha(self) -> pd.Series:
        """Hectares of each class in all polygons, those that overlap counted each; by code."""
        found = self.table.filter(regex=r"^class_.*_ha$").sum()
        codes = [int(name.removeprefix("class_").removesuffix("_ha")) for name in found.index]
        return found.set_axis(codes)


def compose(
    polygons: str | Path,
    raster: str | Path,
    *,
    layer: str = "",
    scheme: str = "",
    values: bool = False,
    coverage: str = "exact",
    workers: int = 1,
    scheduler: Any = "",
    on_part: Callable[[int, int], None] = lambda _done, _all: None,
) -> Composition:
    """
    Measure the classes, or the values, of a raster in every polygon of a file.

    Parameters
    ----------
    polygons : str or Path
        GeoPackage, Shapefile, FileGDB, GeoJSON or GeoParquet.
    raster : str or Path
        GeoTIFF of whole numbers (classes), or of other or scaled numbers (values).
    layer : str
        Layer of the polygons, where the file holds several.
    scheme : str
        Product of the classes; those it does not have are refused. Empty: any codes, 256
        different ones at most.
    values : bool
        Whether whole numbers are values, such as heights; the scheme is then not looked at.
    coverage : {"exact", "center"}
        As for ``zonal.class_area``.
    workers : int
        Threads, or processes when the scheduler is ``local``.
    scheduler : str or Client
        Address of a Dask scheduler, ``local``, a client, or empty for none.
    on_part : callable
        Called with the number of parts done and of all parts.

    Returns
    -------
    composition : Composition

    Raises
    ------
    CarbonSinkError
        If a file cannot be used, with all problems of all parts, or the two do not overlap.
    """
    check_workers(workers)
    cells, is_classes = _opened(raster, scheme, values=values)
    parts = readers.parts_of(polygons, layer)
    work = partial(_class_part if is_classes else _value_part, raster=cells, coverage=coverage)
    measured = []
    if not scheduler:
        for rows in _read(parts):
            measured.append(work(*rows, workers=workers))
            on_part(len(measured), len(parts))
    else:
        with connected(scheduler, workers) as client:
            if len(parts) == 1 and is_classes:  # cut by the rows of the raster instead
                measured = [work(*next(_read(parts)), measure=partial(class_quanta_on, client))]
            else:
                measured = each(client, partial(_on_worker, work), parts)
            on_part(len(parts), len(parts))
    told = [problem for one in measured for problem in one.problems]
    if any(one.table is None for one in measured):
        raise TableError(told_once(problem for problem in told if problem.severity == "refuse"))
    table, area_ha = (
        _class_table(measured, cells, coverage) if is_classes else _value_table(measured)
    )
    changed_ha = sum(one.changed_ha for one in measured)
    notes = [*cells.attrs["notes"], *quality.check_repairs(told, changed_ha, area_ha.sum())]
    if is_classes and scheme:
        found = table.max()
        check_classes(found.index[found > 0], scheme, Path(raster).name, table.sum(),
                      has_nodata=nodata_of(cells) is not None)  # fmt: skip
    method = f"coverage={coverage}, ellipsoidal area"
    notes += _overlap_notes(table, area_ha, Path(raster).name, is_classes=is_classes)
    return Composition(parts, _named(table, area_ha, is_classes=is_classes), method, notes)


def total_lines(found: Composition, scheme: str = "", lang: str = "zh") -> list[str]:
    """
    Say in lines of text what the polygons hold together.

    Parameters
    ----------
    found : Composition
    scheme : str
        Product that names the classes; empty for codes alone.
    lang : {"zh", "en"}
        Language.

    Returns
    -------
    lines : list of str
    """
    table = found.table
    area_ha = table["area_ha"].sum()
    lines = [text("zonal.title", lang, count=f"{len(table):,}", area=f"{area_ha:,.2f}")]
    if "data_ha" in table:
        mean = table["sum"].sum() / table["data_ha"].sum()
        lines.append(
            text("zonal.values", lang, mean=f"{mean:,.4f}", sum=f"{table['sum'].sum():,.2f}",
                 low=f"{table['min'].min():g}", high=f"{table['max'].max():g}")
        )  # fmt: skip
    names = classes(scheme)[f"name_{lang}"] if scheme else {}
    for code, hectares in found.class_ha.items():
        lines.append(
            text("zonal.class", lang, code=code, name=names.get(code, ""),
                 area=f"{hectares:,.2f}", share=f"{hectares / area_ha * 100.0:.2f}")
        )  # fmt: skip
    return lines


@dataclass(frozen=True)
class _Measured:
    """One part of a layer, measured where that is possible, and what is wrong with it."""

    table: pd.DataFrame | None
    area_ha: pd.Series | None
    changed_ha: float
    problems: list[Problem]


def _opened(raster: str | Path, scheme: str, *, values: bool) -> tuple[xr.DataArray, bool]:
    """Open a raster as classes when it holds whole numbers, and as values otherwise."""
    if values or not (scheme or rasters.holds_whole_numbers(raster)):
        return rasters.open_values(raster), False
    return rasters.open_landcover(raster, scheme=scheme), True


def _read(parts: list[Part]) -> Iterator[tuple[Part, gpd.GeoDataFrame]]:
    """Read the polygons of parts that follow each other."""
    return zip(parts, readers.read_parts(parts, fields=False), strict=True)


def _on_worker(work: Callable[[Part, gpd.GeoDataFrame], _Measured], part: Part) -> _Measured:
    """Read and measure one part."""
    return work(*next(_read([part])))


def _measure_part(
    part: Part, rows: gpd.GeoDataFrame, measure: Callable[[gpd.GeoDataFrame], pd.DataFrame]
) -> _Measured:
    """Check the polygons of a part and measure them; problems are collected, not raised."""
    polygons, found, changed_ha = quality.mend_polygons(
        rows, file=part.source.path.name, name=part.source.layer
    )
    if len(polygons) < len(rows):
        return _Measured(None, None, 0.0, found)
    area_ha = ellipsoidal_area_ha(polygons.geometry)
    return _Measured(measure(polygons), area_ha, changed_ha, found)


def _class_part(
    part: Part,
    rows: gpd.GeoDataFrame,
    raster: xr.DataArray,
    coverage: str,
    workers: int = 1,
    measure: Callable[..., pd.DataFrame] | None = None,
) -> _Measured:
    """Measure the classes in the polygons of one part, in whole quanta."""
    measure = measure or partial(class_quanta, workers=workers)
    done = _measure_part(part, rows, partial(measure, raster=raster, coverage=coverage))
    if done.table is not None:
        _check_number(done.table, raster)
    return done


def _value_part(
    part: Part, rows: gpd.GeoDataFrame, raster: xr.DataArray, coverage: str, workers: int = 1
) -> _Measured:
    """Measure the values in the polygons of one part."""
    measure = partial(statistics, raster=raster, coverage=coverage, workers=workers)
    return _measure_part(part, rows, measure)


def _check_number(quanta: pd.DataFrame, raster: xr.DataArray) -> None:
    """Refuse so many whole numbers that they are hardly classes."""
    if len(quanta.columns) > CLASSES_MOST:
        raise TableError(
            Problem("classes_too_many", file=raster.encoding["source"],
                    value=f"{len(quanta.columns):,}", rule=str(CLASSES_MOST))
        )  # fmt: skip


def _class_table(
    measured: list[_Measured], raster: xr.DataArray, coverage: str
) -> tuple[pd.DataFrame, pd.Series]:
    """Hectares of each class, and of each polygon."""
    quanta = joined([one.table for one in measured])
    _check_number(quanta, raster)
    area_ha = pd.concat([one.area_ha for one in measured])
    return quanta_to_ha(quanta, grid_of(raster), coverage), area_ha


def _value_table(measured: list[_Measured]) -> tuple[pd.DataFrame, pd.Series]:
    """Statistics of the values, and hectares of each polygon."""
    table = pd.concat([one.table for one in measured])
    return table, pd.concat([one.area_ha for one in measured])


def _overlap_notes(
    table: pd.DataFrame, area_ha: pd.Series, raster: str, *, is_classes: bool
) -> list[Problem]:
    """Refuse a raster without data in any polygon; tell polygons that it does not fill."""
    with_data = table.sum(axis=1) if is_classes else table["area_ha"]
    if not with_data.sum():
        raise CRSError(Problem("raster_elsewhere", file=raster))
    share = with_data.sum() / area_ha.sum() * 100.0
    partly = with_data < area_ha * WHOLE_PCT / 100.0
    notes, empty = [], with_data == 0
    if share < WHOLE_PCT:
        rows = first_rows(table.index[partly])
        notes.append(Problem("raster_partial", file=raster, rows=rows, count=int(partly.sum()),
                             value=f"{share:.1f}"))  # fmt: skip
    if empty.any():
        rows = first_rows(table.index[empty])
        notes.append(Problem("raster_misses", file=raster, rows=rows, count=int(empty.sum())))
    return notes


def _named(table: pd.DataFrame, area_ha: pd.Series, *, is_classes: bool) -> pd.DataFrame:
    """Give the columns the names of the result."""
    if not is_classes:
        values = table.rename(columns={"area_ha": "data_ha"})
        return pd.concat([area_ha, values], axis=1)
    missing = area_ha - table.sum(axis=1)
    missing = missing.where(missing > NOISE_HA + area_ha * NOISE_HA, 0.0).rename("no_data_ha")
    names = {code: f"class_{code}_ha" for code in table.columns}
    return pd.concat([area_ha, table.rename(columns=names), missing], axis=1)
