"""Reads what is needed to understand the columns of an inventory: few fields, part by part."""

from dataclasses import dataclass
from itertools import chain

import numpy as np
import pandas as pd

from ..geometry import ellipsoidal_area_ha
from ..tables import as_numbers
from .layers import as_text
from .parts import parts_of, read_parts
from .source import Source

# columns whose units show in their values
MEASURED = (
    "registered_area_ha", "canopy_closure", "forest_volume_m3", "volume_m3_ha",
    "scattered_volume_m3", "total_volume_m3", "living_volume_m3_ha",
)  # fmt: skip
# parts of a large file that are measured to find the unit of areas
PARTS_MEASURED = 3
# two fields hold the same where numbers differ by less than they are rounded
SAME_SHARE, SAME_LEAST = 0.005, 0.005


@dataclass(frozen=True)
class Contents:
    """
    What the columns of a layer hold.

    Parameters
    ----------
    numbers : DataFrame
        Columns of ``MEASURED`` that the file has, as numbers in the units of the file,
        labelled by row.
    contradictory : set
        Pairs of fields, of which the second holds something that the first does not.
    """

    numbers: pd.DataFrame
    contradictory: set[tuple[str, str]]


def read_contents(source: Source, fields: dict[str, str], pairs: list[tuple[str, str]]) -> Contents:
    """
    Read the columns that show their units, in all rows and without polygons.

    Parameters
    ----------
    source : Source
        The layer.
    fields : dict
        Our column name to the field of the file.
    pairs : list of tuple
        Fields to compare: one that was chosen, and one of the same meaning.

    Returns
    -------
    contents : Contents
    """
    measured = [name for name in MEASURED if name in fields]
    wanted = [fields[name] for name in measured] + [one for pair in pairs for one in pair]
    if not wanted:
        return Contents(pd.DataFrame(), set())
    numbers, contradictory = [], set()
    for rows in read_parts(parts_of(source), fields=list(dict.fromkeys(wanted)), geometry=False):
        values = {name: as_numbers(rows[fields[name]])[0] for name in measured}
        numbers.append(pd.DataFrame(values, index=rows.index))
        contradictory |= {pair for pair in pairs if _contradicts(rows[pair[0]], rows[pair[1]])}
    return Contents(pd.concat(numbers), contradictory)


def _contradicts(first: pd.Series, second: pd.Series) -> bool:
    """Tell whether the second field holds something that the first does not."""
    one, other = as_text(first), as_text(second)
    numbers, unreadable = as_numbers(first)
    others, strange = as_numbers(second)
    if not unreadable.any() and not strange.any():
        near = (numbers - others).abs() <= SAME_SHARE * others.abs() + SAME_LEAST
        return bool((others.notna() & ~near).any())
    return bool((other.notna() & (one.isna() | one.ne(other))).any())


def read_areas(source: Source, field: str, *, everywhere: bool = False) -> pd.DataFrame:
    """
    Read an area field beside the area of the polygons.

    Parameters
    ----------
    source : Source
        The layer.
    field : str
        Field of the area.
    everywhere : bool
        Read every row, and not only the parts at the begin, the middle and the end.

    Returns
    -------
    areas : DataFrame
        Columns ``registered`` (as the field has it) and ``measured`` (ha, on the ellipsoid),
        labelled by row.

    Raises
    ------
    CRSError
        If the layer has no coordinate reference system, or none that has areas.
    """
    parts = parts_of(source)
    if not everywhere and len(parts) > PARTS_MEASURED:
        places = np.linspace(0, len(parts) - 1, PARTS_MEASURED).astype(int)
        parts = [parts[place] for place in places]
    # GeoJSON is parsed whole for any part of it
    runs = [parts] if source.kind == "geojson" else [[part] for part in parts]
    areas = []
    for rows in chain.from_iterable(read_parts(run, fields=[field]) for run in runs):
        with np.errstate(invalid="ignore"):  # shapes that lie nowhere have no area
            measured = ellipsoidal_area_ha(rows.geometry)
        registered = as_numbers(rows[field])[0]
        areas.append(pd.DataFrame({"registered": registered, "measured": measured}))
    return pd.concat(areas)
