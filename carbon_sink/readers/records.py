"""Reads records, from tables or layers: works, events and reference samples."""

from pathlib import Path

import geopandas as gpd
import pandas as pd

from ..errors import FileError, Problem, TableError, first_rows
from ..projects import EVENT_TYPES, PLAN_ITEMS, PROJECT_TYPES, four_side_projects
from ..tables import check, columns
from .layers import as_text, read_layer, with_our_names


def _read_records(path: Path, layer: str, table: str) -> pd.DataFrame:
    """Read a table of records, from CSV or from a layer, and hold it against its contract."""
    place = {"file": path.name, "layer": layer}
    if path.suffix.lower() != ".csv":
        data = read_layer(path, layer)
    else:
        try:
            data = pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8-sig")
        except UnicodeDecodeError:
            raise FileError(Problem("csv_not_utf8", **place)) from None
        except (pd.errors.ParserError, pd.errors.EmptyDataError) as error:
            raise FileError(Problem("file_unreadable", value=str(error), **place)) from None
        data = data.set_axis(pd.RangeIndex(2, len(data) + 2, name="row"))
    kept = [name for name in columns(table).index if name in data.columns]
    if isinstance(data, gpd.GeoDataFrame):
        data = with_our_names(data, table, {name: name for name in kept}, {}, place)
    else:
        kinds = columns(table)["kind"]
        data = data[kept].assign(
            **{name: as_text(data[name]) for name in kept if kinds[name] in ("text", "code")}
        )
    return check(data, table, **place)


def _known_values(data: pd.DataFrame, field: str, known: tuple[str, ...], path: Path) -> None:
    """Refuse words a table does not know."""
    wrong = data[field].notna() & ~data[field].isin(known)
    if wrong.any():
        raise TableError(
            Problem("word_unknown", file=path.name, field=field, count=int(wrong.sum()),
                    rows=first_rows(data.index[wrong]), rule=", ".join(known),
                    value=", ".join(sorted(data.loc[wrong, field].unique())[:5]))
        )  # fmt: skip


def read_projects(path: str | Path, *, layer: str = "") -> pd.DataFrame:
    """
    Read projects: polygons, or a table of four-side planting.

    Parameters
    ----------
    path : str or Path
        A layer or CSV with the columns of ``projects``, or a CSV with those of ``four_side``.
    layer : str
        Layer to read.

    Returns
    -------
    projects : DataFrame or GeoDataFrame
        Columns of the table ``projects``.

    Raises
    ------
    FileError, CRSError, TableError
        With file, field, rows and what to do.
    """
    path = Path(path)
    if path.suffix.lower() == ".csv" and "tree_count" in _header(path):
        projects = four_side_projects(_read_records(path, layer, "four_side"))
        unknown = projects["done_ha"].isna()
        if unknown.any():
            raise TableError(
                Problem("survival_missing", file=path.name, field="survival_pct",
                        rows=first_rows(projects.index[unknown]), count=int(unknown.sum()))
            )  # fmt: skip
        return projects
    projects = _read_records(path, layer, "projects")
    _known_values(projects, "project_type", PROJECT_TYPES, path)
    if "plan_item" in projects:
        _known_values(projects, "plan_item", PLAN_ITEMS, path)
    return projects


def _header(path: Path) -> list[str]:
    """Return the column names of a CSV, or none when it is missing."""
    if not path.is_file():
        raise FileError(Problem("file_missing", file=path.name, value=str(path)))
    first = path.read_bytes().split(b"\n", 1)[0].decode("utf-8-sig", errors="replace")
    return [name.strip().strip('"') for name in first.split(",")]


def read_events(path: str | Path, *, layer: str = "") -> pd.DataFrame:
    """Read fires, harvests and pests with the columns of the table ``events``."""
    events = _read_records(Path(path), layer, "events")
    _known_values(events, "event_type", EVENT_TYPES, Path(path))
    return events
