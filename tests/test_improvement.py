"""Works in standing forest: the sink is what treatment adds, and never the stand."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from carbon_sink.growth_models import group_models
from carbon_sink.improvement import (
    base_years,
    improvement_ledger,
    improvement_notes,
    increments,
)
from carbon_sink.parameters import load_parameters
from carbon_sink.project_ledger import LedgerTerms
from carbon_sink.tables import columns
from carbon_sink.trajectories import course

MODELS = group_models()
PARAMETERS = load_parameters("ar_cm_001")
LABELS = ["a", "b", "c", "d"]
TERMS = LedgerTerms(12, 10.0)
# masson pine: density, BEF, root ratio, carbon fraction of AR-CM-001
PINE_T_M3 = 0.380 * 1.472 * 1.187 * 0.46
examples = hypothesis_settings(max_examples=8, deadline=None)


def stands(count=1, **cells):
    usual = {"forest_type": "arbor", "carbon_part": "arbor", "area_ha": 10.0,
             "species_group": "masson_pine", "stand_age_yr": 20.0, "dbh_cm": 14.0,
             "basal_area_m2_ha": 15.0, "forest_volume_m3": 1000.0}  # fmt: skip
    table = pd.DataFrame(usual | cells, index=LABELS[:count])
    stocked = table["carbon_part"].eq("arbor")
    return table.assign(forest_stock_m3=table["forest_volume_m3"].where(stocked, 0.0))


def works(count=1, **cells):
    usual = {"project_type": "quality_improvement", "method": "improvement",
             "start_year": 2020, "credited_ha": 10.0, "growth_gain_pct": 20.0,
             "gain_source": "plots", "gain_years": 10.0, "baseline_t_ha": 0.0,
             "emission_co2e_t": 0.0, "leakage_co2e_t_yr": 0.0}  # fmt: skip
    names = [f"q{number}" for number in range(count)]
    return pd.DataFrame({"project_id": names, **usual, **cells}, index=pd.RangeIndex(count))


def piece(project=0, stand=0, ground_ha=10.0):
    stand = [LABELS[one] for one in np.atleast_1d(stand)]
    return pd.DataFrame({"project": project, "stand": stand, "ground_ha": ground_ha})


def ledger_of(works, pieces=None, trees=None, terms=TERMS, factors=None):
    pieces, trees = ({2020: one} for one in (piece() if pieces is None else pieces,
                                             stands() if trees is None else trees))  # fmt: skip
    return improvement_ledger(works, pieces, trees, MODELS, factors or {}, PARAMETERS, terms)


def test_a_ledger_by_hand():
    # GR08 at 20 years, 14 cm, 15 m2/ha grows exp(1.739) = 5.69165 % (RATE_1 of the sources),
    # halved by the district's factor: 2.845825 %. 1000 m3 become 1028.458 m3, with a gain of 20 %
    # 1034.150 m3. Treated are 4 of 10 ha: 5.69165 x 0.4 = 2.27666 m3, of which 0.380 x 1.472 x 1.187 x 0.46
    # t C per m3. 0.5 t C/ha of trees were taken by conversion: 4 x 0.5 x 44/12 = 7.333 t CO2.
    one = works(credited_ha=4.0, baseline_t_ha=0.5, emission_co2e_t=1.0, leakage_co2e_t_yr=0.25)
    ledger = ledger_of(one, piece(ground_ha=4.0), factors={"masson_pine": 0.5})
    assert list(ledger) == list(columns("project_ledger").index)
    assert ledger["year"].tolist() == list(range(2020, 2032))
    start, first = ledger.iloc[0], ledger.iloc[1]
    assert start[["age_yr", "stock_m3", "tree_co2_t"]].tolist() == [0.0, 0.0, 0.0]
    assert start["baseline_co2_t"] == pytest.approx(-22.0 / 3.0)
    assert start["removal_co2e_t"] == pytest.approx(-22.0 / 3.0 - 1.0 - 0.25)
    assert start["non_permanence_co2e_t"] == 0.0
    assert first["stock_m3"] == pytest.approx(2.27666, abs=1e-5)
    tree = 2.27666 * PINE_T_M3 * 44.0 / 12.0
    assert first["tree_co2_t"] == pytest.approx(tree, rel=1e-5)
    assert first["above_t"] == pytest.approx(2.27666 * PINE_T_M3 / 1.187, rel=1e-5)
    assert first["removal_co2e_t"] == pytest.approx(tree - 0.25, rel=1e-5)
    assert first["creditable_co2e_t"] == pytest.approx(0.9 * (tree - 0.25), rel=1e-5)
    assert ledger[["soil_co2_t", "living_trees"]].isna().all(axis=None)


def test_what_was_added_grows_on_when_the_gain_has_ended():
    # treated (1 + 1.2 g)(1 + h), untreated (1 + g)(1 + h): the 0.2 g gained grows by h
    added = ledger_of(works(gain_years=1.0))["stock_m3"]
    growth = course(stands(), MODELS, 2).growth[:, 0]
    assert added[1] == pytest.approx(1000.0 * 0.2 * growth[0])
    assert added[2] == pytest.approx(added[1] * (1.0 + growth[1]))


def test_the_gain_compounds_while_it_lasts():
    added = ledger_of(works())["stock_m3"]
    growth = course(stands(), MODELS, 2).growth[:, 0]
    by_hand = (1.0 + 1.2 * growth[0]) * (1.0 + 1.2 * growth[1])
    by_hand -= (1.0 + growth[0]) * (1.0 + growth[1])
    assert added[2] == pytest.approx(1000.0 * by_hand)


def test_stands_grow_untreated_until_the_year_of_the_works():
    later = ledger_of(works(start_year=2022))
    growth = course(stands(), MODELS, 3).growth[:, 0]
    assert later["year"].iloc[0] == 2022
    assert later["stock_m3"].iloc[:2].tolist() == pytest.approx(
        [0.0, 1000.0 * (1.0 + growth[0]) * (1.0 + growth[1]) * 0.2 * growth[2]]
    )


def test_works_start_from_the_inventory_before_them():
    two = pd.concat([piece(0), piece(1)], ignore_index=True)
    pieces, trees = {2020: two, 2025: two}, {2020: stands(), 2025: stands()}
    dated = works(2, start_year=[2025, 2026])
    rows = increments(dated, pieces, trees, MODELS, {}, PARAMETERS, 3)
    growth = course(stands(), MODELS, 6).growth[:, 0]
    # the inventory of the year of the works may show what they left: 2020 tells the ground
    grown = np.prod(1.0 + growth[:5])
    of_2025, of_2026 = (rows[rows["work"].eq(one)]["stock_m3"].tolist() for one in (0, 1))
    assert of_2025[1] == pytest.approx(1000.0 * grown * 0.2 * growth[5])
    assert of_2026[1] == pytest.approx(1000.0 * (1.0 + growth[0]) * 0.2 * growth[1])


def test_works_older_than_every_inventory_gain_from_the_first_on():
    ledger = ledger_of(works(start_year=2018, gain_years=3.0))
    # 2019 and 2020 are not known; of the three years of gain one is left
    assert ledger["stock_m3"].iloc[:3].tolist() == [0.0, 0.0, 0.0]
    growth = course(stands(), MODELS, 1).growth[0, 0]
    assert ledger["stock_m3"].iloc[3] == pytest.approx(200.0 * growth)
    assert base_years(pd.Series([2018]), [2025, 2020]).tolist() == [2020]


def test_only_the_credited_part_of_the_ground_counts():
    whole, half = (ledger_of(works(credited_ha=area))["stock_m3"] for area in (10.0, 5.0))
    np.testing.assert_allclose(half, whole / 2.0)
    # credited ground lies where trees are, not on the cropland of the work
    trees = stands(2, forest_type=["arbor", "cropland"], carbon_part=["arbor", None])
    beside = ledger_of(works(credited_ha=5.0), piece(stand=[0, 1], ground_ha=[10.0, 10.0]), trees)
    np.testing.assert_allclose(beside["stock_m3"], half)
    # more hectares on paper than on the ground bring no more
    paper = ledger_of(works(credited_ha=99.0))["stock_m3"]
    np.testing.assert_allclose(paper, whole)


def test_without_a_gain_the_increment_is_missing_and_asked_for():
    ledger = ledger_of(works(growth_gain_pct=np.nan))
    assert ledger[["stock_m3", "tree_co2_t", "removal_co2e_t"]].isna().all(axis=None)
    (note,) = [one for one in notes_of(works(2, growth_gain_pct=np.nan))
               if one.code == "improvement_gain_missing"]  # fmt: skip
    assert (note.rows, note.count, note.field) == (("q0", "q1"), 2, "growth_gain_pct")
    assert "20.00 ha" in note.what("en")


def notes_of(rows, pieces=None, trees=None):
    pieces = piece() if pieces is None else pieces
    trees = stands() if trees is None else trees
    return improvement_notes(rows, {2020: pieces}, {2020: trees}, MODELS, TERMS, "p.gpkg")


def test_a_gain_without_source_or_duration_is_told():
    found = {one.code: one for one in notes_of(works(gain_source="", gain_years=np.nan))}
    assert set(found) == {"improvement_gain_unsourced", "improvement_years_missing"}
    assert "10" in found["improvement_years_missing"].what("en")
    plain, ten = (ledger_of(works(gain_years=one)) for one in (np.nan, 10.0))
    pd.testing.assert_frame_equal(plain, ten)


def test_a_whole_record_asks_for_nothing():
    assert notes_of(works()) == []


def test_works_that_state_no_gain_column_at_all_are_asked_for_it():
    bare = works().drop(columns=["growth_gain_pct", "gain_source", "gain_years"])
    assert ledger_of(bare)["removal_co2e_t"].isna().all()
    assert [one.code for one in notes_of(bare)] == ["improvement_gain_missing"]


def test_terms_that_nobody_states_are_nothing_and_told():
    bare = works(baseline_t_ha=np.nan, leakage_co2e_t_yr=np.nan)
    assert ledger_of(bare)[["baseline_co2_t", "leakage_co2e_t"]].eq(0.0).all(axis=None)
    assert [one.code for one in notes_of(bare)] == ["project_term_missing"] * 2


def test_works_without_ground_and_works_of_long_ago_are_told():
    found = {one.code: one for one in notes_of(works(2, start_year=[2020, 2015]))}
    assert found["improvement_without_ground"].rows == ("q1",)
    assert found["improvement_before_inventory"].rows == ("q1",)
    nowhere = ledger_of(works(2)).query("project_id == 'q1'")
    assert nowhere["removal_co2e_t"].isna().all()


def test_bamboo_and_stands_without_growth_add_nothing_and_are_told_by_reason():
    trees = stands(4, carbon_part=["arbor", "bamboo", "arbor", None], stand_age_yr=[20.0, 5, None, 9],
                   forest_type=["arbor", "bamboo", "arbor", "sparse"])  # fmt: skip
    pieces = piece(stand=[0, 1, 2, 3], ground_ha=[4.0, 3.0, 2.0, 1.0])
    mixed = ledger_of(works(), pieces, trees)["stock_m3"]
    np.testing.assert_allclose(mixed, 0.4 * ledger_of(works())["stock_m3"])
    (note,) = notes_of(works(), pieces, trees)
    assert (note.code, note.rows) == ("improvement_ground_idle", ("q0",))
    for words in ("Bamboo forest 3.00 ha", "no age", "2.00 ha", "Sparse woodland 1.00 ha"):
        assert words in note.what("en")
    bamboo = ledger_of(works(), pieces.iloc[[1]], trees)
    assert bamboo["tree_co2_t"].isna().all()


def test_the_input_is_not_changed_and_the_order_of_works_does_not_matter():
    two = works(2, growth_gain_pct=[10.0, 30.0])
    pieces = pd.concat([piece(0), piece(1)], ignore_index=True)
    kept = [one.copy() for one in (two, pieces)]
    there, back = ledger_of(two, pieces), ledger_of(two.iloc[::-1], pieces.iloc[::-1])
    pd.testing.assert_frame_equal(there, back)
    for one, before in zip((two, pieces), kept, strict=True):
        pd.testing.assert_frame_equal(one, before)


def test_no_works_make_an_empty_ledger():
    none = works().iloc[:0]
    assert ledger_of(none).empty
    assert notes_of(none) == []
    planted = works(method="planting")
    assert ledger_of(planted).empty


one_stand = st.fixed_dictionaries({
    "species_group": st.sampled_from(["masson_pine", "cypress", "oak", "eucalyptus"]),
    "stand_age_yr": st.integers(3, 60).map(float), "dbh_cm": st.floats(3.0, 40.0),
    "basal_area_m2_ha": st.floats(1.0, 50.0), "forest_volume_m3": st.floats(10.0, 5000.0),
})  # fmt: skip


@examples
@given(one_stand, st.floats(0.0, 50.0), st.integers(2020, 2026))
def test_what_is_added_is_less_than_the_stand_and_sums_to_the_removals(stand, gain, start):
    ledger = ledger_of(works(growth_gain_pct=gain, start_year=start), trees=stands(**stand))
    steps = start - 2020 + len(ledger)
    untreated = stand["forest_volume_m3"] * np.cumprod(
        1.0 + course(stands(**stand), MODELS, steps).growth[:, 0]
    )
    added = ledger["stock_m3"].to_numpy()
    assert (np.diff(added) >= -1e-9).all()
    assert (added <= untreated[start - 2020 : steps]).all()
    carbon = ledger[["above_t", "below_t"]].sum(axis=1).iloc[-1]
    assert ledger["tree_co2_t"].sum() == pytest.approx(carbon * 44.0 / 12.0, abs=1e-9)
    removal = ledger["removal_co2e_t"].sum()
    assert removal == pytest.approx(carbon * 44.0 / 12.0, abs=1e-9)


@examples
@given(one_stand, st.floats(0.05, 0.95))
def test_no_gain_adds_nothing_and_halves_of_a_work_add_what_the_whole_does(stand, part):
    trees = stands(**stand)
    assert ledger_of(works(growth_gain_pct=0.0), trees=trees)["removal_co2e_t"].eq(0.0).all()
    two = works(2, credited_ha=[8.0 * part, 8.0 * (1.0 - part)])
    pieces = pd.concat([piece(0, 0, 10.0 * part), piece(1, 0, 10.0 * (1.0 - part))],
                       ignore_index=True)  # fmt: skip
    halves = ledger_of(two, pieces, trees).groupby("year")["removal_co2e_t"].sum()
    whole = ledger_of(works(credited_ha=8.0), trees=trees).set_index("year")["removal_co2e_t"]
    np.testing.assert_allclose(halves, whole, rtol=1e-9, atol=1e-9)
