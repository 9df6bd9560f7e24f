"""The cells of a raster file, read when they are needed."""

import os
import threading
from pathlib import Path

import numpy as np
import rasterio
from rasterio.windows import Window
from xarray.backends import BackendArray
from xarray.core import indexing

from ..errors import FileError, Problem

# GDAL keeps decoded blocks in 5 % of all memory unless told; windows follow the blocks, so that
# few are needed twice
os.environ.setdefault("GDAL_CACHEMAX", "64")
# classes that have to be given another type. What stands for no class is a number that 16 bits
# cannot hold, and near the codes of legends, so that tables of codes stay small; the last code
# is one that a float of 32 bits can hold
CODE_TYPE, NO_CODE, LAST_CODE = "int32", -(2**15) - 1, 2**31 - 2**7
# blocks are decoded side by side: 100 Mpx in tiles of 512 take 0.14 s and not 0.23 s
DECODERS = 2


def open_source(path: Path) -> rasterio.DatasetReader:
    """
    Open a file as GeoTIFF and as nothing else.

    A text that calls itself .tif, or a path with a meaning to GDAL, could lead to other files.
    What lies beside the file may place the raster (``.aux.xml``, ``.tfw``), but not replace its
    cells: overviews are never read, and files with a mask beside them are refused.
    """
    return rasterio.open(path.absolute(), driver="GTiff", sharing=False, NUM_THREADS=DECODERS)


class Cells(BackendArray):
    """
    Cells of the first band, as an array that xarray reads piece by piece.

    Every thread has a handle of its own, so threads decode side by side; a copy in another
    process opens the file again.

    Parameters
    ----------
    path : Path
        A GeoTIFF.
    source : rasterio.DatasetReader
        The same, opened.
    kind : {"plain", "codes", "values"}
        Cells as they are stored; or whole numbers, ``NO_CODE`` where there is none; or values
        in their unit, NaN where there is none.
    """

    def __init__(self, path: Path, source: rasterio.DatasetReader, kind: str) -> None:
        # workers in other processes start elsewhere
        self.path, self.kind, self.shape = path.absolute(), kind, source.shape
        stored, self.scale, self.offset = source.dtypes[0], source.scales[0], source.offsets[0]
        is_scaled = (self.scale, self.offset) != (1.0, 0.0)
        self.dtype = {
            "plain": np.dtype(stored),
            "codes": np.dtype(CODE_TYPE),
            "values": np.result_type(stored, "float64" if is_scaled else "float32"),
        }[kind]
        self._own = threading.local()

    def __getstate__(self) -> dict:
        return {name: value for name, value in vars(self).items() if name != "_own"}

    def __setstate__(self, state: dict) -> None:
        vars(self).update(state, _own=threading.local())

    def __getitem__(self, key: indexing.ExplicitIndexer) -> np.ndarray:
        return indexing.explicit_indexing_adapter(
            key, self.shape, indexing.IndexingSupport.BASIC, self._piece
        )

    def _piece(self, key: tuple) -> np.ndarray:
        """Read a piece: the rectangle around it, then every so many rows and columns of that."""
        ranges = [
            range(one, one + 1) if isinstance(one, int | np.integer) else range(size)[one]
            for one, size in zip(key, self.shape, strict=True)
        ]
        shape = tuple(map(len, ranges))
        cells = np.empty(shape, self.dtype)
        if cells.size:
            (top, bottom), (left, right) = ((min(one), max(one) + 1) for one in ranges)
            cells = self.read(top, bottom, left, right)
            cells = cells[tuple(slice(None, None, one.step) for one in ranges)]
        single = tuple(0 if isinstance(one, int | np.integer) else slice(None) for one in key)
        return cells[single]

    def read(self, top: int, bottom: int, left: int, right: int) -> np.ndarray:
        """
        Read a rectangle of cells.

        Raises
        ------
        FileError
            If a block in it cannot be decoded; names the rows.
        """
        window = Window(left, top, right - left, bottom - top)
        try:
            if not hasattr(self._own, "source"):
                self._own.source = open_source(self.path)
            cells = self._own.source.read(1, window=window, masked=self.kind != "plain")
        except (OSError, rasterio.errors.RasterioError):
            problem = Problem(
                "raster_block_unreadable", file=self.path.name, value=f"{top + 1}-{bottom}"
            )
            raise FileError(problem) from None
        if self.kind == "plain":
            return cells
        return self._as_codes(cells) if self.kind == "codes" else self._as_values(cells)

    def _as_codes(self, cells: np.ma.MaskedArray) -> np.ndarray:
        """Turn masked numbers into codes; what no code can be becomes the first or last of them."""
        known = np.clip(np.nan_to_num(cells.data), -LAST_CODE, LAST_CODE).astype(CODE_TYPE)
        known[known == NO_CODE] = -LAST_CODE
        known[np.ma.getmaskarray(cells) | np.isnan(cells.data)] = NO_CODE
        return known

    def _as_values(self, cells: np.ma.MaskedArray) -> np.ndarray:
        """Apply scale and offset; cells without a value are NaN."""
        values = cells.astype(self.dtype).filled(np.nan)
        if (self.scale, self.offset) != (1.0, 0.0):
            values = values * self.scale + self.offset
        return values
