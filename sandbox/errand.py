"""What workers are told, asked, and answer: plain values that travel to any machine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from genomes.language.dimension import Dimension
from genomes.records.outcome import Crashed, Outcome, Refused
from sandbox.book import WEEK_NS
from sandbox.fills import Costs, Fills
from sandbox.jail.client import Isolation
from sandbox.market.panel import I64
from sandbox.objective import Objective


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """What every worker of a run is told once.

    Attributes:
        fields: The market's fields with their dimensions.
        window: Scored clock bars, from and to (exclusive).
        edges: Clock indices of the folds' edges, one more than folds.
        max_window: Longest memory of a strategy, clock bars.
        costs: What trading costs.
        fills: Where orders fill.
        objective: What fitness is.
        cache_mb: Cap on the cache of computed nodes.
        draw_wall_s: Backstop on one drawing; refusals are by fuel.
        isolation: Whether every wall of the jail must stand.
        stale_ns: As in `keep_books`.
    """

    fields: Mapping[str, Dimension]
    window: tuple[int, int]
    edges: tuple[int, ...]
    max_window: int
    costs: Costs
    fills: Fills
    objective: Objective
    cache_mb: int = 256
    draw_wall_s: float = 5.0
    isolation: Isolation = "full"
    stale_ns: int = WEEK_NS

    @property
    def fold_edges(self) -> I64:
        """The folds' edges as an array."""
        return np.asarray(self.edges, dtype=np.int64)

    @property
    def later_start(self) -> int:
        """The clock bar of the second run that shows a dependence on the start."""
        begin, end = self.window
        return max(1, begin - self.max_window) + (end - begin) // 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A candidate to be made: by an operator from parents, or a text that is given.

    Attributes:
        operator: The operator's name; for a given text, where it comes from.
        parents: The parents' texts.
        seed: Seed of the operator's draws.
        text: The text, where it is given.
        change: What the docstring of a given text is to say of the change; empty leaves it alone.
        own: Whether our own operator wrote that text from one that had passed: the guards that only
            untrusted text needs (most of the time) are left out, the checker and the jail are not.
    """

    operator: str
    parents: tuple[str, ...] = ()
    seed: int = 0
    text: str | None = None
    change: str = ""
    own: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawing:
    """A candidate as made: its text, and its graph or why it has none.

    Attributes:
        text: Source text.
        operator: The operator that acted (another than asked for, where that found nothing to do).
        note: One sentence: what it did.
        graph: The serialised graph; empty where there is none.
        key: Its canonical key; empty where there is none.
        failure: Why there is no graph.
    """

    text: str
    operator: str
    note: str
    graph: str = ""
    key: str = ""
    failure: Refused | Crashed | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Screening:
    """A graph to be measured only if it does well enough on its first folds.

    Attributes:
        graph: The serialised graph.
        folds: How many folds are looked at first; fewer than the objective has.
        least: What the mean of their statistics must reach. -inf: measured at once, without that
            look; +inf: only looked at.
    """

    graph: str
    folds: int
    least: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Screened:
    """What came of a screening.

    Attributes:
        figure: Mean of the first folds' statistics, as a whole measurement has them; None where
            they were not looked at, or that failed.
        outcome: The whole measurement's; None where the figure fell short of it.
    """

    figure: float | None
    outcome: Outcome | None
