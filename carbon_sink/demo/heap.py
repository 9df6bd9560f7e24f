"""A queue that always gives the smallest key first; used by floods and by growing regions."""

import numpy as np
from numba import njit


@njit(cache=True)
def push(keys: np.ndarray, items: np.ndarray, size: int, key: float, item: int) -> int:
    """Add an item; returns the new size. ``keys`` and ``items`` must have room."""
    place = size
    while place > 0:
        parent = (place - 1) >> 1
        if keys[parent] <= key:
            break
        keys[place], items[place] = keys[parent], items[parent]
        place = parent
    keys[place], items[place] = key, item
    return size + 1


@njit(cache=True)
def pop(keys: np.ndarray, items: np.ndarray, size: int) -> int:
    """Remove the first item (read it before, at place 0); returns the new size."""
    size -= 1
    key, item = keys[size], items[size]
    place = 0
    while True:
        child = 2 * place + 1
        if child >= size:
            break
        if child + 1 < size and keys[child + 1] < keys[child]:
            child += 1
        if keys[child] >= key:
            break
        keys[place], items[place] = keys[child], items[child]
        place = child
    keys[place], items[place] = key, item
    return size


@njit(cache=True)
def room(keys: np.ndarray, items: np.ndarray, size: int) -> tuple[np.ndarray, np.ndarray]:
    """Return arrays with room for five more items, twice as long when they are full."""
    if size + 5 < keys.size:
        return keys, items
    longer_keys = np.empty(2 * keys.size, keys.dtype)
    longer_items = np.empty(2 * items.size, items.dtype)
    longer_keys[:size] = keys[:size]
    longer_items[:size] = items[:size]
    return longer_keys, longer_items
