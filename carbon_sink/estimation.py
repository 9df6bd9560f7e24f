"""From checked stands to stands with coverage, stock and carbon, as far as these are known."""

from dataclasses import replace

import geopandas as gpd
import pandas as pd

from .carbon import add_carbon
from .coverage import coverage_parts
from .errors import ParameterError
from .inventory import TIMBER, add_forest_type, add_forest_volume, stock_parts
from .settings import Settings


def estimate(
    stands: gpd.GeoDataFrame, settings: Settings, parameters: pd.DataFrame, file: str = ""
) -> gpd.GeoDataFrame:
    """Turn checked stands into stands with coverage, stock and carbon, where these are known."""
    try:
        return _estimate(stands, settings, parameters)
    except ParameterError as error:  # rows say little without their file
        raise ParameterError([replace(one, file=file) for one in error.problems]) from None


def _estimate(
    stands: gpd.GeoDataFrame, settings: Settings, parameters: pd.DataFrame
) -> gpd.GeoDataFrame:
    stands = stands.pipe(add_forest_volume).pipe(add_forest_type)
    parts = coverage_parts(stands, settings.coverage_rule, settings.four_side_rule)
    survey = coverage_parts(stands, "sandiao").sum(axis=1)
    stands = stands.assign(sandiao_ha=survey, **parts.add_suffix("_ha"))
    if "forest_volume_m3" not in stands:
        return stands
    stock = stock_parts(stands)
    timber = stands["forest_type"].isin(TIMBER)
    stands = stands.assign(
        **stock.add_suffix("_stock_m3"),
        living_stock_m3=stock.sum(axis=1),
        stocked_ha=stands["area_ha"].where(timber, 0.0),
        timber_stock_m3=stock["forest"].where(timber, 0.0),
    )
    if "species_group" not in stands:
        return stands
    stands = add_carbon(stands, parameters)
    return stands.assign(carbon_area_ha=stands["area_ha"].where(stands["carbon_part"].notna(), 0.0))
