"""Land cover in a run: measured by town, and its gaps told."""

import numpy as np
import pytest
import rasterio
from conftest import FACTS, write_landcover

import carbon_sink
from carbon_sink.errors import CRSError, ParameterError, SettingsError, TableError
from carbon_sink.intake import read_inputs
from carbon_sink.monitoring import monitor
from carbon_sink.settings import load_settings


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


LATER = """[[landcover]]
year = 2025
path = "landcover_2025.tif"
scheme = "worldcover"
[[projects]]
path = "projects.gpkg"
"""


@pytest.fixture
def compared(change_settings, small_place):
    """Give the small place a second date: four columns of cropland are built up."""
    later = np.where(np.arange(40) < 20, 10, 40).astype("uint8")
    later[30:34] = 50
    write_landcover(small_place.parent / "landcover_2025.tif", later[None, :].repeat(20, axis=0))
    return change_settings(('[[projects]]\npath = "projects.gpkg"\n', LATER))


def monitored(path):
    """What land cover tells by these settings, without the rest of a run."""
    return monitor(read_inputs(load_settings(path)), FACTS, {})


def test_two_dates_are_compared_by_town_and_for_the_whole_place(compared):
    done = monitored(compared)
    mapped = done.tables["landcover_area"]
    whole_ha = mapped.loc[mapped["zone"].eq("") & mapped["year"].eq(2020), "area_ha"].sum()
    moves = done.tables["landcover_transition"]
    assert moves[["from_year", "to_year"]].drop_duplicates().to_numpy().tolist() == [[2020, 2025]]
    area = moves.set_index(["zone", "from_code", "to_code"])["area_ha"]
    # four of forty columns of the whole place
    assert area["", 40, 50] == pytest.approx(whole_ha / 10, rel=1e-8)
    towns = area["500153001", 40, 50] + area["500153002", 40, 50]
    assert area["", 40, 50] == pytest.approx(towns, rel=1e-8)
    change = done.tables["landcover_change"]
    for year, column in ((2020, "before_ha"), (2025, "after_ha")):
        there = mapped[mapped["year"].eq(year) & mapped["zone"].eq("")].set_index("class_code")
        found = change[change["zone"].eq("")].set_index("class_code")[column]
        assert np.allclose(found[there.index], there["area_ha"], rtol=1e-9)
    assert set(change["zone_name"]) == {"示例区", "甲镇", "乙镇"}
    use = done.tables["landcover_conversion"].set_index(["from_category", "to_category"])["area_ha"]
    assert use["cropland", "settlements"] == pytest.approx(area["", 40, 50])
    assert use.sum() == pytest.approx(whole_ha, rel=1e-8)
    assert "landcover_algorithm" not in {note.code for note in done.notes}


def test_two_dates_have_their_sheets_and_files(compared, tmp_path):
    import openpyxl

    carbon_sink.run(compared, tmp_path / "out")
    assert (tmp_path / "out/tables/landcover_transition.csv").is_file()
    book = openpyxl.load_workbook(next((tmp_path / "out/report").glob("*.xlsx")))
    cells = [[cell for row in book[name].values for cell in row]
             for name in ("土地覆盖变化", "土地覆盖转移", "土地利用转换")]  # fmt: skip
    assert {"建成区", "净变化（ha）", "甲镇"} <= set(cells[0])
    assert {"2020↓　2025→", "建成区 50", "合计"} <= set(cells[1])
    for sheet in cells:
        assert any("未经误差校正，仅供筛查" in str(cell) for cell in sheet)
        assert "2020–2025 规则：两期网格一致，逐像元比较。" in sheet
    assert {"农地", "建设用地"} <= set(cells[2])
    assert "cropland" not in cells[2]
    assert "Built-up" not in cells[0] + cells[1]


def test_dates_of_different_versions_are_compared_with_a_warning(compared):
    content = compared.read_text(encoding="utf-8")
    first, second = content.split('year = 2025\npath = "landcover_2025.tif"')
    first = first.replace('scheme = "worldcover"', 'scheme = "worldcover_v100"')
    second = second.replace('scheme = "worldcover"', 'scheme = "worldcover_v200"', 1)
    compared.write_text(
        f'{first}year = 2025\npath = "landcover_2025.tif"{second}', encoding="utf-8"
    )
    notes = {note.code: note.value for note in monitored(compared).notes}
    assert notes["landcover_algorithm"] == "worldcover v100 → worldcover v200"


def test_dates_of_different_legends_have_a_conversion_and_no_gains_by_class(compared):
    write_landcover(compared.parent / "landcover_2025.tif", np.full((20, 40), 2, "uint8"))
    content = compared.read_text(encoding="utf-8")
    content = content.replace('2025.tif"\nscheme = "worldcover"', '2025.tif"\nscheme = "clcd"')
    compared.write_text(content, encoding="utf-8")
    tables = monitored(compared).tables
    assert "landcover_change" not in tables
    assert set(tables["landcover_transition"]["to_name_zh"]) == {"森林"}
    assert set(tables["landcover_conversion"]["to_name_zh"]) == {"林地"}


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
    names = [row[2].value for row in book["土地覆盖面积"].iter_rows()]
    assert [name for name in names if name and "小地方" in name] == [
        "小地方（制图面积）", "小地方（误差校正面积）", "小地方（95% 下限）", "小地方（95% 上限）",
    ]  # fmt: skip
    cells = [cell.value for row in book["卫星树木覆盖"].iter_rows() for cell in row]
    assert "已按 20 个参考样本校正误差；不是森林覆盖率" in cells
    # 0.45 ± 1.96 × 0.5 × sqrt(0.8 × 0.2 / 9 + 0.1 × 0.9 / 9); the first thing above the table
    first = next(cell for cell in cells if str(cell).startswith("2020 年"))
    assert "制图 50.00%；误差校正 45.00% ± 16.33%（95% 区间，20 个参考样本）" in first
    assert "不是森林覆盖率" in first
    cells = [cell for row in book["土地覆盖精度"].values for cell in row]
    assert {"用户精度（%）", "样本数", "地图↓　参考→", "树木覆盖 10"} <= set(cells)
    # (8/10 + 9/10) / 2, half of the place each
    assert any(str(cell).startswith("2020 年总体精度 85.00% ± ") for cell in cells)


def test_without_a_sample_every_output_says_that_maps_screen_only(done, tmp_path):
    import openpyxl

    notes = done.tables["notes"].set_index("code")
    assert "仅供筛查" in notes.loc["landcover_not_adjusted", "what"]
    assert "仅供筛查" in done.content["satellite_tree_cover"][0]["status"]
    assert done.content["landcover_accuracy"] == []
    book = openpyxl.load_workbook(next((tmp_path / "out" / "report").glob("*.xlsx")))
    names = [row[2].value for row in book["土地覆盖面积"].iter_rows()]
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


CARBON = """
[[landcover]]
year = 2025
path = "landcover_2025.tif"
scheme = "worldcover"
[carbon_density]
table = "carbon.csv"
"""


@pytest.fixture
def valued(small_place):
    """Give the small place a second land cover, a carbon table, and a mark that it is made up."""
    codes = np.where(np.arange(40)[None, :] < 10, 10, 40).repeat(20, axis=0).astype("uint8")
    write_landcover(small_place.parent / "landcover_2025.tif", codes)
    (small_place.parent / "carbon.csv").write_text(
        "lucode,LULC_Name,C_above,C_soil,source\n10,trees,60,40,plots\n40,crops,5,25,plots\n",
        encoding="utf-8-sig",
    )
    content = small_place.read_text(encoding="utf-8").replace(
        "[place]", "synthetic = true\n[place]"
    )
    small_place.write_text(content + CARBON, encoding="utf-8")
    return small_place


def test_land_cover_has_its_carbon_by_town_and_year(valued, tmp_path):
    import openpyxl

    done = carbon_sink.run(valued, tmp_path / "out")
    table = done.tables["carbon_density"].set_index(["year", "zone"])
    whole = done.content["land_area_ha"]
    # half trees (100 t/ha) and half crops (30) at first, a quarter trees later
    assert table.loc[(2020, ""), "carbon_t_ha"] == pytest.approx(65.0, rel=1e-6)
    assert table.loc[(2025, ""), "carbon_t_ha"] == pytest.approx(47.5, rel=1e-6)
    assert table.loc[(2025, ""), "carbon_change_t"] == pytest.approx(-17.5 * whole, rel=1e-6)
    towns = table.loc[(2025, ["500153001", "500153002"]), "carbon_t"].sum()
    assert table.loc[(2025, ""), "carbon_t"] == pytest.approx(towns, rel=1e-8)
    note = done.tables["notes"].set_index("code").loc["carbon_density_screening"]
    assert "不是森林资源调查" in note["what"]
    assert "c_above, c_soil" in note["what"]
    book = openpyxl.load_workbook(next((tmp_path / "out" / "report").glob("*.xlsx")))
    cells = [cell for row in book["土地覆盖碳密度"].values for cell in row]
    caption = next(cell for cell in cells if str(cell).startswith("仅供筛查，不是"))
    assert "地上生物量碳（t/ha）、土壤有机碳（t/ha）；碳密度表：carbon.csv" in caption
    assert {"树木覆盖", "plots", 60, 40, 100} <= set(cells)


def test_density_rasters_lie_among_the_layers_and_say_what_they_are(valued, tmp_path):
    import json

    out = tmp_path / "out"
    done = carbon_sink.run(valued, out)
    names = {path.name for path in (out / "layers").glob("*.tif")}
    assert names == {"carbon_density_2020.tif", "carbon_density_2025.tif",
                     "carbon_density_change_2020_2025.tif"}  # fmt: skip
    with rasterio.open(out / "layers" / "carbon_density_change_2020_2025.tif") as raster:
        change = raster.read(1)
        about = raster.tags()["DESCRIPTION"]
    assert "示例数据（合成）" in about
    assert "carbon.csv" in about
    # trees became crops between the 10th and the 20th of 40 columns
    np.testing.assert_array_equal(change, np.where((np.arange(40) // 10 == 1), -70.0, 0.0)
                                  .astype("float32")[None, :].repeat(20, axis=0))  # fmt: skip
    record = json.loads((out / "run.json").read_text(encoding="utf-8"))
    assert "layers/carbon_density_2020.tif" in record["outputs"]
    assert "carbon.csv" in record["inputs_sha256"]
    assert done.seen.carbon_maps.table.loc[10, "density_t_ha"] == 100.0


def test_classes_without_carbon_are_refused_by_a_run_and_by_a_check(valued, tmp_path):
    from carbon_sink.pipeline import check
    from carbon_sink.settings import load_settings

    codes = np.full((20, 40), 10, dtype="uint8")
    codes[3, 4] = 60
    write_landcover(valued.parent / "landcover_2025.tif", codes)
    with pytest.raises(ParameterError, match="60"):
        carbon_sink.run(valued, tmp_path / "out")
    (error,) = check(load_settings(valued)).errors
    assert isinstance(error, ParameterError)
    assert "60" in error.problems[0].value
    assert not (tmp_path / "out").exists()


def test_dates_on_other_grids_are_refused_where_cells_are_compared(valued, tmp_path):
    write_landcover(valued.parent / "landcover_2025.tif", np.full((20, 39), 10, "uint8"))
    with pytest.raises(CRSError, match="20 × 40 / 20 × 39"):
        carbon_sink.run(valued, tmp_path / "out")


def test_a_carbon_table_belongs_to_one_product(valued):
    content = valued.read_text(encoding="utf-8")
    head, _, tail = content.rpartition('scheme = "worldcover"')
    valued.write_text(f'{head}scheme = "clcd"{tail}', encoding="utf-8")
    with pytest.raises(SettingsError, match="clcd, worldcover") as refused:
        carbon_sink.run(valued)
    assert [one.field for one in refused.value.problems] == ["carbon_density"]
