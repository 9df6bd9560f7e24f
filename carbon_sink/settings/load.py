"""Reads a settings file and checks it whole before any data is opened."""

import difflib
import re
import tomllib
from dataclasses import replace
from pathlib import Path

import pandas as pd
from pydantic import ValidationError

from .. import codes, landcover, parameters
from ..errors import CRSError, ParameterError, Problem, SettingsError
from ..geometry import area_crs
from ..growth_models import group_models
from ..language import read_rows
from ..pools import PoolChoice, choice_problems
from ..readers import codec_of
from ..tables import columns
from ..units import base_unit, field_unit, field_units, known_units
from .model import ELLIPSOID, Settings, Source, Tabular, named_files, named_sources
from .section import Section

# characters that no file name may have on some system
FORBIDDEN = re.compile(r'[/\\:*?"<>|\x00-\x1f]|^\.|[. ]$')
# what is known of the settings file itself
PLACE = ("folder", "file_name")
# tables that the files of a section may hold
TABLES = {"inventory": ("stands",), "projects": ("projects", "four_side"), "events": ("events",)}
# sections whose files hold codes of species
CODED = ("inventory", "projects")
# what pydantic calls a mistake -> our message
MESSAGES = {
    "extra_forbidden": "setting_unknown",
    "missing": "setting_missing",
    "literal_error": "setting_choice",
    "not_a_choice": "setting_choice",
    "greater_than": "setting_range",
    "greater_than_equal": "setting_range",
    "less_than": "setting_range",
    "less_than_equal": "setting_range",
    "string_too_short": "setting_missing",
}


def load_settings(path: str | Path) -> Settings:
    """
    Read and check a settings file.

    Parameters
    ----------
    path : str or Path
        A TOML file in UTF-8.

    Returns
    -------
    settings : Settings

    Raises
    ------
    SettingsError
        With every unknown word, wrong type, missing file, unknown scheme and path that leaves
        the folder of the settings.
    """
    path = Path(path)
    file = path.name
    if not path.is_file():
        raise SettingsError(Problem("settings_missing", file=str(path)))
    try:
        content = tomllib.loads(path.read_bytes().decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        problem = Problem("settings_not_utf8", file=file, value=str(error.start))
        raise SettingsError(problem) from None
    except tomllib.TOMLDecodeError as error:
        place = re.search(r"line (\d+), column (\d+)", str(error))
        value = "{} : {}".format(*place.groups()) if place else str(error)
        raise SettingsError(Problem("settings_unreadable", file=file, value=value)) from None
    if own := [Problem("setting_unknown", file=file, field=word) for word in PLACE
               if word in content]:  # fmt: skip
        raise SettingsError(own)
    place = dict(zip(PLACE, (path.resolve().parent, file), strict=True))
    try:
        settings = Settings.model_validate({**content, **place})
    except ValidationError as error:
        raise SettingsError(_translated(error, file)) from None
    problems = [*_file_problems(settings, file), *_choice_problems(settings, file)]
    if problems:
        raise SettingsError(problems)
    return settings


def _translated(error: ValidationError, file: str) -> list[Problem]:
    """Turn pydantic's mistakes into our messages."""
    problems = []
    for mistake in error.errors():
        where = ".".join(
            str(step + 1 if isinstance(step, int) else step) for step in mistake["loc"]
        )
        context = mistake.get("ctx", {})
        expected = context.get("expected") or next(
            (f"{sign} {context[key]:,.12g}" for key, sign in
             (("ge", "≥"), ("gt", ">"), ("le", "≤"), ("lt", "<")) if key in context), "",
        )  # fmt: skip
        code = MESSAGES.get(mistake["type"], "setting_type")
        near = difflib.get_close_matches(str(mistake["loc"][-1]), _words(), n=1)
        if code == "setting_unknown" and near:
            code, expected = "setting_misspelt", near[0]
        if mistake["type"] == "value_error":
            code, expected = "target_years", ""
        value = "" if isinstance(mistake["input"], dict | list) else str(mistake["input"])
        kind = mistake["type"].removesuffix("_type").removesuffix("_parsing")
        choices = expected.replace("'", "").replace(" or ", ", ").removeprefix(", ")
        rule = choices or f"type.{kind}"
        problems.append(Problem(code, file=file, field=where, value=value, rule=rule))
    return problems


def _words() -> list[str]:
    """Return every word that settings may use."""
    sections = [
        Settings, *(one for kind in (Section, Source, Tabular) for one in kind.__subclasses__())
    ]  # fmt: skip
    return sorted({name for section in sections for name in section.model_fields} - set(PLACE))


def _file_problems(settings: Settings, file: str) -> list[Problem]:
    """Files that are missing, and relative paths that leave the folder of the settings."""
    problems = []
    for name, path in named_files(settings):
        full = settings.path_of(path)
        if not Path(path).is_absolute() and not full.resolve().is_relative_to(settings.folder):
            problems.append(Problem("path_outside", file=file, field=name, value=path))
        elif not full.exists() or (full.is_dir() and full.suffix.lower() != ".gdb"):
            problems.append(Problem("file_missing", file=file, field=name, value=str(full)))
    return problems


def _choice_problems(settings: Settings, file: str) -> list[Problem]:
    """Names of schemes, sets, indicators, units and years that do not exist."""
    wanted: list[tuple[str, str, list[str]]] = [
        ("parameter_set", settings.parameter_set, parameters.parameter_sets())
    ]
    for number, source in enumerate(settings.inventory, start=1):
        place = f"inventory.{number}"
        if source.landclass_scheme:
            wanted.append(
                (f"{place}.landclass_scheme", source.landclass_scheme, codes.landclass_schemes())
            )
    wanted += [
        (f"{name}.{number}.species_scheme", source.species_scheme, codes.species_schemes())
        for name in CODED
        for number, source in enumerate(getattr(settings, name), start=1)
        if source.species_scheme
    ]
    for number, source in enumerate(settings.landcover, start=1):
        wanted.append((f"landcover.{number}.scheme", source.scheme, landcover.schemes()))
    indicators = {row["indicator"]: row["unit"] for row in read_rows("indicators.csv")}
    for name in ("targets", "statistics"):
        for number, row in enumerate(getattr(settings, name), start=1):
            wanted.append((f"{name}.{number}.indicator", row.indicator, list(indicators)))
            wanted.append((f"{name}.{number}.unit", row.unit, known_units()))
    problems = [
        Problem("setting_choice", file=file, field=field, value=value, rule=", ".join(choices))
        for field, value, choices in wanted
        if value not in choices
    ]
    if not problems:
        problems = _unit_problems(settings, file, indicators)
    return [
        *problems,
        *_carbon_problems(settings, file),
        *_name_problems(settings, file),
        *_own_code_problems(settings, file),
        *_field_unit_problems(settings, file),
        *_year_problems(settings, file),
        *_encoding_problems(settings, file),
        *_accounting_problems(settings, file),
    ]


def _accounting_problems(settings: Settings, file: str) -> list[Problem]:
    """List pools without evidence, growth models that do not exist, and years gone by."""
    problems = choice_problems(PoolChoice(**settings.pools.model_dump()))
    try:
        group_models(settings.growth.region, settings.growth.models)
    except ParameterError as error:
        problems += error.problems
    burnt = [settings.ghg.burnt_on_site_pct, settings.ghg.burnt_off_site_pct]
    if sum(one or 0.0 for one in burnt) > 100.0:  # noqa: PLR2004 - percent
        shown = " + ".join(f"{one or 0.0:g}" for one in burnt)
        problems.append(Problem("setting_range", field="ghg.burnt_on_site_pct",
                                value=shown, rule="≤ 100"))  # fmt: skip
    return [replace(one, file=file) for one in problems]


def _encoding_problems(settings: Settings, file: str) -> list[Problem]:
    """List encodings that nobody knows."""
    return [
        Problem("encoding_name", file=file, field=f"{name}.encoding", value=source.encoding)
        for name, source in named_sources(settings)
        if source.encoding and not codec_of(source.encoding)
    ]


def _carbon_problems(settings: Settings, file: str) -> list[Problem]:
    """List a carbon table that does not belong to one land-cover product."""
    schemes = sorted({source.scheme for source in settings.landcover})
    if settings.carbon_density is None or len(schemes) == 1:
        return []
    value = ", ".join(schemes) or "—"
    return [Problem("carbon_density_landcover", file=file, field="carbon_density", value=value)]


def _unit_problems(settings: Settings, file: str, units: dict[str, str]) -> list[Problem]:
    """List figures whose unit is not of their indicator, and figures that come twice."""
    problems = []
    for name, year in (("targets", "target_year"), ("statistics", "year")):
        seen = set()
        for number, row in enumerate(getattr(settings, name), start=1):
            place = {"file": file, "field": f"{name}.{number}"}
            expected = units[row.indicator]
            if base_unit(row.unit)[0] != expected:
                problems.append(Problem("target_unit", value=row.unit, rule=expected, **place))
            key = (row.indicator, getattr(row, year))
            if key in seen:
                problems.append(Problem("target_twice", value=row.indicator, **place))
            seen.add(key)
    return problems


def _own_code_problems(settings: Settings, file: str) -> list[Problem]:
    """List codes of the user's own that stand for groups the program does not know."""
    groups = {
        "landclass_codes": codes.class_groups(),
        "species_codes": codes.group_names().index.to_list(),
    }
    return [
        Problem("own_code_group", file=file, field=f"{section}.{number}.{name}.{code}",
                value=group, rule=", ".join(known))
        for section in CODED
        for number, source in enumerate(getattr(settings, section), start=1)
        for name, known in groups.items()
        for code, group in getattr(source, name, {}).items()
        if group not in known
    ]  # fmt: skip


def _field_unit_problems(settings: Settings, file: str) -> list[Problem]:
    """List units of fields that their columns cannot be in."""
    problems = []
    for name, tables in TABLES.items():
        units = pd.concat([columns(table)["unit"] for table in tables]).to_dict()
        measured = [column for column, unit in units.items() if field_units(unit)]
        problems += [
            Problem("setting_choice", file=file, field=f"{name}.{number}.units.{column}",
                    value=word if column in measured else column,
                    rule=", ".join(field_units(units[column]) if column in measured else measured))
            for number, source in enumerate(getattr(settings, name), start=1)
            for column, word in source.units.items()
            if column not in measured or not field_unit(word, units[column])
        ]  # fmt: skip
    return problems


def _name_problems(settings: Settings, file: str) -> list[Problem]:
    """List names that cannot be part of a file name, and systems without areas."""
    problems = [
        Problem("place_name", file=file, field=f"place.{name}", value=value)
        for name, value in (("name", settings.place.name), ("name_en", settings.place.name_en))
        if FORBIDDEN.search(value)
    ]
    if settings.area_crs != ELLIPSOID:
        try:
            area_crs(settings.area_crs)
        except CRSError as error:
            problems += [replace(problem, file=file) for problem in error.problems]
    return problems


def _year_problems(settings: Settings, file: str) -> list[Problem]:
    """List a report year without data, and years that are given twice."""
    problems = []
    for name in ("inventory", "landcover", "reference_samples"):
        years = [source.year for source in getattr(settings, name)]
        problems += [
            Problem("year_twice", file=file, field=name, value=str(year))
            for year in sorted(set(years))
            if years.count(year) > 1
        ]
    mapped = {source.year for source in settings.landcover}
    problems += [
        Problem("samples_without_landcover", file=file, field=f"reference_samples.{number}.year",
                value=str(source.year), rule=", ".join(map(str, sorted(mapped))))
        for number, source in enumerate(settings.reference_samples, start=1)
        if source.year not in mapped
    ]  # fmt: skip
    problems += [*_outlook_problems(settings, file), *_sink_problems(settings, file)]
    years = [source.year for source in settings.inventory or settings.landcover]
    if not years:
        problems.append(Problem("nothing_to_do", file=file, field="inventory, landcover"))
    elif settings.report_year not in years and not _is_updated(settings):
        known = ", ".join(map(str, sorted(years)))
        is_early = settings.growth.update and settings.report_year < max(years)
        code = "year_before_inventory" if is_early else "year_without_inventory"
        problems.append(
            Problem(code, file=file, field="report_year",
                    value=str(settings.report_year), rule=known)
        )  # fmt: skip
    return problems


def _outlook_problems(settings: Settings, file: str) -> list[Problem]:
    """List years of an outlook that are none, come twice or are not ahead."""
    if not settings.outlook.scenarios or not settings.inventory:
        return []
    place = {"file": file, "field": "outlook.years"}
    years = settings.outlook.years
    if not years:
        return [Problem("setting_missing", **place)]
    last = max(source.year for source in settings.inventory)
    found = [
        Problem("year_twice", value=str(year), **place)
        for year in sorted(set(years)) if years.count(year) > 1
    ]  # fmt: skip
    past = ", ".join(str(year) for year in sorted(set(years)) if year <= last)
    if past:
        found.append(Problem("outlook_years_past", value=past, rule=str(last), **place))
    return found


def _sink_problems(settings: Settings, file: str) -> list[Problem]:
    """List years and types of works that come twice, years gone by, and weights of nothing."""
    said, found = settings.sinks, []
    for name, code in (("years", "year_twice"), ("priority", "setting_twice")):
        listed = getattr(said, name)
        found += [Problem(code, file=file, field=f"sinks.{name}", value=str(one))
                  for one in dict.fromkeys(listed) if listed.count(one) > 1]  # fmt: skip
    past = [str(year) for year in sorted(set(said.years)) if year <= settings.report_year]
    if past and "years" in said.model_fields_set:
        found.append(Problem("sink_years_past", file=file, field="sinks.years",
                             value=", ".join(past), rule=str(settings.report_year)))  # fmt: skip
    if not sum(said.weights.model_dump().values()):
        found.append(Problem("weights_empty", file=file, field="sinks.weights", value="0"))
    return found


def unused_problems(settings: Settings) -> list[Problem]:
    """Tell settings that have no effect: an outlook without scenarios."""
    said = settings.outlook
    idle = [f"outlook.{name}" for name in ("years", "engine") if name in said.model_fields_set]
    if said.scenarios or not idle:
        return []
    return [Problem("outlook_idle", file=settings.file_name, field=", ".join(idle))]


def _is_updated(settings: Settings) -> bool:
    """Tell whether an earlier inventory is to be brought to the report year."""
    years = [source.year for source in settings.inventory]
    return settings.growth.update and bool(years) and max(years) < settings.report_year
