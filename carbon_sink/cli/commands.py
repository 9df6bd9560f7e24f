"""The commands: call what does the work, and print what it gives."""

import argparse
import json
import math
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from ..errors import FileError, Problem
from ..language import text
from ..units import pretty
from .parser import DEMOS

if TYPE_CHECKING:
    from ..pipeline import Run


def demo(options: argparse.Namespace, lang: str) -> None:
    """Write the demonstration data."""
    from ..demo import write_city, write_demo  # noqa: PLC0415

    folder, polygons = DEMOS[options.scale]
    folder = options.folder or folder
    polygons = polygons if options.polygons is None else options.polygons
    key = "cli.demo_start_city" if options.scale == "city" else "cli.demo_start"
    print(text(key, lang, count=f"{polygons:,}"), file=sys.stderr)
    try:
        if options.scale == "city":
            settings = write_city(folder, seed=options.seed, parcels=polygons)
        else:
            settings = write_demo(folder, seed=options.seed, polygons=polygons)
    except OSError as error:
        if isinstance(error, FileError):
            raise
        problem = Problem("output_not_writable", file=folder, value=str(error))
        raise FileError(problem) from None
    print(text("notice.synthetic", lang))
    print(text("cli.demo_done", lang, settings=settings))


def inspect(options: argparse.Namespace, lang: str) -> bool:
    """Look at one file, and say whether it is fit for use."""
    from ..inspection import inspect_file, write_check  # noqa: PLC0415

    found = inspect_file(options.file, options.layer, options.encoding)
    if options.json:
        plain = (sys.stdout.encoding or "").lower().replace("-", "") != "utf8"
        print(json.dumps(found.as_dict(lang), ensure_ascii=plain, allow_nan=False, indent=1))
    else:
        print(*found.lines(lang), sep="\n")
    if options.out:
        surveys = [] if found.survey is None else [found.survey]
        name = found.path.name
        for path in write_check(options.out, name, found.problems, surveys, lang=lang):
            print(text("check.written", lang, path=path), file=sys.stderr)
    return found.outcome != "refuse"


def check(options: argparse.Namespace, lang: str) -> bool:
    """Read and check every input; write what was found, and no result."""
    from ..inspection import problem_lines, write_check  # noqa: PLC0415
    from ..intake import input_lines  # noqa: PLC0415
    from ..pipeline import check, check_folder  # noqa: PLC0415
    from ..settings import load_settings  # noqa: PLC0415

    settings = load_settings(options.settings)
    inputs = check(settings)
    for line in input_lines(inputs, lang):
        print(line)
    print(*problem_lines(inputs.problems, lang), sep="\n")
    notice = text("notice.synthetic", lang) if settings.synthetic else ""
    written = write_check(
        options.out or check_folder(settings), f"{settings.place.name}_{settings.report_year}",
        inputs.problems, inputs.surveys.values(), notice=notice, lang=lang,
    )  # fmt: skip
    for path in written:
        print(text("check.written", lang, path=path))
    return not inputs.errors


def run(options: argparse.Namespace, lang: str) -> None:
    """Do the main job and print its headline figures."""
    from tqdm import tqdm  # noqa: PLC0415

    from ..pipeline import STEPS, run  # noqa: PLC0415

    bar = tqdm(total=len(STEPS), file=sys.stderr, leave=False, disable=not sys.stderr.isatty(),
               bar_format="{desc} {bar:20} {n_fmt}/{total_fmt}")  # fmt: skip

    def on_step(step: str) -> None:
        bar.set_description_str(text(f"step.{step}", lang))
        bar.update()

    with bar:
        done = run(options.settings, options.out, on_step,
                   workers=options.workers, scheduler=options.scheduler)  # fmt: skip
    _print_results(done, lang)


def zonal(options: argparse.Namespace, lang: str) -> None:
    """Measure a raster in the polygons of a file, print totals, write the table."""
    from tqdm import tqdm  # noqa: PLC0415

    from ..composition import compose, total_lines  # noqa: PLC0415
    from ..joining import check_result, write_composition  # noqa: PLC0415

    if options.out:
        check_result(options.out, options.polygons, options.raster, options.layer)
    bar = tqdm(file=sys.stderr, leave=False, disable=not sys.stderr.isatty(),
               bar_format="{bar:20} {n_fmt}/{total_fmt}")  # fmt: skip

    def on_part(done: int, parts: int) -> None:
        bar.total = parts
        bar.update(done - bar.n)

    with bar:
        found = compose(
            options.polygons, options.raster, layer=options.layer, scheme=options.scheme,
            values=options.values, coverage=options.coverage, workers=options.workers,
            scheduler=options.scheduler, on_part=on_part,
        )  # fmt: skip
    for line in total_lines(found, options.scheme, lang):
        print(line)
    for note in found.notes:
        print(text("cli.note", lang, note=note.text(lang)))
    if options.out:
        write_composition(options.out, found)
        print(text("change.written", lang, path=options.out))


def change(options: argparse.Namespace, lang: str) -> None:
    """Compare two land-cover rasters, print the result and write it where that is wanted."""
    from ..change import compare_files  # noqa: PLC0415
    from ..change_output import change_lines, change_paths, write_change  # noqa: PLC0415
    from ..report import check_table_path  # noqa: PLC0415

    if options.out:
        given = (options.before, options.after, options.zones, options.carbon_table)
        for path in change_paths(options.out):
            check_table_path(path, filter(None, given))
    schemes = [scheme or options.scheme or ""
               for scheme in (options.scheme_before, options.scheme_after)]  # fmt: skip
    done = compare_files(
        options.before, options.after, schemes=tuple(schemes), zones=options.zones,
        layer=options.layer, zone_field=options.zone_field,
    )  # fmt: skip
    carbon = _write_carbon(options, done.schemes, lang) if options.carbon_table else []
    for line in [*change_lines(done, lang), *carbon]:
        print(line)
    for note in done.notes:
        print(text("cli.note", lang, note=note.text(lang)))
    if options.out:
        for path in write_change(options.out, done, lang):
            print(text("change.written", lang, path=path))


def _write_carbon(options: argparse.Namespace, schemes: tuple[str, str], lang: str) -> list[str]:
    """Write carbon density rasters beside the results; return the lines to print."""
    from ..change import write_carbon  # noqa: PLC0415

    folder = Path(options.out).parent if options.out else Path()
    try:
        totals, files = write_carbon(options.before, options.after, options.carbon_table, folder,
                                     schemes=schemes)  # fmt: skip
    except OSError as error:
        if isinstance(error, FileError):
            raise
        raise FileError(
            Problem("output_not_writable", file=str(folder), value=str(error))
        ) from None
    lines = [
        text("change.carbon_line", lang, name=text(f"change.carbon.{row.Index}", lang),
             carbon=f"{row.carbon_t:,.2f}", area=f"{row.area_ha:,.2f}")
        for row in totals.itertuples()
    ]  # fmt: skip
    return [*lines, *(text("change.written", lang, path=path) for path in files)]


def sample(options: argparse.Namespace, lang: str) -> None:
    """Design a reference sample, print the design, and write the points where that is wanted."""
    from ..sampling import draw_sample, guide_lines, plan_lines, plan_sample, sample_path  # noqa: PLC0415

    inputs = [options.raster, *([options.place] if options.place else [])]
    sheet = sample_path(options.out, inputs) if options.out else None
    given = ("place", "layer", "total", "standard_error", "users_accuracy", "minimum")
    plan = plan_sample(
        options.raster, options.scheme, **{name: getattr(options, name) for name in given}
    )
    print(*plan_lines(plan, lang), sep="\n")
    for note in plan.notes:
        print(text("cli.note", lang, note=note.text(lang)))
    if sheet is None:
        print("", text("sample.not_written", lang), sep="\n")
        return
    draw_sample(plan, sheet, options.seed, lang)
    print("", *guide_lines(plan, sheet, options.seed, lang), sep="\n")


def _print_results(done: "Run", lang: str) -> None:
    """Print the headline figures in the language of the run, and where the results are."""
    from ..assessment import tree_cover_lines  # noqa: PLC0415

    words = done.facts.language
    if done.facts.synthetic:
        print(text("notice.synthetic", words))
    print(f"{done.facts.title} — {done.facts.place} {done.facts.year}")
    table = done.tables["indicators"]
    planned = table["target_value"].notna()
    for row in table[planned].itertuples():
        print(_progress_line(row, words))
    for row in table[~planned & table["value"].notna()].itertuples():
        value = f"{row.value:,.2f}"
        print(text("cli.value", words, name=row.name, value=value, unit=pretty(row.unit, words)))
    if "satellite_tree_cover" in done.tables:
        print("", *tree_cover_lines(done.tables["satellite_tree_cover"], words), sep="\n  ")
    for note in done.tables["notes"].itertuples():
        print(text("cli.note", words, note=f"{note.what} {note.where}".strip()))
    print(text("cli.absent_count", lang, count=len(done.tables["absent"])))
    print(text("cli.run_done", lang, folder=done.folder))
    print(text("cli.open_map", lang, path=Path(done.folder) / "index.html"))


def _judged(met: bool | None, lang: str) -> str:
    """Say whether a target is met; of a modelled value nobody can."""
    if met is None:
        return text("target.not_judged", lang)
    return text("cli.met" if met else "cli.not_met", lang)


def _progress_line(row: NamedTuple, lang: str) -> str:
    """Say in one line where an indicator stands against its target."""
    if math.isnan(row.value):
        return text("cli.absent", lang, name=row.name, reason=row.reason)
    done = "" if math.isnan(row.done_pct) else text("cli.done_pct", lang, pct=f"{row.done_pct:.1f}")
    return text(
        "cli.progress",
        lang,
        name=row.name,
        value=f"{row.value:.3f}".rstrip("0").rstrip("."),
        unit=pretty(row.unit, lang),
        kind=text(f"kind.{row.kind}", lang),
        target=f"{row.target_value:g}",
        met=_judged(row.met, lang),
        done=done,
    )
