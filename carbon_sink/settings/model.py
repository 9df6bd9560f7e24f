"""What settings may hold: sections, their words and types, and the files they name."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, model_validator

from ..coverage import FOUR_SIDE_RULES, RULES
from ..language import LANGUAGES
from ..readers import PADDABLE
from ..targets import KINDS
from .accounting import Gases, Growth, Outlook, Pools, Uncertainty
from .section import Section, Text, Year
from .sinks import Sinks

ELLIPSOID = "ellipsoid"


class Source(Section):
    """
    A file, and the layer in it when it holds several.

    ``encoding`` says how the texts of a Shapefile or a CSV are written (``"GBK"``, ``"UTF-8"``),
    where that is not found out rightly.
    """

    path: Text
    layer: str = ""
    encoding: str = ""


class Place(Section):
    """The place the run is about."""

    code: str = ""
    name: Text
    name_en: str = ""


class Towns(Source):
    """Town polygons and the fields that hold their code and name."""

    code_field: Text = "code"
    name_field: Text = "name"


class Tabular(Source):
    """
    A file whose fields are columns of ours.

    ``fields`` maps our column names to the fields of the file, ``fixed`` gives one value to
    a column the file lacks. ``units`` says in which unit the field of a column is, where it is
    not that of the column. A column whose field is an empty text under ``fields`` is left out.
    """

    fields: dict[str, str] = {}
    fixed: dict[str, str] = {}
    units: dict[str, str] = {}


class Inventory(Tabular):
    """
    Inventory polygons of one year.

    ``landclass_codes`` and ``species_codes`` translate codes of the user's own to class groups
    and species groups. ``pad_codes`` names columns whose codes lost the zeros they began with,
    which are put back and told.
    """

    year: Year
    landclass_scheme: str = ""
    species_scheme: str = ""
    landclass_codes: dict[str, str] = {}
    species_codes: dict[str, str] = {}
    pad_codes: list[Literal[*PADDABLE]] = []


class Works(Tabular):
    """
    Works of the plan: projects, or records of four-side planting.

    ``species_codes`` translates codes or words of the user's own to species groups.
    """

    species_scheme: str = ""
    species_codes: dict[str, str] = {}


class LandCover(Section):
    """A land-cover raster of one year and the product whose classes it holds."""

    year: Year
    path: Text
    scheme: Text


class ReferenceSamples(Source):
    """
    Sample units of the land cover of one year, with what an interpreter found there.

    ``strata_ha`` gives the area of each stratum where the sample was not drawn by map class.
    """

    year: Year
    map_field: Text = "map_class"
    reference_field: Text = "reference_class"
    strata_ha: dict[str, Annotated[float, Field(gt=0, strict=False)]] = {}


class CarbonDensity(Section):
    """A table of carbon per land-cover class (t C/ha), for densities of land cover."""

    table: Text


class Statistic(Section):
    """A published value of an indicator that these data cannot give."""

    indicator: Text
    year: Year
    value: float
    unit: Text
    source: Text


class TargetRow(Section):
    """A planned value of an indicator."""

    indicator: Text
    unit: Text
    base_year: Year
    base_value: float
    target_year: Year
    target_value: float
    kind: Literal[*KINDS] = "reach"
    source: Text

    @model_validator(mode="after")
    def _years_in_order(self) -> "TargetRow":
        if self.target_year <= self.base_year:
            msg = "target_year"
            raise ValueError(msg)
        return self


class Output(Section):
    """Where results go (``maps/<folder of the settings>/<year>`` by default) and map labels."""

    folder: str = ""
    approval_number: str = ""


class Settings(Section):
    """
    Everything a run needs to know, as written in ``settings.toml``.

    ``folder`` is the folder of the settings file, where relative paths start, and ``file_name``
    the name of that file.
    """

    folder: Path = Field(exclude=True, strict=False)
    file_name: str = Field(default="settings.toml", exclude=True)
    title: Text
    place: Place
    language: Literal[*LANGUAGES] = "zh"
    report_year: Year
    synthetic: bool = False
    coverage_rule: Literal[*RULES] = "forestry"
    four_side_rule: Literal[*FOUR_SIDE_RULES] = "trees_per_ha"
    parameter_set: Text = "ar_cm_001"
    parameters_file: str = ""
    land_area_ha: Annotated[float, Field(gt=0, strict=False)] | None = None
    area_crs: Text = ELLIPSOID
    boundary: Source | None = None
    towns: Towns | None = None
    inventory: list[Inventory] = []
    landcover: list[LandCover] = []
    reference_samples: list[ReferenceSamples] = []
    carbon_density: CarbonDensity | None = None
    projects: list[Works] = []
    events: list[Tabular] = []
    statistics: list[Statistic] = []
    targets: list[TargetRow] = []
    pools: Pools = Pools()
    growth: Growth = Growth()
    uncertainty: Uncertainty = Uncertainty()
    outlook: Outlook = Outlook()
    ghg: Gases = Gases()
    sinks: Sinks = Sinks()
    output: Output = Output()

    def path_of(self, source: Source | LandCover | str) -> Path:
        """Return the full path of a file named in the settings."""
        return self.folder / (source if isinstance(source, str) else source.path)

    def input_paths(self) -> list[Path]:
        """Return the full path of every file the settings name."""
        return [self.path_of(path) for _, path in named_files(self)]


def named_sources(settings: Settings) -> list[tuple[str, Source]]:
    """Return every file with layers or texts that the settings name, with its section."""
    sources = [(name, getattr(settings, name)) for name in ("boundary", "towns")]
    for name in ("inventory", "reference_samples", "projects", "events"):
        sources += [
            (f"{name}.{number}", source)
            for number, source in enumerate(getattr(settings, name), start=1)
        ]
    return [(name, source) for name, source in sources if source is not None]


def named_files(settings: Settings) -> list[tuple[str, str]]:
    """Return every file the settings name, with the setting that names it."""
    files = [
        (name, getattr(settings, name).path)
        for name in ("boundary", "towns")
        if getattr(settings, name) is not None
    ]
    for name in ("inventory", "landcover", "reference_samples", "projects", "events"):
        files += [
            (f"{name}.{number}", source.path)
            for number, source in enumerate(getattr(settings, name), start=1)
        ]
    if settings.carbon_density:
        files.append(("carbon_density.table", settings.carbon_density.table))
    if settings.parameters_file:
        files.append(("parameters_file", settings.parameters_file))
    return files
