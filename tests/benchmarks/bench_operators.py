"""CPU nanoseconds per value of every operator, on candles of a few assets.

    python tests/benchmarks/bench_operators.py [bars] [window]

Run by hand, never part of the suite. Each figure is the least of a few runs, by thread time.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable

import numpy as np

from genomes.language.table import OPERATORS, Kind, Operator, Static
from sandbox.execute import Executor
from tests.sandbox.kernels.panels import dimension_of, draw_fields, graph_of, make_panel

ASSETS = 4


def statics_of(operator: Operator, window: int) -> tuple[Static, ...]:
    """Windows as asked for (smaller ones for smoothing), numbers in the middle of their range."""
    statics: list[Static] = []
    for arg in operator.statics:
        if arg.kind is Kind.BARS:
            wanted = window if arg.name in ("n", "slow", "limit") else 3
            statics.append(int(min(max(wanted, arg.low), arg.high)))
        else:
            statics.append(0.5 if arg.low <= 0.5 <= arg.high else arg.low)
    if operator.name == "clip":
        statics = [-1.0, 1.0]
    return tuple(statics)


def least(function: Callable[[], object], repeats: int = 5) -> float:
    """The least thread time of a few runs, in seconds; the first, which compiles, is left out."""
    function()
    best = float("inf")
    for _ in range(repeats):
        begin = time.thread_time()
        function()
        best = min(best, time.thread_time() - begin)
    return best


def main(bars: int = 25_000, window: int = 50) -> None:
    """Print a line for each operator, slowest first."""
    rng = np.random.default_rng(0)
    size = bars * ASSETS
    lines: list[tuple[float, str]] = []
    for operator in OPERATORS.values():
        fields = draw_fields(operator, size, rng)
        dimensions = {name: dimension_of(operator, name) for name in fields}
        panel = make_panel([range(bars)] * ASSETS, fields, dimensions)
        executor = Executor(panel, cache_bytes=0)
        graph = graph_of(operator, statics_of(operator, window), dimensions)
        lines.append((least(lambda e=executor, g=graph: e.evaluate(g)) / size * 1e9, operator.name))
    print(f"{ASSETS} assets x {bars} bars, window {window}: ns per value, thread time")
    for nanoseconds, name in sorted(lines, reverse=True):
        print(f"{nanoseconds:10.2f}  {name}")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
