"""Carbon accounting of a run: tables that agree with each other, and reasons where there are none."""

import math

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from conftest import FACTS
from places import ALL_ACCOUNTS, computed, write_place

from carbon_sink import accounting
from carbon_sink.accounting import Case, account
from carbon_sink.errors import CarbonSinkError, ParameterError, Problem
from carbon_sink.estimation import estimate
from carbon_sink.growing import grow
from carbon_sink.intake import read_inputs
from carbon_sink.parameters import load_parameters
from carbon_sink.settings import load_settings
from carbon_sink.stand_changes import matched
from carbon_sink.summary import inventory_tables


def accounts_of(path, years=(2020, 2025), parameters=None):
    """Read a place and account for its carbon, as a run does."""
    settings = load_settings(path)
    inputs = read_inputs(settings)
    parameters = load_parameters(settings.parameter_set) if parameters is None else parameters
    stands = {year: estimate(inputs.stands[year], settings, parameters) for year in years}
    tables = inventory_tables(stands, inputs.towns, FACTS, inputs.land_area_ha)
    rows = matched(stands)
    growing = grow(settings, inputs, stands, rows, parameters)
    summary = tables["town_summary"]
    case = Case(settings, inputs, stands, rows, parameters, FACTS, growing, summary)
    found = account(case)
    return found, tables


@pytest.fixture
def accounts(small_place):
    return accounts_of(small_place)


def test_the_flows_add_up_to_the_difference_of_the_inventories(accounts):
    found, tables = accounts
    stock = tables["carbon_parts"].set_index(["year", "part"])["carbon_t"]
    flows = found.tables["carbon_flows"].query("town_code == ''")
    forest = flows[flows["part"].isin(["arbor", "bamboo", "economic", "shrub"])]
    change = stock[2025, "total"] - stock[2020, "total"]
    assert forest["carbon_change_t"].sum() == pytest.approx(change, rel=1e-9)
    # 1000 m3 of Masson pine grow, 400 m3 of Chinese fir are new
    assert change == pytest.approx(1000 * 0.305422 + 400 * 0.325021, rel=1e-4)


def test_the_table_of_gases_holds_the_same_net_removal(accounts):
    found, _ = accounts
    flows = found.tables["carbon_flows"].query("town_code == ''")
    table = found.tables["ghg_inventory"].set_index(["row", "item"])["value"]
    assert -table["total", "co2"] * 10_000 == pytest.approx(flows["removal_co2_t_yr"].sum())


def test_the_sums_of_the_table_of_gases_have_an_uncertainty(accounts):
    found, _ = accounts
    table = found.tables["ghg_inventory"].query("item == 'uncertainty'").set_index("row")
    assert table.loc[["biomass", "total", "arbor"], "value"].gt(0).all()
    parts = [f"{part}_carbon_t" for part in found.tables["carbon_flows"]["part"].unique()]
    whole = found.tables["uncertainty"].query("town_code == ''")
    parts = [part for part in parts if whole["indicator"].eq(part).sum() == 2]
    # nobody knows the species of the trees beside this forest, so the sum is without them
    assert set(parts) == {f"{one}_carbon_t" for one in ("arbor", "bamboo", "economic", "sparse")}
    draws = [sum(found.simulation.draws(part, year) for part in parts) for year in (2020, 2025)]
    low, high = np.quantile(draws[1] - draws[0], [0.025, 0.975])
    flows = found.tables["carbon_flows"].query("town_code == ''")
    change = flows["carbon_change_t"].sum()
    assert table.loc["total", "value"] == pytest.approx((high - low) / 2 / change * 100)


def test_the_source_of_living_biomass_is_that_of_the_rows_it_used(small_place):
    # pine and fir with stock, bamboo by its area, and no oak
    rows = load_parameters("ar_cm_001")
    rows["source"] = rows["source"].mask(rows["species_group"].eq("oak"), "a_book_of_oaks")
    found, _ = accounts_of(small_place, parameters=rows)
    sources = "ar_cm_001_v01, provincial_guideline_2011"
    assert set(found.tables["carbon_pools"]["source"]) == {sources}


def test_a_provincial_form_without_its_values_has_a_reason_and_any_other_fault_is_raised(
    small_place, accounts, monkeypatch
):
    assert "stock_growth_rate_pct" in accounts[0].reasons["provincial_balance"]

    def faulty(*_args):
        raise ParameterError(Problem("period_empty", value="2025 → 2020"))

    monkeypatch.setattr(accounting, "provincial_balance", faulty)
    with pytest.raises(ParameterError, match="2025 → 2020"):
        accounts_of(small_place)


def test_harvest_on_ground_that_is_built_on_counts_with_the_conversion(small_place):
    # 40 m3 of pine are cut, of 5000 m3 on a parcel of forest that is cropland in 2025
    folder = small_place.parent
    later = gpd.read_file(folder / "inventory_2025.gpkg")
    later.loc[0, ["DI_LEI", "LIN_ZHONG", "YOU_SHI_SZ", "YU_BI_DU", "SLXJ"]] = [
        "0210", None, None, None, 0.0]  # fmt: skip
    later.to_file(folder / "inventory_2025.gpkg", layer="xiaoban")
    gpd.GeoDataFrame(
        {"event_id": ["H1"], "event_type": ["harvest"], "year": [2022], "area_ha": [1.0],
         "volume_loss_m3": [40.0]}, geometry=[later.geometry[0].buffer(-0.001)], crs=later.crs,
    ).to_file(folder / "events.gpkg", layer="events")  # fmt: skip
    gases = accounts_of(small_place)[0].tables["ghg_inventory"].set_index(["row", "item"])["value"]
    assert gases["harvest", "carbon"] == pytest.approx(0.0, abs=1e-9)
    # 万t: 5000 m3 of Masson pine in five years
    assert gases["conversion", "carbon"] == pytest.approx(-5000 * 0.305422 / 5e4, rel=1e-4)


def test_one_inventory_has_no_flows_and_says_why(small_place):
    found, _ = accounts_of(small_place, years=(2025,))
    assert "carbon_flows" not in found.tables
    assert set(found.reasons) >= {"carbon_flows", "ghg_inventory"}
    assert len(found.tables["carbon_crosschecks"])


def test_pools_that_are_switched_on_stand_beside_living_biomass(all_accounts):
    pools = all_accounts.tables["carbon_pools"].set_index(["year", "pool"])
    assert set(pools.loc[2025].index) == {
        "aboveground",
        "belowground",
        "dead_wood",
        "litter",
        "soil",
    }
    # AR-TOOL12: one percent of the carbon above ground; table 2.2: 22 t C/ha under conifers
    above = pools.loc[(2025, "aboveground"), "carbon_t"]
    assert pools.loc[(2025, "dead_wood"), "carbon_t"] == pytest.approx(0.01 * above)
    area = all_accounts.layers["stands_2025"].query("forest_type == 'arbor'")["area_ha"].sum()
    assert pools.loc[(2025, "litter"), "carbon_t"] == pytest.approx(22.0 * area)
    # rates of the province are no source of it
    assert pools.loc[(2025, "aboveground"), "source"] == "ar_cm_001_v01"


def test_soil_is_counted_where_land_use_changed_and_left_open_without_a_factor(all_accounts):
    soil = all_accounts.tables["soil_change"].set_index(["category_before", "category_after"])
    assert len(soil) == 2
    row = soil.loc[("cropland", "forest")]
    # 55 t C/ha × (1 - 1.35) over 20 years
    assert row["change_t_yr"] == pytest.approx(row["area_ha"] * 55.0 * (1.0 - 1.35) / 20.0)
    assert math.isnan(soil.loc[("forest", "settlements"), "change_t_yr"])
    assert "soil_factor_missing" in set(all_accounts.tables["notes"]["code"])


def test_the_tables_of_the_crt_hold_the_pools_that_are_switched_on(all_accounts, brought_forward):
    def cell(done, row, item):
        table = done.tables["crt_tables"].set_index(["row", "item"])
        return table.loc[(row, item), ["value", "notation"]].tolist()

    soil = all_accounts.tables["soil_change"].set_index("category_before")["change_t_yr"]
    value, _ = cell(all_accounts, "4.A.2.1", "mineral_soil")
    assert value == pytest.approx(soil["cropland"] / 1000.0)  # t to kt
    assert cell(all_accounts, "4.A.1", "dead_organic")[0] > 0.0
    assert cell(brought_forward, "4.A.1", "dead_organic")[1] == "NE"


def test_the_provincial_form_is_computed_once_its_rates_are_given(all_accounts, brought_forward):
    form = all_accounts.tables["provincial_balance"].set_index("item")
    stock = all_accounts.layers["stands_2025"]["forest_volume_m3"].sum()
    # V × GR × SVD × BEF × 0.5
    growth = stock * 0.06 * 0.45 * 1.8 * 0.5
    assert form.loc["arbor", "carbon_t_yr"] == pytest.approx(growth)
    assert form.loc["consumption", "carbon_t_yr"] == pytest.approx(-growth * 2 / 6)
    assert "provincial_balance" not in brought_forward.tables
    reasons = brought_forward.tables["absent"].set_index("item")["reason"]
    assert "stock_growth_rate_pct" in reasons["provincial_balance"]


def test_the_same_seed_gives_the_same_bits_and_another_moves_intervals_only(all_accounts, tmp_path):
    folder = tmp_path / "places"
    again = computed(write_place(folder / "a", ALL_ACCOUNTS, province=True))
    for name, table in all_accounts.tables.items():
        pd.testing.assert_frame_equal(table, again.tables[name], check_exact=True)
    path = write_place(folder / "b", ALL_ACCOUNTS, province=True)
    said = path.read_text(encoding="utf-8").replace("draws = 1000", "draws = 1000\nseed = 2")
    path.write_text(said, encoding="utf-8")
    other = computed(path).tables["uncertainty"]
    first = all_accounts.tables["uncertainty"]
    pd.testing.assert_series_equal(first["value"], other["value"], check_exact=True)
    moved = first["low"].ne(other["low"]) & first["high"].ne(other["high"])
    assert moved[first["sd"].gt(0)].all()
    widths = [table["high"] - table["low"] for table in (first, other)]
    assert widths[1].to_numpy() == pytest.approx(widths[0].to_numpy(), rel=0.2, abs=1e-6)


def test_warming_potentials_and_shares_that_are_burnt_follow_the_settings(
    all_accounts, brought_forward
):
    def gases(done):
        return done.tables["ghg_inventory"].set_index(["row", "item"])

    burnt = gases(all_accounts)
    assert set(burnt["gwp_set"]) == {"sar"}
    assert set(gases(brought_forward)["gwp_set"]) == {"ar5"}
    row = burnt.loc["burning", "value"]
    # in 10 000 t: CO2, 21 × CH4 and 310 × N2O
    assert row["ghg"] * 10_000 == pytest.approx(
        row["co2"] * 10_000 + 21 * row["ch4"] + 310 * row["n2o"]
    )
    # of the carbon lost 30 and 20 percent are burnt, of which 90 percent oxidise
    lost = -(row["carbon"] + burnt.loc[("decay", "carbon"), "value"])
    assert -row["carbon"] == pytest.approx(0.9 * 0.5 * lost)
    assert gases(brought_forward).loc[("burning", "ch4"), "notation"] == "NE"


def test_a_pool_that_lacks_its_choices_is_refused(tmp_path):
    with pytest.raises(CarbonSinkError, match="soil_type"):
        computed(write_place(tmp_path / "place", '[pools]\nsoil = "ipcc_2019"\n'))
