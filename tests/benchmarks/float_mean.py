"""Mean, sum, least and greatest of a measured quantity in 40,000 parcels, on 18 million cells."""

from pathlib import Path

import geopandas as gpd
import ground
import numpy as np
from class_area import RASTERSTATS_STEP
from measure import Bench, Row, faster, largest_difference, race, within

STATISTICS = ["mean", "sum", "min", "max"]
HA_PER_CELL = ground.CELL_M**2 / 10_000.0


def make(folder: Path, quick: bool) -> None:
    parcels, cells = (900, 600) if quick else (40_000, 4243)
    ground.write_parcels(folder / "parcels.parquet", parcels, cells, seed=1)
    ground.write_raster(folder / "height.tif", ground.float_pattern(seed=4), cells)
    ground.write_parcels(folder / "few.parquet", 4, 64, seed=3)
    ground.write_raster(folder / "few.tif", ground.float_pattern(seed=4), 64)


def measure(bench: Bench) -> list[Row]:
    folder = bench.place("float_mean")
    make(folder, bench.quick)
    names = ["ours", "exactextract_feature", "exactextract_raster", "ours_center",
             "rasterstats", "decode"]  # fmt: skip
    runs = race("float_mean", names, folder, bench.rounds)
    ours, center, some = runs["ours"], runs["ours_center"], runs["rasterstats"]
    some.scaled_by = RASTERSTATS_STEP
    rows = [
        faster(
            "float_mean", ours, runs[name], None,
            difference=largest_difference(ours, runs[name]),
        )
        for name in ("exactextract_feature", "exactextract_raster")
    ]  # fmt: skip
    if not center.absent:
        center.answer = center.answer[::RASTERSTATS_STEP]
    note = f"one parcel in {RASTERSTATS_STEP} measured, time scaled up; equality by the centre rule"
    difference = largest_difference(center, some)
    rows.append(faster("float_mean", ours, some, None, note=note, difference=difference))
    note = "the raster read and unpacked, nothing else"
    return [*rows, within("float_mean", ours, runs["decode"], None, note=note)]


def ours(folder: Path, **options):
    from carbon_sink.rasters import open_values
    from carbon_sink.zonal import statistics

    # the first call loads the compiled kernel
    statistics(gpd.read_parquet(folder / "few.parquet"), open_values(folder / "few.tif"), **options)
    parcels = gpd.read_parquet(folder / "parcels.parquet")
    raster = open_values(folder / "height.tif")
    yield
    found = statistics(parcels, raster, **options)
    yield
    return found.assign(sum=found["sum"] / HA_PER_CELL)[STATISTICS].to_numpy()


def ours_center(folder: Path):
    return ours(folder, coverage="center")


def exactextract_feature(folder: Path, strategy: str = "feature-sequential"):
    from exactextract import exact_extract

    parcels = gpd.read_parquet(folder / "parcels.parquet")
    yield
    found = exact_extract(
        folder / "height.tif", parcels, STATISTICS, strategy=strategy, output="pandas"
    )
    yield
    return found[STATISTICS].to_numpy()


def exactextract_raster(folder: Path):
    return exactextract_feature(folder, "raster-sequential")


def rasterstats(folder: Path):
    from rasterstats import zonal_stats

    parcels = gpd.read_parquet(folder / "parcels.parquet")[::RASTERSTATS_STEP]
    yield
    found = zonal_stats(parcels, str(folder / "height.tif"), stats=STATISTICS)
    yield
    return np.array([[row[name] for name in STATISTICS] for row in found])


def decode(folder: Path):
    yield
    ground.decode(folder / "height.tif")
    yield
    return np.zeros(0)
