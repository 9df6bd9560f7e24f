"""Reference samples of land cover: their design, and the areas they correct for map errors."""

from dataclasses import replace
from math import ceil, sqrt
from typing import NamedTuple

import geopandas as gpd
import pandas as pd

from .accuracy import (
    FEWEST,
    AccuracyAssessment,
    adjusted_area,
    allocation,
    error_matrix,
    sample_size,
)
from .errors import Problem, TableError
from .geometry import STORE_CRS
from .landcover import NOISE_HA, classes
from .language import text
from .parameters import constant
from .summary import WHOLE_PLACE
from .tables import columns

# strata that differ from the mapped area by more than this are of another map or place
STRATA_TOLERANCE_PCT = 0.5


class Design(NamedTuple):
    """
    A stratified random sample before it is drawn.

    Parameters
    ----------
    classes : DataFrame
        Indexed by class code: ``mapped_ha``, its area on the map, and ``stratum``, the code
        of the class whose stratum it belongs to; mostly its own.
    strata : DataFrame
        Indexed by stratum: ``area_ha``, and ``samples``, the number of units to draw.
    minimum : int
        Sample units that each stratum gets at least.
    needed : int or None
        Sample units by the wanted standard error; None where the total was given.
    standard_error : float
        Standard error of the overall accuracy (0 to 1) that this sample is expected to give.
    """

    classes: pd.DataFrame
    strata: pd.DataFrame
    minimum: int
    needed: int | None
    standard_error: float

    @property
    def is_merged(self) -> bool:
        """Whether classes share a stratum, so that a sample must name its strata."""
        return len(self.strata) < len(self.classes)


def design_sample(
    mapped_ha: pd.Series,
    cells: pd.Series,
    total: int | None = None,
    *,
    minimum: int | None = None,
    standard_error: float | None = None,
    users_accuracy: float | None = None,
) -> Design:
    """
    Tell how many sample units each class of a map needs.

    Parameters
    ----------
    mapped_ha : Series
        Area of every class of the map in the place, ha, by class code.
    cells : Series
        Number of cells that can be drawn, by class code.
    total : int, optional
        Sample units in all. Without it equation 13 tells how many give the overall accuracy
        the wanted standard error; they are shared by area, and strata that get less than the
        minimum are raised to it, so that the large ones lose nothing.
    minimum : int, optional
        Sample units of each stratum at least.
    standard_error, users_accuracy : float, optional
        Standard error wanted of the overall accuracy where no total is given, and users'
        accuracy expected of every class (0 to 1).

    Returns
    -------
    design : Design
        Every class with more than ``landcover.NOISE_HA`` is a stratum. One of fewer cells than
        the minimum shares the stratum of the largest class.

    Raises
    ------
    TableError
        If the minimum is less than two, the total is less than the minimum of all strata, or
        an accuracy does not lie between 0 and 1.

    Notes
    -----
    What is not given is taken from ``data/constants.csv``: ``sample_minimum``,
    ``sample_standard_error`` and ``sample_users_accuracy``.

    References
    ----------
    [olofsson_2014]_ equations 5 and 13 and section 5.1.2; [stehman_2014]_ where a stratum holds
    several classes.

    Examples
    --------
    >>> mapped_ha = pd.Series({10: 300.0, 40: 699.9, 90: 0.1})
    >>> cells = pd.Series({10: 30_000, 40: 69_990, 90: 10})
    >>> design = design_sample(mapped_ha, cells, total=100)
    >>> design.classes["stratum"].to_dict(), design.strata["samples"].to_dict()
    ({10: 10, 40: 40, 90: 40}, {10: 50, 40: 50})
    """
    minimum = int(constant("sample_minimum")) if minimum is None else minimum
    if minimum < FEWEST:
        raise TableError(Problem("sample_minimum", value=str(minimum), rule=str(FEWEST)))
    mapped_ha = mapped_ha[mapped_ha > NOISE_HA]
    rare = cells.reindex(mapped_ha.index, fill_value=0) < minimum
    stratum = mapped_ha.index.to_series().mask(rare, mapped_ha.idxmax()).rename("stratum")
    area_ha, needed = mapped_ha.groupby(stratum).sum(), None
    share = area_ha / area_ha.sum()
    wanted = constant("sample_standard_error") if standard_error is None else standard_error
    users = constant("sample_users_accuracy") if users_accuracy is None else users_accuracy
    units = sample_size(area_ha, pd.Series(users, area_ha.index), wanted)
    if total is None:
        needed, total = units, ceil((units * share).clip(lower=minimum).sum())
    samples = allocation(total, area_ha, minimum)
    return Design(
        classes=pd.DataFrame({"mapped_ha": mapped_ha, "stratum": stratum}),
        strata=pd.DataFrame({"area_ha": area_ha, "samples": samples}),
        minimum=minimum,
        needed=needed,
        standard_error=sqrt((share**2 * users * (1.0 - users) / (samples - 1)).sum()),
    )


def sample_sheet(points: gpd.GeoDataFrame) -> pd.DataFrame:
    """
    Lay out the points of a sample as the sheet that an interpreter fills in.

    Parameters
    ----------
    points : GeoDataFrame
        As ``rasters.sample_points`` draws them.

    Returns
    -------
    sheet : DataFrame
        ``sample_id``, ``lon_deg`` and ``lat_deg`` (EPSG:4490), ``reference_class``; what the
        map says, which a run needs and an interpreter should not see, comes last.
    """
    stored = points.geometry.to_crs(STORE_CRS)
    sheet = pd.DataFrame(points.drop(columns=points.geometry.name))
    sheet = sheet.assign(lon_deg=stored.x.round(7), lat_deg=stored.y.round(7))
    order = ["sample_id", "lon_deg", "lat_deg", "reference_class", "stratum", "map_class"]
    return sheet[[name for name in order if name in sheet]]


def assess(samples: pd.DataFrame, mapped_ha: pd.Series) -> AccuracyAssessment:
    """
    Estimate the areas of the classes of a place from its land cover and a reference sample.

    Parameters
    ----------
    samples : DataFrame
        Columns of the table ``reference_samples``, classes as codes. ``attrs`` hold ``file``
        and, where there is a column ``stratum``, ``strata_ha``: stratum to its area, ha.
    mapped_ha : Series
        Area of every class of the map in the place, ha, by class code.

    Returns
    -------
    assessment : AccuracyAssessment

    Raises
    ------
    TableError
        If a class with more than ``landcover.NOISE_HA``, or a stratum, has fewer than two units,
        units are of a class the map does not have, or the strata are not as large as the map.
    """
    file = samples.attrs.get("file", "")
    areas = _strata_ha(samples, mapped_ha)
    if "stratum" in samples:
        share = areas.sum() / mapped_ha.sum() * 100.0
        if abs(share - 100.0) > STRATA_TOLERANCE_PCT:
            sizes = {"value": f"{areas.sum():.1f}", "rule": f"{mapped_ha.sum():.1f}"}
            raise TableError(Problem("strata_area_differs", file=file, **sizes))
    try:
        return adjusted_area(error_matrix(samples), areas)
    except TableError as error:
        raise TableError([replace(problem, file=file) for problem in error.problems]) from None


def _strata_ha(samples: pd.DataFrame, mapped_ha: pd.Series) -> pd.Series:
    """Area of each stratum (ha): as stated, or of the classes that are there or were sampled."""
    if "stratum" in samples:
        return pd.Series(samples.attrs["strata_ha"], dtype=float)
    return mapped_ha[(mapped_ha > NOISE_HA) | mapped_ha.index.isin(samples["map_class"])]


def accuracy_tables(
    areas: pd.DataFrame, samples: dict[int, pd.DataFrame], schemes: dict[int, str], lang: str
) -> dict[str, pd.DataFrame]:
    """
    Set the areas that a reference sample gives beside the mapped ones, for the whole place.

    Parameters
    ----------
    areas : DataFrame
        Columns of the table ``landcover_area``.
    samples : dict
        Year to reference sample, as ``assess`` takes it.
    schemes : dict
        Year to land-cover product.
    lang : {"zh", "en"}
        Language of the status.

    Returns
    -------
    tables : dict
        ``satellite_tree_cover`` with a row for each year; where there is a sample also
        ``landcover_accuracy``, and ``landcover_area`` with the corrected areas of the whole
        place. A year without a sample has mapped areas only, and its status says so.

    Raises
    ------
    TableError
        If a sample does not fit its map.
    """
    rows, accuracy, adjusted, errors = [], [], [], []
    place = areas[areas["zone"].eq(WHOLE_PLACE)]
    for year, mapped in place.groupby("year"):
        known = classes(schemes[year])
        mapped_ha = mapped.set_index("class_code")["area_ha"].rename_axis("class_code")
        trees = known.index[known["tree_cover"].eq("1")]
        row = _mapped_trees(mapped_ha, trees)
        row["status"] = text("landcover.screen_only", lang)
        if year in samples:
            found = assess(samples[year], mapped_ha)
            status = text("landcover.adjusted", lang, count=found.samples)
            row |= _adjusted_trees(samples[year], mapped_ha, trees)
            row |= _overall(found) | {"status": status}
            units = samples[year]["map_class"].value_counts()
            classed = class_table(found, mapped_ha, known)
            seen = classed["class_code"].map(units).fillna(0).astype("int64")
            accuracy.append(classed.assign(year=year, samples=seen))
            errors.append(_error_pairs(samples[year]).assign(year=year))
            adjusted.append(
                accuracy[-1].assign(zone=WHOLE_PLACE, zone_name=mapped["zone_name"].iloc[0])
            )
        rows.append({"year": year, **row})
    tables = {"satellite_tree_cover": pd.DataFrame(rows)}
    if accuracy:
        tables["landcover_accuracy"] = pd.concat(accuracy, ignore_index=True)
        tables["landcover_error_matrix"] = pd.concat(errors, ignore_index=True)
        tables["landcover_area"] = _beside(areas, pd.concat(adjusted, ignore_index=True))
    tables = {
        name: table.reindex(columns=list(columns(name).index)) for name, table in tables.items()
    }
    cover = tables["satellite_tree_cover"]
    return tables | {"satellite_tree_cover": cover.astype({"samples": "Int64"})}


def tree_cover_lines(table: pd.DataFrame, lang: str) -> list[str]:
    """
    Say in a line for each year what share of a place has tree cover, and how sure that is.

    Parameters
    ----------
    table : DataFrame
        Columns of the table ``satellite_tree_cover``.
    lang : {"zh", "en"}
        Language.

    Returns
    -------
    lines : list of str
        The mapped share; where there is a sample also the corrected one with half the width of
        its interval (the wider half, where an end was cut). Each says that it is not forest
        coverage.
    """
    lines = []
    for row in table.itertuples():
        values = {"year": row.year, "mapped": f"{row.mapped_pct:.2f}"}
        if pd.isna(row.area_pct):
            lines.append(text("landcover.line_mapped", lang, **values))
            continue
        half = max(row.high_pct - row.area_pct, row.area_pct - row.low_pct)
        values |= {"area": f"{row.area_pct:.2f}", "half": f"{half:.2f}"}
        lines.append(text("landcover.line_adjusted", lang, **values, count=row.samples))
    return lines


def class_table(
    found: AccuracyAssessment, mapped_ha: pd.Series, known: pd.DataFrame
) -> pd.DataFrame:
    """
    Lay out the classes of an assessment with their names, areas in ha and accuracies in %.

    Parameters
    ----------
    found : AccuracyAssessment
    mapped_ha : Series
        Area of every class on the map, ha, by class code.
    known : DataFrame
        Classes of the product, as ``landcover.classes`` returns them.

    Returns
    -------
    table : DataFrame
        Columns of ``landcover_accuracy`` in ``data/columns.csv``, year aside; sorted by class.
    """
    table = found.classes.rename_axis("class_code").sort_index()
    low, high = _interval(table["area_ha"], table["ci_ha"], mapped_ha.sum())
    percent = {
        f"{name}_pct": table[name] * 100.0
        for name in table
        if name.startswith(("users", "producers"))
    }
    return table.assign(
        mapped_area_ha=mapped_ha.reindex(table.index, fill_value=0.0),
        low_ha=low,
        high_ha=high,
        **percent,
        **known[["name_zh", "name_en"]].reindex(table.index),
    ).reset_index()


def _error_pairs(samples: pd.DataFrame) -> pd.DataFrame:
    """Count the sample units of each pair of map class and reference class."""
    return samples.groupby(["map_class", "reference_class"]).size().reset_index(name="count")


def _interval(area: pd.Series, half: pd.Series, most: float) -> tuple[pd.Series, pd.Series]:
    """Give the ends of an interval, cut where an area cannot lie: under zero and over the whole."""
    return (area - half).clip(0.0, most), (area + half).clip(0.0, most)


def _mapped_trees(mapped_ha: pd.Series, trees: pd.Index) -> dict[str, float]:
    """Area and share of the classes with tree cover, as mapped."""
    covered, mapped = mapped_ha.sum(), mapped_ha[mapped_ha.index.isin(trees)].sum()
    return {
        "covered_ha": covered, "mapped_ha": mapped, "mapped_pct": mapped / covered * 100.0,
    }  # fmt: skip


def _overall(found: AccuracyAssessment) -> dict[str, float]:
    """Size of the sample, and the accuracy of the whole map with half its interval."""
    return {
        "samples": found.samples,
        "overall_accuracy_pct": found.overall_accuracy * 100.0,
        "overall_accuracy_ci_pct": found.overall_accuracy_ci * 100.0,
    }


def _adjusted_trees(
    samples: pd.DataFrame, mapped_ha: pd.Series, trees: pd.Index
) -> dict[str, float]:
    """
    Area and share of tree cover as the sample gives them, with their interval.

    Several classes may have tree cover, and the errors of their areas are not independent; so
    the sample is read anew as trees and others, in its own strata.
    """
    strata = samples.get("stratum", samples["map_class"])
    simple = pd.DataFrame({
        "stratum": strata,
        "map_class": samples["map_class"].isin(trees),
        "reference_class": samples["reference_class"].isin(trees),
    })  # fmt: skip
    found = adjusted_area(error_matrix(simple), _strata_ha(samples, mapped_ha))
    row = found.classes.reindex([True], fill_value=0.0).iloc[:1]
    covered = mapped_ha.sum()
    low, high = _interval(row["area_ha"], row["ci_ha"], covered)
    hectares = {"area": row["area_ha"], "low": low, "high": high}
    return {
        **{f"{name}_ha": one.item() for name, one in hectares.items()},
        **{f"{name}_pct": one.item() / covered * 100.0 for name, one in hectares.items()},
        "se_ha": row["se_ha"].item(),
    }


def _beside(areas: pd.DataFrame, adjusted: pd.DataFrame) -> pd.DataFrame:
    """Put corrected areas beside the mapped ones; a class only the sample found has none mapped."""
    keys = ["year", "zone", "class_code"]
    names = ["zone_name", "name_zh", "name_en"]
    found = adjusted[[*keys, *names, "area_ha", "low_ha", "high_ha"]].rename(
        columns={
            "area_ha": "adjusted_ha",
            "low_ha": "adjusted_low_ha",
            "high_ha": "adjusted_high_ha",
        }
    )
    table = areas.merge(found, on=[*keys, *names], how="outer")
    return table.fillna({"area_ha": 0.0}).sort_values(keys, kind="stable", ignore_index=True)
