"""What records of works tell beside areas: belts, survival, gains, soil, tenure, parks."""

# ruff: noqa: PLR2004 the chances and bounds of a made-up district stand where they act

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from ..geometry import STORE_CRS, ellipsoidal_area_ha
from .schema import NOTICE
from .works import to_degrees, to_metres

MADE_UP = "示例（合成），无文献依据"
IMPROVED = ("quality_improvement", "reserve_forest")
# kind of work -> its chance, the gain of growth it is said to bring (%), and for how many years
KINDS = {
    "tending": (0.6, 12.0, 10),
    "conversion": (0.25, 25.0, 20),
    "restoration": (0.15, 18.0, 15),
}
# corridors named after the rivers of the plan: river, how many, year of the work where it is old
RIVERS = (("濑溪河", 3, None), ("清流河", 2, 2020))
PARKS, PARK_RADIUS_M = 4, 80.0
ROW_M = 3.0
REPORTED, SAMPLED_UNTIL = 2025, 2023


def with_details(
    projects: gpd.GeoDataFrame, stands: gpd.GeoDataFrame, seed: int
) -> gpd.GeoDataFrame:
    """
    Add what was not needed for areas: everything that sinks of projects ask for.

    Parameters
    ----------
    projects : GeoDataFrame
        From ``works.make_projects``.
    stands : GeoDataFrame
        The survey of 2025; parks lie inside it.
    seed : int
        Repeats the details. No area of the projects depends on it.

    Returns
    -------
    projects : GeoDataFrame
        With the columns of the ``projects`` table; parks of towns come last, and overlap
        corridors as drawings of two offices do.
    """
    draw = np.random.default_rng(seed)
    projects = _with_parks(_with_rivers(projects), stands, draw)
    improved = projects["project_type"].isin(IMPROVED)
    return _with_site(_with_gains(projects, improved, draw), ~improved, draw)


def _with_rivers(projects: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Give some corridors the names of the rivers of the plan; one river was planted earlier."""
    name, year = projects["project_name"].copy(), projects["start_year"].copy()
    rows = projects.index[projects["project_type"] == "corridor"]
    for river, count, start in RIVERS:
        some, rows = rows[:count], rows[count:]
        name[some] = [f"{river}廊道绿化（{number}）" for number in range(1, len(some) + 1)]
        year[some] = start or year[some]
    moved = year.ne(projects["start_year"])
    return projects.assign(
        project_name=name,
        start_year=year,
        verified_ha=projects["verified_ha"].mask(moved, projects["done_ha"]),
        status=projects["status"].mask(moved, "verified"),
    )


def _with_parks(
    projects: gpd.GeoDataFrame, stands: gpd.GeoDataFrame, draw: np.random.Generator
) -> gpd.GeoDataFrame:
    """Add parks, outside the plan, around the middle of some corridors."""
    corridors = projects[projects["project_type"] == "corridor"].tail(PARKS)
    middle = shapely.point_on_surface(to_metres(corridors.geometry.to_numpy()))
    shapes = to_degrees(shapely.buffer(middle, PARK_RADIUS_M))
    tree = shapely.STRtree(stands.geometry.to_numpy())
    shapes = [
        shapely.intersection(shape, shapely.union_all(tree.geometries[tree.query(shape)]))
        for shape in shapes
    ]
    done = ellipsoidal_area_ha(gpd.GeoSeries(shapes, corridors.index, crs=STORE_CRS)).round(2)
    number = np.arange(len(projects) + 1, len(projects) + len(corridors) + 1)
    running = corridors.groupby("town_code").cumcount() + 1
    parks = corridors.assign(
        project_id=[f"P{place:04d}" for place in number],
        project_name=corridors["town_name"] + "城区绿化（" + running.astype(str) + "）",
        project_type="greening", start_year=draw.integers(2021, 2025, len(corridors)),
        planned_ha=done, done_ha=done, verified_ha=0.0, density_trees_ha=833.0,
        survival_pct=draw.uniform(88.0, 96.0, len(corridors)).round(1), status="done",
        note=NOTICE, geometry=shapes,
    )  # fmt: skip
    return pd.concat([projects, parks], ignore_index=True)


def _with_gains(
    projects: gpd.GeoDataFrame, improved: pd.Series, draw: np.random.Generator
) -> gpd.GeoDataFrame:
    """Add the kind of work in standing forest and the growth it is said to gain."""
    chances = [chance for chance, _, _ in KINDS.values()]
    kind = pd.Series(draw.choice(list(KINDS), len(projects), p=chances), projects.index)
    gain = kind.map({name: gain for name, (_, gain, _) in KINDS.items()})
    gain = (gain * draw.uniform(0.7, 1.3, len(projects))).round()
    years = kind.map({name: years for name, (_, _, years) in KINDS.items()})
    return projects.assign(
        work_kind=kind.where(projects["project_type"] == "quality_improvement"),
        growth_gain_pct=gain.where(improved),
        gain_source=pd.Series(MADE_UP, projects.index).where(improved),
        gain_years=years.where(improved),
    )


def _with_site(
    projects: gpd.GeoDataFrame, planted: pd.Series, draw: np.random.Generator
) -> gpd.GeoDataFrame:
    """Add what plantings tell: survival, ground, belts, soil of mines, emissions, tenure."""
    count, kind = len(projects), projects["project_type"]
    old = planted & projects["start_year"].le(REPORTED - 3)
    lost = draw.uniform(1.0, 9.0, count).round(1)
    ground = draw.choice(["hole", "strip", "full"], count, p=[0.7, 0.2, 0.1])
    cleared = kind.isin(["afforestation", "grain_for_green"]) & (draw.random(count) < 0.4)
    emitting = draw.random(count) < 0.4
    emission = projects["done_ha"] * draw.uniform(0.3, 1.2, count)
    rows = (projects["belt_width_m"] / ROW_M).round().clip(lower=2.0)
    drawn = {
        "survival_3yr_pct": (old, (projects["survival_pct"] - lost).round(1)),
        "site_preparation": (planted, ground),
        "belt_rows": (kind.eq("shelterbelt"), rows),
        "soil_loss_pct": (kind.eq("mine_restoration"), draw.uniform(40.0, 80.0, count).round()),
        "baseline_carbon_t_ha": (cleared, draw.uniform(0.5, 3.0, count).round(1)),
        "emission_co2e_t": (planted & emitting, emission.round(2)),
        "nonforest_years": (planted, draw.integers(1, 31, count).astype(float)),
        "tenure": (planted, np.where(draw.random(count) < 0.92, "clear", "unclear")),
        "is_wetland": (planted, np.where(draw.random(count) < 0.97, "no", "yes")),
        # beside some mines the ground that was never dug was sampled
        "soil_carbon_reference_t_ha": (
            kind.eq("mine_restoration") & projects["start_year"].le(SAMPLED_UNTIL),
            draw.uniform(45.0, 65.0, count).round(1),
        ),
    }
    return projects.assign(**{
        name: pd.Series(values, projects.index).where(some)
        for name, (some, values) in drawn.items()
    })  # fmt: skip
