"""A reference sample of land cover from its design to the sheet that interpreters fill in."""

from dataclasses import dataclass
from math import sqrt
from pathlib import Path
from statistics import NormalDist

import geopandas as gpd
import pandas as pd
import xarray as xr

from . import layers, quality, rasters, readers, report
from .assessment import Design, design_sample
from .errors import CRSError, FileError, Problem, SettingsError
from .geometry import ellipsoidal_area_ha
from .grids import nodata_of
from .intake import outline
from .landcover import check_classes, classes, product
from .language import aligned, text
from .legend import code_name, number_text
from .monitoring import LANDCOVER_WHOLE_PCT
from .parameters import references
from .tables import heading, read_data
from .units import M2_PER_HA
from .zonal import class_area

FORMATS = (".gpkg", ".csv")
# what is taken from data/constants.csv where nothing is given
ASSUMED = ("standard_error", "users_accuracy", "minimum")


@dataclass(frozen=True)
class Plan:
    """
    A reference sample of a raster in a place, before it is drawn.

    Parameters
    ----------
    raster : DataArray
        Classes; ``attrs["scheme"]`` names the product.
    place : GeoDataFrame
        One row: all polygons of the place, or the outline of the raster.
    place_name : str
        File of the polygons; empty for the whole raster.
    design : Design
        Strata and sample units.
    given : dict
        What the user said of ``standard_error``, ``users_accuracy`` and ``minimum``; None
        where the value of ``data/constants.csv`` is taken.
    cell_m : float
        Side of a square as large as a cell, metres.
    notes : list of Problem
        What a reader should know.
    """

    raster: xr.DataArray
    place: gpd.GeoDataFrame
    place_name: str
    design: Design
    given: dict[str, float | None]
    cell_m: float
    notes: list[Problem]

    @property
    def file(self) -> str:
        """Name of the raster."""
        return str(self.raster.encoding["source"])


def plan_sample(
    raster: str | Path,
    scheme: str,
    *,
    place: str | Path | None = None,
    layer: str = "",
    total: int | None = None,
    standard_error: float | None = None,
    users_accuracy: float | None = None,
    minimum: int | None = None,
) -> Plan:
    """
    Design the reference sample of a land-cover raster.

    Parameters
    ----------
    raster : str or Path
        GeoTIFF of classes.
    scheme : str
        Its product.
    place : str or Path, optional
        Polygons of the place: those a run reports on. Without them the whole raster.
    layer : str
        Layer of the polygons, where the file holds several.
    total, standard_error, users_accuracy, minimum
        As for ``assessment.design_sample``.

    Returns
    -------
    plan : Plan

    Raises
    ------
    CarbonSinkError
        If a file cannot be used, the two do not overlap, the raster holds classes its product
        does not have, or the sample is too small.
    """
    cells = rasters.open_landcover(raster, scheme=scheme)
    polygons, notes = outline(cells), cells.attrs["notes"]
    if place is not None:
        polygons, found = quality.check_polygons(
            readers.read_layer(place, layer), file=Path(place).name, name=layer
        )
        notes = [*notes, *found]
    polygons = polygons[[polygons.geometry.name]].dissolve()
    mapped_ha, counts = _measured(cells, polygons)
    if place is not None:
        share = mapped_ha.sum() / ellipsoidal_area_ha(polygons.geometry).sum() * 100.0
        if share < LANDCOVER_WHOLE_PCT:
            file = cells.encoding["source"]
            notes = [*notes, Problem("landcover_partial", file=file, value=f"{share:.1f}")]
    given = dict(zip(ASSUMED, (standard_error, users_accuracy, minimum), strict=True))
    design = design_sample(mapped_ha, counts, total, **given)
    cell_m = sqrt(mapped_ha.sum() * M2_PER_HA / max(counts.sum(), 1))
    name = "" if place is None else Path(place).name
    return Plan(cells, polygons, name, design, given, cell_m, notes)


def _measured(raster: xr.DataArray, place: gpd.GeoDataFrame) -> tuple[pd.Series, pd.Series]:
    """Hectares of each class in a place, and the number of its cells that can be drawn."""
    file, scheme = str(raster.encoding["source"]), raster.attrs["scheme"]
    try:
        mapped_ha = class_area(place, raster).iloc[0]
        counts = rasters.cells_inside(raster, place)
    except OSError as error:  # a file cut short shows only when its cells are read
        if isinstance(error, FileError):
            raise
        raise FileError(Problem("file_unreadable", file=file, value=str(error))) from None
    mapped_ha = mapped_ha[mapped_ha > 0.0]
    if mapped_ha.empty:
        raise CRSError(Problem("raster_elsewhere", file=file))
    has_nodata = nodata_of(raster) is not None
    check_classes(mapped_ha.index, scheme, file, mapped_ha, has_nodata=has_nodata)
    return mapped_ha, counts


def draw_sample(plan: Plan, sheet: Path, seed: int, lang: str = "zh") -> gpd.GeoDataFrame:
    """
    Draw the points of a planned sample and write them: where to look, and a sheet to fill in.

    Parameters
    ----------
    plan : Plan
    sheet : Path
        As ``sample_path`` gives it; the layer gets the same name.
    seed : int
        The same seed draws the same points.
    lang : {"zh", "en"}
        Language of the field names of the layer.

    Returns
    -------
    points : GeoDataFrame
        As ``rasters.sample_points`` gives them; ``stratum`` only where classes share one.

    Raises
    ------
    CarbonSinkError
        If the seed is negative, a stratum has fewer cells than it should give, or a file
        cannot be written.
    """
    if seed < 0:
        raise SettingsError(Problem("seed_negative", value=str(seed)))
    strata = plan.design.classes["stratum"] if plan.design.is_merged else None
    samples = plan.design.strata["samples"]
    points = rasters.sample_points(plan.raster, samples, seed, plan.place, strata)
    layers.write_sample(sheet, points, lang)
    return points


def sample_path(path: str | Path, inputs: list[str | Path]) -> Path:
    """
    Refuse a name for the sample that cannot be used, before anything is drawn.

    Parameters
    ----------
    path : str or Path
        ``.gpkg`` or ``.csv``; both are written.
    inputs : list of str or Path
        Files that must stay as they are.

    Returns
    -------
    path : Path
        The sheet to fill in, ``.csv``.

    Raises
    ------
    FileError
        If the format is another, the file is an input, or one of the two is there already:
        it may hold the work of an interpreter.
    """
    path = report.check_table_path(path, inputs, formats=FORMATS)
    there = [one for one in map(path.with_suffix, FORMATS) if one.exists()]
    if there:
        raise FileError([Problem("sample_exists", file=str(one)) for one in there])
    return path.with_suffix(".csv")


def plan_lines(plan: Plan, lang: str = "zh") -> list[str]:
    """
    Say in lines of text how many points each class gets, and why so many.

    Parameters
    ----------
    plan : Plan
    lang : {"zh", "en"}
        Language.

    Returns
    -------
    lines : list of str
    """
    design = plan.design
    place = plan.place_name or text("sample.whole_raster", lang)
    name = product(plan.raster.attrs["scheme"])[f"name_{lang}"]
    lines = [text("sample.title", lang, file=plan.file, product=name, place=place)]
    values = {key: f"{value:g}" for key, value in _values(plan).items()}
    if design.needed is not None:
        lines.append(text("sample.needed", lang, units=f"{design.needed:,}", **values))
    half = NormalDist().inv_cdf(0.975) * design.standard_error * 100.0
    lines.append(text("sample.expected", lang, half=f"{half:.1f}", **values))
    lines += [*_assumed_lines(plan, lang), "", *aligned(_cells(plan, lang))]
    shared = design.classes[design.classes["stratum"] != design.classes.index]
    if len(shared):
        moved = "; ".join(
            f"{_name(plan, code, lang)} → {_name(plan, stratum, lang)}"
            for code, stratum in shared["stratum"].items()
        )
        lines += ["", text("sample.shared", lang, minimum=values["minimum"], classes=moved)]
    return lines


def guide_lines(plan: Plan, sheet: Path, seed: int, lang: str = "zh") -> list[str]:
    """
    Explain in lines of text how the sheet is filled in and what to write in the settings.

    Parameters
    ----------
    plan : Plan
    sheet : Path
        The sheet that was written.
    seed : int
        Seed of the points.
    lang : {"zh", "en"}
        Language.

    Returns
    -------
    lines : list of str
    """
    points = sheet.with_suffix(".gpkg")
    known = classes(plan.raster.attrs["scheme"])
    legend = ("、" if lang == "zh" else ", ").join(_name(plan, code, lang) for code in known.index)
    values = {
        "points": points.name, "sheet": sheet.name, "cell": f"{plan.cell_m:.0f}", "legend": legend,
        "place": plan.place_name or text("sample.whole_raster", lang),
        "stratum": text("sample.stratum", lang) if plan.design.is_merged else "",
    }  # fmt: skip
    lines = [text("sample.written", lang, points=points, sheet=sheet, seed=seed), ""]
    lines += [text(f"sample.guide_{step}", lang, **values) for step in range(7)]
    return [*lines, "", *_settings_lines(plan, sheet, lang)]


def _settings_lines(plan: Plan, sheet: Path, lang: str) -> list[str]:
    """Write what the settings need to know of the sample."""
    lines = [
        "[[reference_samples]]",
        f"year = ????  # {text('sample.year', lang)}",
        f'path = "{sheet.name}"',
    ]
    if plan.design.is_merged:
        areas = plan.design.strata["area_ha"].items()
        listed = ", ".join(f'"{stratum}" = {area:.4f}' for stratum, area in areas)
        lines.append(f"strata_ha = {{ {listed} }}")
    return lines


def _values(plan: Plan) -> dict[str, float]:
    """Return the standard error, the accuracy and the minimum that the design was made with."""
    constants = _constants()["value"].astype(float)
    return {key: constants[key] if value is None else value for key, value in plan.given.items()}


def _constants() -> pd.DataFrame:
    """Return the rows of ``data/constants.csv`` that a sample is designed with, by their names."""
    rows = read_data("constants.csv").set_index("key")
    return rows.loc[[f"sample_{key}" for key in ASSUMED]].set_axis(list(ASSUMED))


def _assumed_lines(plan: Plan, lang: str) -> list[str]:
    """Name the source of each value that the user left open and that mattered."""
    mattered = ASSUMED if plan.design.needed is not None else ASSUMED[1:]
    lines = []
    for key, row in _constants().iterrows():
        if key in mattered and plan.given[key] is None:
            source = references().loc[row["source"]]
            lines.append(
                text("sample.assumed", lang, name=text(f"sample.{key}", lang), value=row["value"],
                     source=f"{source['issuer']}, {source['year']}",
                     confidence=code_name("report.confidence", row["confidence"], lang))
            )  # fmt: skip
    return lines


def _name(plan: Plan, code: int, lang: str) -> str:
    """Return the code of a class with its name."""
    return f"{code} {classes(plan.raster.attrs['scheme']).loc[code, f'name_{lang}']}"


def _cells(plan: Plan, lang: str) -> list[list[str]]:
    """Lay out class, mapped area, share and points, with their totals."""
    design = plan.design
    mapped_ha, samples = design.classes["mapped_ha"], design.strata["samples"]
    area, total = heading("landcover_accuracy", "mapped_area_ha", lang), text("part.total", lang)
    cells = [[text("sample.class", lang), area, text("sample.share", lang),
              text("sample.points", lang)]]  # fmt: skip
    for code, hectares in mapped_ha.items():
        points = f"{samples[code]:,}" if code in samples else "-"
        share = number_text(hectares / mapped_ha.sum() * 100.0, 2)
        cells.append([_name(plan, code, lang), number_text(hectares, 2), share, points])
    cells.append([total, number_text(mapped_ha.sum(), 2), "100.00", f"{samples.sum():,}"])
    return cells
