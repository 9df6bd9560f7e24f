"""Figures of past years in the results of a run: those of the history and of carbon accounting."""

from collections.abc import Iterator, Mapping
from numbers import Real
from typing import NamedTuple

import pandas as pd

from .language import text
from .legend import code_name
from .tables import columns

LARGEST = 1e300
# tables of past years or periods: columns that say what a figure is of, and those that hold it;
# what is the same figure in other units is left out, and the outlook is of no past year
TABLES = {
    "carbon_pools": (("pool",), ("carbon_t", "removal_co2_t_yr")),
    "carbon_balance": (("item",), ("volume_m3", "removal_co2_t_yr")),
    "provincial_balance": (("form", "item"), ("removal_co2_t_yr",)),
    "ghg_inventory": (("row", "item"), ("value",)),
    "crt_tables": (("row", "item"), ("value",)),
}
# rows that are compared: the whole forest, the table that sums the others, and no half-width of
# an interval, which other draws move
ROWS = {
    "carbon_balance": lambda table: table["species_group"].fillna("").eq(""),
    "ghg_inventory": lambda table: table["item"].ne("uncertainty"),
    "crt_tables": lambda table: table["table"].astype(str).eq("4"),
}
# what the words of a code begin with, by table and column
WORDS = {
    ("carbon_pools", "pool"): "pool",
    ("carbon_balance", "item"): "balance",
    ("provincial_balance", "item"): "balance",
    ("ghg_inventory", "row"): "ghg.row",
    ("ghg_inventory", "item"): "ghg.item",
    ("crt_tables", "row"): "recalculation.crt",
    ("crt_tables", "item"): "ghg.item",
}


class Figure(NamedTuple):
    """A figure of a year, or of the years since another one; ``name`` says what it is."""

    year: int
    since: int | None
    indicator: str
    unit: str
    value: float
    name: str


def figures(results: Mapping, lang: str = "zh") -> list[Figure]:
    """
    List the figures of past years that two runs can be compared by.

    Parameters
    ----------
    results : mapping
        ``history``, one record per year with figures by name, and ``tables``, result tables by
        name; cells may be numbers or texts. Tables that are absent, and such as lack a column,
        have no figures.
    lang : {"zh", "en"}
        Language of the names.

    Returns
    -------
    figures : list of Figure
        Cells that hold a number. A figure of a table is called by the table, its codes and its
        column, as ``ghg_inventory.total.ghg``; of a period ``year`` is the later year.

    Examples
    --------
    >>> pools = pd.DataFrame({"year": [2025], "pool": ["litter"], "carbon_t": ["30.5"],
    ...                       "removal_co2_t_yr": [""]})
    >>> (one,) = figures({"history": [], "tables": {"carbon_pools": pools}}, "en")
    >>> one.indicator, one.value, one.name
    ('carbon_pools.litter.carbon_t', 30.5, 'Carbon pools (2025): Litter; Carbon')
    """
    found = list(_of_history(results["history"], lang))
    for name, table in results.get("tables", {}).items():
        if name in TABLES and _columns(name, table) <= set(table):
            found += _of_table(name, table, lang)
    return found


def _columns(name: str, table: pd.DataFrame) -> set[str]:
    """Return the columns that a table must have to be compared."""
    keys, values = TABLES[name]
    years = {"year"} if "year" in table else {"year_before", "year_after"}
    chosen = {"carbon_balance": {"species_group"}, "crt_tables": {"table"}}.get(name, set())
    return {*years, *keys, *values, *chosen, *(["unit"] if values == ("value",) else [])}


def _of_history(history: list[Mapping], lang: str) -> Iterator[Figure]:
    """Go through the figures of the yearly records."""
    contract = columns("town_summary")
    for record in history:
        for name, value in record.items():
            if name == "year" or not is_number(value):
                continue
            known = name in contract.index
            words = contract.loc[name, f"name_{lang}"] if known else name
            unit = contract.loc[name, "unit"] if known else ""
            yield Figure(int(record["year"]), None, name, unit, float(value), words)


def _of_table(name: str, table: pd.DataFrame, lang: str) -> Iterator[Figure]:
    """Go through the figures of a table."""
    keys, values = TABLES[name]
    if name in ROWS:
        table = table[ROWS[name](table)]
    contract = columns(name)
    years = ["year"] if "year" in table else ["year_after", "year_before"]
    numbers = table[[*values, *years]].apply(pd.to_numeric, errors="coerce")
    for row, cells in zip(table.to_dict("records"), numbers.to_dict("records"), strict=True):
        if not all(is_number(cells[one]) for one in years):
            continue
        year, since = (*(int(cells[one]) for one in years), None)[:2]
        codes = [str(row[key]) for key in keys]
        said = [code_name(WORDS.get((name, key), ""), row[key], lang) for key in keys]
        for column in values:
            if not is_number(cells[column]):
                continue
            is_long = column == "value"
            parts = [name, *codes] if is_long else [name, *codes, column]
            words = said if is_long else [*said, contract.loc[column, f"name_{lang}"]]
            unit = row["unit"] if is_long else contract.loc[column, "unit"]
            yield Figure(year, since, ".".join(parts), unit, float(cells[column]),
                         _named(name, year, since, words, lang))  # fmt: skip


def _named(name: str, year: int, since: int | None, words: list[str], lang: str) -> str:
    """Write what a figure of a table is."""
    sheet = "crt_summary" if name == "crt_tables" else name
    years = str(year) if since is None else f"{since}—{year}" if lang == "zh" else f"{since}-{year}"
    mark = "；" if lang == "zh" else "; "
    return text("recalculation.figure", lang, table=text(f"report.sheet.{sheet}", lang),
                years=years, words=mark.join(words))  # fmt: skip


def is_number(value: object) -> bool:
    """
    Return whether a value is a number that can be compared, as it stands in a record.

    Examples
    --------
    >>> is_number(1.5), is_number(float("nan")), is_number(True), is_number("1.5")
    (True, False, False, False)
    """
    return isinstance(value, Real) and not isinstance(value, bool) and abs(value) < LARGEST
