"""What a run holds between generations; all of it follows from the candidates told."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from archive.entry import Entry
from archive.population import Population
from archive.store import Archive
from engine.credit import OperatorCredit
from engine.progress import Report
from engine.selection import Selector
from engine.tasks import Draft, Task, Work
from sandbox.outcome import Duplicate, Outcome
from sandbox.pool import Pool


class Watcher(Protocol):
    """Whoever looks on while a run goes; it is told, and may ask to stop, never more."""

    @property
    def stopping(self) -> bool:
        """Whether the run is to end with this generation."""
        ...

    def progress(self, generation: int, stage: str, done: int, total: int) -> None:
        """So many of a generation's candidates have passed a stage."""
        ...

    def told(self, report: Report) -> None:
        """A generation is in the archive."""
        ...


class Authors(Protocol):
    """Language models as authors of strategies and prompts; see `engine.operators.language_model`.

    Everything but `tell` and `remarks` may only depend on what was told by then, so that a run that
    is resumed asks the same.
    """

    lag: int

    @property
    def remarks(self) -> Sequence[str]:
        """What there is to say of the generation told last."""
        ...

    def operator(self, generation: int, rng: np.random.Generator) -> str | None:
        """The operator of a slot where models have a say in it; None leaves it to the others."""
        ...

    def seeds(self) -> Sequence[tuple[str, str]]:
        """(name, text) of the prompts of generation 0."""
        ...

    def ask(
        self, operator: str, slot: int, candidate: int, rng: np.random.Generator
    ) -> Task | None:
        """The task of a slot that a model is to write; None where none can."""
        ...

    def prompts(self, generation: int, slot: int, candidate: int) -> Sequence[Task]:
        """The generation's new prompts, in slots from the one given on."""
        ...

    def begin(self, generation: int, tasks: Sequence[Task]) -> None:
        """Start asking for a generation's tasks; does not wait."""
        ...

    def drafts(
        self, generation: int, work: Sequence[Work], watcher: Watcher
    ) -> Mapping[int, Draft]:
        """Wait for them: slot -> what was made of it."""
        ...

    def objection(self, one: Work) -> Outcome | None:
        """What speaks against a model's strategy though it can be drawn; None for nothing."""
        ...

    def mended(
        self, generation: int, work: Sequence[Work], watcher: Watcher
    ) -> Mapping[int, Draft]:
        """What was made anew where the first attempt was refused, a duplicate or off its goal."""
        ...

    def finished(self, draft: Draft, work: Work, entry: Entry, population: Population) -> Entry:
        """A model's candidate with what the model said of it and what that was worth."""
        ...

    def tell(self, entries: Sequence[Entry]) -> None:
        """Learn from a generation told."""
        ...


@dataclass(slots=True, kw_only=True)
class Search:
    """Everything a run needs, made by `engine.wiring`.

    Attributes:
        archive: What was found; the only thing that is kept.
        pool: Where candidates are made and measured.
        population: The measured candidates as told.
        selector: Who becomes a parent.
        credit: What operators have earned.
        seeds: (name, text) of the strategies of generation 0.
        size: Candidates a generation, new prompts aside.
        seed: Every randomness comes from it.
        authors: The models; None where none is asked.
        tuner: Tunes the tasks it is given; None where nothing is tuned.
        keys: Canonical key -> id of the first candidate that had it.
        told: Id of the last candidate told.
        asked: Generation -> its tasks, for those asked ahead.
        due: Id that the next candidate asked for will have.
    """

    archive: Archive
    pool: Pool
    population: Population
    selector: Selector
    credit: OperatorCredit
    seeds: Sequence[tuple[str, str]]
    size: int
    seed: int
    authors: Authors | None = None
    tuner: Tuner | None = None
    keys: dict[str, int] = field(default_factory=dict[str, int])
    told: int = 0
    asked: dict[int, list[Task]] = field(default_factory=dict[int, list[Task]])
    due: int = 1

    @property
    def lag(self) -> int:
        """Generations that choices look further back than the last one told."""
        return self.authors.lag if self.authors else 0

    def remember(self, entries: Sequence[Entry]) -> None:
        """Take told entries into what later generations read: also how a run is resumed."""
        if not entries:
            return
        self.population.extend(entries)
        self.credit.tell(entries)
        if self.authors:
            self.authors.tell(entries)
        self.told = entries[-1].id
        for entry in entries:
            key = getattr(entry.outcome, "key", "")
            if key and not isinstance(entry.outcome, Duplicate):
                self.keys.setdefault(key, entry.id)


class Tuner(Protocol):
    """Tunes strategies' parameters; see `engine.operators.tune`."""

    def __call__(
        self,
        work: Sequence[Work],
        texts: Mapping[int, str],
        progress: Callable[[int, int], None],
    ) -> Iterable[tuple[int, Draft]]:
        """Tune all tasks of a generation together.

        Args:
            work: The slots to tune for.
            texts: Parent -> its text.
            progress: Told how many trials are done, of how many.

        Returns:
            (slot, what was made of it); without a text where there was nothing to tune.
        """
        ...
