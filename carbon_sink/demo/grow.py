"""Regions grown from seeds over rough ground: their borders fall on streams and ridges."""

import numpy as np
from numba import njit

from .heap import pop, push, room

FAR = np.float32(1e30)
# the four neighbors of a cell
DOWN, RIGHT = np.array([1, -1, 0, 0]), np.array([0, 0, 1, -1])


@njit(cache=True)
def _arrival(
    time: np.ndarray, label: np.ndarray, row: int, column: int, slowness: float, mine: int
) -> float:
    """When the front of one region reaches a cell, from its earliest neighbors on both axes."""
    rows, columns = time.shape
    up = left = FAR
    if row > 0 and label[row - 1, column] == mine:
        up = time[row - 1, column]
    if row < rows - 1 and label[row + 1, column] == mine:
        up = min(up, time[row + 1, column])
    if column > 0 and label[row, column - 1] == mine:
        left = time[row, column - 1]
    if column < columns - 1 and label[row, column + 1] == mine:
        left = min(left, time[row, column + 1])
    first, second = min(up, left), max(up, left)
    gap = second - first
    if gap >= slowness:
        return first + slowness
    return 0.5 * (first + second + np.sqrt(2.0 * slowness * slowness - gap * gap))


@njit(cache=True)
def grow(
    slowness: np.ndarray,
    barrier: np.ndarray,
    kind: np.ndarray,
    seed_cell: np.ndarray,
    seed_label: np.ndarray,
    seed_kind: np.ndarray,
    seed_slowness: np.ndarray,
    foreign: float,
) -> np.ndarray:
    """
    Grow connected regions from seeds by fast marching.

    Parameters
    ----------
    slowness : array of float32, shape (rows, columns)
        Time to cross a cell.
    barrier : array of int32
        Regions stay where this number is that of their seed; 0 is never entered.
    kind : array of uint8
        Kind of ground.
    seed_cell, seed_label : array of int
        Flat index and label (from 1) of each seed.
    seed_kind : array of uint8
        Kind of ground that the region prefers.
    seed_slowness : array of float32
        Factor on the slowness for each seed: small ones grow large regions.
    foreign : float
        Factor on the slowness of ground of another kind.

    Returns
    -------
    label : array of int32, shape (rows, columns)
        Connected along cell edges; 0 where no seed of the barrier's number exists.
    """
    rows, columns = slowness.shape
    label = np.zeros((rows, columns), np.int32)
    settled = np.zeros((rows, columns), np.bool_)
    time = np.full((rows, columns), FAR, np.float32)
    own = np.zeros(seed_label.max() + 1, np.int32)
    keys, items = np.empty(65536, np.float32), np.empty(65536, np.int32)
    size = 0
    for seed in range(seed_cell.size):
        keys, items = room(keys, items, size)
        own[seed_label[seed]] = seed
        cell = seed_cell[seed]
        label[cell // columns, cell % columns] = seed_label[seed]
        time[cell // columns, cell % columns] = 0.0
        size = push(keys, items, size, np.float32(0.0), cell)
    while size > 0:
        cell = items[0]
        size = pop(keys, items, size)
        row, column = cell // columns, cell % columns
        if settled[row, column]:
            continue
        settled[row, column] = True
        mine = label[row, column]
        keys, items = room(keys, items, size)
        for step in range(4):
            r, c = row + DOWN[step], column + RIGHT[step]
            if r < 0 or c < 0 or r >= rows or c >= columns or settled[r, c]:
                continue
            if barrier[r, c] != barrier[row, column]:
                continue
            rate = slowness[r, c] * seed_slowness[own[mine]]
            if kind[r, c] != seed_kind[own[mine]]:
                rate *= foreign
            when = np.float32(_arrival(time, label, r, c, rate, mine))
            if when < time[r, c]:
                time[r, c] = when
                label[r, c] = mine
                size = push(keys, items, size, when, r * columns + c)
    return label


@njit(cache=True)
def components(kind: np.ndarray) -> np.ndarray:
    """Give the patches of equal kind numbers from 1, connected along cell edges; kind 0 stays 0."""
    rows, columns = kind.shape
    patch = np.zeros((rows, columns), np.int32)
    stack = np.empty(rows * columns, np.int32)
    count = 0
    for start in range(rows * columns):
        row, column = start // columns, start % columns
        if kind[row, column] == 0 or patch[row, column] != 0:
            continue
        count += 1
        patch[row, column] = count
        stack[0], size = start, 1
        while size > 0:
            size -= 1
            row, column = stack[size] // columns, stack[size] % columns
            for step in range(4):
                r, c = row + DOWN[step], column + RIGHT[step]
                if r < 0 or c < 0 or r >= rows or c >= columns:
                    continue
                if patch[r, c] == 0 and kind[r, c] == kind[row, column]:
                    patch[r, c] = count
                    stack[size] = r * columns + c
                    size += 1
    return patch


def neighbors(label: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """
    Return which labels touch along cell edges, and along how many of them.

    Returns
    -------
    first, second, edges : array
        Each pair once in either order; label 0 is left out.
    """
    pairs = []
    for one, two in ((label[:, :-1], label[:, 1:]), (label[:-1], label[1:])):
        touch = (one != two) & (one > 0) & (two > 0)
        pairs.append(np.stack([one[touch], two[touch]]))
    first, second = np.concatenate(pairs, axis=1).astype("int64")
    base = int(label.max()) + 1
    key = np.concatenate([first * base + second, second * base + first])
    key, edges = np.unique(key, return_counts=True)
    return key // base, key % base, edges
