"""
Measure speed and memory beside peers, and print one table.

``python tests/benchmarks/run.py [--quick] [--only CASE …] [--rounds N] [--city FOLDER] [--json FILE]``
"""

import argparse
import importlib
import json
import math
import tempfile
from dataclasses import replace
from pathlib import Path

from machine import facts
from measure import Bench, Row, Runs, say

CASES = (
    "class_area",
    "float_mean",
    "memory",
    "workers",
    "carbon_raster",
    "cluster",
    "inspection",
    "uncertainty",
    "works",
    "district",
    "city",
)
HEAD = ("case", "ours", "against", "ours s", "against s", "ratio", "goal", "met", "largest difference",
        "ours MB", "against MB", "note")  # fmt: skip


def _figure(runs: Runs, attribute: str, digits: int) -> str:
    value = getattr(runs, attribute)
    return "" if runs.absent or math.isnan(value) else f"{value:.{digits}f}"


def _cells(row: Row) -> list[str]:
    absent = "; ".join(
        f"{runs.name} {runs.absent}" for runs in (row.ours, row.against) if runs.absent
    )
    return [
        row.case, row.ours.name, row.against.name,
        _figure(row.ours, "median_s", 3), _figure(row.against, "median_s", 3),
        "" if row.ratio is None else f"{row.ratio:.3g}×", row.goal,
        {True: "yes", False: "**NO**", None: ""}[row.met], row.difference,
        _figure(row.ours, "peak_mb", 0), _figure(row.against, "peak_mb", 0),
        absent or row.note,
    ]  # fmt: skip


def table(rows: list[Row]) -> str:
    """Write rows as a Markdown table."""
    lines = [list(HEAD), ["---"] * len(HEAD), *map(_cells, rows)]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _plain(row: Row) -> dict:
    told = dict(zip(HEAD, _cells(row), strict=True))
    return told | {"ours all s": row.ours.seconds, "against all s": row.against.seconds}


def main() -> None:
    """Run the cases that are asked for."""
    parser = argparse.ArgumentParser(description=__doc__.strip().splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="small data, one turn: a rehearsal")
    parser.add_argument("--only", nargs="+", choices=CASES, default=CASES, metavar="CASE")
    parser.add_argument("--rounds", type=int, help="turns of each contestant (5; 1 with --quick)")
    parser.add_argument("--city", type=Path, metavar="FOLDER", help="a city that is already drawn")
    parser.add_argument("--json", type=Path, help="write the figures there too")
    chosen = parser.parse_args()
    rounds = chosen.rounds or (1 if chosen.quick else 5)
    machine = facts()
    rows = []
    with tempfile.TemporaryDirectory(prefix="carbon_sink_bench_") as folder:
        bench = Bench(Path(folder), chosen.quick, rounds, chosen.city)
        for name in chosen.only:
            say(f"{name}:")
            rows += importlib.import_module(name).measure(bench)
    if chosen.quick:  # small data meet no goal and miss none
        rows = [replace(row, met=None) for row in rows]
    print("\n".join(f"- {name}: {value}" for name, value in machine.items()))
    print(f"- turns of each: {rounds}, medians given{'; QUICK, sizes are small' * chosen.quick}\n")
    print(table(rows))
    if chosen.json:
        told = {"machine": machine, "rounds": rounds, "rows": [_plain(row) for row in rows]}
        chosen.json.write_text(json.dumps(told, ensure_ascii=False, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
