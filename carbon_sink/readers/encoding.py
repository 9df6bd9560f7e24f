"""Finds out how the texts of a file are encoded: as it says, or as its words make sense."""

import codecs
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np

from ..errors import Problem
from ..tables import read_data

# what a file without a word about its encoding is tried as, and what a user may have meant
TRIED = ("UTF-8", "GB18030")
HINTED = ("UTF-8", "GB18030", "BIG5", "SHIFT_JIS", "EUC-JP", "EUC-KR", "CP1252")
# every byte is a letter in it, so that a file can be looked at
LAST = "ISO-8859-1"
MARKS = ((codecs.BOM_UTF8, "UTF-8-SIG"), (codecs.BOM_UTF16_LE, "UTF-16"),
         (codecs.BOM_UTF16_BE, "UTF-16"))  # fmt: skip
FAMILIES = re.compile(
    r"cp\d+|iso8859-\d+|koi8-[ru]|big5|big5hkscs|shift_jis|euc_jp|euc_kr|utf-8|ascii|johab"
)
# of the letters that are not ASCII, measured on Chinese texts and on texts of others read as GBK
FEWEST_COMMON, COMMON_SHARE, FEWEST_LETTERS = 4, 0.6, 3
# a text in so many may be damaged without the encoding being another
DAMAGED_AT_MOST = 0.01
# of which most cannot be decoded, so that more of them need not be tried
ENOUGH_TEXTS = 10_000
LINES_SHOWN, LETTERS_SHOWN = 3, 24
BLOCK_BYTES = 1 << 20
BLANKS = " \0\t\r"
NEUTRAL = ((0x2000, 0x2BFF), (0x3000, 0x3040), (0xFE30, 0xFE4F), (0xFF00, 0xFFEF))


class Encoding(NamedTuple):
    """
    How texts are encoded.

    Parameters
    ----------
    codec : str
        Name that Python and GDAL know.
    found : str
        By what: ``given``, ``declared``, ``mark``, ``ascii``, ``utf8``, ``words`` or ``guess``.
    sure : bool
        False where the user should be asked.
    """

    codec: str
    found: str
    sure: bool = True


def codec_of(name: str) -> str:
    """
    Return the encoding that a name or a number of a code page stands for.

    Parameters
    ----------
    name : str
        As it is written in settings or in a ``.cpg`` file.

    Returns
    -------
    codec : str
        Name that Python and GDAL know; empty for a name that stands for none, or for one whose
        letters have no fixed place in a table of bytes (UTF-16).

    Examples
    --------
    >>> [codec_of(name) for name in ("936", "gb2312", "65001", "windows-1251", "88591", "<html>")]
    ['GB18030', 'GB18030', 'UTF-8', 'CP1251', 'ISO8859-1', '']
    """
    word = name.strip().lower().replace("big-5", "big5")
    word = re.sub(r"^(ansi|oem|windows|microsoft|ms|cp|ibm)[ _-]*(?=\d+$)", "", word)
    word = re.sub(r"^(iso)?[ _-]*8859[ _-]*(\d+)$", r"iso8859-\2", word)
    if word.isdigit():
        word = {"65001": "utf-8", "54936": "gb18030", "20127": "ascii", "51932": "euc_jp",
                "51949": "euc_kr"}.get(word, f"cp{word}")  # fmt: skip
    try:
        known = codecs.lookup(word).name
    except (LookupError, ValueError):
        return ""
    if known in ("gb2312", "gbk", "gb18030"):
        return "GB18030"
    if known == "ascii":
        return "UTF-8"
    return known.upper().replace("EUC_", "EUC-") if FAMILIES.fullmatch(known) else ""


@cache
def _language_drivers() -> dict[int, str]:
    table = read_data("code_pages.csv")
    return dict(zip(table["language_driver"].astype(int), table["codec"], strict=True))


def codec_of_driver(number: int) -> str:
    """
    Return the encoding that the language driver of a DBF file stands for.

    Parameters
    ----------
    number : int
        Byte 29 of the file. 0 says nothing, and 87 means whatever the writing computer used.

    Returns
    -------
    codec : str
        Empty where the byte says nothing.

    References
    ----------
    .. [gdal_shape] ESRI Shapefile driver of GDAL.

    Examples
    --------
    >>> codec_of_driver(0x4D), codec_of_driver(0x57)
    ('GB18030', '')
    """
    return _language_drivers().get(number, "")


@cache
def _common() -> np.ndarray:
    """Return for every character whether Chinese texts of forestry use it much."""
    letters = read_data("common_characters.csv")["characters"].str.cat()
    letters += "".join(_words())
    common = np.zeros(0x110000, bool)
    common[[ord(letter) for letter in letters]] = True
    common[:0x3400] = False
    return common


@cache
def _words() -> frozenset[str]:
    """Return the words of the field: species, land classes, attributes, towns."""
    tables = (("species.csv", "name_zh"), ("land_classes.csv", "name_zh"),
              ("columns.csv", "name_zh"), ("demo_towns.csv", "name"))  # fmt: skip
    words = {word for file, name in tables for word in read_data(file)[name]}
    aliases = {word for cell in read_data("fields.csv")["aliases"] for word in cell.split("|")}
    return frozenset(word for word in words | aliases if len(word) > 1 and not word.isascii())


@cache
def _neutral() -> np.ndarray:
    """Return for every character whether it is a sign that tells nothing of a language."""
    neutral = np.zeros(0x110000, bool)
    neutral[:0x80] = True
    for first, last in NEUTRAL:
        neutral[first : last + 1] = True
    return neutral


@dataclass
class _Trial:
    """What came of decoding the texts of a file in one encoding."""

    codec: str
    texts: int = 0
    damaged: int = 0
    words: int = 0
    common: int = 0
    letters: int = 0

    def read(self, lines: list[bytes], *, padded: bool) -> None:
        """Decode different texts, and count what can be read and what makes sense."""
        if self.texts > ENOUGH_TEXTS and 2 * self.damaged > self.texts:
            return
        try:
            read = b"\n".join(lines).decode(self.codec).split("\n")
            read = [text.strip(BLANKS) for text in read]
            failed = 0
        except UnicodeDecodeError:
            decoded = [decoded_text(line, self.codec, padded=padded) for line in lines]
            read = [text for text in decoded if text is not None]
            failed = len(decoded) - len(read)
        self.texts += len(lines)
        self.damaged += failed
        self.words += len(_words().intersection(read))
        points = np.frombuffer("".join(read).encode("utf-32-le", "surrogatepass"), np.uint32)
        points = points[~_neutral()[points]]
        self.letters += len(points)
        self.common += int(_common()[points].sum())

    @property
    def fits(self) -> bool:
        """Tell whether the texts can be read, but for a damaged one here and there."""
        return self.damaged <= DAMAGED_AT_MOST * self.texts

    @property
    def makes_sense(self) -> bool:
        """Tell whether what was read is Chinese beyond doubt."""
        enough = self.common >= FEWEST_COMMON
        return self.fits and bool(
            self.words or (enough and self.common >= COMMON_SHARE * self.letters)
        )


def decoded_text(cell: bytes, codec: str, *, padded: bool) -> str | None:
    """
    Decode one text strictly, without the blanks around it.

    Parameters
    ----------
    cell : bytes
    codec : str
    padded : bool
        Whether the cell has a fixed width, so that its last character may be cut.

    Returns
    -------
    text : str or None
        None where the bytes are no text in this encoding.

    Examples
    --------
    >>> decoded_text("荣昌".encode("gbk"), "GB18030", padded=False)
    '荣昌'
    >>> decoded_text("荣昌".encode("gbk")[:3], "GB18030", padded=True)
    '荣'
    """
    is_full = padded and cell[-1:] not in (b" ", b"\0", b"")
    try:
        text = codecs.getincrementaldecoder(codec)().decode(cell, final=not is_full)
    except UnicodeDecodeError:
        return None
    return text.strip(BLANKS)


@dataclass
class _Texts:
    """Trials of one file in several encodings, and a few of its texts to show."""

    trials: dict[str, _Trial] = field(default_factory=dict)
    shown: list[bytes] = field(default_factory=list)

    def reading(self, codec: str) -> str:
        """Show a few texts as an encoding reads them; empty where it cannot."""
        read = [decoded_text(line, codec, padded=True) for line in self.shown]
        text = "、".join(text[:LETTERS_SHOWN] for text in read if text)
        # letters nobody has defined
        return "" if None in read or re.search("[\ue000-\uf8ff]", text) else f"{codec}：{text}"

    def readings(self) -> str:
        """Show a few texts in every encoding that can read them."""
        return "；".join(filter(None, map(self.reading, HINTED)))


def find_encoding(
    batches: Iterable[list[bytes]],
    *,
    given: str = "",
    declared: str = "",
    padded: bool = False,
    file: str = "",
    layer: str = "",
) -> tuple[Encoding, list[Problem]]:
    """
    Find out how texts are encoded.

    What the user says counts, if the texts can be read so. Else what the file says counts,
    unless the texts cannot be read so or another reading gives Chinese words where this one
    gives none. A file that says nothing is read as UTF-8 or GB18030, strictly.

    Parameters
    ----------
    batches : iterable of list of bytes
        Raw texts: cells of a table, names of its fields.
    given : str
        Encoding the user named; empty when none.
    declared : str
        Encoding the file names, from ``codec_of`` or ``codec_of_driver``; empty when none.
    padded : bool
        Whether cells have a fixed width, so that their last character may be cut.
    file, layer : str
        Where, for the messages.

    Returns
    -------
    encoding : Encoding
    problems : list of Problem
        ``encoding_found`` (repair), ``encoding_doubtful`` (warn), ``encoding_contradicted``
        (warn), or ``encoding_wrong`` and ``encoding_name`` (refuse).

    Examples
    --------
    >>> find_encoding([["马尾松".encode("gbk")]])[0]
    Encoding(codec='GB18030', found='words', sure=True)
    >>> find_encoding([["Peçeña México".encode("latin-1")]])[0].sure
    False
    """
    place = {"file": file, "layer": layer}
    asked = codec_of(given)
    if given and not asked:
        return Encoding("UTF-8", "guess", sure=False), [
            Problem("encoding_name", value=given, **place)
        ]
    texts = _tried(batches, dict.fromkeys(filter(None, (asked, declared, *TRIED))), padded=padded)
    if not texts.shown:
        return Encoding(asked or declared or "UTF-8", "ascii"), []
    said, found = (asked, "given") if asked else (declared, "declared")
    if not said:
        return _found(texts, place)
    fits, other = texts.trials[said].fits, _sensible(texts)
    if fits and (asked or not other or texts.trials[said].makes_sense):
        return Encoding(said, found), []
    if other and not asked:
        wrong = Problem("encoding_contradicted", value=texts.reading(other), rule=said, **place)
        return Encoding(other, "words"), [wrong]
    wrong = Problem("encoding_wrong", value=said, rule=texts.readings() or LAST, **place)
    return Encoding(said, found, sure=False), [wrong]


def _tried(batches: Iterable[list[bytes]], tried: Iterable[str], *, padded: bool) -> _Texts:
    """Decode what is not ASCII in every encoding that comes into question."""
    texts = _Texts({codec: _Trial(codec) for codec in tried})
    for batch in batches:
        lines = list(dict.fromkeys(line for line in batch if not line.isascii()))
        texts.shown += lines[: LINES_SHOWN - len(texts.shown)]
        for trial in texts.trials.values():
            trial.read(lines, padded=padded)
    return texts


def _sensible(texts: _Texts) -> str:
    """Return the encoding that gives Chinese words; empty when none or more than one does."""
    sensible = [codec for codec in TRIED if texts.trials[codec].makes_sense]
    return sensible[0] if len(sensible) == 1 else ""


def _found(texts: _Texts, place: dict[str, str]) -> tuple[Encoding, list[Problem]]:
    """Read a file that says nothing as its texts allow."""
    utf8, gbk = (texts.trials[codec] for codec in TRIED)
    sensible = _sensible(texts)
    if sensible == "GB18030":
        told = Problem("encoding_found", value=texts.reading("GB18030"), **place)
        return Encoding("GB18030", "words"), [told]
    if utf8.fits and (sensible or utf8.letters >= FEWEST_LETTERS or not gbk.fits):
        return Encoding("UTF-8", "utf8"), []
    codec = next((trial.codec for trial in (utf8, gbk) if trial.fits), LAST)
    doubt = Problem("encoding_doubtful", value=codec, rule=texts.readings() or LAST, **place)
    return Encoding(codec, "guess", sure=False), [doubt]


def encoding_of_file(
    path: str | Path, given: str = "", *, layer: str = ""
) -> tuple[Encoding, list[Problem]]:
    """
    Find out how a file of text (CSV) is encoded: by its byte-order mark, or as any text.

    Parameters
    ----------
    path : str or Path
    given : str
        Encoding the user named; empty when none.
    layer : str
        For the messages.

    Returns
    -------
    encoding : Encoding
        With a mark ``UTF-8-SIG`` or ``UTF-16``.
    problems : list of Problem
        As ``find_encoding`` gives them; ``encoding_found`` also for UTF-16.
    """
    path = Path(path)
    with path.open("rb") as file:
        head = file.read(4)
    for mark, codec in MARKS:
        if head.startswith(mark) and not given:
            told = Problem("encoding_found", file=path.name, layer=layer, value=codec)
            return Encoding(codec, "mark"), [told] if codec == "UTF-16" else []
    return find_encoding(_cells_of(path), given=given, file=path.name, layer=layer)


def _cells_of(path: Path) -> Iterator[list[bytes]]:
    """Cut a file of text into cells, block by block; what parts cells is no part of a letter."""
    with path.open("rb") as file:
        while block := file.read(BLOCK_BYTES):
            yield re.split(rb'[\r\n,;\t"]+', block + file.readline())
