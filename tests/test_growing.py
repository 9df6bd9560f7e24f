"""Growth in a run: calibrated on two surveys, and the last one brought to the report year."""

import pytest
from places import computed, write_place

from carbon_sink.errors import SettingsError

TARGET = """
[[targets]]
indicator = "forest_stock_m3"
unit = "m3"
base_year = 2020
base_value = 10000.0
target_year = 2025
target_value = 15000.0
source = "a plan"
"""


def whole(done, year):
    table = done.tables["town_summary"]
    return table[table["year"].eq(year) & table["town_code"].eq("")].iloc[0]


def test_growth_is_calibrated_on_stands_that_no_event_touched(all_accounts):
    row = all_accounts.tables["growth_calibration"].iloc[0]
    # 42 parcels: one was a field, one became houses, one burned
    assert (row["species_group"], row["stands"], row["used"]) == ("masson_pine", 39, "own")
    # of the parcels 1 to 39 with 300 + 5 n m3 each: 11 700 + 5 × 780 m3, and 15 % more
    assert row["volume_before_m3"] == pytest.approx(15_600.0)
    assert row["observed_m3"] == pytest.approx(15_600.0 * 1.15)
    assert row["factor"] < 1.0 < row["modelled_m3"] / row["observed_m3"]


def test_without_calibration_models_stand_as_they_are(tmp_path):
    more = "[growth]\nupdate = true\ncalibrate = false\n"
    done = computed(write_place(tmp_path / "place", more, report_year=2027))
    assert "growth_calibration" not in done.tables
    assert set(done.layers["stands_2027"]["growth_model"].dropna()) == {"GR08", ""}


def test_stands_of_the_report_year_grew_and_lost_what_was_cut(brought_forward):
    before = brought_forward.layers["stands_2025"].set_index("subcompartment")
    later = brought_forward.layers["stands_2027"].set_index("subcompartment")
    forest = before.index[before["forest_volume_m3"].gt(0)]
    assert (later.loc[forest, "stand_age_yr"] == before.loc[forest, "stand_age_yr"] + 2).all()
    uncut = forest.drop("002")
    assert (later.loc[uncut, "forest_volume_m3"] > before.loc[uncut, "forest_volume_m3"]).all()
    assert later.loc[forest, "growth_model"].str.startswith("GR08 × ").all()
    # 80 m3 were cut in 2026
    assert later["growth_loss_m3"].sum() == later.loc["002", "growth_loss_m3"] == 80.0
    assert later.loc["002", "forest_volume_m3"] < before.loc["002", "forest_volume_m3"]


def test_the_summary_holds_the_year_and_the_removal_since_the_last_survey(brought_forward):
    last, now = whole(brought_forward, 2025), whole(brought_forward, 2027)
    stands = brought_forward.layers["stands_2027"]
    assert now["forest_stock_m3"] == pytest.approx(stands["forest_volume_m3"].sum())
    assert now["carbon_t"] == pytest.approx(stands["carbon_t"].sum())
    removal = (now["carbon_t"] - last["carbon_t"]) / 2 * 44 / 12
    assert now["removal_co2_t_yr"] == pytest.approx(removal)
    update = brought_forward.tables["growth_update"]
    gain = (update["volume_after_m3"] - update["volume_before_m3"]).sum()
    assert gain == pytest.approx(now["forest_stock_m3"] - last["forest_stock_m3"])


def test_a_modelled_value_says_so_and_is_not_judged_against_its_target(brought_forward, tmp_path):
    table = brought_forward.tables["indicators"].set_index("indicator")
    assert table.loc["forest_stock_m3", "value_source"] == "模型推算（2025 年调查）"
    surveyed = computed(write_place(tmp_path / "a", TARGET)).tables["indicators"].iloc[0]
    assert (surveyed["met"], surveyed["value_source"]) == (True, "")
    path = write_place(tmp_path / "b", f"[growth]\nupdate = true\n{TARGET}", report_year=2027)
    row = computed(path).tables["indicators"].iloc[0]
    assert row["met"] is None
    assert row["reason"] == "推算值，不作达标判定"
    assert row["gap"] < 0
    assert row["done_pct"] > 100


def test_years_without_any_record_of_losses_are_told(brought_forward, tmp_path):
    # 2026 has its harvest, 2027 has nothing
    notes = brought_forward.tables["notes"].set_index("code")
    assert "：2027；" in notes.loc["update_without_losses", "what"]
    assert "events.gpkg" in notes.loc["update_without_losses", "where"]
    # who says that there was nothing is believed
    path = write_place(tmp_path / "place", "[growth]\nupdate = true\n", report_year=2027)
    rows = "event_id,event_type,year,area_ha,volume_loss_m3\nN,harvest,2027,0,0\n"
    (path.parent / "none.csv").write_text(rows, encoding="utf-8")
    said = path.read_text(encoding="utf-8")
    path.write_text(f'{said}[[events]]\npath = "none.csv"\n', encoding="utf-8")
    notes = set(computed(path).tables["notes"]["code"])
    assert notes & {"update_without_losses", "growth_loss_nowhere"} == set()


def test_harvest_without_a_polygon_is_the_same_in_the_events_and_in_the_stands(tmp_path):
    path = write_place(tmp_path / "place", "[growth]\nupdate = true\n", report_year=2027)
    rows = ("event_id,event_type,year,area_ha,volume_loss_m3,species_group\n"
            "S,harvest,2027,9,120,masson_pine\n")  # fmt: skip
    (path.parent / "more.csv").write_text(rows, encoding="utf-8")
    said = path.read_text(encoding="utf-8")
    path.write_text(f'{said}[[events]]\npath = "more.csv"\n', encoding="utf-8")
    done = computed(path)
    losses = done.tables["event_losses"].query("year > 2025")
    assert losses["volume_m3"].sum() == pytest.approx(80.0 + 120.0)
    stands = done.layers["stands_2027"]
    assert stands["growth_loss_m3"].sum() == pytest.approx(200.0)
    assert done.tables["growth_update"]["growth_loss_m3"].sum() == pytest.approx(200.0)


def test_a_year_that_was_not_surveyed_has_a_note_and_no_interval(brought_forward):
    notes = brought_forward.tables["notes"].set_index("code")
    assert "2027" in notes.loc["stands_updated", "what"]
    assert set(brought_forward.tables["uncertainty"]["year"]) == {2020, 2025}
    indicators = brought_forward.tables["indicators"]
    assert indicators["value"].notna().any()
    assert indicators[["low", "high"]].isna().all(axis=None)
    assert set(brought_forward.tables["carbon_flows"]["year_after"]) == {2025}


def test_a_report_year_without_a_survey_is_refused_unless_growth_is_asked_for(tmp_path):
    with pytest.raises(SettingsError, match=r"update = true"):
        computed(write_place(tmp_path / "place", report_year=2027))


def test_gross_growth_is_balanced_with_the_mortality_that_the_settings_give(tmp_path, all_accounts):
    plain = computed(write_place(tmp_path / "plain", "[growth]\ncalibrate = false\n"))
    more = "[growth]\ncalibrate = false\nmortality_pct_yr = 0.5\n"
    given = computed(write_place(tmp_path / "given", more))
    assert "mortality_missing" in set(plain.tables["notes"]["code"])
    found = given.tables["carbon_balance"].query("species_group == ''").set_index("item")
    # half a percent of the mean stock in each of five years
    whole_m3 = [whole(given, year)["forest_stock_m3"] for year in (2020, 2025)]
    assert found.loc["mortality", "volume_m3"] == pytest.approx(-0.005 * 5 * sum(whole_m3) / 2)
    # calibrated growth is net: there is nothing to tell
    for done in (given, all_accounts):
        assert "mortality_missing" not in set(done.tables["notes"]["code"])
