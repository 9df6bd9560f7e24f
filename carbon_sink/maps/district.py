"""The district page: towns by class, projects, targets and key figures, gathered as data."""

from pathlib import Path
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd

from ..language import text
from ..legend import (
    class_colors,
    class_counts,
    class_edges,
    class_index,
    class_labels,
    code_name,
)  # fmt: skip
from ..summary import RunFacts
from ..tables import columns
from ..targets import whole_place
from ..units import pretty
from . import figures, shapes, works

if TYPE_CHECKING:
    import folium

THEMES = (
    ("forest_coverage_pct", "green"),
    ("forest_stock_m3", "teal"),
    ("stock_m3_ha", "olive"),
    ("carbon_t_ha", "violet"),
    ("removal_co2_t_yr", "blue"),
)


def overview(
    facts: RunFacts,
    tables: dict[str, pd.DataFrame],
    towns: gpd.GeoDataFrame | None,
    projects: gpd.GeoDataFrame | None = None,
    boundary: gpd.GeoDataFrame | None = None,
    surveyed: gpd.GeoDataFrame | None = None,
) -> "folium.Map":
    """
    Draw the district page.

    Parameters
    ----------
    facts : RunFacts
        Title, place, year and rules; the page states them.
    tables : dict
        Result tables by name. Every figure on the page comes from them.
    towns : GeoDataFrame or None
        ``town_code``, ``town_name`` and areas, in any coordinate system. Without them the
        page shows the panels and the boundary.
    projects : GeoDataFrame, optional
        Projects with ``project_type``, and what is known of each as in the table
        ``project_results``; areas, lines or points.
    boundary : GeoDataFrame, optional
        Outline of the place.
    surveyed : GeoDataFrame, optional
        Outline of what the data cover, drawn where there is no boundary.

    Returns
    -------
    figure : folium.Map
        Shows itself in a notebook without a network; ``save`` writes it.
    """
    from .page import District, new_map  # noqa: PLC0415 - folium loads only where a map is drawn

    figure = new_map(f"{facts.title} · {facts.place} {facts.year}", facts.language)
    District(page_content(facts, tables, towns, projects, boundary, surveyed)).add_to(figure)
    return figure


def save(figure: "folium.Map", path: str | Path) -> None:
    """
    Write a map as one file that needs nothing else.

    Parameters
    ----------
    figure : folium.Map
    path : str or Path

    Raises
    ------
    ValueError
        If the page would load anything from a network.
    LookupError
        If a browser file that the page needs is not installed.
    """
    from .page import write_page  # noqa: PLC0415 - folium loads only where a map is drawn

    write_page(figure, path)


def page_content(
    facts: RunFacts,
    tables: dict[str, pd.DataFrame],
    towns: gpd.GeoDataFrame | None,
    projects: gpd.GeoDataFrame | None,
    boundary: gpd.GeoDataFrame | None,
    surveyed: gpd.GeoDataFrame | None = None,
) -> dict:
    """Gather everything the page shows; texts and numbers ready to be read."""
    lang = facts.language
    rows = _town_rows(tables, facts.year)
    drawn = shapes.display_shapes(towns) if towns is not None else np.array([], dtype=object)
    around = boundary if boundary is not None else surveyed
    outline = shapes.display_shapes(around) if around is not None else np.array([])
    words = figures.words(lang)
    if boundary is None:
        words["boundary"] = words["surveyed"]
    drawn_works = works.page_works(projects, lang)
    work_shapes = [work["shape"] for work in drawn_works["items"]]
    cards = figures.targets(tables, lang)
    place = text("map.place_year", lang, place=facts.place, year=facts.year)
    return {
        "words": words,
        "title": facts.title,
        "place": place,
        "base": text("map.base_year", lang, year=facts.base_year) if facts.base_year else "",
        "rule": text("map.by_rule", lang, rule=code_name("rule", facts.coverage_rule, lang)),
        "notice": text("notice.synthetic", lang) if facts.synthetic else "",
        "unverified": text("map.unverified", lang, count=facts.unverified)
        if facts.unverified
        else "",
        "approval": facts.approval_number,
        "figures": figures.key_figures(tables, facts),
        "targets": cards,
        "tally": figures.tally(cards, lang),
        "parts": figures.coverage_parts(tables, facts),
        "sinks": works.sink_lines(tables, facts),
        "sinks_until": text("map.sinks_until", lang, year=facts.year),
        "facts": figures.fact_lines(tables, facts),
        "themes": _themes(rows, whole_place(tables, facts.year), facts),
        "towns": _towns(rows, towns, drawn, tables, facts),
        "projects": {
            **drawn_works,
            "items": [
                {**work, "shape": shapes.as_geojson(work["shape"])} for work in drawn_works["items"]
            ],
        },
        "boundary": [shapes.as_geojson(shape) for shape in outline if shape is not None],
        "bounds": shapes.bounds_of(drawn, outline) or shapes.bounds_of(work_shapes),
    }


def _town_rows(tables: dict[str, pd.DataFrame], year: int | None) -> pd.DataFrame:
    """Return the rows of the towns in a year, indexed by their codes; without the whole place."""
    summary = tables.get("town_summary")
    if summary is None or year is None:
        return pd.DataFrame(columns=list(columns("town_summary").index)).set_index("town_code")
    rows = summary[summary["year"].eq(year) & summary["town_code"].ne("")]
    return rows.assign(town_code=rows["town_code"].astype(str)).set_index("town_code")


def _themes(rows: pd.DataFrame, whole: pd.Series | None, facts: RunFacts) -> list[dict]:
    """Return what the towns can be colored by: classes, and the towns in order of the value."""
    lang = facts.language
    found = []
    for column, ramp in THEMES:
        values = rows[column].to_numpy(dtype=float)
        if not np.isfinite(values).any():
            continue
        unit = figures.column_unit(column)
        edges = class_edges(values)
        largest = np.nanmax(np.abs(values)) or 1.0
        order = np.argsort(np.where(np.isfinite(values), -values, np.inf), kind="stable")
        found.append(
            {
                "key": column,
                "name": figures.column_name(column, lang),
                "unit": pretty(unit, lang),
                "whole": figures.shown(np.nan if whole is None else whole[column], unit),
                "classes": [
                    {"label": label, "color": color, "count": int(count)}
                    for label, color, count in zip(
                        class_labels(edges),
                        class_colors(edges, ramp),
                        class_counts(values, edges),
                        strict=True,
                    )
                ],
                "missing": int((~np.isfinite(values)).sum()),
                "order": order.tolist(),
                "index": class_index(values, edges).tolist(),
                "shown": [figures.shown(value, unit) for value in values],
                "length": [
                    round(100 * abs(v) / largest, 1) if np.isfinite(v) else 0 for v in values
                ],
            }
        )
    return found


def _towns(
    rows: pd.DataFrame,
    towns: gpd.GeoDataFrame | None,
    drawn: np.ndarray,
    tables: dict[str, pd.DataFrame],
    facts: RunFacts,
) -> list[dict]:
    """Return every town of the table with its shape, then shapes without a row in the table."""
    base = _town_rows(tables, facts.base_year)
    known = [name for name in rows.columns if rows[name].notna().any()]
    codes = [] if towns is None else towns["town_code"].astype(str).tolist()
    shape_of = dict(zip(codes, drawn, strict=True))
    found = []
    for code, row in rows.iterrows():
        earlier = base.loc[code] if code in base.index else None
        lines = figures.town_rows(row, earlier, known, facts.language)
        found.append(_town(str(row["town_name"]), shape_of.get(code), lines))
    names = [] if towns is None else towns["town_name"].astype(str).tolist()
    for code, name in zip(codes, names, strict=True):
        if code not in rows.index:
            found.append(_town(name, shape_of[code], []))
    return found


def _town(name: str, shape: object, lines: list[dict]) -> dict:
    """Lay out one town."""
    if shape is None:
        return {"name": name, "rows": lines, "shape": None, "at": None, "size": 0}
    size = round(float(shape.area) * 1e6)
    return {
        "name": name,
        "rows": lines,
        "shape": shapes.as_geojson(shape),
        "at": shapes.label_point(shape),
        "size": size,
    }
