"""Luck against skill: would the same positions at other times have earned as much?

    timing(weights, returns, seed=, ...) -> Timing

The positions are moved along the bars as a whole, around the end to the start: exposure, turnover,
holding times and the assets' joint law stay; only their relation to the returns is lost.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from engine.statistics.samples import F64, SampleError, constant, count, matrix


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """A strategy's Sharpe beside that of its positions at other times, per bar and before costs.

    Attributes:
        sharpe: Of the positions where they were.
        luck: Mean Sharpe at other times: what the exposure alone earns.
        luck_high: The 95th percentile of those.
        skill: sharpe - luck.
        p: Share of placements, with the true one, that do as well or better.
        placements: How many other times were tried.
    """

    sharpe: float
    luck: float
    luck_high: float
    skill: float
    p: float
    placements: int


def timing(
    weights: ArrayLike,
    returns: ArrayLike,
    *,
    seed: int,
    apart: int = 1,
    draws: int = 1000,
) -> Timing:
    """Compare the positions with themselves at other times.

    Costs are left out: they are the same at every time, to the turnover at the seam.

    Args:
        weights: (bars, assets) held during each bar, as a share of the account; 0 for none.
        returns: (bars, assets) of each bar; 0 where an asset has no bar.
        seed: Of the choice among placements, where there are more than `draws`.
        apart: The nearest other time, in bars: as long as a position lasts, or neighbours of the
            true placement count as other times.
        draws: Placements at most.

    Raises:
        SampleError: Shapes differ, a value that is not finite, no position at all, or fewer than 20
            placements at this distance.
    """
    held, moves = matrix(weights, at_least=40, name="weights"), matrix(returns, at_least=40)
    if held.shape != moves.shape:
        raise SampleError(
            f"weights {held.shape}, returns {moves.shape}: needs the same (bars, assets)"
        )
    bars = held.shape[0]
    count(draws, "draws", at_least=20)
    offsets = np.arange(max(1, apart), bars - max(1, apart) + 1)
    if offsets.size < 20:
        raise SampleError(
            f"apart: got {apart} bars of {bars}; leaves {offsets.size} other times and needs 20: "
            "use a longer window"
        )
    if offsets.size > draws:
        offsets = np.sort(np.random.default_rng(seed).choice(offsets, draws, replace=False))
    paths = np.column_stack(
        [
            (np.roll(held, offset, axis=0) * moves).sum(axis=1)
            for offset in np.concatenate([[0], offsets])
        ]
    )
    if constant(paths[:, 0]):
        raise SampleError(
            "weights: got positions that earn the same in every bar; needs a strategy that trades"
        )
    sharpes = _sharpe(paths)
    others = sharpes[1:]
    luck = float(others.mean())
    return Timing(
        sharpe=float(sharpes[0]),
        luck=luck,
        luck_high=float(np.quantile(others, 0.95)),
        skill=float(sharpes[0]) - luck,
        p=float((1 + (others >= sharpes[0]).sum()) / (1 + others.size)),
        placements=others.size,
    )


def _sharpe(paths: F64) -> F64:
    """Mean / deviation of each column; 0 for a path that does not move."""
    still = constant(paths)
    deviation = np.where(still, 1.0, paths.std(axis=0, ddof=1))
    return np.where(still, 0.0, paths.mean(axis=0) / deviation)
