"""QGIS styles of the layers, as XML: symbols, labels and the Chinese names of the fields."""

from collections.abc import Iterable
from typing import NamedTuple
from xml.etree import ElementTree as ET

VERSION = "3.22.0"
OUTLINE = "#5b6b61"


class Class(NamedTuple):
    """
    One entry of a legend: its label and color, and what falls into it.

    ``value`` is a code for a layer of categories, and a pair (low, high) for a layer of
    graduated values.
    """

    label: str
    color: str
    value: str | tuple[float, float]


def style(
    aliases: dict[str, str],
    *,
    classes: Iterable[Class] = (),
    column: str = "",
    color: str = "",
    label: str = "",
    geometry: str = "fill",
) -> str:
    """
    Return a QGIS style (QML) as text.

    Parameters
    ----------
    aliases : dict
        Field name to its name for people.
    classes : iterable of Class
        Entries of the legend; without them every feature looks the same.
    column : str
        Field that the classes are of.
    color : str
        Color of a layer without classes; empty draws the outline only.
    label : str
        Field whose text is written on the map; none when empty.
    geometry : {"fill", "line", "marker"}
        What the symbols draw.

    Returns
    -------
    qml : str

    Examples
    --------
    >>> qml = style({"town_name": "乡镇"}, label="town_name")
    >>> 'name="乡镇"' in qml and 'fieldName="town_name"' in qml
    True
    """
    classes = list(classes)
    root = ET.Element(
        "qgis",
        version=VERSION,
        styleCategories="Symbology|Labeling|Fields",
        labelsEnabled="1" if label else "0",
    )
    aliases_node = ET.SubElement(root, "aliases")
    for index, (name, alias) in enumerate(aliases.items()):
        ET.SubElement(aliases_node, "alias", field=name, index=str(index), name=alias)
    kind = "singleSymbol"
    if classes:
        kind = "graduatedSymbol" if isinstance(classes[0].value, tuple) else "categorizedSymbol"
    renderer = ET.SubElement(
        root, "renderer-v2", type=kind, symbollevels="0", enableorderby="0", forceraster="0"
    )
    if classes:
        renderer.set("attr", column)
        _add_classes(renderer, classes)
    symbols = ET.SubElement(renderer, "symbols")
    for index, found in enumerate([one.color for one in classes] or [color]):
        _add_symbol(symbols, str(index), found, geometry)
    if label:
        _add_labels(root, label)
    ET.indent(root, " ")
    text = ET.tostring(root, encoding="unicode")
    return "<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>\n" + text


def _add_classes(renderer: ET.Element, classes: list[Class]) -> None:
    """Add the ranges or the categories of a legend."""
    graduated = isinstance(classes[0].value, tuple)
    if graduated:
        renderer.set("graduatedMethod", "GraduatedColor")
    parent = ET.SubElement(renderer, "ranges" if graduated else "categories")
    for index, one in enumerate(classes):
        entry = {"symbol": str(index), "label": one.label, "render": "true"}
        if graduated:
            low, high = one.value
            ET.SubElement(parent, "range", lower=repr(low), upper=repr(high), **entry)
        else:
            ET.SubElement(parent, "category", value=one.value, type="string", **entry)


def _add_symbol(symbols: ET.Element, name: str, color: str, geometry: str) -> None:
    """Add one symbol: a filled area with a thin outline, a line or a dot."""
    symbol = ET.SubElement(
        symbols, "symbol", type=geometry, name=name, alpha="1", clip_to_extent="1", force_rhr="0"
    )
    kinds = {"fill": "SimpleFill", "line": "SimpleLine", "marker": "SimpleMarker"}
    layer = ET.SubElement(
        symbol, "layer", attrib={"class": kinds[geometry]}, enabled="1", locked="0"
    )
    layer.set("pass", "0")
    bare = not color
    properties = {
        "color": _rgba(color) if color else "255,255,255,0",
        "outline_color": _rgba(OUTLINE if not bare else "#1b1b1b"),
        "outline_style": "solid",
        "outline_width": "0.6" if bare else "0.16",
        "outline_width_unit": "MM",
    }
    properties |= {
        "fill": {"style": "no" if bare else "solid", "joinstyle": "round"},
        "line": {"line_color": _rgba(color or OUTLINE), "line_width": "0.6", "line_style": "solid"},
        "marker": {"name": "circle", "size": "2.4", "size_unit": "MM"},
    }[geometry]
    options = ET.SubElement(layer, "Option", type="Map")
    for key, value in properties.items():
        ET.SubElement(options, "Option", name=key, value=value, type="QString")
    for key, value in properties.items():  # versions before 3.18 read these
        ET.SubElement(layer, "prop", k=key, v=value)


def _add_labels(root: ET.Element, field: str) -> None:
    """Write a field on the map, with a white halo."""
    labeling = ET.SubElement(root, "labeling", type="simple")
    settings = ET.SubElement(labeling, "settings", calloutType="simple")
    written = ET.SubElement(
        settings, "text-style", fieldName=field, isExpression="0", fontSize="9",
        fontSizeUnit="Point", textColor="28,43,34,255", textOpacity="1", useSubstitutions="0",
    )  # fmt: skip
    ET.SubElement(
        written, "text-buffer", bufferDraw="1", bufferSize="0.9", bufferSizeUnits="MM",
        bufferColor="255,255,255,255", bufferOpacity="1", bufferNoFill="0",
    )  # fmt: skip
    ET.SubElement(settings, "placement", placement="1", centroidInside="1", fitInPolygonOnly="0")
    ET.SubElement(settings, "rendering", drawLabels="1", obstacle="1", scaleVisibility="0")


def _rgba(color: str) -> str:
    """
    Write a color the way QGIS does.

    Examples
    --------
    >>> _rgba("#0b4a2b")
    '11,74,43,255'
    """
    return ",".join(str(int(color[k : k + 2], 16)) for k in (1, 3, 5)) + ",255"
