"""The outlook in a run: scenarios, the reason where there are none, and refusals."""

import sys

import pytest
from places import ALL_ACCOUNTS, computed, write_place

from carbon_sink.errors import CarbonSinkError, FileError
from carbon_sink.pipeline import check
from carbon_sink.settings import load_settings

FAULTY = (
    ALL_ACCOUNTS.replace("harvest_m3_yr = 100", "harvest_m3_yr = 90000")
    .replace('species_group = "cypress"', 'species_group = "fig"')
    .replace("from_year = 2026", "from_year = 2020")
)
FAULTS = {"scenario_harvest_large", "scenario_species_unknown", "scenario_years_wrong"}


def test_an_outlook_begins_with_the_last_survey_and_balances_every_year(all_accounts):
    tables = all_accounts.tables
    assert tables["outlook"]["year"].tolist() == [2030]
    assert tables["outlook"]["scenario"].tolist() == ["bau"]
    balance = tables["outlook_balance"].set_index("year")
    assert balance.index.tolist() == [2026, 2027, 2028, 2029, 2030]
    summary = tables["town_summary"].query("year == 2025 and town_code == ''")
    assert balance.loc[2026, "start_m3"] == pytest.approx(summary["forest_stock_m3"].item())
    assert balance["harvest_m3"].abs().tolist() == pytest.approx([100.0] * 5)
    assert balance.loc[2030, "end_m3"] == pytest.approx(tables["outlook"]["forest_stock_m3"].item())
    row = tables["outlook"].iloc[0]
    assert row["carbon_low_t"] < row["carbon_t"] < row["carbon_high_t"]
    assert len(all_accounts.content["outlook"]) == 1


def test_without_scenarios_the_outlook_is_absent_with_its_reason(brought_forward):
    assert "outlook" not in brought_forward.tables
    reasons = brought_forward.tables["absent"].set_index("item")["reason"]
    assert "outlook.scenarios" in reasons["outlook"]
    assert brought_forward.content["outlook"] == []


def test_faulty_scenarios_are_refused_in_one_message(tmp_path):
    with pytest.raises(CarbonSinkError) as caught:
        computed(write_place(tmp_path / "place", FAULTY))
    assert {one.code for one in caught.value.problems} == FAULTS
    for lang in ("zh", "en"):
        message = "\n".join(one.text(lang) for one in caught.value.problems)
        assert "fig" in message
        assert "90000" in message.replace(",", "")


def test_a_check_names_faulty_scenarios_too(tmp_path):
    found = check(load_settings(write_place(tmp_path / "place", FAULTY)))
    assert {one.code for error in found.errors for one in error.problems} == FAULTS


def test_libcbm_that_is_not_installed_is_refused_with_the_way_to_get_it(tmp_path, monkeypatch):
    for name in [one for one in sys.modules if one.split(".")[0] == "libcbm"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "libcbm", None)  # what cannot be imported
    path = write_place(tmp_path / "place", ALL_ACCOUNTS.replace("[outlook]",
                                                                '[outlook]\nengine = "cbm"'))  # fmt: skip
    with pytest.raises(FileError, match=r"carbon_sink\[cbm\]") as caught:
        computed(path)
    assert [one.code for one in caught.value.problems] == ["cbm_not_installed"]
