"""Understands the columns of an inventory: which field is which, in which codes and units."""

from collections.abc import Collection
from dataclasses import dataclass

import geopandas as gpd
import pandas as pd

from .. import codes
from ..errors import CarbonSinkError, Problem
from ..language import text
from ..tables import columns, faulty, hold
from ..units import field_unit, field_units
from ..values import texts_of
from .code_lists import CodeList, code_lists, decoded, with_whole_codes, with_zeros
from .contents import Contents, read_areas, read_contents
from .fields import Match, Names, match_fields, named_columns
from .layers import fields_of, with_our_names
from .measures import AREA, CLOSURE, Finding, area_unit, closure_unit, in_our_units, named_unit
from .source import Source
from .stock import stock_problems

KEY = ("village_code", "compartment", "subcompartment", "subcompartment_part")
# digits of national codes; a field that the settings name may have codes of its own
CODE_DIGITS = {"town_code": 9, "village_code": 12, "compartment": 4}
# digits of the code of a place in the land survey, which begins with village and town
PLACE_DIGITS = 19
OUT_OF_RANGE = ("too_small", "too_large")


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
    matches : dict
        How each column was found.
    units : dict
        Units of the fields that are in others than the table.
    unsure : frozenset of str
        Columns whose unit is in doubt, so that single values cannot be held against a range.
    empty : frozenset of str
        Columns of stock that hold nothing for any arbor forest of the whole file; stands are
        without them, so that other columns give the stock.
    padded : frozenset of str
        Columns of codes whose lost zeros are put back, because the user asks for it.
    """

    source: Source
    fields: dict[str, str]
    fixed: dict[str, str]
    present: list[str]
    lists: dict[str, CodeList]
    landclass_scheme: str
    species_scheme: str
    problems: list[Problem]
    matches: dict[str, Match]
    units: dict[str, str]
    unsure: frozenset[str]
    empty: frozenset[str]
    padded: frozenset[str]

    @property
    def unused(self) -> list[str]:
        """Return the fields of the file that no column was taken from."""
        used = set(self.fields.values())
        return [name for name in self.present if name not in used]

    def facts(self, lang: str = "zh") -> pd.DataFrame:
        """
        Return how each column was understood, as the table ``inventory_fields``.

        Parameters
        ----------
        lang : {"zh", "en"}
            Language.

        Returns
        -------
        facts : DataFrame
            A row for each column that the file or the settings give.
        """
        rules = columns("stands")
        return pd.DataFrame(
            [
                {
                    "file": self.source.path.name,
                    "column": name,
                    "name": rules.loc[name, f"name_{lang}"],
                    "field": self.fixed.get(name, match.field),
                    "unit": self.units.get(name, rules.loc[name, "unit"]),
                    "way": text(f"way.{match.way}", lang),
                }
                for name, match in self.matches.items()
            ],
            columns=list(columns("inventory_fields").index),
        )


def understand(
    source: Source,
    *,
    fields: dict[str, str] | None = None,
    fixed: dict[str, str] | None = None,
    landclass_scheme: str = "",
    species_scheme: str = "",
    landclass_codes: dict[str, str] | None = None,
    species_codes: dict[str, str] | None = None,
    units: dict[str, str] | None = None,
    pad_codes: Collection[str] = (),
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
    units : dict, optional
        Our column name to the unit of the field, which confirms what is found.
    pad_codes : collection of str
        Our names of columns of codes that lost their zeros, which are put back and told.
    is_run : bool
        Whether figures will be computed: what is ambiguous is then asked for, not only told.

    Returns
    -------
    understanding : Understanding
        With all its problems; nothing is raised for what the columns hold.
    """
    present = fields_of(source)
    names = match_fields(present, fields, fixed, **source.place)
    found = {ours: match.field for ours, match in names.matches.items() if match.way != "fixed"}
    lists = code_lists(
        source, found, fixed or {},
        {"land_class": landclass_scheme, "dominant_species": species_scheme},
        {"land_class": landclass_codes or {}, "dominant_species": species_codes or {}},
        padded=pad_codes, is_run=is_run,
    )  # fmt: skip
    contents = read_contents(source, found, names.rivals, lists.lists, fixed or {})
    in_units, unsure, problems = _units(source, names, found, units or {}, contents)
    return Understanding(
        source, found, fixed or {}, present, lists.lists, lists.landclass_scheme,
        lists.species_scheme, names.problems + problems + lists.problems, names.matches,
        in_units, unsure, contents.empty, frozenset(pad_codes),
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
    stands = _with_places_of_survey(stands, known.matches)
    own = {name for name, match in known.matches.items() if match.way == "settings"}
    stands, padded = with_zeros(stands, known.padded, known.fields, place)
    stands, whole = with_whole_codes(stands, own, known.fields, place)
    if "stand_id" not in stands:
        stands = _add_stand_id(stands)
    stands, found = hold(stands, "stands", fields=known.fields, **place)
    other_range = {known.fields[name] for name in (*known.units, *known.unsure)}
    # that the land class is missing is known of the whole file, and not of each part
    problems = padded + whole + [
        one for one in found
        if one.code != "field_missing"
        and not (one.code in OUT_OF_RANGE and one.field in other_range)
    ]  # fmt: skip
    stands, converted = in_our_units(stands, known.units, known.fields, **place)
    problems += [one for one in converted if one.field not in map(known.fields.get, known.unsure)]
    stands, unknown = decoded(stands, known.lists, known.fields, place)
    problems += unknown + _width_problems(stands, known)
    stands["is_land_survey"] = known.landclass_scheme in codes.LAND_SURVEY
    return stands.drop(columns=list(known.empty)), problems


def _units(
    source: Source,
    names: Names,
    fields: dict[str, str],
    units: dict[str, str],
    contents: Contents,
) -> tuple[dict[str, str], frozenset[str], list[Problem]]:
    """Find the units of all fields, and which fields of one meaning differ."""
    place = source.place
    declared, problems = _declared(units, place)
    named = {ours: match.unit for ours, match in names.matches.items() if match.unit}
    problems += [
        Problem("fields_rival", field=rival.field, value=f"{fields[rival.column]}, {rival.field}",
                rule=named_columns([rival.column]), **place)
        for rival in names.rivals
        if (fields[rival.column], rival.field) in contents.contradictory
    ]  # fmt: skip
    found: dict[str, Finding] = {}
    for column, find in ((AREA, _area_finding), (CLOSURE, _closure_finding)):
        if column in fields:
            said = {"declared": declared.get(column, ""), "named": named.get(column, "")}
            found[column] = find(source, contents.numbers, **said, field=fields[column], **place)
    every = {**named, **declared, **{column: one.unit for column, one in found.items()}}
    ours = columns("stands")["unit"]
    other = {name: unit for name, unit in every.items() if name in fields and unit != ours[name]}
    unsure = frozenset(name for name, one in found.items() if not one.is_sure)
    problems += [problem for one in found.values() for problem in one.problems]
    refused = {name for name, one in found.items() if one.problems}
    problems += [
        Problem(
            "unit_converted", field=fields[name], value=named_unit(unit), rule=ours[name], **place
        )
        for name, unit in other.items()
        if name not in refused
    ]
    if AREA in found and AREA not in unsure:
        numbers, _ = in_our_units(contents.numbers, other, fields)
        problems += stock_problems(
            numbers, numbers[AREA], sure={*named, *declared}, fields=fields, units=other,
            is_arbor=contents.is_arbor, **place,
        )  # fmt: skip
    return other, unsure, problems


def _declared(units: dict[str, str], place: dict) -> tuple[dict[str, str], list[Problem]]:
    """Return the units that the settings confirm, in one spelling."""
    ours = columns("stands")["unit"]
    declared = {name: field_unit(word, ours.get(name, "")) for name, word in units.items()}
    problems = [
        Problem("unit_unknown", field=name, value=units[name], **place,
                rule=", ".join(field_units(ours.get(name, ""))) or "—")
        for name, unit in declared.items()
        if not unit
    ]  # fmt: skip
    return {name: unit for name, unit in declared.items() if unit}, problems


def _area_finding(source: Source, numbers: pd.DataFrame, *, field: str, **said: str) -> Finding:
    """Find the unit of the area in parts of the file, and all rows where units are mixed."""
    try:
        finding = area_unit(read_areas(source, field), field=field, **said)
        if any(one.code == "unit_mixed" for one in finding.problems):
            finding = area_unit(read_areas(source, field, everywhere=True), field=field, **said)
    except CarbonSinkError:  # polygons without a system or a shape are told when they are read
        return area_unit(numbers.iloc[:0].assign(registered=0.0, measured=0.0), field=field, **said)
    return finding


def _closure_finding(source: Source, numbers: pd.DataFrame, **said: str) -> Finding:  # noqa: ARG001, as for areas
    """Find the unit of the closure in all rows."""
    return closure_unit(numbers[CLOSURE], **said)


def _with_places_of_survey(stands: gpd.GeoDataFrame, matches: dict[str, Match]) -> gpd.GeoDataFrame:
    """Take town and village from the code of a place in the land survey."""
    found = {}
    for name in ("town_code", "village_code"):
        if name in matches and matches[name].way == "survey":
            whole = stands[name].str.fullmatch(rf"\d{{{PLACE_DIGITS}}}", na=False)
            found[name] = stands[name].mask(whole, stands[name].str[: CODE_DIGITS[name]])
    return stands.assign(**found)


def _width_problems(stands: gpd.GeoDataFrame, known: Understanding) -> list[Problem]:
    """Tell codes that are not as wide as national codes are; none is padded unasked."""
    problems = []
    for name, digits in CODE_DIGITS.items():
        if name in known.fields and name in stands and known.matches[name].way != "settings":
            values = stands[name].astype("str")
            code, rule = "code_width", str(digits)
            # names of towns are matched with the towns, and are no codes
            wrong = ~values.str.fullmatch(rf"\d{{{digits}}}|\D+", na=True)
            if name == "compartment":
                code, rule = "leading_zero_lost", name
                wrong = values.str.fullmatch(rf"\d{{1,{digits - 1}}}", na=False)
            problems += faulty(code, wrong, values, field=known.fields[name], rule=rule,
                               **known.source.place)  # fmt: skip
    return problems


def _add_stand_id(stands: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Make the stand's key from village, compartment and number, or from the row."""
    parts = [name for name in KEY if name in stands]
    if "village_code" not in parts and "town_code" in stands:
        parts.insert(0, "town_code")
    if "subcompartment" not in parts:
        return stands.assign(stand_id=stands.index.astype(str))
    key = texts_of(stands[parts[0]]).texts.fillna("")
    for name in parts[1:]:
        key = key + ("-" + texts_of(stands[name]).texts).fillna("")
    return stands.assign(stand_id=key)
