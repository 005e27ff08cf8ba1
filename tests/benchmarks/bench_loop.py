"""Where a structural search's CPU time goes, per candidate and stage, as the archive grows.

    python -m tests.benchmarks.bench_loop [--long] [--seed N] [--json FILE]

One whole search on the embedded market, with one worker in this process, so that every stage is
seen. Each line is an average over the last candidates before 100, 10,000 and, with --long, 100,000
of them are in the archive. A stage's time is its own: what it asks of another stage counts there.

| stage | what it is |
|---|---|
| read | parents' texts to trees and graphs |
| vary | operators, tidying and objections |
| draw | the graph of a draft, traced from its tree; seeds and repairs in the jail |
| probe | what a draft does on a small market |
| print | the text of the accepted child |
| execute | graph to weights and exits |
| second look | the run from a later start |
| books | the three walks |
| figures | metrics, folds, descriptor, fitness |
| screen | residuals of parents, and the first scan |
| judge | novelty, ranks, standing |
| tell | the transaction |
| observe | credit, selection's tables |
| driver | all else: asking, planning, settling |
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import genomes.variation as variation
from archive.population import Population
from archive.store import Archive
from engine import startup
from engine.config import build
from engine.generation import Search
from engine.loop import run
from genomes.variation import reading
from sandbox import measure, terms, worker
from sandbox.execute import Executor
from sandbox.jail.client import Jail
from sandbox.probe import Probe
from sandbox.screen import Screener
from tests.engine.fakes import Quiet

STAGES: dict[str, tuple[tuple[Any, str], ...]] = {
    "read": ((reading, "_read"),),
    "vary": ((worker, "propose"), (worker, "remedied")),
    "draw": ((variation, "understand"), (Jail, "draw_many"), (Jail, "read_foreign")),
    "probe": ((Probe, "__call__"),),
    "print": ((variation, "text_of"),),
    "execute": ((Executor, "evaluate"),),
    "second look": ((Executor, "depends_on_start"),),
    "books": ((terms, "keep_books"),),
    "figures": ((worker, "measure"), (measure, "figures")),
    "screen": ((Screener, "__init__"), (Screener, "help_for")),
    "judge": ((Population, "judge"),),
    "tell": ((Archive, "tell"),),
    "observe": ((Search, "observe"),),
}
POPULATION = 64


class Stopwatch:
    """CPU seconds of this process by stage, each without what it calls of the others."""

    def __init__(self) -> None:
        self.seconds: defaultdict[str, float] = defaultdict(float)
        self._stack = ["driver"]
        self._since = time.process_time()

    def switch(self) -> None:
        """Book the time since the last switch."""
        now = time.process_time()
        self.seconds[self._stack[-1]] += now - self._since
        self._since = now

    def timed(self, stage: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """The function, its time booked."""

        def call(*args: Any, **named: Any) -> Any:
            self.switch()
            self._stack.append(stage)
            try:
                return function(*args, **named)
            finally:
                self.switch()
                self._stack.pop()

        return call

    def attach(self) -> None:
        """Time every stage from now on."""
        for stage, places in STAGES.items():
            for owner, name in places:
                setattr(owner, name, self.timed(stage, getattr(owner, name)))


class Marks(Quiet):
    """Reads the stopwatch at every generation; ends the run at the last size."""

    def __init__(self, watch: Stopwatch, archive: Archive, place: Path, sizes: list[int]) -> None:
        super().__init__()
        self.watch, self.archive, self.place = watch, archive, place
        self.sizes, self.rows = sizes, list[dict[str, Any]]()
        self.past: list[tuple[int, float, dict[str, float]]] = []

    def recorded(self, report: Any) -> None:
        super().recorded(report)
        self.watch.switch()
        count = self.archive.count()
        self.past.append((count, time.perf_counter(), dict(self.watch.seconds)))
        if count < self.sizes[0]:
            return
        before = next((p for p in reversed(self.past[:-1]) if p[0] <= 0.95 * count), None)
        if before is not None:
            self.sizes.pop(0)
            self.rows.append(self._row(before, self.past[-1]))
            show(self.rows[-1])
        self.stopping = not self.sizes

    def _row(
        self,
        before: tuple[int, float, dict[str, float]],
        now: tuple[int, float, dict[str, float]],
    ) -> dict[str, Any]:
        made = now[0] - before[0]
        spent = {
            stage: 1000 * (now[2].get(stage, 0.0) - before[2].get(stage, 0.0)) / made
            for stage in (*STAGES, "driver")
        }
        size = sum(path.stat().st_size for path in self.place.parent.glob(self.place.name + "*"))
        return {
            "candidates": now[0],
            "averaged": made,
            "ms": spent,
            "ms_total": sum(spent.values()),
            "ms_driver": sum(spent[s] for s in ("judge", "tell", "observe", "driver")),
            "per_second": made / (now[1] - before[1]),
            "memory_mb": memory_mb(),
            "bytes_per_candidate": size / now[0],
        }


def memory_mb() -> float:
    """Resident memory of this process, MiB."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) / 1024
    return float("nan")


def show(row: dict[str, Any]) -> None:
    """A row of the table."""
    print(
        f"{row['candidates']:,} candidates: {row['ms_total']:.2f} ms CPU each (over the last "
        f"{row['averaged']:,}), of it the driver {row['ms_driver']:.2f}; {row['per_second']:.0f} "
        f"per second of wall time; {row['memory_mb']:.0f} MB; {row['bytes_per_candidate']:,.0f} "
        "bytes in the archive each"
    )
    print("   " + "  ".join(f"{stage} {ms:.2f}" for stage, ms in row["ms"].items()), flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description="CPU time per candidate and stage.")
    parser.add_argument("--long", action="store_true", help="up to 100,000 candidates, not 10,000")
    parser.add_argument("--sizes", help="other sizes, with commas")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    sizes = [100, 10_000, *([100_000] if options.long else [])]
    if options.sizes:
        sizes = [int(size) for size in options.sizes.split(",")]
    config = build(
        {
            "seed": options.seed,
            "search": {"population": POPULATION},
            "sandbox": {"workers": 0},
        }
    )
    planned = startup.plan(config, Path.cwd())
    watch = Stopwatch()
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / "loop.sqlite"
        with Archive.create(place, identity=planned.identity) as archive:
            pool = startup.pool(planned.market, planned.config)
            marks = Marks(watch, archive, place, list(sizes))
            watch.attach()
            run(startup.assemble(planned, archive, pool, None), sys.maxsize - 1, marks)
            pool.close()
    if options.json:
        options.json.write_text(json.dumps(marks.rows, indent=1) + "\n")


if __name__ == "__main__":
    main()
