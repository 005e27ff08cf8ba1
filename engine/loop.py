"""The loop: ask, propose, draw, drop duplicates, measure, tell. The page to read first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from archive.entry import Entry
from archive.population import Population
from archive.store import Archive
from engine.credit import OperatorCredit, reward
from engine.operators.structural import StructuralProposer, parents_used
from engine.progress import Report, summarise
from engine.selection import Selector
from engine.streams import SELECT, VARY, seed_of, stream
from engine.tasks import Task
from sandbox.outcome import Duplicate, Outcome
from sandbox.pool import Pool
from sandbox.worker import Drawing, Request

REMEMBER_EVERY = 32  # results a commit: a kill loses fewer than these, and they are found again


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
        size: Candidates a generation.
        seed: Every randomness comes from it.
        keys: Canonical key -> id of the first candidate that had it.
        told: Id of the last candidate told.
    """

    archive: Archive
    pool: Pool
    population: Population
    selector: Selector
    credit: OperatorCredit
    seeds: Sequence[tuple[str, str]]
    size: int
    seed: int
    keys: dict[str, int] = field(default_factory=dict[str, int])
    told: int = 0


def run(search: Search, generations: int, watcher: Watcher) -> None:
    """Go on from the last generation told until `generations` have followed the seeds.

    Raises:
        ArchiveError: The archive cannot be written; what was told and remembered is safe.
    """
    for generation in range(search.archive.generations(), generations + 1):
        tasks = _ask(search, generation)
        drawings = _draw(search, tasks, generation, watcher)
        outcomes = _measure(search, drawings, generation, watcher)
        _tell(search, generation, tasks, drawings, outcomes, watcher)
        if watcher.stopping:
            return


def _ask(search: Search, generation: int) -> list[Task]:
    """What each slot is to make; every choice comes from the slot's own stream."""
    if generation == 0:
        return [
            Task(slot=slot, operator=f"seed {name}", text=text)
            for slot, (name, text) in enumerate(search.seeds)
        ]
    search.selector.begin(search.population)
    proposer = StructuralProposer(search.credit, search.selector)
    return [
        proposer.ask(
            slot,
            stream(search.seed, generation, slot, SELECT),
            seed_of(search.seed, generation, slot, VARY),
        )
        for slot in range(search.size)
    ]


def _draw(
    search: Search, tasks: Sequence[Task], generation: int, watcher: Watcher
) -> list[Drawing]:
    texts = search.archive.texts({i for task in tasks for i in task.parents})
    requests = [
        Request(
            operator=task.operator,
            parents=tuple(texts[i] for i in task.parents),
            seed=task.seed,
            text=task.text,
        )
        for task in tasks
    ]
    drawings: dict[int, Drawing] = {}
    for slot, drawing in search.pool.propose(requests):
        drawings[slot] = drawing
        watcher.progress(generation, "drawn", len(drawings), len(tasks))
    return [drawings[slot] for slot in range(len(tasks))]


def _measure(
    search: Search, drawings: Sequence[Drawing], generation: int, watcher: Watcher
) -> list[Outcome]:
    """An outcome for each drawing, in slot order; a graph seen before is not measured again."""
    owners: dict[str, int] = {}  # key -> the slot that has it first
    outcomes: dict[int, Outcome] = {}
    for slot, drawing in enumerate(drawings):
        if drawing.failure is not None:
            outcomes[slot] = drawing.failure
        elif drawing.key in search.keys:
            outcomes[slot] = Duplicate(key=drawing.key, of=search.keys[drawing.key])
        elif drawing.key in owners:
            first = search.told + 1 + owners[drawing.key]
            outcomes[slot] = Duplicate(key=drawing.key, of=first)
        else:
            owners[drawing.key] = slot
    known = search.archive.recall(owners)  # measured before the driver was killed
    outcomes |= {owners[key]: outcome for key, outcome in known.items()}
    fresh = [slot for key, slot in owners.items() if key not in known]
    unsaved: list[Outcome] = []
    try:
        for index, outcome in search.pool.measure([drawings[slot].graph for slot in fresh]):
            outcomes[fresh[index]] = outcome
            unsaved.append(outcome)
            if len(unsaved) >= REMEMBER_EVERY:
                search.archive.remember(unsaved)
                unsaved = []
            watcher.progress(generation, "measured", len(outcomes), len(drawings))
    finally:
        search.archive.remember(unsaved)
    return [outcomes[slot] for slot in range(len(drawings))]


def _tell(
    search: Search,
    generation: int,
    tasks: Sequence[Task],
    drawings: Sequence[Drawing],
    outcomes: Sequence[Outcome],
    watcher: Watcher,
) -> None:
    # An operator that found nothing to do gave way to another, which may have used fewer parents.
    families = [
        task.parents[: parents_used(drawing.operator, len(task.parents))]
        for task, drawing in zip(tasks, drawings, strict=True)
    ]
    judgements = search.population.judge(generation, outcomes, families)
    entries = [
        Entry(
            id=search.told + 1 + task.slot,
            generation=generation,
            slot=task.slot,
            species="strategy",
            text=drawing.text,
            parents=family,
            operator=drawing.operator,
            note=drawing.note,
            outcome=outcome,
            standing=judgement.standing,
            novelty=judgement.novelty,
            credit=None if generation == 0 else reward(judgement.standing),
        )
        for task, family, drawing, outcome, judgement in zip(
            tasks, families, drawings, outcomes, judgements, strict=True
        )
    ]
    summary = summarise(generation, entries)
    search.archive.tell(generation, entries, summary)
    remember(search, entries)
    watcher.told(Report(generation, summary, search.population, search.credit))


def remember(search: Search, entries: Sequence[Entry]) -> None:
    """Take told entries into what the next generation reads: also how a run is resumed."""
    if not entries:
        return
    search.population.extend(entries)
    search.credit.tell(entries)
    search.told = entries[-1].id
    for entry in entries:
        key = getattr(entry.outcome, "key", "")
        if key and not isinstance(entry.outcome, Duplicate):
            search.keys.setdefault(key, entry.id)
