"""In which scheme a column of codes is written, found out from all its codes together."""

from collections.abc import Callable, Iterable
from typing import NamedTuple

import pandas as pd

from . import codes
from .errors import Problem
from .language import Words

CODES_SHOWN = 8


class Kind(NamedTuple):
    """What is known of a kind of code: its schemes, their codes, the setting that names one."""

    schemes: Callable[[], list[str]]
    groups_of: Callable[[str], pd.Series]
    setting: str


KINDS = {
    "land_class": Kind(codes.landclass_schemes, codes.land_class_groups, "landclass_scheme"),
    "species": Kind(codes.species_schemes, codes.species_groups, "species_scheme"),
}


class Reading(NamedTuple):
    """
    One way to read all codes of a column.

    ``groups`` gives the group that each code stands for; with ``padded`` some codes are only
    known with the zero that a spreadsheet took off.
    """

    scheme: str
    groups: dict[str, str]
    padded: bool


class Detection(NamedTuple):
    """
    What the codes of a column say about their scheme.

    Parameters
    ----------
    kind : str
        ``"land_class"`` or ``"species"``.
    scheme : str
        The scheme to read the column in: the declared one, else the one that holds all codes,
        else the one that leaves the fewest rows unknown. Empty for a column without codes.
    readings : tuple of Reading
        Every scheme that holds all codes that are in any; where none does, the one that is
        read and those that hold a code it lacks.
    unknown : tuple of str
        Codes that the scheme does not hold.
    foreign : tuple of str
        Those of the unknown codes that another scheme holds.
    colliding : tuple of str
        Codes that mean different things in the readings.
    declared : str
        The scheme that the user named.
    """

    kind: str
    scheme: str
    readings: tuple[Reading, ...] = ()
    unknown: tuple[str, ...] = ()
    foreign: tuple[str, ...] = ()
    colliding: tuple[str, ...] = ()
    declared: str = ""


def detect(counts: pd.Series, kind: str, declared: str = "") -> Detection:
    """
    Find out in which scheme a column of codes is written.

    Parameters
    ----------
    counts : Series of int
        Rows of each code, indexed by the code as text. All codes of the column, because one
        part of them may fit where the whole does not.
    kind : {"land_class", "species"}
        What the codes are.
    declared : str
        The scheme that the user names; it is believed unless another one fits and it does not.

    Returns
    -------
    detection : Detection

    Notes
    -----
    Only membership in the code lists decides, never the length or the beginning of a code. Two
    schemes that both hold all codes collide where a code stands for different groups: 220 is
    Masson pine in the national list and oak in a regional one. A code that is in no list says
    nothing of the scheme, and where no scheme holds the others, those of the most rows are no
    proof: a code of another scheme makes the choice a doubtful one.

    Examples
    --------
    >>> detect(pd.Series({"220": 5, "310": 2, "680": 1}), "species").colliding
    ('220', '310', '680')
    >>> detect(pd.Series({"220": 5, "9999": 1}), "species").colliding
    ('220',)
    >>> detect(pd.Series({"220": 5, "550": 2}), "species").scheme
    'nfci_3digit'
    """
    lists = {name: KINDS[kind].groups_of(name).to_dict() for name in KINDS[kind].schemes()}
    found = [code for code in counts.index.astype(str) if code]
    if not found:
        return Detection(kind, declared, declared=declared)
    readings = _readings(found, lists)
    exact = [one for one in readings if not one.padded]
    if declared:
        unknown = [code for code in found if code not in lists.get(declared, {})]
        fitting = exact if unknown else [one for one in exact if one.scheme == declared]
        foreign = _foreign(unknown, declared, lists)
        return Detection(
            kind, declared, tuple(fitting), tuple(unknown), foreign, declared=declared
        )  # fmt: skip
    listed = [code for code in found if _holders(code, lists)]
    if not exact:
        readings = _readings(listed, lists) if listed else []
        exact = [one for one in readings if not one.padded]
    if readings:
        scheme = (exact or readings)[0].scheme
    else:
        rows = {
            name: int(counts[[_known(code, groups) is not None for code in counts.index]].sum())
            for name, groups in lists.items()
        }
        scheme = max(rows, key=rows.get)
    unknown = [code for code in found if code not in lists[scheme]]
    foreign = () if readings else _foreign(unknown, scheme, lists)
    readings = readings or _rivals(scheme, foreign, found, lists)
    return Detection(
        kind, scheme, tuple(readings), tuple(unknown), foreign, _colliding(readings, found)
    )  # fmt: skip


def read_in(detection: Detection) -> str:
    """
    Return the scheme to go on with: of a declared one that is contradicted, the one that fits.

    Examples
    --------
    >>> read_in(detect(pd.Series({"1111": 3}), "land_class", "ly1955_4digit"))
    'gx_4digit'
    """
    contradicted = detection.declared and detection.unknown and detection.readings
    return detection.readings[0].scheme if contradicted else detection.scheme


def _holders(code: str, lists: dict[str, dict]) -> list[str]:
    """Return the schemes that hold a code."""
    return [name for name, groups in lists.items() if _known(code, groups) is not None]


def _readings(found: list[str], lists: dict[str, dict]) -> list[Reading]:
    """Return every way to read all codes in one scheme."""
    return [one for scheme, groups in lists.items() if (one := _read(scheme, groups, found))]


def _rivals(
    scheme: str, foreign: Iterable[str], found: list[str], lists: dict[str, dict]
) -> list[Reading]:
    """Read what can be read in a scheme, and in those that hold a code it lacks."""
    others = {name for code in foreign for name in _holders(code, lists)}
    return [
        Reading(name, {code: meant for code in found if (meant := _known(code, lists[name]))},
                padded=False)
        for name in (scheme, *(name for name in lists if name in others))
    ]  # fmt: skip


def _known(code: str, groups: dict[str, str]) -> str | None:
    """Return the group of a code, also of one that lost its zero."""
    return groups.get(code, groups.get("0" + code))


def _read(scheme: str, groups: dict[str, str], found: list[str]) -> Reading | None:
    """Read all codes in one scheme, or none."""
    meant = {code: _known(code, groups) for code in found}
    padded = any(code not in groups for code in found)
    # a heading that is found only with a zero put back is no code of a parcel
    if None in meant.values() or (padded and set(meant.values()) & set(codes.HEADINGS)):
        return None
    return Reading(scheme, meant, padded)


def _foreign(unknown: list[str], scheme: str, lists: dict[str, dict]) -> tuple[str, ...]:
    """Return those of the unknown codes that other schemes hold."""
    others = {code for name, groups in lists.items() if name != scheme for code in groups}
    own = lists.get(scheme, {})
    return tuple(code for code in unknown if code in others and "0" + code not in own)


def _colliding(readings: list[Reading], found: list[str]) -> tuple[str, ...]:
    """Return the codes that stand for different groups in the first reading and in another."""
    first, *others = [one.groups for one in readings]
    return tuple(
        code
        for code in found
        if any(code in first and other.get(code, first[code]) != first[code] for other in others)
    )


def meanings(detection: Detection) -> Words:
    """
    Say what the colliding codes stand for in each scheme that may be meant.

    Examples
    --------
    >>> said = meanings(detect(pd.Series({"220": 5}), "species"))
    >>> said, said.en
    ('220：nfci_3digit 马尾松 / gx_3digit 栎类', '220: nfci_3digit masson pine / gx_3digit oak')
    """
    return Words(_meanings(detection, "zh", "：", "；"), _meanings(detection, "en", ": ", "; "))


def _meanings(detection: Detection, lang: str, colon: str, semicolon: str) -> str:
    """Say it in one language."""
    schemes = [one.scheme for one in detection.readings]
    names = {scheme: codes.code_names(detection.kind, scheme, lang) for scheme in schemes}
    return semicolon.join(
        f"{code}{colon}" + " / ".join(
            f"{scheme} {name}"
            for scheme, listed in names.items()
            if (name := listed.get(code, listed.get("0" + code, "")))
        )
        for code in detection.colliding[:CODES_SHOWN]
    )  # fmt: skip


def problems_of(detection: Detection, *, is_run: bool = True, **place: str) -> list[Problem]:
    """
    Tell what should be known of a detected scheme, or be asked for.

    Parameters
    ----------
    detection : Detection
        From ``detect``.
    is_run : bool
        Whether figures are computed: then a choice between meanings is asked for.
    **place : str
        File, layer and field.

    Returns
    -------
    problems : list of Problem
        A declared scheme that another one contradicts, a choice between schemes that mean
        different things, or schemes that say the same. Unknown codes are told row by row by
        what decodes them.
    """
    fitting = _joined(one.scheme for one in detection.readings)
    setting = KINDS[detection.kind].setting
    if detection.declared:
        if detection.unknown and detection.readings:
            value = _joined(detection.unknown[:CODES_SHOWN])
            rule = f"{setting} = {fitting}"
            return [Problem("scheme_contradicted", value=f"{detection.declared}: {value}",
                            rule=rule, **place)]  # fmt: skip
        return []
    if detection.colliding:
        code = "scheme_ambiguous" if is_run else "scheme_to_confirm"
        return [Problem(code, value=meanings(detection), rule=setting, **place)]
    if len(detection.readings) > 1 and not detection.unknown:
        return [Problem("scheme_detected", value=fitting, rule=detection.scheme, **place)]
    return []


def _joined(words: Iterable[str]) -> str:
    return ", ".join(words)
