"""Areas corrected by a reference sample, the accuracy of a map, and the size of samples."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from carbon_sink.accuracy import adjusted_area, allocation, error_matrix, sample_size
from carbon_sink.errors import TableError

COUNTS = st.integers(1, 6).flatmap(
    lambda n: st.tuples(
        st.lists(st.lists(st.integers(0, 50), min_size=n, max_size=n), min_size=n, max_size=n),
        st.lists(st.integers(1, 10**6), min_size=n, max_size=n),
    )
)


def pairs(*rows):
    return pd.MultiIndex.from_tuples(rows, names=["stratum", "map_class"])


def sampled(counts):
    """Give every stratum two sample units at least."""
    return np.array(counts) + 2 * np.eye(len(counts), dtype=int)


# ------------------------------------------------------------------------------- by hand


def test_two_classes_worked_by_hand():
    found = adjusted_area([[8, 2], [1, 9]], [100.0, 300.0])
    tree, other = (found.classes.loc[name] for name in (0, 1))
    # 100 × 8/10 + 300 × 1/10 = 110 ha, and 100 × 2/10 + 300 × 9/10 = 290 ha
    assert tree["area_ha"] == pytest.approx(110.0)
    assert other["area_ha"] == pytest.approx(290.0)
    # 100² × 0.8 × 0.2 / 9 + 300² × 0.1 × 0.9 / 9 = 177.78 + 900 = 1077.78, root 32.83 ha
    assert tree["se_ha"] == pytest.approx(32.8295, abs=1e-4)
    assert tree["ci_ha"] == pytest.approx(1.959964 * 32.8295, abs=1e-3)
    assert tree["users_accuracy"] == pytest.approx(0.8)
    # root of 0.8 × 0.2 / 9
    assert tree["users_accuracy_se"] == pytest.approx(0.133333, abs=1e-6)
    # 80 of 110 ha
    assert tree["producers_accuracy"] == pytest.approx(0.727273, abs=1e-6)
    # (100² × (1 − 0.72727)² × 0.8 × 0.2 / 9 + 0.72727² × 300² × 0.1 × 0.9 / 9) / 110²
    # = (13.2231 + 476.0331) / 12100 = 0.0404344, root 0.201083
    assert tree["producers_accuracy_se"] == pytest.approx(0.201083, abs=1e-6)
    # (80 + 270) / 400
    assert found.overall_accuracy == pytest.approx(0.875)
    # root of 1077.78, over 400
    assert found.overall_accuracy_se == pytest.approx(0.082074, abs=1e-6)
    assert found.samples == 20
    assert found.shares.loc[0, 1] == pytest.approx(20.0 / 400.0)


def test_a_buffer_counts_for_the_class_it_is_mapped_as():
    counts = pd.DataFrame(
        [[9, 1], [0, 10], [2, 8]], columns=["loss", "stable"],
        index=pairs(("loss", "loss"), ("stable", "stable"), ("buffer", "stable")),
    )  # fmt: skip
    found = adjusted_area(counts, {"buffer": 50.0, "loss": 10.0, "stable": 940.0})
    # 10 × 0.9 + 50 × 0.2 = 19 ha of loss; 9 of them mapped
    assert found.classes.loc["loss", "area_ha"] == pytest.approx(19.0)
    assert found.classes.loc["loss", "producers_accuracy"] == pytest.approx(9 / 19)
    # stable on the map: 940 + 50 ha, of which 10 ha are loss
    assert found.classes.loc["stable", "mapped_area_ha"] == 990.0
    assert found.classes.loc["stable", "users_accuracy"] == pytest.approx(980 / 990)
    # wrong are 1 ha mapped as loss and 10 ha of the buffer
    assert found.overall_accuracy == pytest.approx(1 - 11 / 1000)


def test_the_confidence_widens_the_interval():
    # the normal quantile of 0.99 is 2.5758
    found = adjusted_area([[8, 2], [1, 9]], [100.0, 300.0], confidence=0.99)
    assert found.classes.loc[0, "ci_ha"] == pytest.approx(2.575829 * 32.82953, abs=1e-3)


def test_a_class_that_no_reference_unit_has_is_never_right():
    counts = pd.DataFrame([[5, 0], [5, 5]], index=["tree", "moss"], columns=["tree", "grass"])
    found = adjusted_area(counts, [10.0, 10.0]).classes
    assert found.loc["moss", ["area_ha", "users_accuracy"]].tolist() == [0.0, 0.0]
    assert np.isnan(found.loc["moss", "producers_accuracy"])
    assert found.loc["grass", ["mapped_area_ha", "producers_accuracy"]].tolist() == [0.0, 0.0]
    assert np.isnan(found.loc["grass", "users_accuracy"])


def test_sample_units_are_counted_by_stratum_map_class_and_reference_class():
    points = pd.DataFrame(
        {"stratum": ["a", "a", "b"], "map_class": [1, 2, 1], "reference_class": [1, 1, 2]}
    )
    assert error_matrix(points.drop(columns="stratum")).to_dict() == {
        1: {1: 1, 2: 1},
        2: {1: 1, 2: 0},
    }
    assert error_matrix(points).loc[("a", 2)].to_dict() == {1: 1, 2: 0}


def test_rare_strata_get_the_minimum_and_the_others_share_the_rest_by_area():
    # 100 units: the rare two get 10 each; 80 are shared 3 : 1
    assert allocation(100, {"loss": 1, "gain": 2, "forest": 72.75, "other": 24.25}, 10).to_dict() == {
        "loss": 10, "gain": 10, "forest": 60, "other": 20,
    }  # fmt: skip
    # with 20 the third falls short of it too: 15 of 60
    assert allocation(100, [1, 2, 72.75, 24.25], 20).tolist() == [20, 20, 40, 20]
    assert allocation(10, [1.0, 9.0], minimum=0).tolist() == [1, 9]
    assert allocation(10, [1.0, 9.0, 90.0], minimum=10 // 3).tolist() == [3, 3, 4]
    assert allocation(10, [1.0, 0.0, 9.0]).tolist() == [2, 0, 8]


# ------------------------------------------------------------------------------ published


def test_olofsson_2014_table_8():
    counts = [[66, 0, 5, 4], [0, 55, 8, 12], [1, 0, 153, 11], [2, 1, 9, 313]]
    pixels = np.array([200_000, 150_000, 3_200_000, 6_450_000])
    found = adjusted_area(counts, pixels * 0.09)
    classes = found.classes
    # 21,158 ± 6,158 ha of deforestation, 11,686 ± 3,756 ha of forest gain
    assert classes["area_ha"].round().tolist() == [21158, 11686, 285770, 581386]
    assert classes["ci_ha"].to_numpy() == pytest.approx([6158, 3756, 15510, 16282], abs=1)
    assert found.overall_accuracy == pytest.approx(0.946512, abs=5e-7)
    assert found.overall_accuracy_ci == pytest.approx(0.018484, rel=5e-5)
    assert classes["users_accuracy"].round(3).tolist() == [0.88, 0.733, 0.927, 0.963]
    assert classes["producers_accuracy"].round(3).tolist() == [0.749, 0.847, 0.935, 0.962]
    assert classes["users_accuracy_ci"].round(2).tolist() == [0.07, 0.10, 0.04, 0.02]


def test_producers_accuracy_varies_as_equation_7_of_olofsson_2014_says():
    counts = np.array([[66, 0, 5, 4], [0, 55, 8, 12], [1, 0, 153, 11], [2, 1, 9, 313]])
    pixels = np.array([200_000, 150_000, 3_200_000, 6_450_000])
    found = adjusted_area(counts, pixels).classes
    units = counts.sum(axis=1)
    for j in range(4):
        size = sum(pixels[i] * counts[i, j] / units[i] for i in range(4))
        user = counts[j, j] / units[j]
        producer = pixels[j] * user / size
        omitted = sum(
            pixels[i] ** 2
            * counts[i, j]
            / units[i]
            * (1 - counts[i, j] / units[i])
            / (units[i] - 1)
            for i in range(4)
            if i != j
        )
        own = pixels[j] ** 2 * (1 - producer) ** 2 * user * (1 - user) / (units[j] - 1)
        variance = (own + producer**2 * omitted) / size**2
        assert found.loc[j, "producers_accuracy_se"] == pytest.approx(variance**0.5)


def test_olofsson_2013_example_1():
    found = adjusted_area(
        [[97, 0, 3], [3, 279, 18], [2, 1, 97]], {"1": 22353, "2": 1122543, "3": 610228}
    )
    classes = found.classes
    assert classes["area_ha"].to_numpy() == pytest.approx([45112.4, 1050067.27, 659944.33])
    # the paper takes 1.96 for the quantile 1.959964
    assert classes["ci_ha"].to_numpy() == pytest.approx(
        [21072.752827, 34598.005758, 36526.277508], rel=2e-5
    )
    assert classes["producers_accuracy"].to_numpy() == pytest.approx(
        [0.480631, 0.994189, 0.896926], abs=5e-7
    )
    assert found.overall_accuracy == pytest.approx(0.944417, abs=5e-7)
    assert found.overall_accuracy_ci == pytest.approx(0.021882, rel=5e-5)


def test_olofsson_2013_example_2_from_shares_of_the_area():
    # counts and weights: cran/mapaccuracy 13db9c1e, man/olofsson.Rd
    counts = [[127, 66, 54], [2, 322, 17], [0, 15, 540]]
    found = adjusted_area(counts, [0.007, 0.295, 0.698])
    # 0.007 × 127/247 + 0.295 × 322/341 + 0.698 × 540/555 = 0.003599 + 0.278563 + 0.679135
    assert found.overall_accuracy == pytest.approx(0.961297, abs=1e-6)
    # 0.003599 + 0.295 × 2/341
    assert found.classes.loc[0, "area_ha"] == pytest.approx(0.005329, abs=1e-6)


def test_the_strata_of_openmrv_with_a_buffer_are_not_rescaled():
    # openmrv/MRV 00b75e42, Modules_3/4_analysis: weights that add up to 1.0004
    counts = pd.DataFrame(
        [[271, 3, 1], [6, 193, 1], [2, 1, 27], [23, 0, 7]],
        index=["forest", "non-forest", "disturbance", "buffer"],
        columns=["forest", "non-forest", "disturbance"],
    )
    found = adjusted_area(counts, [0.551, 0.407, 0.0137, 0.0287]).classes.drop(index="buffer")
    assert found["area_ha"].to_numpy() == pytest.approx([0.57811, 0.39922, 0.02307], abs=5e-6)
    assert found["se_ha"].to_numpy() == pytest.approx([0.006752, 0.0063466, 0.0037174], abs=5e-8)
    assert found["users_accuracy"].round(3).tolist() == [0.985, 0.965, 0.9]
    assert found["producers_accuracy"].round(3).tolist() == [0.939, 0.984, 0.535]


def test_strata_that_are_not_the_map_classes_follow_stehman_2014():
    # the numerical example, data from cran/mapaccuracy 13db9c1e, man/stehman2014.Rd; the SE of
    # the paper are 0.082, 0.064, 0.085, 0.125 and 0.117 (recalled)
    strata = [*"A" * 10, *"B" * 10, *"C" * 10, *"D" * 10]
    on_map = [*"AAAAAAABBB", *"ABBBBBBBBB", *"BBCCCCCCBB", *"DDDDDDDDDD"]
    reference = [*"AAAAACBABC", *"ABBBBBAABB", *"CCCCCDDBBA", *"DDDDDDDCCB"]
    points = pd.DataFrame({"stratum": strata, "map_class": on_map, "reference_class": reference})
    sizes = {"A": 40_000, "B": 30_000, "C": 20_000, "D": 10_000}
    found = adjusted_area(error_matrix(points), sizes)
    classes = found.classes
    # 6, 3 and 1 of 10 units of the strata A, B and C are A: 0.4 × 0.6 + 0.3 × 0.3 + 0.2 × 0.1
    assert classes.loc["A", "area_ha"] == pytest.approx(35_000)
    assert classes["area_ha"].sum() == pytest.approx(100_000)
    assert classes["se_ha"].loc[["A", "C"]].to_numpy() == pytest.approx([8_200, 6_400], abs=50)
    # of B on the map 47 %, of which 27 % are right, and 34 % in the reference
    assert found.shares.loc["B", "B"] == pytest.approx(0.27)
    assert found.shares.loc["B", "C"] == pytest.approx(0.08)
    assert classes.loc["B", "users_accuracy"] == pytest.approx(27 / 47)
    assert classes.loc["B", "producers_accuracy"] == pytest.approx(27 / 34)
    assert classes.loc["B", "users_accuracy_se"] == pytest.approx(0.125, abs=5e-4)
    assert classes.loc["B", "producers_accuracy_se"] == pytest.approx(0.117, abs=5e-4)
    # right are 6, 8, 4 and 7 of 10: 0.24 + 0.24 + 0.08 + 0.07
    assert found.overall_accuracy == pytest.approx(0.63)
    assert found.overall_accuracy_se == pytest.approx(0.085, abs=5e-4)
    assert classes["mapped_area_ha"].isna().all()


def test_the_sample_size_of_olofsson_2014_is_641():
    # (0.02 × 0.458 + 0.015 × 0.490 + 0.32 × 0.3 + 0.645 × 0.218)² / 0.01² = 640.5
    assert sample_size([0.02, 0.015, 0.32, 0.645], [0.7, 0.6, 0.9, 0.95], 0.01) == 641
    areas = {"loss": 20, "gain": 15, "forest": 320, "other": 645}
    expected = {"other": 0.95, "forest": 0.9, "gain": 0.6, "loss": 0.7}
    assert sample_size(areas, expected, 0.01) == 641


def test_the_allocation_of_olofsson_2014_keeps_75_for_rare_classes():
    # table 8 has 75, 75, 165 and 325 units, the larger two rounded to fives
    units = allocation(640, [0.02, 0.015, 0.32, 0.645], minimum=75)
    assert (units - [75, 75, 165, 325]).abs().max() <= 3


# ----------------------------------------------------------------------------- invariants


@given(st.lists(st.tuples(st.integers(2, 100), st.floats(0.1, 1e6)), min_size=1, max_size=8))
def test_a_perfect_map_keeps_its_areas_without_error(strata):
    units, areas = zip(*strata, strict=True)
    found = adjusted_area(np.diag(units), areas)
    assert found.classes["area_ha"].to_numpy() == pytest.approx(np.array(areas))
    assert (found.classes["se_ha"] == 0.0).all()
    assert found.overall_accuracy == pytest.approx(1.0)
    assert found.classes["producers_accuracy"].to_numpy() == pytest.approx(1.0)


@given(COUNTS)
def test_adjusted_areas_add_up_to_the_mapped_area(case):
    counts, areas = case
    found = adjusted_area(sampled(counts), areas)
    assert found.classes["area_ha"].sum() == pytest.approx(sum(areas))
    assert found.classes["mapped_area_ha"].tolist() == areas
    assert found.shares.to_numpy().sum() == pytest.approx(1.0)


@given(COUNTS, st.integers(2, 9))
def test_more_units_of_the_same_findings_change_the_error_only(case, factor):
    counts, areas = case
    few, many = (adjusted_area(sampled(counts) * n, areas) for n in (1, factor))
    same = ["area_ha", "users_accuracy", "producers_accuracy"]
    pd.testing.assert_frame_equal(few.classes[same], many.classes[same])
    assert (many.classes["se_ha"] <= few.classes["se_ha"] + 1e-9).all()


@given(COUNTS, st.randoms(use_true_random=False))
def test_another_order_of_the_classes_gives_the_same_in_that_order(case, random):
    counts, areas = case
    labels = [f"class {n}" for n in range(len(areas))]
    table = pd.DataFrame(sampled(counts), labels, labels)
    first = adjusted_area(table, dict(zip(labels, areas, strict=True)))
    rows, columns = (random.sample(labels, len(labels)) for _ in range(2))
    second = adjusted_area(
        table.loc[rows, columns], dict(zip(labels[::-1], areas[::-1], strict=True))
    )
    pd.testing.assert_frame_equal(first.classes, second.classes.loc[labels])
    assert first.overall_accuracy_se == pytest.approx(second.overall_accuracy_se)


@given(COUNTS, st.integers(1, 5))
def test_splitting_a_stratum_where_the_findings_agree_leaves_the_areas_alone(case, part):
    counts, areas = case
    table = pd.DataFrame(sampled(counts))
    whole = adjusted_area(table, areas)
    split = pd.concat([table, table.iloc[:1]]).set_axis(
        pairs(*[(n, n) for n in range(len(areas))], ("buffer", 0))
    )
    sizes = [areas[0] * (6 - part) / 6, *areas[1:], areas[0] * part / 6]
    found = adjusted_area(split, sizes)
    same = ["mapped_area_ha", "area_ha", "users_accuracy", "producers_accuracy"]
    pd.testing.assert_frame_equal(found.classes[same], whole.classes[same])
    assert found.overall_accuracy == pytest.approx(whole.overall_accuracy)


@given(
    st.integers(0, 5_000), st.integers(0, 60),
    st.lists(st.floats(0.001, 1e6), min_size=1, max_size=20),
)  # fmt: skip
def test_an_allocation_keeps_its_total_and_its_minimum(extra, minimum, areas):
    total = minimum * len(areas) + extra
    units = allocation(total, areas, minimum)
    assert units.sum() == total
    assert units.min() >= minimum


def test_matrix_and_areas_are_not_changed():
    table = pd.DataFrame([[8, 2], [1, 9]])
    areas = pd.Series([100.0, 300.0])
    before = table.copy(), areas.copy()
    adjusted_area(table, areas)
    allocation(50, areas)
    pd.testing.assert_frame_equal(table, before[0])
    pd.testing.assert_series_equal(areas, before[1])


# ------------------------------------------------------------------------------- refusals


@pytest.mark.parametrize(
    ("counts", "areas", "culprit"),
    [
        ([[1, 0], [2, 7]], {"tree": 5.0, "other": 5.0}, r"tree \(1\)"),
        ([[3, 0], [2, 7]], {"tree": 0.0, "other": 5.0}, r"tree \(3\)"),
        ([[3, -1], [2, 7]], {"tree": 5.0, "other": 5.0}, "整数.*tree"),
        ([[3, 1], [2, 0.5]], {"tree": 5.0, "other": 5.0}, "整数.*other"),
        ([[3, np.nan], [2, 7]], {"tree": 5.0, "other": 5.0}, "整数.*tree"),
        ([[3, "many"], [2, 7]], {"tree": 5.0, "other": 5.0}, "many"),
        ([[3, 1], [2, 7]], [1.0, 2.0, 3.0], "2 × 2.*3"),
        ([[3, 1, 1], [2, 7, 1]], [1.0, 2.0], "2 × 3"),
        ([[3, 1], [2, 7]], [0.0, 0.0], "0"),
        ([[3, 1], [2, 7]], [-1.0, 2.0], r"-1"),
        ([[3, 1], [2, 7]], [np.nan, 2.0], "nan"),
    ],
)
def test_what_gives_no_estimate_is_refused_by_name(counts, areas, culprit):
    with pytest.raises(TableError, match=f"(?s){culprit}"):
        adjusted_area(counts, areas)


def test_every_stratum_that_does_not_match_is_named_at_once():
    table = pd.DataFrame([[3, 1], [0, 1]], index=["tree", "water"], columns=["tree", "water"])
    with pytest.raises(TableError) as refused:
        adjusted_area(table, {"tree": 4.0, "water": 1.0, "bare": 2.0})
    assert "water (1), bare (0)" in str(refused.value)
    with pytest.raises(TableError, match=r"water \(1\)"):
        adjusted_area(table, {"tree": 4.0})
    with pytest.raises(TableError, match="tree"):
        adjusted_area(table.set_axis(["tree", "tree"]), {"tree": 4.0})
    with pytest.raises(TableError, match="2 × 2"):
        adjusted_area(table, [1.0])


def test_samples_and_wishes_that_make_no_sense_are_refused():
    points = pd.DataFrame({"map_class": ["a", None], "reference_class": ["a", "b"]})
    with pytest.raises(TableError, match="map_class"):
        error_matrix(points)
    with pytest.raises(ValueError, match="confidence"):
        adjusted_area([[2]], [1.0], confidence=95)
    with pytest.raises(TableError, match="90"):
        sample_size([1.0, 1.0], [90, 80], 0.01)
    with pytest.raises(TableError, match=r"0\.0"):
        sample_size([1.0], [0.9], 0.0)
    with pytest.raises(TableError, match="2"):
        sample_size([1.0, 1.0], [0.9], 0.01)
    with pytest.raises(TableError, match="150"):
        allocation(100, [1.0, 2.0, 3.0], minimum=50)
