"""Carbon of two land covers of 100 million cells, their change written as a raster."""

import os
import sys
import tempfile
from pathlib import Path

import numpy as np
from measure import Bench, Row, faster, largest_difference, race, within

GOAL_INVEST = 20
# t C per ha above ground, below ground, in soil, in dead wood; no two classes differ by one
# tonne in sum, which InVEST would take for "no data"
POOLS = {
    10: (61.5, 14.25, 92.0, 6.5), 20: (12.0, 5.5, 78.0, 1.25), 30: (3.25, 4.0, 71.5, 0.0),
    40: (2.5, 0.5, 55.25, 0.0), 50: (1.0, 0.25, 30.5, 0.0), 60: (0.25, 0.0, 20.0, 0.0),
    80: (0.0, 0.0, 0.0, 0.0), 90: (6.75, 3.0, 110.5, 0.75),
}  # fmt: skip
INVEST_PYTHON = "CARBON_SINK_INVEST_PYTHON"


def make(folder: Path, quick: bool) -> None:
    import ground

    cells = 1000 if quick else 10_000
    pattern = ground.class_pattern(seed=5)
    ground.write_raster(folder / "2020.tif", pattern, cells)
    ground.write_raster(folder / "2025.tif", ground.changed(pattern, seed=6), cells)
    ground.write_raster(folder / "few.tif", pattern, cells=64)
    lines = ["lucode,LULC_name,c_above,c_below,c_soil,c_dead,source"]
    lines += [
        f"{code},class {code},{','.join(map(str, row))},made up" for code, row in POOLS.items()
    ]
    (folder / "pools.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")


def measure(bench: Bench) -> list[Row]:
    folder = bench.place("carbon_raster")
    make(folder, bench.quick)
    python = {"invest": os.environ.get(INVEST_PYTHON, sys.executable)}
    names = ["ours", "invest", "by_hand"]
    runs = race("carbon_raster", names, folder, bench.rounds, python)
    mine, peer, hand = (runs[name] for name in names)
    if peer.absent:
        peer.absent += f" (tests/benchmarks/README.md tells how; {INVEST_PYTHON} names its Python)"
    note = "three rasters written (ours with overviews); totals of both dates and of the change"
    difference = largest_difference(mine, peer)
    rows = [faster("carbon_raster", mine, peer, GOAL_INVEST, note=note, difference=difference)]
    note = "cells counted, no raster written"
    difference = largest_difference(mine, hand)
    return [*rows, within("carbon_raster", mine, hand, None, note=note, difference=difference)]


def ours(folder: Path):
    import pandas as pd

    from carbon_sink.density import carbon_totals, check_table
    from carbon_sink.rasters import open_landcover, write_density

    table = check_table(pd.read_csv(folder / "pools.csv"))
    with tempfile.TemporaryDirectory(dir=folder) as out:
        # the first call loads the compiled kernels
        write_density({year: open_landcover(folder / "few.tif") for year in (1, 2)}, table, out)
        yield
        rasters = {year: open_landcover(folder / f"{year}.tif") for year in (2020, 2025)}
        maps = write_density(rasters, table, out)
        totals = carbon_totals(maps.pairs[2020, 2025], table)
        yield
    return totals["carbon_t"].to_numpy()


def invest(folder: Path):
    """Run where natcap.invest is installed: no other package of the benchmarks is needed."""
    import csv

    from natcap.invest import carbon

    with tempfile.TemporaryDirectory(dir=folder) as workspace:
        arguments = {
            "workspace_dir": workspace, "results_suffix": "", "n_workers": -1,
            "lulc_bas_path": str(folder / "2020.tif"), "lulc_alt_path": str(folder / "2025.tif"),
            "carbon_pools_path": str(folder / "pools.csv"),
            "calc_sequestration": True, "do_valuation": False,
        }  # fmt: skip
        yield
        made = carbon.execute(arguments)
        yield
        with Path(made["summary_csv"]).open(encoding="utf-8", newline="") as table:
            rows = {Path(row["Filename"]).stem: row for row in csv.DictReader(table)}
    return np.array([float(row["Total"]) for row in rows.values()])


def by_hand(folder: Path):
    """Count the cells of each class of each date, and multiply."""
    import ground
    import rasterio

    density = np.zeros(256)
    density[list(POOLS)] = [sum(row) for row in POOLS.values()]
    totals = []
    yield
    for year in (2020, 2025):
        with rasterio.open(folder / f"{year}.tif") as raster:
            strips = (
                raster.read(1, window=((top, min(top + 512, raster.height)), (0, raster.width)))
                for top in range(0, raster.height, 512)
            )
            cells = sum(np.bincount(strip.ravel(), minlength=256) for strip in strips)
        totals.append(cells @ density * ground.CELL_M**2 / 10_000.0)
    yield
    return np.array([*totals, totals[1] - totals[0]])
