"""Says whether a table without shapes is fit for use, and which of our records it may hold."""

from pathlib import Path

import pandas as pd

from ..errors import FileError
from ..readers import read_table, record_table, table_problems
from .result import Inspection

# headings that are listed one by one; a longer list is cut
FIELDS_SHOWN = 20


def inspect_table(path: str | Path, layer: str = "", encoding: str = "") -> Inspection:
    """
    Find everything that is known of a table, and everything that is wrong with it.

    Parameters
    ----------
    path : str or Path
        A CSV, a workbook (.xlsx) or a table of dBASE (.dbf).
    layer : str
        Sheet to look at; may be left out when only one holds values.
    encoding : str
        Encoding of a CSV or DBF file; found out when it is not given.

    Returns
    -------
    found : Inspection
        Of kind ``table``, or ``unknown`` where the cells are no table.

    Examples
    --------
    >>> inspect_table("no_such_file.csv").outcome
    'refuse'
    """
    path = Path(path)
    try:
        table = read_table(path, layer, encoding)
    except FileError as error:
        return Inspection(path, layer, "unknown", {}, error.problems)
    layer = table.attrs["layer"]
    problems = table_problems(table, file=path.name, layer=layer)
    return Inspection(path, layer, "table", _facts(path, table), problems)


def _facts(path: Path, table: pd.DataFrame) -> dict[str, str]:
    """Lay out what is known, in the order of showing."""
    names = [str(name) for name in table.columns[:FIELDS_SHOWN]]
    more = [f"… ({len(table.columns)})"] if len(table.columns) > FIELDS_SHOWN else []
    facts = {
        "format": path.suffix.removeprefix(".").lower(),
        "rows": f"{len(table):,}",
        "fields": ", ".join(names + more),
        "table": record_table(table.columns),
    }
    return {name: value for name, value in facts.items() if value}
