"""Looks at one file and tells whether it is fit for use."""

from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from .. import quality, readers
from ..errors import CarbonSinkError, Problem
from ..readers import Source, Understanding, parts_of, read_parts
from ..systems import extent_text
from .layer import Survey, survey_layer
from .rasters import inspect_raster
from .result import Inspection
from .tables import inspect_table

# the outline of so many polygons at most is held against the known boundary
OUTLINED_MOST = 50_000
# a layer with some of these columns is an inventory, and lacks its land class if it has none
SIGNS = (
    "dominant_species", "canopy_closure", "forest_volume_m3", "total_volume_m3",
    "living_volume_m3_ha", "forest_category", "age_group", "stand_age_yr", "subcompartment",
)  # fmt: skip
SIGNS_LEAST = 3
FORMATS = {
    "gpkg": "GeoPackage", "shp": "Shapefile", "gdb": "FileGDB", "geojson": "GeoJSON",
    "parquet": "GeoParquet",
}  # fmt: skip
TABLES = ("csv", "xlsx", "dbf")


def inspect_file(path: str | Path, layer: str = "", encoding: str = "") -> Inspection:
    """
    Look at one file: what it is, what it holds, and everything that is wrong with it.

    Parameters
    ----------
    path : str or Path
        Polygons, a table or a raster.
    layer : str
        Layer or sheet to look at; may be left out when the file holds one.
    encoding : str
        Encoding of its texts, where that cannot be found out.

    Returns
    -------
    inspection : Inspection
        Nothing is raised for a bad file; it ends as ``refuse``.

    Examples
    --------
    >>> inspect_file("inventory_2025.gpkg").outcome  # doctest: +SKIP
    'ok'
    """
    path = Path(path)
    try:
        kind = readers.kind_of(readers.located(path))
        if kind == "tif":
            return inspect_raster(path)
        if kind in TABLES:
            return inspect_table(path, layer, encoding)
        return _inspect_polygons(readers.as_source(path, layer, encoding))
    except CarbonSinkError as error:
        return Inspection(path, layer, "unknown", {}, error.problems)


def _inspect_polygons(source: Source) -> Inspection:
    """Check a layer of polygons, as an inventory where it is one."""
    known = readers.understand(source, is_run=False)
    is_inventory = len(set(SIGNS) & set(known.fields)) >= SIGNS_LEAST
    told = known.problems if is_inventory and "land_class" not in known.fields else []
    known = known if "land_class" in known.fields else None
    try:
        survey = survey_layer(source, known)
    except CarbonSinkError as error:
        found = [*source.notes, *error.problems]
        return Inspection(source.path, source.layer, "unknown", {}, found)
    survey.problems += [*told, *_shift(survey)]
    kind = "inventory" if known is not None or told else "polygons"
    return Inspection(
        source.path, source.layer, kind, _facts(survey, known), survey.problems, known, survey
    )  # fmt: skip


def _shift(survey: Survey) -> list[Problem]:
    """Find a layer of the one district whose boundary is known that lies off as web maps do."""
    if survey.topology is None or survey.rows > OUTLINED_MOST:
        return []
    source = survey.source
    parts = [part.geometry for part in read_parts(parts_of(source), fields=False)]
    shapes = pd.concat(parts).dropna()
    try:
        outline = shapely.coverage_union_all(shapes.array)
    except shapely.GEOSException:  # polygons that do not fit together take longer
        outline = shapes.make_valid(method="structure").union_all()
    whole = gpd.GeoDataFrame(geometry=[outline], crs=survey.crs)
    return quality.check_shift(whole, file=source.path.name, name=source.layer)


def _facts(survey: Survey, known: Understanding | None) -> dict[str, str]:
    """Collect what was found out about a layer."""
    source = survey.source
    facts = {
        "format": FORMATS[source.kind],
        "rows": f"{survey.rows:,}",
        "crs": "" if survey.crs is None else _system(survey.crs),
        "extent": extent_text(survey.bounds) if np.isfinite(survey.bounds).all() else "",
        "geometry": ", ".join(sorted(survey.kinds)),
        "area_ha": f"{survey.area_ha:,.2f}" if survey.is_placed else "",
        "encoding": source.encoding,
    }
    if known is not None:
        facts["landclass_scheme"] = known.landclass_scheme
        facts["species_scheme"] = known.species_scheme
        facts["unused"] = ", ".join(known.unused)
    return {name: value for name, value in facts.items() if value}


def _system(crs: object) -> str:
    """Name a coordinate reference system for people."""
    code = crs.to_epsg()
    return f"{crs.name} (EPSG:{code})" if code else crs.name
