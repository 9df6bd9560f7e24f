"""Problems laid out row by row."""

import pandas as pd
import pytest

from carbon_sink.errors import Problem
from carbon_sink.findings import faulty_rows, findings_summary, findings_table
from carbon_sink.tables import columns, faulty

PLACE = {"file": "a.gpkg", "layer": "xiaoban"}
CLOSURE = pd.Series([0.1, 0.7, 0.15], index=[3, 4, 9])


@pytest.fixture
def problems():
    return [
        Problem("inventory_partial", value="97.0", **PLACE),
        *faulty("value_missing", CLOSURE.eq(0.7), CLOSURE, field="YU_BI_DU", **PLACE),
        *faulty("too_small", CLOSURE.lt(0.2), CLOSURE, field="YU_BI_DU", rule="≥ 0.2", **PLACE),
    ]


def test_every_row_of_every_problem_is_a_line_with_its_key_value_rule_and_remedy(problems):
    keys = {("a.gpkg", "xiaoban"): pd.Series({3: "A-1", 4: "A-2", 9: "B-7"})}
    table = findings_table(problems, keys)
    assert table.columns.tolist() == columns("findings").index.tolist()
    assert table["row"].tolist() == ["4", "3", "9", ""]
    assert table["stand_id"].tolist() == ["A-2", "A-1", "B-7", ""]
    assert table["value"].tolist() == ["0.7", "0.1", "0.15", "97.0"]
    assert table["severity"].tolist() == ["refuse"] * 3 + ["warn"]
    assert table[["rule", "fix"]].ne("").all(axis=None)


def test_the_rule_of_a_line_speaks_of_the_value_of_that_line():
    found = faulty("too_small", CLOSURE.lt(0.2), CLOSURE, field="f", rule="≥ 0.2", **PLACE)
    rules = findings_table(found, {}, "en")["rule"].tolist()
    assert "0.1" in rules[0]
    assert "0.15" in rules[1]


def test_the_summary_counts_rows(problems):
    summary = findings_summary(problems)
    assert summary["count"].dropna().tolist() == [1, 2]
    assert summary["severity"].iloc[-1] == "warn"


def test_a_row_with_several_problems_is_one_feature_with_the_gravest():
    both = [
        *faulty("canopy_open", CLOSURE.lt(0.2), CLOSURE),
        *faulty("too_small", CLOSURE.lt(0.12), CLOSURE),
    ]
    rows = faulty_rows(both)
    assert rows["severity"].to_dict() == {3: "refuse", 9: "warn"}
    assert rows.loc[3, "found"] == "canopy_open, too_small"


def test_nothing_found_is_an_empty_table():
    assert findings_table([], {}).empty
    assert findings_summary([]).empty
    assert faulty_rows([]).empty
