"""Reads what a bureau brings and gives it our names: inventories, towns, works and events."""

from .code_lists import PADDABLE
from .encoding import codec_of
from .formats import kind_of, located
from .layers import as_source, read_layer
from .measures import AreaUnits
from .parts import Part, parts_of, read_part, read_parts
from .polygons import read_inventory, read_towns
from .record_columns import record_table
from .records import Records, Said, read_events, read_reference_samples
from .source import Source, examine, raw_problems
from .spreadsheets import read_table, table_problems
from .understanding import Understanding, stands_of, understand
from .works import Species, read_projects, work_records

__all__ = [
    "PADDABLE",
    "AreaUnits",
    "Part",
    "Records",
    "Said",
    "Source",
    "Species",
    "Understanding",
    "as_source",
    "codec_of",
    "examine",
    "kind_of",
    "located",
    "parts_of",
    "raw_problems",
    "read_events",
    "read_inventory",
    "read_layer",
    "read_part",
    "read_parts",
    "read_projects",
    "read_reference_samples",
    "read_table",
    "read_towns",
    "record_table",
    "stands_of",
    "table_problems",
    "understand",
    "work_records",
]
