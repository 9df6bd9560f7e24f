"""Land cover in a run: measured by town, and its gaps told."""

import numpy as np
import pytest
from conftest import write_landcover

import carbon_sink


@pytest.fixture
def done(small_place, tmp_path):
    return carbon_sink.run(small_place, tmp_path / "out")


def test_land_cover_is_measured_by_town_and_for_the_whole_place(done):
    table = done.tables["landcover_area"].set_index(["zone", "class_code"])["area_ha"]
    assert table["", 10] == pytest.approx(table["500153001", 10] + table["500153002", 10], rel=1e-8)
    whole = done.content["land_area_ha"]
    assert table[""].sum() == pytest.approx(whole, rel=1e-8)


def test_land_cover_of_a_part_of_the_place_is_told(small_place, tmp_path):
    write_landcover(small_place.parent / "landcover_2020.tif", np.full((20, 30), 10, "uint8"))
    done = carbon_sink.run(small_place, tmp_path / "out")
    notes = done.tables["notes"].set_index("code")
    assert "75.0%" in notes.loc["landcover_partial", "what"]
