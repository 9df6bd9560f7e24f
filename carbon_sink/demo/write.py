"""Writes the demonstration data set of Rongchang District, whole, from a seed."""

from collections.abc import Callable
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from ..geometry import STORE_CRS, ellipsoidal_area_ha
from ..rasters import burn, write_class_raster
from ..tables import read_data
from .borders import dissolve, outline, whole_groups, whole_parents
from .details import with_details
from .files import check_wanted, cover_colors, cover_tags, write_layer
from .first_survey import first_survey
from .four_side import make_four_side
from .grid import Grid
from .land import make_land, slowness
from .mosaic import Frame, burn_roads, map_cover
from .parcels import Parcels, draw_parcels
from .record import own_files
from .reference import write_reference
from .relief import Relief, make_relief
from .roads import draw_roads
from .schema import NOTICE, national_fields, with_mines
from .second_survey import redraw, second_survey
from .sites import number_parcels, parcel_sites
from .texts import README, SETTINGS
from .works import make_events, make_projects

BOUNDARY = resources.files("carbon_sink") / "data" / "rongchang_boundary.geojson"
RIM_DEG = 0.004
CELL_LEAST_M, CELL_MOST_M, CELL_M, CELL_POLYGONS = 12.0, 30.0, 20.0, 6000
PATCH_LEAST_M, PATCH_MOST_M = 120.0, 450.0
POLYGONS_LEAST = 200
COUNT_TOLERANCE = 0.05
FILES = (
    "boundary.geojson", "towns.gpkg", "inventory_2020.gpkg", "inventory_2025.gpkg",
    "projects.gpkg", "four_side.csv", "events.gpkg", "landcover_2020.tif", "landcover_2025.tif",
    "reference_2025.csv", "说明.txt", "settings.toml",
)  # fmt: skip


@dataclass(frozen=True)
class District:
    """Everything drawn before the surveys: relief, towns, parcels of both years, roads."""

    grid: Grid
    relief: Relief
    boundary: shapely.Polygon
    towns: pd.DataFrame
    parcels: Parcels
    pieces: gpd.GeoDataFrame
    roads: tuple[np.ndarray, np.ndarray]


def cell_size_m(polygons: int) -> float:
    """
    Cell size (m) that draws so many parcels well.

    Examples
    --------
    >>> cell_size_m(6000), cell_size_m(40_000), cell_size_m(500)
    (20.0, 12.0, 30.0)
    """
    fitting = CELL_M * (CELL_POLYGONS / polygons) ** 0.27
    return float(np.clip(round(fitting), CELL_LEAST_M, CELL_MOST_M))


def draw_district(polygons: int, resolution_m: float, seeds: np.ndarray) -> District:
    """
    Draw the district: relief, ground cover, towns, parcels and roads.

    Parameters
    ----------
    polygons : int
        Number of parcels wanted.
    resolution_m : float
        Cell size of the drawing, metres.
    seeds : array of int
        One for each step.

    Returns
    -------
    district : District
    """
    boundary = shapely.from_geojson(BOUNDARY.read_text(encoding="utf-8"))
    boundary = shapely.get_parts(boundary)[0]
    area_ha = ellipsoidal_area_ha(gpd.GeoSeries([boundary], crs=STORE_CRS)).iloc[0]
    grid = Grid.around(boundary, resolution_m)
    relief = make_relief(grid, int(seeds[0]))
    rim = boundary.buffer(RIM_DEG)
    inside = burn([rim], [1], grid.shape, grid.transform, "uint8").astype(bool)
    towns = read_data("demo_towns.csv")
    lon, lat = towns["lon"].astype(float).to_numpy(), towns["lat"].astype(float).to_numpy()
    mean_m = np.sqrt(area_ha * 10_000.0 / polygons)
    patch_m = float(np.clip(0.35 * mean_m, PATCH_LEAST_M, PATCH_MOST_M))
    land = make_land(grid, relief, inside, lon, lat, patch_m, int(seeds[1]))
    slow = slowness(grid, relief, int(seeds[2]))
    parcels = _near(polygons, lambda asked: draw_parcels(grid, land, slow, asked, int(seeds[3])))
    shapes = outline(grid, parcels.label, boundary)
    parents = whole_parents(shapes, pd.Series(parcels.parent[shapes.index], shapes.index))
    parcels.parent[shapes.index] = parents
    pieces = gpd.GeoDataFrame(
        {
            "parent": parents,
            "kind": parcels.kind[shapes.index],
            "town": whole_groups(shapes, pd.Series(parcels.town[shapes.index], shapes.index)),
        },
        index=shapes.index,
        geometry=gpd.GeoSeries(shapes, crs=STORE_CRS),
    )
    roads = draw_roads(grid, relief, inside, lon, lat, int(seeds[4]))
    return District(grid, relief, boundary, towns, parcels, pieces, roads)


def _near(wanted: int, draw: Callable[[int], Parcels]) -> Parcels:
    """Draw parcels, and once more with a corrected number when the count is far off."""
    parcels = draw(wanted)
    found = len(np.unique(parcels.parent[np.unique(parcels.label)])) - 1
    if abs(found / wanted - 1.0) <= COUNT_TOLERANCE:
        return parcels
    return draw(round(wanted * wanted / found))


def _first(
    district: District, land_ha: float, seeds: np.ndarray
) -> tuple[gpd.GeoDataFrame, pd.DataFrame]:
    """Sites and survey of 2020."""
    pieces = district.pieces
    parent = pieces["parent"].to_numpy().astype("int64")
    polygons = dissolve(pieces.geometry.to_numpy(), parent)
    number = district.parcels.parent[district.parcels.label]
    sites = parcel_sites(district.grid, district.relief, number, polygons, int(seeds[5]))
    area = shapely.area(pieces.geometry.to_numpy())
    largest = pieces.assign(area=area).sort_values("area", kind="stable")
    facts = largest.drop_duplicates("parent", keep="last").set_index("parent")
    sites["kind"] = facts["kind"].reindex(sites.index)
    codes = district.towns["code"].to_numpy()
    town_code = pd.Series(codes[facts["town"].reindex(sites.index) - 1], index=sites.index)
    keys = number_parcels(sites, town_code, np.random.default_rng(int(seeds[6])))
    return sites, first_survey(sites, keys, land_ha, int(seeds[7]))


def _second(
    district: District, sites: gpd.GeoDataFrame, first: pd.DataFrame, land_ha: float,
    seeds: np.ndarray,
) -> gpd.GeoDataFrame:  # fmt: skip
    """Survey of 2025 with its polygons."""
    pieces = district.pieces
    parcel = redraw(pieces, np.random.default_rng(int(seeds[8])))
    polygons = dissolve(pieces.geometry.to_numpy(), parcel.to_numpy())
    parent = pieces["parent"].reindex(polygons.index)
    polygons = gpd.GeoSeries(polygons, crs=STORE_CRS)
    parcels = pd.DataFrame({"parent": parent, "area_ha": ellipsoidal_area_ha(polygons)})
    parcels["is_redrawn"] = parcels.index.isin(parcel[parcel != parcel.index])
    stands = second_survey(first, sites, parcels, land_ha, int(seeds[9]))
    points = shapely.get_coordinates(shapely.point_on_surface(polygons.array))
    stands["lon"], stands["lat"] = points.T
    return gpd.GeoDataFrame(stands, geometry=polygons, crs=STORE_CRS)


def _write_cover(
    district: District, surveys: dict[int, gpd.GeoDataFrame], folder: Path, seed: int
) -> None:
    """Write the land-cover maps of both years."""
    frame = Frame.around(district.boundary)
    road = burn_roads(frame, *district.roads)
    for year, stands in surveys.items():
        codes = map_cover(frame, stands.geometry.to_numpy(), stands, road, seed, seed + year)
        write_class_raster(
            folder / f"landcover_{year}.tif", codes, frame.transform, "EPSG:4326",
            nodata=0, colors=cover_colors(), tags=cover_tags(year),
        )  # fmt: skip


def write_demo(
    folder: str | Path,
    *,
    seed: int = 20250101,
    polygons: int = 6000,
    resolution_m: float | None = None,
) -> Path:
    """
    Write the demonstration data set.

    The district boundary is real; parcels, towns, stands, land cover, works and events are
    generated and say so. A run on them gives the published values of 2020: 840,800 m3 of
    forest stock and 36.65 % forest coverage.

    Parameters
    ----------
    folder : str or Path
        Folder to write to; made when missing. Files of an earlier demonstration are replaced.
    seed : int
        The same seed and arguments give the same data.
    polygons : int
        Number of parcels wanted, at least 200; the result is within some per cent.
    resolution_m : float, optional
        Cell size on which borders are drawn, metres; fits the number of parcels by default.

    Returns
    -------
    settings : Path
        The settings file of the data set.

    Raises
    ------
    SettingsError
        If fewer than 200 parcels are wanted: the plan's values could not be met.
    FileError
        If a file of the same name is there that no demonstration wrote, or that was changed.
    """
    check_wanted(polygons, POLYGONS_LEAST, seed)
    with own_files(folder, FILES) as place:
        return _write_all(place, seed, polygons, resolution_m)


def _write_all(folder: Path, seed: int, polygons: int, resolution_m: float | None) -> Path:
    """Draw the district and write every file of it; return the settings."""
    seeds = np.random.SeedSequence(seed).generate_state(16) % (1 << 30)
    district = draw_district(polygons, resolution_m or cell_size_m(polygons), seeds)
    boundary = gpd.GeoSeries([district.boundary], crs=STORE_CRS)
    land_ha = float(ellipsoidal_area_ha(boundary).iloc[0])
    sites, first = _first(district, land_ha, seeds)
    second = _second(district, sites, first, land_ha, seeds)
    first = gpd.GeoDataFrame(first, geometry=sites.geometry, crs=STORE_CRS)
    first = with_mines(first, sites["kind"])
    second = with_mines(second, second["kind"])
    (folder / "boundary.geojson").write_bytes(BOUNDARY.read_bytes())
    _write_towns(district, first, folder / "towns.gpkg")
    for year, stands in ((2020, first), (2025, second)):
        table = national_fields(stands, stands.geometry)
        write_layer(table, folder / f"inventory_{year}.gpkg", "xiaoban", "Polygon")
    names = district.towns.set_index("code")["name"]
    projects = make_projects(second, names, district.roads, int(seeds[10]))
    projects = with_details(projects, second, int(seeds[15]))
    write_layer(_project_table(projects), folder / "projects.gpkg", "projects", "MultiPolygon")
    records = make_four_side(second, projects, int(seeds[11]), int(seeds[15]))
    text = records.to_csv(index=False, lineterminator="\n")
    (folder / "four_side.csv").write_bytes(b"\xef\xbb\xbf" + text.encode())
    events = make_events(second, int(seeds[12]))
    write_layer(events, folder / "events.gpkg", "events", "MultiPolygon")
    _write_cover(district, {2020: first, 2025: second}, folder, int(seeds[13]))
    sheet = folder / "reference_2025.csv"
    write_reference(folder / "landcover_2025.tif", boundary, sheet, int(seeds[14]))
    (folder / "说明.txt").write_bytes(README.encode("utf-8-sig"))
    settings = folder / "settings.toml"
    settings.write_bytes(SETTINGS.encode())
    return settings


def _write_towns(district: District, first: gpd.GeoDataFrame, path: Path) -> None:
    """Write the towns: the parcels of each, joined."""
    codes = district.towns["code"]
    number = first["town_code"].map(pd.Series(codes.index + 1, index=codes))
    shapes = dissolve(first.geometry.to_numpy(), number.to_numpy())
    found = district.towns.loc[shapes.index - 1, ["code", "name"]].reset_index(drop=True)
    towns = gpd.GeoDataFrame(found.assign(note=NOTICE), geometry=shapes.to_numpy(), crs=STORE_CRS)
    write_layer(towns, path, "towns", "Polygon")


def _project_table(projects: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Columns of the projects in the order of the contract."""
    names = ["project_id", "project_name", "project_type", "plan_item", "town_code", "start_year",
             "planned_ha", "done_ha", "verified_ha", "species_code", "density_trees_ha",
             "survival_pct", "survival_3yr_pct", "work_kind", "growth_gain_pct", "gain_source",
             "gain_years", "site_preparation", "belt_length_m", "belt_width_m", "belt_rows",
             "soil_loss_pct", "soil_carbon_reference_t_ha", "baseline_carbon_t_ha",
             "emission_co2e_t", "nonforest_years", "tenure", "is_wetland", "status", "note",
             "geometry"]  # fmt: skip
    return projects[names]
