"""What a transition matrix says: gains, losses, categories, and what limits it."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from test_zonal import make_raster

from carbon_sink.errors import TableError
from carbon_sink.landcover import CATEGORIES, transition_matrix
from carbon_sink.transitions import (
    change_table,
    comparison_notes,
    conversion_matrix,
    conversion_table,
    gains_and_losses,
    transition_table,
)

# trees, cropland and built-up before (rows) and after (columns), ha; 5 ha of trees became
# cropland and 2 ha of it trees again
MATRIX = pd.DataFrame(
    [[80.0, 5.0, 1.0], [2.0, 40.0, 3.0], [0.0, 0.0, 9.0]],
    index=pd.Index([10, 40, 50], name="before"),
    columns=pd.Index([10, 40, 50], name="after"),
)


def zoned(parts):
    """A matrix with zones, as transition_matrix gives it."""
    return pd.concat(parts, names=["zone"])


def test_gains_and_losses_are_worked_by_hand():
    change = gains_and_losses(MATRIX)
    # trees: 86 before, 82 after; 2 gained from cropland, 5 + 1 lost; 2 ha changed places
    assert change.loc[10].to_dict() == {
        "before_ha": 86, "after_ha": 82, "gain_ha": 2, "loss_ha": 6, "net_ha": -4,
        "persistence_ha": 80, "swap_ha": 4,
    }  # fmt: skip
    # built-up only gained
    assert change.loc[50, ["gain_ha", "loss_ha", "swap_ha"]].tolist() == [4, 0, 0]


def test_classes_of_one_date_alone_only_gain_or_only_lose():
    change = gains_and_losses(
        pd.DataFrame([[3.0, 1.0]], index=[20], columns=[30, 40])
    )  # fmt: skip
    assert change.index.tolist() == [20, 30, 40]
    assert change["loss_ha"].tolist() == [4, 0, 0]
    assert change["gain_ha"].tolist() == [0, 3, 1]


def test_gains_and_losses_stand_by_zone():
    change = gains_and_losses(zoned({"a": MATRIX, "b": 2 * MATRIX}))
    assert change.index.names == ["zone", "class"]
    assert change.loc["a"].equals(gains_and_losses(MATRIX))
    assert change.loc["b"].equals(2 * gains_and_losses(MATRIX))


@settings(max_examples=50, deadline=None)
@given(arrays(float, (2, 4, 4), elements=st.floats(0, 1e6)))
def test_what_is_lost_somewhere_is_gained_elsewhere(cells):
    codes = pd.Index([1, 2, 3, 5], name="before")
    parts = {n: pd.DataFrame(part, codes, codes) for n, part in enumerate(cells)}
    change = gains_and_losses(zoned(parts))
    for _, zone in change.groupby(level="zone"):
        assert zone["before_ha"].sum() == pytest.approx(zone["after_ha"].sum())
        assert zone["gain_ha"].sum() == pytest.approx(zone["loss_ha"].sum(), abs=1e-6)
        assert zone["net_ha"].sum() == pytest.approx(0, abs=1e-6)
    assert np.allclose(change["net_ha"], change["after_ha"] - change["before_ha"], atol=1e-6)
    kept = change["before_ha"] - change["loss_ha"]
    assert np.allclose(kept, change["persistence_ha"], atol=1e-6)
    total = change["gain_ha"] + change["loss_ha"]
    assert np.allclose(total, change["net_ha"].abs() + change["swap_ha"], atol=1e-6)


def test_land_use_conversion_is_worked_by_hand_with_different_legends():
    # WorldCover trees, shrub and mangroves before; CLCD forest, shrub and impervious after
    matrix = pd.DataFrame(
        [[70.0, 6.0, 4.0], [1.0, 2.0, 3.0], [0.5, 0.0, 0.0]], index=[10, 20, 95], columns=[2, 3, 8]
    )
    found = conversion_matrix(matrix, "worldcover", "clcd")
    assert found.index.tolist() == found.columns.tolist() == list(CATEGORIES)
    assert found.loc["forest_land", "forest_land"] == 70.5
    # shrub is not shared out among the categories
    assert found.loc["forest_land", "conditional"] == 6
    assert found.loc["conditional"].to_dict() == dict.fromkeys(CATEGORIES, 0) | {
        "forest_land": 1, "conditional": 2, "settlements": 3}  # fmt: skip
    assert found.to_numpy().sum() == matrix.to_numpy().sum()


def test_land_use_conversion_stands_by_zone():
    found = conversion_matrix(zoned({"a": MATRIX, "b": 2 * MATRIX}), "worldcover", "worldcover")
    assert found.index.names == ["zone", "before"]
    assert found.loc["a"].equals(conversion_matrix(MATRIX, "worldcover", "worldcover"))
    assert found.loc[("b", "cropland"), "settlements"] == 6


def test_the_inputs_are_not_changed():
    before = MATRIX.copy()
    conversion_matrix(MATRIX, "worldcover", "worldcover")
    gains_and_losses(MATRIX)
    pd.testing.assert_frame_equal(MATRIX, before)


def test_classes_outside_a_legend_are_refused():
    with pytest.raises(TableError, match="10, 40, 50"):
        conversion_matrix(MATRIX, "worldcover", "clcd")


def test_tables_name_the_classes_in_both_languages_and_leave_nothing_out():
    rows = transition_table(MATRIX, "worldcover", "worldcover")
    assert len(rows) == 7  # of nine, two never occur
    first = rows.iloc[1]
    assert (first["from_code"], first["to_code"], first["area_ha"]) == (10, 40, 5.0)
    assert (first["from_name_zh"], first["to_name_en"]) == ("树木覆盖", "Cropland")
    zones = transition_table(zoned({"a": MATRIX, "b": MATRIX}))
    assert zones["zone"].tolist() == ["a"] * 7 + ["b"] * 7
    assert zones["from_name_zh"].isna().all()
    change = change_table(MATRIX, "worldcover")
    assert change["name_en"].tolist() == ["Tree cover", "Cropland", "Built-up"]
    uses = conversion_table(conversion_matrix(MATRIX, "worldcover", "worldcover"))
    assert uses["area_ha"].sum() == MATRIX.to_numpy().sum()
    assert set(uses["to_name_zh"]) == {"林地", "农地", "建设用地"}


def test_a_sliver_outside_the_legend_does_not_keep_a_conversion_from_being_told():
    sliver = pd.DataFrame([[5.0, 1e-9], [0.0, 1e-9]], index=[10, 77], columns=[10, 78])
    assert conversion_matrix(sliver, "worldcover", "worldcover").to_numpy().sum() == 5.0
    with pytest.raises(TableError, match="77"):
        conversion_matrix(sliver + 1e-3, "worldcover", "worldcover")


def raster(codes, west=0.0, size=1e-3, file="a.tif", **tags):
    """A raster at the equator with the name of a file and tags."""
    made = make_raster(codes, (west, size, 0.0, size, 0.0, -size), "EPSG:4326", 0)
    made.encoding["source"] = file
    made.attrs |= tags
    return made


def notes(before, after, *schemes):
    matrix = transition_matrix(before, after)
    return {note.code: note for note in comparison_notes(before, after, matrix, *schemes)}


ONES = np.ones((2, 2), "uint8")


def test_two_versions_of_a_product_differ_by_algorithm_too():
    before = raster(ONES, product_version="V1.0.0")
    after = raster(ONES, file="b.tif", product_version="V2.0.0")
    note = notes(before, after, "worldcover", "worldcover")["landcover_algorithm"]
    assert "worldcover v100 → worldcover v200" in note.text()
    assert "算法" in note.text()
    assert "not only of the land" in note.text("en")
    # without settings the tags alone tell
    assert "v100 → v200" in notes(before, after)["landcover_algorithm"].value
    # the settings tell where the tags do not
    plain = raster(ONES)
    assert "landcover_algorithm" in notes(plain, plain, "worldcover_v100", "worldcover_v200")
    assert "landcover_algorithm" in notes(plain, plain, "clcd", "globeland30")


def test_one_version_on_one_grid_needs_no_note():
    assert notes(raster(ONES), raster(ONES), "worldcover", "worldcover") == {}
    assert notes(raster(ONES), raster(ONES)) == {}


def test_a_scheme_that_the_tags_deny_is_told():
    found = notes(
        raster(ONES, product_version="V2.0.0"), raster(ONES), "worldcover_v100", "worldcover"
    )
    assert (found["landcover_version"].value, found["landcover_version"].rule) == (
        "v200",
        "worldcover_v100",
    )


def test_a_scheme_that_the_name_of_the_file_denies_is_told():
    before = raster(ONES, file="ESA_v100_2020.tif")
    after = raster(ONES, file="ESA_v200_2021.tif")
    found = notes(before, after, "worldcover_v100", "worldcover_v100")
    assert (found["landcover_version"].file, found["landcover_version"].value) == (
        "ESA_v200_2021.tif",
        "v200",
    )
    # what the tags say of the data is believed before the name
    after.attrs["product_version"] = "V1.0.0"
    assert notes(before, after, "worldcover_v100", "worldcover_v100") == {}


def test_grids_that_differ_are_told_with_the_shift_or_the_cells():
    shifted = notes(raster(ONES), raster(ONES, west=0.25e-3))["landcover_grid_shifted"]
    assert "0.250, 0.000" in shifted.text()
    assert "以前期的像元为准" in shifted.text()
    coarse = notes(raster(ONES), raster(ONES, size=2e-3))["landcover_grid_differs"]
    assert "EPSG:4326 0.001 × 0.001 → EPSG:4326 0.002 × 0.002" in coarse.text("en")


def test_land_with_data_at_one_date_is_told_in_hectares():
    gap = raster(np.array([[1, 1], [1, 0]], "uint8"))
    assert notes(raster(ONES), gap)["landcover_one_date"].value == "1.23 + 0.00"
