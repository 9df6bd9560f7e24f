"""Class areas of 250,000 parcels on 112 million cells by one worker of Dask and by two."""

from pathlib import Path

import class_area
import geopandas as gpd
import ground
from measure import Bench, Row, faster, largest_difference, race

AT_LEAST = 1.7


def measure(bench: Bench) -> list[Row]:
    folder = bench.place("cluster")
    parcels, cells = (900, 600) if bench.quick else (250_000, 10_600)
    class_area.make_few(folder)
    ground.write_parcels(folder / "parcels.parquet", parcels, cells, seed=1)
    ground.write_raster(folder / "classes.tif", ground.class_pattern(seed=2), cells)
    names = ["two_dask_workers", "one_dask_worker", "no_cluster"]
    runs = race("cluster", names, folder, bench.rounds)
    two, one, none = (runs[name] for name in names)
    note = "memory is that of the client"
    difference = largest_difference(two, one, "cells")
    rows = [faster("cluster", two, one, AT_LEAST, note=note, difference=difference)]
    difference = largest_difference(two, none, "cells")
    return [*rows, faster("cluster", two, none, None, note=note, difference=difference)]


def one_dask_worker(folder: Path, workers: int = 1):
    from carbon_sink.cluster import LOCAL, class_area_on, connected
    from carbon_sink.rasters import open_landcover

    parcels = gpd.read_parquet(folder / "parcels.parquet")
    with connected(LOCAL, workers) as client:
        client.run(class_area.call_once, folder)
        raster = open_landcover(folder / "classes.tif")
        yield
        area_ha = class_area_on(client, parcels, raster)
        yield
    return class_area.cells_of(area_ha, ground.CODES)


def two_dask_workers(folder: Path):
    return one_dask_worker(folder, workers=2)


def no_cluster(folder: Path):
    return class_area.ours(folder)
