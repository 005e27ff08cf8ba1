"""What a structural child costs: CPU, drafts, and how often the operator asked for made it.

    python tests/benchmarks/bench_variation.py [seed] [generations]

The embedded market, 64 children a generation with parents from the whole archive so far; those of
the second half of the generations are counted. Run by hand, never part of the suite. A tree of an
older version is measured with PYTHONPATH set to it: only `propose` and `OPERATORS` are used.
"""

from __future__ import annotations

import random
import sys
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

from engine.config import Config
from engine.startup import load_market, setup
from genomes.strategies import texts
from genomes.variation import OPERATORS, propose
from genomes.variation.sites import Setting
from sandbox.probe import Probe

POPULATION = 64


def counted(drafts: Counter[str], name: str, make: Any) -> Any:
    """An operator that counts its drafts."""

    def made(*args: Any) -> Any:
        found = make(*args)
        drafts[name if found is not None else f"{name} idle"] += 1
        return found

    return made


def line(name: str, spent: float, made: int, nothing: int, drafts: int, idle: int, n: int) -> None:
    """Print one line of the table: totals over n children."""
    n = max(n, 1)
    shares = f"{made / n:8.0%} {nothing / n:7.0%} {drafts / n:7.2f} {idle / n:6.2f}"
    print(f"{name:18s} {1e3 * spent / n:6.2f} {shares}")


def main(seed: int = 1, generations: int = 30) -> None:
    """Print a line for each operator, and one for all."""
    market = load_market("", Path.cwd())
    told = setup(market, Config())
    setting = Setting(fields=told.fields, max_window=told.max_window)
    terms = told.terms
    probe = Probe(market.panel, max_window=told.max_window, costs=terms.costs, fills=terms.fills)
    looks = [0.0, 0]

    def look(graph: Any) -> Any:
        begin = time.thread_time()
        found = probe(graph)
        looks[0] += time.thread_time() - begin
        looks[1] += 1
        return found

    drafts: Counter[str] = Counter()
    for name, operator in list(OPERATORS.items()):
        OPERATORS[name] = replace(operator, make=counted(drafts, name, operator.make))
    rng = random.Random(seed)
    pool = list(texts().values())
    asked: Counter[str] = Counter()
    made: Counter[str] = Counter()
    nothing: Counter[str] = Counter()
    spent: Counter[str] = Counter()
    for generation in range(generations):
        if generation == generations // 2:
            looks[:] = [0.0, 0]
            for count in (drafts, asked, made, nothing, spent):
                count.clear()
        fresh: list[str] = []
        for _ in range(POPULATION):
            name = rng.choice(list(OPERATORS))
            parents = rng.sample(pool, OPERATORS[name].parents)
            child_rng = random.Random(rng.getrandbits(64))
            begin = time.thread_time()
            child = propose(name, parents, child_rng, setting, look)
            spent[name] += time.thread_time() - begin  # type: ignore[assignment]
            asked[name] += 1
            made[name] += child.operator == name
            nothing[name] += getattr(child, "passed", "") == "nothing to do"
            fresh.append(child.text)
        pool += fresh
    print(f"{'asked for':18s}     ms  its own nothing  drafts   idle")
    for name in OPERATORS:
        line(name, spent[name], made[name], nothing[name], drafts[name], drafts[f"{name} idle"],
             asked[name])  # fmt: skip
    n = asked.total()
    idle = sum(drafts[f"{name} idle"] for name in OPERATORS)
    line("all", spent.total(), made.total(), nothing.total(), drafts.total() - idle, idle, n)
    print(f"of that, probing: {1e3 * looks[0] / n:.2f} ms a child, {looks[1] / n:.2f} looks")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
