"""Races: contestants take turns, each time in a fresh process; rows compare their medians."""

import json
import math
import statistics
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

HERE = Path(__file__).parent


@dataclass
class Runs:
    """What one contestant did: its times, its peak memory, its answer or why it did not run."""

    name: str
    seconds: list[float] = field(default_factory=list)
    peaks_mb: list[float] = field(default_factory=list)
    answer: np.ndarray | None = None
    absent: str = ""
    # the whole work over the part of it that was measured
    scaled_by: float = 1.0

    @property
    def median_s(self) -> float:
        """Median time of the whole work, seconds; none where nothing was timed."""
        return statistics.median(self.seconds) * self.scaled_by if self.seconds else math.nan

    @property
    def peak_mb(self) -> float:
        """Median of the peak memory, MB of 10^6 bytes."""
        return statistics.median(self.peaks_mb) if self.peaks_mb else math.nan


@dataclass
class Row:
    """One line of the table."""

    case: str
    ours: Runs
    against: Runs
    ratio: float | None = None
    goal: str = ""
    met: bool | None = None
    difference: str = ""
    note: str = ""


@dataclass
class Bench:
    """Where and how large the benchmarks run."""

    folder: Path
    quick: bool
    rounds: int
    city: Path | None = None

    def place(self, name: str) -> Path:
        """Make a folder for the data of a case."""
        folder = self.folder / name
        folder.mkdir(exist_ok=True)
        return folder


def say(line: str) -> None:
    """Tell progress beside the table, not in it."""
    print(line, file=sys.stderr, flush=True)


def race(
    case: str, names: list[str], folder: Path, rounds: int, python: dict[str, str] | None = None
) -> dict[str, Runs]:
    """
    Let contestants take turns: ours, peer, ours, peer.

    Parameters
    ----------
    case : str
        File of the case, without its ending.
    names : list of str
        Generator functions in that file; see ``contestant.race_once``.
    folder : Path
        Data of the case.
    rounds : int
        Turns of each.
    python : dict, optional
        Interpreter of contestants that do not run in this one.

    Returns
    -------
    runs : dict
        Name to what was measured; the answer is that of the last turn.
    """
    runs = {name: Runs(name) for name in names}
    for turn in range(1, rounds + 1):
        for name in names:
            if not runs[name].absent:
                _one_turn(case, runs[name], folder, (python or {}).get(name, sys.executable))
                last = f"{runs[name].seconds[-1]:.3f} s" if not runs[name].absent else "absent"
                say(f"  {case}: {name}, turn {turn} of {rounds}: {last}")
    return runs


def _one_turn(case: str, runs: Runs, folder: Path, python: str) -> None:
    answer = folder / f"answer_{runs.name}"
    command = [python, HERE / "contestant.py", case, runs.name, folder, answer]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        say(done.stderr)
        last = done.stderr.strip().splitlines() or [f"ended with {done.returncode}"]
        runs.absent = f"FAILED: {last[-1]}"
        return
    told = json.loads(answer.with_suffix(".json").read_text(encoding="utf-8"))
    if "absent" in told:
        runs.absent = f"SKIPPED: {told['absent']}"
        say(f"*** {case}: {runs.name}: {runs.absent} ***")
        return
    runs.seconds.append(told["seconds"])
    runs.peaks_mb.append(told["peak_mb"])
    runs.answer = np.load(answer.with_suffix(".npy"))


def faster(case: str, ours: Runs, peer: Runs, at_least: float | None, **told) -> Row:
    """Compare with a peer: how many times its time ours goes into."""
    row = Row(case, ours, peer, goal=f"≥ {at_least:g}×" if at_least else "", **told)
    if not (ours.absent or peer.absent):
        row.ratio = peer.median_s / ours.median_s
        row.met = row.ratio >= at_least if at_least else None
    return row


def within(case: str, ours: Runs, floor: Runs, at_most: float | None, **told) -> Row:
    """Compare with the least that must be done: how many times of it ours takes."""
    row = Row(case, ours, floor, goal=f"≤ {at_most:g}×" if at_most else "", **told)
    if not (ours.absent or floor.absent):
        row.ratio = ours.median_s / floor.median_s
        row.met = row.ratio <= at_most if at_most else None
    return row


def largest_difference(ours: Runs, peer: Runs, unit: str = "relative") -> str:
    """Largest difference between two answers in their unit, or relative to the peer's."""
    if ours.absent or peer.absent:
        return ""
    difference = np.abs(ours.answer - peer.answer)
    if unit == "relative":
        with np.errstate(invalid="ignore"):  # nothing against nothing
            difference = difference / np.abs(peer.answer)
    return f"{np.nanmax(difference):.1e} {unit}"
