"""The rows of evidence that a run used beside its biomass parameters, all in one shape."""

from collections.abc import Iterable, Mapping

import pandas as pd

from .accounting import Accounts, Case
from .codes import group_names
from .growth_models import scattered_models
from .language import text
from .legend import code_name
from .parameters import COLUMNS, PROVINCE
from .pools import DEAD_POOLS
from .tables import as_numbers, read_data

# constants that a table rests on
CONSTANTS = {
    "soil_change": ("soil_depth_cm", "soil_transition_yr", "mine_soil_gain_max_t_ha_yr"),
    "carbon_crosschecks": ("zeng_2018_factor", "zeng_2018_exponent", "fra_2020_carbon_t_m3",
                           "regression_volume_min_m3_ha"),
    "growth_calibration": ("calibration_stands_min",),
    "growth_level_calibration": ("calibration_age_max_yr",),
    "outlook": ("canopy_closure_yr",),
    "project_verification": ("verified_share_min", "partly_share_min", "cover_width_cells_min",
                             "canopy_closure_yr"),
    "cbm_comparison": ("mean_annual_temperature_c",),
}  # fmt: skip
GROWN = ("growth_calibration", "growth_update", "carbon_balance", "outlook")
WILDFIRE = ("fuel_burnt", "emission_factor")
CLEARING = ("conversion_ratio", "nitrogen_carbon_ratio", "oxidation_factor")
COEFFICIENTS = ["p1", "p2", "p3", "p4", "p5"]
ORGANS = ["stem_a", "stem_b", "branch_a", "branch_b", "leaf_a", "leaf_b", "root_a", "root_b"]


def used_evidence(found: Accounts, case: Case) -> pd.DataFrame:
    """
    Collect the rows that carbon accounting used beside those of ``carbon.used_rows``.

    Parameters
    ----------
    found : Accounts
        Accounts of the run, with the outlook.
    case : Case
        What was accounted for.

    Returns
    -------
    rows : DataFrame
        Columns of cited parameters. ``set`` names the table a row comes from and
        ``species_group`` what its value is of: a species, a gas, a kind of land or the id of a
        model. ``value`` is a number, or a text for codes and for formulas with their
        coefficients. No two rows have the same ``species_group`` and ``parameter``.
    """
    case = case.surveyed()
    tables = found.tables | case.growing.tables
    parts = [
        *_spreads(case, tables), *_pools(case), *_soil(case, tables), *_land(case, tables),
        *_growth(case, tables), *_crosschecks(tables), *_gases(case, tables),
        *_province(case, tables), *_constants(tables),
    ]  # fmt: skip
    rows = pd.concat(parts) if parts else pd.DataFrame(columns=COLUMNS)
    return rows.drop_duplicates(["species_group", "parameter"]).reset_index(drop=True)


def listed(
    rows: pd.DataFrame,
    name: str,
    parameter: str | pd.Series,
    of: pd.Series | str = "",
    **given: pd.Series | str,
) -> pd.DataFrame:
    """Lay rows of a table out as parameters are; ``given`` are columns under another name."""
    table = rows.astype(object).reindex(columns=COLUMNS, fill_value="")
    table = table.assign(set=name, parameter=parameter, species_group=of, **given)
    if "name_zh" not in given:
        table["name_zh"] = [code_name("evidence.of", one, "zh") if one else "" for one in
                            table["species_group"]]  # fmt: skip
    numbers, _ = as_numbers(table["value"])
    table["value"] = numbers.astype(object).where(numbers.notna(), table["value"].astype(object))
    return table[list(COLUMNS)]


def _spreads(case: Case, tables: Mapping) -> Iterable[pd.DataFrame]:
    """List the spreads of the errors that were drawn; the user's own stand in the settings."""
    if "uncertainty" not in tables:
        return
    rows, said = read_data("uncertainty.csv"), case.settings.uncertainty
    unused = rows["key"].eq("parcel_stock") & rows["applies_to"].ne(said.survey_grade)
    if said.stock_bias_pct is not None:
        unused |= rows["key"].eq("stock_bias")
    if said.bias_dates_correlation is not None:
        unused |= rows["key"].eq("stock_bias_dates_correlation")
    if "outlook" not in tables:
        unused |= rows["key"].eq("growth")
    rows = rows[~unused]
    yield listed(rows, "uncertainty", "spread_" + rows["key"], rows["applies_to"])


def _pools(case: Case) -> Iterable[pd.DataFrame]:
    """List the rows of the pools of dead organic matter that are switched on."""
    said, rows = case.settings.pools, read_data("pools.csv")
    for pool in DEAD_POOLS:
        mine = rows[rows["pool"].eq(pool) & rows["method"].eq(getattr(said, pool))]
        mine = mine[mine["climate"].isin(["", said.climate])]
        if mine["leaf"].ne("").any():
            leaves = read_data("leaf_kinds.csv")
            leaves = leaves[leaves["species_group"].isin(_species(case))]
            mine = mine[mine["leaf"].isin(leaves["leaf"])]
            yield listed(leaves, "pools", "leaf", leaves["species_group"], value=leaves["leaf"],
                          name_zh=species_names(leaves["species_group"]))  # fmt: skip
        if len(mine):
            yield listed(mine, "pools", pool, mine["leaf"])


def _soil(case: Case, tables: Mapping) -> Iterable[pd.DataFrame]:
    """List reference stock and factors of the soil where land use changed."""
    if len(tables.get("soil_change", ())):
        said, rows = case.settings.pools, read_data("soil_carbon.csv")
        rows = rows[rows["edition"].eq(said.soil) & rows["climate"].eq(said.climate)]
        # of cultivated land only the use that the user named
        kept = ("forest", "grassland", said.soil_type, said.cropland_use)
        rows = rows[~rows["quantity"].isin(["soc_ref", "f_lu"]) | rows["kind"].isin(kept)]
        yield listed(rows, "soil", rows["quantity"], rows["kind"])


def _land(case: Case, tables: Mapping) -> Iterable[pd.DataFrame]:
    """List the land-use categories of the kinds of land that there are."""
    if "carbon_flows" in tables:
        rows = read_data("land_categories.csv")
        there = {kind for one in case.stands.values() for kind in one["forest_type"].unique()}
        rows = rows[rows["forest_type"].isin(there)]
        names = [code_name("layer.type", one, "zh") for one in rows["forest_type"]]
        yield listed(rows, "land", "land_category", rows["forest_type"],
                      value=rows["category"], name_zh=names)  # fmt: skip


def _growth(case: Case, tables: Mapping) -> Iterable[pd.DataFrame]:
    """List which models the species grew by, and these models with their coefficients."""
    if not set(GROWN) & set(tables):
        return
    planted = {one.species_group for scenario in case.settings.outlook.scenarios
               for one in scenario.planting}  # fmt: skip
    models = case.growing.models
    models = models[models.index.isin(_species(case) | planted)]
    groups = read_data("growth_groups.csv").set_index("species_group", drop=False)
    groups = groups.loc[[one for one in models.index if one not in case.settings.growth.models]]
    models = models.drop(columns="confidence")
    yield listed(groups, "growth", "growth_models", groups["species_group"],
                  value=together(models.loc[groups.index], " "),
                  name_zh=species_names(groups["species_group"]))  # fmt: skip
    ids = {key for key in models.to_numpy().ravel() if key}
    for stands in case.stands.values():
        beside = stands["scattered_stock_m3"].gt(0) | stands["four_side_stock_m3"].gt(0)
        ids |= set(scattered_models(stands[beside]))
    rows = read_data("growth_models.csv")
    rows = rows[rows["model_id"].isin(ids)]
    formula = formulas(rows["model_id"], rows["form"], rows[COEFFICIENTS])
    yield listed(rows, "growth", "growth_" + rows["variable"], rows["model_id"],
                  value=formula, name_zh=rows["name_zh"])  # fmt: skip


def _crosschecks(tables: Mapping) -> Iterable[pd.DataFrame]:
    """List which equations the cross-checks took for a species, and these equations."""
    checked = tables.get("carbon_crosschecks", pd.DataFrame(columns=["equation", "stands"]))
    checked = checked[checked["equation"].ne("") & checked["stands"].gt(0)]
    if checked.empty:
        return
    rows = read_data("biomass_equation_groups.csv")
    used = set(zip(checked["method"], checked["species_group"], strict=True))
    rows = rows[[pair in used for pair in zip(rows["method"], rows["species_group"], strict=True)]]
    yield listed(rows, "crosscheck", "equation_" + rows["method"], rows["species_group"],
                  value=rows["equation"], name_zh=species_names(rows["species_group"]))  # fmt: skip
    equations = set(rows["equation"])
    rows = read_data("biomass_regressions.csv")
    rows = rows.assign(key=rows["set"] + "/" + rows["group"])
    rows = rows[rows["key"].isin(equations)]
    yield listed(rows, "crosscheck", "regression", rows["key"], name_zh=rows["name_zh"],
                  value=formulas(rows["key"], "", rows[["a_t_m3", "b_t_ha"]]))  # fmt: skip
    rows = read_data("tree_biomass_equations.csv")
    rows = rows[rows["equation"].isin(equations)]
    yield listed(rows, "crosscheck", "tree_equation", rows["equation"], name_zh=rows["name_zh"],
                  value=formulas(rows["equation"], rows["form"], rows[ORGANS]))  # fmt: skip


def _gases(case: Case, tables: Mapping) -> Iterable[pd.DataFrame]:
    """List warming potentials, and the factors of fires and of burnt biomass where they count."""
    if "ghg_inventory" not in tables:
        return
    said = case.settings.ghg
    rows = read_data("gwp.csv")
    rows = rows[rows["set"].eq(said.gwp)]
    yield listed(rows, "gwp", "gwp", rows["gas"], note=said.gwp.upper() + ": " + rows["note"])
    counted: tuple[str, ...] = ()
    if any(one["event_type"].eq("fire").any() for one in case.growing.losses.values()):
        counted += WILDFIRE
    if None not in (said.burnt_on_site_pct, said.burnt_off_site_pct):
        counted += CLEARING
    rows = read_data("fire_factors.csv")
    rows = rows[rows["factor"].isin(counted)]
    yield listed(rows, "fire", "fire_" + rows["factor"], rows["gas"])


def _province(case: Case, tables: Mapping) -> Iterable[pd.DataFrame]:
    """List the rates of the province, which are rows of the user's own."""
    if "provincial_balance" in tables:
        rows = case.parameters[case.parameters["species_group"].eq(PROVINCE)]
        yield rows.astype(object).assign(name_zh=text("evidence.of.province", "zh"))
        if "carbon_fraction" not in set(rows["parameter"]):
            yield from constant_rows(["provincial_carbon_fraction"])


def _constants(tables: Mapping) -> Iterable[pd.DataFrame]:
    """List the constants that the tables of the run rest on."""
    yield from constant_rows(
        key for name, keys in CONSTANTS.items() if len(tables.get(name, ())) for key in keys
    )


def constant_rows(keys: Iterable[str]) -> Iterable[pd.DataFrame]:
    """List constants by their keys."""
    rows = read_data("constants.csv")
    rows = rows[rows["key"].isin(list(keys))]
    if len(rows):
        yield listed(rows, "constants", rows["key"])


def _species(case: Case) -> set[str]:
    """Return the species groups of stands with stock, and those of trees beside the forest."""
    found: set[str] = set()
    for stands in case.stands.values():
        found |= set(stands.loc[stands["living_stock_m3"].gt(0), "species_group"].dropna())
    return found


def species_names(groups: pd.Series) -> list[str]:
    """Return the Chinese names of species groups."""
    known = group_names()
    return [known.get(one, text("part.total", "zh")) for one in groups]


def formulas(ids: pd.Series, form: pd.Series | str, coefficients: pd.DataFrame) -> pd.Series:
    """Write equations as their number, form and coefficients, as the table has them."""
    return ids + ": " + form + "(" + together(coefficients, ", ") + ")"


def together(cells: pd.DataFrame, between: str) -> pd.Series:
    """Write the cells of each row that hold something as one text."""
    texts = [between.join(filter(None, line)) for line in cells.to_numpy()]
    return pd.Series(texts, cells.index, dtype=object)
