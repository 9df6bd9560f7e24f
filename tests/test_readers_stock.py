"""Stock of the stand and per hectare, told apart by what the fields hold."""

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from carbon_sink.readers.stock import stock_problems


def codes(found):
    return [problem.code for problem in found]


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
