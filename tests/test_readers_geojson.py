"""GeoJSON: every feature is looked at, and what is wrong is told with its row."""

import io
import json
import tracemalloc

import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from carbon_sink.errors import CRSError, FileError
from carbon_sink.readers import examine, geojson, json_text, parts, parts_of, read_layer, read_parts
from carbon_sink.readers.json_text import JsonText

RING = [[105.0, 29.0], [105.1, 29.0], [105.1, 29.1], [105.0, 29.0]]


def polygon(*rings):
    return {"type": "Polygon", "coordinates": list(rings) or [RING]}


def feature(geometry=None, **properties):
    return {"type": "Feature", "properties": properties, "geometry": geometry or polygon()}


@pytest.fixture
def write(tmp_path):
    def to_file(*features, **members):
        path = tmp_path / "a.geojson"
        content = {"type": "FeatureCollection", **members, "features": list(features)}
        path.write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")
        return path

    return to_file


def refusals(path, layer=""):
    with pytest.raises(FileError) as caught:
        examine(path, layer)
    return caught.value.problems


def test_a_good_file_has_no_notes_and_its_rows(write):
    path = write(feature(n=1), feature(n=2.5), feature(n=None))
    assert examine(path).notes == ()
    assert read_layer(path)["n"].tolist()[:2] == [1.0, 2.5]
    assert read_layer(path).crs == "EPSG:4326"


def test_a_feature_or_a_geometry_alone_is_a_layer_of_one_row(write):
    for alone in (feature(n=1), polygon()):
        path = write()
        path.write_text(json.dumps(alone), encoding="utf-8")
        assert len(read_layer(path)) == 1
        path.write_text(json.dumps(polygon(RING[:2]) | {"bbox": []}), encoding="utf-8")
        assert refusals(path)[0].code == "ring_short"


@pytest.mark.parametrize(("geometry", "code", "told"), [
    ("a string", "feature_wrong", "a string"),
    ({"type": "Poligon", "coordinates": [RING]}, "feature_wrong", "Poligon"),
    ({"invalid": True}, "feature_wrong", "invalid"),
    ({"type": "Polygon"}, "coordinates_wrong", "null"),
    (polygon(*RING), "coordinates_wrong", "105"),
    (polygon([RING]), "coordinates_wrong", "105"),
    ({"type": "MultiPolygon", "coordinates": [RING]}, "coordinates_wrong", "105"),
    (polygon([["105", 29.0], *RING[1:]]), "coordinates_wrong", '"105"'),
    (polygon([[105.0, None], *RING[1:]]), "coordinates_wrong", "null"),
    (polygon([[105.0], *RING[1:]]), "coordinates_wrong", "[105.0]"),
    (polygon([[1.0] * 5, *RING[1:]]), "coordinates_wrong", "1.1: [1.0"),
    (polygon([[float("nan"), 29.0], *RING[1:]]), "coordinates_wrong", "NaN"),
    (polygon([[float("inf"), 29.0], *RING[1:]]), "coordinates_wrong", "Infinity"),
    (polygon(RING, RING[:3]), "ring_short", "1.2"),
    (polygon(RING, []), "ring_short", "1.2"),
    (polygon([RING[0], RING[1], RING[0], RING[1], RING[0]]), "ring_short", "1.1"),
    (polygon([*RING[:3], [105.0, 29.05]]), "ring_open", "1.1"),
    ({"type": "MultiPolygon", "coordinates": [[RING], [RING, [*RING[:3], [1, 1]]]]}, "ring_open", "2.2"),
    ({"type": "GeometryCollection", "geometries": [polygon(RING[:3])]}, "ring_short", "1.1"),
])  # fmt: skip
def test_shapes_that_are_not_well_formed_are_refused_with_row_and_ring(write, geometry, code, told):
    (problem,) = refusals(write(feature(), feature(geometry), feature()))
    assert (problem.code, problem.rows, problem.field) == (code, (2,), "geometry")
    assert told in problem.cells[2]


def test_all_faults_of_a_file_come_at_once_with_all_their_rows(write):
    short, open_ring = polygon(RING[:3]), polygon([*RING[:3], [1, 1]])
    problems = refusals(write(feature(short), feature(open_ring), feature(short), {"type": "Feat"}))
    rows = {problem.code: problem.cells.index.tolist() for problem in problems}
    assert rows == {"ring_short": [1, 3], "ring_open": [2], "feature_wrong": [4]}


def test_shapes_of_other_types_empty_ones_and_none_are_left_to_the_check_of_polygons(write):
    other = [{"type": "Point", "coordinates": [105, 29]}, {"type": "LineString", "coordinates": RING},
             {"type": "Polygon", "coordinates": []}, {"type": "MultiPoint", "coordinates": RING},
             {"type": "MultiLineString", "coordinates": [RING]}]  # fmt: skip
    path = write(*map(feature, other), feature() | {"geometry": None})
    assert len(read_layer(path)) == 6
    assert read_layer(path).geometry.isna().tolist() == [False] * 5 + [True]


def test_names_that_come_twice_are_refused_with_the_name_and_the_row(write):
    path = write(feature(a=1), feature(b=2))
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace('"b": 2', '"b": 2, "b": 3'), encoding="utf-8")
    (problem,) = refusals(path)
    assert (problem.code, problem.field, problem.rows) == ("json_name_twice", "b", (2,))
    path.write_text(text.replace('"features"', '"type": "Feature", "features"'), encoding="utf-8")
    assert refusals(path)[0].field == "type"


@pytest.mark.parametrize(("old", "new", "place"), [
    ("[", "(", "1:45"), ('"b": 2', '"b": 2,', "2:52"), ("}]}", "}]", "2:159"), ("}]}", "}]} x", "2:161"),
])  # fmt: skip
def test_broken_json_is_refused_with_line_and_column(write, old, new, place):
    path = write(feature(a=1), feature(b=2))
    text = path.read_text(encoding="utf-8").replace(', {"type": "Feature"', ',\n{"type": "Feature"')
    position = text.index(old)
    text = text[:position] + new + text[position + len(old) :]
    path.write_text(text, encoding="utf-8")
    problem = refusals(path)[0]
    assert problem.code == "json_wrong"
    # the place of the json module itself, for the whole text
    with pytest.raises(json.JSONDecodeError) as whole:
        json.loads(text)
    assert problem.value.split(":")[0] == str(whole.value.lineno) == place.split(":")[0]


def test_text_that_is_not_utf8_is_refused_and_a_mark_at_the_start_is_not(write):
    path = write(feature(村="荣隆"))
    text = path.read_text(encoding="utf-8")
    path.write_bytes(text.encode("gbk"))
    assert refusals(path)[0].code == "json_not_utf8"
    path.write_bytes(text.encode("utf-16"))
    assert refusals(path)[0].code == "json_not_utf8"
    path.write_bytes(text.encode("utf-8-sig"))
    assert read_layer(path)["村"].tolist() == ["荣隆"]


@pytest.mark.parametrize("content", [
    {"type": "Topology", "objects": {}}, {"rings": [RING]}, {"features": []}, {},
    {"type": "FeatureCollection", "features": {}}, {"type": "FeatureCollection"},
])  # fmt: skip
def test_other_json_is_refused(write, content):
    path = write()
    path.write_text(json.dumps(content), encoding="utf-8")
    assert refusals(path)[0].code == "json_no_features"


def test_text_that_is_nested_too_deep_or_too_large_is_refused(write, monkeypatch):
    path = write()
    path.write_text('{"type": ' + "[" * 200_000, encoding="utf-8")
    assert refusals(path)[0].code in ("file_unreadable", "json_wrong")
    path.write_text('{"type": ' + "1" * 5000 + "}", encoding="utf-8")
    assert refusals(path)[0].code == "file_unreadable"
    monkeypatch.setattr(geojson, "LARGEST_BYTES", 100)
    assert refusals(write(feature()))[0].code == "json_too_large"


def named(name):
    return {"type": "name", "properties": {"name": name}}


def test_the_system_of_old_geojson_is_followed_as_gdal_does_or_refused(write):
    for name, code in (("urn:ogc:def:crs:EPSG::4490", 4490), ("EPSG:4547", 4547),
                       ("urn:ogc:def:crs:OGC:1.3:CRS84", 4326)):  # fmt: skip
        assert read_layer(write(feature(), crs=named(name))).crs == f"EPSG:{code}"
    for wrong in (
        named("nonsense"),
        named(4490),
        None,
        "EPSG:4490",
        {"type": "link", "properties": {"href": "x"}},
    ):
        # GDAL takes each for WGS 84 without a word
        (problem,) = refusals(write(feature(), crs=wrong))
        assert problem.code == "json_system_unknown"


def test_a_field_of_several_types_or_of_lists_is_told(write):
    path = write(
        feature(a=1, b="x", c=True), feature(a="1", b=None, c=False), feature(a=2, b=[1, 2])
    )
    notes = {
        note.field: (note.code, note.severity, note.rows, note.value)
        for note in examine(path).notes
    }
    assert notes == {
        "a": ("field_types_mixed", "warn", (2,), "number (2), string (1)"),
        "b": ("field_nested", "warn", (3,), "string (1), array (1)"),
    }


def test_heights_are_left_away_and_told_once_for_each_row_without_a_python_warning(write, recwarn):
    high = polygon([[*point, 300.0, 7.0] for point in RING])
    path = write(feature(), feature(high), feature(high))
    (rows,) = read_parts(parts_of(path))
    assert [(note.code, note.rows) for note in rows.attrs["notes"]] == [("heights_ignored", (2, 3))]
    assert not shapely.has_z(rows.geometry.array).any()
    assert not recwarn.list


def test_parts_of_a_file_have_their_own_rows_and_notes(write, monkeypatch):
    high = polygon([[*point, 300.0] for point in RING])
    path = write(*(feature(high if n % 3 == 0 else None, n=n) for n in range(10)))
    monkeypatch.setattr(parts, "PART_ROWS", 4)
    found = list(read_parts(parts_of(path)))
    assert [len(one) for one in found] == [4, 4, 2]
    assert pd.concat(found)["n"].tolist() == list(range(10))
    assert [note.rows for one in found for note in one.attrs["notes"]] == [(1, 4), (7,), (10,)]


def test_a_file_without_features_is_empty_and_another_layer_is_missing(write):
    with pytest.raises(FileError) as caught:
        read_layer(write())
    assert caught.value.problems[0].code == "layer_empty"
    assert refusals(write(feature()), "b")[0].code == "layer_missing"
    assert examine(write(feature(), name="小班"), "小班").layer == "小班"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=8,
)  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(items=st.lists(JSON, max_size=8), others=st.dictionaries(st.text(), JSON), chunk=st.integers(1, 50),
       indent=st.sampled_from([None, 1]))  # fmt: skip
def test_a_text_read_piece_by_piece_is_what_the_json_module_reads(items, others, chunk, indent):
    others.pop("features", None)
    text = json.dumps({**others, "features": items}, indent=indent)
    found = []
    held, json_text.CHUNK = json_text.CHUNK, chunk
    try:
        about = JsonText(io.StringIO(text)).members("features", found.append)
    finally:
        json_text.CHUNK = held
    assert found == items
    assert about == {**others, "features": len(items)}


@given(text=st.text(alphabet='{}[]:," \n01ae-.tnul\\', max_size=30), chunk=st.integers(1, 8))
def test_texts_are_broken_at_the_same_place_as_for_the_json_module(text, chunk):
    held, json_text.CHUNK = json_text.CHUNK, chunk
    reader = JsonText(io.StringIO('{"a": ' + text))
    try:
        found = reader.members("features", print)
    except json.JSONDecodeError as error:
        found = reader.place(error.pos)[0]
    finally:
        json_text.CHUNK = held
    try:
        expected = json.loads('{"a": ' + text)
    except json.JSONDecodeError as error:
        expected = error.lineno
        assert isinstance(found, int)
        assert abs(found - expected) <= text.count("\n")
    else:
        assert found == expected


def test_only_a_few_features_are_held_at_a_time(write, monkeypatch):
    monkeypatch.setattr(json_text, "CHUNK", 1 << 14)
    path = write(*(feature(polygon(RING * 10), n=n) for n in range(2000)))
    held = geojson._Check(path)
    tracemalloc.start()
    held.read()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert held.rows == 2000
    assert peak < path.stat().st_size / 2


REAL = {
    "gj_fiona627": "field_nested", "gj_gpq_badcoll": "feature_wrong",
    "gj_hint_dupprops": "json_name_twice",
    "gj_invalid_feature_geometry_is_string": "feature_wrong",
    "gj_invalid_geometry_depth_shallow_polygon": "coordinates_wrong",
    "gj_invalid_incorrect_geometry_data_type": "coordinates_wrong",
    "gj_invalid_less_three_unique_nodes": "ring_short", "gj_ms177_mixed": "",
    "gj_problematic_4d_coordinates": "heights_ignored", "gj_problematic_duplicate_nodes": "",
    "gj_problematic_excessive_vertices": "", "gj_problematic_nested_geometrycollection": "",
    "gj_problematic_self_intersection_large": "", "gj_rio1446": "", "gj_ms_invalid_rings": "",
    "gj_ms_precincts_ia": "",
}  # fmt: skip


@pytest.mark.realdata
@pytest.mark.parametrize("case", REAL)
def test_real_files_end_as_they_must(real_data, case):
    (path,) = (real_data / "bad_inputs" / case).glob("*json")
    try:
        found = [*examine(path).notes]
        for rows in read_parts(parts_of(path)):
            found += rows.attrs["notes"]
    except (FileError, CRSError) as error:
        found = error.problems
    assert [problem.code for problem in found][:1] == [REAL[case]] * bool(REAL[case])
