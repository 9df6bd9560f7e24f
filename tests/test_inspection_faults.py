"""Faults put into clean inventories at random places: each is found, and its cause is named."""

import os
import re
from collections import Counter

import faults
import numpy as np
import pytest

from carbon_sink import pipeline
from carbon_sink.errors import ROWS_LISTED, CarbonSinkError
from carbon_sink.inspection import inspect_file
from carbon_sink.intake import read_inputs
from carbon_sink.readers import parts
from carbon_sink.settings import load_settings

# .ci/run takes more places; 25 before a release
SEEDS = range(int(os.environ.get("CARBON_SINK_FAULT_SEEDS", "2")))
COMPLETE = ("code", "severity", "file", "rule", "fix")


def chinese(message):
    """Return the Chinese letters of a message, without the lines it offers for the settings."""
    return set(re.findall("[\u4e00-\u9fff]", re.sub(r'\w+ = "[^"]*"', "", message)))


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
    for seed in SEEDS[1:3]:
        rng = np.random.default_rng([seed, 3])
        data = faults.FAULTS[name][0](faults.clean(rng), rng)
        found = inspected(data, tmp_path / f"{seed}.gpkg")
        written = chinese(data.drop(columns="geometry").to_csv())
        for row in found.as_dict("en")["problems"]:
            needed = (*COMPLETE, "row", "field", "value") if row["count"] else COMPLETE
            assert all(row[part] for part in needed), row
            # an overlap counts once and lies in two rows
            assert len(row["row"]) >= min(row["count"], ROWS_LISTED), row
            assert chinese(row["rule"] + row["fix"]) <= written, row


@pytest.mark.parametrize("name", faults.FAULTS)
def test_parts_of_a_file_tell_what_the_whole_tells(name, tmp_path, monkeypatch):
    rng = np.random.default_rng(11)
    whole = inspected(faults.FAULTS[name][0](faults.clean(rng), rng), tmp_path / "a.gpkg")
    monkeypatch.setattr(parts, "PART_ROWS", 25)
    assert inspect_file(whole.path).as_dict() == whole.as_dict()


SETTINGS = """
title = "Place"
report_year = 2025
[place]
code = "500153"
name = "Place"
[[inventory]]
year = 2025
path = "inventory.gpkg"
landclass_scheme = "ly1955_4digit"
species_scheme = "nfci_3digit"
"""


def per_hectare(data, rng):
    """Stock per hectare beside empty fields of stock, and bamboo in arbor forest."""
    data["每公顷森林蓄积量"] = (data["SLXJ"] / data["MIAN_JI"]).round(3)
    data[["SLXJ", "ZXJ", "HUO_LMGQXJ"]] = np.nan
    return faults.put("YOU_SHI_SZ", "680")(data, rng)


# faults that are found in different steps, and what only the estimate finds: what is refused
REFUSED = {
    name: (faults.FAULTS[name][0], None)
    for name in (
        "areas in mu", "closure open", "stock missing", "numbers with a unit",
        "land class missing", "species unknown", "species missing", "rows copied",
        "ring crosses itself", "parcels overlap", "degrees as metres",
    )
} | {
    "nothing": (lambda data, _: data, {}),
    "numbers of trees": (lambda data, _: data.drop(columns="SSZZS"), {"four_side_needs": 1}),
    "stock": (lambda data, _: data.assign(SLXJ=np.nan, ZXJ=np.nan, HUO_LMGQXJ=np.nan), {}),
    "parameters of stock per hectare": (per_hectare, {"parameter_missing": 1}),
}  # fmt: skip


def refusals_of_run(settings):
    """Codes that a run refuses, with how often each is told."""
    try:
        pipeline.compute(settings, read_inputs(settings))
    except CarbonSinkError as error:
        return Counter(one.code for one in error.problems)
    return Counter()


@pytest.mark.parametrize("name", REFUSED)
def test_a_check_refuses_what_a_run_refuses(name, tmp_path, monkeypatch):
    monkeypatch.setattr(parts, "PART_ROWS", 25)
    rng = np.random.default_rng(12)
    fault, expected = REFUSED[name]
    data = fault(faults.clean(rng), rng)
    data.to_file(tmp_path / "inventory.gpkg", layer="xiaoban", engine="pyogrio")
    (tmp_path / "settings.toml").write_text(SETTINGS, encoding="utf-8")
    settings = load_settings(tmp_path / "settings.toml")
    checked = [one for error in pipeline.check(settings).errors for one in error.problems]
    told = Counter(one.code for one in checked)
    assert told == refusals_of_run(settings)
    assert all(one.file == "inventory.gpkg" for one in checked)
    assert expected is None or told == expected


def test_a_check_tells_once_which_species_of_all_parts_lack_parameters(tmp_path, monkeypatch):
    monkeypatch.setattr(parts, "PART_ROWS", 25)
    data = faults.clean(np.random.default_rng(12))
    trees = data["SLXJ"].gt(0)
    # fir (冷杉) in the first part, bamboo in the others
    data.loc[trees, "YOU_SHI_SZ"] = np.where(data.index[trees] < 25, "110", "680")
    data.to_file(tmp_path / "inventory.gpkg", layer="xiaoban", engine="pyogrio")
    (tmp_path / "settings.toml").write_text(SETTINGS, encoding="utf-8")
    (error,) = pipeline.check(load_settings(tmp_path / "settings.toml")).errors
    (problem,) = error.problems
    assert (problem.code, problem.value) == ("parameter_missing", "bamboo_sympodial, other_conifer")
    assert problem.count == len(problem.cells)
    assert set(problem.cells) == {"bamboo_sympodial", "other_conifer"}
    assert problem.cells.index.is_unique
    assert max(problem.cells.index) > 50
