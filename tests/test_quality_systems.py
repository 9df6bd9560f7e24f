"""Do coordinates agree with the system that a layer names, and do layers fit together."""

import json

import geopandas as gpd
import numpy as np
import pandas as pd
import pyproj
import pytest
import shapely

from carbon_sink.errors import CRSError
from carbon_sink.quality import check_place, check_shift, check_system, check_systems, placed
from carbon_sink.quality.systems import elsewhere
from carbon_sink.readers import parts_of, read_layer, read_parts
from carbon_sink.shift import gcj02_offset_m

RONGCHANG = (105.28, 29.25, 105.73, 29.69)
PLACE = {"file": "a.shp", "layer": "a"}
DISTRICT = gpd.GeoDataFrame(geometry=[shapely.box(*RONGCHANG)], crs=4490)


def in_system(epsg, box=RONGCHANG):
    return pyproj.Transformer.from_crs(4490, epsg, always_xy=True).transform_bounds(*box)


def swapped(bounds):
    west, south, east, north = bounds
    return south, west, north, east


def found(crs, bounds, reference=None):
    problems = check_system(crs, bounds, place=PLACE, reference=reference)
    assert all((one.file, one.layer) == ("a.shp", "a") for one in problems)
    return [(one.code, one.rule.split(" ")[0]) for one in problems]


@pytest.mark.parametrize("epsg", [4490, 4326, 4523, 4544, 4496, 4507, 32648, 3857])
def test_coordinates_that_fit_their_system_are_good(epsg):
    assert found(epsg, in_system(epsg), DISTRICT) == []
    spelled = pyproj.CRS(pyproj.CRS(epsg).to_wkt("WKT1_ESRI"))
    assert found(spelled, in_system(epsg), DISTRICT) == []


@pytest.mark.parametrize(
    ("declared", "real", "suggested"),
    [
        (4544, 4523, "EPSG:4523"),  # zone number in the easting, none in the system
        (4507, 4496, "EPSG:4496"),
        (32648, 4523, "EPSG:4523"),
        (4523, 4544, "EPSG:4544"),  # and the other way round
        (4523, 4496, "EPSG:4496"),  # six degrees called three
        (4544, 4490, "EPSG:4490"),  # degrees called metres
        (32648, 4490, "EPSG:4490"),
        (3857, 4490, "EPSG:4490"),
        (4490, 4523, "EPSG:4523"),  # metres called degrees
        (4326, 3857, "EPSG:3857"),
        (4544, 3857, "EPSG:3857"),
    ],
)
def test_coordinates_of_another_system_are_refused_with_that_system(declared, real, suggested):
    assert found(declared, in_system(real), DISTRICT) == [("crs_contradicted", suggested)]


@pytest.mark.parametrize("real", [4490, 4523, 4496, 3857])
def test_a_layer_without_a_system_is_told_the_likely_ones(real):
    assert found(None, in_system(real)) == [("crs_missing", f"EPSG:{real}")]
    assert found(None, in_system(real), DISTRICT) == [("crs_missing", f"EPSG:{real}")]


def test_the_place_tells_the_meridian_of_a_layer_without_a_system():
    (problem,) = check_system(None, in_system(4544), place=PLACE)
    assert problem.rule.startswith("EPSG:4537–4550")
    (known,) = placed([problem], DISTRICT)
    assert known.rule.startswith("EPSG:4544 (CGCS2000")
    assert known.value == problem.value
    assert known == check_system(None, in_system(4544), place=PLACE, reference=DISTRICT)[0]


@pytest.mark.parametrize("epsg", [4490, 4326, 4523, 4544, 32648])
def test_swapped_axes_are_refused_as_such(epsg):
    assert found(epsg, swapped(in_system(epsg))) == [("axes_swapped", "")]


def test_layers_of_other_countries_are_good():
    # the corpus of PDOK draws test polygons at the origin of the Dutch system
    assert found(28992, (-1.065, -0.881, 0.101, 0.007)) == []
    assert found(28992, (207658.0, 540356.0, 277992.0, 619292.0)) == []
    assert found(2269, (7097582.7, -609888.7, 9235062.2, 974135.7)) == []
    assert found(2193, (1_000_000, 4_700_000, 2_100_000, 6_200_000)) == []  # across the date line


def test_what_has_no_place_on_the_earth_is_refused():
    moon = pyproj.CRS(
        'GEOGCS["a",DATUM["m",SPHEROID["m",1737400,0]],PRIMEM["r",0],UNIT["degree",0.0174532925199433]]'
    )
    assert found(4978, (0, 0, 1, 1)) == [("crs_not_on_earth", "")]
    assert found(moon, (0, 0, 1, 1)) == [("crs_not_on_earth", "")]
    assert found(4326, (-179.794, -18.288, 177.912, -16.152)) == [("extent_around_earth", "")]


def test_endless_coordinates_are_left_to_the_check_of_shapes():
    assert found(None, (np.nan, 0, 1, 1)) == []
    assert found(4490, (-np.inf, 0, 1, 1)) == []


@pytest.mark.parametrize(
    ("epsg", "name"),
    [(2359, "Xian 1980"), (4610, "Xian 1980"), (2432, "Beijing 1954"), (4555, "New Beijing")],
)
def test_datums_of_before_satellites_are_warned_of(epsg, name):
    (problem,) = check_system(epsg, in_system(epsg), place=PLACE, reference=DISTRICT)
    assert (problem.code, problem.severity, problem.value.en) == ("datum_old", "warn", name)
    assert "unknown" in problem.what("en")


def test_where_proj_knows_the_way_its_accuracy_is_told():
    ordos = (108.0, 36.0, 109.0, 37.0)
    (problem,) = check_system(4214, ordos, place=PLACE)
    assert problem.rule == "1 m"


def test_a_system_that_does_not_name_its_datum_is_warned_of():
    crs = "+proj=tmerc +lon_0=105 +k=1 +x_0=35500000 +ellps=krass"
    (problem,) = check_system(crs, in_system(4523), place=PLACE)
    assert (problem.code, problem.rule) == ("datum_unknown", "1954 北京坐标系")


# ------------------------------------------------------------------ another place


def test_a_wrong_meridian_is_named_with_the_right_one_and_its_distance():
    # eastings of 105 E declared for 108 E: three degrees, 291 km at 29.5 N
    wrong = check_system(4545, in_system(4544), place=PLACE, reference=DISTRICT)
    assert [one.code for one in wrong] == ["no_overlap_system"]
    assert "(291 km)" in wrong[0].value
    assert wrong[0].rule.startswith("EPSG:4544 (CGCS2000 / 3-degree Gauss-Kruger CM 105E)")


def test_swapped_degrees_of_the_whole_earth_are_seen_by_the_place():
    west_china = gpd.GeoDataFrame(geometry=[shapely.box(80.0, 40.0, 81.0, 41.0)], crs=4490)
    (problem,) = check_system(4326, (40.0, 80.0, 41.0, 81.0), place=PLACE, reference=west_china)
    assert problem.code == "no_overlap_system"
    assert problem.rule.endswith("(x ↔ y)")


def test_a_layer_of_another_district_lies_elsewhere_without_a_reason():
    (problem,) = check_system(4490, (120.0, 30.0, 120.5, 30.5), place=PLACE, reference=DISTRICT)
    assert problem.code == "no_overlap"
    assert elsewhere((120.0, 30.0, 120.5, 30.5), RONGCHANG, **PLACE) == problem


def test_the_places_of_a_run_are_refused_together():
    layers = {
        "boundary": RONGCHANG,
        "a": (108.28, 29.25, 108.73, 29.69),
        "b": RONGCHANG,
        "c": (0, 0, 1, 1),
    }
    with pytest.raises(CRSError) as error:
        check_place(layers, "boundary", {"a": 4545, "boundary": 4490})
    assert [(one.code, one.file) for one in error.value.problems] == [
        ("no_overlap_system", "a"),
        ("no_overlap", "c"),
    ]


# ------------------------------------------------------------------ files


def write(folder, crs, bounds, name="a.shp"):
    path = folder / name
    gpd.GeoDataFrame({"n": [1, 2]}, geometry=[shapely.box(*bounds)] * 2, crs=crs).to_file(path)
    return path


@pytest.mark.parametrize("name", ["a.shp", "a.gpkg"])
@pytest.mark.filterwarnings("ignore:'crs' was not provided")
def test_files_without_a_system_are_refused_with_candidates(tmp_path, name):
    path = write(tmp_path, None, in_system(4523), name)
    for read in (read_layer, lambda one: next(read_parts(parts_of(one)))):
        with pytest.raises(CRSError) as error:
            read(path)
        (problem,) = error.value.problems
        assert problem.code == "crs_missing"
        assert problem.rule.startswith("EPSG:4523 ")
        assert "x 355" in problem.value


# ------------------------------------------------------------------ several layers


def test_old_datums_beside_new_ones_are_refused_file_by_file():
    problems = check_systems({"a.shp": 2359, "b.gpkg": 4490, "c.shp": 2432}, RONGCHANG)
    grave = [one for one in problems if one.severity == "refuse"]
    assert [(one.code, one.file, one.value) for one in grave] == [
        ("datums_mixed", "a.shp", "1980 西安坐标系"),
        ("datums_mixed", "c.shp", "1954 北京坐标系"),
    ]  # fmt: skip
    assert "b.gpkg: CGCS2000" in grave[0].rule


def test_layers_that_share_an_old_datum_or_a_new_one_go_together():
    assert check_systems({"a": 4610, "b": 4610}) == []
    assert check_systems({"a": 4490, "b": 4326, "c": "OGC:CRS84", "d": None}) == []
    assert check_systems({"a": 4523}) == []


def test_what_is_brought_to_one_system_is_told_once_with_its_accuracy():
    (note,) = check_systems({"a": 4490, "b": 4523, "c": 32648, "d": 28992}, RONGCHANG)
    assert (note.code, note.severity, note.rule) == ("systems_joined", "warn", "EPSG:4490")
    told = note.value.split("; ")
    assert told[0] == "b: EPSG:4523 (CGCS2000 / 3-degree Gauss-Kruger zone 35), ± 0 m"
    assert told[1].endswith("± 1 m")
    assert len(told) == 3


# ------------------------------------------------------------------ web maps


def moved(layer, share=1.0):
    east_m, north_m = gcj02_offset_m(105.5, 29.47)
    # 97.0 and 110.9 m to a thousandth of a degree
    return layer.set_geometry(layer.translate(share * east_m / 97_000, share * north_m / 110_900))


def test_an_outline_off_like_web_maps_is_warned_of_with_its_shift():
    (problem,) = check_shift(moved(DISTRICT), file="a", reference=DISTRICT, reference_file="b")
    assert (problem.code, problem.severity, problem.file, problem.rule) == (
        "gcj02_suspected",
        "warn",
        "a",
        "b",
    )
    assert problem.value == "457 m (E +339 m, N -306 m)"  # what the formula gives at 29.47 N
    assert check_shift(DISTRICT, file="a", reference=DISTRICT, reference_file="b") == []
    assert check_shift(moved(DISTRICT, 0.3), file="a", reference=DISTRICT) == []


def test_when_the_reference_is_off_the_reference_is_named():
    (problem,) = check_shift(DISTRICT, file="a", reference=moved(DISTRICT), reference_file="b")
    assert (problem.file, problem.rule) == ("b", "a")


def test_outlines_of_different_places_are_not_compared():
    half = gpd.GeoDataFrame(geometry=[shapely.box(105.28, 29.25, 105.5, 29.69)], crs=4490)
    assert check_shift(moved(half), file="a", reference=DISTRICT) == []
    assert check_shift(DISTRICT.to_crs(4523), file="a") == []  # Rongchang's box is not its outline


@pytest.mark.realdata
def test_the_boundary_of_rongchang_is_known_without_a_reference(real_data):
    problems = {
        path.stem: check_shift(read_layer(path), file=path.name)
        for path in sorted((real_data / "rongchang").glob("*.geojson"))
    }
    (problem,) = problems.pop("rongchang_GCJ02_amap_cnmaps")
    assert problem.value == "458 m (E +339 m, N -308 m)"
    assert "荣昌区区界" in problem.what()
    assert list(problems.values()) == [[], []]


@pytest.mark.realdata
@pytest.mark.filterwarnings("ignore:Measured", "ignore:OGRGeoJSON")
def test_no_real_layer_of_the_corpus_that_is_good_is_refused(real_data):
    import pyogrio

    corpus = real_data / "bad_inputs"
    manifest = pd.read_csv(corpus / "manifest.csv")
    good = manifest[manifest["expected"].isin(["OK", "WARN", "REPAIR", "SAFE"])]
    seen = 0
    for file in good["main_file"]:
        if not file.endswith((".gpkg", ".geojson", ".shp")):
            continue
        for layer, kind in pyogrio.list_layers(corpus / file):
            if kind is None:
                continue
            about = pyogrio.read_info(corpus / file, layer=layer, force_total_bounds=True)
            place = {"file": file, "layer": layer}
            problems = check_system(about["crs"], about["total_bounds"], place=place)
            assert [one for one in problems if one.severity == "refuse"] == [], json.dumps(place)
            seen += 1
    assert seen >= 10
