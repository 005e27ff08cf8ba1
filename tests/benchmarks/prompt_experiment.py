"""The prompt experiment through the whole engine, at length. Run by hand.

    python -m tests.benchmarks.prompt_experiment [SEEDS [GENERATIONS [SIZE]]]

About a second of CPU a run of 20 generations of 32; five worlds.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from tests.engine.prompt_engine import Judged, World, experiment

ALIKE = dict.fromkeys(("one", "two", "three"), (0.0, 1.0))
PRICED = {"plain": (0.0, 1.0), "good": (0.5, 1.2), "dear": (0.5, 6.0)}
CLOSE = {"plain": (0.0, 1.0), "good": (0.2, 1.0), "cheap": (0.0, 0.3)}


def study(
    name: str,
    seeds: int,
    generations: int,
    size: int,
    *,
    effect: float,
    models: Mapping[str, tuple[float, float]],
    good: str,
    advice_tokens: int = 0,
) -> None:
    """Print a world's three lines: prompts of either kind, and models."""
    with tempfile.TemporaryDirectory() as folder:
        runs = [
            experiment(
                World(seed=seed, effect=effect, models=models, advice_tokens=advice_tokens),
                Path(folder) / f"{seed}.sqlite", good, generations=generations, size=size,
            )
            for seed in range(seeds)
        ]  # fmt: skip
    print(name)
    line("mutate", [run.mutate for run in runs])
    line("cross", [run.cross for run in runs])
    line("model", [run.model for run in runs])


def line(name: str, judged: Sequence[Judged]) -> None:
    """Print what became of one factor over seeds; shares of runs, and means."""

    def share(of: Callable[[Judged], float]) -> str:
        return f"{sum(map(of, judged)) / len(judged):.2f}"

    print(
        f"  {name:7s} better drawn: early {share(lambda j: j.early)} late {share(lambda j: j.late)}"
        f"  best is better {share(lambda j: j.found)}"
        f"  held: best {share(lambda j: j.held)} all {share(lambda j: j.all_held)}"
        f"  claimed: best {share(lambda j: j.top == 'better')} rightly {share(lambda j: j.right)}"
        f" wrongly {share(lambda j: j.wrong)} any {share(lambda j: j.claimed)} ever {share(lambda j: j.ever)}"
        f"  width {share(lambda j: j.width)} bias {share(lambda j: j.bias)}"
        f" miss {share(lambda j: j.miss)} at most {max(j.miss for j in judged):.2f}",
        flush=True,
    )


def main(seeds: int = 20, generations: int = 20, size: int = 32) -> None:
    """Every world."""
    of = (seeds, generations, size)
    study("sentence +1.0, models by price", *of, effect=1.0, models=PRICED, good="good")
    study(
        "sentence +0.5, advice costs, models close", *of,
        effect=0.5, models=CLOSE, good="good", advice_tokens=100,
    )  # fmt: skip
    study("sentence does nothing, models alike", *of, effect=0.0, models=ALIKE, good="one")
    study("sentence does nothing, models by price", *of, effect=0.0, models=PRICED, good="good")
    study("sentence harms by 0.5, models alike", *of, effect=-0.5, models=ALIKE, good="one")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
