"""Reads and checks everything a run needs, before anything is computed."""

from dataclasses import dataclass
from itertools import pairwise

import geopandas as gpd
import pandas as pd
import shapely
import xarray as xr

from . import quality, rasters, readers
from .density import check_covered, check_same_grid, check_table
from .errors import Problem
from .geometry import STORE_CRS, ellipsoidal_area_ha, planar_area_ha
from .grids import grid_of, nodata_of
from .interpretation import check_interpretation
from .landcover import check_classes
from .language import text
from .parameters import read_own_rows
from .settings import ELLIPSOID, Inventory, Settings


@dataclass(frozen=True)
class Inputs:
    """
    Everything that was read and checked, and not yet computed with.

    ``land_area_ha`` is the denominator of the coverage (ha), missing when nothing gives it,
    and ``land_area_source`` the key of the text that says where it comes from. ``notes``
    are the findings that do not keep the data from being used. ``reference_samples`` are by
    the year of their land cover; ``carbon_table`` gives the carbon of its classes.
    """

    stands: dict[int, gpd.GeoDataFrame]
    landcover: dict[int, xr.DataArray]
    towns: gpd.GeoDataFrame
    boundary: gpd.GeoDataFrame | None
    projects: list[pd.DataFrame]
    events: list[pd.DataFrame]
    land_area_ha: float | None
    land_area_source: str
    notes: list[Problem]
    reference_samples: dict[int, pd.DataFrame]
    carbon_table: pd.DataFrame | None


def read_inputs(settings: Settings) -> Inputs:
    """Read and check every input the settings name; nothing is computed yet."""
    notes: list[Problem] = []
    boundary = None
    if settings.boundary:
        boundary = readers.read_layer(settings.path_of(settings.boundary), settings.boundary.layer)
        boundary, found = quality.check_polygons(boundary, file=settings.boundary.path)
        boundary = boundary[[boundary.geometry.name]].dissolve()
        notes += found
    towns = _read_towns(settings, notes)
    stands = {
        source.year: _read_stands(settings, source, towns, notes) for source in settings.inventory
    }
    landcover = {
        source.year: rasters.open_landcover(settings.path_of(source), scheme=source.scheme)
        for source in settings.landcover
    }
    notes += [note for raster in landcover.values() for note in raster.attrs["notes"]]
    _check_places(settings, boundary, towns, stands, landcover)
    projects = [
        _stored(readers.read_projects(settings.path_of(source), layer=source.layer))
        for source in settings.projects
    ]
    quality.check_unique(projects, "project_id", [source.path for source in settings.projects])
    events = [
        _stored(readers.read_events(settings.path_of(source), layer=source.layer))
        for source in settings.events
    ]
    quality.check_unique(events, "event_id", [source.path for source in settings.events])
    area, kind = _land_area(settings, boundary, towns)
    for source in settings.inventory:
        notes += quality.check_extent(stands[source.year], area, file=source.path)
    place = boundary if boundary is not None else towns
    samples = _read_samples(settings, landcover, place, notes)
    carbon = _read_carbon_table(settings, landcover)
    return Inputs(
        stands, landcover, towns, boundary, projects, events, area, kind, notes, samples, carbon
    )  # fmt: skip


def _read_carbon_table(
    settings: Settings, landcover: dict[int, xr.DataArray]
) -> pd.DataFrame | None:
    """Read the carbon of the classes; dates must lie on one grid, because cells are compared."""
    if settings.carbon_density is None:
        return None
    path = settings.path_of(settings.carbon_density.table)
    table = check_table(read_own_rows(path), file=path.name)
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


def _land_area(
    settings: Settings, boundary: gpd.GeoDataFrame | None, towns: gpd.GeoDataFrame
) -> tuple[float | None, str]:
    """Land area of the place: the official figure, else the boundary's, else the towns'."""
    if settings.land_area_ha is not None:
        return settings.land_area_ha, "land_area.official"
    if boundary is not None:
        return float(_area_ha(boundary, settings).sum()), "land_area.boundary"
    if len(towns):
        return float(towns["land_area_ha"].sum()), "land_area.towns"
    return None, "land_area.unknown"


def _read_towns(settings: Settings, notes: list[Problem]) -> gpd.GeoDataFrame:
    """Read the towns with their land area; an empty layer when there are none."""
    if settings.towns is None:
        empty = {"town_code": [], "town_name": [], "land_area_ha": []}
        return gpd.GeoDataFrame(empty, geometry=[], crs=STORE_CRS)
    source = settings.towns
    towns = readers.read_towns(
        settings.path_of(source), layer=source.layer,
        code_field=source.code_field, name_field=source.name_field,
    )  # fmt: skip
    towns, found = quality.check_polygons(towns, file=source.path)
    notes += found
    return towns.assign(land_area_ha=_area_ha(towns, settings)).reset_index(drop=True)


def _read_stands(
    settings: Settings, source: Inventory, towns: gpd.GeoDataFrame, notes: list[Problem]
) -> gpd.GeoDataFrame:
    """Read one inventory, repair its geometry and give every stand its town and area."""
    stands = readers.read_inventory(
        settings.path_of(source), layer=source.layer, fields=source.fields, fixed=source.fixed,
        landclass_scheme=source.landclass_scheme, species_scheme=source.species_scheme,
        landclass_codes=source.landclass_codes, species_codes=source.species_codes,
    )  # fmt: skip
    stands, found = quality.check_polygons(stands, file=source.path, name=source.layer)
    notes += found
    if len(towns):
        stands, found = quality.assign_towns(stands, towns, file=source.path)
        notes += found
    elif "town_code" not in stands:
        stands = stands.assign(town_code=None)
    stands = stands.assign(area_ha=_area_ha(stands, settings))
    stands, found = quality.check_stands(stands, file=source.path, name=source.layer)
    notes += found
    return stands


def _area_ha(layer: gpd.GeoDataFrame, settings: Settings) -> pd.Series:
    """Area by the way the settings ask for: on the ellipsoid unless they name a projection."""
    if settings.area_crs == ELLIPSOID:
        return ellipsoidal_area_ha(layer.geometry)
    return planar_area_ha(layer.geometry, settings.area_crs)


def _check_places(
    settings: Settings,
    boundary: gpd.GeoDataFrame | None,
    towns: gpd.GeoDataFrame,
    stands: dict[int, gpd.GeoDataFrame],
    landcover: dict[int, xr.DataArray],
) -> None:
    """Refuse layers that lie elsewhere than the boundary, the towns or the inventory."""
    extents = {}
    if boundary is not None:
        extents[settings.boundary.path] = quality.extent_deg(boundary)
    if len(towns):
        extents[settings.towns.path] = quality.extent_deg(towns)
    for source in settings.inventory:
        extents[f"{source.path} {source.layer}".strip()] = quality.extent_deg(stands[source.year])
    for source in settings.landcover:
        extents[source.path] = quality.extent_deg(outline(landcover[source.year]))
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
        text("cli.check_inventory", lang, year=year, count=len(stands),
             area=f"{stands['area_ha'].sum():,.2f}")
        for year, stands in sorted(inputs.stands.items())
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
