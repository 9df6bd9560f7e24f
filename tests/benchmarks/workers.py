"""Class areas by one worker against two."""

from pathlib import Path

import class_area
from measure import Bench, Row, faster, largest_difference, race


def measure(bench: Bench) -> list[Row]:
    folder = bench.place("workers")
    class_area.make(folder, bench.quick)
    runs = race("workers", ["two_workers", "one_worker"], folder, bench.rounds)
    two, one = runs["two_workers"], runs["one_worker"]
    return [faster("workers", two, one, None, difference=largest_difference(two, one, "cells"))]


def one_worker(folder: Path):
    return class_area.ours(folder, workers=1)


def two_workers(folder: Path):
    return class_area.ours(folder, workers=2)
