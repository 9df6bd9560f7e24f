"""Sub-compartments on the grid: seeds, growth, and the pieces that a later survey splits off."""

from dataclasses import dataclass

import numpy as np

from .grid import Grid
from .grow import components, grow, neighbors
from .land import BUILT, FIELD, MINE, WATER, WOOD, Land

# share of the parcels on each kind of ground
SHARES = {WOOD: 0.735, FIELD: 0.215, BUILT: 0.03, WATER: 0.02}
FOREIGN = 30.0
# parcels drawn for each that is left inside the boundary and large enough
LOSSES = 1.04
# patches under this share of a mean parcel join their surroundings
LEAST_PATCH = {WOOD: 0.12, FIELD: 0.15, BUILT: 0.05, WATER: 0.004, MINE: 0.01}
LEAST_M2 = 1800.0
# share of the wood and field parcels that the later survey splits
SPLIT_WOOD, SPLIT_FIELD = 0.022, 0.05
TOWN_STEP = 8


@dataclass(frozen=True)
class Parcels:
    """
    Pieces of land on the grid, from 1, and what is known of each; entry 0 is not used.

    ``label`` (piece of each cell), ``parent`` (the parcel of the first survey that the piece
    belongs to, which has the number of its largest piece), ``kind`` and ``town``.
    """

    label: np.ndarray
    parent: np.ndarray
    kind: np.ndarray
    town: np.ndarray


def _scatter(mask: np.ndarray, count: int, draw: np.random.Generator) -> np.ndarray:
    """Pick about ``count`` cells of a mask: evenly, with some clusters; flat indices."""
    spacing = np.sqrt(mask.sum() / max(count, 1)) * np.sqrt(1.45)
    picked = []
    for step, chance in ((spacing, 1.0), (spacing / 2.0, 0.1125)):
        rows, columns = (int(length / step) + 1 for length in mask.shape)
        y = (np.arange(rows)[:, None] + draw.random((rows, columns))) * step
        x = (np.arange(columns) + draw.random((rows, columns))) * step
        row, column = y.ravel().astype("int64"), x.ravel().astype("int64")
        fits = (row < mask.shape[0]) & (column < mask.shape[1])
        fits &= draw.random(len(row)) < chance
        row, column = row[fits], column[fits]
        cells = row * mask.shape[1] + column
        picked.append(cells[mask[row, column]])
    return np.unique(np.concatenate(picked))


def _patch_seeds(land: Land, count: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return patches of one kind in one town, a cell of each, and which are worth a parcel."""
    patch = components(land.kind + np.uint8(TOWN_STEP) * land.town.astype("uint8")).ravel()
    size = np.bincount(patch)
    every = np.flatnonzero(patch)
    # a cell in the middle of the patch's list, not at its rim
    order = every[np.argsort(patch[every], kind="stable")]
    starts = np.searchsorted(patch[order], np.arange(1, len(size)))
    first = np.append(0, order[starts + size[1:] // 2])
    mean = land.inside.sum() / count
    least = np.array([LEAST_PATCH.get(code, 0.0) for code in range(MINE + 1)]) * mean
    worth = size > np.minimum(least[land.kind.ravel()[first]], 250.0 * mean)
    worth[0] = False
    return patch, first, worth


def _seeds(land: Land, count: int, draw: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Return flat index and kind of the seeds: at least one in every patch of a town."""
    patch, first, worth = _patch_seeds(land, count)
    count = LOSSES * count
    asked, seed = count, int(draw.integers(1 << 30))
    for _ in range(3):
        again = np.random.default_rng(seed)
        cells = np.concatenate([
            _scatter(land.kind == kind, round(share * asked), again)
            for kind, share in SHARES.items()
        ])  # fmt: skip
        lonely = worth.copy()
        lonely[patch[cells]] = False
        cells = np.unique(np.concatenate([cells, first[lonely]]))
        asked = max(asked * count / len(cells), 0.4 * count)
    return cells.astype("int32"), land.kind.ravel()[cells]


def _absorb_small(label: np.ndarray, kind: np.ndarray, town: np.ndarray, least: int) -> np.ndarray:
    """Give regions under ``least`` cells to the neighbor of their town they touch most."""
    for _ in range(4):
        size = np.bincount(label.ravel(), minlength=len(kind))
        first, second, edges = neighbors(label)
        small = (size[first] < least) & (town[first] == town[second])
        small &= size[second] >= size[first]
        first, second, edges = first[small], second[small], edges[small]
        weight = edges * np.where(kind[first] == kind[second], 4, 1)
        order = np.lexsort((second, -weight, first))
        first, second = first[order], second[order]
        only = np.append(True, first[1:] != first[:-1])[: len(first)]
        target = np.arange(len(kind))
        target[first[only]] = second[only]
        # two small ones may point at each other: only those whose target stays move
        stays = target[target] == target
        target = np.where(stays, target, np.arange(len(kind)))
        if (target == np.arange(len(kind))).all():
            break
        label = target[label].astype("int32")
    return label


def _renumber(label: np.ndarray, *facts: np.ndarray) -> tuple[np.ndarray, ...]:
    """Give the labels that are left numbers without gaps, facts along with them."""
    left = np.unique(label)
    left = np.append(0, left[left > 0])
    number = np.zeros(left[-1] + 1, "int32")
    number[left] = np.arange(len(left))
    return (number[label], *(fact[left] for fact in facts))


def _piece_seeds(label: np.ndarray, chosen: np.ndarray, draw: np.random.Generator) -> np.ndarray:
    """Two cells for each chosen parcel, far apart: the second is the seed of the new piece."""
    flat = label.ravel()
    listed = np.zeros(label.max() + 1, dtype=bool)
    listed[chosen] = True
    cells = np.flatnonzero(listed[flat])
    cells = cells[np.argsort(flat[cells], kind="stable")]
    bounds = np.searchsorted(flat[cells], np.stack([chosen, chosen + 1]))
    seeds = np.empty((2, len(chosen)), "int32")
    for place, (start, stop) in enumerate(bounds.T):
        mine = cells[start:stop]
        row, column = np.divmod(mine, label.shape[1])
        begin = draw.integers(len(mine))
        far = np.argmax(np.hypot(row - row[begin], column - column[begin]))
        back = np.argmax(np.hypot(row - row[far], column - column[far]))
        seeds[:, place] = mine[back], mine[far]
    return seeds


def _split(
    label: np.ndarray, slow: np.ndarray, kind: np.ndarray, draw: np.random.Generator, mean: float
) -> tuple[np.ndarray, np.ndarray]:
    """Split some parcels in two; returns the new labels and the parent of each."""
    count = len(kind)
    size = np.bincount(label.ravel(), minlength=count)
    chosen = []
    for code, share, least in ((WOOD, SPLIT_WOOD, 0.35), (FIELD, SPLIT_FIELD, 0.6)):
        fit = np.flatnonzero((kind == code) & (size > least * mean) & (np.arange(count) > 0))
        wanted = min(max(round(share * (kind == code).sum()), 3), len(fit))
        chosen.append(np.sort(draw.choice(fit, wanted, replace=False)))
    chosen = np.concatenate(chosen)
    seeds = _piece_seeds(label, chosen, draw)
    within = np.zeros(count, "int32")
    within[chosen] = chosen
    number = np.concatenate([chosen, np.arange(count, count + len(chosen))]).astype("int32")
    pace = np.concatenate([np.ones(len(chosen)), draw.uniform(1.1, 2.4, len(chosen))])
    pieces = grow(
        slow, within[label], np.ones(label.shape, "uint8"), seeds.ravel(), number,
        np.ones(len(number), "uint8"), pace.astype("float32"), 1.0,
    )  # fmt: skip
    parent = np.concatenate([np.arange(count), chosen])
    return np.where(pieces > 0, pieces, label), parent


def draw_parcels(grid: Grid, land: Land, slow: np.ndarray, count: int, seed: int) -> Parcels:
    """
    Divide the district into parcels, and some of them into the pieces of the later survey.

    Parameters
    ----------
    grid : Grid
        Where.
    land : Land
        Ground cover and towns; towns are hard borders, ground cover is a soft one.
    slow : array of float32
        Time to cross a cell.
    count : int
        Number of parcels wanted; the result is near it.
    seed : int
        Repeats the parcels.

    Returns
    -------
    parcels : Parcels
    """
    draw = np.random.default_rng(seed)
    cells, kind = _seeds(land, count, draw)
    pace = np.exp(draw.normal(0.0, 0.28, len(cells))).astype("float32")
    label = grow(
        slow, land.town, land.kind, cells, np.arange(1, len(cells) + 1, dtype="int32"),
        kind, pace, FOREIGN,
    )  # fmt: skip
    kind = np.append(np.uint8(0), kind)
    town = np.append(0, land.town.ravel()[cells])
    mean = land.inside.sum() / count
    least = max(int(LEAST_M2 / grid.cell_m**2), 4)
    label, kind, town = _renumber(_absorb_small(label, kind, town, least), kind, town)
    label, parent = _split(label, slow, kind, draw, mean)
    return Parcels(label, parent, kind[parent], town[parent])
