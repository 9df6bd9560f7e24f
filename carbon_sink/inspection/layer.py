"""Reads a layer of polygons part by part, and checks every row on the way."""

from collections.abc import Callable
from dataclasses import dataclass, field

import geopandas as gpd
import numpy as np
import pandas as pd

from .. import quality
from ..errors import Problem, worst
from ..geometry import ellipsoidal_area_ha
from ..readers import (
    AreaUnits,
    Source,
    Understanding,
    parts_of,
    raw_problems,
    read_parts,
    stands_of,
)
from ..tables import faulty, joined
from .memory import give_back

# doubts of the unit of areas that come from the system when that is wrong
UNIT_DOUBTS = ("unit_unclear", "unit_to_confirm", "unit_mixed")
# share of the rows of a part that may lie elsewhere; where more do, the system is wrong
ASTRAY_MOST = 0.5
AREA = "registered_area_ha"
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

    @property
    def outline(self) -> gpd.GeoDataFrame | None:
        """Return the boundary, else the towns, else nothing."""
        if self.boundary is not None:
            return self.boundary
        return self.towns if self.towns is not None and len(self.towns) else None


@dataclass
class Survey:
    """
    What a layer holds, and everything that was found in it.

    ``keys`` gives the key of the stand in each row, ``bounds`` are in the system of the layer,
    ``is_placed`` tells whether that system says where on earth they are,
    and ``topology`` says how its polygons lie to each other.
    """

    source: Source
    known: Understanding | None = None
    problems: list[Problem] = field(default_factory=list)
    keys: pd.Series = field(default_factory=lambda: pd.Series(dtype=object))
    rows: int = 0
    area_ha: float = 0.0
    bounds: tuple[float, float, float, float] = (np.inf, np.inf, -np.inf, -np.inf)
    crs: object = None
    is_placed: bool = True
    year: int | None = None
    kinds: set[str] = field(default_factory=set)
    topology: quality.Topology | None = None


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
        With all problems of the layer, each told once. No part is kept in memory.
    """
    fields = True if known is None else list(dict.fromkeys(known.fields.values()))
    with quality.Shelf() as shelf:
        check = _Check(source, known, ground, shelf)
        for rows in read_parts(parts_of(source), fields=fields, placeless=True):
            placed = check.placed_rows(rows)
            if placed is not None:
                on_part(check.add(placed))
            else:  # nothing can be measured, but what is no polygon can still be told
                check.add_unplaced(rows)
            give_back()
        return check.finish()


class _Check:
    """Gathers what is found in the parts of a layer, in little memory."""

    def __init__(
        self, source: Source, known: Understanding | None, ground: Ground, shelf: quality.Shelf
    ) -> None:
        self.known, self.ground, self.shelf = known, ground, shelf
        self.survey = Survey(source, known, year=ground.year)
        fields = None if known is None else list(known.fields.values())
        self.found = [*source.notes, *raw_problems(source, fields)]
        self.found += known.problems if known is not None else ()
        self.place = source.place
        self.named = {"file": self.place["file"], "name": self.place["layer"]}
        self.fields = {} if known is None else {
            ours: theirs for ours, theirs in known.fields.items() if ours not in known.empty
        }  # fmt: skip
        empty = [] if known is None else [known.fields[name] for name in sorted(known.empty)]
        self.whole = quality.WholeFile(self.place, self.fields, ground.year, empty)
        self.keys: list[pd.Series] = []
        self.repairs: list[Problem] = []
        self.changed_ha = self.outside_ha = 0.0
        self.strays = np.zeros(2, dtype=int)
        self.unplaced: list[Problem] = []
        self.units: AreaUnits | None = None
        if known is not None and AREA in known.fields and AREA not in known.unsure:
            self.units = AreaUnits(known.units.get(AREA, "ha"))

    def placed_rows(self, rows: gpd.GeoDataFrame) -> gpd.GeoDataFrame | None:
        """Return the rows that lie where their system is meant for; nothing where most do not."""
        survey = self.survey
        survey.rows += len(rows)
        survey.crs = rows.crs
        survey.kinds |= set(rows.geom_type.dropna().unique())
        if rows.crs is not None and survey.is_placed:
            boxes = rows.bounds.to_numpy()
            off = quality.off_system(rows.crs, boxes)
            if off.any() and off.mean() <= ASTRAY_MOST:
                shown = pd.Series([self._corner(box) for box in boxes], index=rows.index)
                self.found += faulty(
                    "shape_astray", pd.Series(off, index=rows.index), shown,
                    field=rows.geometry.name, rule=rows.crs.name, **self.place,
                )  # fmt: skip
                rows = rows[~off]
        self._reach(tuple(rows.total_bounds))
        wrong = quality.check_system(rows.crs, tuple(rows.total_bounds), place=self.place)
        if rows.crs is None or worst(wrong) == "refuse":
            survey.is_placed = False
            self.unplaced = self.unplaced or [one for one in wrong if one.severity == "refuse"]
        return rows if survey.is_placed else None

    @staticmethod
    def _corner(box: np.ndarray) -> str:
        """Write down where a shape begins."""
        return f"{box[0]:.8g} {box[1]:.8g}"

    def _reach(self, bounds: tuple[float, float, float, float]) -> None:
        """Widen the extent of the layer."""
        (west, south, east, north), box = bounds, self.survey.bounds
        self.survey.bounds = (
            float(np.fmin(box[0], west)), float(np.fmin(box[1], south)),
            float(np.fmax(box[2], east)), float(np.fmax(box[3], north)),
        )  # fmt: skip

    def add_unplaced(self, rows: gpd.GeoDataFrame) -> None:
        """Check what can be checked where it is not known where rows lie."""
        self.found += rows.attrs.get("notes", [])
        self.found += quality.find_unfit(rows, **self.named)

    def add(self, rows: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
        """Check the rows of a part; return those that can be counted."""
        notes = rows.attrs.get("notes", [])
        self.found += notes
        rows = rows.drop(index=_refused_rows(notes))
        unread = pd.Index([])
        if self.known is not None:
            rows, found = stands_of(rows, self.known)
            self.found += found
            self.keys.append(rows["stand_id"])
            unread = _refused_rows(found)
        good, found, changed_ha = quality.mend_polygons(rows, **self.named)
        self.repairs += found
        self.changed_ha += changed_ha
        good = good.assign(area_ha=self.ground.area_ha(good.geometry))
        self.survey.area_ha += float(good["area_ha"].sum())
        self.shelf.add(good.geometry, good["area_ha"])
        if self.known is None:
            return good
        # a cell that could not be read is told once, and not as a missing one again
        self._rules(good[~good.index.isin(unread)])
        return self._placed(good)

    def _rules(self, stands: gpd.GeoDataFrame) -> None:
        """Hold stands against the rules of figures and sizes."""
        self.found += quality.find_slivers(stands, stands["area_ha"], **self.named)
        self.found += quality.check_rules(
            stands, place=self.place, year=self.ground.year, fields=self.fields
        )
        self.whole.add(stands)
        if self.units is not None:
            self.units.add(stands[AREA], stands["area_ha"])

    def _placed(self, stands: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
        """Hold stands against the towns and the boundary."""
        towns = self.ground.towns
        if towns is not None and len(towns):
            field_ = self.fields.get("town_code", "town_code")
            stands, found = quality.assign_towns(stands, towns, field=field_, **self.place)
            self.found += found
        elif "town_code" not in stands:
            stands = stands.assign(town_code=None)
        if self.ground.boundary is not None:
            found, outside_ha = quality.outside(stands, self.ground.boundary, **self.place)
            self.found += found
            self.outside_ha += outside_ha
            self.strays += quality.strays(stands, self.ground.boundary)
        return stands

    def finish(self) -> Survey:
        """Answer what only the whole layer can, and join what the parts have told."""
        survey = self.survey
        survey.keys = pd.concat(self.keys) if self.keys else survey.keys
        # areas that were measured in a wrong system say nothing
        doubts = () if survey.is_placed else UNIT_DOUBTS
        found = [one for one in self.found if one.code not in doubts] + self._of_place()
        found += quality.judge_repairs(self.repairs, self.changed_ha, survey.area_ha)
        if self.known is not None:
            found += self.whole.finish() if survey.is_placed else []
        if self.units is not None and survey.is_placed:
            found += self.units.finish(field=self.fields[AREA], **self.place)
        if len(self.shelf) and survey.is_placed:
            survey.topology = quality.survey(self.shelf)
            found += quality.judge_topology(survey.topology, **self.named)
        survey.problems = joined(found)
        return survey

    def _of_place(self) -> list[Problem]:
        """Compare the whole layer with the place it should lie on."""
        survey, outline, land_ha = self.survey, self.ground.outline, self.ground.land_area_ha
        found = quality.check_system(survey.crs, survey.bounds, place=self.place, reference=outline)
        if not survey.is_placed:
            # the whole may reach to where the system is meant for although a part does not
            return found if worst(found) == "refuse" else [*self.unplaced, *found]
        if self.ground.boundary is not None:
            found += quality.judge_strays(self.strays, self.ground.boundary, **self.place)
        if land_ha:
            found += quality.check_extent(survey.area_ha, land_ha, **self.place)
            if self.outside_ha > OUTSIDE_MOST * land_ha:
                found.append(
                    Problem("stands_outside", value=f"{self.outside_ha:,.2f}",
                            rule=f"{OUTSIDE_MOST:.0%}", **self.place)
                )  # fmt: skip
        return found


def _refused_rows(problems: list[Problem]) -> pd.Index:
    """Return the rows that hold a cell which could not be read."""
    rows = [one.cells.index for one in problems
            if one.cells is not None and one.severity == "refuse"]  # fmt: skip
    return rows[0].append(rows[1:]).unique() if rows else pd.Index([])
