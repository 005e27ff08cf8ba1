"""Progress of a run: a summary of each generation, and the lines in the terminal."""

from __future__ import annotations

import statistics
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING, Any, Protocol

from genomes.records.outcome import Crashed, Measured, Refused
from genomes.records.text import fixed

if TYPE_CHECKING:
    from rich.console import Console

    from genomes.records.entry import Entry


@dataclass(frozen=True, slots=True)
class Report:
    """A generation as recorded.

    Attributes:
        generation: Its number.
        summary: As `summarise` gives it, with what proposers add to it.
        remarks: Further messages: a plateau, a model that is disabled for a while.
        trials: Trials of tuning among what was looked at.
    """

    generation: int
    summary: dict[str, Any]
    remarks: Sequence[str] = ()
    trials: int = 0


class Watcher(Protocol):
    """Observes a run: receives its progress and may ask it to stop, nothing else."""

    @property
    def stopping(self) -> bool:
        """Whether the run is to end with this generation."""
        ...

    def progress(self, generation: int, stage: str, done: int, total: int) -> None:
        """`done` of a generation's `total` candidates have passed a stage."""
        ...

    def recorded(self, report: Report) -> None:
        """A generation is in the archive."""
        ...


def summarise(generation: int, entries: Sequence[Entry]) -> dict[str, Any]:
    """A generation's figures: strategies, kinds of outcome, rules broken, fitness and novelty."""
    entries = [e for e in entries if e.species == "strategy"]
    fitness = [e.outcome.fitness for e in entries if isinstance(e.outcome, Measured)]
    novelty = [e.novelty for e in entries if e.novelty is not None]
    rules = Counter(e.outcome.cause for e in entries if isinstance(e.outcome, Refused))
    crashes = Counter(
        f"{e.outcome.stage}: {e.outcome.reason}" for e in entries if isinstance(e.outcome, Crashed)
    )
    return {
        "generation": generation,
        "candidates": len(entries),
        "kinds": dict(sorted(Counter(e.outcome.kind for e in entries).items())),
        "standings": dict(sorted(Counter(e.standing for e in entries).items())),
        "refused_by": dict(sorted(rules.items())),
        "crashes": dict(sorted(crashes.items())),
        "best": max(fitness, default=None),
        "median": statistics.median(fitness) if fitness else None,
        "novelty": statistics.median(novelty) if novelty else None,
    }


HEADINGS = (
    "gen",
    "best",
    "best now",
    "median",
    "novelty",
    "ok/dup/floor/refused",
    "cand/s",
    "left",
)
_WIDTHS = (5, 8, 8, 8, 8, 22, 8, 8)


class Screen:
    """A line for each generation; in a terminal also a bar for the one that runs.

    Use it with `with`: it takes Ctrl-C and SIGTERM for itself. The first ends the run with the
    generation that runs, the second at once.
    """

    def __init__(self, console: Console, *, first: int, last: int, best: float | None) -> None:
        """Begin.

        Args:
            console: Where to write.
            first: The generation that the run begins with.
            last: The generation that it ends with.
            best: Best fitness recorded before; None if there is none.
        """
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

        self.stopping = False
        self._console, self._first, self._last, self._best = console, first, last, best
        self._began = self._mark = time.monotonic()
        self._bar = Progress(
            TextColumn("[dim]{task.description}"),
            BarColumn(bar_width=None),
            MofNCompleteColumn(),
            console=console,
            transient=True,
            disable=not console.is_terminal,
        )
        self._task = self._bar.add_task("starting", total=1)
        self._handlers: dict[int, Any] = {}

    def __enter__(self) -> Screen:
        import signal
        import threading

        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM):
                self._handlers[number] = signal.signal(number, self._interrupted)
        self._bar.start()
        self._console.print(_row(HEADINGS), style="dim", highlight=False)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        import signal

        self._bar.stop()
        for number, handler in self._handlers.items():
            signal.signal(number, handler)

    def _interrupted(self, number: int, frame: object) -> None:
        if self.stopping:
            raise KeyboardInterrupt
        self.stopping = True
        self._console.print(
            "Stopping when this generation is in the archive; Ctrl-C again stops at once.",
            style="yellow",
        )

    def progress(self, generation: int, stage: str, done: int, total: int) -> None:
        """`done` of a generation's `total` candidates have passed a stage."""
        self._bar.update(
            self._task,
            description=f"generation {generation}, {stage}",
            completed=done,
            total=total,
        )

    def recorded(self, report: Report) -> None:
        """Write the generation's line."""
        now = time.monotonic()
        summary, kinds = report.summary, report.summary["kinds"]
        best = summary["best"]
        risen = best is not None and (self._best is None or best > self._best)
        self._best = best if risen else self._best
        rate = summary["candidates"] / max(now - self._mark, 1e-9)
        done = report.generation - self._first
        if done == 0:  # starting workers and loading kernels is not part of the rate
            self._began = now
        left = (now - self._began) / max(done, 1) * (self._last - report.generation)
        self._mark = now
        counts = (
            kinds.get("measured", 0),
            kinds.get("duplicate", 0),
            kinds.get("floored", 0) + kinds.get("depends_on_start", 0),
            kinds.get("refused", 0) + kinds.get("crashed", 0) + kinds.get("unusable", 0),
        )
        line = _row((
            str(report.generation),
            fixed(self._best),
            fixed(best),
            fixed(summary["median"]),
            fixed(summary["novelty"]),
            "/".join(map(str, counts)),
            f"{rate:.0f}",
            duration(left) if 0 < done < self._last - self._first else "",
        ))  # fmt: skip
        rules = ", ".join(f"{rule} {n}" for rule, n in summary["refused_by"].items())
        style = "bold green" if risen and report.generation > 0 else None
        line += f"  refused: {rules}" if rules else ""
        self._console.print(line, style=style, highlight=False)
        for remark in (*_of_models(summary), *report.remarks):
            self._console.print(f"      {remark}", style="cyan", markup=False, highlight=False)
        for crash, count in summary["crashes"].items():
            self._console.print(f"      crashed, {count} x {crash}", style="red", markup=False)


def _of_models(summary: dict[str, Any]) -> Iterator[str]:
    """A generation's use of models in one line; nothing if none was asked."""
    told = summary.get("models")
    if not told or not summary["generation"]:  # seeds were not written by models
        return
    parts = [_counted(told["candidates"], "candidate")] if told["candidates"] else []
    if told["unanswered"]:
        parts.append(f"{told['unanswered']} unanswered, made structurally")
    if told["prompts"]:
        parts.append(_counted(told["prompts"], "new prompt"))
    if told["mended"]:
        parts.append(f"{told['mended']} sent back")
    parts += [f"{count} {problem}" for problem, count in told["unusable_by"].items()]
    cost = f", {told['cost']:.4g} paid" if told["cost"] else ""
    yield f"models: {', '.join(parts)}; {told['tokens']:,} tokens{cost}"


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def duration(seconds: float) -> str:
    """Seconds as 42 s, 3:05 or 1:02:03."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def _row(cells: Sequence[str]) -> str:
    return " ".join(cell.rjust(width) for cell, width in zip(cells, _WIDTHS, strict=True))
