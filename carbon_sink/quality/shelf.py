"""Puts the polygons of a large layer aside, part by part, and hands them out tile by tile."""

import tempfile
from collections.abc import Iterator
from hashlib import blake2b
from typing import NamedTuple, Self

import geopandas as gpd
import numpy as np
import pandas as pd
import pyproj
import shapely

from ..geometry import ellipsoidal_area_ha

# polygons that are checked together; questions about them take up to 50 MB
TILE_SHAPES = 10_000
# the outermost tiles reach this share of the extent beyond it
MARGIN = 0.01


class Tile(NamedTuple):
    """A rectangle (west, south, east, north), and the positions of all that reaches into it."""

    box: tuple[float, float, float, float]
    positions: np.ndarray


class Shelf:
    """
    Polygons of a layer in a temporary file without a name, with their extents in memory.

    A shelf is filled part by part and used in a ``with`` statement, at whose end the file is
    gone. Polygons are known by their positions, in the order in which they were added.

    Attributes
    ----------
    crs : CRS or None
        Of the polygons.
    area_ha : float
        Sum of their areas on the ellipsoid.

    Examples
    --------
    >>> layer = gpd.GeoSeries([shapely.box(0, 0, 1, 1), shapely.box(1, 0, 2, 1)], crs=4490)
    >>> with Shelf() as shelf:
    ...     shelf.add(layer)
    ...     [tile.positions.tolist() for tile in shelf.tiles()]
    [[0, 1]]
    """

    def __init__(self) -> None:
        self.crs: pyproj.CRS | None = None
        self.area_ha = 0.0
        self._file = tempfile.TemporaryFile(buffering=0)  # noqa: SIM115 - closed on leaving
        self._bounds: list[np.ndarray] = []
        self._sizes: list[np.ndarray] = []
        self._labels: list[pd.Index] = []

    def __enter__(self) -> Self:
        """Return the shelf."""
        return self

    def __exit__(self, *_: object) -> None:
        """Remove the file."""
        self._file.close()

    def add(self, part: gpd.GeoSeries, area_ha: pd.Series | None = None) -> None:
        """
        Put polygons aside.

        Parameters
        ----------
        part : GeoSeries
            Valid polygons, indexed by the labels of their rows; all parts in one system.
        area_ha : Series, optional
            Their areas, ha, where these are known.
        """
        self.crs = part.crs
        area_ha = ellipsoidal_area_ha(part) if area_ha is None else area_ha
        self.area_ha += float(area_ha.sum())
        shapes = np.asarray(part.array)
        coded = shapely.to_wkb(shapes)
        self._file.write(b"".join(coded))
        self._bounds.append(shapely.bounds(shapes))
        self._sizes.append(np.array([len(one) for one in coded], dtype=np.int64))
        self._labels.append(part.index)

    def __len__(self) -> int:
        """Return how many polygons there are."""
        return sum(map(len, self._sizes))

    @property
    def bounds(self) -> np.ndarray:
        """Extents of the polygons: west, south, east, north."""
        self._bounds = [np.concatenate(self._bounds)]
        return self._bounds[0]

    @property
    def frame(self) -> tuple[float, float, float, float]:
        """Rectangle around all polygons, with a margin."""
        low, high = self.bounds[:, :2].min(axis=0), self.bounds[:, 2:].max(axis=0)
        margin = MARGIN * (high - low).max()
        return (*(low - margin).tolist(), *(high + margin).tolist())

    @property
    def labels(self) -> np.ndarray:
        """Labels of the rows of the polygons."""
        return np.concatenate([np.asarray(labels) for labels in self._labels])

    def shapes(self, positions: np.ndarray) -> np.ndarray:
        """Return polygons by their positions."""
        self._sizes = [np.concatenate(self._sizes)]
        sizes = self._sizes[0]
        starts = np.cumsum(sizes) - sizes
        coded = []
        for start, size in zip(starts[positions].tolist(), sizes[positions].tolist(), strict=True):
            self._file.seek(start)
            coded.append(self._file.read(size))
        return shapely.from_wkb(np.array(coded, dtype=object))

    def copies(self) -> dict[int, int]:
        """
        Find polygons that are the same ground by the same vertices, wherever their rings start.

        Returns
        -------
        copies : dict
            Position of a copy to the position of the first polygon like it.
        """
        alike = pd.DataFrame(self.bounds).duplicated(keep=False).to_numpy().nonzero()[0]
        if not len(alike):
            return {}
        digests = []
        for start in range(0, len(alike), TILE_SHAPES):
            shapes = shapely.normalize(self.shapes(alike[start : start + TILE_SHAPES]))
            digests += [blake2b(one, digest_size=16).digest() for one in shapely.to_wkb(shapes)]
        first = pd.Series(alike).groupby(pd.Series(digests, dtype=object)).transform("first")
        return {int(row): int(like) for row, like in zip(alike, first, strict=True) if row != like}

    def tiles(self, without: dict[int, int] | None = None) -> Iterator[Tile]:
        """
        Cut the extent into rectangles that hold some polygons each.

        Parameters
        ----------
        without : dict, optional
            Polygons to leave out, from ``copies``.

        Yields
        ------
        tile : Tile
            Rectangles do not overlap; a polygon is handed out with all that it reaches into.
            They depend on the polygons only and not on the order or the parts they came in.
        """
        bounds = self.bounds
        used = np.setdiff1d(np.arange(len(bounds)), list(without or ()))
        centers = (bounds[used, :2] + bounds[used, 2:]) / 2.0
        for box in _halved(centers, self.frame):
            west, south, east, north = box
            inside = (
                (bounds[used, 0] <= east) & (bounds[used, 2] >= west)
                & (bounds[used, 1] <= north) & (bounds[used, 3] >= south)
            )  # fmt: skip
            yield Tile(box, used[inside])


def _halved(centers: np.ndarray, box: tuple) -> Iterator[tuple[float, float, float, float]]:
    """Halve a rectangle, and its halves, until each holds few enough centers."""
    if len(centers) > TILE_SHAPES:
        spread = np.ptp(centers, axis=0)
        axis = int(spread[1] > spread[0])
        middle = float(np.median(centers[:, axis]))
        before = centers[:, axis] < middle
        if before.any():
            low, high = list(box), list(box)
            low[2 + axis] = high[axis] = middle
            yield from _halved(centers[before], tuple(low))
            yield from _halved(centers[~before], tuple(high))
            return
    yield tuple(box)
