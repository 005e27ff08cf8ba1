"""Hand-written stand-ins: a pool whose answers depend on the question only, and a watcher."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence

import numpy as np

from archive.identity import Identity
from archive.population import Population
from archive.store import Archive
from engine.credit import OperatorCredit
from engine.generation import Search
from engine.operators.structural import Structural
from engine.seeding import Seed, Seeds
from engine.selection import NoveltySelector, Selector
from genomes.records.outcome import Crashed, Floored, Measured, Outcome, Refused
from genomes.records.refusal import Refusal
from genomes.variation import OPERATORS
from sandbox.errand import Drawing, Request
from sandbox.returns import Question
from sandbox.screen import Atom, Looks, Row, Screen
from sandbox.screen.noise import Noise

SEEDS = [Seed(name=f"seed_{i}", text=f'"""Seed {i}."""\n') for i in range(6)]


def rng_of(text: str) -> np.random.Generator:
    return np.random.default_rng(int(hashlib.sha256(text.encode()).hexdigest()[:12], 16))


def screen(rows: int = 12, above: int = 4) -> Screen:
    """Rows of falling excess, the first of them above noise."""
    return Screen(
        singles=tuple(row(i, above_noise=i < above) for i in range(rows)),
        products=(),
        single_noise=Noise((0.5, 0.6)),
        product_noise=Noise((0.7, 0.8)),
        looks=Looks(atoms=rows, products=rows * (rows - 1) // 2),
        notes=(),
        warnings=(),
    )


def row(i: int, *, above_noise: bool = False, suspect: bool = False) -> Row:
    atom = Atom(
        text=f"sign(log_return(m.close, {i + 1}))",
        phrase=f"the sign of the {i + 1}-bar log return of close",
        family="log_return",
        lookback=i + 1,
        form="sign",
        rank=0,
    )
    return Row(
        atoms=(atom,),
        turned=False,
        score=1.5 - i / 10,
        excess=0.9 - i / 10,
        support=0.9 - i / 10,
        above_noise=above_noise,
        folds=(1.0, 1.2),
        suspect=suspect,
    )


def measured(text: str, key: str) -> Measured:
    rng = rng_of(text)
    row = rng.standard_normal(64)
    row = np.round(32000 * row / np.linalg.norm(row)).astype("<i2")
    return Measured(
        key=key,
        graph=f"graph of {key}",
        nodes=int(rng.integers(5, 40)),
        fitness=float(rng.normal()),
        folds=(1.0, 2.0),
        metrics={"sharpe": float(rng.normal())},
        axes={"turnover": 1.0},
        descriptor=row.tobytes(),
    )


class FakePool:
    """Answers in a shuffled order; every tenth text is refused, every eleventh floored."""

    def __init__(self, order: int = 0, keys: int = 10_000) -> None:
        self.order, self.keys = order, keys
        self.proposed: list[Request] = []
        self.measured: list[str] = []

    def _shuffled(self, n: int) -> list[int]:
        return (
            np.random.default_rng(self.order).permutation(n).tolist()
            if self.order
            else list(range(n))
        )

    def propose(self, requests: Sequence[Request]) -> Iterator[tuple[int, Drawing]]:
        self.proposed += requests
        for index in self._shuffled(len(requests)):
            yield index, self._draw(requests[index])

    def _draw(self, request: Request) -> Drawing:
        text = request.text or f"{request.operator} {request.seed} {len(request.parents)}"
        number = int(hashlib.sha256(text.encode()).hexdigest()[:8], 16)
        if request.text is None and number % 10 == 0:
            refusal = Refusal(rule="range", line=1, column=1, found="n = 0", instead="n = 1")
            return Drawing(
                text=text, operator=request.operator, note="", failure=Refused(refusals=(refusal,))
            )
        key = f"{number % self.keys:032x}"
        return Drawing(text=text, operator=request.operator, note="x", graph=text, key=key)

    def measure(self, graphs: Sequence[str]) -> Iterator[tuple[int, Outcome]]:
        for index in self._shuffled(len(graphs)):
            self.measured.append(graphs[index])
            yield index, self._measure(graphs[index])

    def _measure(self, text: str) -> Outcome:
        number = int(hashlib.sha256(text.encode()).hexdigest()[:8], 16)
        key = f"{number % self.keys:032x}"
        if number % 13 == 0:
            return Crashed(stage="measure", reason="its worker died, twice")
        if number % 11 == 0:
            return Floored(
                key=key, graph=text, nodes=3, floor="min_trades", figure=1, needed=30, metrics={}
            )
        return measured(text, key)

    def study(self, graphs: Sequence[str]) -> Iterator[tuple[int, None]]:
        for index in self._shuffled(len(graphs)):
            yield index, None

    def returns(self, questions: Sequence[Question]) -> Iterator[tuple[int, None]]:
        for index in self._shuffled(len(questions)):
            yield index, None

    def screen(self) -> Screen:
        return screen()

    def close(self) -> None: ...


class Dying(FakePool):
    """Dies after so many measurements, as a killed driver would."""

    def __init__(self, after: int) -> None:
        super().__init__()
        self.after = after

    def measure(self, graphs: Sequence[str]) -> Iterator[tuple[int, Outcome]]:
        for answer in super().measure(graphs):
            if self.after == 0:
                raise KeyboardInterrupt
            self.after -= 1
            yield answer


class Quiet:
    """A watcher that stops a run after a generation, or never."""

    def __init__(self, stop_after: int | None = None) -> None:
        self.stop_after = stop_after
        self.stopping = False
        self.reports: list[dict[str, object]] = []
        self.remarks: list[tuple[str, ...]] = []

    def progress(self, generation: int, stage: str, done: int, total: int) -> None: ...

    def recorded(self, report: object) -> None:
        self.reports.append(report.summary)  # type: ignore[attr-defined]
        self.remarks.append(tuple(report.remarks))  # type: ignore[attr-defined]
        self.stopping = report.generation == self.stop_after  # type: ignore[attr-defined]


def identity(seed: int = 7) -> Identity:
    return Identity(
        market="fake",
        fingerprint="f" * 64,
        config=json.dumps({"search": {"population": 16}}),
        seed=seed,
        isolation="process",
        engine="0.1.0",
    )


def search(
    archive: Archive,
    pool: FakePool,
    *,
    seed: int = 7,
    size: int = 16,
    selector: Selector | None = None,
) -> Search:
    """A run on a fake pool; the loop reads again what the archive was told before."""
    chosen = selector or NoveltySelector()
    credit = OperatorCredit(tuple(OPERATORS), explore=0.2, memory=0.9)
    return Search(
        archive=archive,
        pool=pool,
        population=Population(),
        selector=chosen,
        proposers=[Seeds(SEEDS), Structural(credit, chosen)],
        size=size,
        seed=seed,
    )
