"""Growth held against two dates of the district's own stands."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from carbon_sink.calibration import calibrate, factors
from carbon_sink.growth_models import group_models
from carbon_sink.tables import columns
from carbon_sink.updating import update_stands

MODELS = group_models()
YEARS = (2020, 2025)


def first_survey(count=60, species="masson_pine", seed=1):
    draw = np.random.default_rng(seed)
    return pd.DataFrame({
        "forest_type": "arbor", "species_group": species, "area_ha": 5.0,
        "stand_age_yr": draw.integers(8, 45, count).astype(float), "dbh_cm": draw.uniform(6, 22, count),
        "basal_area_m2_ha": draw.uniform(1, 15, count),
        "forest_volume_m3": draw.uniform(20, 900, count),
    })  # fmt: skip


def second_survey(before, factor, noise=0.0, seed=2):
    after, _ = update_stands(before, YEARS, MODELS, dict.fromkeys(before["species_group"], factor))
    error = np.random.default_rng(seed).normal(1.0, noise, len(after))
    return after.assign(forest_volume_m3=after["forest_volume_m3"] * error)


def matched(count, **cells):
    return pd.DataFrame(
        {"before": range(count), "after": range(count), "change_class": "unchanged"} | cells
    )


def calibrated(before, after, rows=None, **more):
    rows = matched(len(before)) if rows is None else rows
    return calibrate(before, after, rows, YEARS, MODELS, lang="en", **more)


@settings(max_examples=25, deadline=None)
@given(st.floats(0.05, 5.0), st.sampled_from(["masson_pine", "chinese_fir", "oak", "eucalyptus"]))
def test_data_grown_with_a_factor_give_it_back(factor, species):
    before = first_survey(40, species)
    table, notes = calibrated(before, second_survey(before, factor))
    assert table["factor"].item() == pytest.approx(factor, rel=1e-6)
    assert table["standard_error"].item() < 1e-6
    assert notes == []


def test_one_year_by_hand():
    # GM-mas-V grows 2.2424 % from 19 to 20 years; observed are 3.3636 %: a factor of 1.5
    before = first_survey(30).assign(stand_age_yr=19.0, dbh_cm=np.nan, forest_volume_m3=100.0)
    after = before.assign(forest_volume_m3=103.3636)
    table, _ = calibrate(before, after, matched(30), (2024, 2025), MODELS)
    row = table.iloc[0]
    assert row["factor"] == pytest.approx(1.5, abs=1e-3)
    assert row["modelled_m3"] == pytest.approx(3067.272, abs=1e-2)
    assert (row["model"], row["stands"], row["used"]) == ("GM-mas-V", 30, "own")


def test_the_standard_error_is_that_of_leaving_out_each_stand():
    before = first_survey(40)
    after = second_survey(before, 0.9, noise=0.1)
    table, notes = calibrated(before, after)
    assert notes[0].count > 0  # stands whose stock fell are among them
    without = []
    for one in before.index:
        rest = before.index.drop(one)
        part = calibrated(before.loc[rest], after.loc[rest])[0]
        without.append(part["factor"].item())
    count = len(without)
    error = np.sqrt((count - 1) / count * ((np.array(without) - np.mean(without)) ** 2).sum())
    assert table["standard_error"].item() == pytest.approx(error, rel=0.02)
    row = table.iloc[0]
    assert row["high"] - row["factor"] == pytest.approx(1.959964 * row["standard_error"])
    assert row["low"] < 0.9 < row["high"]


def test_the_interval_holds_the_truth_about_nineteen_times_in_twenty():
    before = first_survey(80).assign(stand_age_yr=15.0)
    truth, inside = second_survey(before, 0.8), []
    for seed in range(100):
        errors = np.random.default_rng(seed).normal(1.0, 0.01, len(truth))
        after = truth.assign(forest_volume_m3=truth["forest_volume_m3"] * errors)
        row = calibrated(before, after)[0].iloc[0]
        inside.append(row["low"] <= 0.8 <= row["high"])
    assert 0.88 <= np.mean(inside) <= 0.99


def test_only_undisturbed_stands_of_one_shape_and_species_are_used():
    before = first_survey(50)
    after = second_survey(before, 0.8).assign(change_cause=None, change_year=np.nan)
    rows = matched(50)
    rows.loc[0, "change_class"] = "split"
    rows.loc[1, "change_class"] = "attribute"  # kept: shape and species are the same
    rows.loc[2, "after"] = 3  # two parcels before, one after
    after.loc[4, "species_group"] = "oak"
    after.loc[5, ["change_cause", "change_year"]] = ["21", 2023.0]  # felled
    after.loc[6, ["change_cause", "change_year"]] = ["21", 2019.0]  # felled before: kept
    after.loc[7, ["change_cause", "change_year"]] = ["93", 2023.0]  # surveyed anew: kept
    after.loc[8, "forest_volume_m3"] = np.nan
    after.loc[9, "forest_type"] = "economic_arbor"
    table, _ = calibrated(before, after, rows, disturbed=[10, 11])
    table = table[table["species_group"].eq("masson_pine")]
    # out: 0, 2 and 3, 4, 5, 8, 9, 10, 11
    assert table["stands"].item() == 41
    assert table["factor"].item() == pytest.approx(0.8)


def test_falling_stock_counts_and_is_told_with_its_rows():
    before = first_survey(40)
    after = second_survey(before, 0.8)
    after.loc[[3, 7], "forest_volume_m3"] = before.loc[[3, 7], "forest_volume_m3"] - 5.0
    table, (note,) = calibrated(before, after)
    assert (note.code, note.rows, note.count) == ("growth_observed_negative", (3, 7), 2)
    assert note.cells.tolist() == [-5.0, -5.0]
    assert table[["stands", "fallen_stands"]].iloc[0].tolist() == [40, 2]
    assert table["observed_m3"].item() == pytest.approx(after["forest_volume_m3"].sum())
    assert table["factor"].item() < 0.8


def test_errors_of_survey_do_not_bias_the_factor():
    # errors of 15 % at each date make about one in five of these slow stands fall
    found, fallen = [], 0
    for seed in range(20):
        before = first_survey(300, seed=seed).assign(stand_age_yr=30.0)
        after = second_survey(before, 0.8, noise=0.15, seed=seed + 1000)
        row = calibrated(before, after)[0].iloc[0]
        found.append(row["factor"])
        fallen += row["fallen_stands"]
    assert fallen > 20 * 30
    assert np.mean(found) == pytest.approx(0.8, abs=3 * np.std(found) / np.sqrt(20))


def test_a_group_whose_stock_fell_altogether_has_no_factor_of_its_own():
    before = first_survey(40)
    after = before.assign(forest_volume_m3=before["forest_volume_m3"] * 0.9)
    table, (note,) = calibrated(before, after)
    assert (table["used"].item(), note.count) == ("no", 40)
    assert "did not grow" in table["reason"].item()
    assert factors(table) == {}


def test_too_few_stands_of_every_group_of_a_model_give_no_factor():
    before = pd.concat([first_survey(29), first_survey(30, "oak")], ignore_index=True)
    table, _ = calibrated(before, second_survey(before, 0.7))
    assert table.set_index("species_group")["used"].to_dict() == {"masson_pine": "no", "oak": "own"}
    assert table["factor"].isna().tolist() == [True, False]
    assert "fewer than 30" in table["reason"].iloc[0]
    assert factors(table) == {"oak": pytest.approx(0.7)}


def test_a_small_group_grows_by_the_factor_of_all_stands_of_its_model():
    # oak and camphor grow by GR04; nanmu has five stands and takes the factor of all 85
    parts = [
        first_survey(40, "oak", 1),
        first_survey(40, "camphor", 2),
        first_survey(5, "nanmu", 3),
    ]
    before = pd.concat(parts, ignore_index=True)
    truth = {"oak": 0.4, "camphor": 0.5, "nanmu": 0.45}
    after = pd.concat([second_survey(one, truth[one["species_group"].iloc[0]]) for one in parts],
                      ignore_index=True)  # fmt: skip
    table = calibrated(before, after)[0].set_index("species_group")
    assert table["used"].to_dict() == {"camphor": "own", "nanmu": "model", "oak": "own"}
    alike = before.assign(species_group="oak")
    whole = calibrated(alike, after.assign(species_group="oak"))[0].iloc[0]
    assert table.loc["nanmu", "factor"] == pytest.approx(whole["factor"])
    # groups at 0.4 and 0.5 have a standard deviation of 0.0707
    error = np.hypot(whole["standard_error"], 0.0707107)
    assert table.loc["nanmu", "standard_error"] == pytest.approx(error, rel=1e-4)
    assert "all 85 usable stands of GR04" in table.loc["nanmu", "reason"]
    assert factors(table.reset_index(), ["model"]).keys() == {"nanmu"}


def test_a_group_that_no_pair_of_stands_tells_of_grows_by_the_factor_of_its_model_too():
    before = pd.concat([first_survey(40, "oak"), first_survey(3, "nanmu")], ignore_index=True)
    rows = matched(43)
    rows.loc[40:, "change_class"] = "split"
    table, _ = calibrated(before, second_survey(before, 0.6), rows)
    row = table.set_index("species_group").loc["nanmu"]
    assert (row["stands"], row["used"], row["factor"]) == (0, "model", pytest.approx(0.6))


def test_growth_that_no_model_explains_gives_no_factor():
    before = first_survey(40).assign(stand_age_yr=60.0)
    after = before.assign(forest_volume_m3=before["forest_volume_m3"] * 30.0)
    table, _ = calibrated(before, after)
    assert table["used"].tolist() == ["no"]
    assert "10 times" in table["reason"].item()


def test_each_species_group_has_a_factor_of_its_own_and_the_order_does_not_matter():
    before = pd.concat([first_survey(40), first_survey(40, "oak")], ignore_index=True)
    after = pd.concat(
        [second_survey(before[:40], 0.6), second_survey(before[40:], 1.3)], ignore_index=True
    )
    expected = {"masson_pine": pytest.approx(0.6), "oak": pytest.approx(1.3)}
    assert factors(calibrated(before, after)[0]) == expected
    shuffled = matched(80).sample(frac=1.0, random_state=3)
    assert factors(calibrated(before, after, shuffled)[0]) == expected


def test_the_table_keeps_its_contract():
    before = first_survey(40)
    table, _ = calibrated(before, second_survey(before, 1.1))
    assert table[["year_before", "year_after"]].iloc[0].tolist() == [2020, 2025]
    assert list(table) == columns("growth_calibration").index.tolist()


def test_nothing_to_calibrate_gives_no_factor():
    before = first_survey(5)
    table, notes = calibrated(before, before, matched(5, change_class="lost"))
    assert (table["stands"].tolist(), notes, factors(table)) == ([0], [], {})
    nothing = before.assign(species_group=None)
    assert len(calibrated(nothing, nothing)[0]) == 0
