"""What is wrong with an input, where, and what to do: problems, and the errors that carry them."""

from collections.abc import Iterable
from dataclasses import dataclass
from dataclasses import field as field_of
from functools import cache
from typing import Any

from .language import read_rows, translated

ROWS_SHOWN = 5
# rows of a problem in the machine-readable report
ROWS_LISTED = 1000
# files whose layers are called sheets
WORKBOOKS = (".xlsx", ".xls")


# what a finding does to the data, from the gravest to the lightest
SEVERITIES = ("refuse", "repair", "warn")


@cache
def _catalogue() -> dict[str, dict[str, str]]:
    rows = [*read_rows("messages.csv"), *read_rows("quality_rules.csv")]
    return {row["code"]: row for row in rows}


@dataclass(frozen=True)
class Problem:
    """
    One thing that is wrong with an input.

    Parameters
    ----------
    code : str
        Key of the message in ``data/messages.csv`` or ``data/quality_rules.csv``.
    file, layer, field : str
        Where: the file, the layer in it and the field (or setting).
    rows : tuple
        The first rows concerned, as the user counts or names them.
    count : int
        How many rows are concerned; 0 when the problem has no rows.
    value : str
        The offending value or values, as found.
    rule : str
        What was expected instead. This and the value may be ``Words``, told in the language
        of the message.
    cells : Series, optional
        The value found in every row concerned, indexed as the rows are labelled; the lists for
        people are made of it.

    Examples
    --------
    >>> problem = Problem("file_missing", file="inventory.gpkg")
    >>> problem.code, problem.severity
    ('file_missing', 'refuse')
    """

    code: str
    file: str = ""
    layer: str = ""
    field: str = ""
    rows: tuple = ()
    count: int = 0
    value: str = ""
    rule: str = ""
    cells: Any = field_of(default=None, compare=False, repr=False)

    @property
    def severity(self) -> str:
        """Return whether the data are refused, were repaired, or come with a warning."""
        return _catalogue()[self.code]["severity"]

    def _template(self, name: str) -> str:
        lang = name.removeprefix("fix_")
        values = {
            "file": self.file,
            "layer": self.layer,
            "field": self.field,
            "value": translated(self.value, lang),
            "rule": translated(self.rule, lang),
            "count": self.count,
        }
        return _catalogue()[self.code][name].format(**values)

    def where(self, lang: str = "zh") -> str:
        """Return the place of the problem: file, layer, field and first rows."""
        zh = lang == "zh"
        shown = "、".join(map(str, self.rows)) if zh else ", ".join(map(str, self.rows))
        more = self.count > len(self.rows)
        parts = [self.file]
        if self.layer and self.file.lower().endswith(WORKBOOKS):
            parts.append(f"工作表 {self.layer}" if zh else f"sheet {self.layer}")
        elif self.layer:
            parts.append(f"图层 {self.layer}" if zh else f"layer {self.layer}")
        if self.field and self.file.endswith(".toml"):
            parts.append(f"设置项 {self.field}" if zh else f"setting {self.field}")
        elif self.field:
            parts.append(f"字段 {self.field}" if zh else f"field {self.field}")
        if self.rows:
            dots = (" 等" if zh else " …") if more else ""
            total = f"（共 {self.count} 处）" if zh else f" ({self.count} in all)"
            parts.append((f"行 {shown}" if zh else f"rows {shown}") + dots + total)
        return (" ｜ " if zh else " | ").join(part for part in parts if part)

    def what(self, lang: str = "zh") -> str:
        """Return what is wrong, as one sentence."""
        return self._template(lang)

    def fix(self, lang: str = "zh") -> str:
        """Return what to do about it, as one sentence."""
        return self._template(f"fix_{lang}")

    def text(self, lang: str = "zh") -> str:
        """Return the whole message: what, where and what to do."""
        where = self.where(lang)
        if lang == "zh":
            return f"{self.what(lang)}\n    位置：{where or '—'}\n    处理：{self.fix(lang)}"
        return f"{self.what(lang)}\n    where: {where or '-'}\n    to do: {self.fix(lang)}"

    def as_dict(self, lang: str = "zh") -> dict:
        """Return the problem as a row of the machine-readable report, with up to 1,000 rows."""
        rows = self.rows if self.cells is None else self.cells.index[:ROWS_LISTED].tolist()
        return {
            "code": self.code,
            "severity": self.severity,
            "file": self.file,
            "layer": self.layer,
            "row": list(rows),
            "count": self.count,
            "field": self.field,
            "value": translated(self.value, lang),
            "rule": self.what(lang),
            "fix": self.fix(lang),
        }


class CarbonSinkError(Exception):
    """
    An input that cannot be used; carries every problem that was found in it.

    Parameters
    ----------
    problems : Problem or iterable of Problem
        All problems, in the order they should be read.
    """

    def __init__(self, problems: Problem | Iterable[Problem]) -> None:
        self.problems = [problems] if isinstance(problems, Problem) else list(problems)
        super().__init__(self.problems)

    def text(self, lang: str = "zh") -> str:
        """Return the message with all problems, numbered when there are several."""
        texts = [problem.text(lang) for problem in self.problems]
        if len(texts) == 1:
            return texts[0]
        return "\n".join(f"{number}. {one}" for number, one in enumerate(texts, start=1))

    def __str__(self) -> str:
        return self.text()


class SettingsError(CarbonSinkError, ValueError):
    """The settings file cannot be used."""


class FileError(CarbonSinkError, OSError):
    """A file is missing or cannot be read."""


class TableError(CarbonSinkError, ValueError):
    """A table does not keep its contract (data/columns.csv) or holds unknown codes."""


class CRSError(CarbonSinkError, ValueError):
    """A layer has no usable coordinate reference system, or lies elsewhere."""


class ParameterError(CarbonSinkError, LookupError):
    """A parameter that is needed has no value in the chosen set."""


def worst(problems: Iterable[Problem]) -> str:
    """
    Return what problems come to: the gravest severity among them, or ``ok``.

    Examples
    --------
    >>> worst([Problem("canopy_open"), Problem("crs_missing")])
    'refuse'
    """
    found = {problem.severity for problem in problems}
    return next((one for one in SEVERITIES if one in found), "ok")


def first_rows(labels: Iterable) -> tuple:
    """
    Return the first few row labels for a message.

    Examples
    --------
    >>> first_rows(range(100))
    (0, 1, 2, 3, 4)
    """
    return tuple(label for label, _ in zip(labels, range(ROWS_SHOWN), strict=False))
