"""Understands the columns of an inventory: which field is which, in which codes and units."""

from dataclasses import dataclass, replace
from typing import NamedTuple

import geopandas as gpd
import pandas as pd

from .. import codes
from ..errors import Problem
from ..tables import columns, faulty, hold, read_data
from .layers import FIELDS_SHOWN, fields_of, with_fields_present, with_our_names
from .source import Source

# columns that are computed, so that no field of a file can be one
DERIVED = (
    "area_ha", "class_group", "is_land_survey", "forest_type", "species_group", "carbon_t",
    "arbor_ha", "bamboo_ha", "special_shrub_ha", "shelterbelt_ha", "four_side_ha",
)  # fmt: skip
KEY = ("village_code", "compartment", "subcompartment", "subcompartment_part")


class CodeList(NamedTuple):
    """What the codes of a column stand for; ``group`` is the column that is to hold it."""

    group: str
    meaning: pd.Series
    message: str
    scheme: str


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
        Code lists of the land class and the species; empty where there is none.
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
) -> Understanding:
    """
    Find out how the columns of an inventory are to be read.

    Parameters
    ----------
    source : Source
        The layer.
    fields, fixed, landclass_scheme, species_scheme, landclass_codes, species_codes
        What the user says of it, as for ``read_inventory``; this comes first.

    Returns
    -------
    understanding : Understanding
        With all its problems; nothing is raised for what the columns hold.
    """
    present = fields_of(source)
    found, problems = _source_fields(present, fields or {}, fixed or {}, source.place)
    lists = _code_lists(landclass_scheme, landclass_codes, species_scheme, species_codes)
    return Understanding(
        source, found, fixed or {}, present, lists, landclass_scheme, species_scheme, problems
    )


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
    for column in [name for name in known.lists if name in stands]:
        group, meaning, message, scheme = known.lists[column]
        unknown = stands[column].notna() & ~stands[column].isin(meaning.index)
        field = known.fields.get(column, column)
        problems += [
            _zero_lost(problem, stands[column], meaning)
            for problem in faulty(
                message, unknown, stands[column], field=field, rule=scheme, **place
            )
        ]
        if group:
            stands[group] = stands[column].map(meaning).astype(object)
    stands["is_land_survey"] = known.landclass_scheme in codes.LAND_SURVEY
    return stands, problems


def _source_fields(
    present: list[str], fields: dict[str, str], fixed: dict[str, str], place: dict
) -> tuple[dict[str, str], list[Problem]]:
    """Which field of the file holds each of our columns; the user's word comes first."""
    unknown = [ours for ours in [*fields, *fixed] if ours not in columns("stands").index
               or ours in DERIVED]  # fmt: skip
    lacking = {ours: theirs for ours, theirs in fields.items() if theirs not in present}
    shown = ", ".join(present[:FIELDS_SHOWN])
    problems = [Problem("column_unknown", field=ours, value=ours, **place) for ours in unknown] + [
        Problem("field_missing", field=theirs, rule=shown, **place,
                value=columns("stands")["name_zh"].get(ours, ours))
        for ours, theirs in lacking.items()
        if ours not in unknown
    ]  # fmt: skip
    found = {ours: theirs for ours, theirs in fields.items() if theirs in present}
    chinese = columns("stands")["name_zh"]
    for row in read_data("fields.csv").itertuples():
        spellings = (row.field, *row.aliases.split(), row.column, chinese[row.column])
        names = [name for name in spellings if name in present]
        if row.column not in found and names:
            found[row.column] = names[0]
    return found, problems


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


def _code_lists(
    landclass_scheme: str,
    landclass_codes: dict[str, str] | None,
    species_scheme: str,
    species_codes: dict[str, str] | None,
) -> dict[str, CodeList]:
    """For each column of codes: where its meaning goes if it is kept, list, message, name."""
    groups = codes.land_class_groups(landclass_scheme)
    groups = _with_own(groups[~groups.isin(codes.HEADINGS)], landclass_codes)
    scheme = landclass_scheme or codes.OWN_SCHEME
    lists = {"land_class": CodeList("class_group", groups, "land_class_unknown", scheme)}
    if species_scheme or species_codes:
        species = _with_own(codes.species_groups(species_scheme), species_codes)
        scheme = species_scheme or codes.OWN_SCHEME
        lists["dominant_species"] = CodeList("species_group", species, "species_unknown", scheme)
    for column in ("forest_category", "scattered_type"):
        meaning = codes.attribute_codes(column)
        lists[column] = CodeList("", meaning, "attribute_unknown", column)
    return lists


def _with_own(scheme: pd.Series, own: dict[str, str] | None) -> pd.Series:
    """Return what the codes of a scheme stand for, the user's own codes before them."""
    return pd.Series({**scheme.to_dict(), **(own or {})}, dtype=object)


def _zero_lost(problem: Problem, column: pd.Series, meaning: pd.Series) -> Problem:
    """Say so when the codes would be known with the zero that a spreadsheet took off."""
    unknown = column[column.notna() & ~column.isin(meaning.index)]
    if ("0" + unknown.astype(str)).isin(meaning.index).all():
        return replace(problem, code="leading_zero_lost")
    return problem
