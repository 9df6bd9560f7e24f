"""A comparison of two land-cover rasters, laid out as text and written as tables."""

from pathlib import Path

import pandas as pd

from . import report
from .change import Change, change_tables, rule_line
from .findings import notes_table
from .landcover import NOISE_HA, classes
from .language import aligned, text
from .legend import number_text
from .tables import heading
from .transitions import conversion_matrix, gains_and_losses

TABLES = ("landcover_transition", "landcover_change", "landcover_conversion", "notes")
# zones that get tables of their own on the console, and those that get a line
ZONES_IN_FULL, ZONES_LISTED = 3, 50


def change_paths(path: str | Path) -> list[Path]:
    """
    Name the files that ``write_change`` may write.

    Parameters
    ----------
    path : str or Path
        File the user named.

    Returns
    -------
    paths : list of Path
        The file itself and, unless it is a workbook, those beside it.

    Examples
    --------
    >>> [one.name for one in change_paths("a.csv")]
    ['a.csv', 'a_change.csv', 'a_conversion.csv', 'a_notes.csv']
    """
    return list(dict.fromkeys(report.set_paths(path, TABLES).values()))


def write_change(path: str | Path, change: Change, lang: str = "zh") -> list[Path]:
    """
    Write a comparison: transitions, gains and losses, conversion, and what limits it.

    Parameters
    ----------
    path : str or Path
        File to write. ``.xlsx`` gets a sheet for each table; ``.csv`` and ``.parquet`` hold
        the transitions, and the other tables are written beside them.
    change : Change
        Comparison.
    lang : {"zh", "en"}
        Language of the notes, and of sheets and headings of a workbook.

    Returns
    -------
    paths : list of Path
        Files that were written.

    Raises
    ------
    FileError
        If a file cannot be written.
    """
    tables = change_tables(change) | {"notes": _notes_table(change, lang)}
    return report.write_set(path, tables, {"zone": text("change.zone_heading", lang)}, lang)


def _notes_table(change: Change, lang: str) -> pd.DataFrame:
    """Lay out files, rule and caution of a comparison, then its notes."""
    about = [("", name, "", line, "", "") for name, line in _about(change, lang).items()]
    found = notes_table(change.notes, lang)
    return pd.concat([pd.DataFrame(about, columns=found.columns), found], ignore_index=True)


def _about(change: Change, lang: str) -> dict[str, str]:
    """Say what was compared, by which rule, and what the areas are."""
    before, after = change.files
    return {
        "title": text("change.title", lang, before=before, after=after),
        "rule": rule_line(change, lang),
        "as_mapped": text("change.as_mapped", lang),
    }


def change_lines(change: Change, lang: str = "zh") -> list[str]:
    """
    Lay out a comparison as lines of text: matrix, gains and losses, conversion.

    Parameters
    ----------
    change : Change
        Comparison.
    lang : {"zh", "en"}
        Language.

    Returns
    -------
    lines : list of str
        Hectares with two decimals, columns aligned where wide glyphs take two places. With
        zones all of them together first; then up to three zones in full, more with a line
        each.
    """
    lines, matrix = list(_about(change, lang).values()), change.matrix
    if matrix.index.nlevels == 1:
        return lines + _part_lines(change, matrix, lang)
    zones = [(zone, part.droplevel("zone"))
             for zone, part in matrix.groupby(level="zone", sort=False, dropna=False)]  # fmt: skip
    if len(zones) > 1:
        lines += ["", text("change.all_zones", lang, count=len(zones))]
        lines += _part_lines(change, matrix.groupby(level="before").sum(), lang)
    if len(zones) > ZONES_IN_FULL:
        return lines + _zone_lines(change, zones, lang)
    for zone, part in zones:
        lines += ["", text("change.zone", lang, zone=zone)]
        lines += _part_lines(change, part, lang)
    return lines


def _zone_lines(change: Change, zones: list[tuple], lang: str) -> list[str]:
    """Give each zone a line: its area, what changed, and the net change of tree cover."""
    head = [text("change.zone_heading", lang), heading("landcover_transition", "area_ha", lang)]
    if change.is_one_legend:
        head += [text("change.changed", lang), text("change.changed_pct", lang)]
    if all(change.schemes):
        head.append(text("change.net_trees", lang))
        trees = [classes(scheme)["tree_cover"].eq("1") for scheme in change.schemes]
        before, after = (one.index[one] for one in trees)
    cells = [head]
    for zone, part in zones[:ZONES_LISTED]:
        area = part.to_numpy().sum()
        cells.append([str(zone), _ha(area)])
        if change.is_one_legend:
            changed = gains_and_losses(part)["gain_ha"].sum()
            share = number_text(changed / area * 100.0, 2) if area > NOISE_HA else "-"
            cells[-1] += [_ha(changed), share]
        if all(change.schemes):
            gained = part[part.columns.intersection(after)].to_numpy().sum()
            cells[-1].append(_ha(gained - part.loc[part.index.isin(before)].to_numpy().sum()))
    lines = ["", text("change.by_zone", lang), *aligned(cells)]
    more = len(zones) - ZONES_LISTED
    return [*lines, text("change.zones_more", lang, count=more)] if more > 0 else lines


def _part_lines(change: Change, matrix: pd.DataFrame, lang: str) -> list[str]:
    """Lay out the tables of one zone, or of everything."""
    matrix = _filled(matrix)
    rows = _named(matrix.index, change.schemes[0], lang)
    lines = ["", text("change.matrix", lang), *_matrix_lines(matrix, rows, lang)]
    if change.is_one_legend:
        lines += ["", text("change.gains", lang), *_gain_lines(matrix, change.schemes[0], lang)]
    if all(change.schemes):
        categories = _filled(conversion_matrix(matrix, *change.schemes))
        names = [text(f"ipcc.{name}", lang) for name in categories.index]
        categories.columns = [text(f"ipcc.{name}", lang) for name in categories.columns]
        lines += ["", text("change.conversion", lang), *_matrix_lines(categories, names, lang)]
    return lines


def _filled(matrix: pd.DataFrame) -> pd.DataFrame:
    """Leave out rows and columns that hold nothing."""
    some = matrix > NOISE_HA
    return matrix.loc[some.any(axis=1), some.any(axis=0)]


def _named(codes: pd.Index, scheme: str, lang: str) -> list[str]:
    """Return codes with the names of their classes, where the product is known."""
    names = classes(scheme)[f"name_{lang}"]
    return [f"{code} {names.get(code, '')}".strip() for code in codes]


def _matrix_lines(matrix: pd.DataFrame, rows: list[str], lang: str) -> list[str]:
    """Lay out a matrix with its totals."""
    total = text("part.total", lang)
    cells = [["", *map(str, matrix.columns), total]]
    for name, values in zip(rows, matrix.to_numpy(), strict=True):
        cells.append([name, *map(_ha, values), _ha(values.sum())])
    cells.append([total, *map(_ha, matrix.sum()), _ha(matrix.to_numpy().sum())])
    return aligned(cells)


def _gain_lines(matrix: pd.DataFrame, scheme: str, lang: str) -> list[str]:
    """Lay out gains and losses."""
    gains = gains_and_losses(matrix)
    cells = [["", *(heading("landcover_change", name, lang) for name in gains.columns)]]
    for name, values in zip(_named(gains.index, scheme, lang), gains.to_numpy(), strict=True):
        cells.append([name, *map(_ha, values)])
    return aligned(cells)


def _ha(value: float) -> str:
    """Write hectares with two decimals; nothing for no area."""
    return number_text(value, 2) if abs(value) > NOISE_HA else "-"
