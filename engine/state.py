"""What a run holds between generations; all of it follows from the candidates told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from archive.population import Population
from archive.store import Archive
from engine.authorship import LanguageModels
from engine.credit import OperatorCredit
from engine.selection import Selector
from engine.tasks import Task
from engine.tuning import Tuner
from genomes.records.entry import Entry
from genomes.records.outcome import Duplicate
from sandbox.pool import Pool


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
    authors: LanguageModels | None = None
    tuner: Tuner | None = None
    keys: dict[str, int] = field(default_factory=dict[str, int])
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
        for entry in entries:
            key = getattr(entry.outcome, "key", "")
            if key and not isinstance(entry.outcome, Duplicate):
                self.keys.setdefault(key, entry.id)
