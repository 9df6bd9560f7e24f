"""Faults put into clean inventories at random places: each is found, and its cause is named."""

import os

import faults
import numpy as np
import pytest

from carbon_sink.errors import ROWS_LISTED
from carbon_sink.inspection import inspect_file

# all 25 where there is time for it, as in .ci/run
SEEDS = range(int(os.environ.get("CARBON_SINK_FAULT_SEEDS", "3")))
COMPLETE = ("code", "severity", "file", "rule", "fix")


def inspected(data, path):
    """Write an inventory and look at it."""
    data.to_file(path, layer="xiaoban", driver="GPKG", engine="pyogrio")
    return inspect_file(path)


@pytest.mark.parametrize("seed", SEEDS)
def test_clean_inventories_are_not_blamed(seed, tmp_path):
    found = inspected(faults.clean(np.random.default_rng(seed)), tmp_path / "clean.gpkg")
    assert (found.outcome, [one.code for one in found.problems]) == ("ok", [])


@pytest.mark.parametrize("name", faults.FAULTS)
def test_a_fault_has_the_right_outcome_and_its_cause_is_named(name, tmp_path):
    fault, outcome, causes = faults.FAULTS[name]
    wrong, unnamed = [], []
    for seed in SEEDS:
        rng = np.random.default_rng([seed, 7])
        data = fault(faults.clean(rng), rng)
        found = inspected(data, tmp_path / f"{seed}.gpkg")
        codes = {one.code for one in found.problems if one.severity == outcome}
        if found.outcome != outcome:
            wrong.append((seed, found.outcome, [one.code for one in found.problems]))
        if not codes & causes:
            unnamed.append((seed, codes))
    assert wrong == []
    assert len(unnamed) <= 0.05 * len(SEEDS), unnamed


@pytest.mark.parametrize("name", faults.FAULTS)
def test_what_is_found_says_file_row_field_value_and_remedy(name, tmp_path):
    for seed in SEEDS[:3]:
        rng = np.random.default_rng([seed, 3])
        data = faults.FAULTS[name][0](faults.clean(rng), rng)
        found = inspected(data, tmp_path / f"{seed}.gpkg")
        for row in found.as_dict("en")["problems"]:
            needed = (*COMPLETE, "row", "field", "value") if row["count"] else COMPLETE
            assert all(row[part] for part in needed), row
            # an overlap counts once and lies in two rows
            assert len(row["row"]) >= min(row["count"], ROWS_LISTED), row
