"""The whole run on one page: what is read, what is computed from it, and what is written."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

import geopandas as gpd
import pandas as pd

from . import __version__, layers, ledger, maps, readers, recalculation, report
from .accounting import Case, account
from .carbon import add_carbon, used_rows
from .cluster import check_workers, measuring
from .errors import ParameterError, Problem, first_rows
from .estimation import estimate
from .evidence import used_evidence
from .findings import findings_table, notes_table
from .growing import grow
from .growth_models import group_models
from .intake import Inputs, check_landcover, gather, read_inputs
from .inventory import TIMBER
from .language import text
from .monitoring import Monitoring, monitor, write_rasters
from .parameters import load_parameters
from .projection import check_engine, look_ahead, scenarios_of
from .projects import PLAN_ITEMS, four_side_projects, plan_quantities
from .prospects import look_around
from .results import content_of, gis_layers, layers_of, works_with_results
from .settings import ELLIPSOID, Settings, load_settings
from .sink_totals import total_sinks
from .sinks import count_sinks
from .stand_changes import change_notes, change_tables, matched
from .summary import RunFacts, inventory_tables
from .targets import Target, indicator_table, indicator_values
from .work_evidence import used_by_works
from .zonal import Measure, class_area

PLAN_INDICATORS = [f"{item}_ha" for item in PLAN_ITEMS]
STEPS = ("read", "compute", "write")


@dataclass(frozen=True)
class Run:
    """
    A finished run.

    ``tables`` are the results, one DataFrame each, named as in ``data/columns.csv``;
    ``layers`` those with geometry; ``content`` what ``indicators.json`` holds; ``seen`` what
    land cover told; ``folder`` the place of the files that were written.
    """

    facts: RunFacts
    tables: dict[str, pd.DataFrame] = field(repr=False)
    layers: dict[str, gpd.GeoDataFrame] = field(repr=False)
    parameters: pd.DataFrame = field(repr=False)
    content: dict = field(repr=False)
    seen: Monitoring = field(repr=False)
    folder: Path | None = None

    def map(self):  # noqa: ANN201
        """Return the district map, a folium map that works without a network."""
        towns, projects, boundary, surveyed = (
            self.layers.get(name) for name in ("towns", "projects", "boundary", "surveyed")
        )
        if projects is not None:
            projects = works_with_results(projects, self.tables)
        return maps.overview(self.facts, self.tables, towns, projects, boundary, surveyed)


def run(
    settings: Settings | str | Path,
    out: str | Path | None = None,
    on_step: Callable[[str], None] = lambda _: None,
    *,
    workers: int = 1,
    scheduler: str = "",
) -> Run:
    """
    Do the whole job: read, check, compute, write.

    Parameters
    ----------
    settings : Settings, str or Path
        Settings, or the path of a settings file.
    out : str or Path, optional
        Folder of the results; ``maps/<folder of the settings>/<year>`` by default. Earlier
        results there are replaced when all new ones are written, and not before.
    on_step : callable, optional
        Called with the name of each step as it begins.
    workers : int
        Threads that measure rasters, or processes when the scheduler is ``local``.
    scheduler : str
        Address of a Dask scheduler, ``local``, or empty for none; results are the same.

    Returns
    -------
    run : Run

    Raises
    ------
    CarbonSinkError
        If an input cannot be used; nothing is written then.

    Examples
    --------
    >>> import carbon_sink
    >>> done = carbon_sink.run("gis_data/rongchang/settings.toml")  # doctest: +SKIP
    """
    started = datetime.now(UTC).isoformat(timespec="seconds")
    check_workers(workers)
    if not isinstance(settings, Settings):
        settings = load_settings(settings)
    folder = Path(out) if out is not None else default_folder(settings)
    protected = [settings.folder, *settings.input_paths()]
    ledger.check_folder(folder, protected)
    check_engine(settings)
    on_step("read")
    inputs = read_inputs(settings)
    on_step("compute")
    with measuring(workers, scheduler) as measure:
        done = compute(settings, inputs, measure)
    record = ledger.run_record(
        version=__version__, settings=settings.model_dump(mode="json"),
        inputs=ledger.fingerprints(settings.input_paths(), settings.folder),
        parameters=done.parameters, seed=settings.uncertainty.seed, started=started,
    )  # fmt: skip
    _add_revisions(done, settings, record, folder)
    on_step("write")
    with ledger.results_folder(folder, protected) as staging:
        write(done, record, staging)
    return replace(done, folder=folder)


def check(settings: Settings) -> Inputs:
    """
    Read and check all that a run would need, parameters and classes too; keep no rows.

    Parameters
    ----------
    settings : Settings

    Returns
    -------
    inputs : Inputs
        With everything that was found; ``errors`` are what a run would refuse.
    """
    parameters = _parameters(settings)
    files = {source.year: settings.path_of(source).name for source in settings.inventory}
    lacking: list[Problem] = []
    latest: list[pd.DataFrame] = []

    def on_part(year: int, stands: gpd.GeoDataFrame) -> None:
        if "species_group" in stands:  # that the species of trees is unknown is told of the rows
            known = stands["species_group"].notna() | ~stands["class_group"].isin(TIMBER)
            stands = stands[known]
        try:
            estimated = estimate(stands, settings, parameters, files[year])
        except ParameterError as error:
            lacking.extend(error.problems)
        else:
            if year == max(files) and "carbon_t" in estimated:
                latest.append(estimated[["carbon_part", "area_ha", "forest_stock_m3"]])

    inputs = gather(settings, on_part)
    with inputs.collecting():
        check_engine(settings)
    if latest and settings.outlook.scenarios and not lacking:
        models = group_models(settings.growth.region, settings.growth.models)
        with inputs.collecting():
            scenarios_of(settings, pd.concat(latest), max(files), models, parameters)
    if lacking:
        inputs.errors.append(ParameterError(_once(lacking)))
    with inputs.collecting():
        check_landcover(inputs)
    return inputs


def _once(lacking: list[Problem]) -> list[Problem]:
    """Tell what the parts of a file lack once, with everything that one of them lacks."""
    alike: dict[tuple, list[Problem]] = {}
    for one in lacking:
        alike.setdefault((one.code, one.file, one.field), []).append(one)
    return [
        replace(
            parts[0],
            rows=first_rows(row for one in parts for row in one.rows),
            count=sum(one.count for one in parts),
            cells=None if parts[0].cells is None else pd.concat([one.cells for one in parts]),
            value=", ".join(sorted({name for one in parts for name in one.value.split(", ")})),
        )
        for parts in alike.values()
    ]


def check_folder(settings: Settings) -> Path:
    """Return where the findings of a check go when nothing else is said."""
    return Path("maps") / settings.folder.name / f"check_{settings.report_year}"


def default_folder(settings: Settings) -> Path:
    """Return where results go when nothing else is said."""
    if settings.output.folder:
        return settings.folder / settings.output.folder
    return Path("maps") / settings.folder.name / str(settings.report_year)


def compute(settings: Settings, inputs: Inputs, measure: Measure = class_area) -> Run:
    """Compute every result table; what cannot be computed is absent, with its reason."""
    lang = settings.language
    parameters = _parameters(settings)
    stands = {
        year: estimate(one, settings, parameters, one.attrs.get("file", ""))
        for year, one in sorted(inputs.stands.items())
    }
    rows = matched(stands)
    growing = grow(settings, inputs, stands, rows, parameters)
    if growing.updated is not None:
        stands[settings.report_year] = growing.updated
    used = [used_rows(one, parameters) for one in stands.values() if "carbon_t" in one]
    cited = pd.concat(used).drop_duplicates() if used else parameters.head(0)
    facts = _facts(settings, inputs)
    tables = inventory_tables(stands, inputs.towns, facts, inputs.land_area_ha)
    changed, drawn = change_tables(rows, stands, inputs.towns, facts.place)
    seen = monitor(inputs, facts, stands, measure)
    summary = tables.get("town_summary")
    case = Case(settings, inputs, stands, rows, parameters, facts, growing, summary)
    accounts = account(case)
    look_ahead(accounts, case)
    sinks = count_sinks(accounts, case, measure)
    if sinks is not None:
        total_sinks(accounts, case, sinks)
    cited = pd.concat([cited.astype(object), used_evidence(accounts, case),
                       used_by_works(case, accounts.tables)])  # fmt: skip
    cited = cited.drop_duplicates(["species_group", "parameter"]).reset_index(drop=True)
    facts = replace(facts, unverified=int(cited["confidence"].ne("verified").sum()))
    tables |= changed | seen.tables | growing.tables | accounts.tables
    works = [*inputs.projects, *map(four_side_projects, inputs.four_side)]
    events = pd.concat(inputs.events, ignore_index=True) if inputs.events else None
    if works:
        plan = [row.base_year for row in settings.targets if row.indicator in PLAN_INDICATORS]
        tables["plan_quantities"] = plan_quantities(
            pd.concat(works, ignore_index=True), settings.report_year, min(plan, default=None)
        )
    statistics = [row.model_dump() for row in settings.statistics]
    year = settings.report_year
    values, reasons, sources = indicator_values(tables, events, statistics, year, lang)
    targets = [Target(**row.model_dump()) for row in settings.targets]
    tables["indicators"] = indicator_table(
        values, reasons, targets, year, lang, sources, accounts.intervals(year), growing.since
    )
    around = look_around(case, sinks, tables)
    tables |= around.tables
    reasons |= accounts.reasons | around.reasons
    tables["absent"] = pd.DataFrame({"item": list(reasons), "reason": list(reasons.values())})
    files = {source.year: source.path for source in settings.inventory}
    notes = [*inputs.notes, *change_notes(changed, files), *seen.notes, *growing.notes]
    notes += [*accounts.notes, *around.notes]
    tables["notes"] = notes_table(notes, lang)
    if inputs.notes:
        tables["findings"] = findings_table(notes, inputs.keys(), lang)
    content = content_of(settings.place.code, facts, tables, inputs.land_area_ha)
    found = layers_of(inputs, stands) | drawn | seen.layers
    found |= {} if sinks is None else sinks.layers
    return Run(facts, tables, found, cited, content, seen)


def _parameters(settings: Settings) -> pd.DataFrame:
    """Load the parameter set, with the user's own rows in it."""
    own = settings.parameters_file
    own_rows = readers.read_table(settings.path_of(own)) if own else None
    return load_parameters(settings.parameter_set, own_rows)


def _facts(settings: Settings, inputs: Inputs) -> RunFacts:
    """Collect what every output states about the run."""
    english = settings.language == "en" and settings.place.name_en
    years = sorted(inputs.stands)
    kind = "area.ellipsoid" if settings.area_crs == ELLIPSOID else "area.planar"
    area = text(kind, settings.language, crs=settings.area_crs)
    return RunFacts(
        title=settings.title,
        place=settings.place.name_en if english else settings.place.name,
        year=settings.report_year,
        base_year=years[0] if years and years[0] < settings.report_year else None,
        language=settings.language,
        coverage_rule=settings.coverage_rule,
        four_side_rule=settings.four_side_rule,
        land_area_source=text(inputs.land_area_source, settings.language, area=area),
        parameter_set=settings.parameter_set,
        synthetic=settings.synthetic,
        unverified=0,  # counted when all is computed
        version=__version__,
        approval_number=settings.output.approval_number,
        area_method=area,
    )


def _add_revisions(done: Run, settings: Settings, record: dict, folder: Path) -> None:
    """Add what moved in past years since earlier results, which are there until the new come."""
    lang = settings.language
    place = settings.place.model_dump()
    earlier, notes = ledger.earlier_results(folder, place, settings.report_year)
    if earlier is not None:
        new = {**record, "history": done.content["history"], "tables": done.tables}
        # carbon is recomputed with rows of biomass only
        mine = done.parameters[done.parameters["set"].eq(settings.parameter_set)]
        former = recalculation.former_parameters(mine.astype({"value": float}), earlier)
        years = [] if former is None else [one["year"] for one in new["history"]]
        again = [
            {
                "year": year,
                "carbon_t": add_carbon(done.layers[f"stands_{year}"], former)["carbon_t"].sum(),
            }
            for year in years
            if f"stands_{year}" in done.layers
        ]
        table = recalculation.compare(earlier, new, lang, again)
        if len(table):
            done.tables["recalculation"] = table
            done.tables["recalculation_causes"] = recalculation.causes(earlier, new, lang)
        notes += recalculation.notes(table, Path(earlier["folder"]).name)
    if notes:
        done.tables["notes"] = pd.concat([done.tables["notes"], notes_table(notes, lang)])


def write(done: Run, record: dict, folder: Path) -> None:
    """Write every output of a run; all of them show the numbers of its tables."""
    (folder / "layers").mkdir()
    (folder / "report").mkdir()
    (folder / "tables").mkdir()
    facts = done.facts
    report.write_indicators(folder / "indicators.json", done.content)
    report.write_tables(folder / "tables", done.tables)
    report.write_workbook(
        folder / "report" / f"{facts.place}_{facts.year}.xlsx", done.tables, facts, done.parameters
    )
    drawn = gis_layers(done.layers, done.tables, facts.year)
    layers.write_layers(folder / "layers" / f"{facts.place}_{facts.year}.gpkg", drawn, facts)
    if done.seen.carbon_maps is not None:
        write_rasters(done.seen.carbon_maps, folder / "layers", facts)
    maps.save(done.map(), folder / "index.html")
    outputs = [one.relative_to(folder).as_posix() for one in folder.rglob("*") if one.is_file()]
    ended = datetime.now(UTC).isoformat(timespec="seconds")
    report.write_indicators(folder / ledger.RECORD, ledger.completed(record, outputs, ended))
