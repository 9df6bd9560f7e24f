"""The same areas on a cluster, to the last bit, also when a worker dies."""

import json
import os
import signal
import subprocess
import sys
import threading
import time

import geopandas as gpd
import numpy as np
import pytest
import shapely
from conftest import write_landcover

from carbon_sink import cluster, readers
from carbon_sink.cluster import class_area_on, connected, each, measuring
from carbon_sink.composition import compose
from carbon_sink.errors import FileError, SettingsError
from carbon_sink.rasters import open_landcover
from carbon_sink.readers import parts
from carbon_sink.zonal import class_area

pytest.importorskip("distributed")


@pytest.fixture(scope="module")
def workers():
    with connected("local", 2) as client:
        yield client


@pytest.fixture
def place(tmp_path):
    """Sixty round polygons over a raster of five classes; their layer and the raster's path."""
    rng = np.random.default_rng(8)
    codes = rng.choice([10, 20, 40, 50, 80], size=(300, 400)).astype("uint8")
    path = write_landcover(tmp_path / "cover.tif", codes)
    centres = shapely.points(rng.uniform([104.98, 29.2], [105.42, 29.54], size=(60, 2)))
    shapes = shapely.buffer(centres, rng.uniform(0.001, 0.03, 60))
    layer = gpd.GeoDataFrame(
        {"name": [f"p{n}" for n in range(60)]}, geometry=shapes, crs="EPSG:4490"
    )
    return layer, path


@pytest.mark.parametrize(("polygons", "cells"), [(1_000, 40_000), (7, 10**9), (1_000, 10**9)])
def test_areas_are_the_same_to_the_last_bit(workers, place, monkeypatch, polygons, cells):
    layer, path = place
    monkeypatch.setattr(cluster, "PART_POLYGONS", polygons)
    monkeypatch.setattr(cluster, "STRIP_CELLS", cells)
    raster = open_landcover(path)
    found = class_area_on(workers, layer.set_index("name"), raster)
    assert found.equals(class_area(layer.set_index("name"), raster))


@pytest.mark.parametrize("polygons", [5, 1_000])
def test_a_worker_that_dies_costs_time_and_no_area(workers, place, monkeypatch, polygons):
    layer, path = place
    monkeypatch.setattr(cluster, "PART_POLYGONS", polygons)
    monkeypatch.setattr(cluster, "STRIP_CELLS", 20_000)
    raster = open_landcover(path)
    workers.wait_for_workers(2)
    victims = list(workers.run(os.getpid).values())
    os.kill(victims[0], signal.SIGKILL)
    later = threading.Timer(0.3, os.kill, (victims[1], signal.SIGKILL))
    later.start()
    found = class_area_on(workers, layer, raster)
    later.join()
    assert found.equals(class_area(layer, raster))


def test_parts_of_a_file_are_measured_by_the_workers(place, tmp_path, monkeypatch):
    layer, path = place
    file = tmp_path / "layer.parquet"
    layer.to_parquet(file, row_group_size=16)
    monkeypatch.setattr(parts, "PART_ROWS", 16)
    here = compose(file, path)
    there = compose(file, path, scheduler="local", workers=2)
    assert len(there.parts) == 4
    assert there.table.equals(here.table)


def test_one_part_is_cut_by_the_rows_of_the_raster(place, tmp_path):
    layer, path = place
    layer.to_file(tmp_path / "layer.gpkg")
    there = compose(tmp_path / "layer.gpkg", path, scheduler="local", workers=1)
    assert there.table.equals(compose(tmp_path / "layer.gpkg", path).table)


def test_problems_found_by_workers_reach_the_user(workers, place, tmp_path):
    layer, _path = place
    layer.to_file(tmp_path / "layer.gpkg")
    cut = readers.parts_of(tmp_path / "layer.gpkg")
    (tmp_path / "layer.gpkg").write_bytes(b"broken in the meantime")
    # what GDAL says of it cannot travel between processes
    with pytest.raises(FileError, match=r"layer\.gpkg"):
        each(workers, readers.read_part, cut)


@pytest.mark.parametrize("cells", [20_000, 10**9])
def test_a_raster_that_workers_do_not_find_is_named(workers, place, monkeypatch, cells):
    layer, path = place
    monkeypatch.setattr(cluster, "STRIP_CELLS", cells)
    raster = open_landcover(path)
    path.unlink()  # after it was opened: what a worker on another machine may meet
    with pytest.raises(FileError, match=r"cover\.tif"):
        class_area_on(workers, layer, raster)


def test_workers_in_another_folder_find_the_parts(workers, place, tmp_path, monkeypatch):
    layer, path = place
    layer.to_file(tmp_path / "layer.gpkg")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(parts, "PART_ROWS", 30)
    assert len(compose("layer.gpkg", path, scheduler=workers).table) == 60


def test_work_that_ends_its_workers_is_told(workers):
    with pytest.raises(FileError, match="失去了集群"):
        each(workers, os._exit, [1])


def test_a_scheduler_that_is_gone_is_told_in_one_message(tmp_path, capfd):
    start = [sys.executable, "-m"]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    file = tmp_path / "scheduler.json"
    scheduler = subprocess.Popen(
        [*start, "distributed.cli.dask_scheduler", "--host", "127.0.0.1", "--port", "0",
         "--no-dashboard", "--scheduler-file", str(file)], **quiet,
    )  # fmt: skip
    worker = subprocess.Popen(
        [*start, "distributed.cli.dask_worker", "--scheduler-file", str(file), "--no-nanny",
         "--no-dashboard", "--death-timeout", "30"], **quiet,
    )  # fmt: skip
    try:
        while not file.exists():
            time.sleep(0.05)
        with connected(json.loads(file.read_text())["address"]) as client:
            threading.Timer(0.5, scheduler.kill).start()
            with pytest.raises(FileError, match="失去了集群"):
                each(client, time.sleep, [60])
        assert "Traceback" not in capfd.readouterr().err
    finally:
        scheduler.kill()
        worker.kill()


def test_measuring_is_done_here_unless_a_scheduler_is_named(place):
    layer, path = place
    raster = open_landcover(path)
    with measuring(workers=2) as measure:
        assert measure(layer, raster).equals(class_area(layer, raster))


def test_without_a_worker_nothing_is_started():
    for scheduler in ("", "local"):
        with pytest.raises(SettingsError, match="-2"), measuring(-2, scheduler):
            pass


def test_a_scheduler_that_does_not_answer_is_named(monkeypatch):
    monkeypatch.setattr(cluster, "WAIT_S", 1)
    with pytest.raises(FileError, match=r"127\.0\.0\.1:9"), connected("tcp://127.0.0.1:9"):
        pass
