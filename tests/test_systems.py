"""Which system coordinates may be in: kind and zone by their size, never the datum."""

import numpy as np
import pyproj
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from carbon_sink.systems import (
    accuracy_m,
    area_of_use,
    candidates_text,
    datum_of,
    datums,
    extent_in_degrees,
    extent_of_text,
    extent_text,
    likely_systems,
    missing_system,
)
from carbon_sink.tables import read_data

RONGCHANG = (105.28, 29.25, 105.73, 29.69)
SYSTEMS = read_data("systems.csv")


def in_system(epsg, box=RONGCHANG):
    """Bounds of a place in degrees, in another system."""
    way = pyproj.Transformer.from_crs(4490, epsg, always_xy=True)
    return way.transform_bounds(*box)


def codes(bounds, place=None):
    return [int(code) for code in likely_systems(bounds, place).rows["epsg"]]


@pytest.mark.parametrize("epsg", SYSTEMS["epsg"])
def test_every_row_is_what_the_register_says(epsg):
    row = SYSTEMS.set_index("epsg").loc[epsg]
    crs = pyproj.CRS(int(epsg))
    assert row["name"] == crs.name
    assert datum_of(crs) == (row["datum"], True)
    if row["kind"].startswith("gk"):
        box = [float(row[edge]) for edge in ("west_deg", "south_deg", "east_deg", "north_deg")]
        assert box == pytest.approx(crs.area_of_use.bounds)
    if row["scale"]:
        found = {one.name: one.value for one in crs.coordinate_operation.params}
        assert found["Longitude of natural origin"] == float(row["central_meridian_deg"])
        assert found["False easting"] == float(row["false_easting_m"])
        assert found["Scale factor at natural origin"] == float(row["scale"])
        # a zone number stands before the easting: 35 | 500 000
        zone = float(row["zone"]) if row["kind"].endswith("zone") else 0
        assert float(row["false_easting_m"]) == zone * 1e6 + 500_000


def test_datums_are_those_of_the_register():
    for datum, row in datums().iterrows():
        crs = pyproj.CRS(int(row["epsg"]))
        assert datum_of(crs) == (datum, True)
        assert float(row["semi_major_m"]) == crs.ellipsoid.semi_major_metre
        assert float(row["inverse_flattening"]) == crs.ellipsoid.inverse_flattening


# zone 35 of three degrees is EPSG:4488 + 35, zone 18 of six degrees 4478 + 18; Xian 2324 + 35, Beijing 2376 + 35
@pytest.mark.parametrize(
    ("epsg", "expected"),
    [
        (4490, [4490, 4326, 4610, 4214]),
        (4523, [4488 + 35, 2324 + 35, 2376 + 35]),
        (4496, [4478 + 18, 2314 + 18, 21400 + 18]),
        (3857, [3857]),
    ],
)
def test_zones_degrees_and_web_mercator_are_told_by_the_size_of_coordinates(epsg, expected):
    assert codes(in_system(epsg)) == expected


@given(st.sampled_from(SYSTEMS.loc[SYSTEMS["kind"].str.endswith("zone"), "epsg"].tolist()),
       st.floats(0.2, 0.8), st.floats(0.2, 0.8))  # fmt: skip
@settings(max_examples=60, deadline=None)
def test_a_place_in_a_zone_is_always_found_in_that_zone(epsg, along, up):
    west, south, east, north = pyproj.CRS(int(epsg)).area_of_use.bounds
    lon, lat = west + along * (east - west), south + up * (north - south)
    bounds = in_system(int(epsg), (lon - 0.1, lat - 0.1, lon + 0.1, lat + 0.1))
    found = likely_systems(bounds)
    assert epsg in set(found.rows["epsg"])
    # eastings of zones 13 to 15 are those of Web Mercator in the east of China
    zones = set(found.rows.loc[found.rows["kind"] != "mercator", "zone"])
    assert zones == set(SYSTEMS.loc[SYSTEMS["epsg"] == epsg, "zone"])
    assert not found.swapped


def test_without_a_zone_number_every_meridian_may_be_meant_and_utm_too():
    text = candidates_text(in_system(4544))
    assert "EPSG:4537–4550 (CGCS2000 / 3-degree Gauss-Kruger CM 84E … 123E)" in text
    assert "EPSG:32643–32653" in text


def test_the_place_picks_the_meridian():
    assert codes(in_system(4544), RONGCHANG)[:3] == [4544, 2380, 2432]
    assert codes(in_system(4547), RONGCHANG) == []  # a place at 105 E lies 870 km west of 114 E
    assert codes(in_system(32648), RONGCHANG)[0] == 32648
    assert codes(in_system(4496), RONGCHANG) == [4496, 2332, 21418]


def test_a_place_where_nothing_lies_leaves_the_candidates_of_china():
    far = (120.0, 30.0, 120.5, 30.5)
    assert candidates_text(in_system(4523), far) == candidates_text(in_system(4523))


@pytest.mark.parametrize("epsg", [4490, 4523, 4544])
def test_swapped_coordinates_are_seen(epsg):
    west, south, east, north = in_system(epsg)
    found = likely_systems((south, west, north, east))
    assert found.swapped
    assert str(epsg) in set(found.rows["epsg"])
    assert found.text().endswith("(x ↔ y)")


@pytest.mark.parametrize(
    ("bounds", "rule"),
    [((1.0, 2.0, 3.0, 4.0), "systems.abroad"), ((1e9, 1e9, 2e9, 2e9), "systems.none")],
)
def test_coordinates_that_fit_nothing_are_said_to(bounds, rule):
    problem = missing_system(bounds, file="a.shp")
    assert (problem.code, problem.rule) == ("crs_missing", rule)
    assert "EPSG:4326" in problem.fix("en") or "none" in problem.fix("en")


def test_a_layer_without_any_shape_has_no_likely_system():
    assert missing_system((float("nan"),) * 4, file="a.shp").code == "crs_unset"


@given(st.lists(st.floats(-1e9, 1e9), min_size=4, max_size=4))
def test_an_extent_survives_being_written_down(edges):
    assert extent_of_text(extent_text(tuple(edges))) == pytest.approx(edges, rel=1e-9)


def test_an_extent_off_the_earth_has_no_degrees():
    assert (
        extent_in_degrees(pyproj.CRS(4544), (35_500_000, 3_250_000, 35_510_000, 3_260_000)) is None
    )
    assert extent_in_degrees(pyproj.CRS(4523), in_system(4523)) == pytest.approx(
        RONGCHANG, abs=0.01
    )


def test_a_system_spelled_out_by_arcgis_has_the_area_of_the_register():
    spelled = pyproj.CRS(pyproj.CRS(4523).to_wkt("WKT1_ESRI"))
    assert spelled.area_of_use is None
    assert area_of_use(spelled) == area_of_use(pyproj.CRS(4523))
    assert area_of_use(pyproj.CRS("+proj=laea +lat_0=30 +lon_0=105")) is None


@pytest.mark.parametrize(
    ("wkt_datum", "expected"),
    [
        ('DATUM["D_Xian_1980",SPHEROID["Xian_1980",6378140,298.257]]', ("xian80", True)),
        ('DATUM["D_Beijing_1954",SPHEROID["Krasovsky_1940",6378245,298.3]]', ("beijing54", True)),
        ('DATUM["D_China_2000",SPHEROID["CGCS2000",6378137,298.257222101]]', ("cgcs2000", True)),
        ('DATUM["WGS84",SPHEROID["WGS84",6378137,298.257223563]]', ("wgs84", True)),
        ('DATUM["unknown",SPHEROID["x",6378245,298.3]]', ("beijing54", False)),
        ('DATUM["unknown",SPHEROID["x",6378000,298.3]]', ("", False)),
    ],
)
def test_the_datum_is_read_from_the_text_of_a_prj(wkt_datum, expected):
    wkt = f'GEOGCS["a",{wkt_datum},PRIMEM["Greenwich",0],UNIT["Degree",0.0174532925199433]]'
    assert datum_of(pyproj.CRS(wkt)) == expected


def test_accuracy_is_that_of_proj_and_unknown_where_it_has_no_parameters():
    assert accuracy_m(pyproj.CRS(4523)) == 0.0
    assert accuracy_m(pyproj.CRS(4326)) == 1.0
    assert accuracy_m(pyproj.CRS(2359), RONGCHANG) is None
    # EPSG knows Beijing 1954 in the Ordos basin to a metre
    assert accuracy_m(pyproj.CRS(4214), (108.0, 36.0, 109.0, 37.0)) == 1.0
    assert np.isfinite(accuracy_m(pyproj.CRS(28992)))
