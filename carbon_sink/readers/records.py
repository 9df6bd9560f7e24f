"""Reads records, from tables or layers: events and reference samples."""

from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

import geopandas as gpd
import pandas as pd

from ..accuracy import FEWEST
from ..codes import attribute_codes, attribute_names
from ..errors import Problem, TableError, first_rows
from ..geometry import STORE_CRS
from ..landcover import classes
from ..language import LANGUAGES, Words, text
from ..projects import EVENT_TYPES
from ..tables import columns, faulty, named
from ..units import field_unit, field_units
from ..values import texts_of
from .layers import (
    FIELDS_SHOWN,
    as_source,
    as_text,
    read_layer,
    with_fields_present,
    with_our_names,
)
from .record_columns import hold_in_units, our_columns
from .spreadsheets import SUFFIXES, read_table


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

    def read_words(self, column: str, known: tuple[str, ...], names: str) -> None:
        """
        Read the words of a column: ours, their names in either language, or names people use.

        Parameters
        ----------
        column : str
            Our name of the column.
        known : tuple of str
            Our words.
        names : str
            What the keys of their names in ``data/text.csv`` begin with.
        """
        if column not in self.data:
            return
        ours = {name.casefold(): word for name, word in attribute_names(column).items()} | {
            name.casefold(): word
            for word in known
            for name in (word, *(text(names + word, lang) for lang in LANGUAGES))
        }
        words = self.data[column]
        self.data[column] = words.map(lambda word: ours.get(word.casefold(), word), "ignore")
        rule = Words.made(lambda lang: ", ".join(f"{text(names + one, lang)} {one}"
                                                 for one in known))  # fmt: skip
        unknown = words.notna() & ~self.data[column].isin(known)
        self.problems.extend(
            faulty("word_unknown", unknown, words, field=self.fields[column], rule=rule,
                   **self.place)
        )  # fmt: skip

    def read_listed(self, column: str) -> None:
        """
        Read the words of an attribute as its list has them; others stay as they are, and are told.

        Parameters
        ----------
        column : str
            Our name of the column, which ``data/attribute_codes.csv`` lists.
        """
        if column not in self.data:
            return
        listed = attribute_codes(column)
        ours = {one.casefold(): one for one in listed.index} | {
            name.casefold(): code for name, code in attribute_names(column).items()
        }
        words = texts_of(self.data[column]).texts
        self.data[column] = words.map(lambda word: ours.get(word.casefold(), word), "ignore")
        rule = Words(", ".join(f"{name} {code}" for code, name in listed.items()),
                     ", ".join(listed.index))  # fmt: skip
        unknown = words.notna() & ~self.data[column].isin(listed.index)
        self.problems.extend(
            faulty("word_unlisted", unknown, words, field=self.fields[column], rule=rule,
                   **self.place)
        )  # fmt: skip


class Said(NamedTuple):
    """
    What the user says of the columns of a file.

    ``fields`` maps our column names to the fields of the file (an empty text leaves a column
    out), ``fixed`` gives one value to a column, ``units`` the unit of a field.
    """

    fields: dict[str, str] = MappingProxyType({})
    fixed: dict[str, str] = MappingProxyType({})
    units: dict[str, str] = MappingProxyType({})


NOTHING = Said()


def rows_of(path: Path, layer: str, encoding: str) -> pd.DataFrame:
    """Read the rows of a table or a layer, under the names of the file."""
    if path.suffix.lower() in SUFFIXES:
        return read_table(path, layer, encoding)
    return read_layer(as_source(path, layer, encoding))


def held_records(
    data: pd.DataFrame, table: str, place: dict[str, str], said: Said = NOTHING
) -> Records:
    """Give the columns of a table our names, and hold them against their contract."""
    names = [name for name in data.columns if name != getattr(data, "active_geometry_name", None)]
    place = place | {"layer": data.attrs.get("layer") or place["layer"]}
    found, problems = our_columns(names, table, **place)
    problems = [one for one in problems if one.field not in said.fields]
    # a field that is named is meant, unless only our own name is repeated
    found |= {ours: theirs for ours, theirs in said.fields.items()
              if theirs != ours or theirs in names}  # fmt: skip
    known = columns(table).index
    fixed = {ours: value for ours, value in said.fixed.items() if ours in known}
    found = {ours: theirs for ours, theirs in found.items()
             if theirs and ours in known and ours not in fixed}  # fmt: skip
    present = {ours: theirs for ours, theirs in found.items() if theirs in names}
    units, unsaid = _units(table, said, place)
    problems += [*unsaid, *_not_there(table, said, names, place)]
    if isinstance(data, gpd.GeoDataFrame):
        ours = _with_places(with_our_names(data, table, present, fixed, place), table)
    else:
        kinds = columns(table)["kind"]
        ours = data[list(present.values())].set_axis(list(present), axis=1).assign(**fixed)
        texts = [name for name in present if kinds[name] in ("text", "code")]
        ours = ours.assign(**{name: as_text(ours[name]) for name in texts})
    held, wrong = hold_in_units(ours, table, found, units, **place)
    held.attrs = {}
    notes = data.attrs.get("notes", [])
    problems = [*notes, *problems, *with_fields_present(wrong, list(map(str, names)))]
    return Records(held, {name: found.get(name, name) for name in ours}, place, problems)


def _units(table: str, said: Said, place: dict) -> tuple[dict[str, str], list[Problem]]:
    """Return the units that the user says, in one spelling."""
    ours = columns(table)["unit"]
    known = {name: field_unit(word, ours.get(name, "")) for name, word in said.units.items()}
    problems = [
        Problem("unit_unknown", field=name, value=said.units[name], **place,
                rule=", ".join(field_units(ours.get(name, ""))) or "—")
        for name, unit in known.items()
        if not unit
    ]  # fmt: skip
    return {name: unit for name, unit in known.items() if unit}, problems


def _not_there(table: str, said: Said, names: list[str], place: dict) -> list[Problem]:
    """Tell columns that the table does not have, and named fields that the file does not have."""
    rules = columns(table)
    unknown = [
        Problem("column_unknown", field=name, value=name, **place)
        for name in {**said.fields, **said.fixed}
        if name not in rules.index
    ]
    # columns that a table must have are missed when it is held against its contract
    return unknown + [
        Problem("field_missing", field=theirs, value=named(table, ours),
                rule=", ".join(names[:FIELDS_SHOWN]), **place)
        for ours, theirs in said.fields.items()
        if theirs and theirs not in names
        and ours in rules.index and not rules.loc[ours, "required"]
    ]  # fmt: skip


def read_events(
    path: str | Path, *, layer: str = "", encoding: str = "", said: Said = NOTHING
) -> pd.DataFrame:
    """Read fires, harvests and pests with the columns of the table ``events``, as ``works``."""
    path = Path(path)
    place = {"file": path.name, "layer": layer}
    events = held_records(rows_of(path, layer, encoding), "events", place, said)
    events.read_words("event_type", EVENT_TYPES, "layer.event.")
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
        Encoding of the texts of a Shapefile or a CSV; found out when it is not given.
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
    records = held_records(rows_of(path, layer, encoding), "reference_samples", place, Said(fields))
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
