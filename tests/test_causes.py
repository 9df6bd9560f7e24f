"""What differs between two runs, and what it can move."""

import pytest

from carbon_sink.causes import ALL, EVIDENCE, SETTINGS, UNMOVING, Cause, differences, surveyed
from carbon_sink.parameters import PROVINCE
from carbon_sink.settings import Settings

FIGURES = (
    "forest_area_ha", "forest_stock_m3", "carbon_t", "carbon_pools.litter.carbon_t",
    "carbon_pools.soil.removal_co2_t_yr", "carbon_balance.growth.volume_m3",
    "carbon_balance.growth.removal_co2_t_yr", "carbon_balance.stock_difference.volume_m3",
    "provincial_balance.2014.total.removal_co2_t_yr", "ghg_inventory.total.co2",
    "ghg_inventory.total.ghg", "ghg_inventory.mortality.ch4", "ghg_inventory.burning.ch4",
    "ghg_inventory.shrub.co2", "crt_tables.4.co2", "crt_tables.4.ghg", "crt_tables.4.A.ch4",
    "crt_tables.4.B.co2", "crt_tables.4.E.n2o", "crt_tables.4.G.co2",
)  # fmt: skip


def moved(one):
    return [name for name in FIGURES if one.bears(name, 2025, {2020, 2025})]


def of_setting(name, before, after):
    section, _, key = name.partition(".")
    both = [{"settings": {section: {key: value} if key else value}} for value in (before, after)]
    (one,) = differences(*both)
    return moved(one)


def of_row(parameter, name="", group="oak", values=(1.0, 2.0)):
    both = [{"parameters": [{"set": name, "species_group": group, "parameter": parameter,
                             "value": value, "name_zh": ""}]} for value in values]  # fmt: skip
    found = differences(*both)
    return [figure for one in found for figure in moved(one)]


def test_every_setting_is_known_to_move_figures_or_not_to():
    known = {name.partition(".")[0] for name in SETTINGS} | UNMOVING
    assert set(Settings.model_fields) - {"folder", "file_name"} == known
    for name in SETTINGS:
        section, _, key = name.partition(".")
        if key:
            assert key in Settings.model_fields[section].annotation.model_fields


@pytest.mark.parametrize(("setting", "figures"), [
    ("ghg.gwp", ["ghg_inventory.total.ghg", "crt_tables.4.ghg"]),
    ("pools.dead_wood", ["crt_tables.4.co2", "crt_tables.4.ghg", "crt_tables.4.B.co2"]),
    ("pools.litter", ["carbon_pools.litter.carbon_t", "crt_tables.4.co2", "crt_tables.4.ghg",
                      "crt_tables.4.B.co2"]),
    ("pools.soil_type", ["carbon_pools.soil.removal_co2_t_yr", "crt_tables.4.co2",
                         "crt_tables.4.ghg", "crt_tables.4.B.co2"]),
    ("growth.region", ["carbon_balance.growth.volume_m3",
                       "carbon_balance.growth.removal_co2_t_yr"]),
    ("growth.mortality_pct_yr", []),
    ("ghg.wood_products_t_yr", ["crt_tables.4.co2", "crt_tables.4.ghg", "crt_tables.4.G.co2"]),
    ("coverage_rule", ["forest_area_ha"]),
    ("land_area_ha", []),
])  # fmt: skip
def test_a_setting_moves_its_figures_and_no_others(setting, figures):
    assert of_setting(setting, "a", "b") == figures


def test_burning_shares_move_gases_and_no_stock():
    found = of_setting("ghg.burnt_on_site_pct", 10.0, 20.0)
    assert {"ghg_inventory.burning.ch4", "crt_tables.4.E.n2o", "crt_tables.4.ghg"} <= set(found)
    assert not {"carbon_t", "ghg_inventory.total.co2", "crt_tables.4.co2"} & set(found)


@pytest.mark.parametrize("section", sorted(UNMOVING))
def test_intervals_scenarios_words_and_land_cover_move_nothing(section):
    both = [{"settings": {section: {"draws": value}}} for value in (1000, 2000)]
    assert differences(*both) == []


def test_biomass_parameters_move_carbon_and_gases_but_no_stock_area_or_gas_of_fires():
    found = set(of_row("bef", "ar_cm_001"))
    assert found == set(FIGURES) - {
        "forest_area_ha", "forest_stock_m3", "carbon_balance.growth.volume_m3",
        "carbon_balance.stock_difference.volume_m3", "ghg_inventory.mortality.ch4",
        "crt_tables.4.A.ch4", "crt_tables.4.G.co2"}  # fmt: skip


@pytest.mark.parametrize(("name", "parameter", "group", "figures"), [
    ("gwp", "gwp", "ch4", ["ghg_inventory.total.ghg", "crt_tables.4.ghg"]),
    ("uncertainty", "spread_bef", "", []),
    ("crosscheck", "regression", "a/b", []),
    ("constants", "canopy_closure_yr", "", []),
    ("constants", "provincial_carbon_fraction", "",
     ["provincial_balance.2014.total.removal_co2_t_yr"]),
    ("own", "harvest_rate_pct", PROVINCE, ["provincial_balance.2014.total.removal_co2_t_yr"]),
    ("growth", "growth_volume", "GR04",
     ["carbon_balance.growth.volume_m3", "carbon_balance.growth.removal_co2_t_yr"]),
])  # fmt: skip
def test_a_row_of_evidence_moves_what_its_table_bears_on(name, parameter, group, figures):
    assert of_row(parameter, name, group) == figures
    assert name in EVIDENCE or group == PROVINCE


def test_rows_may_hold_texts_and_a_row_without_a_name_is_told_by_what_it_is_of():
    both = [{"parameters": [{"set": "growth", "species_group": "GR04", "name_zh": "",
                             "parameter": "growth_volume", "value": value}]}
            for value in ("GR04: power(1, 2)", "GR04: power(1, 3)")]  # fmt: skip
    (one,) = differences(*both)
    assert one[:4] == ("parameter", "GR04 growth_volume", "GR04: power(1, 2)", "GR04: power(1, 3)")
    assert of_row("gwp", "gwp", "ch4", (28, 28.0)) == [], "a number read back is the same"
    assert of_row("bef", values=(float("nan"), float("nan"))) == []


def test_the_file_of_own_parameters_moves_carbon_and_no_area():
    both = [{"settings": {"parameters_file": "own.csv"}, "inputs_sha256": {"own.csv": digest}}
            for digest in ("1", "2")]  # fmt: skip
    (one,) = differences(*both)
    assert "carbon_t" in moved(one)
    assert not {"forest_area_ha", "forest_stock_m3"} & set(moved(one))


def test_events_move_gases_and_the_balance_of_any_year_and_no_stock_of_a_survey():
    both = [{"settings": {"events": [{"path": "e.csv"}]}, "inputs_sha256": {"e.csv": digest}}
            for digest in ("1", "2")]  # fmt: skip
    (one,) = differences(*both)
    found = set(moved(one))
    assert {"ghg_inventory.mortality.ch4", "carbon_balance.growth.volume_m3",
            "crt_tables.4.A.ch4"} <= found  # fmt: skip
    assert not {"carbon_t", "forest_stock_m3", "carbon_balance.stock_difference.volume_m3",
                "ghg_inventory.shrub.co2", "crt_tables.4.B.co2"} & found  # fmt: skip
    assert one.bears("forest_stock_m3", 2027, {2020, 2025}), "brought forward"


def test_a_later_inventory_moves_earlier_growth_by_calibration_and_nothing_else_before_it():
    one = Cause("input", "b.gdb", "1", "2", 2025, ALL)
    assert one.bears("carbon_balance.growth.volume_m3", 2020, {2020, 2025})
    assert not one.bears("ghg_inventory.total.co2", 2020, {2020, 2025})
    assert one.bears("ghg_inventory.total.co2", 2025, {2020, 2025})


def test_years_are_surveyed_where_both_runs_have_an_inventory():
    runs = [{"settings": {"inventory": [{"year": year} for year in years]}}
            for years in ((2015, 2020), (2020, 2025))]  # fmt: skip
    assert surveyed(*runs) == {2020}
    assert surveyed({}, {}) == set()
