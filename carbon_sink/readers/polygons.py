"""Reads polygons under our names: inventories with their codes understood, and towns."""

from pathlib import Path

import geopandas as gpd

from ..errors import Problem, TableError, first_rows
from ..tables import check
from .layers import as_source, read_layer, with_fields_present, with_our_names
from .understanding import stands_of, understand


def read_inventory(
    path: str | Path,
    *,
    layer: str = "",
    encoding: str = "",
    fields: dict[str, str] | None = None,
    fixed: dict[str, str] | None = None,
    landclass_scheme: str = "",
    species_scheme: str = "",
    landclass_codes: dict[str, str] | None = None,
    species_codes: dict[str, str] | None = None,
    units: dict[str, str] | None = None,
) -> gpd.GeoDataFrame:
    """
    Read a forest inventory under our column names, with its codes understood.

    Fields, units, codes and cells are checked. The figures of the stands, the validity of their
    polygons and how these lie to each other are not, and nothing is repaired:
    ``inspection.survey_layer`` does all of it, as a run does.

    Parameters
    ----------
    path : str or Path
        Polygons of sub-compartments.
    layer : str
        Layer to read.
    encoding : str
        Encoding of the texts of a Shapefile; found out when it is not given.
    fields : dict
        Our column name to the field of the file, where it is not the national one.
    fixed : dict
        One value for a column the file does not have.
    landclass_scheme, species_scheme : str
        Code lists of the land class and the species; found out from all codes of a column when
        they are not named.
    landclass_codes, species_codes : dict
        The user's own codes to class groups and species groups, before those of a scheme.
    units : dict
        Our column name to the unit of the field, where it is not that of the column.

    Returns
    -------
    stands : GeoDataFrame
        Columns of the table ``stands`` in ``data/columns.csv`` that the file has, without those
        of stock that hold nothing for any arbor forest, with
        ``stand_id``, ``class_group`` and ``is_land_survey``, and ``species_group`` when the
        species are known. ``attrs["notes"]`` lists what was found and keeps nobody from using
        them, ``attrs["file"]`` names the file.

    Raises
    ------
    FileError, CRSError, TableError
        With file, field, rows and what to do.

    Examples
    --------
    >>> stands = read_inventory("inventory_2025.gpkg", species_scheme="nfci_3digit")
    ... # doctest: +SKIP
    """
    source = as_source(path, layer, encoding)
    known = understand(
        source, fields=fields, fixed=fixed, landclass_scheme=landclass_scheme,
        species_scheme=species_scheme, landclass_codes=landclass_codes,
        species_codes=species_codes, units=units,
    )  # fmt: skip
    _refuse(known.problems)
    rows = read_layer(source, fields=list(known.fields.values()))
    stands, problems = stands_of(rows, known)
    _refuse(problems)
    notes = [*rows.attrs["notes"], *known.problems, *problems]
    stands.attrs.update(file=source.path.name, notes=notes)
    return stands


def _refuse(problems: list[Problem]) -> None:
    """Raise what keeps the data from being used."""
    grave = [problem for problem in problems if problem.severity == "refuse"]
    if grave:
        raise TableError(grave)


def read_towns(
    path: str | Path,
    *,
    layer: str = "",
    encoding: str = "",
    code_field: str = "code",
    name_field: str = "name",
) -> gpd.GeoDataFrame:
    """
    Read town polygons as ``town_code``, ``town_name`` and geometry.

    ``attrs["notes"]`` lists what was found and keeps nobody from using them.

    Raises
    ------
    FileError, CRSError, TableError
        If the file cannot be used, lacks a field, or gives a town code twice.
    """
    source = as_source(path, layer, encoding)
    place, data = source.place, read_layer(source)
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
    notes = [*data.attrs["notes"], *towns.attrs.get("notes", [])]
    towns = gpd.GeoDataFrame(towns)
    towns.attrs["notes"] = notes
    return towns
