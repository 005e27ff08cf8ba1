"""One run of a method on one made market, scored: a row of the table, and where rows are kept."""

from __future__ import annotations

import json
import math
import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.calibrate.baselines import baseline, deap_gp, templates
from engine.calibrate.search import Limits, Step, Trace, finch

if TYPE_CHECKING:
    from engine.calibrate.market import Law, Truth

FINCH = "finch"
Method = Callable[["Law", Path, Path, Limits], "Trace | None"]

SHARES = (0.5, 0.8, 0.95)
"""Of the oracle's Sharpe: when did the champion's first reach it?"""


def _finch(made: Law, market: Path, folder: Path, limits: Limits) -> Trace | None:
    return finch(market, made.seed, folder, limits)


def _random(made: Law, market: Path, folder: Path, limits: Limits) -> Trace | None:
    settings = (*limits.settings, "search.selection=random")
    return finch(market, made.seed, folder, replace(limits, settings=settings))


METHODS: dict[str, Method] = {
    FINCH: _finch,
    "random": _random,
    "templates": baseline(templates),
    "deap": baseline(deap_gp),
}
"""Every method by its name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """A run to be made.

    Attributes:
        kind: Of the market.
        seed: Of the market and of the search.
        sharpe: Target Sharpe of the market.
        method: Who searches.
        cost_bps: Fee per traded notional on that market.
    """

    kind: str
    seed: int
    sharpe: float
    method: str = FINCH
    cost_bps: float = 0.0

    @property
    def name(self) -> str:
        """Of its row, its market and its folder of work."""
        return f"{self.kind}-sr{self.sharpe:g}-{self.method}-s{self.seed}"


def row_file(out: Path, task: Task) -> Path:
    """Where a finished run's row lies."""
    return out / "rows" / f"{task.name}.parquet"


def carry_out(task: Task, out: Path, limits: Limits, *, keep: bool = False) -> bool:
    """Run a task to its row; False where the user stopped it before. What it did so far is kept.

    Args:
        task: The run.
        out: The study's folder.
        limits: How far it goes.
        keep: Whether the archive stays beside the rows.

    Raises:
        ConfigError, MarketError, ArchiveError, PoolError: As `engine.evolve` would say.
        OSError: The folder cannot be written.
    """
    from engine.calibrate.kinds import KINDS
    from engine.calibrate.market import law, write

    beside = row_file(out, replace(task, method=FINCH))
    if task.method != FINCH and beside.exists():
        limits = replace(limits, cpu_s=float(row_of(beside)["cpu_s"]))
    made = law(KINDS[task.kind], task.seed, task.sharpe, task.cost_bps)
    work = out / "work" / task.name
    market = write(made.bars(), work, task.kind, task.cost_bps)
    start = time.monotonic()
    trace = METHODS[task.method](made, market, work, limits)
    if trace is None:
        return False
    row = scored(task, made, market, trace, limits)
    row["wall_s"] = time.monotonic() - start
    _save(row, row_file(out, task))
    if not keep:
        _clear(work)
    return True


def scored(task: Task, made: Law, market: Path, trace: Trace, limits: Limits) -> dict[str, Any]:
    """The row of a run: every champion's true Sharpe, beside the oracle's, on a fresh path.

    Efficiency is at the evaluations; `efficiency_cpu` is of what had been found in `limits.cpu_s`,
    the engine's own CPU seconds on the same market, nan where they are not known.
    """
    from engine.calibrate.market import Truth

    truth = Truth(made)
    within = [step for step in trace.steps if step.evaluation <= trace.evaluations]
    fittest = [step for step in trace.fittest if step.evaluation <= trace.evaluations]
    true = [truth.sharpe(step.graph) for step in within]
    oracle_fitness, oracle_sharpe = _oracle(made, market, truth, limits.settings)
    row: dict[str, Any] = {
        "kind": task.kind,
        "sharpe": task.sharpe,
        "method": task.method,
        "seed": task.seed,
        "params": json.dumps(dict(made.params)),
        "strength": made.strength,
        "evaluations": trace.evaluations,
        "candidates": trace.candidates,
        "cpu_s": trace.cpu_s,
        "fittest_sharpe": truth.sharpe(fittest[-1].graph) if fittest else 0.0,
        "train_fitness": within[-1].fitness if within else math.nan,
        "true_sharpe": true[-1] if true else 0.0,
        "cap_sharpe": truth.cap if made.kind.planted else math.nan,
        "oracle_sharpe": oracle_sharpe,
        "oracle_fitness": oracle_fitness,
        "error": truth.error,
        "efficiency": math.nan,
        "efficiency_fittest": math.nan,
        "efficiency_cpu": math.nan,
        "champion": within[-1].text if within else "",
        "settings": json.dumps(list(limits.settings)),
    }
    for share in SHARES:
        hit: Step | None = None
        if made.kind.planted:
            pairs = zip(within, true, strict=True)
            hit = next((step for step, sharpe in pairs if sharpe >= share * truth.cap), None)
        row[f"evaluations_{share:.0%}"] = hit.evaluation if hit else math.nan
        row[f"cpu_s_{share:.0%}"] = hit.cpu_s if hit else math.nan
    if made.kind.planted:
        row["efficiency"] = row["true_sharpe"] / truth.cap
        row["efficiency_fittest"] = row["fittest_sharpe"] / truth.cap
        if limits.cpu_s:
            soon = [step for step in trace.steps if step.cpu_s <= limits.cpu_s]
            row["efficiency_cpu"] = truth.sharpe(soon[-1].graph) / truth.cap if soon else 0.0
    return row


def _oracle(made: Law, market: Path, truth: Truth, settings: Sequence[str]) -> tuple[float, float]:
    """Training fitness (nan where a floor is broken) and true Sharpe of the oracle's file."""
    from engine import startup
    from engine.calibrate.market import graph_of
    from engine.config import build, merge, read
    from sandbox.execute import Executor
    from sandbox.measure import measure

    if not made.kind.planted:
        return math.nan, math.nan
    config = build(merge(read(None, settings), {"market": str(market.resolve())}))
    loaded = startup.load_market(config.market, Path.cwd())
    setup = startup.setup(loaded, config)
    graph = graph_of(made.oracle, setup.fields)
    targets = Executor(loaded.panel).evaluate(graph).targets
    found = measure(loaded.panel, targets, setup.terms, nodes=len(graph.nodes))
    return math.nan if found.fitness is None else found.fitness, truth.sharpe(graph)


def rows(out: Path) -> list[dict[str, Any]]:
    """Every finished run in a folder, a row each."""
    return [row_of(file) for file in sorted((out / "rows").glob("*.parquet"))]


def row_of(file: Path) -> dict[str, Any]:
    """The row of one finished run."""
    import pyarrow.parquet as parquet

    return parquet.read_table(file).to_pylist()[0]


def _save(row: Mapping[str, Any], file: Path) -> None:
    """Whole or not at all."""
    import pyarrow as arrow
    import pyarrow.parquet as parquet

    file.parent.mkdir(parents=True, exist_ok=True)
    draft = file.with_suffix(f".{os.getpid()}.tmp")
    parquet.write_table(arrow.Table.from_pylist([dict(row)]), draft)
    draft.replace(file)


def _clear(folder: Path) -> None:
    from shutil import rmtree

    rmtree(folder, ignore_errors=True)
