"""Gives memory back to the system between the parts of a large layer."""

import contextlib
import ctypes

import pyarrow as pa


def give_back() -> None:
    """
    Return memory that was freed and is still held by allocators.

    Parts of a layer are of different sizes, and without this what one leaves free is of no use
    to the next. Where the C library cannot do so, only Arrow's memory is returned.
    """
    pa.default_memory_pool().release_unused()
    with contextlib.suppress(OSError, AttributeError, TypeError):
        ctypes.CDLL(None).malloc_trim(0)
