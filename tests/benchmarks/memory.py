"""Peak memory of class areas when the raster grows 4 and 16 times and the parcels do not."""

import class_area
import ground
from measure import Bench, Row, race

GROWTH = (1, 4, 16)
AT_MOST = 1.2


def measure(bench: Bench) -> list[Row]:
    parcels, cells = (900, 500) if bench.quick else (10_000, 5000)
    runs = {}
    for growth in GROWTH:
        folder = bench.place(f"memory_{growth}")
        class_area.make_few(folder)
        side = cells * round(growth**0.5)
        ground.write_parcels(folder / "parcels.parquet", parcels, side, seed=1)
        ground.write_raster(folder / "classes.tif", ground.class_pattern(seed=2), side)
        runs[growth] = race("class_area", ["ours"], folder, bench.rounds)["ours"]
        runs[growth].name = f"ours, {side**2 / 1e6:.0f} Mpx"
    rows = []
    for growth in GROWTH[1:]:
        row = Row("memory", runs[growth], runs[1], note="ratio of peak memory, not of time")
        if not runs[growth].absent:
            row.ratio = runs[growth].peak_mb / runs[1].peak_mb
            row.goal, row.met = f"≤ {AT_MOST:g}×", row.ratio <= AT_MOST
        rows.append(row)
    return rows
