"""
What became of the parcels of an inventory between two dates, in hectares and cubic metres.

- one parcel and one, of the same shape: ``unchanged``, or ``attribute`` when what is written of
  it differs;
- one and several that fill it: ``split``; several and the one they fill: ``merge``;
- ground without a parcel at the other date: ``new``, ``lost``;
- all else is ``redrawn``: borders were moved or several parcels became several others. It is no
  split and no merge, and nothing says which of the later parcels is which of the earlier ones.
"""

from collections.abc import Sequence
from itertools import pairwise

import geopandas as gpd
import numpy as np
import pandas as pd

from .errors import Problem
from .geometry import STORE_CRS
from .matching import Links, class_of_links, find_links, units_of
from .parameters import constant
from .summary import WHOLE_PLACE
from .tables import columns

CHANGES = ("unchanged", "attribute", "split", "merge", "redrawn", "new", "lost")
# what is compared, where both dates have it; shapes are compared by the ground they hold
FIELDS = ("land_class", "forest_category", "origin", "dominant_species", "age_group",
          "canopy_closure", "forest_volume_m3")  # fmt: skip
# codes, and the groups that are compared where the two dates have other lists of codes
GROUPS = {"land_class": "class_group", "dominant_species": "species_group"}
# totals of a parcel, which differ when its shape does
TOTALS = ("forest_volume_m3",)
STOCK = "forest_stock_m3"
# numbers that differ by less than this share of themselves are the same
NUMBER_NOISE = 1e-9
NONE = -1


def matched(stands: dict[int, gpd.GeoDataFrame]) -> dict[tuple[int, int], pd.DataFrame]:
    """Match each inventory with the one before it: both years, and the rows of the pair."""
    return {
        (first, last): stand_changes(before, after)
        for (first, before), (last, after) in pairwise(sorted(stands.items()))
    }


def change_tables(
    rows: dict[tuple[int, int], pd.DataFrame],
    stands: dict[int, gpd.GeoDataFrame],
    towns: pd.DataFrame,
    place: str,
) -> tuple[dict[str, pd.DataFrame], dict[str, gpd.GeoDataFrame]]:
    """
    Lay out what became of the parcels of each inventory.

    Parameters
    ----------
    rows : dict
        From ``matched``.
    stands : dict
        Year to the stands that were matched.
    towns : DataFrame
        With ``town_code`` and ``town_name``; may be empty.
    place : str
        Name of the whole place.

    Returns
    -------
    tables : dict
        ``stand_changes`` and ``inventory_change``, all pairs of dates one below the other;
        nothing when there are fewer than two dates.
    layers : dict
        ``stand_changes``: the parcels of the last pair of dates, from ``change_layer``.
    """
    names = dict(zip(towns["town_code"], towns["town_name"], strict=True))
    found: dict[str, list[pd.DataFrame]] = {"stand_changes": [], "inventory_change": []}
    layers = {}
    for (first, last), changed in rows.items():
        years = {"year_before": first, "year_after": last}
        changes = changed.assign(**years, town_name=changed["town_code"].map(names))
        summary = inventory_change(changes)
        summary = summary.assign(
            **years, town_name=summary["town_code"].map({**names, WHOLE_PLACE: place})
        )
        found["stand_changes"].append(changes)
        found["inventory_change"].append(summary)
        layer = change_layer(changes, stands[first], stands[last])
        order = [one for one in columns("stand_changes").index if one in layer]
        layers = {"stand_changes": layer[[*order, layer.geometry.name]]}
    tables = {
        name: _in_order(pd.concat(parts, ignore_index=True), name)
        for name, parts in found.items() if parts
    }  # fmt: skip
    return tables, layers


# codes of the notes on ground that only one date has
GROUND = {"lost": "ground_lost", "new": "ground_new"}


def change_notes(tables: dict[str, pd.DataFrame], files: dict[int, str]) -> list[Problem]:
    """
    Tell ground that one date has and the other has not: stands may be missing.

    Parameters
    ----------
    tables : dict
        From ``change_tables``.
    files : dict
        Year to the file of its inventory, for the messages.

    Returns
    -------
    notes : list of Problem
        For each pair of dates ``ground_lost`` and ``ground_new``, with the hectares, where these
        are more than the least parcel.
    """
    notes = []
    table = tables.get("inventory_change", pd.DataFrame({"town_code": [], "change_class": []}))
    least_ha = constant("parcel_area_min_ha")
    for row in table[table["town_code"].eq(WHOLE_PLACE)].itertuples():
        area_ha = max(row.area_before_ha, row.area_after_ha)
        if row.change_class in GROUND and area_ha >= least_ha:
            notes.append(
                Problem(GROUND[row.change_class], file=files[row.year_after],
                        value=f"{area_ha:,.2f}", rule=f"{row.year_before} → {row.year_after}",
                        count=int(row.units))
            )  # fmt: skip
    return notes


def _in_order(table: pd.DataFrame, name: str) -> pd.DataFrame:
    """Put the columns of a table in the order of its contract, without those it does not have."""
    return table[[column for column in columns(name).index if column in table]]


def stand_changes(
    before: gpd.GeoDataFrame, after: gpd.GeoDataFrame, fields: Sequence[str] = FIELDS
) -> pd.DataFrame:
    """
    Tell what became of every parcel between two dates.

    Parameters
    ----------
    before, after : GeoDataFrame
        Stands with ``stand_id``, ``town_code``, ``area_ha`` (ha) and valid polygons, and with
        ``forest_stock_m3`` (m3) where it is known.
    fields : sequence of str
        Columns that are compared where both dates have them.

    Returns
    -------
    changes : DataFrame
        A row for each pair of parcels that share ground, and for ground that only one date
        has: columns of ``stand_changes`` in ``data/columns.csv``, years and town names aside,
        with ``before`` and ``after``, the positions of the parcels, -1 for none. Rows are
        ordered by class, town and parcel, whatever the order of the inventories.

    Notes
    -----
    Each parcel is shared out over its rows in proportion to the ground: hectares before add
    up to the area of the earlier inventory, and hectares after to that of the later one, to
    the last digits; so do cubic metres. Slivers along borders that were drawn twice make no
    rows. Tolerances are rows of ``data/constants.csv``.

    Examples
    --------
    A parcel is cut in two:

    >>> import shapely
    >>> from carbon_sink.geometry import ellipsoidal_area_ha
    >>> def stands(*boxes):
    ...     shapes = gpd.GeoSeries([shapely.box(*box) for box in boxes], crs="EPSG:4490")
    ...     names = [f"{number}" for number in range(len(boxes))]
    ...     return gpd.GeoDataFrame({"stand_id": names, "town_code": None,
    ...                              "area_ha": ellipsoidal_area_ha(shapes)}, geometry=shapes)
    >>> whole, half = stands((105.0, 29.0, 105.02, 29.01)), (105.0, 29.0, 105.01, 29.01)
    >>> halves = stands(half, (105.01, 29.0, 105.02, 29.01))
    >>> changes = stand_changes(whole, halves)
    >>> changes["change_class"].tolist(), changes["stand_id_after"].tolist()
    (['split', 'split'], ['0', '1'])
    >>> float(changes["area_before_ha"].sum() / whole["area_ha"].sum())
    1.0
    """
    links = find_links(before, after)
    unit = units_of(links)
    of_link = class_of_links(links, unit, before["area_ha"], after["area_ha"])
    rows = _rows(links, unit, of_link)
    rows = rows.assign(**_shared_out(rows, before, "before"), **_shared_out(rows, after, "after"))
    changed = _changed_fields(rows, before, after, fields)
    same = rows["change_class"].eq("unchanged") & changed.ne("")
    rows["change_class"] = rows["change_class"].mask(same, "attribute")
    rows["changed_fields"] = changed
    rows["town_code"] = rows.pop("town_code_after").fillna(rows.pop("town_code_before"))
    rows["change_class"] = pd.Categorical(rows["change_class"], CHANGES)
    keys = ["change_class", "town_code", "stand_id_after", "stand_id_before"]
    rows = rows.sort_values([*keys, "area_after_ha", "area_before_ha"], ignore_index=True)
    numbers = pd.factorize(rows["unit"])[0] + 1
    return rows.assign(change_class=rows["change_class"].astype("str"), unit=numbers)


def _rows(links: Links, unit: np.ndarray, of_link: np.ndarray) -> pd.DataFrame:
    """Lay out the links, and ground that only one date has."""
    count_before = len(links.rest_before_ha)
    lost = links.rest_before_ha > 0.0
    lost |= np.bincount(links.before, minlength=count_before) == 0
    new = links.rest_after_ha > 0.0
    new |= np.bincount(links.after, minlength=len(new)) == 0
    gone, come = np.flatnonzero(lost), np.flatnonzero(new)
    nothing = [np.full(len(one), NONE) for one in (gone, come)]
    return pd.DataFrame({
        "before": np.concatenate([links.before, gone, nothing[1]]),
        "after": np.concatenate([links.after, nothing[0], come]),
        "change_class": np.concatenate([of_link, ["lost"] * len(gone), ["new"] * len(come)]),
        # ground without a partner is a unit of its own
        "unit": np.concatenate([unit[links.before], len(unit) + np.arange(len(gone) + len(come))]),
        "ground_ha": np.concatenate(
            [links.shared_ha, links.rest_before_ha[gone], links.rest_after_ha[come]]
        ),
    })  # fmt: skip


def _shared_out(rows: pd.DataFrame, stands: gpd.GeoDataFrame, date: str) -> dict[str, pd.Series]:
    """Share the area and the stock of parcels out over their rows, and name the parcels."""
    found = {
        name: share(rows, stands[column], date)
        for column, name in (("area_ha", f"area_{date}_ha"), (STOCK, f"forest_stock_{date}_m3"))
        if column in stands
    }
    for column in ("stand_id", "town_code", "land_class", "dominant_species"):
        if column in stands:
            found[f"{column}_{date}"] = of_rows(rows[date], stands[column])
    return found


def share(rows: pd.DataFrame, values: pd.Series, date: str) -> pd.Series:
    """
    Share a figure of each parcel out over its rows, by the ground of these.

    Parameters
    ----------
    rows : DataFrame
        As ``stand_changes`` returns them; ``before`` and ``after`` are positions of parcels.
    values : Series
        The figure of each parcel of one date, in the order of the parcels.
    date : {"before", "after"}
        The date of the parcels.

    Returns
    -------
    shares : Series
        On the index of the rows, in the unit of the values; 0 where the date has no parcel.
        The rows of a parcel add up to its figure, to the last digits.

    Examples
    --------
    >>> rows = pd.DataFrame({"before": [0, 0, -1], "ground_ha": [1.0, 3.0, 2.0]})
    >>> share(rows, pd.Series([100.0]), "before").tolist()
    [25.0, 75.0, 0.0]
    """
    held = rows[date].ne(NONE).to_numpy()
    parcel = rows.loc[held, date].to_numpy()
    ground = rows.loc[held, "ground_ha"].to_numpy()
    total = np.bincount(parcel, ground, minlength=len(values))
    count = np.bincount(parcel, minlength=len(values))
    # a parcel without measured ground lies in one row, the whole of it
    part = np.where(total[parcel] > 0.0, ground, 1.0) / np.where(total > 0.0, total, count)[parcel]
    found = pd.Series(0.0, index=rows.index)
    found[held] = values.to_numpy(dtype=float)[parcel] * part
    return found


def of_rows(positions: pd.Series, values: pd.Series) -> pd.Series:
    """
    Return what is said of the parcel of each row; missing where the row has none.

    Examples
    --------
    >>> of_rows(pd.Series([1, -1]), pd.Series(["a", "b"])).tolist()
    ['b', nan]
    """
    return values.reset_index(drop=True).reindex(positions).set_axis(positions.index)


def _changed_fields(
    rows: pd.DataFrame, before: pd.DataFrame, after: pd.DataFrame, fields: Sequence[str]
) -> pd.Series:
    """List, for each pair of parcels, the fields in which they differ."""
    both = rows["before"].ne(NONE) & rows["after"].ne(NONE)
    pairs = rows[both]
    found = pd.Series("", index=pairs.index)
    names = [name if _same_codes(before, after, name) else GROUPS[name] for name in fields]
    for name in names:
        if name not in before or name not in after:
            continue
        one = before[name].to_numpy()[pairs["before"]]
        other = after[name].to_numpy()[pairs["after"]]
        if pd.api.types.is_numeric_dtype(before[name]) and pd.api.types.is_numeric_dtype(
            after[name]
        ):
            alike = np.isclose(one, other, rtol=NUMBER_NOISE, atol=0.0, equal_nan=True)
        else:
            alike = (one == other) | (pd.isna(one) & pd.isna(other))
        if name in TOTALS:
            alike |= pairs["change_class"].ne("unchanged").to_numpy()
        found = found.mask(~alike, found + "; " + name)
    return found.str.removeprefix("; ").reindex(rows.index, fill_value="")


def _same_codes(before: pd.DataFrame, after: pd.DataFrame, name: str) -> bool:
    """Tell whether two dates code a field by one list: common codes mean the same."""
    group = GROUPS.get(name)
    if group is None or not all({name, group} <= set(one) for one in (before, after)):
        return True
    first, second = (one.drop_duplicates(name).set_index(name)[group] for one in (before, after))
    common = first.index.intersection(second.index)
    alike = first[common].astype(object).fillna("").eq(second[common].astype(object).fillna(""))
    return bool(alike.all() and after[name].isin(common).mean() > 0.5)  # noqa: PLR2004 - most


def inventory_change(changes: pd.DataFrame) -> pd.DataFrame:
    """
    Sum what became of the parcels by class of change, for the whole place and by town.

    Parameters
    ----------
    changes : DataFrame
        As ``stand_changes`` returns them.

    Returns
    -------
    summary : DataFrame
        Columns of ``inventory_change`` in ``data/columns.csv``, years and town names aside.
        The whole place has an empty town code. Ground counts for the later town, and for the
        earlier one where it was lost.
    """
    sums = [name for name in changes if name.startswith(("area_", "forest_stock_"))]
    other_class = changes["changed_fields"].str.contains("land_class|class_group")
    counted = changes.assign(reclassed_ha=changes["area_after_ha"].where(other_class, 0.0))
    counted["change_class"] = pd.Categorical(counted["change_class"], CHANGES)
    found = []
    for one in (counted.dropna(subset="town_code"), counted.assign(town_code=WHOLE_PLACE)):
        groups = one.groupby(["town_code", "change_class"], observed=True)
        found.append(groups[[*sums, "reclassed_ha"]].sum().assign(units=groups["unit"].nunique()))
    summary = pd.concat(found).reset_index()
    return summary.assign(change_class=summary["change_class"].astype("str"))


def change_layer(
    changes: pd.DataFrame, before: gpd.GeoDataFrame, after: gpd.GeoDataFrame
) -> gpd.GeoDataFrame:
    """
    Draw the later parcels with their class of change, and the earlier ones that are gone.

    Parameters
    ----------
    changes : DataFrame
        As ``stand_changes`` returns them.
    before, after : GeoDataFrame
        The inventories it was made of.

    Returns
    -------
    layer : GeoDataFrame
        A row for each later parcel, then one for each earlier parcel that is lost as a whole,
        in EPSG:4490.
    """
    there = changes.loc[changes["change_class"].ne("lost"), "before"]
    gone = changes[changes["after"].eq(NONE) & ~changes["before"].isin(there)]
    parts = [
        _drawn(changes[changes["after"].ne(NONE)], "after", after),
        _drawn(gone, "before", before),
    ]
    layer = pd.concat([part for part in parts if len(part)], ignore_index=True)
    return gpd.GeoDataFrame(layer, crs=STORE_CRS)


def _drawn(rows: pd.DataFrame, date: str, stands: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Draw the parcels of one date: the largest piece of each says what became of it."""
    figures = [name for name in rows if name.startswith(("area_", "forest_stock_"))]
    other = "stand_id_before" if date == "after" else "stand_id_after"
    rows = rows.sort_values("ground_ha", ascending=False, kind="stable")
    found = rows.drop_duplicates(date).set_index(date)
    found[figures] = rows.groupby(date)[figures].sum()
    several = rows[rows.duplicated(date, keep=False) & rows[other].notna()]
    found[other] = several.groupby(date)[other].agg("; ".join).combine_first(found[other])
    found = found.sort_index().drop(columns=["before", "after", "ground_ha"], errors="ignore")
    shapes = stands.geometry.iloc[found.index.to_numpy()].to_crs(STORE_CRS)
    return gpd.GeoDataFrame(found.reset_index(drop=True), geometry=shapes.array)
