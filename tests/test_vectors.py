"""Published and computed examples, each by its id, through the package's public functions."""

import csv
import json
from pathlib import Path
from statistics import NormalDist

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from carbon_sink.accuracy import adjusted_area, sample_size
from carbon_sink.allometry import aboveground_biomass_zeng, stand_biomass, tree_biomass
from carbon_sink.carbon import stand_carbon
from carbon_sink.coverage import coverage_pct, four_side_area
from carbon_sink.geometry import ellipsoidal_area_ha, transformer, zone_area_m2
from carbon_sink.ghg import conversion_gases, mineral_soil_change
from carbon_sink.growth import (
    compound_pct,
    level,
    level_growth,
    pressler_pct,
    stand_volume,
    tree_volume,
    volume_growth_rate,
)
from carbon_sink.parameters import load_parameters, values
from carbon_sink.projects import fire_damage_permille
from carbon_sink.provincial import provincial_growth
from carbon_sink.summary import add_removal, largest_remainder
from carbon_sink.targets import Target, path, progress
from carbon_sink.uncertainty import combine_add, combine_multiply
from carbon_sink.units import base_unit, carbon_to_co2, mu

VECTORS = list(
    csv.DictReader((Path(__file__).parent / "vectors.csv").read_text("utf-8").splitlines())
)
# every vector of the science reference (none is out of scope), and the worked example that its section 10 names
IDS = [
    "OLO14_T8", "OLO13_EX1", "OLO14_N", "OPENMRV", "VOL01_V20_15", "VOL03_V20_15",
    "VOL04_V20_15", "VOL08_V20_15", "PRESSLER_1", "COMPOUND_TARGET", "MILESTONES", "COVERAGE_1",
    "FIRE_1", "FOUR_SIDE_1", "CARBON_masson_pine", "CARBON_chinese_fir", "CARBON_cypress",
    "CARBON_eucalyptus", "CARBON_oak", "PG_1", "STOCK_DIFF", "SCALE_CHECK", "BIOMASS_1",
    "BIOMASS_2", "BIOMASS_3", "FANG_1", "FANG_BIAS", "GROWTH_1", "GROWTH_2", "UPDATE_1",
    "RATE_1", "STAND_V", "AREA_CELL", "AREA_GLOBE", "PROJ_1", "PROJ_2", "UNC_MULT", "UNC_ADD",
    "UNC_ADD_SIGN", "SOC_2", "PROB_1", "ALLOC_1", "CONV_1", "CONV_2", "CONV_3",
]  # fmt: skip


def _adjusted_area(error_matrix, mapped_area_ha):
    # the paper takes 1.96 for the quantile of 95 %
    confidence = 2.0 * NormalDist().cdf(1.96) - 1.0
    found = adjusted_area(error_matrix, mapped_area_ha, confidence)
    classes, total = found.classes, sum(mapped_area_ha)
    return {
        "overall_accuracy": found.overall_accuracy,
        "overall_accuracy_ci": found.overall_accuracy_ci,
        "users_accuracy": classes["users_accuracy"],
        "producers_accuracy": classes["producers_accuracy"],
        "area_share": classes["area_ha"] / total,
        "se_share": classes["se_ha"] / total,
        "area_ha": classes["area_ha"],
        "ci_ha": classes["ci_ha"],
    }


def _adjusted_area_strata(error_matrix, strata, map_classes, mapped_area_ha):
    counts = pd.DataFrame(error_matrix, index=strata, columns=map_classes)
    classes = adjusted_area(counts, mapped_area_ha).classes.loc[map_classes]
    return {"area_ha": classes["area_ha"], "se_ha": classes["se_ha"]}


def _stock_target(base_value, target_value, years):
    return Target("forest_stock_m3", "万m3", 2020, base_value, 2020 + years, target_value)


def _required_growth(base_value, target_value, years):
    target = _stock_target(base_value, target_value, years)
    return {
        "required_per_year": progress(target, 2020, base_value).required_per_year,
        "compound_pct": compound_pct(base_value, target_value, years),
        "pressler_pct": pressler_pct(base_value, target_value, years),
    }


def _milestones(base_value, target_value, years):
    target = _stock_target(base_value, target_value, years)
    factor = 1.0 + compound_pct(base_value, target_value, years) / 100.0
    return {
        "linear": [path(target, 2020 + n) for n in range(years + 1)],
        "compound": [base_value * factor**n for n in range(years + 1)],
    }


def _coverage(added_mu, land_area_ha, base_pct, target_pct):
    added_ha = added_mu * base_unit("亩")[1]
    target = Target("forest_coverage_pct", "%", 2020, base_pct, 2025, target_pct)
    needed_ha = progress(target, 2020, base_pct).gap / 100.0 * land_area_ha
    forest_ha = base_pct / 100.0 * land_area_ha
    return {
        "added_ha": added_ha,
        "added_points": coverage_pct(added_ha, land_area_ha),
        "new_pct": coverage_pct(forest_ha + added_ha, land_area_ha),
        "needed_ha": needed_ha,
        "needed_share": needed_ha / added_ha,
    }


def _fire_damage(burned_ha, forest_area_ha):
    fires = pd.DataFrame({"event_type": ["fire"], "year": [2025], "area_ha": [burned_ha]})
    return {"permille": fire_damage_permille(fires, forest_area_ha, 2025)}


def _four_side_area(trees):
    area_ha = four_side_area(pd.Series([trees]))[0]
    return {"area_ha": area_ha, "area_mu": mu(area_ha)}


def _stand_carbon(**factors):
    carbon_t = stand_carbon(**factors)
    return {"carbon_t": carbon_t, "co2_t": carbon_to_co2(carbon_t)}


def _stock_difference(carbon_before_t, carbon_after_t, years):
    towns = pd.DataFrame({"year": [2020, 2020 + years], "town_code": "",
                          "carbon_t": [carbon_before_t, carbon_after_t]})  # fmt: skip
    removal = add_removal(towns)["removal_co2_t_yr"][1]
    return {"carbon_t_yr": removal / carbon_to_co2(1.0), "removal_co2_t_yr": removal}


def _scale(volume_m3, low, high):
    rows = load_parameters("ar_cm_001")
    names = ("wood_density_t_m3", "bef", "root_shoot_ratio", "carbon_fraction")
    co2 = {
        group: carbon_to_co2(stand_carbon(volume_m3, *(values(rows, n)[group] for n in names)))
        for group in (low, high)
    }
    return {"co2_low_t": co2[low], "co2_high_t": co2[high]}


def _stand_biomass(regression_set, species_group, volume_m3_ha):
    t_ha = stand_biomass(regression_set, species_group, volume_m3_ha)
    return {"t_ha": t_ha, "t_m3": t_ha / volume_m3_ha}


def _level_growth(model_id, age_yr, volume_m3):
    factor = 1.0 + level_growth(model_id, age_yr) / 100.0
    return {"factor": factor, "volume_m3": volume_m3 * factor}


def _volume_growth_rate(volume_m3, years, **state):
    pct = volume_growth_rate(**state)
    return {"growth_pct": pct, "volume_m3": volume_m3 * (1.0 + pct / 100.0) ** years}


def _ellipsoidal_area(lon_deg, lat_deg):
    box = shapely.box(lon_deg[0], lat_deg[0], lon_deg[1], lat_deg[1])
    return {"m2": ellipsoidal_area_ha(gpd.GeoSeries([box], crs="EPSG:4490"))[0] * 10_000}


def _project(lon_deg, lat_deg, epsg):
    x_m, y_m = transformer("EPSG:4490", f"EPSG:{epsg}").transform(lon_deg, lat_deg)
    return {"x_m": x_m, "y_m": y_m}


def _probability(value, sd, target_value):
    target = Target("forest_stock_m3", "万m3", 2020, 84.08, 2025, target_value)
    return {"probability": progress(target, 2025, value, sd=sd).probability}


CALLS = {
    "adjusted_area": _adjusted_area,
    "adjusted_area_strata": _adjusted_area_strata,
    "sample_size": lambda **strata: {"units": sample_size(**strata)},
    "tree_volume": lambda **tree: {"volume_m3": tree_volume(**tree)},
    "growth_between": lambda **two: {
        "pressler_pct": pressler_pct(**two),
        "compound_pct": compound_pct(**two),
    },
    "required_growth": _required_growth,
    "milestones": _milestones,
    "coverage": _coverage,
    "fire_damage": _fire_damage,
    "four_side_area": _four_side_area,
    "stand_carbon": _stand_carbon,
    "provincial_growth": lambda **stock: {"carbon_t": provincial_growth(**stock)},
    "stock_difference": _stock_difference,
    "scale": _scale,
    "tree_biomass": lambda **tree: tree_biomass(**tree).iloc[0].to_dict(),
    "zeng": lambda **tree: {"aboveground_kg": aboveground_biomass_zeng(**tree)},
    "stand_biomass": _stand_biomass,
    "level": lambda model_id, age_yr: {"value": level(model_id, age_yr)},
    "level_growth": _level_growth,
    "volume_growth_rate": _volume_growth_rate,
    "stand_volume": lambda equations, **stand: {
        name: stand_volume(equation, **stand) for name, equation in equations.items()
    },
    "ellipsoidal_area": _ellipsoidal_area,
    "whole_ellipsoid": lambda latitude_deg: {"m2": 4 * np.pi * zone_area_m2(latitude_deg)},
    "project": _project,
    "combine_multiply": lambda uncertainties: {"uncertainty": combine_multiply(uncertainties)},
    "combine_add": lambda values, uncertainties: {
        "uncertainty": combine_add(values, uncertainties)
    },
    "mineral_soil_change": lambda **soil: {"carbon_t_yr": mineral_soil_change(**soil)},
    "probability": _probability,
    "largest_remainder": lambda **sharing: {"shares": largest_remainder(**sharing)},
    "from_mu": lambda area_mu: {"area_ha": area_mu * base_unit("亩")[1]},
    "carbon_to_co2": lambda carbon_t: {"co2_t": carbon_to_co2(carbon_t)},
    "conversion_gases": lambda released_t: {
        f"{gas}_t": mass_t for gas, mass_t in conversion_gases(released_t).items()
    },
}


@pytest.mark.parametrize("vector", VECTORS, ids=[row["id"] for row in VECTORS])
def test_the_package_computes_what_the_example_says(vector):
    found = CALLS[vector["function"]](**json.loads(vector["inputs"]))
    expected = json.loads(vector["expected"])
    assert expected
    for name, value in expected.items():
        assert np.asarray(found[name], dtype=float) == pytest.approx(
            np.asarray(value, dtype=float), rel=0, abs=float(vector["tolerance"])
        ), name


def test_no_vector_is_forgotten_and_each_says_where_it_is_from():
    ids = [row["id"] for row in VECTORS]
    assert len(set(ids)) == len(ids)
    assert set(ids) == set(IDS)
    assert {row["function"] for row in VECTORS} == set(CALLS)
    assert all(row["source"] for row in VECTORS)
    assert {row["confidence"] for row in VECTORS} <= {"verified", "well_known", "uncertain"}


@pytest.mark.realdata
def test_the_vectors_are_those_of_the_science_reference(real_data):
    table = real_data.parent / "reference" / "tables" / "test_vectors.csv"
    if not table.is_file():
        pytest.skip("the science reference is not beside the real data")
    with table.open(encoding="utf-8", newline="") as file:
        ids = {row["id"] for row in csv.DictReader(file)}
    assert set(IDS) - ids == {"OPENMRV"}
    assert ids <= set(IDS)
