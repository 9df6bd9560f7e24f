"""What updating did, in one table."""

import numpy as np
import pandas as pd
import pytest

from carbon_sink.growth_models import group_models
from carbon_sink.growth_update import growth_update
from carbon_sink.tables import columns
from carbon_sink.updating import update_stands

TABLE = pd.DataFrame({
    "forest_type": ["arbor", "arbor", "arbor", "cropland", "young_planted", "bamboo"],
    "species_group": ["masson_pine", "masson_pine", "chinese_fir", None, "oak", "bamboo_moso"],
    "area_ha": [10.0, 20.0, 5.0, 3.0, 2.0, 9.0], "stand_age_yr": [20.0, 75.0, np.nan, np.nan, 3.0, 4.0],
    "dbh_cm": 14.0, "basal_area_m2_ha": 15.0, "forest_volume_m3": [1000.0, 500.0, 70.0, 0.0, 0.0, 0.0],
    "scattered_volume_m3": [np.nan, np.nan, 5.0, 100.0, np.nan, np.nan],
    "scattered_species_group": [None, None, "oak", "eucalyptus", None, None],
})  # fmt: skip


@pytest.fixture
def update():
    losses = pd.DataFrame({"event_id": "E1", "stand": [0], "year": [2021], "volume_m3": [56.916]})
    later, _ = update_stands(TABLE, (2020, 2021), group_models(), losses=losses, lang="en")
    return later, growth_update(TABLE, later)


def test_every_stand_with_trees_is_in_one_row(update):
    _, table = update
    own = table[table["part"] == "forest"].set_index(["species_group", "growth_model"])
    assert own["stands"].to_dict() == {
        ("masson_pine", "GR08"): 2,
        ("chinese_fir", ""): 1,
        ("oak", ""): 1,
    }
    # 1000 * 1.056916 - 56.916 = 1000; the old pine does not grow
    pine = own.loc[("masson_pine", "GR08")]
    assert pine[["area_ha", "volume_before_m3", "limited_stands"]].tolist() == [30.0, 1500.0, 1]
    assert pine["volume_after_m3"] == pytest.approx(1500.0, abs=1e-3)
    assert pine["growth_loss_m3"] == 56.916


def test_reasons_are_told_where_stock_was_left(update):
    _, table = update
    reasons = table.set_index("species_group")["reason"]
    assert reasons["chinese_fir"] == "no age; stock left as it is"
    assert table.loc[table["growth_model"].ne(""), "reason"].eq("").all()


def test_scattered_trees_have_rows_of_their_own(update):
    _, table = update
    trees = table[table["part"] == "scattered"].set_index("growth_model")
    assert trees["volume_after_m3"].to_dict() == pytest.approx(
        {"GM-ss-other": 5.2, "GM-ss-euc": 110.0}
    )


def test_the_table_holds_all_stock_and_keeps_its_contract(update):
    later, table = update
    assert list(table) == columns("growth_update").index.tolist()
    for stands, name in ((TABLE, "volume_before_m3"), (later, "volume_after_m3")):
        whole = stands["forest_volume_m3"].sum() + stands["scattered_volume_m3"].sum()
        assert table[name].sum() == pytest.approx(whole)
