"""Reads a layer of polygons part by part, and checks every row on the way."""

from collections.abc import Callable
from dataclasses import dataclass, field

import geopandas as gpd
import numpy as np
import pandas as pd

from .. import quality
from ..errors import Problem, TableError
from ..geometry import ellipsoidal_area_ha
from ..readers import Source, Understanding, parts_of, read_parts, stands_of
from ..tables import joined

OUTSIDE_MOST = 0.01  # share of the land area that parcels may lie outside the boundary


@dataclass(frozen=True)
class Ground:
    """
    What the parcels of an inventory are held against; without it they stand for themselves.

    ``area_ha`` measures polygons (hectares), ``year`` is that of the inventory and
    ``land_area_ha`` the land area of the place.
    """

    towns: gpd.GeoDataFrame | None = None
    boundary: gpd.GeoDataFrame | None = None
    year: int | None = None
    land_area_ha: float | None = None
    area_ha: Callable[[gpd.GeoSeries], pd.Series] = ellipsoidal_area_ha


@dataclass
class Survey:
    """
    What a layer holds, and everything that was found in it.

    ``keys`` gives the key of the stand in each row; ``bounds`` are in the system of the layer.
    """

    source: Source
    problems: list[Problem] = field(default_factory=list)
    keys: pd.Series = field(default_factory=lambda: pd.Series(dtype=object))
    rows: int = 0
    area_ha: float = 0.0
    bounds: tuple[float, float, float, float] = (np.inf, np.inf, -np.inf, -np.inf)
    crs: object = None
    kinds: set[str] = field(default_factory=set)


def survey_layer(
    source: Source,
    known: Understanding | None = None,
    ground: Ground = Ground(),
    on_part: Callable[[gpd.GeoDataFrame], None] = lambda _: None,
) -> Survey:
    """
    Check every row of a layer.

    Parameters
    ----------
    source : Source
        The layer.
    known : Understanding, optional
        How the columns of an inventory are to be read; without it only shapes are checked.
    ground : Ground
        What the parcels are held against.
    on_part : callable
        Called with the good rows of each part: under our names, repaired, with ``area_ha`` and
        ``town_code``.

    Returns
    -------
    survey : Survey
        With all problems of the layer, each told once. No part is kept.
    """
    survey = Survey(source)
    found = [*source.notes, *(known.problems if known is not None else ())]
    fields = True if known is None else list(dict.fromkeys(known.fields.values()))
    keys, changed_ha, outside_ha = [], 0.0, 0.0
    for rows in read_parts(parts_of(source), fields=fields):
        found += rows.attrs.get("notes", [])
        _measure(survey, rows)
        if known is not None:
            rows, problems = stands_of(rows, known)  # noqa: PLW2901
            found += problems
            keys.append(rows["stand_id"])
        good, problems, changed = _mended(rows, source)
        found += problems
        changed_ha += changed
        good["area_ha"] = ground.area_ha(good.geometry)
        survey.area_ha += float(good["area_ha"].sum())
        if known is not None:
            good, problems, outside = _on_ground(good, known, ground)
            found += problems
            outside_ha += outside
        on_part(good)
    survey.keys = pd.concat(keys) if keys else survey.keys
    survey.problems = joined([*found, *_of_place(survey, ground, outside_ha)])
    return survey


def _mended(rows: gpd.GeoDataFrame, source: Source) -> tuple[gpd.GeoDataFrame, list, float]:
    """Repair shapes, and leave out rows that have none to be measured."""
    place = source.place
    try:
        return quality.mend_polygons(rows, file=place["file"], name=place["layer"])
    except TableError as error:
        return rows.iloc[:0].copy(), error.problems, 0.0


def _measure(survey: Survey, rows: gpd.GeoDataFrame) -> None:
    """Note how many rows there are, where they lie and of what kind they are."""
    survey.rows += len(rows)
    survey.crs = rows.crs
    west, south, east, north = rows.total_bounds
    box = survey.bounds
    survey.bounds = (
        np.fmin(box[0], west), np.fmin(box[1], south), np.fmax(box[2], east), np.fmax(box[3], north)
    )  # fmt: skip
    survey.kinds |= set(rows.geom_type.dropna().unique())


def _on_ground(
    stands: gpd.GeoDataFrame, known: Understanding, ground: Ground
) -> tuple[gpd.GeoDataFrame, list[Problem], float]:
    """Give every stand its town, and see that it lies in the place."""
    place, problems, outside_ha = known.source.place, [], 0.0
    if ground.towns is not None and len(ground.towns):
        field = known.fields.get("town_code", "town_code")
        stands, problems = quality.assign_towns(stands, ground.towns, field=field, **place)
    elif "town_code" not in stands:
        stands["town_code"] = None
    if ground.boundary is not None:
        found, outside_ha = quality.outside(stands, ground.boundary, **place)
        problems += found
    return stands, problems, outside_ha


def _of_place(survey: Survey, ground: Ground, outside_ha: float) -> list[Problem]:
    """Compare the whole layer with the land of the place."""
    land_ha = ground.land_area_ha
    if not land_ha:
        return []
    found = quality.check_extent(survey.area_ha, land_ha, **survey.source.place)
    if outside_ha > OUTSIDE_MOST * land_ha:
        found.append(
            Problem("stands_outside", value=f"{outside_ha:,.2f}", rule=f"{OUTSIDE_MOST:.0%}",
                    **survey.source.place)
        )  # fmt: skip
    return found
