"""To which town a parcel belongs, and whether it keeps within its town and the district."""

import geopandas as gpd
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from carbon_sink.geometry import ellipsoidal_area_ha
from carbon_sink.quality import assign_towns, judge_strays, outside, strays
from carbon_sink.shift import gcj02_offset_m, metres_per_degree

SQUARE = shapely.box(105.0, 29.0, 105.1, 29.1)


def layer(*shapes):
    return gpd.GeoDataFrame(geometry=list(shapes), crs="EPSG:4490", index=range(1, len(shapes) + 1))


def towns():
    shapes = [shapely.box(105, 29, 105.5, 30), shapely.box(105.5, 29, 106, 30)]
    return gpd.GeoDataFrame({"town_code": ["1", "2"]}, geometry=shapes, crs="EPSG:4490")


def test_a_stand_without_a_town_code_gets_the_town_it_lies_in_also_across_systems():
    stands = layer(SQUARE, shapely.box(105.6, 29, 105.7, 29.1), shapely.box(107, 29, 108, 30))
    found, notes = assign_towns(stands.to_crs("EPSG:4523"), towns(), file="f")
    assert found["town_code"].tolist()[:2] == ["1", "2"]
    assert found["town_code"].isna().tolist() == [False, False, True]
    assert [(note.code, note.rows) for note in notes] == [("stand_without_town", (3,))]


def test_stands_outside_the_town_of_their_code_are_told():
    stands = layer(SQUARE, shapely.box(105.6, 29, 105.7, 29.1)).assign(town_code=["2", "2"])
    found, notes = assign_towns(stands, towns(), file="f")
    assert found["town_code"].tolist() == ["2", "2"]
    assert [(note.code, note.rows) for note in notes] == [("town_elsewhere", (1,))]


def test_a_stand_halved_by_a_border_belongs_to_the_town_that_comes_first():
    astride = layer(shapely.box(105.4, 29, 105.6, 29.1))
    assert assign_towns(astride, towns(), file="f")[0]["town_code"].tolist() == ["1"]
    assert assign_towns(astride, towns().iloc[::-1], file="f")[0]["town_code"].tolist() == ["2"]


def test_codes_that_are_given_are_kept_and_unknown_ones_refused():
    stands = layer(SQUARE, SQUARE).assign(town_code=["2", None])
    assert assign_towns(stands, towns(), file="f")[0]["town_code"].tolist() == ["2", "1"]
    _, problems = assign_towns(stands.assign(town_code=["9", "1"]), towns(), file="f")
    unknown = problems[0]
    assert (unknown.code, unknown.severity, unknown.value) == ("town_unknown", "refuse", "9")


def test_a_parcel_that_reaches_across_the_border_of_its_town_is_told_with_its_share():
    # a fifth of the parcel (0.02 of 0.1 degrees) lies in the next town, ten metres of it free
    stands = layer(shapely.box(105.42, 29, 105.52, 29.1)).assign(town_code=["1"])
    _, (found,) = assign_towns(stands, towns(), file="f")
    assert (found.code, found.rows) == ("town_across", (1,))
    assert float(found.value.removesuffix(" %")) == pytest.approx(19.9, abs=0.05)


def test_borders_drawn_at_another_scale_are_no_finding():
    # five metres across the border
    stands = layer(shapely.box(105.49, 29, 105.50005, 29.1)).assign(town_code=["1"])
    assert assign_towns(stands, towns(), file="f")[1] == []


def test_parcels_outside_the_boundary_are_told_with_their_hectares():
    boundary = layer(shapely.box(105, 29, 105.5, 30))
    stands = layer(SQUARE, shapely.box(105.6, 29, 105.7, 29.1))
    stands["area_ha"] = ellipsoidal_area_ha(stands.geometry)
    (found,), hectares = outside(stands, boundary, file="f")
    area = f"{stands['area_ha'].loc[2]:.4f}"
    assert (found.code, found.rows) == ("stand_outside", (2,))
    assert found.value == f"100.0 % ({area} ha)"
    assert hectares == pytest.approx(stands["area_ha"].loc[2])


@given(st.floats(0.0, 0.4))
def test_the_share_beyond_a_border_is_the_share_of_the_width(reach):
    west = 105.1 + reach
    stands = layer(shapely.box(west, 29, west + 0.1, 29.1))
    stands["area_ha"] = ellipsoidal_area_ha(stands.geometry)
    _, hectares = outside(stands, layer(shapely.box(105, 29, 105.3, 30)), file="f")
    beyond = min(max(west + 0.1 - 105.3 - 1e-4, 0.0), 0.1) / 0.1
    assert hectares / stands["area_ha"].iloc[0] == pytest.approx(beyond, abs=1e-4)


def squares(shift_deg=(0.0, 0.0)):
    """A district of 0.2 by 0.2 degrees in parcels of 0.005, perhaps moved."""
    west, south = 105.3 + shift_deg[0], 29.3 + shift_deg[1]
    return layer(*(
        shapely.box(west + 0.005 * i, south + 0.005 * j, west + 0.005 * (i + 1), south + 0.005 * (j + 1))
        for i in range(40) for j in range(40)
    ))  # fmt: skip


def test_an_inventory_off_its_boundary_as_web_maps_are_is_told_with_the_shift():
    boundary = layer(shapely.box(105.3, 29.3, 105.5, 29.5))
    east, north = gcj02_offset_m(105.4, 29.4)
    shift = (east / metres_per_degree(29.4)[0], north / metres_per_degree(29.4)[1])
    (found,) = judge_strays(strays(squares(shift), boundary), boundary, file="f")
    assert found.code == "gcj02_suspected"
    assert found.value.startswith("45")


def test_an_inventory_in_its_place_or_off_in_another_way_is_not_blamed_on_web_maps():
    boundary = layer(shapely.box(105.3, 29.3, 105.5, 29.5))
    for shift in ((0.0, 0.0), (-0.0035, 0.0028), (0.02, 0.0)):
        counts = strays(squares(shift), boundary)
        assert judge_strays(counts, boundary, file="f") == []


def test_names_of_towns_stand_for_their_codes_and_are_told():
    named = towns().assign(town_name=["东镇", "西镇"])
    stands = layer(SQUARE, shapely.box(105.6, 29, 105.7, 29.1)).assign(town_code=["东镇", "2"])
    found, (note,) = assign_towns(stands, named, file="f")
    assert found["town_code"].tolist() == ["1", "2"]
    assert (note.code, note.severity, note.value) == ("town_by_name", "warn", "东镇 = 1")
    # two towns of one name say nothing
    twice = named.assign(town_name="东镇")
    assert assign_towns(stands, twice, file="f")[1][0].code == "town_unknown"
