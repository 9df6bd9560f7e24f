"""The run of a city that is already drawn: wall time, and memory of all its processes."""

import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from measure import Bench, Row, Runs, say

MOST_MB = 4_000.0
LOOK_S = 0.2


def _family(process: int) -> list[int]:
    """Process ids of a process and all that it started."""
    try:
        listed = Path(f"/proc/{process}/task/{process}/children").read_text(encoding="ascii")
    except OSError:
        return []
    return [process, *(other for child in listed.split() for other in _family(int(child)))]


def _resident_mb(process: int) -> float:
    try:
        status = Path(f"/proc/{process}/status").read_text(encoding="utf-8")
    except OSError:
        return 0.0
    found = re.search(r"VmRSS:\s+(\d+) kB", status)
    return int(found[1]) * 1024 / 1e6 if found else 0.0


def measure(bench: Bench) -> list[Row]:
    if bench.city is None:
        runs = Runs("run", absent="SKIPPED: give the folder of the drawn city as --city FOLDER")
        say(f"*** city: {runs.absent} ***")
        return [Row("city", runs, Runs("memory"))]
    runs = Runs("run")
    with tempfile.TemporaryDirectory(dir=bench.folder) as out:
        command = [sys.executable, "-m", "carbon_sink", "run", bench.city / "settings.toml",
                   "--out", Path(out) / "results"]  # fmt: skip
        began = time.perf_counter()
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        peak = 0.0
        while process.poll() is None:
            peak = max(peak, sum(map(_resident_mb, _family(process.pid))))
            time.sleep(LOOK_S)
        runs.seconds.append(time.perf_counter() - began)
    runs.peaks_mb.append(peak)
    if process.returncode:
        runs.absent = f"FAILED: ended with {process.returncode}"
    row = Row("city", runs, Runs("limit of memory", peaks_mb=[MOST_MB]), ratio=peak / MOST_MB)
    row.goal, row.met = "≤ 1×", peak <= MOST_MB
    row.note = "memory of all processes together, seen five times a second, over its limit"
    return [row]
