"""How far values lie apart: deviations, their standard scores, and ranges of bars."""

from __future__ import annotations

from math import log, sqrt

import numpy as np

from sandbox.kernels.compiled import F64, I64
from sandbox.kernels.elementwise_nb import finite
from sandbox.kernels.window_nb import mean_distance, shape, sma, spread


def variance(x: F64, offsets: I64, n: int) -> F64:
    """Variance of n, ddof 1; exactly 0 where all are equal."""
    return spread(x, offsets, n)[2] / (n - 1)


def stdev(x: F64, offsets: I64, n: int) -> F64:
    """Standard deviation of n, ddof 1."""
    return np.sqrt(variance(x, offsets, n))


def zscore(x: F64, offsets: I64, n: int) -> F64:
    """(x - mean) / stdev; NaN where all are equal."""
    _, deviation, squares = spread(x, offsets, n)
    return deviation / np.sqrt(squares / (n - 1))


def mean_abs_dev(x: F64, offsets: I64, n: int) -> F64:
    """Mean of |x - sma[t]| over n."""
    return mean_distance(x, sma(x, offsets, n), offsets, n)


def skewness(x: F64, offsets: I64, n: int) -> F64:
    """Adjusted skewness of n; 0 where all are equal."""
    m2, m3, _ = shape(x, offsets, n)
    root = np.sqrt(m2)
    value = sqrt(n * (n - 1)) / (n - 2) * m3 / (root * root * root)
    return np.where(m2 == 0, 0.0, value)


def kurtosis(x: F64, offsets: I64, n: int) -> F64:
    """Adjusted excess kurtosis of n; -3 where all are equal."""
    m2, _, m4 = shape(x, offsets, n)
    value = ((n * n - 1) * m4 / (m2 * m2) - 3 * (n - 1) ** 2) / ((n - 2) * (n - 3))
    return np.where(m2 == 0, -3.0, value)


def downside_stdev(x: F64, offsets: I64, n: int) -> F64:
    """Root of the mean of min(x, 0)^2 over n; an infinite x is unknown on either side."""
    below = np.minimum(finite(x), 0.0)
    return np.sqrt(sma(below * below, offsets, n))


def parkinson(high: F64, low: F64, offsets: I64, n: int) -> F64:
    """Volatility per bar from the bars' ranges. Source: Parkinson 1980."""
    reach = np.log(high / low)
    return np.sqrt(sma(reach * reach, offsets, n) / (4 * log(2)))


def garman_klass(open_: F64, high: F64, low: F64, close: F64, offsets: I64, n: int) -> F64:
    """Volatility per bar from ranges and bodies. Source: Garman & Klass 1980."""
    reach, body = np.log(high / low), np.log(close / open_)
    daily = reach * reach / 2 - (2 * log(2) - 1) * (body * body)
    return np.sqrt(np.maximum(sma(daily, offsets, n), 0.0))


def bollinger_upper(x: F64, offsets: I64, n: int, k: float) -> F64:
    """Mean + k standard deviations, ddof 0."""
    mean, _, squares = spread(x, offsets, n)
    return mean + k * np.sqrt(squares / n)


def bollinger_lower(x: F64, offsets: I64, n: int, k: float) -> F64:
    """Mean - k standard deviations, ddof 0."""
    return bollinger_upper(x, offsets, n, -k)


def bollinger_position(x: F64, offsets: I64, n: int, k: float) -> F64:
    """(x - lower) / (upper - lower); NaN where they are equal."""
    _, deviation, squares = spread(x, offsets, n)
    reach = k * np.sqrt(squares / n)
    return (deviation + reach) / np.where(reach > 0, 2 * reach, np.nan)
