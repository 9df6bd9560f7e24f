"""The whole computation of a district, before maps and reports, against reading its inputs."""

from pathlib import Path

import class_area
import geopandas as gpd
import ground
import numpy as np
from measure import Bench, Row, race, within

POLYGONS = 40_000
AT_MOST = 6


def measure(bench: Bench) -> list[Row]:
    from carbon_sink.demo import write_demo

    folder = bench.place("district")
    class_area.make_few(folder)
    write_demo(folder / "data", polygons=500 if bench.quick else POLYGONS)
    runs = race("district", ["ours", "floor"], folder, bench.rounds)
    note = "read, check and compute; no map, no report, against reading and unpacking the inputs"
    return [within("district", runs["ours"], runs["floor"], AT_MOST, note=note)]


def ours(folder: Path):
    from carbon_sink.intake import read_inputs
    from carbon_sink.pipeline import compute
    from carbon_sink.settings import load_settings

    class_area.call_once(folder)
    settings = load_settings(folder / "data" / "settings.toml")
    yield
    compute(settings, read_inputs(settings))
    yield
    return np.zeros(0)


def floor(folder: Path):
    files = sorted((folder / "data").iterdir())
    yield
    for path in files:
        if path.suffix in {".gpkg", ".geojson"}:
            gpd.read_file(path)
        elif path.suffix == ".tif":
            ground.decode(path)
    yield
    return np.zeros(0)
