"""Do the figures of an inventory agree with each other and with what a forest can be."""

import geopandas as gpd
import numpy as np
import pandas as pd

from ..coverage import four_side_area, shelterbelt_area
from ..errors import Problem, TableError, first_rows
from ..inventory import FOUR_SIDE, TIMBER, add_forest_type, add_forest_volume
from ..parameters import constant
from ..tables import columns

# fields that give the stock of a stand, in one way or another
STOCK_FIELDS = ("forest_volume_m3", "total_volume_m3", "volume_m3_ha", "living_volume_m3_ha")
# registered and measured area may differ by this share: GB/T 26424-2010, tolerance of area
AREA_TOLERANCE = 0.05


def check_stands(
    stands: gpd.GeoDataFrame, *, file: str, name: str = ""
) -> tuple[gpd.GeoDataFrame, list[Problem]]:
    """
    Refuse stands whose figures would be wrong, and tell what a reader should know.

    Parameters
    ----------
    stands : GeoDataFrame
        With ``class_group`` and ``area_ha`` (ha); other columns as the inventory has them.
    file, name : str
        File and layer for the message.

    Returns
    -------
    stands : GeoDataFrame
        Without the stock fields that are empty for all arbor forest: they hold nothing.
    notes : list of Problem
        Closures that are missing or under 0.2, registered areas that differ.

    Raises
    ------
    TableError
        If a stand comes twice, arbor forest has no stock or no species, a stock per hectare is
        impossible, or stock would be computed from registered areas that are wrong.
    """
    place = {"file": file, "layer": name}
    timber = add_forest_type(stands)["forest_type"].isin(TIMBER)
    empty = [name for name in STOCK_FIELDS if name in stands and timber.any()
             and stands.loc[timber, name].isna().all()]  # fmt: skip
    stands = stands.drop(columns=empty)
    known = add_forest_volume(stands)
    faults = {"stand_twice": _twice(known)}
    remarks = {}
    if "forest_volume_m3" in known:
        volume = known["forest_volume_m3"]
        densest = columns("stands").loc["volume_m3_ha", "max"]
        faults["volume_missing"] = timber & volume.isna()
        if "species_group" in known:
            faults["species_missing"] = timber & volume.gt(0) & known["species_group"].isna()
        faults["stock_negative"] = volume.lt(0)
        faults["stock_impossible"] = volume > densest * known["area_ha"]
    elif empty:
        remarks["volume_unknown"] = timber
    closure = known.get("canopy_closure", pd.Series(np.nan, index=known.index))
    remarks["canopy_missing"] = timber & closure.isna()
    remarks["canopy_open"] = timber & closure.lt(constant("canopy_forest_min"))
    remarks["belts_exceed"] = _belts_and_trees_ha(known).gt(known["area_ha"])
    difference = _registered_difference(known)
    if abs(difference) > AREA_TOLERANCE:
        derived = "forest_volume_m3" in known and "forest_volume_m3" not in stands
        everywhere = pd.Series(data=True, index=known.index)
        (faults if derived else remarks)["area_differs"] = everywhere
    value = {"area_differs": f"{difference * 100.0:+.1f}"}
    problems = _rows_of(faults, value, place)
    if problems:
        raise TableError(problems)
    return stands, _rows_of(remarks, value, place)


def _belts_and_trees_ha(stands: pd.DataFrame) -> pd.Series:
    """Sum the shelterbelt and four-side area recorded on each parcel."""
    nothing = pd.Series(0.0, index=stands.index)
    belt = shelterbelt_area(
        stands.get("belt_length_m", nothing), stands.get("belt_width_m", nothing)
    )
    trees = stands.get("scattered_trees", nothing).where(
        stands.get("scattered_type", nothing).eq(FOUR_SIDE), 0.0
    )
    return belt.fillna(0.0) + four_side_area(trees.fillna(0.0))


def _twice(stands: gpd.GeoDataFrame) -> pd.Series:
    """Tell the stands whose key and shape came before."""
    same_key = stands["stand_id"].duplicated(keep=False)
    shapes = stands.geometry[same_key].to_wkb()
    return stands.assign(shape=shapes).duplicated(["stand_id", "shape"]) & same_key


def _registered_difference(stands: pd.DataFrame) -> float:
    """Compare registered with measured area: their ratio minus one, 0 where there is none."""
    if "registered_area_ha" not in stands or not stands["registered_area_ha"].notna().any():
        return 0.0
    given = stands["registered_area_ha"].notna()
    return stands["registered_area_ha"].sum() / stands.loc[given, "area_ha"].sum() - 1.0


def _rows_of(found: dict[str, pd.Series], value: dict[str, str], place: dict) -> list[Problem]:
    """Turn the rows of each finding into a problem, where there are any."""
    return [
        Problem(code, rows=first_rows(rows.index[rows]), count=int(rows.sum()),
                value=value.get(code, ""), **place)
        for code, rows in found.items()
        if rows.any()
    ]  # fmt: skip
