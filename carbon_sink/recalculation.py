"""Figures of past years that a new run gives otherwise than earlier results, and the causes."""

import math
from collections.abc import Iterable, Iterator, Mapping

import pandas as pd

from .causes import Cause, differences, surveyed
from .errors import Problem
from .language import text
from .past_figures import Figure, figures, is_number
from .tables import columns

# differences below this share of the figure are noise of rounding
NOISE = 1e-9
CAUSES_SHOWN = 6
KINDS = ("parameter", "input", "setting", "program")


def compare(
    old: Mapping, new: Mapping, lang: str = "zh", recomputed: Iterable[Mapping] = ()
) -> pd.DataFrame:
    """
    List the figures of past years that a recalculation changed, with what was changed.

    Parameters
    ----------
    old, new : mapping
        What a run left, as ``ledger.earlier_results`` returns it: ``history`` (one record per
        year, figures by name), ``tables`` (result tables by name), ``settings``,
        ``inputs_sha256``, ``parameters`` (records) and ``program`` (with its ``version``).
    lang : {"zh", "en"}
        Language of the names and causes.
    recomputed : iterable of mapping, optional
        Records like those of the history, of figures that the ``former_parameters`` give on the
        new data.

    Returns
    -------
    table : DataFrame
        Columns of the table ``recalculation``: one row per year and figure that both runs have
        and that differs by more than a billionth, of the history, carbon pools, balances and
        tables of greenhouse gases of all years. Causes that come together are listed and not
        apportioned, but for the part of parameters where figures were ``recomputed``. No row
        where nothing changed.

    Notes
    -----
    A cause is listed where it can bear on the figure, as ``causes.SETTINGS`` and
    ``causes.EVIDENCE`` tell: biomass parameters on carbon only, warming potentials on sums of
    gases only, the inventory of a year on that year and later ones only, land cover, intervals
    and scenarios on nothing here.

    References
    ----------
    IPCC (2006), Guidelines for National Greenhouse Gas Inventories, vol. 1, ch. 5: the whole
    time series is recalculated when methods or data change, and the reasons are reported.

    Examples
    --------
    >>> old = {"history": [{"year": 2020, "forest_area_ha": 100.0}],
    ...        "settings": {"coverage_rule": "forestry", "ghg": {"gwp": "sar"}}}
    >>> new = {"history": [{"year": 2020, "forest_area_ha": 102.0}],
    ...        "settings": {"coverage_rule": "sandiao", "ghg": {"gwp": "ar5"}}}
    >>> compare(old, new, "en")[["year", "difference", "difference_pct", "causes"]].values.tolist()
    [[2020, 2.0, 2.0, 'setting coverage_rule: forestry → sandiao']]
    """
    found, years, rows = differences(old, new, lang), surveyed(old, new), []
    former = {one["year"]: one for one in recomputed}
    for figure, before in _changed(old, new, lang):
        bearing = [one for one in found if one.bears(figure.indicator, figure.year, years)]
        again = former.get(figure.year, {}).get(figure.indicator, math.nan)
        difference = figure.value - before
        rows.append(
            {
                "year": figure.year,
                "indicator": figure.indicator,
                "name": figure.name,
                "unit": figure.unit,
                "old_value": before,
                "new_value": figure.value,
                "difference": difference,
                "difference_pct": difference / abs(before) * 100 if before else math.nan,
                "parameter_difference": figure.value - again,
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
        belongs to (missing where it belongs to none).
    """
    found = [one._asdict() for one in differences(old, new, lang)]
    table = pd.DataFrame(found, columns=Cause._fields).astype({"year": "Int64"})
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
              for row in old.get("parameters", []) if is_number(row["value"])}  # fmt: skip
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


def _changed(old: Mapping, new: Mapping, lang: str) -> Iterator[tuple[Figure, float]]:
    """Go through the figures that both runs have and that differ, with their old values."""
    earlier = {one[:4]: one.value for one in figures(old, lang)}
    for figure in figures(new, lang):
        before = earlier.get(figure[:4], figure.value)
        if abs(figure.value - before) > NOISE * max(abs(figure.value), abs(before)):
            yield figure, before


def _told(found: list[Cause], lang: str) -> str:
    """Write causes as one text: the first few of each kind, and how many there are."""
    parts = []
    for kind in KINDS:
        mine = [one for one in found if one.kind == kind]
        if not mine:
            continue
        shown = ", ".join(_item(one, lang) for one in mine[:CAUSES_SHOWN])
        if len(mine) > CAUSES_SHOWN:
            shown += text("recalculation.more", lang, count=len(mine))
        parts.append(text(f"recalculation.{kind}", lang, causes=shown))
    return "; ".join(parts) if parts else text("recalculation.no_cause", lang)


def _item(cause: Cause, lang: str) -> str:
    """Write one cause; fingerprints of files stand in the table of causes only."""
    if cause.kind != "input":
        return f"{cause.item}: {cause.old_value} → {cause.new_value}"
    if cause.old_value and cause.new_value:
        return cause.item
    word = "recalculation.removed" if cause.old_value else "recalculation.added"
    return text(word, lang, file=cause.item)
