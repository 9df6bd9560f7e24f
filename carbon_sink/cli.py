"""The command line: parse, call, print. Chinese by default, ``--lang en`` for English."""

import argparse
import contextlib
import math
import re
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, NoReturn

from . import __version__
from .errors import CarbonSinkError, FileError, Problem
from .language import LANGUAGES, read_rows, text

if TYPE_CHECKING:
    from .pipeline import Run

DONE, REFUSED, INTERRUPTED = 0, 1, 130
# what argparse says of a wrong command, and our text for it
MISTAKES = {
    "wrong.required": r"the following arguments are required: (.*)",
    "wrong.unrecognized": r"unrecognized arguments: (.*)",
    "wrong.choice": r"argument .*: invalid choice: '?(.*?)'? \(choose from (.*)\)",
    "wrong.number": r"argument .*: invalid int value: '(.*)'",
    "wrong.float": r"argument .*: invalid float value: '(.*)'",
    "wrong.exclusive": r"argument (.*): not allowed with argument (.*)",
    "wrong.value": r"argument .*: expected one argument",
}
# folder and number of polygons of each demonstration when nothing else is said
DEMOS = {"district": ("gis_data/rongchang", 6000), "city": ("gis_data/example_city", 1_000_000)}


class _Formatter(argparse.HelpFormatter):
    """Help whose own words are in the chosen language."""

    lang = "zh"

    def add_usage(self, usage, actions, groups, prefix=None) -> None:  # noqa: ANN001
        """Write the usage line with its heading translated."""
        prefix = text("help.usage", self.lang) if prefix is None else prefix
        super().add_usage(usage, actions, groups, prefix)


class _Parser(argparse.ArgumentParser):
    """A parser that speaks the chosen language, also about mistakes."""

    def __init__(self, *args: object, lang: str = "zh", **kwargs: object) -> None:
        formatter = type("Formatter", (_Formatter,), {"lang": lang})
        super().__init__(*args, formatter_class=formatter, add_help=False, **kwargs)
        self.lang = lang
        self._positionals.title = text("help.arguments", lang)
        self._optionals.title = text("help.options", lang)
        self.add_argument("-h", "--help", action="help", help=text("help.help", lang))

    def error(self, message: str) -> NoReturn:
        """Say what is wrong with the command and leave with exit code 2."""
        for key, pattern in MISTAKES.items():
            if found := re.fullmatch(pattern, message):
                values = dict(zip(("first", "second"), found.groups(), strict=False))
                message = text(key, self.lang, **values)
        self.print_usage(sys.stderr)
        self.exit(2, text("help.wrong", self.lang, message=message) + "\n")


def _parser(lang: str) -> argparse.ArgumentParser:
    """Build the parser with all commands."""
    parser = _Parser(prog="carbon-sink", lang=lang, description=text("program.description", lang))
    parser.add_argument("--version", action="version", version=__version__,
                        help=text("help.version", lang))  # fmt: skip
    parser.add_argument("--lang", choices=LANGUAGES, default="zh", help=text("help.lang", lang))
    commands = parser.add_subparsers(dest="command", required=True,
                                     metavar=text("help.command", lang),
                                     title=text("help.commands", lang))  # fmt: skip

    def command(name: str) -> argparse.ArgumentParser:
        about = text(f"help.{name}", lang)
        made = commands.add_parser(name, lang=lang, help=about, description=about)
        made.add_argument("--lang", choices=LANGUAGES, default=argparse.SUPPRESS,
                          help=text("help.lang", lang))  # fmt: skip
        return made

    demo = command("demo")
    demo.add_argument("folder", nargs="?", help=text("help.demo_folder", lang))
    demo.add_argument("--scale", choices=DEMOS, default="district", help=text("help.scale", lang))
    demo.add_argument("--polygons", type=int, help=text("help.polygons", lang))
    demo.add_argument("--seed", type=int, default=20250101, help=text("help.seed", lang))
    check = command("check")
    check.add_argument("settings", help=text("help.settings", lang))
    run = command("run")
    run.add_argument("settings", help=text("help.settings", lang))
    run.add_argument("--out", help=text("help.out", lang))
    _add_workers(run, lang)
    _add_zonal(command("zonal"), lang)
    _add_change(command("change"), lang)
    _add_sample(command("sample"), lang)
    return parser


def _add_zonal(zonal: argparse.ArgumentParser, lang: str) -> None:
    """Add the arguments of measuring a raster in polygons."""
    schemes = [row["scheme"] for row in read_rows("landcover_schemes.csv")]
    zonal.add_argument("polygons", help=text("help.zonal_polygons", lang))
    zonal.add_argument("raster", help=text("help.zonal_raster", lang))
    zonal.add_argument("--layer", default="", help=text("help.layer", lang))
    zonal.add_argument("--scheme", choices=schemes, default="", metavar="SCHEME",
                       help=text("help.scheme", lang))  # fmt: skip
    zonal.add_argument("--coverage", choices=("exact", "center"), default="exact",
                       help=text("help.coverage", lang))  # fmt: skip
    zonal.add_argument("--out", help=text("help.out_zonal", lang))
    _add_workers(zonal, lang)


def _add_workers(command: argparse.ArgumentParser, lang: str) -> None:
    """Add the arguments that say who does the work."""
    command.add_argument("--workers", type=int, default=1, help=text("help.workers", lang))
    command.add_argument("--scheduler", default="", metavar="ADDRESS",
                         help=text("help.scheduler", lang))  # fmt: skip


def _add_change(change: argparse.ArgumentParser, lang: str) -> None:
    """Add the arguments of the comparison of two land-cover rasters."""
    schemes = [row["scheme"] for row in read_rows("landcover_schemes.csv")]
    change.add_argument("before", help=text("help.change_before", lang))
    change.add_argument("after", help=text("help.change_after", lang))
    for name in ("scheme", "scheme_before", "scheme_after"):
        change.add_argument(f"--{name.replace('_', '-')}", choices=schemes, metavar="SCHEME",
                            help=text(f"help.{name}", lang))  # fmt: skip
    change.add_argument("--zones", help=text("help.change_zones", lang))
    change.add_argument("--layer", default="", help=text("help.layer", lang))
    change.add_argument("--zone-field", default="", help=text("help.zone_field", lang))
    change.add_argument("--carbon-table", metavar="FILE", help=text("help.carbon_table", lang))
    change.add_argument("--out", help=text("help.out_table", lang))


def _add_sample(sample: argparse.ArgumentParser, lang: str) -> None:
    """Add the arguments of a reference sample."""
    schemes = [row["scheme"] for row in read_rows("landcover_schemes.csv")]
    default = {row["key"]: row["value"] for row in read_rows("constants.csv")}
    sample.add_argument("raster", help=text("help.sample_raster", lang))
    sample.add_argument("--scheme", choices=schemes, required=True, metavar="SCHEME",
                        help=text("help.sample_scheme", lang))  # fmt: skip
    sample.add_argument("--place", help=text("help.sample_place", lang))
    sample.add_argument("--layer", default="", help=text("help.layer", lang))
    size = sample.add_mutually_exclusive_group()
    size.add_argument("--total", type=int, help=text("help.sample_total", lang))
    for group, name, kind in ((size, "standard_error", float), (sample, "users_accuracy", float),
                              (sample, "minimum", int)):  # fmt: skip
        about = text(f"help.sample_{name}", lang, default=default[f"sample_{name}"])
        group.add_argument(f"--{name.replace('_', '-')}", type=kind, help=about)
    sample.add_argument("--seed", type=int, default=1, help=text("help.sample_seed", lang))
    sample.add_argument("--out", help=text("help.sample_out", lang))


def main(arguments: list[str] | None = None) -> int:
    """
    Run one command.

    Parameters
    ----------
    arguments : list of str, optional
        Words after the program's name; those of the process by default.

    Returns
    -------
    code : int
        0 done, 1 input refused, 130 interrupted; wrong usage leaves with 2.
    """
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            # consoles in GBK cannot show every character; the rest is still readable
            stream.reconfigure(errors="replace")
    with contextlib.suppress(ValueError):  # only the main thread may listen to signals
        signal.signal(signal.SIGTERM, signal.default_int_handler)
    arguments = sys.argv[1:] if arguments is None else arguments
    lang = _language(arguments)
    options = _parser(lang).parse_args(arguments)
    commands = {"demo": _demo, "check": _check, "run": _run, "zonal": _zonal, "change": _change,
                "sample": _sample}  # fmt: skip
    try:
        commands[options.command](options, lang)
    except CarbonSinkError as error:
        print(text("cli.refused", lang), error.text(lang), sep="\n", file=sys.stderr)
        return REFUSED
    except BrokenPipeError:  # the reader of our output has left, as `head` does
        sys.stdout = None
    except KeyboardInterrupt:
        print(text("cli.interrupted", lang), file=sys.stderr)
        return INTERRUPTED
    return DONE


def _language(arguments: list[str]) -> str:
    """Find the language before parsing, because the help depends on it."""
    finder = argparse.ArgumentParser(add_help=False, exit_on_error=False)
    finder.add_argument("--lang", default="zh")
    try:
        wanted = finder.parse_known_args(arguments)[0].lang
    except argparse.ArgumentError:
        wanted = "zh"
    return wanted if wanted in LANGUAGES else "zh"


def _demo(options: argparse.Namespace, lang: str) -> None:
    """Write the demonstration data."""
    from .demo import is_own_settings, write_city, write_demo  # noqa: PLC0415

    folder, polygons = DEMOS[options.scale]
    folder = options.folder or folder
    polygons = polygons if options.polygons is None else options.polygons
    settings = Path(folder) / "settings.toml"
    if settings.exists() and is_own_settings(settings):
        raise FileError(Problem("settings_of_your_own", file=str(settings)))

    key = "cli.demo_start_city" if options.scale == "city" else "cli.demo_start"
    print(text(key, lang), file=sys.stderr)
    try:
        if options.scale == "city":
            settings = write_city(folder, seed=options.seed, parcels=polygons)
        else:
            settings = write_demo(folder, seed=options.seed, polygons=polygons)
    except OSError as error:
        problem = Problem("output_not_writable", file=folder, value=str(error))
        raise FileError(problem) from None
    print(text("notice.synthetic", lang))
    print(text("cli.demo_done", lang, settings=settings))


def _check(options: argparse.Namespace, lang: str) -> None:
    """Read and check every input, write nothing."""
    from .pipeline import check  # noqa: PLC0415
    from .settings import load_settings  # noqa: PLC0415

    inputs = check(load_settings(options.settings))
    for year, stands in sorted(inputs.stands.items()):
        print(text("cli.check_inventory", lang, year=year, count=len(stands),
                   area=f"{stands['area_ha'].sum():,.2f}"))  # fmt: skip
    for year, raster in sorted(inputs.landcover.items()):
        print(text("cli.check_landcover", lang, year=year, size=" × ".join(map(str, raster.shape))))
    for note in inputs.notes:
        print(text("cli.note", lang), note.text(lang))
    print(text("cli.check_done", lang, count=len(inputs.notes)))


def _run(options: argparse.Namespace, lang: str) -> None:
    """Do the main job and print its headline figures."""
    from tqdm import tqdm  # noqa: PLC0415

    from .pipeline import STEPS, run  # noqa: PLC0415

    bar = tqdm(total=len(STEPS), file=sys.stderr, leave=False, disable=not sys.stderr.isatty(),
               bar_format="{desc} {bar:20} {n_fmt}/{total_fmt}")  # fmt: skip

    def on_step(step: str) -> None:
        bar.set_description_str(text(f"step.{step}", lang))
        bar.update()

    with bar:
        done = run(options.settings, options.out, on_step,
                   workers=options.workers, scheduler=options.scheduler)  # fmt: skip
    _print_results(done, lang)


def _zonal(options: argparse.Namespace, lang: str) -> None:
    """Measure a raster in the polygons of a file, print totals, write the table."""
    from tqdm import tqdm  # noqa: PLC0415

    from .composition import compose, result_path, total_lines, write_composition  # noqa: PLC0415

    if options.out:
        result_path(options.out, [options.polygons, options.raster])
    bar = tqdm(file=sys.stderr, leave=False, disable=not sys.stderr.isatty(),
               bar_format="{bar:20} {n_fmt}/{total_fmt}")  # fmt: skip

    def on_part(done: int, parts: int) -> None:
        bar.total = parts
        bar.update(done - bar.n)

    with bar:
        found = compose(
            options.polygons, options.raster, layer=options.layer, scheme=options.scheme,
            coverage=options.coverage, workers=options.workers, scheduler=options.scheduler,
            on_part=on_part,
        )  # fmt: skip
    for line in total_lines(found, options.scheme, lang):
        print(line)
    for note in found.notes:
        print(text("cli.note", lang), note.text(lang))
    if options.out:
        write_composition(options.out, found)
        print(text("change.written", lang, path=options.out))


def _change(options: argparse.Namespace, lang: str) -> None:
    """Compare two land-cover rasters, print the result and write it where that is wanted."""
    from .change import change_lines, compare_files, write_change  # noqa: PLC0415
    from .report import check_table_path  # noqa: PLC0415

    if options.out:
        inputs = [options.before, options.after, *([options.zones] if options.zones else [])]
        check_table_path(options.out, inputs)
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
        print(text("cli.note", lang), note.text(lang))
    if options.out:
        write_change(options.out, done, lang)
        print(text("change.written", lang, path=options.out))


def _write_carbon(options: argparse.Namespace, schemes: tuple[str, str], lang: str) -> list[str]:
    """Write carbon density rasters beside the results; return the lines to print."""
    from .change import write_carbon  # noqa: PLC0415

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


def _sample(options: argparse.Namespace, lang: str) -> None:
    """Design a reference sample, print the design, and write the points where that is wanted."""
    from .sampling import draw_sample, guide_lines, plan_lines, plan_sample, sample_path  # noqa: PLC0415

    inputs = [options.raster, *([options.place] if options.place else [])]
    sheet = sample_path(options.out, inputs) if options.out else None
    given = ("place", "layer", "total", "standard_error", "users_accuracy", "minimum")
    plan = plan_sample(
        options.raster, options.scheme, **{name: getattr(options, name) for name in given}
    )
    print(*plan_lines(plan, lang), sep="\n")
    for note in plan.notes:
        print(text("cli.note", lang), note.text(lang))
    if sheet is None:
        print("", text("sample.not_written", lang), sep="\n")
        return
    draw_sample(plan, sheet, options.seed, lang)
    print("", *guide_lines(plan, sheet, options.seed, lang), sep="\n")


def _print_results(done: "Run", lang: str) -> None:
    """Print the headline figures in the language of the run, and where the results are."""
    from .assessment import tree_cover_lines  # noqa: PLC0415

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
        print(text("cli.value", words, name=row.name, value=value, unit=row.unit))
    if "satellite_tree_cover" in done.tables:
        print("", *tree_cover_lines(done.tables["satellite_tree_cover"], words), sep="\n  ")
    for note in done.tables["notes"].itertuples():
        print(text("cli.note", words), note.what, note.where)
    print(text("cli.absent_count", lang, count=len(done.tables["absent"])))
    print(text("cli.run_done", lang, folder=done.folder))
    print(text("cli.open_map", lang, path=Path(done.folder) / "index.html"))


def _progress_line(row: NamedTuple, lang: str) -> str:
    """Say in one line where an indicator stands against its target."""
    if row.reason:
        return text("cli.absent", lang, name=row.name, reason=row.reason)
    done = "" if math.isnan(row.done_pct) else text("cli.done_pct", lang, pct=f"{row.done_pct:.1f}")
    return text(
        "cli.progress",
        lang,
        name=row.name,
        value=f"{row.value:.3f}".rstrip("0").rstrip("."),
        unit=row.unit,
        kind=text(f"kind.{row.kind}", lang),
        target=f"{row.target_value:g}",
        met=text("cli.met" if row.met else "cli.not_met", lang),
        done=done,
    )
