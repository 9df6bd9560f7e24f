"""What an inspection found in one file: facts, problems, and what they come to."""

from dataclasses import dataclass, field
from pathlib import Path

from ..errors import SEVERITIES, Problem, worst
from ..language import text
from ..readers import Understanding
from .layer import Survey

# fields of an inventory that stand in one line of the console
FIELDS_IN_LINE = 6


@dataclass(frozen=True)
class Inspection:
    """
    What one file holds, and whether it is fit for use.

    Parameters
    ----------
    path : Path
        The file.
    layer : str
        Layer in it; empty where there is none.
    kind : str
        ``inventory``, ``polygons``, ``table``, ``raster``, or ``unknown`` when it cannot be
        opened.
    facts : dict
        What was found out, by the name of the fact (texts ``fact.…``), in the order of showing.
    problems : list of Problem
        Everything that a user should know.
    known : Understanding, optional
        How the columns of an inventory are understood.
    survey : Survey, optional
        What was found in a layer of polygons, for drawing the faulty features.
    """

    path: Path
    layer: str
    kind: str
    facts: dict[str, str]
    problems: list[Problem]
    known: Understanding | None = field(default=None, repr=False)
    survey: Survey | None = field(default=None, repr=False)

    @property
    def outcome(self) -> str:
        """Return ``ok``, ``warn``, ``repair`` or ``refuse``: the gravest of the problems."""
        return worst(self.problems)

    def as_dict(self, lang: str = "zh") -> dict:
        """Return the machine-readable report."""
        return {
            "file": self.path.name,
            "layer": self.layer,
            "kind": self.kind,
            "outcome": self.outcome,
            "facts": self.facts,
            "fields": [] if self.known is None else self.known.facts(lang).to_dict("records"),
            "problems": [problem.as_dict(lang) for problem in self.problems],
        }

    def lines(self, lang: str = "zh") -> list[str]:
        """Return the report for the console."""
        name = f"{self.path.name} {self.layer}".strip()
        head = text("inspect.head", lang, name=name, kind=text(f"inspect.{self.kind}", lang))
        facts = [
            text("inspect.fact", lang, name=text(f"fact.{key}", lang), value=value)
            for key, value in self.facts.items()
        ]
        if self.known is not None:
            said = self.known.facts(lang)
            units = [f" ({unit})" if unit not in ("", "1") else "" for unit in said["unit"]]
            pairs = said["field"] + " = " + said["name"] + units
            name = text("fact.fields", lang)
            facts += [
                text("inspect.fact", lang, name=name, value=", ".join(some))
                for some in (pairs[first : first + FIELDS_IN_LINE]
                             for first in range(0, len(pairs), FIELDS_IN_LINE))
            ]  # fmt: skip
        return [head, *facts, *problem_lines(self.problems, lang)]


def problem_lines(problems: list[Problem], lang: str = "zh") -> list[str]:
    """Return problems for the console, the gravest first, and what they come to."""
    found = [
        f"[{text(f'severity.{problem.severity}', lang)}] {problem.text(lang)}"
        for problem in sorted(problems, key=lambda one: SEVERITIES.index(one.severity))
    ]
    return [*found, text(f"outcome.{worst(problems)}", lang)]
