"""Sums over parcels that their errors need: by town, kind of trees or land, and species group."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from .coverage import PARTS
from .parameters import AREA_GROUPS

BESIDE = ("sparse", "scattered", "four_side")
TREES = ("arbor", "orchard", *BESIDE)
FOREST_TREES = ("arbor", "orchard")


@dataclass(frozen=True)
class ParcelSums:
    """
    Sums over the parcels of each town, kind of trees or land, and species group.

    ``keys`` are (town, kind, group). ``volume_m3``, ``area_ha`` and ``carbon_t`` have a row per
    key and a column per date. ``volume_squares``, ``area_squares`` and ``products`` hold, per
    key and pair of dates, the sums over parcels of volume times volume, area times area and
    volume times area: the errors of independent parcels add up by them.
    """

    keys: tuple[tuple[str, str, str], ...]
    years: tuple[int, ...]
    volume_m3: np.ndarray
    area_ha: np.ndarray
    carbon_t: np.ndarray
    volume_squares: np.ndarray
    area_squares: np.ndarray
    products: np.ndarray

    @property
    def _arrays(self) -> tuple[np.ndarray, ...]:
        """Return everything that has a row per key."""
        return (self.volume_m3, self.area_ha, self.carbon_t, self.volume_squares,
                self.area_squares, self.products)  # fmt: skip

    def rows(self, chosen: list[int]) -> "ParcelSums":
        """Return some of the rows."""
        keys = tuple(self.keys[i] for i in chosen)
        return ParcelSums(keys, self.years, *(one[chosen] for one in self._arrays))

    def of_town(self, town: str) -> "ParcelSums":
        """Return the rows of one town."""
        return self.rows([i for i, (one, _, _) in enumerate(self.keys) if one == town])

    def over_towns(self) -> "ParcelSums":
        """Return the sums over all towns; their code is empty then."""
        at: dict[tuple[str, str, str], list[int]] = {}
        for i, (_, kind, group) in enumerate(self.keys):
            at.setdefault(("", kind, group), []).append(i)
        arrays = [
            np.array([one[rows].sum(axis=0) for rows in at.values()]).reshape(-1, *one.shape[1:])
            for one in self._arrays
        ]
        return ParcelSums(tuple(at), self.years, *arrays)

    def of_kind(self, *kinds: str) -> "ParcelSums":
        """Return the rows of some kinds."""
        return self.rows([i for i, (_, kind, _) in enumerate(self.keys) if kind in kinds])

    def without_carbon(self) -> np.ndarray:
        """Tell the dates at which there is stock but nothing is known of its carbon."""
        return self.volume_m3.any(axis=0) & ~self.carbon_t.any(axis=0)


def parcel_sums(stands: dict[int, pd.DataFrame]) -> ParcelSums:
    """
    Sum the parcels of all dates; the order of the rows does not matter, to the last bit.

    Parameters
    ----------
    stands : dict
        Year to stands as ``estimation.estimate`` returns them. Rows that share a ``stand_id``
        are parts of one parcel, and so are rows of two dates.

    Returns
    -------
    sums : ParcelSums
    """
    years = tuple(sorted(stands))
    found = pd.concat(
        [piece.assign(date=n) for n, year in enumerate(years) for piece in _pieces(stands[year])],
        ignore_index=True,
    )
    groups = found.groupby(["town", "kind", "group"], sort=True)
    keys = tuple(groups.groups)
    cell, parcel = groups.ngroup().to_numpy(), pd.factorize(found["parcel"])[0].astype("int64")
    parcels = len(found)  # more than there are keys of parcels
    numbers = [found[name].to_numpy() for name in ("volume_m3", "area_ha", "carbon_t")]
    order = np.lexsort((*numbers, found["date"].to_numpy(), cell))
    known, place = np.unique((cell * parcels + parcel)[order], return_inverse=True)
    at = place * len(years) + found["date"].to_numpy()[order]
    wide = [
        np.bincount(at, one[order], len(known) * len(years)).reshape(-1, len(years))
        for one in numbers
    ]
    cell = known // parcels
    order = np.lexsort((*np.hstack(wide).T, cell))
    first = np.searchsorted(cell[order], np.arange(len(keys)))
    volume, area, carbon = (one[order] for one in wide)

    def summed(one: np.ndarray, other: np.ndarray) -> np.ndarray:
        return np.add.reduceat(one[:, :, None] * other[:, None, :], first)

    sums = [np.add.reduceat(one, first) for one in (volume, area, carbon)]
    squares = [summed(volume, volume), summed(area, area), summed(volume, area)]
    return ParcelSums(keys, years, *sums, *squares)


def _pieces(stands: pd.DataFrame) -> list[pd.DataFrame]:
    """Take apart what the errors of a parcel act on: its land, its trees, its forest by area."""
    forest = stands[[f"{part}_ha" for part in PARTS]].sum(axis=1)
    zero = pd.Series(0.0, index=stands.index)
    found = [_piece(stands, "forest", "", zero, forest, zero)]
    found.append(_piece(stands, "land_survey", "", zero, stands["sandiao_ha"], zero))
    if "living_stock_m3" not in stands:
        return found
    carbon = stands.get("carbon_t", zero).fillna(0.0)
    part = stands.get("carbon_part", zero)
    group = stands["species_group"] if "carbon_t" in stands else ""
    timber, trees = stands["timber_stock_m3"], part.eq("arbor")
    found.append(
        _piece(stands, "arbor", group, timber, stands["stocked_ha"], carbon.where(trees, 0.0))
    )
    orchard = stands["forest_stock_m3"] - timber
    found.append(_piece(stands, "orchard", "", orchard, zero, zero))
    found += _beside(stands, zero)
    for kind in AREA_GROUPS:
        counts = part.eq(kind)
        area = stands["area_ha"].where(counts, 0.0)
        found.append(_piece(stands, kind, kind, zero, area, carbon.where(counts, 0.0)))
    return found


def _beside(stands: pd.DataFrame, zero: pd.Series) -> list[pd.DataFrame]:
    """
    Take apart the trees beside the forest by species.

    A stand's own trees are of its species, trees recorded beside them of theirs. Where a parcel
    has scattered trees of both, they share its carbon by their stock.
    """
    recorded = stands.get("scattered_volume_m3", zero).fillna(0.0) - stands["four_side_stock_m3"]
    own, theirs = "species_group", "scattered_species_group"
    volumes = [
        ("sparse", own, stands["sparse_stock_m3"]),
        ("scattered", own, stands["scattered_stock_m3"] - recorded),
        ("scattered", theirs, recorded),
        ("four_side", theirs, stands["four_side_stock_m3"]),
    ]
    found = []
    for kind, species, volume in volumes:
        group = stands[species] if species in stands and "carbon_t" in stands else ""
        stock = stands[f"{kind}_stock_m3"]
        carbon = stands.get(f"{kind}_carbon_t", zero).fillna(0.0)
        carbon = carbon * (volume / stock.where(stock.ne(0.0))).fillna(0.0)
        found.append(_piece(stands, kind, group, volume, zero, carbon))
    return found


def _piece(
    stands: pd.DataFrame,
    kind: str,
    group: pd.Series | str,
    volume_m3: pd.Series,
    area_ha: pd.Series,
    carbon_t: pd.Series,
) -> pd.DataFrame:
    """Lay out one kind of trees or land, parcels without any of it left out."""
    if isinstance(group, pd.Series):
        group = group.fillna("")
    piece = pd.DataFrame({
        "town": stands["town_code"].fillna("").astype(str), "kind": kind, "group": group,
        "parcel": stands["stand_id"], "volume_m3": volume_m3, "area_ha": area_ha,
        "carbon_t": carbon_t,
    })  # fmt: skip
    return piece[piece["volume_m3"].ne(0) | piece["area_ha"].ne(0)]
