"""What a list of trades says: the edge per trade, and what other orders and draws would have shown.

    edge(trades, seed=) -> Edge
    monte_carlo(trades, seed=) -> MonteCarlo

A trade is its gain or loss as a share of the whole account, costs paid, in the order of exits.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from engine.statistics.bootstrap import Interval, drawdown
from engine.statistics.proportion import Share, clopper_pearson
from engine.statistics.samples import F64, SampleError, count, path, probability

# Numbers in one piece of (draws, trades): 16 MB.
_PIECE = 2_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Edge:
    """The edge per trade.

    Attributes:
        trades: How many.
        mean: Per trade, with its bootstrap percentiles.
        t: Mean over its standard error; NaN where all trades are equal.
        hits: Share of trades with a gain, with its exact interval.
        payoff: Mean gain / mean loss; +inf without a loss, NaN without a gain.
        profit_factor: Sum of gains / sum of losses; +inf without a loss, NaN without either.
        break_even: The share of hits at which this payoff earns nothing; NaN where payoff is NaN.
    """

    trades: int
    mean: Interval
    t: float
    hits: Share
    payoff: float
    profit_factor: float
    break_even: float


@dataclass(frozen=True, slots=True, kw_only=True)
class MonteCarlo:
    """What the same trades, drawn again with replacement, or only shuffled, would have shown.

    Attributes:
        draws: Sequences of either kind.
        level: Of each interval.
        total_return: Compound return of all trades, drawn again.
        max_drawdown: From exit to exit, 0 to 1, drawn again.
        shuffled_drawdown: The same where only the order changes.
        loss: Share of the drawn sequences that lose money.
    """

    draws: int
    level: float
    total_return: Interval
    max_drawdown: Interval
    shuffled_drawdown: Interval
    loss: float


def edge(trades: ArrayLike, *, seed: int, draws: int = 2000, level: float = 0.9) -> Edge:
    """The edge per trade, taken as independent.

    Args:
        trades: (n,) returns, n >= 2.
        seed: Of the bootstrap.
        draws: Bootstrap samples.
        level: Of the intervals.

    Raises:
        SampleError: Fewer than 2 trades, or one that is not finite.
    """
    sample = path(trades, name="trades")
    probability(level, "level")
    pieces = _redrawn(sample, draws, np.random.default_rng(seed), replace=True)
    means = np.concatenate([piece.mean(axis=1) for piece in pieces])
    gains, losses = sample[sample > 0], -sample[sample < 0]
    error = float(sample.std(ddof=1)) / math.sqrt(sample.size)
    payoff = math.nan
    if gains.size:
        payoff = float(gains.mean() / losses.mean()) if losses.size else math.inf
    profit_factor = math.nan if not gains.size and not losses.size else math.inf
    if losses.size:
        profit_factor = float(gains.sum() / losses.sum())
    return Edge(
        trades=sample.size,
        mean=_interval(float(sample.mean()), means, level),
        t=float(sample.mean()) / error if error > 0 else math.nan,
        hits=clopper_pearson(gains.size, sample.size, level),
        payoff=payoff,
        profit_factor=profit_factor,
        break_even=1 / (1 + payoff),
    )


def monte_carlo(
    trades: ArrayLike, *, seed: int, draws: int = 2000, level: float = 0.9
) -> MonteCarlo:
    """Total return and drawdown of trades drawn again, and drawdown of trades shuffled.

    Trades are taken as independent and one after the other; overlapping trades fall together more
    often than these intervals know.

    Args:
        trades: (n,) returns above -1, n >= 2.
        seed: Of the draws.
        draws: Sequences of either kind.
        level: Of the intervals.

    Raises:
        SampleError: Fewer than 2 trades, or one that is not finite or loses everything.
    """
    sample = path(trades, name="trades")
    probability(level, "level")
    if sample.min() <= -1:
        raise SampleError(
            f"trades: got {sample.min()}; needs returns on the whole account, above -1: multiply "
            "each trade's return by the weight it had"
        )
    rng = np.random.default_rng(seed)
    totals, falls = [], []
    for piece in _redrawn(sample, draws, rng, replace=True):
        totals.append(np.expm1(np.log1p(piece).sum(axis=1)))
        falls.append(drawdown(piece))
    shuffled = [drawdown(piece) for piece in _redrawn(sample, draws, rng, replace=False)]
    total, fall = np.concatenate(totals), float(drawdown(sample))
    return MonteCarlo(
        draws=draws,
        level=level,
        total_return=_interval(math.expm1(float(np.log1p(sample).sum())), total, level),
        max_drawdown=_interval(fall, np.concatenate(falls), level),
        shuffled_drawdown=_interval(fall, np.concatenate(shuffled), level),
        loss=float((total < 0).mean()),
    )


def _redrawn(sample: F64, draws: int, rng: np.random.Generator, *, replace: bool) -> list[F64]:
    """Pieces of (draws, trades)."""
    count(draws, "draws")
    step = max(1, _PIECE // sample.size)
    sizes = [min(step, draws - first) for first in range(0, draws, step)]
    if replace:
        return [sample[rng.integers(sample.size, size=(n, sample.size))] for n in sizes]
    return [rng.permuted(np.tile(sample, (n, 1)), axis=1) for n in sizes]


def _interval(value: float, drawn: F64, level: float) -> Interval:
    low, high = np.quantile(drawn, [(1 - level) / 2, (1 + level) / 2]).tolist()
    return Interval(value=value, low=low, high=high)
