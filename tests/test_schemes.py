"""In which scheme a column of codes is written."""

import geopandas as gpd
import pandas as pd
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from carbon_sink.codes import HEADINGS, land_class_groups, species_groups
from carbon_sink.readers import as_source, stands_of, understand
from carbon_sink.schemes import KINDS, detect, meanings, problems_of, read_in


def counts(*found):
    return pd.Series(1, index=list(found))


def told(detection, **more):
    return [problem.code for problem in problems_of(detection, field="f", file="a.gpkg", **more)]


@pytest.mark.parametrize(
    ("scheme", "found"),
    [
        ("ly1955_4digit", ("0111", "0131", "0210")),
        ("gx_4digit", ("1111", "1130", "1310", "200")),
        ("old_3digit", ("111", "130", "200", "961")),
        ("post_sandiao_6digit", ("030100", "030301")),
        ("gbt_21010", ("0301", "0201K", "1104A", "203")),
        ("names", ("乔木林地", "竹林地", "耕地")),
    ],
)
def test_each_scheme_of_land_classes_is_found_by_its_codes_without_a_word(scheme, found):
    detection = detect(counts(*found), "land_class")
    assert (detection.scheme, detection.unknown, told(detection)) == (scheme, (), [])


@pytest.mark.parametrize(
    ("scheme", "found"),
    [
        ("nfci_3digit", ("220", "310", "550")),
        ("nfci_6digit", ("220000", "310000")),
        ("gx_3digit", ("131", "220", "411")),
        ("names", ("马尾松", "慈竹")),
    ],
)
def test_each_scheme_of_species_is_found_by_its_codes_without_a_word(scheme, found):
    detection = detect(counts(*found), "species")
    assert (detection.scheme, detection.unknown, told(detection)) == (scheme, (), [])


def test_the_whole_column_decides_where_a_part_of_it_would_not():
    part = detect(counts("220", "310", "410"), "species")
    whole = detect(counts("220", "310", "410", "550"), "species")
    assert part.colliding == ("220", "310", "410")
    assert (whole.scheme, whole.colliding) == ("nfci_3digit", ())


def test_codes_that_mean_other_things_elsewhere_are_asked_for_with_both_meanings():
    detection = detect(counts("220"), "species")
    assert "nfci_3digit 马尾松 / gx_3digit 栎类" in meanings(detection)
    assert told(detection) == ["scheme_ambiguous"]
    assert told(detection, is_run=False) == ["scheme_to_confirm"]
    assert "马尾松" in problems_of(detection)[0].text()
    assert "220: nfci_3digit masson pine / gx_3digit oak" in problems_of(detection)[0].text("en")
    declared = detect(counts("220"), "species", "gx_3digit")
    assert (declared.scheme, told(declared)) == ("gx_3digit", [])


def test_schemes_that_say_the_same_are_told_and_the_first_is_taken():
    # 702 to 704 are fruit trees in one list and mulberry and others in the other: one group
    detection = detect(counts("702", "703"), "species")
    assert (detection.scheme, told(detection)) == ("nfci_3digit", ["scheme_detected"])


def test_a_declared_scheme_that_lacks_codes_another_one_holds_is_contradicted():
    detection = detect(counts("1111", "1310"), "land_class", "ly1955_4digit")
    (problem,) = problems_of(detection, file="a.gpkg", field="DI_LEI")
    assert problem.code == "scheme_contradicted"
    assert "landclass_scheme = gx_4digit" in problem.text()
    assert read_in(detection) == "gx_4digit"


def test_without_a_scheme_that_holds_all_codes_the_one_with_fewest_unknown_rows_is_taken():
    found = pd.Series({"0111": 50, "0113": 20, "9999": 1, "1111": 2})
    detection = detect(found, "land_class")
    assert detection.scheme == "ly1955_4digit"
    assert (detection.unknown, detection.foreign) == (("9999", "1111"), ("1111",))


@pytest.mark.parametrize("strange", ["9999", "x", "99", "0"])
def test_a_code_that_is_in_no_scheme_does_not_choose_one(strange):
    # 220 is Masson pine in one list and oak in the other; the strange code says nothing of it
    detection = detect(pd.Series({"220": 3000, "310": 500, strange: 1}), "species")
    assert (detection.colliding, detection.unknown) == (("220", "310"), (strange,))
    assert told(detection) == ["scheme_ambiguous"]
    # 550 is in the national list alone
    sure = detect(pd.Series({"220": 3000, "550": 1, strange: 1}), "species")
    assert (sure.scheme, sure.unknown, told(sure)) == ("nfci_3digit", (strange,), [])


def test_codes_of_two_schemes_are_not_read_in_the_one_of_most_rows_without_asking():
    # 550 is only in the national list, 411 only in the regional one; 220 is in both
    for rows in ({"220": 10, "550": 9, "411": 1}, {"220": 10, "550": 1, "411": 9}):
        detection = detect(pd.Series(rows), "species")
        assert (detection.colliding, told(detection)) == (("220",), ["scheme_ambiguous"])
        assert len(detection.foreign) == 1
        assert "nfci_3digit 马尾松" in meanings(detection)
        assert "gx_3digit 栎类" in meanings(detection)


def test_codes_that_lost_their_zero_are_read_in_the_scheme_they_come_from():
    detection = detect(counts("111", "113", "131", "210"), "land_class")
    assert (detection.scheme, detection.foreign) == ("ly1955_4digit", ())
    assert detection.unknown == ("111", "113", "131", "210")


def test_codes_that_may_have_lost_a_zero_are_asked_for():
    # 301 and 302 are special and other shrub in the old list; 0301 and 0302 are arbor and bamboo
    detection = detect(counts("301", "302"), "land_class")
    assert told(detection) == ["scheme_ambiguous"]
    assert "old_3digit 国家特别规定灌木林 / gbt_21010 乔木林地" in meanings(detection)


def test_a_column_without_codes_says_nothing():
    assert detect(pd.Series(dtype=int), "species").scheme == ""
    assert detect(pd.Series(dtype=int), "species", "gx_3digit").scheme == "gx_3digit"


@given(
    st.data(), st.sampled_from([(kind, name) for kind in KINDS for name in KINDS[kind].schemes()])
)
def test_codes_of_one_list_are_read_in_it_or_asked_for_or_mean_the_same(data, which):
    kind, scheme = which
    groups = KINDS[kind].groups_of(scheme)
    found = data.draw(st.lists(st.sampled_from(groups.index.tolist()), min_size=1, unique=True))
    detection = detect(counts(*found), kind)
    read = KINDS[kind].groups_of(detection.scheme)
    assert detection.colliding or all(read[code] == groups[code] for code in found)


@given(
    st.data(), st.sampled_from([(kind, name) for kind in KINDS for name in KINDS[kind].schemes()]),
    st.integers(1, 1000), st.from_regex(r"[A-Z!?]{1,4}", fullmatch=True),
)  # fmt: skip
def test_codes_of_no_list_among_them_change_nothing(data, which, rows, strange):
    kind, scheme = which
    groups = KINDS[kind].groups_of(scheme)
    found = data.draw(st.lists(st.sampled_from(groups.index.tolist()), min_size=1, unique=True))
    alone = detect(counts(*found), kind)
    beside = detect(pd.concat([pd.Series({strange: rows}), counts(*found)]), kind)
    assert (beside.scheme, beside.colliding) == (alone.scheme, alone.colliding)
    assert set(beside.unknown) == {*alone.unknown, strange}


def test_the_names_stand_for_what_their_codes_stand_for():
    named = land_class_groups("names")
    assert set(named) <= set(land_class_groups("ly1955_4digit")) | {
        group for name in KINDS["land_class"].schemes() for group in land_class_groups(name)
    }
    assert species_groups("names")["马尾松"] == species_groups("nfci_3digit")["220"]
    assert species_groups("names")["栓皮栎"] == species_groups("gx_3digit")["225"]
    assert named["灌木林地"] in HEADINGS


# ----------------------------------------------------------------------- the columns of a file


def inventory(tmp_path, land, species):
    shapes = [shapely.box(105 + n, 29, 106 + n, 30) for n in range(len(land))]
    table = gpd.GeoDataFrame(
        {"DI_LEI": land, "YOU_SHI_SZ": species}, geometry=shapes, crs="EPSG:4490"
    )
    table.to_file(tmp_path / "a.gpkg")
    return as_source(tmp_path / "a.gpkg")


def test_the_schemes_of_a_file_are_found_and_its_groups_understood(tmp_path):
    source = inventory(tmp_path, ["1111", "1130", "2110"], ["131", "411", None])
    known = understand(source)
    assert (known.landclass_scheme, known.species_scheme) == ("gx_4digit", "gx_3digit")
    table = gpd.read_file(source.path).set_axis([1, 2, 3])
    stands, problems = stands_of(table, known)
    assert problems == []
    assert stands["class_group"].tolist() == ["arbor", "bamboo", "nonforest"]
    assert stands["species_group"].tolist()[:2] == ["masson_pine", "bamboo_moso"]


def test_rows_of_another_scheme_and_codes_of_none_are_refused_apart(tmp_path):
    source = inventory(tmp_path, ["0111", "0113", "030100", "0999"], None)
    table = gpd.read_file(source.path).set_axis([1, 2, 3, 4])
    _, problems = stands_of(table, understand(source))
    assert {one.code: one.cells.to_dict() for one in problems} == {
        "scheme_mixed": {3: "030100"}, "land_class_unknown": {4: "0999"}
    }  # fmt: skip
    assert {one.severity for one in problems} == {"refuse"}


def test_an_ambiguous_column_stops_a_run_and_not_a_look_at_the_file(tmp_path):
    source = inventory(tmp_path, ["0111", "0111"], ["220", "310"])
    severities = [
        [(one.code, one.severity, one.field) for one in understand(source, is_run=is_run).problems]
        for is_run in (True, False)
    ]
    assert severities == [
        [("scheme_ambiguous", "refuse", "YOU_SHI_SZ")], [("scheme_to_confirm", "warn", "YOU_SHI_SZ")]
    ]  # fmt: skip
    assert understand(source, species_scheme="nfci_3digit").problems == []


@pytest.mark.parametrize("typed", ["无", "/", "—", "２２０", "　", "220.0"])
def test_cells_are_counted_as_they_are_decoded(tmp_path, typed):
    source = inventory(tmp_path, ["0111"] * 3, ["220", typed, "310"])
    assert [one.code for one in understand(source).problems] == ["scheme_ambiguous"]
    # a land class in full width is the same class
    source = inventory(tmp_path, ["0111", "０１１３", "0111"], None)
    known = understand(source)
    assert (known.landclass_scheme, known.problems) == ("ly1955_4digit", [])


def test_own_codes_without_a_scheme_stay_the_only_ones(tmp_path):
    source = inventory(tmp_path, ["1", "130"], ["a", "220"])
    known = understand(
        source, landclass_codes={"1": "arbor"}, species_codes={"a": "oak"}
    )  # fmt: skip
    table = gpd.read_file(source.path).set_axis([1, 2])
    _, problems = stands_of(table, known)
    assert [(one.code, one.value) for one in problems] == [
        ("land_class_unknown", "130"), ("species_unknown", "220")
    ]  # fmt: skip
