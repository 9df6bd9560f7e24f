"""Whether an interpreted reference sample still is the one that was drawn, and was looked at."""

import geopandas as gpd
import pandas as pd
import shapely

from .errors import Problem, TableError, first_rows

# share of the sample units whose class on the map may differ from the sheet: coordinates that
# were rounded move a point across the edge of its cell
DIFFERING_MOST = 0.02
SHOWN = 5


def check_interpretation(
    samples: pd.DataFrame, seen: pd.Series | None = None, place: gpd.GeoDataFrame | None = None
) -> list[Problem]:
    """
    Hold an interpreted sheet against its map and its place.

    Parameters
    ----------
    samples : DataFrame
        Columns of the table ``reference_samples``, classes as codes; ``lon_deg`` and
        ``lat_deg`` (EPSG:4490) where they are known. ``attrs["file"]`` names the sheet.
    seen : Series, optional
        Class of the map at each sample unit that has a place, as ``rasters.values_at`` gives
        it, under the index of the samples.
    place : GeoDataFrame, optional
        Polygons of the place (EPSG:4490).

    Returns
    -------
    notes : list of Problem
        Numbers that leave gaps, units outside the place, units whose class on the map is not
        that of the sheet, a reference that equals the map everywhere, and classes without any
        error.

    Raises
    ------
    TableError
        If more than ``DIFFERING_MOST`` of the units differ from the map.

    Examples
    --------
    >>> samples = pd.DataFrame({"sample_id": ["1", "4"], "map_class": [10, 40],
    ...                         "reference_class": [10, 10]})
    >>> [(note.code, note.count) for note in check_interpretation(samples)]
    [('sample_rows_missing', 2), ('sample_without_error', 0)]
    """
    file = samples.attrs.get("file", "")
    notes = [*_gaps(samples["sample_id"], file), *_without_error(samples, file)]
    if place is not None and {"lon_deg", "lat_deg"} <= set(samples):
        notes += _outside(samples, place, file)
    if seen is not None:
        notes += _differing(samples.loc[seen.index, "map_class"], seen, file)
    return notes


def _gaps(numbers: pd.Series, file: str) -> list[Problem]:
    """Tell which numbers from 1 on are missing, where sample units are numbered at all."""
    if not numbers.str.fullmatch(r"\d{1,9}").all():
        return []
    there = set(numbers.astype(int))
    last = max(there, default=0)
    # numbers that leave more out than they hold are codes of the user's own
    if last == len(there) or last > 2 * len(there):
        return []
    missing = sorted(set(range(1, last + 1)) - there)
    listed = ", ".join(map(str, missing[:SHOWN])) + (" …" if len(missing) > SHOWN else "")
    return [Problem("sample_rows_missing", file=file, field="sample_id", value=listed,
                    count=len(missing))]  # fmt: skip


def _without_error(samples: pd.DataFrame, file: str) -> list[Problem]:
    """Tell of a reference that equals the map, or of the classes where it does."""
    agrees = samples["map_class"].eq(samples["reference_class"])
    classes = samples["map_class"]
    if agrees.all() and len(classes.unique()) > 1:
        return [Problem("sample_equals_map", file=file, field="reference_class",
                        count=len(samples))]  # fmt: skip
    perfect = agrees.groupby(classes).agg(["all", "size"])
    perfect = perfect.loc[perfect["all"], "size"]
    listed = ", ".join(f"{code} ({count})" for code, count in perfect.items())
    return [Problem("sample_without_error", file=file, value=listed)] if listed else []


def _outside(samples: pd.DataFrame, place: gpd.GeoDataFrame, file: str) -> list[Problem]:
    """Tell which sample units lie outside the place."""
    whole = place.geometry.union_all()
    shapely.prepare(whole)
    known = samples[["lon_deg", "lat_deg"]].dropna()
    known = known[~shapely.intersects_xy(whole, known["lon_deg"], known["lat_deg"])]
    if known.empty:
        return []
    return [Problem("sample_outside_place", file=file, field="lon_deg, lat_deg",
                    rows=first_rows(known.index), count=len(known))]  # fmt: skip


def _differing(stated: pd.Series, seen: pd.Series, file: str) -> list[Problem]:
    """Tell where the map shows another class than the sheet says; refuse where it is many."""
    wrong = ~stated.eq(seen).fillna(value=False).astype(bool)
    if not wrong.any():
        return []
    pairs = [f"{sheet} / {'-' if pd.isna(code) else code}"
             for sheet, code in zip(stated[wrong], seen[wrong], strict=True)]  # fmt: skip
    many = wrong.mean() > DIFFERING_MOST
    code = "sample_map_contradicts" if many else "sample_map_differs"
    problem = Problem(code, file=file, field="map_class",
                      rows=first_rows(stated.index[wrong]), count=int(wrong.sum()),
                      value=", ".join(dict.fromkeys(pairs[:SHOWN])))  # fmt: skip
    if many:
        raise TableError(problem)
    return [problem]
