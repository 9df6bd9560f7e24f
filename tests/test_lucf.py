"""The twelve rows of the inventory: by hand, invariants, refusals."""

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from carbon_sink.errors import ParameterError
from carbon_sink.flows import PARTS
from carbon_sink.lucf import (
    NOTATION,
    ROWS,
    Cell,
    change_half_widths,
    ghg_inventory,
    total_cell,
)
from carbon_sink.tables import columns
from carbon_sink.uncertainty import combine_add
from carbon_sink.units import CO2_PER_C

PERIOD = (2020, 2025)
CARBON = st.floats(0.0, 1e6).map(lambda value: round(value, 3))


def flow(part, before_t, after_t, land=("forest", "forest"), years=(2020, 2025), town=""):
    """One row of the flows, 100 ha."""
    return {
        "town_code": town, "year_before": years[0], "year_after": years[1], "part": part,
        "category_before": land[0], "category_after": land[1], "area_before_ha": 100.0,
        "area_after_ha": 100.0, "carbon_before_t": before_t, "carbon_after_t": after_t,
        "carbon_change_t": after_t - before_t,
    }  # fmt: skip


def place():
    """Arbor forest that grows, bamboo that stays, forest that is built on, four-side trees."""
    return pd.DataFrame([
        flow("arbor", 100_000.0, 118_081.0),
        flow("bamboo", 5_000.0, 5_000.0),
        flow("arbor", 1_000.0, 0.0, ("forest", "settlements")),
        flow("open", 0.0, 0.0, ("forest", "settlements")),
        flow("four_side", 200.0, 300.0, ("cropland", "cropland")),
        flow("arbor", 1.0, 2.0, town="500153001"),
    ])  # fmt: skip


def events(**more):
    rows = {"event_type": ["harvest", "harvest", "fire", "fire"], "year": [2020, 2022, 2023, 2026],
            "area_ha": [1.0, 2.0, 10.0, 99.0], "carbon_t": [900.0, 3_000.0, math.nan, 5.0],
            "converted_carbon_t": [0.0, 1_000.0, math.nan, 0.0]}  # fmt: skip
    return pd.DataFrame({**rows, **more})


def cells(table):
    return table.set_index(["row", "item"])[["value", "notation"]]


def value(table, row, item):
    return cells(table).loc[(row, item), "value"]


def notation(table, row, item):
    return cells(table).loc[(row, item), "notation"]


def test_the_form_has_twelve_rows_of_six_items_in_its_order():
    table = ghg_inventory(place())
    assert table["row"].drop_duplicates().tolist() == list(ROWS)
    assert len(table) == 72
    assert table.columns.tolist() == columns("ghg_inventory").index.tolist()


def test_growth_of_arbor_forest_is_its_change_with_what_was_converted_put_back():
    # (18 081 - 1 000 + 1 000) / 5 yr = 3 616.2 t C (vector STOCK_DIFF) = 0.36162 万t
    table = ghg_inventory(place())
    assert value(table, "arbor", "carbon") == pytest.approx(0.36162)
    assert value(table, "arbor", "co2") == pytest.approx(-1.32594)  # x -44/12
    assert value(table, "conversion", "carbon") == pytest.approx(-0.02)  # 1000 t / 5 yr


def test_the_total_is_the_stock_difference_of_all_parts():
    # (18 081 - 1 000 + 100) / 5 yr = 3 436.2 t C; x -44/12 = -12 599.4 t CO2
    assert value(ghg_inventory(place()), "total", "co2") == pytest.approx(-1.25994, abs=1e-12)


def test_economic_forest_counts_once_in_the_total():
    # a known fault of another program: 500 t / 5 yr = 0.01 万t C, and not twice as much
    flows = pd.DataFrame([flow("economic", 0.0, 500.0)])
    assert value(ghg_inventory(flows), "total", "co2") == pytest.approx(-0.01 * CO2_PER_C)


def test_what_was_cut_is_a_row_of_its_own_without_what_was_cut_on_converted_forest():
    # 3 000 t cut in 2022 - 1 000 t of them on converted land = 2 000 t / 5 yr = 0.04 万t C a year
    table = ghg_inventory(place(), events())
    assert value(table, "harvest", "carbon") == pytest.approx(-0.04)
    assert value(table, "arbor", "carbon") == pytest.approx(0.36162 + 0.04)
    assert value(table, "total", "carbon") == pytest.approx(0.34362)


@pytest.mark.parametrize("converted_t", [0.0, math.nan])
def test_conversion_takes_nothing_off_harvest_that_lies_elsewhere_or_nowhere(converted_t):
    # 1 000 t of forest were converted, and no harvest is known to lie there: 3 000 t / 5 yr
    table = ghg_inventory(place(), events(converted_carbon_t=converted_t))
    assert value(table, "harvest", "carbon") == pytest.approx(-0.06)
    assert value(table, "arbor", "carbon") == pytest.approx(0.36162 + 0.06)


def test_harvest_that_is_partly_unknown_has_not_estimated_beside_it_and_the_sum_has_not():
    # 900 t / 5 yr = 0.018 万t; the sum is the stock difference, whatever was cut
    partly = events(year=[2021, 2022, 2023, 2026], carbon_t=[900.0, math.nan, math.nan, 5.0],
                    converted_carbon_t=0.0)  # fmt: skip
    table = ghg_inventory(place(), partly)
    assert value(table, "harvest", "carbon") == pytest.approx(-0.018)
    assert notation(table, "harvest", "carbon") == notation(table, "arbor", "carbon") == "NE"
    assert notation(table, "biomass", "carbon") == notation(table, "total", "carbon") == ""
    unknown = ghg_inventory(place(), events(carbon_t=math.nan))
    assert notation(unknown, "harvest", "carbon") == "IE"


def test_fires_of_the_period_give_methane_and_their_carbon_is_elsewhere():
    # 10 ha in 2023 / 5 yr x 19.8 t/ha x 4.7 g/kg = 0.18612 t; the fire of 2026 is later
    table = ghg_inventory(place(), events())
    assert value(table, "mortality", "ch4") == pytest.approx(0.18612)
    assert value(table, "total", "ch4") == pytest.approx(0.18612)
    assert notation(table, "mortality", "carbon") == "IE"
    # (0.18612 x 28 + 2 x 19.8 x 0.26 / 1000 x 265) / 10 000 = 0.00079398 万t CO2e
    assert value(table, "mortality", "ghg") == pytest.approx(0.00079398, abs=1e-8)


def test_events_without_a_fire_do_not_tell_that_nothing_burnt():
    no_fire = ghg_inventory(place(), events().iloc[:2])
    assert notation(no_fire, "mortality", "ch4") == "NE"


def test_a_fire_of_unknown_area_is_told_beside_the_gases_of_the_others():
    fires = events(event_type="fire", year=2023, area_ha=[10.0, math.nan, 0.0, 0.0])
    table = ghg_inventory(place(), fires)
    assert value(table, "mortality", "ch4") == pytest.approx(0.18612)
    assert notation(table, "mortality", "ch4") == notation(table, "total", "ch4") == "NE"
    table = ghg_inventory(place(), fires.assign(area_ha=math.nan))
    assert math.isnan(value(table, "mortality", "ch4"))
    assert notation(table, "mortality", "ch4") == "NE"


def test_nitrous_oxide_is_in_tonnes_in_every_row():
    # a known fault of another program: 2 ha x 19.8 t/ha x 0.26 g/kg = 0.010296 t, row and total
    table = ghg_inventory(place(), events())
    assert value(table, "mortality", "n2o") == pytest.approx(0.010296)
    assert value(table, "total", "n2o") == pytest.approx(0.010296)


def test_without_shares_burnt_the_gases_of_conversion_are_not_estimated():
    table = ghg_inventory(place())
    assert notation(table, "burning", "carbon") == "IE"
    assert notation(table, "conversion", "ch4") == "NE"
    assert notation(table, "total", "ghg") == "NE"  # beside a value that lacks them


def test_with_shares_burnt_conversion_parts_into_burning_and_decay():
    # 200 t a year x (0.4 + 0.1) x 0.9 = 90 burnt, 110 decay; 72 on site x 0.012 x 16/12 = 1.152
    table = ghg_inventory(place(), burning=(0.4, 0.1))
    assert value(table, "burning", "carbon") == pytest.approx(-0.009)
    assert value(table, "decay", "carbon") == pytest.approx(-0.011)
    assert value(table, "burning", "ch4") == pytest.approx(1.152)
    assert value(table, "total", "co2") == pytest.approx(-1.25994, abs=1e-12)


def test_what_does_not_occur_and_what_nobody_recorded_is_told_apart():
    table = ghg_inventory(place().drop(index=[2, 3]))
    assert notation(table, "conversion", "carbon") == "NO"
    assert notation(table, "economic", "carbon") == "NO"
    assert notation(table, "harvest", "carbon") == "IE"
    assert notation(table, "mortality", "ch4") == "NE"


def test_trees_whose_carbon_is_not_known_leave_the_total_incomplete():
    unknown = pd.DataFrame([flow("arbor", 0.0, 50.0), flow("scattered", math.nan, math.nan)])
    table = ghg_inventory(unknown)
    assert notation(table, "trees", "carbon") == "NE"
    assert notation(table, "total", "carbon") == "NE"
    assert value(table, "total", "carbon") == pytest.approx(0.001)


def test_uncertainty_of_sums_is_over_the_absolute_value_of_the_sum():
    # vector UNC_ADD_SIGN: 300 +- 10 % and -100 +- 20 %: 36.06 / |200| = 18.03 %, not 36.06 / 400
    flows = pd.DataFrame([flow("arbor", 0.0, 1_500.0), flow("bamboo", 500.0, 0.0)])
    table = ghg_inventory(flows, half_widths={PERIOD: {"arbor": 30.0, "bamboo": 20.0}})
    assert value(table, "arbor", "uncertainty") == pytest.approx(10.0)
    assert value(table, "bamboo", "uncertainty") == pytest.approx(20.0)
    assert value(table, "biomass", "uncertainty") == pytest.approx(18.0278, abs=1e-4)
    assert value(table, "total", "uncertainty") == pytest.approx(18.0278, abs=1e-4)
    combined = 100 * combine_add([300, -100], [0.1, 0.2])
    assert value(table, "total", "uncertainty") == pytest.approx(combined)


def test_the_interval_of_the_sum_is_taken_where_it_was_drawn():
    flows = pd.DataFrame([flow("arbor", 0.0, 1_500.0), flow("bamboo", 500.0, 0.0)])
    halves = {PERIOD: {"arbor": 30.0, "bamboo": 20.0, "total": 14.0}}
    table = ghg_inventory(flows, half_widths=halves)
    assert value(table, "total", "uncertainty") == pytest.approx(7.0)


def test_what_was_put_back_into_growth_does_not_widen_the_total():
    # half-widths 100 and 30 t C a year; total 3 436.2: 104.403 / 3 436.2 = 3.03833 %
    halves = {PERIOD: {"arbor": 100.0, "bamboo": 0.0, "trees": 30.0}}
    cut, plain = (ghg_inventory(place(), one, half_widths=halves) for one in (events(), None))
    assert value(plain, "total", "uncertainty") == pytest.approx(3.03833, abs=1e-5)
    assert value(cut, "total", "uncertainty") == value(plain, "total", "uncertainty")


def test_growth_with_harvest_put_back_has_no_uncertainty_as_that_of_harvest_is_not_known():
    halves = {PERIOD: {"arbor": 100.0, "bamboo": 0.0, "trees": 30.0}}
    cut = ghg_inventory(place(), events(), half_widths=halves)
    assert notation(cut, "arbor", "uncertainty") == "NE"
    assert math.isnan(value(cut, "arbor", "uncertainty"))
    # 100 / 3 616.2 = 2.76533 % where nothing was put back
    for losses in (None, events(carbon_t=0.0, converted_carbon_t=0.0)):
        plain = ghg_inventory(place(), losses, half_widths=halves)
        assert value(plain, "arbor", "uncertainty") == pytest.approx(2.76533, abs=1e-5)


def test_a_sum_with_a_row_of_unknown_uncertainty_has_none():
    flows = pd.DataFrame([flow("arbor", 0.0, 1_500.0), flow("bamboo", 500.0, 0.0)])
    table = ghg_inventory(flows, half_widths={PERIOD: {"arbor": 30.0}})
    assert notation(table, "total", "uncertainty") == "NE"
    partial = {PERIOD: {"arbor": 30.0, "total": 30.0}}  # drawn without bamboo
    assert notation(ghg_inventory(flows, half_widths=partial), "total", "uncertainty") == "NE"
    nothing = pd.DataFrame([flow("arbor", 0.0, 500.0), flow("bamboo", 500.0, 0.0)])
    table = ghg_inventory(nothing, half_widths={PERIOD: {"arbor": 30.0, "bamboo": 20.0}})
    assert notation(table, "total", "uncertainty") == "NE"  # a share of nothing


def test_errors_that_both_dates_share_cancel_in_the_change():
    # one draw of a parameter for both dates: +-20 % of the change, not of the stocks
    factor = np.linspace(0.8, 1.2, 41)
    halves = change_half_widths({"arbor": 1_000 * factor}, {"arbor": 1_100 * factor}, 5)
    # 95 % of the draws of 100 x 0.8 to 1.2: (119 - 81) / 2 / 5 yr
    assert halves["arbor"] == pytest.approx(3.8)
    assert halves["total"] == halves["biomass"] == halves["arbor"]
    trees = {"sparse": factor, "four_side": -factor}
    assert change_half_widths(dict.fromkeys(trees, 0 * factor), trees, 1)["trees"] == 0.0


def test_what_sums_of_many_figures_lose_is_no_change():
    # 1e-12 t of 8 000 t is the last digit of a sum, not shrub forest that shrinks
    flows = pd.DataFrame([
        flow("shrub", 7_977.6, 7_977.6 - 1e-12), flow("arbor", 0.0, 500.0),
        flow("shrub", 0.3, 0.0, ("forest", "settlements")),
    ])  # fmt: skip
    table = ghg_inventory(flows, half_widths={PERIOD: {"arbor": 1.0, "shrub": 1.0}})
    assert value(table, "shrub", "carbon") == 0.0
    assert notation(table, "shrub", "uncertainty") == "NE"


def test_each_pair_of_dates_is_a_period_of_its_own():
    later = place().assign(year_before=2025, year_after=2030)
    table = ghg_inventory(pd.concat([place(), later]))
    assert table.groupby(["year_before", "year_after"]).size().tolist() == [72, 72]


flows_of_parts = st.lists(
    st.tuples(
        st.sampled_from([part for part in PARTS if part != "open"]), CARBON, CARBON,
        st.sampled_from([("forest", "forest"), ("forest", "cropland"), ("cropland", "forest"),
                         ("cropland", "cropland"), ("none", "forest")]),
    ),
    min_size=1, max_size=12,
)  # fmt: skip


@given(flows_of_parts, CARBON, st.one_of(st.none(), st.just((0.3, 0.2))))
def test_rows_add_up_to_the_stock_difference_whatever_is_told_of_it(parts, cut_t, burning):
    flows = pd.DataFrame([flow(*part) for part in parts])
    losses = events(
        carbon_t=[0.0, cut_t, math.nan, math.nan], converted_carbon_t=[0.0, cut_t / 3, 0.0, 0.0]
    )
    table = ghg_inventory(flows, losses, burning=burning)
    expected = -flows["carbon_change_t"].sum() / 5 / 10_000 * CO2_PER_C
    assert value(table, "total", "co2") == pytest.approx(expected, rel=1e-9, abs=1e-9)
    rows = [row for row in ROWS if row not in ("biomass", "conversion", "total")]
    found = cells(table)["value"].unstack()  # noqa: PD010 - rows and items are the index
    whole = found.loc[["conversion"] if burning is None else [], "co2"].sum()
    parts_sum = found.loc[rows, "co2"].sum() + whole
    assert parts_sum == pytest.approx(expected, rel=1e-9, abs=1e-9)


@given(flows_of_parts)
def test_swapping_the_dates_turns_the_sign_of_the_sink(parts):
    flows = pd.DataFrame([flow(*part) for part in parts])
    back = pd.DataFrame(
        [flow(one, after, before, land[::-1]) for one, before, after, land in parts]
    )
    there, again = (value(ghg_inventory(one), "total", "carbon") for one in (flows, back))
    assert there == pytest.approx(-again, rel=1e-9, abs=1e-9)


@given(st.lists(st.sampled_from([Cell(1.5), *(Cell(notation=key) for key in NOTATION)])))
def test_a_sum_of_cells_is_the_same_in_any_order(parts):
    assert repr(total_cell(parts)) == repr(total_cell(parts[::-1]))


def test_a_single_inventory_is_refused_with_what_to_do():
    with pytest.raises(ParameterError) as caught:
        ghg_inventory(place().head(0))
    assert [problem.code for problem in caught.value.problems] == ["second_date_missing"]
    assert "[[inventory]]" in caught.value.text("en")


def test_years_in_the_wrong_order_are_refused():
    with pytest.raises(ParameterError, match="2025 → 2020"):
        ghg_inventory(place().assign(year_before=2025, year_after=2020))


def test_impossible_shares_and_unknown_potentials_are_refused():
    with pytest.raises(ParameterError, match="onsite_share"):
        ghg_inventory(place(), burning=(0.8, 0.4))
    with pytest.raises(ParameterError, match="ar99"):
        ghg_inventory(place(), gwp_set="ar99")
