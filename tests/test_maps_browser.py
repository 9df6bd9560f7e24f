"""The district page in a real browser that has no network."""

import dataclasses
import shutil

import pytest
import shapely
from test_maps import (
    FACTS,
    HOSTILE,
    indicator_rows,
    outline,
    parts_table,
    sinks_table,
    six_towns,
    town_table,
    works,
)

from carbon_sink import maps

CHROME = shutil.which("chromium") or shutil.which("google-chrome")
DRIVER = shutil.which("chromedriver")


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


@pytest.fixture
def browser(tmp_path):
    webdriver = pytest.importorskip("selenium.webdriver", reason="selenium is not installed")
    if not (CHROME and DRIVER):
        pytest.skip("chromium and chromedriver are not installed")
    options = webdriver.ChromeOptions()
    options.binary_location = CHROME
    for flag in (
        "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-background-networking",
        "--disable-component-update", "--disable-sync", "--no-first-run",
        "--host-resolver-rules=MAP * ~NOTFOUND", "--window-size=1400,900",
        f"--user-data-dir={tmp_path / 'profile'}",
    ):  # fmt: skip
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(options, webdriver.ChromeService(DRIVER))
    yield driver
    driver.quit()


def errors(driver):
    return [entry for entry in driver.get_log("browser") if entry["level"] == "SEVERE"]


def rectangles(driver, *selectors):
    script = "const r = document.querySelector(arguments[0]).getBoundingClientRect();"
    script += "return [r.left, r.top, r.right, r.bottom];"
    return [shapely.box(*driver.execute_script(script, selector)) for selector in selectors]


def test_the_page_works_in_a_browser_without_a_network(browser, towns, tables, tmp_path):
    maps.save(
        maps.overview(FACTS, tables, towns, works(towns), outline(towns)), tmp_path / "index.html"
    )
    browser.get((tmp_path / "index.html").as_uri())
    find = browser.find_elements
    assert len(find("css selector", "path.leaflet-interactive")) == 6
    assert find("css selector", ".leaflet-control-attribution") == []
    assert find("css selector", ".leaflet-control-scale")[0].text.endswith("km")
    before = find("css selector", "#legend .unit")[0].text
    find("css selector", "#themes input")[1].click()
    after = find("css selector", "#legend .unit")[0].text
    assert "森林覆盖率" in before
    assert "森林蓄积量" in after
    find("css selector", "#overlays input")[1].click()
    assert "矿山废弃地修复" in find("css selector", "#legend")[0].text
    find("css selector", "#rank button")[0].click()
    window = find("css selector", ".leaflet-popup .town-window")[0].get_property("textContent")
    assert "己街道" in window
    assert "80,046 m³" in window  # (41,234 + 7,000 x 5) x 1.05
    assert errors(browser) == []


def test_a_click_on_a_work_and_the_panel_tell_what_it_brings(browser, towns, tables, tmp_path):
    known = works(towns).assign(credited_ha=12.0, verdict="not_seen")
    page = maps.overview(FACTS, tables | {"project_sinks": sinks_table()}, towns, known)
    maps.save(page, tmp_path / "index.html")
    browser.get((tmp_path / "index.html").as_uri())
    find = browser.find_elements
    panel = find("css selector", "#sinks")[0].get_property("textContent")
    assert "四旁植树6040 至 80" in panel
    find("css selector", "#overlays input")[0].click()
    dot = find("css selector", ".leaflet-dots-pane path")[0]
    click = "arguments[0].dispatchEvent(new MouseEvent('click', {bubbles: true}))"
    browser.execute_script(click, dot)
    window = find("css selector", ".leaflet-popup .town-window")[0].get_property("textContent")
    assert "计入面积12.00 ha" in window
    assert "核实结论未见" in window
    assert errors(browser) == []


def test_panels_do_not_cover_the_controls_and_can_be_folded(browser, towns, tables, tmp_path):
    maps.save(maps.overview(FACTS, tables, towns, None, outline(towns)), tmp_path / "index.html")
    browser.get((tmp_path / "index.html").as_uri())
    panels = rectangles(browser, "#top", "#notice", "#left", "#right")
    controls = rectangles(
        browser, ".leaflet-control-zoom", ".leaflet-control-scale", "#toggle-left", "#toggle-right"
    )
    for panel in panels:
        for control in controls:
            assert panel.intersection(control).area < 60  # a toggle shares one border line
    toggle = browser.find_element("id", "toggle-left")
    assert toggle.get_attribute("aria-label") == "收起目标栏"
    toggle.send_keys("\ue007")  # the Enter key
    assert toggle.get_attribute("aria-expanded") == "false"
    assert not browser.find_element("id", "left").is_displayed()
    assert browser.find_element("id", "notice").is_displayed()
    assert errors(browser) == []


def test_hostile_values_do_not_run_in_a_browser(browser, tmp_path):
    towns = six_towns([*HOSTILE, "己街道"])
    tables = {
        "town_summary": town_table(towns, HOSTILE[0]),
        "indicators": indicator_rows().assign(name=HOSTILE[0], reason=HOSTILE[1]),
    }
    facts = dataclasses.replace(FACTS, title=HOSTILE[0], place=HOSTILE[1])
    maps.save(
        maps.overview(facts, tables, towns, works(towns, HOSTILE[0])), tmp_path / "index.html"
    )
    browser.get((tmp_path / "index.html").as_uri())
    for box in browser.find_elements("css selector", "#overlays input"):
        box.click()
    for button in browser.find_elements("css selector", "#rank button"):
        browser.execute_script("arguments[0].click()", button)
    assert browser.execute_script("return window.hit === undefined")
    assert browser.find_element("id", "title").text == HOSTILE[0]
    assert errors(browser) == []
