"""What inventories hold on the ground of works: measured, shared out by ground, never expected."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from carbon_sink.coverage import PARTS
from carbon_sink.project_monitoring import on_ground, project_monitoring
from carbon_sink.tables import columns


def stands(forest_type, forest_ha=0.0, stock=0.0, carbon=0.0, area_ha=10.0):
    count = len(forest_type)
    table = pd.DataFrame(0.0, index=pd.RangeIndex(1, count + 1),
                         columns=[f"{part}_ha" for part in PARTS])  # fmt: skip
    return table.assign(forest_type=forest_type, area_ha=area_ha, arbor_ha=forest_ha,
                        forest_stock_m3=stock, carbon_t=carbon)  # fmt: skip


def works(count=1, **cells):
    usual = {"project_type": "afforestation", "method": "planting", "start_year": 2021,
             "credited_ha": 4.0}  # fmt: skip
    names = [f"p{number}" for number in range(count)]
    return pd.DataFrame({"project_id": names, **usual, **cells}, index=pd.RangeIndex(count))


def piece(project=0, stand=1, ground_ha=4.0):
    return pd.DataFrame({"project": project, "stand": stand, "ground_ha": np.atleast_1d(ground_ha)})


def monitored(works, before, after, pieces=None):
    pieces = piece() if pieces is None else pieces
    return project_monitoring(works, {2020: pieces, 2025: pieces}, {2020: before, 2025: after})


def test_a_plantation_that_became_forest_is_in_the_inventory_and_told():
    # 4 of 10 ha: 0.4 of 50 m3 and 20 t C; 8 t C are 29.33 t CO2
    table, (note,) = monitored(works(), stands(["cropland"]), stands(["arbor"], 10.0, 50.0, 20.0))
    row = table.iloc[0]
    assert list(table) == list(columns("project_monitoring").index)
    assert row[["year_before", "year_after", "ground_ha"]].tolist() == [2020, 2025, 4.0]
    assert row[["forest_before_ha", "forest_after_ha", "stock_after_m3"]].tolist() == [0, 4, 20]
    assert row["removal_co2_t"] == pytest.approx(8.0 * 44.0 / 12.0)
    assert (row["in_inventory"], row["is_attributable"]) == ("yes", True)
    assert note.code == "project_in_inventory"
    for words in ("1 planting", "4.0 ha", "8.0 t C", "2025"):
        assert words in note.what("en")


def test_ground_that_was_forest_before_tells_nothing_of_a_planting():
    # bamboo of 30 t C was cleared for it
    table, notes = monitored(works(), stands(["bamboo"], 10.0, 0.0, 30.0),
                             stands(["arbor"], 10.0, 50.0, 20.0))  # fmt: skip
    assert table.loc[0, "removal_co2_t"] < 0.0
    assert not table.loc[0, "is_attributable"]
    assert "project_on_forest" in {note.code for note in notes}


def test_a_young_plantation_is_not_in_the_inventory_yet():
    table, notes = monitored(works(), stands(["cropland"]), stands(["young_planted"]))
    row = table.iloc[0]
    assert (row["young_after_ha"], row["forest_after_ha"], row["in_inventory"]) == (4.0, 0.0, "no")
    assert row["removal_co2_t"] == 0.0
    assert notes == []


@pytest.mark.parametrize(("forest_ha", "said"), [(9.0, "yes"), (8.9, "partly"), (1.0, "partly"),
                                                 (0.9, "no")])  # fmt: skip
def test_how_much_forest_makes_a_work_part_of_the_inventory(forest_ha, said):
    table, _ = monitored(works(), stands(["cropland"]), stands(["arbor"], forest_ha))
    assert table["in_inventory"].item() == said


def test_forest_that_was_there_before_is_no_new_forest():
    # 4 ha of the work, 2 of them bamboo before and after; the other 2 are credited, still young
    pieces = piece(stand=[1, 2], ground_ha=[2.0, 2.0])
    before = stands(["bamboo", "cropland"], [10.0, 0.0])
    after = stands(["bamboo", "young_planted"], [10.0, 0.0])
    table, _ = monitored(works(credited_ha=2.0), before, after, pieces)
    assert table["in_inventory"].item() == "no"


def test_improved_forest_is_in_the_inventory_and_its_change_is_not_the_works():
    tended = works(method="improvement", project_type="quality_improvement")
    before, after = (stands(["arbor"], 10.0, 100.0, one) for one in (30.0, 40.0))
    table, (note,) = monitored(tended, before, after)
    row = table.iloc[0]
    assert (row["in_inventory"], row["is_attributable"]) == ("yes", False)
    # the change of whole stands: 0.4 x 10 t C
    assert row["removal_co2_t"] == pytest.approx(4.0 * 44.0 / 12.0)
    assert note.code == "project_not_attributable"
    assert "not the gain by the works" in note.what("en")


def test_which_works_and_dates_are_compared():
    many = works(4, start_year=[2018, 2020, 2024, 2025])
    pieces = pd.concat([piece(one) for one in range(4)], ignore_index=True)
    inventories = {2020: stands(["cropland"]), 2023: stands(["cropland"]),
                   2025: stands(["arbor"], 10.0, 50.0, 20.0)}  # fmt: skip
    table, _ = project_monitoring(many, dict.fromkeys(inventories, pieces), inventories)
    found = table.set_index("project_id")
    # a work of the year of the latest inventory shows nothing there yet
    assert list(found.index) == ["p0", "p1", "p2"]
    assert found["year_before"].fillna(0).tolist() == [0, 2020, 2023]
    assert found.loc["p0", ["forest_before_ha", "removal_co2_t"]].isna().all()
    assert found.loc["p0", "in_inventory"] == "yes"


def test_works_without_ground_and_runs_without_inventories_have_no_rows():
    table, _ = monitored(works(2), stands(["cropland"]), stands(["cropland"]))
    assert table["project_id"].tolist() == ["p0"]
    none, notes = project_monitoring(works(), {}, {})
    assert none.empty
    assert notes == []


def test_an_inventory_without_carbon_leaves_carbon_missing_and_keeps_the_forest():
    bare = stands(["arbor"], 10.0).drop(columns=["forest_stock_m3", "carbon_t"])
    row = monitored(works(), bare, bare)[0].iloc[0]
    assert row[["stock_after_m3", "carbon_after_t", "removal_co2_t"]].isna().all()
    assert row["forest_after_ha"] == 4.0


def test_a_project_that_nothing_is_credited_to_is_not_in_the_inventory():
    table, _ = monitored(works(credited_ha=0.0), stands(["arbor"], 10.0), stands(["arbor"], 10.0))
    assert table["in_inventory"].item() == "no"


ground = st.lists(st.floats(0.01, 5.0), min_size=4, max_size=4)


@hypothesis_settings(max_examples=15, deadline=None)
@given(ground, st.lists(st.floats(0.0, 1e3), min_size=4, max_size=4))
def test_works_that_share_a_stand_out_hold_no_more_than_it(areas, carbon):
    # two works, four stands, each work on half of the pieces; sums do not depend on the order
    after = stands(["arbor"] * 4, 10.0, 0.0, carbon, area_ha=10.0)
    pieces = pd.DataFrame({"project": [0, 1] * 4, "stand": np.repeat([1, 2, 3, 4], 2),
                           "ground_ha": np.repeat(areas, 2)})  # fmt: skip
    held = on_ground(pieces, after, pd.Index([0, 1]))
    assert held["carbon_t"].sum() <= sum(carbon) + 1e-6
    expected = 2.0 * np.dot(np.array(areas) / 10.0, carbon)
    assert held["carbon_t"].sum() == pytest.approx(expected, abs=1e-9)
    back = on_ground(pieces.iloc[::-1], after, pd.Index([0, 1]))
    np.testing.assert_allclose(held, back, rtol=1e-9, atol=1e-12)


def test_the_input_is_not_changed():
    rows, before, after = works(), stands(["cropland"]), stands(["arbor"], 10.0)
    kept = [one.copy() for one in (rows, before, after)]
    monitored(rows, before, after)
    for one, copy in zip((rows, before, after), kept, strict=True):
        pd.testing.assert_frame_equal(one, copy)
