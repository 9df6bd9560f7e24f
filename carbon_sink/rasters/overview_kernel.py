"""The compiled kernel of overviews: means of two by two cells."""

import numpy as np
from numba import njit


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
