"""
The compiled kernels of raster tiles: the means of their overviews, and their compression.

Maps of few values hold long runs, rows that repeat the row above, and values met before. An
encoder that looks for nothing else, four bytes at a time, takes a third of the time of a general
one; any reader of deflate understands what it writes.
"""

import numpy as np
from numba import njit

CELL_BYTES = 4
# cells in the longest match of deflate, 258 bytes, and the farthest a match may lie back
LONGEST, FARTHEST = 64, 8192
# places for values met before, and the bits of a hash that do not tell the place
PLACES, HASH_SHIFT = 1024, 22
HASH = np.uint64(2_654_435_761)
WORD, WORD_BITS = np.uint64(0xFFFFFFFF), 32
# room for header, end of the block and checksum
FRAME_WORDS = 4
ADLER = 65_521
# the fixed codes of RFC 1951, section 3.2.6: first byte with the longer code, first symbol of
# matches, and the first of them with the longer code
LONGER_BYTE, FIRST_MATCH, LONGER_MATCH = 144, 257, 280


def _turned(code: int, bits: int) -> int:
    """Turn a Huffman code round: deflate stores it from its highest bit on."""
    return int(f"{code:0{bits}b}"[::-1], 2)


def _literals() -> np.ndarray:
    """Code and number of bits of every byte."""
    rows = [(_turned(0x30 + byte, 8), 8) for byte in range(LONGER_BYTE)]
    rows += [(_turned(0x190 + byte - LONGER_BYTE, 9), 9) for byte in range(LONGER_BYTE, 256)]
    return np.array(rows, dtype="uint64")


def _matches() -> np.ndarray:
    """Code and number of bits of matches of 0 to 64 cells: RFC 1951, section 3.2.5."""
    rows, symbol, shortest = {}, FIRST_MATCH, 3
    for extra in (0, 0, 0, 0, *np.repeat(range(6), 4).tolist()):
        code, bits = _turned(symbol - FIRST_MATCH + 1, 7), 7
        if symbol >= LONGER_MATCH:
            code, bits = _turned(0xC0 + symbol - LONGER_MATCH, 8), 8
        for more in range(1 << extra):
            rows[shortest + more] = (code | more << bits, bits + extra)
        symbol, shortest = symbol + 1, shortest + (1 << extra)
    cells = [rows.get(CELL_BYTES * count, (0, 0)) for count in range(LONGEST + 1)]
    return np.array(cells, dtype="uint64")


def _distances() -> np.ndarray:
    """Code and number of bits of distances of 0 to 8192 cells: RFC 1951, section 3.2.5."""
    rows = [(0, 0)]
    for distance in range(CELL_BYTES, CELL_BYTES * FARTHEST + 1, CELL_BYTES):
        extra = max((distance - 1).bit_length() - 2, 0)
        code = _turned(2 * extra + ((distance - 1) >> extra), 5)
        more = (distance - 1) & ((1 << extra) - 1)
        rows.append((code | more << 5, 5 + extra))
    return np.array(rows, dtype="uint64")


LITERALS, MATCHES, DISTANCES = _literals(), _matches(), _distances()


@njit(cache=True, nogil=True, error_model="numpy")
def halve(values, means):
    """
    Write the mean of every two by two cells; cells without data do not count.

    Parameters
    ----------
    values : float32 array of shape (rows, columns)
        Values, NaN without data; even numbers of rows and columns.
    means : float32 array of half the rows and half the columns
        Written.
    """
    quarter = np.float32(0.25)
    for i in range(means.shape[0]):
        for j in range(means.shape[1]):
            means[i, j] = quarter * (
                (values[2 * i, 2 * j] + values[2 * i, 2 * j + 1])
                + (values[2 * i + 1, 2 * j] + values[2 * i + 1, 2 * j + 1])
            )
        for j in range(means.shape[1]):
            if np.isnan(means[i, j]):
                total, count = 0.0, 0
                for y in range(2 * i, 2 * i + 2):
                    for x in range(2 * j, 2 * j + 2):
                        if not np.isnan(values[y, x]):
                            total += values[y, x]
                            count += 1
                means[i, j] = total / count if count else np.nan


@njit(cache=True, nogil=True, error_model="numpy")
def _checksum(cells):
    """Adler-32 of the bytes of cells; written as sums without order, which are fast."""
    count = np.int64(cells.shape[0])
    plain, by_place, by_byte = np.int64(0), np.int64(0), np.int64(0)
    for i in range(count):
        cell = cells[i]
        first = np.int64(cell & np.uint32(255))
        second = np.int64((cell >> np.uint32(8)) & np.uint32(255))
        third = np.int64((cell >> np.uint32(16)) & np.uint32(255))
        total = first + second + third + np.int64(cell >> np.uint32(24))
        plain += total
        by_place += i * total
        by_byte += 3 * first + 2 * second + third
    # each byte counts once for itself and once for every byte after it
    weighted = 4 * count + (4 * count - 3) * plain - 4 * by_place + by_byte
    return (weighted % ADLER) << 16 | (plain + 1) % ADLER


@njit(cache=True, nogil=True, error_model="numpy")
def _put_cells(cells, width, words):  # noqa: C901 - one pass; calls inside cost a fifth more
    """Write the header and the codes of all cells; return bits held back, their number, words."""
    # the header of zlib, and of a last block with the fixed codes
    held, count, size, i = np.uint64(0x0178 | 3 << 16), 19, 0, 0
    met, total = np.full(PLACES, -2 * FARTHEST), cells.shape[0]
    while i < total:
        # how far do the cells repeat the one before, the row above, or a value met before?
        cell, end, back, up = cells[i], i, 1, i
        while i > 0 and end < total and cells[end] == cells[i - 1]:
            end += 1
        while i >= width and up < total and cells[up] == cells[up - width]:
            up += 1
        if up > end + 1:  # the distance of a row takes more bits
            end, back = up, width
        place = ((np.uint64(cell) * HASH) & WORD) >> np.uint64(HASH_SHIFT)
        last, met[place] = met[place], i
        if end == i and i - last <= FARTHEST and cells[last] == cell:
            back = i - last
            while end < total and cells[end] == cells[end - back]:
                end += 1
        if end == i:  # a new value, as two pairs of bytes
            i, end = i + 1, i + 1
            for k in range(0, 32, 16):
                first = (cell >> np.uint32(k)) & np.uint32(255)
                second = (cell >> np.uint32(k + 8)) & np.uint32(255)
                code = LITERALS[first, 0] | LITERALS[second, 0] << LITERALS[first, 1]
                held |= code << np.uint64(count)
                count += np.int64(LITERALS[first, 1] + LITERALS[second, 1])
                if count >= WORD_BITS:
                    words[size] = np.uint32(held & WORD)
                    held, count, size = held >> np.uint64(WORD_BITS), count - WORD_BITS, size + 1
        while i < end:
            taken = min(end - i, LONGEST)
            code = MATCHES[taken, 0] | DISTANCES[back, 0] << MATCHES[taken, 1]
            held |= code << np.uint64(count)
            count += np.int64(MATCHES[taken, 1] + DISTANCES[back, 1])
            if count >= WORD_BITS:
                words[size] = np.uint32(held & WORD)
                held, count, size = held >> np.uint64(WORD_BITS), count - WORD_BITS, size + 1
            i += taken
    return held, count, size


@njit(cache=True, nogil=True, error_model="numpy")
def deflate(cells, width, words):
    """
    Compress the cells of a tile as one block of a zlib stream.

    Parameters
    ----------
    cells : uint32 array of shape (cells,)
        Cells row by row, as the bits of their numbers.
    width : int
        Cells in a row, at most ``FARTHEST``.
    words : uint32 array
        Written; has room for 9 words in 8 cells, and ``FRAME_WORDS``.

    Returns
    -------
    size : int
        Bytes written.

    References
    ----------
    RFC 1950 (zlib) and RFC 1951 (deflate, fixed Huffman codes).
    """
    held, count, size = _put_cells(cells, width, words)
    count += 7  # the end of the block
    words[size], words[size + 1] = np.uint32(held & WORD), np.uint32(held >> np.uint64(WORD_BITS))
    content, out = CELL_BYTES * size + (count + 7) // 8, words.view(np.uint8)
    checksum = _checksum(cells)
    for k in range(4):
        out[content + k] = (checksum >> (24 - 8 * k)) & 255
    return content + 4
