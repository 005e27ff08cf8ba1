"""How many trials a search was: raw, distinct, and as many as null runs show it to be worth.

    same_returns(returns, threshold=0.999) -> distinct columns;  len(set(keys)) for behaviour keys
    null_count(best, standard_error) -> N with E[max_N] * standard_error = mean(best)
    Trials(raw=, distinct=, null=) -> the record of a report

Counts from the spectrum or clusters of a correlation matrix are not offered: they undercount (25
for 571) and turn a 5% test into one of 24% (reference/statistics.md, section 0).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from engine.statistics.samples import (
    SampleError,
    constant,
    matrix,
    path,
    probability,
)
from engine.statistics.sharpe import expected_maximum_exact


@dataclass(frozen=True, slots=True, kw_only=True)
class Trials:
    """The three counts of one search.

    Attributes:
        raw: Every look.
        distinct: Looks that differ in behaviour.
        null: The independent trials whose best is as good as this search's best on null runs; None
            where no null run was made.
    """

    raw: int
    distinct: int
    null: float | None = None

    def __post_init__(self) -> None:
        """Raise SampleError unless 0 <= distinct <= raw and null >= 1."""
        if not 0 <= self.distinct <= self.raw:
            raise SampleError(f"trials: {self.distinct} distinct of {self.raw}; needs 0 to raw")
        if self.null is not None and not self.null >= 1:
            raise SampleError(f"trials: null = {self.null}; needs at least 1, or None")


def same_returns(returns: ArrayLike, threshold: float = 0.999, *, wide: bool = False) -> int:
    """How many paths of returns differ, counting from the left.

    A path is the same as an earlier distinct one if their correlation is above `threshold` in
    size: a strategy and its mirror image are one trial. All constant paths together are one.

    Args:
        returns: (bars, configurations).
        threshold: 0 to 1, exclusive.
        wide: Accept more configurations than bars.

    Raises:
        SampleError: A transposed matrix, or a value that is not finite.
    """
    sample = matrix(returns, wide=wide)
    probability(threshold, "threshold")
    still = constant(sample)
    moving = sample[:, ~still]
    unit = moving - moving.mean(axis=0)
    unit /= np.sqrt((unit**2).sum(axis=0))
    kept: list[int] = []
    for column in range(unit.shape[1]):
        near = np.abs(unit[:, kept].T @ unit[:, column]) if kept else np.empty(0)
        if not (near > threshold).any():
            kept.append(column)
    return len(kept) + int(still.any())


def null_count(best: ArrayLike, standard_error: float) -> float:
    """The independent trials N for which E[max_N] * standard_error is the mean best of null runs.

    Args:
        best: (runs,) best Sharpe of each null run of the same search, in any unit.
        standard_error: Of one useless candidate's Sharpe in that unit: 1 / sqrt(years) if annual.

    Returns:
        N, not rounded; 1 where the mean best is 0 or less.

    Raises:
        SampleError: No run, a standard error of 0 or less, or a best beyond 10 standard errors,
            which no number of trials explains.
    """
    runs = path(best, at_least=1, name="best of null runs")
    if not standard_error > 0:
        raise SampleError(f"standard_error: got {standard_error}; needs a number above 0")
    target = float(runs.mean()) / standard_error
    if target <= 0:
        return 1.0
    if target > 10:
        raise SampleError(
            f"best of null runs: got a mean of {target:.1f} standard errors; needs at most 10: are "
            "Sharpe and standard error in the same unit (annual, or per bar)?"
        )
    low, high = 0.0, 60.0  # log N; E[max] of e^60 is 10.2
    for _ in range(60):
        middle = (low + high) / 2
        if expected_maximum_exact(math.exp(middle)) < target:
            low = middle
        else:
            high = middle
    return math.exp((low + high) / 2)
