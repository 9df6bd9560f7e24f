"""Records beside the inventories: works, events, samples and the carbon of land-cover classes."""

from itertools import pairwise

import geopandas as gpd
import pandas as pd
import xarray as xr

from .. import quality, rasters, readers
from ..density import check_covered, check_same_grid, check_table
from ..geometry import STORE_CRS
from ..grids import nodata_of
from ..interpretation import check_interpretation
from ..landcover import check_classes
from ..settings import Settings
from .inputs import Inputs


def read_records(settings: Settings, inputs: Inputs) -> None:
    """Read projects and events; none may come twice."""
    for name, read, key in (("projects", readers.read_projects, "project_id"),
                            ("events", readers.read_events, "event_id")):  # fmt: skip
        found, files = [], []
        for source in getattr(settings, name):
            with inputs.collecting():
                said = readers.Said(source.fields, source.fixed, source.units)
                records = read(settings.path_of(source), layer=source.layer,
                               encoding=source.encoding, said=said)  # fmt: skip
                inputs.notes += records.attrs.pop("notes", [])
                found.append(_stored(records))
                files.append(source.path)
        with inputs.collecting():
            quality.check_unique(found, key, files)
        setattr(inputs, name, found)


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
