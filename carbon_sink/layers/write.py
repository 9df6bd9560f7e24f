"""Layers for GIS staff: one GeoPackage that opens with its colors and its Chinese field names."""

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from itertools import chain
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import pyogrio
import shapely

from ..assessment import sample_sheet
from ..errors import FileError, Problem
from ..geometry import STORE_CRS
from ..language import text
from ..legend import code_name
from ..styles import style
from ..summary import RunFacts
from ..tables import heading
from .looks import WRITTEN, kind_of, rule_of, styles_of, write_field_names, write_styles

GROUPS = {  # shapely's types by what can stand in one layer
    shapely.GeometryType.POLYGON: ("MultiPolygon", ""),
    shapely.GeometryType.MULTIPOLYGON: ("MultiPolygon", ""),
    shapely.GeometryType.LINESTRING: ("MultiLineString", "_lines"),
    shapely.GeometryType.MULTILINESTRING: ("MultiLineString", "_lines"),
    shapely.GeometryType.POINT: ("MultiPoint", "_points"),
    shapely.GeometryType.MULTIPOINT: ("MultiPoint", "_points"),
}
GATHERED = {  # a layer of the second type takes single shapes of the first as one of one
    "MultiPolygon": (shapely.GeometryType.POLYGON, shapely.multipolygons),
    "MultiLineString": (shapely.GeometryType.LINESTRING, shapely.multilinestrings),
    "MultiPoint": (shapely.GeometryType.POINT, shapely.multipoints),
}
ROWS_AT_A_TIME = 20_000


def write_layers(path: str | Path, layers: dict[str, gpd.GeoDataFrame], facts: RunFacts) -> None:
    """
    Write all layers into one GeoPackage, with styles, field names and descriptions.

    Parameters
    ----------
    path : str or Path
        File to write, ``.gpkg``; an existing one is replaced.
    layers : dict
        Layer name to GeoDataFrame. ``towns``, ``stands`` (also ``stands_2025``), ``projects``,
        ``project_visits``, ``events``, ``parcels_to_visit`` and ``boundary`` get a style; others
        are written plainly.
    facts : RunFacts
        Place, year, language, and whether the data are generated.

    Notes
    -----
    Everything is stored in EPSG:4490. Areas and lines of one table become two layers, because
    a layer of a GIS holds one kind of geometry. Codes stay text, with their leading zeros.
    """
    path = Path(path)
    path.unlink(missing_ok=True)
    about = {name: _description(name, facts) for name in layers}
    _write_all(path, layers, about, facts.language)


def _write_all(
    path: Path, layers: dict[str, gpd.GeoDataFrame], about: dict[str, str], lang: str
) -> None:
    """Write layers, and then their styles and field names."""
    written = []
    with _fixed_clock():
        for name, layer in layers.items():
            for shape, suffix, part in _by_geometry(layer):
                part = _texts_as_text(part, name)  # noqa: PLW2901
                _write_layer(path, name + suffix, part, shape, about[name])
                written.append((name + suffix, name, shape, part))
    if not written:
        return
    with closing(sqlite3.connect(path, isolation_level=None)) as file:
        file.execute("BEGIN")
        write_styles(
            file,
            [(table, title, qml, about[name])
             for table, name, shape, layer in written
             for title, qml in styles_of(table, name, shape, layer, lang)],
        )  # fmt: skip
        write_field_names(file, written, lang)
        file.execute("COMMIT")


def write_faulty(
    path: str | Path, layers: dict[str, gpd.GeoDataFrame], source: str, lang: str = "zh"
) -> None:
    """
    Write features that need mending, colored by how grave it is.

    Parameters
    ----------
    path : str or Path
        File to write, ``.gpkg``; an earlier one is replaced when all is written.
    layers : dict
        Layer name to GeoDataFrame with the columns of the table ``faulty_features``.
    source : str
        File or place that was checked, for the description of the layers.
    lang : {"zh", "en"}
        Language of the field names.

    Raises
    ------
    FileError
        If the file cannot be written.
    """
    path = Path(path)
    half = path.with_name(f".part-{path.name}")
    half.unlink(missing_ok=True)
    about = text("layer.faulty", lang, source=source)
    try:
        _write_all(half, layers, dict.fromkeys(layers, about), lang)
        half.replace(path)
    except (OSError, pyogrio.errors.DataSourceError) as error:
        raise FileError(Problem("output_not_writable", file=path.name, value=str(error))) from None
    finally:
        half.unlink(missing_ok=True)


def write_sample(path: str | Path, points: gpd.GeoDataFrame, lang: str = "zh") -> None:
    """
    Write the points of a sample for people who look at them: a layer, and a sheet to fill in.

    Parameters
    ----------
    path : str or Path
        GeoPackage to write; the CSV gets the same name. Existing ones are replaced.
    points : GeoDataFrame
        As ``rasters.sample_points`` draws them. The layer shows where to look and holds no
        class, so that nobody is led by the map; ``assessment.sample_sheet`` lays out the sheet.
    lang : {"zh", "en"}
        Language of the field names of the layer.

    Raises
    ------
    FileError
        If a file cannot be written.
    """
    path = Path(path).with_suffix(".gpkg")
    points = points.to_crs(STORE_CRS)
    name = "sample_points"
    try:
        path.unlink(missing_ok=True)
        with _fixed_clock():
            shown = points[["sample_id", points.geometry.name]]
            _write_layer(path, name, shown, "Point", "")
        sample_sheet(points).to_csv(
            path.with_suffix(".csv"), index=False, encoding="utf-8-sig", lineterminator="\r\n"
        )
    except (OSError, pyogrio.errors.DataSourceError) as error:
        raise FileError(Problem("output_not_writable", file=path.name, value=str(error))) from None
    aliases = {"sample_id": heading("reference_samples", "sample_id", lang)}
    with closing(sqlite3.connect(path)) as file, file:
        qml = style(aliases, label="sample_id", geometry="marker")
        write_styles(file, [(name, name, qml, "")])


def write_parts(path: str | Path, parts: Iterable[gpd.GeoDataFrame], name: str) -> None:
    """
    Write one plain layer part by part, for layers that do not fit in memory.

    Parameters
    ----------
    path : str or Path
        File to write, ``.gpkg``; an earlier one is replaced when all is written.
    parts : iterable of GeoDataFrame
        Rows in their order, all with the same columns and reference system.
    name : str
        Name of the layer.

    Raises
    ------
    FileError
        If the file cannot be written.
    """
    path = Path(path)
    half = path.with_name(f".part-{path.name}")
    half.unlink(missing_ok=True)
    try:
        with _fixed_clock():
            for number, part in enumerate(parts):
                shapes, owner = shapely.get_parts(part.geometry.array, return_index=True)
                joint = shapely.multipolygons(shapes, indices=owner)
                whole = part.set_geometry(joint, crs=part.crs)
                pyogrio.write_arrow(
                    whole.to_arrow(index=True, geometry_encoding="WKB"), half, layer=name,
                    driver="GPKG", append=number > 0, geometry_type="MultiPolygon",
                    geometry_name=whole.geometry.name, crs=whole.crs.to_wkt(),
                )  # fmt: skip
        half.replace(path)
    except (OSError, pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError,
            pyogrio.errors.FieldError) as error:  # fmt: skip
        if isinstance(error, FileError):  # the polygons could not be read again
            raise
        raise FileError(Problem("output_not_writable", file=path.name, value=str(error))) from None
    finally:
        half.unlink(missing_ok=True)


@contextmanager
def _fixed_clock():  # noqa: ANN202
    """Let GDAL write a fixed time, so that the same inputs give the same file."""
    before = pyogrio.get_gdal_config_option("OGR_CURRENT_DATE")
    pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": WRITTEN})
    try:
        yield
    finally:
        pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": before})


def _by_geometry(layer: gpd.GeoDataFrame) -> Iterator[tuple[str, str, gpd.GeoDataFrame]]:
    """Split a layer into areas, lines and points; rows without geometry go with the first."""
    types = shapely.get_type_id(layer.geometry.array)
    rows = {
        group: np.isin(types, [one for one, its in GROUPS.items() if its == group])
        for group in dict.fromkeys(GROUPS.values())
    }
    present = [group for group in rows if rows[group].any()]
    if len(present) == 1:
        yield present[0][0], "", layer
        return
    for group in present:
        mine = rows[group] | ~np.isin(types, list(GROUPS)) if group == present[0] else rows[group]
        yield *group, layer[mine]


def _texts_as_text(layer: gpd.GeoDataFrame, name: str) -> gpd.GeoDataFrame:
    """Make sure that texts and codes are texts, whatever else they were given as."""
    rules = {one: rule_of(name, one) for one in layer.columns.drop(layer.geometry.name)}
    kinds = {one: rule["kind"] for one, rule in rules.items() if rule is not None}
    texts = [one for one, kind in kinds.items() if kind in ("text", "code")]
    texts = [one for one in texts if layer[one].dtype not in ("str", object)]
    return layer.assign(**{name: layer[name].astype("str") for name in texts})


def _write_layer(
    path: Path, name: str, layer: gpd.GeoDataFrame, shape: str, description: str
) -> None:
    """Add one layer to the file."""
    batches = _batches(layer, shape)
    first = next(batches)
    pyogrio.write_arrow(
        pa.RecordBatchReader.from_batches(first.schema, chain([first], batches)),
        path,
        layer=name,
        driver="GPKG",
        geometry_type=shape,
        geometry_name="geom",
        crs=STORE_CRS,
        layer_options={"IDENTIFIER": name, "DESCRIPTION": description, "GEOMETRY_NAME": "geom"},
    )


def _batches(layer: gpd.GeoDataFrame, shape: str) -> Iterator[pa.RecordBatch]:
    """Make a layer ready for the file, some rows at a time, so that it is held only once."""
    single, gather = GATHERED.get(shape, (None, None))
    for first in range(0, len(layer), ROWS_AT_A_TIME):
        part = layer.iloc[first : first + ROWS_AT_A_TIME].to_crs(STORE_CRS)
        shapes = np.array(part.geometry)
        alone = shapely.get_type_id(shapes) == single
        if alone.any():
            shapes[alone] = gather(shapes[alone], indices=np.arange(alone.sum()))
        fields = pd.DataFrame(part.drop(columns=part.geometry.name))
        objects = [name for name in fields if pd.api.types.is_object_dtype(fields[name])]
        fields = fields.assign(**{name: fields[name].astype("str") for name in objects})
        cells = {name: pa.array(fields[name], from_pandas=True) for name in fields}
        cells["geom"] = pa.array(shapely.to_wkb(shapes), pa.binary())
        yield from pa.table(cells).combine_chunks().to_batches()


def _description(name: str, facts: RunFacts) -> str:
    """Describe a layer: place, year, what it is; and that it is generated, if so."""
    lang = facts.language
    kind = kind_of(name)
    year = name[len(kind) + 1 :] or facts.year
    shown = code_name("layer.name", kind, lang).removeprefix("layer.name.")
    words = text(
        "layer.description", lang, place=facts.place, year=year, name=shown, version=facts.version
    )
    return f"{text('notice.synthetic', lang)} {words}" if facts.synthetic else words
