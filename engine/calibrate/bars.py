"""Made bars: the arrays of a made market, with what its oracle holds at each close. Pure NumPy."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from engine.calibrate.single_nb import BURN

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]

DAY_NS = 86_400_000_000_000
START = np.datetime64("2000-01-03", "D")  # a Monday
LOUDEST = math.sqrt(5 / 3)  # the standard deviation of Student's t with 5 degrees of freedom


@dataclass(frozen=True, slots=True, kw_only=True)
class Bars:
    """A made market's bars; every asset has every bar.

    Attributes:
        symbols: A names, sorted.
        stamps: (T,) UTC nanoseconds.
        prices: open, high, low, close, volume -> (A, T).
        columns: Further columns, dimensionless, known at the close of their bar -> (A, T).
        weights: (A, T) what the oracle holds after each close, of gross 1 at most; it knows the
            latent state, where there is one.
        edge: (T,) the squared ratio of drift to volatility after each close at strength 1, summed
            over independent bets.
    """

    symbols: tuple[str, ...]
    stamps: I64
    prices: Mapping[str, F64]
    weights: F64
    edge: F64
    columns: Mapping[str, F64] = field(default_factory=dict[str, F64])


def business_days(n: int) -> I64:
    """(n,) midnights of Mondays to Fridays, without holidays, UTC nanoseconds."""
    place = np.arange(n, dtype=np.int64)
    return START.astype("M8[ns]").astype(np.int64) + (place // 5 * 7 + place % 5) * DAY_NS


def four_hours(n: int) -> I64:
    """(n,) stamps every four hours of every day, UTC nanoseconds."""
    return START.astype("M8[ns]").astype(np.int64) + np.arange(n, dtype=np.int64) * (DAY_NS // 6)


def innovations(rng: np.random.Generator, *shape: int) -> F64:
    """Standardised Student's t with 5 degrees of freedom."""
    return rng.standard_t(5, shape) / LOUDEST


def around(returns: F64, risk: F64, rng: np.random.Generator) -> dict[str, F64]:
    """Prices and volume of several assets from their returns, without the first BURN bars.

    Args:
        returns: (A, BURN + T) simple returns.
        risk: (A, BURN + T) volatility of each bar.
        rng: Draws wicks and volume.

    Returns:
        open (the previous close), high, low, close, volume -> (A, T).
    """
    close = 100 * np.cumprod(1 + returns, axis=1, dtype=np.float64)
    start = close / (1 + returns)
    wicks = rng.standard_exponential((2, *returns.shape))
    noise = rng.standard_normal(returns.shape)
    usual = risk.mean(axis=1, keepdims=True)
    surprise = 0.25 * (np.abs(returns) / risk - 0.74)
    drive = 0.3 * np.log(risk / usual) + surprise + 0.35 * noise
    log_volume = np.zeros_like(drive)
    for t in range(1, drive.shape[1]):
        log_volume[:, t] = 0.6 * log_volume[:, t - 1] + drive[:, t]
    made: dict[str, F64] = {
        "open": start,
        "high": np.maximum(start, close) * np.exp(0.4 * risk * wicks[0]),
        "low": np.minimum(start, close) * np.exp(-0.4 * risk * wicks[1]),
        "close": close,
        "volume": 1e6 * np.exp(log_volume),
    }
    return {name: np.ascontiguousarray(values[:, BURN:]) for name, values in made.items()}
