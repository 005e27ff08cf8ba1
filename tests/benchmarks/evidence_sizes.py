"""How often max-T and the e-process call noise a discovery, and find an edge. Run by hand.

python -m tests.benchmarks.evidence_sizes [RUNS]      about 15 minutes of CPU for 1000 runs

A window of 5 years for max-T, a forward test of 10 years for the e-process; daily bars, level 5%.
"""

from __future__ import annotations

import math
import sys
import time

import numpy as np

from engine.statistics import bootstrap, e_process, max_t
from engine.statistics.proportion import clopper_pearson
from tests.engine.statistics.null_paths import LAWS, Law

WINDOW, FORWARD, YEAR = 1260, 2520, 252


def said(hits: int, runs: int) -> str:
    share = clopper_pearson(hits, runs)
    return f"{share.value:6.1%}  [{share.low:.1%}, {share.high:.1%}]"


def finalists(law: Law, seed: int, columns: int, sharpe: float, block: float | None) -> bool:
    """Whether max-T rejects any of the finalists; the first has the edge, if there is one."""
    returns = law(np.random.default_rng([1, seed]), WINDOW, columns)
    returns[:, 0] += sharpe / math.sqrt(YEAR) * returns[:, 0].std()
    return max_t.step_down(returns, seed=seed, block=block, draws=500).adjusted.min() <= 0.05


def promoted(law: Law, seed: int, sharpe: float) -> float:
    """Years until the challenger is promoted; +inf if it is not within the forward test."""
    path = law(np.random.default_rng([2, seed]), FORWARD, 1)[:, 0]
    path += sharpe / math.sqrt(YEAR) * path.std()
    state = e_process.start()
    for first in range(0, FORWARD, 21):
        state = state.after(path[first : first + 21])
        if state.peak >= 20:
            return (first + 21) / YEAR
    return math.inf


def main(runs: int) -> None:
    print(f"max-T: families with a discovery, {runs} windows of 5 years")
    for columns, block in ((1, 5.0), (3, 5.0), (10, 1.0), (10, 5.0), (10, 20.0), (10, None)):
        for name, law in LAWS.items():
            used = min(runs, 200) if block is None else runs
            hits = sum(finalists(law, seed, columns, 0.0, block) for seed in range(used))
            print(
                f"  {columns:3} finalists, block {block}, {name:10} {said(hits, used)}", flush=True
            )
    for sharpe in (1.0, 1.5, 2.0):
        for columns in (1, 10):
            hits = sum(finalists(LAWS["fat"], s, columns, sharpe, 5.0) for s in range(runs))
            print(f"  power at Sharpe {sharpe} in {columns:3}: {said(hits, runs)}", flush=True)

    print(f"e-process: promotions, {runs} forward tests of 10 years")
    for name, law in LAWS.items():
        hits = sum(promoted(law, seed, 0.0) < math.inf for seed in range(runs))
        print(f"  {name:10} {said(hits, runs)}", flush=True)
    for sharpe in (1.0, 2.0, 3.0):
        years = np.array([promoted(LAWS["fat"], seed, sharpe) for seed in range(runs)])
        found = years[years < math.inf]
        print(
            f"  power at Sharpe difference {sharpe}: {said(found.size, runs)}, median "
            f"{np.median(years):.1f} years, {np.median(found):.1f} of those found",
            flush=True,
        )

    print("intervals: Sharpe 1, 90% intervals that hold it, 200 windows of 5 years")
    for name, law in LAWS.items():
        held, deviation = 0, law(np.random.default_rng(0), 4000, 100).std()
        for seed in range(200):
            path = law(np.random.default_rng([3, seed]), WINDOW, 1)[:, 0]
            path = 0.01 * (path / deviation + 1 / math.sqrt(YEAR))
            found = bootstrap.intervals(path, bars_per_year=YEAR, seed=seed, draws=500).sharpe
            held += found.low <= 1 <= found.high
        print(f"  {name:10} {said(held, 200)}", flush=True)


if __name__ == "__main__":
    began = time.process_time()
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1000)
    print(f"{time.process_time() - began:.0f} s of CPU")
