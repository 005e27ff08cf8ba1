"""The loop: ask, make, draw, drop duplicates, measure, tell. The page to read first."""

from __future__ import annotations

from collections.abc import Sequence

from engine.making import draw, settle
from engine.operators.structural import StructuralProposer
from engine.progress import Report, Watcher, summarise
from engine.state import Search
from engine.streams import SELECT, VARY, seed_of, stream
from engine.tasks import MODEL_OPERATORS, Task, Work
from engine.telling import entries_of
from genomes.records.outcome import Outcome

REMEMBER_EVERY = 32  # results a commit: a kill loses fewer than these, and they are found again


def run(search: Search, generations: int, watcher: Watcher) -> None:
    """Go on from the last generation told until `generations` have followed the seeds.

    Generations told before are read again, so a run that is resumed asks what it would have asked.

    Raises:
        ArchiveError: The archive cannot be written; what was told and remembered is safe.
        BudgetSpent: Models may cost no more; the generation under way is not told.
    """
    told = search.archive.generations()
    search.due = search.archive.count() + 1
    for generation in range(generations + 1):
        # Asked ahead where models write, so that they write while candidates are measured.
        for ahead in range(max(told, generation), _horizon(search, generation, generations) + 1):
            if ahead not in search.asked:
                search.asked[ahead] = _ask(search, ahead)
        if generation < told:
            before = search.archive.entries(generations=range(generation, generation + 1))
            search.remember(list(before))
            continue
        work = [Work(task) for task in search.asked.pop(generation)]
        draw(search, generation, work, watcher)
        _measure(search, generation, work, watcher)
        _tell(search, generation, work, watcher)
        if watcher.stopping:
            return


def _horizon(search: Search, generation: int, last: int) -> int:
    """The furthest generation that may be asked for before this one is told."""
    return min(generation + search.lag, last) if generation else 0


def _ask(search: Search, generation: int) -> list[Task]:
    """What each slot is to make; every choice comes from the slot's own stream."""
    if generation == 0:
        tasks = _seeds(search)
    else:
        search.selector.begin(search.population)
        proposer = StructuralProposer(search.credit, search.selector)
        tasks = [_slot(search, proposer, generation, slot) for slot in range(search.size)]
        if search.authors:
            after = search.due + len(tasks)
            tasks += search.authors.prompts(generation, len(tasks), after)
    search.due += len(tasks)
    if search.authors and generation:
        search.authors.begin(generation, tasks)
    return tasks


def _slot(search: Search, proposer: StructuralProposer, generation: int, slot: int) -> Task:
    rng = stream(search.seed, generation, slot, SELECT)
    seed = seed_of(search.seed, generation, slot, VARY)
    candidate, operator = search.due + slot, None
    if search.authors:
        operator = search.authors.operator(generation, rng)
        if operator in MODEL_OPERATORS:
            task = search.authors.ask(operator, slot, rng, seed, candidate=candidate)
            if task is not None:
                return task
            operator = None
    return proposer.ask(slot, rng, seed, candidate=candidate, operator=operator)


def _seeds(search: Search) -> list[Task]:
    prompts = search.authors.seeds() if search.authors else ()
    strategies = len(search.seeds)
    return [
        Task(
            slot=slot,
            candidate=1 + slot,
            species="strategy" if slot < strategies else "prompt",
            operator=f"seed {name}",
            text=text,
        )
        for slot, (name, text) in enumerate([*search.seeds, *prompts])
    ]


def _measure(search: Search, generation: int, work: Sequence[Work], watcher: Watcher) -> None:
    """Give each slot its outcome; a graph that was seen before is not measured again."""
    owners = settle(search, work)
    known = search.archive.recall(owners)  # measured before the driver was killed
    for key, one in owners.items():
        one.outcome = known.get(key)
    fresh = [one for key, one in owners.items() if key not in known]
    done, unsaved = len(work) - len(fresh), list[Outcome]()
    try:
        graphs = [one.drawing.graph for one in fresh if one.drawing]
        for index, outcome in search.pool.measure(graphs):
            fresh[index].outcome = outcome
            unsaved.append(outcome)
            if len(unsaved) >= REMEMBER_EVERY:
                search.archive.remember(unsaved)
                unsaved = []
            done += 1
            watcher.progress(generation, "measured", done, len(work))
    finally:
        search.archive.remember(unsaved)


def _tell(search: Search, generation: int, work: Sequence[Work], watcher: Watcher) -> None:
    entries = entries_of(search, generation, work)
    summary = summarise(generation, entries)
    if search.authors:
        summary["merits"] = search.authors.merits(entries)
    trials = [trial for one in work if one.draft for trial in one.draft.trials]
    search.archive.tell(generation, entries, summary, trials=trials)
    search.remember(entries)
    remarks = search.authors.remarks if search.authors else ()
    watcher.told(Report(generation, summary, search.population, search.credit, remarks))
