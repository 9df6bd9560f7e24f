"""The benchmarks run and print their table; what they measure is no matter of tests."""

import json
import subprocess
import sys
from pathlib import Path

RUN = Path(__file__).parent / "benchmarks" / "run.py"


def test_a_rehearsal_prints_a_table_and_agrees_with_exactextract(tmp_path):
    file = tmp_path / "figures.json"
    done = subprocess.run(
        [sys.executable, RUN, "--quick", "--only", "class_area", "--json", file],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "| case | ours | against |" in done.stdout
    assert "- exactextract: " in done.stdout
    rows = json.loads(file.read_text(encoding="utf-8"))["rows"]
    exact = [row for row in rows if row["against"].startswith("exactextract")]
    assert len(exact) == 3  # both strategies, and two threads of ours
    assert all(float(row["largest difference"].removesuffix(" cells")) < 1e-6 for row in exact)


def test_a_peer_that_is_not_installed_is_skipped_loudly(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(RUN.parent)
    import measure

    (tmp_path / "alone.py").write_text("def absent(folder):\n    import no_such_peer\n    yield\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    runs = measure.race("alone", ["absent"], tmp_path, 1)
    assert runs["absent"].absent == "SKIPPED: No module named 'no_such_peer'"
    assert measure.faster("alone", runs["absent"], runs["absent"], 2).ratio is None
