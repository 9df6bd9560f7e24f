"""Trees of a stand: species, age, size and stock, on growth curves made up for the demo."""

import numpy as np
import pandas as pd

from ..tables import read_data

FORM_FACTOR = 0.5
TREES_LEAST, TREES_MOST = 300, 4500
VOLUME_LEAST, VOLUME_MOST = 5.0, 150.0
NATURAL_CODES, PLANTED_CODE = ("11", "13"), "21"
BAMBOO, CITRUS, CHESTNUT, OIL_TEA = "680", "701", "711", "751"


def species_table() -> pd.DataFrame:
    """Return the made-up growth curves and shares of the arbor species, by code."""
    rows = read_data("demo_species.csv").set_index("species_code")
    texts = ["kind", "share_by", "source"]
    return rows.astype(dict.fromkeys(rows.columns.difference(texts), float))


def take(score: pd.Series, area_ha: pd.Series, wanted_ha: float) -> pd.Index:
    """
    Choose the parcels of the highest score until their area is used up.

    Parcels that would overshoot the area are passed over, smaller ones behind them are not.

    Examples
    --------
    >>> area = pd.Series([5.0, 4.0, 3.0])
    >>> take(pd.Series([0.2, 0.9, 0.1]), area, 7.5).tolist()
    [1, 2]
    """
    chosen, used = [], 0.0
    for parcel in score.sort_values(ascending=False, kind="stable").index:
        if used + area_ha[parcel] <= wanted_ha:
            chosen.append(parcel)
            used += area_ha[parcel]
        elif used > 0.995 * wanted_ha:
            break
    return pd.Index(chosen)


def choose_species(sites: pd.DataFrame, draw: np.random.Generator) -> pd.Series:
    """
    Choose the dominant species of arbor parcels by where each likes to grow.

    Parameters
    ----------
    sites : DataFrame
        Arbor parcels with the columns of :func:`parcel_sites`.
    draw : Generator
        Breaks ties.

    Returns
    -------
    dominant_species : Series of str
        Codes of the national inventory, three digits.
    """
    high = (sites["elevation_m"] - 350.0) / 60.0
    liking = {
        "high": 1.4 * high + 0.5 * sites["luck_1"],
        "middle": -0.5 * high.abs() + 1.0 * sites["luck_2"],
        "shade": 0.6 * high - sites["position_m"] / 12.0 + 0.9 * sites["luck_3"],
        "low": -0.8 * high + 1.3 * sites["luck_4"],
        "steep": 8.0 * sites["slope"] + 0.8 * sites["luck_5"],
        "village": -0.7 * high - 3.0 * sites["slope"] + 0.9 * sites["luck_6"],
    }
    table = species_table()
    total = sites["area_ha"].sum()
    species = pd.Series("", index=sites.index)
    # the particular ones choose first, the common ones fill the rest
    for code in table["share"].sort_values(kind="stable").index[:-1]:
        free = species.index[species == ""]
        score = liking[table["share_by"][code]][free] + draw.normal(0.0, 0.45, len(free))
        species[take(score, sites.loc[free, "area_ha"], table["share"][code] * total)] = code
    return species.replace("", table["share"].idxmax())


def age_group(species: pd.Series, age_yr: pd.Series, is_natural: pd.Series) -> pd.Series:
    """
    Age group (1 young to 5 over-mature) by species, origin and age.

    Parameters
    ----------
    species : Series of str
        Arbor species of the demonstration.
    age_yr : Series
        Mean age, years.
    is_natural : Series of bool
        Natural stands ripen later.

    Returns
    -------
    age_group : Series of str
    """
    table = species_table()
    group = pd.Series(1, index=species.index)
    for bound in ("young_max", "middle_max", "near_mature_max", "mature_max"):
        limit = species.map(table[bound]).where(~is_natural, species.map(table["natural_" + bound]))
        group += (age_yr > limit).astype(int)
    return group.astype(str)


def size_by_age(species: pd.Series, age_yr: pd.Series, vigor: pd.Series) -> pd.DataFrame:
    """
    Mean diameter and height of a stand on the growth curve of its species.

    Parameters
    ----------
    species : Series of str
        Arbor species of the demonstration.
    age_yr : Series
        Mean age, years.
    vigor : Series
        Factor of the site and of chance, about 1.

    Returns
    -------
    size : DataFrame
        ``dbh_cm`` (cm) and ``height_m`` (m), one decimal.
    """
    table = species_table()
    share = 1.0 - np.exp(-species.map(table["size_rate"]) * age_yr)
    dbh = species.map(table["dbh_full_cm"]) * share * vigor
    height = species.map(table["height_full_m"]) * share**0.9 * (0.5 + 0.5 * vigor)
    return pd.DataFrame({"dbh_cm": dbh.clip(5.0).round(1), "height_m": height.clip(2.5).round(1)})


def volume_by_age(species: pd.Series, age_yr: pd.Series, closure: pd.Series) -> pd.Series:
    """Stock (m3/ha) of a stand on the growth curve of its species, by canopy closure (0 to 1)."""
    table = species_table()
    share = 1.0 - np.exp(-species.map(table["volume_rate"]) * age_yr)
    return species.map(table["volume_full_m3_ha"]) * share**2.2 * (closure / 0.7) ** 1.2


def crowd(volume_m3_ha: pd.Series, size: pd.DataFrame) -> pd.DataFrame:
    """
    Basal area and number of trees that go with stock, diameter and height.

    Parameters
    ----------
    volume_m3_ha : Series
        Stock, m3/ha.
    size : DataFrame
        With ``dbh_cm`` (cm) and ``height_m`` (m).

    Returns
    -------
    crowd : DataFrame
        ``dbh_cm`` (cm, changed where the number of trees would be absurd),
        ``basal_area_m2_ha`` (m2/ha) and ``trees_per_ha``.
    """
    basal = volume_m3_ha / (size["height_m"] * FORM_FACTOR)
    trees = basal / (np.pi / 4.0 * (size["dbh_cm"] / 100.0) ** 2)
    trees = trees.clip(TREES_LEAST, TREES_MOST).round()
    dbh = (np.sqrt(basal / trees * 4.0 / np.pi) * 100.0).clip(5.0).round(1)
    return pd.DataFrame({"dbh_cm": dbh, "basal_area_m2_ha": basal.round(1), "trees_per_ha": trees})


def to_tenths(values: pd.Series, total: float) -> pd.Series:
    """
    Scale values to a total and round them to 0.1 so that they still have it.

    Examples
    --------
    >>> to_tenths(pd.Series([1.0, 1.0, 1.0]), 10.0).tolist()
    [3.4, 3.3, 3.3]
    """
    exact = values * (10.0 * total / values.sum())
    tenths = np.floor(exact).astype("int64")
    lacking = round(10.0 * total) - int(tenths.sum())
    first = (tenths - exact).sort_values(kind="stable").index[:lacking]
    tenths[first] += 1
    return tenths / 10.0
