"""Across assets at one bar: ranks, moments and sums over the assets that have the bar.

`order` holds packed positions sorted by (clock index, asset); bar t's cross-section is
order[order_offsets[t]:order_offsets[t + 1]]. NaN and infinity are unknown and take no part.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from sandbox.kernels.compiled import (
    COUNT,
    F64,
    I8,
    I32,
    I64,
    NUMBER,
    OFFSETS,
    PLACES,
    VALUES,
    kernel,
)
from sandbox.kernels.order_nb import find


@njit(cache=True)
def _sort(values: F64) -> None:
    """Shell's sort with Ciura's gaps, in place; numba's own sort takes a second to compile."""
    for gap in (701, 301, 132, 57, 23, 10, 4, 1):
        for i in range(gap, len(values)):
            x = values[i]
            j = i
            while j >= gap and values[j - gap] > x:
                values[j] = values[j - gap]
                j -= gap
            values[j] = x


@njit(cache=True)
def _gather(x: F64, members: I32, values: F64) -> int:
    """Copy the members' finite values, sorted; how many there are."""
    size = 0
    for i in members:
        if np.isfinite(x[i]):
            values[size] = x[i]
            size += 1
    _sort(values[:size])
    return size


@kernel(VALUES, PLACES, OFFSETS)
def cross_rank(x: F64, order: I32, order_offsets: I64) -> F64:
    """(mean rank - 0.5) / count among the known values of the bar; (N,), NaN where x is unknown."""
    out = np.full(len(x), np.nan)
    values = np.empty(len(x))
    for t in range(len(order_offsets) - 1):
        members = order[order_offsets[t] : order_offsets[t + 1]]
        size = _gather(x, members, values)
        for i in members:
            if np.isfinite(x[i]):
                left = find(values[:size], float(x[i]))
                right = left + 1
                while right < size and values[right] == x[i]:
                    right += 1
                out[i] = ((left + right + 1) / 2 - 0.5) / size
    return out


@kernel(VALUES, PLACES, OFFSETS)
def cross_median(x: F64, order: I32, order_offsets: I64) -> F64:
    """Median of the known values, given to all that have the bar; NaN where none is known."""
    out = np.full(len(x), np.nan)
    values = np.empty(len(x))
    for t in range(len(order_offsets) - 1):
        members = order[order_offsets[t] : order_offsets[t + 1]]
        size = _gather(x, members, values)
        if size > 0:
            low, high = values[(size - 1) // 2], values[size // 2]
            for i in members:
                out[i] = low if size % 2 == 1 else (low + high) / 2
    return out


@kernel(VALUES, PLACES, OFFSETS, COUNT, NUMBER)
def _top(x: F64, order: I32, order_offsets: I64, k: int, sign: float) -> I8:
    out = np.full(len(x), np.int8(2))
    values = np.empty(len(x))
    for t in range(len(order_offsets) - 1):
        members = order[order_offsets[t] : order_offsets[t + 1]]
        size = _gather(x, members, values)
        if size == 0:
            continue
        chosen = min(k, size)
        edge = values[size - chosen] if sign > 0 else values[chosen - 1]
        beyond = 0
        for i in range(size):
            beyond += sign * values[i] > sign * edge
        ties = chosen - beyond  # places left for values equal to the last one chosen
        for i in members:
            if not np.isfinite(x[i]):
                continue
            out[i] = sign * x[i] > sign * edge
            if x[i] == edge and ties > 0:
                out[i] = 1
                ties -= 1
    return out


def cross_top(x: F64, order: I32, order_offsets: I64, k: int) -> I8:
    """Whether x is among the bar's k largest known values; of equal ones the first assets'."""
    return _top(x, order, order_offsets, k, 1.0)


def cross_bottom(x: F64, order: I32, order_offsets: I64, k: int) -> I8:
    """Whether x is among the bar's k smallest known values; of equal ones the first assets'."""
    return _top(x, order, order_offsets, k, -1.0)


@kernel(VALUES, PLACES, OFFSETS)
def _moments(x: F64, order: I32, order_offsets: I64) -> F64:
    """(3, N): mean, x - mean, variance (ddof 1, NaN under two) of the bar's known values."""
    out = np.full((3, len(x)), np.nan)
    for t in range(len(order_offsets) - 1):
        members = order[order_offsets[t] : order_offsets[t + 1]]
        c = rest = squares = 0.0
        size = 0
        for i in members:
            if np.isfinite(x[i]):
                if size == 0:
                    c = x[i]
                rest += x[i] - c  # so that the mean of equal values is exact
                size += 1
        if size == 0:
            continue
        mean = c + rest / size
        for i in members:
            out[0, i] = mean
            if np.isfinite(x[i]):
                out[1, i] = x[i] - mean
                squares += (x[i] - mean) * (x[i] - mean)
        if size > 1:
            for i in members:
                out[2, i] = squares / (size - 1)
    return out


@kernel(VALUES, PLACES, OFFSETS)
def cross_sum(x: F64, order: I32, order_offsets: I64) -> F64:
    """Sum of the bar's known values, given to all that have the bar; 0 where none is known."""
    out = np.empty(len(x))
    for t in range(len(order_offsets) - 1):
        members = order[order_offsets[t] : order_offsets[t + 1]]
        s = 0.0
        for i in members:
            if np.isfinite(x[i]):
                s += x[i]
        for i in members:
            out[i] = s
    return out


def cross_mean(x: F64, order: I32, order_offsets: I64) -> F64:
    """Mean of the known values, given to all that have the bar; NaN where none is known."""
    return _moments(x, order, order_offsets)[0].copy()


def cross_demean(x: F64, order: I32, order_offsets: I64) -> F64:
    """Distance from the mean."""
    return _moments(x, order, order_offsets)[1].copy()


def cross_zscore(x: F64, order: I32, order_offsets: I64) -> F64:
    """(x - mean) / standard deviation; NaN under two known values or where all are equal."""
    _, deviation, variance = _moments(x, order, order_offsets)
    return deviation / np.sqrt(np.where(variance > 0, variance, np.nan))


def cross_share(mask: I8, order: I32, order_offsets: I64) -> F64:
    """Share of true among the known, given to all that have the bar; NaN where none is known."""
    true = cross_sum((mask == 1).astype(np.float64), order, order_offsets)
    return true / cross_sum((mask != 2).astype(np.float64), order, order_offsets)
