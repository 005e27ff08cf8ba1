"""The champion of a run: who beat the one before in training, and then on validation bars.

Validation answers through a ladder (Blum and Hardt 2015, "The Ladder: a reliable leaderboard for
machine learning competitions"): a challenger's Sharpe ratio there is released only where it is more
than a step above what was released before, and then rounded to the step. Nothing that proposes,
selects or measures candidates reads the answer; it moves the champion, and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.statistics.ladder import Ladder, step_of
from genomes.records.entry import Entry
from genomes.records.outcome import Measured

if TYPE_CHECKING:
    from archive.store import Archive
    from engine.config import Config

KEY = "validation"
"""Of a generation's summary: the state after it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Champion:
    """Who is champion, and where the ladder stands.

    Attributes:
        id: Of the candidate; None until one is a step better than its benchmark on validation bars.
        fitness: Its training fitness; None without one.
        ladder: State of the ladder; its `best` is all that is shown of the champion's Sharpe ratio
            on validation bars, 0 without a champion. None where validation cannot be asked.
    """

    id: int | None
    fitness: float | None
    ladder: Ladder | None = None

    def record(self) -> dict[str, Any]:
        """As plain values, for JSON."""
        ladder = None if self.ladder is None else self.ladder.record()
        return {"id": self.id, "fitness": self.fitness, "ladder": ladder}


Examine = Callable[[str], float]
"""Sharpe ratio on validation bars of a serialised graph."""

Bars = Callable[[], tuple[Examine, float]]
"""Reads the validation bars: who examines a graph on them, and the ladder's step."""


class Challenge:
    """Puts one candidate at a time to the ladder on validation bars."""

    def __init__(self, bars: Bars, champion: Champion | None = None) -> None:
        """Begin, or go on.

        Args:
            bars: Opens the validation bars; called when a challenger is there.
            champion: Where it stands.
        """
        self._open = bars
        self._opened: tuple[Examine, float] | None = None
        self.champion = champion
        self.remark = ""

    def put(self, fitness: float, candidate: int, graph: str) -> bool:
        """Ask about a candidate if it beats the champion in training; whether it is champion now.

        Args:
            fitness: Its training fitness.
            candidate: Its id.
            graph: Its serialised graph.
        """
        self.remark = ""
        before = self.champion
        if before is not None and before.fitness is not None and fitness <= before.fitness:
            return False
        try:
            self._opened = self._opened or self._open()
        except Exception as error:  # these bars were not read before; the search goes on
            if before is None:
                self.remark = f"validation cannot be asked: the champion is the fittest ({error})"
            self.champion = Champion(id=candidate, fitness=fitness)
            return True
        examine, step = self._opened
        ladder = before.ladder if before and before.ladder else Ladder(step=step, best=0.0)
        asked = ladder.asked(examine(graph))
        if asked.releases == ladder.releases:
            before = before or Champion(id=None, fitness=None)
            self.champion = replace(before, ladder=asked)
            return False
        beaten = f"candidate {before.id}" if before and before.id else "its own past exposure"
        self.remark = (
            f"champion: candidate {candidate}, on validation more than {step:.2f} above {beaten}"
        )
        self.champion = Champion(id=candidate, fitness=fitness, ladder=asked)
        return True


class Validation:
    """Puts the best newcomer of each generation to the ladder."""

    def __init__(self, bars: Bars, archive: Archive) -> None:
        """Begin, or go on from what the last generation's summary says.

        Args:
            bars: Opens the validation bars.
            archive: Of the run.
        """
        self._challenge = Challenge(bars, champion_of(archive))

    @property
    def remark(self) -> str:
        """What the last generation changed, in a sentence; or nothing."""
        return self._challenge.remark

    def challenge(self, entries: Sequence[Entry]) -> Mapping[str, Any]:
        """Put a generation's best newcomer to the ladder.

        Args:
            entries: The generation.

        Returns:
            What its summary says of it.
        """
        best: tuple[Measured, int] | None = None
        for entry in entries:
            found = entry.outcome
            if entry.species != "strategy" or not isinstance(found, Measured):
                continue
            if best is None or found.fitness > best[0].fitness:
                best = found, entry.id
        self._challenge.remark = ""
        if best is not None:
            self._challenge.put(best[0].fitness, best[1], best[0].graph)
        champion = self._challenge.champion
        return {KEY: champion.record()} if champion else {}


def champion_of(archive: Archive) -> Champion | None:
    """Where the ladder stands as recorded; None where validation was never asked."""
    told = archive.summaries()
    state: Any = told[-1].get(KEY) if told else None
    if not state:
        return None
    ladder = state["ladder"]
    return Champion(
        id=state["id"],
        fitness=state["fitness"],
        ladder=None if ladder is None else Ladder.read(ladder),
    )


def of_market(config: Config, base: Path) -> Bars:
    """How the validation bars of a run's market are opened, in this process, when first asked.

    The bars after them are not loaded. The step is `search.validation_step` standard errors of an
    annual Sharpe ratio over the window (1 / sqrt(years)).

    Args:
        config: The run's settings.
        base: The folder that a relative market path begins in.
    """

    def opened() -> tuple[Examine, float]:
        from genomes.language.serial import Reader
        from sandbox.execute import Executor
        from sandbox.market import load, resolve
        from sandbox.measure import fold_statistics
        from sandbox.terms import Terms

        market = load(resolve(config.market or None, base=base), through="validation")
        panel, split = market.panel, market.split
        window = (split.validation_start, split.validation_end)
        objective = config.objective.model_copy(update={"folds": 1, "statistic": "sharpe"})
        terms = Terms.over(market, objective, window)
        reader = Reader(dict(sorted(panel.dimensions.items())))
        executor = Executor(panel, cache_bytes=0)

        def examine(graph: str) -> float:
            book = terms.books(panel, executor.evaluate(reader.read(graph)).targets)
            return fold_statistics(book, terms, density)[0]

        density = panel.density(*window)
        years = (window[1] - window[0]) / density
        return examine, config.search.validation_step * step_of(years)

    return opened
