"""The place of a run: its boundary, its towns, its land, and whether all layers lie on it."""

import geopandas as gpd
import numpy as np
import pandas as pd

from .. import quality, readers
from ..geometry import ellipsoidal_area_ha, planar_area_ha
from ..grids import grid_of
from ..settings import ELLIPSOID, Settings
from .inputs import Inputs, no_towns


def read_boundary(settings: Settings, inputs: Inputs) -> gpd.GeoDataFrame | None:
    """Read the boundary of the place as one row."""
    source = settings.boundary
    if source is None:
        return None
    layer = readers.as_source(settings.path_of(source), source.layer, source.encoding)
    boundary = readers.read_layer(layer)
    inputs.notes += boundary.attrs.pop("notes", [])
    boundary, found = quality.check_polygons(boundary, file=source.path)
    inputs.notes += found
    return boundary[[boundary.geometry.name]].dissolve()


def read_towns(settings: Settings, inputs: Inputs) -> gpd.GeoDataFrame:
    """Read the towns with their land area; an empty layer when there are none."""
    source = settings.towns
    if source is None:
        return no_towns()
    towns = readers.read_towns(
        settings.path_of(source), layer=source.layer, encoding=source.encoding,
        code_field=source.code_field, name_field=source.name_field,
    )  # fmt: skip
    inputs.notes += towns.attrs.pop("notes", [])
    towns, found = quality.check_polygons(towns, file=source.path)
    inputs.notes += found
    towns, found = quality.check_topology(towns, file=source.path)
    inputs.notes += found
    towns = towns.assign(land_area_ha=area_ha(towns.geometry, settings))
    return towns.reset_index(drop=True)


def land_area(settings: Settings, inputs: Inputs) -> tuple[float | None, str]:
    """Land area of the place: the official figure, else the boundary's, else the towns'."""
    if settings.land_area_ha is not None:
        return settings.land_area_ha, "land_area.official"
    if inputs.boundary is not None:
        return float(area_ha(inputs.boundary.geometry, settings).sum()), "land_area.boundary"
    if len(inputs.towns):
        return float(inputs.towns["land_area_ha"].sum()), "land_area.towns"
    return None, "land_area.unknown"


def area_ha(shapes: gpd.GeoSeries, settings: Settings) -> pd.Series:
    """Area by the way the settings ask for: on the ellipsoid unless they name a projection."""
    if settings.area_crs == ELLIPSOID:
        return ellipsoidal_area_ha(shapes)
    return planar_area_ha(shapes, settings.area_crs)


def check_places(settings: Settings, inputs: Inputs) -> None:
    """Hold the layers against each other: do they lie in one place, and in systems that agree."""
    extents, systems = {}, {}
    for source, layer in ((settings.boundary, inputs.boundary), (settings.towns, inputs.towns)):
        if layer is not None and len(layer):
            extents[source.path] = quality.extent_deg(layer.total_bounds, layer.crs)
            systems[source.path] = layer.crs
    for source in settings.inventory:
        survey = inputs.surveys.get(source.year)
        if survey is not None and survey.is_placed and np.isfinite(survey.bounds).all():
            name = f"{source.path} {source.layer}".strip()
            extents[name] = quality.extent_deg(survey.bounds, survey.crs)
            systems[name] = survey.crs
    for source in settings.landcover:
        if source.year in inputs.landcover:
            grid = grid_of(inputs.landcover[source.year])
            extents[source.path] = quality.extent_deg(grid.bounds(), grid.crs)
            systems[source.path] = grid.crs
    if not extents:
        return
    first = next(iter(extents))
    inputs.add(quality.check_systems(systems, extents[first]))
    check_outlines(settings, inputs)
    quality.check_place(extents, first, systems)


def check_outlines(settings: Settings, inputs: Inputs) -> None:
    """Find outlines that lie off by the offset of web maps."""
    boundary, towns = inputs.boundary, inputs.towns
    if boundary is not None:
        inputs.add(quality.check_shift(boundary, file=settings.boundary.path))
    if len(towns):
        known = {} if boundary is None else {
            "reference": boundary, "reference_file": settings.boundary.path
        }  # fmt: skip
        inputs.add(quality.check_shift(towns, file=settings.towns.path, **known))
