"""The provincial guideline: both forms by hand, and nothing without the province's own rates."""

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from carbon_sink.errors import ParameterError
from carbon_sink.parameters import load_parameters
from carbon_sink.provincial import (
    FORMS,
    converted_aboveground,
    harvested_aboveground,
    lacking_values,
    provincial_balance,
    provincial_growth,
)
from carbon_sink.tables import columns, read_data

YEARS = (2020, 2025)
UNITS = {"wood_density_t_m3": "t/m3", "bef_whole": "1", "bef": "1", "root_shoot_ratio": "1",
         "carbon_fraction": "tC/t"}  # fmt: skip
# no figures of any province: round numbers to reckon with
GIVEN = {"stock_growth_rate_pct": 6.0, "stock_consumption_rate_pct": 4.0, "harvest_rate_pct": 3.0,
         "mortality_rate_pct": 1.0, "wood_density_t_m3": 0.5, "bef_whole": 2.0, "bef": 1.6,
         "root_shoot_ratio": 0.25}  # fmt: skip


def own_rows(**figures):
    return pd.DataFrame([
        {"species_group": "province", "parameter": name, "value": str(value),
         "unit": UNITS.get(name, "%/yr"), "source": "a table of the province", "locator": "p. 1",
         "confidence": "well_known"}
        for name, value in figures.items()
    ])  # fmt: skip


def parameters(names=GIVEN, **more):
    figures = {name: GIVEN[name] for name in names} | more
    return load_parameters("ar_cm_001", own_rows(**figures) if figures else None)


def stands(arbor, bamboo_ha=10.0, four_side=20.0, orchard=0.0):
    return pd.DataFrame({
        "area_ha": [50.0, bamboo_ha, 5.0], "carbon_part": ["arbor", "bamboo", "economic"],
        "forest_stock_m3": [arbor, 0.0, orchard], "sparse_stock_m3": 0.0, "scattered_stock_m3": 0.0,
        "four_side_stock_m3": [0.0, four_side, 0.0],
    })  # fmt: skip


def test_growth_of_the_stock_of_2020():
    # PG_1: 840 800 m3 at 6 %, 0.45 t/m3, 1.8 and 0.5
    assert provincial_growth(840_800, 6.0, 0.45, 1.8, 0.5) == pytest.approx(20431.44, abs=1e-3)


def carbon_of(table, form):
    return table[table["form"].eq(form)].set_index("item")["carbon_t_yr"]


def test_the_form_of_2011_is_growth_less_consumption():
    # 1 m3 holds 0.5 * 2.0 * 0.5 = 0.5 t C; 1200 m3 of forest and 20 m3 of four-side trees grow
    # by 6 %; 1220 m3 are consumed by 4 %; 5 ha of bamboo in 5 years are 68.48 * 0.5 t C a year
    table = provincial_balance(stands(1000.0), stands(1200.0, 15.0), parameters(), YEARS)
    found = carbon_of(table, "2011")
    assert found["arbor"] == pytest.approx(1200 * 0.06 * 0.5)
    assert found["four_side"] == pytest.approx(20 * 0.06 * 0.5)
    assert found["bamboo"] == pytest.approx(34.24)
    assert found["economic"] == 0.0
    assert found["consumption"] == pytest.approx(-1220 * 0.04 * 0.5)
    assert found["total"] == pytest.approx(36.0 + 0.6 + 34.24 - 24.4)


def test_the_form_of_2014_has_roots_harvest_and_mortality_of_their_own():
    # 1 m3 holds 0.5 * 1.6 * 1.25 * 0.5 = 0.5 t C; four-side trees change by 2 m3 a year; of the
    # harvest of 36 m3 the 5 t C cut on converted forest, 1 a year, are taken out, and the 10 t C
    # of converted forest, 2 a year, are a row of their own
    before, after = stands(1000.0, four_side=10.0), stands(1200.0)
    table = provincial_balance(before, after, parameters(), YEARS, 10.0, 5.0)
    found = carbon_of(table, "2014")
    assert found["arbor"] == pytest.approx(36.0)
    assert found["four_side"] == pytest.approx(1.0)
    assert found["harvest"] == pytest.approx(-18.0)
    assert found["harvest_correction"] == pytest.approx(1.0)
    assert found["mortality"] == pytest.approx(-6.0)
    assert found["forest_conversion"] == pytest.approx(-2.0)
    assert found["total"] == pytest.approx(36.0 + 1.0 - 18.0 + 1.0 - 6.0 - 2.0)


def test_without_records_of_harvest_all_of_converted_forest_was_harvested():
    table = provincial_balance(stands(1000.0), stands(1200.0), parameters(), YEARS, 10.0)
    found = carbon_of(table, "2014")
    assert (found["harvest_correction"], found["forest_conversion"]) == (2.0, -2.0)
    assert found["total"] == pytest.approx(36.0 - 18.0 - 6.0)


def test_a_carbon_fraction_of_the_province_takes_the_place_of_the_guideline_s():
    both = stands(1000.0), stands(1200.0)
    plain = provincial_balance(*both, parameters(), YEARS)
    own = provincial_balance(*both, parameters(carbon_fraction=0.45), YEARS)
    assert carbon_of(own, "2011")["arbor"] == pytest.approx(0.9 * carbon_of(plain, "2011")["arbor"])


def test_stock_of_orchards_counts_by_its_area_only():
    both = stands(1000.0, orchard=500.0), stands(1000.0, orchard=500.0)
    table = provincial_balance(*both, parameters(), YEARS)
    consumed = table[table["item"].eq("consumption")]
    assert consumed["stock_m3"].tolist() == [1020.0]


def test_carbon_of_converted_forest_is_that_above_the_ground():
    pieces = pd.DataFrame({
        "part": ["arbor", "arbor", "bamboo"], "flow": ["lost", "unstocked", "lost"],
        "species_before": ["oak", "oak", None], "carbon_before_t": [129.2, 70.0, 30.0],
    })  # fmt: skip
    # oak: R = 0.292
    assert converted_aboveground(pieces, parameters(())) == pytest.approx(100.0)
    assert converted_aboveground(pieces.iloc[1:], parameters(())) == 0.0


def test_only_recorded_harvest_of_arbor_forest_on_converted_ground_counts_as_such():
    # oak: R = 0.292; the rest is elsewhere, sparse woodland, without a place, or no harvest
    losses = pd.DataFrame({
        "event_type": ["harvest", "harvest", "harvest", "harvest", "fire"],
        "part": ["arbor", "arbor", "sparse", None, "arbor"], "species_group": "oak",
        "carbon_t": 200.0, "converted_carbon_t": [129.2, 0.0, 30.0, None, 40.0],
    })  # fmt: skip
    assert harvested_aboveground(losses, parameters(())) == pytest.approx(100.0)
    assert harvested_aboveground(losses.iloc[1:], parameters(())) == 0.0


@pytest.mark.parametrize("form", list(FORMS))
def test_one_form_that_is_complete_is_enough(form):
    table = provincial_balance(stands(1000.0), stands(1200.0), parameters(FORMS[form]), YEARS)
    assert set(table["form"]) == {form}


def test_without_the_values_of_the_province_one_message_lists_them_all():
    with pytest.raises(ParameterError) as error:
        provincial_balance(stands(1000.0), stands(1200.0), parameters(()), YEARS)
    (problem,) = error.value.problems
    for lang in ("zh", "en"):
        message = problem.text(lang)
        assert all(name in message for names in FORMS.values() for name in names)
        assert "province,,stock_growth_rate_pct" in message
        assert "(%/yr)" in message


def test_a_form_that_lacks_one_value_names_that_one():
    most = [name for name in GIVEN if name not in ("stock_consumption_rate_pct", "bef")]
    assert lacking_values(parameters(most)) == {
        "2011": ["stock_consumption_rate_pct"],
        "2014": ["bef"],
    }
    with pytest.raises(ParameterError) as error:
        provincial_balance(stands(1000.0), stands(1200.0), parameters(most), YEARS)
    problem = error.value.problems[0]
    assert (problem.value, problem.rule) == ("stock_consumption_rate_pct (%/yr)", "bef (1)")


def test_no_value_of_a_province_comes_with_the_package():
    assert not load_parameters("ar_cm_001")["species_group"].eq("province").any()
    assert lacking_values(load_parameters("ar_cm_001")) == {
        form: list(names) for form, names in FORMS.items()
    }


@pytest.mark.parametrize(
    ("name", "value"),
    [("stock_growth_rate_pct", 120.0), ("mortality_rate_pct", 100.1), ("bef_whole", 0.8)],
)
def test_impossible_rates_are_refused_where_they_are_given(name, value):
    with pytest.raises(ParameterError) as error:
        load_parameters("ar_cm_001", own_rows(**{name: value}))
    (problem,) = error.value.problems
    assert problem.code == "parameter_row_impossible"
    assert f"province {name}" in problem.text("en")


def test_a_rate_of_one_species_or_in_another_unit_is_refused():
    row = own_rows(stock_growth_rate_pct=6.0)
    for faulty, code in ((row.assign(species_group="oak"), "parameter_row_province"),
                         (row.assign(unit="%"), "parameter_row_unit")):  # fmt: skip
        with pytest.raises(ParameterError) as error:
            load_parameters("ar_cm_001", faulty)
        assert error.value.problems[0].code == code


def test_a_missing_second_date_is_refused():
    with pytest.raises(ParameterError) as error:
        provincial_balance(stands(1000.0), stands(1200.0), parameters(), (2025, 2025))
    assert error.value.problems[0].code == "period_empty"


figures = st.floats(0.0, 1e6)


@given(figures, figures, figures, figures, st.floats(0.0, 1e4), st.none() | st.floats(0.0, 1e4))
@settings(max_examples=25, deadline=None)
def test_the_total_is_the_sum_of_its_items(before, after, trees, bamboo, converted, cut):
    table = provincial_balance(
        stands(before, bamboo), stands(after, 2.0, trees), parameters(), YEARS, converted, cut
    )
    for _, rows in table.groupby("form"):
        carbon = rows.set_index("item")["carbon_t_yr"]
        parts = carbon.drop("total")
        assert carbon["total"] == pytest.approx(parts.sum(), abs=1e-9 * (1.0 + parts.abs().sum()))
        assert rows["removal_co2_t_yr"].to_numpy() == pytest.approx(carbon.to_numpy() * 44 / 12)


def test_with_roots_in_the_factor_and_one_loss_the_forms_agree():
    # the form of 2011 is the special case: BEF of the whole tree, losses as one rate, and
    # trees outside forest that do not change
    same = parameters(bef_whole=1.6 * 1.25, stock_consumption_rate_pct=4.0)
    both = stands(1000.0, four_side=0.0), stands(1200.0, four_side=0.0)
    table = provincial_balance(*both, same, YEARS)
    one, other = carbon_of(table, "2011"), carbon_of(table, "2014")
    assert one["total"] == pytest.approx(other["total"])


def test_the_table_follows_its_contract_and_every_value_has_a_unit():
    table = provincial_balance(stands(1000.0), stands(1200.0), parameters(), YEARS)
    contract = columns("provincial_balance")
    assert list(table.columns) == list(contract.index)
    assert table[contract.index[contract["required"]]].notna().all(axis=None)
    names = {name for needed in FORMS.values() for name in needed}
    known = {
        *read_data("parameter_limits.csv")["parameter"],
        *read_data("provincial_parameters.csv")["parameter"],
    }
    assert names <= known
