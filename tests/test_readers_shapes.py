"""Shapes as they are read: what is lost on the way to plain polygons is told."""

import struct
import warnings

import geopandas as gpd
import numpy as np
import pyarrow as pa
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from carbon_sink.readers.shapes import kind_code, quiet, spoken, unravelled, with_plain_shapes

SQUARE = shapely.box(0, 0, 2, 1)
HOLED = shapely.Polygon(SQUARE.buffer(1).exterior.coords, [SQUARE.exterior.coords])


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize(("code", "kind"), [
    (3, 3), (1003, 3), (2006, 6), (3010, 10), (0x80000003, 3), (0x40000006, 6), (0xC0000003, 3),
])  # fmt: skip
def test_the_kind_of_a_shape_is_known_in_every_dialect(order, code, kind):
    assert kind_code(struct.pack(order + "BI", order == "<", code) + bytes(8)) == kind


def test_the_kind_of_a_collection_is_that_of_its_first_member():
    tin = struct.pack("<BII", 1, 1016, 1)
    assert kind_code(struct.pack("<BII", 1, 1007, 1) + tin) == 16
    assert kind_code(None) == 0
    assert kind_code(b"\x01") == 0


@settings(max_examples=30, deadline=None)
@given(st.lists(st.sampled_from([None, HOLED, SQUARE])), st.integers(0, 3))
def test_coordinates_that_lie_open_are_the_same_shapes(shapes, start):
    shapes = [*shapes, HOLED]
    start = min(start, len(shapes) - 1)
    column = gpd.GeoSeries(shapes, crs=4490).to_arrow(
        geometry_encoding="geoarrow", interleaved=False
    )
    column = pa.array(column).slice(start)
    found, lost = unravelled([getattr(column, "storage", column)])
    expected = np.array(shapes[start:], dtype=object)
    assert [one is None for one in found] == [one is None for one in expected]
    assert shapely.equals_exact(found, expected).tolist() == [one is not None for one in expected]
    assert lost.tolist() == [None] * len(expected)


def test_notes_name_the_rows_as_they_are_labelled_and_keep_those_there_were():
    high = shapely.force_3d(SQUARE, 7.0)
    rows = gpd.GeoDataFrame({"n": [1, 2, 3]}, geometry=[SQUARE, high, None], crs=4490,
                            index=[21, 22, 23])  # fmt: skip
    rows.attrs["notes"] = spoken(["odd"], file="a")
    plain = with_plain_shapes(rows, [None, None, b"\x01\x03"], file="a", layer="b")
    assert [(note.code, note.rows, note.file) for note in plain.attrs["notes"]] == [
        ("reader_warns", (), "a"), ("geometry_unreadable", (23,), "a"), ("heights_ignored", (22,), "a"),
    ]  # fmt: skip
    assert not shapely.has_z(plain.geometry.array).any()
    assert [note.field for note in plain.attrs["notes"]] == ["", "geometry", "geometry"]
    assert plain.attrs["notes"][2].cells.to_dict() == {22: "Z"}


def test_what_is_told_row_by_row_is_not_told_again():
    measured = "Measured (M) geometry types are not supported. Original type 'Measured Polygon'"
    assert spoken([measured, "OGRGeoJSONReadRawPoint(): too many members"]) == []


def test_quiet_keeps_warnings_from_the_console(recwarn):
    with quiet():
        warnings.warn("x", stacklevel=1)
    assert not recwarn.list
