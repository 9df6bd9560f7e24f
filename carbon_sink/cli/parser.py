"""What can be asked on the command line, and how mistakes in it are told."""

import argparse
import re
import sys
from typing import NoReturn

from .. import __version__
from ..language import LANGUAGES, read_rows, text

# what argparse says of a wrong command, and our text for it
MISTAKES = {
    "wrong.required": r"the following arguments are required: (.*)",
    "wrong.unrecognized": r"unrecognized arguments: (.*)",
    "wrong.choice": r"argument .*: invalid choice: '?(.*?)'? \(choose from (.*)\)",
    "wrong.positive": r"argument .*: invalid positive value: '(.*)'",
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


def parser_of(lang: str) -> argparse.ArgumentParser:
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
    inspect = command("inspect")
    inspect.add_argument("file", help=text("help.inspect_file", lang))
    inspect.add_argument("--layer", default="", help=text("help.layer", lang))
    inspect.add_argument("--encoding", default="", help=text("help.encoding", lang))
    inspect.add_argument("--json", action="store_true", help=text("help.json", lang))
    inspect.add_argument("--out", metavar="DIR", help=text("help.out_inspect", lang))
    check = command("check")
    check.add_argument("settings", help=text("help.settings", lang))
    check.add_argument("--out", metavar="DIR", help=text("help.out_check", lang))
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
    kind = zonal.add_mutually_exclusive_group()
    kind.add_argument("--scheme", choices=schemes, default="", metavar="SCHEME",
                      help=text("help.scheme_zonal", lang))  # fmt: skip
    kind.add_argument("--values", action="store_true", help=text("help.values", lang))
    zonal.add_argument("--coverage", choices=("exact", "center"), default="exact",
                       help=text("help.coverage", lang))  # fmt: skip
    zonal.add_argument("--out", help=text("help.out_zonal", lang))
    _add_workers(zonal, lang)


def positive(word: str) -> int:
    """Read a whole number that is one at least."""
    if int(word) < 1:
        raise ValueError(word)
    return int(word)


def _add_workers(command: argparse.ArgumentParser, lang: str) -> None:
    """Add the arguments that say who does the work."""
    command.add_argument("--workers", type=positive, default=1, help=text("help.workers", lang))
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


def language_of(arguments: list[str]) -> str:
    """Find the language before parsing, because the help depends on it."""
    finder = argparse.ArgumentParser(add_help=False, exit_on_error=False)
    finder.add_argument("--lang", default="zh")
    try:
        wanted = finder.parse_known_args(arguments)[0].lang
    except argparse.ArgumentError:
        wanted = "zh"
    return wanted if wanted in LANGUAGES else "zh"
