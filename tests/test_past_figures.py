"""Figures of past years by which two runs are compared."""

import pandas as pd
import pytest

from carbon_sink.past_figures import ROWS, TABLES, figures
from carbon_sink.tables import columns


def of(name, lang="en", **cells):
    return figures({"history": [], "tables": {name: pd.DataFrame(cells)}}, lang)


def test_every_column_that_is_compared_is_one_of_the_table():
    for name, (keys, values) in TABLES.items():
        assert {*keys, *values} <= set(columns(name).index)
    assert set(ROWS) <= set(TABLES)


def test_history_is_named_by_its_columns_and_has_no_gaps():
    record = {"year": 2020, "carbon_t": 5.0, "removal_co2_t_yr": None, "own": 1}
    found = figures({"history": [record]}, "en")
    assert [one[:5] for one in found] == [
        (2020, None, "carbon_t", "t", 5.0), (2020, None, "own", "", 1.0)]  # fmt: skip
    assert [one.name for one in found] == ["Forest carbon", "own"]


def test_numbers_and_their_texts_are_the_same_figure():
    cells = {"year_before": [2020], "year_after": [2025], "row": ["mortality"], "item": ["ch4"],
             "value": [0.58143888], "unit": ["t CH4/yr"]}  # fmt: skip
    texts = {name: [str(cell) for cell in column] for name, column in cells.items()}
    (one,) = of("ghg_inventory", **cells)
    assert [one] == of("ghg_inventory", **texts)
    assert one[:5] == (2025, 2020, "ghg_inventory.mortality.ch4", "t CH4/yr", 0.58143888)


def test_cells_without_a_number_are_no_figures():
    assert of("ghg_inventory", year_before=["2020"], year_after=["2025"], row=["burning"],
              item=["ch4"], value=[""], unit=["t"]) == []  # fmt: skip


@pytest.mark.parametrize(("lang", "name"), [
    ("zh", "CRT汇总与土地转移（2020—2025）：4.A 林地；甲烷排放"),
    ("en", "CRT summary and transitions (2020-2025): 4.A Forest land; Methane emitted"),
])  # fmt: skip
def test_of_the_common_tables_the_sums_are_compared_and_named(lang, name):
    (one,) = of("crt_tables", lang, year_before=2020, year_after=2025, table=["4", "4.A"],
                row=["4.A", "4.A.1"], item="ch4", value=[1.0, 2.0], unit="kt CH4/yr")  # fmt: skip
    assert (one.indicator, one.name) == ("crt_tables.4.A.ch4", name)


def test_a_form_of_the_province_is_told_with_its_item():
    (one,) = of("provincial_balance", year_before=[2020], year_after=[2025], form=[2011],
                item=["consumption"], removal_co2_t_yr=[-3.0])  # fmt: skip
    assert one.indicator == "provincial_balance.2011.consumption.removal_co2_t_yr"
    assert "2011; Consumption" in one.name


def test_tables_of_an_earlier_program_that_lack_a_column_are_not_compared():
    assert of("carbon_pools", year=[2025], pool=["litter"], carbon_t=[1.0]) == []
    assert of("carbon_balance", year_before=[2020], year_after=[2025], item=["growth"],
              volume_m3=[1.0], removal_co2_t_yr=[1.0]) == []  # fmt: skip
    assert of("outlook", year=[2030], carbon_t=[1.0]) == []
