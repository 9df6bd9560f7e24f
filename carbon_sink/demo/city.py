"""Writes the demonstration data of a whole city, tile by tile: all of it is made up."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from ..geometry import STORE_CRS, ellipsoidal_area_ha, transformer
from ..rasters import Affine, class_raster
from .borders import dissolve
from .city_survey import survey, town_codes
from .city_texts import README, SETTINGS
from .country import PIXEL_M, cover_pixels
from .files import check_wanted, cover_colors, cover_tags, write_layer
from .geoparquet import polygon_file
from .mesh import FARTHEST_M, HEIGHT_M, MOST_CELLS, WIDTH_M, block_points, label_pixels, rings
from .plan import Plan, border_sides, plan_city
from .record import own_files
from .schema import NOTICE, national_fields

# national land surveys come in 3-degree Gauss-Krueger; one zone for the whole place, as a city
# that spans more than one has it, makes the pixels differ by 0.15 % in true area
CITY_CRS = "EPSG:4545"
MIDDLE_EAST_M, MIDDLE_NORTH_M = 480_000.0, 3_330_000.0
# coordinates are kept to 1e-8 degree, about a millimetre
DECIMALS = 8
TILE_PIXELS = 4096
RIM_PIXELS = 4
GROUP_ROWS = 20_000
PARCELS, PARCELS_LEAST = 1_000_000, 200
YEARS = (2020, 2025)
FILES = (
    "boundary.gpkg", "towns.gpkg", "inventory_2025.parquet", "landcover_2020.tif",
    "landcover_2025.tif", "说明.txt", "settings.toml",
)  # fmt: skip


@dataclass(frozen=True)
class Frame:
    """
    Pixels of the city: first row and column on the plan, rows and columns, and where they lie.

    A point of the plan, so many metres east and south, lies at ``east_m`` + east and
    ``north_m`` - south in the projection.
    """

    row: int
    column: int
    shape: tuple[int, int]
    east_m: float
    north_m: float

    @property
    def transform(self) -> Affine:
        """From column and row to metres."""
        west = self.east_m + self.column * PIXEL_M
        north = self.north_m - self.row * PIXEL_M
        return Affine(PIXEL_M, 0.0, west, 0.0, -PIXEL_M, north)

    def tiles(self) -> Iterator[tuple[int, int, int, int]]:
        """Row, column, rows and columns of the tiles, counted from the first pixel."""
        rows, columns = self.shape
        for row in range(0, rows, TILE_PIXELS):
            for column in range(0, columns, TILE_PIXELS):
                yield row, column, min(TILE_PIXELS, rows - row), min(TILE_PIXELS, columns - column)

    def degrees(self, points: np.ndarray) -> np.ndarray:
        """Longitude and latitude (degrees) of points of the plan (metres east and south)."""
        to_degrees = transformer(CITY_CRS, STORE_CRS)
        found = to_degrees.transform(self.east_m + points[:, 0], self.north_m - points[:, 1])
        return np.column_stack(found).round(DECIMALS)


def _frame(plan: Plan, points: np.ndarray) -> Frame:
    """Frame the outline of the city with a rim of some pixels."""
    # tiles start on every fourth pixel, where the noise of the land cover is drawn
    west, north = (np.floor(points.min(axis=0) / PIXEL_M / 4.0).astype(int) - 1) * 4
    east, south = np.ceil(points.max(axis=0) / PIXEL_M).astype(int) + 4
    rows, columns = plan.parcel.shape
    return Frame(
        int(north), int(west), (int(south - north), int(east - west)),
        MIDDLE_EAST_M - round(columns * WIDTH_M / 2.0, -1),
        MIDDLE_NORTH_M + round(rows * HEIGHT_M / 2.0, -1),
    )  # fmt: skip


def _districts(plan: Plan, frame: Frame, points: np.ndarray, inner: np.ndarray) -> pd.Series:
    """Outline the districts along the sides of cells that part them."""
    lines = shapely.linestrings(frame.degrees(points).reshape(-1, 4, 2))
    faces = shapely.get_parts(shapely.polygonize(lines))
    parcel = plan.parcel.ravel()[inner] - 1
    near = plan.sites.iloc[np.unique(parcel)]
    places = shapely.points(frame.degrees(near[["east_m", "south_m"]].to_numpy()))
    face, place = shapely.STRtree(places).query(faces, predicate="contains")
    district = np.zeros(len(faces), "int64")
    district[face] = near["district"].to_numpy()[place]
    return dissolve(faces, district)


@dataclass(frozen=True)
class Piece:
    """Parcels near a tile: their numbers from 1, and rings of points (metres on the plan)."""

    number: np.ndarray
    start: np.ndarray
    points: np.ndarray


def _piece(plan: Plan, west: float, north: float, east: float, south: float) -> Piece:
    """Draw all parcels that may reach into a rectangle of the plan (m)."""
    rim = 2 * MOST_CELLS + 2
    first = int((north - FARTHEST_M) / HEIGHT_M) - rim, int((west - FARTHEST_M) / WIDTH_M) - rim
    past = int((south + FARTHEST_M) / HEIGHT_M) + rim, int((east + FARTHEST_M) / WIDTH_M) + rim
    # rows start even, because odd ones lie half a cell to the east
    row, column = max(first[0], 0) // 2 * 2, max(first[1], 0)
    block = plan.parcel[row : past[0], column : past[1]]
    number = np.unique(block[MOST_CELLS + 1 : -MOST_CELLS - 1, MOST_CELLS + 1 : -MOST_CELLS - 1])
    number = number[number > 0]
    head = np.divmod(plan.sites["cell"].to_numpy()[number - 1], plan.parcel.shape[1])
    y, x = head[0] - row, head[1] - column
    inside = (y > MOST_CELLS) & (y < block.shape[0] - MOST_CELLS - 1)
    inside &= (x > MOST_CELLS) & (x < block.shape[1] - MOST_CELLS - 1)
    block = np.ascontiguousarray(block)
    point, start = rings(block, (y * block.shape[1] + x)[inside])
    points = block_points(row, column, block.shape, plan.mesh_seed)
    return Piece(number[inside].astype("int32"), start, points[point])


def _polygons(piece: Piece, mine: np.ndarray, frame: Frame) -> gpd.GeoSeries:
    """Polygons in degrees of some parcels of a piece."""
    kept = np.repeat(mine, np.diff(piece.start))
    ring = np.repeat(np.arange(mine.sum()), np.diff(piece.start)[mine])
    shapes = shapely.polygons(shapely.linearrings(frame.degrees(piece.points[kept]), indices=ring))
    return gpd.GeoSeries(shapes, crs=STORE_CRS)


def _inventory(
    plan: Plan, frame: Frame, piece: Piece, mine: np.ndarray, draw: np.random.Generator
) -> gpd.GeoDataFrame:
    """Survey some parcels of a piece, under the field names of the national survey."""
    polygons = _polygons(piece, mine, frame)
    sites = plan.sites.iloc[piece.number[mine] - 1].reset_index(drop=True)
    area_ha = ellipsoidal_area_ha(polygons).to_numpy()
    table = national_fields(survey(sites, area_ha, draw), polygons)
    return table.assign(SHI=table["XIANG"].str[:4], XIAN=table["XIANG"].str[:6])


def _draw(plan: Plan, frame: Frame, folder: Path, bounds: tuple[float, ...], seed: int) -> None:
    """Draw land cover and parcels tile by tile."""
    kinds = np.vstack([np.append(0, plan.sites[name]) for name in ("before", "after")])
    kinds = kinds.astype("uint8")
    waiting: list[gpd.GeoDataFrame] = []
    with ExitStack() as files:
        covers = [
            files.enter_context(class_raster(
                folder / f"landcover_{year}.tif", frame.shape, frame.transform, CITY_CRS,
                nodata=0, colors=cover_colors(), tags=cover_tags(year),
            ))
            for year in YEARS
        ]  # fmt: skip
        write = files.enter_context(polygon_file(folder / "inventory_2025.parquet", bounds))
        for count, (row, column, rows, columns) in enumerate(frame.tiles()):
            top, left = frame.row + row, frame.column + column
            box = np.array([left, top, left + columns, top + rows]) * PIXEL_M
            piece = _piece(plan, *box)
            x, y = piece.points.T / PIXEL_M
            label = label_pixels(
                x - left + RIM_PIXELS, y - top + RIM_PIXELS, piece.start, piece.number,
                (rows + 2 * RIM_PIXELS, columns + 2 * RIM_PIXELS),
            )  # fmt: skip
            codes = cover_pixels(
                label, RIM_PIXELS, (top, left), kinds, plan.radius_m, plan.land_seed
            )
            for cover, values in zip(covers, codes, strict=True):
                cover(values, row, column)
            places = plan.sites[["east_m", "south_m"]].to_numpy()[piece.number - 1]
            mine = ((places >= box[:2]) & (places < box[2:])).all(axis=1)
            if mine.any():
                draw = np.random.default_rng([seed, count])
                waiting.append(_inventory(plan, frame, piece, mine, draw))
            if sum(map(len, waiting)) >= GROUP_ROWS:
                write(pd.concat(waiting, ignore_index=True))
                waiting.clear()
        if waiting:
            write(pd.concat(waiting, ignore_index=True))


def write_city(folder: str | Path, *, seed: int = 20250101, parcels: int = PARCELS) -> Path:
    """
    Write the demonstration data of a city; everything in it is made up, the boundary too.

    Parameters
    ----------
    folder : str or Path
        Folder to write to; made when missing. Files of an earlier demonstration are replaced.
    seed : int
        The same seed and arguments give the same data.
    parcels : int
        Number of parcels, at least 200. They are 8.24 ha each on average, so that a million
        of them fill 82,400 km2; fewer make a smaller city.

    Returns
    -------
    settings : Path
        The settings file of the data set.

    Raises
    ------
    SettingsError
        If fewer than 200 parcels are wanted, or the seed is negative.
    FileError
        If a file of the same name is there that no demonstration wrote, or that was changed.
    """
    check_wanted(parcels, PARCELS_LEAST, seed)
    with own_files(folder, FILES) as place:
        return _write_all(place, seed, parcels)


def _write_all(folder: Path, seed: int, parcels: int) -> Path:
    """Draw the city and write every file of it; return the settings."""
    plan = plan_city(parcels, seed)
    cells = np.flatnonzero(plan.district)
    points, inner = border_sides(plan.district, cells, plan.mesh_seed)
    frame = _frame(plan, points)
    shapes = _districts(plan, frame, points, inner)
    towns = gpd.GeoDataFrame(
        {"code": town_codes(shapes.index), "name": [f"示例区{n:02d}" for n in shapes.index],
         "note": NOTICE}, geometry=shapes.to_numpy(), crs=STORE_CRS,
    )  # fmt: skip
    write_layer(towns, folder / "towns.gpkg", "towns", "MultiPolygon")
    whole = dissolve(shapes.to_numpy(), np.ones(len(shapes), "int64"))
    boundary = gpd.GeoDataFrame(
        {"name": ["示例市"], "note": NOTICE}, geometry=whole.to_numpy(), crs=STORE_CRS
    )
    write_layer(boundary, folder / "boundary.gpkg", "boundary", "MultiPolygon")
    _draw(plan, frame, folder, tuple(boundary.total_bounds), seed)
    (folder / "说明.txt").write_bytes(README.encode("utf-8-sig"))
    settings = folder / "settings.toml"
    settings.write_bytes(SETTINGS.encode())
    return settings
