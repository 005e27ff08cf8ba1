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
        risk: (n,) root mean square of the gross earnings per bar.
        best: (W,) best score in each flipped world; -inf where no lane counted.
    """

    score: F64
    turned: NDArray[np.int8]
    folds: F64
    risk: F64
    best: F64

    def part(self, here: slice) -> Scored:
        """Some of its lanes; the flipped worlds as they are."""
        return Scored(
            self.score[here], self.turned[here], self.folds[here], self.risk[here], self.best
        )


def joined(parts: Sequence[Scored]) -> Scored:
    """The lanes of all, in order, and the best of each flipped world.

    Raises:
        ValueError: There are none.
    """
    return Scored(
        np.concatenate([part.score for part in parts]),
        np.concatenate([part.turned for part in parts]),
        np.concatenate([part.folds for part in parts]),
        np.concatenate([part.risk for part in parts]),
        np.max([part.best for part in parts], axis=0),
    )


@dataclass(frozen=True, slots=True)
class Edge:
    """What a parent earns, which gates and legs of it keep in every flipped world.

    Attributes:
        gain: (F,) sum of its excess earnings before costs in each fold.
        square: (F,) sum of its squared gross earnings.
    """

    gain: F64
    square: F64


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
        edge: Edge | None = None,
    ) -> Scored:
        """Score one row against all lanes of some blocks.

        Args:
            row: (n,) weights at `earned.rows`.
            blocks: Each (n, LANES) positions there.
            counted: (len(blocks) x LANES,) whether a lane counts.
            leg: Add the lane to the row instead of multiplying by it.
            both: Whether a position may be turned round.
            edge: The row's own: a flipped world then keeps it. A gate has the share of it that it
                leaves of the row's variance; a leg as volatile as the row, which may be the row
                again or the opposite of it, half of the sum's variance over the row's.
        """
        from sandbox.kernels import screen_nb as nb

        earned, lanes = self.earned, nb.LANES
        folds, worlds = len(earned.lengths), self.signs.shape[1]
        sums = np.empty((folds, nb.SUMS, lanes))
        flipped = np.empty((folds, worlds, lanes))
        kept = np.zeros((folds, lanes))
        best = np.full((worlds, lanes), -np.inf)
        made = Scored(
            np.full(len(blocks) * lanes, -np.inf),
            np.ones(len(blocks) * lanes, dtype=np.int8),
            np.zeros((len(blocks) * lanes, folds)),
            np.zeros(len(blocks) * lanes),
            best,
        )
        less = 0.5 if self.objective.aggregate == "mean_minus_half_sd" else 0.0
        for b, block in enumerate(blocks):
            here = slice(b * lanes, (b + 1) * lanes)
            if not counted[here].any():
                continue
            self._sum(row, block, leg, sums, flipped)
            if edge is not None:
                share = sums[:, nb.SUMS - 1] / np.maximum(edge.square, 1e-300)[:, None]
                kept[:] = edge.gain[:, None] * (0.5 * share if leg else share)
            part = made.part(here)
            nb.judge(
                sums,
                flipped,
                kept,
                earned.lengths,
                counted[here],
                float(self.objective.min_risk),
                float(np.sqrt(self.bars_per_year)),
                less,
                both,
                part.score,
                part.turned,
                part.folds,
                part.risk,
                best,
            )
        return Scored(made.score, made.turned, made.folds, made.risk, best.max(axis=1))

    def edge_of(self, row: F64) -> Edge:
        """What a row of weights earns by itself."""
        from sandbox.kernels import screen_nb as nb

        folds = len(self.earned.lengths)
        sums = np.empty((folds, nb.SUMS, nb.LANES))
        flipped = np.empty((folds, self.signs.shape[1], nb.LANES))
        self._sum(row, np.ones((len(row), nb.LANES), dtype=np.float32), False, sums, flipped)
        return Edge(sums[:, 0, 0].copy(), sums[:, nb.SUMS - 1, 0].copy())

    def _sum(self, row: F64, block: F32, leg: bool, sums: F64, flipped: F64) -> None:
        from sandbox.kernels import screen_nb as nb

        earned = self.earned
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


def packed(columns: Iterator[F32], n: int, count: int) -> list[F32]:
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
