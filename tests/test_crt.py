"""The common reporting tables: by hand, invariants, refusals."""

import math

import pandas as pd
import pytest
from hypothesis import given
from test_lucf import CARBON, events, flow, flows_of_parts, place

from carbon_sink.crt import (
    LETTERS,
    UNITS,
    crt_tables,
    dead_organic_change,
    land_transition,
)
from carbon_sink.errors import ParameterError
from carbon_sink.lucf import ghg_inventory
from carbon_sink.tables import columns
from carbon_sink.units import CO2_PER_C


def cell(table, row, item, name=None):
    """Figure and key of one cell; the table is that of the row unless it is named."""
    name = name or row[:3]
    found = table[table["table"].eq(name) & table["row"].eq(row) & table["item"].eq(item)]
    return found["value"].item(), found["notation"].item()


def value(*where):
    return cell(*where)[0]


def soil(change_t_yr=-50.0, land=("cropland", "forest")):
    return pd.DataFrame({"year_before": [2020], "year_after": 2025, "town_code": "",
                         "category_before": land[0], "category_after": land[1],
                         "change_t_yr": change_t_yr})  # fmt: skip


def gained():
    """Cropland with a few trees that became forest."""
    return pd.DataFrame([
        flow("open", 0.0, 0.0, ("cropland", "forest")),
        flow("four_side", 100.0, 0.0, ("cropland", "forest")),
        flow("economic", 0.0, 600.0, ("cropland", "forest")),
    ])  # fmt: skip


def test_the_tables_have_the_columns_of_the_contract_and_known_units():
    table = crt_tables(place())
    assert table.columns.tolist() == columns("crt_tables").index.tolist()
    assert set(table["item"]) == set(UNITS)
    assert set(table["table"]) == {"4", "4(V)", "4.1", *(f"4.{one}" for one in LETTERS.values())}


def test_forest_that_remained_takes_co2_out_of_the_air():
    # arbor 18 081 t / 5 yr = 3.6162 kt C a year; x -44/12 = -13.2594 kt CO2
    table = crt_tables(place())
    assert value(table, "4.A.1", "net") == pytest.approx(3.6162)
    assert value(table, "4.A.1", "co2") == pytest.approx(-13.2594)
    assert cell(table, "4.A.1", "gains")[1] == "IE"


def test_with_events_of_harvest_gains_and_losses_are_told():
    # 3 000 t cut - 1 000 t of them on converted forest = 2 000 t / 5 yr = 0.4 kt C a year
    table = crt_tables(place(), events())
    assert value(table, "4.A.1", "losses") == pytest.approx(-0.4)
    assert value(table, "4.A.1", "gains") == pytest.approx(4.0162)
    assert value(table, "4.A.1", "net") == pytest.approx(3.6162)


def test_harvest_that_is_partly_unknown_leaves_gains_and_losses_incomplete_and_not_the_net():
    partly = events(year=[2021, 2022, 2023, 2026], carbon_t=[900.0, math.nan, math.nan, 5.0],
                    converted_carbon_t=0.0)  # fmt: skip
    table = crt_tables(place(), partly)
    assert cell(table, "4.A.1", "losses") == (pytest.approx(-0.18), "NE")  # 900 t / 5 yr
    assert cell(table, "4.A.1", "gains") == (pytest.approx(3.7962), "NE")
    assert cell(table, "4.A.1", "net") == (pytest.approx(3.6162), "")


def test_converted_land_loses_what_stood_there_and_gains_what_stands_there_now():
    # gains 600 / 5 yr = 0.12 kt, losses 100 / 5 yr = 0.02 kt
    table = crt_tables(gained())
    assert value(table, "4.A.2.1", "gains") == pytest.approx(0.12)
    assert value(table, "4.A.2.1", "losses") == pytest.approx(-0.02)
    assert value(table, "4.A.2", "net") == pytest.approx(0.10)


def test_forest_that_is_built_on_stands_with_settlements():
    # 1 000 t / 5 yr x 44/12 = 0.733333 kt CO2 emitted
    table = crt_tables(place())
    assert value(table, "4.E.2.1", "co2") == pytest.approx(0.733333, abs=1e-6)
    assert value(table, "4.E", "area") == pytest.approx(0.2)  # two rows of 100 ha
    assert cell(table, "4.E.2.2", "area")[1] == "NO"


def test_pools_that_nobody_estimated_are_told_so_beside_the_sum():
    table = crt_tables(place())
    assert cell(table, "4.A.1", "dead_organic")[1] == "NE"
    assert cell(table, "4.A", "co2")[1] == "NE"
    assert cell(table, "4.D.1", "area")[1] == "NO"
    assert cell(table, "4.G", "co2", "4")[1] == "NE"


def test_soil_that_loses_carbon_is_an_emission():
    # -50 t C a year = -0.05 kt; CO2 of the land: -(0.10 - 0.05) x 44/12 = -0.183333
    table = crt_tables(gained(), mineral_soil=soil())
    assert value(table, "4.A.2.1", "mineral_soil") == pytest.approx(-0.05)
    assert value(table, "4.A.2.1", "co2") == pytest.approx(-0.183333, abs=1e-6)
    remaining = crt_tables(place(), mineral_soil=soil())
    assert cell(remaining, "4.A.1", "mineral_soil") == (0.0, "")  # tier 1
    assert cell(remaining, "4.E.2.1", "mineral_soil")[1] == "NE"
    unknown = crt_tables(gained(), mineral_soil=soil(math.nan))
    assert cell(unknown, "4.A.2.1", "mineral_soil")[1] == "NE"


def test_dead_wood_follows_the_ground_and_what_is_not_known_is_told():
    rows = pd.DataFrame({"before": [0, 1, -1], "after": [0, 1, 2], "ground_ha": 1.0})
    before = pd.DataFrame({"forest_type": ["arbor", "cropland"], "dead_wood_t": [10.0, 0.0],
                           "litter_t": [5.0, 0.0]})  # fmt: skip
    after = pd.DataFrame({"forest_type": ["arbor", "arbor", "arbor"],
                          "dead_wood_t": [20.0, 4.0, 1.0], "litter_t": [10.0, 1.0, math.nan]})  # fmt: skip
    table = dead_organic_change(rows, before, after, (2020, 2025))
    found = table.set_index(["category_before", "category_after"])["change_t_yr"]
    assert found["forest", "forest"] == pytest.approx(3.0)  # (30 - 15) / 5 yr
    assert found["cropland", "forest"] == pytest.approx(1.0)  # 5 / 5 yr
    assert math.isnan(found["none", "forest"])
    laid_out = crt_tables(place(), dead_organic=table)
    assert cell(laid_out, "4.A.1", "dead_organic") == (pytest.approx(0.003), "")
    assert value(laid_out, "4.A.1", "net") == pytest.approx(3.6162)


def test_land_moves_from_rows_to_columns_and_totals_hold_all_of_it():
    flows = pd.DataFrame([
        flow("arbor", 0.0, 0.0), flow("open", 0.0, 0.0, ("cropland", "cropland")),
        flow("open", 0.0, 0.0, ("forest", "settlements")),
        flow("open", 0.0, 0.0, ("cropland", "none")),
    ])  # fmt: skip
    flows.loc[3, "area_after_ha"] = 0.0
    matrix = land_transition(flows)
    assert matrix.loc["forest", "settlements"] == pytest.approx(0.1)
    assert matrix.loc["cropland", "none"] == pytest.approx(0.1)  # the earlier parcel's area
    assert "none" not in matrix.index
    table = crt_tables(flows)
    whole = table[table["table"].eq("4.1") & table["category_after"].eq("total")]
    assert whole.set_index("row")["value"]["total"] == pytest.approx(0.4)
    assert "one_date" in table["row"].tolist()


def test_fires_stand_in_the_table_of_burning_and_in_the_summary():
    # 10 ha / 5 yr = 0.002 kha; x 19.8 x 4.7 / 1000 = 0.18612 t = 0.00018612 kt CH4
    table = crt_tables(place(), events())
    assert value(table, "4(V).A.1", "area", "4(V)") == pytest.approx(0.002)
    assert value(table, "4(V).A.1", "ch4", "4(V)") == pytest.approx(0.00018612)
    assert value(table, "4.A", "ch4", "4") == pytest.approx(0.00018612)
    assert cell(table, "4(V).E.2", "ch4", "4(V)")[1] == "NE"
    assert cell(table, "4(V).B.2", "ch4", "4(V)")[1] == "NO"


def test_fires_that_clear_forest_count_for_the_land_it_became():
    # 200 t a year x 0.4 x 0.9 = 72 t C on site x 0.012 x 16/12 = 1.152 t CH4
    table = crt_tables(place(), burning=(0.4, 0.1))
    assert value(table, "4.E", "ch4", "4") == pytest.approx(0.001152)
    lucf = ghg_inventory(place(), burning=(0.4, 0.1)).set_index(["row", "item"])["value"]
    assert lucf["total", "ch4"] / 1000 == pytest.approx(value(table, "4", "ch4", "4"))


def test_wood_products_add_to_the_total():
    without, beside = (crt_tables(place(), wood_products_t_yr=one) for one in (0.0, 1_000.0))
    added = value(beside, "4", "co2", "4") - value(without, "4", "co2", "4")
    assert added == pytest.approx(-CO2_PER_C)  # 1 kt C stored


def test_trees_outside_forest_that_nobody_measured_are_not_estimated():
    flows = pd.DataFrame([flow("open", 0.0, 0.0, ("cropland", "cropland")), flow("arbor", 0.0, 5.0),
                          flow("scattered", math.nan, math.nan)])  # fmt: skip
    table = crt_tables(flows)
    assert cell(table, "4.B.1", "net")[1] == "NE"
    assert cell(table, "4.A.1", "net") == (pytest.approx(0.001), "NE")


@given(flows_of_parts, CARBON)
def test_all_land_together_is_the_stock_difference_and_the_total_of_the_province(parts, cut_t):
    flows = pd.DataFrame([flow(*part) for part in parts])
    losses = events(carbon_t=[0.0, cut_t, math.nan, math.nan], converted_carbon_t=0.0)
    whole = value(crt_tables(flows, losses), "4", "co2", "4")
    change_t = flows["carbon_change_t"].sum()
    assert whole == pytest.approx(-change_t / 5 / 1000 * CO2_PER_C, rel=1e-9, abs=1e-9)
    form = ghg_inventory(flows, losses).set_index(["row", "item"])["value"]
    assert form["total", "co2"] * 10 == pytest.approx(whole, rel=1e-9, abs=1e-9)  # 万t to kt


@given(flows_of_parts)
def test_each_land_is_the_column_of_the_matrix_and_the_sum_of_its_rows(parts):
    flows = pd.DataFrame([flow(*part) for part in parts])
    matrix, table = land_transition(flows), crt_tables(flows)
    assert matrix.to_numpy().sum() == pytest.approx(flows["area_after_ha"].sum() / 1000)
    for category, letter in LETTERS.items():
        known = matrix.drop(index="none", errors="ignore")[category].sum()
        area, key = cell(table, f"4.{letter}", "area")
        assert (key == "NO" and known == 0.0) or area == pytest.approx(known)


def test_a_single_inventory_is_refused():
    with pytest.raises(ParameterError, match="第二期"):
        crt_tables(place().head(0))
