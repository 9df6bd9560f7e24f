"""Reading works: projects, four-side records, their species and words, and what is wrong."""

import geopandas as gpd
import pandas as pd
import pytest
import shapely

from carbon_sink.errors import TableError
from carbon_sink.readers import Said, Species, read_projects, work_records
from carbon_sink.readers.record_columns import our_columns
from carbon_sink.tables import columns, read_data

PROJECTS = "project_id,project_type,start_year,done_ha"
RECORDS = "record_id,planted_year,tree_count,survival_pct"

NATIONAL = Species("nfci_3digit")


@pytest.fixture
def csv(tmp_path):
    def write(content, name="works.csv", encoding="utf-8-sig"):
        path = tmp_path / name
        path.write_bytes(content.encode(encoding))
        return path

    return write


@pytest.fixture
def layer(tmp_path):
    def write(name="works.gpkg", **values):
        shapes = values.pop("geometry")
        path = tmp_path / name
        gpd.GeoDataFrame(values, geometry=shapes, crs="EPSG:4490").to_file(path)
        return path

    return write


def notes(works):
    return {note.code: note for note in works.attrs.get("notes", [])}


def refused(path, **said):
    with pytest.raises(TableError) as caught:
        read_projects(path, report_year=2025, **said)
    return {one.code: one for one in caught.value.problems}


# --------------------------------------------------------------------------------- which table


def test_tables_of_four_side_records_keep_their_columns(csv):
    content = RECORDS + ",side,crown_diameter_m,measured_year\nF1,2022,3300,50,路旁,2.5,2024\n"
    works = read_projects(csv(content))
    assert works.attrs["table"] == "four_side"
    row = works.iloc[0]
    assert (row["side"], row["tree_count"], row["crown_diameter_m"]) == ("路", 3300.0, 2.5)
    assert "done_ha" not in works


def test_points_with_a_number_of_trees_are_four_side_records_with_their_places(layer):
    points = [shapely.Point(105.5, 29.4), shapely.Point(105.6, 29.5)]
    path = layer(geometry=points, 记录编号=["a", "b"], 栽植年度=2022, 株数=[10, 20], 成活率=90)
    works = read_projects(path)
    assert works.attrs["table"] == "four_side"
    assert works["lon_deg"].tolist() == [105.5, 105.6]
    assert works["lat_deg"].tolist() == [29.4, 29.5]
    assert works.geometry.geom_type.tolist() == ["Point", "Point"]


def test_polygons_with_a_number_of_trees_and_a_type_are_projects(layer):
    path = layer(geometry=[shapely.box(105.0, 29.0, 105.1, 29.1)], project_id=["A"],
                 project_type="greening", start_year=2022, done_ha=3.0, tree_count=500)  # fmt: skip
    assert read_projects(path).attrs["table"] == "projects"


def test_a_four_side_table_without_numbers_of_trees_is_told_so(csv):
    found = refused(csv("记录编号,栽植年度,成活率\nF1,2022,90\n"))
    assert set(found) == {"field_missing"}
    assert (found["field_missing"].field, found["field_missing"].value) == ("tree_count", "株数")
    for empty in ("", "0", "12.5"):
        found = refused(csv(RECORDS + f"\nF1,2022,{empty},90\n"))
        (problem,) = found.values()
        assert problem.code == ("trees_none" if empty else "value_missing")
        assert (problem.file, problem.rows, problem.field) == ("works.csv", (2,), "tree_count")


# ------------------------------------------------------------------------------------ headings


def test_headings_are_known_as_people_write_them(csv):
    head = ("工程编号,工程类型,造林年度,完成面积（亩）,造林树种,造林成活率（%）,保存率,林带长度,"
            "林带宽度（米）,行数,行距,整地方式,立地系数,实施状态")  # fmt: skip
    row = "P1,农田林网,2023,9,柏木,90,85,500,12,3,4,穴状整地,1.2,已验收"
    works = read_projects(csv(f"{head}\n{row}\n", encoding="gbk"), report_year=2025)
    one = works.iloc[0]
    assert one["done_ha"] == pytest.approx(0.6)
    assert (one["survival_pct"], one["survival_3yr_pct"]) == (90.0, 85.0)
    assert (one["belt_length_m"], one["belt_width_m"], one["belt_rows"]) == (500.0, 12.0, 3.0)
    assert (one["site_preparation"], one["site_factor"]) == ("hole", 1.2)
    assert (one["project_type"], one["species_group"]) == ("shelterbelt", "cypress")
    assert one["status"] == "verified"
    assert set(notes(works)) == {"encoding_found", "unit_converted"}


def test_another_name_is_taken_only_where_no_column_bears_its_own():
    assert our_columns(["造林成活率", "成活率"], "projects") == ({"survival_pct": "成活率"}, [])
    found, problems = our_columns(["造林成活率", "当年成活率"], "projects")
    assert (found, problems) == ({"survival_pct": "造林成活率"}, [])


def test_no_other_name_is_that_of_another_column_of_its_table():
    rows = read_data("record_names.csv")
    assert rows["column"].is_unique
    other = {name: row.column for row in rows.itertuples() for name in row.names.split("|")}
    for table in ("projects", "four_side", "events", "reference_samples"):
        names = columns(table)
        own = {**dict(zip(names["name_zh"], names.index, strict=True)),
               **dict(zip(names["name_en"], names.index, strict=True))}  # fmt: skip
        for name, column in other.items():
            if column in names.index:
                assert own.get(name, column) == column, name


# ------------------------------------------------------------------------------------- species


def test_species_are_known_by_code_name_or_group(csv):
    rows = "\nA,造林,2022,1,350,\nB,造林,2022,1,马尾松,\nC,造林,2022,1,,栎类\nD,造林,2022,1,,masson pine"
    works = read_projects(csv(PROJECTS + ",species_code,species_group" + rows), species=NATIONAL)
    assert works["species_group"].tolist() == ["cypress", "masson_pine", "oak", "masson_pine"]


def test_a_group_that_is_given_comes_before_the_code(csv):
    path = csv(PROJECTS + ",species_code,species_group\nA,造林,2022,1,350,oak\n")
    works = read_projects(path, species=NATIONAL)
    assert works["species_group"].tolist() == ["oak"]


def test_codes_that_mean_different_things_are_asked_for_with_the_line_to_write(csv):
    path = csv(PROJECTS + ",树种代码\nA,造林,2022,1,220\nB,造林,2022,1,310\n")
    problem = refused(path)["scheme_ambiguous"]
    assert problem.field == "树种代码"
    for lang in ("zh", "en"):
        assert 'species_scheme = "nfci_3digit"' in problem.text(lang)
    told = read_projects(path, species=Species("gx_3digit"))
    assert told["species_group"].iloc[0] == "oak"
    works = read_projects(path, species=Species(usual="nfci_3digit"))
    assert works["species_group"].tolist() == ["masson_pine", "chinese_fir"]
    assert notes(works)["works_scheme_of_inventory"].rule == "nfci_3digit"


def test_codes_of_no_list_are_refused_and_codes_of_the_user_are_known(csv):
    path = csv(RECORDS + ",species_code\nF1,2022,10,90,350\nF2,2022,10,90,9999\n")
    problem = refused(path, species=NATIONAL)["species_unknown"]
    assert (problem.rows, problem.value, problem.field) == ((3,), "9999", "species_code")
    works = read_projects(path, species=Species("nfci_3digit", own={"9999": "cypress"}))
    assert works["species_group"].tolist() == ["cypress", "cypress"]


def test_rows_without_a_species_are_kept_and_told(csv):
    path = csv(
        PROJECTS + ",species_code\nA,造林,2022,1,350\nB,造林,2022,1,\nC,造林,2022,1,柏木、桤木\n"
    )
    works = read_projects(path, species=NATIONAL)
    assert works["species_group"].fillna("—").tolist() == ["cypress", "—", "—"]
    told = notes(works)
    assert told["works_species_missing"].rows == (3,)
    assert (told["works_species_words"].rows, told["works_species_words"].value) == (
        (4,), "柏木、桤木",
    )  # fmt: skip
    own = Species("nfci_3digit", own={"柏木、桤木": "cypress"})
    assert read_projects(path, species=own)["species_group"].iloc[2] == "cypress"


def test_a_group_that_nobody_knows_is_refused_with_the_groups_there_are(csv):
    found = refused(csv(PROJECTS + ",species_group\nA,造林,2022,1,梦幻树\n"))
    assert "cypress" in found["word_unknown"].text()


# --------------------------------------------------------------------------------------- words


def test_words_are_known_in_chinese_and_others_are_kept_and_told(csv):
    head = PROJECTS + ",work_kind,status,tenure,is_wetland"
    rows = (
        "\nA,森林质量提升,2022,1,退化林修复,在建,清晰,否\nB,造林,2022,1,Planting,扫尾,有争议,是\n"
    )
    works = read_projects(csv(head + rows))
    assert works["work_kind"].tolist() == ["restoration", "planting"]
    assert works["status"].tolist() == ["ongoing", "扫尾"]
    assert works["tenure"].tolist() == ["clear", "unclear"]
    assert works["is_wetland"].tolist() == ["no", "yes"]
    told = notes(works)["word_unlisted"]
    assert (told.field, told.rows, told.value, told.severity) == ("status", (3,), "扫尾", "warn")
    assert "已验收 verified" in told.text()


@pytest.mark.parametrize(
    ("written", "side"),
    [("宅旁", "宅"), ("村旁", "村"), ("路", "路"), ("河旁", "水"), ("Road", "路")],
)
def test_sides_are_known_by_their_names(csv, written, side):
    works = read_projects(csv(RECORDS + f",四旁类型\nF1,2022,10,90,{written}\n"))
    assert works["side"].tolist() == [side]


# ---------------------------------------------------------------------------------- bad inputs


@pytest.mark.parametrize(
    ("head", "row", "code", "field", "value"),
    [
        (PROJECTS, "A,造林,2027,3", "works_after_data", "start_year", "2027"),
        (PROJECTS + ",成活率", "A,造林,2022,3,120", "too_large", "成活率", "120"),
        (PROJECTS + ",保存率", "A,造林,2022,3,0.85", "survival_is_share", "保存率", "0.85"),
        (PROJECTS + ",初植密度", "A,造林,2022,3,0", "density_zero", "初植密度", "0"),
        (PROJECTS + ",初植密度", "A,造林,2022,3,-5", "too_small", "初植密度", "-5"),
        (PROJECTS, "A,造林,,3", "value_missing", "start_year", ""),
        (RECORDS, "F,2027,10,90", "planted_after_data", "planted_year", "2027"),
        (RECORDS, "F,2022,10,120", "too_large", "survival_pct", "120"),
        (RECORDS, "F,2022,0,90", "trees_none", "tree_count", "0"),
        (RECORDS, "F,2022,10,", "survival_missing", "survival_pct", "—"),
        (RECORDS + ",测定年度", "F,2022,10,90,2020", "measured_before_planting", "测定年度", "2020"),
    ],
)  # fmt: skip
def test_a_bad_record_is_refused_with_file_row_field_value_and_what_to_do(
    csv, head, row, code, field, value
):
    problem = refused(csv(f"{head}\n{row}\n"))[code]
    assert (problem.file, problem.rows, problem.field) == ("works.csv", (2,), field)
    assert problem.value.startswith(value)
    for lang in ("zh", "en"):
        assert problem.fix(lang)


def test_all_faults_of_a_file_come_together(csv):
    rows = "\nA,造林,2027,3,90,0\nA,种草,2022,-1,120,\nB,造林,2022,x,90,1000\n"
    found = refused(csv(PROJECTS + ",survival_pct,density_trees_ha" + rows))
    assert {"works_after_data", "density_zero", "word_unknown", "too_small", "too_large",
            "not_a_number"} <= set(found)  # fmt: skip


def test_survival_in_shares_is_converted_when_the_settings_say_so(csv):
    path = csv(PROJECTS + ",成活率\nA,造林,2022,3,0.85\n")
    problem = refused(path)["survival_is_share"]
    assert 'units = { survival_pct = "小数" }' in problem.text()
    assert 'units = { survival_pct = "1" }' in problem.text("en")
    works = read_projects(path, said=Said(units={"survival_pct": "小数"}), report_year=2025)
    assert works["survival_pct"].tolist() == [85.0]
    works = read_projects(path, said=Said(units={"survival_pct": "%"}), report_year=2025)
    assert works["survival_pct"].tolist() == [0.85]
    over = csv(PROJECTS + ",成活率\nA,造林,2022,3,1.2\n", "over.csv")
    found = refused(over, said=Said(units={"survival_pct": "小数"}))
    assert (found["too_large"].value, found["too_large"].rule) == ("1.2", "≤ 100")


def test_good_variants_of_one_table_are_read_alike_and_nothing_is_refused(csv, tmp_path):
    head = "项目编号,项目类型,实施年度,完成面积,计划面积,树种,初植密度,成活率,状态"
    rows = "P1,造林,2022,3.5,4,350,1650,91,完成\nP2,矿山修复,2024,2,2,440,,,计划\n"
    plain = read_projects(csv(f"{head}\n{rows}"), report_year=2025, species=NATIONAL)
    same = [
        csv(f"{head}\n{rows}", "gbk.csv", "gbk"),
        csv(f"{head}\n{rows}".replace(",", ";"), "semicolon.csv"),
        csv(f"{head}\n{rows}".replace(",", "\t"), "tab.csv", "utf-8"),
    ]
    book = tmp_path / "works.xlsx"
    cells = [line.split(",") for line in f"{head}\n{rows}".strip().split("\n")]
    pd.DataFrame(cells[1:], columns=cells[0]).to_excel(book, index=False)
    for path in (*same, book):
        works = read_projects(path, report_year=2025, species=NATIONAL)
        assert works.reset_index(drop=True).equals(plain.reset_index(drop=True)), path.name


def test_records_are_told_with_their_faults_and_not_raised_where_more_is_to_be_found(csv):
    records = work_records(csv(PROJECTS + "\nA,造林,2027,3\n"), report_year=2025)
    assert records.data["done_ha"].tolist() == [3.0]
    codes = [one.code for one in records.problems]
    assert codes == ["works_species_missing", "works_after_data"]
