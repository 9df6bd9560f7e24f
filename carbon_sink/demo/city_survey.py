"""The inventory of the made-up city: what surveyors would write about each parcel."""

# ruff: noqa: PLR2004 the chances and bounds of a made-up city stand where they act

import numpy as np
import pandas as pd

from .country import FIELDS, GRASSES, HOUSES, ROCKS, SHRUBS, TREES, WATERS
from .first_survey import NEVER, is_timber, origins, with_scattered
from .stands import (
    BAMBOO,
    CHESTNUT,
    CITRUS,
    OIL_TEA,
    PLANTED_CODE,
    VOLUME_LEAST,
    age_group,
    crowd,
    size_by_age,
    species_table,
    volume_by_age,
)  # fmt: skip

LAND_CLASSES = {TREES: "0111", SHRUBS: "0132", GRASSES: "0171", FIELDS: "0210", HOUSES: "0250",
                ROCKS: "0240", WATERS: "0230"}  # fmt: skip
# parcels whose survey says another thing than the land cover shows
DISAGREEING = 0.03
CATEGORIES = {"112": 0.30, "111": 0.20, "115": 0.08, "233": 0.30, "232": 0.07, "251": 0.05}
FIRST_CODE = 5099


def town_codes(district: np.ndarray) -> np.ndarray:
    """
    Nine-digit codes of districts by number; no real place has them.

    Examples
    --------
    >>> town_codes(np.array([1, 40])).tolist()
    ['509901001', '509940001']
    """
    return np.array([f"{FIRST_CODE}{number:02d}001" for number in district], dtype=object)


def survey(sites: pd.DataFrame, area_ha: np.ndarray, draw: np.random.Generator) -> pd.DataFrame:
    """
    Survey parcels of the city in 2025.

    Parameters
    ----------
    sites : DataFrame
        Rows of the sites of a plan.
    area_ha : array
        Area of each parcel, hectares.
    draw : Generator
        Repeats the survey.

    Returns
    -------
    stands : DataFrame
        In our column names, as :func:`national_fields` takes them. Three parcels in a hundred
        are surveyed as forest without trees on the map, or as fields under trees.
    """
    town = town_codes(sites["district"].to_numpy())
    stands = pd.DataFrame(
        {
            "town_code": town,
            "village_code": town + sites["village"].map("{:03d}".format).to_numpy(),
            "compartment": sites["compartment"].map("{:04d}".format).to_numpy(),
            "subcompartment": sites["number"].map("{:03d}".format).to_numpy(),
            "area_ha": area_ha,
        }
    )
    before, after = sites["before"].to_numpy(), sites["after"].to_numpy()
    stands["land_class"] = _land_classes(before, after, draw)
    stands["forest_category"] = _categories(stands["land_class"], draw)
    stands = _measured(_planted(stands, draw), draw)
    homes = stands["land_class"].isin(["0210", "0250"]) & (draw.random(len(stands)) < 0.6)
    trees = np.ceil(area_ha * draw.uniform(5.0, 90.0, len(stands)))
    stands["scattered_type"] = pd.Series("2", index=stands.index, dtype=object).where(homes, None)
    stands["scattered_trees"] = pd.Series(trees, index=stands.index).where(homes)
    changed = before != after
    cause = pd.Series(np.where(after == TREES, "11", np.where(after == HOUSES, "41", "21")))
    year = pd.Series(draw.integers(2021, 2026, len(stands)), dtype="float64")
    return with_scattered(stands, draw).assign(
        belt_width_m=NEVER,
        belt_length_m=NEVER,
        change_cause=cause.where(changed, None),
        change_year=year.where(changed),
    )


def _land_classes(before: np.ndarray, after: np.ndarray, draw: np.random.Generator) -> pd.Series:
    """Land classes (four digits) from the ground of both years, a few of them not agreeing."""
    kind, luck = pd.Series(after), draw.random(len(after))
    other = draw.random(len(after)) < DISAGREEING
    land_class = kind.map(LAND_CLASSES)
    land_class[kind.eq(TREES) & (luck < 0.06)] = "0113"
    land_class[kind.eq(TREES) & (before != TREES) & (luck > 0.6)] = "0141"
    land_class[kind.eq(SHRUBS) & (luck < 0.35)] = "0131"
    land_class[kind.isin([SHRUBS, GRASSES]) & (before == TREES)] = "0161"
    land_class[kind.eq(TREES) & other] = "0210"
    land_class[kind.isin([FIELDS, SHRUBS, GRASSES]) & other] = "0111"
    return land_class


def _categories(land_class: pd.Series, draw: np.random.Generator) -> pd.Series:
    """Forest category (three digits) of forest land, None elsewhere."""
    names, chances = list(CATEGORIES), list(CATEGORIES.values())
    category = pd.Series(draw.choice(names, len(land_class), p=chances), dtype=object)
    luck = draw.random(len(land_class))
    special = land_class == "0131"
    category[special] = np.where(luck[special] < 0.6, "252", "251")
    other = land_class.isin(["0113", "0132", "0141", "0161"]) & category.eq("251")
    category[other] = "233"
    return category.where(land_class.str.startswith("01") & land_class.ne("0171"), None)


def _planted(stands: pd.DataFrame, draw: np.random.Generator) -> pd.DataFrame:
    """Add species, origin, age and closure wherever trees, bamboo or shrubs grow."""
    count, table = len(stands), species_table()
    land_class, category = stands["land_class"], stands["forest_category"]
    luck, normal = pd.Series(draw.random(count)), pd.Series(draw.normal(0.0, 1.0, count))
    economic = category.str.startswith("25", na=False)
    arbor = land_class.isin(["0111", "0141"]) & ~economic
    species = pd.Series(draw.choice(table.index, count, p=table["share"]), dtype=object)
    species = species.where(arbor, None)
    species[land_class == "0113"] = BAMBOO
    species[economic] = np.where(luck[economic] < 0.86, CITRUS, CHESTNUT)
    species[category == "252"] = OIL_TEA
    age = species.map(table["age_median_yr"]) * np.exp(normal * species.map(table["age_spread"]))
    age = age.clip(4.0, 95.0).round()
    young = land_class == "0141"
    age[young] = np.floor(1.0 + 3.999 * luck[young])
    age[economic] = np.floor(4.0 + 20.0 * luck[economic])
    closure = (0.62 + 0.13 * normal).clip(0.2, 0.95).round(2)
    closure = closure.where(land_class.isin(["0111", "0113", "0131", "0132"]))
    stands = stands.assign(dominant_species=species, stand_age_yr=age, canopy_closure=closure)
    origin = origins(stands, draw).where(species.notna(), None)
    origin[young | economic] = PLANTED_CODE
    return stands.assign(origin=origin)


def _measured(stands: pd.DataFrame, draw: np.random.Generator) -> pd.DataFrame:
    """Add stock, size, number and age group of the trees of arbor forest."""
    trees = stands[is_timber(stands)]
    vigor = pd.Series(np.exp(draw.normal(0.0, 0.2, len(trees))), index=trees.index)
    curve = volume_by_age(trees["dominant_species"], trees["stand_age_yr"], trees["canopy_closure"])
    stock = ((curve * vigor).clip(lower=VOLUME_LEAST) * trees["area_ha"]).round(1)
    size = size_by_age(trees["dominant_species"], trees["stand_age_yr"], vigor)
    measured = crowd(stock / trees["area_ha"], size).assign(
        height_m=size["height_m"],
        age_group=age_group(
            trees["dominant_species"], trees["stand_age_yr"], trees["origin"] != PLANTED_CODE
        ),
    )
    share = pd.Series(draw.uniform(0.0, 0.38, len(stands)).round(2), index=stands.index)
    return stands.assign(
        forest_volume_m3=stock.reindex(stands.index).fillna(0.0),
        second_share=share.where(share > 0.1, 0.0),
        **measured.reindex(stands.index),
    )
