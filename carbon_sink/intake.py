"""Reads and checks everything a run needs, before anything is computed."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import pairwise

import geopandas as gpd
import pandas as pd
import shapely
import xarray as xr

from . import quality, rasters, readers
from .density import check_covered, check_same_grid, check_table
from .errors import CarbonSinkError, Problem, TableError
from .geometry import STORE_CRS, ellipsoidal_area_ha, planar_area_ha
from .grids import grid_of, nodata_of
from .inspection import Ground, Survey, survey_layer
from .interpretation import check_interpretation
from .landcover import check_classes
from .language import text
from .settings import ELLIPSOID, Inventory, Settings


def _no_towns() -> gpd.GeoDataFrame:
    """Return an empty layer of towns."""
    empty = {"town_code": [], "town_name": [], "land_area_ha": []}
    return gpd.GeoDataFrame(empty, geometry=[], crs=STORE_CRS)


@dataclass
class Inputs:
    """
    Everything that was read and checked, and not yet computed with.

    ``surveys`` tell what every inventory holds and what was found in it, by year; ``stands``
    are its rows, where they were kept. ``land_area_ha`` is the denominator of the coverage
    (ha), missing when nothing gives it, and ``land_area_source`` the key of the text that says
    where it comes from. ``notes`` are the findings that do not keep the data from being used,
    ``errors`` those that do. ``reference_samples`` are by the year of their land cover;
    ``carbon_table`` gives the carbon of its classes.
    """

    boundary: gpd.GeoDataFrame | None = None
    towns: gpd.GeoDataFrame = field(default_factory=_no_towns)
    land_area_ha: float | None = None
    land_area_source: str = "land_area.unknown"
    surveys: dict[int, Survey] = field(default_factory=dict)
    stands: dict[int, gpd.GeoDataFrame] = field(default_factory=dict)
    landcover: dict[int, xr.DataArray] = field(default_factory=dict)
    projects: list[pd.DataFrame] = field(default_factory=list)
    events: list[pd.DataFrame] = field(default_factory=list)
    reference_samples: dict[int, pd.DataFrame] = field(default_factory=dict)
    carbon_table: pd.DataFrame | None = None
    notes: list[Problem] = field(default_factory=list)
    errors: list[CarbonSinkError] = field(default_factory=list)

    @property
    def problems(self) -> list[Problem]:
        """Return everything that was found, once."""
        grave = [problem for error in self.errors for problem in error.problems]
        return list(dict.fromkeys([*grave, *self.notes]))

    def keys(self) -> dict[tuple[str, str], pd.Series]:
        """Return the key of the stand in each row of every inventory."""
        return {
            (one.source.path.name, one.source.layer): one.keys for one in self.surveys.values()
        }

    @contextmanager
    def collecting(self) -> Iterator[None]:
        """Keep what is wrong with one input, and go on with the next."""
        try:
            yield
        except CarbonSinkError as error:
            self.errors.append(error)

    def add(self, problems: list[Problem]) -> None:
        """Sort findings into those that keep the data from being used, and others."""
        grave = [problem for problem in problems if problem.severity == "refuse"]
        self.notes += [problem for problem in problems if problem.severity != "refuse"]
        if grave:
            self.errors.append(TableError(grave))

    def refuse(self) -> None:
        """
        Raise everything that keeps the data from being used, all of it together.

        Raises
        ------
        CarbonSinkError
        """
        if len(self.errors) == 1:
            raise self.errors[0]
        if self.errors:
            raise CarbonSinkError(
                dict.fromkeys(problem for error in self.errors for problem in error.problems)
            )


def read_inputs(settings: Settings) -> Inputs:
    """
    Read and check every input the settings name; nothing is computed yet.

    Raises
    ------
    CarbonSinkError
        With the problems of all inputs.
    """
    kept: dict[int, list[gpd.GeoDataFrame]] = {}
    inputs = gather(settings, lambda year, part: kept.setdefault(year, []).append(part))
    inputs.refuse()
    for source in settings.inventory:
        stands = gpd.GeoDataFrame(pd.concat(kept.pop(source.year)))
        stands.attrs["file"] = settings.path_of(source).name
        inputs.stands[source.year] = stands
    return inputs


def gather(
    settings: Settings, on_part: Callable[[int, gpd.GeoDataFrame], None] = lambda *_: None
) -> Inputs:
    """
    Look at every input the settings name, and collect what is wrong instead of raising it.

    Parameters
    ----------
    settings : Settings
    on_part : callable
        Called with the year and the good rows of each part of an inventory, as
        ``survey_layer`` does. No stands are kept.

    Returns
    -------
    inputs : Inputs
        Without ``stands``.
    """
    inputs = Inputs()
    with inputs.collecting():
        inputs.boundary = _read_boundary(settings, inputs)
    with inputs.collecting():
        inputs.towns = _read_towns(settings, inputs)
    inputs.land_area_ha, inputs.land_area_source = _land_area(settings, inputs)
    for source in settings.inventory:
        with inputs.collecting():
            inputs.surveys[source.year] = _survey(settings, source, inputs, on_part)
            inputs.add(inputs.surveys[source.year].problems)
    for source in settings.landcover:
        with inputs.collecting():
            raster = rasters.open_landcover(settings.path_of(source), scheme=source.scheme)
            inputs.landcover[source.year] = raster
            inputs.notes += raster.attrs["notes"]
    with inputs.collecting():
        _check_places(settings, inputs)
    _read_records(settings, inputs)
    with inputs.collecting():
        _read_samples(settings, inputs)
    with inputs.collecting():
        table = inputs.carbon_table = _read_carbon_table(settings, inputs.landcover)
        inputs.notes += [] if table is None else table.attrs.pop("notes", [])
    return inputs


def _read_boundary(settings: Settings, inputs: Inputs) -> gpd.GeoDataFrame | None:
    """Read the boundary of the place as one row."""
    source = settings.boundary
    if source is None:
        return None
    boundary = readers.read_layer(settings.path_of(source), source.layer)
    boundary, found = quality.check_polygons(boundary, file=source.path)
    inputs.notes += found
    return boundary[[boundary.geometry.name]].dissolve()


def _read_records(settings: Settings, inputs: Inputs) -> None:
    """Read projects and events; none may come twice."""
    for name, read, key in (("projects", readers.read_projects, "project_id"),
                            ("events", readers.read_events, "event_id")):  # fmt: skip
        found, files = [], []
        for source in getattr(settings, name):
            with inputs.collecting():
                records = read(settings.path_of(source), layer=source.layer)
                inputs.notes += records.attrs.pop("notes", [])
                found.append(_stored(records))
                files.append(source.path)
        with inputs.collecting():
            quality.check_unique(found, key, files)
        setattr(inputs, name, found)


def _read_carbon_table(
    settings: Settings, landcover: dict[int, xr.DataArray]
) -> pd.DataFrame | None:
    """Read the carbon of the classes; dates must lie on one grid, because cells are compared."""
    if settings.carbon_density is None:
        return None
    path = settings.path_of(settings.carbon_density.table)
    table = check_table(readers.read_table(path), file=path.name)
    for (_, before), (_, after) in pairwise(sorted(landcover.items())):
        check_same_grid(before, after)
    return table


def _read_samples(
    settings: Settings,
    landcover: dict[int, xr.DataArray],
    place: gpd.GeoDataFrame,
    notes: list[Problem],
) -> dict[int, pd.DataFrame]:
    """Read the reference sample of each year and hold it against its land cover and the place."""
    found = {}
    for source in settings.reference_samples:
        raster, seen = landcover[source.year], None
        samples = readers.read_reference_samples(
            settings.path_of(source), raster.attrs["scheme"], layer=source.layer,
            map_field=source.map_field, reference_field=source.reference_field,
            strata_ha=source.strata_ha,
        )  # fmt: skip
        if {"lon_deg", "lat_deg"} <= set(samples):
            known = samples[["lon_deg", "lat_deg"]].dropna()
            points = gpd.points_from_xy(known["lon_deg"], known["lat_deg"], crs=STORE_CRS)
            seen = rasters.values_at(raster, gpd.GeoSeries(points, known.index))
        polygons = place.to_crs(STORE_CRS) if len(place) else None
        notes += check_interpretation(samples, seen, polygons)
        found[source.year] = samples
    return found


def _read_samples(settings: Settings, inputs: Inputs) -> None:
    """Read the reference sample of each year and hold it against its land cover and the place."""
    place = inputs.boundary if inputs.boundary is not None else inputs.towns
    for source in settings.reference_samples:
        if source.year not in inputs.landcover:  # it could not be opened
            continue
        raster, seen = inputs.landcover[source.year], None
        samples = readers.read_reference_samples(
            settings.path_of(source), raster.attrs["scheme"], layer=source.layer,
            map_field=source.map_field, reference_field=source.reference_field,
            strata_ha=source.strata_ha,
        )  # fmt: skip
        if {"lon_deg", "lat_deg"} <= set(samples):
            known = samples[["lon_deg", "lat_deg"]].dropna()
            points = gpd.points_from_xy(known["lon_deg"], known["lat_deg"], crs=STORE_CRS)
            seen = rasters.values_at(raster, gpd.GeoSeries(points, known.index))
        polygons = place.to_crs(STORE_CRS) if len(place) else None
        inputs.notes += samples.attrs.pop("notes", [])
        inputs.notes += check_interpretation(samples, seen, polygons)
        inputs.reference_samples[source.year] = samples


def check_landcover(inputs: Inputs) -> None:
    """
    Read every cell of the land cover and refuse classes without a meaning or a value.

    A run finds them too, while it measures; this is for looking before a run.

    Raises
    ------
    TableError
        Naming the classes that a product does not have.
    ParameterError
        Naming the classes that the carbon table lacks.
    """
    found = {}
    for raster in inputs.landcover.values():
        file = raster.encoding["source"]
        found[file] = rasters.codes_of(raster)
        check_classes(
            found[file], raster.attrs["scheme"], file, has_nodata=nodata_of(raster) is not None
        )
    if inputs.carbon_table is not None:
        check_covered(found, inputs.carbon_table)


def _stored(records: pd.DataFrame) -> pd.DataFrame:
    """Bring records with a geometry to one system; records without one stay as they are."""
    return records.to_crs(STORE_CRS) if isinstance(records, gpd.GeoDataFrame) else records


def _land_area(settings: Settings, inputs: Inputs) -> tuple[float | None, str]:
    """Land area of the place: the official figure, else the boundary's, else the towns'."""
    if settings.land_area_ha is not None:
        return settings.land_area_ha, "land_area.official"
    if inputs.boundary is not None:
        area_ha = _area_ha(inputs.boundary.geometry, settings)
        return float(area_ha.sum()), "land_area.boundary"
    if len(inputs.towns):
        return float(inputs.towns["land_area_ha"].sum()), "land_area.towns"
    return None, "land_area.unknown"


def _read_towns(settings: Settings, inputs: Inputs) -> gpd.GeoDataFrame:
    """Read the towns with their land area; an empty layer when there are none."""
    source = settings.towns
    if source is None:
        return _no_towns()
    towns = readers.read_towns(
        settings.path_of(source), layer=source.layer,
        code_field=source.code_field, name_field=source.name_field,
    )  # fmt: skip
    towns, found = quality.check_polygons(towns, file=source.path)
    inputs.notes += found
    towns = towns.assign(land_area_ha=_area_ha(towns.geometry, settings))
    return towns.reset_index(drop=True)


def _survey(
    settings: Settings,
    source: Inventory,
    inputs: Inputs,
    on_part: Callable[[int, gpd.GeoDataFrame], None],
) -> Survey:
    """Check one inventory, row by row."""
    layer = readers.as_source(settings.path_of(source), source.layer)
    known = readers.understand(
        layer, fields=source.fields, fixed=source.fixed,
        landclass_scheme=source.landclass_scheme, species_scheme=source.species_scheme,
        landclass_codes=source.landclass_codes, species_codes=source.species_codes,
        units=source.units,
    )  # fmt: skip
    grave = [problem for problem in known.problems if problem.severity == "refuse"]
    if grave:  # rows that are not understood cannot be checked
        raise TableError(grave)
    ground = Ground(
        towns=inputs.towns, boundary=inputs.boundary, year=source.year,
        land_area_ha=inputs.land_area_ha, area_ha=lambda shapes: _area_ha(shapes, settings),
    )  # fmt: skip
    return survey_layer(layer, known, ground, lambda part: on_part(source.year, part))


def _area_ha(shapes: gpd.GeoSeries, settings: Settings) -> pd.Series:
    """Area by the way the settings ask for: on the ellipsoid unless they name a projection."""
    if settings.area_crs == ELLIPSOID:
        return ellipsoidal_area_ha(shapes)
    return planar_area_ha(shapes, settings.area_crs)


def _check_places(settings: Settings, inputs: Inputs) -> None:
    """Refuse layers that lie elsewhere than the boundary, the towns or the inventory."""
    extents = {}
    for source, layer in ((settings.boundary, inputs.boundary), (settings.towns, inputs.towns)):
        if layer is not None and len(layer):
            extents[source.path] = quality.extent_deg(layer.total_bounds, layer.crs)
    for source in settings.inventory:
        if source.year in inputs.surveys:
            survey = inputs.surveys[source.year]
            name = f"{source.path} {source.layer}".strip()
            extents[name] = quality.extent_deg(survey.bounds, survey.crs)
    for source in settings.landcover:
        if source.year in inputs.landcover:
            grid = grid_of(inputs.landcover[source.year])
            extents[source.path] = quality.extent_deg(grid.bounds(), grid.crs)
    if extents:
        quality.check_place(extents, next(iter(extents)))


def outline(raster: xr.DataArray) -> gpd.GeoDataFrame:
    """Return the outline of a raster as a layer of one rectangle."""
    grid = grid_of(raster)
    return gpd.GeoDataFrame(geometry=[shapely.box(*grid.bounds())], crs=grid.crs)


def input_lines(inputs: Inputs, lang: str) -> list[str]:
    """
    Say in a line each what was read: inventories, land cover, reference samples, carbon table.

    Parameters
    ----------
    inputs : Inputs
    lang : {"zh", "en"}
        Language.

    Returns
    -------
    lines : list of str
    """
    lines = [
        text("cli.check_inventory", lang, year=year, count=survey.rows,
             area=f"{survey.area_ha:,.2f}")
        for year, survey in sorted(inputs.surveys.items())
    ]  # fmt: skip
    lines += [
        text("cli.check_landcover", lang, year=year, size=" × ".join(map(str, raster.shape)))
        for year, raster in sorted(inputs.landcover.items())
    ]
    lines += [
        text("cli.check_samples", lang, year=year, count=len(samples))
        for year, samples in sorted(inputs.reference_samples.items())
    ]
    if inputs.carbon_table is not None:
        classes = ", ".join(map(str, inputs.carbon_table.index))
        file = inputs.carbon_table.attrs["file"]
        lines.append(text("cli.check_carbon", lang, file=file, classes=classes))
    return lines
