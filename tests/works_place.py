"""Works of every kind in the place of pine stands, written as real files."""

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from conftest import FACTS, write_landcover
from places import SIDE, computed, square, write_place

from carbon_sink.accounting import Case
from carbon_sink.estimation import estimate
from carbon_sink.growing import grow
from carbon_sink.intake import read_inputs
from carbon_sink.parameters import load_parameters
from carbon_sink.settings import load_settings
from carbon_sink.stand_changes import matched

SETTINGS = """
[towns]
path = "towns.gpkg"
[[landcover]]
year = 2020
path = "2020.tif"
scheme = "worldcover"
[[landcover]]
year = 2025
path = "2025.tif"
scheme = "worldcover"
[[projects]]
path = "works.gpkg"
species_scheme = "nfci_3digit"
[[projects]]
path = "trees.csv"
[[targets]]
indicator = "forest_stock_m3"
unit = "m3"
base_year = 2020
base_value = 16000
target_year = 2030
target_value = 30000
kind = "reach"
source = "规划"
[[targets]]
indicator = "forest_coverage_pct"
unit = "%"
base_year = 2020
base_value = 80
target_year = 2030
target_value = 90
kind = "reach"
source = "规划"
[sinks]
years = [2035, 2060]
[sinks.price]
cny_per_t_co2e = 80
source = "交易公告"
"""
TREES = """record_id,project_id,village,side,species_group,planted_year,tree_count,survival_pct,dbh_cm,height_m,measured_year,done_ha
F1,SP1,甲村,宅,camphor,2015,1650,80,10.0,7.0,2025,
F2,SP1,甲村,路,camphor,2024,1650,80,,,,
F3,A1,甲村,村,camphor,2022,1650,80,,,,1.0
F4,,乙村,水,bamboo_moso,2022,330,100,,,,
"""
# whose ground: square, part of it from the west (0 to 1), and the record
WORKS = {
    "A1": (41, (0.0, 1.0), {"project_type": "afforestation", "start_year": 2021,
           "species_group": "masson_pine", "survival_pct": 90.0, "tenure": "clear",
           "nonforest_years": 10.0}),
    "C1": (41, (0.5, 1.5), {"project_type": "corridor", "start_year": 2023,
           "species_group": "camphor", "survival_pct": 85.0}),
    "Q1": (5, (0.0, 1.0), {"project_type": "quality_improvement", "start_year": 2022,
           "species_group": "masson_pine", "growth_gain_pct": 20.0, "gain_years": 10.0,
           "gain_source": "示例"}),
    "Q2": (6, (0.0, 1.0), {"project_type": "quality_improvement", "start_year": 2022}),
    "M1": (44, (0.0, 1.0), {"project_type": "mine_restoration", "start_year": 2022,
           "species_group": "cypress", "survival_pct": 88.0, "soil_loss_pct": 25.0,
           "soil_carbon_reference_t_ha": 55.0, "emission_co2e_t": 3.0}),
    "S1": (45, (0.0, 0.2), {"project_type": "shelterbelt", "start_year": 2019,
           "species_group": "camphor", "survival_pct": 90.0, "belt_length_m": 200.0,
           "belt_width_m": 40.0}),
    "G1": (46, (0.0, 1.0), {"project_type": "grain_for_green", "start_year": 2022,
           "species_group": "bamboo_moso", "survival_pct": 90.0}),
    "H1": (47, (0.0, 1.0), {"project_type": "greening", "start_year": 2022,
           "survival_pct": 90.0}),
    "P1": (48, (0.0, 1.0), {"project_type": "afforestation", "start_year": 2027,
           "species_group": "cypress", "status": "planned", "done_ha": 0.0}),
}  # fmt: skip


def _strip(number, part):
    """Cut a strip out of a square, or past its eastern border."""
    west, south, _, north = square(number).bounds
    return shapely.box(west + part[0] * SIDE, south, west + part[1] * SIDE, north)


def write_works(folder, more=""):
    """Write the place with its works, two land covers and two towns; return its settings."""
    path = write_place(folder, SETTINGS + more)
    shapes = [_strip(number, part) for number, part, _ in WORKS.values()]
    rows = pd.DataFrame([record for _, _, record in WORKS.values()])
    layer = gpd.GeoDataFrame(rows.assign(project_id=list(WORKS)), geometry=shapes, crs=4490)
    area = [shape.area * 1.075e6 for shape in shapes]  # hectares in a square degree at 29.5 N
    layer["done_ha"] = layer["done_ha"].fillna(pd.Series(area).round(3))
    layer.to_file(folder / "works.gpkg")
    (folder / "trees.csv").write_text(TREES, encoding="utf-8-sig")
    halves = [shapely.box(105.0, 29.49, 105.02, 29.504), shapely.box(105.0, 29.504, 105.02, 29.52)]
    gpd.GeoDataFrame(
        {"code": ["500153001", "500153002"], "name": ["甲镇", "乙镇"]}, geometry=halves, crs=4490
    ).to_file(folder / "towns.gpkg")
    before = np.full((20, 40), 40, np.uint8)  # cells of 0.001 degrees from the north: fields
    before[-8:, :20] = 10  # the pine stands in the south-west
    after = before.copy()
    after[10:12, 8:10] = 10  # the ground of M1, which turned to trees
    write_landcover(folder / "2020.tif", before)
    write_landcover(folder / "2025.tif", after)
    return path


def works_run(folder):
    """Return the run of the place with its works."""
    return computed(write_works(folder))


def case_of(path):
    """Return what is accounted for, as a run lays it out before its works."""
    settings = load_settings(path)
    inputs = read_inputs(settings)
    parameters = load_parameters(settings.parameter_set)
    stands = {year: estimate(one, settings, parameters) for year, one in inputs.stands.items()}
    rows = matched(stands)
    growing = grow(settings, inputs, stands, rows, parameters)
    return Case(settings, inputs, stands, rows, parameters, FACTS, growing, None)
