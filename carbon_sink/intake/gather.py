"""Reads and checks everything a run needs, before anything is computed."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import geopandas as gpd
import pandas as pd
import shapely
import xarray as xr

from .. import quality, rasters, readers
from ..errors import CRSError, Problem, TableError, worst
from ..grids import grid_of
from ..inspection import Ground, Survey, survey_layer
from ..settings import Inventory, Settings, unused_problems
from .inputs import Inputs
from .places import area_ha, check_places, land_area, read_boundary, read_towns
from .records import read_carbon_table, read_records, read_samples


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
        stands = _mended(stands, inputs.surveys[source.year], settings)
        stands.attrs["file"] = settings.path_of(source).name
        inputs.stands[source.year] = stands
    return inputs


def _mended(stands: gpd.GeoDataFrame, survey: Survey, settings: Settings) -> gpd.GeoDataFrame:
    """Give ground that two stands hold to one."""
    mended = quality.mend_borders(stands, survey.topology)
    if mended is stands:
        return stands
    drawn = ~mended.geometry.geom_equals_exact(stands.geometry, 0.0)
    area = mended["area_ha"].where(~drawn, area_ha(mended.geometry[drawn], settings))
    return mended.assign(area_ha=area)


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
    inputs = Inputs(notes=unused_problems(settings))
    with inputs.collecting():
        inputs.boundary = read_boundary(settings, inputs)
    with inputs.collecting():
        inputs.towns = read_towns(settings, inputs)
    inputs.land_area_ha, inputs.land_area_source = land_area(settings, inputs)
    for source in settings.inventory:
        with inputs.collecting():
            try:
                survey = _survey(settings, source, inputs, on_part)
            except CRSError as error:
                raise CRSError(_placed(error.problems, inputs)) from None
            inputs.surveys[source.year] = survey
            inputs.add(survey.problems)
    for source in settings.landcover:
        with inputs.collecting():
            raster = rasters.open_landcover(settings.path_of(source), scheme=source.scheme)
            inputs.landcover[source.year] = raster
            inputs.notes += raster.attrs["notes"]
    with inputs.collecting():
        check_places(settings, inputs)
    read_records(settings, inputs)
    with inputs.collecting():
        read_samples(settings, inputs)
    with inputs.collecting():
        table = inputs.carbon_table = read_carbon_table(settings, inputs.landcover)
        inputs.notes += [] if table is None else table.attrs.pop("notes", [])
    return inputs


def _placed(problems: list[Problem], inputs: Inputs) -> list[Problem]:
    """Name the systems that bring a layer without one to the place, where that is known."""
    place = inputs.boundary if inputs.boundary is not None else inputs.towns
    return quality.placed(problems, place) if len(place) else problems


def _survey(
    settings: Settings,
    source: Inventory,
    inputs: Inputs,
    on_part: Callable[[int, gpd.GeoDataFrame], None],
) -> Survey:
    """Check one inventory, row by row."""
    layer = readers.as_source(settings.path_of(source), source.layer, source.encoding)
    if len({Path(one.path).name for one in settings.inventory}) < len(settings.inventory):
        layer = replace(layer, label=source.path)  # files of one name are told by their folders
    known = readers.understand(
        layer, fields=source.fields, fixed=source.fixed,
        landclass_scheme=source.landclass_scheme, species_scheme=source.species_scheme,
        landclass_codes=source.landclass_codes, species_codes=source.species_codes,
        units=source.units, pad_codes=source.pad_codes,
    )  # fmt: skip
    if "land_class" not in {**known.fields, **known.fixed}:  # then no rule can be asked
        raise TableError([one for one in known.problems if one.severity == "refuse"])
    ground = Ground(
        towns=inputs.towns, boundary=inputs.boundary, year=source.year,
        land_area_ha=inputs.land_area_ha, area_ha=lambda shapes: area_ha(shapes, settings),
    )  # fmt: skip
    if worst(known.problems) == "refuse":  # what is not understood is not computed with
        return survey_layer(layer, known, ground)
    return survey_layer(layer, known, ground, lambda part: on_part(source.year, part))


def outline(raster: xr.DataArray) -> gpd.GeoDataFrame:
    """Return the outline of a raster as a layer of one rectangle."""
    grid = grid_of(raster)
    return gpd.GeoDataFrame(geometry=[shapely.box(*grid.bounds())], crs=grid.crs)
