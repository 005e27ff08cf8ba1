"""Tuning of declared parameters: sessions side by side, batches traced and measured by the workers.

A tuned candidate is a function of its parent's text, its seed, the settings and the market: not of
what the archive happens to remember, nor of the workers. What is remembered only saves time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import ClassVar

from archive.population import Population
from archive.store import Archive
from engine.operators.session import Attempt, Result, Session, Tuned, Tuning
from engine.operators.structural import task_of
from engine.outcomes import Remember, measured
from engine.proposer import Progress, Proposer, Slot
from engine.selection import Selector
from engine.settings import Tune
from genomes.records.candidate import Candidate, Task
from genomes.records.outcome import Crashed, DependsOnStart, Floored, Measured, Outcome
from sandbox.errand import Drawing, Request
from sandbox.pool import Pool

TUNE = "tune"

Recall = Callable[[Iterable[str]], Mapping[str, Outcome]]


class Tuner(Proposer):
    """Tunes the parents of a generation's tuning tasks together; competes for slots by credit."""

    # The latter for a parent that declares nothing to tune.
    operators: ClassVar[Mapping[str, str]] = {TUNE: "change_constant"}

    def __init__(
        self,
        *,
        pool: Pool,
        archive: Archive,
        population: Population,
        selector: Selector,
        settings: Tune,
    ) -> None:
        """Tune for a run.

        Args:
            pool: Where trials are measured.
            archive: Where what was measured is kept, and looked for.
            population: The measured candidates as recorded.
            selector: Who is tuned.
            settings: How.
        """
        self._pool, self._archive = pool, archive
        self._population, self._selector = population, selector
        self._settings = settings

    def plan(self, slot: Slot, operator: str) -> Task:
        """A parent to tune; a jump where there is none."""
        return task_of(slot, operator, self._selector.parents(1, slot.rng), 1)

    def make(
        self, generation: int, candidates: Sequence[Candidate], progress: Progress
    ) -> Iterator[Candidate]:
        """The tuned ones; without a text where nothing better was found."""
        asked = [one for one in candidates if one.task.operator == TUNE]
        found = tune(
            [self._tuning(one) for one in asked],
            self._pool,
            self._archive.recall,
            self._archive.remember,
            self._settings,
            lambda done, total: progress("tuned", done, total),
        )
        for one, tuned in zip(asked, found, strict=True):
            text = tuned.text or ""
            yield replace(one, text=text, note=tuned.note, trials=tuned.trials, own=True)

    def _tuning(self, one: Candidate) -> Tuning:
        return Tuning(
            candidate=one.task.candidate,
            text=one.sources[0],
            fitness=self._population.fitness_of(one.task.parents[0]),
            seed=one.task.seed,
        )


def tune(
    tunings: Sequence[Tuning],
    pool: Pool,
    recall: Recall,
    remember: Remember,
    settings: Tune,
    progress: Callable[[int, int], None],
) -> list[Tuned]:
    """Tune parents, all sessions a batch further at a time, so that the workers have enough to do.

    Args:
        tunings: The parents.
        pool: Traces the texts and measures the graphs.
        recall: Canonical keys -> outcomes that are known; what it knows is not measured again.
        remember: Keeps outcomes at once, so that a kill loses few of them.
        settings: How.
        progress: Told how many attempts are done, of how many at most.

    Returns:
        What each session came to, in the order of the parents.
    """
    sessions = [Session(tuning, settings) for tuning in tunings]
    known = _Known(pool=pool, recall=recall, remember=remember)
    total, done = sum(session.expected for session in sessions), 0
    while asked := [(session, attempt) for session in sessions for attempt in session.ask()]:
        drawings = _traced(pool, [attempt for _, attempt in asked])
        known.learn(drawing for drawing in drawings if drawing.failure is None)
        for (session, attempt), drawing in zip(asked, drawings, strict=True):
            session.tell(attempt.number, known.result(drawing))
        done += len(asked)
        progress(done, total)
    return [session.result() for session in sessions]


def _traced(pool: Pool, attempts: Sequence[Attempt]) -> list[Drawing]:
    requests = [Request(operator=TUNE, text=attempt.text, own=True) for attempt in attempts]
    drawings = dict(pool.propose(requests))
    return [drawings[i] for i in range(len(requests))]


@dataclass(slots=True, kw_only=True)
class _Known:
    """What is known of graphs, by key; sessions may meet the same ones.

    Whether a graph was known before or is measured now makes no difference to a result.
    """

    pool: Pool
    recall: Recall
    remember: Remember
    outcomes: dict[str, Outcome] = field(default_factory=dict[str, Outcome])

    def learn(self, traced: Iterable[Drawing]) -> None:
        """Recall or measure the outcome of each."""
        graphs = {one.key: one.graph for one in traced if one.key not in self.outcomes}
        self.outcomes |= self.recall(list(graphs))
        keys = [key for key in graphs if key not in self.outcomes]
        with measured(self.pool, [graphs[key] for key in keys], self.remember) as answers:
            self.outcomes |= {keys[index]: outcome for index, outcome in answers}

    def result(self, drawing: Drawing) -> Result:
        """What became of an attempt."""
        if drawing.failure is not None:
            crashed = isinstance(drawing.failure, Crashed)
            return Result(key="", state="crashed" if crashed else "refused")
        key = drawing.key
        match self.outcomes[key]:
            case Measured(fitness=fitness):
                return Result(key=key, state="measured", fitness=fitness)
            case Floored():
                return Result(key=key, state="floored")
            case DependsOnStart():
                return Result(key=key, state="depends_on_start")
            case _:
                return Result(key=key, state="crashed")
