"""What depends on the order of a window's values: extremes, their age, quantiles, ranks."""

from __future__ import annotations

import numpy as np
from numba import njit

from sandbox.kernels.compiled import COUNT, F64, I64, NUMBER, OFFSETS, VALUES, kernel


@kernel(VALUES, OFFSETS, COUNT, NUMBER)
def extreme(x: F64, offsets: I64, n: int, sign: float) -> F64:
    """Largest (sign 1) or smallest (sign -1) of the last n values, by doubling: O(N log n).

    Returns:
        (N,); NaN where the window is not full or holds NaN or infinity.
    """
    now = np.empty(len(x))
    later = np.empty(len(x))
    for t in range(len(x)):
        now[t] = sign * x[t] if np.isfinite(x[t]) else np.nan
    width = 1
    while width < n:
        shift = min(width, n - width)
        for a in range(len(offsets) - 1):
            start, stop = offsets[a], offsets[a + 1]
            first = min(start + shift, stop)
            later[start:first] = np.nan
            old, new, out = now[start : stop - shift], now[first:stop], later[first:stop]
            for t in range(stop - first):
                p, q = new[t], old[t]
                out[t] = p if (p > q) | (p != p) else q
        now, later = later, now
        width += shift
    for t in range(len(x)):
        later[t] = sign * now[t]
    return later


@kernel(VALUES, OFFSETS, COUNT, NUMBER)
def bars_since_extreme(x: F64, offsets: I64, n: int, sign: float) -> F64:
    """Bars since the largest (sign 1) or smallest (sign -1) of n, the latest if equal: O(N)."""
    out = np.full(len(x), np.nan)
    queue = np.empty(len(x), np.int64)  # head to tail: places of falling values, the largest first
    for a in range(len(offsets) - 1):
        head = tail = known = 0
        for t in range(offsets[a], offsets[a + 1]):
            if not np.isfinite(x[t]):
                head = tail = known = 0
                continue
            known += 1
            if head < tail and queue[head] <= t - n:
                head += 1
            while head < tail and sign * x[queue[tail - 1]] <= sign * x[t]:
                tail -= 1
            queue[tail] = t
            tail += 1
            if known >= n:
                out[t] = t - queue[head]
    return out


@njit(cache=True)
def find(values: F64, x: float) -> int:
    """How many of the sorted values are smaller; without branches that cannot be foreseen."""
    low = 0
    size = len(values)
    while size > 0:
        half = (size + 1) // 2
        low += half if values[low + half - 1] < x else 0
        size -= half
    return low


@kernel(VALUES, OFFSETS, COUNT, COUNT)
def neighbours(x: F64, offsets: I64, n: int, k: int) -> F64:
    """The k-th and the next larger of the last n values, from a sorted window: O(N n), a memmove.

    Args:
        x: (N,) values.
        offsets: (A + 1,) where each asset's bars begin.
        n: Length of the window.
        k: From 0, the smallest.

    Returns:
        (2, N): the two values (the same where k = n - 1); NaN where not n finite values are known.
    """
    out = np.full((2, len(x)), np.nan)
    window = np.empty(n)
    following = min(k + 1, n - 1)
    for a in range(len(offsets) - 1):
        size = 0
        for t in range(offsets[a], offsets[a + 1]):
            goes = t - n >= offsets[a] and np.isfinite(x[t - n])
            comes = np.isfinite(x[t])
            hole = find(window[:size], x[t - n]) if goes else size
            place = find(window[:size], x[t]) if comes else size
            if goes and place > hole:
                place -= 1
            for i in range(hole, place if comes else size - 1):
                window[i] = window[i + 1]
            if comes:
                for i in range(hole, place, -1):
                    window[i] = window[i - 1]
                window[place] = x[t]
            size += comes - goes
            if size == n:
                out[0, t] = window[k]
                out[1, t] = window[following]
    return out


@kernel(VALUES, OFFSETS, COUNT)
def percent_rank(x: F64, offsets: I64, n: int) -> F64:
    """Mean rank of the newest among the last n values, over n; counted anew, O(N n)."""
    out = np.full(len(x), np.nan)
    for a in range(len(offsets) - 1):
        known = 0
        for t in range(offsets[a], offsets[a + 1]):
            known = known + 1 if np.isfinite(x[t]) else 0
            if known < n:
                continue
            window = x[t - n + 1 : t + 1]
            newest = x[t]
            less = equal = 0
            for i in range(n):
                less += window[i] < newest
                equal += window[i] == newest
            out[t] = (less + (equal + 1) / 2) / n
    return out


def highest(x: F64, offsets: I64, n: int) -> F64:
    """Largest of n."""
    return extreme(x, offsets, n, 1.0)


def lowest(x: F64, offsets: I64, n: int) -> F64:
    """Smallest of n."""
    return extreme(x, offsets, n, -1.0)


def bars_since_highest(x: F64, offsets: I64, n: int) -> F64:
    """Bars since the largest of n."""
    return bars_since_extreme(x, offsets, n, 1.0)


def bars_since_lowest(x: F64, offsets: I64, n: int) -> F64:
    """Bars since the smallest of n."""
    return bars_since_extreme(x, offsets, n, -1.0)


def median(x: F64, offsets: I64, n: int) -> F64:
    """Median of n."""
    low, high = neighbours(x, offsets, n, (n - 1) // 2)
    return low.copy() if n % 2 else (low + high) / 2


def quantile(x: F64, offsets: I64, n: int, q: float) -> F64:
    """Quantile q of n, linear between ranks."""
    place = q * (n - 1)
    k = int(place)
    low, high = neighbours(x, offsets, n, k)
    return low + (high - low) * (place - k)


def range_position(x: F64, offsets: I64, n: int) -> F64:
    """(x - lowest) / (highest - lowest) over n; NaN where they are equal."""
    low = lowest(x, offsets, n)
    return (x - low) / (highest(x, offsets, n) - low)
