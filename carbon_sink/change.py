"""Two land-cover rasters of one place compared."""

from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import pandas as pd
import xarray as xr

from . import quality, rasters, readers
from .density import carbon_totals, check_table
from .errors import FileError, Problem, TableError
from .grids import nodata_of
from .landcover import NOISE_HA, check_classes, product, transition_matrix
from .language import text
from .transitions import (
    change_table,
    comparison_notes,
    conversion_matrix,
    conversion_table,
    gains_and_losses,
    transition_table,
)
from .zonal import Measure, class_area


@dataclass(frozen=True)
class Change:
    """
    How land cover changed between two dates.

    Parameters
    ----------
    matrix : DataFrame
        From ``landcover.transition_matrix`` (ha).
    schemes : tuple of str
        Products before and after; empty where they are not known.
    files : tuple of str
        Names of the two files.
    notes : list of Problem
        What a reader must know before differences are taken for changes of the land.
    """

    matrix: pd.DataFrame
    schemes: tuple[str, str]
    files: tuple[str, str]
    notes: list[Problem]

    @property
    def is_one_legend(self) -> bool:
        """Whether the codes of both dates mean the same, so that a class can gain and lose."""
        legends = [product(scheme)["legend"] if scheme else "" for scheme in self.schemes]
        return legends[0] == legends[1]


def compare(
    before: xr.DataArray,
    after: xr.DataArray,
    zones: gpd.GeoDataFrame | None = None,
    *,
    measure: Measure = class_area,
) -> Change:
    """
    Compare two land-cover rasters.

    Parameters
    ----------
    before, after : DataArray
        As ``rasters.open_landcover`` gives them; ``attrs["scheme"]`` names the product, empty
        where it is not known.
    zones : GeoDataFrame, optional
        Polygons whose index names the zones.
    measure : callable
        What measures areas: ``zonal.class_area``, or the same with workers.

    Returns
    -------
    change : Change

    Raises
    ------
    CarbonSinkError
        If a raster holds classes its product does not have, no cell has data at both dates,
        or a file cannot be read.
    """
    both = (before, after)
    schemes = tuple(raster.attrs.get("scheme", "") for raster in both)
    files = tuple(str(raster.encoding.get("source", "")) for raster in both)
    try:
        matrix = transition_matrix(before, after, zones, measure=measure)
    except OSError as error:  # a file cut short shows only when its cells are read
        if isinstance(error, FileError):
            raise
        problem = Problem("file_unreadable", file=", ".join(files), value=str(error))
        raise FileError(problem) from None
    sums = matrix.sum(axis=1).groupby(level=-1).sum(), matrix.sum(axis=0)
    for area, raster, scheme, file in zip(sums, both, schemes, files, strict=True):
        if scheme:
            has_nodata = nodata_of(raster) is not None
            check_classes(area.index[area > 0], scheme, file, area, has_nodata=has_nodata)
    found = Change(matrix, schemes, files, comparison_notes(before, after, matrix, *schemes))
    if found.is_one_legend and gains_and_losses(matrix)["gain_ha"].max() <= NOISE_HA:
        found.notes.append(Problem("landcover_no_change", file=", ".join(filter(None, files))))
    return found


def compare_files(
    before: str | Path,
    after: str | Path,
    *,
    schemes: tuple[str, str] = ("", ""),
    zones: str | Path | None = None,
    layer: str = "",
    zone_field: str = "",
) -> Change:
    """
    Compare two land-cover files.

    Parameters
    ----------
    before, after : str or Path
        GeoTIFFs of classes.
    schemes : tuple of str
        Their products; empty where they are not known, and codes then have no names.
    zones : str or Path, optional
        Polygons to compare by.
    layer : str
        Layer of the polygons, where the file holds several.
    zone_field : str
        Field that names the zones; rows are numbered without it.

    Returns
    -------
    change : Change

    Raises
    ------
    CarbonSinkError
        If a file cannot be used.
    """
    opened = [rasters.open_landcover(path, scheme=scheme)
              for path, scheme in zip((before, after), schemes, strict=True)]  # fmt: skip
    told = [note for raster in opened for note in raster.attrs["notes"]]
    if zones is None:
        found = compare(*opened)
        found.notes.extend(told)
        return found
    file = Path(zones).name
    polygons, notes = quality.check_polygons(
        readers.read_layer(zones, layer), file=file, name=layer
    )
    if zone_field:
        if zone_field not in polygons:
            fields = ", ".join(polygons.columns.drop(polygons.geometry.name))
            raise TableError(
                Problem("field_missing", file=file, field=zone_field, value=zone_field, rule=fields)
            )
        polygons = polygons.set_index(zone_field)
    found = compare(*opened, polygons)
    found.notes.extend([*told, *notes])
    return found


def write_carbon(
    before: str | Path,
    after: str | Path,
    table: str | Path,
    folder: str | Path,
    *,
    schemes: tuple[str, str] = ("", ""),
) -> tuple[pd.DataFrame, list[Path]]:
    """
    Write rasters of the carbon density of two land-cover files, and of its change.

    Parameters
    ----------
    before, after : str or Path
        GeoTIFFs of classes on one grid.
    table : str or Path
        Carbon of each class, a CSV that ``density.check_table`` accepts.
    folder : str or Path
        Existing folder.
    schemes : tuple of str
        Products before and after; empty where they are not known.

    Returns
    -------
    totals : DataFrame
        As ``density.carbon_totals`` gives them.
    files : list of Path
        The rasters: before, after, change.

    Raises
    ------
    CarbonSinkError
        If a file cannot be used, the grids differ, or a class has no value.
    """
    if not Path(table).is_file():
        raise FileError(Problem("file_missing", file=Path(table).name, value=str(table)))
    opened = {
        date: rasters.open_landcover(path, scheme=scheme)
        for date, path, scheme in zip(("before", "after"), (before, after), schemes, strict=True)
    }
    rows = check_table(readers.read_table(table), file=Path(table).name)
    maps = rasters.write_density(opened, rows, folder)
    return carbon_totals(maps.pairs["before", "after"], rows), maps.files


def change_tables(change: Change) -> dict[str, pd.DataFrame]:
    """
    Lay out a comparison as the tables of ``data/columns.csv``.

    Parameters
    ----------
    change : Change
        Comparison.

    Returns
    -------
    tables : dict
        ``landcover_transition``; ``landcover_change`` where both dates have one legend;
        ``landcover_conversion`` where both products are known.
    """
    tables = {"landcover_transition": transition_table(change.matrix, *change.schemes)}
    if change.is_one_legend:
        tables["landcover_change"] = change_table(change.matrix, change.schemes[0])
    if all(change.schemes):
        tables["landcover_conversion"] = conversion_table(
            conversion_matrix(change.matrix, *change.schemes)
        )
    return tables


def rule_line(change: Change, lang: str) -> str:
    """
    Say how the cells of two dates were matched.

    Examples
    --------
    >>> one = pd.DataFrame()
    >>> one.attrs |= {"rule": "same_grid", "kept": "after"}
    >>> rule_line(Change(one, ("", ""), ("a.tif", "b.tif"), []), "en")
    'Rule: both dates are on one grid, compared cell by cell.'
    """
    kept = text(f"kept.{change.matrix.attrs['kept']}", lang)
    return text(f"change.{change.matrix.attrs['rule']}", lang, kept=kept)
