"""Returns per bar of one strategy under any terms: window, costs, fills, delay."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sandbox.book import Targets
from sandbox.market.panel import F64, I64, Panel
from sandbox.measure import benchmark_of
from sandbox.terms import Terms


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A strategy whose path is wanted, and the terms.

    Attributes:
        graph: Its serialised graph.
        terms: Window, costs, fills and objective; None for those of the pool's setup.
        cost_factor: Multiplies every cost but funding.
        delay: Own bars by which every decision comes late.
    """

    graph: str
    terms: Terms | None = None
    cost_factor: float = 1.0
    delay: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Returns:
    """What a strategy earned per clock bar of a window, flat before.

    Attributes:
        stamps: (n,) the bars' stamps, UTC nanoseconds.
        net: (n,) net returns.
        excess: (n,) net less the objective's benchmark: what fitness is made of.
        bars_per_year: Clock bars in a year of the window.
    """

    stamps: I64
    net: F64
    excess: F64
    bars_per_year: float

    @property
    def sharpe(self) -> float:
        """Annualised Sharpe ratio of the excess; 0 where it has no variance."""
        risk = float(self.excess.std(ddof=1)) if len(self.excess) > 1 else 0.0
        if risk <= 0:
            return 0.0
        return float(self.excess.mean()) / risk * float(np.sqrt(self.bars_per_year))


def returns(panel: Panel, targets: Targets, terms: Terms, asked: Question) -> Returns:
    """Keep the books once and hand back their path.

    Args:
        panel: The market.
        targets: Arrays of the panel's N packed bars.
        terms: Those of the setup, used where the question brings none.
        asked: The question.

    Raises:
        ValueError: The window is not inside the panel, or the delay is negative.
    """
    if asked.delay < 0:
        raise ValueError(f"delay = {asked.delay} bars; needs 0 or more")
    under = asked.terms or terms
    for _ in range(asked.delay):
        targets = targets.later(panel)
    book = under.books(panel, targets, cost_factor=asked.cost_factor)
    start, stop = under.window
    return Returns(
        stamps=panel.clock[start:stop].copy(),
        net=book.net.copy(),
        excess=book.net - benchmark_of(book, under.objective),
        bars_per_year=panel.density(start, stop),
    )
