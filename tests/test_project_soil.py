"""Soil of restored mine land: by hand, invariants and notes."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from carbon_sink.errors import ParameterError
from carbon_sink.pools import PoolChoice
from carbon_sink.project_soil import mine_soil, soil_gain, soil_notes

NOTHING = PoolChoice()
LAC = PoolChoice(soil="ipcc_2019", soil_type="low_activity_clay", cropland_use="paddy_rice")
NAMES = ("soil_start_t_ha", "soil_reference_t_ha", "soil_loss_pct", "imported_topsoil_t_ha")


def mines(*rows):
    table = pd.DataFrame(list(rows)).reindex(columns=NAMES).astype(float)
    ids = [f"M{number}" for number in range(1, len(table) + 1)]
    return table.assign(project_type="mine_restoration", credited_ha=10.0, project_id=ids)


def rates(choice, *rows):
    return mine_soil(mines(*rows), choice)["rate_t_ha_yr"].tolist()


def test_a_measured_start_recovers_to_the_stated_reference_in_twenty_years():
    # (50 - 40) / 20
    assert rates(NOTHING, {"soil_start_t_ha": 40.0, "soil_reference_t_ha": 50.0}) == [0.5]


def test_without_measurement_the_loss_is_taken_off_the_reference_of_the_chosen_soil():
    # low activity clay of the 2019 edition: 55 t/ha; 55 x 0.2 / 20
    assert rates(LAC, {"soil_loss_pct": 20.0}) == pytest.approx([0.55])
    found = mine_soil(mines({"soil_loss_pct": 20.0}), LAC).iloc[0]
    assert found["soil_start_t_ha"] == pytest.approx(44.0)
    assert found["soil_reference_t_ha"] == 55.0


def test_the_loss_of_the_settings_serves_projects_that_state_none():
    choice = PoolChoice(mine_soil_loss_pct=10.0)
    stated = {"soil_reference_t_ha": 60.0}
    # 60 x 0.1 / 20 and 60 x 0.2 / 20
    assert rates(choice, stated, {**stated, "soil_loss_pct": 20.0}) == pytest.approx([0.3, 0.6])


def test_imported_topsoil_raises_the_start_and_is_no_removal():
    # start 55 x 0.7 + 10 = 48.5; (55 - 48.5) / 20
    row = {"soil_loss_pct": 30.0, "imported_topsoil_t_ha": 10.0}
    assert rates(LAC, row) == pytest.approx([0.325])
    measured = {"soil_start_t_ha": 45.0, "imported_topsoil_t_ha": 6.0}
    # (55 - 45 - 6) / 20
    assert rates(LAC, measured) == pytest.approx([0.2])


def test_the_gain_is_capped_and_never_passes_the_reference():
    # 55 x 0.83 / 20 = 2.28 a year is cut to 0.8; soil above its reference gains nothing
    found = mine_soil(mines({"soil_loss_pct": 83.0}, {"soil_start_t_ha": 70.0}), LAC)
    assert found["rate_t_ha_yr"].tolist() == [0.8, 0.0]
    assert found["is_capped"].tolist() == [True, False]


def test_the_gain_lasts_twenty_years_and_begins_in_the_year_after_the_works():
    gain = soil_gain(np.array([0.5, np.nan]), np.arange(30))
    assert gain[0, 0] == 0.0
    assert gain[0, 1:21].tolist() == [0.5] * 20
    assert not gain[0, 21:].any()
    # 20 x 0.5
    assert gain[0].sum() == 10.0
    assert np.isnan(gain[1]).all()


def test_soil_without_start_or_reference_stays_missing():
    unknown = rates(NOTHING, {}, {"soil_start_t_ha": 40.0}, {"soil_loss_pct": 30.0})
    assert np.isnan(unknown).all()
    assert np.isnan(rates(LAC, {})).all()


def test_other_works_have_no_mine_soil():
    works = mines({"soil_loss_pct": 20.0}, {"soil_loss_pct": 20.0})
    works["project_type"] = ["afforestation", "mine_restoration"]
    assert mine_soil(works, LAC).index.tolist() == [1]


def test_a_choice_of_soil_that_is_incomplete_is_refused():
    with pytest.raises(ParameterError) as caught:
        mine_soil(mines({}), PoolChoice(soil="ipcc_2019", soil_type="clay"))
    assert {one.field for one in caught.value.problems} == {
        "pools.soil_type", "pools.cropland_use",
    }  # fmt: skip


def test_notes_name_the_projects_and_their_hectares():
    works = mines({}, {"soil_loss_pct": 83.0}, {"soil_start_t_ha": 70.0}, {"soil_loss_pct": 20.0})
    missing = soil_notes(works, mine_soil(works, LAC), "a.gpkg")
    assert [(one.code, one.rows, one.value) for one in missing] == [
        ("project_soil_missing", ("M1",), "10.0"),
        ("project_soil_capped", ("M2",), "10.0"),
        ("project_soil_full", ("M3",), "10.0"),
    ]
    message = missing[0].text()
    assert all(name in message for name in ("soil_loss_pct", "mine_soil_loss_pct", "[pools]"))
    assert "0.8" in missing[1].text("en")
    assert soil_notes(works.iloc[3:], mine_soil(works.iloc[3:], LAC)) == []


@settings(max_examples=50, deadline=None)
@given(st.floats(0.0, 120.0), st.floats(0.0, 120.0), st.floats(0.0, 60.0))
def test_what_comes_back_never_passes_the_reference_or_the_cap(start, reference, topsoil):
    row = {"soil_start_t_ha": start, "soil_reference_t_ha": reference,
           "imported_topsoil_t_ha": topsoil}  # fmt: skip
    works = mines(row)
    before = works.copy()
    rate = mine_soil(works, NOTHING)["rate_t_ha_yr"].to_numpy()
    gain = soil_gain(rate, np.arange(40)).sum()
    assert 0.0 <= gain <= max(reference - start - topsoil, 0.0) + 1e-9
    assert rate[0] <= 0.8
    pd.testing.assert_frame_equal(works, before)
