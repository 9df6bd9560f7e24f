"""Writes what was found for the people who mend the data: a workbook, a table and a layer."""

from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from .. import layers, report
from ..errors import SEVERITIES, FileError, Problem, worst
from ..findings import findings_summary, findings_table
from ..language import text
from .features import faulty_features
from .layer import Survey

NAME = {"zh": "数据检查", "en": "findings"}


def write_check(
    folder: str | Path,
    name: str,
    problems: list[Problem],
    surveys: Iterable[Survey] = (),
    *,
    notice: str = "",
    lang: str = "zh",
) -> list[Path]:
    """
    Write the findings of a check.

    Parameters
    ----------
    folder : str or Path
        Folder, made when it is missing; earlier findings of the same name are replaced.
    name : str
        Place or file that was checked.
    problems : list of Problem
        All findings.
    surveys : iterable of Survey
        Layers whose faulty features are drawn.
    notice : str
        Line that must stand on the workbook, such as the notice on generated data.
    lang : {"zh", "en"}
        Language.

    Returns
    -------
    paths : list of Path
        Workbook, CSV of all lines, and GeoPackage where a feature is faulty.

    Raises
    ------
    FileError
        If the folder cannot be written to.
    """
    folder, surveys = Path(folder), list(surveys)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise FileError(
            Problem("output_not_writable", file=str(folder), value=str(error))
        ) from None
    keys = {tuple(one.source.place.values()): one.keys for one in surveys if len(one.keys)}
    findings = findings_table(problems, keys, lang)
    book, sheet, map_ = (
        folder / f"{NAME[lang]}_{name}{ending}" for ending in (".xlsx", ".csv", ".gpkg")
    )
    lines = [(line, "plain") for line in check_lines(problems, lang)]
    if notice:
        lines.insert(0, (notice, "notice"))
    report.write_findings(
        book, findings, findings_summary(problems, lang), _fields(surveys, lang),
        title=text("check.title", lang, name=name), lines=lines, lang=lang,
    )  # fmt: skip
    report.write_table(sheet, findings, "findings", lang)
    shown = {}
    for survey in surveys:
        features = faulty_features(survey, lang)
        if len(features):
            shown[_layer_name(survey, surveys)] = features
    if shown:
        layers.write_faulty(map_, shown, name, lang)
    else:
        map_.unlink(missing_ok=True)
    return [book, sheet, *([map_] if shown else [])]


def _layer_name(survey: Survey, surveys: list[Survey]) -> str:
    """Name the layer of faulty features of an inventory by its year, where there are several."""
    if len(surveys) == 1:
        return "faulty_features"
    return f"faulty_features_{survey.year or surveys.index(survey) + 1}"


def _fields(surveys: list[Survey], lang: str) -> pd.DataFrame:
    """Lay out how the columns of all inventories were understood."""
    facts = [one.known.facts(lang) for one in surveys if one.known is not None]
    return pd.concat(facts, ignore_index=True) if facts else pd.DataFrame()


def check_lines(problems: list[Problem], lang: str = "zh") -> list[str]:
    """Say in two lines what a check came to."""
    counts = {one: sum(problem.severity == one for problem in problems) for one in SEVERITIES}
    outcome = text(f"outcome.{worst(problems)}", lang)
    return [text("check.outcome", lang, outcome=outcome), text("check.counts", lang, **counts)]
