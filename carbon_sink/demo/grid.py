"""The working grid of the demonstration district: square cells over a part of the globe."""

from dataclasses import dataclass

import numpy as np
import shapely

from ..rasters import Affine

M_PER_DEG_LAT = 110_850.0
M_PER_DEG_EQUATOR = 111_320.0
MARGIN_M = 900.0


@dataclass(frozen=True)
class Grid:
    """Rows run south, columns east; cells measure ``cell_m`` metres both ways."""

    west: float
    north: float
    step_lon: float
    step_lat: float
    cell_m: float
    shape: tuple[int, int]

    @classmethod
    def around(cls, boundary: shapely.Polygon, cell_m: float) -> "Grid":
        """Lay a grid over a polygon (degrees) with a margin of 900 m."""
        west, south, east, north = boundary.bounds
        step_lat = cell_m / M_PER_DEG_LAT
        step_lon = cell_m / (M_PER_DEG_EQUATOR * np.cos(np.radians((south + north) / 2)))
        margin = MARGIN_M / cell_m
        rows = int((north - south) / step_lat + 2 * margin) + 1
        columns = int((east - west) / step_lon + 2 * margin) + 1
        return cls(
            west - margin * step_lon, north + margin * step_lat, step_lon, step_lat, cell_m,
            (rows, columns),
        )  # fmt: skip

    @property
    def transform(self) -> Affine:
        """From column and row to longitude and latitude."""
        return Affine(self.step_lon, 0.0, self.west, 0.0, -self.step_lat, self.north)

    def cell_of(self, lon: np.ndarray, lat: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Row and column of the cells that hold points (degrees)."""
        row = np.floor((self.north - np.asarray(lat)) / self.step_lat).astype("int64")
        column = np.floor((np.asarray(lon) - self.west) / self.step_lon).astype("int64")
        return np.clip(row, 0, self.shape[0] - 1), np.clip(column, 0, self.shape[1] - 1)

    def metres(self, lon: np.ndarray, lat: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Distance of points (degrees) from the north-west corner: metres east and south."""
        east = (np.asarray(lon) - self.west) / self.step_lon * self.cell_m
        south = (self.north - np.asarray(lat)) / self.step_lat * self.cell_m
        return east, south
