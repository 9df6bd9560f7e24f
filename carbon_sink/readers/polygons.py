"""Reads polygons under our names: inventories with their codes understood, and towns."""

from dataclasses import replace
from pathlib import Path

import geopandas as gpd
import pandas as pd

from .. import codes
from ..errors import Problem, TableError, first_rows
from ..tables import check, columns, read_data
from .layers import FIELDS_SHOWN, fields_of, read_layer, with_fields_present, with_our_names

# columns that are computed, so that no field of a file can be one
DERIVED = (
    "area_ha", "class_group", "is_land_survey", "forest_type", "species_group", "carbon_t",
    "arbor_ha", "bamboo_ha", "special_shrub_ha", "shelterbelt_ha", "four_side_ha",
)  # fmt: skip
KEY = ("village_code", "compartment", "subcompartment", "subcompartment_part")


def _source_fields(
    present: list[str], fields: dict[str, str], fixed: dict[str, str], place: dict
) -> dict[str, str]:
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
    if problems:
        raise TableError(problems)
    found = dict(fields)
    chinese = columns("stands")["name_zh"]
    for row in read_data("fields.csv").itertuples():
        spellings = (row.field, *row.aliases.split(), row.column, chinese[row.column])
        names = [name for name in spellings if name in present]
        if row.column not in found and names:
            found[row.column] = names[0]
    return found


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
) -> dict[str, tuple[str, pd.Series, str, str]]:
    """For each column of codes: where its meaning goes if it is kept, list, message, name."""
    groups = codes.land_class_groups(landclass_scheme)
    groups = _with_own(groups[~groups.isin(codes.HEADINGS)], landclass_codes)
    scheme = landclass_scheme or codes.OWN_SCHEME
    lists = {"land_class": ("class_group", groups, "land_class_unknown", scheme)}
    if species_scheme or species_codes:
        species = _with_own(codes.species_groups(species_scheme), species_codes)
        scheme = species_scheme or codes.OWN_SCHEME
        lists["dominant_species"] = ("species_group", species, "species_unknown", scheme)
    for column in ("forest_category", "scattered_type"):
        meaning = codes.attribute_codes(column)
        lists[column] = ("", meaning, "attribute_unknown", column)
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


def read_inventory(
    path: str | Path,
    *,
    layer: str = "",
    fields: dict[str, str] | None = None,
    fixed: dict[str, str] | None = None,
    landclass_scheme: str = "ly1955_4digit",
    species_scheme: str = "",
    landclass_codes: dict[str, str] | None = None,
    species_codes: dict[str, str] | None = None,
) -> gpd.GeoDataFrame:
    """
    Read a forest inventory under our column names, with its codes understood.

    Parameters
    ----------
    path : str or Path
        Polygons of sub-compartments.
    layer : str
        Layer to read.
    fields : dict
        Our column name to the field of the file, where it is not the national one.
    fixed : dict
        One value for a column the file does not have.
    landclass_scheme, species_scheme : str
        Code lists of the land class and the species. Without a species scheme the species
        stay unknown, and with them the carbon.
    landclass_codes, species_codes : dict
        The user's own codes to class groups and species groups, before those of a scheme.

    Returns
    -------
    stands : GeoDataFrame
        Columns of the table ``stands`` in ``data/columns.csv`` that the file has, with
        ``stand_id``, ``class_group`` and ``is_land_survey``, and ``species_group`` when the
        species are known.

    Raises
    ------
    FileError, CRSError, TableError
        With file, field, rows and what to do.

    Examples
    --------
    >>> stands = read_inventory("inventory_2025.gpkg", species_scheme="nfci_3digit")
    ... # doctest: +SKIP
    """
    place = {"file": Path(path).name, "layer": layer}
    present = fields_of(path, layer)
    found = _source_fields(present, fields or {}, fixed or {}, place)
    data = read_layer(path, layer, list(found.values()))
    stands = with_our_names(data, "stands", found, fixed or {}, place)
    if "stand_id" not in stands:
        stands = _add_stand_id(stands)
    lists = _code_lists(landclass_scheme, landclass_codes, species_scheme, species_codes)
    problems: list[Problem] = []
    try:
        stands = check(stands, "stands", fields=found, **place)
    except TableError as error:
        problems += with_fields_present(error.problems, present)
    for column in [name for name in lists if name in stands]:
        group, meaning, message, scheme = lists[column]
        where = {**place, "field": found.get(column, column), "rule": scheme}
        try:
            decoded = codes.decode(stands[column], meaning, message, **where)
            stands = stands.assign(**({group: decoded} if group else {}))
        except TableError as error:
            problems += [_zero_lost(problem, stands[column], meaning) for problem in error.problems]
    if problems:
        raise TableError(problems)
    stands["is_land_survey"] = landclass_scheme in codes.LAND_SURVEY
    stands.attrs["file"] = Path(path).name
    return stands


def read_towns(
    path: str | Path, *, layer: str = "", code_field: str = "code", name_field: str = "name"
) -> gpd.GeoDataFrame:
    """
    Read town polygons as ``town_code``, ``town_name`` and geometry.

    Raises
    ------
    FileError, CRSError, TableError
        If the file cannot be used, lacks a field, or gives a town code twice.
    """
    place = {"file": Path(path).name, "layer": layer}
    data = read_layer(path, layer)
    found = {"town_code": code_field, "town_name": name_field}
    present = {ours: theirs for ours, theirs in found.items() if theirs in data.columns}
    try:
        towns = check(
            with_our_names(data, "towns", present, {}, place), "towns", fields=found, **place
        )
    except TableError as error:
        fields = data.columns.drop(data.geometry.name).tolist()
        raise TableError(with_fields_present(error.problems, fields)) from None
    twice = towns["town_code"].duplicated(keep=False)
    if twice.any():
        raise TableError(
            Problem("town_twice", field=code_field, rows=first_rows(towns.index[twice]),
                    count=int(twice.sum()), **place)
        )  # fmt: skip
    return gpd.GeoDataFrame(towns)
