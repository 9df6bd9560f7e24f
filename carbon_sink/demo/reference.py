"""A made-up reference sample: points of the land cover, with what an interpreter might find."""

from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd

from ..assessment import design_sample, sample_sheet
from ..rasters import cells_inside, open_landcover, sample_points
from ..zonal import class_area
from .files import SCHEME
from .schema import NOTICE

# share of the points of each map class where something else is found: invented, as everything
# here, and plausible; trees are mapped too often at the edges of fields and seldom missed
FOUND_INSTEAD = {
    10: {20: 0.05, 30: 0.02, 40: 0.06},
    20: {10: 0.14, 30: 0.10, 40: 0.08},
    30: {10: 0.05, 20: 0.08, 40: 0.14},
    40: {10: 0.03, 20: 0.01, 30: 0.04, 50: 0.02},
    50: {10: 0.03, 40: 0.08, 60: 0.03},
    60: {30: 0.10, 40: 0.12, 50: 0.06},
    80: {40: 0.03, 60: 0.01, 90: 0.04},
    90: {30: 0.14, 80: 0.10},
}


def write_reference(landcover: Path, boundary: gpd.GeoSeries, path: Path, seed: int) -> None:
    """
    Draw the reference sample of a land-cover map, interpret it with errors, and write it.

    Parameters
    ----------
    landcover : Path
        Raster of the demonstration.
    boundary : GeoSeries
        The place.
    path : Path
        CSV to write, laid out as the sheets that interpreters fill in.
    seed : int
        The same seed gives the same points and the same errors.

    Notes
    -----
    Designed and drawn as ``carbon-sink sample`` does. The errors are those of
    ``FOUND_INSTEAD``, drawn for each point.
    """
    raster = open_landcover(landcover, scheme=SCHEME)
    place = gpd.GeoDataFrame(geometry=boundary)
    mapped_ha = class_area(place, raster).iloc[0]
    design = design_sample(mapped_ha[mapped_ha > 0.0], cells_inside(raster, place))
    points = sample_points(raster, design.strata["samples"], seed, place)
    points["reference_class"] = interpret(points["map_class"], seed)
    table = sample_sheet(points).assign(note=NOTICE)
    content = table.to_csv(index=False, lineterminator="\r\n")
    path.write_bytes(b"\xef\xbb\xbf" + content.encode())


def interpret(map_class: pd.Series, seed: int) -> pd.Series:
    """
    Say what is found at points of a map, with the errors of ``FOUND_INSTEAD``.

    Examples
    --------
    >>> interpret(pd.Series([80, 80, 80]), seed=1).tolist()
    [80, 60, 80]
    """
    rng = np.random.default_rng(seed)
    found = map_class.copy()
    for code, others in FOUND_INSTEAD.items():
        mine = map_class == code
        shares = [1.0 - sum(others.values()), *others.values()]
        found[mine] = rng.choice([code, *others], size=int(mine.sum()), p=shares)
    return found
