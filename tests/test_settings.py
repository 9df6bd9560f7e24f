"""The settings: every mistake in one readable message, in Chinese or English."""

import tomllib
from pathlib import Path

import pytest

from carbon_sink.errors import SettingsError
from carbon_sink.settings import load_settings, unused_problems


def codes_of(error):
    return {(problem.code, problem.field) for problem in error.value.problems}


def test_good_settings_are_read_with_their_defaults(small_place):
    settings = load_settings(small_place)
    assert settings.report_year == 2025
    assert settings.coverage_rule == "forestry"
    assert settings.area_crs == "ellipsoid"
    assert [source.year for source in settings.inventory] == [2020, 2025]
    assert settings.path_of(settings.towns) == small_place.parent / "towns.gpkg"
    assert len(settings.input_paths()) == 8


def test_an_unknown_word_is_named(change_settings):
    path = change_settings(('language = "zh"', 'language = "zh"\ncolour = "green"'))
    with pytest.raises(SettingsError, match="不认识的设置项") as caught:
        load_settings(path)
    assert codes_of(caught) == {("setting_unknown", "colour")}


def test_a_misspelt_word_is_told_with_the_nearest_one(change_settings):
    path = change_settings(("report_year", "report_yaer"))
    with pytest.raises(SettingsError, match="最接近的是“report_year”") as caught:
        load_settings(path)
    found = {("setting_misspelt", "report_yaer"), ("setting_missing", "report_year")}
    assert codes_of(caught) == found


def test_unknown_words_deep_inside_are_named_with_their_place(change_settings):
    path = change_settings(
        ('path = "inventory_2025.gpkg"', 'path = "inventory_2025.gpkg"\nyer = 1')
    )
    with pytest.raises(SettingsError) as caught:
        load_settings(path)
    assert codes_of(caught) == {("setting_misspelt", "inventory.2.yer")}


def test_wrong_types_missing_items_choices_and_ranges_come_together(change_settings):
    path = change_settings(
        ("report_year = 2025", 'report_year = "2025"'),
        ('title = "小地方"\n', ""),
        ('kind = "hold"', 'kind = "keep"'),
        ("target_year = 2030", "target_year = 2300"),
    )
    with pytest.raises(SettingsError) as caught:
        load_settings(path)
    assert codes_of(caught) == {
        ("setting_type", "report_year"), ("setting_missing", "title"),
        ("setting_choice", "targets.2.kind"), ("setting_range", "targets.1.target_year"),
    }  # fmt: skip
    english = caught.value.text("en")
    assert "where: settings.toml | setting report_year" in english
    assert "it is 2025 and should be a whole number" in english
    assert "现为“2025”，应为整数" in caught.value.text("zh")


def test_missing_files_are_all_named_at_once(small_place):
    (small_place.parent / "towns.gpkg").unlink()
    (small_place.parent / "landcover_2020.tif").unlink()
    with pytest.raises(SettingsError) as caught:
        load_settings(small_place)
    assert codes_of(caught) == {("file_missing", "towns"), ("file_missing", "landcover.1")}


def test_a_relative_path_may_not_leave_the_folder_and_an_absolute_one_may(
    change_settings, tmp_path
):
    (tmp_path / "towns.gpkg").write_bytes(b"")
    path = change_settings(('path = "towns.gpkg"', 'path = "../towns.gpkg"'))
    with pytest.raises(SettingsError) as caught:
        load_settings(path)
    assert codes_of(caught) == {("path_outside", "towns")}
    change_settings(('path = "../towns.gpkg"', f'path = "{tmp_path / "towns.gpkg"}"'))
    assert load_settings(path).towns.path == str(tmp_path / "towns.gpkg")


def test_a_report_year_without_inventory_lists_the_years_there_are(change_settings):
    path = change_settings(("report_year = 2025", "report_year = 2023"))
    with pytest.raises(SettingsError, match="2020, 2025"):
        load_settings(path)


def test_a_year_may_not_come_twice(change_settings):
    path = change_settings(("[[inventory]]\nyear = 2020", "[[inventory]]\nyear = 2025"))
    with pytest.raises(SettingsError, match="出现了两次"):
        load_settings(path)


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [
        ('landclass_scheme = "ly1955_4digit"', 'landclass_scheme = "ly"',
         "inventory.1.landclass_scheme"),
        ('species_scheme = "nfci_3digit"', 'species_scheme = "x"', "inventory.1.species_scheme"),
        ('scheme = "worldcover"', 'scheme = "worldcover9"', "landcover.1.scheme"),
        ('unit = "万m3"', 'unit = "bushel"', "targets.1.unit"),
        ('indicator = "forest_stock_m3"', 'indicator = "stock"', "targets.1.indicator"),
        ('language = "zh"', 'language = "zh"\nparameter_set = "mine"', "parameter_set"),
    ],
)  # fmt: skip
def test_names_that_do_not_exist_are_refused_with_those_that_do(change_settings, old, new, field):
    with pytest.raises(SettingsError) as caught:
        load_settings(change_settings((old, new)))
    assert ("setting_choice", field) in codes_of(caught)


def test_a_target_is_due_after_its_base_year(change_settings):
    path = change_settings(("target_year = 2030", "target_year = 2020"))
    with pytest.raises(SettingsError, match="目标年必须晚于基期年"):
        load_settings(path)


@pytest.mark.parametrize("name", ["../../x", "a/b", "P:Q", "荣昌?", ".x", "x ", "a\\b"])
def test_a_place_whose_name_cannot_be_a_file_name_is_refused(change_settings, name):
    path = change_settings(('name = "小地方"', f"name = '{name}'"))
    with pytest.raises(SettingsError) as caught:
        load_settings(path)
    assert codes_of(caught) == {("place_name", "place.name")}


def test_a_target_is_in_a_unit_of_its_indicator_and_comes_once(change_settings):
    path = change_settings(('unit = "万m3"', 'unit = "万亩"'))
    with pytest.raises(SettingsError, match="不是一类"):
        load_settings(path)
    twice = 'indicator = "urban_green_coverage_pct"\nunit = "%"'
    change_settings(
        ('unit = "万亩"', 'unit = "m3"'),
        ('indicator = "fire_damage_permille"\nunit = "‰"', twice),
    )
    with pytest.raises(SettingsError) as caught:
        load_settings(path)
    assert codes_of(caught) == {("target_twice", "targets.3")}


def test_own_codes_stand_for_groups_that_exist(change_settings):
    own = 'landclass_codes = { "1" = "arbour", "2" = "arbor" }'
    path = change_settings(
        ('landclass_scheme = "ly1955_4digit"', own),
        ('species_scheme = "nfci_3digit"', 'species_codes = { "9" = "oaks" }'),
    )
    with pytest.raises(SettingsError) as caught:
        load_settings(path)
    assert codes_of(caught) == {
        ("own_code_group", "inventory.1.landclass_codes.1"),
        ("own_code_group", "inventory.1.species_codes.9"),
    }


def test_areas_are_not_asked_for_in_a_system_that_does_not_exist(change_settings):
    for crs in ("EPSG:99999", "平面", "EPSG:3857"):
        path = change_settings(("report_year = 2025", f'report_year = 2025\narea_crs = "{crs}"'))
        with pytest.raises(SettingsError, match="不能用来量算面积"):
            load_settings(path)
        change_settings((f'\narea_crs = "{crs}"', ""))


def test_the_demonstration_s_targets_are_those_of_the_plan():
    from carbon_sink.demo.texts import SETTINGS
    from carbon_sink.tables import read_data

    plan = read_data("plan_targets.csv").set_index("indicator")
    targets = tomllib.loads(SETTINGS)["targets"]
    assert {row["indicator"] for row in targets} == set(plan.index)
    for row in targets:
        for name in ("base_year", "base_value", "target_year", "target_value"):
            assert row[name] == float(plan.loc[row["indicator"], name])
        assert (row["unit"], row["kind"]) == tuple(plan.loc[row["indicator"], ["unit", "kind"]])


def test_settings_without_any_data_have_nothing_to_do(tmp_path):
    path = tmp_path / "settings.toml"
    path.write_text('title = "x"\nreport_year = 2025\n[place]\nname = "x"\n', encoding="utf-8")
    with pytest.raises(SettingsError, match="既没有森林资源调查数据"):
        load_settings(path)


def test_a_missing_or_broken_file_is_told_without_a_traceback(tmp_path):
    with pytest.raises(SettingsError, match="找不到设置文件"):
        load_settings(tmp_path / "none.toml")
    broken = tmp_path / "broken.toml"
    broken.write_text("title = x", encoding="utf-8")
    with pytest.raises(SettingsError, match="TOML"):
        load_settings(broken)
    broken.write_bytes("标题".encode("gbk"))
    with pytest.raises(SettingsError, match="不是 UTF-8 编码"):
        load_settings(broken)


def test_codes_with_leading_zeros_must_be_texts(change_settings):
    path = change_settings(('species_scheme = "nfci_3digit"', "species_codes = { 010 = 1 }"))
    with pytest.raises(SettingsError):
        load_settings(path)


def test_settings_may_begin_with_a_byte_order_mark(small_place):
    text = small_place.read_text(encoding="utf-8")
    small_place.write_text(text, encoding="utf-8-sig")
    assert load_settings(small_place).title == "小地方"
    assert isinstance(load_settings(Path(small_place)).folder, Path)


def test_an_encoding_that_nobody_knows_is_told_with_its_place(change_settings):
    path = change_settings(
        ('path = "inventory_2025.gpkg"', 'path = "inventory_2025.gpkg"\nencoding = "klingon"'),
        ('path = "towns.gpkg"', 'path = "towns.gpkg"\nencoding = "GBK"'),
    )
    with pytest.raises(SettingsError, match="klingon") as caught:
        load_settings(path)
    assert codes_of(caught) == {("encoding_name", "inventory.2.encoding")}


def test_units_of_fields_are_held_against_the_columns_they_are_for(change_settings):
    line = 'path = "inventory_2020.gpkg"'
    units = 'units = { registered_area_ha = "公顷", canopy_closure = "％", dbh_cm = "mm" }'
    path = change_settings((line, f"{line}\n{units}"))
    assert load_settings(path).inventory[0].units["canopy_closure"] == "％"
    wrong = 'units = { registered_area_ha = "m3", canopy = "%", land_class = "ha" }'
    change_settings((units, wrong))
    with pytest.raises(SettingsError, match="亩") as caught:
        load_settings(path)
    assert codes_of(caught) == {
        ("setting_choice", "inventory.1.units.registered_area_ha"),
        ("setting_choice", "inventory.1.units.canopy"),
        ("setting_choice", "inventory.1.units.land_class"),
    }


def test_fields_and_units_of_works_and_events_are_held_against_their_columns(change_settings):
    lines = 'fields = { done_ha = "完成面积" }\nunits = { done_ha = "亩", year = "亩" }'
    path = change_settings(("[[projects]]", f"[[projects]]\n{lines}"),
                           ("[[events]]", '[[events]]\nunits = { area_ha = "斤" }'))  # fmt: skip
    with pytest.raises(SettingsError) as caught:
        load_settings(path)
    assert codes_of(caught) == {
        ("setting_choice", "projects.1.units.year"), ("setting_choice", "events.1.units.area_ha"),
    }  # fmt: skip
    change_settings((', year = "亩"', ""), ("斤", "亩"))
    settings = load_settings(path)
    assert settings.projects[0].units == {"done_ha": "亩"}
    assert settings.events[0].units == {"area_ha": "亩"}


def test_species_of_works_have_known_schemes_and_groups(change_settings):
    lines = 'species_scheme = "mine"\nspecies_codes = { "999" = "dream" }'
    path = change_settings(("[[projects]]", f"[[projects]]\n{lines}"))
    with pytest.raises(SettingsError) as caught:
        load_settings(path)
    assert codes_of(caught) == {("setting_choice", "projects.1.species_scheme"),
                                ("own_code_group", "projects.1.species_codes.999")}  # fmt: skip
    change_settings(('"mine"', '"nfci_3digit"'), ('"dream"', '"cypress"'))
    works = load_settings(path).projects[0]
    assert (works.species_scheme, works.species_codes) == ("nfci_3digit", {"999": "cypress"})


ACCOUNTING = """
[pools]
dead_wood = "ar_tool12"

[growth]
update = true

[uncertainty]
draws = 20_000
stock_bias_pct = 8

[[outlook.scenarios]]
key = "bau"
name = "照常"
harvest_m3_yr = 3000
mortality_pct_yr = 0
planting = [{ species_group = "camphor", area_ha_yr = 100, from_year = 2026, to_year = 2030 }]
"""


def with_more(path, *parts, changes=()):
    """The settings with more sections behind them."""
    text = path.read_text(encoding="utf-8")
    for old, new in changes:
        text = text.replace(old, new)
    path.write_text("\n".join([text, *parts]), encoding="utf-8")
    return path


def test_what_is_said_about_accounting_is_read(small_place):
    settings = load_settings(with_more(small_place, ACCOUNTING))
    assert settings.pools.dead_wood == "ar_tool12"
    assert settings.pools.litter == ""
    assert settings.uncertainty.draws == 20_000
    assert settings.uncertainty.stock_bias_pct == 8.0
    assert settings.outlook.years == [2030, 2035, 2060]
    assert settings.outlook.scenarios[0].planting[0].area_ha_yr == 100.0


def test_a_scenario_without_its_harvest_is_asked_for_it(small_place):
    lacking = ACCOUNTING.replace("harvest_m3_yr = 3000\n", "")
    with pytest.raises(SettingsError) as refused:
        load_settings(with_more(small_place, lacking))
    assert codes_of(refused) == {("setting_missing", "outlook.scenarios.1.harvest_m3_yr")}


def test_an_earlier_inventory_may_be_brought_to_the_report_year(small_place):
    later = [("report_year = 2025", "report_year = 2027")]
    with pytest.raises(SettingsError, match="update = true") as refused:
        load_settings(with_more(small_place, changes=later))
    assert codes_of(refused) == {("year_without_inventory", "report_year")}
    assert load_settings(with_more(small_place, "[growth]\nupdate = true\n")).growth.update
    past = [("report_year = 2027", "report_year = 2023")]
    with pytest.raises(SettingsError, match="不能往前推") as refused:
        load_settings(with_more(small_place, changes=past))
    assert codes_of(refused) == {("year_before_inventory", "report_year")}


@pytest.mark.parametrize(
    ("years", "told"),
    [
        ("[]", {("setting_missing", "")}),
        ("[2024, 2025, 2030]", {("outlook_years_past", "2024, 2025")}),
        ("[2030, 2030, 2035]", {("year_twice", "2030")}),
    ],
)
def test_years_of_an_outlook_are_ahead_and_come_once(small_place, years, told):
    wrong = ACCOUNTING.replace("[[outlook.scenarios]]",
                               f"[outlook]\nyears = {years}\n\n[[outlook.scenarios]]", 1)  # fmt: skip
    with pytest.raises(SettingsError) as refused:
        load_settings(with_more(small_place, wrong))
    assert {(one.code, one.value) for one in refused.value.problems} == told
    assert {one.field for one in refused.value.problems} == {"outlook.years"}


def test_an_outlook_without_scenarios_is_told(small_place):
    assert unused_problems(load_settings(small_place)) == []
    more = '[outlook]\nyears = [2030]\nengine = "cbm"\n'
    (told,) = unused_problems(load_settings(with_more(small_place, more)))
    assert (told.severity, told.field) == ("warn", "outlook.years, outlook.engine")
    assert told.file == small_place.name


def test_options_and_limits_are_written_plainly(small_place):
    more = '[pools]\nlitter = "leaves"\nmine_soil_loss_pct = 150\n[uncertainty]\ndraws = 10\n'
    with pytest.raises(SettingsError) as refused:
        load_settings(with_more(small_place, more))
    assert [one.rule for one in refused.value.problems] == [
        "ar_tool12, ipcc_2006", "≤ 100", "≥ 1,000",
    ]  # fmt: skip


def test_what_settings_say_of_sinks_is_checked_with_all_else(small_place):
    wrong = (
        '[sinks]\nyears = [2024, 2035, 2035]\npriority = ["corridor", "corridor"]\n'
        "[sinks.weights]\nstock = 0\nlow_quality = 0\nroom = 0\n"
    )
    with pytest.raises(SettingsError) as refused:
        load_settings(with_more(small_place, wrong))
    assert codes_of(refused) == {
        ("year_twice", "sinks.years"), ("sink_years_past", "sinks.years"),
        ("setting_twice", "sinks.priority"), ("weights_empty", "sinks.weights"),
    }  # fmt: skip


def test_sinks_are_summed_to_2035_and_2060_unless_other_years_are_named(small_place):
    assert load_settings(small_place).sinks.years == [2035, 2060]
    own = load_settings(with_more(small_place, "[sinks]\nyears = [2030]\n"))
    assert own.sinks.years == [2030]
