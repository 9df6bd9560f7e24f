"""Are records there once."""

import pandas as pd

from ..errors import Problem, TableError, first_rows


def check_unique(tables: list[pd.DataFrame], column: str, files: list[str]) -> None:
    """
    Refuse a record whose number came before, in the same file or in another one.

    Raises
    ------
    TableError
        Naming the file and the numbers.
    """
    seen: set[str] = set()
    problems = []
    for table, file in zip(tables, files, strict=True):
        again = table[column].duplicated() | table[column].isin(seen)
        if again.any():
            value = ", ".join(table.loc[again, column].astype(str).head(3))
            problems.append(
                Problem("number_twice", file=file, field=column, value=value,
                        rows=first_rows(table.index[again]), count=int(again.sum()))
            )  # fmt: skip
        seen |= set(table[column])
    if problems:
        raise TableError(problems)
