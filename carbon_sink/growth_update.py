"""What bringing stands to a later year did: by which model, to which, and what was left."""

from collections.abc import Collection

import pandas as pd

from .errors import Problem, first_rows
from .growth_models import scattered_models
from .inventory import TIMBER, add_forest_volume
from .language import text

NO_MODEL, NO_AGE, NO_MEASURES, NO_STOCK = "no_model", "no_age", "no_measures", "no_stock"
# why a stand does not grow, and the message that tells it
CODES = {
    NO_MODEL: "growth_without_model", NO_AGE: "growth_without_age",
    NO_MEASURES: "growth_without_measures", NO_STOCK: "growth_without_stock",
}  # fmt: skip
SPARSE = "sparse"
# plantations that are not closed yet; their trees have no stock
YOUNG = ("young", "young_planted", "young_enclosed")


def model_names(
    state: pd.DataFrame, factor: pd.Series, pooled: Collection[str], lang: str
) -> pd.Series:
    """Name the model each stand grew by, with its factor and on what it was calibrated."""
    used = state["model_volume"].where(state["reason"].eq(""), "")
    whose = state["species_group"].isin(pooled).map({True: "_by_model", False: ""})
    pairs = pd.DataFrame({"model": used, "factor": factor, "whose": whose})
    kinds = pairs.drop_duplicates()
    names = [
        text(f"growth.calibrated{one.whose}", lang, model=one.model, factor=f"{one.factor:.3f}")
        if one.model and one.factor != 1.0
        else one.model
        for one in kinds.itertuples()
    ]
    return pairs.merge(kinds.assign(name=names), how="left")["name"].set_axis(state.index)


def stocked_land(stands: pd.DataFrame) -> pd.Series:
    """Tell which stands have trees of their own: timber forest, sparse woodland, plantations."""
    return stands["forest_type"].isin((*TIMBER, SPARSE, *YOUNG))


def reasons(stands: pd.DataFrame, state: pd.DataFrame, lang: str) -> pd.Series:
    """Say why a stand with trees did not grow, or in how many years its range was left."""
    texts = {code: text(f"growth.{code}", lang) for code in CODES}
    note = state["reason"].map(texts).fillna("")
    note = note.where(stocked_land(stands) | state["volume_m3"].gt(0.0), "")
    limited = state["limited_yr"].where(state["reason"].eq(""), 0)
    for years in limited[limited.gt(0)].unique():
        note = note.mask(limited.eq(years), text("growth.limited", lang, years=years))
    return note


def left_out(stands: pd.DataFrame, state: pd.DataFrame, place: dict) -> list[Problem]:
    """List what did not grow and what left its fit range, each with rows and hectares."""
    concerned = stocked_land(stands) | state["volume_m3"].gt(0.0)
    cases = {code: concerned & state["reason"].eq(name) for name, code in CODES.items()}
    cases["growth_outside_range"] = state["reason"].eq("") & state["limited_yr"].gt(0)
    groups = state["species_group"].fillna("—").astype(str)
    found = []
    for code, rows in cases.items():
        if rows.any():
            value = ", ".join(sorted(groups[rows].unique()))
            area = f"{stands.loc[rows, 'area_ha'].sum():.2f} ha" if "area_ha" in stands else "—"
            found.append(
                Problem(code, rows=first_rows(stands.index[rows]), count=int(rows.sum()),
                        value=value, rule=area, cells=groups[rows], **place)
            )  # fmt: skip
    return found


def growth_update(before: pd.DataFrame, after: pd.DataFrame) -> pd.DataFrame:
    """
    Sum what updating did, by species group and model.

    Parameters
    ----------
    before : DataFrame
        The stands that were given to ``update_stands``.
    after : DataFrame
        What it returned.

    Returns
    -------
    table : DataFrame
        Columns of ``growth_update`` in ``data/columns.csv``: one row for each species group,
        model and reason, of forest and sparse woodland; then one for each model of scattered
        and four-side trees.
    """
    old = add_forest_volume(before)["forest_volume_m3"].fillna(0.0)
    rows = after.assign(
        volume_before_m3=old, stands=1, limited_stands=after["growth_limited_yr"].gt(0).astype(int),
        reason=after["growth_note"].where(after["growth_model"].eq(""), ""),
        growth_model=after["growth_model"].where(old.gt(0.0), ""),
        volume_after_m3=after["forest_volume_m3"].fillna(0.0), part="forest",
    )  # fmt: skip
    parts = [rows[stocked_land(rows) | (rows["growth_model"] != "") | (rows["reason"] != "")]]
    if "scattered_volume_m3" in before:
        trees = before["scattered_volume_m3"].fillna(0.0)
        parts.append(rows.assign(
            part="scattered", volume_before_m3=trees, reason="", limited_stands=0,
            species_group=before.get("scattered_species_group"), growth_loss_m3=0.0,
            volume_after_m3=after["scattered_volume_m3"], growth_model=scattered_models(before),
        )[trees.gt(0.0)])  # fmt: skip
    keys = ["part", "species_group", "growth_model", "reason"]
    sums = ["stands", "area_ha", "volume_before_m3", "volume_after_m3", "growth_loss_m3",
            "limited_stands"]  # fmt: skip
    table = pd.concat([part[[*keys, *sums]] for part in parts])
    table[keys] = table[keys].astype(object).fillna("")
    return table.groupby(keys)[sums].sum().reset_index()
