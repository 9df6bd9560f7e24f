"""The district page: complete in itself, true to the tables, and safe with any value."""

import dataclasses
import json
import re
from html.parser import HTMLParser

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from conftest import FACTS

from carbon_sink import maps
from carbon_sink.maps.district import page_content
from carbon_sink.maps.figures import tally, words
from carbon_sink.tables import columns

HOSTILE = (
    "<img src=x onerror=window.hit=1>",
    "</script><script>window.hit=2</script>",
    "`${window.hit=3}`",
    "\"'><b onclick=window.hit=4>",
    "{{ 7 * 6 }}{% raw %}",
)
CHINESE = re.compile(r"[\u3400-\u9fff]")

ENGLISH = dataclasses.replace(
    FACTS,
    title="Forest of the place",
    place="Place",
    language="en",
    land_area_source="area of the boundary",
)


def six_towns(names=("甲镇", "乙镇", "丙镇", "丁镇", "戊街道", "己街道")):
    shapes = [
        shapely.segmentize(shapely.box(105 + x, 29 + y, 105.1 + x, 29.1 + y), 0.01)
        for x in (0, 0.1, 0.2)
        for y in (0, 0.1)
    ]
    codes = [f"50015300{k}" for k in range(1, 7)]
    return gpd.GeoDataFrame(
        {"town_code": codes, "town_name": list(names)}, geometry=shapes, crs="EPSG:4490"
    )


def town_table(towns, place="示例区"):
    """Forest area 1,000 ha more in each town; coverage 20, 25 ... 45 %; 5 % more stock later."""
    frames = []
    for year, growth in ((2020, 1.0), (2025, 1.05)):
        number = np.arange(6)
        rows = pd.DataFrame({"town_code": towns["town_code"], "town_name": towns["town_name"]})
        rows["land_area_ha"] = 10_000.0
        rows["forest_area_ha"] = (2000.0 + 500.0 * number) * growth
        for part, share in (("arbor", 0.6), ("bamboo", 0.3), ("special_shrub", 0.1)):
            rows[f"{part}_ha"] = rows["forest_area_ha"] * share
        rows["shelterbelt_ha"] = rows["four_side_ha"] = 0.0
        rows["forest_stock_m3"] = (41_234.0 + 7_000.0 * number) * growth
        rows["living_stock_m3"] = rows["forest_stock_m3"] * 1.1
        rows["carbon_t"] = rows["forest_stock_m3"] * 0.5
        rows.loc[6] = rows.drop(columns=["town_code", "town_name"]).sum()
        rows.loc[6, ["town_code", "town_name"]] = ["", place]
        frames.append(rows.assign(year=year))
    table = pd.concat(frames, ignore_index=True)
    table["forest_coverage_pct"] = table["forest_area_ha"] / table["land_area_ha"] * 100
    table["forest_coverage_sandiao_pct"] = table["forest_coverage_pct"]
    table["stock_m3_ha"] = table["forest_stock_m3"] / table["arbor_ha"]
    table["carbon_t_ha"] = table["carbon_t"] / table["forest_area_ha"]
    change = table.groupby("town_code")["carbon_t"].diff() / 5
    return table.assign(removal_co2_t_yr=change * 44 / 12)[list(columns("town_summary").index)]


def indicator_rows(lang="zh"):
    zh = lang == "zh"
    table = pd.DataFrame(
        [
            {
                "indicator": "forest_stock_m3",
                "name": "森林蓄积量" if zh else "Forest stock",
                "unit": "万m3",
                "value": 36.9993,
                "base_year": 2020,
                "base_value": 35.2404,
                "target_year": 2025,
                "target_value": 36.0,
                "kind": "reach",
                "met": True,
                "done_pct": 231.55,
                "gap": -0.9993,
                "required_per_year": 0.0,
            },
            {
                "indicator": "forest_coverage_pct",
                "name": "森林覆盖率" if zh else "Forest coverage",
                "unit": "%",
                "value": 34.125,
                "base_year": 2020,
                "base_value": 32.5,
                "target_year": 2027,
                "target_value": 38.0,
                "kind": "reach",
                "met": False,
                "done_pct": 29.5,
                "gap": 3.875,
                "required_per_year": 1.9375,
            },
            {
                "indicator": "urban_green_coverage_pct",
                "name": "建成区绿化覆盖率" if zh else "Urban green coverage",
                "unit": "%",
                "value": np.nan,
                "target_year": 2025,
                "target_value": 42.0,
                "kind": "hold",
                "reason": "没有公布值" if zh else "nothing published",
            },
            {"indicator": "carbon_t", "name": "no target", "unit": "t", "value": 5.0},
        ]
    )
    return table.reindex(columns=list(columns("indicators").index))


def parts_table():
    areas = {"arbor": 12285.0, "bamboo": 6142.5, "special_shrub": 2047.5}
    rows = [(2025, "forestry", part, area, area / 600) for part, area in areas.items()]
    rows.append((2025, "forestry", "total", 20475.0, 34.125))
    return pd.DataFrame(rows, columns=["year", "rule", "part", "area_ha", "share_pct"])


def works(towns, name="修复一期"):
    return gpd.GeoDataFrame(
        {
            "project_id": ["P1", "P2", "P3"],
            "project_name": [name, None, "没有图形"],
            "project_type": ["mine_restoration", "of_my_own", "corridor"],
            "start_year": [2021, 2022, 2023],
            "done_ha": [12.5, 3.0, 1.0],
        },
        geometry=[shapely.box(105.01, 29.01, 105.02, 29.02), shapely.Point(105.15, 29.05), None],
        crs=towns.crs,
    )


def outline(towns):
    return gpd.GeoDataFrame(geometry=[towns.union_all()], crs=towns.crs)


@pytest.fixture
def towns():
    return six_towns()


@pytest.fixture
def tables(towns):
    return {
        "town_summary": town_table(towns),
        "indicators": indicator_rows(),
        "coverage_parts": parts_table(),
    }


def page_of(figure, tmp_path, name="index.html"):
    maps.save(figure, tmp_path / name)
    return (tmp_path / name).read_text(encoding="utf-8")


def data_of(page):
    found = re.search(r'<script type="application/json" id="district-data">(.*?)</script>', page)
    return json.loads(found.group(1))


class Tags(HTMLParser):
    """Everything on a page that could load or run something."""

    def __init__(self, page):
        super().__init__()
        self.tags, self.loads = [], []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        """Note the tag and what it would load or run."""
        self.tags.append(tag)
        loading = ("src", "href", "srcset", "data", "action", "poster")
        self.loads += [value for name, value in attrs if name in loading or name.startswith("on")]


@pytest.fixture
def page(towns, tables, tmp_path):
    figure = maps.overview(FACTS, tables, towns, works(towns), outline(towns))
    return page_of(figure, tmp_path)


# ------------------------------------------------------------------------- no network


def test_the_page_loads_nothing_and_forbids_the_network(page):
    tags = Tags(page)
    assert tags.loads == []
    assert "link" not in tags.tags
    assert "img" not in tags.tags
    assert "Content-Security-Policy" in page
    assert "default-src 'none'" in page
    assert page.index("Content-Security-Policy") < page.index("<script")


def test_the_page_is_small(page):
    assert len(page.encode()) < 500_000


def test_a_map_with_a_base_map_is_not_written(towns, tables, tmp_path):
    import folium

    figure = maps.overview(FACTS, tables, towns)
    folium.TileLayer("OpenStreetMap").add_to(figure)
    with pytest.raises(ValueError, match="openstreetmap"):
        maps.save(figure, tmp_path / "map.html")
    assert not (tmp_path / "map.html").exists()


def test_a_browser_file_that_is_not_installed_stops_the_map(towns, tables, tmp_path):
    figure = maps.overview(FACTS, tables, towns)
    figure.default_js = [("other", "https://example.org/other.js")]
    with pytest.raises(LookupError, match="is not installed"):
        maps.save(figure, tmp_path / "map.html")


def test_something_added_by_hand_brings_the_files_it_needs(towns, tables, tmp_path):
    import folium

    figure = maps.overview(FACTS, tables, towns)
    folium.CircleMarker((29.05, 105.05), popup="苗圃").add_to(figure)
    page = page_of(figure, tmp_path)
    assert "jQuery" in page
    assert Tags(page).loads == []


def test_a_notebook_shows_the_same_page_without_a_network(towns, tables):
    shown = maps.overview(FACTS, tables, towns)._repr_html_()
    assert "srcdoc" in shown
    assert "cdn.jsdelivr" not in shown


def test_the_flag_and_foreign_units_are_absent(page):
    assert '"attributionControl": false' in page
    assert "imperial: false" in page


def test_the_same_inputs_give_the_same_bytes(towns, tables, tmp_path):
    first, second = (
        page_of(maps.overview(FACTS, tables, towns, works(towns)), tmp_path, f"{name}.html")
        for name in "ab"
    )
    assert first == second


def test_saving_twice_gives_the_same_bytes(towns, tables, tmp_path):
    figure = maps.overview(FACTS, tables, towns)
    assert page_of(figure, tmp_path, "a.html") == page_of(figure, tmp_path, "b.html")


# ------------------------------------------------------------------------- true to the tables


def test_the_figures_of_the_tables_stand_on_the_page(page):
    shown = data_of(page)
    figures = {one["name"]: one for one in shown["figures"]}
    # (41,234 x 6 + 7,000 x 15) x 1.05 = 370,024.2 m3; five percent less in the base year
    assert figures["森林蓄积量"]["value"] == "370,024"
    assert figures["森林蓄积量"]["large"] == "37.00 万m³"
    assert figures["森林蓄积量"]["change"] == "较 2020 年 +17,620"
    # 19,500 ha x 1.05 of 60,000 ha
    assert figures["森林覆盖率"]["value"] == "34.12"
    town = shown["towns"][0]
    rows = {row["name"]: row for row in town["rows"]}
    assert town["name"] == "甲镇"
    assert rows["森林覆盖率"] == {
        "name": "森林覆盖率", "value": "21.00 %", "change": "+1.00 百分点", "part": False,
    }  # fmt: skip
    assert rows["乔木林"]["part"]
    assert rows["森林蓄积量"]["value"] == "43,296 m³"


def test_figures_come_from_the_tables_and_not_from_the_shapes(towns, tables):
    moved = towns.assign(geometry=towns.geometry.scale(0.5, 0.5))
    one = page_content(FACTS, tables, towns, None, None)
    two = page_content(FACTS, tables, moved, None, None)
    assert one["figures"] == two["figures"]
    assert [town["rows"] for town in one["towns"]] == [town["rows"] for town in two["towns"]]


def test_key_figures_carry_their_interval_where_it_holds_all_errors(towns, tables):
    rows = pd.DataFrame({
        "year": [2025, 2025, 2020], "town_code": "",
        "indicator": ["forest_stock_m3", "forest_coverage_pct", "carbon_t"],
        "low": [321_000.0, 34.1, 1.0], "high": [419_000.0, 34.2, 2.0],
    })  # fmt: skip
    shown = page_content(FACTS, {**tables, "uncertainty": rows}, towns, None, None)
    found = {one["name"]: one["interval"] for one in shown["figures"]}
    assert found["森林蓄积量"] == "95%：32.10–41.90 万"
    assert found["森林覆盖率"] == ""  # land classes may be wrong, and the interval is of areas
    assert found["森林碳储量"] == ""  # of another year


def test_a_modelled_value_is_neither_met_nor_missed_and_says_so(towns, tables):
    rows = tables["indicators"].astype(object)
    rows.loc[0, ["met", "value_source", "reason"]] = [
        None,
        "模型推算（2025 年调查）",
        "推算值，不作达标判定",
    ]
    card = page_content(FACTS, {**tables, "indicators": rows}, towns, None, None)["targets"][0]
    assert card["state"] == "modelled"
    assert card["reason"] == "模型推算（2025 年调查） · 推算值，不作达标判定"
    assert card["percent"]
    assert tally([{"state": "modelled"}, {"state": "met"}], "zh") == "1 项达标 · 1 项为推算值"
    assert words("zh")["modelled"] == "推算值"


def test_a_probability_is_never_written_as_certainty(towns, tables):
    known = tables["indicators"].assign(low=1.0, high=2.0, probability=1.0)
    cards = page_content(FACTS, {**tables, "indicators": known}, towns, None, None)["targets"]
    assert {line for card in cards for line in card["details"] if "概率" in line} == {
        "达标概率 >99%"
    }


def test_every_target_is_shown_with_its_state_in_words(page):
    shown = data_of(page)
    stock, coverage, green = shown["targets"]
    assert [card["state"] for card in (stock, coverage, green)] == ["met", "not_met", "unknown"]
    assert stock["gap"] == "超出目标 1.00 万m³"
    assert (stock["done"], stock["percent"]) == (100.0, "已完成增量的 231.6%")
    assert coverage["gap"] == "尚差 3.88 百分点"
    assert coverage["details"] == ["年均需增 1.94 %"]
    assert coverage["base"] == "2020 年 32.50 %"
    assert coverage["target"] == "2027 年目标 38.00 %"
    assert (green["value"], green["reason"], green["done"]) == ("—", "没有公布值", None)
    assert shown["tally"] == "1 项达标 · 1 项未达标 · 1 项无数据"
    assert shown["words"]["not_met"] == "未达标"


def test_classes_have_round_edges_and_count_every_town(page):
    (theme,) = (one for one in data_of(page)["themes"] if one["key"] == "forest_coverage_pct")
    assert theme["classes"][0]["label"] == "20 – 30"
    assert sum(one["count"] for one in theme["classes"]) == 6
    assert theme["order"] == [5, 4, 3, 2, 1, 0]
    assert theme["whole"] == "34.12"


def test_losses_are_colored_apart_from_gains(towns, tables):
    table = tables["town_summary"].copy()
    table.loc[table["year"].eq(2025), "removal_co2_t_yr"] = [
        -90.0,
        -20.0,
        5.0,
        40.0,
        95.0,
        10.0,
        40.0,
    ]
    content = page_content(FACTS, tables | {"town_summary": table}, towns, None, None)
    (theme,) = (one for one in content["themes"] if one["key"] == "removal_co2_t_yr")
    labels = [one["label"] for one in theme["classes"]]
    assert labels[:2] == ["−100 – −50", "−50 – 0"]
    red, green, blue = (int(theme["classes"][0]["color"][k : k + 2], 16) for k in (1, 3, 5))
    assert red > green > blue


def test_rule_denominator_notice_and_approval_number_are_stated(towns, tables, tmp_path):
    facts = dataclasses.replace(FACTS, approval_number="渝S(2025)001号")
    shown = data_of(page_of(maps.overview(facts, tables, towns), tmp_path))
    lines = dict(shown["facts"])
    assert lines["覆盖率口径"] == "林业口径"
    assert lines["土地面积（分母）"] == "60,000.00 ha · 行政界线的椭球面积"
    assert lines["审图号"] == "渝S(2025)001号"
    assert "合成" in shown["notice"]
    assert "3 项" in shown["unverified"]
    assert shown["rule"] == "森林覆盖率按林业口径"


def test_real_data_carry_no_notice(towns, tables):
    facts = dataclasses.replace(FACTS, synthetic=False, unverified=0)
    content = page_content(facts, tables, towns, None, None)
    assert content["notice"] == content["unverified"] == ""


def test_projects_with_a_shape_are_drawn_and_named(page):
    shown = data_of(page)["projects"]
    assert [kind["name"] for kind in shown["kinds"]] == ["矿山废弃地修复", "of_my_own"]
    assert [item["name"] for item in shown["items"]] == ["修复一期", "P2"]
    rows = {shown["names"][place]: text for place, text in shown["items"][0]["rows"]}
    assert rows["完成面积"] == "12.50 ha"


def sinks_table():
    """Three types by 2025: 40 t, 60 t and one of -5 t on which nothing is uncertain; 95 in all."""
    kinds = ["mine_restoration", "four_side", "corridor", "all"]
    tonnes = np.array([40.0, 60.0, -5.0, 95.0])
    spread = np.array([10.0, 20.0, 0.0, 25.0])
    now = pd.DataFrame({"project_type": kinds, "basis": "ex_ante", "until_year": 2025,
                        "removal_co2e_t": tonnes, "low_co2e_t": tonnes - spread,
                        "high_co2e_t": tonnes + spread})  # fmt: skip
    later = now.assign(until_year=2060, removal_co2e_t=1e6)
    return pd.concat([now, later, now.assign(basis="ex_post", removal_co2e_t=2e6)])


def test_a_window_tells_what_a_work_is_credited_with_and_whether_it_was_seen(towns, tables):
    known = works(towns).assign(
        credited_ha=[12.0, np.nan, 1.0], taken_off_ha=[0.5, 0.0, 0.0],
        to_date_co2e_t=[-20.0, np.nan, 1.0], to_horizon_co2e_t=[1234.5, np.nan, 1.0],
        horizon_year=2060, verdict=["not_seen", None, "partly"],
        in_inventory=["partly", None, "no"], label=["not_eligible", None, "eligible"],
    )  # fmt: skip
    shown = page_content(FACTS, tables, towns, known, None)["projects"]
    first, second = (
        {shown["names"][place]: words for place, words in item["rows"]} for item in shown["items"]
    )
    assert first["计入面积"] == "12.00 ha"
    assert first["累计碳汇（CO₂e，事前估算）"] == "−20 t"
    assert first["至 2060 年累计碳汇（CO₂e，事前估算）"] == "1,234 t"
    assert first["核实结论"] == "未见"
    assert first["是否已计入资源清查"] == "部分"
    assert first["CCER 适用性"] == "不符合"
    assert list(second) == ["项目类型", "实施年度", "完成面积", "扣除面积（重复）"]


def test_sinks_of_works_stand_on_the_page_by_type_with_what_was_measured_left_out(towns, tables):
    page = page_content(FACTS, tables | {"project_sinks": sinks_table()}, towns, None, None)
    assert [(one["name"], one["value"], one["interval"]) for one in page["sinks"]] == [
        ("四旁植树", "60", "40 至 80"),
        ("矿山废弃地修复", "40", "30 至 50"),
        ("河流廊道", "−5", ""),
        ("合计", "95", "70 至 120"),
    ]
    assert "2025" in page["sinks_until"]
    assert "事前估算" in page["sinks_until"]
    assert page_content(FACTS, tables, towns, None, None)["sinks"] == []


def test_a_town_without_figures_is_drawn_and_a_town_without_shape_is_listed(towns, tables):
    table = tables["town_summary"]
    table = table[table["town_code"] != "500153006"]
    content = page_content(FACTS, tables | {"town_summary": table}, towns.iloc[1:], None, None)
    by_name = {town["name"]: town for town in content["towns"]}
    assert by_name["甲镇"]["shape"] is None
    assert by_name["己街道"]["rows"] == []
    assert by_name["己街道"]["shape"] is not None


def test_without_towns_and_tables_the_page_still_stands(tmp_path, towns):
    assert data_of(page_of(maps.overview(FACTS, {}, None), tmp_path))["bounds"] is None
    content = data_of(page_of(maps.overview(FACTS, {}, None, None, outline(towns)), tmp_path))
    assert content["bounds"] == [[29.0, 105.0], [29.2, 105.3]]


def test_neighbors_keep_their_common_border_on_the_screen(towns):
    jagged = towns.assign(geometry=shapely.coverage_simplify(towns.geometry.values, 0.0))
    content = page_content(FACTS, {}, jagged, None, None)
    drawn = [shapely.from_geojson(json.dumps(town["shape"])) for town in content["towns"]]
    assert shapely.coverage_is_valid(drawn)


def test_another_coordinate_system_is_drawn_at_the_same_place(towns, tables):
    one = page_content(FACTS, tables, towns, None, None)["bounds"]
    two = page_content(FACTS, tables, towns.to_crs("EPSG:4544"), None, None)["bounds"]
    assert np.allclose(one, two, atol=1e-4)


def test_the_inputs_stay_as_they_were(towns, tables):
    before = towns.copy(), {name: table.copy() for name, table in tables.items()}
    page_content(FACTS, tables, towns, works(towns), None)
    pd.testing.assert_frame_equal(before[0], towns)
    for name, table in tables.items():
        pd.testing.assert_frame_equal(before[1][name], table)


# ------------------------------------------------------------------------- language and safety


def test_the_english_page_has_no_chinese_texts(tmp_path):
    towns = six_towns(("A", "B", "C", "D", "E", "F"))
    tables = {
        "town_summary": town_table(towns, "Place"),
        "indicators": indicator_rows("en"),
        "coverage_parts": parts_table(),
    }
    tables["project_sinks"] = sinks_table()
    known = works(towns, "Works").assign(credited_ha=1.0, verdict="verified", label="eligible")
    figure = maps.overview(ENGLISH, tables, towns, known, outline(towns))
    page = page_of(figure, tmp_path)
    assert '<html lang="en">' in page
    assert CHINESE.findall(page) == []


@pytest.mark.parametrize("value", HOSTILE)
def test_a_hostile_value_is_data_and_never_markup(value, tables, tmp_path):
    towns = six_towns((value, "b", "c", "d", "e", "f"))
    table = town_table(towns, value)
    indicators = indicator_rows().assign(name=value, reason=value)
    tables = {"town_summary": table, "indicators": indicators}
    facts = dataclasses.replace(FACTS, title=value, place=value, approval_number=value)
    clean = Tags(page_of(maps.overview(FACTS, {}, six_towns()), tmp_path)).tags
    known = works(towns, value).assign(verdict=value, in_inventory=value, label=value)
    page = page_of(maps.overview(facts, tables, towns, known), tmp_path)
    tags = Tags(page)
    assert tags.tags == clean
    assert tags.loads == []
    assert data_of(page)["towns"][0]["name"] == value
    block = page[page.index('id="district-data">') + 20 :].split("</script>")[0]
    assert not set("<>`") & set(block)
    assert "${" not in block


def test_without_boundary_and_towns_the_area_of_the_data_is_drawn_and_called_so(tables):
    extent = gpd.GeoDataFrame(geometry=[shapely.box(25.0, 62.0, 25.1, 62.1)], crs="EPSG:4326")
    page = page_content(FACTS, tables, None, None, None, extent)
    assert page["words"]["boundary"] == "数据范围"
    assert len(page["boundary"]) == 1
    assert page["bounds"]
