"""What is wrong with records of works: their years, trees, belts, and where they lie."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from .coverage import shelterbelt_area
from .errors import Problem
from .geometry import STORE_CRS
from .parameters import constant
from .projects import numbers_in, survival_share
from .tables import faulty, read_data
from .units import M2_PER_HA

SURVIVALS = ("survival_pct", "survival_3yr_pct")
YEARS = ("start_year", "planted_year", "measured_year")
# statuses that claim that the work was done
DONE = ("done", "verified")
POLYGONAL = ("Polygon", "MultiPolygon", "GeometryCollection")
# of a work, so much outside is all of it: the rest is the rounding of coordinates
WHOLLY = 0.999
# half of a hundredth of a hectare, in which areas of belts are registered
ROUNDING_HA = 0.005


@dataclass(frozen=True)
class Asked:
    """
    What is known of a file of works beside its rows.

    Parameters
    ----------
    place : dict
        File and layer, for messages.
    fields : dict
        Our column name to the field of the file, for messages.
    report_year : int, optional
        Year of the report; without it, years are held against nothing.
    last_year : int, optional
        Last year that any data are of, where that is later: what was done by then is known.
    declared : collection of str
        Columns whose unit the user states, which is believed.
    """

    place: Mapping[str, str]
    fields: Mapping[str, str] = field(default_factory=dict)
    report_year: int | None = None
    last_year: int | None = None
    declared: Collection[str] = ()

    @property
    def known_until(self) -> float:
        """Return the last year that can be known of."""
        years = [year for year in (self.report_year, self.last_year) if year is not None]
        return max(years) if self.report_year is not None else np.inf

    def tell(
        self, code: str, bad: pd.Series, works: pd.DataFrame, *shown: str, rule: str = ""
    ) -> list[Problem]:
        """Tell the rows of a finding, with their values of some columns side by side."""
        if not bad.any():
            return []
        values = _side_by_side(works[bad], shown).reindex(works.index)
        name = self.fields.get(shown[0], shown[0])
        return faulty(code, bad, values, field=name, rule=rule, **self.place)


def check_projects(works: pd.DataFrame, asked: Asked) -> list[Problem]:
    """
    Find what is wrong with the columns of projects.

    Parameters
    ----------
    works : DataFrame
        Table ``projects``, numbers as numbers; a column that is missing is not checked.
    asked : Asked

    Returns
    -------
    problems : list of Problem
        Works that claim to be done after the last year of all data; other works after the
        report year (told);
        survival in shares; density of zero; more verified than done; belts too narrow or too
        small to be forest, or whose length and width contradict the area done.

    Examples
    --------
    >>> works = pd.DataFrame({"start_year": [2027.0, 2027.0], "done_ha": [0.0, 2.0]})
    >>> [one.code for one in check_projects(works, Asked({}, report_year=2025))]
    ['works_after_data', 'works_later']
    """
    start, done = numbers_in(works, "start_year"), numbers_in(works, "done_ha")
    status = works.get("status", pd.Series(index=works.index, dtype=object))
    claimed = done.gt(0.0) | numbers_in(works, "verified_ha").gt(0.0) | status.isin(DONE)
    unknown = start.gt(asked.known_until) & claimed
    bare = numbers_in(works, "density_trees_ha").eq(0.0) & _plants(works)
    more = numbers_in(works, "verified_ha") > done * (1.0 + 1e-9)
    return [
        *_whole_years(works, asked),
        *asked.tell("works_after_data", unknown, works, "start_year", "done_ha", "verified_ha",
                    "status", rule=str(asked.known_until)),
        *_later(works, "start_year", ~unknown, asked),
        *_survival(works, asked),
        *asked.tell("density_zero", bare, works, "density_trees_ha"),
        *asked.tell("verified_exceeds", more, works, "verified_ha", "done_ha"),
        *_belts(works, asked),
    ]  # fmt: skip


def check_four_side(records: pd.DataFrame, asked: Asked) -> list[Problem]:
    """
    Find what is wrong with the columns of four-side records.

    Parameters
    ----------
    records : DataFrame
        Table ``four_side``, numbers as numbers; a column that is missing is not checked.
    asked : Asked

    Returns
    -------
    problems : list of Problem
        Trees planted after the last year of all data, or after the report year (told); no
        trees or parts of trees; survival in shares; neither survival nor area; diameters
        measured before planting or after all data, or in a year that is not told.

    Examples
    --------
    >>> records = pd.DataFrame({"planted_year": [2023.0], "tree_count": [0.0],
    ...                         "survival_pct": [90.0]})
    >>> [one.code for one in check_four_side(records, Asked({}, report_year=2025))]
    ['trees_none']
    """
    planted, trees = numbers_in(records, "planted_year"), numbers_in(records, "tree_count")
    measured, last = numbers_in(records, "measured_year"), asked.known_until
    has_size = numbers_in(records, "dbh_cm").notna() | numbers_in(records, "height_m").notna()
    undated = has_size & measured.isna() & (asked.report_year is not None)
    unknown = survival_share(records).isna() & numbers_in(records, "done_ha").isna()
    year = str(last)
    return [
        *_whole_years(records, asked),
        *asked.tell("planted_after_data", planted.gt(last), records, "planted_year", rule=year),
        *_later(records, "planted_year", planted.le(last), asked),
        *asked.tell("trees_none", trees.le(0.0) | trees.mod(1.0).gt(0.0), records, "tree_count"),
        *_survival(records, asked),
        *asked.tell("survival_missing", unknown, records, "survival_pct"),
        *asked.tell("measured_after_data", measured.gt(last), records, "measured_year",
                    rule=year),
        *asked.tell("measured_before_planting", measured.lt(planted), records, "measured_year",
                    "planted_year"),
        *asked.tell("measured_year_assumed", undated, records, "measured_year",
                    rule=str(asked.report_year)),
    ]  # fmt: skip


def check_ground(
    works: gpd.GeoDataFrame,
    place: gpd.GeoDataFrame | None,
    measure: Callable[[gpd.GeoSeries], pd.Series],
    asked: Asked,
) -> list[Problem]:
    """
    Hold the polygons of projects against their areas and the boundary of the place.

    Parameters
    ----------
    works : GeoDataFrame
        Table ``projects`` with valid geometry.
    place : GeoDataFrame or None
        Boundary or towns of the place, where they are known.
    measure : callable
        Area of each shape, hectares.
    asked : Asked

    Returns
    -------
    problems : list of Problem
        Works without a polygon (told), works with more area done than their polygon holds,
        works that reach over the boundary, with the hectares outside, and works outside.

    Examples
    --------
    >>> field = gpd.GeoSeries([shapely.box(105.0, 29.0, 105.01, 29.01)], crs="EPSG:4490")
    >>> works = gpd.GeoDataFrame({"project_id": ["A"], "done_ha": [300.0]}, geometry=field)
    >>> area = lambda shapes: pd.Series(107.7, shapes.index)
    >>> [(one.code, one.value) for one in check_ground(works, None, area, Asked({}))]
    [('done_exceeds_ground', '300 / 107.7')]
    """
    drawn = works.geom_type.isin(POLYGONAL) & ~works.geometry.is_empty
    found = asked.tell("works_without_polygon", ~drawn, works, "project_id")
    works = works[drawn]
    works = works.assign(ground_ha=measure(works.geometry).round(4))
    allowed = works["ground_ha"] * (1.0 + constant("area_tolerance")) + constant("area_rounding_ha")
    more = numbers_in(works, "done_ha") > allowed
    found += asked.tell("done_exceeds_ground", more, works, "done_ha", "ground_ha")
    if place is None or not len(place):
        return found
    outside_ha = _outside_ha(works.geometry.to_crs(STORE_CRS), place, measure)
    works = works.assign(outside_ha=outside_ha.round(4))
    whole = outside_ha >= WHOLLY * works["ground_ha"]
    least = np.minimum(
        constant("parcel_area_min_ha"), constant("area_tolerance") * works["ground_ha"]
    )
    named = Asked(asked.place)
    return [
        *found,
        *named.tell("works_outside", whole, works, "project_id"),
        *named.tell("works_partly_outside", ~whole & (outside_ha > least), works,
                    "project_id", "outside_ha", "ground_ha"),
    ]  # fmt: skip


def check_trees_inside(
    records: pd.DataFrame, place: gpd.GeoDataFrame | None, asked: Asked
) -> list[Problem]:
    """
    Tell four-side records whose point lies outside the place.

    Parameters
    ----------
    records : DataFrame
        Table ``four_side``; points are in ``lon_deg`` and ``lat_deg`` (EPSG:4490).
    place : GeoDataFrame or None
        Boundary or towns of the place, where they are known.
    asked : Asked

    Returns
    -------
    problems : list of Problem
    """
    if place is None or not len(place) or not {"lon_deg", "lat_deg"} <= set(records):
        return []
    outline = place.to_crs(STORE_CRS).union_all()
    shapely.prepare(outline)
    known = records[["lon_deg", "lat_deg"]].notna().all(axis=1)
    inside = shapely.intersects_xy(outline, *records[["lon_deg", "lat_deg"]].to_numpy().T)
    return asked.tell("trees_outside", known & ~inside, records, "record_id", "lon_deg", "lat_deg")


def _outside_ha(
    shapes: gpd.GeoSeries, place: gpd.GeoDataFrame, measure: Callable[[gpd.GeoSeries], pd.Series]
) -> pd.Series:
    """Hectares of each shape outside the place."""
    outline = place.to_crs(STORE_CRS).union_all()
    shapely.prepare(outline)
    across = shapes[~shapely.covers(outline, np.asarray(shapes.array))]
    rest = gpd.GeoSeries(across.difference(outline), crs=STORE_CRS)
    return measure(rest).reindex(shapes.index, fill_value=0.0)


def _plants(works: pd.DataFrame) -> pd.Series:
    """Tell works that plant trees; those in standing forest need not."""
    types = read_data("project_types.csv").set_index("project_type")["method"]
    kind = works.get("project_type", pd.Series(index=works.index, dtype=object))
    said = works.get("work_kind", pd.Series(index=works.index, dtype=object))
    return kind.map(types).ne("improvement").where(said.isna(), said.eq("planting"))


def _later(works: pd.DataFrame, name: str, rest: pd.Series, asked: Asked) -> list[Problem]:
    """Tell works of a year after the report, which count for nothing in it."""
    if asked.report_year is None:
        return []
    late = numbers_in(works, name).gt(asked.report_year) & rest
    return asked.tell("works_later", late, works, name, rule=str(asked.report_year))


def _whole_years(works: pd.DataFrame, asked: Asked) -> list[Problem]:
    """Tell years that are no whole numbers."""
    return [
        problem
        for name in YEARS
        for problem in asked.tell("year_not_whole", numbers_in(works, name).mod(1.0).gt(0.0),
                                  works, name)
    ]  # fmt: skip


def _survival(works: pd.DataFrame, asked: Asked) -> list[Problem]:
    """Ask for the unit of survival that looks like shares; tell survival that rises."""
    found, shares = [], []
    for name in SURVIVALS:
        values = numbers_in(works, name)
        low = values.gt(0.0) & values.le(1.0)  # also where some rows are in percent
        if low.any() and name not in asked.declared:
            found += asked.tell("survival_is_share", low, works, name, rule=name)
            shares.append(name)
    if not shares:
        early, late = (numbers_in(works, name) for name in SURVIVALS)
        found += asked.tell("survival_rises", late.gt(early), works, *reversed(SURVIVALS))
    return found


def _belts(works: pd.DataFrame, asked: Asked) -> list[Problem]:
    """Tell belts that are no forest, and those whose size contradicts the area done."""
    names = ("belt_length_m", "belt_width_m", "belt_rows", "belt_row_spacing_m")
    length, width, rows, spacing = (numbers_in(works, name) for name in names)
    size_ha = length * width / M2_PER_HA
    is_belt = shelterbelt_area(length, width, rows, spacing).gt(0.0)
    done = numbers_in(works, "done_ha")
    apart = (size_ha - done).abs() > np.maximum(constant("area_tolerance") * size_ha, ROUNDING_HA)
    works = works.assign(belt_ha=size_ha.round(4))
    return [
        *asked.tell("belt_no_forest", size_ha.notna() & ~is_belt, works, *names),
        *asked.tell("belt_area_differs", apart & done.gt(0.0), works, "done_ha", "belt_ha"),
    ]


def _side_by_side(works: pd.DataFrame, names: tuple[str, ...]) -> pd.Series:
    """Write the values of some columns side by side, a dash where there is none."""
    texts = [
        works[name].map(lambda one: f"{one:.10g}" if isinstance(one, float) else str(one), "ignore")
        .astype(object).fillna("—")
        for name in names
        if name in works and (name == names[0] or works[name].notna().any())
    ]  # fmt: skip
    if not texts:
        return pd.Series("—", index=works.index, dtype=object)
    return texts[0].str.cat(texts[1:], sep=" / ") if len(texts) > 1 else texts[0]
