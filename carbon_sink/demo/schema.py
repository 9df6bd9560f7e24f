"""Our column names turned into the fields of the national sub-compartment survey."""

import geopandas as gpd
import numpy as np
import pandas as pd

from .first_survey import is_timber
from .land import MINE

NOTICE = "示例数据（合成）"
PROVINCE, PREFECTURE, DISTRICT = "50", "5001", "500153"
PROTECTION, GOODS = ("011", "012"), ("021", "022")
# field -> (our column, decimals; None for text)
FIELDS = {
    "XIANG": ("town_code", None), "CUN": ("village_code", None), "LIN_BAN": ("compartment", None),
    "XIAO_BAN": ("subcompartment", None), "MIAN_JI": ("area_ha", 2), "DI_LEI": ("land_class", None),
    "LIN_ZHONG": ("forest_category", None), "SEN_LIN_LB": ("public_class", None),
    "QI_YUAN": ("origin", None), "YOU_SHI_SZ": ("dominant_species", None),
    "LING_ZU": ("age_group", None), "PINGJUN_NL": ("stand_age_yr", 0),
    "PINGJUN_XJ": ("dbh_cm", 1), "PINGJUN_SG": ("height_m", 1),
    "PINGJUN_DM": ("basal_area_m2_ha", 1), "YU_BI_DU": ("canopy_closure", 2),
    "MEI_GQ_ZS": ("trees_per_ha", 0), "YSSZXJ": ("first_volume_m3", 1),
    "BSSZXJ": ("second_volume_m3", 1), "SLXJ": ("forest_volume_m3", 1),
    "SSLX": ("scattered_type", None), "SSZYSZ": ("scattered_species", None),
    "SSZZS": ("scattered_trees", 0), "SSPJXJ": ("scattered_dbh_cm", 1),
    "SSPJGD": ("scattered_height_m", 1), "SSXJ": ("scattered_volume_m3", 1),
    "ZXJ": ("total_volume_m3", 1), "HUO_LMGQXJ": ("living_volume_m3_ha", 2),
    "LD_KD": ("belt_width_m", 1), "LD_CD": ("belt_length_m", 1), "BHYY": ("change_cause", None),
    "BHND": ("change_year", 0),
}  # fmt: skip
WHOLE = ("PINGJUN_NL", "MEI_GQ_ZS", "SSZZS", "BHND")


def _volumes(stands: pd.DataFrame) -> pd.DataFrame:
    """Stock by species and in total, in whole tenths of a cubic metre so that sums are exact."""
    forest = (stands["forest_volume_m3"] * 10.0).round().astype("int64")
    mixed = is_timber(stands) & (forest > 0)
    second = (forest * stands["second_share"]).where(mixed, 0.0).round().astype("int64")
    scattered = (stands["scattered_volume_m3"].fillna(0.0) * 10.0).round().astype("int64")
    area = stands["area_ha"].round(2)
    total = (forest + scattered) / 10.0
    return pd.DataFrame(
        {
            "first_volume_m3": (forest - second) / 10.0,
            "second_volume_m3": second / 10.0,
            "forest_volume_m3": forest / 10.0,
            "total_volume_m3": total,
            "living_volume_m3_ha": (total / area).where(area > 0),
        }
    )


def _public_class(stands: pd.DataFrame) -> pd.Series:
    """Whether forest land serves the public (protection) or the market, by its category."""
    category = stands["forest_category"]
    public = category.str.startswith("1", na=False)
    major = category.isin(["111", "115"])
    return pd.Series(
        np.select(
            [public & major, public, category.eq("232"), category.notna()],
            [PROTECTION[0], PROTECTION[1], GOODS[0], GOODS[1]],
            "",
        ),
        index=stands.index,
    ).replace("", None)


def national_fields(stands: pd.DataFrame, polygons: pd.Series) -> gpd.GeoDataFrame:
    """
    Turn surveyed stands into a table with the field names of the national survey.

    Parameters
    ----------
    stands : DataFrame
        A survey in our column names.
    polygons : Series of Polygon
        Outlines in degrees, on the same index.

    Returns
    -------
    table : GeoDataFrame
        Codes as text, missing where a field does not apply, sorted by key.
    """
    stands = stands.assign(**_volumes(stands), public_class=_public_class(stands))
    table = {"SHENG": PROVINCE, "SHI": PREFECTURE, "XIAN": DISTRICT}
    for field, (column, decimals) in FIELDS.items():
        values = stands[column]
        if decimals is None:
            table[field] = values.astype(object).where(values.notna(), None)
        elif field in WHOLE:
            table[field] = values.astype("float64").round().astype("Int32")
        else:
            table[field] = values.astype("float64").round(decimals)
    table["BEI_ZHU"] = NOTICE
    table = gpd.GeoDataFrame(table, index=stands.index, geometry=polygons, crs=polygons.crs)
    number = table["XIAO_BAN"].astype(int)
    order = table.assign(number=number).sort_values(["CUN", "LIN_BAN", "number"], kind="stable")
    return table.loc[order.index].reset_index(drop=True)


def with_mines(stands: pd.DataFrame, kind: pd.Series) -> pd.DataFrame:
    """Add ``is_mine``: whether the parcel is, or was, a mine."""
    return stands.assign(is_mine=kind.eq(MINE).to_numpy())
