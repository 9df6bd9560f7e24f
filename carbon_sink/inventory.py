"""Growing stock of a forest inventory, each kind of tree where it belongs."""

import pandas as pd

from .codes import forest_type

# kinds of forest whose own trees make up the forest stock
FOREST_STOCK = ("arbor", "economic_arbor", "mangrove", "arbor_on_farmland")
# forest whose stock per hectare is stated; economic forest carries no timber stock
TIMBER = ("arbor", "mangrove", "arbor_on_farmland")
# fields that give the stock of a stand, in one way or another
STOCK_FIELDS = ("forest_volume_m3", "total_volume_m3", "volume_m3_ha", "living_volume_m3_ha")
SCATTERED, FOUR_SIDE = "1", "2"
STOCK_PARTS = ("forest", "sparse", "scattered", "four_side")


def add_forest_volume(stands: pd.DataFrame) -> pd.DataFrame:
    """
    Make sure the stands have ``forest_volume_m3``, from stock per hectare where needed.

    Parameters
    ----------
    stands : DataFrame
        With ``forest_volume_m3`` (m3), or with ``total_volume_m3`` and
        ``scattered_volume_m3`` (m3), or with ``volume_m3_ha`` (m3/ha, the stand's own
        trees) and ``registered_area_ha`` (ha), or with ``living_volume_m3_ha`` (m3/ha,
        scattered trees included), ``registered_area_ha`` and ``scattered_volume_m3``.

    Returns
    -------
    stands : DataFrame
        With ``forest_volume_m3`` when one of these is there, else unchanged.

    Notes
    -----
    Stock per hectare was computed with the registered area, so that area turns it back into
    stock. Living stock per hectare counts scattered trees, which are not forest stock: they
    are taken off.

    Examples
    --------
    >>> stands = pd.DataFrame({"volume_m3_ha": [211.4], "registered_area_ha": [1.5]})
    >>> add_forest_volume(stands)["forest_volume_m3"].round(1).tolist()
    [317.1]
    """
    if "forest_volume_m3" in stands:
        return stands
    if "total_volume_m3" in stands and "scattered_volume_m3" in stands:
        volume = stands["total_volume_m3"] - stands["scattered_volume_m3"].fillna(0.0)
        return stands.assign(forest_volume_m3=volume)
    if "registered_area_ha" not in stands:
        return stands
    if "volume_m3_ha" in stands:
        volume = stands["volume_m3_ha"] * stands["registered_area_ha"]
        return stands.assign(forest_volume_m3=volume)
    if "living_volume_m3_ha" in stands and "scattered_volume_m3" in stands:
        living = stands["living_volume_m3_ha"] * stands["registered_area_ha"]
        volume = living - stands["scattered_volume_m3"].fillna(0.0)
        return stands.assign(forest_volume_m3=volume)
    return stands


def add_forest_type(stands: pd.DataFrame) -> pd.DataFrame:
    """
    Add ``forest_type``: the class group, with economic forest told apart.

    Examples
    --------
    >>> stands = pd.DataFrame({"class_group": ["arbor"], "forest_category": ["251"]})
    >>> add_forest_type(stands)["forest_type"].tolist()
    ['economic_arbor']
    """
    category = stands.get("forest_category")
    return stands.assign(forest_type=forest_type(stands["class_group"], category))


def stock_parts(stands: pd.DataFrame) -> pd.DataFrame:
    """
    Growing stock of each stand, split by what it counts as.

    Parameters
    ----------
    stands : DataFrame
        With ``forest_type``, ``forest_volume_m3`` and, where the inventory has them,
        ``scattered_type`` and ``scattered_volume_m3``.

    Returns
    -------
    parts : DataFrame
        Columns ``forest``, ``sparse``, ``scattered`` and ``four_side``, cubic metres, on the
        index of the stands. Their sum is the total living stock.

    Notes
    -----
    Forest stock is the stock of arbor forest only. Trees on sparse woodland, scattered trees
    and four-side trees are living stock but not forest stock. Trees on any other land class
    count as scattered.

    References
    ----------
    [gbt_26424_2010]_ forest stock and total living stock.

    Examples
    --------
    >>> stands = pd.DataFrame({
    ...     "forest_type": ["arbor", "sparse", "cropland"],
    ...     "forest_volume_m3": [100.0, 10.0, 0.0],
    ...     "scattered_type": [None, None, "2"],
    ...     "scattered_volume_m3": [None, None, 5.0],
    ... })
    >>> stock_parts(stands).sum().to_dict()
    {'forest': 100.0, 'sparse': 10.0, 'scattered': 0.0, 'four_side': 5.0}
    """
    own = stands["forest_volume_m3"].fillna(0.0)
    is_forest = stands["forest_type"].isin(FOREST_STOCK)
    is_sparse = stands["forest_type"].eq("sparse")
    parts = pd.DataFrame(0.0, index=stands.index, columns=list(STOCK_PARTS))
    parts["forest"] = own.where(is_forest, 0.0)
    parts["sparse"] = own.where(is_sparse, 0.0)
    parts["scattered"] = own.where(~is_forest & ~is_sparse, 0.0)
    if "scattered_volume_m3" in stands:
        extra = stands["scattered_volume_m3"].fillna(0.0)
        kind = stands.get("scattered_type")
        is_four_side = (
            kind.eq(FOUR_SIDE) if kind is not None else pd.Series(data=False, index=stands.index)
        )
        parts["four_side"] = extra.where(is_four_side, 0.0)
        parts["scattered"] += extra.where(~is_four_side, 0.0)
    return parts
