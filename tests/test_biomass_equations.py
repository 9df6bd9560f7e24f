"""The equations of the IPCC: what they give, and how they hang together."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from carbon_sink.biomass_equations import (
    biomass_increment,
    check_share,
    disturbance_carbon,
    fuelwood_carbon,
    wood_removal_carbon,
)
from carbon_sink.carbon import stand_carbon
from carbon_sink.errors import ParameterError

volume = st.floats(0.0, 1e6)
ratio = st.floats(0.05, 0.7)


def test_growth_is_that_of_tops_and_roots_too():
    # 5 m3 a year at 0.6 t/m3 are 3 t above the ground and 0.75 t of roots
    assert biomass_increment(5.0, 0.6, 0.25) == pytest.approx(3.75)


def test_fuelwood_of_parts_leaves_the_roots_alive():
    # 100 m3 of trees: 100 * 0.6 * 1.25 * 0.5 = 37.5 t; 20 m3 of branches: 20 * 0.5 * 0.5 = 5 t
    assert wood_removal_carbon(100.0, 0.6, 0.25, 0.5) == pytest.approx(37.5)
    assert fuelwood_carbon(100.0, 20.0, 0.6, 0.25, 0.5, 0.5) == pytest.approx(42.5)


def test_a_fire_takes_its_share_of_the_biomass():
    # 10 ha * 40 t/ha * 1.25 * 0.5 = 250 t C, of which 30 %
    assert disturbance_carbon(10.0, 40.0, 0.25, 0.5, 0.3) == pytest.approx(75.0)


@given(volume, st.floats(0.2, 1.1), st.floats(1.0, 3.0), ratio, ratio)
def test_wood_that_is_cut_holds_the_carbon_of_the_stock_it_was(m3, density, bef, roots, fraction):
    cut = wood_removal_carbon(m3, density * bef, roots, fraction)
    assert cut == pytest.approx(stand_carbon(m3, density, bef, roots, fraction))
    # all of the biomass of a hectare that is lost is the same carbon
    assert disturbance_carbon(1.0, m3 * density * bef, roots, fraction, 1.0) == pytest.approx(cut)


@pytest.mark.parametrize("share", [-0.01, 1.01, 30.0, float("nan")])
def test_impossible_shares_are_refused(share):
    with pytest.raises(ParameterError) as error:
        disturbance_carbon(10.0, 40.0, 0.25, 0.5, share)
    (problem,) = error.value.problems
    assert (problem.field, problem.value) == ("lost_fraction", f"{share:g}")


def test_every_impossible_share_is_named():
    with pytest.raises(ParameterError) as error:
        check_share(np.array([0.5, -1.0, 2.0]), "mortality_pct", 1.0)
    assert "-1, 2" in error.value.problems[0].what("en")
    check_share(np.array([0.0, 100.0]), "mortality_pct", 100.0)
