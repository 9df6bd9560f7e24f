"""The command line: parse, call, print. Chinese by default, ``--lang en`` for English."""

import contextlib
import signal
import sys

from ..errors import CarbonSinkError
from ..language import text
from . import commands
from .parser import language_of, parser_of

DONE, REFUSED, INTERRUPTED = 0, 1, 130


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
    lang = language_of(arguments)
    options = parser_of(lang).parse_args(arguments)
    try:
        if getattr(commands, options.command)(options, lang) is False:
            return REFUSED
    except CarbonSinkError as error:
        print(text("cli.refused", lang), error.text(lang), sep="\n", file=sys.stderr)
        return REFUSED
    except BrokenPipeError:  # the reader of our output has left, as `head` does
        sys.stdout = None
    except KeyboardInterrupt:
        print(text("cli.interrupted", lang), file=sys.stderr)
        return INTERRUPTED
    return DONE
