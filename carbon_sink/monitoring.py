"""What land cover tells of a place in a run: areas of classes, and how far they can be trusted."""

from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import geopandas as gpd
import pandas as pd
import xarray as xr

from .agreement import agreement_by_zone, compare_stands, near_year, parcels_to_visit
from .assessment import accuracy_tables
from .change import change_tables, compare, rule_line
from .density import POOLS, carbon_by_zone, check_covered
from .errors import CRSError, Problem
from .geometry import ellipsoidal_area_ha
from .grids import nodata_of
from .intake import Inputs, outline
from .landcover import NOISE_HA, area_by_zone, check_classes, product
from .language import text
from .parameters import constant
from .rasters import write_density
from .summary import WHOLE_PLACE, RunFacts
from .tables import columns
from .zonal import Measure, class_area

# land cover of less than this share of the place is told to the reader
LANDCOVER_WHOLE_PCT = 99.5


class CarbonMaps(NamedTuple):
    """What carbon density rasters are made of: land cover in order of years, carbon per class."""

    landcover: dict[int, xr.DataArray]
    table: pd.DataFrame


@dataclass
class Monitoring:
    """Result tables and layers from land cover, and what a reader should know of them."""

    tables: dict[str, pd.DataFrame] = field(default_factory=dict)
    layers: dict[str, gpd.GeoDataFrame] = field(default_factory=dict)
    notes: list[Problem] = field(default_factory=list)
    carbon_maps: CarbonMaps | None = None


def monitor(
    inputs: Inputs,
    facts: RunFacts,
    stands: dict[int, gpd.GeoDataFrame],
    measure: Measure = class_area,
) -> Monitoring:
    """
    Do everything that land cover is for in a run.

    Parameters
    ----------
    inputs : Inputs
        Checked inputs; without land cover nothing is found.
    facts : RunFacts
        Name and language of the place.
    stands : dict
        Year to the stands of its inventory, with coverage and stock.
    measure : callable
        What measures areas: ``zonal.class_area``, or the same with workers.

    Returns
    -------
    monitoring : Monitoring

    Raises
    ------
    CarbonSinkError
        If a raster lies elsewhere, holds classes its product does not have, or cannot be read.
    """
    found = Monitoring()
    if not inputs.landcover:
        return found
    areas = [
        _class_areas(inputs, raster, facts, found.notes, measure).assign(year=year)
        for year, raster in sorted(inputs.landcover.items())
    ]
    table = pd.concat(areas, ignore_index=True)
    found.tables["landcover_area"] = table[["year", *table.columns.drop("year")]]
    _compare_dates(found, inputs, facts, measure)
    _correct(found, inputs, facts.language)
    _screen(found, inputs, facts, stands, measure)
    if inputs.carbon_table is not None:
        _add_carbon(found, inputs)
    return found


def _screen(
    found: Monitoring,
    inputs: Inputs,
    facts: RunFacts,
    stands: dict[int, gpd.GeoDataFrame],
    measure: Measure,
) -> None:
    """Hold each inventory against the land cover nearest in time; list what to visit today."""
    compared, agreed, schemes = [], [], []
    for year, one in sorted(stands.items()):
        near = near_year(year, inputs.landcover)
        if near != year:
            found.notes.append(_year_note(year, near))
        if near is None:
            continue
        raster = inputs.landcover[near]
        years = {"inventory_year": year, "landcover_year": near}
        area_ha = ellipsoidal_area_ha(one.geometry)
        table = compare_stands(
            one, _classes_of_stands(one, raster, measure), raster.scheme, area_ha
        )
        compared.append(table.assign(**years))
        agreed.append(agreement_by_zone(table, inputs.towns, facts.place).assign(**years))
        schemes.append(raster.scheme)
        parcels = parcels_to_visit(one, table, inputs.towns, raster.scheme).assign(**years)
    if not compared:
        return
    table = pd.concat(compared, ignore_index=True)
    by_class = [name for name in table if name.startswith("class_")]
    if len({product(scheme)["legend"] for scheme in schemes}) == 1:
        table[by_class] = table[by_class].fillna(0.0)  # a class that one date does not have
    found.tables["landcover_of_stands"] = table[_in_order(table, "landcover_of_stands") + by_class]
    table = pd.concat(agreed, ignore_index=True)
    found.tables["landcover_agreement"] = table[_in_order(table, "landcover_agreement")]
    parcels = parcels[[*_in_order(parcels, "parcels_to_visit"), parcels.geometry.name]]
    found.tables["parcels_to_visit"] = pd.DataFrame(parcels.drop(columns=parcels.geometry.name))
    if len(parcels):
        found.layers["parcels_to_visit"] = parcels


def _year_note(year: int, near: int | None) -> Problem:
    """Say that an inventory has no land cover of its year, or none at all."""
    if near is None:
        apart = f"{constant('landcover_years_apart_max'):g}"
        return Problem("inventory_without_landcover", value=str(year), rule=apart)
    return Problem("landcover_of_other_year", value=str(year), rule=str(near))


def _in_order(table: pd.DataFrame, name: str) -> list[str]:
    """Columns of a table in the order of its contract."""
    return [column for column in columns(name).index if column in table]


def _classes_of_stands(
    stands: gpd.GeoDataFrame, raster: xr.DataArray, measure: Measure
) -> pd.DataFrame:
    """Hectares of each class in each stand; classes the product does not have are refused."""
    area_ha = measure(stands, raster)
    file, has_nodata = raster.encoding["source"], nodata_of(raster) is not None
    there = area_ha.columns[area_ha.max() > NOISE_HA]
    check_classes(there, raster.scheme, file, area_ha.sum(), has_nodata=has_nodata)
    return area_ha[there]


def _add_carbon(found: Monitoring, inputs: Inputs) -> None:
    """Give the areas of classes their carbon, and say what such figures are good for."""
    table, areas = inputs.carbon_table, found.tables["landcover_area"]
    check_covered(
        {raster.encoding["source"]: areas.loc[areas["year"].eq(year), "class_code"].unique()
         for year, raster in inputs.landcover.items()}, table,
    )  # fmt: skip
    found.tables["carbon_density"] = carbon_by_zone(areas, table)
    found.tables["carbon_density_classes"] = _densities(table)
    found.carbon_maps = CarbonMaps(dict(sorted(inputs.landcover.items())), table)
    found.notes.append(
        Problem("carbon_density_screening", file=table.attrs["file"], value=_pools(table))
    )


def _densities(table: pd.DataFrame) -> pd.DataFrame:
    """Lay a carbon table out as a result, so that its sources stand beside its figures."""
    rows = table.reset_index()
    rows = rows[_in_order(rows, "carbon_density_classes")]
    rows.attrs["file"] = table.attrs["file"]
    return rows


def _pools(table: pd.DataFrame) -> str:
    """Name the pools of a carbon table."""
    return ", ".join(pool for pool in POOLS if pool in table)


def write_rasters(maps: CarbonMaps, folder: Path, facts: RunFacts) -> None:
    """
    Write the carbon density of land cover and its change.

    Parameters
    ----------
    maps : CarbonMaps
        From ``monitor``.
    folder : Path
        Existing folder.
    facts : RunFacts
        Language, and whether the data are generated; both go into the files.
    """
    table, lang = maps.table, facts.language
    about = text("raster.carbon_density", lang, table=table.attrs["file"], pools=_pools(table))
    if facts.synthetic:
        about = f"{text('notice.synthetic', lang)} {about}"
    write_density(maps.landcover, table, folder, tags={"DESCRIPTION": about})


def _correct(found: Monitoring, inputs: Inputs, lang: str) -> None:
    """Correct the areas of the whole place where there is a sample; say where there is none."""
    rasters = inputs.landcover
    schemes = {year: raster.scheme for year, raster in rasters.items()}
    areas, samples = found.tables["landcover_area"], inputs.reference_samples
    found.tables |= accuracy_tables(areas, samples, schemes, lang)
    found.notes += [
        Problem("landcover_not_adjusted", file=raster.encoding["source"], value=str(year))
        for year, raster in sorted(rasters.items())
        if year not in samples
    ]


def _compare_dates(found: Monitoring, inputs: Inputs, facts: RunFacts, measure: Measure) -> None:
    """Compare each date with the next, by town and for the whole place."""
    parts: dict[str, list[pd.DataFrame]] = {}
    rules = []
    for (first, before), (last, after) in pairwise(sorted(inputs.landcover.items())):
        zones = _zones(inputs, before, facts).set_index("zone")
        change = compare(before, after, zones, measure=measure)
        found.notes += change.notes
        rules.append(f"{first}–{last} {rule_line(change, facts.language)}")
        for name, table in change_tables(change).items():
            named = table.assign(
                from_year=first, to_year=last, zone_name=table["zone"].map(zones["zone_name"])
            )
            if name == "landcover_conversion":
                named = named[named["zone"] == WHOLE_PLACE]
            parts.setdefault(name, []).append(named[columns(name).index])
    for name, tables in parts.items():
        found.tables[name] = pd.concat(tables, ignore_index=True)
        found.tables[name].attrs["rules"] = rules


def _zones(inputs: Inputs, raster: xr.DataArray, facts: RunFacts) -> gpd.GeoDataFrame:
    """Lay out the whole place and its towns as zones: ``zone``, ``zone_name``, geometry."""
    whole = inputs.boundary
    if whole is None:
        whole = inputs.towns.dissolve() if len(inputs.towns) else outline(raster)
    whole = whole.assign(zone=WHOLE_PLACE, zone_name=facts.place)
    towns = inputs.towns.rename(columns={"town_code": "zone", "town_name": "zone_name"})
    zones = pd.concat([whole, towns.to_crs(whole.crs)], ignore_index=True)
    return zones[["zone", "zone_name", "geometry"]]


def _class_areas(
    inputs: Inputs, raster: xr.DataArray, facts: RunFacts, notes: list[Problem], measure: Measure
) -> pd.DataFrame:
    """Areas of the classes of one date, by town and for the whole place."""
    zones = _zones(inputs, raster, facts)
    file = raster.encoding["source"]
    areas = area_by_zone(zones, raster, raster.scheme, measure)
    seen = areas.loc[areas["zone"].eq(WHOLE_PLACE), "area_ha"].sum()
    share = seen / ellipsoidal_area_ha(zones.geometry.iloc[:1]).sum() * 100.0
    if not seen:
        raise CRSError(Problem("landcover_elsewhere", file=file))
    if share < LANDCOVER_WHOLE_PCT:
        notes.append(Problem("landcover_partial", file=file, value=f"{share:.1f}"))
    return areas
