"""The code lists of an inventory: found out from its columns, and used to understand them."""

from collections.abc import Collection, Mapping
from types import MappingProxyType
from typing import NamedTuple

import geopandas as gpd
import pandas as pd

from .. import codes, schemes
from ..errors import Problem
from ..tables import faulty
from ..values import texts_of
from .parts import parts_of, read_parts
from .source import Source

# columns whose codes come in schemes: kind of code, column of the groups, message of refusal
COLUMNS = {
    "land_class": ("land_class", "class_group", "land_class_unknown"),
    "dominant_species": ("species", "species_group", "species_unknown"),
}
# attributes that area or stock depend on; a code of these that is unknown would move figures
ATTRIBUTES = ("forest_category", "scattered_type")
# attributes that are only handed on and compared with each other
HANDED_ON = ("origin", "age_group", "change_cause")
# codes of places that are three digits behind the code of the larger place, and its digits
PLACES = (("county_code", 6, "town_code"), ("town_code", 9, "village_code"))
# digits of numbers that may lose zeros; those of towns and villages are counted within the larger
# place, because whole codes begin with the province and have no zero to lose (BAD_INPUT.md, A3)
PAD_DIGITS = {"town_code": 3, "village_code": 3, "compartment": 4, "subcompartment": 6}
PADDABLE = (*COLUMNS, *PAD_DIGITS)


class CodeList(NamedTuple):
    """
    What the codes of a column stand for.

    ``group`` is the column that is to hold it, ``names`` gives the code of each Chinese name,
    ``foreign`` are codes of other schemes that were found in the column, and ``is_padded`` says
    that the user wants lost zeros put back.
    """

    group: str
    meaning: pd.Series
    message: str
    scheme: str
    names: Mapping[str, str] = MappingProxyType({})
    foreign: tuple[str, ...] = ()
    is_padded: bool = False


class CodeLists(NamedTuple):
    """The lists of all columns of codes, the schemes they are of, and what should be known."""

    lists: dict[str, CodeList]
    landclass_scheme: str
    species_scheme: str
    problems: list[Problem]


def code_lists(
    source: Source,
    fields: dict[str, str],
    fixed: dict[str, str],
    declared: dict[str, str],
    own: dict[str, dict[str, str]],
    *,
    padded: Collection[str] = (),
    is_run: bool = True,
) -> CodeLists:
    """
    Find out what the codes of an inventory stand for.

    Parameters
    ----------
    source : Source
        The layer.
    fields, fixed : dict
        Our column name to the field of the file, and to one value for all rows.
    declared, own : dict
        For ``"land_class"`` and ``"dominant_species"``: the scheme that the user names, and
        codes of the user's own with their groups.
    padded : collection of str
        Our names of columns whose lost zeros the user wants put back.
    is_run : bool
        Whether figures will be computed.

    Returns
    -------
    lists : CodeLists
        A scheme that is not declared is the one that holds all codes of the column. Columns
        with codes of the user's own and no declared scheme have no other codes.

    Raises
    ------
    FileError
        If the file cannot be read.
    """
    counts = _counts(source, fields, fixed)
    lists, found, problems = {}, {}, []
    for column, (kind, group, message) in COLUMNS.items():
        mine = own.get(column) or {}
        scheme, foreign = declared.get(column, ""), ()
        if column in counts and (scheme or not mine):
            others = counts[column].drop(list(mine), errors="ignore")
            others = _with_zeros(others, kind, scheme) if column in padded else others
            detection = schemes.detect(others, kind, scheme)
            problems += schemes.problems_of(
                detection, is_run=is_run, field=fields.get(column, column), **source.place
            )
            scheme, foreign = schemes.read_in(detection), detection.foreign
        found[column] = scheme
        if scheme or mine or column == "land_class":
            groups = schemes.KINDS[kind].groups_of(scheme)
            meaning = {**groups[~groups.isin(codes.HEADINGS)].to_dict(), **mine}
            lists[column] = CodeList(
                group, pd.Series(meaning, dtype=object), message, scheme or codes.OWN_SCHEME,
                foreign=foreign, is_padded=column in padded,
            )  # fmt: skip
    lists |= _attribute_lists(lists.get("dominant_species"))
    return CodeLists(lists, found["land_class"], found["dominant_species"], problems)


def _attribute_lists(species: CodeList | None) -> dict[str, CodeList]:
    """Return the lists of the attributes; trees outside the stand are coded like those in it."""
    lists = {
        column: CodeList("", codes.attribute_codes(column), message, column,
                         codes.attribute_names(column))
        for columns, message in (
            (ATTRIBUTES, "attribute_unknown"), (HANDED_ON, "attribute_unlisted"),
        )
        for column in columns
    }  # fmt: skip
    if species is not None:
        lists["scattered_species"] = species._replace(
            group="scattered_species_group",
            message="scattered_species_unlisted",
            foreign=(),
            is_padded=False,
        )
    return lists


def _with_zeros(counts: pd.Series, kind: str, declared: str) -> pd.Series:
    """Count codes that a list, the declared one or any, holds with a zero as if they had it."""
    known = schemes.KINDS[kind]
    names = [declared] if declared else known.schemes()
    listed = {code for name in names for code in known.groups_of(name).index}
    whole = [
        f"0{code}" if f"0{code}" in listed and not (declared and code in listed) else code
        for code in counts.index
    ]
    return counts.groupby(pd.Index(whole, dtype=object)).sum()


def _counts(source: Source, fields: dict[str, str], fixed: dict[str, str]) -> dict[str, pd.Series]:
    """Count the rows of each land class and species, part by part, as they will be decoded."""
    wanted = {ours: fields[ours] for ours in COLUMNS if ours in fields}
    counts = {
        ours: _counted(pd.Series([fixed[ours]], dtype=object)) for ours in COLUMNS if ours in fixed
    }
    if not wanted:
        return counts
    for rows in read_parts(
        parts_of(source), fields=list(dict.fromkeys(wanted.values())), geometry=False
    ):
        for ours, theirs in wanted.items():
            more = _counted(rows[theirs])
            counts[ours] = counts[ours].add(more, fill_value=0) if ours in counts else more
    return counts


def _counted(column: pd.Series) -> pd.Series:
    """Count the rows of each code."""
    more = texts_of(column).texts.value_counts()
    return more.set_axis(more.index.astype(object))


def decoded(
    stands: gpd.GeoDataFrame, lists: dict[str, CodeList], fields: dict[str, str], place: dict
) -> tuple[gpd.GeoDataFrame, list[Problem]]:
    """
    Understand the codes of stands.

    Parameters
    ----------
    stands : GeoDataFrame
        Under our names, codes as text.
    lists : dict
        From ``code_lists``.
    fields : dict
        Our column name to the field of the file, for the messages.
    place : dict
        File and layer, for the messages.

    Returns
    -------
    stands : GeoDataFrame
        With the groups of the codes, missing where a code is unknown; names of attributes are
        turned into their codes.
    problems : list of Problem
        Every code that is in no list, by what may be the cause.
    """
    problems: list[Problem] = []
    found = {}
    for column in [name for name in lists if name in stands]:
        group, meaning, message, scheme, names, foreign, is_padded = lists[column]
        values, field = stands[column], fields.get(column, column)
        if names and values.isin(names).any():
            found[column] = values = values.replace(names)
        unknown = values.notna() & ~values.isin(meaning.index)
        padded = unknown & ("0" + values.astype("str")).isin(meaning.index)
        alien = unknown & values.isin(foreign)
        causes = {"scheme_mixed": alien, message: unknown & ~padded & ~alien}
        for code, bad in causes.items():
            problems += faulty(code, bad, values, field=field, rule=scheme, **place)
        if is_padded:
            problems += faulty("codes_padded", padded, values, field=field, **place)
            found[column] = values = values.mask(padded, "0" + values)
        else:
            problems += faulty("leading_zero_lost", padded, values, field=field, rule=column,
                               **place)  # fmt: skip
        if group:
            found[group] = values.map(meaning).astype(object)
    return stands.assign(**found), problems


def with_zeros(
    stands: gpd.GeoDataFrame, padded: Collection[str], fields: dict[str, str], place: dict
) -> tuple[gpd.GeoDataFrame, list[Problem]]:
    """
    Put zeros back before numbers of places and compartments, where the user asks for it.

    Parameters
    ----------
    stands : GeoDataFrame
        Under our names.
    padded : collection of str
        Our names of the columns.
    fields : dict
        Our column name to the field of the file, for the messages.
    place : dict
        File and layer, for the messages.

    Returns
    -------
    stands : GeoDataFrame
        With towns and villages of at least three digits, compartments of four and
        sub-compartments of six; what is longer or is no number stays as it was.
    problems : list of Problem
        The rows that were padded.

    Examples
    --------
    >>> stands = pd.DataFrame({"compartment": ["7", "0012", "7A", "12345"]})
    >>> with_zeros(stands, ["compartment"], {}, {})[0]["compartment"].tolist()
    ['0007', '0012', '7A', '12345']
    """
    problems: list[Problem] = []
    for column in [name for name in PAD_DIGITS if name in padded and name in stands]:
        digits, values = PAD_DIGITS[column], texts_of(stands[column]).texts
        short = values.str.fullmatch(rf"[0-9]{{1,{digits - 1}}}", na=False)
        problems += faulty("codes_padded", short, values, field=fields.get(column, column), **place)
        whole = stands[column].mask(short, values.str.zfill(digits))
        stands = stands.assign(**{column: whole})
    return stands, problems


def with_whole_codes(
    stands: gpd.GeoDataFrame, own: set[str], fields: dict[str, str], place: dict
) -> tuple[gpd.GeoDataFrame, list[Problem]]:
    """
    Join codes of towns and villages of three digits to the code of the county.

    Parameters
    ----------
    stands : GeoDataFrame
        Under our names.
    own : set of str
        Columns with codes of the user's own, which are left as they are.
    fields : dict
        Our column name to the field of the file, for the messages.
    place : dict
        File and layer, for the messages.

    Returns
    -------
    stands : GeoDataFrame
        With codes of nine digits for towns and of twelve for villages, where the code of the
        county has six; everything else as it was.
    problems : list of Problem
        The rows whose codes were joined.

    Examples
    --------
    >>> stands = pd.DataFrame({"county_code": ["500153"], "town_code": ["103"],
    ...                        "village_code": ["201"]})
    >>> with_whole_codes(stands, set(), {}, {})[0].iloc[0].tolist()
    ['500153', '500153103', '500153103201']
    """
    problems: list[Problem] = []
    for larger, digits, column in PLACES:
        if larger not in stands or column not in stands or column in own:
            continue
        before, last = texts_of(stands[larger]).texts, texts_of(stands[column]).texts
        short = before.str.fullmatch(rf"\d{{{digits}}}", na=False)
        short &= last.str.fullmatch(r"\d{3}", na=False)
        whole = (before + last).where(short, stands[column])
        field = fields.get(column, column)
        problems += faulty("codes_joined", short, last + " → " + whole, field=field, **place)
        stands = stands.assign(**{column: whole})
    return stands, problems
