"""What workers are told, asked, and answer: plain values that travel to any machine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from genomes.language.dimension import Dimension
from genomes.records.outcome import Crashed, Refused
from sandbox.jail.client import Isolation
from sandbox.terms import Terms


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """What every worker of a run is told once.

    Attributes:
        fields: The market's fields with their dimensions.
        terms: How candidates are measured.
        max_window: Longest memory of a strategy, clock bars.
        cache_mb: Cap on the cache of computed nodes.
        draw_wall_s: Backstop on one drawing; refusals are by fuel.
        isolation: Whether every wall of the jail must stand.
        screened: Whether the run screens the training bars.
    """

    fields: Mapping[str, Dimension]
    terms: Terms
    max_window: int
    cache_mb: int = 256
    draw_wall_s: float = 5.0
    isolation: Isolation = "full"
    screened: bool = False

    @property
    def later_start(self) -> int:
        """The clock bar of the second run that shows a dependence on the start."""
        begin, end = self.terms.window
        return max(1, begin - self.max_window) + (end - begin) // 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A candidate to be made: by an operator from parents, or a text that is given.

    Attributes:
        operator: The operator's name; for a given text, where it comes from.
        asked: The operator asked for, where `operator` stands in for it; a worker tries it first
            if it is one of `sandbox.remedy.REMEDIES`.
        parents: The parents' texts.
        seed: Seed of the operator's draws.
        text: The text, where it is given.
        change: What the docstring of a given text is to say of the change; empty leaves it alone.
        own: Whether our own operator wrote that text from one that had passed: the guards that only
            untrusted text needs (most of the time) are left out, the checker and the jail are not.
    """

    operator: str
    asked: str = ""
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
        looks: Changes of the parent that were looked at on the training bars, to choose this one.
    """

    text: str
    operator: str
    note: str
    graph: str = ""
    key: str = ""
    failure: Refused | Crashed | None = None
    looks: int = 0
