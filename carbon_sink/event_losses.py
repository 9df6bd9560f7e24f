"""
Stock and carbon lost in harvest, fire and pest, by the parcels that the events lie on.

The stock that an event took is what its record says. The parcels of the inventory before it tell
which species that stock was of, in proportion to the stock that stood under the event.
"""

from collections.abc import Sequence

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from .carbon import stand_carbon
from .errors import Problem
from .flows import OPEN, check_period, land_category
from .geometry import STORE_CRS, ellipsoidal_area_ha
from .parameters import TREE_PARAMETERS, by_species, constant
from .tables import columns, faulty
from .topology import intersections
from .units import M2_PER_HA

# land whose stock an event can take, and the columns of this stock
TIMBER = ("arbor", "sparse")
STOCK = ("forest_stock_m3", "sparse_stock_m3")
BY_OVERLAY, BY_SPECIES = "overlay", "species"
# why the carbon of an event is not known, and the codes of the notes on it
UNKNOWN = {
    "volume_missing": "event_volume_missing",
    "no_place": "event_no_place",
    "no_stock": "event_no_stock",
}
# columns that events may lack, and what stands in them then
OPTIONAL = {"volume_loss_m3": np.nan, "species_group": None, "town_code": None}
# ground that is no more than the noise of a border
LEAST_HA = 1.0 / M2_PER_HA


def event_losses(
    events: pd.DataFrame,
    stands: gpd.GeoDataFrame,
    parameters: pd.DataFrame,
    years: tuple[int, int],
    after: gpd.GeoDataFrame | None = None,
) -> pd.DataFrame:
    """
    Share the stock that events took out over the species that stood there.

    Parameters
    ----------
    events : DataFrame or GeoDataFrame
        Columns of ``events`` in ``data/columns.csv``: ``event_id``, ``event_type``, ``year``,
        ``area_ha`` (ha), where known ``volume_loss_m3`` (m3), ``species_group`` and polygons.
    stands : GeoDataFrame
        The inventory before the events, with ``stand_id``, ``town_code``, ``area_ha`` (ha),
        ``forest_type``, ``species_group``, ``carbon_part`` and the stock parts (m3).
    parameters : DataFrame
        Cited rows as ``parameters.load_parameters`` returns them.
    years : tuple of int
        Years of the inventory before and of the one after; events of the first year and
        before, or after the second, are left out.
    after : GeoDataFrame, optional
        The inventory after the events, with ``forest_type``.

    Returns
    -------
    losses : DataFrame
        Columns of ``event_losses`` in ``data/columns.csv``, one row for each event and parcel
        of forest under it. ``stock_m3`` stood there, ``volume_m3`` was taken. An event whose
        loss cannot be told keeps its rows, without volume and carbon, and ``basis`` tells why.
        ``converted_carbon_t`` is the part of ``carbon_t`` on ground that the inventory after
        holds as other land than forest, by area; missing without that inventory or without a
        place. ``stand`` is the label of the parcel.

    Raises
    ------
    ParameterError
        If a species has no parameters, or the years are not two dates.

    Notes
    -----
    Nothing is assumed: a fire or pest without a recorded loss has an unknown loss, not all
    the stock; an event without a place has the carbon of the species it names, and none when it
    names none. The area of an event is shared by the forest ground under it, the volume by
    the stock under it. Bamboo, economic and shrub forest has no stock, and so no loss here; it
    is counted by its area.

    References
    ----------
    [ipcc_2006_v4]_ equations 2.12 and 2.14, with the recorded volume in place of a fraction.

    Examples
    --------
    >>> from carbon_sink.parameters import load_parameters
    >>> box = gpd.GeoSeries([shapely.box(105.5, 29.5, 105.51, 29.51)], crs="EPSG:4490")
    >>> stands = gpd.GeoDataFrame({
    ...     "stand_id": ["1"], "town_code": "t", "area_ha": ellipsoidal_area_ha(box),
    ...     "forest_type": "arbor", "species_group": "cypress", "carbon_part": "arbor",
    ...     "forest_stock_m3": 5000.0, "sparse_stock_m3": 0.0}, geometry=box)
    >>> events = gpd.GeoDataFrame({"event_id": ["E1"], "event_type": "harvest", "year": 2022,
    ...                            "area_ha": 10.0, "volume_loss_m3": 100.0}, geometry=box)
    >>> losses = event_losses(events, stands, load_parameters("ar_cm_001"), (2020, 2025))
    >>> losses[["species_group", "volume_m3", "carbon_t"]].round(4).values.tolist()
    [['cypress', 100.0, 51.5117]]
    """
    check_period(*years)
    mine = events[events["year"].gt(years[0]) & events["year"].le(years[1])]
    mine = mine.reset_index(drop=True)
    lacking = {name: empty for name, empty in OPTIONAL.items() if name not in mine}
    mine = mine.assign(**lacking)
    losses = _with_carbon(_shared(mine, _under(mine, stands, after)), parameters)
    return losses[[*(name for name in columns("event_losses").index if name in losses), "stand"]]


def _under(
    events: pd.DataFrame, stands: gpd.GeoDataFrame, after: gpd.GeoDataFrame | None
) -> pd.DataFrame:
    """Lay events over the parcels of forest: the ground and the stock under each."""
    forest = stands[land_category(stands["forest_type"]).eq("forest")]
    shapes = forest.geometry.to_crs(STORE_CRS).array
    polygons = _polygons(events)
    event, parcel = shapely.STRtree(shapes).query(polygons, predicate="intersects")
    shared = intersections(polygons[event], np.asarray(shapes)[parcel])
    ground = ellipsoidal_area_ha(gpd.GeoSeries(shared, crs=STORE_CRS)).to_numpy()
    held = ground > LEAST_HA
    event, parcel, ground = event[held], parcel[held], ground[held]
    found = forest.iloc[parcel].reset_index(drop=True)
    part = found["carbon_part"].mask(found["forest_type"].eq("sparse"), "sparse").fillna(OPEN)
    timber = part.isin(TIMBER)
    covered = np.minimum(ground / found["area_ha"], 1.0)
    return pd.DataFrame({
        "event": event,
        "ground_ha": ground,
        "converted": _converted(shared[held], ground, after),
        "stand": forest.index[parcel],
        "stand_id": found["stand_id"],
        "town_code": found["town_code"],
        "part": part,
        "species_group": found["species_group"].where(timber),
        "stock_m3": (found[list(STOCK)].sum(axis=1) * covered).where(timber, 0.0),
    })  # fmt: skip


def _converted(
    shapes: np.ndarray, ground_ha: np.ndarray, after: gpd.GeoDataFrame | None
) -> np.ndarray | float:
    """Return which share of each piece of forest is other land at the later date."""
    if after is None:
        return np.nan
    other = after[land_category(after["forest_type"]).ne("forest")]
    others = np.asarray(other.geometry.to_crs(STORE_CRS).array)
    piece, parcel = shapely.STRtree(others).query(shapes, predicate="intersects")
    shared = gpd.GeoSeries(intersections(shapes[piece], others[parcel]), crs=STORE_CRS)
    lost = np.bincount(piece, ellipsoidal_area_ha(shared).to_numpy(), minlength=len(shapes))
    return np.minimum(lost / ground_ha, 1.0)


def _polygons(events: pd.DataFrame) -> np.ndarray:
    """Return the shapes of the events in degrees; an empty polygon where there is none."""
    if "geometry" not in events:
        return np.full(len(events), shapely.Polygon(), dtype=object)
    shapes = gpd.GeoSeries(events["geometry"])
    shapes = shapes.set_crs(STORE_CRS) if shapes.crs is None else shapes.to_crs(STORE_CRS)
    return np.asarray(shapes.where(shapes.notna(), shapely.Polygon()).array)


def _shared(events: pd.DataFrame, under: pd.DataFrame) -> pd.DataFrame:
    """Share area and volume of each event out over the parcels under it."""
    stock = under.groupby("event")["stock_m3"].sum().reindex(events.index, fill_value=0.0)
    basis = _basis(events, stock)
    # what an event says of its species counts where the stock under it does not
    alone = basis.index[basis.eq(BY_SPECIES) | ~basis.index.isin(under["event"])]
    said = events.loc[alone, "species_group"].where(basis[alone].eq(BY_SPECIES))
    lone = pd.DataFrame({"event": alone, "town_code": events.loc[alone, "town_code"].array,
                         "species_group": said.array})  # fmt: skip
    rows = pd.concat([under[~under["event"].isin(alone)], lone], ignore_index=True)
    rows = rows.sort_values("event", kind="stable", ignore_index=True)
    ground = rows.groupby("event")["ground_ha"].transform("sum")
    of_area = (rows["ground_ha"] / ground).fillna(1.0)
    rows["basis"] = rows["event"].map(basis)
    of_stock = (rows["stock_m3"] / rows["event"].map(stock)).where(rows["basis"].eq(BY_OVERLAY))
    of_stock = of_stock.mask(rows["basis"].eq(BY_SPECIES), 1.0)
    taken = rows["event"].map(events["volume_loss_m3"])
    names = ["event_id", "event_type", "year"]
    return rows.assign(
        **events.loc[rows["event"], names].set_axis(rows.index),
        area_ha=rows["event"].map(events["area_ha"]) * of_area,
        volume_m3=(taken * of_stock).mask(taken.eq(0.0), 0.0),
    )


def _basis(events: pd.DataFrame, stock_m3: pd.Series) -> pd.Series:
    """Tell by what the loss of each event is known, or why it is not."""
    cases = {
        "volume_missing": events["volume_loss_m3"].isna(),
        BY_OVERLAY: stock_m3.gt(0.0) | events["volume_loss_m3"].eq(0.0),
        BY_SPECIES: events["species_group"].notna(),
        "no_place": shapely.is_empty(_polygons(events)),
    }
    found = np.select(list(cases.values()), list(cases), "no_stock")
    return pd.Series(found, index=events.index)


def _with_carbon(rows: pd.DataFrame, parameters: pd.DataFrame) -> pd.DataFrame:
    """Add the biomass and the carbon of the volume that was taken."""
    taken = rows["volume_m3"].gt(0.0)
    density, bef, root_shoot, fraction = (
        by_species(parameters, rows.loc[taken, "species_group"], name) for name in TREE_PARAMETERS
    )
    biomass = rows["volume_m3"].where(~taken)  # nothing taken is no biomass, unknown is unknown
    biomass[taken] = stand_carbon(rows.loc[taken, "volume_m3"], density, bef, root_shoot, 1.0)
    carbon = biomass.copy()
    carbon[taken] *= fraction
    converted = carbon * rows["converted"]
    return rows.assign(biomass_t=biomass, carbon_t=carbon, converted_carbon_t=converted)


def event_notes(
    events: pd.DataFrame, losses: pd.DataFrame, files: Sequence[str] = ()
) -> list[Problem]:
    """
    Tell of which events the loss is not known, and which took more than stood there.

    Parameters
    ----------
    events : DataFrame
        As for ``event_losses``; its index labels the rows.
    losses : DataFrame
        As ``event_losses`` returns them.
    files : sequence of str
        Files of the events, for the messages.

    Returns
    -------
    notes : list of Problem
        ``event_volume_missing``, ``event_no_place``, ``event_no_stock`` and
        ``event_above_stock``, each with the events and rows concerned.

    Examples
    --------
    >>> events = pd.DataFrame({"event_id": ["E1"]}, index=[7])
    >>> losses = pd.DataFrame({"event_id": ["E1"], "basis": ["no_place"],
    ...                        "volume_m3": [float("nan")], "stock_m3": [float("nan")]})
    >>> [(one.code, one.rows, one.value) for one in event_notes(events, losses)]
    [('event_no_place', (7,), 'E1')]
    """
    row = pd.Series(events.index, index=events["event_id"].to_numpy())
    first = losses.drop_duplicates("event_id").set_index("event_id")["basis"]
    overlaid = losses[losses["basis"].eq(BY_OVERLAY)].groupby("event_id")
    sums = overlaid[["volume_m3", "stock_m3"]].sum()
    above = sums["volume_m3"] > sums["stock_m3"] + constant("stock_rounding_m3")
    found = {code: first.index[first.eq(basis)] for basis, code in UNKNOWN.items()}
    found["event_above_stock"] = above.index[above]
    file = ", ".join(files)
    notes = []
    for code, names in found.items():
        ids = pd.Series(names, index=row[names])
        notes += faulty(code, ids.notna(), ids, file=file)
    return notes
