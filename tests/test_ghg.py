"""Gases of soils, fires and forest conversion: by hand, from the source, invariants, refusals."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from carbon_sink.errors import ParameterError
from carbon_sink.ghg import (
    co2e,
    conversion_fates,
    conversion_gases,
    factors,
    fire_emissions,
    fire_gases,
    gwp,
    mineral_soil_change,
)

AMOUNTS = st.floats(0.0, 1e6, allow_subnormal=False)
SHARES = st.floats(0.0, 0.5)


def test_rice_fields_that_become_forest_lose_soil_carbon_and_nothing_is_clipped():
    # vector SOC_2: 55 x (1 - 1.35) / 20 = -0.9625 t C per year and hectare
    assert mineral_soil_change(55.0, 1.35, 1.0) == pytest.approx(-0.9625, abs=1e-12)


def test_cropland_that_becomes_forest_gains_soil_carbon():
    # 64 x (1 - 0.69) x 10 ha / 20 yr = 9.92 t C per year
    assert mineral_soil_change(64.0, 0.69, 1.0, area_ha=10.0) == pytest.approx(9.92)


def test_a_fire_of_the_plan_s_ceiling_sets_a_tonne_of_methane_free():
    # 11.84 ha x 19.8 t/ha x 4.7 g/kg = 1.1018304 t CH4; x 0.26 g/kg = 0.06095232 t N2O
    gases = fire_gases(11.84)
    assert gases["ch4"] == pytest.approx(1.1018304)
    assert gases["n2o"] == pytest.approx(0.06095232)


def test_of_fuel_that_was_measured_the_default_share_burns():
    # 10 ha x 44 t/ha x 0.45 = 198 t, what 10 ha burn by default
    assert fire_gases(10.0, 44.0) == pytest.approx(fire_gases(10.0))


def test_carbon_burnt_on_site_gives_the_gases_of_the_guideline():
    # vector CONV_3: 100 x 0.012 x 16/12 = 1.6; 100 x 0.01 x 0.007 x 44/28 = 0.011
    gases = conversion_gases(100.0)
    assert gases["ch4"] == pytest.approx(1.6, abs=1e-5)
    assert gases["n2o"] == pytest.approx(0.011, abs=1e-5)


def test_converted_biomass_burns_on_site_burns_elsewhere_or_decays():
    # 1000 x (0.4 + 0.1) x 0.9 = 450 burnt; on site 360: CH4 360 x 0.012 x 16/12 = 5.76
    fates = conversion_fates(1000.0, 0.4, 0.1)
    assert fates["burnt_t"] == pytest.approx(450.0)
    assert fates["decayed_t"] == pytest.approx(550.0)
    assert fates["ch4"] == pytest.approx(5.76)


def test_warming_potentials_are_those_of_the_reports():
    assert gwp("ar5") == {"ch4": 28.0, "n2o": 265.0}
    assert gwp("sar") == {"ch4": 21.0, "n2o": 310.0}


def test_the_factors_of_fires_are_those_of_the_tables_for_other_temperate_forest():
    assert factors()["fuel_burnt", ""] == 19.8
    assert factors()["combustion_factor", ""] == 0.45
    assert factors()["emission_factor", "ch4"] == 4.7


def test_a_removal_is_a_negative_emission():
    # -12 x 44/12 + 1 x 28 + 0.1 x 265 = 10.5
    assert co2e(12.0, 1.0, 0.1, gwp("ar5")) == pytest.approx(10.5)


@given(AMOUNTS, AMOUNTS, AMOUNTS, st.floats(0.0, 10.0))
def test_emissions_as_co2_are_linear_in_the_potentials(carbon, ch4, n2o, factor):
    scaled = {gas: value * factor for gas, value in gwp("ar5").items()}
    plain = co2e(0.0, ch4, n2o, gwp("ar5"))
    both = co2e(carbon, 0.0, 0.0, gwp("ar5")) + plain
    assert co2e(0.0, ch4, n2o, scaled) == pytest.approx(plain * factor, rel=1e-9, abs=1e-9)
    assert co2e(carbon, ch4, n2o, gwp("ar5")) == pytest.approx(both, rel=1e-9, abs=1e-6)


@given(AMOUNTS, SHARES, SHARES)
def test_what_was_lost_is_burnt_or_decays(lost, onsite, offsite):
    fates = conversion_fates(lost, onsite, offsite)
    assert fates["burnt_t"] + fates["decayed_t"] == pytest.approx(lost)
    assert fates["ch4"] >= 0.0
    assert fates["n2o"] >= 0.0


@given(st.floats(0.5, 1.5), st.floats(0.5, 1.5), AMOUNTS)
def test_the_way_back_changes_the_soil_by_as_much(one, other, area):
    there, back = (mineral_soil_change(55.0, *pair, area) for pair in ((one, other), (other, one)))
    assert there == pytest.approx(-back)


def test_fires_grow_with_every_factor():
    assert fire_emissions(2.0, 10.0, 0.5, 4.0) == pytest.approx(0.04)  # 2 x 10 x 0.5 x 4 / 1000


def test_impossible_shares_are_refused_together():
    with pytest.raises(ParameterError) as caught:
        conversion_fates(100.0, 1.2, -0.1)
    fields = [problem.field for problem in caught.value.problems]
    assert fields == ["onsite_share", "offsite_share", "onsite_share + offsite_share"]
    assert "1.2" in caught.value.text("en")


def test_a_negative_area_and_no_number_are_refused():
    with pytest.raises(ParameterError, match="area_ha"):
        fire_gases(-1.0)
    with pytest.raises(ParameterError, match="fuel_t_ha"):
        fire_gases(1.0, float("nan"))


def test_an_unknown_set_of_potentials_is_refused_with_those_that_exist():
    with pytest.raises(ParameterError, match="ar5, sar"):
        gwp("ar9")
