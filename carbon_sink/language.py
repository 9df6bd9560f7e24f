"""Texts of the interface, in Chinese and English, read from ``data/text.csv``."""

import csv
import unicodedata
from collections.abc import Callable, Iterable
from functools import cache
from importlib import resources
from typing import Self

LANGUAGES = ("zh", "en")


def read_rows(name: str) -> list[dict[str, str]]:
    """
    Read a small table of the package as a list of rows, without pandas.

    Parameters
    ----------
    name : str
        File name inside ``carbon_sink/data``, for example ``"text.csv"``.

    Returns
    -------
    rows : list of dict
        One dict of texts per row, keyed by the header.

    Examples
    --------
    >>> read_rows("text.csv")[0]["key"]
    'program.description'
    """
    path = resources.files("carbon_sink") / "data" / name
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@cache
def _texts() -> dict[str, dict[str, str]]:
    return {row["key"]: row for row in read_rows("text.csv")}


def text(key: str, lang: str = "zh", **values: object) -> str:
    """
    Return one text of the interface in the wanted language.

    Parameters
    ----------
    key : str
        Key of the row in ``data/text.csv``.
    lang : {"zh", "en"}
        Language.
    **values
        Values for the placeholders of the text.

    Returns
    -------
    text : str

    Raises
    ------
    KeyError
        If the key is not in the table: a fault of the program, not of a user.

    Examples
    --------
    >>> text("unit.m3", "zh")
    '立方米'
    >>> text("unit.m3", "en")
    'm³'
    """
    return _texts()[key][lang].format(**values)


class Words(str):
    """
    Words in both languages: the Chinese ones, which know the English ones.

    Parameters
    ----------
    zh, en : str
        The words in Chinese and in English.

    Examples
    --------
    >>> words = Words.made(lambda lang: text("unit.m3", lang) + " / m3_ha")
    >>> translated(words), translated(words, "en")
    ('立方米 / m3_ha', 'm³ / m3_ha')
    """

    __slots__ = ("en",)

    def __new__(cls, zh: str, en: str) -> Self:
        """Keep the English words beside the Chinese ones."""
        words = super().__new__(cls, zh)
        words.en = en
        return words

    def __getnewargs__(self) -> tuple[str, str]:
        """Let words be copied and sent to other processes."""
        return str(self), self.en

    @classmethod
    def made(cls, say: Callable[[str], str]) -> Self:
        """Make words by a function of the language."""
        return cls(say("zh"), say("en"))


def translated(value: str, lang: str = "zh") -> str:
    """
    Return the text of a key, words in the language, or the value itself when it is neither.

    Examples
    --------
    >>> translated("type.float"), translated("DI_LEI")
    ('数字', 'DI_LEI')
    """
    if isinstance(value, Words):
        return value.en if lang == "en" else str(value)
    return text(value, lang) if value in _texts() else value


def listed(codes: Iterable[str], *kinds: str) -> Words:
    """
    List codes with what they mean beside them, where the texts of some kind know it.

    Examples
    --------
    >>> listed(["sandy", "ipcc_2019"], "climate", "evidence.of")
    'sandy 砂土, ipcc_2019'
    """

    def shown(code: str, lang: str) -> str:
        known = next((f"{kind}.{code}" for kind in kinds if f"{kind}.{code}" in _texts()), "")
        return f"{code} {text(known, lang)}" if known else code

    codes = list(codes)
    return Words.made(lambda lang: ", ".join(shown(code, lang) for code in codes) or "—")


def aligned(cells: list[list[str]]) -> list[str]:
    """
    Lay out a table for a console: names left, numbers right, wide glyphs taking two places.

    Parameters
    ----------
    cells : list of list of str
        Rows of equal length; the first cell of each is a name.

    Returns
    -------
    lines : list of str

    Examples
    --------
    >>> aligned([["", "ha"], ["耕地", "1.00"], ["other", "12.00"]])
    ['          ha', '耕地    1.00', 'other  12.00']
    """
    widths = [max(map(_places, column)) for column in zip(*cells, strict=True)]
    lines = []
    for name, *numbers in cells:
        padded = [name + " " * (widths[0] - _places(name))]
        padded += [" " * (width - _places(number)) + number
                   for width, number in zip(widths[1:], numbers, strict=True)]  # fmt: skip
        lines.append("  ".join(padded).rstrip())
    return lines


def _places(value: str) -> int:
    """Count the columns a text takes on a console, two for each wide glyph."""
    return sum(2 if unicodedata.east_asian_width(glyph) in "WF" else 1 for glyph in value)
