"""What an inspection says of a table without shapes."""

import pytest

from carbon_sink.inspection.tables import inspect_table

TREES = "record_id,planted_year,tree_count,survival_pct\nF1,2022,3300,50\nF2,2023,40,90\n"


def write(tmp_path, content, name="a.csv"):
    """Write a text as a file."""
    path = tmp_path / name
    path.write_text(content, encoding="utf-8-sig")
    return path


def codes(found):
    """The codes of all problems, in order."""
    return [problem.code for problem in found.problems]


def test_a_table_of_records_is_described_and_known(tmp_path):
    found = inspect_table(write(tmp_path, TREES))
    assert (found.outcome, found.kind, found.problems) == ("ok", "table", [])
    assert found.facts == {
        "format": "csv", "rows": "2", "table": "four_side",
        "fields": "record_id, planted_year, tree_count, survival_pct",
    }  # fmt: skip


def test_a_long_heading_is_cut(tmp_path):
    heading = ",".join(f"v{number}" for number in range(1, 31))
    found = inspect_table(write(tmp_path, f"{heading}\n{','.join('x' * 30)}\n"))
    assert found.facts["fields"].endswith("v20, … (30)")
    assert "table" not in found.facts


def test_cells_that_are_no_numbers_are_named_by_row_and_field(tmp_path):
    found = inspect_table(write(tmp_path, "plot,v\na,1\nb,2\nc,inf\n"))
    assert (found.outcome, codes(found)) == ("refuse", ["number_not_finite"])
    problem = found.problems[0]
    # rows are counted as a spreadsheet does, the heading being the first
    assert (problem.file, problem.field, problem.rows, problem.value) == ("a.csv", "v", (4,), "inf")


@pytest.mark.parametrize("content", ["", "a,b\n", "a,a\n1,2\n"])
def test_what_is_no_table_is_refused(tmp_path, content):
    found = inspect_table(write(tmp_path, content))
    assert (found.outcome, found.kind, found.facts) == ("refuse", "unknown", {})
    assert all(problem.file == "a.csv" for problem in found.problems)


def test_what_was_found_out_is_told_in_both_languages(tmp_path):
    found = inspect_table(write(tmp_path, TREES.replace(",", ";")))
    assert (found.outcome, codes(found)) == ("warn", ["delimiter_found"])
    for lang in ("zh", "en"):
        assert any("four_side" in line for line in found.lines(lang))
