"""Tuning of declared parameters: sessions side by side, batches drawn and measured by the workers.

A tuned candidate is a function of its parent's text, its seed, the settings and the market: not of
what the archive happens to remember, nor of the workers. What is remembered only saves time.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from engine.operators.session import Attempt, Result, Session, Tuned, TuneSettings, Tuning
from genomes.records.outcome import Crashed, DependsOnStart, Floored, Measured, Outcome
from sandbox.errand import Drawing, Request, Screened, Screening
from sandbox.pool import Pool
from sandbox.worker import mean_of

TUNE = "tune"
REMEMBER_EVERY = 32  # results a commit: a kill loses fewer than these

Recall = Callable[[Iterable[str]], Mapping[str, Outcome]]
Remember = Callable[[Sequence[Outcome]], None]
Progress = Callable[[int, int], None]


def tune(
    tunings: Sequence[Tuning],
    pool: Pool,
    recall: Recall,
    remember: Remember,
    settings: TuneSettings,
    progress: Progress,
) -> list[Tuned]:
    """Tune parents, all sessions a batch further at a time, so that the workers have enough to do.

    Args:
        tunings: The parents.
        pool: Draws the texts and measures the graphs.
        recall: Canonical keys -> outcomes that are known; what it knows is not measured again.
        remember: Keeps outcomes at once, so that a kill loses few of them.
        settings: How.
        progress: Told how many attempts are done, of how many at most.

    Returns:
        What each session came to, in the order of the parents.
    """
    sessions = [Session(tuning, settings) for tuning in tunings]
    known = _Known(pool=pool, recall=recall, remember=remember, folds=settings.folds)
    total, done = sum(session.expected for session in sessions), 0
    while asked := [(session, attempt) for session in sessions for attempt in session.ask()]:
        drawings = _drawn(pool, [attempt for _, attempt in asked])
        known.learn(
            (drawing, attempt)
            for (_, attempt), drawing in zip(asked, drawings, strict=True)
            if drawing.failure is None
        )
        for (session, attempt), drawing in zip(asked, drawings, strict=True):
            session.tell(attempt.number, known.result(drawing, attempt))
        done += len(asked)
        progress(done, total)
    return [session.result() for session in sessions]


def _drawn(pool: Pool, attempts: Sequence[Attempt]) -> list[Drawing]:
    requests = [Request(operator=TUNE, text=attempt.text, own=True) for attempt in attempts]
    drawings = dict(pool.propose(requests))
    return [drawings[i] for i in range(len(requests))]


@dataclass(slots=True, kw_only=True)
class _Known:
    """What is known of graphs, by key; sessions may meet the same ones, with other hurdles.

    Whether a graph was known before or is measured now makes no difference to a result. So a
    hurdle is put up for known graphs, too: a measured one tells what it had on the first folds,
    any other is looked at there.
    """

    pool: Pool
    recall: Recall
    remember: Remember
    folds: int
    outcomes: dict[str, Outcome] = field(default_factory=dict[str, Outcome])
    figures: dict[str, float] = field(default_factory=dict[str, float])

    def learn(self, drawn: Iterable[tuple[Drawing, Attempt]]) -> None:
        """Find out all that `result` will want to know of these."""
        graphs: dict[str, str] = {}
        hurdles: dict[str, list[float]] = {}
        for drawing, attempt in drawn:
            graphs.setdefault(drawing.key, drawing.graph)
            hurdles.setdefault(drawing.key, []).append(attempt.least)
        unknown = [key for key in graphs if key not in self.outcomes]
        for key, outcome in self.recall(unknown).items():
            self._take(key, outcome)
        while True:
            wanted = {key: self._least(key, hurdles[key]) for key in graphs}
            asked = {key: least for key, least in wanted.items() if least is not None}
            if not asked:
                return
            self._screen(list(asked), [self._screening(graphs[k], asked[k]) for k in asked])

    def _screening(self, graph: str, least: float) -> Screening:
        return Screening(graph=graph, folds=self.folds, least=least)

    def _least(self, key: str, hurdles: Sequence[float]) -> float | None:
        """What to ask a screening of a graph for next; None where enough is known."""
        figure = self.figures.get(key)
        if key in self.outcomes:
            missing = figure is None and max(hurdles) > -math.inf
            return math.inf if missing else None
        if figure is None:
            return min(hurdles)
        return -math.inf if figure >= min(hurdles) else None

    def _screen(self, keys: Sequence[str], screenings: Sequence[Screening]) -> None:
        unsaved: list[Outcome] = []
        try:
            for index, screened in self.pool.screen(screenings):
                self._note(keys[index], screenings[index], screened)
                if screened.outcome is not None:
                    unsaved.append(screened.outcome)
                if len(unsaved) >= REMEMBER_EVERY:
                    self.remember(unsaved)
                    unsaved = []
        finally:
            if unsaved:
                self.remember(unsaved)

    def _note(self, key: str, asked: Screening, screened: Screened) -> None:
        if screened.figure is not None:
            self.figures[key] = screened.figure
        elif asked.least > -math.inf:  # it failed on the way: there is an outcome, and no hurdle
            self.figures[key] = math.inf
        if screened.outcome is not None and key not in self.outcomes:
            self._take(key, screened.outcome)

    def _take(self, key: str, outcome: Outcome) -> None:
        self.outcomes[key] = outcome
        if isinstance(outcome, Measured) and len(outcome.folds) > self.folds:
            self.figures[key] = mean_of(outcome.folds[: self.folds])

    def result(self, drawing: Drawing, attempt: Attempt) -> Result:
        """What became of an attempt."""
        if drawing.failure is not None:
            crashed = isinstance(drawing.failure, Crashed)
            return Result(key="", state="crashed" if crashed else "refused")
        key = drawing.key
        figure = self.figures.get(key)
        if figure is not None and figure < attempt.least:
            return Result(key=key, state="pruned", figure=figure)
        match self.outcomes[key]:
            case Measured(fitness=fitness):
                return Result(key=key, state="measured", figure=figure, fitness=fitness)
            case Floored():
                return Result(key=key, state="floored")
            case DependsOnStart():
                return Result(key=key, state="depends_on_start")
            case _:
                return Result(key=key, state="crashed")
