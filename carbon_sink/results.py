"""What the results of a run are laid out as: the machine-readable truth and the layers."""

import geopandas as gpd
import pandas as pd

from .agreement import COVERS
from .carbon import CARBON_PARTS
from .intake import Inputs, outline
from .language import text
from .project_summary import EX_POST
from .summary import WHOLE_PLACE, RunFacts
from .tables import columns

# tables that are part of the machine-readable truth as they are
LISTED = ("plan_quantities", "satellite_tree_cover", "landcover_accuracy", "outlook",
          "ghg_inventory")  # fmt: skip


def layers_of(inputs: Inputs, stands: dict) -> dict[str, gpd.GeoDataFrame]:
    """Collect the results that have a geometry."""
    found = {}
    if len(inputs.towns):
        found["towns"] = inputs.towns[["town_code", "town_name", "geometry"]]
    for year, one in stands.items():
        known = [name for name in columns("stands").index if name in one]
        found[f"stands_{year}"] = one[[*known, "geometry"]]
    for name, parts in (("projects", inputs.projects), ("events", inputs.events)):
        shapes = [one for one in parts if isinstance(one, gpd.GeoDataFrame)]
        if shapes:
            found[name] = gpd.GeoDataFrame(pd.concat(shapes, ignore_index=True))
    if inputs.boundary is not None:
        found["boundary"] = inputs.boundary[["geometry"]]
    elif not len(inputs.towns):
        found["surveyed"] = _surveyed(inputs)
    return found


def _surveyed(inputs: Inputs) -> gpd.GeoDataFrame:
    """Outline what the data cover, where neither a boundary nor towns say what the place is."""
    if inputs.stands:
        stands = inputs.stands[max(inputs.stands)]
        return gpd.GeoDataFrame(geometry=[stands.union_all()], crs=stands.crs)
    return outline(inputs.landcover[max(inputs.landcover)])


def content_of(place_code: str, facts: RunFacts, tables: dict, land_area_ha: float | None) -> dict:
    """Lay out ``indicators.json``, the machine-readable truth."""
    content = {
        "place": facts.place,
        "place_code": place_code,
        "title": facts.title,
        "year": facts.year,
        "synthetic": facts.synthetic,
        "notice": text("notice.synthetic", facts.language) if facts.synthetic else "",
        "coverage_rule": facts.coverage_rule,
        "four_side_rule": facts.four_side_rule,
        "land_area_ha": land_area_ha,
        "land_area_source": facts.land_area_source,
        "indicators": tables["indicators"]
        .astype({"base_year": "Int64", "target_year": "Int64"})
        .to_dict("records"),
        "sinks": sinks_of(tables.get("project_sinks"), facts.year),
        "stocks": {},
        "carbon_pools": [],
        "outlook": [],
        "ghg_inventory": [],
        "coverage_parts": {},
        "history": [],
        "plan_quantities": [],
        "satellite_tree_cover": [],
        "landcover_accuracy": [],
        "absent": tables["absent"].to_dict("records"),
    }
    if "town_summary" in tables:
        summary = tables["town_summary"]
        whole = summary[summary["town_code"] == WHOLE_PLACE]
        content["history"] = whole.drop(columns=["town_code", "town_name"]).to_dict("records")
        parts = tables["coverage_parts"]
        mine = parts["year"].eq(facts.year) & parts["rule"].eq(facts.coverage_rule)
        content["coverage_parts"] = parts[mine].set_index("part")["area_ha"].to_dict()
    if "carbon_parts" in tables:
        pools = tables["carbon_parts"]
        pools = pools[pools["year"].eq(facts.year) & pools["part"].isin(CARBON_PARTS)]
        content["stocks"] = pools.set_index("part")["carbon_t"].to_dict()
    if "carbon_pools" in tables:
        pools = tables["carbon_pools"]
        content["carbon_pools"] = pools[pools["year"].eq(facts.year)].to_dict("records")
    for name in LISTED:
        if name in tables:
            content[name] = tables[name].to_dict("records")
    return content


def sinks_of(table: pd.DataFrame | None, year: int) -> dict[str, dict]:
    """
    Lay out the sinks of works for machines, type by type.

    Parameters
    ----------
    table : DataFrame or None
        ``project_sinks``.
    year : int
        Report year.

    Returns
    -------
    sinks : dict
        For each type: ``projects``, ``credited_ha`` (ha), ``to_date_co2e_t`` (t CO2e since the
        start of each work), ``yearly_co2e_t_yr`` (in the report year) and ``until_co2e_t``, a
        dict of the years ahead; each figure with its 95 % interval. ``measured_co2e_t`` is what
        surveys found and stands beside these, never in their sum; None where nobody measured.
    """
    if table is None:
        return {}
    table = table.astype(object).where(table.notna(), None)
    found = {}
    for kind, rows in table.groupby("project_type", sort=False):
        ahead = {
            row["until_year"]: row for row in rows[rows["basis"].ne(EX_POST)].to_dict("records")
        }
        measured = rows.loc[rows["basis"].eq(EX_POST), "removal_co2e_t"].tolist()
        now = ahead.pop(year, None)
        found[kind] = {
            "projects": None if now is None else int(now["projects"]),
            "credited_ha": None if now is None else now["credited_ha"],
            "to_date_co2e_t": _interval(now, "", "co2e_t"),
            "yearly_co2e_t_yr": _interval(now, "yearly_", "co2e_t_yr"),
            "until_co2e_t": {str(one): _interval(row, "", "co2e_t") for one, row in ahead.items()},
            "measured_co2e_t": measured[0] if measured else None,
        }
    return found


def _interval(row: dict | None, prefix: str, unit: str) -> dict | None:
    """Lay out a figure of a row with its bounds."""
    if row is None:
        return None
    value = f"{prefix or 'removal_'}{unit}"
    return {
        "value": row[value],
        "low": row[f"{prefix}low_{unit}"],
        "high": row[f"{prefix}high_{unit}"],
    }


def gis_layers(
    layers: dict[str, gpd.GeoDataFrame], tables: dict[str, pd.DataFrame], year: int
) -> dict[str, gpd.GeoDataFrame]:
    """Return the layers for GIS staff: towns, stands and works carry the figures of tables."""
    found = dict(layers)
    if "landcover_of_stands" in tables:
        table = tables["landcover_of_stands"]
        for surveyed, part in table.groupby("inventory_year"):
            stands = found[f"stands_{surveyed}"]
            seen = part[["landcover_year", *COVERS, "main_class", "agreement_pct"]]
            # by row, in the order both have: parcels of several polygons share a key
            found[f"stands_{surveyed}"] = stands.join(seen.set_axis(stands.index))
    if "projects" in found:
        found["projects"] = works_with_results(found["projects"], tables)
    if "towns" in found and "town_summary" in tables:
        summary = tables["town_summary"]
        figures = summary[summary["year"].eq(year)].drop(columns="town_name")
        found["towns"] = found["towns"].merge(figures, on="town_code", how="left")
    return found


def works_with_results(
    works: gpd.GeoDataFrame, tables: dict[str, pd.DataFrame]
) -> gpd.GeoDataFrame:
    """Return the layer of works with the figures that ``project_results`` has of each."""
    if "project_results" not in tables:
        return works
    results = tables["project_results"]
    new = [name for name in results if name not in works]
    return works.merge(results[["project_id", *new]], on="project_id", how="left")
