"""Checking an inventory row by row, against reading it, and its memory as the inventory grows."""

from pathlib import Path

import geopandas as gpd
import ground
import numpy as np
from measure import Bench, Row, race

GROWTH = (1, 4)
SECONDS_AT_MOST = 15.0
PEAK_MB_AT_MOST = 300.0


def write_inventory(path: Path, count: int) -> None:
    """Write an inventory in the national schema over made-up parcels."""
    draw = np.random.default_rng(1)
    shapes = ground.draw_parcels(count, round(np.sqrt(count)) * 30, seed=1).to_crs("EPSG:4490")
    number = np.arange(len(shapes))
    kind = draw.choice(["0111", "0113", "0141", "0210"], len(shapes), p=[0.5, 0.1, 0.1, 0.3])
    forest = kind == "0111"
    area_ha = shapes.to_crs(ground.CRS).area.to_numpy() / 1e4
    village = number // 200
    stock_m3 = np.where(forest, np.round(area_ha * draw.uniform(40, 120, len(shapes)), 1), 0.0)
    table = {
        "XIANG": np.char.mod("5001%05d", village // 20),
        "CUN": np.char.mod("50015%07d", village),
        "LIN_BAN": np.char.mod("%04d", number % 200 // 20),
        "XIAO_BAN": np.char.mod("%05d", number % 200),
        "DI_LEI": kind,
        "LIN_ZHONG": np.where(np.isin(kind, ["0111", "0113"]), "111", ""),
        "YOU_SHI_SZ": np.where(forest, "535", np.where(kind == "0113", "650", "")),
        "YU_BI_DU": np.where(forest, np.round(draw.uniform(0.3, 0.8, len(shapes)), 2), np.nan),
        "PINGJUN_NL": np.where(forest, 12.0, np.nan),
        "MIAN_JI": np.round(area_ha, 4),
        "SLXJ": stock_m3,
        "SSXJ": 0.0,
        "ZXJ": stock_m3,
    }
    gpd.GeoDataFrame(table, geometry=shapes.to_numpy(), crs="EPSG:4490").to_file(
        path, layer="xiaoban", driver="GPKG"
    )


def measure(bench: Bench) -> list[Row]:
    count = 900 if bench.quick else 40_000
    folder = bench.place("inspection")
    write_inventory(folder / "inventory.gpkg", count)
    runs = race("inspection", ["ours", "floor"], folder, bench.rounds)
    row = Row("inspection", runs["ours"], runs["floor"], goal=f"≤ {SECONDS_AT_MOST:g} s",
              note=f"every row of {count:,} 小班 checked, against reading the file")  # fmt: skip
    if not (row.ours.absent or row.against.absent):
        row.ratio = row.ours.median_s / row.against.median_s
        row.met = row.ours.median_s <= SECONDS_AT_MOST
    return [row, *_memory(bench)]


def _memory(bench: Bench) -> list[Row]:
    """Peak memory of a small and a large inventory, less that of starting the program."""
    runs = {}
    for growth in GROWTH:
        folder = bench.place(f"inspection_{growth}")
        write_inventory(folder / "inventory.gpkg", growth * (900 if bench.quick else 100_000))
        runs |= {growth: race("inspection", ["ours", "start"], folder, 1)}
    many, few = runs[GROWTH[1]], runs[GROWTH[0]]
    row = Row(
        "inspection", many["ours"], few["ours"], goal=f"≤ {PEAK_MB_AT_MOST:g} MB above import"
    )
    if not any(one.absent for one in (*many.values(), *few.values())):
        above = [one["ours"].peak_mb - one["start"].peak_mb for one in (many, few)]
        row.ratio, row.met = above[0] / above[1], above[0] <= PEAK_MB_AT_MOST
        row.note = f"ratio of peak memory above import: {above[0]:.0f} MB over {above[1]:.0f} MB"
    return [row]


def ours(folder: Path):
    from carbon_sink.inspection import inspect_file

    yield
    found = inspect_file(folder / "inventory.gpkg")
    yield
    return np.array([found.survey.area_ha])


def floor(folder: Path):
    yield
    layer = gpd.read_file(folder / "inventory.gpkg", use_arrow=True)
    yield
    return np.array([len(layer)])


def start(folder: Path):
    from carbon_sink.inspection import inspect_file

    yield
    assert inspect_file(folder / "none.gpkg").outcome == "refuse"
    yield
    return np.zeros(0)
