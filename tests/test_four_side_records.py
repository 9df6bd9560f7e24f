"""What is known of records of four-side trees, and what is told where it is not."""

import numpy as np
import pandas as pd
import pytest

from carbon_sink.four_side_records import (
    living_trees,
    names_of,
    prepared,
    stock_m3,
    told,
    ways,
)
from carbon_sink.growth_models import group_models
from carbon_sink.parameters import load_parameters
from carbon_sink.tree_sizes import size_at, stem_volume

PARAMETERS, MODELS = load_parameters("ar_cm_001"), group_models()


def record(**cells):
    """One record of a thousand camphor trees of 2020, but for what is said of it."""
    known = {"record_id": "a", "project_id": "P", "planted_year": 2020.0, "tree_count": 1000.0,
             "species_group": "camphor", "survival_pct": 90.0}  # fmt: skip
    return pd.DataFrame([known | cells])


def rows_of(**cells):
    return prepared(record(**cells), PARAMETERS, MODELS, 2025)[0]


def test_trees_without_a_project_are_joined_by_town_and_year():
    rows = pd.concat([record(project_id=None, town_code=town) for town in ("500153101", None)])
    found, _ = prepared(rows, PARAMETERS, MODELS, 2025)
    assert found["project_id"].tolist() == ["FS-500153101-2020", "FS-2020"]


def test_survival_that_is_not_recorded_is_that_of_the_area():
    # 0.4 ha at 1650 per hectare are 660 of 1000 trees
    found = rows_of(survival_pct=np.nan, done_ha=0.4)
    assert found["survival"].item() == pytest.approx(0.66)
    # recorded survival goes before it, and more trees than were planted do not live
    assert rows_of(done_ha=0.4)["survival"].item() == 0.9
    assert rows_of(survival_pct=None, done_ha=9.0)["survival"].item() == 1.0
    later = rows_of(survival_pct=None, survival_3yr_pct=80.0, done_ha=0.4)
    assert np.isnan(later["survival"].item())
    assert later["survival_3yr"].item() == 0.8


def test_the_area_of_the_record_is_credited_or_that_of_the_trees_that_last():
    assert rows_of(done_ha=0.4)["credited_ha"].item() == 0.4
    assert rows_of(survival_3yr_pct=82.5)["credited_ha"].item() == pytest.approx(0.5)


def test_records_that_nobody_can_tell_the_survival_of_count_nothing_and_are_told():
    found, notes = prepared(record(survival_pct=None), PARAMETERS, MODELS, 2025)
    assert found.empty
    assert [(one.code, one.count) for one in notes] == [("four_side_survival_unknown", 1)]


def test_records_counted_elsewhere_are_left_out():
    rows = pd.concat([record(), record(is_repeated=True), record(is_repeated=False)])
    assert len(prepared(rows, PARAMETERS, MODELS, 2025)[0]) == 2


@pytest.mark.parametrize(
    ("species", "lacks", "code"),
    [
        ("bamboo_other", "no_volume", "four_side_no_volume"),
        ("economic_citrus", "no_volume", "four_side_no_volume"),
        (None, "no_volume", "four_side_no_volume"),
        ("chinese_fir", "no_curve", "four_side_no_curve"),
    ],
)
def test_species_without_equation_or_curve_are_told_with_their_records_and_trees(
    species, lacks, code
):
    rows = pd.concat([record(species_group=species), record(species_group=species), record()])
    found, notes = prepared(rows, PARAMETERS, MODELS, 2025)
    assert found["lacks"].tolist() == [lacks, lacks, ""]
    assert [(one.code, one.count) for one in notes] == [(code, 2)]
    assert "2 records and 2,000 trees" in notes[0].text("en")
    assert "2 条记录、2,000 株" in notes[0].text("zh")


def test_a_model_of_the_user_gives_chinese_fir_a_curve():
    own = group_models(own={"chinese_fir": "masson_pine_curve"})
    found, notes = prepared(record(species_group="chinese_fir"), PARAMETERS, own, 2025)
    assert (found["lacks"].item(), notes) == ("", [])


def test_a_measurement_without_a_year_is_of_the_report_year_and_none_is_before_planting():
    assert rows_of(dbh_cm=8.0)["measured_yr"].item() == 5.0
    assert rows_of(dbh_cm=8.0, measured_year=2023.0)["measured_yr"].item() == 3.0
    assert rows_of(dbh_cm=8.0, planted_year=2030.0)["measured_yr"].item() == 0.0


def test_trees_measured_without_height_are_as_high_as_trees_of_their_diameter():
    dbh = float(size_at("GM-bro-D", 12.0))
    thick, high = ways(rows_of(dbh_cm=dbh))
    assert thick.size([5.0])[0] == pytest.approx([dbh])
    assert high.size([5.0, 8.0])[0] == pytest.approx(size_at("GM-bro-H", [12.0, 15.0]))


def test_a_height_without_a_diameter_is_not_used():
    _, high = ways(rows_of(height_m=30.0))
    assert high.size([5.0])[0] == pytest.approx([size_at("GM-bro-H", 5.0)])


def test_stock_is_living_trees_times_the_stem():
    rows = rows_of(dbh_cm=20.0, height_m=15.0, measured_year=2025.0)
    assert living_trees(rows, np.array([0.0, 5.0]))[0] == pytest.approx([1000.0, 900.0])
    stem = stem_volume("camphor", np.array([20.0]), np.array([15.0]))
    assert stock_m3(rows, np.array([5.0]))[0] == pytest.approx(900.0 * stem)


def test_carbon_of_a_cubic_metre_and_its_share_above_ground_by_hand():
    # camphor: 0.46 x 1.412 x 1.275 x 0.492; 1 / 1.275
    found = rows_of()[["carbon_t_m3", "above_share"]].iloc[0].tolist()
    assert found == pytest.approx([0.46 * 1.412 * 1.275 * 0.492, 1.0 / 1.275])


def test_groups_without_a_name_of_their_own_have_that_of_their_kind():
    found = names_of(pd.Series(["economic_citrus", "camphor", ""]))
    assert found.tolist() == ["经济林", "樟树", ""]


def test_nothing_is_told_of_no_records():
    assert told("four_side_no_curve", rows_of().iloc[:0]) == []
