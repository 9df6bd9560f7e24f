"""Units of fields, found from what they hold."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from carbon_sink.readers.measures import AreaUnits, area_unit, closure_unit, in_our_units

UNITS = {"ha": 1.0, "亩": 15.0, "m2": 10_000.0}


def areas(registered, measured=None):
    registered = pd.Series(registered, index=range(1, len(registered) + 1), dtype=float)
    return pd.DataFrame({"registered": registered,
                         "measured": registered if measured is None else measured})  # fmt: skip


def codes(finding):
    return [problem.code for problem in getattr(finding, "problems", finding)]


# ---------------------------------------------------------------------------------- area


@given(
    st.lists(st.floats(0.05, 500.0), min_size=1, max_size=40),
    st.sampled_from([("ha", 1.0), ("亩", 15.0), ("m2", 1e4)]),
    st.randoms(use_true_random=False),
)
def test_the_unit_of_areas_is_found_whatever_the_order_of_the_rows(measured, unit, random):
    name, factor = unit
    # an inventory rounds and errs by some per cent
    table = areas([area * factor * random.uniform(0.97, 1.03) for area in measured], measured)
    shuffled = table.loc[random.sample(list(table.index), len(table))]
    for one in (table, shuffled):
        finding = area_unit(one)
        assert finding.unit == name
        assert codes(finding) == ([] if name == "ha" else ["unit_to_confirm"])
        assert area_unit(one, declared=name).problems == []
        assert area_unit(one, named=name).problems == []


def test_the_message_holds_the_line_for_the_settings():
    problem = area_unit(areas([15.0, 30.0], [1.0, 2.0]), field="MIAN_JI", file="a").problems[0]
    assert (problem.field, problem.value) == ("MIAN_JI", "亩 (× 15)")
    assert 'units = { registered_area_ha = "亩" }' in problem.text("zh")
    assert 'units = { registered_area_ha = "亩" }' in problem.text("en")


@pytest.mark.parametrize("said", [{"declared": "亩"}, {"named": "亩"}])
def test_a_unit_that_was_said_and_is_not_there_is_refused(said):
    finding = area_unit(areas([1.0, 2.0], [1.0, 2.0]), **said)
    assert [(one.code, one.value, one.rule) for one in finding.problems] == [
        ("unit_contradicts", "ha", "亩")
    ]


def test_rows_in_a_second_unit_are_all_named():
    measured = pd.Series(np.linspace(1.0, 9.0, 100), index=range(1, 101))
    registered = measured.copy()
    registered[[7, 50, 93]] *= 15.0
    for said in ({}, {"declared": "ha"}, {"named": "亩"}):
        (problem,) = area_unit(areas(registered, measured), **said).problems
        assert (problem.code, problem.rule, problem.count) == ("unit_mixed", "亩", 3)
        assert problem.cells.index.tolist() == [7, 50, 93]
    # most in mu: the others are those in hectares
    registered = measured * 15.0
    registered[[7, 50]] /= 15.0
    (problem,) = area_unit(areas(registered, measured)).problems
    assert (problem.rule, problem.rows) == ("ha", (7, 50))


def test_one_wrong_area_is_no_second_unit_and_rough_areas_are_hectares():
    measured = pd.Series(np.linspace(1.0, 9.0, 100), index=range(1, 101))
    registered = measured.copy()
    registered[7] *= 15.0
    assert area_unit(areas(registered, measured)).problems == []
    assert area_unit(areas(measured * 1.6, measured)).problems == []  # told as area_differs


@given(st.integers(20, 200), st.sampled_from(list(UNITS)), st.sampled_from(list(UNITS)))
def test_a_second_unit_is_found_in_whatever_part_of_the_file_it_stands(size, unit, second):
    # from the unit of the field all areas were converted to hectares
    measured = pd.Series(np.linspace(0.5, 30.0, 400), index=range(1, 401))
    registered = measured.copy()
    registered.loc[101:109] *= UNITS[second] / UNITS[unit]
    units = AreaUnits(unit)
    for first in range(0, 400, size):
        part = slice(first, first + size)
        units.add(registered.iloc[part], measured.iloc[part])
    found = units.finish(field="MIAN_JI", file="a.gpkg")
    if unit == second:
        assert found == []
    else:
        (problem,) = found
        assert (problem.code, problem.rule, problem.field) == ("unit_mixed", second, "MIAN_JI")
        assert problem.cells.index.tolist() == list(range(101, 110))


def test_rows_in_a_second_unit_are_few_of_a_large_file_and_stray_ones_are_none():
    # 300 of 100,000 rows in mu are 0.3 per cent; all at 15, and not anywhere about it
    measured = pd.Series(np.linspace(0.5, 30.0, 100_000))
    registered = measured.copy()
    registered[40_000:40_300] *= 15.0
    assert area_unit(areas(registered, measured)).problems[0].count == 300
    # the same number wrong by any factor from 1 to 100: 300 * 2 ln 1.1 / ln 100 = 12 are near 15
    registered = measured.copy()
    registered[40_000:40_300] *= np.geomspace(1.0, 100.0, 300)
    assert area_unit(areas(registered, measured)).problems == []
    registered[:3000] *= np.geomspace(1.0, 100.0, 3000)
    assert area_unit(areas(registered, measured)).problems == []


def test_without_areas_there_is_no_second_unit():
    units = AreaUnits()
    assert units.finish() == []
    units.add(pd.Series([np.nan, 0.0]), pd.Series([1.0, 1.0]))
    assert units.finish() == []
    # two rows are needed
    units.add(pd.Series([15.0, 2.0]), pd.Series([1.0, 2.0]))
    assert units.finish() == []


def test_areas_that_fit_no_unit_are_refused_until_they_are_said_to_be_hectares():
    wrong = areas([1.0, 2.0, 3.0], [15.0, 30.0, 45.0])  # turned into hectares twice: 1/15
    assert codes(area_unit(wrong)) == ["unit_unclear"]
    assert area_unit(wrong).problems[0].value == "0.0667"
    assert not area_unit(wrong).is_sure
    assert area_unit(wrong, declared="ha").problems == []


def test_without_areas_or_polygons_nothing_is_said():
    for table in (areas([]), areas([0.0, np.nan], [1.0, 1.0]), areas([1.0], [0.0]),
                  areas([1.0], [np.inf])):  # fmt: skip
        assert area_unit(table) == ("ha", [], True)
        assert area_unit(table, named="m2").unit == "m2"


# ------------------------------------------------------------------------------- closure


@given(st.lists(st.integers(11, 100), min_size=1, max_size=30), st.randoms())
def test_closures_in_percent_are_found_whatever_the_order(values, random):
    for table in (values, random.sample(values, len(values))):
        finding = closure_unit(pd.Series([0.0, *map(float, table), np.nan]))
        assert (finding.unit, codes(finding)) == ("%", ["unit_to_confirm"])
        assert finding.problems[0].rule == 'canopy_closure = "%"'


@given(st.lists(st.floats(0.0, 1.0), max_size=30))
def test_shares_need_no_confirmation(values):
    assert closure_unit(pd.Series(values, dtype=float)) == ("1", [], True)


def test_tenths_are_told_from_percent():
    assert closure_unit(pd.Series([7.0, 4.0, 10.0, 1.0])).unit == "成"
    assert closure_unit(pd.Series([7.0, 4.0]), declared="%").problems == []  # 7 % and 4 %
    assert codes(closure_unit(pd.Series([70.0]), declared="成")) == ["unit_contradicts"]


def test_two_scales_in_one_column_are_refused_with_the_fewer_rows():
    mixed = pd.Series([0.7, 0.6, 70.0, 0.2, 55.0], [1, 2, 3, 4, 5])
    (problem,) = closure_unit(mixed).problems
    assert (problem.code, problem.rows, problem.value, problem.rule) == (
        "unit_mixed", (3, 5), "70.0, 55.0", "%",
    )  # fmt: skip
    (problem,) = closure_unit(pd.Series([70.0, 60.0, 0.7], [1, 2, 3]), declared="%").problems
    assert (problem.code, problem.rows, problem.rule) == ("unit_mixed", (3,), "0–1")


def test_a_few_closures_above_one_among_shares_are_no_second_scale():
    # 9.5 for 0.95 in one of 6,030 rows; 30 are 0.5 per cent of them
    values = pd.Series(np.full(6030, 0.6))
    values[7] = 9.5
    assert closure_unit(values) == ("1", [], True)
    assert codes(closure_unit(values, declared="%")) == ["unit_contradicts"]
    values[:30] = 70.0
    assert codes(closure_unit(values)) == []
    values[30] = 70.0
    assert closure_unit(values).problems[0].count == 31
    # one of two may be either
    assert codes(closure_unit(pd.Series([0.7, 70.0]))) == ["unit_mixed"]


def test_a_scale_that_was_said_and_is_not_there_is_refused():
    assert codes(closure_unit(pd.Series([0.7, 0.6]), declared="%")) == ["unit_contradicts"]
    assert codes(closure_unit(pd.Series([70.0, 60.0]), named="1")) == ["unit_contradicts"]
    assert closure_unit(pd.Series([70.0, 60.0]), named="%").problems == []


# --------------------------------------------------------------------------- conversion


def test_units_are_converted_exactly_and_held_against_the_range_of_the_column():
    stands = pd.DataFrame({"registered_area_ha": [4.5, 10.0], "canopy_closure": [70.0, 120.0],
                           "volume_m3_ha": [4.0, 2.0], "dbh_cm": [153.0, 20.0]}, [1, 2])  # fmt: skip
    units = {"registered_area_ha": "亩", "canopy_closure": "%", "volume_m3_ha": "m3/亩",
             "dbh_cm": "mm"}  # fmt: skip
    found, problems = in_our_units(stands, units, {"canopy_closure": "YBD"})
    # 4.5 / 15, 10 / 15; 70 / 100; 4 x 15; 153 / 10
    assert found["registered_area_ha"].tolist() == [0.3, 10.0 / 15.0]
    assert found["canopy_closure"].tolist() == [0.7, 1.2]
    assert found["volume_m3_ha"].tolist() == [60.0, 30.0]
    assert found["dbh_cm"].tolist() == [15.3, 2.0]
    assert stands["canopy_closure"].tolist() == [70.0, 120.0]
    assert [(one.code, one.field, one.rows, one.value) for one in problems] == [
        ("too_large", "YBD", (2,), "120.0")
    ]
