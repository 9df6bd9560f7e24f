"""Carbon of forest biomass: by hand, from the source, and invariants."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from carbon_sink.carbon import add_carbon, area_carbon, carbon_parts, stand_carbon, used_rows
from carbon_sink.errors import ParameterError
from carbon_sink.parameters import load_parameters


@pytest.fixture(scope="module")
def parameters():
    return load_parameters("ar_cm_001")


def stands():
    return pd.DataFrame(
        {
            "forest_type": ["arbor", "bamboo", "economic_arbor", "shrub_special", "cropland", "sparse"],
            "area_ha": 10.0,
            "forest_volume_m3": [100.0, 0.0, 50.0, 0.0, 0.0, 20.0],
            "species_group": ["cypress", "bamboo_sympodial", "economic_citrus", "shrub", None, "oak"],
        }
    )  # fmt: skip


def test_factors_of_one_give_the_volume_back():
    assert stand_carbon(123.0, 1.0, 1.0, 0.0, 1.0) == 123.0


def test_a_hundred_cubic_metres_of_cypress_hold_51_5_tonnes():
    # 100 x 0.478 x 1.732 x 1.22 x 0.51 = 51.5117 (vector CARBON_cypress)
    assert np.isclose(stand_carbon(100.0, 0.478, 1.732, 0.22, 0.51), 51.5117, atol=1e-4)


@pytest.mark.parametrize(
    ("group", "per_m3"),
    [("masson_pine", 0.30542), ("cypress", 0.51512), ("chinese_fir", 0.32502),
     ("eucalyptus", 0.46796), ("oak", 0.59172), ("camphor", 0.40744), ("nanmu", 0.49706)],
)  # fmt: skip
def test_carbon_per_cubic_metre_of_the_sichuan_species(parameters, group, per_m3):
    table = pd.DataFrame({"forest_type": ["arbor"], "area_ha": [1.0],
                          "forest_volume_m3": [1.0], "species_group": [group]})  # fmt: skip
    assert np.isclose(add_carbon(table, parameters)["carbon_t"][0], per_m3, atol=5e-6)


def test_bamboo_economic_and_shrub_forest_are_counted_by_area(parameters):
    carbon = add_carbon(stands(), parameters)["carbon_t"]
    # 10 ha x 68.48, 35.21 and 17.99 t/ha of dry mass x 0.5
    assert np.allclose(carbon[[1, 2, 3]], [342.4, 176.05, 89.95])
    assert area_carbon(10.0, 35.21, 0.5) == 176.05


def test_stock_on_an_orchard_is_not_counted_again_and_other_land_has_no_carbon(parameters):
    table = add_carbon(stands(), parameters)
    assert table["carbon_t"][[4, 5]].tolist() == [0.0, 0.0]
    sums = carbon_parts(table)
    assert np.isclose(sums["carbon_t"].sum(), table["carbon_t"].sum())
    assert sums.loc["arbor", "volume_m3"] == 100.0
    assert np.isclose(sums.loc["arbor", "co2_t"], 188.8762, atol=1e-3)


def test_a_species_without_parameters_is_named_with_its_rows_and_never_averaged(parameters):
    table = stands().assign(species_group=["other_conifer", *["bamboo_sympodial"] * 5])
    with pytest.raises(ParameterError, match="other_conifer") as caught:
        add_carbon(table, parameters)
    assert caught.value.problems[0].rows == (0,)


def test_the_rows_that_were_used_are_listed_with_their_sources(parameters):
    rows = used_rows(add_carbon(stands(), parameters), parameters)
    assert set(rows["species_group"]) == {"cypress", "bamboo", "economic", "shrub"}
    assert len(rows) == 4 + 3 * 2
    assert rows["source"].ne("").all()


@given(st.floats(0, 1e6), st.floats(1.0, 3.0))
def test_carbon_is_proportional_to_stock_and_none_without_it(volume, factor):
    one = stand_carbon(volume, 0.4, 1.5, 0.2, 0.5)
    assert np.isclose(stand_carbon(volume * factor, 0.4, 1.5, 0.2, 0.5), one * factor)
    assert stand_carbon(0.0, 0.4, 1.5, 0.2, 0.5) == 0.0
