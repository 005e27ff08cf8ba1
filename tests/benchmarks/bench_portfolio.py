"""CPU time of the books, ns per bar and asset: python -m tests.benchmarks.bench_portfolio

Thread CPU time, since wall time means nothing on a busy machine. Each candidate is another one
(else the branch predictor learns the signal by heart); the least of three runs of each, averaged.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np

from sandbox.book import Targets, keep_books
from sandbox.fills import Costs, Fills
from sandbox.market.panel import Panel
from sandbox.measure import figures, measure
from sandbox.objective import Objective
from sandbox.terms import Terms
from tests.sandbox.panels import panel_of

CANDIDATES = 12


def walks(bars: int, assets: int) -> Panel:
    rng = np.random.default_rng(1)
    series = []
    for _ in range(assets):
        close = 100 * np.exp(np.cumsum(rng.normal(0, 0.01, bars)))
        open_ = np.append(100, close[:-1]) * np.exp(rng.normal(0, 0.002, bars))
        high, low = np.maximum(open_, close) * 1.004, np.minimum(open_, close) / 1.004
        series.append(list(zip(range(bars), open_, high, low, close, strict=True)))
    return panel_of(series)


def held(seed: int, panel: Panel, sizes: tuple[float, ...]) -> np.ndarray:
    """Weights that change every 50 bars or so."""
    rng = np.random.default_rng(seed)
    changes = np.cumsum(rng.random(panel.size) < 0.02)
    return rng.choice(sizes, changes[-1] + 1)[changes] / panel.assets


def cpu_ns(run: Callable[[np.ndarray], object], candidates: list[np.ndarray], size: int) -> float:
    best = []
    for weights in candidates:
        times = []
        for _ in range(3):
            begin = time.thread_time_ns()
            run(weights)
            times.append(time.thread_time_ns() - begin)
        best.append(min(times))
    return float(np.mean(best)) / size


def row(bars: int, assets: int) -> list[float]:
    panel = walks(bars, assets)
    fraction = np.full(panel.size, 0.03)
    fills = Fills(no_trade_band=0.1)
    daily = Fills(fill="next_close")  # trades every held bar: the embedded market's default
    terms = Terms(
        window=(0, bars),
        edges=tuple(np.linspace(0, bars, 7).astype(np.int64).tolist()),
        costs=Costs(),
        fills=daily,
        objective=Objective(),
    )

    def books(weights: np.ndarray, **exits: np.ndarray):
        targets = Targets(weights=weights, **exits)
        return keep_books(panel, targets, window=(0, bars), costs=Costs(), fills=fills)

    def rebalanced(weights: np.ndarray):
        return keep_books(
            panel, Targets(weights=weights), window=(0, bars), costs=Costs(), fills=daily
        )

    def stopped(weights: np.ndarray):
        return books(weights, stop_loss=fraction, take_profit=2 * fraction, trailing_stop=fraction)

    def whole(weights: np.ndarray):
        return measure(
            panel,
            Targets(weights=weights),
            terms,
            nodes=20,
        )

    flat = [held(seed, panel, (0.0, 1.0)) for seed in range(CANDIDATES)]
    both = [held(seed, panel, (-1.0, 0.0, 1.0)) for seed in range(CANDIDATES)]
    whole(flat[0])
    stopped(flat[0])
    kept = books(flat[0])
    return [
        cpu_ns(books, flat, panel.size),
        cpu_ns(books, both, panel.size),
        cpu_ns(rebalanced, both, panel.size),
        cpu_ns(stopped, both, panel.size),
        cpu_ns(lambda _: figures(kept, 252.0), flat, panel.size),
        cpu_ns(whole, both, panel.size),
    ]


def main() -> None:
    print("ns per bar and asset: books: long/flat, long/short, every bar, stops; figures; measure")
    for bars, assets in ((100_000, 4), (5_000, 2), (2_500, 2), (2_500, 50)):
        print(f"{bars:>8} x {assets:<3}", *(f"{value:>12.1f}" for value in row(bars, assets)))


if __name__ == "__main__":
    main()
