"""How often intervals hold the truth, and effects are claimed that are none. Run by hand.

python -m tests.benchmarks.prompt_statistics [SEEDS]      about 5 minutes of CPU for 200 seeds
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from tests.engine.prompt_world import (
    World,
    best,
    covered,
    model_difference,
    prompt_difference,
    run_models,
    run_prompts,
)

Setting = tuple[World, Sequence[int], Mapping[int, Sequence[int]]]


def alike(prompts: int, generations: int = 40) -> Callable[[np.random.Generator], Setting]:
    """No prompt differs from the control."""
    return lambda rng: (
        World(effects=dict.fromkeys(range(prompts + 1), 0.0), generations=generations),
        range(1, prompts + 1),
        {},
    )


def one_good(
    effect: float, generations: int = 40, fails: float = 0.3
) -> Callable[[np.random.Generator], Setting]:
    """One of eight differs, and may fail more often."""
    return lambda rng: (
        World(
            effects={p: effect if p == 3 else 0.0 for p in range(9)},
            failing={3: fails},
            generations=generations,
        ),
        range(1, 9),
        {},
    )


def evolving(spread: float) -> Callable[[np.random.Generator], Setting]:
    """Six at first, and every fifth generation one more, around half of the best so far."""

    def make(rng: np.random.Generator) -> Setting:
        effects = {0: 0.0} | {p: spread * float(rng.standard_normal()) for p in range(1, 7)}
        joins: dict[int, list[int]] = {}
        for generation in range(5, 36, 5):
            prompt = len(effects)
            effects[prompt] = spread * float(rng.standard_normal()) + 0.5 * max(effects.values())
            joins[generation] = [prompt]
        return World(effects=effects), range(1, 7), joins

    return make


def study_prompts(
    name: str,
    make: Callable[[np.random.Generator], Setting],
    seeds: int,
    *,
    size: int = 32,
    peek: bool = False,
) -> None:
    """Print one line: what was held, claimed and found over seeds."""
    top_held, all_held, claims, ever, top_claimed, found = 0, 0, 0, 0, 0, 0
    widths, bias, late = [], [], []
    for seed in range(seeds):
        world, start, joins = make(np.random.default_rng([seed, 1]))
        bandit, log, claimed = run_prompts(world, start, seed, size=size, joins=joins, peek=peek)
        merits = bandit.merits()
        top = best(merits)
        if top is None or top.difference is None:
            continue
        truth = prompt_difference(world, int(top.arm), 0, log)
        top_held += top.difference.low <= truth <= top.difference.high
        all_held += covered(
            merits,
            lambda m: prompt_difference(world, int(m.arm), 0, log),  # noqa: B023
        )
        claims += any(merit.claim for merit in merits)
        ever += claimed
        top_claimed += top.claim == "better"
        worth = {p: world.expected(p, "model", -0.5) for p in world.effects if p}
        found += worth[int(top.arm)] >= max(worth.values()) - 0.02
        widths.append(top.difference.high - top.difference.low)
        bias.append(top.difference.middle - truth)
        late += [world.effects[u.prompt] for u, _ in log[-len(log) // 4 :] if u.prompt]
    print(
        f"{name:34s} held: best {top_held / seeds:.3f} all {all_held / seeds:.3f}  "
        f"claimed: at the end {claims / seeds:.3f} ever {ever / seeds if peek else np.nan:.3f} "
        f"best {top_claimed / seeds:.2f}  best found {found / seeds:.2f}  "
        f"width {np.mean(widths):.2f} bias {np.mean(bias):+.3f}  late effect {np.mean(late):+.3f}",
        flush=True,
    )


def study_models(name: str, models: dict[str, tuple[float, float]], seeds: int) -> None:
    """Print one line, as for prompts; the share of draws by model at the end."""
    held = claims = 0
    first: dict[str, int] = {}
    share = dict.fromkeys(models, 0.0)
    for seed in range(seeds):
        world = World(effects={0: 0.0, 1: 0.1, 2: -0.1}, models=models)
        bandit, log = run_models(world, seed)
        merits = bandit.merits()
        reference = next(str(merit.arm) for merit in merits if merit.control)
        held += covered(
            merits,
            lambda m: model_difference(world, str(m.arm), reference, log, 0.1),  # noqa: B023
        )
        claims += any(merit.claim for merit in merits)
        first[str(merits[0].arm)] = first.get(str(merits[0].arm), 0) + 1
        for merit in merits:
            share[str(merit.arm)] += merit.uses / len(log) / seeds
    print(
        f"{name:34s} held: all {held / seeds:.3f}  claimed {claims / seeds:.3f}  "
        f"best: {first}  share: { {m: round(s, 2) for m, s in share.items()} }",
        flush=True,
    )


def main(seeds: int) -> None:
    """Every study."""
    for prompts in (4, 8, 20):
        study_prompts(f"no effect, {prompts} prompts", alike(prompts), seeds, peek=True)
    study_prompts("no effect, 8, generations of 6", alike(8, 120), seeds, size=6, peek=True)
    study_prompts("no effect, 8, generations of 1", alike(8, 300), seeds, size=1)
    study_prompts("one of 8 +0.3", one_good(0.3), seeds)
    study_prompts("one of 8 +0.5", one_good(0.5), seeds)
    study_prompts("one of 8 +0.5, fails 60 %", one_good(0.5, fails=0.6), seeds)
    study_prompts("one of 8 +0.5, 320 uses", one_good(0.5, 20), seeds, size=16)
    study_prompts("evolving, spread 0.15", evolving(0.15), seeds)
    study_prompts("evolving, spread 0.3", evolving(0.3), seeds)
    study_models("models alike", dict.fromkeys("abc", (0.0, 1.0)), seeds)
    study_models("one better", {"a": (0.0, 1.0), "b": (0.3, 1.0), "c": (0.0, 1.0)}, seeds)
    study_models("prices 1, 3, 0.3", {"a": (0.0, 1.0), "b": (0.0, 3.0), "c": (0.0, 0.3)}, seeds)
    study_models("dear and hardly better", {"a": (0.0, 1.0), "b": (0.1, 5.0)}, seeds)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 200)
