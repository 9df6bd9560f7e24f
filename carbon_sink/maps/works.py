"""What the district page says of works: a window for each, and the sinks of each type."""

import geopandas as gpd
import pandas as pd

from ..language import text
from ..legend import code_colors, code_name
from ..project_summary import ALL_TYPES, EX_ANTE
from ..summary import RunFacts
from ..tables import columns
from ..units import pretty
from . import shapes
from .figures import shown

# rows of a window; a work has those that its layer tells
WINDOW = (
    "project_type", "start_year", "planned_ha", "done_ha", "verified_ha", "credited_ha",
    "taken_off_ha", "to_date_co2e_t", "yearly_co2e_t_yr", "to_horizon_co2e_t", "in_inventory",
    "verdict", "label",
)  # fmt: skip
CODES = {"project_type": "project", "in_inventory": "in_inventory", "verdict": "verdict",
         "label": "ccer_label"}  # fmt: skip
HORIZON = "to_horizon_co2e_t"
OTHER_COLOR = "#6d7570"


def page_works(projects: gpd.GeoDataFrame | None, lang: str) -> dict:
    """
    Gather the works that have a shape.

    Parameters
    ----------
    projects : GeoDataFrame or None
        ``project_type`` and what else a window can show, as ``project_results`` in
        ``data/columns.csv`` names it.
    lang : {"zh", "en"}

    Returns
    -------
    works : dict
        ``kinds`` of works with color and number, ``names`` of the rows of windows, and
        ``items``: kind, name, rows as pairs (place in ``names``, text), shape and a point inside.
    """
    if projects is None or not len(projects):
        return {"kinds": [], "names": [], "items": []}
    drawn = shapes.display_shapes(projects)
    colors = code_colors("project")
    types = projects["project_type"].astype(str).tolist()
    present = {kind for kind, shape in zip(types, drawn, strict=True) if shape is not None}
    kinds = [kind for kind in colors if kind in present] + sorted(present - set(colors))
    items = [
        {
            "kind": kinds.index(kind),
            "name": _name(row),
            "rows": _rows(row, lang),
            "shape": shape,
            "at": shapes.label_point(shape),
        }
        for row, kind, shape in zip(projects.to_dict("records"), types, drawn, strict=True)
        if shape is not None
    ]
    return {
        "kinds": [
            {
                "name": code_name("project", kind, lang),
                "color": colors.get(kind, OTHER_COLOR),
                "count": types.count(kind),
            }
            for kind in kinds
        ],
        "names": _row_names(projects, lang),
        "items": items,
    }


def _name(row: dict) -> str:
    """Return the name of a work, or its number where it has none."""
    name = row.get("project_name")
    return str(row.get("project_id") if name is None or pd.isna(name) else name)


def _row_names(projects: gpd.GeoDataFrame, lang: str) -> list[str]:
    """Name the rows of windows once for all works."""
    rules = columns("project_results")
    names = {one: pretty(rules.loc[one, f"name_{lang}"], lang) for one in WINDOW}
    if "horizon_year" in projects and projects["horizon_year"].notna().any():
        names[HORIZON] = text("map.until", lang, year=f"{projects['horizon_year'].max():g}")
    return list(names.values())


def _rows(row: dict, lang: str) -> list[list]:
    """Return the rows of the window of a work; what is not known is left out."""
    units = columns("project_results")["unit"]
    found = []
    for place, name in enumerate(WINDOW):
        value = row.get(name)
        if value is None or pd.isna(value) or value == "":
            continue
        if name in CODES:
            found.append([place, code_name(CODES[name], value, lang)])
        elif units[name]:
            found.append([place, f"{shown(value, units[name])} {pretty(units[name], lang)}"])
        else:
            found.append([place, f"{value:g}"])
    return found


def sink_lines(tables: dict[str, pd.DataFrame], facts: RunFacts) -> list[dict]:
    """
    Lay out the sinks of works to date by type, the largest first, and their sum last.

    Returns
    -------
    lines : list of dict
        ``name``, ``color`` (empty for the sum), ``value`` and ``interval`` (95 %, t CO2e; empty
        where it is not known). None without forecasts for the report year.
    """
    table = tables.get("project_sinks")
    if table is None:
        return []
    rows = table[table["basis"].eq(EX_ANTE) & table["until_year"].eq(facts.year)]
    rows = rows.assign(_whole=rows["project_type"].eq(ALL_TYPES)).sort_values(
        ["_whole", "removal_co2e_t"], ascending=[True, False], kind="stable"
    )
    lang, colors = facts.language, code_colors("project")
    return [
        {
            "name": code_name("project", row["project_type"], lang),
            "color": "" if row["_whole"] else colors.get(row["project_type"], OTHER_COLOR),
            "value": shown(row["removal_co2e_t"], "t"),
            "interval": _interval(row, lang),
        }
        for row in rows.to_dict("records")
    ]


def _interval(row: dict, lang: str) -> str:
    """Write the bounds of a sink; nothing where they are not known or nothing is uncertain."""
    if pd.isna(row["low_co2e_t"]) or row["low_co2e_t"] == row["high_co2e_t"]:
        return ""
    low, high = (shown(row[one], "t") for one in ("low_co2e_t", "high_co2e_t"))
    return text("map.range", lang, low=low, high=high)
