"""Carbon accounting of a run: tables that agree with each other, and reasons where there are none."""

import numpy as np
import pytest
from conftest import FACTS

from carbon_sink.accounting import Case, account
from carbon_sink.estimation import estimate
from carbon_sink.growing import grow
from carbon_sink.intake import read_inputs
from carbon_sink.parameters import load_parameters
from carbon_sink.settings import load_settings
from carbon_sink.stand_changes import matched
from carbon_sink.summary import inventory_tables


def accounts_of(path, years=(2020, 2025)):
    """Read a place and account for its carbon, as a run does."""
    settings = load_settings(path)
    inputs = read_inputs(settings)
    parameters = load_parameters(settings.parameter_set)
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


def test_one_inventory_has_no_flows_and_says_why(small_place):
    found, _ = accounts_of(small_place, years=(2025,))
    assert "carbon_flows" not in found.tables
    assert set(found.reasons) >= {"carbon_flows", "ghg_inventory"}
    assert len(found.tables["carbon_crosschecks"])
