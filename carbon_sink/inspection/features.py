"""The features of a layer that need mending, with what is wrong with each."""

import geopandas as gpd
import numpy as np
import pandas as pd

from ..findings import faulty_rows, findings_table
from ..geometry import STORE_CRS
from ..language import text
from ..readers import parts_of, read_parts
from ..tables import columns
from .layer import Survey


def faulty_features(survey: Survey, lang: str = "zh") -> gpd.GeoDataFrame:
    """
    Read once more the rows in which something was found.

    Parameters
    ----------
    survey : Survey
        Of a layer with a coordinate reference system.
    lang : {"zh", "en"}
        Language of what is wrong.

    Returns
    -------
    features : GeoDataFrame
        Columns of the table ``faulty_features`` in EPSG:4490, shapes as the file has them. Rows
        without a shape cannot be drawn, and none can where the layer has no usable system.
    """
    source, wanted = survey.source, faulty_rows(survey.problems)
    if not survey.is_placed:
        return gpd.GeoDataFrame(columns=[*columns("faulty_features").index, "geometry"],
                                geometry="geometry", crs=STORE_CRS)  # fmt: skip
    found = [gpd.GeoSeries([], crs=survey.crs)]
    if len(wanted):
        rows = wanted.index.to_numpy()
        found += [
            part.geometry[np.intersect1d(rows, part.index.to_numpy())]
            for part in read_parts(parts_of(source), fields=False)
        ]
    shapes = gpd.GeoSeries(pd.concat(found), crs=survey.crs)
    shapes = shapes[shapes.notna() & ~shapes.is_empty].to_crs(STORE_CRS)
    lines = findings_table(
        [one for one in survey.problems if one.cells is not None], {}, lang
    )  # fmt: skip
    lines = lines.assign(row=lines["row"].astype(int)).drop_duplicates(["row", "code"])
    lines["value"] = lines["value"].astype(str)
    sentences = "".join if lang == "zh" else " ".join
    said = lines.groupby("row").agg({"value": "; ".join, "rule": sentences, "fix": sentences})
    rows = shapes.index
    severity = wanted["severity"].reindex(rows)
    table = pd.DataFrame(
        {"row": rows, "stand_id": survey.keys.reindex(rows).fillna("").to_numpy(),
         "severity": severity.to_numpy(),
         "severity_name": severity.map(lambda one: text(f"severity.{one}", lang)).to_numpy(),
         "what": said["rule"].reindex(rows).to_numpy(),
         "value": said["value"].reindex(rows).to_numpy(),
         "fix": said["fix"].reindex(rows).to_numpy(),
         "found": wanted["found"].reindex(rows).to_numpy()},
        columns=columns("faulty_features").index,
    )  # fmt: skip
    return gpd.GeoDataFrame(table, geometry=shapes.to_numpy(), crs=STORE_CRS)
