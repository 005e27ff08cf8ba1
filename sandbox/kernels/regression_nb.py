"""Least-squares lines over bar numbers, and co-movement of two series. Sums as in `window_nb`."""

from __future__ import annotations

import numpy as np

from sandbox.kernels.compiled import COUNT, F64, I64, OFFSETS, VALUES, kernel
from sandbox.kernels.moving_nb import change, lag
from sandbox.kernels.window_nb import total


@kernel(VALUES, OFFSETS, COUNT)
def line(x: F64, offsets: I64, n: int) -> F64:
    """The straight line through the last n values.

    Returns:
        (4, N): mean with weights 1..n, mean, slope per bar (0 for n = 1), and sum of squared
        deviations from the mean; unknown as in `window_nb.total`.
    """
    out = np.empty((4, len(x)))
    one = np.empty(n + 1)
    two = np.empty(n + 1)
    ramp = np.empty(n + 1)
    weights = n * (n + 1) / 2
    moment = n * (n * n - 1.0) / 12 if n > 1 else 1.0  # of the places 1..n
    for a in range(len(offsets) - 1):
        one[0] = two[0] = ramp[0] = 0.0
        one[1:] = np.nan
        for block in range(offsets[a], offsets[a + 1], n):
            end = min(block + n, offsets[a + 1])
            c = x[block]
            h1 = h2 = hr = 0.0
            for t in range(block, end):
                m = n - 1 - (t - block)
                d = x[t] - c
                h1 += d
                h2 += d * d
                hr += d * (t - block + 1)
                s1 = h1 + one[m]
                rest = s1 / n
                squares = (h2 + two[m]) - s1 * rest
                if np.isfinite(squares):
                    s = (hr + m * h1) + ramp[m]  # values of the head weigh m more than their place
                    out[0, t] = c + s / weights
                    out[1, t] = c + rest
                    out[2, t] = (s - (n + 1) / 2 * s1) / moment
                    out[3, t] = max(squares, 0.0)
                else:
                    out[:, t] = np.nan
            if end - block == n and end < offsets[a + 1]:
                c = x[end]
                h1 = h2 = hr = 0.0
                for m in range(1, n):
                    d = x[end - m] - c
                    h1 += d
                    h2 += d * d
                    hr += h1  # one bar further back, every value weighs one more
                    one[m] = h1
                    two[m] = h2
                    ramp[m] = hr
    return out


@kernel(VALUES, VALUES, OFFSETS, COUNT)
def joint(x: F64, y: F64, offsets: I64, n: int) -> F64:
    """Deviations and their products of the last n pairs.

    Returns:
        (5, N): x - mean, y - mean, and sums of (x - mean)^2, (y - mean)^2 and their product;
        NaN where the window is not full or holds NaN or infinity in x or y.
    """
    out = np.empty((5, len(x)))
    tails = np.empty((n + 1, 5))
    for a in range(len(offsets) - 1):
        tails[0] = 0.0
        tails[1:] = np.nan
        for block in range(offsets[a], offsets[a + 1], n):
            end = min(block + n, offsets[a + 1])
            c, e = x[block], y[block]
            hx = hy = hxx = hyy = hxy = 0.0
            for t in range(block, end):
                m = n - 1 - (t - block)
                u, v = x[t] - c, y[t] - e
                hx += u
                hy += v
                hxx += u * u
                hyy += v * v
                hxy += u * v
                sx, sy = hx + tails[m, 0], hy + tails[m, 1]
                rx, ry = sx / n, sy / n
                xx = (hxx + tails[m, 2]) - sx * rx
                yy = (hyy + tails[m, 3]) - sy * ry
                xy = (hxy + tails[m, 4]) - sx * ry
                if np.isfinite(xx) and np.isfinite(yy) and np.isfinite(xy):
                    out[0, t] = u - rx
                    out[1, t] = v - ry
                    out[2, t] = max(xx, 0.0)
                    out[3, t] = max(yy, 0.0)
                    out[4, t] = xy
                else:
                    out[:, t] = np.nan
            if end - block == n and end < offsets[a + 1]:
                c, e = x[end], y[end]
                hx = hy = hxx = hyy = hxy = 0.0
                for m in range(1, n):
                    u, v = x[end - m] - c, y[end - m] - e
                    hx += u
                    hy += v
                    hxx += u * u
                    hyy += v * v
                    hxy += u * v
                    tails[m, 0] = hx
                    tails[m, 1] = hy
                    tails[m, 2] = hxx
                    tails[m, 3] = hyy
                    tails[m, 4] = hxy
    return out


def wma(x: F64, offsets: I64, n: int) -> F64:
    """Mean with weights 1..n, the newest heaviest."""
    return line(x, offsets, n)[0].copy()


def slope(x: F64, offsets: I64, n: int) -> F64:
    """Slope of the line, per bar."""
    return line(x, offsets, n)[2].copy()


def linear_fit(x: F64, offsets: I64, n: int) -> F64:
    """Value of the line at its newest bar."""
    _, mean, rise, _ = line(x, offsets, n)
    return mean + rise * ((n - 1) / 2)


def r_squared(x: F64, offsets: I64, n: int) -> F64:
    """Share of x's variance that the line explains; NaN where x is constant."""
    _, _, rise, squares = line(x, offsets, n)
    share = rise * rise * (n * (n * n - 1) / 12) / squares
    return np.minimum(share, 1.0)


def correlation(x: F64, y: F64, offsets: I64, n: int) -> F64:
    """Pearson's, held in -1..1; NaN where either is constant."""
    _, _, xx, yy, xy = joint(x, y, offsets, n)
    return np.maximum(-1.0, np.minimum(1.0, xy / np.sqrt(np.where(xx * yy > 0, xx * yy, np.nan))))


def covariance(x: F64, y: F64, offsets: I64, n: int) -> F64:
    """Covariance, ddof 1."""
    return joint(x, y, offsets, n)[4] / (n - 1)


def beta(x: F64, y: F64, offsets: I64, n: int) -> F64:
    """The covariance / variance(y); NaN where y is constant."""
    _, _, _, yy, xy = joint(x, y, offsets, n)
    return xy / np.where(yy > 0, yy, np.nan)


def residual(x: F64, y: F64, offsets: I64, n: int) -> F64:
    """Deviation of x from its mean less beta times that of y."""
    u, v, _, yy, xy = joint(x, y, offsets, n)
    return u - xy / np.where(yy > 0, yy, np.nan) * v


def autocorrelation(x: F64, offsets: I64, n: int, k: int) -> F64:
    """correlation(x, lag(x, k), n)."""
    return correlation(x, lag(x, offsets, k), offsets, n)


def hurst(x: F64, offsets: I64, n: int) -> F64:
    """Hurst exponent of the last n values, from how far x moves over k = 1, 2, 4, ... < n/2 bars.

    The slope over log k of the log of the root mean square of the n - k changes over k bars, held
    in 0..1. Near 0.5 for a random walk (0.47 on average for n = 64), 0 for noise around a level, 1
    for a straight line. Moves are taken about 0, not about their mean: in a short window the long
    moves have little spread about their own mean, and a random walk would come out at 0.41.
    O(log n) per bar.

    Args:
        x: (N,) packed values, such as prices.
        offsets: (A + 1,) where each asset's bars begin.
        n: Length of the window, 5 at least (two lags).

    Returns:
        (N,) in 0..1; NaN where all changes over some k are 0, else unknown as in `window_nb.total`.

    Source: Di Matteo, Aste & Dacorogna 2005, "Long-term memories of developed and emerging
    markets", the generalised Hurst exponent of order q = 2.
    """
    lags = [1 << i for i in range((n - 1).bit_length() - 1)]
    places = np.arange(len(lags)) - (len(lags) - 1) / 2  # log2 of the lags about their mean
    first = np.empty(0)
    rise = np.zeros(len(x))
    for place, k in zip(places, lags, strict=True):
        squares = total(change(x, offsets, k) ** 2, offsets, n - k) / (n - k)
        if k == 1:
            first = squares
        share = squares / first  # to the first, so that the size of x drops out to the bit
        rise += place * np.log2(np.where(share > 0, share, np.nan))
    return np.clip(rise / 2 / np.sum(places**2), 0.0, 1.0)
