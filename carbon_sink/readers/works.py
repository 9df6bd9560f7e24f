"""Reads works of the plan: projects as polygons or tables, and records of four-side planting."""

from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

import geopandas as gpd
import pandas as pd

from .. import codes, schemes
from ..errors import Problem
from ..geometry import STORE_CRS
from ..project_checks import Asked, check_four_side, check_projects
from ..projects import PLAN_ITEMS, PROJECT_TYPES
from ..tables import columns, faulty
from ..values import texts_of
from .code_lists import CodeList, decoded
from .record_columns import our_columns
from .records import NOTHING, Records, Said, held_records, rows_of

PROJECTS, FOUR_SIDE = "projects", "four_side"
# columns of words that data/attribute_codes.csv lists
LISTED = {
    PROJECTS: ("status", "work_kind", "site_preparation", "tenure", "is_wetland"),
    FOUR_SIDE: ("side",),
}


class Species(NamedTuple):
    """
    How species are coded.

    ``scheme`` is the code list that the user names, ``own`` are codes or words of the user's
    own with their groups, and ``usual`` is the list of the inventories, which decides where
    codes stand in several lists and nobody says in which.
    """

    scheme: str = ""
    own: Mapping[str, str] = MappingProxyType({})
    usual: str = ""


UNSAID = Species()


def read_projects(
    path: str | Path,
    *,
    layer: str = "",
    encoding: str = "",
    said: Said = NOTHING,
    species: Species = UNSAID,
    report_year: int | None = None,
    last_year: int | None = None,
) -> pd.DataFrame:
    """
    Read works: projects as polygons or a table, or records of four-side planting.

    Parameters
    ----------
    path : str or Path
        A layer or a table (CSV, Excel, DBF) with the columns of ``projects``, or a layer of
        points or a table with those of ``four_side``.
    layer : str
        Layer to read.
    encoding : str
        Encoding of the texts of a Shapefile or a CSV; found out when it is not given.
    said : Said
        What the user says of the columns; otherwise headings and their units are found.
    species : Species
        How species are coded; otherwise that is found out as for inventories.
    report_year : int, optional
        Year that works are held against.
    last_year : int, optional
        Last year that any data are of, where that is later.

    Returns
    -------
    works : DataFrame or GeoDataFrame
        Columns of one table, which ``attrs["table"]`` names: ``projects`` or ``four_side``,
        with ``species_group`` and, of four-side points, ``lon_deg`` and ``lat_deg``.
        ``attrs["notes"]`` lists what was found and keeps nobody from using them.

    Raises
    ------
    FileError, CRSError, TableError
        With file, field, rows and what to do.

    Examples
    --------
    >>> works = read_projects("projects.gpkg", report_year=2025)  # doctest: +SKIP
    """
    return work_records(
        path, layer=layer, encoding=encoding, said=said, species=species,
        report_year=report_year, last_year=last_year,
    ).sound()  # fmt: skip


def work_records(
    path: str | Path,
    *,
    layer: str = "",
    encoding: str = "",
    said: Said = NOTHING,
    species: Species = UNSAID,
    report_year: int | None = None,
    last_year: int | None = None,
) -> Records:
    """
    Read works and everything that is wrong with their columns, without refusing them.

    Parameters
    ----------
    path, layer, encoding, said, species, report_year, last_year
        As for ``read_projects``.

    Returns
    -------
    records : Records

    Raises
    ------
    FileError, CRSError
        If the file cannot be read at all.
    """
    path = Path(path)
    data = rows_of(path, layer, encoding)
    table = _table_of(data, said)
    records = held_records(data, table, {"file": path.name, "layer": layer}, said)
    if table == PROJECTS:
        records.read_words("project_type", PROJECT_TYPES, "project.")
        records.read_words("plan_item", PLAN_ITEMS, "report.plan_item.")
    for column in LISTED[table]:
        records.read_listed(column)
    records = _with_species(records, species)
    if table == FOUR_SIDE:
        records = records._replace(data=_with_points(records.data))
    check = check_projects if table == PROJECTS else check_four_side
    known = {name: field for name, field in records.fields.items() if name in records.data}
    asked = Asked(records.place, known, report_year, last_year, frozenset(said.units))
    records.problems.extend(check(records.data, asked))
    records.data.attrs["table"] = table
    return records


def _table_of(data: pd.DataFrame, said: Said) -> str:
    """
    Tell which table of ours rows belong to, by their columns and shapes.

    Rows with all that one table must have are of that table; four-side records come first,
    unless the rows are areas. Otherwise a type of project makes them projects, and a number
    of trees, or number and year of a record, make them four-side records.
    """
    given = {**said.fields, **said.fixed}
    named = {
        table: {name for name, field in {**our_columns(data.columns, table)[0], **given}.items()
                if field}
        for table in LISTED
    }  # fmt: skip
    works, records = named[PROJECTS], named[FOUR_SIDE]
    whole = {table: _required(table) <= names for table, names in named.items()}
    is_area = isinstance(data, gpd.GeoDataFrame) and data.geom_type.str.contains("Polygon").any()
    if whole[FOUR_SIDE] and not is_area:
        return FOUR_SIDE
    if whole[PROJECTS] or "project_type" in works:
        return PROJECTS
    is_planted = {"record_id", "planted_year"} <= records
    return FOUR_SIDE if is_planted or ("tree_count" in records and not is_area) else PROJECTS


def _required(table: str) -> set[str]:
    """Return the columns that a table must have."""
    return set(columns(table).query("required").index)


def _with_points(data: pd.DataFrame) -> pd.DataFrame:
    """Write the points of four-side records into columns, unless they are there already."""
    if not isinstance(data, gpd.GeoDataFrame) or "lon_deg" in data:
        return data
    points = data.geometry.representative_point().to_crs(STORE_CRS)
    return data.assign(lon_deg=points.x, lat_deg=points.y)


@cache
def _group_names() -> dict[str, str]:
    """Return the species group of every name of a species or a group, in either language."""
    listed = pd.concat([codes.species_groups(one) for one in codes.species_schemes()])
    groups = codes.group_names()
    words = {*listed, *groups.index}
    by_name = {**codes.species_groups("names"), **{name: one for one, name in groups.items()}}
    by_word = {name: one for one in words for name in (one, one.replace("_", " "))}
    return {name.casefold(): one for name, one in {**by_name, **by_word}.items()}


def _with_species(records: Records, species: Species) -> Records:
    """Add the species group of each row: the one that is given, else that of its code."""
    data, problems = records.data, list(records.problems)
    names = _group_names() | {word.casefold(): group for word, group in species.own.items()}
    group = pd.Series(None, index=data.index, dtype=object)
    told = pd.Series(data=False, index=data.index)
    if "species_group" in data:
        place = {"field": records.fields["species_group"], **records.place}
        words = texts_of(data["species_group"]).texts
        group = words.str.casefold().map(names).astype(object)
        told = words.notna() & group.isna()
        rule = codes.named_groups(codes.group_names().index)
        problems += faulty("word_unknown", told, words, rule=rule, **place)
    place = {"field": records.fields.get("species_code", "species_code"), **records.place}
    if "species_code" in data:
        values = texts_of(data["species_code"]).texts.mask(group.notna())
        group = group.fillna(values.str.casefold().map(names))
        values = values.mask(group.notna())
        is_code = values.str.fullmatch(r"[0-9]+", na=False)
        problems += faulty("works_species_words", values.notna() & ~is_code, values, **place)
        found, more = _decoded(values.where(is_code), species, records)
        group, told = group.fillna(found), told | values.notna()
        problems += more
    problems += faulty("works_species_missing", group.isna() & ~told, **place)
    return records._replace(data=data.assign(species_group=group), problems=problems)


def _decoded(
    values: pd.Series, species: Species, records: Records
) -> tuple[pd.Series, list[Problem]]:
    """Read codes of species in the scheme that is named, found out, or that of inventories."""
    counts = values.value_counts()
    counts = counts.set_axis(counts.index.astype(object))
    place = {"field": records.fields["species_code"], **records.place}
    detection = schemes.detect(counts, "species", species.scheme)
    fitting = [one.scheme for one in detection.readings]
    problems = schemes.problems_of(detection, **place)
    scheme = schemes.read_in(detection)
    if detection.colliding and not species.scheme:
        if species.usual in fitting:
            scheme = species.usual
            said = schemes.meanings(detection)
            problems = [Problem("works_scheme_of_inventory", value=said, rule=scheme, **place)]
        else:
            lines = " / ".join(f'species_scheme = "{one}"' for one in fitting)
            problems = [replace(one, rule=lines) for one in problems]
    meaning = pd.Series(codes.species_groups(scheme).to_dict(), dtype=object)
    listed = CodeList("species_group", meaning, "species_unknown", scheme, {}, detection.foreign)
    rows, unknown = decoded(values.to_frame("species_code"), {"species_code": listed},
                            records.fields, records.place)  # fmt: skip
    return rows["species_group"], problems + unknown
