"""The level that each test of a series may use: openings of one window, and streams of new windows.

    alpha(k, level=0.05) -> float            the k-th opening of the same window, k = 1, 2, ...
    lord_plus_plus(p, ...) -> Stream         levels and rejections over disjoint windows
    saffron(p, ...) -> Stream

Openings of one window depend on each other: use `alpha`, whose levels add up to `level`. LORD++ and
SAFFRON assume independent tests: use them across disjoint windows of new bars only.
Sources: Ramdas et al. 2017 (LORD++), Ramdas et al. 2018 (SAFFRON).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from engine.statistics.samples import F64, SampleError, p_values, probability


@dataclass(frozen=True, slots=True, kw_only=True)
class Stream:
    """What an online procedure decided.

    Attributes:
        levels: The level of each test, in order.
        rejected: Whether each was rejected: p <= its level.
    """

    levels: tuple[float, ...]
    rejected: tuple[bool, ...]


def alpha(k: int, level: float = 0.05) -> float:
    """The level of the k-th opening: level * 6 / (pi^2 k^2), which adds up to `level` over all k.

    Raises:
        SampleError: k < 1.
    """
    probability(level, "level")
    if k < 1:
        raise SampleError(f"k: got {k}; needs the number of this opening, counted from 1")
    return level * 6 / (math.pi * k) ** 2


def lord_plus_plus(
    p: Sequence[float] | F64, *, level: float = 0.05, wealth: float | None = None
) -> Stream:
    """LORD++: false discovery rate at most `level` over an endless stream of independent tests.

    Args:
        p: p-values in the order of the tests.
        level: The false discovery rate.
        wealth: Initial wealth, 0 < wealth < level; a tenth of `level` by default.
    """
    array = p_values(p)
    start = _wealth(wealth, level, level / 10)
    index = np.arange(1, array.size + 1, dtype=np.float64)
    gamma = 0.07720838 * np.log(np.maximum(index, 2)) / (index * np.exp(np.sqrt(np.log(index))))
    levels = start * gamma
    rejected = np.zeros(array.size, dtype=np.bool_)
    for t in range(array.size):
        rejected[t] = array[t] <= levels[t]
        if rejected[t]:
            pays = level - start if rejected[:t].sum() == 0 else level
            levels[t + 1 :] += pays * gamma[: array.size - t - 1]
    return _stream(levels, rejected)


def saffron(
    p: Sequence[float] | F64,
    *,
    level: float = 0.05,
    wealth: float | None = None,
    candidate: float = 0.5,
) -> Stream:
    """SAFFRON: as LORD++, but a test costs wealth only where p exceeds `candidate`.

    Args:
        p: p-values in the order of the tests.
        level: The false discovery rate.
        wealth: Initial wealth, 0 < wealth < level; half of `level` by default.
        candidate: Below this p-value a test is a candidate.
    """
    from scipy.special import zeta

    array = p_values(p)
    start = _wealth(wealth, level, level / 2)
    probability(candidate, "candidate")
    gamma = np.arange(1, array.size + 1, dtype=np.float64) ** -1.6 / float(zeta(1.6))
    candidates = array <= candidate
    levels = np.zeros(array.size)
    rejected = np.zeros(array.size, dtype=np.bool_)
    for t in range(array.size):
        earned = start * gamma[t - int(candidates[:t].sum())]
        for nth, tau in enumerate(np.flatnonzero(rejected[:t])):
            since = t - tau - 1 - int(candidates[tau + 1 : t].sum())
            earned += (level if nth else level - start) * gamma[since]
        levels[t] = min(candidate, (1 - candidate) * earned)
        rejected[t] = array[t] <= levels[t]
    return _stream(levels, rejected)


def _wealth(wealth: float | None, level: float, default: float) -> float:
    probability(level, "level")
    start = default if wealth is None else wealth
    if not 0 < start < level:
        raise SampleError(f"wealth: got {start}; needs more than 0 and less than level = {level}")
    return start


def _stream(levels: F64, rejected: np.ndarray) -> Stream:
    return Stream(levels=tuple(levels.tolist()), rejected=tuple(rejected.tolist()))
