"""Belief: the posterior of many arms' worth from comparisons within blocks. Pure NumPy, no I/O.

The model: a use of arm k in block b is worth level_b + worth_k + noise. A block's level is anything
at all (flat prior); worths are normal around what was expected of each, with a spread that the data
choose: where arms are alike, all are drawn together. No BLAS: draws follow from these figures, and
its sums depend on the machine.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

F64 = NDArray[np.float64]
Arm = int | str
"""A prompt's id, or a model's name."""

SPREADS = np.array([0.003, 0.01, 0.02, 0.04, 0.08, 0.15, 0.3, 0.6])
"""How far arms may differ in worth (standard deviations, in gain), each as likely beforehand."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Belief:
    """What is believed of an arm's credit: a normal distribution.

    Attributes:
        mean: Credit above that of an average use.
        deviation: Its standard deviation.
    """

    mean: float
    deviation: float


class Comparisons:
    """Sums over blocks of how arms compared: the normal equations of a two-way layout.

    Attributes:
        arms: The arms that are compared, in the order they came.
    """

    def __init__(self) -> None:
        self.arms: list[Arm] = []
        self._index: dict[Arm, int] = {}
        self._counts = np.zeros(0)
        self._matrix = np.zeros((0, 0))
        self._sums = np.zeros(0)

    def copy(self) -> Comparisons:
        """The same sums, to go on from without changing these."""
        twin = Comparisons()
        twin.arms, twin._index = list(self.arms), dict(self._index)
        twin._counts, twin._matrix = self._counts.copy(), self._matrix.copy()
        twin._sums = self._sums.copy()
        return twin

    def add(self, counts: Mapping[Arm, int], sums: Mapping[Arm, float]) -> None:
        """Take in a block: how many uses each arm had in it, and the sum of their credits."""
        for arm in counts:
            if arm not in self._index:
                self._index[arm] = len(self.arms)
                self.arms.append(arm)
        self._grow(len(self.arms))
        places = np.array([self._index[arm] for arm in counts])
        n = np.array([float(counts[arm]) for arm in counts])
        total = np.array([sums[arm] for arm in counts])
        uses = float(n.sum())
        self._counts[places] += n
        self._sums[places] += total - n * (float(total.sum()) / uses)
        self._matrix[places, places] += n
        self._matrix[places[:, None], places[None, :]] -= n[:, None] * n[None, :] / uses

    def _grow(self, size: int) -> None:
        more = size - len(self._counts)
        if more > 0:
            self._counts = np.pad(self._counts, (0, more))
            self._sums = np.pad(self._sums, (0, more))
            self._matrix = np.pad(self._matrix, ((0, more), (0, more)))

    def settle(self, arm: Arm) -> None:
        """Compare one arm no longer; what it told of the others by comparison stays."""
        place = self._index[arm]
        pivot = self._matrix[place, place]
        if pivot > 0:
            row = self._matrix[place].copy()
            self._sums -= row * (self._sums[place] / pivot)
            self._matrix -= row[:, None] * (row[None, :] / pivot)
        kept = np.arange(len(self.arms)) != place
        self._matrix, self._sums = self._matrix[kept][:, kept], self._sums[kept]
        self._counts = self._counts[kept]
        self.arms.remove(arm)
        self._index = {name: index for index, name in enumerate(self.arms)}

    def beliefs(
        self, variance: float, expected: Mapping[Arm, float]
    ) -> tuple[dict[Arm, Belief], Belief]:
        """What is believed of each arm, and of one of which nothing is known.

        Args:
            variance: Of one use's credit around its arm and block; positive.
            expected: Prior mean of an arm's worth; 0 for those not named.

        Returns:
            (arm -> belief, belief of an arm that was never used): in credit above the average use.

        Source: hierarchical normal model, Gelman et al. 2013, section 5.4, the spread integrated on
        a grid; block levels removed as in any two-way layout.
        """
        size = len(self.arms)
        prior = np.array([*(expected.get(arm, 0.0) for arm in self.arms), 0.0])
        precision = np.zeros((size + 1, size + 1))
        precision[:size, :size] = self._matrix / variance
        told = np.zeros(size + 1)
        told[:size] = (self._sums - (self._matrix * prior[:size]).sum(axis=1)) / variance
        matrix = precision[None] + np.eye(size + 1)[None] / SPREADS[:, None, None] ** 2
        covariance, log_determinant = _inverse(matrix)
        shift = (covariance * told).sum(axis=2)  # (spreads, arms)
        fit = 0.5 * (shift * told).sum(axis=1)
        fit -= 0.5 * (log_determinant + 2 * (size + 1) * np.log(SPREADS))
        weight = np.exp(fit - fit.max())
        weight /= weight.sum()
        # Only differences are known: the level is that of the average use.
        share = np.append(self._counts, 0.0) / max(float(self._counts.sum()), 1.0)
        worth = prior + shift
        worth = worth - (worth * share).sum(axis=1)[:, None]
        across = (covariance * share).sum(axis=2)
        spread = np.diagonal(covariance, axis1=1, axis2=2) - 2 * across
        spread = spread + (across * share).sum(axis=1)[:, None]
        mean = (weight[:, None] * worth).sum(axis=0)
        square = (weight[:, None] * (np.maximum(spread, 0.0) + worth**2)).sum(axis=0)
        deviation = np.sqrt(np.maximum(square - mean**2, 0.0))
        every = [
            Belief(mean=float(m), deviation=float(d)) for m, d in zip(mean, deviation, strict=True)
        ]
        return dict(zip(self.arms, every[:size], strict=True)), every[size]


def _inverse(matrices: F64) -> tuple[F64, F64]:
    """Inverses and log determinants of (t, n, n) positive definite matrices (Gauss-Jordan)."""
    work = matrices.copy()
    log_determinant = np.zeros(len(work))
    for i in range(work.shape[1]):
        pivot = work[:, i, i].copy()
        log_determinant += np.log(pivot)
        row = work[:, i, :] / pivot[:, None]
        column = work[:, :, i].copy()
        work -= column[:, :, None] * row[:, None, :]
        work[:, i, :] = row
        work[:, :, i] = -column / pivot[:, None]
        work[:, i, i] = 1 / pivot
    return work, log_determinant
