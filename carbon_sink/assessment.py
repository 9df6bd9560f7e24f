"""What a reference sample makes of the land cover of a place: areas corrected for map errors."""

from dataclasses import replace

import pandas as pd

from .accuracy import AccuracyAssessment, adjusted_area, error_matrix
from .errors import Problem, TableError
from .landcover import classes
from .language import text
from .summary import WHOLE_PLACE
from .tables import columns

# strata that differ from the mapped area by more than this are of another map or place
STRATA_TOLERANCE_PCT = 0.5


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
        If a class or stratum with an area has fewer than two sample units, sample units are of
        a class the map does not have there, or the strata are not as large as the map.
    """
    file = samples.attrs.get("file", "")
    areas = mapped_ha
    if "stratum" in samples:
        areas = pd.Series(samples.attrs["strata_ha"], dtype=float)
        share = areas.sum() / mapped_ha.sum() * 100.0
        if abs(share - 100.0) > STRATA_TOLERANCE_PCT:
            sizes = {"value": f"{areas.sum():.1f}", "rule": f"{mapped_ha.sum():.1f}"}
            raise TableError(Problem("strata_area_differs", file=file, **sizes))
    try:
        return adjusted_area(error_matrix(samples), areas)
    except TableError as error:
        raise TableError([replace(problem, file=file) for problem in error.problems]) from None


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
    rows, accuracy, adjusted = [], [], []
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
            accuracy.append(class_table(found, mapped_ha, known).assign(year=year))
            adjusted.append(
                accuracy[-1].assign(zone=WHOLE_PLACE, zone_name=mapped["zone_name"].iloc[0])
            )
        rows.append({"year": year, **row})
    tables = {"satellite_tree_cover": pd.DataFrame(rows)}
    if accuracy:
        tables["landcover_accuracy"] = pd.concat(accuracy, ignore_index=True)
        tables["landcover_area"] = _beside(areas, pd.concat(adjusted, ignore_index=True))
    return {
        name: table.reindex(columns=list(columns(name).index)) for name, table in tables.items()
    }


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
    areas = samples.attrs["strata_ha"] if "stratum" in samples else mapped_ha
    simple = pd.DataFrame({
        "stratum": strata,
        "map_class": samples["map_class"].isin(trees),
        "reference_class": samples["reference_class"].isin(trees),
    })  # fmt: skip
    found = adjusted_area(error_matrix(simple), areas)
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
