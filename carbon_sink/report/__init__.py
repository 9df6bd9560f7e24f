"""Tables for people and for programs: the workbook, the CSV files and the JSON of a run."""

from .files import (
    TABLE_FORMATS,
    check_rows,
    check_table_path,
    write_indicators,
    write_table,
    write_tables,
)
from .findings import write_findings
from .sets import set_paths, write_set
from .workbook import write_workbook

__all__ = [
    "TABLE_FORMATS",
    "check_rows",
    "check_table_path",
    "set_paths",
    "write_findings",
    "write_indicators",
    "write_set",
    "write_table",
    "write_tables",
    "write_workbook",
]
