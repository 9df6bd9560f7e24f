"""Zeros that codes lost: put back where the settings ask for it, told, and never unasked."""

import pytest
from conftest import small_inventory

from carbon_sink.errors import SettingsError
from carbon_sink.readers import as_source, read_layer, stands_of, understand
from carbon_sink.settings import load_settings


@pytest.fixture
def found(tmp_path):
    """Understand a small inventory with some columns changed: stands and problems by code."""

    def read(said, **columns):
        layer = small_inventory(2020)
        layer = layer.assign(**{name: change(layer[name]) for name, change in columns.items()})
        layer.to_file(tmp_path / "a.gpkg", layer="a")
        source = as_source(tmp_path / "a.gpkg")
        known = understand(source, **said)
        stands, problems = stands_of(read_layer(source), known)
        return stands, {one.code: one for one in [*known.problems, *problems]}

    return read


def without_zero(codes):
    return codes.str.removeprefix("0")


@pytest.mark.parametrize("declared", [{"landclass_scheme": "ly1955_4digit"}, {}])
def test_the_zeros_of_land_classes_are_put_back_where_it_is_asked(found, declared):
    whole, _ = found(declared)
    said = declared | {"pad_codes": ["land_class"]}
    for change in (without_zero, lambda codes: codes.astype(int)):
        stands, problems = found(said, DI_LEI=change)
        assert {code for code, one in problems.items() if one.severity == "refuse"} == set()
        assert stands["land_class"].tolist() == whole["land_class"].tolist()
        assert stands["class_group"].tolist() == whole["class_group"].tolist()
        told = problems["codes_padded"]
        assert (told.severity, told.field, told.count) == ("repair", "DI_LEI", 8)
    # whole codes need nothing
    assert "codes_padded" not in found(said)[1]


def test_a_list_with_short_codes_of_its_own_is_left_alone(found):
    said = {"landclass_scheme": "old_3digit", "pad_codes": ["land_class"]}
    stands, problems = found(said, DI_LEI=lambda codes: codes.map(lambda _: "111"))
    assert stands["land_class"].unique().tolist() == ["111"]
    assert "codes_padded" not in problems


def test_zeros_that_are_lost_are_refused_with_the_line_to_write(found):
    said = {"landclass_scheme": "ly1955_4digit"}
    _, problems = found(said, DI_LEI=lambda codes: codes.where(codes.index != 0, codes.str[1:]),
                        LIN_BAN=lambda column: column.map(lambda _: 12))  # fmt: skip
    assert 'pad_codes = ["compartment"]' in problems["leading_zero_lost"].text()
    _, problems = found(said, DI_LEI=lambda codes: codes.where(codes.index != 0, codes.str[1:]))
    assert 'pad_codes = ["land_class"]' in problems["leading_zero_lost"].text()
    assert problems["leading_zero_lost"].rows == (1,)


def test_numbers_of_places_are_padded_to_the_national_width_and_joined(found):
    # county 500153, town 003 and village 021 as numbers of a spreadsheet
    said = {"landclass_scheme": "ly1955_4digit", "fixed": {"county_code": "500153"},
            "pad_codes": ["town_code", "village_code", "compartment", "subcompartment"]}  # fmt: skip
    stands, problems = found(
        said, XIANG=lambda column: column.map(lambda _: 3), CUN=lambda column: column.map(lambda _: 21),
        LIN_BAN=lambda column: column.map(lambda _: 12), XIAO_BAN=lambda column: column.map(lambda _: "7"),
    )  # fmt: skip
    assert stands.loc[1, "stand_id"] == "500153003021-0012-000007"
    assert problems["codes_padded"].severity == "repair"
    assert "leading_zero_lost" not in problems


def test_settings_name_the_columns_to_pad(change_settings):
    line = 'landclass_scheme = "ly1955_4digit"'
    path = change_settings((line, f'{line}\npad_codes = ["land_class", "origin"]'))
    with pytest.raises(SettingsError) as caught:
        load_settings(path)
    (problem,) = caught.value.problems
    assert (problem.code, problem.field) == ("setting_choice", "inventory.1.pad_codes.2")
    assert "subcompartment" in problem.text()
