"""Paths of returns without an edge, of the kinds that strategies leave: every mean is 0."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

Law = Callable[[np.random.Generator, int, int], np.ndarray]


def fat(rng: np.random.Generator, bars: int, columns: int) -> np.ndarray:
    """Student's t with 5 degrees of freedom."""
    return rng.standard_t(5, (bars, columns)) / math.sqrt(5 / 3)


def clustered(rng: np.random.Generator, bars: int, columns: int) -> np.ndarray:
    """GJR-GARCH with t shocks, persistence .98: the reference's process C0 without drift."""
    shocks = fat(rng, bars, columns)
    returns, variance = np.empty_like(shocks), np.ones(columns)
    for bar in range(bars):
        returns[bar] = np.sqrt(variance) * shocks[bar]
        news = returns[bar] ** 2
        variance = 0.02 + (0.05 + 0.06 * (returns[bar] < 0)) * news + 0.90 * variance
    return returns


def correlated(rng: np.random.Generator, bars: int, columns: int) -> np.ndarray:
    """Finalists of one family: correlation .6."""
    own, common = fat(rng, bars, columns), fat(rng, bars, 1)
    return math.sqrt(0.6) * common + math.sqrt(0.4) * own


def persistent(rng: np.random.Generator, bars: int, columns: int) -> np.ndarray:
    """Autocorrelation .2, as stale prices leave."""
    shocks = fat(rng, bars, columns)
    for bar in range(1, bars):
        shocks[bar] += 0.2 * shocks[bar - 1]
    return shocks


def rare(rng: np.random.Generator, bars: int, columns: int) -> np.ndarray:
    """In the market for 3% of the bars."""
    return fat(rng, bars, columns) * (rng.random((bars, columns)) < 0.03)


def crashes(rng: np.random.Generator, bars: int, columns: int) -> np.ndarray:
    """Small gains, and once in 100 bars the loss that pays for them: skew -9."""
    fell = rng.random((bars, columns)) < 0.01
    return np.where(fell, -0.99, 0.01) + 0.1 * rng.standard_normal((bars, columns))


def windfalls(rng: np.random.Generator, bars: int, columns: int) -> np.ndarray:
    """The mirror image of crashes."""
    return -crashes(rng, bars, columns)


LAWS: dict[str, Law] = {
    law.__name__: law for law in (fat, clustered, correlated, persistent, rare, crashes, windfalls)
}
