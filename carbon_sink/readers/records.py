"""Reads records, from tables or layers: works, events and reference samples."""

from pathlib import Path
from typing import NamedTuple

import geopandas as gpd
import pandas as pd

from ..accuracy import FEWEST
from ..errors import Problem, TableError, first_rows
from ..geometry import STORE_CRS
from ..landcover import classes
from ..language import Words
from ..projects import EVENT_TYPES, PLAN_ITEMS, PROJECT_TYPES, four_side_projects
from ..tables import columns, faulty, hold
from .layers import (
    FIELDS_SHOWN,
    as_source,
    as_text,
    read_layer,
    with_fields_present,
    with_our_names,
)
from .spreadsheets import SUFFIXES, our_columns, read_table


class Records(NamedTuple):
    """
    Rows held against one of our tables.

    ``fields`` says how the file calls our columns, ``place`` where the rows come from, and
    ``problems`` everything that was found, notes of the reader first.
    """

    data: pd.DataFrame
    fields: dict[str, str]
    place: dict[str, str]
    problems: list[Problem]

    def sound(self) -> pd.DataFrame:
        """Return the rows with what there is to tell of them, or refuse them."""
        grave = [problem for problem in self.problems if problem.severity == "refuse"]
        if grave:
            raise TableError(grave)
        if self.problems:
            self.data.attrs["notes"] = self.problems
        return self.data

    def check_words(self, column: str, known: tuple[str, ...]) -> None:
        """Note words that a column of ours does not know."""
        if column in self.data:
            words = self.data[column]
            self.problems.extend(
                faulty("word_unknown", words.notna() & ~words.isin(known), words,
                       field=self.fields[column], rule=", ".join(known), **self.place)
            )  # fmt: skip


def _read(path: Path, layer: str, encoding: str) -> pd.DataFrame:
    """Read the rows of a table or a layer, under the names of the file."""
    if path.suffix.lower() in SUFFIXES:
        return read_table(path, layer, encoding)
    return read_layer(as_source(path, layer, encoding))


def _held(
    data: pd.DataFrame, table: str, place: dict[str, str], fields: dict[str, str] | None = None
) -> Records:
    """Give the columns of a table our names, and hold them against their contract."""
    names = [name for name in data.columns if name != getattr(data, "active_geometry_name", None)]
    found, problems = our_columns(names, table, **place)
    # a field that is named is meant, unless only our own name is repeated
    found |= {ours: theirs for ours, theirs in (fields or {}).items()
              if theirs != ours or theirs in names}  # fmt: skip
    present = {ours: theirs for ours, theirs in found.items() if theirs in names}
    if isinstance(data, gpd.GeoDataFrame):
        ours = _with_places(with_our_names(data, table, present, {}, place), table)
    else:
        kinds = columns(table)["kind"]
        ours = data[list(present.values())].set_axis(list(present), axis=1)
        texts = [name for name in present if kinds[name] in ("text", "code")]
        ours = ours.assign(**{name: as_text(ours[name]) for name in texts})
    held, wrong = hold(ours, table, fields=found, **place)
    held.attrs = {}
    notes = data.attrs.get("notes", [])
    problems = [*notes, *problems, *with_fields_present(wrong, list(map(str, names)))]
    return Records(held, {name: found.get(name, name) for name in ours}, place, problems)


def read_projects(path: str | Path, *, layer: str = "", encoding: str = "") -> pd.DataFrame:
    """
    Read projects: polygons, or a table of four-side planting.

    Parameters
    ----------
    path : str or Path
        A layer or CSV with the columns of ``projects``, or a CSV with those of ``four_side``.
    layer : str
        Layer to read.
    encoding : str
        Encoding of the texts of a Shapefile or a CSV; found out when it is not given.

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
    data, place = _read(path, layer, encoding), {"file": path.name, "layer": layer}
    is_table = not isinstance(data, gpd.GeoDataFrame)
    if is_table and "tree_count" in our_columns(data.columns, "four_side")[0]:
        return _four_side(_held(data, "four_side", place))
    projects = _held(data, "projects", place)
    projects.check_words("project_type", PROJECT_TYPES)
    projects.check_words("plan_item", PLAN_ITEMS)
    return projects.sound()


def _four_side(records: Records) -> pd.DataFrame:
    """Turn records of four-side planting into projects."""
    projects = four_side_projects(records.sound())
    field = records.fields.get("survival_pct", "survival_pct")
    unknown = faulty("survival_missing", projects["done_ha"].isna(), field=field, **records.place)
    if unknown:
        raise TableError(unknown)
    return records._replace(data=projects).sound()


def read_events(path: str | Path, *, layer: str = "", encoding: str = "") -> pd.DataFrame:
    """Read fires, harvests and pests with the columns of the table ``events``."""
    path = Path(path)
    events = _held(_read(path, layer, encoding), "events", {"file": path.name, "layer": layer})
    events.check_words("event_type", EVENT_TYPES)
    return events.sound()


def read_reference_samples(
    path: str | Path,
    scheme: str,
    *,
    layer: str = "",
    encoding: str = "",
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
    encoding : str
        As for ``read_projects``.
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
    records = _held(_read(path, layer, encoding), "reference_samples", place, fields)
    samples, known = records.data, _class_codes(scheme)
    legend = Words.made(lambda lang: ", ".join(
        f"{code} {name}" for code, name in classes(scheme)[f"name_{lang}"].items()
    ))  # fmt: skip
    for name in [name for name in fields if name in samples]:
        wrong = samples[name].notna() & ~samples[name].isin(known.index)
        records.problems.extend(
            faulty("word_unknown", wrong, samples[name], field=records.fields[name], rule=legend,
                   **place)
        )  # fmt: skip
        samples[name] = samples[name].map(known).where(~wrong, samples[name])
    records.problems.extend(_sampling_problems(samples, strata_ha or {}, place))
    samples = records.sound().astype(dict.fromkeys(fields, int))
    samples.attrs.update(file=path.name, strata_ha=strata_ha or {})
    return samples


def _with_places(data: gpd.GeoDataFrame, table: str) -> pd.DataFrame:
    """Write the places of sample points into columns, unless they are there already."""
    if table != "reference_samples":
        return data
    samples = pd.DataFrame(data.drop(columns=data.geometry.name))
    if "lon_deg" in samples or not data.geom_type.eq("Point").all():
        return samples
    stored = data.geometry.to_crs(STORE_CRS)
    return samples.assign(lon_deg=stored.x, lat_deg=stored.y)


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
