"""Growth in a run: calibrated on two surveys, and the last one brought to the report year."""

import pytest
from places import computed, write_place

from carbon_sink.errors import SettingsError


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
