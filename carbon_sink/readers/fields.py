"""Finds which field of a file is which column of ours, by all the names a field may have."""

import difflib
import re
import unicodedata
from functools import cache
from typing import NamedTuple

from ..errors import Problem
from ..language import Words, translated
from ..tables import columns, named, read_data
from ..units import field_unit, field_unit_words
from .layers import FIELDS_SHOWN

# columns that are computed, so that no field of a file can be one
DERIVED = (
    "area_ha", "class_group", "is_land_survey", "forest_type", "species_group",
    "scattered_species_group", "carbon_t", "aboveground_t", "belowground_t", "sparse_carbon_t",
    "scattered_carbon_t", "four_side_carbon_t",
    "arbor_ha", "bamboo_ha", "special_shrub_ha", "shelterbelt_ha", "four_side_ha",
)  # fmt: skip
# columns that a name which may mean something else does not find: a year of another meaning
# would make all stands wrong
ONLY_CERTAIN = ("survey_year",)
# how a field was found, the surest way first
WAYS = ("settings", "fixed", "name", "spelling", "alias", "chinese", "ours", "survey", "cut")
# a table of dBASE has ten bytes for the name of a field; GDAL tells equal ones apart by a number
NAME_BYTES, STEM_BYTES = 10, 8
INVISIBLE = re.compile(r"[\s\ufeff\u200b-\u200d\u2060]+")
NEAR = 0.7


class Match(NamedTuple):
    """
    A field of the file for a column of ours.

    ``unit`` is the one that the name of the field states, ``is_certain`` whether the name can
    mean nothing else.
    """

    column: str
    field: str
    way: str
    unit: str = ""
    is_certain: bool = True


class Names(NamedTuple):
    """
    What the names of the fields tell.

    ``rivals`` are other fields of the same meaning as the one that was chosen: what they hold
    has to show whether there is a choice to make.
    """

    matches: dict[str, Match]
    rivals: list[Match]
    problems: list[Problem]


def match_fields(
    present: list[str],
    fields: dict[str, str] | None = None,
    fixed: dict[str, str] | None = None,
    *,
    file: str = "",
    layer: str = "",
) -> Names:
    """
    Find the field of each column of the stands.

    Parameters
    ----------
    present : list of str
        Fields of the file.
    fields, fixed : dict, optional
        Our column name to a field, or to one value; the user's word comes first. A column
        whose field is an empty text is left out.
    file, layer : str
        Where the fields are, for messages.

    Returns
    -------
    names : Names

    Notes
    -----
    A field bears the name of the national schema, one spelt otherwise (case, width, spaces,
    line breaks), an alias, a Chinese name or ours. Where no field does, names that were cut to
    ten bytes are looked for, and fields of the national land survey. The survey year is only
    told, and not found, by a name that may mean something else.

    Examples
    --------
    >>> names = match_fields(["地类", "面积（亩）", "you_shi_sz"])
    >>> for match in names.matches.values():
    ...     print(match.field, match.column, match.way, match.unit or "-")
    面积（亩） registered_area_ha chinese 亩
    地类 land_class chinese -
    you_shi_sz dominant_species spelling -
    """
    place = {"file": file, "layer": layer}
    fields, fixed = fields or {}, fixed or {}
    matches, problems = _stated(present, fields, fixed, place)
    taken = {match.field for match in matches.values()}
    closed = {*fields, *fixed}
    found: dict[str, list[Match]] = {}
    for field in present:
        for match in [] if field in taken else _meanings(field):
            if match.column not in closed:
                found.setdefault(match.column, []).append(match)
    rivals = []
    for column, several in found.items():
        several.sort(
            key=lambda match: (not match.is_certain, WAYS.index(match.way), _spellings_of(match))
        )
        matches[column] = several[0]
        rivals += [match for match in several[1:] if match.way != "survey" and _counts(match)]
    known = {field for field in present if _meanings(field)} | taken
    open_ = [name for name in _own_columns() if name not in matches and name not in closed]
    cut, doubts = _cut_fields([name for name in present if name not in known], open_, place)
    matches |= cut
    problems += doubts + _notes(matches, place) + _lacking(matches, present, place)
    matches = {name: match for name, match in matches.items() if _counts(match)}
    return Names(_in_order(matches), rivals, problems)


def _counts(match: Match) -> bool:
    """Tell whether a field may be the one of its column as long as nobody has confirmed it."""
    return match.is_certain or match.column not in ONLY_CERTAIN


def _stated(
    present: list[str], fields: dict[str, str], fixed: dict[str, str], place: dict
) -> tuple[dict[str, Match], list[Problem]]:
    """Return what the user says of the fields, and where the file does not bear it out."""
    own = _own_columns()
    problems = [
        Problem("column_unknown", field=ours, value=ours, **place)
        for ours in [*fields, *fixed]
        if ours not in own
    ]
    matches = {ours: Match(ours, ours, "fixed") for ours in fixed}
    for ours, theirs in fields.items():
        if theirs in present:
            matches[ours] = Match(ours, theirs, "settings", stated_unit(theirs, ours))
        elif theirs and ours in own:
            problems.append(_missing(ours, theirs, [theirs], present, place))
    return matches, problems


def named_columns(names: list[str]) -> Words:
    """
    Name columns of the stands, in both languages and as the settings do.

    Examples
    --------
    >>> named_columns(["land_class"]), named_columns(["land_class"]).en
    ('地类 land_class', 'Land class land_class')
    """
    said = {name: named("stands", name) for name in names}
    return Words.made(
        lambda lang: ", ".join(f"{translated(one, lang)} {name}" for name, one in said.items())
    )


def _missing(
    ours: str, field: str, names: list[str], present: list[str], place: dict
) -> Problem:  # fmt: skip
    """Tell that a field is missing, with the fields of nearly that name."""
    shown = ", ".join(present[:FIELDS_SHOWN])
    folded = {_folded(name): name for name in present}
    near = [
        folded[one]
        for name in names
        for one in difflib.get_close_matches(_folded(name), folded, n=3, cutoff=NEAR)
    ]
    if near:
        value = ", ".join(dict.fromkeys(near))
        return Problem("field_near", field=field, value=value, rule=shown, **place)
    value = named("stands", ours)
    return Problem("field_missing", field=field, value=value, rule=shown, **place)


def _lacking(matches: dict[str, Match], present: list[str], place: dict) -> list[Problem]:
    """Tell the columns that an inventory must have and that this one has not."""
    rules = columns("stands")
    needed = [name for name in rules.index[rules["required"]] if name != "stand_id"]
    texts = {name: [one.text for one in _spellings() if one.column == name] for name in needed}
    return [
        _missing(name, name, texts[name], present, place) for name in needed if name not in matches
    ]


def _notes(matches: dict[str, Match], place: dict) -> list[Problem]:
    """Tell the fields that were found by a name that is not quite sure."""
    return [
        Problem("field_cut" if match.way == "cut" else "field_uncertain",
                field=match.field, value=named("stands", match.column), rule=match.column, **place)
        for match in matches.values()
        if match.way == "cut" or not match.is_certain
    ]  # fmt: skip


def _in_order(matches: dict[str, Match]) -> dict[str, Match]:
    """Put columns in the order of the table, whatever the order of the fields is."""
    order = columns("stands").index
    return {name: matches[name] for name in order if name in matches}


class _Spelling(NamedTuple):
    """A name that a field of a column may have."""

    column: str
    text: str
    way: str
    unit: str
    is_certain: bool


@cache
def _own_columns() -> tuple[str, ...]:
    """Return the columns that a field may fill."""
    return tuple(name for name in columns("stands").index if name not in DERIVED)


@cache
def _spellings() -> tuple[_Spelling, ...]:
    """Return every name a field may have, as it is written."""
    found = []
    for row in read_data("fields.csv").itertuples():
        for text in [name for name in (row.field, *row.aliases.split("|")) if name]:
            way = "name" if text == row.field else "alias" if text.isascii() else "chinese"
            way = "survey" if row.last == "yes" else way
            certain = row.confidence != "uncertain"
            found.append(_Spelling(row.column, text, way, row.unit, certain))
    chinese = columns("stands")["name_zh"]
    for name in _own_columns():
        found.append(_Spelling(name, chinese[name], "chinese", "", is_certain=True))
        found.append(_Spelling(name, name, "ours", "", is_certain=True))
    return tuple(found)


@cache
def _by_folded() -> dict[str, list[_Spelling]]:
    found: dict[str, list[_Spelling]] = {}
    for one in _spellings():
        found.setdefault(_folded(one.text), []).append(one)
    return found


def _spellings_of(match: Match) -> tuple[int, str]:
    """Return where the name of a field stands in the table of names."""
    texts = [one.text for one in _spellings() if one.column == match.column]
    return texts.index(match.field) if match.field in texts else len(texts), match.field


def _folded(name: str) -> str:
    """Return a name without what writers vary: case, width, spaces and line breaks."""
    return INVISIBLE.sub("", unicodedata.normalize("NFKC", name)).casefold().rstrip("([/:,-")


@cache
def _with_unit() -> re.Pattern:
    """Return the form of a name with a unit behind it: 面积（亩）, 面积_亩, 面积亩."""
    words = [word for word in field_unit_words() if word != "1"]  # 郁闭度_1 is a second field
    units = "|".join(re.escape(_folded(word)) for word in words)
    return re.compile(rf"(.+?)[(\[_/:,-]?({units})[)\]]?")


def without_unit(field: str) -> tuple[str, str]:
    """
    Part the name of a field, as names are compared, from the word for a unit behind it.

    Examples
    --------
    >>> without_unit("完成面积（亩）"), without_unit("地类")
    (('完成面积', '亩'), ('地类', ''))
    """
    folded = _folded(field)
    found = _with_unit().fullmatch(folded)
    return (found[1], found[2]) if found else (folded, "")


def stated_unit(field: str, column: str, table: str = "stands") -> str:
    """
    Return the unit that the name of a field states; empty if none that its column may be in.

    Examples
    --------
    >>> stated_unit("完成面积（亩）", "done_ha", "projects"), stated_unit("面积(cm)", "area_ha")
    ('亩', '')
    """
    return field_unit(without_unit(field)[1], columns(table)["unit"].get(column, ""))


@cache
def _meanings(field: str) -> tuple[Match, ...]:
    """Return the columns that a field can be by its whole name."""
    exact = [one for one in _spellings() if one.text == field]
    alike = _by_folded().get(_folded(field), [])
    if exact or alike:
        return tuple(
            Match(one.column, field, one.way if exact or one.way == "survey" else "spelling",
                  one.unit, one.is_certain)
            for one in _once(exact or alike)
        )  # fmt: skip
    name, unit = without_unit(field)
    found = _by_folded().get(name, []) if unit else []
    return tuple(
        Match(one.column, field, one.way, stated_unit(field, one.column), one.is_certain)
        for one in _once(found)
        if stated_unit(field, one.column)
    )


def _once(found: list[_Spelling]) -> list[_Spelling]:
    """Keep one name for each column, the surest."""
    by_column: dict[str, _Spelling] = {}
    for one in sorted(found, key=lambda one: WAYS.index(one.way)):
        by_column.setdefault(one.column, one)
    return list(by_column.values())


@cache
def _cut_names() -> dict[str, set[str]]:
    """Return the columns that a name of at most ten bytes can be the beginning of."""
    found: dict[str, set[str]] = {}
    for one in [one for one in _spellings() if one.way != "survey"]:
        for encoding in ("gbk", "utf-8"):
            whole = one.text.encode(encoding)
            for end, mark in ((NAME_BYTES, ""), (NAME_BYTES, "_"), (STEM_BYTES, "_")):
                begin = whole[:end].decode(encoding, "ignore")
                # in UTF-8 eight bytes end inside a letter: such a file cannot be read at all
                if (len(whole) > end or mark) and (mark == "" or encoding == "gbk"):
                    found.setdefault(_folded(begin) + mark, set()).add(one.column)
    return found


def _cut_fields(
    unknown: list[str], wanted: list[str], place: dict
) -> tuple[dict[str, Match], list[Problem]]:
    """Find the columns of names that were cut; what could be two is asked for."""
    of_field = {}
    for field in unknown:
        stem = re.sub(r"_\d+$", "_", _folded(field))
        meant = [name for name in wanted if name in _cut_names().get(stem, ())]
        if meant:
            of_field[field] = meant
    # a field that can be one column only goes before one that can be several
    single = {field: meant for field, meant in of_field.items() if len(meant) == 1}
    fields_of = {name: [field for field in single if name in single[field]] for name in wanted}
    matches = {
        name: Match(name, fields[0], "cut")
        for name, fields in fields_of.items()
        if len(fields) == 1
    }
    sure = {match.field for match in matches.values()}
    open_ = {field: [name for name in meant if name not in matches]
             for field, meant in of_field.items() if field not in sure}  # fmt: skip
    doubts = [
        Problem("field_ambiguous", field=field, value=field, rule=named_columns(meant), **place)
        for field, meant in open_.items()
        if meant
    ]  # fmt: skip
    return matches, doubts
