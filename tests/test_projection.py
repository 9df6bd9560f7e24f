"""The outlook in a run: scenarios, the reason where there are none, and refusals."""

import re
import sys

import pandas as pd
import pytest
from places import ALL_ACCOUNTS, computed, write_place

from carbon_sink import cbm
from carbon_sink.errors import CarbonSinkError, FileError
from carbon_sink.pipeline import check, run
from carbon_sink.settings import load_settings
from carbon_sink.tables import columns

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


@pytest.fixture
def without_libcbm(tmp_path, monkeypatch):
    """A place that asks for libcbm where it is not installed."""
    for name in [one for one in sys.modules if one.split(".")[0] == "libcbm"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "libcbm", None)  # what cannot be imported
    return write_place(tmp_path / "place", ALL_ACCOUNTS.replace("[outlook]",
                                                                '[outlook]\nengine = "cbm"'))  # fmt: skip


def test_libcbm_that_is_not_installed_is_refused_with_the_way_to_get_it(without_libcbm):
    with pytest.raises(FileError, match=r"carbon_sink\[cbm\]") as caught:
        computed(without_libcbm)
    assert [one.code for one in caught.value.problems] == ["cbm_not_installed"]


def test_a_run_tells_that_libcbm_is_missing_before_it_reads_anything(without_libcbm, tmp_path):
    steps = []
    with pytest.raises(FileError, match=r"carbon_sink\[cbm\]"):
        run(without_libcbm, tmp_path / "out", steps.append)
    assert steps == []


def test_a_check_tells_that_libcbm_is_missing(without_libcbm):
    found = check(load_settings(without_libcbm))
    assert [one.code for error in found.errors for one in error.problems] == ["cbm_not_installed"]


def test_dead_wood_and_litter_are_compared_where_accounts_leave_them_out(tmp_path, monkeypatch):
    grown = []

    def compare(key, course, ours):
        grown.append(ours)
        return pd.DataFrame(columns=columns("cbm_comparison").index)

    monkeypatch.setattr(cbm, "check_installed", lambda: None)
    monkeypatch.setattr(cbm, "simulate", lambda *_: None)
    monkeypatch.setattr(cbm, "notes", lambda *_: [])
    monkeypatch.setattr(cbm, "compare", compare)
    off = re.sub(r'(dead_wood|litter) = "\w+"', r'\1 = ""', ALL_ACCOUNTS)
    assert off != ALL_ACCOUNTS
    asked = off.replace("[outlook]", '[outlook]\nengine = "cbm"')
    computed(write_place(tmp_path / "place", asked))
    ours = grown[0].pivot_table(index="year", columns="pool", values="carbon_t")
    # 1 % of the trees above ground each, AR-TOOL12
    for pool in ("dead_wood", "litter"):
        assert ours[pool].tolist() == pytest.approx((0.01 * ours["aboveground"]).tolist())
