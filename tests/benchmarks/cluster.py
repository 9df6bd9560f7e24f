"""Class areas of 250,000 parcels on 112 million cells by one worker of Dask and by two."""

from pathlib import Path

import class_area
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
    from carbon_sink.cluster import LOCAL, connected
    from carbon_sink.composition import compose

    with connected(LOCAL, workers) as client:
        client.run(class_area.call_once, folder)
        yield
        found = compose(folder / "parcels.parquet", folder / "classes.tif", scheduler=client)
        yield
    return cells_of(found)


def two_dask_workers(folder: Path):
    return one_dask_worker(folder, workers=2)


def no_cluster(folder: Path):
    from carbon_sink.composition import compose

    class_area.call_once(folder)
    yield
    found = compose(folder / "parcels.parquet", folder / "classes.tif")
    yield
    return cells_of(found)


def cells_of(found):
    """Bring the classes of every parcel to cells and to the columns of the classes."""
    names = {f"class_{code}_ha": code for code in ground.CODES}
    return class_area.cells_of(found.table.rename(columns=names), ground.CODES)
