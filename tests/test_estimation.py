"""From checked stands to coverage, stock and carbon, as far as these are known."""

import geopandas as gpd
import pytest
import shapely

from carbon_sink.errors import ParameterError
from carbon_sink.estimation import estimate
from carbon_sink.parameters import load_parameters
from carbon_sink.settings import load_settings

STAND = {
    "area_ha": 10.0,
    "land_class": "0111",
    "class_group": "arbor",
    "is_land_survey": False,
    "canopy_closure": 0.5,
    "forest_volume_m3": 100.0,
    "species_group": "cypress",
}


def stand(**changes):
    box = [shapely.box(105.0, 29.0, 105.01, 29.01)]
    return gpd.GeoDataFrame({name: [value] for name, value in {**STAND, **changes}.items()},
                            geometry=box, crs="EPSG:4490", index=[7])  # fmt: skip


@pytest.fixture
def settings(small_place):
    return load_settings(small_place)


def test_a_stand_has_its_coverage_its_stock_and_its_carbon(settings):
    found = estimate(stand(), settings, load_parameters("ar_cm_001")).iloc[0]
    assert found["arbor_ha"] == 10.0
    assert found["forest_stock_m3"] == found["living_stock_m3"] == 100.0
    # 100 m3 x 0.478 x 1.732 x (1 + 0.22) x 0.51
    assert found["carbon_t"] == pytest.approx(51.5117, abs=1e-4)


@pytest.mark.parametrize(
    ("lacking", "known", "unknown"),
    [
        ("forest_volume_m3", "arbor_ha", "forest_stock_m3"),
        ("species_group", "forest_stock_m3", "carbon_t"),
    ],
)
def test_what_needs_a_field_that_is_not_there_is_left_out(settings, lacking, known, unknown):
    found = estimate(stand().drop(columns=lacking), settings, load_parameters("ar_cm_001"))
    assert known in found
    assert unknown not in found


def test_a_species_without_parameters_is_told_with_its_file_and_its_row(settings):
    with pytest.raises(ParameterError) as refused:
        estimate(stand(species_group="ginkgo"), settings, load_parameters("ar_cm_001"), "a.gpkg")
    problem = refused.value.problems[0]
    assert (problem.code, problem.file, problem.rows) == ("parameter_missing", "a.gpkg", (7,))
