"""The contract of every table: its columns, their units, ranges and names, checked in one place."""

from collections.abc import Iterable
from dataclasses import replace
from functools import cache
from importlib import resources

import pandas as pd

from .errors import Problem, TableError, first_rows
from .language import Words
from .values import comma_readings, dates_of, number_fault, numbers_of, texts_of


def read_data(name: str) -> pd.DataFrame:
    """
    Read one evidence table of the package, every cell as text.

    Parameters
    ----------
    name : str
        File name in ``carbon_sink/data``.

    Returns
    -------
    table : DataFrame
        All columns as text; missing cells are empty texts.

    Examples
    --------
    >>> read_data("constants.csv").loc[1, "key"]
    'four_side_trees_per_ha'
    """
    path = resources.files("carbon_sink") / "data" / name
    with path.open(encoding="utf-8") as file:
        return pd.read_csv(file, dtype=str, keep_default_na=False)


@cache
def _dictionary() -> pd.DataFrame:
    table = read_data("columns.csv")
    return table.assign(
        min=pd.to_numeric(table["min"], errors="coerce"),
        max=pd.to_numeric(table["max"], errors="coerce"),
        required=table["required"].eq("yes"),
    )


def columns(table: str) -> pd.DataFrame:
    """
    Return the contract of one table, indexed by column name.

    Examples
    --------
    >>> columns("stands").loc["canopy_closure", "name_zh"]
    '郁闭度'
    """
    dictionary = _dictionary()
    return dictionary[dictionary["table"] == table].set_index("column")


def heading(table: str, column: str, lang: str = "zh") -> str:
    """
    Return the name of a column with its unit, for people.

    Examples
    --------
    >>> heading("town_summary", "land_area_ha")
    '土地面积（ha）'
    >>> heading("town_summary", "land_area_ha", "en")
    'Land area (ha)'
    """
    row = columns(table).loc[column]
    name = row[f"name_{lang}"]
    if row["unit"] in ("", "1"):
        return name
    return f"{name}（{row['unit']}）" if lang == "zh" else f"{name} ({row['unit']})"


def named(table: str, column: str) -> Words:
    """
    Return the name of a column in both languages, for messages.

    Examples
    --------
    >>> named("stands", "land_class"), named("stands", "land_class").en
    ('地类', 'Land class')
    """
    row = columns(table).loc[column]
    return Words(row["name_zh"], row["name_en"])


def as_numbers(column: pd.Series) -> tuple[pd.Series, pd.Series]:
    """
    Turn a column into numbers, and tell which cells are not numbers.

    Parameters
    ----------
    column : Series
        Numbers, or texts that should be numbers. Empty cells are missing, not zero.

    Returns
    -------
    numbers : Series of float
        NaN where the cell is missing or unreadable.
    unreadable : Series of bool
        True where a cell holds something that is not a finite number.

    Examples
    --------
    >>> numbers, unreadable = as_numbers(pd.Series(["1.5", "", "many"]))
    >>> numbers.tolist(), unreadable.tolist()
    ([1.5, nan, nan], [False, False, True])
    """
    read = numbers_of(column)
    return read.numbers, read.unreadable


# different values that a message shows, and how it shows them
VALUES_SHOWN = 5
# how messages write a cell that is empty
EMPTY = "NULL"
SEPARATOR, MORE = ", ", " …"


def faulty(
    code: str, bad: pd.Series, values: pd.Series | None = None, **place: str
) -> list[Problem]:
    """
    Turn the rows of a finding into a problem, where there are any.

    Parameters
    ----------
    code : str
        Message code.
    bad : Series of bool
        True where a row is concerned, indexed as rows are labelled.
    values : Series, optional
        What stands in those rows, on the same index.
    **place : str
        File, layer, field and rule; ``value`` where the values themselves would not tell.

    Returns
    -------
    problems : list of Problem
        One, with every row in its ``cells``, or none.

    Examples
    --------
    >>> found = faulty("too_small", pd.Series([False, True], [1, 2]), pd.Series([3, -3], [1, 2]))
    >>> found[0].rows, found[0].value, found[0].cells.to_dict()
    ((2,), '-3', {2: '-3'})
    """
    if not bad.any():
        return []
    rows = bad.index[bad]
    if values is None:
        cells = pd.Series(place.get("value", ""), index=rows, dtype=object)
    else:
        cells = values[bad].astype("string").fillna(EMPTY).astype(object)
        place.setdefault("value", values_shown(cells))
    return [Problem(code, rows=first_rows(rows), count=len(rows), cells=cells, **place)]


def values_shown(cells: pd.Series) -> str:
    """
    Join the first few different values of a finding.

    Examples
    --------
    >>> values_shown(pd.Series(["a", "b", "a"]))
    'a, b'
    """
    different = [value for value in cells.drop_duplicates() if value != ""]
    more = MORE if len(different) > VALUES_SHOWN else ""
    return SEPARATOR.join(different[:VALUES_SHOWN]) + more


def joined(problems: Iterable[Problem]) -> list[Problem]:
    """
    Join the same finding of several parts of a file, so that it is told once.

    Parameters
    ----------
    problems : iterable of Problem
        In the order of the parts.

    Returns
    -------
    problems : list of Problem
        One for each code, file, layer, field and rule that has ``cells``; others as they are.

    Examples
    --------
    >>> parts = [pd.Series([True], [row]) for row in (1, 2)]
    >>> found = joined(faulty("value_missing", part)[0] for part in parts)
    >>> found[0].rows, found[0].count
    ((1, 2), 2)
    """
    alike: dict[tuple, list[Problem]] = {}
    for number, one in enumerate(problems):
        key = (one.code, one.file, one.layer, one.field, one.rule)
        alike.setdefault((*key, number) if one.cells is None else key, []).append(one)
    found = []
    for first, *more in alike.values():
        if not more:
            found.append(first)
            continue
        cells = pd.concat([first.cells, *(one.cells for one in more)])
        found.append(
            replace(first, rows=first_rows(cells.index), count=len(cells), cells=cells,
                    value=_shown_of([first, *more], cells))
        )  # fmt: skip
    return found


def _shown_of(parts: list[Problem], cells: pd.Series) -> str:
    """Join what the parts of a finding show: their cells, or what was said instead of them."""
    if len({one.value for one in parts}) == 1:
        return parts[0].value
    if all(one.value == values_shown(one.cells) for one in parts):
        return values_shown(cells)
    said = [one.value.removesuffix(MORE) for one in parts]
    more = MORE if any(one.value.endswith(MORE) for one in parts) else ""
    together = values_shown(pd.Series(SEPARATOR.join(said).split(SEPARATOR), dtype=object))
    return together.removesuffix(MORE) + more if more else together


def unreadable_numbers(column: pd.Series, unreadable: pd.Series, **place: str) -> list[Problem]:
    """
    Tell why cells are no numbers, each reason with its rows.

    Parameters
    ----------
    column : Series
        As it was read.
    unreadable : Series of bool
        From ``values.numbers_of``.
    **place : str
        File, layer, field and, as ``rule``, the unit that is expected.

    Returns
    -------
    problems : list of Problem

    Examples
    --------
    >>> cells = pd.Series(["12亩", "3,14", "x"])
    >>> [one.code for one in unreadable_numbers(cells, cells.notna(), field="f")]
    ['number_with_unit', 'number_comma', 'not_a_number']
    """
    if not unreadable.any():
        return []
    cells = column[unreadable].astype("str")
    faults = cells.map({one: number_fault(one) for one in cells.unique()})
    problems = []
    for code in faults.unique():
        these = faults.eq(code)
        if code == "number_comma":
            place = {**place, "value": values_shown(cells[these].map(comma_readings))}
        problems += faulty(code, these, cells, **place)
        place.pop("value", None)
    return problems


def _held_numbers(
    column: pd.Series, rule: pd.Series, place: dict
) -> tuple[pd.Series, list[Problem]]:
    """Read a column of numbers and hold it against its range."""
    numbers, unreadable, mended = numbers_of(column, rule["unit"])
    unit = "—" if rule["unit"] in ("", "1") else rule["unit"]
    dated = _dated(column, unreadable | (numbers > rule["max"]), rule)
    problems = unreadable_numbers(column, unreadable & ~dated, rule=unit, **place)
    for code, bad, expected in (
        ("year_is_date", dated, ""),
        ("numbers_mended", mended, ""),
        ("too_small", numbers < rule["min"], f"≥ {rule['min']:g}"),
        ("too_large", (numbers > rule["max"]) & ~dated, f"≤ {rule['max']:g}"),
        ("value_missing", rule["required"] & numbers.isna() & ~unreadable, ""),
    ):
        problems += faulty(code, bad, column, rule=expected, **place)
    return numbers, problems


def _dated(column: pd.Series, odd: pd.Series, rule: pd.Series) -> pd.Series:
    """Tell which odd cells of a column of years are dates."""
    if not str(rule.name).endswith("year") or not odd.any():
        return pd.Series(data=False, index=column.index)
    dates = dates_of(column[odd].astype("str"))
    return dates.notna().reindex(column.index, fill_value=False)


def _held_texts(column: pd.Series, rule: pd.Series, place: dict) -> tuple[pd.Series, list[Problem]]:
    """Read a column of codes or texts; what needs no mending stays as it is."""
    texts, unreadable, mended = texts_of(column)
    problems = [
        *faulty("code_shortened", unreadable, column, **place),
        *faulty("texts_mended", mended, column, **place),
    ]
    if rule["required"]:
        problems += faulty("value_missing", texts.isna(), column, **place)
    return texts if mended.any() else column, problems


def hold(
    data: pd.DataFrame,
    table: str,
    *,
    file: str = "",
    layer: str = "",
    fields: dict[str, str] | None = None,
) -> tuple[pd.DataFrame, list[Problem]]:
    """
    Hold a table against its contract and tell all problems, without raising them.

    Parameters
    ----------
    data, table, file, layer, fields
        As for ``check``.

    Returns
    -------
    held : DataFrame
        A copy with numeric columns as float and codes without full-width letters; unreadable
        numbers and words such as 无 are missing.
    problems : list of Problem
        Every missing column, unreadable number and value outside its range, and, as
        repairs, what was read although it was typed in an unusual way.
    """
    rules = columns(table)
    fields = fields or {}
    place = {"file": file, "layer": layer}
    problems = [
        Problem(
            "field_missing",
            field=fields.get(name, name),
            value=named(table, name),
            rule=", ".join(map(str, data.columns)),
            **place,
        )
        for name in rules.index[rules["required"]]
        if name not in data.columns
    ]
    readers = {"number": _held_numbers, "text": _held_texts, "code": _held_texts}
    held = {}
    for name in rules.index[rules["kind"].isin(readers)].intersection(data.columns, sort=False):
        rule = rules.loc[name]
        where = {**place, "field": fields.get(name, name)}
        held[name], found = readers[rule["kind"]](data[name], rule, where)
        problems += found
    return data.assign(**held), problems


def check(
    data: pd.DataFrame,
    table: str,
    *,
    file: str = "",
    layer: str = "",
    fields: dict[str, str] | None = None,
) -> pd.DataFrame:
    """
    Hold a table against its contract; all problems are reported together.

    Parameters
    ----------
    data : DataFrame
        Table whose columns bear our names. Its index labels the rows in messages.
    table : str
        Name of the table in ``data/columns.csv``.
    file, layer : str
        Where the table came from, for the message.
    fields : dict, optional
        Our column name to the field name of the file, for the message.

    Returns
    -------
    checked : DataFrame
        As ``hold`` gives it. ``attrs["notes"]`` lists what was mended, where anything was.

    Raises
    ------
    TableError
        With every missing column, unreadable number and value outside its range.

    Examples
    --------
    >>> check(pd.DataFrame({"stand_id": ["1"], "land_class": ["0111"]}), "stands").shape
    (1, 2)
    """
    held, problems = hold(data, table, file=file, layer=layer, fields=fields)
    if grave := [problem for problem in problems if problem.severity == "refuse"]:
        raise TableError(grave)
    if problems:
        held.attrs["notes"] = [*data.attrs.get("notes", []), *problems]
    return held
