"""Every real malformed file ends as it must: none silently wrong, none crashes, none takes long."""

import csv
import hashlib
import json
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import rasterio

from carbon_sink.inspection.rasters import inspect_raster

SECONDS, MEGABYTES, WORKERS = 10.0, 512.0, 2
ENDS = {"REFUSE": "refuse", "REPAIR": "repair", "WARN": "warn", "OK": "ok"}

# a raster without any place: the manifest refuses tif_byte_nogeoref for it, and so are these,
# which it lists for another reason. They end as the manifest says but for their place.
PLACELESS = {
    "tif_float32_with_nodata_slightly_above_float_max", "tif_stats_nodata_neginf",
    "tif_test_average_palette", "tif_test_with_mask_1bit",
}  # fmt: skip
NO_PLACE = {"raster_no_place", "crs_unset"}
# geometry for tests, written down as XML; no user brings them. tests/test_topology.py reads them.
ORACLES = {
    "xml_geos_heisenbugs", "xml_geos_pglist", "xml_geos_qgis29400", "xml_geos_robust_stmlf",
    "xml_jts_invalidA", "xml_jts_valid",
}  # fmt: skip
# expected otherwise by the manifest: how it ends here, and why
OTHERWISE = {
    # whole numbers in float type with NaN as nodata are read rightly, as classes where a scheme is
    # named and as values elsewhere; to refuse them would refuse every such raster of values, and
    # tif_gt_float32_inf_nodata, which is one too, must not be refused
    "tif_nan32_nodata": "warn",
}

CHILD = """
import json, resource, sys, time
from pathlib import Path
resource.setrlimit(resource.RLIMIT_AS, (4 << 30, 4 << 30))
from carbon_sink.inspection import inspect_file

def memory_mb(name):
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith(name))

imported = memory_mb("VmRSS")
print("ready", flush=True)
for line in sys.stdin:
    Path("/proc/self/clear_refs").write_text("5")  # the peak starts anew
    started = time.monotonic()
    try:
        found = inspect_file(Path(line.rstrip("\\n")))
        told = {"outcome": found.outcome, "kind": found.kind, "facts": found.facts}
        told["problems"] = [
            one.as_dict("en") | {"by_row": one.cells is not None}
            for one in found.problems
        ]
    except Exception as error:
        told = {"outcome": f"crash: {error!r:.300}", "kind": "", "problems": []}
    told |= {"seconds": time.monotonic() - started, "mb": memory_mb("VmHWM") - imported}
    print(json.dumps(told, default=str), flush=True)
"""


class Worker:
    """A process that inspects one file after another, started anew where one ends it."""

    def __init__(self):
        self.process = None

    def inspect(self, path):
        """Inspect a file; a crash or a time-out is an outcome."""
        if self.process is None or self.process.poll() is not None:
            self.process = subprocess.Popen(
                [sys.executable, "-W", "ignore", "-c", CHILD], text=True, stdin=subprocess.PIPE,
                stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            )  # fmt: skip
            assert self.process.stdout.readline() == "ready\n"
        started = time.monotonic()
        clock = threading.Timer(2 * SECONDS, self.process.kill)
        clock.start()
        self.process.stdin.write(f"{path}\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        clock.cancel()
        if line:
            return json.loads(line)
        outcome = f"crash: ended by {self.process.wait()}"
        taken = time.monotonic() - started
        return {"outcome": outcome, "kind": "", "problems": [], "seconds": taken, "mb": 0.0}

    def close(self):
        """End the process."""
        if self.process is not None:
            self.process.stdin.close()
            self.process.wait(timeout=30)


def state_of(folder):
    """Names and contents of all files of a folder."""
    files = sorted(one for one in folder.rglob("*") if one.is_file())
    return {str(one): hashlib.sha256(one.read_bytes()).hexdigest() for one in files}


@pytest.fixture(scope="module")
def cases(real_data):
    """The rows of the manifest, by the id of the case."""
    with (real_data / "bad_inputs" / "manifest.csv").open(encoding="utf-8", newline="") as file:
        return {row["id"]: row for row in csv.DictReader(file)}


@pytest.fixture(scope="module")
def corpus(real_data, cases):
    """What was found in every case, by its id; ``unchanged`` tells whether the files were left."""
    folder = real_data / "bad_inputs"
    before = state_of(folder)
    paths = [folder / row["main_file"] for row in cases.values()]
    workers = [Worker() for _ in range(WORKERS)]
    try:
        with ThreadPoolExecutor(WORKERS) as pool:
            parts = pool.map(
                lambda number: [workers[number].inspect(path) for path in paths[number::WORKERS]],
                range(WORKERS),
            )
            parts = list(parts)
    finally:
        for worker in workers:
            worker.close()
    found = {name: parts[at % WORKERS][at // WORKERS] for at, name in enumerate(cases)}
    return found, before == state_of(folder)


def severity_without_place(found):
    """What the problems of a raster come to, were it on the earth."""
    rest = {
        problem["severity"] for problem in found["problems"]
        if problem["code"] not in NO_PLACE
    }  # fmt: skip
    return next((one for one in ("refuse", "repair", "warn") if one in rest), "ok")


def expected_end(name, row):
    """How a case must end here; empty where any end but a crash is good."""
    if name in PLACELESS or name in ORACLES:
        return "refuse"
    return OTHERWISE.get(name, ENDS.get(row["expected"], ""))


def table(names, corpus, cases):
    """List cases with what was expected and what came."""
    found = corpus[0]
    return "\n" + "\n".join(
        f"{name:55} {cases[name]['expected']:7} {found[name]['outcome']:8} "
        f"{found[name]['seconds']:5.1f} s {found[name]['mb']:4.0f} MB  "
        + ", ".join(f"{one['code']}({one['severity']})" for one in found[name]["problems"])
        for name in names
    )


@pytest.mark.realdata
def test_every_case_ends_as_it_must(corpus, cases):
    found = corpus[0]
    assert len(cases) == 167
    wrong = [
        name for name, row in cases.items()
        if expected_end(name, row) not in ("", found[name]["outcome"])
    ]  # fmt: skip
    assert not wrong, table(wrong, corpus, cases)


@pytest.mark.realdata
def test_none_is_wrong_without_a_word(corpus, cases):
    found = corpus[0]
    silent = [
        name for name, row in cases.items()
        if (row["expected"] == "REFUSE" and found[name]["outcome"] != "refuse"
            and name not in OTHERWISE)
        or (row["expected"] in ("REPAIR", "WARN") and found[name]["outcome"] == "ok")
    ]  # fmt: skip
    assert not silent, table(silent, corpus, cases)


@pytest.mark.realdata
def test_none_crashes_and_none_takes_long_or_much(corpus, cases):
    found = corpus[0]
    harmful = [
        name for name, one in found.items()
        if one["outcome"].startswith("crash") or one["seconds"] > SECONDS or one["mb"] > MEGABYTES
    ]  # fmt: skip
    assert not harmful, table(harmful, corpus, cases)


@pytest.mark.realdata
def test_the_files_stay_as_they_are_and_nothing_lies_beside_them(corpus):
    assert corpus[1]


@pytest.mark.realdata
def test_refusals_name_file_row_field_value_and_fix(corpus, cases):
    found = corpus[0]
    refused = [name for name, one in found.items() if one["outcome"] == "refuse"]
    lacking = {}
    for name in refused:
        for problem in found[name]["problems"]:
            if problem["severity"] != "refuse":
                continue
            needed = ["code", "file", "rule", "fix"]
            if problem["by_row"] or problem["row"]:
                needed += ["row", "field", "value"]
            empty = [one for one in needed if not problem[one]]
            if empty:
                lacking[name] = (*lacking.get(name, ()), (problem["code"], empty))
    assert len(refused) > 90
    assert len(lacking) <= 0.02 * len(refused), lacking


@pytest.mark.realdata
def test_rasters_without_a_place_are_otherwise_what_the_manifest_says(corpus, cases):
    for name in PLACELESS:
        codes = {problem["code"] for problem in corpus[0][name]["problems"]}
        assert codes >= NO_PLACE, name
        assert severity_without_place(corpus[0][name]) == ENDS[cases[name]["expected"]], name


@pytest.mark.realdata
def test_geometry_written_as_xml_is_no_file_of_a_user(corpus):
    for name in ORACLES:
        codes = [problem["code"] for problem in corpus[0][name]["problems"]]
        assert codes == ["format_unknown"], name


@pytest.mark.realdata
def test_a_bad_raster_that_may_be_read_is_read_as_gdal_reads_it(corpus, cases, real_data):
    read = [name for name, row in cases.items()
            if row["expected"] == "SAFE" and row["main_file"].endswith((".tif", ".tiff"))
            and corpus[0][name]["outcome"] != "refuse"]  # fmt: skip
    assert read
    for name in read:
        with rasterio.open(real_data / "bad_inputs" / cases[name]["main_file"]) as raster:
            cells = raster.read(1)
        codes, counts = np.unique(cells, return_counts=True)
        shown = [f"{code} ({count:,})" for code, count in zip(codes, counts, strict=True)]
        assert corpus[0][name]["facts"]["classes"] == ", ".join(shown), name


@pytest.mark.realdata
def test_good_real_rasters_are_not_refused(real_data):
    paths = [path for path in real_data.glob("*/*.tif") if path.parent.name != "bad_inputs"]
    assert len(paths) >= 8
    assert {path.name: inspect_raster(path).outcome for path in paths} == dict.fromkeys(
        (path.name for path in paths), "ok"
    )


@pytest.mark.realdata
@pytest.mark.filterwarnings("ignore::rasterio.errors.NotGeoreferencedWarning")
@pytest.mark.parametrize(
    "name", ["landuse_pie/pie_lu_pie_1985.tif", "worldcover_saotome/principe_island_2020_v100_clip.tif",
             "bad_inputs/tif_negative_scaley/negative_scaley.tif", "bad_inputs/tif_testrat/testrat.tif"],
)  # fmt: skip
def test_a_real_raster_cut_short_is_refused_or_reads_as_the_whole(real_data, tmp_path, name):
    whole = inspect_raster(real_data / name)
    content = (real_data / name).read_bytes()
    path = tmp_path / Path(name).name
    for end in np.linspace(0, len(content) - 1, 40).astype(int):
        path.write_bytes(content[:end])
        found = inspect_raster(path)
        assert found.outcome == "refuse" or found.facts == whole.facts, end
