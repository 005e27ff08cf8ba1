"""Events of a mask (0 false, 1 true, 2 unknown): how many, how long ago, and what they switch."""

from __future__ import annotations

import numpy as np

from sandbox.kernels.compiled import COUNT, F64, I8, I64, OFFSETS, TRUTHS, VALUES, kernel
from sandbox.kernels.elementwise_nb import UNKNOWN
from sandbox.kernels.moving_nb import lag


def crossover(x: F64, y: F64, offsets: I64) -> I8:
    """Whether x > y now and x <= y a bar ago; unknown where any of the four is."""
    before, after = lag(x, offsets, 1), lag(y, offsets, 1)
    answer = ((x > y) & (before <= after)).view(np.int8)
    answer[np.isnan(x) | np.isnan(y) | np.isnan(before) | np.isnan(after)] = UNKNOWN
    return answer


def crossunder(x: F64, y: F64, offsets: I64) -> I8:
    """Whether x < y now and x >= y a bar ago; unknown where any of the four is."""
    return crossover(y, x, offsets)


@kernel(TRUTHS, OFFSETS, COUNT)
def count(mask: I8, offsets: I64, n: int) -> F64:
    """Bars of the last n at which the mask was true; NaN where one of them is unknown."""
    out = np.empty(len(mask))
    for a in range(len(offsets) - 1):
        known = true = 0
        for t in range(offsets[a], offsets[a + 1]):
            known = known + 1 if mask[t] != 2 else 0
            true += mask[t] == 1
            if t - n >= offsets[a]:
                true -= mask[t - n] == 1
            out[t] = true if known >= n else np.nan
    return out


@kernel(TRUTHS, OFFSETS, COUNT)
def since(mask: I8, offsets: I64, limit: int) -> F64:
    """Bars since the mask was last true, at most limit; unknown bars are not true.

    Returns:
        (N,); NaN for an asset's first `limit` bars, and where all of the last limit + 1 bars of
        the mask are unknown.
    """
    out = np.empty(len(mask))
    for a in range(len(offsets) - 1):
        true = known = offsets[a] - limit - 1
        for t in range(offsets[a], offsets[a + 1]):
            if mask[t] == 1:
                true = t
            if mask[t] != 2:
                known = t
            if t - offsets[a] < limit or t - known > limit:
                out[t] = np.nan
            else:
                out[t] = min(t - true, limit)
    return out


@kernel(TRUTHS, OFFSETS, COUNT)
def streak(mask: I8, offsets: I64, limit: int) -> F64:
    """Bars in a row up to now it was true, at most limit; NaN where one of limit is unknown."""
    out = np.empty(len(mask))
    for a in range(len(offsets) - 1):
        known = row = 0
        for t in range(offsets[a], offsets[a + 1]):
            known = known + 1 if mask[t] != 2 else 0
            row = row + 1 if mask[t] == 1 else 0
            out[t] = min(row, limit) if known >= limit else np.nan
    return out


@kernel(TRUTHS, TRUTHS, OFFSETS)
def hold(enter: I8, leave: I8, offsets: I64) -> I8:
    """True from enter until leave, which wins; an unknown that could decide changes nothing."""
    out = np.empty(len(enter), np.int8)
    for a in range(len(offsets) - 1):
        state = 0
        for t in range(offsets[a], offsets[a + 1]):
            if leave[t] == 1:
                state = 0
            elif leave[t] == 0 and enter[t] == 1:
                state = 1
            out[t] = state
    return out


@kernel(TRUTHS, OFFSETS, COUNT)
def cooldown(mask: I8, offsets: I64, n: int) -> I8:
    """True where the mask is, then false for n bars; unknown bars are false and count."""
    out = np.empty(len(mask), np.int8)
    for a in range(len(offsets) - 1):
        rest = 0
        for t in range(offsets[a], offsets[a + 1]):
            out[t] = 0
            if rest > 0:
                rest -= 1
            elif mask[t] == 1:
                out[t] = 1
                rest = n
    return out


@kernel(VALUES, TRUTHS, OFFSETS)
def ratchet(x: F64, reset: I8, offsets: I64) -> F64:
    """Largest finite x since reset was last true, that bar included; NaN before the first."""
    out = np.empty(len(x))
    for a in range(len(offsets) - 1):
        best = np.nan
        for t in range(offsets[a], offsets[a + 1]):
            if reset[t] == 1:
                best = np.nan
            if np.isfinite(x[t]) and not best >= x[t]:
                best = x[t]
            out[t] = best
    return out
