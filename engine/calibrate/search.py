"""One search on a made market by the engine itself: the same path as `engine.evolve`, metered."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.calibrate.cpu import cpu_s
from genomes.records.outcome import EVALUATED

if TYPE_CHECKING:
    from archive.store import Archive
    from engine.progress import Report


def _never() -> bool:  # named, so that limits travel to another process
    return False


def _silent(done: int, best: float | None) -> None:
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How far a search goes, and how it is told to stop.

    Attributes:
        evaluations: Evaluations that are scored.
        cpu_s: CPU seconds that a baseline goes on for once its evaluations are used up.
        settings: `key=value` of the engine.
        stopping: Whether the user wants to end; asked after each generation.
        progress: Is told evaluations so far and the best fitness.
    """

    evaluations: int
    cpu_s: float = 0.0
    settings: Sequence[str] = ()
    stopping: Callable[[], bool] = _never
    progress: Callable[[int, float | None], None] = _silent


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A candidate that was the champion, or the fittest, from then on.

    Attributes:
        evaluation: Its number among the evaluations, from 1.
        cpu_s: CPU seconds spent until then.
        fitness: Training fitness.
        graph: Its serialised graph.
        text: Its source; empty where a method has none.
    """

    evaluation: int
    cpu_s: float
    fitness: float
    graph: str
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """What a search found, in the order it found it.

    Attributes:
        steps: Every champion; also beyond the evaluations, where a baseline went on for its CPU
            seconds.
        fittest: Every candidate that was the fittest in training so far, likewise.
        evaluations: Evaluations scored.
        candidates: Candidates proposed for them: duplicates and refused ones, too.
        cpu_s: CPU seconds for them, of driver and workers together.
    """

    steps: tuple[Step, ...]
    fittest: tuple[Step, ...]
    evaluations: int
    candidates: int
    cpu_s: float


@dataclass(slots=True)
class Meter:
    """Watches a run: CPU seconds by generation go into a file, and the budget ends it.

    A run that was killed goes on with the seconds of the generations it had told.
    """

    file: Path
    limits: Limits
    evaluated: int = 0
    best: float | None = None
    stopping: bool = False
    spent: dict[int, float] = field(default_factory=dict[int, float])
    _from: float = 0.0

    def resume(self, archive: Archive, base: float) -> None:
        """Take what the archive and the file know of generations before.

        Args:
            archive: Of the run.
            base: CPU seconds when the run, or its continuation, was started.
        """
        for summary in archive.summaries():
            self._count(summary)
        if self.file.exists():
            for line in self.file.read_text(encoding="utf-8").splitlines():
                self.spent |= _cost(line)
        self._from = base - max(self.spent.values(), default=0.0)
        self.stopping = self.done

    def progress(self, generation: int, stage: str, done: int, total: int) -> None:
        """Nothing is shown inside a generation."""

    def recorded(self, report: Report) -> None:
        """Count a generation, and note what it cost."""
        self._count(report.summary)
        self.spent[report.generation] = cpu_s() - self._from
        with self.file.open("a", encoding="utf-8") as file:
            file.write(json.dumps([report.generation, self.spent[report.generation]]) + "\n")
        self.limits.progress(min(self.evaluated, self.limits.evaluations), self.best)
        self.stopping = self.done or self.limits.stopping()

    @property
    def done(self) -> bool:
        """Whether evaluations and CPU seconds are used up."""
        enough = max(self.spent.values(), default=0.0) >= self.limits.cpu_s
        return self.evaluated >= self.limits.evaluations and enough

    def _count(self, summary: dict[str, Any]) -> None:
        self.evaluated += sum(summary["kinds"].get(kind, 0) for kind in EVALUATED)
        if summary["best"] is not None:
            self.best = max(summary["best"], -1e9 if self.best is None else self.best)


def _cost(line: str) -> dict[int, float]:
    try:
        generation, seconds = json.loads(line)
    except ValueError:  # the line that a kill cut off
        return {}
    return {int(generation): float(seconds)}


def finch(market: Path, seed: int, folder: Path, limits: Limits) -> Trace | None:
    """Run the engine until the evaluations are used up; None where the user stopped it before.

    Args:
        market: The market's TOML.
        seed: Of the run.
        folder: Its archive and its meter's file lie there; a run left there is continued.
        limits: How far it goes.

    Raises:
        ConfigError, MarketError, ArchiveError, PoolError: As `engine.evolve` would say.
    """
    from archive.store import Archive
    from engine import startup
    from engine.config import build, merge, read
    from engine.loop import run

    base = cpu_s()
    table = merge({"sandbox": {"workers": 0}}, read(None, limits.settings))
    config = build(merge(table, {"market": str(market.resolve()), "seed": seed}))
    planned = startup.plan(config, Path.cwd())
    place = folder / "archive.sqlite"
    meter = Meter(folder / "cpu.jsonl", limits)
    opened = Archive.open if place.exists() else Archive.create
    with opened(place, identity=planned.identity) as archive:
        meter.resume(archive, base)
        if not meter.stopping:
            pool = startup.pool(planned.market, planned.config)
            try:
                # Each generation has a new graph at least, or the budget is out of reach anyway.
                run(startup.assemble(planned, archive, pool), limits.evaluations, meter)
            finally:
                pool.close()
        if not meter.done and archive.generations() <= limits.evaluations:
            return None
        return _trace(archive, meter)


def _trace(archive: Archive, meter: Meter) -> Trace:
    """An archive's champions and fittest in the order told, and what the evaluations took."""
    from engine.validation import KEY
    from genomes.records.outcome import Measured

    states = [summary.get(KEY) for summary in archive.summaries()]
    steps: list[Step] = []
    fittest: list[Step] = []
    evaluation = candidates = within = 0
    seconds = spent = 0.0
    for generation, entries in _by_generation(archive):
        start, end = meter.spent.get(generation - 1, 0.0), meter.spent.get(generation, seconds)
        state: Any = states[generation]
        for index, entry in enumerate(entries, start=1):
            outcome = entry.outcome
            evaluation += outcome.kind in EVALUATED
            seconds = start + (end - start) * index / len(entries)
            if evaluation <= meter.limits.evaluations:
                candidates, within, spent = candidates + 1, evaluation, seconds
            if not isinstance(outcome, Measured):
                continue
            step = Step(
                evaluation=evaluation,
                cpu_s=seconds,
                fitness=outcome.fitness,
                graph=outcome.graph,
                text=entry.text,
            )
            if not fittest or step.fitness > fittest[-1].fitness:
                fittest.append(step)
            if state and state["id"] == entry.id:  # a champion comes from the generation told
                steps.append(step)
    return Trace(
        steps=tuple(steps or fittest),
        fittest=tuple(fittest),
        evaluations=within,
        candidates=candidates,
        cpu_s=spent,
    )


def _by_generation(archive: Archive) -> Iterator[tuple[int, list[Any]]]:
    for generation in range(archive.generations()):
        whole = range(generation, generation + 1)
        yield generation, list(archive.entries(generations=whole, species="strategy"))
