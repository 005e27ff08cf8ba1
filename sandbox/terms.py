"""Terms: on which window, at which costs and by which objective a strategy's books are measured."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sandbox.book import WEEK_NS, Book, Targets, keep_books
from sandbox.fills import Costs, Fills
from sandbox.market.load import Market
from sandbox.market.panel import I64, Panel, span_ns
from sandbox.market.split import fold_edges
from sandbox.objective import Objective


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """All that a measurement depends on, beside the market's bars and the strategy.

    Attributes:
        window: Scored clock bars, from and to (exclusive).
        edges: Clock bars of the folds' edges inside the window, rising, one more than folds.
        costs: What trading costs.
        fills: Where and how orders and exits fill.
        objective: What fitness is.
        stale_ns: As in `keep_books`.
    """

    window: tuple[int, int]
    edges: tuple[int, ...]
    costs: Costs
    fills: Fills
    objective: Objective
    stale_ns: int = WEEK_NS

    @classmethod
    def of_training(cls, market: Market, objective: Objective) -> Terms:
        """How a search measures on a market's training bars."""
        split = market.split
        return cls.over(market, objective, (split.score_from, split.train_end))

    @classmethod
    def over(cls, market: Market, objective: Objective, window: tuple[int, int]) -> Terms:
        """The same costs, fills and objective on another window of clock bars.

        Raises:
            ValueError: The window has fewer bars than the objective has folds.
        """
        return cls(
            window=window,
            edges=tuple(fold_edges(*window, objective.folds).tolist()),
            costs=market.config.costs,
            fills=market.config.fills,
            objective=objective,
            stale_ns=span_ns(market.config.stale_after),
        )

    @property
    def fold_edges(self) -> I64:
        """The folds' edges as an array."""
        return np.asarray(self.edges, dtype=np.int64)

    def books(
        self,
        panel: Panel,
        targets: Targets,
        *,
        cost_factor: float = 1.0,
        records: bool = False,
        paths: bool = True,
    ) -> Book:
        """The books of targets under these terms; the other arguments as in `keep_books`."""
        return keep_books(
            panel,
            targets,
            window=self.window,
            costs=self.costs,
            fills=self.fills,
            stale_ns=self.stale_ns,
            cost_factor=cost_factor,
            records=records,
            paths=paths,
        )
