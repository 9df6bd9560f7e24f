"""Records beside the inventories: works, events, samples and the carbon of land-cover classes."""

from functools import partial
from itertools import pairwise

import geopandas as gpd
import pandas as pd
import xarray as xr

from .. import quality, rasters, readers
from ..density import check_covered, check_same_grid, check_table
from ..errors import Problem
from ..geometry import STORE_CRS, ellipsoidal_area_ha
from ..grids import nodata_of
from ..interpretation import check_interpretation
from ..landcover import check_classes
from ..project_checks import POLYGONAL, Asked, check_ground, check_trees_inside
from ..settings import Settings
from .inputs import Inputs
from .places import area_ha


def read_records(settings: Settings, inputs: Inputs) -> None:
    """Read works and events; none may come twice."""
    read_works(settings, inputs)
    files = []
    for source in settings.events:
        with inputs.collecting():
            said = readers.Said(source.fields, source.fixed, source.units)
            events = readers.read_events(
                settings.path_of(source), layer=source.layer, encoding=source.encoding, said=said
            )
            inputs.notes += events.attrs.pop("notes", [])
            inputs.events.append(_stored(events))
            files.append(source.path)
    with inputs.collecting():
        quality.check_unique(inputs.events, "event_id", files)


def read_works(settings: Settings, inputs: Inputs) -> None:
    """Read projects and four-side records, and hold them against the place."""
    schemes = {one.known.species_scheme for one in inputs.surveys.values() if one.known} - {""}
    usual = schemes.pop() if len(schemes) == 1 else ""
    years = [one.year for one in (*settings.inventory, *settings.landcover)]
    read: dict[str, list[tuple[pd.DataFrame, str]]] = {"projects": [], "four_side": []}
    for source in settings.projects:
        with inputs.collecting():
            records = readers.work_records(
                settings.path_of(source), layer=source.layer, encoding=source.encoding,
                said=readers.Said(source.fields, source.fixed, source.units),
                species=readers.Species(source.species_scheme, source.species_codes, usual),
                report_year=settings.report_year, last_year=max(years, default=None),
            )  # fmt: skip
            works, problems = _on_ground(records, settings, inputs)
            inputs.add([*records.problems, *problems])
            read[records.data.attrs["table"]].append((works, source.path))
    for (table, found), key in zip(read.items(), ("project_id", "record_id"), strict=True):
        setattr(inputs, table, [works for works, _ in found])
        numbered = [(one.dropna(subset=key), file) for one, file in found if key in one]
        with inputs.collecting():
            quality.check_unique([one for one, _ in numbered], key, [file for _, file in numbered])


def _on_ground(
    records: readers.Records, settings: Settings, inputs: Inputs
) -> tuple[pd.DataFrame, list[Problem]]:
    """Repair the polygons of projects, bring them to one system and hold them against the place."""
    works, place = records.data, inputs.towns if inputs.boundary is None else inputs.boundary
    asked = Asked(records.place, records.fields)
    if works.attrs["table"] == "four_side":
        return _stored(works), check_trees_inside(works, place, asked)
    if not isinstance(works, gpd.GeoDataFrame):
        nowhere = pd.Series(data=True, index=works.index)
        return works, asked.tell("works_without_polygon", nowhere, works, "project_id")
    is_area = works.geom_type.isin(POLYGONAL)
    file, layer = records.place["file"], records.place["layer"]
    mended, problems, changed_ha = quality.mend_polygons(works[is_area], file=file, name=layer)
    if problems:
        total_ha = float(ellipsoidal_area_ha(mended.geometry).sum())
        problems = quality.judge_repairs(problems, changed_ha, total_ha)
        works = pd.concat([mended, works[~is_area]]).sort_index()
    works = _stored(works)
    works.attrs["table"] = "projects"
    measure = partial(area_ha, settings=settings)
    return works, problems + check_ground(works, place, measure, asked)


def read_carbon_table(
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


def read_samples(settings: Settings, inputs: Inputs) -> None:
    """Read the reference sample of each year and hold it against its land cover and the place."""
    place = inputs.boundary if inputs.boundary is not None else inputs.towns
    for source in settings.reference_samples:
        if source.year not in inputs.landcover:  # it could not be opened
            continue
        raster, seen = inputs.landcover[source.year], None
        samples = readers.read_reference_samples(
            settings.path_of(source), raster.attrs["scheme"], layer=source.layer,
            encoding=source.encoding,
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
