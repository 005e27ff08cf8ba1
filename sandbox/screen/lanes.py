"""Many positions against one row of weights: blocks of lanes walked by the kernel, in any order."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sandbox.market.panel import F64
from sandbox.objective import Objective
from sandbox.screen.earnings import Earnings
from sandbox.screen.noise import STEP

F32 = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Scored:
    """Scores of the lanes of some blocks.

    Attributes:
        score: (n,) the aggregate of the folds' statistics, of the better side.
        turned: (n,) int8, -1 where the position was turned round.
        folds: (n, F) statistics of the better side.
        best: (W,) best score in each flipped world; -inf where no lane counted.
    """

    score: F64
    turned: NDArray[np.int8]
    folds: F64
    best: F64


@dataclass(frozen=True, slots=True, kw_only=True)
class Walker:
    """Walks rows of weights, combined with blocks of positions, through a market's entries.

    Attributes:
        earned: The entries.
        signs: (G, W) of the flipped worlds.
        objective: Its benchmark, aggregate and min_risk count; its statistic is taken as Sharpe's.
        bars_per_year: Annualises.
    """

    earned: Earnings
    signs: F64
    objective: Objective
    bars_per_year: float

    def walk(
        self,
        row: F64,
        blocks: Sequence[F32],
        counted: NDArray[np.bool_],
        *,
        leg: bool = False,
        both: bool = True,
    ) -> Scored:
        """Score one row against all lanes of some blocks.

        Args:
            row: (n,) weights at `earned.rows`.
            blocks: Each (n, LANES) positions there.
            counted: (len(blocks) x LANES,) whether a lane counts.
            leg: Add the lane to the row instead of multiplying by it.
            both: Whether a position may be turned round.
        """
        from sandbox.kernels import screen_nb as nb

        earned, lanes = self.earned, nb.LANES
        folds, worlds = len(earned.lengths), self.signs.shape[1]
        sums = np.empty((folds, nb.SUMS, lanes))
        flipped = np.empty((folds, worlds, lanes))
        best = np.full((worlds, lanes), -np.inf)
        score = np.empty(len(blocks) * lanes)
        turned = np.empty(len(score), dtype=np.int8)
        values = np.zeros((len(score), folds))
        less = 0.5 if self.objective.aggregate == "mean_minus_half_sd" else 0.0
        for b, block in enumerate(blocks):
            here = slice(b * lanes, (b + 1) * lanes)
            if not counted[here].any():
                score[here], turned[here] = -np.inf, 1
                continue
            nb.fold_sums(
                row,
                block,
                nb.LEG if leg else nb.PRODUCT,
                earned.asset,
                earned.before,
                earned.old_earns,
                earned.new_earns,
                earned.market,
                earned.bar_offsets,
                earned.fold_ends,
                STEP,
                self.signs,
                earned.assets,
                earned.cost,
                earned.carry,
                earned.at_close,
                sums,
                flipped,
            )
            nb.judge(
                sums,
                flipped,
                earned.lengths,
                counted[here],
                float(self.objective.min_risk),
                float(np.sqrt(self.bars_per_year)),
                less,
                both,
                score[here],
                turned[here],
                values[here],
                best,
            )
        return Scored(score, turned, values, best.max(axis=1))


def packed(columns: Iterator[F64], n: int, count: int) -> list[F32]:
    """Columns of n positions as blocks of (n, LANES), the last filled up with zeros."""
    from sandbox.kernels.screen_nb import LANES

    blocks = [np.zeros((n, LANES), dtype=np.float32) for _ in range(-(-count // LANES))]
    for i, column in enumerate(columns):
        blocks[i // LANES][:, i % LANES] = column
    return blocks


def shared(work: Any, rows: Sequence[int], threads: int) -> None:
    """Call `work(row)` for each row; rows write to places of their own, so order is nothing."""
    if threads <= 1:
        for row in rows:
            work(row)
        return
    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(work, rows))
