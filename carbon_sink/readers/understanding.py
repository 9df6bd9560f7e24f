"""Understands the columns of an inventory: which field is which, in which codes and units."""

from dataclasses import dataclass

import geopandas as gpd

from .. import codes
from ..errors import Problem
from ..tables import columns, hold, read_data
from .code_lists import CodeList, code_lists, decoded
from .contents import read_areas, read_contents
from .fields import Match, Names, match_fields
from .layers import fields_of, with_our_names
from .measures import AREA, CLOSURE, Finding, area_unit, closure_unit, in_our_units, stock_problems
from .source import Source

KEY = ("village_code", "compartment", "subcompartment", "subcompartment_part")


@dataclass(frozen=True)
class Understanding:
    """
    How the columns of an inventory are understood.

    Parameters
    ----------
    source : Source
        The layer.
    fields : dict
        Our column name to the field of the file.
    fixed : dict
        One value for a column the file does not have.
    present : list of str
        All fields of the file.
    lists : dict
        For each column of codes, what its codes stand for.
    landclass_scheme, species_scheme : str
        Code lists of the land class and the species, as declared or as found out; empty where
        there is none.
    problems : list of Problem
        What is wrong, what was found out, and what should be confirmed in the settings.
    """

    source: Source
    fields: dict[str, str]
    fixed: dict[str, str]
    present: list[str]
    lists: dict[str, CodeList]
    landclass_scheme: str
    species_scheme: str
    problems: list[Problem]


def understand(
    source: Source,
    *,
    fields: dict[str, str] | None = None,
    fixed: dict[str, str] | None = None,
    landclass_scheme: str = "",
    species_scheme: str = "",
    landclass_codes: dict[str, str] | None = None,
    species_codes: dict[str, str] | None = None,
    is_run: bool = True,
) -> Understanding:
    """
    Find out how the columns of an inventory are to be read.

    Parameters
    ----------
    source : Source
        The layer.
    fields, fixed, landclass_scheme, species_scheme, landclass_codes, species_codes
        What the user says of it, as for ``read_inventory``; this comes first.
    is_run : bool
        Whether figures will be computed: what is ambiguous is then asked for, not only told.

    Returns
    -------
    understanding : Understanding
        With all its problems; nothing is raised for what the columns hold.
    """
    present = fields_of(source)
    found, problems = _source_fields(present, fields or {}, fixed or {}, source.place)
    lists = code_lists(
        source, found, fixed or {},
        {"land_class": landclass_scheme, "dominant_species": species_scheme},
        {"land_class": landclass_codes or {}, "dominant_species": species_codes or {}},
        is_run=is_run,
    )  # fmt: skip
    return Understanding(
        source, found, fixed or {}, present, lists.lists, lists.landclass_scheme,
        lists.species_scheme, problems + lists.problems,
    )  # fmt: skip


def stands_of(
    rows: gpd.GeoDataFrame, known: Understanding
) -> tuple[gpd.GeoDataFrame, list[Problem]]:
    """
    Turn rows of the file into stands under our names, with their codes understood.

    Parameters
    ----------
    rows : GeoDataFrame
        Rows of the layer with the fields that are understood, or part of them.
    known : Understanding
        How its columns are to be read.

    Returns
    -------
    stands : GeoDataFrame
        As ``read_inventory`` gives them; unreadable numbers and unknown codes are missing.
    problems : list of Problem
        Every cell that cannot be read.
    """
    place = known.source.place
    stands = with_our_names(rows, "stands", known.fields, known.fixed, place)
    if "stand_id" not in stands:
        stands = _add_stand_id(stands)
    stands, found = hold(stands, "stands", fields=known.fields, **place)
    problems = with_fields_present(found, known.present)
    stands, unknown = decoded(stands, known.lists, known.fields, place)
    problems += unknown
    stands["is_land_survey"] = known.landclass_scheme in codes.LAND_SURVEY
    return stands, problems


def _add_stand_id(stands: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Make the stand's key from village, compartment and number, or from the row."""
    parts = [name for name in KEY if name in stands]
    if "village_code" not in parts and "town_code" in stands:
        parts.insert(0, "town_code")
    if "subcompartment" not in parts:
        return stands.assign(stand_id=stands.index.astype(str))
    key = stands[parts[0]].fillna("")
    for name in parts[1:]:
        key = key + ("-" + stands[name]).fillna("")
    return stands.assign(stand_id=key)
