"""The loop: ask, make, measure, record. The page to read first."""

from __future__ import annotations

from engine.generation import Search, make, measure, record
from engine.progress import Watcher
from engine.proposer import Slot
from engine.streams import SELECT, VARY, seed_of, stream
from genomes.records.candidate import Task


def run(search: Search, generations: int, watcher: Watcher) -> None:
    """Continue from the last generation recorded until `generations` have followed the seeds.

    Generations recorded before are read again, so a run that is resumed asks what it would have
    asked.

    Raises:
        ArchiveError: The archive cannot be written; what was recorded and remembered is safe.
        BudgetSpent: Models may cost no more; the generation that runs is not recorded.
    """
    recorded = search.archive.generations()
    search.due = search.archive.count() + 1
    for generation in range(generations + 1):
        _ask_ahead(search, max(recorded, generation), generation, generations)
        if generation < recorded:
            before = search.archive.entries(generations=range(generation, generation + 1))
            search.observe(list(before))
            continue
        candidates = make(search, generation, search.asked.pop(generation), watcher)
        outcomes = measure(search, generation, candidates, watcher)
        record(search, generation, candidates, outcomes, watcher)
        if watcher.stopping:
            return


def _ask_ahead(search: Search, first: int, generation: int, last: int) -> None:
    """Ask from a first generation as far as may be before this one is recorded.

    Ahead where models write, so that they write while candidates are measured.
    """
    horizon = min(generation + search.lag, last) if generation else 0
    for ahead in range(first, horizon + 1):
        if ahead not in search.asked:
            search.asked[ahead] = ask(search, ahead)


def ask(search: Search, generation: int) -> list[Task]:
    """What each slot is to make, and what comes beside the slots; generation 0 has no slots."""
    tasks: list[Task] = []
    if generation:
        search.selector.begin(search.population)
        tasks = [_slot(search, generation, number) for number in range(search.size)]
    for member in search.proposers:
        tasks += member.extra(generation, len(tasks), search.due + len(tasks))
    search.due += len(tasks)
    for member in search.proposers:
        member.begin(generation, tasks)
    return tasks


def _slot(search: Search, generation: int, number: int) -> Task:
    """The task of one slot; every choice comes from the slot's own stream."""
    slot = Slot(
        generation=generation,
        number=number,
        candidate=search.due + number,
        rng=stream(search.seed, generation, number, SELECT),
        seed=seed_of(search.seed, generation, number, VARY),
    )
    for member in search.proposers:
        operator = member.claim(slot)
        if operator is not None and (task := search.owner(operator).plan(slot, operator)):
            return task
    raise RuntimeError("no proposer took a slot: the last one of a run must take every slot")
