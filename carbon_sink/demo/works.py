"""Works of the plan and events, where the second survey shows them."""

# ruff: noqa: PLR2004 the chances and bounds of a made-up district stand where they act

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from ..geometry import STORE_CRS, ellipsoidal_area_ha
from .first_survey import belt_area, is_timber
from .sites import nearest_seed

M_PER_DEG_LAT, M_PER_DEG_LON = 110_850.0, 96_950.0
QUALITY_PLAN_HA, QUALITY_DONE_HA = 7_666.67, 7_346.7
TENDED_GROUP_HA = 160.0
FIRE_2025_HA, FIRES_2025 = 7.5, 5
FOREST_QUANTITY, QUALITY = "forest_quantity", "quality_improvement"
NAMES = {
    "mine_restoration": "历史遗留矿山生态修复", "shelterbelt": "农田林网建设",
    "quality_improvement": "森林质量提升", "afforestation": "营造林", "corridor": "通道绿化",
    "grain_for_green": "退耕还林", "reserve_forest": "国家储备林", "greening": "城区绿化",
}  # fmt: skip


def to_metres(shapes: np.ndarray) -> np.ndarray:
    """Stretch degrees to metres, for lengths and widths."""
    return shapely.transform(shapes, lambda xy: xy * [M_PER_DEG_LON, M_PER_DEG_LAT])


def to_degrees(shapes: np.ndarray) -> np.ndarray:
    """Bring metres back to degrees, to the millimetre."""
    shapes = shapely.transform(shapes, lambda xy: xy / [M_PER_DEG_LON, M_PER_DEG_LAT])
    return shapely.set_precision(shapes, 1e-8)


def belt_strips(stands: gpd.GeoDataFrame, draw: np.random.Generator) -> np.ndarray:
    """
    Draw shelterbelts as strips just inside the border of their fields.

    Parameters
    ----------
    stands : GeoDataFrame
        Fields with ``belt_length_m`` and ``belt_width_m`` (m).
    draw : Generator
        Chooses where along the border a belt begins.

    Returns
    -------
    strips : array of Polygon
        In degrees, of the length and width of the belts.
    """
    width = stands["belt_width_m"].to_numpy()
    whole = to_metres(stands.geometry.to_numpy())
    fields = shapely.buffer(whole, -(width / 2.0 + 2.0))
    fields = np.where(shapely.is_empty(fields), whole, fields)
    strips = []
    starts = draw.random(len(stands))
    rows = zip(fields, stands["belt_length_m"], width, starts, strict=True)
    for field, length, wide, start in rows:
        parts = shapely.get_parts(field)
        ring = shapely.get_exterior_ring(parts[shapely.area(parts).argmax()])
        around = shapely.length(ring)
        begin = start * max(around - length, 0.0)
        points = shapely.get_coordinates(ring)
        way = np.append(0.0, np.cumsum(np.hypot(*np.diff(points, axis=0).T)))
        inner = way[(way > begin) & (way < begin + length)]
        at = np.concatenate([[begin], inner, [min(begin + length, around)]])
        line = np.stack([np.interp(at, way, points[:, 0]), np.interp(at, way, points[:, 1])], 1)
        strip = shapely.buffer(shapely.linestrings(line), wide / 2.0, cap_style="flat")
        strips.append(shapely.intersection(strip, field.buffer(wide / 2.0 + 2.0)))
    return to_degrees(np.array(strips))


def _project_rows(
    stands: gpd.GeoDataFrame, kind: str, plan_item: str, year: pd.Series, area_ha: pd.Series
) -> gpd.GeoDataFrame:
    """Project rows for parcels, without the shares that are planned and verified."""
    return gpd.GeoDataFrame(
        {
            "project_type": kind,
            "plan_item": plan_item,
            "town_code": stands["town_code"],
            "start_year": year.astype("int32"),
            "done_ha": area_ha.round(2),
            "species_code": stands["dominant_species"],
        },
        geometry=stands.geometry,
        crs=STORE_CRS,
    )


def _tended(stands: gpd.GeoDataFrame, draw: np.random.Generator) -> gpd.GeoDataFrame:
    """Group tended stands whose area is what was done for forest quality."""
    timber = stands[is_timber(stands) & stands["change_kind"].isin(["", "pest"])]
    group = (
        timber["town_code"]
        + "-"
        + nearest_seed(timber, timber["town_code"], TENDED_GROUP_HA, draw).astype(str)
    )
    order = draw.permutation(np.sort(group.unique()))
    rank = pd.Series(np.arange(len(order)), index=order)
    ranked = timber.assign(group=group, rank=group.map(rank)).sort_values(
        ["rank", "area_ha"], kind="stable"
    )
    # the last parcel goes past the goal; what is done is then a part of the projects' area
    before = ranked["area_ha"].cumsum() - ranked["area_ha"]
    ranked = ranked[before <= QUALITY_DONE_HA]
    rows = []
    for name, members in ranked.groupby("group", sort=True):
        main = members["area_ha"].groupby(members["dominant_species"]).sum().idxmax()
        shape = shapely.coverage_union_all(members.geometry.to_numpy())
        rows.append((name[:9], main, members["area_ha"].sum(), shape))
    found = pd.DataFrame(rows, columns=["town_code", "dominant_species", "area_ha", "shape"])
    groups = gpd.GeoDataFrame(found.drop(columns="shape"), geometry=found["shape"], crs=STORE_CRS)
    years = pd.Series(draw.integers(2021, 2026, len(groups)), index=groups.index)
    rows = _project_rows(groups, "quality_improvement", QUALITY, years, groups["area_ha"])
    part = QUALITY_DONE_HA / rows["done_ha"].sum()
    rows["done_ha"] = (rows["done_ha"] * min(part, 1.0)).round(2)
    return rows


def _corridors(
    lines: np.ndarray, width_m: np.ndarray, stands: gpd.GeoDataFrame, draw: np.random.Generator
) -> gpd.GeoDataFrame:
    """Plant strips of trees along some of the main roads, outside the plan's quantities."""
    wide = np.flatnonzero(width_m > 11.0)
    chosen = np.sort(draw.choice(wide, min(10, len(wide)), replace=False))
    strips = []
    for line in to_metres(lines[chosen]):
        length = shapely.length(line)
        begin = draw.uniform(0.2, 0.5) * length
        points = shapely.line_interpolate_point(line, np.linspace(begin, begin + 0.3 * length, 25))
        piece = shapely.linestrings(shapely.get_coordinates(points))
        strips.append(shapely.buffer(piece, 9.0, cap_style="flat"))
    strips = gpd.GeoDataFrame(geometry=to_degrees(np.array(strips)), crs=STORE_CRS)
    middle = shapely.point_on_surface(strips.geometry.to_numpy())
    strip, parcel = shapely.STRtree(stands.geometry.to_numpy()).query(middle, predicate="within")
    strips = strips.iloc[strip].assign(
        town_code=stands["town_code"].to_numpy()[parcel], dominant_species="440"
    )
    years = pd.Series(draw.integers(2021, 2026, len(strips)), index=strips.index)
    return _project_rows(strips, "corridor", "", years, ellipsoidal_area_ha(strips.geometry))


def _outside_plan(stands: gpd.GeoDataFrame, draw: np.random.Generator) -> list[gpd.GeoDataFrame]:
    """Plantations on fields and on bare forest land, and a few reserve forests."""
    rows = []
    for kind, project in (
        ("afforested", "afforestation"), ("orchard", "grain_for_green"),
        ("replanted", "afforestation"),
    ):  # fmt: skip
        some = stands[stands["change_kind"] == kind]
        rows.append(_project_rows(some, project, "", some["change_year"], some["area_ha"]))
    returned = rows[0].index[stands.loc[rows[0].index, "change_cause"] == "31"]
    rows[0].loc[returned, "project_type"] = "grain_for_green"
    gum = stands[is_timber(stands) & (stands["change_kind"] == "closed")]
    some = gum.iloc[np.sort(draw.permutation(len(gum))[: max(len(gum) // 6, 1)])]
    years = pd.Series(draw.integers(2021, 2026, len(some)), index=some.index)
    rows.append(_project_rows(some, "reserve_forest", "", years, some["area_ha"]))
    return rows


def _progress(projects: gpd.GeoDataFrame, draw: np.random.Generator) -> gpd.GeoDataFrame:
    """Add what was planned and verified, density, survival, status, number and name."""
    count = len(projects)
    share = pd.Series(draw.uniform(0.94, 1.0, count), index=projects.index)
    planned = projects["done_ha"] / share
    tended = projects["plan_item"] == QUALITY
    planned[tended] *= QUALITY_PLAN_HA / planned[tended].sum()
    planned = np.maximum(planned.round(2), projects["done_ha"])
    chance = pd.Series(draw.random(count), index=projects.index)
    status = pd.Series("verified", index=projects.index)
    status[projects["start_year"] >= 2024] = "done"
    status[projects["start_year"].ge(2025) & (chance < 0.5)] = "ongoing"
    verified = projects["done_ha"] * draw.uniform(0.93, 1.0, count)
    verified = verified.where(status == "verified", 0.0).round(2)
    planted = ~projects["project_type"].isin(["quality_improvement", "reserve_forest"])
    density = pd.Series(draw.choice([833.0, 1111.0, 1250.0, 1667.0], count), index=projects.index)
    survival = pd.Series(draw.uniform(84.0, 97.0, count).round(1), index=projects.index)
    number = np.arange(1, count + 1)
    name = projects["town_name"] + projects["project_type"].map(NAMES)
    running = projects.groupby(["town_code", "project_type"]).cumcount() + 1
    return projects.assign(
        project_id=[f"P{place:04d}" for place in number],
        project_name=name + "（" + running.astype(str) + "）",
        planned_ha=planned, verified_ha=verified, density_trees_ha=density.where(planted),
        survival_pct=survival.where(planted), status=status, note="示例数据（合成）",
    )  # fmt: skip


def make_projects(
    stands: gpd.GeoDataFrame,
    town_name: pd.Series,
    roads: tuple[np.ndarray, np.ndarray],
    seed: int,
) -> gpd.GeoDataFrame:
    """
    Make the projects that explain the changes between the surveys.

    Parameters
    ----------
    stands : GeoDataFrame
        The survey of 2025 with ``lon``, ``lat`` (degrees), ``change_kind`` and ``change_year``.
    town_name : Series
        Name of each town, by code.
    roads : tuple of array
        Lines in degrees and their width, metres.
    seed : int
        Repeats the projects.

    Returns
    -------
    projects : GeoDataFrame
        With the areas of the ``projects`` table and the sizes of belts; ``details`` has the
        rest.
    """
    draw = np.random.default_rng(seed)
    mines = stands[stands["change_kind"] == "mine"]
    fields = stands[stands["change_kind"] == "belt"]
    belts = fields.set_geometry(gpd.GeoSeries(belt_strips(fields, draw), fields.index, STORE_CRS))
    belts["dominant_species"] = draw.choice(["350", "440", "340"], len(belts))
    strips = _project_rows(belts, "shelterbelt", FOREST_QUANTITY, belts["belt_year"],
                           belt_area(belts))  # fmt: skip
    parts = [
        _project_rows(
            mines, "mine_restoration", FOREST_QUANTITY, mines["change_year"], mines["area_ha"]
        ),
        strips.assign(belt_length_m=belts["belt_length_m"], belt_width_m=belts["belt_width_m"]),
        _tended(stands, draw),
        *_outside_plan(stands, draw),
        _corridors(*roads, stands, draw),
    ]
    projects = pd.concat(parts, ignore_index=True)
    projects["town_name"] = projects["town_code"].map(town_name)
    return _progress(projects, draw)


def _small_fires(stands: gpd.GeoDataFrame, draw: np.random.Generator) -> gpd.GeoDataFrame:
    """Ragged burned patches of 2025 inside pine stands, too small for parcels of their own."""
    pines = stands[is_timber(stands) & stands["dominant_species"].eq("220")]
    pines = pines[(pines["change_kind"] == "") & (pines["area_ha"] > 4.0)]
    some = pines.iloc[np.sort(draw.choice(len(pines), min(FIRES_2025, len(pines)), replace=False))]
    shapes = to_metres(some.geometry.to_numpy())
    centers = shapely.get_coordinates(shapely.point_on_surface(shapes))
    share = draw.dirichlet(np.full(len(some), 4.0))
    burned = []
    for shape, center, part in zip(shapes, centers, share, strict=True):
        reach = np.sqrt(part * FIRE_2025_HA * 10_000.0 / np.pi)
        angle = np.linspace(0.0, 2.0 * np.pi, 49)[:-1]
        edge = np.ones(48)
        for wave in range(2, 7):
            edge += draw.normal(0.0, 0.22 / wave) * np.cos(wave * angle + draw.uniform(0, 6.28))
        ring = center + (reach * edge * np.stack([np.cos(angle), np.sin(angle)])).T
        parts = shapely.get_parts(shapely.intersection(shapely.polygons(ring), shape))
        burned.append(parts[shapely.area(parts).argmax()])
    fires = some.set_geometry(gpd.GeoSeries(to_degrees(np.array(burned)), some.index, STORE_CRS))
    area = ellipsoidal_area_ha(fires.geometry)
    loss = area * some["forest_volume_m3"] / some["area_ha"] * 0.7
    return fires.assign(event_type="fire", year=2025, area_ha=area, loss_m3=loss)


def make_events(stands: gpd.GeoDataFrame, seed: int) -> gpd.GeoDataFrame:
    """
    List fires, harvests and pests of 2021 to 2025 where the second survey shows them.

    Parameters
    ----------
    stands : GeoDataFrame
        The survey of 2025 with ``change_kind``, ``change_year`` and ``loss_m3`` (m3).
    seed : int
        Repeats the small fires.

    Returns
    -------
    events : GeoDataFrame
        With the columns of the ``events`` table; fires of 2025 are under 0.3 per mille of the
        forest.
    """
    draw = np.random.default_rng(seed)
    found = stands[stands["change_kind"].isin(["fire", "harvest", "pest"])]
    found = found.assign(event_type=found["change_kind"], year=found["change_year"].astype(int))
    events = pd.concat([_small_fires(stands, draw), found]).sort_values(
        ["year", "event_type", "town_code", "area_ha"], kind="stable"
    )
    return gpd.GeoDataFrame(
        {
            "event_id": [f"E{number:04d}" for number in range(1, len(events) + 1)],
            "event_type": events["event_type"].to_numpy(),
            "year": events["year"].to_numpy().astype("int32"),
            "area_ha": events["area_ha"].round(2).to_numpy(),
            "volume_loss_m3": events["loss_m3"].round(1).to_numpy(),
            "town_code": events["town_code"].to_numpy(),
            "note": "示例数据（合成）",
        },
        geometry=events.geometry.to_numpy(),
        crs=STORE_CRS,
    )
