"""Figures of past years that a new run gives otherwise than earlier results, and the causes."""

import json
import math
from collections.abc import Iterable, Iterator, Mapping
from numbers import Real

import pandas as pd

from .errors import Problem
from .language import text
from .tables import columns, read_data

# differences below this share of the figure are noise of rounding
NOISE = 1e-9
LARGEST = 1e300
CAUSES_SHOWN = 6
KINDS = ("parameter", "input", "setting", "program")
# settings that change no figure of the history: words, places of files, and other results
WITHOUT_EFFECT = {"title", "place", "language", "report_year", "synthetic", "output", "statistics",
                  "targets", "parameters_file", "landcover", "reference_samples", "carbon_density",
                  "projects", "uncertainty", "outlook"}  # fmt: skip
OTHER_FILES = ("landcover", "reference_samples", "carbon_density", "projects")


def compare(
    old: Mapping, new: Mapping, lang: str = "zh", recomputed: Iterable[Mapping] = ()
) -> pd.DataFrame:
    """
    List the figures of past years that a recalculation changed, with what was changed.

    Parameters
    ----------
    old, new : mapping
        What a run left, as ``ledger.earlier_results`` returns it: ``history`` (one record per
        year, figures by name), ``settings``, ``inputs_sha256``, ``parameters`` (records) and
        ``program`` (with its ``version``).
    lang : {"zh", "en"}
        Language of the names and causes.
    recomputed : iterable of mapping, optional
        Records like those of the history, of figures that the ``former_parameters`` give on the
        new data.

    Returns
    -------
    table : DataFrame
        Columns of the table ``recalculation``: one row per year and figure that both runs have
        and that differs by more than a billionth. Causes that come together are listed and not
        apportioned, but for the part of parameters where figures were ``recomputed``. No row
        where nothing changed.

    Notes
    -----
    A cause is listed where it can bear on the figure: biomass parameters on carbon only, the
    inventory of a year on that year and later ones only, land cover on nothing here.

    References
    ----------
    IPCC (2006), Guidelines for National Greenhouse Gas Inventories, vol. 1, ch. 5: the whole
    time series is recalculated when methods or data change, and the reasons are reported.

    Examples
    --------
    >>> old = {"history": [{"year": 2020, "carbon_t": 100.0}], "settings": {"gwp": "sar"}}
    >>> new = {"history": [{"year": 2020, "carbon_t": 102.0}], "settings": {"gwp": "ar5"}}
    >>> compare(old, new, "en")[["year", "difference", "difference_pct", "causes"]].values.tolist()
    [[2020, 2.0, 2.0, 'setting gwp: sar → ar5']]
    """
    found = causes(old, new, lang)
    contract, rows = columns("town_summary"), []
    former = {one["year"]: one for one in recomputed}
    for year, figure, before, after in _changed(old, new):
        bearing = found.loc[[_bears(one, figure, year) for one in found.itertuples()]]
        known = figure in contract.index
        rows.append(
            {
                "year": year,
                "indicator": figure,
                "name": contract.loc[figure, f"name_{lang}"] if known else figure,
                "unit": contract.loc[figure, "unit"] if known else "",
                "old_value": before,
                "new_value": after,
                "difference": after - before,
                "difference_pct": (after - before) / abs(before) * 100 if before else math.nan,
                "parameter_difference": after - former.get(year, {}).get(figure, math.nan),
                "causes": _told(bearing, lang),
            }
        )
    return pd.DataFrame(rows, columns=columns("recalculation").index)


def causes(old: Mapping, new: Mapping, lang: str = "zh") -> pd.DataFrame:
    """
    List all that differs between two runs and can change a figure of past years.

    Parameters
    ----------
    old, new : mapping
        As in ``compare``.
    lang : {"zh", "en"}
        Language of the names.

    Returns
    -------
    table : DataFrame
        Columns of the table ``recalculation_causes``: ``kind`` (parameter, input, setting or
        program), the item, its old and its new value, and the ``year`` of the inventory it
        belongs to (missing where it belongs to none). Files are compared by their fingerprints,
        so that one which was renamed only is not listed. Parameter rows are those that both
        runs used.
    """
    found = [*_parameters(old, new, lang), *_inputs(old, new), *_settings(old, new)]
    versions = [one.get("program", {}).get("version") for one in (old, new)]
    if versions[0] != versions[1] and None not in versions:
        found.append(("program", "carbon_sink", *versions, None))
    table = pd.DataFrame(found, columns=["kind", "item", "old_value", "new_value", "year"])
    table["year"] = table["year"].astype("Int64")
    return table[columns("recalculation_causes").index]


def former_parameters(parameters: pd.DataFrame, old: Mapping) -> pd.DataFrame | None:
    """
    Return the rows of a run with the values that they had in earlier results.

    Carbon computed with them on the new data tells how much of a change is that of parameters.

    Parameters
    ----------
    parameters : DataFrame
        Cited rows of the new run: ``species_group``, ``parameter`` and ``value``.
    old : mapping
        Earlier results, as in ``compare``.

    Returns
    -------
    rows : DataFrame or None
        None where no value changed.

    Examples
    --------
    >>> rows = pd.DataFrame({"species_group": ["oak"], "parameter": ["bef"], "value": [1.4]})
    >>> old = {"parameters": [{"species_group": "oak", "parameter": "bef", "value": 1.3}]}
    >>> former_parameters(rows, old)["value"].item()
    1.3
    """
    before = {(row["species_group"], row["parameter"]): row["value"]
              for row in old.get("parameters", []) if _is_number(row["value"])}  # fmt: skip
    keys = zip(parameters["species_group"], parameters["parameter"], strict=True)
    values = [before.get(key, value) for key, value in zip(keys, parameters["value"], strict=True)]
    former = parameters.assign(value=values)
    return None if former["value"].equals(parameters["value"]) else former


def notes(table: pd.DataFrame, earlier: str = "") -> list[Problem]:
    """
    Return the line that tells readers of results that figures of past years were changed.

    Parameters
    ----------
    table : DataFrame
        As ``compare`` returns it.
    earlier : str
        Folder of the earlier results.
    """
    if table.empty:
        return []
    years = ", ".join(map(str, sorted(set(table["year"]))))
    return [Problem("figures_recalculated", file=earlier, count=len(table), value=years)]


def _is_number(value: object) -> bool:
    """Return whether a value is a number that can be compared, as it stands in a record."""
    return isinstance(value, Real) and not isinstance(value, bool) and abs(value) < LARGEST


def _changed(old: Mapping, new: Mapping) -> Iterator[tuple[int, str, float, float]]:
    """Go through the figures that both runs have and that differ."""
    before = {record["year"]: record for record in old["history"]}
    for record in new["history"]:
        year = record["year"]
        for figure, value in record.items():
            earlier = before.get(year, {}).get(figure)
            if figure == "year" or not (_is_number(value) and _is_number(earlier)):
                continue
            if abs(value - earlier) > NOISE * max(abs(value), abs(earlier)):
                yield int(year), figure, float(earlier), float(value)


def _parameters(old: Mapping, new: Mapping, lang: str) -> Iterator[tuple]:
    """List the parameters that both runs used with another value; sets may differ."""
    name = "name_zh" if lang == "zh" else "species_group"
    before = {(row["species_group"], row["parameter"]): row for row in old.get("parameters", [])}
    for row in new.get("parameters", []):
        earlier = before.get((row["species_group"], row["parameter"]))
        if earlier is not None and earlier["value"] != row["value"]:
            item = f"{row.get(name, row['species_group'])} {row['parameter']}"
            yield "parameter", item, _shown(earlier["value"]), _shown(row["value"]), None


def _inputs(old: Mapping, new: Mapping) -> Iterator[tuple]:
    """List the files that were changed, added or taken away."""
    before, after = old.get("inputs_sha256", {}), new.get("inputs_sha256", {})
    for name in sorted(before.keys() | after.keys()):
        is_renamed = (name not in after and before[name] in after.values()) or (
            name not in before and after[name] in before.values()
        )
        if before.get(name) == after.get(name) or is_renamed:
            continue
        uses = {*_uses(name, old), *_uses(name, new)}
        if uses and all(section in OTHER_FILES for section, _ in uses):
            continue
        years = {year for _, year in uses}
        year = years.pop() if len(years) == 1 else None
        yield "input", name, before.get(name, "")[:12], after.get(name, "")[:12], year


def _uses(name: str, results: Mapping) -> Iterator[tuple[str, int | None]]:
    """Go through the sections of the settings that name a file, with their years."""
    for section, value in results.get("settings", {}).items():
        for one in value if isinstance(value, list) else [value]:
            path = (one.get("path") or one.get("table")) if isinstance(one, Mapping) else None
            if path:
                path = path.replace("\\", "/")
                # parts of a Shapefile, and what lies beside a raster, have other endings
                is_many = path.lower().endswith((".shp", ".tif", ".tiff"))
                begin = path.rpartition(".")[0] if is_many else path
                if name == path or name.startswith((f"{begin}.", f"{begin}/")):
                    yield section, one.get("year")


def _settings(old: Mapping, new: Mapping) -> Iterator[tuple]:
    """List the settings of both runs that differ and can change a figure."""
    before, after = (_flat(one.get("settings", {})) for one in (old, new))
    for (name, year), value in after.items():
        if (name, year) in before and before[name, year] != value:
            yield "setting", name, _shown(before[name, year]), _shown(value), year


def _flat(settings: Mapping) -> dict[tuple[str, int | None], object]:
    """Lay settings out by name and year; paths are left out, since files have fingerprints."""
    flat: dict[tuple[str, int | None], object] = {}
    for section in settings.keys() - WITHOUT_EFFECT:
        value = settings[section]
        if not isinstance(value, Mapping | list):
            flat[section, None] = value
        for number, one in enumerate(value if isinstance(value, list) else [value]):
            for name, single in one.items() if isinstance(one, Mapping) else ():
                year = one.get("year")
                mark = (year or number) if isinstance(value, list) else ""
                full = ".".join(str(part) for part in (section, mark, name) if part != "")
                if name not in ("path", "year"):
                    flat[full, year] = single
    return dict(sorted(flat.items(), key=lambda item: item[0][0]))


def _shown(value: object) -> str:
    """Write a value as settings would hold it; numbers to twelve digits."""
    if _is_number(value):
        return f"{value:.12g}"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _bears(cause: object, figure: str, year: int) -> bool:
    """Return whether a cause can change a figure of a year."""
    is_biomass = cause.kind == "parameter" and cause.item.split()[-1] in set(
        read_data("biomass_parameters.csv")["parameter"]
    )
    if is_biomass and not ("carbon" in figure or "co2" in figure):
        return False
    return bool(pd.isna(cause.year) or cause.year <= year)


def _told(found: pd.DataFrame, lang: str) -> str:
    """Write causes as one text: the first few of each kind, and how many there are."""
    parts = []
    for kind in KINDS:
        rows = found[found["kind"] == kind]
        if rows.empty:
            continue
        shown = ", ".join(_item(row, lang) for row in rows.head(CAUSES_SHOWN).itertuples())
        if len(rows) > CAUSES_SHOWN:
            shown += text("recalculation.more", lang, count=len(rows))
        parts.append(text(f"recalculation.{kind}", lang, causes=shown))
    return "; ".join(parts) if parts else text("recalculation.no_cause", lang)


def _item(cause: object, lang: str) -> str:
    """Write one cause; fingerprints of files stand in the table of causes only."""
    if cause.kind != "input":
        return f"{cause.item}: {cause.old_value} → {cause.new_value}"
    if cause.old_value and cause.new_value:
        return cause.item
    word = "recalculation.removed" if cause.old_value else "recalculation.added"
    return text(word, lang, file=cause.item)
