"""Finds our columns in tables of records, and brings their values to our units."""

import re
from collections.abc import Iterable
from dataclasses import replace
from functools import cache
from typing import NamedTuple

import pandas as pd

from ..errors import Problem
from ..tables import columns, faulty, heading, hold, read_data, values_shown
from ..units import field_units
from ..values import half_width, numbers_of
from .fields import stated_unit, without_unit
from .measures import named_unit

# tables that people write
RECORDS = ("projects", "four_side", "events", "reference_samples", "carbon_density_classes")


def our_columns(
    names: Iterable[str], table: str, **place: str
) -> tuple[dict[str, str], list[Problem]]:
    """
    Find the columns of one of our tables by their key, or their name with or without unit.

    A heading with another unit behind the name is taken where no heading is in ours, and one
    of the other names in ``data/record_names.csv`` where there is none of these.

    Parameters
    ----------
    names : iterable of str
        Headings of the file.
    table : str
        Name of the table in ``data/columns.csv``.
    **place : str
        File and layer for messages.

    Returns
    -------
    found : dict
        Our column name to the heading of the file.
    problems : list of Problem
        ``column_twice`` where two headings name one column.

    Examples
    --------
    >>> our_columns(["项目编号", "done_ha", "计划面积(ha)", "备注"], "projects")[0]
    {'project_id': '项目编号', 'planned_ha': '计划面积(ha)', 'done_ha': 'done_ha'}
    >>> our_columns(["完成面积（亩）", "造林成活率（%）"], "projects")[0]
    {'done_ha': '完成面积（亩）', 'survival_pct': '造林成活率（%）'}
    """
    written: dict[str, list[str]] = {}
    with_unit: dict[str, list[str]] = {}
    for name in names:
        written.setdefault(_plain(name), []).append(name)
        with_unit.setdefault(without_unit(name)[0], []).append(name)
    found, problems = {}, []
    for ours, spellings in _spellings(table).items():
        theirs = _headings_of(spellings.own, ours, table, written, with_unit)
        if len(theirs) > 1:
            problems.append(Problem("column_twice", field=ours, value=", ".join(theirs), **place))
        theirs = theirs or _headings_of(spellings.other, ours, table, written, with_unit)
        if theirs:
            found[ours] = theirs[0]
    return found, problems


class _Spellings(NamedTuple):
    """How a column may be headed, as headings are compared: by its own names, or by others."""

    own: list[str]
    other: list[str]


@cache
def _spellings(table: str) -> dict[str, _Spellings]:
    """Return how each column of a table may be headed."""
    others = read_data("record_names.csv").set_index("column")["names"].str.split("|")
    found = {}
    for ours, row in columns(table).iterrows():
        own = (ours, row["name_zh"], row["name_en"],
               heading(table, ours), heading(table, ours, "en"))  # fmt: skip
        alike = [list(dict.fromkeys(map(_plain, names))) for names in (own, others.get(ours, []))]
        found[ours] = _Spellings(*alike)
    return found


def _headings_of(
    alike: list[str], ours: str, table: str, written: dict, with_unit: dict
) -> list[str]:
    """Return the headings that are spelt so, else those that are with a unit of the column."""
    theirs = [name for one in alike for name in written.get(one, [])]
    near = [name for one in alike for name in with_unit.get(one, [])]
    if theirs or not near:
        return theirs
    units = {name: stated_unit(name, ours, table) for name in near}
    unit_of = columns(table).loc[ours, "unit"]
    theirs = [name for name, unit in units.items() if unit == unit_of != ""]
    return theirs or [name for name, unit in units.items() if unit]


def hold_in_units(
    data: pd.DataFrame, table: str, fields: dict[str, str], units: dict[str, str], **place: str
) -> tuple[pd.DataFrame, list[Problem]]:
    """
    Hold a table against its contract, columns in other units converted by the exact factor.

    Parameters
    ----------
    data : DataFrame
        Under our names.
    table : str
        Name of the table in ``data/columns.csv``.
    fields : dict
        Our column name to the heading of the file, which may state a unit.
    units : dict
        Our column name to its unit, where the user says it; this comes first.
    **place : str
        File and layer for messages.

    Returns
    -------
    held, problems
        As ``tables.hold`` gives them, and a note for each column that was converted.

    Examples
    --------
    >>> works = pd.DataFrame({"done_ha": ["4.5"]})
    >>> hold_in_units(works, "projects", {"done_ha": "完成面积（亩）"}, {})[0]["done_ha"].tolist()
    [0.3]
    """
    rules = columns(table)["unit"]
    said = {name: stated_unit(fields.get(name, name), name, table)
            for name in data if name in rules} | units  # fmt: skip
    problems, ours, written = [], data, {}
    for name in [name for name in said if name in data and said[name] not in ("", rules[name])]:
        where = {"field": fields.get(name, name), **place}
        written[where["field"]] = data[name]
        numbers, _, mended = numbers_of(data[name], said[name])
        factor = field_units(rules[name])[said[name]]
        converted = (numbers * factor.numerator / factor.denominator).astype(object)
        ours = ours.assign(**{name: converted.where(numbers.notna(), data[name])})
        unit = named_unit(said[name])
        problems += [Problem("unit_converted", value=unit, rule=rules[name], **where),
                     *faulty("numbers_mended", mended, data[name], **where)]  # fmt: skip
    held, found = hold(ours, table, fields=fields, **place)
    return held, problems + [_as_written(one, written) for one in found]


def _as_written(problem: Problem, written: dict[str, pd.Series]) -> Problem:
    """Tell of converted values outside a range as the file has them, by field."""
    if problem.field not in written or problem.code not in ("too_small", "too_large"):
        return problem
    cells = written[problem.field].loc[problem.cells.index].astype("str").astype(object)
    return replace(problem, cells=cells, value=values_shown(cells))


def _plain(name: str) -> str:
    """Return a heading as it is compared: half-width, without blanks and capitals."""
    return re.sub(r"\s", "", half_width(str(name))).casefold()


def record_table(names: Iterable[str]) -> str:
    """
    Return which of our tables of records headings belong to; empty when to none.

    Examples
    --------
    >>> record_table(["record_id", "栽植年度", "株数"]), record_table(["a", "b"])
    ('four_side', '')
    """
    names = list(names)
    fitting = {}
    for table in RECORDS:
        found, _ = our_columns(names, table)
        if set(columns(table).query("required").index) <= set(found):
            fitting[table] = len(found)
    return max(fitting, key=fitting.get, default="")
