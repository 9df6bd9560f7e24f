"""Recalculation of past years: old and new figures with what was changed."""

import copy
import json

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from carbon_sink.carbon import add_carbon
from carbon_sink.parameters import load_parameters
from carbon_sink.recalculation import NOISE, causes, compare, former_parameters, notes
from carbon_sink.tables import columns

BEF = {"species_group": "masson_pine", "name_zh": "马尾松", "parameter": "bef", "value": 1.5}
OLD = {
    "program": {"name": "carbon_sink", "version": "0.1.0"},
    "settings": {
        "title": "甲", "report_year": 2020, "coverage_rule": "forestry", "area_crs": "ellipsoid",
        "parameter_set": "ar_cm_001", "pools": {"litter": ""}, "ghg": {"gwp": "ar5"},
        "boundary": {"path": "boundary.geojson"},
        "inventory": [{"year": 2020, "path": "a.shp", "species_codes": {}},
                      {"year": 2025, "path": "b.gdb", "species_codes": {}}],
        "landcover": [{"year": 2020, "path": "cover.tif"}],
    },
    "inputs_sha256": {"a.shp": "1" * 64, "a.dbf": "2" * 64, "b.gdb/t1": "3" * 64,
                      "boundary.geojson": "4" * 64, "cover.tif": "5" * 64, "cover.tfw": "6" * 64},
    "parameters": [BEF],
    "history": [{"year": 2020, "forest_area_ha": 100.0, "forest_stock_m3": 5000.0, "carbon_t": 2000.0, "removal_co2_t_yr": None},
                {"year": 2025, "forest_area_ha": 110.0, "forest_stock_m3": 6000.0, "carbon_t": 2500.0, "removal_co2_t_yr": 366.6}],
}  # fmt: skip


def changed(**figures):
    """A second run whose figures of both years are multiplied."""
    new = copy.deepcopy(OLD)
    for record in new["history"]:
        for name, factor in figures.items():
            if record[name] is not None:
                record[name] *= factor
    return new


def test_a_changed_parameter_is_told_with_both_values_on_carbon_of_every_year():
    new = changed(carbon_t=1.02)
    new["parameters"][0]["value"] = 1.6
    table = compare(OLD, new)
    # 2000 × 1.02 = 2040; 2500 × 1.02 = 2550
    assert table[["year", "indicator", "old_value", "new_value"]].to_numpy().tolist() == [
        [2020, "carbon_t", 2000.0, 2040.0], [2025, "carbon_t", 2500.0, 2550.0]]  # fmt: skip
    assert table["difference"].tolist() == [40.0, 50.0]
    assert table["difference_pct"].tolist() == pytest.approx([2.0, 2.0])
    assert set(table["causes"]) == {"参数 马尾松 bef: 1.5 → 1.6"}
    assert set(compare(OLD, new, "en")["causes"]) == {"parameter masson_pine bef: 1.5 → 1.6"}
    assert (table["name"].iloc[0], table["unit"].iloc[0]) == ("森林碳储量", "t")


def test_the_part_of_parameters_is_recomputed_on_the_new_data():
    # 2000 t became 2040 t; the old parameters give 2010 t on the new data: 10 t by data, 30 t
    # by parameters; the second year was not recomputed
    table = compare(OLD, changed(carbon_t=1.02), recomputed=[{"year": 2020, "carbon_t": 2010.0}])
    assert table["parameter_difference"].fillna(-1).tolist() == [30.0, -1.0]


def test_former_parameters_give_the_former_carbon():
    rows = load_parameters("ar_cm_001")
    stands = pd.DataFrame({"land_class": ["0111"], "class_group": ["arbor"], "forest_type": ["arbor"],
                           "species_group": ["masson_pine"], "area_ha": [1.0],
                           "forest_volume_m3": [100.0], "forest_stock_m3": [100.0]})  # fmt: skip
    is_bef = rows["parameter"].eq("bef")
    raised = rows.assign(value=rows["value"].where(~is_bef, rows["value"] * 1.1))
    former = former_parameters(raised, {"parameters": rows.to_dict("records")})
    assert former_parameters(rows, {"parameters": rows.to_dict("records")}) is None
    old, new, again = (add_carbon(stands, one)["carbon_t"].item() for one in (rows, raised, former))
    assert again == old
    assert new == pytest.approx(1.1 * old)


def test_a_parameter_of_biomass_is_no_cause_of_a_change_of_area():
    new = changed(carbon_t=1.1, forest_area_ha=1.01)
    new["parameters"][0]["value"] = 1.6
    new["settings"]["coverage_rule"] = "sandiao"
    told = compare(OLD, new, "en").set_index(["indicator", "year"])["causes"]
    assert told["forest_area_ha", 2020] == "setting coverage_rule: forestry → sandiao"
    assert "bef" in told["carbon_t", 2020]
    assert "coverage_rule" not in told["carbon_t", 2020], "carbon is that of parcels by any rule"


def test_causes_that_come_together_are_all_listed():
    new = changed(carbon_t=1.1)
    new["parameters"][0]["value"] = 1.6
    new["settings"]["area_crs"] = "EPSG:4523"
    told = compare(OLD, new, "en")["causes"].iloc[0]
    assert "bef" in told
    assert "area_crs: ellipsoid → EPSG:4523" in told


def test_the_inventory_of_a_year_is_no_cause_of_a_change_before_it():
    new = changed(forest_stock_m3=1.5)
    new["inputs_sha256"] |= {"a.dbf": "7" * 64, "b.gdb/t1": "8" * 64}
    new["settings"]["inventory"][1]["species_codes"] = {"220": "masson_pine"}
    told = compare(OLD, new, "en").set_index("year")["causes"]
    assert told[2020] == "file a.dbf"
    assert told[2025] == (
        'file a.dbf, b.gdb/t1; setting inventory.2025.species_codes: {} → {"220": "masson_pine"}'
    )


def test_land_cover_words_and_places_of_files_are_no_causes():
    new = changed()
    new["inputs_sha256"] |= {"cover.tif": "9" * 64, "cover.tfw": "9" * 64}
    new["settings"] |= {"title": "乙", "report_year": 2025}
    new["inputs_sha256"]["border.geojson"] = new["inputs_sha256"].pop("boundary.geojson")
    new["settings"]["boundary"]["path"] = "border.geojson"
    assert causes(OLD, new).empty


def test_files_that_come_and_go_are_told_apart():
    new = changed(forest_area_ha=2.0)
    del new["inputs_sha256"]["a.dbf"]
    new["inputs_sha256"]["towns.gpkg"] = "a" * 64
    assert compare(OLD, new, "en")["causes"].iloc[0] == (
        "file a.dbf (no longer used), towns.gpkg (new)"
    )


def test_another_version_of_the_program_and_another_set_are_causes():
    new = changed(carbon_t=1.1)
    new["program"]["version"] = "0.2.0"
    new["settings"] |= {
        "parameter_set": "other",
        "pools": {"litter": "ar_tool12"},
        "ghg": {"gwp": "sar"},
    }
    found = causes(OLD, new, "en").set_index("item")
    assert found.loc["carbon_sink", ["old_value", "new_value"]].tolist() == ["0.1.0", "0.2.0"]
    assert set(found.index) == {"parameter_set", "pools.litter", "ghg.gwp", "carbon_sink"}
    assert list(causes(OLD, new).columns) == list(columns("recalculation_causes").index)


GASES = pd.DataFrame({"year_before": 2020, "year_after": 2025, "row": "total",
                      "item": ["co2", "ch4", "ghg", "uncertainty"],
                      "value": [-2.0, 0.5, -1.8, 30.0], "unit": ["万t", "t", "万t", "%"],
                      "notation": ""})  # fmt: skip
BALANCE = pd.DataFrame({"year_before": 2020, "year_after": 2025, "species_group": ["", "", "oak"],
                        "item": ["growth", "stock_difference", "growth"],
                        "volume_m3": [100.0, 90.0, 7.0],
                        "removal_co2_t_yr": [30.0, 27.0, 2.0]})  # fmt: skip


def with_tables(run, **tables):
    return run | {"tables": tables}


def test_a_warming_potential_moves_sums_of_gases_and_nothing_else():
    # the old table comes from a file, as texts; the interval is drawn and no figure of the past
    new = changed(carbon_t=1.1)
    new["settings"]["ghg"] = {"gwp": "sar"}
    moved = GASES.assign(value=[-2.0, 0.5, -1.7, 31.0])
    table = compare(with_tables(OLD, ghg_inventory=GASES.astype(str)),
                    with_tables(new, ghg_inventory=moved), "en")  # fmt: skip
    told = table.set_index("indicator")["causes"]
    assert told["ghg_inventory.total.ghg"] == "setting ghg.gwp: ar5 → sar"
    assert told["carbon_t"].str.startswith("unknown").all()
    row = table.set_index("indicator").loc["ghg_inventory.total.ghg"]
    assert (row["year"], row["unit"], row["old_value"], row["new_value"]) == (
        2025,
        "万t",
        -1.8,
        -1.7,
    )
    assert row["name"].startswith("Greenhouse-gas inventory (2020-2025): Total; Greenhouse gases")
    assert set(told.index) == {"carbon_t", "ghg_inventory.total.ghg"}


def test_growth_settings_move_the_growth_of_the_balance_and_not_the_stock_difference():
    old, new = copy.deepcopy(OLD), changed(forest_stock_m3=1.01)
    old["settings"]["growth"], new["settings"]["growth"] = {"calibrate": True}, {"calibrate": False}
    table = compare(with_tables(old, carbon_balance=BALANCE.astype(str)),
                    with_tables(new, carbon_balance=BALANCE.assign(
                        volume_m3=[110.0, 91.0, 8.0])), "en")  # fmt: skip
    told = table.set_index(["indicator", "year"])["causes"]
    assert told["carbon_balance.growth.volume_m3", 2025] == "setting growth.calibrate: true → false"
    assert told["carbon_balance.stock_difference.volume_m3", 2025].startswith("unknown")
    assert told["forest_stock_m3", 2025].startswith("unknown"), "2025 was surveyed"
    assert len(table) == 4, "the whole forest alone is compared"


def test_growth_settings_move_a_year_that_was_brought_forward():
    old, new = copy.deepcopy(OLD), changed(forest_stock_m3=1.01)
    for run, calibrate in ((old, True), (new, False)):
        run["settings"]["inventory"] = run["settings"]["inventory"][:1]
        run["settings"]["growth"] = {"calibrate": calibrate, "update": True}
    told = compare(old, new, "en").set_index("year")["causes"]
    assert told[2020].startswith("unknown")
    assert told[2025] == "setting growth.calibrate: true → false"


def test_a_change_without_a_known_cause_is_not_given_one():
    assert compare(OLD, changed(carbon_t=1.1), "en")["causes"].str.startswith("unknown").all()


def test_many_causes_are_counted_and_the_first_are_named():
    new, old = changed(carbon_t=1.1), copy.deepcopy(OLD)
    for run, value in ((old, 1.0), (new, 2.0)):
        run["parameters"] = [BEF | {"species_group": f"s{n}", "value": value} for n in range(9)]
    (told,) = set(compare(old, new, "en")["causes"])
    assert told.count("→") == 6
    assert "9 in all" in told
    assert len(causes(old, new)) == 9


def test_figures_that_only_one_run_has_are_no_recalculation():
    new = changed()
    new["history"] = [*new["history"][1:], {"year": 2030, "carbon_t": 1.0}]
    new["history"][0] |= {"new_figure_t": 5.0, "forest_stock_m3": None}
    assert compare(OLD, new).empty


def test_a_change_from_zero_has_no_share():
    old, new = copy.deepcopy(OLD), changed()
    old["history"][0]["carbon_t"] = 0.0
    (row,) = compare(old, new).itertuples()
    assert row.difference == 2000.0
    assert row.difference_pct != row.difference_pct


@given(st.dictionaries(st.sampled_from(["forest_area_ha", "carbon_t"]),
                       st.floats(-1, 1).map(lambda x: 1 + x * NOISE / 2)))  # fmt: skip
def test_identical_reruns_and_noise_of_rounding_give_no_rows(factors):
    new = changed(**factors)
    new["program"]["version"] = "0.2.0"
    table = compare(OLD, new)
    assert table.empty
    assert list(table.columns) == list(columns("recalculation").index)
    assert notes(table) == []


@given(st.floats(0.5, 2.0).filter(lambda factor: abs(factor - 1) > 1e-6))
def test_old_and_difference_make_the_new_and_both_ways_differ_by_the_sign(factor):
    new = changed(carbon_t=factor, forest_stock_m3=factor)
    there, back = compare(OLD, new), compare(new, OLD)
    assert (there["old_value"] + there["difference"]).tolist() == pytest.approx(
        there["new_value"].tolist()
    )
    assert there["difference"].tolist() == [-value for value in back["difference"]]
    assert len(there) == 4


def test_nothing_that_is_compared_is_changed():
    old, new = copy.deepcopy(OLD), changed(carbon_t=2.0)
    before = json.dumps(new)
    compare(old, new)
    assert old == OLD
    assert json.dumps(new) == before


def test_readers_are_told_how_many_figures_changed_and_of_which_years():
    (problem,) = notes(compare(OLD, changed(carbon_t=2.0)), "maps/x/2025")
    assert (problem.code, problem.count, problem.value) == ("figures_recalculated", 2, "2020, 2025")
    assert "maps/x/2025" in problem.text("en")
