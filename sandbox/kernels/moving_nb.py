"""The past of a series: lags, changes, and averages that remember everything a little."""

from __future__ import annotations

import numpy as np

from sandbox.kernels.compiled import (
    COUNT,
    F64,
    I8,
    I64,
    NUMBER,
    OFFSETS,
    TRUTHS,
    VALUES,
    kernel,
)
from sandbox.kernels.window_nb import total


@kernel(VALUES, OFFSETS, COUNT)
def lag(x: F64, offsets: I64, n: int) -> F64:
    """The value n bars ago; NaN for an asset's first n bars."""
    out = np.empty(len(x))
    for a in range(len(offsets) - 1):
        start, stop = offsets[a], offsets[a + 1]
        first = min(start + n, stop)
        out[start:first] = np.nan
        for t in range(first, stop):
            out[t] = x[t - n]
    return out


@kernel(TRUTHS, OFFSETS, COUNT)
def lag_mask(mask: I8, offsets: I64, n: int) -> I8:
    """The mask n bars ago; 2 for an asset's first n bars."""
    out = np.empty(len(mask), np.int8)
    for a in range(len(offsets) - 1):
        start, stop = offsets[a], offsets[a + 1]
        first = min(start + n, stop)
        out[start:first] = 2
        for t in range(first, stop):
            out[t] = mask[t - n]
    return out


@kernel(VALUES, OFFSETS, NUMBER)
def smooth(x: F64, offsets: I64, k: float) -> F64:
    """Follow x: y = y' + k (x - y'), from the first known x; as pandas' ewm(alpha=k, adjust=False).

    Where x is NaN or infinite, y stays and ages: its weight against the next known x is
    (1 - k)^bars rather than 1 - k.
    """
    out = np.empty(len(x))
    for a in range(len(offsets) - 1):
        y = np.nan
        old = 1.0 - k
        aged = False
        for t in range(offsets[a], offsets[a + 1]):
            v = x[t]
            if np.isfinite(v):
                if y != y or k == 1.0:
                    y = v
                elif aged:
                    y += (v - y) * (k / (old + k))
                else:
                    y += (v - y) * k
                old = 1.0 - k
                aged = False
            else:
                old *= 1.0 - k
                aged = True
            out[t] = y
    return out


@kernel(VALUES, VALUES, OFFSETS, COUNT, COUNT)
def adapt(x: F64, efficiency: F64, offsets: I64, fast: int, slow: int) -> F64:
    """Kaufman's average: a faster one the more efficiently x moves; see `kama`."""
    out = np.empty(len(x))
    quick, idle = 2.0 / (fast + 1), 2.0 / (slow + 1)
    for a in range(len(offsets) - 1):
        y = np.nan
        for t in range(offsets[a], offsets[a + 1]):
            if efficiency[t] == efficiency[t]:
                c = efficiency[t] * (quick - idle) + idle
                y = x[t] if y != y else y + (x[t] - y) * (c * c)
            out[t] = y
    return out


@kernel(VALUES, OFFSETS, COUNT)
def ew_stdev(x: F64, offsets: I64, n: int) -> F64:
    """Root of v = (1 - k)(v' + k (x - y')^2), k = 2/(n + 1), y as `smooth` has it; v = 0 at first.

    Unknown until the second known x; where x is NaN or infinite, v stays.
    """
    out = np.empty(len(x))
    k = 2.0 / (n + 1)
    for a in range(len(offsets) - 1):
        y = np.nan
        v = 0.0
        old = 1.0 - k
        known = 0
        for t in range(offsets[a], offsets[a + 1]):
            if np.isfinite(x[t]):
                if known == 0:
                    y = x[t]
                else:
                    d = x[t] - y
                    v = (1.0 - k) * (v + k * d * d)
                    y += d * (k / (old + k))
                known += 1
                old = 1.0 - k
            else:
                old *= 1.0 - k
            out[t] = np.sqrt(v) if known > 1 else np.nan
    return out


def change(x: F64, offsets: I64, n: int) -> F64:
    """x[t] - x[t - n]."""
    return x - lag(x, offsets, n)


def returns(x: F64, offsets: I64, n: int) -> F64:
    """x[t] / x[t - n] - 1."""
    return x / lag(x, offsets, n) - 1


def log_return(x: F64, offsets: I64, n: int) -> F64:
    """log(x[t] / x[t - n])."""
    return np.log(x / lag(x, offsets, n))


def ema(x: F64, offsets: I64, n: int) -> F64:
    """`smooth` with k = 2/(n + 1)."""
    return smooth(x, offsets, 2 / (n + 1))


def rma(x: F64, offsets: I64, n: int) -> F64:
    """`smooth` with k = 1/n."""
    return smooth(x, offsets, 1 / n)


def dema(x: F64, offsets: I64, n: int) -> F64:
    """2 ema(x) - ema(ema(x))."""
    once = ema(x, offsets, n)
    return 2 * once - ema(once, offsets, n)


def tema(x: F64, offsets: I64, n: int) -> F64:
    """3 ema(x) - 3 ema(ema(x)) + ema(ema(ema(x)))."""
    once = ema(x, offsets, n)
    twice = ema(once, offsets, n)
    return 3 * (once - twice) + ema(twice, offsets, n)


def efficiency_ratio(x: F64, offsets: I64, n: int) -> F64:
    """|x[t] - x[t - n]| / sum of |x[i] - x[i - 1]| over n, at most 1; NaN where nothing moved."""
    path = total(np.abs(change(x, offsets, 1)), offsets, n)
    return np.minimum(np.abs(change(x, offsets, n)) / path, 1.0)


def kama(x: F64, offsets: I64, n: int, fast: int, slow: int) -> F64:
    """Kaufman's adaptive average, from the first x with a known efficiency (0: nothing moved)."""
    path = total(np.abs(change(x, offsets, 1)), offsets, n)
    efficiency = np.minimum(np.abs(change(x, offsets, n)) / path, 1.0)
    return adapt(x, np.where(path == 0, 0.0, efficiency), offsets, fast, slow)
