"""Units of plans are exact."""

from fractions import Fraction

import pytest

from carbon_sink.tables import columns
from carbon_sink.units import (
    base_unit,
    carbon_to_co2,
    field_unit,
    field_unit_words,
    field_units,
    known_units,
    mu,
)


def test_the_plan_s_units_become_the_table_s_units():
    assert base_unit("万m3") == ("m3", 10_000.0)
    assert base_unit("万m³") == base_unit("万立方米") == base_unit("万m3")
    assert base_unit("%") == ("%", 1.0)
    # 2.43 万亩 = 24 300 mu = 1620 ha (CONV_1); 11.5 万亩 = 7666.67 ha
    assert 2.43 * base_unit("万亩")[1] == pytest.approx(1620.0, abs=1e-9)
    assert 11.5 * base_unit("万亩")[1] == pytest.approx(7666.6667, abs=1e-4)


def test_a_hectare_has_fifteen_mu_and_carbon_weighs_44_twelfths_as_co2():
    assert mu(1.0) == 15.0
    assert carbon_to_co2(1.0) == pytest.approx(3.666667, abs=1e-6)


def test_units_that_are_not_known_are_not_guessed():
    assert "万亩" in known_units()
    with pytest.raises(KeyError):
        base_unit("acre")


def test_fields_of_an_inventory_may_be_in_these_units_with_these_exact_factors():
    factors = {name: field_units("ha")[name] for name in ("ha", "亩", "m2")}
    assert factors == {"ha": 1, "亩": Fraction(1, 15), "m2": Fraction(1, 10_000)}
    assert field_units("1") == {"1": 1, "%": Fraction(1, 100), "成": Fraction(1, 10)}
    for unit in columns("stands")["unit"].unique():
        assert not field_units(unit) or field_units(unit)[unit] == 1


@pytest.mark.parametrize("word", field_unit_words())
def test_every_word_for_a_unit_is_one_of_some_column(word):
    assert any(field_unit(word, unit) for unit in columns("stands")["unit"].unique())
