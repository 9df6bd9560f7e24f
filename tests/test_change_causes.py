"""What moved the figures of a place: the causes add up to what was published, in every town."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from carbon_sink.carbon import carbon_part
from carbon_sink.change_causes import (
    TOTAL,
    cause_notes,
    causes_table,
    change_causes,
    over_all_years,
    with_coverage,
)
from carbon_sink.coverage import counted_parts
from carbon_sink.errors import ParameterError
from carbon_sink.estimation import estimate
from carbon_sink.event_losses import event_losses
from carbon_sink.gain_loss import EVENTS
from carbon_sink.ground_causes import CAUSES, FIGURES
from carbon_sink.intake import read_inputs
from carbon_sink.legend import code_name
from carbon_sink.parameters import load_parameters
from carbon_sink.settings import load_settings
from carbon_sink.stand_changes import stand_changes
from carbon_sink.summary import town_summary
from carbon_sink.tables import columns

YEARS = (2020, 2025)


def stands(*parcels):
    """Stands with the figures a run gives them; each parcel says what is not 0."""
    given_ = {"town_code": "t", "forest_type": "arbor", "species_group": "oak", "area_ha": 1.0}
    zeros = dict.fromkeys(("forest_stock_m3", "scattered_stock_m3", "four_side_stock_m3",
                           "shelterbelt_ha", "four_side_ha"), 0.0)  # fmt: skip
    table = pd.DataFrame([{**given_, **zeros, **one} for one in parcels])
    kind = table["forest_type"]
    part = kind.map(counted_parts("forestry"))
    for name in ("arbor", "bamboo", "special_shrub"):
        table[f"{name}_ha"] = table["area_ha"].where(part.eq(name), 0.0)
    own = table["forest_stock_m3"]
    table["forest_stock_m3"] = own.where(kind.eq("arbor"), 0.0)
    table["sparse_stock_m3"] = own.where(kind.eq("sparse"), 0.0)
    kept = ["forest_stock_m3", "sparse_stock_m3", "scattered_stock_m3", "four_side_stock_m3"]
    table["living_stock_m3"] = table[kept].sum(axis=1)
    by_area = carbon_part(kind).isin(["bamboo", "economic", "shrub"])
    carbon = table.get("carbon_t", table["forest_stock_m3"] / 2.0 + table["area_ha"] * by_area * 20)
    return table.assign(carbon_t=carbon)


def links(*pairs):
    return pd.DataFrame(pairs, columns=["before", "after", "ground_ha"])


def losses(*rows):
    """Losses of events, each (stand or None, kind, m3) with half as much carbon."""
    return pd.DataFrame([
        {"stand": stand, "event_type": kind, "volume_m3": m3, "carbon_t": m3 / 2.0,
         "part": None if stand is None else "arbor", "town_code": "t", "area_ha": 1.0}
        for stand, kind, m3 in rows
    ])  # fmt: skip


def told(table, indicator, town=""):
    """What each cause did to a figure, without those that did nothing."""
    mine = table[table["indicator"].eq(indicator) & table["town_code"].eq(town)]
    changes = mine.set_index("cause")["change"].drop(TOTAL)
    return changes[changes.ne(0.0)].round(9).to_dict()


def test_half_of_a_stand_is_cut_and_the_other_half_grows():
    before = stands({"forest_stock_m3": 100.0, "area_ha": 2.0})
    after = stands({"forest_stock_m3": 60.0}, {"forest_type": "cutover"})
    rows = links((0, 0, 1.0), (0, 1, 1.0))
    table = change_causes(rows, before, after, YEARS, losses((0, "harvest", 50.0)))
    # the record goes to the half that is bare, where 50 m3 stood
    assert told(table, "forest_stock_m3") == {"growth": 10.0, "harvest": -50.0}
    assert told(table, "carbon_t") == {"growth": 5.0, "harvest": -25.0}
    assert told(table, "forest_area_ha") == {"harvest": -1.0}


def test_a_loss_without_a_place_must_have_grown_to_be_taken():
    before, after = stands({"forest_stock_m3": 100.0}), stands({"forest_stock_m3": 110.0})
    lost = losses((None, "fire", 20.0))
    table = change_causes(links((0, 0, 1.0)), before, after, YEARS, lost)
    for town in ("", "t"):
        assert told(table, "forest_stock_m3", town) == {"growth": 30.0, "fire": -20.0}
        assert told(table, "carbon_t", town) == {"growth": 15.0, "fire": -10.0}
    assert told(table, "forest_area_ha") == {}


def test_losses_that_nobody_knows_are_no_losses():
    before, after = stands({"forest_stock_m3": 100.0}), stands({"forest_stock_m3": 90.0})
    lost = losses((0, "pest", float("nan")))
    table = change_causes(links((0, 0, 1.0)), before, after, YEARS, lost)
    assert told(table, "forest_stock_m3") == {"growth": -10.0}


def test_two_events_in_one_parcel_each_take_their_own():
    before = stands({"forest_stock_m3": 100.0}, {"forest_stock_m3": 10.0})
    after = stands({"forest_stock_m3": 90.0}, {"forest_stock_m3": 10.0})
    lost = losses((0, "pest", 6.0), (0, "harvest", 8.0), (0, "pest", 1.0))
    table = change_causes(links((0, 0, 1.0), (1, 1, 1.0)), before, after, YEARS, lost)
    assert told(table, "living_stock_m3") == {"growth": 5.0, "harvest": -8.0, "pest": -7.0}


def test_belts_are_planting_where_works_lie_in_their_field_and_else_reclassification():
    field = {"forest_type": "cropland", "area_ha": 10.0}
    before = stands(field, field, {**field, "shelterbelt_ha": 0.5})
    after = stands({**field, "shelterbelt_ha": 0.4}, {**field, "shelterbelt_ha": 0.3}, field)
    works = pd.DataFrame({"planting": [0.03, 0.0, 0.03], "restoration": 0.0})
    rows = links((0, 0, 10.0), (1, 1, 10.0), (2, 2, 10.0))
    table = change_causes(rows, before, after, YEARS, works=works)
    # 0.4 in works; 0.3 without, and 0.5 that are gone
    assert told(table, "forest_area_ha") == {"planting": 0.4, "reclassification": -0.2}


def test_four_side_trees_are_four_side_whatever_becomes_of_their_ground():
    trees = {"forest_type": "cropland", "four_side_ha": 0.2, "four_side_stock_m3": 6.0}
    before = stands(trees, trees)
    after = stands({**trees, "four_side_ha": 0.3, "four_side_stock_m3": 9.0},
                   {"forest_stock_m3": 20.0})  # fmt: skip
    works = pd.DataFrame({"planting": [0.0, 1.0], "restoration": 0.0})
    table = change_causes(links((0, 0, 1.0), (1, 1, 1.0)), before, after, YEARS, works=works)
    assert told(table, "forest_area_ha") == {"planting": 1.0, "four_side": -0.1}
    assert told(table, "living_stock_m3") == {"planting": 20.0, "four_side": -3.0}
    assert told(table, "forest_stock_m3") == {"planting": 20.0}


def test_scattered_trees_follow_the_ground_they_stand_on():
    tree = {"forest_type": "cropland", "scattered_stock_m3": 2.0}
    before = stands(tree, tree)
    after = stands({**tree, "scattered_stock_m3": 3.0}, {"forest_type": "young_planted"})
    table = change_causes(links((0, 0, 1.0), (1, 1, 1.0)), before, after, YEARS)
    assert told(table, "living_stock_m3") == {"growth": 1.0, "reclassification": -2.0}


def test_ground_that_only_one_date_has_is_reclassification_with_all_that_stands_there():
    stand = {"forest_stock_m3": 30.0, "scattered_stock_m3": 1.0, "four_side_stock_m3": 2.0}
    table = change_causes(links((-1, 0, 1.0)), stands(stand).iloc[:0], stands(stand), YEARS)
    assert told(table, "living_stock_m3") == {"reclassification": 33.0}
    assert told(table, "forest_area_ha") == {"reclassification": 1.0}


def test_ground_of_another_town_leaves_one_and_comes_to_the_other():
    before = stands({"forest_stock_m3": 50.0, "town_code": "a"})
    after = stands({"forest_stock_m3": 60.0, "town_code": "b"})
    table = change_causes(links((0, 0, 1.0)), before, after, YEARS)
    assert told(table, "forest_stock_m3") == {"growth": 10.0}
    assert told(table, "forest_stock_m3", "a") == {"reclassification": -50.0}
    # 60 m3 came: 50 with the ground, and 10 grew
    assert told(table, "forest_stock_m3", "b") == {"growth": 10.0, "reclassification": 50.0}


KINDS = ("arbor", "bamboo", "economic_arbor", "shrub_other", "sparse", "young_planted", "cutover",
         "burned", "cropland", "built")  # fmt: skip
amounts = st.floats(0.0, 1e5, allow_subnormal=False)


def parcels(count):
    one = st.fixed_dictionaries({
        "forest_type": st.sampled_from(KINDS), "town_code": st.sampled_from(["a", "b"]),
        "species_group": st.sampled_from(["oak", "poplar"]),
        "area_ha": st.floats(0.1, 1e3), "forest_stock_m3": amounts,
        "scattered_stock_m3": amounts, "four_side_stock_m3": amounts,
        "shelterbelt_ha": st.floats(0.0, 0.1), "four_side_ha": st.floats(0.0, 0.1),
    })  # fmt: skip
    return st.lists(one, min_size=count, max_size=count).map(lambda found: stands(*found))


@st.composite
def cases(draw):
    """Two inventories of a few parcels, the ground they share, events and works."""
    count = draw(st.integers(1, 4)), draw(st.integers(1, 4))
    before, after = (draw(parcels(one)) for one in count)
    pairs = draw(st.sets(st.tuples(*(st.integers(-1, one - 1) for one in count)), max_size=8))
    pairs -= {(-1, -1)}
    pairs |= {(i, -1) for i in range(count[0]) if i not in {one for one, _ in pairs}}
    pairs |= {(-1, j) for j in range(count[1]) if j not in {one for _, one in pairs}}
    rows = links(*((*one, draw(st.floats(0.01, 100.0))) for one in sorted(pairs)))
    timber = before.index[before["forest_type"].eq("arbor")].tolist()
    record = st.tuples(st.sampled_from([None, *timber]), st.sampled_from(EVENTS), amounts)
    lost = draw(st.lists(record, max_size=4))
    share = draw(st.lists(st.floats(0.0, 0.5), min_size=2 * len(rows), max_size=2 * len(rows)))
    works = pd.DataFrame(np.reshape(share, (-1, 2)), columns=["planting", "restoration"])
    return rows, before, after, YEARS, losses(*lost) if lost else None, works


def by_cause(table):
    return table.set_index(["indicator", "town_code", "cause"])["change"].sort_index()


def wide(changes, level):
    """Changes with the causes, or the towns, beside each other."""
    rows = [name for name in changes.index.names if name != level]
    return changes.reset_index().pivot_table("change", rows, level).fillna(0.0)


@given(cases())
@settings(max_examples=20, deadline=None)
def test_causes_add_up_to_the_difference_in_every_town_and_towns_to_the_place(case):
    _, before, after, *_ = case
    table = change_causes(*case)
    changes = by_cause(table)
    for indicator, parts in FIGURES.items():
        names = [name for part in parts.values() for name in part]
        held = [one[names].sum(axis=1) for one in (before, after)]
        size = 1e-9 * max(1.0, *(one.sum() for one in held))
        of_town = [one.groupby(stand["town_code"]).sum()
                   for one, stand in zip(held, (before, after), strict=True)]  # fmt: skip
        change = of_town[1].sub(of_town[0], fill_value=0.0)
        change[""] = held[1].sum() - held[0].sum()
        for town, expected in change.items():
            mine = changes[indicator, town]
            assert mine[TOTAL] == pytest.approx(expected, abs=size)
            assert mine.drop(TOTAL).sum() == pytest.approx(expected, abs=size)
        causes = wide(changes[indicator], "town_code")
        of_towns = causes.drop(columns="").sum(axis=1)
        np.testing.assert_allclose(of_towns, causes[""], atol=10.0 * size)


@given(cases(), st.randoms(use_true_random=False))
@settings(max_examples=8, deadline=None)
def test_the_order_of_rows_and_of_events_changes_nothing(case, chance):
    rows, before, after, years, lost, works = case
    order = chance.sample(list(rows.index), len(rows))
    turned = None if lost is None else lost.iloc[::-1]
    other = change_causes(rows.loc[order], before, after, years, turned, works.loc[order])
    one = by_cause(change_causes(*case))
    pd.testing.assert_series_equal(one, by_cause(other), check_exact=False, rtol=1e-9, atol=1e-6)


@given(cases())
@settings(max_examples=8, deadline=None)
def test_parcels_cut_in_halves_have_the_same_causes(case):
    rows, before, after, years, lost, works = case

    def halves(table):
        half = table.select_dtypes("number") / 2.0
        return pd.concat([table.assign(**half)] * 2, ignore_index=True)

    def other(column, count):
        return rows[column] + count * rows[column].ge(0)

    second = rows.assign(before=other("before", len(before)), after=other("after", len(after)))
    ground = pd.concat([rows, second], ignore_index=True)
    ground["ground_ha"] /= 2.0
    if lost is not None:
        again = lost.assign(stand=lost["stand"] + len(before))
        lost = pd.concat([lost, again], ignore_index=True)
        lost[["volume_m3", "carbon_t", "area_ha"]] /= 2.0
    cut = change_causes(ground, halves(before), halves(after), years, lost,
                        pd.concat([works] * 2, ignore_index=True))  # fmt: skip
    one = by_cause(change_causes(*case))
    pd.testing.assert_series_equal(one, by_cause(cut), check_exact=False, rtol=1e-9, atol=1e-6)


@given(cases())
@settings(max_examples=8, deadline=None)
def test_without_records_and_works_nothing_is_pest_or_restoration(case):
    changes = wide(by_cause(change_causes(*case[:4])), "cause")
    assert changes[["pest", "restoration"]].eq(0.0).all(axis=None)


def test_inputs_are_left_as_they_were():
    before, after = stands({"forest_stock_m3": 9.0}), stands({"forest_stock_m3": 10.0})
    lost, rows = losses((0, "pest", 1.0)), links((0, 0, 1.0))
    works = pd.DataFrame({"planting": [0.5], "restoration": 0.0})
    kept = [one.copy() for one in (rows, before, after, lost, works)]
    change_causes(rows, before, after, YEARS, lost, works)
    for one, copy in zip((rows, before, after, lost, works), kept, strict=True):
        pd.testing.assert_frame_equal(one, copy)


@pytest.fixture(scope="module")
def small(small_folder):
    """The small place: its inventories, their ground, its losses and its towns."""
    said = load_settings(small_folder / "settings.toml")
    inputs = read_inputs(said)
    parameters = load_parameters(said.parameter_set)
    known = {year: estimate(one, said, parameters) for year, one in inputs.stands.items()}
    lost = event_losses(pd.concat(inputs.events), known[2020], parameters, YEARS)
    rows = stand_changes(known[2020], known[2025])
    return known, rows, lost, inputs


def test_causes_of_the_small_place_add_up_to_its_published_figures(small):
    known, rows, lost, inputs = small
    table = change_causes(rows, known[2020], known[2025], YEARS, lost)
    history = [town_summary(one, inputs.towns, "", 1.0).set_index("town_code")
               for _, one in sorted(known.items())]  # fmt: skip
    for indicator in FIGURES:
        changes = wide(by_cause(table)[indicator], "cause")
        published = history[1][indicator] - history[0][indicator]
        np.testing.assert_allclose(changes[TOTAL], published.reindex(changes.index), atol=1e-9)
        np.testing.assert_allclose(changes[list(CAUSES)].sum(axis=1), changes[TOTAL], atol=1e-9)
    # the pine grows by 1000 m3; a young plantation of 2020 closes with 400 m3
    assert told(table, "forest_stock_m3") == {"growth": 1000.0, "planting": 400.0}
    earlier = table[table["cause"].eq("planting") & table["town_code"].eq("")]
    assert earlier.set_index("indicator")["earlier_change"]["forest_stock_m3"] == 400.0


def test_the_table_names_places_and_figures_and_adds_the_coverage(small):
    known, rows, lost, inputs = small
    table = change_causes(rows, known[2020], known[2025], YEARS, lost)
    towns = inputs.towns.assign(land_area_ha=[400.0, 500.0])
    laid = causes_table({YEARS: table}, towns, "小地方", 900.0)
    assert laid.columns.tolist() == columns("change_causes").index.tolist()
    assert laid.drop(columns=["earlier_change", "change_pct"]).notna().all(axis=None)
    assert set(laid["town_name"]) == {"小地方", "甲镇", "乙镇"}
    area, coverage = (
        laid[laid["indicator"].eq(name)].reset_index()
        for name in ("forest_area_ha", "forest_coverage_pct")
    )
    land = area["town_code"].map({"": 900.0, "500153001": 400.0, "500153002": 500.0})
    np.testing.assert_allclose(coverage["change"], area["change"] / land * 100.0)
    np.testing.assert_allclose(coverage["change_pct"], area["change_pct"])


def test_land_that_is_not_known_has_no_coverage():
    table = change_causes(links((0, 0, 1.0)), stands({}), stands({}), YEARS)
    assert len(with_coverage(table, {"": None, "t": 0.0})) == len(table)


def test_several_pairs_of_inventories_add_up_from_the_first_to_the_last():
    stock = (100.0, 110.0, 125.0)
    one, two, three = (stands({"forest_stock_m3": value}) for value in stock)
    rows = links((0, 0, 1.0))
    tables = {
        (2020, 2025): change_causes(rows, two, three, (2020, 2025), losses((0, "fire", 5.0))),
        (2015, 2020): change_causes(rows, one, two, (2015, 2020)),
    }
    towns = pd.DataFrame(columns=["town_code", "town_name", "land_area_ha"])
    laid = causes_table(tables, towns, "p", None)
    years = laid[["year_before", "year_after"]].drop_duplicates().to_numpy().tolist()
    assert years == [[2015, 2020], [2020, 2025], [2015, 2025]]
    last = laid[laid["year_before"].eq(2015) & laid["year_after"].eq(2025)]
    # 10 and 15 + 5 grew, 5 burned: 25 in all, of the 100 of 2015
    assert told(last, "forest_stock_m3") == {"growth": 30.0, "fire": -5.0}
    total = last[last["indicator"].eq("forest_stock_m3") & last["cause"].eq(TOTAL)].iloc[0]
    assert total[["change", "value_before", "change_pct"]].tolist() == [25.0, 100.0, 25.0]


def test_a_town_that_came_later_starts_from_nothing():
    rows = links((0, 0, 1.0))
    one, two = stands({"forest_stock_m3": 50.0}), stands({"forest_stock_m3": 60.0})
    came = stands({"forest_stock_m3": 70.0, "town_code": "new"})
    pairs = [change_causes(rows, one, two, (2015, 2020)), change_causes(rows, two, came, YEARS)]
    both = over_all_years(pairs)
    mine = both[both["town_code"].eq("new") & both["indicator"].eq("forest_stock_m3")]
    assert mine["value_before"].eq(0.0).all()
    assert mine.set_index("cause")["change"][TOTAL] == 70.0


def test_figures_that_one_date_does_not_have_are_left_out():
    after = stands({"forest_stock_m3": 9.0}).drop(columns="carbon_t")
    table = change_causes(links((0, 0, 1.0)), stands({}), after, YEARS)
    assert set(table["indicator"]) == set(FIGURES) - {"carbon_t"}


def test_years_that_are_not_two_dates_are_refused():
    with pytest.raises(ParameterError) as caught:
        change_causes(links((0, 0, 1.0)), stands({}), stands({}), (2025, 2025))
    assert {one.code for one in caught.value.problems} == {"period_empty"}


def test_what_is_lacking_is_told_with_where_it_went():
    works = pd.DataFrame({"planting": [0.0], "restoration": 0.0})
    codes = [note.code for note in cause_notes(losses((0, "fire", 1.0)), works)]
    assert codes == ["causes_without_works"]
    assert [note.code for note in cause_notes(None, works + 0.1)] == ["causes_without_events"]
    assert all("地类变更" in note.text() for note in cause_notes(None, None))


def test_every_cause_has_a_name():
    for lang in ("zh", "en"):
        assert all(code_name("cause", one, lang) != one for one in (*CAUSES, TOTAL))
