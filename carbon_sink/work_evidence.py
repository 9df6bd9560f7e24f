"""The rows of evidence that the sinks of works used, in the shape of all others."""

from collections.abc import Iterable, Mapping

import pandas as pd

from .accounting import Case
from .carbon import BY_AREA
from .evidence import COEFFICIENTS, constant_rows, formulas, listed, species_names, together
from .legend import code_name
from .parameters import AREA_PARAMETERS, COLUMNS, TREE_PARAMETERS
from .planting_curves import area_group
from .tables import read_data

# constants that a table rests on
CONSTANTS = {
    "project_ledger": ("canopy_closure_yr", "non_permanence_pct"),
    "four_side_trees": ("tree_dbh_min_cm", "four_side_trees_per_ha"),
    "project_monitoring": ("whole_share_min", "part_share_min"),
    "ccer_labels": ("crediting_period_min_yr", "crediting_period_max_yr"),
    "town_allocation": ("low_quality_shortfall_min",),
}
MODELS = ["curve_volume", "curve_dbh", "curve_height", "rate_volume"]


def used_by_works(case: Case, tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """
    Collect the rows that ledgers, labels and shares of works used.

    Parameters
    ----------
    case : Case
        What was accounted for.
    tables : mapping
        Tables of the run.

    Returns
    -------
    rows : DataFrame
        As ``evidence.used_evidence`` returns them; rows that other accounts use too are among
        them.
    """
    if "project_results" not in tables:
        return pd.DataFrame(columns=COLUMNS)
    groups = _planted(tables)
    parts = [
        *_biomass(case, groups), *_growth(case, groups), *_trees(tables), *_priority(tables),
        *_rules(tables), *_room(tables), *_soil(case, tables), *_constants(case, tables),
    ]  # fmt: skip
    return pd.concat(parts, ignore_index=True)


def _planted(tables: Mapping) -> list[str]:
    """Return the species groups whose sink was counted."""
    found: set[str] = set()
    for name in ("project_results", "four_side_trees"):
        found |= set(tables.get(name, pd.DataFrame(columns=["species_group"]))["species_group"])
    return sorted(one for one in found if isinstance(one, str) and one)


def _biomass(case: Case, groups: list[str]) -> Iterable[pd.DataFrame]:
    """List the parameters of biomass of the species that were planted."""
    rows = case.parameters
    kinds = {area_group(one) for one in groups} & set(BY_AREA)
    wanted = rows["species_group"].isin(groups) & rows["parameter"].isin(TREE_PARAMETERS)
    wanted |= rows["species_group"].isin(kinds) & rows["parameter"].isin(AREA_PARAMETERS)
    yield rows[wanted].astype(object)


def _growth(case: Case, groups: list[str]) -> Iterable[pd.DataFrame]:
    """List which models the planted species grow by, with form and coefficients."""
    models = case.growing.models
    models = models[models.index.isin(groups) & models[MODELS].ne("").any(axis=1)]
    own = case.settings.growth.models
    rows = read_data("growth_groups.csv").set_index("species_group", drop=False)
    rows = rows.loc[[one for one in models.index if one not in own]]
    used = models.drop(columns="confidence")
    yield listed(rows, "growth", "growth_models", rows["species_group"],
                 value=together(used.loc[rows.index], " "),
                 name_zh=species_names(rows["species_group"]))  # fmt: skip
    ids = {one for one in models[MODELS].to_numpy().ravel() if one}
    rows = read_data("growth_models.csv")
    rows = rows[rows["model_id"].isin(ids)]
    yield listed(rows, "growth", "growth_" + rows["variable"], rows["model_id"],
                 value=formulas(rows["model_id"], rows["form"], rows[COEFFICIENTS]),
                 name_zh=rows["name_zh"])  # fmt: skip


def _trees(tables: Mapping) -> Iterable[pd.DataFrame]:
    """List which equation gives the volume of four-side trees of a species, and these equations."""
    trees = tables.get("four_side_trees", pd.DataFrame(columns=["species_group"]))
    rows = read_data("tree_volume_groups.csv")
    rows = rows[rows["species_group"].isin(trees["species_group"])]
    names = species_names(rows["species_group"])
    yield listed(rows, "tree_volume", "equation_tree_volume", rows["species_group"],
                 value=rows["equation_id"], name_zh=names)  # fmt: skip
    equations = read_data("volume_equations.csv")
    equations = equations[equations["equation_id"].isin(rows["equation_id"])]
    formula = formulas(equations["equation_id"], equations["form"], equations[COEFFICIENTS])
    yield listed(equations, "tree_volume", "tree_volume", equations["equation_id"],
                 value=formula, name_zh=equations["name_zh"])  # fmt: skip


def _priority(tables: Mapping) -> Iterable[pd.DataFrame]:
    """List the order in which types own shared ground."""
    rows = read_data("project_types.csv")
    rows = rows[rows["project_type"].isin(tables["project_results"]["project_type"])]
    names = [code_name("project", one, "zh") for one in rows["project_type"]]
    yield listed(rows, "works", "owner_priority", rows["project_type"], value=rows["priority"],
                 name_zh=names)  # fmt: skip


def _rules(tables: Mapping) -> Iterable[pd.DataFrame]:
    """List the numbers among the rules of the methodology that labels follow."""
    if "ccer_labels" in tables:
        rows = read_data("ccer_rules.csv")
        rows = rows[rows["value"].ne("")]
        yield listed(rows, "ccer", "ccer_" + rows["key"])


def _room(tables: Mapping) -> Iterable[pd.DataFrame]:
    """List which land counts as room for forest."""
    if "candidate_land" in tables:
        rows = read_data("candidate_land.csv")
        there = rows["kind"].isin(tables["candidate_land"]["kind"]) & rows["counts"].eq("yes")
        rows = rows[there].drop_duplicates("kind")
        yield listed(rows, "works", "candidate_land", "room_" + rows["kind"], value=rows["code"],
                     name_zh=[code_name("room", one, "zh") for one in rows["kind"]])  # fmt: skip


def _soil(case: Case, tables: Mapping) -> Iterable[pd.DataFrame]:
    """List the reference stock of mine land that states none."""
    said, rows = case.settings.pools, read_data("soil_carbon.csv")
    if tables["project_results"]["project_type"].eq("mine_restoration").any():
        mine = rows["edition"].eq(said.soil) & rows["climate"].eq(said.climate)
        mine &= rows["quantity"].eq("soc_ref") & rows["kind"].eq(said.soil_type)
        yield listed(rows[mine], "soil", rows.loc[mine, "quantity"], rows.loc[mine, "kind"])


def _constants(case: Case, tables: Mapping) -> Iterable[pd.DataFrame]:
    """List the constants that the tables of works rest on."""
    keys = {key for name, some in CONSTANTS.items() if len(tables.get(name, ())) for key in some}
    if case.settings.sinks.non_permanence_pct is not None:
        keys.discard("non_permanence_pct")
    results = tables["project_results"]
    if results["project_type"].eq("mine_restoration").any():
        keys |= {"soil_transition_yr", "mine_soil_gain_max_t_ha_yr", "soil_depth_cm"}
    if results["project_type"].isin(["quality_improvement", "reserve_forest"]).any():
        keys.add("improvement_gain_years")
    yield from constant_rows(keys)
