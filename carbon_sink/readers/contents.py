"""Reads what is needed to understand the columns of an inventory: few fields, part by part."""

from dataclasses import dataclass
from itertools import chain

import numpy as np
import pandas as pd

from ..geometry import ellipsoidal_area_ha
from ..inventory import STOCK_FIELDS, TIMBER, add_forest_type
from ..tables import as_numbers, columns
from ..values import texts_of
from .code_lists import CodeList, decoded
from .fields import Match
from .parts import parts_of, read_parts
from .source import Source

# columns whose units show in their values
MEASURED = (
    "registered_area_ha", "canopy_closure", "forest_volume_m3", "volume_m3_ha",
    "scattered_volume_m3", "total_volume_m3", "living_volume_m3_ha",
)  # fmt: skip
# columns that tell what kind of forest a stand is
KINDS = ("land_class", "forest_category")
# parts of a large file that are measured to find the unit of areas
PARTS_MEASURED = 3
# two fields hold the same where measured numbers differ by less than they are rounded
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
    is_arbor : Series of bool, optional
        Whether the land class of a row is arbor forest, where that is known.
    contradictory : set
        Pairs of fields, of which the second holds something that the first does not.
    empty : frozenset of str
        Columns of stock that hold nothing for any arbor forest, where there is arbor forest.
    """

    numbers: pd.DataFrame
    is_arbor: pd.Series | None
    contradictory: set[tuple[str, str]]
    empty: frozenset[str] = frozenset()


def read_contents(
    source: Source,
    fields: dict[str, str],
    rivals: list[Match],
    lists: dict[str, CodeList],
    fixed: dict[str, str],
) -> Contents:
    """
    Read the columns that show their units, in all rows and without polygons.

    Parameters
    ----------
    source : Source
        The layer.
    fields : dict
        Our column name to the field of the file.
    rivals : list of Match
        Fields of the same meaning as the one that was chosen, to be compared with it.
    lists : dict
        What the codes of land class and forest category stand for.
    fixed : dict
        One value for a column that the file does not have.

    Returns
    -------
    contents : Contents
    """
    measured = [name for name in MEASURED if name in fields]
    pairs = {(fields[one.column], one.field): one.column for one in rivals}
    wanted = [fields[name] for name in measured] + [one for pair in pairs for one in pair]
    if not wanted:
        return Contents(pd.DataFrame(), None, set())
    wanted += [fields[name] for name in KINDS if name in fields]
    numbers, arbor, contradictory, stocked = [], [], set(), _Stocked()
    for rows in read_parts(parts_of(source), fields=list(dict.fromkeys(wanted)), geometry=False):
        read = {name: as_numbers(rows[fields[name]]) for name in measured}
        values = pd.DataFrame({name: one for name, (one, _) in read.items()}, index=rows.index)
        numbers.append(values)
        kinds = _kinds(rows, fields, lists, fixed)
        if kinds is not None:
            arbor.append(kinds["class_group"].eq("arbor"))
            # what cannot be read is something, too
            unread = pd.DataFrame({name: bad for name, (_, bad) in read.items()}, index=rows.index)
            stocked.add(values.notna() | unread, kinds["forest_type"].isin(TIMBER))
        contradictory |= {
            pair for pair, column in pairs.items()
            if _contradicts(rows[pair[0]], rows[pair[1]], column)
        }  # fmt: skip
    is_arbor = pd.concat(arbor) if arbor else None
    return Contents(pd.concat(numbers), is_arbor, contradictory, stocked.empty)


class _Stocked:
    """Gathers which columns of stock hold something for arbor forest."""

    def __init__(self) -> None:
        self._holds: list[pd.Series] = []

    def add(self, holds: pd.DataFrame, is_timber: pd.Series) -> None:
        """Take in which cells of a part hold something, and which rows are arbor forest."""
        if is_timber.any():
            self._holds.append(holds.loc[is_timber, holds.columns.isin(STOCK_FIELDS)].any())

    @property
    def empty(self) -> frozenset[str]:
        """Return the columns that hold nothing in any part; none where there is no such forest."""
        if not self._holds:
            return frozenset()
        some = pd.concat(self._holds, axis=1).any(axis=1)
        return frozenset(some.index[~some])


def _kinds(
    rows: pd.DataFrame, fields: dict[str, str], lists: dict[str, CodeList], fixed: dict[str, str]
) -> pd.DataFrame | None:
    """Tell the class group and the kind of forest of each row; nothing without a land class."""
    texts = {name: texts_of(rows[fields[name]]).texts for name in KINDS if name in fields}
    texts |= {name: fixed[name] for name in KINDS if name in fixed}
    if "land_class" not in texts:
        return None
    codes = pd.DataFrame(texts, index=rows.index)
    known, _ = decoded(codes, {name: lists[name] for name in KINDS}, fields, {})
    return add_forest_type(known)


def _contradicts(first: pd.Series, second: pd.Series, column: str) -> bool:
    """Tell whether the second field holds something that the first does not."""
    rule = columns("stands").loc[column]
    numbers, unreadable = as_numbers(first)
    others, strange = as_numbers(second)
    if rule["kind"] == "number" and not unreadable.any() and not strange.any():
        # a year has no unit, and no year is nearly another
        share, least = (SAME_SHARE, SAME_LEAST) if rule["unit"] else (0.0, 0.0)
        near = (numbers - others).abs() <= share * others.abs() + least
        return bool((others.notna() & ~near).any())
    one, other = texts_of(first).texts, texts_of(second).texts
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
