"""Where forest could grow: land of each town that is named for it or lies bare, ranked."""

import numpy as np
import pandas as pd

from .errors import Problem
from .landcover import classes
from .summary import WHOLE_PLACE
from .tables import columns, read_data
from .units import mu

INVENTORY, SEEN, LANDCOVER = "inventory", "inventory_and_landcover", "landcover"
TOTAL = "total"
FIGURES = ["area_ha", "tree_cover_ha", "room_ha"]


def land_kind(stands: pd.DataFrame) -> pd.Series:
    """
    Tell which kind of candidate land each stand is.

    Parameters
    ----------
    stands : DataFrame
        With ``forest_type``, and ``land_class`` where mines are to be told from other land
        in use.

    Returns
    -------
    kind : Series
        By ``data/candidate_land.csv``; missing where the land is no candidate. A row that names
        a land class goes before the row of its group.

    Examples
    --------
    >>> stands = pd.DataFrame({"forest_type": ["cutover", "cropland", "built", "built"],
    ...                        "land_class": ["0161", "0210", "0602", "0701"]})
    >>> land_kind(stands).fillna("").tolist()
    ['cutover', '', 'mining', '']
    """
    rules = _rules(INVENTORY)
    by_group = rules[rules["land_class"].eq("")].set_index("code")["kind"]
    kind = stands["forest_type"].astype(object).map(by_group)
    named = rules[rules["land_class"].ne("")]
    own = (named["code"] + "/" + named["land_class"]).to_numpy()
    if "land_class" in stands:
        said = stands["forest_type"].astype(str) + "/" + stands["land_class"].astype(str)
        kind = said.map(pd.Series(named["kind"].to_numpy(), own)).fillna(kind)
    return kind.rename("kind")


def _rules(basis: str) -> pd.DataFrame:
    """Rows of the candidate land that count, of one basis."""
    rows = read_data("candidate_land.csv")
    return rows[rows["basis"].eq(basis) & rows["counts"].eq("yes")]


def candidate_land(
    stands: pd.DataFrame,
    towns: pd.DataFrame,
    place: str,
    compared: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """
    Sum the land on which forest could grow by town and kind, and rank the towns.

    Parameters
    ----------
    stands : DataFrame
        Stands of the latest inventory with ``town_code``, ``forest_type``, ``area_ha`` (ha)
        and, where it has them, ``land_class``.
    towns : DataFrame
        With ``town_code`` and ``town_name``; may be empty.
    place : str
        Name of the whole place.
    compared : DataFrame, optional
        Rows of ``landcover_of_stands`` for these stands, in their order: ``area_ha`` and
        ``tree_cover_ha`` (ha).

    Returns
    -------
    land : DataFrame
        Columns of ``candidate_land`` in ``data/columns.csv``: the town with the most room
        first, a row for each kind it has and one ``total``; the whole place last, which also
        holds stands without a town.

    Raises
    ------
    ValueError
        If ``compared`` has not as many rows as there are stands.

    Notes
    -----
    Which land counts is the choice of ``data/candidate_land.csv``. Farmland does not: basic
    farmland is protected. Where a map shows trees already, a stand has no room; where the map
    cannot tell, the land class is taken at its word. The table finds land to look at; whether
    it may be planted the land plan decides. Land that recorded projects will take is in it.

    Examples
    --------
    >>> stands = pd.DataFrame({"town_code": ["1", "2"], "forest_type": ["cutover", "suitable"],
    ...                        "area_ha": [2.0, 5.0]})
    >>> towns = pd.DataFrame({"town_code": ["1", "2"], "town_name": ["甲镇", "乙镇"]})
    >>> seen = pd.DataFrame({"area_ha": [2.0, 5.0], "tree_cover_ha": [0.5, 0.0]})
    >>> land = candidate_land(stands, towns, "全区", seen)
    >>> land[["town_name", "kind", "room_ha"]].values.tolist()[:2]
    [['乙镇', 'suitable', 5.0], ['乙镇', 'total', 5.0]]
    """
    rows = stands[["town_code", "area_ha"]].assign(kind=land_kind(stands), tree_cover_ha=np.nan)
    rows["room_ha"] = rows["area_ha"]
    if compared is not None:
        if len(compared) != len(stands):
            msg = f"{len(compared)} rows of land cover for {len(stands)} stands"
            raise ValueError(msg)
        measured = compared["area_ha"].to_numpy(float)
        share = compared["tree_cover_ha"].to_numpy(float) / np.where(measured > 0, measured, np.nan)
        # both areas are those of one polygon; they may be measured in different ways
        rows["tree_cover_ha"] = rows["area_ha"] * np.clip(np.nan_to_num(share), 0.0, 1.0)
        rows["room_ha"] = rows["area_ha"] - rows["tree_cover_ha"]
    basis = INVENTORY if compared is None else SEEN
    kinds = list(dict.fromkeys(_rules(INVENTORY)["kind"]))
    rows = rows.dropna(subset="kind")
    whole = rows.assign(town_code=WHOLE_PLACE)
    rows = pd.concat([rows[rows["town_code"].isin(towns["town_code"])], whole])
    return _ranked(rows, kinds, towns, place).assign(basis=basis)[_names()]


def candidate_cover(
    areas: pd.DataFrame, scheme: str, towns: pd.DataFrame, place: str
) -> pd.DataFrame:
    """
    Sum bare land, grass and shrub of a land cover by town, where no inventory tells more.

    Parameters
    ----------
    areas : DataFrame
        Rows of ``landcover_area`` of one year: ``zone`` (town code, empty for the whole
        place), ``class_code`` and ``area_ha`` (ha).
    scheme : str
        Product of the land cover.
    towns : DataFrame
        With ``town_code`` and ``town_name``; may be empty.
    place : str
        Name of the whole place.

    Returns
    -------
    land : DataFrame
        As ``candidate_land`` returns it. Land cover screens: it is no land class, and what is
        grass on a map may be pasture or fallow farmland.

    Examples
    --------
    >>> areas = pd.DataFrame({"zone": ["", ""], "class_code": [30, 40], "area_ha": [7.0, 9.0]})
    >>> towns = pd.DataFrame({"town_code": [], "town_name": []})
    >>> candidate_cover(areas, "worldcover", towns, "全区")[["kind", "room_ha"]].values.tolist()
    [['grass', 7.0], ['total', 7.0]]
    """
    rules = _rules(LANDCOVER).set_index("code")["kind"]
    known = classes(scheme)
    is_shrub = known["shrub_cover"].eq("1") & known["tree_cover"].eq("0")
    kind = known["ipcc_category"].mask(is_shrub, "shrub").map(rules)
    rows = areas.assign(kind=areas["class_code"].map(kind), tree_cover_ha=np.nan)
    rows = rows.assign(room_ha=rows["area_ha"]).rename(columns={"zone": "town_code"})
    there = rows["town_code"].isin([WHOLE_PLACE, *towns["town_code"]])
    rows = rows[there].dropna(subset="kind")
    return _ranked(rows, list(rules), towns, place).assign(basis=LANDCOVER)[_names()]


def _names() -> list[str]:
    """Columns of the table, in their order."""
    return list(columns("candidate_land").index)


def _ranked(rows: pd.DataFrame, kinds: list[str], towns: pd.DataFrame, place: str) -> pd.DataFrame:
    """Sum rows by town and kind, and bring the towns into the order of their room."""
    keyed = rows.assign(kind=pd.Categorical(rows["kind"], [*kinds, TOTAL]))
    total = keyed.assign(kind=pd.Categorical([TOTAL] * len(keyed), [*kinds, TOTAL]))
    sums = pd.concat([keyed, total]).groupby(["town_code", "kind"], observed=True)[FIGURES]
    sums = sums.sum(min_count=1).reset_index()
    room = sums[sums["kind"].eq(TOTAL)].set_index("town_code")["room_ha"]
    order = towns[["town_code", "town_name"]].assign(
        room=towns["town_code"].map(room).fillna(0.0).to_numpy(float)
    )
    order = order.sort_values(["room", "town_code"], ascending=[False, True])
    order = order.assign(rank=np.arange(1.0, len(order) + 1)).astype({"town_code": object})
    whole = pd.DataFrame({"town_code": [WHOLE_PLACE], "town_name": [place], "rank": [np.nan]})
    order = pd.concat([order, whole], ignore_index=True) if len(order) else whole
    table = order[["town_code", "town_name", "rank"]].merge(sums, on="town_code", how="left")
    table["kind"] = table["kind"].astype(object).fillna(TOTAL)
    table[["area_ha", "room_ha"]] = table[["area_ha", "room_ha"]].fillna(0.0)
    return table.assign(room_mu=mu(table["room_ha"]))


def candidate_notes(land: pd.DataFrame) -> list[Problem]:
    """
    Say of candidate land that land cover alone finds that it only screens.

    Examples
    --------
    >>> found = pd.DataFrame({"basis": ["landcover"], "room_ha": [7.0]})
    >>> [note.value for note in candidate_notes(found)]
    ['7 ha']
    """
    if land["basis"].eq(LANDCOVER).any():
        return [Problem("candidate_land_screened", value=f"{land['room_ha'].iloc[-1]:,.0f} ha")]
    return []
