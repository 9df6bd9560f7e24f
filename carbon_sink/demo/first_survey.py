"""The inventory of 2020, made to give the stock and coverage that the plan published."""

# ruff: noqa: PLR2004 the chances and bounds of a made-up district stand where they act

import numpy as np
import pandas as pd

from .land import BUILT, FIELD, MINE, WATER, WOOD
from .stands import (
    BAMBOO,
    CHESTNUT,
    CITRUS,
    NATURAL_CODES,
    OIL_TEA,
    PLANTED_CODE,
    VOLUME_LEAST,
    VOLUME_MOST,
    age_group,
    choose_species,
    crowd,
    size_by_age,
    species_table,
    take,
    to_tenths,
    volume_by_age,
)  # fmt: skip

STOCK_2020_M3 = 840_800.0
COVERAGE_2020 = 0.36650
TREES_PER_HA = 1650.0
M2_PER_HA = 10_000.0
# areas of 2020 in hectares: what counts as forest, and the rest of the forest land
COUNTED_HA = {"0113": 10_250.0, "economic": 3_550.0, "0131": 1_180.0, "0111": 20_500.0}
OTHER_HA = {"0141": 1_050.0, "0132": 520.0, "0120": 380.0, "0171": 260.0, "0161": 190.0,
            "0150": 90.0, "0162": 16.0}  # fmt: skip
SHELTERBELT_HA = 790.0
LARGEST_BELT_SHARE = 0.5
BELTED_FIELDS, LEAST_BELT_HA = 0.34, 0.1
COUNTED = ("0111", "0113", "0131")
NEVER = np.nan


def land_classes(sites: pd.DataFrame, draw: np.random.Generator) -> pd.DataFrame:
    """
    Give every parcel its land class and forest category.

    Parameters
    ----------
    sites : DataFrame
        With the columns of :func:`parcel_sites` and ``kind`` (ground cover).
    draw : Generator
        Breaks ties.

    Returns
    -------
    classes : DataFrame
        ``land_class`` (four digits) and ``forest_category`` (three digits or None).
    """
    land_class = sites["kind"].map({FIELD: "0210", BUILT: "0250", WATER: "0230", MINE: "0240"})
    worked = (sites["kind"] == MINE) & (draw.random(len(sites)) < 0.55)
    land_class = land_class.mask(worked, "0250")
    fields = sites["kind"] == FIELD
    idle = fields & (sites["area_ha"] < 0.6 * sites["area_ha"][fields].median())
    idle &= draw.random(len(sites)) < 0.04
    land_class = land_class.mask(idle, "0240")
    wood = sites[sites["kind"] == WOOD]
    low = (355.0 - wood["elevation_m"]) / 40.0
    flat = 1.0 - wood["slope"] / 0.15
    near = np.exp(-((wood["river_m"] / 2500.0) ** 2))
    small = -np.log(wood["area_ha"] / wood["area_ha"].median())
    score = {
        "0150": low + flat, "0162": wood["elevation_m"] / 60.0, "0161": wood["luck_4"],
        "0171": wood["slope"] * 12.0, "0120": wood["luck_5"], "0132": wood["slope"] * 8.0 + small,
        "0141": 0.4 * low + wood["luck_6"], "0131": wood["luck_3"] + 0.3 * flat,
        "economic": 0.5 * low + 0.8 * flat + 1.1 * wood["luck_1"],
        "0113": 0.9 * low + 0.5 * near + 0.35 * small + 0.9 * wood["luck_2"],
    }  # fmt: skip
    others = wood["area_ha"].sum() - sum(COUNTED_HA.values())
    scale = max(others, 300.0) / sum(OTHER_HA.values())
    wanted = {code: area * scale for code, area in OTHER_HA.items()}
    wanted |= {code: COUNTED_HA[code] for code in ("0131", "economic", "0113")}
    free = wood.index
    for code in score:
        chance = pd.Series(draw.normal(0.0, 0.5, len(free)), index=free)
        chosen = take(score[code][free] + chance, wood["area_ha"], wanted[code])
        land_class[chosen] = code
        free = free.difference(chosen)
    land_class[free] = "0111"
    return _categories(land_class, sites, draw)


def _categories(
    land_class: pd.Series, sites: pd.DataFrame, draw: np.random.Generator
) -> pd.DataFrame:
    """Tell protection, timber and economic forest apart."""
    chance = pd.Series(draw.random(len(sites)), index=sites.index)
    category = pd.Series(None, index=sites.index, dtype=object)
    wooded = sites["kind"].eq(WOOD) & ~land_class.isin(["0150", "0171"])
    steep = (sites["slope"] > sites["slope"][wooded].quantile(0.55)) | (
        sites["elevation_m"] > 430.0
    )
    category[wooded & steep] = "112"
    category[wooded & steep & (chance < 0.22)] = "111"
    category[wooded & ~steep] = "233"
    category[wooded & ~steep & (chance < 0.12)] = "232"
    category[wooded & (sites["river_m"] < 400.0)] = "115"
    category[wooded & (chance > 0.985)] = "125"
    category[land_class == "economic"] = "251"
    oil_tea = land_class.eq("0131") & (sites["slope"] < sites["slope"][wooded].quantile(0.9))
    category[oil_tea] = np.where(chance[oil_tea] < 0.7, "252", "251")
    return pd.DataFrame(
        {"land_class": land_class.replace("economic", "0111"), "forest_category": category}
    )


def is_timber(stands: pd.DataFrame) -> pd.Series:
    """Return whether a stand is arbor forest with a stock of its own, not economic forest."""
    economic = stands["forest_category"].str.startswith("25", na=False)
    return stands["land_class"].eq("0111") & ~economic


def origins(stands: pd.DataFrame, draw: np.random.Generator) -> pd.Series:
    """Origin codes of stands by species: planted, natural or from sprouts."""
    natural = stands["dominant_species"].map(species_table()["natural_share"]).fillna(0.0)
    is_natural = pd.Series(draw.random(len(stands)), index=stands.index) < natural
    sprouts = draw.random(len(stands)) < 0.15
    codes = np.where(sprouts, NATURAL_CODES[1], NATURAL_CODES[0])
    return pd.Series(np.where(is_natural, codes, PLANTED_CODE), index=stands.index)


def _plant(stands: pd.DataFrame, sites: pd.DataFrame, draw: np.random.Generator) -> pd.DataFrame:
    """Add species, origin, age and closure wherever trees, bamboo or shrubs grow."""
    chance = pd.Series(draw.random(len(stands)), index=stands.index)
    normal = pd.Series(draw.normal(0.0, 1.0, len(stands)), index=stands.index)
    economic = stands["forest_category"].str.startswith("25", na=False)
    arbor = stands["land_class"].isin(["0111", "0120", "0141"]) & ~economic
    species = pd.Series(None, index=stands.index, dtype=object)
    species[arbor] = choose_species(sites[arbor], draw)
    species[stands["land_class"] == "0113"] = BAMBOO
    species[stands["land_class"].eq("0113") & (chance < 0.04)] = "660"
    species[economic] = np.where(chance[economic] < 0.86, CITRUS, CHESTNUT)
    shrub = stands["land_class"].eq("0131") & economic
    species[shrub] = np.where(stands["forest_category"][shrub] == "252", OIL_TEA, CITRUS)
    stands = stands.assign(dominant_species=species)
    table = species_table()
    age = species.map(table["age_median_yr"]) * np.exp(normal * species.map(table["age_spread"]))
    age = age.clip(lower=4.0, upper=95.0).round()
    young = stands["land_class"] == "0141"
    age[young] = np.floor(1.0 + 3.999 * chance[young])
    age[economic] = np.floor(4.0 + 20.0 * chance[economic])
    closure = (0.62 + 0.13 * normal + 0.04 * sites["luck_5"]).clip(0.2, 0.95)
    sparse = stands["land_class"] == "0120"
    closure[sparse] = 0.10 + 0.09 * chance[sparse]
    shrubs = stands["land_class"].isin(["0131", "0132"])
    closure[shrubs] = (0.35 + 0.4 * chance[shrubs]).clip(0.31, 0.9)
    covered = stands["land_class"].isin(["0111", "0113", "0120", "0131", "0132"])
    planted = origins(stands, draw).where(species.notna())
    planted[young | economic] = PLANTED_CODE
    return stands.assign(
        stand_age_yr=age, canopy_closure=closure.round(2).where(covered), origin=planted
    )


def _measure(stands: pd.DataFrame, draw: np.random.Generator) -> pd.DataFrame:
    """Add stock that sums to the published one, and the sizes that go with it."""
    has_stock = is_timber(stands) | stands["land_class"].eq("0120")
    trees = stands[has_stock]
    vigor = pd.Series(np.exp(draw.normal(0.0, 0.16, len(trees))), index=trees.index)
    curve = volume_by_age(trees["dominant_species"], trees["stand_age_yr"], trees["canopy_closure"])
    timber = is_timber(trees)
    volume = curve * np.exp(draw.normal(0.0, 0.18, len(trees))) * vigor
    for _ in range(2):
        share = STOCK_2020_M3 / (volume * trees["area_ha"])[timber].sum()
        volume = (volume * share).where(~timber, volume).clip(lower=VOLUME_LEAST)
        volume /= (1.0 + (volume / VOLUME_MOST) ** 6) ** (1 / 6)
    stock = (volume * trees["area_ha"]).round(1)
    stock[timber] = to_tenths(stock[timber], STOCK_2020_M3)
    size = size_by_age(trees["dominant_species"], trees["stand_age_yr"], vigor)
    crowded = crowd(stock / trees["area_ha"], size)
    stands = stands.assign(forest_volume_m3=stock.reindex(stands.index).fillna(0.0))
    for name, values in {**crowded, "height_m": size["height_m"]}.items():
        stands[name] = values.reindex(stands.index)
    grown = stands["stand_age_yr"].where(is_timber(stands) | stands["land_class"].eq("0120"))
    groups = age_group(
        trees["dominant_species"], grown[trees.index], trees["origin"] != PLANTED_CODE
    )
    return stands.assign(age_group=groups.reindex(stands.index))


def _other_sizes(stands: pd.DataFrame, draw: np.random.Generator) -> pd.DataFrame:
    """Add sizes of bamboo and of orchards, which carry no stock."""
    bamboo = stands["land_class"] == "0113"
    orchard = stands["land_class"].eq("0111") & ~is_timber(stands)
    count = len(stands)
    stands = stands.copy()
    for mask, name, low, high, decimals in (
        (bamboo, "dbh_cm", 3.5, 6.8, 1), (bamboo, "height_m", 7.0, 12.0, 1),
        (bamboo, "trees_per_ha", 4200, 11_500, 0), (orchard, "dbh_cm", 6.0, 13.0, 1),
        (orchard, "height_m", 2.6, 4.8, 1), (orchard, "trees_per_ha", 600, 1250, 0),
    ):  # fmt: skip
        values = pd.Series(draw.uniform(low, high, count).round(decimals), index=stands.index)
        stands[name] = stands[name].mask(mask, values)
    mixed = pd.Series(draw.uniform(0.0, 0.38, count), index=stands.index)
    pure = pd.Series(draw.random(count) < 0.3, index=stands.index)
    return stands.assign(second_share=mixed.mask(pure, 0.0))


def draw_belts(
    open_field: pd.Series,
    perimeter_m: pd.Series,
    area_ha: pd.Series,
    wanted_ha: float,
    widths_m: tuple[float, float],
    draw: np.random.Generator,
) -> pd.DataFrame:
    """
    Lay shelterbelts along part of the borders of about a third of the open fields.

    Returns
    -------
    belts : DataFrame
        ``belt_width_m`` and ``belt_length_m`` (m) of the chosen fields.
    """
    fields = open_field.index[open_field]
    width = pd.Series(draw.uniform(*widths_m, len(fields)).round(1), index=fields)
    share = pd.Series(draw.uniform(0.2, 0.5, len(fields)), index=fields)
    length = perimeter_m[fields] * share
    stretch = wanted_ha * M2_PER_HA / (BELTED_FIELDS * (length * width).sum())
    length = np.minimum(length * np.clip(stretch, 0.6, 4.0), 0.92 * perimeter_m[fields]).round()
    belts = pd.DataFrame({"belt_width_m": width, "belt_length_m": length})
    area = belt_area(belts)
    fitting = area.between(LEAST_BELT_HA, LARGEST_BELT_SHARE * area_ha[fields])
    chance = pd.Series(draw.random(len(fields)), index=fields)[fitting]
    return belts.loc[take(chance, area, wanted_ha)]


def belt_area(stands: pd.DataFrame) -> pd.Series:
    """Area (ha) of the belts, length times width; all of them are wide and large enough."""
    return (stands["belt_length_m"] * stands["belt_width_m"] / M2_PER_HA).fillna(0.0)


def spread_trees(weight: pd.Series, total: int) -> pd.Series:
    """Share a number of trees among parcels by weight; whole trees that add up to the number."""
    return (10.0 * to_tenths(weight, total / 10.0)).round().astype("int64")


def _scattered(
    stands: pd.DataFrame, sites: pd.DataFrame, land_ha: float, draw: np.random.Generator
) -> pd.DataFrame:
    """Add four-side trees, as many as the published coverage leaves to them, and single trees."""
    counted = stands.loc[stands["land_class"].isin(COUNTED), "area_ha"].sum()
    four_side_ha = COVERAGE_2020 * land_ha - counted - belt_area(stands).sum()
    chance = pd.Series(draw.random(len(stands)), index=stands.index)
    around = stands["land_class"].isin(["0210", "0250"]) & (chance < 0.82)
    weight = stands["area_ha"] * np.exp(0.35 * sites["luck_6"]) * (0.4 + chance)
    weight = weight.where(stands["land_class"] == "0210", 0.6 * weight)[around]
    trees = spread_trees(weight, round(four_side_ha * TREES_PER_HA)).reindex(stands.index)
    single = stands["land_class"].isin(["0132", "0171", "0161"]) & (chance < 0.35)
    trees = trees.mask(single, (stands["area_ha"] * (8.0 + 30.0 * chance)).round() + 5.0)
    kind = pd.Series(np.where(single, "1", "2"), index=stands.index).where(trees > 0)
    return with_scattered(stands.assign(scattered_type=kind, scattered_trees=trees), draw)


def with_scattered(stands: pd.DataFrame, draw: np.random.Generator) -> pd.DataFrame:
    """Add species, size and stock of scattered and four-side trees from their number."""
    count = len(stands)
    some = stands["scattered_type"].notna()
    species = draw.choice(["440", "680", "350", "550", "590", "490"], count,
                          p=[0.30, 0.25, 0.16, 0.12, 0.12, 0.05])  # fmt: skip
    species = pd.Series(species, index=stands.index).where(some)
    dbh = pd.Series(draw.uniform(7.0, 15.0, count).round(1), index=stands.index).where(some)
    height = (2.5 + 0.55 * dbh + draw.normal(0.0, 0.6, count)).clip(3.0).round(1)
    # bamboo carries no stock
    stem = np.pi / 4.0 * (dbh / 100.0) ** 2 * height * 0.45
    volume = (stands["scattered_trees"] * stem).where(species != BAMBOO, 0.0)
    return stands.assign(
        scattered_species=species, scattered_dbh_cm=dbh, scattered_height_m=height,
        scattered_volume_m3=volume.round(1).where(some),
    )  # fmt: skip


def first_survey(
    sites: pd.DataFrame, keys: pd.DataFrame, land_ha: float, seed: int
) -> pd.DataFrame:
    """
    Survey the parcels as in 2020.

    Parameters
    ----------
    sites : DataFrame
        With the columns of :func:`parcel_sites` and ``kind``.
    keys : DataFrame
        Town, village, compartment and number of each parcel.
    land_ha : float
        Land area of the district, hectares.
    seed : int
        Repeats the survey.

    Returns
    -------
    stands : DataFrame
        One row per parcel, in our column names. Forest stock is 840,800 m3 and the counted
        area 36.65 % of the land area.
    """
    draw = np.random.default_rng(seed)
    stands = keys.assign(area_ha=sites["area_ha"])
    stands = stands.join(land_classes(sites, draw))
    stands = _measure(_plant(stands, sites, draw), draw)
    stands = _other_sizes(stands, draw)
    fields = stands["land_class"] == "0210"
    belts = draw_belts(
        fields, sites["perimeter_m"], sites["area_ha"], SHELTERBELT_HA, (10.0, 18.0), draw
    )
    stands = stands.join(belts)
    stands = _scattered(stands, sites, land_ha, draw)
    return stands.assign(change_cause=None, change_year=NEVER)
