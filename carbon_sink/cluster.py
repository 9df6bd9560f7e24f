"""The same measurements past one machine: parts of polygons and of rasters on Dask."""

import logging
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
import xarray as xr

from .errors import CarbonSinkError, FileError, Problem, SettingsError
from .grids import grid_of
from .zonal import Measure, class_area, class_quanta, quanta_to_ha

if TYPE_CHECKING:
    from distributed import Client, Future

LOCAL = "local"
# polygons of a part; fewer polygons than that are cut by the rows of the raster instead
PART_POLYGONS = 10_000
# cells of the raster in such a strip of rows
STRIP_CELLS = 32_000_000
# jobs sent to a worker before it asks for them
JOBS_AHEAD = 3
# how long to look for a scheduler, and for its first worker
WAIT_S = 15


@contextmanager
def connected(scheduler: "str | Client", workers: int = 1) -> Iterator["Client"]:
    """
    Connect to a Dask scheduler, or start workers on this machine.

    Parameters
    ----------
    scheduler : str or Client
        Address such as ``tcp://10.0.0.5:8786``, or ``local``; a client is used as it is.
    workers : int
        Worker processes to start when the scheduler is ``local``.

    Yields
    ------
    client : distributed.Client

    Raises
    ------
    FileError
        If Dask is not installed, the scheduler does not answer, or it has no workers.
    SettingsError
        If there is not one worker at least.
    """
    check_workers(workers)
    if not isinstance(scheduler, str):
        yield scheduler
        return
    try:
        from distributed import Client, LocalCluster  # noqa: PLC0415
    except ImportError:
        raise FileError(Problem("cluster_not_installed")) from None
    if scheduler == LOCAL:
        # one thread a worker: the kernel of a part is busy with one core
        with (
            LocalCluster(n_workers=workers, threads_per_worker=1, dashboard_address=":0") as own,
            Client(own) as client,
        ):
            yield client
        return
    try:
        client = Client(scheduler, timeout=WAIT_S)
        client.wait_for_workers(1, timeout=WAIT_S)
    except (OSError, ValueError, TimeoutError) as error:
        raise FileError(Problem("cluster_unreachable", value=scheduler, rule=str(error))) from None
    with _quiet(), client:
        yield client


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep Dask from printing a traceback when the scheduler is gone; we say so in our words."""
    log = logging.getLogger("distributed.client")
    before = log.level
    log.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        log.setLevel(before)


def check_workers(workers: int) -> None:
    """
    Refuse to work without a worker.

    Raises
    ------
    SettingsError
        If there is not one worker at least.
    """
    if workers < 1:
        raise SettingsError(Problem("workers_none", value=str(workers)))


@contextmanager
def measuring(workers: int = 1, scheduler: "str | Client" = "") -> Iterator[Measure]:
    """
    Give the function that measures class areas: here, or on a cluster.

    Parameters
    ----------
    workers : int
        Threads here, or processes of a cluster on this machine.
    scheduler : str
        Address of a scheduler, ``local``, or empty for no cluster.

    Yields
    ------
    measure : callable
        Takes polygons and a raster as ``zonal.class_area`` does, and gives the same areas to
        the last bit.

    Raises
    ------
    FileError, SettingsError
        As for ``connected``.
    """
    check_workers(workers)
    if not scheduler:
        yield partial(class_area, workers=workers)
        return
    with connected(scheduler, workers) as client:
        yield partial(class_area_on, client)


def class_area_on(
    client: "Client",
    polygons: gpd.GeoSeries | gpd.GeoDataFrame,
    raster: xr.DataArray,
    *,
    coverage: str = "exact",
) -> pd.DataFrame:
    """
    Area of each raster class in each polygon, measured by the workers of a cluster.

    Parameters
    ----------
    client : distributed.Client
    polygons, raster, coverage
        As for ``zonal.class_area``; workers open the file of the raster themselves, so it
        must be at the same path for all of them.

    Returns
    -------
    area_ha : DataFrame
        That of ``zonal.class_area``, to the last bit.
    """
    quanta = class_quanta_on(client, polygons, raster, coverage=coverage)
    return quanta_to_ha(quanta, grid_of(raster), coverage)


def class_quanta_on(
    client: "Client",
    polygons: gpd.GeoSeries | gpd.GeoDataFrame,
    raster: xr.DataArray,
    *,
    coverage: str = "exact",
) -> pd.DataFrame:
    """
    Measure areas in whole quanta on the workers of a cluster.

    Parameters
    ----------
    client, polygons, raster, coverage
        As for ``class_area_on``.

    Returns
    -------
    quanta : DataFrame of int64
        That of ``zonal.class_quanta``.

    Notes
    -----
    Many polygons are cut into parts that lie together; few large ones are measured strip by
    strip of the raster, and the whole quanta of the strips are added pair by pair.
    """
    polygons = polygons.geometry
    # a raster travels as the path of its file, and polygons with the work, so that a worker
    # that dies takes nothing along that another would miss
    measure = partial(_part_quanta, crs=polygons.crs, raster=raster, coverage=coverage)
    if len(polygons) <= PART_POLYGONS:
        rows, columns = raster.shape
        step = max(1, STRIP_CELLS // columns)
        job = partial(measure, polygons.to_wkb().to_numpy())
        strips = [
            client.submit(_done, partial(job, rows=(top, min(top + step, rows))), pure=False)
            for top in range(0, rows, step)
        ]
        with _losses(client):
            return _result(_added(client, strips)).set_axis(polygons.index)
    order = np.argsort(polygons.hilbert_distance().to_numpy(), kind="stable")
    members = np.array_split(order, -(-len(order) // PART_POLYGONS))
    jobs = (partial(measure, polygons.iloc[one].to_wkb().to_numpy()) for one in members)
    return joined(_fed(client, jobs)).iloc[np.argsort(order)].set_axis(polygons.index)


def _part_quanta(
    shapes: np.ndarray,
    crs: Any,
    raster: xr.DataArray,
    coverage: str,
    rows: tuple[int, int] | None = None,
) -> pd.DataFrame:
    """Measure polygons that came as bytes, which travel ten times faster than geometries."""
    polygons = gpd.GeoSeries.from_wkb(shapes, crs=crs)
    return class_quanta(polygons, raster, coverage=coverage, rows=rows)


def joined(tables: list[pd.DataFrame]) -> pd.DataFrame:
    """Put tables of quanta of different polygons under each other, their classes in order."""
    quanta = pd.concat(tables).fillna(0).astype(np.int64)
    return quanta[sorted(quanta.columns)].rename_axis(columns="class_code")


def each(client: "Client", work: Callable[..., Any], parts: list) -> list:
    """
    Do the same work on every part, on the workers of a cluster.

    Parameters
    ----------
    client : distributed.Client
    work : callable
        Called with a part.
    parts : list
        What the work is done on.

    Returns
    -------
    results : list
        In the order of the parts. Parts of a worker that died are done again by another.
    """
    return _fed(client, (partial(work, part) for part in parts))


def _fed(client: "Client", jobs: Iterable[Callable[[], Any]]) -> list:
    """Do jobs on the workers, a few ahead of what they can do, so that few wait in memory."""
    from distributed import as_completed  # noqa: PLC0415

    with _losses(client):
        ahead = JOBS_AHEAD * max(1, sum(client.nthreads().values()))
        results, numbers, running = {}, {}, as_completed()
        for number, job in enumerate(jobs):
            future = client.submit(_done, job, pure=False)
            numbers[future.key] = number
            running.add(future)
            if running.count() >= ahead:
                ready = next(running)
                results[numbers[ready.key]] = _result(ready)
        for ready in running:
            results[numbers[ready.key]] = _result(ready)
    return [results[number] for number in sorted(results)]


class _Refused(NamedTuple):
    """
    Problems found by a worker, as a result.

    As an error they would take along those of libraries behind them, which cannot travel, and
    the worker would print a traceback.
    """

    kind: type[CarbonSinkError]
    problems: list[Problem]


def _done(job: Callable[[], Any]) -> Any:
    """Do a job on a worker."""
    try:
        return job()
    except CarbonSinkError as error:
        return _Refused(type(error), error.problems)


def _result(future: "Future") -> Any:
    """Wait for a result, and raise the problems where it is one of those."""
    found = future.result()
    if isinstance(found, _Refused):
        raise found.kind(found.problems)
    return found


@contextmanager
def _losses(client: "Client") -> Iterator[None]:
    """Turn what Dask says of workers and schedulers that are gone into a message."""
    from distributed import CancelledError, KilledWorker  # noqa: PLC0415
    from distributed.comm import CommClosedError  # noqa: PLC0415

    try:
        yield
    except (CancelledError, KilledWorker, CommClosedError, TimeoutError) as error:
        where = client.scheduler.address if client.scheduler else ""
        raise FileError(Problem("cluster_lost", value=where, rule=str(error))) from None


def _added(client: "Client", tables: list["Future"]) -> "Future":
    """Add tables of whole numbers pair by pair, on the workers."""
    while len(tables) > 1:
        pairs = zip(tables[::2], tables[1::2], strict=False)
        odd = tables[-1:] if len(tables) % 2 else []
        tables = [client.submit(_sum, *pair, pure=False) for pair in pairs] + odd
    return tables[0]


def _sum(first: pd.DataFrame | _Refused, second: pd.DataFrame | _Refused) -> Any:
    """Add two tables of quanta of the same polygons; a class that only one has is kept."""
    for one in (first, second):
        if isinstance(one, _Refused):
            return one
    codes = sorted({*first.columns, *second.columns})
    first, second = (one.reindex(columns=codes, fill_value=0) for one in (first, second))
    return first + second
