"""All rows that a run used are listed in one shape, and none that it did not."""

import dataclasses
import json
import re

import pytest
from places import computed, write_place

from carbon_sink.growth_models import growth_models
from carbon_sink.language import text
from carbon_sink.parameters import COLUMNS, CONFIDENCE, references
from carbon_sink.recalculation import causes
from carbon_sink.report.sheets import sheets_of


def keyed(done):
    return done.parameters.set_index(["species_group", "parameter"])["value"]


def test_every_row_has_the_columns_of_parameters_a_source_and_a_confidence(all_accounts):
    rows = all_accounts.parameters
    assert tuple(rows.columns) == COLUMNS
    assert set(rows["confidence"]) <= set(CONFIDENCE)
    assert set(rows["source"]) - set(references().index) == {"a table of the province"}
    assert not rows.duplicated(["species_group", "parameter"]).any()
    assert rows["value"].map(lambda value: isinstance(value, float | str)).all()
    assert rows["value"].ne("").all()
    json.dumps(rows.to_dict("records"), allow_nan=False)


def test_biomass_rows_come_first_and_are_not_repeated(all_accounts):
    own = all_accounts.parameters["set"].eq("ar_cm_001")
    biomass = all_accounts.parameters[own & all_accounts.parameters["species_group"].ne("province")]
    assert biomass.index.tolist() == [0, 1, 2, 3]
    assert set(biomass["species_group"]) == {"masson_pine"}


def test_what_was_chosen_is_listed_with_the_values_of_its_table(all_accounts):
    rows = keyed(all_accounts)
    assert rows["ch4", "gwp"] == 21.0
    assert rows["", "spread_bef"] == 30.0
    assert rows["B", "spread_parcel_stock"] == 20.0
    assert rows["", "spread_growth"] == 50.0
    assert rows["paddy_rice", "f_lu"] == 1.35
    assert rows["needleleaf", "litter"] == 22.0
    assert rows["masson_pine", "leaf"] == "needleleaf"
    assert rows["cropland", "land_category"] == "cropland"
    assert rows["ch4", "fire_emission_factor"] == 4.7
    assert rows["", "fire_oxidation_factor"] == 0.9
    assert rows["province", "stock_growth_rate_pct"] == 6.0
    assert ("A", "spread_parcel_stock") not in rows
    assert ("broadleaf", "litter") not in rows, "there are no broadleaved stands"


def test_a_growth_model_is_listed_with_form_and_coefficients(all_accounts):
    rows = keyed(all_accounts)
    assert "GR08" in rows["masson_pine", "growth_models"].split()
    assert rows["GR08", "growth_volume"] == "GR08: exp_linear(3.468, -0.029, -0.036, -0.043)"
    model = growth_models()["GR08"]
    assert (model.form, model.coefficients) == ("exp_linear", (3.468, -0.029, -0.036, -0.043))
    assert ("GR16", "growth_volume") not in rows, "no Chinese fir grows here"


def test_what_is_switched_off_is_not_listed(brought_forward):
    rows = brought_forward.parameters
    assert not {"pools", "soil"} & set(rows["set"])
    names = set(rows["parameter"])
    assert not {"spread_growth", "fire_oxidation_factor", "canopy_closure_yr"} & names
    assert rows["species_group"].ne("province").all()
    assert keyed(brought_forward)["ch4", "gwp"] == 28.0


def test_the_users_own_bias_takes_the_place_of_the_rows_of_the_standard(tmp_path):
    path = write_place(tmp_path / "place")
    path.write_text(path.read_text(encoding="utf-8") + "stock_bias_pct = 8\n", encoding="utf-8")
    names = set(computed(path).parameters["parameter"])
    assert "spread_stock_bias" not in names
    assert "spread_stock_bias_dates_correlation" in names


def test_all_rows_are_counted_by_confidence(all_accounts):
    rows = all_accounts.parameters
    assert all_accounts.facts.unverified == rows["confidence"].ne("verified").sum()


def test_a_changed_row_is_a_cause_of_recalculation(all_accounts, brought_forward):
    old, new = ({"parameters": done.parameters.to_dict("records")}
                for done in (all_accounts, brought_forward))  # fmt: skip
    table = causes(old, new, "en").set_index("item")
    assert table.loc["ch4 gwp", ["old_value", "new_value"]].tolist() == ["21", "28"]
    new["parameters"] = [row | {"value": "GR08: other(1)"} if row["species_group"] == "GR08" else row
                         for row in old["parameters"]]  # fmt: skip
    assert causes(old, new, "en")["item"].tolist() == ["GR08 growth_volume"]


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_sheet_shows_words_and_keeps_codes_to_their_own_column(all_accounts, lang):
    facts = dataclasses.replace(all_accounts.facts, language=lang)
    sheets = {sheet.key: sheet for sheet in sheets_of({}, facts, all_accounts.parameters)}
    sheet = sheets["parameters"]
    assert len(sheet.rows) == len(all_accounts.parameters)
    place = {text(f"report.parameter.{name}", lang): name
             for name in ("set", "of", "parameter", "confidence")}  # fmt: skip
    rows = [{place[head]: cell for head, cell in zip(sheet.headings, row, strict=True)
             if head in place} for row in sheet.rows]  # fmt: skip
    assert {len(row) for row in rows} == {4}
    # sets and equations have names of their own
    words = [cell for row in rows for cell in (row["parameter"], row["confidence"])]
    words += [row["set"] for row in rows if row["set"] != "ar_cm_001"]
    assert [one for one in words if "_" in one] == []
    if lang == "en":
        shown = [cell for row in rows for cell in row.values()]
        assert [one for one in shown if re.search("[一-鿿]", one)] == []
