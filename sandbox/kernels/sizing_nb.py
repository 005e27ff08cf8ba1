"""From a signal to a weight: by count, by volatility, by past success."""

from __future__ import annotations

import numpy as np

from sandbox.kernels.compiled import F64, I32, I64
from sandbox.kernels.cross_nb import cross_sum
from sandbox.kernels.dispersion_nb import stdev
from sandbox.kernels.elementwise_nb import finite
from sandbox.kernels.moving_nb import lag
from sandbox.kernels.window_nb import spread


def equal_weight(signal: F64, listed: I32) -> F64:
    """The signal over the number of listed assets at each packed bar, (N,) whole numbers >= 1."""
    return signal / listed


def normalize(weight: F64, order: I32, order_offsets: I64) -> F64:
    """The weight over the bar's sum of |weight|; 0 where that is 0, NaN where not finite."""
    gross = cross_sum(np.abs(weight), order, order_offsets)
    return finite(weight) / np.where(gross == 0, 1.0, gross)


def inverse_vol(
    signal: F64, returns: F64, offsets: I64, order: I32, order_offsets: I64, n: int
) -> F64:
    """The signal times the asset's share in the bar's sum of 1 / stdev(returns)."""
    calm = finite(1 / stdev(returns, offsets, n))
    return signal * calm / cross_sum(calm, order, order_offsets)


def vol_target(signal: F64, returns: F64, offsets: I64, n: int, target: float) -> F64:
    """The signal times target / stdev(returns); NaN where that is 0."""
    vol = stdev(returns, offsets, n)
    return signal * target / np.where(vol == 0, np.nan, vol)


def kelly(signal: F64, returns: F64, offsets: I64, n: int, fraction: float) -> F64:
    """The signal times a share of Kelly's of its own past returns, held in 0..1."""
    mean, _, squares = spread(lag(signal, offsets, 1) * returns, offsets, n)
    share = np.where(squares == 0, 0.0, fraction * mean / (squares / (n - 1)))
    return signal * np.minimum(1.0, np.maximum(0.0, share))
