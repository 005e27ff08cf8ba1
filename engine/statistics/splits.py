"""Combinatorial purged cross-validation: its splits, its paths, and the quartiles over the paths.

    splits(bars, groups=6, tests=2, purge=, embargo=) -> tuple of Split
    paths(groups, tests) -> (paths, groups) which split tests each group of each path
    path_quartiles(tested, groups=6, tests=2) -> Quartiles of the paths' Sharpe per bar

Source: Lopez de Prado 2018, chapters 7 and 12.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from engine.statistics.samples import F64, SampleError
from engine.statistics.sharpe import moments

Indices = NDArray[np.intp]


@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """Bars to fit on and bars to test on, ascending, none in both."""

    train: Indices
    test: Indices


@dataclass(frozen=True, slots=True, kw_only=True)
class Quartiles:
    """Sharpe per bar of the paths through all groups.

    Attributes:
        sharpes: (paths,).
        low, median, high: Their quartiles.
        below_zero: Share of the paths with a Sharpe below 0.
    """

    sharpes: F64
    low: float
    median: float
    high: float
    below_zero: float


def splits(
    bars: int, *, groups: int = 6, tests: int = 2, purge: int = 0, embargo: int = 0
) -> tuple[Split, ...]:
    """All C(groups, tests) splits, in the order of `itertools.combinations`.

    Args:
        bars: In the sample.
        groups: Contiguous pieces of time; the first bars % groups are one bar longer.
        tests: Pieces tested in a split.
        purge: Bars dropped from training on both sides of a tested piece: not fewer than a label
            or a position lasts.
        embargo: Bars dropped after a tested piece, on top of `purge`.

    Raises:
        SampleError: A number out of its range, or a split without a bar to train on.
    """
    _check(groups, tests)
    if bars < groups:
        raise SampleError(f"bars: got {bars}; needs at least one per group, {groups}")
    if purge < 0 or embargo < 0:
        raise SampleError(f"purge {purge}, embargo {embargo}: needs numbers of bars >= 0")
    edges = _edges(bars, groups)
    found: list[Split] = []
    for chosen in itertools.combinations(range(groups), tests):
        train, test = np.ones(bars, dtype=np.bool_), np.zeros(bars, dtype=np.bool_)
        for group in chosen:
            test[edges[group] : edges[group + 1]] = True
            first, last = edges[group] - purge, edges[group + 1] + purge + embargo
            train[max(0, first) : last] = False
        if not train.any():
            raise SampleError(
                f"purge {purge}, embargo {embargo}: leave no bar to train on beside the groups "
                f"{chosen}: lower them, or use a longer window"
            )
        found.append(Split(train=np.flatnonzero(train), test=np.flatnonzero(test)))
    return tuple(found)


def paths(groups: int = 6, tests: int = 2) -> Indices:
    """Which split tests each group of each path, (paths, groups).

    There are tests / groups * C(groups, tests) paths; each uses every group once, and each pair of
    split and group lies on one path.
    """
    _check(groups, tests)
    chosen = [*itertools.combinations(range(groups), tests)]
    return np.array(
        [[k for k, split in enumerate(chosen) if group in split] for group in range(groups)]
    ).T


def path_quartiles(tested: ArrayLike, *, groups: int = 6, tests: int = 2) -> Quartiles:
    """Quartiles of the Sharpe over the paths.

    Args:
        tested: (splits, bars) returns per bar of what each split fitted; only the bars that it
            tests are read, the others may be NaN.
        groups: As in `splits`.
        tests: As in `splits`.

    Raises:
        SampleError: Another number of splits, or a tested bar that is not finite.
    """
    array = np.asarray(tested, dtype=np.float64)
    _check(groups, tests)
    needed = math.comb(groups, tests)
    if array.ndim != 2 or array.shape[0] != needed:
        raise SampleError(
            f"tested: got shape {array.shape}; needs ({needed}, bars), a row per split of {groups} "
            f"groups by {tests}"
        )
    edges = _edges(array.shape[1], groups)
    sharpes = np.array(
        [
            moments(
                np.concatenate(
                    [array[split, edges[g] : edges[g + 1]] for g, split in enumerate(path)]
                )
            ).sharpe
            for path in paths(groups, tests)
        ]
    )
    low, median, high = np.quantile(sharpes, [0.25, 0.5, 0.75]).tolist()
    return Quartiles(
        sharpes=sharpes,
        low=low,
        median=median,
        high=high,
        below_zero=float((sharpes < 0).mean()),
    )


def _check(groups: int, tests: int) -> None:
    if not 1 <= tests < groups <= 20:
        raise SampleError(
            f"groups {groups}, tests {tests}: needs 1 <= tests < groups <= 20; 6 and 2 are usual"
        )


def _edges(bars: int, groups: int) -> list[int]:
    lengths = [bars // groups + (group < bars % groups) for group in range(groups)]
    return [0, *itertools.accumulate(lengths)]
