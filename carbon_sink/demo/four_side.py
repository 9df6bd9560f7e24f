"""Records of four-side planting: how many trees, how large, and where they stand."""

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from .first_survey import TREES_PER_HA
from .schema import NOTICE
from .second_survey import quantity_done
from .stands import to_tenths

RECORDS = 400
SIDES = {"宅": 0.40, "村": 0.22, "路": 0.24, "水": 0.14}
MEASURED = 2025
# tries to find a point inside a parcel within its extent
TRIES = 40


def make_four_side(
    stands: gpd.GeoDataFrame, projects: gpd.GeoDataFrame, seed: int, later_seed: int
) -> pd.DataFrame:
    """
    Make records of four-side planting that add up to what the plan has done.

    Parameters
    ----------
    stands : GeoDataFrame
        The survey of 2025.
    projects : GeoDataFrame
        Projects with polygons. One record bears the number of a shelterbelt and one lies in
        another, so that the same trees are told twice.
    seed, later_seed : int
        Repeat the records: the first their areas, the second what was added to the records
        later, which leaves the areas as they were.

    Returns
    -------
    records : DataFrame
        With the columns of the ``four_side`` table.
    """
    draw = np.random.default_rng(seed)
    around = stands[stands["scattered_type"] == "2"]
    weight = (around["area_ha"] / around["area_ha"].sum()).to_numpy()
    place = around.iloc[np.sort(draw.choice(len(around), RECORDS, p=weight))]
    place = place.reset_index(drop=True)
    survival = pd.Series(draw.uniform(85.0, 97.0, RECORDS).round(1))
    living = to_tenths(pd.Series(draw.lognormal(0.0, 0.6, RECORDS)),
                       quantity_done(stands)["four_side"] * TREES_PER_HA)  # fmt: skip
    trees = (living / survival * 100.0).round().astype("int64")
    year = pd.Series(draw.integers(2021, 2026, RECORDS))
    age = 2026 - year
    dbh = (1.6 + 1.15 * age + draw.uniform(0.0, 1.6, RECORDS)).round(1)
    height = (1.3 + 0.75 * age + draw.uniform(0.0, 0.9, RECORDS)).round(1)
    records = pd.DataFrame(
        {
            "record_id": [f"S{number:04d}" for number in range(1, RECORDS + 1)],
            "project_id": "SP" + place["town_code"].str[-3:] + year.astype(str).str[-2:],
            "town_code": place["town_code"],
            "village": place["village_code"].str[-3:].astype(int).astype(str) + "村",
            "side": draw.choice(list(SIDES), RECORDS, p=list(SIDES.values())),
            "species_code": draw.choice(["440", "450", "350", "590", "701"], RECORDS,
                                        p=[0.38, 0.18, 0.16, 0.14, 0.14]),
            "planted_year": year,
            "tree_count": trees,
            "survival_pct": survival,
            "dbh_cm": dbh,
            "height_m": height,
            "done_ha": (trees * survival / 100.0 / TREES_PER_HA).round(4),
            "note": NOTICE,
        }
    )  # fmt: skip
    return _with_places(_with_crowns(records, later_seed), place.geometry, projects, later_seed)


def _with_crowns(records: pd.DataFrame, seed: int) -> pd.DataFrame:
    """Add survival after three years, crowns, and the year in which trees were measured."""
    draw = np.random.default_rng([seed, 0])
    lost = draw.uniform(1.0, 9.0, len(records)).round(1)
    crown = 0.5 + 0.17 * records["dbh_cm"] + draw.uniform(0.0, 0.4, len(records))
    old = records["planted_year"] <= MEASURED - 3
    return records.assign(
        survival_3yr_pct=(records["survival_pct"] - lost).round(1).where(old),
        measured_year=MEASURED,
        crown_diameter_m=crown.round(1),
    )


def _with_places(
    records: pd.DataFrame, parcels: gpd.GeoSeries, projects: gpd.GeoDataFrame, seed: int
) -> pd.DataFrame:
    """Add a point inside the parcel of each record; two records tell trees of a belt again."""
    draw = np.random.default_rng([seed, 1])
    shapes = parcels.to_numpy()
    points = shapely.get_coordinates(shapely.point_on_surface(shapes))
    west, south, east, north = parcels.bounds.to_numpy().T
    share = draw.random((2, TRIES, len(records)))
    tries = np.stack([west + share[0] * (east - west), south + share[1] * (north - south)], axis=2)
    tries = tries.round(6)
    inside = shapely.contains_xy(shapes, tries[..., 0], tries[..., 1])
    found = inside.any(axis=0)
    points[found] = tries[inside.argmax(axis=0), np.arange(len(records))][found]
    belts = projects[projects["project_type"] == "shelterbelt"]
    middle = shapely.point_on_surface(belts.geometry.to_numpy())
    belt, record = shapely.STRtree(shapes).query(middle, predicate="within")
    number = records["project_id"].copy()
    pairs = np.unique(record, return_index=True)[1]
    named, drawn = pairs[:1], pairs[1:2]
    number.iloc[record[named]] = belts["project_id"].iloc[belt[named]].to_numpy()
    points[record[drawn]] = shapely.get_coordinates(middle[belt[drawn]])
    return records.assign(
        project_id=number, lon_deg=points[:, 0].round(6), lat_deg=points[:, 1].round(6)
    )
