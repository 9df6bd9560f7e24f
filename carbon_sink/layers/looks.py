"""How layers look in a GIS: their colors, the names of their fields, what each field means."""

import sqlite3
from itertools import pairwise

import geopandas as gpd
import numpy as np
import pandas as pd

from ..language import text
from ..legend import class_colors, class_edges, class_labels, code_colors, code_name
from ..styles import Class, style
from ..tables import columns, heading

WRITTEN = "2000-01-01T00:00:00.000Z"  # same inputs, same bytes
# contracts in which the fields of a layer are looked up, the first that knows a field wins
CONTRACTS = {
    "towns": ("town_summary", "towns"),
    "stands": ("stands", "landcover_of_stands"),
    "parcels_to_visit": ("parcels_to_visit",),
    "stand_changes": ("stand_changes",),
    "projects": ("projects", "project_results"),
    "project_visits": ("project_visits",),
    "events": ("events",),
    "faulty_features": ("faulty_features",),
}
SYMBOLS = {"MultiPolygon": "fill", "MultiLineString": "line", "MultiPoint": "marker"}
OTHER_COLOR = "#b0b4b1"
CATEGORIES = {  # layer: field, kind of its texts and colors
    "stands": ("forest_type", "layer.type"),
    "parcels_to_visit": ("category", "visit"),
    "stand_changes": ("change_class", "change"),
    "projects": ("project_type", "project"),
    "project_visits": ("verdict", "verdict"),
    "events": ("event_type", "layer.event"),
    "faulty_features": ("severity", "severity"),
}
# a second way to color a layer, for people to choose
MORE_CATEGORIES = {"projects": ("verdict", "verdict")}
STYLE_TABLE = """
CREATE TABLE layer_styles (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    f_table_catalog TEXT(256), f_table_schema TEXT(256), f_table_name TEXT(256),
    f_geometry_column TEXT(256), styleName TEXT(30), styleQML TEXT, styleSLD TEXT,
    useAsDefault BOOLEAN, description TEXT, owner TEXT(30), ui TEXT(30),
    update_time DATETIME DEFAULT CURRENT_TIMESTAMP
)"""
COLUMN_TABLE = """
CREATE TABLE gpkg_data_columns (
    table_name TEXT NOT NULL, column_name TEXT NOT NULL, name TEXT, title TEXT,
    description TEXT, mime_type TEXT, constraint_name TEXT,
    CONSTRAINT pk_gdc PRIMARY KEY (table_name, column_name),
    CONSTRAINT gdc_tn UNIQUE (table_name, name)
)"""
SCHEMA_PAGE = "http://www.geopackage.org/spec121/#extension_schema"


def rule_of(name: str, column: str) -> pd.Series | None:
    """Return the contract of a field of a layer, when there is one."""
    for table in _contracts(name):
        rules = columns(table)
        if column in rules.index:
            return rules.loc[column].rename(table)
    return None


def _contracts(name: str) -> tuple[str, ...]:
    """Return the contracts that describe a layer: ``stands_2025`` is described by ``stands``."""
    return CONTRACTS.get(kind_of(name), ())


def kind_of(name: str) -> str:
    """
    Return what a layer shows, the year in its name aside.

    Examples
    --------
    >>> kind_of("stands_2025"), kind_of("towns")
    ('stands', 'towns')
    """
    return name.rstrip("0123456789").rstrip("_")


def write_styles(file: sqlite3.Connection, styles: list[tuple[str, str, str, str]]) -> None:
    """
    Store the styles of layers where QGIS looks for them.

    Each is (layer, name, QML, description); the style named as its layer is the default.
    """
    file.execute(STYLE_TABLE)
    file.execute(
        "INSERT INTO gpkg_contents (table_name, data_type, identifier, description, last_change)"
        " VALUES ('layer_styles', 'attributes', 'layer_styles', '', ?)",
        (WRITTEN,),
    )
    for table, name, qml, description in styles:
        file.execute(
            "INSERT INTO layer_styles (f_table_catalog, f_table_schema, f_table_name,"
            " f_geometry_column, styleName, styleQML, styleSLD, useAsDefault, description,"
            " owner, ui, update_time) VALUES ('', '', ?, 'geom', ?, ?, '', ?, ?, '', NULL, ?)",
            (table, name, qml, int(name == table), description, WRITTEN),
        )


def styles_of(
    table: str, name: str, shape: str, layer: gpd.GeoDataFrame, lang: str
) -> list[tuple[str, str]]:
    """Return the names of the styles of one layer of the file with their QML, the default first."""
    found = [(table, _default_style(name, shape, layer, lang))]
    column, words = MORE_CATEGORIES.get(kind_of(name), ("", ""))
    if column in layer:
        title = f"{table} {heading(rule_of(name, column).name, column, lang)}"
        found.append((title, _style_by(column, words, name, shape, layer, lang)))
    return found


def _style_by(
    column: str, words: str, name: str, shape: str, layer: gpd.GeoDataFrame, lang: str
) -> str:
    """Return a style with a color for each code of a field."""
    classes = _categories(layer[column], words, lang)
    aliases = _aliases(name, layer, lang)
    return style(aliases, classes=classes, column=column, geometry=SYMBOLS[shape])


def _default_style(name: str, shape: str, layer: gpd.GeoDataFrame, lang: str) -> str:
    """Return the style that a layer opens with."""
    kind = kind_of(name)
    aliases = _aliases(name, layer, lang)
    symbol = SYMBOLS[shape]
    if kind in CATEGORIES and CATEGORIES[kind][0] in layer:
        return _style_by(*CATEGORIES[kind], name, shape, layer, lang)
    if kind == "towns":
        label = "town_name" if "town_name" in layer else ""
        classes = []
        if "forest_coverage_pct" in layer:
            classes = graduated(layer["forest_coverage_pct"].to_numpy(dtype=float))
        return style(aliases, classes=classes, column="forest_coverage_pct", label=label,
                     geometry=symbol)  # fmt: skip
    return style(aliases, color="" if kind == "boundary" else OTHER_COLOR, geometry=symbol)


def graduated(values: np.ndarray, ramp: str = "green") -> list[Class]:
    """
    Return the classes of a quantity with their colors, as the map has them.

    Examples
    --------
    >>> [one.label for one in graduated(np.array([31.0, 33.0]))][0]
    '31.0 – 31.5'
    """
    edges = class_edges(values)
    bounds = list(pairwise(edges))
    shown = zip(class_labels(edges), class_colors(edges, ramp), bounds, strict=True)
    return [Class(*one) for one in shown]


def _categories(column: pd.Series, words: str, lang: str) -> list[Class]:
    """Return a category per code that occurs, known codes first, then all the rest."""
    colors, present = code_colors(words), set(column.dropna().astype("str").unique())
    codes = [*(code for code in colors if code in present), *sorted(present - set(colors))]
    classes = [
        Class(code_name(words, code, lang), colors.get(code, OTHER_COLOR), code) for code in codes
    ]
    return [*classes, Class(text("layer.other", lang), OTHER_COLOR, "")]


def _aliases(name: str, layer: gpd.GeoDataFrame, lang: str) -> dict[str, str]:
    """Return the name of each field for people, with its unit."""
    found = {}
    for column in layer.columns.drop(layer.geometry.name):
        rule = rule_of(name, column)
        found[column] = column if rule is None else heading(rule.name, column, lang)
    return found


def write_field_names(file: sqlite3.Connection, written: list[tuple], lang: str) -> None:
    """Describe the fields in the file itself, for GIS programs other than QGIS."""
    file.execute(COLUMN_TABLE)
    file.executemany(
        "INSERT INTO gpkg_extensions VALUES (?, NULL, 'gpkg_schema', ?, 'read-write')",
        [("gpkg_data_columns", SCHEMA_PAGE), ("gpkg_data_column_constraints", SCHEMA_PAGE)],
    )
    file.execute(
        "CREATE TABLE gpkg_data_column_constraints (constraint_name TEXT NOT NULL,"
        " constraint_type TEXT NOT NULL, value TEXT, min NUMERIC, min_is_inclusive BOOLEAN,"
        " max NUMERIC, max_is_inclusive BOOLEAN, description TEXT,"
        " CONSTRAINT gdcc_ntv UNIQUE (constraint_name, constraint_type, value))"
    )
    for table, name, _, layer in written:
        taken = set()
        for column, alias in _aliases(name, layer, lang).items():
            rule = rule_of(name, column)
            unique = alias if alias not in taken else f"{alias} {column}"
            taken.add(unique)
            meaning = "" if rule is None else rule["description"]
            file.execute(
                "INSERT INTO gpkg_data_columns VALUES (?, ?, ?, ?, ?, NULL, NULL)",
                (table, column, unique, alias, meaning),
            )
