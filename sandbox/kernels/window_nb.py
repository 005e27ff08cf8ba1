"""Sums over a window and what follows from them: means, variances, higher moments.

No sum ever takes a value away again. An asset's bars are cut into blocks of n; a window that ends
in a block is the tail of the block before it and the head of its own, and both are plain running
sums. So nothing drifts, an unknown value leaves with the window that held it, and a result depends
on its window alone, up to the order of additions.

Moments are taken of x - c, c the first value of the window's block. c always lies in the window,
so taking the mean's share off the sum of squares loses at most a factor n of precision (Samuelson's
inequality), and windows of equal values give 0 exactly.

A sum that is not finite is unknown: that covers NaN and infinity anywhere in the window.
"""

from __future__ import annotations

import numpy as np

from sandbox.kernels.compiled import COUNT, F64, I64, OFFSETS, VALUES, kernel


@kernel(VALUES, OFFSETS, COUNT)
def total(x: F64, offsets: I64, n: int) -> F64:
    """Sum of the last n values.

    Args:
        x: (N,) packed values.
        offsets: (A + 1,) where each asset's bars begin.
        n: Length of the window.

    Returns:
        (N,); NaN where the window is not full or holds NaN or infinity.
    """
    out = np.empty(len(x))
    tail = np.empty(n + 1)
    for a in range(len(offsets) - 1):
        tail[0] = 0.0
        tail[1:] = np.nan
        for block in range(offsets[a], offsets[a + 1], n):
            end = min(block + n, offsets[a + 1])
            head = 0.0
            for t in range(block, end):
                head += x[t]
                s = head + tail[n - 1 - (t - block)]
                out[t] = s if np.isfinite(s) else np.nan
            if end - block == n:
                s = 0.0
                for m in range(1, n):
                    s += x[end - m]
                    tail[m] = s
    return out


@kernel(VALUES, OFFSETS, COUNT)
def sma(x: F64, offsets: I64, n: int) -> F64:
    """Mean of the last n values; exactly x where they are all equal. Unknown as in `total`."""
    out = np.empty(len(x))
    tail = np.empty(n + 1)
    for a in range(len(offsets) - 1):
        tail[0] = 0.0
        tail[1:] = np.nan
        same = 0
        for block in range(offsets[a], offsets[a + 1], n):
            end = min(block + n, offsets[a + 1])
            head = 0.0
            for t in range(block, end):
                same = same + 1 if same > 0 and x[t] == x[t - 1] else 1
                head += x[t]
                s = head + tail[n - 1 - (t - block)]
                if not np.isfinite(s):
                    out[t] = np.nan
                elif same >= n:
                    out[t] = x[t]
                else:
                    out[t] = s / n
            if end - block == n:
                s = 0.0
                for m in range(1, n):
                    s += x[end - m]
                    tail[m] = s
    return out


@kernel(VALUES, OFFSETS, COUNT)
def spread(x: F64, offsets: I64, n: int) -> F64:
    """Mean, deviation of the newest value from it, and sum of squared deviations, over n.

    Returns:
        (3, N): mean, x - mean, sum of (x[i] - mean)^2; unknown as in `total`.
    """
    out = np.empty((3, len(x)))
    one = np.empty(n + 1)
    two = np.empty(n + 1)
    for a in range(len(offsets) - 1):
        one[0] = two[0] = 0.0
        one[1:] = np.nan
        for block in range(offsets[a], offsets[a + 1], n):
            end = min(block + n, offsets[a + 1])
            c = x[block]
            h1 = h2 = 0.0
            for t in range(block, end):
                m = n - 1 - (t - block)
                d = x[t] - c
                h1 += d
                h2 += d * d
                rest = (h1 + one[m]) / n
                squares = (h2 + two[m]) - (h1 + one[m]) * rest
                if np.isfinite(squares):
                    out[0, t] = c + rest
                    out[1, t] = d - rest
                    out[2, t] = max(squares, 0.0)
                else:
                    out[:, t] = np.nan
            if end - block == n and end < offsets[a + 1]:
                c = x[end]
                h1 = h2 = 0.0
                for m in range(1, n):
                    d = x[end - m] - c
                    h1 += d
                    h2 += d * d
                    one[m] = h1
                    two[m] = h2
    return out


@kernel(VALUES, OFFSETS, COUNT)
def shape(x: F64, offsets: I64, n: int) -> F64:
    """The central moments of n values.

    Returns:
        (3, N): means of (x[i] - mean)^2, ^3 and ^4; unknown as in `total`.
    """
    out = np.empty((3, len(x)))
    tails = np.empty((n + 1, 4))
    for a in range(len(offsets) - 1):
        tails[0] = 0.0
        tails[1:] = np.nan
        for block in range(offsets[a], offsets[a + 1], n):
            end = min(block + n, offsets[a + 1])
            c = x[block]
            h1 = h2 = h3 = h4 = 0.0
            for t in range(block, end):
                m = n - 1 - (t - block)
                d = x[t] - c
                h1 += d
                h2 += d * d
                h3 += d * d * d
                h4 += (d * d) * (d * d)
                r = (h1 + tails[m, 0]) / n
                m2 = (h2 + tails[m, 1]) / n
                m3 = (h3 + tails[m, 2]) / n
                m4 = (h4 + tails[m, 3]) / n
                if np.isfinite(m4):
                    out[0, t] = max(m2 - r * r, 0.0)
                    out[1, t] = m3 - 3 * r * m2 + 2 * r * r * r
                    out[2, t] = m4 - 4 * r * m3 + 6 * r * r * m2 - 3 * (r * r) * (r * r)
                else:
                    out[:, t] = np.nan
            if end - block == n and end < offsets[a + 1]:
                c = x[end]
                h1 = h2 = h3 = h4 = 0.0
                for m in range(1, n):
                    d = x[end - m] - c
                    h1 += d
                    h2 += d * d
                    h3 += d * d * d
                    h4 += (d * d) * (d * d)
                    tails[m, 0] = h1
                    tails[m, 1] = h2
                    tails[m, 2] = h3
                    tails[m, 3] = h4
    return out


@kernel(VALUES, VALUES, OFFSETS, COUNT)
def weighted_mean(x: F64, weight: F64, offsets: I64, n: int) -> F64:
    """Sum of x weight over sum of weight; exactly x where all x are equal.

    Returns:
        (N,); NaN where the weights sum to 0, else unknown as in `total`.
    """
    out = np.empty(len(x))
    one = np.empty(n + 1)
    two = np.empty(n + 1)
    for a in range(len(offsets) - 1):
        one[0] = two[0] = 0.0
        one[1:] = np.nan
        for block in range(offsets[a], offsets[a + 1], n):
            end = min(block + n, offsets[a + 1])
            c = x[block]
            h1 = h2 = 0.0
            for t in range(block, end):
                m = n - 1 - (t - block)
                h1 += (x[t] - c) * weight[t]
                h2 += weight[t]
                s1 = h1 + one[m]
                s2 = h2 + two[m]
                known = np.isfinite(s1) and np.isfinite(s2) and s2 != 0.0
                out[t] = c + s1 / s2 if known else np.nan
            if end - block == n and end < offsets[a + 1]:
                c = x[end]
                h1 = h2 = 0.0
                for m in range(1, n):
                    h1 += (x[end - m] - c) * weight[end - m]
                    h2 += weight[end - m]
                    one[m] = h1
                    two[m] = h2
    return out


@kernel(VALUES, VALUES, OFFSETS, COUNT)
def mean_distance(x: F64, middle: F64, offsets: I64, n: int) -> F64:
    """Mean of |x[i] - middle[t]| over the last n values, in O(N n).

    Args:
        x: (N,) values.
        middle: (N,) what they are compared with; NaN wherever the window is not full and known.
        offsets: (A + 1,) where each asset's bars begin.
        n: Length of the window.
    """
    out = np.full(len(x), np.nan)
    for a in range(len(offsets) - 1):
        for t in range(offsets[a] + n - 1, offsets[a + 1]):
            c = middle[t]
            if c != c:
                continue
            window = x[t - n + 1 : t + 1]
            s0 = s1 = s2 = s3 = 0.0  # four chains of additions instead of one: 3x faster
            whole = n - n % 4
            for i in range(0, whole, 4):
                s0 += abs(window[i] - c)
                s1 += abs(window[i + 1] - c)
                s2 += abs(window[i + 2] - c)
                s3 += abs(window[i + 3] - c)
            for i in range(whole, n):
                s0 += abs(window[i] - c)
            out[t] = ((s0 + s1) + (s2 + s3)) / n
    return out
