"""From cells to polygons, and from polygons to cells."""

import numpy as np
import rasterio.features
import shapely
from rasterio.transform import Affine


def polygonize(labels: np.ndarray, transform: Affine) -> tuple[np.ndarray, np.ndarray]:
    """
    Outline every connected patch of equal label; patches touch along edges, not corners.

    Parameters
    ----------
    labels : array of int, shape (rows, columns)
        Labels; 0 is background and gives no polygon.
    transform : Affine
        From column and row to coordinates.

    Returns
    -------
    geometries : array of Polygon
        One per patch, along the pixel edges.
    values : array of int32
        Label of each patch.
    """
    labels = np.ascontiguousarray(labels, dtype="int32")
    found = list(
        rasterio.features.shapes(labels, mask=labels != 0, connectivity=4, transform=transform)
    )
    values = np.array([value for _, value in found], dtype="int32")
    rings = [ring for shape, _ in found for ring in shape["coordinates"]]
    owner = np.repeat(np.arange(len(found)), [len(shape["coordinates"]) for shape, _ in found])
    lengths = [len(ring) for ring in rings]
    points = np.array([point for ring in rings for point in ring]).reshape(-1, 2)
    linear = shapely.linearrings(points, indices=np.repeat(np.arange(len(rings)), lengths))
    return shapely.polygons(linear, indices=owner), values


def burn(
    geometries: np.ndarray,
    values: np.ndarray,
    shape: tuple[int, int],
    transform: Affine,
    dtype: str,
    all_touched: bool = False,
) -> np.ndarray:
    """
    Draw polygons or lines on a grid; pixels that no shape covers are 0.

    Parameters
    ----------
    geometries : array of geometry
        Shapes in the coordinates of the grid.
    values : array
        Value of each shape; later shapes cover earlier ones.
    shape : tuple of int
        Rows and columns.
    transform : Affine
        From column and row to coordinates.
    dtype : str
        Type of the grid.
    all_touched : bool
        Whether a pixel counts when it is touched, or when its center is covered.

    Returns
    -------
    grid : array of shape (rows, columns)
        The values.
    """
    pairs = zip(geometries, np.asarray(values).tolist(), strict=True)
    return rasterio.features.rasterize(
        pairs, out_shape=shape, transform=transform, fill=0, dtype=dtype, all_touched=all_touched
    )
