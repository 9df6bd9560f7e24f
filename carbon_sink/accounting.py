"""Carbon accounting of a run: where carbon went, how sure it is, and what may come of it."""

from dataclasses import dataclass, field

import geopandas as gpd
import pandas as pd

from .carbon import carbon_notes
from .crosschecks import carbon_crosschecks
from .crt import crt_tables
from .errors import Problem
from .flows import flows_between
from .growing import Growing
from .intake import Inputs
from .language import text
from .lucf import ghg_inventory
from .settings import Settings
from .summary import RunFacts

Pair = tuple[int, int]


@dataclass
class Accounts:
    """
    What carbon accounting adds to a run.

    ``tables`` are named as in ``data/columns.csv``; ``notes`` are what a reader must know;
    ``reasons`` say why a table is absent.
    """

    tables: dict[str, pd.DataFrame] = field(default_factory=dict)
    notes: list[Problem] = field(default_factory=list)
    reasons: dict[str, str] = field(default_factory=dict)


def account(
    settings: Settings,
    inputs: Inputs,
    stands: dict[int, gpd.GeoDataFrame],
    rows: dict[Pair, pd.DataFrame],
    parameters: pd.DataFrame,
    facts: RunFacts,
    growing: Growing,
) -> Accounts:
    """
    Do the carbon accounting of a run.

    Parameters
    ----------
    settings : Settings
    inputs : Inputs
        Checked inputs: towns, events and files.
    stands : dict
        Year to its stands with coverage, stock and carbon.
    rows : dict
        Earlier and later year to the rows of ``stand_changes.matched``.
    parameters : DataFrame
        Cited rows of the run.
    facts : RunFacts
        Place, year and language.
    growing : Growing
        Models and factors of growth, and what events took.

    Returns
    -------
    accounts : Accounts
    """
    found = Accounts()
    known = {year: one for year, one in stands.items() if "carbon_t" in one}
    if not known:
        return found
    table, notes = carbon_crosschecks(known, parameters, facts.language)
    found.tables["carbon_crosschecks"] = table
    found.notes += notes
    for one in known.values():
        found.notes += carbon_notes(one, one.attrs.get("file", ""))
    _follow(found, settings, inputs, known, rows, parameters, facts, growing)
    return found


def _follow(
    found: Accounts,
    settings: Settings,
    inputs: Inputs,
    stands: dict[int, gpd.GeoDataFrame],
    rows: dict[Pair, pd.DataFrame],
    parameters: pd.DataFrame,
    facts: RunFacts,
    growing: Growing,
) -> None:
    """Follow carbon between the inventories: stock difference, events, tables of gases."""
    lang = facts.language
    pairs = {pair: changes for pair, changes in rows.items() if set(pair) <= set(stands)}
    if not pairs:
        for name in ("carbon_flows", "ghg_inventory"):
            found.reasons[name] = text("absent.one_inventory", lang)
        return
    found.tables |= flows_between(stands, pairs, inputs.towns, facts.place)
    losses = pd.concat(growing.losses.values(), ignore_index=True) if growing.losses else None
    flows = found.tables["carbon_flows"]
    found.tables["ghg_inventory"] = ghg_inventory(flows, losses, settings.ghg.gwp)
    found.tables["crt_tables"] = crt_tables(flows, losses, settings.ghg.gwp)
