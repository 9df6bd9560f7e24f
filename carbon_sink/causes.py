"""What differs between two runs, and which figures of past years it can move."""

import json
from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from typing import NamedTuple

from .parameters import PROVINCE
from .past_figures import is_number

ALL = ("*",)
# figures of the history in years without an inventory, which growth brought forward
FORWARD = "forward"
AREA = ("forest_area_ha", "forest_coverage_*", "arbor_ha", "bamboo_ha", "special_shrub_ha",
        "shelterbelt_ha", "four_side_ha")  # fmt: skip
LAND = ("land_area_ha", "forest_coverage_*")
BIOMASS = (
    "carbon_t", "carbon_t_ha", "removal_co2_t_yr", "carbon_pools.*",
    "carbon_balance.*.removal_co2_t_yr", "provincial_balance.*",
    "ghg_inventory.*.carbon", "ghg_inventory.*.co2", "ghg_inventory.*.ghg",
    # methane and nitrous oxide of biomass that was cleared; those of fires rest on areas
    "ghg_inventory.burning.*", "ghg_inventory.conversion.*", "ghg_inventory.total.*",
    "crt_tables.4.[a-z]*", "crt_tables.4.A.co2", "crt_tables.4.A.ghg", "crt_tables.4.[B-F].*",
)  # fmt: skip
PROVINCIAL = ("provincial_balance.*",)
CRT_CARBON = ("crt_tables.4.co2", "crt_tables.4.ghg", "crt_tables.4.[A-F].co2",
              "crt_tables.4.[A-F].ghg")  # fmt: skip
DEAD_WOOD = ("carbon_pools.dead_wood.*", *CRT_CARBON)
LITTER = ("carbon_pools.litter.*", *CRT_CARBON)
SOIL = ("carbon_pools.soil.*", *CRT_CARBON)
MORTALITY = ("carbon_balance.mortality.*", "carbon_balance.unrecorded.*", "carbon_balance.total.*",
             "carbon_balance.residual.*")  # fmt: skip
CALIBRATED = ("carbon_balance.growth.*", *MORTALITY)
GROWTH = (*CALIBRATED, FORWARD)
EVENTS = (
    *GROWTH, "carbon_balance.harvest.*", "carbon_balance.fire.*", "carbon_balance.pest.*",
    "ghg_inventory.biomass.*", "ghg_inventory.arbor.*",
    "ghg_inventory.harvest.*", "ghg_inventory.mortality.*", "ghg_inventory.total.*",
    "crt_tables.4.[a-z]*", "crt_tables.4.A.*",
)  # fmt: skip
WARMING = ("ghg_inventory.*.ghg", "crt_tables.*.ghg")
GASES = (*WARMING, "ghg_inventory.*.ch4", "ghg_inventory.*.n2o", "crt_tables.*.ch4",
         "crt_tables.*.n2o")  # fmt: skip
CLEARING = (*GASES, "ghg_inventory.burning.*", "ghg_inventory.decay.*")
PRODUCTS = ("crt_tables.4.co2", "crt_tables.4.ghg", "crt_tables.4.G.*")
CATEGORIES = ("carbon_pools.soil.*", "carbon_balance.*", *PROVINCIAL, "ghg_inventory.*",
              "crt_tables.*")  # fmt: skip
# figures that a setting or a section of settings can move, and its file; none of other ones,
# which are words, places of files, intervals, land cover, projects and the outlook
SETTINGS = {
    "coverage_rule": AREA, "four_side_rule": AREA, "land_area_ha": LAND, "area_crs": ALL,
    "parameter_set": BIOMASS, "parameters_file": BIOMASS, "boundary": LAND, "towns": LAND,
    "inventory": ALL, "events": EVENTS, "growth": GROWTH, "growth.update": (FORWARD,),
    "growth.mortality_pct_yr": MORTALITY,
    "pools.dead_wood": DEAD_WOOD, "pools.litter": LITTER, "pools.climate": (*LITTER, *SOIL),
    "pools": SOIL, "ghg": CLEARING, "ghg.gwp": WARMING, "ghg.wood_products_t_yr": PRODUCTS,
}  # fmt: skip
UNMOVING = {"title", "place", "language", "report_year", "synthetic", "output", "statistics",
            "targets", "landcover", "reference_samples", "carbon_density", "projects",
            "uncertainty", "outlook", "sinks"}  # fmt: skip
# figures that rows of evidence can move, by their set or by set and parameter; rows of other
# sets are of biomass
EVIDENCE = {
    "uncertainty": (), "crosscheck": (), "constants": (), "gwp": WARMING, "fire": CLEARING,
    "growth": GROWTH, "land": CATEGORIES, "soil": SOIL, "pools": LITTER,
    "pools.dead_wood": DEAD_WOOD, "constants.soil_depth_cm": SOIL,
    "constants.soil_transition_yr": SOIL, "constants.mine_soil_gain_max_t_ha_yr": SOIL,
    "constants.calibration_stands_min": GROWTH, "constants.provincial_carbon_fraction": PROVINCIAL,
}  # fmt: skip


class Cause(NamedTuple):
    """
    What differs between two runs.

    ``kind`` is parameter, input, setting or program; ``year`` that of the inventory it belongs
    to, where it belongs to one; ``moves`` are patterns of the figures that it can move.
    """

    kind: str
    item: str
    old_value: str
    new_value: str
    year: int | None
    moves: tuple[str, ...]

    def bears(self, indicator: str, year: int, surveyed: set[int]) -> bool:
        """
        Return whether this can change a figure of a year.

        Parameters
        ----------
        indicator : str
            As ``past_figures.Figure`` has it.
        year : int
            Its year.
        surveyed : set of int
            Years of which both runs have an inventory.

        Examples
        --------
        >>> cause = Cause("setting", "ghg.gwp", "sar", "ar5", None, SETTINGS["ghg.gwp"])
        >>> [cause.bears(name, 2025, {2025}) for name in ("ghg_inventory.total.ghg", "carbon_t")]
        [True, False]
        """
        # growth between two dates is calibrated on the latest ones
        is_calibrated = any(fnmatchcase(indicator, one) for one in CALIBRATED)
        if self.year is not None and self.year > year and not is_calibrated:
            return False
        if FORWARD in self.moves and "." not in indicator and year not in surveyed:
            return True
        return any(fnmatchcase(indicator, one) for one in self.moves)


def differences(old: Mapping, new: Mapping, lang: str = "zh") -> list[Cause]:
    """
    List all that differs between two runs and can change a figure of past years.

    Parameters
    ----------
    old, new : mapping
        As in ``recalculation.compare``.
    lang : {"zh", "en"}
        Language of the names of parameters.

    Returns
    -------
    causes : list of Cause
        Files are compared by their fingerprints, so that one which was renamed only is not
        listed. Parameter rows are those that both runs used.

    Examples
    --------
    >>> old = {"settings": {"title": "a", "coverage_rule": "forestry"}}
    >>> new = {"settings": {"title": "b", "coverage_rule": "sandiao"}}
    >>> [(one.item, one.old_value, one.new_value) for one in differences(old, new)]
    [('coverage_rule', 'forestry', 'sandiao')]
    """
    found = [*_parameters(old, new, lang), *_inputs(old, new), *_settings(old, new)]
    versions = [one.get("program", {}).get("version") for one in (old, new)]
    if versions[0] != versions[1] and None not in versions:
        found.append(Cause("program", "carbon_sink", *versions, None, ALL))
    return [one for one in found if one.moves]


def surveyed(old: Mapping, new: Mapping) -> set[int]:
    """Return the years of which both runs have an inventory."""
    both = []
    for run in (old, new):
        listed = run.get("settings", {}).get("inventory")
        sources = listed if isinstance(listed, list) else []
        both.append({one.get("year") for one in sources if isinstance(one, Mapping)})
    return both[0] & both[1]


def _moved_by_row(row: Mapping) -> tuple[str, ...]:
    """Return the figures that a row of evidence can move."""
    if row["species_group"] == PROVINCE:
        return PROVINCIAL
    name = str(row.get("set", ""))
    return EVIDENCE.get(f"{name}.{row['parameter']}", EVIDENCE.get(name, BIOMASS))


def _moved_by_setting(section: str, name: str = "") -> tuple[str, ...]:
    """Return the figures that a setting can move."""
    return SETTINGS.get(f"{section}.{name}", SETTINGS.get(section, ()))


def _parameters(old: Mapping, new: Mapping, lang: str) -> Iterator[Cause]:
    """List the parameters that both runs used with another value; sets may differ."""
    name = "name_zh" if lang == "zh" else "species_group"
    before = {(row["species_group"], row["parameter"]): row for row in old.get("parameters", [])}
    for row in new.get("parameters", []):
        earlier = before.get((row["species_group"], row["parameter"]))
        if earlier is None:
            continue
        values = _shown(earlier["value"]), _shown(row["value"])
        if values[0] != values[1]:
            of = row.get(name) or row["species_group"]
            item = f"{of} {row['parameter']}".strip()
            yield Cause("parameter", item, *values, None, _moved_by_row(row))


def _inputs(old: Mapping, new: Mapping) -> Iterator[Cause]:
    """List the files that were changed, added or taken away."""
    before, after = old.get("inputs_sha256", {}), new.get("inputs_sha256", {})
    for name in sorted(before.keys() | after.keys()):
        is_renamed = (name not in after and before[name] in after.values()) or (
            name not in before and after[name] in before.values()
        )
        if before.get(name) == after.get(name) or is_renamed:
            continue
        uses = {*_uses(name, old), *_uses(name, new)}
        moves = {one for section, _ in uses for one in _moved_by_setting(section)}
        years = {year for _, year in uses}
        year = years.pop() if len(years) == 1 else None
        yield Cause("input", name, before.get(name, "")[:12], after.get(name, "")[:12], year,
                    tuple(sorted(moves)) if uses else ALL)  # fmt: skip


def _uses(name: str, results: Mapping) -> Iterator[tuple[str, int | None]]:
    """Go through the sections of the settings that name a file, with their years."""
    for section, value in results.get("settings", {}).items():
        for one in value if isinstance(value, list) else [value]:
            path, year = (one, None) if section == "parameters_file" else ("", None)
            if isinstance(one, Mapping):
                path, year = one.get("path") or one.get("table"), one.get("year")
            if path:
                path = path.replace("\\", "/")
                # parts of a Shapefile, and what lies beside a raster, have other endings
                is_many = path.lower().endswith((".shp", ".tif", ".tiff"))
                begin = path.rpartition(".")[0] if is_many else path
                if name == path or name.startswith((f"{begin}.", f"{begin}/")):
                    yield section, year


def _settings(old: Mapping, new: Mapping) -> Iterator[Cause]:
    """List the settings of both runs that differ."""
    before, after = (_flat(one.get("settings", {})) for one in (old, new))
    for key, value in after.items():
        full, year, section, name = key
        if key in before and before[key] != value:
            moves = _moved_by_setting(section, name)
            yield Cause("setting", full, _shown(before[key]), _shown(value), year, moves)


def _flat(settings: Mapping) -> dict[tuple[str, int | None, str, str], object]:
    """
    Lay settings out by full name, year, section and name.

    Paths are left out, since files have fingerprints.
    """
    flat: dict[tuple[str, int | None, str, str], object] = {}
    for section in settings.keys() - UNMOVING - {"parameters_file"}:
        value = settings[section]
        if not isinstance(value, Mapping | list):
            flat[section, None, section, ""] = value
        for number, one in enumerate(value if isinstance(value, list) else [value]):
            for name, single in one.items() if isinstance(one, Mapping) else ():
                year = one.get("year")
                mark = (year or number) if isinstance(value, list) else ""
                full = ".".join(str(part) for part in (section, mark, name) if part != "")
                if name not in ("path", "year"):
                    flat[full, year, section, name] = single
    return dict(sorted(flat.items(), key=lambda item: item[0][0]))


def _shown(value: object) -> str:
    """Write a value as settings would hold it; numbers to twelve digits."""
    if is_number(value):
        return f"{value:.12g}"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
