"""Two land-cover rasters of one place compared, and the comparison laid out for reading."""

from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import pandas as pd
import xarray as xr

from . import quality, rasters, readers, report
from .density import carbon_totals, check_table
from .errors import FileError, Problem, TableError
from .grids import nodata_of
from .landcover import NOISE_HA, check_classes, classes, product, transition_matrix
from .language import aligned, text
from .legend import number_text
from .parameters import read_own_rows
from .tables import heading
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
    return Change(matrix, schemes, files, comparison_notes(before, after, matrix, *schemes))


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
    rows = check_table(read_own_rows(Path(table)), file=Path(table).name)
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


def write_change(path: str | Path, change: Change, lang: str = "zh") -> None:
    """
    Write every transition that occurs as a table.

    Parameters
    ----------
    path : str or Path
        File to write: ``.csv``, ``.parquet`` or ``.xlsx``.
    change : Change
        Comparison.
    lang : {"zh", "en"}
        Language of the headings of a workbook.
    """
    table = transition_table(change.matrix, *change.schemes)
    report.write_table(path, table, "landcover_transition", lang)


def rule_line(change: Change, lang: str) -> str:
    """
    Say how cells of two dates were matched.

    Examples
    --------
    >>> one = pd.DataFrame()
    >>> one.attrs |= {"rule": "same_grid", "kept": "after"}
    >>> rule_line(Change(one, ("", ""), ("a.tif", "b.tif"), []), "en")
    'Rule: both dates are on one grid, compared cell by cell.'
    """
    rule = change.matrix.attrs["rule"]
    kept = text(f"kept.{change.matrix.attrs['kept']}", lang)
    return text(f"change.{rule}", lang, kept=kept)


def change_lines(change: Change, lang: str = "zh") -> list[str]:
    """
    Lay out a comparison as lines of text: matrix, gains and losses, conversion, notes.

    Parameters
    ----------
    change : Change
        Comparison.
    lang : {"zh", "en"}
        Language.

    Returns
    -------
    lines : list of str
        Hectares with two decimals, columns aligned where wide glyphs take two places.
    """
    lines = [
        text("change.title", lang, before=change.files[0], after=change.files[1]),
        rule_line(change, lang),
    ]
    if change.matrix.index.nlevels == 1:
        return lines + _part_lines(change, change.matrix, lang)
    for zone, part in change.matrix.groupby(level="zone", sort=False, dropna=False):
        lines += ["", text("change.zone", lang, zone=zone)]
        lines += _part_lines(change, part.droplevel("zone"), lang)
    return lines


def _part_lines(change: Change, matrix: pd.DataFrame, lang: str) -> list[str]:
    """Lay out the tables of one zone, or of everything."""
    matrix = _filled(matrix)
    rows = _named(matrix.index, change.schemes[0], lang)
    lines = ["", text("change.matrix", lang), *_matrix_lines(matrix, rows, lang)]
    if change.is_one_legend:
        lines += ["", text("change.gains", lang), *_gain_lines(matrix, change.schemes[0], lang)]
    if all(change.schemes):
        categories = _filled(conversion_matrix(matrix, *change.schemes))
        names = [text(f"ipcc.{name}", lang) for name in categories.index]
        categories.columns = [text(f"ipcc.{name}", lang) for name in categories.columns]
        lines += ["", text("change.conversion", lang), *_matrix_lines(categories, names, lang)]
    return lines


def _filled(matrix: pd.DataFrame) -> pd.DataFrame:
    """Leave out rows and columns that hold nothing."""
    some = matrix > NOISE_HA
    return matrix.loc[some.any(axis=1), some.any(axis=0)]


def _named(codes: pd.Index, scheme: str, lang: str) -> list[str]:
    """Return codes with the names of their classes, where the product is known."""
    names = classes(scheme)[f"name_{lang}"]
    return [f"{code} {names.get(code, '')}".strip() for code in codes]


def _matrix_lines(matrix: pd.DataFrame, rows: list[str], lang: str) -> list[str]:
    """Lay out a matrix with its totals."""
    total = text("part.total", lang)
    cells = [["", *map(str, matrix.columns), total]]
    for name, values in zip(rows, matrix.to_numpy(), strict=True):
        cells.append([name, *map(_ha, values), _ha(values.sum())])
    cells.append([total, *map(_ha, matrix.sum()), _ha(matrix.to_numpy().sum())])
    return aligned(cells)


def _gain_lines(matrix: pd.DataFrame, scheme: str, lang: str) -> list[str]:
    """Lay out gains and losses."""
    gains = gains_and_losses(matrix)
    cells = [["", *(heading("landcover_change", name, lang) for name in gains.columns)]]
    for name, values in zip(_named(gains.index, scheme, lang), gains.to_numpy(), strict=True):
        cells.append([name, *map(_ha, values)])
    return aligned(cells)


def _ha(value: float) -> str:
    """Write hectares with two decimals; nothing for no area."""
    return number_text(value, 2) if abs(value) > NOISE_HA else "-"
