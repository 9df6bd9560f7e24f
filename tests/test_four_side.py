"""Ledger, monitoring and stock of four-side trees."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from test_four_side_records import MODELS, PARAMETERS, record

from carbon_sink.four_side import MEASURED, SIZE, count_four_side
from carbon_sink.tables import columns
from carbon_sink.tree_sizes import size_at

CO2 = 44.0 / 12.0
SUMS = ["credited_ha", "living_trees", "stock_m3", "above_t", "below_t", "tree_co2_t",
        "removal_co2e_t"]  # fmt: skip


def counted(*rows, period=40, pct=0.0):
    return count_four_side(pd.concat(rows), PARAMETERS, MODELS, 2025, period, pct)


def test_the_ledger_of_one_record_by_hand():
    # 1000 masson pines of 2020, all alive; after 5 and 6 years 4.523 and 5.764 cm, 2.560 and
    # 3.309 m: the first are too thin, the second hold 6.808595e-5 x 5.764^1.858728 x
    # 3.309^0.9721861 = 0.00565 m3 each
    dbh = 23.2937681741241 * (1.0 - np.exp(-0.0982089433599042 * 6)) ** 1.73123842580771
    high = 15.9788488229962 * (1.0 - np.exp(-0.111449180799481 * 6)) ** 2.07788291991691
    stem = 6.808595e-05 * dbh**1.858728 * high**0.9721861
    rows = counted(record(species_group="masson_pine", survival_pct=100.0), pct=10.0).ledger
    assert rows["year"].tolist() == list(range(2020, 2060))
    assert rows["age_yr"].tolist() == list(range(40))
    assert rows["stock_m3"].iloc[:6].tolist() == [0.0] * 6
    row = rows.iloc[6]
    assert (row["living_trees"], row["credited_ha"]) == (1000.0, pytest.approx(1000.0 / 1650.0))
    assert row["stock_m3"] == pytest.approx(1000.0 * stem, rel=1e-9)
    # 0.380 t/m3, 1.472 above over stem, roots 0.187, carbon 0.460
    carbon = 1000.0 * stem * 0.380 * 1.472 * 1.187 * 0.460
    assert row["above_t"] == pytest.approx(carbon / 1.187)
    assert row["below_t"] == pytest.approx(carbon * 0.187 / 1.187)
    assert row["tree_co2_t"] == row["removal_co2e_t"] == pytest.approx(carbon * CO2)
    assert row["non_permanence_co2e_t"] == pytest.approx(-0.1 * carbon * CO2)
    assert row["creditable_co2e_t"] == pytest.approx(0.9 * carbon * CO2)
    assert (
        rows[["baseline_co2_t", "soil_co2_t", "emission_co2e_t", "leakage_co2e_t"]]
        .eq(0)
        .all(axis=None)
    )


def test_trees_die_as_survival_says_and_hold_less():
    full = counted(record(survival_pct=100.0)).ledger
    some = counted(record(survival_pct=88.0, survival_3yr_pct=82.0)).ledger
    assert some["living_trees"].iloc[:5].tolist() == pytest.approx([1000, 880, 850, 820, 820])
    assert some["stock_m3"].iloc[-1] == pytest.approx(0.82 * full["stock_m3"].iloc[-1])


def test_zero_survival_gives_zero():
    rows = counted(record(survival_pct=0.0, dbh_cm=20.0, height_m=12.0)).ledger
    assert rows["living_trees"].iloc[1:].eq(0.0).all()
    assert rows[["stock_m3", "above_t", "below_t", "tree_co2_t"]].eq(0.0).all(axis=None)


def test_thin_trees_are_counted_and_hold_nothing():
    # broadleaves are 5.88 cm thick after five years: 4.9 cm in 2025 is under 5 cm
    found = counted(record(dbh_cm=4.9, height_m=4.0, measured_year=2025.0))
    assert found.ledger["stock_m3"].iloc[:6].eq(0.0).all()
    row = found.trees.iloc[0]
    assert (row["living_trees"], row["counted_trees"], row["carbon_t"]) == (900.0, 0.0, 0.0)
    assert found.monitoring["removal_co2_t"].item() == 0.0


def test_trees_that_were_measured_go_on_from_their_measure():
    dbh = float(size_at("GM-bro-D", 15.0))
    grown = counted(record(dbh_cm=dbh, measured_year=2025.0)).ledger.set_index("year")
    plain = counted(record(planted_year=2010.0)).ledger.set_index("year")
    assert grown.loc[2025:2049, "stock_m3"].tolist() == pytest.approx(
        plain.loc[2025:2049, "stock_m3"].tolist()
    )


def test_growth_until_a_measurement_is_told_from_growth_by_the_curve():
    growth = counted(record(dbh_cm=12.0, measured_year=2025.0), record(dbh_cm=None)).growth
    sums = growth.set_index(["kind", "year"])["co2_t"]
    assert (sums[MEASURED].loc[:2025].sum() > 0.0, sums[MEASURED].loc[2026:].sum()) == (True, 0.0)
    assert (sums[SIZE].loc[:2024].sum(), sums[SIZE].loc[2026:].min() > 0.0) == (0.0, True)


def test_what_trees_hold_when_they_are_planted_is_no_removal():
    found = counted(record(dbh_cm=10.0, height_m=6.0, measured_year=2020.0, survival_pct=100.0))
    carbon = (found.ledger["above_t"] + found.ledger["below_t"]).to_numpy()
    assert carbon[0] > 0.0
    assert found.ledger["tree_co2_t"].iloc[0] == 0.0
    assert found.ledger["tree_co2_t"].sum() == pytest.approx((carbon[-1] - carbon[0]) * CO2)
    row = found.monitoring.iloc[0]
    assert (row["carbon_before_t"], row["removal_co2_t"]) == (row["carbon_after_t"], 0.0)


def test_what_was_measured_is_listed_by_project_and_year_by_hand():
    # VOL09 at 20 cm and 15 m: 5.2750716e-5 x 20^1.9450324 x 15^0.9386233, 900 trees alive
    stock = 900.0 * 5.2750716e-05 * 20**1.9450324 * 15**0.9386233
    measured = {"dbh_cm": 20.0, "height_m": 15.0}
    found = counted(
        record(**measured), record(**measured, measured_year=2023.0), record()
    ).monitoring
    assert found["year_after"].tolist() == [2023, 2025]
    row = found.iloc[1]
    assert (row["project_id"], row["project_type"], row["year_before"]) == ("P", "four_side", 2020)
    assert row["stock_before_m3"] == 0.0
    assert row["stock_after_m3"] == pytest.approx(stock)
    assert set(found) <= set(columns("project_monitoring").index)
    carbon = stock * 0.46 * 1.412 * 1.275 * 0.492
    assert row["carbon_after_t"] == pytest.approx(carbon)
    assert row["removal_co2_t"] == pytest.approx(carbon * CO2)


def test_the_ledger_of_the_measured_year_holds_what_was_measured():
    found = counted(record(dbh_cm=13.7, height_m=8.2), record(dbh_cm=18.1))
    row = found.ledger.set_index("year").loc[2025]
    assert row["stock_m3"] == pytest.approx(found.monitoring["stock_after_m3"].item())
    assert row["stock_m3"] == pytest.approx(found.trees["stock_m3"].sum())


def test_chinese_fir_without_a_curve_counts_as_measured_and_not_in_the_ledger():
    fir = record(species_group="chinese_fir", dbh_cm=20.0, height_m=15.0)
    found = counted(fir)
    assert found.monitoring["stock_after_m3"].item() == pytest.approx(900.0 * 0.24352, rel=1e-5)
    assert found.ledger["stock_m3"].isna().all()
    # without its height there is no stock to measure
    assert counted(fir.assign(height_m=None)).monitoring["stock_after_m3"].isna().all()


def test_bamboo_counts_as_trees_and_area_and_its_carbon_is_missing():
    found = counted(record(species_group="bamboo_other"))
    assert found.ledger["living_trees"].iloc[3] == 900.0
    assert found.ledger[["stock_m3", "above_t", "tree_co2_t", "removal_co2e_t",
                         "creditable_co2e_t"]].isna().all(axis=None)  # fmt: skip
    row = found.trees.iloc[0]
    assert (row["trees"], row["living_trees"]) == (1000.0, 900.0)
    assert row[["counted_trees", "stock_m3", "carbon_t"]].isna().all()
    assert [one.code for one in found.notes] == ["four_side_no_volume"]
    assert (len(found.growth), len(found.monitoring)) == (0, 0)


def test_a_project_has_the_carbon_of_those_species_that_have_one():
    alone = counted(record()).ledger
    mixed = counted(record(), record(species_group="bamboo_other")).ledger
    assert mixed["stock_m3"].tolist() == pytest.approx(alone["stock_m3"].tolist())
    assert mixed["living_trees"].tolist() == pytest.approx((2 * alone["living_trees"]).tolist())


def test_later_plantings_of_a_project_join_its_years():
    found = counted(record(), record(planted_year=2023.0), period=10)
    rows = found.ledger
    assert rows["year"].tolist() == list(range(2020, 2030))
    assert rows["living_trees"].iloc[:5].tolist() == pytest.approx([1000, 900, 900, 1900, 1800])
    assert rows["credited_ha"].iloc[[2, 3]].tolist() == pytest.approx([900 / 1650, 1800 / 1650])
    assert found.works.iloc[0].drop("town_code").tolist() == pytest.approx(
        ["P", "four_side", 2020, 1800 / 1650, 2000.0]
    )


def test_plantings_after_the_crediting_period_are_told():
    found = counted(record(), record(planted_year=2030.0), period=10)
    assert found.ledger["living_trees"].iloc[-1] == 900.0
    assert ("four_side_after_period", 1) in [(one.code, one.count) for one in found.notes]
    # those to come are not there in the report year
    assert found.trees["trees"].sum() == 1000.0


def test_how_dense_trees_would_stand_when_none_is_lost_is_told():
    found = counted(record())
    # 900 trees stand for 900 / 1650 ha
    dense = found.ledger["stock_m3"].iloc[-1] / (900.0 / 1650.0)
    assert [one.code for one in found.notes] == ["four_side_nothing_lost"]
    assert f"{dense:,.0f} m3" in found.notes[0].text("en")


def test_a_project_has_a_town_when_all_its_records_have_the_same():
    same = counted(record(town_code="500153101"), record(town_code="500153101")).works
    differ = counted(record(town_code="500153101"), record(town_code="500153102")).works
    assert (same["town_code"].item(), differ["town_code"].isna().item()) == ("500153101", True)


def test_trees_are_listed_by_side_and_species():
    found = counted(record(side="村"), record(side="村"), record(side="路"),
                    record(side="路", species_group="oak"), record()).trees  # fmt: skip
    assert list(found) == list(columns("four_side_trees").index)
    assert found[["side", "name_zh", "records"]].to_numpy().tolist() == [
        ["", "樟树", 1], ["村", "樟树", 2], ["路", "樟树", 1], ["路", "栎类", 1],
    ]  # fmt: skip


def test_no_records_give_empty_tables():
    found = counted(record().iloc[:0])
    for table in (found.works, found.ledger, found.growth, found.monitoring, found.trees):
        assert table.empty
    assert found.notes == []


GROUPS = st.sampled_from(["camphor", "cypress", "eucalyptus", "bamboo_other", "chinese_fir"])
RECORDS = st.builds(
    record,
    project_id=st.sampled_from(["P", "Q", None]),
    planted_year=st.integers(2010, 2026).map(float),
    tree_count=st.integers(1, 5000).map(float),
    species_group=GROUPS,
    survival_pct=st.one_of(st.none(), st.floats(0.0, 100.0)),
    survival_3yr_pct=st.one_of(st.none(), st.floats(0.0, 100.0)),
    done_ha=st.one_of(st.none(), st.floats(0.01, 3.0)),
    dbh_cm=st.one_of(st.none(), st.floats(0.5, 60.0)),
    height_m=st.one_of(st.none(), st.floats(0.5, 30.0)),
    measured_year=st.one_of(st.none(), st.integers(2010, 2026).map(float)),
)


@hypothesis_settings(max_examples=15, deadline=None)
@given(st.lists(RECORDS, min_size=1, max_size=6), st.randoms(use_true_random=False))
def test_the_order_of_records_changes_nothing(rows, random):
    first = counted(*rows)
    second = counted(*random.sample(rows, len(rows)))
    for name in ("works", "ledger", "growth", "monitoring", "trees"):
        pd.testing.assert_frame_equal(getattr(first, name), getattr(second, name),
                                      rtol=1e-9, check_dtype=False)  # fmt: skip


@hypothesis_settings(max_examples=15, deadline=None)
@given(RECORDS, st.floats(0.1, 0.9))
def test_a_record_split_in_two_gives_the_same_sums(row, share):
    def part(of):
        return row.assign(tree_count=row["tree_count"] * of,
                          done_ha=pd.to_numeric(row["done_ha"]) * of)  # fmt: skip

    whole, halves = counted(row), counted(part(share), part(1.0 - share))
    for table in (whole.ledger, halves.ledger):
        assert set(SUMS) <= set(table)
    pd.testing.assert_frame_equal(whole.ledger, halves.ledger, rtol=1e-9, atol=1e-9)
    pd.testing.assert_frame_equal(whole.monitoring, halves.monitoring, rtol=1e-9, atol=1e-9)


@hypothesis_settings(max_examples=15, deadline=None)
@given(RECORDS)
def test_removals_over_the_period_are_the_difference_of_the_carbon(row):
    ledger = counted(row).ledger
    carbon = (ledger["above_t"] + ledger["below_t"]).to_numpy()
    difference = (carbon[-1] - carbon[0]) * CO2 if len(ledger) else 0.0
    assert (
        ledger["tree_co2_t"].sum(min_count=1)
        == pytest.approx(difference, rel=1e-9, abs=1e-9, nan_ok=True)
        or ledger.empty
    )
    terms = ["tree_co2_t", "baseline_co2_t", "soil_co2_t", "emission_co2e_t", "leakage_co2e_t"]
    assert ledger[terms].sum(axis=1, skipna=False).tolist() == pytest.approx(
        ledger["removal_co2e_t"].tolist(), nan_ok=True
    )


@hypothesis_settings(max_examples=15, deadline=None)
@given(st.lists(RECORDS, min_size=1, max_size=6))
def test_growth_by_species_sums_to_the_ledger(rows):
    found = counted(*rows)
    by_year = found.ledger.groupby("year")["tree_co2_t"].sum()
    species = found.growth.groupby("year")["co2_t"].sum().reindex(by_year.index, fill_value=0)
    assert species.tolist() == pytest.approx(by_year.tolist(), abs=1e-9)
