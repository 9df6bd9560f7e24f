"""Reading and counting 10,000 projects and 200,000 four-side records against 40,000 parcels."""

from pathlib import Path

import class_area
import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from measure import Bench, Row, race

POLYGONS, PROJECTS, RECORDS = 40_000, 10_000, 200_000
SECONDS_AT_MOST = 20.0
FILES = 4
# a degree at 29.4 N, metres
DEGREE_M = np.array([96_950.0, 110_850.0])
TYPES = ("afforestation", "mine_restoration", "shelterbelt", "quality_improvement", "corridor",
         "greening", "grain_for_green", "reserve_forest")  # fmt: skip
SPECIES, SIDES = ("220", "310", "350", "440", "450", "590"), ("宅", "村", "路", "水")


def make(folder: Path, polygons: int, projects: int, records: int) -> None:
    """Write the demonstration at this size, with other works on its ground."""
    from carbon_sink.demo import write_demo
    from carbon_sink.geometry import ellipsoidal_area_ha

    data = write_demo(folder / "data", polygons=polygons).parent
    stands = gpd.read_file(data / "inventory_2025.gpkg")
    draw = np.random.default_rng(1)
    some = stands.iloc[draw.integers(0, len(stands), projects)]
    middle = shapely.get_coordinates(shapely.point_on_surface(some.geometry.to_numpy()))
    works = gpd.GeoDataFrame(
        {
            "project_id": [f"B{number:05d}" for number in range(projects)],
            "project_type": draw.choice(TYPES, projects),
            "town_code": some["XIANG"].to_numpy(),
            "start_year": draw.integers(2021, 2026, projects),
            "species_code": draw.choice(SPECIES, projects),
            "survival_pct": draw.uniform(70.0, 99.0, projects).round(1),
        },
        geometry=_ragged(middle, draw),
        crs="EPSG:4490",
    )
    belts = works["project_type"].eq("shelterbelt")
    works["belt_length_m"] = pd.Series(draw.uniform(100.0, 900.0, projects)).where(belts).round()
    works["belt_width_m"] = belts.map({True: 12.0, False: np.nan})
    works["done_ha"] = ellipsoidal_area_ha(works.geometry).round(2)
    works.to_file(data / "projects.gpkg", layer="projects")
    table = _records(records, stands["XIANG"].unique(), middle, draw)
    # one file of text may hold two million cells
    names = ["four_side.csv", *(f"four_side_{number}.csv" for number in range(2, FILES + 1))]
    for place, name in enumerate(names):
        table.iloc[place::FILES].to_csv(data / name, index=False)
    with (data / "settings.toml").open("a", encoding="utf-8") as settings:
        settings.writelines(f'\n[[projects]]\npath = "{name}"\n' for name in names[1:])


def _ragged(middle: np.ndarray, draw: np.random.Generator) -> np.ndarray:
    """Polygons of 40 points and some hectares, over parcels and over each other."""
    count = len(middle)
    angle = np.linspace(0.0, 2.0 * np.pi, 41)[:-1]
    reach = draw.lognormal(4.3, 0.5, count)[:, None] * (1.0 + draw.uniform(-0.2, 0.2, (count, 40)))
    around = np.stack([np.cos(angle), np.sin(angle)], axis=-1)
    return shapely.polygons(middle[:, None] + reach[..., None] * around / DEGREE_M)


def _records(
    count: int, towns: np.ndarray, middle: np.ndarray, draw: np.random.Generator
) -> pd.DataFrame:
    """Records of four-side trees: a half measured, a tenth with a place."""
    year = draw.integers(2021, 2026, count)
    measured, placed = draw.random(count) < 0.5, draw.random(count) < 0.1
    place = middle[draw.integers(0, len(middle), count)]
    table = pd.DataFrame({
        "record_id": [f"F{number:06d}" for number in range(count)],
        "town_code": draw.choice(towns, count),
        "village": draw.integers(1, 20, count).astype(str),
        "side": draw.choice(SIDES, count),
        "species_code": draw.choice(SPECIES, count),
        "planted_year": year,
        "tree_count": draw.integers(5, 400, count),
        "survival_pct": draw.uniform(80.0, 99.0, count).round(1),
        "dbh_cm": (2.0 + 1.2 * (2026 - year) + draw.uniform(0.0, 3.0, count)).round(1),
        "height_m": (1.5 + 0.8 * (2026 - year) + draw.uniform(0.0, 1.0, count)).round(1),
        "lon_deg": place[:, 0].round(6),
        "lat_deg": place[:, 1].round(6),
    })  # fmt: skip
    table.loc[~measured, ["dbh_cm", "height_m"]] = np.nan
    table.loc[~placed, ["lon_deg", "lat_deg"]] = np.nan
    return table


def measure(bench: Bench) -> list[Row]:
    sizes = (500, 100, 2000) if bench.quick else (POLYGONS, PROJECTS, RECORDS)
    folder = bench.place("works")
    class_area.make_few(folder)
    make(folder, *sizes)
    runs = race("works", ["ours", "floor"], folder, bench.rounds)
    ours, floor = runs["ours"], runs["floor"]
    polygons, projects, records = sizes
    row = Row("works", ours, floor, goal=f"≤ {SECONDS_AT_MOST:g} s",
              note=f"{projects:,} projects and {records:,} four-side records on {polygons:,} 小班 at "
              "two dates, read, checked and counted (ledgers, overlay, verification, targets, "
              "causes of change), against reading their files")  # fmt: skip
    if not (ours.absent or floor.absent):
        row.ratio = ours.median_s / floor.median_s
        row.met = ours.median_s <= SECONDS_AT_MOST
    return [row]


def ours(folder: Path):
    from carbon_sink import pipeline
    from carbon_sink.intake import read_inputs
    from carbon_sink.intake.records import read_works
    from carbon_sink.settings import load_settings

    class_area.call_once(folder)
    settings = load_settings(folder / "data" / "settings.toml")
    inputs = read_inputs(settings)
    # all else of a run is not measured; it asks for works, and gets none yet
    count, asked = pipeline.count_sinks, []
    pipeline.count_sinks = lambda *said: asked.append(said)
    run = pipeline.compute(settings, inputs)
    (accounts, case, area) = asked[0]
    yield
    read_works(settings, inputs)
    sinks = count(accounts, case, area)
    pipeline.total_sinks(accounts, case, sinks)
    pipeline.look_around(case, sinks, run.tables | accounts.tables)
    yield
    return np.array([sinks.ledger["removal_co2e_t"].sum()])


def floor(folder: Path):
    yield
    gpd.read_file(folder / "data" / "projects.gpkg")
    for path in sorted((folder / "data").glob("four_side*.csv")):
        pd.read_csv(path)
    yield
    return np.zeros(1)
