"""Units of fields, found from what they hold."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from carbon_sink.readers.measures import area_unit, closure_unit, in_our_units, stock_problems

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
    (problem,) = closure_unit(pd.Series([0.7, 0.6, 70.0, 0.2], [1, 2, 3, 4])).problems
    assert (problem.code, problem.rows, problem.value, problem.rule) == (
        "unit_mixed", (3,), "70.0", "%",
    )  # fmt: skip
    (problem,) = closure_unit(pd.Series([70.0, 60.0, 0.7], [1, 2, 3]), declared="%").problems
    assert (problem.code, problem.rows, problem.rule) == ("unit_mixed", (3,), "0–1")


def test_a_scale_that_was_said_and_is_not_there_is_refused():
    assert codes(closure_unit(pd.Series([0.7, 0.6]), declared="%")) == ["unit_contradicts"]
    assert codes(closure_unit(pd.Series([70.0, 60.0]), named="1")) == ["unit_contradicts"]
    assert closure_unit(pd.Series([70.0, 60.0]), named="%").problems == []


# --------------------------------------------------------------------------------- stock


def forest(rows=60, seed=1):
    rng = np.random.default_rng(seed)
    area = pd.Series(np.exp(rng.normal(1.0, 1.0, rows)), index=range(1, rows + 1))
    per_ha = pd.Series(rng.uniform(20.0, 150.0, rows), index=area.index)
    return area, per_ha


def stock(area, sure=(), is_arbor=None, units=None, **given):
    return stock_problems(
        pd.DataFrame(given), area, sure=set(sure), fields={}, is_arbor=is_arbor, units=units
    )  # fmt: skip


def test_stock_in_the_unit_of_its_column_is_believed():
    area, per_ha = forest()
    assert stock(area, forest_volume_m3=per_ha * area) == []
    assert stock(area, volume_m3_ha=per_ha) == []
    assert stock(area, forest_volume_m3=per_ha * area, volume_m3_ha=per_ha) == []
    single = area * 3.0
    assert stock(area, forest_volume_m3=per_ha * area, scattered_volume_m3=single,
                 total_volume_m3=per_ha * area + single, living_volume_m3_ha=per_ha + 3.0) == []  # fmt: skip


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000))
def test_stock_per_hectare_in_the_place_of_stock_is_found_by_its_slope(seed):
    area, per_ha = forest(rows=400, seed=seed)
    assert codes(stock(area, forest_volume_m3=per_ha)) == ["stock_per_ha"]
    assert codes(stock(area, volume_m3_ha=per_ha * area)) == ["stock_of_stand"]
    assert stock(area, sure={"forest_volume_m3"}, forest_volume_m3=per_ha) == []


def test_few_stands_stands_of_one_size_and_trees_on_farmland_decide_nothing():
    area, per_ha = forest()
    # small stands of forest and large parcels of farmland with some trees
    mixed = pd.Series(np.where(area > area.median(), 2.0, per_ha * area), index=area.index)
    assert stock(area, total_volume_m3=mixed) == []
    assert stock(area.head(20), forest_volume_m3=per_ha.head(20)) == []
    assert stock(area * 0.0 + 5.0, forest_volume_m3=per_ha) == []


def test_two_statements_of_stock_that_need_the_area_to_agree_are_refused_with_both_readings():
    area, per_ha = forest(rows=8)
    found = stock(area, forest_volume_m3=per_ha, volume_m3_ha=per_ha)
    assert [(one.code, one.value, one.rule) for one in found] == [
        ("stock_contradicts", "forest_volume_m3", "volume_m3_ha")
    ]
    # the total and stock per hectare agree, so that the odd one is known
    found = stock(area, forest_volume_m3=per_ha, total_volume_m3=per_ha * area + 5.0,
                  scattered_volume_m3=area * 0.0 + 5.0, living_volume_m3_ha=per_ha + 5.0 / area)  # fmt: skip
    assert [(one.code, one.field) for one in found] == [("stock_contradicts", "forest_volume_m3")]


def test_stock_in_ten_thousands_and_per_mu_is_asked_for():
    area, per_ha = forest()
    whole = per_ha * area
    found = stock(area, forest_volume_m3=whole / 1e4, volume_m3_ha=per_ha)
    assert [one.rule for one in found] == ['forest_volume_m3 = "万m3"']
    assert [one.rule for one in stock(area, forest_volume_m3=whole / 1e4)] == [
        'forest_volume_m3 = "万m3"'
    ]
    # 15 mu to the hectare: 60 m3/ha are 4 m3 per mu
    found = stock(area, forest_volume_m3=whole, volume_m3_ha=per_ha / 15.0)
    assert [one.rule for one in found] == ['volume_m3_ha = "m3/亩"']


def many(per_ha, area, is_stand):
    """All columns of stock of one kind: with a few scattered trees and without."""
    factor = area if is_stand else 1.0
    single = (area * 0.0 + 2.0) * factor
    names = ("forest_volume_m3", "total_volume_m3") if is_stand else (
        "volume_m3_ha", "living_volume_m3_ha")  # fmt: skip
    return {names[0]: per_ha * factor, names[1]: per_ha * factor + single,
            "scattered_volume_m3": single * (1.0 if is_stand else area)}  # fmt: skip


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10_000))
def test_columns_of_one_kind_do_not_vouch_for_each_other(seed):
    area, per_ha = forest(rows=400, seed=seed)
    arbor = pd.Series(data=True, index=area.index)
    good = [many(per_ha, area, is_stand) for is_stand in (True, False)]
    for given_ in (*good, good[0] | good[1]):
        assert stock(area, is_arbor=arbor, **given_) == []
    totals, densities = good
    # stock per hectare in the fields of stock, scattered trees too
    wrong = {name: values / area for name, values in totals.items()}
    assert codes(stock(area, is_arbor=arbor, **wrong)) == ["stock_per_ha"] * 2
    wrong = {name: values * area for name, values in densities.items()}
    wrong["scattered_volume_m3"] = densities["scattered_volume_m3"] * area
    assert codes(stock(area, is_arbor=arbor, **wrong)) == ["stock_of_stand"] * 2
    # all in 万m3
    found = stock(area, is_arbor=arbor, **{name: one / 1e4 for name, one in totals.items()})
    assert [one.rule for one in found] == [
        f'{name} = "万m3"' for name in ("forest_volume_m3", "total_volume_m3", "scattered_volume_m3")
    ]  # fmt: skip


def test_all_stock_per_mu_is_asked_for_and_one_answer_is_enough():
    area, per_ha = forest()
    arbor = pd.Series(data=True, index=area.index)
    # 85 m3/ha in the middle are 5.7 m3 per mu
    wrong = {"volume_m3_ha": per_ha / 15.0, "living_volume_m3_ha": per_ha / 15.0}
    found = stock(area, is_arbor=arbor, **wrong)
    assert codes(found) == ["stock_unlikely"] * 2
    assert found[0].rule == 'volume_m3_ha = "m3/ha" / volume_m3_ha = "m3/亩"'
    assert 4.0 < float(found[0].value) < 7.0
    assert stock(area, is_arbor=arbor, sure={"volume_m3_ha"}, **wrong) == []


def test_stock_that_forests_do_not_hold_is_asked_for_also_where_it_agrees():
    area, per_ha = forest()
    for factor, expected in ((1e-4, ["unit_to_confirm", "stock_unlikely"]),
                             (100.0, ["stock_unlikely"] * 2), (0.1, [])):  # fmt: skip
        both = {"forest_volume_m3": per_ha * area * factor, "volume_m3_ha": per_ha * factor}
        assert codes(stock(area, **both)) == expected
    # young forest: 2 to 8 m3/ha in one column only
    assert codes(stock(area, forest_volume_m3=per_ha * area / 15.0)) == ["stock_unlikely"]
    assert stock(area.head(20), forest_volume_m3=(per_ha * area).head(20) / 15.0) == []


def test_scattered_trees_are_asked_for_beside_stock_in_ten_thousands():
    area, per_ha = forest()
    given_ = {"forest_volume_m3": per_ha * area, "scattered_volume_m3": area * 1e-4}
    asked = stock(area, sure={"forest_volume_m3"}, units={"forest_volume_m3": "万m3"}, **given_)
    assert [one.rule for one in asked] == ['scattered_volume_m3 = "万m3"']
    assert stock(area, sure=set(given_), units={"forest_volume_m3": "万m3"}, **given_) == []
    assert stock(area, **given_) == []


def test_trees_on_farmland_do_not_hide_the_total_of_forest():
    area, per_ha = forest(rows=200)
    arbor = pd.Series(np.arange(200) % 2 == 0, index=area.index)
    # forest per hectare, and farmland of any size with a few trees
    total = pd.Series(np.where(arbor, per_ha, 2.0), index=area.index)
    assert codes(stock(area, is_arbor=arbor, total_volume_m3=total)) == ["stock_per_ha"]
    total = pd.Series(np.where(arbor, per_ha * area, 2.0), index=area.index)
    assert stock(area, is_arbor=arbor, total_volume_m3=total) == []


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
