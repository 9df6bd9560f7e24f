"""The inventory of 2025: five years of growth, planting, harvest, fire, pests and building."""

# ruff: noqa: PLR2004 the chances and bounds of a made-up district stand where they act

import numpy as np
import pandas as pd
import shapely

from .first_survey import (
    COUNTED,
    TREES_PER_HA,
    belt_area,
    draw_belts,
    is_timber,
    spread_trees,
)  # fmt: skip
from .land import FIELD, MINE, WOOD
from .stands import (
    CITRUS,
    OIL_TEA,
    PLANTED_CODE,
    age_group,
    crowd,
    size_by_age,
    species_table,
    take,
    to_tenths,
    volume_by_age,
)  # fmt: skip

YEARS = 5
STOCK_2025_M3, COVERAGE_2025 = 893_600.0, 0.3812
# hectares of works done by 2025; forest quantity is shelterbelts, four-side and mine land together
QUANTITY_DONE_HA, BELTS_DONE_HA, MINES_DONE_HA = 1_586.7, 520.0, 330.0
HARVEST_HA, EUCALYPTUS_HA, FIRE_HA, PEST_SHARE = 190.0, 260.0, 26.0, 0.09
REDRAWN_SHARE = 0.16
# causes of change in the code list of the survey
PLANTED, REGENERATED, FELLED, FELLED_POOR, RETURNED, TAKEN = "11", "12", "21", "22", "31", "41"
BURNED, PEST, ENCLOSED, RESURVEYED, GROWN = "71", "73", "81", "93", "82"
STOCK_COLUMNS = ["dbh_cm", "height_m", "basal_area_m2_ha", "trees_per_ha"]
STAND_COLUMNS = ["dominant_species", "origin", "age_group", "stand_age_yr", "canopy_closure",
                 "forest_category", *STOCK_COLUMNS]  # fmt: skip


def redraw(pieces: pd.DataFrame, draw: np.random.Generator) -> pd.Series:
    """
    Decide which parcel of 2025 each piece belongs to.

    Parameters
    ----------
    pieces : DataFrame
        Indexed by label, with ``parent``, ``kind``, ``town`` and ``geometry``.
    draw : Generator
        Chooses the pieces of wood that join a neighbor.

    Returns
    -------
    parcel : Series
        The piece's own label, or the label of the neighbor it joins.
    """
    parcel = pd.Series(pieces.index, index=pieces.index)
    new = pieces[(pieces["parent"] != pieces.index) & (pieces["kind"] == WOOD)]
    chosen = new.index[draw.random(len(new)) < REDRAWN_SHARE]
    kept = pieces[pieces["parent"] == pieces.index]
    tree = shapely.STRtree(kept["geometry"].to_numpy())
    for label in chosen:
        piece = pieces.loc[label]
        near = kept.iloc[np.sort(tree.query(piece["geometry"], predicate="intersects"))]
        near = near[(near["kind"] == WOOD) & (near["town"] == piece["town"])]
        near = near[near.index != piece["parent"]]
        if len(near):
            shared = shapely.length(shapely.intersection(near["geometry"], piece["geometry"]))
            if shared.max() > 0:
                parcel[label] = near.index[shared.argmax()]
    return parcel


def _carried_over(first: pd.DataFrame, parcels: pd.DataFrame, sites: pd.DataFrame) -> pd.DataFrame:
    """Rows of 2020 for the parcels of 2025, amounts by area; new parcels get new numbers."""
    stands = first.loc[parcels["parent"]].set_axis(parcels.index)
    before = stands["area_ha"]
    stands = stands.assign(area_ha=parcels["area_ha"], change_kind="", loss_m3=0.0)
    ratio = stands["area_ha"] / before
    is_new = parcels["parent"] != parcels.index
    stands["forest_volume_m3"] *= ratio
    trees = (stands["scattered_trees"] * ratio.clip(upper=1.0)).round()
    stands["scattered_trees"] = trees.mask(is_new)
    lone = ["scattered_type", "scattered_species", "scattered_dbh_cm", "scattered_height_m",
            "scattered_volume_m3", "belt_width_m", "belt_length_m"]  # fmt: skip
    for name in lone:
        stands[name] = stands[name].mask(is_new)
    place = ["village_code", "compartment"]
    last = (
        stands["subcompartment"]
        .astype(int)
        .groupby([stands[name] for name in place])
        .transform("max")
    )
    running = stands[is_new].groupby(place).cumcount() + 1
    number = (last[is_new] + running).astype(str)
    stands.loc[is_new, "subcompartment"] = number
    return stands.assign(kind=sites["kind"].reindex(parcels["parent"]).to_numpy(), is_new=is_new)


class _Changes:
    """Marks changes on the stands of 2025, one parcel at most once."""

    def __init__(self, stands: pd.DataFrame, draw: np.random.Generator) -> None:
        self.stands = stands
        self.draw = draw
        self.free = pd.Series(data=True, index=stands.index)

    def mark(self, parcels: pd.Index, kind: str, cause: str, years: tuple[int, int]) -> None:
        """Record kind, cause and year of a change and close the parcels to further ones."""
        self.free[parcels] = False
        self.stands.loc[parcels, "change_kind"] = kind
        self.stands.loc[parcels, "change_cause"] = cause
        year = self.draw.integers(years[0], years[1] + 1, len(parcels))
        self.stands.loc[parcels, "change_year"] = year.astype(float)

    def clear(self, parcels: pd.Index, land_class: str) -> None:
        """Take the stand off the parcels."""
        stands = self.stands
        stands.loc[parcels, "loss_m3"] = stands.loc[parcels, "forest_volume_m3"]
        stands.loc[parcels, "land_class"] = land_class
        stands.loc[parcels, "forest_volume_m3"] = 0.0
        stands.loc[parcels, STAND_COLUMNS] = np.nan
        if not land_class.startswith("02"):
            stands.loc[parcels, "forest_category"] = "233"

    def plant(self, parcels: pd.Index, land_class: str, species: np.ndarray) -> None:
        """Plant the parcels in the year of their change."""
        stands = self.stands
        self.clear(parcels, land_class)
        age = 2026.0 - stands.loc[parcels, "change_year"]
        stands.loc[parcels, "stand_age_yr"] = age
        stands.loc[parcels, "dominant_species"] = species
        stands.loc[parcels, "origin"] = PLANTED_CODE
        four_side = ["scattered_type", "scattered_trees", "scattered_species",
                     "scattered_volume_m3", "scattered_dbh_cm", "scattered_height_m"]  # fmt: skip
        stands.loc[parcels, four_side] = np.nan

    def close(self, parcels: pd.Index) -> None:
        """Let young trees become arbor forest: their crowns have met."""
        count = len(parcels)
        self.stands.loc[parcels, "land_class"] = "0111"
        self.stands.loc[parcels, "canopy_closure"] = self.draw.uniform(0.22, 0.45, count).round(2)

    def choose(self, score: pd.Series, wanted_ha: float) -> pd.Index:
        """Choose free parcels of the highest score up to an area; NaN scores are not eligible."""
        score = score[self.free & score.notna()]
        return take(score, self.stands["area_ha"], wanted_ha)

    def trees(self, count: int) -> np.ndarray:
        """Species of new plantations."""
        return self.draw.choice(["440", "450", "350", "550", "310"], count,
                                p=[0.28, 0.17, 0.25, 0.18, 0.12])  # fmt: skip


def _change_new_parcels(changes: _Changes) -> None:
    """Decide what happened on the parcels that were split off: the reason they were."""
    stands, draw = changes.stands, changes.draw
    luck = pd.Series(draw.random(len(stands)), index=stands.index)
    new = stands["is_new"]
    field = new & (stands["kind"] == FIELD)
    planted = stands.index[field & (luck < 0.55)]
    changes.mark(planted, "afforested", RETURNED, (2021, 2025))
    changes.plant(planted, "0141", changes.trees(len(planted)))
    stands.loc[planted, "forest_category"] = "233"
    shrubs = stands.index[field & (luck >= 0.55) & (luck < 0.75)]
    changes.mark(shrubs, "orchard", PLANTED, (2021, 2023))
    changes.plant(shrubs, "0131", np.where(luck[shrubs] < 0.66, OIL_TEA, CITRUS))
    stands.loc[shrubs, "forest_category"] = np.where(luck[shrubs] < 0.66, "252", "251")
    stands.loc[shrubs, "canopy_closure"] = draw.uniform(0.31, 0.5, len(shrubs)).round(2)
    built = stands.index[field & (luck >= 0.75)]
    changes.mark(built, "built", TAKEN, (2021, 2025))
    changes.clear(built, "0250")
    wood = new & (stands["kind"] == WOOD)
    stocked = stands["land_class"].isin(["0111", "0113"])
    burned = changes.choose((-stands["area_ha"]).where(wood & is_timber(stands)), FIRE_HA)
    changes.mark(burned, "fire", BURNED, (2021, 2024))
    changes.clear(burned, "0162")
    taken = stands.index[wood & changes.free & (luck < 0.22)]
    changes.mark(taken, "built", TAKEN, (2021, 2025))
    changes.clear(taken, "0250")
    felled = stands.index[wood & changes.free & stocked & (luck < 0.7)]
    changes.mark(felled, "harvest", FELLED, (2023, 2025))
    changes.clear(felled, "0161")
    rest = stands.index[wood & changes.free]
    changes.mark(rest, "replanted", REGENERATED, (2021, 2024))
    changes.plant(rest, "0141", changes.trees(len(rest)))
    stands.loc[rest, "forest_category"] = "233"


def _change_old_parcels(changes: _Changes) -> None:
    """Restore mines, plant bare forest land, fell ripe stands; pests take part of the pines."""
    stands, draw = changes.stands, changes.draw
    luck = pd.Series(draw.random(len(stands)), index=stands.index)
    mines = changes.choose(luck.where(stands["kind"] == MINE), MINES_DONE_HA)
    changes.mark(mines, "mine", PLANTED, (2021, 2023))
    changes.plant(mines, "0141", draw.choice(["590", "440", "550"], len(mines)))
    stands.loc[mines, "forest_category"] = "117"
    early = mines[stands.loc[mines, "change_year"] < 2022.5]
    changes.close(early)
    bare = stands["land_class"].isin(["0171", "0161", "0162", "0163"]) & changes.free
    planted = stands.index[bare & (luck < 0.55)]
    changes.mark(planted, "afforested", PLANTED, (2021, 2024))
    changes.plant(planted, "0141", changes.trees(len(planted)))
    stands.loc[planted, "forest_category"] = "233"
    timber = is_timber(stands)
    gum = timber & stands["dominant_species"].eq("550") & (stands["stand_age_yr"] >= 5.0)
    felled = changes.choose(luck.where(gum), EUCALYPTUS_HA)
    changes.mark(felled, "harvest", FELLED, (2024, 2025))
    changes.clear(felled, "0161")
    ripe = timber & stands["age_group"].isin(["4", "5"]) & ~gum
    felled = changes.choose(luck.where(ripe), HARVEST_HA)
    changes.mark(felled, "harvest", FELLED_POOR, (2023, 2025))
    changes.clear(felled, "0161")
    pine = is_timber(stands) & stands["dominant_species"].eq("220") & changes.free
    ill = stands.index[pine & (luck < PEST_SHARE)]
    changes.mark(ill, "pest", PEST, (2021, 2025))
    share = draw.uniform(0.06, 0.38, len(ill))
    stands.loc[ill, "loss_m3"] = stands.loc[ill, "forest_volume_m3"] * share
    stands.loc[ill, "forest_volume_m3"] *= 1.0 - share
    closure = stands.loc[ill, "canopy_closure"] * (1.0 - 0.6 * share)
    stands.loc[ill, "canopy_closure"] = closure.clip(lower=0.2).round(2)
    denser = changes.choose(luck.where(stands["land_class"] == "0120"), 60.0)
    changes.mark(denser, "enclosed", ENCLOSED, (2022, 2025))
    changes.close(denser)


def _add_belts(changes: _Changes, sites: pd.DataFrame) -> None:
    """Add new shelterbelts on fields that had none."""
    stands = changes.stands
    split = stands.index.isin(stands.loc[stands["is_new"], "parent"])
    open_field = stands["land_class"].eq("0210") & stands["belt_width_m"].isna()
    perimeter = sites["perimeter_m"].reindex(stands["parent"]).set_axis(stands.index)
    belts = draw_belts(
        open_field & ~split & changes.free,
        perimeter,
        stands["area_ha"],
        BELTS_DONE_HA,
        (12.0, 20.0),
        changes.draw,
    )
    changes.mark(belts.index, "belt", "", (2021, 2025))
    stands.loc[belts.index, belts.columns] = belts
    stands.loc[belts.index, "change_cause"] = None
    stands["belt_year"] = stands["change_year"].where(stands["change_kind"] == "belt")
    stands.loc[belts.index, "change_year"] = np.nan


def quantity_done(stands: pd.DataFrame) -> dict[str, float]:
    """Area (ha) of the works on forest quantity: new belts, restored mines, four-side trees."""
    belts = belt_area(stands[stands["change_kind"] == "belt"]).round(2).sum()
    mines = stands.loc[stands["change_kind"] == "mine", "area_ha"].round(2).sum()
    return {"belt": belts, "mine": mines, "four_side": QUANTITY_DONE_HA - belts - mines}


def _grow_four_side(stands: pd.DataFrame, new_trees: int, total: int) -> pd.DataFrame:
    """Add new four-side trees to the old ones, which are recounted, and let all of them grow."""
    around = stands["scattered_type"].eq("2")
    old = stands.loc[around, "scattered_trees"]
    added = spread_trees(stands.loc[around, "area_ha"], new_trees)
    recount = spread_trees(old + 1.0, total - new_trees)
    trees = (recount + added).astype(float)
    dbh = stands.loc[around, "scattered_dbh_cm"] + 1.6
    dbh = ((recount * dbh + added * 5.6) / trees).round(1)
    height = (stands.loc[around, "scattered_height_m"] * dbh.clip(lower=5.0)
              / stands.loc[around, "scattered_dbh_cm"]).clip(lower=3.0).round(1)  # fmt: skip
    stem = np.pi / 4.0 * (dbh / 100.0) ** 2 * height * 0.45
    volume = (trees * stem).where(stands.loc[around, "scattered_species"] != "680", 0.0)
    return stands.assign(
        scattered_trees=stands["scattered_trees"].where(~around, trees.reindex(stands.index)),
        scattered_dbh_cm=stands["scattered_dbh_cm"].where(~around, dbh.reindex(stands.index)),
        scattered_height_m=stands["scattered_height_m"].where(
            ~around, height.reindex(stands.index)
        ),
        scattered_volume_m3=stands["scattered_volume_m3"].where(
            ~around, volume.round(1).reindex(stands.index)
        ),
    )


def _close_stands(changes: _Changes, land_ha: float, goal: float) -> pd.DataFrame:
    """Let young plantations of 2020 close until coverage is near the goal; recount four-side."""
    stands = changes.stands
    young = stands["land_class"].eq("0141") & (stands["change_kind"] == "")
    stands.loc[young, "stand_age_yr"] += YEARS
    works = round(quantity_done(stands)["four_side"] * TREES_PER_HA)
    old = stands.loc[stands["scattered_type"].eq("2"), "scattered_trees"].sum()
    counted = stands.loc[stands["land_class"].isin(COUNTED), "area_ha"].sum()
    lacking = goal * land_ha - counted - belt_area(stands).sum() - (old + works) / TREES_PER_HA
    closed = changes.choose(stands["stand_age_yr"].where(young), max(lacking, 0.0))
    changes.mark(closed, "closed", GROWN, (2022, 2025))
    changes.close(closed)
    counted = stands.loc[stands["land_class"].isin(COUNTED), "area_ha"].sum()
    trees = round((goal * land_ha - counted - belt_area(stands).sum()) * TREES_PER_HA)
    return _grow_four_side(stands, works, trees)


def _grow_stands(stands: pd.DataFrame, goal_m3: float, draw: np.random.Generator) -> pd.DataFrame:
    """Let age, size and stock of the stands grow for five years, to a stock near the goal."""
    own = is_timber(stands) | stands["land_class"].eq("0120")
    fresh = own & stands["change_kind"].isin(["closed", "mine", "afforested", "replanted"])
    old = own & ~fresh
    stands = stands.copy()
    orchard = stands["forest_category"].str.startswith("25", na=False)
    ageing = old | (orchard & (stands["change_kind"] == ""))
    stands.loc[ageing, "stand_age_yr"] += YEARS
    trees = stands[own]
    species, age = trees["dominant_species"], trees["stand_age_yr"]
    table = species_table()
    rate = species.map(table["growth_pct"]) * (species.map(table["age_median_yr"]) / age) ** 0.6
    rate *= np.exp(draw.normal(0.0, 0.15, len(trees)))
    young_stock = volume_by_age(species, age, trees["canopy_closure"]).clip(lower=3.0)
    timber = is_timber(trees)
    old = old[trees.index]
    low, high = 0.0, 4.0
    for _ in range(40):
        pace = (low + high) / 2.0
        stock = (trees["forest_volume_m3"] * (1.0 + pace * rate / 100.0) ** YEARS).where(
            old, young_stock * trees["area_ha"]
        )
        low, high = (pace, high) if stock[timber].sum() < goal_m3 else (low, pace)
    stock = stock.round(1)
    stock[timber] = to_tenths(stock[timber], round(float(stock[timber].sum()), 1))
    before = size_by_age(species, (age - YEARS).clip(lower=1.0), pd.Series(1.0, trees.index))
    after = size_by_age(species, age, pd.Series(1.0, trees.index))
    size = trees[["dbh_cm", "height_m"]] * (after / before)
    size = size.where(old & trees["dbh_cm"].notna(), after).round(1)
    crowded = crowd(stock / trees["area_ha"], size)
    stands["forest_volume_m3"] = stock.reindex(stands.index).fillna(0.0)
    for name, values in {**crowded, "height_m": size["height_m"]}.items():
        stands.loc[trees.index, name] = values
    groups = age_group(species, age, trees["origin"] != PLANTED_CODE)
    return stands.assign(age_group=groups.reindex(stands.index))


def second_survey(
    first: pd.DataFrame, sites: pd.DataFrame, parcels: pd.DataFrame, land_ha: float, seed: int
) -> pd.DataFrame:
    """
    Survey the parcels as in 2025.

    Parameters
    ----------
    first : DataFrame
        The survey of 2020.
    sites : DataFrame
        Sites of the parcels of 2020, with ``kind`` and ``perimeter_m`` (m).
    parcels : DataFrame
        Parcels of 2025: ``parent`` (parcel of 2020) and ``area_ha`` (ha).
    land_ha : float
        Land area of the district, hectares.
    seed : int
        Repeats the survey.

    Returns
    -------
    stands : DataFrame
        One row per parcel, in our column names, with ``change_kind`` and ``loss_m3`` (m3 taken
        by harvest, fire or pests). Stock is near 893,600 m3 and coverage near 38.12 %.
    """
    draw = np.random.default_rng(seed)
    stands = _carried_over(first, parcels, sites).assign(parent=parcels["parent"])
    changes = _Changes(stands, draw)
    _change_new_parcels(changes)
    _change_old_parcels(changes)
    _add_belts(changes, sites)
    resurveyed = parcels.index[parcels["is_redrawn"] & (stands["change_kind"] == "")]
    stands.loc[resurveyed, "change_cause"] = RESURVEYED
    stands.loc[resurveyed, "change_year"] = 2025.0
    stands = _close_stands(changes, land_ha, COVERAGE_2025 + draw.uniform(-3e-5, 3e-5))
    stands = _grow_stands(stands, STOCK_2025_M3 + draw.uniform(-90.0, 90.0), draw)
    mixed = stands["second_share"].fillna(0.2)
    return stands.assign(second_share=mixed)
