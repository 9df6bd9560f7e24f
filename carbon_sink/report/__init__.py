"""Tables for people and for programs: the workbook, the CSV files and the JSON of a run."""

from .files import write_indicators, write_tables
from .workbook import write_workbook

__all__ = ["write_indicators", "write_tables", "write_workbook"]
