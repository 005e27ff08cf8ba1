"""One generation of a run: candidates made, traced, repaired, measured, and recorded as entries."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from archive.population import Judgement, Population
from archive.store import Archive
from engine.credit import reward
from engine.operators.structural import parents_used
from engine.outcomes import measured
from engine.progress import Report, Watcher, summarise
from engine.proposer import Proposer
from engine.selection import Selector
from engine.validation import Validation
from genomes.records.candidate import Candidate, Task
from genomes.records.entry import Entry
from genomes.records.outcome import Duplicate, Outcome
from sandbox.errand import Request
from sandbox.pool import Pool


@dataclass(slots=True, kw_only=True)
class Search:
    """What a run holds between generations; all of it follows from the candidates recorded.

    Attributes:
        archive: What was found; the only thing that is kept.
        pool: Where candidates are made and measured.
        population: The measured candidates as recorded.
        selector: Who becomes a parent.
        proposers: Who proposes candidates, in the order asked.
        size: Slots per generation that proposers compete for.
        seed: Every randomness comes from it.
        keys: Canonical key -> id of the first candidate that had it.
        validation: Who is champion; None where it is the fittest in training.
        asked: Generation -> its tasks, for those asked ahead.
        due: Id that the next candidate asked for will have.
    """

    archive: Archive
    pool: Pool
    population: Population
    selector: Selector
    proposers: Sequence[Proposer]
    size: int
    seed: int
    validation: Validation | None = None
    keys: dict[str, int] = field(default_factory=dict[str, int])
    asked: dict[int, list[Task]] = field(default_factory=dict[int, list[Task]])
    due: int = 1

    @property
    def lag(self) -> int:
        """Generations that choices look further back than the last one recorded."""
        return max(member.lag for member in self.proposers)

    def owner(self, operator: str) -> Proposer:
        """The member that plans an operator's tasks.

        Raises:
            LookupError: No member does.
        """
        for member in self.proposers:
            if operator in member.operators:
                return member
        raise LookupError(f"no proposer plans {operator!r}: name it in the `operators` of one")

    def observe(self, entries: Sequence[Entry]) -> None:
        """Take recorded entries into what later generations read: also how a run is resumed."""
        if not entries:
            return
        self.population.extend(entries)
        for member in self.proposers:
            member.observe(entries)
        for entry in entries:
            key = getattr(entry.outcome, "key", "")
            if key and not isinstance(entry.outcome, Duplicate):
                self.keys.setdefault(key, entry.id)


def make(
    search: Search, generation: int, tasks: Sequence[Task], watcher: Watcher
) -> list[Candidate]:
    """Every slot's candidate, traced or with why it is not; what its author repairs, once more."""

    def progress(stage: str, done: int, total: int) -> None:
        watcher.progress(generation, stage, done, total)

    texts = search.archive.texts({i for task in tasks for i in task.parents})
    made = [
        Candidate(task=task, sources=tuple(texts[i] for i in task.parents), text=task.text)
        for task in tasks
    ]
    for member in search.proposers:
        _put(made, member.make(generation, made, progress))
    trace(search, generation, made, made, watcher)
    outcomes, _ = settle(search, made)
    again = [one for each in search.proposers for one in each.repair(generation, made, outcomes)]
    _put(made, again)
    trace(search, generation, made, again, watcher)
    return made


def _put(made: list[Candidate], anew: Iterable[Candidate]) -> None:
    for one in anew:
        made[one.task.slot] = one


def trace(
    search: Search,
    generation: int,
    made: list[Candidate],
    which: Sequence[Candidate],
    watcher: Watcher,
) -> None:
    """Let workers make, check and trace what has no outcome yet."""
    asked = [one for one in which if one.outcome is None]
    traced = len(made) - len(asked)
    for index, answer in search.pool.propose([_request(search, one) for one in asked]):
        one = asked[index]
        made[one.task.slot] = replace(
            one,
            text=answer.text,
            operator=answer.operator,
            note=one.note if one.text else answer.note,
            graph=answer.graph,
            key=answer.key,
            outcome=answer.failure,
            looks=answer.looks,
        )
        traced += 1
        watcher.progress(generation, "traced", traced, len(made))


def _request(search: Search, one: Candidate) -> Request:
    operator = one.task.operator
    if one.text:
        return Request(
            operator=operator, parents=one.sources, text=one.text, change=one.change, own=one.own
        )
    stands_in = search.owner(operator).operators[operator]
    return Request(operator=stands_in, asked=operator, parents=one.sources, seed=one.task.seed)


def settle(
    search: Search, made: Sequence[Candidate]
) -> tuple[dict[int, Outcome], dict[str, Candidate]]:
    """What needs no measuring, and what does.

    Returns:
        (slot -> outcome of failures, prompts, and graphs seen before; key -> the first candidate
        that has it, in slot order, of those left).
    """
    outcomes: dict[int, Outcome] = {}
    fresh: dict[str, Candidate] = {}
    for one in made:
        outcome = one.outcome
        if outcome is None and one.key in search.keys:
            outcome = Duplicate(key=one.key, of=search.keys[one.key])
        elif outcome is None and one.key in fresh:
            outcome = Duplicate(key=one.key, of=fresh[one.key].task.candidate)
        elif outcome is None:
            objections = (member.objection(one) for member in search.proposers)
            outcome = next((each for each in objections if each is not None), None)
        if outcome is None:
            fresh[one.key] = one
        else:
            outcomes[one.task.slot] = outcome
    return outcomes, fresh


def measure(
    search: Search, generation: int, made: Sequence[Candidate], watcher: Watcher
) -> list[Outcome]:
    """Each slot's outcome; a graph that was seen before is not measured again."""
    outcomes, fresh = settle(search, made)
    known = search.archive.recall(fresh)  # measured before the driver was killed
    outcomes |= {fresh[key].task.slot: outcome for key, outcome in known.items()}
    owed = [one for key, one in fresh.items() if key not in known]
    graphs = [one.graph for one in owed]
    with measured(search.pool, graphs, search.archive.remember) as answers:
        for index, outcome in answers:
            outcomes[owed[index].task.slot] = outcome
            watcher.progress(generation, "measured", len(outcomes), len(made))
    return [outcomes[one.task.slot] for one in made]


def record(
    search: Search,
    generation: int,
    made: Sequence[Candidate],
    outcomes: Sequence[Outcome],
    watcher: Watcher,
) -> None:
    """Judge a generation's candidates, put them into the archive, and let everybody learn."""
    families = [_family(one) for one in made]
    judgements = search.population.judge(generation, outcomes, families)
    entries = [
        _entry(search, generation, *one)
        for one in zip(made, outcomes, families, judgements, strict=True)
    ]
    summary = summarise(generation, entries)
    for member in search.proposers:
        summary |= member.summary(entries)
    if search.validation is not None:
        summary |= search.validation.challenge(entries)
    trials = [trial for one in made for trial in one.trials]
    search.archive.tell(generation, entries, summary, trials=trials)
    search.observe(entries)
    remarks = [words for member in search.proposers for words in member.remarks]
    if search.validation is not None and search.validation.remark:
        remarks.append(search.validation.remark)
    watcher.recorded(Report(generation, summary, remarks, len(trials)))


def _family(one: Candidate) -> tuple[int, ...]:
    # An operator that found nothing to do gave way to another, which may have used fewer parents.
    parents = one.task.parents
    return parents[: parents_used(one.operator or one.task.operator, len(parents))]


def _entry(
    search: Search,
    generation: int,
    one: Candidate,
    outcome: Outcome,
    family: tuple[int, ...],
    judgement: Judgement,
) -> Entry:
    task = one.task
    operator = one.operator or task.operator
    written = one.proposal is not None and operator == task.operator  # else no model answered
    entry = Entry(
        id=task.candidate,
        generation=generation,
        slot=task.slot,
        species=task.species,
        text=one.text,
        parents=family,
        operator=operator,
        note=one.note,
        outcome=outcome,
        standing=judgement.standing,
        novelty=judgement.novelty,
        credit=None if generation == 0 or task.species == "prompt" else reward(judgement.standing),
        prompt=task.prompt if written else None,
        model=one.model if written else None,
        proposal=one.proposal,
    )
    for member in search.proposers:
        entry = member.finish(one, entry)
    return entry
