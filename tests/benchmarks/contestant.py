"""One contestant, once, in this process: ``contestant.py CASE NAME FOLDER ANSWER``."""

import importlib
import json
import re
import sys
import time
from pathlib import Path

import numpy as np


def peak_mb() -> float:
    """Largest resident memory of this process so far (VmHWM), in MB of 10^6 bytes."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(re.search(r"VmHWM:\s+(\d+) kB", status)[1]) * 1024 / 1e6


def race_once(case: str, name: str, folder: Path, answer: Path) -> dict:
    """
    Run one contestant and keep what it answers.

    A contestant is a generator function: it makes ready what is not measured, yields, does the
    work that is measured, yields again, and returns its answer as an array.
    """
    work = getattr(importlib.import_module(case), name)(folder)
    try:
        next(work)
    except ImportError as error:
        return {"absent": str(error)}
    began = time.perf_counter()
    next(work)
    seconds = time.perf_counter() - began
    peak = peak_mb()
    try:
        next(work)
    except StopIteration as end:
        np.save(answer.with_suffix(".npy"), end.value)
    return {"seconds": seconds, "peak_mb": peak}


if __name__ == "__main__":
    case, name, folder, answer = sys.argv[1:]
    told = race_once(case, name, Path(folder), Path(answer))
    # not to standard output: packages print there
    Path(answer).with_suffix(".json").write_text(json.dumps(told), encoding="utf-8")
