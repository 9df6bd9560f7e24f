"""Land-cover maps of the district, as a satellite product would show it: mostly right."""

# ruff: noqa: PLR2004 the chances and bounds of a made-up district stand where they act

from dataclasses import dataclass

import numpy as np
import pandas as pd
import shapely
from numba import njit

from ..rasters import Affine, burn
from .noise import fractal, gradient_noise, hashed

STEP_DEG = 1.0 / 12_000.0
RIM_M, RIM_PIXELS = 200.0, 24
M_PER_DEG_LAT = 110_850.0
M_PER_DEG_LON = 96_950.0
TREE, SHRUB, GRASS, CROP, BUILT, BARE, WATER, WETLAND = 10, 20, 30, 40, 50, 60, 80, 90
# how the kinds of parcel look from above
(STAND, ORCHARD, SHRUBS, SPARSE, YOUNG, CLEARED, GRASSY, FIELD, NURSERY, SETTLED, MINE, IDLE,
 WET) = range(1, 14)  # fmt: skip
LOOK_OF_CLASS = {
    "0111": STAND, "0113": STAND, "0120": SPARSE, "0131": SHRUBS, "0132": SHRUBS, "0141": YOUNG,
    "0150": NURSERY, "0161": CLEARED, "0162": CLEARED, "0171": GRASSY, "0210": FIELD,
    "0230": WET, "0240": IDLE, "0250": SETTLED,
}  # fmt: skip


@dataclass(frozen=True)
class Frame:
    """A pixel grid aligned to whole degrees, as the WorldCover map is."""

    column: int
    row: int
    shape: tuple[int, int]

    @classmethod
    def around(cls, boundary: shapely.Polygon) -> "Frame":
        """Frame a polygon (degrees) with a rim of 200 m."""
        west, south, east, north = boundary.bounds
        rim_lon, rim_lat = RIM_M / M_PER_DEG_LON, RIM_M / M_PER_DEG_LAT
        left = int(np.floor((west - rim_lon) / STEP_DEG))
        right = int(np.ceil((east + rim_lon) / STEP_DEG))
        top = int(np.ceil((north + rim_lat) / STEP_DEG))
        bottom = int(np.floor((south - rim_lat) / STEP_DEG))
        return cls(left, top, (top - bottom, right - left))

    @property
    def transform(self) -> Affine:
        """From column and row to longitude and latitude."""
        return Affine(STEP_DEG, 0.0, self.column / 12_000.0, 0.0, -STEP_DEG, self.row / 12_000.0)


@njit(cache=True)
def _widen(parcel: np.ndarray, pixels: int) -> None:
    """Extend the parcels outwards over empty pixels, by at most so many pixels."""
    rows, columns = parcel.shape
    far = np.zeros((rows, columns), np.uint8)
    for sweep in range(2):
        for place in range(rows * columns):
            cell = place if sweep == 0 else rows * columns - 1 - place
            row, column = cell // columns, cell % columns
            if parcel[row, column] > 0 and far[row, column] == 0:
                continue
            step = -1 if sweep == 0 else 1
            best = far[row, column] if parcel[row, column] > 0 else 255
            for r, c in ((row + step, column), (row, column + step)):
                if r < 0 or c < 0 or r >= rows or c >= columns or parcel[r, c] == 0:
                    continue
                if far[r, c] + 1 < best and far[r, c] < pixels:
                    best = far[r, c] + 1
                    parcel[row, column] = parcel[r, c]
                    far[row, column] = best


@njit(cache=True)
def _nearest_spot(x: float, y: float, cell: float, chance: float, seed: int) -> tuple[float, float]:
    """Distance (m) to the nearest of some scattered spots, and a number of that spot (0 to 1)."""
    left, top = int(np.floor(x / cell)), int(np.floor(y / cell))
    best, luck = 1e9, 0.0
    for column in range(left - 1, left + 2):
        for row in range(top - 1, top + 2):
            bits = hashed(column, row, seed)
            if (bits & np.uint32(1023)) > chance * 1023.0:
                continue
            spot_x = (column + ((bits >> np.uint32(10)) & np.uint32(255)) / 255.0) * cell
            spot_y = (row + ((bits >> np.uint32(18)) & np.uint32(255)) / 255.0) * cell
            gap = np.sqrt((x - spot_x) ** 2 + (y - spot_y) ** 2)
            if gap < best:
                best = gap
                luck = (hashed(row, column, seed + 7) & np.uint32(1023)) / 1023.0
    return best, luck


@njit(cache=True)
def _pick(value: float, first: int, below: float, second: int, rest: int) -> int:
    """Return one of three classes by a value: above 0, above ``below``, or the rest."""
    if value > 0.0:
        return first
    return second if value > below else rest


@njit(cache=True)
def _wooded_look(  # noqa: PLR0911 one line for each look
    look: int, wide: float, fine: float, density: float
) -> int:
    """Class of a pixel on forest land."""
    value = wide + 0.6 * fine
    if look == STAND:
        return _pick(value + 0.35 + 0.5 * density, TREE, -0.14, SHRUB, GRASS)
    if look == ORCHARD:
        return _pick(value + 0.05, TREE, -0.18, SHRUB, CROP)
    if look == SHRUBS:
        return _pick(-value - 0.26, TREE, -0.55, SHRUB, GRASS)
    if look == SPARSE:
        return _pick(value + 0.03, TREE, -0.12, SHRUB, GRASS)
    if look == YOUNG:
        return _pick(value - 0.20, TREE, -0.18, SHRUB, GRASS)
    if look == CLEARED:
        return _pick(value - 0.26, SHRUB, -0.34, GRASS, BARE)
    if look == NURSERY:
        return _pick(value - 0.10, SHRUB, -0.08, TREE, CROP)
    return _pick(value - 0.18, SHRUB, -0.60, GRASS, BARE)


@njit(cache=True)
def _open_look(  # noqa: PLR0911 one line for each look
    look: int, wide: float, fine: float, x: float, y: float, bent: float, seed: int
) -> int:
    """Class of a pixel on open land: farms in their groves, ponds, gardens, tips."""
    value = wide + 0.6 * fine
    if look == WET:
        return WETLAND if value > 0.42 else WATER
    if look == MINE:
        return _pick(value - 0.08, BUILT, -0.34, BARE, GRASS)
    if look == IDLE:
        return _pick(value - 0.26, BARE, -0.30, GRASS, CROP)
    if look == SETTLED:
        return _pick(value - 0.27, TREE, -0.62, BUILT, CROP)
    farm, luck = _nearest_spot(x, y, 235.0, 0.62, seed + 1)
    farm += 22.0 * bent
    if farm < 5.0 + 17.0 * luck:
        return BUILT
    if farm < 24.0 + 44.0 * luck and fine + 0.5 * bent > -0.12:
        return TREE
    pond, luck = _nearest_spot(x, y, 620.0, 0.6, seed + 2)
    if pond + 14.0 * bent < 6.0 + 34.0 * luck * luck:
        return WATER
    if value > 0.36:
        return TREE
    return _pick(-value - 0.44, GRASS, -0.9, CROP, CROP)


@njit(cache=True)
def compose(
    parcel: np.ndarray,
    look: np.ndarray,
    density: np.ndarray,
    road: np.ndarray,
    seed: int,
    survey_seed: int,
) -> np.ndarray:
    """
    Class of each pixel, from what the parcel under it looks like and smooth noise.

    Parameters
    ----------
    parcel : array of int32, shape (rows, columns)
        Number of the parcel, 0 outside.
    look, density : array
        Look and density of trees (about 0) of each parcel, by number.
    road : array of uint8
        1 where a road passes.
    seed : int
        Of the land, the same for both years.
    survey_seed : int
        Of the map: its own errors at edges.

    Returns
    -------
    codes : array of uint8
        Land-cover classes, 0 outside.
    """
    rows, columns = parcel.shape
    codes = np.zeros((rows, columns), np.uint8)
    dx, dy = STEP_DEG * M_PER_DEG_LON, STEP_DEG * M_PER_DEG_LAT
    for row in range(rows):
        y = row * dy
        for column in range(columns):
            if parcel[row, column] == 0:
                continue
            x = column * dx
            bent = gradient_noise(x / 55.0, y / 55.0, seed + 3)
            blur = gradient_noise(x / 38.0, y / 38.0, survey_seed)
            off_x = 1.9 * bent + 1.1 * blur
            off_y = 1.9 * gradient_noise(x / 55.0 + 91.3, y / 55.0, seed + 4) - 1.1 * blur
            c = min(max(int(column + off_x + 0.5), 0), columns - 1)
            r = min(max(int(row + off_y + 0.5), 0), rows - 1)
            here = parcel[r, c] if parcel[r, c] > 0 else parcel[row, column]
            wide = fractal(x / 210.0, y / 210.0, 3, seed + 5)
            fine = gradient_noise(x / 47.0, y / 47.0, seed + 6) + 0.22 * blur
            kind = look[here]
            if road[row, column] and kind != WET and fine + wide > -0.30:
                codes[row, column] = BUILT
            elif kind <= GRASSY or kind == NURSERY:
                codes[row, column] = _wooded_look(kind, wide, 0.5 * fine, density[here])
            else:
                codes[row, column] = _open_look(kind, wide, 0.5 * fine, x, y, bent, seed)
    return codes


def looks(stands: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Look and density of the parcels, in their order, from land class and canopy closure."""
    look = stands["land_class"].map(LOOK_OF_CLASS)
    economic = stands["forest_category"].str.startswith("25", na=False)
    look = look.mask(economic & stands["land_class"].eq("0111"), ORCHARD)
    look = look.mask(stands["is_mine"] & stands["land_class"].isin(["0240", "0250"]), MINE)
    density = (stands["canopy_closure"].fillna(0.62) - 0.62).clip(-0.4, 0.3)
    return (
        np.append(0, look).astype("uint8"),
        np.append(0.0, density).astype("float32"),
    )


def map_cover(
    frame: Frame,
    polygons: np.ndarray,
    stands: pd.DataFrame,
    roads: np.ndarray,
    seed: int,
    survey_seed: int,
) -> np.ndarray:
    """
    Map the land cover of one year.

    Parameters
    ----------
    frame : Frame
        Pixel grid.
    polygons : array of Polygon
        Parcels in degrees, in the order of the stands.
    stands : DataFrame
        With ``land_class``, ``forest_category``, ``canopy_closure`` and ``is_mine``.
    roads : array of uint8
        1 where a road passes.
    seed, survey_seed : int
        Of the land, and of the map's own errors.

    Returns
    -------
    codes : array of uint8
        WorldCover classes; 0 farther than about 200 m from the district.
    """
    number = np.arange(1, len(polygons) + 1)
    parcel = burn(polygons, number, frame.shape, frame.transform, "int32")
    _widen(parcel, RIM_PIXELS)
    look, density = looks(stands)
    return compose(parcel, look, density, roads, seed, survey_seed)


def burn_roads(frame: Frame, lines: np.ndarray, width_m: np.ndarray) -> np.ndarray:
    """Pixels that roads pass; 1 there, 0 elsewhere."""
    wide = shapely.buffer(lines, width_m / 2.0 / M_PER_DEG_LAT)
    return burn(wide, np.ones(len(wide), "uint8"), frame.shape, frame.transform, "uint8")
