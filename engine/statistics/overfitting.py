"""PBO: how often the best configuration in one half of time is below median in the other half.

    pbo(returns, blocks=16) -> Overfitting

A report line with a null band (0.23 to 0.74 for 100 useless strategies), never a test. Source:
Bailey, Borwein, Lopez de Prado & Zhu 2017 (CSCV).
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from engine.statistics.samples import F64, SampleError, matrix

# Numbers in one piece of (splits, configurations): 16 MB.
_PIECE = 2_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Overfitting:
    """What combinatorially symmetric cross-validation says.

    Attributes:
        probability: PBO: share of the splits whose best configuration in sample is at or below the
            median out of sample.
        loss: Share of the splits whose best in sample has a Sharpe below 0 out of sample.
        logits: (splits,) ln(w / (1 - w)), w the relative rank out of sample of the best in sample.
        blocks: Pieces of time.
        bars: Bars used: the oldest bars % blocks are left out.
    """

    probability: float
    loss: float
    logits: F64
    blocks: int
    bars: int


def pbo(returns: ArrayLike, *, blocks: int = 16, wide: bool = False) -> Overfitting:
    """PBO of configurations by their Sharpe ratio, over all halves of `blocks` pieces of time.

    A configuration that does not move in a half has Sharpe 0 there. Ties: the first is the best;
    ranks are averaged.

    Args:
        returns: (bars, configurations), at least 2 of either per block and 2 configurations.
        blocks: Even, 2 to 20; 16 makes 12,870 splits.
        wide: Accept more configurations than bars.

    Raises:
        SampleError: An odd number of blocks, too few bars or configurations, a transposed matrix,
            or a value that is not finite.
    """
    if blocks % 2 or not 2 <= blocks <= 20:
        raise SampleError(f"blocks: got {blocks}; needs an even number from 2 to 20")
    sample = matrix(returns, at_least=2 * blocks, wide=wide)
    configurations = sample.shape[1]
    if configurations < 2:
        raise SampleError("returns: got 1 configuration; needs 2 or more to choose the best of")
    length = sample.shape[0] // blocks
    pieces = sample[sample.shape[0] - length * blocks :].reshape(blocks, length, configurations)
    # Centred first: sums of squares of raw returns would lose digits where means are large.
    centre = pieces.mean(axis=(0, 1))
    sums = (pieces - centre).sum(axis=1)
    squares = ((pieces - centre) ** 2).sum(axis=1)

    halves = np.array([*itertools.combinations(range(blocks), blocks // 2)])
    inside = np.zeros((len(halves), blocks))
    np.put_along_axis(inside, halves, 1.0, axis=1)
    logits, losses = [], 0
    step = max(1, _PIECE // configurations)
    for first in range(0, len(inside), step):
        piece = inside[first : first + step]
        bars = length * blocks // 2
        trained = _sharpe(piece @ sums, piece @ squares, centre, bars)
        tested = _sharpe((1 - piece) @ sums, (1 - piece) @ squares, centre, bars)
        best = trained.argmax(axis=1)[:, None]
        chosen = np.take_along_axis(tested, best, axis=1)
        below, level = (tested < chosen).sum(axis=1), (tested == chosen).sum(axis=1)
        share = (below + (level + 1) / 2) / (configurations + 1)
        logits.append(np.log(share / (1 - share)))
        losses += int((chosen < 0).sum())
    found = np.concatenate(logits)
    return Overfitting(
        probability=float((found <= 0).mean()),
        loss=losses / math.comb(blocks, blocks // 2),
        logits=found,
        blocks=blocks,
        bars=length * blocks,
    )


def _sharpe(sums: F64, squares: F64, centre: F64, bars: int) -> F64:
    mean = sums / bars
    variance = squares / bars - mean**2
    with np.errstate(divide="ignore", invalid="ignore"):
        sharpe = (centre + mean) / np.sqrt(variance)
    return np.where(variance > 1e-18 * (centre**2 + squares / bars), sharpe, 0.0)
