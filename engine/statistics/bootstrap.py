"""The stationary bootstrap: blocks of bars drawn again, and the intervals that follow from them.

    indices(bars, block=, draws=, seed=) -> iterator of (chunk, bars) indices
    block_length(returns) -> bars, the longest over the columns
    intervals(returns, bars_per_year=, seed=, ...) -> Intervals

Block lengths are geometric with mean `block`; the sample is a circle. Sources: Politis & Romano
1994; block length: Politis & White 2004, corrected by Patton, Politis & White 2009 (`arch`).
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from engine.statistics.samples import (
    F64,
    SampleError,
    constant,
    count,
    matrix,
    not_constant,
    path,
    probability,
)

# Numbers in one chunk of indices: 32 MB. The stream of random numbers depends on it.
_CHUNK = 4_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """A statistic of the sample, between its bootstrap percentiles."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Intervals:
    """What a path of returns could have looked like.

    Attributes:
        level: Of each interval, such as 0.9.
        block: Mean length of the blocks, in bars.
        draws: How many paths were drawn.
        sharpe: Annual Sharpe ratio.
        annual_return: Compound return per year.
        max_drawdown: Largest fall from a peak, 0 to 1.
        hit_rate: Share of bars with a gain among those with a gain or a loss.
    """

    level: float
    block: float
    draws: int
    sharpe: Interval
    annual_return: Interval
    max_drawdown: Interval
    hit_rate: Interval


def indices(bars: int, *, block: float, draws: int, seed: int) -> Iterator[NDArray[np.intp]]:
    """Indices of `draws` bootstrap samples, as chunks of rows, (chunk, bars).

    The same arguments give the same indices.

    Args:
        bars: Bars in the sample, and in each draw.
        block: Mean length of a block in bars, 1 to `bars`; 1 draws bars independently.
        draws: Samples.
        seed: Of `numpy.random.default_rng`.

    Raises:
        SampleError: An argument out of its range.
    """
    if not 1 <= block <= bars:
        raise SampleError(f"block: got {block}; needs 1 to {bars} bars, the length of the sample")
    if draws < 1:
        raise SampleError(f"draws: got {draws}; needs at least 1, and 2000 for a p-value")
    return _chunks(bars, block, draws, np.random.default_rng(seed))


def weights(chunk: NDArray[np.intp]) -> F64:
    """How often each bar is in each sample, as a share: `weights(chunk) @ x` are means of x.

    Args:
        chunk: (draws, bars) indices.

    Returns:
        (draws, bars); rows add up to 1.
    """
    drawn, bars = chunk.shape
    flat = (chunk + bars * np.arange(drawn)[:, None]).ravel()
    return np.bincount(flat, minlength=drawn * bars).reshape(drawn, bars) / bars


def block_length(returns: ArrayLike) -> float:
    """The mean block length of the stationary bootstrap that fits the returns' autocorrelation.

    Args:
        returns: (bars,) or (bars, configurations), at least 20 bars.

    Returns:
        Bars, from 1 to a third of the sample: the longest over the columns; constant columns do
        not count.

    Raises:
        SampleError: Too few bars, a transposed matrix or a value that is not finite.
    """
    from arch.bootstrap import optimal_block_length

    sample = matrix(returns, at_least=20)
    lengths = [
        float(optimal_block_length(column / np.abs(column).max())["stationary"].iloc[0])
        for column in sample.T
        if not constant(column)
    ]
    return min(max([1.0, *lengths]), sample.shape[0] / 3)


def intervals(
    returns: ArrayLike,
    *,
    bars_per_year: float,
    seed: int,
    block: float | None = None,
    draws: int = 2000,
    level: float = 0.9,
) -> Intervals:
    """Percentile intervals of what is reported of a path of returns.

    A maximum drawdown grows with the length of a path and has a skewed law: its interval says what
    other orders of the same blocks would have shown, and is not centred on the value.

    Args:
        returns: (bars,) simple returns per bar, each above -1.
        bars_per_year: For the annual figures.
        seed: Same seed, same intervals.
        block: Mean block length in bars; by default `block_length(returns)`.
        draws: Bootstrap samples.
        level: Share of the samples inside each interval.

    Raises:
        SampleError: Fewer than 20 bars, a constant path, or a return of -1 or less.
    """
    sample = not_constant(path(returns, at_least=20))
    if sample.min() <= -1:
        raise SampleError(
            f"returns: got {sample.min()}; needs simple returns above -1: a path that loses "
            "everything has no compound return"
        )
    count(bars_per_year, "bars_per_year", at_least=1e-9)
    probability(level, "level")
    mean_block = block_length(sample) if block is None else block
    chunks = indices(sample.size, block=mean_block, draws=draws, seed=seed)
    figures = np.concatenate([_figures(sample[chunk], bars_per_year) for chunk in chunks])
    value = _figures(sample[None, :], bars_per_year)[0]
    low, high = np.nanquantile(figures, [(1 - level) / 2, (1 + level) / 2], axis=0)
    sharpe, annual_return, max_drawdown, hit_rate = (
        Interval(value=float(value[i]), low=float(low[i]), high=float(high[i])) for i in range(4)
    )
    return Intervals(
        level=level,
        block=mean_block,
        draws=draws,
        sharpe=sharpe,
        annual_return=annual_return,
        max_drawdown=max_drawdown,
        hit_rate=hit_rate,
    )


def drawdown(returns: F64) -> F64:
    """Largest fall of the compounded wealth from its peak, 0 to 1, along the last axis.

    The peak starts at the wealth before the first return.
    """
    wealth = np.cumprod(1 + returns, axis=-1)
    peak = np.maximum(np.maximum.accumulate(wealth, axis=-1), 1.0)
    return np.asarray((1 - wealth / peak).max(axis=-1))


def _chunks(
    bars: int, block: float, draws: int, rng: np.random.Generator
) -> Iterator[NDArray[np.intp]]:
    rows = max(1, _CHUNK // bars)
    clock = np.arange(bars)
    for first in range(0, draws, rows):
        shape = (min(rows, draws - first), bars)
        restart = rng.random(shape) < 1 / block
        restart[:, 0] = True
        start = rng.integers(bars, size=shape)
        since = np.maximum.accumulate(np.where(restart, clock, 0), axis=1)
        yield (np.take_along_axis(start, since, axis=1) + clock - since) % bars


def _figures(samples: F64, bars_per_year: float) -> F64:
    """Annual Sharpe, annual return, maximum drawdown and hit rate of paths, (n, bars) -> (n, 4)."""
    mean, deviation = samples.mean(axis=1), samples.std(axis=1, ddof=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        sharpe = np.where(deviation > 0, mean / deviation, np.nan) * math.sqrt(bars_per_year)
        gains, losses = (samples > 0).sum(axis=1), (samples < 0).sum(axis=1)
        hits = np.where(gains + losses > 0, gains / (gains + losses), np.nan)
    growth = np.log1p(samples).mean(axis=1)
    return np.column_stack([sharpe, np.expm1(growth * bars_per_year), drawdown(samples), hits])
