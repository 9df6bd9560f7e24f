"""Reads what a bureau brings and gives it our names: inventories, towns, works and events."""

from dataclasses import replace
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pyarrow as pa
import pyogrio

from . import codes
from .errors import CRSError, FileError, Problem, TableError, first_rows
from .projects import EVENT_TYPES, PLAN_ITEMS, PROJECT_TYPES, four_side_projects
from .tables import check, columns, read_data

FORMATS = (".gpkg", ".shp", ".gdb", ".geojson", ".json", ".parquet")
FIELDS_SHOWN = 40
# columns that are computed, so that no field of a file can be one
DERIVED = (
    "area_ha", "class_group", "is_land_survey", "forest_type", "species_group", "carbon_t",
    "arbor_ha", "bamboo_ha", "special_shrub_ha", "shelterbelt_ha", "four_side_ha",
)  # fmt: skip
KEY = ("village_code", "compartment", "subcompartment", "subcompartment_part")


def read_layer(path: str | Path, layer: str = "") -> gpd.GeoDataFrame:
    """
    Read one layer of polygons, as it is.

    Parameters
    ----------
    path : str or Path
        GeoPackage, Shapefile, FileGDB, GeoJSON or GeoParquet.
    layer : str
        Layer to read; may be left out when the file holds one.

    Returns
    -------
    layer : GeoDataFrame
        Rows are labelled from 1, as a user counts them.

    Raises
    ------
    FileError
        If the file is missing, of another format, unreadable, empty, or holds several layers
        of which none is named.
    CRSError
        If the layer has no coordinate reference system.
    """
    path = Path(path)
    place = {"file": path.name, "layer": layer}
    if not path.exists():
        raise FileError(Problem("file_missing", file=path.name, value=str(path)))
    if path.suffix.lower() not in FORMATS:
        raise FileError(
            Problem("format_unknown", value=path.suffix, rule=" ".join(FORMATS), **place)
        )
    try:
        if path.suffix.lower() == ".parquet":
            data = gpd.read_parquet(path)
        else:
            data = pyogrio.read_dataframe(path, layer=_layer_of(path, layer), use_arrow=True)
    except (pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError, ValueError) as error:
        code = "encoding_unknown" if "UTF-8" in str(error) else "file_unreadable"
        raise FileError(Problem(code, value=str(error), **place)) from None
    if not isinstance(data, gpd.GeoDataFrame):
        raise FileError(Problem("no_geometry", **place))
    if data.empty:
        raise FileError(Problem("layer_empty", **place))
    if data.crs is None:
        raise CRSError(Problem("crs_missing", **place))
    return data.set_axis(pd.RangeIndex(1, len(data) + 1, name="row"))


def _layer_of(path: Path, layer: str) -> str:
    """Return the layer to read; a file with several layers needs one named."""
    names = pyogrio.list_layers(path)[:, 0].tolist()
    problem = {"file": path.name, "value": layer, "rule": ", ".join(names)}
    if not layer and len(names) > 1:
        raise FileError(Problem("layer_not_named", **problem))
    if layer and layer not in names:
        raise FileError(Problem("layer_missing", **problem))
    return layer or names[0]


def _source_fields(
    data: pd.DataFrame, fields: dict[str, str], fixed: dict[str, str], place: dict
) -> dict[str, str]:
    """Which field of the file holds each of our columns; the user's word comes first."""
    unknown = [ours for ours in [*fields, *fixed] if ours not in columns("stands").index
               or ours in DERIVED]  # fmt: skip
    lacking = {ours: theirs for ours, theirs in fields.items() if theirs not in data.columns}
    present = ", ".join(data.columns[:FIELDS_SHOWN])
    problems = [Problem("column_unknown", field=ours, value=ours, **place) for ours in unknown] + [
        Problem("field_missing", field=theirs, rule=present, **place,
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
        names = [name for name in spellings if name in data]
        if row.column not in found and names:
            found[row.column] = names[0]
    return found


def _as_text(column: pd.Series) -> pd.Series:
    """Codes as text: whole numbers without a decimal point, empty cells as missing."""
    text = column.astype("string").str.strip().str.replace(r"^(\d+)\.0+$", r"\1", regex=True)
    return text.mask(text.eq("")).astype(object).where(text.notna() & text.ne(""), None)


def _with_our_names(
    data: gpd.GeoDataFrame, table: str, found: dict[str, str], fixed: dict[str, str], place: dict
) -> gpd.GeoDataFrame:
    """Keep the columns of the contract, under our names, codes and texts as text."""
    named = gpd.GeoDataFrame(
        {ours: data[theirs] for ours, theirs in found.items()}, geometry=data.geometry, crs=data.crs
    )
    named = named.assign(**fixed)
    kinds = columns(table)["kind"]
    texts = [name for name in named.columns if kinds.get(name) in ("text", "code")]
    try:
        return named.assign(**{name: _as_text(named[name]) for name in texts})
    except (UnicodeDecodeError, pa.ArrowInvalid) as error:
        raise FileError(Problem("encoding_unknown", value=str(error), **place)) from None


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


def _with_fields_present(problems: list[Problem], data: gpd.GeoDataFrame) -> list[Problem]:
    """Add the fields of the file to messages about a field that is missing."""
    present = ", ".join(data.columns.drop(data.geometry.name)[:FIELDS_SHOWN])
    return [
        replace(problem, rule=present) if problem.code == "field_missing" else problem
        for problem in problems
    ]


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
    data = read_layer(path, layer)
    found = _source_fields(data, fields or {}, fixed or {}, place)
    stands = _with_our_names(data, "stands", found, fixed or {}, place)
    if "stand_id" not in stands:
        stands = _add_stand_id(stands)
    lists = _code_lists(landclass_scheme, landclass_codes, species_scheme, species_codes)
    problems: list[Problem] = []
    try:
        stands = check(stands, "stands", fields=found, **place)
    except TableError as error:
        problems += _with_fields_present(error.problems, data)
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
            _with_our_names(data, "towns", present, {}, place), "towns", fields=found, **place
        )
    except TableError as error:
        raise TableError(_with_fields_present(error.problems, data)) from None
    twice = towns["town_code"].duplicated(keep=False)
    if twice.any():
        raise TableError(
            Problem("town_twice", field=code_field, rows=first_rows(towns.index[twice]),
                    count=int(twice.sum()), **place)
        )  # fmt: skip
    return gpd.GeoDataFrame(towns)


def _read_records(path: Path, layer: str, table: str) -> pd.DataFrame:
    """Read a table of records, from CSV or from a layer, and hold it against its contract."""
    place = {"file": path.name, "layer": layer}
    if path.suffix.lower() != ".csv":
        data = read_layer(path, layer)
    else:
        try:
            data = pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8-sig")
        except UnicodeDecodeError:
            raise FileError(Problem("csv_not_utf8", **place)) from None
        except (pd.errors.ParserError, pd.errors.EmptyDataError) as error:
            raise FileError(Problem("file_unreadable", value=str(error), **place)) from None
        data = data.set_axis(pd.RangeIndex(2, len(data) + 2, name="row"))
    kept = [name for name in columns(table).index if name in data.columns]
    if isinstance(data, gpd.GeoDataFrame):
        data = _with_our_names(data, table, {name: name for name in kept}, {}, place)
    else:
        kinds = columns(table)["kind"]
        data = data[kept].assign(
            **{name: _as_text(data[name]) for name in kept if kinds[name] in ("text", "code")}
        )
    return check(data, table, **place)


def _known_values(data: pd.DataFrame, field: str, known: tuple[str, ...], path: Path) -> None:
    """Refuse words a table does not know."""
    wrong = data[field].notna() & ~data[field].isin(known)
    if wrong.any():
        raise TableError(
            Problem("word_unknown", file=path.name, field=field, count=int(wrong.sum()),
                    rows=first_rows(data.index[wrong]), rule=", ".join(known),
                    value=", ".join(sorted(data.loc[wrong, field].unique())[:5]))
        )  # fmt: skip


def read_projects(path: str | Path, *, layer: str = "") -> pd.DataFrame:
    """
    Read projects: polygons, or a table of four-side planting.

    Parameters
    ----------
    path : str or Path
        A layer or CSV with the columns of ``projects``, or a CSV with those of ``four_side``.
    layer : str
        Layer to read.

    Returns
    -------
    projects : DataFrame or GeoDataFrame
        Columns of the table ``projects``.

    Raises
    ------
    FileError, CRSError, TableError
        With file, field, rows and what to do.
    """
    path = Path(path)
    if path.suffix.lower() == ".csv" and "tree_count" in _header(path):
        projects = four_side_projects(_read_records(path, layer, "four_side"))
        unknown = projects["done_ha"].isna()
        if unknown.any():
            raise TableError(
                Problem("survival_missing", file=path.name, field="survival_pct",
                        rows=first_rows(projects.index[unknown]), count=int(unknown.sum()))
            )  # fmt: skip
        return projects
    projects = _read_records(path, layer, "projects")
    _known_values(projects, "project_type", PROJECT_TYPES, path)
    if "plan_item" in projects:
        _known_values(projects, "plan_item", PLAN_ITEMS, path)
    return projects


def _header(path: Path) -> list[str]:
    """Return the column names of a CSV, or none when it is missing."""
    if not path.is_file():
        raise FileError(Problem("file_missing", file=path.name, value=str(path)))
    first = path.read_bytes().split(b"\n", 1)[0].decode("utf-8-sig", errors="replace")
    return [name.strip().strip('"') for name in first.split(",")]


def read_events(path: str | Path, *, layer: str = "") -> pd.DataFrame:
    """Read fires, harvests and pests with the columns of the table ``events``."""
    events = _read_records(Path(path), layer, "events")
    _known_values(events, "event_type", EVENT_TYPES, Path(path))
    return events
