"""QGIS styles as XML."""

from xml.etree import ElementTree as ET

import pytest

from carbon_sink.styles import Class, style


def read(qml):
    assert qml.startswith("<!DOCTYPE qgis")
    return ET.fromstring(qml.split("\n", 1)[1])  # noqa: S314 - our own text


def test_graduated_classes_have_a_range_a_symbol_and_a_color_each():
    classes = [Class("0 – 1", "#edf6dd", (0.0, 1.0)), Class("1 – 2", "#0b4a2b", (1.0, 2.0))]
    root = read(style({}, classes=classes, column="value"))
    renderer = root.find("renderer-v2")
    assert (renderer.get("type"), renderer.get("attr")) == ("graduatedSymbol", "value")
    bounds = [(one.get("lower"), one.get("upper")) for one in renderer.iter("range")]
    assert bounds == [("0.0", "1.0"), ("1.0", "2.0")]
    colors = [o.get("value") for o in renderer.iter("Option") if o.get("name") == "color"]
    assert colors == ["237,246,221,255", "11,74,43,255"]


def test_categories_carry_their_codes_as_text():
    root = read(style({}, classes=[Class("竹林", "#79b93c", "0113")], column="land_class"))
    (category,) = root.iter("category")
    assert category.attrib == {
        "symbol": "0", "label": "竹林", "render": "true", "value": "0113", "type": "string",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("geometry", "kind"),
    [("fill", "SimpleFill"), ("line", "SimpleLine"), ("marker", "SimpleMarker")],
)
def test_the_symbol_suits_the_geometry(geometry, kind):
    root = read(style({}, color="#2f7d46", geometry=geometry))
    assert root.find("renderer-v2").get("type") == "singleSymbol"
    assert root.find("renderer-v2/symbols/symbol").get("type") == geometry
    assert root.find("renderer-v2/symbols/symbol/layer").get("class") == kind


def test_hostile_names_stay_text():
    name = "\"><script>&'"
    root = read(style({name: name}, classes=[Class(name, "#79b93c", name)], column=name))
    assert root.find("aliases/alias").get("name") == name
    assert next(root.iter("category")).get("label") == name


def test_labels_are_drawn_only_where_asked_for():
    assert read(style({})).find("labeling") is None
    assert read(style({}, label="town_name")).get("labelsEnabled") == "1"
