"""Problems laid out row by row, for the people who mend the data."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

import pandas as pd

from .errors import SEVERITIES, Problem
from .language import translated
from .tables import columns, values_shown

# file and layer of an inventory to the keys of its rows
Keys = Mapping[tuple[str, str], pd.Series]


def findings_table(problems: Iterable[Problem], keys: Keys, lang: str = "zh") -> pd.DataFrame:
    """
    List every row of every problem.

    Parameters
    ----------
    problems : iterable of Problem
        From one file or from many.
    keys : mapping
        ``(file, layer)`` to the key of the 小班 of each row, where a layer has keys.
    lang : {"zh", "en"}
        Language of the rules and remedies.

    Returns
    -------
    findings : DataFrame
        Columns of the table ``findings``, the gravest first, then in the order of the rows. A
        problem without rows has one line.

    Examples
    --------
    >>> from carbon_sink.tables import faulty
    >>> found = faulty("value_missing", pd.Series([True], [7]), file="a.gpkg", field="DI_LEI")
    >>> findings_table(found, {("a.gpkg", ""): pd.Series({7: "0001-12"})})["stand_id"].tolist()
    ['0001-12']
    """
    found = [_lines(problem, keys, lang) for problem in problems]
    names = columns("findings").index
    if not found:
        return pd.DataFrame(columns=names)
    table = pd.concat(found, ignore_index=True)[names]
    order = table["severity"].map({one: rank for rank, one in enumerate(SEVERITIES)})
    return table.iloc[order.argsort(kind="stable")].reset_index(drop=True)


def findings_summary(problems: Iterable[Problem], lang: str = "zh") -> pd.DataFrame:
    """
    List the problems, each with the number of its rows.

    Returns
    -------
    summary : DataFrame
        Columns of the table ``findings_summary``, the gravest first.
    """
    rows = [
        {"severity": one.severity, "code": one.code, "file": one.file, "layer": one.layer,
         "field": one.field, "count": one.count or None, "rule": one.what(lang),
         "fix": one.fix(lang)}
        for one in sorted(problems, key=lambda one: SEVERITIES.index(one.severity))
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=columns("findings_summary").index)


def notes_table(problems: Iterable[Problem], lang: str = "zh") -> pd.DataFrame:
    """
    List what a reader of results should know of the data they come from.

    Returns
    -------
    notes : DataFrame
        Columns of the table ``notes``.
    """
    rows = [(one.severity, one.code, one.file, one.what(lang), one.where(lang), one.fix(lang))
            for one in problems]  # fmt: skip
    return pd.DataFrame(rows, columns=columns("notes").index)


def faulty_rows(problems: Iterable[Problem]) -> pd.DataFrame:
    """
    Tell for every row that is concerned what was found there.

    Parameters
    ----------
    problems : iterable of Problem
        Of one layer.

    Returns
    -------
    rows : DataFrame
        Indexed by row: the gravest ``severity``, and the codes in ``found``, joined.

    Examples
    --------
    >>> from carbon_sink.tables import faulty
    >>> faulty_rows(faulty("value_missing", pd.Series([True], [7])))["found"].to_dict()
    {7: 'value_missing'}
    """
    parts = [
        pd.DataFrame({"rank": SEVERITIES.index(one.severity), "found": one.code},
                     index=one.cells.index.unique())
        for one in problems if one.cells is not None
    ]  # fmt: skip
    if not parts:
        return pd.DataFrame({"severity": [], "found": []})
    rows = pd.concat(parts).groupby(level=0).agg({"rank": "min", "found": ", ".join})
    return rows.assign(severity=rows["rank"].map(dict(enumerate(SEVERITIES))))[
        ["severity", "found"]
    ]


def _lines(problem: Problem, keys: Keys, lang: str) -> pd.DataFrame:
    """Lay out one problem, a line for each of its rows."""
    same = {"severity": problem.severity, "code": problem.code, "file": problem.file,
            "layer": problem.layer, "field": problem.field}  # fmt: skip
    if problem.cells is None:
        rows = ", ".join(map(str, problem.rows))
        line = {**same, "row": rows, "stand_id": "", "value": translated(problem.value, lang),
                "rule": problem.what(lang), "fix": problem.fix(lang)}  # fmt: skip
        return pd.DataFrame([line])
    cells = problem.cells
    # where the values of the rows make up the value told, each row has a sentence of its own
    is_own = problem.value == values_shown(cells)
    said = {
        value: replace(problem, value=value, count=1, cells=None) if is_own else problem
        for value in cells.drop_duplicates()
    }
    known = keys.get((problem.file, problem.layer))
    return pd.DataFrame(
        {**same, "row": cells.index.astype(str),
         "stand_id": "" if known is None else known.reindex(cells.index).fillna("").to_numpy(),
         "value": cells.to_numpy(),
         "rule": cells.map({value: one.what(lang) for value, one in said.items()}).to_numpy(),
         "fix": cells.map({value: one.fix(lang) for value, one in said.items()}).to_numpy()}
    )  # fmt: skip
