"""Scenarios: what may happen to the forest, checked before use."""

import pandas as pd
import pytest

from carbon_sink.errors import ParameterError
from carbon_sink.scenarios import Disturbance, Improvement, Planting, Scenario, read_scenarios

STANDS = pd.DataFrame(
    {"carbon_part": ["arbor", "bamboo"], "area_ha": [100.0, 50.0], "forest_stock_m3": [5000.0, 0.0]}
)


def row(**more):
    return {"key": "bau", "name": "现状", "harvest_m3_yr": 10.0, "mortality_pct_yr": 1.0, **more}


def read(*rows):
    return read_scenarios(rows, STANDS, 2025, ["oak", "cypress", "chinese_fir", "bamboo"],
                          ["oak", "cypress"], "settings.toml")  # fmt: skip


def codes(*rows):
    with pytest.raises(ParameterError) as refused:
        read(*rows)
    return [
        (one.code, one.field.removeprefix("outlook.scenarios.")) for one in refused.value.problems
    ]


def planting(**more):
    return {"species_group": "oak", "area_ha_yr": 5.0, "from_year": 2026, "to_year": 2030, **more}


def improvement(**more):
    return {"area_ha_yr": 10.0, "from_year": 2026, "to_year": 2030, "growth_gain_pct": 10.0,
            "source": "plots", **more}  # fmt: skip


def disturbance(**more):
    return {"kind": "fire", "area_ha_yr": 1.0, "stock_loss_pct": 50.0, "from_year": 2026,
            "to_year": 2030, **more}  # fmt: skip


def test_plain_rows_become_scenarios():
    (one,) = read(row(planting=[planting()], improvement=improvement(), disturbance=disturbance()))
    assert one == Scenario(
        "bau", "现状", "", 10.0, 1.0, (Planting("oak", 5.0, 2026, 2030),),
        Improvement(10.0, 2026, 2030, 10.0, "plots"), Disturbance("fire", 1.0, 50.0, 2026, 2030),
    )  # fmt: skip
    assert one.named("en") == one.named() == "现状"


def test_a_scenario_without_works_is_whole():
    assert read(row(planting=[], improvement=None, disturbance=None))[0].planting == ()


def test_planting_counts_in_its_years_only():
    one = Planting("oak", 5.0, 2026, 2030)
    assert [one.area_ha(year) for year in (2025, 2026, 2030, 2031)] == [0.0, 5.0, 5.0, 0.0]


def test_treated_area_adds_up_and_stays():
    one = Improvement(10.0, 2026, 2030, 10.0, "plots")
    assert [one.treated_ha(year) for year in (2025, 2026, 2030, 2060)] == [0.0, 10.0, 50.0, 50.0]


def test_a_disturbance_takes_its_share_of_the_area_times_the_loss_there():
    one = Disturbance("fire", 20.0, 50.0, 2026, 2026)
    # 20 of 100 ha lose half of their stock
    assert one.loss_share(2026, 100.0) == pytest.approx(0.1)
    assert one.loss_share(2027, 100.0) == one.loss_share(2026, 0.0) == 0.0
    assert one.loss_share(2026, 10.0) == 0.5


def test_harvest_and_mortality_have_no_default():
    lacking = {"key": "bau", "name": "现状"}
    assert codes(lacking) == [("scenario_incomplete", "1 (bau)")]
    with pytest.raises(ParameterError, match="harvest_m3_yr, mortality_pct_yr"):
        read(lacking)


def test_all_faults_of_all_scenarios_come_in_one_message():
    found = codes(
        row(harvest_m3_yr=-1.0, planting=[planting(species_group="chinese_fir"),
                                          planting(species_group="baobab", to_year=2025)]),
        row(key="two", mortality_pct_yr=101.0, harvest_m3_yr=5001.0,
            improvement=improvement(source=" ", area_ha_yr=30.0),
            disturbance=disturbance(kind="flood", stock_loss_pct=120.0, area_ha_yr=101.0)),
        row(key="two"),
    )  # fmt: skip
    assert set(found) == {
        ("scenario_figure_impossible", "1.harvest_m3_yr (bau)"),
        ("scenario_curve_missing", "1.planting.1.species_group (bau)"),
        ("scenario_species_unknown", "1.planting.2.species_group (bau)"),
        ("scenario_years_wrong", "1.planting.2 (bau)"),
        ("scenario_figure_impossible", "2.mortality_pct_yr (two)"),
        ("scenario_harvest_large", "2.harvest_m3_yr (two)"),
        ("scenario_source_missing", "2.improvement.source (two)"),
        ("scenario_area_large", "2.improvement.area_ha_yr (two)"),
        ("scenario_figure_impossible", "2.disturbance.kind (two)"),
        ("scenario_figure_impossible", "2.disturbance.stock_loss_pct (two)"),
        ("scenario_area_large", "2.disturbance.area_ha_yr (two)"),
        ("scenario_key_repeated", "2, 3"),
    }


@pytest.mark.parametrize("value", [float("nan"), float("inf"), "many", True, -0.1])
def test_what_is_no_amount_is_refused(value):
    assert codes(row(harvest_m3_yr=value)) == [
        ("scenario_figure_impossible", "1.harvest_m3_yr (bau)")
    ]


@pytest.mark.parametrize(
    ("first", "last"), [(2025, 2030), (2030, 2029), (2026.5, 2030), ("2026", 2030)]
)
def test_years_come_in_order_and_after_the_inventory(first, last):
    wrong = planting(from_year=first, to_year=last)
    assert codes(row(planting=[wrong])) == [("scenario_years_wrong", "1.planting.1 (bau)")]


def test_forest_counted_by_area_is_planted_without_a_curve():
    (one,) = read(row(planting=[planting(species_group="bamboo")]))
    assert one.planting[0].species_group == "bamboo"


def test_the_message_names_the_setting_and_what_to_do():
    with pytest.raises(ParameterError) as refused:
        read(row(planting=[planting(species_group="chinese_fir")]))
    told = refused.value.text("en")
    assert "settings.toml | setting outlook.scenarios.1.planting.1.species_group (bau)" in told
    assert "chinese_fir" in told
    # groups with carbon parameters and, where they are not counted by area, a curve
    assert "one of: bamboo, cypress, oak; or name a model with a curve" in told
    assert "masson_pine_curve" in told
    assert "cypress 柏木" in refused.value.text()


def test_large_figures_are_written_with_separators():
    with pytest.raises(ParameterError) as refused:
        read(row(harvest_m3_yr=6e7))
    assert "60,000,000 m3" in refused.value.text()
    assert "5,000 m3" in refused.value.text()
