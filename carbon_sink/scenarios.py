"""What may happen to the forest after the last inventory: scenarios, checked before use."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from .codes import named_groups
from .errors import ParameterError, Problem
from .growth_models import curve_groups
from .language import Words, text, translated
from .parameters import AREA_GROUPS

KINDS_OF_DISTURBANCE = ("fire", "pest")
PERCENT_MAX = 100.0
REQUIRED = {
    "scenario": ("key", "name", "harvest_m3_yr", "mortality_pct_yr"),
    "planting": ("species_group", "area_ha_yr", "from_year", "to_year"),
    "improvement": ("area_ha_yr", "from_year", "to_year", "growth_gain_pct", "source"),
    "disturbance": ("kind", "area_ha_yr", "stock_loss_pct", "from_year", "to_year"),
}


@dataclass(frozen=True)
class Planting:
    """New forest of one species group, ``area_ha_yr`` in every year of a span."""

    species_group: str
    area_ha_yr: float
    from_year: int
    to_year: int

    def area_ha(self, year: int) -> float:
        """Return the area (ha) that is planted in one year."""
        return self.area_ha_yr if self.from_year <= year <= self.to_year else 0.0


@dataclass(frozen=True)
class Improvement:
    """Tending of ``area_ha_yr`` in every year of a span, and the growth that it gains there."""

    area_ha_yr: float
    from_year: int
    to_year: int
    growth_gain_pct: float
    source: str

    def treated_ha(self, year: int) -> float:
        """
        Return the area (ha) that was treated up to a year.

        Examples
        --------
        >>> Improvement(100.0, 2026, 2030, 10.0, "trial plots").treated_ha(2028)
        300.0
        """
        done = min(year, self.to_year) - self.from_year + 1
        return self.area_ha_yr * max(done, 0)


@dataclass(frozen=True)
class Disturbance:
    """Fires or pests on ``area_ha_yr`` in every year of a span, and the stock lost there."""

    kind: str
    area_ha_yr: float
    stock_loss_pct: float
    from_year: int
    to_year: int

    def loss_share(self, year: int, stocked_ha: float) -> float:
        """
        Return the share of all stock that is lost in one year.

        Examples
        --------
        >>> Disturbance("fire", 10.0, 50.0, 2026, 2030).loss_share(2026, 1000.0)
        0.005
        """
        if not self.from_year <= year <= self.to_year or stocked_ha <= 0.0:
            return 0.0
        return min(self.area_ha_yr / stocked_ha, 1.0) * self.stock_loss_pct / PERCENT_MAX


@dataclass(frozen=True)
class Scenario:
    """
    One course of planting, cutting and losses.

    ``harvest_m3_yr`` is growing stock taken each year (m3), ``mortality_pct_yr`` the share of
    the stock that dies each year (%). Both are stated by the user; nothing stands in for them.
    """

    key: str
    name: str
    name_en: str
    harvest_m3_yr: float
    mortality_pct_yr: float
    planting: tuple[Planting, ...] = ()
    improvement: Improvement | None = None
    disturbance: Disturbance | None = None

    def named(self, lang: str = "zh") -> str:
        """Return the name in a language; the Chinese one where there is no other."""
        return self.name_en if lang == "en" and self.name_en else self.name


def setting_of(number: int, key: str, name: str = "") -> str:
    """
    Return the setting of a scenario: its number in the file, and its key.

    Examples
    --------
    >>> setting_of(2, "fast", "harvest_m3_yr")
    'outlook.scenarios.2.harvest_m3_yr (fast)'
    """
    place = f"outlook.scenarios.{number}" + (f".{name}" if name else "")
    return f"{place} ({key})" if key else place


def read_scenarios(
    rows: Iterable[Mapping[str, Any]],
    stands: pd.DataFrame,
    year: int,
    groups: Iterable[str],
    curves: Iterable[str],
    file: str = "",
) -> list[Scenario]:
    """
    Make scenarios of plain rows, or refuse all of them with one message.

    Parameters
    ----------
    rows : iterable of mapping
        Fields of ``Scenario``, with the rows of planting, the improvement and the disturbance
        as mappings.
    stands : DataFrame
        Latest inventory with ``carbon_part``, ``area_ha`` (ha) and ``forest_stock_m3`` (m3).
    year : int
        Year of that inventory; scenarios begin after it.
    groups : iterable of str
        Species groups that have carbon parameters.
    curves : iterable of str
        Species groups that have a level curve of stock by age.
    file : str
        Name of the settings file, for messages.

    Returns
    -------
    scenarios : list of Scenario

    Raises
    ------
    ParameterError
        With every fault of every scenario: fields that are missing, figures that are negative
        or above 100 %, years out of order, unknown species, planted species without a curve of
        their stock, more harvest than stock, more treated area than forest, improvement
        without a source, keys that come twice.

    Examples
    --------
    >>> stands = pd.DataFrame({"carbon_part": ["arbor"], "area_ha": [10.0],
    ...                        "forest_stock_m3": [500.0]})
    >>> row = {"key": "bau", "name": "现状", "harvest_m3_yr": 5.0, "mortality_pct_yr": 1.0}
    >>> read_scenarios([row], stands, 2025, ["oak"], [])[0].harvest_m3_yr
    5.0
    """
    stocked = stands["carbon_part"].eq("arbor") & stands["forest_stock_m3"].gt(0)
    checks = _Checks(
        year=year,
        stock_m3=float(stands.loc[stocked, "forest_stock_m3"].sum()),
        stocked_ha=float(stands.loc[stocked, "area_ha"].sum()),
        groups=frozenset(groups),
        curves=frozenset(curves) | frozenset(AREA_GROUPS),
        file=file,
        place=("", ""),
        found=[],
    )
    rows = list(rows)
    keys = [str(row.get("key") or "") for row in rows]
    for number, row in enumerate(rows, start=1):
        replace(checks, place=(number, keys[number - 1])).scenario(row)
    for key in sorted({key for key in keys if key and keys.count(key) > 1}):
        again = ", ".join(str(number) for number, one in enumerate(keys, start=1) if one == key)
        checks.found.append(Problem("scenario_key_repeated", file=file,
                                    field=f"outlook.scenarios.{again}", value=key))  # fmt: skip
    if checks.found:
        raise ParameterError(checks.found)
    return [_made(row) for row in rows]


def _made(row: Mapping[str, Any]) -> Scenario:
    """Make one scenario of a row without faults."""
    parts = {
        "planting": tuple(Planting(**one) for one in row.get("planting") or ()),
        "improvement": Improvement(**row["improvement"]) if row.get("improvement") else None,
        "disturbance": Disturbance(**row["disturbance"]) if row.get("disturbance") else None,
    }
    return Scenario(**{"name_en": "", **row, **parts})


@dataclass(frozen=True)
class _Checks:
    """What scenarios are held against, and the faults that were found."""

    year: int
    stock_m3: float
    stocked_ha: float
    groups: frozenset[str]
    curves: frozenset[str]
    file: str
    place: tuple[int | str, str]
    found: list[Problem]

    def add(self, code: str, name: str, value: str = "", rule: str = "") -> None:
        field = setting_of(*self.place, name)
        self.found.append(Problem(code, file=self.file, field=field, value=value, rule=rule))

    def scenario(self, row: Mapping[str, Any]) -> None:
        self.whole(row, "scenario")
        self.figure(row, "harvest_m3_yr")
        self.figure(row, "mortality_pct_yr", highest=PERCENT_MAX)
        harvest = _number(row.get("harvest_m3_yr"))
        if harvest is not None and harvest > self.stock_m3:
            self.add("scenario_harvest_large", "harvest_m3_yr", f"{harvest:,.12g} m3",
                     f"{self.year}: {self.stock_m3:,.0f} m3")  # fmt: skip
        for number, one in enumerate(row.get("planting") or (), start=1):
            self.planting(one, f"planting.{number}")
        for name, check in (("improvement", self.improvement), ("disturbance", self.disturbance)):
            if row.get(name):
                check(row[name], name)

    @property
    def plantable(self) -> Words:
        return named_groups(self.groups & self.curves)

    def planting(self, row: Mapping[str, Any], place: str) -> None:
        self.whole(row, "planting", place)
        self.figure(row, "area_ha_yr", place)
        self.span(row, place)
        group = row.get("species_group")
        if group and group not in self.groups:
            self.add(
                "scenario_species_unknown", f"{place}.species_group", str(group), self.plantable
            )
        elif group and group not in self.curves:
            models = ", ".join(curve_groups())
            rule = Words.made(
                lambda lang: text(
                    "scenario.plantable",
                    lang,
                    models=models,
                    groups=translated(self.plantable, lang),
                )
            )
            self.add("scenario_curve_missing", f"{place}.species_group", str(group), rule)

    def improvement(self, row: Mapping[str, Any], place: str) -> None:
        self.whole(row, "improvement", place)
        self.figure(row, "area_ha_yr", place)
        self.figure(row, "growth_gain_pct", place)
        self.span(row, place)
        area_ha, first, last = (_number(row.get(name)) for name in REQUIRED["improvement"][:3])
        if None in (area_ha, first, last):
            return
        treated_ha = area_ha * (last - first + 1)
        if treated_ha > self.stocked_ha:
            self.add("scenario_area_large", f"{place}.area_ha_yr",
                     f"{treated_ha:,.12g} ha", f"{self.stocked_ha:,.1f} ha")  # fmt: skip

    def disturbance(self, row: Mapping[str, Any], place: str) -> None:
        self.whole(row, "disturbance", place)
        self.figure(row, "area_ha_yr", place)
        self.figure(row, "stock_loss_pct", place, highest=PERCENT_MAX)
        self.span(row, place)
        area_ha = _number(row.get("area_ha_yr"))
        if area_ha is not None and area_ha > self.stocked_ha:
            self.add("scenario_area_large", f"{place}.area_ha_yr",
                     f"{area_ha:,.12g} ha", f"{self.stocked_ha:,.1f} ha")  # fmt: skip
        if row.get("kind") and row["kind"] not in KINDS_OF_DISTURBANCE:
            self.add("scenario_figure_impossible", f"{place}.kind", str(row["kind"]),
                     " | ".join(KINDS_OF_DISTURBANCE))  # fmt: skip

    def whole(self, row: Mapping[str, Any], kind: str, place: str = "") -> None:
        lacking = [name for name in REQUIRED[kind] if _empty(row.get(name))]
        if "source" in lacking:
            lacking.remove("source")
            self.add("scenario_source_missing", f"{place}.source")
        if lacking:
            self.add("scenario_incomplete", place, ", ".join(lacking))

    def figure(
        self, row: Mapping[str, Any], name: str, place: str = "", highest: float = float("inf")
    ) -> None:
        value = row.get(name)
        number = _number(value)
        if _empty(value) or (number is not None and 0.0 <= number <= highest):
            return
        rule = "≥ 0" if highest == float("inf") else f"0–{highest:g}"
        self.add("scenario_figure_impossible", f"{place}.{name}".lstrip("."), str(value), rule)

    def span(self, row: Mapping[str, Any], place: str) -> None:
        first, last = row.get("from_year"), row.get("to_year")
        if _empty(first) or _empty(last):
            return
        whole = all(isinstance(one, int) for one in (first, last))
        if not whole or not self.year < first <= last:
            self.add("scenario_years_wrong", place, f"{first}–{last}", str(self.year))


def _empty(value: Any) -> bool:
    """Tell whether a field was not filled in."""
    return value is None or (isinstance(value, str) and not value.strip())


def _number(value: Any) -> float | None:
    """Return a finite number, or nothing."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    number = float(value)
    return number if abs(number) < float("inf") else None
