"""Classes and colors of a legend, and how figures are written."""

import numpy as np
import pytest

from carbon_sink.codes import ECONOMIC, HEADINGS, land_class_groups, landclass_schemes
from carbon_sink.language import read_rows
from carbon_sink.legend import (
    RAMPS,
    class_colors,
    class_counts,
    class_edges,
    class_index,
    class_labels,
    code_colors,
    code_name,
    decimals,
    number_text,
    ramp_colors,
)


@pytest.mark.parametrize("seed", range(20))
def test_every_value_lies_in_a_class_and_edges_rise(seed):
    rng = np.random.default_rng(seed)
    values = rng.normal(rng.uniform(-100, 100), 10 ** rng.uniform(-2, 5), 21)
    edges = class_edges(values)
    assert edges[0] <= values.min()
    assert edges[-1] >= values.max()
    assert (np.diff(edges) > 0).all()
    assert 2 <= len(edges) - 1 <= 8
    assert class_counts(values, edges).sum() == 21
    if values.min() < 0 < values.max():
        assert 0.0 in edges


def test_one_outlier_does_not_put_all_towns_into_one_class():
    values = np.array([*range(1, 21), 1000.0])
    assert class_counts(values, class_edges(values)).max() <= 0.6 * 21


@pytest.mark.parametrize("value", [0.0, 5.0, -3.0, 1234.5])
def test_equal_values_make_one_class(value):
    edges = class_edges(np.array([value, value]))
    assert edges[0] <= value <= edges[-1]
    assert class_counts(np.array([value, value]), edges).tolist() == [2]


def test_missing_values_have_no_class_and_make_none():
    assert class_edges(np.array([np.nan])) == []
    assert class_index(np.array([np.nan, 1.0]), [0.0, 2.0]).tolist() == [-1, 0]
    assert class_labels([]) == class_colors([], "green") == []


def test_labels_have_the_decimals_that_the_edges_need():
    assert class_labels([0.0, 0.5, 1.0]) == ["0.0 – 0.5", "0.5 – 1.0"]
    assert class_labels([-500.0, 0.0, 1500.0]) == ["−500 – 0", "0 – 1,500"]


@pytest.mark.parametrize("ramp", RAMPS)
def test_ramps_darken_steadily_so_that_the_order_survives_color_blindness(ramp):
    colors = ramp_colors(ramp, 7)
    light = [
        0.2126 * int(c[1:3], 16) + 0.7152 * int(c[3:5], 16) + 0.0722 * int(c[5:7], 16)
        for c in colors
    ]
    assert (np.diff(light) < -8).all()


def test_losses_are_orange_and_the_largest_loss_is_darkest():
    colors = class_colors([-20.0, -10.0, 0.0, 10.0], "blue")
    assert colors[:2] == ramp_colors("orange", 2)[::-1]
    assert colors[2:] == ramp_colors("blue", 1)


def test_numbers_are_written_for_people():
    assert number_text(1234567.891, 2) == "1,234,567.89"
    assert number_text(-0.4, 0) == "0"
    assert (decimals("ha"), decimals("m3"), decimals("‰")) == (2, 0, 3)


def test_every_color_is_a_color_and_every_code_with_one_has_a_name():
    for row in read_rows("legend_colors.csv"):
        assert len(row["color"]) == 7
        assert row["color"].startswith("#")
        assert code_name(row["kind"], row["code"], "zh") != row["code"]
    assert code_colors("nothing") == {}


def test_every_kind_of_land_has_a_name_for_legends():
    schemes = landclass_schemes()
    groups = {group for scheme in schemes for group in land_class_groups(scheme)}
    for kind in groups - set(HEADINGS) | set(ECONOMIC.values()):
        for lang in ("zh", "en"):
            assert code_name("layer.type", kind, lang) != kind, kind
