"""Reads records, from tables or layers: works, events and reference samples."""

from pathlib import Path

import geopandas as gpd
import pandas as pd

from ..accuracy import FEWEST
from ..errors import FileError, Problem, TableError, first_rows
from ..geometry import STORE_CRS
from ..landcover import classes
from ..projects import EVENT_TYPES, PLAN_ITEMS, PROJECT_TYPES, four_side_projects
from ..tables import check, columns
from .layers import FIELDS_SHOWN, as_text, read_layer, with_our_names


def _columns_of(
    path: Path, layer: str, table: str, fields: dict[str, str] | None = None
) -> pd.DataFrame:
    """Read the columns of a table from CSV or from a layer, under our names."""
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
        # spreadsheets leave rows of commas alone below what was deleted
        data = data[data.apply(lambda column: column.str.strip().ne("")).any(axis=1)]
    found = {name: (fields or {}).get(name, name) for name in columns(table).index}
    found = {ours: theirs for ours, theirs in found.items() if theirs in data.columns}
    if isinstance(data, gpd.GeoDataFrame):
        return with_our_names(data, table, found, {}, place)
    kinds = columns(table)["kind"]
    data = data[list(found.values())].set_axis(list(found), axis=1)
    return data.assign(
        **{name: as_text(data[name]) for name in found if kinds[name] in ("text", "code")}
    )


def _read_records(path: Path, layer: str, table: str) -> pd.DataFrame:
    """Read a table of records, from CSV or from a layer, and hold it against its contract."""
    return check(_columns_of(path, layer, table), table, file=path.name, layer=layer)


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


def read_reference_samples(
    path: str | Path,
    scheme: str,
    *,
    layer: str = "",
    map_field: str = "map_class",
    reference_field: str = "reference_class",
    strata_ha: dict[str, float] | None = None,
) -> pd.DataFrame:
    """
    Read the sample units of a land-cover map that an interpreter has looked at.

    Parameters
    ----------
    path : str or Path
        A CSV or a layer with the columns of ``reference_samples``.
    scheme : str
        Land-cover product; its classes are named by code, or by Chinese or English name.
    layer : str
        Layer to read.
    map_field, reference_field : str
        Fields of the class on the map and of the class that was found.
    strata_ha : dict, optional
        Area of each stratum, ha, where the sample was drawn by other strata than the map
        classes; the column ``stratum`` then names the stratum of each sample unit.

    Returns
    -------
    samples : DataFrame
        Columns of the table ``reference_samples`` with classes as whole numbers;
        ``attrs["file"]`` and ``attrs["strata_ha"]`` go with it.

    Raises
    ------
    FileError, CRSError, TableError
        With every empty cell, unknown class, number that occurs twice, stratum without area
        and stratum with fewer than two sample units.
    """
    path = Path(path)
    place = {"file": path.name, "layer": layer}
    fields = {"map_class": map_field, "reference_class": reference_field}
    samples = _with_places(_columns_of(path, layer, "reference_samples", fields))
    problems: list[Problem] = []
    try:
        samples = check(samples, "reference_samples", fields=fields, **place)
    except TableError as error:
        problems += error.problems
    known = _class_codes(scheme)
    for name in [name for name in fields if name in samples]:
        wrong = samples[name].notna() & ~samples[name].isin(known.index)
        if wrong.any():
            found = ", ".join(sorted(samples.loc[wrong, name].unique())[:FIELDS_SHOWN])
            legend = ", ".join(
                f"{code} {name}" for code, name in classes(scheme)["name_zh"].items()
            )
            problems.append(Problem("word_unknown", field=fields[name], value=found, rule=legend,
                                    rows=first_rows(samples.index[wrong]),
                                    count=int(wrong.sum()), **place))  # fmt: skip
        samples[name] = samples[name].map(known).where(~wrong, samples[name])
    problems += _sampling_problems(samples, strata_ha or {}, place)
    if problems:
        raise TableError(problems)
    samples = samples.astype(dict.fromkeys(fields, int))
    samples.attrs.update(file=path.name, strata_ha=strata_ha or {})
    return samples


def _with_places(samples: pd.DataFrame) -> pd.DataFrame:
    """Write the places of a layer of points into columns, unless it has them already."""
    if not isinstance(samples, gpd.GeoDataFrame):
        return samples
    table = pd.DataFrame(samples.drop(columns=samples.geometry.name))
    if "lon_deg" in table or not samples.geom_type.eq("Point").all():
        return table
    stored = samples.geometry.to_crs(STORE_CRS)
    return table.assign(lon_deg=stored.x, lat_deg=stored.y)


def _class_codes(scheme: str) -> pd.Series:
    """Return the class code that each code (as text) and name of a product stands for."""
    known = classes(scheme).reset_index()
    codes = [
        known.set_index(known[name].astype(str))["class_code"]
        for name in ("class_code", "name_zh", "name_en")
    ]
    codes = pd.concat(codes)
    return codes[~codes.index.duplicated()]


def _sampling_problems(
    samples: pd.DataFrame, strata_ha: dict[str, float], place: dict
) -> list[Problem]:
    """List sample units that occur twice, and strata that are too small or have no area."""
    problems = []
    if "sample_id" in samples:
        twice = samples["sample_id"].duplicated(keep=False) & samples["sample_id"].notna()
        if twice.any():
            listed = ", ".join(samples.loc[twice, "sample_id"].unique()[:FIELDS_SHOWN])
            problems.append(Problem("number_twice", field="sample_id", value=listed,
                                    rows=first_rows(samples.index[twice]),
                                    count=int(twice.sum()), **place))  # fmt: skip
    strata = "stratum" if "stratum" in samples else "map_class"
    units = samples[strata].value_counts() if strata in samples else pd.Series(dtype=int)
    if strata == "stratum":
        unsized = [name for name in units.index if name not in strata_ha]
        if unsized:
            problems.append(Problem("strata_without_area", field="strata_ha",
                                    value=", ".join(unsized), **place))  # fmt: skip
        units = units.reindex(units.index.union(list(strata_ha)), fill_value=0)
    elif strata_ha:
        problems.append(Problem("field_missing", field="stratum", **place,
                                value="stratum", rule=", ".join(samples.columns)))  # fmt: skip
    few = units[units < FEWEST]
    if len(few):
        listed = ", ".join(f"{name} ({count})" for name, count in few.items())
        problems.append(Problem("accuracy_too_few", field=strata, value=listed, **place))
    return problems
