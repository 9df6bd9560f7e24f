"""Land cover in a run: measured by town, and its gaps told."""

import numpy as np
import pytest
from conftest import write_landcover

import carbon_sink
from carbon_sink.errors import SettingsError, TableError


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


SAMPLES = """
[[reference_samples]]
year = 2020
path = "samples.csv"
reference_field = "found"
"""


@pytest.fixture
def sampled(small_place):
    """Give the small place a reference sample of its land cover of 2020."""
    rows = [(10, 10)] * 8 + [(10, "耕地")] * 2 + [(40, "Tree cover")] + [(40, 40)] * 9
    table = [f"{n},{on_map},{found}" for n, (on_map, found) in enumerate(rows)]
    (small_place.parent / "samples.csv").write_text(
        "\n".join(["sample_id,map_class,found", *table]), encoding="utf-8-sig"
    )
    with small_place.open("a", encoding="utf-8") as file:
        file.write(SAMPLES)
    return small_place


def test_a_reference_sample_corrects_the_areas_of_the_whole_place(sampled, tmp_path):
    done = carbon_sink.run(sampled, tmp_path / "out")
    land = done.tables["landcover_area"].set_index(["zone", "class_code"])
    mapped, adjusted = land.loc[("", 10), ["area_ha", "adjusted_ha"]]
    # half of the place is mapped as trees: 0.5 × 8/10 + 0.5 × 1/10 = 0.45
    whole = done.content["land_area_ha"]
    assert mapped == pytest.approx(0.5 * whole, rel=1e-6)
    assert adjusted == pytest.approx(0.45 * whole, rel=1e-6)
    (row,) = done.content["satellite_tree_cover"]
    assert row["mapped_pct"] == pytest.approx(50.0)
    assert row["area_pct"] == pytest.approx(45.0)
    assert row["low_pct"] < 45.0 < row["high_pct"]
    assert "landcover_not_adjusted" not in set(done.tables["notes"]["code"])
    assert (tmp_path / "out" / "tables" / "landcover_accuracy.csv").is_file()


def test_the_workbook_shows_mapped_and_corrected_areas(sampled, tmp_path):
    import openpyxl

    carbon_sink.run(sampled, tmp_path / "out")
    book = openpyxl.load_workbook(next((tmp_path / "out" / "report").glob("*.xlsx")))
    names = [row[2].value for row in book["地类面积"].iter_rows()]
    assert [name for name in names if name and "小地方" in name] == [
        "小地方", "小地方（误差校正面积）", "小地方（95% 下限）", "小地方（95% 上限）",
    ]  # fmt: skip
    cells = [cell.value for row in book["卫星树木覆盖"].iter_rows() for cell in row]
    assert "已按 20 个参考样本校正误差（分层估计）" in cells
    assert "用户精度（%）" in [cell.value for row in book["地类精度"].iter_rows() for cell in row]


def test_without_a_sample_every_output_says_that_maps_screen_only(done, tmp_path):
    import openpyxl

    notes = done.tables["notes"].set_index("code")
    assert "仅供筛查" in notes.loc["landcover_not_adjusted", "what"]
    assert "仅供筛查" in done.content["satellite_tree_cover"][0]["status"]
    assert done.content["landcover_accuracy"] == []
    book = openpyxl.load_workbook(next((tmp_path / "out" / "report").glob("*.xlsx")))
    names = [row[2].value for row in book["地类面积"].iter_rows()]
    assert "小地方（未经误差校正，仅供筛查）" in names


def test_samples_that_cannot_be_used_are_refused_with_all_their_problems(sampled, tmp_path):
    samples = sampled.parent / "samples.csv"
    lines = samples.read_text(encoding="utf-8-sig").splitlines()
    samples.write_text("\n".join([*lines[:3], "1,10,77", "99,20,10"]), encoding="utf-8-sig")
    with pytest.raises(TableError) as refused:
        carbon_sink.run(sampled, tmp_path / "out")
    codes = [problem.code for problem in refused.value.problems]
    assert codes == ["word_unknown", "number_twice", "accuracy_too_few"]
    assert not (tmp_path / "out").exists()


def test_a_sample_needs_the_land_cover_of_its_year(sampled):
    content = sampled.read_text(encoding="utf-8")
    sampled.write_text(content.replace(SAMPLES, SAMPLES.replace("2020", "2025")), encoding="utf-8")
    with pytest.raises(SettingsError, match="2025"):
        carbon_sink.run(sampled)
