"""The scale of noise: the best of as many looks at returns whose signs were drawn at random."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from sandbox.market.panel import F64
from sandbox.screen.earnings import Earnings

WORLDS = 24
STEP = 5  # clock bars that share a sign
LEVEL = 0.975  # of each table: together they err in at most one market of twenty


@dataclass(frozen=True, slots=True)
class Noise:
    """The best score of one table in each flipped world.

    Attributes:
        best: (W,) highest scores, one per world.
    """

    best: tuple[float, ...]

    @property
    def usual(self) -> float:
        """The median of the best scores: what `excess` is counted from."""
        return float(np.median(self.best)) if self.best else 0.0

    @property
    def line(self) -> float:
        """What the best of this table passes in one null market of forty: a fitted Gumbel's."""
        if len(self.best) < 2:
            return math.inf
        scale = float(np.std(self.best, ddof=1)) * math.sqrt(6) / math.pi
        at = float(np.mean(self.best)) - 0.5772156649 * scale
        return at - scale * math.log(-math.log(LEVEL))


def draw_signs(earned: Earnings, seed: int, *, worlds: int = WORLDS, step: int = STEP) -> F64:
    """(G, W) random signs, one per group of `step` clock bars; each fold begins a new group."""
    groups = int(sum(math.ceil(n / step) for n in earned.lengths))
    rng = np.random.default_rng(np.random.SeedSequence(seed))
    return rng.choice(np.array([-1.0, 1.0]), size=(groups, worlds))
