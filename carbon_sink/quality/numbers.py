"""Stands that bear one number: copies, parts of one stand, or different stands."""

from dataclasses import dataclass, field

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa

from ..errors import Problem
from ..tables import columns, faulty

# what the number of a sub-compartment is made of, from the county down to its parts
KEY = (
    "county_code", "town_code", "village_code", "compartment", "subcompartment",
    "subcompartment_part",
)  # fmt: skip
# without these a number says nothing: it is used again in the next village or compartment
NEEDED = ("village_code", "compartment", "subcompartment")
# what parts of one stand have each for themselves
OF_PARTS = (
    "stand_id", "town_code", "area_ha", "registered_area_ha", "forest_volume_m3",
    "dominant_volume_m3", "companion_volume_m3", "scattered_volume_m3", "total_volume_m3",
    "scattered_trees", "crown_area_ha", "belt_length_m",
)  # fmt: skip
NUMBER_RULES = ("stand_twice", "key_twice", "parts_repeat_stock", "stand_in_parts")
TEXT = pd.ArrowDtype(pa.large_string())


@dataclass
class Numbers:
    """Gathers the number, the shape and the attributes of stands, and finds those that repeat."""

    _parts: list[pd.DataFrame] = field(default_factory=list)

    def add(self, stands: gpd.GeoDataFrame, fields: dict[str, str]) -> None:
        """Take in a part of the stands; ``fields`` tells which columns the file itself has."""
        names = [name for name in KEY if name in stands and (not fields or name in fields)]
        shared = [name for name in columns("stands").index.drop([*OF_PARTS, *KEY], errors="ignore")
                  if name in stands]  # fmt: skip
        stock = [stands[name].fillna(0.0) for name in ("forest_volume_m3", "scattered_volume_m3")
                 if name in stands]  # fmt: skip
        number, is_whole = _numbers(stands, names)
        self._parts.append(
            pd.DataFrame(
                {
                    "key": pd.util.hash_array(number.to_numpy(dtype=object)),
                    "number": number.astype(TEXT),
                    "is_whole": is_whole,
                    "shape": _shape_hash(stands),
                    "attributes": _hash(stands[shared]),
                    "stock_m3": sum(stock) if stock else 0.0,
                },
                index=stands.index,
            )
        )

    def finish(self, fields: dict[str, str], place: dict[str, str]) -> list[Problem]:
        """Tell the stands whose number comes more than once, by what that means."""
        if not self._parts:
            return []
        # texts are compared only where their hashes are equal
        often = pd.concat([part["key"] for part in self._parts]).duplicated(keep=False)
        stands = pd.concat([part[often[part.index]] for part in self._parts])
        stands = stands[stands["number"].duplicated(keep=False)]
        alike = stands.duplicated(["number", "shape"], keep=False)
        parts = stands[stands["is_whole"]].drop_duplicates(["number", "shape"])
        parts = parts[parts["number"].duplicated(keep=False)]
        groups = parts.groupby("number", sort=False)
        same = groups["attributes"].transform("nunique").eq(1)
        once = groups["stock_m3"].transform("nunique").eq(1) & parts["stock_m3"].gt(0)
        kinds = {"key_twice": ~same, "parts_repeat_stock": same & once,
                 "stand_in_parts": same & ~once}  # fmt: skip
        shown = fields.get("subcompartment", fields.get("stand_id", "stand_id"))
        found = faulty("stand_twice", alike, stands["number"], field=shown, **place)
        for code, bad in kinds.items():
            found += faulty(code, bad, parts["number"], field=shown, **place)
        return found


def _numbers(stands: pd.DataFrame, names: list[str]) -> tuple[pd.Series, pd.Series]:
    """Return the number of every stand, and whether it is whole; else only copies are sought."""
    if "subcompartment" not in stands:  # the source gives each stand an id of its own
        return stands["stand_id"].astype("str"), stands["stand_id"].notna()
    if not set(NEEDED) <= set(names):
        return stands["stand_id"].astype("str"), pd.Series(data=False, index=stands.index)
    is_whole = stands[[*NEEDED]].notna().all(axis=1)
    # land without forest is often numbered 0
    is_whole &= stands["subcompartment"].astype("str").str.strip("0").ne("")
    number = stands[names[0]].astype("str").fillna("")
    for name in names[1:]:
        number = number + ("-" + stands[name].astype("str")).fillna("")
    return number, is_whole


def _hash(table: pd.DataFrame) -> np.ndarray:
    """Give rows of equal values equal numbers."""
    total = np.zeros(len(table), dtype="uint64")
    for name in table:
        codes = pd.util.hash_array(table[name].to_numpy(dtype=_plain(table[name])))
        total = total * np.uint64(1_000_003) + codes
    return total


def _plain(column: pd.Series) -> str:
    """Return the kind of array that a column is hashed as."""
    return "float64" if pd.api.types.is_numeric_dtype(column) else "object"


def _shape_hash(stands: gpd.GeoDataFrame) -> np.ndarray:
    """Give equal shapes equal numbers: by extent and number of vertices, from where they start."""
    box = pd.DataFrame(stands.geometry.bounds.to_numpy(), columns=[*"abcd"])
    return _hash(box.assign(e=stands.geometry.count_coordinates().to_numpy(dtype=float)))
