"""Area of every land-cover class in 40,000 parcels, on 18 million cells."""

from pathlib import Path

import geopandas as gpd
import ground
import numpy as np
from measure import Bench, Row, faster, largest_difference, race, within

# rasterstats measures one parcel in so many, and its time is scaled up
RASTERSTATS_STEP = 10
GOAL_EXACTEXTRACT = 40
GOAL_RASTERSTATS = 300


def make(folder: Path, quick: bool) -> None:
    parcels, cells = (900, 600) if quick else (40_000, 4243)
    ground.write_parcels(folder / "parcels.parquet", parcels, cells, seed=1)
    ground.write_raster(folder / "classes.tif", ground.class_pattern(seed=2), cells)
    make_few(folder)


def make_few(folder: Path) -> None:
    """Write the small data of the first call, which loads the compiled kernel."""
    ground.write_parcels(folder / "few.parquet", 4, 64, seed=3)
    ground.write_raster(folder / "few.tif", ground.class_pattern(seed=2), 64)


def call_once(folder: Path, **options) -> None:
    """Load the compiled kernel, which is not measured."""
    from carbon_sink.rasters import open_landcover
    from carbon_sink.zonal import class_area

    few = gpd.read_parquet(folder / "few.parquet")
    class_area(few, open_landcover(folder / "few.tif"), **options)


def measure(bench: Bench) -> list[Row]:
    folder = bench.place("class_area")
    make(folder, bench.quick)
    names = ["ours", "ours_two_workers", "exactextract_feature", "exactextract_raster", "ours_center",
             "rasterstats", "decode"]  # fmt: skip
    runs = race("class_area", names, folder, bench.rounds)
    ours, center, some = runs["ours"], runs["ours_center"], runs["rasterstats"]
    some.scaled_by = RASTERSTATS_STEP
    rows = [
        faster(
            "class_area", ours, runs[name], GOAL_EXACTEXTRACT,
            difference=largest_difference(ours, runs[name], "cells"),
        )
        for name in ("exactextract_feature", "exactextract_raster")
    ]  # fmt: skip
    two, best = runs["ours_two_workers"], runs["exactextract_raster"]
    rows.append(
        faster(
            "class_area", two, best, GOAL_EXACTEXTRACT, note="two threads",
            difference=largest_difference(two, best, "cells"),
        )
    )  # fmt: skip
    note = f"one parcel in {RASTERSTATS_STEP} measured, time scaled up; equality by the centre rule"
    if not center.absent:
        center.answer = center.answer[::RASTERSTATS_STEP]
    rows.append(
        faster(
            "class_area", ours, some, GOAL_RASTERSTATS, note=note,
            difference=largest_difference(center, some, "cells"),
        )
    )  # fmt: skip
    note = "the raster read and unpacked, nothing else"
    return [*rows, within("class_area", ours, runs["decode"], None, note=note)]


def cells_of(table, codes) -> np.ndarray:
    """Bring a table of class areas, in hectares, to cells and to the columns of the classes."""
    hectares = table.reindex(columns=codes, fill_value=0.0).to_numpy()
    return hectares * 10_000.0 / ground.CELL_M**2


def ours(folder: Path, **options):
    from carbon_sink.rasters import open_landcover
    from carbon_sink.zonal import class_area

    call_once(folder, **options)
    parcels = gpd.read_parquet(folder / "parcels.parquet")
    raster = open_landcover(folder / "classes.tif")
    yield
    area_ha = class_area(parcels, raster, **options)
    yield
    return cells_of(area_ha, ground.CODES)


def ours_two_workers(folder: Path):
    return ours(folder, workers=2)


def ours_center(folder: Path):
    return ours(folder, coverage="center")


def exactextract_feature(folder: Path, strategy: str = "feature-sequential"):
    from exactextract import exact_extract

    parcels = gpd.read_parquet(folder / "parcels.parquet")
    yield
    found = exact_extract(
        folder / "classes.tif", parcels, ["unique", "frac", "count"],
        strategy=strategy, output="pandas",
    )  # fmt: skip
    yield
    cells = np.zeros((len(parcels), len(ground.CODES)))
    for row, (codes, shares, count) in enumerate(found.itertuples(index=False)):
        cells[row, np.searchsorted(ground.CODES, codes)] = np.asarray(shares) * count
    return cells


def exactextract_raster(folder: Path):
    return exactextract_feature(folder, "raster-sequential")


def rasterstats(folder: Path):
    from rasterstats import zonal_stats

    parcels = gpd.read_parquet(folder / "parcels.parquet")[::RASTERSTATS_STEP]
    yield
    found = zonal_stats(parcels, str(folder / "classes.tif"), categorical=True)
    yield
    return np.array([[counts.get(code, 0) for code in ground.CODES.tolist()] for counts in found])


def decode(folder: Path):
    yield
    ground.decode(folder / "classes.tif")
    yield
    return np.zeros(0)
