"""Small inventories of two dates with stock and carbon, as estimates of real ones look."""

import numpy as np
import pandas as pd

from carbon_sink.carbon import stand_carbon
from carbon_sink.coverage import PARTS
from carbon_sink.parameters import TREE_PARAMETERS, load_parameters, values
from carbon_sink.summary import add_removal, town_summary

PARAMETERS = load_parameters("ar_cm_001")
TREES = [values(PARAMETERS, name) for name in TREE_PARAMETERS]


def date_of(volume_m3, area_ha, group, town, category="233"):
    """Stands of one date: arbor forest by species group, and bamboo without stock."""
    group = pd.Series(group)
    bamboo = group.eq("bamboo")
    factors = [group.map(one) for one in TREES]
    by_volume = stand_carbon(pd.Series(volume_m3, dtype=float), *factors)
    whole = values(PARAMETERS, "biomass_whole_t_ha")["bamboo"]
    by_area = np.asarray(area_ha) * whole * values(PARAMETERS, "carbon_fraction")["bamboo"]
    area = pd.Series(area_ha, dtype=float)
    stands = pd.DataFrame({
        "stand_id": [f"{number}" for number in range(len(group))], "town_code": town,
        "area_ha": area, "species_group": group, "forest_category": category,
        "carbon_part": np.where(bamboo, "bamboo", "arbor"),
        "carbon_t": np.where(bamboo, by_area, by_volume),
        "stocked_ha": area.where(~bamboo, 0.0), "carbon_area_ha": area, "sandiao_ha": area,
    })  # fmt: skip
    for name in ("forest_stock_m3", "timber_stock_m3", "living_stock_m3"):
        stands[name] = pd.Series(volume_m3, dtype=float).where(~bamboo, 0.0)
    for name in ("sparse", "scattered", "four_side"):
        stands[f"{name}_stock_m3"] = 0.0
    for part in PARTS:
        stands[f"{part}_ha"] = area.where(bamboo.eq(part == "bamboo"), 0.0) * (
            part in ("arbor", "bamboo")
        )
    return stands


def survey(count=60, seed=5, growth=1.05, groups=("masson_pine", "oak", "bamboo")):
    """Two dates of parcels in two towns; all trees grew alike."""
    draw = np.random.default_rng(seed)
    group = np.resize(groups, count)
    town = np.resize(["t1", "t1", "t2"], count)
    area = draw.uniform(2.0, 12.0, count)
    volume = area * draw.uniform(20.0, 90.0, count)
    return {
        2020: date_of(volume, area, group, town),
        2025: date_of(volume * growth, area, group, town),
    }


def summary_of(stands, land_area_ha=2000.0):
    """The town summary of a survey."""
    towns = pd.DataFrame(
        {"town_code": ["t1", "t2"], "town_name": ["One", "Two"], "land_area_ha": land_area_ha / 2}
    )
    rows = [
        town_summary(one, towns, "Place", land_area_ha).assign(year=year)
        for year, one in stands.items()
    ]
    return add_removal(pd.concat(rows, ignore_index=True))


def with_trees(stands, theirs=None):
    """Add trees in turn: 6 m3 scattered of the stand's own species, 9 m3 of another, 3 m3 four-side."""
    carbon = {"oak": 0.591737, "masson_pine": 0.305422}
    count = len(stands)
    scattered = np.resize([6.0, 9.0, 0.0], count)
    beside = np.resize([0.0, 9.0, 3.0], count)
    four_side = np.resize([0.0, 0.0, 3.0], count)
    own, theirs = stands["species_group"], np.resize([theirs], count)
    return stands.assign(
        scattered_species_group=theirs, scattered_volume_m3=beside,
        scattered_stock_m3=scattered, four_side_stock_m3=four_side,
        scattered_carbon_t=[carbon.get(one if volume == 0 else other, np.nan) * stock if stock else 0.0
                            for one, other, volume, stock
                            in zip(own, theirs, beside, scattered, strict=True)],
        four_side_carbon_t=[carbon.get(one, np.nan) * stock if stock else 0.0
                            for one, stock in zip(theirs, four_side, strict=True)],
        living_stock_m3=stands["forest_stock_m3"] + scattered + four_side,
    )  # fmt: skip
