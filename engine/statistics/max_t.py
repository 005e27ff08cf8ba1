"""Max-T: adjusted p-values of several finalists on one window, by a studentised bootstrap.

    step_down(returns, *, seed, block=None, draws=2000) -> StepDown; .adjusted is (finalists,)

H0 of each: its Sharpe is 0 or less. The family-wise error rate holds whatever the finalists' joint
law. Written here, as StepM of arch 8.0.0 raises when all models are selected over several rounds.
Source: Romano & Wolf 2005 and 2016, with Politis & Romano's 1994 stationary bootstrap.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from engine.statistics import bootstrap
from engine.statistics.samples import F64, constant, matrix


@dataclass(frozen=True, slots=True, kw_only=True)
class StepDown:
    """Answers in the order of the columns.

    Attributes:
        adjusted: (finalists,) step-down p-values: reject those <= the level of the family.
        alone: (finalists,) p-values as if each were the only finalist.
        statistics: (finalists,) Sharpe per bar times sqrt(bars).
        block: Mean length of the blocks, in bars.
        draws: Bootstrap samples; no p-value is below 1 / (draws + 1).
    """

    adjusted: F64
    alone: F64
    statistics: F64
    block: float
    draws: int


def step_down(
    returns: ArrayLike, *, seed: int, block: float | None = None, draws: int = 2000
) -> StepDown:
    """Test all finalists at once: which have a Sharpe above 0?

    Each sample's statistic is centred on the finalist's mean and divided by the smaller of the
    sample's own deviation and the finalist's. Its own guards against a finalist whose rare loss is
    yet to come (with the finalist's, 34% false discoveries among ten such instead of 5%), the
    finalist's against one whose few trades were all lucky. A finalist that never traded (a constant
    path) has statistic 0 and p-values 1, and takes nothing from the others.

    Args:
        returns: (bars, finalists) returns per bar in excess of what H0 grants; at least 20 bars.
        seed: Same seed, same p-values.
        block: Mean block length in bars; by default `bootstrap.block_length(returns)`. Not below
            what a position lasts.
        draws: Bootstrap samples.

    Raises:
        SampleError: Too few bars, a transposed matrix, a value that is not finite, or a block or
            number of draws out of its range.
    """
    sample = matrix(returns, at_least=20)
    bars, finalists = sample.shape
    mean_block = bootstrap.block_length(sample) if block is None else block
    chunks = bootstrap.indices(bars, block=mean_block, draws=draws, seed=seed)
    traded = ~constant(sample)
    scaled = sample[:, traded] / np.abs(sample[:, traded]).max(axis=0)
    scaled /= scaled.std(axis=0)
    observed = scaled.mean(axis=0) * np.sqrt(bars)
    drawn = np.concatenate([_statistics(scaled, chunk) for chunk in chunks])

    alone, adjusted, statistics = np.ones(finalists), np.ones(finalists), np.zeros(finalists)
    statistics[traded] = observed
    alone[traded] = _share(drawn, observed)
    # From the best down: the maximum over those not yet decided; p-values never fall on the way.
    order = np.argsort(-observed, kind="stable")
    remaining = np.maximum.accumulate(drawn[:, order[::-1]], axis=1)[:, ::-1]
    stepped = np.maximum.accumulate(_share(remaining, observed[order]))
    adjusted[np.flatnonzero(traded)[order]] = stepped
    return StepDown(
        adjusted=adjusted, alone=alone, statistics=statistics, block=mean_block, draws=draws
    )


def _statistics(scaled: F64, indices: np.ndarray) -> F64:
    """Studentised, centred statistics of samples, (draws, columns); columns have deviation 1."""
    shares = bootstrap.weights(indices)
    mean = shares @ scaled
    variance = shares @ scaled**2 - mean**2
    # A sample that missed every trade has no deviation of its own; it takes the column's, 1.
    deviation = np.sqrt(np.where(variance > 1e-12, np.minimum(variance, 1.0), 1.0))
    return (mean - scaled.mean(axis=0)) / deviation * np.sqrt(scaled.shape[0])


def _share(drawn: F64, observed: F64) -> F64:
    """(1 + samples at or above) / (1 + samples), the p-value that is never 0."""
    return (1 + (drawn >= observed).sum(axis=0)) / (1 + drawn.shape[0])
