"""What the driver pays for a model's candidate: everything but the model and the workers.

    python -m tests.benchmarks.bench_controller [MEMBERS ...]

The model answers at once, in this process; the pool knows its answers beforehand. CPU time of all
threads, over generations 3 to 8, with every slot a model's.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from archive.store import Archive
from engine import startup
from engine.config import build
from engine.generation import Search
from engine.llm.gateway import Gateway
from engine.llm.question import Answer, Question
from engine.loop import run
from genomes.records.entry import Entry
from genomes.records.outcome import Measured, Outcome
from genomes.strategies import texts
from sandbox.errand import Drawing, Request
from sandbox.study import Study
from tests.engine.fakes import Quiet

SIZE = 64
GENERATIONS = 8


class Instant:
    """A pool that knows: graphs of a real seed under another key, descriptors from a table."""

    def __init__(self, graph: str, study: Study | None, like: Measured) -> None:
        self.graph, self.seen, self.like, self.known = graph, 0, like, study
        rows = np.random.default_rng(1).standard_normal((4096, 64))
        rows = np.round(32000 * rows / np.linalg.norm(rows, axis=1, keepdims=True))
        self.table = [row.astype("<i2").tobytes() for row in rows]

    def propose(self, requests: Sequence[Request]) -> Iterator[tuple[int, Drawing]]:
        for index, request in enumerate(requests):
            self.seen += 1
            yield index, Drawing(
                text=request.text or "", operator=request.operator, note="", graph=self.graph,
                key=f"{self.seen:032x}",
            )  # fmt: skip

    def measure(self, graphs: Sequence[str]) -> Iterator[tuple[int, Outcome]]:
        for index, _ in enumerate(graphs):
            yield index, self.measured(self.seen - len(graphs) + index + 1)

    def measured(self, number: int) -> Measured:
        like = self.like
        return Measured(
            key=f"{number:032x}", graph=self.graph, nodes=like.nodes,
            fitness=like.fitness + (number * 7919 % 1000) / 1000, folds=like.folds,
            metrics=like.metrics, axes=like.axes, descriptor=self.table[number % 4096],
        )  # fmt: skip

    def study(self, graphs: Sequence[str]) -> Iterator[tuple[int, Study | None]]:
        for index, _ in enumerate(graphs):
            yield index, self.known

    def close(self) -> None: ...


class Ready:
    """A model that answers at once with one edit."""

    def __init__(self) -> None:
        self.asked = 0

    async def complete(self, question: Question) -> Answer:
        self.asked += 1
        said = {
            "idea": "x", "hypothesis": f"pace {self.asked} suits the noise", "probability": 0.4,
            "edits": [{"search": "def factor(m, p):", "replace": "def factor(m, p):  # again"}],
            "file": None,
        }  # fmt: skip
        return Answer(text=json.dumps(said), finish="stop", tokens_in=9000, tokens_out=100)

    async def close(self) -> None: ...


def main(sizes: Sequence[int]) -> None:
    table = {"llm": {"models": ["ready"], "share": 1.0}, "search": {"population": SIZE}}
    planned = startup.plan(build(table | {"sandbox": {"workers": 0}}), Path.cwd())
    from sandbox.pool import InProcess

    real = InProcess(planned.market.panel, startup.setup(planned.market, planned.config))
    text = texts()["breakout"] if "breakout" in texts() else next(iter(texts().values()))
    like, graph = None, ""
    for text in texts().values():
        drawing = next(iter(real.propose([Request(operator="seed", text=text)])))[1]
        if drawing.graph:
            outcome = next(iter(real.measure([drawing.graph])))[1]
            if isinstance(outcome, Measured):
                like, graph = outcome, drawing.graph
                break
    assert like is not None
    study = next(iter(real.study([graph])))[1]
    real.close()
    for turn, members in enumerate((100, *sizes)):  # the first one warms imports and patterns up
        pool = Instant(graph, study, like)
        with tempfile.TemporaryDirectory() as folder:
            archive = Archive.create(Path(folder) / "a.sqlite", identity=planned.identity)
            with archive:
                fill(archive, pool, members, text)
                desk = Gateway({"ready": Ready()}, archive.transcript)
                search = startup.assemble(planned, archive, pool, desk)
                watch = Clock(search)
                run(search, archive.generations() + GENERATIONS - 1, watch)
                desk.close()
        if turn:
            print(f"{members:>7} members: {watch.figure():.2f} ms CPU a candidate", flush=True)


class Clock(Quiet):
    """CPU time between the third generation of this run and the last."""

    def __init__(self, search: Search) -> None:
        super().__init__()
        self.search, self.marks = search, list[tuple[float, int]]()

    def recorded(self, report: object) -> None:
        super().recorded(report)
        self.marks.append((time.process_time(), self.search.archive.count()))

    def figure(self) -> float:
        (began, first), (ended, last) = self.marks[2], self.marks[-1]
        return 1000 * (ended - began) / (last - first)


def fill(archive: Archive, pool: Instant, members: int, text: str) -> None:
    """A first generation of so many measured seeds, and the seed prompts."""
    from genomes.prompt import parse, seeds
    from genomes.records.outcome import Admitted

    entries = [
        Entry(
            id=i + 1, generation=0, slot=i, species="strategy", text=text, parents=(),
            operator="seed", note="", outcome=pool.measured(10**9 + i), standing="seed",
            novelty=1.0, credit=None,
        )
        for i in range(members)
    ]  # fmt: skip
    for name, prompt in seeds().items():
        parse(prompt.text)
        entries.append(
            Entry(
                id=len(entries) + 1, generation=0, slot=len(entries), species="prompt",
                text=prompt.text, parents=(), operator=f"seed prompt {name}", note="",
                outcome=Admitted(key=prompt.key), standing="admitted", novelty=None, credit=None,
            )
        )  # fmt: skip
    archive.tell(0, entries, {})


if __name__ == "__main__":
    main([int(each) for each in sys.argv[1:]] or [100, 20_000])
